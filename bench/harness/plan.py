# SPDX-License-Identifier: Apache-2.0
"""What was asked of a run, and what it had to leave out."""

import pathlib
import sys
import time
from dataclasses import dataclass, field

from .figures import Figure
from .load import Load

SETTLE_S = 1.0  # between turns: what one side still writes does not fall into the other's turn


@dataclass
class Plan:
    binaries: pathlib.Path
    directory: pathlib.Path  # for the data of everything measured
    rounds: int
    seconds: int  # of one turn
    idle_seconds: int
    many_keys: int
    load_generator: pathlib.Path | None = None  # of etcd; None: etcd is not measured
    failpoint_binaries: pathlib.Path | None = None  # of a build with failpoints
    skipped: list[str] = field(default_factory=list)

    def say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    def skip(self, what: str) -> None:
        """Something is not measured: said at once and again below the table."""
        if what not in self.skipped:
            self.skipped.append(what)
            self.say(f"SKIPPED: {what}")


class Turns:
    """Loads that take turns, A B A B, against servers that stay up."""

    def __init__(self, plan: Plan):
        self.plan = plan
        self.loads: dict[str, list[Load]] = {}

    def take(self, drivers: dict) -> "Turns":
        for number in range(1, self.plan.rounds + 1):
            for name, drive in drivers.items():
                time.sleep(SETTLE_S)
                seen = drive()
                self.loads.setdefault(name, []).append(seen)
                self.plan.say(f"  round {number}: {name}: {seen.per_second:.0f}/s, p50 {seen.p50_ms:.3f} ms")
        return self

    def rates(self, name: str) -> list[float]:
        return [each.per_second for each in self.loads.get(name, [])]

    def p50s(self, name: str) -> list[float]:
        return [each.p50_ms for each in self.loads.get(name, [])]

    def compare(self, id: str, what: str, ours: str, other: str = "", aim=None, p50: bool = False) -> Figure:
        """A figure of two of the loads: their rates, or their medians of latency."""
        samples, unit = (self.p50s, "ms") if p50 else (self.rates, "/s")
        beside = other if other in self.loads else ""
        return Figure(id, what, unit, samples(ours), beside, samples(beside), aim, self._failures(ours, beside))

    def _failures(self, *names: str) -> str:
        """A figure with failed requests is worth less: its note says so."""
        failed = {name: sum(each.failed for each in self.loads.get(name, [])) for name in names}
        return ", ".join(f"{count} requests of {name} FAILED" for name, count in failed.items() if count)
