/* docker/warm.c against a real engine: many jobs in one container, what they leave behind, and each way in
 * which a job, its container or the engine can go wrong. Needs sandwatch/python:latest on the engine. */
#include "tests/engine/tiled.h"
#include "tests/engine/warm_fixture.h"

#include <signal.h>
#include <sys/resource.h>

#define SESSION "warm-test"
#define LABEL WX_LABEL(SESSION)

static const char trend[] = "report = sim(data.close > data.close.rolling(5).mean())\n";
static const char endless[] = "while True:\n pass\n";
static const char hungry[] = "x = []\nwhile True:\n x.append(np.ones(1 << 20))\n";

static struct wx one, two;

static void use(struct wx *wx, const char *source)
{
	wx->task.strategy = source;
	wx->task.strategy_len = strlen(source);
}

static void make(struct wx *wx, const char *source)
{
	wx_need_python();
	use(wx, source);
	wx_make(wx);
	assert_string_equal(wx->ready_error, "");
}

/* ---- many jobs ---- */

enum { JOBS = 500, EARLY = 50 };

struct stream {
	char digest[SW_DIGEST_MAX], container[16];
	int left;
	long early_kib; /* the zygote's resident memory after EARLY jobs */
	int64_t longest_ns;
} streams[2];

static struct stream *stream_of(const struct wx *wx)
{
	return &streams[wx == &two];
}

static void next_job(struct wx *wx)
{
	struct stream *stream = stream_of(wx);
	wx_assert(wx, SW_OUTCOME_OK, "");
	if (!stream->digest[0]) {
		(void)snprintf(stream->digest, sizeof stream->digest, "%s", wx->result.digest);
		(void)snprintf(stream->container, sizeof stream->container, "%s", wx->result.container);
	}
	assert_string_equal(wx->result.digest, stream->digest);
	assert_string_equal(wx->result.container, stream->container);
	if (stream->left == JOBS - EARLY)
		stream->early_kib = wx_status(wx_first(stream->container), "VmRSS:");
	if (stream->left-- > 0)
		wx_start(wx);
}

/* Two slots at once, each with data of its own, so that a result that goes to the wrong one is noticed. */
static void a_thousand_jobs_none_lost_none_mixed_up(void **state)
{
	struct rusage before, after;
	(void)state;
	two.task.seed = 43;
	make(&one, trend);
	make(&two, trend);
	memset(streams, 0, sizeof streams);
	streams[0].left = streams[1].left = JOBS;
	one.on_done = two.on_done = next_job;
	one.told[SW_EVENT_CONTAINER_CREATED] = 0;
	getrusage(RUSAGE_SELF, &before);
	wx_start(&one);
	wx_start(&two);
	while (streams[0].left >= 0 || streams[1].left >= 0)
		fx_step(&fx);
	getrusage(RUSAGE_SELF, &after);
	double own_ms = ((double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec) +
	                 (double)(after.ru_stime.tv_sec - before.ru_stime.tv_sec)) *
	                    1e3 +
	                ((double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec) +
	                 (double)(after.ru_stime.tv_usec - before.ru_stime.tv_usec)) /
	                    1e3;
	print_message("own CPU time per job %.3f ms\n", own_ms / (2 * JOBS));
	assert_string_not_equal(streams[0].digest, streams[1].digest);
	assert_string_not_equal(streams[0].container, streams[1].container);
	for (int i = 0; i < 2; i++) {
		long late_kib = wx_status(wx_first(streams[i].container), "VmRSS:");
		print_message("resident after %d jobs %ld KiB, after %d %ld KiB\n", EARLY,
		              streams[i].early_kib, JOBS, late_kib);
		assert_true(streams[i].early_kib > 0);
		assert_true(late_kib <= streams[i].early_kib + streams[i].early_kib / 20);
	}
	assert_int_equal(one.told[SW_EVENT_CONTAINER_REPLACED], 0);
	assert_int_equal(one.told[SW_EVENT_CONTAINER_CREATED], 0);
	assert_int_equal(fx_count(&fx, LABEL), 2);
#ifndef __SANITIZE_ADDRESS__
	assert_true(own_ms / (2 * JOBS) < 0.5); /* the bench says what it is on a quiet machine */
#endif
}

/* ---- what is told ---- */

static int64_t phase_ns(const struct sw_event *event, enum sw_phase phase)
{
	for (int i = 0; i < event->u.it.n_spans; i++)
		if (event->u.it.spans[i].phase == phase)
			return event->u.it.spans[i].end_ns - event->u.it.spans[i].start_ns;
	return -1;
}

static void phases_lie_on_the_path_and_behind_it(void **state)
{
	static const enum sw_phase expected[] = {SW_PHASE_START,     SW_PHASE_VALIDATE,
	                                         SW_PHASE_DATA,      SW_PHASE_EXECUTE,
	                                         SW_PHASE_SERIALIZE, SW_PHASE_DELIVER};
	unsigned behind = 0;
	(void)state;
	make(&one, trend);
	for (int i = 0; i < one.n_events; i++) {
		const struct sw_event *event = &one.events[i];
		assert_int_not_equal(event->kind, SW_EVENT_PHASE_STARTED);
		if (event->kind != SW_EVENT_PHASE_BEHIND)
			continue;
		assert_int_equal(event->u.it.iteration, 0);
		for (int k = 0; k < event->u.it.n_spans; k++) {
			assert_false(event->u.it.spans[k].on_path);
			behind |= 1u << event->u.it.spans[k].phase;
		}
	}
	assert_int_equal(behind, 1u << SW_PHASE_CREATE | 1u << SW_PHASE_ATTACH | 1u << SW_PHASE_START |
	                             1u << SW_PHASE_BOOT | 1u << SW_PHASE_IMPORTS |
	                             1u << SW_PHASE_PREWARM);
	assert_int_equal(one.told[SW_EVENT_CONTAINER_CREATED], 1);
	assert_int_equal(one.told[SW_EVENT_CLOCK_KNOWN], 1);

	one.n_events = 0;
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_OK, "");
	fx_assert_tiled(&one.result);
	assert_int_equal(one.result.n_spans, sizeof expected / sizeof *expected);
	for (int i = 0; i < one.result.n_spans; i++)
		assert_int_equal(one.result.spans[i].phase, expected[i]);
	wx_settle(&one);
	assert_int_equal(one.n_events, 2);
	const struct sw_event *event = wx_last(&one, SW_EVENT_PHASE_BEHIND);
	assert_non_null(event);
	assert_int_equal(event->u.it.iteration, 1);
	/* The word of the end came with the readiness, and still the next worker's making is not the end's. */
	assert_true(phase_ns(event, SW_PHASE_EXIT) > 0);
	assert_true(phase_ns(event, SW_PHASE_PREWARM) > phase_ns(event, SW_PHASE_EXIT) / 10);
	assert_non_null(wx_last(&one, SW_EVENT_PHASE_STARTED));

	wx_finish(&one);
	assert_int_equal(one.told[SW_EVENT_CONTAINER_REMOVED], 1);
	assert_int_equal(fx_count(&fx, LABEL), 0);
}

/* ---- jobs that go wrong: the container goes on ---- */

/* The next job is well, in the container CONTAINER, which holds the zygote and its spare and nothing else. */
static void assert_goes_on(const char *container)
{
	int pids[WX_PIDS_MAX];
	use(&one, trend);
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_OK, "");
	assert_string_equal(one.result.container, container);
	wx_settle(&one);
	assert_int_equal(wx_pids(container, pids), 2);
	assert_int_equal(one.told[SW_EVENT_CONTAINER_REPLACED], 0);
}

static void over_time_is_the_jobs_own(void **state)
{
	char container[16];
	(void)state;
	one.mode.sandbox.timeout_ns = FX_SECOND;
	make(&one, endless);
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_TIMEOUT,
	          "over its limit of 1.00 s and killed; raise timeout_seconds");
	int64_t wall_ns = one.result.end_ns - one.result.start_ns;
	assert_true(wall_ns >= FX_SECOND && wall_ns < FX_SECOND * 2);
	fx_assert_tiled(&one.result);
	(void)snprintf(container, sizeof container, "%s", one.result.container);
	assert_goes_on(container);
}

static void over_memory_is_the_jobs_own(void **state)
{
	char container[16];
	(void)state;
	one.mode.sandbox.memory_bytes = 400 << 20;
	make(&one, hungry);
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_OOM,
	          "over its memory limit of 300 MiB and killed; raise job_memory");
	(void)snprintf(container, sizeof container, "%s", one.result.container);
	assert_goes_on(container);
}

static void a_death_is_the_jobs_own(void **state)
{
	char container[16];
	(void)state;
	one.task.is_unchecked = true;
	make(&one, "import os\nos.write(2, b'the reason\\n')\nos.kill(os.getpid(), 11)\n");
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_CRASHED, "died by SIGSEGV; the last it said: the reason");
	assert_int_equal(one.result.term_signal, 11);
	assert_int_equal(one.result.stderr_bytes, strlen("the reason\n"));
	(void)snprintf(container, sizeof container, "%s", one.result.container);
	use(&one, "import os\nos._exit(3)\n");
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_CRASHED, "ended with status 3 without a result");
	assert_goes_on(container);
}

static void what_the_validator_refuses_is_rejected(void **state)
{
	char container[16];
	(void)state;
	make(&one, "import os\n");
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_REJECTED, "has an import");
	(void)snprintf(container, sizeof container, "%s", one.result.container);
	use(&one, "report = 1 / 0\n");
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_FAILED, "ZeroDivisionError");
	assert_goes_on(container);
}

/* ---- containers that are lost ---- */

/* It was replaced TIMES times, is another one than LOST, and works. */
static void assert_replaced(int times, const char *lost)
{
	use(&one, trend);
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_OK, "");
	assert_string_not_equal(one.result.container, lost);
	wx_settle(&one);
	assert_string_equal(one.ready_error, "");
	assert_int_equal(one.told[SW_EVENT_CONTAINER_REPLACED], times);
	assert_int_equal(fx_count(&fx, LABEL), 1);
}

static void killed_during_a_job(void **state)
{
	char lost[16];
	(void)state;
	make(&one, endless);
	one.kill_in_execute = true;
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_CRASHED, "its container died by SIGKILL");
	assert_int_equal(one.result.exit_code, 137);
	fx_assert_tiled(&one.result);
	(void)snprintf(lost, sizeof lost, "%s", one.result.container);
	const struct sw_event *event = wx_last(&one, SW_EVENT_CONTAINER_REPLACED);
	assert_non_null(event);
	assert_string_equal(event->u.it.container, lost);
	assert_non_null(strstr(event->u.it.text, "SIGKILL"));
	assert_replaced(1, lost);
}

static void killed_between_two_jobs(void **state)
{
	char lost[16];
	(void)state;
	make(&one, trend);
	wx_run(&one);
	wx_settle(&one);
	(void)snprintf(lost, sizeof lost, "%s", one.result.container);
	sw_api_container_kill(fx.api, lost, "KILL", 10 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "killing a container");
	while (!one.told[SW_EVENT_CONTAINER_REPLACED])
		fx_step(&fx);
	/* Asked for while there is none: it waits, which no figure holds. */
	assert_replaced(1, lost);
	assert_true(one.result.end_ns - one.result.start_ns < FX_SECOND / 2);
}

/* What neither the job nor the zygote answers any more: our own deadline is the last. */
static void a_zygote_that_stops_is_replaced(void **state)
{
	char lost[16];
	(void)state;
	one.mode.sandbox.timeout_ns = FX_SECOND;
	make(&one, trend);
	wx_run(&one);
	wx_settle(&one);
	(void)snprintf(lost, sizeof lost, "%s", one.result.container);
	assert_int_equal(kill(wx_first(lost), SIGSTOP), 0);
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_TIMEOUT, "with its container");
	assert_true(one.result.end_ns - one.result.start_ns >= FX_SECOND * 6);
	fx_assert_tiled(&one.result);
	assert_replaced(1, lost);
}

static void cancelled(void **state)
{
	char lost[16];
	(void)state;
	make(&one, endless);
	one.runner->ops->cancel(one.runner); /* idle: nothing happens */
	one.cancel_in = SW_PHASE_EXECUTE;
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_CANCELLED, "stopped");
	fx_assert_tiled(&one.result);
	one.cancel_in = SW_PHASE_PULL;
	(void)snprintf(lost, sizeof lost, "%s", one.result.container);

	/* While it waits for the new container. */
	use(&one, trend);
	wx_start(&one);
	one.runner->ops->cancel(one.runner);
	assert_false(one.done);
	fx_until(&fx, &one.done, 10, "the cancelled attempt's end");
	wx_assert(&one, SW_OUTCOME_CANCELLED, "stopped");
	assert_replaced(0, lost);
}

static void nothing_is_left_whenever_it_is_finished(void **state)
{
	struct sw_error err;
	(void)state;
	wx_need_python();
	use(&one, trend);
	one.options.mode = &one.mode;
	one.options.task = &one.task;
	one.options.sink = (struct sw_sink){wx_event, &one};
	/* Before its container is up, after it, and while the next worker is made. */
	for (int i = 0; i < 3; i++) {
		assert_int_equal(sw_warm_new(&one.options, &one.runner, &err), 0);
		one.ready = false;
		if (i > 0) {
			one.runner->ops->prepare(one.runner, wx_ready, &one);
			fx_until(&fx, &one.ready, 90, "prepare");
		} else {
			wx_start(&one);
			one.runner->ops->cancel(one.runner);
			fx_until(&fx, &one.done, 10, "the cancelled attempt's end");
		}
		if (i > 1)
			wx_run(&one);
		wx_finish(&one);
		assert_int_equal(fx_count(&fx, LABEL), 0);
	}
}

/* ---- what cannot be ---- */

static void an_image_without_a_worker(void **state)
{
	(void)state;
	fx_need_engine();
	use(&one, trend);
	one.options.image_argv = NULL;
	(void)snprintf(one.mode.sandbox.image, sizeof one.mode.sandbox.image, "nowhere/none:1");
	wx_make(&one);
	assert_non_null(strstr(one.ready_error, "nowhere/none:1 has no worker"));
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_ENGINE, "nowhere/none:1 has no worker");
	wx_settle(&one);
}

static void a_missing_image_is_the_engines(void **state)
{
	(void)state;
	wx_need_python();
	use(&one, trend);
	(void)snprintf(one.mode.sandbox.image, sizeof one.mode.sandbox.image, "nowhere/none:1");
	wx_make(&one);
	assert_non_null(strstr(one.ready_error, "nowhere/none:1"));
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_ENGINE, "nowhere/none:1");
	assert_int_equal(one.told[SW_EVENT_CONTAINER_REPLACED], 0);
}

/* No worker, no job, and the container is no loss. */
static void assert_does_not_come_up(enum sw_outcome outcome, const char *why)
{
	wx_make(&one);
	assert_non_null(strstr(one.ready_error, why));
	wx_run(&one);
	wx_assert(&one, outcome, why);
	wx_settle(&one);
	assert_int_equal(one.told[SW_EVENT_CONTAINER_REPLACED], 0);
	assert_int_equal(fx_count(&fx, LABEL), 0);
}

/* Its last words are told. */
static void a_worker_that_does_not_come_up(void **state)
{
	(void)state;
	wx_need_python();
	use(&one, trend);
	static const char *const argv[] = {"/sandwatch/shim", "/usr/bin/python3.11", "-c",
	                                   "raise SystemExit('no way')", NULL};
	one.options.image_argv = argv;
	assert_does_not_come_up(SW_OUTCOME_ENGINE, "no way");
	assert_non_null(strstr(one.ready_error, "is not ready"));
}

/* A limit that its worker cannot come up in is no failure of the engine. */
static void a_limit_without_room_for_the_worker(void **state)
{
	(void)state;
	wx_need_python();
	use(&one, trend);
	one.mode.sandbox.memory_bytes = 24 << 20;
	assert_does_not_come_up(SW_OUTCOME_OOM, "raise memory_limit");
}

/* Enough for the zygote, too little for its child: PID 1 gives up by itself, with another exit code. Podman
 * does not tell why. */
static void a_limit_without_room_for_its_child(void **state)
{
	(void)state;
	wx_need_python();
	fx_need(!one.options.is_podman, "Podman does not tell of a child that ran out of memory");
	use(&one, trend);
	static const char *const argv[] = {
		"/sandwatch/shim", "/usr/bin/python3.11", "-c",
		"import os\npid = os.fork()\nif pid == 0:\n    bytearray(1 << 30)\nos.wait()\nos._exit(65)",
		NULL};
	one.options.image_argv = argv;
	one.mode.sandbox.memory_bytes = 64 << 20;
	assert_does_not_come_up(SW_OUTCOME_OOM, "raise memory_limit");
}

static void no_engine_at_all(void **state)
{
	struct sw_error err;
	(void)state;
	if (!fx.loop)
		assert_int_equal(sw_loop_new(&fx.loop, &err), 0);
	one.options.loop = fx.loop;
	one.options.endpoint = (struct sw_endpoint){0};
	one.options.api_version = "";
	one.options.engine_error = "start one";
	use(&one, trend);
	wx_make(&one);
	assert_string_equal(one.ready_error, "start one");
	wx_run(&one);
	wx_assert(&one, SW_OUTCOME_ENGINE, "start one");
}

/* ---- fixture ---- */

static int set_up_one(void **state)
{
	(void)state;
	wx_init(&one, SESSION, 0);
	wx_init(&two, SESSION, 1);
	return 0;
}

static int tear_down_one(void **state)
{
	(void)state;
	one.on_done = two.on_done = NULL;
	wx_finish(&one);
	wx_finish(&two);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

/* Argument: the one test to be run; none: all. */
int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		TEST(a_thousand_jobs_none_lost_none_mixed_up),
		TEST(phases_lie_on_the_path_and_behind_it),
		TEST(over_time_is_the_jobs_own),
		TEST(over_memory_is_the_jobs_own),
		TEST(a_death_is_the_jobs_own),
		TEST(what_the_validator_refuses_is_rejected),
		TEST(killed_during_a_job),
		TEST(killed_between_two_jobs),
		TEST(a_zygote_that_stops_is_replaced),
		TEST(cancelled),
		TEST(nothing_is_left_whenever_it_is_finished),
		TEST(an_image_without_a_worker),
		TEST(a_missing_image_is_the_engines),
		TEST(a_worker_that_does_not_come_up),
		TEST(a_limit_without_room_for_the_worker),
		TEST(a_limit_without_room_for_its_child),
		TEST(no_engine_at_all),
	};
	if (argc > 1)
		cmocka_set_test_filter(argv[1]);
	return cmocka_run_group_tests(tests, wx_open, wx_close);
}
