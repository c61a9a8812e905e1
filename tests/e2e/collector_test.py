# SPDX-License-Identifier: Apache-2.0
"""A node sends its traces to a collector of OpenTelemetry, and suffers nothing from one that is not there or is slow."""

import contextlib
import http.server
import json
import queue
import socket
import threading
import unittest

from aspen_e2e import NodeTest, free_ports, wait_until
from trace_formats import broken_otlp, otlp_spans

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


class Collector(http.server.ThreadingHTTPServer):
    """Takes requests of the protocol; `received` holds (path, content type, body) of each."""

    daemon_threads = True

    def __init__(self, port: int, status: int = 200, answer: bytes = b"{}"):
        self.received: queue.Queue = queue.Queue()
        self.status, self.answer = status, answer
        super().__init__(("127.0.0.1", port), Handler)
        self.thread = threading.Thread(target=self.serve_forever, daemon=True)
        self.thread.start()

    def __exit__(self, *_):
        self.shutdown()
        self.thread.join()
        self.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.put((self.path, self.headers["Content-Type"], body.decode()))
        self.send_response(self.server.status)
        self.send_header("Content-Length", str(len(self.server.answer)))
        self.end_headers()
        self.wfile.write(self.server.answer)

    def log_message(self, *_):
        pass


class CollectorTest(NodeTest):
    def setUp(self):
        self.collector_port = free_ports(1)[0]
        self.node.variables = {"ASPEN_TRACE_COLLECTOR_URL": f"http://127.0.0.1:{self.collector_port}"}

    def put_traced(self):
        self.assert_status(200, self.node.put("secret", b"hidden", traceparent=f"00-{TRACE_ID}-b7ad6b7169203331-01"))

    def counter(self, name: str) -> float:
        lines = self.node.admin("GET", "/metrics").body.decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith(f"aspen_trace_export{name}_total"))

    def wait_trace(self, collector: Collector, *names: str) -> list[dict]:
        """The spans of the known trace, once those named are there; all that arrives keeps to the rules of the protocol."""
        spans: list[dict] = []

        def arrived():
            with contextlib.suppress(queue.Empty):
                path, kind, text = collector.received.get(timeout=1)
                self.assertEqual(("/v1/traces", "application/json"), (path, kind))
                self.assertEqual([], broken_otlp(json.loads(text))[:10])
                self.assertNotIn("secret", text)
                self.assertNotIn("hidden", text)
                spans.extend(span for span in otlp_spans(json.loads(text)) if span["traceId"] == TRACE_ID)
            return spans and set(names) <= {span["name"] for span in spans}
        wait_until(arrived, "the trace arrives at the collector")
        return spans

    def test_a_request_arrives_at_the_collector_with_all_its_spans(self):
        with Collector(self.collector_port) as collector:
            self.node.start()
            self.put_traced()
            spans = self.wait_trace(collector, "PUT /v1/kv/{key}", "log commit", "state commit")
            self.assertEqual({"PUT /v1/kv/{key}"}, {span["name"] for span in spans if span["kind"] == 2})
            wait_until(lambda: self.counter("ed") > 0, "what was taken is counted")
            self.assertEqual(0, self.counter("_failures"))
            self.assertEqual(0, self.node.stop())

    def test_without_a_collector_the_node_serves_and_says_so_once(self):
        self.node.start()
        self.put_traced()
        self.node.wait_log("the collector does not take traces")
        wait_until(lambda: self.counter("_failures") > 0, "what was not taken is counted")
        self.assert_status(200, self.node.get("secret"))
        with Collector(self.collector_port) as collector:
            wait_until(lambda: self.put_traced() or "the collector takes traces again" in self.node.log(),
                       "the collector is found again")
            self.wait_trace(collector)
        self.assertEqual(1, self.node.log().count("the collector does not take traces"))

    def test_a_collector_that_refuses_is_named_with_what_it_says(self):
        partly = b'{"partialSuccess": {"rejectedSpans": "3", "errorMessage": "too old"}}'
        for status, answer, said in ((503, b"{}", "status 503"), (200, partly, "too old")):
            with self.subTest(status=status), Collector(self.collector_port, status, answer):
                self.node.start()
                self.put_traced()
                self.node.wait_log(said)
                self.assertEqual(0, self.node.stop())

    def test_a_collector_that_never_answers_holds_up_nobody(self):
        with contextlib.closing(socket.create_server(("127.0.0.1", self.collector_port))) as silent:
            self.node.start()
            self.put_traced()
            taken, _ = silent.accept()
            with taken:
                for _ in range(20):
                    self.put_traced()
                self.assert_status(200, self.node.admin("GET", "/health"))
                self.assertEqual(0, self.node.stop())


if __name__ == "__main__":
    unittest.main()
