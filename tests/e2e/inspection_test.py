# SPDX-License-Identifier: Apache-2.0
"""What operators ask of the stores of a running node: a live check, a snapshot, a copy of the log; and the
comparison of everything with its digests that goes on beside the service."""

import contextlib
import itertools
import json
import re
import socket
import sqlite3
import subprocess
import threading
import unittest

from aspen_e2e import BIN, BOUND, NodeTest, clean_environment, wait_until


class Inspection(NodeTest):
    # The comparison begins anew a second after it ended.
    variables = {"ASPEN_SUPERVISOR_SCAN_INTERVAL": "1s"}

    def setUp(self):
        self.node.start()
        for number in range(40):
            self.assert_status(200, self.node.put(f"key-{number:02}", b"x" * 1000))
        self.assert_status(200, self.node.get("key-39"))

    def debug_storage(self, *arguments) -> subprocess.CompletedProcess:
        return subprocess.run([BIN / "aspen-debug-storage", *map(str, arguments)], env=clean_environment(),
                              capture_output=True, text=True, timeout=BOUND, check=False)

    @contextlib.contextmanager
    def writes(self, what):
        """Puts `what(n)`, a key and a value for n = 0, 1, ..., until the block is left."""
        is_over = threading.Event()

        def write():
            for number in itertools.count():
                if is_over.is_set():
                    return
                self.node.put(*what(number))
        writer = threading.Thread(target=write)
        writer.start()
        try:
            yield
        finally:
            is_over.set()
            writer.join()

    def health(self) -> dict:
        return self.node.admin("GET", "/health").json()

    # -- POST /admin/validate ------------------------------------------------------------

    def test_a_live_check_asks_the_owners_and_reports_as_the_gate_does(self):
        report = self.assert_status(200, self.node.admin("POST", "/admin/validate")).json()
        self.assertEqual("ok", report["verdict"])
        rules = {each["rule"] for each in report["findings"]}
        self.assertLessEqual({"INV-73", "INV-75", "INV-76", "INV-77", "INV-78", "INV-83"}, rules)
        self.assertFalse(any(each["violated"] for each in report["findings"]))
        self.assertEqual(report["commit_index"], report["last_applied"]["index"])
        gate = self.node.admin("GET", "/admin/supervisor").json()
        self.assertTrue(gate)

    def test_a_live_check_under_writes_takes_no_healthy_node_for_a_sick_one(self):
        for number in range(60):
            self.assert_status(200, self.node.put(f"more-{number}", b"y"))
            report = self.assert_status(200, self.node.admin("POST", "/admin/validate")).json()
            self.assertEqual("ok", report["verdict"], report)
        self.assertEqual(0, self.node.admin("GET", "/admin/supervisor").json()["total_restarts"])

    # -- POST /admin/snapshot ------------------------------------------------------------

    def test_a_snapshot_is_made_now_and_says_what_it_is(self):
        made = self.assert_status(200, self.node.admin("POST", "/admin/snapshot")).json()
        self.assertEqual(("success", 40), (made["status"], made["entries"]))
        self.assertIn("snapshot built", self.node.log())
        state = json.loads(self.debug_storage("state", made["path"], "-o", "json").stdout)
        self.assertEqual({"term": made["term"], "index": made["index"]}, state["last_applied_log"])
        self.assertEqual(made["size_bytes"], state["file_bytes"])

    # -- GET /admin/log-copy -------------------------------------------------------------

    def copy_log(self, name: str = "copy.lmdb"):
        answer = self.assert_status(200, self.node.admin("GET", "/admin/log-copy"))
        path = self.node.directory / name
        path.write_bytes(answer.body)
        self.assertEqual(str(len(answer.body)), answer.headers["content-length"])
        return path, answer

    def test_the_copy_of_the_log_is_the_log(self):
        path, answer = self.copy_log()
        committed = json.loads(self.debug_storage("--log", path, "--show-committed", "-o", "json").stdout)
        self.assertEqual(int(answer.headers["x-aspen-commit-index"]), committed["committed"])
        copied = json.loads(self.debug_storage("log", path, "-o", "json").stdout)
        entries = json.loads(self.debug_storage("entries", path, "--raw", "-o", "json").stdout)["entries"]
        self.assertEqual([], list(self.node.data_dir.glob("raft-log.lmdb.copy*")), "nothing is left behind")
        self.assertEqual(0, self.node.stop())
        real = json.loads(self.debug_storage("log", self.node.data_dir, "-o", "json").stdout)
        for name in ("identity", "snapshot_point", "last", "last_chain", "checkpoint_completed"):
            self.assertEqual(real[name], copied[name], name)
        of_node = json.loads(self.debug_storage("entries", self.node.data_dir, "--raw", "-o", "json").stdout)
        self.assertEqual(of_node["entries"], entries, "every record, byte by byte")

    def test_a_copy_under_writes_is_whole(self):
        with self.writes(lambda number: (f"beside-{number}", b"z" * 2000)):
            for number in range(3):
                path, _ = self.copy_log(f"copy-{number}.lmdb")
                shown = json.loads(self.debug_storage("log", path, "-o", "json").stdout)
                self.assertEqual([], shown["faults"])
                self.assertEqual(shown["last"]["index"] - shown["first_index"] + 1, shown["entries"])

    def test_a_client_that_leaves_frees_the_copy(self):
        for number in range(60):
            self.assert_status(200, self.node.put(f"large-{number}", b"x" * 500_000))
        with socket.create_connection(("127.0.0.1", self.node.admin_port), timeout=BOUND) as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.sendall(b"GET /admin/log-copy HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertTrue(slow.recv(1024).startswith(b"HTTP/1.1 200"))
            self.assert_status(409, self.node.admin("GET", "/admin/log-copy"))
            self.assert_status(200, self.node.admin("GET", "/health"))
        wait_until(lambda: self.node.admin("GET", "/admin/log-copy").status == 200, "the next copy")

    def test_what_makes_no_sense_is_refused(self):
        self.assert_status(405, self.node.admin("POST", "/admin/log-copy"))
        self.assert_status(405, self.node.admin("HEAD", "/admin/log-copy"))
        self.assert_status(405, self.node.admin("GET", "/admin/validate"))
        self.assert_status(405, self.node.admin("GET", "/admin/snapshot"))
        self.assert_status(400, self.node.admin("GET", "/admin/log-copy?what=this"))

    # -- the comparison beside the service -----------------------------------------------

    def scan_passes(self) -> int:
        return self.health().get("storage_scan", {}).get("passes", 0)

    def test_everything_is_compared_again_and_again(self):
        def whole():
            last = self.health().get("storage_scan", {}).get("last_pass") or {}
            return last.get("rows") == 40 and last["sum_compared"] and last["entries"] >= 42 and last
        wait_until(whole, "a pass over everything")
        before = self.scan_passes()
        wait_until(lambda: self.scan_passes() > max(before, 1), "the next pass")
        health = self.health()
        self.assertTrue(health["storage_verified"])
        metrics = self.node.admin("GET", "/metrics").body.decode()
        self.assertIn('aspen_storage_scan_mismatch{node_id="1"} 0', metrics)
        self.assertRegex(metrics, r'aspen_storage_scan_passes_total\{node_id="1"\} [2-9]')
        report = self.node.admin("POST", "/admin/validate").json()
        self.assertTrue(report["digest_was_complete"])

    def test_a_pass_keeps_to_its_rate(self):
        self.assertEqual(0, self.node.stop())
        self.node.start(ASPEN_SUPERVISOR_SCAN_RATE="64KB", ASPEN_SUPERVISOR_DIGEST_BUDGET="0ms")
        last = wait_until(lambda: self.health()["storage_scan"]["last_pass"], "a pass")
        cost = last["bytes"] + 512 * (last["rows"] + last["entries"])
        self.assertGreaterEqual(cost, 40 * 2 * 1512)
        self.assertGreaterEqual(last["duration_ms"], cost * 900 // 65536)

    def test_rows_that_change_meanwhile_are_not_taken_for_damaged(self):
        before = self.scan_passes()
        number = 0
        while self.scan_passes() < before + 2:
            self.assert_status(200, self.node.put(f"key-{number % 60:02}", str(number).encode()))
            if number % 7 == 0:
                self.node.request("DELETE", f"/v1/kv/key-{(number + 3) % 60:02}")
            number += 1
        self.assertTrue(self.health()["storage_scan"]["last_pass"]["sum_compared"])
        self.assertEqual("healthy", self.health()["status"])
        self.assertEqual(0, self.node.admin("GET", "/admin/supervisor").json()["total_restarts"])

    def test_a_row_that_vanishes_beside_writes_is_missed(self):
        """Every row that is left matches its own digest: only the sum tells."""
        with self.writes(lambda number: (f"beside-{number % 100}", b"z" * 100)):
            stranger = sqlite3.connect(self.node.data_dir / "state-machine.db", timeout=30)
            stranger.execute("PRAGMA wal_autocheckpoint = 0")
            stranger.execute("DELETE FROM state_machine_kv WHERE key = 'key-21'")
            stranger.commit()
            wait_until(lambda: self.health()["phase"] == "refused", "the refusal")
            stranger.close()
        self.assertIn("the digest of all rows", json.dumps(self.health()["checks"]["storage"]))

    def test_a_value_that_changes_under_a_running_node_ends_the_service(self):
        """Somebody's UPDATE beside the node: SQLite is content, the digest is not."""
        stranger = sqlite3.connect(self.node.data_dir / "state-machine.db", timeout=30)
        stranger.execute("PRAGMA wal_autocheckpoint = 0")
        stranger.execute("UPDATE state_machine_kv SET value = x'00' WHERE key = 'key-21'")
        stranger.commit()
        wait_until(lambda: self.health()["phase"] == "refused", "the refusal")
        stranger.close()
        health = self.health()
        self.assertEqual(("unhealthy", "failed"), (health["status"], health["checks"]["storage"]["status"]))
        self.assertIn("key-21", json.dumps(health["checks"]["storage"]))
        self.assert_status(503, self.node.get("key-00"))
        self.assert_status(503, self.node.put("new", b"1"))
        self.assertEqual(0, self.node.stop())
        checked = self.debug_storage("check", self.node.data_dir)
        self.assertEqual(78, checked.returncode)


def flip(path, wanted: bytes) -> list[int]:
    """One bit of each copy of `wanted` in the file, past whoever has it open; where they are. The file is not opened
    in the node's process, so that no lock of its is touched."""
    content = path.read_bytes()
    places = []
    at = content.find(wanted)
    with open(path, "r+b", buffering=0) as file:
        while at >= 0:
            places.append(at)
            file.seek(at)
            file.write(bytes([content[at] ^ 1]))
            at = content.find(wanted, at + 1)
    assert places, f"{wanted} is not in {path}"
    return places


class FlippedBytes(NodeTest):
    """A device that changes a byte of a running node's files: nobody asks for it, the comparison finds it."""

    variables = {"ASPEN_SUPERVISOR_SCAN_INTERVAL": "1s"}
    VALUE = b"the very value that is to change on the disk"

    def setUp(self):
        self.backend = "lmdb" if "lmdb_state" in self._testMethodName else "sqlite"
        self.node.start(ASPEN_STORAGE_BACKEND=self.backend)
        for number in range(40):
            self.assert_status(200, self.node.put(f"key-{number:02}", b"x" * 1000))
        self.assert_status(200, self.node.put("victim", self.VALUE))
        self.assertEqual(self.VALUE, self.node.get("victim").body)

    def health(self) -> dict:
        return self.node.admin("GET", "/health").json()

    def alarms(self) -> set[str]:
        return {each["name"] for each in self.health()["alarms"]}

    def metric(self, name: str) -> float:
        text = self.node.admin("GET", "/metrics").body.decode()
        return float(re.search(rf"^{name}{{.*}} (\S+)$", text, re.MULTILINE)[1])

    def wait_pass(self):
        """A whole pass, so that whatever caches there are hold the page."""
        before = self.health()["storage_scan"]["passes"]
        wait_until(lambda: self.health()["storage_scan"]["passes"] > before + 1, "a pass over everything")

    def is_found(self, what: str):
        wait_until(lambda: self.health()["phase"] == "refused", "the refusal")
        wait_until(lambda: {"storage_mismatch", "refused"} <= self.alarms(), "the alarms")
        health = self.health()
        self.assertEqual(("unhealthy", "failed"), (health["status"], health["checks"]["storage"]["status"]))
        self.assertIn(what, json.dumps(health["checks"]["storage"]))
        self.assertEqual(("stopped", "mismatch"), (health["storage_scan"]["state"], health["storage_scan"]["result"]))
        self.assertIn(what, health["storage_scan"]["mismatch"]["message"])
        self.assertEqual(1, self.metric("aspen_storage_scan_mismatch"))
        self.assertGreaterEqual(self.metric("aspen_storage_mismatches_total"), 1)
        self.assert_status(503, self.node.get("key-00"))
        self.assert_status(503, self.node.put("new", b"1"))

    def test_in_the_database_it_is_found_though_the_page_is_cached_and_forgiven_when_it_is_mended(self):
        self.assert_status(200, self.node.admin("POST", "/admin/checkpoint-wal"))
        self.wait_pass()
        path = self.node.data_dir / "state-machine.db"
        places = flip(path, self.VALUE)
        self.is_found("victim")
        with open(path, "r+b", buffering=0) as file:
            for at in places:
                file.seek(at)
                file.write(self.VALUE[:1])
        self.assert_status(200, self.node.admin("POST", "/admin/supervisor/stores/restart"))
        self.node.wait_ready()
        self.assertEqual(self.VALUE, self.node.get("victim").body)
        wait_until(lambda: not {"storage_mismatch", "refused"} & self.alarms(), "the alarms are cleared")
        self.assertIn("alarm cleared alarm=storage_mismatch", self.node.log())
        self.assertEqual(0, self.metric("aspen_storage_scan_mismatch"))
        wait_until(lambda: self.health()["storage_scan"]["result"] == "ok", "the next pass")

    def test_in_the_log_it_is_found(self):
        self.wait_pass()
        flip(self.node.data_dir / "raft-log.lmdb", self.VALUE)
        self.is_found("checksum")

    def test_in_the_lmdb_state_machine_it_is_found(self):
        self.wait_pass()
        flip(self.node.data_dir / "state-machine.lmdb", self.VALUE)
        self.is_found("victim")


if __name__ == "__main__":
    unittest.main()
