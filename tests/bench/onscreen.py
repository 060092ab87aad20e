"""A program on a pseudo-terminal of its own, whose every byte is read at once and put on a screen of text."""
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
import unicodedata

BEGIN, END = b"\x1b[?2026h", b"\x1b[?2026l"  # around each frame
SEQUENCE = re.compile(r"\x1b\[([?]?)([0-9;]*)([A-Za-z])|\x1b\(B|\x0f|\r|\n|(\x1b)")
COLUMNS, ROWS = 120, 36


class Ended(Exception):
    """The program ended, and what it had written."""


class Grid:
    """The characters that a terminal would show; tui/paint.c writes few kinds of sequences."""

    def __init__(self):
        self.x = self.y = 0
        self.clear()

    def clear(self):
        self.rows = [[" "] * COLUMNS for _ in range(ROWS)]

    def put(self, text):
        for character in text:
            if self.x < COLUMNS and self.y < ROWS:
                self.rows[self.y][self.x] = character
            self.x += 2 if unicodedata.east_asian_width(character) in "WF" else 1

    def feed(self, text):
        at = 0
        for match in SEQUENCE.finditer(text):
            self.put(text[at:match.start()])
            at = match.end()
            private, numbers, final, _ = match.groups()
            if match[0] == "\r":
                self.x = 0
            elif final and not private:
                self.move(final, [int(number or 0) for number in numbers.split(";")])
        self.put(text[at:])

    def move(self, final, numbers):
        count = numbers[0] or 1
        if final == "H":
            self.y, self.x = count - 1, ((numbers[1] or 1) if len(numbers) > 1 else 1) - 1
        elif final == "B":
            self.y += count
        elif final in "CD":
            self.x += count if final == "C" else -count
        elif final == "J":
            self.clear()

    def text(self):
        return "\n".join("".join(row) for row in self.rows)


class OnScreen:
    """The clock starts before the program does."""

    def __init__(self, command, environment):
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        # The first terminal that the leader of a new session opens is the one that controls it.
        name = os.ttyname(slave)
        files = [(os.POSIX_SPAWN_OPEN, fd, name, os.O_RDWR, 0) for fd in (0, 1, 2)]
        environment = {**environment, "TERM": "xterm-256color", "COLORTERM": "truecolor", "LC_ALL": "C.UTF-8"}
        environment.pop("NO_COLOR", None)
        self.grid, self.rest, self.frames, self.bytes = Grid(), b"", 0, 0
        self.last_ns = 0  # when the last byte came
        self.code = None
        self.begin_ns = time.monotonic_ns()
        self.pid = os.posix_spawn(command[0], command, environment, file_actions=files, setsid=True)
        os.close(slave)

    def read(self, seconds):
        """What comes within SECONDS, as soon as something does; b"" when nothing. Ended at the end."""
        if not select.select([self.master], [], [], max(0.0, seconds))[0]:
            return b""
        try:
            data = os.read(self.master, 1 << 16)
        except OSError:
            data = b""
        if not data:
            raise Ended(self.grid.text())
        self.last_ns = time.monotonic_ns()
        self.bytes += len(data)
        return data

    def turn(self, seconds):
        """Reads once; the frames that are complete stand in the grid. Returns how many there were."""
        self.rest += self.read(seconds)
        done, found, rest = self.rest.rpartition(END)
        if not found:
            return 0
        count = done.count(BEGIN)
        self.grid.feed((done + found).decode("utf-8", "replace"))
        self.rest = rest
        self.frames += count
        return count

    def run(self, seconds):
        """Looks on for SECONDS."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn(end - time.monotonic())

    def wait(self, condition, what, seconds=60.0):
        """Until CONDITION of the grid's text holds; returns when the frame with it was complete, ns."""
        end = time.monotonic() + seconds
        while not condition(self.grid.text()):
            if time.monotonic() > end:
                raise Ended(f"{what}: not within {seconds:g} s\n{self.grid.text()}")
            self.turn(end - time.monotonic())
        return self.last_ns

    def type(self, text):
        """Returns when it was typed, ns."""
        now = time.monotonic_ns()
        os.write(self.master, text.encode())
        return now

    def finish(self, number=None, seconds=60.0):
        """Until the program has ended. Sends NUMBER first, and SIGKILL when it takes too long."""
        if self.code is not None:
            return
        if number:
            os.kill(self.pid, number)
        end = time.monotonic() + seconds
        is_open = True
        while True:
            try:
                if is_open:
                    self.turn(0.02)
            except Ended:
                is_open = False
            pid, status = os.waitpid(self.pid, os.WNOHANG if is_open else 0)
            if pid:
                break
            if time.monotonic() > end:
                os.kill(self.pid, signal.SIGKILL)
        os.close(self.master)
        self.code = os.waitstatus_to_exitcode(status)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.finish(signal.SIGKILL)
