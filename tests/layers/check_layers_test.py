# SPDX-License-Identifier: Apache-2.0
"""The layering check finds what it is there to find: each test plants a tree and reads the verdict."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

CHECK = pathlib.Path(__file__).parents[2] / "scripts" / "check_layers.py"


def findings(files: dict[str, str]) -> list[str]:
    """The lines the check prints for a tree of these files."""
    with tempfile.TemporaryDirectory(prefix="aspen-layers-") as root:
        for name, text in files.items():
            path = pathlib.Path(root, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        run = subprocess.run(
            [sys.executable, CHECK, "--root", root], capture_output=True, text=True, check=False)
        lines = run.stdout.splitlines()
        assert run.returncode == (1 if lines else 0), run.stderr
        return lines


class Layers(unittest.TestCase):
    def test_what_each_layer_is_for_is_allowed(self):
        self.assertEqual([], findings({
            "base/check.hpp": "#include <string>\n#include <tl/expected.hpp>\n#include <unistd.h>\n",
            "raft/types.hpp": '#include "base/check.hpp"\n',
            "storage/log_store.hpp": '#include "raft/types.hpp"\n',
            "storage/lmdb_log_store.cpp": '#include <lmdb.h>\n#include "storage/log_store.hpp"\n',
            "actors/log_writer.cpp": '#include "storage/log_store.hpp"\n#include <caf/all.hpp>\n',
            "http/server.cpp": "#include <httplib.h>\n",
        }))

    def test_an_upward_include_is_found(self):
        self.assertEqual(
            ['raft/core.hpp: raft/ may not include "storage/log_store.hpp"'],
            findings({"storage/log_store.hpp": "", "raft/core.hpp": '#include "storage/log_store.hpp"\n'}))

    def test_a_storage_engine_in_an_actor_is_found(self):
        for engine in ("lmdb.h", "sqlite3.h"):
            self.assertEqual(
                [f"actors/log_writer.cpp: actors/ may not include <{engine}>"],
                findings({"actors/log_writer.cpp": f"#include <{engine}>\n"}))

    def test_an_engine_behind_an_interface_header_is_found(self):
        self.assertEqual(
            ["actors/log_writer.cpp: reaches <lmdb.h> through storage/log_store.hpp"],
            findings({
                "storage/log_store.hpp": "#include <lmdb.h>\n",
                "actors/log_writer.cpp": '#include "storage/log_store.hpp"\n',
            }))

    def test_a_clock_in_the_core_is_found(self):
        self.assertEqual(
            ["raft/core.cpp: raft/ may never include <chrono>"],
            findings({"raft/core.cpp": "#include <chrono>\n"}))

    def test_a_clock_that_reaches_the_core_through_base_is_found(self):
        self.assertEqual(
            ["raft/core.cpp: reaches <chrono> through base/clock.hpp"],
            findings({"base/clock.hpp": "#include <chrono>\n", "raft/core.cpp": '#include "base/clock.hpp"\n'}))

    def test_caf_in_storage_is_found(self):
        self.assertEqual(
            ["storage/store.cpp: storage/ may not include <caf/actor.hpp>"],
            findings({"storage/store.cpp": "#include <caf/actor.hpp>\n"}))

    def test_only_the_gate_includes_the_cross_check(self):
        self.assertEqual(
            ['supervisor/supervisor.cpp: supervisor/ may not include "storage/cross_check.hpp"'],
            findings({
                "storage/cross_check.hpp": "",
                "supervisor/validation_gate.cpp": '#include "storage/cross_check.hpp"\n',
                "supervisor/supervisor.cpp": '#include "storage/cross_check.hpp"\n',
            }))

    def test_only_the_gateway_uses_caf_in_http(self):
        self.assertEqual(
            ["http/routes.cpp: names caf:: outside the files that may"],
            findings({
                "http/actor_gateway.cpp": "#include <caf/actor.hpp>\ncaf::actor a;\n",
                "http/routes.cpp": "// not caf::actor\ncaf::actor a;\n",
            }))

    def test_catch2_is_included_in_one_place(self):
        self.assertEqual(
            ["tests/unit/a_test.cpp: tests/ may not include <catch2/catch.hpp>"],
            findings({
                "tests/support/catch.hpp": "#include <catch2/catch.hpp>\n",
                "tests/unit/a_test.cpp": "#include <catch2/catch.hpp>\n",
            }))

    def test_a_path_that_does_not_start_at_the_root_is_found(self):
        self.assertEqual(
            ['base/check.cpp: "check.hpp" is no file below the root of the repository'],
            findings({"base/check.hpp": "", "base/check.cpp": '#include "check.hpp"\n'}))

    def test_a_folder_without_a_rule_is_found(self):
        self.assertEqual(
            ["util/misc.hpp: folder util has no rule in scripts/check_layers.py"],
            findings({"util/misc.hpp": ""}))


if __name__ == "__main__":
    unittest.main()
