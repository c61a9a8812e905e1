# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments under write load, and of starts: every acknowledged write is found afterwards.

    tests/crash/kill_test.py [--cycles N] [--seed N] [--backend sqlite|lmdb]

A failure prints the seed. Besides each acknowledged write, what is checked after every kill: a write
that was not acknowledged is there whole or not at all, a key that is overwritten never goes back
behind what was acknowledged, a batch is there whole or not at all, and the revision never falls.
"""

import argparse
import contextlib
import http.client
import json
import pathlib
import random
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from aspen_e2e import BOUND, Node, check_recordings  # noqa: E402

WRITERS = 8
BATCH = 5


class Writer(threading.Thread):
    """Writes until the node dies: fresh keys, one key over and over, and batches, in turn."""

    def __init__(self, node: Node, name: str, past: "Past"):
        super().__init__(daemon=True)
        self.node, self.name, self.past = node, name, past
        self.acknowledged = 0

    def run(self):
        connection = self.node.connection(timeout=BOUND)
        with contextlib.suppress(OSError, http.client.HTTPException):
            for number in range(1_000_000):
                [self.put_fresh, self.overwrite, self.put_batch][number % 3](connection)
        connection.close()

    def ask(self, connection, method: str, path: str, body: bytes) -> int:
        connection.request(method, path, body=body)
        response = connection.getresponse()
        text = response.read()
        if response.status != 200:
            raise http.client.HTTPException(f"{response.status} {text!r}")
        self.acknowledged += 1
        return json.loads(text)["revision"]

    def put_fresh(self, connection):
        number = self.past.next_number(self.name)
        key, value = f"fresh-{self.name}-{number}", f"{self.name}/{number}/".encode() * 20
        self.past.attempted[key] = value
        self.past.saw(self.ask(connection, "PUT", f"/v1/kv/{key}", value))
        self.past.acknowledged[key] = value

    def overwrite(self, connection):
        key, number = f"counter-{self.name}", self.past.next_number(self.name)
        self.past.counters_tried[key] = number
        self.past.saw(self.ask(connection, "PUT", f"/v1/kv/{key}", str(number).encode()))
        self.past.counters[key] = number

    def put_batch(self, connection):
        number = self.past.next_number(self.name)
        keys = [f"batch-{self.name}-{number}-{part}" for part in range(BATCH)]
        body = {"operations": [{"set": {"key": key, "value": str(number)}} for key in keys]}
        self.past.batches.append(keys)
        self.past.saw(self.ask(connection, "POST", "/v1/batch", json.dumps(body).encode()))
        self.past.acknowledged.update((key, str(number).encode()) for key in keys)


class Past:
    """What was tried and what was acknowledged, over all lives of the node. Each writer touches keys
    of its own; single operations on dict and list are atomic."""

    def __init__(self):
        self.attempted: dict[str, bytes] = {}
        self.acknowledged: dict[str, bytes] = {}
        self.counters: dict[str, int] = {}
        self.counters_tried: dict[str, int] = {}
        self.batches: list[list[str]] = []
        self.revision = 0
        self._numbers: dict[str, int] = {}

    def next_number(self, name: str) -> int:
        self._numbers[name] = self._numbers.get(name, 0) + 1
        return self._numbers[name]

    def saw(self, revision: int):
        self.revision = max(self.revision, revision)

    def check(self, found: dict[str, bytes]):
        lost = {key for key, value in self.acknowledged.items() if found.get(key) != value}
        assert not lost, f"{len(lost)} acknowledged writes lost, such as {sorted(lost)[:3]}"
        for key, value in found.items():
            if key.startswith("fresh-"):
                assert self.attempted[key] == value, f"{key} holds what nobody wrote"
        for key, number in self.counters.items():
            now = int(found[key])
            assert number <= now <= self.counters_tried[key], f"{key} is {now}, {number} was acknowledged"
        for keys in self.batches:
            there = sum(key in found for key in keys)
            assert there in (0, len(keys)), f"{there} of {len(keys)} of the batch of {keys[0]}"


def one_life(node: Node, past: Past, chance: random.Random) -> int:
    """Writes, kills, starts again and checks; how many writes were acknowledged."""
    writers = [Writer(node, f"w{number}", past) for number in range(WRITERS)]
    for each in writers:
        each.start()
    # The moment of death is what is random here; nothing is waited for.
    time.sleep(chance.uniform(0.02, 1.0))
    node.kill()
    for each in writers:
        each.join(BOUND)
        assert not each.is_alive(), "a writer did not notice the end of the node"
    if chance.random() < 0.5:
        # A start that is killed, too: while it checks, opens, or replays.
        node.spawn()
        time.sleep(chance.uniform(0.0, 0.3))
        node.kill()
    node.start()
    past.check(node.all_items())
    fresh = node.put("revision-check", b"").json()["revision"]
    assert fresh > past.revision, f"revision {fresh} after {past.revision} was acknowledged"
    past.saw(fresh)
    return sum(each.acknowledged for each in writers)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cycles", type=int, default=10)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--backend", choices=["sqlite", "lmdb"], default="sqlite")
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)
    chance = random.Random(options.seed)
    past = Past()
    with Node(ASPEN_STORAGE_BACKEND=options.backend) as node:
        node.start()
        for cycle in range(1, options.cycles + 1):
            written = one_life(node, past, chance)
            print(f"cycle {cycle}: {written} writes acknowledged, all found", flush=True)
        assert node.stop() == 0
        node.start()
        past.check(node.all_items())
        held = {each["rule"]: each["held"] for each in check_recordings(node.data_dir)["rules"]}
        print(f"what was recorded keeps to the rules; held: {held}", flush=True)
        assert held["request"] > 0 and held["applied"] > 0, "hardly anything was checked"
    assert len(past.acknowledged) > options.cycles, "hardly anything was written"
    return 0


if __name__ == "__main__":
    sys.exit(main())
