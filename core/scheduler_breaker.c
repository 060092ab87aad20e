#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/scheduler_internal.h"
#include "core/text.h"

bool sw_slot_is_sandboxed(const struct sw_slot *slot)
{
	return slot->s->o.plan->modes[slot->attempt.mode].kind != SW_KIND_HOST &&
	       !slot->attempt.on_host;
}

/* ---- what is told ---- */

__attribute__((format(printf, 2, 3))) static void emit_breaker(struct sw_scheduler *s,
                                                               const char *format, ...)
{
	va_list args;
	va_start(args, format);
	(void)vsnprintf(s->breaker_text, sizeof s->breaker_text, format, args);
	va_end(args);
	sw_event_init(&s->event, SW_EVENT_BREAKER_CHANGED, -1);
	s->event.u.breaker.state = s->breaker.state;
	s->event.u.breaker.failures = s->breaker.failures;
	s->event.u.breaker.probes = s->breaker.probes;
	if (s->breaker.state == SW_BREAKER_OPEN)
		s->event.u.breaker.retry_ns = s->breaker.retry_at_ns - s->o.origin_ns;
	sw_text_clean(s->event.u.breaker.text, sizeof s->event.u.breaker.text, s->breaker_text,
	              strlen(s->breaker_text));
	sw_scheduler_emit(s);
}

void sw_slot_not_asked(struct sw_slot *slot)
{
	const struct sw_scheduler *s = slot->s;
	const struct sw_breaker *breaker = &s->breaker;
	int64_t now_ns = sw_clock_ns();
	int64_t rest_ns = breaker->retry_at_ns - now_ns;
	char in[32], then[64];
	slot->checked =
		(struct sw_attempt_result){.start_ns = now_ns, .end_ns = now_ns, .exit_code = -1};
	if (breaker->state == SW_BREAKER_HALF_OPEN)
		(void)snprintf(then, sizeof then, "another attempt tries the engine");
	else if (breaker->is_probing)
		(void)snprintf(then, sizeof then, "the engine is being probed");
	else
		(void)snprintf(then, sizeof then, "probed again in %s",
		               sw_text_duration(in, sizeof in, rest_ns > 0 ? rest_ns : 0));
	sw_result_fail(&slot->checked, SW_OUTCOME_ENGINE,
	               "not asked: the circuit breaker is %s (%.300s), %s",
	               sw_word(&sw_words_breaker, (int)breaker->state), s->breaker_text, then);
}

/* ---- waiting ---- */

bool sw_slot_waits(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	int64_t until_ns;
	if (s->stopping || !sw_breaker_may_wait(&s->breaker, sw_clock_ns(), &until_ns) ||
	    sw_loop_arm(s->o.loop, &slot->retry, until_ns, sw_slot_attempt, slot) < 0)
		return false;
	s->turn_has_gap = true; /* an engine that is away is in no throughput */
	return true;
}

/* The state has changed, or the one chance is free again: whoever waits asks again. */
static void hurry_retries(struct sw_scheduler *s)
{
	for (int i = 0; i < s->n_slots; i++) {
		struct sw_slot *slot = &s->slots[i];
		if (!slot->retry.slot)
			continue;
		sw_loop_disarm(s->o.loop, &slot->retry);
		sw_loop_defer(s->o.loop, &slot->step, sw_slot_attempt, slot);
	}
}

/* ---- probes ---- */

static void tell_answer(struct sw_scheduler *s, const char *error)
{
	(void)sw_breaker_probed(&s->breaker, !error, sw_clock_ns());
	if (error)
		emit_breaker(s, "no answer to probe %lld: %.300s", (long long)s->breaker.probes, error);
	else
		emit_breaker(s, "the engine answered a probe: one attempt is let through");
}

static void probed(void *user, const char *error)
{
	struct sw_slot *slot = user;
	slot->runner = NULL;
	if (slot->dropping || slot->cancelling || slot->s->stopping)
		sw_breaker_called_off(&slot->s->breaker);
	else
		tell_answer(slot->s, error);
	hurry_retries(slot->s);
	sw_slot_probed(slot, !error);
}

enum sw_breaker_answer sw_slot_ask_breaker(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	enum sw_breaker_answer answer = sw_breaker_ask(&s->breaker, sw_clock_ns());
	struct sw_runner *runner = s->o.runners[slot->attempt.mode][slot->index];
	if (answer != SW_BREAKER_PROBE)
		return answer;
	if (!runner->ops->probe) {
		tell_answer(s, NULL);
		return sw_breaker_ask(&s->breaker, sw_clock_ns());
	}
	slot->runner = runner;
	runner->ops->probe(runner, probed, slot);
	if (s->stopping)
		runner->ops->cancel(runner);
	return SW_BREAKER_PROBE;
}

/* ---- attempts that ended ---- */

void sw_slot_tell_breaker(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	enum sw_outcome outcome = slot->checked.outcome;
	if (slot->not_asked || !sw_slot_is_sandboxed(slot))
		return;
	if (!sw_breaker_ended(&s->breaker, slot->is_trial, outcome, sw_clock_ns())) {
		if (slot->is_trial) /* cancelled: another may be the one that is let through */
			hurry_retries(s);
		return;
	}
	if (s->breaker.state == SW_BREAKER_CLOSED) {
		emit_breaker(s, "an attempt ended as %s: the engine is used again",
		             sw_word(&sw_words_outcome, (int)outcome));
		hurry_retries(s);
		return;
	}
	if (slot->is_trial)
		emit_breaker(s, "the engine answered a probe, but the attempt failed: %.300s",
		             slot->checked.error);
	else
		emit_breaker(s, "%lld attempt%s in a row failed: %.300s", (long long)s->breaker.failures,
		             s->breaker.failures == 1 ? "" : "s", slot->checked.error);
	hurry_retries(s);
}
