/* Hides the engine's answer to an attach request: status line, headers, and an error's body.
 * Must not know sockets: it is fed bytes. Private to docker/attach.c and its tests. */
#ifndef SW_ATTACH_HEAD_H
#define SW_ATTACH_HEAD_H

#include <stddef.h>

#include "core/buf.h"

struct sw_error;

enum sw_attach_answer {
	SW_ATTACH_MORE,     /* feed on */
	SW_ATTACH_ACCEPTED, /* the stream begins */
	SW_ATTACH_REFUSED,  /* the error says why */
};

/* Embedded. */
struct sw_attach_head {
	struct sw_buf bytes; /* bounded: 16 KiB of header, as much again of an error's body */
	size_t head_len;     /* 0: the empty line has not come yet */
	size_t body_len;     /* by Content-Length; SIZE_MAX: until the end */
	int status;
};

void sw_attach_head_init(struct sw_attach_head *head);
void sw_attach_head_done(struct sw_attach_head *head);

/* Feeds *LEN bytes, 0 being the end of the stream. When ACCEPTED, *LEN becomes how many of them
 * belonged to the header: the others are the stream's. Accepted are 101, and 200 as an engine gives
 * it without the upgrade: a raw or multiplexed stream, without a length or an encoding. */
enum sw_attach_answer sw_attach_head_feed(struct sw_attach_head *head, const char *bytes,
                                          size_t *len, struct sw_error *err);

#endif
