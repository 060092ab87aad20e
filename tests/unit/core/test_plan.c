#include "tests/unit/core/config_test.h"

/* The block of shared design and README; what a user gets from an empty configuration. */
static void defaults_are_the_study(void **state)
{
	const struct sw_plan *plan = *state;

	assert_string_equal(plan->name, "docker-sandbox-study");
	assert_int_equal(plan->iterations, 20);
	assert_int_equal(plan->warmup, 1);
	assert_int_equal(plan->order, SW_ORDER_INTERLEAVED);
	assert_int_equal(plan->seed, 42);
	assert_int_equal(plan->n_modes, 2);
	assert_string_equal(plan->modes[0].name, "ast-only");
	assert_int_equal(plan->modes[0].kind, SW_KIND_HOST);
	assert_string_equal(plan->modes[1].name, "docker-sandbox");
	assert_int_equal(plan->modes[1].kind, SW_KIND_COLD);
	assert_int_equal(plan->modes[1].parallel, 1);
	assert_string_equal(plan->workload.strategy, "momentum");
	assert_null(plan->workload.command);
	assert_int_equal(plan->sandbox.memory_bytes, INT64_C(2147483648));
	assert_int_equal(plan->sandbox.cpu_milli, 500);
	assert_int_equal(plan->sandbox.timeout_ns, INT64_C(300000000000));
	assert_int_equal(plan->fallback.on, 1u << SW_OUTCOME_ENGINE);
	assert_int_equal(plan->n_gates, 2);
	assert_int_equal(plan->decision.n_project, 3);
}

static void the_sandbox_is_hardened_by_default(void **state)
{
	const struct sw_plan *plan = *state;

	for (int i = -1; i < plan->n_modes; i++) {
		const struct sw_sandbox *sandbox = i < 0 ? &plan->sandbox : &plan->modes[i].sandbox;

		assert_string_equal(sandbox->network, "none");
		assert_string_equal(sandbox->user, "65534:65534");
		assert_string_equal(sandbox->seccomp, "builtin");
		assert_true(sandbox->read_only);
		assert_true(sandbox->drop_capabilities);
		assert_true(sandbox->no_new_privileges);
		assert_int_equal(sandbox->pids_limit, 64);
		assert_int_equal(sandbox->tmpfs_bytes, INT64_C(16777216));
	}
}

static void modes_are_found_by_name(void **state)
{
	const struct sw_plan *plan = *state;

	assert_int_equal(sw_plan_mode(plan, "ast-only"), 0);
	assert_int_equal(sw_plan_mode(plan, "docker-sandbox"), 1);
	assert_int_equal(sw_plan_mode(plan, "docker"), -1);
	assert_int_equal(sw_plan_mode(plan, ""), -1);
}

static void roles_without_a_name_go_by_kind(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_mode_plan swapped = plan->modes[0];

	assert_int_equal(sw_plan_baseline(plan), 0);
	assert_int_equal(sw_plan_candidate(plan), 1);
	plan->modes[0] = plan->modes[1];
	plan->modes[1] = swapped;
	assert_int_equal(sw_plan_baseline(plan), 1);
	assert_int_equal(sw_plan_candidate(plan), 0);
	plan->modes[0].kind = SW_KIND_HOST;
	assert_int_equal(sw_plan_baseline(plan), 0);
	assert_int_equal(sw_plan_candidate(plan), -1);
	plan->modes[0].kind = plan->modes[1].kind = SW_KIND_WARM;
	assert_int_equal(sw_plan_baseline(plan), -1);
}

/* Who is named the baseline is not the candidate too, and an ablation has none. */
static void the_baseline_is_no_candidate(void **state)
{
	struct sw_plan *plan = *state;

	(void)sw_text_copy(plan->decision.baseline, SW_NAME_MAX, "docker-sandbox");
	assert_int_equal(sw_plan_candidate(plan), -1);
	plan->modes[plan->n_modes] = plan->modes[1];
	(void)sw_text_copy(plan->modes[plan->n_modes++].name, SW_NAME_MAX, "other");
	assert_int_equal(sw_plan_candidate(plan), 2);
	plan->modes[2].layer = SW_LAYER_CAPS;
	assert_int_equal(sw_plan_candidate(plan), -1);
	assert_int_equal(sw_plan_baseline(plan), 1);
}

static void a_new_mode_is_sound(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_mode_plan mode = sw_plan_new_mode(&plan->sandbox);

	assert_int_equal(mode.parallel, 1);
	assert_int_equal(mode.pool, SW_POOL_DEFAULT);
	assert_int_equal(mode.layer, SW_LAYER_NONE);
	assert_int_equal(mode.given, 0);
	assert_string_equal(mode.name, "");
	assert_memory_equal(&mode.sandbox, &plan->sandbox, sizeof mode.sandbox);
	assert_int_equal(plan->modes[1].pool, SW_POOL_DEFAULT);
	assert_int_equal(plan->block, 1);
	assert_false(plan->is_auto);
	assert_true(plan->precision_percent == 2.0);
	assert_int_equal(plan->min_iterations, 10);
	assert_int_equal(plan->max_iterations, 1000);
	assert_int_equal(plan->time_budget_ns, INT64_C(600000000000));
}

static void roles_with_a_name_go_by_it(void **state)
{
	struct sw_plan *plan = *state;

	(void)sw_text_copy(plan->decision.baseline, SW_NAME_MAX, "docker-sandbox");
	(void)sw_text_copy(plan->decision.candidate, SW_NAME_MAX, "ast-only");
	assert_int_equal(sw_plan_baseline(plan), 1);
	assert_int_equal(sw_plan_candidate(plan), 0);
	(void)sw_text_copy(plan->decision.candidate, SW_NAME_MAX, "gone");
	assert_int_equal(sw_plan_candidate(plan), -1);
}

static void done_frees_the_command(void **state)
{
	struct sw_plan *plan = *state;

	plan->workload.command = calloc(3, sizeof(char *));
	assert_non_null(plan->workload.command);
	plan->workload.command[0] = strdup("echo");
	plan->workload.command[1] = strdup("hi");
	sw_plan_done(plan);
	assert_null(plan->workload.command);
	assert_int_equal(plan->n_modes, 0);
	sw_plan_done(plan);
	sw_plan_done(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(defaults_are_the_study),     CONFIG_TEST(the_sandbox_is_hardened_by_default),
		CONFIG_TEST(modes_are_found_by_name),    CONFIG_TEST(roles_without_a_name_go_by_kind),
		CONFIG_TEST(roles_with_a_name_go_by_it), CONFIG_TEST(done_frees_the_command),
		CONFIG_TEST(the_baseline_is_no_candidate), CONFIG_TEST(a_new_mode_is_sound),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
