# SPDX-License-Identifier: Apache-2.0
"""A network of its own for every node: namespaces joined by a bridge, in which packets can be lost.

Everything hangs on processes of ours: when they end, the kernel takes all of it away, whatever happened
before. Nothing outside the driver's own namespace is touched.
"""

import os
import shutil
import subprocess
import sys

NOWHERE = "02:00:00:00:ff:ff"
"""An Ethernet address that nobody has: what is sent there is lost, and nobody hears of it."""
INSIDE = "ASPEN_NEMESIS_INSIDE"


def obstacle() -> str | None:
    """Why there can be no namespaces here; None when there can."""
    missing = [program for program in ("ip", "unshare", "nsenter", "mount") if not shutil.which(program)]
    if missing:
        return f"no {', '.join(missing)} (packages iproute2, util-linux, mount)"
    if os.geteuid() != 0:
        return "not root"
    tried = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return tried.stderr.strip()
    made = subprocess.run(["unshare", "--net", "sh", "-ec", "ip link add nemesis type bridge; "
                           "ip link add one type veth peer name two"], capture_output=True, text=True, check=False)
    return made.stderr.strip() or "ip failed" if made.returncode != 0 else None


def enter() -> None:
    """Runs this very program again in a network and a mount namespace of its own, instead of here."""
    if os.environ.get(INSIDE):
        return
    command = ["unshare", "--net", "--mount", sys.executable, "-B", *sys.argv]
    os.execvpe(command[0], command, os.environ | {INSIDE: "1"})


def ip(*words: str, inside: int | None = None):
    prefix = ["nsenter", "--net", f"--target={inside}"] if inside else []
    subprocess.run([*prefix, "ip", *words], check=True, capture_output=True, text=True)


class Network:
    """10.77.0.N for node N, 10.77.0.254 for us. The caller is in a network namespace of its own."""

    def __init__(self, ids: list[int]):
        self.holders: dict[int, subprocess.Popen] = {}
        ip("link", "set", "lo", "up")
        ip("link", "add", "bridge", "type", "bridge")
        ip("addr", "add", "10.77.0.254/24", "dev", "bridge")
        ip("link", "set", "bridge", "up")
        for each in ids:
            self._add(each)

    @staticmethod
    def address(node_id: int) -> str:
        return f"10.77.0.{node_id}"

    def _add(self, node_id: int):
        # It lives until its input ends, at the latest when we end.
        holder = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo made; exec cat"], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        assert holder.stdout.readline() == "made\n"
        self.holders[node_id] = holder
        name = f"node{node_id}"
        ip("link", "add", name, "type", "veth", "peer", "name", "inner", "netns", str(holder.pid))
        ip("link", "set", name, "master", "bridge", "up")
        ip("addr", "add", f"{self.address(node_id)}/24", "dev", "inner", inside=holder.pid)
        ip("link", "set", "inner", "up", inside=holder.pid)
        ip("link", "set", "lo", "up", inside=holder.pid)

    def command_prefix(self, node_id: int) -> list[str]:
        """What makes a program run in the node's network."""
        return ["nsenter", "--net", f"--target={self.holders[node_id].pid}"]

    def drop(self, source: int, target: int):
        """Loses every packet from the one node to the other, silently."""
        ip("neigh", "replace", self.address(target), "lladdr", NOWHERE, "dev", "inner", "nud", "permanent",
           inside=self.holders[source].pid)

    def restore(self, source: int, target: int):
        ip("neigh", "del", self.address(target), "dev", "inner", inside=self.holders[source].pid)

    def close(self):
        for node_id in self.holders:
            ip("link", "del", f"node{node_id}")
        ip("link", "del", "bridge")
        for holder in self.holders.values():
            holder.stdin.close()
            holder.wait()
