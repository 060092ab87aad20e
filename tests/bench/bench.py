#!/usr/bin/env python3
"""Measures what docs/performance.md claims, in one interleaved run on one engine; needs root.

    bench.py [--program build/release/sandwatch] [--rounds N] [--only PART,...] [--markdown docs/performance.md]

PART is one of ladder, modes, costs, screen. The engine is --host, else DOCKER_HOST, else what sandwatch itself finds
or starts. Nothing here is a test: machines differ, and only the ratios inside one run mean something.
"""
import argparse
import datetime
import os
import pathlib
import platform
import re
import shutil
import subprocess
import sys
import tempfile

try:
    import docker  # noqa: F401 - is it there?
except ImportError:
    # The distribution's module belongs to the distribution's interpreter.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

from contenders import Failed, Missing, run
from costs import Costs
from figures import Goals, section
from ladder import NOOP, PYTHON, Ladder
from modes import Modes
from session import Sessions

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
PARTS = ("ladder", "modes", "costs", "screen")


class Bench:
    repository = REPOSITORY

    def __init__(self, options):
        self.options = options
        self.program = os.path.abspath(options.program)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sandwatch-bench.", dir=options.tmp))
        self.tables = []
        self.noop_image = f"sandwatch-bench/noop:{os.getpid()}"
        self.environment = {**os.environ, "DOCKER_CONFIG": str(self.folder / "docker")}
        self.endpoint = self.image = ""

    def say(self, text):
        print(f"  bench      {text}", file=sys.stderr, flush=True)

    def docker(self, *arguments):
        return run(["docker", *arguments], env=self.environment).stdout.decode().strip()

    # ---- before and after ----

    def prepare(self):
        """An engine and our image; from here on all sessions keep their state apart from the user's."""
        self.say("engine and image")
        if self.options.host:
            self.environment["DOCKER_HOST"] = self.options.host
        state = pathlib.Path(os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state")
        first = Sessions(self.program, self.folder, self.environment, state)
        snapshot = first.run({"session": {"name": "bench", "iterations": 1}, "modes": [{"name": "cold", "kind": "cold"}],
                              "sandbox": {"fallback": {"enabled": False}}})
        shutil.rmtree(first.journal(snapshot).parent)
        self.seen = snapshot["environment"]
        self.endpoint, self.image = self.seen["engine"]["endpoint"], self.seen["image"]["name"]
        self.environment.update(DOCKER_HOST=self.endpoint, XDG_STATE_HOME=str(self.folder / "state"))
        self.sessions = Sessions(self.program, self.folder, self.environment, self.folder / "state")
        self.make_noop()
        self.root = self.unpacked(self.image)

    def make_noop(self):
        """A static program that does nothing, on the host and alone in an image."""
        self.noop_root = self.folder / "noop"
        for name in ("proc", "dev", "sys", "tmp"):
            (self.noop_root / name).mkdir(parents=True)
        subprocess.run(["cc", "-static", "-Os", "-s", "-x", "c", "-", "-o", self.noop_root / "noop"], check=True,
                       input=b"int main(void) { return 0; }\n")
        archive = self.folder / "noop.tar"
        run(["tar", "-c", "-f", archive, "-C", self.noop_root, "noop"])
        self.docker("import", archive, self.noop_image)

    def unpacked(self, image):
        """What is in IMAGE, as a folder: for those who need no engine."""
        root = self.folder / "root"
        root.mkdir()
        container = self.docker("create", "--network", "none", image, "never-started")
        try:
            run(["sh", "-c", 'docker export "$1" | tar -x -C "$2" --exclude=dev/*', "export", container, root],
                env=self.environment)
        finally:
            self.docker("rm", "--force", container)
        for name in ("proc", "dev", "sys", "tmp"):
            (root / name).mkdir(exist_ok=True)
        # A user other than root goes through here.
        for folder in (self.folder, root, self.noop_root):
            folder.chmod(0o755)
        return root

    def done(self):
        if self.endpoint:
            subprocess.run(["docker", "rmi", "--force", self.noop_image], env=self.environment, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the whole ----

    def versions(self):
        def first_line(*command):
            try:
                return run(command, env=self.environment).stdout.decode().splitlines()[0]
            except (OSError, Failed, IndexError):
                return "not installed"
        engine, machine = self.seen["engine"], self.seen
        with open("/proc/cpuinfo", encoding="utf-8") as info:
            model = re.search(r"^model name\s*:\s*(.*)$", info.read(), re.M)
        return [("CPU", f"{model[1] if model else platform.machine()}, {os.cpu_count()} in use"),
                ("memory", f"{machine['memory_bytes'] / 2**30:.1f} GiB"),
                ("system", f"{machine['os']}, {platform.system()} {platform.release()}"),
                ("engine", f"{engine['name']} {engine['version']}, {engine['runtime']}, {engine['storage']}, "
                           f"cgroup {engine['cgroup']}"),
                ("docker command", first_line("docker", "--version")),
                ("runc", first_line("runc", "--version")),
                ("crun", first_line("crun", "--version")),
                ("bubblewrap", first_line("bwrap", "--version")),
                ("sandwatch", first_line(self.program, "--version")),
                ("load", "{:.1f} at the start, {:.1f} at the end".format(self.load, os.getloadavg()[0])),
                ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"))]

    def measure(self):
        self.load = os.getloadavg()[0]
        self.prepare()
        goals = Goals("The goals")
        if "ladder" in self.options.only:
            ladder = Ladder(self)
            ladder.run()
            ladder.goals(goals)
            self.tables += [ladder.table(PYTHON), ladder.table(NOOP)]
        if "modes" in self.options.only:
            modes = Modes(self)
            modes.run()
            modes.goals(goals)
            self.tables += modes.tables()
        if goals.rows:
            self.tables.insert(0, goals)
        if "costs" in self.options.only:
            costs = Costs(self)
            costs.run()
            self.tables.append(costs.table)

    def show(self):
        versions = self.versions()
        print("\n".join(f"  {name:<15} {value}" for name, value in versions) + "\n")
        print("\n".join(table.text() for table in self.tables))
        if self.options.markdown and self.tables:
            text = PREFACE.format(blocks=self.options.rounds, count=self.options.per_block)
            text += "\n| | |\n| --- | --- |\n" + "".join(f"| {name} | {value} |\n" for name, value in versions)
            text += "\n" + "\n".join(table.markdown() for table in self.tables)
            path = pathlib.Path(self.options.markdown)
            path.write_text(text + "\n" + section(path), encoding="utf-8")

    def screen(self):
        """The live screen's figures, by a script of their own, on the same engine."""
        command = [REPOSITORY / "tests/bench/screen.py", "--program", self.program, "--host", self.endpoint,
                   "--tmp", self.options.tmp]
        command += ["--markdown", self.options.markdown] if self.options.markdown else []
        command += ["--quick"] if self.options.quick else []
        subprocess.run(command, env=self.environment, check=True)


PREFACE = """# Performance

Measured with `make bench ARGS="--markdown docs/performance.md"`, which writes this file. All of it comes
from one run on one machine; only the ratios carry over to another. Ratios are of medians. Their intervals are
95 % bootstrap intervals that resample whole blocks: what was measured within a few seconds is alike. A goal that
lies inside the interval is said to be not clear of noise.

**The ladder** is one race of all who can run a command: in each of {blocks} blocks everyone runs it {count} times, after
a run that is not counted, and another one begins each time. Everyone has the same command, the same files and,
where there is an engine, the same limits: no network, read-only root, no capabilities, no-new-privileges, user
65534, 64 processes, 2 GB without swap, half a CPU, 16 MB of /tmp, the engine's built-in seccomp profile. The host
and bubblewrap run the image's own interpreter from the image's unpacked root. `runc run` and `crun run` are given
that root and the config.json that the engine itself wrote, without its hooks. The kinds of sandwatch are measured by
sandwatch: each block is a session, and its times are the snapshot's.

**The kinds** are modes of one session, taking turns on the study's job: 252 days × 10 symbols, real backtest. What goes
on behind a mode's path is over before the next mode's turn, and counts in its throughput.

The private engine uses crun where it is installed, and so does sandwatch by default; a plain `docker run` uses
runc. The goals hold for that; the rows with crun show what is left when the others are given it too.
"""


def parse():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(REPOSITORY / "build/release/sandwatch"))
    parser.add_argument("--host", help="the engine: unix:///PATH or tcp://HOST:PORT")
    parser.add_argument("--rounds", type=int, default=12, help="blocks of each contender and command")
    parser.add_argument("--per-block", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="a rough look: fewer of everything")
    parser.add_argument("--only", default=",".join(PARTS), help="some of " + ", ".join(PARTS))
    parser.add_argument("--skip-screen", action="store_true", help="leave out the live screen: screen.py measures it")
    parser.add_argument("--skip-rss", action="store_true", help="leave out the long batch of host iterations")
    parser.add_argument("--markdown", help="write the figures to this file too")
    parser.add_argument("--tmp", default="/var/tmp", help="where a copy of the image's root finds room")
    options = parser.parse_args()
    options.only = options.only.split(",")
    if not set(options.only) <= set(PARTS):
        parser.error(f"--only takes {', '.join(PARTS)}")
    if options.quick:
        options.rounds, options.per_block = min(options.rounds, 2), min(options.per_block, 3)
    return options


def main():
    bench = Bench(parse())
    try:
        bench.measure()
        bench.show()
        if "screen" in bench.options.only and not bench.options.skip_screen:
            bench.screen()
    except (Failed, Missing, subprocess.SubprocessError) as error:
        print(f"bench.py: {error}\n{getattr(error, 'stderr', None) or ''}", file=sys.stderr)
        return 1
    finally:
        bench.done()
    return 0


if __name__ == "__main__":
    sys.exit(main())
