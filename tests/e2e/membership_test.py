# SPDX-License-Identifier: Apache-2.0
"""Members come and go while the cluster serves, and who does not belong is refused on both sides."""

import json
import shutil
import unittest

from aspen_cluster import ClusterNode, make_certificates
from aspen_e2e import free_ports, wait_until
from losses_test import ClusterTest

DONE, FAILED, USAGE, UNAVAILABLE, NOT_FOUND, _, CONFLICT = range(7)


class Membership(ClusterTest):
    def add(self, node_id: int) -> ClusterNode:
        node = self.cluster.new_node(node_id)
        node.join = self.cluster.wait_leader().http_addr
        node.spawn()
        wait_until(lambda: node.state() is not None, "the node that joins answers")
        self.does("member", "add", str(node_id), node.raft_addr)
        return node

    def promote(self, node: ClusterNode):
        def is_promoted():
            done = self.cluster.ctl("member", "promote", str(node.node_id))
            self.assertIn(done.returncode, (DONE, CONFLICT, UNAVAILABLE), done)
            return done.returncode == DONE
        wait_until(is_promoted, "the learner has caught up and is promoted")

    def test_a_node_joins_as_a_learner_is_promoted_and_counts(self):
        self.cluster.start()
        written = self.cluster.write_many(300)
        node = self.add(4)
        node.wait_ready()
        self.cluster.wait_caught_up(node)
        self.assertFalse(self.cluster.members()[4]["voter"])
        self.assertEqual("learner", node.state())
        self.promote(node)
        self.assertTrue(self.cluster.members()[4]["voter"])
        self.assert_has(node, written)
        # Three of four are a majority: with one of the old ones gone the new one is needed.
        self.cluster.followers()[0].kill()
        self.assertEqual(200, self.cluster.put("k", b"1").status)
        self.assertEqual(0, node.stop())
        node.join = None  # it belongs now; what it was told at its first start is on its disk
        node.start()
        self.cluster.wait_caught_up(node)

    def test_a_removed_node_is_gone_and_the_others_go_on(self):
        self.cluster.start()
        written = self.cluster.write_many(50)
        gone = self.cluster.followers()[0]
        self.does("member", "remove", str(gone.node_id))
        wait_until(lambda: gone.node_id not in self.cluster.members(), "the member is removed")
        self.assertEqual(200, self.cluster.put("k", b"1").status)
        self.says_it_is_out(gone, "This node was removed")
        gone.kill()
        for node in self.cluster.running():
            self.assert_has(node, written)

    def says_it_is_out(self, node: ClusterNode, words: str):
        node.wait_answers()

        def said():
            health = node.admin("GET", "/health")
            return health.json()["status"] == "unhealthy" and words in health.body.decode()
        wait_until(said, f"the health of node {node.node_id} says {words!r}")
        self.assertIn("this node is no member of its cluster", node.log())

    def test_a_node_that_was_removed_while_it_was_away_is_told_so(self):
        self.cluster.start()
        away = self.cluster.followers()[0]
        away.kill()
        self.does("member", "remove", str(away.node_id))
        away.spawn()
        self.says_it_is_out(away, "unknown_server")
        log = len(away.log())
        self.assertEqual(200, self.cluster.put("k", b"1").status)
        self.assertNotIn("became pre-candidate", away.log()[log:])

    def test_the_leader_itself_can_be_removed(self):
        self.cluster.start()
        leader = self.cluster.wait_leader()
        self.does("member", "remove", str(leader.node_id), endpoints=leader.url)
        wait_until(lambda: self.cluster.find_leader() not in (None, leader), "another one leads")
        self.says_it_is_out(leader, "This node was removed")
        leader.kill()
        self.assertEqual(200, self.cluster.put("k", b"1").status)
        self.assertEqual({1, 2, 3} - {leader.node_id}, set(self.cluster.members()))

    def test_leadership_moves_where_it_is_wanted(self):
        self.cluster.start()
        for _ in range(3):
            goal = self.cluster.followers()[0]
            self.does("move-leader", str(goal.node_id))
            wait_until(lambda goal=goal: self.cluster.find_leader() is goal, f"node {goal.node_id} leads")
            self.assertEqual(200, self.cluster.put("k", b"1").status)
        self.does("move-leader", str(goal.node_id))
        wait_until(lambda: self.cluster.find_leader() is goal, "who leads already goes on leading")

    def test_a_change_that_makes_no_sense_is_refused_with_the_reason(self):
        self.cluster.start()
        nobody = f"127.0.0.1:{free_ports(1)[0]}"
        before = self.cluster.members()
        for words, arguments in {
            "reach": ["member", "add", "4", nobody],
            "no such member": ["member", "remove", "9"],
            "no such learner": ["member", "promote", "8"],
            "7": ["move-leader", "7"],
        }.items():
            with self.subTest(arguments=arguments):
                done = self.cluster.ctl(*arguments)
                self.assertIn(done.returncode, (FAILED, CONFLICT), done)
                self.assertIn(words, done.stderr)
        self.assertEqual(before.keys(), self.cluster.members().keys())
        for arguments in (["member", "add", "x", nobody], ["member", "add", "4", "nowhere"], ["move-leader", "0"]):
            self.assertEqual(USAGE, self.cluster.ctl(*arguments).returncode, arguments)

    def test_a_removal_that_would_lose_the_majority_is_refused(self):
        self.cluster.start()
        dead, alive = self.cluster.followers()
        self.assertEqual(3, len(self.cluster.members()))
        dead.kill()
        done = self.cluster.ctl("member", "remove", str(alive.node_id))
        self.assertEqual(CONFLICT, done.returncode, done)
        self.assertEqual(3, len(self.cluster.members()))
        self.does("member", "remove", str(dead.node_id))


class Strangers(ClusterTest):
    def refused_on_both_sides(self, node: ClusterNode, words: str):
        """`node` cannot reach its peers: both say so, and say why."""
        def said():
            others = "".join(each.log() for each in self.cluster.running() if each is not node)
            return words in node.log() and words in others
        wait_until(said, f"both sides say {words!r}")
        self.assertEqual(200, self.cluster.put("k", b"1").status)

    def test_a_certificate_of_another_authority_is_refused(self):
        self.cluster.start()
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        node.certificates = self.cluster.directory / "other-certs"
        make_certificates(node.certificates, 1, 2, 3)
        node.spawn()
        self.refused_on_both_sides(node, "certificate")

    def test_a_certificate_of_another_node_is_refused(self):
        self.cluster.start()
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        node.certificate_id = node.node_id % 3 + 1
        node.spawn()
        wait_until(lambda: "certificate" in node.log() or not node.is_running, "the node says what is wrong")
        self.assertEqual(200, self.cluster.put("k", b"1").status)

    def test_a_node_of_another_cluster_is_refused(self):
        self.cluster.start()
        self.cluster.put("k", b"1")
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        shutil.rmtree(node.data_dir)
        # The same name and certificate, but founded with others: another cluster's identity.
        node.members = {node.node_id: node.raft_addr, 8: f"127.0.0.1:{free_ports(1)[0]}",
                        9: f"127.0.0.1:{free_ports(1)[0]}"}
        node.spawn()
        wait_until(lambda: "cluster" in "".join(
            line for each in self.cluster.running() for line in each.log().splitlines() if "refuse" in line),
            "the stranger is refused by name")
        self.assertEqual(200, self.cluster.put("k", b"2").status)


if __name__ == "__main__":
    unittest.main()
