# SPDX-License-Identifier: Apache-2.0
"""Clients that use a cluster over HTTP while it is tormented, and note what they saw."""

import contextlib
import http.client
import json
import random
import threading
import time

from history import History, now

ANSWER_BOUND_S = 4.0
"""After it a request's outcome is unknown. Shorter than a node's own bound: clients are not patient."""
KEYS = 5
EPOCH_S = 8.0
"""After so long other keys are used: what is unknown about a key stays unknown for good, and the work of
the checker grows with it."""


class Lost(Exception):
    """No answer. `was_sent` unless the node certainly never got the request."""

    def __init__(self, was_sent: bool):
        super().__init__()
        self.was_sent = was_sent


class Client(threading.Thread):
    """One operation after the other, each at a random node, until told to stop."""

    def __init__(self, number: int, nodes: list, history: History, seed: int):
        super().__init__(daemon=True)
        self.number, self.nodes, self.history = number, nodes, history
        self.chance = random.Random(seed)
        self.stopping = threading.Event()
        self.fresh: dict[str, bytes] = {}  # acknowledged, each key written once
        self.count = 0
        self.began = time.monotonic()
        self.failure: Exception | None = None
        self._connections: dict[int, http.client.HTTPConnection] = {}

    def run(self):
        steps = [self.get] * 4 + [self.put] * 3 + [self.compare_and_put] * 2 + [self.delete, self.put_fresh]
        try:
            while not self.stopping.is_set():
                self.count += 1
                self.chance.choice(steps)()
                time.sleep(self.chance.uniform(0.0, 0.02))
        except Exception as why:  # noqa: BLE001 - the driver reports it
            self.failure = why
        for each in self._connections.values():
            each.close()

    # -- operations ----------------------------------------------------------------------

    def key(self) -> str:
        epoch = int((time.monotonic() - self.began) / EPOCH_S)
        return f"register-{epoch}-{self.chance.randrange(KEYS)}"

    def value(self) -> str:
        return f"{self.number}.{self.count}"

    def get(self):
        self.read(self.key())

    def read(self, key: str) -> tuple[str, str | None] | None:
        """The revision and the content that a linearizable read saw; None when there was no answer."""
        invoked = now()
        try:
            status, headers, body = self.ask("GET", key)
        except Lost:
            return None  # a read without an answer has done nothing
        if status == 200:
            self.history.record(self.number, key, "get", "ok", invoked, value=body.decode())
            return headers["ETag"], body.decode()
        if status == 404 and json.loads(body)["code"] == "key_not_found":
            self.history.record(self.number, key, "get", "ok", invoked, value=None)
            return "", None
        return None

    def put(self):
        key, value = self.key(), self.value()
        self.write(key, "put", "PUT", value)

    def delete(self):
        self.write(self.key(), "delete", "DELETE", None)

    def compare_and_put(self):
        key = self.key()
        seen = self.read(key)
        if seen is None:
            return
        tag, content = seen
        condition = {"If-Match": tag} if tag else {"If-None-Match": "*"}
        self.write(key, "compare_and_put", "PUT", self.value(), condition, expected=content)

    def put_fresh(self):
        key, value = f"fresh-{self.number}-{self.count}", self.value()
        with contextlib.suppress(Lost):
            if self.ask("PUT", key, value.encode())[0] == 200:
                self.fresh[key] = value.encode()

    def write(self, key: str, op: str, method: str, value: str | None, headers=None, **more):
        invoked = now()
        try:
            status, _, body = self.ask(method, key, None if value is None else value.encode(), headers)
        except Lost as lost:
            outcome = "unknown" if lost.was_sent else "not_done"
        else:
            outcome = outcome_of(status, body)
        self.history.record(self.number, key, op, outcome, invoked, value=value, **more)

    # -- HTTP ----------------------------------------------------------------------------

    def ask(self, method: str, key: str, body: bytes | None = None, headers=None):
        """Status, headers and body of a random node's answer. A connection is used again only after a whole
        answer; a request that fails on a connection that had been idle is not sent again."""
        at = self.chance.randrange(len(self.nodes))
        connection = self._connections.pop(at, None)
        if connection is None:
            connection = self.nodes[at].connection(timeout=ANSWER_BOUND_S)
            try:
                connection.connect()
            except OSError:
                connection.close()
                self.stopping.wait(0.05)
                raise Lost(was_sent=False) from None
        try:
            connection.request(method, f"/v1/kv/{key}", body=body, headers=headers or {})
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException):
            connection.close()
            raise Lost(was_sent=True) from None
        if response.will_close:
            connection.close()
        else:
            self._connections[at] = connection
        return response.status, response.headers, text


def outcome_of(status: int, body: bytes) -> str:
    """What a write's answer allows to conclude."""
    if status == 200:
        return "ok"
    if status == 412:
        return "mismatch"
    said = json.loads(body).get("committed")
    return "not_done" if said == "no" else "unknown"
