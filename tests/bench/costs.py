"""What sandwatch itself costs: CPU time, memory, the way to the first iteration, and whether phases add up."""
import statistics
import subprocess
import time

from contenders import Failed
from figures import Goals
from proc import memory_kb
from session import events

OWN_CPU_MS_MAX = 2.0
OTHER_SHARE_MAX = 0.01
RSS_MB_MAX = 16.0
FLAT_KB_MAX = 512
FIRST_ITERATION_S_MAX = 2.0


class Costs:
    def __init__(self, bench):
        self.bench = bench
        self.table = Goals("What sandwatch itself costs")

    def run(self):
        self.own_cpu()
        self.second_make_run()
        if not self.bench.options.skip_rss:
            self.memory()

    def own_cpu(self):
        self.bench.say("own CPU time of cold iterations")
        few, more, times = (2, 10, 1) if self.bench.options.quick else (5, 30, 3)
        content = {"modes": [{"name": "cold", "kind": "cold"}],
                   "workload": {"command": ["/usr/bin/python3", "-I", "-c", "pass"]},
                   "sandbox": {"docker": {"image": self.bench.image}, "fallback": {"enabled": False}}}
        cost = [[self.bench.sessions.cpu_s({**content, "session": {"iterations": count, "warmup": 1}})
                 for count in (few, few + more)] for _ in range(times)]
        slopes = sorted((long - short) / more * 1e3 for short, long in cost)
        self.table.figure("own CPU time per cold iteration", (statistics.median(slopes), slopes[0], slopes[-1]),
                          OWN_CPU_MS_MAX, unit=" ms")

    def sums(self, journal):
        """Of every counted attempt: do its phases and `other` add up to its wall time, and how large is `other`?"""
        found = list(events(journal))
        names = {event["mode"]: event["name"] for event in found if event["event"] == "mode_planned"}
        for mode, name in names.items():
            attempts = [event for event in found if event["event"] == "attempt_finished" and event["mode"] == mode and
                        not event.get("warmup")]
            off = max(abs(sum(end - start for _, start, end, on_path in one["spans"] if on_path) +
                          one.get("other_ns", 0) - one["wall_ns"]) for one in attempts)
            share = statistics.median(one.get("other_ns", 0) / one["wall_ns"] for one in attempts)
            self.table.fact(f"{name}: phases + other = wall, worst of {len(attempts)}", f"{off} ns off", "0 ns", off == 0)
            self.table.fact(f"{name}: other, p50", f"{100 * share:.2f} %", f"≤ {100 * OTHER_SHARE_MAX:g} %",
                            share <= OTHER_SHARE_MAX)

    def second_make_run(self):
        """From `make run` to the first iteration, everything being there; then what that session recorded."""
        self.bench.say("a second make run")
        state = self.bench.sessions.state
        arguments = f"--batch --iterations {3 if self.bench.options.quick else 20}"
        command = ["make", "--no-print-directory", "-C", str(self.bench.repository), "run", f"ARGS={arguments}"]
        environment = {name: value for name, value in self.bench.environment.items() if not name.startswith("MAKE")}
        subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, capture_output=True, check=True)
        known = set(state.glob("sandwatch/runs/*"))
        with open(self.bench.folder / "make.log", "wb") as log:
            begin = time.monotonic()
            process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            first, journal = None, None
            while first is None and process.poll() is None:
                time.sleep(0.005)
                for folder in set(state.glob("sandwatch/runs/*")) - known:
                    journal = folder / "journal.jsonl"
                    if journal.exists() and b'"iteration_started"' in journal.read_bytes():
                        first = time.monotonic() - begin
            if process.wait() != 0 or first is None:
                raise Failed((self.bench.folder / "make.log").read_text()[-3000:])
        self.table.fact("a second `make run`, to its first iteration", f"{first:.2f} s", f"< {FIRST_ITERATION_S_MAX:g} s",
                        first < FIRST_ITERATION_S_MAX)
        self.sums(journal)

    def memory(self):
        """RSS while a batch runs a host command over and over."""
        total = 10_000 if self.bench.options.quick else 100_000
        mark = total // 10
        self.bench.say(f"memory over {total} host iterations")
        seen = {"at_mark": 0, "last": 0, "peak": 0}

        def look(pid, count):
            sizes = memory_kb(pid)
            if "VmRSS" not in sizes:
                return
            seen.update(last=sizes["VmRSS"], peak=sizes["VmHWM"])
            if not seen["at_mark"] and count >= mark:
                seen["at_mark"] = seen["last"]

        _, seconds = self.bench.sessions.watch({
            "session": {"name": "memory", "iterations": total, "warmup": 0},
            "modes": [{"name": "host", "kind": "host"}],
            "workload": {"command": [str(self.bench.noop_root / "noop")]}}, look)
        at_mark, last, peak = seen["at_mark"], seen["last"], seen["peak"] / 1024
        if not at_mark:
            raise Failed(f"the batch of {total} host iterations was too quick to be looked at")
        self.table.fact(f"RSS of {total} host iterations, peak", f"{peak:.1f} MB", f"≤ {RSS_MB_MAX:g} MB", peak <= RSS_MB_MAX)
        self.table.fact(f"RSS, {mark} iterations → {total}", f"{at_mark} → {last} kB", f"flat (≤ {FLAT_KB_MAX} kB)",
                        last - at_mark <= FLAT_KB_MAX)
        self.table.note(f"That batch ran {total / seconds:.0f} iterations per second.")
