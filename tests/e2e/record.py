#!/usr/bin/python3
"""Records what a real engine says to one session, for the replays: SANDWATCH_TEST_HOST=unix:///… record.py

The session runs one iteration of a command that says something on both outputs. Each answer's bytes go
to recorded/NAME.http as they came; the connection is closed after each."""
import common
import engines

CONFIG = {"session": {"iterations": 1, "warmup": 0},
          "modes": [{"name": "docker-sandbox", "kind": "cold"}],
          "workload": {"command": [common.PYTHON, "-c", "import sys; print('out ' * 40); sys.stderr.write('err ' * 40)"]}}


def main():
    box, record = common.Box(), {}
    try:
        with engines.Proxy(box.root / "p", common.HOST[len("unix://"):], record=record) as proxy:
            session = common.Session(box, [], CONFIG, host=proxy.url).wait()
        assert session.code == 0 and session.counts() == {"ok": 1}, session.stderr
        engines.RECORDED.mkdir(exist_ok=True)
        for name, data in record.items():
            (engines.RECORDED / f"{name}.http").write_bytes(data)
            print(f"{name:8} {len(data)} bytes")
    finally:
        box.close()


if __name__ == "__main__":
    main()
