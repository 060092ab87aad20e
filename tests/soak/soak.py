#!/usr/bin/python3
"""Sessions under random faults, one after another, on an engine of their own, and what is left of it all.

    soak.py [--minutes N] [--seed N] [--program PATH]

Every session runs cold, prepared and warm modes (or cold, prepared and exec ones) beside the host, while chaos
delays, cuts, falsifies and resets their traffic, kills and removes their containers, takes the image away, and
pauses, restarts and kills the engine. Then it is counted: iterations lost, results mixed up, whatever is left on
the engine, descriptors, memory, and whether each injected fault is in the counters. The seed is printed first:
with the same one the same faults are due at the same attempts. Needs root. Exit code 1: something does not hold.
"""
import argparse
import collections
import http.client
import json
import os
import pathlib
import platform
import random
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
REPO = pathlib.Path(__file__).resolve().parent.parent.parent
OUTCOMES = ("ok", "fell_back", "rejected", "failed", "timeout", "oom", "crashed", "engine", "cancelled")
SAY_WHO = ["/usr/bin/python3.11", "-I", "-S", "-c",
           "import os, sys; sys.stderr.write('I am ' + os.uname().nodename + '\\n'); sys.exit(3)"]
FD_SLACK, RSS_SLACK = 8, 6 << 20  # between a session's first half and its last quarter


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


# ---------------------------------------------------------------- the engine

class Engine:
    """A private engine of this soak alone, started by the program itself."""

    def __init__(self, program, folder):
        self.program, self.folder = program, folder
        self.env = dict(os.environ, XDG_STATE_HOME=str(folder / "state"), XDG_CONFIG_HOME=str(folder / "config"),
                        HOME=str(folder / "home"))
        self.env.pop("DOCKER_HOST", None)
        self.state = folder / "state" / "sandwatch"

    def run(self, *arguments, check=True):
        return subprocess.run([self.program, *arguments], env=self.env, check=check, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def start(self):
        hide = ('for socket in /run/docker.sock /run/podman/podman.sock; do '
                '[ ! -S "$socket" ] || mount --bind /dev/null "$socket" || exit; done; exec "$@"')
        # Else the machine's own engine would be found first.
        subprocess.run(["unshare", "-m", "--propagation", "slave", "sh", "-c", hide, "hide", self.program, "image",
                        "build"], env=self.env, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        pid = (self.state / "engine" / "engine.process").read_text().split()[0]
        arguments = pathlib.Path(f"/proc/{pid}/cmdline").read_text().split("\0")
        self.socket = next(word for word in arguments if word.startswith("unix://"))[len("unix://"):]
        self.host = "unix://" + self.socket
        self.data = pathlib.Path(next(b for a, b in zip(arguments, arguments[1:]) if a == "--data-root")
                                 if "--data-root" in arguments else
                                 next(w.split("=", 1)[1] for w in arguments if w.startswith("--data-root=")))

    def stop(self):
        self.run("clean", "--engine", "--data", check=False)

    def ask(self, path):
        connection = UnixConnection(self.socket)
        connection.request("GET", path)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        if answer.status != 200:
            raise RuntimeError(f"GET {path}: {answer.status} {text[:200]!r}")
        return json.loads(text)

    def inventory(self):
        """What is on the engine, by kind: names or counts that must be the same before and after."""
        def entries(*parts):
            folder = self.data.joinpath(*parts)
            return len(list(folder.iterdir())) if folder.is_dir() else 0
        return {
            "containers": sorted(one["Id"][:12] for one in self.ask("/containers/json?all=1")),
            "networks": sorted(one["Name"] for one in self.ask("/networks")),
            "volumes": sorted(one["Name"] for one in self.ask("/volumes")["Volumes"] or []),
            "images": sorted(tag for one in self.ask("/images/json?all=1")
                             for tag in one.get("RepoTags") or [one["Id"]]),
            "layers": entries("image", "overlay2", "layerdb", "sha256"),
            "mounted layers": entries("image", "overlay2", "layerdb", "mounts"),
        }


# ---------------------------------------------------------------- a session

def chaos(rng, iterations):
    """Rates for what happens now and then, an iteration each for what takes the whole engine along."""
    def at():
        return [rng.randrange(2, iterations + 1)]
    faults = [{"fault": fault, "rate": round(rng.uniform(0.02, 0.08), 4)}
              for fault in ("delay", "status", "truncate", "garbage", "reset", "stall")]
    for entry in faults:
        if entry["fault"] in ("delay", "stall"):
            entry["seconds"] = round(rng.uniform(0.05, 0.6), 2)
        if entry["fault"] in ("truncate", "garbage", "reset", "stall"):
            entry["bytes"] = rng.choice([0, 0, 1, 9, 100])
        if entry["fault"] == "status":
            entry["code"] = rng.choice([400, 404, 409, 500, 503])
        entry["on"] = rng.choice(["any", "create", "start", "wait", "remove", "attach"] if entry["fault"] == "status"
                                 else ["any", "create", "start", "wait", "remove", "stream"])
    faults += [{"fault": fault, "rate": round(rng.uniform(0.01, 0.05), 4)}
               for fault in ("container-kill", "container-remove")]
    faults += [{"fault": "engine-pause", "iterations": at(), "mode": "cold", "seconds": round(rng.uniform(0.2, 1.5), 2)},
               {"fault": "engine-kill", "iterations": at(), "mode": rng.choice(["cold", "prepared"]),
                "on": rng.choice(["any", "create", "start", "wait"])},
               {"fault": "engine-restart", "iterations": at(), "mode": rng.choice(["cold", "prepared"])},
               {"fault": "image-remove", "iterations": at(), "mode": "cold", "seconds": 0.5}]
    return faults


def configuration(rng, number, iterations):
    is_strategy = number % 2 == 0
    kinds = ["cold", "prepared", "warm"] if is_strategy else ["cold", "prepared", "exec"]
    modes = [{"name": "host", "kind": "host"}] + [{"name": kind, "kind": kind} for kind in kinds]
    modes[2]["parallel"] = 2
    return {
        "session": {"name": f"soak-{number}", "iterations": iterations, "warmup": 1, "seed": rng.randrange(1 << 30),
                    "order": rng.choice(["interleaved", "random"])},
        "modes": modes,
        "workload": {"strategy": "momentum"} if is_strategy else {"command": SAY_WHO},
        "sandbox": {"docker": {"memory_limit": "512m", "timeout_seconds": 20, "engine_timeout_seconds": 2},
                    "fallback": {"enabled": True, "max_retries": rng.choice([0, 1, 2]), "on": ["engine"]},
                    "breaker": {"failures": 3, "open_seconds": 0.2, "max_open_seconds": 1}},
        "chaos": chaos(rng, iterations),
    }


class Watch:
    """Descriptors and memory of a process, while it lives."""

    def __init__(self, process):
        self.process, self.samples = process, []

    def wait(self, deadline):
        end = time.monotonic() + deadline
        while True:
            try:
                self.process.wait(0.25)
                return True
            except subprocess.TimeoutExpired:
                pass
            proc = pathlib.Path(f"/proc/{self.process.pid}")
            try:
                pages = int((proc / "statm").read_text().split()[1])
                self.samples.append((len(list((proc / "fd").iterdir())), pages * os.sysconf("SC_PAGE_SIZE")))
            except OSError:
                pass
            if time.monotonic() > end:
                self.process.send_signal(signal.SIGTERM)
                return False

    def growth(self):
        """(descriptors, bytes) by which the last quarter's least is above the first half's most."""
        half, quarter = self.samples[:len(self.samples) // 2], self.samples[-(len(self.samples) // 4 or 1):]
        if len(self.samples) < 8:
            return 0, 0
        return tuple(max(0, min(s[i] for s in quarter) - max(s[i] for s in half)) for i in (0, 1))


class Total:
    def __init__(self):
        self.problems = []
        self.count = collections.Counter()
        self.faults = collections.Counter()

    def problem(self, what):
        self.problems.append(what)
        print("PROBLEM", what, flush=True)


def read_journal(path, total, name):
    events = []
    for number, line in enumerate(path.read_bytes().split(b"\n")[:-1], 1):
        try:
            events.append(json.loads(line))
        except ValueError:
            total.problem(f"{name}: line {number} of the journal cannot be read")
    return events


def check_accounts(events, plan, snapshot, total, name):
    """Every planned iteration ended exactly once, in the journal and in the snapshot."""
    names = [event["name"] for event in events if event["event"] == "mode_planned"]
    ended = collections.Counter((names[event["mode"]], event["iteration"]) for event in events
                                if event["event"] == "iteration_finished" and not event.get("warmup"))
    for mode in plan["modes"]:
        for iteration in range(1, plan["session"]["iterations"] + 1):
            times = ended.pop((mode["name"], iteration), 0)
            total.count["iterations"] += 1
            if times != 1:
                total.count["lost" if times == 0 else "repeated"] += 1
                total.problem(f"{name}: {mode['name']} #{iteration} ended {times} times")
    for what in ended:
        total.problem(f"{name}: {what} was never planned")
    seqs = [event["seq"] for event in events]
    if seqs != list(range(1, len(seqs) + 1)):
        total.problem(f"{name}: the events' numbers have gaps")
    for mode in snapshot["modes"]:
        counts = mode["iterations"]
        if counts["planned"] != counts["done"] or counts["done"] != sum(counts[key] for key in OUTCOMES):
            total.problem(f"{name}: {mode['name']}'s account is not even: {counts}")
        for key in OUTCOMES:
            total.count[key] += counts[key]
        total.count["retries"] += mode["fallback"]["retries"]
        total.count["not asked"] += mode["not_asked"]
    total.count["breaker opened"] += snapshot["session"]["breaker"]["opened"]


def check_identity(events, plan, total, name):
    """What an attempt says is its own container's word: each names the machine that it ran on."""
    if "command" not in plan["workload"]:
        digests = {event["digest"] for event in events if event["event"] == "attempt_finished" and event.get("digest")
                   and event["outcome"] == "ok"}
        if len(digests) > 1:
            total.count["mixed up"] += len(digests) - 1
            total.problem(f"{name}: {len(digests)} different results")
        return
    for event in events:
        if event["event"] != "attempt_finished" or "I am " not in event.get("error", ""):
            continue
        said = event["error"].rpartition("I am ")[2].split()[0]
        expected = socket.gethostname() if event.get("on_host") or not event.get("container") else event["container"]
        total.count["identities"] += 1
        if said[:12] != expected[:12]:
            total.count["mixed up"] += 1
            total.problem(f"{name}: the attempt in {expected} has what {said} said")


def check_faults(events, snapshot, total, name):
    """As many in the counters as were told; none is silent."""
    names = [event["name"] for event in events if event["event"] == "mode_planned"]
    told = collections.Counter((names[event["mode"]], event["fault"]) for event in events
                               if event["event"] == "fault_injected")
    counted = collections.Counter({(mode["name"], fault): entry["injected"] for mode in snapshot["modes"]
                                   for fault, entry in mode["faults"].items()})
    if told != counted:
        total.problem(f"{name}: told {dict(told - counted)}, counted {dict(counted - told)} too many")
    for (_, fault), times in told.items():
        total.faults[fault] += times


def check_left(before, engine, total, name, snapshot):
    after = engine.inventory()
    if after["containers"] == before["containers"]:
        for mode in snapshot["modes"]:
            created, removed = mode["containers_created"], mode["containers_removed"]
            if created != removed:
                total.problem(f"{name}: {mode['name']} counts {created} containers created, {removed} removed, "
                              "and none is there")
    for what, was in before.items():
        if after[what] == was:
            continue
        left = set(after[what]) - set(was) if isinstance(was, list) else after[what] - was
        total.count[what + " left"] += len(left) if isinstance(left, set) else abs(left)
        total.problem(f"{name}: {what} before {was}, after {after[what]}")


def run_session(engine, rng, number, args, total):
    name = f"session {number}"
    folder = engine.folder / f"session-{number}"
    folder.mkdir()
    plan = configuration(rng, number, args.iterations)
    (folder / "config.yaml").write_text(json.dumps(plan))
    before, shown = engine.inventory(), folder / "snapshot.json"
    runs = set(engine.state.glob("runs/*"))
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([engine.program, "--batch", "--host", engine.host, "--config",
                                    folder / "config.yaml", "--export", shown], env=engine.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        watch = Watch(process)
        if not watch.wait(args.patience):
            total.problem(f"{name}: not over after {args.patience} s")
            process.wait()
    if process.returncode != 0 or not shown.exists():
        tail = (folder / "log").read_text(errors="replace")[-1500:]
        total.problem(f"{name}: exit code {process.returncode}: {tail}")
        return
    snapshot = json.loads(shown.read_bytes())
    made = set(engine.state.glob("runs/*")) - runs
    events = read_journal(made.pop() / "journal.jsonl", total, name)
    check_accounts(events, plan, snapshot, total, name)
    check_identity(events, plan, total, name)
    check_faults(events, snapshot, total, name)
    check_left(before, engine, total, name, snapshot)
    descriptors, memory = watch.growth()
    total.count["descriptors grown"] = max(total.count["descriptors grown"], descriptors)
    total.count["memory grown, KiB"] = max(total.count["memory grown, KiB"], memory >> 10)
    if descriptors > FD_SLACK or memory > RSS_SLACK:
        total.problem(f"{name}: {descriptors} descriptors and {memory >> 10} KiB more at its end")
    total.count["sessions"] += 1
    hit = sum(sum(entry["injected"] for entry in mode["faults"].values()) for mode in snapshot["modes"])
    print(f"{name}: {snapshot['session']['elapsed_ns'] / 1e9:.1f} s, {hit} faults, "
          f"{sum(mode['iterations']['ok'] for mode in snapshot['modes'])} ok, "
          f"{sum(mode['iterations']['fell_back'] for mode in snapshot['modes'])} fell back", flush=True)


def report(total, args, elapsed):
    print(f"\nsoak of {elapsed / 60:.1f} min, seed {args.seed}, {platform.node()}: Linux {platform.release()}, "
          f"{os.cpu_count()} CPUs")
    must_be_zero = ("lost", "repeated", "mixed up", "containers left", "networks left", "volumes left", "images left",
                    "layers left", "mounted layers left")
    for key in ("sessions", "iterations", *OUTCOMES, "retries", "not asked", "breaker opened", "identities",
                *must_be_zero, "descriptors grown", "memory grown, KiB"):
        print(f"  {key:<22} {total.count[key]:>8}")
    print("  faults injected, each in the counters: " +
          (", ".join(f"{fault} {times}" for fault, times in sorted(total.faults.items())) or "none"))
    if not total.faults:
        total.problem("no fault was injected: nothing was tried")
    if not total.count["sessions"]:
        total.problem("no session was completed")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--program", default=str(REPO / "build/release/sandwatch"))
    parser.add_argument("--iterations", type=int, default=40, help="of each mode in one session")
    parser.add_argument("--patience", type=float, default=600, help="seconds for one session")
    args = parser.parse_args()
    if args.seed is None:
        args.seed = int.from_bytes(os.urandom(4), "big")
    print(f"seed {args.seed}: soak.py --minutes {args.minutes:g} --seed {args.seed} tries the same again", flush=True)
    total, rng, begin = Total(), random.Random(args.seed), time.monotonic()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="sandwatch-soak.", dir=os.environ.get("TMPDIR", "/var/tmp")) as folder:
        engine = Engine(args.program, pathlib.Path(folder))
        try:
            engine.start()
            begin, number = time.monotonic(), 0
            while number == 0 or time.monotonic() - begin < 60 * args.minutes:
                run_session(engine, rng, number, args, total)
                number += 1
        finally:
            engine.stop()
    report(total, args, time.monotonic() - begin)
    return 1 if total.problems else 0


if __name__ == "__main__":
    sys.exit(main())
