"""A pseudo-terminal around the program, read byte by byte: a strict reader that knows exactly the sequences that
the program may write (tui/paint.c, tui/term.c, terminfo), and what they draw. Anything else is an error."""

import contextlib
import fcntl
import os
import re
import select
import signal
import struct
import subprocess
import termios
import threading
import unicodedata

from common import WAIT, until

SETUP = re.compile(r"\x1b\[\?(2026|2004|1000|1006|6)([hl])|\x1b\[r|\x1b\(B|\x0f")
MOVE = re.compile(r"\x1b\[(\d*)([CDB])|\x1b\[(\d*)(?:;(\d+))?H")
SGR = re.compile(r"\x1b\[([\d;]*)m")
LINE = re.compile(r"\x1b\[K")  # of the batch's progress line
ATTRIBUTES = {0, 1, 2, 3, 4, 7}


class Foreign(AssertionError):
    """Bytes that have no business on a terminal."""


def capability(term, name):
    text = subprocess.run(["tput", "-T", term, name], check=False, capture_output=True).stdout.decode()
    return re.sub(r"\$<[^>]*>", "", text)


def columns_of(character):
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def is_printable(character):
    """What moves the cursor by its columns and does nothing else."""
    return character == " " or unicodedata.category(character) not in (
        "Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp", "Mn", "Me")


class Reader:
    """Takes all that the program wrote, from its first byte, and keeps what the terminal then shows."""

    def __init__(self, width, height, term="xterm-256color"):
        self.width, self.height = width, height
        self.sequences = {name: capability(term, name) for name in ("smcup", "rmcup", "civis", "cnorm")}
        if not self.sequences["smcup"]:
            self.sequences["smcup"], self.sequences["rmcup"] = "\x1b[0m\x1b[H\x1b[2J", "\x1b[999;1H\r\r\n"
        self.rest = b""
        self.modes = set()    # 2026, 2004, 1000, 1006 that are on
        self.inside = False   # the screen is the program's
        self.cursor_hidden = False
        self.entered = self.left = self.frames = 0
        self.outside = ""     # what was printed when the screen was not the program's
        self.colours = set()  # every SGR that was not an attribute
        self.characters = set()
        self.clear()

    def clear(self):
        self.cells = [[" "] * self.width for _ in range(self.height)]
        self.x = self.y = 0

    def resize(self, width, height):
        """From the next byte on: only after a frame of the old size can no more be under way."""
        self.width, self.height = width, height
        self.clear()

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.cells)

    def feed(self, data):
        data = self.rest + data
        end = len(data)
        # A character or sequence that is cut off waits for the rest.
        for back in range(1, min(len(data), 4) + 1):
            if data[-back] >= 0xc0:
                end = len(data) - back
                break
        tail = data.rfind(b"\x1b", max(0, end - 64))
        if tail >= 0 and not re.match(rb"\x1b(\[[?\d;]*[a-zA-Z]|\(B)", data[tail:end]):
            end = tail
        # What enters and leaves the screen is read as a whole.
        for start in range(max(0, end - 48), end):
            piece = data[start:end].decode("latin-1")
            if any(piece and sequence != piece and sequence.startswith(piece) for sequence in self.sequences.values()):
                end = start
                break
        self.rest = data[end:]
        try:
            text = data[:end].decode("utf-8")
        except UnicodeDecodeError as error:
            raise Foreign(f"not UTF-8: {data[max(0, error.start - 20):error.end + 20]!r}") from None
        self.read(text)

    def finish(self):
        rest, self.rest = self.rest, b""
        if rest:
            self.read(rest.decode("utf-8"))

    def read(self, text):
        at = 0
        while at < len(text):
            at = self.take(text, at)

    def take(self, text, at):
        for name in ("smcup", "rmcup", "civis", "cnorm"):
            sequence = self.sequences[name]
            if sequence and text.startswith(sequence, at):
                self.switch(name)
                return at + len(sequence)
        if text[at] == "\x1b" or text[at] == "\x0f":
            return self.sequence(text, at)
        if not self.inside:
            if text[at] not in "\r\n" and not is_printable(text[at]) and unicodedata.category(text[at]) != "Mn":
                raise Foreign(f"outside the screen: {text[max(0, at - 30):at + 30]!r}")
            self.outside += text[at]
        elif text[at] == "\r":
            self.x = 0
        else:
            self.put(text, at)
        return at + 1

    def switch(self, name):
        if name == "smcup":
            self.inside, self.entered = True, self.entered + 1
            self.clear()
        elif name == "rmcup":
            self.inside, self.left = False, self.left + 1
        else:
            self.cursor_hidden = name == "civis"

    def sequence(self, text, at):
        if match := SETUP.match(text, at):
            if match[1]:
                (self.modes.add if match[2] == "h" else self.modes.discard)(int(match[1]))
                self.frames += match[1] == "2026" and match[2] == "h"
        elif match := MOVE.match(text, at):
            self.move(match)
        elif match := not self.inside and LINE.match(text, at):
            pass
        elif match := SGR.match(text, at):
            self.colour([int(part or 0) for part in match[1].split(";")])
        else:
            raise Foreign(f"{text[at:at + 40]!r} after {text[max(0, at - 60):at]!r}")
        return match.end()

    def move(self, match):
        if not self.inside:
            raise Foreign(f"the cursor is moved outside the screen: {match[0]!r}")
        n = int(match[1] or 1)
        if match[2] == "C":
            self.x += n
        elif match[2] == "D":
            self.x -= n
        elif match[2] == "B":
            self.y += n
        else:
            self.x, self.y = int(match[4] or 1) - 1, int(match[3] or 1) - 1

    def colour(self, numbers):
        rest = list(numbers)
        while rest:
            number = rest.pop(0)
            if number in (38, 48):
                kind = rest.pop(0)
                self.colours.add((number, kind, *rest[:{5: 1, 2: 3}[kind]]))
                del rest[:{5: 1, 2: 3}[kind]]
            elif number in (39, 49) or 30 <= number <= 47 or 90 <= number <= 107:
                self.colours.add((number,))
            elif number not in ATTRIBUTES:
                raise Foreign(f"SGR {numbers}")

    def put(self, text, at):
        character = text[at]
        if not is_printable(character):
            raise Foreign(f"{character!r} in {text[max(0, at - 60):at + 40]!r}")
        if 2026 not in self.modes:
            raise Foreign(f"text outside a frame: {text[max(0, at - 60):at + 40]!r}")
        columns = columns_of(character)
        if not (0 <= self.y < self.height and 0 <= self.x and self.x + columns <= self.width):
            raise Foreign(f"{character!r} at {self.x}, {self.y} of {self.width} x {self.height}")
        self.cells[self.y][self.x] = character
        if columns == 2:
            self.cells[self.y][self.x + 1] = ""
        self.x += columns
        self.characters.add(character)

    @property
    def is_restored(self):
        """Nothing of ours is left on the terminal."""
        return not self.inside and not self.cursor_hidden and not self.modes and self.entered == self.left


# Leads the terminal's session as a shell does: the program's end is not the terminal's. 9 says the program's process id
# and its exit code, 7 is held until the terminal is no more needed.
LEADER = """trap : INT QUIT HUP TERM
sh -c 'echo $$ >&9; exec 9>&- 7<&-; exec "$@"' sh "$@" 2>&8 8>&-
echo $? >&9
read line <&7 || read line <&7"""


def high(descriptors):
    """Beyond those that the leader gives names to."""
    copies = [fcntl.fcntl(one, fcntl.F_DUPFD_CLOEXEC, 20) for one in descriptors]
    for one in descriptors:
        os.close(one)
    return copies


class Pty:
    """COMMAND on a terminal of its own. Nothing is read until READING."""

    def __init__(self, command, width=120, height=36, env=None, cwd=None, reading=True, strict=True):
        self.master, self.slave = os.openpty()
        self.reader = Reader(width, height, (env or {}).get("TERM") or "xterm-256color")
        self.error = None
        self.strict = strict
        self.data = bytearray()
        self.lock = threading.Lock()
        self.resize(width, height)
        self.found = termios.tcgetattr(self.slave)
        said, tell = high(os.pipe())
        hold, self.hold = high(os.pipe())
        script = f"exec 9>&{tell} 7<&{hold} 8>&2 2>/dev/null {tell}>&- {hold}<&-\n" + LEADER
        leader = ["setsid", "-c", "bash", "-c", script, "sh", *command]
        self.process = subprocess.Popen(leader, stdin=self.slave, stdout=self.slave, stderr=self.slave, env=env, cwd=cwd,
                                        pass_fds=(tell, hold))
        os.close(tell)
        os.close(hold)
        self.said = os.fdopen(said, "rb", buffering=0)
        self.pid = int(self.line())
        self.thread = None
        if reading:
            self.read()

    def line(self):
        text = b""
        while not text.endswith(b"\n"):
            ready, _, _ = select.select([self.said], [], [], 60)
            more = self.said.read(1) if ready else b""
            if not more:
                raise AssertionError("the terminal's leader is gone")
            text += more
        return text

    def read(self):
        """From now on all that is written is read."""
        self.thread = threading.Thread(target=self.pump, daemon=True)
        self.thread.start()

    def pump(self):
        while True:
            try:
                ready, _, _ = select.select([self.master], [], [], 0.1)
                data = os.read(self.master, 65536) if ready else None
            except (OSError, ValueError):
                return
            if data == b"":
                return
            if data:
                self.data += data
                try:
                    if self.strict and not self.error:
                        with self.lock:
                            self.reader.feed(data)
                except Foreign as error:
                    self.error = error

    def check(self):
        if self.error:
            raise self.error

    def resize(self, width, height):
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", height, width, 0, 0))

    def send(self, data):
        os.write(self.master, data if isinstance(data, bytes) else data.encode())

    def wait(self, text, deadline=WAIT):
        def there():
            self.check()
            shown = self.shown()
            return shown is not None and (text(shown) if callable(text) else text in shown)
        try:
            until(there, f"{text!r} on the screen", deadline)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.reader.text()}\n{self.reader.outside[-2000:]}") from None
        return self.reader.text()

    def shown(self):
        """The screen; None while a frame is only half there."""
        with self.lock:
            return None if 2026 in self.reader.modes else self.reader.text()

    def kill(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def status(self, deadline=60):
        """The exit code as a shell has it: 128 and the signal's number when one ended it."""
        until(lambda: select.select([self.said], [], [], 0)[0], "the program's end", deadline)
        return int(self.line())

    def settle(self, condition, what):
        """Until the condition holds, once whatever was written has been read."""
        until(lambda: self.check() or condition(), what, 20)

    def hang_up(self):
        """As a terminal window that is closed: nobody has the master any more."""
        master, self.master = self.master, -1
        self.thread_gone(master)

    def thread_gone(self, master):
        # The reader's descriptor becomes one that never has anything to say.
        null_read, null_write = os.pipe()
        os.dup2(null_read, master)
        os.close(null_read)
        os.close(null_write)
        if self.thread:
            self.thread.join(5)
        os.close(master)

    def close(self):
        if self.hold < 0:
            return
        with contextlib.suppress(ProcessLookupError):
            if self.process.poll() is None:
                self.kill(signal.SIGKILL)
        os.close(self.hold)
        self.hold = -1
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if self.master >= 0:
            self.hang_up()
        os.close(self.slave)
        self.said.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
