# SPDX-License-Identifier: Apache-2.0
"""Load over HTTP: wrk with the scripts of bench/peers/http, and what it says."""

import os
import pathlib
import re
import shutil
from dataclasses import dataclass

from .processes import MeasureError, run

SCRIPTS = pathlib.Path(__file__).parent.parent / "peers" / "http"
PACKAGE = "wrk"
MILLISECONDS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass
class Load:
    """What one turn of a load generator saw."""

    per_second: float
    p50_ms: float
    p99_ms: float
    failed: int


def is_installed() -> bool:
    return shutil.which("wrk") is not None


def parse_wrk(text: str) -> Load:
    """The report of `wrk --latency`. Answers of another class than 2xx and broken sockets count as failed."""

    def latency(percent: int) -> float:
        found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s|m)$", text, re.MULTILINE)
        if not found:
            raise MeasureError(f"wrk reported no {percent} % latency:\n{text}")
        return float(found[1]) * MILLISECONDS[found[2]]

    rate = re.search(r"^Requests/sec:\s+([\d.]+)$", text, re.MULTILINE)
    if not rate:
        raise MeasureError(f"wrk reported no rate:\n{text}")
    failed = re.search(r"Non-2xx or 3xx responses: (\d+)", text)
    sockets = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    return Load(
        float(rate[1]), latency(50), latency(99),
        (int(failed[1]) if failed else 0) + (sum(map(int, sockets.groups())) if sockets else 0))


def wrk(url: str, connections: int, seconds: int, script: str | None = None) -> Load:
    """One turn. One thread drives all connections: the cores belong to what is measured."""
    command = ["wrk", "-t1", f"-c{connections}", f"-d{seconds}", "--timeout", "10s", "--latency"]
    if script:
        command += ["-s", SCRIPTS / script]
    return parse_wrk(run([*command, url], timeout_s=seconds + 30))


def wrk_nodes(addresses: list[str], connections: int, seconds: int, script: str) -> Load:
    """One turn over several nodes (`host:port`): a thread for each, with its share of the connections; a single
    connection goes to the first node."""
    threads = min(len(addresses), connections)
    command = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}", "--timeout", "10s", "--latency",
               "-s", SCRIPTS / script, f"http://{addresses[0]}"]
    environment = {**os.environ, "NODES": ",".join(addresses)}
    return parse_wrk(run(command, timeout_s=seconds + 30, env=environment))
