# Looks whether it could write to its parent's memory, without doing it.
import os

try:
    with open(f"/proc/{os.getppid()}/mem", "r+b", 0):
        could = True
except OSError:
    could = False
if could:
    raise RuntimeError("harmed: its parent's memory is open for writing")
report = sim(data.close > data.close.shift(1))
