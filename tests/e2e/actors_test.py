# SPDX-License-Identifier: Apache-2.0
"""What a node shows of its actors: while they work, when one of them is stuck, when all of them are; and aspenctl top."""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import subprocess
import termios
import time
import unittest

from aspen_e2e import BIN, BOUND, NodeTest, clean_environment, free_ports, wait_until

NAMED = {"raft", "log_writer", "storage_writer", "reader_pool", "checkpoint_scheduler", "peer_links"}


class Actors(NodeTest):
    variables = {"ASPEN_SUPERVISOR_HANG_TIME": "10m"}

    def seen(self) -> dict:
        return self.assert_status(200, self.node.admin("GET", "/debug/actors")).json()

    def actor(self, name: str) -> dict:
        return next(each for each in self.seen()["actors"] if each["name"] == name)

    def arm(self, what: str):
        self.assert_status(200, self.node.request("POST", "/debug/failpoints", what.encode(), port=self.node.admin_port))

    def needs_failpoints(self):
        if self.node.admin("GET", "/debug/failpoints").status != 200:
            self.skipTest("this build has no failpoints")

    def top(self, *arguments: str, status: int = 0, port: int | None = None) -> subprocess.CompletedProcess:
        done = subprocess.run(
            [BIN / "aspenctl", "top", *arguments], capture_output=True, text=True, timeout=BOUND, check=False,
            env=clean_environment(ASPENCTL_ENDPOINTS=f"http://127.0.0.1:{port or self.node.admin_port}"))
        self.assertEqual(status, done.returncode, done)
        return done


class Shown(Actors):
    def setUp(self):
        self.node.start()

    def test_each_actor_says_how_it_stands(self):
        revision = self.assert_status(200, self.node.put("k", b"v")).json()["revision"]
        self.assert_status(200, self.node.get("k"))

        def said():
            states = {each["name"]: each["own_state"] for each in self.seen()["actors"]}
            return states if all(states.get(name) and states[name]["figures"] for name in NAMED) and (
                states["storage_writer"]["figures"]["last_applied"] == revision) else None
        states = wait_until(said, "each says how it stands")
        self.assertEqual("leader", states["raft"]["figures"]["role"])
        self.assertEqual(revision, states["log_writer"]["figures"]["last_index"])
        self.assertEqual(10, states["reader_pool"]["figures"]["readers"])
        self.assertEqual(0, states["peer_links"]["figures"]["linked"])
        self.assertEqual({False}, {each["stale"] for each in states.values() if each})
        self.assertTrue(all(len(each["figures"]) <= 16 for each in states.values() if each))

    def test_rates_and_who_talks_to_whom(self):
        wait_until(lambda: self.actor("raft")["messages_per_second"] > 1, "the raft actor's ticks have a rate")
        self.node.put("k", b"v")
        talks = {(each["from"], each["to"]): each for each in self.seen()["talks"]}
        for pair in (("outside", "raft"), ("raft", "log_writer"), ("log_writer", "raft"), ("raft", "storage_writer")):
            self.assertGreater(talks[pair]["messages"], 0)
            self.assertGreater(talks[pair]["latency_p99_us"], 0)
        self.assertNotIn(("reader_pool", "log_writer"), talks)

    def test_the_tree_says_who_started_whom(self):
        [root] = self.seen()["tree"]
        self.assertEqual("supervisor", root["name"])
        children = {each["name"]: each for each in root["children"]}
        self.assertLessEqual(NAMED, set(children))
        self.assertIn("reader_pool/0", [each["name"] for each in children["reader_pool"]["children"]])

    def test_messages_that_came_to_nothing_are_counted_with_samples(self):
        self.needs_failpoints()
        self.arm("log_writer.message=1*throw")
        self.node.put("k", b"v")
        wait_until(lambda: self.actor("log_writer")["restarts"] == 1, "the log writer lives again")
        self.assertIn("failpoint", self.actor("log_writer")["last_error"])
        # The raft actor ended with it: the tick that it had set for itself comes after its end.
        raft = wait_until(lambda: (one := self.actor("raft"))["dead_letters"]["count"] and one, "a dead letter")
        sample = raft["dead_letters"]["samples"][0]
        self.assertEqual({"message", "from", "ms_ago"}, set(sample))
        self.assertEqual({"count": 0, "samples": []}, raft["unhandled"])


class Stuck(Actors):
    def setUp(self):
        self.node.start()
        self.needs_failpoints()

    def test_a_stuck_actor_shows_what_it_is_stuck_in_and_what_it_last_said(self):
        self.node.put("k", b"v")
        self.arm("log_writer.message=hang")
        asking = self.node.connection()
        self.addCleanup(asking.close)
        asking.request("PUT", "/v1/kv/stuck", body=b"v")
        writer = wait_until(lambda: (one := self.actor("log_writer"))["current_message_ms"] and
                            one["current_message_ms"] > 1200 and one, "the log writer is seen to be stuck")
        # The write, or what the scanner asked just before it.
        stuck_in = writer["current_message"]
        self.assertIn((stuck_in, writer["current_message_from"]),
                      {("actors::persist", "raft"), ("actors::get_log_state", "storage_scanner"),
                       ("actors::copy_entries", "storage_scanner")})
        self.assertEqual("running", writer["state"])
        own = writer["own_state"]
        self.assertEqual((True, stuck_in), (own["stale"], own["stuck_in"]))
        self.assertGreater(own["figures"]["last_index"], 0)
        self.assertGreater(own["age_ms"], 1000)
        self.assertIn(stuck_in.removeprefix("actors::"), self.top("--once").stdout)
        self.arm("log_writer.message=off")
        wait_until(lambda: not self.actor("log_writer")["own_state"]["stale"], "the log writer goes on")

    def test_it_answers_although_every_actor_is_stuck(self):
        everybody = [each["name"] for each in self.seen()["actors"]]
        self.arm("; ".join(f"{name}.message=hang" for name in everybody))
        # Those with a clock of their own; enough to hold every worker of the actor system.
        stuck = {"raft", "supervisor", "checkpoint_scheduler"}

        def all_stand():
            seen = {each["name"]: each for each in self.seen()["actors"]}
            return seen if all((seen[name]["current_message_ms"] or 0) > 1000 for name in stuck) else None
        seen = wait_until(all_stand, "they are all stuck")
        self.assertEqual({True}, {seen[name]["own_state"]["stale"] for name in stuck})
        self.assertEqual("actors::tick", seen["raft"]["current_message"])
        before = seen["raft"]["current_message_ms"]
        self.assertGreater(self.actor("raft")["current_message_ms"], before)
        wait_until(lambda: "raft" in self.top("--once").stdout, "aspenctl top answers too")
        self.node.kill()


class Top(Actors):
    def test_one_look_is_a_table_or_json(self):
        self.node.start()
        lines = self.top("--once").stdout.splitlines()
        self.assertEqual(["ACTOR", "STATE", "DEPTH", "OLDEST"], lines[0].split()[:4])
        self.assertLessEqual(NAMED, {line.split()[0] for line in lines[1:]})
        for flags in (["--json"], ["-o", "json"]):
            [one] = json.loads(self.top("--once", *flags).stdout)
            self.assertEqual(f"http://127.0.0.1:{self.node.admin_port}", one["endpoint"])
            self.assertLessEqual(NAMED, {each["name"] for each in one["actors"]})

    def test_what_is_wrong_is_told_by_the_status(self):
        [port] = free_ports(1)
        done = self.top("--once", status=3, port=port)
        self.assertIn("1 of 1 endpoints did not answer", done.stderr)
        self.assertIn("--interval", self.top("--interval", "1ms", status=2).stderr)
        self.assertIn("--interval", self.top("--interval", "soon", status=2).stderr)

    def test_on_a_terminal_it_is_refreshed_and_fits(self):
        self.node.start()
        leader, follower = pty.openpty()
        fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 70, 0, 0))
        shown = b""
        running = subprocess.Popen(
            [BIN / "aspenctl", "top", "--interval", "200ms"], stdout=follower, stderr=follower, stdin=follower,
            env=clean_environment(ASPENCTL_ENDPOINTS=f"http://127.0.0.1:{self.node.admin_port}"))
        try:
            end = time.monotonic() + BOUND
            while shown.count(b"\x1b[2J") < 3 and time.monotonic() < end:
                if select.select([leader], [], [], 0.2)[0]:
                    shown += os.read(leader, 65536)
        finally:
            running.send_signal(signal.SIGINT)
            running.wait(BOUND)
            os.close(follower)
            os.close(leader)
        self.assertGreaterEqual(shown.count(b"\x1b[2J"), 3)
        whole = shown.split(b"\x1b[2J")[1].replace(b"\x1b[H", b"").decode().splitlines()
        self.assertTrue(whole[0].startswith("ACTOR"), whole[0])
        self.assertLessEqual(max(len(line) for line in whole), 70)


if __name__ == "__main__":
    unittest.main()
