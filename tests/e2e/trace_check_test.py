# SPDX-License-Identifier: Apache-2.0
"""The checker over what real nodes recorded: it finds nothing broken, says what it saw, and finds what is planted."""

import pathlib
import struct
import unittest

from aspen_cluster import Cluster
from aspen_e2e import NodeTest, check_recordings, ctl, wait_until

HEADER_BYTES, CHUNK_BYTES, SLOT_BYTES = 64 * 1024, 16 * 1024, 64
NAMES_AT = 4096
RPC_SENT = 80


def names_in(ring: bytes) -> list[str]:
    names, at = [""], NAMES_AT
    while ring[at]:
        names.append(ring[at + 1:at + 1 + ring[at]].decode())
        at += 1 + ring[at]
    return names


def with_early_acknowledgement(ring: bytes) -> bytes:
    """The same recording, in which a follower acknowledges what it does not have (docs/on_disk.md)."""
    changed, names = bytearray(ring), names_in(ring)
    for at in range(HEADER_BYTES, len(ring), SLOT_BYTES):
        if (at - HEADER_BYTES) % CHUNK_BYTES == 0:
            continue
        stamp, value, last = (struct.unpack_from("<Q", ring, at + 8 * word)[0] for word in (0, 6, 7))
        kind, message = last >> 48 & 0xff, last >> 32 & 0xffff
        if stamp and kind == RPC_SENT and names[message] == "append_entries_reply" and value > 0:
            struct.pack_into("<Q", changed, at + 48, value + 1_000_000)
            return bytes(changed)
    raise AssertionError("there is no acknowledgement in this recording")


def held(report: dict) -> dict[str, int]:
    return {each["rule"]: each["held"] for each in report["rules"]}


class OneNode(NodeTest):
    def test_nothing_is_broken_over_a_crash_and_an_orderly_end(self):
        self.node.start()
        for number in range(20):
            self.assert_status(200, self.node.put(f"k{number}", b"v"))
        self.assert_status(200, self.node.admin("POST", "/admin/checkpoint-wal"))
        live = check_recordings(endpoints=f"http://127.0.0.1:{self.node.admin_port}")
        self.assertEqual([1], [each["node_id"] for each in live["processes"]])
        self.node.kill()
        self.node.start()
        self.assert_status(200, self.node.put("after", b"v"))
        self.assertEqual(0, self.node.stop())
        report = check_recordings(self.node.data_dir)
        self.assertEqual(2, len(report["processes"]))
        for rule, count in held(report).items():
            if rule != "reply":  # it has nobody to answer to
                self.assertGreater(count, 0, (rule, report))

    def counted(self, name: str) -> dict[str, float]:
        lines = self.node.admin("GET", "/metrics").body.decode().splitlines()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith(name)}

    def test_a_node_looks_at_its_own_recording_while_it_runs(self):
        self.node.start(ASPEN_TRACE_CHECK_INTERVAL="50ms")

        def looked():
            self.assert_status(200, self.node.put("k", b"v"))
            return sum(self.counted("aspen_trace_looks_total").values()) > 5
        wait_until(looked, "the node looks at its recording again and again")
        violations = self.counted("aspen_trace_violations_total")
        self.assertEqual(8, len(violations), violations)
        self.assertEqual({0.0}, set(violations.values()), violations)
        self.assertNotIn("the recording breaks a rule", self.node.log())

    def test_the_table_says_what_was_not_seen(self):
        self.node.start()
        shown = ctl("trace", "check", str(self.node.data_dir / "trace"))
        self.assertEqual(0, shown.returncode, shown)
        self.assertRegex(shown.stdout, r"(?m)^leader +holds +1 +0 +0 ")
        self.assertRegex(shown.stdout, r"(?m)^checkpoint +nothing seen +0 +0 +0 ")

    def test_what_is_no_recording_is_a_usage_error(self):
        other = self.node.directory / "other"
        other.write_bytes(b"x" * 100_000)
        self.assertEqual(2, ctl("trace", "check", str(other)).returncode)
        self.assertEqual(2, ctl("trace", "check", str(other) + "2").returncode)
        self.assertEqual(3, ctl("--endpoints", f"http://127.0.0.1:{self.node.port}", "trace", "check").returncode)


class ThreeNodes(unittest.TestCase):
    def test_a_cluster_that_lost_its_leader_has_broken_nothing(self):
        with Cluster() as cluster:
            cluster.start()
            cluster.write_many(50)
            old = cluster.leader()
            old.kill()
            cluster.wait_leader(other_than=old)
            cluster.put("after", b"v")
            old.start()
            cluster.wait_caught_up(old)
            live = check_recordings(endpoints=old.url)
            self.assertEqual([1, 2, 3], sorted(each["node_id"] for each in live["processes"]))
            directories = [each.data_dir for each in cluster.nodes.values()]
            report = check_recordings(*directories)
            self.assertEqual(4, len(report["processes"]))
            for rule in ("sender_order", "exit", "request", "leader", "reply", "commit", "applied"):
                self.assertGreater(held(report)[rule], 1, (rule, report))
            self.assert_a_planted_violation_is_found(cluster, directories)

    def assert_a_planted_violation_is_found(self, cluster, directories: list[pathlib.Path]):
        follower = cluster.followers()[0]
        planted = follower.directory / "planted"
        planted.write_bytes(with_early_acknowledgement((follower.data_dir / "trace" / "ring").read_bytes()))
        others = [str(each / "trace") for each in directories if each != follower.data_dir]
        shown = ctl("trace", "check", str(planted), *others)
        self.assertEqual(1, shown.returncode, shown)
        self.assertRegex(shown.stdout, r"(?m)^reply +BROKEN ")
        self.assertRegex(shown.stdout, r"entries up to 10\d+ were acknowledged when the log was durable up to \d+")
        self.assertRegex(shown.stdout, r"(?m)^> .* raft tells node \d append_entries_reply 10")


if __name__ == "__main__":
    unittest.main()
