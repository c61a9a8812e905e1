# SPDX-License-Identifier: Apache-2.0
"""What keeps a node from starting is named at once, with status 1, and nothing is lost."""

import socket
import unittest

from aspen_e2e import Node, NodeTest, free_ports


class Start(NodeTest):
    def fails_to_start(self, **variables: str) -> str:
        node = self.node.spawn(**variables)
        self.assertEqual(1, node.wait_exit(), node.log())
        return node.log()

    def take(self, port: int):
        taken = socket.socket()
        self.addCleanup(taken.close)
        taken.bind(("127.0.0.1", port))
        taken.listen()

    def test_a_port_in_use_is_named(self):
        self.take(self.node.port)
        self.assertIn(f"127.0.0.1:{self.node.port}", self.fails_to_start())

    def test_an_admin_port_in_use_is_named(self):
        self.take(self.node.admin_port)
        self.assertIn(f"127.0.0.1:{self.node.admin_port}", self.fails_to_start())

    def test_a_raft_port_in_use_is_named_when_there_are_others(self):
        here = f"127.0.0.1:{self.node.raft_port}"
        self.take(self.node.raft_port)
        for others in ({"ASPEN_INITIAL_MEMBERS": f"1={here},2=127.0.0.1:{free_ports(1)[0]}"},
                       {"ASPEN_JOIN": f"127.0.0.1:{free_ports(1)[0]}"}):
            with self.subTest(others=others):
                self.assertIn(f"cluster.raft_addr: listen on {here}", self.fails_to_start(**others))
        # A node that is alone needs no port for others.
        self.node.start()

    def test_a_directory_that_another_node_has_is_named_with_its_process(self):
        self.node.start()
        other = Node()
        with other:
            other.data_dir = self.node.data_dir
            other.spawn()
            self.assertEqual(1, other.wait_exit())
            self.assertIn(str(self.node.data_dir), other.log())
            self.assertIn(f"process {self.node.process.pid}", other.log())
        self.assert_status(200, self.node.put("still", b"here"))

    def test_one_database_is_not_shared_by_two_directories(self):
        database = str(self.node.directory / "shared" / "state-machine.db")
        self.node.start(ASPEN_SQLITE_SM_PATH=database)
        other = Node()
        with other:
            other.spawn(ASPEN_SQLITE_SM_PATH=database)
            self.assertEqual(1, other.wait_exit())
            self.assertIn(database, other.log())

    def test_a_directory_that_cannot_be_written_is_named(self):
        # Nobody creates files there, not even root.
        self.node.data_dir = "/proc/self"
        self.assertIn("directory is not writable: /proc/self", self.fails_to_start())

    def test_a_file_in_the_way_of_the_directory_is_named(self):
        self.node.data_dir.write_text("in the way")
        self.assertIn(str(self.node.data_dir), self.fails_to_start())
        self.assertEqual("in the way", self.node.data_dir.read_text())

    def test_a_log_file_that_cannot_be_opened_is_named(self):
        self.assertIn("/proc/none/node.log", self.fails_to_start(ASPEN_LOG_FILE="/proc/none/node.log"))
        self.assertFalse(self.node.data_dir.exists())

    def test_after_a_failed_start_the_node_starts(self):
        self.node.start()
        self.node.put("a", b"1")
        self.assertEqual(0, self.node.stop())
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", self.node.port))
            taken.listen()
            self.fails_to_start()
        self.node.start()
        self.assertEqual(b"1", self.node.get("a").body)

    def test_the_first_line_says_what_runs(self):
        self.node.start()
        first = self.node.log().splitlines()[0]
        for key in ("version=", "caf=", "sqlite=", "sqlite_wal_reset_bug=", "lmdb=", "httplib=", "config="):
            self.assertIn(key, first)

    def test_what_the_node_makes_is_for_its_user_alone(self):
        self.node.start()
        self.node.put("a", b"1")
        self.assertEqual(0o700, self.node.data_dir.stat().st_mode & 0o777)
        for each in self.node.data_dir.iterdir():
            self.assertEqual(0, each.stat().st_mode & 0o077, each)


if __name__ == "__main__":
    unittest.main()
