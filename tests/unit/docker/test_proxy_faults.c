/* docker/proxy*.c: each fault on each shape of answer and on a stream, and which request is hit. */
#include "tests/unit/docker/proxy_test.h"

enum { SHAPES = 5 };

/* Shape I of an answer of 1000 bytes; the requests are of one kind, and end the connection. */
static const char *const asked[SHAPES] = {"POST /v1.41/containers/x/wait?length=1000",
                                          "POST /v1.41/containers/x/wait?chunked=1000",
                                          "POST /v1.41/containers/x/wait?close=1000",
                                          "POST /v1.41/containers/x/wait?interim=1000",
                                          "POST /v1.41/containers/x/wait?none=0"};
enum { LENGTH, CHUNKED, CLOSE, INTERIM, NONE };
#define WHAT "POST /containers/x/wait"

static char direct[BYTES + 1]; /* the same without a fault */
static size_t direct_len;

static void take_direct(int shape)
{
	int fd = dial_any(&fx.engine->peer->endpoint);
	assert_true(sayf(fd, "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", asked[shape]));
	shutdown(fd, SHUT_WR);
	assert_int_equal(take(fd, direct, BYTES, &direct_len), 0);
	direct[direct_len] = '\0';
	close(fd);
}

/* Asks for SHAPE with FAULT armed at its kind, and takes what comes. The engine is on tcp for every other. */
static void suffer(int shape, struct sw_proxy_fault fault)
{
	open_with(shape % 2);
	take_direct(shape);
	fault.target = SW_TARGET_WAIT;
	arm(fault);
	ask(asked[shape]);
	if (fault.fault != SW_FAULT_RESET)
		half_close();
	take_all();
	assert_hit(WHAT);
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 77), 0);
}

static void assert_same(size_t len)
{
	assert_int_equal(fx.len, len);
	assert_memory_equal(fx.bytes, direct, len);
}

/* How much of the answer comes before its body's byte AT. */
static size_t until_byte(int shape, size_t at)
{
	size_t head_len = (size_t)(strstr(direct, "\r\n\r\n") + 4 - direct);
	if (shape == INTERIM)
		head_len = (size_t)(strstr(direct + head_len, "\r\n\r\n") + 4 - direct);
	if (shape == CHUNKED) /* of 1, 7, 300 and 692 bytes */
		return head_len + at + 3 + (at > 1 ? 2 + 7 : 0) + (at > 8 ? 2 + 5 : 0) +
		       (at > 308 ? 2 + 9 : 0);
	return shape == NONE ? head_len - 2 : head_len + at;
}

/* ---- answers ---- */

static void truncated_answers_end_early_and_cleanly(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		suffer(shape, (struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE, .bytes = 200});
		assert_int_equal(fx.failed, 0);
		assert_same(until_byte(shape, 200));
		assert_true(fx.len < direct_len);
		close_all();
	}
	/* At the latest before the end, where that is known. */
	suffer(LENGTH, (struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE, .bytes = 5000});
	assert_same(direct_len - 1);
	close_all();
	suffer(CHUNKED, (struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE, .bytes = 5000});
	assert_same(direct_len - strlen("0\r\n\r\n"));
	close_all();
	suffer(LENGTH, (struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE});
	assert_same(until_byte(LENGTH, 0));
}

static void garbage_keeps_the_length(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		suffer(shape, (struct sw_proxy_fault){.fault = SW_FAULT_GARBAGE, .bytes = 200});
		assert_int_equal(fx.failed, 0);
		assert_int_equal(fx.len, direct_len);
		size_t same = 0, n_differ = 0;
		while (fx.bytes[same] == direct[same])
			same++;
		for (size_t i = 0; i < direct_len; i++)
			n_differ += fx.bytes[i] != direct[i];
		if (shape == NONE) {
			assert_int_equal(same, strlen("HTTP/1.1 "));
			assert_memory_equal(fx.bytes + fx.len - 4, "\r\n\r\n", 4);
		} else {
			assert_int_equal(
				same, until_byte(shape, 200)); /* each byte behind, and nothing that frames it */
			assert_int_equal(n_differ, 800);
		}
		close_all();
	}
	suffer(LENGTH, (struct sw_proxy_fault){.fault = SW_FAULT_GARBAGE, .bytes = 5000});
	assert_int_equal(fx.len, direct_len);
	assert_memory_equal(fx.bytes, direct, direct_len - 1);
	assert_int_not_equal(fx.bytes[fx.len - 1], direct[direct_len - 1]);
}

static void delayed_and_stalled_answers_come_whole_and_late(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		for (int i = 0; i < 2; i++) {
			int64_t begin_ns = sw_clock_ns();
			suffer(shape, (struct sw_proxy_fault){.fault = i ? SW_FAULT_STALL : SW_FAULT_DELAY,
			                                      .bytes = 200,
			                                      .duration_ns = 30 * MS});
			assert_true(sw_clock_ns() - begin_ns >= 30 * MS);
			assert_same(direct_len);
			close_all();
		}
	}
}

/* What comes before the stall is there while it lasts: an hour. */
static void stall_lets_the_beginning_through(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		open_with(shape % 2);
		take_direct(shape);
		arm((struct sw_proxy_fault){
			.fault = SW_FAULT_STALL, .bytes = 300, .duration_ns = 3600000 * MS});
		ask(asked[shape]);
		assert_true(take_exactly(fx.fd, fx.bytes, until_byte(shape, 300)));
		assert_memory_equal(fx.bytes, direct, until_byte(shape, 300));
		assert_hit(WHAT);
		char byte;
		assert_int_equal(recv(fx.fd, &byte, 1, MSG_DONTWAIT), -1);
		assert_int_equal(errno, EAGAIN);
		close_all();
	}
}

static void reset_comes_instead_of_the_answer_or_in_it(void **state)
{
	(void)state;
	for (int shape = 0; shape < SHAPES; shape++) {
		suffer(shape, (struct sw_proxy_fault){.fault = SW_FAULT_RESET});
		assert_int_equal(fx.failed, ECONNRESET);
		assert_int_equal(fx.len, shape == INTERIM ? strlen("HTTP/1.1 100 Continue\r\n\r\n") : 0);
		assert_int_equal(fx.engine->requests, 2); /* forwarded */
		close_all();
		suffer(shape, (struct sw_proxy_fault){.fault = SW_FAULT_RESET, .bytes = 200});
		assert_int_equal(fx.failed, ECONNRESET);
		assert_same(until_byte(shape, 200));
		close_all();
	}
}

static void status_is_answered_and_not_forwarded(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_STATUS, .target = SW_TARGET_CREATE, .code = 503});
	assert_true(peer_say(fx.fd, "POST /v1.41/containers/create?name=x HTTP/1.1\r\n"
	                            "Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"));
	ask("GET /next?length=3"); /* the connection stays */
	half_close();
	take_all();
	assert_ptr_equal(strstr(fx.bytes, "HTTP/1.1 503 Service Unavailable\r\n"), fx.bytes);
	assert_non_null(strstr(fx.bytes, "{\"message\":\"injected: 503 Service Unavailable instead of "
	                                 "POST /containers/create\"}"));
	assert_non_null(strstr(fx.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"));
	assert_int_equal(fx.engine->requests, 1);
	assert_hit("POST /containers/create");
}

static void status_of_a_head_request_has_no_body(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_STATUS, .target = SW_TARGET_PING, .code = 500});
	ask("HEAD /_ping");
	half_close();
	take_all();
	assert_int_equal(body_len(), 0);
	assert_int_equal(fx.engine->requests, 0);
}

/* The engine answers a wait's header at once, and its body much later. */
static void wait_can_be_cut_before_its_body(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE, .target = SW_TARGET_WAIT});
	ask("POST /containers/x/wait?held=1");
	take_all();
	assert_int_equal(body_len(), 0);
	assert_int_equal(fx.failed, 0);
	assert_hit(WHAT);
}

static void attach_can_be_cut_stalled_and_garbled(void **state)
{
	static const char line[] = "POST /containers/x/attach?upgrade=1";
	(void)state;
	open_with(true);
	arm((
		struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE, .target = SW_TARGET_ATTACH, .bytes = 9});
	ask(line);
	take_all();
	assert_int_equal(fx.len, strlen(STREAM_HEAD) - 2);
	redial();
	arm((struct sw_proxy_fault){
		.fault = SW_FAULT_STALL, .target = SW_TARGET_ATTACH, .duration_ns = 20 * MS});
	ask(line);
	assert_true(take_head(fx.fd, fx.bytes, BYTES));
	assert_string_equal(fx.bytes, STREAM_HEAD);
	half_close(); /* it is a stream all the same */
	take_all();
	assert_string_equal(fx.bytes, "bye");
	redial();
	arm((struct sw_proxy_fault){.fault = SW_FAULT_GARBAGE, .target = SW_TARGET_ATTACH});
	ask(line);
	assert_true(take_exactly(fx.fd, fx.bytes, strlen(STREAM_HEAD)));
	assert_memory_equal(fx.bytes, "HTTP/1.1 ", 9);
	assert_memory_not_equal(fx.bytes, STREAM_HEAD, strlen("HTTP/1.1 101"));
	assert_int_equal(hits(), 3);
}

/* ---- streams ---- */

static void open_stream(const char *shape)
{
	char line[128];
	(void)snprintf(line, sizeof line, "POST /containers/x/attach?%s", shape);
	ask(line);
	assert_true(take_head(fx.fd, fx.bytes, BYTES));
}

static void arm_stream(enum sw_fault fault, int64_t bytes, int64_t duration_ns)
{
	arm((struct sw_proxy_fault){
		.fault = fault, .target = SW_TARGET_STREAM, .bytes = bytes, .duration_ns = duration_ns});
}

static void stream_is_truncated(void **state)
{
	(void)state;
	open_with(true);
	arm_stream(SW_FAULT_TRUNCATE, 70000, 0);
	open_stream("flood=200000");
	take_all();
	assert_int_equal(fx.failed, 0);
	assert_int_equal(fx.len, 70000);
	assert_pattern(fx.bytes, 0, fx.len);
	assert_hit("stream");
}

static void stream_is_garbled_behind_so_many_bytes(void **state)
{
	(void)state;
	open_with(true);
	arm_stream(SW_FAULT_GARBAGE, 1000, 0);
	open_stream("flood=200000");
	take_all();
	assert_int_equal(fx.len, 200000);
	assert_pattern(fx.bytes, 0, 1000);
	assert_int_not_equal(fx.bytes[1000], pattern(1000));
	assert_pattern(fx.bytes + 100000, 100000, 100000); /* what comes with that byte, and no more */
	assert_hit("stream");
}

static void stream_is_held_up(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		open_with(true);
		open_stream("upgrade=1");
		arm_stream(i ? SW_FAULT_STALL : SW_FAULT_DELAY, 2, 30 * MS);
		int64_t begin_ns = sw_clock_ns();
		assert_true(peer_say(fx.fd, "abcd"));
		half_close();
		take_all();
		assert_true(sw_clock_ns() - begin_ns >= 30 * MS);
		assert_string_equal(fx.bytes, "abcdbye");
		assert_hit("stream");
		close_all();
	}
}

static void stream_is_reset(void **state)
{
	(void)state;
	/* Armed before it began, and later: then the client has to have written since. */
	for (int i = 0; i < 2; i++) {
		open_with(i == 0);
		if (i == 0)
			arm_stream(SW_FAULT_RESET, 2, 0);
		open_stream("upgrade=1");
		if (i == 1)
			arm_stream(SW_FAULT_RESET, 2, 0);
		assert_true(peer_say(fx.fd, "ab"));
		assert_true(take_exactly(fx.fd, fx.bytes, 2));
		assert_int_equal(hits(), 0);
		assert_true(peer_say(fx.fd, "c"));
		take_all();
		assert_int_equal(fx.len, 0);
		assert_int_equal(fx.failed, ECONNRESET);
		assert_hit("stream");
		close_all();
	}
}

/* Where a reset is expected the connection keeps a byte back: nothing may get lost, or held up, by it. */
static void expected_reset_changes_nothing_before(void **state)
{
	const size_t all = 3 << 20;
	uint64_t expected = SUM_BEGIN;
	char text[17];
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_RESET, .target = SW_TARGET_EXEC});
	for (int i = 0; i < 3; i++) {
		ask("GET /x?length=5");
		assert_true(take_head(fx.fd, fx.bytes, BYTES) && take_exactly(fx.fd, fx.bytes, 5));
	}
	open_stream("sink=1");
	for (size_t at = 0; at < all; at += 65536) {
		fill_pattern(fx.bytes, at, 65536);
		expected = sum_add(expected, fx.bytes, 65536);
		assert_true(peer_send(fx.fd, fx.bytes, 65536));
	}
	half_close();
	take_all();
	(void)snprintf(text, sizeof text, "%016llx", (unsigned long long)expected);
	assert_string_equal(fx.bytes, text);
	assert_int_equal(fx.failed, 0); /* a clean end, though a byte was kept */
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 77), 1);
}

/* A stream that ends before is not what was meant. */
static void fault_behind_the_end_waits_for_another(void **state)
{
	(void)state;
	open_with(true);
	arm_stream(SW_FAULT_TRUNCATE, 100, 0);
	open_stream("flood=50");
	take_all();
	assert_int_equal(fx.len, 50);
	assert_int_equal(hits(), 0);
	redial();
	open_stream("flood=150");
	take_all();
	assert_int_equal(fx.len, 100);
	assert_hit("stream");
}

/* ---- what is hit ---- */

static const char *code_of(const char *line)
{
	static char text[64];
	ask(line);
	assert_true(take_head(fx.fd, fx.bytes, BYTES));
	(void)snprintf(text, sizeof text, "%.3s", fx.bytes + 9);
	const char *length = strstr(fx.bytes, "Content-Length: ");
	size_t n = length ? strtoul(length + 16, NULL, 10) : 0;
	assert_true(n == 0 || take_exactly(fx.fd, fx.bytes, n));
	return text;
}

static void faults_hit_once_and_in_their_order(void **state)
{
	(void)state;
	open_with(true);
	for (int code = 500; code < 503; code++)
		arm((struct sw_proxy_fault){
			.fault = SW_FAULT_STATUS, .target = SW_TARGET_START, .code = code});
	assert_string_equal(code_of("POST /containers/x/wait?length=0"), "200");
	assert_string_equal(code_of("POST /containers/x/start?length=0"), "500");
	assert_string_equal(code_of("POST /containers/x/start?length=0"), "501");
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 76), 0);
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 77), 1);
	assert_string_equal(code_of("POST /containers/x/start?length=0"), "200");
	assert_int_equal(hits(), 2);
}

static void any_hits_what_comes_first(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_STATUS, .target = SW_TARGET_ANY, .code = 418});
	assert_string_equal(code_of("GET /containers/json?length=0"), "418");
	open_stream("upgrade=1");
	arm((struct sw_proxy_fault){.fault = SW_FAULT_TRUNCATE, .target = SW_TARGET_ANY});
	assert_true(peer_say(fx.fd, "x"));
	take_all();
	assert_int_equal(fx.len, 0);
	assert_int_equal(hits(), 2);
	assert_string_equal(fx.whats[0], "GET /containers/json");
	assert_string_equal(fx.whats[1], "stream");
}

static void other_faults_are_only_told(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_ENGINE_KILL, .target = SW_TARGET_START});
	arm((struct sw_proxy_fault){.fault = SW_FAULT_CONTAINER_KILL, .target = SW_TARGET_START});
	arm((struct sw_proxy_fault){.fault = SW_FAULT_IMAGE_REMOVE, .target = SW_TARGET_STREAM});
	arm((struct sw_proxy_fault){.fault = SW_FAULT_STATUS, .target = SW_TARGET_STREAM});
	assert_string_equal(code_of("POST /containers/x/start?length=9"), "200");
	assert_int_equal(hits(), 2);
	assert_int_equal(fx.engine->requests, 1);
	open_stream("upgrade=1");
	assert_int_equal(hits(), 2);
	assert_true(peer_say(fx.fd, "x")); /* bytes from either side */
	wait_for_hits(3);
	half_close();
	take_all();
	assert_string_equal(fx.bytes, "xbye");
	assert_string_equal(fx.whats[1], "POST /containers/x/start");
	assert_string_equal(fx.whats[2], "stream");
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 77), 1); /* no status in a stream */
}

/* A request whose answer has not come is claimed already: it is taken back all the same. */
static void disarmed_fault_does_nothing_any_more(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_GARBAGE, .target = SW_TARGET_WAIT});
	ask("POST /containers/x/wait?held=1");
	assert_true(take_head(fx.fd, fx.bytes, BYTES));
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 77), 1);
	sem_post(&fx.engine->go);
	half_close();
	take_all();
	assert_string_equal(fx.bytes, "2\r\nhi\r\n0\r\n\r\n");
	assert_int_equal(hits(), 0);
}

static void no_more_than_so_many_wait(void **state)
{
	const struct sw_proxy_fault fault = {.fault = SW_FAULT_DELAY, .tag = 5};
	int n = 0;
	(void)state;
	open_with(true);
	while (sw_proxy_arm(fx.proxy, 0, &fault) && n < 100000)
		n++;
	assert_true(n >= 32 && n < 100000);
	assert_int_equal(sw_proxy_disarm(fx.proxy, 0, 5), n);
	assert_true(sw_proxy_arm(fx.proxy, 0, &fault));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(truncated_answers_end_early_and_cleanly),
		TEST(garbage_keeps_the_length),
		TEST(delayed_and_stalled_answers_come_whole_and_late),
		TEST(stall_lets_the_beginning_through),
		TEST(reset_comes_instead_of_the_answer_or_in_it),
		TEST(status_is_answered_and_not_forwarded),
		TEST(status_of_a_head_request_has_no_body),
		TEST(wait_can_be_cut_before_its_body),
		TEST(attach_can_be_cut_stalled_and_garbled),
		TEST(stream_is_truncated),
		TEST(stream_is_garbled_behind_so_many_bytes),
		TEST(stream_is_held_up),
		TEST(stream_is_reset),
		TEST(expected_reset_changes_nothing_before),
		TEST(fault_behind_the_end_waits_for_another),
		TEST(faults_hit_once_and_in_their_order),
		TEST(any_hits_what_comes_first),
		TEST(other_faults_are_only_told),
		TEST(disarmed_fault_does_nothing_any_more),
		TEST(no_more_than_so_many_wait),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
