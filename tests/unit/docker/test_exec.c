/* docker/exec*.c where no real engine can be made to behave so: ends that are in doubt, and an engine that
 * refuses. And how an attempt is placed in phases from its facts. */
#include "tests/unit/docker/keeping_engine.h"

#include "docker/exec_internal.h"

#define FRAME(stream, len, text) stream "\0\0\0\0\0\0" len text
#define INIT FRAME("\2", "\xe", "\036sw1 t init 5\n") /* what the shim says first */
#define SAYS(text) (engine.exec_says = (text), engine.exec_len = sizeof(text) - 1)

static struct sw_mode_plan mode;
static char *const command[] = {"true", NULL};
static struct sw_task task = {.command = command};

static struct {
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready;
	char error[SW_TEXT_MAX], why[SW_TEXT_MAX];
	int replaced;
} story;

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	if (event->kind != SW_EVENT_CONTAINER_REPLACED)
		return;
	story.replaced++;
	(void)snprintf(story.why, sizeof story.why, "%s", event->u.it.text);
}

static void on_ready(void *user, const char *error)
{
	(void)user;
	story.ready = true;
	(void)snprintf(story.error, sizeof story.error, "%s", error ? error : "");
}

static void on_done(void *user, const struct sw_attempt_result *result)
{
	(void)user;
	assert_false(story.done);
	story.done = true;
	story.result = *result;
}

static int set_up(void **state)
{
	(void)state;
	memset(&story, 0, sizeof story);
	mode = (struct sw_mode_plan){.name = "m", .sandbox = {.image = "i", .network = "none",
	                                                      .timeout_ns = 10 * SECOND,
	                                                      .engine_timeout_ns = 30 * SECOND}};
	if (engine_start() < 0)
		return -1;
	const struct sw_container_options options = {
		.loop = engine.loop, .endpoint = engine.endpoint, .api_version = "1.41", .mode = &mode,
		.task = &task, .session_id = "s", .shim = SW_SHIM_BAKED, .sink = {on_event, NULL}};
	return sw_exec_new(&options, &story.runner, NULL);
}

static void wait_for(void (*op)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user))
{
	story.ready = false;
	op(story.runner, on_ready, NULL);
	assert_false(story.ready);
	engine_until(&story.ready);
}

static int tear_down(void **state)
{
	(void)state;
	wait_for(story.runner->ops->finish);
	story.runner->ops->free(story.runner);
	for (int i = 0; i < engine.n; i++)
		assert_true(engine.containers[i].is_removed);
	return engine_stop();
}

static void start(void)
{
	const struct sw_attempt attempt = {.iteration = 1, .number = 1, .token = "t"};
	story.done = false;
	story.runner->ops->start(story.runner, &attempt, on_done, NULL);
	assert_false(story.done);
}

static void run(void)
{
	start();
	engine_until(&story.done);
}

static void assert_outcome(enum sw_outcome outcome, const char *text)
{
	if (story.result.outcome != outcome || !strstr(story.result.error, text))
		fail_msg("%s: \"%s\", expected %s with \"%s\"",
		         sw_word(&sw_words_outcome, (int)story.result.outcome), story.result.error,
		         sw_word(&sw_words_outcome, (int)outcome), text);
}

/* REPLACED containers so far, and one that is up. */
static void assert_settles(int replaced)
{
	wait_for(story.runner->ops->settle);
	assert_string_equal(story.error, "");
	assert_int_equal(story.replaced, replaced);
	assert_int_equal(engine.n, replaced + 1);
	assert_true(engine.containers[replaced].is_running);
}

/* ---- ends ---- */

static void the_exec_is_the_shim_and_the_command(void **state)
{
	(void)state;
	SAYS(INIT);
	wait_for(story.runner->ops->prepare);
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_non_null(strstr(engine.last_request, "POST /v1.41/containers/000000000000/exec "));
	assert_non_null(strstr(engine.last_request, "\"Env\":[\"SANDWATCH_TOKEN=t\"]"));
	assert_non_null(strstr(engine.last_request, "\"Cmd\":[\"/sandwatch/shim\",\"true\"]"));
	assert_int_equal(engine.asked[EXEC_JSON], 1);
	assert_settles(0);
}

static void an_exit_that_comes_late_is_asked_for_again(void **state)
{
	(void)state;
	SAYS(INIT);
	engine.exec_code = 3;
	engine.exec_runs_on = 4;
	run();
	assert_outcome(SW_OUTCOME_FAILED, "exited with 3");
	assert_int_equal(engine.asked[EXEC_JSON], 5);
	/* After 1, 2, 4 and 8 ms. */
	assert_true(story.result.end_ns - story.result.start_ns >= 15000000);
}

static void one_that_never_ends_is_over_its_limit(void **state)
{
	(void)state;
	SAYS(INIT);
	mode.sandbox.timeout_ns = SECOND / 5;
	engine.exec_runs_on = 1000;
	run();
	assert_outcome(SW_OUTCOME_TIMEOUT, "over its limit of 200 ms");
	assert_true(engine.containers[0].is_removed);
	assert_true(engine.asked[EXEC_JSON] < 12);
	assert_settles(1);
}

static void sigkill_is_out_of_memory_if_the_engine_says_so(void **state)
{
	(void)state;
	SAYS(INIT);
	engine.exec_code = 137;
	mode.sandbox.memory_bytes = 1 << 20;
	run();
	assert_outcome(SW_OUTCOME_CRASHED, "SIGKILL");
	engine.is_oom = true;
	run();
	assert_outcome(SW_OUTCOME_OOM, "and killed; raise");
	engine.refuse[EVENTS] = 1;
	run();
	assert_outcome(SW_OUTCOME_OOM, "does not say why");
	mode.sandbox.memory_bytes = 0;
	engine.refuse[EVENTS] = 1;
	run();
	assert_outcome(SW_OUTCOME_CRASHED, "SIGKILL");
	assert_settles(0);
}

/* The engine tells of the exec's end first, and of its container's a moment later. Code can end its container
 * (that of a cold one, too): were it the engine's failure, the code would come to run on the host. */
static void the_containers_end_is_the_codes(void **state)
{
	(void)state;
	SAYS(INIT);
	engine.exec_code = 137;
	start();
	while (!engine.asked[EXEC_JSON] && !story.done)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	engine_kill(0, 137);
	engine_until(&story.done);
	assert_outcome(SW_OUTCOME_CRASHED, "its container died by SIGKILL");
	assert_settles(1);
	assert_non_null(strstr(story.why, "the kept container 000000000000 was killed (SIGKILL)"));
}

/* Exit code 126 and a line in the stream: with a shim in the image that is the engine's failure. */
static void an_engine_that_cannot_execute(void **state)
{
	(void)state;
	SAYS(FRAME("\1", "\x9", "OCI: pids"));
	engine.exec_code = 126;
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "could not execute in container 000000000000 (126): OCI: pids");
	assert_settles(1);
	assert_string_equal(story.why, story.result.error);
}

static void an_engine_that_refuses(void **state)
{
	static const enum ask steps[] = {EXEC, EXEC_START, EXEC_JSON};
	(void)state;
	SAYS(INIT);
	for (int i = 0; i < 3; i++) {
		engine.refuse[steps[i]] = 1;
		run();
		assert_outcome(SW_OUTCOME_ENGINE, "no, not now");
		assert_settles(i + 1);
	}
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_settles(3);
}

static void an_engine_that_was_not_ready_is_asked_again(void **state)
{
	(void)state;
	SAYS(INIT);
	engine.refuse[CREATE] = 2;
	wait_for(story.runner->ops->prepare);
	assert_non_null(strstr(story.error, "no, not now"));
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "no, not now");
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_settles(0);
}

static void note_time(void *user)
{
	*(bool *)user = true;
}

/* Containers that end at once are made when they are asked for: nothing goes on beside others. */
static void what_does_not_live_is_not_made_over_and_over(void **state)
{
	struct sw_timer timer = {0};
	bool is_late = false;
	(void)state;
	SAYS(INIT);
	wait_for(story.runner->ops->prepare);
	engine_kill(0, 139);
	assert_int_equal(sw_loop_arm(engine.loop, &timer, sw_clock_ns() + SECOND / 5, note_time, &is_late), 0);
	while (engine.n == 1 && !is_late)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_loop_disarm(engine.loop, &timer);
	assert_true(is_late && engine.containers[0].is_removed);
	assert_int_equal(story.replaced, 1);
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	/* One that has served is made up for at once. */
	engine_kill(1, 139);
	while (engine.n == 2)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	assert_settles(2);
}

/* Only what a create lacks is the image. */
static void what_is_missing_is_not_always_the_image(void **state)
{
	(void)state;
	SAYS(INIT);
	engine.is_missing = true;
	engine.refuse[START] = 1;
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "no, not now (404)");
	assert_null(strstr(story.result.error, "get it with"));
	engine.refuse[CREATE] = 1;
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "get it with `docker pull i`");
	run();
	assert_outcome(SW_OUTCOME_OK, "");
}

/* ---- phases ---- */

static void facts_init(struct sw_container_facts *facts)
{
	*facts = (struct sw_container_facts){.start_ns = 1000, .end_ns = 9000};
	facts->stamps = (struct sw_life_stamps){.create_ns = 1000, .created_ns = 2000, .start_ns = 2000,
	                                        .started_ns = 2500, .eof_ns = 8000, .exited_ns = 8900};
	sw_worker_report_init(&facts->report);
}

static void assert_span(int i, enum sw_phase phase, int64_t start_ns, int64_t end_ns)
{
	assert_true(i < story.result.n_spans);
	const struct sw_span *span = &story.result.spans[i];
	assert_int_equal(span->phase, phase);
	assert_int_equal(span->start_ns, start_ns);
	assert_int_equal(span->end_ns, end_ns);
	assert_true(span->on_path);
}

static void phases_tile_the_attempt(void **state)
{
	const struct sw_container_options options = {.mode = &mode, .task = &task};
	struct sw_container_facts facts;
	(void)state;
	facts_init(&facts);
	facts.first_byte_ns = 4200;
	facts.report.init_ns = 4000;
	facts.report.exit_ns = 7000;
	facts.report.has_exit = true;
	sw_exec_result(&options, &facts, &story.result);
	assert_int_equal(story.result.n_spans, 4);
	assert_span(0, SW_PHASE_CREATE, 1000, 2000);
	assert_span(1, SW_PHASE_START, 2000, 4000);
	assert_span(2, SW_PHASE_EXECUTE, 4000, 7000);
	assert_span(3, SW_PHASE_EXIT, 7000, 9000);
	/* Killed while it ran. */
	facts.stamps.eof_ns = facts.stamps.exited_ns = facts.report.exit_ns = 0;
	facts.report.has_exit = false;
	facts.stamps.kill_ns = 6000;
	sw_exec_result(&options, &facts, &story.result);
	assert_int_equal(story.result.n_spans, 4);
	assert_span(3, SW_PHASE_STOP, 6000, 9000);
	/* Never created. */
	facts_init(&facts);
	facts.stamps = (struct sw_life_stamps){0};
	sw_exec_result(&options, &facts, &story.result);
	assert_int_equal(story.result.n_spans, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(the_exec_is_the_shim_and_the_command),
		T(an_exit_that_comes_late_is_asked_for_again),
		T(one_that_never_ends_is_over_its_limit),
		T(sigkill_is_out_of_memory_if_the_engine_says_so),
		T(the_containers_end_is_the_codes),
		T(an_engine_that_cannot_execute),
		T(an_engine_that_refuses),
		T(an_engine_that_was_not_ready_is_asked_again),
		T(what_is_missing_is_not_always_the_image),
		T(what_does_not_live_is_not_made_over_and_over),
		cmocka_unit_test(phases_tile_the_attempt),
	};
	return cmocka_run_group_tests_name("exec", tests, NULL, NULL);
}
