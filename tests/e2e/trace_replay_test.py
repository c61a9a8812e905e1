# SPDX-License-Identifier: Apache-2.0
"""What went into the protocol's core of real nodes, fed to the same core again."""

import json
import unittest

from aspen_cluster import Cluster
from aspen_e2e import NodeTest, ctl, wait_until


def recordings(node) -> list:
    return sorted((node.data_dir / "trace").glob("*.core"))


def replayed(path, *options: str) -> dict:
    done = ctl("trace", "replay", str(path), "-o", "json", *options)
    assert done.returncode == 0, f"{path}: {done.stderr}\n{done.stdout}"
    return json.loads(done.stdout)


class ThreeNodes(unittest.TestCase):
    def test_each_core_does_again_what_it_did(self):
        with Cluster(ASPEN_TRACE_RECORD_CORE="true") as cluster:
            cluster.start()
            cluster.write_many(50)
            old = cluster.leader()
            old.kill()
            new = cluster.wait_leader(other_than=old)
            cluster.put("after", b"v")
            old.start()
            cluster.wait_caught_up(old)
            for node in cluster.nodes.values():
                if node is not new:
                    self.assertEqual(0, node.stop())
            self.assertEqual([2, 1, 1], [len(recordings(each)) for each in
                                         sorted(cluster.nodes.values(), key=lambda each: each is not old)])
            for node in cluster.nodes.values():
                for path in recordings(node):
                    told = replayed(path)
                    self.assertEqual((node.node_id, True, None, ""),
                                     (told["node_id"], told["is_equal"], told["differs_at"], told["broken"]), told)
                    self.assertGreater(told["outputs"], 5, told)
            first_life = replayed(recordings(old)[0])
            self.assertGreater(first_life["outputs"], 100, first_life)
            self.assertIn("leader", first_life["status"])


class OneNode(NodeTest):
    def record(self):
        self.node.start(ASPEN_TRACE_RECORD_CORE="true")
        for number in range(10):
            self.assert_status(200, self.node.put(f"k{number}", b"v"))
        self.assertEqual(0, self.node.stop())
        return recordings(self.node)[-1]

    def test_it_shows_what_the_core_was_at_any_input(self):
        path = self.record()
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        early = ctl("trace", "replay", str(path), "--until", "1", "--show", "1")
        self.assertEqual(0, early.returncode, early)
        self.assertRegex(early.stdout, r"(?m)^node 1 of cluster .*: 1 inputs$")
        self.assertRegex(early.stdout, r"(?m)^equal: 1 answers, byte for byte$")
        self.assertRegex(early.stdout, r"(?m)^#1 take_ready$")
        self.assertIn("candidate", early.stdout)
        self.assertIn("leader", replayed(path)["status"])

    def test_a_file_that_was_changed_is_refused(self):
        path = self.record()
        changed = bytearray(path.read_bytes())
        changed[len(changed) // 2] ^= 1
        path.write_bytes(changed)
        self.assertEqual(1, ctl("trace", "replay", str(path)).returncode)
        path.write_bytes(b"x" * 100)
        self.assertEqual(2, ctl("trace", "replay", str(path)).returncode)
        self.assertEqual(2, ctl("trace", "replay", str(path) + "2").returncode)

    def test_a_recording_ends_at_its_bound(self):
        self.node.start(ASPEN_TRACE_RECORD_CORE="true", ASPEN_TRACE_RECORD_CORE_SIZE="1MB")

        def is_full():
            self.assert_status(200, self.node.put("k", b"x" * 200_000))
            return "the core is no longer recorded" in self.node.log()
        wait_until(is_full, "the recording ends")
        self.assertEqual(0, self.node.stop())
        path = recordings(self.node)[-1]
        self.assertLess(path.stat().st_size, (1 << 20) + 100)
        told = replayed(path)
        self.assertTrue(told["is_equal"] and told["reached_bound"], told)

    def test_without_the_setting_nothing_is_recorded(self):
        self.node.start()
        self.assert_status(200, self.node.put("k", b"v"))
        self.assertEqual([], recordings(self.node))


if __name__ == "__main__":
    unittest.main()
