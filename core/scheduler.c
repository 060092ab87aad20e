#include "core/scheduler.h"

#include <errno.h>
#include <sys/random.h>

#include "core/error.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/text.h"

struct sw_scheduler {
	struct sw_scheduler_options o;
	struct sw_order_state order;
	struct sw_timer retry; /* armed: the next attempt of the iteration waits */
	struct sw_deferred step;
	struct sw_runner *running; /* NULL between attempts */
	struct sw_attempt attempt;
	int64_t iteration_start_ns; /* of the first attempt; 0 before its result */
	int runner_at;              /* which runner is being prepared or finished */
	uint64_t wait_seq, acked_seq;
	bool active;                /* an iteration is under way */
	bool again;                 /* the iteration in `attempt` is still to be run, or run anew */
	bool pausing, paused;       /* no iteration is to start; none runs, and `paused` was said */
	bool dropping, cancelling;  /* what becomes of the iteration that is under way */
	bool stopping, finishing;
	enum sw_state end_state;
	char end_text[SW_TEXT_MAX];
	char digest[SW_DIGEST_MAX]; /* of the session's first ok result */
	char digest_mode[SW_NAME_MAX];
	char last_note[SW_TEXT_MAX];
	struct sw_event event;      /* reused: events are large */
	struct sw_attempt_result checked; /* a copy of the last result, after the check */
};

static const char dropped_text[] = "paused: it is measured anew after the pause";
static const char cancelled_text[] = "cancelled by the user";

static void next_iteration(void *user);
static void finish_next(struct sw_scheduler *s);

int sw_scheduler_new(const struct sw_scheduler_options *options,
                     struct sw_scheduler **out_scheduler, struct sw_error *err)
{
	struct sw_scheduler *s = calloc(1, sizeof *s);
	if (!s)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot plan the session");
	s->o = *options;
	s->end_state = SW_STATE_DONE;
	sw_order_init(&s->order, options->plan);
	*out_scheduler = s;
	return 0;
}

void sw_scheduler_free(struct sw_scheduler *s)
{
	free(s);
}

/* ---- events ---- */

static struct sw_iteration_info *begin_event(struct sw_scheduler *s, enum sw_event_kind kind)
{
	sw_event_init(&s->event, kind, s->attempt.mode);
	struct sw_iteration_info *it = &s->event.u.it;
	it->iteration = s->attempt.iteration;
	it->attempt = s->attempt.number;
	it->warmup = s->attempt.warmup;
	it->on_host = s->attempt.on_host;
	it->start_ns = sw_clock_ns() - s->o.origin_ns;
	return it;
}

static void emit(struct sw_scheduler *s)
{
	s->o.sink.emit(s->o.sink.user, &s->event);
}

static void emit_note(struct sw_scheduler *s, const char *text)
{
	sw_event_init(&s->event, SW_EVENT_NOTE, -1);
	sw_text_clean(s->event.u.end.text, sizeof s->event.u.end.text, text, strlen(text));
	/* Runners that share a trouble need not say it one by one. */
	if (strcmp(s->last_note, s->event.u.end.text) == 0)
		return;
	sw_text_copy(s->last_note, sizeof s->last_note, s->event.u.end.text);
	emit(s);
}

static void emit_reason(struct sw_scheduler *s, enum sw_event_kind kind, enum sw_outcome reason)
{
	begin_event(s, kind)->outcome = reason;
	emit(s);
}

static void emit_attempt_finished(struct sw_scheduler *s, const struct sw_attempt_result *result)
{
	struct sw_iteration_info *it = begin_event(s, SW_EVENT_ATTEMPT_FINISHED);
	it->outcome = result->outcome;
	it->start_ns = result->start_ns - s->o.origin_ns;
	it->wall_ns = result->end_ns - result->start_ns;
	it->other_ns = sw_result_other_ns(result);
	it->exit_code = result->exit_code;
	it->term_signal = result->term_signal;
	it->stdout_bytes = (int64_t)result->stdout_bytes;
	it->stderr_bytes = (int64_t)result->stderr_bytes;
	it->dropped_bytes = (int64_t)result->dropped_bytes;
	it->by_durations = result->by_durations;
	sw_text_copy(it->digest, sizeof it->digest, result->digest);
	sw_text_copy(it->python, sizeof it->python, result->python);
	sw_text_copy(it->container, sizeof it->container, result->container);
	sw_text_copy(it->text, sizeof it->text, result->error);
	for (it->n_spans = 0; it->n_spans < result->n_spans; it->n_spans++) {
		it->spans[it->n_spans] = result->spans[it->n_spans];
		it->spans[it->n_spans].start_ns -= s->o.origin_ns;
		it->spans[it->n_spans].end_ns -= s->o.origin_ns;
	}
	emit(s);
}

/* ---- one iteration ---- */

static void new_token(char *dst)
{
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		memset(bytes, 0, sizeof bytes); /* not reached: 16 bytes never block after boot */
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(dst + 2 * i, 3, "%02x", bytes[i]);
}

/* What was just emitted is to be on disk before anything more is measured. */
static void go_on_when_acked(struct sw_scheduler *s)
{
	s->wait_seq = s->event.seq;
	if (s->acked_seq >= s->wait_seq)
		sw_loop_defer(s->o.loop, &s->step, next_iteration, s);
}

static void finish_iteration(struct sw_scheduler *s, const struct sw_attempt_result *last)
{
	struct sw_iteration_info *it = begin_event(s, SW_EVENT_ITERATION_FINISHED);
	it->outcome = last->outcome;
	it->fell_back = s->attempt.on_host;
	it->start_ns = s->iteration_start_ns - s->o.origin_ns;
	it->wall_ns = last->end_ns - s->iteration_start_ns;
	it->attempts = s->attempt.number;
	sw_text_copy(it->text, sizeof it->text, last->error);
	s->active = s->cancelling = false;
	emit(s);
	go_on_when_acked(s);
}

static void drop_iteration(struct sw_scheduler *s)
{
	struct sw_iteration_info *it = begin_event(s, SW_EVENT_ITERATION_DROPPED);
	sw_text_copy(it->text, sizeof it->text, dropped_text);
	s->active = s->dropping = false;
	s->again = true;
	emit(s);
	go_on_when_acked(s);
}

/* All ok results of a session must be one and the same: the sandbox must not change the answer. */
static void check_digest(struct sw_scheduler *s, struct sw_attempt_result *result)
{
	const char *name = s->o.plan->modes[s->attempt.mode].name;
	if (result->outcome != SW_OUTCOME_OK || !*result->digest)
		return;
	if (!*s->digest) {
		sw_text_copy(s->digest, sizeof s->digest, result->digest);
		sw_text_copy(s->digest_mode, sizeof s->digest_mode, name);
	} else if (strcmp(s->digest, result->digest) != 0) {
		sw_result_fail(result, SW_OUTCOME_FAILED,
		               "its result differs from the session's first, of %s (SHA-256 %.12s…, not "
		               "%.12s…): the strategy is not deterministic, or the modes do not run the same code",
		               s->digest_mode, result->digest, s->digest);
	}
}

static void attempt_done(void *user, const struct sw_attempt_result *result);

static void start_attempt(void *user)
{
	struct sw_scheduler *s = user;
	s->attempt.number++;
	new_token(s->attempt.token);
	begin_event(s, SW_EVENT_ATTEMPT_STARTED);
	emit(s);
	s->running = s->attempt.on_host ? s->o.fallback : s->o.runners[s->attempt.mode];
	s->running->ops->start(s->running, &s->attempt, attempt_done, s);
	if (s->stopping)
		s->running->ops->cancel(s->running);
}

/* Takes back the attempt that waits to be started; false when none does. */
static bool call_off_attempt(struct sw_scheduler *s)
{
	if (!s->active || s->running)
		return false;
	sw_loop_disarm(s->o.loop, &s->retry);
	sw_loop_cancel(s->o.loop, &s->step);
	return true;
}

/* Retries come before the fallback; both only for what the sandbox, not the code, did. */
static bool go_on(struct sw_scheduler *s, enum sw_outcome outcome)
{
	const struct sw_fallback *policy = &s->o.plan->fallback;
	bool sandboxed = s->o.plan->modes[s->attempt.mode].kind != SW_KIND_HOST && !s->attempt.on_host;
	if (!sandboxed || !sw_outcome_is_sandbox_failure(outcome) || s->stopping ||
	    s->cancelling)
		return false;
	if (s->attempt.number <= policy->max_retries) {
		emit_reason(s, SW_EVENT_RETRY, outcome);
		int64_t delay = sw_retry_delay_ns(outcome, s->attempt.number);
		if (delay && sw_loop_arm(s->o.loop, &s->retry, sw_clock_ns() + delay, start_attempt, s) == 0)
			return true;
		sw_loop_defer(s->o.loop, &s->step, start_attempt, s);
		return true;
	}
	if (!s->o.fallback || !sw_fallback_allows(policy, outcome)) {
		emit_reason(s, SW_EVENT_FALLBACK_REFUSED, outcome);
		return false;
	}
	emit_reason(s, SW_EVENT_FALLBACK_TAKEN, outcome);
	s->attempt.on_host = true;
	sw_loop_defer(s->o.loop, &s->step, start_attempt, s);
	return true;
}

static void attempt_done(void *user, const struct sw_attempt_result *result)
{
	struct sw_scheduler *s = user;
	struct sw_attempt_result *checked = &s->checked;
	*checked = *result;
	s->running = NULL;
	if (!s->iteration_start_ns)
		s->iteration_start_ns = checked->start_ns;
	if (!s->stopping && !s->cancelling && s->o.disturbed && s->o.disturbed(s->o.user))
		s->dropping = true;
	/* Also one that came to its own end first: a runner that was told to cancel may have taken
	 * another way out, so its time is no measurement. */
	if (s->dropping)
		sw_result_fail(checked, SW_OUTCOME_CANCELLED, dropped_text);
	check_digest(s, checked);
	emit_attempt_finished(s, checked);
	if (s->dropping)
		drop_iteration(s);
	else if (!go_on(s, checked->outcome))
		finish_iteration(s, checked);
}

static bool take_next(struct sw_scheduler *s)
{
	if (s->again)
		return true;
	return sw_order_next(&s->order, &s->attempt.mode, &s->attempt.iteration, &s->attempt.warmup);
}

static void emit_pause(struct sw_scheduler *s, enum sw_event_kind kind)
{
	s->paused = kind == SW_EVENT_PAUSED;
	sw_event_init(&s->event, kind, -1);
	emit(s);
}

static void next_iteration(void *user)
{
	struct sw_scheduler *s = user;
	if (s->stopping || !take_next(s)) {
		s->finishing = true;
		s->runner_at = 0;
		finish_next(s);
		return;
	}
	s->again = s->pausing;
	if (s->pausing) {
		if (!s->paused)
			emit_pause(s, SW_EVENT_PAUSED);
		return;
	}
	s->active = true;
	s->attempt.number = 0;
	s->attempt.on_host = false;
	s->iteration_start_ns = 0;
	begin_event(s, SW_EVENT_ITERATION_STARTED);
	emit(s);
	start_attempt(s);
}

/* ---- before and after ---- */

/* The Nth runner to prepare or finish; the fallback runner is the last, and may be a mode's own. */
static struct sw_runner *runner_number(const struct sw_scheduler *s, int n)
{
	if (n < s->o.plan->n_modes)
		return s->o.runners[n];
	if (n > s->o.plan->n_modes)
		return NULL;
	for (int i = 0; i < s->o.plan->n_modes; i++)
		if (s->o.runners[i] == s->o.fallback)
			return NULL;
	return s->o.fallback;
}

static void prepare_next(struct sw_scheduler *s);

static void prepared(void *user, const char *error)
{
	struct sw_scheduler *s = user;
	if (error)
		emit_note(s, error);
	s->runner_at++;
	prepare_next(s);
}

static void prepare_next(struct sw_scheduler *s)
{
	struct sw_runner *runner = runner_number(s, s->runner_at);
	if (runner && !s->stopping)
		runner->ops->prepare(runner, prepared, s);
	else
		sw_loop_defer(s->o.loop, &s->step, next_iteration, s);
}

static void finished(void *user, const char *error)
{
	struct sw_scheduler *s = user;
	if (error)
		emit_note(s, error);
	s->runner_at++;
	finish_next(s);
}

static void finish_next(struct sw_scheduler *s)
{
	struct sw_runner *runner = runner_number(s, s->runner_at);
	if (runner) {
		runner->ops->finish(runner, finished, s);
		return;
	}
	sw_event_init(&s->event, SW_EVENT_SESSION_FINISHED, -1);
	s->event.u.end.state = s->end_state;
	sw_text_copy(s->event.u.end.text, sizeof s->event.u.end.text, s->end_text);
	emit(s);
	s->o.done(s->o.user, s->end_state);
}

void sw_scheduler_start(struct sw_scheduler *s)
{
	s->runner_at = 0;
	prepare_next(s);
}

void sw_scheduler_acked(struct sw_scheduler *s, uint64_t seq)
{
	bool waited = s->acked_seq < s->wait_seq;
	if (seq > s->acked_seq)
		s->acked_seq = seq;
	if (waited && s->acked_seq >= s->wait_seq && !s->active && !s->finishing)
		sw_loop_defer(s->o.loop, &s->step, next_iteration, s);
}

void sw_scheduler_pause(struct sw_scheduler *s, bool drop_running)
{
	if (s->stopping || s->finishing)
		return;
	s->pausing = true;
	if (!drop_running || !s->active || s->cancelling || s->dropping)
		return;
	if (call_off_attempt(s)) {
		drop_iteration(s);
		return;
	}
	s->dropping = true;
	s->running->ops->cancel(s->running);
}

void sw_scheduler_resume(struct sw_scheduler *s)
{
	s->pausing = false;
	if (!s->paused || s->stopping)
		return;
	emit_pause(s, SW_EVENT_RESUMED);
	go_on_when_acked(s);
}

int64_t sw_scheduler_key(int mode, int64_t iteration, bool warmup)
{
	return (iteration * SW_MODES_MAX + mode) * 2 + warmup;
}

int64_t sw_scheduler_running(const struct sw_scheduler *s)
{
	return s->active ? sw_scheduler_key(s->attempt.mode, s->attempt.iteration, s->attempt.warmup) : 0;
}

void sw_scheduler_cancel_iteration(struct sw_scheduler *s, int64_t key)
{
	if (s->stopping || !s->active || s->cancelling || s->dropping || key != sw_scheduler_running(s))
		return;
	if (call_off_attempt(s)) {
		sw_result_fail(&s->checked, SW_OUTCOME_CANCELLED, "%s after attempt %d: %.300s",
		               cancelled_text, s->attempt.number, s->checked.error);
		finish_iteration(s, &s->checked);
		return;
	}
	s->cancelling = true;
	s->running->ops->cancel(s->running);
}

void sw_scheduler_stop(struct sw_scheduler *s, enum sw_state state, const char *text)
{
	if (s->stopping || s->finishing)
		return;
	s->stopping = true;
	s->end_state = state;
	sw_text_clean(s->end_text, sizeof s->end_text, text, strlen(text));
	if (s->running) {
		s->running->ops->cancel(s->running);
	} else if (call_off_attempt(s)) {
		/* Between two attempts: the last one's outcome is the iteration's. */
		finish_iteration(s, &s->checked);
	} else if (s->paused || s->acked_seq < s->wait_seq) {
		/* Nothing more is measured: no need to wait for the disk. */
		sw_loop_defer(s->o.loop, &s->step, next_iteration, s);
	}
}
