#!/usr/bin/python3
"""Images that are not sandwatch's own: how the shim comes into their containers, and what is said of it."""
import os

import common
from common import Case, needs_engine
from test_batch import COLD_MODE, HOST_MODE, SANDBOX, plan


@needs_engine
class ForeignImage(Case):
    """A command in an image without our layout: the shim is uploaded where the engine takes it."""

    def session(self, image, read_only):
        return self.run_it(config=plan(["/noop"], modes=[COLD_MODE], docker={"image": image, "read_only": read_only}))

    def test_shim_is_uploaded_or_left_out(self):
        with common.foreign_image(f"sandwatch-e2e/noop-{os.getpid()}") as image:
            uploaded, left_out = self.session(image, False), self.session(image, True)
        for session, shim in ((uploaded, "uploaded"), (left_out, "left out")):
            self.assertEqual(session.mode(SANDBOX)["shim"], shim)
            self.assertRegex(session.mode(SANDBOX)["image_id"], "^sha256:[0-9a-f]{64}$")
            self.assertEqual(session.snapshot["modes"][0]["iterations"]["ok"], 2)
            self.check_accounts(session.snapshot)
        self.assertEqual(uploaded.snapshot["environment"]["clock"], "shared")
        self.assertIn("is part of create and so of the overhead", uploaded.stderr)
        self.assertIn("has no shim and its root is read-only", left_out.stderr)
        self.assertIn("start is measured up to the engine's answer, so boot is part of it", left_out.stderr)
        for session in (uploaded, left_out):
            self.assertEqual([note for note in session.snapshot["notes"] if note in session.stderr],
                             session.snapshot["notes"])

    def test_each_mode_has_its_own(self):
        with common.foreign_image(f"sandwatch-e2e/noop-{os.getpid()}") as image:
            modes = [{"name": "foreign", "kind": "cold", "image": image, "read_only": False}, COLD_MODE,
                     {"name": "missing", "kind": "cold", "image": "sandwatch-e2e/nosuch"}, HOST_MODE]
            session = self.run_it(config=plan(["/usr/bin/env"], modes=modes, iterations=1))
        shims = {mode["name"]: (mode["shim"], mode["image_id"] is None) for mode in session.snapshot["modes"]}
        self.assertEqual(shims, {"foreign": ("uploaded", False), SANDBOX: ("baked", False), "missing": (None, True),
                                 "host": (None, True)})
        self.assertEqual(len({session.mode(name)["image_id"] for name in ("foreign", SANDBOX)}), 2)
        self.assertEqual(session.stderr.count("has no shim"), 1)

    def test_strategies_need_our_image(self):
        config = {"session": {"iterations": 1}, "modes": [COLD_MODE]}
        with common.foreign_image(f"sandwatch-e2e/noop-{os.getpid()}") as image:
            config["sandbox"] = {"docker": {"image": image}}
            session = self.run_it(config=config)
        self.assertEqual(session.code, 2)
        self.assertIn("does not carry sandwatch's worker", session.stderr)
        self.assertIn("workload.command", session.stderr)


if __name__ == "__main__":
    common.main()
