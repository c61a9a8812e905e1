# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a configuration is said before anything is opened, and ends with status 2."""

import pathlib
import tempfile
import unittest

from aspen_e2e import clean_environment, run


class Configuration(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory(prefix="aspen-e2e-")
        self.addCleanup(directory.cleanup)
        self.directory = pathlib.Path(directory.name)
        self.file = self.directory / "aspen.toml"

    def refused(self, text: str, *arguments: str, **variables: str) -> str:
        """What a start with this file says on its way out; nothing may have been made."""
        self.file.write_text(text, encoding="utf-8")
        ended = run("--config", str(self.file), *arguments, cwd=self.directory,
                    environment=clean_environment(**variables))
        self.assertEqual(2, ended.returncode, ended)
        self.assertEqual([self.file], list(self.directory.iterdir()))
        return ended.stderr

    def test_an_unknown_key_names_file_line_and_the_nearest(self):
        self.assertEqual(
            f"aspen-node: {self.file}:3: unknown key cluster.data_dri; nearest: cluster.data_dir\n",
            self.refused("[cluster]\nnode_id = 1\ndata_dri = \"d\"\n"))

    def test_a_wrong_type_names_what_was_found_and_what_is_expected(self):
        self.assertIn(":2: cluster.node_id: expected a whole number, found the text \"one\"",
                      self.refused("[cluster]\nnode_id = \"one\"\n"))

    def test_a_value_out_of_range_names_the_range(self):
        self.assertIn(":2: cluster.sqlite_read_pool_size: 0 is out of range; allowed: 1 to 128",
                      self.refused("[cluster]\nsqlite_read_pool_size = 0\n"))

    def test_a_bad_variable_or_flag_is_named(self):
        self.assertIn("ASPEN_NODE_ID: cluster.node_id", self.refused("", ASPEN_NODE_ID="x"))
        self.assertIn("--http-addr: cluster.http_addr", self.refused("", "--http-addr", "nowhere"))

    def test_a_missing_file_is_named(self):
        ended = run("--config", "/no/such.toml")
        self.assertEqual((2, "aspen-node: /no/such.toml: cannot be read: No such file or directory\n"),
                         (ended.returncode, ended.stderr))

    def test_an_unknown_flag_is_usage(self):
        ended = run("--no-such-flag")
        self.assertEqual(2, ended.returncode)
        self.assertIn("--no-such-flag", ended.stderr)

    def test_strangers_are_kept_out(self):
        self.assertIn("no loopback address", self.refused("[cluster]\nhttp_addr = \"0.0.0.0:8080\"\n"))

    def test_a_cluster_that_cannot_be_is_refused(self):
        self.assertIn("does not name this node, 1",
                      self.refused('[cluster]\ninitial_members = ["2=127.0.0.1:1", "3=127.0.0.1:2"]\n'))
        self.assertIn("between machines nodes speak TLS only",
                      self.refused('[cluster]\nraft_addr = "10.0.0.1:1"\n'
                                   'initial_members = ["1=10.0.0.1:1", "2=10.0.0.2:1"]\n'))
        self.assertIn("a node founds a cluster or joins one",
                      self.refused('[cluster]\ninitial_members = ["1=127.0.0.1:8082", "2=127.0.0.1:1"]\n',
                                   "--join", "127.0.0.1:8080"))

    def test_check_config_says_ok_or_what_a_start_would_say(self):
        self.file.write_text("[log]\nformat = \"json\"\n", encoding="utf-8")
        good = run("--config", str(self.file), "--check-config")
        self.assertEqual((0, "OK\n", ""), (good.returncode, good.stdout, good.stderr))
        self.assertIn("unknown key log.formt", self.refused("[log]\nformt = 1\n", "--check-config"))

    def test_print_config_tells_where_each_value_came_from(self):
        self.file.write_text("[cluster]\nnode_id = 5\nhttp_addr = \"127.0.0.1:1\"\n", encoding="utf-8")
        printed = run("--config", str(self.file), "--print-config", "--http-addr", "127.0.0.1:2",
                      environment=clean_environment(ASPEN_STORAGE_BACKEND="lmdb"))
        lines = {line.split(" ")[0]: line for line in printed.stdout.splitlines() if "=" in line}
        for key, value, origin in [
                ("node_id", "5", f"{self.file}:2"), ("http_addr", '"127.0.0.1:2"', "--http-addr"),
                ("storage_backend", '"lmdb"', "ASPEN_STORAGE_BACKEND"),
                ("data_dir", '"./data/node-5"', "default")]:
            self.assertRegex(lines[key], f"^{key} = {value} +# {origin}$")

    def test_the_printed_configuration_is_a_file_that_says_the_same(self):
        first = run("--print-config", "--node-id", "3").stdout
        self.file.write_text(first, encoding="utf-8")
        second = run("--config", str(self.file), "--print-config").stdout
        values = lambda text: [line.split("#")[0] for line in text.splitlines()]
        self.assertEqual(values(first), values(second))

    def test_an_unknown_variable_is_warned_of(self):
        ended = run("--check-config", environment=clean_environment(ASPEN_DATADIR="d"))
        self.assertEqual(0, ended.returncode)
        self.assertIn("ASPEN_DATADIR: no setting has this variable; nearest: ASPEN_DATA_DIR", ended.stderr)

    def test_version_names_what_is_linked(self):
        ended = run("--version")
        self.assertEqual(0, ended.returncode)
        for name in ("aspen-node ", "caf ", "sqlite ", "lmdb ", "httplib "):
            self.assertIn(name, ended.stdout)


if __name__ == "__main__":
    unittest.main()
