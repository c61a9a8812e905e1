# SPDX-License-Identifier: Apache-2.0
"""aspenctl with a real node: what it prints, what it ends with, and when it asks the next endpoint."""

import contextlib
import json
import os
import pathlib
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest

from aspen_e2e import BIN, BOUND, Node, NodeTest, clean_environment, free_ports

DONE, FAILED, USAGE, UNAVAILABLE, NOT_FOUND, UNKNOWN, CONFLICT = range(7)


class Endpoint:
    """A listener that takes every connection and breaks it off at a chosen moment: a node that dies."""

    def __init__(self, reads_request: bool):
        self.reads_request = reads_request
        self.connections = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()

    def serve(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            with connection:
                if self.reads_request:
                    connection.recv(65536)

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        self.thread.join(BOUND)


class Aspenctl(NodeTest):
    def ctl(self, *arguments: str, endpoints: str | None = None, **more) -> subprocess.CompletedProcess:
        environment = clean_environment(
            ASPENCTL_ENDPOINTS=endpoints or f"http://127.0.0.1:{self.node.port}")
        more.setdefault("stdin", None if "input" in more else subprocess.DEVNULL)
        if more["stdin"] is None:
            del more["stdin"]
        return subprocess.run([BIN / "aspenctl", *arguments], env=environment, capture_output=True,
                              timeout=BOUND, check=False, **more)

    def does(self, *arguments: str, **more) -> bytes:
        done = self.ctl(*arguments, **more)
        self.assertEqual((DONE, b""), (done.returncode, done.stderr), (arguments, done))
        return done.stdout

    def refuses(self, status: int, *arguments: str, **more) -> str:
        done = self.ctl(*arguments, **more)
        self.assertEqual((status, b""), (done.returncode, done.stdout), (arguments, done))
        self.assertTrue(done.stderr.startswith(b"aspenctl: "), done)
        return done.stderr.decode()


class Data(Aspenctl):
    def setUp(self):
        self.node.start()

    def test_what_is_put_is_got(self):
        self.assertEqual(b"OK\n", self.does("put", "greeting", "hello world"))
        self.assertEqual(b"greeting\nhello world\n", self.does("get", "greeting"))
        self.assertEqual(b"hello world", self.does("get", "greeting", "--print-value-only"))
        self.assertEqual(b"1\n", self.does("del", "greeting"))
        self.assertEqual(b"0\n", self.does("del", "greeting"))
        self.assertIn("no such key", self.refuses(NOT_FOUND, "get", "greeting"))

    def test_any_bytes_come_from_stdin_and_go_to_stdout(self):
        photo = os.urandom(300_000)
        self.does("put", "photo", input=photo)
        self.assertEqual(photo, self.does("get", "photo", "--print-value-only"))
        self.does("put", "empty", input=b"")
        self.assertEqual(b"", self.does("get", "empty", "--print-value-only"))

    def test_any_key_goes_through(self):
        for key in ("a/b", "../up", "50%", "blank and +plus", "größe", "get", "?&=#", "-dash", "a\nb"):
            self.does("put", "--", key, f"value of {key}")
            self.assertEqual(f"value of {key}".encode(), self.does("get", "--print-value-only", "--", key))
            self.assertEqual(200, self.node.get(key).status, key)

    def test_json_says_all_that_the_node_says(self):
        put = json.loads(self.does("put", "a", "1", "-o", "json"))
        item = json.loads(self.does("get", "a", "-o", "json"))["items"]
        self.assertEqual([{"key": "a", "value": "1", "create_revision": put["revision"],
                           "mod_revision": put["revision"], "version": 1}], item)
        self.does("put", "raw", input=b"\xff\x00")
        self.assertEqual("/wA=", json.loads(self.does("get", "raw", "-o", "json"))["items"][0]["value_base64"])
        self.assertTrue(json.loads(self.does("del", "a", "-o", "json"))["deleted"])

    def fill(self, count: int):
        operations = [{"set": {"key": f"many-{number:05}", "value": str(number)}} for number in range(count)]
        for start in range(0, count, 1000):
            body = json.dumps({"operations": operations[start:start + 1000]}).encode()
            self.assert_status(200, self.node.request("POST", "/v1/batch", body=body))

    def test_a_prefix_of_several_pages_is_read_and_deleted(self):
        self.fill(2500)
        self.does("put", "other", "stays")
        values = self.does("get", "many-", "--prefix", "--print-value-only").split()
        self.assertEqual([str(number).encode() for number in range(2500)], values)
        keys = self.does("get", "many-", "--prefix", "--keys-only", "--limit", "1200").split()
        self.assertEqual((1200, b"many-01199"), (len(keys), keys[-1]))
        items = json.loads(self.does("get", "many-", "--prefix", "-o", "json"))["items"]
        self.assertEqual(2500, len(items))
        self.assertEqual(b"2500\n", self.does("del", "many-", "--prefix"))
        self.assertEqual({"other": b"stays"}, self.node.all_items())
        self.assertEqual(b"", self.does("get", "many-", "--prefix"))
        self.assertEqual({"items": []}, json.loads(self.does("get", "many-", "--prefix", "-o", "json")))

    def test_keys_full_of_what_json_escapes_are_deleted_in_batches_a_node_takes(self):
        keys = [f"{number:04}" + "\x01" * 1000 for number in range(900)]
        for start in range(0, len(keys), 300):
            operations = [{"set": {"key": key, "value": ""}} for key in keys[start:start + 300]]
            self.assert_status(200, self.node.request(
                "POST", "/v1/batch", body=json.dumps({"operations": operations}).encode()))
        self.assertEqual(b"900\n", self.does("del", "0", "--prefix"))
        self.assertEqual({}, self.node.all_items())

    def test_consistency_and_index_reach_the_node(self):
        revision = json.loads(self.does("put", "a", "1", "-o", "json"))["revision"]
        self.assertEqual(b"1", self.does("get", "a", "--min-index", str(revision), "--print-value-only"))
        self.assertEqual(b"a\n1\n", self.does("get", "a", "--prefix", "--consistency", "stale",
                                              "--min-index", str(revision)))
        # An index nobody has written yet: the node gives up at its own deadline, and says so.
        self.refuses(UNAVAILABLE, "get", "a", "--min-index", str(revision + 1000))

    def test_bad_input_is_named_and_nothing_is_asked(self):
        for words, arguments in {
            "key is empty": ["put", "", "v"],
            "1025 bytes": ["get", "k" * 1025],
            "1048576": ["put", "k"],
            "'fast'": ["get", "a", "--consistency", "fast"],
            "'soon'": ["get", "a", "--min-index", "soon"],
            "'many'": ["get", "", "--prefix", "--limit", "many"],
            "go with --prefix": ["get", "a", "--keys-only"],
            "every key": ["del", "", "--prefix"],
            "'yaml'": ["get", "a", "-o", "yaml"],
            "'5'": ["get", "a", "--command-timeout", "5"],
            "surplus": ["get", "a", "surplus"],
            "--colour": ["get", "a", "--colour"],
            "KEY": ["get"],
            "fetch": ["fetch", "a"],
            "command is missing": ["member"],
            "leave": ["member", "leave"],
        }.items():
            with self.subTest(arguments=arguments):
                more = {"input": b"x" * (1024 * 1024 + 1)} if arguments == ["put", "k"] else {}
                said = self.refuses(USAGE, *arguments, endpoints="http://127.0.0.1:1", **more)
                self.assertIn(words, said)
        self.assertIn("not UTF-8", self.refuses(USAGE, "get", os.fsdecode(b"\xff")))

    def test_a_bad_endpoint_is_named(self):
        for text, words in {
            "https://127.0.0.1:8080": "https", "127.0.0.1": "port is missing", "http://127.0.0.1:99999": "99999",
            "http://127.0.0.1:8080/v1": "only a host", "http://::1:8080": "brackets", "http://:8080": "host",
            "http://127.0.0.1:8080,": "''",
        }.items():
            with self.subTest(text=text):
                self.assertIn(words, self.refuses(USAGE, "get", "a", endpoints=text))

    def test_an_error_of_the_output_is_no_success(self):
        self.does("put", "a", "1")
        with open("/dev/full", "wb") as full:
            done = subprocess.run([BIN / "aspenctl", "get", "a", "--endpoints", f"http://127.0.0.1:{self.node.port}"],
                                  stdout=full, stderr=subprocess.PIPE, timeout=BOUND, check=False)
        self.assertEqual(FAILED, done.returncode)
        self.assertIn(b"cannot write to stdout", done.stderr)


class Endpoints(Aspenctl):
    def setUp(self):
        self.node.start()
        self.here = f"http://127.0.0.1:{self.node.port}"
        self.nobody = f"http://127.0.0.1:{free_ports(1)[0]}"

    def dying(self, reads_request: bool) -> Endpoint:
        endpoint = Endpoint(reads_request)
        self.addCleanup(endpoint.close)
        return endpoint

    def test_a_write_goes_to_the_next_endpoint_where_nobody_listens(self):
        self.does("put", "a", "1", endpoints=f"{self.nobody},{self.here}")
        self.assertEqual(b"1", self.node.get("a").body)

    def test_a_write_whose_outcome_is_unknown_is_never_sent_again(self):
        for reads_request in (True, False):
            dying = self.dying(reads_request)
            said = self.refuses(UNKNOWN, "put", "a", "1", endpoints=f"http://127.0.0.1:{dying.port},{self.here}")
            self.assertIn("not known", said)
            self.assertEqual(1, dying.connections)
            self.assert_status(404, self.node.get("a"))

    def test_a_read_whose_answer_is_lost_goes_to_the_next_endpoint(self):
        self.does("put", "a", "1")
        dying = self.dying(True)
        self.assertEqual(b"a\n1\n", self.does("get", "a", endpoints=f"http://127.0.0.1:{dying.port},{self.here}"))

    def test_nobody_there_is_told_from_an_unknown_outcome(self):
        self.assertIn("cannot connect", self.refuses(UNAVAILABLE, "put", "a", "1", endpoints=self.nobody))
        self.assertIn(self.nobody, self.refuses(UNAVAILABLE, "get", "a", endpoints=self.nobody))
        self.refuses(UNAVAILABLE, "member", "list", endpoints=self.nobody)

    def test_a_frozen_node_is_waited_for_within_the_bound_and_its_write_is_unknown(self):
        with Node() as frozen:
            frozen.start()
            frozen.signal(signal.SIGSTOP)
            both = f"http://127.0.0.1:{frozen.port},{self.here}"
            self.refuses(UNKNOWN, "put", "a", "1", "--command-timeout", "300ms", endpoints=both)
            self.assert_status(404, self.node.get("a"))
            self.does("put", "a", "2", endpoints=self.here)
            self.assertEqual(b"a\n2\n", self.does("get", "a", "--command-timeout", "300ms", endpoints=both))

    def test_what_the_node_refuses_is_not_tried_elsewhere(self):
        self.assertIn("no such key", self.refuses(NOT_FOUND, "get", "a", endpoints=f"{self.here},{self.nobody}"))

    def test_the_option_is_before_the_variable_and_may_stand_anywhere(self):
        self.does("put", "a", "1", "--endpoints", self.here, endpoints=self.nobody)
        self.does("--endpoints", self.here, "put", "a", "2", endpoints=self.nobody)
        self.assertEqual(b"2", self.node.get("a").body)


class Operations(Aspenctl):
    def test_member_list_is_the_members_of_the_cluster(self):
        self.node.start()
        members = json.loads(self.does("member", "list", "-o", "json"))
        self.assertEqual([1], [each["id"] for each in members])
        self.assertEqual(self.node.request("GET", "/v1/cluster").json()["members"][0].keys(), members[0].keys())
        head, row = self.does("member", "list").decode().splitlines()
        self.assertEqual(["ID", "ROLE", "PEER", "ADDRESS", "HTTP", "ADDRESS", "MATCH", "INDEX", "LAG", "REACHABLE",
                          "VERSION"], head.split())
        self.assertEqual(["1", "leader"], row.split()[:2])

    def test_health_of_every_endpoint(self):
        self.node.start()
        self.assertIn("healthy", self.does("endpoint", "health").decode())
        rows = json.loads(self.does("endpoint", "health", "--cluster", "-o", "json"))
        self.assertEqual(("healthy", "running"), (rows[0]["health"], rows[0]["phase"]))
        nobody = f"http://127.0.0.1:{free_ports(1)[0]}"
        done = self.ctl("endpoint", "health", "-o", "json", endpoints=f"http://127.0.0.1:{self.node.port},{nobody}")
        self.assertEqual(FAILED, done.returncode)
        self.assertEqual(["healthy", "unreachable"], [each["health"] for each in json.loads(done.stdout)])
        self.assertIn(b"1 of 2", done.stderr)

    def test_status_of_every_endpoint(self):
        self.node.start()
        row = json.loads(self.does("endpoint", "status", "-o", "json"))[0]
        self.assertEqual((1, "leader", 1), (row["node_id"], row["state"], row["leader"]["id"]))
        self.assertEqual(self.node.request("GET", "/version").json()["version"], row["version"])
        self.assertIn("leader", self.does("endpoint", "status").decode())
        self.node.stop()
        done = self.ctl("endpoint", "status")
        self.assertEqual(UNAVAILABLE, done.returncode)
        self.assertIn(b"cannot connect", done.stdout)

    def test_a_refused_node_is_unhealthy_and_takes_no_write(self):
        self.node.start()
        self.does("put", "a", "1")
        self.node.stop()
        (self.node.data_dir / "raft-log.lmdb").unlink()
        self.node.spawn()
        self.node.wait_answers()
        self.assertEqual(FAILED, self.ctl("endpoint", "health").returncode)
        self.refuses(UNAVAILABLE, "put", "a", "2")

    def test_checkpoint_empties_the_wal(self):
        self.node.start()
        self.does("put", "a", "1")
        self.does("get", "a")
        row = json.loads(self.does("checkpoint", "-o", "json"))[0]
        self.assertEqual(("success", 0), (row["status"], row["wal_size_after_bytes"]))
        self.assertIn("PAGES", self.does("checkpoint").decode())

    def test_version_asks_nobody(self):
        self.assertRegex(self.does("version").decode(), r"^aspenctl \d+\.\d+\.\d+ \(\S+\)\n$")
        self.assertIn("commit", json.loads(self.does("version", "-o", "json")))

    def complete(self, *words: str) -> list[str]:
        """What bash offers for the last of `words`."""
        script = ('source <("$0" completion bash); COMP_WORDS=(aspenctl "$@"); COMP_CWORD=$#; '
                  '_aspenctl; printf "%s\\n" "${COMPREPLY[@]}"')
        done = subprocess.run(["bash", "-c", script, BIN / "aspenctl", *words], capture_output=True, text=True,
                              timeout=BOUND, check=True)
        return done.stdout.split()

    def test_bash_completes_commands_and_options(self):
        self.assertEqual(["put"], self.complete("pu"))
        self.assertEqual(["list"], self.complete("member", "li"))
        self.assertEqual(["list"], self.complete("-o", "json", "member", "li"))
        self.assertIn("--print-value-only", self.complete("get", "key", "--"))
        self.assertIn("--endpoints", self.complete("get", "key", "--"))

    def test_every_command_explains_itself(self):
        for command in ([], ["put"], ["get"], ["del"], ["member"], ["member", "list"], ["endpoint", "health"]):
            self.assertIn(b"--help", self.does(*command, "--help"))


class Certificates(unittest.TestCase):
    def setUp(self):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aspen-certs-"))
        self.addCleanup(shutil.rmtree, self.directory)

    def certs(self, *arguments: str) -> subprocess.CompletedProcess:
        return subprocess.run([BIN / "aspenctl", "certs", "init", *arguments], env=clean_environment(), text=True,
                              stdin=subprocess.DEVNULL, capture_output=True, timeout=BOUND, check=False)

    def context(self, node_id: int, purpose: ssl.Purpose) -> ssl.SSLContext:
        made = ssl.create_default_context(purpose, cafile=self.directory / "ca.pem")
        made.load_cert_chain(self.directory / f"node-{node_id}.pem", self.directory / f"node-{node_id}-key.pem")
        made.verify_mode = ssl.CERT_REQUIRED
        return made

    def shake_hands(self, server: ssl.SSLContext, client: ssl.SSLContext, name: str):
        """A TLS handshake in memory; the names of the client, as the server saw them."""
        to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
        sides = [client.wrap_bio(to_client, to_server, server_hostname=name),
                 server.wrap_bio(to_server, to_client, server_side=True)]
        for _ in range(10):
            for side in sides:
                with contextlib.suppress(ssl.SSLWantReadError):
                    side.do_handshake()
        return [text for _, text in sides[1].getpeercert()["subjectAltName"]]

    def test_nodes_know_each_other_by_what_is_made(self):
        made = self.certs("--dir", str(self.directory), "--host", "localhost", "1", "2", "-o", "json")
        self.assertEqual(0, made.returncode, made)
        self.assertEqual([1, 2], [each["id"] for each in json.loads(made.stdout)["nodes"]])
        server = self.context(1, ssl.Purpose.CLIENT_AUTH)
        client = self.context(2, ssl.Purpose.SERVER_AUTH)
        self.assertEqual(["aspen-node-2", "localhost"], self.shake_hands(server, client, "aspen-node-1"))
        with self.assertRaises(ssl.SSLCertVerificationError):
            self.shake_hands(server, client, "aspen-node-3")

    def test_keys_are_for_their_owner_alone(self):
        self.certs("--dir", str(self.directory), "1")
        for key in self.directory.glob("*-key.pem"):
            self.assertEqual(0, key.stat().st_mode & 0o077, key)

    def test_an_authority_is_used_again_and_no_file_is_replaced(self):
        self.certs("--dir", str(self.directory), "1")
        before = {each: each.read_bytes() for each in self.directory.iterdir()}
        again = self.certs("--dir", str(self.directory), "2", "1")
        self.assertEqual(FAILED, again.returncode)
        self.assertIn("node-1.pem exists", again.stderr)
        self.assertEqual(before, {each: each.read_bytes() for each in self.directory.iterdir()})
        self.assertEqual(0, self.certs("--dir", str(self.directory), "2").returncode)
        self.shake_hands(self.context(1, ssl.Purpose.CLIENT_AUTH), self.context(2, ssl.Purpose.SERVER_AUTH),
                         "aspen-node-1")

    def test_what_makes_no_sense_is_named(self):
        directory = str(self.directory / "new")
        for words, arguments in {"'x'": ["--dir", directory, "x"], "'0'": ["--dir", directory, "0"],
                                 "--dir": ["1"], "ID": ["--dir", directory]}.items():
            refused = self.certs(*arguments)
            self.assertEqual(USAGE, refused.returncode, refused)
            self.assertIn(words, refused.stderr)
        refused = self.certs("--dir", directory, "--days", "0", "1")
        self.assertEqual(FAILED, refused.returncode)
        self.assertIn("36500 days", refused.stderr)


if __name__ == "__main__":
    unittest.main()
