/* core/host_runner.c with the zygote: first a stand-in that speaks its bytes, then the real one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/event.h"
#include "core/file.h"
#include "core/host_runner.h"
#include "core/loop.h"

#define SECOND INT64_C(1000000000)
#define MS INT64_C(1000000)
#define DIGEST "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define GOOD "position = data.close > data.close.rolling(5).mean()\nreport = sim(position)\n"

enum { ARGS_MAX = 32 };

static struct sw_loop *loop;
static struct sw_timer guard;
static struct sw_runner *runner;
static struct sw_task task;
static struct sw_attempt attempt;
static struct sw_attempt_result result;
static int n_done, n_ready, n_behind;
static struct sw_span behind;
static int64_t behind_of; /* the iteration it was said of */
static char ready_error[SW_TEXT_MAX];
static char *argv[ARGS_MAX], *env[ARGS_MAX];
static struct sw_buf texts[2];
static int chain; /* attempts that done starts itself */

static void give_up(void *user)
{
	(void)user;
	fail_msg("waited for 60 s");
}

static void emit(void *user, struct sw_event *event)
{
	(void)user;
	if (event->kind != SW_EVENT_PHASE_BEHIND)
		return;
	assert_int_equal(event->u.it.n_spans, 1);
	behind = event->u.it.spans[0];
	behind_of = event->u.it.iteration;
	n_behind++;
}

static int setup(void **state)
{
	struct sw_error err;
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	guard = (struct sw_timer){0};
	task =
		(struct sw_task){.strategy = GOOD, .strategy_len = strlen(GOOD), .days = 20, .symbols = 2};
	attempt = (struct sw_attempt){.iteration = 7,
	                              .number = 1,
	                              .token = "0123456789abcdef0123456789abcdef"};
	n_done = n_ready = n_behind = chain = 0;
	runner = NULL;
	sw_buf_init(&texts[0], 0);
	sw_buf_init(&texts[1], 0);
	return sw_loop_new(&loop, &err) < 0 ||
	       sw_loop_arm(loop, &guard, sw_clock_ns() + 60 * SECOND, give_up, NULL) < 0;
}

static void step(void)
{
	struct sw_error err;
	assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void ready(void *user, const char *error)
{
	(void)user;
	n_ready++;
	snprintf(ready_error, sizeof ready_error, "%s", error ? error : "");
}

static void wait_ready(void (*op)(struct sw_runner *, sw_runner_ready_fn, void *))
{
	int before = n_ready;
	op(runner, ready, NULL);
	while (n_ready == before)
		step();
}

static int teardown(void **state)
{
	(void)state;
	if (runner) {
		wait_ready(runner->ops->finish);
		runner->ops->free(runner);
	}
	sw_loop_free(loop);
	sw_buf_done(&texts[0]);
	sw_buf_done(&texts[1]);
	return waitpid(-1, NULL, WNOHANG) == 0 ? -1 : 0; /* a child is left */
}

static void make(int64_t timeout_ns, int64_t memory_bytes)
{
	struct sw_error err;
	struct sw_host_options options = {.loop = loop,
	                                  .task = &task,
	                                  .timeout_ns = timeout_ns,
	                                  .worker_argv = argv,
	                                  .worker_env = env,
	                                  .preforked = true,
	                                  .memory_bytes = memory_bytes,
	                                  .sink = {emit, NULL}};
	assert_int_equal(sw_host_new(&options, &runner, &err), 0);
	wait_ready(runner->ops->prepare);
	assert_string_equal(ready_error, "");
	assert_int_equal(n_behind, 0); /* the first child is a part of prepare */
}

static void attempt_done(void *user, const struct sw_attempt_result *r)
{
	(void)user;
	result = *r;
	n_done++;
	if (chain-- > 0) {
		attempt.iteration++;
		runner->ops->start(runner, &attempt, attempt_done, NULL);
	}
}

static void run(void)
{
	int before = n_done;
	runner->ops->start(runner, &attempt, attempt_done, NULL);
	while (n_done == before)
		step();
	assert_int_equal(*result.error == '\0', result.outcome == SW_OUTCOME_OK);
	assert_true(sw_result_other_ns(&result) >= 0);
}

/* ---- a stand-in ---- */

/* clang-format off */
#define READY(times) "printf '\\036sw1 - ready {\"t\":{" times "}}\\n' >&3; "
#define OVER(end, code) \
	"printf '\\036sw1 %s over {\"end\":\"" end "\",\"code\":" code "," \
	"\"stdout_bytes\":5,\"stderr_bytes\":6,\"tail\":\"last words\",\"killed\":0}\\n' $tok >&3; "
#define OK "printf '\\036sw1 %s result {\"outcome\":\"ok\",\"digest\":\"" DIGEST "\"}\\n' $tok >&3; "
#define PREWARM "\"prewarm\":[1000,3000]"
/* What runs per job, and may look at $line. */
#define ZYGOTE(body) \
	"[ \"$1\" = --zygote ] || exit 3; " READY("\"main\":1," PREWARM) \
	"while read -r line; do tok=${line#*\\\"token\\\":\\\"}; tok=${tok%%\\\"*}; " body " done"
/* clang-format on */

static void stand_in(const char *script, int64_t timeout_ns)
{
	static char shell[] = "/bin/sh", flag[] = "-c", name[] = "zygote",
				path[] = "PATH=/usr/bin:/bin";
	char *const words[] = {shell, flag, (char *)(uintptr_t)script, name, NULL};
	memcpy(argv, words, sizeof words);
	env[0] = path;
	env[1] = NULL;
	make(timeout_ns, 0);
}

static void the_path_ends_with_the_result(void **state)
{
	(void)state;
	/* What comes after the result waits for a line that is never sent: the attempt is over all the same. */
	stand_in(ZYGOTE(OK "read -r gate; " OVER("result", "0") READY(PREWARM)), 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	assert_string_equal(result.digest, DIGEST);
	int before = n_ready;
	runner->ops->settle(runner, ready, NULL);
	assert_int_equal(n_behind, 0);
	assert_int_equal(n_ready, before);
}

static void settle_waits_for_the_next_child(void **state)
{
	(void)state;
	stand_in(ZYGOTE(OK "sleep 0.2; " OVER("result", "0") READY(PREWARM)), 20 * SECOND);
	for (int i = 1; i <= 2; i++) {
		run();
		assert_int_equal(n_behind, i - 1);
		wait_ready(runner->ops->settle);
		assert_string_equal(ready_error, "");
		assert_int_equal(n_behind, i);
		assert_int_equal(behind.phase, SW_PHASE_PREWARM);
		assert_int_equal(behind.end_ns - behind.start_ns, 2000);
		assert_false(behind.on_path);
		assert_int_equal(behind_of, 7);
	}
	wait_ready(runner->ops->settle); /* settled it is settled */
	assert_int_equal(n_behind, 2);
}

static void all_in_one_piece_and_the_next_from_inside(void **state)
{
	(void)state;
	/* One write: the result, `over` and `ready`. */
	stand_in(
		ZYGOTE(
			"printf '\\036sw1 %s result {\"outcome\":\"ok\",\"digest\":\"" DIGEST "\"}\\n"
			"\\036sw1 %s over {\"end\":\"result\",\"code\":0,\"stdout_bytes\":0,\"stderr_bytes\":0,"
			"\"tail\":\"\",\"killed\":0}\\n\\036sw1 - ready {\"t\":{" PREWARM
			"}}\\n' $tok $tok >&3; "),
		20 * SECOND);
	chain = 4;
	run();
	while (n_done < 5)
		step();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	wait_ready(runner->ops->settle);
	assert_int_equal(n_behind, 5);
	assert_int_equal(behind_of, 11);
}

static void how_a_child_ended_is_told(void **state)
{
	static const struct {
		const char *script;
		enum sw_outcome outcome;
		const char *text;
	} ends[] = {
		{ZYGOTE(OVER("timeout", "0") READY(PREWARM)), SW_OUTCOME_TIMEOUT,
	     "over its limit of 20.0 s"},
		{ZYGOTE(OVER("oom", "75") READY(PREWARM)), SW_OUTCOME_OOM, "last words"},
		{ZYGOTE(OVER("exit", "3") READY(PREWARM)), SW_OUTCOME_CRASHED, "status 3"},
		{ZYGOTE(OVER("exit", "-1") READY(PREWARM)), SW_OUTCOME_CRASHED,
	     "no result that can be read"},
		{ZYGOTE(OVER("signal", "11") READY(PREWARM)), SW_OUTCOME_CRASHED, "SIGSEGV"},
		{ZYGOTE(OVER("flood", "0") READY(PREWARM)), SW_OUTCOME_CRASHED,
	     "1048576 bytes and no result"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
		stand_in(ends[i].script, 20 * SECOND);
		run();
		assert_int_equal(result.outcome, ends[i].outcome);
		assert_non_null(strstr(result.error, ends[i].text));
		assert_int_equal(result.stdout_bytes, 5);
		assert_int_equal(result.stderr_bytes, 6);
		wait_ready(runner->ops->settle);
		assert_string_equal(ready_error, "");
		wait_ready(runner->ops->finish);
		runner->ops->free(runner);
		runner = NULL;
		n_behind = 0;
	}
}

static void a_zygote_that_dies_is_started_anew(void **state)
{
	(void)state;
	stand_in(ZYGOTE("case $line in *'\"days\":20'*) exit 9;; esac; " OK OVER("result", "0")
	                    READY(PREWARM)),
	         20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_CRASHED);
	assert_non_null(strstr(result.error, "status 9"));
	wait_ready(runner->ops->settle);
	task.days = 21;
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void one_that_dies_behind_the_path_ends_the_wait(void **state)
{
	(void)state;
	stand_in(ZYGOTE(OK "exit 1;"), 20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
	wait_ready(runner->ops->settle); /* with an error or, when it was dead already, without */
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

static void its_deadline_is_ours_when_it_keeps_none(void **state)
{
	(void)state;
	stand_in(ZYGOTE("exec sleep 100;"), 100 * MS);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_TIMEOUT);
	assert_true(result.end_ns - result.start_ns >= 1100 * MS);
}

static void the_job_tells_deadline_and_ceiling(void **state)
{
	(void)state;
	task.is_unchecked = true;
	stand_in(ZYGOTE("case $line in *'\"timeout_ms\":20000,'*'\"validate\":false'*) " OK
	                ";; *) " OVER("exit", "1") ";; esac; " READY(PREWARM)),
	         20 * SECOND);
	run();
	assert_int_equal(result.outcome, SW_OUTCOME_OK);
}

/* ---- the real one, when there is an unpacked image ---- */

static int split_lines(struct sw_buf *text, char **out, const char *root)
{
	struct sw_buf filled = {0};
	int n = 0;
	sw_buf_add(text, "", 1);
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
	for (size_t i = 0; i < text->len && n < ARGS_MAX - 3; i += strlen(text->data + i) + 1)
		out[n++] = text->data + i;
	out[n] = NULL;
	return n;
}

static void real_zygote(int64_t timeout_ns, int64_t memory_bytes)
{
	static char result_fd[] = "--result-fd", three[] = "3";
	static const char *const names[] = {"host.argv", "host.env"};
	const char *root = getenv("SANDWATCH_TEST_ROOT");
	char path[1000];
	struct sw_error err;
	if (!root)
		skip();
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/sandwatch/%s", root, names[i]);
		if (sw_file_read(path, 10000, &texts[i], &err) < 0)
			fail_msg("%s", err.message);
	}
	int n = split_lines(&texts[0], argv, root);
	argv[n++] = result_fd;
	argv[n++] = three;
	argv[n] = NULL;
	split_lines(&texts[1], env, root);
	make(timeout_ns, memory_bytes);
}

static void strategy(const char *source)
{
	task.strategy = source;
	task.strategy_len = strlen(source);
}

static void run_and_settle(enum sw_outcome outcome)
{
	run();
	if (result.outcome != outcome)
		fail_msg("outcome %d: %s", (int)result.outcome, result.error);
	wait_ready(runner->ops->settle);
	assert_string_equal(ready_error, "");
}

static void real_jobs(void **state)
{
	char digest[SW_DIGEST_MAX];
	(void)state;
	real_zygote(30 * SECOND, 0);
	run_and_settle(SW_OUTCOME_OK);
	memcpy(digest, result.digest, sizeof digest);
	for (int i = 0; i < result.n_spans; i++)
		assert_true(result.spans[i].phase != SW_PHASE_PREWARM &&
		            result.spans[i].phase != SW_PHASE_IMPORTS);
	assert_int_equal(n_behind, 1);
	assert_true(behind.start_ns > result.start_ns && behind.end_ns > behind.start_ns);
	assert_true(behind.end_ns <= sw_clock_ns());
	strategy("x = 1 / 0\n");
	run_and_settle(SW_OUTCOME_FAILED);
	strategy("import os\n");
	run_and_settle(SW_OUTCOME_REJECTED);
	task.is_unchecked = true;
	strategy("import os\nos._exit(4)\n");
	run_and_settle(SW_OUTCOME_CRASHED);
	strategy("import os\nos.kill(os.getpid(), 9)\n");
	run_and_settle(SW_OUTCOME_OOM);
	strategy("print('hello')\n" GOOD);
	run_and_settle(SW_OUTCOME_OK);
	assert_string_equal(result.digest, digest);
}

static void real_limits(void **state)
{
	(void)state;
	strategy("while True:\n    pass\n");
	real_zygote(400 * MS, INT64_C(64) << 20);
	run_and_settle(SW_OUTCOME_TIMEOUT);
	assert_true(result.end_ns - result.start_ns >= 400 * MS);
	assert_true(result.end_ns - result.start_ns <
	            1400 * MS); /* the zygote's own deadline, not ours */
	strategy("hoard = np.ones(20000000)\n" GOOD);
	run_and_settle(SW_OUTCOME_OOM);
	assert_non_null(strstr(result.error, "memory_limit"));
}

static void tick(void *user)
{
	(void)user;
}

/* Runs the loop until PATH is there. */
static void wait_for_file(const char *path)
{
	struct sw_timer timer = {0};
	while (access(path, F_OK) < 0) {
		sw_loop_arm(loop, &timer, sw_clock_ns() + 5 * MS, tick, NULL);
		step();
	}
	sw_loop_disarm(loop, &timer);
	unlink(path);
}

static void cancelled_nothing_of_a_job_is_left(void **state)
{
	char path[64], source[500];
	(void)state;
	snprintf(path, sizeof path, "/tmp/sandwatch-preforked.%d", (int)getpid());
	/* A process in a session of its own, whose parent is gone; without the zygote it would come to us. */
	snprintf(source, sizeof source,
	         "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork(): os._exit(0)\n"
	         "    open('%s', 'w')\nwhile True: time.sleep(100)\n",
	         path);
	task.is_unchecked = true;
	strategy(source);
	real_zygote(30 * SECOND, 0);
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	int before = n_done;
	runner->ops->start(runner, &attempt, attempt_done, NULL);
	wait_for_file(path);
	runner->ops->cancel(runner);
	while (n_done == before)
		step();
	assert_int_equal(result.outcome, SW_OUTCOME_CANCELLED);
	assert_true(result.end_ns - result.start_ns < 30 * SECOND);
	int left = waitpid(-1, NULL, WNOHANG);
	prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0);
	assert_int_equal(left, -1); /* no child of ours: neither the zygote nor what it had below it */
	strategy(GOOD);
	run_and_settle(SW_OUTCOME_OK);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_path_ends_with_the_result),
		TEST(settle_waits_for_the_next_child),
		TEST(all_in_one_piece_and_the_next_from_inside),
		TEST(how_a_child_ended_is_told),
		TEST(a_zygote_that_dies_is_started_anew),
		TEST(one_that_dies_behind_the_path_ends_the_wait),
		TEST(its_deadline_is_ours_when_it_keeps_none),
		TEST(the_job_tells_deadline_and_ceiling),
		TEST(real_jobs),
		TEST(real_limits),
		TEST(cancelled_nothing_of_a_job_is_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
