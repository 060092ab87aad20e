/* What a configuration does when it is right: values, layers, the environment, finishing. */
#include "tests/unit/core/config_test.h"

#include <sys/stat.h>
#include <unistd.h>

/* ---- units ---- */

static void bytes_are_powers_of_1024(void **state)
{
	static const struct {
		const char *text;
		int64_t bytes; /* -1: refused */
	} cases[] = {
		{"0", 0},
		{"1", 1},
		{"512k", 524288},
		{"16m", 16777216},
		{"2g", 2147483648},
		{"2G", 2147483648},
		{"2gb", 2147483648},
		{"2GiB", 2147483648},
		{"1.5g", 1610612736},
		{"0.1k", 102},
		{"1t", 1099511627776},
		{"7b", 7},
		{"1.0", 1},
		{"", -1},
		{"g", -1},
		{"-1", -1},
		{"-0", -1},
		{"1.5", -1},
		{"1.", -1},
		{".5g", -1},
		{"2 g", -1},
		{"2x", -1},
		{"2gg", -1},
		{"0x10", -1},
		{"1e3", -1},
		{"nan", -1},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775808", -1},
		{"8388608t", -1},
		{"99999999999999999999g", -1},
		{"1.1234567891g", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t out = -7;
		int result = sw_config_bytes(cases[i].text, &out);

		if ((result == 0 ? out : -1) != cases[i].bytes || (result < 0 && out != -7))
			fail_msg("'%s': %lld", cases[i].text, (long long)out);
	}
}

static void durations_are_nanoseconds(void **state)
{
	static const struct {
		const char *text;
		int64_t ns;
	} cases[] = {
		{"300", 300000000000},
		{"300s", 300000000000},
		{"5m", 300000000000},
		{"100ms", 100000000},
		{"1.5s", 1500000000},
		{"7us", 7000},
		{"7µs", 7000},
		{"9ns", 9},
		{"1h", 3600000000000},
		{"0.000000001", 1},
		{"0", 0},
		{"0.5h", 1800000000000},
		{"", -1},
		{"s", -1},
		{"-1s", -1},
		{"1d", -1},
		{"1 s", -1},
		{"1.5ns", -1},
		{"1s2", -1},
		{"9223372036", 9223372036000000000},
		{"9223372037", -1},
		{"9999999999h", -1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		int64_t out = -7;
		int result = sw_config_duration(cases[i].text, &out);

		if ((result == 0 ? out : -1) != cases[i].ns)
			fail_msg("'%s': %lld", cases[i].text, (long long)out);
	}
}

/* ---- values ---- */

static void every_type_is_read(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(
		plan,
		"session: {name: \"n ä\", iterations: '7', order: random, seed: 9223372036854775807}\n"
		"workload: {strategy: ./s.py, backtest: real, days: 10, symbols: 3}\n"
		"sandbox:\n"
		"  docker: {memory_limit: 6m, cpu_count: 0.125, timeout_seconds: 0.5, user: \"\",\n"
		"           read_only: FALSE, tmpfs_size: 0, seccomp: /p.json, pids_limit: 0}\n"
		"  fallback: {on: [timeout, oom, crashed, engine], max_retries: 0}\n"
		"decision: {enable_below_percent: 12.5, project_seconds: [0.001, 7]}\n"
		"gates: [\"a < 1\"]\n"
		"tui: {theme: light, fps: 60, unicode: never}\n");
	assert_string_equal(plan->name, "n ä");
	assert_int_equal(plan->iterations, 7);
	assert_int_equal(plan->order, SW_ORDER_RANDOM);
	assert_int_equal(plan->seed, INT64_MAX);
	assert_string_equal(plan->workload.strategy, "./s.py");
	assert_int_equal(plan->workload.backtest, SW_BACKTEST_REAL);
	assert_int_equal(plan->sandbox.memory_bytes, 6 << 20);
	assert_int_equal(plan->sandbox.cpu_milli, 125);
	assert_int_equal(plan->sandbox.timeout_ns, 500000000);
	assert_string_equal(plan->sandbox.user, "");
	assert_false(plan->sandbox.read_only);
	assert_int_equal(plan->sandbox.tmpfs_bytes, 0);
	assert_int_equal(plan->fallback.on, SW_CONFIG_FALLBACK_MASK);
	assert_true(plan->decision.enable_below_percent == 12.5);
	assert_int_equal(plan->decision.n_project, 2);
	assert_true(plan->decision.project_seconds[0] == 0.001);
	assert_int_equal(plan->n_gates, 1);
	assert_int_equal(plan->fps, 60);
	assert_int_equal(plan->warmup, 1);
	assert_int_equal(plan->n_modes, 2);
}

static void nothing_changes_nothing(void **state)
{
	static const char *const texts[] = {
		"",
		"\n\n",
		"# only a comment\n",
		"---\n",
		"--- \n...\n",
		"{}",
		"session:\nsandbox: {docker: }\n",
		"\xEF\xBB\xBF",
		"\xEF\xBB\xBF# c\n",
		"~",
	};
	struct sw_plan *plan = *state, fresh;

	sw_plan_defaults(&fresh);
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		config_test_ok(plan, texts[i]);
		config_test_same(plan, &fresh);
	}
}

static void bindings_add_up(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "tui:\n  theme: ./mine.yaml\n  mouse: false\n  scale: linear\n"
	                     "  keys: {pause: \"p Space\", quit: \"\"}\n");
	assert_string_equal(plan->theme, "./mine.yaml");
	assert_false(plan->mouse);
	assert_string_equal(plan->scale, "linear");
	config_test_ok(plan, "tui:\n  keys:\n    stop: ${N:Ctrl-E}\n    pause:   z\n");
	config_test_ok(plan, "tui: {keys: {}}");
	config_test_ok(plan, "tui: {keys: }");
	assert_int_equal(plan->n_bindings, 3);
	assert_string_equal(plan->bindings[0].action, "pause");
	assert_string_equal(plan->bindings[0].keys, "z");
	assert_string_equal(plan->bindings[0].where, "f:4:14");
	assert_string_equal(plan->bindings[1].action, "quit");
	assert_string_equal(plan->bindings[1].keys, "");
	assert_string_equal(plan->bindings[2].action, "stop");
	assert_string_equal(plan->bindings[2].keys, "Ctrl-E");
	assert_string_equal(plan->bindings[2].where, "f:3:11");
}

static void aliases_are_written_out(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "modes:\n  - {name: a, kind: cold, memory_limit: &m 1g, image: &i x}\n"
	                     "  - {name: b, kind: cold, memory_limit: *m, image: *i}\n");
	assert_int_equal(plan->modes[1].sandbox.memory_bytes, 1 << 30);
	assert_string_equal(plan->modes[1].sandbox.image, "x");
}

static void a_command_and_a_strategy_take_turns(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "workload: {command: [sh, -c, \"echo \\\"$$${X}\\\"\\n\", \"\"]}");
	assert_string_equal(plan->workload.command[0], "sh");
	assert_string_equal(plan->workload.command[2], "echo \"$${X}\"\n");
	assert_string_equal(plan->workload.command[3], "");
	assert_null(plan->workload.command[4]);
	config_test_ok(plan, "workload: {days: 3}");
	assert_non_null(plan->workload.command);
	config_test_ok(plan, "workload: {command: [true]}");
	assert_null(plan->workload.command[1]);
	config_test_finish_ok(plan);
	config_test_ok(plan, "workload: {strategy: mine}");
	assert_null(plan->workload.command);
	assert_string_equal(plan->workload.strategy, "mine");
}

/* ---- the environment ---- */

static void variables_fill_in_values(void **state)
{
	static const char *const vars[] = {"N", "7", "EMPTY", "", "IMG", "reg:5/x", "D", "${N}", NULL};
	static const char text[] =
		"session: {iterations: \"${N}\", warmup: '${UNSET:3}', seed: '${EMPTY:5}',\n"
		"          name: \"a${N}b$${N}c$d${D}\"}\n"
		"sandbox:\n  enabled: ${UNSET:false}\n"
		"  docker: {image: \"${IMG}\", user: '${EMPTY}', network: '${U:a:b}'}\n"
		"gates: ['x ${UNSET:}']\n";
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	if (sw_config_load_text(plan, "f", text, sizeof text - 1, config_test_env(vars), &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(plan->iterations, 7);
	assert_int_equal(plan->warmup, 3);
	assert_int_equal(plan->seed, 5);
	assert_string_equal(plan->name, "a7b${N}c$d${N}");
	assert_false(plan->sandbox_enabled);
	assert_string_equal(plan->sandbox.image, "reg:5/x");
	assert_string_equal(plan->sandbox.user, "");
	assert_string_equal(plan->sandbox.network, "a:b");
	assert_string_equal(plan->gates[0], "x ");
}

static void a_variable_cannot_add_structure(void **state)
{
	static const char *const vars[] = {"X", "a, iterations: 3}", "K", "iterations", NULL};
	static const char text[] = "session: {name: \"${X}\"}";
	static const char key[] = "session: {\"${K}\": 3}";
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	assert_int_equal(
		sw_config_load_text(plan, "f", text, sizeof text - 1, config_test_env(vars), &err), 0);
	assert_string_equal(plan->name, "a, iterations: 3}");
	assert_int_equal(plan->iterations, 20);
	assert_int_equal(
		sw_config_load_text(plan, "f", key, sizeof key - 1, config_test_env(vars), &err), -1);
}

/* ---- files and layers ---- */

static void the_study_loads_word_for_word(void **state)
{
	static const char *const vars[] = {"SANDBOX_ENABLED", "true", NULL};
	struct sw_plan *plan = *state;
	struct sw_error err = {0};
	struct sw_config_env none = config_test_env(NULL);

	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/study-option-a.yaml", none, &err) < 0)
		fail_msg("%s", err.message);
	assert_true(plan->sandbox_enabled);
	assert_true(plan->fallback.enabled);
	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/study-option-b.yaml", none, &err) < 0)
		fail_msg("%s", err.message);
	assert_false(plan->sandbox_enabled);
	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/study-option-b.yaml",
	                        config_test_env(vars), &err) < 0)
		fail_msg("%s", err.message);
	assert_true(plan->sandbox_enabled);
	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/study-option-c.yaml", none, &err) < 0)
		fail_msg("%s", err.message);
	assert_false(plan->sandbox_enabled);
	config_test_finish_ok(plan);
	assert_int_equal(plan->n_modes, 1);
}

/* The file is laid over a plan that differs in every section, so that a key it forgot shows. */
static void the_default_file_is_the_defaults(void **state)
{
	struct sw_plan *plan = *state, fresh;
	struct sw_error err = {0};

	config_test_ok(
		plan,
		"session: {name: x, iterations: auto, precision: 9, min_iterations: 1, max_iterations: 9,\n"
		"          time_budget_seconds: 1, block: 2, warmup: 2, order: random, seed: 1}\n"
		"modes: [{name: x, kind: cold}]\n"
		"workload: {command: [x], backtest: real, days: 2, symbols: 2}\n"
		"sandbox:\n"
		"  enabled: false\n"
		"  docker: {image: x, memory_limit: 0, cpu_count: 0, timeout_seconds: 1, network: x,\n"
		"           pids_limit: 0, user: x, read_only: false, tmpfs_size: 0, runtime: x,\n"
		"           seccomp: x, drop_capabilities: false, no_new_privileges: false,\n"
		"           engine_timeout_seconds: 1}\n"
		"  fallback: {enabled: false, max_retries: 0, on: []}\n"
		"  breaker: {failures: 0, open_seconds: 2, max_open_seconds: 3, wait_seconds: 4}\n"
		"decision: {baseline: x, candidate: y, enable_below_percent: 1,\n"
		"           optional_below_percent: 2, project_seconds: []}\n"
		"gates: []\n"
		"tui: {theme: x, fps: 1, unicode: never}\n");
	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/default.yaml", config_test_env(NULL),
	                        &err) < 0)
		fail_msg("%s", err.message);
	sw_plan_defaults(&fresh);
	config_test_finish_ok(plan);
	config_test_finish_ok(&fresh);
	config_test_same(plan, &fresh);
}

static void the_command_file_loads(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/command.yaml", config_test_env(NULL),
	                        &err) < 0)
		fail_msg("%s", err.message);
	config_test_finish_ok(plan);
	assert_non_null(plan->workload.command);
	assert_int_equal(sw_plan_candidate(plan), 1);
}

/* Every kind, both runtimes, and parallel: the file that shows them all. */
static void the_ladder_has_every_kind(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};
	unsigned kinds = 0;
	bool preforked = false;

	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/ladder.yaml", config_test_env(NULL),
	                        &err) < 0)
		fail_msg("%s", err.message);
	config_test_finish_ok(plan);
	for (int i = 0; i < plan->n_modes; i++) {
		kinds |= 1u << plan->modes[i].kind;
		preforked = preforked || plan->modes[i].preforked;
		assert_int_equal(plan->modes[i].sandbox.cpu_milli, 1000);
	}
	assert_int_equal(kinds, (1u << SW_KIND_COUNT) - 1);
	assert_true(preforked);
	assert_string_equal(plan->modes[sw_plan_mode(plan, "cold-crun")].sandbox.runtime, "crun");
	assert_string_equal(plan->modes[sw_plan_mode(plan, "cold-runc")].sandbox.runtime, "runc");
	assert_int_equal(plan->modes[sw_plan_mode(plan, "cold-x5")].parallel, 5);
	assert_int_equal(plan->modes[sw_plan_mode(plan, "warm-x2")].parallel, 2);
	assert_int_equal(sw_plan_baseline(plan), sw_plan_mode(plan, "ast-only"));
	assert_int_equal(sw_plan_candidate(plan), sw_plan_mode(plan, "docker-sandbox"));
	assert_int_equal(plan->workload.backtest, SW_BACKTEST_REAL);
}

static void put_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void later_layers_win(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};
	char dir[] = "/tmp/sw-config-XXXXXX", xdg[64], below[96], system_file[96], user_file[128],
		 own[96];

	assert_non_null(mkdtemp(dir));
	snprintf(xdg, sizeof xdg, "%s/.config", dir);
	snprintf(below, sizeof below, "%s/sandwatch", xdg);
	snprintf(system_file, sizeof system_file, "%s/system.yaml", dir);
	snprintf(user_file, sizeof user_file, "%s/config.yaml", below);
	snprintf(own, sizeof own, "%s/own.yaml", dir);
	assert_int_equal(mkdir(xdg, 0700) | mkdir(below, 0700), 0);

	const char *by_xdg[] = {"XDG_CONFIG_HOME", xdg, "HOME", "/nowhere", NULL};
	const char *by_home[] = {"XDG_CONFIG_HOME", "relative", "HOME", dir, NULL};

	assert_int_equal(
		sw_config_load_layers_at(plan, system_file, NULL, config_test_env(by_xdg), &err), 0);
	assert_int_equal(plan->iterations, 20);
	put_file(system_file, "session: {iterations: 1, warmup: 1, seed: 1}");
	put_file(user_file, "session: {warmup: 2, seed: 2}");
	put_file(own, "session: {seed: 3}");
	assert_int_equal(
		sw_config_load_layers_at(plan, system_file, own, config_test_env(by_xdg), &err), 0);
	assert_int_equal(plan->iterations, 1);
	assert_int_equal(plan->warmup, 2);
	assert_int_equal(plan->seed, 3);
	assert_int_equal(
		sw_config_load_layers_at(plan, system_file, NULL, config_test_env(by_home), &err), 0);
	assert_int_equal(plan->seed, 2);
	assert_int_equal(sw_config_load_layers_at(plan, system_file, NULL, config_test_env(NULL), &err),
	                 0);
	assert_int_equal(plan->seed, 1);
	assert_int_equal(unlink(own) | unlink(user_file) | unlink(system_file), 0);
	assert_int_equal(sw_config_load_layers_at(plan, system_file, own, config_test_env(NULL), &err),
	                 -1);
	assert_int_equal(rmdir(below) | rmdir(xdg) | rmdir(dir), 0);
}

static void new_modes_take_what_names_the_old_ones(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "decision: {baseline: docker-sandbox}\ngates: [g]");
	config_test_ok(
		plan, "decision: {candidate: b}\nmodes: [{name: a, kind: host}, {name: b, kind: cold}]");
	assert_int_equal(plan->n_gates, 0);
	assert_string_equal(plan->decision.baseline, "");
	assert_string_equal(plan->decision.candidate, "b");
	config_test_ok(plan, "gates: [h]\nmodes: [{name: c, kind: host}]");
	assert_int_equal(plan->n_gates, 1);
	assert_int_equal(plan->n_modes, 1);
}

/* ---- every kind ---- */

static void every_kind_takes_its_own_keys(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "session: {iterations: auto, precision: 0.5%, min_iterations: 3,\n"
	                     "          max_iterations: 30, time_budget_seconds: 1.5, block: 7}\n"
	                     "modes:\n"
	                     "  - {name: h, kind: host, preforked: true, parallel: 64}\n"
	                     "  - {name: c, kind: cold, parallel: 5}\n"
	                     "  - {name: p, kind: prepared, pool: 64}\n"
	                     "  - {name: q, kind: prepared}\n"
	                     "  - {name: e, kind: exec}\n"
	                     "  - {name: w, kind: warm, job_memory: 64m, memory_limit: 64m}\n");
	config_test_finish_ok(plan);
	assert_true(plan->is_auto);
	assert_int_equal(plan->iterations, 30);
	assert_true(plan->precision_percent == 0.5);
	assert_int_equal(plan->min_iterations, 3);
	assert_int_equal(plan->time_budget_ns, INT64_C(1500000000));
	assert_int_equal(plan->block, 7);
	assert_int_equal(plan->n_modes, 6);
	assert_true(plan->modes[0].preforked);
	assert_int_equal(plan->modes[0].parallel, 64);
	assert_int_equal(plan->modes[1].parallel, 5);
	assert_int_equal(plan->modes[2].pool, 64);
	assert_int_equal(plan->modes[3].pool, SW_POOL_DEFAULT);
	assert_int_equal(plan->modes[4].kind, SW_KIND_EXEC);
	assert_int_equal(plan->modes[5].job_memory_bytes, 64 << 20);
	assert_int_equal(plan->modes[5].given, sw_config_given("memory_limit"));
	config_test_ok(plan, "session: {iterations: 8, precision: 4}");
	config_test_finish_ok(plan);
	assert_false(plan->is_auto);
	assert_int_equal(plan->iterations, 8);
	assert_true(plan->precision_percent == 4.0);
}

static void a_command_runs_in_the_other_kinds(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "modes: [{name: h, kind: host}, {name: c, kind: cold},\n"
	                     "        {name: p, kind: prepared}, {name: e, kind: exec}]\n"
	                     "workload: {command: [a]}");
	config_test_finish_ok(plan);
	/* A mode that was dropped is in nobody's way. */
	config_test_ok(plan, "modes: [{name: h, kind: host}, {name: w, kind: warm}]\n"
	                     "sandbox: {enabled: false}");
	config_test_finish_ok(plan);
}

/* ---- matrices ---- */

static void a_matrix_is_a_product(void **state)
{
	static const char *const vars[] = {"R", "crun", NULL};
	static const char text[] = "modes:\n- {name: first, kind: host}\n"
							   "- name: cold\n  kind: cold\n  pids_limit: 9\n"
							   "  matrix:\n    runtime: [runc, \"${R}\"]\n"
							   "    cpu_count: [0.5, 1, 0]\n"
							   "- {name: last, kind: host}\n"
							   "decision: {candidate: cold-crun-0.5}\n";
	static const char *const names[] = {"cold-runc-0.5", "cold-runc-1", "cold-runc-0",
	                                    "cold-crun-0.5", "cold-crun-1", "cold-crun-0"};
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	if (sw_config_load_text(plan, "f", text, sizeof text - 1, config_test_env(vars), &err) < 0)
		fail_msg("%s", err.message);
	config_test_ok(plan, "sandbox: {docker: {runtime: other, cpu_count: 7, memory_limit: 9m}}");
	config_test_finish_ok(plan);
	assert_int_equal(plan->n_modes, 8);
	assert_int_equal(sw_plan_candidate(plan), 4);
	for (int i = 0; i < 6; i++) {
		static const int64_t cpus[] = {500, 1000, 0};
		const struct sw_mode_plan *mode = &plan->modes[i + 1];

		assert_string_equal(mode->name, names[i]);
		assert_int_equal(mode->kind, SW_KIND_COLD);
		assert_string_equal(mode->sandbox.runtime, i < 3 ? "runc" : "crun");
		assert_int_equal(mode->sandbox.cpu_milli, cpus[i % 3]);
		assert_int_equal(mode->sandbox.pids_limit, 9);
		assert_int_equal(mode->sandbox.memory_bytes, 9 << 20);
		assert_int_equal(mode->given, sw_config_given("runtime") | sw_config_given("cpu_count") |
		                                  sw_config_given("pids_limit"));
	}
	assert_string_equal(plan->modes[7].name, "last");
	assert_string_equal(plan->modes[7].sandbox.runtime, "other");
}

static void a_matrix_names_its_modes(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "modes:\n"
	                     "- name: \"{parallel}x-{pool}\"\n  kind: prepared\n"
	                     "  matrix: {parallel: [1, 64], pool: [3]}\n"
	                     "- name: s\n  kind: cold\n"
	                     "  matrix: {seccomp: [/p/a b.json, builtin], user: [\"\", \"1:2\"]}\n"
	                     "- {name: h, kind: host, matrix: {preforked: [true, false]}}\n"
	                     "- {name: \"w\", kind: warm, matrix: {job_memory: [64m]}}\n");
	config_test_finish_ok(plan);

	static const char *const names[] = {
		"1x-3",        "64x-3",         "s-p-a-b.json-empty", "s-p-a-b.json-1-2", "s-builtin-empty",
		"s-builtin-1-2", "h-true", "h-false",            "w-64m"};

	assert_int_equal(plan->n_modes, 9);
	for (int i = 0; i < 9; i++)
		assert_string_equal(plan->modes[i].name, names[i]);
	assert_int_equal(plan->modes[1].parallel, 64);
	assert_int_equal(plan->modes[1].pool, 3);
	assert_string_equal(plan->modes[2].sandbox.seccomp, "/p/a b.json");
	assert_string_equal(plan->modes[2].sandbox.user, "");
	assert_true(plan->modes[6].preforked && !plan->modes[7].preforked);
	assert_int_equal(plan->modes[8].job_memory_bytes, 64 << 20);
}

/* A session may have as many modes as it may, and not one more (test_config_errors.c). */
static void a_matrix_may_fill_the_session(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "modes: [{name: a, kind: cold, matrix: {parallel: [1,2,3,4,5,6,7,8],\n"
	                     "        pids_limit: [1,2,3,4]}}]");
	assert_int_equal(plan->n_modes, SW_MODES_MAX);
}

/* Two values of each key of sandbox.docker. */
static const char *const two_values[][3] = {
	{"image", "a", "b"},
	{"memory_limit", "7m", "9g"},
	{"cpu_count", "2", "0.25"},
	{"timeout_seconds", "1.5", "60"},
	{"network", "none", "bridge"},
	{"pids_limit", "0", "7"},
	{"user", "1:1", "u"},
	{"read_only", "true", "false"},
	{"tmpfs_size", "0", "8m"},
	{"runtime", "runc", "crun"},
	{"seccomp", "unconfined", "builtin"},
	{"drop_capabilities", "true", "false"},
	{"no_new_privileges", "true", "false"},
	{"engine_timeout_seconds", "0.5", "60"},
};

/* Each, given to a mode itself and in a matrix, is that mode's alone. */
static void every_sandbox_key_is_a_mode_s_too(void **state)
{
	struct sw_plan *plan = *state;

	assert_int_equal(sizeof two_values / sizeof two_values[0], sw_config_docker.n_keys);
	for (size_t i = 0; i < sw_config_docker.n_keys; i++) {
		const struct sw_key *key = &sw_config_docker.keys[i];
		const char *const *is = two_values[i];
		char text[512], shown[32];

		assert_string_equal(is[0], key->name);
		snprintf(text, sizeof text,
		         "modes:\n- {name: a, kind: cold, %s: %s}\n- {name: b, kind: cold, %s: %s}\n"
		         "- {name: c, kind: cold, matrix: {%s: [%s, %s]}}\n",
		         is[0], is[1], is[0], is[2], is[0], is[1], is[2]);
		sw_plan_defaults(plan);
		config_test_ok(plan, text);
		config_test_finish_ok(plan);
		assert_int_equal(plan->n_modes, 4);
		for (int j = 0; j < 4; j++) {
			const struct sw_mode_plan *mode = &plan->modes[j];
			const char *expected = is[1 + j % 2];

			assert_int_equal(mode->given, 1u << i);
			assert_int_equal(mode->given, sw_config_given(key->name));
			if (sw_key_is_text(key))
				assert_string_equal((const char *)&mode->sandbox + key->offset, expected);
			else
				assert_string_equal(sw_key_format(key, sw_key_get(key, &mode->sandbox), shown,
				                                  sizeof shown),
				                    expected);
		}
	}
	assert_int_equal(sw_config_given("name"), 0);
}

/* ---- finishing ---- */

static void modes_inherit_what_they_do_not_give(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "modes:\n  - {name: a, kind: cold, cpu_count: 2, user: \"\"}\n"
	                     "  - {name: b, kind: host, timeout_seconds: 9}\n");
	config_test_ok(plan,
	               "sandbox: {docker: {cpu_count: 1, pids_limit: 9, user: u, runtime: crun}}");
	plan->sandbox.memory_bytes = 7 << 20; /* a flag */
	config_test_finish_ok(plan);
	config_test_finish_ok(plan);
	assert_int_equal(plan->modes[0].sandbox.cpu_milli, 2000);
	assert_string_equal(plan->modes[0].sandbox.user, "");
	assert_int_equal(plan->modes[0].sandbox.pids_limit, 9);
	assert_string_equal(plan->modes[0].sandbox.runtime, "crun");
	assert_int_equal(plan->modes[0].sandbox.memory_bytes, 7 << 20);
	assert_int_equal(plan->modes[1].sandbox.timeout_ns, 9000000000);
	assert_int_equal(plan->modes[1].sandbox.cpu_milli, 1000);
}

static void a_disabled_sandbox_leaves_the_host(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "modes: [{name: w, kind: warm, parallel: 4}, {name: h, kind: host}]\n"
	                     "decision: {baseline: h, candidate: w}\nsandbox: {enabled: false}");
	config_test_finish_ok(plan);
	assert_int_equal(plan->n_modes, 1);
	assert_string_equal(plan->modes[0].name, "h");
	assert_int_equal(sw_plan_baseline(plan), 0);
	assert_int_equal(sw_plan_candidate(plan), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(bytes_are_powers_of_1024),
		cmocka_unit_test(durations_are_nanoseconds),
		CONFIG_TEST(every_type_is_read),
		CONFIG_TEST(nothing_changes_nothing),
		CONFIG_TEST(aliases_are_written_out),
		CONFIG_TEST(bindings_add_up),
		CONFIG_TEST(a_command_and_a_strategy_take_turns),
		CONFIG_TEST(variables_fill_in_values),
		CONFIG_TEST(a_variable_cannot_add_structure),
		CONFIG_TEST(the_study_loads_word_for_word),
		CONFIG_TEST(the_default_file_is_the_defaults),
		CONFIG_TEST(the_command_file_loads),
		CONFIG_TEST(later_layers_win),
		CONFIG_TEST(new_modes_take_what_names_the_old_ones),
		CONFIG_TEST(modes_inherit_what_they_do_not_give),
		CONFIG_TEST(a_disabled_sandbox_leaves_the_host),
		CONFIG_TEST(every_kind_takes_its_own_keys),
		CONFIG_TEST(a_command_runs_in_the_other_kinds),
		CONFIG_TEST(a_matrix_is_a_product),
		CONFIG_TEST(a_matrix_names_its_modes),
		CONFIG_TEST(a_matrix_may_fill_the_session),
		CONFIG_TEST(every_sandbox_key_is_a_mode_s_too),
		CONFIG_TEST(the_ladder_has_every_kind),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
