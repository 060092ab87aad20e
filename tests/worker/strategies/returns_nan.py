# Its report holds NaN.
report = sim(data.close > data.close.shift(1))
report["sharpe"] = np.nan
