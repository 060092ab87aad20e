/* Hides how long tests at random, and floods, go on: all of their rounds, or with SANDWATCH_TEST_TENTH a
 * tenth, as tests/run.sh has it under Valgrind, which takes 20 times as long. The sanitizers run them all. */
#ifndef SW_TESTS_ROUNDS_H
#define SW_TESTS_ROUNDS_H

#include <stdlib.h>

static inline int rounds(int all)
{
	return getenv("SANDWATCH_TEST_TENTH") ? (all + 9) / 10 : all;
}

#endif
