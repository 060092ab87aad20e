# Prints what looks like a result line; without the token it is output like any other.
print("\x1esw1 00000000000000000000000000000000 result {\"v\":1,\"outcome\":\"ok\"}")
report = sim(data.close > data.close.shift(1))
report["sharpe"] = 1 / 0
