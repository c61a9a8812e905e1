# SPDX-License-Identifier: Apache-2.0
"""What changes while a node runs: the log's filter over HTTP, and the configuration at SIGHUP."""

import json
import re
import signal
import subprocess
import unittest

from aspen_e2e import BIN, BOUND, NodeTest, clean_environment, wait_until


class RunTime(NodeTest):
    def setUp(self):
        self.file = self.node.directory / "node.toml"
        self.log_file = self.node.directory / "node.log"

    def start(self, text: str = "", **variables: str):
        self.file.write_text(text, encoding="utf-8")
        plain = self.node.arguments
        self.node.arguments = lambda: ["--config", str(self.file), *plain()]
        self.node.start(**variables)

    def reload(self, text: str | None, expected: str) -> str:
        """SIGHUP with another file; what the log says from then on, up to and with `expected`."""
        if text is not None:
            self.file.write_text(text, encoding="utf-8")
        before = len(self.node.log())
        self.node.signal(signal.SIGHUP)
        wait_until(lambda: expected in self.node.log()[before:], f"the log says {expected!r}")
        return self.node.log()[before:]

    def level(self, method: str, body: str | None = None):
        return self.node.request(method, "/admin/log-level", body.encode() if body is not None else None,
                                 port=self.node.admin_port)

    def set_level(self, filter_text: str):
        return self.assert_status(200, self.level("PUT", json.dumps({"filter": filter_text}))).json()

    def requests_logged(self) -> int:
        """How many lines a request costs. A worker looks once a second whether it is to log them."""
        before = self.node.log().count("DEBUG aspen::http: request answered")
        self.node.put("k", b"v")
        return self.node.log().count("DEBUG aspen::http: request answered") - before

    def ctl(self, *arguments: str):
        return subprocess.run([BIN / "aspenctl", "--endpoints", f"http://127.0.0.1:{self.node.port}", *arguments],
                              env=clean_environment(), capture_output=True, text=True, timeout=BOUND, check=False)

    # -- the filter ------------------------------------------------------------------------

    def test_the_log_level_changes_at_once_and_back(self):
        self.start()
        self.assertEqual({"filter": "info", "configured": "info"}, self.level("GET").json())
        self.node.put("k", b"quiet")
        self.assertNotIn("DEBUG aspen::http: request answered", self.node.log())
        self.assertEqual({"filter": "info,aspen::http=debug", "configured": "info", "previous": "info"},
                         self.set_level("info,aspen::http=debug"))
        wait_until(self.requests_logged, "requests are logged")
        self.assertRegex(self.node.log(), r'INFO  aspen::log: log filter changed old=info '
                                          r'new=info,aspen::http=debug trace_id=[0-9a-f]{32}')
        self.assertEqual("info", self.assert_status(200, self.level("DELETE")).json()["filter"])
        wait_until(lambda: not self.requests_logged(), "requests are logged no more")

    def test_a_filter_that_silences_the_node_is_announced_and_so_is_its_end(self):
        self.start()
        self.set_level("off")
        silent = len(self.node.log())
        self.assertIn("log filter changed old=info new=off", self.node.log())
        self.node.signal(signal.SIGHUP)
        self.set_level("warn")
        self.assertEqual(silent, len(self.node.log()))
        self.set_level("info")
        self.assertIn("log filter changed old=warn new=info", self.node.log()[silent:])

    def test_a_bad_filter_changes_nothing(self):
        self.start()
        for body, code in (('{"filter":"loud"}', "bad_filter"), ('{"filter":""}', "bad_filter"),
                           ('{"filter":"%s"}' % ("a=info," * 200), "bad_filter"), ("debug", "bad_json"),
                           ('{"filter":1}', "bad_json"), ('{"filter":"debug","level":"debug"}', "bad_json")):
            refused = self.assert_status(400, self.level("PUT", body))
            self.assertEqual(code, refused.json()["code"], body)
        self.assertEqual("info", self.level("GET").json()["filter"])
        self.assertIn("none of trace, debug, info", self.level("POST", '{"filter":"loud"}').json()["error"])

    def test_aspenctl_shows_and_sets_it(self):
        self.start()
        self.assertRegex(self.ctl("log-level").stdout, r"ENDPOINT +FILTER +CONFIGURED\n\S+ +info +info\n")
        said = json.loads(self.ctl("log-level", "debug", "-o", "json").stdout)
        self.assertEqual([("debug", "info", "info")], [(x["filter"], x["configured"], x["previous"]) for x in said])
        self.assertEqual("debug", self.level("GET").json()["filter"])
        self.assertEqual(0, self.ctl("log-level", "--reset").returncode)
        self.assertEqual("info", self.level("GET").json()["filter"])
        wrong = self.ctl("log-level", "loud")
        self.assertEqual(1, wrong.returncode)
        self.assertIn("none of trace, debug, info", wrong.stderr)
        self.assertEqual(2, self.ctl("log-level", "debug", "--reset").returncode)

    # -- SIGHUP ----------------------------------------------------------------------------

    def test_what_can_change_changes_and_is_named_old_and_new(self):
        self.start('[log]\nfilter = "info"\n')
        stranger = b"GET /version HTTP/1.1\r\nHost: kv.example\r\n\r\n"
        self.assert_status(421, self.node.raw(stranger))
        said = self.reload(f'[log]\nfilter = "info,aspen::http=debug"\nformat = "json"\nfile = "{self.log_file}"\n'
                           '[http]\nallowed_hosts = ["kv.example"]\n[trace]\nslow_request = "1h"\n',
                           "configuration reloaded")
        wait_until(lambda: '"configuration reloaded"' in self.log_file.read_text(), "the file has it too")
        lines = [json.loads(line) for line in self.log_file.read_text(encoding="utf-8").splitlines()]
        (end,) = (line for line in lines if line["msg"] == "configuration reloaded")
        self.assertEqual((5, 0), (end["changed"], end["waiting_for_a_restart"]))
        changes = {line["key"]: (line["old"], line["new"]) for line in lines if line["msg"] == "setting changed"}
        self.assertEqual({
            "log.filter": ('"info"', '"info,aspen::http=debug"'), "log.format": ('"text"', '"json"'),
            "log.file": ('""', f'"{self.log_file}"'), "http.allowed_hosts": ("[]", '["kv.example"]'),
            "trace.slow_request": ('"5s"', '"1h"')}, changes)
        self.assertIn("log filter changed", said)
        self.assert_status(200, self.node.raw(stranger))
        wait_until(lambda: self.node.put("k", b"v") and "request answered" in self.log_file.read_text(),
                   "the new filter and file are in force")
        # And back.
        self.reload("", "configuration reloaded changed=5")
        self.assert_status(421, self.node.raw(stranger))

    def test_a_slow_request_is_what_the_new_file_says(self):
        self.start('[trace]\nslow_request = "1h"\n')
        self.node.put("k", b"v")
        dumps = lambda: [each["name"] for each in self.node.admin("GET", "/debug/trace/dumps").json()["dumps"]]
        self.assertFalse([each for each in dumps() if "slow-request" in each])
        self.reload('[trace]\nslow_request = "1ms"\n', "configuration reloaded changed=1")
        def slow():
            self.node.put("k", b"v")  # two syncs
            return [each for each in dumps() if "slow-request" in each]
        wait_until(slow, "a slow request is recorded")

    def test_what_cannot_change_keeps_its_value_and_is_named(self):
        self.start("[raft]\nlog_entries_kept = 20000\n")
        said = self.reload('[raft]\nlog_entries_kept = 30000\n[cluster]\nsqlite_read_pool_size = 3\n[log]\n'
                           'filter = "debug"\n', "waiting_for_a_restart=2")
        for key, old, new in (("raft.log_entries_kept", "20000", "30000"), ("cluster.sqlite_read_pool_size", "10", "3")):
            self.assertRegex(said, r"WARN  aspen::node: a setting that cannot change while the node runs keeps its "
                                   rf"value key={key} in_force={old} configured={new}")
        self.assertIn('setting changed key=log.filter', said)
        self.assertIn('sqlite_pool_size{node_id="1"} 10', self.node.admin("GET", "/metrics").body.decode())
        # It is said again as long as it is so, and then no more.
        self.reload(None, "waiting_for_a_restart=2")
        self.assertIn("waiting_for_a_restart=0", self.reload("[raft]\nlog_entries_kept = 20000\n", "configuration reloaded"))

    def test_a_faulty_file_changes_nothing_and_every_fault_is_named(self):
        self.start(f'[log]\nfile = "{self.log_file}"\n')
        rotated = self.log_file.rename(self.log_file.with_suffix(".1"))
        said = self.reload('[log]\nfilter = "debug"\nformt = "json"\n[http]\nworkers = -1\n'
                           'allowed_hosts = ["kv.example"]\n', "http.workers")
        for fault in (f"{self.file}:3: unknown key log.formt; nearest: log.format", f"{self.file}:5: http.workers"):
            self.assertRegex(said, "ERROR aspen::node: configuration not reloaded; nothing of it changes problem="
                                   f'"{re.escape(fault)}')
        self.assertEqual("info", self.level("GET").json()["filter"])
        self.assert_status(421, self.node.raw(b"GET /version HTTP/1.1\r\nHost: kv.example\r\n\r\n"))
        # A rotated log file is opened anew all the same.
        wait_until(lambda: "log file reopened" in self.log_file.read_text(), "the new file has it too")
        self.assertNotIn("log file reopened", rotated.read_text())
        self.file.unlink()
        self.assertIn("cannot be read", self.reload(None, "configuration not reloaded"))
        self.assert_status(200, self.node.put("k", b"v"))

    def test_a_log_file_that_cannot_be_opened_changes_nothing(self):
        self.start()
        said = self.reload('[log]\nfilter = "debug"\nfile = "/proc/none/node.log"\n', "configuration not reloaded")
        self.assertIn("/proc/none/node.log", said)
        self.assertEqual({"filter": "info", "configured": "info"}, self.level("GET").json())

    def test_a_filter_set_by_hand_outlives_a_rotation_but_no_other_configured_one(self):
        self.start('[log]\nfilter = "info"\n')
        self.set_level("debug")
        self.reload(None, "configuration reloaded")
        self.assertEqual({"filter": "debug", "configured": "info"}, self.level("GET").json())
        self.reload('[log]\nfilter = "warn,aspen::node=info"\n', "configuration reloaded")
        self.assertEqual("warn,aspen::node=info", self.level("GET").json()["filter"])

    def test_what_the_command_line_says_the_file_cannot_change(self):
        self.start("", ASPEN_LOG="info")
        self.reload('[log]\nfilter = "debug"\n', "configuration reloaded changed=0")
        self.assertEqual("info", self.level("GET").json()["filter"])


if __name__ == "__main__":
    unittest.main()
