# SPDX-License-Identifier: Apache-2.0
"""SIGTERM and SIGINT drain, a second one ends at once, SIGHUP reopens the log file."""

import contextlib
import http.client
import os
import signal
import socket
import threading
import unittest

from aspen_e2e import BOUND, NodeTest, wait_until


class Writer(threading.Thread):
    """Writes one key after the other over one connection until an answer fails to come."""

    def __init__(self, node, name: str):
        super().__init__()
        self.node, self.name = node, name
        self.acknowledged: dict[str, bytes] = {}

    def run(self):
        connection = self.node.connection()
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number in range(1_000_000):
                key, value = f"{self.name}-{number}", f"{number}".encode()
                connection.request("PUT", "/v1/kv/" + key, body=value)
                response = connection.getresponse()
                response.read()
                if response.status != 200:
                    break
                self.acknowledged[key] = value
        connection.close()


class Signals(NodeTest):
    def stops_in_order(self, number: signal.Signals):
        self.node.start()
        writers = [Writer(self.node, f"w{n}") for n in range(4)]
        for each in writers:
            each.start()
        wait_until(lambda: all(len(each.acknowledged) > 10 for each in writers), "all writers write")
        self.node.signal(number)
        self.assertEqual(0, self.node.wait_exit())
        for each in writers:
            each.join(BOUND)
        self.node.start()
        items = self.node.all_items()
        for each in writers:
            self.assertEqual(each.acknowledged, {k: items.get(k) for k in each.acknowledged})

    def test_sigterm_drains_under_load_and_loses_nothing(self):
        self.stops_in_order(signal.SIGTERM)

    def test_sigint_drains_under_load_and_loses_nothing(self):
        self.stops_in_order(signal.SIGINT)

    def hold_the_drain(self) -> socket.socket:
        """A request whose body does not come: the drain waits for it."""
        self.node.start(ASPEN_SUPERVISOR_SHUTDOWN_TIME="10m", ASPEN_HTTP_REQUEST_TIMEOUT="10m")
        held = socket.create_connection(("127.0.0.1", self.node.port), timeout=BOUND)
        self.addCleanup(held.close)
        held.sendall(b"PUT /v1/kv/held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
                     b"Expect: 100-continue\r\n\r\n")
        self.assertIn(b"100", held.recv(100))  # from here on the request is under way
        return held

    def test_what_is_under_way_is_answered(self):
        held = self.hold_the_drain()
        self.node.signal(signal.SIGTERM)
        self.node.wait_log("stopping")
        held.sendall(b"body")
        response = http.client.HTTPResponse(held)
        response.begin()
        self.assertEqual(200, response.status)
        self.assertEqual(0, self.node.wait_exit())
        self.node.start()
        self.assertEqual(b"body", self.node.get("held").body)

    def test_a_second_signal_ends_at_once(self):
        for first, second in ((signal.SIGTERM, signal.SIGTERM), (signal.SIGINT, signal.SIGINT)):
            self.hold_the_drain()
            self.node.put("before", b"acknowledged")
            self.node.signal(first)
            wait_until(lambda: self.node.log().count("stopping") > 0, "the drain begins")
            self.node.signal(second)
            self.assertEqual(128 + second, self.node.wait_exit())
            self.node.log_path.unlink()
            self.node.start()
            self.assertEqual(b"acknowledged", self.node.get("before").body)
            self.assertEqual(0, self.node.stop())
            self.node.log_path.unlink()

    def test_shutdown_over_http_and_a_signal_are_the_same_stop(self):
        self.node.start()
        self.assert_status(202, self.node.admin("POST", "/admin/shutdown"))
        with contextlib.suppress(ProcessLookupError):
            self.node.signal(signal.SIGTERM)
        self.assertEqual(0, self.node.wait_exit())

    def test_sighup_reopens_the_log_file(self):
        path = self.node.directory / "logs" / "node.log"
        self.node.start(ASPEN_LOG_FILE=str(path))
        self.assertIn("starting", path.read_text())
        self.assertEqual(0o600, path.stat().st_mode & 0o777)
        rotated = path.rename(path.with_suffix(".1"))
        self.node.signal(signal.SIGHUP)
        wait_until(path.exists, "the log file is there again")
        wait_until(lambda: "log file reopened" in path.read_text(), "lines go into the new file")
        self.assertEqual(0, self.node.stop())
        self.assertIn("ended", path.read_text())
        self.assertNotIn("ended", rotated.read_text())

    def test_a_client_that_hangs_up_is_no_signal(self):
        self.node.start()
        self.node.put("big", os.urandom(1 << 20))
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", self.node.port)) as sender:
                sender.sendall(b"GET /v1/kv/big HTTP/1.1\r\nHost: localhost\r\n\r\n")
        self.assert_status(200, self.node.get("big"))


if __name__ == "__main__":
    unittest.main()
