"""What the kernel tells of a process: time on a processor, switches, memory."""
import os
import pathlib
import re
import time


def read(path):
    try:
        return pathlib.Path(path).read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def parents():
    """{pid: its parent}"""
    found = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            fields = read(f"/proc/{name}/stat").rpartition(")")[2].split()
            if fields:
                found[int(name)] = int(fields[1])
    return found


def children(pid):
    """Those that PID started, as its terminal's guard, and theirs."""
    of = parents()
    found = [pid]
    for one in found:
        found += [child for child, parent in of.items() if parent == one]
    return found[1:]


def cpu_ns(pid):
    """Time on a processor of all its threads, past ones too: the clock behind clock_getcpuclockid(3), which is
    exact where utime and stime are counted in ticks."""
    return time.clock_gettime_ns(~pid << 3 | 2)


def switches(pid):
    """How often its threads went to sleep or were put there."""
    tasks = os.listdir(f"/proc/{pid}/task")
    return sum(int(count) for task in tasks
               for count in re.findall(r"^(?:non)?voluntary_ctxt_switches:\s+(\d+)",
                                       read(f"/proc/{pid}/task/{task}/status"), re.M))


def memory_kb(pid):
    """{VmRSS, VmHWM, RssAnon, RssFile, Pss}"""
    text = read(f"/proc/{pid}/status") + read(f"/proc/{pid}/smaps_rollup")
    return {name: int(size) for name, size in
            re.findall(r"^(VmRSS|VmHWM|RssAnon|RssFile|Pss):\s+(\d+) kB$", text, re.M)}


def cgroup_memory_kb(pid):
    """Anonymous memory of all processes of its cgroup and those below; None where it can't be read."""
    for line in read(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if controllers == "memory":
            folder, key = "/sys/fs/cgroup/memory", "total_rss"
        elif controllers == "":
            folder, key = "/sys/fs/cgroup", "anon"
        else:
            continue
        found = re.search(rf"^{key} (\d+)$", read(f"{folder}{path}/memory.stat"), re.M)
        if found:
            return int(found[1]) // 1024
    return None


class Meter:
    """CPU time and switches of processes from now on."""

    def __init__(self, pids):
        self.pids = pids
        self.begin = time.monotonic()
        self.cpu, self.count = sum(map(cpu_ns, pids)), sum(map(switches, pids))

    def stop(self):
        """Returns percent of one core, and the switches."""
        seconds = time.monotonic() - self.begin
        cpu, count = sum(map(cpu_ns, self.pids)) - self.cpu, sum(map(switches, self.pids)) - self.count
        return cpu / 1e7 / seconds, count
