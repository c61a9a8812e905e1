# SPDX-License-Identifier: Apache-2.0
"""The parts of bench/run that could lie without anybody seeing it: parsers, medians, aims, and children that
must not outlive the run."""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent))

from harness.etcd import parse_etcdload  # noqa: E402
from harness.figures import Aim, Figure, amount, table  # noqa: E402
from harness.load import parse_wrk  # noqa: E402
from harness.plan import Plan, Turns  # noqa: E402
from harness.processes import MeasureError  # noqa: E402

WRK = """Running 5s test @ http://127.0.0.1:8080
  1 threads and 64 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     3.04ms    1.20ms  15.71ms   71.27%
    Req/Sec    21.23k     1.34k   23.88k    68.00%
  Latency Distribution
     50%  382.00us
     75%    3.56ms
     90%    4.41ms
     99%    1.02s
{failures}  105608 requests in 5.00s, 18.23MB read
Requests/sec:  21110.45
Transfer/sec:      3.64MB
"""


class Parsers(unittest.TestCase):
    def test_wrk_reports_rate_and_latency_in_any_unit(self):
        seen = parse_wrk(WRK.format(failures=""))
        self.assertEqual((21110.45, 0.382, 1020.0, 0), (seen.per_second, seen.p50_ms, seen.p99_ms, seen.failed))

    def test_broken_sockets_and_refusals_of_wrk_count_as_failed(self):
        failures = "  Socket errors: connect 1, read 2, write 0, timeout 4\n  Non-2xx or 3xx responses: 100\n"
        self.assertEqual(107, parse_wrk(WRK.format(failures=failures)).failed)

    def test_a_report_of_wrk_without_latency_is_an_error(self):
        with self.assertRaises(MeasureError):
            parse_wrk("Requests/sec:  21110.45\n")

    def test_etcdload_reports_rate_latency_and_errors(self):
        seen = parse_etcdload("etcd put clients=64: 17321/s p50=3.421ms p99=9.012ms errors=2\n")
        self.assertEqual((17321, 3.421, 9.012, 2), (seen.per_second, seen.p50_ms, seen.p99_ms, seen.failed))

    def test_silence_of_etcdload_is_an_error(self):
        with self.assertRaises(MeasureError):
            parse_etcdload("connect: refused")


class Figures(unittest.TestCase):
    def test_medians_are_compared_not_the_best(self):
        figure = Figure("id", "what", "/s", [90, 10, 100], "limit", [30, 60, 1000])
        self.assertEqual((90, 1.5), (figure.value, figure.ratio))

    def test_a_rate_must_reach_its_aim_and_a_latency_must_not_pass_it(self):
        self.assertTrue(Figure("", "", "/s", [130], "peer", [100], Aim("ratio", 1.3)).is_reached)
        self.assertFalse(Figure("", "", "/s", [129], "peer", [100], Aim("ratio", 1.3)).is_reached)
        self.assertTrue(Figure("", "", "ms", [1.0], "peer", [1.0], Aim("ratio", 1.0)).is_reached)
        self.assertFalse(Figure("", "", "ms", [1.1], "peer", [1.0], Aim("ratio", 1.0)).is_reached)
        self.assertFalse(Figure("", "", "s", [2.1], aim=Aim("value", 2)).is_reached)

    def test_an_aim_beside_a_missing_peer_is_neither_reached_nor_missed(self):
        figure = Figure("", "", "/s", [100], "peer", [], Aim("ratio", 1.3))
        self.assertIsNone(figure.is_reached)
        self.assertIn("not judged", table([figure]))

    def test_amounts_keep_three_digits_and_their_unit(self):
        self.assertEqual(
            ["17.3 k/s", "999 k/s", "1 M/s", "1.25 M/s", "382 /s", "0.382 ms"],
            [amount(17321, "/s"), amount(999_400, "/s"), amount(999_900, "/s"), amount(1_250_000, "/s"),
             amount(382, "/s"), amount(0.3821, "ms")])

    def test_failed_requests_stand_below_the_table(self):
        turns = Turns(Plan(pathlib.Path(), pathlib.Path(), 3, 1, 1, 1))
        turns.loads = {"aspen": [parse_wrk(WRK.format(failures="  Non-2xx or 3xx responses: 7\n"))]}
        self.assertIn("[1] 7 requests of aspen FAILED", table([turns.compare("id", "put", "aspen")]))


CHILD_OF_A_KILLED_RUN = """
import pathlib, sys, time
sys.path.insert(0, {bench!r})
from harness.processes import Child
print(Child(["sleep", "600"], pathlib.Path({log!r})).pid, flush=True)
time.sleep(600)
"""


def is_running(pid: int) -> bool:
    """Neither gone nor a zombie that nobody has collected yet."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class Children(unittest.TestCase):
    def test_a_child_dies_with_a_run_that_is_killed(self):
        with tempfile.TemporaryDirectory(prefix="aspen-bench-") as directory:
            program = CHILD_OF_A_KILLED_RUN.format(
                bench=str(pathlib.Path(__file__).parent.parent), log=os.path.join(directory, "log"))
            run = subprocess.Popen([sys.executable, "-B", "-c", program], stdout=subprocess.PIPE, text=True)
            with run.stdout:
                child = int(run.stdout.readline())
            self.assertTrue(is_running(child))
            run.send_signal(signal.SIGKILL)
            run.wait()
            end = time.monotonic() + 60
            while is_running(child) and time.monotonic() < end:
                time.sleep(0.01)
            self.assertFalse(is_running(child))


if __name__ == "__main__":
    unittest.main()
