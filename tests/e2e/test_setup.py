#!/usr/bin/python3
"""Signals while the engine, the image and the host's root are got ready; what a killed setup leaves."""
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import threading

import common
from common import Case, SANDWATCH, containers, containers_of, needs_engine, needs_root, processes_with, until
from engines import Listener, Proxy

ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STRATEGY = {"session": {"iterations": 1, "warmup": 0}, "sandbox": {"docker": {"cpu_count": 0}}}


class SlowToCreate(Proxy):
    """Hands a request to create on only when it is told to."""

    def __init__(self, path, backend):
        self.asked, self.told = threading.Event(), threading.Event()
        super().__init__(path, backend)

    def answer(self, connection, name, head, body):
        if name == "create":
            self.asked.set()
            self.told.wait(common.DEADLINE)
        super().answer(connection, name, head, body)


class Setup(Case):
    def fresh(self):
        """A state folder without an image's root, and where that will be."""
        state = self.box.root / f"fresh{self.box.next_number()}"
        (state / "sandwatch").mkdir(parents=True, mode=0o700)
        self.addCleanup(shutil.rmtree, state, ignore_errors=True)
        return state, state / "sandwatch/image"

    def begin(self, state, *arguments, **options):
        self.mark = f"sandwatch-e2e-setup-{os.getpid()}-{self.box.next_number()}"
        env = {"E2E_MARK": self.mark, **options.pop("env", {})}
        return self.start(*arguments, state=state, config=options.pop("config", STRATEGY), env=env, **options)

    def check_interrupted(self, session, image):
        """It has ended as it should, at once, and nothing of it is left."""
        session.wait(10)
        self.assert_code(session, 130)
        self.assertIn("interrupted", session.stderr)
        self.check_hygiene(session)
        # Killed they are; that they have ended, nobody but init is told.
        until(lambda: not processes_with(self.mark), "its children end with it", 5)
        for name in ("unpacking", "building"):
            self.assertFalse((image / name).exists(), name)
        for part in image.rglob("*.part"):
            self.fail(f"{part} is left")

    def interrupt(self, number, when, what, *arguments, **options):
        state, image = self.fresh()
        session = self.begin(state, *arguments, **options)
        until(lambda: session.process.poll() is not None or when(session, image), what)
        self.assertIsNone(session.process.poll(), f"{what}: too late: {session.stderr}")
        session.send(number)
        self.check_interrupted(session, image)
        return session


@needs_engine
class Export(Setup):
    """The image is on the engine; its root is not in the state folder."""

    moments = {
        "the program says something": lambda session, image: session.stderr,
        "the state folder is begun": lambda session, image: image.exists(),
        "the half-made folder is there": lambda session, image: (image / "unpacking").exists(),
        "the container is there": lambda session, image: containers_of(session.pid),
        "the export has begun": lambda session, image: (image / "unpacking/export.tar").exists()
            and (image / "unpacking/export.tar").stat().st_size > 0,
        "unpacking has begun": lambda session, image: (image / "unpacking/rootfs/usr").exists(),
    }

    def test_every_moment(self):
        for what, when in self.moments.items():
            for number in ENDS:
                with self.subTest(what, signal=number):
                    self.interrupt(number, when, what)

    def test_while_the_engine_makes_the_container(self):
        """It would be made behind the back of who had removed it too early."""
        state, image = self.fresh()
        with SlowToCreate(self.box.root / f"slow{self.box.next_number()}.sock", common.HOST[len("unix://"):]) as proxy:
            session = self.begin(state, host=proxy.url)
            until(lambda: session.process.poll() is not None or proxy.asked.is_set(), "it asks for a container")
            session.send(signal.SIGINT)
            with self.assertRaises(AssertionError):
                until(lambda: session.process.poll() is not None or "remove" in proxy.seen, "it gives up", 0.3)
            proxy.told.set()
            self.check_interrupted(session, image)

    def test_image_build(self):
        when = self.moments["the container is there"]
        self.interrupt(signal.SIGINT, when, "the container is there", "image", "build", batch=False, export=False)

    def test_what_is_left_is_enough_for_the_next(self):
        state, image = self.fresh()
        session = self.begin(state)
        until(lambda: (image / "unpacking").exists(), "unpacking")
        session.send(signal.SIGINT)
        self.check_interrupted(session, image)
        again = self.run_it(state=state, config=STRATEGY)
        self.assert_code(again, 0)
        self.assertEqual(again.counts("ast-only"), {"ok": 1})

    def test_another_one_holds_the_lock(self):
        state, image = self.fresh()
        image.mkdir()
        holder = subprocess.Popen(["flock", str(image / "lock"), "sh", "-c", "echo held; read line"],
                                  stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.addCleanup(holder.communicate)
        self.assertEqual(holder.stdout.readline(), b"held\n")
        session = self.begin(state)
        # It has opened the lock, and then there is nothing to be seen of its waiting for it.
        until(lambda: any(os.path.realpath(fd) == str(image / "lock")
                          for fd in pathlib.Path(f"/proc/{session.pid}/fd").iterdir()), "it waits for the lock")
        session.send(signal.SIGINT)
        self.check_interrupted(session, image)

    @common.among_the_dead()
    def test_killed(self):
        """What a SIGKILL leaves, the next setup removes."""
        state, image = self.fresh()
        wrap = self.own_host()
        session = self.begin(state, wrap=wrap)
        until(lambda: containers_of(session.pid), "the container is there")
        session.process.kill()
        session.process.wait()
        self.assertEqual(len(containers_of(session.pid)), 1)
        self.assertTrue((image / "unpacking").exists())
        # Of another state folder: the next session can see the container.
        other, _ = self.fresh()
        session_of_another = self.run_it(state=other, config=STRATEGY, wrap=wrap)
        self.assert_code(session_of_another, 0)
        self.assertIn("removed 1 container that a dead session left", session_of_another.stderr)
        self.assertEqual(containers_of(session.pid), [])
        self.assertTrue((image / "unpacking").exists())
        self.assert_code(self.run_it("image", "build", state=state, wrap=wrap, batch=False, export=False), 0)
        self.assertFalse((image / "unpacking").exists())
        self.assertEqual(containers("org.sandwatch.session=export"), [])

    def test_snapshot_signal(self):
        """SIGUSR1 ends nothing."""
        state, image = self.fresh()
        session = self.begin(state)
        until(lambda: (image / "unpacking").exists(), "unpacking")
        session.send(signal.SIGUSR1)
        session.wait()
        self.assert_code(session, 0)
        self.check_hygiene(session)


class Recipe(Setup):
    """No engine answers, so the host's root is built by the recipe."""

    def slow_tools(self):
        """apt-get as a script that never ends, found before the real one; it has a child, too."""
        folder = self.box.root / f"tools{self.box.next_number()}"
        folder.mkdir()
        tool = folder / "apt-get"
        tool.write_text("#!/bin/sh\ntrap '' TERM\ncat /dev/zero >/dev/null &\nwait\nwait\n")
        tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
        return f"{folder}:{os.environ['PATH']}"

    def test_while_it_builds(self):
        for number in ENDS:
            with self.subTest(number):
                self.interrupt(number, lambda session, image: any(image.glob("building/.building.*")), "the recipe is built",
                               host="unix:///nonexistent/s")

    def test_children_that_do_not_listen(self):
        if not shutil.which("apt-get"):
            self.skipTest("there is no apt-get")
        # `policy` and `depends` are apt-cache's: with an empty answer the lists are refreshed, by apt-get.
        path = self.slow_tools()
        cache = pathlib.Path(path.partition(":")[0]) / "apt-cache"
        cache.write_text("#!/bin/sh\nexit 0\n")
        cache.chmod(0o755)

        def runs(session, image):
            return set(processes_with(self.mark)) & set(processes_with("/dev/zero"))

        self.interrupt(signal.SIGTERM, runs, "apt-get runs",
                       host="unix:///nonexistent/s", env={"PATH": path})


class Engine(Setup):
    def test_an_engine_that_says_nothing(self):
        path = self.box.root / f"mute{self.box.next_number()}.sock"
        asked = []

        def listen(connection):
            asked.append(connection.recv(65536))
            connection.recv(65536)

        with Listener(path, listen):
            for arguments in ([], ["engine"], ["image", "list"]):
                with self.subTest(arguments):
                    asked.clear()
                    plain = not arguments
                    self.interrupt(signal.SIGINT, lambda session, image: asked, "it asks", *arguments, host=f"unix://{path}",
                                   batch=plain, export=plain, config=STRATEGY if plain or arguments[0] == "image" else None)

    @needs_root
    @needs_engine
    def test_a_private_engine_that_starts(self):
        """The daemon is left, on record: the next one finds it, and clean ends it."""
        if not shutil.which("dockerd"):
            self.skipTest("there is no dockerd")
        if any(pathlib.Path(path).exists() for path in ("/run/docker.sock", "/run/podman/podman.sock")):
            self.skipTest("this machine has an engine of its own")
        state, image = self.fresh()
        record = state / "sandwatch/engine/engine.process"

        def clean():
            return subprocess.run([SANDWATCH, "clean", "--engine", "--data"], env=self.box.environment(state),
                                  capture_output=True, text=True)

        self.addCleanup(clean)
        self.mark = "nothing carries this: the daemon's environment is its own"
        session = self.start("engine", state=state, host=None, batch=False, export=False)
        until(lambda: session.process.poll() is not None or record.exists(), "dockerd is started")
        session.send(signal.SIGINT)
        session.wait(10)
        self.assert_code(session, 130)
        self.assertIn("interrupted", session.stderr)
        pid = int(record.read_text().split()[0])
        again = self.run_it("engine", state=state, host=None, batch=False, export=False)
        self.assert_code(again, 0)
        self.assertEqual(int(record.read_text().split()[0]), pid)

        def heeds_signals():
            # Go blocks all of them for moments.
            blocked = re.search(r"SigBlk:\t(\w+)", pathlib.Path(f"/proc/{pid}/status").read_text())[1]
            return int(blocked, 16) & sum(1 << number - 1 for number in ENDS) == 0

        until(heeds_signals, "the daemon has inherited no blocked signals", 5)
        done = clean()
        self.assertEqual((done.returncode, "is stopped" in done.stdout), (0, True), done.stdout + done.stderr)
        self.assertEqual(processes_with(str(state)), [])


    def test_clean_with_a_private_engine_that_says_nothing(self):
        if any(pathlib.Path(path).exists() for path in ("/run/docker.sock", "/run/podman/podman.sock")):
            self.skipTest("this machine has an engine of its own")
        state, _ = self.fresh()
        plain = {"state": state, "host": None, "batch": False, "export": False}
        session = self.run_it("clean", **plain)
        self.assert_code(session, 0)
        self.assertIn("nothing to clean", session.stdout)
        path = state / "sandwatch/engine/engine.sock"
        path.parent.mkdir(mode=0o700)
        with Listener(path, lambda connection: connection.recv(65536) and connection.recv(65536)):
            session = self.run_it("clean", **plain)
        dead = self.run_it("clean", **plain)  # its socket is left, as by a killed one
        for session in (session, dead):
            self.assert_code(session, 3)
            self.assertIn("does not answer", session.stderr)
            self.assertIn("`sandwatch clean --engine`", session.stderr)
            self.assertIn(f"unix://{path}", session.stderr)
            self.assertEqual(session.stdout, "")


class Image(Setup):
    @needs_engine
    def test_list_and_remove(self):
        config = {"sandbox": {"docker": {"image": f"sandwatch/python:e2e-gone-{os.getpid()}"}}}
        name = config["sandbox"]["docker"]["image"]
        plain = {"batch": False, "export": False}
        session = self.run_it("image", "list", config=config, **plain)
        self.assert_code(session, 5)
        self.assertIn(name, session.stderr)
        self.assertIn("`sandwatch image build`", session.stderr)
        session = self.run_it("image", "remove", config=config, **plain)
        self.assert_code(session, 0)
        self.assertNotIn("removed", session.stdout)
        self.assertIn(f"{name} was not there", session.stdout)

        common.engine("POST", f"/images/{common.IMAGE}/tag?repo=sandwatch/python&tag={name.split(':')[1]}")
        session = self.run_it("image", "list", config=config, **plain)
        self.assert_code(session, 0)
        self.assertRegex(session.stdout, rf"^{name}  sha256:\w+  .*sandwatch's own\n$")
        session = self.run_it("image", "remove", config=config, **plain)
        self.assert_code(session, 0)
        self.assertEqual(session.stdout, f"{name} is removed\n")
        with self.assertRaises(AssertionError):
            common.engine("GET", f"/images/{name}/json")

        config = {"sandbox": {"docker": {"image": "e2e-nobodys/image:latest"}}}
        session = self.run_it("image", "list", config=config, **plain)
        self.assert_code(session, 5)
        self.assertIn("docker pull e2e-nobodys/image", session.stderr)
        self.assertNotIn("image build", session.stderr)

    @needs_engine
    def test_remove_leaves_what_is_not_ours(self):
        with common.foreign_image(f"sandwatch-e2e/kept-{os.getpid()}") as image:
            config = {"sandbox": {"docker": {"image": image}}}
            session = self.run_it("image", "remove", config=config, batch=False, export=False)
            self.assert_code(session, 2)
            self.assertIn("did not make", session.stderr)
            self.assertIn(f"`docker rmi {image}`", session.stderr)
            common.engine("GET", f"/images/{image}/json")

    @needs_engine
    def test_our_name_on_a_foreign_image(self):
        tag = f"e2e-{os.getpid()}"
        with common.foreign_image(f"sandwatch-e2e/named-{os.getpid()}") as image:
            common.engine("POST", f"/images/{image}/tag?repo=sandwatch/python&tag={tag}")
            before = common.engine("GET", f"/images/sandwatch/python:{tag}/json")["Id"]
            config = {**STRATEGY, "sandbox": {"docker": {"image": f"sandwatch/python:{tag}"}}}
            try:
                session = self.run_it(config=config)
                after = common.engine("GET", f"/images/sandwatch/python:{tag}/json")["Id"]
            finally:
                common.engine("DELETE", f"/images/sandwatch/python:{tag}")
        self.assert_code(session, 2)
        self.assertIn("sandbox.docker.image", session.stderr)
        self.assertEqual(before, after)


if __name__ == "__main__":
    common.main()
