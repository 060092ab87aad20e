/* A peer for the Docker client's tests: a thread that accepts connections on a socket of its own
 * and hands each to the test's serve function. It misbehaves exactly as told, and waits for conditions,
 * never for time. Everything static: one test program, one copy. */
#ifndef SW_TEST_PEER_H
#define SW_TEST_PEER_H

#include <arpa/inet.h>
#include <errno.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "docker/endpoint.h"

struct peer {
	void (*serve)(struct peer *peer, int fd); /* closes nothing: the thread does */
	void *script;                             /* what serve likes */
	atomic_int connections, requests;
	char request[1 << 16]; /* the last one, head and body; read it after its reply, and peer_sync */
	size_t request_len, head_len;
	pthread_mutex_t lock;
	struct sw_endpoint endpoint;
	int listener, stop[2];
	pthread_t thread;
};

/* True when FD is readable (or at its end), false when the test is over. */
static bool peer_wait(struct peer *peer, int fd)
{
	struct pollfd fds[2] = {{.fd = fd, .events = POLLIN}, {.fd = peer->stop[0], .events = POLLIN}};
	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return !fds[1].revents;
}

/* Until the test is over. */
static __attribute__((unused)) void peer_hold(struct peer *peer)
{
	struct pollfd fd = {.fd = peer->stop[0], .events = POLLIN};
	while (poll(&fd, 1, -1) < 0 && errno == EINTR)
		;
}

/* What one thread wrote before its peer_sync, the other may read after its own. The sockets order
 * both, but a race detector doesn't know. */
static __attribute__((unused)) void peer_sync(struct peer *peer)
{
	if (!peer)
		return;
	pthread_mutex_lock(&peer->lock);
	pthread_mutex_unlock(&peer->lock);
}

static size_t peer_head_len(const char *bytes)
{
	const char *end = strstr(bytes, "\r\n\r\n");
	return end ? (size_t)(end + 4 - bytes) : 0;
}

/* By its Content-Length, or by its last chunk. */
static bool peer_is_whole(const char *bytes, size_t len)
{
	size_t head = peer_head_len(bytes);
	const char *length = strcasestr(bytes, "\r\nContent-Length: ");
	size_t body = length && length < bytes + head ? strtoul(length + 18, NULL, 10) : 0;
	if (!head)
		return false;
	if (strcasestr(bytes, "\r\nTransfer-Encoding: chunked\r\n"))
		return memcmp(bytes + len - 5, "0\r\n\r\n", 5) == 0;
	return len >= head + body;
}

/* Reads one request into peer->request. False at the connection's or the test's end, or when it
 * does not fit; what had come is there all the same. */
static __attribute__((unused)) bool peer_read_request(struct peer *peer, int fd)
{
	char bytes[sizeof peer->request] = "";
	size_t len = 0;
	ssize_t n = 1;
	while (n > 0 && !peer_is_whole(bytes, len)) {
		n = peer_wait(peer, fd) ? recv(fd, bytes + len, sizeof bytes - 1 - len, 0) : 0;
		len += n > 0 ? (size_t)n : 0;
		bytes[len] = '\0';
	}
	if (len == 0)
		return false;
	pthread_mutex_lock(&peer->lock);
	memcpy(peer->request, bytes, len + 1);
	peer->request_len = len;
	peer->head_len = peer_head_len(bytes);
	pthread_mutex_unlock(&peer->lock);
	atomic_fetch_add(&peer->requests, n > 0);
	return n > 0;
}

/* False when the other side is gone. */
static bool peer_send(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, bytes, len, MSG_NOSIGNAL);
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static __attribute__((unused)) bool peer_say(int fd, const char *text)
{
	return peer_send(fd, text, strlen(text));
}

/* Each byte only after the other side has read the one before. */
static __attribute__((unused)) void peer_drip(struct peer *peer, int fd, const char *bytes,
                                              size_t len)
{
	struct pollfd stop = {.fd = peer->stop[0], .events = POLLIN};
	for (size_t i = 0; i < len; i++) {
		int unread = 1;
		if (!peer_send(fd, bytes + i, 1))
			return;
		while (ioctl(fd, SIOCOUTQ, &unread) == 0 && unread > 0 && poll(&stop, 1, 0) == 0)
			sched_yield();
	}
}

static void *peer_run(void *user)
{
	struct peer *peer = user;
	while (peer_wait(peer, peer->listener)) {
		int fd = accept(peer->listener, NULL, NULL);
		if (fd < 0)
			continue;
		atomic_fetch_add(&peer->connections, 1);
		peer->serve(peer, fd);
		close(fd);
	}
	return NULL;
}

static void peer_check(bool fine)
{
	if (fine)
		return;
	perror("the test's peer");
	abort();
}

static int peer_listen_unix(struct peer *peer)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char dir[] = "/tmp/sandwatch-peer-XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	peer_check(fd >= 0 && mkdtemp(dir));
	snprintf(address.sun_path, sizeof address.sun_path, "%s/s", dir);
	peer_check(bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	peer_check(sw_endpoint_parse(address.sun_path, &peer->endpoint, NULL) == 0);
	return fd;
}

static int peer_listen_tcp(struct peer *peer)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;
	char text[64];
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	peer_check(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof address) == 0);
	peer_check(getsockname(fd, (struct sockaddr *)&address, &size) == 0);
	snprintf(text, sizeof text, "tcp://localhost:%d", ntohs(address.sin_port));
	peer_check(sw_endpoint_parse(text, &peer->endpoint, NULL) == 0);
	return fd;
}

static struct peer *peer_start(bool is_unix, void (*serve)(struct peer *peer, int fd), void *script)
{
	struct peer *peer = calloc(1, sizeof *peer);
	peer_check(peer);
	pthread_mutex_init(&peer->lock, NULL);
	peer->serve = serve;
	peer->script = script;
	peer->listener = is_unix ? peer_listen_unix(peer) : peer_listen_tcp(peer);
	peer_check(listen(peer->listener, 128) == 0);
	peer_check(pipe(peer->stop) == 0);
	peer_check(pthread_create(&peer->thread, NULL, peer_run, peer) == 0);
	return peer;
}

/* Ends its thread; what else waits for it ends, too. */
static void peer_end(struct peer *peer)
{
	close(peer->stop[1]); /* readable for ever */
	pthread_join(peer->thread, NULL);
}

static void peer_free(struct peer *peer)
{
	close(peer->stop[0]);
	close(peer->listener);
	pthread_mutex_destroy(&peer->lock);
	if (peer->endpoint.is_unix) {
		unlink(peer->endpoint.path);
		*strrchr(peer->endpoint.path, '/') = '\0';
		rmdir(peer->endpoint.path);
	}
	free(peer);
}

static __attribute__((unused)) void peer_stop(struct peer *peer)
{
	if (!peer)
		return;
	peer_end(peer);
	peer_free(peer);
}

#endif
