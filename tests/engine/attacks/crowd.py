# Many small processes, each within its own ceiling, take all memory together: the largest of the
# container is then not one of them, but the one that serves all jobs.
import os
import sys
import time

HOG = """
import time
blocks = []
while True:
    try:
        blocks.append(b"x" * (1 << 20))
    except MemoryError:
        time.sleep(0.01)
    if len(blocks) >= 20:
        time.sleep(60)
"""

for number in range(50):
    try:
        if os.fork() == 0:
            os.execv(sys.executable, [sys.executable, "-I", "-S", "-c", HOG])
    except OSError:
        break
while True:
    time.sleep(1)
