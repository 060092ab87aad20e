"""A real terminal (tmux) around the program: keys go in, the screen comes out."""

import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile

from common import until

TMUX = shutil.which("tmux")


class Terminal:
    """One tmux server of its own with one window; the program's end does not end it."""

    def __init__(self, command, width=120, height=36, env=None, cwd=None):
        self.folder = tempfile.mkdtemp(prefix="sandwatch-tmux-")
        self.socket = str(pathlib.Path(self.folder) / "socket")
        settings = pathlib.Path(self.folder) / "tmux.conf"
        settings.write_text("set -g status off\nset -g remain-on-exit on\nset -g default-terminal tmux-256color\n"
                            "set -sg escape-time 0\nset -g mouse on\n", encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": self.folder, "LANG": "C.UTF-8", "COLORTERM": "truecolor",
                       "SHELL": "/bin/sh", **(env or {})}
        words = ["env", "-i", *[f"{name}={value}" for name, value in environment.items()]]
        # What tmux adds for its windows is needed: TERM.
        inner = " ".join([*map(shlex.quote, words), 'TERM="$TERM"', 'TMUX="$TMUX"', *map(shlex.quote, command)])
        subprocess.run([TMUX, "-S", self.socket, "-f", str(settings), "-u", "new-session", "-d", "-s", "test",
                        "-x", str(width), "-y", str(height), inner], check=True, cwd=cwd,
                       env={"PATH": os.environ["PATH"], "HOME": self.folder, "LANG": "C.UTF-8", "SHELL": "/bin/sh"})

    def tmux(self, *arguments):
        return subprocess.run([TMUX, "-S", self.socket, *arguments], check=True, capture_output=True,
                              encoding="utf-8").stdout

    def screen(self, escapes=False):
        return self.tmux("capture-pane", "-p", "-t", "test", *(["-e", "-N"] if escapes else []))

    def lines(self):
        return self.screen().split("\n")

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "test", *keys)

    def type(self, text):
        self.tmux("send-keys", "-t", "test", "-l", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-t", "test", "-x", str(width), "-y", str(height))

    def pid(self):
        return int(self.tmux("display-message", "-p", "-t", "test", "#{pane_pid}"))

    def format(self, text):
        return self.tmux("display-message", "-p", "-t", "test", text).strip()

    def is_dead(self):
        return self.format("#{pane_dead}") == "1"

    def status(self):
        """The exit code, once the program has ended."""
        until(self.is_dead, "the program's end")
        return int(self.format("#{pane_dead_status}") or -int(self.format("#{pane_dead_signal}") or 0))

    def wait(self, text, what=None, deadline=30):
        """Until TEXT (or a predicate of the screen) is on the screen; returns the screen."""
        found = [""]

        def there():
            found[0] = self.screen()
            return text(found[0]) if callable(text) else text in found[0]

        try:
            until(there, what or f"{text!r} on the screen", deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{found[0]}") from None
        return found[0]

    def close(self):
        subprocess.run([TMUX, "-S", self.socket, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
