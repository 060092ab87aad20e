#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/journal.h"
#include "core/journal_load.h"
#include "core/journal_read.h"
#include "core/process.h"
#include "tests/unit/core/random_events.h"

enum { EVENTS = 500 };

/* What core/journal.c asks of the disk goes through here: counted, and what was written by then. */
static int data_syncs, folder_syncs;
static off_t synced_size;

int fdatasync(int fd)
{
	struct stat st;
	data_syncs++;
	synced_size = fstat(fd, &st) == 0 ? st.st_size : -1;
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	struct stat st;
	folder_syncs += fstat(fd, &st) == 0 && S_ISDIR(st.st_mode);
	return (int)syscall(SYS_fsync, fd);
}

static char dir[] = "/tmp/sw-journal-XXXXXX";
static char path[64];
static struct sw_journal *journal;
static struct sw_journal_stats stats;
static struct sw_event events[EVENTS];
static struct sw_buf buf;
static struct sw_error err;
static struct sw_rng rng;
static uint64_t seen, seen_seq, stop_after;

static int setup(void **state)
{
	(void)state;
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	if (!mkdtemp(dir))
		return -1;
	snprintf(path, sizeof path, "%s/journal.jsonl", dir);
	sw_rng_seed(&rng, 9);
	sw_buf_init(&buf, 0);
	seen = seen_seq = 0;
	stop_after = UINT64_MAX;
	memset(&stats, 0x55, sizeof stats);
	for (int i = 0; i < EVENTS; i++)
		random_event(&rng, (enum sw_event_kind)sw_rng_below(&rng, SW_EVENT_COUNT), &events[i]);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_journal_free(journal);
	journal = NULL;
	sw_buf_done(&buf);
	unlink(path);
	rmdir(dir);
	return 0;
}

static void write_text(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

static void add_note(const char *text)
{
	struct sw_event note;
	sw_event_init(&note, SW_EVENT_NOTE, -1);
	note.seq = ++seen_seq;
	snprintf(note.u.end.text, sizeof note.u.end.text, "%s", text);
	assert_int_equal(sw_event_encode(&note, &buf), 0);
}

static int compare(void *user, const struct sw_event *event)
{
	(void)user;
	assert_true(seen < EVENTS);
	assert_true(sw_event_equal(event, &events[seen]));
	return ++seen == stop_after;
}

static int take(void *user, const struct sw_event *event)
{
	(void)user;
	(void)event;
	seen++;
	return 0;
}

static void read_with(sw_journal_fn fn)
{
	if (sw_journal_read(path, fn, NULL, &stats, &err) < 0)
		fail_msg("%s", err.message);
}

static void what_is_added_is_read_back(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(sw_journal_create(path, &journal, &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	for (int i = 0; i < EVENTS; i++) {
		assert_int_equal(sw_journal_add(journal, &events[i], &err), 0);
		if (sw_rng_below(&rng, 10) == 0)
			assert_int_equal(sw_journal_sync(journal, sw_rng_below(&rng, 2), &err), 0);
	}
	assert_int_equal(sw_journal_sync(journal, true, &err), 0);
	read_with(compare);
	assert_int_equal(seen, EVENTS);
	assert_int_equal(stats.events, EVENTS);
	assert_int_equal(stats.broken, 0);
	assert_false(stats.torn);
	assert_string_equal(stats.first_error, "");
}

static void nothing_is_written_before_a_sync(void **state)
{
	struct stat st;
	(void)state;
	assert_int_equal(sw_journal_create(path, &journal, &err), 0);
	assert_int_equal(sw_journal_add(journal, &events[0], &err), 0);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_size, 0);
}

/* A record that counts as done outlives a power cut: its bytes and its file's name are on disk. */
static void a_durable_sync_reaches_the_disk(void **state)
{
	(void)state;
	folder_syncs = data_syncs = 0;
	assert_int_equal(sw_journal_create(path, &journal, &err), 0);
	assert_int_equal(folder_syncs, 1);
	for (int i = 1; i <= 3; i++) {
		assert_int_equal(sw_journal_add(journal, &events[i], &err), 0);
		assert_int_equal(sw_journal_sync(journal, false, &err), 0);
		assert_int_equal(data_syncs, i - 1);
		assert_int_equal(sw_journal_add(journal, &events[i + 10], &err), 0);
		assert_int_equal(sw_journal_sync(journal, true, &err), 0);
		assert_int_equal(data_syncs, i);
		struct stat st;
		assert_int_equal(stat(path, &st), 0);
		assert_int_equal(synced_size, st.st_size); /* nothing came after it */
	}
}

static void a_journal_is_never_written_over(void **state)
{
	(void)state;
	write_text("x", 1);
	assert_int_equal(sw_journal_create(path, &journal, &err), -1);
	assert_int_equal(err.sys_errno, EEXIST);
	assert_non_null(strstr(err.message, path));
	assert_null(journal);
	sw_journal_free(NULL);
}

static void a_missing_journal_is_an_error(void **state)
{
	(void)state;
	assert_int_equal(sw_journal_read(path, take, NULL, &stats, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(sw_journal_read(dir, take, NULL, &stats, &err), -1);
}

/* Cut at every byte: whole lines are read, the rest is torn, and nothing is broken. */
static void a_journal_cut_anywhere_is_read_up_to_there(void **state)
{
	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(sw_event_encode(&events[i], &buf), 0);
	write_text(buf.data, buf.len);
	for (size_t len = buf.len + 1; len-- > 0;) {
		uint64_t whole = 0;
		for (size_t i = 0; i < len; i++)
			whole += buf.data[i] == '\n';
		assert_int_equal(truncate(path, (off_t)len), 0);
		seen = 0;
		read_with(compare);
		assert_int_equal(stats.events, whole);
		assert_int_equal(stats.broken, 0);
		assert_int_equal(stats.torn, len > 0 && buf.data[len - 1] != '\n');
	}
}

static void broken_lines_are_counted_and_skipped(void **state)
{
	(void)state;
	add_note("one");
	sw_buf_add_str(&buf, "not json\n\n{\"event\":\"later version's\",\"seq\":2,\"t_ns\":1}\n");
	add_note("two");
	sw_buf_add(&buf, "\0\xff\n", 3);
	add_note("three");
	write_text(buf.data, buf.len);
	read_with(take);
	assert_int_equal(seen, 3);
	assert_int_equal(stats.events, 3);
	assert_int_equal(stats.broken, 4);
	assert_int_equal(stats.foreign, 1);
	assert_int_equal(stats.overlong, 0);
	assert_int_equal(stats.first_broken_line, 2);
	assert_non_null(strstr(stats.first_error, "JSON"));
}

static void broken_lines_are_told(void **state)
{
	struct sw_journal_stats met = {.broken = 1, .first_broken_line = 7, .first_error = "not JSON"};
	char text[200] = "untouched";
	(void)state;
	assert_true(sw_journal_say_broken(&met, text, sizeof text));
	assert_string_equal(text, "1 broken line was skipped, line 7: not JSON");
	met.broken = 3;
	met.foreign = 2;
	assert_true(sw_journal_say_broken(&met, text, sizeof text));
	assert_string_equal(
		text, "3 broken lines were skipped, the first is line 7: not JSON; 2 are events of "
			  "another version of sandwatch");
	met.broken = 0;
	assert_false(sw_journal_say_broken(&met, text, sizeof text));
}

/* Longer than an event, than the reader's buffer, and than many of them. */
static void overlong_lines_are_one_broken_line_each(void **state)
{
	static const size_t lengths[] = {
		SW_EVENT_LINE_MAX + 1, 65535, 65536, 65537, 131071, 131072, 1000000};
	size_t n = sizeof lengths / sizeof lengths[0];
	(void)state;
	char *line = malloc(1000000);
	memset(line, 'x', 1000000);
	for (size_t i = 0; i < n; i++) {
		add_note("between");
		sw_buf_add(&buf, line, lengths[i]);
		sw_buf_add_str(&buf, "\n");
	}
	free(line);
	add_note("last");
	write_text(buf.data, buf.len);
	read_with(take);
	assert_int_equal(seen, n + 1);
	assert_int_equal(stats.broken, n);
	assert_int_equal(stats.overlong, n);
	assert_int_equal(stats.first_broken_line, 2);
	assert_false(stats.torn);
}

/* Also where the last buffer is full to the byte. */
static void an_overlong_last_line_is_torn(void **state)
{
	(void)state;
	for (size_t len = 65535; len <= 65537; len++) {
		sw_buf_clear(&buf);
		char *line = malloc(len);
		memset(line, 'x', len);
		sw_buf_add(&buf, line, len);
		free(line);
		unlink(path);
		write_text(buf.data, buf.len);
		read_with(take);
		assert_true(stats.torn);
	}
	assert_int_equal(seen, 0);
}

static void the_reader_may_stop(void **state)
{
	(void)state;
	for (int i = 0; i < 20; i++)
		assert_int_equal(sw_event_encode(&events[i], &buf), 0);
	write_text(buf.data, buf.len);
	stop_after = 7;
	read_with(compare);
	assert_int_equal(seen, 7);
	assert_int_equal(stats.events, 7);
	assert_false(stats.torn);
}

static void set_file_limit(rlim_t bytes)
{
	struct rlimit limit;
	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = bytes;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/* A disk that fills up, played by RLIMIT_FSIZE in a child: the torn journal is readable, and once
 * there is room again nothing is missing. Returns the step that went wrong. */
static int fill_the_disk(void)
{
	struct sw_journal *full;
	signal(SIGXFSZ, SIG_IGN);
	if (sw_journal_create(path, &full, &err) < 0)
		return 1;
	for (int i = 0; i < 50; i++)
		if (sw_journal_add(full, &events[i], &err) < 0)
			return 2;
	set_file_limit(5000);
	for (int i = 0; i < 2; i++)
		if (sw_journal_sync(full, true, &err) == 0 || err.code != SW_ERR_IO ||
		    err.sys_errno != EFBIG)
			return 3;
	if (sw_journal_read(path, compare, NULL, &stats, &err) < 0 || stats.broken || !stats.torn ||
	    seen == 0 || seen >= 50)
		return 4;
	set_file_limit(RLIM_INFINITY);
	if (sw_journal_add(full, &events[50], &err) < 0 || sw_journal_sync(full, true, &err) < 0)
		return 5;
	seen = 0;
	if (sw_journal_read(path, compare, NULL, &stats, &err) < 0 || stats.broken || stats.torn ||
	    seen != 51)
		return 6;
	sw_journal_free(full);
	return 0;
}

static void a_full_disk_loses_nothing_that_was_added(void **state)
{
	int status;
	(void)state;
	pid_t pid = fork();
	if (pid == 0)
		_exit(fill_the_disk());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- whether a writer lives ---- */

static bool is_written(void)
{
	bool written = false;
	if (sw_journal_is_written(path, &written, &err) < 0)
		fail_msg("%s", err.message);
	return written;
}

static void an_open_journal_is_written(void **state)
{
	bool written = true;
	(void)state;
	assert_int_equal(sw_journal_is_written(path, &written, &err), -1);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_true(written); /* untouched */
	assert_int_equal(sw_journal_create(path, &journal, &err), 0);
	for (int i = 0; i < 3; i++)
		assert_true(is_written());
	sw_journal_free(journal);
	journal = NULL;
	assert_false(is_written());
	assert_false(is_written()); /* who asks holds nothing afterwards */
}

/* A worker that outlives its session must not look like the session. */
static void a_child_does_not_hold_the_journal(void **state)
{
	char *argv[] = {"cat", NULL};
	struct sw_process_options options = {.path = "/bin/cat", .argv = argv, .pipe_in = true};
	struct sw_process process = SW_PROCESS_NONE;
	(void)state;
	assert_int_equal(sw_journal_create(path, &journal, &err), 0);
	assert_int_equal(sw_process_spawn(&options, &process, &err), 0);
	/* Its answer: it is past exec. */
	char byte = 'x';
	assert_int_equal(write(process.in, &byte, 1), 1);
	while (read(process.out, &byte, 1) < 0)
		assert_int_equal(errno, EAGAIN);
	sw_journal_free(journal);
	journal = NULL;
	bool written = is_written();
	int code, term_signal;
	bool has_ended = sw_process_reap(&process, &code, &term_signal);
	if (!has_ended)
		sw_process_end(&process);
	sw_process_close(&process);
	assert_false(has_ended);
	assert_false(written);
}

static void a_killed_writer_holds_nothing(void **state)
{
	int status, ready[2];
	char byte;
	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid_t pid = fork();
	if (pid == 0) {
		if (sw_journal_create(path, &journal, &err) == 0 && write(ready[1], "x", 1) == 1)
			pause();
		_exit(1);
	}
	assert_int_equal(read(ready[0], &byte, 1), 1);
	bool before = is_written();
	kill(pid, SIGKILL);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	close(ready[0]);
	close(ready[1]);
	assert_true(before);
	assert_false(is_written());
}

/* ---- going on with one ---- */

static off_t file_size(void)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	return st.st_size;
}

static void write_file(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, len), len);
	close(fd);
}

/* The lines of N events, which are numbered from 1 on. */
static void encode_events(int n)
{
	for (int i = 0; i < n; i++) {
		events[i].seq = (uint64_t)i + 1;
		assert_int_equal(sw_event_encode(&events[i], &buf), 0);
	}
}

static int count_them(void *user, const struct sw_event *event)
{
	(void)user;
	seen++;
	assert_int_equal(event->seq, seen);
	assert_true(sw_event_equal(event, &events[seen - 1]));
	return 0;
}

/* Wherever the last line was torn: the rest of it goes, all before it stays, and what is added follows. */
static void a_torn_last_line_is_cut_off(void **state)
{
	(void)state;
	enum { FEW = 12 };
	int64_t cut;
	encode_events(FEW - 1);
	size_t whole = buf.len;
	events[FEW - 1].seq = FEW;
	assert_int_equal(sw_event_encode(&events[FEW - 1], &buf), 0);
	for (size_t at = whole; at < buf.len; at += 1 + (buf.len - whole) / 40) {
		write_file(buf.data, at);
		cut = -1;
		assert_int_equal(sw_journal_open(path, &journal, &cut, &err), 0);
		assert_int_equal(cut, at - whole);
		assert_int_equal(file_size(), whole);
		assert_int_equal(sw_journal_size(journal), whole);
		assert_int_equal(sw_journal_add(journal, &events[FEW - 1], &err), 0);
		assert_int_equal(sw_journal_sync(journal, true, &err), 0);
		assert_int_equal(sw_journal_size(journal), file_size());
		sw_journal_free(journal);
		journal = NULL;
		seen = 0;
		assert_int_equal(sw_journal_read(path, count_them, NULL, &stats, &err), 0);
		assert_int_equal(seen, FEW);
		assert_int_equal(stats.broken, 0);
		assert_false(stats.torn);
	}
}

static void a_torn_line_of_any_length_is_cut_off(void **state)
{
	(void)state;
	static char text[3 * 4096 + 10];
	const size_t lengths[] = {0, 1, 4095, 4096, 4097, 2 * 4096, sizeof text - 5};
	int64_t cut;
	for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
		memset(text, 'x', sizeof text);
		memcpy(text, "{}\n{\n", 5);
		write_file(text, 5 + lengths[i]);
		assert_int_equal(sw_journal_open(path, &journal, &cut, &err), 0);
		assert_int_equal(cut, lengths[i]);
		assert_int_equal(file_size(), 5); /* broken lines before it stay */
		sw_journal_free(journal);
		/* and a file without any line is empty then */
		write_file(text + 5, lengths[i]);
		assert_int_equal(sw_journal_open(path, &journal, &cut, &err), 0);
		assert_int_equal(cut, lengths[i]);
		assert_int_equal(file_size(), 0);
		sw_journal_free(journal);
		journal = NULL;
	}
}

static void what_is_not_there_cannot_go_on(void **state)
{
	(void)state;
	int64_t cut = 7;
	assert_int_equal(sw_journal_open(path, &journal, &cut, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_int_equal(sw_journal_open(path, &journal, &cut, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_int_equal(cut, 7);
}

/* The one that writes it keeps it, also its torn line, which is in the making. */
static void a_living_writer_keeps_its_journal(void **state)
{
	(void)state;
	struct sw_journal *second = NULL;
	int64_t cut = 7;
	write_file("{}\n{\"half", 9);
	assert_int_equal(sw_journal_open(path, &journal, &cut, &err), 0);
	off_t size = file_size();
	assert_int_equal(sw_journal_open(path, &second, &cut, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	assert_non_null(strstr(err.message, "another process"));
	assert_null(second);
	assert_int_equal(file_size(), size);
	assert_true(is_written());
	sw_journal_free(journal);
	journal = NULL;
	/* Who only looks whether it is written does not keep anybody from going on. */
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_SH), 0);
	pid_t pid = fork();
	if (pid == 0) {
		for (int i = 0; i < 2000; i++)
			sched_yield();
		flock(fd, LOCK_UN); /* the parent's, too: one open file */
		_exit(0);
	}
	assert_int_equal(sw_journal_open(path, &journal, &cut, &err), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_is_added_is_read_back),
		TEST(nothing_is_written_before_a_sync),
		TEST(a_durable_sync_reaches_the_disk),
		TEST(a_journal_is_never_written_over),
		TEST(a_missing_journal_is_an_error),
		TEST(a_journal_cut_anywhere_is_read_up_to_there),
		TEST(broken_lines_are_counted_and_skipped),
		TEST(broken_lines_are_told),
		TEST(overlong_lines_are_one_broken_line_each),
		TEST(an_overlong_last_line_is_torn),
		TEST(the_reader_may_stop),
		TEST(a_full_disk_loses_nothing_that_was_added),
		TEST(an_open_journal_is_written),
		TEST(a_child_does_not_hold_the_journal),
		TEST(a_killed_writer_holds_nothing),
		TEST(a_torn_last_line_is_cut_off),
		TEST(a_torn_line_of_any_length_is_cut_off),
		TEST(what_is_not_there_cannot_go_on),
		TEST(a_living_writer_keeps_its_journal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
