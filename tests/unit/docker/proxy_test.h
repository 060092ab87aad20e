/* What the tests of docker/proxy*.c share: an engine, a proxy before it, a connection, and what was hit. */
#ifndef SW_PROXY_TEST_H
#define SW_PROXY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

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

static inline void on_hit(void *user, uint64_t tag, const char *what)
{
	struct fixture *f = user;
	pthread_mutex_lock(&f->lock);
	peer_check(f->n_hits < HITS);
	f->tags[f->n_hits] = tag;
	(void)snprintf(f->whats[f->n_hits++], sizeof f->whats[0], "%s", what);
	pthread_cond_broadcast(&f->changed);
	pthread_mutex_unlock(&f->lock);
}

static inline int hits(void)
{
	pthread_mutex_lock(&fx.lock);
	int n = fx.n_hits;
	pthread_mutex_unlock(&fx.lock);
	return n;
}

static inline void wait_for_hits(int n)
{
	pthread_mutex_lock(&fx.lock);
	while (fx.n_hits < n)
		pthread_cond_wait(&fx.changed, &fx.lock);
	pthread_mutex_unlock(&fx.lock);
}

static inline void assert_hit(const char *what)
{
	wait_for_hits(1);
	assert_int_equal(hits(), 1);
	assert_string_equal(fx.whats[0], what);
	assert_int_equal(fx.tags[0], 77);
}

static inline void open_with(bool is_unix)
{
	struct sw_error err;
	fx.engine = engine_start(is_unix);
	if (sw_proxy_start(&fx.engine->peer->endpoint, fx.dir, on_hit, &fx, &fx.proxy, &err) < 0 ||
	    sw_proxy_listen(fx.proxy, &fx.endpoint, &err) < 0)
		fail_msg("%s", err.message);
	fx.fd = dial(&fx.endpoint);
}

/* Ends what open_with began. */
static inline void close_all(void)
{
	if (fx.fd >= 0)
		close(fx.fd);
	fx.fd = -1;
	sw_proxy_stop(fx.proxy);
	engine_stop(fx.engine);
	fx.proxy = NULL;
	fx.engine = NULL;
	fx.n_hits = 0;
}

static inline void redial(void)
{
	close(fx.fd);
	fx.fd = dial(&fx.endpoint);
}

static inline void arm(struct sw_proxy_fault fault)
{
	fault.tag = 77;
	assert_true(sw_proxy_arm(fx.proxy, 0, &fault));
}

static inline void ask(const char *request_line)
{
	assert_true(sayf(fx.fd, "%s HTTP/1.1\r\nHost: localhost\r\n\r\n", request_line));
}

/* All that comes until the end. */
static inline void take_all(void)
{
	fx.failed = take(fx.fd, fx.bytes, BYTES, &fx.len);
	fx.bytes[fx.len] = '\0';
}

static inline void half_close(void)
{
	assert_int_equal(shutdown(fx.fd, SHUT_WR), 0);
}

/* Where the answer's body begins in what was taken. */
static inline char *body(void)
{
	char *end = strstr(fx.bytes, "\r\n\r\n");
	assert_non_null(end);
	return end + 4;
}

static inline size_t body_len(void)
{
	return fx.len - (size_t)(body() - fx.bytes);
}

static inline void assert_pattern(const char *bytes, size_t from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != pattern(from + i))
			fail_msg("byte %zu differs", from + i);
}

static inline int set_up(void **state)
{
	(void)state;
	fx = (struct fixture){.fd = -1, .bytes = malloc(BYTES + 1)};
	pthread_mutex_init(&fx.lock, NULL);
	pthread_cond_init(&fx.changed, NULL);
	(void)snprintf(fx.dir, sizeof fx.dir, "/tmp/sandwatch-proxy-XXXXXX");
	return mkdtemp(fx.dir) ? 0 : -1;
}

static inline int tear_down(void **state)
{
	(void)state;
	close_all();
	free(fx.bytes);
	pthread_mutex_destroy(&fx.lock);
	pthread_cond_destroy(&fx.changed);
	return rmdir(fx.dir); /* nothing is left in it */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
