# SPDX-License-Identifier: Apache-2.0
"""The real node, built with failpoints: every actor is killed while clients write and read, stores fail, hang
and are slow, the validator and the supervisor die. Nothing acknowledged is lost, the node serves again by
itself, and the admin listener answers all the while.

    tests/e2e/failpoints_test.py [--cycles N]     # N cycles over all actors; few without it
"""

import contextlib
import http.client
import itertools
import pathlib
import re
import sys
import threading
import time
import unittest

from aspen_e2e import NodeTest, wait_until

CYCLES = None
READERS = [f"reader_pool/{number}" for number in range(10)]
BY_LOAD = [["raft"], ["log_writer"], ["storage_writer"], ["reader_pool"], READERS, ["checkpoint_scheduler"]]
"""One of each gets messages while clients write and read, so that a failpoint is met at once. Which reader does is
the pool's choice."""
AT_START = [["peer_links"], ["snapshot_sender"], ["snapshot_receiver"], ["inspector"], ["storage_scanner"]]
"""These are idle on a single node: they meet theirs when they are told to begin."""
HEALTH_BOUND = 1.0


class Clients:
    """Writes fresh keys and reads them back, through whatever happens; what was acknowledged is remembered."""

    def __init__(self, node, prefix: str = ""):
        self.node = node
        self.prefix = prefix
        self.acknowledged: dict[str, bytes] = {}
        self.numbers = itertools.count()
        self.is_over = threading.Event()
        self.wrong: list[str] = []
        self.threads = [threading.Thread(target=self.run, args=(name,), daemon=True) for name in "abc"]

    def __enter__(self):
        for each in self.threads:
            each.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        for each in self.threads:
            each.join()

    def run(self, name: str):
        while not self.is_over.is_set():
            with contextlib.suppress(OSError, http.client.HTTPException):
                key, value = f"{self.prefix}{name}-{next(self.numbers)}", f"value of {name}".encode() * 10
                if self.node.put(key, value).status == 200:
                    self.acknowledged[key] = value
                    got = self.node.get(key)
                    if got.status == 404 or (got.status == 200 and got.body != value):
                        self.wrong.append(f"{key}: {got}")


class HealthProbe(threading.Thread):
    """Asks /health of the admin listener all the time, and beside it measures how late this machine lets
    anybody run at all, so that a starved machine is not taken for a deaf node."""

    def __init__(self, node):
        super().__init__(daemon=True)
        self.node = node
        self.is_over = threading.Event()
        self.slowest = 0.0
        self.starved = 0.0
        self.failures: list[str] = []

    def __enter__(self):
        self.ticker = threading.Thread(target=self.tick, daemon=True)
        self.ticker.start()
        self.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.join()
        self.ticker.join()

    def tick(self):
        while not self.is_over.is_set():
            before = time.monotonic()
            time.sleep(0.02)
            self.starved = max(self.starved, time.monotonic() - before - 0.02)

    def run(self):
        while not self.is_over.is_set():
            before = time.monotonic()
            try:
                answer = self.node.admin("GET", "/health")
                if answer.status not in (200, 503):
                    self.failures.append(repr(answer))
            except (OSError, http.client.HTTPException) as failure:
                self.failures.append(repr(failure))
            self.slowest = max(self.slowest, time.monotonic() - before)
            time.sleep(0.02)

    def bound(self) -> float:
        return HEALTH_BOUND + 5 * self.starved


class Failpoints(NodeTest):
    variables = {"ASPEN_SUPERVISOR_BACKOFF_INITIAL": "50ms", "ASPEN_SUPERVISOR_BACKOFF_MAX": "50ms",
                 "ASPEN_SUPERVISOR_RESTARTS_MAX": "1000", "ASPEN_SUPERVISOR_HANG_TIME": "10s",
                 "ASPEN_HTTP_REQUEST_TIMEOUT": "3s"}

    def arm(self, what: str):
        answer = self.node.request("POST", "/debug/failpoints", body=what.encode(), port=self.node.admin_port)
        self.assert_status(200, answer)

    def arm_the_end(self, what: str):
        """Of the process, perhaps before it has answered."""
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.arm(what)

    def tree(self) -> dict:
        return self.node.admin("GET", "/admin/supervisor").json()

    def child(self, name: str) -> dict:
        return next(each for each in self.tree()["children"] if each["name"] == name)

    def events(self, kind: str) -> list[str]:
        return [each["child"] for each in self.tree()["events"] if each["kind"] == kind]

    def all_run(self) -> bool:
        tree = self.tree()
        return tree["phase"] == "running" and all(each["state"] == "running" for each in tree["children"])

    def serves(self):
        wait_until(self.all_run, "every child runs")
        wait_until(lambda: self.node.put("probe", b"1").status == 200, "writes go on")
        wait_until(lambda: self.node.get("probe").status == 200, "reads go on")

    def is_all_there(self, acknowledged: dict[str, bytes]):
        self.assertTrue(acknowledged)
        items = self.node.all_items()
        lost = [key for key, value in acknowledged.items() if items.get(key) != value]
        self.assertEqual([], lost)

    # -- every actor dies, again and again ---------------------------------------------------

    def test_every_actor_is_killed_under_load_and_nothing_acknowledged_is_lost(self):
        self.node.start()
        with HealthProbe(self.node) as probe, Clients(self.node) as clients:
            for _ in range(CYCLES or 2):
                for names in BY_LOAD:
                    self.kill(names, lambda: None)
                for names in AT_START:
                    self.kill(names, lambda: self.assert_status(
                        200, self.node.admin("POST", "/admin/supervisor/stores/restart")))
        self.assertEqual([], probe.failures)
        self.assertEqual([], clients.wrong)
        self.assertLess(probe.slowest, probe.bound(), "the slowest answer of /health, in seconds")
        self.assertEqual("closed", self.tree()["circuit_state"])
        self.is_all_there(clients.acknowledged)
        self.node.kill()
        self.node.start()
        self.is_all_there(clients.acknowledged)
        print(f"{(CYCLES or 2) * len(BY_LOAD + AT_START)} deaths, {len(clients.acknowledged)} acknowledged writes found, "
              f"slowest /health {probe.slowest:.3f} s, worst starvation of the machine {probe.starved:.3f} s")

    def kill(self, names: list[str], trigger):
        child = names[0].split("/")[0]
        before = self.child(child)["restarts"]
        self.arm("; ".join(f"{each}.message=1*throw" for each in names))
        trigger()
        wait_until(lambda: self.child(child)["restarts"] > before, f"{child} has a new life")
        self.arm("; ".join(f"{each}.message=off" for each in names))
        self.serves()

    # -- stores that fail, are slow, or hang -----------------------------------------------------

    def test_a_store_that_fails_once_is_closed_checked_and_opened_again(self):
        self.node.start()
        with Clients(self.node) as clients:
            for point in ("log_writer.append", "storage_writer.apply"):
                before = self.child("raft")["restarts"]
                self.arm(f"{point}=1*eio")
                wait_until(lambda: self.child("raft")["restarts"] > before, f"a new life after {point}")
                self.serves()
                self.assertIn("failpoint", "".join(each["reason"] for each in self.tree()["events"]))
        self.is_all_there(clients.acknowledged)

    def test_a_slow_store_is_reported_and_not_restarted(self):
        self.node.start(ASPEN_SUPERVISOR_HANG_TIME="120s", ASPEN_HTTP_REQUEST_TIMEOUT="60s")
        self.arm("log_writer.message=1*slow(7000)")
        self.assert_status(200, self.node.put("slow", b"but done"))
        self.assertIn("log_writer", self.events("slow"))
        self.assertEqual(0, self.tree()["total_restarts"])

    def test_a_hung_owner_of_a_store_ends_the_process_and_the_admin_listener_answers_until_then(self):
        for name in ("log_writer", "storage_writer"):
            with self.subTest(name=name):
                self.node.start()
                with HealthProbe(self.node) as probe, Clients(self.node) as clients:
                    wait_until(lambda: len(clients.acknowledged) > 20, "some writes")
                    self.arm(f"{name}.message=hang")
                    wait_until(lambda: "child is slow" in self.node.log(), "the hang is seen")
                    # Only from here on may it be gone.
                    probe.is_over.set()
                    self.assertEqual([], probe.failures)
                    self.assertEqual(70, self.node.wait_exit())
                self.node.start()
                self.is_all_there(clients.acknowledged)
                self.assertEqual(0, self.node.stop())

    # -- what stands above the actors ---------------------------------------------------------

    def test_the_end_of_the_supervisor_ends_the_process(self):
        self.node.start()
        self.arm_the_end("supervisor.message=1*throw")
        self.assertEqual(70, self.node.wait_exit())

    def test_a_process_that_is_killed_where_an_actor_works_comes_back_whole(self):
        deaths, everything = 0, {}
        self.node.start()
        for _ in range(CYCLES or 1):
            for names in BY_LOAD + AT_START if CYCLES else [["raft"], ["log_writer"], ["storage_writer"]]:
                with Clients(self.node, f"{deaths}-") as clients:
                    wait_until(lambda: len(clients.acknowledged) > 5, "some writes")
                    self.arm_the_end("; ".join(f"{each}.message=1*kill" for each in names))
                    if names in AT_START:
                        with contextlib.suppress(OSError, http.client.HTTPException):
                            self.node.admin("POST", "/admin/supervisor/stores/restart")
                    self.assertEqual(128 + 9, self.node.wait_exit())
                deaths += 1
                everything |= clients.acknowledged
                self.node.start()
                self.is_all_there(clients.acknowledged)
        self.is_all_there(everything)
        print(f"{deaths} kills of the process, {len(everything)} acknowledged writes found")

    def test_a_validator_that_crashes_is_a_refusal_and_not_the_end_of_the_node(self):
        self.node.spawn(ASPEN_FAILPOINTS="validator.check=crash")
        health = self.assert_status(503, self.node.wait_answers()).json()
        self.assertEqual("refused", health["phase"])
        self.assertRegex(health["checks"]["storage"]["message"], r"INV-105: .*signal 11 \(SIGSEGV\)")
        self.assertEqual(0, self.node.stop())
        # The record binds these stores; that the validator was at fault is for an operator to say.
        self.node.spawn()
        self.assert_status(503, self.node.wait_answers())
        self.assert_status(200, self.node.admin("POST", "/admin/supervisor/stores/clear"))
        self.serves()

    def test_a_validator_that_is_killed_from_outside_is_tried_again(self):
        self.node.spawn(ASPEN_FAILPOINTS="validator.check=kill")
        wait_until(lambda: "check postponed" in self.answers_events(), "the check is put off")
        self.assertEqual("starting", self.node.admin("GET", "/health").json()["phase"])
        self.assertEqual(0, self.node.stop())
        self.assertFalse((self.node.data_dir / "quarantine.json").exists())

    def answers_events(self) -> list[str]:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return [each["kind"] for each in self.tree()["events"]]
        return []

    def test_health_answers_while_the_validator_takes_its_time(self):
        self.node.spawn(ASPEN_FAILPOINTS="validator.check=slow(3000)")
        wait_until(lambda: self.node._probe("/livez") == 200, "the listener answers")
        with HealthProbe(self.node) as probe:
            self.node.wait_ready()
        self.assertEqual([], probe.failures)
        self.assertLess(probe.slowest, probe.bound())

    def test_a_validator_may_take_512_mib_and_no_more(self):
        self.node.spawn(ASPEN_FAILPOINTS="validator.check=slow(5000)")
        bound, used = wait_until(self.validator_memory, "the validator's bound")
        self.assertTrue(256 << 20 < bound - used <= 512 << 20, (bound, used))
        self.node.wait_ready()

    def validator_memory(self) -> tuple[int, int] | None:
        """RLIMIT_DATA of the process that checks the stores, and what it uses of it; in bytes."""
        with contextlib.suppress(OSError):
            for tasks in pathlib.Path(f"/proc/{self.node.process.pid}/task").glob("*/children"):
                for child in tasks.read_text(encoding="ascii").split():
                    process = pathlib.Path("/proc", child)
                    bound = re.search(r"Max data size +(\d+)", (process / "limits").read_text(encoding="ascii"))
                    used = re.search(r"VmData:\s+(\d+) kB", (process / "status").read_text(encoding="ascii"))
                    if b"--cross-check-child" in (process / "cmdline").read_bytes() and bound and used:
                        return int(bound[1]), int(used[1]) << 10
        return None

    def test_nonsense_arms_nothing(self):
        self.node.start()
        for what in ("raft", "raft.message=", "raft.message=explode", "raft.message=0*throw", "x=slow(y)"):
            answer = self.node.request("POST", "/debug/failpoints", body=what.encode(), port=self.node.admin_port)
            self.assert_status(400, answer)
        self.serves()


if __name__ == "__main__":
    if "--cycles" in sys.argv:
        at = sys.argv.index("--cycles")
        CYCLES = int(sys.argv[at + 1])
        del sys.argv[at:at + 2]
    unittest.main()
