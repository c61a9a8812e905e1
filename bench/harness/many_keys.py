# SPDX-License-Identifier: Apache-2.0
"""A node that holds a million keys: how fast it starts, what it keeps in memory, what it does when idle."""

import time

from . import load
from .aspen import Node
from .figures import Aim, Figure
from .plan import Plan
from .processes import stopping

AIM_KEYS = 1_000_000
MEMORY_AIM = Aim("value", 150)
QUIET_S = 10  # after a start or a load, before anything is called idle


def million(plan: Plan):
    directory = plan.directory / "many-keys"
    aims = plan.many_keys >= AIM_KEYS
    plan.say(f"loading {plan.many_keys} keys")
    with stopping(Node(plan.binaries, directory)) as node:
        _load(plan, node)
        after_load = node.child.anonymous_mib()
    seconds, after_start = [], []
    for number in range(1, plan.rounds + 1):
        with stopping(Node(plan.binaries, directory)) as node:
            seconds.append(node.seconds_to_ready)
            after_start.append(node.child.anonymous_mib())
            plan.say(f"  start {number}: {seconds[-1]:.2f} s, {after_start[-1]:.0f} MB")
            if number == plan.rounds:
                settled, busy = _idle(plan, node)
    keys = f"{plan.many_keys:,} keys"
    yield Figure("million.start", f"start to /readyz, {keys}", "s", seconds, aim=Aim("value", 2) if aims else None)
    memory = MEMORY_AIM if aims else None
    yield Figure("million.memory_start", f"anonymous memory after a start, {keys}", "MB", after_start, aim=memory)
    yield Figure("million.memory_idle", f"the same, {QUIET_S + plan.idle_seconds} s later", "MB", [settled], aim=memory)
    yield Figure("million.memory_load", f"anonymous memory after load, {keys}", "MB", [after_load], aim=memory)
    yield Figure(
        "million.idle", f"CPU of one core when idle, {plan.idle_seconds} s, {keys}", "%", [busy],
        aim=Aim("value", 1) if aims else None)


def _load(plan: Plan, node: Node) -> None:
    """All keys, then puts and gets from many connections where there is a load generator."""
    began = time.monotonic()
    node.fill(plan.many_keys)
    plan.say(f"  {plan.many_keys / (time.monotonic() - began):.0f} keys/s by batches of 1000 from 4 connections")
    if load.is_installed():
        load.wrk(node.url, 64, plan.seconds, "put.lua")
        load.wrk(node.url, 64, plan.seconds, "get.lua")
    time.sleep(QUIET_S)


def _idle(plan: Plan, node: Node) -> tuple[float, float]:
    """Anonymous memory at the end, and percent of a core spent while nobody asked anything."""
    time.sleep(QUIET_S)
    before, began = node.child.cpu_seconds(), time.monotonic()
    time.sleep(plan.idle_seconds)
    busy = (node.child.cpu_seconds() - before) / (time.monotonic() - began) * 100
    node.child.check_alive()
    return node.child.anonymous_mib(), busy
