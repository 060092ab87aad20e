/* Answers without an end: docker/http.h's `chunk`. */
#include "tests/unit/docker/http_test.h"

#include "core/cleanup.h"

#define STREAM_HEAD R_JSON("200 OK") "Transfer-Encoding: chunked\r\n\r\n"

struct stream {
	struct result result; /* first: DONE's user is this */
	int chunks;
	size_t len;
	char text[256];
	int64_t date_s;
	int after; /* what to do when ENOUGH bytes have come */
	size_t enough;
	bool is_pattern; /* say_many's */
	struct sw_http_call *call;
};

enum { GO_ON, RETURN_FALSE, CANCEL, FREE };

static bool on_chunk(void *user, const struct sw_http_chunk *chunk)
{
	struct stream *s = user;
	assert_int_equal(s->result.calls, 0);
	if (s->chunks++ == 0)
		s->date_s = chunk->date_s;
	for (size_t i = 0; s->is_pattern && i < chunk->len; i++)
		if ((unsigned char)chunk->bytes[i] != (s->len + i) % 251)
			fail_msg("byte %zu is another", s->len + i);
	if (s->len + chunk->len < sizeof s->text)
		memcpy(s->text + s->len, chunk->bytes, chunk->len);
	s->len += chunk->len;
	if (s->after == GO_ON || s->len < s->enough)
		return true;
	if (s->after == CANCEL)
		sw_http_cancel(s->call);
	if (s->after == FREE) {
		sw_http_free(s->result.f->http);
		s->result.f->http = NULL;
	}
	return false;
}

static void open_stream(struct fixture *f, struct stream *s, int64_t timeout_ns)
{
	struct sw_http_request request = {.chunk = on_chunk, .timeout_ns = timeout_ns};
	s->result.f = f;
	s->call = ask(f, request, on_done, &s->result);
}

static void until_len(struct fixture *f, struct stream *s, size_t len)
{
	while (s->len < len && !s->result.done)
		step(f->loop);
}

/* --- serve functions --- */

static void two_pieces_then_silence(struct peer *peer, int fd)
{
	if (!peer_read_request(peer, fd))
		return;
	peer_say(fd, STREAM_HEAD "6\r\nfirst\n\r\n");
	peer_say(fd, "7\r\nsecond\n\r\n");
	peer_hold(peer);
}

static void head_then_silence(struct peer *peer, int fd)
{
	if (peer_read_request(peer, fd))
		peer_say(fd, STREAM_HEAD);
	peer_hold(peer);
}

static void half_a_refusal(struct peer *peer, int fd)
{
	if (peer_read_request(peer, fd))
		peer_say(fd, R_JSON("400 Bad Request") "Content-Length: 99\r\n\r\n{");
	peer_hold(peer);
}

/* --- tests --- */

static void test_bytes_as_they_come(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	begin(f, two_pieces_then_silence, "x");
	open_stream(f, &s, 10 * SECOND);
	until_len(f, &s, 13);
	assert_memory_equal(s.text, "first\nsecond\n", 13);
	assert_int_equal(s.result.calls, 0);
	assert_int_equal(s.date_s, 1795389445); /* R_HEAD's */
	assert_in_range(turns(f->loop), 1, 10);
	sw_http_cancel(s.call);
}

static void test_the_header_alone_is_told(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	begin(f, head_then_silence, "x");
	open_stream(f, &s, 10 * SECOND);
	while (s.chunks == 0)
		step(f->loop);
	assert_int_equal(s.len, 0);
	assert_int_equal(s.result.calls, 0);
	sw_http_cancel(s.call);
}

/* The deadline is for the header: an idle stream outlives it. */
static void test_an_idle_stream_has_no_deadline(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	struct sw_timer timer = {0};
	volatile bool over = false;
	begin(f, head_then_silence, "x");
	open_stream(f, &s, SECOND / 5);
	while (s.chunks == 0 && !s.result.done)
		step(f->loop);
	sw_loop_arm(f->loop, &timer, sw_clock_ns() + SECOND / 2, tick, (void *)&over);
	while (!over)
		step(f->loop);
	assert_int_equal(s.result.calls, 0);
	sw_http_cancel(s.call);
}

static void deadline(struct fixture *f, void (*serve)(struct peer *, int))
{
	struct stream s = {0};
	begin(f, serve, "x");
	int64_t begin_ns = sw_clock_ns();
	open_stream(f, &s, SECOND / 10);
	until(f, &s.result);
	assert_in_range(sw_clock_ns() - begin_ns, SECOND / 10, 5 * SECOND);
	assert_int_equal(s.result.error.code, SW_ERR_TIMEOUT);
	assert_non_null(strstr(s.result.error.message, "did not answer within 100 ms"));
	assert_int_equal(s.chunks, 0);
}

static void test_a_header_that_never_comes(void **state)
{
	deadline(*state, say_nothing);
}

static void test_a_refusal_that_never_ends(void **state)
{
	deadline(*state, half_a_refusal);
}

static void test_a_refusal_is_kept(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	begin(f, say_once, R_CREATE_404);
	open_stream(f, &s, 10 * SECOND);
	until(f, &s.result);
	assert_false(s.result.failed);
	assert_int_equal(s.result.status, 404);
	assert_string_equal(s.result.body, "{\"message\":\"No such image: none-such:latest\"}\n");
	assert_int_equal(s.chunks, 0);
}

static void test_the_end(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	begin(f, say_once, R_WAIT_0);
	open_stream(f, &s, 10 * SECOND);
	until(f, &s.result);
	assert_false(s.result.failed);
	assert_int_equal(s.len, 32);
	assert_int_equal(s.result.len, 0);
	assert_string_equal(s.result.body, "");
}

static void test_cut_off(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	begin(f, drip_once, R_WAIT_CUT);
	open_stream(f, &s, 10 * SECOND);
	until(f, &s.result);
	assert_int_equal(s.result.error.code, SW_ERR_PROTOCOL);
	assert_int_equal(s.len, 19); /* all that came was told before */
}

static void enough(struct fixture *f, int after, struct stream *s)
{
	*s = (struct stream){.after = after, .enough = 6};
	begin(f, two_pieces_then_silence, "x");
	open_stream(f, s, 10 * SECOND);
	until_len(f, s, 6);
}

static void test_enough(void **state)
{
	struct fixture *f = *state;
	struct stream s;
	enough(f, RETURN_FALSE, &s);
	until(f, &s.result);
	assert_false(s.result.failed);
	assert_int_equal(s.result.status, 200);
	assert_int_equal(s.result.dropped, 0);
	assert_in_range(turns(f->loop), 1, 10);
}

static void test_cancel_in_chunk(void **state)
{
	struct fixture *f = *state;
	struct stream s;
	enough(f, CANCEL, &s);
	assert_in_range(turns(f->loop), 1, 10);
	assert_int_equal(s.result.calls, 0);
	assert_int_equal(s.result.dropped, 1);
}

static void test_free_in_chunk(void **state)
{
	struct fixture *f = *state;
	struct stream s;
	enough(f, FREE, &s);
	assert_in_range(turns(f->loop), 1, 10);
	assert_int_equal(s.result.calls, 0);
	assert_int_equal(s.result.dropped, 1);
}

/* When the last bytes and the end come together. */
static void test_free_in_the_last_chunk(void **state)
{
	struct fixture *f = *state;
	for (int after = RETURN_FALSE; after <= FREE; after++) {
		struct stream s = {.after = after, .enough = 32};
		begin(f, say_once, R_WAIT_0);
		open_stream(f, &s, 10 * SECOND);
		until_len(f, &s, 32);
		assert_in_range(turns(f->loop), 1, 10);
		assert_int_equal(s.result.calls, after == RETURN_FALSE);
		assert_int_equal(s.result.dropped, after != RETURN_FALSE);
		sw_http_free(SW_TAKE(f->http));
		peer_stop(SW_TAKE(f->peer));
	}
}

/* Far more than one read: nothing is lost, nothing is kept. */
static void test_a_flood(void **state)
{
	struct fixture *f = *state;
	static size_t size = 50 << 20;
	struct stream s = {.is_pattern = true};
	begin(f, say_many, &size);
	open_stream(f, &s, 60 * SECOND);
	until(f, &s.result);
	assert_false(s.result.failed);
	assert_int_equal(s.len, size);
}

/* An ordinary request through the same, reused handle has its deadline and its body again. */
static void test_the_handle_after_a_stream(void **state)
{
	struct fixture *f = *state;
	struct stream s = {0};
	begin(f, say_each_time, R_PING);
	open_stream(f, &s, 10 * SECOND);
	until(f, &s.result);
	assert_memory_equal(s.text, "OK", 2);
	assert_string_equal(get(f, (struct sw_http_request){0}).body, "OK");
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_bytes_as_they_come),
		T(test_the_header_alone_is_told),
		T(test_an_idle_stream_has_no_deadline),
		T(test_a_header_that_never_comes),
		T(test_a_refusal_that_never_ends),
		T(test_a_refusal_is_kept),
		T(test_the_end),
		T(test_cut_off),
		T(test_enough),
		T(test_cancel_in_chunk),
		T(test_free_in_chunk),
		T(test_free_in_the_last_chunk),
		T(test_a_flood),
		T(test_the_handle_after_a_stream),
	};
	return cmocka_run_group_tests_name("http stream", tests, NULL, NULL);
}
