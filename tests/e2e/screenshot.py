#!/usr/bin/python3
"""Runs the default session on a real engine in a terminal of 120 × 36, and writes what is on the screen
half-way through it: docs/screen.svg, and with --text the same as text on stdout.

    tests/e2e/screenshot.py [--program build/release/sandwatch] [--iterations N] [--text] [-- ARGUMENT...]

Needs tmux, and an engine that the program finds.
"""
import argparse
import os
import pathlib
import re
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import picture  # noqa: E402
from terminal import Terminal  # noqa: E402

REPO = pathlib.Path(__file__).resolve().parent.parent.parent


def progress(screen):
    found = re.search(r" (\d+)/(\d+) ", screen)
    return int(found.group(1)) / int(found.group(2)) if found else 0


def is_telling(screen):
    """Past the middle, and the running iteration is in the midst of its imports."""
    imports = re.search(r"│ imports .*?│", screen)
    return progress(screen) >= 0.6 and imports and len(re.findall(r"\d m?s\b", imports.group())) > 1 and "now" in screen


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--program", default=str(REPO / "build/release/sandwatch"))
    parser.add_argument("--iterations", type=int, default=20)
    parser.add_argument("--width", type=int, default=120)
    parser.add_argument("--height", type=int, default=36)
    parser.add_argument("--out", default=str(REPO / "docs/screen.svg"))
    parser.add_argument("--text", action="store_true", help="print the screen as text, too")
    parser.add_argument("arguments", nargs="*", help="further arguments of the program")
    options = parser.parse_args()
    keep = {name: os.environ[name] for name in ("XDG_STATE_HOME", "DOCKER_HOST", "HOME") if name in os.environ}
    command = [options.program, "--iterations", str(options.iterations), *options.arguments]
    with Terminal(command, options.width, options.height, env=keep) as terminal:
        terminal.wait(is_telling, "the session's middle", 300)
        pathlib.Path(options.out).write_text(picture.svg(terminal.screen(escapes=True), title="sandwatch's live screen"),
                                             encoding="utf-8")
        if options.text:
            print(terminal.screen().rstrip("\n"))
        terminal.keys("q")
        terminal.wait("End the session now?")
        terminal.keys("Enter")
        terminal.status()


if __name__ == "__main__":
    main()
