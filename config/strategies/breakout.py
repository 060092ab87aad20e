# Breakout: enter above the 20-day high, leave below the 10-day low.
ceiling = data.high.rolling(20).max().shift(1)
floor = data.low.rolling(10).min().shift(1)

signal = (data.close > ceiling).astype(float) - (data.close < floor).astype(float)
position = signal.where(signal != 0).ffill().clip(lower=0)
report = sim(position)
