/* Hides the hijacked connection of POST …/attach and …/exec/ID/start: connect, upgrade, both
 * directions, end.
 * Must not know what is said over it. facts.md "Attach" holds the rules it keeps.
 *
 * The socket is made here, not by libcurl: it never blocks, and nothing else may close it. An
 * engine behind TLS, when that comes, needs CURLOPT_CONNECT_ONLY and curl_easy_send/recv here instead. */
#ifndef SW_ATTACH_H
#define SW_ATTACH_H

#include <stddef.h>
#include <stdint.h>

#include "docker/endpoint.h"
#include "docker/frames.h"

struct sw_loop;
struct sw_error;
struct sw_attach;

struct sw_attach_handlers {
	void (*opened)(void *user); /* the upgrade's header has been read: stdin may be sent */
	void (*data)(void *user, enum sw_stream stream, const char *bytes, size_t len);
	/* Exactly once unless freed before: NULL at a clean end of stream, else what went wrong. The
	 * engine's refusal: SW_ERR_NOT_FOUND for 404, SW_ERR_REFUSED for other 4xx/5xx. */
	void (*closed)(void *user, const struct sw_error *error);
	void *user;
};

/* What is asked for. Copied. */
struct sw_attach_request {
	const char *path;        /* "/v1.41/containers/ID/attach?stream=1&…", "/v1.41/exec/ID/start" */
	const char *body;        /* JSON; NULL: none */
	int64_t open_timeout_ns; /* the opening must be done by then, from now */
};

/* Attaches to what REQUEST names. Handlers are never called from inside this call, nor from inside
 * those below. SW_ERR_NO_ENGINE at once when nothing can be connected to. A tcp host is looked up
 * here, which may block, unless endpoint->address is known. */
int sw_attach_open(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                   const struct sw_attach_request *request,
                   const struct sw_attach_handlers *handlers, struct sw_attach **out_attach,
                   struct sw_error *err);

/* Queues bytes for stdin (copied; at most 16 MiB in all); before `opened` they wait for it.
 * sw_attach_end closes stdin (shutdown SHUT_WR) once all is written. Bytes that the peer no longer
 * reads (the container has ended) are dropped without an error: the end of stream tells. */
int sw_attach_write(struct sw_attach *attach, const void *bytes, size_t len, struct sw_error *err);
void sw_attach_end(struct sw_attach *attach);

/* Closes at once, without callbacks; may be called from inside a handler. NULL is fine. */
void sw_attach_free(struct sw_attach *attach);

#endif
