#!/usr/bin/python3
"""SIGKILLs at random moments, each followed by `run --resume`, and what is lost, repeated or left by them.

    kills.py [--kills N] [--seed N] [--program PATH] [--iterations N]

A session of the host, a cold, a prepared and a warm mode in random order, every other one in blocks, is killed
at a moment that is drawn from its whole length, its start-up included; then it goes on, and is killed again, until
it is through; then the next one begins. Counted are journals that cannot be read, iterations that were on disk and are not any more, those
that are missing at the end, those that a kill made run again, and containers and temporary files that are left.
The seed is printed first. Uses an engine of its own, which needs root; or, where SANDWATCH_TEST_HOST and
SANDWATCH_TEST_STATE name one with its state folder, that. Exit code 1: something does not hold.
"""
import argparse
import itertools
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse

sys.dont_write_bytecode = True
from soak import Engine

REPO = pathlib.Path(__file__).resolve().parent.parent.parent
MODES = ("host", "cold", "prepared", "warm")


class Given(Engine):
    """An engine that runs already, and the image beside it."""

    def __init__(self, program, folder, host, state):
        super().__init__(program, folder)
        self.state.mkdir(parents=True)
        (self.state / "image").symlink_to(pathlib.Path(state).resolve() / "image")
        self.host, self.socket = host, host[len("unix://"):]

    def start(self):
        pass

    def stop(self):
        pass


class Run:
    """One plan, from its begin to its end, through however many processes."""

    def __init__(self, engine, config, host_name):
        self.engine, self.config, self.host_name = engine, config, host_name
        self.folder = None
        self.kept = set()  # counted iterations that were on disk when a process was killed
        self.kills = 0
        self.processes = []  # (pid, when it began, when it ended, its exit code)

    def begin(self, arguments):
        before = set(self.engine.state.glob("runs/*"))
        command = [self.engine.program, "--batch", "--host", self.engine.host, *arguments]
        # A machine's name of its own: no other session's start removes what is counted here.
        process = subprocess.Popen(["unshare", "--uts", "sh", "-c", f'hostname {self.host_name} && exec "$@"', "sh",
                                    *command], env=self.engine.env, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
        return process, before

    def go_on(self, kill_after):
        """Starts a process, kills it after so many seconds (None: never); (exit code, what it said)."""
        arguments = ["--resume", str(self.folder)] if self.folder else ["--config", str(self.config)]
        process, before = self.begin(arguments)
        begin = time.time()
        try:
            _, said = process.communicate(timeout=kill_after)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            _, said = process.communicate()
        self.processes.append((process.pid, round(begin, 1), round(time.time(), 1), process.returncode))
        new = set(self.engine.state.glob("runs/*")) - before
        if new and not self.folder:
            self.folder = new.pop()
        return process.returncode, said

    def events(self):
        """Of whole lines; ValueError when one is none."""
        path = self.folder / "journal.jsonl" if self.folder else None
        if not path or not path.exists():
            return []
        return [json.loads(line) for line in path.read_bytes().split(b"\n")[:-1]]


class Count:
    def __init__(self):
        self.problems = []
        self.kills = self.runs = self.not_begun = self.unreadable = 0
        self.lost = self.repeated = self.most_repeated = self.left = self.files = 0

    def problem(self, text):
        self.problems.append(text)
        print(f"  PROBLEM {text}", flush=True)


def finished(events):
    return [(event["mode"], event["iteration"]) for event in events
            if event["event"] == "iteration_finished" and not event.get("warmup")]


def has_plan(events):
    return sum(event["event"] == "mode_planned" for event in events) == len(MODES)


def repeats(events):
    """Of each process that is gone: how many counted iterations it had begun and not ended."""
    counts, running = [], set()
    for event in events:
        which = (event.get("mode"), event.get("iteration"))
        if event["event"] == "session_resumed":
            counts.append(len(running))
            running = set()
        elif event.get("warmup"):
            continue
        elif event["event"] == "iteration_started":
            running.add(which)
        elif event["event"] in ("iteration_finished", "iteration_dropped"):
            running.discard(which)
    return counts


def containers(engine, host_name):
    labels = urllib.parse.quote(json.dumps({"label": [f"org.sandwatch.host={host_name}"]}))
    return engine.ask(f"/containers/json?all=1&filters={labels}")


def read(run, count):
    try:
        return run.events()
    except ValueError as error:
        count.unreadable += 1
        count.problem(f"{run.folder}: a journal that cannot be read: {error}")
        return None


def after_kill(run, count):
    """Returns whether the run can go on."""
    run.kills += 1
    count.kills += 1
    events = read(run, count)
    if events is None:
        return False
    now = set(finished(events))
    if run.kept - now:
        count.lost += len(run.kept - now)
        count.problem(f"{run.folder}: iterations that were on disk are gone: {sorted(run.kept - now)}")
    run.kept = now
    if has_plan(events):
        return True
    count.not_begun += 1
    if run.folder and (run.folder / "journal.jsonl").exists():
        code, said = run.go_on(None)
        if code != 2 or "start anew" not in said:
            count.problem(f"{run.folder}: killed before its plan was written, and --resume says {code}: {said}")
    return False


def after_end(run, code, said, iterations, count):
    count.runs += 1
    events = read(run, count)
    if code != 0 or events is None:
        count.problem(f"{run.folder}: ended with {code}: {said}")
        return
    ended = finished(events)
    everything = set(itertools.product(range(len(MODES)), range(1, iterations + 1)))
    if everything - set(ended) or run.kept - set(ended):
        count.lost += len(everything - set(ended))
        count.problem(f"{run.folder}: iterations lost: {sorted(everything - set(ended))}")
    if len(ended) != len(set(ended)):
        count.problem(f"{run.folder}: iterations that ended twice")
    if [event["seq"] for event in events] != list(range(1, len(events) + 1)):
        count.problem(f"{run.folder}: events are missing or out of order")
    for n in repeats(events):
        count.repeated += n
        count.most_repeated = max(count.most_repeated, n)
        if n > 1:
            count.problem(f"{run.folder}: {n} iterations were under way at one kill")
    report = run.engine.run("report", str(run.folder), check=False)
    snapshot = json.loads((run.folder / "snapshot.json").read_bytes())
    if report.returncode != 0 or snapshot["state"] != "done":
        count.problem(f"{run.folder}: no report of it: {report.stdout}")
    for mode in snapshot["modes"]:
        created, removed = mode["containers_created"], mode["containers_removed"]
        if created != removed:
            count.problem(f"{run.folder}: {mode['name']} counts {created} containers created, {removed} removed")


def describe(run, one):
    """Whose it is and what becomes of it."""
    begin = now = time.time()
    while now - begin < 20 and one["Id"] in [other["Id"] for other in containers(run.engine, run.host_name)]:
        time.sleep(0.1)
        now = time.time()
    fate = "was still there after" if now - begin >= 20 else "was gone after"
    return (f"{one['Names']} {one['State']}, created {begin - one['Created']:.1f} s before, {fate} {now - begin:.1f} s, "
            f"of process {one['Labels'].get('org.sandwatch.pid')}; processes {run.processes}")


def check_left(run, count):
    left = containers(run.engine, run.host_name)
    if left:
        count.left += len(left)
        for one in left:
            count.problem(f"{run.folder}: a container is left: {describe(run, one)}")
    files = list(run.folder.glob(".*")) if run.folder else []
    if files:
        count.files += len(files)
        count.problem(f"temporary files left: {[str(one) for one in files]}")


def write_config(folder, iterations, seed, block):
    modes = [{"name": name, "kind": name} for name in MODES]
    path = folder / f"block-{block}.yaml"
    path.write_text(json.dumps({
        "session": {"iterations": iterations, "warmup": 1, "order": "random", "block": block, "seed": seed % 2**31},
        "modes": modes, "workload": {"days": 60, "symbols": 3},
        "sandbox": {"docker": {"cpu_count": 0, "memory_limit": "512m"}}}))
    return path


def soak(engine, folder, args, count):
    rng = random.Random(args.seed)
    host_name = f"kills-{os.getpid()}"
    begin = time.monotonic()
    configs = itertools.cycle([write_config(folder, args.iterations, args.seed, block) for block in (1, 3)])
    run = Run(engine, next(configs), host_name)
    after_end(run, *run.go_on(None), args.iterations, count)
    length = time.monotonic() - begin
    print(f"one whole session takes {length:.1f} s: each process is killed within that, or ends before", flush=True)
    run = Run(engine, next(configs), host_name)
    while count.kills < args.kills or run.kills:
        code, said = run.go_on(rng.uniform(0, length) if count.kills < args.kills else None)
        if code == -signal.SIGKILL:
            if not after_kill(run, count):
                run = Run(engine, next(configs), host_name)
            if count.kills % 20 == 0:
                print(f"  {count.kills} kills, {count.runs} sessions finished", flush=True)
            continue
        after_end(run, code, said, args.iterations, count)
        check_left(run, count)
        run = Run(engine, next(configs), host_name)


def report(count, elapsed):
    print(f"kills {count.kills} ({count.not_begun} of them before there was a plan), sessions finished {count.runs}, "
          f"{elapsed:.0f} s")
    for words, value in (("journals unreadable", count.unreadable), ("iterations lost", count.lost),
                         ("iterations repeated, of one kill at most", count.most_repeated),
                         ("iterations repeated, in all", count.repeated), ("containers left", count.left),
                         ("temporary files left", count.files), ("problems", len(count.problems))):
        print(f"  {words:42} {value}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--program", default=str(REPO / "build/release/sandwatch"))
    parser.add_argument("--iterations", type=int, default=5, help="of each mode in one session")
    args = parser.parse_args()
    args.program = str(pathlib.Path(args.program).resolve())
    if args.seed is None:
        args.seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {args.seed}: kills.py --kills {args.kills} --seed {args.seed} draws the same again", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    host, state = os.environ.get("SANDWATCH_TEST_HOST", ""), os.environ.get("SANDWATCH_TEST_STATE", "")
    count, begin = Count(), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sandwatch-kills.", dir=os.environ.get("TMPDIR", "/var/tmp")) as name:
        folder = pathlib.Path(name)
        engine = Given(args.program, folder, host, state) if host and state else Engine(args.program, folder)
        try:
            engine.start()
            soak(engine, folder, args, count)
        finally:
            engine.stop()
    report(count, time.monotonic() - begin)
    return 1 if count.problems else 0


if __name__ == "__main__":
    sys.exit(main())
