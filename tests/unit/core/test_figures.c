#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/figures.h"
#include "tests/unit/core/stories.h"

struct fixture {
	struct story story;
	struct sw_figures figures;
};

static int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_session_free(f->story.session);
	free(f);
	return 0;
}

static void compute(struct fixture *f)
{
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
}

static void assert_close(double actual, double expected)
{
	if (fabs(actual - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", actual, expected);
}

/* An iteration that took NS and nothing else than its execute phase of EXECUTE_NS. */
static void timed(struct fixture *f, int mode, int64_t execute_ns, int64_t ns)
{
	struct beat beats[] = {{SW_PHASE_EXECUTE, execute_ns, false},
	                       {SW_PHASE_DELIVER, ns - execute_ns, false}};
	struct turn turn = {beats, 2, SW_OUTCOME_OK, NULL, .exact_ns = true};
	story_turn(&f->story, mode, &turn);
}

static const struct sw_reason *reason(const struct fixture *f, const char *topic)
{
	for (int i = 0; i < f->figures.n_reasons; i++) {
		if (strcmp(f->figures.reasons[i].topic, topic) == 0)
			return &f->figures.reasons[i];
	}
	return NULL;
}

static void assert_reason(const struct fixture *f, const char *topic, int weight, const char *part)
{
	const struct sw_reason *found = reason(f, topic);
	if (!found)
		fail_msg("no reason about %s", topic);
	if (!strstr(found->text, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", topic, found->text, part);
	assert_int_equal(found->weight, weight);
}

static void begin(struct fixture *f, const struct sw_session_info *info, int64_t cpu_milli)
{
	struct sw_environment machine = story_machine();
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);
	struct sw_mode_info cold = story_mode_info("docker-sandbox", SW_KIND_COLD);

	cold.cpu_milli = cpu_milli;
	story_begin(&f->story, info);
	story_environment(&f->story, &machine);
	story_mode(&f->story, &host);
	story_mode(&f->story, &cold);
}

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
	const struct beat both[] = {{SW_PHASE_CREATE, 10 * MS, true}, {SW_PHASE_START, 60 * MS, false},
	                            {SW_PHASE_EXECUTE, 30 * MS, false}, {SW_PHASE_REMOVE, 5 * MS, true}};
	const struct beat one[] = {{SW_PHASE_START, 10 * MS, false}};
	struct turn turn = {both, 4, SW_OUTCOME_OK, NULL, .exact_ns = true};

	story_study(&f->story, &info);
	story_turn(&f->story, 1, &turn);
	turn = (struct turn){one, 1, SW_OUTCOME_OK, NULL, .exact_ns = true};
	story_turn(&f->story, 1, &turn);
	compute(f);

	const struct sw_mode_figures *mode = &f->figures.modes[1];
	assert_int_equal(mode->n_phases, 4);
	assert_int_equal(mode->timed_attempts, 2);
	assert_close(mode->wall_ns, 50e6);
	const struct sw_phase_figure *create = &mode->phases[0], *start = &mode->phases[1];
	assert_int_equal(create->phase, SW_PHASE_CREATE);
	assert_false(create->on_path);
	assert_close(create->mean_ns, 10e6);
	assert_close(create->share, 0);
	assert_true(start->on_path);
	assert_int_equal(start->count, 2);
	assert_close(start->mean_ns, 35e6);
	assert_close(start->share, 0.7);
	/* Over all attempts: in the second there was none. */
	assert_close(mode->phases[2].mean_ns, 30e6);
	assert_close(mode->group_ns[SW_GROUP_EXECUTION], 15e6);
	assert_close(mode->group_ns[SW_GROUP_STARTUP], 35e6);
	assert_close(mode->group_ns[SW_GROUP_CLEANUP], 0);
	assert_close(mode->group_share[SW_GROUP_STARTUP], 0.7);
	assert_close(mode->group_share[SW_GROUP_EXECUTION], 0.3);
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

/* ---- the execute ratio ---- */

static void test_execute_ratio(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 500);
	timed(f, 0, 200 * MS, 210 * MS);
	timed(f, 1, 400 * MS, 810 * MS);
	compute(f);
	assert_int_equal(f->figures.execute.basis, SW_EXECUTE_MEASURED);
	assert_close(f->figures.execute.ratio, 2);
	assert_close(f->figures.execute.cpu_stretch, 2);
	/* 3 s * 2 + 0.6 s of overhead, of which 0.2 s is the stretch itself. */
	const struct sw_projection *p = &f->figures.projections[0];
	assert_true(p->has_ratio);
	assert_close(p->ratio_candidate_ns, 6.4e9);
	assert_close(p->ratio_percent, 340.0 / 3);
	assert_close(p->overhead_percent, 20);
	/* Without the ratio it would be "enable". */
	assert_true(f->figures.decision_with_ratio);
	assert_close(f->figures.decision_percent, 340.0 / 3);
	assert_int_equal(f->figures.verdict, SW_VERDICT_OPTIONAL);
	assert_reason(f, "overhead", 0, "execute ratio ×2.00");
	assert_null(strstr(reason(f, "overhead")->text, "uncertain"));
}

static void test_execute_too_short(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 500);
	timed(f, 0, MS / 2, MS);
	timed(f, 1, 4 * MS, 400 * MS);
	compute(f);
	assert_int_equal(f->figures.execute.basis, SW_EXECUTE_TOO_SHORT);
	assert_close(f->figures.execute.ratio, 8);
	assert_false(f->figures.projections[0].has_ratio);
	assert_false(f->figures.decision_with_ratio);
	assert_reason(f, "cpu limit", 0, "too short to extrapolate from");
	assert_reason(f, "cpu limit", 0, "limit of 0.5 CPU");
}

static void test_execute_without_a_limit(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 1000);
	timed(f, 0, 100 * MS, 110 * MS);
	timed(f, 1, 300 * MS, 510 * MS);
	compute(f);
	assert_int_equal(f->figures.execute.basis, SW_EXECUTE_MEASURED);
	assert_false(f->figures.execute.cpu_limited);
	assert_false(f->figures.projections[0].has_ratio);
	assert_null(reason(f, "cpu limit"));
}

static void test_execute_unknown(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct beat beat = {SW_PHASE_DELIVER, 10 * MS, false};
	struct turn turn = {&beat, 1, SW_OUTCOME_OK, NULL, .exact_ns = true};

	begin(f, &info, 500);
	story_turn(&f->story, 0, &turn);
	timed(f, 1, 5 * MS, 20 * MS);
	compute(f);
	assert_int_equal(f->figures.execute.basis, SW_EXECUTE_UNKNOWN);
	assert_close(f->figures.execute.ratio, 0);
	assert_reason(f, "cpu limit", 0, "did not measure");
}

/* ---- decisions ---- */

static void test_enable_once_verified(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 20);
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_ENABLE_VERIFIED);
	assert_string_equal(sw_verdict_name(f->figures.verdict), "enable, once verified");
	assert_reason(f, "functional tests", 0, "not verified");
	assert_reason(f, "reliability", 1, "20 of 20 iterations succeeded");
	assert_reason(f, "security", 1, "as configured, not verified: no network, read-only root");
	assert_null(reason(f, "fallback policy"));
}

/* Overhead of 3 s jobs, in percent, and what follows; the limits themselves are not below. */
static void test_limits(void **state)
{
	static const struct {
		int64_t overhead_ms;
		enum sw_verdict verdict;
		int weight;
	} cases[] = {
		{2970, SW_VERDICT_ENABLE_VERIFIED, 1}, {3000, SW_VERDICT_OPTIONAL, 0},
		{8970, SW_VERDICT_OPTIONAL, 0},        {9000, SW_VERDICT_DISABLE, -1},
	};
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sw_session_free(f->story.session);
		begin(f, &info, 0);
		timed(f, 0, MS, 100 * MS);
		timed(f, 1, MS, (100 + cases[i].overhead_ms) * MS);
		compute(f);
		assert_int_equal(f->figures.verdict, cases[i].verdict);
		assert_reason(f, "overhead", cases[i].weight, "projected for jobs of 3 s");
	}
}

static void test_the_shortest_job_counts(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	info.project_seconds[0] = 60;
	info.project_seconds[2] = 0.5;
	begin(f, &info, 0);
	timed(f, 0, MS, 100 * MS);
	timed(f, 1, MS, 700 * MS);
	compute(f);
	assert_close(f->figures.decision_percent, 120);
	assert_int_equal(f->figures.verdict, SW_VERDICT_OPTIONAL);
	assert_reason(f, "overhead", 0, "jobs of 0.5 s");
}

static void test_without_projection_the_measured_counts(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	info.n_project = 0;
	begin(f, &info, 0);
	timed(f, 0, MS, 100 * MS);
	timed(f, 1, MS, 700 * MS);
	compute(f);
	assert_close(f->figures.decision_percent, 600);
	assert_int_equal(f->figures.verdict, SW_VERDICT_DISABLE);
}

static void test_a_fallback_weighs(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 19);
	story_ok(&f->story, 0);
	story_fall_back(&f->story, 1, SW_OUTCOME_OK);
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_OPTIONAL);
	assert_reason(f, "reliability", -1, "1 of them on the host after a fallback");
	assert_reason(f, "reliability", -1, "fallback rate 5.0 %");
}

static void test_less_success_than_the_baseline(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 19);
	story_ok(&f->story, 0);
	story_fail(&f->story, 1, SW_OUTCOME_CRASHED, "died");
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_DISABLE);
	assert_reason(f, "reliability", -1, "less than the baseline's");
}

static void test_equal_failures_are_optional_at_most(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 19);
	story_fail(&f->story, 0, SW_OUTCOME_FAILED, "its own");
	story_fail(&f->story, 1, SW_OUTCOME_FAILED, "its own");
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_OPTIONAL);
}

static void test_all_fell_back(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	story_study(&f->story, &info);
	for (int i = 0; i < 4; i++) {
		story_ok(&f->story, 0);
		story_fall_back(&f->story, 1, SW_OUTCOME_OK);
	}
	compute(f);
	assert_false(f->figures.has_overhead);
	assert_close(f->figures.modes[1].success_rate, 1);
	assert_close(f->figures.modes[1].fallback_rate, 1);
	assert_int_equal(f->figures.verdict, SW_VERDICT_DISABLE);
	assert_reason(f, "overhead", -1, "none of 4 iterations ended ok in the sandbox");
	assert_reason(f, "overhead", -1, "the engine said no");
}

static void test_no_engine(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_environment machine = {.engine_error = "start dockerd"};
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);
	struct sw_mode_info cold = story_mode_info("docker-sandbox", SW_KIND_COLD);

	story_begin(&f->story, &info);
	story_environment(&f->story, &machine);
	story_mode(&f->story, &host);
	story_mode(&f->story, &cold);
	story_ok(&f->story, 0);
	story_fall_back(&f->story, 1, SW_OUTCOME_OK);
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "engine", 0, "start dockerd");
}

static void test_no_baseline_result(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	story_study(&f->story, &info);
	story_ok(&f->story, 1);
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "overhead", 0, "no iteration of the baseline ended ok");
}

static void test_sandbox_disabled(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);

	info.sandbox_enabled = false;
	info.candidate[0] = '\0';
	story_begin(&f->story, &info);
	story_mode(&f->story, &host);
	story_ok(&f->story, 0);
	compute(f);
	assert_int_equal(f->figures.candidate, -1);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "modes", 0, "sandbox.enabled is false");
}

static void test_the_same_mode_twice(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	snprintf(info.candidate, sizeof(info.candidate), "ast-only");
	story_study(&f->story, &info);
	story_ok(&f->story, 0);
	compute(f);
	assert_false(f->figures.has_overhead);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
}

static void test_unsafe_fallback_is_shown(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	info.fallback_on |= INT64_C(1) << SW_OUTCOME_TIMEOUT | INT64_C(1) << SW_OUTCOME_OOM;
	story_study(&f->story, &info);
	compute(f);
	assert_true(f->figures.fallback_unsafe);
	assert_reason(f, "fallback policy", -1, "unsafe: fallback.on has timeout, oom");
	f->story.session->info.fallback_enabled = false;
	compute(f);
	assert_false(f->figures.fallback_unsafe);
}

static void test_missing_protection_is_named(void **state)
{
	struct fixture *f = *state;
	story_good(&f->story, 2);
	struct sw_mode_info *info = &f->story.session->modes[1]->info;
	snprintf(info->network, sizeof(info->network), "bridge");
	snprintf(info->seccomp, sizeof(info->seccomp), "unconfined");
	snprintf(info->user, sizeof(info->user), "0:0");
	info->pids_limit = 0;
	compute(f);
	assert_reason(f, "security", 0,
	              "; missing: no network, seccomp, a user other than root, a process limit");
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

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
		TEST(test_execute_ratio),
		TEST(test_execute_too_short),
		TEST(test_execute_without_a_limit),
		TEST(test_execute_unknown),
		TEST(test_enable_once_verified),
		TEST(test_limits),
		TEST(test_the_shortest_job_counts),
		TEST(test_without_projection_the_measured_counts),
		TEST(test_a_fallback_weighs),
		TEST(test_less_success_than_the_baseline),
		TEST(test_equal_failures_are_optional_at_most),
		TEST(test_all_fell_back),
		TEST(test_no_engine),
		TEST(test_no_baseline_result),
		TEST(test_sandbox_disabled),
		TEST(test_the_same_mode_twice),
		TEST(test_unsafe_fallback_is_shown),
		TEST(test_missing_protection_is_named),
		TEST(test_equal_states_give_equal_figures),
	};
	return cmocka_run_group_tests_name("figures", tests, NULL, NULL);
}
