/* The JSON behind a worker's words: what is taken of it, however it is spelled, and what of bytes that are
 * none. cJSON is the oracle for what JSON is. */
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
#include "core/worker_internal.h"

#define DIGEST "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"

static struct sw_worker_report report;

static int setup(void **state)
{
	(void)state;
	sw_worker_report_init(&report);
	return 0;
}

/* From memory that ends where the text does, for the sanitizers. */
static void read_result(const char *text, size_t len)
{
	char *exact = malloc(len ? len : 1);
	assert_non_null(exact);
	memcpy(exact, text, len);
	sw_worker_report_init(&report);
	sw_worker_read_result(exact, len, &report);
	free(exact);
}

static void result_is(const char *text)
{
	read_result(text, strlen(text));
	if (!report.has_result)
		fail_msg("%s: %s", text, report.error);
}

static void spelling_does_not_matter(void **state)
{
	(void)state;
	result_is(" {\t\"digest\" : \"" DIGEST "\" ,\"outcome\":\"\\u006f\\u006B\" , \"t\" : { \"main\" : 7 , "
	          "\"execute\" : [ 8 , 9 ] } } ");
	assert_int_equal(report.outcome, SW_OUTCOME_OK);
	assert_string_equal(report.digest, DIGEST);
	assert_int_equal(report.main_ns, 7);
	assert_int_equal(report.phases[SW_PHASE_EXECUTE].end_ns, 9);
	result_is("{\"outcome\":\"failed\",\"error\":\"\\u00e9\\ud83d\\ude00 \\\"x\\\"\"}");
	assert_string_equal(report.error, "é😀 \"x\"");
}

static void what_is_not_known_is_skipped(void **state)
{
	(void)state;
	result_is("{\"a\":[1,{\"outcome\":\"ok\"},[[]],null],\"outcome\":\"failed\",\"\":{},\"result\":{\"t\":"
	          "{\"main\":1}},\"\\u0074\":{\"main\":2},\"t\":{\"x\":[{}],\"main\":3,\"execute\":[4,5,6]},"
	          "\"v\":1e400}");
	assert_int_equal(report.outcome, SW_OUTCOME_FAILED);
	assert_int_equal(report.main_ns, 3);
	assert_int_equal(report.phases[SW_PHASE_EXECUTE].end_ns, 0); /* three are no pair */
}

static void what_has_another_type_is_not_said(void **state)
{
	static const char *const others[] = {"null", "true", "-", "1.5", "1e3",  "\"5\"", "{}",
	                                     "[]",   "-1",   "0", "[5]", "[9,8]", "99999999999999999999"};
	char line[200];
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		(void)snprintf(line, sizeof line,
		               "{\"outcome\":\"failed\",\"t\":{\"main\":%s,\"data\":[%s,%s],\"execute\":%s}}",
		               others[i], others[i], others[i], others[i]);
		read_result(line, strlen(line));
		assert_int_equal(report.has_result, strcmp(others[i], "-") != 0);
		assert_int_equal(report.main_ns, 0);
		assert_int_equal(report.phases[SW_PHASE_DATA].end_ns, 0);
		assert_int_equal(report.phases[SW_PHASE_EXECUTE].end_ns, 0);
	}
	result_is("{\"outcome\":\"failed\",\"t\":7,\"error\":{},\"python\":[]}");
	assert_string_equal(report.error, "no reason given");
	assert_string_equal(report.python, "");
}

/* Whole numbers of any clock, not only what a double can say. */
static void stamps_are_exact(void **state)
{
	(void)state;
	result_is("{\"outcome\":\"failed\",\"t\":{\"main\":30000000000000001,\"written\":30000000000000003}}");
	assert_int_equal(report.main_ns, INT64_C(30000000000000001));
	assert_int_equal(report.written_ns, INT64_C(30000000000000003));
}

static void long_texts_are_bounded(void **state)
{
	static const size_t lens[] = {100, 2000, 32 * 1024 - 2, 32 * 1024 - 1, 200 * 1024};
	(void)state;
	for (size_t i = 0; i < sizeof lens / sizeof *lens; i++) {
		char *line = malloc(lens[i] + 100);
		assert_non_null(line);
		int n = snprintf(line, 60, "{\"outcome\":\"failed\",\"error\":\"");
		memset(line + n, 'e', lens[i]);
		memcpy(line + n + lens[i] - 2, "\\n", 2);
		memcpy(line + n + lens[i], "\"}", 3);
		result_is(line);
		/* Far longer than any worker's: then it is left out, and the outcome stands. */
		assert_int_equal(report.error[0], lens[i] <= 32 * 1024 - 2 ? 'e' : 'n');
		assert_true(strlen(report.error) < sizeof report.error);
		free(line);
	}
}

static void nesting_is_bounded(void **state)
{
	enum { DEEP = 100000 };
	char *line = malloc(DEEP + 100);
	(void)state;
	assert_non_null(line);
	int n = snprintf(line, 60, "{\"outcome\":\"failed\",\"result\":");
	memset(line + n, '[', DEEP);
	read_result(line, (size_t)n + DEEP);
	assert_true(report.garbage);
	free(line);
}

/* ---- random damage ---- */

#define OK_LINE \
	"{\"digest\":\"" DIGEST "\",\"error\":null,\"error_line\":null,\"id\":null,\"outcome\":\"ok\"," \
	"\"python\":\"3.11.2\",\"stdout_bytes\":0,\"v\":1,\"result\":{\"a\":[1.5,-2,{\"b\":\"\\u00e9\"}]}," \
	"\"t\":{\"data\":[21,22],\"execute\":[22,30],\"job\":20,\"serialize\":[30,31],\"written\":32}}"
#define FAILED_LINE \
	"{\"outcome\":\"failed\",\"error\":\"ValueError: \\ud83d\\ude00 \\\\ \\u0000x\"," \
	"\"t\":{\"imports\":[1,2]}}"

static const char *const whole[] = {
	OK_LINE,
	FAILED_LINE,
	"{\"outcome\":\"rejected\",\"error\":\"no\",\"python\":\"3\",\"t\":{}}",
};

static void damage(struct sw_rng *rng, char *text, size_t *len)
{
	static const char bytes[] = "\"\\{}[],:0-.eutn \n\x01\x7f\xc3";
	size_t at = sw_rng_below(rng, *len);
	switch (sw_rng_below(rng, 4)) {
	case 0:
		text[at] = bytes[sw_rng_below(rng, sizeof bytes - 1)];
		break;
	case 1:
		*len = at;
		break;
	case 2: {
		size_t cut = sw_rng_below(rng, *len - at) / 8 + 1;
		memmove(text + at, text + at + cut, *len - at - cut);
		*len -= cut;
		break;
	}
	default:
		text[at] = text[sw_rng_below(rng, *len)];
	}
}

/* Nothing is taken for a result that JSON's own reader would not take, and its outcome is that one's. */
static void damaged_lines_are_read_as_json_or_not_at_all(void **state)
{
	struct sw_rng rng;
	int results = 0, garbage = 0;
	(void)state;
	sw_rng_seed(&rng, 20261123);
	for (int round = 0; round < 60000; round++) {
		char text[600];
		size_t len = strlen(whole[round % 3]);
		struct sw_value *root = NULL;
		memcpy(text, whole[round % 3], len);
		for (uint64_t times = 1 + sw_rng_below(&rng, 2); times && len; times--)
			damage(&rng, text, &len);
		read_result(text, len);
		assert_true(report.has_result != report.garbage);
		garbage += report.garbage;
		if (!report.has_result)
			continue;
		results++;
		if (sw_value_parse(text, len, &root, NULL) < 0)
			fail_msg("not JSON, and taken: %.*s", (int)len, text);
		const char *outcome = sw_value_text(sw_value_member(root, "outcome"));
		assert_non_null(outcome);
		assert_string_equal(outcome, sw_word(&sw_words_outcome, (int)report.outcome));
		sw_value_free(root);
	}
	assert_true(results > 1000 && garbage > 1000);
}

#define TEST(name) cmocka_unit_test_setup(name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(spelling_does_not_matter),
		TEST(what_is_not_known_is_skipped),
		TEST(what_has_another_type_is_not_said),
		TEST(stamps_are_exact),
		TEST(long_texts_are_bounded),
		TEST(nesting_is_bounded),
		TEST(damaged_lines_are_read_as_json_or_not_at_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
