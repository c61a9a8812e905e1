# SPDX-License-Identifier: Apache-2.0
"""What in an exported recording is against the rules of its format, by each format's own documentation. Every function
returns a list of faults, empty for a document that keeps to the rules."""

import html.parser
import json
import re

MERMAID_CHARACTERS_MAX = 50_000  # its default `maxTextSize`


def broken_mermaid(text: str) -> list[str]:
    """https://mermaid.js.org/syntax/sequenceDiagram.html"""
    found, declared = [], set()
    lines = text.rstrip("\n").split("\n")
    if lines[0] != "sequenceDiagram":
        found.append(f"not a sequence diagram: {lines[0]}")
    if len(text) > MERMAID_CHARACTERS_MAX:
        found.append(f"{len(text)} characters")
    for line in lines[1:]:
        participant = re.fullmatch(r" +participant (\w+) as (.+)", line)
        arrow = re.fullmatch(r" +(\w+)(?:->>|-->>|-x|-\))(\w+): (.+)", line)
        note = re.fullmatch(r" +Note over (\w+): (.+)", line)
        if participant:
            declared.add(participant[1])
        elif not arrow and not note:
            found.append(f"no statement: {line}")
        else:
            ends = arrow.groups()[:2] if arrow else (note[1],)
            found.extend(f"{end} is declared nowhere: {line}" for end in ends if end not in declared)
        statement = participant or arrow or note
        said = statement[statement.lastindex] if statement else ""
        if re.search(r"[;#]", re.sub(r"#\d+;", "", said)):
            found.append(f"a character that ends the statement: {line}")
    return found


class Page(html.parser.HTMLParser):
    VOID = {"meta", "br", "hr", "img", "link", "input"}
    ALLOWED = {"html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "table", "tr", "th", "td", "b", "i", "small"}
    PARENTS = {"tr": {"table"}, "td": {"tr"}, "th": {"tr"}}

    def __init__(self):
        super().__init__(convert_charrefs=False)
        self.open, self.found, self.text = [], [], []

    def handle_starttag(self, tag, attrs):
        if tag not in self.ALLOWED:
            self.found.append(f"element {tag}")
        if tag in self.PARENTS and (not self.open or self.open[-1] not in self.PARENTS[tag]):
            self.found.append(f"{tag} in {self.open}")
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action") or name.startswith("on") or "url(" in (value or ""):
                self.found.append(f"{tag} loads or runs something: {name}={value}")
            for share in re.findall(r"([\d.]+)%", value or ""):
                if tag == "i" and not 0 <= float(share) <= 100.01:
                    self.found.append(f"a bar beyond its place: {value}")
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.found.append(f"</{tag}> closes nothing")

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] != "style" and "<" in data:
            self.found.append(f"an unescaped character: {data}")


def broken_html(text: str) -> list[str]:
    """Well formed, of known elements, and nothing that a browser would fetch or run."""
    page = Page()
    page.feed(text)
    page.close()
    found = page.found + [f"{each} is not closed" for each in page.open]
    if not text.startswith("<!doctype html>\n<html lang="):
        found.append("no document type")
    if 'charset="utf-8"' not in text or "default-src 'none'" not in text:
        found.append("no charset, or it may load something")
    return found


def shiviz_events(text: str) -> list[dict]:
    """The events as ShiViz parses them: by the regular expression in the first line; the second is the delimiter of executions."""
    pattern, delimiter, log = text.split("\n", 2)
    assert delimiter == "", delimiter
    matcher = re.compile(pattern.replace("(?<", "(?P<"))
    events, at = [], 0
    while at < len(log.rstrip("\n")):
        match = matcher.match(log, at)
        assert match, f"not parsed: {log[at:at + 200]}"
        events.append(match.groupdict() | {"clock": json.loads(match["clock"])})
        at = match.end() + 1
    return events


def broken_shiviz(text: str) -> list[str]:
    """https://bitbucket.org/bestchai/shiviz/wiki: each host counts its own events from one without a gap, its clock never goes
    back, and knows only events that are there."""
    found, last = [], {}
    events = shiviz_events(text)
    for event in events:
        host, clock = event["host"], event["clock"]
        before = last.get(host, {})
        if clock.get(host) != before.get(host, 0) + 1:
            found.append(f"{host} goes from {before} to {clock}")
        if any(clock.get(each, 0) < count for each, count in before.items()):
            found.append(f"the clock of {host} goes back from {before} to {clock}")
        last[host] = clock
        for other, count in clock.items():
            if count > last.get(other, {}).get(other, 0):
                found.append(f"{host} knows event {count} of {other}, which has not happened: {event}")
    return found


def otlp_spans(document: dict) -> list[dict]:
    return [span for resource in document["resourceSpans"] for scope in resource["scopeSpans"] for span in scope["spans"]]


def broken_attributes(attributes: list) -> list[str]:
    found = []
    for each in attributes:
        kind, value = next(iter(each["value"].items()))
        fits = {"stringValue": lambda: isinstance(value, str), "boolValue": lambda: isinstance(value, bool),
                "intValue": lambda: isinstance(value, str) and re.fullmatch(r"-?\d+", value)}
        if set(each) != {"key", "value"} or len(each["value"]) != 1 or kind not in fits or not fits[kind]():
            found.append(f"attribute {each}")
    return found


def broken_otlp(document: dict) -> list[str]:
    """https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding and opentelemetry/proto/trace/v1/trace.proto"""
    found = []
    fields = {"traceId", "spanId", "parentSpanId", "name", "kind", "startTimeUnixNano", "endTimeUnixNano", "attributes",
              "events", "status", "links"}
    for resource in document["resourceSpans"]:
        found += broken_attributes(resource["resource"]["attributes"])
        if "service.name" not in {each["key"] for each in resource["resource"]["attributes"]}:
            found.append("a resource without service.name")
    spans = {span["spanId"]: span for span in otlp_spans(document)}
    if len(spans) != len(otlp_spans(document)):
        found.append("two spans of one id")
    for span in otlp_spans(document):
        if not set(span) <= fields:
            found.append(f"unknown fields: {set(span) - fields}")
        for name, digits in (("traceId", 32), ("spanId", 16), ("parentSpanId", 16)):
            if name in span and (not re.fullmatch(f"[0-9a-f]{{{digits}}}", span[name]) or set(span[name]) == {"0"}):
                found.append(f"{name} {span[name]}")
        if "parentSpanId" in span and span["parentSpanId"] not in spans:
            found.append(f"a parent that is not there: {span}")
        times = [span["startTimeUnixNano"], span["endTimeUnixNano"]] + [each["timeUnixNano"] for each in span.get("events", [])]
        if not all(isinstance(each, str) and each.isdigit() for each in times) or int(times[0]) > int(times[1]):
            found.append(f"times {times}")
        if span["kind"] not in range(1, 6) or not span["name"]:
            found.append(f"kind or name of {span}")
        found += broken_attributes(span.get("attributes", []))
        for event in span.get("events", []):
            found += broken_attributes(event["attributes"])
    return found
