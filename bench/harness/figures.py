# SPDX-License-Identifier: Apache-2.0
"""A figure: what was measured, what stands beside it, the ratio, and the aim. The table and the JSON of them."""

import statistics
from dataclasses import dataclass, field

LESS_IS_BETTER = {"ns", "us", "ms", "s", "MB", "%"}


@dataclass(frozen=True)
class Aim:
    """A bound on a figure's ratio, or on its own value. It is reported and gates nothing."""

    of: str  # "ratio" | "value"
    bound: float

    def text(self, unit: str) -> str:
        sign = "at most" if unit in LESS_IS_BETTER else "at least"
        return f"{sign} {self.bound:g} times" if self.of == "ratio" else f"{sign} {amount(self.bound, unit)}"


@dataclass
class Figure:
    """Medians of the samples count; the samples are kept so that the reader sees the spread."""

    id: str
    what: str
    unit: str  # "/s", or one where less is better: "ns", "us", "ms", "s", "MB", "%"
    ours: list[float]
    beside: str = ""  # what `other` is: a peer or a bare limit
    other: list[float] = field(default_factory=list)
    aim: Aim | None = None
    note: str = ""

    @property
    def value(self) -> float:
        return statistics.median(self.ours)

    @property
    def ratio(self) -> float | None:
        other = statistics.median(self.other) if self.other else 0
        return self.value / other if other else None

    @property
    def is_reached(self) -> bool | None:
        """None where there is no aim, or nothing to hold it against."""
        measured = None if self.aim is None else self.ratio if self.aim.of == "ratio" else self.value
        if measured is None:
            return None
        return measured <= self.aim.bound if self.unit in LESS_IS_BETTER else measured >= self.aim.bound

    def as_json(self) -> dict:
        def side(samples):
            return {"median": statistics.median(samples), "samples": samples} if samples else None

        return {
            "id": self.id, "what": self.what, "unit": self.unit, "ours": side(self.ours),
            "beside": self.beside or None, "other": side(self.other), "ratio": self.ratio,
            "aim": self.aim.text(self.unit) if self.aim else None, "reached": self.is_reached,
            "note": self.note or None,
        }


def amount(value: float, unit: str) -> str:
    """Three digits that matter, with the unit: 17.4 k/s, 0.382 ms."""
    if unit == "/s" and value >= 1_000_000:
        return f"{value / 1_000_000:.3g} M/s"
    if unit == "/s" and value >= 1000:
        return f"{value / 1000:.3g} k/s" if value < 999_500 else "1 M/s"
    if value >= 100:
        return f"{value:.0f} {unit}"
    return f"{value:.3g} {unit}"


def spread(samples: list[float]) -> str:
    """How far the samples lie from their median, as the larger of both sides in percent."""
    median = statistics.median(samples)
    if len(samples) < 2 or not median:
        return ""
    return f" ±{max(max(samples) - median, median - min(samples)) / median:.0%}"


def table(figures: list[Figure]) -> str:
    """The figures as aligned text, one a line, notes below."""
    rows = [("figure", "ours", "beside", "", "ratio", "aim", "")]
    notes = []
    for each in figures:
        mark = ""
        if each.note:
            if each.note not in notes:
                notes.append(each.note)
            mark = f" [{notes.index(each.note) + 1}]"
        rows.append((
            each.what + mark,
            amount(each.value, each.unit) + spread(each.ours),
            each.beside,
            amount(statistics.median(each.other), each.unit) + spread(each.other) if each.other else "",
            f"{each.ratio:.2f}" if each.ratio is not None else "",
            each.aim.text(each.unit) if each.aim else "",
            {True: "reached", False: "MISSED", None: "not judged" if each.aim else ""}[each.is_reached],
        ))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths))
    lines += [f"[{number}] {note}" for number, note in enumerate(notes, 1)]
    return "\n".join(lines)
