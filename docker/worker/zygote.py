# The zygote: a worker that imports once and runs each job in a child of its own, which was forked and
# warmed up before the job came. Loaded by worker.py --zygote, in a container (as its first process, PID 1)
# and on the host. Needs Python 3.9 and Linux.
#
# Its words (core/worker.h), on the result descriptor; T is the job's token:
#   \x1esw1 - ready {"t":{"prewarm":[start,end]}}    a child waits; first of all with main and imports, too
#   \x1esw1 T result {...}                           the child's own line, forwarded whole and once, or never
#   \x1esw1 T over {"end":E,"code":N,"stdout_bytes":N,"stderr_bytes":N,"tail":S,"killed":N}
# `over` comes once per job, after all the job's processes are gone; that of a job with a result comes with the
# next `ready`. E is
#   result   it answered                   timeout  timeout_ms passed
#   flood    1 MiB of results, no answer   oom      its ceiling stopped it, or the kernel killed it
#   exit     it left with code (-1: it gave its results up and lived on)
#   signal   it died by signal code
# `killed` counts the processes that the job left beside its own.
#
# Job fields: timeout_ms (0: no deadline), memory_bytes (address space beyond what the child has when the
# job comes; 0: no ceiling), and those of worker.py.
#
# What keeps jobs apart stands behind a comment line `# defence: NAME`, each in the one statement that
# follows. Tests cut that statement out and see the attack succeed, so it has to stay one statement, and
# what stands before it has to work without it.
import contextlib
import ctypes
import errno
import gc
import os
import resource
import select
import signal
import sys
import time

RESULT_MAX = 1 << 20
TAIL_MAX = 1000
READ_SIZE = 1 << 16
DRAIN_READS = 32  # a pipe holds 1 MiB at most
EXIT_FULL = 75  # a child's, that its ceiling stopped
DEATH_MS = 200  # from the end of a child's results to its own
SLICE_MS = 20  # between looks at a child, where there is no pidfd_open
KILL_S = 0.0003  # between looks at what has been killed
WAY_S = 0.0005  # a result's, to its reader
PREWARM_MS = 60_000
PREWARM_TRIES = 3
PREWARM_CELLS_MAX = 200_000
PR_SET_PDEATHSIG, PR_SET_DUMPABLE, PR_SET_CHILD_SUBREAPER = 1, 4, 36

space_ahead = 0  # a child's own, once it has rehearsed

# Touches what strategies mostly use; what it computes is never seen.
PREWARM_STRATEGY = """
close = data.close
change = close.pct_change(5)
momentum = close / close.shift(5) - 1.0
strongest = momentum.rank(axis=1, ascending=False) <= 5
rising = close > close.rolling(5).mean()
liquid = data.volume > data.volume.rolling(5).mean() * 0.8
spread = (data.high - data.low).ewm(span=5).mean().fillna(0.0)
calm = change.rolling(5).std() < change.std()
best = momentum.where(rising).max(axis=1).cumsum().clip(0.0, 1.0)
position = (strongest & rising & liquid | calm).astype(float) * np.sign(np.abs(spread) + 1.0)
report = sim(position)
"""


def prctl(option, value):
    if libc.prctl(option, value, 0, 0, 0) < 0:
        raise OSError(ctypes.get_errno(), f"prctl {option}")


def monotonic_ms():
    return time.monotonic_ns() // 1_000_000


def field(job, name):
    value = job.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 1 << 62:
        raise worker.Broken(f"a job's {name} is not a whole number")
    return value


# ---------------------------------------------------------------- in the child

def raise_oom_score():
    """When memory runs out the kernel takes the job, not who started it."""
    # The files below /proc of who is undumpable belong to root.
    prctl(PR_SET_DUMPABLE, 1)
    try:
        with open("/proc/self/oom_score_adj", "w") as file:
            file.write("1000")
    except OSError:
        pass
    prctl(PR_SET_DUMPABLE, 0)


def use_own_pipes(job, result, out, err):
    """Nothing that the child has open is anybody else's."""
    os.dup2(job, 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    low, high = sorted((job, result))
    os.closerange(3, low)
    os.closerange(low + 1, high)
    os.closerange(high + 1, descriptors_end)


def address_space():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[0]) * resource.getpagesize()


def limit_memory(memory_bytes):
    if memory_bytes:
        limit = (space_ahead or address_space()) + memory_bytes
        resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def leave_full(error):
    """Out of its memory: no result, as in a container that the kernel stops."""
    try:
        os.write(2, f"\n{worker.describe(error)[0]}\n".encode())
    finally:
        os._exit(EXIT_FULL)


def run_line(line, result):
    read_at = time.monotonic_ns()
    job = worker.parse_job(line)
    token = job.pop("token")
    memory_bytes = field(job, "memory_bytes")
    # defence: ceiling
    limit_memory(memory_bytes)
    times = {"job": read_at}
    try:
        envelope, answer = worker.run_job(job, times, {}, (MemoryError,) if memory_bytes else ())
    except MemoryError as error:
        leave_full(error)
    worker.answer(result, token, envelope, answer, times)


def child_main(pipes):
    global space_ahead
    job, result, out, err = pipes
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    os.setsid()
    prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    # defence: oom_score
    raise_oom_score()
    # defence: own_pipes
    use_own_pipes(job, result, out, err)
    gc.enable()
    for line in worker.job_lines(job):
        run_line(line, result)
        space_ahead = address_space()  # after the rehearsal: reading it takes time that a job would wait for


# ---------------------------------------------------------------- a child, from outside

class Stream:
    """What a job prints: counted, the end of it kept, none of it passed on."""

    def __init__(self):
        self.bytes, self.tail = 0, b""

    def feed(self, chunk):
        self.bytes += len(chunk)
        self.tail = (self.tail + chunk)[-TAIL_MAX:]

    def last_line(self):
        lines = self.tail.decode("utf-8", "backslashreplace").split("\n")
        return next((line.strip() for line in reversed(lines) if line.strip()), "")


class Child:
    def __init__(self):
        ends = [os.pipe() for _ in range(4)]  # the job's, and those of results, output and errors
        (job, self.job), (self.result, result), (self.out, out), (self.err, err) = ends
        self.pid = os.fork()
        if self.pid == 0:
            self.be((job, result, out, err))
        for end in (job, result, out, err):
            os.close(end)
        for end in (self.job, self.result, self.out, self.err):
            os.set_blocking(end, False)
        self.streams = {self.out: Stream(), self.err: Stream()}
        self.pending, self.received, self.line = b"", 0, bytearray()
        self.poll = select.poll()
        for end in (self.result, self.out, self.err):
            self.poll.register(end, select.POLLIN)
        self.pidfd = self.open_pidfd()

    def be(self, pipes):
        """Never returns: what goes wrong in a child stays in it."""
        try:
            child_main(pipes)
            os._exit(0)
        except BaseException as error:
            worker.complain(f"{type(error).__name__}: {error}")
            worker.flush_output()
        finally:
            os._exit(worker.EXIT_PROTOCOL)

    def open_pidfd(self):
        try:
            pidfd = os.pidfd_open(self.pid)
        except (AttributeError, OSError):  # an old kernel, or a profile that does not know it
            return -1
        self.poll.register(pidfd, select.POLLIN)
        return pidfd

    def close(self):
        for end in (self.job, self.result, self.out, self.err, self.pidfd):
            if end >= 0:
                os.close(end)

    def is_dead(self):
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def hand_over(self, line):
        """As much of the line as the pipe takes: a child that does not read keeps nobody here."""
        try:
            line = line[os.write(self.job, line):]
        except BlockingIOError:
            pass
        except BrokenPipeError:
            line = b""
        if line and not self.pending:
            self.poll.register(self.job, select.POLLOUT)
        elif self.pending and not line:
            self.poll.unregister(self.job)
        self.pending = line

    def read_stream(self, end):
        """Whether there was anything."""
        try:
            chunk = os.read(end, READ_SIZE)
        except BlockingIOError:
            return False
        self.streams[end].feed(chunk)
        return bool(chunk)

    def read_result(self, prefix):
        """A result's line once one is whole; "flood"; "closed" when no more can come; None else."""
        try:
            chunk = os.read(self.result, READ_SIZE)
        except BlockingIOError:
            return None
        if not chunk:
            return "closed"
        self.received += len(chunk)
        self.line += chunk
        if b"\n" in chunk:
            *lines, self.line = self.line.split(b"\n")
            for line in lines:
                # A mark further on would begin a line of ours.
                if line.startswith(prefix) and line.rfind(b"\x1e") == 0:
                    return line + b"\n"
        return "flood" if self.received > RESULT_MAX else None

    def last_result(self, prefix):
        """After its death: what is in the pipe still."""
        while True:
            before = self.received
            found = self.read_result(prefix)
            if found is not None or self.received == before:
                return found

    def follow(self, prefix, deadline):
        """Until it has answered, died or spent its time. (The result's line or None, how it ended)"""
        while True:
            left = None if deadline is None else max(0, deadline - monotonic_ms())
            slice_ms = left if self.pidfd >= 0 else min(SLICE_MS, left if left is not None else SLICE_MS)
            events = self.poll.poll(slice_ms)
            died = False
            for end, _ in events:
                if end == self.result:
                    found = self.read_result(prefix)
                    if isinstance(found, bytearray):
                        return found, "result"
                    if found:
                        return None, found
                elif end in self.streams:
                    if not self.read_stream(end):
                        self.poll.unregister(end)
                elif end == self.job:
                    self.hand_over(self.pending)
                else:
                    died = True
            if died or self.pidfd < 0 and self.is_dead():
                found = self.last_result(prefix)
                return (found, "result") if isinstance(found, bytearray) else (None, found or "closed")
            if left == 0:
                return None, "timeout"

    def has_died(self):
        """Of itself: its descriptors are closed a moment before."""
        until = monotonic_ms() + DEATH_MS
        while not self.is_dead():
            if monotonic_ms() >= until:
                return False
            time.sleep(0.001)
        return True

    def drain(self):
        for end in self.streams:
            for _ in range(DRAIN_READS):
                if not self.read_stream(end):
                    break

    def tail(self):
        return self.streams[self.err].last_line() or self.streams[self.out].last_line()


# ---------------------------------------------------------------- the end of a job's processes

def descendants():
    """Of this process, whatever groups and sessions they are in: orphans come back to it."""
    found, tasks = [], [os.getpid()]
    while tasks:
        pid = tasks.pop()
        try:
            for task in os.listdir(f"/proc/{pid}/task"):
                with open(f"/proc/{pid}/task/{task}/children") as file:
                    children = [int(child) for child in file.read().split()]
                found += children
                tasks += children
        except OSError:
            pass  # it is gone: its children are ours now, and found the next time
    return found


def signal_all(group):
    if os.getpid() == 1:
        # All of the container but this process. The kernel sees to it that none slips through by forking.
        with contextlib.suppress(ProcessLookupError):
            os.kill(-1, signal.SIGKILL)
        return
    victims = descendants()
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
    for pid in victims:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)


def kill_all(group, statuses):
    """Kills and reaps every process of a job. It is over when nobody is left to be waited for: what /proc
    lists is not always complete while processes end."""
    while True:
        signal_all(group)
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
            while pid:
                statuses[pid] = status
                pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        time.sleep(KILL_S)


# ---------------------------------------------------------------- the zygote

class Zygote:
    def __init__(self, sink, times):
        self.sink, self.times = sink, times
        self.sizes = {"backtest": "real", "days": 252, "symbols": 10}
        self.child = None
        self.unsaid = ""
        self.nowhere = os.open("/dev/null", os.O_WRONLY | os.O_CLOEXEC)

    def tell(self, token, word, values, may_wait=False):
        """MAY_WAIT: until the next line, as nobody can do anything before: each write wakes all who pass it on."""
        self.unsaid += f"\x1esw1 {token} {word} {worker.canonical(values)}\n"
        if not may_wait:
            worker.write_all(self.sink, self.unsaid)
            self.unsaid = ""

    def fork(self):
        """A new child, which has rehearsed a job: a fork leaves all memory to be copied at the first use, by us
        as well."""
        begin = time.monotonic_ns()
        line = worker.canonical({"v": worker.PROTOCOL, "token": "prewarm", "strategy": PREWARM_STRATEGY,
                                 "timeout_ms": PREWARM_MS, **self.sizes}).encode()
        for _ in range(PREWARM_TRIES):
            self.child = Child()
            end = self.exchange(line, self.nowhere)[1]
            if end == "result":
                self.child.received = 0
                break
            kill_all(self.child.pid, {})
            self.child.drain()
            tail = self.child.tail()
            self.child.close()
        else:
            worker.write_all(self.sink, self.unsaid)
            raise worker.Broken(f"no child comes up ({end}): {tail}")
        self.tell("-", "ready", {"t": {**self.times, "prewarm": [begin, time.monotonic_ns()]}})
        self.times = {}

    def remember_sizes(self, job):
        """The next job is most likely of the same kind. Only numbers: no code of one job is in another's child."""
        sizes = {name: job.get(name) for name in ("days", "symbols")}
        if all(type(size) is int for size in sizes.values()) and job.get("backtest") in worker.BACKTESTS:
            if 2 <= sizes["days"] and 1 <= sizes["symbols"] and sizes["days"] * sizes["symbols"] <= PREWARM_CELLS_MAX:
                self.sizes = {"backtest": job["backtest"], **sizes}

    def exchange(self, line, sink):
        """What a caller waits for: from the job's line to its result's. (The job, how it ended)"""
        self.child.hand_over(line + b"\n")  # first: the child is on its way while the line is read here
        job = worker.parse_job(line)
        token, timeout_ms = job["token"], field(job, "timeout_ms")
        deadline = None
        # defence: deadline
        deadline = monotonic_ms() + timeout_ms if timeout_ms else None
        result, end = self.child.follow(f"\x1esw1 {token} result ".encode(), deadline)
        if result:
            write_bytes(sink, result)
        return job, end

    def let_pass(self):
        """A result goes through several processes to its reader, and on few CPUs the end of one with that much
        memory keeps each of them waiting. Cut short by the next line, or the last."""
        select.select([0], [], [], WAY_S)

    def run(self, line):
        job, end = self.exchange(line, self.sink)
        if end == "result":
            self.let_pass()
        child, token = self.child, job["token"]
        self.remember_sizes(job)
        child.used = False
        # defence: fork_per_job
        child.used = True
        if child.used:
            self.end(token, end)
            self.fork()
        else:
            self.go_on(token, end)

    def end(self, token, end):
        child, statuses = self.child, {}
        died = end == "closed" and child.has_died()
        # defence: kill
        kill_all(child.pid, statuses)
        if child.pid not in statuses:
            statuses[child.pid] = os.waitpid(child.pid, 0)[1]
        child.drain()
        end, code = name_end(end, died, statuses.pop(child.pid))
        self.tell_over(token, (end, code), len(statuses))
        child.close()

    def go_on(self, token, end):
        """Only without the defence: the same process takes the next job."""
        self.tell_over(token, (end, 0), 0)
        self.child.received = 0
        self.tell("-", "ready", {"t": {}})

    def tell_over(self, token, end, killed):
        child = self.child
        out, err = child.streams[child.out], child.streams[child.err]
        self.tell(token, "over", {"end": end[0], "code": end[1], "stdout_bytes": out.bytes,
                                  "stderr_bytes": err.bytes, "tail": worker.clean_text(child.tail()),
                                  "killed": killed}, may_wait=end[0] == "result")


def name_end(end, died, status):
    if end != "closed":
        return end, 0
    if not died:
        return "exit", -1
    if os.WIFEXITED(status):
        code = os.WEXITSTATUS(status)
        return ("oom" if code == EXIT_FULL else "exit"), code
    # Nobody here sends SIGKILL to a job that has not ended but the kernel, when memory runs out.
    number = os.WTERMSIG(status)
    return ("oom" if number == signal.SIGKILL else "signal"), number


def write_bytes(descriptor, line):
    rest = memoryview(line)
    while rest:
        try:
            rest = rest[os.write(descriptor, rest):]
        except BlockingIOError:
            select.select([], [descriptor], [])


def take_signals():
    """What has no handler does not reach PID 1 from inside its container."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def heed_end(zygote):
    """On the host SIGTERM ends a job as well: its processes are in groups that who started us does not know."""
    def end(number, _frame):
        kill_all(zygote.child.pid, {})
        os._exit(128 + number)

    signal.signal(signal.SIGTERM, end)


def descriptors_in_use():
    return max(map(int, os.listdir("/proc/self/fd")), default=0) + 1


def run(main_module, sink, times):
    """Serves jobs from descriptor 0 to SINK until descriptor 0 ends."""
    global worker, libc, descriptors_end
    worker, libc = main_module, ctypes.CDLL(None, use_errno=True)
    descriptors_end = descriptors_in_use() + 64  # a child's pipes take the lowest numbers that are free
    take_signals()
    # defence: undumpable
    prctl(PR_SET_DUMPABLE, 0)
    if os.getpid() != 1:
        prctl(PR_SET_CHILD_SUBREAPER, 1)
    zygote = Zygote(sink, times)
    first = {"v": worker.PROTOCOL, "strategy": PREWARM_STRATEGY, **zygote.sizes}
    worker.run_job(first, {}, {})  # what libraries put off until their first use is shared by all children
    gc.collect()
    gc.freeze()
    gc.disable()
    zygote.fork()
    if os.getpid() != 1:
        heed_end(zygote)
    for line in worker.job_lines(0):
        if line.strip():
            zygote.run(line)
    kill_all(zygote.child.pid, {})
