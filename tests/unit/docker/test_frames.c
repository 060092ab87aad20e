#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "docker/frames.h"

/* What came, by stream, and in how many pieces. */
struct seen {
	char bytes[3][64];
	size_t len[3];
	int pieces;
};

static void on_frame(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct seen *seen = user;
	assert_true(len > 0);
	assert_in_range(stream, 0, 2);
	assert_true(seen->len[stream] + len <= sizeof seen->bytes[stream]);
	memcpy(seen->bytes[stream] + seen->len[stream], bytes, len);
	seen->len[stream] += len;
	seen->pieces++;
}

/* stdout "hello\n", stderr "bye", an empty stdout frame, stdout "!". */
static const char wire[] = "\1\0\0\0\0\0\0\6hello\n"
						   "\2\0\0\0\0\0\0\3bye"
						   "\1\0\0\0\0\0\0\0"
						   "\1\0\0\0\0\0\0\1!";
enum { WIRE = sizeof wire - 1 };

static void assert_all(const struct seen *seen, const struct sw_frames *frames)
{
	assert_int_equal(seen->len[1], 7);
	assert_memory_equal(seen->bytes[1], "hello\n!", 7);
	assert_int_equal(seen->len[2], 3);
	assert_memory_equal(seen->bytes[2], "bye", 3);
	assert_int_equal(frames->left, 0);
	assert_int_equal(frames->header_len, 0);
}

static void test_whole(void **state)
{
	struct sw_frames frames = {0};
	struct seen seen = {0};
	(void)state;
	assert_int_equal(sw_frames_feed(&frames, wire, WIRE, on_frame, &seen, NULL), 0);
	assert_all(&seen, &frames);
	assert_int_equal(seen.pieces, 3); /* not buffered, not split, no empty call */
}

static void test_every_split(void **state)
{
	(void)state;
	for (size_t at = 0; at <= WIRE; at++) {
		for (size_t then = at; then <= WIRE; then++) {
			struct sw_frames frames = {0};
			struct seen seen = {0};
			assert_int_equal(sw_frames_feed(&frames, wire, at, on_frame, &seen, NULL), 0);
			assert_int_equal(sw_frames_feed(&frames, wire + at, then - at, on_frame, &seen, NULL),
			                 0);
			assert_int_equal(
				sw_frames_feed(&frames, wire + then, WIRE - then, on_frame, &seen, NULL), 0);
			assert_all(&seen, &frames);
		}
	}
}

static void test_byte_by_byte(void **state)
{
	struct sw_frames frames = {0};
	struct seen seen = {0};
	(void)state;
	for (size_t i = 0; i < WIRE; i++)
		assert_int_equal(sw_frames_feed(&frames, wire + i, 1, on_frame, &seen, NULL), 0);
	assert_all(&seen, &frames);
	assert_int_equal(seen.pieces, 10);
}

static void test_largest_length(void **state)
{
	struct sw_frames frames = {0};
	struct seen seen = {0};
	(void)state;
	assert_int_equal(sw_frames_feed(&frames,
	                                "\1\0\0\0\xff\xff\xff\xff"
	                                "abc",
	                                11, on_frame, &seen, NULL),
	                 0);
	assert_int_equal(seen.len[1], 3);
	assert_true(frames.left == UINT32_MAX - 3);
}

static void test_byte_order(void **state)
{
	struct sw_frames frames = {0};
	struct seen seen = {0};
	(void)state;
	assert_int_equal(sw_frames_feed(&frames, "\2\0\0\0\1\2\3\4", 8, on_frame, &seen, NULL), 0);
	assert_int_equal(frames.left, 0x01020304);
	assert_int_equal(frames.stream, SW_STREAM_STDERR);
}

static void test_not_a_frame(void **state)
{
	static const char *const bad[] = {
		"\3\0\0\0\0\0\0\1", "\1\1\0\0\0\0\0\1", "\1\0\1\0\0\0\0\1",
		"\1\0\0\1\0\0\0\1", "plain text",
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sw_frames frames = {0};
		struct seen seen = {0};
		struct sw_error err = {0};
		assert_int_equal(sw_frames_feed(&frames, bad[i], 8, on_frame, &seen, &err), -1);
		assert_int_equal(err.code, SW_ERR_PROTOCOL);
		assert_true(err.message[0]);
		assert_int_equal(seen.pieces, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_whole),        cmocka_unit_test(test_every_split),
		cmocka_unit_test(test_byte_by_byte), cmocka_unit_test(test_largest_length),
		cmocka_unit_test(test_byte_order),   cmocka_unit_test(test_not_a_frame),
	};
	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
