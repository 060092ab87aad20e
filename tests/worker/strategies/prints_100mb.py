# Floods its output: 100 MB, and a proper report at the end.
line = "x" * 99999
for _ in range(1000):
    print(line)
report = sim(data.close > data.close.shift(1))
