/* What an ablation makes of a plan: the full mode, and one mode for each layer taken away. */
#include "core/ablate.h"

#include "tests/unit/core/config_test.h"

static void finish(struct sw_plan *plan, const char *text)
{
	sw_plan_done(plan);
	sw_plan_defaults(plan);
	config_test_ok(plan, text);
	config_test_finish_ok(plan);
}

static void ablate_ok(struct sw_plan *plan, const char *layers)
{
	struct sw_error err = {0};

	if (sw_plan_ablate(plan, layers, &err) < 0)
		fail_msg("%s: %s", layers, err.message);
}

/* Every mode differs from the full one in its layer, in nothing else. */
static void each_mode_goes_without_one_layer(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_sandbox full;

	finish(plan,
	       "session: {order: random}\n"
	       "modes: [{name: h, kind: host}, {name: w, kind: warm},\n"
	       "        {name: full, kind: cold, parallel: 3, cpu_count: 2}, {name: x, kind: cold}]\n"
	       "decision: {baseline: h, candidate: w}\n");
	full = plan->modes[2].sandbox;
	ablate_ok(plan, "all");
	assert_int_equal(plan->n_modes, 6);
	assert_string_equal(plan->modes[0].name, "full");
	assert_memory_equal(&plan->modes[0].sandbox, &full, sizeof full);
	assert_int_equal(plan->modes[0].given, sw_config_given("cpu_count"));
	for (int i = 0; i < 6; i++) {
		struct sw_mode_plan *mode = &plan->modes[i];
		struct sw_sandbox *sandbox = &mode->sandbox;
		char name[SW_NAME_MAX];

		snprintf(name, sizeof name, "without-%s", sw_word(&sw_words_layer, i));
		assert_string_equal(mode->name, i ? name : "full");
		assert_int_equal(mode->layer, i);
		assert_int_equal(mode->kind, SW_KIND_COLD);
		assert_int_equal(mode->parallel, 3);
		assert_string_equal(sandbox->network, i == SW_LAYER_NETWORK ? "bridge" : "none");
		assert_string_equal(sandbox->seccomp, i == SW_LAYER_SECCOMP ? "unconfined" : "builtin");
		assert_int_equal(sandbox->read_only, i != SW_LAYER_READONLY);
		assert_int_equal(sandbox->memory_bytes, i == SW_LAYER_LIMITS ? 0 : full.memory_bytes);
		assert_int_equal(sandbox->cpu_milli, i == SW_LAYER_LIMITS ? 0 : 2000);
		assert_int_equal(sandbox->pids_limit, i == SW_LAYER_LIMITS ? 0 : full.pids_limit);
		assert_int_equal(sandbox->drop_capabilities, i != SW_LAYER_CAPS);
		assert_int_equal(sandbox->no_new_privileges, i != SW_LAYER_CAPS);
		assert_string_equal(sandbox->user, full.user);
		assert_int_equal(sandbox->tmpfs_bytes, full.tmpfs_bytes);
	}
	assert_int_equal(plan->order, SW_ORDER_INTERLEAVED);
	assert_int_equal(sw_plan_baseline(plan), 0);
	assert_int_equal(sw_plan_candidate(plan), -1);
}

/* Inheriting again gives no layer back. */
static void it_stays_finished(void **state)
{
	struct sw_plan *plan = *state, before;

	finish(plan, "");
	ablate_ok(plan, "all");
	before = *plan;
	config_test_finish_ok(plan);
	config_test_same(plan, &before);
	assert_int_equal(plan->modes[2].layer, SW_LAYER_SECCOMP);
}

static void the_layers_come_as_they_are_named(void **state)
{
	struct sw_plan *plan = *state;

	finish(plan, "modes: [{name: h, kind: host}]\nsandbox: {docker: {pids_limit: 9}}");
	ablate_ok(plan, "caps,network");
	assert_int_equal(plan->n_modes, 3);
	assert_string_equal(plan->modes[0].name, "cold");
	assert_int_equal(plan->modes[0].kind, SW_KIND_COLD);
	assert_int_equal(plan->modes[0].sandbox.pids_limit, 9);
	assert_int_equal(plan->modes[0].parallel, 1);
	assert_string_equal(plan->modes[1].name, "without-caps");
	assert_string_equal(plan->modes[2].name, "without-network");
}

static void what_cannot_be_taken_away_is_said(void **state)
{
	static const struct {
		const char *text, *layers, *message;
	} cases[] = {
		{"", "seccmp", "'seccmp' is no layer; did you mean 'seccomp'?"},
		{"", "al", "'al' is no layer; did you mean 'all'?"},
		{"", "xyzzy", "'xyzzy' is no layer; use network, seccomp, readonly, limits, caps or all"},
		{"", "network,all", "'all' is every layer; write it alone"},
		{"", "a\x1b[2J",
	     "'a?[2J' is no layer; use network, seccomp, readonly, limits, caps or all"},
		{"", "", "a layer's name is missing; use network, seccomp, readonly, limits, caps or all"},
		{"", "caps,",
	     "a layer's name is missing; use network, seccomp, readonly, limits, caps or all"},
		{"", ",caps",
	     "a layer's name is missing; use network, seccomp, readonly, limits, caps or all"},
		{"", "caps,limits,caps", "layer 'caps' is there twice; name it once"},
		{"sandbox: {docker: {network: bridge}}", "network",
	     "mode 'docker-sandbox' has no layer 'network' that could be taken away; leave it out, or turn "
	     "it on in the configuration"},
		{"modes: [{name: c, kind: cold, seccomp: unconfined}]", "all",
	     "mode 'c' has no layer 'seccomp' that could be taken away; leave it out, or turn it on in the "
	     "configuration"},
		{"modes: [{name: c, kind: cold, read_only: false}]", "caps,readonly",
	     "mode 'c' has no layer 'readonly' that could be taken away; leave it out, or turn it on in the "
	     "configuration"},
		{"modes: [{name: c, kind: cold, memory_limit: 0, cpu_count: 0, pids_limit: 0}]", "limits",
	     "mode 'c' has no layer 'limits' that could be taken away; leave it out, or turn it on in the "
	     "configuration"},
		{"modes: [{name: c, kind: cold, drop_capabilities: false, no_new_privileges: false}]",
	     "caps",
	     "mode 'c' has no layer 'caps' that could be taken away; leave it out, or turn it on in the "
	     "configuration"},
		{"modes: [{name: without-caps, kind: cold}]", "limits,caps",
	     "the mode without layer 'caps' is to be called 'without-caps', but the mode it is taken from has "
	     "that name; give that another"},
		{"sandbox: {enabled: false}", "caps",
	     "an ablation takes layers from the sandbox, but sandbox.enabled is false; enable it"},
	};
	struct sw_plan *plan = *state, before;

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sw_error err = {0};

		finish(plan, cases[i].text);
		before = *plan;
		if (sw_plan_ablate(plan, cases[i].layers, &err) == 0)
			fail_msg("accepted: %s", cases[i].layers);
		assert_string_equal(err.message, cases[i].message);
		assert_int_equal(err.code, SW_ERR_USAGE);
		config_test_same(plan, &before);
	}
}

/* One flag of two, or one limit of three, is a layer still. */
static void a_part_of_a_layer_is_one(void **state)
{
	struct sw_plan *plan = *state;

	finish(plan, "modes: [{name: c, kind: cold, drop_capabilities: false, memory_limit: 0, "
	             "cpu_count: 0}]");
	ablate_ok(plan, "caps,limits");
	assert_false(plan->modes[1].sandbox.no_new_privileges);
	assert_int_equal(plan->modes[2].sandbox.pids_limit, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(each_mode_goes_without_one_layer),
		CONFIG_TEST(it_stays_finished),
		CONFIG_TEST(the_layers_come_as_they_are_named),
		CONFIG_TEST(what_cannot_be_taken_away_is_said),
		CONFIG_TEST(a_part_of_a_layer_is_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
