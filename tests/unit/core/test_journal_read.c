#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/file.h>
#include <sys/stat.h>

#include "core/error.h"
#include "core/journal_load.h"
#include "tests/unit/core/recorded_run.h"

static char dir[] = "/tmp/sw-reader-XXXXXX";
static char path[64], other[64];
static struct sw_buf buf, shot, shot2;
static struct recorder recorder;
static struct sw_journal_reader *reader;
static struct sw_session *session;
static const struct sw_event *event;
static struct sw_journal_stats stats;
static struct sw_error err;

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
	session = sw_session_new();
	return session ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	sw_journal_reader_free(reader);
	reader = NULL;
	sw_session_free(session);
	session = NULL;
	sw_buf_done(&buf);
	sw_buf_done(&shot);
	sw_buf_done(&shot2);
	unlink(path);
	unlink(other);
	rmdir(dir);
	return 0;
}

static void put(const char *data, size_t len)
{
	assert_int_equal(record_write(path, O_CREAT | O_APPEND, data, len), 0);
}

static void open_reader(void)
{
	assert_int_equal(sw_journal_reader_open(path, &reader, &err), 0);
}

static enum sw_journal_next next(void)
{
	enum sw_journal_next what = sw_journal_reader_next(reader, &event, &err);
	if (what == SW_JOURNAL_ERROR)
		fail_msg("%s", err.message);
	return what;
}

/* Reads to the end; how many events there were. */
static int drain(void)
{
	int n = 0;
	enum sw_journal_next what;
	while ((what = next()) == SW_JOURNAL_EVENT)
		n++;
	assert_int_equal(what, SW_JOURNAL_END);
	return n;
}

static void grows_byte_by_byte(void **state)
{
	uint64_t events = 0, taken = 0;
	(void)state;
	record_start(&recorder, &buf, 2);
	record_end(&recorder);
	put("", 0);
	open_reader();
	assert_int_equal(drain(), 0);
	for (size_t i = 0; i < buf.len; i++) {
		put(buf.data + i, 1);
		bool whole = buf.data[i] == '\n';
		assert_int_equal(drain(), whole);
		taken = whole ? i + 1 : taken;
		assert_int_equal(sw_journal_reader_offset(reader), taken);
		assert_int_equal(sw_journal_reader_stats(reader)->torn, !whole);
		assert_int_equal(sw_journal_reader_stats(reader)->events, events += whole);
	}
	assert_int_equal(events, recorder.seq);
	assert_int_equal(sw_journal_reader_stats(reader)->broken, 0);
	/* Its start was kept byte by byte too: another one shows. */
	record_end(&recorder);
	*strstr(buf.data, "recorded") = 'X';
	assert_int_equal(record_write(path, O_TRUNC, buf.data, buf.len), 0);
	assert_int_equal(next(), SW_JOURNAL_RESTARTED);
	assert_int_equal(drain(), recorder.seq);
}

static void a_shorter_file_is_read_anew(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	put(buf.data, buf.len);
	put("broken\n", 7);
	open_reader();
	assert_int_equal(drain(), recorder.seq);
	assert_int_equal(truncate(path, (off_t)buf.len), 0); /* only the broken line is gone */
	assert_int_equal(next(), SW_JOURNAL_RESTARTED);
	assert_int_equal(drain(), recorder.seq);
	const char *second = memchr(buf.data, '\n', buf.len);
	assert_int_equal(truncate(path, second + 1 - buf.data), 0);
	assert_int_equal(next(), SW_JOURNAL_RESTARTED);
	assert_int_equal(sw_journal_reader_stats(reader)->broken, 0);
	assert_int_equal(drain(), 1);
	assert_int_equal(truncate(path, 0), 0);
	assert_int_equal(next(), SW_JOURNAL_RESTARTED);
	assert_int_equal(drain(), 0);
	put(buf.data, buf.len);
	assert_int_equal(drain(), recorder.seq);
}

/* Cut while the reader is in the middle of it. */
static void cut_while_it_is_read(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2000); /* more than the reader's buffer */
	assert_true(buf.len > 1000000);
	put(buf.data, buf.len);
	open_reader();
	assert_int_equal(next(), SW_JOURNAL_EVENT);
	assert_int_equal(truncate(path, 5), 0);
	enum sw_journal_next what;
	while ((what = next()) == SW_JOURNAL_EVENT) {
	}
	assert_int_equal(what, SW_JOURNAL_RESTARTED);
	assert_int_equal(drain(), 0);
	assert_true(sw_journal_reader_stats(reader)->torn);
}

/* Cut and written again, further than the reader had come. */
static void a_rewritten_file_is_read_anew(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 1);
	put(buf.data, buf.len);
	open_reader();
	assert_int_equal(drain(), recorder.seq);
	sw_buf_clear(&buf);
	record_start(&recorder, &buf, 3);
	char *digit = strstr(buf.data, "recorded");
	*digit = 'X';
	assert_int_equal(record_write(path, O_TRUNC, buf.data, buf.len), 0);
	assert_int_equal(next(), SW_JOURNAL_RESTARTED);
	assert_int_equal(drain(), recorder.seq);
}

static void a_replaced_file_is_read_anew(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 1);
	put(buf.data, buf.len);
	open_reader();
	assert_int_equal(drain(), recorder.seq);
	assert_int_equal(record_write(other, O_CREAT, buf.data, buf.len), 0);
	assert_int_equal(rename(other, path), 0);
	assert_int_equal(next(), SW_JOURNAL_RESTARTED);
	assert_int_equal(drain(), recorder.seq);
	/* What has no name any more is still read. */
	assert_int_equal(unlink(path), 0);
	assert_int_equal(drain(), 0);
}

static void a_megabyte_of_a_line(void **state)
{
	enum { LEN = 1 << 20 };
	char *line = malloc(LEN);
	(void)state;
	memset(line, 'x', LEN);
	record_start(&recorder, &buf, 1);
	put(buf.data, buf.len);
	open_reader();
	assert_int_equal(drain(), recorder.seq);
	for (int i = 0; i < LEN; i += LEN / 64) {
		put(line, LEN / 64);
		assert_int_equal(drain(), 0);
		assert_true(sw_journal_reader_stats(reader)->torn);
	}
	free(line);
	put("\n", 1);
	put(buf.data, buf.len);
	assert_int_equal(drain(), recorder.seq);
	const struct sw_journal_stats *met = sw_journal_reader_stats(reader);
	assert_int_equal(met->overlong, 1);
	assert_int_equal(met->broken, 1);
	assert_int_equal(met->first_broken_line, recorder.seq + 1);
	assert_false(met->torn);
	assert_int_equal(sw_journal_reader_offset(reader), 2 * buf.len + LEN + 1);
}

/* The first broken line's number counts every line before it. */
static void damage_is_counted(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 1);
	sw_buf_add_str(&buf, "{\"event\":\"invented\",\"seq\":9,\"t_ns\":1}\n\x1b[31mred\n"
	                     "{\"event\":\"note\",\"seq\":-1,\"t_ns\":1}\n");
	record_end(&recorder);
	put(buf.data, buf.len - 1);
	assert_int_equal(sw_journal_load(path, session, &stats, &err), 0);
	assert_int_equal(stats.events, recorder.seq - 1);
	assert_int_equal(stats.broken, 3);
	assert_int_equal(stats.foreign, 1);
	assert_int_equal(stats.first_broken_line, recorder.seq);
	assert_string_equal(stats.first_error, "not an event of this version");
	assert_true(stats.torn);
	assert_int_equal(session->state, SW_STATE_RUNNING);
}

/* The fold counts what comes twice or late, and its figures are as if it had not. */
static void repeated_and_late_lines_change_no_figure(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 3);
	put(buf.data, buf.len);
	assert_int_equal(sw_journal_load(path, session, &stats, &err), 0);
	assert_int_equal(session->unexpected, 0);
	assert_int_equal(record_snapshot(session, &shot), 0);
	unlink(path);
	for (const char *at = buf.data, *end; at < buf.data + buf.len; at = end + 1) {
		end = memchr(at, '\n', buf.len);
		put(at, (size_t)(end + 1 - at));
		put(at, (size_t)(end + 1 - at));
		put(buf.data, (size_t)((const char *)memchr(buf.data, '\n', buf.len) + 1 - buf.data));
	}
	sw_session_free(session);
	session = sw_session_new();
	assert_int_equal(sw_journal_load(path, session, &stats, &err), 0);
	assert_int_equal(stats.events, 3 * recorder.seq);
	assert_int_equal(session->unexpected, 2 * recorder.seq);
	assert_int_equal(session->missing, 0);
	session->unexpected = 0;
	assert_int_equal(record_snapshot(session, &shot2), 0);
	assert_int_equal(shot.len, shot2.len);
	assert_memory_equal(shot.data, shot2.data, shot.len);
}

static void rewound_it_reads_the_same_again(void **state)
{
	(void)state;
	record_start(&recorder, &buf, 2);
	put(buf.data, buf.len);
	put("x\n", 2);
	open_reader();
	for (int round = 0; round < 3; round++) {
		assert_int_equal(drain(), recorder.seq);
		assert_int_equal(sw_journal_reader_stats(reader)->broken, 1);
		assert_int_equal(sw_journal_reader_rewind(reader, &err), 0);
	}
}

static void the_last_event_is_found_without_reading_all(void **state)
{
	static struct sw_event last;
	(void)state;
	put("", 0);
	open_reader();
	assert_false(sw_journal_reader_last(reader, &last));
	record_start(&recorder, &buf, 2000);
	put(buf.data, buf.len);
	assert_true(sw_journal_reader_last(reader, &last));
	assert_int_equal(last.seq, recorder.seq);
	put("broken\n\n{\"torn", 14);
	assert_true(sw_journal_reader_last(reader, &last));
	assert_int_equal(last.seq, recorder.seq);
	assert_int_equal(sw_journal_reader_offset(reader), 0);
	assert_int_equal(next(), SW_JOURNAL_EVENT);
	assert_int_equal(event->seq, 1);
}

static void a_writer_shows_by_its_lock(void **state)
{
	(void)state;
	put("", 0);
	open_reader();
	assert_false(sw_journal_reader_has_writer(reader));
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(flock(fd, LOCK_EX | LOCK_NB), 0);
	assert_true(sw_journal_reader_has_writer(reader));
	close(fd);
	assert_false(sw_journal_reader_has_writer(reader));
	/* And the look leaves no lock behind. */
	fd = open(path, O_WRONLY | O_CLOEXEC);
	int status = flock(fd, LOCK_EX | LOCK_NB);
	close(fd);
	assert_int_equal(status, 0);
}

static void errors(void **state)
{
	(void)state;
	assert_int_equal(sw_journal_reader_open(path, &reader, &err), -1);
	assert_int_equal(err.code, SW_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, path));
	assert_null(reader);
	assert_int_equal(sw_journal_reader_open(dir, &reader, &err), 0);
	assert_int_equal(sw_journal_reader_next(reader, &event, &err), SW_JOURNAL_ERROR);
	assert_int_equal(err.code, SW_ERR_IO);
	assert_int_equal(sw_journal_load(path, session, &stats, &err), -1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(grows_byte_by_byte),
		TEST(a_shorter_file_is_read_anew),
		TEST(cut_while_it_is_read),
		TEST(a_rewritten_file_is_read_anew),
		TEST(a_replaced_file_is_read_anew),
		TEST(a_megabyte_of_a_line),
		TEST(damage_is_counted),
		TEST(repeated_and_late_lines_change_no_figure),
		TEST(rewound_it_reads_the_same_again),
		TEST(the_last_event_is_found_without_reading_all),
		TEST(a_writer_shows_by_its_lock),
		TEST(errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
