#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/stats.h"

/* Lets an impossible allocation fail under the sanitizers as it does without them. */
const char *__asan_default_options(void);
const char *__tsan_default_options(void);

const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

const char *__tsan_default_options(void)
{
	return "allocator_may_return_null=1";
}

static struct sw_buf buf;

static int setup(void **state)
{
	(void)state;
	sw_buf_init(&buf, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	sw_buf_done(&buf);
	return 0;
}

static void assert_holds(const char *text)
{
	assert_int_equal(buf.len, strlen(text));
	assert_string_equal(buf.data, text);
}

static void zero_is_an_empty_buffer(void **state)
{
	(void)state;
	struct sw_buf fresh = {0};
	assert_int_equal(sw_buf_add_str(&fresh, "x"), 0);
	assert_string_equal(fresh.data, "x");
	sw_buf_done(&fresh);
	assert_null(fresh.data);
	assert_int_equal(fresh.len, 0);
	assert_int_equal(fresh.cap, 0);
	sw_buf_done(&fresh); /* twice is harmless, and so is NULL */
	sw_buf_done(NULL);
}

static void appends_follow_each_other(void **state)
{
	(void)state;
	assert_int_equal(sw_buf_add(&buf, "ab\0c", 4), 0);
	assert_int_equal(buf.len, 4);
	assert_memory_equal(buf.data, "ab\0c", 5);
	sw_buf_clear(&buf);
	assert_int_equal(sw_buf_add_str(&buf, "one "), 0);
	assert_int_equal(sw_buf_addf(&buf, "%d %s", 2, "three"), 0);
	assert_holds("one 2 three");
}

static void nothing_appends_nothing(void **state)
{
	(void)state;
	assert_int_equal(sw_buf_add(&buf, NULL, 0), 0);
	assert_holds("");
	assert_int_equal(sw_buf_add_str(&buf, ""), 0);
	assert_int_equal(sw_buf_addf(&buf, "%s", ""), 0);
	assert_holds("");
	assert_false(buf.overflow);
}

static void the_bound_is_exact(void **state)
{
	(void)state;
	sw_buf_init(&buf, 5);
	assert_int_equal(sw_buf_add_str(&buf, "abc"), 0);
	assert_int_equal(sw_buf_add_str(&buf, "def"), -1);
	assert_true(buf.overflow);
	assert_holds("abc");
	assert_int_equal(sw_buf_addf(&buf, "%03d", 7), -1);
	assert_holds("abc");
	assert_int_equal(sw_buf_addf(&buf, "%02d", 7), 0);
	assert_holds("abc07");
	assert_int_equal(sw_buf_add(&buf, "", 0), 0);
	assert_int_equal(sw_buf_add(&buf, "", 1), -1);
	assert_true(buf.overflow); /* stays until cleared */
	assert_true(buf.cap <= 6); /* no more memory than the bound and a NUL */
}

static void a_buffer_at_its_bound_grows_to_it(void **state)
{
	(void)state;
	char block[200];
	memset(block, 'b', sizeof(block));
	sw_buf_init(&buf, 1000);
	for (int i = 0; i < 5; i++)
		assert_int_equal(sw_buf_add(&buf, block, sizeof(block)), 0);
	assert_int_equal(buf.len, 1000);
	assert_true(buf.cap <= 1001);
	assert_false(buf.overflow);
	assert_int_equal(sw_buf_add_str(&buf, "x"), -1);
}

static void sizes_that_cannot_be_are_refused(void **state)
{
	(void)state;
	volatile size_t huge = SIZE_MAX; /* hides the size from compile-time checks */
	assert_int_equal(sw_buf_add(&buf, "x", huge), -1);
	assert_true(buf.overflow);
	assert_null(buf.data);
	sw_buf_clear(&buf);
	assert_int_equal(sw_buf_add_str(&buf, "kept"), 0);
	for (size_t less = 0; less <= 5; less++)
		assert_int_equal(sw_buf_add(&buf, "x", huge - less), -1);
	assert_holds("kept");
	sw_buf_clear(&buf);
	assert_int_equal(sw_buf_add_str(&buf, "kept"), 0);
	/* This one is asked of malloc, and malloc says no. */
	assert_int_equal(sw_buf_add(&buf, "x", huge / 4), -1);
	assert_true(buf.overflow);
	assert_holds("kept");
	sw_buf_done(&buf);
	sw_buf_init(&buf, huge); /* a bound that is none in practice */
	assert_int_equal(sw_buf_add_str(&buf, "fits"), 0);
	assert_holds("fits");
}

static void text_that_cannot_be_formatted_is_refused(void **state)
{
	(void)state;
	sw_buf_add_str(&buf, "kept");
	/* The C locale has no such wide character: vsnprintf fails. */
	assert_int_equal(sw_buf_addf(&buf, "%ls", L"\u20ac"), -1);
	assert_true(buf.overflow);
	assert_holds("kept");
}

static void clear_keeps_memory_and_bound(void **state)
{
	(void)state;
	sw_buf_init(&buf, 4);
	sw_buf_clear(&buf); /* of an empty one */
	assert_null(buf.data);
	sw_buf_add_str(&buf, "abcd");
	sw_buf_add_str(&buf, "e");
	const char *before = buf.data;
	sw_buf_clear(&buf);
	assert_holds("");
	assert_false(buf.overflow);
	assert_ptr_equal(buf.data, before);
	assert_int_equal(buf.limit, 4);
	assert_int_equal(sw_buf_add_str(&buf, "abcd"), 0);
	assert_int_equal(sw_buf_add_str(&buf, "e"), -1);
}

static void consume_drops_from_the_front(void **state)
{
	(void)state;
	sw_buf_consume(&buf, 0); /* of an empty one */
	assert_null(buf.data);
	sw_buf_add_str(&buf, "GET / HTTP");
	sw_buf_consume(&buf, 0);
	assert_holds("GET / HTTP");
	sw_buf_consume(&buf, 4);
	assert_holds("/ HTTP");
	sw_buf_add_str(&buf, "!");
	assert_holds("/ HTTP!");
	sw_buf_consume(&buf, buf.len);
	assert_holds("");
	sw_buf_add_str(&buf, "again");
	assert_holds("again");
}

static void consume_makes_room_below_the_bound(void **state)
{
	(void)state;
	sw_buf_init(&buf, 3);
	sw_buf_add_str(&buf, "abc");
	sw_buf_consume(&buf, 2);
	assert_int_equal(sw_buf_add_str(&buf, "de"), 0);
	assert_holds("cde");
}

/* Random appends and consumes against a plain array, long enough for many growths. */
static void behaves_like_an_array(void **state)
{
	(void)state;
	static char model[1 << 16];
	size_t len = 0;
	struct sw_rng rng;
	sw_rng_seed(&rng, 3);
	for (int round = 0; round < 5000; round++) {
		char piece[100];
		size_t n = (size_t)sw_rng_below(&rng, sizeof(piece));
		memset(piece, 'a' + round % 26, n);
		piece[n] = '\0';
		if (sw_rng_below(&rng, 10) == 0 || len + n >= sizeof(model)) {
			size_t drop = (size_t)sw_rng_below(&rng, len + 1);
			memmove(model, model + drop, len - drop);
			len -= drop;
			sw_buf_consume(&buf, drop);
		} else {
			memcpy(model + len, piece, n);
			len += n;
			int status = n % 2 ? sw_buf_addf(&buf, "%s", piece) : sw_buf_add_str(&buf, piece);
			assert_int_equal(status, 0);
		}
		assert_int_equal(buf.len, len);
		if (len > 0)
			assert_memory_equal(buf.data, model, len);
		assert_true(!buf.data || buf.data[len] == '\0');
		assert_true(!buf.data || buf.cap > len);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(zero_is_an_empty_buffer, setup, teardown),
		cmocka_unit_test_setup_teardown(appends_follow_each_other, setup, teardown),
		cmocka_unit_test_setup_teardown(nothing_appends_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_bound_is_exact, setup, teardown),
		cmocka_unit_test_setup_teardown(a_buffer_at_its_bound_grows_to_it, setup, teardown),
		cmocka_unit_test_setup_teardown(sizes_that_cannot_be_are_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(text_that_cannot_be_formatted_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(clear_keeps_memory_and_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(consume_drops_from_the_front, setup, teardown),
		cmocka_unit_test_setup_teardown(consume_makes_room_below_the_bound, setup, teardown),
		cmocka_unit_test_setup_teardown(behaves_like_an_array, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
