#!/usr/bin/python3
"""Takes out the code that keeps each promise of docs/reliability.md, one at a time, and sees its test fail.

    promises.py [--only WORD] [--list | --check]

In a copy of what is committed: the test must pass as the code is, and fail once it is changed as tests/promises.json
says: {promise, file, old, new, test, build}. OLD must be in FILE exactly once. TEST is a command, run in the copy;
BUILD the targets that make it. A test that hangs once its code is changed has noticed, too: it is given several times
as long as it took before. Tests that need an engine use the one that SANDWATCH_TEST_HOST and SANDWATCH_TEST_STATE
name (make promises starts one). Exit code 1: a promise whose test does not notice.

--check runs nothing: it says what of the table, or of the files and tests that docs/reliability.md names, is not there.
"""
import argparse
import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
REPO = pathlib.Path(__file__).resolve().parent.parent
PAGE = "docs/reliability.md"
LIMIT = 600  # seconds for one test


def run(command, folder, limit=LIMIT):
    """Whether COMMAND succeeds, and what it said last."""
    with subprocess.Popen(command, shell=True, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, errors="replace", start_new_session=True) as process:
        try:
            said, _ = process.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            return False, f"not over after {limit:.0f} s"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    return process.returncode == 0, "\n".join(said.strip().split("\n")[-12:])


def build(entry, folder):
    # What was taken out leaves something unused: no error here.
    return run(f"CFLAGS=-Wno-error make --no-print-directory -s -j{os.cpu_count()} {entry['build']}", folder, 1800)


class Tried:
    """Tests that pass as the code is: each is tried once."""

    def __init__(self, folder):
        self.folder, self.passed, self.seconds = folder, {}, {}

    def passes(self, entry):
        if entry["test"] not in self.passed:
            built, said = build(entry, self.folder)
            begin = time.monotonic()
            fine, said = run(entry["test"], self.folder) if built else (False, said)
            self.seconds[entry["test"]] = time.monotonic() - begin
            self.passed[entry["test"]] = (fine, said)
        return self.passed[entry["test"]]


def try_one(entry, folder, tried):
    """None when the test notices, else what is wrong."""
    path = folder / entry["file"]
    text = path.read_text()
    if text.count(entry["old"]) != 1:
        return f"{entry['file']} has {text.count(entry['old'])} times what is to be changed: the table is out of date"
    fine, said = tried.passes(entry)
    if not fine:
        return f"fails as the code is: {entry['test']}\n{said}"
    path.write_text(text.replace(entry["old"], entry["new"]))
    try:
        built, said = build(entry, folder)
        if not built:
            return f"does not build when changed:\n{said}"
        passed, said = run(entry["test"], folder, 30 + 5 * tried.seconds[entry["test"]])
        return f"is not noticed by {entry['test']}\n{said}" if passed else None
    finally:
        path.write_text(text)


def check(entries):
    """What is out of date, one line each."""
    for entry in entries:
        path = REPO / entry["file"]
        count = path.read_text().count(entry["old"]) if path.is_file() else 0
        if count != 1 or entry["old"] == entry["new"]:
            yield f"tests/promises.json: {entry['promise']}: {entry['file']} has {count} times what is to be changed"
    page = (REPO / PAGE).read_text()
    for name in sorted(set(re.findall(r"\b(?:build|core|docker|tests|tui)/[\w/.]*\w", page)) - {"build/release/sandwatch"}):
        source = name.removeprefix("build/release/") + (".c" if name.startswith("build/") else "")
        if not (REPO / source).is_file():
            yield f"{PAGE}: there is no {source}"
    tests = [entry["test"] for entry in entries]
    for name in sorted(set(re.findall(r"build/release/tests/(?:unit|engine)/[a-z0-9_/]+|tests/e2e/[a-z_]+\.py", page))):
        if not any(name in test for test in tests):
            yield f"{PAGE}: nothing in tests/promises.json shows that {name} notices"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="", help="promises that have this word in them")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--check", action="store_true")
    args = parser.parse_args()
    entries = [entry for entry in json.loads((REPO / "tests/promises.json").read_text())
               if args.only.lower() in json.dumps(entry).lower()]
    if args.list:
        print("\n".join(f"{entry['promise']}: {entry['test']}" for entry in entries))
        return 0
    if args.check:
        found = list(check(entries))
        print("\n".join(found), end="\n" if found else "")
        return 1 if found else 0
    noticed = 0
    with tempfile.TemporaryDirectory(prefix="sandwatch-promises.", dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        copy = pathlib.Path(folder) / "copy"
        subprocess.run(["git", "clone", "-q", str(REPO), str(copy)], check=True)
        tried = Tried(copy)
        for entry in entries:
            begin = time.monotonic()
            wrong = try_one(entry, copy, tried)
            noticed += wrong is None
            print(f"{'noticed' if wrong is None else 'NOT KEPT':<9} {entry['promise']}"
                  f"  ({entry['file']}, {time.monotonic() - begin:.0f} s)" + (f"\n    {wrong}" if wrong else ""), flush=True)
    print(f"{noticed} of {len(entries)} promises: taken out, their test fails")
    return 0 if noticed == len(entries) and entries else 1


if __name__ == "__main__":
    sys.exit(main())
