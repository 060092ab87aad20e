/* Hides the engine's stream framing (8-byte headers: type, 3 zero bytes, big-endian length).
 * Must not know what flows in it. Source: Docker Engine API, "Attach to a container". */
#ifndef SW_FRAMES_H
#define SW_FRAMES_H

#include <stddef.h>
#include <stdint.h>

struct sw_error;

enum sw_stream { SW_STREAM_STDIN = 0, SW_STREAM_STDOUT = 1, SW_STREAM_STDERR = 2 };

/* Payload as it comes, in pieces of any size; nothing is buffered. */
typedef void (*sw_frames_fn)(void *user, enum sw_stream stream, const char *bytes, size_t len);

/* Embedded; {0} is at a frame's start. */
struct sw_frames {
	unsigned char header[8];
	size_t header_len;
	uint32_t left; /* payload bytes still to come */
	enum sw_stream stream;
};

/* Feeds LEN bytes. FRAMES must stay alive until it returns, whatever FN does. SW_ERR_PROTOCOL
 * for a header with an unknown type or non-zero padding. */
int sw_frames_feed(struct sw_frames *frames, const char *bytes, size_t len, sw_frames_fn fn,
                   void *user, struct sw_error *err);

#endif
