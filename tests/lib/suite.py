#!/usr/bin/env python3
"""Runs the programs of one test suite side by side, counts their single tests, shows what failed.

    suite.py --name NAME --tally FILE [--jobs N] [--timeout S] [--tap] [--wrap COMMAND] PROGRAM...

They are begun in the order given: the longest come first. A program's arguments are part of its word.
--tap: the programs are cmocka's and speak TAP. Otherwise a program's last line is `N passed, N failed`
(`, N skipped` when there are any), and a program without such a line is one test: its exit code.
A program that crashes, hangs or leaves tests out is one failed test more. FILE gets one line:
passed failed skipped. Exit code 0 whenever the suite could be run, whatever came of it.
"""
import argparse
import concurrent.futures
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

SHOWN_MAX = 200_000  # characters of one program's output
COUNTS = re.compile(r"(\d+) passed, (\d+) failed(?:, (\d+) (?:\w+ )?skipped)?\s*$")
TAP = re.compile(r"(not )?ok (\d+) (?:- (.*)|# SKIP (.*))$")

running = set()


class Outcome:
    def __init__(self, program):
        self.program = program
        self.passed = self.failed = 0
        self.skipped = []  # what each skip is, and why as far as it is said
        self.problems = []
        self.output = ""
        self.seconds = 0.0


def kill_group(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass


def on_signal(number, _frame):
    for process in list(running):
        kill_group(process)
    os._exit(128 + number)


def execute(options, outcome):
    """Fills in the output; returns the exit code, None when it had to be killed."""
    own = shlex.split(outcome.program)
    interpreter = [sys.executable] if own[0].endswith(".py") else []
    command = shlex.split(options.wrap) + interpreter + own
    environment = {**os.environ, "CMOCKA_MESSAGE_OUTPUT": "TAP"} if options.tap else None
    begin = time.monotonic()
    with tempfile.TemporaryFile() as output:
        try:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                                       start_new_session=True, env=environment)
        except OSError as error:
            outcome.problems.append(f"cannot be started: {error}")
            return None
        running.add(process)
        try:
            code = process.wait(options.timeout)
        except subprocess.TimeoutExpired:
            code = None
            outcome.problems.append(f"did not end within {options.timeout:g} s")
            kill_group(process)
            process.wait()
        running.discard(process)
        output.seek(0)
        outcome.output = output.read(SHOWN_MAX + 1).decode(errors="replace")
        if len(outcome.output) > SHOWN_MAX:
            size = output.seek(0, os.SEEK_END)
            output.seek(max(SHOWN_MAX, size - SHOWN_MAX // 10))
            outcome.output += f"\n[… {size} bytes in all …]\n" + output.read().decode(errors="replace")
    outcome.seconds = time.monotonic() - begin
    return code


def count_tap(outcome, code):
    planned = reported = group_failures = 0
    said = ""
    for line in outcome.output.splitlines():
        plan = re.match(r"1\.\.(\d+)$", line)
        result = TAP.search(line)  # not at the start when a test left its own line open
        if plan:
            planned += int(plan[1])
        elif result:
            # cmocka 1.1.5 writes `not ok N # SKIP name`, and number 0 for a group's setup or teardown
            if result[4] is not None:
                outcome.skipped.append(result[4] + (f" ({said})" if said else ""))
            elif result[1]:
                outcome.failed += 1
                group_failures += result[2] == "0"
            else:
                outcome.passed += 1
            reported += result[2] != "0"
            said = ""
        elif re.match(r"\W*skip", line, re.I):
            said = re.sub(r"^\W*skipp?(ed|ing)?\W*", "", line, flags=re.I)
    if code is not None and code < 0:
        outcome.problems.append(f"was ended by {signal.Signals(-code).name}")
    elif code and not outcome.failed:
        outcome.problems.append(f"exit code {code}, and yet no test failed")
    elif planned == 0 and said and code == 0:
        outcome.skipped.append(f"the whole program ({said})")
    elif planned == 0 and code is not None:
        outcome.problems.append("no tests")
    if reported < planned and not outcome.problems and not group_failures:
        outcome.problems.append(f"{planned - reported} of {planned} tests did not report")


def count_lines(outcome, code):
    lines = outcome.output.rstrip().splitlines()
    counts = COUNTS.search(lines[-1]) if lines else None
    if counts:
        outcome.passed, outcome.failed = int(counts[1]), int(counts[2])
        reasons = [line for line in lines[:-1] if re.match(r"\W*skip", line, re.I)]
        number = int(counts[3] or 0)
        outcome.skipped = [reasons[i] if i < len(reasons) else "no reason given" for i in range(number)]
        if bool(code) != bool(outcome.failed):
            outcome.problems.append(f"exit code {code} with {outcome.failed} failed tests")
    elif code == 0:
        outcome.passed = 1
    elif not outcome.problems:
        outcome.problems.append(f"exit code {code}" if code >= 0 else f"was ended by {signal.Signals(-code).name}")


def run_one(options, program):
    outcome = Outcome(program)
    code = execute(options, outcome)
    if options.tap:
        count_tap(outcome, code)
    else:
        count_lines(outcome, code)
    outcome.failed += bool(outcome.problems)
    return outcome


def show_failure(outcome):
    name = os.path.relpath(outcome.program)
    print(f"---- {name}: {'; '.join(outcome.problems) or f'{outcome.failed} failed'}")
    for line in outcome.output.rstrip().splitlines():
        # What passed, and Valgrind's remarks on system calls it does not know
        if not re.match(r"ok \d+ - |1\.\.\d+$|--\d+-- ", line):
            print(f"     {line}")
    print(f"---- end of {name}", flush=True)


def summary(name, passed, failed, skipped, seconds):
    parts = [f"{passed} passed"]
    if failed:
        parts.append(f"{failed} FAILED")
    if skipped:
        parts.append(f"{skipped} skipped")
    return f"  {name:<26} {', '.join(parts):<34} {seconds:6.1f} s"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--tally", required=True, type=pathlib.Path)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=300)
    parser.add_argument("--tap", action="store_true")
    parser.add_argument("--wrap", default="")
    parser.add_argument("programs", nargs="+")
    options = parser.parse_args()
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")
    for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, on_signal)

    begin = time.monotonic()
    outcomes = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        for done in concurrent.futures.as_completed([pool.submit(run_one, options, p) for p in options.programs]):
            outcomes.append(done.result())
            if done.result().failed:
                show_failure(done.result())
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    skipped = [(outcome.program, what) for outcome in outcomes for what in outcome.skipped]
    print(summary(options.name, passed, failed, len(skipped), time.monotonic() - begin))
    for program, what in skipped:
        print(f"    skipped: {pathlib.Path(program).name}: {what}")
    if os.environ.get("V") == "1":
        for outcome in sorted(outcomes, key=lambda o: -o.seconds):
            print(f"    {outcome.seconds:6.1f} s  {os.path.relpath(outcome.program)}")
    sys.stdout.flush()
    options.tally.write_text(f"{passed} {failed} {len(skipped)}\n")


if __name__ == "__main__":
    main()
