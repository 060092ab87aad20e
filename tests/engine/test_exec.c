/* docker/exec.c (and docker/kept.c below it) against a real engine: many iterations in one container, each
 * way an attempt can end, containers that are lost or have to be given up, and nothing left behind. Needs
 * sandwatch/python:latest on the engine. */
#include <string.h>

#define FX_SHELL "sandwatch-test/exec:latest"
#include "tests/engine/fixture.h"
#include "tests/engine/tiled.h"

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/event.h"
#include "core/file.h"
#include "core/plan.h"
#include "docker/exec.h"
#include "docker/tar.h"

#define SESSION "exec-test"
#define LABEL "org.sandwatch.session=" SESSION
#define PYTHON "/usr/bin/python3.11", "-I", "-S", "-c"
enum { MAX_EVENTS = 256, MAX_WORDS = 16, SLOTS = 2 };

static struct fx fx;
static char image_words[MAX_WORDS][128];
static const char *image_argv[MAX_WORDS + 1];

/* One runner and what it told. */
struct bench {
	struct sw_container_options options;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready, has_error;
	char ready_error[SW_TEXT_MAX];
	struct sw_event events[MAX_EVENTS];
	int n_events;
	enum sw_phase cancel_in; /* SW_PHASE_PULL: never */
	bool kill_in_execute;
};

static struct sw_mode_plan mode;
static struct sw_task task;
static struct bench slots[SLOTS];
static struct bench *const bench = &slots[0];
static int64_t next_iteration;

static void on_done(void *user, const struct sw_attempt_result *result)
{
	struct bench *b = user;
	assert_false(b->done);
	b->result = *result;
	b->done = true;
}

static void start(struct bench *b)
{
	struct sw_attempt attempt = {.iteration = ++next_iteration, .number = 1};
	(void)snprintf(attempt.token, sizeof attempt.token, "%032llx",
	               0xabcdef0000ULL + (unsigned long long)next_iteration);
	b->done = false;
	b->runner->ops->start(b->runner, &attempt, on_done, b);
	assert_false(b->done);
}

static void on_ready(void *user, const char *error)
{
	struct bench *b = user;
	assert_false(b->ready);
	b->ready = true;
	b->has_error = error != NULL;
	(void)snprintf(b->ready_error, sizeof b->ready_error, "%s", error ? error : "");
}

/* Not fx_done: what else the test asks the engine for waits for that. */
static void on_kill_sent(void *user, const struct sw_error *error)
{
	(void)user;
	assert_null(error);
}

static void kill_container(const char *id)
{
	sw_api_container_kill(fx.api, id, "KILL", 10 * FX_SECOND, on_kill_sent, NULL);
}

static void on_event(void *user, struct sw_event *event)
{
	struct bench *b = user;
	assert_true(b->n_events < MAX_EVENTS);
	b->events[b->n_events++] = *event;
	if (event->kind != SW_EVENT_PHASE_STARTED)
		return;
	if (event->u.it.phase == b->cancel_in && b->cancel_in != SW_PHASE_PULL)
		b->runner->ops->cancel(b->runner);
	if (event->u.it.phase == SW_PHASE_EXECUTE && b->kill_in_execute)
		kill_container(event->u.it.container);
}

static void make_only(struct bench *b)
{
	struct sw_error err;
	if (sw_exec_new(&b->options, &b->runner, &err) < 0)
		fail_msg("%s", err.message);
}

typedef void (*op_fn)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user);

static void wait_for(struct bench *b, op_fn op, const char *what)
{
	b->ready = false;
	op(b->runner, on_ready, b);
	assert_false(b->ready);
	fx_until(&fx, &b->ready, 30, what);
}

static void make(struct bench *b)
{
	make_only(b);
	wait_for(b, b->runner->ops->prepare, "prepare");
}

static void settle(struct bench *b)
{
	wait_for(b, b->runner->ops->settle, "settle");
}

/* Ends the runner, which leaves nothing. */
static void finish(struct bench *b)
{
	wait_for(b, b->runner->ops->finish, "finish");
	assert_int_equal(fx_count(&fx, LABEL), 0);
	b->runner->ops->free(b->runner);
	b->runner = NULL;
}

static const struct sw_attempt_result *run(struct bench *b)
{
	start(b);
	fx_until(&fx, &b->done, 120, "the attempt's end");
	return &b->result;
}

static void use_command(const char *const *argv)
{
	task.strategy = NULL;
	task.command = (char *const *)(uintptr_t)argv;
}

static void use_python(const char *code)
{
	static const char *argv[] = {PYTHON, NULL, NULL};
	argv[4] = code;
	use_command(argv);
}

static void use_strategy(const char *source)
{
	task.strategy = source;
	task.strategy_len = strlen(source);
}

static const char *momentum(void)
{
	static char source[32768];
	FILE *file = fopen("config/strategies/momentum.py", "re");
	fx_need(file != NULL, "not run from the project's folder");
	source[fread(source, 1, sizeof source - 1, file)] = '\0';
	fclose(file);
	return source;
}

static int count_events(const struct bench *b, enum sw_event_kind kind)
{
	int n = 0;
	for (int i = 0; i < b->n_events; i++)
		n += b->events[i].kind == kind;
	return n;
}

static const struct sw_event *last_event(const struct bench *b, enum sw_event_kind kind)
{
	for (int i = b->n_events - 1; i >= 0; i--)
		if (b->events[i].kind == kind)
			return &b->events[i];
	fail_msg("there is no %s", sw_event_name(kind));
	return NULL;
}

static void assert_outcome(const struct bench *b, enum sw_outcome outcome, const char *text)
{
	if (b->result.outcome != outcome || !strstr(b->result.error, text))
		fail_msg("%s: \"%s\", expected %s with \"%s\"",
		         sw_word(&sw_words_outcome, (int)b->result.outcome), b->result.error,
		         sw_word(&sw_words_outcome, (int)outcome), text);
}

static int64_t span_ns(const struct bench *b, enum sw_phase phase)
{
	for (int i = 0; i < b->result.n_spans; i++)
		if (b->result.spans[i].phase == phase)
			return b->result.spans[i].end_ns - b->result.spans[i].start_ns;
	return -1;
}

/* The container was lost or given up, COUNT times so far, and another one is there. */
static void assert_replaced(struct bench *b, int count, const char *why)
{
	char before[16];
	(void)snprintf(before, sizeof before, "%s", b->result.container);
	settle(b);
	assert_string_equal(b->ready_error, "");
	assert_int_equal(count_events(b, SW_EVENT_CONTAINER_REPLACED), count);
	assert_int_equal(count_events(b, SW_EVENT_CONTAINER_CREATED), count + 1);
	assert_int_equal(count_events(b, SW_EVENT_CONTAINER_REMOVED), count);
	const struct sw_event *event = last_event(b, SW_EVENT_CONTAINER_REPLACED);
	if (!strstr(event->u.it.text, why))
		fail_msg("replaced as '%s', not '%s'", event->u.it.text, why);
	assert_int_equal(event->u.it.iteration, 0);
	assert_int_equal(fx_count(&fx, LABEL), 1);
	use_python("pass");
	run(b);
	assert_outcome(b, SW_OUTCOME_OK, "");
	assert_string_not_equal(b->result.container, before);
}

static void need_python(void)
{
	fx_need_engine();
	fx_need(fx.has_image, FX_PYTHON " is not on the engine (sandwatch image build)");
}

/* ---- iterations ---- */

static void strategies_share_a_container_and_give_their_results(void **state)
{
	static const enum sw_phase expected[] = {
		SW_PHASE_CREATE, SW_PHASE_START, SW_PHASE_BOOT, SW_PHASE_IMPORTS, SW_PHASE_VALIDATE,
		SW_PHASE_DATA, SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE, SW_PHASE_DELIVER, SW_PHASE_EXIT};
	char id[16] = "", digest[SW_DIGEST_MAX] = "";
	(void)state;
	need_python();
	use_strategy(momentum());
	make(bench);
	assert_string_equal(bench->ready_error, "");
	for (int i = 0; i < 5; i++) {
		run(bench);
		assert_outcome(bench, SW_OUTCOME_OK, "");
		fx_assert_tiled(&bench->result);
		assert_int_equal(bench->result.n_spans, sizeof expected / sizeof *expected);
		for (int k = 0; k < bench->result.n_spans; k++)
			assert_int_equal(bench->result.spans[k].phase, expected[k]);
		assert_true(bench->result.exit_code == 0 && !bench->result.by_durations);
		assert_int_equal(strlen(bench->result.container), 12);
		assert_string_equal(bench->result.container, i > 0 ? id : bench->result.container);
		assert_string_equal(bench->result.digest, i > 0 ? digest : bench->result.digest);
		(void)snprintf(id, sizeof id, "%s", bench->result.container);
		(void)snprintf(digest, sizeof digest, "%s", bench->result.digest);
	}
	assert_int_equal(strlen(digest), 64);
	settle(bench);
	assert_int_equal(fx_count(&fx, LABEL), 1);
	finish(bench);
	assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_CREATED), 1);
	assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REMOVED), 1);
	assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REPLACED), 0);
	assert_int_equal(count_events(bench, SW_EVENT_CLOCK_KNOWN), 1);
}

static void the_containers_making_lies_behind(void **state)
{
	static const enum sw_phase expected[] = {SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START};
	(void)state;
	need_python();
	make(bench);
	const struct sw_event *behind = last_event(bench, SW_EVENT_PHASE_BEHIND);
	assert_int_equal(behind->u.it.iteration, 0);
	assert_int_equal(behind->u.it.n_spans, 3);
	for (int i = 0; i < 3; i++) {
		const struct sw_span *span = &behind->u.it.spans[i];
		assert_int_equal(span->phase, expected[i]);
		assert_true(span->end_ns > span->start_ns && !span->on_path);
	}
	assert_int_equal(last_event(bench, SW_EVENT_CONTAINER_CREATED)->u.it.iteration, 0);
	run(bench);
	assert_int_equal(count_events(bench, SW_EVENT_PHASE_BEHIND), 1);
	finish(bench);
}

static void events_tell_each_phase_as_it_begins(void **state)
{
	static const enum sw_phase expected[] = {SW_PHASE_CREATE, SW_PHASE_START, SW_PHASE_BOOT,
	                                         SW_PHASE_IMPORTS, SW_PHASE_EXECUTE, SW_PHASE_EXIT};
	int told = 0;
	(void)state;
	need_python();
	use_strategy(momentum());
	make(bench);
	run(bench);
	for (int i = 0; i < bench->n_events; i++) {
		if (bench->events[i].kind != SW_EVENT_PHASE_STARTED)
			continue;
		assert_true(told < (int)(sizeof expected / sizeof *expected));
		assert_int_equal(bench->events[i].u.it.phase, expected[told++]);
		assert_int_equal(bench->events[i].u.it.iteration, next_iteration);
		assert_string_equal(bench->events[i].u.it.container, bench->result.container);
	}
	assert_int_equal(told, sizeof expected / sizeof *expected);
	finish(bench);
}

static void two_slots_at_the_same_time(void **state)
{
	(void)state;
	need_python();
	use_strategy(momentum());
	slots[1].options = slots[0].options;
	slots[1].options.slot = 1;
	slots[1].options.sink.user = &slots[1];
	make(&slots[0]);
	make(&slots[1]);
	for (int i = 0; i < 2; i++) {
		start(&slots[0]);
		start(&slots[1]);
		fx_until(&fx, &slots[0].done, 60, "one slot's attempt");
		fx_until(&fx, &slots[1].done, 60, "the other slot's attempt");
		assert_outcome(&slots[0], SW_OUTCOME_OK, "");
		assert_outcome(&slots[1], SW_OUTCOME_OK, "");
		assert_string_equal(slots[0].result.digest, slots[1].result.digest);
		assert_string_not_equal(slots[0].result.container, slots[1].result.container);
	}
	wait_for(&slots[1], slots[1].runner->ops->finish, "finish");
	assert_int_equal(fx_count(&fx, LABEL), 1);
	slots[1].runner->ops->free(slots[1].runner);
	slots[1].runner = NULL;
	finish(&slots[0]);
}

/* ---- ends of the code's own ---- */

static void code_that_fails_harms_only_itself(void **state)
{
	(void)state;
	need_python();
	make(bench);
	use_python("print('the reason'); raise SystemExit(3)");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_FAILED, "exited with 3; last line of its output: the reason");
	assert_int_equal(bench->result.stdout_bytes, strlen("the reason\n"));
	fx_assert_tiled(&bench->result);
	use_python("import os; os.kill(os.getpid(), 11)");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_CRASHED, "died by SIGSEGV");
	assert_int_equal(bench->result.term_signal, 11);
	use_strategy("def broken(:\n");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_REJECTED, "");
	use_command((const char *const[]){"/no/such/command", NULL});
	run(bench);
	assert_outcome(bench, SW_OUTCOME_FAILED, "/no/such/command");
	assert_int_equal(bench->result.exit_code, 127);
	use_strategy(momentum());
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OK, "");
	assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REPLACED), 0);
	finish(bench);
}

static void token_and_stdin_are_the_attempts_own(void **state)
{
	(void)state;
	need_python();
	make(bench);
	use_python("import os, sys\n"
	           "sys.exit(0 if sys.stdin.read() == '' and 'SANDWATCH_TOKEN' not in os.environ else 9)");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OK, "");
	finish(bench);
}

static void memory_limit_is_oom(void **state)
{
	(void)state;
	need_python();
	fx_need(fx.engine.info.memory_limit, "this engine cannot limit memory");
	mode.sandbox.memory_bytes = 64 << 20;
	make(bench);
	use_python("x = bytearray(1 << 30)");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OOM, "over its memory limit of 64 MiB and killed");
	assert_int_equal(bench->result.exit_code, 137);
	fx_assert_tiled(&bench->result);
	/* Another's is not this one's. */
	use_python("import os; os.kill(os.getpid(), 9)");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_CRASHED, "died by SIGKILL");
	use_python("pass");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OK, "");
	assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REPLACED), 0);
	finish(bench);
}

/* ---- ends that take the container along ---- */

static void endless_code_times_out_with_its_container(void **state)
{
	(void)state;
	need_python();
	mode.sandbox.timeout_ns = FX_SECOND;
	make(bench);
	use_python("while True: pass");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_TIMEOUT, "over its limit of 1.00 s and killed");
	assert_true(bench->result.end_ns - bench->result.start_ns >= FX_SECOND);
	assert_true(span_ns(bench, SW_PHASE_STOP) > 0);
	assert_true(span_ns(bench, SW_PHASE_EXECUTE) >= FX_SECOND / 2);
	fx_assert_tiled(&bench->result);
	mode.sandbox.timeout_ns = 60 * FX_SECOND;
	assert_replaced(bench, 1, "over its time limit");
	finish(bench);
}

/* The next attempt may come at once: its time begins when there is a container for it. */
static void a_new_container_is_on_nobodys_path(void **state)
{
	(void)state;
	need_python();
	mode.sandbox.timeout_ns = FX_SECOND / 2;
	make(bench);
	use_python("while True: pass");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_TIMEOUT, "");
	mode.sandbox.timeout_ns = 60 * FX_SECOND;
	use_python("pass");
	int64_t asked_ns = sw_clock_ns();
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OK, "");
	fx_assert_tiled(&bench->result);
	const struct sw_span *start_behind =
		&last_event(bench, SW_EVENT_PHASE_BEHIND)->u.it.spans[2];
	assert_int_equal(start_behind->phase, SW_PHASE_START);
	assert_true(start_behind->end_ns > asked_ns);
	assert_true(bench->result.start_ns >= start_behind->end_ns);
	finish(bench);
}

static void cancelled_in_any_phase(void **state)
{
	static const enum sw_phase phases[] = {SW_PHASE_CREATE, SW_PHASE_START, SW_PHASE_EXECUTE};
	(void)state;
	need_python();
	make(bench);
	bench->runner->ops->cancel(bench->runner);
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
		use_python("import time; time.sleep(1000)");
		bench->cancel_in = phases[i];
		run(bench);
		assert_outcome(bench, SW_OUTCOME_CANCELLED, "");
		bench->cancel_in = SW_PHASE_PULL;
		settle(bench);
		assert_string_equal(bench->ready_error, "");
		assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_CREATED), i + 2);
		assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REMOVED), i + 1);
		/* None was lost: somebody asked for it. */
		assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REPLACED), 0);
	}
	finish(bench);
}

/* While the container is waited for there is nothing to be killed. */
static void cancelled_before_there_is_a_container(void **state)
{
	(void)state;
	need_python();
	make_only(bench);
	use_python("import time; time.sleep(1000)");
	start(bench);
	bench->runner->ops->cancel(bench->runner);
	assert_false(bench->done);
	fx_until(&fx, &bench->done, 30, "the cancelled attempt's end");
	assert_outcome(bench, SW_OUTCOME_CANCELLED, "");
	settle(bench);
	assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_REPLACED), 0);
	finish(bench);
}

static void killed_from_outside_during_an_attempt(void **state)
{
	(void)state;
	need_python();
	make(bench);
	bench->kill_in_execute = true;
	use_python("import time; time.sleep(1000)");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_CRASHED, "its container died by SIGKILL");
	bench->kill_in_execute = false;
	assert_replaced(bench, 1, "the kept container ");
	/* The answer about its end and that about the attempt's come in either order. */
	const char *why = last_event(bench, SW_EVENT_CONTAINER_REPLACED)->u.it.text;
	assert_true(strstr(why, "was killed (SIGKILL)") || strstr(why, "does not run any more"));
	finish(bench);
}

static void killed_from_outside_between_attempts(void **state)
{
	bool is_told = false;
	(void)state;
	need_python();
	make(bench);
	use_python("pass");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OK, "");
	kill_container(bench->result.container);
	while (!is_told) { /* within the test runner's patience */
		fx_step(&fx);
		is_told = count_events(bench, SW_EVENT_CONTAINER_REPLACED) == 1;
	}
	assert_replaced(bench, 1, "was killed (SIGKILL)");
	finish(bench);
}

/* The attempt itself finds it gone, before the runner has heard of it. */
static void killed_just_before_an_attempt(void **state)
{
	(void)state;
	need_python();
	make(bench);
	use_python("import time; time.sleep(1000)");
	kill_container(last_event(bench, SW_EVENT_CONTAINER_CREATED)->u.it.container);
	run(bench);
	assert_outcome(bench, SW_OUTCOME_ENGINE, "");
	assert_replaced(bench, 1, "");
	finish(bench);
}

/* ---- other images ---- */

/* In an image that knows nothing of sandwatch, with the shim to be uploaded. TAR outlives the runner. */
static void use_foreign_image(struct sw_buf *tar)
{
	SW_CLEANUP(buf) struct sw_buf bytes = {0};
	struct sw_error err;
	fx_import_shell(&fx);
	assert_int_equal(sw_file_read("build/release/shim", 4 << 20, &bytes, &err), 0);
	assert_int_equal(sw_tar_one(tar, "sandwatch-shim", 0755, bytes.data, bytes.len), 0);
	(void)snprintf(mode.sandbox.image, sizeof mode.sandbox.image, FX_SHELL);
	mode.sandbox.read_only = false;
	bench->options.shim = SW_SHIM_UPLOADED;
	bench->options.shim_tar = tar->data;
	bench->options.shim_tar_len = tar->len;
}

static void command_in_another_image(void **state)
{
	static const char *const slow[] = {"/bin/sh", "-c", "sleep 0.3; echo hi", NULL};
	static const char *const none[] = {"/none", NULL};
	static const char *const quiet[] = {"/bin/sh", "-c", "exec >&- 2>&-; sleep 0.3; exit 4", NULL};
	static struct sw_buf tar; /* freed by the last line, unless it fails */
	(void)state;
	fx_need_engine();
	use_foreign_image(&tar);
	for (int i = 0; i < 2; i++) { /* with the shim uploaded; then with a root that takes none */
		mode.sandbox.read_only = i == 1;
		bench->n_events = 0;
		use_command(slow);
		make(bench);
		assert_string_equal(bench->ready_error, "");
		for (int k = 0; k < 2; k++) {
			run(bench);
			assert_outcome(bench, SW_OUTCOME_OK, "");
			assert_int_equal(bench->result.stdout_bytes, strlen("hi\n"));
			fx_assert_tiled(&bench->result);
			assert_true(span_ns(bench, SW_PHASE_EXECUTE) >= FX_SECOND * 2 / 10);
		}
		finish(bench);
		assert_int_equal(count_events(bench, SW_EVENT_CLOCK_KNOWN), i == 0);
		assert_int_equal(count_events(bench, SW_EVENT_CONTAINER_CREATED), 1);
	}
	/* Without a shim it is the engine that says so, in the stream and by its code. */
	use_command(none);
	make(bench);
	run(bench);
	assert_outcome(bench, SW_OUTCOME_FAILED, "the command cannot be executed");
	assert_non_null(strstr(bench->result.error, "/none"));
	finish(bench);
	/* Its streams end before it does. */
	use_command(quiet);
	make(bench);
	run(bench);
	assert_outcome(bench, SW_OUTCOME_FAILED, "exited with 4");
	assert_true(bench->result.end_ns - bench->result.start_ns >= FX_SECOND * 3 / 10);
	fx_assert_tiled(&bench->result);
	finish(bench);
	fx_remove_image(&fx, FX_SHELL);
	sw_buf_done(&tar);
}

static void image_without_anything_to_keep_it_up(void **state)
{
	(void)state;
	need_python();
	bench->options.shim = SW_SHIM_NONE; /* there is no `sleep` in sandwatch's own image */
	make(bench);
	assert_non_null(strstr(bench->ready_error, "`sleep infinity`"));
	use_python("pass");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_ENGINE, "`sleep infinity`");
	finish(bench);
}

/* ---- what is wrong before there is a container ---- */

static void missing_image_is_the_engines(void **state)
{
	(void)state;
	need_python();
	(void)snprintf(mode.sandbox.image, sizeof mode.sandbox.image, "nowhere/none:1");
	make(bench);
	assert_non_null(strstr(bench->ready_error, "nowhere/none:1"));
	use_python("pass");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_ENGINE, "docker pull nowhere/none:1");
	finish(bench);
}

static void image_without_a_command(void **state)
{
	(void)state;
	need_python();
	bench->options.image_argv = NULL;
	use_strategy(momentum());
	make(bench);
	assert_non_null(strstr(bench->ready_error, "no command"));
	run(bench);
	assert_outcome(bench, SW_OUTCOME_ENGINE, "no command");
	finish(bench);
}

static void engine_that_comes_back_is_used(void **state)
{
	(void)state;
	need_python();
	bench->options.api_version = "";
	bench->options.engine_error = "it was not there";
	use_python("pass");
	make_only(bench); /* not prepared: the attempt itself has to find out */
	run(bench);
	assert_outcome(bench, SW_OUTCOME_OK, "");
	finish(bench);
}

static void engine_that_is_away(void **state)
{
	struct sw_error err;
	(void)state;
	if (!fx.loop)
		assert_int_equal(sw_loop_new(&fx.loop, &err), 0);
	bench->options.loop = fx.loop;
	bench->options.api_version = "1.41";
	assert_int_equal(sw_endpoint_parse("unix:///nonexistent/engine.sock", &bench->options.endpoint,
	                                   &err), 0);
	use_python("pass");
	make(bench);
	assert_non_null(strstr(bench->ready_error, "/nonexistent/engine.sock"));
	run(bench);
	assert_outcome(bench, SW_OUTCOME_ENGINE, "/nonexistent/engine.sock");
	settle(bench);
	assert_true(bench->has_error);
}

static void no_engine_at_all(void **state)
{
	struct sw_error err;
	(void)state;
	if (!fx.loop)
		assert_int_equal(sw_loop_new(&fx.loop, &err), 0);
	bench->options.loop = fx.loop;
	bench->options.endpoint = (struct sw_endpoint){0};
	bench->options.api_version = "";
	bench->options.engine_error = "start one";
	use_python("pass");
	make(bench);
	assert_string_equal(bench->ready_error, "start one");
	run(bench);
	assert_outcome(bench, SW_OUTCOME_ENGINE, "start one");
}

/* ---- fixture ---- */

static void on_image(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	int n = 0;
	char **lists[] = {image ? image->entrypoint : NULL, image ? image->command : NULL};
	for (int i = 0; i < 2; i++)
		for (char **word = lists[i]; word && *word && n < MAX_WORDS; word++, n++) {
			(void)snprintf(image_words[n], sizeof image_words[n], "%s", *word);
			image_argv[n] = image_words[n];
		}
	image_argv[n] = NULL;
	fx_done(user, error);
}

static int set_up_one(void **state)
{
	(void)state;
	static struct sw_plan plan;
	memset(slots, 0, sizeof slots);
	next_iteration = 0;
	sw_plan_defaults(&plan);
	mode = (struct sw_mode_plan){
		.name = "exec mode", .kind = SW_KIND_EXEC, .parallel = 1, .sandbox = plan.sandbox};
	mode.sandbox.timeout_ns = 60 * FX_SECOND;
	task = (struct sw_task){.backtest = SW_BACKTEST_REAL, .days = 252, .symbols = 10, .seed = 42};
	use_python("pass");
	bench->options = (struct sw_container_options){
		.loop = fx.loop, .endpoint = fx.engine.endpoint, .api_version = fx.engine.api_version,
		.mode = &mode, .task = &task, .session_id = SESSION, .shim = SW_SHIM_BAKED,
		.image_argv = image_argv, .sink = {on_event, bench},
		.is_podman = strcmp(fx.engine.info.name, "podman") == 0};
	return 0;
}

static int tear_down_one(void **state)
{
	(void)state;
	for (int i = 0; i < SLOTS; i++) {
		if (!slots[i].runner)
			continue;
		/* Of a test that failed: the next one finds nothing of it. */
		wait_for(&slots[i], slots[i].runner->ops->finish, "finish");
		slots[i].runner->ops->free(slots[i].runner);
	}
	return 0;
}

static int set_up(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	fx_open(&fx, fx_host());
	sw_api_image_inspect(fx.api, FX_PYTHON, 10 * FX_SECOND, on_image, &fx);
	fx_wait(&fx, "inspecting an image");
	fx.has_image = fx.ok;
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fx_close(&fx);
	return 0;
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(strategies_share_a_container_and_give_their_results),
		T(the_containers_making_lies_behind),
		T(events_tell_each_phase_as_it_begins),
		T(two_slots_at_the_same_time),
		T(code_that_fails_harms_only_itself),
		T(token_and_stdin_are_the_attempts_own),
		T(memory_limit_is_oom),
		T(endless_code_times_out_with_its_container),
		T(a_new_container_is_on_nobodys_path),
		T(cancelled_in_any_phase),
		T(cancelled_before_there_is_a_container),
		T(killed_from_outside_during_an_attempt),
		T(killed_from_outside_between_attempts),
		T(killed_just_before_an_attempt),
		T(command_in_another_image),
		T(image_without_anything_to_keep_it_up),
		T(missing_image_is_the_engines),
		T(image_without_a_command),
		T(engine_that_comes_back_is_used),
		T(engine_that_is_away),
		T(no_engine_at_all),
	};
	return cmocka_run_group_tests_name("exec", tests, set_up, tear_down);
}
