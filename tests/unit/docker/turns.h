/* Hides how a test turns a loop and counts how often it turns: one that spins turns thousands of times. */
#ifndef SW_TEST_TURNS_H
#define SW_TEST_TURNS_H

#include <stdbool.h>

#include "core/error.h"
#include "core/loop.h"

static inline void step(struct sw_loop *loop)
{
	struct sw_error err;
	if (sw_loop_step(loop, &err) < 0)
		fail_msg("%s", err.message);
}

static inline void tick(void *user)
{
	*(volatile bool *)user = true;
}

/* How often the loop turns in 100 ms. */
static inline int turns(struct sw_loop *loop)
{
	struct sw_timer timer = {0};
	volatile bool over = false;
	int n = 0;
	sw_loop_arm(loop, &timer, sw_clock_ns() + 100000000, tick, (void *)&over);
	while (!over) {
		step(loop);
		n++;
	}
	return n;
}

#endif
