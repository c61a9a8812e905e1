# SPDX-License-Identifier: Apache-2.0
"""Sessions that follow what a node records: they show what fits an expression, and end by themselves."""

import json
import subprocess
import threading
import unittest

from aspen_cluster import Cluster
from aspen_e2e import BIN, BOUND, NodeTest, clean_environment


def tail(port: int, *arguments: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [BIN / "aspenctl", "--endpoints", f"http://127.0.0.1:{port}", "trace", "tail", *arguments],
        capture_output=True, text=True, timeout=BOUND, check=False, env=clean_environment())


class TraceTail(NodeTest):
    def setUp(self):
        super().setUp()
        self.is_over = threading.Event()
        self.addCleanup(self.is_over.set)

    def write_on(self):
        """Until the test is over."""
        def write():
            while not self.is_over.is_set():
                self.node.put("secret", b"hidden")
        thread = threading.Thread(target=write)
        thread.start()
        self.addCleanup(thread.join)
        self.addCleanup(self.is_over.set)

    def test_what_fits_is_shown_until_a_limit_trips_and_says_so(self):
        self.node.start()
        self.write_on()
        shown = tail(self.node.admin_port, "--match", 'actor~"log_*" && kind==handled && msg==persist && handling>1us',
                     "--limit", "5", "-o", "json")
        self.assertEqual((0, "aspenctl: ended: --limit of 5 events\n"), (shown.returncode, shown.stderr))
        events = [json.loads(line) for line in shown.stdout.splitlines()]
        self.assertEqual([("log_writer", "persist", "handled")] * 5,
                         [(each["actor"], each["message"], each["kind"]) for each in events])
        self.assertTrue(all(each["handling_ns"] > 1000 and "queued_ns" in each for each in events))
        self.assertEqual(sorted(each["time"] for each in events), [each["time"] for each in events])

        everything = tail(self.node.admin_port, "--limit", "400", "--rate", "100000")
        self.assertEqual(400, len(everything.stdout.splitlines()))
        self.assertNotIn(" tick", everything.stdout)
        self.assertNotIn("/debug/trace/tail", everything.stdout)
        for data in ("secret", "hidden"):
            self.assertNotIn(data, everything.stdout)
        self.assertIn("--rate 1 events in a second", tail(self.node.admin_port, "--rate", "1").stderr)
        self.assertIn("--bytes 1024 are printed", tail(self.node.admin_port, "--bytes", "1KB").stderr)
        over = tail(self.node.admin_port, "--for", "1s", "--match", "actor==nobody")
        self.assertEqual(("", "aspenctl: ended: --for 1s is over\n"), (over.stdout, over.stderr))

    def test_what_is_no_expression_is_refused_with_its_place(self):
        self.node.start()
        wrong = tail(self.node.admin_port, "--match", "actor==raft && handeling>5ms")
        self.assertEqual(2, wrong.returncode)
        self.assertEqual(["aspenctl: --match, column 16: 'handeling' is no field; there are actor, from, msg, kind, peer, "
                          "trace, handling, queued, took, waiting", "  actor==raft && handeling>5ms", " " * 17 + "^"],
                         wrong.stderr.splitlines())
        self.assertEqual(2, tail(self.node.admin_port, "--for", "2h").returncode)
        self.assertEqual(2, tail(self.node.admin_port, "--limit", "0").returncode)
        said = self.node.admin("GET", "/debug/trace/tail?match=actor%3Draft")
        self.assertEqual((400, 5), (said.status, said.json()["position"]))


class TraceTailOfACluster(unittest.TestCase):
    def test_heartbeats_are_left_out_unless_they_are_asked_for(self):
        with Cluster() as cluster:
            cluster.start()
            leader = cluster.leader()
            rpc = 'msg==append_entries || msg==append_entries_reply'
            shown = tail(leader.admin_port, "--heartbeats", "--match", rpc, "--limit", "20")
            self.assertEqual("aspenctl: ended: --limit of 20 events\n", shown.stderr)
            # Once more, with nobody's entries under way.
            quiet = tail(leader.admin_port, "--match", rpc, "--for", "2s")
            self.assertEqual(("", "aspenctl: ended: --for 2s is over\n"), (quiet.stdout, quiet.stderr))


if __name__ == "__main__":
    unittest.main()
