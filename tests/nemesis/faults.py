# SPDX-License-Identifier: Apache-2.0
"""What is done to a running cluster, and undone. Each fault is a context: within it the harm is done."""

import contextlib
import os
import random
import signal
import subprocess

from network import Network


class Faults:
    """Without `network` no partition is made; `has_own_disks`: every node's data is on a file system of its own."""

    def __init__(self, cluster, chance: random.Random, network: Network | None, has_own_disks: bool):
        self.cluster, self.chance, self.network = cluster, chance, network
        self.all = {"kill": self.kill, "kill_all": self.kill_all, "pause": self.pause}
        if network:
            self.all |= {"partition": self.partition, "one_way": self.one_way, "bridge": self.bridge}
        if has_own_disks:
            self.all["full_disk"] = self.full_disk

    def victim(self):
        """The leader, as often as not: that is where harm is worst."""
        leader = self.cluster.find_leader()
        if leader and self.chance.random() < 0.5:
            return leader
        return self.chance.choice(list(self.cluster.nodes.values()))

    @contextlib.contextmanager
    def kill(self):
        node = self.victim()
        node.kill()
        try:
            yield f"kill -9 of node {node.node_id}"
        finally:
            node.spawn()

    @contextlib.contextmanager
    def kill_all(self):
        for node in self.cluster.nodes.values():
            node.kill()
        try:
            yield "kill -9 of all nodes"
        finally:
            for node in self.cluster.nodes.values():
                node.spawn()

    @contextlib.contextmanager
    def pause(self):
        node = self.victim()
        node.signal(signal.SIGSTOP)
        try:
            yield f"SIGSTOP of node {node.node_id}"
        finally:
            node.signal(signal.SIGCONT)

    @contextlib.contextmanager
    def partition(self):
        node = self.victim()
        with self._cut([(node.node_id, other) for other in self._others(node)], both_ways=True):
            yield f"node {node.node_id} is cut off from its peers"

    @contextlib.contextmanager
    def one_way(self):
        node = self.victim()
        pairs = [(node.node_id, other) for other in self._others(node)]
        if self.chance.random() < 0.5:
            pairs = [(other, each) for each, other in pairs]
        with self._cut(pairs, both_ways=False):
            yield "lost in one direction: " + ", ".join(f"{a} to {b}" for a, b in pairs)

    @contextlib.contextmanager
    def bridge(self):
        a, b = self.chance.sample(sorted(self.cluster.nodes), 2)
        with self._cut([(a, b)], both_ways=True):
            yield f"nodes {a} and {b} are cut off from each other, not from the third"

    @contextlib.contextmanager
    def full_disk(self):
        node = self.victim()
        ballast = node.data_dir.parent / "ballast"
        with ballast.open("wb") as file, contextlib.suppress(OSError):
            # Nothing is left, and what the node frees is taken again by nobody.
            while True:
                os.write(file.fileno(), b"\0" * (1 << 20))
        try:
            yield f"the disk of node {node.node_id} is full"
        finally:
            ballast.unlink()
            # A node may have ended because of it; whoever runs it starts it again.
            if not node.is_running:
                node.spawn()

    def _others(self, node) -> list[int]:
        return [each for each in self.cluster.nodes if each != node.node_id]

    @contextlib.contextmanager
    def _cut(self, pairs: list[tuple[int, int]], both_ways: bool):
        directed = pairs + ([(b, a) for a, b in pairs] if both_ways else [])
        with contextlib.ExitStack() as undone:
            for source, target in directed:
                self.network.drop(source, target)
                undone.callback(self.network.restore, source, target)
            yield


@contextlib.contextmanager
def own_disk(directory, megabytes: int):
    """A file system in memory, of that size. Needs root, and a mount namespace of our own."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "nemesis", str(directory)], check=True)
    try:
        yield
    finally:
        # Lazily: the node that uses it is ended just after.
        subprocess.run(["umount", "--lazy", str(directory)], check=False)
