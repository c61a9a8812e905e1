# SPDX-License-Identifier: Apache-2.0
"""Three real nodes with mutual TLS: whichever one is lost, nothing acknowledged is, and every node serves."""

import json
import shutil
import signal
import statistics
import unittest

from aspen_cluster import Cluster, ctl
from aspen_e2e import wait_until

FAILOVERS = 5


class ClusterTest(unittest.TestCase):
    variables: dict[str, str] = {}

    def run(self, result=None):
        outcome = result or self.defaultTestResult()
        with Cluster(**self.variables) as self.cluster:
            before = len(outcome.failures) + len(outcome.errors)
            super().run(outcome)
            if len(outcome.failures) + len(outcome.errors) > before:
                for node in self.cluster.nodes.values():
                    if node.log_path.exists():
                        print(f"--- log of node {node.node_id} of {self.id()} (its end) ---\n{node.log()[-6000:]}")
        return outcome

    def assert_has(self, node, written: dict[str, bytes], prefix: str = "key"):
        self.assertEqual(written, node.all_items(prefix), f"node {node.node_id}")

    def does(self, *arguments: str, **more) -> str:
        done = self.cluster.ctl(*arguments, **more)
        self.assertEqual(0, done.returncode, (arguments, done))
        return done.stdout


class Serving(ClusterTest):
    def test_every_node_serves_everything(self):
        self.cluster.start()
        for node in self.cluster.nodes.values():
            answer = node.put(f"from-{node.node_id}", b"1")
            self.assertEqual((200, str(node.node_id)), (answer.status, answer.headers["x-aspen-served-by"]))
        for node in self.cluster.nodes.values():
            # Linearizable: what any node acknowledged is seen by each.
            self.assertEqual({f"from-{each}": b"1" for each in (1, 2, 3)}, node.all_items("from-"))
            revision = node.put("mine", b"2").json()["revision"]
            for other in self.cluster.nodes.values():
                read = other.request("GET", f"/v1/kv/mine?consistency=stale&min_index={revision}")
                self.assertEqual((200, b"2"), (read.status, read.body))

    def test_conditional_writes_and_deletes_work_on_every_node(self):
        self.cluster.start()
        for node in self.cluster.nodes.values():
            key = f"once-{node.node_id}"
            self.assertEqual(200, node.put(key, b"1", **{"If-None-Match": "*"}).status)
            for other in self.cluster.nodes.values():
                self.assertEqual(412, other.put(key, b"2", **{"If-None-Match": "*"}).status)
            self.assertTrue(node.request("DELETE", f"/v1/kv/{key}").json()["deleted"])

    def test_aspenctl_works_through_any_node(self):
        self.cluster.start()
        for node in self.cluster.nodes.values():
            self.does("put", "k", f"v{node.node_id}", endpoints=node.url)
            for other in self.cluster.nodes.values():
                self.assertEqual(f"v{node.node_id}",
                                 self.does("get", "k", "--print-value-only", endpoints=other.url))
        members = json.loads(self.does("member", "list", "-o", "json"))
        self.assertEqual([1, 2, 3], sorted(each["id"] for each in members))
        for each in members:
            self.assertEqual((True, True), (each["voter"], each["reachable"]), members)
            self.assertEqual(self.cluster.nodes[each["id"]].raft_addr, each["raft_addr"])
        self.does("endpoint", "health")


class Losing(ClusterTest):
    def test_writes_go_on_after_the_leader_is_killed(self):
        self.cluster.start()
        written = self.cluster.write_many(200)
        took = []
        for number in range(FAILOVERS):
            leader = self.cluster.wait_leader()
            others = self.cluster.followers()
            leader.kill()
            took.append(self.cluster.seconds_until_written(f"failover-{number}", others))
            health = others[0].request("GET", "/health", port=others[0].admin_port).json()
            self.assertEqual("degraded", health["status"], health)
            leader.start()
            self.cluster.wait_caught_up(leader)
        print(f"writes resumed after kill -9 of the leader: median {statistics.median(took):.2f} s, "
              f"worst {max(took):.2f} s of {[round(each, 2) for each in took]}", flush=True)
        for node in self.cluster.nodes.values():
            self.assert_has(node, written)

    def test_a_node_that_was_away_catches_up(self):
        self.cluster.start()
        away = self.cluster.followers()[0]
        away.kill()
        written = self.cluster.write_many(500)
        away.start()
        self.cluster.wait_caught_up(away)
        stale = away.request("GET", "/v1/kv?consistency=stale&prefix=key-&limit=1000").json()["items"]
        self.assertEqual(written, {each["key"]: each["value"].encode() for each in stale})

    def test_without_a_majority_nothing_is_acknowledged_and_nothing_stale_is_called_fresh(self):
        self.cluster.start()
        self.cluster.put("k", b"1")
        alone = self.cluster.wait_leader()
        for node in self.cluster.followers():
            node.kill()
        written = alone.put("k", b"2")
        self.assertIn(written.status, (503, 504))
        self.assertEqual(written.status == 503, written.json()["committed"] == "no", written)
        self.assertIn(alone.get("k").status, (503, 504))
        wait_until(lambda: alone.put("k", b"3").status == 503, "the lonely leader has stepped down")
        refused = alone.put("k", b"3")
        self.assertIn("retry-after", refused.headers)
        self.assertEqual(200, alone.request("GET", "/v1/kv/k?consistency=stale").status)
        for node in self.cluster.nodes.values():
            if node is not alone:
                node.start()
        self.assertEqual(200, self.cluster.put("k", b"4").status)

    def test_a_frozen_leader_is_replaced_and_comes_back_as_a_follower(self):
        self.cluster.start()
        self.cluster.put("k", b"1")
        frozen = self.cluster.wait_leader()
        others = self.cluster.followers()
        frozen.signal(signal.SIGSTOP)
        try:
            self.cluster.seconds_until_written("k", others)
        finally:
            frozen.signal(signal.SIGCONT)
        fresh = self.cluster.put("k", b"2").json()["revision"]
        # Never the old value: the frozen one either knows better by now, or does not answer.
        answer = frozen.get("k")
        if answer.status == 200:
            self.assertEqual((b"2", f'"{fresh}"'), (answer.body, answer.headers["etag"]))
        wait_until(lambda: frozen.state() == "follower", "the frozen leader follows")

    def test_all_nodes_killed_at_once_lose_nothing(self):
        self.cluster.start()
        written = self.cluster.write_many(300)
        for node in self.cluster.nodes.values():
            node.kill()
        self.cluster.start()
        for node in self.cluster.nodes.values():
            self.assert_has(node, written)

    def test_an_orderly_stop_of_the_leader_hands_leadership_over(self):
        self.cluster.start()
        leader = self.cluster.wait_leader()
        others = self.cluster.followers()
        self.assertEqual(0, leader.stop())
        self.cluster.seconds_until_written("k", others)
        leader.start()
        self.cluster.wait_caught_up(leader)


class Leases(ClusterTest):
    variables = {"ASPEN_RAFT_LEASES_ENABLED": "true"}

    def test_a_leader_that_was_frozen_does_not_answer_from_its_lease(self):
        self.cluster.start()
        self.cluster.put("k", b"old")
        frozen = self.cluster.wait_leader()
        others = self.cluster.followers()
        waiting = [frozen.connection() for _ in range(20)]
        for each in waiting:
            each.request("GET", "/v1/kv/k")
            self.assertEqual(b"old", each.getresponse().read())
        frozen.signal(signal.SIGSTOP)
        try:
            self.cluster.seconds_until_written("k", others)
            for each in waiting:
                each.request("GET", "/v1/kv/k")  # it finds these when it wakes
        finally:
            frozen.signal(signal.SIGCONT)
        for each in waiting:
            answer = each.getresponse()
            body = answer.read()
            self.assertFalse(answer.status == 200 and body == b"old", "a stale read")
            each.close()


class Wiped(ClusterTest):
    def wipe(self, node):
        node.kill()
        shutil.rmtree(node.data_dir)

    def says(self, node, words: str):
        node.wait_answers()
        wait_until(lambda: words in node.admin("GET", "/health").body.decode(),
                   f"the health of node {node.node_id} says {words!r}")

    def test_wiped_founders_found_no_second_cluster(self):
        self.cluster.start()
        written = self.cluster.write_many(50)
        kept = self.cluster.wait_leader()
        wiped = self.cluster.followers()
        for node in wiped:
            self.wipe(node)
        kept.kill()
        for node in wiped:
            node.spawn()
        for node in wiped:
            self.says(node, f"it waits for node {kept.node_id} at {kept.raft_addr}")
            self.assertEqual(503, node.put("k", b"1").status)
        kept.spawn()
        for node in wiped:
            self.says(node, "exists already")
            self.assertEqual(("learner", 503), (node.state(), node.put("k", b"1").status))
            self.assertIn("this node is no member of its cluster", node.log())
        kept.wait_answers()
        stale = kept.request("GET", "/v1/kv?consistency=stale&prefix=key-&limit=1000").json()["items"]
        self.assertEqual(written, {each["key"]: each["value"].encode() for each in stale})

    def test_a_wiped_founder_is_taken_in_again_in_a_new_life(self):
        self.cluster.start()
        written = self.cluster.write_many(50)
        node = self.cluster.followers()[0]
        self.wipe(node)
        node.spawn()
        self.says(node, "exists already")
        self.does("member", "add", str(node.node_id), node.raft_addr)
        node.wait_ready()
        self.cluster.wait_caught_up(node)
        wait_until(lambda: self.cluster.ctl("member", "promote", str(node.node_id)).returncode == 0, "it is promoted")
        self.assert_has(node, written)
        self.assertEqual(200, self.cluster.put("k", b"1").status)

    def test_founders_wait_for_each_other_and_found_once_all_are_there(self):
        first, second, third = self.cluster.nodes.values()
        for node in (first, second):
            node.spawn()
        for node in (first, second):
            self.says(node, f"it waits for node {third.node_id}")
        third.spawn()
        self.cluster.wait_leader()
        for node in self.cluster.nodes.values():
            node.wait_ready()
        self.assertEqual(200, self.cluster.put("k", b"1").status)

    def test_a_lost_state_machine_is_fetched_again(self):
        self.cluster.start()
        written = self.cluster.write_many(300)
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        for each in node.data_dir.glob("state-machine.db*"):
            each.unlink()
        self.cluster.put("meanwhile", b"1")
        node.start()
        self.cluster.wait_caught_up(node)
        self.assert_has(node, written)

    def test_a_directory_that_lost_its_log_refuses(self):
        self.cluster.start()
        self.cluster.write_many(20)
        node = self.cluster.followers()[0]
        node.kill()
        (node.data_dir / "raft-log.lmdb").unlink()
        node.spawn()
        health = node.wait_answers().json()
        self.assertEqual(("unhealthy", "refused"), (health["status"], health["phase"]))
        self.assertEqual(200, self.cluster.put("k", b"1").status)


if __name__ == "__main__":
    unittest.main()
