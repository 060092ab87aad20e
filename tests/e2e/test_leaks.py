#!/usr/bin/python3
"""What a session leaves behind: nothing when it ends, whatever ends it; and what a killed one has to leave, the next
start finds, or `sandwatch clean`, and nothing else."""
import fcntl
import io
import os
import pathlib
import re
import signal
import sys
import tarfile
import urllib.parse

import common
from common import containers_of, engine, until
from engines import Proxy
from screens import ScreenCase

sys.path.insert(0, str(common.REPO / "tests/lib"))
import leftovers  # noqa: E402

KEPT = {"prepared", "exec", "warm"}
MODES = [{"name": "host", "kind": "host"}, {"name": "cold", "kind": "cold"}, {"name": "prepared", "kind": "prepared", "pool": 2},
         {"name": "exec", "kind": "exec"}, {"name": "warm", "kind": "warm"}, {"name": "four", "kind": "cold", "parallel": 4}]


def plan(modes=MODES, iterations=1000):
    return {"session": {"iterations": iterations, "warmup": 0}, "modes": list(modes),
            "sandbox": {"docker": {"cpu_count": 0}}}


def there(session):
    """{mode: the containers that are there by its journal}."""
    found, names = {}, []
    for event in session.journal():
        if event["event"] == "mode_planned":
            names.append(event["name"])
        elif event["event"] == "container_created":
            found.setdefault(names[event["mode"]], set()).add(event["container"])
        elif event["event"] == "container_removed":
            found[names[event["mode"]]].discard(event["container"])
    return {name: ids for name, ids in found.items() if ids}


def stat_of(pid):
    """(state, parent, start) of a process, or None."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    except OSError:
        return None
    return fields[0], int(fields[1]), fields[19]


def descendants(pid):
    """{pid: start} of all that PID started and that is still below it."""
    stats = {int(entry.name): stat_of(entry.name) for entry in pathlib.Path("/proc").iterdir() if entry.name.isdigit()}
    found, new = {}, {pid}
    while new:
        new = {one for one, stat in stats.items() if stat and stat[1] in new and one not in found}
        found.update((one, stats[one][2]) for one in new)
    return found


def alive(processes):
    stats = {pid: stat_of(pid) for pid in processes}
    return [pid for pid, start in processes.items() if stats[pid] and stats[pid][0] not in "ZX" and stats[pid][2] == start]


def on_engine():
    """What else there is on the engine that a session could have made."""
    images = {one["Id"] for one in engine("GET", "/images/json?all=1") if "sandwatch" in str(one.get("RepoTags")) or not one.get("RepoTags")}
    return (sorted(one["Name"] for one in engine("GET", "/networks")), engine("GET", "/volumes")["Volumes"] or [], images)


def cgroups_of(ids):
    return [folder for folder, _, _ in os.walk("/sys/fs/cgroup") if any(one in folder for one in ids)]


class Leaks(ScreenCase):
    def setUp(self):
        super().setUp()
        if not common.HOST:
            self.skipTest("SANDWATCH_TEST_HOST names no engine")
        self.host = self.own_host()
        self.temporary = self.box.root / f"tmp{self.box.next_number()}"
        self.temporary.mkdir()

    def begin(self, config=None, **options):
        return self.start(config=config or plan(), wrap=self.host, env={"TMPDIR": str(self.temporary)}, **options)

    def all_run(self, session):
        """Until each kind has its containers; (all their ids, the processes below the session)."""
        def complete():
            found = there(session)
            return found if KEPT | {"four"} <= set(found) and len(found["prepared"]) == 2 else None
        found = until(complete, "containers of every mode")
        self.assertGreaterEqual(len(containers_of(session.pid)), 4)
        return {one for ids in found.values() for one in ids}, descendants(session.pid)

    def nothing_left(self, session, ids, processes):
        self.assertEqual(containers_of(session.pid), [])
        until(lambda: not alive(processes), f"the end of {processes}", 20)
        until(lambda: not cgroups_of(ids), "the end of the containers' cgroups", 20)
        self.assertEqual(leftovers.mounts(str(self.box.root)), [])
        self.assertEqual(list(self.temporary.iterdir()), [])
        self.assertEqual({path.name for path in session.run_folder.iterdir()}
                         - {"config.yaml", "journal.jsonl", "snapshot.json"}, set())

    # -- the ends that are ends

    def test_its_own_end(self):
        session = self.begin(plan(iterations=2))
        ids, processes = self.all_run(session)
        self.assertTrue(processes)
        session.wait()
        self.assert_code(session, 0)
        self.nothing_left(session, ids, processes)
        self.assertEqual(there(session), {})
        for mode in MODES:
            self.assertEqual(session.counts(mode["name"]), {"ok": 2}, mode)

    def test_signals(self):
        before = on_engine()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            with self.subTest(number):
                session = self.begin()
                ids, processes = self.all_run(session)
                session.send(number)
                session.wait()
                self.assert_code(session, 130)
                self.nothing_left(session, ids, processes)
        self.assertEqual(on_engine(), before)

    def test_a_lost_terminal(self):
        pty = self.raw(config=plan(), wrap=self.host, strict=False, env={"TMPDIR": str(self.temporary)})
        ids, processes = self.all_run(pty)
        self.assertIn("sandwatch-guard", [pathlib.Path(f"/proc/{pid}/comm").read_text(encoding="ascii").strip()
                                          for pid in processes])
        pty.hang_up()
        self.assertIn(pty.status(), (129, 130, 5))
        self.nothing_left(pty, ids, processes)

    # -- the ends that are none

    def killed(self):
        """A session that was killed in the middle; its containers have to be there, its processes must not."""
        session = self.begin()
        _, processes = self.all_run(session)
        self.assertTrue(processes)
        session.process.kill()
        session.process.wait()
        until(lambda: not alive(processes), f"the end of {processes}", 20)
        left = {one["Id"] for one in containers_of(session.pid)}
        self.assertGreaterEqual(len(left), 4)
        return session, left

    def test_the_next_start_removes_what_a_killed_one_left(self):
        living = self.begin(plan(iterations=1000))
        self.all_run(living)
        dead, left = self.killed()
        kept = there(living)
        third = self.begin(plan(iterations=1, modes=MODES[1:2])).wait()
        self.assert_code(third, 0)
        self.assertRegex(third.stderr, rf"clean +removed {len(left)} containers that a dead session left")
        self.assertEqual(containers_of(dead.pid), [])
        # It has not lost any: those that every iteration uses are the same.
        now = {one["Id"][:12] for one in containers_of(living.pid)}
        for mode in ("exec", "warm"):
            self.assertLessEqual(kept[mode], now)
        self.check_goes_on_well(living)
        fourth = self.begin(plan(iterations=1, modes=MODES[1:2])).wait()
        self.assertNotRegex(fourth.stderr, r"dead session|clean ")

    def test_an_engine_that_hangs_over_it(self):
        """Neither over the list nor over a removal does the session wait for ever; and then it measures."""
        dead, left = self.killed()
        for what, words in (("list", "cannot tell what dead sessions left"),
                            ("remove", f"removed 0 of {len(left)} containers that a dead session left")):
            with self.subTest(what), Proxy(self.box.root / what, common.HOST[len("unix://"):],
                                           delays={what: 3600}) as proxy:
                session = self.begin(host=proxy.url)
                until(lambda: words in session.stderr, words)  # pylint: disable=cell-var-from-loop
                until(lambda: session.journal(), "it measures")  # pylint: disable=cell-var-from-loop
                session.kill()
        for one in containers_of(dead.pid):
            common.remove_container(one["Id"])

    def check_goes_on_well(self, living):
        done = sum(event["event"] == "iteration_finished" for event in living.journal())
        until(lambda: sum(event["event"] == "iteration_finished" for event in living.journal()) >= done + 8, "its iterations")
        living.send(signal.SIGINT)
        living.wait()
        self.assert_code(living, 130)
        for mode in MODES:
            self.assertLessEqual(set(living.counts(mode["name"])), {"ok", "cancelled"}, mode)
        self.assertEqual(containers_of(living.pid), [])

    @common.among_the_dead()
    def test_clean_removes_what_a_killed_one_left(self):
        living = self.begin(plan(modes=MODES[3:5]))
        until(lambda: {"exec", "warm"} <= set(there(living)), "containers that live on")
        kept = {one["Id"] for one in containers_of(living.pid)}
        dead, left = self.killed()
        clean = self.run_it("clean", wrap=self.host, batch=False, export=False)
        self.assert_code(clean, 0)
        self.assertEqual(containers_of(dead.pid), [])
        self.assertEqual({one["Id"] for one in containers_of(living.pid)}, kept)
        found = re.match(r"(\d+) left containers removed, (\d+) of running sessions", clean.stdout)
        self.assertEqual((int(found[1]), int(found[2])), (len(left), len(kept)), clean.stdout)

    def test_clean_removes_what_is_half_built(self):
        state = self.box.root / f"half{self.box.next_number()}"
        image = state / "sandwatch/image"
        kept = image / "recipe-1/image.changes"
        half = [image / "building/rootfs/etc", image / "unpacking/rootfs", image / "recipe-1/image.tar.part"]
        for path in (kept, *half):
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.write_text("half\n")
        with open(image / "lock", "w", encoding="ascii") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # another is at it
            self.assert_code(self.run_it("clean", state=state, wrap=self.host, batch=False, export=False), 0)
            self.assertEqual([path for path in half if not path.exists()], [])
        self.assert_code(self.run_it("clean", state=state, wrap=self.host, batch=False, export=False), 0)
        self.assertEqual([path for path in half if path.exists()], [])
        self.assertEqual(kept.read_text(), "half\n")
        self.assertEqual(sorted(path.name for path in image.iterdir()), ["lock", "recipe-1"])

    @common.among_the_dead()
    def test_clean_removes_images_that_lost_their_name(self):
        """As an import that was killed leaves them; a user's own stays, and so does one that a container uses."""
        def imported(recipe):
            before = {one["Id"] for one in engine("GET", "/images/json?all=1")}
            archive = io.BytesIO()
            with tarfile.open(fileobj=archive, mode="w") as tar:
                tar.addfile(tarfile.TarInfo(f"file{self.box.next_number()}-{os.getpid()}"))
            engine("POST", "/images/create?fromSrc=-&repo=e2e-leaks&tag=latest&changes=" + urllib.parse.quote(
                f"LABEL org.sandwatch.recipe={recipe} org.sandwatch.layout=2"), archive.getvalue())
            return next(one["Id"] for one in engine("GET", "/images/json?all=1") if one["Id"] not in before)
        ours, used, users, named = (imported(recipe) for recipe in (64 * "a", 64 * "b", "dockerfile", 64 * "c"))
        self.addCleanup(engine, "DELETE", f"/images/{named}")
        self.addCleanup(engine, "DELETE", f"/images/{users}")
        self.addCleanup(engine, "DELETE", f"/images/{used}")
        container = engine("POST", "/containers/create", {"Image": used, "Cmd": ["true"]})["Id"]
        self.addCleanup(common.remove_container, container)
        clean = self.run_it("clean", wrap=self.host, batch=False, export=False)
        self.assert_code(clean, 0)
        self.assertIn("1 left image removed", clean.stdout)
        there_now = {one["Id"] for one in engine("GET", "/images/json?all=1")}
        self.assertNotIn(ours, there_now)
        self.assertLessEqual({used, users, named}, there_now)

    def test_another_pid_namespace(self):
        """Who sees only its own processes takes nobody else's for dead; nor is it taken for dead by its small number."""
        if os.geteuid() != 0:
            self.skipTest("needs root")
        inside = ("unshare", "--pid", "--fork", "--kill-child", "--mount-proc", *self.host)
        outer, inner = self.begin(plan(modes=MODES[3:4])), self.start(config=plan(modes=MODES[3:4]), wrap=inside)
        for one in (outer, inner):
            until(lambda one=one: "exec" in there(one), "a container")
        ids = [next(iter(there(one)["exec"])) for one in (outer, inner)]
        for wrap, words in ((self.host, "1 of running sessions, 1 of other PID namespaces"),
                            (inside, "0 of running sessions, 2 of other PID namespaces")):
            clean = self.run_it("clean", wrap=wrap, batch=False, export=False)
            self.assert_code(clean, 0)
            self.assertIn(f"0 left containers removed, {words}", clean.stdout)
        for identity in ids:
            self.assertTrue(engine("GET", f"/containers/{identity}/json")["State"]["Running"])
        inner.process.kill()  # with which its namespace ends
        inner.process.wait()
        common.remove_container(ids[1])
        outer.send(signal.SIGINT)
        self.assert_code(outer.wait(), 130)


class OnTheHost(ScreenCase):
    def plan(self, script, iterations=3):
        return {"session": {"iterations": iterations, "warmup": 0}, "modes": MODES[:1],
                "workload": {"command": ["/bin/sh", "-c", script]}}

    def test_a_daemon_goes_with_its_iteration(self):
        """A double fork, a session of its own, every signal ignored; and it has said that it is there."""
        seen, mark = self.box.root / f"seen{self.box.next_number()}", f"sandwatch-e2e-daemon-{os.getpid()}"
        os.mkfifo(seen)
        daemon = f"trap '' HUP INT TERM; echo here >{seen}; while :; do sleep 1000; done"
        script = f'setsid sh -c "{daemon}" & read word <{seen}; exit 0'
        session = self.start(config=self.plan(script), host="", env={"E2E_MARK": mark}).wait()
        left = common.processes_with(mark)
        self.assert_code(session, 0)
        self.assertEqual(session.counts("host"), {"ok": 3})
        self.assertEqual(left, [])

    def test_the_next_start_ends_what_a_killed_ones_command_left(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        folder = self.box.root / f"left{self.box.next_number()}"
        folder.mkdir()
        # In a PID namespace of its own: any other session's start would end it, too.
        script = f"""cd {folder} || exit; "$@" & first=$!
            until pgrep -x -f 'sleep 4321' >begun; do :; done
            kill -9 $first; wait $first
            pgrep -x -f 'sleep 4321' >left
            "$@"; code=$?
            pgrep -x -f 'sleep 4321' >after; exit $code"""
        command = f"[ ! -e {folder}/again ] || exit 0; touch {folder}/again; sleep 4321; true"
        session = self.start(config=self.plan(command), host="", wrap=(
            "unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh")).wait()
        self.assert_code(session, 0)
        begun, left, after = ((folder / name).read_text() for name in ("begun", "left", "after"))
        self.assertTrue(begun)
        self.assertEqual((left, after), (begun, ""))
        self.assertRegex(session.stderr, "clean +ended 1 process that a dead session left")


if __name__ == "__main__":
    common.main()
