#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/error.h"
#include "core/journal.h"
#include "core/journal_read.h"
#include "core/loop.h"
#include "core/queue.h"
#include "core/recorder.h"

#include "tests/unit/rounds.h"

enum { EACH = 10 };
#define MANY rounds(6000) /* in any case some times the ring's length */

/* What core/journal.c asks of the disk goes through here. */
static atomic_int data_syncs;

int fdatasync(int fd)
{
	atomic_fetch_add(&data_syncs, 1);
	return (int)syscall(SYS_fdatasync, fd);
}

static char dir[] = "/tmp/sw-recorder-XXXXXX";
static char path[64];
static struct sw_loop *viewer, *producer_loop;
static struct sw_recorder *recorder;
static struct sw_event event, taken;
static struct sw_error err;
static atomic_uint_fast64_t acked;
static atomic_int failures;
static int woken, base; /* base: the number of an earlier process's last event */
static bool is_lost;

static void acknowledged(void *user, uint64_t seq)
{
	(void)user;
	assert_true(seq >= atomic_load(&acked));
	atomic_store(&acked, seq);
	sw_loop_wake(producer_loop);
}

static void failed(void *user)
{
	(void)user;
	atomic_fetch_add(&failures, 1);
}

static void count(void *user)
{
	(void)user;
	woken++;
}

static int setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	atomic_store(&acked, 0);
	atomic_store(&failures, 0);
	woken = base = 0;
	recorder = NULL;
	if (sw_loop_new(&viewer, &err) < 0 || sw_loop_new(&producer_loop, &err) < 0)
		return -1;
	sw_loop_on_wake(viewer, count, NULL);
	struct sw_recorder_options options = {
		.path = path,
		.origin_ns = sw_clock_ns(),
		.viewer = viewer,
		.acknowledged = acknowledged,
		.failed = failed,
	};
	return sw_recorder_start(&options, &recorder, &err);
}

static int teardown(void **state)
{
	(void)state;
	sw_recorder_free(recorder);
	sw_loop_free(viewer);
	sw_loop_free(producer_loop);
	unlink(path);
	rmdir(dir);
	return 0;
}

static void push(enum sw_event_kind kind, int64_t number)
{
	sw_event_init(&event, kind, 0);
	event.u.it.iteration = number;
	sw_recorder_push(recorder, &event);
}

static void wait_for_ack(uint64_t seq)
{
	while (atomic_load(&acked) < seq)
		assert_int_equal(sw_loop_step(producer_loop, &err), 0);
}

static bool take(void)
{
	return sw_recorder_take(recorder, &taken, &is_lost);
}

static void wait_until_over(void)
{
	while (!sw_recorder_is_over(recorder))
		assert_int_equal(sw_loop_step(viewer, &err), 0);
}

/* Like a session: EACH events an iteration, the last of which is waited for. */
static void *produce(void *user)
{
	const int *n = user;
	for (int i = 1; i <= *n; i++) {
		push(i % EACH ? SW_EVENT_PHASE_STARTED : SW_EVENT_ITERATION_FINISHED, base + i);
		assert_int_equal(event.seq, base + i);
		if (i % EACH == 0)
			wait_for_ack(event.seq);
	}
	sw_recorder_close(recorder);
	return NULL;
}

static uint64_t recorded;

static int check_line(void *user, const struct sw_event *line)
{
	(void)user;
	return line->seq != ++recorded;
}

static uint64_t count_journal(void)
{
	struct sw_journal_stats stats;
	recorded = 0;
	assert_int_equal(sw_journal_read(path, check_line, NULL, &stats, &err), 0);
	assert_int_equal(stats.broken, 0);
	assert_int_equal(stats.events, recorded);
	return recorded;
}

static void a_durable_event_is_on_disk_when_acknowledged(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 20; i++) {
		int before = atomic_load(&data_syncs);
		push(SW_EVENT_ITERATION_FINISHED, 1);
		wait_for_ack(i);
		assert_true(atomic_load(&data_syncs) > before);
		assert_int_equal(count_journal(), i);
		while (woken < (int)i && !take()) /* taken or told, whichever the viewer sees first */
			assert_int_equal(sw_loop_step(viewer, &err), 0);
	}
}

static void an_end_within_a_turn_is_in_the_file_when_acknowledged(void **state)
{
	(void)state;
	int before = atomic_load(&data_syncs);
	for (uint64_t i = 1; i <= 20; i++) {
		sw_event_init(&event, SW_EVENT_ITERATION_FINISHED, 0);
		event.u.it.iteration = 1;
		event.in_turn = true;
		sw_recorder_push(recorder, &event);
		wait_for_ack(i);
		assert_int_equal(count_journal(), i);
	}
	assert_int_equal(atomic_load(&data_syncs), before);
}

/* Not for each one, but never for too few: who sleeps in between misses nothing. */
static void ends_of_iterations_wake_the_viewer_now_and_then(void **state)
{
	const int n = 200;
	int64_t begin_ns = sw_clock_ns();
	uint64_t seen = 0;
	(void)state;
	for (int i = 1; i <= n; i++) {
		push(SW_EVENT_ITERATION_FINISHED, i);
		wait_for_ack(event.seq);
	}
	while (seen < (uint64_t)n) {
		assert_int_equal(sw_loop_step(viewer, &err), 0);
		while (woken && take())
			seen++;
	}
	assert_in_range(woken, 1, 2 + (sw_clock_ns() - begin_ns) / SW_RECORDER_WAKE_NS);
}

/* Nobody ever looks: all is recorded and acknowledged all the same, and can be had afterwards, though
 * the ring has long forgotten it. */
static void the_producer_needs_no_viewer(void **state)
{
	int n = MANY;
	(void)state;
	produce(&n);
	wait_until_over();
	assert_int_equal(count_journal(), MANY);
	for (int i = 1; i <= MANY; i++) {
		assert_true(take());
		assert_false(is_lost);
		assert_int_equal(taken.seq, i);
		assert_int_equal(taken.u.it.iteration, i);
		assert_int_equal(taken.kind,
		                 i % EACH ? SW_EVENT_PHASE_STARTED : SW_EVENT_ITERATION_FINISHED);
	}
	assert_false(take());
	assert_null(sw_recorder_error(recorder));
}

/* Now and then the viewer is away for longer than the ring is long. */
static void a_viewer_may_come_and_go(void **state)
{
	int n = MANY;
	pthread_t thread;
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, produce, &n), 0);
	for (uint64_t i = 1; i <= (uint64_t)MANY;) {
		if (i % 1000 < EACH)
			while (atomic_load(&acked) < i + 5 * SW_QUEUE_EVENTS && !sw_recorder_is_over(recorder))
				;
		if (!take())
			continue;
		assert_int_equal(taken.seq, i);
		assert_int_equal(taken.u.it.iteration, i);
		if (i % 2000 == 0)
			assert_true(count_journal() >= i);
		i++;
	}
	pthread_join(thread, NULL);
	wait_until_over();
	assert_false(take());
}

static void what_is_not_urgent_wakes_nobody_and_can_be_taken(void **state)
{
	(void)state;
	for (int i = 1; i < SW_QUEUE_EVENTS / 4; i++) {
		push(SW_EVENT_PHASE_STARTED, i);
		assert_true(take());
		assert_int_equal(taken.u.it.iteration, i);
	}
	assert_int_equal(atomic_load(&acked), 0);
	struct sw_timer timer = {0};
	/* Until the recorder has put them on disk of its own accord: for who follows the file. */
	while (!count_journal()) {
		assert_int_equal(
			sw_loop_arm(viewer, &timer, sw_clock_ns() + SW_QUEUE_IDLE_NS / 10, count, NULL), 0);
		int before = woken;
		while (woken == before)
			assert_int_equal(sw_loop_step(viewer, &err), 0);
		assert_int_equal(timer.slot, 0); /* it was the timer */
	}
	assert_int_equal(count_journal(), SW_QUEUE_EVENTS / 4 - 1);
}

static void a_journal_that_was_cut_shows_as_a_gap(void **state)
{
	int n = 10 * SW_QUEUE_EVENTS;
	uint64_t last = 0, seen = 0;
	(void)state;
	produce(&n);
	wait_until_over();
	assert_int_equal(truncate(path, 3000), 0);
	while (take()) {
		assert_true(taken.seq > last);
		last = taken.seq;
		seen++;
	}
	assert_int_equal(last, n);
	assert_true(seen >= SW_QUEUE_EVENTS && seen < 2 * SW_QUEUE_EVENTS);
}

static void abandoned_with_a_last_word(void **state)
{
	(void)state;
	for (int i = 1; i <= 5; i++)
		push(SW_EVENT_PHASE_STARTED, i);
	sw_event_init(&event, SW_EVENT_SESSION_FINISHED, -1);
	sw_recorder_abandon(recorder, &event, INT64_C(20000000000));
	push(SW_EVENT_NOTE, 1); /* the measuring thread still talks */
	assert_int_equal(count_journal(), 6);
	for (int i = 1; i <= 6; i++)
		assert_true(take());
	assert_int_equal(taken.kind, SW_EVENT_SESSION_FINISHED);
	assert_false(take());
}

static void a_journal_that_exists_is_not_recorded_over(void **state)
{
	struct sw_recorder *second = NULL;
	struct sw_recorder_options options = {.path = path, .viewer = viewer};
	(void)state;
	assert_int_equal(sw_recorder_start(&options, &second, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_null(second);
}

/* ---- going on with another's journal ---- */

/* The process that wrote FIRST events is gone, in the middle of a line. */
static void begin_again(int first)
{
	int64_t cut;
	produce(&first);
	wait_until_over();
	sw_recorder_free(recorder);
	recorder = NULL;
	int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
	assert_int_equal(write(fd, "{\"seq\":", 7), 7);
	close(fd);
	atomic_store(&acked, 0);
	woken = 0;
	struct sw_recorder_options options = {
		.origin_ns = sw_clock_ns(),
		.path = path,
		.seq = (uint64_t)first,
		.viewer = viewer,
		.acknowledged = acknowledged,
		.failed = failed,
	};
	assert_int_equal(sw_journal_open(path, &options.journal, &cut, &err), 0);
	assert_int_equal(cut, 7);
	assert_int_equal(sw_recorder_start(&options, &recorder, &err), 0);
	base = first;
}

static void take_all_from(int first)
{
	for (int i = first + 1; i <= first + MANY; i++) {
		assert_true(take());
		assert_false(is_lost);
		assert_int_equal(taken.seq, i);
		assert_int_equal(taken.u.it.iteration, i);
	}
	assert_false(take());
}

/* The viewer is told the new ones alone, from the file, too: neither those before nor their bytes. */
static void another_process_goes_on(void **state)
{
	const int firsts[] = {EACH, SW_QUEUE_EVENTS - 3, 5000};
	int n = MANY;
	(void)state;
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
		int first = firsts[i] / EACH * EACH;
		begin_again(first);
		assert_false(take());
		produce(&n);
		wait_until_over();
		assert_int_equal(count_journal(), first + MANY);
		take_all_from(first);
		assert_int_equal(teardown(NULL), 0);
		assert_int_equal(setup(NULL), 0);
	}
}

static void another_process_goes_on_with_a_viewer(void **state)
{
	int n = MANY;
	pthread_t thread;
	(void)state;
	begin_again(3000);
	assert_int_equal(pthread_create(&thread, NULL, produce, &n), 0);
	for (uint64_t i = 3001; i <= 3000 + (uint64_t)MANY;) {
		if (i % 1000 < EACH)
			while (atomic_load(&acked) < i + 5 * SW_QUEUE_EVENTS && !sw_recorder_is_over(recorder))
				;
		if (!take())
			continue;
		assert_int_equal(taken.seq, i);
		assert_int_equal(taken.u.it.iteration, i++);
	}
	pthread_join(thread, NULL);
	wait_until_over();
	assert_int_equal(count_journal(), 3000 + MANY);
}

/* ---- a full disk ---- */

static void limit_files(rlim_t bytes)
{
	struct rlimit limit;
	signal(SIGXFSZ, SIG_IGN);
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* In a process of its own, because of the limit; its exit code tells what went wrong. */
static int record_until_full(void)
{
	const int n = 4 * SW_QUEUE_EVENTS;
	int setup_failed = setup(NULL);
	uint64_t last = 0, lost = 0;
	pthread_t thread;
	if (setup_failed)
		return 1;
	limit_files(20000);
	int events = n;
	pthread_create(&thread, NULL, produce, &events);
	while (!sw_recorder_is_over(recorder) || last < (uint64_t)n) {
		while (take()) {
			if (taken.seq != ++last || taken.u.it.iteration != (int64_t)last || (lost && !is_lost))
				return 2;
			lost += is_lost;
		}
		if (last < (uint64_t)n && sw_loop_step(viewer, &err) < 0)
			return 3;
	}
	pthread_join(thread, NULL);
	if (!lost || lost == (uint64_t)n || atomic_load(&failures) != 1)
		return 4;
	if (!sw_recorder_error(recorder) || sw_recorder_error(recorder)->code != SW_ERR_IO)
		return 5;
	teardown(NULL);
	return 0;
}

/* Everything still reaches the viewer, and everybody is let go. */
static void a_full_disk_holds_nobody_up(void **state)
{
	int status;
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(record_until_full());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* What was recorded before stays readable, all that follows still reaches the viewer, and the error is a full
 * disk's. */
static void a_disk_that_is_said_to_be_full(void **state)
{
	(void)state;
	for (uint64_t i = 1; i <= 5; i++) {
		push(SW_EVENT_ITERATION_FINISHED, (int64_t)i);
		wait_for_ack(i);
	}
	sw_recorder_fill_disk(recorder);
	for (uint64_t i = 6; i <= 10; i++) {
		push(SW_EVENT_ITERATION_FINISHED, (int64_t)i);
		wait_for_ack(i);
	}
	sw_recorder_close(recorder);
	wait_until_over();
	for (uint64_t i = 1; i <= 10; i++) {
		assert_true(take());
		assert_int_equal(taken.seq, i);
		assert_int_equal(is_lost, i > 5);
	}
	assert_int_equal(atomic_load(&failures), 1);
	assert_non_null(sw_recorder_error(recorder));
	assert_int_equal(sw_recorder_error(recorder)->code, SW_ERR_IO);
	assert_int_equal(sw_recorder_error(recorder)->sys_errno, ENOSPC);
	assert_int_equal(count_journal(), 5);
}

static void free_takes_null(void **state)
{
	(void)state;
	sw_recorder_free(NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_full_disk_holds_nobody_up),
		TEST(a_disk_that_is_said_to_be_full),
		TEST(a_durable_event_is_on_disk_when_acknowledged),
		TEST(an_end_within_a_turn_is_in_the_file_when_acknowledged),
		TEST(ends_of_iterations_wake_the_viewer_now_and_then),
		TEST(the_producer_needs_no_viewer),
		TEST(a_viewer_may_come_and_go),
		TEST(what_is_not_urgent_wakes_nobody_and_can_be_taken),
		TEST(a_journal_that_was_cut_shows_as_a_gap),
		TEST(abandoned_with_a_last_word),
		TEST(a_journal_that_exists_is_not_recorded_over),
		TEST(another_process_goes_on),
		TEST(another_process_goes_on_with_a_viewer),
		cmocka_unit_test(free_takes_null),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
