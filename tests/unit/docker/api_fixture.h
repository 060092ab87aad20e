/* An API over one connection to a peer that answers with recorded bytes. Included after cmocka.h. */
#ifndef SW_TESTS_API_FIXTURE_H
#define SW_TESTS_API_FIXTURE_H

#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "docker/api.h"
#include "tests/unit/docker/peer.h"
#include "tests/unit/docker/recorded.h"

#define SECOND INT64_C(1000000000)

struct fixture {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	struct peer *peer;
	const char *replies[4]; /* one after the other; the last repeats */
	char made[2048];        /* a reply that a test puts together */
};

struct answer {
	int calls;
	bool failed;
	struct sw_error error;
	char id[SW_CONTAINER_ID_MAX], warning[512], name[64], status[16], labels[512];
	int exit_code, listed;
	struct sw_api_info info;
	struct sw_api_image image;
	char first_entrypoint[64], last_command[64];
	struct sw_api_state state;
	struct fixture *f;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	return sw_loop_new(&f->loop, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_api_free(f->api);
	sw_http_free(f->http);
	peer_stop(f->peer);
	sw_loop_free(f->loop);
	free(f);
	return 0;
}

static bool say_next(struct fixture *f, int fd)
{
	int i = atomic_load(&f->peer->requests) - 1;
	while (i > 0 && (i > 3 || !f->replies[i]))
		i--;
	pthread_mutex_lock(&f->peer->lock);
	char *reply = strdup(f->replies[i]); /* the test may write another as soon as this one is out */
	pthread_mutex_unlock(&f->peer->lock);
	bool is_cut = strstr(reply, "chunked") && !strstr(reply, "\n0\r\n\r\n");
	bool goes_on = peer_say(fd, reply) && !is_cut;
	free(reply);
	return goes_on;
}

/* An upload takes a connection of its own, and this peer serves one at a time: it hangs up. */
static void serve(struct peer *peer, int fd)
{
	while (peer_read_request(peer, fd) && say_next(peer->script, fd) &&
	       !strstr(peer->request, "fromSrc"))
		;
}

static void begin(struct fixture *f, const char *reply)
{
	f->replies[0] = reply;
	f->peer = peer_start(true, serve, f);
	assert_int_equal(sw_http_new(f->loop, &f->peer->endpoint, &f->http, NULL), 0);
	assert_int_equal(sw_api_new(f->http, &f->api, NULL), 0);
	sw_api_set_version(f->api, "1.41");
}

/* An answer of STATUS with BODY as JSON. */
static inline const char *make(struct fixture *f, const char *status, const char *body)
{
	snprintf(f->made, sizeof f->made,
	         "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	         status, strlen(body), body);
	return f->made;
}

static void note(struct answer *a, const struct sw_error *error)
{
	a->calls++;
	a->failed = error != NULL;
	if (error)
		a->error = *error;
}

static void on_done(void *user, const struct sw_error *error)
{
	note(user, error);
}

#define ASK(a, call)                                          \
	do {                                                      \
		(a) = (struct answer){.f = f};                        \
		peer_sync(f->peer);                                   \
		call;                                                 \
		assert_int_equal((a).calls, 0);                       \
		while (!(a).calls)                                    \
			assert_int_equal(sw_loop_step(f->loop, NULL), 0); \
		peer_sync(f->peer);                                   \
		assert_int_equal((a).calls, 1);                       \
	} while (0)

static void assert_fine(const struct answer *a)
{
	if (a->failed)
		fail_msg("%s", a->error.message);
}

static void assert_failed(const struct answer *a, enum sw_code code, const char *says)
{
	assert_true(a->failed);
	if (!strstr(a->error.message, says))
		fail_msg("'%s' does not say '%s'", a->error.message, says);
	assert_int_equal(a->error.code, code);
}

static void assert_asked(const struct fixture *f, const char *line)
{
	size_t len = strlen(line);
	if (strncmp(f->peer->request, line, len) != 0 ||
	    strncmp(f->peer->request + len, " HTTP/1.1\r\n", 11) != 0)
		fail_msg("asked was '%.*s', not '%s'", (int)strcspn(f->peer->request, "\r"),
		         f->peer->request, line);
}

#endif
