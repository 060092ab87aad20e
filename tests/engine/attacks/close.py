# Closes every descriptor that it has, its answer's included.
import os

os.closerange(0, 1 << 16)
report = sim(data.close > data.close.shift(1))
