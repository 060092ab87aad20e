/* chaos: what an entry says, what it must not say, and that it is written as it is read. */
#include "tests/unit/core/config_test.h"

#include <unistd.h>

/* Outlives a failed assert, which leaves the test with longjmp. */
static struct sw_buf text;
static char path[] = "/tmp/sw-chaos-XXXXXX";

#define MODES "modes: [{name: h, kind: host}, {name: cold, kind: cold}, {name: w, kind: warm}]\n"

static void defaults(void **state)
{
	struct sw_plan *plan = *state;
	const struct sw_chaos_fault *fault = &plan->chaos[0];

	assert_int_equal(plan->n_chaos, 0);
	config_test_ok(plan, "chaos: [{fault: status, iterations: 3}]");
	assert_int_equal(plan->n_chaos, 1);
	assert_int_equal(fault->fault, SW_FAULT_STATUS);
	assert_string_equal(fault->mode, "");
	assert_int_equal(fault->n_iterations, 1);
	assert_int_equal(fault->iterations[0], 3);
	assert_true(fault->rate == 0);
	assert_int_equal(fault->attempts, 1);
	assert_int_equal(fault->on, SW_TARGET_ANY);
	assert_int_equal(fault->duration_ns, 1000000000);
	assert_int_equal(fault->code, 500);
	assert_int_equal(fault->bytes, 0);
}

static void every_key(void **state)
{
	struct sw_plan *plan = *state;
	const struct sw_chaos_fault *fault = plan->chaos;

	config_test_ok(plan,
	               MODES "chaos:\n"
	                     "- {fault: stall, mode: w, iterations: [9, 2], attempts: 0, on: stream, "
	                     "seconds: 0.25, bytes: 1k}\n"
	                     "- {fault: status, rate: 0.125, on: create, code: 409}\n"
	                     "- {fault: engine-kill, iterations: [1], on: start}\n"
	                     "- {fault: disk-full, rate: 0}\n");
	config_test_finish_ok(plan);
	assert_int_equal(plan->n_chaos, 4);
	assert_int_equal(fault[0].fault, SW_FAULT_STALL);
	assert_string_equal(fault[0].mode, "w");
	assert_int_equal(fault[0].n_iterations, 2);
	assert_int_equal(fault[0].iterations[0], 9);
	assert_int_equal(fault[0].iterations[1], 2);
	assert_int_equal(fault[0].attempts, 0);
	assert_int_equal(fault[0].on, SW_TARGET_STREAM);
	assert_int_equal(fault[0].duration_ns, 250000000);
	assert_int_equal(fault[0].bytes, 1024);
	assert_int_equal(fault[1].n_iterations, 0);
	assert_true(fault[1].rate == 0.125);
	assert_int_equal(fault[1].code, 409);
	assert_int_equal(fault[2].fault, SW_FAULT_ENGINE_KILL);
	assert_int_equal(fault[2].on, SW_TARGET_START);
	assert_int_equal(fault[3].fault, SW_FAULT_DISK_FULL);
}

static void a_later_list_replaces_the_earlier(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "chaos: [{fault: delay, rate: 1}, {fault: reset, rate: 1}]");
	config_test_ok(plan, "chaos: [{fault: garbage, rate: 0.5}]");
	assert_int_equal(plan->n_chaos, 1);
	assert_int_equal(plan->chaos[0].fault, SW_FAULT_GARBAGE);
	config_test_ok(plan, "session: {seed: 1}");
	assert_int_equal(plan->n_chaos, 1);
	config_test_ok(plan, "chaos: []");
	assert_int_equal(plan->n_chaos, 0);
}

/* ---- errors ---- */

static void refused(struct sw_plan *plan, const char *what, const char *message)
{
	struct sw_error err = {0};
	struct sw_plan before;

	sw_plan_defaults(&before);
	if (config_test_load(plan, what, &err) == 0)
		fail_msg("accepted:\n%s", what);
	if (strcmp(err.message, message) != 0)
		fail_msg("got      %s\nexpected %s\nin:\n%s", err.message, message, what);
	assert_int_equal(err.code, SW_ERR_USAGE);
	config_test_same(plan, &before);
}

static void words_and_ranges(void **state)
{
	refused(*state, "chaos: 3", "f:1:8: chaos: expected a list, found a single value");
	refused(*state, "chaos:", "f:1:7: chaos: expected a list, found nothing");
	refused(*state, "chaos: [delay]",
	        "f:1:9: chaos[0]: expected keys with values, found a single value");
	refused(*state, "chaos: [{fault: dleay, rate: 1}]",
	        "f:1:17: chaos[0].fault: 'dleay' is no fault; did you mean 'delay'?");
	refused(*state, "chaos:\n- {fault: reset, rate: 1}\n- {fault: reset, rate: 1, on: creat}",
	        "f:3:31: chaos[1].on: 'creat' is no request; did you mean 'create'?");
	refused(*state, "chaos: [{fault: reset, rat: 1}]",
	        "f:1:24: unknown key 'rat' in chaos[0]; did you mean 'rate'?");
	refused(*state, "chaos: [{fault: reset, rate: 1.5}]",
	        "f:1:30: chaos[0].rate: 1.5 is out of range; use 0 to 1");
	refused(*state, "chaos: [{fault: reset, rate: 10%}]",
	        "f:1:30: chaos[0].rate: '10%' is not a number with at most 6 decimals; write it like "
	        "100 or 0.5");
	refused(*state, "chaos: [{fault: status, rate: 1, code: 200}]",
	        "f:1:40: chaos[0].code: 200 is out of range; use 400 to 599");
	refused(*state, "chaos: [{fault: stall, rate: 1, seconds: 0}]",
	        "f:1:42: chaos[0].seconds: 0 is out of range; use 0.001 to 3600");
	refused(*state, "chaos: [{fault: stall, iterations: 1, attempts: -1}]",
	        "f:1:49: chaos[0].attempts: -1 is out of range; use 0 to 101");
	refused(*state, "chaos: [{fault: stall, rate: 1, bytes: -1}]",
	        "f:1:40: chaos[0].bytes: -1 is out of range; use 0 to 1t");
	refused(*state, "chaos: [{fault: stall, rate: 1, mode: a/b}]",
	        "f:1:39: chaos[0].mode: 'a/b' is no name; use letters, digits, '.', '_' and '-'");
}

static void iterations(void **state)
{
	refused(*state, "chaos: [{fault: reset, iterations: []}]",
	        "f:1:36: chaos[0].iterations: an empty list; name at least one iteration");
	refused(*state, "chaos: [{fault: reset, iterations: {}}]",
	        "f:1:36: chaos[0].iterations: expected iterations like [3, 7], found a mapping");
	refused(*state, "chaos: [{fault: reset, iterations: }]",
	        "f:1:36: chaos[0].iterations: expected iterations like [3, 7], found nothing");
	refused(*state, "chaos: [{fault: reset, iterations: [1, [2]]}]",
	        "f:1:40: chaos[0].iterations: expected an iteration's number, found a list");
	refused(*state, "chaos: [{fault: reset, iterations: [1, 0]}]",
	        "f:1:40: chaos[0].iterations: 0 is out of range; use 1 to 10000000");
	refused(*state, "chaos: [{fault: reset, iterations: x}]",
	        "f:1:36: chaos[0].iterations: 'x' is not a whole number");
	refused(*state, "chaos: [{fault: reset, iterations: [3, 5, 3]}]",
	        "f:1:43: chaos[0].iterations: 3 is there twice; keep one");
}

static void what_does_not_go_together(void **state)
{
	refused(*state, "chaos: [{rate: 1}]",
	        "f:1:9: chaos[0]: an entry needs a fault, like {fault: delay, iterations: [3]}");
	refused(*state, "chaos: [{fault: reset}]",
	        "f:1:9: chaos[0]: when? give iterations, like [3, 7], or a rate, like 0.1");
	refused(*state, "chaos: [{fault: reset, rate: 1, iterations: 3}]",
	        "f:1:24: chaos[0].rate: there are iterations too; keep one of them");
	refused(
		*state, "chaos: [{fault: reset, rate: 1, attempts: 0}]",
		"f:1:33: chaos[0].attempts: a rate is drawn for each attempt by itself; leave it out, or "
		"name iterations");
	refused(
		*state, "chaos: [{code: 500, fault: delay, rate: 1}]",
		"f:1:10: chaos[0].code: fault delay does not use it; leave it out, or use fault status");
	refused(*state, "chaos: [{fault: reset, rate: 1, seconds: 1}]",
	        "f:1:33: chaos[0].seconds: fault reset does not use it; leave it out, or use fault "
	        "delay, stall, engine-pause or image-remove");
	refused(*state, "chaos: [{fault: engine-kill, rate: 1, bytes: 1}]",
	        "f:1:39: chaos[0].bytes: fault engine-kill does not use it; leave it out, or use fault "
	        "truncate, garbage, reset or stall");
	refused(*state, "chaos: [{fault: status, rate: 1, on: stream}]",
	        "f:1:38: chaos[0].on: a stream has no status any more; name a request, or use fault "
	        "reset");
}

/* As many as there is room for are taken, and not one more. */
static void bounds(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	for (int n = SW_CHAOS_ITERATIONS_MAX; n <= SW_CHAOS_ITERATIONS_MAX + 1; n++) {
		sw_buf_clear(&text);
		assert_int_equal(sw_buf_add_str(&text, "chaos:\n- fault: reset\n  iterations: ["), 0);
		for (int i = 1; i <= n; i++)
			assert_int_equal(sw_buf_addf(&text, "%s%d", i > 1 ? ", " : "", i), 0);
		assert_int_equal(sw_buf_add_str(&text, "]\n"), 0);
		if (n == SW_CHAOS_ITERATIONS_MAX) {
			config_test_ok(plan, text.data);
			assert_int_equal(plan->chaos[0].iterations[n - 1], n);
		}
	}
	assert_int_equal(config_test_load(plan, text.data, &err), -1);
	assert_non_null(strstr(err.message,
	                       "chaos[0].iterations: more than 64 iterations; write another "
	                       "entry, or a rate"));
	for (int n = SW_CHAOS_MAX; n <= SW_CHAOS_MAX + 1; n++) {
		sw_buf_clear(&text);
		assert_int_equal(sw_buf_add_str(&text, "chaos:\n"), 0);
		for (int i = 0; i < n; i++)
			assert_int_equal(sw_buf_add_str(&text, "- {fault: reset, rate: 1}\n"), 0);
		if (n == SW_CHAOS_MAX)
			config_test_ok(plan, text.data);
	}
	assert_int_equal(config_test_load(plan, text.data, &err), -1);
	assert_string_equal(err.message, "f:2:1: chaos: 33 entries are too many; use at most 32");
	assert_int_equal(plan->n_chaos, SW_CHAOS_MAX);
}

/* ---- modes ---- */

static void not_finished(struct sw_plan *plan, const char *message)
{
	struct sw_error err = {0};

	assert_int_equal(sw_config_finish(plan, &err), -1);
	assert_string_equal(err.message, message);
	assert_int_equal(err.code, SW_ERR_USAGE);
}

/* The position is of the layer that named the mode, whatever layers came since. */
static void a_mode_that_is_not_there(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, "chaos:\n- {fault: reset, rate: 1, mode: cold}\n"
	                     "- {fault: reset, rate: 1, mode: zzzzz}\n");
	config_test_ok(plan, MODES);
	not_finished(plan, "f:3:33: chaos[1].mode: 'zzzzz' is no mode of this session; use cold or w");
	config_test_ok(plan, "chaos: [{fault: reset, rate: 1, mode: cod}]");
	not_finished(plan,
	             "f:1:39: chaos[0].mode: 'cod' is no mode of this session; did you mean 'cold'?");
	config_test_ok(plan, "chaos: [{fault: reset, rate: 1, mode: h}]");
	not_finished(plan, "f:1:39: chaos[0].mode: 'h' is of kind host, and faults are injected into "
	                   "containers; name another mode, or leave it out for all");
	config_test_ok(plan, "modes: [{name: only, kind: host}]");
	not_finished(plan,
	             "f:1:39: chaos[0].mode: 'h' is no mode of this session, and none of its modes "
	             "has a sandbox");
}

/* What never was in a file has no position. */
static void a_plan_that_no_file_made(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, MODES);
	plan->n_chaos = 1;
	plan->chaos[0] = sw_plan_new_fault();
	(void)sw_text_copy(plan->chaos[0].mode, sizeof plan->chaos[0].mode, "zzzzz");
	not_finished(plan, "chaos[0].mode: 'zzzzz' is no mode of this session; use cold or w");
	plan->chaos[0].mode[0] = '\0';
	plan->chaos[0].code = 999;
	not_finished(plan, "chaos[0].code: 999 is out of range; use 400 to 599");
}

static void faults_go_with_their_modes(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan, MODES "chaos:\n- {fault: reset, rate: 1, mode: cold}\n"
	                           "- {fault: delay, rate: 1, mode: w}\n- {fault: stall, rate: 1}\n");
	config_test_finish_ok(plan);
	assert_int_equal(plan->n_chaos, 3);
	plan->n_modes = 2; /* w goes */
	sw_plan_drop_faults(plan);
	assert_int_equal(plan->n_chaos, 2);
	assert_int_equal(plan->chaos[0].fault, SW_FAULT_RESET);
	assert_int_equal(plan->chaos[1].fault, SW_FAULT_STALL);
	plan->sandbox_enabled = false;
	config_test_finish_ok(plan);
	assert_int_equal(plan->n_chaos, 0);
}

/* ---- writing ---- */

static void what_is_written(void **state)
{
	struct sw_plan *plan = *state;

	config_test_ok(plan,
	               MODES "chaos:\n"
	                     "- {fault: stall, mode: w, iterations: [9, 2], on: stream, bytes: 2048}\n"
	                     "- {fault: status, rate: 0.125, code: 409}\n");
	config_test_finish_ok(plan);
	sw_buf_clear(&text);
	assert_int_equal(sw_config_write(plan, &text), 0);
	assert_non_null(strstr(text.data, "chaos:\n"
	                                  "  - fault: stall\n"
	                                  "    mode: \"w\"\n"
	                                  "    iterations: [9, 2]\n"
	                                  "    attempts: 1\n"
	                                  "    on: stream\n"
	                                  "    seconds: 1\n"
	                                  "    bytes: 2k\n"
	                                  "  - fault: status\n"
	                                  "    mode: \"\"\n"
	                                  "    rate: 0.125\n"
	                                  "    on: any\n"
	                                  "    code: 409\n"
	                                  "decision:\n"));
	config_test_ok(plan, "chaos: []");
	sw_buf_clear(&text);
	assert_int_equal(sw_config_write(plan, &text), 0);
	assert_non_null(strstr(text.data, "\nchaos: []\n"));
}

/* ---- a file of faults ---- */

static void write_file(const char *what)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_true(fputs(what, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void a_file_of_faults(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};

	config_test_ok(plan, "session: {iterations: 7}\nchaos: [{fault: delay, rate: 1}]");
	write_file("chaos: [{fault: reset, iterations: \"${N:4}\"}]\n");
	assert_int_equal(sw_config_load_chaos(plan, path, config_test_env(NULL), &err), 0);
	assert_int_equal(plan->iterations, 7);
	assert_int_equal(plan->n_chaos, 1);
	assert_int_equal(plan->chaos[0].fault, SW_FAULT_RESET);
	assert_int_equal(plan->chaos[0].iterations[0], 4);
}

/* The example is for the default session, and has each fault. */
static void the_example(void **state)
{
	struct sw_plan *plan = *state;
	struct sw_error err = {0};
	struct sw_config_env env = config_test_env(NULL);
	unsigned faults = 0;

	if (sw_config_load_file(plan, SW_SOURCE_DIR "/config/default.yaml", env, &err) < 0 ||
	    sw_config_load_chaos(plan, SW_SOURCE_DIR "/config/chaos.yaml", env, &err) < 0)
		fail_msg("%s", err.message);
	config_test_finish_ok(plan);
	for (int i = 0; i < plan->n_chaos; i++)
		faults |= 1u << plan->chaos[i].fault;
	assert_int_equal(faults, (1u << SW_FAULT_COUNT) - 1);
}

/* WHAT follows the file's name in the message. */
static void refused_file(struct sw_plan *plan, const char *content, const char *what)
{
	struct sw_error err = {0};

	if (content)
		write_file(content);
	assert_int_equal(sw_config_load_chaos(plan, path, config_test_env(NULL), &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_memory_equal(err.message, path, sizeof path - 1);
	assert_string_equal(err.message + sizeof path - 1, what);
	assert_int_equal(plan->n_chaos, 0);
	assert_int_equal(plan->iterations, 20);
}

static void what_a_file_of_faults_must_not_hold(void **state)
{
	struct sw_plan *plan = *state;

	refused_file(
		plan, "chaos: [{fault: reset, rate: 1}]\nsession: {iterations: 3}\n",
		":2:1: 'session' has no place in a file of faults, which holds 'chaos' alone; put it in "
		"a configuration (--config)");
	refused_file(plan, "choas: []\n",
	             ":1:1: 'choas' has no place in a file of faults, which holds "
	             "'chaos' alone; put it in a configuration (--config)");
	refused_file(plan, "# none\n", ": holds no faults; list them below chaos:");
	refused_file(plan, "{}\n", ": holds no faults; list them below chaos:");
	refused_file(plan, "- fault: reset\n", ":1:1: expected keys with values, found a list");
	refused_file(plan, "chaos: [{fault: reset}]\n",
	             ":1:9: chaos[0]: when? give iterations, like [3, 7], or a rate, like 0.1");
	assert_int_equal(unlink(path), 0);
	refused_file(plan, NULL, ": cannot be opened: No such file or directory");
	write_file("");
}

static int make_file(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 ? -1 : close(fd);
}

static int clean_up(void **state)
{
	(void)state;
	sw_buf_done(&text);
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		CONFIG_TEST(defaults),
		CONFIG_TEST(every_key),
		CONFIG_TEST(a_later_list_replaces_the_earlier),
		CONFIG_TEST(words_and_ranges),
		CONFIG_TEST(iterations),
		CONFIG_TEST(what_does_not_go_together),
		CONFIG_TEST(bounds),
		CONFIG_TEST(a_mode_that_is_not_there),
		CONFIG_TEST(a_plan_that_no_file_made),
		CONFIG_TEST(faults_go_with_their_modes),
		CONFIG_TEST(what_is_written),
		CONFIG_TEST(a_file_of_faults),
		CONFIG_TEST(the_example),
		CONFIG_TEST(what_a_file_of_faults_must_not_hold),
	};

	return cmocka_run_group_tests(tests, make_file, clean_up);
}
