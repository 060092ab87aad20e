/* Hides an engine for the proxy's tests: each connection has a thread, each request's query says what shape
 * its answer is to have ("/x?length=100"); and a client that sends bytes and takes what comes. On top of
 * peer.h. Everything static: one test program, one copy. */
#ifndef SW_TEST_PROXY_ENGINE_H
#define SW_TEST_PROXY_ENGINE_H

#include <semaphore.h>

#include "tests/unit/docker/peer.h"

enum { ENGINE_CONNECTIONS = 512, ENGINE_LINE = 512 };

struct engine {
	struct peer *peer;
	pthread_mutex_t lock;
	pthread_t threads[ENGINE_CONNECTIONS];
	int open[ENGINE_CONNECTIONS]; /* -1: closed */
	int n_threads;
	atomic_int requests;
	atomic_size_t sent; /* of patterns */
	pthread_cond_t changed;
	sem_t go; /* "held" answers' bodies wait for it */
};

struct engine_connection {
	struct engine *engine;
	int fd, index;
	FILE *in;
};

/* FNV-1a */
#define SUM_BEGIN UINT64_C(0xcbf29ce484222325)
static uint64_t sum_add(uint64_t sum, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		sum = (sum ^ ((const unsigned char *)bytes)[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* Byte AT of every answer's body and every flood. */
static char pattern(size_t at)
{
	return (char)(unsigned char)((at * 31 + (at >> 8)) % 251);
}

static void fill_pattern(char *bytes, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[i] = pattern(at + i);
}

static bool send_pattern(struct engine_connection *c, size_t from, size_t len)
{
	char bytes[16384];
	for (size_t at = 0; at < len;) {
		size_t n = len - at < sizeof bytes ? len - at : sizeof bytes;
		fill_pattern(bytes, from + at, n);
		if (!peer_send(c->fd, bytes, n))
			return false;
		at += n;
		atomic_fetch_add(&c->engine->sent, n);
	}
	return true;
}

static bool sayf(int fd, const char *format, ...) __attribute__((format(printf, 2, 3)));
static bool sayf(int fd, const char *format, ...)
{
	char text[1024];
	va_list arguments;
	va_start(arguments, format);
	int n = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return peer_send(fd, text, (size_t)n);
}

static void answer_chunked(struct engine_connection *c, size_t n, uint64_t sum)
{
	static const size_t sizes[] = {1, 7, 300, 4096, 2, 20000};
	sayf(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Sum: %016llx\r\n\r\n",
	     (unsigned long long)sum);
	for (size_t at = 0, i = 0; at < n; i++) {
		size_t size = sizes[i % 6] < n - at ? sizes[i % 6] : n - at;
		sayf(c->fd, i % 2 ? "%zX;x=y\r\n" : "%zx\r\n", size);
		send_pattern(c, at, size);
		peer_say(c->fd, "\r\n");
		at += size;
	}
	peer_say(c->fd, n % 2 ? "0\r\nX-Trailer: yes\r\n\r\n" : "0\r\n\r\n");
}

/* Says each line's bytes back as they come, then "bye". */
static void echo(struct engine_connection *c)
{
	int sign;
	while ((sign = fgetc(c->in)) != EOF) {
		char byte = (char)sign;
		if (!peer_send(c->fd, &byte, 1))
			return;
	}
	peer_say(c->fd, "bye");
}

static void say_sum_of_input(struct engine_connection *c)
{
	char bytes[16384];
	uint64_t sum = SUM_BEGIN;
	size_t n;
	while ((n = fread(bytes, 1, sizeof bytes, c->in)) > 0)
		sum = sum_add(sum, bytes, n);
	sayf(c->fd, "%016llx", (unsigned long long)sum);
}

#define STREAM_HEAD                                                                \
	"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" \
	"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
#define HIJACK_HEAD "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\n"

/* True: the connection stays for another request. */
static bool answer(struct engine_connection *c, const char *line, uint64_t sum)
{
	char shape[32] = "";
	size_t n = 0;
	const char *query = strchr(line, '?');
	if (query)
		(void)sscanf(query, "?%31[a-z]=%zu", shape, &n);
	if (strcmp(shape, "none") == 0)
		return sayf(c->fd, "HTTP/1.1 204 No Content\r\nX-Sum: %016llx\r\n\r\n",
		            (unsigned long long)sum);
	if (strcmp(shape, "chunked") == 0)
		return answer_chunked(c, n, sum), true;
	if (strcmp(shape, "upgrade") == 0)
		return peer_say(c->fd, STREAM_HEAD), echo(c), false;
	if (strcmp(shape, "hijack") == 0)
		return peer_say(c->fd, HIJACK_HEAD), echo(c), false;
	if (strcmp(shape, "flood") == 0)
		return peer_say(c->fd, STREAM_HEAD), send_pattern(c, 0, n), false;
	if (strcmp(shape, "sink") == 0)
		return peer_say(c->fd, STREAM_HEAD), say_sum_of_input(c), false;
	if (strcmp(shape, "close") == 0)
		return peer_say(c->fd, "HTTP/1.1 200 OK\r\n\r\n"), send_pattern(c, 0, n), false;
	if (strcmp(shape, "vanish") == 0)
		return sayf(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", 2 * n),
		       send_pattern(c, 0, n), false;
	if (strcmp(shape, "held") == 0) {
		peer_say(c->fd, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
		sem_wait(&c->engine->go);
		return peer_say(c->fd, "2\r\nhi\r\n0\r\n\r\n");
	}
	if (strcmp(shape, "interim") == 0)
		peer_say(c->fd, "HTTP/1.1 100 Continue\r\n\r\n");
	sayf(c->fd, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\nX-Sum: %016llx\r\n\r\n", n,
	     (unsigned long long)sum);
	return strncmp(line, "HEAD ", 5) == 0 || send_pattern(c, 0, n);
}

/* One request's header and body; LINE: the first, SUM: of all bytes. False: no more. */
static bool read_one(struct engine_connection *c, char line[ENGINE_LINE], uint64_t *sum)
{
	char text[ENGINE_LINE];
	size_t length = 0;
	bool is_chunked = false;
	*sum = SUM_BEGIN;
	if (!fgets(line, ENGINE_LINE, c->in))
		return false;
	*sum = sum_add(*sum, line, strlen(line));
	do {
		if (!fgets(text, sizeof text, c->in))
			return false;
		*sum = sum_add(*sum, text, strlen(text));
		if (strncasecmp(text, "Content-Length:", 15) == 0)
			length = strtoul(text + 15, NULL, 10);
		is_chunked |= strncasecmp(text, "Transfer-Encoding: chunked", 26) == 0;
	} while (strcmp(text, "\r\n") != 0);
	do {
		if (is_chunked) {
			if (!fgets(text, sizeof text, c->in))
				return false;
			*sum = sum_add(*sum, text, strlen(text));
			length = strtoul(text, NULL, 16) + 2; /* and its line's end */
			is_chunked = length > 2;
		}
		for (; length > 0; length--) {
			char byte = (char)fgetc(c->in);
			*sum = sum_add(*sum, &byte, 1);
			if (feof(c->in))
				return false;
		}
	} while (is_chunked);
	return true;
}

static void *engine_serve(void *user)
{
	struct engine_connection c = *(struct engine_connection *)user;
	char line[ENGINE_LINE];
	uint64_t sum;
	free(user);
	c.in = fdopen(dup(c.fd), "r");
	while (read_one(&c, line, &sum)) {
		atomic_fetch_add(&c.engine->requests, 1);
		if (!answer(&c, line, sum))
			break;
	}
	fclose(c.in);
	pthread_mutex_lock(&c.engine->lock);
	c.engine->open[c.index] = -1;
	pthread_cond_broadcast(&c.engine->changed);
	pthread_mutex_unlock(&c.engine->lock);
	close(c.fd);
	return NULL;
}

static void engine_accept(struct peer *peer, int fd)
{
	struct engine *engine = peer->script;
	struct engine_connection *c = malloc(sizeof *c);
	peer_check(engine->n_threads < ENGINE_CONNECTIONS);
	*c = (struct engine_connection){engine, dup(fd), engine->n_threads, NULL};
	pthread_mutex_lock(&engine->lock);
	engine->open[engine->n_threads] = c->fd;
	pthread_mutex_unlock(&engine->lock);
	peer_check(pthread_create(&engine->threads[engine->n_threads++], NULL, engine_serve, c) == 0);
}

static struct engine *engine_start(bool is_unix)
{
	struct engine *engine = calloc(1, sizeof *engine);
	peer_check(engine);
	pthread_mutex_init(&engine->lock, NULL);
	pthread_cond_init(&engine->changed, NULL);
	sem_init(&engine->go, 0, 0);
	for (int i = 0; i < ENGINE_CONNECTIONS; i++)
		engine->open[i] = -1;
	engine->peer = peer_start(is_unix, engine_accept, engine);
	return engine;
}

/* Whoever is connected no longer is. */
static void engine_cut(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	for (int i = 0; i < ENGINE_CONNECTIONS; i++)
		if (engine->open[i] >= 0)
			shutdown(engine->open[i], SHUT_RDWR);
	pthread_mutex_unlock(&engine->lock);
}

/* Until nobody is connected. */
static __attribute__((unused)) void engine_wait_alone(struct engine *engine)
{
	pthread_mutex_lock(&engine->lock);
	for (int i = 0; i < ENGINE_CONNECTIONS; i++)
		while (engine->open[i] >= 0)
			pthread_cond_wait(&engine->changed, &engine->lock);
	pthread_mutex_unlock(&engine->lock);
}

static void engine_stop(struct engine *engine)
{
	if (!engine)
		return;
	peer_end(engine->peer);
	engine_cut(engine);
	for (int i = 0; i < engine->n_threads; i++)
		sem_post(&engine->go);
	for (int i = 0; i < engine->n_threads; i++)
		pthread_join(engine->threads[i], NULL);
	peer_free(engine->peer);
	pthread_mutex_destroy(&engine->lock);
	pthread_cond_destroy(&engine->changed);
	sem_destroy(&engine->go);
	free(engine);
}

/* ---- the client ---- */

static int dial(const struct sw_endpoint *endpoint)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	memcpy(address.sun_path, endpoint->path, sizeof address.sun_path);
	peer_check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	return fd;
}

/* An engine's, which may be on tcp. */
static __attribute__((unused)) int dial_any(const struct sw_endpoint *endpoint)
{
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_port = htons((uint16_t)endpoint->port),
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	if (endpoint->is_unix)
		return dial(endpoint);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	peer_check(fd >= 0 && connect(fd, (struct sockaddr *)&address, sizeof address) == 0);
	return fd;
}

/* All that comes until the end, or MAX bytes. The error that ended it (errno), or 0. */
static int take(int fd, char *bytes, size_t max, size_t *out_len)
{
	size_t len = 0;
	ssize_t n = 1;
	while (n > 0 && len < max) {
		n = recv(fd, bytes + len, max - len, 0);
		len += n > 0 ? (size_t)n : 0;
	}
	*out_len = len;
	return n < 0 ? errno : 0;
}

/* Exactly LEN bytes; false: they did not come. */
static __attribute__((unused)) bool take_exactly(int fd, char *bytes, size_t len)
{
	size_t n;
	return take(fd, bytes, len, &n) == 0 && n == len;
}

/* An answer's header, into TEXT, byte by byte. */
static __attribute__((unused)) bool take_head(int fd, char *text, size_t size)
{
	for (size_t len = 0; len + 1 < size && recv(fd, text + len, 1, 0) == 1;) {
		text[++len] = '\0';
		if (len >= 4 && strcmp(text + len - 4, "\r\n\r\n") == 0)
			return true;
	}
	return false;
}

#endif
