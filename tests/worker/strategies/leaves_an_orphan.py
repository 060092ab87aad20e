# needs validate: false. A child outlives its parent and keeps the streams open.
import os
import time
if os.fork() == 0:
    time.sleep(3600)
    os._exit(0)
report = sim(data.close > data.close.shift(1))
