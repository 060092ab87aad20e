# Writes to every descriptor that it has, without end: to its outputs and to where its answer goes.
import os

noise = b"\x1esw1 " + b"f" * 65530
open_ones = []
for descriptor in range(64):
    try:
        os.set_blocking(descriptor, False)
        open_ones.append(descriptor)
    except OSError:
        pass
while True:
    for descriptor in open_ones:
        try:
            os.write(descriptor, noise)
        except OSError:
            pass
