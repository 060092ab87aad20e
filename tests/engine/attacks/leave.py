# Leaves a process behind, in a session of its own and under a name to be known by. It ends by itself after a
# while: on the host nobody else may end it.
import ctypes
import os
import time

if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        ctypes.CDLL(None).prctl(15, b"sw-attack", 0, 0, 0)
        os.closerange(0, 256)
        time.sleep(20)
    os._exit(0)
os.wait()
report = sim(data.close > data.close.shift(1))
