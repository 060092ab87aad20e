#!/usr/bin/python3
"""The screen in a real terminal (tmux), on a real engine: every key of the table is pressed where it means something,
and what it does is read off the screen."""
import functools
import json
import os
import re
import unittest

import common
from common import REPO, Session, containers_of, needs_engine, until
from screens import COLD_MODE, FOR_EVER, HOST_MODE, SANDBOX, ScreenCase, plan, table_of_keys
from terminal import Terminal

TESTED = set()
HOST_ONLY = plan(modes=[HOST_MODE])


def presses(*keys):
    """Marks a test by the keys that it presses, and sees to it that it does."""
    TESTED.update(keys)

    def decorate(test):
        @functools.wraps(test)
        def pressing(self):
            Terminal.pressed.clear()
            test(self)
            self.assertEqual(set(keys) - Terminal.pressed, set(), "said to be pressed, but are not")
        return pressing
    return decorate


def chosen_row(screen):
    """The one line that a chosen row is."""
    return next((line for line in screen.lines() if "▸" in line), "")


def last_row(screen):
    """Of a table: what stands above its frame's lower edge."""
    lines = screen.lines()
    edge = next((i for i, line in enumerate(lines) if line.startswith("╰")), 0)
    return lines[edge - 1] if edge else ""


class Table(ScreenCase):
    def test_every_key_has_a_test(self):
        table = table_of_keys()
        self.assertGreater(len(table), 30)
        keys = {key for keys in table.values() for key in keys}
        self.assertEqual(keys - TESTED, set(), "keys of docs/keys.md that no test presses")
        self.assertEqual(TESTED - keys, set(), "keys that tests press, and docs/keys.md does not know")


@needs_engine
class Watched(ScreenCase):
    """What looks at a session, on one that has ended: nothing moves by itself."""

    @classmethod
    def setUpClass(cls):
        cls.recorded = Session(cls.box, [], config=plan(iterations=9, warmup=1)).wait()
        assert cls.recorded.code == 0, cls.recorded.stderr

    def watch(self, *keys, height=20, **options):
        screen = self.screen("watch", self.recorded.run_folder, host=None, height=height, **options)
        # Its foot is drawn last: the screen is whole.
        screen.wait(lambda text: "DONE" in text and "18/18" in text and "q quit" in text)
        screen.press(*keys)
        return screen

    @presses("1", "2", "3", "4", "5", "6", "Tab", "Shift-Tab")
    def test_screens(self):
        marks = ["of iterations that ended ok", "20 of 20", "10 made", "difference to host", ", following",
                 "has not been verified"]
        screen = self.watch()
        for key, mark in zip("123456", marks):
            screen.press(key)
            text = screen.wait(mark)
            for other in marks:
                self.assertEqual(other in text, other == mark, f"{other!r} after {key}\n{text}")
        for mark in marks:
            screen.press("Tab")
            screen.wait(mark)
        for mark in marks[-2::-1] + marks[-1:]:
            screen.press("Shift-Tab")
            screen.wait(mark)

    @presses("?", "F1", "h", "Esc")
    def test_help(self):
        screen = self.watch(height=40)
        for key in ("?", "F1", "h"):
            screen.press(key)
            text = screen.wait("╭ keys ")
            for key, about in (("? F1 h", "the keys, as they are bound"), ("Ctrl-Z", "back to the shell"),
                               ("q", "leave; asks first")):
                self.assertRegex(text, rf"│ *{re.escape(key)} +{re.escape(about)}")
            # What means nothing here is not offered.
            self.assertNotIn("cancel the running", text)
            self.assertNotIn("twice the speed", text)
            screen.press("Esc")
            screen.wait(lambda text: "╭ keys " not in text)
        screen.press("?")
        screen.wait("╭ keys ")
        screen.press("?")
        screen.wait(lambda text: "╭ keys " not in text)

    @presses("Up", "k", "Down", "j", "PgUp", "PgDn", "Home", "g", "End", "G")
    def test_moving(self):
        """The help, too, is moved through by them: it is longer than this terminal is high."""
        for number, empty in (("2", "w1 "), ("5", "session_started"), ("3", " w1 ")):
            screen = self.watch(number, height=10)
            screen.wait("▸")

            def goes(key, condition, screen=screen):
                before = chosen_row(screen)
                screen.press(key)
                screen.wait(lambda _: condition(chosen_row(screen), before), f"{key} on screen {number}")
                return chosen_row(screen)

            last = chosen_row(screen)
            for up, down, page_up, page_down, top, bottom in (
                    ("Up", "Down", "PgUp", "PgDn", "Home", "End"), ("k", "j", "PgUp", "PgDn", "g", "G")):
                above = goes(up, lambda now, before: now != before)
                goes(down, lambda now, before: now == last)
                far = goes(page_up, lambda now, before: now not in (before, above, ""))
                goes(page_down, lambda now, before: now == last)
                first = goes(top, lambda now, before: empty in now)
                self.assertNotIn(first, (last, above, far))
                goes(bottom, lambda now, before: now == last)
            screen.press("?")
            screen.wait("╭ keys ")
            top = screen.screen()
            for key, back in (("Down", "Up"), ("j", "k"), ("PgDn", "PgUp"), ("PgDn", "Home"), ("PgDn", "g")):
                screen.press(key)
                screen.wait(lambda text: text != top, f"{key} in the help")
                screen.press(back)
                screen.wait(lambda text: text == top, f"{back} in the help")
            screen.close()

    @presses("o", "r")
    def test_sorting(self):
        screen = self.watch("2", "G", height=40)

        def rows(pattern):
            return re.findall(pattern, screen.screen(), re.M)

        def milliseconds():
            units = {"µs": 1e-3, "ms": 1, "s": 1e3}
            return [float(n) * units[unit] for n, unit in rows(r" ok +([\d.]+) (µs|ms|s) ")]

        def is_sorted(values, backwards=False):
            return len(values) == 20 and values == sorted(values, reverse=backwards)

        screen.press("o")
        screen.wait(lambda _: [n for n in rows(r"│[ ▸]+(w?\d+) ")][:4] == ["w1", "w1", "1", "1"])
        screen.press("o")
        screen.wait(lambda _: is_sorted([name == SANDBOX for name in rows(rf"\d  (host|{SANDBOX}) ")]))
        screen.press("r")
        screen.wait(lambda _: is_sorted([name == SANDBOX for name in rows(rf"\d  (host|{SANDBOX}) ")], True))
        screen.press("o", "o")
        screen.wait(lambda _: is_sorted(milliseconds()))
        screen.press("r")
        screen.wait(lambda _: is_sorted(milliseconds(), True))

    @presses("/", "f", "Enter", "Esc", "o", "r")
    def test_lists(self):
        screen = self.watch("5", height=24)
        total = int(screen.wait("following").split(" of ")[1].split(",")[0])
        # Typed letters are the filter's, whatever they do elsewhere.
        screen.press("/")
        screen.wait("Enter keeps it")
        screen.type("container qp")
        screen.wait("no event contains that")
        screen.press("Backspace", "Backspace", "Backspace", "Enter")
        text = screen.wait(lambda text: "filter: container" in text and "Enter keeps it" not in text)
        shown = re.search(r"(\d+) of (\d+)", text[text.index("events"):])
        self.assertEqual((int(shown[1]), int(shown[2])), (20, total), text)
        self.assertNotIn("session_finished", text)
        screen.press("Esc")
        screen.wait(f"{total} of {total}")
        # Following ends and begins.
        screen.press("f")
        screen.wait(lambda text: "following" not in text)
        screen.press("g")
        screen.wait("session_started")
        screen.press("f")
        screen.wait(lambda text: "following" in text and "session_finished" in text)
        # One in detail.
        for key in ("Enter", "Esc"):
            screen.press("Enter")
            self.assertIn("session_finished", screen.wait("╭ in detail "))
            screen.press(key)
            screen.wait(lambda text: "╭ in detail " not in text)
        for number, words in (("2", ["docker-sandbox", "#9", "attempt 1", "create", "start", "execute", "remove"]),
                              ("3", ["docker-sandbox", "#9", "removed"])):
            screen.press(number)
            screen.wait("▸")
            screen.press("G", "Enter")
            detail = screen.wait("╭ in detail ")
            for word in words:
                self.assertIn(word, detail)
            screen.press("Esc")
            screen.wait(lambda text: "╭ in detail " not in text)
            screen.press("/")
            screen.wait("Enter keeps it")
            screen.type("nothing that is there")
            screen.wait("contains that")
            screen.press("Esc")
            screen.wait(lambda text: "▸" in text and "Enter keeps it" not in text)
        # Containers are sorted, too.
        screen.press("o", "r")
        screen.wait(lambda text: re.findall(r"[0-9a-f]{12}", text) ==
                    sorted(re.findall(r"[0-9a-f]{12}", text), reverse=True))

    @presses("l", "m")
    def test_axis_and_mode(self):
        screen = self.watch(height=36)
        logarithmic = screen.wait(lambda text: re.search(r"latency .*─ log ╮", text))
        self.assertIn("lifecycle  docker-sandbox", logarithmic)
        screen.press("l")
        linear = screen.wait(lambda text: re.search(r"latency .*─ linear ╮", text))
        self.assertNotEqual(*[[line for line in text.split("\n") if re.search("┴─+┴", line)][0]
                              for text in (logarithmic, linear)])
        screen.press("m")
        screen.wait("lifecycle  host")
        screen.press("m")
        screen.wait("lifecycle  docker-sandbox")
        screen.press("4")
        screen.wait(lambda text: re.search(r"╭ latency .*─ linear ╮", text))
        screen.press("l")
        screen.wait(lambda text: re.search(r"╭ latency .*─ log ╮", text))
        screen.press("1")
        screen.wait(lambda text: text.split("\n")[2:-2] == logarithmic.split("\n")[2:-2])

    @presses("t")
    def test_themes(self):
        screen = self.watch()

        def look():
            """Without the line of messages."""
            return "\n".join(screen.screen(escapes=True).split("\n")[:-2])

        for name in ("paper", "contrast", "deuteranopia", "mono", "dusk"):
            screen.press("t")
            screen.wait(f" theme {name}: ")
        looks, plain = [look()], screen.screen().split("\n")[:-2]
        for name in ("paper", "contrast", "deuteranopia", "mono", "dusk"):
            screen.press("t")
            screen.wait(f" theme {name}: ")
            until(lambda: look() not in looks or name == "dusk" and look() == looks[0], f"the colours of {name}")
            looks.append(look())
            self.assertEqual(screen.screen().split("\n")[:-2], plain)
        self.assertEqual(looks[0], looks[-1])
        self.assertEqual(len(set(looks)), 5)

    @presses("Ctrl-L", "s", "q")
    def test_redraw_snapshot_and_quit(self):
        screen = self.watch()
        clean = screen.screen()
        with open(screen.format("#{pane_tty}"), "w", encoding="utf-8") as other:
            other.write("\x1b[5;9HSOMEBODY ELSE\x1b[?25h")
        screen.wait("SOMEBODY ELSE")
        screen.press("Ctrl-L")
        screen.wait(lambda text: text == clean)
        screen.press("s")
        screen.wait("snapshot written")
        written = next(screen.folder.glob("sandwatch-*.json"))
        snapshot = json.loads(written.read_bytes())
        self.assertEqual(snapshot["modes"], self.recorded.snapshot["modes"])
        screen.press("q")
        self.assertEqual(screen.status(), 0)

    def test_mouse(self):
        screen = self.watch(height=24)
        screen.click(" iterations ")
        screen.wait("20 of 20")
        # A row chooses, and once more opens it.
        row = next(i for i, line in enumerate(screen.lines()) if " 2 " in line and SANDBOX in line)
        screen.mouse(20, row)
        screen.wait(lambda _: " 2 " in chosen_row(screen))
        screen.mouse(20, row)
        screen.wait("docker-sandbox #2")
        screen.mouse(0, 0)
        screen.wait(lambda text: "╭ in detail " not in text)
        # A heading sorts, the wheel moves, the foot's words are keys.
        screen.click("latency")
        screen.wait(lambda text: re.search("latency *[▲▼↑↓]|[▲▼↑↓] *latency", text))
        screen.press("G")
        before = screen.wait(lambda _: "▸" in last_row(screen)) and chosen_row(screen)
        screen.mouse(20, row, 64)
        screen.wait(lambda _: chosen_row(screen) != before)
        screen.mouse(20, row, 65)
        screen.wait(lambda _: chosen_row(screen) == before)
        screen.click("help")
        screen.wait("╭ keys ")
        screen.mouse(0, 0)
        screen.wait(lambda text: "╭ keys " not in text)
        # Beyond all edges there is nothing.
        for x, y in ((119, 23), (119, 0), (500, 500)):
            screen.mouse(x, y)
        screen.press("2")
        screen.wait("20 of 20")

    def test_sizes(self):
        screen = self.watch("1", height=36)
        first = screen.wait("lifecycle")
        for width, height in ((1, 1), (2, 2), (60, 16), (300, 100), (10, 3), (1, 50), (200, 1), (80, 24), (40, 10),
                              (119, 35), (120, 36)):
            screen.resize(width, height)
            until(lambda: screen.format("#{window_width}x#{window_height}") == f"{width}x{height}", "the new size")
            for key in "234561":
                screen.press(key)
            if height >= 16 and width >= 60:
                screen.wait(lambda text: "lifecycle" in text and "latency" in text and "DONE" in text,
                            f"the live screen at {width}x{height}")
        screen.wait(lambda text: text == first, "the screen as it was")

    def test_themes_from_elsewhere(self):
        theme = self.box.root / "broken.yaml"
        theme.write_text("name: broken\nabout: a theme\nroles:\n  text: {fg: nocolour}\n", encoding="utf-8")
        screen = self.screen("watch", self.recorded.run_folder, "--theme", theme, host=None)
        text = screen.wait("using dusk")
        self.assertRegex(text, r"broken\.yaml:\d+:")
        screen.wait("18/18")


class Bound(ScreenCase):
    """Keys of the configuration."""

    def test_other_keys(self):
        gate = self.gate()
        keys = {"pause": "w Ctrl-P", "quit": "Ctrl-X", "screen-events": "", "help": "F2"}
        screen = self.screen(config=plan(gate.words, modes=[HOST_MODE], tui={"keys": keys}), host="")
        screen.wait("RUNNING")
        self.assertRegex(screen.screen(), r"Ctrl-X quit +F2 help .* w pause")
        screen.press("p", "q", "5", "?")
        screen.press("F2")
        help_ = screen.wait("╭ keys ")
        self.assertRegex(help_, r"w Ctrl-P +pause")
        screen.press("F2", "w")
        screen.wait("pausing")
        screen.press("Ctrl-P")
        screen.wait(lambda text: "pausing" not in text)
        gate.let_go()
        gate.let_go()
        screen.wait("DONE")
        screen.press("Ctrl-X")
        self.assertEqual(screen.status(), 0)

    def test_bad_keys(self):
        for keys, words in (({"paus": "w"}, "pause"), ({"pause": "Hyper-w"}, "Hyper-w"), ({"pause": "w", "stop": "w"}, "w")):
            session = self.run_it(config=plan(modes=[HOST_MODE], tui={"keys": keys}), host="", batch=True)
            with self.subTest(keys):
                screen = self.screen(config=plan(modes=[HOST_MODE], tui={"keys": keys}), host="")
                self.assertEqual(screen.status(), 2)
                text = " ".join(screen.all_text().split())
                self.assertIn("tui.keys", text)
                self.assertIn(words, text)
                self.assertEqual(session.code, 2, "a batch says so, too")


class Running(ScreenCase):
    """While a session runs, at the test's pace: each iteration waits at a gate."""

    def begin(self, iterations=3, **options):
        gate = self.gate()
        screen = self.screen(config=plan(gate.words, iterations=iterations, modes=[HOST_MODE]), host="", **options)
        screen.wait("RUNNING")
        until(gate.reached, "the first iteration")
        return screen, gate

    def check_schema(self, path):
        done = common.subprocess.run([common.PYTHON, REPO / "tests/validate_snapshot.py", path], check=False,
                                     capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    @presses("p", "Space")
    def test_pause(self):
        for key in ("p", "Space"):
            screen, gate = self.begin()
            screen.press(key)
            screen.wait("pausing")
            gate.let_go()
            screen.wait("PAUSED")
            # Whoever wanted to start something had all the time of these.
            for number in "234561":
                screen.press(number)
            screen.wait("of iterations that ended ok")
            self.assertIsNone(gate.reached())
            self.assertEqual(screen.count("iteration_started"), 1)
            screen.press(key)
            screen.wait("RUNNING")
            gate.let_go()
            gate.let_go()
            screen.wait("DONE")
            events = screen.journal()
            kinds = [event["event"] for event in events]
            begin, end = kinds.index("paused"), kinds.index("resumed")
            self.assertNotIn("iteration_started", kinds[begin:end])
            paused = events[end]["t_ns"] - events[begin]["t_ns"]
            snapshot = screen.snapshot
            self.assertEqual(snapshot["session"]["paused_ns"], paused)
            for event in events:
                if event["event"] == "iteration_finished":
                    until_ns = event["start_ns"] + event["wall_ns"]
                    self.assertFalse(event["start_ns"] < events[begin]["t_ns"] and until_ns > events[end]["t_ns"])
            screen.press("q")
            self.assertEqual(screen.status(), 0)
            screen.close()

    @presses("s")
    def test_snapshot(self):
        screen, gate = self.begin()
        gate.let_go()
        screen.wait("1/3")
        screen.press("s")
        screen.wait("snapshot written")
        path = screen.run_folder / "snapshot.json"
        self.check_schema(path)
        snapshot = json.loads(path.read_bytes())
        self.assertEqual((snapshot["state"], snapshot["modes"][0]["iterations"]["done"]), ("running", 1))
        gate.let_go()
        gate.let_go()
        screen.wait("DONE")
        until(lambda: screen.snapshot["state"] == "done", "the last snapshot")
        self.check_schema(path)

    @presses("e", "Enter", "Esc")
    def test_end_early(self):
        screen, gate = self.begin()
        gate.let_go()
        screen.wait("1/3")
        for no in ("Esc", "n"):
            screen.press("e")
            text = screen.wait("╭ are you sure? ")
            self.assertIn("1 of 3 iterations are done", text)
            screen.press(no)
            screen.wait(lambda text: "are you sure?" not in text and "RUNNING" in text)
        screen.press("e")
        screen.wait("╭ are you sure? ")
        screen.press("Enter")
        screen.wait("ended early")
        snapshot = screen.snapshot
        self.assertEqual(snapshot["state"], "interrupted")
        counts = snapshot["modes"][0]["iterations"]
        self.assertEqual((counts["ok"], counts["dropped"], counts["not_run"]), (1, 1, 2))
        self.check_schema(screen.run_folder / "snapshot.json")
        screen.press("q")
        self.assertEqual(screen.status(), 130)
        self.assertIn("Reliability", screen.all_text())

    @presses("q", "Esc", "Enter")
    def test_quit(self):
        screen, gate = self.begin()
        gate.let_go()
        screen.wait("1/3")
        screen.press("q")
        self.assertIn("end and leave", screen.wait("╭ are you sure? "))
        screen.press("Esc")
        screen.wait(lambda text: "are you sure?" not in text and "RUNNING" in text)
        self.assertTrue(gate.reached(), "it goes on")
        screen.press("q")
        screen.wait("╭ are you sure? ")
        screen.press("q")
        self.assertEqual(screen.status(), 130)
        self.assert_given_back(screen, "interrupted, 1 of 3")
        for answer in ("Enter", "y", "click"):
            screen, gate = self.begin(1)
            screen.press("q")
            screen.wait("╭ are you sure? ")
            screen.click("end and leave") if answer == "click" else screen.press(answer)
            self.assertEqual(screen.status(), 130, answer)

    def assert_given_back(self, screen, *words):
        self.assertEqual(screen.format("#{alternate_on} #{mouse_any_flag}"), "0 0")
        text = screen.all_text()
        for word in ("Performance", "Reliability", "Decision", "recorded", *words):
            self.assertIn(word, text)

    @presses("q")
    def test_quit_after_the_end(self):
        screen, gate = self.begin(1)
        gate.let_go()
        screen.wait("DONE")
        self.assertEqual(screen.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}"), "1 1 0")
        screen.press("q")
        self.assertEqual(screen.status(), 0)
        self.assert_given_back(screen, "1 of 1 iterations")

    @presses("Ctrl-Z")
    def test_suspend(self):
        gate = self.gate()
        screen = self.screen(config=plan(gate.words, iterations=2, modes=[HOST_MODE]), host="", shell=True)
        screen.wait("ready>")
        screen.type(" ".join(screen.command))
        screen.keys("Enter")
        screen.wait("RUNNING")
        for _ in range(2):
            until(gate.reached, "an iteration")
            screen.press("Ctrl-Z")
            screen.wait("Stopped")
            self.assertEqual(screen.format("#{alternate_on} #{mouse_any_flag} #{cursor_flag}"), "0 0 1")
            screen.type("stty -a; echo back in $((6 * 7))")
            screen.keys("Enter")
            self.assertRegex(screen.wait("back in 42"), r"[^-]icanon.*[^-]echo ")
            self.assertEqual(screen.count("iteration_finished"), 0)
            screen.type("clear; fg")
            screen.keys("Enter")
            screen.wait("RUNNING")
        gate.let_go()
        gate.let_go()
        screen.wait("DONE")
        events = screen.journal()
        stops = [event["t_ns"] for event in events if event["event"] == "paused"]
        goes = [event["t_ns"] for event in events if event["event"] == "resumed"]
        self.assertEqual((len(stops), len(goes)), (2, 2))
        for event in events:
            if event["event"] == "iteration_finished":
                self.assertEqual(event["outcome"], "ok")
                for stop, go in zip(stops, goes):
                    self.assertFalse(event["start_ns"] < stop and event["start_ns"] + event["wall_ns"] > go)
        self.assertEqual(screen.counts("host"), {"ok": 2})
        self.assertGreater(screen.snapshot["session"]["paused_ns"], 0)
        screen.press("q")
        screen.wait("recorded")
        screen.type("stty -a; echo and $((6 * 8))")
        screen.keys("Enter")
        self.assertRegex(screen.wait("and 48"), r"[^-]icanon.*[^-]echo ")

    @needs_engine
    @presses("x")
    def test_cancel(self):
        config = plan(FOR_EVER, iterations=2, modes=[COLD_MODE])
        screen = self.screen(config=config)
        for n in (1, 2):
            screen.wait("RUNNING")
            until(lambda: [one for one in containers_of(screen.pid()) if one["State"] == "running"], "a container")
            screen.press("x")
            screen.goes_on(n)
        screen.wait("DONE")
        self.assertEqual(containers_of(screen.pid()), [])
        self.assertEqual(screen.counts(), {"cancelled": 2})
        self.assertIsNone(screen.snapshot["modes"][0]["latency_ns"])
        screen.press("2")
        screen.wait("cancelled")
        screen.press("q")
        self.assertEqual(screen.status(), 0)

    @needs_engine
    def test_containers_and_their_figures(self):
        screen = self.screen("--iterations", "1", config=plan(FOR_EVER, modes=[COLD_MODE]))
        screen.wait("RUNNING")
        screen.press("3")
        text = screen.wait(lambda text: re.search(r"[0-9a-f]{12} .* running .* execute .*[\d.]+ (?:%|[mµ]?s) +"
                                                  r"[\d.]+ [KM]iB +\d+ ", text), "CPU and memory of the container")
        self.assertIn("1 there, 1 made", text)
        screen.press("x")
        screen.wait(lambda text: "0 there, 1 made" in text and "removed" in text)

    def test_resizing(self):
        screen, gate = self.begin(3)
        for width, height in ((1, 1), (2, 2), (60, 16), (300, 100), (20, 5), (120, 36)):
            screen.resize(width, height)
            until(lambda: screen.format("#{window_width}x#{window_height}") == f"{width}x{height}", "the new size")
            if (width, height) == (300, 100):
                gate.let_go()
                screen.goes_on(1)
        screen.wait(lambda text: "1/3" in text and "latency" in text and "lifecycle" in text)
        gate.let_go()
        gate.let_go()
        text = screen.wait("DONE")
        self.assertEqual(len(text.rstrip("\n").split("\n")), 36)
        self.assertEqual(screen.counts("host"), {"ok": 3})

    def test_a_broken_theme(self):
        theme = self.box.root / "halfway.yaml"
        theme.write_text("name: halfway\nroles:\n  text: {fg: '#12'}\n", encoding="utf-8")
        gate = self.gate()
        screen = self.screen("--theme", theme, config=plan(gate.words, iterations=1, modes=[HOST_MODE]), host="")
        self.assertRegex(screen.wait("using dusk"), r"halfway\.yaml:\d+:\d+: ")
        gate.let_go()
        screen.wait("DONE")
        screen.press("q")
        self.assertEqual(screen.status(), 0)


@needs_engine
class Replayed(ScreenCase):
    @classmethod
    def setUpClass(cls):
        cls.recorded = Session(cls.box, [], config=plan(iterations=3)).wait()
        assert cls.recorded.code == 0, cls.recorded.stderr
        cls.total = len(cls.recorded.journal())

    def seen(self, screen):
        match = re.search(r"\d+ of (\d+)", screen.screen().partition("events ")[2])
        return int(match[1]) if match else -1

    @presses("p", "Space", "+", "=", "-", ".", "Left", "Right")
    def test_keys(self):
        screen = self.screen("replay", self.recorded.run_folder, "--speed", "0.1", host=None)
        screen.wait(" 0.1× ")
        for key, speed in (("+", "0.2"), ("=", "0.4"), ("-", "0.2"), ("-", "0.1"), ("-", "0.1")):
            screen.press(key)
            screen.wait(f" {speed}× ")
        screen.press("5", "p")
        screen.wait("‖")
        before = self.seen(screen)
        screen.press(".")
        until(lambda: self.seen(screen) == before + 1, "one event further")
        self.assertIn("‖", screen.screen())
        screen.press(*["Right"] * 8, "1")
        screen.wait("latency")
        screen.press("5")
        until(lambda: self.seen(screen) > before + 1, "events that lay before it")
        there = self.seen(screen)
        screen.press(*["Left"] * 12)
        until(lambda: self.seen(screen) < there, "fewer events")
        screen.press("Space")
        screen.wait(" 0.1× ")
        for _ in range(20):
            screen.press("Right")
        screen.wait("end ")
        until(lambda: self.seen(screen) == self.total, "all events")
        screen.press("q")
        self.assertEqual(screen.status(), 0)


if __name__ == "__main__":
    common.main()
