# Calls sim() and drops its report.
sim(data.close > data.close.shift(1))
