# SPDX-License-Identifier: Apache-2.0
"""What the flight recorder costs: an event by itself, and a node that records beside one that does not."""

import contextlib
import json

from . import load
from .aspen import Node
from .figures import Aim, Figure
from .plan import Plan, Turns
from .processes import run, stopping

KEYS = 100_000  # as in the scripts of bench/peers
CONNECTIONS = 64
ON, OFF = "recorder on", "recorder off"
SHARE_LEFT_MIN = 0.97
EVENT_NS_MAX = 100
PATIENCE_S = 300


def trace(plan: Plan):
    lines = run([plan.binaries / "trace_bench", "--rounds", plan.rounds], PATIENCE_S).splitlines()
    for line in lines:
        yield Figure(**json.loads(line), aim=Aim("value", EVENT_NS_MAX))
    with contextlib.ExitStack() as servers:
        nodes = {}
        for name, enabled in ((ON, "true"), (OFF, "false")):
            plan.say(f"filling aspen-node, {name}")
            node = Node(plan.binaries, plan.directory / f"trace-{enabled}", ASPEN_TRACE_ENABLED=enabled)
            nodes[name] = servers.enter_context(stopping(node))
            node.fill(KEYS)
        for what, script in (("PUT", "put.lua"), ("linearizable GET", "get.lua")):
            plan.say(f"{what}, {CONNECTIONS} connections")
            cost = {name: [] for name in nodes}
            turns = Turns(plan).take({
                name: lambda name=name, script=script: _drive(plan, nodes[name], script, cost[name]) for name in nodes})
            id, label = f"trace.{script.removesuffix('.lua')}", f"{what} over HTTP, {CONNECTIONS} connections"
            yield turns.compare(id, label, ON, OFF, Aim("ratio", SHARE_LEFT_MIN))
            # Beside other work on the machine this is the figure to believe.
            yield Figure(f"{id}.cpu", f"{label}, processor time each", "us", cost[ON], OFF, cost[OFF],
                         Aim("ratio", 1 / SHARE_LEFT_MIN))


def _drive(plan: Plan, node: Node, script: str, cost: list[float]) -> load.Load:
    before = node.cpu_seconds()
    seen = load.wrk(node.url, CONNECTIONS, plan.seconds, script)
    cost.append((node.cpu_seconds() - before) * 1e6 / max(1.0, seen.per_second * plan.seconds))
    return seen
