# SPDX-License-Identifier: Apache-2.0
"""The real node, on loopback and a data directory of its own."""

import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import re
import time

from .processes import Child, MeasureError, free_ports

READY_PATIENCE_S = 120
REQUEST_PATIENCE_S = 30
BATCH_OPERATIONS = 1000
LOADERS = 4
PUSHED_BACK_MAX = 200


def key_of(number: int) -> str:
    return f"key-{number:09d}"


class Node:
    """One life of aspen-node. A second one on the same directory finds what the first one left."""

    def __init__(self, binaries: pathlib.Path, directory: pathlib.Path, **settings: str):
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self.http_port, self.admin_port, raft_port = free_ports(3)
        command = [
            binaries / "aspen-node", "--data-dir", directory / "data",
            "--http-addr", f"127.0.0.1:{self.http_port}", "--admin-addr", f"127.0.0.1:{self.admin_port}",
            "--raft-addr", f"127.0.0.1:{raft_port}"]
        # Defaults are what is measured: nothing of the caller's environment changes them, `settings` alone do.
        environment = {name: value for name, value in os.environ.items() if not name.startswith("ASPEN_")} | settings
        began = time.monotonic()
        self.child = Child(command, directory / "node.log", cwd=directory, env=environment)
        self.child.wait_until(self.is_ready, READY_PATIENCE_S, "is ready", every_s=0.005)
        self.seconds_to_ready = time.monotonic() - began

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}"

    def is_ready(self) -> bool:
        try:
            return self.ask_admin("/readyz")[0] == 200
        except OSError:
            return False

    def ask_admin(self, path: str) -> tuple[int, str]:
        return self._ask(self.admin_port, "GET", path)

    def post_admin(self, path: str, body: str) -> None:
        status, text = self._ask(self.admin_port, "POST", path, body)
        if status != 200:
            raise MeasureError(f"POST {path} answered {status}: {text[:500]}")

    def put(self, key: str) -> int:
        """The status of one write on a connection of its own; 0 when it was broken off."""
        try:
            return self._ask(self.http_port, "PUT", f"/v1/kv/{key}", "value")[0]
        except (OSError, http.client.HTTPException):
            return 0

    def metric(self, name: str) -> float:
        """A sample of /metrics without further labels."""
        text = self.ask_admin("/metrics")[1]
        found = re.search(rf'^{name}(?:\{{node_id="\d+"\}})? (\S+)$', text, re.MULTILINE)
        if not found:
            raise MeasureError(f"no {name} in /metrics")
        return float(found[1])

    def restarts_of(self, child: str) -> int:
        tree = json.loads(self.ask_admin("/admin/supervisor")[1])
        return next(each["restarts"] for each in tree["children"] if each["name"] == child)

    @staticmethod
    def _ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=REQUEST_PATIENCE_S)
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode("utf-8", errors="replace")
        finally:
            connection.close()

    def cpu_seconds(self) -> float:
        """What the process has used of its processors since it began."""
        fields = pathlib.Path(f"/proc/{self.child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def stop(self) -> None:
        self.child.stop()

    def fill(self, keys: int, value_bytes: int = 100) -> None:
        """Writes every key once, in batches; waits as long as the node asks for when it pushes back."""
        parts = range(0, keys, BATCH_OPERATIONS)
        with concurrent.futures.ThreadPoolExecutor(LOADERS) as pool:
            loaders = [pool.submit(self._fill_parts, parts[i::LOADERS], keys, value_bytes) for i in range(LOADERS)]
            for each in loaders:
                each.result()

    def _fill_parts(self, starts: range, keys: int, value_bytes: int) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.http_port, timeout=REQUEST_PATIENCE_S)
        chance = random.Random(starts.start)
        try:
            for start in starts:
                operations = [
                    {"set": {"key": key_of(number),
                             "value": "x" * (value_bytes - 8) + f"{chance.getrandbits(32):08x}"}}
                    for number in range(start, min(start + BATCH_OPERATIONS, keys))]
                self._post_batch(connection, json.dumps({"operations": operations}))
        finally:
            connection.close()

    @staticmethod
    def _post_batch(connection: http.client.HTTPConnection, body: str) -> None:
        for _ in range(PUSHED_BACK_MAX):
            connection.request("POST", "/v1/batch", body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            text = answer.read().decode("utf-8", errors="replace")
            if answer.status == 200:
                return
            if answer.status not in (429, 503):
                raise MeasureError(f"POST /v1/batch answered {answer.status}: {text[:500]}")
            time.sleep(min(float(answer.headers.get("Retry-After", "1")), 5))
        raise MeasureError(f"POST /v1/batch was pushed back {PUSHED_BACK_MAX} times")
