# Takes a bounded amount of memory, more than its limit is, and gives it back: on the host nothing may stop it.
blocks = [b"x" * (64 << 20) for _ in range(12)]
size = sum(map(len, blocks))
del blocks
raise RuntimeError(f"harmed: {size >> 20} MiB taken, and nothing stopped it")
