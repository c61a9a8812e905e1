# SPDX-License-Identifier: Apache-2.0
"""What clients saw, as JSON lines that check_history judges (the format: tests/support/history_json.hpp).

Every value that is written is written once, so that a revision stands for one content: a conditional
write on a revision is a compare_and_put of that revision's content.
"""

import json
import pathlib
import subprocess
import threading
import time


def now() -> int:
    """Nanoseconds on one clock for all clients."""
    return time.monotonic_ns()


class History:
    """A file of operations. Any thread."""

    def __init__(self, path: pathlib.Path):
        self.path = path
        self._file = path.open("w", encoding="utf-8")
        self._lock = threading.Lock()
        self.counts: dict[tuple[str, str], int] = {}

    def record(self, client: int, key: str, op: str, outcome: str, invoked: int, **more):
        line = {"client": client, "key": key, "op": op, "value": None, **more, "outcome": outcome,
                "invoked": invoked}
        if outcome != "unknown":
            line["returned"] = now()
        with self._lock:
            self._file.write(json.dumps(line) + "\n")
            self.counts[op, outcome] = self.counts.get((op, outcome), 0) + 1

    def close(self):
        self._file.close()

    def operations(self) -> list[dict]:
        return [json.loads(line) for line in self.path.read_text(encoding="utf-8").splitlines()]


def judge(checker: pathlib.Path, path: pathlib.Path, bound_s: float) -> tuple[int, str]:
    """The checker's status (0: linearizable) and what it says."""
    done = subprocess.run([checker, path], capture_output=True, text=True, timeout=bound_s, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def with_stale_read(operations: list[dict]) -> list[dict]:
    """The same history and one read more, that returns a value after another write had surely replaced it."""
    last_put: dict[str, dict] = {}
    for each in sorted((each for each in operations if each["op"] == "put" and each["outcome"] == "ok"),
                       key=lambda each: each["returned"]):
        earlier = last_put.setdefault(each["key"], each)
        if earlier["returned"] < each["invoked"]:
            at = each["returned"] + 1
            return [*operations, {"client": 10**6, "key": each["key"], "op": "get", "value": earlier["value"],
                                  "outcome": "ok", "invoked": at, "returned": at + 1}]
    raise AssertionError("no key was written twice, one after the other")
