#!/usr/bin/python3
"""Bad input: each kind has a message that says what to do, a counted outcome, and leaves no container."""
import pathlib
import socket

import common
from common import Case, PYTHON, REPO, needs_engine
from engines import RECORDED, Listener, Proxy, Replay, read_request

STRATEGIES = REPO / "tests/worker/strategies"
SANDBOX = "docker-sandbox"


def plan(iterations=1, warmup=0, **sections):
    """A session of one iteration without retries, as fast as the machine lets it be."""
    config = {"session": {"iterations": iterations, "warmup": warmup},
              "sandbox": {"docker": {"cpu_count": 0, **sections.pop("docker", {})},
                          "fallback": {"max_retries": 0, **sections.pop("fallback", {})}}}
    config.update(sections)
    return config


def command(*words, **sections):
    return plan(workload={"command": list(words)}, modes=[{"name": SANDBOX, "kind": "cold"}], **sections)


def python(code, **sections):
    return command(PYTHON, "-c", code, **sections)


NO_FALLBACK = {"enabled": False}
NOTHING = (PYTHON, "-I", "-c", "pass")


class Configuration(Case):
    """Nothing runs; exit code 2; the message has the place, and what is near it."""

    def refused(self, text, *parts):
        session = self.run_it(config=text)
        self.assert_code(session, 2)
        self.assertEqual(session.stdout, "")
        self.assertEqual(len(session.stderr.strip().splitlines()), 1, session.stderr)
        for part in parts:
            self.assertIn(part, session.stderr)
        self.assertFalse(list(session.state.glob("sandwatch/runs/*")), "a run was recorded")
        return session.stderr

    def test_broken_yaml(self):
        self.refused("session:\n  iterations: [1, 2\nmodes: x\n", "config.yaml:3:")

    def test_tab(self):
        self.refused("session:\n\titerations: 3\n", "config.yaml:2:1")

    def test_unknown_key(self):
        self.refused("session:\n  iteration: 3\n", "config.yaml:2:3: ", "'iteration'", "did you mean 'iterations'?")

    def test_unknown_section(self):
        self.refused("session: {iterations: 1}\nsandbx: {enabled: true}\n", "config.yaml:2:1: ", "'sandbx'", "'sandbox'")

    def test_unknown_key_deep_inside(self):
        self.refused("sandbox:\n  docker:\n    memory: 1g\n    memory_limt: 2g\n", "config.yaml:3:5: ", "'memory'")
        self.refused("sandbox:\n  docker:\n    memory_limt: 2g\n", "config.yaml:3:5: ", "'memory_limit'")

    def test_unknown_key_of_a_mode(self):
        self.refused("modes:\n  - {name: a, knd: host}\n", "config.yaml:2:15: ", "'knd'", "'kind'")

    def test_twice_the_same_key(self):
        self.refused("session:\n  iterations: 3\n  iterations: 4\n", "config.yaml:3:3: ", "iterations")

    def test_wrong_type(self):
        self.refused("session:\n  iterations: many\n", "config.yaml:2:15: ", "'many'")
        self.refused("session: [1]\n", "config.yaml:1:10: ", "session")
        self.refused("sandbox: {enabled: yes}\n", "config.yaml:1:20: ", "true or false")

    def test_bad_unit(self):
        self.refused("sandbox: {docker: {memory_limit: 2 gigs}}\n", "config.yaml:1:34: ", "memory_limit", "'2 gigs'")

    def test_no_such_variable(self):
        self.refused("session: {name: \"${NO_SUCH_VARIABLE_HERE}\"}\n", "config.yaml:1:17: ", "NO_SUCH_VARIABLE_HERE")

    def test_cyclic_alias(self):
        self.refused("session: &a\n  name: *a\n", "config.yaml:2:9: ", "a")
        self.refused("modes: &m\n  - *m\n", "config.yaml:2:5: ")

    def test_unknown_alias(self):
        self.refused("session: *nobody\n", "config.yaml:1:10: ", "nobody")

    def test_billion_laughs(self):
        lines = ["a0: &a0 [ha, ha, ha, ha, ha, ha, ha, ha, ha, ha]"]
        lines += [f"a{n}: &a{n} [" + ", ".join([f"*a{n - 1}"] * 10) + "]" for n in range(1, 10)]
        message = self.refused("\n".join(lines) + "\n", "config.yaml:")
        self.assertRegex(message, r"config\.yaml:\d+:\d+: ")

    def test_billion_laughs_in_a_known_key(self):
        aliases = "gates: &g0 [ha, ha]\n"
        config = "workload:\n  command:\n" + "".join(
            f"    - &c{n} [" + ", ".join([f"*c{n - 1}"] * 12 if n else ["x"] * 12) + "]\n" for n in range(9))
        self.refused(aliases + config, "config.yaml:")

    def test_nested_without_end(self):
        self.refused("session: " + "[" * 5000 + "]" * 5000, "config.yaml:1:")
        self.refused("session: " + "{a: " * 5000 + "}" * 5000, "config.yaml:1:")

    def test_too_large(self):
        self.refused("# " + "x" * (2 << 20) + "\n", "config.yaml", "larger")

    def test_bytes_that_are_no_text(self):
        self.refused(b"session: {name: \xff\xfe\x00}\n", "config.yaml:1:")
        self.refused(b"\x7fELF\x02\x01\x01\0\0\0\0", "config.yaml:1:")

    def test_escape_sequences_are_not_passed_on(self):
        self.refused(b'"\\e[31mred\\a": 1\n', "config.yaml:1:1: ")
        self.refused('session: {order: "\\e]0;title\\a"}\n', "config.yaml:1:18: ")

    def test_two_documents(self):
        self.refused("session: {iterations: 1}\n---\nsession: {iterations: 2}\n", "config.yaml:2:")

    def test_iterations_out_of_range(self):
        for value in ("0", "-1", "1000000000", "99999999999999999999", "1.5"):
            with self.subTest(value):
                self.refused(f"session:\n  iterations: {value}\n", "config.yaml:2:15: ", "iterations", value)

    def test_mode_names_that_clash(self):
        self.refused("modes:\n  - {name: a, kind: host}\n  - {name: a, kind: cold}\n", "config.yaml:3:", "'a'")

    def test_too_many_modes(self):
        modes = "".join(f"  - {{name: m{n}, kind: host}}\n" for n in range(33))
        self.refused("modes:\n" + modes, "config.yaml:2:3: ", "32")

    def test_no_modes(self):
        self.refused("modes: []\n", "config.yaml:1:8: ", "modes")

    def test_what_a_kind_cannot_do(self):
        self.refused("modes:\n  - {name: a, kind: warm}\nworkload: {command: [ls]}\n", "'a'", "worker")

    def test_strategy_and_command(self):
        self.refused("workload: {strategy: momentum, command: [ls]}\n", "config.yaml:1:")

    def test_empty_command(self):
        self.refused("workload: {command: []}\n", "config.yaml:1:21: ", "command")

    def test_missing_file(self):
        session = self.run_it(config=pathlib.Path("/nonexistent/study.yaml"))
        self.assert_code(session, 2)
        self.assertIn("/nonexistent/study.yaml", session.stderr)

    def test_a_folder(self):
        session = self.run_it(config=pathlib.Path("/usr"))
        self.assert_code(session, 2)
        self.assertIn("/usr", session.stderr)


class Flags(Case):
    def test_iterations_out_of_range(self):
        for value in ("0", "-1", "1000000000", "99999999999999999999", "1.5", "ten", "3x", ""):
            with self.subTest(value):
                session = self.run_it("--iterations", value)
                self.assert_code(session, 2)
                self.assertIn("--iterations", session.stderr)
                self.assertEqual(session.stdout, "")

    def test_seed_that_the_worker_cannot_take(self):
        # Either it is refused before anything runs, or it works.
        session = self.run_it("--seed", "4294967296", "--iterations", "1", "--mode", "ast-only",
                              config=plan()) if common.HOST else self.skipTest("no engine")
        if session.code != 2:
            self.assert_code(session, 0)
            self.assertEqual(session.counts("ast-only"), {"ok": 1})
        else:
            self.assertIn("--seed", session.stderr)


class Image(Case):
    @needs_engine
    def test_missing_falls_back(self):
        session = self.run_it(config=plan(docker={"image": "nosuch/image:1"}))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"fell_back": 1})
        self.assertEqual(session.counts("ast-only"), {"ok": 1})
        self.assertEqual(session.mode(SANDBOX)["fallback"]["reasons"]["taken"], {"engine": 1})
        self.assertIn("docker pull nosuch/image:1", session.stderr)

    @needs_engine
    def test_missing_without_a_fallback(self):
        session = self.run_it(config=plan(docker={"image": "nosuch/image:1"}, fallback=NO_FALLBACK))
        self.assert_code(session, 3)
        self.assertEqual(session.counts(), {"engine": 1})
        self.assertEqual(session.mode(SANDBOX)["fallback"]["refused"], 1)
        self.assertIn("docker pull nosuch/image:1", session.stderr)
        self.check_accounts(session.snapshot)

    @needs_engine
    def test_missing_with_a_command(self):
        session = self.run_it(config=command(*NOTHING, docker={"image": "nosuch/image:1"}))
        self.assertEqual(session.counts(), {"fell_back": 1})
        self.assertIn("docker pull nosuch/image:1", session.stderr)

    @needs_engine
    def test_a_name_that_is_none(self):
        for name in ("UPPER/Case", "../../etc/passwd", "a b", "x:y:z", "\x1b[31mred"):
            with self.subTest(name):
                session = self.run_it(config=command(*NOTHING, docker={"image": name}, fallback=NO_FALLBACK))
                self.assertIn(session.code, (2, 3), session.stderr)
                if session.code == 3:
                    self.assertEqual(session.counts(), {"engine": 1})


class Settings(Case):
    """What only the engine can refuse."""

    def engine_says_no(self, *parts, **docker):
        session = self.run_it(config=command(*NOTHING, docker=docker, fallback=NO_FALLBACK))
        self.assert_code(session, 3)
        self.assertEqual(session.counts(), {"engine": 1})
        error = session.mode(SANDBOX)["last_error"]
        for part in parts:
            self.assertIn(part, error)
        self.assertIn(error[:40], " ".join((session.stdout + session.stderr).split()))

    @needs_engine
    def test_unknown_runtime(self):
        self.engine_says_no("nosuchruntime", runtime="nosuchruntime")

    @needs_engine
    def test_unknown_network(self):
        self.engine_says_no("nosuchnet", network="nosuchnet")

    @needs_engine
    def test_unknown_user(self):
        self.engine_says_no("nosuchuser", user="nosuchuser")


class Seccomp(Case):
    """A profile that cannot be sent is the configuration's mistake, whoever might run the iterations."""

    def refused(self, config, *parts):
        session = self.run_it(config=config)
        self.assert_code(session, 2)
        for part in parts:
            self.assertIn(part, session.stderr)
        self.assertEqual(session.stdout, "")
        self.assertEqual(session.journal(), [])

    def check(self, path, *parts):
        self.refused(command(*NOTHING, docker={"seccomp": path}), "sandbox.docker.seccomp", path, *parts)

    def test_missing(self):
        self.check("./typo.json", "No such file")

    def test_no_json(self):
        profile = self.box.root / "profile.json"
        for text, word in (("not json", "no JSON"), ("", "no JSON"), ("[]", "no object")):
            with self.subTest(text):
                profile.write_text(text)
                self.check(str(profile), word)

    def test_a_folder(self):
        self.check(str(self.box.root), "Is a directory")

    def test_of_one_mode(self):
        modes = [{"name": "host", "kind": "host"}, {"name": "a", "kind": "cold"},
                 {"name": "b", "kind": "cold", "seccomp": "./typo.json"}]
        self.refused(plan(workload={"command": list(NOTHING)}, modes=modes), "seccomp of mode 'b'", "./typo.json")

    def test_that_no_mode_needs(self):
        config = plan(workload={"command": list(NOTHING)}, modes=[{"name": "host", "kind": "host"}],
                      docker={"seccomp": "./typo.json"})
        self.assert_code(self.run_it(config=config), 0)

    @needs_engine
    def test_one_that_is_one(self):
        profile = self.box.root / "allow.json"
        profile.write_text('{"defaultAction": "SCMP_ACT_ALLOW"}')
        session = self.run_it(config=command(*NOTHING, docker={"seccomp": str(profile)}, fallback=NO_FALLBACK))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"ok": 1})


class NotAnEngine(Case):
    """Sockets behind which there is none: exit code 3 and what would help, or the fallback."""

    def hopeless(self, host, *parts, deadline=20):
        session = self.run_it(host=host, config=command(*NOTHING, fallback=NO_FALLBACK), deadline=deadline)
        self.assert_code(session, 3)
        self.assertIn(host, session.stderr)
        self.assertIn("--host", session.stderr)
        for part in parts:
            self.assertIn(part, session.stderr)

    def falls_back(self, host):
        session = self.run_it(host=host, config=command(*NOTHING))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"fell_back": 1})
        self.assertEqual(session.mode(SANDBOX)["fallback"]["reasons"]["taken"], {"engine": 1})
        self.assertIn(host, session.stderr)

    def answering(self, data, *parts, name="l"):
        def talk(connection):
            while read_request(connection):
                connection.sendall(data)
                if b"Content-Length" not in data:
                    return
        with Listener(self.box.root / f"{name}{self.box.next_number()}", talk) as listener:
            self.hopeless(listener.url, *parts)
            self.falls_back(listener.url)

    def test_missing_path(self):
        self.hopeless("unix:///nonexistent/engine.sock")
        self.falls_back("unix:///nonexistent/engine.sock")

    def test_regular_file(self):
        path = self.box.root / "file"
        path.write_text("x")
        self.hopeless(f"unix://{path}")
        self.falls_back(f"unix://{path}")

    def test_folder(self):
        self.hopeless(f"unix://{self.box.root}")

    def test_nobody_listens_any_more(self):
        path = self.box.root / "stale"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
        self.hopeless(f"unix://{path}")

    def test_tcp_port_where_nobody_listens(self):
        with socket.socket() as reserved:
            reserved.bind(("127.0.0.1", 0))
            self.hopeless(f"tcp://127.0.0.1:{reserved.getsockname()[1]}")

    def test_closes_at_once(self):
        with Listener(self.box.root / "closes", lambda connection: None) as listener:
            self.hopeless(listener.url)
            self.falls_back(listener.url)

    def test_reads_and_closes(self):
        with Listener(self.box.root / "reads", read_request) as listener:
            self.hopeless(listener.url)

    def test_never_answers(self):
        with Listener(self.box.root / "mute", lambda connection: connection.recv(65536) and connection.recv(1)) as listener:
            self.hopeless(listener.url)

    def test_answers_forever(self):
        def talk(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n")
            while True:
                connection.sendall(b"x" * 65536)
        with Listener(self.box.root / "flood", talk) as listener:
            self.hopeless(listener.url)

    def test_headers_without_end(self):
        def talk(connection):
            read_request(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\n")
            while True:
                connection.sendall(b"X-Filler: " + b"x" * 5000 + b"\r\n")
        with Listener(self.box.root / "headers", talk) as listener:
            self.hopeless(listener.url)

    def test_html(self):
        body = b"<!DOCTYPE html><html><body><h1>It works!</h1></body></html>"
        self.answering(b"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
                       % (len(body), body))

    def test_html_not_found(self):
        body = b"<html><head><title>404 Not Found</title></head></html>"
        self.answering(b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%s"
                       % (len(body), body))

    def test_garbage_bytes(self):
        self.answering(bytes(range(256)) * 20)

    def test_escape_sequences(self):
        self.answering(b"HTTP/1.1 500 \x1b[31mred\r\nContent-Type: application/json\r\nContent-Length: 46\r\n\r\n"
                       b'{"message":"\\u001b]0;owned\\u0007 \\u202e red"}  ')

    def test_another_protocol(self):
        self.answering(b"SSH-2.0-OpenSSH_9.2p1 Debian-2\r\n")

    def test_truncated_body(self):
        self.answering(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
                       b"Transfer-Encoding: chunked\r\n\r\n1000\r\n{\"Name\":")

    def test_json_of_another_shape(self):
        for body in (b"[]", b"null", b"{}", b"\"OK\"", b"{\"ApiVersion\":7}", b"[" * 100000):
            with self.subTest(body[:20]):
                self.answering(b"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\n"
                               b"Content-Length: %d\r\n\r\n%s" % (len(body), body), name="j")

    def test_absurd_versions(self):
        for version in (b"", b"9", b"1.\x1b[31m", b"1." + b"9" * 4000, b"0.1", b"../../x", b"99.99"):
            with self.subTest(version[:20]):
                self.answering(b"HTTP/1.1 200 OK\r\nApi-Version: %s\r\nContent-Length: 2\r\n\r\nOK" % version, name="v")

    def test_addresses_that_are_none(self):
        for host in ("nonsense", "unix://relative/path", "tcp://", "tcp://host:99999", "ssh://me@there",
                     "unix:///" + "x" * 200, "tcp://a\x1b[31mb:1"):
            with self.subTest(host):
                session = self.run_it(host=host, config=command(*NOTHING))
                self.assert_code(session, 2)
                self.assertRegex(session.stderr, "--host: .*(write|use|must|at most)")


class EngineDies(Case):
    """A recorded engine that ends in the middle of an answer: no hang, no crash, outcome `engine`."""

    def replay(self, dies_at):
        path = self.box.root / f"d{self.box.next_number()}"
        # By a name that is not sandwatch's own: that one would be made anew when its recipe changes.
        config = command(*NOTHING, fallback=NO_FALLBACK, docker={"image": "recorded/python:1"})
        with Replay(path, dies_at) as engine:
            session = self.run_it(host=engine.url, config=config, deadline=20)
            return session, engine

    def cuts(self, name):
        """Offsets: nothing at all, in the first line, in the headers, at their end, in the body, one short."""
        data = (RECORDED / f"{name}.http").read_bytes()
        end = data.index(b"\r\n\r\n") + 4
        offsets = {0, 5, end // 2, end - 1, end, end + 1, (end + len(data)) // 2, len(data) - 1}
        return sorted(offset for offset in offsets if offset < len(data))

    def test_whole(self):
        session, engine = self.replay(None)
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"ok": 1})
        self.assertEqual(engine.seen[-2:], ["remove", "list"])  # and whether anything stays

    def dies_in(self, name, counted, spared=()):
        for offset in self.cuts(name):
            if offset in spared:
                continue
            with self.subTest(f"{name} at {offset}"):
                session, engine = self.replay((name, offset))
                self.assertTrue(engine.is_dead, "the cut was never reached")
                self.assert_code(session, 3)
                if not counted:
                    continue
                self.assertEqual(session.counts(), {"engine": 1})
                self.assertTrue(session.mode(SANDBOX)["last_error"])
                self.check_accounts(session.snapshot)

    def test_ping(self):
        self.dies_in("ping", False)

    def test_info(self):
        self.dies_in("info", False)

    def test_image(self):
        self.dies_in("image", True)

    def test_create(self):
        self.dies_in("create", True)

    def test_attach(self):
        # Between the head and the first frame: a command that says nothing ends like that.
        self.dies_in("attach", True, spared=[(RECORDED / "attach.http").read_bytes().index(b"\r\n\r\n") + 4])

    def test_start(self):
        self.dies_in("start", True)

    def test_wait(self):
        # Without its very last byte, a line's end, the answer is whole enough to be understood.
        self.dies_in("wait", True, spared=[len((RECORDED / "wait.http").read_bytes()) - 1])

    def test_remove(self):
        """The result was there before: it counts, and the container that nobody removes is told."""
        for offset in self.cuts("remove"):
            if offset >= len("HTTP/1.1 204"):
                continue  # 204 has no body: the status line says it all
            with self.subTest(f"remove at {offset}"):
                session, engine = self.replay(("remove", offset))
                self.assertTrue(engine.is_dead, "the cut was never reached")
                self.assert_code(session, 0)
                self.assertEqual(session.counts(), {"ok": 1})
                self.assertIn("stays behind", session.stderr)
                self.assertEqual(session.mode(SANDBOX)["containers_removed"], 0)
                self.check_accounts(session.snapshot)

    @needs_engine
    def test_one_answer_is_lost(self):
        """The engine did it and its answer got lost on the way: a retry helps, nothing stays behind."""
        for name in ("create", "attach", "start", "wait", "remove"):
            for offset in (0, 40):
                with self.subTest(f"{name} at {offset}"):
                    path = self.box.root / f"p{self.box.next_number()}"
                    with Proxy(path, common.HOST[len("unix://"):], {name: offset}) as proxy:
                        session = self.run_it(host=proxy.url, config=command(*NOTHING, fallback={"max_retries": 1}))
                    self.assertFalse(proxy.faults, "the fault was never reached")
                    self.assert_code(session, 0)
                    self.assertEqual(session.counts(), {"ok": 1}, session.mode(SANDBOX))

    @needs_engine
    def test_a_slow_start_is_not_the_codes(self):
        """The limit is of the code's time, and the engine takes longer than that before the code begins."""
        with Proxy(self.box.root / "slow", common.HOST[len("unix://"):], delays={"start": 1.5}) as proxy:
            session = self.run_it(host=proxy.url, config=command(*NOTHING, docker={"timeout_seconds": 1}))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"ok": 1}, session.mode(SANDBOX))

    @needs_engine
    def test_a_removal_that_fails_costs_no_result(self):
        """It is not run a second time, least of all on the host; what may be left is told."""
        with Proxy(self.box.root / "deaf", common.HOST[len("unix://"):], deaf=["remove"]) as proxy:
            session = self.run_it(host=proxy.url, config=command(*NOTHING, fallback={"max_retries": 1}))
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {"ok": 1}, session.mode(SANDBOX))
        self.assertEqual(proxy.seen.count("create"), 1)
        self.assertIn("stays behind", session.stderr + session.stdout)
        self.assertTrue(any("stays behind" in note for note in session.snapshot["notes"]), session.snapshot["notes"])

    @needs_engine
    @common.among_the_dead()
    def test_it_dies_while_a_container_runs(self):
        wrap = self.own_host()
        with Proxy(self.box.root / "dying", common.HOST[len("unix://"):]) as proxy:
            session = self.start(host=proxy.url, wrap=wrap, config=python("import signal; signal.pause()", fallback=NO_FALLBACK))
            session.wait_running()
            proxy.die()
            session.wait(20)
        self.assert_code(session, 3)
        self.assertEqual(session.counts(), {"engine": 1})
        # Nobody can be asked to remove it: then it is said, and `clean` does it.
        self.assertEqual(len(common.containers_of(session.pid)), 1)
        self.assert_code(self.start("clean", wrap=wrap, batch=False, export=False).wait(), 0)
        self.check_hygiene(session)


class Strategy(Case):
    """Both modes give the same outcome, and its reason is on the screen."""

    def outcome(self, name, expected, *parts, path=None, modes=("ast-only", SANDBOX), **docker):
        config = plan(workload={"strategy": str(path or STRATEGIES / name)}, docker=docker)
        session = self.run_it("--mode", ",".join(modes), config=config)
        self.assert_code(session, 0)
        for mode in modes:
            self.assertEqual(session.counts(mode), {expected: 1}, session.mode(mode)["last_error"])
            error = session.mode(mode)["last_error"]
            for part in parts:
                self.assertIn(part, error)
            if error:
                self.assertIn(error[:30], " ".join((session.stdout + session.stderr).split()), "it is never said why")
        self.check_accounts(session.snapshot)
        return session

    def written(self, data):
        path = self.box.root / f"strategy{self.box.next_number()}.py"
        path.write_bytes(data if isinstance(data, bytes) else data.encode())
        return path

    @needs_engine
    def test_prints_100_mb(self):
        session = self.outcome("prints_100mb.py", "ok")
        self.assertGreater(session.mode(SANDBOX)["output_bytes_dropped"], 99_000_000)
        self.assertLess(session.stdout_path.stat().st_size + session.stderr_path.stat().st_size, 100_000)

    @needs_engine
    def test_never_ends(self):
        self.outcome("loops_forever.py", "timeout", "over its limit of 2.00 s and killed; raise timeout_seconds",
                     timeout_seconds=2)

    @needs_engine
    def test_swallows_exceptions(self):
        self.outcome("swallows_everything.py", "timeout", "limit", timeout_seconds=2)

    @needs_engine
    def test_takes_all_memory(self):
        self.outcome("allocates_everything.py", "oom", "200 MiB and killed; raise memory_limit", modes=(SANDBOX,), memory_limit="200m")

    @needs_engine
    def test_returns_nan(self):
        self.outcome("returns_nan.py", "failed", "result.sharpe is NaN")

    @needs_engine
    def test_raises(self):
        self.outcome("divides_by_zero.py", "failed", "ZeroDivisionError", "line 4")

    @needs_engine
    def test_recursion(self):
        self.outcome("recurses.py", "failed", "RecursionError")

    @needs_engine
    def test_never_calls_sim(self):
        self.outcome("never_simulates.py", "failed", "sim()")

    @needs_engine
    def test_forges_a_result(self):
        self.outcome("forges_a_result.py", "failed", "ZeroDivisionError")

    @needs_engine
    def test_imports(self):
        self.outcome("kills_itself.py", "rejected", "import")

    @needs_engine
    def test_is_no_python(self):
        self.outcome("broken_syntax.py", "rejected", "line 2", "SyntaxError")

    @needs_engine
    def test_invalid_utf8(self):
        self.outcome("invalid_utf8.py", "rejected", "line 2", "UTF-8")

    @needs_engine
    def test_empty(self):
        self.outcome("empty.py", "rejected", "empty")

    @needs_engine
    def test_nul_byte(self):
        self.outcome("nul_byte.py", "rejected", "NUL")

    @needs_engine
    def test_escape_sequences_in_the_message(self):
        path = self.written('data["\\x1b]0;owned\\x07\\x1b[2J\\x9b31m\\u202e\\r\\n\\x08 hostile"]\n')
        self.outcome("", "failed", "hostile", path=path)

    def test_escape_sequences_in_the_file_name(self):
        folder = self.box.root / f"folder{self.box.next_number()}"
        folder.mkdir()
        path = folder / "\x1b[31mred\x07.py"
        path.write_bytes((REPO / "config/strategies/momentum.py").read_bytes())
        session = self.run_it(config=plan(workload={"strategy": str(path)}))
        self.assert_code(session, 2)
        self.assertIn("workload.strategy", session.stderr)

    @needs_engine
    def test_long_message(self):
        self.outcome("", "failed", path=self.written('data["x" * 1000000]\n'))

    @needs_engine
    def test_not_deterministic(self):
        # Where an object lies in memory differs between processes.
        path = self.written("report = sim(data.close > 0)\nreport['where'] = str(sim)\n")
        session = self.run_it(config=plan(workload={"strategy": str(path)}))
        self.assert_code(session, 0)
        self.assertEqual(session.counts("ast-only"), {"ok": 1})
        self.assertEqual(session.counts(), {"failed": 1})
        self.assertIn("not deterministic", session.mode(SANDBOX)["last_error"])
        self.assertIn("not deterministic", " ".join((session.stdout + session.stderr).split()))

    @needs_engine
    def test_array_methods(self):
        """Not bad at all: what the validator lets through has to run, too."""
        names = "sum mean max min any all std var prod argmax cumsum".split()
        path = self.written("a = np.array([1.0, 2.0, 4.0])\nreport = sim(data.close > data.close.shift(1))\n"
                            + "".join(f"report['{name}'] = float(np.max(a.{name}()))\n" for name in names))
        self.outcome("", "ok", path=path)

    def refused(self, path, *parts):
        session = self.run_it(config=plan(workload={"strategy": str(path)}))
        self.assert_code(session, 2)
        for part in ("workload.strategy", *parts):
            self.assertIn(part, session.stderr)
        self.assertEqual(session.stdout, "")

    def test_missing(self):
        self.refused("/nonexistent/strategy.py", "/nonexistent/strategy.py")

    def test_unknown_name(self):
        self.refused("momentun", "'momentun'", "momentum")

    def test_huge(self):
        path = self.box.root / "huge.py"
        with open(path, "wb") as file:
            file.truncate(3 << 30)
        self.refused(path, str(path), "larger")

    def test_folder(self):
        self.refused(self.box.root, str(self.box.root))

    def test_device(self):
        self.refused("/dev/zero", "/dev/zero")


class Command(Case):
    """Raw commands in a container: no validator stands before them."""

    def outcome(self, config, expected, *parts, deadline=30):
        session = self.run_it(config=config, deadline=deadline)
        self.assert_code(session, 0)
        self.assertEqual(session.counts(), {expected: 1}, session.mode(SANDBOX)["last_error"])
        error = session.mode(SANDBOX)["last_error"]
        for part in parts:
            self.assertIn(part, error)
        if expected != "ok":
            self.assertIn(error[:30], " ".join((session.stdout + session.stderr).split()), "it is never said why")
        self.check_accounts(session.snapshot)
        return session

    @needs_engine
    def test_signals(self):
        for name in ("SIGSEGV", "SIGABRT", "SIGKILL", "SIGTERM", "SIGUSR1"):
            with self.subTest(name):
                self.outcome(python(f"import os, signal; os.kill(os.getpid(), signal.{name})"), "crashed")

    @needs_engine
    def test_exit_code(self):
        self.outcome(python("import sys; sys.exit('no data today')"), "failed", "no data today")

    @needs_engine
    def test_no_such_program(self):
        self.outcome(command("/nonexistent/program"), "failed", "/nonexistent/program")

    @needs_engine
    def test_not_executable(self):
        self.outcome(command("/etc/passwd"), "failed", "/etc/passwd")

    @needs_engine
    def test_never_ends(self):
        self.outcome(python("while True: pass", docker={"timeout_seconds": 0.7}), "timeout", "limit")

    @needs_engine
    def test_ignores_every_signal(self):
        self.outcome(python("import signal\nfor s in range(1, 32):\n  try: signal.signal(s, signal.SIG_IGN)\n"
                            "  except OSError: pass\nwhile True: signal.pause()",
                            docker={"timeout_seconds": 0.7}), "timeout")

    @needs_engine
    def test_prints_without_end(self):
        self.outcome(python("while True: print('x' * 65535)", docker={"timeout_seconds": 1}), "timeout")

    @needs_engine
    def test_prints_100_mb_to_both(self):
        session = self.outcome(python("import sys\nfor _ in range(1000): print('x' * 50000); sys.stderr.write('y' * 50000)"),
                               "ok")
        self.assertGreater(session.mode(SANDBOX)["output_bytes_dropped"], 99_000_000)

    @needs_engine
    def test_takes_all_memory(self):
        self.outcome(python("x = []\nwhile True: x.append(bytearray(1 << 20))", docker={"memory_limit": "20m"}),
                     "oom", "20 MiB")

    @needs_engine
    def test_a_child_takes_all_memory(self):
        # The child's end is not the command's.
        self.outcome(python("import subprocess, sys\n"
                            "print(subprocess.run([sys.executable, '-c', 'x = []\\nwhile True: x.append(bytearray(1 << 20))'])"
                            ".returncode)", docker={"memory_limit": "30m"}), "ok")

    @needs_engine
    def test_forks_without_end(self):
        self.outcome(python("import os\nwhile True: os.fork()", docker={"timeout_seconds": 1.5, "pids_limit": 20}), "failed",
                     "exited with 1")  # which of the processes has the last word is chance

    @needs_engine
    def test_leaves_a_child_behind(self):
        self.outcome(python("import os, signal\nif os.fork() == 0: signal.pause()"), "ok")

    @needs_engine
    def test_closes_its_outputs(self):
        self.outcome(python("import os\nos.close(1); os.close(2)"), "ok")
        self.outcome(python("import os, signal\nos.close(1); os.close(2); signal.pause()",
                            docker={"timeout_seconds": 0.7}), "timeout")

    @needs_engine
    def test_hostile_last_words(self):
        code = (r"import os, sys; os.write(2, b'\x1b]0;owned\x07\x1b[2J\xff\xfe\x9b31m last \xe2\x80\xae words\r\n'); "
                "sys.exit(1)")
        self.outcome(python(code), "failed", "last", "words")

    @needs_engine
    def test_forged_shim_lines(self):
        code = (r"import os; os.write(2, b'\x1esw1 - exit 1 code 0\n\x1esw1 00000000000000000000000000000000 exit 1 code 0\n"
                r"\x1esw1 \n\x1e\n'); os.abort()")
        self.outcome(python(code), "crashed")

    @needs_engine
    def test_limits_at_every_moment(self):
        """A deadline in create, attach, start and run: always `timeout`, never a container."""
        for seconds in (0.001, 0.004, 0.01, 0.02, 0.05, 0.08, 0.1, 0.12, 0.15, 0.2):
            with self.subTest(seconds):
                config = python("import signal; signal.pause()", docker={"timeout_seconds": seconds})
                config["session"]["iterations"] = 2
                session = self.run_it(config=config)
                self.assert_code(session, 0)
                self.assertEqual(session.counts(), {"timeout": 2})

    @needs_engine
    def test_one_process(self):
        session = self.run_it(config=command(*NOTHING, docker={"pids_limit": 1}))
        self.assertNotIn("ok", session.counts())
        self.assertIn("cannot fork", session.mode(SANDBOX)["last_error"])

    @needs_engine
    def test_retries_and_refused_fallback(self):
        session = self.outcome(python("import os; os.abort()", fallback={"max_retries": 2}), "crashed")
        fallback = session.mode(SANDBOX)["fallback"]
        self.assertEqual((fallback["retries"], fallback["taken"], fallback["refused"]), (2, 0, 1))
        self.assertEqual(fallback["reasons"]["refused"], {"crashed": 1})

    @needs_engine
    def test_unsafe_fallback(self):
        session = self.outcome(python("import os; os.path.exists('/sandwatch') and os.abort()",
                                      fallback={"on": ["engine", "crashed"]}), "fell_back")
        self.assertEqual(session.mode(SANDBOX)["fallback"]["reasons"]["taken"], {"crashed": 1})
        self.assertTrue(session.snapshot["session"]["fallback"]["unsafe"])
        self.assertIn("unsafe", session.stdout)


if __name__ == "__main__":
    common.main()
