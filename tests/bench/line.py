"""A line to a warm worker and back: what tests/bench/line.c measures, and the same without an engine."""
import json
import os
import pathlib
import subprocess
import time

from contenders import Failed, Missing, Rung, run


def line(bench, what, count, runtime="default"):
    """What the program prints. what: noop, seeds, echo or relay."""
    path = pathlib.Path(bench.program).parent / "tests/bench/line"
    if not path.exists():
        raise Missing(f"{path} is not built (`make bench` builds it)")
    return json.loads(run([path, bench.endpoint, bench.image, runtime, what, str(count)], env=bench.environment).stdout)


class HostLines:
    """The same zygote on the host, and jobs without work: what is left of a line's way when there is no engine on it."""

    def __init__(self, root):
        def listed(name):
            lines = (root / "sandwatch" / name).read_text().splitlines()
            return [line.replace("@ROOT@", str(root)) for line in lines if line]
        self.results, ours = os.pipe()
        self.said = b""
        self.worker = subprocess.Popen([*listed("host.argv"), "--result-fd", str(ours), "--zygote"], stdin=subprocess.PIPE,
                                       stdout=subprocess.DEVNULL, pass_fds=[ours],
                                       env=dict(line.split("=", 1) for line in listed("host.env")))
        os.close(ours)
        self.until(" ready ")

    def until(self, word):
        while True:
            line, newline, rest = self.said.partition(b"\n")
            if not newline:
                more = os.read(self.results, 1 << 16)
                if not more:
                    raise Failed("the worker on the host ended")
                self.said += more
                continue
            self.said = rest
            if word.encode() in line:
                return

    def take(self, count):
        """The times of COUNT lines, each sent when the last one's successor is ready."""
        return [self.once(i) for i in range(count)]

    def once(self, number):
        job = json.dumps({"v": 1, "token": f"line{number}", "noop": True, "timeout_ms": 60000}).encode() + b"\n"
        begin = time.monotonic_ns()
        os.write(self.worker.stdin.fileno(), job)
        self.until(" result ")
        end = time.monotonic_ns()
        self.until(" ready ")
        return end - begin

    def close(self):
        self.worker.stdin.close()
        self.worker.wait()
        os.close(self.results)


class WarmLine(Rung):
    """Runs no command: a worker of sandwatch's warm kind is handed a job without work."""
    name = "sandwatch, warm line"
    what = "a job without work, from the write of its line to its result's last byte, by tests/bench/line.c"
    each = 10  # lines for each run of the others: one takes less than a ms

    def __init__(self, bench, runtime):
        super().__init__(bench)
        self.runtime = runtime

    def unable(self, workload):
        return "" if workload.is_python else "it runs no command"

    def block(self, workload, count):
        return line(self.bench, "noop", self.each * count, self.runtime)["line_ns"]
