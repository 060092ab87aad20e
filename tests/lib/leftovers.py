#!/usr/bin/env python3
"""What a test run left behind. Prints one line per find; exit code 1 when there are any.

    leftovers.py containers SOCKET       containers of the engine that listens there
    leftovers.py processes RUN PATH      processes that carry SANDWATCH_TEST_RUN=RUN or were called with PATH
    leftovers.py processes --kill …      the same, and ends them
    leftovers.py mounts PATH             mounts at or below PATH
"""
import http.client
import json
import os
import pathlib
import signal
import socket
import sys


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=20)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def containers(path):
    connection = UnixConnection(path)
    connection.request("GET", "/containers/json?all=1")
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 200:
        return [f"the engine does not list its containers: {text[:200]!r}"]
    return [f"container {one['Id'][:12]} {','.join(one.get('Names') or [])} {one['State']}: {one['Command'][:80]}"
            for one in json.loads(text)]


def ancestors():
    pid, found = os.getpid(), set()
    while pid > 1:
        found.add(pid)
        try:
            pid = int(pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
        except OSError:
            break
    return found


def processes(run, path, kill):
    found, spared = [], ancestors()
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) in spared:
            continue
        try:
            arguments = (entry / "cmdline").read_bytes()
            variables = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"SANDWATCH_TEST_RUN={run}".encode() in variables or path.encode() in arguments:
            found.append(f"process {entry.name}: {arguments.replace(bytes(1), b' ').decode(errors='replace')[:160]}")
            if kill:
                os.kill(int(entry.name), signal.SIGKILL)
    return found


def mounts(path):
    points = [line.split()[4] for line in pathlib.Path("/proc/self/mountinfo").read_text().splitlines()]
    return [f"mount {point}" for point in points if point == path or point.startswith(path + "/")]


def main():
    what, *arguments = sys.argv[1:]
    kill = arguments[:1] == ["--kill"]
    found = {"containers": containers, "mounts": mounts,
             "processes": lambda *rest: processes(*rest, kill)}[what](*arguments[kill:])
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
