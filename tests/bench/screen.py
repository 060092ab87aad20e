#!/usr/bin/env python3
"""Measures what the live screen costs and how soon it answers; `make bench` calls it, and it runs alone.

    screen.py [--program build/release/sandwatch] [--quick] [--only NAME,...] [--markdown docs/performance.md]

NAME is one of first, running, containers, disturb, replay. The engine is --host, else DOCKER_HOST, else what
sandwatch itself finds or starts. With --markdown its section of that file is replaced. Nothing here is a test.
"""
import argparse
import datetime
import itertools
import json
import os
import pathlib
import platform
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

from contenders import Failed, latest, run
from figures import Table, quantile, ratio_in_blocks, replace_section, verdict
from onscreen import Ended, OnScreen
from proc import Meter, children, memory_kb, read

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
IMAGE = "sandwatch/python:latest"
SLEEP = ["/usr/bin/python3", "-I", "-c", "import time; time.sleep(3000)"]
FIRST_FRAME_MS_MAX = 30.0
CPU_PERCENT_MAX = 1.5
RSS_MB_MAX = 12.0
FRAME_MS = 100.0
REPLAY_PER_SECOND_MIN = 500_000
REPLAY_FLAT_KB_MAX = 512
CONTAINERS = 8
FEWEST_BLOCKS = 6  # each order once
# A key, and what then stands on the screen.
KEYS = [("2", "tries   started"), ("3", "pids"), ("4", "side by side"), ("5", "╭ events"),
        ("6", "Whether the sandbox holds"), ("?", "╭ keys"), ("\x1b", None), ("1", "╭ lifecycle")]


class Bench:
    def __init__(self, options):
        self.options = options
        self.program = os.path.abspath(options.program)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sandwatch-screen.", dir=options.tmp))
        self.environment = {**os.environ, "DOCKER_CONFIG": str(self.folder / "docker")}
        self.numbers = itertools.count(1)
        self.tables = []

    def say(self, text):
        print(f"  screen     {text}", file=sys.stderr, flush=True)

    def prepare(self):
        """An engine and the image; from here on state is kept apart from the user's."""
        self.say("engine and image")
        if self.options.host:
            self.environment["DOCKER_HOST"] = self.options.host
        path = self.config(self.default(1))
        seen = json.loads(run([self.program, "--batch", "--quiet", "--config", path, "--export", "-"],
                              env=self.environment).stdout)
        state = pathlib.Path(os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state")
        journal = latest(state / f"sandwatch/runs/*-{seen['session']['id']}/journal.jsonl")
        shutil.rmtree(pathlib.Path(journal).parent)
        self.engine = seen["environment"]["engine"]
        self.environment.update(DOCKER_HOST=self.engine["endpoint"], XDG_STATE_HOME=str(self.folder / "state"))
        # Unpacks the image for the host's mode, which would otherwise happen in the first measured session.
        run([self.program, "--batch", "--quiet", "--config", path], env=self.environment)

    def done(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def default(self, iterations, **more):
        """The default config but for the iterations."""
        return {"session": {"iterations": iterations, "warmup": 1, **more}, "gates": []}

    def config(self, content):
        path = self.folder / f"{next(self.numbers)}.yaml"
        path.write_text(json.dumps(content))  # JSON is YAML
        return path

    def on_screen(self, *arguments):
        return OnScreen([self.program, *map(str, arguments)], self.environment)

    # ---- the first frame ----

    def first_frame(self):
        count = 10 if self.options.quick else 40
        table = Table("The screen: the first frame", "", "n", "p50 ms", "p95 ms", "goal", "")
        times = []
        self.say(f"{count} first frames")
        path = self.config(self.default(1))
        for _ in range(count + 1):
            with self.on_screen("--config", path) as screen:
                while not screen.turn(10):
                    pass
                times.append((screen.last_ns - screen.begin_ns) / 1e6)
                screen.finish(2)
        table.add("sandwatch, to the first frame's last byte", count, *self.middle(times[1:]),
                  f"≤ {FIRST_FRAME_MS_MAX:g} ms", verdict(statistics.median(times[1:]) <= FIRST_FRAME_MS_MAX))
        times = [self.first_of([self.program, "--version"], "sandwatch") for _ in range(count)]
        table.add("of it the loader's part: `sandwatch --version`", count, *self.middle(times), "", "")
        for name, command, sign in self.others():
            times = [self.first_of(command, sign) for _ in range(max(5, count // 4))]
            if None not in times:
                table.add(f"{name}, to the last byte of its first table", len(times), *self.middle(times), "", "")
        table.note("From before the start of the process, by a clock outside, to the byte's arrival on a pseudo-terminal of "
                   "120×36.")
        self.tables.append(table)

    @staticmethod
    def middle(times):
        return f"{statistics.median(times):.1f}", f"{quantile(times, 0.95):.1f}"

    def others(self):
        """Who else shows a table that changes: name, command, what stands in the table's head."""
        found = [("htop", ["htop"], "PID"), ("top", ["top", "-d", "1"], "PID"), ("docker stats", ["docker", "stats"], "NAME")]
        return [(name, [shutil.which(command[0]), *command[1:]], sign) for name, command, sign in found
                if shutil.which(command[0])]

    def first_of(self, command, sign):
        """Until it is silent for a while, or ends, after its head was there, ms; None without one."""
        seen = b""
        with OnScreen(command, self.environment) as screen:
            try:
                while sign.encode() not in seen:
                    data = screen.read(10)
                    seen += data
                    if not data:
                        return None
                while screen.read(0.03):
                    pass
            except Ended:
                if sign.encode() not in seen:
                    return None
            return (screen.last_ns - screen.begin_ns) / 1e6

    # ---- a running session ----

    def running(self):
        """A container that sleeps: nothing happens but the frames."""
        seconds = 5 if self.options.quick else 30
        path = self.config({"session": {"name": "running", "iterations": 3, "warmup": 0}, "gates": [],
                            "modes": [{"name": "docker-sandbox", "kind": "cold"}], "workload": {"command": SLEEP},
                            "sandbox": {"docker": {"image": IMAGE, "timeout_seconds": 3000}}})
        with self.on_screen("--config", path) as screen:
            screen.wait(lambda text: "RUNNING" in text and "lifecycle" in text, "the session")
            screen.run(2)
            self.say(f"a running session for {seconds} s")
            self.cost("a session whose container runs", screen, seconds)
            self.keys(screen)
            self.idle(screen)
        with self.on_screen("--config", self.config(self.default(1000))) as screen:
            screen.wait(lambda text: "RUNNING" in text and "lifecycle" in text, "the session")
            screen.run(2)
            seconds = 5 if self.options.quick else 10
            self.say(f"the default session for {seconds} s")
            self.cost("the default session, what measures included", screen, seconds)
            screen.finish(2)

    def cost(self, what, screen, seconds, keys=()):
        """KEYS are typed in turn, one every 100 ms, where the screen would else draw less often."""
        guards = [pid for pid in children(screen.pid) if read(f"/proc/{pid}/comm").startswith("sandwatch")]
        begin, frames, length = time.monotonic(), screen.frames, screen.bytes
        meter = Meter([screen.pid, *guards])
        screen.run(0 if keys else seconds)
        for number in range(10 * seconds if keys else 0):
            screen.type(keys[number % len(keys)])
            screen.run(max(0, begin + (number + 1) / 10 - time.monotonic()))
        percent, switches = meter.stop()
        seconds = time.monotonic() - begin
        rate = (screen.frames - frames) / seconds
        self.costs.add(f"{what}: CPU at {rate:.1f} frames a second", f"{percent:.2f} % of a core",
                       f"≤ {CPU_PERCENT_MAX:g} %", verdict(percent <= CPU_PERCENT_MAX))
        own, guard = memory_kb(screen.pid), [memory_kb(pid) for pid in guards]
        whole = (own["VmRSS"] + sum(one["VmRSS"] for one in guard)) / 1024
        self.costs.add(f"{what}: RSS with the guard's", f"{whole:.1f} MB", f"≤ {RSS_MB_MAX:g} MB",
                       verdict(whole <= RSS_MB_MAX))
        self.costs.add(f"{what}: RSS apart, peak, PSS",
                       f"{own['VmRSS'] / 1024:.1f} + {sum(one['VmRSS'] for one in guard) / 1024:.1f} MB, "
                       f"{own['VmHWM'] / 1024:.1f} MB, {(own['Pss'] + sum(one['Pss'] for one in guard)) / 1024:.1f} MB",
                       "", "")
        self.costs.note(f"{what[0].upper()}{what[1:]}: {(screen.bytes - length) / max(1, screen.frames - frames):.0f} bytes a "
                        f"frame, {switches / seconds:.0f} switches a second, {own['RssAnon'] / 1024:.1f} MB "
                        "of the RSS are the process's own, the rest pages of files.")

    def keys(self, screen):
        rounds = 2 if self.options.quick else 9
        self.say(f"{rounds * len(KEYS)} keys")
        source, times = random.Random(42), []
        for _ in range(rounds):
            for key, sign in KEYS:
                # At any moment of the 100 ms between frames.
                screen.run(0.05 + 0.1 * source.random())
                begin = screen.type(key)
                there = screen.wait(lambda text: sign in text if sign else "╭ keys" not in text, f"the effect of {key!r}")
                # A lone Esc is one only when nothing follows it for a while.
                if sign:
                    times.append((there - begin) / 1e6)
        worst = max(times)
        self.answers.add(f"a key's effect, of {len(times)} keys", *self.middle(times), f"{worst:.1f}",
                         f"≤ {FRAME_MS:g} ms", verdict(worst <= FRAME_MS))

    def idle(self, screen):
        """Paused, then over: whoever has nothing to show does not wake up."""
        seconds = 3 if self.options.quick else 6
        screen.type("x")
        screen.type("p")
        screen.wait(lambda text: "PAUSED" in text, "the pause")
        self.quiet("paused", screen, seconds)
        screen.type("e")
        screen.wait(lambda text: "Enter" in text, "the question")
        screen.type("\r")
        screen.wait(lambda text: "INTERRUPTED" in text, "the end")
        self.quiet("over", screen, seconds)

    def quiet(self, what, screen, seconds):
        self.say(f"a session that is {what}, for {seconds} s")
        # The last message goes by itself, and the keys come back; an iteration's end may still tell its news.
        screen.wait(lambda text: "q quit" in text, "the end of the message")
        screen.run(2)
        meter = Meter([screen.pid, *children(screen.pid)])
        screen.run(seconds)
        percent, switches = meter.stop()
        self.costs.add(f"a session that is {what}: CPU, wake-ups in {seconds} s", f"{percent:.2f} %, {switches}",
                       "0, 0", verdict(switches == 0))

    def beside(self):
        """What else shows them, or processes."""
        seconds = 3 if self.options.quick else 6
        for name, command, _ in self.others():
            with OnScreen(command, self.environment) as screen:
                screen.run(2)
                meter = Meter([screen.pid])
                screen.run(seconds)
                self.costs.add(f"beside it: {name}, CPU and RSS", f"{meter.stop()[0]:.2f} %, "
                               f"{memory_kb(screen.pid)['VmRSS'] / 1024:.1f} MB", "", "")

    # ---- containers of others ----

    def containers(self):
        seconds = 5 if self.options.quick else 30
        name = f"sw{os.getpid()}"
        command = ["docker", "run", "--detach", "--rm", "--network", "none", "--label", name]
        self.say(f"{CONTAINERS} containers at once for {seconds} s")
        try:
            with self.on_screen("watch", "--containers", "all") as screen:
                screen.run(1)
                for number in range(CONTAINERS):
                    run([*command, "--name", f"{name}-{number}", IMAGE, *SLEEP], env=self.environment)
                screen.type("3")  # those that live, with their CPU and memory
                screen.wait(lambda text: f"{name}-{CONTAINERS - 1}" in text, "the containers")
                screen.run(2)
                self.cost(f"watching {CONTAINERS} containers, a key for each frame", screen, seconds, ["\x1b[A", "\x1b[B"])
            self.beside()
        finally:
            for number in range(CONTAINERS):
                subprocess.run(["docker", "rm", "--force", f"{name}-{number}"], env=self.environment, capture_output=True)

    # ---- what is watched ----

    def disturbance(self):
        """Three arms in every order: a screen, and two batches that differ in nothing but the name."""
        blocks, count = (2, 3) if self.options.quick else (self.options.rounds, self.options.per_block)
        arms, samples = ("screen", "batch", "other"), {}
        orders = list(itertools.permutations(arms))
        random.Random(42).shuffle(orders)
        for block in range(blocks):
            self.say(f"does the screen disturb: block {block + 1} of {blocks}")
            for arm in orders[block % len(orders)]:
                for mode, values in self.session(arm == "screen", count, block).items():
                    samples.setdefault(mode, {one: [] for one in arms})[arm].append(values)
        table = Table("The screen: does it disturb what it watches?", "", "n", "screen p50", "batch p50", "screen / batch",
                      "95 % interval", "batch / batch", "its 95 % interval", "screen within the noise")
        for mode, of in samples.items():
            ratio, low, high = ratio_in_blocks(of["screen"], [a + b for a, b in zip(of["batch"], of["other"])])
            other, noise_low, noise_high = ratio_in_blocks(of["batch"], of["other"])
            noise = max(noise_high / other, other / noise_low) - 1
            def shown(arm):
                return f"{statistics.median(sum(of[arm], [])) / 1e6:.2f} ms"
            table.add(mode, sum(map(len, of["screen"])), shown("screen"), shown("batch"), f"{ratio:.3f}",
                      f"{low:.3f} to {high:.3f}", f"{other:.3f}", f"{noise_low:.3f} to {noise_high:.3f}",
                      verdict(abs(ratio - 1) <= noise) if blocks >= FEWEST_BLOCKS else "too few to tell")
        table.note(f"{blocks} blocks; in each a session with the screen on and two batches, one after another, their order "
                   f"another in every block; {count} iterations of the default config each. Ratios of medians; the intervals "
                   "resample whole blocks. The noise is how far the interval of batch / batch reaches from its ratio.")
        self.tables.append(table)

    def session(self, with_screen, count, seed):
        path = self.config(self.default(count, seed=seed))
        export = self.folder / "export.json"
        arguments = ["--config", str(path), "--export", str(export)]
        if with_screen:
            with self.on_screen(*arguments) as screen:
                screen.wait(lambda text: "DONE" in text, "the session's end", 300)
                screen.type("q")
                screen.finish(seconds=30)
                if screen.code:
                    raise Failed(f"a session on the screen ended with {screen.code}\n{screen.grid.text()}")
        else:
            run([self.program, "--batch", "--quiet", *arguments], env=self.environment)
        modes = json.loads(export.read_text())["modes"]
        if any(mode["iterations"]["ok"] != count for mode in modes):
            raise Failed(f"not all iterations were ok: {[mode['iterations'] for mode in modes]}")
        return {mode["name"]: mode["samples_ns"] for mode in modes}

    # ---- replay ----

    def replay(self):
        self.say("replay of a million events")
        command = ["make", "--no-print-directory", "-s", "-C", str(REPOSITORY), "bench-replay"]
        environment = {name: value for name, value in self.environment.items() if not name.startswith("MAKE")}
        figures = json.loads(run(command, env=environment).stdout.decode().splitlines()[-1])
        small, large = figures["rss_kib_100k"], figures["rss_kib_1m"]
        self.costs.add(f"a journal of {figures['events']:,} events: read, parsed, folded",
                       f"{figures['events_per_second']:,} a second", f"≥ {REPLAY_PER_SECOND_MIN:,}",
                       verdict(figures["events_per_second"] >= REPLAY_PER_SECOND_MIN))
        self.costs.add("its peak RSS, 100,000 events → 1,000,000", f"{small} → {large} kB",
                       f"flat (≤ {REPLAY_FLAT_KB_MAX} kB)", verdict(large - small <= REPLAY_FLAT_KB_MAX))

    # ---- the whole ----

    def measure(self):
        self.costs = Table("The screen: what it costs", "", "measured", "goal", "")
        self.answers = Table("The screen: how soon it answers", "", "p50 ms", "p95 ms", "max ms", "goal", "")
        parts = {"first": self.first_frame, "running": self.running, "containers": self.containers,
                 "disturb": self.disturbance, "replay": self.replay}
        chosen = self.options.only.split(",") if self.options.only else parts
        self.prepare()
        for name in chosen:
            parts[name]()
        self.tables += [table for table in (self.costs, self.answers) if table.rows]

    def machine(self):
        model = re.search(r"^model name\s*:\s*(.*)$", pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.M)
        version = run([self.program, "--version"]).stdout.decode().strip()
        date = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d")
        return (f"{model[1] if model else platform.machine()}, {os.cpu_count()} in use; {platform.system()} "
                f"{platform.release()}; {self.engine['name']} {self.engine['version']}, {self.engine['runtime']}; "
                f"{version}; {date}; load {os.getloadavg()[0]:.1f} at the end.")

    def show(self):
        machine = self.machine()
        print(f"  {machine}\n")
        print("\n".join(table.text() for table in self.tables))
        if self.options.markdown:
            text = PREFACE.format(machine=machine) + "\n" + "\n".join(table.markdown() for table in self.tables)
            replace_section(pathlib.Path(self.options.markdown), text)


PREFACE = """# The live screen

Measured by tests/bench/screen.py, which `make bench` calls and which writes this section. The program runs on a
pseudo-terminal of 120×36 with true colours, and a script reads every byte of it at once.

CPU time is that of all threads and of the terminal's guard, a process of its own; so is RSS, in which what both
share counts twice. Most of it are pages of libraries: libcurl comes with thirty, whose constructors and tables
touch megabytes that nothing uses again. Once the engine is found and before anything is measured sandwatch asks the
kernel to unmap the read-only ones (core/pages.c); what is used again comes back from the page cache. So the RSS is
what is in use, and the peak is what it was before that. PSS divides shared pages by those who share them.

{machine}
"""


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(REPOSITORY / "build/release/sandwatch"))
    parser.add_argument("--host", help="the engine: unix:///PATH or tcp://HOST:PORT")
    parser.add_argument("--rounds", type=int, default=12, help="blocks of three sessions")
    parser.add_argument("--per-block", type=int, default=8, help="iterations of a session")
    parser.add_argument("--quick", action="store_true", help="a rough look: fewer of everything")
    parser.add_argument("--only", help="only these parts")
    parser.add_argument("--markdown", help="replace the section in this file")
    parser.add_argument("--tmp", default="/var/tmp", help="where a copy of the image's root finds room")
    return parser.parse_args()


def main():
    bench = Bench(parse())
    try:
        bench.measure()
        bench.show()
    except (Failed, Ended, subprocess.SubprocessError) as error:
        print(f"screen.py: {error}\n{getattr(error, 'stderr', None) or ''}", file=sys.stderr)
        return 1
    finally:
        bench.done()
    return 0


if __name__ == "__main__":
    sys.exit(main())
