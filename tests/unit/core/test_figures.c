#include "tests/unit/core/figures_test.h"

/* ---- one mode ---- */

static void test_nothing_happened(void **state)
{
	struct fixture *f = *state;
	f->story.session = sw_session_new();
	compute(f);
	assert_int_equal(f->figures.n_modes, 0);
	assert_int_equal(f->figures.baseline, -1);
	assert_int_equal(f->figures.candidate, -1);
	assert_false(f->figures.has_overhead);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "modes", 0, "no mode to decide about");
}

static void test_planned_and_not_run(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	story_study(&f->story, &info);
	compute(f);
	const struct sw_mode_figures *mode = &f->figures.modes[1];
	assert_int_equal(mode->not_run, 20);
	assert_int_equal(mode->judged, 0);
	assert_close(mode->success_ci.low, 0);
	assert_close(mode->success_ci.high, 1);
	assert_int_equal(mode->latency.count, 0);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "iterations", 0, "has not finished an iteration");
}

static void test_counts_and_rates(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	story_study(&f->story, &info);
	story_ok(&f->story, 0);
	for (int i = 0; i < 5; i++)
		story_ok(&f->story, 1);
	story_fall_back(&f->story, 1, SW_OUTCOME_OK);
	story_fall_back(&f->story, 1, SW_OUTCOME_FAILED);
	story_refuse(&f->story, 1, SW_OUTCOME_TIMEOUT);
	story_fail(&f->story, 1, SW_OUTCOME_CANCELLED, "stopped");
	compute(f);

	const struct sw_mode_figures *mode = &f->figures.modes[1];
	assert_int_equal(mode->ok, 5);
	assert_int_equal(mode->failures, 2);
	assert_int_equal(mode->cancelled, 1);
	assert_int_equal(mode->judged, 8);
	assert_int_equal(mode->not_run, 11);
	assert_close(mode->success_rate, 6.0 / 8);
	assert_close(mode->fallback_rate, 2.0 / 8);
	assert_close(mode->success_ci.low, sw_stats_wilson(6, 8).low);
	assert_close(mode->fallback_ci.high, sw_stats_wilson(2, 8).high);
	assert_int_equal(mode->latency.count, 5);
}

static void test_phases_and_shares(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	const struct beat both[] = {{SW_PHASE_CREATE, 10 * MS, true},
	                            {SW_PHASE_START, 60 * MS, false},
	                            {SW_PHASE_EXECUTE, 30 * MS, false},
	                            {SW_PHASE_REMOVE, 5 * MS, true}};
	const struct beat one[] = {{SW_PHASE_START, 10 * MS, false}};
	struct turn turn = {both, 4, SW_OUTCOME_OK, NULL, .exact_ns = true};

	story_study(&f->story, &info);
	story_turn(&f->story, 1, &turn);
	turn = (struct turn){one, 1, SW_OUTCOME_OK, NULL, .exact_ns = true};
	story_turn(&f->story, 1, &turn);
	compute(f);

	const struct sw_mode_figures *mode = &f->figures.modes[1];
	assert_int_equal(mode->n_phases, 2);
	assert_int_equal(mode->timed_attempts, 2);
	assert_close(mode->wall_ns, 50e6);
	const struct sw_phase_figure *start = &mode->phases[0], *create = &mode->behind[0];
	assert_int_equal(mode->n_behind, 2);
	assert_int_equal(create->phase, SW_PHASE_CREATE);
	assert_int_equal(create->count, 1);
	assert_close(create->mean_ns, 10e6);
	assert_close(create->share, 0);
	assert_int_equal(mode->behind[1].phase, SW_PHASE_REMOVE);
	assert_int_equal(start->phase, SW_PHASE_START);
	assert_int_equal(start->count, 2);
	assert_close(start->mean_ns, 35e6);
	assert_close(start->share, 0.7);
	/* Over all attempts: in the second there was none. */
	assert_close(mode->phases[1].mean_ns, 30e6);
	assert_close(mode->group_ns[SW_GROUP_EXECUTION], 15e6);
	assert_close(mode->group_ns[SW_GROUP_STARTUP], 35e6);
	assert_close(mode->group_ns[SW_GROUP_CLEANUP], 0);
	assert_close(mode->group_share[SW_GROUP_STARTUP], 0.7);
	assert_close(mode->group_share[SW_GROUP_EXECUTION], 0.3);
	/* Off the path: nothing to save. */
	assert_close(sw_mode_phases_ns(mode, 1U << SW_PHASE_CREATE | 1U << SW_PHASE_START), 35e6);
	assert_close(sw_mode_phases_ns(mode, ~0U), 50e6);
	assert_close(sw_mode_phases_ns(&f->figures.modes[0], ~0U), 0);
}

static void test_shares_and_other_add_up(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 20);
	compute(f);
	for (int m = 0; m < 2; m++) {
		const struct sw_mode_figures *mode = &f->figures.modes[m];
		double sum = mode->other_share;
		for (int g = 0; g < SW_GROUP_COUNT; g++)
			sum += mode->group_share[g];
		assert_close(sum, 1);
		assert_close(mode->other_share, 1.0 / 501);
		assert_true(fabs(mode->other_share_p50 - 1.0 / 501) < 2e-5);
		assert_int_equal(mode->timed_attempts, 20);
	}
}

static void test_more_iterations_than_samples(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	int64_t n = SW_SAMPLES_MAX + 10;

	begin(f, &info, 0);
	story_plan(&f->story, n);
	for (int64_t i = 0; i < n; i++) {
		timed(f, 0, MS, 10 * MS + i % 2 * 2 * MS);
		timed(f, 1, MS, 110 * MS + i % 2 * 2 * MS);
	}
	compute(f);
	assert_false(f->figures.modes[0].exact);
	assert_int_equal(f->figures.modes[0].latency.count, n);
	assert_close(f->figures.modes[0].latency.mean, 11e6);
	assert_close(f->figures.overhead_ns, 100e6);
	assert_int_equal(f->figures.overhead_ci.method, SW_CI_NORMAL);
	/* sd 1 ms each: 1.96 * sqrt(2 * 1 / n) */
	assert_true(fabs(f->figures.overhead_ci.high - 100e6 - 1.96e6 * sqrt(2.0 / (double)n)) < 100);
	assert_true(f->figures.distinguishable);
}

/* ---- the difference ---- */

static void test_overhead_and_projection(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 0);
	timed(f, 0, MS, 100 * MS);
	timed(f, 0, MS, 200 * MS);
	timed(f, 1, MS, 400 * MS);
	timed(f, 1, MS, 600 * MS);
	compute(f);
	const struct sw_figures *figures = &f->figures;
	assert_true(figures->has_overhead);
	assert_close(figures->overhead_ns, 350e6);
	assert_close(figures->overhead_min_ns, 300e6);
	assert_close(figures->overhead_max_ns, 400e6);
	assert_close(figures->overhead_p50_ns, 350e6);
	/* sd² is 5000 ms² and 20,000 ms². */
	assert_close(figures->overhead_stddev_ns, sqrt(25000) * 1e6);
	assert_close(figures->overhead_percent, 350.0 / 1.5);
	assert_close(figures->overhead_percent_low, figures->overhead_ci.low / 1.5e6);
	assert_int_equal(figures->overhead_ci.method, SW_CI_BOOTSTRAP);
	assert_true(figures->overhead_ci.low >= 200e6 && figures->overhead_ci.low < 350e6);
	assert_true(figures->overhead_ci.high <= 500e6 && figures->overhead_ci.high > 350e6);
	assert_true(figures->distinguishable);
	assert_false(figures->small_baseline);

	assert_int_equal(figures->n_projections, 3);
	const struct sw_projection *p = &figures->projections[0];
	assert_close(p->baseline_ns, 3e9);
	assert_close(p->candidate_ns, 3.35e9);
	assert_close(p->overhead_percent, 35.0 / 3);
	assert_close(p->overhead_percent_high, figures->overhead_ci.high / 3e7);
	assert_close(p->run_baseline_ns, 60e9);
	assert_close(p->run_candidate_ns, 67e9);
	assert_int_equal(p->run_iterations, 20);
	assert_false(p->has_ratio);
	assert_close(figures->decision_seconds, 3);
	assert_close(figures->decision_percent, 35.0 / 3);
}

static void test_noise_is_named(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 0);
	for (int i = 0; i < 10; i++) {
		timed(f, 0, MS, (100 + i) * MS);
		timed(f, 1, MS, (100 + (i + 3) % 10) * MS);
	}
	compute(f);
	assert_false(f->figures.distinguishable);
	assert_reason(f, "overhead", 1, "can't be told from noise");
}

static void test_one_iteration_has_no_interval(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 0);
	timed(f, 0, MS, 100 * MS);
	timed(f, 1, MS, 400 * MS);
	compute(f);
	assert_int_equal(f->figures.overhead_ci.method, SW_CI_NONE);
	assert_close(f->figures.overhead_stddev_ns, 0);
	assert_false(f->figures.distinguishable);
}

static void test_small_baseline(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 5);
	compute(f);
	assert_true(f->figures.small_baseline);
}

static void test_bad_projections_are_left_out(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	const double seconds[] = {0, -1, NAN, INFINITY, 2};

	memcpy(info.project_seconds, seconds, sizeof(seconds));
	info.n_project = 5;
	begin(f, &info, 0);
	timed(f, 0, MS, 100 * MS);
	timed(f, 1, MS, 400 * MS);
	compute(f);
	assert_int_equal(f->figures.n_projections, 1);
	assert_close(f->figures.projections[0].project_seconds, 2);
}

static void test_equal_states_give_equal_figures(void **state)
{
	struct fixture *f = *state;
	static struct sw_figures again;
	struct story other;

	story_good(&f->story, 20);
	story_good(&other, 20);
	compute(f);
	assert_int_equal(sw_figures_compute(other.session, &again), 0);
	assert_memory_equal(&f->figures.overhead_ci, &again.overhead_ci, sizeof(struct sw_ci));
	assert_memory_equal(f->figures.projections, again.projections, sizeof(again.projections));
	assert_memory_equal(&f->figures.modes[1].latency, &again.modes[1].latency,
	                    sizeof(struct sw_stats));
	other.session->info.seed = 43;
	assert_int_equal(sw_figures_compute(other.session, &again), 0);
	sw_session_free(other.session);
	assert_memory_not_equal(&f->figures.overhead_ci, &again.overhead_ci, sizeof(struct sw_ci));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing_happened),
		TEST(test_planned_and_not_run),
		TEST(test_counts_and_rates),
		TEST(test_phases_and_shares),
		TEST(test_shares_and_other_add_up),
		TEST(test_more_iterations_than_samples),
		TEST(test_overhead_and_projection),
		TEST(test_noise_is_named),
		TEST(test_one_iteration_has_no_interval),
		TEST(test_small_baseline),
		TEST(test_bad_projections_are_left_out),
		TEST(test_equal_states_give_equal_figures),
	};
	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
