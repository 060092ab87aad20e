#include "tests/unit/core/figures_test.h"
#include "tests/unit/core/story_list.h"

/* ---- differences ---- */

static void test_the_overhead_is_a_difference(void **state)
{
	struct fixture *f = *state;
	struct sw_difference there, back;

	story_good(&f->story, 20);
	compute(f);
	assert_int_equal(sw_figures_difference(&f->figures, 0, 1, &there), 0);
	assert_true(there.is_known && there.is_distinguishable);
	assert_close(there.ns, f->figures.overhead_ns);
	assert_close(there.ci.low, f->figures.overhead_ci.low);
	assert_close(there.ci.high, f->figures.overhead_ci.high);
	assert_close(there.percent, f->figures.overhead_percent);
	assert_close(there.percent_high, f->figures.overhead_percent_high);
	assert_int_equal(sw_figures_difference(&f->figures, 1, 0, &back), 0);
	assert_close(back.ns, -there.ns);
	assert_true(back.percent < 0 && back.percent > -100);
	assert_true(back.ci.low < back.ns && back.ns < back.ci.high && back.ci.high < 0);
}

static void test_unknown_differences(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_difference d;

	begin(f, &info, 0);
	timed(f, 0, MS, 10 * MS);
	compute(f);
	for (int b = 0; b < 2; b++) {
		assert_int_equal(sw_figures_difference(&f->figures, 0, b, &d), 0);
		assert_false(d.is_known);
		assert_false(d.is_distinguishable);
		assert_close(d.ns, 0);
	}
	timed(f, 1, MS, 30 * MS);
	compute(f);
	assert_int_equal(sw_figures_difference(&f->figures, 0, 1, &d), 0);
	assert_true(d.is_known);
	assert_close(d.ns, 20e6);
	assert_close(d.percent, 200);
	assert_int_equal(d.ci.method, SW_CI_NONE);
	assert_false(d.is_distinguishable);
}

/* ---- throughput ---- */

static void test_throughput_is_of_turns(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 0);
	timed(f, 1, MS, 100 * MS);
	timed(f, 1, MS, 100 * MS);
	compute(f);
	assert_close(f->figures.modes[1].throughput_per_second, 0);
	story_turn_end(&f->story, 1, 2, 125 * MS);
	timed(f, 1, MS, 100 * MS);
	story_turn_end(&f->story, 1, 1, 125 * MS);
	compute(f);
	assert_close(f->figures.modes[1].throughput_per_second, 12);
	assert_close(f->figures.modes[0].throughput_per_second, 0);
}

/* ---- layers ---- */

static void test_layers_cost_what_the_whole_takes_longer(void **state)
{
	struct fixture *f = *state;
	struct sw_layer_cost costs[SW_MODES_MAX];
	int n;

	story_ablation(&f->story);
	compute(f);
	assert_true(sw_figures_is_ablation(&f->figures));
	assert_int_equal(sw_figures_layers(&f->figures, costs, &n), 0);
	assert_int_equal(n, 3);
	assert_int_equal(costs[0].layer, SW_LAYER_NETWORK);
	assert_int_equal(costs[0].mode, 1);
	assert_int_equal(costs[0].cost.b, 0);
	assert_true(costs[0].cost.ns < -20e6 && costs[0].cost.ci.high < 0);
	assert_int_equal(costs[1].layer, SW_LAYER_SECCOMP);
	assert_false(costs[1].cost.is_distinguishable);
	assert_int_equal(costs[2].layer, SW_LAYER_CAPS);
	assert_true(costs[2].cost.ns > 5e6 && costs[2].cost.is_distinguishable);
	assert_close(costs[2].cost.ns,
	             f->figures.modes[0].latency.mean - f->figures.modes[3].latency.mean);
}

static void test_an_ablation_decides_nothing(void **state)
{
	struct fixture *f = *state;

	story_ablation(&f->story);
	compute(f);
	assert_false(f->figures.has_overhead);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "ablation", 0, "so it decides nothing");
	f->story.session->info.baseline[0] = '\0';
	compute(f);
	assert_reason(f, "ablation", 0, "so it decides nothing");
	assert_int_equal(sw_figures_reference(&f->figures, 3), 0);
	/* Even where two of its modes are named for a comparison. */
	snprintf(f->story.session->info.baseline, SW_NAME_MAX, "sandbox");
	snprintf(f->story.session->info.candidate, SW_NAME_MAX, "without-caps");
	compute(f);
	assert_true(f->figures.has_overhead);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "ablation", 0, "so it decides nothing");
}

static void test_beside_a_host_the_whole_sandbox_is_judged(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_mode_info less = story_mode_info("less", SW_KIND_COLD);
	struct sw_layer_cost costs[SW_MODES_MAX];
	int n;

	snprintf(less.layer, sizeof less.layer, "seccomp");
	begin(f, &info, 0);
	story_mode(&f->story, &less);
	for (int i = 0; i < 5; i++) {
		timed(f, 0, MS, (100 + i) * MS);
		timed(f, 1, MS, (150 + i) * MS);
		timed(f, 2, MS, (140 + i) * MS);
	}
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_ENABLE_VERIFIED);
	assert_int_equal(sw_figures_reference(&f->figures, 1), 0);
	assert_int_equal(sw_figures_reference(&f->figures, 2), 1);
	assert_int_equal(sw_figures_layers(&f->figures, costs, &n), 0);
	assert_int_equal(n, 1);
	assert_close(costs[0].cost.ns, 10e6);
	/* But what lacks a layer is never recommended. */
	snprintf(f->story.session->info.candidate, SW_NAME_MAX, "less");
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
}

/* ---- drift and outliers ---- */

static void test_series_of_a_mode(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_outliers outliers;
	struct sw_drift drift;

	begin(f, &info, 0);
	story_plan(&f->story, 33);
	for (int i = 0; i < 32; i++)
		timed(f, 1, MS, (100 + i) * MS);
	timed(f, 1, MS, 900 * MS);
	compute(f);
	assert_int_equal(sw_figures_series(&f->figures, 1, &drift, &outliers), 0);
	assert_true(drift.is_found && drift.ns > 10e6);
	assert_int_equal(outliers.count, 1);
	assert_int_equal(outliers.max_ns, 900 * MS);
	assert_int_equal(sw_figures_series(&f->figures, 0, &drift, &outliers), 0);
	assert_false(drift.is_judged || outliers.is_judged);
	/* Nothing is taken out. */
	assert_int_equal(f->figures.modes[1].latency.count, 33);
	assert_int_equal(f->figures.modes[1].latency.max, 900 * MS);
}

/* Once the ring has wrapped, the oldest sample does not stand first in it. */
static void test_series_are_in_order(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_outliers outliers;
	struct sw_drift drift;

	begin(f, &info, 0);
	story_plan(&f->story, SW_SAMPLES_MAX * 3 / 2);
	for (int i = 0; i < SW_SAMPLES_MAX * 3 / 2; i++)
		timed(f, 1, MS, (i < SW_SAMPLES_MAX ? 100 : 200) * MS + i % 2);
	compute(f);
	assert_int_equal(sw_figures_series(&f->figures, 1, &drift, &outliers), 0);
	assert_true(drift.is_found);
	assert_close(drift.first_ns, 100e6 + 0.5);
	assert_close(drift.last_ns, 200e6 + 0.5);
}

/* ---- phases behind ---- */

static void test_what_is_behind_is_in_no_share(void **state)
{
	struct fixture *f = *state;

	story_ladder(&f->story);
	compute(f);
	const struct sw_mode_figures *warm = &f->figures.modes[6];
	assert_int_equal(warm->n_behind, 2);
	const struct sw_phase_figure *prewarm = &warm->behind[1];
	for (int i = 0; i < warm->n_phases; i++)
		assert_int_not_equal(warm->phases[i].phase, SW_PHASE_PREWARM);
	assert_int_equal(prewarm->phase, SW_PHASE_PREWARM);
	assert_int_equal(prewarm->count, 12);
	assert_close(prewarm->mean_ns, 2e6);
	assert_close(prewarm->share, 0);
	assert_close(warm->group_ns[SW_GROUP_STARTUP], 0);
	double sum = warm->other_share;
	for (int g = 0; g < SW_GROUP_COUNT; g++)
		sum += warm->group_share[g];
	assert_close(sum, 1);
}

/* An exec is created on the path, its container behind it. */
static void test_a_phase_on_the_path_and_behind_it(void **state)
{
	struct fixture *f = *state;

	story_ladder(&f->story);
	compute(f);
	const struct sw_mode_figures *exec = &f->figures.modes[5];
	const struct sw_phase_figure *create = &exec->phases[0], *behind = &exec->behind[0];
	assert_int_equal(create->phase, SW_PHASE_CREATE);
	assert_int_equal(create->count, 12);
	assert_true(create->mean_ns > 0.9e6 && create->p95_ns < 1.2e6);
	assert_close(create->share * exec->wall_ns, create->mean_ns);
	assert_int_equal(exec->n_behind, 1);
	assert_int_equal(behind->phase, SW_PHASE_CREATE);
	assert_int_equal(behind->count, 1);
	assert_close(behind->mean_ns, 80e6);
	assert_true(fabs(behind->p50_ns - 80e6) < 1e5 && fabs(behind->p95_ns - 80e6) < 1e5);
}

/* A container that is made before anything has run is told of at once. */
static void test_behind_before_an_iteration(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 0);
	f->story.t_ns += 80 * MS;
	story_behind(&f->story, 1, SW_PHASE_CREATE, 80 * MS);
	compute(f);
	const struct sw_mode_figures *mode = &f->figures.modes[1];
	assert_int_equal(mode->n_phases, 0);
	assert_int_equal(mode->n_behind, 1);
	assert_close(mode->behind[0].mean_ns, 80e6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_the_overhead_is_a_difference),
		TEST(test_unknown_differences),
		TEST(test_throughput_is_of_turns),
		TEST(test_layers_cost_what_the_whole_takes_longer),
		TEST(test_an_ablation_decides_nothing),
		TEST(test_beside_a_host_the_whole_sandbox_is_judged),
		TEST(test_series_of_a_mode),
		TEST(test_series_are_in_order),
		TEST(test_what_is_behind_is_in_no_share),
		TEST(test_a_phase_on_the_path_and_behind_it),
		TEST(test_behind_before_an_iteration),
	};
	return cmocka_run_group_tests_name("figures_compare", tests, NULL, NULL);
}
