/* An engine that answers with the fuzzer's bytes, on the same loop as the client that asks it: no
 * thread, no waiting, and one piece of an answer per turn, so that a client meets it cut
 * anywhere. */
#ifndef SW_FUZZ_ENGINE_H
#define SW_FUZZ_ENGINE_H

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/loop.h"
#include "docker/endpoint.h"
#include "tests/fuzz/fuzz.h"

#define FUZZ_CONNECTIONS 16

struct fuzz_engine;

struct fuzz_connection {
	struct fuzz_engine *engine;
	int fd; /* 0: free */
	char request[4096];
	size_t request_len;
	const char *answer; /* NULL: the request is not whole yet */
	size_t answer_len, said;
	uint64_t state;
};

struct fuzz_engine {
	struct sw_loop *loop;
	int listener;
	struct sw_endpoint endpoint;
	enum fuzz_cut cut;
	int asked; /* requests so far */
	/* What is said to REQUEST, whole with its head, until the connection is closed. */
	const char *(*answer)(void *user, const char *request, size_t *out_len);
	void *user;
	struct fuzz_connection connections[FUZZ_CONNECTIONS];
};

static char fuzz_engine_path[64];

static inline void fuzz_engine_unlink(void)
{
	(void)unlink(fuzz_engine_path);
}

static inline void fuzz_hang_up(struct fuzz_connection *connection)
{
	sw_loop_unwatch(connection->engine->loop, connection->fd);
	close(connection->fd);
	connection->fd = 0;
}

static inline void fuzz_engine_speak(struct fuzz_connection *connection)
{
	size_t left = connection->answer_len - connection->said, len = left;
	if (connection->engine->cut == FUZZ_SMALL)
		len = 1 + fuzz_next(&connection->state) % 16;
	else if (connection->engine->cut == FUZZ_ANY && left)
		len = 1 + fuzz_next(&connection->state) % left;
	else if (connection->engine->cut == FUZZ_BYTES)
		len = 1;
	len = len < left ? len : left;
	ssize_t n = len ? send(connection->fd, connection->answer + connection->said, len, MSG_NOSIGNAL)
	                : 0;
	connection->said += n > 0 ? (size_t)n : 0;
	if (n <= 0 || connection->said == connection->answer_len)
		fuzz_hang_up(connection);
}

static inline void fuzz_on_ready(void *user, int fd, unsigned events)
{
	struct fuzz_connection *connection = user;
	struct fuzz_engine *engine = connection->engine;
	(void)events;
	if (connection->answer) {
		fuzz_engine_speak(connection);
		return;
	}
	size_t room = sizeof connection->request - 1 - connection->request_len;
	ssize_t n = recv(fd, connection->request + connection->request_len, room, 0);
	if (n <= 0) {
		fuzz_hang_up(connection);
		return;
	}
	connection->request_len += (size_t)n;
	connection->request[connection->request_len] = '\0';
	if (!strstr(connection->request, "\r\n\r\n"))
		return;
	engine->asked++;
	connection->answer = engine->answer(engine->user, connection->request, &connection->answer_len);
	connection->state = fuzz_hash(connection->answer, connection->answer_len, engine->cut) | 1;
	FUZZ_CHECK(sw_loop_watch(engine->loop, fd, SW_LOOP_WRITE, fuzz_on_ready, connection, NULL) ==
	           0);
}

static inline void fuzz_on_connect(void *user, int fd, unsigned events)
{
	struct fuzz_engine *engine = user;
	(void)events;
	int peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct fuzz_connection *connection = engine->connections;
	if (peer < 0)
		return;
	while (connection->fd)
		FUZZ_CHECK(++connection < engine->connections + FUZZ_CONNECTIONS);
	memset(connection, 0, sizeof *connection);
	connection->engine = engine;
	connection->fd = peer;
	FUZZ_CHECK(sw_loop_watch(engine->loop, peer, SW_LOOP_READ, fuzz_on_ready, connection, NULL) ==
	           0);
}

/* The listener is the process's, made once; the loop is this input's. */
static inline void fuzz_engine_begin(struct fuzz_engine *engine)
{
	static int listener;
	if (!listener) {
		struct sockaddr_un address = {.sun_family = AF_UNIX};
		(void)snprintf(fuzz_engine_path, sizeof fuzz_engine_path, "/tmp/sandwatch-fuzz.%d.sock",
		               (int)getpid());
		(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", fuzz_engine_path);
		fuzz_engine_unlink();
		listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		FUZZ_CHECK(bind(listener, (struct sockaddr *)&address, sizeof address) == 0 &&
		           listen(listener, 16) == 0);
		FUZZ_CHECK(atexit(fuzz_engine_unlink) == 0);
	}
	engine->listener = listener;
	FUZZ_CHECK(sw_endpoint_parse(fuzz_engine_path, &engine->endpoint, NULL) == 0);
	FUZZ_CHECK(sw_loop_new(&engine->loop, NULL) == 0);
	FUZZ_CHECK(sw_loop_watch(engine->loop, listener, SW_LOOP_READ, fuzz_on_connect, engine, NULL) ==
	           0);
}

static inline void fuzz_engine_end(struct fuzz_engine *engine)
{
	int peer;
	for (int i = 0; i < FUZZ_CONNECTIONS; i++)
		if (engine->connections[i].fd)
			fuzz_hang_up(&engine->connections[i]);
	while ((peer = accept4(engine->listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
		close(peer);
	sw_loop_unwatch(engine->loop, engine->listener);
	sw_loop_free(engine->loop);
}

#endif
