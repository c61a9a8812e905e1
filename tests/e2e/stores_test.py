# SPDX-License-Identifier: Apache-2.0
"""A start on stores that do not fit is refused with a clear reason, and what can be healed is healed."""

import os
import resource
import shutil
import sqlite3
import threading
import unittest

from aspen_e2e import NodeTest, wait_until

SENTENCE = r"State machine corruption detected: last_applied \((\d+)\) exceeds committed \((\d+)\)"


class Stores(NodeTest):
    def setUp(self):
        self.node.start()
        for number in range(20):
            self.assert_status(200, self.node.put(f"key-{number}", f"value {number}".encode()))
        self.assert_status(200, self.node.get("key-19"))

    def stop(self):
        self.assertEqual(0, self.node.stop())

    def path(self, name: str):
        return self.node.data_dir / name

    def contents(self) -> dict[str, bytes]:
        """Every file but the lock, which names the process that asks, the record of a quarantine, and SQLite's
        wal-index, which is made anew from the WAL at every open and holds nothing of its own."""
        return {
            each.name: each.read_bytes()
            for each in self.node.data_dir.iterdir()
            if each.is_file() and each.name != "lock" and not each.name.endswith("-shm") and not each.name.startswith("quarantine")
        }

    def starts_refused(self, **variables: str) -> str:
        """Starts, expects the refusal everywhere it must show, and returns what /health says."""
        before = self.contents()
        self.node.spawn(**variables)
        health = self.assert_status(503, self.node.wait_answers())
        self.assertEqual(("unhealthy", "refused"), (health.json()["status"], health.json()["phase"]))
        self.assert_status(503, self.node.put("new", b"write"))
        self.assert_status(503, self.node.get("key-0"))
        self.assert_status(200, self.node.admin("GET", "/livez"))
        self.assert_status(503, self.node.admin("GET", "/readyz"))
        self.assertEqual(0, self.node.stop(), "a refused node stops in order")
        self.assertEqual(before, self.contents(), "the files are untouched")
        return health.body.decode()

    def everything_is_there(self):
        self.assertEqual({f"key-{n}": f"value {n}".encode() for n in range(20)}, self.node.all_items("key-"))

    def test_the_log_keeps_as_many_entries_as_it_was_told(self):
        self.stop()
        self.node.start(ASPEN_RAFT_LOG_ENTRIES_KEPT="10")
        self.assert_status(200, self.node.put("one", b"more"))
        self.assert_status(200, self.node.get("one"))
        self.assert_status(200, self.node.admin("POST", "/admin/checkpoint-wal"))
        wait_until(
            lambda: b'aspen_log_entries{node_id="1"} 10\n' in self.node.admin("GET", "/metrics").body,
            "the log is compacted to ten entries",
        )
        self.everything_is_there()

    def test_the_log_keeps_as_many_bytes_as_it_was_told(self):
        self.stop()
        self.node.start(ASPEN_RAFT_LOG_BYTES_KEPT="1MB")
        for number in range(40):
            self.assert_status(200, self.node.put(f"large-{number}", b"x" * 100_000))
        self.assert_status(200, self.node.get("large-39"))
        self.assert_status(200, self.node.admin("POST", "/admin/checkpoint-wal"))

        def entries():
            lines = self.node.admin("GET", "/metrics").body.decode().splitlines()
            return next(int(line.split()[1]) for line in lines if line.startswith("aspen_log_entries{"))
        wait_until(lambda: entries() <= 11, "the log is compacted to a megabyte")
        self.everything_is_there()

    def test_a_directory_of_another_node_is_refused(self):
        self.stop()
        self.node.node_id = 2
        self.assertRegex(self.starts_refused(), r"\b1\b.*\b2\b|\b2\b.*\b1\b")
        self.node.node_id = 1
        self.node.start()
        self.everything_is_there()

    def test_a_lost_log_is_no_new_node(self):
        self.stop()
        self.path("raft-log.lmdb").rename(self.node.directory / "log")
        self.assertIn("raft-log.lmdb", self.starts_refused())
        self.assertFalse(self.path("raft-log.lmdb").exists())
        (self.node.directory / "log").rename(self.path("raft-log.lmdb"))
        self.node.start()
        self.everything_is_there()

    def test_a_lost_database_is_rebuilt_by_replay(self):
        self.stop()
        for each in self.node.data_dir.glob("state-machine.db*"):
            each.unlink()
        self.node.start()
        self.everything_is_there()
        self.assertRegex(self.node.log(), "(?i)replay|rebuil")

    def test_a_lost_database_after_a_kill_is_rebuilt_too(self):
        self.node.kill()
        for each in self.node.data_dir.glob("state-machine.db*"):
            each.unlink()
        self.node.start()
        self.everything_is_there()

    def put_back_an_older_log(self):
        """The log of a moment ago beside the database of now."""
        self.stop()
        shutil.copy(self.path("raft-log.lmdb"), self.node.directory / "older")
        self.node.start()
        for number in range(20, 40):
            self.node.put(f"key-{number}", b"later")
        self.assert_status(200, self.node.get("key-39"))
        self.stop()
        shutil.copy(self.node.directory / "older", self.path("raft-log.lmdb"))

    def test_a_log_that_went_back_is_refused_with_the_guides_sentence(self):
        self.put_back_an_older_log()
        self.assertRegex(self.starts_refused(), SENTENCE)
        self.assertRegex(self.node.log(), SENTENCE)
        self.assertIn("validation failed", self.node.log())

    def test_a_refusal_may_end_the_process_with_status_78(self):
        self.put_back_an_older_log()
        self.node.spawn(ASPEN_SUPERVISOR_ON_REFUSAL="exit")
        self.assertEqual(78, self.node.wait_exit())
        self.assertRegex(self.node.log(), SENTENCE)

    def test_a_last_applied_that_was_tampered_with_is_refused(self):
        self.stop()
        database = sqlite3.connect(self.path("state-machine.db"))
        with database:
            changed = database.execute("UPDATE state_machine_meta SET value = '{\"term\":1,\"index\":9000}' "
                                       "WHERE key = 'last_applied_log'").rowcount
        database.close()
        self.assertEqual(1, changed)
        said = self.starts_refused()
        self.assertRegex(said, SENTENCE)
        self.assertRegex(self.node.log(), SENTENCE)

    def test_a_value_that_was_changed_by_hand_is_refused(self):
        self.stop()
        database = sqlite3.connect(self.path("state-machine.db"))
        with database:
            database.execute("UPDATE state_machine_kv SET value = x'00' WHERE key = 'key-7'")
        database.close()
        self.starts_refused()

    def test_a_database_damaged_under_the_running_node_stops_the_group_and_is_refused(self):
        self.assert_status(200, self.node.admin("POST", "/admin/checkpoint-wal"))
        with open(self.path("state-machine.db"), "r+b") as database:
            for page in range(1, self.path("state-machine.db").stat().st_size // 4096):
                database.seek(page * 4096)
                database.write(bytes([0xA5]) * 4096)
        self.assertIn(self.node.get("key-0").status, (500, 503))
        wait_until(lambda: self.node.admin("GET", "/health").json()["phase"] == "refused", "the refusal")
        self.assert_status(503, self.node.get("key-0"))
        self.assertIn("validation failed", self.node.log())

    def test_a_failed_write_ends_the_group_which_comes_back_by_itself(self):
        size = max(each.stat().st_size for each in self.node.data_dir.iterdir() if each.name != "disk-reserve")
        resource.prlimit(self.node.process.pid, resource.RLIMIT_FSIZE, (size + 65536, resource.RLIM_INFINITY))
        acknowledged = []
        for number in range(100):
            answer = self.node.put(f"big-{number}", bytes(50_000))
            if answer.status != 200:
                break
            acknowledged.append(f"big-{number}")
        self.assertIn(answer.status, (503, 504, 507), answer)
        self.assertIn(answer.json()["committed"], ("no", "unknown"))
        self.assert_status(200, self.node.admin("GET", "/livez"))
        resource.prlimit(self.node.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY,) * 2)
        wait_until(lambda: self.node.put("after", b"it").status == 200, "writes to go on")
        for key in acknowledged:
            self.assertEqual(bytes(50_000), self.assert_status(200, self.node.get(key)).body)
        self.everything_is_there()

    def test_a_damaged_log_is_refused_whatever_it_does_to_its_reader(self):
        self.stop()
        log = bytearray(self.path("raft-log.lmdb").read_bytes())
        for page in range(2, len(log) // 4096):
            log[page * 4096 + 8:page * 4096 + 4096] = bytes([0xA5]) * 4088
        self.path("raft-log.lmdb").write_bytes(log)
        self.starts_refused()

    def test_a_session_of_the_sqlite3_shell_does_no_harm(self):
        # It folds the WAL into the file and removes it, which is odd and healthy.
        self.node.kill()
        database = sqlite3.connect(self.path("state-machine.db"))
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        database.close()
        self.assertFalse(self.path("state-machine.db-wal").exists())
        self.node.start()
        self.everything_is_there()

    def test_a_foreign_lock_on_the_database_is_waited_for_and_its_holder_is_named(self):
        stranger = sqlite3.connect(self.path("state-machine.db"), isolation_level=None)
        self.addCleanup(stranger.close)
        stranger.execute("PRAGMA wal_autocheckpoint = 0")
        stranger.execute("BEGIN IMMEDIATE")
        answers = []
        asker = threading.Thread(target=lambda: answers.append(self.node.put("new", b"1", **{"If-None-Match": "*"})))
        asker.start()
        def warned():
            return self.node.admin("GET", "/health").json()["checks"]["storage"]["status"] == "warning"
        wait_until(warned, "the warning")
        check = self.node.admin("GET", "/health").json()["checks"]["storage"]
        self.assertIn(str(os.getpid()), check["message"])
        self.assert_status(200, self.node.request("GET", "/v1/kv/key-0?consistency=stale"))
        stranger.execute("ROLLBACK")
        asker.join()
        self.assertIn(answers[0].status, (200, 503, 504))
        wait_until(lambda: not warned(), "the warning to end")
        self.assert_status(200, self.node.get("new"))
        self.assertEqual(0, self.node.admin("GET", "/admin/supervisor").json()["total_restarts"])

    def test_a_vacuum_of_the_stopped_node_does_no_harm(self):
        self.stop()
        database = sqlite3.connect(self.path("state-machine.db"))
        database.execute("VACUUM")
        database.close()
        self.node.start()
        self.everything_is_there()

    def test_a_cold_copy_starts_elsewhere(self):
        self.stop()
        shutil.copytree(self.node.data_dir, self.node.directory / "copy")
        shutil.rmtree(self.node.data_dir)
        self.node.data_dir = self.node.directory / "copy"
        self.node.start()
        self.everything_is_there()

    def test_another_backend_is_not_taken_for_a_new_node(self):
        self.stop()
        self.starts_refused(ASPEN_STORAGE_BACKEND="lmdb")
        self.node.start()
        self.everything_is_there()


if __name__ == "__main__":
    unittest.main()
