/* Hides libcurl's multi interface inside a core loop: requests to one engine, several at once, on
 * kept connections. Must not know what is asked: paths and bodies are docker/api.c's.
 *
 * Every request has a deadline and a bound on its answer. HTTP 200 alone is never success: a body
 * that was cut off (CURLE_PARTIAL_FILE, as when the daemon dies during /wait) is an error. */
#ifndef SW_HTTP_H
#define SW_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/endpoint.h"

struct sw_loop;
struct sw_error;
struct sw_http;
struct sw_http_call;

int sw_http_new(struct sw_loop *loop, const struct sw_endpoint *endpoint, struct sw_http **out_http,
                struct sw_error *err);
/* Cancels what runs, without DONE; NULL is fine; may be called from inside a DONE. */
void sw_http_free(struct sw_http *http);

/* The endpoint, with `address` filled in once something has answered there. */
const struct sw_endpoint *sw_http_endpoint(const struct sw_http *http);
struct sw_loop *sw_http_loop(const struct sw_http *http);

/* What has come of a 2xx answer to a request with a `chunk`. */
struct sw_http_chunk {
	const char *bytes; /* valid during the call; not NUL-terminated */
	size_t len;        /* may be 0: the header has come, and nothing of the body yet */
	int64_t date_s;    /* the Date header, seconds since 1970 by the engine's clock; 0 without */
};
/* False: enough; the connection is closed and DONE comes without an error. May send, cancel (this
 * call, too) and free, as a DONE may. */
typedef bool (*sw_http_chunk_fn)(void *user, const struct sw_http_chunk *chunk);

struct sw_http_request {
	const char *method; /* GET, POST, PUT, DELETE, HEAD */
	const char *path;   /* "/v1.41/containers/create?name=x"; copied */
	const char *content_type; /* of the body; NULL: application/json */
	const void *body;   /* copied; NULL: none */
	size_t body_len;
	int upload_fd;      /* > 0: the body is this file from its current offset, chunked; borrowed */
	int download_fd;    /* > 0: a 2xx body goes into this file instead of memory; borrowed.
	                       Both may be pipes: the transfer pauses until they are ready */
	sw_http_chunk_fn chunk; /* may be NULL. A stream without an end of its own: a 2xx body is handed to
	                           it as it comes instead of being kept, the first time as soon as the
	                           header is there; no bytes come after DONE, none before it are lost */
	bool is_once;       /* what must not be done twice: libcurl sends a request again when a kept connection
	                       ends without an answer, but not this one, whose error is SW_ERR_PROTOCOL then */
	int64_t timeout_ns; /* > 0, from now. With `chunk` it is for the connection, the header and an
	                       answer that is not 2xx: the stream itself may be idle for ever */
	size_t response_max; /* bytes of an answer kept in memory; 0: 1 MiB. More is SW_ERR_LIMIT */
	void (*dropped)(void *user); /* may be NULL: called instead of DONE, from inside sw_http_cancel
	                                or sw_http_free, so that USER can be freed */
};

/* status is 0 when no answer came. error is NULL when a whole answer came, whatever its status. */
struct sw_http_reply {
	int status;
	const char *body; /* NUL-terminated, any bytes */
	size_t body_len;
	char api_version[16];    /* the Api-Version header, "" without */
	const struct sw_error *error; /* SW_ERR_NO_ENGINE: could not connect; _TIMEOUT; _PROTOCOL;
	                                 _LIMIT; _IO: upload_fd or download_fd failed */
};
typedef void (*sw_http_done_fn)(void *user, const struct sw_http_reply *reply);

/* Sends REQUEST; DONE is called once, never from inside this call; it may send, cancel and free.
 * Returns a handle that is valid until DONE returns or it is cancelled; NULL when memory is out. */
struct sw_http_call *sw_http_send(struct sw_http *http, const struct sw_http_request *request,
                                  sw_http_done_fn done, void *user, struct sw_error *err);

/* A call that only fails, with WHY, as if sent: for callers that find a mistake before sending but
 * have promised a callback that does not come from inside themselves. */
struct sw_http_call *sw_http_fail(struct sw_http *http, const struct sw_error *why,
                                  void (*dropped)(void *user), sw_http_done_fn done, void *user);

/* No DONE; the connection is closed. From inside the call's own DONE it does nothing. */
void sw_http_cancel(struct sw_http_call *call);

#endif
