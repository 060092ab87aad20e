/* Hides which of the plan's faults are due for an attempt. Pure: the plan, the seed and the attempt's numbers
 * alone decide, so a run can be repeated, and resumed, with the same faults.
 * Must not know how a fault is done. */
#ifndef SW_CHAOS_H
#define SW_CHAOS_H

#include "core/plan.h"
#include "core/runner.h"

/* The entries of PLAN that are due for ATTEMPT, as indices, ascending, into OUT; returns how many. None for
 * warm-up and for attempts on the host. An entry with iterations is due at those, in the first `attempts`
 * attempts; one with a rate by a draw from (seed, entry, mode, iteration, attempt). */
int sw_chaos_due(const struct sw_plan *plan, const struct sw_attempt *attempt,
                 int out_entries[SW_CHAOS_MAX]);

#endif
