/* docker/proxy*.c between a client and an engine over real sockets, without faults: byte for byte, with many
 * connections, slow readers, and peers that vanish. Faults: test_proxy_faults.c. */
#include <dirent.h>
#include <fcntl.h>

#include "tests/unit/docker/proxy_test.h"

/* Sends IN in pieces of at most PIECE bytes while taking what comes, ends sending, and takes the rest. */
static void converse(int fd, const char *in, size_t in_len, size_t piece)
{
	size_t sent = 0;
	bool is_open = true;
	fx.len = 0;
	while (is_open) {
		struct pollfd poller = {.fd = fd,
		                        .events = (short)(POLLIN | (sent < in_len ? POLLOUT : 0))};
		assert_true(poll(&poller, 1, -1) == 1);
		if (poller.revents & POLLOUT && sent < in_len) {
			size_t n = in_len - sent < piece ? in_len - sent : piece;
			ssize_t gone = send(fd, in + sent, n, MSG_NOSIGNAL | MSG_DONTWAIT);
			assert_true(gone > 0 || errno == EAGAIN);
			sent += gone > 0 ? (size_t)gone : 0;
			if (sent == in_len)
				assert_int_equal(shutdown(fd, SHUT_WR), 0);
		}
		if (poller.revents & (POLLIN | POLLHUP)) {
			ssize_t n = recv(fd, fx.bytes + fx.len, BYTES - fx.len, 0);
			assert_true(n >= 0);
			fx.len += (size_t)n;
			is_open = n > 0;
		}
	}
}

/* snprintf into a text that has room enough. */
#define put(at, ...) snprintf((at), 4096, __VA_ARGS__)

static unsigned draw(uint64_t *random, unsigned below)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return (unsigned)((*random >> 16) % below);
}

/* One request, of any shape that leaves the connection open, into TEXT. */
static size_t add_request(uint64_t *random, char *text)
{
	static const char *const shapes[] = {"length", "chunked", "none", "interim"};
	static const char *const lines[] = {"GET /_ping",
	                                    "POST /v1.41/containers/create",
	                                    "POST /containers/x/wait",
	                                    "HEAD /_ping",
	                                    "DELETE /v1.41/containers/x",
	                                    "PUT /x",
	                                    "POST /containers/x/attach"};
	unsigned n = draw(random, 3) ? draw(random, 200) : draw(random, 50000);
	const char *line = lines[draw(random, 7)];
	const char *shape = line[0] == 'H' ? "length" : shapes[draw(random, 4)];
	int len =
		put(text, "%s?%s=%u HTTP/1.1\r\nHost: x\r\n", line, shape, draw(random, 3) ? n / 7 : n);
	unsigned body = draw(random, 3);
	if (body == 0)
		return (size_t)(len + put(text + len, "\r\n"));
	if (body == 1) {
		len += put(text + len, "Content-Length: %u\r\n\r\n", n);
		fill_pattern(text + len, 3, n);
		return (size_t)len + n;
	}
	len += put(text + len, "Transfer-Encoding: chunked\r\n\r\n");
	for (unsigned at = 0; at < n;) {
		unsigned size = 1 + draw(random, 9000);
		size = size < n - at ? size : n - at;
		len += put(text + len, "%x\r\n", size);
		fill_pattern(text + len, at, size);
		len += (int)size + put(text + len + size, "\r\n");
		at += size;
	}
	return (size_t)(len + put(text + len, "0\r\n\r\n"));
}

/* The engine's answers hold a sum of what it was sent: equal answers are equal requests. */
static void any_conversation_comes_through(void **state)
{
	char *in = malloc(BYTES), *direct = malloc(BYTES);
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		uint64_t random = seed * UINT64_C(0x9e3779b97f4a7c15);
		size_t in_len = 0;
		open_with(seed % 2); /* else tcp, to the engine */
		for (unsigned i = 0, n = 1 + draw(&random, 8); i < n; i++)
			in_len += add_request(&random, in + in_len);
		int fd = dial_any(&fx.engine->peer->endpoint);
		converse(fd, in, in_len, 1 << 16);
		close(fd);
		size_t direct_len = fx.len;
		memcpy(direct, fx.bytes, fx.len);
		converse(fx.fd, in, in_len,
		         draw(&random, 2) ? 1 + draw(&random, 300) : 1 + draw(&random, 70000));
		if (fx.len != direct_len || memcmp(fx.bytes, direct, fx.len) != 0)
			fail_msg("seed %d: %zu bytes through the proxy, %zu without", (int)seed, fx.len,
			         direct_len);
		assert_true(direct_len > 20);
		close_all();
	}
	free(in);
	free(direct);
}

static void stream_goes_both_ways_and_half_closes(void **state)
{
	static const char *const lines[] = {"POST /v1.41/containers/x/attach?upgrade=1",
	                                    "POST /containers/x/attach?hijack=1",
	                                    "POST /exec/x/start?hijack=1",
	                                    "POST /exec/x/start?upgrade=1"};
	char text[512];
	(void)state;
	for (int i = 0; i < 8; i++) {
		open_with(i % 2);
		ask(lines[i / 2]);
		assert_true(take_head(fx.fd, text, sizeof text));
		assert_true(peer_say(fx.fd, "ping"));
		assert_true(take_exactly(fx.fd, text, 4));
		assert_memory_equal(text, "ping", 4);
		half_close();
		take_all();
		assert_string_equal(fx.bytes, "bye");
		assert_int_equal(fx.failed, 0);
		close_all();
	}
}

static void what_ends_with_the_connection_comes_whole(void **state)
{
	(void)state;
	open_with(true);
	ask("GET /x?close=300000");
	take_all();
	assert_int_equal(fx.failed, 0);
	assert_int_equal(body_len(), 300000);
	assert_pattern(body(), 0, 300000);
}

static void what_is_not_http_is_passed_on(void **state)
{
	(void)state;
	open_with(true);
	assert_true(
		peer_say(fx.fd, "hello\r\n\r\nPOST /containers/x/attach?length=4 HTTP/1.1\r\n\r\n"));
	half_close();
	take_all();
	/* The engine of these tests takes anything for a request. */
	assert_non_null(strstr(fx.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n"));
	assert_non_null(strstr(fx.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n"));
}

static void many_connections_at_once(void **state)
{
	enum { MANY = 150, BODY = 20000 };
	int fds[MANY];
	(void)state;
	open_with(true);
	for (int i = 0; i < MANY; i++) {
		fds[i] = dial(&fx.endpoint);
		assert_true(
			sayf(fds[i], "GET /x?%s=%d HTTP/1.1\r\n\r\n", i % 2 ? "length" : "close", BODY + i));
	}
	for (int i = MANY - 1; i >= 0; i--) {
		shutdown(fds[i], SHUT_WR);
		fx.failed = take(fds[i], fx.bytes, BYTES, &fx.len);
		fx.bytes[fx.len] = '\0';
		close(fds[i]);
		assert_int_equal(body_len(), BODY + i);
		assert_pattern(body(), 0, BODY + (size_t)i);
	}
	assert_int_equal(fx.engine->requests, MANY);
}

/* What the engine could send before it was read stays in sockets and two buffers, however much there is. */
static void slow_reader_slows_the_engine(void **state)
{
	const size_t all = 64 << 20, bound = 4 << 20;
	char text[512];
	size_t taken = 0, most = 0;
	uint64_t sum = SUM_BEGIN, expected = SUM_BEGIN;
	(void)state;
	open_with(true);
	ask("POST /containers/x/attach?flood=67108864");
	assert_true(take_head(fx.fd, text, sizeof text));
	for (ssize_t n; (n = recv(fx.fd, fx.bytes, 100000, 0)) > 0;) {
		sum = sum_add(sum, fx.bytes, (size_t)n);
		taken += (size_t)n;
		size_t ahead = atomic_load(&fx.engine->sent);
		ahead -= ahead < taken ? ahead : taken;
		most = ahead > most ? ahead : most;
		sched_yield();
	}
	assert_int_equal(taken, all);
	assert_true(most < bound);
	for (size_t at = 0; at < all; at += 65536) {
		fill_pattern(fx.bytes, at, 65536);
		expected = sum_add(expected, fx.bytes, 65536);
	}
	assert_true(sum == expected);
}

/* An answer that is not read at all: the engine cannot go on, and another connection can. */
static void stuck_reader_stops_nobody_else(void **state)
{
	(void)state;
	open_with(true);
	ask("POST /containers/x/attach?flood=67108864");
	int fd = dial(&fx.endpoint);
	assert_true(sayf(fd, "GET /x?length=500000 HTTP/1.1\r\n\r\n"));
	shutdown(fd, SHUT_WR);
	assert_int_equal(take(fd, fx.bytes, BYTES, &fx.len), 0);
	assert_true(fx.len > 500000);
	close(fd);
	assert_true(atomic_load(&fx.engine->sent) < (8 << 20));
}

static void much_input_reaches_the_engine(void **state)
{
	const size_t all = 16 << 20;
	char text[512], expected_text[17];
	uint64_t expected = SUM_BEGIN;
	(void)state;
	open_with(false);
	ask("POST /containers/x/attach?sink=1");
	assert_true(take_head(fx.fd, text, sizeof text));
	for (size_t at = 0; at < all; at += 65536) {
		fill_pattern(fx.bytes, at, 65536);
		expected = sum_add(expected, fx.bytes, 65536);
		assert_true(peer_send(fx.fd, fx.bytes, 65536));
	}
	half_close();
	take_all();
	(void)snprintf(expected_text, sizeof expected_text, "%016llx", (unsigned long long)expected);
	assert_string_equal(fx.bytes, expected_text);
}

static int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	int n = 0;
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

static void stop_leaves_nothing_open(void **state)
{
	int fds[20], before = open_fds();
	char text[512];
	(void)state;
	open_with(true);
	for (int i = 0; i < 20; i++) {
		fds[i] = dial(&fx.endpoint);
		assert_true(peer_say(fds[i], "POST /containers/x/attach?upgrade=1 HTTP/1.1\r\n\r\n"));
		assert_true(take_head(fds[i], text, sizeof text));
	}
	sw_proxy_stop(fx.proxy);
	fx.proxy = NULL;
	for (int i = 0; i < 20; i++) {
		take(fds[i], fx.bytes, BYTES, &fx.len);
		close(fds[i]);
	}
	assert_int_equal(access(fx.endpoint.path, F_OK), -1);
	close_all();
	assert_int_equal(open_fds(), before);
}

static void client_that_vanishes_is_hung_up_on(void **state)
{
	char text[512];
	(void)state;
	open_with(true);
	for (int i = 0; i < 3; i++) {
		static const char *const lines[] = {"POST /containers/x/attach?upgrade=1",
		                                    "POST /containers/x/attach?flood=67108864",
		                                    "GET /x?length=9000000"};
		ask(lines[i]);
		assert_true(take_head(fx.fd, text, sizeof text));
		int before = open_fds();
		close(fx.fd);
		engine_wait_alone(fx.engine); /* its own end comes only from the proxy's */
		assert_true(open_fds() < before);
		fx.fd = dial(&fx.endpoint);
		assert_true(sayf(fx.fd, "GET /x?none=0 HTTP/1.1\r\n\r\n")); /* it is served still */
		assert_true(take_head(fx.fd, text, sizeof text));
	}
}

static void engine_that_vanishes_ends_the_client(void **state)
{
	char text[512];
	(void)state;
	open_with(true);
	ask("POST /containers/x/attach?upgrade=1");
	assert_true(take_head(fx.fd, text, sizeof text));
	engine_cut(fx.engine);
	take_all();
	assert_int_equal(fx.failed, 0);
	redial();
	ask("GET /x?vanish=100");
	take_all();
	assert_int_equal(body_len(), 100);
	redial();
	ask("POST /containers/x/wait?held=1");
	assert_true(take_head(fx.fd, text, sizeof text));
	engine_cut(fx.engine);
	take_all();
	assert_int_equal(fx.len, 0);
	redial();
	ask("GET /x?none=0");
	assert_true(take_head(fx.fd, text, sizeof text));
	engine_cut(fx.engine); /* between two requests */
	take_all();
	assert_int_equal(fx.len, 0);
}

static void engine_that_is_not_there_ends_the_client(void **state)
{
	(void)state;
	open_with(true);
	assert_int_equal(unlink(fx.engine->peer->endpoint.path), 0);
	redial();
	(void)sayf(fx.fd, "GET /x?none=0 HTTP/1.1\r\n\r\n");
	take_all();
	assert_int_equal(fx.len, 0);
}

static void each_listener_has_its_own_socket_and_faults(void **state)
{
	struct sw_endpoint second;
	(void)state;
	open_with(true);
	assert_int_equal(sw_proxy_listen(fx.proxy, &second, NULL), 0);
	assert_string_not_equal(second.path, fx.endpoint.path);
	const struct sw_proxy_fault fault = {.fault = SW_FAULT_STATUS, .code = 500, .tag = 77};
	assert_true(sw_proxy_arm(fx.proxy, 1, &fault));
	ask("GET /x?none=0");
	half_close();
	take_all();
	assert_int_equal(hits(), 0);
	close(fx.fd);
	fx.fd = dial(&second);
	ask("GET /x?none=0");
	half_close();
	take_all();
	assert_hit("GET /x");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(any_conversation_comes_through),
		TEST(stream_goes_both_ways_and_half_closes),
		TEST(what_ends_with_the_connection_comes_whole),
		TEST(what_is_not_http_is_passed_on),
		TEST(many_connections_at_once),
		TEST(slow_reader_slows_the_engine),
		TEST(stuck_reader_stops_nobody_else),
		TEST(much_input_reaches_the_engine),
		TEST(stop_leaves_nothing_open),
		TEST(client_that_vanishes_is_hung_up_on),
		TEST(engine_that_vanishes_ends_the_client),
		TEST(engine_that_is_not_there_ends_the_client),
		TEST(each_listener_has_its_own_socket_and_faults),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
