#include <string.h>
#include <sys/random.h>

#include "core/scheduler_internal.h"
#include "core/text.h"

static const char dropped_text[] = "paused: it is measured anew after the pause";
static const char stopped_text[] = "stopped before its end: `sandwatch run --resume` measures it anew";
static const char cancelled_text[] = "cancelled by the user";
static const char unbegun_text[] = "cancelled before its first attempt";

/* ---- events ---- */

static struct sw_iteration_info *begin_event(struct sw_slot *slot, enum sw_event_kind kind)
{
	struct sw_event *event = &slot->s->event;
	sw_event_init(event, kind, slot->attempt.mode);
	struct sw_iteration_info *it = &event->u.it;
	it->iteration = slot->attempt.iteration;
	it->attempt = slot->attempt.number;
	it->warmup = slot->attempt.warmup;
	it->on_host = slot->attempt.on_host;
	it->start_ns = sw_clock_ns() - slot->s->o.origin_ns;
	return it;
}

static void emit_reason(struct sw_slot *slot, enum sw_event_kind kind, enum sw_outcome reason)
{
	begin_event(slot, kind)->outcome = reason;
	sw_scheduler_emit(slot->s);
}

static void emit_attempt_finished(struct sw_slot *slot)
{
	const struct sw_attempt_result *result = &slot->checked;
	int64_t origin_ns = slot->s->o.origin_ns;
	struct sw_iteration_info *it = begin_event(slot, SW_EVENT_ATTEMPT_FINISHED);
	it->outcome = result->outcome;
	it->start_ns = result->start_ns - origin_ns;
	it->wall_ns = result->end_ns - result->start_ns;
	it->other_ns = sw_result_other_ns(result);
	it->exit_code = result->exit_code;
	it->term_signal = result->term_signal;
	it->stdout_bytes = (int64_t)result->stdout_bytes;
	it->stderr_bytes = (int64_t)result->stderr_bytes;
	it->dropped_bytes = (int64_t)result->dropped_bytes;
	it->by_durations = result->by_durations;
	it->not_asked = slot->not_asked;
	sw_text_copy(it->digest, sizeof it->digest, result->digest);
	sw_text_copy(it->python, sizeof it->python, result->python);
	sw_text_copy(it->container, sizeof it->container, result->container);
	sw_text_copy(it->text, sizeof it->text, result->error);
	for (it->n_spans = 0; it->n_spans < result->n_spans; it->n_spans++) {
		it->spans[it->n_spans] = result->spans[it->n_spans];
		it->spans[it->n_spans].start_ns -= origin_ns;
		it->spans[it->n_spans].end_ns -= origin_ns;
	}
	sw_scheduler_emit(slot->s);
}

/* ---- its end ---- */

static void leave(struct sw_slot *slot)
{
	slot->active = slot->dropping = slot->cancelling = false;
	slot->s->n_active--;
}

static void finish_iteration(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	struct sw_attempt_result *last = &slot->checked;
	if (!slot->iteration_start_ns) /* no attempt was made */
		slot->iteration_start_ns = last->end_ns = sw_clock_ns();
	leave(slot);
	struct sw_iteration_info *it = begin_event(slot, SW_EVENT_ITERATION_FINISHED);
	it->outcome = last->outcome;
	it->fell_back = slot->attempt.on_host;
	it->start_ns = slot->iteration_start_ns - s->o.origin_ns;
	it->wall_ns = last->end_ns - slot->iteration_start_ns;
	it->attempts = slot->attempt.number;
	sw_text_copy(it->text, sizeof it->text, last->error);
	s->event.in_turn = s->n_active > 0 || sw_scheduler_turn_goes_on(s);
	s->turn_ended++;
	s->done[slot->attempt.mode] += !slot->attempt.warmup;
	bool is_own_ok = last->outcome == SW_OUTCOME_OK && !slot->attempt.on_host;
	s->turn_ok += is_own_ok;
	if (!slot->attempt.warmup && is_own_ok)
		sw_adaptive_add(&s->adaptive, slot->attempt.mode, last->end_ns - slot->iteration_start_ns);
	sw_scheduler_emit(s);
	slot->end_seq = s->event.seq;
	s->wait_seq = s->event.in_turn ? s->wait_seq : s->event.seq;
	sw_scheduler_slot_free(slot);
}

static void drop_iteration(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	leave(slot);
	slot->again = s->turn_is_spoilt = true;
	struct sw_iteration_info *it = begin_event(slot, SW_EVENT_ITERATION_DROPPED);
	sw_text_copy(it->text, sizeof it->text, s->stopping ? stopped_text : dropped_text);
	sw_scheduler_emit(s);
	s->wait_seq = s->event.seq;
	sw_scheduler_slot_free(slot);
}

/* ---- attempts ---- */

static void new_token(char *dst)
{
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		memset(bytes, 0, sizeof bytes); /* not reached: 16 bytes never block after boot */
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(dst + 2 * i, 3, "%02x", bytes[i]);
}

/* All ok results of a session must be one and the same: the sandbox must not change the answer. */
static void check_digest(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	struct sw_attempt_result *result = &slot->checked;
	if (result->outcome != SW_OUTCOME_OK || !*result->digest)
		return;
	if (!*s->digest) {
		sw_text_copy(s->digest, sizeof s->digest, result->digest);
		sw_text_copy(s->digest_mode, sizeof s->digest_mode,
		             s->o.plan->modes[slot->attempt.mode].name);
	} else if (strcmp(s->digest, result->digest) != 0) {
		sw_result_fail(
			result, SW_OUTCOME_FAILED,
			"its result differs from the session's first, of %s (SHA-256 %.12s…, not "
			"%.12s…): the strategy is not deterministic, or the modes do not run the same code",
			s->digest_mode, result->digest, s->digest);
	}
}

static void attempt_done(void *user, const struct sw_attempt_result *result);

static void announce_attempt(struct sw_slot *slot)
{
	slot->attempt.number++;
	new_token(slot->attempt.token);
	begin_event(slot, SW_EVENT_ATTEMPT_STARTED);
	sw_scheduler_emit(slot->s);
}

static void make_attempt(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	slot->not_asked = false;
	announce_attempt(slot);
	if (s->o.attempt_begins && sw_slot_is_sandboxed(slot))
		s->o.attempt_begins(s->o.user, slot->index, &slot->attempt);
	slot->runner = slot->attempt.on_host ? s->o.fallbacks[slot->index]
	                                     : s->o.runners[slot->attempt.mode][slot->index];
	slot->runner->ops->start(slot->runner, &slot->attempt, attempt_done, slot);
	if (s->stopping)
		slot->runner->ops->cancel(slot->runner);
}

static void conclude_attempt(struct sw_slot *slot);

static void refuse_attempt(void *user)
{
	struct sw_slot *slot = user;
	slot->not_asked = true;
	announce_attempt(slot);
	sw_slot_not_asked(slot);
	conclude_attempt(slot);
}

void sw_slot_attempt(void *user)
{
	struct sw_slot *slot = user;
	enum sw_breaker_answer answer = SW_BREAKER_GO;
	if (sw_slot_is_sandboxed(slot))
		answer = sw_slot_ask_breaker(slot);
	if (answer == SW_BREAKER_PROBE)
		return;
	slot->is_trial = answer == SW_BREAKER_TRY;
	if (answer == SW_BREAKER_REFUSE && sw_slot_waits(slot))
		return;
	if (answer == SW_BREAKER_REFUSE) /* soon: nothing of a turn ends while it is being begun */
		sw_loop_defer(slot->s->o.loop, &slot->step, refuse_attempt, slot);
	else
		make_attempt(slot);
}

/* Takes back the attempt that waits to be started; false when none does. */
static bool call_off_attempt(struct sw_slot *slot)
{
	if (slot->runner)
		return false;
	sw_loop_disarm(slot->s->o.loop, &slot->retry);
	sw_loop_cancel(slot->s->o.loop, &slot->step);
	return true;
}

static bool has_retry(const struct sw_slot *slot)
{
	return slot->attempt.number <= slot->s->o.plan->fallback.max_retries && !slot->not_asked;
}

static bool may_fall_back(const struct sw_slot *slot, enum sw_outcome outcome)
{
	return slot->s->o.fallbacks && sw_fallback_allows(&slot->s->o.plan->fallback, outcome);
}

/* A stop has taken its end away: it is as if it had not been run, so that a resumed session runs it. One that
 * the user cancelled alone has its end. */
static bool is_cut_short(const struct sw_slot *slot)
{
	enum sw_outcome outcome = slot->checked.outcome;
	return slot->s->stopping && !slot->cancelling &&
	       (outcome == SW_OUTCOME_CANCELLED ||
	        (sw_slot_is_sandboxed(slot) && sw_outcome_is_sandbox_failure(outcome) &&
	         (has_retry(slot) || may_fall_back(slot, outcome))));
}

/* Retries come before the fallback; both only for what the sandbox, not the code, did. */
static bool go_on(struct sw_slot *slot, enum sw_outcome outcome)
{
	struct sw_scheduler *s = slot->s;
	if (!sw_slot_is_sandboxed(slot) || !sw_outcome_is_sandbox_failure(outcome) || s->stopping ||
	    slot->cancelling)
		return false;
	if (has_retry(slot)) {
		emit_reason(slot, SW_EVENT_RETRY, outcome);
		/* What the breaker refuses need not wait for it. */
		int64_t delay = s->breaker.state == SW_BREAKER_OPEN
		                    ? 0
		                    : sw_retry_delay_ns(outcome, slot->attempt.number);
		if (delay &&
		    sw_loop_arm(s->o.loop, &slot->retry, sw_clock_ns() + delay, sw_slot_attempt, slot) == 0)
			return true;
		sw_loop_defer(s->o.loop, &slot->step, sw_slot_attempt, slot);
		return true;
	}
	if (!may_fall_back(slot, outcome)) {
		emit_reason(slot, SW_EVENT_FALLBACK_REFUSED, outcome);
		return false;
	}
	emit_reason(slot, SW_EVENT_FALLBACK_TAKEN, outcome);
	slot->attempt.on_host = true;
	sw_loop_defer(s->o.loop, &slot->step, sw_slot_attempt, slot);
	return true;
}

/* Whoever runs while the program stands still has measured that, too. */
static void ask_whether_disturbed(struct sw_scheduler *s)
{
	if (s->stopping || !s->o.disturbed || !s->o.disturbed(s->o.user))
		return;
	for (int i = 0; i < s->n_slots; i++)
		if (s->slots[i].active && !s->slots[i].cancelling)
			sw_slot_drop(&s->slots[i]);
}

static void conclude_attempt(struct sw_slot *slot)
{
	if (!slot->iteration_start_ns)
		slot->iteration_start_ns = slot->checked.start_ns;
	emit_attempt_finished(slot);
	sw_slot_tell_breaker(slot);
	if (slot->dropping || is_cut_short(slot))
		drop_iteration(slot);
	else if (!go_on(slot, slot->checked.outcome))
		finish_iteration(slot);
}

static void attempt_done(void *user, const struct sw_attempt_result *result)
{
	struct sw_slot *slot = user;
	struct sw_scheduler *s = slot->s;
	struct sw_attempt_result *checked = &slot->checked;
	*checked = *result;
	if (s->o.attempt_ended && sw_slot_is_sandboxed(slot))
		s->o.attempt_ended(s->o.user, slot->index, &slot->attempt);
	/* The runner is still named as the slot's, so that a drop marks this one instead of ending it. */
	ask_whether_disturbed(s);
	slot->runner = NULL;
	/* Also one that came to its own end first: a runner that was told to cancel may have taken
	 * another way out, so its time is no measurement. */
	if (slot->dropping)
		sw_result_fail(checked, SW_OUTCOME_CANCELLED, dropped_text);
	check_digest(slot);
	conclude_attempt(slot);
}

/* ---- begin, and early ends ---- */

void sw_slot_begin(struct sw_slot *slot)
{
	struct sw_scheduler *s = slot->s;
	slot->active = true;
	slot->again = false;
	slot->began = ++s->began;
	slot->attempt.number = 0;
	slot->attempt.on_host = false;
	slot->iteration_start_ns = 0;
	slot->not_asked = slot->is_trial = false;
	slot->checked = (struct sw_attempt_result){.exit_code = -1}; /* until an attempt ends */
	sw_result_fail(&slot->checked, SW_OUTCOME_CANCELLED, "%s", unbegun_text);
	s->n_active++;
	begin_event(slot, SW_EVENT_ITERATION_STARTED);
	sw_scheduler_emit(s);
	sw_slot_attempt(slot);
}

static void finish_cancelled(struct sw_slot *slot)
{
	if (slot->attempt.number)
		sw_result_fail(&slot->checked, SW_OUTCOME_CANCELLED, "%s after attempt %d: %.300s",
		               cancelled_text, slot->attempt.number, slot->checked.error);
	else
		sw_result_fail(&slot->checked, SW_OUTCOME_CANCELLED, "%s", cancelled_text);
	finish_iteration(slot);
}

void sw_slot_probed(struct sw_slot *slot, bool is_answered)
{
	if (slot->dropping)
		drop_iteration(slot);
	else if (slot->cancelling)
		finish_cancelled(slot);
	else if (slot->s->stopping)
		drop_iteration(slot);
	else if (is_answered)
		sw_slot_attempt(slot);
	else if (!sw_slot_waits(slot))
		refuse_attempt(slot);
}

void sw_slot_drop(struct sw_slot *slot)
{
	if (!slot->active || slot->cancelling || slot->dropping)
		return;
	if (call_off_attempt(slot)) {
		drop_iteration(slot);
		return;
	}
	slot->dropping = true;
	slot->runner->ops->cancel(slot->runner);
}

void sw_slot_cancel(struct sw_slot *slot)
{
	if (!slot->active || slot->cancelling || slot->dropping)
		return;
	if (call_off_attempt(slot)) {
		finish_cancelled(slot);
		return;
	}
	slot->cancelling = true;
	slot->runner->ops->cancel(slot->runner);
}

void sw_slot_stop(struct sw_slot *slot)
{
	if (!slot->active)
		return;
	if (slot->runner) {
		slot->runner->ops->cancel(slot->runner);
	} else if (call_off_attempt(slot)) {
		drop_iteration(slot);
	}
}
