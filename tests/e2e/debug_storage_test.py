# SPDX-License-Identifier: Apache-2.0
"""What aspen-debug-storage says of real stores, sound and damaged, and that it changes nothing beside them."""

import json
import pathlib
import shutil
import sqlite3
import subprocess
import unittest

from aspen_e2e import BIN, BOUND, NodeTest, clean_environment

DONE, FAILED, USAGE, IN_USE, DIFFERS, REBUILD, REFUSE = 0, 1, 2, 3, 4, 5, 78


def debug_storage(*arguments) -> subprocess.CompletedProcess:
    return subprocess.run([BIN / "aspen-debug-storage", *map(str, arguments)], env=clean_environment(),
                          capture_output=True, text=True, timeout=BOUND, check=False)


class DebugStorage(NodeTest):
    """Stores of a node with twenty keys, one deleted, one set on a condition."""

    def setUp(self):
        self.node.start()
        for number in range(20):
            self.assert_status(200, self.node.put(f"key-{number:02}", f"value {number}".encode()))
        self.assert_status(200, self.node.request("DELETE", "/v1/kv/key-19"))
        self.assert_status(200, self.node.put("bytes", b"\xff\x00\xfe", **{"If-None-Match": "*"}))

    def stop(self):
        self.assertEqual(0, self.node.stop())

    def path(self, name: str) -> pathlib.Path:
        return self.node.data_dir / name

    def contents(self, directory=None) -> dict[str, tuple[bytes, int]]:
        """Every file with its bytes and the time it was last written."""
        return {each.name: (each.read_bytes(), each.stat().st_mtime_ns)
                for each in (directory or self.node.data_dir).iterdir() if each.is_file()}

    def look(self, expected: int, *arguments) -> subprocess.CompletedProcess:
        """Runs the tool on stores that nobody has open; it leaves no trace beside them."""
        before = self.contents()
        ended = debug_storage(*arguments)
        self.assertEqual(expected, ended.returncode, (arguments, ended))
        self.assertEqual(before, self.contents(), f"{arguments} changed a file")
        return ended

    def look_json(self, expected: int, *arguments):
        return json.loads(self.look(expected, *arguments, "-o", "json").stdout)

    def rules(self, report) -> dict[str, str]:
        return {each["rule"]: each["result"] for each in report["rules"]}

    # -- the log -------------------------------------------------------------------------

    def test_the_guides_command_shows_the_committed_index(self):
        self.stop()
        shown = self.look(DONE, "--log", self.path("raft-log.lmdb"), "--show-committed").stdout
        head, values = shown.splitlines()
        self.assertEqual("COMMITTED", head.split()[0])
        # Founding entry, no_op, 22 writes.
        self.assertGreaterEqual(int(values.split()[0]), 24)
        self.assertEqual(shown, self.look(DONE, "committed", "--log", self.path("raft-log.lmdb")).stdout)
        as_json = self.look_json(DONE, "committed", self.node.data_dir)
        self.assertEqual(int(values.split()[0]), as_json["committed"])

    def test_a_killed_nodes_stores_are_read_with_their_wal_and_nothing_is_made_beside_them(self):
        self.node.kill()
        self.assertGreater(self.path("state-machine.db-wal").stat().st_size, 0)
        self.path("state-machine.db-shm").unlink()
        state = self.look_json(DONE, "state", self.node.data_dir)
        self.assertGreaterEqual(state["last_applied_log"]["index"], 24)
        self.assertTrue(state["meta_is_sealed"] and state["node_local_is_sealed"])
        self.look(DONE, "check", self.node.data_dir)
        self.assertFalse(self.path("state-machine.db-shm").exists())

    def test_hard_state_snapshot_point_and_marks_are_shown(self):
        self.stop()
        log = self.look_json(DONE, "log", self.node.data_dir)
        self.assertEqual((1, 1), (log["identity"]["server_id"], log["hard_state"]["voted_for"]))
        self.assertEqual(log["hard_state"]["commit_index"], log["last"]["index"])
        self.assertEqual({"index": 0, "term": 0}, {k: log["snapshot_point"][k] for k in ("index", "term")})
        self.assertEqual([], log["faults"])
        self.assertIn("current term", self.look(DONE, "log", self.node.data_dir).stdout)

    def test_entries_are_decoded_in_a_range_and_raw(self):
        self.stop()
        shown = self.look_json(DONE, "entries", self.node.data_dir, "--from", 1, "--to", 3)
        self.assertEqual(["membership", "no_op", "command"], [each["kind"] for each in shown["entries"]])
        self.assertEqual(1, shown["entries"][0]["membership"]["voters"][0]["id"])
        self.assertEqual({"set": {"key": "key-00", "value": "value 0"}},
                         shown["entries"][2]["command"]["operations"][0])
        all_entries = self.look_json(DONE, "entries", self.node.data_dir)["entries"]
        decoded = [each["command"] for each in all_entries if each["kind"] == "command"]
        self.assertIn({"precondition": None, "operations": [{"delete": {"key": "key-19"}}]}, decoded)
        self.assertIn({"precondition": "must_be_absent",
                       "operations": [{"set": {"key": "bytes", "value_base64": "/wD+"}}]}, decoded)
        raw = self.look_json(DONE, "entries", self.node.data_dir, "--from", 3, "--to", 3, "--raw")["entries"][0]
        self.assertIn(b"value 0", bytes.fromhex(raw["raw"]))
        text = self.look(DONE, "entries", self.node.data_dir, "--limit", 5).stdout
        self.assertIn("set key-00 (7 bytes)", text)
        self.assertIn("more; --limit", text)

    # -- the check -----------------------------------------------------------------------

    def test_the_check_of_sound_stores_lists_every_rule_and_passes(self):
        self.stop()
        report = self.look_json(DONE, "check", self.node.data_dir)
        self.assertEqual("ok", report["verdict"])
        self.assertTrue(report["digest_was_complete"])
        rules = self.rules(report)
        self.assertEqual({f"INV-{number}" for number in range(70, 87)}, set(rules))
        self.assertNotIn("fail", rules.values())
        text = self.look(DONE, "check", self.node.data_dir).stdout
        self.assertIn("verdict: ok", text)
        self.assertIn("what to do: Nothing", text)

    def test_the_check_names_both_numbers_of_a_state_ahead_of_its_log(self):
        self.stop()
        database = sqlite3.connect(self.path("state-machine.db"))
        database.execute("""UPDATE state_machine_meta SET value='{"term":1,"index":999}'
                            WHERE key='last_applied_log'""")
        database.commit()
        database.close()
        ended = self.look(REFUSE, "check", self.node.data_dir)
        self.assertRegex(ended.stdout, r"FAIL .*last_applied \(999\) exceeds committed \(\d+\)")
        self.assertIn("verdict: refuse", ended.stdout)
        self.node.spawn()
        self.assertEqual("refused", self.node.wait_answers().json()["phase"])
        # The refused node has closed both stores: its directory is locked, and may be looked into.
        self.assertEqual(REFUSE, debug_storage("check", self.node.data_dir).returncode)

    def test_a_changed_value_is_found(self):
        self.stop()
        database = sqlite3.connect(self.path("state-machine.db"))
        database.execute("UPDATE state_machine_kv SET value=x'00' WHERE key='key-07'")
        database.commit()
        database.close()
        report = self.look_json(REFUSE, "check", self.node.data_dir)
        self.assertEqual("fail", self.rules(report)["INV-83"])
        rows = [json.loads(line) for line in self.look(DONE, "export", self.node.data_dir).stdout.splitlines()]
        unsound = [each["key"] for each in rows if each.get("is_sound") is False]
        self.assertEqual(["key-07"], unsound)
        replayed = self.look_json(DIFFERS, "replay", self.node.data_dir)
        self.assertEqual(["row key-07"], [each["what"] for each in replayed["differences"]])

    def test_a_missing_state_machine_is_rebuilt_and_a_missing_log_is_refused(self):
        self.stop()
        for each in self.node.data_dir.glob("state-machine.db*"):
            each.unlink()
        self.assertEqual("rebuild", self.look_json(REBUILD, "check", self.node.data_dir)["verdict"])
        self.path("raft-log.lmdb").unlink()
        self.assertEqual(DONE, debug_storage("check", self.node.data_dir).returncode, "a new node")
        self.assertIn("does not exist", self.look(FAILED, "committed", self.node.data_dir).stderr)

    def test_a_damaged_log_ends_no_command_without_a_word(self):
        self.stop()
        sound = self.path("raft-log.lmdb").read_bytes()
        refused = 0
        for page in range(len(sound) // 4096):
            damaged = bytearray(sound)
            damaged[page * 4096 + 8:(page + 1) * 4096] = bytes([0xA5]) * 4088
            self.path("raft-log.lmdb").write_bytes(damaged)
            checked = debug_storage("check", self.node.data_dir, "-o", "json")
            report = json.loads(checked.stdout)
            # Some pages are free, and of the first two one alone is in use.
            self.assertEqual({"ok": DONE, "refuse": REFUSE}[report["verdict"]], checked.returncode)
            self.assertEqual(report["verdict"] == "refuse", "fail" in self.rules(report).values())
            refused += report["verdict"] == "refuse"
            for command in (("log",), ("entries",), ("export",)):
                ended = debug_storage(*command, self.node.data_dir)
                self.assertIn(ended.returncode, (DONE, FAILED), (page, command, ended))
                self.assertTrue(ended.stdout or ended.stderr)
        self.assertGreater(refused, 3)

    # -- two of them ---------------------------------------------------------------------

    def test_a_copy_is_equal_and_a_diverged_one_is_named(self):
        self.stop()
        copy = self.node.directory / "copy"
        shutil.copytree(self.node.data_dir, copy)
        self.assertTrue(self.look_json(DONE, "diff", self.node.data_dir, copy)["equal"])
        self.node.start()
        self.assert_status(200, self.node.put("one", b"more"))
        self.assert_status(200, self.node.get("one"))  # it is applied
        self.stop()
        later = self.look_json(DIFFERS, "diff", self.node.data_dir, copy)
        self.assertFalse(later["contradict"], "a later state of one history")
        self.assertIn("row one", [each["what"] for each in later["differences"]])
        original, self.node.data_dir = self.node.data_dir, copy
        self.node.start()
        self.assert_status(200, self.node.put("one", b"else"))
        self.assert_status(200, self.node.get("one"))
        self.stop()
        diverged = self.look_json(DIFFERS, "diff", original, copy)
        self.assertTrue(diverged["contradict"])
        self.assertIn("NO", self.look(DIFFERS, "diff", original, copy).stdout)

    def test_the_log_replayed_is_the_state(self):
        self.stop()
        replayed = self.look_json(DONE, "replay", self.node.data_dir)
        self.assertTrue(replayed["equal"])
        self.assertEqual(20, replayed["rows_compared"])
        kept = self.node.directory / "kept"
        self.look(DONE, "replay", self.node.data_dir, "--out", kept)
        self.assertEqual(self.look_json(DONE, "state", self.node.data_dir)["digest"],
                         json.loads(debug_storage("state", kept / "state-machine.db", "-o", "json").stdout)["digest"])
        # A state of the past, and the log from there.
        part = self.node.directory / "part"
        self.look(DIFFERS, "replay", self.node.data_dir, "--to", 10, "--out", part)
        snapshot = self.node.directory / "snapshot.db"
        with sqlite3.connect(part / "state-machine.db") as source:
            source.execute("VACUUM INTO ?", (str(snapshot),))
        source.close()
        self.look(DONE, "replay", self.node.data_dir, "--snapshot", snapshot)

    def test_the_export_holds_everything(self):
        self.stop()
        lines = [json.loads(line) for line in self.look(DONE, "export", self.node.data_dir).stdout.splitlines()]
        kinds = [each["type"] for each in lines]
        self.assertEqual((1, 1, 20), (kinds.count("log"), kinds.count("state"), kinds.count("row")))
        self.assertEqual(lines[0]["last_index"], kinds.count("entry"))
        row = next(each for each in lines if each["type"] == "row" and each["key"] == "bytes")
        self.assertEqual(("/wD+", 1), (row["value_base64"], row["version"]))

    # -- what is refused -----------------------------------------------------------------

    def test_the_log_of_a_running_node_is_refused_and_the_process_named(self):
        for command in (("--log", self.path("raft-log.lmdb"), "--show-committed"), ("check", self.node.data_dir),
                        ("export", self.node.data_dir), ("replay", self.node.data_dir)):
            ended = debug_storage(*command)
            self.assertEqual(IN_USE, ended.returncode, ended)
            self.assertIn(f"process {self.node.process.pid} (aspen-node)", ended.stderr)
            self.assertIn("/admin/log-copy", ended.stderr)
        # What the state machine records can be read beside the node.
        self.assertEqual(DONE, debug_storage("state", self.node.data_dir).returncode)
        self.assert_status(200, self.node.put("after", b"1"))

    def test_bad_input_is_refused_with_a_reason(self):
        self.stop()
        nothing = self.node.directory / "nothing"
        text = self.node.directory / "text"
        text.write_text("no store")
        for status, words, arguments in (
            (USAGE, "a command is missing", ()),
            (USAGE, "neither 'table' nor 'json'", ("log", self.node.data_dir, "-o", "xml")),
            (USAGE, "name a data directory", ("check",)),
            (USAGE, "not a directory", ("check", text)),
            (USAGE, "lies before", ("entries", self.node.data_dir, "--from", 5, "--to", 4)),
            (USAGE, "DIR2", ("diff", self.node.data_dir)),
            (USAGE, "beyond the commit index", ("replay", self.node.data_dir, "--to", 10 ** 9)),
            (USAGE, "not an empty directory", ("replay", self.node.data_dir, "--out", self.node.data_dir)),
            (USAGE, "without a command", ("--show-committed", "log", self.node.data_dir)),
            (FAILED, "does not exist", ("log", nothing)),
            (FAILED, "does not exist", ("replay", self.node.data_dir, "--snapshot", nothing)),
            (FAILED, str(text), ("--log", text, "--show-committed")),
            (FAILED, str(text), ("state", text)),
        ):
            ended = self.look(status, *arguments)
            self.assertIn(words, ended.stderr, arguments)
            self.assertEqual("", ended.stdout)


class DebugStorageLmdb(DebugStorage):
    """The same with the state machine in LMDB."""

    variables = {"ASPEN_STORAGE_BACKEND": "lmdb"}

    # What is planted with SQLite's own tools has no counterpart here.
    test_a_killed_nodes_stores_are_read_with_their_wal_and_nothing_is_made_beside_them = None
    test_the_check_names_both_numbers_of_a_state_ahead_of_its_log = None
    test_a_changed_value_is_found = None
    test_a_missing_state_machine_is_rebuilt_and_a_missing_log_is_refused = None
    test_the_log_replayed_is_the_state = None
    test_the_log_of_a_running_node_is_refused_and_the_process_named = None

    def test_the_log_replayed_is_this_state(self):
        self.stop()
        self.assertTrue(self.look_json(DONE, "replay", self.node.data_dir)["equal"])


if __name__ == "__main__":
    unittest.main()
