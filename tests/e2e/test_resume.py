#!/usr/bin/python3
"""`run --resume`: sessions that are killed or stopped at some event, and go on: nothing is lost, nothing is run twice,
and the plan's order stays."""
import itertools
import json
import signal
import subprocess
import unittest

import common
from common import Case, REPO, needs_engine, needs_root, until
from screens import COLD_MODE, Gate, HOST_MODE, NOTHING, ScreenCase, plan

PARALLEL = {"name": "three", "kind": "cold", "parallel": 3}


def ended(events):
    """(mode, iteration) of the counted iterations that ended, in that order."""
    return [(event["mode"], event["iteration"]) for event in events
            if event["event"] == "iteration_finished" and not event.get("warmup")]


def started(events):
    return [(event["mode"], event["iteration"]) for event in events
            if event["event"] == "iteration_started" and not event.get("warmup")]


class Resumes(Case):
    def killed(self, at, state=None, arguments=(), **options):
        """A session that is killed once its journal tells of the AT-th start of an iteration."""
        session = self.start(*arguments, state=state, export=False, **options)
        until(lambda: session.process.poll() is not None or self.n_started(session) >= at, f"the start number {at}")
        session.kill()
        return session

    @staticmethod
    def n_started(session):
        return sum(event["event"] == "iteration_started" for event in session.journal())

    def resume(self, state, *arguments, deadline=common.DEADLINE, **options):
        return self.run_it("--resume", "latest", *arguments, state=state, export=False, hygiene=False, deadline=deadline,
                           **options)

    def check_whole(self, session, resumed, config, order=None):
        """What holds of a journal whose plan was finished by several processes."""
        events = session.journal()
        modes = len(config["modes"])
        iterations = config["session"]["iterations"]
        everything = sorted(itertools.product(range(modes), range(1, iterations + 1)))
        self.assertEqual(sorted(ended(events)), everything, "each counted iteration ends exactly once")
        most = resumed * max(mode.get("parallel", 1) for mode in config["modes"])
        self.assertLessEqual(len(started(events)) - len(everything), most, "no more is repeated than was under way")
        self.assertEqual([event["seq"] for event in events], list(range(1, len(events) + 1)))
        times = [event["t_ns"] for event in events]
        self.assertEqual(times, sorted(times))
        kinds = [event["event"] for event in events]
        for kind, n in (("session_started", 1), ("environment", 1), ("mode_planned", modes), ("session_resumed", resumed)):
            self.assertEqual(kinds.count(kind), n, kind)
        if order:
            self.assertEqual(ended(events), order, "the plan's order")
        path = session.run_folder / "snapshot.json"
        checked = subprocess.run([common.PYTHON, REPO / "tests/validate_snapshot.py", path], check=False,
                                 capture_output=True, encoding="utf-8")
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        snapshot = session.snapshot
        self.assertEqual(snapshot["state"], "done")
        self.assertEqual(snapshot["session"]["resumed"], resumed)
        self.check_accounts(snapshot)
        return events


@needs_engine
class Killed(Resumes):
    """By SIGKILL, with a real engine."""

    def whole(self, config):
        """How it would have gone."""
        session = self.run_it(config=config)
        self.assert_code(session, 0)
        return ended(session.journal())

    def test_at_any_event(self):
        config = plan(iterations=6, warmup=1)
        config["session"].update(order="random", seed=11)
        order = self.whole(config)
        for at in (1, 2, 4, 7, 13):
            with self.subTest(at=at), common.among_the_dead():
                first = self.killed(at, config=config)
                session = self.resume(first.state)
                self.assert_code(session, 0)
                self.check_whole(session, 1, config, order)
                self.assertEqual(common.containers_of(first.pid), [], "the dead one's containers are gone")
                texts = [event["text"] for event in session.journal() if event["event"] == "session_resumed"]
                self.assertEqual(texts, ["its process had died"])

    def test_again_and_again(self):
        config = plan(iterations=12, modes=(HOST_MODE, COLD_MODE, PARALLEL))
        config["session"].update(order="random", seed=3, block=2)
        session, kills = self.killed(3, config=config), 1
        for _ in range(4):
            n = self.n_started(session)
            session = self.killed(n + 5, state=session.state, arguments=("--resume", "latest"))
            kills += 1
        session = self.resume(session.state)
        self.assert_code(session, 0)
        resumed = sum(event["event"] == "session_resumed" for event in session.journal())
        self.assertLessEqual(resumed, kills)
        self.check_whole(session, resumed, config)

    def test_an_ablation(self):
        config = plan(iterations=4, modes=(COLD_MODE,))
        first = self.killed(5, config=config, arguments=("--ablate", "caps,readonly"))
        session = self.resume(first.state)
        self.assert_code(session, 0)
        # What the flag has made of the plan is in the run's own configuration.
        config["modes"] = [{"name": name} for name in (COLD_MODE["name"], "without-caps", "without-readonly")]
        self.check_whole(session, 1, config)
        self.assertEqual([mode["name"] for mode in session.snapshot["modes"]], [mode["name"] for mode in config["modes"]])
        layers = [event.get("layer") for event in session.journal() if event["event"] == "mode_planned"]
        self.assertEqual(layers, [None, "caps", "readonly"])

    def test_ctrl_c(self):
        config = plan(iterations=8)
        session = self.start(config=config, export=False)
        until(lambda: len(ended(session.journal())) >= 3, "three ends")
        session.send(signal.SIGINT)
        session.wait()
        self.assert_code(session, 130)
        identity = session.journal()[0]["id"]
        self.assertIn(f"`sandwatch run --resume {identity}` goes on where it stopped", session.stderr)
        again = self.run_it("run", "--resume", identity, state=session.state, export=False)
        self.assert_code(again, 0)
        events = self.check_whole(again, 1, config)
        self.assertEqual([event["text"] for event in events if event["event"] == "session_resumed"], ["it had been stopped"])
        self.assertNotIn("--resume", again.stderr)


class OnTheHost(Resumes):
    """What needs no engine."""

    def config(self, iterations=20, words=NOTHING, **sections):
        return plan(words, iterations=iterations, modes=[HOST_MODE], **sections)

    def gated(self):
        folder = self.box.root / f"g{self.box.next_number()}"
        folder.mkdir()
        return Gate(folder)

    def test_a_torn_last_line(self):
        config = self.config()
        first = self.killed(5, config=config, host="")
        for torn in (b"{", b'{"seq":7,"t_ns":99,"event":"iteration_fin', b"\0" * 5000):
            journal = first.run_folder / "journal.jsonl"
            with open(journal, "ab") as file:
                file.write(torn)
        session = self.resume(first.state, host="")
        self.assert_code(session, 0)
        self.check_whole(session, 1, config)

    def test_broken_lines_are_told(self):
        config = self.config()
        first = self.killed(5, config=config, host="")
        journal = first.run_folder / "journal.jsonl"
        lines = journal.read_bytes().splitlines(keepends=True)
        journal.write_bytes(b"".join(lines[:-3]) + b"\xff\x00 {\n" + b"".join(lines[-3:]))
        session = self.resume(first.state, host="")
        self.assert_code(session, 0)
        self.assertIn(f"1 broken line was skipped, line {len(lines) - 2}: ", session.stderr)

    def test_one_that_lives(self):
        gate = self.gated()
        config = self.config(3, gate.words)
        first = self.start(config=config, host="", export=False)
        until(gate.reached, "the first iteration")
        before = (first.run_folder / "journal.jsonl").read_bytes()
        refused = self.resume(first.state, host="")
        self.assert_code(refused, 2)
        self.assertIn("still being written by another process", refused.stderr)
        self.assertTrue((first.run_folder / "journal.jsonl").read_bytes().startswith(before))
        for _ in range(3):
            gate.let_go()
        self.assert_code(first.wait(), 0)
        self.check_whole(first, 0, config)

    def test_two_at_once(self):
        gate = self.gated()
        config = self.config(3, gate.words)
        first = self.start(config=config, host="", export=False)
        until(gate.reached, "the first iteration")
        gate.let_go()
        until(lambda: len(ended(first.journal())) == 1, "its end")
        first.kill()
        for path in gate.folder.iterdir():  # of what was killed with it
            path.unlink()
        both = [self.start("--resume", "latest", state=first.state, host="", export=False) for _ in range(2)]
        until(lambda: any(one.process.poll() is not None for one in both), "one is refused")
        loser = next(one for one in both if one.process.poll() is not None)
        winner = next(one for one in both if one is not loser)
        self.assert_code(loser, 2)
        self.assertIn("still being written by another process", loser.stderr)
        until(lambda: self.n_started(winner) >= 2, "the winner goes on")
        for _ in range(2):
            gate.let_go()
        self.assert_code(winner.wait(), 0)
        self.check_whole(winner, 1, config)

    def test_complete(self):
        first = self.run_it(config=self.config(2), host="", export=False)
        journal, snapshot = first.run_folder / "journal.jsonl", first.run_folder / "snapshot.json"
        recorded, told = journal.read_bytes(), json.loads(snapshot.read_bytes())
        snapshot.unlink()  # as if it had been killed before it could write that
        export = first.run_folder.parent / "export.json"
        again = self.resume(first.state, "--export", str(export), host="")
        self.assert_code(again, 0)
        self.assertIn(f"run {first.journal()[0]['id']} is complete: nothing is left to run", again.stderr)
        self.assertIn("Decision", again.stdout)
        self.assertEqual(journal.read_bytes(), recorded)
        for path in (snapshot, export):
            written = json.loads(path.read_bytes())
            self.assertEqual({**written, "generated_at": 0}, {**told, "generated_at": 0})

    def test_all_ended_but_the_session(self):
        """Killed between the last iteration's end and the session's."""
        config = self.config(3)
        first = self.run_it(config=config, host="", export=False)
        journal = first.run_folder / "journal.jsonl"
        lines = journal.read_bytes().split(b"\n")
        journal.write_bytes(b"\n".join(lines[:-2]) + b"\n")
        (first.run_folder / "snapshot.json").unlink()
        again = self.resume(first.state, host="")
        self.assert_code(again, 0)
        self.check_whole(again, 1, config)
        self.assertEqual(len(started(again.journal())), 3)

    def test_without_a_plan(self):
        first = self.run_it(config=self.config(2), host="", export=False)
        journal = first.run_folder / "journal.jsonl"
        lines = journal.read_bytes().split(b"\n")
        for kept in (0, 1, 2):
            journal.write_bytes(b"".join(line + b"\n" for line in lines[:kept]))
            again = self.resume(first.state, host="")
            self.assert_code(again, 2)
            self.assertIn("was killed before its plan was written", again.stderr)
            self.assertIn("start anew", again.stderr)
        journal.unlink()
        again = self.run_it("--resume", first.run_folder, state=first.state, host="", export=False)
        self.assert_code(again, 2)
        self.assertIn("start anew", again.stderr)

    def test_another_plan(self):
        first = self.killed(4, config=self.config(), host="")
        config = first.run_folder / "config.yaml"
        text = config.read_text()
        for old, new, said in (("iterations: 20", "iterations: 30", "iterations was 20 when it began, and is 30"),
                               ("seed: 42", "seed: 43", "seed was 42"),
                               ("order: interleaved", "order: random", "order was interleaved"),
                               ('name: "host"', 'name: "other"', "mode 1 was host when it began, and is other")):
            self.assertIn(old, text)
            config.write_text(text.replace(old, new, 1) if "name" not in old else text.replace(old, new))
            refused = self.resume(first.state, host="")
            self.assert_code(refused, 2)
            self.assertIn(said, refused.stderr)
        config.unlink()
        refused = self.resume(first.state, host="")
        self.assert_code(refused, 2)
        self.assertIn("config.yaml", refused.stderr)
        config.write_text(text)
        self.assert_code(self.resume(first.state, host=""), 0)

    def test_flags_that_contradict(self):
        for flags in (("--config", "x.yaml"), ("--iterations", "3"), ("--iterations", "auto"), ("--mode", "host"),
                      ("--ablate", "all"), ("--order", "random"), ("--seed", "1"), ("--warmup", "0"), ("--chaos", "x")):
            refused = self.run_it("--resume", "latest", *flags, host="", export=False)
            self.assert_code(refused, 2)
            self.assertIn(f"leave {flags[0]} out", refused.stderr)
        refused = self.run_it("--resume", "latest", host="", export=False)
        self.assert_code(refused, 2)
        self.assertIn("no run", refused.stderr)
        refused = self.run_it("watch", "--resume", "latest", host=None, export=False, batch=False)
        self.assert_code(refused, 2)
        self.assertIn("takes no flag '--resume'", refused.stderr)

    def test_the_users_own_layers_are_left_out(self):
        config = self.config()
        first = self.killed(4, config=config, host="")
        user = first.folder / "config"
        (user / "sandwatch").mkdir(parents=True)
        (user / "sandwatch/config.yaml").write_text(json.dumps({"session": {"iterations": 3, "seed": 9}}))
        again = self.resume(first.state, host="", env={"XDG_CONFIG_HOME": str(user)})
        self.assert_code(again, 0)
        self.check_whole(again, 1, config)

    @needs_root
    def test_a_full_disk(self):
        """The disk gets full, then there is room again."""
        number = self.box.next_number()
        tiny, kept = self.box.root / f"tiny{number}", self.box.root / f"kept{number}"
        tiny.mkdir()
        kept.mkdir()
        script = ('mount -t tmpfs -o size=48k none "$0" || exit 99\nmkdir "$0/sandwatch"\n'
                  'ln -s "$1" "$0/sandwatch/image"\nkept=$2\nprogram=$3\nshift 2\n"$@"\n[ $? = 5 ] || exit 98\n'
                  'mount -o remount,size=4m "$0" || exit 97\n"$program" --batch --resume latest\ncode=$?\n'
                  'cp -r "$0/sandwatch" "$kept"\nexit $code')
        config = self.config(200)
        session = self.run_it(config=config, state=tiny, export=False, deadline=120, host="",
                              wrap=["unshare", "-m", "--propagation", "private", "sh", "-c", script, str(tiny),
                                    str(self.box.image), str(kept)])
        self.assert_code(session, 0)
        self.assertRegex(session.stderr, "(?i)no space left")
        self.assertRegex(session.stderr, "`sandwatch run --resume [0-9a-f]{6}` goes on where it stopped")
        session.state = kept
        self.check_whole(session, 1, config)


@needs_engine
class Strategy(Resumes):
    def test_a_relative_path_is_found_from_another_folder(self):
        path = self.box.root / f"strategy{self.box.next_number()}.py"
        path.write_text((REPO / "config/strategies/momentum.py").read_text())
        config = plan(iterations=4, modes=[HOST_MODE])
        config["workload"] = {"strategy": f"../{path.name}"}  # from the session's own folder
        first = self.killed(2, config=config)
        self.assert_code(self.resume(first.state, wrap=["env", "-C", "/"]), 0)
        self.check_whole(first, 1, config)

    def test_that_has_changed(self):
        source = (REPO / "config/strategies/momentum.py").read_text()
        path = self.box.root / f"strategy{self.box.next_number()}.py"
        path.write_text(source)
        config = plan(iterations=4, modes=[HOST_MODE])
        config["workload"] = {"strategy": str(path)}
        first = self.killed(2, config=config)
        path.write_text(source + "\n# another\n")
        refused = self.resume(first.state)
        self.assert_code(refused, 2)
        self.assertIn(f"the strategy {path} has changed since it began", refused.stderr)
        path.write_text(source)
        self.assert_code(self.resume(first.state), 0)
        self.check_whole(first, 1, config)


class OnTheScreen(Resumes, ScreenCase):
    def test_killed_and_resumed(self):
        config = plan(iterations=20, modes=[HOST_MODE])
        first = self.killed(6, config=config, host="")
        screen = self.screen("run", "--resume", "latest", state=first.state, host="")
        until(lambda: screen.count("session_finished"), "the session's end")
        screen.wait("DONE")
        screen.press("q")
        self.assertEqual(screen.status(), 0)
        self.check_whole(screen, 1, config)

    def test_ended_early_says_how_to_go_on(self):
        gate = self.gate()
        config = plan(gate.words, iterations=3, modes=[HOST_MODE])
        screen = self.screen(config=config, host="")
        gate.let_go()
        screen.goes_on(1)
        until(gate.reached, "the second iteration")
        screen.press("Ctrl-c")
        self.assertEqual(screen.status(), 130)
        identity = screen.journal()[0]["id"]
        self.assertIn(f"`sandwatch run --resume {identity}` goes on where it stopped", screen.all_text())
        again = self.screen("--resume", identity, state=screen.state, host="")
        gate.let_go()  # what was stopped is measured anew
        gate.let_go()
        until(lambda: again.count("session_finished") == 2, "the session's end")
        again.press("q")
        self.assertEqual(again.status(), 0)
        self.check_whole(again, 1, config)

    def test_refused_before_the_screen_opens(self):
        first = self.run_it(config=plan(iterations=1, modes=[HOST_MODE]), host="", export=False)
        screen = self.screen("--resume", "latest", state=first.state, host="")
        self.assertEqual(screen.status(), 0)
        self.assertIn("is complete: nothing is left to run", screen.all_text())


if __name__ == "__main__":
    common.main()
