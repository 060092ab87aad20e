#include "core/scheduler.h"

#include <errno.h>

#include "core/error.h"
#include "core/scheduler_internal.h"
#include "core/text.h"

static int max_parallel(const struct sw_plan *plan)
{
	int most = 1;
	for (int i = 0; i < plan->n_modes; i++)
		most = plan->modes[i].parallel > most ? plan->modes[i].parallel : most;
	return most;
}

int sw_scheduler_new(const struct sw_scheduler_options *options,
                     struct sw_scheduler **out_scheduler, struct sw_error *err)
{
	struct sw_scheduler *s = calloc(1, sizeof *s);
	if (!s)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot plan the session");
	s->o = *options;
	s->end_state = SW_STATE_DONE;
	s->n_slots = max_parallel(options->plan);
	for (int i = 0; i < s->n_slots; i++) {
		s->slots[i].s = s;
		s->slots[i].index = i;
	}
	sw_order_init(&s->order, options->plan);
	sw_adaptive_init(&s->adaptive, options->plan);
	sw_breaker_init(&s->breaker, &options->plan->breaker);
	*out_scheduler = s;
	return 0;
}

void sw_scheduler_free(struct sw_scheduler *s)
{
	if (s)
		sw_adaptive_done(&s->adaptive);
	free(s);
}

void sw_scheduler_emit(struct sw_scheduler *s)
{
	s->o.sink.emit(s->o.sink.user, &s->event);
}

void sw_scheduler_note(struct sw_scheduler *s, const char *text)
{
	sw_event_init(&s->event, SW_EVENT_NOTE, -1);
	sw_text_clean(s->event.u.end.text, sizeof s->event.u.end.text, text, strlen(text));
	/* Runners that share a trouble need not say it one by one. */
	if (strcmp(s->last_note, s->event.u.end.text) == 0)
		return;
	sw_text_copy(s->last_note, sizeof s->last_note, s->event.u.end.text);
	sw_scheduler_emit(s);
}

/* ---- before and after ---- */

/* The Nth runner to prepare or finish: all slots of all modes, then those that are for fallbacks alone. */
static struct sw_runner *runner_number(const struct sw_scheduler *s, int n, bool *out_is_spare)
{
	*out_is_spare = false;
	for (int mode = 0; mode < s->o.plan->n_modes; mode++) {
		int slots = s->o.plan->modes[mode].parallel > 1 ? s->o.plan->modes[mode].parallel : 1;
		if (n < slots)
			return s->o.runners[mode][n];
		n -= slots;
	}
	*out_is_spare = true;
	return s->o.fallbacks && n < s->n_slots ? s->o.fallbacks[n] : NULL;
}

static bool is_a_modes(const struct sw_scheduler *s, const struct sw_runner *runner)
{
	bool is_spare;
	for (int n = 0;; n++) {
		const struct sw_runner *other = runner_number(s, n, &is_spare);
		if (is_spare)
			return false;
		if (other == runner)
			return true;
	}
}

/* Moves runner_at on to the next that is to be prepared or finished; NULL at the end. */
static struct sw_runner *next_runner(struct sw_scheduler *s, bool with_spares)
{
	for (;; s->runner_at++) {
		bool is_spare;
		struct sw_runner *runner = runner_number(s, s->runner_at, &is_spare);
		if (!runner || !is_spare)
			return runner;
		/* Of those that only fallbacks need one is ready; who needs more at a time waits for the boot. */
		bool first = runner == s->o.fallbacks[0];
		if ((with_spares || first) && !is_a_modes(s, runner))
			return runner;
	}
}

static void prepare_next(struct sw_scheduler *s);

static void prepared(void *user, const char *error)
{
	struct sw_scheduler *s = user;
	if (error)
		sw_scheduler_note(s, error);
	s->runner_at++;
	prepare_next(s);
}

static void prepare_next(struct sw_scheduler *s)
{
	bool needs_none = s->stopping || sw_scheduler_is_all_done(s);
	struct sw_runner *runner = needs_none ? NULL : next_runner(s, false);
	if (runner)
		runner->ops->prepare(runner, prepared, s);
	else
		sw_scheduler_go_on_when_acked(s);
}

static void finish_next(struct sw_scheduler *s);

static void finished(void *user, const char *error)
{
	struct sw_scheduler *s = user;
	if (error)
		sw_scheduler_note(s, error);
	s->runner_at++;
	finish_next(s);
}

static void finish_next(struct sw_scheduler *s)
{
	struct sw_runner *runner = next_runner(s, true);
	if (runner) {
		runner->ops->finish(runner, finished, s);
		return;
	}
	if (s->o.before_end)
		s->o.before_end(s->o.user);
	sw_event_init(&s->event, SW_EVENT_SESSION_FINISHED, -1);
	s->event.u.end.state = s->end_state;
	sw_text_copy(s->event.u.end.text, sizeof s->event.u.end.text, s->end_text);
	sw_scheduler_emit(s);
	s->o.done(s->o.user, s->end_state);
}

static void may_finish(void *user, const char *error)
{
	struct sw_scheduler *s = user;
	(void)error;
	finish_next(s);
}

void sw_scheduler_finish(struct sw_scheduler *s)
{
	s->stage = SW_STAGE_FINISHING;
	s->runner_at = 0;
	if (s->o.before_finish)
		s->o.before_finish(s->o.user, may_finish, s);
	else
		finish_next(s);
}

void sw_scheduler_start(struct sw_scheduler *s)
{
	s->stage = SW_STAGE_PREPARING;
	s->runner_at = 0;
	sw_scheduler_restored(s);
	prepare_next(s);
}

/* ---- what is asked for from outside ---- */

void sw_scheduler_acked(struct sw_scheduler *s, uint64_t seq)
{
	bool waited = s->acked_seq < s->wait_seq;
	if (seq > s->acked_seq)
		s->acked_seq = seq;
	sw_scheduler_recheck_slots(s);
	if (waited && s->acked_seq >= s->wait_seq && s->stage == SW_STAGE_WAITING)
		sw_loop_defer(s->o.loop, &s->step, sw_scheduler_next_turn, s);
}

void sw_scheduler_pause(struct sw_scheduler *s, bool drop_running)
{
	if (s->stopping || s->stage == SW_STAGE_FINISHING)
		return;
	s->pausing = true;
	for (int i = 0; drop_running && i < s->n_slots; i++) {
		s->turn_has_gap |= s->slots[i].waits; /* nothing to drop, but it stood still, too */
		sw_slot_drop(&s->slots[i]);
	}
}

void sw_scheduler_resume(struct sw_scheduler *s)
{
	s->pausing = false;
	if (s->stage != SW_STAGE_PAUSED || s->stopping)
		return;
	if (s->first_ns) /* a pause before it takes nothing of the time budget */
		s->paused_ns += sw_clock_ns() - s->pause_began_ns;
	sw_event_init(&s->event, SW_EVENT_RESUMED, -1);
	sw_scheduler_emit(s);
	s->wait_seq = s->event.seq;
	sw_scheduler_go_on_when_acked(s);
}

int64_t sw_scheduler_key(int mode, int64_t iteration, bool warmup)
{
	return (iteration * SW_MODES_MAX + mode) * 2 + warmup;
}

static int64_t slot_key(const struct sw_slot *slot)
{
	return sw_scheduler_key(slot->attempt.mode, slot->attempt.iteration, slot->attempt.warmup);
}

int64_t sw_scheduler_running(const struct sw_scheduler *s)
{
	const struct sw_slot *first = NULL;
	for (int i = 0; i < s->n_slots; i++)
		if (s->slots[i].active && (!first || s->slots[i].began < first->began))
			first = &s->slots[i];
	return first ? slot_key(first) : 0;
}

void sw_scheduler_cancel_iteration(struct sw_scheduler *s, int64_t key)
{
	for (int i = 0; i < s->n_slots && !s->stopping; i++)
		if (s->slots[i].active && slot_key(&s->slots[i]) == key)
			sw_slot_cancel(&s->slots[i]);
}

void sw_scheduler_stop(struct sw_scheduler *s, enum sw_state state, const char *text)
{
	if (s->stopping || s->stage == SW_STAGE_FINISHING)
		return;
	s->stopping = true;
	s->end_state = state;
	sw_text_clean(s->end_text, sizeof s->end_text, text, strlen(text));
	for (int i = 0; i < s->n_slots; i++)
		sw_slot_stop(&s->slots[i]);
	/* Nothing more is measured: no need to wait for the disk. */
	sw_scheduler_recheck_slots(s);
	if (s->stage == SW_STAGE_PAUSED || s->stage == SW_STAGE_WAITING)
		sw_loop_defer(s->o.loop, &s->step, sw_scheduler_next_turn, s);
}
