"""What tests/bench/line.c measures: a line to a warm worker and back."""
import json
import pathlib

from contenders import Missing, Rung, run


def line(bench, what, count, runtime="default"):
    """What the program prints. what: noop, seeds, echo or relay."""
    path = pathlib.Path(bench.program).parent / "tests/bench/line"
    if not path.exists():
        raise Missing(f"{path} is not built (`make bench` builds it)")
    return json.loads(run([path, bench.endpoint, bench.image, runtime, what, str(count)], env=bench.environment).stdout)


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
