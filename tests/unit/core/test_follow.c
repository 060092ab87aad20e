#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "core/error.h"
#include "core/follow.h"
#include "core/journal_load.h"
#include "core/loop.h"
#include "tests/unit/core/recorded_run.h"

#define DEADLINE_NS INT64_C(20000000000)

/* The loop's sleep goes through here: whether it was without a limit. */
static bool slept_without_limit;

int ppoll(struct pollfd *fds, nfds_t n, const struct timespec *timeout, const sigset_t *mask)
{
	struct timespec left = timeout ? *timeout : (struct timespec){0};
	slept_without_limit = !timeout;
	return (int)syscall(SYS_ppoll, fds, n, timeout ? &left : NULL, mask, _NSIG / 8);
}

/* What the follower told: the session it adds up to, and how often each other thing happened. */
static struct {
	struct sw_session *session;
	uint64_t events, last_seq;
	int caught_up, restarted, gone, deleted, failed;
	uint64_t events_at_caught_up, events_at_gone, events_at_deleted;
} seen;

static char dir[] = "/tmp/sw-follow-XXXXXX";
static char path[64], other[64];
static struct sw_loop *loop;
static struct sw_follow *follow;
static struct sw_timer deadline;
static bool late;
static struct sw_buf buf, shot, shot2;
static struct recorder recorder;
static struct sw_error err;
static pid_t writer;
static int writer_fd = -1;

static void on_event(void *user, const struct sw_event *event)
{
	(void)user;
	seen.events++;
	seen.last_seq = event->seq;
	assert_int_equal(sw_session_apply(seen.session, event), 0);
}

static void on_caught_up(void *user)
{
	(void)user;
	seen.caught_up++;
	seen.events_at_caught_up = seen.events;
}

static void on_restarted(void *user)
{
	(void)user;
	seen.restarted++;
	seen.events = 0;
	sw_session_free(seen.session);
	seen.session = sw_session_new();
}

static void on_gone(void *user)
{
	(void)user;
	seen.gone++;
	seen.events_at_gone = seen.events;
}

static void on_deleted(void *user)
{
	(void)user;
	seen.deleted++;
	seen.events_at_deleted = seen.events;
}

static void on_failed(void *user, const struct sw_error *why)
{
	(void)user;
	seen.failed++;
	err = *why;
}

static const struct sw_follow_ops ops = {on_event, on_caught_up, on_restarted,
                                         on_gone,  on_deleted,   on_failed};

static void on_deadline(void *user)
{
	(void)user;
	late = true;
}

static int setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	snprintf(other, sizeof other, "%s/other.jsonl", dir);
	sw_buf_init(&buf, 0);
	sw_buf_init(&shot, 0);
	sw_buf_init(&shot2, 0);
	memset(&seen, 0, sizeof seen);
	late = false;
	seen.session = sw_session_new();
	if (!seen.session || sw_loop_new(&loop, &err) < 0)
		return -1;
	return sw_loop_arm(loop, &deadline, sw_clock_ns() + DEADLINE_NS, on_deadline, NULL);
}

static int teardown(void **state)
{
	(void)state;
	if (writer > 0) {
		kill(writer, SIGKILL);
		waitpid(writer, NULL, 0);
	}
	if (writer_fd >= 0)
		close(writer_fd);
	writer_fd = -1;
	writer = 0;
	sw_follow_free(follow);
	follow = NULL;
	sw_loop_disarm(loop, &deadline);
	sw_loop_free(loop);
	loop = NULL;
	sw_session_free(seen.session);
	sw_buf_done(&buf);
	sw_buf_done(&shot);
	sw_buf_done(&shot2);
	unlink(path);
	unlink(other);
	rmdir(dir);
	return 0;
}

/* Runs the loop until *COUNT is WANTED; it fails when it never is. */
static void until(const int *count, int wanted)
{
	while (*count != wanted && !late)
		assert_int_equal(sw_loop_step(loop, &err), 0);
	if (*count != wanted)
		fail_msg("waited in vain for %d, there are %d (%llu events)", wanted, *count,
		         (unsigned long long)seen.events);
}

static void until_events(uint64_t wanted)
{
	while (seen.events != wanted && !late)
		assert_int_equal(sw_loop_step(loop, &err), 0);
	assert_int_equal(seen.events, wanted);
}

/* As long as there is anything to do at once. */
static void settle(void)
{
	static struct sw_timer timer;
	for (int i = 0; i < 20; i++) {
		late = false;
		assert_int_equal(sw_loop_arm(loop, &timer, sw_clock_ns(), on_deadline, NULL), 0);
		while (!late)
			assert_int_equal(sw_loop_step(loop, &err), 0);
	}
	late = false;
}

static void put(const char *data, size_t len)
{
	assert_int_equal(record_write(path, O_CREAT | O_APPEND, data, len), 0);
}

static void start(void)
{
	assert_int_equal(sw_follow_new(loop, path, &ops, NULL, &follow, &err), 0);
	assert_int_equal(seen.events, 0); /* nothing from inside the call */
}

/* The journal's file, open and locked as its writer has it. */
static void open_as_writer(void)
{
	writer_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(writer_fd >= 0);
	assert_int_equal(flock(writer_fd, LOCK_EX), 0);
}

static void write_as_writer(const char *data, size_t len)
{
	assert_int_equal(write(writer_fd, data, len), len);
}

static void close_as_writer(void)
{
	close(writer_fd);
	writer_fd = -1;
}

static void assert_same_as_read_at_once(void)
{
	struct sw_journal_stats stats;
	struct sw_session *whole = sw_session_new();
	int status = sw_journal_load(path, whole, &stats, &err);
	status |= record_snapshot(whole, &shot) | record_snapshot(seen.session, &shot2);
	sw_session_free(whole);
	assert_int_equal(status, 0);
	assert_int_equal(shot.len, shot2.len);
	assert_memory_equal(shot.data, shot2.data, shot.len);
}

static void a_finished_journal(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 50);
	record_end(&recorder);
	put(buf.data, buf.len);
	start();
	until(&seen.caught_up, 1);
	settle();
	assert_int_equal(seen.events, recorder.seq);
	assert_int_equal(seen.gone, 0); /* it said itself that it is over */
	assert_int_equal(sw_follow_stats(follow)->events, recorder.seq);
	assert_same_as_read_at_once();
}

/* Notes of what was cleaned up may come behind the end. */
static void a_finished_journal_with_notes_behind(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 5);
	record_end(&recorder);
	sw_event_init(&recorder.event, SW_EVENT_NOTE, -1);
	record(&recorder, RUN_MS);
	put(buf.data, buf.len);
	start();
	until(&seen.caught_up, 1);
	settle();
	assert_int_equal(seen.events, recorder.seq);
	assert_int_equal(seen.gone, 0);
}

/* Who goes on with it may die of it. */
static void a_finished_journal_that_was_resumed(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 5);
	record_end(&recorder);
	sw_event_init(&recorder.event, SW_EVENT_SESSION_RESUMED, -1);
	record(&recorder, RUN_MS);
	put(buf.data, buf.len);
	start();
	until(&seen.gone, 1);
	assert_int_equal(seen.events_at_gone, recorder.seq);
}

/* Out of order: whoever folds it knows of no end, and must not wait for one for ever. */
static void a_journal_whose_end_comes_first(void **state)
{
	(void)state;
	recorder.out = &buf;
	record_end(&recorder);
	record_start(&recorder, &buf, 5); /* counts anew */
	put(buf.data, buf.len);
	start();
	until(&seen.gone, 1);
	assert_int_equal(seen.events_at_gone, recorder.seq + 1);
}

static void an_abandoned_journal(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 5);
	put(buf.data, buf.len - 3);
	start();
	until(&seen.gone, 1);
	assert_int_equal(seen.caught_up, 1);
	assert_int_equal(seen.events_at_gone, recorder.seq - 1);
	assert_true(sw_follow_stats(follow)->torn);
	put("", 0); /* one more who closes it */
	settle();
	assert_int_equal(seen.gone, 1);
}

static void a_journal_that_grows(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 3);
	open_as_writer();
	start();
	until(&seen.caught_up, 1);
	assert_int_equal(seen.events, 0);
	uint64_t lines = 0;
	for (size_t i = 0; i < buf.len; i++) {
		write_as_writer(buf.data + i, 1);
		if (buf.data[i] == '\n')
			until_events(++lines);
	}
	assert_int_equal(seen.caught_up, 1);
	assert_int_equal(seen.gone, 0);
	sw_buf_clear(&buf);
	record_end(&recorder);
	write_as_writer(buf.data, buf.len);
	close_as_writer();
	until_events(recorder.seq);
	settle();
	assert_int_equal(seen.gone, 0);
	assert_int_equal(seen.restarted, 0);
	assert_same_as_read_at_once();
}

/* Another process writes and locks it; killed, it has no time to say anything. */
static void a_killed_writer(void **state)
{
	int ready[2];
	char byte;
	(void)state;
	record_start(&recorder, &buf, 3);
	assert_int_equal(pipe(ready), 0);
	writer = fork();
	if (writer == 0) {
		int fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);
		bool done = fd >= 0 && flock(fd, LOCK_EX) == 0 &&
		            write(fd, buf.data, buf.len - 5) == (ssize_t)(buf.len - 5) &&
		            write(ready[1], "x", 1) == 1;
		for (;;)
			done ? (void)pause() : _exit(1);
	}
	close(ready[1]);
	ssize_t n = read(ready[0], &byte, 1);
	close(ready[0]);
	assert_int_equal(n, 1);
	start();
	until(&seen.caught_up, 1);
	settle();
	assert_int_equal(seen.gone, 0);
	assert_int_equal(kill(writer, SIGKILL), 0);
	until(&seen.gone, 1);
	assert_int_equal(seen.events_at_gone, recorder.seq - 1);
	assert_int_equal(seen.restarted + seen.deleted + seen.failed, 0);
}

/* A close by somebody else says nothing about the writer. */
static void another_process_that_closes(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 1);
	open_as_writer();
	write_as_writer(buf.data, buf.len);
	start();
	until(&seen.caught_up, 1);
	put("", 0);
	settle();
	assert_int_equal(seen.gone, 0);
	close_as_writer();
	until(&seen.gone, 1);
	/* One that goes on with it is followed too, and its end is told again. */
	open_as_writer();
	sw_buf_clear(&buf);
	record_iteration(&recorder, 0, 2);
	write_as_writer(buf.data, buf.len);
	until_events(recorder.seq);
	close_as_writer();
	until(&seen.gone, 2);
}

static void let_go(void *user)
{
	(void)user;
	close_as_writer();
}

/* The kernel tells of the close first and lets go of the lock afterwards, which it tells nobody: here
 * 5 ms later, played by a descriptor for reading that holds it. */
static void a_lock_that_outlives_the_close(void **state)
{
	static struct sw_timer timer;
	(void)state;
	record_start(&recorder, &buf, 1);
	put(buf.data, buf.len);
	writer_fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(writer_fd, LOCK_EX | LOCK_NB), 0);
	start();
	until(&seen.caught_up, 1);
	settle();
	put("", 0);
	assert_int_equal(sw_loop_arm(loop, &timer, sw_clock_ns() + 5 * RUN_MS, let_go, NULL), 0);
	until(&seen.gone, 1);
	sw_loop_disarm(loop, &timer);
}

static void a_file_that_is_not_there_yet(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	start();
	settle();
	assert_null(sw_follow_stats(follow));
	assert_int_equal(seen.caught_up, 0);
	assert_int_equal(record_write(other, O_CREAT, "", 0), 0); /* not ours */
	settle();
	assert_null(sw_follow_stats(follow));
	/* Made, but not locked yet: no reason to say that nobody writes it. */
	writer_fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC, 0600);
	until(&seen.caught_up, 1);
	settle();
	assert_int_equal(seen.gone, 0);
	assert_int_equal(flock(writer_fd, LOCK_EX | LOCK_NB), 0);
	write_as_writer(buf.data, buf.len);
	until_events(recorder.seq);
	assert_int_equal(seen.gone, 0);
	close_as_writer();
	until(&seen.gone, 1);
	assert_int_equal(seen.restarted, 0);
}

static void a_file_that_is_moved_into_place(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	record_end(&recorder);
	start();
	settle();
	assert_int_equal(record_write(other, O_CREAT, buf.data, buf.len), 0);
	assert_int_equal(rename(other, path), 0);
	until_events(recorder.seq);
	assert_same_as_read_at_once();
}

static void truncated(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 4);
	open_as_writer();
	write_as_writer(buf.data, buf.len);
	start();
	until_events(recorder.seq);
	const char *second = memchr(buf.data, '\n', buf.len);
	assert_int_equal(truncate(path, second + 1 - buf.data), 0);
	until(&seen.restarted, 1);
	until(&seen.caught_up, 2);
	assert_int_equal(seen.events, 1);
	assert_int_equal(ftruncate(writer_fd, 0), 0);
	until(&seen.restarted, 2);
	write_as_writer(buf.data, buf.len);
	until_events(recorder.seq);
	assert_int_equal(seen.gone + seen.deleted, 0);
	assert_same_as_read_at_once();
}

static void replaced(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	put(buf.data, buf.len);
	start();
	until(&seen.gone, 1);
	sw_buf_clear(&buf);
	record_start(&recorder, &buf, 5);
	assert_int_equal(record_write(other, O_CREAT, buf.data, buf.len), 0);
	assert_int_equal(rename(other, path), 0);
	until(&seen.restarted, 1);
	until(&seen.caught_up, 2);
	assert_int_equal(seen.events, recorder.seq);
	until(&seen.gone, 2);
	/* The new file is followed, not the old one. */
	sw_buf_clear(&buf);
	record_end(&recorder);
	put(buf.data, buf.len);
	until_events(recorder.seq);
	assert_int_equal(seen.deleted, 0);
	assert_same_as_read_at_once();
}

static void deleted_and_made_again(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	open_as_writer();
	start();
	until(&seen.caught_up, 1);
	write_as_writer(buf.data, buf.len);
	assert_int_equal(unlink(path), 0);
	until(&seen.deleted, 1);
	assert_int_equal(seen.events_at_deleted, recorder.seq); /* all that it held */
	const char *second = memchr(buf.data, '\n', buf.len);
	write_as_writer(buf.data, (size_t)(second + 1 - buf.data)); /* nobody told the writer */
	until_events(recorder.seq + 1);
	settle();
	assert_int_equal(seen.deleted, 1);
	close_as_writer();
	until(&seen.gone, 1);
	put(buf.data, buf.len);
	until(&seen.restarted, 1);
	until_events(recorder.seq);
	assert_int_equal(rename(path, other), 0); /* moved away is gone as well */
	until(&seen.deleted, 2);
	assert_int_equal(seen.failed, 0);
}

static int turns_between;
static void on_between(void *user)
{
	struct sw_timer *timer = user;
	turns_between++;
	if (!seen.caught_up)
		assert_int_equal(sw_loop_arm(loop, timer, sw_clock_ns(), on_between, timer), 0);
}

/* A long journal is read in slices: whatever else is due has its turn. */
static void the_loop_stays_alive(void **state)
{
	static struct sw_timer timer;
	(void)state;
	record_start(&recorder, &buf, 4000);
	put(buf.data, buf.len);
	turns_between = 0;
	assert_int_equal(sw_loop_arm(loop, &timer, sw_clock_ns(), on_between, &timer), 0);
	start();
	until(&seen.caught_up, 1);
	assert_int_equal(seen.events, recorder.seq);
	assert_true(turns_between > 2);
	sw_loop_disarm(loop, &timer);
}

/* Between two changes nothing runs, also long after a close that was not the writer's. */
static void nothing_is_polled(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 1);
	open_as_writer();
	write_as_writer(buf.data, buf.len);
	start();
	until(&seen.caught_up, 1);
	put("", 0);
	sw_loop_disarm(loop, &deadline);
	int rounds = 0;
	do {
		sw_loop_wake(loop); /* else nothing would end the sleep */
		assert_int_equal(sw_loop_step(loop, &err), 0);
	} while (!slept_without_limit && ++rounds < 10000000);
	assert_true(slept_without_limit);
	assert_int_equal(seen.gone, 0);
	assert_int_equal(write(writer_fd, buf.data, buf.len), buf.len);
	while (seen.events < 2 * recorder.seq)
		assert_int_equal(sw_loop_step(loop, &err), 0);
}

static void errors(void **state)
{
	(void)state;
	snprintf(other, sizeof other, "%s/none/journal.jsonl", dir);
	assert_int_equal(sw_follow_new(loop, other, &ops, NULL, &follow, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(sw_follow_new(loop, dir, &ops, NULL, &follow, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_null(follow);
	sw_follow_free(NULL);
	/* What comes into being and is no file ends it. */
	start();
	assert_int_equal(mkfifo(path, 0600), 0);
	until(&seen.failed, 1);
	assert_non_null(strstr(err.message, path));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(a_finished_journal),
		TEST(a_finished_journal_with_notes_behind),
		TEST(a_finished_journal_that_was_resumed),
		TEST(a_journal_whose_end_comes_first),
		TEST(an_abandoned_journal),
		TEST(a_journal_that_grows),
		TEST(a_killed_writer),
		TEST(another_process_that_closes),
		TEST(a_lock_that_outlives_the_close),
		TEST(a_file_that_is_not_there_yet),
		TEST(a_file_that_is_moved_into_place),
		TEST(truncated),
		TEST(replaced),
		TEST(deleted_and_made_again),
		TEST(the_loop_stays_alive),
		TEST(nothing_is_polled),
		TEST(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
