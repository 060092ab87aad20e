/* Hides how the configuration's tests make an environment and load a text.
 * Must not know what any one test checks. */
#ifndef SW_CONFIG_TEST_H
#define SW_CONFIG_TEST_H

/* cmocka.h needs these four before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

#ifndef SW_SOURCE_DIR
#define SW_SOURCE_DIR "." /* the tests run at the repository's root */
#endif

/* A variable list: name, value, name, value, …, NULL. */
static inline const char *config_test_get(void *user, const char *name)
{
	for (const char *const *pair = user; pair && *pair; pair += 2)
		if (strcmp(pair[0], name) == 0)
			return pair[1];
	return NULL;
}

static inline struct sw_config_env config_test_env(const char *const *pairs)
{
	return (struct sw_config_env){config_test_get, (void *)(uintptr_t)pairs};
}

static inline int config_test_load(struct sw_plan *plan, const char *text, struct sw_error *err)
{
	return sw_config_load_text(plan, "f", text, strlen(text), config_test_env(NULL), err);
}

/* Each test's state: a plan with the defaults. */
static inline int config_test_setup(void **state)
{
	struct sw_plan *plan = malloc(sizeof *plan);

	if (!plan)
		return -1;
	sw_plan_defaults(plan);
	*state = plan;
	return 0;
}

static inline int config_test_teardown(void **state)
{
	sw_plan_done(*state);
	free(*state);
	return 0;
}

#define CONFIG_TEST(function) \
	cmocka_unit_test_setup_teardown(function, config_test_setup, config_test_teardown)

static inline void config_test_ok(struct sw_plan *plan, const char *text)
{
	struct sw_error err = {0};

	if (config_test_load(plan, text, &err) < 0)
		fail_msg("%s\nin:\n%s", err.message, text);
}

static inline void config_test_finish_ok(struct sw_plan *plan)
{
	struct sw_error err = {0};

	if (sw_config_finish(plan, &err) < 0)
		fail_msg("%s", err.message);
}

static inline void config_test_same_section(const struct sw_section *section, const void *a,
                                            const void *b)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct sw_key *key = &section->keys[i];
		const char *at = (const char *)a + key->offset, *bt = (const char *)b + key->offset;

		if (key->type == SW_KEY_SECTION)
			config_test_same_section(key->section, at, bt);
		else if (sw_key_is_number(key) && sw_key_get(key, a) != sw_key_get(key, b))
			fail_msg("%s.%s differs", section->path, key->name);
		else if (sw_key_is_text(key) && strcmp(at, bt) != 0)
			fail_msg("%s.%s: '%s' is not '%s'", section->path, key->name, at, bt);
	}
	if (section->also)
		config_test_same_section(section->also, (const char *)a + section->also_offset,
		                         (const char *)b + section->also_offset);
}

/* Two plans are equal in every key. */
static inline void config_test_same(const struct sw_plan *a, const struct sw_plan *b)
{
	config_test_same_section(&sw_config_root, a, b);
	assert_int_equal(a->n_modes, b->n_modes);
	for (int i = 0; i < a->n_modes; i++) {
		config_test_same_section(&sw_config_mode, &a->modes[i], &b->modes[i]);
		assert_int_equal(a->modes[i].given, b->modes[i].given);
	}
	assert_int_equal(a->n_gates, b->n_gates);
	for (int i = 0; i < a->n_gates; i++)
		assert_string_equal(a->gates[i], b->gates[i]);
	assert_int_equal(a->n_chaos, b->n_chaos);
	for (int i = 0; i < a->n_chaos; i++) {
		config_test_same_section(&sw_config_fault, &a->chaos[i], &b->chaos[i]);
		assert_int_equal(a->chaos[i].n_iterations, b->chaos[i].n_iterations);
		for (int j = 0; j < a->chaos[i].n_iterations; j++)
			assert_int_equal(a->chaos[i].iterations[j], b->chaos[i].iterations[j]);
	}
	assert_int_equal(a->n_bindings, b->n_bindings);
	for (int i = 0; i < a->n_bindings; i++) {
		assert_string_equal(a->bindings[i].action, b->bindings[i].action);
		assert_string_equal(a->bindings[i].keys, b->bindings[i].keys);
	}
	assert_int_equal(a->fallback.on, b->fallback.on);
	assert_int_equal(a->decision.n_project, b->decision.n_project);
	for (int i = 0; i < a->decision.n_project; i++)
		assert_true(a->decision.project_seconds[i] == b->decision.project_seconds[i]);
	assert_int_equal(a->workload.command == NULL, b->workload.command == NULL);
	for (size_t i = 0; a->workload.command; i++) {
		assert_int_equal(a->workload.command[i] == NULL, b->workload.command[i] == NULL);
		if (!a->workload.command[i])
			break;
		assert_string_equal(a->workload.command[i], b->workload.command[i]);
	}
}

#endif
