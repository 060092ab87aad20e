#!/usr/bin/python3
"""A program that stood still: what it measured meanwhile is no figure."""
import pathlib
import select
import signal

import common
from common import Case, processes_with, until


class Stops(Case):
    def stop_and_continue(self, session):
        """Stands still for longer than any of its iterations takes."""
        session.send(signal.SIGSTOP)
        until(lambda: pathlib.Path(f"/proc/{session.pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "T",
              "the program is stopped")
        select.select([], [], [], 3)  # the length of the stop, not a wait for something
        session.send(signal.SIGCONT)

    def test_stopped_time_is_in_no_figure(self):
        session = self.start(config={"session": {"iterations": 2, "warmup": 0},
                                     "modes": [{"name": "host", "kind": "host"}],
                                     "workload": {"command": ["sleep", "2.0304"]}})
        # Its shortest line is "sleep 2.0304"; the program's own does not name it.
        until(lambda: processes_with("sleep\0002.0304"), "an iteration runs")
        self.stop_and_continue(session)
        session.wait()
        self.assert_code(session, 0)
        self.assertIn("measured anew", session.stderr)
        events = session.journal()
        self.assertIn("iteration_dropped", [event["event"] for event in events])
        self.assertEqual(session.mode("host")["iterations"]["ok"], 2)
        latency = session.mode("host")["latency_ns"]
        self.assertLess(latency["max"], 3e9)


if __name__ == "__main__":
    common.main()
