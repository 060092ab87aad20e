# Takes all memory that it is given, touches it, and keeps it.
blocks, size = [], 64 << 20
while size >= 1 << 20:
    try:
        blocks.append(b"x" * size)
    except MemoryError:
        size //= 2
raise MemoryError(f"took {sum(map(len, blocks)) >> 20} MiB")
