#include "docker/attach.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/attach_head.h"
#include "docker/http_internal.h"

enum {
	READ_MAX = 64 << 10, /* of one callback: the loop stays fair when a container floods */
	QUEUE_MAX = 16 << 20,
	RETRY_NS = 1000000,
};

enum attach_state { CONNECTING, ANSWERING, OPEN, CLOSED };

struct sw_attach {
	struct sw_loop *loop;
	struct sw_endpoint endpoint;
	struct sw_attach_handlers handlers;
	enum attach_state state;
	int fd;
	struct addrinfo *addresses, *address; /* tcp: all, and the one being tried */
	struct sw_timer deadline, retry;
	int64_t open_timeout_ns;
	struct sw_buf out; /* the request, then stdin; its first `sent` bytes are gone */
	size_t sent;
	struct sw_buf input; /* stdin that waits for the upgrade */
	bool is_ending, is_shut;
	struct sw_attach_head head;
	struct sw_frames frames;
	bool is_busy, is_freed; /* in a handler; freed from inside it */
};

static void on_event(void *user, int fd, unsigned events);

/* Drops everything but the memory. */
static void hang_up(struct sw_attach *attach)
{
	attach->state = CLOSED;
	sw_loop_disarm(attach->loop, &attach->deadline);
	sw_loop_disarm(attach->loop, &attach->retry);
	if (attach->fd >= 0) {
		sw_loop_unwatch(attach->loop, attach->fd);
		close(SW_TAKE_FD(attach->fd));
	}
}

static void release(struct sw_attach *attach)
{
	if (attach->addresses)
		freeaddrinfo(attach->addresses);
	sw_buf_done(&attach->out);
	sw_buf_done(&attach->input);
	sw_attach_head_done(&attach->head);
	free(attach);
}

void sw_attach_free(struct sw_attach *attach)
{
	if (!attach)
		return;
	hang_up(attach);
	attach->is_freed = true;
	if (!attach->is_busy)
		release(attach);
}

static void tell_closed(struct sw_attach *attach, const struct sw_error *error)
{
	if (attach->state == CLOSED)
		return;
	hang_up(attach);
	attach->handlers.closed(attach->handlers.user, error);
}

static int watch(struct sw_attach *attach, struct sw_error *err)
{
	unsigned events = SW_LOOP_READ;
	if (attach->state == CONNECTING)
		events = SW_LOOP_WRITE;
	else if (attach->sent < attach->out.len)
		events |= SW_LOOP_WRITE;
	return sw_loop_watch(attach->loop, attach->fd, events, on_event, attach, err);
}

static void flush_out(struct sw_attach *attach)
{
	while (attach->sent < attach->out.len) {
		ssize_t n = send(attach->fd, attach->out.data + attach->sent,
		                 attach->out.len - attach->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		/* The peer reads no more (the container has ended, say): what is left is dropped, and
		 * the reading side says how it went. */
		if (n < 0)
			attach->sent = attach->out.len;
		else
			attach->sent += (size_t)n;
	}
	sw_buf_clear(&attach->out);
	attach->sent = 0;
	if (attach->is_ending && attach->state == OPEN && !attach->is_shut) {
		attach->is_shut = true;
		shutdown(attach->fd, SHUT_WR);
	}
}

static void move_on(struct sw_attach *attach)
{
	flush_out(attach);
	(void)watch(attach, NULL); /* known to the loop already: cannot fail */
}

/* 0: connected or under way; -1: errno says why. */
static int connect_unix(struct sw_attach *attach)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, attach->endpoint.path, sizeof address.sun_path);
	attach->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attach->fd < 0)
		return -1;
	return connect(attach->fd, (struct sockaddr *)&address, sizeof address);
}

static int connect_tcp(struct sw_attach *attach)
{
	int on = 1;
	for (; attach->address; attach->address = attach->address->ai_next) {
		const struct addrinfo *to = attach->address;
		attach->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (attach->fd < 0)
			continue;
		setsockopt(attach->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (connect(attach->fd, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS)
			return 0;
		int saved = errno;
		close(SW_TAKE_FD(attach->fd));
		errno = saved;
	}
	return -1;
}

static int connect_next(struct sw_attach *attach, struct sw_error *err);

static void on_retry(void *user)
{
	struct sw_attach *attach = user;
	struct sw_error error;
	if (connect_next(attach, &error) < 0)
		tell_closed(attach, &error);
}

static int connect_next(struct sw_attach *attach, struct sw_error *err)
{
	const struct sw_endpoint *endpoint = &attach->endpoint;
	int status = endpoint->is_unix ? connect_unix(attach) : connect_tcp(attach);
	if (status == 0)
		return watch(attach, err);
	int why = errno;
	if (attach->fd >= 0)
		close(SW_TAKE_FD(attach->fd));
	/* A unix socket's full backlog is EAGAIN, and nothing to poll for: connect(2). */
	if (endpoint->is_unix && why == EAGAIN &&
	    sw_loop_arm(attach->loop, &attach->retry, sw_clock_ns() + RETRY_NS, on_retry, attach) == 0)
		return 0;
	return sw_error_set(err, SW_ERR_NO_ENGINE, why, "cannot connect to %s%s", endpoint->text,
	                    sw_http_connect_hint(why));
}

static int look_up(struct sw_attach *attach, struct sw_error *err)
{
	const struct sw_endpoint *endpoint = &attach->endpoint;
	const char *host = endpoint->address[0] ? endpoint->address : endpoint->host;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char port[12];
	(void)snprintf(port, sizeof port, "%d", endpoint->port);
	int status = getaddrinfo(host, port, &hints, &attach->addresses);
	if (status != 0)
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "cannot connect to %s: %s", endpoint->text,
		                    gai_strerror(status));
	attach->address = attach->addresses;
	return 0;
}

static void on_connected(struct sw_attach *attach)
{
	struct sw_error error;
	int why = 0;
	socklen_t size = sizeof why;
	getsockopt(attach->fd, SOL_SOCKET, SO_ERROR, &why, &size);
	if (why == 0) {
		attach->state = ANSWERING;
		move_on(attach);
		return;
	}
	sw_loop_unwatch(attach->loop, attach->fd);
	close(SW_TAKE_FD(attach->fd));
	if (attach->address)
		attach->address = attach->address->ai_next;
	if (attach->address && connect_next(attach, &error) == 0)
		return;
	sw_error_set(&error, SW_ERR_NO_ENGINE, why, "cannot connect to %s%s", attach->endpoint.text,
	             sw_http_connect_hint(why));
	tell_closed(attach, &error);
}

static void on_deadline(void *user)
{
	struct sw_attach *attach = user;
	struct sw_error error;
	char limit[16];
	sw_error_set(&error, SW_ERR_TIMEOUT, 0, "attaching: %s did not answer within %s",
	             attach->endpoint.text,
	             sw_text_duration(limit, sizeof limit, attach->open_timeout_ns));
	tell_closed(attach, &error);
}

/* Frames that follow one which made its handler free or close the attach are dropped. */
static void on_frame(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_attach *attach = user;
	if (attach->state == OPEN)
		attach->handlers.data(attach->handlers.user, stream, bytes, len);
}

static void on_open(struct sw_attach *attach)
{
	sw_loop_disarm(attach->loop, &attach->deadline);
	attach->state = OPEN;
	if (sw_buf_add(&attach->out, attach->input.data, attach->input.len) < 0) {
		struct sw_error error;
		sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "attaching");
		tell_closed(attach, &error);
		return;
	}
	sw_buf_done(&attach->input);
	move_on(attach);
	attach->handlers.opened(attach->handlers.user);
}

/* BYTES are what was read; LEN 0 is the end of the stream. */
static void take(struct sw_attach *attach, const char *bytes, size_t len)
{
	struct sw_error error;
	if (attach->state == ANSWERING) {
		size_t used = len;
		enum sw_attach_answer answer = sw_attach_head_feed(&attach->head, bytes, &used, &error);
		if (answer == SW_ATTACH_REFUSED)
			tell_closed(attach, &error);
		if (answer != SW_ATTACH_ACCEPTED)
			return;
		on_open(attach);
		bytes += used;
		len -= used;
		if (len == 0)
			return;
	}
	if (attach->state != OPEN)
		return;
	bool is_torn = attach->frames.left > 0 || attach->frames.header_len > 0;
	if (len > 0) {
		if (sw_frames_feed(&attach->frames, bytes, len, on_frame, attach, &error) < 0)
			tell_closed(attach, &error);
	} else if (is_torn) {
		sw_error_set(&error, SW_ERR_PROTOCOL, 0, "%s: the stream ended within a frame",
		             attach->endpoint.text);
		tell_closed(attach, &error);
	} else {
		tell_closed(attach, NULL);
	}
}

static void on_readable(struct sw_attach *attach)
{
	char bytes[READ_MAX];
	ssize_t n = recv(attach->fd, bytes, sizeof bytes, MSG_DONTWAIT);
	/* A unix socket closed with unread stdin in it (the container ended without reading it all) is
	 * ECONNRESET here, after everything that was sent: unix(7). That is an end like any other. */
	if (n < 0 && errno == ECONNRESET && attach->endpoint.is_unix)
		n = 0;
	if (n >= 0) {
		take(attach, bytes, (size_t)n);
	} else if (errno != EINTR && errno != EAGAIN && errno != EWOULDBLOCK) {
		struct sw_error error;
		sw_error_set(&error, SW_ERR_PROTOCOL, errno, "%s: the stream broke off",
		             attach->endpoint.text);
		tell_closed(attach, &error);
	}
}

static void on_event(void *user, int fd, unsigned events)
{
	struct sw_attach *attach = user;
	(void)fd;
	attach->is_busy = true;
	if (attach->state == CONNECTING) {
		on_connected(attach);
	} else {
		if (events & SW_LOOP_WRITE)
			move_on(attach);
		if (events & SW_LOOP_READ)
			on_readable(attach);
	}
	attach->is_busy = false;
	if (attach->is_freed)
		release(attach);
}

int sw_attach_open(struct sw_loop *loop, const struct sw_endpoint *endpoint, const char *path,
                   int64_t open_timeout_ns, const struct sw_attach_handlers *handlers,
                   struct sw_attach **out_attach, struct sw_error *err)
{
	struct sw_attach *attach = calloc(1, sizeof *attach);
	if (!attach)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "attaching");
	attach->loop = loop;
	attach->endpoint = *endpoint;
	attach->handlers = *handlers;
	attach->fd = -1;
	attach->open_timeout_ns = open_timeout_ns;
	sw_buf_init(&attach->out, 0);
	sw_attach_head_init(&attach->head);
	sw_buf_addf(&attach->out,
	            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n"
	            "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n", path);
	int64_t due_ns = sw_clock_ns() + open_timeout_ns;
	if (attach->out.overflow ||
	    sw_loop_arm(loop, &attach->deadline, due_ns, on_deadline, attach) < 0)
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "attaching");
	else if ((endpoint->is_unix || look_up(attach, err) == 0) && connect_next(attach, err) == 0) {
		*out_attach = attach;
		return 0;
	}
	sw_attach_free(attach);
	return -1;
}

int sw_attach_write(struct sw_attach *attach, const void *bytes, size_t len, struct sw_error *err)
{
	struct sw_buf *queue = attach->state == OPEN ? &attach->out : &attach->input;
	if (attach->state == CLOSED || attach->is_ending)
		return 0;
	if (len > QUEUE_MAX - (queue->len - (queue == &attach->out ? attach->sent : 0)))
		return sw_error_set(err, SW_ERR_LIMIT, 0, "more than %d bytes wait for the container",
		                    (int)QUEUE_MAX);
	if (attach->sent > 0) {
		sw_buf_consume(&attach->out, attach->sent);
		attach->sent = 0;
	}
	if (sw_buf_add(queue, bytes, len) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "writing to the container");
	if (attach->state == OPEN)
		move_on(attach);
	return 0;
}

void sw_attach_end(struct sw_attach *attach)
{
	attach->is_ending = true;
	if (attach->state == OPEN)
		move_on(attach);
}
