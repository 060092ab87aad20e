#include "core/chaos.h"

#include <string.h>

#include "core/stats.h"

/* A number that looks drawn, of H and VALUE alone: no draw depends on how many came before it. */
static uint64_t mix(uint64_t h, uint64_t value)
{
	struct sw_rng rng;

	sw_rng_seed(&rng, h + value);
	return sw_rng_next(&rng);
}

static bool draw(const struct sw_plan *plan, int entry, const struct sw_attempt *attempt)
{
	uint64_t h = mix(plan->seed, UINT64_C(0x6368616f73)); /* apart from the seed's other uses */

	h = mix(h, (uint64_t)entry);
	h = mix(h, (uint64_t)attempt->mode);
	h = mix(h, (uint64_t)attempt->iteration);
	h = mix(h, (uint64_t)attempt->number);
	/* 53 bits, as many as a double holds: [0, 1). */
	return (double)(h >> 11) * 0x1p-53 < plan->chaos[entry].rate;
}

static bool is_listed(const struct sw_chaos_fault *fault, int64_t iteration)
{
	for (int i = 0; i < fault->n_iterations; i++)
		if (fault->iterations[i] == iteration)
			return true;
	return false;
}

static bool is_due(const struct sw_plan *plan, int entry, const struct sw_attempt *attempt)
{
	const struct sw_chaos_fault *fault = &plan->chaos[entry];

	if (*fault->mode && strcmp(fault->mode, plan->modes[attempt->mode].name) != 0)
		return false;
	if (!fault->n_iterations)
		return draw(plan, entry, attempt);
	return is_listed(fault, attempt->iteration) &&
	       (!fault->attempts || attempt->number <= fault->attempts);
}

int sw_chaos_due(const struct sw_plan *plan, const struct sw_attempt *attempt,
                 int out_entries[SW_CHAOS_MAX])
{
	int n = 0;

	if (attempt->warmup || attempt->on_host || plan->modes[attempt->mode].kind == SW_KIND_HOST)
		return 0;
	for (int i = 0; i < plan->n_chaos; i++)
		if (is_due(plan, i, attempt))
			out_entries[n++] = i;
	return n;
}
