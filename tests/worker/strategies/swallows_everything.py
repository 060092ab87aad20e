# Never ends, and swallows whatever is raised inside it.
while True:
    try:
        total = sum(range(1000))
    except Exception:
        pass
