# SPDX-License-Identifier: Apache-2.0
"""As much of Prometheus' text format and query language as it takes to say what is named in an expression."""

import re
import typing

Series = tuple[str, tuple[tuple[str, str], ...]]
"""A metric's name and its labels, sorted."""

LABEL = re.compile(r'(\w+)\s*(=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)"')
NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
SELECTOR = re.compile(rf"(?<![\w.])({NAME})(?![\w:]|\s*\()\s*(\{{[0-9a-f]*\}})?")
BRACES = re.compile(r'\{(?:[^"}]|"(?:[^"\\]|\\.)*")*\}')
GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
WORDS = {"and", "or", "unless", "bool", "offset", "by", "without", "sum", "count", "max", "min", "topk", "inf", "nan"}


def scraped(text: str) -> dict[Series, str]:
    """Every series of a scrape with its value."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            head, _, value = line.rpartition(" ")
            name, _, labels = head.partition("{")
            found[name, tuple(sorted((each[0], each[2]) for each in LABEL.findall(labels)))] = value
    return found


class Selector(typing.NamedTuple):
    name: str
    matchers: tuple[tuple[str, str, str], ...]

    def fits(self, series: Series, free: set[str]) -> bool:
        """Whether `series` is selected; labels in `free` are not looked at."""
        labels = dict(series[1])
        for label, how, wanted in self.matchers:
            value = labels.get(label, "")
            equal = bool(re.fullmatch(wanted, value)) if "~" in how else wanted == value
            if label not in free and equal == how.startswith("!"):
                return False
        return series[0] == self.name


def selectors(expression: str) -> set[Selector]:
    """What `expression` reads."""
    # Matchers first, hidden from what looks for names, brackets and words after them.
    text = BRACES.sub(lambda each: "{" + each.group()[1:-1].encode().hex() + "}", expression)
    text = GROUPING.sub(" ", re.sub(r"\[[^\]]*\]", " ", text))
    return {Selector(name, tuple(LABEL.findall(bytes.fromhex((matchers or "{}")[1:-1]).decode())))
            for name, matchers in SELECTOR.findall(text) if name not in WORDS}
