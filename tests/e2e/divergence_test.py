# SPDX-License-Identifier: Apache-2.0
"""A node whose state is not that of the others is found at the next index at which digests are compared, and
serves nothing more until an operator gave it the state of the others."""

import json
import re
import subprocess
import unittest

from aspen_cluster import ClusterNode
from aspen_e2e import BIN, BOUND, wait_until
from resync_test import ResyncTest, wipe_state

INTERVAL = 4096
"""Digests are compared at the multiples of it."""


class Divergence(ResyncTest):
    def plant(self, node: ClusterNode, key: str, value: str):
        """Another value in the stopped node's state, with all of its own checksums in order."""
        database = node.data_dir / "state-machine.db"
        subprocess.run([BIN / "tests" / "plant_value", database, key, value], check=True)

    def begin(self) -> dict[str, bytes]:
        self.cluster.start()
        written = self.cluster.write_many(50)
        for node in self.cluster.nodes.values():
            self.cluster.wait_caught_up(node)
        return written

    def write_beyond_the_next_comparison(self):
        """Until everybody but who is fenced has come to one digest at an index after the call."""
        leader = self.cluster.wait_leader()
        missing = INTERVAL - leader.applied() % INTERVAL + 16
        self.write_all({f"filler-{number % 97:02}-{number:05}": b"x" for number in range(missing)})

    def assert_fenced(self, node: ClusterNode):
        wait_until(lambda: node.wait_answers().json()["phase"] == "refused", f"node {node.node_id} is fenced")
        health = node.admin("GET", "/health")
        self.assertEqual((503, "unhealthy"), (health.status, health.json()["status"]))
        check = health.json()["checks"]["state_digest"]
        self.assertEqual("failed", check["status"])
        self.assertRegex(check["message"], r"at index \d+ is [0-9a-f]{64} here and [0-9a-f]{64} on a majority")
        self.assertRegex(node.log(), r"ERROR .*fenced index=\d+ digest=[0-9a-f]{64} majority=[0-9a-f]{64}")
        self.assertRegex(node.admin("GET", "/metrics").body.decode(), r"(?m)^aspen_state_outvoted(\{.*\})? 1$")
        answers = [node.request("GET", f"/v1/kv/key-00007{how}") for how in ("", "?consistency=stale")]
        for answer in (*answers, node.put("k", b"1")):
            self.assertEqual(503, answer.status, answer)
            self.assertIn("a majority of the replicas has another state", answer.body.decode())

        def alarm():
            alarms = node.admin("GET", "/health").json()["alarms"]
            return next((each for each in alarms if each["name"] == "state_outvoted"), None)
        raised = wait_until(alarm, "the alarm stands")
        self.assertRegex(raised["since"], r"^\d{4}-\d\d-\d\dT")
        self.assertIn("remove the state machine's files", raised["clears"])
        self.assertIn("INV-29", (node.data_dir / "quarantine.json").read_text(encoding="utf-8"))

    def assert_refused_from_outside(self, node: ClusterNode):
        """What is said of the files of a fenced node that was stopped, and a start that may end the process."""
        checked = subprocess.run([BIN / "aspen-debug-storage", "check", node.data_dir], text=True, timeout=BOUND,
                                 capture_output=True, check=False)
        self.assertNotEqual(0, checked.returncode, checked)
        self.assertIn("INV-29", checked.stdout)
        self.assertRegex(checked.stdout, r"[0-9a-f]{64} here and [0-9a-f]{64} on a majority")
        before = len(node.log())
        node.spawn(ASPEN_SUPERVISOR_ON_REFUSAL="exit")
        self.assertEqual(78, node.wait_exit())
        self.assertIn("INV-29", node.log()[before:])

    def assert_serve(self, nodes: list[ClusterNode], written: dict[str, bytes]):
        self.assertEqual(200, self.cluster.put("after", b"1").status)
        for node in nodes:
            self.cluster.wait_caught_up(node)
            self.assert_has(node, written)
            self.assertEqual("ok", node.admin("GET", "/health").json()["checks"]["state_digest"]["status"])

    def test_a_follower_with_another_value_is_fenced_until_it_gets_the_others_state(self):
        written = self.begin()
        wrong = self.cluster.followers()[0]
        self.assertEqual(0, wrong.stop())
        self.plant(wrong, "key-00007", "planted")
        wrong.start()
        self.assertEqual(b"planted", wrong.request("GET", "/v1/kv/key-00007?consistency=stale").body)
        self.write_beyond_the_next_comparison()
        self.assert_fenced(wrong)
        others = [node for node in self.cluster.nodes.values() if node is not wrong]
        self.assert_serve(others, written)

        # A restart changes nothing.
        self.assertEqual(0, wrong.stop())
        wrong.spawn()
        self.assert_fenced(wrong)
        report = wrong.admin("GET", "/admin/supervisor").json()
        self.assertIn("INV-29", json.dumps(report))

        # What the operations guide says.
        self.assertEqual(0, wrong.stop())
        self.assert_refused_from_outside(wrong)
        wipe_state(wrong)
        wrong.start()
        self.assert_serve(list(self.cluster.nodes.values()), written)
        self.assertNotIn("refused", wrong.admin("GET", "/health").json()["phase"])

    def test_a_leader_with_another_value_steps_down_and_is_fenced(self):
        written = self.begin()
        wrong = self.cluster.followers()[0]
        self.assertEqual(0, wrong.stop())
        self.plant(wrong, "key-00007", "planted")
        wrong.start()
        self.cluster.wait_caught_up(wrong)
        self.does("move-leader", str(wrong.node_id))
        wait_until(lambda: self.cluster.find_leader() is wrong, "the node with the wrong value leads")
        self.write_beyond_the_next_comparison()
        self.assert_fenced(wrong)
        others = [node for node in self.cluster.nodes.values() if node is not wrong]
        wait_until(lambda: self.cluster.find_leader() in others, "another node leads")
        self.assert_serve(others, written)


if __name__ == "__main__":
    unittest.main()
