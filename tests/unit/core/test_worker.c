#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/error.h"
#include "core/stats.h"
#include "core/worker.h"

#include "tests/unit/rounds.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define DIGEST "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
#define OTHER_DIGEST "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define RESULT_OK "\036sw1 " TOKEN " result {\"outcome\":\"ok\",\"digest\":\"" DIGEST "\"}\n"

static struct sw_worker_reader reader;
static struct sw_worker_report report;
static struct sw_attempt_result result;
static struct sw_buf buf;

static int setup(void **state)
{
	(void)state;
	sw_worker_reader_init(&reader, TOKEN);
	sw_worker_report_init(&report);
	sw_buf_init(&buf, 0);
	memset(&result, 0, sizeof result);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_worker_reader_done(&reader);
	sw_buf_done(&buf);
	return 0;
}

static void again(void)
{
	teardown(NULL);
	setup(NULL);
}

static int feed(const char *text)
{
	return sw_worker_reader_feed(&reader, text, strlen(text), &report);
}

/* ---- jobs ---- */

static struct sw_value *job_of(const char *strategy, size_t len, bool once)
{
	struct sw_task task = {.strategy = strategy,
	                       .strategy_len = len,
	                       .backtest = SW_BACKTEST_REAL,
	                       .days = 252,
	                       .symbols = 10,
	                       .seed = 42};
	struct sw_attempt attempt = {.token = TOKEN};
	struct sw_value *root = NULL;
	sw_buf_clear(&buf);
	assert_int_equal(sw_worker_job(&buf, &task, &attempt, &(struct sw_job_options){.once = once}), 0);
	assert_ptr_equal(memchr(buf.data, '\n', buf.len), buf.data + buf.len - 1); /* one line */
	assert_int_equal(sw_value_parse(buf.data, buf.len, &root, NULL), 0);
	return root;
}

static void a_job_says_all_that_is_to_be_done(void **state)
{
	static const char strategy[] = "x = \"é\"\n\tprint('\\n')\r\n";
	int64_t number[4] = {0};
	bool once = false;
	(void)state;
	struct sw_value *job = job_of(strategy, strlen(strategy), true);
	const char *source = sw_value_text(sw_value_member(job, "strategy"));
	const char *token = sw_value_text(sw_value_member(job, "token"));
	const char *backtest = sw_value_text(sw_value_member(job, "backtest"));
	bool right = source && strcmp(source, strategy) == 0 && token && strcmp(token, TOKEN) == 0 &&
	             backtest && strcmp(backtest, "real") == 0 && !sw_value_member(job, "strategy_b64");
	sw_value_int(sw_value_member(job, "v"), 0, 9, &number[0]);
	sw_value_int(sw_value_member(job, "days"), 0, 999, &number[1]);
	sw_value_int(sw_value_member(job, "symbols"), 0, 999, &number[2]);
	sw_value_int(sw_value_member(job, "seed"), 0, 999, &number[3]);
	sw_value_bool(sw_value_member(job, "once"), &once);
	sw_value_free(job);
	assert_true(right);
	assert_true(once);
	assert_int_equal(number[0], 1);
	assert_int_equal(number[1], 252);
	assert_int_equal(number[2], 10);
	assert_int_equal(number[3], 42);
}

/* RFC 4648, section 10, with a byte before that is no UTF-8. */
static void a_source_that_is_no_text_travels_as_base64(void **state)
{
	static const char *const sources[] = {"\xff",
	                                      "\xff"
	                                      "f",
	                                      "\xff"
	                                      "fo",
	                                      "\xff"
	                                      "foo",
	                                      "\xc3"};
	static const char *const coded[] = {"/w==", "/2Y=", "/2Zv", "/2Zvbw==", "ww=="};
	(void)state;
	for (int i = 0; i < 5; i++) {
		struct sw_value *job = job_of(sources[i], strlen(sources[i]), false);
		const char *text = sw_value_text(sw_value_member(job, "strategy_b64"));
		bool right = text && strcmp(text, coded[i]) == 0 && !sw_value_member(job, "strategy");
		sw_value_free(job);
		assert_true(right);
	}
}

static void a_job_without_memory_is_an_error(void **state)
{
	struct sw_task task = {.strategy = "x", .strategy_len = 1};
	struct sw_attempt attempt = {.token = TOKEN};
	struct sw_buf small;
	(void)state;
	sw_buf_init(&small, 20);
	int status = sw_worker_job(&small, &task, &attempt, &(struct sw_job_options){0});
	sw_buf_done(&small);
	assert_int_equal(status, -1);
}

/* ---- results ---- */

static void a_result_is_read(void **state)
{
	(void)state;
	assert_int_equal(report.outcome, SW_OUTCOME_CRASHED);
	assert_int_equal(
		feed("\036sw1 " TOKEN " result {\"outcome\":\"ok\",\"digest\":\"" DIGEST "\",\"t\":"
	         "{\"main\":10,\"imports\":[11,20],\"validate\":[21,22],\"data\":[23,24],"
	         "\"execute\":[25,40],\"serialize\":[41,42],\"written\":43,\"job\":20}}\n"),
		1);
	assert_true(report.has_result);
	assert_false(report.garbage);
	assert_int_equal(report.outcome, SW_OUTCOME_OK);
	assert_string_equal(report.digest, DIGEST);
	assert_int_equal(report.main_ns, 10);
	assert_int_equal(report.written_ns, 43);
	assert_int_equal(report.phases[SW_PHASE_EXECUTE].start_ns, 25);
	assert_int_equal(report.phases[SW_PHASE_EXECUTE].end_ns, 40);
	assert_int_equal(reader.plain_bytes, 0);
}

static void reasons_are_cleaned(void **state)
{
	(void)state;
	feed("\036sw1 " TOKEN " result {\"outcome\":\"rejected\",\"error\":\"a\\u001b[1mb\\nc\"}\n");
	assert_int_equal(report.outcome, SW_OUTCOME_REJECTED);
	assert_string_equal(report.error, "a?[1mb c");
	again();
	feed("\036sw1 " TOKEN " result {\"outcome\":\"failed\"}\n");
	assert_int_equal(report.outcome, SW_OUTCOME_FAILED);
	assert_true(*report.error);
}

static void the_interpreter_names_its_version(void **state)
{
	(void)state;
	feed("\036sw1 " TOKEN " result {\"outcome\":\"failed\",\"python\":\"3.11.2\"}\n");
	assert_string_equal(report.python, "3.11.2");
	sw_worker_spans(&report, true, 1, 2, SW_PHASE_COUNT, &result);
	assert_string_equal(result.python, "3.11.2");
	again();
	feed("\036sw1 " TOKEN " result {\"outcome\":\"failed\",\"python\":\"\\u001b[1m3\"}\n");
	assert_string_equal(report.python, "?[1m3");
	again();
	feed("\036sw1 " TOKEN " result {\"outcome\":\"failed\",\"python\":3}\n");
	assert_true(report.has_result);
	assert_string_equal(report.python, "");
}

static const char story[] = "before\n\036sw1 " TOKEN " init 5\nprinted" RESULT_OK "after\036half\n"
							"\036sw1 " TOKEN " exit 99 code 3\nlast words\n";

static void assert_story(int taken)
{
	assert_int_equal(taken, 3);
	assert_int_equal(report.init_ns, 5);
	assert_true(report.has_result);
	assert_string_equal(report.digest, DIGEST);
	assert_true(report.has_exit);
	assert_int_equal(report.exit_ns, 99);
	assert_int_equal(report.exit_code, 3);
	assert_int_equal(report.exit_signal, 0);
	assert_int_equal(reader.plain_bytes, strlen("before\nprintedafter\036half\nlast words\n"));
	assert_int_equal(reader.tail_len, reader.plain_bytes);
	assert_memory_equal(reader.tail, "before\nprintedafter\036half\nlast words\n", reader.tail_len);
}

static void sentinels_split_anywhere_are_found(void **state)
{
	const size_t len = strlen(story);
	(void)state;
	assert_story(feed(story));
	for (size_t a = 0; a <= len; a++) {
		again();
		int taken = sw_worker_reader_feed(&reader, story, a, &report);
		taken += sw_worker_reader_feed(&reader, story + a, len - a, &report);
		assert_story(taken);
	}
	again();
	int taken = 0;
	for (size_t i = 0; i < len; i++)
		taken += sw_worker_reader_feed(&reader, story + i, 1, &report);
	assert_story(taken);
}

static void sentinels_split_at_random_are_found(void **state)
{
	struct sw_rng rng;
	(void)state;
	sw_rng_seed(&rng, 1);
	for (int round = 0; round < rounds(2000); round++) {
		size_t at = 0, len = strlen(story);
		int taken = 0;
		again();
		while (at < len) {
			size_t n = 1 + sw_rng_below(&rng, 20);
			n = n > len - at ? len - at : n;
			char *exact = malloc(n);
			memcpy(exact, story + at, n);
			taken += sw_worker_reader_feed(&reader, exact, n, &report);
			free(exact);
			at += n;
		}
		assert_story(taken);
	}
}

/* None of these is ours: all of it is output. */
static void what_is_almost_a_sentinel_is_output(void **state)
{
	static const char *const lines[] = {
		"\036\n",
		"\036sw1\n",
		"\036sw1 \n",
		"\036sw2 " TOKEN " result {}\n",
		"\036sw1 ffffffffffffffffffffffffffffffff result {\"outcome\":\"failed\"}\n",
		"\036sw1 0123456789abcdef0123456789abcde result {\"outcome\":\"failed\"}\n",
		"\036sw1 " TOKEN "0 result {\"outcome\":\"failed\"}\n",
		"\036sw1 " TOKEN " results {\"outcome\":\"failed\"}\n",
		"\036sw1 " TOKEN " result\n",
		"\036sw1 " TOKEN "\n",
		" \036 sw1 " TOKEN " init 5\n",
		"sw1 " TOKEN " result {\"outcome\":\"failed\"}\n",
		"\036sw1  " TOKEN " init 5\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		again();
		assert_int_equal(feed(lines[i]), 0);
		assert_int_equal(reader.plain_bytes, strlen(lines[i]));
		assert_false(report.has_result || report.garbage);
		assert_int_equal(report.init_ns, 0);
	}
}

/* "-" is what a worker that has no job yet announces itself with. A strategy can print it without
 * knowing its token: it must not be a result by it, nor an end. */
static void without_a_token_nothing_but_an_announcement_counts(void **state)
{
	(void)state;
	assert_int_equal(feed("\036sw1 - result {\"outcome\":\"ok\",\"digest\":\"" DIGEST "\"}\n"), 0);
	assert_int_equal(feed("\036sw1 - exit 5 code 0\n\036sw1 - init 5\n"), 0);
	assert_false(report.has_result || report.garbage || report.has_exit);
	assert_int_equal(report.init_ns, 0);
	assert_int_equal(feed("\036sw1 - ready {\"t\":{\"main\":5,\"imports\":[6,7]}}\n"), 1);
	assert_int_equal(report.main_ns, 5);
	assert_int_equal(report.phases[SW_PHASE_IMPORTS].end_ns, 7);
}

static void the_first_result_counts(void **state)
{
	(void)state;
	feed(RESULT_OK "\036sw1 " TOKEN " result {\"outcome\":\"ok\",\"digest\":\"" OTHER_DIGEST
	               "\"}\n");
	assert_string_equal(report.digest, DIGEST);
	again();
	feed("\036sw1 " TOKEN " result {\"outcome\":\"failed\",\"error\":\"e\"}\n" RESULT_OK);
	assert_int_equal(report.outcome, SW_OUTCOME_FAILED);
	again();
	feed("\036sw1 " TOKEN " result garbage\n" RESULT_OK);
	assert_true(report.garbage);
	assert_false(report.has_result);
}

static void a_result_that_cannot_be_read_is_garbage(void **state)
{
	static const char *const rests[] = {"{",
	                                    "[]",
	                                    "7",
	                                    "null",
	                                    "{}",
	                                    "{\"outcome\":\"ok\"}",
	                                    "{\"outcome\":\"timeout\"}",
	                                    "{\"outcome\":\"cancelled\"}",
	                                    "{\"outcome\":0}",
	                                    "{\"outcome\":\"ok\",\"digest\":7}",
	                                    "{\"outcome\":\"ok\",\"digest\":\"" DIGEST "a\"}",
	                                    "{\"outcome\":\"ok\",\"digest\":\"ABCDEF\"}",
	                                    "{\"outcome\":\"failed\"} x",
	                                    ""};
	(void)state;
	for (size_t i = 0; i < sizeof rests / sizeof rests[0]; i++) {
		again();
		char line[300];
		snprintf(line, sizeof line, "\036sw1 " TOKEN " result %s\n", rests[i]);
		assert_int_equal(feed(line), 1);
		assert_true(report.garbage);
		assert_false(report.has_result);
		assert_true(*report.error);
	}
}

static void a_mark_inside_a_line_starts_anew(void **state)
{
	(void)state;
	assert_int_equal(feed("\036sw1 " TOKEN " res" RESULT_OK), 1);
	assert_true(report.has_result);
	assert_int_equal(reader.plain_bytes, strlen("\036sw1 " TOKEN " res"));
}

static void exits_by_signal_and_bad_exits(void **state)
{
	static const char *const bad[] = {"x code 1",
	                                  "5",
	                                  "5 code",
	                                  "5 code x",
	                                  "-5 code 1",
	                                  "0 code 1",
	                                  "9223372036854775807 code 1"};
	(void)state;
	feed("\036sw1 " TOKEN " exit 7 signal 9\n");
	assert_int_equal(report.exit_signal, 9);
	assert_int_equal(report.exit_code, -1);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		again();
		char line[200];
		snprintf(line, sizeof line, "\036sw1 " TOKEN " exit %s\n", bad[i]);
		feed(line);
		assert_false(report.has_exit);
		assert_int_equal(report.exit_ns, 0);
	}
}

/* ---- hints of phases ---- */

#define HINT(token, phase) "\036sw1 " token " phase " phase "\n"
#define SET(phase) (1u << SW_PHASE_##phase)

static void hints_are_taken_in_their_order(void **state)
{
	(void)state;
	reader.takes_hints = true;
	assert_int_equal(feed(HINT("-", "imports")), 1);
	assert_int_equal(report.hints, SET(IMPORTS));
	assert_int_equal(feed(HINT(TOKEN, "validate") HINT(TOKEN, "data")), 2);
	assert_int_equal(report.hints, SET(IMPORTS) | SET(VALIDATE) | SET(DATA));
	assert_int_equal(feed(HINT(TOKEN, "execute") RESULT_OK), 2);
	assert_int_equal(report.hints, SET(IMPORTS) | SET(VALIDATE) | SET(DATA) | SET(EXECUTE));
	assert_int_equal(reader.plain_bytes, 0);
	again();
	reader.takes_hints = true;
	assert_int_equal(feed(HINT(TOKEN, "data")), 1); /* some are lost: the rest still counts */
	assert_int_equal(report.hints, SET(DATA));
}

static void hints_split_anywhere_are_found(void **state)
{
	static const char text[] = HINT("-", "imports") "said\n" HINT(TOKEN, "execute");
	const size_t len = strlen(text);
	(void)state;
	for (size_t a = 0; a <= len; a++) {
		again();
		reader.takes_hints = true;
		int taken = sw_worker_reader_feed(&reader, text, a, &report);
		taken += sw_worker_reader_feed(&reader, text + a, len - a, &report);
		assert_int_equal(taken, 2);
		assert_int_equal(report.hints, SET(IMPORTS) | SET(EXECUTE));
		assert_int_equal(reader.plain_bytes, strlen("said\n"));
	}
}

/* BEFORE, then LINE: it is output, every byte of it, and the report stays as it was. */
static void assert_no_hint(const char *before, const char *line, size_t len)
{
	again();
	reader.takes_hints = true;
	feed(before);
	struct sw_worker_report was = report;
	uint64_t plain = reader.plain_bytes;
	assert_int_equal(sw_worker_reader_feed(&reader, line, len, &report), 0);
	assert_memory_equal(&report, &was, sizeof was);
	assert_int_equal(reader.plain_bytes, plain + len);
}

static void what_is_no_hint_is_output_and_changes_nothing(void **state)
{
	static const char *const lines[][2] = {
		{"", HINT(TOKEN, "imports")}, /* a worker that imports has no token yet */
		{"", HINT("-", "validate")},
		{"", HINT("-", "execute")},
		{"", HINT("ffffffffffffffffffffffffffffffff", "execute")},
		{"", HINT(TOKEN, "boot")},
		{"", HINT(TOKEN, "serialize")},
		{"", HINT(TOKEN, "exit")},
		{"", HINT(TOKEN, "")},
		{"", HINT(TOKEN, "execute ")},
		{"", HINT(TOKEN, "execute 5")},
		{"", HINT(TOKEN, " execute")},
		{"", HINT(TOKEN, "EXECUTE")},
		{"", HINT(TOKEN, "7")},
		{"", HINT(TOKEN, "nonsense")},
		{"", "\036sw1 " TOKEN " phase\n"},
		{"", "\036sw1 " TOKEN " phases data\n"},
		{HINT("-", "imports"), HINT("-", "imports")},
		{HINT(TOKEN, "data"), HINT(TOKEN, "data")},
		{HINT(TOKEN, "data"), HINT(TOKEN, "validate")},
		{HINT(TOKEN, "execute"), HINT("-", "imports")},
		{HINT(TOKEN, "validate") RESULT_OK, HINT(TOKEN, "execute")},
		{"\036sw1 " TOKEN " result garbage\n", HINT(TOKEN, "execute")},
	};
	static const char zero[] = "\036sw1 " TOKEN " phase execute\0\n";
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		assert_no_hint(lines[i][0], lines[i][1], strlen(lines[i][1]));
	assert_no_hint("", zero, sizeof zero - 1);
}

static void who_takes_no_hints_sees_output(void **state)
{
	static const char text[] = HINT("-", "imports") HINT(TOKEN, "execute");
	(void)state;
	assert_int_equal(feed(text), 0);
	assert_int_equal(report.hints, 0);
	assert_int_equal(reader.plain_bytes, strlen(text));
}

/* Of a million announcements four are taken; the rest is counted as output, and takes no memory. */
static void a_flood_of_hints_is_bounded(void **state)
{
	static const char text[] = HINT("-", "imports") HINT(TOKEN, "validate") HINT(TOKEN, "data")
		HINT(TOKEN, "execute");
	int taken = 0;
	(void)state;
	reader.takes_hints = true;
	for (int i = 0; i < rounds(250000); i++)
		taken += feed(text);
	assert_int_equal(taken, 4);
	assert_int_equal(reader.plain_bytes, (uint64_t)(rounds(250000) - 1) * strlen(text));
	assert_true(reader.line.cap < 4096);
	assert_int_equal(feed(RESULT_OK), 1);
	assert_true(report.has_result);
}

/* No figure comes from a hint: with all of them, and forged ones, the spans are the stamps' alone. */
static void hints_change_no_figure(void **state)
{
	static const char stamps[] =
		"\036sw1 " TOKEN " init 5\n"
		"\036sw1 " TOKEN " result {\"outcome\":\"ok\",\"digest\":\"" DIGEST "\",\"t\":"
		"{\"main\":10,\"imports\":[11,20],\"validate\":[21,22],\"data\":[23,24],"
		"\"execute\":[25,40],\"serialize\":[41,42],\"written\":43}}\n";
	struct sw_attempt_result plain = {0};
	(void)state;
	feed(stamps);
	sw_worker_spans(&report, true, 1, 50, SW_PHASE_START, &plain);
	again();
	reader.takes_hints = true;
	feed(HINT("-", "imports") HINT(TOKEN, "execute") HINT(TOKEN, "data"));
	feed(stamps);
	feed(HINT("-", "imports") HINT(TOKEN, "execute"));
	sw_worker_spans(&report, true, 1, 50, SW_PHASE_START, &result);
	assert_int_equal(plain.n_spans, 8);
	assert_memory_equal(&result, &plain, sizeof plain);
	again();
	reader.takes_hints = true;
	feed(HINT("-", "imports") HINT(TOKEN, "execute"));
	sw_worker_spans(&report, true, 1, 50, SW_PHASE_START, &result);
	assert_int_equal(result.n_spans, 0);
	assert_int_equal(sw_worker_clock(&report, 1, 50), SW_CLOCK_UNKNOWN);
}

/* ---- hostile bytes ---- */

static void an_overlong_line_is_output_and_the_next_one_counts(void **state)
{
	const size_t sizes[] = {SW_RESULT_MAX - 1, SW_RESULT_MAX, SW_RESULT_MAX + 1, 3 * SW_RESULT_MAX};
	(void)state;
	char *x = malloc(3 * SW_RESULT_MAX);
	memset(x, 'x', 3 * SW_RESULT_MAX);
	for (int i = 0; i < 4; i++) {
		again();
		feed("\036");
		for (size_t at = 0; at < sizes[i]; at += 65536)
			sw_worker_reader_feed(&reader, x + at, sizes[i] - at < 65536 ? sizes[i] - at : 65536,
			                      &report);
		assert_true(reader.line.cap <= SW_RESULT_MAX + 1);
		assert_int_equal(feed("\n" RESULT_OK), 1);
		assert_true(report.has_result);
		assert_int_equal(reader.plain_bytes, sizes[i] + 2);
	}
	free(x);
}

static void a_flood_of_marks_costs_no_memory(void **state)
{
	enum { BLOCK = 1 << 16 };
	const int blocks = rounds(1600);
	(void)state;
	char *marks = malloc(BLOCK);
	memset(marks, '\036', BLOCK);
	for (int i = 0; i < blocks; i++)
		assert_int_equal(sw_worker_reader_feed(&reader, marks, BLOCK, &report), 0);
	free(marks);
	assert_true(reader.line.cap < 4096);
	assert_int_equal(reader.plain_bytes,
	                 (uint64_t)BLOCK * (uint64_t)blocks - 1); /* the last is not over yet */
	assert_int_equal(feed("sw1 " TOKEN " init 5\n"), 1);
}

static void random_floods_are_bounded_and_counted(void **state)
{
	static const char alphabet[] = "\036\036\nsw1 " TOKEN " -{}\":result\xff\0";
	struct sw_rng rng;
	uint64_t fed = 0;
	(void)state;
	sw_rng_seed(&rng, 8);
	for (int i = 0; i < rounds(20000); i++) {
		char block[256];
		size_t len = 1 + sw_rng_below(&rng, sizeof block);
		for (size_t k = 0; k < len; k++)
			block[k] = alphabet[sw_rng_below(&rng, sizeof alphabet)];
		sw_worker_reader_feed(&reader, block, len, &report);
		fed += len;
		assert_true(reader.plain_bytes <= fed);
		assert_true(reader.line.cap <= SW_RESULT_MAX + 1);
		assert_true(reader.tail_len <= sizeof reader.tail);
	}
	assert_true(reader.plain_bytes > fed / 2);
	assert_false(report.has_result);
}

static void the_last_line_is_kept(void **state)
{
	char line[64];
	(void)state;
	sw_worker_reader_last_line(&reader, line, sizeof line);
	assert_string_equal(line, "");
	feed("Traceback:\n  ValueError: no\033 good \r\n\n");
	sw_worker_reader_last_line(&reader, line, sizeof line);
	assert_string_equal(line, "  ValueError: no? good");
	for (int i = 0; i < 1000; i++)
		feed("0123456789");
	sw_worker_reader_last_line(&reader, line, sizeof line);
	assert_int_equal(strlen(line), sizeof line - 1);
	feed("\nend");
	sw_worker_reader_last_line(&reader, line, sizeof line);
	assert_string_equal(line, "end");
}

/* ---- spans ---- */

static void stamp(int64_t base)
{
	sw_worker_report_init(&report);
	report.init_ns = base + 100;
	report.main_ns = base + 110;
	static const enum sw_phase inner[] = {SW_PHASE_IMPORTS, SW_PHASE_VALIDATE, SW_PHASE_DATA,
	                                      SW_PHASE_EXECUTE, SW_PHASE_SERIALIZE};
	for (int i = 0; i < 5; i++) {
		report.phases[inner[i]].start_ns = base + 110 + 10 * i;
		report.phases[inner[i]].end_ns = base + 120 + 10 * i;
	}
	report.written_ns = base + 160;
}

static const enum sw_phase expected[] = {SW_PHASE_START,     SW_PHASE_BOOT,   SW_PHASE_IMPORTS,
                                         SW_PHASE_VALIDATE,  SW_PHASE_DATA,   SW_PHASE_EXECUTE,
                                         SW_PHASE_SERIALIZE, SW_PHASE_DELIVER};

static void assert_tiled(int64_t from_ns, int64_t to_ns)
{
	assert_int_equal(result.n_spans, 8);
	int64_t at = from_ns;
	for (int i = 0; i < 8; i++) {
		assert_int_equal(result.spans[i].phase, expected[i]);
		assert_int_equal(result.spans[i].start_ns, at);
		assert_true(result.spans[i].on_path);
		at = result.spans[i].end_ns;
	}
	assert_int_equal(at, to_ns);
}

static void shared_clocks_place_spans_where_they_were(void **state)
{
	(void)state;
	stamp(5000);
	result.start_ns = 5000;
	result.end_ns = 5170;
	assert_int_equal(sw_worker_clock(&report, 5000, 5170), SW_CLOCK_SHARED);
	sw_worker_spans(&report, true, 5000, 5170, SW_PHASE_START, &result);
	assert_tiled(5000, 5170);
	assert_int_equal(result.spans[1].start_ns, 5100);
	assert_int_equal(result.spans[7].end_ns - result.spans[7].start_ns, 10);
	assert_false(result.by_durations);
	assert_int_equal(sw_result_other_ns(&result), 0);
}

static void separate_clocks_place_spans_by_their_durations(void **state)
{
	const int64_t apart[] = {0, 1000000000, -4000};
	(void)state;
	for (int i = 0; i < 3; i++) {
		memset(&result, 0, sizeof result);
		stamp(5000 + apart[i]);
		result.start_ns = 1000000;
		sw_worker_spans(&report, false, 1000000, 1000900, SW_PHASE_START, &result);
		assert_tiled(1000000, 1000900);
		assert_true(result.by_durations);
		assert_int_equal(result.spans[1].end_ns - result.spans[1].start_ns, 10);
		assert_int_equal(result.spans[0].end_ns, 1000840); /* 60 before the result was read */
		assert_int_equal(result.spans[7].end_ns, result.spans[7].start_ns);
	}
}

static void clocks_are_told_apart(void **state)
{
	const int64_t ms = 1000000;
	(void)state;
	assert_int_equal(sw_worker_clock(&report, 0, 1000), SW_CLOCK_UNKNOWN);
	stamp(100 * ms);
	assert_int_equal(sw_worker_clock(&report, 100 * ms, 101 * ms), SW_CLOCK_SHARED);
	assert_int_equal(sw_worker_clock(&report, 101 * ms, 102 * ms), SW_CLOCK_SHARED); /* slack */
	assert_int_equal(sw_worker_clock(&report, 102 * ms, 103 * ms), SW_CLOCK_SEPARATE);
	assert_int_equal(sw_worker_clock(&report, 98 * ms, 98 * ms), SW_CLOCK_SEPARATE);
}

static void what_was_not_said_is_left_out(void **state)
{
	(void)state;
	sw_worker_spans(&report, true, 100, 200, SW_PHASE_START, &result);
	assert_int_equal(result.n_spans, 0);
	report.phases[SW_PHASE_EXECUTE].start_ns = 120;
	report.phases[SW_PHASE_EXECUTE].end_ns = 150;
	result.start_ns = 100;
	sw_worker_spans(&report, true, 100, 200, SW_PHASE_COUNT, &result);
	assert_int_equal(result.n_spans, 1);
	assert_int_equal(result.spans[0].phase, SW_PHASE_EXECUTE);
	assert_int_equal(result.spans[0].start_ns, 120);
}

/* A machine that has run for over 104 days has clocks beyond 2^53, where Python's whole numbers are no
 * exact doubles any more. */
static void clocks_of_old_machines_are_read(void **state)
{
	const int64_t base = INT64_C(30000000000000000); /* 347 days */
	char line[400];
	(void)state;
	snprintf(line, sizeof line,
	         "\036sw1 " TOKEN " result {\"outcome\":\"ok\",\"digest\":\"" DIGEST
	         "\",\"t\":{\"main\":%lld,"
	         "\"execute\":[%lld,%lld],\"written\":%lld}}\n",
	         (long long)base + 1, (long long)base + 1001, (long long)base + 5003,
	         (long long)base + 6001);
	feed(line);
	assert_true(llabs(report.main_ns - base - 1) <= 4);
	assert_true(llabs(report.phases[SW_PHASE_EXECUTE].start_ns - base - 1001) <= 4);
	assert_true(llabs(report.phases[SW_PHASE_EXECUTE].end_ns - base - 5003) <= 4);
	assert_true(llabs(report.written_ns - base - 6001) <= 4);
}

/* Whatever a container claims: no overflow (UBSan would say), and spans in order within the attempt. */
static void hostile_stamps_stay_in_bounds(void **state)
{
	static const char *const numbers[] = {"1",
	                                      "0",
	                                      "-1",
	                                      "-9223372036854775808",
	                                      "9223372036854775807",
	                                      "99999999999999999999",
	                                      "2305843009213693952",
	                                      "1e308",
	                                      "1e999",
	                                      "1.5",
	                                      "\"5\"",
	                                      "null",
	                                      "4611686018427387904"};
	struct sw_rng rng;
	(void)state;
	sw_rng_seed(&rng, 6);
#define ANY numbers[sw_rng_below(&rng, sizeof numbers / sizeof numbers[0])]
	for (int round = 0; round < rounds(5000); round++) {
		char line[900];
		again();
		result.start_ns = 1000000;
		result.end_ns = 2000000;
		snprintf(line, sizeof line,
		         "\036sw1 " TOKEN " init %s\n\036sw1 " TOKEN
		         " result {\"outcome\":\"failed\",\"t\":{"
		         "\"main\":%s,\"imports\":[%s,%s],\"execute\":[%s,%s],\"serialize\":[%s],"
		         "\"written\":%s}}\n\036sw1 " TOKEN " exit %s code %s\n",
		         ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY, ANY);
		feed(line);
		sw_worker_clock(&report, 1000000, 2000000);
		sw_worker_spans(&report, sw_rng_below(&rng, 2), 1000000, 1900000, SW_PHASE_START, &result);
		int64_t at = result.start_ns;
		for (int i = 0; i < result.n_spans; i++) {
			assert_true(result.spans[i].start_ns >= at);
			assert_true(result.spans[i].end_ns >= result.spans[i].start_ns);
			at = result.spans[i].end_ns;
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_says_all_that_is_to_be_done),
		TEST(a_source_that_is_no_text_travels_as_base64),
		TEST(a_job_without_memory_is_an_error),
		TEST(a_result_is_read),
		TEST(reasons_are_cleaned),
		TEST(the_interpreter_names_its_version),
		TEST(sentinels_split_anywhere_are_found),
		TEST(sentinels_split_at_random_are_found),
		TEST(what_is_almost_a_sentinel_is_output),
		TEST(without_a_token_nothing_but_an_announcement_counts),
		TEST(the_first_result_counts),
		TEST(a_result_that_cannot_be_read_is_garbage),
		TEST(a_mark_inside_a_line_starts_anew),
		TEST(exits_by_signal_and_bad_exits),
		TEST(hints_are_taken_in_their_order),
		TEST(hints_split_anywhere_are_found),
		TEST(what_is_no_hint_is_output_and_changes_nothing),
		TEST(who_takes_no_hints_sees_output),
		TEST(a_flood_of_hints_is_bounded),
		TEST(hints_change_no_figure),
		TEST(an_overlong_line_is_output_and_the_next_one_counts),
		TEST(a_flood_of_marks_costs_no_memory),
		TEST(random_floods_are_bounded_and_counted),
		TEST(the_last_line_is_kept),
		TEST(shared_clocks_place_spans_where_they_were),
		TEST(separate_clocks_place_spans_by_their_durations),
		TEST(clocks_are_told_apart),
		TEST(what_was_not_said_is_left_out),
		TEST(clocks_of_old_machines_are_read),
		TEST(hostile_stamps_stay_in_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
