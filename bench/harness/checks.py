# SPDX-License-Identifier: Apache-2.0
"""What it costs to be sure of the stores: all of them before a start, the fast path after a crash, the comparison
beside the service; and how soon writes are taken again when an actor crashed."""

import json
import pathlib
import resource
import statistics
import time
import zlib

from . import load
from .aspen import Node
from .figures import Aim, Figure
from .load import Load
from .plan import Plan, Turns
from .processes import MeasureError, run, stopping, wait_until

PATIENCE_S = 600
MEBIBYTE = 2**20
FULL_AIM_MB = 300
AIM_ENTRIES = 1_000_000
KEEP_EVERY_ENTRY = {"ASPEN_RAFT_LOG_ENTRIES_KEPT": "100000000", "ASPEN_RAFT_LOG_BYTES_KEPT": "16GB"}
LOG, STATE = "raft-log.lmdb", "state-machine.db"


# -- before a start -----------------------------------------------------------------------------


def check(plan: Plan):
    """The process that a node starts as its gate, on the directory of a stopped node."""
    directory = plan.directory / "checked"
    keys, entries = plan.many_keys, plan.many_keys
    plan.say(f"loading {keys} keys, then {entries} entries of the log")
    with stopping(Node(plan.binaries, directory, **KEEP_EVERY_ENTRY)) as node:
        node.fill(keys)
        while node.metric("aspen_log_entries") < entries:
            load.wrk(node.url, 256, 5, "put.lua")
        stored = node.metric("aspen_log_entry_bytes") + node.metric("sqlite_db_size_bytes")
        entries = node.metric("aspen_log_entries")
    data = directory / "data"
    files = [data / LOG, data / STATE]
    plain_bytes = sum(path.stat().st_size for path in files)
    full, plain, fast = _Clock(), _Clock(), _Clock()
    for number in range(1, plan.rounds + 1):
        with plain:
            _read_plainly(files)
        with full:
            _check(plan, data, is_full=True)
        with fast:
            _check(plan, data, is_full=False)
        plan.say(f"  round {number}: everything {full.wall[-1]:.2f} s, plain read {plain.wall[-1]:.2f} s, "
                 f"fast path {fast.wall[-1] * 1000:.1f} ms")
    figure = Figure("check.full", f"check of everything, {stored / MEBIBYTE:.0f} MB, {keys:,} keys, {entries:,.0f} entries",
                    "MB/s", full.rates(stored), "plain read with CRC", plain.rates(plain_bytes),
                    Aim("value", FULL_AIM_MB),
                    f"by the CPU time it takes: {full.per_cpu_second(stored):.0f} MB/s, the plain read "
                    f"{plain.per_cpu_second(plain_bytes):.0f} MB/s")
    if not figure.is_reached:
        figure.aim = Aim("ratio", 0.5)  # whichever is lower
    yield figure
    yield Figure("check.fast", f"fast path of the check, {entries:,.0f} entries", "ms",
                 [each * 1000 for each in fast.wall], aim=Aim("value", 50) if entries >= AIM_ENTRIES else None,
                 note=f"CPU time: {statistics.median(fast.cpu) * 1000:.0f} ms")


class _Clock:
    """Wall and CPU time of what was done within the scope, here and in programs that ended in it. The latter says
    what it would take on a machine with nothing else to do."""

    def __init__(self):
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def __enter__(self):
        self._began, self._used = time.monotonic(), self._cpu_seconds()

    def __exit__(self, *_):
        self.wall.append(time.monotonic() - self._began)
        self.cpu.append(self._cpu_seconds() - self._used)

    def rates(self, size: float) -> list[float]:
        return [size / MEBIBYTE / each for each in self.wall]

    def per_cpu_second(self, size: float) -> float:
        return size / MEBIBYTE / statistics.median(self.cpu)

    @staticmethod
    def _cpu_seconds() -> float:
        own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def _check(plan: Plan, data: pathlib.Path, is_full: bool) -> None:
    """The process that is the gate, from its start to its end."""
    request = {"backend": 0, "data_dir": str(data), "log_path": str(data / LOG), "state_path": str(data / STATE),
               "is_full": is_full, "digest_budget_ms": PATIENCE_S * 1000 if is_full else 0, "expected_server": 1,
               "suspicion": ""}
    said = json.loads(run([plan.binaries / "aspen-node", "--cross-check-child", json.dumps(request)], PATIENCE_S))
    if said["verdict"] != "ok" or said["digest_was_complete"] != is_full:
        raise MeasureError(f"the check of {data} said {said}")


def _read_plainly(files: list[pathlib.Path]) -> None:
    """From the first byte to the last, with a CRC, in pieces of a MiB."""
    for path in files:
        crc = 0
        with open(path, "rb", buffering=0) as file:
            while piece := file.read(MEBIBYTE):
                crc = zlib.crc32(piece, crc)


# -- beside the service -----------------------------------------------------------------------------


def scan(plan: Plan):
    """PUT against two nodes with the same keys, of which one compares all it holds again and again."""
    scanning, resting = "comparing all the time", "never comparing"
    always = {"ASPEN_SUPERVISOR_SCAN_INTERVAL": "1s", "ASPEN_SUPERVISOR_DIGEST_BUDGET": "0ms"}
    never = {"ASPEN_SUPERVISOR_SCAN_INTERVAL": "8760h", "ASPEN_SUPERVISOR_DIGEST_BUDGET": "10m"}
    for variables, name in ((always, "scanning"), (never, "resting")):
        plan.say(f"filling a node with {plan.many_keys} keys")
        with stopping(Node(plan.binaries, plan.directory / name, **variables)) as node:
            node.fill(plan.many_keys)
    with stopping(Node(plan.binaries, plan.directory / "scanning", **always)) as one, \
            stopping(Node(plan.binaries, plan.directory / "resting", **never)) as other:
        compared = _Progress(one)

        def rest() -> Load:
            # What the other node compares meanwhile would be at the cost of this one.
            with one.child.frozen():
                return load.wrk(other.url, 64, plan.seconds, "put.lua")

        turns = Turns(plan).take({
            scanning: compared.around(lambda: load.wrk(one.url, 64, plan.seconds, "put.lua")), resting: rest})
        busy = [(_busy(one, plan.seconds), _busy(other, plan.seconds)) for _ in range(plan.rounds)]
        if other.metric("aspen_storage_scan_running") or other.metric("aspen_storage_scan_passes_total"):
            raise MeasureError("the node that was to rest compared its stores")
    figure = turns.compare("scan.put", f"PUT, 64 connections, {plan.many_keys:,} keys, {scanning}", scanning, resting,
                           Aim("ratio", 0.95))
    figure.note = "; ".join(each for each in (figure.note, compared.note()) if each)
    yield figure
    yield Figure("scan.cpu", "CPU of one core, of an otherwise idle node that compares", "%", [ours for ours, _ in busy],
                 resting, [idle for _, idle in busy])


def _busy(node: Node, seconds: float) -> float:
    """Percent of a core, while nobody asks anything."""
    time.sleep(1)
    before, began = node.child.cpu_seconds(), time.monotonic()
    time.sleep(seconds)
    return (node.child.cpu_seconds() - before) / (time.monotonic() - began) * 100


class _Progress:
    """Of the comparison, while a load runs: a figure of one that stood still would be none."""

    def __init__(self, node: Node):
        self.node = node
        self.rows = self.seconds = 0.0

    def around(self, drive):
        def driven() -> Load:
            before, began = self._look(), time.monotonic()
            seen = drive()
            after, seconds = self._look(), time.monotonic() - began
            if before == after:
                raise MeasureError("nothing was compared during a turn")
            if before[0] == after[0]:  # within one pass, which counts from zero
                self.rows += after[1] - before[1]
                self.seconds += seconds
            return seen
        return driven

    def _look(self) -> tuple[float, float]:
        return (self.node.metric("aspen_storage_scan_passes_total"),
                self.node.metric("aspen_storage_scan_rows") + self.node.metric("aspen_storage_scan_entries"))

    def note(self) -> str:
        if not self.seconds:
            return "each turn saw the end of a pass"
        return f"{self.rows / self.seconds:,.0f} rows and entries compared a second under load"


# -- after a crash ------------------------------------------------------------------------------------


def restart(plan: Plan):
    """The raft actor's next message throws. Failpoints are in no release: the node of preset dev."""
    crashes = 3 * plan.rounds
    backoff_s = 1.0
    beyond = []
    # A child's back-off grows with the crashes within the window, and ten of them open the circuit.
    variables = {"ASPEN_SUPERVISOR_STABILITY_TIME": "1s", "ASPEN_SUPERVISOR_RESTARTS_MAX": "1000",
                 "ASPEN_SUPERVISOR_BACKOFF_INITIAL": "1s", "ASPEN_SUPERVISOR_BACKOFF_MAX": "1s"}
    with stopping(Node(plan.failpoint_binaries, plan.directory / "restart", **variables)) as node:
        node.fill(min(plan.many_keys, 100_000))
        for number in range(1, crashes + 1):
            wait_until(lambda: node.put("probe") == 200, PATIENCE_S, "writes are taken", node.child)
            restarts = node.restarts_of("raft")
            node.post_admin("/debug/failpoints", "raft.message=1*throw")
            began = time.monotonic()  # a tick follows within 100 ms, the probe's write at once
            while node.put("probe") != 200 or node.restarts_of("raft") == restarts:
                if time.monotonic() - began > PATIENCE_S:
                    raise MeasureError("writes were not taken again")
                time.sleep(0.002)
            beyond.append((time.monotonic() - began - backoff_s) * 1000)
            plan.say(f"  crash {number}: writes resumed {beyond[-1]:.0f} ms after the back-off")
    yield Figure("restart.raft", "a write is acknowledged after the raft actor crashed, beyond its back-off", "ms",
                 beyond, aim=Aim("value", 200))
