# SPDX-License-Identifier: Apache-2.0
"""What the supervisor shows and does for an operator, through HTTP and aspenctl, on a real node."""

import json
import signal
import sqlite3
import subprocess

import unittest

from aspen_e2e import BIN, BOUND, NodeTest, clean_environment, wait_until

DONE, FAILED, USAGE, UNAVAILABLE, NOT_FOUND, UNKNOWN, CONFLICT = range(7)
CHILDREN = ["log_writer", "storage_writer", "reader_pool", "snapshot_sender", "snapshot_receiver", "inspector",
            "raft", "peer_links", "storage_scanner", "checkpoint_scheduler"]


class Supervisor(NodeTest):
    def setUp(self):
        self.node.start()
        self.assert_status(200, self.node.put("a", b"1"))

    def tree(self) -> dict:
        return self.assert_status(200, self.node.admin("GET", "/admin/supervisor")).json()

    def child(self, name: str) -> dict:
        return next(each for each in self.tree()["children"] if each["name"] == name)

    def events(self) -> list[tuple[str, str]]:
        return [(each["child"], each["kind"]) for each in self.tree()["events"]]

    def ctl(self, *arguments: str) -> subprocess.CompletedProcess:
        environment = clean_environment(ASPENCTL_ENDPOINTS=f"http://127.0.0.1:{self.node.admin_port}")
        return subprocess.run([BIN / "aspenctl", "supervisor", *arguments], env=environment, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL, timeout=BOUND, check=False)

    def wait_phase(self, phase: str):
        wait_until(lambda: self.tree()["phase"] == phase, f"phase {phase}")

    def test_the_tree_shows_every_child_with_its_state_and_the_last_check(self):
        tree = self.tree()
        self.assertEqual(CHILDREN, [each["name"] for each in tree["children"]])
        for each in tree["children"]:
            self.assertEqual(("running", "closed", 0), (each["state"], each["circuit_state"], each["restarts"]))
            self.assertGreaterEqual(each["uptime_ms"], 0)
            self.assertEqual(1000, each["backoff_ms"])
        self.assertEqual(("running", "ok"), (tree["phase"], tree["last_check"]["verdict"]))
        self.assertTrue(tree["last_check"]["findings"])
        self.assertIn(("stores", "started"), self.events())

    def test_a_restart_gives_the_group_a_new_life_and_loses_nothing(self):
        done = self.ctl("restart", "raft")
        self.assertEqual((DONE, "restarting group 'stores'\n", ""), (done.returncode, done.stdout, done.stderr))
        wait_until(lambda: self.child("raft")["restarts"] == 1 and self.child("raft")["state"] == "running",
                   "the second life")
        wait_until(lambda: self.node.get("a").status == 200, "reads go on")
        self.assertEqual(b"1", self.node.get("a").body)
        self.assertEqual(1, self.child("log_writer")["restarts"])
        self.assertEqual((0, 0), (self.child("checkpoint_scheduler")["restarts"], self.tree()["restarts_in_window"]))
        self.assertIn(("stores", "restart requested"), self.events())
        self.assertEqual(DONE, self.ctl("restart", "checkpoint_scheduler").returncode)
        wait_until(lambda: self.child("checkpoint_scheduler")["restarts"] == 1, "its second life")

    def test_restarts_without_end_never_leave_the_node_without_the_child(self):
        for _ in range(10):
            self.assertIn(self.node.admin("POST", "/admin/supervisor/stores/restart").status, (200, 503))
        wait_until(lambda: self.child("raft")["state"] == "running", "the group runs again")
        wait_until(lambda: self.node.put("b", b"2").status == 200, "writes go on")
        self.assertEqual("closed", self.tree()["circuit_state"])

    def test_who_is_unknown_or_not_refused_is_told_so(self):
        nobody = self.ctl("restart", "nobody")
        self.assertEqual(1, len(nobody.stderr.splitlines()))
        self.assertIn("no child is named 'nobody'", nobody.stderr)
        self.assertNotEqual(DONE, nobody.returncode)
        self.assert_status(404, self.node.admin("POST", "/admin/supervisor/nobody/restart"))
        clear = self.ctl("clear", "stores")
        self.assertEqual(CONFLICT, clear.returncode)
        self.assertIn("not refused", clear.stderr)
        self.assertEqual(USAGE, self.ctl("restart").returncode)
        self.assertEqual(USAGE, self.ctl("restart", "raft", "--endpoints", "127.0.0.1:1,127.0.0.1:2").returncode)

    def test_the_table_and_the_json_of_aspenctl(self):
        table = self.ctl()
        self.assertEqual(DONE, table.returncode, table)
        for text in ("phase running", "CHILD", "  raft", "checkpoint_scheduler", "last check: ok", "started"):
            self.assertIn(text, table.stdout)
        rows = json.loads(self.ctl("-o", "json").stdout)
        self.assertEqual(CHILDREN, [each["name"] for each in rows[0]["children"]])
        nobody = self.ctl("--endpoints", "127.0.0.1:1")
        self.assertEqual(UNAVAILABLE, nobody.returncode)
        self.assertIn("127.0.0.1:1", nobody.stdout)

    def test_a_watch_shows_the_tree_again_and_again(self):
        watch = subprocess.Popen([BIN / "aspenctl", "supervisor", "--watch", "-o", "json", "--endpoints",
                                  f"127.0.0.1:{self.node.admin_port}"], stdout=subprocess.PIPE,
                                 stdin=subprocess.DEVNULL, env=clean_environment(), text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.kill)
        seen = 0
        for line in watch.stdout:
            seen += '"phase": "running"' in line
            if seen == 2:
                break
        watch.send_signal(signal.SIGINT)
        self.assertEqual(-signal.SIGINT, watch.wait(BOUND))
        self.assertEqual(2, seen)

    # -- quarantine -------------------------------------------------------------------------

    def records(self) -> list[str]:
        return sorted(each.name for each in self.node.data_dir.glob("quarantine*"))

    def tamper(self):
        """What the guide's operator must never do; returns the database as it was."""
        self.assertEqual(0, self.node.stop())
        path = self.node.data_dir / "state-machine.db"
        kept = {each: each.read_bytes() for each in self.node.data_dir.glob("state-machine.db*")}
        database = sqlite3.connect(path)
        with database:
            database.execute("UPDATE state_machine_meta SET value = '{\"term\":1,\"index\":999}' "
                             "WHERE key = 'last_applied_log'")
        database.close()
        return kept

    def starts_refused(self) -> dict:
        self.node.spawn()
        return self.assert_status(503, self.node.wait_answers()).json()

    def test_a_refusal_stands_at_the_next_start_until_the_stores_are_replaced(self):
        kept = self.tamper()
        health = self.starts_refused()
        self.assertEqual(("refused", 999), (health["phase"], health["refusal"]["last_applied"]))
        self.assertLess(health["refusal"]["committed"], 999)
        record = json.loads((self.node.data_dir / "quarantine.json").read_text())
        self.assertIn("INV-75", [each["rule"] for each in record["rules_violated"]])
        self.assertEqual(["raft-log.lmdb", "state-machine.db", "state-machine.db-wal"],
                         [each["name"] for each in record["files"]])
        self.assertRegex(record["log_uuid"], r"^[0-9a-f-]{36}$")
        self.assertEqual(0, self.node.stop())
        violated = self.starts_refused()["checks"]["storage"]["violations"]
        self.assertTrue(violated[0].startswith("INV-75"), violated)
        self.assertTrue(violated[-1].startswith("INV-108") and "quarantine.json" in violated[-1], violated)
        self.assertIn("refused", [alarm["name"] for alarm in wait_until(
            lambda: self.node.admin("GET", "/health").json()["alarms"], "the alarm")])
        self.assertEqual(["quarantine.json"], self.records())
        self.assertEqual(0, self.node.stop())
        for each in self.node.data_dir.glob("state-machine.db*"):
            each.unlink()
        for path, content in kept.items():
            path.write_bytes(content)
        self.node.start()
        self.assertEqual(b"1", self.node.get("a").body)
        self.assertEqual(1, len(self.records()))
        self.assertRegex(self.records()[0], r"^quarantine-\d{8}T\d{6}Z\.json$")

    def test_stores_may_be_replaced_under_a_refused_node_and_the_group_restarted(self):
        kept = self.tamper()
        self.starts_refused()
        for path, content in kept.items():
            path.write_bytes(content)
        for each in self.node.data_dir.glob("state-machine.db*"):
            if each not in kept:
                each.unlink()
        self.assertEqual(DONE, self.ctl("restart", "stores").returncode)
        self.node.wait_ready()
        self.assertEqual(b"1", self.node.get("a").body)

    def test_an_operator_clears_a_quarantine_and_only_the_check_decides_then(self):
        self.tamper()
        self.starts_refused()
        cleared = self.ctl("clear", "stores")
        self.assertEqual(DONE, cleared.returncode, cleared)
        wait_until(lambda: ("stores", "quarantine cleared") in self.events(), "the event")
        self.wait_phase("refused") # the check found the same again
        wait_until(lambda: "quarantine.json" in self.records(), "a record of its own")
        self.assertIn("what to do", self.ctl().stdout)

    def test_a_record_that_cannot_be_read_binds_until_it_is_cleared(self):
        self.assertEqual(0, self.node.stop())
        (self.node.data_dir / "quarantine.json").write_text("{}")
        self.starts_refused()
        self.assertEqual(DONE, self.ctl("clear", "raft").returncode)
        self.node.wait_ready()
        self.assertEqual(b"1", self.node.get("a").body)


if __name__ == "__main__":
    unittest.main()
