#!/usr/bin/python3
"""The terminal, byte by byte: what is written to it, on which kinds of it, and how it is found again afterwards."""
import json
import os
import random
import re
import select
import signal
import subprocess
import termios

import common
from common import Case, PYTHON, SANDWATCH, Session, containers_of, needs_engine, processes_with, remove_container, until
from engines import Answering, RECORDED, Replay
from rawpty import Reader, capability
from screens import COLD_MODE, FOR_EVER, HOST_MODE, ScreenCase, plan

LEAVE_MODES = "\x1b[?1006l\x1b[?1000l\x1b[?2004l"
BUSY = plan(["/bin/true"], iterations=100000, modes=[HOST_MODE])

# Everything that a terminal would act on, or that is not text at all.
HOSTILE = (b"\x1b[2J\x1b[31mRED\x1b]0;title\x07\x1bPq#0\x1b\\\x9b5n\x1b[6n\x1b[?1049l\x1b[?25h\r\nLINE\tTAB\b\b\x00\x7f"
           b"\xff\xfe\xc3\x28\xed\xa0\x80\xf4\x90\x80\x80" + "\u202eRTL\u200f\u2028\u0301\U000e0001\ufffe".encode())
HOSTILE_TEXT = HOSTILE.decode(errors="replace")


def leave_sequence(term="xterm-256color"):
    leave = capability(term, "rmcup") or "\x1b[999;1H\r\r\n"
    return ("\x1b[?2026l\x1b[0m" + LEAVE_MODES + capability(term, "cnorm") + leave).encode()


class Restored(ScreenCase):
    """However it ends, the terminal is what it was."""

    def check_restored(self, pty, what):
        self.assertEqual(termios.tcgetattr(pty.slave), pty.found, what)
        data = bytes(pty.data)
        if b"\x1b" not in data:
            return
        after = data[data.rindex(b"\x1b[?2026l\x1b[0m\x1b[?1006l"):]
        leave = leave_sequence()
        self.assertTrue(after.startswith(leave), (what, after[:200]))
        self.assertNotIn(b"\x1b", after[len(leave):], what)

    def nobody_left(self, pty, what):
        until(lambda: not set(processes_with(str(pty.folder))) - {pty.process.pid},
              f"the end of all processes after {what}", 20)

    def end_by(self, number, moment):
        """MOMENT: how many bytes have been written before the signal."""
        what = f"signal {number} after {moment} bytes"
        pty = self.raw(config=BUSY, host="", strict=False)
        until(lambda: len(pty.data) >= moment or select.select([pty.said], [], [], 0)[0], what)
        pty.kill(number)
        code = pty.status()
        expected = {signal.SIGKILL: 137, signal.SIGSEGV: 139, signal.SIGABRT: 134}.get(number)
        if number == signal.SIGINT or number == signal.SIGTERM or number == signal.SIGHUP:
            self.assertIn(code, (130, 128 + number), what)
        else:
            self.assertEqual(code, expected, what)
        until(lambda: termios.tcgetattr(pty.slave) == pty.found, f"the modes after {what}", 20)
        self.nobody_left(pty, what)
        self.check_restored(pty, what)
        pty.close()

    def test_signals_at_any_moment(self):
        seed = int(os.environ.get("SANDWATCH_TEST_SEED") or random.SystemRandom().randrange(1 << 32))
        draw = random.Random(seed)
        moments = [0, 1, 30, 60, 200, 1500] + [draw.randrange(1, 60000) for _ in range(4)]
        with self.subTest(SANDWATCH_TEST_SEED=seed):
            for number in (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGSEGV, signal.SIGHUP):
                draw.shuffle(moments)
                for moment in moments[:5] + [0]:
                    self.end_by(number, moment)

    def test_a_window_that_is_closed(self):
        # Before its first byte there may be no program yet: then it is one without a terminal.
        for moment in (1, 100, 5000, 50000):
            pty = self.raw(config=BUSY, host="", strict=False)
            until(lambda: len(pty.data) >= moment, f"{moment} bytes")
            pty.hang_up()
            self.assertIn(pty.status(), (129, 130, 5))
            self.nobody_left(pty, f"closing after {moment} bytes")
            for event in pty.journal()[-1:]:
                self.assertEqual(event["event"], "session_finished")
            pty.close()

    def test_keys_that_are_signals(self):
        for key, code in (("\x03", 130), ("\x1c", 131)):
            pty = self.raw(config=BUSY, host="", strict=False)
            until(lambda: len(pty.data) > 3000, "frames")
            pty.send(key)
            self.assertEqual(pty.status(), code)
            until(lambda: termios.tcgetattr(pty.slave) == pty.found, "the modes as they were")
            self.nobody_left(pty, repr(key))
            self.check_restored(pty, repr(key))

    def test_the_guard_alone(self):
        """Who kills the guard has no more than an unguarded terminal: everything else works."""
        pty = self.raw(config=BUSY, host="")
        pty.wait("RUNNING")
        children = until(lambda: [pid for pid in processes_with(str(pty.folder))
                                  if name_of(pid) == "sandwatch-guard"], "the guard")
        os.kill(children[0], signal.SIGKILL)
        pty.send("q")
        pty.wait("are you sure?")
        pty.send("q")
        self.assertEqual(pty.status(), 130)
        pty.settle(lambda: pty.reader.is_restored, "the terminal as it was")
        self.check_restored(pty, "the guard's end")

    @needs_engine
    @common.among_the_dead()
    def test_containers_of_a_killed_one(self):
        for number in (signal.SIGKILL, signal.SIGTERM):
            wrap = self.own_host()
            pty = self.raw(config=plan(FOR_EVER, modes=[COLD_MODE]), wrap=wrap, strict=False)
            until(lambda: [one for one in containers_of(pty.pid) if one["State"] == "running"], "a container")
            pty.kill(number)
            pty.status()
            if number == signal.SIGKILL:
                self.assertEqual(len(containers_of(pty.pid)), 1)
                done = subprocess.run([*wrap, SANDWATCH, "clean", "--host", common.HOST], env=self.box.environment(pty.state),
                                      check=False, capture_output=True)
                self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(containers_of(pty.pid), [])
            self.nobody_left(pty, "the container's session")
            self.check_restored(pty, "a session with a container")
            pty.close()


def name_of(pid):
    try:
        with open(f"/proc/{pid}/comm", encoding="ascii") as file:
            return file.read().strip()
    except OSError:
        return ""


class Printable(ScreenCase):
    """Whatever the texts are that it shows: nothing but printable text reaches the terminal."""

    def walk(self, pty, done):
        """Every screen, and the detail of its last row."""
        pty.wait(done)
        for key, mark in zip("23456", ("╭ iterations", "╭ containers", "╭ difference", "╭ events", "not been verified")):
            pty.send(key)
            if "│ ▸" in pty.wait(mark):
                pty.send("G\r")
                pty.wait("in detail")
                pty.send("\x1b")
                pty.wait(lambda text: "in detail" not in text)
            pty.send("?")
            pty.wait("╭ keys ")
            pty.send("?")
            pty.wait(lambda text: "╭ keys " not in text)
        pty.send("1")
        pty.send("t" * 5)
        pty.wait("theme dusk")
        pty.send("q")
        code = pty.status()
        pty.settle(lambda: pty.reader.is_restored, "the terminal as it was")
        return code

    def failing(self):
        """A command that prints what is hostile, 10 kB of it in one line, and fails with it."""
        bytes_ = ", ".join(str(byte) for byte in HOSTILE)
        return [PYTHON, "-I", "-c", f"import os, sys\nh = bytes([{bytes_}])\nos.write(1, h)\nos.write(2, b'x' * 10000 + h)\n"
                "sys.exit(3)"]

    @needs_engine
    def test_output(self):
        for modes in ([HOST_MODE], [COLD_MODE]):
            pty = self.raw(config=plan(self.failing(), modes=modes))
            self.assertEqual(self.walk(pty, "DONE"), 0)
            self.assertIn("TAB", json.dumps(pty.snapshot["modes"]))

    def test_what_an_engine_says(self):
        """As its name, its version, and as the error with which it answers."""
        folder = self.box.root / "hostile"
        folder.mkdir()
        for path in RECORDED.glob("*.http"):
            (folder / path.name).write_bytes(path.read_bytes())
        message = json.dumps({"message": HOSTILE_TEXT + "y" * 10000}).encode() + HOSTILE
        (folder / "create.http").write_bytes(
            b"HTTP/1.1 500 Oh\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(message) + message)
        version = (folder / "version.http").read_bytes()
        evil = json.dumps({"Version": HOSTILE_TEXT[:40], "ApiVersion": "1.41", "Os": "linux", "Arch": "amd64",
                           "KernelVersion": HOSTILE_TEXT, "Platform": {"Name": HOSTILE_TEXT}}).encode()
        (folder / "version.http").write_bytes(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection: close\r\n\r\n"
            % len(evil) + evil)
        self.assertNotEqual(version, evil)
        with Replay(self.box.root / f"e{self.box.next_number()}", folder=folder) as replay:
            for fallback in (True, False):
                pty = self.raw(host=replay.url, config=plan(
                    iterations=1, modes=[COLD_MODE], sandbox={"docker": {"image": "foreign:1", "cpu_count": 0},
                                                              "fallback": {"enabled": fallback, "max_retries": 1}}))
                until(lambda: pty.reader.inside or pty.reader.outside, "something")
                until(lambda: "DONE" in (pty.shown() or "") or select.select([pty.said], [], [], 0)[0], "its end")
                if "DONE" in (pty.shown() or ""):
                    self.walk(pty, "DONE")
                pty.check()

    @needs_engine
    def test_a_journal_of_somebody_else(self):
        """A real one, in which every text became hostile, and some lines more."""
        recorded = Session(self.box, [], config=plan(self.failing(), modes=[HOST_MODE, COLD_MODE])).wait()
        texts = {"id", "name", "started_at", "tool_version", "tool_commit", "baseline", "candidate", "workload",
                 "host", "os", "kernel", "cpu", "engine", "engine_version", "api_version", "runtime", "storage", "cgroup",
                 "endpoint", "image", "image_id", "network", "user", "seccomp", "container", "error", "text"}
        lines = [{name: HOSTILE_TEXT + (str(value) if name in ("name", "baseline", "candidate") else "z" * 150)
                  if name in texts and isinstance(value, str) else value for name, value in event.items()}
                 for event in recorded.journal()]
        lines.insert(5, {**lines[1], "event": "note", "text": HOSTILE_TEXT})
        lines.insert(6, {"event": "note", "seq": 1, "t_ns": 2, "text": HOSTILE_TEXT + "z" * 10000})
        folder = self.box.root / "journal of somebody"
        folder.mkdir()
        path = folder / "journal.jsonl"
        path.write_bytes(b"".join(json.dumps(line, ensure_ascii=False).encode(errors="replace") + b"\n" for line in lines)
                         + HOSTILE + b"\n" + b"\x00" * 300 + b"\n" + b"{" * 4000 + b'\n{"event":"nosuch"}\n')
        for command in (["watch", path], ["replay", path, "--speed", "max"]):
            done = Session(self.box, [*command, "--batch"], host=None, batch=False, export=False).wait()
            self.assertIn("were skipped", done.stderr)
            self.assertIn("TAB", done.stdout)
            pty = self.raw(*command, host=None)
            self.assertEqual(self.walk(pty, "4/4 "), 0)
            for words in (["--batch"], ["--batch", "--export", "-"]):
                session = Session(self.box, [*command, *words], host=None, batch=False, export=False).wait()
                self.check_hygiene(session)


class Surroundings(ScreenCase):
    def look(self, done="DONE", **env):
        gate = self.gate()
        pty = self.raw(config=plan(gate.words, iterations=1, modes=[HOST_MODE]), host="", env=env)
        pty.wait("RUNNING")
        gate.let_go()
        text = pty.wait(done)
        self.assertRegex(text, r"Measured host, 1 iteration|host takes [\d.]+ [mµ]?s")
        self.assertIn("lifecycle", text)
        for key in "23456":
            pty.send(key)
        pty.wait("has not been verified")
        pty.send("q")
        self.assertEqual(pty.status(), 0)
        pty.settle(lambda: pty.reader.is_restored, "the terminal as it was")
        self.assertIn("Performance", pty.reader.outside)
        return pty

    def test_terminals(self):
        for term in ("xterm", "xterm-256color", "linux", "screen", "screen-256color", "tmux-256color", "vt100"):
            with self.subTest(term):
                pty = self.look(TERM=term, COLORTERM=None)
                kinds = {colour[1] for colour in pty.reader.colours if len(colour) > 1}
                self.assertEqual(kinds, {5} if "256" in term else set())
                self.assertEqual(bool(pty.reader.colours), term != "vt100")
                self.assertEqual(all(ord(character) < 128 for character in pty.reader.characters), term == "linux")

    def test_truecolour(self):
        pty = self.look(TERM="xterm", COLORTERM="truecolor")
        self.assertIn(2, {colour[1] for colour in pty.reader.colours if len(colour) > 1})

    def test_no_colour(self):
        pty = self.look(NO_COLOR="1")
        self.assertEqual(pty.reader.colours, set())

    def test_plain_locale(self):
        for lang in ("C", "POSIX"):
            pty = self.look(LANG=lang)
            self.assertEqual([byte for byte in pty.data if byte >= 0x80], [])

    def batch(self, *arguments, **options):
        pty = self.raw(*arguments, config=plan(modes=[HOST_MODE]), host="", **options)
        self.assertEqual(pty.status(), 0)
        pty.settle(lambda: "recorded" in pty.reader.outside, "the end")
        self.assertIn("Performance", pty.reader.outside)
        self.assertEqual((pty.reader.entered, pty.reader.modes), (0, set()))
        return pty

    def test_no_screen_there(self):
        """The batch form: on what is no terminal that a screen can be drawn on."""
        for term in ("dumb", None, "", "nosuchterm"):
            with self.subTest(TERM=term):
                self.batch(env={"TERM": term})

    def test_stdin(self):
        for how in ("</dev/null", "<&-"):
            with self.subTest(how):
                self.batch(wrap=["sh", "-c", f'exec "$@" {how}', "sh"])

    def test_pipes(self):
        for script in ('"$@" | cat', '"$@" >out; cat out', '"$@" 2>err; cat err'):
            with self.subTest(script):
                pty = self.raw(config=plan(["/bin/true"], modes=[HOST_MODE]), host="", wrap=["sh", "-c", script, "sh"])
                if script.endswith("cat err"):
                    pty.wait("DONE")
                    pty.send("q")
                self.assertEqual(pty.status(), 0)
                pty.settle(lambda: "recorded" in pty.reader.outside, "the end")
                self.assertEqual(pty.reader.entered, int("err" in script))

    def test_nobody_reads(self):
        """The session takes what it takes, whether its screen can be written or not."""
        pty = self.raw("--iterations", "300", config=plan(["/bin/true"], modes=[HOST_MODE]), host="", width=200, height=60,
                       reading=False)
        until(lambda: pty.journal()[-1:] and pty.journal()[-1]["event"] == "session_finished", "the session's end")
        self.assertEqual(sum(event["event"] == "iteration_finished" for event in pty.journal()), 300)
        until(lambda: (pty.run_folder / "snapshot.json").exists(), "the snapshot")
        self.assertEqual(pty.counts("host"), {"ok": 300})
        # Who looks at last sees how it is, and the keys work.
        pty.read()
        pty.wait("DONE")
        pty.send("q")
        self.assertEqual(pty.status(), 0)
        pty.settle(lambda: pty.reader.is_restored, "the terminal as it was")

    def test_nobody_reads_and_it_is_told_to_end(self):
        pty = self.raw(config=BUSY, host="", width=300, height=100, reading=False)
        until(lambda: len(pty.journal()) > 500, "some of the session")
        pty.kill(signal.SIGTERM)
        until(lambda: pty.journal()[-1]["event"] == "session_finished", "the session's end")
        pty.read()
        self.assertEqual(pty.status(), 130)
        pty.settle(lambda: pty.reader.is_restored, "the terminal as it was")


class Reading(Case):
    """The reader itself: what it lets through."""

    def test_refuses(self):
        begin = capability("xterm", "smcup") + "\x1b[?2026h"
        for text in ("\x1b[2J", "\x07", "\x9b", "\n", "\x1b]0;x\x07", "\x1b[6n", "\u202e", "\u0301", "\x1b[5m", "\x1bP",
                     "\x1b[61;1Hx", "\x1b[1;81Hx", "\x1b[?2026lx", "\x1b[999C\x1b[1;1Hx\x7f"):
            with self.subTest(text), self.assertRaises(AssertionError):
                reader = Reader(80, 24, "xterm")
                reader.feed((begin + "\x1b[1;1H" + text + "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx").encode())
                reader.finish()

    def test_cut_anywhere(self):
        text = (capability("xterm", "smcup") + "\x1b[?2026h\x1b[0;1;38;2;1;2;3m\x1b[2;3Hä\u4e2d█x\x1b[2Dy\x1b[0m\x1b[?2026l"
                + capability("xterm", "rmcup") + "end")
        data = text.encode()
        for cut in range(len(data)):
            reader = Reader(80, 24, "xterm")
            reader.feed(data[:cut])
            reader.feed(data[cut:])
            reader.finish()
            self.assertEqual((reader.entered, reader.left, reader.outside), (1, 1, "end"), cut)
            self.assertEqual(reader.text().split("\n")[1], "  ä中yx", cut)


if __name__ == "__main__":
    common.main()
