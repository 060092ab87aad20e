/* Streams at their worst, against a real engine and each kind of container: floods while nobody reads,
 * streams that close early, never end, or hold what looks like frames and results. Each attempt ends within
 * its deadlines with the outcome that the code earned, what is beyond the cap is dropped and counted, memory
 * stays where it was, and nothing is left. Needs sandwatch/python:latest on the engine. */
#include <time.h>

#include "tests/engine/warm_fixture.h"

#include "docker/cold.h"
#include "docker/exec.h"
#include "docker/prepared.h"

#define SESSION "streams-test"
#define PYTHON "/usr/bin/python3.11", "-I", "-S", "-c"
#define MIB ((uint64_t)1 << 20)

enum { FLOOD_MIB = 300, ROOM_MIB = 24, QUIET_LOOKS = 10 };

static const struct {
	enum sw_kind kind;
	wx_new_fn create;
} kinds[] = {
	{SW_KIND_COLD, sw_cold_new},
	{SW_KIND_PREPARED, sw_prepared_new},
	{SW_KIND_EXEC, sw_exec_new},
	{SW_KIND_WARM, sw_warm_new},
};
enum { N_KINDS = sizeof kinds / sizeof *kinds, N_COMMANDS = N_KINDS - 1 /* warm runs none */ };

static struct wx one;
static const char *argv_of_one[6];
static int64_t resident_before;

static int64_t resident_bytes(void)
{
	long total, resident;
	FILE *file = fopen("/proc/self/statm", "re");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%ld %ld", &total, &resident), 2);
	fclose(file);
	return resident * (int64_t)sysconf(_SC_PAGESIZE);
}

static void init(int kind)
{
	wx_init(&one, SESSION, kind);
	one.create = kinds[kind].create;
	one.mode.kind = kinds[kind].kind;
	one.mode.pool = 1;
	one.mode.sandbox.memory_bytes = 256 << 20;
	/* What hangs for that long fails, and what could not be removed in that time is found by the count. */
	one.mode.sandbox.engine_timeout_ns = 15 * FX_SECOND;
	print_message("    %s\n", sw_word(&sw_words_kind, (int)kinds[kind].kind));
}

static void use_python(const char *code)
{
	const char *const argv[] = {PYTHON, code, NULL};
	memcpy(argv_of_one, argv, sizeof argv);
	one.task.command = (char *const *)(uintptr_t)argv_of_one;
}

static void use_strategy(const char *source)
{
	one.task.strategy = source;
	one.task.strategy_len = strlen(source);
	one.task.is_unchecked = true;
}

static void make(void)
{
	wx_make(&one);
	assert_string_equal(one.ready_error, "");
	resident_before = resident_bytes();
}

static void settle(void)
{
	if (one.runner->ops->settle)
		wx_settle(&one);
}

/* Nothing of it is left, not here either. */
static void end(void)
{
	int64_t grown = resident_bytes() - resident_before;
	if (grown > ROOM_MIB * (int64_t)MIB)
		fail_msg("this process has grown by %lld MiB", (long long)(grown / (int64_t)MIB));
	wx_finish(&one);
	assert_int_equal(fx_count(&fx, WX_LABEL(SESSION)), 0);
}

/* ---- a flood that nobody reads ---- */

static uint64_t written_bytes(const char *container)
{
	int pids[WX_PIDS_MAX], n = wx_pids(container, pids);
	uint64_t sum = 0;
	for (int i = 0; i < n; i++) {
		char path[64];
		unsigned long long bytes = 0;
		(void)snprintf(path, sizeof path, "/proc/%d/io", pids[i]);
		FILE *file = fopen(path, "re");
		if (file && fscanf(file, "rchar: %*u wchar: %llu", &bytes) == 1)
			sum += bytes;
		if (file)
			fclose(file);
	}
	return sum;
}

static const char *container_of_one(void)
{
	const struct sw_event *event = wx_last(&one, SW_EVENT_PHASE_STARTED);
	return event ? event->u.it.container : "";
}

/* Doesn't step the loop, as if this process were stopped, until the container's writers are, too: what the
 * engine holds for us is full. */
static void stall_until_full(void)
{
	const struct timespec look = {.tv_nsec = 20000000};
	uint64_t before = 0, now;
	int64_t due_ns = sw_clock_ns() + 30 * FX_SECOND;
	for (int same = 0; same < QUIET_LOOKS; before = now) {
		assert_true(sw_clock_ns() < due_ns);
		nanosleep(&look, NULL);
		now = written_bytes(container_of_one());
		same = now == before && now > 0 ? same + 1 : 0;
	}
}

static const char flood_code[] = "import os\n"
	"for i in range(300): os.write(1, b'x' * 1048576)\n";

static const char endless_code[] = "import os\n"
	"while True: os.write(1, b'no newline for ever ' * 4096)\n";

static void until_executing(void)
{
	const struct sw_event *event;
	int64_t due_ns = sw_clock_ns() + 30 * FX_SECOND;
	do {
		assert_true(!one.done && sw_clock_ns() < due_ns);
		fx_step(&fx);
		event = wx_last(&one, SW_EVENT_PHASE_STARTED);
	} while (!event || event->u.it.phase != SW_PHASE_EXECUTE);
}

static void a_flood_waits_for_a_slow_reader(void **state)
{
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_COMMANDS; i++) {
		init(i);
		use_python(flood_code);
		make();
		wx_start(&one);
		until_executing();
		stall_until_full();
		fx_until(&fx, &one.done, 60, "the flood's end");
		wx_assert(&one, SW_OUTCOME_OK, "");
		assert_int_equal(one.result.stdout_bytes, FLOOD_MIB * MIB);
		assert_true(one.result.dropped_bytes > (FLOOD_MIB - 1) * MIB);
		end();
	}
}

/* moby#41827: with a reader that stalls, kill and wait hung. The attach is dropped first. */
static void a_flood_that_nobody_reads_is_cancelled(void **state)
{
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_COMMANDS; i++) {
		init(i);
		use_python(endless_code);
		make();
		wx_start(&one);
		until_executing();
		stall_until_full();
		one.runner->ops->cancel(one.runner);
		fx_until(&fx, &one.done, 20, "the end of what was cancelled");
		wx_assert(&one, SW_OUTCOME_CANCELLED, "");
		end();
	}
}

static void an_endless_flood_is_over_its_limit(void **state)
{
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_KINDS; i++) {
		init(i);
		one.mode.sandbox.timeout_ns = 2 * FX_SECOND;
		if (kinds[i].kind == SW_KIND_WARM)
			use_strategy(endless_code);
		else
			use_python(endless_code);
		make();
		wx_run(&one);
		wx_assert(&one, SW_OUTCOME_TIMEOUT, "over its limit of 2.00 s");
		if (kinds[i].kind != SW_KIND_WARM)
			assert_true(one.result.stdout_bytes > MIB);
		assert_true(one.result.stdout_bytes + one.result.stderr_bytes > 100000);
		assert_true(one.result.dropped_bytes > 0);
		end();
	}
}

/* ---- streams that end early, or never ---- */

static void run_closed(int kind, enum sw_shim shim, bool is_endless)
{
	init(kind);
	one.options.shim = shim;
	if (is_endless)
		one.mode.sandbox.timeout_ns = FX_SECOND;
	use_python(is_endless ? "import os, time\nfor fd in 0, 1, 2: os.close(fd)\ntime.sleep(1000)"
	                      : "import os, time\nfor fd in 0, 1, 2: os.close(fd)\n"
	                        "time.sleep(0.3)\nos._exit(3)");
	make();
	wx_run(&one);
	if (is_endless)
		wx_assert(&one, SW_OUTCOME_TIMEOUT, "over its limit of 1.00 s");
	else
		wx_assert(&one, SW_OUTCOME_FAILED, "exited with 3");
	end();
}

static void closed_streams_are_no_end(void **state)
{
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_COMMANDS; i++) {
		run_closed(i, SW_SHIM_BAKED, true);
		run_closed(i, SW_SHIM_BAKED, false);
		if (kinds[i].kind == SW_KIND_EXEC)
			continue; /* its container is kept up by the shim */
		run_closed(i, SW_SHIM_NONE, true);
		run_closed(i, SW_SHIM_NONE, false);
	}
}

/* A process that outlives the first one and holds its streams: in a container of its own it dies with it, in
 * a kept one only the limit ends it. It is the code's doing, never the engine's. */
static void a_stream_held_open_by_a_child(void **state)
{
	static const char code[] = "import os\n"
		"if os.fork() == 0:\n"
		" os.setsid()\n"
		" while True: os.write(1, b'still there' * 1000)\n"
		"os._exit(0)\n";
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_COMMANDS; i++) {
		init(i);
		one.mode.sandbox.timeout_ns = 2 * FX_SECOND;
		use_python(code);
		make();
		wx_run(&one);
		if (kinds[i].kind == SW_KIND_EXEC)
			wx_assert(&one, SW_OUTCOME_TIMEOUT, "over its limit of 2.00 s");
		else
			wx_assert(&one, SW_OUTCOME_OK, "");
		end();
	}
}

/* A thread that goes on printing: the result counts, and what comes after it doesn't. */
static void a_stream_that_goes_on_after_the_result(void **state)
{
	static const char source[] = "import os, threading\n"
		"def on():\n"
		"    while True: os.write(1, b'and on ' * 1000)\n"
		"threading.Thread(target=on, daemon=False).start()\n"
		"report = sim(data.close > data.close.shift(1))\n";
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_KINDS; i++) {
		init(i);
		use_strategy(source);
		make();
		for (int k = 0; k < 2; k++) {
			wx_run(&one);
			wx_assert(&one, SW_OUTCOME_OK, "");
			assert_int_equal(strlen(one.result.digest), 64);
			settle();
		}
		end();
	}
}

/* ---- streams that look like something else ---- */

static void what_looks_like_frames_is_output(void **state)
{
	static const char code[] = "import os\n"
		"part = b'\\x01\\0\\0\\0\\xff\\xff\\xff\\xff\\x02\\0\\0\\0\\0\\0\\0\\x05\\x03\\0\\0\\0'\n"
		"part += b'\\x1esw1 ' + bytes(range(256)) + b'HTTP/1.1 200 OK\\r\\n\\r\\n0\\r\\n\\r\\n'\n"
		"for i in range(3000):\n os.write(1, part)\n os.write(2, part[::-1])\n";
	const uint64_t bytes = 3000 * (20 + 5 + 256 + 24);
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_COMMANDS; i++) {
		init(i);
		use_python(code);
		make();
		wx_run(&one);
		wx_assert(&one, SW_OUTCOME_OK, "");
		assert_int_equal(one.result.stdout_bytes, bytes);
		assert_int_equal(one.result.stderr_bytes, bytes);
		end();
	}
}

/* Each byte of the worker's answer is a write, and a frame, of its own. */
static void a_result_in_many_frames(void **state)
{
	static const char source[] = "import os\n"
		"whole = os.write\n"
		"def piecemeal(fd, line):\n"
		"    return sum(whole(fd, line[i:i + 1]) for i in range(len(line)))\n"
		"os.write = piecemeal\n"
		"report = sim(data.close > data.close.shift(1))\n";
	char digest[SW_DIGEST_MAX] = "";
	(void)state;
	wx_need_python();
	for (int i = 0; i < N_KINDS; i++) {
		init(i);
		use_strategy(source);
		make();
		wx_run(&one);
		wx_assert(&one, SW_OUTCOME_OK, "");
		assert_int_equal(strlen(one.result.digest), 64);
		if (digest[0])
			assert_string_equal(one.result.digest, digest);
		memcpy(digest, one.result.digest, sizeof digest);
		end();
	}
}

static int tear_down(void **state)
{
	wx_finish(&one);
	return wx_close(state);
}

static int tear_down_one(void **state)
{
	(void)state;
	wx_finish(&one);
	return 0;
}

#define T(name) cmocka_unit_test_teardown(name, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_flood_waits_for_a_slow_reader),
		T(a_flood_that_nobody_reads_is_cancelled),
		T(an_endless_flood_is_over_its_limit),
		T(closed_streams_are_no_end),
		T(a_stream_held_open_by_a_child),
		T(a_stream_that_goes_on_after_the_result),
		T(what_looks_like_frames_is_output),
		T(a_result_in_many_frames),
	};
	return cmocka_run_group_tests_name("streams", tests, wx_open, tear_down);
}
