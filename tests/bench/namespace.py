"""A mount namespace for crun, which refuses a machine whose cgroups are hybrid: one without the second hierarchy, as
the private engine has it, too. This process steps into it and back: no program in between costs time."""
import contextlib
import ctypes
import os

UNIFIED = "/sys/fs/cgroup/unified"
CLONE_NEWNS, MS_REC, MS_SLAVE, MNT_DETACH = 0x20000, 0x4000, 0x80000, 2

libc = ctypes.CDLL(None, use_errno=True)


def call(name, *arguments):
    if getattr(libc, name)(*arguments) != 0:
        error = ctypes.get_errno()
        raise OSError(error, f"{name}: {os.strerror(error)}")


def here():
    return os.open("/proc/thread-self/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)


def without_hybrid_cgroups():
    """Its descriptor; None where it isn't needed."""
    if not os.path.ismount(UNIFIED):
        return None
    before, folder = here(), os.getcwd()
    try:
        call("unshare", CLONE_NEWNS)
        call("mount", b"none", b"/", None, MS_REC | MS_SLAVE, None)
        call("umount2", UNIFIED.encode(), MNT_DETACH)
        return here()
    finally:
        call("setns", before, CLONE_NEWNS)
        os.close(before)
        os.chdir(folder)


@contextlib.contextmanager
def inside(place):
    if place is None:
        yield
        return
    before, folder = here(), os.getcwd()
    call("setns", place, CLONE_NEWNS)
    try:
        os.chdir(folder)
        yield
    finally:
        call("setns", before, CLONE_NEWNS)
        os.close(before)
        os.chdir(folder)
