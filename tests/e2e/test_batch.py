#!/usr/bin/python3
"""--batch: what it prints where, its exit codes, signals, files, and what it leaves behind."""
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import unittest

import common
from common import (Case, IMAGE, PYTHON, REPO, containers, containers_of, engine, needs_engine, needs_root,
                    processes_with, until)

SANDBOX = "docker-sandbox"
HOST_MODE = {"name": "host", "kind": "host"}
COLD_MODE = {"name": SANDBOX, "kind": "cold"}


def plan(words=(PYTHON, "-I", "-c", "pass"), iterations=2, warmup=0, modes=(HOST_MODE, COLD_MODE), docker=None,
         **sections):
    """A command that is nothing, so that a session takes what its containers take."""
    config = {"session": {"iterations": iterations, "warmup": warmup}, "modes": list(modes),
              "workload": {"command": list(words)}, "sandbox": {"docker": {"cpu_count": 0, **(docker or {})}}}
    config["session"].update(sections.pop("session", {}))
    config["sandbox"].update(sections.pop("sandbox", {}))
    config.update(sections)
    return config


def endless(**sections):
    return plan((PYTHON, "-c", "import signal; signal.pause()"), modes=[COLD_MODE], **sections)


class Output(Case):
    def setUp(self):
        if not common.HOST:
            self.skipTest("SANDWATCH_TEST_HOST names no engine")

    def test_tables_on_stdout_and_progress_on_stderr(self):
        session = self.run_it("--iterations", "2", config={"sandbox": {"docker": {"cpu_count": 0}}})
        self.assert_code(session, 0)
        for words in ("Performance", "Lifecycle of docker-sandbox", "Overhead", "Projection", "Reliability", "Decision",
                      "Recommended configuration", "ast-only", "p95", "imports", "enable, once verified"):
            self.assertIn(words, session.stdout)
        for words in ("4/4", "docker", str(session.run_folder)):
            self.assertIn(words, session.stderr)
        for words in ("Performance", "Decision"):
            self.assertNotIn(words, session.stderr)
        for words in ("4/4", "ETA", "recorded"):
            self.assertNotIn(words, session.stdout)
        self.assertEqual(sorted(path.name for path in session.run_folder.iterdir()),
                         ["config.yaml", "journal.jsonl", "snapshot.json"])

    def test_log_lines_without_a_terminal(self):
        session = self.run_it(config=plan(iterations=30, modes=[HOST_MODE]))
        self.assert_code(session, 0)
        lines = re.findall(r"^  \d+/30\b.*$", session.stderr, re.M)
        self.assertTrue(3 <= len(lines) <= 11, session.stderr)
        self.assertTrue(lines[-1].startswith("  30/30"), lines)

    def test_quiet(self):
        session = self.run_it("--quiet", config=plan())
        self.assert_code(session, 0)
        self.assertEqual((session.stdout, session.stderr), ("", ""))
        self.assertEqual(session.counts(), {"ok": 2})
        self.assertTrue((session.run_folder / "snapshot.json").exists())

    def test_quiet_still_says_errors(self):
        session = self.run_it("--quiet", "--mode", "nosuch")
        self.assert_code(session, 2)
        self.assertIn("nosuch", session.stderr)

    def test_gates_are_not_evaluated(self):
        never = ["host.p95 < 0s", "host.p95 > 1000s"]
        session = self.run_it(config=plan(iterations=1, modes=[HOST_MODE], gates=never))
        self.assert_code(session, 0)
        self.assertRegex(session.stdout, r"gates +2 configured, not evaluated by this version\n")
        self.assertNotIn("gates", session.stderr)
        self.assertEqual(session.snapshot["session"]["gates"], 2)
        self.assertEqual(session.snapshot["gates"], [])
        self.assertIn("gates: 2 configured, not evaluated by this version", session.snapshot["notes"])
        none = self.run_it(config=plan(iterations=1, modes=[HOST_MODE]))
        self.assertNotIn("gates", none.stdout)
        self.assertEqual(none.snapshot["notes"], [])

    def test_export_to_stdout_is_json_alone(self):
        session = self.run_it("--export", "-", config=plan(), export=False)
        self.assert_code(session, 0)
        snapshot = json.loads(session.stdout)
        self.assertEqual(snapshot["state"], "done")
        self.assertIn("Performance", session.stderr)
        recorded = json.loads((session.run_folder / "snapshot.json").read_text())
        for one in (snapshot, recorded):
            del one["generated_at"]
        self.assertEqual(snapshot, recorded)

    def test_report(self):
        report = self.box.root / f"report{self.box.next_number()}.md"
        session = self.run_it("--report", report, config=plan())
        self.assert_code(session, 0)
        text = report.read_text()
        self.assertRegex(text, r"(?m)^# ")
        for words in ("docker-sandbox", session.snapshot["session"]["id"], "```yaml", str(report)):
            self.assertIn(words, text)
        self.assertIn("**Python**: not used: the workload is a command", text)

    def test_report_of_a_strategy(self):
        report = self.box.root / f"report{self.box.next_number()}.md"
        session = self.run_it("--report", report, "--iterations", "2")
        self.assert_code(session, 0)
        text = report.read_text()
        pythons = {mode["python"] for mode in session.snapshot["modes"]}
        self.assertEqual(len(pythons), 1, pythons)
        self.assertRegex(python := pythons.pop(), r"^3\.\d+\.\d+$")
        self.assertIn(f"- **Python**: {python}\n", text)
        self.assertIn("- **Validation**: AST validation enabled in both modes (phase validate: ", text)

    def test_report_to_stdout(self):
        session = self.run_it("--report", "-", config=plan())
        self.assert_code(session, 0)
        self.assertTrue(session.stdout.startswith("# "), session.stdout[:200])
        self.assertNotIn("Performance ──", session.stdout)

    def test_files_that_cannot_be_written(self):
        for flag in ("--export", "--report"):
            for path in ("/nonexistent/folder/file", str(self.box.root)):
                with self.subTest(f"{flag} {path}"):
                    session = self.run_it(flag, path, config=plan(iterations=1), export=False)
                    self.assertNotEqual(session.code, 0)
                    self.assertIn(path, session.stderr)

    def test_a_full_stdout(self):
        for flag in ("--export", "--report"):
            with self.subTest(flag), open("/dev/full", "wb") as full:
                session = self.run_it(flag, "-", config=plan(iterations=1), export=False, stdout=full)
                self.assertNotEqual(session.code, 0)
                self.assertIn("stdout", session.stderr)

    def test_a_reader_that_left(self):
        reading, writing = os.pipe()
        os.close(reading)
        try:
            session = self.run_it(config=plan(iterations=1), stdout=writing)
        finally:
            os.close(writing)
        self.assertNotEqual(session.code, -signal.SIGPIPE)
        self.assertEqual(session.counts(), {"ok": 1})

    def test_closed_descriptors(self):
        """What the program opens then gets the low numbers: nothing that is printed may land in it."""
        for closing in (">&-", "2>&-", "<&-", "<&- >&- 2>&-"):
            with self.subTest(closing):
                session = self.run_it(config=plan(), wrap=["sh", "-c", f'exec "$@" {closing}', "sh"])
                events = session.journal()
                self.assertEqual(events[-1]["event"], "session_finished")
                self.assertEqual(session.counts(), {"ok": 2})
                json.loads((session.run_folder / "snapshot.json").read_text())

    def on_terminal(self, **env):
        """A session whose stderr is a terminal, and what it drew there."""
        controller, terminal = pty.openpty()
        try:
            session = self.start("--iterations", "6", config=plan(warmup=1), stderr=terminal,
                                 env={"TERM": "xterm-256color", **env})
        finally:
            os.close(terminal)
        drawn = b""
        while True:
            try:
                ready, _, _ = select.select([controller], [], [], common.DEADLINE)
                data = os.read(controller, 65536) if ready else b""
            except OSError:  # EIO: the other side is closed
                break
            if not data:
                break
            drawn += data
        os.close(controller)
        session.wait()
        self.assert_code(session, 0)
        return session, drawn.decode()

    def test_bar_on_a_terminal(self):
        session, drawn = self.on_terminal()
        frames = re.findall(r"\r  ([▮▯]{20}) (\d+)/12", drawn)
        self.assertGreater(len(frames), 3, drawn)
        self.assertEqual(frames[-1], ("▮" * 20, "12"))
        self.assertIn("ETA", drawn)
        for bar, done in frames:
            self.assertEqual(bar.count("▮"), int(done) * 20 // 12)
        # Drawn over, never below; gone before the last line. The step that runs is drawn the same way.
        self.assertNotRegex(drawn, r"[▮▯][^\r]*\n")
        self.assertEqual(set(re.findall(r"\x1b[^A-Za-z]*[A-Za-z]", drawn)), {"\x1b[K"})
        self.assertEqual(common.visible(session.stdout), [])

    def test_bar_in_ascii(self):
        _, drawn = self.on_terminal(LC_ALL="C")
        self.assertRegex(drawn, r"\r  [#.]{20} \d+/12")
        self.assertTrue(drawn.isascii(), drawn)

    def test_dumb_terminal_gets_lines(self):
        _, drawn = self.on_terminal(TERM="dumb")
        self.assertNotIn("\x1b", drawn)
        self.assertRegex(drawn, r"12/12")

    def test_ascii_tables(self):
        session = self.run_it(config=plan(), env={"LC_ALL": "C"})
        self.assertIn("Performance", session.stdout)
        self.assertTrue(session.stdout.isascii(), session.stdout)


class Snapshot(Case):
    @classmethod
    def setUpClass(cls):
        try:
            import jsonschema
        except ImportError:
            raise unittest.SkipTest("there is no python3-jsonschema")
        cls.schema = json.loads((REPO / "docs/snapshot.schema.json").read_text())
        cls.validator = jsonschema.validators.validator_for(cls.schema)(cls.schema)
        cls.validator.check_schema(cls.schema)

    def valid(self, snapshot):
        errors = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[:200]}"
                  for error in self.validator.iter_errors(snapshot)]
        self.assertEqual(errors, [])
        self.check_accounts(snapshot)

    @needs_engine
    def test_strategy(self):
        self.valid(self.run_it(config={"session": {"iterations": 2}, "sandbox": {"docker": {"cpu_count": 0}}}).snapshot)

    @needs_engine
    def test_one_iteration(self):
        self.valid(self.run_it(config=plan(iterations=1)).snapshot)

    @needs_engine
    def test_failures_and_retries(self):
        self.valid(self.run_it(config=plan((PYTHON, "-c", "import os; os.abort()"))).snapshot)

    def test_fallbacks(self):
        self.valid(self.run_it(host="unix:///nonexistent/engine.sock", config=plan()).snapshot)

    def test_host_only(self):
        self.valid(self.run_it(config=plan(modes=[HOST_MODE])).snapshot)

    @needs_engine
    def test_sandbox_only(self):
        self.valid(self.run_it(config=plan(modes=[COLD_MODE])).snapshot)

    @needs_engine
    def test_interrupted(self):
        session = self.start(config=endless())
        session.wait_running()
        session.send(signal.SIGINT)
        session.wait()
        self.assertEqual(session.snapshot["state"], "interrupted")
        self.valid(session.snapshot)

    def test_the_schema_refuses(self):
        snapshot = self.run_it(config=plan(modes=[HOST_MODE])).snapshot
        for change in ({"schema": "sandwatch/2"}, {"state": "fine"}, {"modes": {}}, {"session": None}):
            self.assertFalse(self.validator.is_valid({**snapshot, **change}), change)
        snapshot["modes"][0]["iterations"]["ok"] = -1
        self.assertFalse(self.validator.is_valid(snapshot))


class Signals(Case):
    def interrupt(self, number, config, partial=None):
        session = self.start(config=config)
        session.wait_running()
        self.assertIsNone(session.process.poll(), session.stderr)
        session.send(number)
        session.wait()
        self.check_hygiene(session)
        self.assert_code(session, 130)
        snapshot = session.snapshot
        self.assertEqual(snapshot["state"], "interrupted")
        self.check_accounts(snapshot)
        last = session.journal()[-1]
        self.assertEqual((last["event"], last["state"]), ("session_finished", "interrupted"))
        return session

    @needs_engine
    def test_sigint(self):
        session = self.interrupt(signal.SIGINT, endless(iterations=5))
        counts = session.mode(SANDBOX)["iterations"]
        self.assertEqual((counts["planned"], counts["done"], counts["dropped"], counts["not_run"]), (5, 0, 1, 5))
        self.assertIn("Reliability", session.stdout)
        self.assertIn("stopping", session.stderr)

    @needs_engine
    def test_sigterm(self):
        self.interrupt(signal.SIGTERM, endless())

    @needs_engine
    def test_sighup(self):
        self.interrupt(signal.SIGHUP, endless())

    @needs_engine
    def test_what_was_measured_stays(self):
        session = self.start(config=plan(iterations=10000))
        until(lambda: sum(event["event"] == "iteration_finished" for event in session.journal()) >= 6,
              "six iterations are on disk")
        session.send(signal.SIGINT)
        session.wait()
        self.check_hygiene(session)
        self.assert_code(session, 130)
        snapshot = session.snapshot
        self.check_accounts(snapshot)
        self.assertGreaterEqual(sum(mode["iterations"]["ok"] for mode in snapshot["modes"]), 6)
        self.assertGreater(snapshot["modes"][0]["iterations"]["not_run"], 0)

    @needs_engine
    def test_twice(self):
        session = self.start(config=endless())
        session.wait_running()
        session.send(signal.SIGINT)
        session.send(signal.SIGINT)
        session.wait()
        self.check_hygiene(session)
        self.assert_code(session, 130)

    def test_on_the_host(self):
        mark = f"sandwatch-e2e-mark-{os.getpid()}"
        session = self.start(config=plan((PYTHON, "-c", "import signal; signal.pause()"), modes=[HOST_MODE]),
                             env={"E2E_MARK": mark})
        # The program itself, and the command it runs.
        until(lambda: len(processes_with(mark)) > 1 or any(event["event"] == "phase_started" for event in session.journal()),
              "the command runs")
        session.send(signal.SIGINT)
        session.wait()
        self.assert_code(session, 130)
        self.assertEqual((session.counts("host"), session.mode("host")["iterations"]["dropped"]), ({}, 1))
        self.assertEqual(processes_with(mark), [])

    def test_of_a_terminal(self):
        """Ctrl-C reaches the whole group: what runs on the host must not count as crashed by it."""
        session = self.start(config=plan((PYTHON, "-c", "import signal; signal.pause()"), modes=[HOST_MODE]))
        until(lambda: any(event["event"] == "phase_started" for event in session.journal()), "the command runs")
        os.killpg(session.pid, signal.SIGINT)
        session.wait()
        self.assert_code(session, 130)
        self.assertEqual((session.counts("host"), session.mode("host")["iterations"]["dropped"]), ({}, 1))

    def test_between_two_attempts(self):
        session = self.start(host="unix:///nonexistent/s",
                             config=plan(sandbox={"fallback": {"max_retries": 100}, "breaker": {"failures": 0}}))
        until(lambda: sum(event["event"] == "retry" for event in session.journal()) >= 4, "it waits for its next try")
        session.send(signal.SIGINT)
        session.wait(10)
        self.assert_code(session, 130)
        self.check_accounts(session.snapshot)
        self.assertEqual((session.counts(), session.mode(SANDBOX)["iterations"]["dropped"]), ({}, 1))

    @needs_engine
    def test_at_every_moment(self):
        """Whatever a lifecycle is at when the signal comes, nothing stays."""
        moments = {"a container is there": containers_of, "it runs": common.running_container,
                   "it is gone": lambda pid: not containers_of(pid)}
        for what, condition in list(moments.items()) * 2:
            with self.subTest(what):
                session = self.start(config=plan(iterations=1000, modes=[COLD_MODE]))
                until(lambda: any(event["event"] == "iteration_finished" for event in session.journal()), "one is done")
                until(lambda: condition(session.pid), what)
                session.send(signal.SIGINT)
                session.wait()
                self.check_hygiene(session)
                self.assert_code(session, 130)
                self.check_accounts(session.snapshot)

    @needs_engine
    def test_before_the_first_iteration(self):
        # As early as one can tell that the program runs; test_setup.py has the rest of the setup.
        for _ in range(3):
            session = self.start(config=endless())
            until(lambda: session.process.poll() is not None or session.stderr, "it says something")
            session.send(signal.SIGINT)
            session.wait()
            self.assert_code(session, 130)
            self.check_hygiene(session)

    @needs_engine
    def test_sigusr1_writes_a_snapshot(self):
        session = self.start(config=endless())
        session.wait_running()
        path = session.run_folder / "snapshot.json"
        self.assertFalse(path.exists())
        session.send(signal.SIGUSR1)
        until(path.exists, "the snapshot is written")
        snapshot = json.loads(path.read_text())
        self.assertEqual(snapshot["state"], "running")
        self.check_accounts(snapshot)
        self.assertIsNone(session.process.poll())
        session.send(signal.SIGINT)
        session.wait()
        self.assertEqual(json.loads(path.read_text())["state"], "interrupted")
        self.check_hygiene(session)


class Flags(Case):
    def order_of(self, session):
        return [event["mode"] for event in session.journal() if event["event"] == "iteration_started"]

    def test_mode(self):
        modes = [{"name": name, "kind": "host"} for name in ("a", "b", "c")]
        session = self.run_it("--mode", "c,a", config=plan(modes=modes))
        self.assert_code(session, 0)
        self.assertEqual(sorted(mode["name"] for mode in session.snapshot["modes"]), ["a", "c"])

    def test_mode_with_the_default_decision(self):
        session = self.run_it("--mode", "host", config=plan())
        self.assert_code(session, 0)
        self.assertIsNone(session.snapshot["overhead"])

    def test_unknown_mode(self):
        for given in ("hots", "host,hots", "hots,host"):
            with self.subTest(given):
                session = self.run_it("--mode", given, config=plan())
                self.assert_code(session, 2)
                self.assertIn("did you mean host", session.stderr)

    def test_orders(self):
        modes = [{"name": name, "kind": "host"} for name in "abc"]
        expected = {"interleaved": [0, 1, 2] * 4, "sequential": [0] * 4 + [1] * 4 + [2] * 4}
        for order, wanted in expected.items():
            with self.subTest(order):
                session = self.run_it("--order", order, "--iterations", "4", config=plan(modes=modes))
                self.assert_code(session, 0)
                self.assertEqual(self.order_of(session), wanted)
                self.assertEqual(session.snapshot["session"]["order"], order)

    def test_random_order_follows_the_seed(self):
        modes = [{"name": name, "kind": "host"} for name in "abcd"]

        def run(seed):
            session = self.run_it("--order", "random", "--seed", seed, "--iterations", "8", config=plan(modes=modes))
            self.assert_code(session, 0)
            self.assertEqual(session.snapshot["session"]["seed"], int(seed))
            order = self.order_of(session)
            for begin in range(0, 32, 4):
                self.assertEqual(sorted(order[begin:begin + 4]), [0, 1, 2, 3])
            return order

        first, again, other = run("7"), run("7"), run("8")
        self.assertEqual(first, again)
        self.assertNotEqual(first, other)
        self.assertNotEqual(first, [0, 1, 2, 3] * 8)

    def test_warmup_is_not_counted(self):
        session = self.run_it("--warmup", "3", "--iterations", "2", config=plan(modes=[HOST_MODE]))
        counts = session.mode("host")["iterations"]
        self.assertEqual((counts["done"], counts["warmup"]), (2, 3))
        self.assertEqual(session.mode("host")["latency_ns"]["count"], 2)

    def test_wrong_flags(self):
        cases = ((["--iteration", "3"], "--iterations"), (["--expotr", "x"], "--export"), (["--order", "backwards"], "sequential"),
                 (["--iterations"], "--iterations N"), (["--quiet=yes"], "--quiet"), (["--seed", "-1"], "--seed"),
                 (["--warmup", "5000"], "--warmup"), (["--mode="], "--mode"), (["--engine"], "--engine"))
        for arguments, near in cases:
            with self.subTest(arguments):
                session = self.run_it(*arguments, host=None, export=False)
                self.assert_code(session, 2)
                self.assertIn(near, session.stderr)
                self.assertEqual(session.stdout, "")

    def test_wrong_commands(self):
        for arguments, near in ((["rnu"], "run"), (["reprot"], "report"), (["run", "what"], "what"), (["report", "a", "b"], "b"),
                                (["image", "bild"], "build")):
            with self.subTest(arguments):
                session = self.run_it(*arguments, host=None, export=False, batch=False)
                self.assert_code(session, 2)
                self.assertIn(near, session.stderr)

    def test_help_and_version(self):
        for flag, words in (("--help", ("--batch", "--export", "exit codes", "report")), ("-h", ("--batch",)),
                            ("--version", ("sandwatch ",))):
            session = self.run_it(flag, host=None, export=False, batch=False)
            self.assert_code(session, 0)
            for word in words:
                self.assertIn(word, session.stdout)

    def test_config_prints_what_is_in_force(self):
        session = self.run_it("config", "--iterations", "7", host=None, export=False, batch=False)
        self.assert_code(session, 0)
        self.assertIn("iterations: 7", session.stdout)
        again = self.run_it("config", host=None, export=False, batch=False, config=session.stdout)
        self.assert_code(again, 0)
        self.assertEqual(again.stdout, session.stdout)

    def test_flags_win_over_the_file(self):
        session = self.run_it("--iterations", "3", config=plan(modes=[HOST_MODE], iterations=9))
        self.assertEqual(session.mode("host")["iterations"]["planned"], 3)


class Engines(Case):
    def test_none_and_no_fallback(self):
        session = self.run_it(host="unix:///nonexistent/s", config=plan(sandbox={"fallback": {"enabled": False}}))
        self.assert_code(session, 3)
        self.assertIn("unix:///nonexistent/s", session.stderr)

    def test_none_and_a_fallback(self):
        session = self.run_it(host="unix:///nonexistent/s",
                              config=plan(sandbox={"fallback": {"max_retries": 0}}, iterations=3))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"fell_back": 3})
        self.assertEqual(session.counts("host"), {"ok": 3})
        self.assertEqual(session.mode(SANDBOX)["fallback"]["rate"], 1)
        self.assertIn("unix:///nonexistent/s", session.stderr)
        self.assertIn("100.0 %", session.stdout)

    def test_none_is_not_asked_each_time(self):
        """Three attempts open the circuit breaker; it is probed later, and meanwhile all fall back at once."""
        session = self.run_it(host="unix:///nonexistent/s", config=plan(sandbox={"breaker": {"open_seconds": 30}}, iterations=8))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"fell_back": 8})
        told = [event for event in session.journal() if event["event"] == "attempt_finished" and event["outcome"] == "engine"]
        self.assertEqual([event.get("not_asked", False) for event in told], [False] * 3 + [True] * (len(told) - 3))
        for event in told[3:]:
            self.assertRegex(event["error"], r"^not asked: the circuit breaker is open \(.*/nonexistent/s")
        self.assertEqual([event["state"] for event in session.journal() if event["event"] == "breaker_changed"], ["open"])

    def test_none_by_docker_host(self):
        session = self.run_it(host=None, env={"DOCKER_HOST": "unix:///nonexistent/s"},
                              config=plan(sandbox={"fallback": {"enabled": False}}))
        self.assert_code(session, 3)
        self.assertIn("DOCKER_HOST", session.stderr)

    @needs_engine
    def test_docker_host(self):
        session = self.run_it(host=None, env={"DOCKER_HOST": common.HOST}, config=plan())
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"ok": 2})

    @needs_engine
    def test_which_one(self):
        session = self.run_it("engine", batch=False, export=False)
        self.assert_code(session, 0)
        self.assertIn(common.HOST, session.stdout)
        session = self.run_it("engine", host="unix:///nonexistent/s", batch=False, export=False)
        self.assert_code(session, 3)
        self.assertIn("unix:///nonexistent/s", session.stderr)
        self.assertEqual(session.stdout, "")

    def test_none_is_needed_for_host_modes(self):
        session = self.run_it(host="unix:///nonexistent/s",
                              config=plan(modes=[HOST_MODE], sandbox={"fallback": {"enabled": False}}))
        self.assert_code(session, 0)
        self.assertEqual(session.counts("host"), {"ok": 2})

    @needs_engine
    def test_two_sessions_at_once(self):
        sessions = [self.start(config=plan(iterations=4)) for _ in range(2)]
        for session in sessions:
            session.wait()
            self.assert_code(session, 0)
            self.assertEqual(session.counts(), {"ok": 4})
            self.check_hygiene(session)
        self.assertNotEqual(*(session.snapshot["session"]["id"] for session in sessions))

    @needs_engine
    def test_two_sessions_in_one_state_folder(self):
        state = self.box.new_state(self.box.root / f"shared{self.box.next_number()}")
        sessions = [self.start(config=plan(iterations=3), state=state) for _ in range(2)]
        for session in sessions:
            session.wait()
            self.assert_code(session, 0)
            self.assertEqual(session.counts(), {"ok": 3})
        self.assertEqual(len(list(state.glob("sandwatch/runs/*/journal.jsonl"))), 2)


class Clean(Case):
    @needs_engine
    @common.among_the_dead()
    def test_removes_what_the_dead_left_and_nothing_else(self):
        mine = engine("POST", f"/containers/create?name=e2e-unrelated-{os.getpid()}",
                      {"Image": IMAGE, "Cmd": ["true"], "Labels": {"org.example": "unrelated"}})["Id"]
        self.addCleanup(common.remove_container, mine)
        wrap = self.own_host()
        dead, living = self.start(config=endless(), wrap=wrap), self.start(config=endless(), wrap=wrap)
        dead.wait_running()
        living.wait_running()
        dead.process.kill()
        dead.process.wait()
        self.assertEqual(len(containers_of(dead.pid)), 1)

        clean = self.run_it("clean", host=None, env={"DOCKER_HOST": common.HOST}, wrap=wrap, batch=False, export=False)
        self.assert_code(clean, 0)
        self.assertEqual(containers_of(dead.pid), [])
        self.assertEqual([one["State"] for one in containers_of(living.pid)], ["running"])
        self.assertEqual([one["Id"] for one in containers("org.example=unrelated") if one["Id"] == mine], [mine])

        living.send(signal.SIGINT)
        living.wait()
        self.assert_code(living, 130)
        self.check_hygiene(living)
        # What the dead one measured can still be read.
        report = self.run_it("report", "latest", state=dead.state, host=None, batch=False, export=False)
        self.assert_code(report, 0)
        self.assertIn("**Status**: unfinished: its journal has no end", report.stdout)
        self.assertIn("**Configuration that was in force**", report.stdout)
        self.assertNotIn("**Snapshot", report.stdout)  # there is none

    @needs_engine
    @common.among_the_dead()
    def test_by_the_flag(self):
        clean = self.run_it("clean", batch=False, export=False)
        self.assert_code(clean, 0)
        self.assertRegex(clean.stdout, r"\d+ left containers? removed")

    def test_a_named_engine_that_is_gone(self):
        for options in ({"host": None, "env": {"DOCKER_HOST": "unix:///nonexistent/s"}}, {"host": "unix:///nonexistent/s"}):
            with self.subTest(options):
                clean = self.run_it("clean", batch=False, export=False, **options)
                self.assert_code(clean, 3)
                self.assertIn("unix:///nonexistent/s", clean.stderr)

    @needs_engine
    def test_a_killed_session_leaves_no_process(self):
        mark = f"sandwatch-e2e-mark-kill-{os.getpid()}"
        session = self.start(config=plan((PYTHON, "-c", "import signal; signal.pause()"), modes=[HOST_MODE]),
                             env={"E2E_MARK": mark})
        until(lambda: len(processes_with(mark)) > 1 or any(event["event"] == "phase_started" for event in session.journal()),
              "the command runs")
        session.process.kill()
        session.process.wait()
        until(lambda: not processes_with(mark), "its command ends with it", 5)


class Recorded(Case):
    def report(self, *arguments, state=None, **options):
        return self.run_it("report", *arguments, state=state, host=None, batch=False, export=False, **options)

    def test_latest_equals_the_session(self):
        path = self.box.root / f"report{self.box.next_number()}.md"
        session = self.run_it("--report", path, config=plan(iterations=5, warmup=1) if common.HOST else
                              plan(iterations=5, modes=[HOST_MODE]))
        again = self.report("latest", state=session.state)
        self.assert_code(again, 0)

        def without_date(text):
            text = re.sub(r"(?m)^\d\. \*\*(Exported snapshot|This report)\*\*: .*\n", "", text)
            return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE", text)

        self.assertEqual(without_date(again.stdout), without_date(path.read_text()))
        # The report of the run itself knows where it was sent.
        for name in ("Exported snapshot", "This report"):
            self.assertIn(f"**{name}**", path.read_text())
            self.assertNotIn(f"**{name}**", again.stdout)
        for name in ("journal.jsonl", "snapshot.json", "config.yaml"):
            self.assertIn(f"{session.run_folder}/{name}", again.stdout)
        for mode in session.snapshot["modes"]:
            mean = mode["latency_ns"]["mean"] / 1e6
            self.assertIn(f"{mean:.2f}", again.stdout.replace(",", ""))

    def test_by_id_folder_and_journal(self):
        session = self.run_it(config=plan(modes=[HOST_MODE]))
        texts = set()
        for name in ("latest", session.snapshot["session"]["id"], session.run_folder, session.run_folder / "journal.jsonl"):
            report = self.report(name, state=session.state)
            self.assert_code(report, 0)
            texts.add(re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "DATE", report.stdout))
        self.assertEqual(len(texts), 1)

    def test_unknown_runs(self):
        for name in ("latest", "abcdef", "/nonexistent", "../..", "/etc/passwd", "/usr"):
            with self.subTest(name):
                report = self.report(name)
                self.assert_code(report, 2)
                self.assertEqual(report.stdout, "")
                self.assertTrue(report.stderr)

    def test_journal_is_json_lines(self):
        session = self.run_it(config=plan(iterations=3, modes=[HOST_MODE]))
        events = session.journal()
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        self.assertEqual((events[0]["event"], events[-1]["event"]), ("session_started", "session_finished"))
        self.assertEqual(sum(event["event"] == "iteration_finished" for event in events), 3)
        times = [event["t_ns"] for event in events]
        self.assertEqual(times, sorted(times))
        mode = (session.run_folder / "journal.jsonl").stat().st_mode & 0o777
        self.assertEqual(mode, 0o600)

    def test_a_session_without_an_end(self):
        """Its writer lives, or died: told apart, and a report either way."""
        session = self.start(config=plan((PYTHON, "-c", "import signal; signal.pause()"), modes=[HOST_MODE]))
        until(lambda: any(event["event"] == "phase_started" for event in session.journal()), "the command runs")
        for words in ("still running", "its writer died"):
            report = self.report("latest", state=session.state)
            self.assert_code(report, 0)
            self.assertIn(words, report.stderr)
            self.assertIn(words, report.stdout)
            session.process.kill()
            session.process.wait()

    def test_a_torn_or_damaged_journal(self):
        session = self.run_it(config=plan(iterations=3, modes=[HOST_MODE]))
        whole = (session.run_folder / "journal.jsonl").read_bytes()
        lines = whole.splitlines(True)
        damaged = {"torn": whole[:-20], "blank line": lines[0] + b"\n" + b"".join(lines[1:]),
                   "garbage": b"".join(lines[:5]) + bytes(range(256)) * 400 + b"\n" + b"".join(lines[5:]),
                   "a line of 1 MB": b"".join(lines[:5]) + b"x" * 1_000_000 + b"\n" + b"".join(lines[5:])}
        for name, data in damaged.items():
            with self.subTest(name):
                path = self.box.root / f"journal{self.box.next_number()}.jsonl"
                path.write_bytes(data)
                report = self.report(path)
                self.assert_code(report, 0)
                self.assertIn(str(path), report.stderr)
                self.assertIn("3", report.stdout)

    def test_the_configuration_is_recorded(self):
        session = self.run_it("--iterations", "4", config=plan(modes=[HOST_MODE]))
        again = self.run_it(config=session.run_folder / "config.yaml")
        self.assert_code(again, 0)
        self.assertEqual(again.mode("host")["iterations"]["planned"], 4)
        self.assertEqual((again.run_folder / "config.yaml").read_text(), (session.run_folder / "config.yaml").read_text())


class Disk(Case):
    @needs_root
    def test_full(self):
        """The state folder is a tmpfs of 48 KiB, in a mount namespace that ends with the session."""
        if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], capture_output=True).returncode:
            self.skipTest("no mount namespace can be made here")
        number = self.box.next_number()
        tiny, kept = self.box.root / f"tiny{number}", self.box.root / f"kept{number}"
        tiny.mkdir()
        kept.mkdir()
        script = ('mount -t tmpfs -o size=48k none "$0" || exit 99\nmkdir "$0/sandwatch"\nln -s "$1" "$0/sandwatch/image"\n'
                  'kept=$2\nshift 2\n"$@"\ncode=$?\ncp -r "$0/sandwatch/runs" "$kept"\nexit $code')
        modes = [HOST_MODE, COLD_MODE] if common.HOST else [HOST_MODE]
        session = self.run_it(config=plan(iterations=100000, modes=modes), state=tiny, export=False, deadline=120,
                              wrap=["unshare", "-m", "--propagation", "private", "sh", "-c", script, tiny, self.box.image,
                                    kept])
        self.assertNotIn(session.code, (0, 99, 130), session.stderr)
        self.assertRegex(session.stderr, "(?i)no space left")
        self.assertIn("journal.jsonl", session.stderr)
        journal = next(kept.glob("runs/*/journal.jsonl"))
        events = [json.loads(line) for line in journal.read_bytes().split(b"\n")[:-1]]
        finished = sum(event["event"] == "iteration_finished" for event in events)
        self.assertGreater(finished, 5)
        report = self.run_it("report", journal, host=None, batch=False, export=False)
        self.assert_code(report, 0)
        self.assertRegex(report.stdout, "(?i)host")
        if common.HOST:
            # The program's own pid is not the wrapper's: look by session.
            self.assertEqual(containers(f"org.sandwatch.session={events[0]['id']}"), [])

    def test_state_folder_that_cannot_be_made(self):
        file = self.box.root / f"file{self.box.next_number()}"
        file.write_text("")
        session = self.run_it(config=plan(modes=[HOST_MODE]), env={"XDG_STATE_HOME": str(file)}, export=False)
        self.assertNotEqual(session.code, 0)
        self.assertIn(str(file), session.stderr)
        self.assertIn("XDG_STATE_HOME", session.stderr)

    def test_no_home(self):
        session = self.run_it(config=plan(modes=[HOST_MODE]), env={"XDG_STATE_HOME": None, "HOME": None}, export=False)
        self.assertNotEqual(session.code, 0)
        self.assertIn("XDG_STATE_HOME", session.stderr)


class Study(Case):
    def run_option(self, letter, **env):
        session = self.run_it("--iterations", "1", config=REPO / f"config/study-option-{letter}.yaml", env=env)
        self.assert_code(session, 0)
        return {mode["name"]: session.counts(mode["name"]) for mode in session.snapshot["modes"]}

    @needs_engine
    def test_option_a(self):
        self.assertEqual(self.run_option("a"), {"ast-only": {"ok": 1}, SANDBOX: {"ok": 1}})

    @needs_engine
    def test_option_b(self):
        self.assertEqual(self.run_option("b"), {"ast-only": {"ok": 1}})
        self.assertEqual(self.run_option("b", SANDBOX_ENABLED="true"), {"ast-only": {"ok": 1}, SANDBOX: {"ok": 1}})

    @needs_engine
    def test_option_b_with_a_bad_variable(self):
        session = self.run_it(config=REPO / "config/study-option-b.yaml", env={"SANDBOX_ENABLED": "maybe"})
        self.assert_code(session, 2)
        self.assertIn("study-option-b.yaml:2:12: ", session.stderr)
        self.assertIn("maybe", session.stderr)

    @needs_engine
    def test_option_c(self):
        self.assertEqual(self.run_option("c"), {"ast-only": {"ok": 1}})

    @needs_engine
    def test_default_file_is_the_default(self):
        bare = self.run_it("config", host=None, export=False, batch=False)
        file = self.run_it("config", host=None, export=False, batch=False, config=REPO / "config/default.yaml")
        self.assertIn("iterations: 20", bare.stdout)
        self.assertEqual(bare.stdout, file.stdout)

if __name__ == "__main__":
    common.main()
