#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which folder may include what: the rules of docs/architecture.md, as a check.

    scripts/check_layers.py [--root DIRECTORY]

Prints one line for each include that crosses a layer and ends with status 1 if there is one. Three
questions are asked:

  * is each direct include on the folder's allow-list?
  * does a file reach, through project headers, a foreign header its folder must never see?
  * does a file name a namespace that its folder must not use?
"""

import argparse
import fnmatch
import pathlib
import re
import sys
from dataclasses import dataclass, field

ENGINES = ["lmdb.h", "sqlite3.h"]
HTTP = ["httplib.h"]
NETWORK = ["asio.hpp", "asio/*", "boost/asio*"]

SYSTEM = ["*.h", "sys/*", "linux/*", "netinet/*", "arpa/*", "sanitizer/*"]
"""Headers of C, POSIX, Linux and the compiler; those of libraries that end in .h are named apart."""

LIBRARY_H = ENGINES + HTTP + ["xxhash.h", "openssl/*", "systemd/*", "zlib.h", "curl/*", "fmt/*", "spdlog/*"]
"""What looks like a system header and is not: only an allow-list admits it."""


@dataclass
class Rule:
    """What the files of one folder may include, beside themselves and the C++ standard library."""

    project: list[str] = field(default_factory=list)  # patterns of project headers
    foreign: list[str] = field(default_factory=list)  # patterns of library headers
    system: bool = True  # C, POSIX and Linux headers
    never: list[str] = field(default_factory=list)  # not even through other headers
    never_std: list[str] = field(default_factory=list)  # standard headers not even included directly
    never_namespace: list[str] = field(default_factory=list)
    files: dict[str, "Rule"] = field(default_factory=dict)  # what single files may in addition


# What of storage/ the layers above see: interfaces and plain types, no engine.
STORAGE_INTERFACES = [
    "storage/log_store.hpp",
    "storage/state_machine.hpp",
    "storage/command.hpp",
    "storage/digest_text.hpp",
    "storage/*types.hpp",
]
# What of raft/ a store keeps: the values, not the protocol.
RAFT_VALUES = ["raft/types.hpp", "raft/entry.hpp", "raft/hard_state.hpp", "raft/membership.hpp"]
# What of transport/ the actors see: no socket, no TLS.
TRANSPORT_INTERFACES = [
    "transport/links.hpp",
    "transport/peer.hpp",
    "transport/identity.hpp",
    "transport/settings.hpp",
    "transport/stream.hpp",
    "transport/bounds.hpp",
]
EVERYTHING = ["base/*", "trace/*", "raft/*", "replay/*", "storage/*", "transport/*", "actors/*", "supervisor/*", "http/*", "node/*", "tools/*"]

RULES = {
    "base": Rule(
        foreign=["tl/expected.hpp", "spdlog/*", "fmt/*", "xxhash.h", "nlohmann/*"],
        never=["caf/*", *ENGINES, *HTTP, *NETWORK],
    ),
    "trace": Rule(
        project=["base/*"],
        foreign=["tl/expected.hpp", "nlohmann/*"],
        never=["caf/*", *ENGINES, *HTTP, *NETWORK],
    ),
    "raft": Rule(
        project=["base/*"],
        foreign=["tl/expected.hpp"],
        system=False,
        # No clock, thread, chance or log of its own, also not through base.
        never=["caf/*", *ENGINES, *HTTP, *NETWORK, "spdlog/*", "chrono", "thread", "random", "iostream"],
        never_std=["mutex", "condition_variable", "fstream", "future"],
    ),
    "storage": Rule(
        project=["base/*", *RAFT_VALUES],
        foreign=["tl/expected.hpp", "spdlog/*", "fmt/*", "xxhash.h", "nlohmann/*", *ENGINES],
        never=["caf/*", *HTTP, *NETWORK],
    ),
    "transport": Rule(
        # Of Raft what servers say to each other, not the core.
        project=["base/*", "raft/types.hpp", "raft/messages.hpp", "raft/outcomes.hpp", "raft/bounds.hpp"],
        foreign=["tl/expected.hpp", "asio/*", "openssl/*"],
        never=["caf/*", *ENGINES, *HTTP],
    ),
    "replay": Rule(
        # Of transport how messages stand in bytes: no socket, nothing to link.
        project=[
            "base/*", "raft/*", "transport/message_layout.hpp", "transport/wire_fields.hpp", "transport/frame.hpp",
            "transport/bounds.hpp",
        ],
        foreign=["tl/expected.hpp"],
        never=["caf/*", *ENGINES, *HTTP, *NETWORK],
    ),
    "actors": Rule(
        project=["base/*", "trace/*", "raft/*", "replay/recorded_core.hpp", *STORAGE_INTERFACES, *TRANSPORT_INTERFACES],
        foreign=["caf/*", "prometheus/*", "tl/expected.hpp", "spdlog/*", "fmt/*", "nlohmann/*"],
        never=[*ENGINES, *HTTP, *NETWORK],
        files={
            # The last report of the check, as the health answer shows it.
            "actors/node_status.*": Rule(project=["storage/cross_check.hpp"]),
            # What operators ask of both stores, the report of it, and a copy of the log: of no engine.
            "actors/live_check.*": Rule(project=["storage/cross_check.hpp", "storage/one_story.hpp"]),
            "actors/inspector.*": Rule(
                project=["storage/cross_check.hpp", "storage/files.hpp", "storage/log_copy.hpp"]
            ),
            "actors/held_file.hpp": Rule(project=["storage/transfer_file.hpp"]),
            "actors/backup_maker.*": Rule(project=["storage/digest.hpp", "storage/snapshot_source.hpp"]),
            "actors/storage_scanner.*": Rule(project=["storage/digest.hpp"]),
            "actors/row_sum.*": Rule(project=["storage/digest.hpp", "storage/row_changes.hpp"]),
            # The steps of an install, and the files that travel: of no engine.
            "actors/snapshot_*": Rule(
                project=[
                    "storage/cross_check.hpp", "storage/files.hpp", "storage/install.hpp",
                    "storage/snapshot_source.hpp", "storage/transfer_file.hpp",
                ]
            ),
        },
    ),
    "supervisor": Rule(
        project=["base/*", "trace/*", "actors/*"],
        foreign=["caf/*", "prometheus/*", "tl/expected.hpp", "spdlog/*", "fmt/*", "nlohmann/*"],
        never=[*ENGINES, *HTTP, *NETWORK],
        # Only the gate knows what a verdict of the stores looks like, and keeps a refusal in a file.
        files={
            "supervisor/*gate*": Rule(project=["storage/cross_check*.hpp"]),
            "supervisor/quarantine.*": Rule(project=["storage/cross_check*.hpp", "storage/plain_files.hpp"]),
        },
    ),
    "http": Rule(
        project=["base/*", "storage/digest_text.hpp", "trace/*", "actors/*"],
        foreign=[
            "httplib.h", "nlohmann/*", "prometheus/*", "boost/context/*", "openssl/*", "tl/expected.hpp",
            "spdlog/*", "fmt/*",
        ],
        never=[*ENGINES],
        never_namespace=["caf"],
        # The one bridge to the actors.
        files={"http/*gateway*": Rule(foreign=["caf/*"])},
    ),
    "node": Rule(
        project=EVERYTHING,
        foreign=[
            "caf/*", "spdlog/*", "fmt/*", "toml++/*", "CLI/*", "nlohmann/*", "prometheus/*", "systemd/*",
            "tl/expected.hpp", "openssl/*",
        ],
        files={
            # Which versions of the libraries this is: their macros say so.
            "node/versions.cpp": Rule(foreign=[*ENGINES, *HTTP]),
            # Which cluster to join: one question to another node's HTTP.
            "node/cluster_lookup.cpp": Rule(foreign=HTTP),
            # Sends traces to a collector.
            "node/otlp_exporter.cpp": Rule(foreign=HTTP),
        },
    ),
    "tools": Rule(
        project=["base/*", "trace/*", "raft/types.hpp", "raft/format.hpp", "replay/core_player.hpp", "storage/*", "transport/certificates.hpp"],
        foreign=[
            "CLI/*", "nlohmann/*", "spdlog/*", "fmt/*", "httplib.h", "openssl/*", "toml++/*",
            "tl/expected.hpp", *ENGINES,
        ],
        never=["caf/*"],
    ),
    "bench": Rule(project=[*EVERYTHING, "tests/support/*"], foreign=["*"]),
    "tests": Rule(
        project=[*EVERYTHING, "tests/*"],
        foreign=[
            "caf/*", "nlohmann/*", "prometheus/*", "boost/context/*", "openssl/*", "spdlog/*", "fmt/*",
            "tl/expected.hpp", "toml++/*", "CLI/*", "xxhash.h", "asio/*", *ENGINES, *HTTP,
        ],
        # One spelling of Catch2 2 and 3 for all tests.
        files={"tests/support/catch.hpp": Rule(foreign=["catch2/*"])},
    ),
}

GENERATED = {"base/version.hpp"}
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"]+)"|<([^>]+)>)', re.MULTILINE)
COMMENT = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.DOTALL)


def matches(name: str, patterns: list[str]) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def is_standard(header: str) -> bool:
    return "/" not in header and "." not in header


class Tree:
    """The C++ files below `root`, and what is wrong with their includes."""

    def __init__(self, root: pathlib.Path):
        self.root = root
        self.text = {}
        self.includes = {}
        for path in sorted(root.rglob("*.[ch]pp")):
            name = path.relative_to(root).as_posix()
            if name.split("/")[0] in ("build", "data") or name.startswith("."):
                continue
            self.text[name] = path.read_text(encoding="utf-8")
            found = INCLUDE.findall(self.text[name])
            self.includes[name] = [(quoted or angled, bool(quoted)) for quoted, angled in found]

    def violations(self):
        for name in self.text:
            folder = name.split("/")[0]
            if "/" not in name or folder not in RULES:
                yield f"{name}: folder {folder} has no rule in scripts/check_layers.py"
                continue
            rule = RULES[folder]
            yield from self._direct(name, folder, rule)
            yield from self._reached(name, rule)
            yield from self._namespaces(name, rule)

    def _direct(self, name, folder, rule):
        granted = [extra for pattern, extra in rule.files.items() if matches(name, [pattern])]
        project = [f"{folder}/*", *rule.project, *(p for extra in granted for p in extra.project)]
        foreign = [*rule.foreign, *(p for extra in granted for p in extra.foreign)]
        for header, quoted in self.includes[name]:
            if quoted:
                if header not in self.text and header not in GENERATED:
                    yield f'{name}: "{header}" is no file below the root of the repository'
                elif not matches(header, project):
                    yield f'{name}: {folder}/ may not include "{header}"'
            elif is_standard(header):
                if matches(header, [*rule.never, *rule.never_std]):
                    yield f"{name}: {folder}/ may never include <{header}>"
            elif matches(header, foreign):
                continue
            elif not (rule.system and matches(header, SYSTEM) and not matches(header, LIBRARY_H)):
                yield f"{name}: {folder}/ may not include <{header}>"

    def _reached(self, name, rule):
        """Foreign headers of `never` that come in through project headers, with the way they take."""
        seen, todo = {name}, [(name, [])]
        while todo:
            current, way = todo.pop()
            for header, quoted in self.includes.get(current, []):
                if quoted:
                    if header in self.text and header not in seen:
                        seen.add(header)
                        todo.append((header, [*way, header]))
                elif way and matches(header, rule.never):
                    yield f"{name}: reaches <{header}> through {' -> '.join(way)}"

    def _namespaces(self, name, rule):
        granted = [extra for pattern, extra in rule.files.items() if matches(name, [pattern])]
        code = COMMENT.sub("", self.text[name])
        for namespace in rule.never_namespace:
            if any(matches(f"{namespace}/", extra.foreign) for extra in granted):
                continue
            if re.search(rf"\b{namespace}::", code):
                yield f"{name}: names {namespace}:: outside the files that may"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent)
    tree = Tree(parser.parse_args().root.resolve())
    if not tree.text:
        print("no C++ files found", file=sys.stderr)
        return 1
    found = list(tree.violations())
    for line in found:
        print(line)
    print(f"layers: {len(tree.text)} files, {len(found)} violations", file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
