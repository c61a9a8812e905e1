# SPDX-License-Identifier: Apache-2.0
"""Three nodes on loopback beside a three-node etcd: writes, reads, a lost leader, a frozen follower.

Neither side encrypts what goes between its nodes; the load goes to all three nodes of both.
"""

import contextlib
import os
import pathlib
import signal
import statistics
import time

from . import load
from .aspen_cluster import AspenCluster
from .etcd_cluster import EtcdCluster
from .figures import Aim, Figure
from .load import Load
from .plan import Plan, Turns
from .processes import MeasureError, stopping

KEYS = 100_000  # as in the scripts of bench/peers
ASPEN, ETCD = "aspen, 3 nodes", "etcd, 3 nodes, gRPC"
FAILOVERS = 20
FROZEN_S = 60


def measure(plan: Plan, sections: list[str]):
    """Those of cluster-put, cluster-get, cluster-failover and cluster-frozen that are asked for."""
    with contextlib.ExitStack() as servers:
        plan.say("filling three nodes of aspen-node")
        nodes = servers.enter_context(stopping(AspenCluster(plan.binaries, plan.directory / "aspen-cluster")))
        nodes.wait_leader().fill(KEYS)
        peer = None
        if plan.load_generator:
            plan.say("filling three nodes of etcd")
            peer = servers.enter_context(stopping(EtcdCluster(plan.load_generator, plan.directory / "etcd-cluster")))
            peer.fill()
        of_name = {"cluster-put": _put, "cluster-get": _get, "cluster-failover": _failover, "cluster-frozen": _frozen}
        for section in sections:
            yield from of_name[section](plan, nodes, peer)


def _drivers(plan: Plan, nodes: AspenCluster, peer, connections: int, script: str, operation: str) -> dict:
    drivers = {ASPEN: lambda: load.wrk_nodes(nodes.addresses(), connections, plan.seconds, script)}
    if peer:
        drivers[ETCD] = lambda: peer.load(operation, connections, plan.seconds)
    return drivers


def _put(plan: Plan, nodes: AspenCluster, peer):
    for connections, aim in ((1, None), (64, Aim("ratio", 1.5)), (256, Aim("ratio", 1.0))):
        plan.say(f"PUT, three nodes, {connections} connections")
        counted = FlushCount(plan.directory)
        drivers = {name: counted.around(name, drive)
                   for name, drive in _drivers(plan, nodes, peer, connections, "put.lua", "put").items()}
        turns = Turns(plan).take(drivers)
        name = f"PUT, 3 nodes, {connections} connection{'s' if connections > 1 else ''}"
        figure = turns.compare(f"cluster.put.{connections}", name, ASPEN, ETCD, aim)
        figure.note = "; ".join(each for each in (figure.note, counted.note()) if each)
        yield figure
        if connections == 1:
            yield turns.compare("cluster.put.1.p50", name + ", p50", ASPEN, ETCD, Aim("ratio", 1.0), p50=True)


def _get(plan: Plan, nodes: AspenCluster, peer):
    plan.say("GET (linearizable), three nodes, 64 connections")
    turns = Turns(plan).take(_drivers(plan, nodes, peer, 64, "get.lua", "get"))
    yield turns.compare("cluster.get.64", "linearizable GET, over 3 nodes, 64 connections", ASPEN, ETCD, Aim("ratio", 2))


def _failover(plan: Plan, nodes: AspenCluster, peer):
    times: dict[str, list[float]] = {}
    for number in range(1, FAILOVERS + 1):
        for name, servers in ((ASPEN, nodes), (ETCD, peer)):
            if servers:
                seconds = servers.seconds_without_leader()
                times.setdefault(name, []).append(seconds)
                plan.say(f"  round {number}: {name}: writes resumed after {seconds:.2f} s")
    what = "writes resume after kill -9 of the leader, 3 nodes"
    beside = ETCD if ETCD in times else ""
    yield Figure("cluster.failover", what + ", median", "s", times[ASPEN], beside, times.get(ETCD, []), Aim("value", 2))
    worst = [max(times[each]) if each in times else None for each in (ASPEN, ETCD)]
    yield Figure("cluster.failover.worst", what + f", worst of {FAILOVERS}", "s", [worst[0]], beside,
                 [worst[1]] if beside else [], Aim("value", 4))


def _frozen(plan: Plan, nodes: AspenCluster, _):
    """Load on the two others while a follower is frozen, beside the same load before."""
    leader = nodes.wait_leader()
    follower = next(each for each in nodes.nodes if each is not leader)
    others = [each.address for each in nodes.nodes if each is not follower]
    seconds = FROZEN_S if plan.seconds >= 5 else plan.seconds * 4
    plan.say(f"a follower is frozen for {seconds} s under load")

    def one_turn(length: int) -> Load:
        return load.wrk_nodes(others, 64, length, "put.lua")

    before = [one_turn(plan.seconds).per_second for _ in range(plan.rounds)]
    memory = leader.child.anonymous_mib()
    os.kill(follower.child.pid, signal.SIGSTOP)
    try:
        frozen = one_turn(seconds)
        grown = leader.child.anonymous_mib() - memory
    finally:
        os.kill(follower.child.pid, signal.SIGCONT)
    if nodes.wait_leader() is not leader:
        raise MeasureError("the leader changed while a follower was frozen")
    yield Figure("cluster.frozen.put", f"PUT, 64 connections, a follower frozen for {seconds} s", "/s",
                 [frozen.per_second], "before", before, Aim("ratio", 0.8),
                 f"{frozen.failed} requests FAILED" if frozen.failed else "")
    yield Figure("cluster.frozen.memory", f"growth of the leader's anonymous memory, a follower frozen for {seconds} s",
                 "MB", [max(grown, 0.0)], aim=Aim("value", 64))


class FlushCount:
    """Cache flushes that the disk below a directory was asked for, by side, each for one operation."""

    def __init__(self, directory: pathlib.Path):
        self.stat = _stat_of_disk(directory)
        self.per_operation: dict[str, list[float]] = {}

    def around(self, name: str, drive):
        if not self.stat:
            return drive

        def driven() -> Load:
            before, began = _flushes(self.stat), time.monotonic()
            seen = drive()
            operations = seen.per_second * (time.monotonic() - began)
            self.per_operation.setdefault(name, []).append((_flushes(self.stat) - before) / max(operations, 1))
            return seen
        return driven

    def note(self) -> str:
        if not self.stat:
            return "device flushes not counted: the disk below the data is not known"
        return "device flushes for each put: " + ", ".join(
            f"{name} {statistics.median(each):.2f}" for name, each in self.per_operation.items())


def _stat_of_disk(directory: pathlib.Path) -> pathlib.Path | None:
    """Where the kernel counts for the whole disk that holds `directory`; it does not count flushes by partition."""
    device = directory.stat().st_dev
    block = pathlib.Path(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}")
    if not block.exists():
        return None
    disk = block.resolve().parent if (block / "partition").exists() else block.resolve()
    return disk / "stat" if len((disk / "stat").read_text(encoding="ascii").split()) >= 17 else None


def _flushes(stat: pathlib.Path) -> int:
    return int(stat.read_text(encoding="ascii").split()[15])
