# SPDX-License-Identifier: Apache-2.0
"""What a user does on the first day, with the commands of the README."""

import json
import os
import subprocess
import unittest

from aspen_e2e import BOUND, NodeTest


class Story(NodeTest):
    def command(self, text: str) -> bytes:
        """Runs a shell command line; its output. `{port}` and `{data}` are filled in."""
        line = text.format(port=self.node.port, admin=self.node.admin_port, data=self.node.data_dir)
        done = subprocess.run(["bash", "-c", "set -o pipefail; " + line], cwd=self.node.directory,
                              capture_output=True, timeout=BOUND, check=False)
        self.assertEqual(0, done.returncode, (line, done))
        return done.stdout

    def put_photo(self) -> int:
        (self.node.directory / "photo.jpg").write_bytes(os.urandom(300_000))
        answer = json.loads(self.command("curl -sf -X PUT --data-binary @photo.jpg localhost:{port}/v1/kv/photo"))
        return answer["revision"]

    def test_any_bytes_come_back_as_they_were(self):
        self.node.start()
        self.assertGreater(self.put_photo(), 0)
        self.command("curl -sf localhost:{port}/v1/kv/photo | cmp - photo.jpg")

    def test_health_says_what_the_guide_says(self):
        self.node.start()
        health = json.loads(self.command("curl -sf localhost:{port}/health"))
        self.assertEqual("healthy", health["status"], health)
        for check in ("raft_actor", "storage", "disk_space", "wal_file"):
            self.assertEqual("ok", health["checks"][check]["status"], health)
        self.assertEqual((1, 1), (health["node_id"], health["raft_node_id"]))
        self.assertEqual("running", health["phase"])

    def test_metrics_of_the_guide_are_there_from_the_first_scrape(self):
        self.node.start()
        found = self.command("curl -sf localhost:{port}/metrics | grep sqlite").decode()
        for name in ('sqlite_wal_size_bytes{{node_id="1"}}', "sqlite_write_latency_seconds_bucket",
                     "sqlite_read_latency_seconds_bucket", "sqlite_checkpoint_duration_seconds_bucket",
                     "sqlite_pool_"):
            self.assertIn(name.replace("{{", "{").replace("}}", "}"), found)

    def test_a_checkpoint_empties_the_wal_and_counts_honestly(self):
        self.node.start()
        self.put_photo()
        done = json.loads(self.command("curl -sf -X POST localhost:{port}/admin/checkpoint-wal"))
        self.assertEqual("success", done["status"])
        self.assertEqual(0, done["wal_size_after_bytes"])
        self.assertGreater(done["wal_size_before_bytes"], 0)
        self.assertGreaterEqual(done["pages_checkpointed"], 300_000 // 4096)

    def test_the_log_line_of_a_checkpoint_is_the_guides(self):
        self.node.start(ASPEN_LOG="aspen::raft::storage_sqlite=debug")
        self.put_photo()
        self.command("curl -sf -X POST localhost:{port}/admin/checkpoint-wal")
        self.assertRegex(self.node.log(), r"DEBUG aspen::raft::storage_sqlite: WAL checkpoint completed "
                                          r"pages=[1-9]\d* duration_ms=\d+")

    def test_last_applied_is_read_with_the_sqlite3_command(self):
        self.node.start()
        revision = self.put_photo()
        self.command("curl -sf localhost:{port}/v1/kv/photo")  # a read waits until the write is applied
        read = self.command("sqlite3 'file:{data}/state-machine.db?mode=ro' \"SELECT value FROM "
                            "state_machine_meta WHERE key='last_applied_log';\"")
        self.assertRegex(read.decode(), r'^\{"term":\d+,"index":\d+\}\n$')
        self.assertEqual(revision, json.loads(read)["index"])

    def test_after_kill_9_every_acknowledged_write_is_there(self):
        self.node.start()
        self.put_photo()
        for number in range(50):
            self.assert_status(200, self.node.put(f"key-{number}", str(number).encode()))
        self.node.kill()
        self.node.start()
        self.command("curl -sf localhost:{port}/v1/kv/photo | cmp - photo.jpg")
        self.assertEqual({f"key-{n}": str(n).encode() for n in range(50)}, self.node.all_items("key-"))

    def test_shutdown_drains_and_ends_with_status_0(self):
        self.node.start()
        self.put_photo()
        self.command("curl -sf -X POST localhost:{port}/admin/shutdown")
        self.assertEqual(0, self.node.wait_exit())
        self.node.start()
        self.command("curl -sf localhost:{port}/v1/kv/photo | cmp - photo.jpg")

    def test_the_admin_listener_serves_everything_but_data(self):
        self.node.start()
        self.command("curl -sf localhost:{admin}/health")
        self.command("curl -sf localhost:{admin}/metrics")
        self.command("curl -sf localhost:{admin}/v1/cluster")
        self.assert_status(404, self.node.admin("GET", "/v1/kv/photo"))


class StoryInLmdb(Story):
    variables = {"ASPEN_STORAGE_BACKEND": "lmdb"}

    def test_health_says_what_the_guide_says(self):
        self.node.start()
        health = self.node.request("GET", "/health").json()
        self.assertEqual("healthy", health["status"], health)
        self.assertNotIn("wal_file", health["checks"])

    def test_a_checkpoint_empties_the_wal_and_counts_honestly(self):
        self.node.start()
        self.assert_status(400, self.node.request("POST", "/admin/checkpoint-wal", body=b""))

    def test_the_log_line_of_a_checkpoint_is_the_guides(self):
        self.node.start(ASPEN_LOG="aspen::raft::storage_sqlite=debug")
        self.put_photo()
        self.command("curl -sf -X POST localhost:{port}/admin/checkpoint-wal")
        self.assertRegex(self.node.log(), r"DEBUG aspen::raft::storage_sqlite: WAL checkpoint completed "
                                          r"pages=[1-9]\d* duration_ms=\d+")

    def test_the_log_line_of_a_checkpoint_is_the_guides(self):
        self.skipTest("there is no WAL")

    def test_last_applied_is_read_with_the_sqlite3_command(self):
        self.skipTest("there is no SQLite file")


class InMemory(NodeTest):
    variables = {"ASPEN_STORAGE_BACKEND": "inmemory"}

    def test_it_says_so_serves_and_keeps_nothing(self):
        self.node.start()
        self.assertIn("nothing survives this process", self.node.log())
        self.assert_status(200, self.node.put("a", b"1"))
        self.assertEqual(b"1", self.node.get("a").body)
        self.assertEqual(0, self.node.stop())
        self.assertFalse(self.node.data_dir.exists())
        self.node.start()
        self.assert_status(404, self.node.get("a"))


if __name__ == "__main__":
    unittest.main()
