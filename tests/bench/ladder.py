"""The ladder: every way to run one command, from a process on the host to the Python SDK, in one interleaved race."""
import statistics

from contenders import BareRuntime, Bubblewrap, DockerRun, Failed, Host, Missing, PythonSdk, Sandwatch, Workload
from figures import Table, ms, quantile, ratio_in_blocks
from line import WarmLine

DOCKERS_DEFAULT = "runc"  # what `docker run` and the SDK use unless they are told otherwise
PYTHON = "python3 -I -c pass"
NOOP = "a static no-op"
# ratio, its goal: (ours, theirs, runtime of theirs) in the race of PYTHON
GOALS = [(("sandwatch, prepared", DockerRun.name), 0.40), (("sandwatch, cold", DockerRun.name), 0.50),
         (("sandwatch, cold", PythonSdk.name), 0.50)]


def said(error):
    """The last line of an error: what a program said last."""
    return [line.strip() for line in str(error).splitlines() if line.strip()][-1][:200]


class Ladder:
    def __init__(self, bench):
        self.bench = bench
        self.ours = bench.seen["engine"]["runtime"]
        self.absent = []
        self.out = {}  # {workload's name: who could not run it, and why}
        self.times = {}  # {workload's name: {(rung's name, runtime): a list of times for each block}}

    # ---- who takes part ----

    def makers(self):
        """All rungs, those of each engine with its own runtime and with Docker's default one."""
        runtimes = list(dict.fromkeys([self.ours, DOCKERS_DEFAULT]))
        yield from [(Host.name, lambda: Host(self.bench)), (Bubblewrap.name, lambda: Bubblewrap(self.bench))]
        for runtime in ("crun", "runc"):
            yield f"{runtime} run", lambda: BareRuntime(self.bench, runtime)
        for kind in ("prepared", "cold", "exec"):
            for runtime in runtimes:
                yield f"sandwatch, {kind}", lambda: Sandwatch(self.bench, kind, runtime)
        yield WarmLine.name, lambda: WarmLine(self.bench, self.ours)
        for runtime in runtimes:
            yield DockerRun.name, lambda: DockerRun(self.bench, runtime)
            yield PythonSdk.name, lambda: PythonSdk(self.bench, runtime)

    def rungs(self):
        found = []
        for name, make in self.makers():
            try:
                found.append(make())
            except Missing as why:
                self.leave_out(name, str(why))
        return found

    def leave_out(self, name, why):
        if (name, why) not in self.absent:
            self.absent.append((name, why))
            self.bench.say(f"without {name}: {why}")

    # ---- the race ----

    def race(self, workload, rungs):
        """{(name, runtime): a list of times for each block}. Who fails once is out: no figure, but the reason is told."""
        times, gone = {}, set()
        for i in range(self.bench.options.rounds):
            self.bench.say(f"{workload.name}: block {i + 1} of {self.bench.options.rounds}")
            # Another one begins in every block, so that no one always follows the same other.
            shift = i % len(rungs)
            for rung in rungs[shift:] + rungs[:shift]:
                key = (rung.name, rung.runtime)
                if key in gone:
                    continue
                try:
                    times.setdefault(key, []).append(rung.block(workload, self.bench.options.per_block))
                except (Missing, Failed) as error:
                    gone.add(key)
                    del times[key]
                    self.out[workload.name].append((f"{rung.name} ({rung.runtime})", said(error)))
                    self.bench.say(f"without {rung.name} on {rung.runtime}: {error}")
        return times

    def run(self):
        rungs = self.rungs()
        self.what = {rung.name: rung.what for rung in rungs}
        for workload in (Workload(PYTHON, self.bench.image, ["/usr/bin/python3", "-I", "-c", "pass"], self.bench.root),
                         Workload(NOOP, self.bench.noop_image, ["/noop"], self.bench.noop_root)):
            why = {rung: rung.unable(workload) for rung in rungs}
            self.out[workload.name] = list(dict.fromkeys((rung.name, text) for rung, text in why.items() if text))
            self.times[workload.name] = self.race(workload, [rung for rung in rungs if not why[rung]])

    def blocks(self, name, runtime=None, workload=PYTHON):
        """Of one rung; runtime: the engine's own. None when it did not take part."""
        times = self.times[workload]
        for wanted in (runtime or self.ours, "-"):
            if (name, wanted) in times:
                return times[name, wanted]
        return None

    def ratio(self, ours, theirs, workload=PYTHON, ours_on=None, theirs_on=DOCKERS_DEFAULT):
        """(ratio of medians, low, high) or None: one of them did not take part."""
        pair = self.blocks(ours, ours_on, workload), self.blocks(theirs, theirs_on, workload)
        return None if None in pair else ratio_in_blocks(*pair)

    # ---- what is shown ----

    def table(self, workload):
        """Sorted: a ladder."""
        table = Table(f"The ladder: {workload}", "", "runtime", "n", "p50 ms", "p95 ms",
                      f"sandwatch, cold on {self.ours} / it", "95 % interval")
        flat = {key: [value for block in blocks for value in block] for key, blocks in self.times[workload].items()}
        cold = self.blocks("sandwatch, cold", None, workload)
        for key, values in sorted(flat.items(), key=lambda item: statistics.median(item[1])):
            name, runtime = key
            row = [name, runtime, len(values), ms(statistics.median(values)), ms(quantile(values, 0.95))]
            if cold is None or key == ("sandwatch, cold", self.ours):
                table.add(*row, "", "")
                continue
            ratio, low, high = ratio_in_blocks(cold, self.times[workload][key])
            table.add(*row, f"{ratio:.3g}", f"{low:.3g} to {high:.3g}")
        for name, why in self.absent + self.out[workload]:
            table.add(f"{name}: {why}", "", 0, "", "", "", "")
        if workload == PYTHON:
            for name, what in self.what.items():
                table.note(f"{name}: {what}.")
        if self.ours != DOCKERS_DEFAULT and cold is not None:
            table.note(self.on_the_default(workload))
        return table

    def on_the_default(self, workload):
        """What is left of the ratios when sandwatch, too, has to do with Docker's default runtime."""
        parts = []
        for (ours, theirs), _ in GOALS:
            found = self.ratio(ours, theirs, workload, ours_on=DOCKERS_DEFAULT)
            if found:
                parts.append(f"{ours.partition(', ')[2]} {found[0]:.2f} ({found[1]:.2f} to {found[2]:.2f}) of {theirs}")
        return f"With {DOCKERS_DEFAULT} on both sides: {', '.join(parts)}." if parts else ""

    def goals(self, table):
        for (ours, theirs), goal in GOALS:
            table.figure(f"{ours.partition(', ')[2]} / {theirs}, {PYTHON}, p50", self.ratio(ours, theirs), goal)
