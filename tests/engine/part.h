/* Hides how a program's tests are dealt out: `--part K/N` is every Nth of them, from the Kth on, and the
 * parts together are all. They run at the same time, so each needs names of its own. Header only. */
#ifndef SW_ENGINE_PART_H
#define SW_ENGINE_PART_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct part {
	size_t number, of, n_seen;
};

/* Takes --part K/N off the program's arguments; all tests without. Exits when there is no such part. */
static inline struct part part_of(int *argc, char **argv)
{
	struct part part = {1, 1, 0};
	char *end = NULL;
	if (*argc != 3 || strcmp(argv[1], "--part") != 0)
		return part;
	part.number = strtoul(argv[2], &end, 10);
	part.of = *end == '/' ? strtoul(end + 1, &end, 10) : 0;
	if (*end || part.number < 1 || part.number > part.of) {
		(void)fprintf(stderr, "no such part: %s\n", argv[2]);
		exit(2);
	}
	*argc = 1;
	return part;
}

/* Whether the next test, counted from the first, is one of PART's. */
static inline bool part_has_next(struct part *part)
{
	return part->n_seen++ % part->of == part->number - 1;
}

#endif
