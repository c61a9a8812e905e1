# SPDX-License-Identifier: Apache-2.0
"""A real full disk, a small tmpfs: what was acknowledged stays, reads go on, writes are refused with 507, and
the node goes on by itself when space returns. Needs root, for a mount namespace of its own; else skipped."""

import contextlib
import ctypes
import http.client
import os
import subprocess
import unittest

from aspen_cluster import Cluster
from aspen_e2e import Node, NodeTest, wait_until

CLONE_NEWNS = 0x00020000
DISK_MB = 64


def own_mounts() -> str:
    """Gives this process mounts that nobody else sees; why not, or nothing."""
    if os.geteuid() != 0:
        return "not root: no tmpfs of its own"
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        return "no mount namespace: " + os.strerror(ctypes.get_errno())
    made = subprocess.run(["mount", "--make-rprivate", "/"], capture_output=True, text=True, check=False)
    return "" if made.returncode == 0 else "mounts cannot be made private: " + made.stderr.strip()


WHY_NOT = own_mounts()


class SmallDisk:
    """A file system of its own for one node's data, that ends with the test."""

    def __init__(self, test: unittest.TestCase, node: Node):
        self.path = node.data_dir
        self.path.mkdir(mode=0o700)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=0700", "aspen-full-disk", str(self.path)],
                       check=True)
        test.addCleanup(subprocess.run, ["umount", "--lazy", str(self.path)], check=False)
        self.ballast = self.path / "ballast"

    def free(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    def fill(self, leave: int):
        """A file that takes all but `leave` bytes of the disk."""
        with open(self.ballast, "ab", buffering=0) as ballast:
            with contextlib.suppress(OSError):
                while (left := self.free() - leave) > 0:
                    ballast.write(bytes(min(left, 1 << 20)))

    def make_room(self):
        self.ballast.unlink()


@unittest.skipIf(WHY_NOT, WHY_NOT)
class FullDisk(NodeTest):
    def setUp(self):
        self.disk = SmallDisk(self, self.node)
        self.node.start()
        for number in range(10):
            self.assert_status(200, self.node.put(f"before-{number}", b"acknowledged"))

    def health(self) -> dict:
        return self.node.admin("GET", "/health").json()

    def alarms(self) -> list[str]:
        return [each["name"] for each in self.health()["alarms"]]

    def put_until_refused(self) -> list[str]:
        taken = []
        for number in range(1000):
            answer = self.node.put(f"more-{number}", bytes(200_000))
            if answer.status != 200:
                # One that was under way when the disk ran full may be of unknown outcome.
                self.assertIn(answer.status, (504, 507), answer)
                return taken
            taken.append(f"more-{number}")
        raise AssertionError("the disk never ran full")

    def takes_no_writes(self):
        answer = wait_until(lambda: (got := self.node.put("new", b"1")).status == 507 and got, "507")
        self.assertEqual(("storage_full", "no"), (answer.json()["code"], answer.json()["committed"]))

    def goes_on(self):
        wait_until(lambda: self.node.put("after", b"it").status == 200, "writes go on")
        wait_until(lambda: "disk_full" not in self.alarms(), "the alarm is cleared")
        for number in range(10):
            self.assertEqual(b"acknowledged", self.assert_status(200, self.node.get(f"before-{number}")).body)

    def restarts(self) -> int:
        return self.node.admin("GET", "/admin/supervisor").json()["total_restarts"]

    def test_writes_are_refused_reads_go_on_and_the_node_recovers_without_a_restart(self):
        # Log and WAL share this: the reserve of 8 MB has to hold all that the WAL may.
        self.disk.fill(leave=2 << 20)
        taken = self.put_until_refused()
        self.takes_no_writes()
        wait_until(lambda: not (self.node.data_dir / "disk-reserve").exists(), "the reserve was given up")
        self.assert_status(200, self.node.request("GET", "/v1/kv/before-1?consistency=stale"))
        # What was under way when the disk ran full is applied from the reserve.
        wait_until(lambda: self.node.get("before-1").status == 200, "linearizable reads go on")
        wait_until(lambda: "disk_full" in self.alarms(), "the alarm")
        self.assertEqual("critical", self.health()["checks"]["disk_space"]["status"])
        self.assert_status(200, self.node.admin("GET", "/livez"))
        # With the reserve the WAL is folded into the database though the disk is full.
        wait_until(lambda: (self.node.data_dir / "state-machine.db-wal").stat().st_size < 1 << 20, "a checkpoint")
        self.takes_no_writes()
        self.disk.make_room()
        self.goes_on()
        self.assertTrue((self.node.data_dir / "disk-reserve").exists(), "the reserve is made again")
        for key in taken:
            self.assertEqual(bytes(200_000), self.assert_status(200, self.node.get(key)).body)
        self.assertEqual(0, self.restarts())

    def test_a_kill_on_a_full_disk_loses_nothing_acknowledged(self):
        self.disk.fill(leave=20 << 20)
        taken = self.put_until_refused()
        self.node.kill()
        self.starts_for_reads()
        for key in taken:
            self.assertEqual(bytes(200_000), self.assert_status(200, self.node.get(key)).body)
        self.disk.make_room()
        self.goes_on()

    def test_a_start_with_no_byte_free_serves_reads_and_says_so(self):
        self.assertEqual(0, self.node.stop())
        self.disk.fill(leave=0)
        self.assertEqual(0, self.disk.free())
        self.starts_for_reads()
        self.takes_no_writes()
        wait_until(lambda: "disk_full" in self.alarms(), "the alarm")
        self.assertIn("writes are refused", self.health()["checks"]["disk_space"]["message"])
        self.disk.make_room()
        self.goes_on()

    def starts_for_reads(self):
        self.node.spawn()

        def reads():
            self.assertIsNone(self.node.process.poll(), self.node.log()[-4000:])
            with contextlib.suppress(OSError, http.client.HTTPException):
                return self.node.get("before-1").status == 200
            return False
        wait_until(reads, "reads are served")


@unittest.skipIf(WHY_NOT, WHY_NOT)
class FullDiskOfALeader(unittest.TestCase):
    def test_a_leader_whose_disk_is_full_gives_leadership_up_and_comes_back_as_a_follower(self):
        with Cluster() as cluster:
            disks = {node.node_id: SmallDisk(self, node) for node in cluster.nodes.values()}
            leader = cluster.start().leader()
            self.assertEqual(200, leader.put("before", b"1").status)
            disks[leader.node_id].fill(leave=8 << 20)
            taken = []

            def led_elsewhere():
                # Through the others: what the full leader refuses, its successor takes.
                for node in cluster.nodes.values():
                    if node is not leader:
                        key = f"more-{len(taken)}"
                        with contextlib.suppress(OSError, http.client.HTTPException):
                            if node.put(key, bytes(100_000)).status == 200:
                                taken.append(key)
                return cluster.find_leader() not in (None, leader)
            wait_until(led_elsewhere, "another node leads")
            new = cluster.wait_leader(other_than=leader)
            wait_until(lambda: new.put("during", b"2").status == 200, "writes go on")
            disks[leader.node_id].make_room()
            wait_until(lambda: leader.applied() >= new.applied() > 0, "the node catches up")
            for node in cluster.nodes.values():
                wait_until(lambda node=node: node.get("during").status == 200, "every node has it")
                self.assertEqual(b"2", node.get("during").body)
                for key in taken:
                    self.assertEqual(200, node.get(key).status, key)
            self.assertEqual(0, leader.admin("GET", "/admin/supervisor").json()["total_restarts"])


if __name__ == "__main__":
    unittest.main()
