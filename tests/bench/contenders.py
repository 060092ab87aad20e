"""Who is compared: each runs the same command and returns its times in ns. What one needs and this machine lacks is
told by Missing."""
import glob
import json
import os
import pathlib
import shutil
import subprocess
import time

import namespace

DEADLINE = 300
USER = "65534:65534"


class Failed(Exception):
    pass


class Missing(Exception):
    """A contender can't take part here: why."""


def run(command, **options):
    """Runs to success; returns the process."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, **options)
    check(command, done.returncode, done.stdout + done.stderr)
    return done


def check(command, code, said):
    if code != 0:
        raise Failed(f"{' '.join(map(str, command))}\nexit code {code}\n{said.decode(errors='replace')[-4000:]}")


def timed(command, environment, log):
    """From before the start of a process to after its end, ns. Nothing reads along: what it says goes to a file."""
    path = shutil.which(command[0])
    if not path:
        raise Missing(f"{command[0]} is not installed")
    actions = [(os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
               (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
               (os.POSIX_SPAWN_DUP2, 1, 2)]
    command = [str(part) for part in command]
    begin = time.monotonic_ns()
    pid = os.posix_spawn(path, command, environment, file_actions=actions)
    _, status = os.waitpid(pid, 0)
    elapsed = time.monotonic_ns() - begin
    if status:
        check(command, os.waitstatus_to_exitcode(status), pathlib.Path(log).read_bytes())
    return elapsed


class Workload:
    """A command, and the image that it is in. root: what that image holds, unpacked."""

    def __init__(self, name, image, command, root):
        self.name, self.image, self.command, self.root = name, image, command, pathlib.Path(root)

    @property
    def is_python(self):
        return "python" in self.command[0]


class Rung:
    """One way of running a command. what: from where to where its time is taken."""
    name = what = ""
    runtime = "-"

    def __init__(self, bench):
        self.bench = bench
        self.log = bench.folder / "said"

    def unable(self, workload):
        """Why it can't run WORKLOAD; nothing when it can."""
        return ""

    def block(self, workload, count):
        """The times of COUNT runs in a row, after one that is not counted."""
        return [self.once(workload, i) for i in range(count + 1)][1:]

    def timed(self, command):
        return timed(command, self.bench.environment, self.log)


class Host(Rung):
    """The image's own interpreter and libraries, as sandwatch's host modes run them."""
    name = "host"
    what = "spawn to exit, no sandbox at all"

    def once(self, workload, _):
        program = workload.root / workload.command[0].lstrip("/")
        return self.timed([*self.loader(workload.root), program, *workload.command[1:]])

    @staticmethod
    def loader(root):
        """Without it the interpreter would be given this machine's libraries; a static program needs none."""
        argv = root / "sandwatch/host.argv"
        if not argv.exists():
            return []
        return [line.replace("@ROOT@", str(root)) for line in argv.read_text().splitlines()[:3]]


class Bubblewrap(Rung):
    name = "bubblewrap"
    what = "spawn to exit; all namespaces, no capabilities, but neither cgroup limits nor seccomp"
    options = ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL", "--uid", "65534", "--gid", "65534",
               "--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp"]

    def __init__(self, bench):
        super().__init__(bench)
        if not shutil.which("bwrap"):
            raise Missing("bwrap is not installed")

    def once(self, workload, _):
        return self.timed(["bwrap", "--ro-bind", workload.root, "/", *self.options, "--", *workload.command])


class DockerRun(Rung):
    name = "docker run --rm"
    what = "spawn to exit of the command"
    limits = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
              "--user", USER, "--pids-limit", "64", "--memory", "2g", "--memory-swap", "2g", "--cpus", "0.5",
              "--tmpfs", "/tmp:size=16m"]

    def __init__(self, bench, runtime):
        super().__init__(bench)
        self.runtime = runtime

    def once(self, workload, _):
        return self.timed(["docker", "run", "--rm", "--runtime", self.runtime, *self.limits, workload.image,
                           *workload.command])


class PythonSdk(Rung):
    name = "Python Docker SDK"
    what = "one call of containers.run(remove=True), imported and connected"

    def __init__(self, bench, runtime):
        super().__init__(bench)
        try:
            import docker  # the distribution's own module, or none
        except ImportError as error:
            raise Missing("python3-docker is not installed") from error
        self.runtime = runtime
        self.client = docker.DockerClient(base_url=bench.endpoint, version="auto", timeout=DEADLINE)

    def once(self, workload, _):
        begin = time.monotonic_ns()
        self.client.containers.run(
            workload.image, workload.command, remove=True, network_mode="none", read_only=True, cap_drop=["ALL"],
            security_opt=["no-new-privileges"], user=USER, pids_limit=64, mem_limit="2g", memswap_limit="2g",
            nano_cpus=500_000_000, tmpfs={"/tmp": "size=16m"}, runtime=self.runtime)
        return time.monotonic_ns() - begin


class BareRuntime(Rung):
    """The floor: no engine. Its config.json is the one that the engine wrote for the same container."""
    what = "spawn to exit of the runtime: the floor under any engine"

    def __init__(self, bench, runtime):
        super().__init__(bench)
        if not shutil.which(runtime):
            raise Missing(f"{runtime} is not installed")
        self.runtime, self.name = runtime, f"{runtime} run"
        self.bundles = {}
        self.place = namespace.without_hybrid_cgroups() if runtime == "crun" else None

    def docker(self, *arguments):
        return run(["docker", *arguments], env=self.bench.environment).stdout.decode().strip()

    def engine_config(self, workload):
        """The bundle's config.json while such a container runs: its parent, the engine's shim, stands in it."""
        sleeper = ["/usr/bin/python3", "-I", "-c", "import time; time.sleep(60)"]
        container = self.docker("run", "--detach", *DockerRun.limits, self.bench.image, *sleeper)
        try:
            pid = self.docker("inspect", "--format", "{{.State.Pid}}", container)
            stat = pathlib.Path(f"/proc/{pid}/stat").read_text()
            parent = stat.rpartition(")")[2].split()[1]
            config = json.loads(pathlib.Path(f"/proc/{parent}/cwd/config.json").read_text())
        except OSError as error:
            raise Missing(f"the engine's config.json cannot be read ({error}): is it on this machine?") from error
        finally:
            self.docker("rm", "--force", container)
        entrypoint = json.loads(self.docker("image", "inspect", "--format", "{{json .Config.Entrypoint}}", workload.image))
        config["process"]["args"] = (entrypoint or []) + workload.command
        return config

    def bundle(self, workload):
        """The same root, mounts, limits and seccomp; without the engine's hooks and its generated /etc files."""
        folder = self.bench.folder / f"bundle-{self.runtime}-{len(self.bundles)}"
        folder.mkdir()
        config = self.engine_config(workload)
        config["root"] = {"path": str(workload.root), "readonly": True}
        config["mounts"] = [mount for mount in config["mounts"] if not mount["destination"].startswith("/etc/")]
        config["hooks"] = {}
        config["hostname"] = "bench"
        config["linux"].pop("mountLabel", None)
        config["linux"]["cgroupsPath"] = f"/sandwatch-bench-{os.getpid()}"
        for one in config["linux"]["namespaces"]:
            one.pop("path", None)
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    def once(self, workload, i):
        return self.timed([self.runtime, "--root", self.bench.folder / self.runtime, "run", "--bundle",
                           self.bundles[workload.name], f"bench-{os.getpid()}-{i}"])

    def block(self, workload, count):
        if workload.name not in self.bundles:
            self.bundles[workload.name] = self.bundle(workload)
        with namespace.inside(self.place):
            return super().block(workload, count)


class Sandwatch(Rung):
    """Measured by sandwatch itself: a session of this one mode, and what its snapshot says."""
    spans = {"cold": "create to removed", "prepared": "start to result, of a command to its exit; made ahead, removed behind",
             "exec": "exec in a kept container, to its exit known"}

    def __init__(self, bench, kind, runtime):
        super().__init__(bench)
        self.kind, self.runtime = kind, runtime
        self.name, self.what = f"sandwatch, {kind}", self.spans[kind]

    def unable(self, workload):
        return "" if self.kind != "exec" or workload.is_python else "nothing in that image keeps a container up"

    def block(self, workload, count):
        snapshot = self.bench.sessions.run({
            "session": {"name": "bench", "iterations": count, "warmup": 1},
            "modes": [{"name": self.kind, "kind": self.kind}], "workload": {"command": workload.command},
            "sandbox": {"docker": {"image": workload.image, "runtime": self.runtime}, "fallback": {"enabled": False}}})
        return samples(snapshot, self.kind, count)


def mode_of(snapshot, name):
    return next(mode for mode in snapshot["modes"] if mode["name"] == name)


def samples(snapshot, name, count):
    """The latencies of a mode all of whose COUNT iterations ended ok, ns."""
    mode = mode_of(snapshot, name)
    if mode["iterations"]["ok"] != count:
        raise Failed(f"sandwatch: {name}: {mode['iterations']} {mode.get('outcomes', '')}")
    return mode["samples_ns"]


def latest(pattern):
    return max(glob.glob(str(pattern)), key=os.path.getmtime, default=None)
