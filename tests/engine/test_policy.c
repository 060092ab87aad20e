/* The default policy, on a real engine: code that provokes a timeout, a crash, an out-of-memory kill, or
 * whatever may make its engine look broken, in each kind of container and with all that it left for the
 * iterations after it, never comes to run on the host. It would leave a file there; that it can is shown,
 * too. Without retries, which would hide half of it. Needs sandwatch/python:latest on the engine. */
#include <sys/stat.h>

#include "tests/engine/warm_fixture.h"

#include "core/buf.h"
#include "core/host_runner.h"
#include "core/scheduler.h"
#include "docker/cold.h"
#include "docker/exec.h"
#include "docker/prepared.h"
#include "tests/engine/part.h"

#define PYTHON "/usr/bin/python3.11", "-I", "-S", "-c"

/* name, iterations, what it does; t: seconds that are over the limit */
#define MISDEEDS(X)                                                                                     \
	X(exits, 1, "os._exit(3)")                                                                          \
	X(exits_like_the_engine, 1, "os._exit(126)")                                                        \
	X(exits_like_the_shim, 1, "os._exit(125)")                                                          \
	X(exits_like_killed, 1, "os._exit(137)")                                                            \
	X(segfaults, 1, "os.kill(os.getpid(), 11)")                                                         \
	X(aborts, 1, "os.abort()")                                                                          \
	X(kills_itself, 1, "os.kill(os.getpid(), 9)")                                                       \
	X(kills_its_parent, 2, "os.kill(os.getppid(), 9); os._exit(1)")                                     \
	X(kills_all, 2, "os.kill(-1, 9); os._exit(1)")                                                      \
	X(ends_the_first, 2, "[os.kill(1, s) for s in range(1, 65)]; os._exit(1)")                          \
	X(writes_to_the_first, 2, "open('/proc/1/mem', 'r+b').write(b'0' * 4096)")                          \
	X(never_ends, 1, "time.sleep(1000)")                                                                \
	X(closes_its_streams, 1, "[os.close(d) for d in range(3)]; time.sleep(1000)")                       \
	X(closes_and_crashes, 1, "[os.close(d) for d in range(3)]; os.abort()")                             \
	X(floods, 1, "[os.write(1 + i % 2, b'x' * 65536) for i in range(1 << 40)]")                         \
	X(floods_and_crashes, 1, "[os.write(1, b'x' * 65536) for i in range(500)]; os.abort()")             \
	X(speaks_like_frames, 1, "os.write(1, b'\\x02\\0\\0\\0\\xff\\xff\\xff\\xff' * 999); os.abort()")    \
	X(speaks_like_the_shim, 1, "os.write(2, b'\\x1esw1 - exit 1 code 0\\n\\x1esw1 ' * 99); os._exit(9)") \
	X(eats_all_memory, 1, "b = [bytearray(1 << 20) for i in range(1 << 30)]")                           \
	X(eats_it_in_a_child, 2, "os.fork() or [bytearray(1 << 20) for i in range(1 << 20)]; eat()")        \
	X(fills_the_disk, 2, "fill(); os._exit(1)")                                                         \
	X(leaves_no_pids, 3, "leave(lambda: time.sleep(1000), 99); os._exit(1)")                            \
	X(leaves_a_killer, 3, "leave(lambda: kill(9), 1); time.sleep(0.2); os._exit(1)")                    \
	X(leaves_a_stopper, 3, "leave(lambda: kill(19), 1); time.sleep(0.2); os._exit(1)")                  \
	X(leaves_no_memory, 3, "leave(eat, 1); time.sleep(0.2); os._exit(1)")                               \
	X(leaves_a_reader, 2, "leave(lambda: time.sleep(1000), 1, False); os._exit(1)")

struct misdeed {
	const char *name;
	int iterations;
	const char *code;
};

#define MISDEED_ROW(name, iterations, code) {#name, iterations, code},
static const struct misdeed misdeeds[] = {MISDEEDS(MISDEED_ROW)};
#undef MISDEED_ROW
enum { N_MISDEEDS = sizeof misdeeds / sizeof *misdeeds };

/* On the host only the first line takes effect: what comes after it must not harm this machine. */
static const char prelude[] =
	"import os, sys, time\n"
	"try:\n"
	"    open('%s', 'w').close()\n"
	"    os._exit(0)\n"
	"except OSError:\n"
	"    pass\n"
	"def leave(what, n, quiet=True):\n"
	"    for i in range(n):\n"
	"        try:\n"
	"            if os.fork() == 0:\n"
	"                os.setsid()\n"
	"                for d in range(3) if quiet else ():\n"
	"                    os.close(d)\n"
	"                what()\n"
	"                os._exit(0)\n"
	"        except OSError:\n"
	"            return\n"
	"def kill(number):\n"
	"    while True:\n"
	"        try:\n"
	"            os.kill(-1, number)\n"
	"        except OSError:\n"
	"            pass\n"
	"def eat():\n"
	"    kept = []\n"
	"    while True:\n"
	"        kept.append(bytearray(1 << 20))\n"
	"def fill():\n"
	"    try:\n"
	"        with open('/tmp/full', 'wb') as f:\n"
	"            while True: f.write(b'x' * 65536)\n"
	"    except OSError:\n"
	"        pass\n"
	"%s\n";

static const struct {
	enum sw_kind kind;
	wx_new_fn create;
} kinds[] = {
	{SW_KIND_COLD, sw_cold_new},
	{SW_KIND_PREPARED, sw_prepared_new},
	{SW_KIND_EXEC, sw_exec_new},
	{SW_KIND_WARM, sw_warm_new},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds };

static char session_id[40]; /* this run's own: parts of it run at the same time */
static char dir[64] = "/tmp/sandwatch-policy.XXXXXX", trace[96];

/* One session, of one mode. */
static struct {
	struct sw_plan plan;
	struct sw_task task;
	struct sw_buf code;
	const char *argv[6];
	struct sw_runner *runners[1], *fallbacks[1];
	struct sw_scheduler *scheduler;
	uint64_t seq;
	int told[SW_EVENT_COUNT], outcomes[SW_OUTCOME_COUNT];
	char text[SW_TEXT_MAX]; /* of the newest attempt that ended as the engine's failure */
	bool is_done;
} session;

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	event->seq = ++session.seq;
	session.told[event->kind]++;
	if (event->kind != SW_EVENT_ATTEMPT_FINISHED)
		return;
	session.outcomes[event->u.it.outcome]++;
	if (event->u.it.outcome == SW_OUTCOME_ENGINE)
		(void)snprintf(session.text, sizeof session.text, "%s", event->u.it.text);
}

static void on_session_done(void *user, enum sw_state state)
{
	(void)user, (void)state;
	session.is_done = true;
}

static void plan_one(int kind, int iterations)
{
	struct sw_plan *plan = &session.plan;
	sw_plan_defaults(plan);
	assert_true(plan->fallback.enabled);
	assert_int_equal(plan->fallback.on, 1U << SW_OUTCOME_ENGINE);
	plan->fallback.max_retries = 0;
	plan->iterations = iterations;
	plan->warmup = 0;
	plan->n_modes = 1;
	plan->modes[0] = sw_plan_new_mode(&plan->sandbox);
	(void)snprintf(plan->modes[0].name, sizeof plan->modes[0].name, "one");
	plan->modes[0].kind = kinds[kind].kind;
	plan->modes[0].parallel = plan->modes[0].pool = 1;
	struct sw_sandbox *sandbox = &plan->modes[0].sandbox;
	sandbox->timeout_ns = kinds[kind].kind == SW_KIND_WARM ? 2 * FX_SECOND : FX_SECOND * 3 / 2;
	sandbox->engine_timeout_ns = 5 * FX_SECOND;
	sandbox->memory_bytes = kinds[kind].kind == SW_KIND_WARM ? 320 << 20 : 64 << 20;
	sandbox->pids_limit = 32;
}

static void write_task(int kind, const char *code)
{
	const char *const argv[] = {PYTHON, NULL, NULL};
	sw_buf_clear(&session.code);
	sw_buf_addf(&session.code, prelude, trace, code);
	session.task = (struct sw_task){.backtest = SW_BACKTEST_REAL, .days = 20, .symbols = 2, .seed = 1};
	memcpy(session.argv, argv, sizeof argv);
	session.argv[4] = session.code.data;
	if (kinds[kind].kind != SW_KIND_WARM) {
		session.task.command = (char *const *)(uintptr_t)session.argv;
		return;
	}
	session.task.strategy = session.code.data;
	session.task.strategy_len = session.code.len;
	session.task.is_unchecked = true;
}

/* A strategy's host worker is not needed to know that it was asked: this one runs its source as a command. */
static void make_host(struct sw_task *task)
{
	struct sw_error err;
	*task = session.task;
	task->strategy = NULL;
	task->command = (char *const *)(uintptr_t)session.argv;
	const struct sw_host_options options = {.loop = fx.loop, .task = task,
	                                        .timeout_ns = 5 * FX_SECOND, .path_list = "/usr/bin",
	                                        .sink = {on_event, NULL}};
	if (sw_host_new(&options, &session.fallbacks[0], &err) < 0)
		fail_msg("%s", err.message);
}

static void make_container(int kind, const char *host)
{
	struct sw_error err;
	struct sw_container_options options = {
		.loop = fx.loop, .endpoint = fx.engine.endpoint, .api_version = fx.engine.api_version,
		.mode = &session.plan.modes[0], .task = &session.task, .session_id = session_id,
		.origin_ns = sw_clock_ns(), .shim = SW_SHIM_BAKED, .image_argv = wx_image.argv,
		.is_podman = strcmp(fx.engine.info.name, "podman") == 0, .sink = {on_event, NULL}};
	if (host)
		assert_int_equal(sw_endpoint_parse(host, &options.endpoint, &err), 0);
	if (kinds[kind].create(&options, &session.runners[0], &err) < 0)
		fail_msg("%s", err.message);
}

static void run(int kind, const struct misdeed *misdeed, const char *host)
{
	struct sw_error err;
	struct sw_task host_task;
	memset(session.told, 0, sizeof session.told);
	memset(session.outcomes, 0, sizeof session.outcomes);
	session.is_done = false;
	plan_one(kind, misdeed->iterations);
	write_task(kind, misdeed->code);
	make_container(kind, host);
	make_host(&host_task);
	const struct sw_scheduler_options options = {.loop = fx.loop, .plan = &session.plan,
	                                             .runners = {session.runners},
	                                             .fallbacks = session.fallbacks,
	                                             .sink = {on_event, NULL}, .origin_ns = sw_clock_ns(),
	                                             .done = on_session_done};
	if (sw_scheduler_new(&options, &session.scheduler, &err) < 0)
		fail_msg("%s", err.message);
	sw_scheduler_start(session.scheduler);
	int64_t due_ns = sw_clock_ns() + 90 * FX_SECOND;
	while (!session.is_done) {
		if (sw_clock_ns() > due_ns)
			fail_msg("%s: not within 90 s", misdeed->name);
		fx_step(&fx);
		sw_scheduler_acked(session.scheduler, session.seq);
	}
	sw_scheduler_free(session.scheduler);
	session.runners[0]->ops->free(session.runners[0]);
	session.fallbacks[0]->ops->free(session.fallbacks[0]);
	sw_plan_done(&session.plan);
}

static bool has_trace(void)
{
	bool there = access(trace, F_OK) == 0;
	(void)unlink(trace);
	return there;
}

static void tell_outcomes(int kind)
{
	char line[160] = "";
	for (int i = 0; i < SW_OUTCOME_COUNT; i++) {
		size_t len = strlen(line);
		if (session.outcomes[i])
			(void)snprintf(line + len, sizeof line - len, " %s %d", sw_word(&sw_words_outcome, i),
			               session.outcomes[i]);
	}
	print_message("    %s:%s, %d replaced\n", sw_word(&sw_words_kind, (int)kinds[kind].kind), line,
	              session.told[SW_EVENT_CONTAINER_REPLACED]);
}

static void never_reaches_the_host(void **state)
{
	const struct misdeed *misdeed = *state;
	char label[80];
	wx_need_python();
	(void)snprintf(label, sizeof label, WX_LABEL("%s"), session_id);
	for (int i = 0; i < N_KINDS; i++) {
		run(i, misdeed, NULL);
		tell_outcomes(i);
		if (session.outcomes[SW_OUTCOME_ENGINE])
			fail_msg("%s: %s", sw_word(&sw_words_kind, (int)kinds[i].kind), session.text);
		assert_int_equal(session.told[SW_EVENT_FALLBACK_TAKEN], 0);
		assert_int_equal(session.told[SW_EVENT_ITERATION_FINISHED], misdeed->iterations);
		assert_int_equal(session.outcomes[SW_OUTCOME_OK], 0);
		assert_false(has_trace());
		assert_int_equal(fx_count(&fx, label), 0);
	}
}

/* The same code where there is no engine: it runs on the host, and leaves its trace. */
static void where_there_is_no_engine_it_does(void **state)
{
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_KINDS; i++) {
		run(i, &misdeeds[0], "/nonexistent/engine.sock");
		assert_int_equal(session.outcomes[SW_OUTCOME_ENGINE], 1);
		assert_int_equal(session.told[SW_EVENT_FALLBACK_TAKEN], 1);
		assert_int_equal(session.outcomes[SW_OUTCOME_OK], 1);
		assert_true(has_trace());
	}
}

static int set_up(void **state)
{
	if (!mkdtemp(dir))
		return -1;
	(void)snprintf(trace, sizeof trace, "%s/trace", dir);
	(void)snprintf(session_id, sizeof session_id, "policy-test-%d", (int)getpid());
	sw_buf_init(&session.code, 0);
	return wx_open(state);
}

static int tear_down(void **state)
{
	sw_buf_done(&session.code);
	(void)unlink(trace);
	(void)rmdir(dir);
	return wx_close(state);
}

/* Arguments: the misdeeds to be tried; none: all. Or: --part K/N. */
int main(int argc, char **argv)
{
	struct part part = part_of(&argc, argv);
	struct CMUnitTest tests[N_MISDEEDS + 1];
	char names[N_MISDEEDS][64];
	size_t n = 0;
	memset(tests, 0, sizeof tests);
	tests[n++] = (struct CMUnitTest)cmocka_unit_test(where_there_is_no_engine_it_does);
	for (int i = 0; i < N_MISDEEDS; i++) {
		bool is_wanted = argc < 2;
		for (int k = 1; k < argc; k++)
			is_wanted |= strcmp(argv[k], misdeeds[i].name) == 0;
		if (!is_wanted || !part_has_next(&part))
			continue;
		(void)snprintf(names[i], sizeof names[i], "code_that_%s", misdeeds[i].name);
		tests[n++] = (struct CMUnitTest){.name = names[i], .test_func = never_reaches_the_host,
		                                 .initial_state = (void *)(uintptr_t)&misdeeds[i]};
	}
	return _cmocka_run_group_tests("policy", tests, n, set_up, tear_down);
}
