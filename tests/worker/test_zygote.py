#!/usr/bin/env python3
"""Tests of docker/worker/zygote.py: what a job can do to others, with each defence and without it.

SANDWATCH_TEST_ROOT   the unpacked image (docker/image/build.sh --out DIR makes DIR/rootfs)

Real processes, as user nobody when started by root: on the host, and as PID 1 where unshare(1) may make a
PID namespace. What runs is the repository's worker.py and zygote.py.
"""
import ast
import contextlib
import hashlib
import json
import os
import pathlib
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parent.parent / "docker" / "worker"
ROOT = os.environ.get("SANDWATCH_TEST_ROOT", "")
NOBODY = 65534
DEADLINE = 60.0
SHORT = 1.0  # what does not come within this time is taken not to come at all
SIMPLE = "position = data.close > data.close.shift(1)\nreport = sim(position)\n"
MIB = 1 << 20
DEFENCES = ("deadline", "ceiling", "oom_score", "kill", "own_pipes", "undumpable", "fork_per_job")
PID_1 = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]


def without(source, defence):
    """zygote.py with the one statement cut out that follows `# defence: NAME`."""
    lines = source.splitlines()
    marks = [number for number, line in enumerate(lines) if line.strip() == f"# defence: {defence}"]
    assert len(marks) == 1, f"{defence} is marked {len(marks)} times"
    first = marks[0] + 1
    statement = next(node for node in ast.walk(ast.parse(source))
                     if isinstance(node, ast.stmt) and node.lineno == first + 1)
    indent = lines[first][:len(lines[first]) - len(lines[first].lstrip())]
    lines[first:statement.end_lineno] = [indent + "pass"]
    return "\n".join(lines) + "\n"


def as_nobody():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)


class Zygote:
    """A zygote on the host; its words come on descriptor 3. `cut`: without this defence."""

    def __init__(self, cut=None, pid_1=False):
        self.folder = tempfile.TemporaryDirectory(prefix="sandwatch-zygote.")
        os.chmod(self.folder.name, 0o755)
        folder = pathlib.Path(self.folder.name)
        source = (SOURCES / "zygote.py").read_text()
        (folder / "zygote.py").write_text(without(source, cut) if cut else source)
        shutil.copy(SOURCES / "worker.py", folder)
        directory = pathlib.Path(ROOT, "sandwatch")
        arguments = [line.replace("@ROOT@", ROOT) for line in (directory / "host.argv").read_text().splitlines()]
        arguments = [str(folder / "worker.py") if "/sandwatch/worker.py" in argument else argument
                     for argument in arguments]
        environment = dict(line.split("=", 1) for line in (directory / "host.env").read_text().splitlines())
        self.words, write_end = os.pipe()
        self.output = tempfile.TemporaryFile()
        prefix = [*PID_1, "setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--"] if pid_1 else []

        def prepare():
            os.dup2(write_end, 3)
            if not pid_1:
                as_nobody()

        self.process = subprocess.Popen([*prefix, *arguments, "--result-fd", "3", "--zygote"], env=environment,
                                        stdin=subprocess.PIPE, stdout=self.output, stderr=subprocess.STDOUT,
                                        preexec_fn=prepare, pass_fds=(3,), start_new_session=True)
        os.close(write_end)
        self.pending, self.number = b"", 0

    def line(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.words], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("no line")
            chunk = os.read(self.words, 1 << 16)
            if not chunk:
                raise EOFError("the zygote is gone: " + self.text()[-500:])
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return line

    def word(self, deadline=DEADLINE):
        mark, token, word, body = self.line(deadline).decode().split(" ", 3)
        assert mark == "\x1esw1", mark
        return token, word, json.loads(body)

    def ready(self):
        token, word, body = self.word()
        assert (token, word) == ("-", "ready"), (token, word)
        return body["t"]

    def send(self, source=SIMPLE, **fields):
        self.number += 1
        self.token = f"{self.number:032x}"
        job = {"v": 1, "token": self.token, "backtest": "real", "days": 60, "symbols": 4, "seed": 42,
               "strategy": source, "validate": False, "timeout_ms": 20_000, **fields}
        self.process.stdin.write(json.dumps(job).encode() + b"\n")
        self.process.stdin.flush()

    def own(self, deadline=DEADLINE):
        """The next word, which has to be about this job."""
        token, word, body = self.word(deadline)
        assert token == self.token, (token, word)
        return word, body

    def run(self, source=SIMPLE, **fields):
        """(The result or None, over); the next child waits."""
        self.send(source, **fields)
        result, (word, body) = None, self.own()
        if word == "result":
            result, (word, body) = body, self.own()
        assert word == "over", word
        self.ready()
        return result, body

    def report(self, source, **fields):
        """What the strategy puts into `found`."""
        result, _ = self.run(source + SIMPLE + "report['found'] = found\n", **fields)
        assert result["outcome"] == "ok", result["error"]
        return result["result"]["found"]

    def text(self):
        self.output.seek(0)
        return self.output.read().decode("utf-8", "replace")

    def close(self):
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.output.close()
        os.close(self.words)
        self.folder.cleanup()


def is_alive(pid):
    """Not gone, and not a zombie either."""
    try:
        return pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def wait_until(condition, deadline=DEADLINE):
    end = time.monotonic() + deadline
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


# ---------------------------------------------------------------- the attacks, as strategies

EATS = "hoard = []\nwhile True: hoard.append(np.ones(1 << 20))\n"
EATS_600_MIB = "hoard = np.ones(75 << 20)\nfound = len(hoard)\n"
OWN_OOM_SCORE = "found = int(open('/proc/self/oom_score_adj').read())\n"

# A child in a session of its own, and a grandchild whose parent is gone in another.
LEAVES_PROCESSES = """
import os, time
read_end, write_end = os.pipe()
def stay():
    os.write(write_end, b"%d " % os.getpid())
    for fd in range(64):
        try: os.close(fd)
        except OSError: pass
    while True: time.sleep(100)
if os.fork() == 0:
    os.setsid()
    stay()
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0: stay()
    os._exit(0)
text = b""
while len(text.split()) < 2 or not text.endswith(b" "): text += os.read(read_end, 100)
found = sorted(map(int, text.split()))
"""

# After a fork everything stands at the same address in the parent: the text of the version, too.
WRITES_TO_ITS_PARENT = """
import os, sys
version = sys.modules["__main__"].PYTHON
try:
    with open(f"/proc/{os.getppid()}/mem", "r+b", buffering=0) as memory:
        memory.seek(id(version))
        at = memory.read(128).index(version.encode())
        memory.seek(id(version) + at)
        memory.write(b"6.66.6"[:len(version)])
    found = "written"
except OSError as error:
    found = type(error).__name__
"""

# Whatever is open: a whole line that would end another's job, and what is printed.
WRITES_EVERYWHERE = """
import os
for fd in range(1, 64):
    try: os.write(fd, b"\\n\\x1esw1 - ready {\\"forged\\":1}\\n")
    except OSError: pass
"""

PATCHES_PANDAS = """
import sys
pd.DataFrame.shift = lambda self, *rest: self * 0.0
sys.modules["__main__"].make_data = None
"""

MUTATES_SHARED_DATA = """
import sys
main = sys.modules["__main__"]
main.BACKTESTS["real"] = lambda matrix, prices, fee, tax: {"total_return": 1000000.0}
main.SAFE_BUILTINS = frozenset()
"""


class Case(unittest.TestCase):
    pid_1 = False

    def zygote(self, cut=None):
        zygote = Zygote(cut, self.pid_1)
        self.addCleanup(zygote.close)
        zygote.ready()
        return zygote

    @classmethod
    def kept(cls):
        """One for all tests of a class: that it survives each of them is half of the test."""
        zygote = cls.__dict__.get("shared")
        if zygote is None or zygote.process.poll() is not None:
            zygote = cls.shared = Zygote(None, cls.pid_1)
            cls.addClassCleanup(zygote.close)
            zygote.ready()
        return zygote

    def assert_fine(self, zygote):
        """The next job goes as if nothing had been."""
        result, over = zygote.run()
        self.assertEqual((result["outcome"], result["digest"]), ("ok", self.digest()), result["error"])
        self.assertEqual({**over, "tail": ""}, {"end": "result", "code": 0, "stdout_bytes": 0, "stderr_bytes": 0,
                                                "tail": "", "killed": 0})

    @classmethod
    def digest(cls):
        """SIMPLE's, from a zygote that has run nothing else."""
        if "known" not in cls.__dict__:
            zygote = Zygote()
            zygote.ready()
            cls.known = zygote.run()[0]["digest"]
            zygote.close()
        return cls.known

    def assert_ends(self, zygote, source, end, code, **fields):
        result, over = zygote.run(source, **fields)
        self.assertIsNone(result)
        self.assertEqual((over["end"], over["code"]), (end, code), over)
        return over


class Attacks(Case):
    """Each harms itself only."""

    def test_endless_loops(self):
        zygote = self.kept()
        begin = time.monotonic()
        self.assert_ends(zygote, "while True: pass\n", "timeout", 0, timeout_ms=200)
        self.assertGreaterEqual(time.monotonic() - begin, 0.2)
        self.assert_ends(zygote, "while True:\n  try: print('x' * 1000)\n  except BaseException: pass\n",
                         "timeout", 0, timeout_ms=200)
        self.assert_fine(zygote)

    def test_memory(self):
        zygote = self.kept()
        over = self.assert_ends(zygote, EATS, "oom", 75, memory_bytes=64 * MIB)
        self.assertIn("MemoryError", over["tail"])
        self.assertIn("(line 2)", over["tail"])
        self.assertEqual(zygote.run(SIMPLE, memory_bytes=64 * MIB)[0]["digest"], self.digest())
        self.assert_fine(zygote)

    def test_processes_left_behind(self):
        zygote = self.kept()
        zygote.send(LEAVES_PROCESSES + SIMPLE + "report['found'] = found\n")
        word, result = zygote.own()
        self.assertEqual(result["outcome"], "ok", result["error"])
        word, over = zygote.own()
        self.assertEqual((word, over["killed"]), ("over", 3))  # both, and the one between, which had ended
        if not self.pid_1:
            self.assertEqual([pid for pid in result["result"]["found"] if is_alive(pid)], [])
        zygote.ready()
        self.assert_fine(zygote)

    def test_many_forks_of_a_loop(self):
        zygote = self.kept()
        source = "import os\nfor _ in range(4): os.fork()\nwhile True: time.sleep(1)\n"
        over = self.assert_ends(zygote, "import time\n" + source, "timeout", 0, timeout_ms=2000)
        self.assertEqual(over["killed"], 15)
        self.assert_fine(zygote)

    def test_parents_memory(self):
        zygote = self.kept()
        self.assertEqual(zygote.report(WRITES_TO_ITS_PARENT), "PermissionError")
        self.assertNotEqual(zygote.run()[0]["python"], "6.66.6")
        self.assert_fine(zygote)

    def test_closed_descriptors(self):
        zygote = self.kept()
        self.assert_ends(zygote, "import os\nos.closerange(0, 256)\n" + SIMPLE, "exit", 65)
        self.assert_ends(zygote, "import os, time\nos.closerange(0, 256)\ntime.sleep(100)\n", "exit", -1)
        self.assert_fine(zygote)

    def test_flooded_output(self):
        zygote = self.kept()
        result, over = zygote.run("for _ in range(100): print('x' * 99999)\nprint('the end')\n" + SIMPLE)
        self.assertEqual((result["outcome"], over["stdout_bytes"], over["tail"]), ("ok", 100 * 100_000 + 8, "the end"))
        self.assertEqual(zygote.text(), "")
        self.assert_fine(zygote)

    def test_flooded_results(self):
        zygote = self.kept()
        source = ("import os\nfor fd in range(3, 64):\n  try:\n    while True: os.write(fd, {})\n"
                  "  except OSError: pass\n")
        self.assert_ends(zygote, source.format("b'x' * 65536"), "flood", 0)
        self.assert_ends(zygote, source.format("b'\\x1esw1 - result {}\\n' * 1000"), "flood", 0)
        self.assert_fine(zygote)

    def test_forged_words(self):
        """The first result of its own is all that gets out, and nothing that would be read as more."""
        zygote = self.kept()
        result, over = zygote.run(WRITES_EVERYWHERE + SIMPLE)
        self.assertEqual((result["digest"], over["end"]), (self.digest(), "result"))
        own = ("import os, sys\nframe = sys._getframe()\nwhile 'token' not in frame.f_locals: frame = frame.f_back\n"
               "token, to = frame.f_locals['token'], frame.f_locals['result']\n")
        forge = "os.write(to, f'{}'.encode())\n"
        mark = "\\x1esw1 {token} result "
        result, over = zygote.run(own + forge.format(mark + "{{\"first\":1}}\\n" + mark + "{{\"second\":1}}\\n") + SIMPLE)
        self.assertEqual((result, over["end"]), ({"first": 1}, "result"))
        two_in_one = mark + "{{}} " + mark + "{{}}\\n"
        over_too = mark + "{{}}\\x1esw1 {token} over {{}}\\n"
        for line in (two_in_one, over_too, mark + "{{\"no\":\"newline\"}}", "\\n\\n" + "garbage\\n" * 100):
            result, over = zygote.run(own + forge.format(line) + "os._exit(0)\n")
            self.assertEqual((result, over["end"], over["code"]), (None, "exit", 0))
        self.assertEqual(zygote.text(), "")
        self.assert_fine(zygote)

    def test_patched_libraries_and_shared_data(self):
        zygote = self.kept()
        for attack in (PATCHES_PANDAS, MUTATES_SHARED_DATA):
            zygote.run(attack + SIMPLE)
            self.assert_fine(zygote)

    def test_ends_of_a_process(self):
        zygote = self.kept()
        for source, end, code in (("import os; os._exit(3)\n", "exit", 3), ("import os; os.abort()\n", "signal", 6),
                                  ("import os; os.kill(os.getpid(), 11)\n", "signal", 11),
                                  ("import os; os.kill(os.getpid(), 9)\n", "oom", 9)):
            over = self.assert_ends(zygote, "import os; os.write(2, b'last words\\n')\n" + source,
                                    end, code)
            self.assertEqual(over["tail"], "last words")
        result, _ = zygote.run("raise SystemExit(3)\n")
        self.assertEqual(result["outcome"], "failed")
        self.assert_fine(zygote)

    def test_two_answers_of_two_processes(self):
        zygote = self.kept()
        result, over = zygote.run("import os\nos.fork()\n" + SIMPLE)
        self.assertEqual((result["digest"], over["end"], over["killed"]), (self.digest(), "result", 1))
        self.assert_fine(zygote)

    def test_oom_score(self):
        self.assertEqual(self.kept().report(OWN_OOM_SCORE), 1000)

    def test_a_stopped_child(self):
        zygote = self.kept()
        self.assert_ends(zygote, "import os\nos.kill(os.getpid(), 19)\n", "timeout", 0, timeout_ms=300)
        self.assert_fine(zygote)


def may_unshare():
    run = subprocess.run([*PID_1, "true"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return os.geteuid() == 0 and run.returncode == 0


class AsPid1(Attacks):
    """The same as the first process of a PID namespace, where all there is can be killed at once."""
    pid_1 = True

    def test_signals_do_not_reach_it(self):
        zygote = self.kept()
        source = "import os\nfor number in range(1, 65):\n  try: os.kill(1, number)\n  except OSError: pass\n"
        self.assertEqual(zygote.run(source + SIMPLE)[0]["digest"], self.digest())
        # Neither stopped nor gone: it sleeps, or still reads what it has just handed over.
        self.assertIn(zygote.report("found = open('/proc/1/stat').read().rsplit(')')[1].split()[0]\n"), "RS")
        self.assert_fine(zygote)

    def test_nobody_else_is_there(self):
        zygote = self.kept()
        zygote.run(LEAVES_PROCESSES + SIMPLE)
        found = zygote.report("import os\nfound = [int(n) for n in os.listdir('/proc') if n.isdigit()]\n"
                              "found = [n in (1, os.getpid()) for n in found]\n")
        self.assertEqual(found, [True, True])


class WithoutADefence(Case):
    """Each attack succeeds once the statement behind `# defence: NAME` is cut out."""

    def test_all_are_marked(self):
        marks = re.findall(r"^ *# defence: (\w+)$", (SOURCES / "zygote.py").read_text(), re.MULTILINE)
        self.assertEqual(sorted(marks), sorted(DEFENCES))

    def test_deadline(self):
        zygote = self.zygote("deadline")
        zygote.send("while True: pass\n", timeout_ms=100)
        with self.assertRaises(TimeoutError):
            zygote.line(SHORT)

    def test_ceiling(self):
        result, _ = self.kept().run(EATS_600_MIB, memory_bytes=64 * MIB)
        self.assertIsNone(result)
        self.assertEqual(self.zygote("ceiling").report(EATS_600_MIB, memory_bytes=64 * MIB), 75 << 20)

    def test_oom_score(self):
        self.assertLess(self.zygote("oom_score").report(OWN_OOM_SCORE), 1000)

    def test_kill(self):
        zygote = self.zygote("kill")
        zygote.send(LEAVES_PROCESSES + SIMPLE + "report['found'] = found\n")
        _, result = zygote.own()
        pids = result["result"]["found"]
        with contextlib.suppress(TimeoutError):
            zygote.line(SHORT)
        alive = [pid for pid in pids if is_alive(pid)]
        for pid in alive:
            os.kill(pid, signal.SIGKILL)
        self.assertEqual(alive, pids)

    def test_own_pipes(self):
        zygote = self.zygote("own_pipes")
        zygote.send(WRITES_EVERYWHERE + SIMPLE)
        words = [zygote.line(), zygote.line()]
        self.assertIn(b"\x1esw1 - ready {\"forged\":1}", words)
        self.assertIn("forged", zygote.text())

    def test_undumpable(self):
        zygote = self.zygote("undumpable")
        self.assertEqual(zygote.report(WRITES_TO_ITS_PARENT), "written")
        self.assertEqual(zygote.run()[0]["python"], "6.66.6")

    def test_fork_per_job(self):
        for attack in (PATCHES_PANDAS, MUTATES_SHARED_DATA):
            zygote = self.zygote("fork_per_job")
            self.assertEqual(zygote.run()[0]["digest"], self.digest())
            zygote.run(attack + SIMPLE)
            self.assertNotEqual(zygote.run()[0]["digest"], self.digest())


class Protocol(Case):
    def test_ready(self):
        zygote = Zygote()
        self.addCleanup(zygote.close)
        times = zygote.ready()
        self.assertEqual(sorted(times), ["imports", "main", "prewarm"])
        self.assertLess(times["main"], times["imports"][0])
        self.assertLess(times["imports"][1], times["prewarm"][0])
        zygote.send()
        _, result = zygote.own()
        self.assertEqual(sorted(result["t"]), ["data", "execute", "job", "serialize", "validate", "written"])
        self.assertGreater(result["t"]["job"], times["prewarm"][1])
        zygote.own()
        again = zygote.ready()
        self.assertEqual(list(again), ["prewarm"])
        self.assertGreater(again["prewarm"][0], result["t"]["written"])

    def test_noop(self):
        result, over = self.kept().run(None, noop=True)
        self.assertEqual((result["outcome"], result["digest"]), ("ok", hashlib.sha256(b"null").hexdigest()))
        self.assertEqual(over["end"], "result")

    def test_the_validator_is_there(self):
        result, _ = self.kept().run("import os\n" + SIMPLE, validate=True)
        self.assertEqual(result["outcome"], "rejected")

    def test_a_job_larger_than_a_pipe(self):
        zygote = self.kept()
        comment = "# " + "x" * 200_000 + "\n"
        self.assertEqual(zygote.run(comment + SIMPLE)[0]["digest"], self.digest())

    def test_what_is_no_job_ends_it(self):
        for fields in ({"timeout_ms": "1"}, {"timeout_ms": -1}, {"memory_bytes": 1.5}, {"memory_bytes": True}, {"v": 2}):
            zygote = self.zygote()
            zygote.send(**fields)
            if "memory_bytes" in fields:  # the child's to read
                self.assertEqual(zygote.own()[1]["end"], "exit")
            else:
                self.assertEqual(zygote.process.wait(DEADLINE), 65)

    def test_the_end_of_its_input_ends_it(self):
        zygote = self.zygote()
        children = pathlib.Path(f"/proc/{zygote.process.pid}/task/{zygote.process.pid}/children").read_text().split()
        self.assertEqual(len(children), 1)
        zygote.process.stdin.close()
        self.assertEqual(zygote.process.wait(DEADLINE), 0)
        self.assertFalse(is_alive(int(children[0])))

    def test_a_last_line_without_its_newline(self):
        zygote = self.zygote()
        zygote.process.stdin.write(json.dumps({"v": 1, "token": "a", "noop": True}).encode())
        zygote.process.stdin.close()
        self.assertEqual([zygote.word()[1] for _ in range(3)], ["result", "over", "ready"])
        self.assertEqual(zygote.process.wait(DEADLINE), 0)

    def test_sigterm_ends_a_jobs_processes_too(self):
        zygote = self.zygote()
        zygote.send("import os, sys, time\npid = os.fork()\nif pid == 0: os.setsid()\n"
                    "if pid == 0 and os.fork(): os._exit(0)\nwhile True: time.sleep(100)\n")
        below = pathlib.Path(f"/proc/{zygote.process.pid}/task/{zygote.process.pid}/children")
        self.assertTrue(wait_until(lambda: len(below.read_text().split()) == 2))  # the orphan has come to it
        pids = [int(pid) for pid in below.read_text().split()]
        zygote.process.terminate()
        self.assertEqual(zygote.process.wait(DEADLINE), 143)
        self.assertEqual([pid for pid in pids if is_alive(pid)], [])

    def test_killed_it_takes_its_child_along(self):
        zygote = self.zygote()
        below = pathlib.Path(f"/proc/{zygote.process.pid}/task/{zygote.process.pid}/children")
        child = int(below.read_text())
        zygote.process.kill()
        zygote.process.wait()
        self.assertTrue(wait_until(lambda: not is_alive(child)))


class ManyJobs(Case):
    def test_200_in_a_row(self):
        """0 lost, 0 mixed up, and the zygote no larger for it."""
        zygote = self.zygote()
        other = SIMPLE.replace(">", "<")
        digests = [zygote.run(source)[0]["digest"] for source in (SIMPLE, other)]
        self.assertNotEqual(*digests)
        pages = []
        for number in range(200):
            result, over = zygote.run((SIMPLE, other)[number % 2])  # checks the tokens
            self.assertEqual((result["digest"], over["end"]), (digests[number % 2], "result"))
            pages.append(int(pathlib.Path(f"/proc/{zygote.process.pid}/statm").read_text().split()[1]))
        self.assertLess(pages[-1] - pages[20], 256)  # 1 MiB
        self.assertEqual(len(os.listdir(f"/proc/{zygote.process.pid}/fd")) if os.geteuid() == 0 else 10, 10)


def reachable(path):
    """A folder that nobody may look into, too."""
    return all(parent.stat().st_mode & 0o5 == 0o5 for parent in (path, *path.parents))


def main():
    global ROOT
    if not os.path.isfile(os.path.join(ROOT, "sandwatch", "host.argv")):
        print("test_zygote.py: SANDWATCH_TEST_ROOT must name an unpacked image (docker/image/build.sh makes one)")
        return 2
    with tempfile.TemporaryDirectory(prefix="sandwatch-root.") as copy:
        if os.geteuid() == 0 and not reachable(pathlib.Path(ROOT).resolve()):
            os.chmod(copy, 0o755)
            linked = subprocess.run(["cp", "-al", ROOT, f"{copy}/rootfs"], stderr=subprocess.DEVNULL)
            if linked.returncode:
                shutil.rmtree(f"{copy}/rootfs", ignore_errors=True)
                subprocess.run(["cp", "-a", ROOT, f"{copy}/rootfs"], check=True)
            ROOT = f"{copy}/rootfs"
        suite = unittest.TestSuite()
        for case in (Attacks, AsPid1, WithoutADefence, Protocol, ManyJobs):
            if case is not AsPid1 or may_unshare():
                suite.addTests(unittest.defaultTestLoader.loadTestsFromTestCase(case))
        result = unittest.TextTestRunner(stream=sys.stderr, verbosity=int(os.environ.get("V", "0"))).run(suite)
    failed = len({case.id() for case, _ in result.failures + result.errors})
    print(f"{result.testsRun - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
