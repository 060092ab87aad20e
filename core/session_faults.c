#include "core/session_internal.h"

/* Of the newest of that number, as far as it is kept. */
static bool mark_attempt(struct sw_attempts *attempts, int64_t number, uint32_t fault)
{
	for (int i = attempts->n - 1; i >= 0; i--) {
		if (attempts->list[i].number != number)
			continue;
		attempts->list[i].faults |= fault;
		return true;
	}
	return false;
}

static struct sw_recent *find_recent(struct sw_session *session, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	uint64_t kept = session->n_recent < SW_RECENT_MAX ? session->n_recent : SW_RECENT_MAX;
	for (uint64_t i = 1; i <= kept; i++) {
		struct sw_recent *recent = &session->recent[(session->n_recent - i) % SW_RECENT_MAX];
		if (recent->mode == event->mode && recent->iteration == it->iteration &&
		    recent->warmup == it->warmup)
			return recent;
	}
	return NULL;
}

int sw_session_what_came(enum sw_outcome outcome, bool fell_back)
{
	return fell_back && outcome == SW_OUTCOME_OK ? SW_CAME_BACK : (int)outcome;
}

/* It may be told while its attempt runs, or once that or its iteration is over. */
int sw_session_fault(struct sw_session *session, const struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	struct sw_mode_state *mode = session->modes[event->mode];
	struct sw_running *run = sw_mode_find_running(mode, it->iteration, it->warmup);
	struct sw_recent *recent = run ? NULL : find_recent(session, event);
	uint32_t fault = UINT32_C(1) << it->fault;
	mode->faults[it->fault]++;
	if (run) {
		run->faults |= fault;
		if (!mark_attempt(&run->ended, it->attempt, fault) && run->attempt == it->attempt)
			run->attempt_faults |= fault;
	} else if (recent) {
		/* It is counted with what came of it, once. */
		if (!recent->warmup && !(recent->faults & fault))
			mode->came_of[it->fault][sw_session_what_came(recent->outcome, recent->fell_back)]++;
		recent->faults |= fault;
		(void)mark_attempt(&recent->ended, it->attempt, fault);
	}
	return 0;
}

uint64_t sw_mode_faults(const struct sw_mode_state *mode)
{
	uint64_t sum = 0;
	for (int f = 0; f < SW_FAULT_COUNT; f++)
		sum += mode->faults[f];
	return sum;
}

uint64_t sw_session_came_of(const struct sw_session *session, enum sw_fault fault,
                            uint64_t out_came_of[SW_CAME_COUNT])
{
	uint64_t injected = 0;
	memset(out_came_of, 0, SW_CAME_COUNT * sizeof *out_came_of);
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		injected += mode->faults[fault];
		for (int c = 0; c < SW_CAME_COUNT; c++)
			out_came_of[c] += mode->came_of[fault][c];
	}
	return injected;
}
