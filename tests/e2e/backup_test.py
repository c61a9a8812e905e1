# SPDX-License-Identifier: Apache-2.0
"""Backups of real nodes, running and stopped: whole under load, restored elsewhere, refused when damaged."""

import contextlib
import itertools
import json
import pathlib
import shutil
import subprocess
import threading
import unittest

from aspen_e2e import BIN, BOUND, Node, NodeTest, clean_environment, wait_until

DONE, FAILED, USAGE, UNAVAILABLE, DAMAGED = range(5)
INDEX_GAP = 2 ** 32


def backup(*arguments, expected: int = DONE) -> subprocess.CompletedProcess:
    ended = subprocess.run([BIN / "aspen-backup", *map(str, arguments)], env=clean_environment(), text=True,
                           stdin=subprocess.DEVNULL, capture_output=True, timeout=BOUND, check=False)
    assert ended.returncode == expected, (arguments, ended)
    return ended


def backup_json(*arguments, expected: int = DONE) -> dict:
    return json.loads(backup(*arguments, "-o", "json", expected=expected).stdout)


class Writer:
    """Puts keys one after the other until it is stopped; remembers which were acknowledged."""

    def __init__(self, node: Node):
        self.node = node
        self.acknowledged: dict[str, bytes] = {}
        self.highest_revision = 0
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self.write)

    def write(self):
        connection = self.node.connection()
        for number in itertools.count():
            if self.is_over.is_set():
                break
            key, value = f"load-{number:06}", f"value {number} ".encode() * 40
            connection.request("PUT", f"/v1/kv/{key}", body=value)
            response = connection.getresponse()
            body = response.read()
            if response.status == 200:
                self.acknowledged[key] = value
                self.highest_revision = json.loads(body)["revision"]
        connection.close()

    def __enter__(self):
        self.thread.start()
        wait_until(lambda: len(self.acknowledged) >= 50, "fifty writes")
        return self

    def __exit__(self, kind, value, trace):
        self.is_over.set()
        self.thread.join()


class BackupTest(NodeTest):
    @property
    def admin_url(self) -> str:
        return f"http://127.0.0.1:{self.node.admin_port}"

    def path(self, name: str) -> pathlib.Path:
        return self.node.directory / name

    def manifest(self, file: pathlib.Path) -> dict:
        return json.loads(pathlib.Path(f"{file}.manifest.json").read_text(encoding="utf-8"))

    def fill(self, count: int = 20):
        for number in range(count):
            self.assert_status(200, self.node.put(f"key-{number:02}", f"value {number}".encode()))

    @contextlib.contextmanager
    def restored(self, file, *arguments):
        """A node, not yet started, on the restored backup; and what the program said of it."""
        with Node() as node:
            said = backup_json("restore", file, node.data_dir, "--raft-addr",
                               f"127.0.0.1:{node.raft_port}", *arguments)
            yield node, said


class Backup(BackupTest):
    # -- made, verified, restored --------------------------------------------------------

    def test_ten_backups_under_load_are_whole_and_one_restored_holds_all_that_was_acknowledged(self):
        self.node.start()
        directory = self.path("backups")
        directory.mkdir()
        with Writer(self.node) as writer:
            for number in range(9):
                # A name of their own in a directory, in their order.
                backup("create", "--from", self.admin_url, directory / f"backup-{number}.db")
            before = dict(writer.acknowledged)
            made = backup_json("create", "--from", self.admin_url, directory)
        cluster = self.node.admin("GET", "/v1/cluster").json()
        self.assertEqual(0, self.node.stop())
        listed = backup_json("verify", directory)["backups"]
        self.assertEqual([True] * 10, [each["is_sound"] for each in listed])
        rows = [self.manifest(directory / f"backup-{number}.db")["rows"] for number in range(9)]
        self.assertEqual(sorted(rows), rows)
        self.assertEqual(cluster["cluster_id"], made["manifest"]["cluster_id"])
        self.assertEqual([], [each.name for each in directory.iterdir() if "partial" in each.name])

        with self.restored(made["file"]) as (node, said):
            self.assertEqual(made["manifest"]["index"] + INDEX_GAP, said["index"])
            node.start()
            items = node.all_items()
            self.assertEqual(before, {key: items.get(key) for key in before})
            new = self.assert_status(200, node.put("after", b"1")).json()["revision"]
            self.assertGreater(new, writer.highest_revision)
            now = node.admin("GET", "/v1/cluster").json()
            self.assertNotEqual(cluster["cluster_id"], now["cluster_id"])
            self.assertEqual(1, len(now["members"]))
            self.assertEqual(1, now["node_id"])
            # An ETag of the former cluster matches nothing that is written here.
            old = self.assert_status(200, node.get("load-000000")).headers["etag"]
            self.assert_status(200, node.put("load-000000", b"new", **{"If-Match": old}))
            self.assert_status(412, node.put("load-000000", b"newer", **{"If-Match": old}))
            node.kill()
            node.start()
            self.assertEqual(b"1", self.assert_status(200, node.get("after")).body)
            self.assertEqual(0, node.stop())

    def test_the_guides_command_copies_the_database_of_a_running_node(self):
        self.node.start()
        with Writer(self.node):
            file = self.path("guide.db")
            backup("--source", self.node.data_dir / "state-machine.db", "--dest", file)
        backup("verify", file)
        self.assertEqual(0o600, file.stat().st_mode & 0o777)
        self.assertEqual("healthy", self.node.admin("GET", "/health").json()["status"])

    def test_a_stopped_nodes_directory_is_copied_and_left_as_it_is(self):
        self.node.start()
        self.fill()
        self.assertEqual(0, self.node.stop())
        before = {each.name: each.read_bytes() for each in self.node.data_dir.iterdir() if each.is_file()}
        file = self.path("stopped.db")
        backup("create", "--from", self.node.data_dir, file)
        after = {each.name: each.read_bytes() for each in self.node.data_dir.iterdir() if each.is_file()}
        self.assertEqual(before, after)
        self.assertEqual(20, self.manifest(file)["rows"])
        self.assertIn("exists", backup("create", "--from", self.node.data_dir, file, expected=FAILED).stderr)

    def test_the_backup_of_a_killed_node_holds_what_only_its_log_had(self):
        self.node.start()
        self.fill()
        self.node.kill()
        file = self.path("killed.db")
        backup("create", "--from", self.node.data_dir, file)
        backup("verify", file)
        self.assertEqual(20, self.manifest(file)["rows"])

    # -- refused -------------------------------------------------------------------------

    def test_a_backup_that_is_not_what_its_manifest_says_is_refused_and_the_difference_named(self):
        self.node.start()
        self.fill()
        file = self.path("sound.db")
        backup("create", "--from", self.admin_url, file)
        self.assertEqual(0, self.node.stop())
        sound, told = file.read_bytes(), self.manifest(file)
        manifest = pathlib.Path(f"{file}.manifest.json")

        def refused(words: str, *, status: int = DAMAGED):
            self.assertIn(words, backup("verify", file, expected=status).stdout)
            target = self.path("never")
            self.assertIn(words, backup("restore", file, target, expected=status).stderr)
            self.assertFalse(target.exists(), "what was begun is taken back")

        flipped = bytearray(sound)
        flipped[sound.index(b"value 7")] ^= 0x10
        file.write_bytes(flipped)
        refused("sha256 is")
        self.assertIn("key-07", backup("verify", file, expected=DAMAGED).stdout)
        file.write_bytes(sound[:len(sound) // 2])
        refused("size_bytes is")
        file.write_bytes(sound)
        for name, value in (("index", told["index"] + 1), ("rows", 19), ("state_digest", "0" * 64),
                            ("cluster_id", "00000000-0000-4000-8000-000000000000")):
            manifest.write_text(json.dumps(told | {name: value}), encoding="utf-8")
            refused(f"{name} is")
        manifest.write_text("{}", encoding="utf-8")
        backup("restore", file, self.path("never"), expected=DAMAGED)
        manifest.unlink()
        backup("restore", file, self.path("never"), expected=FAILED)
        manifest.write_text(json.dumps(told), encoding="utf-8")
        backup("verify", file)

    def test_a_backup_is_restored_into_an_empty_directory_only(self):
        self.node.start()
        self.fill(3)
        file = self.path("sound.db")
        backup("create", "--from", self.admin_url, file)
        self.assertEqual(0, self.node.stop())
        before = sorted(each.name for each in self.node.data_dir.iterdir())
        said = backup("restore", file, self.node.data_dir, expected=FAILED).stderr
        self.assertIn("is not empty", said)
        self.assertEqual(before, sorted(each.name for each in self.node.data_dir.iterdir()))
        foreign = self.path("foreign")
        foreign.mkdir()
        (foreign / "state-machine.db-wal").write_bytes(b"old")
        self.assertIn("state-machine.db-wal", backup("restore", file, foreign, expected=FAILED).stderr)
        empty = self.path("empty")
        empty.mkdir()
        backup("restore", file, "--data-dir", empty)
        backup("restore", file, empty, expected=FAILED)
        backup("restore", file, expected=USAGE)

    def test_a_restore_that_was_killed_leaves_a_directory_that_no_node_takes_for_a_new_one(self):
        self.node.start()
        self.fill(3)
        file = self.path("sound.db")
        backup("create", "--from", self.admin_url, file)
        with Node() as node:
            backup("restore", file, node.data_dir, "--raft-addr", f"127.0.0.1:{node.raft_port}")
            # As it stands when the end came before the log was made.
            (node.data_dir / "raft-log.lmdb").unlink()
            (node.data_dir / "restore-unfinished").write_text("the restore of x came to no end.\n")
            node.spawn()
            self.assertEqual(1, node.wait_exit())
            self.assertIn("the restore of x came to no end", node.log())
            backup("restore", file, node.data_dir, "--raft-addr", f"127.0.0.1:{node.raft_port}")
            node.start()
            self.assertEqual(3, len(node.all_items()))

    def test_two_backups_of_a_node_at_a_time_are_one_too_many(self):
        self.node.start()
        for number in range(30):
            self.assert_status(200, self.node.put(f"large-{number}", b"x" * 500_000))
        with contextlib.closing(self.node.connection(self.node.admin_port)) as slow:
            slow.request("GET", "/admin/backup")
            answer = slow.getresponse()
            self.assertEqual(200, answer.status)
            self.assert_status(409, self.node.admin("GET", "/admin/backup"))
            said = backup("create", "--from", self.admin_url, self.path("x.db"), expected=UNAVAILABLE)
            self.assertIn("another backup is under way", said.stderr)
            answer.close()
        wait_until(lambda: self.node.admin("GET", "/admin/backup").status == 200, "the next backup")
        self.assert_status(405, self.node.admin("HEAD", "/admin/backup"))
        self.assertEqual([], list(self.node.data_dir.glob("backup-to-send*")))
        self.assertEqual([], [each.name for each in self.node.directory.iterdir() if "backup" in each.name])

    def test_what_the_command_line_lacks_is_said(self):
        self.assertIn("no/such/place", backup("create", "--from", "no/such/place", "x", expected=USAGE).stderr)
        backup("create", expected=USAGE)
        backup(expected=USAGE)
        backup("--source", "x", expected=USAGE)
        backup("create", "--from", "http://127.0.0.1:1", self.path("x.db"), expected=UNAVAILABLE)
        backup("list", self.path("none"), expected=FAILED)
        self.assertIn("restore", backup("--help").stdout)

    # -- kept ----------------------------------------------------------------------------

    def test_old_backups_go_and_the_newest_sound_one_never(self):
        self.node.start()
        self.fill(3)
        directory = self.path("kept")
        directory.mkdir()
        days = ("2026-11-01", "2026-11-02", "2026-11-03", "2026-11-04")
        first = directory / f"{days[0]}.db"
        backup("create", "--from", self.admin_url, first)
        told = self.manifest(first)
        for day in days:
            file = directory / f"{day}.db"
            if file != first:
                shutil.copy(first, file)
            text = json.dumps(told | {"created_at": f"{day}T03:00:00Z"})
            pathlib.Path(f"{file}.manifest.json").write_text(text, encoding="utf-8")
        newest = directory / f"{days[3]}.db"
        damaged = bytearray(newest.read_bytes())
        damaged[-100] ^= 1
        newest.write_bytes(damaged)

        dry = backup_json("prune", directory, "--retain", "daily=1", "--dry-run")
        gone = [str(directory / f"{day}.db") for day in days[:2]]
        self.assertEqual(gone, dry["removed"])
        self.assertEqual(4, len(backup_json("list", directory)["backups"]))
        self.assertEqual(gone, backup_json("prune", directory, "--retain", "daily=1")["removed"])
        left = {pathlib.Path(each["file"]).name for each in backup_json("list", directory)["backups"]}
        self.assertEqual({f"{days[3]}.db", f"{days[2]}.db"}, left, "the sound one beside the damaged one")

        made = backup_json("create", "--from", self.admin_url, directory, "--retain", "daily=1")
        self.assertEqual(2, len(made["removed"]))
        left = backup_json("list", directory)["backups"]
        self.assertEqual([made["file"]], [each["file"] for each in left])
        backup("create", "--from", self.admin_url, directory, "--retain", "hourly=1", expected=USAGE)


class Scripts(BackupTest):
    """What cron runs, and the drill that finds out whether its backups are worth anything."""

    def script(self, name: str, *arguments, expected: int = DONE) -> subprocess.CompletedProcess:
        environment = clean_environment(ASPEN_BIN=str(BIN), ASPEN_BACKUP=str(BIN / "aspen-backup"))
        ended = subprocess.run([f"scripts/{name}", *map(str, arguments)], env=environment, text=True,
                               stdin=subprocess.DEVNULL, capture_output=True, timeout=2 * BOUND, check=False)
        self.assertEqual(expected, ended.returncode, (name, arguments, ended))
        return ended

    def test_the_daily_backup_is_made_kept_and_restores_in_the_drill(self):
        self.node.start()
        self.fill()
        directory = self.path("daily")
        for _ in range(2):
            self.assert_status(200, self.node.put("again", b"x"))
            self.script("aspen-backup-daily.sh", "--from", self.admin_url, "--dir", directory, "--retain", "daily=1")
        self.assertEqual(1, len(backup_json("list", directory)["backups"]))
        self.assertEqual(0, self.node.stop())
        said = self.script("aspen-backup-daily.sh", "--from", self.admin_url, "--dir", directory, expected=UNAVAILABLE)
        self.assertIn("no backup of", said.stderr)
        self.assertIn("the backup restores: 21 rows", self.script("test-backup-restore.sh", "--dir", directory).stdout)
        file = next(directory.glob("*.db"))
        damaged = bytearray(file.read_bytes())
        damaged[-100] ^= 1
        file.write_bytes(damaged)
        said = self.script("test-backup-restore.sh", "--backup", file, expected=FAILED)
        self.assertIn("FAILED", said.stderr)
        self.script("aspen-backup-daily.sh", "--what", expected=USAGE)


class LmdbBackup(NodeTest):
    variables = {"ASPEN_STORAGE_BACKEND": "lmdb"}

    def test_the_other_backend_is_kept_and_restored_too(self):
        self.node.start()
        for number in range(20):
            self.assert_status(200, self.node.put(f"key-{number}", b"v" * 1000))
        running, stopped = self.node.directory / "running.lmdb", self.node.directory / "stopped.lmdb"
        backup("create", "--from", f"127.0.0.1:{self.node.admin_port}", running)
        backup("create", "--from", self.node.data_dir, self.node.directory / "x", expected=UNAVAILABLE)
        self.assertEqual(0, self.node.stop())
        backup("create", "--from", self.node.data_dir, stopped)
        backup("verify", running, stopped)
        with Node(**self.variables) as node:
            backup("restore", stopped, node.data_dir, "--raft-addr", f"127.0.0.1:{node.raft_port}")
            node.start()
            self.assertEqual(20, len(node.all_items()))
            self.assert_status(200, node.put("after", b"1"))


if __name__ == "__main__":
    unittest.main()
