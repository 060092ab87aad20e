"""Sessions of sandwatch that figures are taken of: from their snapshots, or by watching the process while it runs."""
import json
import os
import pathlib
import subprocess
import time

from contenders import Failed, latest, run

POLL_S = 0.05


class Sessions:
    """How they are run: the program, its environment, and a folder for their configurations."""

    def __init__(self, program, folder, environment, state):
        self.program, self.folder, self.environment, self.state = program, folder, environment, state

    def config(self, content):
        path = self.folder / "session.yaml"
        path.write_text(json.dumps({"gates": [], **content}))  # JSON is YAML
        return path

    def run(self, content):
        """Runs one to its end; returns its snapshot."""
        return json.loads(run([self.program, "--batch", "--quiet", "--config", self.config(content), "--export", "-"],
                              env=self.environment).stdout)

    def journal(self, snapshot):
        return pathlib.Path(latest(self.state / f"sandwatch/runs/*-{snapshot['session']['id']}/journal.jsonl"))

    def cpu_s(self, content):
        """User and system time of the sandwatch process alone, and of what it waited for."""
        command = [self.program, "--batch", "--quiet", "--config", str(self.config(content))]
        pid = os.posix_spawn(self.program, command, self.environment,
                             file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)])
        _, status, usage = os.wait4(pid, 0)
        if status:
            raise Failed(f"sandwatch ended with {os.waitstatus_to_exitcode(status)}: {command}")
        return usage.ru_utime + usage.ru_stime

    def watch(self, content, look):
        """Runs one, and calls look(pid, iterations finished so far) every POLL_S. Returns (its snapshot, s)."""
        known = set(self.state.glob("sandwatch/runs/*"))
        said = self.folder / "watched.json"
        begin = time.monotonic()
        with open(said, "wb") as out:
            process = subprocess.Popen(
                [self.program, "--batch", "--quiet", "--config", self.config(content), "--export", "-"],
                env=self.environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        reader, rest, count = None, b"", 0
        while process.poll() is None:
            time.sleep(POLL_S)
            if reader is None:
                fresh = [one / "journal.jsonl" for one in set(self.state.glob("sandwatch/runs/*")) - known]
                reader = open(fresh[0], "rb") if fresh and fresh[0].exists() else None
                continue
            lines = (rest + reader.read()).split(b"\n")
            rest = lines.pop()
            count += sum(b'"iteration_finished"' in line[:40] for line in lines)
            look(process.pid, count)
        seconds = time.monotonic() - begin
        if reader:
            reader.close()
        text = said.read_text(encoding="utf-8", errors="replace")
        if process.returncode != 0:
            raise Failed(f"a session ended with {process.returncode} after {count} iterations\n{text[-2000:]}")
        return json.loads(text), seconds


def events(journal):
    with open(journal, encoding="utf-8") as lines:
        yield from map(json.loads, lines)
