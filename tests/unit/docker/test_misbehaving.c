/* Engines that misbehave, as facts.md "Failure shapes" has them, for each kind of container: every attempt
 * ends, as `engine` where it was the engine and as the code's where it was the code, nothing is left behind,
 * and the next one finds a runner that works. */
#include "tests/unit/docker/keeping_engine.h"
#include "tests/unit/docker/recorded.h"

#include "docker/cold.h"
#include "docker/exec.h"
#include "docker/prepared.h"
#include "docker/warm.h"

#define FRAME(stream, len, text) stream "\0\0\0\0\0\0" len text
#define INIT FRAME("\2", "\xe", "\036sw1 t init 5\n") /* what the shim says first */
#define PATIENCE (SECOND / 2) /* with what hangs; else more, as machines are busy */

typedef int (*new_fn)(const struct sw_container_options *options, struct sw_runner **out_runner,
                      struct sw_error *err);

/* What a kind asks an engine for, in an attempt of its own. */
static const struct kind {
	const char *name;
	new_fn create;
	unsigned asks;
} kinds[] = {
	{"cold", sw_cold_new, 1U << CREATE | 1U << ATTACH | 1U << START | 1U << WAIT},
	{"prepared", sw_prepared_new, 1U << CREATE | 1U << ATTACH | 1U << START | 1U << WAIT},
	{"exec", sw_exec_new,
     1U << CREATE | 1U << ATTACH | 1U << START | 1U << EXEC | 1U << EXEC_START | 1U << EXEC_JSON},
	/* What becomes of a wait while its worker comes up is decided by who is faster. */
	{"warm", sw_warm_new, 1U << CREATE | 1U << ATTACH | 1U << START},
};
enum { COLD, PREPARED, EXECUTED, WARM, KINDS };

static const char *const ask_names[] = {"create", "attach", "start", "wait", "state",
                                        "remove", "exec", "exec start", "exec inspect", "events"};
static const char *const how_names[] = {"as ever", "truncated", "garbage", "cut", "hung", "says so"};

static struct sw_mode_plan mode;
static char *const command[] = {"true", NULL};
static struct sw_task task;
static bool is_podman;

static struct {
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready;
	int notes, replaced;
} story;

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	story.notes += event->kind == SW_EVENT_NOTE;
	story.replaced += event->kind == SW_EVENT_CONTAINER_REPLACED;
}

static void on_ready(void *user, const char *error)
{
	(void)user, (void)error;
	story.ready = true;
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
	is_podman = false;
	task = (struct sw_task){.command = command};
	mode = (struct sw_mode_plan){.name = "m", .pool = 1,
	                             .sandbox = {.image = "i", .network = "none",
	                                         .timeout_ns = 60 * SECOND,
	                                         .engine_timeout_ns = 10 * SECOND}};
	return engine_start();
}

#define DIGEST "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"
#define RESULT "\036sw1 t result {\"v\":1,\"outcome\":\"ok\",\"digest\":\"" DIGEST "\",\"t\":{}}\n"
#define READY "\036sw1 - ready {\"t\":{\"main\":5,\"imports\":[6,7],\"prewarm\":[10,30]}}\n"
#define OVER                                                                    \
	"\036sw1 t over {\"end\":\"exit\",\"code\":0,\"killed\":0,\"stdout_bytes\":0," \
	"\"stderr_bytes\":0,\"tail\":\"\"}\n"

/* HEAD, which is frames, and TEXT as one of stdout. */
static size_t framed(char *dst, const char *head, size_t head_len, const char *text)
{
	const size_t len = strlen(text);
	memcpy(dst, head, head_len);
	memset(dst + head_len, 0, 8);
	dst[head_len] = 1;
	dst[head_len + 6] = (char)(len >> 8);
	dst[head_len + 7] = (char)len;
	memcpy(dst + head_len + 8, text, len);
	return head_len + 8 + len;
}

static void use_strategy(void)
{
	task = (struct sw_task){.strategy = "pass\n", .strategy_len = 5, .days = 1, .symbols = 1};
}

static void says_result(void)
{
	static char frames[512];
	engine.says = frames;
	engine.says_len = framed(frames, INIT, sizeof INIT - 1, RESULT);
}

static void says_it_is_ready(void)
{
	static char ready[256], answer[512];
	use_strategy();
	engine.says = ready;
	engine.says_len = framed(ready, "", 0, READY);
	engine.replies = answer;
	engine.replies_len = framed(answer, "", 0, RESULT OVER READY);
}

static void make(int kind)
{
	static const char *const argv[] = {"/sandwatch/shim", "python", NULL};
	const struct sw_container_options options = {
		.loop = engine.loop, .endpoint = engine.endpoint, .api_version = "1.41", .mode = &mode,
		.task = &task, .session_id = "s", .shim = SW_SHIM_BAKED, .is_podman = is_podman,
		.image_argv = argv,
		.sink = {on_event, NULL}};
	if (kind == WARM)
		says_it_is_ready();
	assert_int_equal(kinds[kind].create(&options, &story.runner, NULL), 0);
	if (!engine.says) {
		engine.says = INIT;
		engine.says_len = sizeof INIT - 1;
	}
	engine.exec_says = engine.says;
	engine.exec_len = engine.says_len;
	if (kind == EXECUTED)
		engine.says_len = 0;
	engine.ends = kind < EXECUTED;
}

static void finish(void)
{
	story.ready = false;
	story.runner->ops->finish(story.runner, on_ready, NULL);
	engine_until(&story.ready);
	story.runner->ops->free(story.runner);
	story.runner = NULL;
	for (int i = 0; i < engine.n; i++)
		if (!engine.containers[i].is_removed)
			fail_msg("container %d is left", i);
}

static int tear_down(void **state)
{
	(void)state;
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

static void misbehave(enum ask ask, enum how how, int times)
{
	engine.how[ask] = how;
	engine.times[ask] = times;
}

/* ---- answers that are none ---- */

/* One bad answer to ASK, then all is well. A wait that never comes is made up for by a look; and libcurl asks
 * again on its own where a connection that was kept ends without a word. */
static void one_bad_answer(int kind, enum ask ask, enum how how)
{
	if (how == HUNG)
		mode.sandbox.engine_timeout_ns = PATIENCE;
	make(kind);
	misbehave(ask, how, 1);
	run();
	bool is_mended = (ask == WAIT && how == HUNG) ||
	                 (how == CUT && story.result.outcome == SW_OUTCOME_OK && engine.asked[ask] > 1);
	if (story.result.outcome != (is_mended ? SW_OUTCOME_OK : SW_OUTCOME_ENGINE) ||
	    !story.result.error[0] != is_mended)
		fail_msg("%s, %s %s: %s: \"%s\"", kinds[kind].name, ask_names[ask], how_names[how],
		         sw_word(&sw_words_outcome, (int)story.result.outcome), story.result.error);
	assert_int_equal(engine.times[ask], 0);
	mode.sandbox.engine_timeout_ns = 10 * SECOND;
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	finish();
}

static void answers_that_are_none(void **state)
{
	for (int kind = 0; kind < KINDS; kind++)
		for (int ask = 0; ask < ASKS; ask++)
			for (int how = TRUNCATED; how <= HUNG; how++) {
				if (!(kinds[kind].asks & 1U << ask))
					continue;
				assert_int_equal(tear_down(state), 0);
				assert_int_equal(set_up(state), 0);
				one_bad_answer(kind, (enum ask)ask, (enum how)how);
			}
}

/* What the code did stands; the removal is tried again. */
static void removals_that_are_none(void **state)
{
	for (int kind = 0; kind < KINDS; kind++)
		for (int how = TRUNCATED; how <= CUT; how++) {
			assert_int_equal(tear_down(state), 0);
			assert_int_equal(set_up(state), 0);
			make(kind);
			run();
			misbehave(REMOVE, (enum how)how, 1);
			run();
			assert_outcome(SW_OUTCOME_OK, "");
			misbehave(REMOVE, AS_EVER, 0);
			finish();
		}
}

/* ---- deadlines ---- */

static void answer_the_attach(void *user)
{
	(void)user;
	engine_of_container(engine.hung, ATTACH);
}

/* Each request has its patience, and all together have no more: what one takes the next lacks. */
static void all_requests_have_one_patience(void **state)
{
	struct sw_timer timer = {0};
	(void)state;
	mode.sandbox.engine_timeout_ns = SECOND;
	make(COLD);
	misbehave(ATTACH, HUNG, 1);
	misbehave(START, HUNG, 1);
	assert_int_equal(sw_loop_arm(engine.loop, &timer, sw_clock_ns() + SECOND / 2,
	                             answer_the_attach, NULL), 0);
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "over the attempt's deadline of 1.00 s for the engine, in start");
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	finish();
}

/* An exec that was started, and of which nothing is heard. */
static void an_exec_that_says_nothing(void **state)
{
	(void)state;
	mode.sandbox.engine_timeout_ns = PATIENCE;
	make(EXECUTED);
	engine.exec_len = 0;
	engine.exec_holds = true;
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "over the attempt's deadline of 500 ms for the engine, in start");
	assert_int_equal(story.replaced, 1);
	finish();
}

/* Neither the wait nor the stream tells that it is dead: a look does, long before the code's own limit. */
static void a_death_that_nobody_tells(void **state)
{
	(void)state;
	mode.sandbox.engine_timeout_ns = PATIENCE;
	make(COLD);
	engine.keeps_streams = engine.keeps_waiting = true;
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "it has exited but its output does not end");
	assert_true(engine.asked[STATE] >= 1);
	finish();
}

static void a_silence_is_looked_into_again_and_again(void **state)
{
	(void)state;
	mode.sandbox.engine_timeout_ns = PATIENCE;
	make(COLD);
	engine.ends = false;
	engine.keeps_waiting = true;
	start();
	while (engine.asked[STATE] < 3)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	assert_false(story.done);
	engine_kill(0, 3);
	engine_until(&story.done);
	assert_outcome(SW_OUTCOME_FAILED, "exited with 3");
	finish();
}

static void a_look_that_is_not_answered(void **state)
{
	(void)state;
	mode.sandbox.engine_timeout_ns = PATIENCE;
	make(COLD);
	engine.ends = false;
	misbehave(STATE, HUNG, 1);
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "did not answer within 500 ms");
	finish();
}

/* A kept container is silent for long, and nobody asks after it; but its end under an exec is found. */
static void a_kept_ones_death_that_nobody_tells(void **state)
{
	(void)state;
	mode.sandbox.engine_timeout_ns = PATIENCE;
	make(EXECUTED);
	engine.exec_holds = true;
	start();
	while (!engine.asked[EXEC_START])
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	engine.keeps_streams = engine.keeps_waiting = true;
	engine_kill(0, 139);
	engine_until(&story.done);
	assert_outcome(SW_OUTCOME_CRASHED, "its container died by SIGSEGV");
	engine.keeps_streams = engine.keeps_waiting = false;
	finish();
}

/* ---- a daemon that dies ---- */

/* HTTP 200, then part of a body; the stream ends as if all were well, first or last. */
static void a_daemon_that_dies_is_no_crash(void **state)
{
	for (int kind = COLD; kind <= PREPARED; kind++)
		for (int eof_first = 0; eof_first < 2; eof_first++) {
			assert_int_equal(tear_down(state), 0);
			assert_int_equal(set_up(state), 0);
			make(kind);
			engine.ends = false;
			start();
			while (!engine.asked[WAIT])
				assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
			if (eof_first)
				engine_hang_up(engine.containers[0].attached);
			engine_say(engine.containers[0].waiting, "1f\r\n{\"Err", 9);
			engine_hang_up(engine.containers[0].waiting);
			engine_until(&story.done);
			assert_outcome(SW_OUTCOME_ENGINE, "");
			finish();
		}
}

static void a_daemon_that_dies_under_an_exec(void **state)
{
	(void)state;
	make(EXECUTED);
	engine.exec_holds = true;
	start();
	while (!engine.asked[EXEC_START])
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	for (int i = 0; i < CONNECTIONS; i++)
		engine_hang_up(&engine.connections[i]);
	engine_until(&story.done);
	assert_outcome(SW_OUTCOME_ENGINE, "");
	engine.exec_holds = false;
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	finish();
}

/* ---- ends that contradict each other ---- */

#define ENDS_WITH(code) (make(COLD), engine.ends_with = (code))

static void a_result_and_a_kill(void **state)
{
	(void)state;
	use_strategy();
	says_result();
	ENDS_WITH(137);
	run();
	assert_outcome(SW_OUTCOME_CRASHED, "gave a result (ok) but then died by SIGKILL");
	engine.is_oom = true;
	mode.sandbox.memory_bytes = 1 << 20;
	run();
	assert_outcome(SW_OUTCOME_OOM, "over its memory limit of 1 MiB");
	finish();
}

static void no_result_and_no_error(void **state)
{
	(void)state;
	use_strategy();
	ENDS_WITH(0);
	run();
	assert_outcome(SW_OUTCOME_CRASHED, "exited with 0 before it gave a result");
	finish();
}

/* Podman says of no end that memory had run out. */
static void a_kill_that_is_not_explained(void **state)
{
	for (int podman = 0; podman < 2; podman++) {
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
		is_podman = podman;
		mode.sandbox.memory_bytes = 1 << 20;
		ENDS_WITH(137);
		run();
		assert_outcome(podman ? SW_OUTCOME_OOM : SW_OUTCOME_CRASHED,
		               podman ? "this engine does not say why" : "died by SIGKILL");
		finish();
	}
}

/* The wait's word counts: what is asked later may be of what was done to it since. */
static void a_wait_and_a_state_that_differ(void **state)
{
	(void)state;
	ENDS_WITH(0);
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(engine.asked[STATE], 0);
	engine.ends_with = 137;
	misbehave(STATE, TRUNCATED, 1);
	run();
	assert_outcome(SW_OUTCOME_CRASHED, "died by SIGKILL");
	finish();
}

/* ---- refusals, in Docker's words and in Podman's ---- */

static void refused(enum ask ask, const char *words, enum sw_outcome outcome, const char *text)
{
	engine.words = words;
	misbehave(ask, SAYS_SO, 1);
	run();
	assert_outcome(outcome, text);
}

static void a_name_that_is_taken(void **state)
{
	(void)state;
	make(COLD);
	refused(CREATE, R_CREATE_409, SW_OUTCOME_ENGINE, "is already in use by container");
	refused(CREATE, R_PODMAN_500, SW_OUTCOME_ENGINE, "that name is already in use");
	/* Whoever has it, it is left alone: no create of ours is sent twice. */
	assert_int_equal(engine.asked[REMOVE], 0);
	run();
	assert_outcome(SW_OUTCOME_OK, "");
	finish();
}

static void a_version_that_is_refused(void **state)
{
	static const char too_old[] = R_JSON("400 Bad Request")
		"Content-Length: 112\r\n\r\n"
		"{\"message\":\"client version 1.41 is too old. Minimum supported API version is 1.44, "
		"please upgrade your client\"}\n";
	for (int kind = 0; kind < KINDS; kind++) {
		assert_int_equal(tear_down(state), 0);
		assert_int_equal(set_up(state), 0);
		make(kind);
		refused(CREATE, too_old, SW_OUTCOME_ENGINE, "Minimum supported API version is 1.44");
		run();
		assert_outcome(SW_OUTCOME_OK, "");
		finish();
	}
}

static void one_that_runs_already(void **state)
{
	(void)state;
	mode.sandbox.engine_timeout_ns = PATIENCE;
	make(COLD);
	engine.ends = false;
	engine.words = R_304;
	misbehave(START, SAYS_SO, 1);
	start();
	while (!engine.asked[WAIT])
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	engine_until(&story.done); /* the engine's container was never started: the wait says so */
	assert_outcome(SW_OUTCOME_ENGINE, "its output does not end");
	finish();
}

static void a_command_that_is_not_there(void **state)
{
	static const char body[] =
		"{\"cause\":\"OCI runtime attempted to invoke a command that was not found\",\"message\":"
		"\"crun: executable file `true` not found in $PATH: No such file or directory: OCI runtime "
		"error\",\"response\":500}\n";
	char podman[512];
	(void)snprintf(podman, sizeof podman,
	               "HTTP/1.1 500 Internal Server Error\r\nContent-Type: application/json\r\n"
	               "Content-Length: %zu\r\n\r\n%s", sizeof body - 1, body);
	(void)state;
	make(COLD);
	engine.words = R_START_400;
	misbehave(START, SAYS_SO, 1);
	start();
	while (!engine.n)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	engine.containers[0].code = 127;
	engine_until(&story.done);
	assert_outcome(SW_OUTCOME_FAILED, "the command cannot be executed: true");
	assert_int_equal(story.result.exit_code, 127);
	/* Podman's: at the attach, which creates it, or the start; and its state knows of no code. */
	refused(ATTACH, podman, SW_OUTCOME_FAILED, "the command cannot be executed: true");
	refused(START, podman, SW_OUTCOME_FAILED, "not found in $PATH");
	assert_int_equal(story.result.exit_code, 127);
	refused(START, R_PODMAN_500, SW_OUTCOME_ENGINE, "that name is already in use");
	finish();
}

/* ---- what an earlier attempt left in a kept container ---- */

static void what_was_left_is_not_the_engines(void **state)
{
	static const enum ask steps[] = {EXEC, EXEC_START};
	(void)state;
	make(EXECUTED);
	for (int i = 0; i < 2; i++) {
		run();
		assert_outcome(SW_OUTCOME_OK, "");
		/* In a container where code has been: once more in another one. */
		engine.words = R_EXEC_409;
		misbehave(steps[i], SAYS_SO, 1);
		run();
		assert_outcome(SW_OUTCOME_OK, "");
		assert_int_equal(story.replaced, i + 1);
	}
	/* In one where none has been it is the engine's. */
	misbehave(EXEC, SAYS_SO, 2);
	run();
	assert_outcome(SW_OUTCOME_ENGINE, "is not running");
	finish();
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(answers_that_are_none),
		T(removals_that_are_none),
		T(all_requests_have_one_patience),
		T(an_exec_that_says_nothing),
		T(a_death_that_nobody_tells),
		T(a_silence_is_looked_into_again_and_again),
		T(a_look_that_is_not_answered),
		T(a_kept_ones_death_that_nobody_tells),
		T(a_daemon_that_dies_is_no_crash),
		T(a_daemon_that_dies_under_an_exec),
		T(a_result_and_a_kill),
		T(no_result_and_no_error),
		T(a_kill_that_is_not_explained),
		T(a_wait_and_a_state_that_differ),
		T(a_name_that_is_taken),
		T(a_version_that_is_refused),
		T(one_that_runs_already),
		T(a_command_that_is_not_there),
		T(what_was_left_is_not_the_engines),
	};
	return cmocka_run_group_tests_name("misbehaving", tests, NULL, NULL);
}
