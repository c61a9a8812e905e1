# SPDX-License-Identifier: Apache-2.0
"""What three nodes recorded of one request becomes one recording, whatever their clocks say."""

import contextlib
import http.client
import json
import pathlib
import re
import struct
import subprocess
import unittest

from aspen_cluster import Cluster
from aspen_e2e import BIN, BOUND, clean_environment, wait_until
from trace_export_test import FORMATS, TRACE_ID
from trace_formats import otlp_spans, shiviz_events

UNIX_TIME_AT = 64  # in a recording's header: docs/on_disk.md
HOUR_NS = 3600 * 10**9


class TraceMerge(unittest.TestCase):
    def run(self, result=None):
        with Cluster() as self.cluster:
            return super().run(result)

    def export(self, *arguments: str, status: int = 0) -> tuple[str, str]:
        endpoints = ",".join(f"http://127.0.0.1:{each.admin_port}" for each in self.cluster.nodes.values())
        done = subprocess.run([BIN / "aspenctl", "trace", "export", *arguments], capture_output=True, text=True,
                              timeout=BOUND, check=False, env=clean_environment() | {"ASPENCTL_ENDPOINTS": endpoints})
        self.assertEqual(status, done.returncode, done.stderr)
        return done.stdout, done.stderr

    def put_traced(self):
        def written():
            self.leader = self.cluster.leader()
            with contextlib.suppress(OSError, http.client.HTTPException):
                answer = self.leader.put("secret", b"hidden", traceparent=f"00-{TRACE_ID}-b7ad6b7169203331-01")
                return answer.json()["revision"] if answer.status == 200 else None
        revision = wait_until(written, "a traced write")
        wait_until(lambda: all(each.applied() >= revision for each in self.cluster.nodes.values()), "all have applied it")

    def assert_one_order(self, *arguments: str) -> str:
        """Every format keeps to its rules, and in the one with vector clocks nodes know of one another."""
        said = ""
        for name, faults_of in FORMATS.items():
            with self.subTest(format=name):
                text, said = self.export("--format", name, "--trace", TRACE_ID, *arguments)
                self.assertEqual([], faults_of(text)[:5])
                self.assertNotIn("secret", text)
        spans = otlp_spans(json.loads(self.export("--format", "otlp", "--trace", TRACE_ID, *arguments)[0]))
        self.assertEqual({TRACE_ID}, {each["traceId"] for each in spans})
        text, _ = self.export("--format", "shiviz", "--trace", TRACE_ID, *arguments)
        nodes = {each["host"].partition("/")[0] for each in shiviz_events(text) if "/" in each["host"]}
        self.assertEqual({"node_1", "node_2", "node_3"}, nodes)
        known = {(event["host"].partition("/")[0], host.partition("/")[0])
                 for event in shiviz_events(text) for host in event["clock"]}
        leader = f"node_{self.leader.node_id}"
        for node in nodes - {leader}:
            self.assertIn((node, leader), known, "a follower knows what the leader did")
        return said

    def test_recordings_of_all_nodes_become_one(self):
        self.cluster.start()
        self.put_traced()
        said = self.assert_one_order("--all-nodes")
        self.assertEqual(2, said.count("within"), said)
        lines = [json.loads(line) for line in self.export("--format", "ndjson", "--trace", TRACE_ID, "--all-nodes")[0].splitlines()]
        times = [line["time"] for line in lines]
        self.assertEqual(sorted(times), times)

        self.assertIn("nothing is recorded", self.export("--trace", "12" * 16, "--all-nodes", status=4)[1])
        self.assertIn("of one node", self.export("--format", "ring", "--all-nodes", status=2)[1])

        # The same from what the nodes leave behind, with a clock that is an hour ahead and one that is behind.
        rings = [each.data_dir / "trace" / "ring" for each in self.cluster.nodes.values()]
        for each in self.cluster.nodes.values():
            each.kill()
        for ring, off in zip(rings[1:], (HOUR_NS, -HOUR_NS)):
            self.set_clock(ring, off)
        said = self.assert_one_order(*(f"--file={ring}" for ring in rings))
        for node, off in ((2, "ahead of"), (3, "behind")):
            clock = re.search(rf"clock of node {node}: ([\d.]+) s {off} that of node 1, within", said)
            self.assertTrue(clock, said)
            self.assertAlmostEqual(3600, float(clock[1]), delta=10)

    @staticmethod
    def set_clock(ring: pathlib.Path, off_ns: int):
        with open(ring, "r+b") as file:
            file.seek(UNIX_TIME_AT)
            (now,) = struct.unpack("<Q", file.read(8))
            file.seek(UNIX_TIME_AT)
            file.write(struct.pack("<Q", now + off_ns))


if __name__ == "__main__":
    unittest.main()
