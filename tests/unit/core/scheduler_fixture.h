/* A scheduler with runners that play what a test wrote down, and a list of the events it emitted. */
#ifndef SW_TESTS_SCHEDULER_FIXTURE_H
#define SW_TESTS_SCHEDULER_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "core/error.h"
#include "core/event.h"
#include "core/loop.h"
#include "core/plan.h"
#include "core/scheduler.h"

#define SECOND INT64_C(1000000000)

enum { MODES = 3, SLOTS = 3, SEEN_MAX = 4000, SCRIPT_MAX = 16 };

/* ---- a runner that plays what the test wrote down ---- */

struct fake {
	struct sw_runner runner;
	enum sw_outcome script[SCRIPT_MAX]; /* one per attempt; then ok */
	const char *digest;
	int64_t wall_ns;
	const char *prepare_error, *finish_error;
	bool hold_prepare, hold_start, hold_finish; /* answers only when release() is called */
	int prepares, starts, cancels, finishes, done, settles;
	bool hold_settle, unsettled; /* unsettled: it has run, and was not asked to settle since */
	bool running, cancelled;
	bool hold_probe, probing; /* hold_probe: answers only when release() or cancel is called */
	int probes, mute;         /* so many probes are not answered */
	struct sw_attempt attempt; /* the last */
	char first_token[33];
	struct sw_attempt_result result;
	sw_attempt_done_fn on_done;
	sw_runner_ready_fn on_ready;
	void *user;
	const char *ready_error;
	struct sw_deferred later;
};

struct seen {
	enum sw_event_kind kind;
	int mode;
	int64_t iteration, attempt, attempts, wall_ns, start_ns, at_ns;
	bool warmup, on_host, fell_back, in_turn, not_asked;
	enum sw_breaker_state breaker;
	int64_t failures, vain, retry_ns; /* breaker_changed */
	int64_t count;
	enum sw_outcome outcome;
	enum sw_state state;
	uint64_t seq;
	char text[SW_TEXT_MAX];
};

static struct sw_loop *loop;
static struct sw_timer guard;
static struct sw_plan plan;
static struct sw_scheduler *scheduler;
static struct fake fakes[MODES], host;
static struct fake slots[SLOTS], hosts[SLOTS]; /* of mode 1 when it is parallel, and its fallbacks */
static struct sw_runner *fake_runners[MODES][SLOTS], *host_runners[SW_PARALLEL_MAX];
static struct seen seen[SEEN_MAX];
static int n_seen, n_done;
static enum sw_state done_state;
static bool auto_ack;
static bool (*disturbed)(void *user);
static void (*attempt_begins)(void *user, int slot, const struct sw_attempt *attempt);
static void (*attempt_ended)(void *user, int slot, const struct sw_attempt *attempt);
static int stop_at; /* an event of this kind calls sw_scheduler_stop; -1: none */
static struct sw_deferred ack, stop_later;
static uint64_t last_seq;
static void (*on_emit)(const struct sw_event *event); /* sees each event, too; NULL: nobody */

static void fake_ready(void *user)
{
	struct fake *fake = user;
	sw_runner_ready_fn ready = fake->on_ready;
	fake->on_ready = NULL;
	fake->probing = false;
	ready(fake->user, fake->ready_error);
}

static void fake_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct fake *fake = (struct fake *)runner;
	assert_int_equal(fake->starts, 0);
	fake->prepares++;
	fake->on_ready = ready;
	fake->user = user;
	fake->ready_error = fake->prepare_error;
	if (!fake->hold_prepare)
		sw_loop_defer(loop, &fake->later, fake_ready, fake);
}

static void fake_done(void *user)
{
	struct fake *fake = user;
	struct sw_attempt_result *r = &fake->result;
	*r = (struct sw_attempt_result){.exit_code = -1, .end_ns = sw_clock_ns()};
	r->start_ns = r->end_ns - fake->wall_ns;
	r->outcome = fake->cancelled ? SW_OUTCOME_CANCELLED
	                             : fake->script[(fake->starts - 1) % SCRIPT_MAX];
	if (r->outcome == SW_OUTCOME_OK)
		snprintf(r->digest, sizeof r->digest, "%s", fake->digest);
	else
		snprintf(r->error, sizeof r->error, "played");
	sw_result_span(r, SW_PHASE_EXECUTE, r->start_ns, r->end_ns, true);
	assert_true(fake->running);
	fake->running = false;
	fake->done++;
	fake->on_done(fake->user, r);
}

static void fake_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                       sw_attempt_done_fn done, void *user)
{
	struct fake *fake = (struct fake *)runner;
	assert_false(fake->running || fake->probing);
	assert_int_equal(fake->finishes, 0);
	fake->running = fake->unsettled = true;
	fake->cancelled = false;
	fake->starts++;
	fake->attempt = *attempt;
	if (fake->starts == 1)
		memcpy(fake->first_token, attempt->token, sizeof fake->first_token);
	fake->on_done = done;
	fake->user = user;
	if (!fake->hold_start)
		sw_loop_defer(loop, &fake->later, fake_done, fake);
}

static void fake_cancel(struct sw_runner *runner)
{
	struct fake *fake = (struct fake *)runner;
	fake->cancels++;
	if (fake->probing) {
		sw_loop_defer(loop, &fake->later, fake_ready, fake);
		return;
	}
	if (!fake->running || (fake->later.pending && fake->hold_start))
		return; /* idle, or released: it has ended already */
	fake->cancelled = true;
	sw_loop_defer(loop, &fake->later, fake_done, fake);
}

static void fake_settle(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct fake *fake = (struct fake *)runner;
	assert_false(fake->running || fake->probing);
	fake->settles++;
	fake->unsettled = false;
	fake->on_ready = ready;
	fake->user = user;
	fake->ready_error = NULL;
	if (!fake->hold_settle)
		sw_loop_defer(loop, &fake->later, fake_ready, fake);
}

static inline void fake_probe(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct fake *fake = (struct fake *)runner;
	assert_false(fake->running || fake->probing);
	fake->probing = true;
	fake->on_ready = ready;
	fake->user = user;
	fake->ready_error = fake->probes++ < fake->mute ? "nobody is there" : NULL;
	if (!fake->hold_probe)
		sw_loop_defer(loop, &fake->later, fake_ready, fake);
}

static void fake_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct fake *fake = (struct fake *)runner;
	assert_false(fake->running || fake->probing);
	fake->finishes++;
	fake->on_ready = ready;
	fake->user = user;
	fake->ready_error = fake->finish_error;
	if (!fake->hold_finish)
		sw_loop_defer(loop, &fake->later, fake_ready, fake);
}

static const struct sw_runner_ops fake_ops = {
	.prepare = fake_prepare,
	.start = fake_start,
	.cancel = fake_cancel,
	.finish = fake_finish,
};

static const struct sw_runner_ops settling_ops = {
	.prepare = fake_prepare,
	.start = fake_start,
	.cancel = fake_cancel,
	.settle = fake_settle,
	.finish = fake_finish,
};

static inline void release(struct fake *fake)
{
	sw_loop_defer(loop, &fake->later, fake->running ? fake_done : fake_ready, fake);
}

/* ---- the session around it ---- */

static void acknowledge(void *user)
{
	(void)user;
	sw_scheduler_acked(scheduler, last_seq);
}

static void stop_now(void *user)
{
	(void)user;
	sw_scheduler_stop(scheduler, SW_STATE_INTERRUPTED, "stopped by the user");
	sw_scheduler_stop(scheduler, SW_STATE_FAILED, "twice");
}

static void emit(void *user, struct sw_event *event)
{
	const struct sw_iteration_info *it = &event->u.it;
	(void)user;
	assert_true(n_seen < SEEN_MAX);
	event->seq = ++last_seq;
	struct seen *s = &seen[n_seen++];
	*s = (struct seen){
		.kind = event->kind, .mode = event->mode, .seq = event->seq, .at_ns = sw_clock_ns()};
	if (event->kind == SW_EVENT_BREAKER_CHANGED) {
		s->breaker = event->u.breaker.state;
		s->failures = event->u.breaker.failures;
		s->vain = event->u.breaker.probes;
		s->retry_ns = event->u.breaker.retry_ns;
		memcpy(s->text, event->u.breaker.text, sizeof s->text);
	} else if (event->kind == SW_EVENT_LENGTH_DECIDED) {
		memcpy(s->text, event->u.length.text, sizeof s->text);
	} else if (event->kind == SW_EVENT_NOTE || event->kind == SW_EVENT_SESSION_FINISHED) {
		s->state = event->u.end.state;
		memcpy(s->text, event->u.end.text, sizeof s->text);
	} else {
		s->iteration = it->iteration;
		s->attempt = it->attempt;
		s->attempts = it->attempts;
		s->wall_ns = it->wall_ns;
		s->start_ns = it->start_ns;
		s->warmup = it->warmup;
		s->on_host = it->on_host;
		s->fell_back = it->fell_back;
		s->count = it->count;
		s->in_turn = event->in_turn;
		s->not_asked = it->not_asked;
		s->outcome = it->outcome;
		memcpy(s->text, it->text, sizeof s->text);
	}
	if (on_emit)
		on_emit(event);
	bool awaited = event->kind == SW_EVENT_ITERATION_FINISHED ||
	               event->kind == SW_EVENT_ITERATION_DROPPED || event->kind == SW_EVENT_RESUMED;
	if (auto_ack && awaited)
		sw_loop_defer(loop, &ack, acknowledge, NULL);
	if (stop_at == (int)event->kind)
		sw_loop_defer(loop, &stop_later, stop_now, NULL);
}

static void session_done(void *user, enum sw_state state)
{
	(void)user;
	n_done++;
	done_state = state;
}

static void give_up(void *user)
{
	(void)user;
	fail_msg("the session has not ended within 20 s");
}

static int setup(void **state)
{
	struct sw_error err;
	(void)state;
	memset(&plan, 0, sizeof plan);
	memset(fakes, 0, sizeof fakes);
	memset(&host, 0, sizeof host);
	memset(slots, 0, sizeof slots);
	memset(hosts, 0, sizeof hosts);
	plan.n_modes = MODES;
	plan.modes[0].kind = SW_KIND_HOST;
	plan.modes[1].kind = plan.modes[2].kind = SW_KIND_COLD;
	for (int i = 0; i < MODES; i++) {
		snprintf(plan.modes[i].name, sizeof plan.modes[i].name, "mode-%d", i);
		fakes[i] = (struct fake){.runner = {&fake_ops}, .digest = "same", .wall_ns = 1000};
	}
	host = fakes[0];
	for (int i = 0; i < SLOTS; i++) {
		slots[i] = hosts[i] = fakes[0];
		slots[i].runner.ops = &settling_ops;
	}
	plan.iterations = 2;
	plan.seed = 42;
	n_seen = n_done = 0;
	last_seq = 0;
	auto_ack = true;
	disturbed = NULL;
	on_emit = NULL;
	attempt_begins = attempt_ended = NULL;
	stop_at = -1;
	ack = stop_later = (struct sw_deferred){0};
	guard = (struct sw_timer){0};
	scheduler = NULL;
	return sw_loop_new(&loop, &err) < 0 ||
	       sw_loop_arm(loop, &guard, sw_clock_ns() + 20 * SECOND, give_up, NULL) < 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_scheduler_free(scheduler);
	sw_loop_free(loop);
	return 0;
}

static void make(struct sw_runner *fallback)
{
	struct sw_error err;
	struct sw_scheduler_options options = {
		.loop = loop,
		.plan = &plan,
		.runners = {fake_runners[0], fake_runners[1], fake_runners[2]},
		.fallbacks = fallback ? host_runners : NULL,
		.sink = {emit, NULL},
		.origin_ns = sw_clock_ns() - SECOND,
		.disturbed = disturbed,
		.attempt_begins = attempt_begins,
		.attempt_ended = attempt_ended,
		.done = session_done,
	};
	for (int i = 0; i < MODES; i++)
		fake_runners[i][0] = &fakes[i].runner;
	host_runners[0] = fallback;
	for (int i = 0; i < plan.modes[1].parallel; i++) {
		fake_runners[1][i] = &slots[i].runner;
		host_runners[i] = &hosts[i].runner;
	}
	assert_int_equal(sw_scheduler_new(&options, &scheduler, &err), 0);
}

static inline void start(void)
{
	make(&host.runner);
	sw_scheduler_start(scheduler);
}

static void step(void)
{
	struct sw_error err;
	assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void nothing(void *user)
{
	(void)user;
}

/* Lets everything happen that needs no more from outside. */
static void settle(void)
{
	struct sw_deferred now = {0};
	for (int i = 0; i < 3; i++) {
		sw_loop_defer(loop, &now, nothing, NULL);
		step();
	}
}

static int count_seen(enum sw_event_kind kind)
{
	int n = 0;
	for (int i = 0; i < n_seen; i++)
		n += seen[i].kind == kind;
	return n;
}

static inline const struct seen *nth(enum sw_event_kind kind, int n)
{
	for (int i = 0; i < n_seen; i++)
		if (seen[i].kind == kind && n-- == 0)
			return &seen[i];
	fail_msg("no such event");
	return NULL;
}

/* What holds at every end: one session_finished and it is the last, started and finished iterations
 * and attempts in pairs, every runner finished once and none running. */
static void assert_ended(enum sw_state state)
{
	int open_iterations = 0, open_attempts = 0;
	assert_int_equal(n_done, 1);
	assert_int_equal(done_state, state);
	assert_int_equal(count_seen(SW_EVENT_SESSION_FINISHED), 1);
	assert_int_equal(seen[n_seen - 1].kind, SW_EVENT_SESSION_FINISHED);
	assert_int_equal(seen[n_seen - 1].state, state);
	for (int i = 0; i < n_seen; i++) {
		open_iterations += seen[i].kind == SW_EVENT_ITERATION_STARTED;
		open_iterations -= seen[i].kind == SW_EVENT_ITERATION_FINISHED ||
		                   seen[i].kind == SW_EVENT_ITERATION_DROPPED;
		open_attempts += seen[i].kind == SW_EVENT_ATTEMPT_STARTED;
		open_attempts -= seen[i].kind == SW_EVENT_ATTEMPT_FINISHED;
		assert_in_range(open_iterations, 0, plan.modes[1].parallel ? SLOTS : 1);
		assert_in_range(open_attempts, 0, open_iterations);
		assert_true(seen[i].start_ns >= 0);
	}
	assert_int_equal(open_iterations, 0);
	for (int i = 0; i < (plan.modes[1].parallel ? 2 * SLOTS : 0); i++) {
		const struct fake *fake = i < SLOTS ? &slots[i] : &hosts[i - SLOTS];
		assert_int_equal(fake->finishes, 1);
		assert_int_equal(fake->starts, fake->done);
	}
	for (int i = 0; i <= MODES; i++) {
		const struct fake *fake = i < MODES ? &fakes[i] : &host;
		if (plan.modes[1].parallel && (i == 1 || i == MODES))
			continue; /* the slots stand for it */
		assert_int_equal(fake->finishes, 1);
		assert_int_equal(fake->starts, fake->done);
		assert_false(fake->running);
	}
	settle(); /* and nothing more happens */
	assert_int_equal(n_done, 1);
	assert_int_equal(seen[n_seen - 1].kind, SW_EVENT_SESSION_FINISHED);
}

static inline void stop_and_end(void)
{
	stop_now(NULL);
	while (!n_done)
		step();
	assert_ended(SW_STATE_INTERRUPTED);
	assert_string_equal(seen[n_seen - 1].text, "stopped by the user");
	stop_now(NULL); /* after the end, too */
	settle();
	assert_int_equal(n_done, 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
