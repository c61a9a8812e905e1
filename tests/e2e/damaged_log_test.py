# SPDX-License-Identifier: Apache-2.0
"""An entry of the log that the disk gave back changed is fetched from another node, never cut off."""

import re
import unittest

from aspen_cluster import ClusterNode
from aspen_e2e import wait_until
from losses_test import ClusterTest

REPAIRED = "damaged entries were repaired from a peer"


def flip(node: ClusterNode, value: bytes):
    """Changes a byte of that value wherever it stands in the log's file."""
    path = node.data_dir / "raft-log.lmdb"
    content = path.read_bytes()
    places = [found.start() for found in re.finditer(re.escape(value), content)]
    assert places, f"{value!r} is in the log"
    with open(path, "r+b") as file:
        for place in places:
            file.seek(place + 1)
            file.write(bytes([content[place + 1] ^ 4]))


def metric(node: ClusterNode, name: str) -> float:
    text = node.admin("GET", "/metrics").body.decode()
    return float(re.search(rf"^{name}(?:\{{[^}}]*\}})? (\S+)$", text, re.MULTILINE)[1])


class DamagedLog(ClusterTest):
    def begin(self) -> dict[str, bytes]:
        self.cluster.start()
        written = self.cluster.write_many(200)
        for node in self.cluster.nodes.values():
            self.cluster.wait_caught_up(node)
        return written

    def assert_whole(self, node: ClusterNode, written: dict[str, bytes]):
        node.wait_log("the log is whole again")
        node.wait_ready()
        self.cluster.wait_caught_up(node)
        wait_until(lambda: node.admin("GET", "/health").json()["checks"]["raft_log"] == {"status": "ok"},
                   "the log is said to be whole")
        self.assertEqual(0, metric(node, "aspen_log_entries_damaged"))
        self.assert_has(node, written)

    def test_entries_damaged_while_a_node_was_stopped_come_from_a_peer(self):
        written = self.begin()
        hurt = self.cluster.followers()[0]
        self.assertEqual(0, hurt.stop())
        for key in ("key-00040", "key-00041", "key-00120"):
            flip(hurt, written[key])
        hurt.spawn()
        self.assert_whole(hurt, written)
        self.assertIn(REPAIRED, hurt.log())
        self.assertEqual(3, metric(hurt, "aspen_log_entries_repaired_total"))
        # It takes part: without it there is no majority.
        others = [node for node in self.cluster.followers() if node is not hurt]
        (others or [node for node in self.cluster.nodes.values() if node is not hurt])[0].kill()
        self.assertEqual(200, self.cluster.put("after", b"1").status)
        # A later start finds nothing.
        before = len(hurt.log())
        self.assertEqual(0, hurt.stop())
        hurt.spawn()
        wait_until(lambda: "raft actor started" in hurt.log()[before:], "it starts")
        self.assertNotIn("damaged", hurt.log()[before:])

    def test_without_a_peer_that_answers_it_waits_and_says_so(self):
        written = self.begin()
        hurt = self.cluster.followers()[0]
        self.assertEqual(0, hurt.stop())
        flip(hurt, written["key-00100"])
        others = [node for node in self.cluster.nodes.values() if node is not hurt]
        for node in others:
            node.kill()
        before = len(hurt.log())
        hurt.spawn()

        def says_so():
            health = hurt.wait_answers().json()
            return health["checks"].get("raft_log", {}).get("status") == "critical" and health
        health = wait_until(says_so, "the damage is in /health")
        self.assertEqual("unhealthy", health["status"])
        self.assertRegex(health["checks"]["raft_log"]["message"], r"1 entries .* first at index \d+")
        self.assertEqual(1, metric(hurt, "aspen_log_entries_damaged"))
        self.assertEqual(503, hurt.request("GET", "/v1/kv/key-00100").status)
        raised = wait_until(lambda: [each for each in hurt.admin("GET", "/health").json()["alarms"]
                                     if each["name"] == "log_damaged"], "the alarm stands")
        self.assertIn("when another node gives the entries", raised[0]["clears"])
        # A look at the stores finds nothing new, and ends nothing.
        checked = hurt.admin("POST", "/admin/validate")
        self.assertEqual(200, checked.status, checked)
        self.assertIn("INV-47", checked.body.decode())
        self.assertEqual(1, hurt.log()[before:].count("raft actor started"))
        # One that answers is enough, though it leads nobody.
        others[0].spawn()
        self.assert_whole(hurt, written)

    def test_a_leader_that_meets_a_damaged_entry_at_work_ends_and_repairs_it(self):
        self.cluster.start()
        away = self.cluster.followers()[0]
        self.assertEqual(0, away.stop())
        written = self.cluster.write_many(200)
        others = self.cluster.running()
        for node in others:  # nothing of the log stays in memory
            self.assertEqual(0, node.stop())
        for node in others:
            node.spawn()
        hurt = self.cluster.wait_leader()
        for node in others:
            self.cluster.wait_caught_up(node)
        flip(hurt, written["key-00100"])
        away.spawn()
        self.assert_whole(hurt, written)
        self.cluster.wait_caught_up(away)
        self.assert_has(away, written)
        self.assertIn(REPAIRED, hurt.log())


class Alone(ClusterTest):
    def test_a_node_that_is_alone_refuses_a_damaged_log(self):
        node = self.cluster.nodes[1]
        node.members = {}
        node.start()
        node.put("key", b"a value of its own")
        self.assertEqual(0, node.stop())
        flip(node, b"a value of its own")
        node.spawn()
        health = node.wait_answers().json()
        self.assertEqual("refused", health["phase"])
        self.assertIn("INV-32", " ".join(health["checks"]["storage"]["violations"]))


if __name__ == "__main__":
    unittest.main()
