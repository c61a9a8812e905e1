# SPDX-License-Identifier: Apache-2.0
"""More load than the bounds gets 429 or 503 with Retry-After, and probes are answered all the same."""

import contextlib
import socket
import unittest

from aspen_e2e import BOUND, NodeTest


class Overload(NodeTest):
    variables = {"ASPEN_HTTP_REQUEST_TIMEOUT": "10m"}

    def connect(self) -> socket.socket:
        opened = socket.create_connection(("127.0.0.1", self.node.port), timeout=BOUND)
        self.addCleanup(opened.close)
        return opened

    def begin_request(self) -> socket.socket:
        """A request that has begun and whose body does not come."""
        sender = self.connect()
        sender.sendall(b"PUT /v1/kv/held HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n"
                       b"Expect: 100-continue\r\n\r\n")
        self.assertIn(b"100 ", sender.recv(100))
        return sender

    def assert_operators_get_through(self):
        for path in ("/livez", "/readyz", "/health", "/metrics", "/debug/actors"):
            self.assert_status(200, self.node.admin("GET", path))

    def test_requests_beyond_the_bound_are_told_to_come_back(self):
        self.node.start(ASPEN_HTTP_REQUESTS_IN_FLIGHT_MAX="8", ASPEN_HTTP_WORKERS="1")
        held = [self.begin_request() for _ in range(8)]
        refused = self.node.get("a")
        self.assertIn(refused.status, (429, 503), refused)
        self.assertIn("retry-after", refused.headers)
        self.assert_operators_get_through()
        for each in held:
            each.sendall(b"body")
            self.assertIn(b"200 ", each.recv(4096))
        self.assertEqual(b"body", self.node.get("held").body)

    def test_connections_beyond_the_bound_are_refused_and_probes_are_not(self):
        self.node.start(ASPEN_HTTP_CONNECTIONS_MAX="8", ASPEN_HTTP_WORKERS="1")
        held = [self.begin_request() for _ in range(8)]
        with contextlib.suppress(ConnectionError):
            answer = self.node.get("a")
            self.assertIn(answer.status, (429, 503), answer)
        self.assert_operators_get_through()
        for each in held:
            each.sendall(b"body")
            self.assertIn(b"200 ", each.recv(4096))


if __name__ == "__main__":
    unittest.main()
