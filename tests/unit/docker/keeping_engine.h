/* Hides an engine that keeps containers: a socket in the test's own loop, which answers create, attach,
 * start, wait, state, remove and exec as told. No threads, and no time but the client's own timers.
 * Everything static: one test program, one copy. */
#ifndef SW_TEST_KEEPING_ENGINE_H
#define SW_TEST_KEEPING_ENGINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/api.h"
#include "docker/endpoint.h"

#define SECOND INT64_C(1000000000)
#define UPGRADED                                                                   \
	"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" \
	"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"

#define PONG "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK"

enum { CONNECTIONS = 64, CONTAINERS = 64 };

enum ask { CREATE, ATTACH, START, WAIT, STATE, REMOVE, EXEC, EXEC_START, EXEC_JSON, EVENTS, PING, ASKS };

/* How the next ones of a kind are answered. */
enum how {
	AS_EVER,
	TRUNCATED, /* 200, and half of a body */
	GARBAGE,   /* 200, and a whole body that is no answer */
	CUT,       /* the connection ends without a word */
	HUNG,      /* never */
	SAYS_SO,   /* engine.words: a whole answer */
	HOWS
};

struct connection {
	int fd;
	char text[8192];
	size_t len;
	bool is_stream;
};

struct container {
	struct connection *attached, *waiting;
	bool is_running, is_removed;
	int code;
};

static struct {
	struct sw_loop *loop;
	struct sw_endpoint endpoint;
	char dir[64];
	int listener;
	struct connection connections[CONNECTIONS];
	struct container containers[CONTAINERS];
	int n;               /* made so far */
	int asked[ASKS];
	int refuse[ASKS];    /* so many of the next ones get a 500, or are */
	bool holds_pings;    /* they are not answered */
	bool is_missing;     /* answered that something is not there */
	bool is_oom;         /* of states and events */
	enum how how[ASKS];
	int times[ASKS];     /* for so many of the next ones */
	const char *words;
	struct connection *hung; /* the last one */
	/* What a container does once it is started. */
	const char *says;    /* frames */
	size_t says_len;
	const char *replies; /* frames: to each line of input; NULL: none */
	size_t replies_len;
	bool ends;           /* then it ends with ends_with; and then, while these are set: */
	int ends_with;
	bool keeps_streams;  /* its streams don't */
	bool keeps_waiting;  /* nobody who waits for it is told */
	/* The exec that is asked for next. */
	const char *exec_says; /* frames; then its stream ends, unless exec_holds */
	size_t exec_len;
	bool exec_holds;
	int exec_code, exec_runs_on; /* so many asks after its stream's end it still runs */
	char last_request[8192], last_removed[256];
} engine;

static void engine_hang_up(struct connection *connection)
{
	if (connection->fd < 0)
		return;
	for (int i = 0; i < CONTAINERS; i++) {
		if (engine.containers[i].attached == connection)
			engine.containers[i].attached = NULL;
		if (engine.containers[i].waiting == connection)
			engine.containers[i].waiting = NULL;
	}
	sw_loop_unwatch(engine.loop, connection->fd);
	close(connection->fd);
	*connection = (struct connection){.fd = -1};
}

static void engine_say(struct connection *connection, const char *bytes, size_t len)
{
	assert_int_equal(send(connection->fd, bytes, len, MSG_NOSIGNAL), len);
}

static void engine_reply(struct connection *connection, const char *status, const char *body)
{
	char text[1024];
	int len = snprintf(text, sizeof text,
	                   "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	                   status, strlen(body), body);
	engine_say(connection, text, (size_t)len);
}

static void engine_end_wait(struct container *container)
{
	char body[64], text[128];
	(void)snprintf(body, sizeof body, "{\"Error\":null,\"StatusCode\":%d}\n", container->code);
	int len = snprintf(text, sizeof text, "%zx\r\n%s\r\n0\r\n\r\n", strlen(body), body);
	engine_say(container->waiting, text, (size_t)len);
	container->waiting = NULL;
}

/* Container I ends, with CODE. */
static void engine_kill(int i, int code)
{
	struct container *container = &engine.containers[i];
	if (!container->is_running)
		return;
	container->is_running = false;
	container->code = code;
	if (container->attached && !engine.keeps_streams)
		engine_hang_up(container->attached);
	if (container->waiting && !engine.keeps_waiting)
		engine_end_wait(container);
}

/* Of the id in a path: ids end in their index. */
static struct container *engine_container(const char *request)
{
	const char *id = strstr(request, "/containers/");
	int i = id ? (int)strtol(id + strlen("/containers/") + 11, NULL, 16) : -1;
	assert_true(i >= 0 && i < engine.n);
	return &engine.containers[i];
}

static enum ask engine_what(const char *request)
{
	if (strstr(request, " /_ping "))
		return PING;
	if (strncmp(request, "DELETE ", 7) == 0)
		return REMOVE;
	if (strstr(request, "/events?"))
		return EVENTS;
	if (strstr(request, "/exec/"))
		return strncmp(request, "GET ", 4) == 0 ? EXEC_JSON : EXEC_START;
	if (strstr(request, "/exec HTTP"))
		return EXEC;
	if (strncmp(request, "GET ", 4) == 0)
		return STATE;
	if (strstr(request, "/containers/create"))
		return CREATE;
	if (strstr(request, "/attach?"))
		return ATTACH;
	return strstr(request, "/start HTTP") ? START : WAIT;
}

static void engine_of_exec(struct connection *connection, enum ask ask)
{
	char body[128];
	if (ask == EXEC) {
		engine_reply(connection, "201 Created", "{\"Id\":\"ecececececececec\"}");
	} else if (ask == EXEC_START) {
		connection->is_stream = true;
		engine_say(connection, UPGRADED, strlen(UPGRADED));
		engine_say(connection, engine.exec_says, engine.exec_len);
		if (!engine.exec_holds)
			engine_hang_up(connection);
	} else {
		bool runs = engine.exec_runs_on-- > 0;
		(void)snprintf(body, sizeof body, "{\"Running\":%s,\"ExitCode\":%d,\"Pid\":7}",
		               runs ? "true" : "false", engine.exec_code);
		engine_reply(connection, "200 OK", body);
	}
}

/* What it does as soon as it runs. */
static void engine_play(struct container *container)
{
	if (engine.says_len && container->attached)
		engine_say(container->attached, engine.says, engine.says_len);
	if (engine.ends)
		engine_kill((int)(container - engine.containers), engine.ends_with);
}

static void engine_of_container(struct connection *connection, enum ask ask)
{
	if (ask == REMOVE && strstr(connection->text, "/containers/sandwatch-")) {
		engine_reply(connection, "404 Not Found", "{\"message\":\"No such container\"}");
		return;
	}
	struct container *container = engine_container(connection->text);
	char body[160];
	if (ask == ATTACH) {
		container->attached = connection;
		connection->is_stream = true;
		engine_say(connection, UPGRADED, strlen(UPGRADED));
	} else if (ask == WAIT) {
		container->waiting = connection;
		engine_say(connection,
		           "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		           "Transfer-Encoding: chunked\r\n\r\n",
		           strlen("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		                  "Transfer-Encoding: chunked\r\n\r\n"));
		if (!container->is_running && !engine.keeps_waiting)
			engine_end_wait(container);
	} else if (ask == STATE) {
		(void)snprintf(body, sizeof body,
		               "{\"State\":{\"Status\":\"x\",\"Running\":%s,\"OOMKilled\":%s,\"ExitCode\":%d}}",
		               container->is_running ? "true" : "false", engine.is_oom ? "true" : "false",
		               container->code);
		engine_reply(connection, "200 OK", body);
	} else {
		if (ask == START)
			container->is_running = true;
		else
			engine_kill((int)(container - engine.containers), 137);
		container->is_removed = ask == REMOVE;
		engine_reply(connection, "204 No Content", "");
		if (ask == START)
			engine_play(container);
	}
}

static void engine_misbehave(struct connection *connection, enum how how)
{
	static const char cut[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		"Content-Length: 100\r\n\r\n{\"Stat";
	if (how == TRUNCATED)
		engine_say(connection, cut, strlen(cut));
	else if (how == GARBAGE)
		engine_reply(connection, "200 OK", "<!DOCTYPE html><title>Welcome</title>");
	else if (how == HUNG)
		engine.hung = connection;
	else if (how == SAYS_SO)
		engine_say(connection, engine.words, strlen(engine.words));
	if (how == TRUNCATED || how == CUT)
		engine_hang_up(connection);
}

static void engine_answer(struct connection *connection)
{
	enum ask ask = engine_what(connection->text);
	char body[128];
	engine.asked[ask]++;
	if (ask == EXEC || ask == CREATE)
		(void)snprintf(engine.last_request, sizeof engine.last_request, "%s", connection->text);
	if (ask == REMOVE)
		(void)snprintf(engine.last_removed, sizeof engine.last_removed, "%.200s", connection->text);
	connection->len = 0;
	if (engine.times[ask] > 0) {
		engine.times[ask]--;
		engine_misbehave(connection, engine.how[ask]);
	} else if (engine.refuse[ask] > 0) {
		engine.refuse[ask]--;
		engine_reply(connection, engine.is_missing ? "404 Not Found" : "500 Internal Server Error",
		             "{\"message\":\"no, not now\"}");
	} else if (ask == CREATE) {
		assert_true(engine.n < CONTAINERS);
		(void)snprintf(body, sizeof body, "{\"Id\":\"%012x\",\"Warnings\":[]}", engine.n++);
		engine_reply(connection, "201 Created", body);
	} else if (ask == PING) {
		if (!engine.holds_pings)
			engine_say(connection, PONG, strlen(PONG));
	} else if (ask == EVENTS) {
		engine_reply(connection, "200 OK", engine.is_oom ? "{\"Action\":\"oom\"}\n" : "");
	} else if (ask == EXEC || ask == EXEC_START || ask == EXEC_JSON) {
		engine_of_exec(connection, ask);
	} else {
		engine_of_container(connection, ask);
	}
}

static bool engine_is_whole(const struct connection *connection)
{
	const char *end = strstr(connection->text, "\r\n\r\n");
	const char *length = strcasestr(connection->text, "\r\nContent-Length: ");
	size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
	return end && connection->len >= (size_t)(end + 4 - connection->text) + body;
}

static void engine_on_request(void *user, int fd, unsigned events)
{
	struct connection *connection = user;
	char dropped[4096];
	(void)events;
	ssize_t n = connection->is_stream
	                ? recv(fd, dropped, sizeof dropped, 0)
	                : recv(fd, connection->text + connection->len,
	                       sizeof connection->text - 1 - connection->len, 0);
	if (n <= 0) {
		/* An exec's input may end long before its output: its stream stays, unwatched. */
		if (connection->is_stream)
			sw_loop_unwatch(engine.loop, fd);
		else
			engine_hang_up(connection);
		return;
	}
	if (connection->is_stream && engine.replies && memchr(dropped, '\n', (size_t)n))
		engine_say(connection, engine.replies, engine.replies_len);
	if (connection->is_stream)
		return;
	connection->len += (size_t)n;
	connection->text[connection->len] = '\0';
	if (engine_is_whole(connection))
		engine_answer(connection);
}

static void engine_on_connection(void *user, int fd, unsigned events)
{
	struct connection *connection = engine.connections;
	(void)user, (void)events;
	while (connection < engine.connections + CONNECTIONS && connection->fd >= 0)
		connection++;
	assert_true(connection < engine.connections + CONNECTIONS);
	connection->fd = accept(fd, NULL, NULL);
	assert_true(connection->fd >= 0);
	assert_int_equal(sw_loop_watch(engine.loop, connection->fd, SW_LOOP_READ, engine_on_request,
	                               connection, NULL),
	                 0);
}

static int engine_start(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memset(&engine, 0, sizeof engine);
	for (int i = 0; i < CONNECTIONS; i++)
		engine.connections[i].fd = -1;
	engine.exec_says = "";
	(void)snprintf(engine.dir, sizeof engine.dir, "/tmp/sandwatch-test-keep.XXXXXX");
	if (!mkdtemp(engine.dir) || sw_loop_new(&engine.loop, NULL) < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", engine.dir);
	engine.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	return bind(engine.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	               listen(engine.listener, 8) < 0 ||
	               sw_endpoint_parse(address.sun_path, &engine.endpoint, NULL) < 0 ||
	               sw_loop_watch(engine.loop, engine.listener, SW_LOOP_READ, engine_on_connection,
	                             NULL, NULL) < 0
	           ? -1 : 0;
}

static int engine_stop(void)
{
	char path[128];
	for (int i = 0; i < CONNECTIONS; i++)
		engine_hang_up(&engine.connections[i]);
	sw_loop_unwatch(engine.loop, engine.listener);
	close(engine.listener);
	sw_loop_free(engine.loop);
	(void)snprintf(path, sizeof path, "%s/s", engine.dir);
	(void)unlink(path);
	return rmdir(engine.dir);
}

static void engine_nothing(void *user)
{
	(void)user;
}

static void engine_until(const bool *flag)
{
	struct sw_timer wake = {0};
	int64_t due_ns = sw_clock_ns() + 20 * SECOND;
	assert_int_equal(sw_loop_arm(engine.loop, &wake, due_ns, engine_nothing, NULL), 0);
	while (!*flag && sw_clock_ns() < due_ns)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_loop_disarm(engine.loop, &wake);
	assert_true(*flag);
}

#endif
