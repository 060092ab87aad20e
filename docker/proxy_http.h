/* Hides where a message of HTTP/1.1 begins and ends (RFC 9112), and which of an engine's requests it is.
 * Must not know sockets or faults: it looks at bytes. Private to docker/proxy*.c and their tests. */
#ifndef SW_PROXY_HTTP_H
#define SW_PROXY_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/words.h"

enum { SW_PROXY_WHAT_MAX = 160 };

enum sw_proxy_body_kind {
	SW_PROXY_BODY_NONE,
	SW_PROXY_BODY_LENGTH,  /* Content-Length */
	SW_PROXY_BODY_CHUNKED, /* Transfer-Encoding: chunked */
	SW_PROXY_BODY_CLOSE,   /* until the connection ends */
};

/* A body on its way. Plain value. */
struct sw_proxy_body {
	enum sw_proxy_body_kind kind;
	enum { SW_PROXY_CHUNK_SIZE, SW_PROXY_CHUNK_DATA, SW_PROXY_CHUNK_END, SW_PROXY_TRAILER } at;
	int64_t left;   /* of the length, or of the chunk; of CHUNK_END: of its line's end */
	int64_t passed; /* bytes of the body itself, without what frames them */
	bool is_over;
};

/* Plain values. */
struct sw_proxy_request {
	enum sw_target target; /* any: a request that no other word names */
	bool is_head;
	bool is_attach; /* of a kind that an answer of 200 makes a stream: attach, the start of an exec */
	char what[SW_PROXY_WHAT_MAX]; /* "POST /containers/create": clean, without version and query */
	struct sw_proxy_body body;
};

struct sw_proxy_answer {
	int status;
	bool is_interim; /* 1xx but 101: another one follows */
	bool is_stream;  /* the connection belongs to a stream from here on */
	struct sw_proxy_body body;
};

/* The bytes of a message's header with its empty line; 0: it is not whole. */
size_t sw_proxy_head_len(const char *bytes, size_t len);

/* HEAD: LEN bytes as sw_proxy_head_len says. False: not HTTP/1.x. */
bool sw_proxy_request_read(const char *head, size_t len, struct sw_proxy_request *out_request);
bool sw_proxy_answer_read(const char *head, size_t len, const struct sw_proxy_request *request,
                          struct sw_proxy_answer *out_answer);

/* How many of the LEN bytes are the next piece of BODY, which counts them: either of the body
 * itself (IS_DATA; at most DATA_MAX) or what frames it. 0: it is over, more bytes are needed, or
 * DATA_MAX is 0 and data comes next. Chunks that are none make it a body until the connection ends. */
size_t sw_proxy_body_next(struct sw_proxy_body *body, const char *bytes, size_t len, int64_t data_max,
                          bool *out_is_data);

/* Whether no byte of the body itself comes any more, but its end does, in these bytes. */
bool sw_proxy_body_ends(const struct sw_proxy_body *body, const char *bytes, size_t len);

#endif
