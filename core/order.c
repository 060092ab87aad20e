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
	for (int i = 0; i < plan->n_modes; i++) {
		state->parallel[i] = plan->modes[i].parallel > 1 ? plan->modes[i].parallel : 1;
		state->size[i] = state->parallel[i] * (plan->block > 1 ? plan->block : 1);
		state->stretch = state->size[i] > state->stretch ? state->size[i] : state->stretch;
	}
	if (!plan->is_auto)
		state->stretch = plan->iterations;
	sw_rng_seed(&state->rng, plan->seed);
	shuffle(state);
}

/* What of MODE is to be run in this stage, and how much of it at once. */
static int64_t total(const struct sw_order_state *state, int mode)
{
	return state->in_warmup ? state->warmup * state->parallel[mode] : state->iterations;
}

static int64_t turn_size(const struct sw_order_state *state, int mode)
{
	return state->in_warmup ? state->parallel[mode] : state->size[mode];
}

/* How much of it comes before all modes have done as much. */
static int64_t stretch(const struct sw_order_state *state, int mode)
{
	return state->in_warmup ? total(state, mode) : state->stretch;
}

static void take(const struct sw_order_state *state, int mode, struct sw_turn *out_turn)
{
	int64_t left = total(state, mode) - state->round, size = turn_size(state, mode);
	if (state->order != SW_ORDER_SEQUENTIAL) {
		int64_t in_stretch = stretch(state, mode) - state->round % stretch(state, mode);
		left = left < in_stretch ? left : in_stretch;
	}
	*out_turn = (struct sw_turn){.mode = mode,
	                             .first = state->round + 1,
	                             .count = left < size ? left : size,
	                             .warmup = state->in_warmup};
}

static bool next_in_rounds(struct sw_order_state *state, struct sw_turn *out_turn)
{
	int64_t rounds = 0;
	for (int i = 0; i < state->n_modes; i++)
		rounds = total(state, i) > rounds ? total(state, i) : rounds;
	while (state->round < rounds) {
		while (state->at < state->n_modes) {
			int mode = state->permutation[state->at++];
			/* A mode that had several rounds' worth at once sits the next ones out. */
			if (state->round < total(state, mode) &&
			    state->round % stretch(state, mode) % turn_size(state, mode) == 0) {
				take(state, mode, out_turn);
				return true;
			}
		}
		state->at = 0;
		state->round++;
		shuffle(state);
	}
	return false;
}

static bool next_in_sequence(struct sw_order_state *state, struct sw_turn *out_turn)
{
	for (; state->at < state->n_modes; state->at++, state->round = 0) {
		if (state->round >= total(state, state->at))
			continue;
		take(state, state->at, out_turn);
		state->round += out_turn->count;
		return true;
	}
	return false;
}

bool sw_order_next(struct sw_order_state *state, struct sw_turn *out_turn)
{
	for (;;) {
		if (state->order == SW_ORDER_SEQUENTIAL ? next_in_sequence(state, out_turn)
		                                        : next_in_rounds(state, out_turn))
			return true;
		if (!state->in_warmup)
			return false;
		state->in_warmup = false;
		state->at = 0;
		state->round = 0;
	}
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
