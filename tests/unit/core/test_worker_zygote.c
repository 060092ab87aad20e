/* core/worker.h: what is said between sandwatch and a zygote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/codec.h"
#include "core/error.h"
#include "core/worker.h"

#define TOKEN "0123456789abcdef0123456789abcdef"
#define DIGEST "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
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

static void a_zygotes_job_says_its_limits(void **state)
{
	static const struct sw_job_options all = {.noop = true,
	                                          .timeout_ns = 1500001,
	                                          .memory_bytes = 1 << 30};
	struct sw_task task = {.strategy = "x", .strategy_len = 1, .is_unchecked = true};
	struct sw_attempt attempt = {.token = TOKEN};
	struct sw_value *root = NULL;
	int64_t timeout_ms = 0, memory_bytes = 0;
	bool noop = false, validate = true;
	(void)state;
	assert_int_equal(sw_worker_job(&buf, &task, &attempt, &all), 0);
	assert_int_equal(sw_value_parse(buf.data, buf.len, &root, NULL), 0);
	sw_value_int(sw_value_member(root, "timeout_ms"), 0, 999, &timeout_ms);
	sw_value_int(sw_value_member(root, "memory_bytes"), 0, INT64_MAX, &memory_bytes);
	sw_value_bool(sw_value_member(root, "noop"), &noop);
	sw_value_bool(sw_value_member(root, "validate"), &validate);
	bool has_source = sw_value_member(root, "strategy") || sw_value_member(root, "strategy_b64");
	sw_value_free(root);
	assert_int_equal(timeout_ms, 2); /* rounded up: 0 would be none */
	assert_int_equal(memory_bytes, 1 << 30);
	assert_true(noop);
	assert_false(validate);
	assert_false(has_source);
}

static void a_job_without_limits_names_none(void **state)
{
	static const char *const names[] = {"timeout_ms", "memory_bytes", "validate", "noop"};
	(void)state;
	struct sw_task task = {.strategy = "x", .strategy_len = 1};
	struct sw_attempt attempt = {.token = TOKEN};
	struct sw_value *job = NULL;
	assert_int_equal(sw_worker_job(&buf, &task, &attempt, &(struct sw_job_options){0}), 0);
	assert_int_equal(sw_value_parse(buf.data, buf.len, &job, NULL), 0);
	int named = 0;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		named += sw_value_member(job, names[i]) != NULL;
	sw_value_free(job);
	assert_int_equal(named, 0);
}

/* ---- a zygote's words ---- */

#define OVER(fields) "\036sw1 " TOKEN " over {" fields "}\n"
#define COUNTS "\"code\":11,\"killed\":3,\"stdout_bytes\":70000,\"stderr_bytes\":2,"
#define OVER_SIGNAL OVER("\"end\":\"signal\"," COUNTS "\"tail\":\"\\u001b[2Jlast\"")

#define EXIT(code, killed, bytes)                                                           \
	OVER("\"end\":\"exit\",\"code\":" code ",\"killed\":" killed ",\"stdout_bytes\":" bytes \
	     ",\"stderr_bytes\":0,\"tail\":\"\"")

static void over_is_read(void **state)
{
	(void)state;
	assert_int_equal(feed(OVER_SIGNAL), 1);
	assert_true(report.has_over);
	assert_int_equal(report.over.end, SW_OVER_SIGNAL);
	assert_int_equal(report.over.code, 11);
	assert_int_equal(report.over.killed, 3);
	assert_int_equal(report.over.stdout_bytes, 70000);
	assert_int_equal(report.over.stderr_bytes, 2);
	assert_null(strchr(report.over.tail, '\033'));
	assert_non_null(strstr(report.over.tail, "last"));
	assert_false(report.has_result);
	/* The first counts. */
	feed(OVER("\"end\":\"timeout\"," COUNTS "\"tail\":\"\""));
	assert_int_equal(report.over.end, SW_OVER_SIGNAL);
}

static void what_is_no_over_is_output(void **state)
{
	static const char *const lines[] = {
		OVER(""),
		OVER("\"end\":\"ok\"," COUNTS "\"tail\":\"\""),
		OVER("\"end\":3," COUNTS "\"tail\":\"\""),
		OVER("\"end\":\"signal\"," COUNTS "\"tail\":7"),
		OVER("\"end\":\"signal\"," COUNTS),
		EXIT("-2", "0", "0"),
		EXIT("256", "0", "0"),
		EXIT("0", "-1", "0"),
		EXIT("0", "0", "-1"),
		EXIT("0", "0", "1e300"),
		"\036sw1 " TOKEN " over\n",
		"\036sw1 " TOKEN " over [[[[\n",
		"\036sw1 - over {\"end\":\"result\"," COUNTS "\"tail\":\"\"}\n",
		"\036sw1 ffffffffffffffffffffffffffffffff over {\"end\":\"result\"," COUNTS
		"\"tail\":\"\"}\n",
	};
	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		again();
		struct sw_worker_report was = report;
		assert_int_equal(feed(lines[i]), 0);
		assert_memory_equal(&report, &was, sizeof was);
		assert_int_equal(reader.plain_bytes, strlen(lines[i]));
	}
	assert_int_equal(feed(EXIT("-1", "0", "0")), 1); /* what they all lack */
}

static void each_ready_is_counted_and_brings_the_prewarm(void **state)
{
	(void)state;
	feed("\036sw1 - ready {\"t\":{\"main\":5,\"imports\":[6,7],\"prewarm\":[10,30]}}\n");
	assert_int_equal(report.readies, 1);
	assert_int_equal(report.phases[SW_PHASE_PREWARM].start_ns, 10);
	assert_int_equal(report.phases[SW_PHASE_PREWARM].end_ns, 30);
	feed(RESULT_OK OVER_SIGNAL "\036sw1 - ready {\"t\":{\"prewarm\":[40,60]}}\n");
	assert_int_equal(report.readies, 2);
	assert_int_equal(report.phases[SW_PHASE_PREWARM].start_ns, 40);
	assert_int_equal(report.main_ns, 5);
	feed("\036sw1 - ready {\"t\":{\"prewarm\":[9,8]}}\n\036sw1 - ready {\"t\":7}\n");
	assert_int_equal(report.readies, 4);
	assert_int_equal(report.phases[SW_PHASE_PREWARM].start_ns, 40);
	feed("\036sw1 - ready nonsense\n");
	assert_int_equal(report.readies, 4);
	/* It lies on no path. */
	sw_worker_spans(&report, true, 0, 100, SW_PHASE_COUNT, &result);
	for (int i = 0; i < result.n_spans; i++)
		assert_true(result.spans[i].phase != SW_PHASE_PREWARM);
}

static void assert_judged(const char *words, enum sw_outcome outcome, const char *text)
{
	again();
	feed(words);
	sw_worker_judge(&report, INT64_C(1500000000), &result);
	assert_int_equal(result.outcome, outcome);
	if (!strstr(result.error, text))
		fail_msg("'%s' is not in: %s", text, result.error);
}

static void an_attempt_is_judged_by_its_result_then_by_its_end(void **state)
{
	(void)state;
	assert_judged(RESULT_OK OVER_SIGNAL, SW_OUTCOME_OK, "");
	assert_string_equal(result.digest, DIGEST);
	assert_string_equal(result.error, "");
	assert_judged(OVER_SIGNAL RESULT_OK, SW_OUTCOME_OK, "");
	assert_judged("\036sw1 " TOKEN " result {\"outcome\":\"failed\",\"error\":\"why\"}\n",
	              SW_OUTCOME_FAILED, "why");
	assert_judged("\036sw1 " TOKEN " result garbage\n" OVER_SIGNAL, SW_OUTCOME_CRASHED,
	              "cannot be read");
	assert_judged(OVER_SIGNAL, SW_OUTCOME_CRASHED, "SIGSEGV");
	assert_judged(OVER("\"end\":\"timeout\"," COUNTS "\"tail\":\"\""), SW_OUTCOME_TIMEOUT,
	              "1.50 s");
	assert_judged(OVER("\"end\":\"oom\"," COUNTS "\"tail\":\"MemoryError\""), SW_OUTCOME_OOM,
	              "MemoryError");
	assert_judged(OVER("\"end\":\"exit\"," COUNTS "\"tail\":\"\""), SW_OUTCOME_CRASHED,
	              "status 11");
	assert_judged(OVER("\"end\":\"flood\"," COUNTS "\"tail\":\"\""), SW_OUTCOME_CRASHED,
	              "no result");
	assert_judged(OVER("\"end\":\"result\"," COUNTS "\"tail\":\"\""), SW_OUTCOME_CRASHED,
	              "no result");
	assert_judged("", SW_OUTCOME_CRASHED, "no result");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_zygotes_job_says_its_limits),
		TEST(a_job_without_limits_names_none),
		TEST(over_is_read),
		TEST(what_is_no_over_is_output),
		TEST(each_ready_is_counted_and_brings_the_prewarm),
		TEST(an_attempt_is_judged_by_its_result_then_by_its_end),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
