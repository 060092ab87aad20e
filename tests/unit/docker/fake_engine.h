/* Hides an engine that only tells: it serves several connections at once, keeps each request's line, holds
 * event streams open for the test to speak into, and can be away. On top of peer.h. */
#ifndef SW_TEST_FAKE_ENGINE_H
#define SW_TEST_FAKE_ENGINE_H

#include "tests/unit/docker/peer.h"
#include "tests/unit/docker/recorded.h"

enum { FAKE_CONNECTIONS = 64, FAKE_REQUESTS = 512 };

struct fake {
	struct peer *peer;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	pthread_t threads[FAKE_CONNECTIONS];
	int open[FAKE_CONNECTIONS]; /* -1: closed */
	int n_threads;
	char lines[FAKE_REQUESTS][256]; /* "GET /v1.41/… HTTP/1.1" */
	int n_lines;
	int stream;       /* the open event stream's connection; -1: none */
	const char *list; /* the answer's body to /containers/json */
	bool hold_lists;  /* until fake_let_go */
	int held, most_held;
	bool hold_stats;
	const char *stats; /* the body of every statistics' answer */
	const char *stats_status;
	const char *ping, *events_head; /* whole answers */
};

struct fake_connection {
	struct fake *fake;
	int fd, index;
};

static void fake_reply(int fd, const char *status, const char *body)
{
	char head[256];
	snprintf(head, sizeof head, R_JSON("%s") "Content-Length: %zu\r\n\r\n", status, strlen(body));
	if (peer_say(fd, head))
		peer_say(fd, body);
}

static void fake_hold(struct fake *fake, bool *flag)
{
	pthread_mutex_lock(&fake->lock);
	fake->held++;
	if (fake->held > fake->most_held)
		fake->most_held = fake->held;
	pthread_cond_broadcast(&fake->changed);
	while (*flag)
		pthread_cond_wait(&fake->changed, &fake->lock);
	fake->held--;
	pthread_mutex_unlock(&fake->lock);
}

static void fake_let_go(struct fake *fake, bool *flag)
{
	pthread_mutex_lock(&fake->lock);
	*flag = false;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
}

static void fake_answer(struct fake *fake, int fd, const char *line)
{
	if (strstr(line, "/_ping")) {
		peer_say(fd, fake->ping);
	} else if (strstr(line, "/events?")) {
		peer_say(fd, fake->events_head);
		pthread_mutex_lock(&fake->lock);
		fake->stream = fd;
		pthread_cond_broadcast(&fake->changed);
		pthread_mutex_unlock(&fake->lock);
	} else if (strstr(line, "/containers/json")) {
		fake_hold(fake, &fake->hold_lists);
		fake_reply(fd, "200 OK", fake->list);
	} else if (strstr(line, "/stats?")) {
		fake_hold(fake, &fake->hold_stats);
		fake_reply(fd, fake->stats_status, fake->stats);
	} else {
		fake_reply(fd, "501 Not Implemented", "{\"message\":\"not by this one\"}");
	}
}

static void *fake_serve(void *user)
{
	struct fake_connection connection = *(struct fake_connection *)user;
	struct fake *fake = connection.fake;
	char request[4096] = "";
	size_t len = 0;
	ssize_t n;
	free(user);
	while (peer_wait(fake->peer, connection.fd) &&
	       (n = recv(connection.fd, request + len, sizeof request - 1 - len, 0)) > 0) {
		len += (size_t)n;
		request[len] = '\0';
		if (!strstr(request, "\r\n\r\n"))
			continue;
		pthread_mutex_lock(&fake->lock);
		peer_check(fake->n_lines < FAKE_REQUESTS);
		char *line = fake->lines[fake->n_lines++];
		snprintf(line, sizeof fake->lines[0], "%.*s", (int)strcspn(request, "\r"), request);
		pthread_mutex_unlock(&fake->lock);
		fake_answer(fake, connection.fd, line);
		len = 0;
	}
	pthread_mutex_lock(&fake->lock);
	if (fake->stream == connection.fd)
		fake->stream = -1;
	fake->open[connection.index] = -1;
	pthread_cond_broadcast(&fake->changed);
	pthread_mutex_unlock(&fake->lock);
	close(connection.fd);
	return NULL;
}

static void fake_accept(struct peer *peer, int fd)
{
	struct fake *fake = peer->script;
	struct fake_connection *connection = malloc(sizeof *connection);
	peer_check(fake->n_threads < FAKE_CONNECTIONS);
	*connection = (struct fake_connection){fake, dup(fd), fake->n_threads};
	pthread_mutex_lock(&fake->lock);
	fake->peer = peer;
	fake->open[fake->n_threads] = connection->fd;
	pthread_mutex_unlock(&fake->lock);
	peer_check(pthread_create(&fake->threads[fake->n_threads++], NULL, fake_serve, connection) ==
	           0);
}

static struct fake *fake_start(void)
{
	struct fake *fake = calloc(1, sizeof *fake);
	peer_check(fake);
	pthread_mutex_init(&fake->lock, NULL);
	pthread_cond_init(&fake->changed, NULL);
	fake->stream = -1;
	fake->list = "[]";
	fake->stats = "{}";
	fake->stats_status = "200 OK";
	fake->ping = R_PING;
	fake->events_head = R_JSON("200 OK") "Transfer-Encoding: chunked\r\n\r\n";
	fake->peer = peer_start(true, fake_accept, fake);
	return fake;
}

static void fake_stop(struct fake *fake)
{
	if (!fake)
		return;
	struct peer *peer = fake->peer;
	fake_let_go(fake, &fake->hold_lists);
	fake_let_go(fake, &fake->hold_stats);
	peer_end(peer);
	for (int i = 0; i < fake->n_threads; i++)
		pthread_join(fake->threads[i], NULL);
	peer_free(peer);
	pthread_mutex_destroy(&fake->lock);
	pthread_cond_destroy(&fake->changed);
	free(fake);
}

/* Says BYTES on the event stream, as one chunk. */
static __attribute__((unused)) void fake_say(struct fake *fake, const char *bytes, size_t len)
{
	char size[32];
	pthread_mutex_lock(&fake->lock);
	while (fake->stream < 0)
		pthread_cond_wait(&fake->changed, &fake->lock);
	int fd = fake->stream;
	pthread_mutex_unlock(&fake->lock);
	snprintf(size, sizeof size, "%zx\r\n", len);
	peer_say(fd, size);
	peer_send(fd, bytes, len);
	peer_say(fd, "\r\n");
}

/* Cuts the event stream. */
static __attribute__((unused)) void fake_cut(struct fake *fake)
{
	pthread_mutex_lock(&fake->lock);
	while (fake->stream < 0)
		pthread_cond_wait(&fake->changed, &fake->lock);
	int fd = fake->stream;
	fake->stream = -1;
	pthread_mutex_unlock(&fake->lock);
	shutdown(fd, SHUT_RDWR);
}

/* Nobody finds it, and whoever was connected no longer is; or it is found again. */
static __attribute__((unused)) void fake_hide(struct fake *fake, bool hidden)
{
	char away[128];
	snprintf(away, sizeof away, "%s-away", fake->peer->endpoint.path);
	peer_check((hidden ? rename(fake->peer->endpoint.path, away)
	                   : rename(away, fake->peer->endpoint.path)) == 0);
	pthread_mutex_lock(&fake->lock);
	for (int i = 0; hidden && i < FAKE_CONNECTIONS; i++)
		if (fake->open[i] > 0)
			shutdown(fake->open[i], SHUT_RDWR);
	pthread_mutex_unlock(&fake->lock);
}

/* How many requests' lines hold TEXT; LAST (may be NULL): the last of them. */
static __attribute__((unused)) int fake_count(struct fake *fake, const char *text, char last[256])
{
	int n = 0;
	pthread_mutex_lock(&fake->lock);
	for (int i = 0; i < fake->n_lines; i++) {
		if (!strstr(fake->lines[i], text))
			continue;
		n++;
		if (last)
			memcpy(last, fake->lines[i], 256);
	}
	pthread_mutex_unlock(&fake->lock);
	return n;
}

#endif
