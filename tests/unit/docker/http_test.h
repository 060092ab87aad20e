/* What the tests of docker/http.c share: a fixture, a peer, and ways to wait for an answer. */
#ifndef SW_HTTP_TEST_H
#define SW_HTTP_TEST_H

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/http.h"
#include "tests/unit/docker/peer.h"
#include "tests/unit/docker/recorded.h"
#include "tests/unit/docker/turns.h"

#define SECOND INT64_C(1000000000)

/* Everything a test makes; teardown frees it even when the test jumped out. */
struct fixture {
	struct sw_loop *loop;
	struct sw_http *http;
	struct peer *peer;
};

struct result {
	int calls, dropped;
	bool done; /* the same, for waiting */
	int status;
	size_t len;
	char body[128], version[16];
	bool failed;
	struct sw_error error;
	struct fixture *f; /* for callbacks that act */
	struct result *other;
	struct sw_http_call *cancel;
};

static inline int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	return sw_loop_new(&f->loop, NULL);
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	sw_http_free(f->http);
	peer_stop(f->peer);
	sw_loop_free(f->loop);
	free(f);
	return 0;
}

static inline void begin(struct fixture *f, void (*serve)(struct peer *, int), const void *script)
{
	f->peer = peer_start(true, serve, (void *)(uintptr_t)script);
	assert_int_equal(sw_http_new(f->loop, &f->peer->endpoint, &f->http, NULL), 0);
}

static inline void on_done(void *user, const struct sw_http_reply *reply)
{
	struct result *r = user;
	r->calls++;
	r->done = true;
	r->status = reply->status;
	r->len = reply->body_len;
	(void)snprintf(r->body, sizeof r->body, "%s", reply->body);
	(void)snprintf(r->version, sizeof r->version, "%s", reply->api_version);
	r->failed = reply->error != NULL;
	if (reply->error)
		r->error = *reply->error;
}

static inline void on_dropped(void *user)
{
	((struct result *)user)->dropped++;
}

static inline struct sw_http_call *ask(struct fixture *f, struct sw_http_request request,
                                       sw_http_done_fn done, struct result *r)
{
	if (!request.method)
		request.method = "GET";
	if (!request.path)
		request.path = "/_ping";
	if (!request.timeout_ns)
		request.timeout_ns = 10 * SECOND;
	request.dropped = on_dropped;
	peer_sync(f->peer);
	struct sw_http_call *call = sw_http_send(f->http, &request, done, r, NULL);
	assert_non_null(call);
	assert_int_equal(r->calls, 0); /* never from inside */
	return call;
}

static inline void until(struct fixture *f, const struct result *r)
{
	while (!r->done)
		step(f->loop);
	peer_sync(f->peer);
	assert_int_equal(r->calls, 1);
}

static inline struct result get(struct fixture *f, struct sw_http_request request)
{
	struct result r = {0};
	ask(f, request, on_done, &r);
	until(f, &r);
	return r;
}

/* --- serve functions; script is what is said --- */

static inline void say_each_time(struct peer *peer, int fd)
{
	while (peer_read_request(peer, fd) && peer_say(fd, peer->script))
		;
}

static inline void say_once(struct peer *peer, int fd)
{
	if (peer_read_request(peer, fd))
		peer_say(fd, peer->script);
}

static inline void drip_once(struct peer *peer, int fd)
{
	if (peer_read_request(peer, fd))
		peer_drip(peer, fd, peer->script, strlen(peer->script));
}

static inline void say_nothing(struct peer *peer, int fd)
{
	(void)peer_read_request(peer, fd);
	peer_hold(peer);
}

static inline void close_at_once(struct peer *peer, int fd)
{
	(void)peer, (void)fd;
}

/* An answer of *script bytes, repeating 0..250. */
static inline void say_many(struct peer *peer, int fd)
{
	size_t left = *(const size_t *)peer->script, at = 0;
	char head[128], bytes[8192];
	while (peer_read_request(peer, fd)) {
		snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", left);
		peer_say(fd, head);
		for (at = 0; at < left;) {
			size_t n = left - at < sizeof bytes ? left - at : sizeof bytes;
			for (size_t i = 0; i < n; i++)
				bytes[i] = (char)((at + i) % 251);
			if (!peer_send(fd, bytes, n))
				return;
			at += n;
		}
	}
}

#endif
