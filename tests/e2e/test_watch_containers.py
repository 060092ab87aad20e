#!/usr/bin/python3
"""watch --containers: what others start on a real engine, headless and on the screen; an engine that goes away."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import subprocess
import unittest

import common
from common import HOST, IMAGE, PYTHON, REPO, SANDWATCH, Case, engine, needs_engine, remove_container, until
from engines import Proxy
from terminal import TMUX, Terminal

LABEL = "sandwatch-e2e-watch"
BACKEND = HOST[len("unix://"):]
DOCKER = shutil.which("docker")


def flat(text):
    """Sentences, wherever their lines break."""
    return " ".join(text.split())


class Recording(Proxy):
    """Keeps each request's first line. FORGETFUL: the engine behind it knows no events of before, as after a
    restart."""

    def __init__(self, path, forgetful=False):
        self.lines = []
        self.forgetful = forgetful
        pathlib.Path(path).unlink(missing_ok=True)
        super().__init__(path, BACKEND)

    def answer(self, connection, name, head, body):
        self.lines.append(head.split(b"\r\n", 1)[0].decode())
        if self.forgetful:
            head = re.sub(rb"&since=[\d.]+", b"", head, count=1)
        super().answer(connection, name, head, body)


class Others:
    """Containers that are not sandwatch's."""

    def __init__(self, value):
        self.label = f"{LABEL}={value}"
        self.value = value
        self.made = []

    def create(self, name, code, **host):
        config = {"Image": IMAGE, "Entrypoint": [], "Cmd": [PYTHON, "-I", "-c", code], "Labels": {LABEL: self.value},
                  "HostConfig": {"NetworkMode": "none", **host}}
        identity = engine("POST", f"/containers/create?name={self.value}-{name}", config)["Id"]
        self.made.append(identity)
        return identity

    def start(self, name, code, **host):
        identity = self.create(name, code, **host)
        engine("POST", f"/containers/{identity}/start")
        return identity

    def remove(self, identity):
        engine("DELETE", f"/containers/{identity}?force=1")
        self.made.remove(identity)

    def run(self, name, code, **host):
        identity = self.start(name, code, **host)
        engine("POST", f"/containers/{identity}/wait")
        self.remove(identity)
        return identity

    def killed(self, name):
        identity = self.start(name, "import time; time.sleep(600)")
        engine("POST", f"/containers/{identity}/kill?signal=KILL")
        engine("POST", f"/containers/{identity}/wait")
        self.remove(identity)

    def by_hand(self, name, code):
        """As a person would, where there is a docker to do it with."""
        if not DOCKER:
            return self.run(name, code)
        command = [DOCKER, "-H", HOST, "run", "--rm", "--network", "none", "--name", f"{self.value}-{name}",
                   "--label", self.label, "--entrypoint", PYTHON, IMAGE, "-I", "-c", code]
        subprocess.run(command, check=False, capture_output=True)
        return None

    def mixture(self):
        """4 ok (2 by hand), 2 with exit 3, 1 killed, 1 out of memory."""
        for i in range(2):
            self.by_hand(f"hand{i}", "pass")
            self.run(f"ok{i}", "import time; time.sleep(0.2)")
            self.run(f"three{i}", "raise SystemExit(3)")
        self.killed("killed")
        self.run("hungry", "x = 'x' * (200 << 20)", Memory=24 << 20, MemorySwap=24 << 20)

    def clear(self):
        for identity in self.made:
            remove_container(identity)


@contextlib.contextmanager
def others(box):
    group = Others(f"w{os.getpid()}-{box.next_number()}")
    try:
        yield group
    finally:
        group.clear()


class WatchCase(Case):
    def setUp(self):
        super().setUp()
        self.others = self.enterContext(others(self.box))
        self.socket = self.box.root / f"e{self.box.next_number()}.sock"

    def check_watch(self, snapshot):
        """The accounts add up, and the file is what its schema says."""
        for one in [snapshot["all"], *snapshot["images"]]:
            self.assertEqual(one["created"] + one["found"], one["living"] + one["ended"])
            self.assertEqual(one["runs"], sum(code["count"] for code in one["exit_codes"]) + one["exit_unknown"])
            self.assertEqual(one["killed"], sum(number["count"] for number in one["signals"]))
        with contextlib.suppress(ImportError):
            import jsonschema
            schema = json.loads((REPO / "docs/watch.schema.json").read_text())
            jsonschema.Draft202012Validator(schema).validate(snapshot)

    def check_only_looked(self, proxy):
        self.assertTrue(proxy.lines)
        self.assertEqual([line for line in proxy.lines if not line.startswith("GET ")], [])

    def check_mixture(self, all_of_them):
        self.assertEqual((all_of_them["created"], all_of_them["ended"], all_of_them["ended_unseen"]), (8, 8, 0))
        codes = {code["code"]: code["count"] for code in all_of_them["exit_codes"]}
        self.assertEqual((codes[0], codes[3], codes[137]), (4, 2, 2))
        self.assertEqual((all_of_them["failures"], all_of_them["oom"], all_of_them["killed"]), (4, 1, 1))
        self.assertEqual([(one["signal"], one["count"]) for one in all_of_them["signals"]], [(9, 1)])
        for span in ("startup", "run", "cleanup", "whole"):
            self.assertEqual(all_of_them[span]["count"], 8)
        self.assertGreater(all_of_them["whole"]["p50_ns"], all_of_them["startup"]["p50_ns"])


@needs_engine
class Headless(WatchCase):
    def watch(self, proxy, *arguments, **options):
        session = self.start("watch", "--containers", f"label={self.others.label}", *arguments, host=proxy.url,
                             **options)
        until(lambda: "watching containers" in session.stderr or session.process.poll() is not None, "the watch begins")
        return session

    def until_ended(self, session, ended):
        """So many have been seen to end; the engine tells that a little later than who asked for it."""
        def is_told():
            session.send(signal.SIGUSR1)
            return session.export.exists() and session.snapshot["all"]["ended"] == ended

        until(is_told, f"{ended} have ended", 20)

    def end(self, session, number=signal.SIGINT, ended=None):
        if ended is not None:
            self.until_ended(session, ended)
        session.send(number)
        session.wait()
        self.check_hygiene(session)
        self.assert_code(session, 0)

    def test_mixture(self):
        with Recording(self.socket) as proxy:
            session = self.watch(proxy)
            self.others.mixture()
            self.end(session, ended=8)
        self.check_only_looked(proxy)
        self.check_watch(session.snapshot)
        self.check_mixture(session.snapshot["all"])
        self.assertEqual(session.snapshot["filter"], f"label={self.others.label}")
        self.assertIn("exit codes  3: 2, 137: 2", session.stdout)
        row = next(line.split() for line in session.stdout.splitlines() if line.split()[:1] == ["all"])
        self.assertEqual(row[1:], "8 0 0 0 8 0 4 4 1 1 0".split())
        self.assertRegex(session.stdout, r"run +8 +[\d.]+ (ms|s) ")
        widths = {len(line) for line in session.stdout.splitlines() if line.startswith("  all") or "created" in line}
        self.assertEqual(len(widths), 1, session.stdout)

    def test_an_engine_that_comes_back(self):
        with Recording(self.socket) as proxy:
            session = self.watch(proxy)
            staying = self.others.start("staying", "import time; time.sleep(600)")
            leaving = self.others.start("leaving", "import time; time.sleep(600)")
            self.others.run("before", "pass")
            self.until_ended(session, 1)
            proxy.die()
            until(lambda: "the engine went away" in session.stderr, "the loss is said")
        self.others.remove(leaving)
        self.others.run("meanwhile", "pass")
        with Recording(self.socket, forgetful=True) as again:
            until(lambda: "the engine is back after" in session.stderr, "the return is said")
            self.others.run("afterwards", "raise SystemExit(3)")
            self.others.remove(staying)
            self.end(session, signal.SIGTERM, ended=4)
        self.check_only_looked(again)
        snapshot = session.snapshot
        self.check_watch(snapshot)
        everyone = snapshot["all"]
        self.assertEqual((everyone["created"], everyone["ended"], everyone["ended_unseen"]), (4, 4, 1))
        self.assertEqual((snapshot["connection"]["state"], snapshot["connection"]["lost"]), ("connected", 1))
        self.assertGreater(snapshot["connection"]["lost_ns"], 0)
        self.assertRegex(session.stdout, r"the engine was away 1 time, [\d.]+ m?s together")
        self.assertIn("1 ended unseen", session.stdout)

    def test_what_was_missed_is_told_again(self):
        with Recording(self.socket) as proxy:
            session = self.watch(proxy)
            self.others.run("before", "pass")
            self.until_ended(session, 1)
            proxy.die()
            until(lambda: "the engine went away" in session.stderr, "the loss is said")
        self.others.run("meanwhile", "raise SystemExit(3)")
        with Recording(self.socket):
            until(lambda: "the engine is back after" in session.stderr, "the return is said")
            self.end(session, ended=2)
        everyone = session.snapshot["all"]
        self.assertEqual((everyone["created"], everyone["ended"], everyone["ended_unseen"]), (2, 2, 0))
        self.assertEqual(everyone["failures"], 1)

    def test_snapshot_by_signal(self):
        with Recording(self.socket) as proxy:
            session = self.watch(proxy, export=False)
            self.others.run("one", "pass")
            session.send(signal.SIGUSR1)
            until(lambda: "snapshot written: " in session.stderr, "the snapshot is said")
            name = re.search(r"snapshot written: (\S+)", session.stderr)[1]
            self.assertRegex(name, r"^sandwatch-watch-\d{8}T\d{6}Z\.json$")
            self.check_watch(json.loads((session.folder / name).read_text()))
            self.assertIsNone(session.process.poll())
            self.end(session)

    def test_to_stdout(self):
        with Recording(self.socket) as proxy:
            session = self.watch(proxy, "--export", "-", export=False)
            self.others.run("one", "pass")
            self.end(session)
        self.check_watch(json.loads(session.stdout))
        self.assertIn("  all ", session.stderr)

    def test_by_name_and_image(self):
        with Recording(self.socket) as proxy:
            session = self.start("watch", "--containers", f"name={self.others.value}-yes,image={IMAGE}",
                                 host=proxy.url)
            until(lambda: "watching containers" in session.stderr, "the watch begins")
            self.others.run("yes", "pass")
            self.others.run("no", "pass")
            self.end(session, ended=1)
        self.assertEqual([one["name"] for one in session.snapshot["ended"]], [f"{self.others.value}-yes"])


class Refused(Case):
    def test_no_engine(self):
        session = self.run_it("watch", "--containers", "all", host="unix:///nonexistent/engine.sock", export=False)
        self.assert_code(session, 3)
        self.assertIn("not an engine that answers", session.stderr)

    def test_usage(self):
        for words, said in ((["watch", "--containers", "color=red"], "label=KEY"),
                            (["watch", "latest", "--containers", "all"], "not both"),
                            (["watch", "--containers", "all", "--report", "r.md"], "--report is of a session"),
                            (["watch", "--containers", "all", "--export", "/nonexistent/x.json"], "no file can be")):
            session = self.run_it(*words, export=False)
            self.assert_code(session, 2)
            self.assertIn(said, session.stderr)


@needs_engine
@unittest.skipUnless(TMUX, "there is no tmux")
class Screen(WatchCase):
    def open(self, proxy, width=120, height=36):
        self.folder = self.box.root / f"t{self.box.next_number()}"
        self.folder.mkdir()
        environment = {"XDG_STATE_HOME": str(self.box.new_state(self.folder / "state")),
                       "XDG_CONFIG_HOME": str(self.folder)}
        return Terminal([SANDWATCH, "watch", "--containers", f"label={self.others.label}", "--host", proxy.url],
                        width, height, environment, cwd=self.folder)

    def test_mixture(self):
        with Recording(self.socket) as proxy, self.open(proxy) as terminal:
            terminal.wait("No container yet since")
            living = self.others.start("living", "import time\nwhile True: time.sleep(0.01)")
            terminal.wait("none has ended yet; 1 is running now")
            self.others.mixture()
            screen = flat(terminal.wait(lambda text: re.search(r"removed +8 ", text)))
            self.assertIn("9 containers of 1 image since", screen)
            self.assertIn("4 ended ok, 4 failed (exit 3 ×2, exit 137 ×2; 1 out of memory, 1 killed by SIGKILL)", screen)
            for pattern in (r"created +9 ", r"running +1 ", r"ended ok +4 ", r"failed +4 ", r"out of mem\. +1 ",
                            r"killed +1 ", r"python n 8 p50 [\d.]+ m?s"):
                self.assertRegex(screen, pattern)
            self.check_screens(terminal, proxy)
            self.others.remove(living)
            terminal.wait(lambda text: re.search(r"removed +9 ", text))
            terminal.keys("q")
            self.assertEqual(terminal.status(), 0)
        self.check_only_looked(proxy)

    def check_screens(self, terminal, proxy):
        value = self.others.value
        terminal.keys("m")
        terminal.wait("time of cleanup")
        terminal.keys("l")
        terminal.wait("m: next span, linear")
        terminal.keys("2")
        terminal.wait(lambda text: f"{value}-hungry" in text and "SIGKILL" in text)
        terminal.keys("/")
        terminal.type("hungry")
        terminal.keys("Enter")
        terminal.wait("filter: hungry")
        terminal.keys("Enter")
        self.assertIn("removed, out of memory, exit code 137", terminal.wait("in detail"))
        terminal.keys("Escape")
        terminal.wait(lambda text: "in detail" not in text)
        terminal.keys("Escape")
        terminal.wait(lambda text: "filter: hungry" not in text)
        self.assertEqual([line for line in proxy.lines if "/stats" in line], [])
        terminal.keys("3")
        terminal.wait(lambda text: re.search(rf"running +{value}-living.* [\d.]+ % +[\d.]+ MiB", text))
        self.assertTrue([line for line in proxy.lines if "/stats" in line])
        terminal.keys("4")
        terminal.wait("images side by side")
        terminal.wait(lambda text: re.search(r"python +9 +1 +4 +4 +1 +1 +0 ", text))
        terminal.keys("5")
        terminal.wait(lambda text: "exit code 137" in text and "destroy" in text)
        terminal.keys("s")
        screen = terminal.wait("snapshot written: ")
        name = re.search(r"snapshot written: (\S+)", screen)[1]
        self.check_watch(json.loads((self.folder / name).read_text()))
        terminal.keys("?")
        terminal.wait("images: counts, failures and times side by side")
        terminal.keys("M-1")  # Escape and 1 in one piece: what a busy machine makes of them
        terminal.wait(lambda text: "images: counts, failures" not in text)

    def test_an_engine_that_comes_back(self):
        with Recording(self.socket) as proxy:
            terminal = self.open(proxy, 80, 24)
            self.addCleanup(terminal.close)
            terminal.wait("No container yet since")
            leaving = self.others.start("leaving", "import time; time.sleep(600)")
            terminal.wait("1 is running now")
            proxy.die()
            terminal.wait(lambda text: re.search(r"The engine went away \d+ s ago", text) and "LOST" in text)
            terminal.wait(lambda text: re.search(r"The engine went away [1-9]\d* s ago", text), "the seconds go on")
        self.others.remove(leaving)
        with Recording(self.socket, forgetful=True) as again:
            screen = flat(terminal.wait(
                lambda text: re.search(r"The engine was away for [\d.]+ m?s; 1 ended unseen", flat(text))))
            self.assertIn("WATCHING", screen)
            self.assertRegex(screen, r"ended unseen 1 ")
            terminal.keys("5")
            terminal.wait(lambda text: "engine away" in text and "engine back" in text)
            self.check_only_looked(again)
            terminal.keys("q")
            self.assertEqual(terminal.status(), 0)

    def test_before_there_is_an_engine(self):
        """The screen is there, and stays, until one answers."""
        missing = self.box.root / "missing.sock"
        with self.open(type("Nobody", (), {"url": f"unix://{missing}"})) as terminal:
            terminal.wait("No engine yet, trying again")
            with Recording(missing) as proxy:
                terminal.wait("No container yet since")
                self.others.run("first", "pass")
                terminal.wait("1 ended ok, 0 failed")
                self.check_only_looked(proxy)
            os.kill(self.program(terminal), signal.SIGTERM)
            self.assertEqual(terminal.status(), 0)

    @staticmethod
    def program(terminal):
        """The pane's own process is a shell where that did not become the program."""
        pid = terminal.pid()
        children = pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        is_ours = pathlib.Path(f"/proc/{pid}/exe").resolve() == pathlib.Path(SANDWATCH)
        return pid if is_ours else int(children[0])

    def test_small(self):
        with Recording(self.socket) as proxy, self.open(proxy, 60, 16) as terminal:
            terminal.wait("No container yet since")
            def failed(text):
                return "1 failed (exit 3)" in flat(text)

            self.others.run("one", "raise SystemExit(3)")
            terminal.wait(failed)
            os.kill(self.program(terminal), signal.SIGUSR1)
            terminal.wait("snapshot written: ")
            for width, height in ((1, 1), (20, 5), (200, 60), (60, 16)):
                terminal.resize(width, height)
            terminal.wait(failed)
            terminal.keys("q")
            self.assertEqual(terminal.status(), 0)


if __name__ == "__main__":
    common.main()
