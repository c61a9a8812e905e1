# SPDX-License-Identifier: Apache-2.0
"""The flight recorder of a real node: what it records, that it outlives kill -9, and that its Perfetto form keeps to
the rules of the Chrome trace event format."""

import collections
import contextlib
import http.client
import json
import os
import signal
import subprocess
import threading
import unittest

from aspen_cluster import Cluster
from aspen_e2e import BIN, BOUND, NodeTest, clean_environment, wait_until

TRACE_ID = "0af7651916cd43dd8448eb211c80319c"


def broken_rules(document: dict) -> list[str]:
    """What in a JSON trace is against the trace event format."""
    found = []
    slices = collections.defaultdict(list)
    begun, requests = collections.Counter(), collections.Counter()
    arrows = collections.defaultdict(list)
    tracks, named = set(), set()
    for event in document["traceEvents"]:
        where = json.dumps(event)
        phase, track = event["ph"], (event["pid"], event["tid"])
        if phase == "M":
            named.add((event["name"], track))
            continue
        tracks.add(track)
        if not isinstance(event["ts"], (int, float)) or event["ts"] < 0:
            found.append(f"no time: {where}")
        if not isinstance(event["name"], str) or not event["name"]:
            found.append(f"no name: {where}")
        if phase == "X":
            if event["dur"] < 0:
                found.append(f"ends before it begins: {where}")
            slices[track].append((event["ts"], event["ts"] + event["dur"], event["name"]))
        elif phase == "B":
            begun[track] += 1
        elif phase in "sf":
            arrows[event["id"]].append(event)
            if phase == "f" and event.get("bp") != "e":
                found.append(f"an arrow that ends in the next slice: {where}")
        elif phase in "be":
            requests[event["id"], phase] += 1
        elif phase == "i":
            if event["s"] not in "gpt":
                found.append(f"a mark of no scope: {where}")
        elif phase == "C":
            if not all(isinstance(each, (int, float)) for each in event["args"].values()):
                found.append(f"a counter that is no number: {where}")
        else:
            found.append(f"unknown phase: {where}")
    for track in tracks:
        if ("thread_name", track) not in named:
            found.append(f"track {track} has no name")
    for track, spans in slices.items():
        found.extend(f"slices overlap on {track}: {each}" for each in overlaps(spans))
    for identity, ends in arrows.items():
        if [each["ph"] for each in sorted(ends, key=lambda each: (each["ts"], each["ph"] == "f"))] != ["s", "f"]:
            found.append(f"an arrow without one beginning and one end: {ends}")
        for end in ends:
            inside = slices[end["pid"], end["tid"]]
            if not any(first <= end["ts"] + 0.001 and end["ts"] <= last + 0.001 for first, last, _ in inside):
                found.append(f"an arrow that binds to no slice: {end}")
    for (identity, phase), count in requests.items():
        if count > 1:
            found.append(f"request {identity} has {count} of {phase}")
    found.extend(f"{count} slices without an end on {track}" for track, count in begun.items() if count > 1)
    return found


def overlaps(spans):
    """Slices of one track must lie within each other, or apart."""
    open_until = []
    for first, last, name in sorted(spans, key=lambda each: (each[0], -each[1])):
        while open_until and open_until[-1] <= first + 0.0005:
            open_until.pop()
        if open_until and last > open_until[-1] + 0.0005:
            yield f"{name} from {first} to {last} beyond {open_until[-1]}"
        open_until.append(last)


class Trace(NodeTest):
    def aspenctl(self, *arguments: str, succeeds: bool = True) -> str:
        done = subprocess.run(
            [BIN / "aspenctl", *arguments], capture_output=True, text=True, timeout=BOUND, check=False,
            env=clean_environment() | {"ASPENCTL_ENDPOINTS": f"http://127.0.0.1:{self.node.admin_port}"})
        self.assertEqual(succeeds, done.returncode == 0, done.stderr)
        return done.stdout if succeeds else done.stderr

    def write_some(self, count: int = 30):
        def write(name):
            for number in range(count):
                self.node.put(f"secret-{name}-{number}", b"hidden")
        writers = [threading.Thread(target=write, args=(name,)) for name in "abc"]
        for each in writers:
            each.start()
        for each in writers:
            each.join()

    def dumps(self) -> list[dict]:
        return self.node.admin("GET", "/debug/trace/dumps").json()["dumps"]

    def path_of(self, dump: dict) -> str:
        return str(self.node.data_dir / "trace" / dump["name"])

    def test_every_kind_of_event_is_recorded_and_no_key_or_value(self):
        self.node.start()
        self.write_some()
        self.assert_status(200, self.node.put("traced", b"v", traceparent=f"00-{TRACE_ID}-b7ad6b7169203331-01"))
        self.assert_status(200, self.node.admin("POST", "/admin/checkpoint-wal"))
        expected = {("spawned", "raft", None), ("sent", "log_writer", "persist"),
                    ("received", "log_writer", "persist"), ("handled", "log_writer", "persist"),
                    ("timer", "raft", "tick"), ("work_ended", "log_writer", "log commit"),
                    ("work_ended", "storage_writer", "state commit"),
                    ("work_ended", "storage_writer", "checkpoint"), ("raft", "raft", "became_leader"),
                    ("raft", "raft", "commit_advanced"), ("http_ended", "http", "PUT /v1/kv/{key}")}

        def recorded():
            text = self.aspenctl("trace", "export", "--last", "60s", "--limit", "50000")
            events = [json.loads(line) for line in text.splitlines()]
            missing = expected - {(each["kind"], each.get("actor"), each.get("message")) for each in events}
            # A timer may not have been due yet, and an event is recorded after the answer it follows.
            return None if missing else (text, events)
        text, events = wait_until(recorded, f"each of {sorted(expected, key=str)} is recorded")
        self.assertNotIn("secret-", text)
        self.assertNotIn("hidden", text)
        times = [each["time"] for each in events]
        self.assertEqual(sorted(times), times)
        self.assertLessEqual({"supervised", "validated"}, {each["kind"] for each in events})
        of_trace = [each["kind"] for each in events if each.get("trace") == TRACE_ID]
        self.assertEqual(["http_began", "http_ended"], [each for each in of_trace if each.startswith("http")])

    def test_the_perfetto_form_keeps_to_the_rules(self):
        self.node.start()
        self.write_some()
        document = json.loads(self.aspenctl("trace", "export", "--last", "60s", "--limit", "50000", "--format", "perfetto"))
        self.assertEqual([], broken_rules(document)[:10])
        phases = collections.Counter(each["ph"] for each in document["traceEvents"])
        for phase in "XsfbeiCM":
            self.assertGreater(phases[phase], 0, f"{phase} of {phases}")

    def test_a_killed_node_leaves_a_dump_that_can_be_read_with_the_node_down(self):
        self.node.start()
        self.write_some()
        self.assertEqual([], self.dumps())
        ring = self.node.data_dir / "trace" / "ring"
        self.assertEqual(16 << 20, ring.stat().st_size)
        self.assertGreaterEqual(ring.stat().st_blocks * 512, 16 << 20)
        self.assertEqual(0o600, ring.stat().st_mode & 0o777)
        pid = self.node.process.pid
        self.node.kill()
        before = self.aspenctl("trace", "export", "--last", "60s", "--limit", "50000", "--file", str(ring))
        self.assertIn('"message":"persist"', before)
        self.node.start()
        dumps = self.dumps()
        self.assertEqual(1, len(dumps))
        self.assertTrue(dumps[0]["name"].endswith("-killed.trace"), dumps)
        self.assertIn(dumps[0]["name"], self.aspenctl("trace", "dumps"))
        self.assertNotEqual(pid, self.node.process.pid)
        after = self.aspenctl("trace", "export", "--last", "60s", "--limit", "50000", "--file", self.path_of(dumps[0]))
        self.assertEqual(before, after)
        document = json.loads(self.aspenctl("trace", "export", "--last", "60s", "--limit", "50000", "--format", "perfetto",
                                            "--file", self.path_of(dumps[0])))
        self.assertEqual([], broken_rules(document)[:10])

    def test_dumps_are_bounded_and_say_how_the_process_ended(self):
        for number in range(4):
            self.node.start(ASPEN_TRACE_DUMPS_KEPT="2", ASPEN_TRACE_RING_SIZE="1MB")
            if number == 2:
                self.node.kill()
            else:
                self.assertEqual(0, self.node.stop())
        self.node.start(ASPEN_TRACE_DUMPS_KEPT="2", ASPEN_TRACE_RING_SIZE="1MB")
        names = [each["name"] for each in self.dumps()]
        self.assertEqual(["last-run", "killed"], [name.split("-", 1)[1].removesuffix(".trace") for name in names])
        self.assertEqual({"ring", *names}, set(os.listdir(self.node.data_dir / "trace")))

    def reasons(self) -> list[str]:
        return [each["name"].split("-", 1)[1].removesuffix(".trace") for each in self.dumps()]

    def test_a_signal_and_a_slow_request_leave_a_dump(self):
        self.node.start(ASPEN_TRACE_SLOW_REQUEST="1ms")
        self.node.signal(signal.SIGUSR2)
        wait_until(lambda: "signal" in self.reasons(), "a dump for the signal")

        def slow():
            self.write_some()
            return "slow-request" in self.reasons()
        wait_until(slow, "a dump for a slow request")
        self.write_some()
        self.assertEqual(["signal", "slow-request"], sorted(self.reasons()))
        shown = {each["name"].split("-", 1)[1].removesuffix(".trace"):
                 self.aspenctl("trace", "export", "--file", self.path_of(each)) for each in self.dumps()}
        self.assertIn('"actor":"raft"', shown["signal"])
        # A probe may be the first slow one, before there is a raft actor.
        self.assertIn('"kind":"http_ended"', shown["slow-request"])

    def test_a_failed_actor_leaves_a_dump_that_shows_its_end(self):
        self.node.start()
        if self.node.admin("GET", "/debug/failpoints").status != 200:
            self.skipTest("this build has no failpoints")
        self.assert_status(200, self.node.request("POST", "/debug/failpoints", b"log_writer.message=1*throw",
                                                  port=self.node.admin_port))
        with contextlib.suppress(OSError, http.client.HTTPException):
            self.node.put("k", b"v")
        wait_until(lambda: any(each.endswith("-ended") for each in self.reasons()), "a dump for the failed actor")
        self.node.wait_ready()
        dump = next(each for each in self.dumps() if each["name"].endswith("-ended.trace"))
        ends = [json.loads(line) for line in self.aspenctl("trace", "export", "--last", "60s", "--limit", "50000", "--file",
                                                           self.path_of(dump)).splitlines() if '"exited"' in line]
        self.assertIn("log_writer", [each["actor"] for each in ends])

    def test_what_is_no_recording_is_refused(self):
        other = self.node.directory / "other"
        other.write_bytes(b"x" * 100_000)
        self.assertIn("not a recording", self.aspenctl("trace", "export", "--file", str(other), succeeds=False))
        self.assertIn("No such file", self.aspenctl("trace", "export", "--file", str(other) + "2", succeeds=False))

    def test_it_can_be_switched_off(self):
        self.node.start(ASPEN_TRACE_ENABLED="false")
        self.assert_status(200, self.node.put("k", b"v"))
        self.assertEqual(503, self.node.admin("GET", "/debug/trace").status)
        self.assertEqual("nothing", self.node.admin("GET", "/debug/trace/dumps").json()["recording_in"])
        self.assertFalse((self.node.data_dir / "trace").exists())

    def test_without_a_place_it_records_in_memory_and_says_so(self):
        self.node.data_dir.mkdir(mode=0o700)
        (self.node.data_dir / "trace").write_text("in the way")
        self.node.start()
        self.assert_status(200, self.node.put("k", b"v"))
        self.node.wait_log("recording in memory only")
        self.assertEqual("memory", self.node.admin("GET", "/debug/trace/dumps").json()["recording_in"])
        self.assertIn('"message":"persist"', self.aspenctl("trace", "export"))
        self.assertIn('aspen_trace_survives_crash{node_id="1"} 0', self.node.admin("GET", "/metrics").body.decode())


class OneRequest(NodeTest):
    """The trace of one request, by the id of its answer."""

    def test_the_critical_path_is_the_requests_time(self):
        self.node.start()
        answer = self.assert_status(200, self.node.put("k", b"v"))
        self.assertRegex(answer.headers["server-timing"], r"^total;dur=[\d.]+, actors;dur=[\d.]+$")
        trace_id = answer.headers["traceparent"].split("-")[1]

        def whole():
            told = self.node.admin("GET", f"/debug/trace/{trace_id}").json()
            return told if steps_of(told) >= {"proposed", "durable", "committed", "applied"} else None
        told = wait_until(whole, "the entry is applied")
        self.assertEqual("PUT /v1/kv/{key}", told["request"]["route"])
        spent = sum(each["us"] for each in told["critical_path"])
        self.assertAlmostEqual(told["request"]["duration_us"], spent, places=1)
        parts = [each["what"] for each in told["critical_path"]]
        self.assertEqual(("request", "answer"), (parts[0], parts[-1]))
        self.assertIn("log_writer: log commit", parts)
        indexes = {each["index"] for message in told["messages"] for each in message["steps"] if "index" in each}
        self.assertEqual({answer.json()["revision"]}, indexes)

    def test_a_read_leaves_its_steps_too(self):
        self.node.start()
        self.node.put("k", b"v")
        trace_id = self.node.get("k").headers["traceparent"].split("-")[1]
        told = self.node.admin("GET", f"/debug/trace/{trace_id}").json()
        self.assertEqual({"read accepted", "read"}, steps_of(told))
        self.assertEqual(404, self.node.admin("GET", "/debug/trace/" + "12" * 16).status)


class OneRequestInACluster(unittest.TestCase):
    def test_followers_join_the_trace_of_a_write_that_was_forwarded(self):
        with Cluster() as cluster:
            cluster.start()
            leader = cluster.leader()
            asked = next(each for each in cluster.nodes.values() if each is not leader)
            put = wait_until(lambda: answered(asked), "a follower forwards a put")
            trace_id = put.headers["traceparent"].split("-")[1]

            def told_of(node):
                answer = node.admin("GET", f"/debug/trace/{trace_id}")
                return answer.json() if answer.status == 200 else None

            def everybody_applied():
                all_told = [told_of(each) for each in cluster.nodes.values()]
                return all(each and {"durable", "applied"} <= steps_of(each) for each in all_told)
            wait_until(everybody_applied, "all three apply the entry in the same trace")
            self.assertLessEqual({"proposed", "sent to peer", "came from peer", "committed"}, steps_of(told_of(asked)))
            self.assertIsNone(told_of(leader)["request"])
            path = " ".join(each["what"] for each in told_of(asked)["critical_path"])
            self.assertIn(f"network and node {leader.node_id}", path)

            shown = subprocess.run(
                [BIN / "aspenctl", "--endpoints", f"http://127.0.0.1:{asked.port}", "trace", "show", trace_id],
                capture_output=True, text=True, timeout=BOUND, check=False, env=clean_environment())
            self.assertEqual(0, shown.returncode, shown.stderr)
            for each in cluster.nodes:
                self.assertIn(f"node {each}\n", shown.stdout)
            for words in ("request PUT /v1/kv/{key}, status 200", "critical path:", "append_entries from node",
                          "* applied", "log commit"):
                self.assertIn(words, shown.stdout)
            unknown = subprocess.run(
                [BIN / "aspenctl", "--endpoints", f"http://127.0.0.1:{asked.port}", "trace", "show", "12" * 16],
                capture_output=True, text=True, timeout=BOUND, check=False, env=clean_environment())
            self.assertEqual(4, unknown.returncode, unknown.stderr)


def steps_of(told: dict) -> set[str]:
    return {each["what"] for message in told["messages"] for each in message["steps"]}


def answered(node):
    answer = node.put("k", b"v")
    return answer if answer.status == 200 else None


if __name__ == "__main__":
    unittest.main()
