/* Writing a plan and reading it back, what docs/configuration.md says, and texts broken at random. */
#include "tests/unit/core/config_test.h"
#include "tests/unit/rounds.h"

#define ROUND_TRIPS rounds(2000)
#define MUTATIONS rounds(20000)

/* Of each test: freed in teardown, because cmocka leaves a failed test with longjmp. */
struct work {
	struct sw_plan plan, back;
	struct sw_buf text;
};

static int setup(void **state)
{
	struct work *work = calloc(1, sizeof *work);

	if (!work)
		return -1;
	sw_plan_defaults(&work->plan);
	sw_plan_defaults(&work->back);
	*state = work;
	return 0;
}

static int teardown(void **state)
{
	struct work *work = *state;

	sw_plan_done(&work->plan);
	sw_plan_done(&work->back);
	sw_buf_done(&work->text);
	free(work);
	return 0;
}

/* ---- random plans ---- */

/* splitmix64: the same plans on every machine. */
static uint64_t next(uint64_t *seed)
{
	uint64_t z = *seed += UINT64_C(0x9E3779B97F4A7C15);

	z = (z ^ z >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	z = (z ^ z >> 27) * UINT64_C(0x94D049BB133111EB);
	return z ^ z >> 31;
}

static size_t below(uint64_t *seed, size_t limit)
{
	return (size_t)(next(seed) % limit);
}

static int64_t random_number(const struct sw_key *key, uint64_t *seed)
{
	uint64_t span = (uint64_t)key->max - (uint64_t)key->min;
	uint64_t offset = next(seed) >> below(seed, 64);

	if (key->type == SW_KEY_BOOL)
		return (int64_t)below(seed, 2);
	if (key->type == SW_KEY_WORD)
		return (int64_t)below(seed, key->words->count);
	if (key->type == SW_KEY_COUNT && below(seed, 2))
		return SW_KEY_AUTO;
	if (key->zero_is && below(seed, 4) == 0)
		return 0;
	return (int64_t)((uint64_t)key->min + (span == UINT64_MAX ? offset : offset % (span + 1)));
}

static void random_text(char *out, size_t size, bool any, uint64_t *seed)
{
	static const char *const pieces[] = {
		"a",    "Z",  "7",        " ",      "\"",     "\\",     "'",      "$",    "{",
		"}",    "${", "$${",      "#",      ": ",     "- ",     "%",      "&",    "*",
		"!",    "ä",  "日",       "🙂",   ",",      "[",      "]",      "null", "~",
		"true", "<<", "|",        ">",      "@",      "`",      "\n",     "\t",   "\x01",
		"\x7f", "\r", "\xC2\x85", "\u2028", "\ufeff", "\uffff", "\u200b",
	};
	size_t n = any ? sizeof pieces / sizeof pieces[0] : 33, used = 0;

	out[0] = '\0';
	for (size_t i = 1 + below(seed, 12); i > 0; i--) {
		const char *piece = pieces[below(seed, n)];

		if (used + strlen(piece) >= size)
			break;
		used += (size_t)snprintf(out + used, size - used, "%s", piece);
	}
}

static void random_section(const struct sw_section *section, void *base, uint64_t *seed)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct sw_key *key = &section->keys[i];
		char *at = (char *)base + key->offset;

		if (key->type == SW_KEY_SECTION)
			random_section(key->section, at, seed);
		else if (sw_key_is_number(key))
			sw_key_set(key, base, random_number(key, seed));
		else if (key->words)
			(void)sw_text_copy(at, key->size, key->words->names[below(seed, key->words->count)]);
		else if (key->type == SW_KEY_NAME)
			snprintf(at, key->size, "n%llu._-", (unsigned long long)next(seed));
		else if (key->type == SW_KEY_TEXT)
			random_text(at, key->size, false, seed);
	}
}

static void random_modes(struct sw_plan *plan, uint64_t *seed)
{
	plan->n_modes = 1 + (int)below(seed, SW_MODES_MAX);
	for (int i = 0; i < plan->n_modes; i++) {
		struct sw_mode_plan *mode = &plan->modes[i];

		random_section(&sw_config_mode, mode, seed);
		random_section(&sw_config_docker, &mode->sandbox, seed);
		/* What its kind does not take, it does not say. */
		if (mode->kind != SW_KIND_PREPARED)
			mode->pool = SW_POOL_DEFAULT;
		if (mode->kind != SW_KIND_HOST)
			mode->preforked = false;
		if (mode->kind != SW_KIND_WARM)
			mode->job_memory_bytes = 0;
		/* Each is in its range, but not all pairs fit. */
		if (mode->job_memory_bytes > plan->sandbox.memory_bytes ||
		    mode->job_memory_bytes > mode->sandbox.memory_bytes)
			mode->job_memory_bytes = 0;
		mode->given = (uint32_t)below(seed, (size_t)1 << sw_config_docker.n_keys);
	}
	plan->modes[0].kind = SW_KIND_HOST;
	plan->modes[0].pool = SW_POOL_DEFAULT;
	plan->modes[0].job_memory_bytes = 0;
}

static void random_command(struct sw_plan *plan, uint64_t *seed)
{
	size_t n = 1 + below(seed, 4);
	char text[128];

	plan->workload.strategy[0] = '\0';
	plan->workload.command = calloc(n + 1, sizeof(char *));
	assert_non_null(plan->workload.command);
	for (size_t i = 0; i < n; i++) {
		random_text(text, sizeof text, true, seed);
		plan->workload.command[i] = strdup(text);
		assert_non_null(plan->workload.command[i]);
	}
}

static void random_bindings(struct sw_plan *plan, uint64_t *seed)
{
	static const char *const names[] = {"pause", "-", "true", "1.5", "_", "..", "9", "a-b", "null"};
	size_t first = below(seed, 9);

	plan->n_bindings = (int)below(seed, 10);
	for (int i = 0; i < plan->n_bindings; i++) {
		struct sw_binding *binding = &plan->bindings[i];
		const char *name = names[(first + (size_t)i) % 9];

		(void)sw_text_copy(binding->action, sizeof binding->action,
		                   name);
		random_text(binding->keys, sizeof binding->keys, false, seed);
	}
}

static void random_faults(struct sw_plan *plan, uint64_t *seed)
{
	plan->n_chaos = (int)below(seed, SW_CHAOS_MAX + 1);
	for (int i = 0; i < plan->n_chaos; i++) {
		struct sw_chaos_fault *fault = &plan->chaos[i];
		struct sw_chaos_fault plain = sw_plan_new_fault();
		const struct sw_mode_plan *mode = &plan->modes[below(seed, (size_t)plan->n_modes)];

		*fault = plain;
		random_section(&sw_config_fault, fault, seed);
		(void)sw_text_copy(fault->mode, sizeof fault->mode,
		                   mode->kind == SW_KIND_HOST ? "" : mode->name);
		fault->n_iterations = (int)below(seed, 4) ? 0 : 1 + (int)below(seed, SW_CHAOS_ITERATIONS_MAX);
		for (int j = 0; j < fault->n_iterations; j++)
			fault->iterations[j] = 1 + j * 1000 + (int64_t)below(seed, 1000);
		/* What it does not take, it does not say. */
		for (size_t j = 0; j < sw_config_fault.n_keys; j++) {
			const struct sw_key *key = &sw_config_fault.keys[j];

			if (key->kinds && !(key->kinds & 1u << fault->fault))
				sw_key_set(key, fault, sw_key_get(key, &plain));
		}
		if (fault->n_iterations)
			fault->rate = 0;
		else
			fault->attempts = 1;
		if (fault->fault == SW_FAULT_STATUS && fault->on == SW_TARGET_STREAM)
			fault->on = SW_TARGET_ANY;
	}
}

static void random_plan(struct sw_plan *plan, uint64_t *seed)
{
	struct sw_decision_rules *rules = &plan->decision;

	sw_plan_done(plan);
	sw_plan_defaults(plan);
	random_section(&sw_config_root, plan, seed);
	/* Each is in its range, but not all pairs fit. */
	if ((int64_t)plan->workload.days * plan->workload.symbols > SW_CELLS_MAX)
		plan->workload.symbols = SW_CELLS_MAX / plan->workload.days;
	if (plan->min_iterations > plan->max_iterations)
		plan->min_iterations = plan->max_iterations;
	if (plan->breaker.open_ns > plan->breaker.max_open_ns)
		plan->breaker.open_ns = plan->breaker.max_open_ns;
	if (plan->is_auto && plan->order == SW_ORDER_SEQUENTIAL)
		plan->order = SW_ORDER_RANDOM;
	random_modes(plan, seed);
	plan->fallback.on = (unsigned)next(seed) & SW_CONFIG_FALLBACK_MASK;
	rules->optional_below_percent += rules->enable_below_percent;
	if (rules->optional_below_percent > 1e6)
		rules->enable_below_percent = rules->optional_below_percent = 1e6;
	(void)sw_text_copy(rules->baseline, SW_NAME_MAX, below(seed, 2) ? plan->modes[0].name : "");
	rules->candidate[0] = '\0';
	rules->n_project = (int)below(seed, SW_PROJECT_MAX + 1);
	for (int i = 0; i < rules->n_project; i++)
		sw_key_set(&sw_config_project, &rules->project_seconds[i],
		           random_number(&sw_config_project, seed));
	plan->n_gates = (int)below(seed, SW_GATES_MAX + 1);
	for (int i = 0; i < plan->n_gates; i++)
		random_text(plan->gates[i], sizeof plan->gates[i], false, seed);
	random_bindings(plan, seed);
	random_faults(plan, seed);
	if (below(seed, 2))
		random_command(plan, seed);
	/* The worker that these keep ready runs no command. */
	for (int i = 0; plan->workload.command && i < plan->n_modes; i++) {
		plan->modes[i].preforked = false;
		if (plan->modes[i].kind != SW_KIND_WARM)
			continue;
		plan->modes[i].kind = SW_KIND_EXEC;
		plan->modes[i].job_memory_bytes = 0;
	}
}

static void what_is_written_loads_back(void **state)
{
	struct work *work = *state;
	uint64_t seed = 42;

	for (int i = 0; i < ROUND_TRIPS; i++) {
		random_plan(&work->plan, &seed);
		config_test_finish_ok(&work->plan);
		sw_buf_clear(&work->text);
		work->back.n_bindings = 0; /* they add up */
		assert_int_equal(sw_config_write(&work->plan, &work->text), 0);
		config_test_ok(&work->back, work->text.data);
		config_test_finish_ok(&work->back);
		config_test_same(&work->plan, &work->back);
	}
}

/* The modes that a matrix made are written as they are. */
static void what_a_matrix_made_loads_back(void **state)
{
	struct work *work = *state;

	config_test_ok(&work->plan, "session: {iterations: auto}\nmodes:\n"
	                            "- {name: c, kind: cold, pids_limit: 3, matrix: {network: [none, "
	                            "bridge], parallel: [1, 5], read_only: [true, false]}}\n"
	                            "- {name: \"w{job_memory}\", kind: warm, matrix: {job_memory: [8m, 1g]}}\n"
	                            "- {name: h, kind: host, preforked: true}\n");
	config_test_finish_ok(&work->plan);
	assert_int_equal(work->plan.n_modes, 11);
	assert_int_equal(sw_config_write(&work->plan, &work->text), 0);
	assert_null(strstr(work->text.data, "matrix"));
	config_test_ok(&work->back, work->text.data);
	config_test_finish_ok(&work->back);
	config_test_same(&work->plan, &work->back);
	assert_int_equal(work->back.iterations, 1000);
}

static void writing_keeps_to_the_limit(void **state)
{
	struct work *work = *state;

	sw_buf_init(&work->text, 100);
	assert_int_equal(sw_config_write(&work->plan, &work->text), -1);
}

/* ---- the manual ---- */

static void read_file(const char *path, struct sw_buf *out)
{
	FILE *file = fopen(path, "r");
	char chunk[4096];
	size_t n;

	assert_non_null(file);
	while ((n = fread(chunk, 1, sizeof chunk, file)) > 0)
		assert_int_equal(sw_buf_add(out, chunk, n), 0);
	assert_int_equal(fclose(file), 0);
}

static void line_has(const char *line, const char *what, const char *path)
{
	const char *at = strstr(line, what);

	if (!at || at > line + strcspn(line, "\n"))
		fail_msg("docs/configuration.md: the line of %s lacks '%s'", path, what);
}

/* The line of a key has its default, its range, its words and what the table says it is. */
static void documented(const char *manual, const struct sw_key *key, const void *base,
                       const char *path)
{
	char text[SW_PATH_MAX + 32], value[32];

	snprintf(text, sizeof text, "| `%s` |", path);

	const char *line = strstr(manual, text);

	if (!line)
		fail_msg("docs/configuration.md has no line for %s", path);
	line_has(line, key->about, path);
	for (size_t i = 0; key->words && i < key->words->count; i++)
		line_has(line, key->words->names[i], path);
	if (sw_key_is_text(key) && base) {
		const char *is = (const char *)base + key->offset;

		snprintf(text, sizeof text, "`%s`", *is ? is : "\"\"");
		line_has(line, text, path);
	}
	if (!sw_key_is_number(key))
		return;
	if (base) {
		sw_key_format(key, sw_key_get(key, base), value, sizeof value);
		snprintf(text, sizeof text, "| `%s` |", value);
		line_has(line, text, path);
	}
	if (key->type != SW_KEY_BOOL && !key->words) {
		line_has(line, sw_key_format(key, key->min, value, sizeof value), path);
		line_has(line, sw_key_format(key, key->max, value, sizeof value), path);
	}
}

static void documented_section(const char *manual, const struct sw_section *section,
                               const void *base, const char *prefix)
{
	char path[160];

	for (size_t i = 0; i < section->n_keys; i++) {
		const struct sw_key *key = &section->keys[i];

		snprintf(path, sizeof path, "%s%s%s", prefix, *prefix ? "." : "", key->name);
		if (key->type == SW_KEY_SECTION)
			documented_section(manual, key->section, (const char *)base + key->offset, path);
		else if (key->type != SW_KEY_MODES && key->type != SW_KEY_CHAOS)
			documented(manual, key, base, path);
	}
}

static void the_manual_has_every_key(void **state)
{
	struct work *work = *state;

	read_file(SW_SOURCE_DIR "/docs/configuration.md", &work->text);
	documented_section(work->text.data, &sw_config_root, &work->plan, "");
	documented_section(work->text.data, &sw_config_mode, NULL, "modes[]");
	documented_section(work->text.data, &sw_config_fault, NULL, "chaos[]");
}

/* ---- broken at random ---- */

static void mutate(struct sw_buf *text, uint64_t *seed)
{
	static const char marks[] = "{}[]:,-&*#?|>!%@`'\"\\$~<\n\t \0\x80\xff\xc3";
	char *at = text->data + below(seed, text->len);
	size_t rest = text->len - (size_t)(at - text->data), n = 1 + below(seed, 40);

	switch (below(seed, 6)) {
	case 0:
		*at = marks[below(seed, sizeof marks - 1)];
		break;
	case 1:
		*at = (char)next(seed);
		break;
	case 2: /* a piece of the text, elsewhere */
		n = n < rest ? n : rest;
		memmove(text->data + below(seed, text->len - n + 1), at, n);
		break;
	case 3: /* a digit: most stay well-formed, and reach the checks of the values */
	case 4:
		at += strcspn(at, "0123456789");
		if (at < text->data + text->len)
			*at = (char)('0' + below(seed, 10));
		break;
	default: /* cut */
		n = n < rest ? n : rest - 1;
		memmove(at, at + n, rest - n);
		text->len -= n;
		break;
	}
}

static const char *any_variable(void *user, const char *name)
{
	(void)user;
	return *name == 'U' ? NULL : "12";
}

/* Whatever comes: accepted with a plan that can be finished or refused, or refused with a position
 * and the plan as it was. The sanitizers look on. */
static void nothing_crashes_it(void **state)
{
	static const char seeds[][800] = {
		"session: {name: &n \"x ${A:1}\", iterations: 20, order: random}\n"
		"modes:\n  - &m {name: a, kind: host}\n  - name: b\n    kind: cold\n    memory_limit: 2g\n"
		"  - {name: \"w{pool}-{user}\", kind: prepared, matrix: {pool: [1, 2], user: ['', \"1:1\"]}}\n"
		"workload: {command: [sh, -c, \"a\\n\\u00e4\", *n]}\n"
		"sandbox:\n  docker: {cpu_count: 0.5, timeout_seconds: 3, user: \"1:1\"}\n"
		"  fallback: {on: [engine, oom], max_retries: 2}\n"
		"  breaker: {failures: 2, open_seconds: 0.5}\n"
		"chaos: [{fault: stall, mode: b, iterations: [1, 20], on: stream}, {fault: reset, rate: 0.5}]\n"
		"decision: {project_seconds: [3, 4.5]}\ngates: ['a < 3', \"b == 0\"]\n"
		"tui: {theme: ./t.yaml, mouse: false, keys: {pause: \"p Space\", quit: q, x1: \"\"}}\n",
		"a0: &a0 [x,x,x,x,x,x]\na1: &a1 [*a0,*a0,*a0]\ngates: [*a0, *a1]\nsession: {seed: ${U:7}}\n",
	};
	struct work *work = *state;
	struct sw_config_env env = {any_variable, NULL};
	uint64_t seed = 7;
	int accepted = 0;

	for (int i = 0; i < MUTATIONS; i++) {
		const char *text = seeds[i % 8 == 0];
		struct sw_error err = {0};

		sw_buf_clear(&work->text);
		assert_int_equal(sw_buf_add_str(&work->text, text), 0);
		for (size_t n = 1 + below(&seed, 3); n > 0 && work->text.len > 1; n--)
			mutate(&work->text, &seed);
		sw_plan_done(&work->plan);
		sw_plan_defaults(&work->plan);

		/* A copy of just that size, so that a read past its end is seen. */
		char *exact = malloc(work->text.len);

		assert_non_null(exact);
		memcpy(exact, work->text.data, work->text.len);

		int result = sw_config_load_text(&work->plan, "f", exact, work->text.len, env, &err);

		free(exact);
		if (result == 0) {
			accepted++;
			(void)sw_config_finish(&work->plan, &err);
		} else {
			assert_memory_equal(err.message, "f:", 2);
			assert_true(err.message[2] >= '1' && err.message[2] <= '9');
			config_test_same(&work->plan, &work->back);
		}
	}
	assert_in_range(accepted, MUTATIONS / 100, MUTATIONS - MUTATIONS / 100);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_loads_back),
		TEST(what_a_matrix_made_loads_back),
		TEST(writing_keeps_to_the_limit),
		TEST(the_manual_has_every_key),
		TEST(nothing_crashes_it),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
