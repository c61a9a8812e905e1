# SPDX-License-Identifier: Apache-2.0
"""The unit, as an installation gets it, judged by systemd's own tools; and the files it speaks of."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("ASPEN_BIN", "build/dev/bin")).resolve()
EXPOSURE_MAX = "20"
"""Tenths, as `systemd-analyze security` counts: below 2 of 10 it says OK."""


def run(*command, check: bool = True) -> subprocess.CompletedProcess:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ASPEN_")}
    return subprocess.run([str(each) for each in command], text=True, capture_output=True, check=check, timeout=90,
                          env=environment)


class Service(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="aspen-service-")
        self.addCleanup(folder.cleanup)
        text = (ROOT / "packaging/aspen-node.service.in").read_text(encoding="utf-8")
        # Where the program and a file of documentation really are.
        text = text.replace("@ASPEN_BIN_DIR@", str(BIN)).replace("@ASPEN_DOC_DIR@", str(ROOT / "docs"))
        self.assertNotIn("@ASPEN_", text)
        self.unit = pathlib.Path(folder.name) / "aspen-node.service"
        self.unit.write_text(text, encoding="utf-8")
        self.settings = dict(re.findall(r"^(\w+)=(.*)$", text, re.MULTILINE))

    def test_systemd_finds_no_fault(self):
        checked = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", self.unit, check=False)
        self.assertEqual((0, "", ""), (checked.returncode, checked.stdout, checked.stderr))

    def test_a_fault_would_be_found(self):
        self.unit.write_text(self.unit.read_text().replace("/aspen-node --config", "/no-such-node --config"))
        self.assertNotEqual(0, run("systemd-analyze", "verify", "--man=no", self.unit, check=False).returncode)

    def test_little_is_exposed(self):
        judge = ("systemd-analyze", "security", "--offline=true", "--no-pager")
        checked = run(*judge, f"--threshold={EXPOSURE_MAX}", self.unit, check=False)
        self.assertEqual(0, checked.returncode, checked.stdout[-2000:])
        self.assertNotEqual(0, run(*judge, "--threshold=5", self.unit, check=False).returncode)

    def test_it_is_restarted_but_where_that_cures_nothing(self):
        self.assertEqual("2 78", self.settings["RestartPreventExitStatus"])
        self.assertEqual(("on-failure", "notify", "30s"),
                         tuple(self.settings[each] for each in ("Restart", "Type", "WatchdogSec")))

    def test_the_directories_are_those_of_the_configuration(self):
        """StateDirectory and LogsDirectory stand for /var/lib and /var/log."""
        config = (ROOT / "configs/production.toml").read_text(encoding="utf-8")
        data = re.search(r'^data_dir = "/var/lib/(.*)"$', config, re.MULTILINE)[1]
        self.assertIn(data, self.settings["StateDirectory"].split())
        log = pathlib.PurePath(re.search(r'^file = "/var/log/(.*)"$', config, re.MULTILINE)[1])
        self.assertIn(str(log.parent), self.settings["LogsDirectory"].split())
        rotated = (ROOT / "packaging/aspen-node.logrotate").read_text(encoding="utf-8")
        self.assertTrue(pathlib.PurePath("/var/log", log).match(re.search(r"^(/\S+) \{", rotated, re.MULTILINE)[1]))
        tmpfiles = (ROOT / "packaging/aspen.tmpfiles").read_text(encoding="utf-8")
        for each in (f"/var/lib/{data}", f"/var/log/{log.parent}", "/etc/aspen/node.toml"):
            self.assertIn(f" {each} ", tmpfiles)
        self.assertIn("--config /etc/aspen/node.toml", self.settings["ExecStart"])

    def test_every_shipped_configuration_is_accepted(self):
        for name in ("single", "cluster", "production"):
            said = run(BIN / "aspen-node", "--config", ROOT / f"configs/{name}.toml", "--check-config", check=False)
            self.assertEqual((0, "OK\n", ""), (said.returncode, said.stdout, said.stderr), name)

    def test_systemd_would_make_the_user_and_the_directories(self):
        root = self.unit.parent / "root"
        for name in ("sysusers", "tmpfiles"):
            place = root / f"usr/lib/{name}.d"
            place.mkdir(parents=True)
            (place / "aspen.conf").write_text((ROOT / f"packaging/aspen.{name}").read_text())
        (root / "etc").mkdir()
        run("systemd-sysusers", f"--root={root}")
        self.assertRegex((root / "etc/passwd").read_text(), r"(?m)^aspen:x:\d+:\d+:.*:/var/lib/aspen:\S*nologin$")


if __name__ == "__main__":
    unittest.main()
