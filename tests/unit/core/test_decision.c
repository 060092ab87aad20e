#include "core/isolation.h"
#include "tests/unit/core/figures_test.h"

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

/* Measured, but over less than one period of the limit: said, and not decided by. */
static void test_execute_uncertain(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	begin(f, &info, 500);
	timed(f, 0, 20 * MS, 30 * MS);
	timed(f, 1, 90 * MS, 630 * MS);
	compute(f);
	assert_int_equal(f->figures.execute.basis, SW_EXECUTE_MEASURED);
	assert_true(f->figures.projections[0].has_ratio);
	assert_false(f->figures.decision_with_ratio);
	assert_close(f->figures.decision_percent, 20);
	assert_int_equal(f->figures.verdict, SW_VERDICT_ENABLE_VERIFIED);
	assert_reason(f, "cpu limit", 0, "×4.50 is of an execute phase of 20");
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
	assert_reason(f, "security", 1, "as configured, not verified: network isolation, read-only");
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
		{2970, SW_VERDICT_ENABLE_VERIFIED, 1},
		{3000, SW_VERDICT_OPTIONAL, 0},
		{8970, SW_VERDICT_OPTIONAL, 0},
		{9000, SW_VERDICT_DISABLE, -1},
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
	assert_reason(f, "reliability", -1, "fewer successes than the baseline");
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

/* A strategy that fails everywhere says nothing of the sandbox. */
static void test_broken_on_both_sides(void **state)
{
	struct fixture *f = *state;
	struct sw_session_info info = story_info("x");

	story_study(&f->story, &info);
	for (int i = 0; i < 4; i++) {
		story_fail(&f->story, 0, SW_OUTCOME_REJECTED, "its own");
		story_fail(&f->story, 1, SW_OUTCOME_REJECTED, "its own");
	}
	compute(f);
	assert_int_equal(f->figures.verdict, SW_VERDICT_UNKNOWN);
	assert_reason(f, "overhead", 0, "no iteration ended ok in either mode");
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
	              "; missing: network isolation, seccomp, a user other than root, a process limit");
}

/* A kind of which one iteration harms the next counts against; one that only shares is told of. */
static void test_isolation_is_told(void **state)
{
	struct fixture *f = *state;
	char want[512];
	story_good(&f->story, 2);
	struct sw_mode_info *info = &f->story.session->modes[1]->info;
	compute(f);
	assert_null(strstr(reason(f, "security")->text, "share")); /* cold: the kernel alone */
	info->kind = SW_KIND_EXEC;
	compute(f);
	const struct sw_isolation *exec = sw_isolation_of(SW_KIND_EXEC, false);
	snprintf(want, sizeof(want), "; its iterations share %s, and did not withstand, when tested: %s",
	         sw_isolation_shared(exec).text, sw_isolation_fails(exec).text);
	assert_reason(f, "security", -1, want);
	assert_reason(f, "security", -1, "share kernel, filesystem, process tree");
	info->kind = SW_KIND_WARM;
	compute(f);
	assert_reason(f, "security", 1, "interpreter, and withstood every attack that was tested");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_execute_ratio),
		TEST(test_execute_uncertain),
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
		TEST(test_broken_on_both_sides),
		TEST(test_no_engine),
		TEST(test_no_baseline_result),
		TEST(test_sandbox_disabled),
		TEST(test_the_same_mode_twice),
		TEST(test_unsafe_fallback_is_shown),
		TEST(test_missing_protection_is_named),
		TEST(test_isolation_is_told),
	};
	return cmocka_run_group_tests_name("decision", tests, NULL, NULL);
}
