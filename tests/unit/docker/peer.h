/* A peer for the Docker client's tests: a thread that accepts connections on a socket of its own and
 * hands each to the test's serve function. It misbehaves exactly as told, and waits for conditions,
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
	char request[1 << 16]; /* the last one, head and body; read it after its reply has come */
	size_t request_len;
	atomic_size_t head_len; /* of it, as soon as the head is there; what follows may still grow */
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

/* Reads one request into peer->request, by its Content-Length or to its last chunk. False at the
 * connection's or the test's end. */
static bool peer_read_request(struct peer *peer, int fd)
{
	size_t len = 0;
	peer->request_len = 0;
	atomic_store(&peer->head_len, 0);
	for (;;) {
		if (!peer_wait(peer, fd))
			return false;
		ssize_t n = recv(fd, peer->request + len, sizeof peer->request - 1 - len, 0);
		if (n <= 0)
			return false;
		len += (size_t)n;
		peer->request[len] = '\0';
		peer->request_len = len;
		char *end = strstr(peer->request, "\r\n\r\n");
		if (!end)
			continue;
		atomic_store(&peer->head_len, (size_t)(end + 4 - peer->request));
		const char *length = strcasestr(peer->request, "\r\nContent-Length: ");
		size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
		bool is_chunked = strcasestr(peer->request, "\r\nTransfer-Encoding: chunked\r\n");
		if (is_chunked ? memcmp(peer->request + len - 5, "0\r\n\r\n", 5) == 0
		               : len >= (size_t)(end + 4 - peer->request) + body)
			break;
	}
	atomic_fetch_add(&peer->requests, 1);
	return true;
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
	struct sockaddr_in address = {.sin_family = AF_INET,
	                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
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
	peer->serve = serve;
	peer->script = script;
	peer->listener = is_unix ? peer_listen_unix(peer) : peer_listen_tcp(peer);
	peer_check(listen(peer->listener, 128) == 0);
	peer_check(pipe(peer->stop) == 0);
	peer_check(pthread_create(&peer->thread, NULL, peer_run, peer) == 0);
	return peer;
}

static void peer_stop(struct peer *peer)
{
	if (!peer)
		return;
	close(peer->stop[1]); /* readable for ever: everything that waits ends */
	pthread_join(peer->thread, NULL);
	close(peer->stop[0]);
	close(peer->listener);
	if (peer->endpoint.is_unix) {
		unlink(peer->endpoint.path);
		*strrchr(peer->endpoint.path, '/') = '\0';
		rmdir(peer->endpoint.path);
	}
	free(peer);
}

#endif
