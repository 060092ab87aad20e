#include "core/breaker.h"

void sw_breaker_init(struct sw_breaker *breaker, const struct sw_breaker_plan *plan)
{
	*breaker = (struct sw_breaker){.plan = *plan, .state = SW_BREAKER_CLOSED};
}

static void change(struct sw_breaker *breaker, enum sw_breaker_state state)
{
	breaker->state = state;
	breaker->probes = 0;
	breaker->is_probing = breaker->is_trying = false;
}

static void stay_open(struct sw_breaker *breaker, int64_t open_ns, int64_t now_ns)
{
	breaker->open_ns = open_ns < breaker->plan.max_open_ns ? open_ns : breaker->plan.max_open_ns;
	breaker->retry_at_ns = now_ns + breaker->open_ns;
}

enum sw_breaker_answer sw_breaker_ask(struct sw_breaker *breaker, int64_t now_ns)
{
	if (breaker->state == SW_BREAKER_CLOSED)
		return SW_BREAKER_GO;
	if (breaker->state == SW_BREAKER_OPEN) {
		if (breaker->is_probing || now_ns < breaker->retry_at_ns)
			return SW_BREAKER_REFUSE;
		breaker->is_probing = true;
		return SW_BREAKER_PROBE;
	}
	if (breaker->is_trying)
		return SW_BREAKER_REFUSE;
	breaker->is_trying = true;
	return SW_BREAKER_TRY;
}

bool sw_breaker_may_wait(const struct sw_breaker *breaker, int64_t now_ns, int64_t *out_until_ns)
{
	bool probes_later = breaker->state == SW_BREAKER_OPEN && !breaker->is_probing &&
	                    breaker->retry_at_ns < breaker->wait_until_ns;
	if (breaker->state == SW_BREAKER_CLOSED || now_ns >= breaker->wait_until_ns)
		return false;
	*out_until_ns = probes_later ? breaker->retry_at_ns : breaker->wait_until_ns;
	return true;
}

bool sw_breaker_probed(struct sw_breaker *breaker, bool is_answered, int64_t now_ns)
{
	if (!breaker->is_probing)
		return false;
	breaker->is_probing = false;
	if (is_answered) {
		change(breaker, SW_BREAKER_HALF_OPEN);
	} else {
		breaker->probes++;
		stay_open(breaker, 2 * breaker->open_ns, now_ns);
	}
	return true;
}

void sw_breaker_called_off(struct sw_breaker *breaker)
{
	breaker->is_probing = false;
}

static bool trial_ended(struct sw_breaker *breaker, enum sw_outcome outcome, int64_t now_ns)
{
	breaker->is_trying = false;
	if (outcome == SW_OUTCOME_CANCELLED)
		return false;
	if (outcome == SW_OUTCOME_ENGINE) {
		breaker->failures++;
		change(breaker, SW_BREAKER_OPEN);
		stay_open(breaker, 2 * breaker->open_ns, now_ns);
	} else {
		breaker->failures = 0;
		breaker->has_worked = true;
		change(breaker, SW_BREAKER_CLOSED);
	}
	return true;
}

bool sw_breaker_ended(struct sw_breaker *breaker, bool is_trial, enum sw_outcome outcome,
                      int64_t now_ns)
{
	if (is_trial)
		return breaker->is_trying && trial_ended(breaker, outcome, now_ns);
	if (breaker->state != SW_BREAKER_CLOSED || outcome == SW_OUTCOME_CANCELLED)
		return false;
	if (outcome != SW_OUTCOME_ENGINE) {
		breaker->failures = 0;
		breaker->has_worked = true;
		return false;
	}
	breaker->failures++;
	if (!breaker->plan.failures || breaker->failures < breaker->plan.failures)
		return false;
	change(breaker, SW_BREAKER_OPEN);
	stay_open(breaker, breaker->plan.open_ns, now_ns);
	breaker->wait_until_ns = breaker->has_worked ? now_ns + breaker->plan.wait_ns : 0;
	return true;
}
