# SPDX-License-Identifier: Apache-2.0
"""scripts/build on a machine where something is missing: it names what, and changes nothing."""

import os
import pathlib
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
LIST = """# a list with two packages nobody has
build  bash            command:bash
build  no-such-tool    command:aspen-no-such-tool
build  no-such-dev     header:aspen/no_such_header.hpp
test   no-such-tester  command:aspen-no-such-tester
"""


class Packages(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="aspen-packages-")
        self.addCleanup(self.folder.cleanup)
        self.packages = self.file("packages", LIST)

    def file(self, name, text):
        path = pathlib.Path(self.folder.name, name)
        path.write_text(text, encoding="utf-8")
        return str(path)

    def run_script(self, *command, **environment):
        return subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
            env={**os.environ, "ASPEN_PACKAGES": self.packages, **environment})

    def test_check_packages_names_exactly_what_is_missing_and_fails(self):
        run = self.run_script("scripts/build", "--check-packages")
        self.assertEqual(1, run.returncode)
        self.assertEqual("error: missing packages: no-such-tool no-such-dev\n", run.stderr)

    def test_the_tests_need_more_than_the_build(self):
        run = self.run_script("scripts/test", "--check-packages")
        self.assertIn("no-such-tool no-such-dev no-such-tester", run.stderr)

    def test_nothing_missing_is_said_and_succeeds(self):
        run = self.run_script(
            "scripts/build", "--check-packages", ASPEN_PACKAGES=self.file("few", "build bash command:bash\n"))
        self.assertEqual((0, "all packages are installed\n"), (run.returncode, run.stdout))

    def test_an_unreadable_list_fails(self):
        run = self.run_script("scripts/build", "--check-packages", ASPEN_PACKAGES="/nonexistent/packages")
        self.assertNotEqual(0, run.returncode)

    def test_another_distribution_is_told_what_is_missing(self):
        release = self.file("os-release", 'ID=other\nVERSION_ID=1\nPRETTY_NAME="Other Linux 1"\n')
        run = self.run_script("scripts/build", ASPEN_OS_RELEASE=release)
        self.assertEqual(1, run.returncode)
        self.assertIn("this is Other Linux 1, not Debian 12 or 13", run.stderr)
        self.assertIn("no-such-tool no-such-dev\n", run.stderr)

    def test_a_module_of_python_is_looked_for_where_the_tests_look(self):
        few = self.file("few", "test python3-yaml python:yaml\ntest no-such-module python:aspen_no_such_module\n")
        run = self.run_script("scripts/test", "--check-packages", ASPEN_PACKAGES=few)
        self.assertEqual("error: missing packages: no-such-module\n", run.stderr)

    def test_what_is_installed_starts_no_service(self):
        """An installation that would start one asks policy-rc.d and enables a unit, as Debian's do."""
        policy, units = pathlib.Path(self.folder.name, "policy-rc.d"), pathlib.Path(self.folder.name, "wants")
        units.mkdir()
        (units / "kept.service").touch()
        fake = pathlib.Path(self.folder.name, "bin")
        fake.mkdir()
        for name, body in [
                ("apt", f'"{policy}"; echo "may start: $?"; touch "{units}/new.service" "{units}/new.target"; exit 3'),
                ("systemctl", f'echo "systemctl $*"; rm "{units}/${{@: -1}}"'), ("sudo", 'shift; exec "$@"')]:
            (fake / name).write_text("#!/bin/bash\n" + body + "\n", encoding="utf-8")
            (fake / name).chmod(0o755)
        run = self.run_script(
            "bash", "-c", ". scripts/lib.sh; without_services apt || echo status $?", ASPEN_POLICY_RC=str(policy),
            ASPEN_ENABLED_UNITS=str(units), PATH=f"{fake}:{os.environ['PATH']}")
        self.assertEqual("may start: 101\nsystemctl --quiet disable new.service\nstatus 3\n", run.stdout, run.stderr)
        self.assertFalse(policy.exists())
        self.assertEqual({"kept.service", "new.target"}, {each.name for each in units.iterdir()})


if __name__ == "__main__":
    unittest.main()
