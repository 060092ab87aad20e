#!/usr/bin/env python3
"""Puts the study's table "Estimated Impact of Optimizations" into a file, with measured figures beside the estimates.

    study.py SNAPSHOT.json README.md

SNAPSHOT is of a session of config/ladder.yaml (`make ladder` runs one and calls this). What stands between the two
marks of the file is replaced. A mode that is missing, or has failed iterations, is said to be so.
"""
import json
import pathlib
import random
import statistics
import sys

BEGIN = "<!-- The study's optimizations, measured: written by `make ladder`. -->\n"
END = "<!-- Until here: `make ladder`. -->\n"
RUN = 20  # the study's iterations
RESAMPLES = 2000
# What the study estimates, and which modes of the ladder measure it. (name, estimate, now, then, by throughput)
ROWS = [
    ("Container Reuse: `exec` in a kept container", "1.88 → 0.75 s, **-60 %**", "docker-sandbox", "container-reuse", False),
    ("Container Reuse: a warm worker in a kept container", "the same", "docker-sandbox", "warm", False),
    ("Parallel Execution (5x), 20 iterations", "37.5 → 26 s, **-31 %**", "docker-sandbox", "cold-x5", True),
    ("Lightweight Runtime: crun for runc", "**-20 %**", "cold-runc", "cold-crun", False),
    ("Containers created ahead", "not estimated", "docker-sandbox", "prepared", False),
    ("Combined: two warm workers", "1.88 → 0.60 s, **-68 %**", "cold-runc", "warm-x2", None),
]


def seconds(ns):
    value = ns / 1e9
    return f"{value:.4f}" if value < 0.1 else f"{value:.3f}" if value < 1 else f"{value:.2f}"


class Study:
    def __init__(self, snapshot):
        self.snapshot = snapshot
        self.modes = {mode["name"]: mode for mode in snapshot["modes"]}

    def missing(self, name):
        """Why a mode has no figures, or nothing."""
        mode = self.modes.get(name)
        if mode is None:
            return f"there is no mode {name}"
        done = mode["iterations"]
        if done["ok"] == 0 or done["ok"] != done["done"] or not mode["samples_ns"]:
            return f"{name}: {done['ok']} of {done['done']} iterations ok"
        return ""

    def per_iteration(self, name):
        """What an iteration of the mode takes of the session's time, behind the path included, ns."""
        return 1e9 / self.modes[name]["throughput_per_second"]

    def means(self, now, then):
        """The improvement of the mean in percent, and its bootstrap 95 % interval."""
        source = random.Random(42)
        sides = [self.modes[name]["samples_ns"] for name in (now, then)]
        found = sorted(self.percent(*(statistics.fmean(source.choices(side, k=len(side))) for side in sides))
                       for _ in range(RESAMPLES))
        return found[int(0.025 * RESAMPLES)], found[int(0.975 * RESAMPLES) - 1]

    @staticmethod
    def percent(now, then):
        return 100 * (then / now - 1)

    def row(self, name, estimate, now, then, by_throughput):
        why = self.missing(now) or self.missing(then)
        if why:
            return f"| {name} | {estimate} | not measured: {why} | | |"
        if by_throughput is False:
            before, after = (statistics.fmean(self.modes[one]["samples_ns"]) for one in (now, then))
            interval = "{:+.1f} to {:+.1f} %".format(*self.means(now, then))
        else:
            before, after = self.per_iteration(now), self.per_iteration(then)
            interval = "-"
        times = RUN if by_throughput else 1
        return (f"| {name} | {estimate} | {seconds(times * before)} → {seconds(times * after)} s, "
                f"**{self.percent(before, after):+.1f} %** | {interval} | `{now}` → `{then}`{', by throughput' if by_throughput is not False else ''} |")

    def text(self):
        environment, session = self.snapshot["environment"], self.snapshot["session"]
        engine = environment["engine"]
        lines = ["| optimization | the study's estimate | measured | 95 % interval | modes |",
                 "| --- | --- | --- | --- | --- |"]
        lines += [self.row(*row) for row in ROWS]
        lines += ["", f"One session of [config/ladder.yaml](config/ladder.yaml), all modes taking turns, {session['iterations']} "
                  f"iterations of each, on {self.snapshot['generated_at'][:10]}: {environment['cpu']}, {environment['cpus']} in use; "
                  f"{environment['kernel']}; {engine['name']} {engine['version']}. Means of an iteration's time on its path; "
                  "*by throughput*: what an iteration takes of the time of the mode's own turns, with what goes on behind the path. All of it again, "
                  "and this table rewritten: `make ladder`."]
        return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    snapshot, path = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8")), pathlib.Path(sys.argv[2])
    text = path.read_text(encoding="utf-8")
    if text.count(BEGIN) != 1 or text.count(END) != 1 or text.index(BEGIN) > text.index(END):
        print(f"study.py: {path} does not have both marks once, in their order", file=sys.stderr)
        return 1
    study = Study(snapshot)
    before, after = text[:text.index(BEGIN)], text[text.index(END):]
    path.write_text(f"{before}{BEGIN}\n{study.text()}\n{after}", encoding="utf-8")
    print(study.text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
