"""sandwatch's own kinds, one against the other, on the study's job with its real backtest. Each round is one session
whose modes take turns, so that a drift hits all of them alike."""
import statistics

from contenders import Failed, mode_of, samples
from figures import Table, between, interval_of_median, ms, quantile, ratio_in_blocks
from line import HostLines, line
from proc import cgroup_memory_kb, memory_kb

WORKLOAD = {"strategy": "momentum", "backtest": "real", "days": 252, "symbols": 10}
HOST = {"name": "host-preforked", "kind": "host", "preforked": True}
WARM = {"name": "warm", "kind": "warm"}
COLD = {"name": "cold", "kind": "cold"}
SLOW = [HOST, WARM, {"name": "exec", "kind": "exec"}, {"name": "prepared", "kind": "prepared"}, COLD,
        {"name": "cold-x8", "kind": "cold", "parallel": 8}]
FAST = [HOST, {**HOST, "name": "host-x2", "parallel": 2}, WARM, {**WARM, "name": "warm-x2", "parallel": 2}]
OWN_CPU_WARM_MS_MAX = 0.1
LINE_MS_MAX = 0.3
ROW = 1000  # warm jobs in a row
FLAT_KB_MAX = 512


class Times:
    """Of one group's rounds: {mode: a list of latencies for each round}, {mode: turns' iterations a second, for each}."""

    def __init__(self):
        self.latencies, self.throughputs, self.imports = {}, {}, {}

    def add(self, snapshot, modes, count):
        for mode in modes:
            name = mode["name"]
            self.latencies.setdefault(name, []).append(samples(snapshot, name, count))
            told = mode_of(snapshot, name)
            self.throughputs.setdefault(name, []).append(told.get("throughput_per_second"))
            self.imports.setdefault(name, []).append(next((phase["p50_ns"] for phase in told["phases"]
                                                           if phase["name"] == "imports"), 0))

    def ratio(self, ours, theirs):
        return ratio_in_blocks(self.latencies[ours], self.latencies[theirs])

    def ratio_without_imports(self, ours, theirs):
        """Of the rounds' medians, each less its imports' median."""
        rest = {name: [statistics.median(times) - imports for times, imports in zip(self.latencies[name], self.imports[name])]
                for name in (ours, theirs)}
        return interval_of_median([one / other for one, other in zip(rest[ours], rest[theirs])])

    def speedup(self, ours, theirs):
        """Median of the rounds' ratios of throughputs, and its interval."""
        pairs = list(zip(self.throughputs[ours], self.throughputs[theirs]))
        if any(None in pair or 0 in pair for pair in pairs):
            return None
        return interval_of_median([one / other for one, other in pairs])


class Modes:
    def __init__(self, bench):
        self.bench = bench
        quick = bench.options.quick
        self.rounds = max(2, bench.options.rounds * 2 // 3)
        self.slow_count, self.fast_count = (8, 40) if quick else (16, 200)
        self.groups = {}

    def session(self, modes, iterations, block, docker, warmup=2):
        return {"session": {"name": "bench", "iterations": iterations, "warmup": warmup, "block": block},
                "modes": modes, "workload": WORKLOAD,
                "sandbox": {"docker": {"image": self.bench.image, **docker}, "fallback": {"enabled": False}}}

    def take(self, title, modes, count, block, docker, rounds):
        times = self.groups[title] = Times()
        for i in range(rounds):
            self.bench.say(f"{title}: round {i + 1} of {rounds}")
            # The modes' order is another one each time, so that no one always follows the same other.
            turned = modes[i % len(modes):] + modes[:i % len(modes)]
            times.add(self.bench.sessions.run(self.session(turned, count, block, docker)), modes, count)

    def run(self):
        self.take("all kinds", SLOW, self.slow_count, 2, {"cpu_count": 0}, self.rounds)
        self.take("all kinds, half a CPU", SLOW, self.slow_count, 2, {"cpu_count": 0.5}, max(2, self.rounds // 2))
        self.take("two at a time", FAST, self.fast_count, 20, {"cpu_count": 0}, self.rounds)

    # ---- what is shown ----

    def table(self, title, heading):
        times = self.groups[title]
        table = Table(heading, "", "n", "p50 ms", "p95 ms", "/ cold", "95 % interval", "a second")
        for name, rounds in times.latencies.items():
            flat = [value for values in rounds for value in values]
            ratio, low, high = times.ratio(name, "cold") if "cold" in times.latencies else (None,) * 3
            rates = [rate for rate in times.throughputs[name] if rate]
            table.add(name, len(flat), ms(statistics.median(flat)), ms(quantile(flat, 0.95)),
                      f"{ratio:.4f}" if ratio else "", between(low, high, "{:.4f}") if ratio else "",
                      f"{statistics.median(rates):.2f}" if rates else "not told")
        return table

    def tables(self):
        tables = [self.table("all kinds", "Every kind on the study's job, real backtest, 252 days × 10 symbols"),
                  self.table("all kinds, half a CPU", "The same with the study's limit of half a CPU"),
                  self.table("two at a time", "One and two at a time, no CPU limit")]
        tables[0].note("No CPU limit, else as above. A second: iterations that ended, by the time of the mode's own turns, "
                       "in which what goes on behind the path (removals, warming up the next worker) is finished, too.")
        return tables

    def goals(self, table):
        slow, fast, half = self.groups["all kinds"], self.groups["two at a time"], self.groups["all kinds, half a CPU"]
        table.figure("warm / the same preforked worker on the host, p50", fast.ratio("warm", HOST["name"]), 1.3)
        table.figure("warm / cold, p50", slow.ratio("warm", "cold"), 0.02, "{:.4f}")
        table.figure("the same with half a CPU", half.ratio("warm", "cold"), None, "{:.4f}")
        self.line_goal(table)
        table.figure("exec / cold, p50", slow.ratio("exec", "cold"), 0.6)
        table.figure("the same with half a CPU", half.ratio("exec", "cold"), None)
        table.figure("the same less the imports of pandas, which both wait for", slow.ratio_without_imports("exec", "cold"), None)
        table.figure("cold ×8, jobs a second / one after another", slow.speedup("cold-x8", "cold"), 1.5, is_least=True)
        table.figure("the same with half a CPU each", half.speedup("cold-x8", "cold"), None)
        table.figure("warm ×2, jobs a second / warm", fast.speedup("warm-x2", "warm"), 1.7, is_least=True)
        table.figure("beside it: the host's preforked worker ×2 / ×1", fast.speedup("host-x2", HOST["name"]), None)
        self.own_cpu(table)
        self.in_a_row(table)

    def line_goal(self, table):
        self.bench.say("lines to a warm worker")
        rounds, count = (2, 100) if self.bench.options.quick else (5, 200)
        host, times = HostLines(self.bench.root), {}
        for _ in range(rounds):
            for what in ("echo", "relay", "noop"):
                times.setdefault(what, []).extend(line(self.bench, what, count)["line_ns"])
            times.setdefault("host", []).extend(host.take(count))
        host.close()
        for what, name, goal in (("noop", "a line to a warm worker and back, no work, p50", LINE_MS_MAX),
                                 ("host", "beside it: the same to the same worker on the host, without an engine", None),
                                 ("relay", "beside it: the same to a process that passes it to a child and back", None),
                                 ("echo", "the engine's part: the same to a process that echoes", None)):
            table.figure(name, tuple(value / 1e6 for value in interval_of_median(times[what])), goal, "{:.3f}", " ms")

    def own_cpu(self, table):
        self.bench.say("own CPU time of warm jobs")
        few, more, times = (10, 200, 1) if self.bench.options.quick else (10, 2000, 2)
        cost = [[self.bench.sessions.cpu_s(self.session([WARM], count, 50, {"cpu_count": 0}))
                 for count in (few, few + more)] for _ in range(times)]
        slopes = sorted((long - short) / more * 1e3 for short, long in cost)
        table.figure("own CPU time per warm job", (statistics.median(slopes), slopes[0], slopes[-1]),
                     OWN_CPU_WARM_MS_MAX, "{:.3f}", " ms")
        count = 200 if self.bench.options.quick else 1000
        bare = sorted(line(self.bench, "noop", count)["cpu_ns"] / 1e6 for _ in range(3))
        table.figure("beside it: that of a bare client, which writes lines and reads answers", (bare[1], bare[0], bare[2]), None,
                     "{:.3f}", " ms")
        table.note("exec and cold both start an interpreter that imports pandas: no kind of container changes how long that "
                   "takes. What they differ by is in the row without it.")
        table.note("A job of the warm kind runs in a child with pipes of its own, so that it can neither answer for another "
                   "nor flood it: a line to it wakes two processes more than an echo does. The relay is what that alone costs. "
                   "On the host the reader is a script. All of them take turns, and rest for 10 ms and more between lines: "
                   "CPUs fall asleep in that time.")
        table.note("The bare client only writes a line, wakes for the result and wakes for its end: no client can do with less.")
        table.note(f"Own CPU time: user and system time of the whole sandwatch process over a session of {few + more} warm jobs "
                   f"less that of one with {few}, by {more}; the interval is from the least to the most of {times}.")

    # ---- many in a row ----

    def in_a_row(self, table):
        count = 200 if self.bench.options.quick else ROW
        self.bench.say(f"{count} warm jobs in a row")
        kept = Kept(self.bench, count // 10)
        snapshot, seconds = self.bench.sessions.watch(self.session([WARM], count, count, {"cpu_count": 0}), kept.look)
        ended = snapshot["modes"][0]["iterations"]
        lost, replaced = count - ended["ok"], snapshot["modes"][0]["replaced"]
        table.fact(f"{count} warm jobs in a row: lost, containers replaced", f"{lost}, {replaced}", "0, 0",
                   lost == replaced == 0)
        found = line(self.bench, "seeds", count // 2)
        wrong = found["mixed"] + found["strange"] + found["doubled"] + found["seeds"] - found["distinct"]
        table.fact(f"{found['jobs']} with {found['seeds']} seeds, up and down: lost, mixed up", f"{found['lost']}, {wrong}",
                   "0, 0", found["lost"] == wrong == 0)
        for name, (first, last) in kept.grown().items():
            table.fact(f"{name}, {kept.mark} jobs → the end", f"{first} → {last} kB", f"flat (≤ {FLAT_KB_MAX} kB)",
                       last - first <= FLAT_KB_MAX)
        for text in kept.missing:
            table.note(text)
        table.note(f"Those {count} took {seconds:.1f} s, start and end of the session included.")


class Kept:
    """The memory of the session's one kept container, from MARK jobs on."""

    def __init__(self, bench, mark):
        self.bench, self.mark = bench, mark
        self.pid, self.ids, self.sizes, self.missing = None, set(), {}, []

    def look(self, _, count):
        if count < self.mark:
            return
        if self.pid is None:
            self.ids = set(self.bench.docker("ps", "--quiet", "--filter", "label=org.sandwatch.session").split())
            if len(self.ids) != 1:
                raise Failed(f"there are {len(self.ids)} containers where one is kept")
            self.pid = int(self.bench.docker("inspect", "--format", "{{.State.Pid}}", *self.ids))
        rss, container = memory_kb(self.pid).get("VmRSS"), cgroup_memory_kb(self.pid)
        for name, size in (("RSS of the kept worker", rss), ("anonymous memory of its container", container)):
            if size is not None:
                self.sizes.setdefault(name, []).append(size)

    def grown(self):
        """{what: (median of the first tenth of looks, of the last)}: a job's own memory comes and goes."""
        if not self.sizes:
            self.missing.append("The kept container's memory could not be read: is the engine on this machine?")
        found = {}
        for name, sizes in self.sizes.items():
            part = max(1, len(sizes) // 10)
            found[name] = tuple(round(statistics.median(some)) for some in (sizes[:part], sizes[-part:]))
        return found
