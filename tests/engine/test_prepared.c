/* docker/prepared.c against a real engine: containers made ahead give the right results on a short path, the
 * pool is kept at its depth, and nothing is left. Needs sandwatch/python:latest on the engine. */
#include <string.h>

#include "tests/engine/fixture.h"
#include "tests/engine/tiled.h"

#include "core/event.h"
#include "core/plan.h"
#include "docker/cold.h"
#include "docker/prepared.h"

#define SESSION "prepared-test"
#define LABEL "org.sandwatch.session=" SESSION
#define PYTHON "/usr/bin/python3.11", "-I", "-S", "-c"
#define MAX_EVENTS 512

static struct fx fx;

static struct bench {
	struct sw_mode_plan mode;
	struct sw_task task;
	struct sw_container_options options;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	char token[33]; /* the scheduler's */
	bool done, ready;
	char ready_error[SW_TEXT_MAX];
	struct sw_event events[MAX_EVENTS];
	int n_events;
	int64_t next;
	int again;               /* attempts to start from inside done */
	enum sw_phase cancel_in; /* SW_PHASE_PULL: never */
	enum sw_phase kill_in;
} bench;

static void on_done(void *user, const struct sw_attempt_result *result);

static void start(void)
{
	struct sw_attempt attempt = {.iteration = ++bench.next, .number = 1};
	(void)snprintf(attempt.token, sizeof attempt.token, "%032llx",
	               0xabcdef0000ULL + (unsigned long long)bench.next);
	(void)snprintf(bench.token, sizeof bench.token, "%s", attempt.token);
	bench.done = false;
	bench.runner->ops->start(bench.runner, &attempt, on_done, NULL);
	assert_false(bench.done);
}

static void on_done(void *user, const struct sw_attempt_result *result)
{
	(void)user;
	assert_false(bench.done);
	bench.result = *result;
	bench.done = true;
	if (bench.again-- > 0) {
		assert_int_equal(result->outcome, SW_OUTCOME_OK);
		start();
	}
}

static void on_ready(void *user, const char *error)
{
	(void)user;
	assert_false(bench.ready);
	bench.ready = true;
	(void)snprintf(bench.ready_error, sizeof bench.ready_error, "%s", error ? error : "");
}

/* Nobody waits for it: not fx_done, which would answer for the next request. */
static void on_killed(void *user, const struct sw_error *error)
{
	(void)user;
	(void)error;
}

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	assert_true(bench.n_events < MAX_EVENTS);
	bench.events[bench.n_events++] = *event;
	if (event->kind != SW_EVENT_PHASE_STARTED || event->u.it.phase == SW_PHASE_PULL)
		return;
	if (event->u.it.phase == bench.cancel_in)
		bench.runner->ops->cancel(bench.runner);
	if (event->u.it.phase == bench.kill_in)
		sw_api_container_kill(fx.api, event->u.it.container, "KILL", 10 * FX_SECOND, on_killed, NULL);
}

typedef void (*runner_op)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);

static void wait_ready(runner_op op, const char *what)
{
	bench.ready = false;
	op(bench.runner, on_ready, NULL);
	assert_false(bench.ready);
	fx_until(&fx, &bench.ready, 60, what);
}

static void settle(void)
{
	wait_ready(bench.runner->ops->settle, "settle");
}

static void make(void)
{
	struct sw_error err;
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	if (sw_prepared_new(&bench.options, &bench.runner, &err) < 0)
		fail_msg("%s", err.message);
	wait_ready(bench.runner->ops->prepare, "prepare");
}

static const struct sw_attempt_result *run_made(void)
{
	start();
	fx_until(&fx, &bench.done, 120, "the attempt's end");
	return &bench.result;
}

static void use_python(const char *const *argv)
{
	bench.task.strategy = NULL;
	bench.task.command = (char *const *)(uintptr_t)argv;
}

static void assert_outcome(enum sw_outcome outcome, const char *text)
{
	if (bench.result.outcome != outcome || !strstr(bench.result.error, text))
		fail_msg("%s: \"%s\", expected %s with \"%s\"",
		         sw_word(&sw_words_outcome, (int)bench.result.outcome), bench.result.error,
		         sw_word(&sw_words_outcome, (int)outcome), text);
}

/* The end of a session: nothing is left, and each container that was made was removed. */
static int count_events(enum sw_event_kind kind)
{
	int n = 0;
	for (int i = 0; i < bench.n_events; i++)
		n += bench.events[i].kind == kind;
	return n;
}

static void finish(void)
{
	wait_ready(bench.runner->ops->finish, "finish");
	assert_string_equal(bench.ready_error, "");
	assert_int_equal(fx_count(&fx, LABEL), 0);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_CREATED),
	                 count_events(SW_EVENT_CONTAINER_REMOVED));
	bench.runner->ops->free(bench.runner);
	bench.runner = NULL;
}

static int64_t span_ns(enum sw_phase phase)
{
	for (int i = 0; i < bench.result.n_spans; i++)
		if (bench.result.spans[i].phase == phase)
			return bench.result.spans[i].end_ns - bench.result.spans[i].start_ns;
	return -1;
}

/* Spans of PHASE that were told to lie behind iteration ITERATION. */
static int count_behind(enum sw_phase phase, int64_t iteration)
{
	int n = 0;
	for (int i = 0; i < bench.n_events; i++) {
		const struct sw_iteration_info *it = &bench.events[i].u.it;
		if (bench.events[i].kind != SW_EVENT_PHASE_BEHIND || it->iteration != iteration)
			continue;
		for (int k = 0; k < it->n_spans; k++) {
			assert_false(it->spans[k].on_path);
			assert_true(it->spans[k].start_ns >= 0);
			assert_true(it->spans[k].end_ns >= it->spans[k].start_ns);
			assert_true(it->spans[k].end_ns < 600 * FX_SECOND); /* since the session's start */
			n += it->spans[k].phase == phase;
		}
	}
	return n;
}

static void read_momentum(void)
{
	static char source[32768];
	FILE *file = fopen("config/strategies/momentum.py", "re");
	fx_need(file != NULL, "not run from the project's folder");
	source[fread(source, 1, sizeof source - 1, file)] = '\0';
	fclose(file);
	bench.task.strategy = source;
	bench.task.strategy_len = strlen(source);
}

static void need_python(void)
{
	fx_need_engine();
	fx_need(fx.has_image, FX_PYTHON " is not on the engine (sandwatch image build)");
}

/* ---- what goes well ---- */

static void path_is_start_to_result(void **state)
{
	static const enum sw_phase expected[] = {
		SW_PHASE_START, SW_PHASE_BOOT, SW_PHASE_IMPORTS, SW_PHASE_VALIDATE, SW_PHASE_DATA,
		SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE, SW_PHASE_DELIVER};
	(void)state;
	need_python();
	read_momentum();
	make();
	assert_string_equal(bench.ready_error, "");
	assert_int_equal(fx_count(&fx, LABEL), 2);
	assert_int_equal(count_behind(SW_PHASE_CREATE, 0), 2);
	assert_int_equal(count_behind(SW_PHASE_ATTACH, 0), 2);
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(strlen(bench.result.digest), 64);
	assert_int_equal(strlen(bench.result.container), 12);
	fx_assert_tiled(&bench.result);
	assert_int_equal(bench.result.n_spans, sizeof expected / sizeof *expected);
	for (int i = 0; i < bench.result.n_spans; i++)
		assert_int_equal(bench.result.spans[i].phase, expected[i]);
	assert_int_equal(bench.result.end_ns, bench.result.spans[bench.result.n_spans - 1].end_ns);
	settle();
	assert_string_equal(bench.ready_error, "");
	assert_int_equal(fx_count(&fx, LABEL), 2);
	assert_int_equal(count_behind(SW_PHASE_EXIT, 1), 1);
	assert_int_equal(count_behind(SW_PHASE_REMOVE, 1), 1);
	assert_int_equal(count_behind(SW_PHASE_CREATE, 0), 3);
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 1);
	assert_int_equal(count_events(SW_EVENT_NOTE), 0);
	for (int i = 0; i < bench.n_events; i++)
		if (bench.events[i].kind == SW_EVENT_PHASE_STARTED)
			assert_true(bench.events[i].u.it.phase != SW_PHASE_EXIT);
	finish();
}

/* A cold runner's attempt of the same task goes through all that a prepared one's has behind it. */
static void answer_is_the_cold_ones(void **state)
{
	char digest[SW_DIGEST_MAX];
	struct sw_error err;
	(void)state;
	need_python();
	read_momentum();
	make();
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	(void)snprintf(digest, sizeof digest, "%s", bench.result.digest);
	int n_spans = bench.result.n_spans;
	finish();
	assert_int_equal(sw_cold_new(&bench.options, &bench.runner, &err), 0);
	wait_ready(bench.runner->ops->prepare, "prepare");
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_string_equal(bench.result.digest, digest);
	assert_int_equal(bench.result.n_spans, n_spans + 4); /* create, attach, exit, remove */
	finish();
}

static void many_in_a_row(void **state)
{
	char digest[SW_DIGEST_MAX];
	(void)state;
	need_python();
	read_momentum();
	make();
	run_made();
	(void)snprintf(digest, sizeof digest, "%s", bench.result.digest);
	bench.again = 14;
	start();
	int most = 0;
	while (bench.again >= 0 || !bench.done) {
		fx_step(&fx);
		int there = count_events(SW_EVENT_CONTAINER_CREATED) - count_events(SW_EVENT_CONTAINER_REMOVED);
		most = there > most ? there : most;
	}
	assert_outcome(SW_OUTCOME_OK, "");
	assert_string_equal(bench.result.digest, digest);
	assert_int_equal(bench.next, 16);
	assert_true(most <= 2 + 1 + 4 + 1); /* the pool, one serving, the leaving */
	settle();
	assert_int_equal(fx_count(&fx, LABEL), 2);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_CREATED), 18);
	for (int64_t i = 1; i <= bench.next; i++)
		assert_int_equal(count_behind(SW_PHASE_REMOVE, i), 1);
	finish();
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 0);
}

/* The container's token is its own, made ahead: the scheduler's would be good for no result. */
static void token_is_the_containers(void **state)
{
	static const char source[] = "import os\nraise SystemExit(os.environ.get('SANDWATCH_TOKEN'))\n";
	(void)state;
	need_python();
	read_momentum();
	make();
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	finish();

	/* Without a shim the command sees it. */
	const char *const argv[] = {PYTHON, source, NULL};
	char first[512];
	bench.n_events = 0;
	bench.options.shim = SW_SHIM_NONE;
	use_python(argv);
	make();
	run_made();
	assert_outcome(SW_OUTCOME_FAILED, "exited with 1; last line of its output: ");
	assert_null(strstr(bench.result.error, bench.token));
	assert_int_equal(strspn(strstr(bench.result.error, "output: ") + strlen("output: "),
	                        "0123456789abcdef"), 32);
	(void)snprintf(first, sizeof first, "%s", bench.result.error);
	run_made();
	assert_string_not_equal(bench.result.error, first);
	finish();
}

/* A command has no result: its exit is waited for, the removal is not. */
static void path_of_a_command_ends_at_its_exit(void **state)
{
	const char *const argv[] = {PYTHON, "import time; time.sleep(0.3)", NULL};
	(void)state;
	need_python();
	use_python(argv);
	make();
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	fx_assert_tiled(&bench.result);
	assert_int_equal(bench.result.exit_code, 0);
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND * 3 / 10);
	assert_true(span_ns(SW_PHASE_EXIT) >= 0);
	assert_int_equal(span_ns(SW_PHASE_REMOVE), -1);
	settle();
	assert_int_equal(count_behind(SW_PHASE_EXIT, 1), 0);
	assert_int_equal(count_behind(SW_PHASE_REMOVE, 1), 1);
	finish();
}

/* A pool of one is empty at once: the next waits, off its path, and that is said once. */
static void waits_are_told_once(void **state)
{
	const char *const argv[] = {PYTHON, "pass", NULL};
	(void)state;
	need_python();
	bench.mode.pool = 1;
	use_python(argv);
	struct sw_error err;
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	assert_int_equal(sw_prepared_new(&bench.options, &bench.runner, &err), 0);
	/* Never prepared: the first finds an empty pool. */
	for (int i = 0; i < 2; i++) {
		run_made();
		assert_outcome(SW_OUTCOME_OK, "");
		fx_assert_tiled(&bench.result);
		assert_int_equal(bench.result.spans[0].phase, SW_PHASE_START);
	}
	assert_int_equal(count_events(SW_EVENT_NOTE), 1);
	settle();
	assert_int_equal(fx_count(&fx, LABEL), 1);
	finish();
}

static void slots_do_not_collide(void **state)
{
	const char *const argv[] = {PYTHON, "pass", NULL};
	struct sw_runner *other;
	struct sw_error err;
	(void)state;
	need_python();
	use_python(argv);
	make();
	bench.options.slot = 1;
	assert_int_equal(sw_prepared_new(&bench.options, &other, &err), 0);
	struct sw_runner *first = bench.runner;
	bench.runner = other;
	wait_ready(other->ops->prepare, "the second slot's prepare");
	assert_string_equal(bench.ready_error, "");
	assert_int_equal(fx_count(&fx, LABEL), 4);
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	wait_ready(other->ops->finish, "the second slot's finish");
	other->ops->free(other);
	bench.runner = first;
	finish();
}

/* ---- the code's own ends ---- */

static void endless_command_times_out(void **state)
{
	const char *const argv[] = {PYTHON, "while True: pass", NULL};
	(void)state;
	need_python();
	bench.mode.sandbox.timeout_ns = FX_SECOND;
	use_python(argv);
	make();
	run_made();
	assert_outcome(SW_OUTCOME_TIMEOUT, "over its limit of 1.00 s and killed");
	assert_true(bench.result.end_ns - bench.result.start_ns >= FX_SECOND);
	fx_assert_tiled(&bench.result);
	assert_true(span_ns(SW_PHASE_STOP) > 0);
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND / 2);
	settle();
	assert_int_equal(fx_count(&fx, LABEL), 2);
	assert_int_equal(count_behind(SW_PHASE_REMOVE, 1), 0);
	finish();
}

static void memory_limit_is_oom(void **state)
{
	const char *const argv[] = {PYTHON, "x = bytearray(1 << 30)", NULL};
	(void)state;
	need_python();
	fx_need(fx.engine.info.memory_limit, "this engine cannot limit memory");
	bench.mode.sandbox.memory_bytes = 64 << 20;
	use_python(argv);
	make();
	run_made();
	assert_outcome(SW_OUTCOME_OOM, "over its memory limit of 64 MiB and killed; raise memory_limit");
	fx_assert_tiled(&bench.result);
	assert_int_equal(span_ns(SW_PHASE_REMOVE), -1);
	finish();
}

static void killed_from_outside_is_a_crash(void **state)
{
	const char *const argv[] = {PYTHON, "print('x', flush=True)\nimport time; time.sleep(1000)", NULL};
	(void)state;
	need_python();
	bench.kill_in = SW_PHASE_EXECUTE;
	use_python(argv);
	make();
	run_made();
	assert_outcome(SW_OUTCOME_CRASHED, "SIGKILL");
	assert_int_equal(bench.result.exit_code, 137);
	bench.kill_in = SW_PHASE_PULL;
	finish();
}

static void broken_strategy_is_not_the_engines_fault(void **state)
{
	(void)state;
	need_python();
	bench.task.strategy = "def broken(:\n";
	bench.task.strategy_len = strlen(bench.task.strategy);
	make();
	run_made();
	assert_true(bench.result.outcome == SW_OUTCOME_REJECTED ||
	            bench.result.outcome == SW_OUTCOME_FAILED);
	assert_true(bench.result.error[0] != '\0');
	finish();
}

/* ---- cancelling ---- */

static void cancelled_in_any_phase(void **state)
{
	static const enum sw_phase phases[] = {SW_PHASE_START, SW_PHASE_EXECUTE};
	const char *const argv[] = {PYTHON, "print('x', flush=True)\nimport time; time.sleep(1000)", NULL};
	(void)state;
	need_python();
	use_python(argv);
	make();
	bench.runner->ops->cancel(bench.runner); /* idle: nothing */
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
		bench.cancel_in = phases[i];
		run_made();
		assert_outcome(SW_OUTCOME_CANCELLED, "");
		settle();
		assert_int_equal(fx_count(&fx, LABEL), 2);
	}
	finish();
}

static void cancelled_while_it_waits(void **state)
{
	const char *const argv[] = {PYTHON, "import time; time.sleep(1000)", NULL};
	struct sw_error err;
	(void)state;
	need_python();
	use_python(argv);
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	assert_int_equal(sw_prepared_new(&bench.options, &bench.runner, &err), 0);
	start(); /* the pool is empty */
	bench.runner->ops->cancel(bench.runner);
	bench.runner->ops->cancel(bench.runner);
	assert_false(bench.done);
	fx_until(&fx, &bench.done, 20, "the cancelled attempt's end");
	assert_outcome(SW_OUTCOME_CANCELLED, "");
	assert_int_equal(bench.result.n_spans, 0);
	settle();
	assert_int_equal(fx_count(&fx, LABEL), 2);
	finish();
}

/* ---- what others do to the pool ---- */

static void remove_one(void)
{
	assert_true(fx_count(&fx, LABEL) > 0);
	sw_api_container_remove(fx.api, fx.first_id, 10 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "removing a container of the pool");
	assert_true(fx.ok);
}

static void removed_from_outside_is_replaced(void **state)
{
	const char *const argv[] = {PYTHON, "pass", NULL};
	(void)state;
	need_python();
	use_python(argv);
	make();
	remove_one();
	for (int i = 0; i < 3; i++) {
		run_made();
		assert_outcome(SW_OUTCOME_OK, "");
		assert_int_equal(bench.result.spans[0].phase, SW_PHASE_START);
	}
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 1);
	settle();
	assert_int_equal(fx_count(&fx, LABEL), 2);
	remove_one();
	remove_one();
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 3);
	finish();
}

/* Started and killed by somebody else: it is of no more use. */
static void killed_in_the_pool_is_replaced(void **state)
{
	const char *const argv[] = {PYTHON, "import time; time.sleep(0.1)", NULL};
	char id[SW_CONTAINER_ID_MAX];
	(void)state;
	need_python();
	use_python(argv);
	make();
	assert_int_equal(fx_count(&fx, LABEL), 2);
	(void)snprintf(id, sizeof id, "%s", fx.first_id);
	assert_non_null(sw_api_container_start(fx.api, id, 10 * FX_SECOND, fx_done, &fx));
	fx_wait(&fx, "starting a container of the pool");
	sw_api_container_kill(fx.api, id, "KILL", 10 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "killing it");
	for (int i = 0; i < 3; i++) {
		run_made();
		assert_outcome(SW_OUTCOME_OK, "");
	}
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 1);
	settle();
	assert_int_equal(fx_count(&fx, LABEL), 2);
	finish();
}

/* ---- what cannot be made ---- */

static void missing_image_is_the_engines(void **state)
{
	const char *const argv[] = {PYTHON, "pass", NULL};
	(void)state;
	need_python();
	(void)snprintf(bench.mode.sandbox.image, sizeof bench.mode.sandbox.image, "nowhere/none:1");
	use_python(argv);
	make();
	assert_non_null(strstr(bench.ready_error, "nowhere/none:1"));
	for (int i = 0; i < 2; i++) {
		run_made();
		assert_outcome(SW_OUTCOME_ENGINE, "docker pull nowhere/none:1");
	}
	settle();
	(void)snprintf(bench.mode.sandbox.image, sizeof bench.mode.sandbox.image, FX_PYTHON);
	run_made(); /* what failed before is not this one's */
	assert_outcome(SW_OUTCOME_OK, "");
	finish();
}

static void missing_command_fails(void **state)
{
	static const char *const argv[] = {"/no/such/command", NULL};
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_NONE;
	use_python(argv);
	make();
	run_made();
	assert_outcome(SW_OUTCOME_FAILED, "/no/such/command");
	finish();
}

static void seccomp_profile_that_is_not_there(void **state)
{
	const char *const argv[] = {PYTHON, "pass", NULL};
	(void)state;
	need_python();
	(void)snprintf(bench.mode.sandbox.seccomp, sizeof bench.mode.sandbox.seccomp,
	               "/nonexistent/profile.json");
	use_python(argv);
	make();
	assert_non_null(strstr(bench.ready_error, "/nonexistent/profile.json"));
	run_made();
	assert_outcome(SW_OUTCOME_ENGINE, "/nonexistent/profile.json");
	finish();
}

static void engine_that_comes_back_is_used(void **state)
{
	const char *const argv[] = {PYTHON, "pass", NULL};
	struct sw_error err;
	(void)state;
	need_python();
	bench.options.api_version = "";
	bench.options.engine_error = "it was not there";
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	use_python(argv);
	assert_int_equal(sw_prepared_new(&bench.options, &bench.runner, &err), 0);
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	finish();
}

static void no_engine_at_all(void **state)
{
	struct sw_error err;
	(void)state;
	if (!fx.loop)
		assert_int_equal(sw_loop_new(&fx.loop, &err), 0);
	bench.options.loop = fx.loop;
	bench.options.endpoint = (struct sw_endpoint){0};
	bench.options.api_version = "";
	bench.options.engine_error = "start one";
	bench.task.command = (char *const[]){"true", NULL};
	make();
	assert_string_equal(bench.ready_error, "start one");
	run_made();
	assert_outcome(SW_OUTCOME_ENGINE, "start one");
	settle();
	wait_ready(bench.runner->ops->finish, "finish");
}

/* ---- fixture ---- */

static int set_up_one(void **state)
{
	(void)state;
	static struct sw_plan plan;
	bench = (struct bench){0};
	sw_plan_defaults(&plan);
	bench.mode = (struct sw_mode_plan){.name = "made ahead", .kind = SW_KIND_PREPARED, .parallel = 1,
	                                   .pool = 2, .sandbox = plan.sandbox};
	bench.mode.sandbox.timeout_ns = 60 * FX_SECOND;
	bench.task = (struct sw_task){.backtest = SW_BACKTEST_REAL, .days = 252, .symbols = 10, .seed = 42};
	bench.options = (struct sw_container_options){
		.loop = fx.loop, .endpoint = fx.engine.endpoint, .api_version = fx.engine.api_version,
		.session_id = SESSION, .shim = SW_SHIM_BAKED, .sink = {on_event, NULL},
		.origin_ns = sw_clock_ns(),
		.is_podman = strcmp(fx.engine.info.name, "podman") == 0};
	return 0;
}

static int tear_down_one(void **state)
{
	(void)state;
	if (bench.runner) {
		bench.cancel_in = bench.kill_in = SW_PHASE_PULL;
		bench.again = 0;
		bench.runner->ops->cancel(bench.runner);
		wait_ready(bench.runner->ops->finish, "finish");
		bench.runner->ops->free(bench.runner);
	}
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	fx_open(&fx, fx_host());
	fx.has_image = fx_has_image(&fx, FX_PYTHON);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fx_close(&fx);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(path_is_start_to_result),
		TEST(answer_is_the_cold_ones),
		TEST(many_in_a_row),
		TEST(token_is_the_containers),
		TEST(path_of_a_command_ends_at_its_exit),
		TEST(waits_are_told_once),
		TEST(slots_do_not_collide),
		TEST(endless_command_times_out),
		TEST(memory_limit_is_oom),
		TEST(killed_from_outside_is_a_crash),
		TEST(broken_strategy_is_not_the_engines_fault),
		TEST(cancelled_in_any_phase),
		TEST(cancelled_while_it_waits),
		TEST(removed_from_outside_is_replaced),
		TEST(killed_in_the_pool_is_replaced),
		TEST(missing_image_is_the_engines),
		TEST(missing_command_fails),
		TEST(seccomp_profile_that_is_not_there),
		TEST(engine_that_comes_back_is_used),
		TEST(no_engine_at_all),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
