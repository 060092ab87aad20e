#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/session.h"
#include "tests/unit/core/session_fixture.h"

enum { PLANNED = 40, SLOTS = 3, STEPS = 400, SESSIONS = 40 };

static const struct sw_mode_state *mode_at(int i)
{
	return session->modes[i];
}

/* As start_session, with SLOTS slots per mode. */
static void start_parallel(int64_t planned)
{
	sw_event_init(&event, SW_EVENT_SESSION_STARTED, -1);
	apply();
	for (int i = 0; i < MODES; i++) {
		sw_event_init(&event, SW_EVENT_MODE_PLANNED, i);
		event.u.planned.kind = SW_KIND_COLD;
		event.u.planned.parallel = SLOTS;
		event.u.planned.planned = planned;
		apply();
	}
}

static void tell(enum sw_event_kind kind, int mode, int64_t iteration)
{
	(void)begin(kind, mode, iteration);
	apply();
}

/* Whether the last event was unexpected, and nothing of the mode's accounts changed. */
static bool is_refused(enum sw_event_kind kind, int mode, int64_t iteration)
{
	uint64_t before = session->unexpected, done = mode_at(mode)->done;
	uint64_t running = sw_mode_counted_running(mode_at(mode));
	uint64_t pending = sw_mode_pending(mode_at(mode));
	tell(kind, mode, iteration);
	assert_accounts(session);
	if (session->unexpected == before)
		return false;
	assert_int_equal(mode_at(mode)->done, done);
	assert_int_equal(sw_mode_counted_running(mode_at(mode)), running);
	assert_int_equal(sw_mode_pending(mode_at(mode)), pending);
	return true;
}

/* ---- one rule at a time ---- */

static void each_iteration_is_somewhere(void **state)
{
	(void)state;
	start_parallel(5);
	assert_int_equal(sw_mode_pending(mode_at(0)), 5);
	tell(SW_EVENT_ITERATION_STARTED, 0, 1);
	tell(SW_EVENT_ITERATION_STARTED, 0, 2);
	begin(SW_EVENT_ITERATION_STARTED, 0, 1)->warmup = true;
	apply();
	assert_int_equal(mode_at(0)->n_running, 3);
	assert_int_equal(sw_mode_counted_running(mode_at(0)), 2);
	assert_int_equal(sw_mode_pending(mode_at(0)), 3);
	tell(SW_EVENT_ITERATION_FINISHED, 0, 2);
	assert_int_equal(sw_mode_counted_running(mode_at(0)), 1);
	assert_int_equal(sw_mode_pending(mode_at(0)), 3);
	tell(SW_EVENT_ITERATION_DROPPED, 0, 1);
	assert_int_equal(sw_mode_counted_running(mode_at(0)), 0);
	assert_int_equal(sw_mode_pending(mode_at(0)), 4);
	assert_int_equal(mode_at(0)->done, 1);
	assert_int_equal(session->unexpected, 0);
	assert_accounts(session);
}

static void what_is_not_planned_is_unexpected(void **state)
{
	(void)state;
	start_parallel(5);
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, 0));
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, -1));
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, INT64_MIN));
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, 6));
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, INT64_MAX));
	assert_false(is_refused(SW_EVENT_ITERATION_STARTED, 0, 5));
}

static void an_iteration_counts_once(void **state)
{
	(void)state;
	start_parallel(5);
	assert_false(is_refused(SW_EVENT_ITERATION_STARTED, 0, 1));
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, 1)); /* it runs */
	assert_false(is_refused(SW_EVENT_ITERATION_FINISHED, 0, 1));
	assert_true(is_refused(SW_EVENT_ITERATION_FINISHED, 0, 1)); /* it is done */
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, 1));
	assert_int_equal(mode_at(0)->done, 1);
	/* One that was dropped is as if it had not been. */
	assert_false(is_refused(SW_EVENT_ITERATION_STARTED, 0, 2));
	assert_false(is_refused(SW_EVENT_ITERATION_DROPPED, 0, 2));
	assert_false(is_refused(SW_EVENT_ITERATION_STARTED, 0, 2));
	assert_false(is_refused(SW_EVENT_ITERATION_FINISHED, 0, 2));
	assert_int_equal(mode_at(0)->done, 2);
	/* A mode with one slot, too. */
	sw_session_free(session);
	session = sw_session_new();
	seq = 0;
	start_session(5);
	assert_false(is_refused(SW_EVENT_ITERATION_STARTED, 1, 1));
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 1, 1));
}

/* The finish of the one in the slot is lost: it is pending again, and its late finish is unexpected. */
static void a_lost_iteration_is_pending(void **state)
{
	(void)state;
	start_session(5);
	tell(SW_EVENT_ITERATION_STARTED, 0, 1);
	tell(SW_EVENT_ITERATION_STARTED, 0, 2);
	assert_int_equal(sw_mode_counted_running(mode_at(0)), 1);
	assert_int_equal(sw_mode_pending(mode_at(0)), 4);
	assert_true(is_refused(SW_EVENT_ITERATION_FINISHED, 0, 1));
	assert_false(is_refused(SW_EVENT_ITERATION_FINISHED, 0, 2));
}

static bool decide(int64_t iterations)
{
	uint64_t before = session->unexpected;
	sw_event_init(&event, SW_EVENT_LENGTH_DECIDED, -1);
	event.u.length.iterations = iterations;
	apply();
	assert_accounts(session);
	return session->unexpected == before;
}

static void a_plan_is_never_shorter_than_what_is_done_or_runs(void **state)
{
	(void)state;
	start_parallel(9);
	run(0, 1, false, SW_OUTCOME_OK, 5);
	run(1, 1, false, SW_OUTCOME_OK, 5);
	run(1, 2, false, SW_OUTCOME_OK, 5);
	tell(SW_EVENT_ITERATION_STARTED, 2, 3);
	assert_false(decide(2));
	assert_false(decide(-1));
	assert_int_equal(mode_at(0)->info.planned, 9); /* not one of them was changed */
	assert_false(session->is_length_decided);
	tell(SW_EVENT_ITERATION_FINISHED, 2, 3);
	assert_false(decide(2)); /* the third is done, though it is the only one */
	assert_true(decide(3));
	assert_int_equal(sw_mode_pending(mode_at(0)), 2);
	assert_int_equal(sw_mode_pending(mode_at(2)), 2);
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 0, 4));
}

static void any_number_may_be_planned(void **state)
{
	static const int64_t plans[] = {0, -1, INT64_MIN, INT64_MAX};
	(void)state;
	sw_event_init(&event, SW_EVENT_SESSION_STARTED, -1);
	apply();
	for (int i = 0; i < 4; i++) {
		sw_event_init(&event, SW_EVENT_MODE_PLANNED, i);
		event.u.planned.planned = plans[i];
		apply();
		assert_true(is_refused(SW_EVENT_ITERATION_STARTED, i, 0));
		assert_true(is_refused(SW_EVENT_ITERATION_STARTED, i, 1) == (i < 3));
		assert_true(is_refused(SW_EVENT_ITERATION_FINISHED, i, 1) == (i < 3));
	}
	assert_false(is_refused(SW_EVENT_ITERATION_STARTED, 3, INT64_MAX));
	assert_false(is_refused(SW_EVENT_ITERATION_FINISHED, 3, INT64_MAX));
	assert_int_equal(sw_mode_pending(mode_at(3)), (uint64_t)INT64_MAX - 2);
}

/* A journal of nothing but gaps: what has no room is unexpected. */
static void too_many_gaps_are_unexpected(void **state)
{
	(void)state;
	start_session(100000);
	for (int64_t i = 1; i <= SW_RANGES_MAX; i++)
		run(0, 2 * i, false, SW_OUTCOME_OK, 5);
	assert_int_equal(session->unexpected, 0);
	tell(SW_EVENT_ITERATION_STARTED, 0, 50000);
	assert_true(is_refused(SW_EVENT_ITERATION_FINISHED, 0, 50000));
	assert_int_equal(mode_at(0)->done, SW_RANGES_MAX);
}

/* ---- resumption ---- */

static void a_resumption_drops_what_ran(void **state)
{
	(void)state;
	start_parallel(5);
	run(1, 1, false, SW_OUTCOME_OK, 5);
	tell(SW_EVENT_ITERATION_STARTED, 1, 2);
	begin(SW_EVENT_RETRY, 1, 2)->outcome = SW_OUTCOME_ENGINE;
	apply();
	tell(SW_EVENT_ITERATION_STARTED, 1, 3);
	begin(SW_EVENT_ITERATION_STARTED, 2, 1)->warmup = true;
	apply();
	snprintf(begin(SW_EVENT_CONTAINER_CREATED, 1, 2)->container, 16, "aaaa");
	apply();
	sw_event_init(&event, SW_EVENT_SESSION_FINISHED, -1);
	event.u.end.state = SW_STATE_INTERRUPTED;
	snprintf(event.u.end.text, sizeof event.u.end.text, "stopped");
	apply();
	sw_event_init(&event, SW_EVENT_BREAKER_CHANGED, -1);
	event.u.breaker.state = SW_BREAKER_OPEN;
	apply();

	sw_event_init(&event, SW_EVENT_SESSION_RESUMED, -1);
	apply();
	assert_int_equal(session->resumed, 1);
	assert_int_equal(session->state, SW_STATE_RUNNING);
	assert_string_equal(session->end_text, "");
	assert_false(session->paused);
	assert_int_equal(session->breaker, SW_BREAKER_CLOSED);
	assert_int_equal(mode_at(1)->n_running, 0);
	assert_int_equal(mode_at(2)->n_running, 0);
	assert_int_equal(mode_at(1)->dropped, 2);
	assert_int_equal(mode_at(2)->dropped, 1);
	assert_int_equal(mode_at(1)->retries, 0); /* taken back */
	assert_int_equal(mode_at(1)->done, 1);
	assert_int_equal(sw_mode_pending(mode_at(1)), 4);
	assert_int_equal(session->n_containers, 1);
	assert_int_equal(session->containers[0].removed_ns, event.t_ns);
	assert_int_equal(mode_at(1)->containers_removed, 1);
	assert_accounts(session);
	/* And it goes on to its plan. */
	assert_true(is_refused(SW_EVENT_ITERATION_STARTED, 1, 1));
	for (int64_t i = 2; i <= 5; i++)
		run(1, i, false, SW_OUTCOME_OK, 5);
	assert_int_equal(mode_at(1)->done, 5);
	assert_int_equal(sw_mode_pending(mode_at(1)), 0);
}

/* A pause that was open when the process died ends with the resumption. */
static void a_resumption_ends_a_pause(void **state)
{
	(void)state;
	start_session(5);
	sw_event_init(&event, SW_EVENT_PAUSED, -1);
	apply();
	int64_t since = event.t_ns;
	sw_event_init(&event, SW_EVENT_SESSION_RESUMED, -1);
	apply();
	assert_false(session->paused);
	assert_int_equal(session->paused_sum_ns, event.t_ns - since);
	uint64_t before = session->unexpected;
	run(0, 1, false, SW_OUTCOME_OK, 5);
	assert_int_equal(session->unexpected, before);
}

/* ---- faults, refusals, the breaker ---- */

static void inject(int64_t iteration, int64_t attempt, enum sw_fault fault)
{
	struct sw_iteration_info *it = begin(SW_EVENT_FAULT_INJECTED, 1, iteration);
	it->attempt = attempt;
	it->fault = fault;
	apply();
}

static void attempt(enum sw_event_kind kind, int64_t iteration, int64_t number)
{
	begin(kind, 1, iteration)->attempt = number;
	apply();
}

/* Told while its attempt runs, after it, and after its iteration. */
static void a_fault_is_beside_what_it_hit(void **state)
{
	(void)state;
	start_session(5);
	tell(SW_EVENT_ITERATION_STARTED, 1, 1);
	attempt(SW_EVENT_ATTEMPT_STARTED, 1, 1);
	inject(1, 1, SW_FAULT_DELAY);
	inject(1, 1, SW_FAULT_RESET);
	attempt(SW_EVENT_ATTEMPT_FINISHED, 1, 1);
	attempt(SW_EVENT_ATTEMPT_STARTED, 1, 2);
	inject(1, 1, SW_FAULT_STALL);
	const struct sw_attempts *ended = &sw_mode_running(mode_at(1))->ended;
	assert_int_equal(ended->list[0].faults,
	                 1u << SW_FAULT_DELAY | 1u << SW_FAULT_RESET | 1u << SW_FAULT_STALL);
	attempt(SW_EVENT_ATTEMPT_FINISHED, 1, 2);
	assert_int_equal(ended->list[1].faults, 0);
	tell(SW_EVENT_ITERATION_FINISHED, 1, 1);
	run(1, 2, false, SW_OUTCOME_OK, 5);
	inject(1, 2, SW_FAULT_ENGINE_KILL);
	assert_int_equal(session->recent[0].ended.list[1].faults, 1u << SW_FAULT_ENGINE_KILL);
	assert_int_equal(session->recent[1].ended.list[0].faults, 0);
	inject(4, 1, SW_FAULT_DELAY); /* of one that nobody knows: counted all the same */
	assert_int_equal(mode_at(1)->faults[SW_FAULT_DELAY], 2);
	assert_int_equal(mode_at(1)->faults[SW_FAULT_ENGINE_KILL], 1);
	assert_int_equal(sw_mode_faults(mode_at(1)), 5);
	assert_int_equal(sw_mode_faults(mode_at(0)), 0);
	for (int fault = SW_FAULT_DELAY; fault < SW_FAULT_COUNT; fault++) {
		bool has_hit = fault == SW_FAULT_DELAY || fault == SW_FAULT_RESET ||
		               fault == SW_FAULT_STALL || fault == SW_FAULT_ENGINE_KILL;
		assert_int_equal(mode_at(1)->came_of[fault][SW_OUTCOME_OK], has_hit);
	}
	assert_int_equal(session->unexpected, 0);
}

static void a_fault_stays_counted_after_a_drop(void **state)
{
	(void)state;
	start_session(5);
	begin(SW_EVENT_ITERATION_STARTED, 1, 1)->warmup = true;
	apply();
	begin(SW_EVENT_FAULT_INJECTED, 1, 1)->warmup = true;
	apply();
	begin(SW_EVENT_ITERATION_DROPPED, 1, 1)->warmup = true;
	apply();
	assert_int_equal(sw_mode_faults(mode_at(1)), 1);
}

/* What was not asked is an attempt of no time; a drop takes it back. */
static void what_was_not_asked_is_counted(void **state)
{
	(void)state;
	start_session(5);
	run(1, 1, false, SW_OUTCOME_OK, 50);
	for (int64_t i = 2; i <= 3; i++) {
		tell(SW_EVENT_ITERATION_STARTED, 1, i);
		attempt(SW_EVENT_ATTEMPT_STARTED, 1, i);
		struct sw_iteration_info *it = begin(SW_EVENT_ATTEMPT_FINISHED, 1, i);
		it->not_asked = true;
		it->outcome = SW_OUTCOME_ENGINE;
		apply();
		assert_int_equal(mode_at(1)->not_asked, i - 1);
		assert_true(sw_mode_running(mode_at(1))->ended.list[0].not_asked);
		if (i == 2)
			tell(SW_EVENT_ITERATION_FINISHED, 1, i);
	}
	assert_int_equal(mode_at(1)->attempts, 3);
	assert_int_equal(mode_at(1)->last_iteration, 1); /* there are no spans to show of the others */
	assert_int_equal(mode_at(1)->n_last_spans, 2);
	tell(SW_EVENT_ITERATION_DROPPED, 1, 3);
	assert_int_equal(mode_at(1)->not_asked, 1);
	assert_int_equal(mode_at(1)->attempts, 2);
}

static void breaker(enum sw_breaker_state to, int64_t probes, int64_t retry_ns)
{
	sw_event_init(&event, SW_EVENT_BREAKER_CHANGED, -1);
	event.u.breaker.state = to;
	event.u.breaker.probes = probes;
	event.u.breaker.retry_ns = retry_ns;
	snprintf(event.u.breaker.text, sizeof event.u.breaker.text, "why %lld", (long long)probes);
	apply();
}

static void the_breaker_is_followed(void **state)
{
	(void)state;
	start_session(5);
	breaker(SW_BREAKER_OPEN, 0, 500);
	int64_t since = event.t_ns;
	breaker(SW_BREAKER_OPEN, 1, 600);
	breaker(SW_BREAKER_OPEN, 2, 700);
	assert_int_equal(session->breaker, SW_BREAKER_OPEN);
	assert_int_equal(session->breaker_since_ns, since);
	assert_int_equal(session->breaker_retry_ns, 700);
	assert_int_equal(session->breaker_probes, 2);
	assert_int_equal(session->breaker_opened, 1);
	assert_string_equal(session->breaker_text, "why 2");
	breaker(SW_BREAKER_HALF_OPEN, 0, 0);
	breaker(SW_BREAKER_OPEN, 0, 900);
	breaker(SW_BREAKER_HALF_OPEN, 0, 0);
	breaker(SW_BREAKER_CLOSED, 0, 0);
	assert_int_equal(session->breaker, SW_BREAKER_CLOSED);
	assert_int_equal(session->breaker_since_ns, event.t_ns);
	assert_int_equal(session->breaker_opened, 2);
	assert_int_equal(session->breaker_probes, 2);
}

/* ---- at random, against a model that knows nothing of ranges or slots' order ---- */

enum where { PENDING, RUNNING, DONE };

static enum where model[MODES][PLANNED + 1];
static uint64_t model_fell_back[MODES], model_dropped[MODES];

static uint64_t model_count(int mode, enum where where)
{
	uint64_t n = 0;
	for (int i = 1; i <= PLANNED; i++)
		n += model[mode][i] == where;
	return n;
}

static void check_against_model(void)
{
	for (int i = 0; i < MODES; i++) {
		const struct sw_mode_state *mode = mode_at(i);
		uint64_t outcomes = sum(mode->outcomes);
		assert_int_equal(mode->info.planned, mode->fell_back + outcomes +
		                                         sw_mode_counted_running(mode) +
		                                         sw_mode_pending(mode));
		assert_int_equal(mode->fell_back + outcomes, model_count(i, DONE));
		assert_int_equal(mode->done, model_count(i, DONE));
		assert_int_equal(sw_mode_counted_running(mode), model_count(i, RUNNING));
		assert_int_equal(sw_mode_pending(mode), model_count(i, PENDING));
		assert_int_equal(mode->fell_back, model_fell_back[i]);
		assert_int_equal(mode->dropped, model_dropped[i]);
	}
}

static void apply_expecting(bool is_valid)
{
	uint64_t before = session->unexpected;
	apply();
	assert_int_equal(session->unexpected, before + !is_valid);
	check_against_model();
}

static void random_start(int mode, int64_t iteration)
{
	bool is_valid = iteration >= 1 && iteration <= PLANNED && model[mode][iteration] == PENDING;
	if (is_valid && model_count(mode, RUNNING) == SLOTS)
		return; /* the fold would give up the oldest: tested above */
	if (is_valid)
		model[mode][iteration] = RUNNING;
	(void)begin(SW_EVENT_ITERATION_STARTED, mode, iteration);
	apply_expecting(is_valid);
}

static void random_end(int mode, int64_t iteration, enum sw_event_kind kind)
{
	bool is_valid = iteration >= 1 && iteration <= PLANNED && model[mode][iteration] == RUNNING;
	struct sw_iteration_info *it = begin(kind, mode, iteration);
	if (kind == SW_EVENT_ITERATION_FINISHED) {
		it->outcome = (enum sw_outcome)sw_rng_below(&rng, SW_OUTCOME_COUNT);
		it->fell_back = sw_rng_below(&rng, 3) == 0;
	}
	if (is_valid) {
		bool is_over = kind == SW_EVENT_ITERATION_FINISHED;
		model[mode][iteration] = is_over ? DONE : PENDING;
		model_fell_back[mode] += is_over && it->fell_back && it->outcome == SW_OUTCOME_OK;
		model_dropped[mode] += !is_over;
	}
	apply_expecting(is_valid);
}

static void random_middle(int mode, int64_t iteration)
{
	static const enum sw_event_kind kinds[] = {
		SW_EVENT_ATTEMPT_STARTED, SW_EVENT_PHASE_STARTED,  SW_EVENT_ATTEMPT_FINISHED,
		SW_EVENT_RETRY,           SW_EVENT_FALLBACK_TAKEN, SW_EVENT_FALLBACK_REFUSED};
	bool is_valid = iteration >= 1 && iteration <= PLANNED && model[mode][iteration] == RUNNING;
	struct sw_iteration_info *it =
		begin(kinds[sw_rng_below(&rng, sizeof kinds / sizeof kinds[0])], mode, iteration);
	it->outcome = (enum sw_outcome)sw_rng_below(&rng, SW_OUTCOME_COUNT);
	it->not_asked = sw_rng_below(&rng, 5) == 0;
	apply_expecting(is_valid);
}

static void random_resumption(void)
{
	for (int mode = 0; mode < MODES; mode++) {
		model_dropped[mode] += model_count(mode, RUNNING);
		for (int i = 1; i <= PLANNED; i++)
			model[mode][i] = model[mode][i] == RUNNING ? PENDING : model[mode][i];
	}
	sw_event_init(&event, SW_EVENT_SESSION_RESUMED, -1);
	apply_expecting(true);
}

static void random_step(void)
{
	int mode = (int)sw_rng_below(&rng, MODES);
	/* Near those that are done, so that most of it is valid; and beyond both ends. */
	int64_t iteration = (int64_t)model_count(mode, DONE) - 3 + (int64_t)sw_rng_below(&rng, 9);
	switch (sw_rng_below(&rng, 60) ? sw_rng_below(&rng, 6) : 6) {
	case 0:
	case 1:
		random_start(mode, iteration);
		break;
	case 2:
	case 3:
		random_end(mode, iteration, SW_EVENT_ITERATION_FINISHED);
		break;
	case 4:
		random_middle(mode, iteration);
		break;
	case 5:
		if (sw_rng_below(&rng, 4) == 0)
			random_end(mode, iteration, SW_EVENT_ITERATION_DROPPED);
		break;
	default:
		random_resumption();
	}
}

static void the_plan_is_done_at_the_end(void)
{
	for (int mode = 0; mode < MODES; mode++) {
		for (int64_t i = 1; i <= PLANNED; i++)
			if (model[mode][i] == RUNNING)
				random_end(mode, i, SW_EVENT_ITERATION_FINISHED);
		for (int64_t i = 1; i <= PLANNED; i++) {
			if (model[mode][i] != PENDING)
				continue;
			random_start(mode, i);
			random_middle(mode, i);
			random_end(mode, i, SW_EVENT_ITERATION_FINISHED);
		}
		assert_int_equal(mode_at(mode)->done, PLANNED);
		assert_int_equal(sw_mode_pending(mode_at(mode)), 0);
		random_start(mode, 1 + (int64_t)sw_rng_below(&rng, PLANNED)); /* none is left */
	}
	assert_int_equal(sw_session_done(session), sw_session_planned(session));
}

static void the_equation_holds_after_each_event(void **state)
{
	uint64_t unexpected = 0, dropped = 0, fell_back = 0;
	(void)state;
	for (int n = 0; n < SESSIONS; n++) {
		sw_session_free(session);
		session = sw_session_new();
		seq = 0;
		memset(model, 0, sizeof model);
		memset(model_fell_back, 0, sizeof model_fell_back);
		memset(model_dropped, 0, sizeof model_dropped);
		start_parallel(PLANNED);
		for (int i = 0; i < STEPS; i++)
			random_step();
		the_plan_is_done_at_the_end();
		unexpected += session->unexpected;
		dropped += mode_at(1)->dropped;
		fell_back += mode_at(1)->fell_back;
	}
	/* It went through all of it. */
	assert_true(unexpected > 1000 && dropped > 100 && fell_back > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_iteration_is_somewhere),
		TEST(what_is_not_planned_is_unexpected),
		TEST(an_iteration_counts_once),
		TEST(a_lost_iteration_is_pending),
		TEST(a_plan_is_never_shorter_than_what_is_done_or_runs),
		TEST(any_number_may_be_planned),
		TEST(too_many_gaps_are_unexpected),
		TEST(a_resumption_drops_what_ran),
		TEST(a_resumption_ends_a_pause),
		TEST(a_fault_is_beside_what_it_hit),
		TEST(a_fault_stays_counted_after_a_drop),
		TEST(what_was_not_asked_is_counted),
		TEST(the_breaker_is_followed),
		TEST(the_equation_holds_after_each_event),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
