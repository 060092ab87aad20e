"""Who is compared: each runs the same command in a fresh, hardened container and returns its times in ns."""
import glob
import json
import os
import pathlib
import shutil
import subprocess
import time

DEADLINE = 300
USER = "65534:65534"


class Failed(Exception):
    pass


def run(command, **options):
    """Runs to success; returns the process and how long it took, ns."""
    begin = time.monotonic_ns()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=DEADLINE, **options)
    elapsed = time.monotonic_ns() - begin
    if done.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))}\nexit code {done.returncode}\n"
                     f"{done.stdout.decode(errors='replace')[-2000:]}{done.stderr.decode(errors='replace')[-2000:]}")
    return done, elapsed


class Workload:
    def __init__(self, name, image, command):
        self.name, self.image, self.command = name, image, command


class Sandwatch:
    name = "sandwatch, cold"

    def __init__(self, bench, runtime="default"):
        self.bench, self.runtime = bench, runtime

    def session(self, config, *arguments):
        """Runs a session; returns its snapshot and the path of its journal."""
        path = self.bench.folder / "session.yaml"
        path.write_text(json.dumps(config))  # JSON is YAML
        done, _ = run([self.bench.program, "--batch", "--quiet", "--config", path, "--export", "-", *arguments],
                      env=self.bench.environment)
        snapshot = json.loads(done.stdout)
        return snapshot, self.bench.journal(snapshot["session"]["id"])

    def config(self, workload, iterations, warmup=1):
        return {"session": {"name": "bench", "iterations": iterations, "warmup": warmup},
                "modes": [{"name": "cold", "kind": "cold"}],
                "workload": {"command": workload.command},
                "sandbox": {"docker": {"image": workload.image, "runtime": self.runtime},
                            "fallback": {"enabled": False}}, "gates": []}

    def block(self, workload, count):
        snapshot, _ = self.session(self.config(workload, count))
        mode = snapshot["modes"][0]
        if mode["iterations"]["ok"] != count:
            raise Failed(f"sandwatch: {mode['iterations']}")
        return mode["samples_ns"]


class DockerRun:
    name = "docker run --rm"
    limits = ["--network", "none", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
              "--user", USER, "--pids-limit", "64", "--memory", "2g", "--memory-swap", "2g", "--cpus", "0.5",
              "--tmpfs", "/tmp:size=16m"]

    def __init__(self, bench, runtime):
        self.bench, self.runtime = bench, runtime

    def block(self, workload, count):
        command = ["docker", "run", "--rm", "--runtime", self.runtime, *self.limits, workload.image, *workload.command]
        return [run(command, env=self.bench.environment)[1] for _ in range(count + 1)][1:]


class PythonSdk:
    name = "Python Docker SDK"

    def __init__(self, bench, runtime):
        import docker  # the distribution's own module, or none
        self.runtime = runtime
        self.client = docker.DockerClient(base_url=bench.endpoint, version="auto", timeout=DEADLINE)

    def once(self, workload):
        begin = time.monotonic_ns()
        self.client.containers.run(
            workload.image, workload.command, remove=True, network_mode="none", read_only=True, cap_drop=["ALL"],
            security_opt=["no-new-privileges"], user=USER, pids_limit=64, mem_limit="2g", memswap_limit="2g",
            nano_cpus=500_000_000, tmpfs={"/tmp": "size=16m"}, runtime=self.runtime)
        return time.monotonic_ns() - begin

    def block(self, workload, count):
        return [self.once(workload) for _ in range(count + 1)][1:]


class BareRunc:
    """The floor: no engine. Its config.json is the one that the engine wrote for the same container."""
    name = "runc run"
    runtime = "runc"

    def __init__(self, bench):
        self.bench = bench
        self.bundles = {}
        if not shutil.which("runc"):
            raise Failed("there is no runc")

    def docker(self, *arguments):
        return run(["docker", *arguments], env=self.bench.environment)[0].stdout.decode().strip()

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
            raise Failed(f"the engine's config.json cannot be read ({error}): is it on this machine?") from error
        finally:
            self.docker("rm", "--force", container)
        entrypoint = json.loads(self.docker("image", "inspect", "--format", "{{json .Config.Entrypoint}}", workload.image))
        config["process"]["args"] = (entrypoint or []) + workload.command
        return config

    def bundle(self, workload):
        """The same root, mounts, limits and seccomp; without the engine's hooks and its generated /etc files."""
        folder = self.bench.folder / f"bundle-{len(self.bundles)}"
        root = folder / "rootfs"
        root.mkdir(parents=True)
        config = self.engine_config(workload)
        container = self.docker("create", "--network", "none", workload.image, *workload.command)
        try:
            run(["sh", "-c", 'docker export "$1" | tar -x -C "$2"', "export", container, root],
                env=self.bench.environment)
        finally:
            self.docker("rm", "--force", container)
        for name in ("proc", "dev", "sys", "tmp"):
            (root / name).mkdir(exist_ok=True)
        config["root"] = {"path": str(root), "readonly": True}
        config["mounts"] = [mount for mount in config["mounts"] if not mount["destination"].startswith("/etc/")]
        config["hooks"] = {}
        config["hostname"] = "bench"
        config["linux"].pop("mountLabel", None)
        config["linux"]["cgroupsPath"] = f"/sandwatch-bench-{os.getpid()}"
        for namespace in config["linux"]["namespaces"]:
            namespace.pop("path", None)
        (folder / "config.json").write_text(json.dumps(config))
        return folder

    def block(self, workload, count):
        if workload.name not in self.bundles:
            self.bundles[workload.name] = self.bundle(workload)
        command = ["runc", "--root", str(self.bench.folder / "runc"), "run", "--bundle",
                   str(self.bundles[workload.name])]
        return [run([*command, f"bench-{os.getpid()}-{i}"])[1] for i in range(count + 1)][1:]


def latest(pattern):
    return max(glob.glob(str(pattern)), key=os.path.getmtime, default=None)
