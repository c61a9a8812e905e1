# SPDX-License-Identifier: Apache-2.0
"""Manual pages and completions, as an installation gets them, against what --help of the real programs says."""

import os
import pathlib
import re
import subprocess
import tempfile
import unittest

ROOT = pathlib.Path(__file__).parents[2]
BIN = pathlib.Path(os.environ.get("ASPEN_BIN", "build/dev/bin")).resolve()
PROGRAMS = {"aspen-node": 8, "aspenctl": 1, "aspen-backup": 1, "aspen-debug-storage": 1}
OPTION = re.compile(r"(?<![\w-])(--?[a-zA-Z][a-z-]*)")


def run(*command, text: str | None = None) -> str:
    return subprocess.run([str(each) for each in command], input=text, text=True, capture_output=True, check=True,
                          timeout=90).stdout


def helps(program: str, *path: str) -> dict[tuple[str, ...], str]:
    """The help of a program and of every command, by the words that lead there."""
    text = run(BIN / program, *path, "--help")
    found = {path: text}
    below = re.search(r"^Subcommands:\n((?:  .*\n)+)", text, re.MULTILINE | re.IGNORECASE)
    for name in re.findall(r"^  (\S+)", below[1], re.MULTILINE) if below else []:
        found |= helps(program, *path, name)
    return found


def options(help_text: str) -> set[str]:
    """The options that the help describes; those that its words mention are others'."""
    lines = re.findall(r"^  (-[^ ]*)", help_text, re.MULTILINE)
    return {each for line in lines for each in re.split(r"[,=]", line) if each.startswith("-")}


def commands(path: tuple[str, ...], all_helps) -> set[str]:
    return {each[-1] for each in all_helps if each[:-1] == path and each}


class Described(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.helps = {each: helps(each) for each in PROGRAMS}
        cls.folder = tempfile.TemporaryDirectory(prefix="aspen-described-")
        cls.root = pathlib.Path(cls.folder.name)
        # As `cmake --install` does it.
        made = BIN.parent / "packaging/install_made.cmake"
        subprocess.run(["cmake", "-DCMAKE_INSTALL_PREFIX=/usr", "-P", str(made)], check=True, capture_output=True,
                       env=os.environ | {"DESTDIR": cls.folder.name}, timeout=90)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def page(self, program: str) -> pathlib.Path:
        section = PROGRAMS[program]
        return self.root / f"usr/share/man/man{section}/{program}.{section}"

    def bash_offers(self, program: str, *words: str) -> set[str]:
        """What TAB offers behind `words`, the last of which is begun."""
        script = self.root / f"usr/share/bash-completion/completions/{program}"
        drive = ('source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); '
                 'f=$(complete -p "$1"); f=${f##*-F }; ${f%% *} "$1"; printf "%s\\n" "${COMPREPLY[@]}"')
        return set(run("bash", "-c", drive, "drive", script, program, *words).split())

    def zsh_offers(self, program: str, *given: str) -> set[str]:
        script = self.root / f"usr/share/zsh/site-functions/_{program}"
        drive = ('compadd() { shift; print -l -- ${(M)@:#${words[CURRENT]}*} }; _files() { }; script=$1; shift; '
                 'words=("$@"); CURRENT=$#; try() { source $script }; try')
        return set(run("zsh", "-f", "-c", drive, "drive", script, program, *given).split())

    def test_every_option_and_command_is_in_the_manual_page(self):
        for program, all_helps in self.helps.items():
            page = run("groff", "-man", "-Tascii", "-P-cbou", "-rLL=400n", self.page(program))
            self.assertGreater(len(all_helps), 5 if program != "aspen-node" else 0)
            for path, text in all_helps.items():
                for each in options(text):
                    self.assertRegex(page, rf"(?m)^ +(-\w,)?{re.escape(each)}(?![\w-])", f"{program} {path}")
                if path:
                    self.assertRegex(page, rf"(?m)^ +{' '.join(path)} ", program)
            self.assertRegex(page, rf"(?m)^ +{program} - \w")

    def test_no_manual_page_has_an_option_that_does_not_exist(self):
        for program, all_helps in self.helps.items():
            page = run("groff", "-man", "-Tascii", "-P-cbou", "-rLL=400n", self.page(program))
            described = set(re.findall(r"^ +(?:-\w,)?(--[a-z-]+)", page, re.MULTILINE))
            self.assertEqual(set(), described - {each for text in all_helps.values() for each in options(text)})

    def test_groff_has_nothing_to_say_about_a_page(self):
        for program in PROGRAMS:
            checked = subprocess.run(["groff", "-man", "-ww", "-z", str(self.page(program))], capture_output=True,
                                     text=True, check=False, timeout=90)
            self.assertEqual((0, "", ""), (checked.returncode, checked.stdout, checked.stderr))

    def test_bash_offers_every_command_and_option(self):
        for program, all_helps in self.helps.items():
            for path, text in all_helps.items():
                if len(path) > 1 and path[0] not in ("member", "trace"):
                    continue  # of the commands below commands, two: each costs a shell
                offered = self.bash_offers(program, *path, "-")
                self.assertLessEqual({each for each in options(text) if each.startswith("--")}, offered | {"--help"})
                self.assertEqual(commands(path, all_helps), self.bash_offers(program, *path, ""), (program, path))

    def test_bash_offers_what_was_begun_and_skips_the_values_of_options(self):
        self.assertEqual({"member", "move-leader", "maintenance"} & commands((), self.helps["aspenctl"]),
                         self.bash_offers("aspenctl", "m"))
        self.assertEqual({"--http-addr"}, self.bash_offers("aspen-node", "--config", "f", "--ht"))
        self.assertEqual(commands(("member",), self.helps["aspenctl"]),
                         self.bash_offers("aspenctl", "--endpoints", "put", "member", ""))
        self.assertEqual({"--dry-run"}, self.bash_offers("aspen-backup", "prune", "/backups", "--dry"))

    def test_zsh_offers_the_same(self):
        for program, all_helps in self.helps.items():
            self.assertEqual(commands((), all_helps), self.zsh_offers(program, ""), program)
            self.assertLessEqual({each for each in options(all_helps[()]) if each.startswith("--")},
                                 self.zsh_offers(program, "--"))
        self.assertEqual(commands(("trace",), self.helps["aspenctl"]),
                         self.zsh_offers("aspenctl", "-o", "json", "trace", ""))
        self.assertEqual({"--dry-run"}, self.zsh_offers("aspen-backup", "prune", "/backups", "--dry"))


if __name__ == "__main__":
    unittest.main()
