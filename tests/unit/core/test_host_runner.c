#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/event.h"
#include "core/file.h"
#include "core/host_runner.h"
#include "core/loop.h"
#include "tests/unit/core/pidfd.h"

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)
#define DIGEST "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"

enum { ARGS_MAX = 32 };

static struct sw_loop *loop;
static struct sw_timer guard;
static struct sw_runner *runner;
static struct sw_task task;
static struct sw_attempt attempt;
static struct sw_attempt_result result;
static int n_done, n_ready, n_events, open_before;
static char ready_error[SW_TEXT_MAX];
static char *argv[ARGS_MAX], *env[ARGS_MAX];
static struct sw_buf argv_text, env_text;
static char chain[8]; /* what done starts next: see chain_next */

static void give_up(void *user)
{
	(void)user;
	fail_msg("waited for 60 s");
}

static int count_open(void)
{
	int n = 0;
	DIR *dir = opendir("/proc/self/fd");
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void emit(void *user, struct sw_event *event)
{
	(void)user;
	assert_int_equal(event->kind, SW_EVENT_PHASE_STARTED);
	assert_int_equal(event->u.it.phase, SW_PHASE_EXECUTE);
	assert_int_equal(event->u.it.iteration, attempt.iteration);
	n_events++;
}

static int setup(void **state)
{
	struct sw_error err;
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	open_before = count_open();
	guard = (struct sw_timer){0};
	task = (struct sw_task){
		.strategy = "source", .strategy_len = 6, .days = 20, .symbols = 2, .seed = 1};
	attempt = (struct sw_attempt){.iteration = 7,
	                              .number = 1,
	                              .token = "0123456789abcdef0123456789abcdef"};
	n_done = n_ready = n_events = 0;
	runner = NULL;
	chain[0] = '\0';
	sw_buf_init(&argv_text, 0);
	sw_buf_init(&env_text, 0);
	return sw_loop_new(&loop, &err) < 0 ||
	       sw_loop_arm(loop, &guard, sw_clock_ns() + 60 * SECOND, give_up, NULL) < 0;
}

static void ready(void *user, const char *error)
{
	(void)user;
	n_ready++;
	snprintf(ready_error, sizeof ready_error, "%s", error ? error : "");
}

static void step(void)
{
	struct sw_error err;
	assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void finish(void)
{
	int before = n_ready;
	runner->ops->finish(runner, ready, NULL);
	while (n_ready == before)
		step();
	runner->ops->free(runner);
	runner = NULL;
}

/* Also: no process and no descriptor is left of any test. */
static int teardown(void **state)
{
	bool children, leaks;
	(void)state;
	if (runner)
		finish();
	sw_loop_free(loop);
	sw_buf_done(&argv_text);
	sw_buf_done(&env_text);
	leaks = has_pidfd() && count_open() != open_before;
	children = waitpid(-1, NULL, WNOHANG) >= 0; /* the dead, too */
	if (leaks || children)
		print_error("left behind: %s%s\n", leaks ? "descriptors " : "", children ? "processes" : "");
	return leaks || children ? -1 : 0;
}

static void make(int64_t timeout_ns, char *const *worker, char *const *worker_env)
{
	struct sw_error err;
	struct sw_host_options options = {.loop = loop,
	                                  .task = &task,
	                                  .timeout_ns = timeout_ns,
	                                  .worker_argv = worker,
	                                  .worker_env = worker_env,
	                                  .no_worker = "nothing was unpacked",
	                                  .path_list = "/usr/bin:/bin",
	                                  .sink = {emit, NULL}};
	assert_int_equal(sw_host_new(&options, &runner, &err), 0);
}

static void prepare(void)
{
	int before = n_ready;
	runner->ops->prepare(runner, ready, NULL);
	while (n_ready == before)
		step();
}

static void attempt_done(void *user, const struct sw_attempt_result *r)
{
	(void)user;
	result = *r;
	n_done++;
	if (chain[0]) {
		memmove(chain, chain + 1, strlen(chain));
		runner->ops->start(runner, &attempt, attempt_done, NULL);
	}
}

/* What holds for every attempt: spans in order and inside, and all of the wall time accounted for. */
static void check_result(void)
{
	int64_t at = result.start_ns, sum = 0;
	assert_true(result.start_ns > 0 && result.end_ns >= result.start_ns);
	for (int i = 0; i < result.n_spans; i++) {
		const struct sw_span *span = &result.spans[i];
		assert_true(span->start_ns >= at && span->end_ns >= span->start_ns);
		assert_true(span->end_ns <= result.end_ns);
		at = span->end_ns;
		sum += span->end_ns - span->start_ns;
	}
	assert_int_equal(sum + sw_result_other_ns(&result), result.end_ns - result.start_ns);
	assert_int_equal(*result.error == '\0', result.outcome == SW_OUTCOME_OK);
}

static void start(void)
{
	int before = n_done;
	runner->ops->start(runner, &attempt, attempt_done, NULL);
	assert_int_equal(n_done, before); /* never from inside the call */
}

static void wait_done(int n)
{
	while (n_done < n)
		step();
	check_result();
}

static void run(void)
{
	int before = n_done;
	start();
	wait_done(before + 1);
	assert_int_equal(n_done, before + 1);
}

static int64_t span_ns(enum sw_phase phase)
{
	for (int i = 0; i < result.n_spans; i++)
		if (result.spans[i].phase == phase)
			return result.spans[i].end_ns - result.spans[i].start_ns;
	return -1;
}

/* ---- commands ---- */

static void command(const char *script, int64_t timeout_ns)
{
	static char *words[4];
	words[0] = "sh";
	words[1] = "-c";
	words[2] = (char *)(uintptr_t)script;
	task = (struct sw_task){.command = words};
	make(timeout_ns, NULL, NULL);
	prepare();
	assert_string_equal(ready_error, "");
}

static void a_command_that_succeeds(void **state)
{
	(void)state;
	command("echo out; echo err >&2", 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_int_equal(result.exit_code, 0);
	assert_int_equal(result.stdout_bytes, 4);
	assert_int_equal(result.stderr_bytes, 4);
	assert_int_equal(result.dropped_bytes, 0);
	assert_int_equal(n_events, 1);
	assert_int_equal(result.n_spans, 3);
	assert_int_equal(result.spans[0].phase, SW_PHASE_START);
	assert_int_equal(result.spans[1].phase, SW_PHASE_EXECUTE);
	assert_int_equal(result.spans[2].phase, SW_PHASE_EXIT);
	assert_int_equal(sw_result_other_ns(&result), 0);
	run(); /* and again */
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void a_command_that_fails(void **state)
{
	(void)state;
	command("echo first; echo the reason >&2; exit 3", 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
	assert_int_equal(result.exit_code, 3);
	assert_string_equal(result.error, "exited with 3; the last it said: the reason");
	finish();
	command("exec no-such-command", 20 * SECOND); /* the shell ran, and says so itself */
	run();
	assert_non_null(strstr(result.error, "exited with 127; the last it said: "));
}

static void a_command_that_dies(void **state)
{
	(void)state;
	command("echo farewell; kill -SEGV $$", 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
	assert_int_equal(result.term_signal, SIGSEGV);
	assert_int_equal(result.exit_code, -1);
	assert_string_equal(result.error, "died by SIGSEGV; the last it said: farewell");
	finish();
	command("kill -40 $$", 20 * SECOND);
	run();
	assert_int_equal(result.term_signal, 40);
	assert_string_equal(result.error, "died by signal 40; the last it said: nothing");
}

static void a_command_that_is_not_there(void **state)
{
	(void)state;
	task = (struct sw_task){.command = (char *[]){"no-such-command", NULL}};
	make(SECOND, NULL, NULL);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
	assert_string_equal(result.error,
	                    "the command cannot be executed: no-such-command: No such file or directory");
	assert_int_equal(result.exit_code, 127);
	start();
	runner->ops->cancel(runner);
	wait_done(2);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
}

static void a_command_that_cannot_be_executed(void **state)
{
	char path[] = "/tmp/sw-host-XXXXXX";
	int fd = mkostemp(path, O_CLOEXEC);
	(void)state;
	assert_int_equal(write(fd, "\177ELF no", 7), 7); /* an x, and no program */
	fchmod(fd, 0755);
	close(fd);
	task = (struct sw_task){.command = (char *[]){path, NULL}};
	make(SECOND, NULL, NULL);
	prepare();
	run();
	unlink(path);
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
	assert_int_equal(result.exit_code, 126);
	assert_non_null(strstr(result.error, "the command cannot be executed: /tmp/sw-host-"));
}

static void a_command_that_never_ends(void **state)
{
	(void)state;
	command("trap '' TERM INT HUP; while :; do :; done", 50 * MS);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_TIMEOUT);
	assert_non_null(strstr(result.error, "limit of 50.0 ms and killed; raise timeout_seconds"));
	assert_int_equal(result.term_signal, SIGKILL);
	assert_true(result.end_ns - result.start_ns >= 50 * MS);
	assert_true(span_ns(SW_PHASE_STOP) >= 0);
}

static void a_command_that_prints_100_mb(void **state)
{
	(void)state;
	command("head -c 104857600 /dev/zero; echo end", 50 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_int_equal(result.stdout_bytes, 104857600 + 4);
	assert_true(result.dropped_bytes >= 104857600 - 4096);
	assert_true(result.dropped_bytes < result.stdout_bytes);
}

static void a_command_that_closes_its_output_and_lives_on(void **state)
{
	(void)state;
	command("exec >&- 2>&-; i=0; while [ $i -lt 2000 ]; do i=$((i+1)); done; exit 4", 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
	assert_int_equal(result.exit_code, 4);
}

/* What is still ours, adopted ones and the dead among them. */
static void assert_no_children(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void a_child_in_the_background_dies_with_it(void **state)
{
	(void)state;
	command("sleep 1000 & exit 0", 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_no_children();
}

/* It left the group; yet nobody waits for it, and it goes with the attempt. */
static void a_child_that_fled_goes_too(void **state)
{
	(void)state;
	command("setsid sh -c 'kill -CONT $PPID; exec sleep 1000' & "
	        "until [ \"$(ps -o sid= -p $!)\" -eq $! ]; do :; done; exit 0",
	        20 * SECOND);
	for (int i = 0; i < 3; i++) {
		run();
		assert_int_equal(result.outcome, SW_OUTCOME_OK);
		assert_int_equal(result.exit_code, 0);
		assert_no_children();
	}
}

/* Of two runners each has its own. */
static void another_runners_command_is_let_be(void **state)
{
	(void)state;
	command("sleep 1000", 20 * SECOND);
	start();
	while (!n_events)
		step();
	struct sw_runner *busy = runner;
	command("true", 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), 0); /* it is there, and lives */
	finish();
	runner = busy;
	runner->ops->cancel(runner);
	wait_done(2);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
}

static void a_running_command_is_cancelled(void **state)
{
	(void)state;
	command("sleep 1000", 50 * SECOND);
	runner->ops->cancel(runner); /* idle: nothing */
	start();
	runner->ops->cancel(runner); /* not even begun */
	wait_done(1);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
	start();
	while (!n_events)
		step();
	runner->ops->cancel(runner);
	runner->ops->cancel(runner);
	wait_done(2);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
	assert_string_equal(result.error, "stopped by the user");
	runner->ops->cancel(runner);
}

static void done_may_start_the_next(void **state)
{
	(void)state;
	command("exit 0", 20 * SECOND);
	memcpy(chain, "xxxx", 5);
	start();
	wait_done(5);
	assert_int_equal(n_done, 5);
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

/* ---- a stand-in for the worker, which speaks the protocol's bytes ---- */

#define READY "printf '\\036sw1 - ready {\"t\":{\"main\":1}}\\n' >&3; "
#define TOKEN_OF "tok=${line#*\\\"token\\\":\\\"}; tok=${tok%%\\\"*}; "
#define RESULT(json) "printf '\\036sw1 %s result %s\\n' $tok '" json "' >&3; "
#define OK RESULT("{\"outcome\":\"ok\",\"digest\":\"" DIGEST "\"}")
#define JOBS(body) READY "n=0; while read -r line; do n=$((n+1)); " TOKEN_OF body " done"

static void worker(const char *script, int64_t timeout_ns)
{
	argv[0] = "/bin/sh";
	argv[1] = "-c";
	argv[2] = (char *)(uintptr_t)script;
	argv[3] = NULL;
	env[0] = "PATH=/usr/bin:/bin";
	env[1] = NULL;
	make(timeout_ns, argv, env);
}

static void the_worker_is_kept(void **state)
{
	(void)state;
	worker(JOBS("echo job $n; " OK), 20 * SECOND);
	prepare();
	assert_string_equal(ready_error, "");
	for (int i = 1; i <= 3; i++) {
		run();
		assert_int_equal(result.outcome, SW_OUTCOME_OK);
		assert_string_equal(result.digest, DIGEST);
		assert_int_equal(result.stdout_bytes, 6); /* printed before the result */
		assert_int_equal(result.exit_code, -1);
	}
	assert_int_equal(n_events, 3);
}

static void an_unprepared_worker_boots_off_the_measured_path(void **state)
{
	(void)state;
	worker("sleep 0.1; " JOBS(OK), 20 * SECOND);
	int64_t asked_ns = sw_clock_ns();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_true(result.start_ns - asked_ns >= 100 * MS);
}

#define REJECTED RESULT("{\"outcome\":\"rejected\",\"error\":\"has an import\"}")
#define FAILED RESULT("{\"outcome\":\"failed\",\"error\":\"E\"}")
#define NO_DIGEST RESULT("{\"outcome\":\"ok\"}")

static void results_that_are_no_success(void **state)
{
	(void)state;
	worker(JOBS("case $n in 1) " REJECTED ";; 2) " FAILED ";; *) " NO_DIGEST ";; esac; "),
	       20 * SECOND);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_REJECTED);
	assert_string_equal(result.error, "has an import");
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
	assert_non_null(strstr(result.error, "cannot be read"));
	assert_string_equal(result.digest, "");
}

static void a_worker_that_dies_is_replaced(void **state)
{
	(void)state;
	worker(JOBS("case $tok in 0123*) echo dying >&2; kill -KILL $$;; esac; " OK), 20 * SECOND);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
	assert_string_equal(result.error, "died by SIGKILL; the last it said: dying");
	attempt.token[0] = 'f';
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void a_worker_that_loops_is_replaced(void **state)
{
	(void)state;
	worker(JOBS("case $tok in 0123*) while :; do :; done;; esac; " OK), 50 * MS);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_TIMEOUT);
	attempt.token[0] = 'f';
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void a_worker_that_dies_between_jobs_is_replaced(void **state)
{
	(void)state;
	skip_without_pidfd(); /* the stand-in knows of the end too late */
	int idle = count_open();
	worker(JOBS(OK "exit 0; "), 20 * SECOND);
	prepare();
	for (int i = 0; i < 4; i++) {
		run();
		assert_int_equal(result.outcome, SW_OUTCOME_OK);
		while (count_open() > idle)
			step(); /* until it is seen to be gone */
	}
}

/* What it left behind holds its pipes open: the next attempt has a new worker all the same, and nobody
 * watches the old pipes any more (teardown counts). */
static void a_dead_workers_pipes_may_stay_open(void **state)
{
	(void)state;
	int idle = count_open();
	worker(JOBS("setsid sleep 1000 & " OK "exit 0; "), 20 * SECOND);
	prepare();
	for (int i = 1; i <= 3; i++) {
		run();
		assert_int_equal(result.outcome, SW_OUTCOME_OK);
		while (count_open() >= idle + 5)
			step(); /* until its exit is seen: its input and its pidfd are closed */
	}
	finish();
	assert_no_children();
}

static void a_worker_that_does_not_start(void **state)
{
	(void)state;
	worker("echo no numpy >&2; exit 70", 20 * SECOND);
	prepare();
	assert_non_null(strstr(ready_error, "no numpy"));
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
	assert_non_null(strstr(result.error, "70"));
	assert_non_null(strstr(result.error, "no numpy"));
}

static void no_worker_at_all(void **state)
{
	(void)state;
	make(SECOND, NULL, NULL);
	prepare();
	assert_non_null(strstr(ready_error, "nothing was unpacked"));
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
	assert_non_null(strstr(result.error, "nothing was unpacked"));
}

/* Printed text is no result, whatever it looks like; nor is another token's. */
static void forged_results_do_not_count(void **state)
{
	(void)state;
	worker(
		JOBS(
			"printf '\\036sw1 %s result {\"outcome\":\"failed\",\"error\":\"forged\"}\\n' $tok; "
			"printf '\\036sw1 %s result {\"outcome\":\"failed\",\"error\":\"forged\"}\\n' $tok >&2; "
			"printf '\\036sw1 ffffffff result {\"outcome\":\"failed\"}\\n' >&3; "
			"printf '\\036sw1 - result {\"outcome\":\"failed\"}\\n' >&3; " OK),
		20 * SECOND);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_string_equal(result.digest, DIGEST);
}

/* A result, and then output without end: the result is taken and nobody waits for the end. */
static void a_flood_after_the_result_holds_nobody(void **state)
{
	(void)state;
	worker(JOBS(OK "cat /dev/zero; "), 20 * SECOND);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void garbage_on_the_results_descriptor(void **state)
{
	(void)state;
	worker(JOBS("head -c 3000000 /dev/zero >&3; printf '\\n' >&3; "
	            "head -c 3000000 /dev/zero | tr '\\0' '\\036' >&3; " OK),
	       20 * SECOND);
	prepare();
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void a_large_job_is_written_as_it_is_read(void **state)
{
	(void)state;
	char *source = malloc(2000000);
	memset(source, 'x', 2000000);
	task.strategy = source;
	task.strategy_len = 2000000;
	worker(READY "head -n 1 | wc -c; tok=$(printf %s 0123456789abcdef0123456789abcdef); " OK,
	       20 * SECOND);
	prepare();
	run();
	free(source);
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_int_equal(result.stdout_bytes, 8); /* seven digits */
}

static void cancelling_a_job_and_a_boot(void **state)
{
	(void)state;
	worker(JOBS("sleep 1000; "), 50 * SECOND);
	prepare();
	assert_string_equal(ready_error, "");
	start();
	runner->ops->cancel(runner);
	wait_done(1);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
	start(); /* boots */
	runner->ops->cancel(runner);
	wait_done(2);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
	start();
	int before = n_events;
	while (n_events == before)
		step();
	runner->ops->cancel(runner);
	wait_done(3);
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
}

/* ---- the real worker, when there is an unpacked image ---- */

static int split_lines(struct sw_buf *text, char **out, const char *root)
{
	struct sw_buf filled = {0};
	int n = 0;
	for (const char *at = text->data; *at;) {
		size_t len = strcspn(at, "\n");
		if (len > 6 && strncmp(at, "@ROOT@", 6) == 0) {
			sw_buf_add_str(&filled, root);
			at += 6;
			len -= 6;
		}
		sw_buf_add(&filled, at, len);
		sw_buf_add(&filled, "", 1);
		at += len + (at[len] == '\n');
	}
	sw_buf_done(text);
	*text = filled;
	for (size_t i = 0; i < text->len && n < ARGS_MAX - 4; i += strlen(text->data + i) + 1)
		out[n++] = text->data + i;
	out[n] = NULL;
	return n;
}

static void real_worker(int64_t timeout_ns)
{
	const char *root = getenv("SANDWATCH_TEST_ROOT");
	char path[1000];
	struct sw_error err;
	if (!root)
		skip();
	snprintf(path, sizeof path, "%s/sandwatch/host.argv", root);
	if (sw_file_read(path, 10000, &argv_text, &err) < 0)
		fail_msg("%s", err.message);
	snprintf(path, sizeof path, "%s/sandwatch/host.env", root);
	if (sw_file_read(path, 10000, &env_text, &err) < 0)
		fail_msg("%s", err.message);
	int n = split_lines(&argv_text, argv, root);
	argv[n++] = "--result-fd";
	argv[n++] = "3";
	argv[n++] = "--announce";
	argv[n] = NULL;
	split_lines(&env_text, env, root);
	make(timeout_ns, argv, env);
	prepare();
	assert_string_equal(ready_error, "");
}

static void strategy(const char *source)
{
	task.strategy = source;
	task.strategy_len = strlen(source);
}

#define GOOD "position = data.close > data.close.rolling(5).mean()\nreport = sim(position)\n"

static void real_results(void **state)
{
	char digest[SW_DIGEST_MAX];
	(void)state;
	strategy("print('hello')\n" GOOD);
	real_worker(50 * SECOND);
	run();
	if (result.outcome != SW_OUTCOME_OK)
		fail_msg("%s", result.error);
	memcpy(digest, result.digest, sizeof digest);
	assert_int_equal(result.stdout_bytes, 6);
	run();
	assert_string_equal(result.digest, digest);
	assert_true(span_ns(SW_PHASE_VALIDATE) > 0);
	assert_true(span_ns(SW_PHASE_DATA) > 0);
	assert_true(span_ns(SW_PHASE_EXECUTE) > 0);
	assert_true(span_ns(SW_PHASE_SERIALIZE) > 0);
	assert_true(span_ns(SW_PHASE_DELIVER) > 0);
	assert_int_equal(span_ns(SW_PHASE_BOOT), -1);
	assert_int_equal(span_ns(SW_PHASE_IMPORTS), -1);
	assert_false(result.by_durations);
	assert_true(sw_result_other_ns(&result) * 10 < result.end_ns - result.start_ns);
	strategy("import os\n" GOOD);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_REJECTED);
	assert_non_null(strstr(result.error, "import"));
	strategy("x = 1 / 0\n" GOOD);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_FAILED);
	assert_non_null(strstr(result.error, "ZeroDivisionError"));
	strategy("\xff\xfe");
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_REJECTED);
	strategy("print('hello')\n" GOOD);
	run();
	assert_string_equal(result.digest, digest);
}

static void a_real_endless_loop(void **state)
{
	(void)state;
	strategy("while True:\n    pass\n");
	real_worker(200 * MS);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_TIMEOUT);
	assert_true(result.end_ns - result.start_ns >= 200 * MS);
	runner->ops->cancel(runner);
	finish();
	sw_buf_clear(&argv_text);
	sw_buf_clear(&env_text);
	strategy(GOOD);
	real_worker(50 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_command_that_succeeds),
		TEST(a_command_that_fails),
		TEST(a_command_that_dies),
		TEST(a_command_that_is_not_there),
		TEST(a_command_that_cannot_be_executed),
		TEST(a_command_that_never_ends),
		TEST(a_command_that_prints_100_mb),
		TEST(a_command_that_closes_its_output_and_lives_on),
		TEST(a_child_in_the_background_dies_with_it),
		TEST(a_child_that_fled_goes_too),
		TEST(another_runners_command_is_let_be),
		TEST(a_running_command_is_cancelled),
		TEST(done_may_start_the_next),
		TEST(the_worker_is_kept),
		TEST(an_unprepared_worker_boots_off_the_measured_path),
		TEST(results_that_are_no_success),
		TEST(a_worker_that_dies_is_replaced),
		TEST(a_worker_that_loops_is_replaced),
		TEST(a_worker_that_dies_between_jobs_is_replaced),
		TEST(a_dead_workers_pipes_may_stay_open),
		TEST(a_worker_that_does_not_start),
		TEST(no_worker_at_all),
		TEST(forged_results_do_not_count),
		TEST(a_flood_after_the_result_holds_nobody),
		TEST(garbage_on_the_results_descriptor),
		TEST(a_large_job_is_written_as_it_is_read),
		TEST(cancelling_a_job_and_a_boot),
		TEST(real_results),
		TEST(a_real_endless_loop),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
