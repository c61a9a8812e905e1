# SPDX-License-Identifier: Apache-2.0
"""What has the flight recorder dumped by itself: each trigger happens for real, and is found with its reason."""

import contextlib
import http.client
import signal
import unittest

from aspen_cluster import Cluster
from aspen_e2e import NodeTest, wait_until


SANITIZERS_STATUS = (1, 66)
"""What a sanitizer's own handler, which comes after the node's, ends the process with."""


def dumps_of(node) -> list[dict]:
    return node.admin("GET", "/debug/trace/dumps").json()["dumps"]


def wait_dump(node, trigger: str) -> dict:
    """The dump of that trigger; the newest where there are several."""
    return wait_until(lambda: next((each for each in dumps_of(node) if each["trigger"] == trigger), None),
                      f"a dump for {trigger}")


class Triggers(NodeTest):
    variables = {"ASPEN_SUPERVISOR_HANG_TIME": "10m"}

    def start(self, **variables: str):
        self.node.start(**variables)
        if self.node.admin("GET", "/debug/failpoints").status != 200:
            self.skipTest("this build has no failpoints")

    def arm(self, what: str):
        self.assert_status(200, self.node.request("POST", "/debug/failpoints", what.encode(), port=self.node.admin_port))

    def slow_down(self, milliseconds: str):
        """One message to the raft actor takes that long. Behind it a write waits, or behind the write a tick."""
        self.arm(f"raft.message=1*slow({milliseconds})")
        self.node.put("k", b"v")

    def test_a_message_that_waits_too_long(self):
        self.start(ASPEN_TRACE_SLOW_MAILBOX="300ms")
        self.slow_down("1500")
        found = wait_dump(self.node, "slow-mailbox")
        self.assertRegex(found["reason"], r"a message to \w+ waited \d+ ms; \d+ wait, .* is in hand")

    def test_worse_health(self):
        self.start()
        self.arm("raft.message=hang")
        found = wait_dump(self.node, "health-unhealthy")
        self.assertIn("raft_actor", found["reason"])
        self.arm("raft.message=off")

    def test_a_broken_invariant_and_the_report_of_the_crash(self):
        self.start()
        self.node.put("k", b"v")
        self.arm("raft.message=1*check")
        found = wait_dump(self.node, "broken-invariant")
        self.assertIn("failpoint raft.message [", found["reason"])
        ended = wait_dump(self.node, "raft-ended")
        self.assertIn("failpoint raft.message", ended["reason"])
        self.node.wait_log("last message, not finished")
        log = self.node.log()
        [report] = [line for line in log.splitlines() if "crash report" in line]
        self.assertIn("child=raft", report)
        self.assertIn(f"dump={ended['name']}", report)
        told = [line for line in log.splitlines() if "aspen::supervisor: last message" in line]
        self.assertTrue(0 < len(told) <= 10, told)
        self.assertTrue(all("child=raft" in line and "message=" in line for line in told), told)
        events = self.node.admin("GET", "/admin/supervisor").json()["events"]
        self.assertEqual([ended["name"]], [each["dump"] for each in events if each["kind"] == "ended"])

    def test_the_same_trigger_is_dumped_once_in_its_pause(self):
        self.start(ASPEN_TRACE_SLOW_MAILBOX="200ms")
        for _ in range(3):
            self.slow_down("700")
            wait_until(lambda: "off, hit" in self.node.admin("GET", "/debug/failpoints").body.decode(), "it was met")
        wait_dump(self.node, "slow-mailbox")
        self.assertEqual(1, sum(each["trigger"] == "slow-mailbox" for each in dumps_of(self.node)))

    def test_within_no_pause_each_time_is_one(self):
        self.start(ASPEN_TRACE_SLOW_MAILBOX="200ms", ASPEN_TRACE_DUMP_PAUSE="0ms")

        def twice():
            self.slow_down("700")
            return sum(each["trigger"] == "slow-mailbox" for each in dumps_of(self.node)) >= 2
        wait_until(twice, "two dumps")


class FatalSignals(NodeTest):
    def test_a_fatal_signal_is_named_by_the_dump_of_its_ring(self):
        for number, name in ((signal.SIGSEGV, "SEGV"), (signal.SIGABRT, "ABRT"), (signal.SIGBUS, "BUS")):
            self.node.start()
            self.assert_status(200, self.node.put("k", b"v"))
            self.node.signal(number)
            self.assertIn(self.node.wait_exit(), {128 + number, *SANITIZERS_STATUS})
            self.node.start()
            newest = dumps_of(self.node)[0]
            self.assertEqual(f"signal-{int(number)}", newest["trigger"])
            self.assertEqual(f"the process before ended by signal {int(number)}, SIG{name}", newest["reason"])
            self.assertEqual(b"v", self.node.get("k").body)
            self.assertEqual(0, self.node.stop())

    def test_so_is_a_fault_within_an_actor(self):
        self.node.start()
        if self.node.admin("GET", "/debug/failpoints").status != 200:
            self.skipTest("this build has no failpoints")
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.node.request("POST", "/debug/failpoints", b"raft.message=crash", port=self.node.admin_port)
        self.node.wait_exit()
        self.node.start()
        # A sanitizer has its own handler in the way of a fault: there it ends without a word.
        self.assertIn(dumps_of(self.node)[0]["trigger"], {"signal-11", "killed"})


class InACluster(unittest.TestCase):
    def test_a_leader_that_loses_its_followers(self):
        with Cluster() as cluster:
            cluster.start()
            leader = cluster.leader()
            others = [each for each in cluster.nodes.values() if each is not leader]
            for each in others:
                each.kill()
            lost = wait_dump(leader, "leadership-lost")
            self.assertRegex(lost["reason"], r"led in term \d+; now \w+ in term \d+, leader \d+")

    def test_leadership_that_is_handed_over_is_not_lost(self):
        with Cluster() as cluster:
            cluster.start()
            leader = cluster.leader()
            target = cluster.followers()[0]
            term = leader.cluster()["term"]  # on a busy machine an earlier one may have been lost
            moved = cluster.ctl("move-leader", str(target.node_id))
            self.assertEqual(0, moved.returncode, moved)
            wait_until(lambda: leader.state() == "follower", "it follows")
            self.assertEqual([], [each["reason"] for each in dumps_of(leader) if f"led in term {term};" in each["reason"]])


if __name__ == "__main__":
    unittest.main()
