# SPDX-License-Identifier: Apache-2.0
"""Runs the real aspen-node for tests: starts it on free ports in a directory of its own, waits for
conditions within bounds, and leaves no process behind.

    with Node() as node:
        node.start()
        assert node.put("photo", b"...").status == 200
        node.kill()
        node.start()

ASPEN_BIN names the folder of the programs.
"""

import base64
import contextlib
import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import unittest
import urllib.parse

BIN = pathlib.Path(os.environ.get("ASPEN_BIN", "build/dev/bin")).resolve()
BOUND = 90.0
"""Seconds after which a condition that was waited for has failed. Generous: a bound, not a measure."""


def clean_environment(**variables: str) -> dict[str, str]:
    """The environment without anything that configures a node, plus `variables`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("ASPEN_")}
    return kept | {"ASPEN_LMDB_MAP_SIZE": "1GB"} | variables


def wait_until(holds, what: str, bound: float = BOUND):
    """Returns the first true value of `holds()`; fails after `bound` seconds."""
    end = time.monotonic() + bound
    while True:
        value = holds()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {bound:.0f} s: {what}")
        time.sleep(0.02)


PORTS_IN_A_BLOCK = 100


def own_ports():
    """Each port of this process once, below the range from which the kernel takes those of clients. They come in
    blocks: a UDP socket on the first of a block says to the tests beside this one that it is taken."""
    blocks = list(range(12000, 32000, PORTS_IN_A_BLOCK))
    random.SystemRandom().shuffle(blocks)
    for first in blocks:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sign:
            try:
                sign.bind(("127.0.0.1", first))
            except OSError:
                continue
            SIGNS.append(sign.dup())
        yield from range(first + 1, first + PORTS_IN_A_BLOCK)


SIGNS: list[socket.socket] = []
PORTS = own_ports()


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, and that this function gives to nobody else."""
    ports = []
    while len(ports) < count:
        port = next(PORTS)
        with socket.socket() as taken:
            with contextlib.suppress(OSError):
                taken.bind(("127.0.0.1", port))
                ports.append(port)
    return ports


class Answer:
    """What came back: status, headers by lower-case name, body."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"<{self.status} {self.body[:300]!r}>"


def read_answer(response: http.client.HTTPResponse) -> Answer:
    body = response.read()
    return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, body)


def run(*arguments: str, environment: dict[str, str] | None = None, cwd=None):
    """The program to its end, with `arguments`; stdout and stderr as text."""
    return subprocess.run(
        [BIN / "aspen-node", *arguments], env=environment or clean_environment(), cwd=cwd,
        capture_output=True, text=True, timeout=BOUND, check=False)


def ctl(*arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess:
    """aspenctl to its end; stdout and stderr as text."""
    return subprocess.run([BIN / "aspenctl", *arguments], env=environment or clean_environment(), text=True,
                          stdin=subprocess.DEVNULL, capture_output=True, timeout=BOUND, check=False)


def check_recordings(*data_dirs: pathlib.Path, endpoints: str = "") -> dict:
    """What nodes recorded, in these data directories or at these endpoints, keeps to the rules; the report."""
    directories = [str(each / "trace") for each in data_dirs if (each / "trace").is_dir()]
    checked = ctl("trace", "check", *directories, "-o", "json",
                  environment=clean_environment(ASPENCTL_ENDPOINTS=endpoints or "http://127.0.0.1:1"))
    assert checked.returncode == 0, f"{checked.stderr}\n{checked.stdout}"
    return json.loads(checked.stdout)


class Node:
    """One node: its directory, its ports, and the process that runs it now, if any."""

    def __init__(self, node_id: int = 1, **variables: str):
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="aspen-e2e-"))
        self.data_dir = self.directory / "data"
        self.log_path = self.directory / "stderr.log"
        self.node_id = node_id
        self.variables = variables
        self.port, self.admin_port, self.raft_port = free_ports(3)
        self.process: subprocess.Popen | None = None

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is not None and self.log_path.exists():
            print(f"--- log of the node in {self.directory} (its end) ---")
            print(self.log()[-8000:])
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.directory, ignore_errors=True)

    # -- the process ---------------------------------------------------------------------

    def arguments(self) -> list[str]:
        return ["--node-id", str(self.node_id), "--data-dir", str(self.data_dir),
                "--http-addr", f"127.0.0.1:{self.port}",
                "--admin-addr", f"127.0.0.1:{self.admin_port}",
                "--raft-addr", f"127.0.0.1:{self.raft_port}"]

    def spawn(self, **variables: str) -> "Node":
        """Starts the process and does not wait. A port that somebody took meanwhile is the caller's."""
        assert self.process is None or self.process.poll() is not None, "the node still runs"
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [BIN / "aspen-node", *self.arguments()], stderr=log, stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL, env=clean_environment(**(self.variables | variables)))
        return self

    def start(self, **variables: str) -> "Node":
        """Starts the process and waits until it serves."""
        self.spawn(**variables)
        self.wait_ready()
        return self

    def wait_ready(self):
        wait_until(lambda: self._is_running() and self._probe("/readyz") == 200, "/readyz answers 200")

    def wait_answers(self) -> Answer:
        """Waits until /health answers, whatever it says, other than that the node is starting."""
        def settled():
            assert self._is_running()
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self.admin("GET", "/health")
                return None if answer.json().get("phase") == "starting" else answer
        return wait_until(settled, "/health settles")

    def _is_running(self) -> bool:
        status = self.process.poll()
        if status is not None:
            raise AssertionError(f"the node ended with status {status}:\n{self.log()[-4000:]}")
        return True

    def _probe(self, path: str) -> int:
        with contextlib.suppress(OSError, http.client.HTTPException):
            return self.admin("GET", path).status
        return 0

    def kill(self):
        """kill -9."""
        self.process.kill()
        self.process.wait()

    def signal(self, number: signal.Signals):
        """Sends it; after SIGSTOP the process is seen to stand still, which on a busy machine takes a moment."""
        self.process.send_signal(number)
        if number == signal.SIGSTOP:
            wait_until(self.stands_still, f"process {self.process.pid} stops")

    def stands_still(self) -> bool:
        stats = pathlib.Path(f"/proc/{self.process.pid}/task").glob("*/stat")
        return all(each.read_text().rpartition(")")[2].split()[0] in "Tt" for each in stats)

    def wait_exit(self, bound: float = BOUND) -> int:
        """The exit status, 128 + N when a signal ended it; fails when the process does not end."""
        status = self.process.wait(timeout=bound)
        return status if status >= 0 else 128 - status

    def stop(self) -> int:
        """An orderly stop; the exit status."""
        self.signal(signal.SIGTERM)
        return self.wait_exit()

    def log(self) -> str:
        return self.log_path.read_text(encoding="utf-8", errors="replace")

    def wait_log(self, text: str):
        wait_until(lambda: text in self.log(), f"the log says {text!r}")

    # -- HTTP ----------------------------------------------------------------------------

    def connection(self, port: int | None = None, timeout: float = BOUND) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", port or self.port, timeout=timeout)

    def request(self, method: str, path: str, body: bytes | None = None, headers=None,
                port: int | None = None) -> Answer:
        connection = self.connection(port)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            return read_answer(connection.getresponse())
        finally:
            connection.close()

    def admin(self, method: str, path: str) -> Answer:
        return self.request(method, path, port=self.admin_port)

    def raw(self, text: bytes, port: int | None = None) -> Answer:
        """Sends bytes as they are, for what no client library would send."""
        with socket.create_connection(("127.0.0.1", port or self.port), timeout=BOUND) as sender:
            sender.sendall(text)
            response = http.client.HTTPResponse(sender)
            response.begin()
            return read_answer(response)

    def put(self, key: str, value: bytes, **headers: str) -> Answer:
        return self.request("PUT", "/v1/kv/" + urllib.parse.quote(key, safe=""), body=value,
                            headers=headers)

    def get(self, key: str) -> Answer:
        return self.request("GET", "/v1/kv/" + urllib.parse.quote(key, safe=""))

    def all_items(self, prefix: str = "") -> dict[str, bytes]:
        """Every key and value, page by page."""
        items: dict[str, bytes] = {}
        query = {"prefix": prefix, "limit": "1000"}
        while True:
            page = self.request("GET", "/v1/kv?" + urllib.parse.urlencode(query))
            assert page.status == 200, page
            for each in page.json()["items"]:
                value = each.get("value")
                items[each["key"]] = (value.encode() if value is not None
                                      else base64.b64decode(each["value_base64"]))
            cursor = page.json().get("cursor")
            if cursor is None:
                return items
            query["cursor"] = cursor


class NodeTest(unittest.TestCase):
    """A test with one node of its own, not yet started."""

    variables: dict[str, str] = {}

    def run(self, result=None):
        # The node's end belongs to the test's own result, so that a failure prints its log.
        self.node = Node(**self.variables)
        with self.node:
            outcome = result or self.defaultTestResult()
            before = len(outcome.failures) + len(outcome.errors)
            super().run(outcome)
            if len(outcome.failures) + len(outcome.errors) > before and self.node.log_path.exists():
                print(f"--- log of the node of {self.id()} (its end) ---\n{self.node.log()[-8000:]}")
        return outcome

    def assert_status(self, expected: int, answer: Answer):
        self.assertEqual(expected, answer.status, answer)
        return answer
