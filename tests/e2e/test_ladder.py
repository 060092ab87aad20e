#!/usr/bin/python3
"""Every kind of mode in one session, an ablation, a length that is decided on the way; and what they leave behind."""
import json
import signal

import common
from common import Case, PYTHON, REPO, containers_of, needs_engine, until

LADDER = REPO / "config/ladder.yaml"
KINDS = ("ast-only", "preforked", "docker-sandbox", "prepared", "container-reuse", "warm", "warm-x2")
KEPT = {"container-reuse": 1, "warm": 1, "warm-x2": 2}  # containers, however many iterations
BARE = {"cpu_count": 0}


def modes(*kinds, **keys):
    return [{"name": kind, "kind": kind, **keys} for kind in kinds]


def plan(listed, iterations=2, warmup=0, docker=None, **sections):
    return {"session": {"iterations": iterations, "warmup": warmup, **sections.pop("session", {})}, "modes": listed,
            "sandbox": {"docker": {**BARE, **(docker or {})}, "fallback": {"enabled": False, "max_retries": 0}},
            **sections}


class Kinds(Case):
    def valid(self, snapshot):
        try:
            import jsonschema
        except ImportError:
            return
        schema = json.loads((REPO / "docs/snapshot.schema.json").read_text())
        validator = jsonschema.validators.validator_for(schema)(schema)
        self.assertEqual([f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                          for error in validator.iter_errors(snapshot)], [])

    def check(self, session, code=0):
        """What is true of each session here."""
        self.check_hygiene(session)
        self.assert_code(session, code)
        self.valid(session.snapshot)
        self.check_accounts(session.snapshot)
        for mode in session.snapshot["modes"]:
            self.assertEqual(mode["containers_created"], mode["containers_removed"], mode["name"])

    @needs_engine
    def test_the_ladder(self):
        report = self.box.root / f"report{self.box.next_number()}.md"
        session = self.run_it("--mode", ",".join(KINDS), "--iterations", "2", "--report", report, config=LADDER,
                              deadline=2 * common.DEADLINE)
        self.check(session)
        self.assertEqual([mode["name"] for mode in session.snapshot["modes"]], list(KINDS))
        for mode in session.snapshot["modes"]:
            self.assertEqual(mode["iterations"]["ok"], 2, mode["name"])
            self.assertEqual(mode["replaced"], 0, mode["name"])
            if mode["name"] in KEPT:
                self.assertEqual(mode["containers_created"], KEPT[mode["name"]], mode["name"])
        digests = {event["digest"] for event in session.journal() if event["event"] == "attempt_finished"}
        self.assertEqual(len(digests), 1)
        for words in ("All modes", "per second", "×2", "Lifecycle of warm"):
            self.assertIn(words, session.stdout)
        # What lay behind the path is told, and a turn's length with it.
        found = {event["event"] for event in session.journal()}
        self.assertLessEqual({"phase_behind", "turn_finished"}, found)
        self.assertEqual(list(containers_of(session.pid)), [])
        self.assertIn("warm-x2", report.read_text())
        again = self.run_it("report", "latest", state=session.state, host=None, batch=False, export=False)
        self.assert_code(again, 0)
        self.assertIn("warm-x2", again.stdout)

    @needs_engine
    def test_code_of_bad_manners(self):
        """It harms its own iteration alone, and names the same outcome in each kind."""
        cases = {"raise": ("raise ValueError('mine')\n", "failed"), "loop": ("while True:\n    pass\n", "timeout")}
        for name, (text, outcome) in cases.items():
            with self.subTest(name):
                strategy = self.box.root / f"{name}{self.box.next_number()}.py"
                strategy.write_text(text)
                session = self.run_it(config=plan(
                    modes("prepared", "exec", "warm"), iterations=1, workload={"strategy": str(strategy)},
                    docker={"timeout_seconds": 10 if name == "raise" else 1.5}))
                self.check(session)
                for mode in session.snapshot["modes"]:
                    self.assertEqual(mode["iterations"][outcome], 1, (mode["name"], mode["iterations"]))

    @needs_engine
    def test_a_command(self):
        listed = modes("prepared", "exec", parallel=2)
        session = self.run_it(config=plan(listed, iterations=4, workload={"command": [PYTHON, "-I", "-c", "pass"]}))
        self.check(session)
        for mode in session.snapshot["modes"]:
            self.assertEqual(mode["iterations"]["ok"], 4, mode["name"])
        refused = self.run_it(config=plan(modes("warm"), workload={"command": ["true"]}), export=False)
        self.assert_code(refused, 2)
        self.assertIn("use kind exec", refused.stderr)

    @needs_engine
    def test_kept_containers_that_go(self):
        """Removed under a session that runs: made anew, counted, and said."""
        session = self.start(config=plan(modes("exec", "warm"), iterations=1000))

        def names():
            return {one["Names"][0].rsplit("-", 2)[-2]: one["Id"] for one in containers_of(session.pid)
                    if one["State"] == "running"}

        def finished(mode):
            return sum(event["event"] == "iteration_finished" and event["mode"] == mode for event in session.journal())
        until(lambda: len(names()) == 2 and finished(1) > 0, "both are kept")
        for identity in names().values():
            common.remove_container(identity)
        until(lambda: sum(event["event"] == "container_replaced" for event in session.journal()) >= 2, "they are replaced")
        before = finished(1)
        until(lambda: finished(1) > before + 1, "the session goes on")
        session.send(signal.SIGINT)
        session.wait()
        self.check(session, 130)
        for mode in session.snapshot["modes"]:
            self.assertEqual(mode["replaced"], 1, mode["name"])
        self.assertIn("made anew", session.stdout)

    @needs_engine
    def test_a_signal_in_the_middle(self):
        """At different moments: while they are made, and while each of the kinds is measured."""
        listed = modes("prepared", "warm", "exec", parallel=2)
        for iterations in (0, 1, 3, 5):
            with self.subTest(iterations):
                session = self.start(config=plan(listed, iterations=50))
                until(lambda: containers_of(session.pid) and sum(
                    event["event"] == "iteration_finished" for event in session.journal()) >= iterations, "it is there")
                session.send(signal.SIGTERM)
                session.wait()
                self.check(session, 130)
                self.assertEqual(session.snapshot["state"], "interrupted")
                self.assertGreater(sum(mode["iterations"]["not_run"] for mode in session.snapshot["modes"]), 0)

    @needs_engine
    @common.among_the_dead()
    def test_what_the_dead_left(self):
        wrap = self.own_host()
        session = self.start(config=plan(modes("prepared", "exec", "warm", parallel=2), iterations=1000), wrap=wrap)
        until(lambda: len(containers_of(session.pid)) >= 6, "containers are kept")
        session.kill()
        self.assertTrue(containers_of(session.pid))
        clean = self.run_it("clean", wrap=wrap, batch=False, export=False)
        self.assert_code(clean, 0)
        self.assertEqual(containers_of(session.pid), [])

    @needs_engine
    def test_an_ablation(self):
        session = self.run_it("--ablate", "seccomp,caps,limits,readonly", "--iterations", "2", "--warmup", "0",
                              config=plan(modes("cold"), docker={"cpu_count": 1}))
        self.check(session)
        self.assertEqual([(mode["name"], mode["iterations"]["ok"]) for mode in session.snapshot["modes"]],
                         [(name, 2) for name in ("cold", "without-seccomp", "without-caps", "without-limits", "without-readonly")])
        for words in ("seccomp", "caps", "limits"):
            self.assertIn(words, session.stdout)
        lacking = self.run_it("--ablate", "limits", export=False, config=plan(
            modes("cold"), docker={"memory_limit": 0, "pids_limit": 0}))
        self.assert_code(lacking, 2)
        self.assertIn("has no layer 'limits'", lacking.stderr)

    @needs_engine
    def test_auto(self):
        auto = {"iterations": "auto", "min_iterations": 3, "precision": 100}
        session = self.run_it(config=plan(modes("exec", "warm"), session=auto))
        self.check(session)
        decided = [event for event in session.journal() if event["event"] == "length_decided"]
        self.assertEqual(len(decided), 1)
        self.assertIn("precise enough", decided[0]["text"])
        for mode in session.snapshot["modes"]:
            self.assertEqual(mode["iterations"]["done"], decided[0]["iterations"])
            self.assertEqual(mode["iterations"]["not_run"], 0)
        self.assertIn("auto, ", session.stdout)

    def test_auto_keeps_its_time(self):
        """Also where the modes' turns never fall together."""
        listed = [{"name": f"x{n}", "kind": "host", "parallel": n} for n in (2, 3, 5)]
        session = self.run_it(config=plan(listed, workload={"command": ["sleep", "0.05"]}, session={
            "iterations": "auto", "precision": 0.01, "min_iterations": 2, "max_iterations": 100000,
            "time_budget_seconds": 1, "block": 7}), deadline=30)
        self.check(session)
        decided = next(event for event in session.journal() if event["event"] == "length_decided")
        self.assertIn("time budget", decided["text"])
        last = max(event["start_ns"] for event in session.journal() if event["event"] == "turn_finished")
        self.assertLess(last, 2.5e9)


if __name__ == "__main__":
    common.main()
