#!/usr/bin/python3
"""Watching a session that another process runs, and playing a recorded one; sessions beside each other."""
import fcntl
import json
import os
import re
import shutil
import signal
import subprocess

import common
from common import Session, containers, needs_engine, needs_root, until
from screens import COLD_MODE, HOST_MODE, ScreenCase, plan


def figures(snapshot):
    """All of it but when it was written."""
    data = json.loads(snapshot) if isinstance(snapshot, (str, bytes)) else dict(snapshot)
    data.pop("generated_at")
    return data


def without_time(text):
    return re.sub(r'("generated_at": *)"[^"]*"', r"\1", text, count=1)


class Writer:
    """Stands in for the process that writes a journal."""

    def __init__(self, folder):
        folder.mkdir()
        self.path = folder / "journal.jsonl"
        self.fd = os.open(self.path, os.O_CREAT | os.O_RDWR | os.O_APPEND)
        fcntl.flock(self.fd, fcntl.LOCK_EX)

    def write(self, data):
        os.write(self.fd, data)

    def cut(self):
        os.ftruncate(self.fd, 0)

    def die(self):
        if self.fd >= 0:
            os.close(self.fd)
        self.fd = -1


class WatchCase(ScreenCase):
    def headless(self, command, *arguments, **options):
        return Session(self.box, [command, *arguments, "--export", "-"], host=None, export=False, **options)

    def watched(self, *arguments, **options):
        return self.screen("watch", *arguments, host=None, **options)

    def snapshot_of(self, screen):
        """What the key writes."""
        screen.press("s")
        screen.wait("snapshot written")
        return figures(next(screen.folder.glob("sandwatch-*.json")).read_bytes())

    def leave(self, screen, code=0):
        screen.press("q")
        self.assertEqual(screen.status(), code)

    def writer(self):
        one = Writer(self.box.root / f"w{self.box.next_number()}")
        self.addCleanup(one.die)
        return one


@needs_engine
class Recorded(WatchCase):
    @classmethod
    def setUpClass(cls):
        cls.recorded = Session(cls.box, [], export=False, config=plan(iterations=4, warmup=1)).wait()
        assert cls.recorded.code == 0, cls.recorded.stderr
        cls.lines = (cls.recorded.run_folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
        cls.figures = figures(cls.recorded.snapshot)

    def test_by_every_name(self):
        folder = self.recorded.run_folder
        for command in ("watch", "replay"):
            for name in (self.figures["session"]["id"], folder, folder / "journal.jsonl", "latest"):
                with self.subTest(f"{command} {name}"):
                    session = self.headless(command, name, state=self.recorded.state).wait()
                    self.assertEqual(session.code, 0, session.stderr)
                    self.assertEqual(without_time(session.stdout),
                                     without_time((folder / "snapshot.json").read_text(encoding="utf-8")))
        screen = self.watched("latest", state=self.recorded.state)
        screen.wait("8/8")
        self.assertEqual(self.snapshot_of(screen), self.figures)
        self.leave(screen)

    def test_nothing_of_that_name(self):
        for command in ("watch", "replay"):
            for name in ("nosuch", "/nonexistent/folder"):
                session = self.headless(command, name, state=self.recorded.state).wait()
                self.assertEqual((session.code, session.stdout), (2, ""), session.stderr)
                self.assertIn(f"no run '{name}'", session.stderr)

    def test_written_before_its_eyes(self):
        """From nothing, in pieces that end anywhere, cut and begun anew, to its end."""
        writer = self.writer()
        screen, headless = self.watched(writer.path), self.headless("watch", writer.path)
        screen.wait("Nothing is known yet")
        data = b"".join(self.lines)
        half = data[:len(data) // 2]
        for at in range(0, len(half), 777):
            writer.write(half[at:at + 777])
        done = half.count(b'"iteration_finished"') - half.count(b'"warmup":true,"outcome')
        self.assertGreater(done, 0)
        screen.wait(lambda text: re.search(r"RUNNING +[1-9]\d*/8", text))
        writer.cut()
        screen.wait("cut or replaced")
        for line in self.lines:
            writer.write(line[:5])
            writer.write(line[5:])
        screen.wait("DONE")
        headless.wait()
        self.assertEqual(headless.code, 0, headless.stderr)
        self.assertIn("cut or replaced", headless.stderr)
        self.assertEqual(self.snapshot_of(screen), self.figures)
        self.assertEqual(figures(headless.stdout), self.figures)
        self.leave(screen)

    def test_the_writer_ends_before_the_session(self):
        writer = self.writer()
        writer.write(b"".join(self.lines[:30]) + self.lines[30][:20])
        screen, headless = self.watched(writer.path), self.headless("watch", writer.path)
        screen.wait("RUNNING")
        writer.die()
        self.assertIn("died before its end", screen.wait("LOST"))
        headless.wait()
        self.assertEqual(headless.code, 5, headless.stderr)
        self.assertIn("died before its end", headless.stderr)
        self.assertEqual(figures(headless.stdout)["state"], "running")
        # What it writes is the same, and the screen is left as usual.
        self.assertEqual(self.snapshot_of(screen), figures(headless.stdout))
        self.leave(screen)

    def test_the_journal_is_deleted(self):
        writer = self.writer()
        writer.write(b"".join(self.lines[:30]))
        screen = self.watched(writer.path)
        screen.wait("RUNNING")
        writer.path.unlink()
        screen.wait("was deleted")
        self.leave(screen)

    def test_damaged_lines(self):
        """Counted, shown and skipped: torn, foreign, hostile, out of their order, twice."""
        writer = self.writer()
        bad = [b"\n", b"{}\n", b"garbage\n", b'{"event":"nosuch","seq":1,"t_ns":2}\n', self.lines[5][:30] + b"\n",
               b"\xff\xfe\x1b[2J\n", b"[" * 1000 + b"\n", b"x" * 20000 + b"\n"]
        lines = list(self.lines)
        for n, line in enumerate(bad):
            lines.insert(4 + 5 * n, line)
        writer.write(b"".join(lines))
        for command in ("watch", "replay"):
            session = self.headless(command, writer.path).wait()
            self.assertEqual(session.code, 0, session.stderr)
            self.assertRegex(session.stderr, rf"{len(bad)} lines of the journal .* skipped, the first is line 5: ")
            self.assertEqual(figures(session.stdout)["modes"], self.figures["modes"])
        screen = self.watched(writer.path)
        self.assertRegex(screen.wait("were skipped"), rf"{len(bad)} lines of the journal")
        screen.wait("DONE")
        screen.press("5")
        self.assertIn("skipped", screen.wait("╭ events"))
        self.leave(screen)

    def test_lines_in_another_order(self):
        """No crash, no hang; what is missing or comes too often is counted in the snapshot."""
        head, rest = self.lines[:4], self.lines[4:]
        for lines in (head + rest[::-1], head + rest[10:] + rest[:10], head + rest + rest, self.lines[::-1]):
            writer = self.writer()
            writer.write(b"".join(lines))
            writer.die()
            for command in ("watch", "replay"):
                session = self.headless(command, writer.path).wait()
                self.assertIn(session.code, (0, 5), session.stderr)
                if session.stdout:
                    data = figures(session.stdout)["session"]
                    self.assertGreater(data["events_missing"] + data["events_unexpected"], 0)
            screen = self.watched(writer.path)
            screen.press("2", "3", "4", "5", "6")
            screen.wait("has not been verified")
            self.leave(screen)

    def test_no_beginning(self):
        """Not a session, and nothing to wait for."""
        writer = self.writer()
        writer.write(b"".join(self.lines[1:]))
        for command in ("watch", "replay"):
            session = self.headless(command, writer.path).wait()
            self.assertEqual(session.code, 2, session.stderr)
            self.assertIn("is not a session's journal", session.stderr)
        screen = self.watched(writer.path)
        screen.wait("has no beginning")
        self.leave(screen)

    def test_replay_ends_in_the_same_state(self):
        """Whatever was pressed on the way."""
        for keys in ((), ("+", "+", "-", ".", ".", "Right", "Left", "p"),
                     ("p", ".", ".", ".", "Right", "Right", "Left", "Left", "Left", "p", "+", "+", "=")):
            screen = self.screen("replay", self.recorded.run_folder, "--speed", "4", host=None)
            screen.wait("REPLAY")
            screen.press(*keys)
            screen.wait("end ")
            screen.wait("8/8")
            self.assertEqual(self.snapshot_of(screen), self.figures)
            # Back from the end, and there again.
            screen.press(*["Left"] * 30)
            screen.wait(lambda text: "end " not in text)
            screen.press(*["Right"] * 30)
            screen.wait("end ")
            for path in screen.folder.glob("sandwatch-*.json"):
                path.unlink()
            screen.press("s")
            until(lambda: list(screen.folder.glob("sandwatch-*.json")), "the snapshot again")
            self.assertEqual(figures(next(screen.folder.glob("sandwatch-*.json")).read_bytes()), self.figures)
            self.leave(screen)

    def test_speed(self):
        for speed in ("0", "-1", "fast", "1e9", "", "nan"):
            session = self.headless("replay", self.recorded.run_folder, "--speed", speed).wait()
            self.assertEqual((session.code, session.stdout), (2, ""), speed)
            self.assertIn("--speed", session.stderr)


class Live(WatchCase):
    """A batch in another process, at the test's pace."""

    def begin(self, iterations=3):
        gate = self.gate()
        batch = Session(self.box, [], export=False, host="", config=plan(gate.words, iterations, modes=[HOST_MODE]))
        until(gate.reached, "the first iteration")
        return gate, batch

    def test_to_its_end(self):
        gate, batch = self.begin()
        early = self.watched("latest", state=batch.state)
        headless = self.headless("watch", batch.run_folder)
        early.wait(lambda text: "RUNNING" in text and "0/3" in text)
        gate.let_go()
        early.wait("1/3")
        late = self.watched(batch.run_folder / "journal.jsonl")
        late.wait("1/3")
        # Looking on changes nothing: the keys of a session's owner mean nothing here.
        late.press("p", "x", "e", "Space")
        gate.let_go()
        gate.let_go()
        for screen in (early, late):
            screen.wait("DONE")
        batch.wait()
        headless.wait()
        self.assertEqual((batch.code, headless.code), (0, 0), headless.stderr)
        self.assertEqual(batch.counts("host"), {"ok": 3})
        expected = figures(batch.snapshot)
        self.assertEqual(figures(headless.stdout), expected)
        for screen in (early, late):
            self.assertEqual(self.snapshot_of(screen), expected)
            self.leave(screen)
        self.assertEqual(sorted(path.name for path in batch.run_folder.iterdir()),
                         ["config.yaml", "journal.jsonl", "snapshot.json"])

    def test_killed(self):
        gate, batch = self.begin()
        screen, headless = self.watched("latest", state=batch.state), self.headless("watch", batch.run_folder)
        gate.let_go()
        screen.wait("1/3")
        batch.send(signal.SIGKILL)
        batch.wait()
        self.assertIn("died before its end", screen.wait("LOST"))
        headless.wait()
        self.assertEqual(headless.code, 5)
        self.leave(screen)

    def test_stopped_early(self):
        gate, batch = self.begin()
        screen, headless = self.watched("latest", state=batch.state), self.headless("watch", batch.run_folder)
        gate.let_go()
        screen.wait("1/3")
        batch.send(signal.SIGINT)
        screen.wait("INTERRUPTED")
        batch.wait()
        headless.wait()
        self.assertEqual((batch.code, headless.code), (130, 0), headless.stderr)
        self.assertEqual(self.snapshot_of(screen), figures(batch.snapshot))
        self.leave(screen)

    def test_told_to_end(self):
        """The one that watches: the session goes on."""
        gate, batch = self.begin(1)
        headless = self.headless("watch", batch.run_folder)
        screen = self.watched(batch.run_folder)
        screen.wait("RUNNING")
        headless.send(signal.SIGINT)
        headless.wait()
        self.assertEqual(headless.code, 130, headless.stderr)
        os.kill(screen.pid(), signal.SIGTERM)
        screen.status()
        gate.let_go()
        batch.wait()
        self.assertEqual(batch.code, 0)


class Beside(WatchCase):
    @needs_engine
    def test_two_screens_on_one_engine(self):
        config = plan(iterations=5, modes=[HOST_MODE, COLD_MODE])
        screens = [self.screen(config=config) for _ in range(2)]
        for screen in screens:
            screen.wait("RUNNING")
            screen.press("3")
        for screen in screens:
            screen.wait("DONE")
            screen.wait("0 there, 5 made")
            self.assertEqual([screen.counts(name) for name in ("host", "docker-sandbox")], [{"ok": 5}, {"ok": 5}])
        made = [{event["container"] for event in screen.journal() if event["event"] == "container_created"}
                for screen in screens]
        self.assertEqual(made[0] & made[1], set())
        for screen in screens:
            self.leave(screen)
            self.assertEqual(containers(f"org.sandwatch.pid={screen.pid()}"), [])

    @needs_root
    def test_a_full_disk(self):
        """What went wrong stands on the screen, and still after it is gone."""
        if not shutil.which("unshare") or subprocess.run(["unshare", "-m", "true"], capture_output=True, check=False).returncode:
            self.skipTest("no mount namespace can be made here")
        tiny = self.box.root / f"tiny{self.box.next_number()}"
        tiny.mkdir()
        script = 'mount -t tmpfs -o size=48k none "$0" || exit 99\nmkdir "$0/sandwatch"\nexec "$@"'
        screen = self.screen(config=plan(["/bin/true"], iterations=100000, modes=[HOST_MODE]), host="", state=tiny,
                             wrap=["unshare", "-m", "--propagation", "private", "sh", "-c", script, tiny])
        text = screen.wait("FAILED")
        self.assertRegex(" ".join(text.split()), "(?i)journal.jsonl: .*no space left|no space left")
        self.leave(screen, 5)
        self.assertRegex(screen.all_text(), "(?i)no space left")
        self.assertIn("Reliability", screen.all_text())


if __name__ == "__main__":
    common.main()
