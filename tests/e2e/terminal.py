"""A real terminal (tmux) around the program: keys go in, the screen comes out."""

import os
import pathlib
import shlex
import shutil
import subprocess
import tempfile

from common import WAIT, until

TMUX = shutil.which("tmux")

# Keys as the program's table has them, and as tmux does.
NAMES = {"Shift-Tab": "BTab", "Esc": "Escape", "PgUp": "PPage", "PgDn": "NPage", "Backspace": "BSpace"}

# Says who the program is, and how it ended.
LEADER = """trap : INT QUIT TSTP
sh -c 'echo $$ >"$0/pid"; exec "$@"' "$0" "$@"
echo $? >"$0/status" """


class Terminal:
    """One tmux server of its own with one window; the program's end does not end it."""

    pressed = set()  # by any terminal: keys as the table has them

    def __init__(self, command, width=120, height=36, env=None, cwd=None):
        self.own = tempfile.mkdtemp(prefix="sandwatch-tmux-")
        self.socket = str(pathlib.Path(self.own) / "socket")
        settings = pathlib.Path(self.own) / "tmux.conf"
        settings.write_text("set -g status off\nset -g remain-on-exit on\nset -g default-terminal tmux-256color\n"
                            "set -sg escape-time 0\nset -g mouse on\n", encoding="utf-8")
        environment = {"PATH": os.environ["PATH"], "HOME": self.own, "LANG": "C.UTF-8", "COLORTERM": "truecolor",
                       "SHELL": "/bin/sh", **(env or {})}
        words = ["env", "-i", *[f"{name}={value}" for name, value in environment.items()]]
        # What tmux adds for its windows is needed: TERM.
        inner = " ".join(["exec", *map(shlex.quote, words), 'TERM="$TERM"', 'TMUX="$TMUX"', "sh", "-c", shlex.quote(LEADER),
                          shlex.quote(self.own), *map(shlex.quote, command)])
        subprocess.run([TMUX, "-S", self.socket, "-f", str(settings), "-u", "new-session", "-d", "-s", "test",
                        "-x", str(width), "-y", str(height), inner], check=True, cwd=cwd,
                       env={"PATH": os.environ["PATH"], "HOME": self.own, "LANG": "C.UTF-8", "SHELL": "/bin/sh"})

    def tmux(self, *arguments):
        return subprocess.run([TMUX, "-S", self.socket, *arguments], check=True, capture_output=True,
                              encoding="utf-8").stdout

    def screen(self, escapes=False):
        return self.tmux("capture-pane", "-p", "-t", "test", *(["-e", "-N"] if escapes else []))

    def lines(self):
        return self.screen().split("\n")

    def keys(self, *keys):
        self.tmux("send-keys", "-t", "test", *keys)

    def press(self, *names):
        """Keys as docs/keys.md calls them."""
        for name in names:
            self.pressed.add(name)
            if name in NAMES or len(name) > 1:
                self.keys(NAMES.get(name, name.replace("Ctrl-", "C-").replace("Alt-", "M-")))
            else:
                self.type(name)

    def mouse(self, x, y, button=0):
        """A press and a release at column X, row Y, from 0; buttons 64 and 65 are the wheel's."""
        text = f"\x1b[<{button};{x + 1};{y + 1}M" + (f"\x1b[<{button};{x + 1};{y + 1}m" if button < 64 else "")
        self.tmux("send-keys", "-t", "test", "-H", *[f"{byte:02x}" for byte in text.encode()])

    def click(self, text, nth=0):
        """On the middle of TEXT, which is on the screen."""
        self.wait(text)
        rows = [(row, line) for row, line in enumerate(self.lines()) if text in line]
        row, line = rows[nth]
        self.mouse(line.index(text) + len(text) // 2, row)

    def type(self, text):
        self.tmux("send-keys", "-t", "test", "-l", "--", text)

    def resize(self, width, height):
        self.tmux("resize-window", "-t", "test", "-x", str(width), "-y", str(height))

    def pid(self):
        return int(until(lambda: self.said("pid"), "the program's process"))

    def said(self, name):
        """What the leader has said; "" until then."""
        path = pathlib.Path(self.own) / name
        text = path.read_text(encoding="ascii") if path.exists() else ""
        return text.strip() if text.endswith("\n") else ""

    def format(self, text):
        return self.tmux("display-message", "-p", "-t", "test", text).strip()

    def status(self):
        """The exit code, once the program has ended; as a shell has it. tmux itself now and then forgets it."""
        try:
            until(lambda: self.said("status"), "the program's end")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None
        until(lambda: self.format("#{pane_dead}") == "1", "the end of what it wrote")
        return int(self.said("status"))

    def wait(self, text, what=None, deadline=WAIT):
        """Until TEXT (or a predicate of the screen) is on the screen; returns the screen, a whole one."""
        found = [""]

        def shows(screen):
            return text(screen) if callable(text) else text in screen

        def there():
            found[0] = self.screen()
            return shows(found[0])

        try:
            until(there, what or f"{text!r} on the screen", deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{found[0]}") from None
        # tmux may have been in the middle of a frame: until it shows the same twice.
        for _ in range(20):
            again = self.screen()
            if again == found[0] or not shows(again):
                break
            found[0] = again
        return found[0]

    def close(self):
        subprocess.run([TMUX, "-S", self.socket, "kill-server"], check=False, capture_output=True)
        shutil.rmtree(self.own, ignore_errors=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
