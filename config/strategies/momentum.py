# Simple momentum with volume filter: hold the strongest symbols while they trade above their usual volume.
close = data.close
volume = data.volume

momentum = close.pct_change(20)
strongest = momentum.rank(axis=1, ascending=False) <= 5
rising = close > close.rolling(20).mean()
liquid = volume > volume.rolling(20).mean() * 0.8

position = strongest & rising & liquid
report = sim(position)
