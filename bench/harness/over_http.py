# SPDX-License-Identifier: Apache-2.0
"""Writes and reads through the front door, beside etcd's over gRPC and beside answers that cost nothing."""

import contextlib

from . import etcd, limits, load
from .aspen import Node
from .figures import Aim
from .load import Load
from .plan import Plan, Turns
from .processes import stopping

KEYS = 100_000  # as in the scripts of bench/peers
ASPEN, ETCD = "aspen", "etcd over gRPC"
SYNCED_WRITES = "fdatasync of 4 KiB"
OWN_CONSTANT, BARE_CONSTANT = "own constant answer", "bare cpp-httplib"


def measure(plan: Plan, sections: list[str]):
    """Those of put, get and batch that are asked for, against servers that hold every key."""
    with contextlib.ExitStack() as servers:
        plan.say("filling aspen-node")
        node = servers.enter_context(stopping(Node(plan.binaries, plan.directory / "over-http")))
        node.fill(KEYS)
        peer = None
        if plan.load_generator:
            plan.say("filling etcd")
            peer = servers.enter_context(stopping(etcd.Etcd(plan.load_generator, plan.directory / "etcd")))
            peer.fill()
        for section in sections:
            yield from {"put": _put, "get": _get, "batch": _batch}[section](plan, node, peer)


def _drivers(plan: Plan, node: Node, peer, connections: int, script: str, operation: str) -> dict:
    drivers = {ASPEN: lambda: load.wrk(node.url, connections, plan.seconds, script)}
    if peer:
        drivers[ETCD] = lambda: peer.load(operation, connections, plan.seconds)
    return drivers


def _put(plan: Plan, node: Node, peer):
    for connections in (1, 64, 256):
        plan.say(f"PUT, {connections} connections")
        drivers = _drivers(plan, node, peer, connections, "put.lua", "put")
        if connections == 1:
            drivers[SYNCED_WRITES] = lambda: _one_at_a_time(limits.fdatasync_rate(plan.directory, plan.seconds / 2))
        turns = Turns(plan).take(drivers)
        name = f"PUT over HTTP, {connections} connection{'s' if connections > 1 else ''}"
        aim = Aim("ratio", 1.3) if connections > 1 else None
        yield turns.compare(f"put.{connections}", name, ASPEN, ETCD, aim)
        if connections == 1:
            yield turns.compare("put.1.p50", name + ", p50", ASPEN, ETCD, Aim("ratio", 1.0), p50=True)
            yield turns.compare("put.1.disk", name, ASPEN, SYNCED_WRITES)


def _one_at_a_time(per_second: float) -> Load:
    return Load(per_second, 1000 / per_second, 1000 / per_second, 0)


def _get(plan: Plan, node: Node, peer):
    with stopping(limits.ConstantHttp(plan.binaries, plan.directory)) as bare:
        plan.say("GET (linearizable), 64 connections")
        drivers = _drivers(plan, node, peer, 64, "get.lua", "get")
        drivers[OWN_CONSTANT] = lambda: load.wrk(node.url + "/version", 64, plan.seconds)
        drivers[BARE_CONSTANT] = lambda: load.wrk(bare.url, 64, plan.seconds)
        turns = Turns(plan).take(drivers)
    name = "linearizable GET over HTTP, 64 connections"
    yield turns.compare("get.64", name, ASPEN, ETCD, Aim("ratio", 4))
    yield turns.compare("get.64.constant", name, ASPEN, OWN_CONSTANT, Aim("ratio", 0.5))
    yield turns.compare("constant.64", "own constant answer, 64 connections", OWN_CONSTANT, BARE_CONSTANT)


def _batch(plan: Plan, node: Node, _):
    plan.say("batches of 100 keys, 64 connections")
    turns = Turns(plan).take({ASPEN: lambda: load.wrk(node.url, 64, plan.seconds, "batch.lua")})
    figure = turns.compare("batch.http", "POST /v1/batch of 100 keys, 64 connections, in keys", ASPEN)
    figure.ours = [each * 100 for each in figure.ours]
    yield figure
