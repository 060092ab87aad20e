"""What the tests of the screen share: sessions whose pace the test sets, in a terminal."""

import json
import os
import pathlib
import re

import common
from common import Case, PYTHON, Recorded, SANDWATCH, until
from rawpty import Pty
from terminal import Terminal

SANDBOX = "docker-sandbox"
HOST_MODE = {"name": "host", "kind": "host"}
COLD_MODE = {"name": SANDBOX, "kind": "cold"}
NOTHING = (PYTHON, "-I", "-c", "pass")
FOR_EVER = (PYTHON, "-c", "import signal; signal.pause()")


def plan(words=NOTHING, iterations=2, modes=(HOST_MODE, COLD_MODE), warmup=0, **sections):
    config = {"session": {"name": "a session", "iterations": iterations, "warmup": warmup}, "modes": list(modes),
              "workload": {"command": list(words)}, "sandbox": {"docker": {"cpu_count": 0}}}
    config.update(sections)
    return config


def table_of_keys():
    """{action: its keys} of docs/keys.md."""
    text = (common.REPO / "docs/keys.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`.*`) \| `([a-z0-9-]+)` \| .* \|$", text, re.M)
    return {action: re.findall(r"`(.+?)`", keys) for keys, action in rows}


class Gate:
    """A command on the host that lasts until the test lets it go on: each iteration waits at a FIFO of its own."""

    def __init__(self, folder, also=":"):
        self.folder = pathlib.Path(folder)
        self.words = ["/bin/sh", "-c", f"mkfifo {folder}/$$ && read word < {folder}/$$; {also}"]

    def reached(self):
        """The FIFO of the iteration that waits, if one does."""
        for path in self.folder.iterdir():
            if (pathlib.Path("/proc") / path.name).exists():
                return path
            path.unlink()
        return None

    def let_go(self):
        """Lets the iteration that is there, or comes next, end."""
        path = until(self.reached, "an iteration at the gate")
        with open(path, "w", encoding="ascii") as fifo:
            path.unlink()
            fifo.write("go\n")


class Shown(Recorded):
    """A call of the program in a terminal: what it is and where it keeps things."""

    def prepare(self, box, arguments, config, host, state):
        self.folder = box.root / f"s{box.next_number()}"
        self.folder.mkdir()
        self.state = pathlib.Path(state) if state else box.new_state(self.folder / "state")
        command = [SANDWATCH, *map(str, arguments)]
        if config is not None:
            path = self.folder / "config.yaml"
            path.write_text(config if isinstance(config, str) else json.dumps(config), encoding="utf-8")
            command += ["--config", str(path)]
        return command + (["--host", host or "unix:///nonexistent/engine.sock"] if host is not None else [])


def surroundings(box, state, env):
    kept = {key: value for key, value in box.environment(state).items()
            if key.startswith(("XDG_", "SANDWATCH_TEST_RUN")) or key in ("HOME", "PATH")}
    return {**kept, "LANG": "C.UTF-8", **(env or {})}


class Screen(Shown, Terminal):
    """In tmux."""

    def __init__(self, box, arguments=(), config=None, host=common.HOST, state=None, env=None, shell=False, wrap=(),
                 **size):
        command = [*map(str, wrap), *self.prepare(box, arguments, config, host, state)]
        self.command = command
        if shell:
            command = ["env", "PS1=ready> ", "/bin/bash", "--norc", "--noprofile", "-i"]
        Terminal.__init__(self, command, env=surroundings(box, self.state, env), cwd=self.folder, **size)

    def goes_on(self, n):
        """Until N iterations have ended and are on disk."""
        until(lambda: sum(event["event"] == "iteration_finished" for event in self.journal()) >= n,
              f"{n} iterations on disk")

    def all_text(self):
        """What scrolled away, too."""
        return self.tmux("capture-pane", "-p", "-J", "-t", "test", "-S", "-500")

    def count(self, kind):
        return sum(event["event"] == kind for event in self.journal())


class Raw(Shown, Pty):
    """On a pseudo-terminal, byte by byte."""

    def __init__(self, box, arguments=(), config=None, host=common.HOST, state=None, env=None, wrap=(), **options):
        command = [*wrap, *self.prepare(box, arguments, config, host, state)]
        env = {"TERM": "xterm-256color", "COLORTERM": "truecolor", **(env or {})}
        environment = {key: value for key, value in surroundings(box, self.state, env).items() if value is not None}
        Pty.__init__(self, command, env=environment, cwd=self.folder, **options)


class ScreenCase(Case):
    def setUp(self):
        self.opened = []

    def tearDown(self):
        for one in self.opened:
            one.close()

    def screen(self, *arguments, **options):
        one = Screen(self.box, arguments, **options)
        self.opened.append(one)
        return one

    def raw(self, *arguments, **options):
        one = Raw(self.box, arguments, **options)
        self.opened.append(one)
        return one

    def gate(self, also=""):
        folder = self.box.root / f"g{self.box.next_number()}"
        folder.mkdir()
        return Gate(folder, also)
