#include "docker/attach.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/text.h"
#include "docker/attach_internal.h"

enum {
	READ_MAX = 64 << 10, /* of one callback: the loop stays fair when a container floods */
	QUEUE_MAX = 16 << 20,
};

static void on_event(void *user, int fd, unsigned events);

/* Drops everything but the memory. */
static void hang_up(struct sw_attach *attach)
{
	attach->state = SW_ATTACH_CLOSED;
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

void sw_attach_tell_closed(struct sw_attach *attach, const struct sw_error *error)
{
	if (attach->state == SW_ATTACH_CLOSED)
		return;
	hang_up(attach);
	attach->handlers.closed(attach->handlers.user, error);
}

int sw_attach_watch(struct sw_attach *attach, struct sw_error *err)
{
	unsigned events = SW_LOOP_READ;
	if (attach->state == SW_ATTACH_CONNECTING)
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
	if (attach->is_ending && attach->state == SW_ATTACH_OPEN && !attach->is_shut) {
		attach->is_shut = true;
		shutdown(attach->fd, SHUT_WR);
	}
}

void sw_attach_move_on(struct sw_attach *attach)
{
	flush_out(attach);
	(void)sw_attach_watch(attach, NULL); /* known to the loop already: cannot fail */
}

static void on_deadline(void *user)
{
	struct sw_attach *attach = user;
	struct sw_error error;
	char limit[16];
	sw_error_set(&error, SW_ERR_TIMEOUT, 0, "attaching: %s did not answer within %s",
	             attach->endpoint.text,
	             sw_text_duration(limit, sizeof limit, attach->open_timeout_ns));
	sw_attach_tell_closed(attach, &error);
}

/* Frames that follow one which made its handler free or close the attach are dropped. */
static void on_frame(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_attach *attach = user;
	if (attach->state == SW_ATTACH_OPEN)
		attach->handlers.data(attach->handlers.user, stream, bytes, len);
}

static void on_open(struct sw_attach *attach)
{
	sw_loop_disarm(attach->loop, &attach->deadline);
	attach->state = SW_ATTACH_OPEN;
	if (sw_buf_add(&attach->out, attach->input.data, attach->input.len) < 0) {
		struct sw_error error;
		sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "attaching");
		sw_attach_tell_closed(attach, &error);
		return;
	}
	sw_buf_done(&attach->input);
	sw_attach_move_on(attach);
	attach->handlers.opened(attach->handlers.user);
}

/* BYTES are what was read; LEN 0 is the end of the stream. */
static void take(struct sw_attach *attach, const char *bytes, size_t len)
{
	struct sw_error error;
	if (attach->state == SW_ATTACH_ANSWERING) {
		size_t used = len;
		enum sw_attach_answer answer = sw_attach_head_feed(&attach->head, bytes, &used, &error);
		if (answer == SW_ATTACH_REFUSED)
			sw_attach_tell_closed(attach, &error);
		if (answer != SW_ATTACH_ACCEPTED)
			return;
		on_open(attach);
		bytes += used;
		len -= used;
		if (len == 0)
			return;
	}
	if (attach->state != SW_ATTACH_OPEN)
		return;
	bool is_torn = attach->frames.left > 0 || attach->frames.header_len > 0;
	if (len > 0) {
		if (sw_frames_feed(&attach->frames, bytes, len, on_frame, attach, &error) < 0)
			sw_attach_tell_closed(attach, &error);
	} else if (is_torn) {
		sw_error_set(&error, SW_ERR_PROTOCOL, 0, "%s: the stream ended within a frame",
		             attach->endpoint.text);
		sw_attach_tell_closed(attach, &error);
	} else {
		sw_attach_tell_closed(attach, NULL);
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
		sw_attach_tell_closed(attach, &error);
	}
}

static void on_event(void *user, int fd, unsigned events)
{
	struct sw_attach *attach = user;
	(void)fd;
	attach->is_busy = true;
	if (attach->state == SW_ATTACH_CONNECTING) {
		sw_attach_connected(attach);
	} else {
		if (events & SW_LOOP_WRITE)
			sw_attach_move_on(attach);
		if (events & SW_LOOP_READ)
			on_readable(attach);
	}
	attach->is_busy = false;
	if (attach->is_freed)
		release(attach);
}

static void add_request(struct sw_buf *out, const struct sw_attach_request *request)
{
	size_t len = request->body ? strlen(request->body) : 0;
	sw_buf_addf(out,
	            "POST %s HTTP/1.1\r\nHost: localhost\r\n%sContent-Length: %zu\r\n"
	            "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n",
	            request->path, len ? "Content-Type: application/json\r\n" : "", len);
	if (len)
		sw_buf_add(out, request->body, len);
}

int sw_attach_open(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                   const struct sw_attach_request *request,
                   const struct sw_attach_handlers *handlers, struct sw_attach **out_attach,
                   struct sw_error *err)
{
	struct sw_attach *attach = calloc(1, sizeof *attach);
	if (!attach)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "attaching");
	attach->loop = loop;
	attach->endpoint = *endpoint;
	attach->handlers = *handlers;
	attach->fd = -1;
	attach->open_timeout_ns = request->open_timeout_ns;
	sw_buf_init(&attach->out, 0);
	sw_attach_head_init(&attach->head);
	add_request(&attach->out, request);
	int64_t due_ns = sw_clock_ns() + request->open_timeout_ns;
	if (attach->out.overflow ||
	    sw_loop_arm(loop, &attach->deadline, due_ns, on_deadline, attach) < 0)
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "attaching");
	else if (sw_attach_connect(attach, err) == 0) {
		*out_attach = attach;
		return 0;
	}
	sw_attach_free(attach);
	return -1;
}

int sw_attach_write(struct sw_attach *attach, const void *bytes, size_t len, struct sw_error *err)
{
	struct sw_buf *queue = attach->state == SW_ATTACH_OPEN ? &attach->out : &attach->input;
	if (attach->state == SW_ATTACH_CLOSED || attach->is_ending)
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
	if (attach->state == SW_ATTACH_OPEN)
		sw_attach_move_on(attach);
	return 0;
}

void sw_attach_end(struct sw_attach *attach)
{
	attach->is_ending = true;
	if (attach->state == SW_ATTACH_OPEN)
		sw_attach_move_on(attach);
}
