# Computes, and never calls sim().
position = data.close > data.close.shift(1)
