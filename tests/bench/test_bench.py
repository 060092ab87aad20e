#!/usr/bin/env python3
"""Tests of what the benches make of figures: goals, ratios, the ladder, the study's table. Nothing is measured here."""
import contextlib
import copy
import io
import json
import os
import pathlib
import sys
import tempfile
import types
import unittest
from unittest import mock

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import contenders  # noqa: E402
import figures  # noqa: E402
import ladder  # noqa: E402
import modes  # noqa: E402
import study  # noqa: E402

MS = 1_000_000


class Figures(unittest.TestCase):
    def test_a_ratio_of_blocks_has_an_interval_as_wide_as_the_blocks_differ(self):
        alike = figures.ratio_in_blocks([[10, 10]] * 8, [[20, 20]] * 8)
        self.assertEqual(alike, (0.5, 0.5, 0.5))
        _, low, high = figures.ratio_in_blocks([[10], [30]] * 4, [[20], [20]] * 4)
        self.assertLess(low, 0.6)
        self.assertGreater(high, 1.4)

    def test_a_goal_is_met_or_missed_and_said_to_be_unclear_inside_the_interval(self):
        self.assertEqual(figures.verdict_of_ratio(0.4, 0.3, 0.45, 0.5), "met")
        self.assertEqual(figures.verdict_of_ratio(0.6, 0.55, 0.7, 0.5), "MISSED")
        self.assertEqual(figures.verdict_of_ratio(0.49, 0.4, 0.6, 0.5), "met, not clear of noise")
        self.assertEqual(figures.verdict_of_ratio(1.4, 1.2, 1.6, 1.5, is_least=True), "MISSED, not clear of noise")
        self.assertEqual(figures.verdict_of_ratio(1.8, 1.7, 1.9, 1.5, is_least=True), "met")

    def test_goals_say_what_was_not_measured(self):
        goals = figures.Goals("Goals")
        goals.figure("one", None, 0.5)
        goals.figure("two", (0.25, 0.2, 0.3), 0.5)
        goals.figure("three", (1.9, 1.8, 2.0), 1.5, is_least=True)
        goals.figure("four", (1.9, 1.8, 2.0), None)
        goals.fact("five", "3", "0", False)
        self.assertEqual(goals.rows, [["one", "not measured", "", "≤ 0.5", ""],
                                      ["two", "0.25", "0.20 to 0.30", "≤ 0.5", "met"],
                                      ["three", "1.90", "1.80 to 2.00", "≥ 1.5", "met"],
                                      ["four", "1.90", "1.80 to 2.00", "", ""], ["five", "3", "", "0", "MISSED"]])

    def test_milliseconds_keep_three_digits(self):
        self.assertEqual([figures.ms(value) for value in (141_234, 5_432_100, 145_320_000)], ["0.141", "5.43", "145.3"])


class Rung:
    """Takes as long as it is told; MISSING raises what says that something is not there."""

    def __init__(self, name, runtime, value, missing=""):
        self.name, self.what, self.runtime, self.value, self.missing = name, name, runtime, value, missing
        self.blocks, self.cannot = 0, None

    def unable(self, workload):
        return "not this" if workload.name == self.cannot else ""

    def block(self, _, count):
        self.blocks += 1
        if self.missing and self.blocks > 1:
            raise contenders.Failed(f"what was run\nexit code 1\n{self.missing}\n")
        return [self.value * MS] * count


def fake_bench(folder="/nonexistent"):
    return types.SimpleNamespace(
        seen={"engine": {"runtime": "crun"}}, options=types.SimpleNamespace(rounds=3, per_block=2, quick=True),
        image="image", root=folder, noop_image="noop", noop_root=folder, folder=pathlib.Path(folder), environment={},
        said=[], say=lambda _: None)


class TheLadder(unittest.TestCase):
    def climb(self, *rungs):
        one = ladder.Ladder(fake_bench())
        with mock.patch.object(ladder.Ladder, "rungs", lambda _: list(rungs)):
            one.run()
        return one

    def test_it_is_sorted_and_compared_with_a_cold_container(self):
        one = self.climb(Rung("docker run --rm", "runc", 400), Rung("sandwatch, cold", "crun", 100),
                         Rung("host", "-", 10), Rung("sandwatch, prepared", "crun", 50))
        rows = one.table(ladder.PYTHON).rows
        self.assertEqual([row[0] for row in rows], ["host", "sandwatch, prepared", "sandwatch, cold", "docker run --rm"])
        self.assertEqual([row[5] for row in rows], ["10", "2", "", "0.25"])
        self.assertEqual({row[2] for row in rows}, {"6"})
        goals = figures.Goals("Goals")
        one.goals(goals)
        self.assertEqual([row[1:] for row in goals.rows],
                         [["0.12", "0.12 to 0.12", "≤ 0.4", "met"], ["0.25", "0.25 to 0.25", "≤ 0.5", "met"],
                          ["not measured", "", "≤ 0.5", ""]])

    def test_who_drops_out_has_no_figure_but_a_reason(self):
        absent, unable = Rung("crun run", "crun", 1, missing="it does not run here"), Rung("warm", "crun", 1)
        unable.cannot = ladder.NOOP
        one = self.climb(Rung("sandwatch, cold", "crun", 100), absent, unable)
        self.assertEqual([row[0] for row in one.table(ladder.PYTHON).rows],
                         ["warm", "sandwatch, cold", "crun run (crun): it does not run here"])
        self.assertEqual([row[0] for row in one.table(ladder.NOOP).rows],
                         ["sandwatch, cold", "warm: not this", "crun run (crun): it does not run here"])
        self.assertEqual(absent.blocks, 3)

    def test_a_program_that_is_not_installed_is_named(self):
        bench = fake_bench()
        with mock.patch("shutil.which", lambda _: None), mock.patch.dict(sys.modules, {"docker": None}):
            one = ladder.Ladder(bench)
            one.rungs()
        for why in (("bubblewrap", "bwrap is not installed"), ("crun run", "crun is not installed"),
                    ("runc run", "runc is not installed"), ("Python Docker SDK", "python3-docker is not installed")):
            self.assertIn(why, one.absent)

    def test_each_rung_begins_a_block_in_turn(self):
        order = []
        rungs = [Rung(name, "-", 1) for name in "abc"]
        for rung in rungs:
            rung.block = lambda _, count, name=rung.name: order.append(name) or [MS] * count
        self.climb(*rungs)
        self.assertEqual("".join(order[:9]), "abcbcacab")


class Contenders(unittest.TestCase):
    def test_a_process_is_timed_and_its_failure_told(self):
        with tempfile.TemporaryDirectory() as folder:
            log = pathlib.Path(folder) / "said"
            self.assertGreater(contenders.timed(["true"], dict(os.environ), log), 0)
            with self.assertRaisesRegex(contenders.Failed, "(?s)exit code 3.*so it said"):
                contenders.timed(["sh", "-c", "echo so it said >&2; exit 3"], dict(os.environ), log)
            with self.assertRaisesRegex(contenders.Missing, "no-such-program is not installed"):
                contenders.timed(["no-such-program"], dict(os.environ), log)

    def test_the_host_runs_the_images_own_interpreter(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            self.assertEqual(contenders.Host.loader(root), [])
            (root / "sandwatch").mkdir()
            (root / "sandwatch/host.argv").write_text("@ROOT@/ld.so\n--library-path\n@ROOT@/lib\n@ROOT@/python\n-s\n")
            self.assertEqual(contenders.Host.loader(root), [f"{root}/ld.so", "--library-path", f"{root}/lib"])

    def test_iterations_that_did_not_end_ok_are_no_figure(self):
        snapshot = {"modes": [{"name": "warm", "iterations": {"ok": 3}, "samples_ns": [1, 2, 3]}]}
        self.assertEqual(contenders.samples(snapshot, "warm", 3), [1, 2, 3])
        with self.assertRaises(contenders.Failed):
            contenders.samples(snapshot, "warm", 4)


def mode(name, ms, rate, ok=4, imports=0):
    return {"name": name, "samples_ns": [int(one * MS) for one in ms], "throughput_per_second": rate,
            "iterations": {"ok": ok, "done": 4}, "phases": [{"name": "imports", "p50_ns": imports * MS}] if imports else []}


class Modes(unittest.TestCase):
    def test_ratios_and_speedups_are_of_the_same_rounds(self):
        times = modes.Times()
        kinds = [{"name": "cold"}, {"name": "cold-x8"}]
        for scale in (1, 2, 4):
            times.add({"modes": [mode("cold", [100 * scale] * 4, 10 / scale), mode("cold-x8", [300 * scale] * 4, 16 / scale)]},
                      kinds, 4)
        self.assertEqual(times.speedup("cold-x8", "cold"), (1.6, 1.6, 1.6))
        self.assertEqual(times.ratio("cold-x8", "cold"), (3.0, 3.0, 3.0))
        times.throughputs["cold"][0] = None
        self.assertIsNone(times.speedup("cold-x8", "cold"))

    def test_what_two_modes_share_can_be_left_out(self):
        times = modes.Times()
        for scale in (1, 2):
            times.add({"modes": [mode("exec", [400 * scale] * 4, 1, imports=300 * scale),
                                 mode("cold", [500 * scale] * 4, 1, imports=300 * scale)]}, [{"name": "exec"}, {"name": "cold"}], 4)
        self.assertEqual(times.ratio_without_imports("exec", "cold"), (0.5, 0.5, 0.5))
        self.assertEqual(times.ratio("exec", "cold"), (0.8, 0.8, 0.8))

    def test_memory_that_grows_shows(self):
        kept = modes.Kept(fake_bench(), 1)
        kept.sizes = {"RSS": [1000] * 10 + list(range(1000, 9000, 100))}
        first, last = kept.grown()["RSS"]
        self.assertEqual(first, 1000)
        self.assertGreater(last, 8000)
        self.assertEqual(modes.Kept(fake_bench(), 1).grown(), {})


class TheStudy(unittest.TestCase):
    def snapshot(self):
        names = {"docker-sandbox": (400, 2), "container-reuse": (300, 3), "warm": (8, 30), "cold-x5": (1200, 4),
                 "cold-runc": (500, 1.9), "cold-crun": (400, 2), "prepared": (380, 2), "warm-x2": (9, 55)}
        return {"modes": [mode(name, [ms] * 4, rate) for name, (ms, rate) in names.items()],
                "session": {"iterations": 4}, "generated_at": "2026-01-02T00:00:00Z",
                "environment": {"cpu": "a CPU", "cpus": 2, "kernel": "Linux", "engine": {"name": "docker", "version": "1"}}}

    def write(self, snapshot, before):
        with tempfile.TemporaryDirectory() as folder:
            path, readme = pathlib.Path(folder) / "snapshot.json", pathlib.Path(folder) / "README.md"
            path.write_text(json.dumps(snapshot))
            readme.write_text(before, encoding="utf-8")
            with mock.patch.object(sys, "argv", ["study.py", str(path), str(readme)]), \
                    contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                code = study.main()
            return code, readme.read_text(encoding="utf-8")

    def test_only_what_is_between_the_marks_is_replaced(self):
        before = f"above\n{study.BEGIN}was here before\n{study.END}below\n"
        code, text = self.write(self.snapshot(), before)
        self.assertEqual(code, 0)
        self.assertTrue(text.startswith(f"above\n{study.BEGIN}") and text.endswith(f"{study.END}below\n"))
        self.assertNotIn("was here before", text)
        self.assertEqual(self.write(self.snapshot(), text)[1], text)

    def test_without_both_marks_nothing_is_written(self):
        for before in ("no marks", study.BEGIN, study.END + study.BEGIN, (study.BEGIN + study.END) * 2):
            self.assertEqual(self.write(self.snapshot(), before), (1, before))

    def test_measured_figures_stand_beside_the_estimates(self):
        rows = study.Study(self.snapshot()).text().splitlines()[2:8]
        self.assertIn("**-60 %** | 0.400 → 0.300 s, **-25.0 %** | -25.0 to -25.0 %", rows[0])
        self.assertIn("0.400 → 0.0080 s, **-98.0 %**", rows[1])
        self.assertIn("**-31 %** | 10.00 → 5.00 s, **-50.0 %** | - | `docker-sandbox` → `cold-x5`, by throughput |", rows[2])
        self.assertIn("0.500 → 0.400 s, **-20.0 %**", rows[3])
        self.assertIn("**-68 %** | 0.526 → 0.0182 s, **-96.5 %** | - | `cold-runc` → `warm-x2`, by throughput |", rows[5])

    def test_a_mode_that_failed_has_no_figure(self):
        broken = copy.deepcopy(self.snapshot())
        broken["modes"][1]["iterations"]["ok"] = 3
        del broken["modes"][2]
        rows = study.Study(broken).text().splitlines()[2:8]
        self.assertIn("not measured: container-reuse: 3 of 4 iterations ok", rows[0])
        self.assertIn("not measured: there is no mode warm", rows[1])


def main():
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=int(os.environ.get("V", "0"))).run(suite)
    failed = len({case.id() for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
