#!/usr/bin/env python3
"""Measures what docs/performance.md claims, in one interleaved run on one engine; needs root.

    bench.py [--program build/release/sandwatch] [--rounds N] [--markdown docs/performance.md]

The engine is --host, else DOCKER_HOST, else what sandwatch itself finds or starts. Nothing here is a
test: machines differ, and only the ratios inside one run mean something.
"""
import argparse
import datetime
import json
import os
import pathlib
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

try:
    import docker  # noqa: F401 - is it there?
except ImportError:
    # The distribution's module belongs to the distribution's interpreter.
    if sys.executable != "/usr/bin/python3" and os.path.exists("/usr/bin/python3"):
        os.execv("/usr/bin/python3", ["/usr/bin/python3", *sys.argv])

from contenders import BareRunc, DockerRun, Failed, PythonSdk, Sandwatch, Workload, latest, run
from figures import Table, quantile, ratio_of_medians, section, verdict, verdict_of_ratio

REPOSITORY = pathlib.Path(__file__).resolve().parent.parent.parent
DOCKERS_DEFAULT = "runc"  # what `docker run` and the SDK use unless they are told otherwise
GOALS = {"docker run --rm": 0.50, "Python Docker SDK": 0.50}
OWN_CPU_MS_MAX = 2.0
OTHER_SHARE_MAX = 0.01
RSS_MB_MAX = 16.0
FLAT_KB_MAX = 512
FIRST_ITERATION_S_MAX = 2.0


class Bench:
    def __init__(self, options):
        self.options = options
        self.program = os.path.abspath(options.program)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="sandwatch-bench.", dir=options.tmp))
        self.tables = []
        self.noop_image = f"sandwatch-bench/noop:{os.getpid()}"
        self.environment = {**os.environ, "DOCKER_CONFIG": str(self.folder / "docker")}
        self.endpoint = self.image = ""
        self.state = pathlib.Path(os.environ.get("XDG_STATE_HOME") or pathlib.Path.home() / ".local/state")

    def journal(self, session):
        return pathlib.Path(latest(self.state / f"sandwatch/runs/*-{session}/journal.jsonl"))

    def say(self, text):
        print(text, file=sys.stderr, flush=True)

    def prepare(self):
        """An engine and our image; from here on all sessions keep their state apart from the user's."""
        self.say("  bench      engine and image")
        if self.options.host:
            self.environment["DOCKER_HOST"] = self.options.host
        workload = Workload("", "sandwatch/python:latest", ["/usr/bin/python3", "-I", "-c", "pass"])
        sandwatch = Sandwatch(self)
        snapshot, journal = sandwatch.session(sandwatch.config(workload, 1))
        shutil.rmtree(journal.parent)
        self.seen = snapshot["environment"]
        self.endpoint, self.image = self.seen["engine"]["endpoint"], self.seen["image"]["name"]
        self.state = self.folder / "state"
        self.environment.update(DOCKER_HOST=self.endpoint, XDG_STATE_HOME=str(self.state))
        self.make_noop()

    def make_noop(self):
        """A static program that does nothing, on the host and alone in an image."""
        self.noop = self.folder / "noop" / "noop"
        self.noop.parent.mkdir()
        subprocess.run(["cc", "-static", "-Os", "-s", "-x", "c", "-", "-o", self.noop], check=True,
                       input=b"int main(void) { return 0; }\n")
        archive = self.folder / "noop.tar"
        run(["tar", "-c", "-f", archive, "-C", self.noop.parent, "noop"])
        run(["docker", "import", archive, self.noop_image], env=self.environment)

    def done(self):
        if self.endpoint:
            subprocess.run(["docker", "rmi", "--force", self.noop_image], env=self.environment, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- the race ----

    def contenders(self):
        """Each by (name, runtime). Docker's own default is runc; where this engine has another, everyone runs on both."""
        ours = self.seen["engine"]["runtime"]
        runtimes = list(dict.fromkeys([ours, DOCKERS_DEFAULT]))
        makers = [(kind, runtime) for kind in (Sandwatch, DockerRun, PythonSdk) for runtime in runtimes]
        found = {}
        for kind, runtime in makers:
            try:
                found[kind.name, runtime] = kind(self, runtime)
            except ImportError as error:
                self.say(f"  bench      without {kind.name}: {error}")
        try:
            found[BareRunc.name, BareRunc.runtime] = BareRunc(self)
        except Failed as error:
            self.say(f"  bench      without {BareRunc.name}: {error}")
        return found

    def race(self):
        workloads = [Workload("python3 -I -c pass", self.image, ["/usr/bin/python3", "-I", "-c", "pass"]),
                     Workload("a static no-op", self.noop_image, ["/noop"])]
        contenders = self.contenders()
        for workload in workloads:
            times = {key: [] for key in contenders}
            order = list(contenders.items())
            for block in range(self.options.rounds):
                self.say(f"  bench      {workload.name}: block {block + 1} of {self.options.rounds}")
                # Another one begins in every block, so that no one always follows the same other.
                shift = block % len(order)
                for key, one in order[shift:] + order[:shift]:
                    times[key] += one.block(workload, self.options.per_block)
            self.show_race(workload, times)

    def show_race(self, workload, times):
        ours = self.seen["engine"]["runtime"]
        table = Table(f"A cold container: {workload.name}", "", "runtime", "n", "p50 ms", "p95 ms",
                      f"sandwatch on {ours} / it", "95 % interval", "goal", "")
        for (name, runtime), values in times.items():
            row = [name, runtime, len(values), f"{statistics.median(values) / 1e6:.1f}",
                   f"{quantile(values, 0.95) / 1e6:.1f}"]
            if name == Sandwatch.name:
                table.add(*row, "", "", "", "")
                continue
            ratio, low, high = ratio_of_medians(times[Sandwatch.name, ours], values)
            goal = GOALS.get(name) if runtime == DOCKERS_DEFAULT else None
            row += [f"{ratio:.2f}", f"{low:.2f} to {high:.2f}"]
            if goal:
                table.add(*row, f"≤ {goal:.2f}", verdict_of_ratio(ratio, low, high, goal))
            else:
                table.add(*row, "the floor" if name == BareRunc.name else "", "")
        if ours != DOCKERS_DEFAULT:
            table.note(self.on_the_default(times))
        self.tables.append(table)

    @staticmethod
    def on_the_default(times):
        """What is left of the ratios when sandwatch, too, has to do with Docker's default runtime."""
        parts = []
        for name in GOALS:
            if (name, DOCKERS_DEFAULT) in times:
                ratio, low, high = ratio_of_medians(times[Sandwatch.name, DOCKERS_DEFAULT], times[name, DOCKERS_DEFAULT])
                parts.append(f"{ratio:.2f} ({low:.2f} to {high:.2f}) of {name}")
        return f"With {DOCKERS_DEFAULT} on both sides sandwatch takes {' and '.join(parts)}."

    # ---- what sandwatch itself costs ----

    def cpu_of_session(self, sandwatch, workload, iterations):
        """User and system time of the sandwatch process alone, s."""
        path = self.folder / "cpu.yaml"
        path.write_text(json.dumps(sandwatch.config(workload, iterations)))
        pid = os.posix_spawn(self.program, [self.program, "--batch", "--config", str(path)], self.environment,
                             file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)])
        _, status, usage = os.wait4(pid, 0)
        if status:
            raise Failed(f"sandwatch ended with {os.waitstatus_to_exitcode(status)}")
        return usage.ru_utime + usage.ru_stime

    def own_cpu(self):
        self.say("  bench      own CPU time")
        sandwatch = Sandwatch(self)
        workload = Workload("", self.image, ["/usr/bin/python3", "-I", "-c", "pass"])
        few, more = (2, 10) if self.options.quick else (5, 30)
        slopes = []
        for _ in range(1 if self.options.quick else 3):
            slopes.append((self.cpu_of_session(sandwatch, workload, few + more) -
                           self.cpu_of_session(sandwatch, workload, few)) / more * 1e3)
        figure = statistics.median(slopes)
        self.costs.add("own CPU time per cold iteration", f"{figure:.2f} ms", f"≤ {OWN_CPU_MS_MAX:g} ms",
                       verdict(figure <= OWN_CPU_MS_MAX))

    def sums(self, journal):
        """Of every counted attempt: do its phases and `other` add up to its wall time, and how large is `other`?"""
        events = [json.loads(line) for line in journal.read_text().splitlines()]
        names = {event["mode"]: event["name"] for event in events if event["event"] == "mode_planned"}
        for mode, name in names.items():
            attempts = [event for event in events if event["event"] == "attempt_finished" and event["mode"] == mode and
                        not event.get("warmup")]
            off = max(abs(sum(end - start for _, start, end, on_path in one["spans"] if on_path) +
                          one.get("other_ns", 0) - one["wall_ns"]) for one in attempts)
            share = statistics.median(one.get("other_ns", 0) / one["wall_ns"] for one in attempts)
            self.costs.add(f"{name}: phases + other = wall, worst of {len(attempts)}", f"{off} ns off", "0 ns",
                           verdict(off == 0))
            self.costs.add(f"{name}: other, p50", f"{100 * share:.2f} %", f"≤ {100 * OTHER_SHARE_MAX:g} %",
                           verdict(share <= OTHER_SHARE_MAX))

    def second_make_run(self):
        """From `make run` to the first iteration, everything being there; then what that session recorded."""
        self.say("  bench      a second make run")
        arguments = f"--batch --iterations {3 if self.options.quick else 20}"
        command = ["make", "--no-print-directory", "-C", str(REPOSITORY), "run", f"ARGS={arguments}"]
        environment = {name: value for name, value in self.environment.items() if not name.startswith("MAKE")}
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        known = set(self.state.glob("sandwatch/runs/*"))
        with open(self.folder / "make.log", "wb") as log:
            begin = time.monotonic()
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            first, journal = None, None
            while first is None and process.poll() is None:
                time.sleep(0.005)
                for folder in set(self.state.glob("sandwatch/runs/*")) - known:
                    journal = folder / "journal.jsonl"
                    if journal.exists() and b'"iteration_started"' in journal.read_bytes():
                        first = time.monotonic() - begin
            if process.wait() != 0 or first is None:
                raise Failed((self.folder / "make.log").read_text()[-3000:])
        self.costs.add("a second `make run`, to its first iteration", f"{first:.2f} s", f"< {FIRST_ITERATION_S_MAX:g} s",
                       verdict(first < FIRST_ITERATION_S_MAX))
        self.sums(journal)

    def memory(self):
        """RSS while a batch runs a host command over and over."""
        total = 10_000 if self.options.quick else 100_000
        mark = total // 10
        self.say(f"  bench      memory over {total} host iterations")
        path = self.folder / "memory.yaml"
        path.write_text(json.dumps({
            "session": {"name": "memory", "iterations": total, "warmup": 0}, "gates": [],
            "modes": [{"name": "host", "kind": "host"}], "workload": {"command": [str(self.noop)]}}))
        known = set(self.state.glob("sandwatch/runs/*"))
        begin = time.monotonic()
        process = subprocess.Popen([self.program, "--batch", "--quiet", "--config", path], env=self.environment,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        at_mark = last = peak = count = 0
        reader, rest = None, b""
        while process.poll() is None:
            time.sleep(0.05)
            try:
                status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            except OSError:
                break
            sizes = dict(re.findall(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.M))
            if reader is None:
                fresh = set(self.state.glob("sandwatch/runs/*/journal.jsonl")) - {one / "journal.jsonl" for one in known}
                reader = open(fresh.pop(), "rb") if fresh else None
            if reader is None or len(sizes) < 2:
                continue
            lines = (rest + reader.read()).split(b"\n")
            rest = lines.pop()
            count += sum(b'"iteration_finished"' in line[:40] for line in lines)
            last, peak = int(sizes["VmRSS"]), int(sizes["VmHWM"])
            if not at_mark and count >= mark:
                at_mark = last
        if process.wait() != 0 or not at_mark:
            raise Failed(f"the batch of {total} host iterations ended with {process.returncode} after {count}")
        per_second = total / (time.monotonic() - begin)
        self.costs.add(f"RSS of {total} host iterations, peak", f"{peak / 1024:.1f} MB", f"≤ {RSS_MB_MAX:g} MB",
                       verdict(peak / 1024 <= RSS_MB_MAX))
        self.costs.add(f"RSS, {mark} iterations → {total}", f"{at_mark} → {last} kB", f"flat (≤ {FLAT_KB_MAX} kB)",
                       verdict(last - at_mark <= FLAT_KB_MAX))
        self.costs.note(f"That batch ran {per_second:.0f} iterations per second.")

    # ---- the whole ----

    def versions(self):
        def first_line(*command):
            try:
                return run(command, env=self.environment)[0].stdout.decode().splitlines()[0]
            except (OSError, Failed, IndexError):
                return "-"
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
                ("sandwatch", first_line(self.program, "--version")),
                ("date", datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"))]

    def measure(self):
        self.prepare()
        self.race()
        self.costs = Table("What sandwatch itself costs", "", "measured", "goal", "")
        self.tables.append(self.costs)
        self.own_cpu()
        self.second_make_run()
        if not self.options.skip_rss:
            self.memory()

    def show(self):
        versions = self.versions()
        print("\n".join(f"  {name:<15} {value}" for name, value in versions) + "\n")
        print("\n".join(table.text() for table in self.tables))
        if self.options.markdown:
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
from one run on one machine; only the ratios carry over to another.

Everyone runs the same command in the same image on the same engine, with the same limits: no network,
read-only root, no capabilities, no-new-privileges, user 65534, 64 processes, 2 GB without swap, half a CPU,
16 MB of /tmp, the engine's built-in seccomp profile. They take turns, {blocks} blocks of {count} each, and
each block begins with a run that is not counted. A time is from create to removed for sandwatch, the whole
command for `docker run --rm` and `runc run`, and one call of `containers.run(remove=True)` of an imported
and connected Python SDK. `runc run` is given the config.json that the engine itself wrote, without its hooks:
it is the floor under any engine. The ratios are of medians; their intervals are bootstrapped.

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
    parser.add_argument("--skip-screen", action="store_true", help="leave out the live screen: screen.py measures it")
    parser.add_argument("--skip-rss", action="store_true", help="leave out the long batch of host iterations")
    parser.add_argument("--markdown", help="write the figures to this file too")
    parser.add_argument("--tmp", default="/var/tmp", help="where two copies of the image's root find room")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.per_block = min(options.rounds, 2), min(options.per_block, 3)
    return options


def main():
    bench = Bench(parse())
    try:
        bench.measure()
        bench.show()
        if not bench.options.skip_screen:
            bench.screen()
    except (Failed, subprocess.SubprocessError) as error:
        print(f"bench.py: {error}\n{getattr(error, 'stderr', None) or ''}", file=sys.stderr)
        return 1
    finally:
        bench.done()
    return 0


if __name__ == "__main__":
    sys.exit(main())
