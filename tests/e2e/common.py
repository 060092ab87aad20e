"""What the end-to-end tests share: running the program, asking the engine, standing in for one.

SANDWATCH             the program (default build/release/sandwatch)
SANDWATCH_TEST_HOST   a real engine, unix:///PATH; without it what needs one is skipped
SANDWATCH_TEST_STATE  a state folder whose unpacked image is used, so that no test unpacks its own
"""
import contextlib
import fcntl
import http.client
import io
import json
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import urllib.parse

sys.dont_write_bytecode = True

HERE = pathlib.Path(__file__).resolve().parent
REPO = HERE.parent.parent
SANDWATCH = str(pathlib.Path(os.environ.get("SANDWATCH") or REPO / "build/release/sandwatch").resolve())
HOST = os.environ.get("SANDWATCH_TEST_HOST", "")
IMAGE = "sandwatch/python:latest"
PYTHON = "/usr/bin/python3"  # in the image, and on Debian hosts
OUTCOMES = ("ok", "fell_back", "rejected", "failed", "timeout", "oom", "crashed", "engine", "cancelled")
DEADLINE = float(os.environ.get("SANDWATCH_TEST_DEADLINE", 60))  # seconds; only a hang gets here
WAIT = DEADLINE / 2  # for a screen

needs_engine = unittest.skipUnless(HOST.startswith("unix://"), "SANDWATCH_TEST_HOST names no engine's unix socket")
needs_root = unittest.skipUnless(os.geteuid() == 0, "needs root")


def until(condition, what, deadline=DEADLINE):
    """Polls until the condition is truthy, and returns it."""
    end = time.monotonic() + deadline
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {deadline:g} s")
        select.select([], [], [], 0.02)


def processes_with(text):
    """Those that have TEXT in their environment or command line, and have not ended."""
    found = []
    for entry in pathlib.Path("/proc").iterdir():
        try:
            said = (entry / "environ").read_bytes() + (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
        except OSError:
            continue
        if text.encode() in said:
            found.append(int(entry.name))
    return found


# ---------------------------------------------------------------- the engine

class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=30)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def engine(method, path, body=None):
    """Asks the engine; bytes go as a tar, anything else as JSON."""
    connection = UnixConnection(HOST[len("unix://"):])
    is_tar = isinstance(body, bytes)
    with contextlib.closing(connection):
        connection.request(method, path, body if is_tar or body is None else json.dumps(body),
                           {"Content-Type": "application/x-tar" if is_tar else "application/json"})
        answer = connection.getresponse()
        text = answer.read()
    if answer.status >= 400:
        raise AssertionError(f"{method} {path}: {answer.status} {text[:200]!r}")
    return json.loads(text) if text.strip() else None


def containers(*labels):
    filters = urllib.parse.quote(json.dumps({"label": list(labels)}))
    return engine("GET", f"/containers/json?all=1&filters={filters}")


def containers_of(pid):
    return containers("org.sandwatch.session", f"org.sandwatch.pid={pid}")


def running_container(pid):
    return [one for one in containers_of(pid) if one["State"] == "running"]


@contextlib.contextmanager
def foreign_image(name):
    """An image that knows nothing of sandwatch: one static program, /noop."""
    archive = io.BytesIO()
    with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=archive, mode="w") as tar:
        program = pathlib.Path(folder) / "noop"
        subprocess.run(["cc", "-static", "-Os", "-s", "-x", "c", "-", "-o", program], check=True,
                       input=b"int main(void) { return 0; }\n")
        tar.add(program, "noop")
    engine("POST", f"/images/create?fromSrc=-&repo={urllib.parse.quote(name)}&tag=latest", archive.getvalue())
    try:
        yield f"{name}:latest"
    finally:
        engine("DELETE", f"/images/{name}:latest?force=1")


@contextlib.contextmanager
def among_the_dead():
    """`clean` removes what every dead session left, those of other scripts included. Tests that clean, and
    tests that count what a dead one left, run one at a time."""
    if not HOST.startswith("unix://"):
        yield
        return
    folder = os.open(os.path.dirname(HOST[len("unix://"):]), os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def as_host(name):
    """What to wrap the program in so that its machine is called NAME: the next start of any other session removes
    what a dead one of this machine left, and a test that counts that has to be alone with it."""
    rights = [] if os.geteuid() == 0 else ["-r"]
    return ("unshare", *rights, "--uts", "sh", "-c", f'hostname {name} && exec "$@"', "sh")


def remove_container(identity):
    with contextlib.suppress(AssertionError):
        engine("DELETE", f"/containers/{identity}?force=1&v=1")


# ---------------------------------------------------------------- the program

def visible(text):
    """The characters that a terminal would act on, apart from the end of a line."""
    return [character for character in text
            if (ord(character) < 0x20 and character != "\n") or 0x7f <= ord(character) <= 0x9f
            or character in "\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"]


class Recorded:
    """What a session leaves behind in the state folder STATE, while it runs and afterwards."""
    state = None
    export = None

    def journal(self):
        """The events on disk so far; a torn last line is left out."""
        found = list(self.state.glob("sandwatch/runs/*/journal.jsonl"))
        if not found:
            return []
        lines = max(found).read_bytes().split(b"\n")
        return [json.loads(line) for line in lines[:-1]]

    @property
    def run_folder(self):
        return max(self.state.glob("sandwatch/runs/*"))

    @property
    def snapshot(self):
        path = self.export if self.export and self.export.exists() else self.run_folder / "snapshot.json"
        return json.loads(path.read_bytes())

    def mode(self, name):
        return next(mode for mode in self.snapshot["modes"] if mode["name"] == name)

    def counts(self, name="docker-sandbox"):
        """The outcomes that were counted: {"ok": 1, …} without the zeros."""
        iterations = self.mode(name)["iterations"]
        return {key: iterations[key] for key in OUTCOMES if iterations[key]}


class Session(Recorded):
    """One call of the program, in a state folder of its own unless one is given."""

    def __init__(self, box, arguments, config=None, host=HOST, state=None, env=None, wrap=(), export=True,
                 batch=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE):
        self.box = box
        self.number = box.next_number()
        self.folder = box.root / str(self.number)
        self.folder.mkdir()
        self.state = pathlib.Path(state) if state else box.new_state(self.folder / "state")
        command = [*wrap, SANDWATCH] + (["--batch"] if batch else []) + [str(argument) for argument in arguments]
        if config is not None:
            path = config if isinstance(config, pathlib.Path) else self.folder / "config.yaml"
            if not isinstance(config, pathlib.Path):
                data = config if isinstance(config, (bytes, str)) else json.dumps(config)
                path.write_bytes(data if isinstance(data, bytes) else data.encode())
            command += ["--config", str(path)]
        # Never without one: the program would look for the user's, or start its own.
        if host is not None:
            command += ["--host", host or "unix:///nonexistent/engine.sock"]
        self.export = self.folder / "export.json" if export else None
        if export:
            command += ["--export", str(self.export)]
        self.command = command
        self.stdout_path, self.stderr_path = self.folder / "stdout", self.folder / "stderr"
        with open(self.stdout_path, "wb") as out, open(self.stderr_path, "wb") as err:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=out if stdout == subprocess.PIPE else stdout,
                stderr=err if stderr == subprocess.PIPE else stderr, env=box.environment(self.state, env),
                cwd=self.folder, start_new_session=True)
        self.pid = self.process.pid
        box.sessions.append(self)

    # -- while it runs

    def wait_running(self):
        return until(lambda: self.process.poll() is not None or running_container(self.pid),
                     "a container of the session runs")

    def send(self, number):
        self.process.send_signal(number)

    def wait(self, deadline=DEADLINE):
        try:
            self.process.wait(deadline)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(f"{' '.join(self.command)}: still running after {deadline:g} s; it said:\n"
                                 f"{self.stderr}") from None
        return self

    def kill(self):
        if self.process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)
            self.process.wait()

    # -- afterwards

    @property
    def code(self):
        return self.process.returncode

    @property
    def stdout(self):
        return self.stdout_path.read_bytes().decode(errors="surrogateescape")

    @property
    def stderr(self):
        return self.stderr_path.read_bytes().decode(errors="surrogateescape")


class Box:
    """A script's own folder, surroundings and image; one for the whole script."""

    def __init__(self):
        # Short: a unix socket's path has at most 107 bytes.
        self.root = pathlib.Path(tempfile.mkdtemp(prefix="swe2e.", dir=os.environ.get("TMPDIR", "/var/tmp")))
        self.sessions = []
        self.numbers = 0
        self.lock = threading.Lock()
        given = pathlib.Path(os.environ.get("SANDWATCH_TEST_STATE", "/nonexistent")) / "image"
        self.image = given if given.is_dir() else self.root / "image"
        self.image.mkdir(exist_ok=True, mode=0o700)
        for name in ("home", "config", "runtime"):
            (self.root / name).mkdir(mode=0o700)

    def next_number(self):
        with self.lock:
            self.numbers += 1
            return self.numbers

    def new_state(self, folder):
        (folder / "sandwatch").mkdir(parents=True, mode=0o700)
        (folder / "sandwatch/image").symlink_to(self.image)
        return folder

    def environment(self, state, changes=None):
        kept = {key: value for key, value in os.environ.items()
                if not key.startswith(("DOCKER_", "XDG_", "LC_", "SANDBOX_")) and key not in ("LANG", "LANGUAGE", "TERM")}
        kept.update(HOME=str(self.root / "home"), XDG_CONFIG_HOME=str(self.root / "config"),
                    XDG_RUNTIME_DIR=str(self.root / "runtime"), XDG_STATE_HOME=str(state), LC_ALL="C.UTF-8")
        for key, value in (changes or {}).items():
            kept.pop(key, None)
            if value is not None:
                kept[key] = value
        return kept

    def close(self):
        for session in self.sessions:
            session.kill()
            if HOST:
                for one in containers_of(session.pid):
                    remove_container(one["Id"])
        shutil.rmtree(self.root, ignore_errors=True)


class Case(unittest.TestCase):
    """A test with the script's box."""
    box = None
    maxDiff = 4000

    def own_host(self):
        """As as_host, with a name that nobody else has."""
        return as_host(f"e2e-{os.getpid()}-{self.box.next_number()}")

    def start(self, *arguments, **options):
        return Session(self.box, arguments, **options)

    def run_it(self, *arguments, deadline=DEADLINE, hygiene=True, **options):
        session = self.start(*arguments, **options).wait(deadline)
        if hygiene:
            self.check_hygiene(session)
        return session

    def check_hygiene(self, session):
        """True of every session, however it ended."""
        for name, text in (("stdout", session.stdout), ("stderr", session.stderr)):
            self.assertEqual(visible(text), [], f"{name} carries characters a terminal acts on: {text!r}")
            self.assertFalse(re.search("[\udc80-\udcff]", text), f"{name} is not UTF-8: {text!r}")
        self.assertNotIn(session.code, (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGPIPE, -signal.SIGBUS),
                         session.stderr)
        if HOST:
            self.assertEqual(containers_of(session.pid), [], "containers are left behind")

    def check_accounts(self, snapshot):
        """Every planned iteration is in exactly one box."""
        for mode in snapshot["modes"]:
            counts = mode["iterations"]
            done = sum(counts[key] for key in OUTCOMES)
            self.assertEqual(counts["done"], done, mode["name"])
            self.assertEqual(counts["planned"], done + counts["not_run"], mode["name"])

    def assert_code(self, session, code):
        self.assertEqual(session.code, code, f"{' '.join(session.command)}\nstderr: {session.stderr}")


class Result(unittest.TestResult):
    def __init__(self):
        super().__init__()
        self.passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1

    def startTest(self, test):
        super().startTest(test)
        self.begin = time.monotonic()

    def stopTest(self, test):
        if os.environ.get("V") == "1":
            print(f"  {time.monotonic() - self.begin:6.2f} s  {test.id().partition('.')[2]}", flush=True)
        super().stopTest(test)


def prepare(box):
    """Makes the image and unpacks it, once, so that no test has to wait for that."""
    if not HOST.startswith("unix://"):
        return
    session = Session(box, ["image", "build"], batch=False, export=False).wait(300)
    if session.code:
        print(f"the image cannot be made: {session.stderr}\n0 passed, 1 failed")
        sys.exit(1)


def main():
    """Runs the tests of the calling script; arguments choose those whose name contains one of them."""
    if not os.access(SANDWATCH, os.X_OK):
        print(f"no program at {SANDWATCH}: make, or set SANDWATCH\n0 passed, 1 failed")
        sys.exit(1)
    loaded = unittest.defaultTestLoader.loadTestsFromModule(sys.modules["__main__"])
    chosen = unittest.TestSuite()

    def choose(suite):
        for test in suite:
            if isinstance(test, unittest.TestSuite):
                choose(test)
            elif len(sys.argv) < 2 or any(word in test.id() for word in sys.argv[1:]):
                chosen.addTest(test)

    choose(loaded)
    result = Result()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    Case.box = Box()
    try:
        prepare(Case.box)
        chosen.run(result)
    finally:
        Case.box.close()
    for test, text in result.failures + result.errors:
        print(f"FAILED {test.id().partition('.')[2]}\n{text}".encode(errors="backslashreplace").decode())
    for test, why in result.skipped:
        print(f"skipped: {test.id().partition('.')[2]}: {why}")
    failed = len({getattr(test, "test_case", test).id() for test, _ in result.failures + result.errors})
    print(f"{result.passed} passed, {failed} failed" + (f", {len(result.skipped)} skipped" if result.skipped else ""))
    sys.exit(1 if failed else 0)
