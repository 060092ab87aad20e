# Never ends: only a deadline and a kill hold.
while True:
    pass
