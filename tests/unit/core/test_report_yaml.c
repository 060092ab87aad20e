#include "tests/unit/core/report_test.h"

#include "core/error.h"

/* ---- the recommended configuration ---- */

static const char *no_environment(void *user, const char *name)
{
	(void)user;
	return strcmp(name, "HOME") == 0 ? "/leaked" : NULL;
}

static void load_yaml(struct fixture *f)
{
	struct sw_config_env env = {no_environment, NULL};
	struct sw_error err = {0};

	sw_buf_clear(&f->text);
	assert_int_equal(sw_report_recommended_yaml(&f->figures, &f->text), 0);
	sw_plan_done(&f->plan);
	sw_plan_defaults(&f->plan);
	/* Nothing may be right by default. */
	memset(&f->plan.sandbox, 0, sizeof(f->plan.sandbox));
	f->plan.fallback.max_retries = 99;
	f->plan.fallback.on = 0;
	if (sw_config_load_text(&f->plan, "recommended", f->text.data, f->text.len, env, &err))
		fail_msg("%s\n%s", err.message, f->text.data);
}

static void test_yaml_loads_as_what_was_measured(void **state)
{
	struct fixture *f = *state;
	const struct sw_sandbox *sandbox = &f->plan.sandbox;

	tell(f, story_done);
	load_yaml(f);
	assert_true(f->plan.sandbox_enabled);
	assert_string_equal(sandbox->image, "sandwatch/python:latest");
	assert_true(sandbox->memory_bytes == 2 * GIB);
	assert_int_equal(sandbox->cpu_milli, 500);
	assert_true(sandbox->timeout_ns == 300000 * MS);
	assert_string_equal(sandbox->network, "none");
	assert_int_equal(sandbox->pids_limit, 64);
	assert_string_equal(sandbox->user, "65534:65534");
	assert_true(sandbox->read_only && sandbox->drop_capabilities && sandbox->no_new_privileges);
	assert_int_equal(sandbox->tmpfs_bytes, 16 << 20);
	assert_string_equal(sandbox->seccomp, "builtin");
	assert_int_equal(f->plan.fallback.max_retries, 1);
	assert_int_equal(f->plan.fallback.on, 1U << SW_OUTCOME_ENGINE);
}

static void test_yaml_of_odd_limits(void **state)
{
	struct fixture *f = *state;
	tell(f, story_done);
	struct sw_mode_info *info = &f->story.session->modes[1]->info;
	info->memory_bytes = 1536 * INT64_C(1048576);
	info->tmpfs_bytes = 5000 * 1024;
	info->cpu_milli = 125;
	info->timeout_ns = 1500 * MS;
	snprintf(info->image, sizeof(info->image), "true");
	snprintf(info->runtime, sizeof(info->runtime), "crun");
	info->read_only = false;
	load_yaml(f);
	assert_true(f->plan.sandbox.memory_bytes == info->memory_bytes);
	assert_int_equal(f->plan.sandbox.tmpfs_bytes, info->tmpfs_bytes);
	assert_int_equal(f->plan.sandbox.cpu_milli, 125);
	assert_true(f->plan.sandbox.timeout_ns == info->timeout_ns);
	assert_string_equal(f->plan.sandbox.image, "true");
	assert_string_equal(f->plan.sandbox.runtime, "crun");
	assert_false(f->plan.sandbox.read_only);
	info->memory_bytes = info->cpu_milli = info->tmpfs_bytes = 0;
	info->user[0] = '\0';
	load_yaml(f);
	assert_int_equal(f->plan.sandbox.memory_bytes, 0);
	assert_int_equal(f->plan.sandbox.cpu_milli, 0);
	assert_string_equal(f->plan.sandbox.user, "");
}

/* Neither a quote nor "${" gets out of its string. */
static void test_yaml_of_hostile_texts(void **state)
{
	struct fixture *f = *state;
	char expected[256];

	tell(f, story_hostile);
	load_yaml(f);
	const char *image = f->story.session->modes[1]->info.image;
	sw_text_clean(expected, sizeof(expected), image, strlen(image));
	assert_string_equal(f->plan.sandbox.image, expected);
	assert_string_equal(f->plan.sandbox.user, "a\": {b: [c]} # ${D:e} \\");
	assert_false(f->plan.sandbox_enabled);
}

static void test_yaml_follows_the_verdict(void **state)
{
	struct fixture *f = *state;

	tell(f, story_all_fell_back);
	load_yaml(f);
	assert_false(f->plan.sandbox_enabled);
	assert_int_equal(f->plan.fallback.on, 1U << SW_OUTCOME_ENGINE);
	assert_says(f, "unsafe");
	tell(f, story_done);
	f->figures.verdict = SW_VERDICT_OPTIONAL;
	load_yaml(f);
	assert_says(f, "enabled: ${SANDBOX_ENABLED:false}");
	assert_false(f->plan.sandbox_enabled);
	tell(f, story_one_mode);
	load_yaml(f);
	assert_says_not(f, "docker:");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_yaml_loads_as_what_was_measured),
		TEST(test_yaml_of_odd_limits),
		TEST(test_yaml_of_hostile_texts),
		TEST(test_yaml_follows_the_verdict),
	};
	return cmocka_run_group_tests_name("report_yaml", tests, NULL, NULL);
}
