# SPDX-License-Identifier: Apache-2.0
"""Torments a real cluster of three while clients use it, and holds what they saw against what may be.

    tests/nemesis/nemesis_test.py [--seconds N] [--runs N] [--seed N] [--only FAULT,...] [--keep DIRECTORY]

Faults: kill -9 of one and of all nodes, SIGSTOP; and, as root, partitions in network namespaces (of one
node, in one direction, between two of three) and full disks (a small file system in memory for each node);
where that is not allowed the run says SKIPPED and goes on with the rest.

In the end every fault is undone and the cluster must take writes again; every acknowledged write to a key
that is written once must be there, on every node; and the history of all operations on a few contested keys
must be linearizable (check_history); and what the nodes recorded must keep to the rules of the conversation
(aspenctl trace check). That the checker of histories can say no is tried each time with a stale read planted
in the very history. A failure prints the seed, which repeats the choices, not the timing.
"""

import argparse
import contextlib
import ctypes
import json
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e")]

import network  # noqa: E402
from aspen_cluster import Cluster, ClusterNode  # noqa: E402
from aspen_e2e import BIN, BOUND, check_recordings, clean_environment, wait_until  # noqa: E402
from clients import Client  # noqa: E402
from faults import Faults, own_disk  # noqa: E402
from history import History, judge, with_stale_read  # noqa: E402

CLIENTS = 6
DISK_MEGABYTES = 96
RECOVERY_BOUND_S = 60.0
CHECKER = BIN / "tests" / "check_history"
CHECKER_BOUND_S = 600.0


LIBC = ctypes.CDLL(None)
PR_SET_PDEATHSIG = 1


def die_with_parent():
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class TormentedNode(ClusterNode):
    """A node in a network of its own (`prefix`), that ends when the driver does."""

    prefix: list[str] = []

    def spawn(self, **variables: str):
        assert not self.is_running, "the node still runs"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [*self.prefix, BIN / "aspen-node", *self.arguments()], stderr=log, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, env=clean_environment(**(self.variables | variables)),
                preexec_fn=die_with_parent)
        return self


class Run:
    """One cluster, its clients and its torment."""

    def __init__(self, options, seed: int):
        self.options, self.seed = options, seed
        self.chance = random.Random(seed)
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aspen-nemesis-"))

    def execute(self):
        with contextlib.ExitStack() as stack:
            net = None
            if self.options.has_namespaces:
                net = network.Network([1, 2, 3])
                stack.callback(net.close)
            cluster = stack.enter_context(self.make_cluster(net))
            if net:
                self.give_own_disks(cluster, stack)
            cluster.start()
            history = History(self.directory / "history.jsonl")
            clients = [Client(number, list(cluster.nodes.values()), history, self.chance.randrange(1 << 30))
                       for number in range(CLIENTS)]
            for each in clients:
                each.start()
            try:
                done = self.torment(cluster, Faults(cluster, self.chance, net, self.options.has_namespaces))
                self.recover(cluster)
            finally:
                for each in clients:
                    each.stopping.set()
                for each in clients:
                    each.join(BOUND)
                history.close()
            for each in clients:
                assert not each.is_alive(), "a client hangs"
                assert each.failure is None, f"a client saw what it did not understand: {each.failure!r}"
            self.check(cluster, clients, history, done)

    @staticmethod
    def make_cluster(net) -> Cluster:
        if not net:
            return Cluster(node_type=TormentedNode)
        # Data is served beyond loopback, without TLS: that there is a proxy is a lie that a test may tell.
        cluster = Cluster(hosts={each: net.address(each) for each in (1, 2, 3)}, node_type=TormentedNode,
                          ASPEN_HTTP_BEHIND_PROXY="true")
        for node in cluster.nodes.values():
            node.prefix = net.command_prefix(node.node_id)
        return cluster

    @staticmethod
    def give_own_disks(cluster, stack: contextlib.ExitStack):
        for node in cluster.nodes.values():
            disk = node.directory / "disk"
            disk.mkdir()
            stack.enter_context(own_disk(disk, DISK_MEGABYTES))
            node.data_dir = disk / "data"

    def torment(self, cluster, faults: Faults) -> list[str]:
        chosen = self.options.only or sorted(faults.all)
        end = time.monotonic() + self.options.seconds
        done, hat = [], []
        while time.monotonic() < end:
            if not hat:  # every kind once, before any comes again
                hat = self.chance.sample(chosen, len(chosen))
            kind = hat.pop()
            with faults.all[kind]() as what:
                print(f"  {self.options.seconds - (end - time.monotonic()):5.1f} s: {what}", flush=True)
                time.sleep(self.chance.uniform(0.5, 4.0))
            done.append(kind)
            time.sleep(self.chance.uniform(0.2, 3.0))
        return done

    @staticmethod
    def recover(cluster):
        """Faults have ended: from now on nothing excuses a cluster that takes no writes."""
        for node in cluster.nodes.values():
            wait_until(lambda node=node: node.is_running, "the node runs")
        began = time.monotonic()
        cluster.wait_leader(bound=RECOVERY_BOUND_S)
        cluster.put("after-the-torment", b"1")
        print(f"  writes go on {time.monotonic() - began:.1f} s after the last fault", flush=True)

    def check(self, cluster, clients, history: History, done: list[str]):
        for node in cluster.nodes.values():
            wait_until(lambda node=node: node.is_running and node.is_ready(),
                       f"node {node.node_id} is ready again", RECOVERY_BOUND_S)
            found = node.all_items("fresh-")
            for each in clients:
                lost = {key for key, value in each.fresh.items() if found.get(key) != value}
                assert not lost, f"node {node.node_id} lost {len(lost)} acknowledged writes: {sorted(lost)[:3]}"
        fresh = sum(len(each.fresh) for each in clients)
        status, said = judge(CHECKER, history.path, CHECKER_BOUND_S)
        assert status == 0, said
        planted = self.directory / "planted.jsonl"
        planted.write_text("".join(json.dumps(each) + "\n" for each in with_stale_read(history.operations())))
        status, verdict = judge(CHECKER, planted, CHECKER_BOUND_S)
        assert status == 1 and "not linearizable" in verdict, f"the checker took a planted stale read: {verdict}"
        recorded = check_recordings(*(node.data_dir for node in cluster.nodes.values()))
        print("  what was recorded keeps to the rules: "
              + ", ".join(f"{each['rule']} {each['held']} held, {each['not_judged']} not judged" for each in recorded["rules"]),
              flush=True)
        ok = sum(count for (_, outcome), count in history.counts.items() if outcome == "ok")
        unknown = sum(count for (_, outcome), count in history.counts.items() if outcome == "unknown")
        print(f"  {len(done)} faults; {ok} operations ok, {unknown} unknown; {fresh} fresh writes acknowledged, all "
              f"found on every node; {said}", flush=True)
        assert ok > 10 * self.options.seconds and fresh > self.options.seconds, "hardly anything was done"


def parse_options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--only", type=lambda text: text.split(","), help="kinds of faults, separated by commas")
    parser.add_argument("--keep", type=pathlib.Path, help="where the history of a failed run goes")
    return parser.parse_args()


def main() -> int:
    options = parse_options()
    why_not = network.obstacle()
    options.has_namespaces = why_not is None
    if why_not:
        print(f"SKIPPED partitions and full disks: {why_not}", flush=True)
    else:
        network.enter()
    for number in range(options.runs):
        seed = options.seed + number
        print(f"run {number + 1} of {options.runs}, seed {seed}", flush=True)
        run = Run(options, seed)
        try:
            run.execute()
        except BaseException:
            if options.keep and (run.directory / "history.jsonl").exists():
                options.keep.mkdir(parents=True, exist_ok=True)
                shutil.copy(run.directory / "history.jsonl", options.keep / f"history-{seed}.jsonl")
            raise
        finally:
            shutil.rmtree(run.directory, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
