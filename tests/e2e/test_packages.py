#!/usr/bin/python3
"""config/packages.sh where there is no apt-get: it names the packages and stops. The package managers are
empty files that must not even be called; all else is this machine's own."""
import pathlib
import subprocess
import tempfile

import common
from common import REPO

TOOLS = ("bash", "env", "id", "awk", "grep", "sort", "paste", "mktemp", "date")


class Elsewhere(common.Case):
    def run_with(self, *managers, what="run"):
        with tempfile.TemporaryDirectory() as folder:
            for tool in TOOLS:
                path = next(pathlib.Path(place, tool) for place in ("/usr/bin", "/bin") if pathlib.Path(place, tool).exists())
                pathlib.Path(folder, tool).symlink_to(path)
            for manager in managers:
                path = pathlib.Path(folder, manager)
                path.write_text("#!/bin/sh\necho called >&2\nexit 9\n")
                path.chmod(0o755)
            return subprocess.run([REPO / "config/packages.sh", what], env={"PATH": folder, "HOME": "/nonexistent"},
                                  capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=common.DEADLINE)

    def test_the_managers_command_is_given(self):
        for manager, command, packages in (
                ("dnf", "dnf install", ("gcc", "libcurl-devel", "cjson-devel", "libyaml-devel")),
                ("pacman", "pacman -S", ("base-devel", "curl", "cjson", "libyaml")),
                ("brew", "brew install", ("curl", "cjson", "libyaml"))):
            with self.subTest(manager):
                done = self.run_with(manager)
                self.assertEqual(done.returncode, 2, done.stderr)
                line = next((line for line in done.stderr.splitlines() if command in line), "")
                for package in packages:
                    self.assertIn(package, line.split(), done.stderr)
                self.assertNotIn("called", done.stderr)
                self.assertEqual(done.stdout, "")

    def test_without_any_it_names_what_is_missing(self):
        done = self.run_with()
        self.assertEqual(done.returncode, 2)
        self.assertIn("as Debian calls it", done.stderr)
        self.assertIn("libcurl4-openssl-dev", done.stderr)

    def test_wrong_words(self):
        self.assertEqual(self.run_with(what="walk").returncode, 2)


if __name__ == "__main__":
    common.main()
