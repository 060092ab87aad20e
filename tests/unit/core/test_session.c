#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <malloc.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/session.h"
#include "tests/unit/core/random_events.h"
#include "tests/unit/core/session_fixture.h"
#include "tests/unit/rounds.h"

#define EVENTS rounds(100000)

static struct sw_session *twin;

static bool take_equal(struct sw_histogram **a, struct sw_histogram **b)
{
	bool same = (!*a && !*b) || (*a && *b && sw_histogram_equal(*a, *b));
	*a = *b = NULL;
	return same;
}

static void assert_equal_sessions(const struct sw_session *a, const struct sw_session *b)
{
	/* Not on the stack: it is a megabyte. */
	struct sw_session *x = malloc(sizeof *x), *y = malloc(sizeof *y);
	*x = *a;
	*y = *b;
	memset(x->modes, 0, sizeof x->modes);
	memset(y->modes, 0, sizeof y->modes);
	bool same_outside = memcmp(x, y, sizeof *x) == 0;
	free(x);
	free(y);
	assert_int_equal(a->n_modes, b->n_modes);
	assert_true(same_outside);
	for (int i = 0; i < a->n_modes; i++) {
		struct sw_mode_state *m = malloc(sizeof *m), *n = malloc(sizeof *n);
		*m = *a->modes[i];
		*n = *b->modes[i];
		bool same = sw_histogram_equal(m->latency, n->latency) &&
		            sw_histogram_equal(m->other_ppm, n->other_ppm);
		m->latency = n->latency = m->other_ppm = n->other_ppm = NULL;
		for (int p = 0; p < SW_PHASE_COUNT; p++) {
			same &= take_equal(&m->phases[p].histogram, &n->phases[p].histogram);
			same &= take_equal(&m->behind[p].histogram, &n->behind[p].histogram);
		}
		assert_int_equal(m->n_slots, n->n_slots);
		same &= memcmp(m->slots, n->slots, (size_t)m->n_slots * sizeof *m->slots) == 0;
		m->slots = n->slots = NULL;
		same &= memcmp(m, n, sizeof *m) == 0;
		free(m);
		free(n);
		assert_true(same);
	}
}

static void figures_of_a_small_session(void **state)
{
	int64_t samples[SW_SAMPLES_MAX];
	(void)state;
	start_session(3);
	run(0, 1, true, SW_OUTCOME_OK, 999999);
	for (int64_t i = 1; i <= 3; i++)
		run(0, i, false, SW_OUTCOME_OK, i * 100);
	run(1, 1, false, SW_OUTCOME_FAILED, 50);
	const struct sw_mode_state *mode = sw_session_baseline(session);
	assert_ptr_equal(mode, session->modes[0]);
	assert_ptr_equal(sw_session_candidate(session), session->modes[1]);
	assert_int_equal(mode->done, 3);
	assert_int_equal(mode->warmup_done, 1);
	assert_int_equal(mode->attempts, 3);
	assert_int_equal(mode->outcomes[SW_OUTCOME_OK], 3);
	assert_true(fabs(mode->mean_ns - 200) < 1e-9);
	assert_true(fabs(mode->m2_ns - 20000) < 1e-6);
	assert_true(fabs(mode->sum_ns - 600) < 1e-9);
	assert_int_equal(sw_mode_samples(mode, samples), 3);
	assert_int_equal(samples[0], 100);
	assert_int_equal(samples[2], 300);
	assert_int_equal(mode->phases[SW_PHASE_CREATE].count, 3);
	assert_true(fabs(mode->phases[SW_PHASE_CREATE].sum_ns - 300) < 1e-9);
	assert_true(fabs(mode->wall_sum_ns - 600) < 1e-9);
	assert_true(fabs(mode->other_sum_ns - 60) < 1e-9);
	assert_int_equal(sw_histogram_max(mode->other_ppm), 100000);
	assert_int_equal(session->modes[1]->outcomes[SW_OUTCOME_FAILED], 1);
	assert_int_equal(session->modes[1]->n_samples, 0);
	assert_null(session->modes[1]->phases[SW_PHASE_CREATE].histogram);
	assert_int_equal(sw_session_done(session), 4);
	assert_int_equal(sw_session_planned(session), 9);
	assert_int_equal(session->unexpected, 0);
	assert_int_equal(session->missing, 0);
	assert_int_equal(session->n_recent, 5);
	assert_true(session->recent[0].warmup);
	assert_int_equal(session->recent[4].outcome, SW_OUTCOME_FAILED);
	assert_accounts(session);
}

static void a_fallback_is_counted_apart(void **state)
{
	(void)state;
	start_session(9);
	for (int64_t i = 1; i <= 2; i++) {
		enum sw_outcome last = i == 1 ? SW_OUTCOME_OK : SW_OUTCOME_FAILED;
		begin(SW_EVENT_ITERATION_STARTED, 1, i);
		apply();
		begin(SW_EVENT_ATTEMPT_FINISHED, 1, i)->outcome = SW_OUTCOME_ENGINE;
		apply();
		begin(SW_EVENT_RETRY, 1, i)->outcome = SW_OUTCOME_ENGINE;
		apply();
		begin(SW_EVENT_FALLBACK_TAKEN, 1, i)->outcome = SW_OUTCOME_ENGINE;
		apply();
		begin(SW_EVENT_ATTEMPT_STARTED, 1, i)->on_host = true;
		apply();
		assert_true(sw_mode_running(session->modes[1])->on_host);
		struct sw_iteration_info *it = begin(SW_EVENT_ATTEMPT_FINISHED, 1, i);
		it->on_host = true;
		it->outcome = last;
		it->n_spans = 1;
		it->spans[0] = (struct sw_span){SW_PHASE_EXECUTE, 0, 5, true};
		apply();
		it = begin(SW_EVENT_ITERATION_FINISHED, 1, i);
		it->fell_back = true;
		it->outcome = last;
		it->wall_ns = 7;
		apply();
	}
	const struct sw_mode_state *mode = session->modes[1];
	assert_int_equal(mode->done, 2);
	assert_int_equal(mode->fell_back, 1);
	assert_int_equal(mode->outcomes[SW_OUTCOME_FAILED], 1);
	assert_int_equal(mode->fallback_failed, 1);
	assert_int_equal(mode->taken[SW_OUTCOME_ENGINE], 2);
	assert_int_equal(mode->retried[SW_OUTCOME_ENGINE], 2);
	assert_int_equal(mode->attempts, 4);
	assert_int_equal(mode->n_samples, 0); /* the host's time is not the mode's */
	assert_int_equal(mode->phases[SW_PHASE_EXECUTE].count, 0);
	assert_true(session->recent[0].fell_back);
	assert_accounts(session);
}

static void a_refused_fallback_is_counted_by_its_reason(void **state)
{
	(void)state;
	start_session(9);
	begin(SW_EVENT_ITERATION_STARTED, 1, 1);
	apply();
	begin(SW_EVENT_ATTEMPT_FINISHED, 1, 1)->outcome = SW_OUTCOME_TIMEOUT;
	apply();
	begin(SW_EVENT_FALLBACK_REFUSED, 1, 1)->outcome = SW_OUTCOME_TIMEOUT;
	apply();
	begin(SW_EVENT_ITERATION_FINISHED, 1, 1)->outcome = SW_OUTCOME_TIMEOUT;
	apply();
	const struct sw_mode_state *mode = session->modes[1];
	assert_int_equal(mode->refused[SW_OUTCOME_TIMEOUT], 1);
	assert_int_equal(sw_mode_refused(mode), 1);
	assert_int_equal(sw_mode_taken(mode), 0);
	assert_int_equal(mode->outcomes[SW_OUTCOME_TIMEOUT], 1);
}

static void warm_up_counts_nowhere_else(void **state)
{
	(void)state;
	start_session(5);
	begin(SW_EVENT_ITERATION_STARTED, 1, 1)->warmup = true;
	apply();
	static const enum sw_event_kind kinds[] = {
		SW_EVENT_ATTEMPT_FINISHED, SW_EVENT_RETRY,
		SW_EVENT_FALLBACK_TAKEN,   SW_EVENT_FALLBACK_REFUSED,
		SW_EVENT_ATTEMPT_FINISHED, SW_EVENT_ITERATION_FINISHED};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		struct sw_iteration_info *it = begin(kinds[i], 1, 1);
		it->warmup = true;
		it->outcome = i < 4 ? SW_OUTCOME_ENGINE : SW_OUTCOME_OK;
		it->wall_ns = it->dropped_bytes = 1000;
		it->n_spans = kinds[i] == SW_EVENT_ATTEMPT_FINISHED;
		it->spans[0] = (struct sw_span){SW_PHASE_CREATE, 0, 5, true};
		apply();
	}
	const struct sw_mode_state *mode = session->modes[1];
	assert_int_equal(mode->warmup_done, 1);
	assert_int_equal(mode->done + mode->attempts + mode->retries + mode->dropped_bytes +
	                     mode->n_samples + sw_mode_taken(mode) + sw_mode_refused(mode) +
	                     sw_histogram_count(mode->other_ppm) + mode->phases[SW_PHASE_CREATE].count,
	                 0);
	assert_int_equal(session->unexpected, 0);
	assert_int_equal(session->n_recent, 1);
}

static void gaps_and_duplicates_are_counted(void **state)
{
	(void)state;
	start_session(5);
	event.seq = seq; /* the last one once more */
	assert_int_equal(sw_session_apply(session, &event), 0);
	event.seq = 1;
	assert_int_equal(sw_session_apply(session, &event), 0);
	event.seq = 0;
	assert_int_equal(sw_session_apply(session, &event), 0);
	assert_int_equal(session->unexpected, 3);
	assert_int_equal(session->n_modes, MODES);
	seq += 10;
	run(0, 1, false, SW_OUTCOME_OK, 5);
	assert_int_equal(session->missing, 10);
	assert_int_equal(session->modes[0]->done, 1);
}

/* One lost line must not cost the mode all that comes after. */
static void a_lost_finish_does_not_stop_the_mode(void **state)
{
	(void)state;
	start_session(5);
	begin(SW_EVENT_ITERATION_STARTED, 0, 1);
	apply();
	seq += 3; /* its attempt and its finish are gone */
	run(0, 2, false, SW_OUTCOME_OK, 5);
	run(0, 3, false, SW_OUTCOME_OK, 5);
	assert_int_equal(session->modes[0]->done, 2);
	assert_int_equal(session->unexpected, 1);
	assert_int_equal(session->missing, 3);
}

static void tell_behind(bool warmup, bool on_path, int64_t ns)
{
	struct sw_iteration_info *it = begin(SW_EVENT_PHASE_BEHIND, 1, 0);
	it->warmup = warmup;
	it->n_spans = 1;
	it->spans[0] = (struct sw_span){SW_PHASE_CREATE, 0, ns, on_path};
	apply();
}

static void what_is_behind_is_summed_apart(void **state)
{
	(void)state;
	start_session(5);
	run(1, 1, true, SW_OUTCOME_OK, 100);
	tell_behind(true, false, 70000);
	const struct sw_mode_state *mode = session->modes[1];
	assert_int_equal(mode->behind[SW_PHASE_CREATE].count, 0);
	tell_behind(false, false, 80000);
	tell_behind(false, true, 60000); /* whatever it says of itself */
	run(1, 1, false, SW_OUTCOME_OK, 2000);
	run(1, 2, false, SW_OUTCOME_OK, 4000);
	run(1, 3, false, SW_OUTCOME_FAILED, 9000);
	const struct sw_phase_sum *path = &mode->phases[SW_PHASE_CREATE];
	assert_int_equal(path->count, 2);
	assert_true(fabs(path->sum_ns - 3000) < 1e-9);
	assert_int_equal(sw_histogram_max(path->histogram), 2000);
	const struct sw_phase_sum *behind = &mode->behind[SW_PHASE_CREATE];
	assert_int_equal(behind->count, 2);
	assert_true(fabs(behind->sum_ns - 140000) < 1e-9);
	assert_true(sw_histogram_min(behind->histogram) >= 59000);
	/* An attempt's own, off its path. */
	assert_int_equal(mode->phases[SW_PHASE_REMOVE].count, 0);
	assert_int_equal(mode->behind[SW_PHASE_REMOVE].count, 2);
	assert_true(fabs(mode->behind[SW_PHASE_REMOVE].sum_ns - 3000) < 1e-9);
	assert_int_equal(session->unexpected, 0);
	assert_accounts(session);
}

static void what_does_not_fit_changes_nothing(void **state)
{
	(void)state;
	begin(SW_EVENT_ITERATION_STARTED, 0, 1);
	apply(); /* before the session */
	assert_int_equal(session->unexpected, 1);
	assert_int_equal(session->last_seq, 0);
	start_session(5);
	session->missing = 0;
	begin(SW_EVENT_ITERATION_STARTED, 1, 4);
	apply();
	uint64_t before = session->unexpected;
	struct sw_mode_state *kept = malloc(sizeof *kept);
	memcpy(kept, session->modes[1], sizeof *kept);

	begin(SW_EVENT_ITERATION_FINISHED, 1, 5); /* another iteration */
	apply();
	begin(SW_EVENT_ITERATION_FINISHED, 1, 4)->warmup = true; /* another kind of iteration */
	apply();
	begin(SW_EVENT_ATTEMPT_FINISHED, 1, 5);
	apply();
	begin(SW_EVENT_RETRY, 1, 4)->warmup = true;
	apply();
	begin(SW_EVENT_ITERATION_FINISHED, 0, 1); /* nothing runs there */
	apply();
	begin(SW_EVENT_ATTEMPT_FINISHED, 0, 1);
	apply();
	begin(SW_EVENT_ITERATION_STARTED, MODES, 1); /* no such mode */
	apply();
	begin(SW_EVENT_ITERATION_STARTED, -1, 1);
	apply();
	sw_event_init(&event, SW_EVENT_MODE_PLANNED, 1); /* planned already */
	apply();
	sw_event_init(&event, SW_EVENT_MODE_PLANNED, MODES + 1); /* not the next one */
	apply();
	sw_event_init(&event, SW_EVENT_SESSION_STARTED, -1);
	apply();
	bool same = memcmp(kept, session->modes[1], sizeof *kept) == 0;
	free(kept);
	assert_true(same);
	assert_int_equal(session->unexpected, before + 11);
	assert_int_equal(session->n_modes, MODES);
	assert_int_equal(sw_session_done(session), 0);
}

static void finish_attempt_with(int64_t iteration, bool on_host, const char *python)
{
	begin(SW_EVENT_ITERATION_STARTED, 1, iteration);
	apply();
	struct sw_iteration_info *it = begin(SW_EVENT_ATTEMPT_FINISHED, 1, iteration);
	it->on_host = on_host;
	snprintf(it->python, sizeof it->python, "%s", python);
	apply();
	begin(SW_EVENT_ITERATION_FINISHED, 1, iteration);
	apply();
}

/* A fallback's is the host's interpreter, not the sandbox's. */
static void a_mode_knows_its_own_interpreter(void **state)
{
	(void)state;
	start_session(5);
	finish_attempt_with(1, true, "3.10.1");
	assert_string_equal(session->modes[1]->python, "");
	finish_attempt_with(2, false, "3.11.2");
	finish_attempt_with(3, false, "3.12.3");
	assert_string_equal(session->modes[1]->python, "3.11.2");
	assert_string_equal(session->modes[0]->python, "");
}

static void modes_have_a_bound(void **state)
{
	(void)state;
	sw_event_init(&event, SW_EVENT_SESSION_STARTED, -1);
	apply();
	for (int i = 0; i <= SW_MODES_MAX; i++) {
		sw_event_init(&event, SW_EVENT_MODE_PLANNED, i);
		apply();
	}
	assert_int_equal(session->n_modes, SW_MODES_MAX);
	assert_int_equal(session->unexpected, 1);
	assert_null(sw_session_baseline(session)); /* none was named */
}

static void a_session_ends_once(void **state)
{
	(void)state;
	start_session(5);
	sw_event_init(&event, SW_EVENT_SESSION_FINISHED, -1);
	event.u.end.state = SW_STATE_INTERRUPTED;
	snprintf(event.u.end.text, sizeof event.u.end.text, "stopped");
	apply();
	event.u.end.state = SW_STATE_DONE;
	apply();
	assert_int_equal(session->state, SW_STATE_INTERRUPTED);
	assert_string_equal(session->end_text, "stopped");
	assert_int_equal(session->unexpected, 1);
}

static void notes_and_recent_are_rings(void **state)
{
	(void)state;
	start_session(10000);
	for (int i = 0; i < SW_NOTES_MAX + 5; i++) {
		sw_event_init(&event, SW_EVENT_NOTE, -1);
		apply();
	}
	assert_int_equal(session->n_notes, SW_NOTES_MAX);
	assert_int_equal(session->notes_dropped, 5);
	int64_t *samples = malloc(SW_SAMPLES_MAX * sizeof *samples);
	const int64_t n = SW_SAMPLES_MAX + 10;
	for (int64_t i = 1; i <= n; i++)
		run(0, i, false, SW_OUTCOME_OK, i);
	bool right = sw_mode_samples(session->modes[0], samples) == SW_SAMPLES_MAX &&
	             samples[0] == 11 && samples[SW_SAMPLES_MAX - 1] == n;
	free(samples);
	assert_true(right);
	assert_int_equal(session->modes[0]->n_samples, n);
	assert_int_equal(session->recent[(session->n_recent - 1) % SW_RECENT_MAX].iteration, n);
	assert_int_equal(session->recent[session->n_recent % SW_RECENT_MAX].iteration,
	                 n - SW_RECENT_MAX + 1);
}

static void separate_clocks_are_not_forgotten(void **state)
{
	static const enum sw_clock said[] = {SW_CLOCK_SHARED, SW_CLOCK_SEPARATE, SW_CLOCK_SHARED};
	static const enum sw_clock known[] = {SW_CLOCK_SHARED, SW_CLOCK_SEPARATE, SW_CLOCK_SEPARATE};
	(void)state;
	start_session(5);
	for (int i = 0; i < 3; i++) {
		sw_event_init(&event, SW_EVENT_CLOCK_KNOWN, 1);
		event.u.clock = said[i];
		apply();
		assert_int_equal(session->clock, known[i]);
	}
}

/* ---- at random ---- */

/* Near those that are done: the first that is not, or one around the last that is. */
static int64_t random_iteration_of(int mode)
{
	if (mode < 0 || mode >= session->n_modes || !session->modes[mode]->finished.n)
		return (int64_t)sw_rng_below(&rng, 3);
	const struct sw_ranges *finished = &session->modes[mode]->finished;
	if (sw_rng_below(&rng, 2))
		return finished->list[0].first > 1 ? 1 : finished->list[0].last + 1;
	int64_t last = finished->list[finished->n - 1].last;
	return (last > 1 ? last - 1 : 0) + (int64_t)sw_rng_below(&rng, 3);
}

/* Numbers small enough to meet each other, unlike random_event's. */
static void random_small(void)
{
	enum sw_event_kind kind = (enum sw_event_kind)sw_rng_below(&rng, SW_EVENT_COUNT);
	bool is_end = kind == SW_EVENT_SESSION_FINISHED || kind == SW_EVENT_SESSION_RESUMED;
	if (is_end && sw_rng_below(&rng, 100))
		kind = SW_EVENT_ITERATION_FINISHED;
	random_event(&rng, kind, &event);
	event.mode = (int)sw_rng_below(&rng, MODES + 2) - 1;
	if (kind == SW_EVENT_MODE_PLANNED)
		event.mode = session->n_modes < MODES ? session->n_modes : 0;
	if (kind == SW_EVENT_LENGTH_DECIDED)
		event.u.length.iterations = (int64_t)sw_rng_below(&rng, sw_rng_below(&rng, 4) ? 100000 : 50);
	if (kind >= SW_EVENT_ITERATION_STARTED && kind <= SW_EVENT_CONTAINER_REMOVED) {
		event.u.it.iteration = random_iteration_of(event.mode);
		event.u.it.warmup = sw_rng_below(&rng, 4) == 0;
		if (sw_rng_below(&rng, 3))
			event.u.it.wall_ns = (int64_t)sw_rng_below(&rng, 1000000);
	}
	event.seq = seq + sw_rng_below(&rng, 3);
	if (event.seq > seq)
		seq = event.seq;
}

static void accounts_hold_for_any_events(void **state)
{
	uint64_t done = 0;
	(void)state;
	start_session(100000);
	for (int i = 0; i < 2 * EVENTS; i++) {
		random_small();
		assert_int_equal(sw_session_apply(session, &event), 0);
		assert_true(sw_session_done(session) <= done + 1);
		done = sw_session_done(session);
		if (i % 100 == 0)
			assert_accounts(session);
	}
	assert_accounts(session);
	assert_true(done > (uint64_t)rounds(500));
	assert_true(session->modes[0]->fell_back >= (uint64_t)rounds(6));
	assert_true(session->modes[0]->warmup_done >= (uint64_t)rounds(6));
	assert_true(session->missing > (uint64_t)rounds(1000));
	assert_true(session->unexpected > (uint64_t)rounds(1000));
}

static void random_garbage_is_survived(void **state)
{
	(void)state;
	for (int i = 0; i < EVENTS; i++) {
		random_event(&rng, (enum sw_event_kind)sw_rng_below(&rng, SW_EVENT_COUNT), &event);
		if (sw_rng_below(&rng, 10))
			event.seq = session->last_seq + sw_rng_below(&rng, 2);
		assert_int_equal(sw_session_apply(session, &event), 0);
	}
	assert_accounts(session);
}

static void valid_iteration(struct sw_session *s, int mode, int64_t iteration, bool warmup)
{
	int64_t wall = 1 + (int64_t)sw_rng_below(&rng, 1000000);
	bool falls = sw_rng_below(&rng, 4) == 0;
	enum sw_outcome outcome = (enum sw_outcome)sw_rng_below(&rng, SW_OUTCOME_COUNT);
	static const enum sw_event_kind kinds[] = {SW_EVENT_ITERATION_STARTED,
	                                           SW_EVENT_ATTEMPT_STARTED,
	                                           SW_EVENT_CONTAINER_CREATED,
	                                           SW_EVENT_PHASE_STARTED,
	                                           SW_EVENT_CONTAINER_REMOVED,
	                                           SW_EVENT_ATTEMPT_FINISHED,
	                                           SW_EVENT_RETRY,
	                                           SW_EVENT_FALLBACK_TAKEN,
	                                           SW_EVENT_ITERATION_FINISHED};
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!falls && (kinds[i] == SW_EVENT_RETRY || kinds[i] == SW_EVENT_FALLBACK_TAKEN))
			continue;
		struct sw_iteration_info *it = begin(kinds[i], mode, iteration);
		it->warmup = warmup;
		it->wall_ns = wall;
		it->fell_back = falls && kinds[i] == SW_EVENT_ITERATION_FINISHED;
		it->outcome = outcome;
		it->n_spans = 1;
		it->spans[0] = (struct sw_span){SW_PHASE_EXECUTE, 5, 5 + wall, true};
		event.seq = ++seq;
		event.t_ns = (int64_t)seq;
		assert_int_equal(sw_session_apply(s, &event), 0);
	}
}

/* A whole session of a valid order: nothing is unexpected, and no mode does more than was planned. */
static void valid_sessions_reach_their_plan_and_no_more(void **state)
{
	enum { PLANNED = 3000, WARMUP = 5 };
	(void)state;
	start_session(PLANNED);
	for (int64_t i = 1; i <= WARMUP; i++)
		for (int mode = 0; mode < MODES; mode++)
			valid_iteration(session, mode, i, true);
	assert_int_equal(sw_session_done(session), 0);
	for (int64_t i = 1; i <= PLANNED; i++) {
		for (int mode = 0; mode < MODES; mode++) {
			valid_iteration(session, mode, i, false);
			assert_true(sw_session_done(session) <= sw_session_planned(session));
		}
	}
	assert_int_equal(session->unexpected, 0);
	assert_int_equal(session->missing, 0);
	assert_accounts(session);
	for (int mode = 0; mode < MODES; mode++) {
		const struct sw_mode_state *m = session->modes[mode];
		assert_int_equal(m->done, PLANNED);
		assert_int_equal(m->warmup_done, WARMUP);
		assert_int_equal(m->containers_created, m->containers_removed);
		assert_int_equal(m->fell_back + m->fallback_failed, sw_mode_taken(m));
		assert_int_equal(m->n_running, 0);
		assert_true(fabs(m->mean_ns * (double)m->n_samples - m->sum_ns) < 1e-6 * m->sum_ns);
	}
}

/* Live, and through a journal's lines: the same state. */
static void a_replay_ends_in_the_same_state(void **state)
{
	static struct sw_event decoded;
	struct sw_buf line = {0};
	struct sw_error err;
	bool fine = true;
	(void)state;
	twin = sw_session_new();
	for (int i = 0; i < rounds(20000) && fine; i++) {
		random_small();
		sw_buf_clear(&line);
		fine = sw_event_encode(&event, &line) == 0 &&
		       sw_event_decode(line.data, line.len, &decoded, &err) == 0 &&
		       sw_session_apply(session, &event) == 0 && sw_session_apply(twin, &decoded) == 0;
	}
	sw_buf_done(&line);
	assert_true(fine);
	assert_equal_sessions(session, twin);
	sw_session_free(twin);
}

/* Iterations cost no memory once the histograms have their chunks. */
static void memory_is_flat(void **state)
{
	(void)state;
	start_session(100000);
	for (int64_t i = 1; i <= 5000; i++)
		run(0, i, false, SW_OUTCOME_OK, 1 + i % 1000);
	size_t before = mallinfo2().uordblks;
	for (int64_t i = 5001; i <= 30000; i++)
		run(0, i, false, SW_OUTCOME_OK, 1 + i % 1000);
	assert_int_equal(mallinfo2().uordblks, before);
	assert_int_equal(session->modes[0]->done, 30000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(figures_of_a_small_session),
		TEST(a_fallback_is_counted_apart),
		TEST(a_refused_fallback_is_counted_by_its_reason),
		TEST(warm_up_counts_nowhere_else),
		TEST(gaps_and_duplicates_are_counted),
		TEST(a_lost_finish_does_not_stop_the_mode),
		TEST(what_is_behind_is_summed_apart),
		TEST(what_does_not_fit_changes_nothing),
		TEST(a_mode_knows_its_own_interpreter),
		TEST(modes_have_a_bound),
		TEST(a_session_ends_once),
		TEST(notes_and_recent_are_rings),
		TEST(separate_clocks_are_not_forgotten),
		TEST(accounts_hold_for_any_events),
		TEST(random_garbage_is_survived),
		TEST(valid_sessions_reach_their_plan_and_no_more),
		TEST(a_replay_ends_in_the_same_state),
		TEST(memory_is_flat),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
