#!/usr/bin/env python3
"""Tests of docker/worker/worker.py, on the interpreter and libraries of an unpacked image.

SANDWATCH_TEST_ROOT   the unpacked image (docker/image/build.sh --out DIR makes DIR/rootfs)
SANDWATCH_WORKER      another worker.py than the image's own (optional)
DOCKER_HOST and SANDWATCH_TEST_IMAGE   compare host and container too (optional; needs the docker command)
"""
import base64
import hashlib
import json
import os
import pathlib
import resource
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
REPOSITORY = HERE.parent.parent
sys.path.insert(0, str(HERE))
from payloads import HONEST, HOSTILE  # noqa: E402

ROOT = os.environ.get("SANDWATCH_TEST_ROOT", "")
IMAGE = os.environ.get("SANDWATCH_TEST_IMAGE", "")
TOKEN = "0123456789abcdef" * 2
DEADLINE = 60.0
SIMPLE = "position = data.close > data.close.shift(1)\nreport = sim(position)\n"
HARDENING = ("--network none --read-only --cap-drop ALL --security-opt no-new-privileges --user 65534:65534 "
             "--pids-limit 64 --memory 2g --tmpfs /tmp:size=16m").split()


def host_command():
    directory = pathlib.Path(ROOT, "sandwatch")
    arguments = [line.replace("@ROOT@", ROOT) for line in (directory / "host.argv").read_text().splitlines()]
    override = os.environ.get("SANDWATCH_WORKER")
    if override:
        arguments = [override if "/sandwatch/worker.py" in argument else argument for argument in arguments]
    environment = dict(line.split("=", 1) for line in (directory / "host.env").read_text().splitlines())
    return arguments, environment


def strategy(name):
    return (HERE / "strategies" / name).read_bytes()


def job(source=SIMPLE, **fields):
    whole = {"v": 1, "token": TOKEN, "id": "1", "backtest": "mock", "days": 60, "symbols": 4, "seed": 42}
    if isinstance(source, bytes):
        whole["strategy_b64"] = base64.b64encode(source).decode()
    elif source is not None:
        whole["strategy"] = source
    return {**whole, **fields}


def encode(*jobs):
    return "".join(json.dumps(one) + "\n" for one in jobs).encode()


class Worker:
    """A worker on the host; results come back on descriptor 3, as the runner has it."""

    def __init__(self, *options, limits=None):
        arguments, environment = host_command()
        read_end, write_end = os.pipe()
        self.results = read_end
        self.output = tempfile.TemporaryFile()

        def prepare():
            os.dup2(write_end, 3)
            if limits:
                resource.setrlimit(*limits)

        self.process = subprocess.Popen([*arguments, "--result-fd", "3", *options], env=environment,
                                        stdin=subprocess.PIPE, stdout=self.output, stderr=subprocess.STDOUT,
                                        preexec_fn=prepare, pass_fds=(3,))
        os.close(write_end)
        self.pending = b""

    def line(self, deadline=DEADLINE):
        end = time.monotonic() + deadline
        while b"\n" not in self.pending:
            ready, _, _ = select.select([self.results], [], [], max(0, end - time.monotonic()))
            if not ready:
                raise TimeoutError("no result line")
            chunk = os.read(self.results, 1 << 16)
            if not chunk:
                raise EOFError("the worker closed its results: " + self.text()[-500:])
            self.pending += chunk
        line, self.pending = self.pending.split(b"\n", 1)
        return line

    def send(self, one):
        self.process.stdin.write(encode(one))
        self.process.stdin.flush()

    def run(self, one):
        self.send(one)
        return parse(self.line())

    def text(self):
        self.output.seek(0)
        return self.output.read().decode("utf-8", "replace")

    def finish(self):
        self.process.stdin.close()
        return self.process.wait(DEADLINE)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.output.close()
        os.close(self.results)


def parse(line):
    marker, token, kind, body = line.decode().split(" ", 3)
    assert marker == "\x1esw1" and kind == "result" and token == TOKEN, line[:100]
    return json.loads(body, parse_constant=lambda name: 1 / 0)


class Case(unittest.TestCase):
    def worker(self, *options, **keywords):
        worker = Worker(*options, **keywords)
        self.addCleanup(worker.close)
        return worker

    def check(self, result, outcome, *texts):
        self.assertEqual(result["outcome"], outcome, result["error"])
        for text in texts:
            self.assertIn(text, result["error"])
        if outcome == "ok":
            self.assertIsNone(result["error"])
        else:
            self.assertIsNone(result["result"])
            self.assertIsNone(result["digest"])
            self.assertLessEqual(len(result["error"]), 2000)


class Persistent(Case):
    """One worker for all of a class's tests: that it survives each of them is half of the test."""

    @classmethod
    def setUpClass(cls):
        cls.shared = Worker()
        cls.addClassCleanup(cls.shared.close)

    def run_job(self, source=SIMPLE, **fields):
        return self.shared.run(job(source, **fields))


class Validation(Persistent):
    pass


def add_validation_tests():
    def hostile(source):
        def test(self):
            self.check(self.run_job(source), "rejected")
        return test

    def honest(source):
        def test(self):
            for backtest in ("mock", "real"):
                self.check(self.run_job(source, backtest=backtest), "ok")
        return test

    for name, source in HOSTILE.items():
        setattr(Validation, "test_rejects_" + name.replace(" ", "_"), hostile(source))
    for name, source in HONEST.items():
        setattr(Validation, "test_accepts_" + name.replace(" ", "_"), honest(source))
    for path in sorted((REPOSITORY / "config" / "strategies").glob("*.py")):
        setattr(Validation, "test_accepts_" + path.name, honest(path.read_bytes()))


add_validation_tests()


class Messages(Persistent):
    def test_a_rejection_names_line_call_and_reason(self):
        result = self.run_job("a = 1\n\nopen('/etc/passwd')")
        self.check(result, "rejected", "line 3: calls 'open': files")
        self.assertEqual(result["error_line"], 3)
        self.assertNotIn("execute", result["t"])

    def test_syntax_error(self):
        self.check(self.run_job(strategy("broken_syntax.py")), "rejected", "line 2: SyntaxError: invalid syntax")

    def test_empty(self):
        self.check(self.run_job(""), "rejected", "strategy is empty: it needs at least report = sim(position)")
        self.check(self.run_job(strategy("empty.py")), "rejected", "strategy is empty: it needs at least report = sim(position)")

    def test_invalid_utf8(self):
        result = self.run_job(strategy("invalid_utf8.py"))
        self.check(result, "rejected", "strategy is not valid UTF-8: byte 0xe9 at offset 33")
        self.assertEqual(result["error_line"], 2)

    def test_nul_byte(self):
        self.check(self.run_job(strategy("nul_byte.py")), "rejected", "NUL byte at offset")

    def test_lone_surrogate(self):
        self.check(self.run_job("x = '\ud800'"), "rejected", "lone surrogate")

    def test_exception_with_its_line(self):
        result = self.run_job(strategy("divides_by_zero.py"))
        self.check(result, "failed", "ZeroDivisionError: division by zero (line 4)")
        self.assertEqual(result["error_line"], 4)
        self.assertIn("execute", result["t"])
        self.assertNotIn("serialize", result["t"])

    def test_a_long_error_keeps_its_line(self):
        result = self.run_job("raise ValueError('x' * 100000)")
        self.check(result, "failed", "ValueError: xxx", "(line 1)")

    def test_an_error_with_odd_characters(self):
        result = self.run_job("raise ValueError(chr(0) + chr(0xd800) + 'é')", validate=False)
        self.check(result, "failed", "\\x00\\ud800é")

    def test_nan(self):
        self.check(self.run_job(strategy("returns_nan.py")), "failed", "result.sharpe is NaN:")

    def test_infinite_and_nested(self):
        self.check(self.run_job(SIMPLE + "report['a'] = [1, {'b': np.inf}]"), "failed", "result.a[1].b is infinite")

    def test_infinite_position(self):
        self.check(self.run_job("report = sim(data.close / 0)"), "failed", "infinite position", "(line 1)")

    def test_a_position_that_is_no_frame(self):
        self.check(self.run_job("report = sim([1, 2])"), "failed", "sim() needs a DataFrame", "not list")

    def test_a_position_of_text(self):
        self.check(self.run_job("report = sim(data.close.astype(str) + 'x')"), "failed", "numbers or True and False")

    def test_report_of_other_things(self):
        self.check(self.run_job(SIMPLE + "report['a'] = data.close"), "failed", "result.a is a DataFrame")
        self.check(self.run_job(SIMPLE + "report[3] = 1"), "failed", "result has the key 3")
        self.check(self.run_job(SIMPLE + "report['n'] = 2 ** 60"), "failed", "result.n is too large")
        self.check(self.run_job(SIMPLE + "report['n'] = list(range(50000))"), "failed", "too large")
        self.check(self.run_job(SIMPLE + "report['me'] = report"), "failed", "too large")

    def test_never_simulates(self):
        self.check(self.run_job(strategy("never_simulates.py")), "failed", "never called sim()", "report = sim(position)")

    def test_reports_nothing(self):
        self.check(self.run_job(strategy("reports_nothing.py")), "failed", "assigned no report", "report = sim(position)")

    def test_reports_something_else(self):
        self.check(self.run_job(SIMPLE + "report = 5"), "failed", "report is a int")

    def test_recursion(self):
        self.check(self.run_job(strategy("recurses.py")), "failed", "RecursionError")

    def test_leaving_is_an_error_of_the_strategy(self):
        self.check(self.run_job(strategy("exits.py"), validate=False), "failed", "SystemExit: 3 (line 4)")
        self.check(self.run_job(strategy("interrupts.py"), validate=False), "failed", "KeyboardInterrupt (line 2)")

    def test_bad_fields(self):
        for field, value, text in (("days", 1, "days must be"), ("days", 100001, "days must be"),
                                   ("days", "252", "days must be"), ("symbols", 0, "symbols must be"),
                                   ("symbols", True, "symbols must be"), ("seed", -1, "seed must be"),
                                   ("backtest", "imaginary", "backtest must be")):
            self.check(self.run_job(**{field: value}), "failed", text)
        self.check(self.run_job(days=100000, symbols=5000), "failed", "days × symbols")
        self.check(self.run_job(None), "failed", "has no strategy")
        self.check(self.run_job(None, strategy_b64="%%%"), "failed", "not base64")


class Contract(Persistent):
    def test_result_and_digest(self):
        result = self.run_job(backtest="real", id="abc")
        self.check(result, "ok")
        self.assertEqual(result["id"], "abc")
        text = json.dumps(result["result"], sort_keys=True, separators=(",", ":"), allow_nan=False)
        self.assertEqual(result["digest"], hashlib.sha256(text.encode()).hexdigest())

    def test_the_interpreter_names_its_version(self):
        result = self.run_job()
        self.assertRegex(result["python"], r"^3\.\d+\.\d+$")
        self.assertEqual(self.run_job("x = ")["python"], result["python"])

    def test_same_job_same_digest(self):
        for backtest in ("mock", "real"):
            digests = {self.run_job(backtest=backtest)["digest"] for _ in range(3)}
            self.assertEqual(len(digests), 1)

    def test_another_seed_another_digest(self):
        self.assertNotEqual(self.run_job(seed=1)["digest"], self.run_job(seed=2)["digest"])

    def test_times_are_in_order(self):
        result = self.run_job()
        times = result["t"]
        flat = [times["job"]]
        for phase in ("validate", "data", "execute", "serialize"):
            flat += times[phase]
        flat.append(times["written"])
        self.assertEqual(flat, sorted(flat))
        self.assertLess(abs(time.monotonic_ns() - times["written"]), 5_000_000_000)

    def test_names_do_not_survive_a_job(self):
        self.check(self.run_job("leak = 1\n" + SIMPLE), "ok")
        self.check(self.run_job("x = leak\n" + SIMPLE), "failed", "NameError")

    def test_data_is_fresh(self):
        digest = self.run_job(backtest="real")["digest"]
        self.check(self.run_job("data.close.iloc[:, :] = 1.0\nreport = sim(data.close)"), "ok")
        self.assertEqual(self.run_job(backtest="real")["digest"], digest)

    def test_editing_the_data_changes_no_return(self):
        edit = "position = data.close > 0\nfor i in range(30):\n    data.close.iloc[i] = 2.0 ** i\nreport = sim(position)"
        honest = "position = data.close > 0\nreport = sim(position)"
        self.assertEqual(self.run_job(edit, backtest="real")["digest"], self.run_job(honest, backtest="real")["digest"])

    def test_sets_of_text_keep_their_order(self):
        source = SIMPLE + "report['order'] = list({'alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'})"
        first = self.run_job(source)["digest"]
        self.assertEqual(self.worker().run(job(source))["digest"], first)

    def test_printed_bytes_are_counted(self):
        result = self.run_job("print('é', 1)\nprint('a', 'b', sep='', end='')\n" + SIMPLE)
        self.assertEqual(result["stdout_bytes"], len("é 1\nab".encode()))

    def test_real_backtest_by_hand(self):
        """Held from the first day on without costs, one symbol: its price ratio from the second day."""
        one = {"days": 40, "symbols": 1, "backtest": "real"}
        last = self.run_job(SIMPLE + "report['a'] = data.close.iloc[0, 0]\nreport['b'] = data.close.iloc[-1, 0]", **one)
        held = self.run_job("report = sim(data.close > 0, fee=0, tax=0)", **one)["result"]
        expected = last["result"]["b"] / last["result"]["a"] - 1.0
        self.assertAlmostEqual(held["total_return"], expected, places=10)
        self.assertEqual(held["trades"], 1)
        self.assertEqual(held["turnover"], 1)

    def test_costs_by_hand(self):
        one = {"days": 10, "symbols": 1, "backtest": "real"}
        source = "position = data.close * 0\nposition.iloc[3, 0] = 1\nreport = sim(position, fee={}, tax={})"
        free = self.run_job(source.format(0, 0), **one)["result"]["total_return"]
        paid = self.run_job(source.format(0.01, 0.02), **one)["result"]["total_return"]
        self.assertAlmostEqual(paid, (1 + free - 0.01) * (1 - 0.03) - 1, places=9)

    def test_no_position_is_a_flat_line(self):
        result = self.run_job("report = sim(data.close < 0)", backtest="real")["result"]
        self.assertEqual((result["sharpe"], result["total_return"], result["trades"]), (0, 0, 0))

    def test_bounds_of_the_data(self):
        for size in ({"days": 2, "symbols": 1}, {"days": 100000, "symbols": 1}, {"days": 2, "symbols": 5000}):
            for backtest in ("mock", "real"):
                self.check(self.run_job(backtest=backtest, **size), "ok")


class Processes(Case):
    def test_ready_line_then_results_until_the_end_of_input(self):
        worker = self.worker("--announce")
        marker, dash, kind, body = worker.line().decode().split(" ", 3)
        self.assertEqual((marker, dash, kind), ("\x1esw1", "-", "ready"))
        self.assertEqual(set(json.loads(body)["t"]), {"main", "imports"})
        self.assertIn("main", worker.run(job())["t"])
        self.assertNotIn("main", worker.run(job())["t"])
        self.assertEqual(worker.finish(), 0)

    def test_once_ends_the_worker(self):
        worker = self.worker()
        worker.run(job(once=True))
        self.assertEqual(worker.process.wait(DEADLINE), 0)

    def test_last_line_without_newline(self):
        worker = self.worker()
        worker.process.stdin.write(encode(job()).rstrip(b"\n"))
        worker.process.stdin.close()
        self.check(parse(worker.line()), "ok")
        self.assertEqual(worker.process.wait(DEADLINE), 0)

    def test_result_on_stdout_moves_prints_to_stderr(self):
        arguments, environment = host_command()
        run = subprocess.run([*arguments, "--result-fd", "1"], env=environment, capture_output=True, timeout=DEADLINE,
                             input=encode(job("print('hello')\n" + SIMPLE)))
        self.check(parse(run.stdout.rstrip(b"\n")), "ok")
        self.assertEqual(run.stderr, b"hello\n")

    def test_maps_nothing_outside_the_root(self):
        worker = self.worker()
        worker.run(job(backtest="real"))
        maps = pathlib.Path(f"/proc/{worker.process.pid}/maps").read_text().splitlines()
        files = {line.split(None, 5)[5] for line in maps if len(line.split(None, 5)) == 6}
        files = {name for name in files if name.startswith("/")}
        self.assertGreater(len(files), 20)
        self.assertEqual({name for name in files if not name.startswith(os.path.realpath(ROOT) + "/")}, set())

    def test_nothing_of_the_user_reaches_it(self):
        source = "import os\nprint(sorted(os.environ))\n" + SIMPLE
        worker = self.worker()
        worker.run(job(source, validate=False))
        self.assertNotIn("USER", worker.text())
        self.assertEqual(host_command()[1]["HOME"], "/nonexistent")

    def broken(self, data):
        worker = self.worker()
        try:
            worker.process.stdin.write(data)
            worker.process.stdin.close()
        except BrokenPipeError:
            pass
        code = worker.process.wait(DEADLINE)
        return code, worker.text()

    def test_what_is_no_job_ends_the_worker(self):
        for data, text in ((b"not json\n", "not JSON"), (b"[]\n", "not an object"), (b'{"v":2}\n', "not an object"),
                           (b'{"v":1}\n', "no valid token"), (b'{"v":1,"token":"a\\nb"}\n', "no valid token"),
                           (b"[" * 100000 + b"\n", "not JSON"), (b"\xff\xfe\n", "not JSON")):
            code, output = self.broken(data)
            self.assertEqual(code, 65, output)
            self.assertIn("sandwatch-worker: a job line", output)
            self.assertIn(text, output)

    def test_endless_job_line(self):
        code, output = self.broken(b"x" * (9 << 20))
        self.assertEqual(code, 65)
        self.assertIn("longer than", output)

    def test_options(self):
        arguments, environment = host_command()
        for options in ([], ["--result-fd"], ["--result-fd", "x"], ["--result-fd", "77"], ["--wat"]):
            run = subprocess.run([*arguments, *options], env=environment, capture_output=True, timeout=DEADLINE,
                                 stdin=subprocess.DEVNULL)
            self.assertEqual(run.returncode, 70)
            self.assertIn(b"usage: worker.py", run.stderr)

    def told(self, *sources):
        """What a worker that tells its phases writes for a job each: the words of its hints, and the results."""
        worker = self.worker("--phases")
        hints, results = [], []
        for source in sources:
            worker.send(job(source))
            while b" result " not in (line := worker.line()):
                hints.append(line.decode().split(" "))
            results.append(parse(line))
        return hints, results

    def test_phases_are_told_as_they_begin(self):
        hints, (first, second) = self.told(SIMPLE, SIMPLE)
        own = [["\x1esw1", TOKEN, "phase", phase] for phase in ("execute",)]
        self.assertEqual(hints, [["\x1esw1", "-", "phase", "imports"], *own, *own])
        self.check(first, "ok")
        self.check(second, "ok")
        # What the result says is as without: the same stamps, in the same order.
        worker = self.worker()
        plain = worker.run(job())
        self.assertEqual(first["t"].keys(), plain["t"].keys())
        self.assertEqual({**first, "t": None}, {**plain, "t": None})

    def test_a_phase_that_is_not_reached_is_not_told(self):
        hints, (result,) = self.told("import os\n")
        self.check(result, "rejected")
        self.assertEqual([words[3] for words in hints], ["imports"])

    def test_the_imports_are_told_before_there_is_a_job(self):
        worker = self.worker("--phases", "--announce")
        self.assertEqual(worker.line(), b"\x1esw1 - phase imports")
        self.assertTrue(worker.line().startswith(b"\x1esw1 - ready "))

    def test_without_the_option_nothing_is_told(self):
        worker = self.worker()
        worker.send(job())
        parse(worker.line())  # the first line is the result already

    def test_who_takes_no_hints_gets_the_result(self):
        arguments, environment = host_command()
        read_end, write_end = os.pipe()
        self.addCleanup(os.close, read_end)
        os.set_blocking(write_end, False)
        filled = os.write(write_end, b"x" * (1 << 20))
        process = subprocess.Popen([*arguments, "--result-fd", str(write_end), "--phases"], env=environment,
                                   stdin=subprocess.PIPE, stdout=subprocess.PIPE, pass_fds=(write_end,))
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.wait, DEADLINE)
        self.addCleanup(process.kill)
        os.close(write_end)
        process.stdin.write(encode(job(SIMPLE + "print('over')\n")))
        process.stdin.close()
        # Written when the job is over: only the result is still to come, and waits for room.
        self.assertEqual(process.stdout.readline(), b"over\n")
        seen = bytearray()
        while chunk := os.read(read_end, 1 << 16):
            seen += chunk
        self.assertEqual(process.wait(DEADLINE), 0)
        self.assertEqual(parse(bytes(seen[filled:]))["outcome"], "ok")

    def test_flood(self):
        worker = self.worker()
        result = worker.run(job(strategy("prints_100mb.py")))
        self.check(result, "ok")
        self.assertEqual(result["stdout_bytes"], 100_000_000)
        self.assertEqual(len(worker.text()), 100_000_000)

    def test_a_forged_line_does_not_reach_the_results(self):
        worker = self.worker()
        self.check(worker.run(job(strategy("forges_a_result.py"))), "failed", "ZeroDivisionError")
        self.assertIn("\x1esw1 0000", worker.text())

    def test_memory_error(self):
        worker = self.worker(limits=(resource.RLIMIT_AS, (1 << 30, 1 << 30)))
        self.check(worker.run(job(strategy("allocates_everything.py"))), "failed", "MemoryError", "(line 4)")
        self.check(worker.run(job()), "ok")

    def test_deaths(self):
        for name, expected in (("kills_itself.py", -signal.SIGKILL), ("aborts.py", -signal.SIGABRT),
                               ("segfaults.py", -signal.SIGSEGV), ("vanishes.py", 0)):
            worker = self.worker(limits=(resource.RLIMIT_CORE, (0, 0)))
            with self.assertRaises(EOFError):
                worker.run(job(strategy(name), validate=False))
            self.assertEqual(worker.process.wait(DEADLINE), expected, name)

    def test_endless_strategies_die_by_kill(self):
        for name in ("loops_forever.py", "swallows_everything.py"):
            worker = self.worker("--announce")
            worker.line()
            worker.send(job(strategy(name)))
            with self.assertRaises(TimeoutError):
                worker.line(deadline=0.3)
            worker.process.kill()
            self.assertEqual(worker.process.wait(DEADLINE), -signal.SIGKILL)

    @unittest.skipUnless(IMAGE and os.environ.get("DOCKER_HOST") and shutil.which("docker"),
                         "set DOCKER_HOST and SANDWATCH_TEST_IMAGE to compare with a container")
    def test_container_and_host_agree_to_the_last_digit(self):
        momentum = (REPOSITORY / "config" / "strategies" / "momentum.py").read_bytes()
        jobs = [job(momentum, backtest=backtest, days=252, symbols=10) for backtest in ("mock", "real")]
        run = subprocess.run(["docker", "run", "--rm", "-i", *HARDENING, IMAGE], input=encode(*jobs),
                             capture_output=True, timeout=DEADLINE)
        lines = [line for line in run.stdout.splitlines() if b" phase " not in line]
        inside = [parse(line)["digest"] for line in lines]
        worker = self.worker()
        self.assertEqual(inside, [worker.run(one)["digest"] for one in jobs], run.stderr)


def main():
    if not os.path.isfile(os.path.join(ROOT, "sandwatch", "host.argv")):
        print("test_worker.py: SANDWATCH_TEST_ROOT must name an unpacked image (docker/image/build.sh makes one)")
        return 2
    suite = unittest.defaultTestLoader.loadTestsFromModule(sys.modules[__name__])
    result = unittest.TextTestRunner(stream=sys.stderr, verbosity=int(os.environ.get("V", "0"))).run(suite)
    failed = len({case.id() for case, _ in result.failures + result.errors})
    skipped = f", {len(result.skipped)} skipped" if result.skipped else ""
    print(f"{result.testsRun - failed - len(result.skipped)} passed, {failed} failed{skipped}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
