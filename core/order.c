#include "core/scheduler.h"

static void shuffle(struct sw_order_state *state)
{
	for (int i = 0; i < state->n_modes; i++)
		state->permutation[i] = i;
	if (state->order != SW_ORDER_RANDOM)
		return;
	for (int i = state->n_modes - 1; i > 0; i--) { /* Fisher-Yates */
		int j = (int)sw_rng_below(&state->rng, (uint64_t)i + 1);
		int kept = state->permutation[i];
		state->permutation[i] = state->permutation[j];
		state->permutation[j] = kept;
	}
}

void sw_order_init(struct sw_order_state *state, const struct sw_plan *plan)
{
	*state = (struct sw_order_state){
		.order = plan->order,
		.n_modes = plan->n_modes,
		.warmup = plan->warmup,
		.iterations = plan->iterations,
		.in_warmup = plan->warmup > 0,
	};
	sw_rng_seed(&state->rng, plan->seed);
	shuffle(state);
}

static bool next_in_rounds(struct sw_order_state *state, int64_t rounds)
{
	if (state->at < state->n_modes)
		return true;
	state->at = 0;
	state->round++;
	shuffle(state);
	return state->round < rounds;
}

static bool next_in_sequence(struct sw_order_state *state, int64_t rounds)
{
	if (state->round < rounds)
		return true;
	state->round = 0;
	state->at++;
	return state->at < state->n_modes;
}

bool sw_order_next(struct sw_order_state *state, int *out_mode, int64_t *out_iteration,
                   bool *out_warmup)
{
	bool sequential = state->order == SW_ORDER_SEQUENTIAL;
	for (;;) {
		int64_t rounds = state->in_warmup ? state->warmup : state->iterations;
		if (sequential ? next_in_sequence(state, rounds) : next_in_rounds(state, rounds))
			break;
		if (!state->in_warmup)
			return false;
		state->in_warmup = false;
		state->at = 0;
		state->round = 0;
	}
	*out_warmup = state->in_warmup;
	if (sequential) {
		*out_mode = state->at;
		*out_iteration = ++state->round;
	} else {
		*out_mode = state->permutation[state->at++];
		*out_iteration = state->round + 1;
	}
	return true;
}

bool sw_outcome_is_sandbox_failure(enum sw_outcome outcome)
{
	return outcome == SW_OUTCOME_ENGINE || outcome == SW_OUTCOME_TIMEOUT ||
	       outcome == SW_OUTCOME_OOM || outcome == SW_OUTCOME_CRASHED;
}

bool sw_fallback_allows(const struct sw_fallback *fallback, enum sw_outcome outcome)
{
	return fallback->enabled && sw_outcome_is_sandbox_failure(outcome) &&
	       (fallback->on & 1u << outcome);
}

int64_t sw_retry_delay_ns(enum sw_outcome outcome, int retry)
{
	const int64_t first = 100000000, most = 2000000000;
	if (outcome != SW_OUTCOME_ENGINE)
		return 0;
	return retry > 5 ? most : first << (retry - 1) < most ? first << (retry - 1) : most;
}
