# Latin-1, not UTF-8.
name = "café"
report = sim(data.close > 0)
