#!/usr/bin/python3
"""What strangers do: outputs that can't be, or lead elsewhere; nohup; impatience; a quiet run without its sandbox."""
import os
import signal

import common
from common import Case, PYTHON, containers_of, needs_engine, needs_root, remove_container, until
from engines import Proxy

HOST_ONLY = {"session": {"iterations": 2, "warmup": 0}, "modes": [{"name": "host", "kind": "host"}],
             "workload": {"command": [PYTHON, "-I", "-c", "pass"]}}


def cold(*words, **session):
    return {"session": {"iterations": 2, "warmup": 0, **session}, "modes": [{"name": "docker-sandbox", "kind": "cold"}],
            "workload": {"command": [PYTHON, "-I", "-c", *words]}, "sandbox": {"docker": {"cpu_count": 0}}}


class Outputs(Case):
    def path(self, name):
        return self.box.root / f"{name}{self.box.next_number()}"

    def test_one_place_for_two(self):
        place = self.path("both")
        for target in (place, "-"):
            session = self.run_it("--export", target, "--report", target, config=HOST_ONLY, export=False)
            self.assert_code(session, 2)
            self.assertIn("name two", session.stderr)
        self.assertFalse(place.exists())

    def test_a_pipe_that_nobody_reads(self):
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        session = self.run_it("--export", pipe, config=HOST_ONLY, export=False, deadline=20)
        self.assert_code(session, 5)
        self.assertIn("nobody reads", session.stderr)

    def test_a_name_that_is_too_long(self):
        session = self.run_it("--export", "n" * 300, config=HOST_ONLY, export=False)
        self.assert_code(session, 2)
        self.assertEqual(list(session.state.glob("sandwatch/runs/*")), [])

    def test_one_that_fails_does_not_take_the_other(self):
        report = self.path("report")
        session = self.run_it("--export", "/dev/full", "--report", report, config=HOST_ONLY, export=False)
        self.assert_code(session, 5)
        self.assertIn("# Sandbox Performance Report", report.read_text())

    def test_a_full_stdout(self):
        for words in (["config"], ["--help"], ["--version"]):
            with self.subTest(words), open("/dev/full", "wb") as full:
                session = self.run_it(*words, host=None, batch=False, export=False, stdout=full)
                self.assert_code(session, 5)
                self.assertIn("stdout", session.stderr)
        with open("/dev/full", "wb") as full:
            self.assert_code(self.run_it(config=HOST_ONLY, stdout=full), 5)

    @needs_root
    def test_a_hostile_state_folder_is_printable(self):
        state = self.box.new_state(self.path("st\x1b[31m\nate"))
        self.run_it(config=HOST_ONLY, state=state)  # which looks at what was printed


class Signals(Case):
    def test_nohup(self):
        session = self.run_it(config=HOST_ONLY, wrap=["sh", "-c", 'trap "" HUP; kill -HUP $$; exec "$@"', "sh"])
        self.assert_code(session, 0)
        endless = {**HOST_ONLY, "workload": {"command": [PYTHON, "-I", "-c", "import time; time.sleep(1)"]}}
        session = self.start(config=endless, wrap=["sh", "-c", 'trap "" HUP; exec "$@"', "sh"])
        until(lambda: any(event["event"] == "phase_started" for event in session.journal()), "the first iteration")
        session.send(signal.SIGHUP)
        session.wait()
        self.assert_code(session, 0)

    @needs_engine
    def test_who_insists_may_go(self):
        """An engine that hangs over the removal: the third time it is left behind, and that is said."""
        with Proxy(self.box.root / "hangs", common.HOST[len("unix://"):], delays={"remove": 50}) as proxy:
            session = self.start(host=proxy.url, config=cold("import signal; signal.pause()"), wrap=self.own_host())
            session.wait_running()
            for words in ("stopping", "once more", "left behind"):
                session.send(signal.SIGINT)
                until(lambda: words in session.stderr, words)  # pylint: disable=cell-var-from-loop
            session.wait(20)
        left = containers_of(session.pid)
        for one in left:
            remove_container(one["Id"])
        self.assert_code(session, 130)
        self.assertEqual(len(left), 1)
        self.assertIn("sandwatch clean", session.stderr)
        self.assertEqual(session.snapshot["state"], "interrupted")
        self.assertNotIn("ETA", session.stderr.split("stopping")[1])


class Quiet(Case):
    def test_a_fallback_is_never_silent(self):
        session = self.run_it("--quiet", host="unix:///nonexistent/s", config=cold("pass"))
        self.assert_code(session, 0)
        self.assertEqual(session.stdout, "")
        self.assertIn("2 of 2 iterations of docker-sandbox ran on the host instead", session.stderr)

    @needs_engine
    def test_and_nothing_else_is_said(self):
        session = self.run_it("--quiet", config=cold("pass"))
        self.assertEqual(session.stdout + session.stderr, "")


if __name__ == "__main__":
    common.main()
