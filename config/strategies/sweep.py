# A production-sized job: 50 parameter sets, and the best by Sharpe ratio. Meant for 2520 days and 500 symbols.
close = data.close


def backtest(fast, slow):
    trend = close.rolling(fast).mean() > close.rolling(slow).mean()
    return sim(trend & (close.pct_change(fast) > 0))


results = [backtest(fast, slow) for fast in range(5, 55, 5) for slow in range(60, 160, 20)]
report = results[0]
for result in results:
    if result["sharpe"] > report["sharpe"]:
        report = result
