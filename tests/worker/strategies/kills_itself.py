# needs validate: false. Dies by SIGKILL.
import os
import signal
os.kill(os.getpid(), signal.SIGKILL)
