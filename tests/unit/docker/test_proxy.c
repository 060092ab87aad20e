/* docker/proxy*.c between a client and an engine over real sockets: without faults byte for byte, with each
 * fault on each shape of answer, with many connections, slow readers, and peers that vanish. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/proxy.h"
#include "tests/unit/docker/proxy_engine.h"

enum { HITS = 64, BYTES = 1 << 20 };
#define MS INT64_C(1000000)

static struct fixture {
	struct engine *engine;
	struct sw_proxy *proxy;
	struct sw_endpoint endpoint;
	char dir[64];
	int fd; /* the test's connection */
	char *bytes;
	size_t len;
	int failed; /* errno that ended taking */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int n_hits;
	uint64_t tags[HITS];
	char whats[HITS][192];
} fx;

static void on_hit(void *user, uint64_t tag, const char *what)
{
	struct fixture *f = user;
	pthread_mutex_lock(&f->lock);
	peer_check(f->n_hits < HITS);
	f->tags[f->n_hits] = tag;
	(void)snprintf(f->whats[f->n_hits++], sizeof f->whats[0], "%s", what);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static int hits(void)
{
	pthread_mutex_lock(&fx.lock);
	int n = fx.n_hits;
	pthread_mutex_unlock(&fx.lock);
	return n;
}

static void wait_for_hits(int n)
{
	pthread_mutex_lock(&fx.lock);
	while (fx.n_hits < n)
		pthread_cond_wait(&fx.changed, &fx.lock);
	pthread_mutex_unlock(&fx.lock);
}

static void assert_hit(const char *what)
{
	wait_for_hits(1);
	assert_int_equal(hits(), 1);
	assert_string_equal(fx.whats[0], what);
	assert_int_equal(fx.tags[0], 77);
}

static void open_with(bool is_unix)
{
	struct sw_error err;
	fx.engine = engine_start(is_unix);
	if (sw_proxy_start(&fx.engine->peer->endpoint, fx.dir, on_hit, &fx, &fx.proxy, &err) < 0 ||
	    sw_proxy_listen(fx.proxy, &fx.endpoint, &err) < 0)
		fail_msg("%s", err.message);
	fx.fd = dial(&fx.endpoint);
}

static void redial(void)
{
	close(fx.fd);
	fx.fd = dial(&fx.endpoint);
}

static void arm(struct sw_proxy_fault fault)
{
	fault.tag = 77;
	assert_true(sw_proxy_arm(fx.proxy, 0, &fault));
}

static void ask(const char *request_line)
{
	assert_true(sayf(fx.fd, "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", request_line));
}

/* All that comes until the end. */
static void take_all(void)
{
	fx.failed = take(fx.fd, fx.bytes, BYTES, &fx.len);
	fx.bytes[fx.len] = '\0';
}

static void half_close(void)
{
	assert_int_equal(shutdown(fx.fd, SHUT_WR), 0);
}

/* Where the answer's body begins in what was taken. */
static char *body(void)
{
	char *end = strstr(fx.bytes, "\r\n\r\n");
	assert_non_null(end);
	return end + 4;
}

static size_t body_len(void)
{
	return fx.len - (size_t)(body() - fx.bytes);
}

static __attribute__((unused)) void assert_pattern(const char *bytes, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != pattern(from + i))
			fail_msg("byte %zu differs", from + i);
}

/* ---- without faults ---- */

static void answers_of_each_shape_come_through(void **state)
{
	static const char *const lines[] = {"GET /a?length=100", "GET /b?chunked=30001",
	                                    "DELETE /c?none=0",  "HEAD /d?length=50",
	                                    "POST /e?interim=3", "GET /f?length=0",
	                                    "GET /g?close=70000"};
	char *direct = malloc(BYTES);
	size_t direct_len = 0;
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		open_with(!tcp);
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
			ask(lines[i]);
		take_all();
		assert_int_equal(fx.failed, 0);
		assert_true(fx.len > 100000);
		if (tcp == 0) {
			memcpy(direct, fx.bytes, fx.len);
			direct_len = fx.len;
			close(fx.fd);
			fx.fd = dial(&fx.engine->peer->endpoint);
			for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
				ask(lines[i]);
			take_all();
			sw_proxy_stop(fx.proxy);
			engine_stop(fx.engine);
			close(fx.fd);
		}
		assert_int_equal(fx.len, direct_len);
		assert_memory_equal(fx.bytes, direct, direct_len);
	}
	free(direct);
	assert_int_equal(hits(), 0);
}

static void stream_goes_both_ways_and_half_closes(void **state)
{
	static const char *const lines[] = {"POST /v1.41/containers/x/attach?upgrade=1",
	                                    "POST /containers/x/attach?hijack=1",
	                                    "POST /exec/x/start?upgrade=1"};
	char text[512];
	(void)state;
	open_with(true);
	for (int i = 0; i < 3; i++) {
		ask(lines[i]);
		assert_true(take_head(fx.fd, text, sizeof text));
		assert_true(peer_say(fx.fd, "ping"));
		assert_true(take_exactly(fx.fd, text, 4));
		assert_memory_equal(text, "ping", 4);
		half_close();
		take_all();
		assert_string_equal(fx.bytes, "bye");
		assert_int_equal(fx.failed, 0);
		redial();
	}
}

/* ---- faults ---- */

static void status_is_answered_and_not_forwarded(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){.fault = SW_FAULT_STATUS, .target = SW_TARGET_CREATE, .code = 503});
	assert_true(peer_say(
		fx.fd, "POST /v1.41/containers/create?name=x HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"));
	ask("GET /next?length=3"); /* the connection stays */
	half_close();
	take_all();
	assert_ptr_equal(strstr(fx.bytes, "HTTP/1.1 503 Service Unavailable\r\n"), fx.bytes);
	assert_non_null(strstr(
		fx.bytes,
		"{\"message\":\"injected: 503 Service Unavailable instead of POST /containers/create\"}"));
	assert_non_null(strstr(fx.bytes, "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n"));
	assert_int_equal(fx.engine->requests, 1);
	assert_hit("POST /containers/create");
}

static void delay_holds_the_answer_back(void **state)
{
	(void)state;
	open_with(true);
	arm((struct sw_proxy_fault){
		.fault = SW_FAULT_DELAY, .target = SW_TARGET_CREATE, .duration_ns = 60 * MS});
	int64_t begin = sw_clock_ns();
	ask("POST /containers/create?length=3");
	half_close();
	take_all();
	assert_true(sw_clock_ns() - begin >= 60 * MS);
	assert_int_equal(body_len(), 3);
	assert_hit("POST /containers/create");
}

static void reset_comes_instead_of_the_answer(void **state)
{
	(void)state;
	for (int tcp = 0; tcp < 2; tcp++) {
		open_with(!tcp);
		arm((struct sw_proxy_fault){.fault = SW_FAULT_RESET, .target = SW_TARGET_CREATE});
		ask("POST /containers/create?length=3");
		take_all();
		assert_int_equal(fx.len, 0);
		assert_int_equal(fx.failed, ECONNRESET);
		assert_hit("POST /containers/create");
		assert_int_equal(fx.engine->requests, 1);
		if (tcp == 0) {
			sw_proxy_stop(fx.proxy);
			engine_stop(fx.engine);
			close(fx.fd);
			fx.n_hits = 0;
		}
	}
}

/* ---- fixture ---- */

static int set_up(void **state)
{
	(void)state;
	fx = (struct fixture){.fd = -1, .bytes = malloc(BYTES + 1)};
	pthread_mutex_init(&fx.lock, NULL);
	pthread_cond_init(&fx.changed, NULL);
	(void)snprintf(fx.dir, sizeof fx.dir, "/tmp/sandwatch-proxy-XXXXXX");
	return mkdtemp(fx.dir) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	if (fx.fd >= 0)
		close(fx.fd);
	sw_proxy_stop(fx.proxy);
	engine_stop(fx.engine);
	free(fx.bytes);
	pthread_mutex_destroy(&fx.lock);
	pthread_cond_destroy(&fx.changed);
	return rmdir(fx.dir); /* nothing is left in it */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_of_each_shape_come_through),   TEST(stream_goes_both_ways_and_half_closes),
		TEST(status_is_answered_and_not_forwarded), TEST(delay_holds_the_answer_back),
		TEST(reset_comes_instead_of_the_answer),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
