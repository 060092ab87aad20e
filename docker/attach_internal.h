/* Hides what docker/attach.c (the stream) and docker/attach_connect.c (its socket) share.
 * Must not be included by anything else. */
#ifndef SW_ATTACH_INTERNAL_H
#define SW_ATTACH_INTERNAL_H

#include <stdbool.h>

#include "core/buf.h"
#include "core/loop.h"
#include "docker/attach.h"
#include "docker/attach_head.h"

enum sw_attach_state {
	SW_ATTACH_CONNECTING,
	SW_ATTACH_ANSWERING, /* the request is out */
	SW_ATTACH_OPEN,
	SW_ATTACH_CLOSED, /* no socket any more; only the memory is left */
};

struct sw_attach {
	struct sw_loop *loop;
	struct sw_endpoint endpoint;
	struct sw_attach_handlers handlers;
	enum sw_attach_state state;
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

/* Begins to connect. -1: nothing can be connected to. */
int sw_attach_connect(struct sw_attach *attach, struct sw_error *err);

/* The socket is writable: sends the request, or tries the next address. */
void sw_attach_connected(struct sw_attach *attach);

/* Watches the socket for what the state wants. */
int sw_attach_watch(struct sw_attach *attach, struct sw_error *err);

/* Sends what is queued as far as it goes, and watches for the rest. */
void sw_attach_move_on(struct sw_attach *attach);

/* Hangs up and calls `closed`, which may free ATTACH: the caller's last use of it unless is_busy. */
void sw_attach_tell_closed(struct sw_attach *attach, const struct sw_error *error);

#endif
