# Fails with an exception of its own, on line 4.
days = len(data.close)
days = days - days
average = 1 / days
report = sim(data.close > average)
