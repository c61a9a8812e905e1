# SPDX-License-Identifier: Apache-2.0
"""One request of a real node in every form that a recording can be had in: each keeps to the rules of its format, from
the running node as from what it leaves behind."""

import json
import subprocess
import unittest

from aspen_e2e import BIN, BOUND, NodeTest, clean_environment, wait_until
from trace_formats import broken_html, broken_mermaid, broken_otlp, broken_shiviz, otlp_spans, shiviz_events
from trace_test import broken_rules

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"
FORMATS = {
    "ndjson": lambda text: [line for line in text.splitlines() if not isinstance(json.loads(line), dict)],
    "perfetto": lambda text: broken_rules(json.loads(text)),
    "mermaid": broken_mermaid,
    "html": broken_html,
    "shiviz": broken_shiviz,
    "otlp": lambda text: broken_otlp(json.loads(text)),
}


class TraceExport(NodeTest):
    def export(self, *arguments: str, status: int = 0) -> str:
        done = subprocess.run(
            [BIN / "aspenctl", "trace", "export", *arguments], capture_output=True, text=True, timeout=BOUND, check=False,
            env=clean_environment() | {"ASPENCTL_ENDPOINTS": f"http://127.0.0.1:{self.node.admin_port}"})
        self.assertEqual(status, done.returncode, done.stderr)
        return done.stdout if status == 0 else done.stderr

    def put_traced(self) -> dict:
        """A write under a known trace; returns what is told of it once it is applied."""
        self.assert_status(200, self.node.put("secret", b"hidden", traceparent=f"00-{TRACE_ID}-b7ad6b7169203331-01"))

        def applied():
            told = self.node.admin("GET", f"/debug/trace/{TRACE_ID}").json()
            done = [each for each in told["messages"] if any(step["what"] == "applied" for step in each["steps"])]
            is_whole = all(each["handled_us"] is not None for each in told["messages"]) and told["request"]["status"]
            return told if done and is_whole else None
        return wait_until(applied, "the traced write is applied, and the end of its request recorded")

    def assert_keeps_to_the_rules(self, *arguments: str):
        for name, faults_of in FORMATS.items():
            with self.subTest(format=name):
                text = self.export("--format", name, "--trace", TRACE_ID, *arguments)
                self.assertEqual([], faults_of(text)[:10])
                self.assertNotIn("secret", text)
                self.assertNotIn("hidden", text)
                self.assertIn("log commit", text)

    def test_one_trace_keeps_to_the_rules_of_every_format(self):
        self.node.start()
        told = self.put_traced()
        self.assert_keeps_to_the_rules()
        spans = otlp_spans(json.loads(self.export("--format", "otlp", "--trace", TRACE_ID)))
        self.assertEqual({TRACE_ID}, {each["traceId"] for each in spans})
        server = [each for each in spans if each["kind"] == 2]
        self.assertEqual(["PUT /v1/kv/{key}"], [each["name"] for each in server])
        self.assertEqual([server[0]["spanId"]] * sum("parentSpanId" not in each for each in spans),
                         [each["spanId"] for each in spans if "parentSpanId" not in each])
        self.assertGreaterEqual(len(spans), 1 + len(told["messages"]))
        page = self.export("--format", "html", "--trace", TRACE_ID)
        self.assertIn("Critical path", page)

        self.assertIn("32 digits", self.export("--trace", "12", status=2))
        self.assertIn("it is ndjson, perfetto", self.export("--format", "pdf", status=2))
        self.assertIn("needs the trace's id", self.export("--format", "otlp", status=2))
        self.assertIn("not any more", self.export("--trace", "12" * 16, status=4))

        ring = str(self.node.data_dir / "trace" / "ring")
        self.node.kill()
        self.assert_keeps_to_the_rules("--file", ring)
        self.assertEqual([each["spanId"] for each in spans],
                         [each["spanId"] for each in otlp_spans(json.loads(
                             self.export("--format", "otlp", "--trace", TRACE_ID, "--file", ring)))])
        self.assertIn("nothing is recorded", self.export("--trace", "12" * 16, "--file", ring, status=4))

    def test_a_whole_recording_keeps_to_the_rules_too(self):
        self.node.start()
        for number in range(40):
            self.assert_status(200, self.node.put(f"key-{number}", b"v"))
        for name in ("mermaid", "html", "shiviz"):
            with self.subTest(format=name):
                self.assertEqual([], FORMATS[name](self.export("--format", name, "--last", "60s", "--limit", "50000"))[:10])
        # What one actor does next comes after what another sent it.
        events = shiviz_events(self.export("--format", "shiviz", "--last", "60s", "--limit", "50000"))
        received = [each for each in events if each["host"] == "log_writer" and each["event"].startswith("receives persist from raft")]
        self.assertTrue(received)
        self.assertTrue(all("raft" in each["clock"] for each in received))
        self.assertIn("more lines are left out", self.export("--format", "mermaid", "--last", "60s", "--limit", "50000"))


if __name__ == "__main__":
    unittest.main()
