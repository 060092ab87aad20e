#!/usr/bin/python3
"""Faults on a real engine: each is told, every iteration is accounted for, and nothing is left behind."""
import collections

import common
from common import Case, PYTHON, REPO, needs_engine

SANDBOX = "docker-sandbox"


def plan(chaos, iterations=4, **sandbox):
    """A command that is nothing, so that a session takes what its containers take."""
    return {"session": {"iterations": iterations, "warmup": 1}, "modes": [{"name": SANDBOX, "kind": "cold"}],
            "workload": {"command": [PYTHON, "-I", "-c", "pass"]},
            "sandbox": {"docker": {"cpu_count": 0}, **sandbox}, "chaos": chaos}


def of(events, kind):
    return [event for event in events if event["event"] == kind]


class Configuration(Case):
    def test_a_file_of_faults_is_laid_over_the_rest(self):
        printed = self.run_it("config", "--chaos", REPO / "config/chaos.yaml", host=None, batch=False, export=False)
        self.assert_code(printed, 0)
        for words in ("chaos:\n  - fault: delay\n", "  - fault: disk-full\n", f'    mode: "{SANDBOX}"\n    rate: 0.05\n'):
            self.assertIn(words, printed.stdout)
        again = self.run_it("config", config=printed.stdout, host=None, batch=False, export=False)
        self.assert_code(again, 0)
        self.assertEqual(again.stdout, printed.stdout)

    def test_nothing_else_may_be_in_it(self):
        path = self.box.root / f"faults{self.box.next_number()}.yaml"
        path.write_text("chaos: [{fault: reset, rate: 0.1}]\nsession: {iterations: 1}\n")
        for words in (["config"], ["run"]):
            with self.subTest(words):
                session = self.run_it(*words, "--chaos", path, host=None, batch=False, export=False)
                self.assert_code(session, 2)
                self.assertIn(f"{path}:2:1: 'session' has no place in a file of faults", session.stderr)

    def test_no_session_begins_that_could_not_inject_its_faults(self):
        session = self.run_it(config=plan([{"fault": "engine-kill", "iterations": [2]}]), host="", export=False)
        self.assert_code(session, 2)
        self.assertIn("engine-kill", session.stderr)
        self.assertEqual(session.journal(), [])


class Disk(Case):
    @needs_engine
    def test_full(self):
        """It ends the session as any full disk does, and what was measured stays readable."""
        session = self.run_it(config=plan([{"fault": "disk-full", "iterations": [3]}], iterations=6))
        self.assert_code(session, 5)
        journal = session.run_folder / "journal.jsonl"
        self.assertIn(f"cannot write {journal}: No space left on device", session.stderr)
        finished = [event["iteration"] for event in of(session.journal(), "iteration_finished")
                    if not event.get("warmup")]
        self.assertEqual(finished, [1, 2])
        self.check_accounts(session.snapshot)
        self.assertEqual(session.mode(SANDBOX)["iterations"]["ok"], 2)
        report = self.run_it("report", journal, host=None, batch=False, export=False)
        self.assert_code(report, 0)
        self.assertIn(SANDBOX, report.stdout)
        resumed = self.run_it("run", "--resume", session.run_folder, state=session.state)
        self.assert_code(resumed, 0)
        self.check_accounts(resumed.snapshot)
        self.assertEqual(resumed.counts(), {"ok": 6})

    @needs_engine
    def test_it_stops_what_runs(self):
        """Long before the plan is through: what cannot be recorded is not measured."""
        session = self.run_it(config=plan([{"fault": "disk-full", "iterations": [3]}], iterations=5000))
        self.assert_code(session, 5)
        self.assertEqual(session.mode(SANDBOX)["iterations"]["ok"], 2)


class Network(Case):
    FAULTS = [
        {"fault": "delay", "iterations": [2], "on": "create", "seconds": 0.3},
        {"fault": "status", "iterations": [3], "on": "create", "code": 503},
        {"fault": "truncate", "iterations": [4], "on": "create", "bytes": 8},
        {"fault": "garbage", "iterations": [5], "on": "stream"},
        {"fault": "reset", "iterations": [6], "on": "start"},
        {"fault": "stall", "iterations": [7], "on": "wait", "seconds": 0.5},
        {"fault": "status", "iterations": [9], "on": "create", "attempts": 2},
    ]

    @needs_engine
    def test_one_of_each(self):
        session = self.run_it(config=plan(self.FAULTS, iterations=10, fallback={"max_retries": 1, "on": ["engine"]}),
                              deadline=2 * common.DEADLINE)
        self.assert_code(session, 0)
        events = session.journal()
        injected = collections.Counter((event["iteration"], event["attempt"], event["fault"], event["target"])
                                       for event in of(events, "fault_injected"))
        expected = collections.Counter((fault["iterations"][0], attempt, fault["fault"], fault["on"])
                                       for fault in self.FAULTS for attempt in range(1, 1 + fault.get("attempts", 1)))
        self.assertEqual(injected, expected)
        # Each is told while its attempt runs.
        for event in of(events, "fault_injected"):
            begun = {(one["iteration"], one["attempt"]) for one in events[:events.index(event)]
                     if one["event"] == "attempt_started" and not one.get("warmup")}
            self.assertIn((event["iteration"], event["attempt"]), begun)
        self.check_accounts(session.snapshot)
        iterations = session.mode(SANDBOX)["iterations"]
        self.assertEqual((iterations["planned"], iterations["done"], iterations["not_run"]), (10, 10, 0))
        # Both of its attempts got the error, so it ran on the host; nothing else had to.
        self.assertEqual(session.counts(), {"ok": 9, "fell_back": 1})
        outcomes = {(event["iteration"], event["attempt"]): event["outcome"]
                    for event in of(events, "attempt_finished") if not event.get("warmup")}
        for iteration in (1, 2, 8, 10):
            self.assertEqual(outcomes[iteration, 1], "ok", iteration)
        for iteration in (3, 4, 9):
            self.assertEqual(outcomes[iteration, 1], "engine", iteration)
            self.assertEqual(outcomes[iteration, 2], "engine" if iteration == 9 else "ok", iteration)

    @needs_engine
    def test_the_same_seed_injects_the_same(self):
        chaos = [{"fault": "delay", "rate": 0.4, "on": "create", "seconds": 0.001}]
        told = []
        for _ in range(2):
            session = self.run_it(config=plan(chaos, iterations=12))
            self.assert_code(session, 0)
            self.assertEqual(session.counts(), {"ok": 12})
            told.append([(event["iteration"], event["attempt"]) for event in of(session.journal(), "fault_injected")])
        self.assertEqual(told[0], told[1])
        self.assertTrue(0 < len(told[0]) < 12, told)


class Removals(Case):
    TRIES = 6

    def run_with(self, fault):
        session = self.run_it(config=plan([dict(fault, on="remove", iterations=[2])] * self.TRIES, iterations=3))
        self.assert_code(session, 0)
        self.assertEqual(len(of(session.journal(), "fault_injected")), self.TRIES)
        self.assertEqual(session.counts(), {"ok": 3})
        mode = session.mode(SANDBOX)
        self.assertEqual((mode["containers_created"], mode["containers_removed"]), (4, 4))
        removed = [event["container"] for event in of(session.journal(), "container_removed")]
        self.assertEqual(sorted(removed), sorted(event["container"] for event in
                                                 of(session.journal(), "container_created")))
        self.assertEqual(session.journal()[-1]["event"], "session_finished")
        return [event["text"] for event in of(session.journal(), "note")]

    @needs_engine
    def test_one_that_the_engine_refuses_is_made_up_for_at_the_end(self):
        notes = self.run_with({"fault": "status", "code": 500})
        self.assertIn("a container stays behind", "\n".join(notes))
        self.assertIn("removed 1 container that stayed behind before", notes)

    @needs_engine
    def test_one_whose_answers_are_lost_is_counted_at_the_end(self):
        notes = self.run_with({"fault": "truncate", "bytes": 8})
        self.assertIn("1 container whose removal got no answer is gone", notes)


class Containers(Case):
    @needs_engine
    def test_killed_and_removed_from_outside(self):
        chaos = [{"fault": "container-kill", "iterations": [2]}, {"fault": "container-remove", "iterations": [3]}]
        config = plan(chaos, fallback={"max_retries": 1})
        config["workload"]["command"] = [PYTHON, "-I", "-c", "import time; time.sleep(0.5)"]
        session = self.run_it(config=config)
        self.assert_code(session, 0)
        events = session.journal()
        self.assertEqual([(event["iteration"], event["fault"]) for event in of(events, "fault_injected")],
                         [(2, "container-kill"), (3, "container-remove")])
        outcomes = {(event["iteration"], event["attempt"]): event["outcome"]
                    for event in of(events, "attempt_finished") if not event.get("warmup")}
        for iteration in (2, 3):
            self.assertNotEqual(outcomes[iteration, 1], "ok", iteration)
        self.check_accounts(session.snapshot)
        self.assertEqual(session.mode(SANDBOX)["iterations"]["done"], 4)


if __name__ == "__main__":
    common.main()
