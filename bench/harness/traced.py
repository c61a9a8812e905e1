# SPDX-License-Identifier: Apache-2.0
"""What the flight recorder costs: an event by itself, a node that records beside one that does not, one whose recording is
followed, and the export of a long recording."""

import contextlib
import json
import os
import subprocess
import time

from . import load
from .aspen import Node
from .figures import Aim, Figure
from .plan import Plan, Turns
from .processes import MeasureError, run, stopping

KEYS = 100_000  # as in the scripts of bench/peers
CONNECTIONS = 64
ON, OFF, FOLLOWED = "recorder on", "recorder off", "recorder on, followed by a session"
SHARE_LEFT_MIN = 0.97
SHARE_LEFT_FOLLOWED_MIN = 0.85
EVENT_NS_MAX = 100
PATIENCE_S = 300
LONG_RING = "128MB"
LONG_EVENTS = 1_000_000
EXPORT_S_MAX = 5
EXPORT = ("trace", "export", "--last", "1440m", "--limit", str(LONG_EVENTS))
EVENTS_A_PUT_MIN = 2  # under load many share a message
LONG_LOADS_MAX = 60


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
            drivers = {
                name: lambda name=name, script=script: _drive(plan, nodes[name], script, cost[name]) for name in nodes}
            cost[FOLLOWED] = []
            drivers[FOLLOWED] = lambda script=script: _drive_followed(plan, nodes[ON], script, cost[FOLLOWED])
            turns = Turns(plan).take(drivers)
            id, label = f"trace.{script.removesuffix('.lua')}", f"{what} over HTTP, {CONNECTIONS} connections"
            yield turns.compare(id, label, ON, OFF, Aim("ratio", SHARE_LEFT_MIN))
            # Beside other work on the machine this is the figure to believe.
            yield Figure(f"{id}.cpu", f"{label}, processor time each", "us", cost[ON], OFF, cost[OFF],
                         Aim("ratio", 1 / SHARE_LEFT_MIN))
            yield turns.compare(f"{id}.followed", label, FOLLOWED, ON, Aim("ratio", SHARE_LEFT_FOLLOWED_MIN))
            yield Figure(f"{id}.followed.cpu", f"{label}, processor time each, followed", "us", cost[FOLLOWED], ON, cost[ON],
                         Aim("ratio", 1 / SHARE_LEFT_FOLLOWED_MIN))
    yield from _export(plan)


def _drive(plan: Plan, node: Node, script: str, cost: list[float]) -> load.Load:
    before = node.cpu_seconds()
    seen = load.wrk(node.url, CONNECTIONS, plan.seconds, script)
    cost.append((node.cpu_seconds() - before) * 1e6 / max(1.0, seen.per_second * plan.seconds))
    return seen


def _drive_followed(plan: Plan, node: Node, script: str, cost: list[float]) -> load.Load:
    """With a session that is shown everything, as far as one look holds it."""
    command = [plan.binaries / "aspenctl", "--endpoints", f"http://127.0.0.1:{node.admin_port}", "trace", "tail",
               "--heartbeats", "--limit", "1000000000", "--rate", "1000000000", "--for", "60m", "--bytes", "1000000MB"]
    session = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        seen = _drive(plan, node, script, cost)
        if session.poll() is not None:
            raise MeasureError(f"the session ended by itself: {session.stderr.read().decode()}")
        return seen
    finally:
        session.kill()
        session.communicate()


def _export(plan: Plan):
    """A recording of a million events, written by a node under load, in two formats."""
    plan.say(f"recording {LONG_EVENTS} events in a ring of {LONG_RING}")
    node = Node(plan.binaries, plan.directory / "trace-long", ASPEN_TRACE_RING_SIZE=LONG_RING)
    with contextlib.ExitStack() as servers:
        servers.enter_context(stopping(node))
        node.fill(KEYS)
        puts = 0.0
        for _ in range(LONG_LOADS_MAX):
            if puts * EVENTS_A_PUT_MIN >= LONG_EVENTS:
                break
            puts += load.wrk(node.url, CONNECTIONS, plan.seconds, "put.lua").per_second * plan.seconds
    ring = node.directory / "data" / "trace" / "ring"
    if (held := _count_events(plan, ring)) < LONG_EVENTS:
        raise MeasureError(f"only {held} events were recorded")
    for name in ("ndjson", "perfetto"):
        samples = [_export_once(plan, ring, name) for _ in range(plan.rounds)]
        label = f"export of {LONG_EVENTS} events as {name}"
        yield Figure(f"trace.export.{name}", label, "s", [each[0] for each in samples], aim=Aim("value", EXPORT_S_MAX))
        yield Figure(f"trace.export.{name}.memory", f"{label}, memory", "MB", [each[1] for each in samples])


def _count_events(plan: Plan, ring) -> int:
    """Piece by piece: a child's memory is counted from what its parent held when it began."""
    with subprocess.Popen([plan.binaries / "aspenctl", *EXPORT, "--file", ring], stdout=subprocess.PIPE) as child:
        return sum(piece.count(b"\n") for piece in iter(lambda: child.stdout.read(1 << 20), b""))


def _export_once(plan: Plan, ring, name: str) -> tuple[float, float]:
    """Seconds, and the most memory that was held, in MB."""
    command = [plan.binaries / "aspenctl", *EXPORT, "--file", ring, "--format", name]
    began = time.monotonic()
    with open(os.devnull, "wb") as nowhere:
        child = subprocess.Popen(command, stdout=nowhere)
        _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        raise MeasureError(f"the export ended with status {child.returncode}")
    return time.monotonic() - began, used.ru_maxrss / 1024
