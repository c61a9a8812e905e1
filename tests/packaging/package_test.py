# SPDX-License-Identifier: Apache-2.0
"""The Debian package of this build: what is in it, what it needs, what its scripts do, and that the node in it runs
with the configuration in it."""

import os
import pathlib
import re
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests/e2e"))

from aspen_e2e import BIN, Node, clean_environment  # noqa: E402

BUILD = BIN.parent
PROGRAMS = ("aspen-node", "aspenctl", "aspen-backup", "aspen-debug-storage")
LAID_OUT = {
    *(f"/usr/bin/{each}" for each in PROGRAMS), "/usr/bin/aspen-backup-daily.sh", "/etc/aspen/node.toml",
    "/etc/logrotate.d/aspen-node", "/usr/lib/systemd/system/aspen-node.service", "/usr/lib/sysusers.d/aspen.conf",
    "/usr/lib/tmpfiles.d/aspen.conf", "/usr/share/man/man8/aspen-node.8", "/usr/share/man/man1/aspenctl.1",
    "/usr/share/man/man1/aspen-backup.1", "/usr/share/man/man1/aspen-debug-storage.1",
    *(f"/usr/share/bash-completion/completions/{each}" for each in PROGRAMS),
    *(f"/usr/share/zsh/site-functions/_{each}" for each in PROGRAMS),
    "/usr/share/aspen/scripts/test-backup-restore.sh", "/usr/share/aspen/prometheus/aspen.rules.yml",
    "/usr/share/aspen/prometheus/aspen.alerts.yml", "/usr/share/aspen/grafana/aspen.json",
    "/usr/share/aspen/kubernetes/aspen.yaml", "/usr/share/aspen/configs/single.toml",
    "/usr/share/aspen/configs/cluster.toml", "/usr/share/aspen/configs/production.toml",
    "/usr/share/doc/aspen-node/copyright", "/usr/share/doc/aspen-node/README.md",
    "/usr/share/doc/aspen-node/CHANGELOG.md", "/usr/share/doc/aspen-node/docs/operations.md",
}
EXECUTABLE = {each for each in LAID_OUT if each.startswith("/usr/bin/") or each.endswith(".sh")}


def run(*command, **more) -> subprocess.CompletedProcess:
    ended = subprocess.run([str(each) for each in command], text=True, capture_output=True, check=False, timeout=300,
                           **more)
    assert ended.returncode == 0, ended
    return ended


class Package(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="aspen-package-")
        cls.place = pathlib.Path(cls.folder.name)
        run("cpack", "--config", BUILD / "CPackConfig.cmake", "-G", "DEB", "-B", cls.place / "made",
            env=os.environ | {"DESTDIR": ""})
        (cls.package,) = (cls.place / "made").glob("*.deb")
        run("dpkg-deb", "-x", cls.package, cls.place / "root")
        run("dpkg-deb", "-e", cls.package, cls.place / "control")
        cls.root = cls.place / "root"
        cls.fields = dict(re.findall(r"^([A-Z]\S*): (.*)$", run("dpkg-deb", "-I", cls.package, "control").stdout,
                                     re.MULTILINE))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_it_holds_what_an_installation_needs(self):
        listed = run("dpkg-deb", "-c", self.package).stdout.splitlines()
        files = {line.split()[5].removeprefix("."): line for line in listed if not line.startswith("d")}
        self.assertEqual(set(), LAID_OUT - set(files))
        self.assertEqual(set(), {each for each in files if not each.startswith(("/usr/", "/etc/"))})
        self.assertEqual(set(), {each for each in files if each.startswith("/usr/bin/")} - LAID_OUT)
        for name, line in files.items():
            self.assertIn(" root/root ", line)
            self.assertEqual(name in EXECUTABLE, line.startswith("-rwxr-xr-x"), line)
            self.assertNotIn("w", line[5] + line[8], line)
        for line in listed:
            if line.startswith("d"):
                self.assertTrue(line.startswith("drwxr-xr-x"), line)

    def test_it_depends_on_the_libraries_that_its_programs_load(self):
        depends = self.fields["Depends"]
        for library in ("libc6", "libsqlite3-0", "liblmdb0", "libssl3", "libsystemd0"):
            self.assertRegex(depends, rf"(^|, ){library}(t64)?( \(|,|$)")
        self.assertIn("adduser", depends)
        loaded = set()
        for each in PROGRAMS:
            text = run("objdump", "-p", self.root / "usr/bin" / each).stdout
            loaded |= set(re.findall(r"NEEDED +(\S+)", text))
        for library in loaded:
            # Of any architecture that is installed; by its own name or by one that it provides.
            owners = {line.split(":")[0] for line in run("dpkg-query", "-S", f"*/{library}").stdout.splitlines()}
            names = run("dpkg-query", "-W", "-f", "${Package}, ${Provides}, ", *owners).stdout
            names = set(re.sub(r" \([^)]*\)", "", names).split(", ")) - {""}
            self.assertTrue(names & set(re.sub(r" \([^)]*\)", "", depends).split(", ")), (library, names))

    def test_its_fields_are_those_of_this_version(self):
        version = re.search(r"project\(aspen VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
        self.assertEqual(version, self.fields["Version"])
        cache = (BUILD / "CMakeCache.txt").read_text()
        is_for_tests = re.search(r"^ASPEN_FAILPOINTS:BOOL=(ON|TRUE|1)$", cache, re.MULTILINE)
        self.assertEqual("aspen-node-for-tests" if is_for_tests else "aspen-node", self.fields["Package"])
        self.assertEqual(self.package.name, f"{self.fields['Package']}_{version}_{self.fields['Architecture']}.deb")

    def test_what_users_change_is_kept_at_an_upgrade(self):
        kept = (self.place / "control/conffiles").read_text().split()
        self.assertEqual({each for each in LAID_OUT if each.startswith("/etc/")}, set(kept))

    # -- the maintainer's scripts ------------------------------------------------------------

    def script(self, name: str, *arguments: str, has_user: bool = False) -> list[str]:
        """What the script does, of what could matter to a system: nothing of it happens."""
        fakes = self.place / "fakes"
        shutil.rmtree(fakes, ignore_errors=True)
        fakes.mkdir()
        calls = fakes / "calls"
        calls.touch()
        for each in ("getent", "adduser", "install", "chgrp", "chmod", "systemctl", "deb-systemd-invoke", "rm", "rmdir"):
            (fakes / each).write_text(f'#!/bin/sh\necho "{each} $*" >>{calls}\n'
                                      + ("exit 2\n" if each == "getent" and not has_user else ""))
            (fakes / each).chmod(0o755)
        run("/bin/sh", self.place / "control" / name, *arguments, env={"PATH": f"{fakes}"})
        return calls.read_text().splitlines()

    def test_an_installation_makes_the_user_and_starts_nothing(self):
        done = self.script("postinst", "configure", "")
        self.assertEqual(1, len([each for each in done if each.startswith("adduser --system --group")]))
        self.assertIn("install -d -m 0700 -o aspen -g aspen /var/lib/aspen /var/lib/aspen/node-1", done)
        self.assertIn("chmod 0640 /etc/aspen/node.toml", done)
        self.assertEqual([], [each for each in done if re.search(r"\b(re)?start\b|enable", each)])
        again = self.script("postinst", "configure", "0.0.9", has_user=True)
        self.assertEqual([], [each for each in again if each.startswith("adduser")])
        self.assertEqual([], [each for each in again if re.search(r" start | enable ", each)])

    def test_no_script_ever_removes_data(self):
        for name, argument in (("prerm", "remove"), ("prerm", "upgrade"), ("postrm", "remove"), ("postrm", "purge")):
            for each in self.script(name, argument):
                if each.startswith("rm "):
                    self.assertNotIn("/var/lib", each)
                self.assertFalse(each.startswith("adduser"))
        self.assertEqual([], [each for each in self.script("postrm", "remove") if each.startswith("rm")])
        self.assertIn("rm -rf /var/log/aspen", self.script("postrm", "purge"))

    def test_every_script_is_one(self):
        for name in ("postinst", "prerm", "postrm"):
            place = self.place / "control" / name
            run("sh", "-n", place)
            self.assertEqual(0o755, stat.S_IMODE(place.stat().st_mode))

    # -- what is in it, at work --------------------------------------------------------------

    def test_the_node_in_it_runs_with_the_configuration_in_it(self):
        node = Node()
        config = self.root / "etc/aspen/node.toml"
        plain = node.arguments()
        node.arguments = lambda: ["--config", str(config), *plain]
        log = node.directory / "node-1.log"
        with node:
            # Data, log and ports of a test, everything else as shipped.
            program = self.root / "usr/bin/aspen-node"
            with open(node.log_path, "ab") as output:
                node.process = subprocess.Popen(
                    [program, *node.arguments()], stderr=output, stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL,
                    env=clean_environment(ASPEN_LOG_FILE=str(log)))
            node.wait_ready()
            self.assertEqual(200, node.put("k", b"v").status)
            self.assertIn("starting", log.read_text())
            asked = run(self.root / "usr/bin/aspenctl", "--endpoints", f"http://127.0.0.1:{node.port}", "get", "k",
                        env=clean_environment())
            self.assertEqual("k\nv\n", asked.stdout)
            made = run(self.root / "usr/bin/aspen-backup-daily.sh", "--from", f"http://127.0.0.1:{node.admin_port}",
                       "--dir", node.directory / "backups",
                       env=clean_environment(PATH=f"{self.root}/usr/bin:{os.environ['PATH']}"))
            self.assertIn("done after", made.stdout)
            self.assertEqual(0, node.stop())
            run(self.root / "usr/share/aspen/scripts/test-backup-restore.sh", "--dir", node.directory / "backups",
                "--bin", self.root / "usr/bin", env=clean_environment())

    def test_the_unit_in_it_names_what_is_in_it(self):
        unit = (self.root / "usr/lib/systemd/system/aspen-node.service").read_text()
        start = re.search(r"^ExecStart=(.*)$", unit, re.MULTILINE)[1].split()
        self.assertEqual(["/usr/bin/aspen-node", "--config", "/etc/aspen/node.toml"], start)
        document = re.search(r"file:(\S+)", unit)[1]
        for each in (start[0], start[2], document):
            self.assertTrue((self.root / each[1:]).is_file(), each)

    def test_a_staged_installation_lays_out_the_same(self):
        staged = self.place / "staged"
        run("cmake", "--install", BUILD, "--prefix", "/usr", env=os.environ | {"DESTDIR": str(staged)})
        there = {"/" + str(each.relative_to(staged)) for each in staged.rglob("*") if not each.is_dir()}
        self.assertEqual(set(), LAID_OUT - there)


if __name__ == "__main__":
    unittest.main()
