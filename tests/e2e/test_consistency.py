#!/usr/bin/python3
"""Figures that must agree: phases with wall times, modes with each other, the journal with the snapshot."""
import statistics

import common
from common import Case, OUTCOMES, PYTHON, needs_engine

SANDBOX = "docker-sandbox"


def config(iterations, **sections):
    return {"session": {"iterations": iterations, "warmup": 1},
            "sandbox": {"docker": {"cpu_count": 0, **sections.pop("docker", {})}}, **sections}


def attempts(session):
    return [event for event in session.journal() if event["event"] == "attempt_finished"]


class Consistency(Case):
    """One session for each backtest, shared by the tests below."""
    sessions = {}

    def session(self, name):
        plans = {"mock": lambda: config(8),
                 "real": lambda: config(4, workload={"backtest": "real", "strategy": "breakout", "days": 400, "symbols": 5}),
                 "command": lambda: config(4, workload={"command": [PYTHON, "-I", "-c", "print('x' * 100000)"]}),
                 "failing": lambda: config(3, workload={"command": [PYTHON, "-c", "import os; os.abort()"]}),
                 "timeout": lambda: config(2, workload={"command": [PYTHON, "-c", "import signal; signal.pause()"]},
                                           docker={"timeout_seconds": 0.4})}
        if name not in self.sessions:
            session = self.run_it(config=plans[name]())
            self.assert_code(session, 0)
            self.sessions[name] = session
        return self.sessions[name]

    def check_spans(self, name):
        found = attempts(self.session(name))
        self.assertTrue(found)
        for event in found:
            on_path = [(begin, end) for _, begin, end, is_on_path in event.get("spans", []) if is_on_path]
            total = sum(end - begin for begin, end in on_path)
            where = f"{name}: mode {event['mode']} iteration {event['iteration']}: {event}"
            self.assertEqual(total + event.get("other_ns", 0), event["wall_ns"], where)
            self.assertGreaterEqual(event.get("other_ns", 0), 0, where)
            begin, end = event["start_ns"], event["start_ns"] + event["wall_ns"]
            for phase, first, last, _ in event.get("spans", []):
                self.assertTrue(begin <= first <= last <= end, f"{phase} lies outside its attempt: {where}")
            for (_, earlier), (later, _) in zip(on_path, on_path[1:]):
                self.assertLessEqual(earlier, later, f"phases on the path overlap: {where}")

    @needs_engine
    def test_phases_and_other_are_the_wall_time(self):
        for name in ("mock", "real", "command"):
            with self.subTest(name):
                self.check_spans(name)

    @needs_engine
    def test_also_of_attempts_that_failed(self):
        for name in ("failing", "timeout"):
            with self.subTest(name):
                self.check_spans(name)

    @needs_engine
    def test_other_is_small(self):
        for name in ("mock", "real", "command"):
            with self.subTest(name):
                shares = [event.get("other_ns", 0) / event["wall_ns"] for event in attempts(self.session(name))
                          if event["mode"] == 1 and event["outcome"] == "ok" and not event.get("warmup")]
                self.assertLessEqual(statistics.median(shares), 0.01, shares)

    @needs_engine
    def test_every_phase_of_a_cold_strategy_is_there(self):
        found = attempts(self.session("mock"))
        self.assertEqual(len(found), 2 * (8 + 1))
        for event in found:
            phases = [span[0] for span in event["spans"]]
            expected = ["validate", "data", "execute", "serialize", "deliver"]
            if event["mode"] == 1:
                expected = ["create", "attach", "start", "boot", "imports", *expected, "exit", "remove"]
            self.assertEqual([phase for phase in phases if phase in expected], expected)

    @needs_engine
    def test_both_modes_give_the_same_result(self):
        digests = {}
        for name in ("mock", "real"):
            found = {(event["mode"], event["digest"]) for event in attempts(self.session(name))}
            self.assertEqual({mode for mode, _ in found}, {0, 1})
            self.assertEqual(len({digest for _, digest in found}), 1, f"{name}: {found}")
            digests[name] = found.pop()[1]
            self.assertRegex(digests[name], "^[0-9a-f]{64}$")
            self.assertEqual(self.session(name).snapshot["result"]["digest"], digests[name])
        self.assertNotEqual(digests["mock"], digests["real"])

    @needs_engine
    def test_the_seed_decides_the_result(self):
        def digest(seed):
            session = self.run_it("--seed", seed, "--mode", "ast-only", config=config(1, workload={"backtest": "real"}))
            self.assert_code(session, 0)
            return session.snapshot["result"]["digest"]
        first = digest("1")
        self.assertEqual(first, digest("1"))
        self.assertNotEqual(first, digest("2"))

    @needs_engine
    def test_every_planned_iteration_is_counted_once(self):
        for name in ("mock", "real", "command", "failing", "timeout"):
            with self.subTest(name):
                snapshot = self.session(name).snapshot
                self.check_accounts(snapshot)
                for mode in snapshot["modes"]:
                    outcomes = mode["outcomes"]
                    self.assertEqual(sum(outcomes.values()), mode["iterations"]["done"] - mode["iterations"]["fell_back"])

    @needs_engine
    def test_the_snapshot_counts_what_the_journal_holds(self):
        for name in ("mock", "real", "command", "failing", "timeout"):
            with self.subTest(name):
                session = self.session(name)
                events = [event for event in session.journal() if not event.get("warmup")]
                for number, mode in enumerate(session.snapshot["modes"]):
                    mine = [event for event in events if event.get("mode") == number]
                    finished = [event for event in mine if event["event"] == "iteration_finished"]
                    self.assertEqual(mode["iterations"]["done"], len(finished))
                    for outcome in OUTCOMES:
                        if outcome != "fell_back":
                            self.assertEqual(mode["iterations"][outcome], sum(
                                event["outcome"] == outcome and not event.get("fell_back") for event in finished))
                    self.assertEqual(mode["fallback"]["retries"], sum(event["event"] == "retry" for event in mine))
                    self.assertEqual(mode["fallback"]["refused"],
                                     sum(event["event"] == "fallback_refused" for event in mine))
                    self.assertEqual(mode["attempts"], sum(event["event"] == "attempt_finished" for event in mine))
                    ok = [event["wall_ns"] for event in finished if event["outcome"] == "ok"]
                    self.assertEqual(mode["samples_ns"], ok)
                    if ok:
                        latency = mode["latency_ns"]
                        self.assertEqual((latency["count"], latency["min"], latency["max"]), (len(ok), min(ok), max(ok)))
                        self.assertAlmostEqual(latency["mean"], statistics.mean(ok), delta=1)
                        self.assertAlmostEqual(latency["stddev"], statistics.stdev(ok), delta=1)
                        self.assertEqual(sum(bucket["count"] for bucket in mode["histogram"]), len(ok))

    @needs_engine
    def test_containers_made_are_containers_removed(self):
        for name in ("mock", "command", "failing", "timeout"):
            with self.subTest(name):
                session = self.session(name)
                mode = session.mode(SANDBOX)
                self.assertEqual(mode["containers_created"], mode["containers_removed"])
                made = [event["container"] for event in session.journal() if event["event"] == "container_created"]
                removed = [event["container"] for event in session.journal() if event["event"] == "container_removed"]
                self.assertEqual(made, removed)
                self.assertEqual(len(made), len(set(made)))
                self.assertEqual(len(made), mode["containers_created"])

    @needs_engine
    def test_overhead_is_the_difference(self):
        snapshot = self.session("mock").snapshot
        means = {mode["name"]: mode["latency_ns"]["mean"] for mode in snapshot["modes"]}
        overhead = snapshot["overhead"]
        difference = means[SANDBOX] - means["ast-only"]
        self.assertAlmostEqual(overhead["absolute_ns"]["mean"], difference, delta=2)
        self.assertAlmostEqual(overhead["percent"], 100 * difference / means["ast-only"], delta=0.01)
        self.assertLessEqual(overhead["absolute_ns"]["ci95"]["low"], difference)
        self.assertGreaterEqual(overhead["absolute_ns"]["ci95"]["high"], difference)
        for mode in snapshot["modes"]:
            share = sum(phase["share"] for phase in mode["phases"] if phase["on_path"]) + mode["other"]["share"]
            self.assertAlmostEqual(share, 1, delta=1e-6)


if __name__ == "__main__":
    common.main()
