#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "core/error.h"
#include "core/text.h"

/* Filled with a byte that shows when a function leaves something unwritten or unended. */
static struct sw_error dirty(void)
{
	struct sw_error err;
	memset(&err, 'X', sizeof(err));
	return err;
}

static void assert_valid_utf8(const char *text)
{
	for (size_t i = 0, len = strlen(text); i < len;) {
		size_t n = sw_text_utf8_len(text + i, len - i);
		assert_int_not_equal(n, 0);
		i += n;
	}
}

static void set_fills_all_fields(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	assert_int_equal(sw_error_set(&err, SW_ERR_LIMIT, 0, "%s is %d bytes", "body", 70), -1);
	assert_int_equal(err.code, SW_ERR_LIMIT);
	assert_int_equal(err.sys_errno, 0);
	assert_string_equal(err.message, "body is 70 bytes");
	sw_error_set(&err, SW_ERR_IO, 0, "%s", "");
	assert_string_equal(err.message, "");
}

static void set_appends_the_system_reason(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	char want[128];
	assert_int_equal(sw_error_set(&err, SW_ERR_IO, ENOENT, "open %s", "/x"), -1);
	assert_int_equal(err.sys_errno, ENOENT);
	(void)snprintf(want, sizeof(want), "open /x: %s", strerror(ENOENT));
	assert_string_equal(err.message, want);
}

static void null_is_allowed(void **state)
{
	(void)state;
	assert_int_equal(sw_error_set(NULL, SW_ERR_IO, EIO, "lost"), -1);
	assert_int_equal(sw_error_wrap(NULL, "lost"), -1);
}

static void set_cleans_hostile_text(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	sw_error_set(&err, SW_ERR_REFUSED, 0, "no such image: %s", "a\x1b[2Jb\xc2\x9b\nc\xff");
	assert_string_equal(err.message, "no such image: a?[2Jb? c?");
}

static void set_truncates_at_a_character_and_keeps_the_reason(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	char name[1501];
	for (size_t i = 0; i < 1500; i += 3)
		memcpy(name + i, "\xe2\x82\xac", 3); /* euro signs */
	name[1500] = '\0';

	/* Three starts, so that the cut falls on each byte of a character. */
	static const char *const starts[] = {"", "x", "xx"};
	for (size_t i = 0; i < 3; i++) {
		err = dirty();
		sw_error_set(&err, SW_ERR_IO, ENOSPC, "%s%s", starts[i], name);
		size_t len = strlen(err.message);
		assert_in_range(len, sizeof(err.message) - 4, sizeof(err.message) - 1);
		assert_valid_utf8(err.message);
		assert_null(strchr(err.message, '?'));
		const char *reason = strstr(err.message, ": ");
		assert_non_null(reason);
		assert_string_equal(reason + 2, strerror(ENOSPC));
	}
}

static void set_may_read_the_message_it_replaces(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	sw_error_set(&err, SW_ERR_IO, 0, "first");
	sw_error_set(&err, SW_ERR_TIMEOUT, 0, "second after %s", err.message);
	assert_string_equal(err.message, "second after first");
	sw_error_wrap(&err, "<%s>", err.message);
	assert_string_equal(err.message, "<second after first>: second after first");
}

static void wrap_keeps_code_and_errno(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	sw_error_set(&err, SW_ERR_NO_ENGINE, ECONNREFUSED, "connect");
	char want[256];
	(void)snprintf(want, sizeof(want), "ping v9: connect: %s", strerror(ECONNREFUSED));
	assert_int_equal(sw_error_wrap(&err, "ping v%d", 9), -1);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_int_equal(err.sys_errno, ECONNREFUSED);
	assert_string_equal(err.message, want);
}

static void wrap_cleans_its_context(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	sw_error_set(&err, SW_ERR_IO, 0, "inner");
	sw_error_wrap(&err, "a\x07\tb");
	assert_string_equal(err.message, "a? b: inner");
}

static void wrap_of_nothing_has_no_colon(void **state)
{
	(void)state;
	struct sw_error err = {.code = SW_ERR_INTERNAL};
	sw_error_wrap(&err, "alone");
	assert_string_equal(err.message, "alone");
}

static void wrap_keeps_a_short_cause_whole(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	char context[2001];
	memset(context, 'c', 2000);
	context[2000] = '\0';
	sw_error_set(&err, SW_ERR_IO, 0, "the cause");
	sw_error_wrap(&err, "%s", context);
	assert_int_equal(strlen(err.message), sizeof(err.message) - 1);
	assert_string_equal(err.message + sizeof(err.message) - 1 - 11, ": the cause");
}

static void wrap_shares_when_both_are_long(void **state)
{
	(void)state;
	/* A cause that just fits its half stays whole; a longer one leaves the context the other. */
	static const size_t causes[] = {200, 253, 254, 255, 511};
	char context[2001], cause[512];
	memset(context, 'c', 2000);
	context[2000] = '\0';
	for (size_t i = 0; i < sizeof(causes) / sizeof(causes[0]); i++) {
		struct sw_error err = dirty();
		memset(cause, 'x', causes[i]);
		cause[causes[i]] = '\0';
		sw_error_set(&err, SW_ERR_IO, 0, "%s", cause);
		sw_error_wrap(&err, "%s", context);
		size_t kept = causes[i] < 254 ? causes[i] : 254;
		assert_int_equal(strlen(err.message), 511);
		assert_int_equal(strspn(err.message, "c"), 511 - 2 - kept);
		assert_memory_equal(err.message + 511 - 2 - kept, ": xx", 4);
	}
}

static void text_that_cannot_be_formatted_shows_its_format(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	/* The C locale has no such wide character: vsnprintf fails. */
	assert_int_equal(sw_error_set(&err, SW_ERR_IO, 0, "open %ls", L"\u20ac"), -1);
	assert_string_equal(err.message, "open %ls");
	assert_int_equal(err.code, SW_ERR_IO);
}

static void wrap_of_a_full_message_still_shows_the_context(void **state)
{
	(void)state;
	struct sw_error err = dirty();
	char cause[601];
	for (size_t i = 0; i < 600; i += 2)
		memcpy(cause + i, "\xc3\xa9", 2);
	cause[600] = '\0';
	sw_error_set(&err, SW_ERR_IO, 0, "%s", cause);
	for (int i = 0; i < 3; i++)
		sw_error_wrap(&err, "step %d", i);
	assert_memory_equal(err.message, "step 2: step 1: step 0: \xc3\xa9", 26);
	assert_in_range(strlen(err.message), sizeof(err.message) - 2, sizeof(err.message) - 1);
	assert_valid_utf8(err.message);
	assert_null(strchr(err.message, '?'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(set_fills_all_fields),
		cmocka_unit_test(set_appends_the_system_reason),
		cmocka_unit_test(null_is_allowed),
		cmocka_unit_test(set_cleans_hostile_text),
		cmocka_unit_test(set_truncates_at_a_character_and_keeps_the_reason),
		cmocka_unit_test(set_may_read_the_message_it_replaces),
		cmocka_unit_test(wrap_keeps_code_and_errno),
		cmocka_unit_test(wrap_cleans_its_context),
		cmocka_unit_test(wrap_of_nothing_has_no_colon),
		cmocka_unit_test(wrap_keeps_a_short_cause_whole),
		cmocka_unit_test(wrap_shares_when_both_are_long),
		cmocka_unit_test(text_that_cannot_be_formatted_shows_its_format),
		cmocka_unit_test(wrap_of_a_full_message_still_shows_the_context),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
