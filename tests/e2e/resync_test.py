# SPDX-License-Identifier: Apache-2.0
"""Whoever needs what the logs no longer hold gets the whole state from the leader: a node whose state machine
was lost, one that was away for too long, and a new one. Meanwhile the others serve."""

import concurrent.futures
import hashlib
import http.client
import os
import re
import time
import unittest

from aspen_cluster import ClusterNode
from aspen_e2e import wait_until
from losses_test import ClusterTest

VALUE_BYTES = 512 * 1024
WRITERS = 8
DONE = 0


def digests(items: dict[str, bytes]) -> dict[str, str]:
    return {key: hashlib.sha256(value).hexdigest() for key, value in items.items()}


def wipe_state(node: ClusterNode):
    """Removes the state machine of a stopped node, as the operations guide says."""
    removed = [*node.data_dir.glob("state-machine.db*"), *node.data_dir.glob("state-machine.lmdb*")]
    assert removed, "there is a state machine"
    for each in removed:
        each.unlink()


def log_begins_after(node: ClusterNode) -> int:
    """The index of the last entry that the log of `node` no longer holds."""
    text = node.admin("GET", "/metrics").body.decode()
    return int(float(re.search(r"^aspen_snapshot_index(?:\{[^}]*\})? (\S+)$", text, re.MULTILINE)[1]))


class ResyncTest(ClusterTest):
    def write_all(self, items: dict[str, bytes]):
        """Every item, several at a time: through the leader, and again through any node when it is not
        acknowledged, as leadership may move on a busy machine."""
        leader = self.cluster.wait_leader()

        def is_written(connection: http.client.HTTPConnection, key: str) -> bool:
            try:
                connection.request("PUT", f"/v1/kv/{key}", body=items[key])
                response = connection.getresponse()
                response.read()
                return response.status == 200
            except (OSError, http.client.HTTPException):
                connection.close()
                return False

        def write(keys: list[str]):
            connection = leader.connection()
            for key in keys:
                if not is_written(connection, key):
                    self.cluster.put(key, items[key])
            connection.close()
        keys = list(items)
        with concurrent.futures.ThreadPoolExecutor(WRITERS) as pool:
            for done in [pool.submit(write, keys[first::WRITERS]) for first in range(WRITERS)]:
                done.result()

    def compact(self, node: ClusterNode, beyond: int):
        """Checkpoints until the log of `node` no longer holds the entry at `beyond`."""
        def is_compacted():
            node.admin("POST", "/admin/checkpoint-wal")
            return log_begins_after(node) >= beyond
        wait_until(is_compacted, f"the log of node {node.node_id} begins after {beyond}")

    def assert_holds(self, node: ClusterNode, expected: dict[str, str], prefix: str = "key"):
        found = digests(node.all_items(prefix))
        self.assertEqual(len(expected), len(found), f"node {node.node_id}")
        self.assertTrue(expected == found, f"node {node.node_id} has other values")

    def wait_healthy(self, node: ClusterNode):
        wait_until(lambda: node.admin("GET", "/health").json()["status"] == "healthy", "the node is healthy")

    def assert_logged(self, log: str, *patterns: str):
        """The lines stand there in that order."""
        where = 0
        for each in patterns:
            found = re.compile(each).search(log, where)
            self.assertIsNotNone(found, f"{each!r} in its place in the log")
            where = found.end()


class BigState(ResyncTest):
    """A state of 68 MiB, more than a log keeps in bytes, of which the logs hold only the end."""

    variables = {"ASPEN_RAFT_LOG_ENTRIES_KEPT": "10"}

    def fill(self) -> dict[str, str]:
        self.cluster.start()
        items = {f"key-{number:04}": os.urandom(VALUE_BYTES) for number in range(136)}
        self.write_all(items)
        for node in self.cluster.nodes.values():
            self.cluster.wait_caught_up(node)
            self.compact(node, 100)
        return digests(items)

    def watch_resync(self, node: ClusterNode) -> set[str]:
        """Reads at the other nodes until `node` has started; what /startupz said meanwhile."""
        others = [each for each in self.cluster.running() if each is not node]
        said = set()
        while True:
            if node._probe("/livez") == 200:
                startup = node.admin("GET", "/startupz?verbose")
                if startup.status == 200 and "snapshot installed" in node.log():
                    return said
                said |= set(startup.body.decode().splitlines())
            for other in others:
                answer = other.request("GET", "/v1/kv/key-0001?consistency=stale")
                self.assertEqual((200, VALUE_BYTES), (answer.status, len(answer.body)))
            self.assertTrue(node.is_running, node.log()[-2000:])
            time.sleep(0.02)

    def test_a_lost_state_machine_comes_from_the_leader_and_shows_its_progress(self):
        written = self.fill()
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        wipe_state(node)
        self.assertEqual(200, self.cluster.put("meanwhile", b"1").status)
        before = len(node.log())
        node.spawn()
        said = self.watch_resync(node)
        node.wait_ready()
        self.cluster.wait_caught_up(node)
        self.assert_holds(node, written)
        self.assertEqual(b"1", node.get("meanwhile").body)
        self.wait_healthy(node)

        self.assert_logged(node.log()[before:], r"receiving snapshot .*received_kb=\d+ size_kb=\d+",
                           r"receiving snapshot .*received_kb=\d+ size_kb=\d+",
                           r"snapshot verified .*entries=\d+", r"snapshot installed .*index=\d+")
        sender = next(each for each in self.cluster.nodes.values() if "snapshot sent" in each.log())
        self.assert_logged(sender.log(), r"snapshot built .*entries=\d+", r"sending snapshot .*sent_kb=\d+ size_kb=\d+",
                           rf"snapshot sent .*to={node.node_id}")
        progress = [line for line in said
                    if re.search(r"(receiving|verifying|installing) a snapshot at index \d+", line)]
        self.assertTrue(progress, said)

    def test_a_node_killed_while_it_gets_the_state_gets_it_after_its_restart(self):
        written = self.fill()
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        for line in (r"receiving snapshot .*received_kb=", "snapshot verified"):
            with self.subTest(line=line):
                # The node may be faster than the blow: then once more.
                wait_until(lambda line=line: self.kill_at(node, line), "the blow came before the end")
        node.start()
        self.cluster.wait_caught_up(node)
        self.assert_holds(node, written)
        self.wait_healthy(node)
        self.assertEqual(200, node.put("k", b"1").status)
        self.assertEqual(0, node.stop())
        node.start()
        self.assert_holds(node, written)
        leftovers = {each.name for each in node.data_dir.iterdir() if "snapshot" in each.name or "install" in each.name}
        self.assertEqual(set(), leftovers)

    def kill_at(self, node: ClusterNode, line: str) -> bool:
        """Lets a node without state run to that line and kills it; whether its state was not there yet."""
        if (node.data_dir / "state-machine.db").exists():
            wipe_state(node)
        before = len(node.log())
        node.spawn()
        wait_until(lambda: re.search(line, node.log()[before:]), f"the log says {line!r}")
        node.kill()
        return "snapshot installed" not in node.log()[before:]

    def test_a_transfer_that_was_cut_goes_on_where_it_ended(self):
        written = self.fill()
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())

        def is_resumed():
            # The node may be faster than the blow, or the leader make a newer file: then once more.
            if not self.kill_at(node, r"receiving snapshot .*received_kb="):
                return False
            before = len(node.log())
            node.spawn()
            wait_until(lambda: "snapshot installed" in node.log()[before:], "the snapshot is installed")
            resumed = re.search(r"receiving snapshot .*from_byte=(\d+)", node.log()[before:])
            if int(resumed[1]) == 0:
                node.kill()
            return int(resumed[1]) > 0
        wait_until(is_resumed, "not everything is sent again")
        self.cluster.wait_caught_up(node)
        self.assert_holds(node, written)

    def test_when_the_leader_dies_while_it_sends_the_state_the_next_one_sends_it(self):
        written = self.fill()
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        wipe_state(node)
        leader = self.cluster.wait_leader()
        before = len(node.log())
        node.spawn()
        wait_until(lambda: re.search(r"receiving snapshot .*received_kb=", node.log()[before:]), "the state comes")
        leader.kill()
        # The node without state votes and does not lead: the other one does.
        node.wait_log("snapshot installed")
        self.cluster.wait_caught_up(node)
        self.assert_holds(node, written)
        self.assertEqual(200, self.cluster.put("k", b"1").status)
        leader.start()
        self.cluster.wait_caught_up(leader)
        self.assert_holds(leader, written)
        self.wait_healthy(node)

    def test_a_new_node_gets_the_state_and_becomes_a_voter(self):
        written = self.fill()
        node = self.cluster.new_node(4)
        node.join = self.cluster.wait_leader().http_addr
        node.spawn()
        wait_until(lambda: node.state() is not None, "the node that joins answers")
        self.does("member", "add", "4", node.raft_addr)
        node.wait_log("snapshot installed")
        self.cluster.wait_caught_up(node)
        wait_until(lambda: self.cluster.ctl("member", "promote", "4").returncode == DONE, "the learner is promoted")
        self.assertTrue(self.cluster.members()[4]["voter"])
        self.assert_holds(node, written)
        self.wait_healthy(node)
        # Three of four are a majority: without another one the new one's vote is needed.
        self.cluster.followers()[0].kill()
        self.assertEqual(200, self.cluster.put("k", b"1").status)


class StateInLmdb(ResyncTest):
    variables = {"ASPEN_RAFT_LOG_ENTRIES_KEPT": "10", "ASPEN_STORAGE_BACKEND": "lmdb"}

    def test_a_lost_state_machine_comes_from_the_leader(self):
        self.cluster.start()
        items = {f"key-{number:04}": os.urandom(VALUE_BYTES) for number in range(40)}
        self.write_all(items)
        for node in self.cluster.nodes.values():
            self.cluster.wait_caught_up(node)
            self.compact(node, 20)
        node = self.cluster.followers()[0]
        self.assertEqual(0, node.stop())
        wipe_state(node)
        self.assertEqual(200, self.cluster.put("meanwhile", b"1").status)
        node.start()
        self.cluster.wait_caught_up(node)
        self.assertIn("snapshot installed", node.log())
        self.assert_holds(node, digests(items))
        self.assertEqual(b"1", node.get("meanwhile").body)
        self.wait_healthy(node)
        self.assertEqual(0, node.stop())
        node.start()
        self.assert_holds(node, digests(items))


class ManyWrites(ResyncTest):
    def test_a_node_that_missed_more_than_the_logs_keep_gets_the_state(self):
        self.cluster.start()
        early = {f"early-{number:05}": b"1" for number in range(100)}
        self.write_all(early)
        away = self.cluster.followers()[0]
        self.cluster.wait_caught_up(away)
        had = away.applied()
        away.kill()
        written = {f"key-{number:05}": f"value {number}".encode() for number in range(15000)}
        self.write_all(written)
        for node in self.cluster.running():
            self.cluster.wait_caught_up(node)
            self.compact(node, had + 1)
        before = len(away.log())
        away.start()
        self.cluster.wait_caught_up(away)
        self.assertIn("snapshot installed", away.log()[before:])
        self.assert_has(away, written)
        self.assert_has(away, early, "early")
        self.wait_healthy(away)


if __name__ == "__main__":
    unittest.main()
