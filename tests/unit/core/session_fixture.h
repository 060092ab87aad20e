/* A session of three modes, and what feeds it events one by one. */
#ifndef SW_TESTS_SESSION_FIXTURE_H
#define SW_TESTS_SESSION_FIXTURE_H

#include <stdio.h>
#include <string.h>

#include "core/session.h"
#include "core/stats.h"

enum { MODES = 3 };

static struct sw_session *session;
static struct sw_event event;
static struct sw_rng rng;
static uint64_t seq;

static int setup(void **state)
{
	(void)state;
	seq = 0;
	sw_rng_seed(&rng, 4);
	session = sw_session_new();
	return session ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sw_session_free(session);
	return 0;
}

static void apply(void)
{
	event.seq = ++seq;
	event.t_ns = (int64_t)seq * 1000;
	assert_int_equal(sw_session_apply(session, &event), 0);
}

static struct sw_iteration_info *begin(enum sw_event_kind kind, int mode, int64_t iteration)
{
	sw_event_init(&event, kind, mode);
	event.u.it.iteration = iteration;
	event.u.it.attempt = 1;
	return &event.u.it;
}

static void start_session(int64_t planned)
{
	static const char *const names[MODES] = {"ast-only", "docker-sandbox", "warm"};
	sw_event_init(&event, SW_EVENT_SESSION_STARTED, -1);
	snprintf(event.u.session.baseline, sizeof event.u.session.baseline, "ast-only");
	snprintf(event.u.session.candidate, sizeof event.u.session.candidate, "docker-sandbox");
	apply();
	for (int i = 0; i < MODES; i++) {
		sw_event_init(&event, SW_EVENT_MODE_PLANNED, i);
		snprintf(event.u.planned.name, sizeof event.u.planned.name, "%s", names[i]);
		event.u.planned.kind = i ? SW_KIND_COLD : SW_KIND_HOST;
		event.u.planned.planned = planned;
		apply();
	}
}

/* One iteration of one attempt. */
static void run(int mode, int64_t iteration, bool warmup, enum sw_outcome outcome, int64_t wall_ns)
{
	begin(SW_EVENT_ITERATION_STARTED, mode, iteration)->warmup = warmup;
	apply();
	begin(SW_EVENT_ATTEMPT_STARTED, mode, iteration)->warmup = warmup;
	apply();
	struct sw_iteration_info *it = begin(SW_EVENT_ATTEMPT_FINISHED, mode, iteration);
	it->warmup = warmup;
	it->outcome = outcome;
	it->wall_ns = wall_ns;
	it->other_ns = wall_ns / 10;
	it->n_spans = 2;
	it->spans[0] = (struct sw_span){SW_PHASE_CREATE, 0, wall_ns / 2, true};
	it->spans[1] = (struct sw_span){SW_PHASE_REMOVE, wall_ns / 2, wall_ns, false};
	apply();
	it = begin(SW_EVENT_ITERATION_FINISHED, mode, iteration);
	it->warmup = warmup;
	it->outcome = outcome;
	it->wall_ns = wall_ns;
	it->attempts = 1;
	apply();
}

static uint64_t sum(const uint64_t *counts)
{
	uint64_t total = 0;
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		total += counts[i];
	return total;
}

static void assert_sum(const struct sw_phase_sum *sum)
{
	assert_int_equal(sum->count > 0, sum->histogram != NULL);
	if (sum->histogram)
		assert_int_equal(sum->count, sw_histogram_count(sum->histogram));
}

static void assert_accounts(const struct sw_session *s)
{
	uint64_t done = 0;
	for (int i = 0; i < s->n_modes; i++) {
		const struct sw_mode_state *mode = s->modes[i];
		assert_int_equal(mode->done, mode->fell_back + sum(mode->outcomes));
		assert_int_equal(mode->info.planned, mode->done + sw_mode_counted_running(mode) +
		                                         sw_mode_pending(mode));
		assert_true(mode->done + sw_mode_counted_running(mode) <= (uint64_t)mode->info.planned);
		assert_int_equal(mode->n_samples, mode->outcomes[SW_OUTCOME_OK]);
		assert_int_equal(mode->n_samples, sw_histogram_count(mode->latency));
		assert_int_equal(mode->retries, sum(mode->retried));
		assert_int_equal(sw_mode_taken(mode), sum(mode->taken));
		assert_int_equal(sw_mode_refused(mode), sum(mode->refused));
		for (int p = 0; p < SW_PHASE_COUNT; p++) {
			assert_sum(&mode->phases[p]);
			assert_sum(&mode->behind[p]);
		}
		done += mode->done;
	}
	assert_int_equal(sw_session_done(s), done);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
