#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "tests/unit/core/session_fixture.h"

/* ---- pauses ---- */

static void emit_plain(enum sw_event_kind kind, int64_t t_ns)
{
	sw_event_init(&event, kind, -1);
	event.seq = ++seq;
	event.t_ns = t_ns;
	assert_int_equal(sw_session_apply(session, &event), 0);
}

static void pauses_add_up(void **state)
{
	(void)state;
	start_session(5);
	int64_t t = session->last_ns;
	emit_plain(SW_EVENT_PAUSED, t + 1000);
	assert_true(session->paused);
	assert_int_equal(sw_session_paused_ns(session, t + 1000), 0);
	assert_int_equal(sw_session_paused_ns(session, t + 1500), 500);
	emit_plain(SW_EVENT_PAUSED, t + 1600);
	assert_int_equal(session->unexpected, 1);
	emit_plain(SW_EVENT_RESUMED, t + 3000);
	assert_false(session->paused);
	assert_int_equal(sw_session_paused_ns(session, t + 99999), 2000);
	emit_plain(SW_EVENT_RESUMED, t + 3001);
	assert_int_equal(session->unexpected, 2);
	emit_plain(SW_EVENT_PAUSED, t + 4000);
	assert_int_equal(sw_session_paused_ns(session, t + 4000 - 1), 2000); /* never less */
	sw_event_init(&event, SW_EVENT_SESSION_FINISHED, -1);
	event.u.end.state = SW_STATE_INTERRUPTED;
	event.seq = ++seq;
	event.t_ns = t + 4700;
	assert_int_equal(sw_session_apply(session, &event), 0);
	assert_false(session->paused);
	assert_int_equal(sw_session_paused_ns(session, INT64_MAX), 2700);
	emit_plain(SW_EVENT_PAUSED, t + 5000);
	assert_int_equal(session->unexpected, 3);
}

static void an_iteration_ends_a_pause_whose_end_is_lost(void **state)
{
	(void)state;
	start_session(5);
	emit_plain(SW_EVENT_PAUSED, session->last_ns + 1);
	int64_t since = session->last_ns;
	run(0, 1, false, SW_OUTCOME_OK, 100);
	assert_false(session->paused);
	assert_int_equal(session->unexpected, 1);
	assert_true(session->paused_sum_ns > 0 && session->paused_sum_ns < session->last_ns - since);
	assert_int_equal(session->modes[0]->done, 1);
}

static void hostile_pauses_do_not_overflow(void **state)
{
	(void)state;
	start_session(5);
	for (int i = 0; i < 3; i++) {
		emit_plain(SW_EVENT_PAUSED, 0);
		emit_plain(SW_EVENT_RESUMED, INT64_MAX);
	}
	assert_int_equal(sw_session_paused_ns(session, INT64_MAX), INT64_MAX);
}

/* All that an iteration left in the state goes with it, however far it had come. */
static void a_dropped_iteration_leaves_no_figure(void **state)
{
	(void)state;
	start_session(5);
	run(1, 1, false, SW_OUTCOME_OK, 100);
	run(1, 2, false, SW_OUTCOME_FAILED, 100);
	struct sw_mode_state *mode = session->modes[1];
	struct sw_mode_state *before = malloc(sizeof *before);
	assert_non_null(before);
	*before = *mode;
	begin(SW_EVENT_ITERATION_STARTED, 1, 3);
	apply();
	begin(SW_EVENT_ATTEMPT_STARTED, 1, 3);
	apply();
	begin(SW_EVENT_PHASE_STARTED, 1, 3)->phase = SW_PHASE_CREATE;
	apply();
	struct sw_iteration_info *it = begin(SW_EVENT_ATTEMPT_FINISHED, 1, 3);
	it->outcome = SW_OUTCOME_ENGINE;
	it->dropped_bytes = 77;
	snprintf(it->text, sizeof it->text, "refused");
	apply();
	begin(SW_EVENT_RETRY, 1, 3)->outcome = SW_OUTCOME_ENGINE;
	apply();
	begin(SW_EVENT_FALLBACK_TAKEN, 1, 3)->outcome = SW_OUTCOME_ENGINE;
	apply();
	begin(SW_EVENT_ITERATION_DROPPED, 1, 3);
	apply();
	bool same = mode->done == before->done && mode->attempts == before->attempts &&
	            mode->retries == before->retries && mode->dropped_bytes == before->dropped_bytes &&
	            sw_mode_taken(mode) == sw_mode_taken(before) &&
	            sum(mode->retried) == sum(before->retried) &&
	            mode->n_samples == before->n_samples &&
	            strcmp(mode->last_error, before->last_error) == 0;
	free(before);
	assert_true(same);
	assert_int_equal(mode->dropped, 1);
	assert_int_equal(mode->n_running, 0);
	assert_int_equal(session->n_recent, 2);
	begin(SW_EVENT_ITERATION_DROPPED, 1, 3); /* nothing runs */
	apply();
	assert_int_equal(session->unexpected, 1);
	run(1, 3, false, SW_OUTCOME_OK, 300);
	assert_int_equal(mode->done, 3);
	assert_int_equal(session->unexpected, 1);
	assert_accounts(session);
}

/* ---- what screens look at ---- */

static void attempts_of_an_iteration_are_kept(void **state)
{
	static const int64_t kept[][SW_RECENT_ATTEMPTS_MAX] = {{1, 0, 0, 0}, {1, 2, 0, 0},
	                                                       {1, 2, 3, 0}, {1, 2, 3, 4},
	                                                       {1, 2, 4, 5}, {1, 2, 8, 9}};
	(void)state;
	start_session(100);
	for (int i = 0; i < 6; i++) {
		int64_t total = i < 5 ? i + 1 : 9, iteration = i + 1;
		begin(SW_EVENT_ITERATION_STARTED, 1, iteration);
		apply();
		for (int64_t number = 1; number <= total; number++) {
			struct sw_iteration_info *it = begin(SW_EVENT_ATTEMPT_FINISHED, 1, iteration);
			it->attempt = number;
			it->outcome = number == total ? SW_OUTCOME_OK : SW_OUTCOME_ENGINE;
			it->on_host = number == total;
			it->start_ns = number * 10;
			it->wall_ns = number;
			it->exit_code = -1;
			it->term_signal = 9;
			it->n_spans = 1;
			it->spans[0] = (struct sw_span){SW_PHASE_CREATE, number, number + 1, true};
			snprintf(it->container, sizeof it->container, "c%d", (int)number);
			memset(it->text, 'x', sizeof it->text - 1);
			apply();
		}
		struct sw_iteration_info *it = begin(SW_EVENT_ITERATION_FINISHED, 1, iteration);
		it->attempts = total;
		it->fell_back = true;
		apply();
		const struct sw_recent *recent = &session->recent[i];
		assert_int_equal(recent->ended.total, total);
		assert_int_equal(recent->finished_ns, event.t_ns);
		assert_int_equal(recent->ended.n, total < 4 ? total : 4);
		for (int k = 0; k < recent->ended.n; k++) {
			const struct sw_attempt_record *record = &recent->ended.list[k];
			char id[16];
			snprintf(id, sizeof id, "c%d", (int)kept[i][k]);
			assert_int_equal(record->number, kept[i][k]);
			assert_int_equal(record->start_ns, kept[i][k] * 10);
			assert_int_equal(record->wall_ns, kept[i][k]);
			assert_int_equal(record->exit_code, -1);
			assert_int_equal(record->term_signal, 9);
			assert_int_equal(record->on_host, kept[i][k] == total);
			assert_int_equal(record->outcome == SW_OUTCOME_OK, kept[i][k] == total);
			assert_string_equal(record->container, id);
			assert_int_equal(record->n_spans, 1);
			assert_int_equal(record->spans[0].start_ns, kept[i][k]);
			assert_int_equal(strlen(record->error) < sizeof record->error, 1);
		}
	}
}

static void phases_of_the_running_attempt_are_listed(void **state)
{
	(void)state;
	start_session(5);
	const struct sw_mode_state *mode = session->modes[1];
	begin(SW_EVENT_ITERATION_STARTED, 1, 1);
	apply();
	for (int attempt = 1; attempt <= 2; attempt++) {
		begin(SW_EVENT_ATTEMPT_STARTED, 1, 1);
		apply();
		assert_int_equal(sw_mode_running(mode)->n_phase_starts, 0);
		for (int i = 0; i < SW_SPANS_MAX + 3; i++) {
			begin(SW_EVENT_PHASE_STARTED, 1, 1)->phase = i % 2 ? SW_PHASE_START : SW_PHASE_CREATE;
			apply();
			int n = i < SW_SPANS_MAX ? i + 1 : SW_SPANS_MAX;
			assert_int_equal(sw_mode_running(mode)->n_phase_starts, n);
			assert_int_equal(sw_mode_running(mode)->phase_start_ns, event.t_ns);
			if (i < SW_SPANS_MAX) {
				assert_int_equal(sw_mode_running(mode)->phase_starts[i].start_ns, event.t_ns);
				assert_int_equal(sw_mode_running(mode)->phase_starts[i].phase, event.u.it.phase);
			}
		}
		begin(SW_EVENT_ATTEMPT_FINISHED, 1, 1)->outcome = SW_OUTCOME_ENGINE;
		apply();
		assert_int_equal(sw_mode_running(mode)->n_phase_starts, 0);
	}
}

static void container_event(enum sw_event_kind kind, int mode, int number, const char *error)
{
	struct sw_iteration_info *it = begin(kind, mode, number);
	it->attempt = 2;
	it->warmup = number == 1;
	snprintf(it->container, sizeof it->container, "id%d", number);
	snprintf(it->text, sizeof it->text, "%s", error);
	apply();
}

static void a_container_is_listed_with_what_is_told_of_it(void **state)
{
	(void)state;
	start_session(5);
	for (int i = 1; i <= 3; i++)
		container_event(SW_EVENT_CONTAINER_CREATED, 1, i, "");
	assert_int_equal(session->n_containers, 3);
	const struct sw_seen_container *newest = &session->containers[2];
	assert_string_equal(newest->id, "id3");
	assert_int_equal(newest->created_ns, event.t_ns);
	assert_int_equal(newest->removed_ns, 0);
	assert_int_equal(newest->mode, 1);
	assert_int_equal(newest->attempt, 2);
	assert_int_equal(newest->iteration, 3);
	assert_false(newest->warmup);
	container_event(SW_EVENT_CONTAINER_REMOVED, 0, 3, ""); /* another mode's */
	assert_int_equal(newest->removed_ns, 0);
	container_event(SW_EVENT_CONTAINER_REMOVED, 1, 3, "slow");
	assert_int_equal(newest->removed_ns, event.t_ns);
	assert_string_equal(newest->error, "slow");
	container_event(SW_EVENT_CONTAINER_REMOVED, 1, 99, ""); /* one that is not listed */
	assert_int_equal(session->modes[1]->containers_created, 3);
	assert_int_equal(session->modes[1]->containers_removed, 2);
	assert_int_equal(session->unexpected, 0);
}

static int listed(int number)
{
	char id[16];
	snprintf(id, sizeof id, "id%d", number);
	for (int i = 0; i < session->n_containers; i++)
		if (strcmp(session->containers[i].id, id) == 0)
			return i;
	return -1;
}

/* A kept one is older than all that came and went beside it. */
static void containers_that_are_there_stay_in_the_list(void **state)
{
	const int n = 3 * SW_SEEN_CONTAINERS_MAX;
	(void)state;
	start_session(5);
	for (int i = 1; i <= n; i++) {
		container_event(SW_EVENT_CONTAINER_CREATED, 1, i, "");
		if (i != 2 && i != 50)
			container_event(SW_EVENT_CONTAINER_REMOVED, 1, i, "");
	}
	assert_int_equal(session->containers_made, n);
	assert_int_equal(session->n_containers, SW_SEEN_CONTAINERS_MAX);
	assert_int_equal(listed(2), 0);
	assert_int_equal(listed(50), 1);
	for (int i = 2; i < SW_SEEN_CONTAINERS_MAX; i++)
		assert_int_equal(listed(n - SW_SEEN_CONTAINERS_MAX + 1 + i), i);
	container_event(SW_EVENT_CONTAINER_REMOVED, 1, 50, "");
	assert_int_not_equal(session->containers[1].removed_ns, 0);
}

static void of_too_many_that_are_there_the_oldest_is_left_out(void **state)
{
	(void)state;
	start_session(5);
	for (int i = 1; i <= SW_SEEN_CONTAINERS_MAX + 6; i++)
		container_event(SW_EVENT_CONTAINER_CREATED, 1, i, "");
	assert_int_equal(session->n_containers, SW_SEEN_CONTAINERS_MAX);
	assert_int_equal(listed(6), -1);
	assert_int_equal(listed(7), 0);
	assert_int_equal(listed(SW_SEEN_CONTAINERS_MAX + 6), SW_SEEN_CONTAINERS_MAX - 1);
}

/* Made for none, it is the one's that first uses it; a kept one stays everybody's. */
static void a_pools_container_comes_to_be_an_iterations(void **state)
{
	(void)state;
	for (int is_pool = 0; is_pool < 2; is_pool++) {
		if (session)
			sw_session_free(session);
		session = sw_session_new();
		start_session(5);
		session->modes[1]->info.kind = is_pool ? SW_KIND_PREPARED : SW_KIND_WARM;
		struct sw_iteration_info *it = begin(SW_EVENT_CONTAINER_CREATED, 1, 0);
		it->attempt = 0;
		snprintf(it->container, sizeof it->container, "id7");
		apply();
		const struct sw_seen_container *seen = &session->containers[0];
		assert_int_equal(seen->iteration, 0);
		begin(SW_EVENT_ITERATION_STARTED, 1, 3);
		apply();
		for (int attempt = 2; attempt <= 3; attempt++) {
			it = begin(SW_EVENT_PHASE_STARTED, 1, 3);
			it->attempt = attempt;
			snprintf(it->container, sizeof it->container, "id7");
			apply();
			assert_int_equal(seen->iteration, is_pool ? 3 : 0);
			assert_int_equal(seen->attempt, is_pool ? 2 : 0);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(pauses_add_up),
		TEST(an_iteration_ends_a_pause_whose_end_is_lost),
		TEST(hostile_pauses_do_not_overflow),
		TEST(a_dropped_iteration_leaves_no_figure),
		TEST(attempts_of_an_iteration_are_kept),
		TEST(phases_of_the_running_attempt_are_listed),
		TEST(a_container_is_listed_with_what_is_told_of_it),
		TEST(containers_that_are_there_stay_in_the_list),
		TEST(of_too_many_that_are_there_the_oldest_is_left_out),
		TEST(a_pools_container_comes_to_be_an_iterations),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
