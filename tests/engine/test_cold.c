/* docker/cold.c against a real engine: each way an attempt can end has its outcome, its text, phases
 * that tile it, and leaves nothing behind. Needs sandwatch/python:latest on the engine. */
#include <string.h>
#include <sys/resource.h>

#define FX_SHELL "sandwatch-test/cold:latest"
#include "tests/engine/fixture.h"
#include "tests/engine/tiled.h"

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/event.h"
#include "core/file.h"
#include "core/plan.h"
#include "docker/cold.h"
#include "docker/tar.h"

#define SESSION "cold-test"
#define LABEL "org.sandwatch.session=" SESSION
#define PYTHON "/usr/bin/python3.11", "-I", "-S", "-c"
#define MAX_EVENTS 64

static struct fx fx;

/* One runner and what it told. */
struct bench {
	struct sw_mode_plan mode;
	struct sw_task task;
	struct sw_container_options options;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready;
	char ready_error[SW_TEXT_MAX];
	struct sw_event events[MAX_EVENTS];
	int64_t event_ns[MAX_EVENTS];
	int n_events;
	int64_t next;
	int again; /* attempts to start from inside done */
	enum sw_phase cancel_in; /* SW_PHASE_PULL: never */
	bool kill_in_execute;
};

static struct bench bench;

static void on_done(void *user, const struct sw_attempt_result *result);

static void start(void)
{
	struct sw_attempt attempt = {.iteration = ++bench.next, .number = 1};
	(void)snprintf(attempt.token, sizeof attempt.token, "%032llx",
	               0xabcdef0000ULL + (unsigned long long)bench.next);
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
	if (bench.again-- > 0)
		start();
}

static void on_ready(void *user, const char *error)
{
	(void)user;
	bench.ready = true;
	(void)snprintf(bench.ready_error, sizeof bench.ready_error, "%s", error ? error : "");
}

/* Nobody waits for it: fx_done would answer for the next request. */
static void on_killed(void *user, const struct sw_error *error)
{
	(void)user;
	(void)error;
}

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	assert_true(bench.n_events < MAX_EVENTS);
	bench.event_ns[bench.n_events] = sw_clock_ns();
	bench.events[bench.n_events++] = *event;
	if (event->kind != SW_EVENT_PHASE_STARTED)
		return;
	if (event->u.it.phase == bench.cancel_in && bench.cancel_in != SW_PHASE_PULL)
		bench.runner->ops->cancel(bench.runner);
	if (event->u.it.phase == SW_PHASE_EXECUTE && bench.kill_in_execute)
		sw_api_container_kill(fx.api, event->u.it.container, "KILL", 10 * FX_SECOND, on_killed, NULL);
}

static void make(void)
{
	struct sw_error err;
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	if (sw_cold_new(&bench.options, &bench.runner, &err) < 0)
		fail_msg("%s", err.message);
	bench.runner->ops->prepare(bench.runner, on_ready, NULL);
	assert_false(bench.ready);
	fx_until(&fx, &bench.ready, 20, "prepare");
}

static const struct sw_attempt_result *run_made(void)
{
	start();
	fx_until(&fx, &bench.done, 120, "the attempt's end");
	return &bench.result;
}

static const struct sw_attempt_result *run(void)
{
	make();
	return run_made();
}

static const struct sw_attempt_result *run_command(const char *const *argv)
{
	bench.task.strategy = NULL;
	bench.task.command = (char *const *)(uintptr_t)argv;
	return run();
}

static const struct sw_attempt_result *run_python(const char *code)
{
	const char *const argv[] = {PYTHON, code, NULL};
	return run_command(argv);
}

static const struct sw_attempt_result *run_strategy(const char *source)
{
	bench.task.strategy = source;
	bench.task.strategy_len = strlen(source);
	return run();
}

/* The phases that were told of iteration 1 are the N of EXPECTED. */
static void assert_told(const enum sw_phase *expected, int n)
{
	int told = 0;
	for (int i = 0; i < bench.n_events; i++) {
		if (bench.events[i].kind != SW_EVENT_PHASE_STARTED)
			continue;
		assert_int_equal(bench.events[i].u.it.iteration, 1);
		assert_true(told < n);
		assert_int_equal(bench.events[i].u.it.phase, expected[told++]);
	}
	assert_int_equal(told, n);
}

static int64_t told_ns(enum sw_phase phase)
{
	for (int i = 0; i < bench.n_events; i++)
		if (bench.events[i].kind == SW_EVENT_PHASE_STARTED && bench.events[i].u.it.phase == phase)
			return bench.event_ns[i];
	return 0;
}

static const struct sw_span *span_of(enum sw_phase phase)
{
	for (int i = 0; i < bench.result.n_spans; i++)
		if (bench.result.spans[i].phase == phase)
			return &bench.result.spans[i];
	fail_msg("there is no span of %s", sw_word(&sw_words_phase, (int)phase));
	return NULL;
}

static int64_t span_ns(enum sw_phase phase)
{
	for (int i = 0; i < bench.result.n_spans; i++)
		if (bench.result.spans[i].phase == phase)
			return bench.result.spans[i].end_ns - bench.result.spans[i].start_ns;
	return -1;
}

static void assert_outcome(enum sw_outcome outcome, const char *text)
{
	if (bench.result.outcome != outcome || !strstr(bench.result.error, text))
		fail_msg("%s: \"%s\", expected %s with \"%s\"",
		         sw_word(&sw_words_outcome, (int)bench.result.outcome), bench.result.error,
		         sw_word(&sw_words_outcome, (int)outcome), text);
	assert_int_equal(fx_count(&fx, LABEL), 0);
}

static int count_events(enum sw_event_kind kind)
{
	int n = 0;
	for (int i = 0; i < bench.n_events; i++)
		n += bench.events[i].kind == kind;
	return n;
}

static void need_python(void)
{
	fx_need_engine();
	fx_need(fx.has_image, FX_PYTHON " is not on the engine (sandwatch image build)");
}

/* ---- strategies ---- */

static void strategy_gives_its_result(void **state)
{
	static const enum sw_phase expected[] = {
		SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START, SW_PHASE_BOOT, SW_PHASE_IMPORTS,
		SW_PHASE_VALIDATE, SW_PHASE_DATA, SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE, SW_PHASE_DELIVER,
		SW_PHASE_EXIT, SW_PHASE_REMOVE};
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	FILE *file = fopen("config/strategies/momentum.py", "re");
	char source[32768];
	fx_need(file != NULL, "not run from the project's folder");
	source[fread(source, 1, sizeof source - 1, file)] = '\0';
	fclose(file);
	run_strategy(source);
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(strlen(bench.result.digest), 64);
	assert_int_equal(bench.result.exit_code, 0);
	assert_int_equal(strlen(bench.result.container), 12);
	assert_false(bench.result.by_durations);
	fx_assert_tiled(&bench.result);
	assert_int_equal(bench.result.n_spans, sizeof expected / sizeof *expected);
	for (int i = 0; i < bench.result.n_spans; i++)
		assert_int_equal(bench.result.spans[i].phase, expected[i]);

	char first[SW_DIGEST_MAX];
	(void)snprintf(first, sizeof first, "%s", bench.result.digest);
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
	assert_string_equal(bench.result.digest, first);
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 1);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_CREATED), 2);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REMOVED), 2);
}

static void events_tell_each_phase_as_it_begins(void **state)
{
	static const enum sw_phase expected[] = {SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START,
	                                         SW_PHASE_EXECUTE, SW_PHASE_EXIT, SW_PHASE_REMOVE};
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	/* Nothing that a command prints is an announcement. */
	run_python("print('\\x1esw1 - phase imports')");
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(bench.result.stdout_bytes, strlen("\036sw1 - phase imports\n"));
	assert_told(expected, sizeof expected / sizeof *expected);
}

/* Without a shim the start's answer is all that tells of a command that says nothing. */
static void a_silent_command_executes_once_it_is_started(void **state)
{
	static const enum sw_phase expected[] = {SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START,
	                                         SW_PHASE_EXECUTE, SW_PHASE_REMOVE};
	(void)state;
	need_python();
	run_python("import time; time.sleep(0.3)");
	assert_outcome(SW_OUTCOME_OK, "");
	assert_told(expected, sizeof expected / sizeof *expected);
}

static void the_workers_phases_are_told_while_they_last(void **state)
{
	static const enum sw_phase expected[] = {
		SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START, SW_PHASE_BOOT, SW_PHASE_IMPORTS,
		SW_PHASE_EXECUTE, SW_PHASE_EXIT, SW_PHASE_REMOVE};
	static const char forged[] = "print('\\x1esw1 - phase imports')\n"
		"n = 0\nfor i in range(3000000):\n n = n + i\n" /* so that it lasts */
		"report = sim(data.close > data.close.shift(1))\n";
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	run_strategy(forged);
	assert_outcome(SW_OUTCOME_OK, "");
	assert_told(expected, sizeof expected / sizeof *expected);
	assert_int_equal(bench.result.stderr_bytes, strlen("\036sw1 - phase imports\n"));
	assert_int_equal(bench.result.stdout_bytes, 0);
	static const enum sw_phase long_ones[] = {SW_PHASE_IMPORTS, SW_PHASE_EXECUTE};
	for (int i = 0; i < 2; i++) {
		const struct sw_span *span = span_of(long_ones[i]);
		/* Told just before its own stamp. */
		assert_true(told_ns(long_ones[i]) >= span->start_ns - FX_SECOND / 100);
		assert_true(told_ns(long_ones[i]) < span->end_ns);
	}
	assert_true(told_ns(SW_PHASE_BOOT) < span_of(SW_PHASE_IMPORTS)->end_ns);
}

static void broken_strategy_is_not_the_engines_fault(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	run_strategy("def broken(:\n");
	assert_true(bench.result.outcome == SW_OUTCOME_REJECTED ||
	            bench.result.outcome == SW_OUTCOME_FAILED);
	assert_true(bench.result.error[0] != '\0');
	assert_int_equal(fx_count(&fx, LABEL), 0);
}

/* ---- commands ---- */

static void command_with_shim(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	run_python("import time; time.sleep(0.3)");
	assert_outcome(SW_OUTCOME_OK, "");
	fx_assert_tiled(&bench.result);
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND * 3 / 10);
	assert_true(span_ns(SW_PHASE_EXECUTE) < FX_SECOND * 3);
	assert_int_equal(span_ns(SW_PHASE_BOOT), -1);
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 1);
}

static void command_without_shim(void **state)
{
	(void)state;
	need_python();
	run_python("import time; time.sleep(0.3)");
	assert_outcome(SW_OUTCOME_OK, "");
	fx_assert_tiled(&bench.result);
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND * 2 / 10);
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 0);
}

/* In an image that knows nothing of sandwatch, with SHIM to be uploaded. TAR outlives the runner. */
static void use_foreign_image(const char *shim, struct sw_buf *tar)
{
	SW_CLEANUP(buf) struct sw_buf bytes = {0};
	struct sw_error err;
	fx_import_shell(&fx);
	assert_int_equal(sw_file_read(shim, 4 << 20, &bytes, &err), 0);
	assert_int_equal(sw_tar_one(tar, "sandwatch-shim", 0755, bytes.data, bytes.len), 0);
	(void)snprintf(bench.mode.sandbox.image, sizeof bench.mode.sandbox.image, FX_SHELL);
	bench.mode.sandbox.read_only = false;
	bench.options.shim = SW_SHIM_UPLOADED;
	bench.options.shim_tar = tar->data;
	bench.options.shim_tar_len = tar->len;
}

/* Its exit is the shim's own account, on the host's clock. */
static void command_with_uploaded_shim(void **state)
{
	static const char *const slow[] = {"/bin/sh", "-c", "sleep 0.3; echo hi", NULL};
	static const char *const dies[] = {"/bin/sh", "-c", "kill -SEGV $$", NULL};
	SW_CLEANUP(buf) struct sw_buf tar = {0};
	(void)state;
	fx_need_engine();
	use_foreign_image("build/release/shim", &tar);
	run_command(slow);
	assert_outcome(SW_OUTCOME_OK, "");
	fx_assert_tiled(&bench.result);
	assert_int_equal(bench.result.stdout_bytes, strlen("hi\n"));
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND * 3 / 10);
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 1);

	bench.runner->ops->free(bench.runner);
	bench.ready = false;
	run_command(dies);
	assert_outcome(SW_OUTCOME_CRASHED, "died by SIGSEGV");

	/* The engine takes nothing into a read-only root: left out, and the clock stays unknown. */
	bench.runner->ops->free(bench.runner);
	bench.ready = false;
	bench.mode.sandbox.read_only = true;
	bench.n_events = 0;
	run_command(slow);
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 0);
	fx_remove_image(&fx, FX_SHELL);
}

/* The shim of a machine that has been up for an hour longer: its stamps are not of this clock. */
static void another_clock_is_detected(void **state)
{
	static const char *const slow[] = {"/bin/sh", "-c", "sleep 0.3", NULL};
	static const char source[] =
		"#include <time.h>\n"
		"static int elsewhere(clockid_t id, struct timespec *now)\n"
		"{ int result = clock_gettime(id, now); now->tv_sec += 3600; return result; }\n"
		"#define clock_gettime elsewhere\n"
		"#include \"docker/shim/shim.c\"\n";
	char path[] = "/tmp/sandwatch-test-shim.XXXXXX", source_path[80];
	const char *const argv[] = {"cc", "-std=gnu11", "-static", "-Os", "-I.", "-x", "c", source_path,
	                            "-o", path, NULL};
	SW_CLEANUP(buf) struct sw_buf tar = {0};
	pid_t pid;
	int status;
	(void)state;
	fx_need_engine();
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	(void)snprintf(source_path, sizeof source_path, "%s.c", path);
	assert_int_equal(sw_file_write(source_path, source, strlen(source), NULL), 0);
	assert_int_equal(posix_spawnp(&pid, "cc", NULL, NULL, (char *const *)(uintptr_t)argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	(void)unlink(source_path);
	use_foreign_image(path, &tar);
	(void)unlink(path);
	run_command(slow);
	assert_outcome(SW_OUTCOME_OK, "");
	assert_true(bench.result.by_durations);
	fx_assert_tiled(&bench.result);
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND * 3 / 10);
	assert_int_equal(count_events(SW_EVENT_CLOCK_KNOWN), 1);
	for (int i = 0; i < bench.n_events; i++)
		if (bench.events[i].kind == SW_EVENT_CLOCK_KNOWN)
			assert_int_equal(bench.events[i].u.clock, SW_CLOCK_SEPARATE);
	fx_remove_image(&fx, FX_SHELL);
}

static void stdin_is_at_its_end(void **state)
{
	(void)state;
	need_python();
	run_python("import sys; sys.exit(0 if sys.stdin.read() == '' else 9)");
	assert_outcome(SW_OUTCOME_OK, "");
}

static void exit_code_is_a_failure(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	run_python("print('first'); print('the reason'); raise SystemExit(3)");
	assert_outcome(SW_OUTCOME_FAILED, "exited with 3; last line of its output: the reason");
	assert_int_equal(bench.result.exit_code, 3);
	assert_int_equal(bench.result.stdout_bytes, strlen("first\nthe reason\n"));
}

static void signal_is_a_crash(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	run_python("import os; os.kill(os.getpid(), 11)");
	assert_outcome(SW_OUTCOME_CRASHED, "died by SIGSEGV");
	assert_int_equal(bench.result.term_signal, 11);
	fx_assert_tiled(&bench.result);
}

static void missing_command(void **state)
{
	static const char *const argv[] = {"/no/such/command", NULL};
	(void)state;
	need_python();
	run_command(argv);
	assert_outcome(SW_OUTCOME_FAILED, "/no/such/command");
	bench.runner->ops->free(bench.runner);
	bench.ready = false;
	bench.options.shim = SW_SHIM_BAKED;
	run_command(argv);
	assert_outcome(SW_OUTCOME_FAILED, "/no/such/command");
	assert_int_equal(bench.result.exit_code, 127);
}

static void flood_is_counted_not_kept(void **state)
{
	struct rusage before, after;
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	bench.mode.sandbox.cpu_milli = 0;
	make();
	getrusage(RUSAGE_SELF, &before);
	bench.runner->ops->free(bench.runner);
	bench.ready = false;
	run_python("import os\nb=b'x'*65536\nfor i in range(1600):\n os.write(1,b)\n os.write(2,b)\n");
	getrusage(RUSAGE_SELF, &after);
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(bench.result.stdout_bytes, 1600 * 65536);
	assert_int_equal(bench.result.stderr_bytes, 1600 * 65536);
	assert_true(bench.result.dropped_bytes > 2 * 1600 * 65536 - 4096);
#ifndef __SANITIZE_ADDRESS__
	assert_true(after.ru_maxrss - before.ru_maxrss < 8 * 1024);
#endif
}

/* ---- limits ---- */

static void endless_command_times_out(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	bench.mode.sandbox.timeout_ns = FX_SECOND;
	run_python("while True: pass");
	assert_outcome(SW_OUTCOME_TIMEOUT, "over its limit of 1.00 s and killed; raise timeout_seconds");
	assert_true(bench.result.end_ns - bench.result.start_ns >= FX_SECOND);
	fx_assert_tiled(&bench.result);
	assert_true(span_ns(SW_PHASE_STOP) > 0);
	assert_true(span_ns(SW_PHASE_REMOVE) >= 0);
	assert_true(span_ns(SW_PHASE_EXECUTE) >= FX_SECOND / 2);
}

static void memory_limit_is_oom(void **state)
{
	(void)state;
	need_python();
	fx_need(fx.engine.info.memory_limit, "this engine cannot limit memory");
	bench.options.shim = SW_SHIM_BAKED;
	bench.mode.sandbox.memory_bytes = 64 << 20;
	run_python("x = bytearray(1 << 30)");
	assert_outcome(SW_OUTCOME_OOM, "over its memory limit of 64 MiB and killed; raise memory_limit");
	fx_assert_tiled(&bench.result);
}

static void killed_from_outside_is_a_crash(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	bench.kill_in_execute = true;
	run_python("import time; time.sleep(1000)");
	assert_outcome(SW_OUTCOME_CRASHED, "SIGKILL");
	assert_int_equal(bench.result.exit_code, 137);
}

static void cancelled_in_any_phase(void **state)
{
	static const enum sw_phase phases[] = {SW_PHASE_CREATE, SW_PHASE_ATTACH, SW_PHASE_START,
	                                       SW_PHASE_EXECUTE};
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	const char *const argv[] = {PYTHON, "import time; time.sleep(1000)", NULL};
	bench.task.command = (char *const *)(uintptr_t)argv;
	make();
	bench.runner->ops->cancel(bench.runner);
	for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
		bench.cancel_in = phases[i];
		start();
		fx_until(&fx, &bench.done, 60, "the cancelled attempt's end");
		assert_outcome(SW_OUTCOME_CANCELLED, "");
	}
}

/* ---- what is wrong before there is a container ---- */

static void missing_image_is_the_engines(void **state)
{
	(void)state;
	need_python();
	(void)snprintf(bench.mode.sandbox.image, sizeof bench.mode.sandbox.image, "nowhere/none:1");
	run_python("pass");
	assert_outcome(SW_OUTCOME_ENGINE, "docker pull nowhere/none:1");
	fx_assert_tiled(&bench.result);
}

static void unknown_runtime_is_the_engines(void **state)
{
	(void)state;
	need_python();
	(void)snprintf(bench.mode.sandbox.runtime, sizeof bench.mode.sandbox.runtime, "nonesuch");
	run_python("pass");
	assert_outcome(SW_OUTCOME_ENGINE, "nonesuch");
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
	assert_int_equal(bench.result.outcome, SW_OUTCOME_ENGINE);
	assert_string_equal(bench.result.error, "start one");
}

static void engine_that_comes_back_is_used(void **state)
{
	(void)state;
	need_python();
	bench.options.api_version = "";
	bench.options.engine_error = "it was not there";
	const char *const argv[] = {PYTHON, "pass", NULL};
	bench.task.command = (char *const *)(uintptr_t)argv;
	struct sw_error err;
	/* Not prepared: the attempt itself has to find out. */
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	assert_int_equal(sw_cold_new(&bench.options, &bench.runner, &err), 0);
	run_made();
	assert_outcome(SW_OUTCOME_OK, "");
}

static void engine_that_is_away(void **state)
{
	struct sw_error err;
	(void)state;
	if (!fx.loop)
		assert_int_equal(sw_loop_new(&fx.loop, &err), 0);
	bench.options.loop = fx.loop;
	bench.options.api_version = "1.41";
	bench.task.command = (char *const[]){"true", NULL};
	assert_int_equal(sw_endpoint_parse("unix:///nonexistent/engine.sock", &bench.options.endpoint,
	                                   &err), 0);
	run();
	assert_int_equal(bench.result.outcome, SW_OUTCOME_ENGINE);
	assert_non_null(strstr(bench.result.error, "/nonexistent/engine.sock"));
}

static void seccomp_profile_that_is_not_there(void **state)
{
	(void)state;
	need_python();
	(void)snprintf(bench.mode.sandbox.seccomp, sizeof bench.mode.sandbox.seccomp,
	               "/nonexistent/profile.json");
	run_python("pass");
	assert_outcome(SW_OUTCOME_ENGINE, "/nonexistent/profile.json");
	assert_non_null(strstr(bench.ready_error, "/nonexistent/profile.json"));
}

/* A profile that allows all but one call: the call's failure shows that it is in force. */
static void seccomp_profile_is_sent(void **state)
{
	static const char profile[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":"
	                              "[\"uname\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";
	char path[] = "/tmp/sandwatch-test-seccomp.XXXXXX";
	(void)state;
	need_python();
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, profile, sizeof profile - 1), sizeof profile - 1);
	close(fd);
	(void)snprintf(bench.mode.sandbox.seccomp, sizeof bench.mode.sandbox.seccomp, "%s", path);
	run_python("import os\ntry:\n os.uname()\nexcept OSError:\n raise SystemExit(42)\n");
	(void)unlink(path);
	assert_outcome(SW_OUTCOME_FAILED, "exited with 42");
}

static void next_attempt_may_start_from_done(void **state)
{
	(void)state;
	need_python();
	bench.options.shim = SW_SHIM_BAKED;
	bench.again = 2;
	run_python("pass");
	while (bench.again >= 0 || !bench.done)
		fx_step(&fx);
	assert_outcome(SW_OUTCOME_OK, "");
	assert_int_equal(bench.next, 3);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REMOVED), 3);
}

/* ---- fixture ---- */

static int set_up_one(void **state)
{
	(void)state;
	static struct sw_plan plan;
	bench = (struct bench){0};
	sw_plan_defaults(&plan);
	bench.mode = (struct sw_mode_plan){.name = "docker sandbox", .kind = SW_KIND_COLD, .parallel = 1,
	                                   .sandbox = plan.sandbox};
	bench.mode.sandbox.timeout_ns = 60 * FX_SECOND;
	bench.task = (struct sw_task){.backtest = SW_BACKTEST_REAL, .days = 252, .symbols = 10,
	                              .seed = 42, .strategy = NULL};
	bench.options = (struct sw_container_options){
		.loop = fx.loop, .endpoint = fx.engine.endpoint, .api_version = fx.engine.api_version,
		.session_id = SESSION, .shim = SW_SHIM_NONE, .sink = {on_event, NULL},
		.is_podman = strcmp(fx.engine.info.name, "podman") == 0};
	return 0;
}

static int tear_down_one(void **state)
{
	(void)state;
	if (bench.runner)
		bench.runner->ops->free(bench.runner);
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
		TEST(strategy_gives_its_result),
		TEST(events_tell_each_phase_as_it_begins),
		TEST(a_silent_command_executes_once_it_is_started),
		TEST(the_workers_phases_are_told_while_they_last),
		TEST(broken_strategy_is_not_the_engines_fault),
		TEST(command_with_shim),
		TEST(command_without_shim),
		TEST(command_with_uploaded_shim),
		TEST(another_clock_is_detected),
		TEST(stdin_is_at_its_end),
		TEST(exit_code_is_a_failure),
		TEST(signal_is_a_crash),
		TEST(missing_command),
		TEST(flood_is_counted_not_kept),
		TEST(endless_command_times_out),
		TEST(memory_limit_is_oom),
		TEST(killed_from_outside_is_a_crash),
		TEST(cancelled_in_any_phase),
		TEST(missing_image_is_the_engines),
		TEST(unknown_runtime_is_the_engines),
		TEST(no_engine_at_all),
		TEST(engine_that_comes_back_is_used),
		TEST(engine_that_is_away),
		TEST(seccomp_profile_that_is_not_there),
		TEST(seccomp_profile_is_sent),
		TEST(next_attempt_may_start_from_done),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
