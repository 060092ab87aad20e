/* Hides the rule of `iterations: auto`: when the figures are precise enough to stop.
 * Must not know how iterations are run or ordered: the scheduler tells what they took and asks.
 *
 * The rule. Each mode has a reference: the decision's baseline; for a mode that goes without a layer
 * (an ablation's) the mode that has them all; where there is no baseline the first such mode. The session
 * is long enough when, for every mode with a reference other than itself, the 95 % interval of the
 * difference of the two means (high - low) is narrower than precision_percent of the larger mean. It
 * is the very interval that is shown (the same samples, function and seed). A session of one mode has no
 * differences: there the interval of its mean counts. No session is shorter than min_iterations, and
 * plan.iterations and time_budget_ns end it in any case; then the text says that the precision was not
 * reached, and what it is.
 *
 * What looking at the data costs. A rule that stops at the first significant difference would find one in
 * noise sooner or later. This one does not look at the difference's size or sign, only at how wide its
 * interval is (a fixed-width procedure: Chow & Robbins 1965, Ann. Math. Stat. 36:457), and with growing
 * samples its intervals keep their 95 %. Two small biases remain, and min_iterations is there against
 * them: it stops more readily where chance made the spread look small, so that an interval after few
 * iterations holds the truth somewhat less often than 95 % of the time; and, as latencies have a long tail
 * on the right, a mean is more likely to be a little too low when it stops before a rare slow iteration.
 * It looks at counts that grow by a tenth, not after every iteration, because a look costs a bootstrap,
 * and because fewer looks are fewer chances for both. */
#ifndef SW_ADAPTIVE_H
#define SW_ADAPTIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/plan.h"

/* The ok latencies of one mode. */
struct sw_adaptive_mode {
	int reference;    /* index; its own: none */
	int64_t *samples; /* owned; the first n_samples, in order */
	size_t n_samples,
		cap; /* up to SW_SAMPLES_MAX; fewer than count: the moments are used instead */
	uint64_t count;
	double mean_ns, m2_ns; /* Welford's running mean and sum of squared deviations */
};

/* Embedded. One thread at a time. */
struct sw_adaptive {
	const struct sw_plan *plan; /* borrowed */
	struct sw_adaptive_mode modes[SW_MODES_MAX];
	int64_t next_check; /* iterations per mode at which the next look is due */
};

/* Borrows PLAN until sw_adaptive_done. */
void sw_adaptive_init(struct sw_adaptive *adaptive, const struct sw_plan *plan);
void sw_adaptive_done(struct sw_adaptive *adaptive); /* NULL and zeroes are fine */

/* A counted iteration of MODE (an index of the plan's; others are ignored) ended ok in its own mode,
 * without a fallback, after LATENCY_NS: those alone are in the figures. When memory is out, that mode's
 * interval is computed from its mean and spread. */
void sw_adaptive_add(struct sw_adaptive *adaptive, int mode, int64_t latency_ns);

/* The session went on after all modes had done ITERATIONS_DONE: if a look was due there, it was not
 * enough. For one that is restored, so that it looks when it would have looked. */
void sw_adaptive_went_on(struct sw_adaptive *adaptive, int64_t iterations_done);

/* Whether to stop, asked between two turns when every mode has done ITERATIONS_DONE counted iterations,
 * ELAPSED_NS after the first began (pauses left out, or not, as the caller takes its budget). Cheap unless a
 * look is due. On true, OUT_PRECISION_PERCENT is the width of the widest interval in percent of its
 * larger mean (0: not known, as some mode has fewer than 2 ok iterations), and TEXT (SIZE bytes, may be 0)
 * says in a sentence why it ends; both stay untouched on false. */
bool sw_adaptive_is_enough(struct sw_adaptive *adaptive, int64_t elapsed_ns,
                           int64_t iterations_done, double *out_precision_percent, char *text,
                           size_t size);

#endif
