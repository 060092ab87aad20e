/* Hides a client that can only look: every request it makes is a GET, because nothing in this header
 * says a method. What watches containers that others run (docker/events.h, docker/monitor.h) knows the
 * engine through this alone; tests/lint.sh checks that on their objects.
 * Must not know what is asked. One loop's thread. */
#ifndef SW_READER_H
#define SW_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "docker/endpoint.h"

struct sw_loop;
struct sw_error;
struct sw_http_chunk;
struct sw_reader;
struct sw_reader_call;

/* Connections of its own, opened when something is asked. */
int sw_reader_new(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                  struct sw_reader **out_reader, struct sw_error *err);
/* Cancels what runs, without DONE. NULL is fine; may be called from inside a DONE or CHUNK. */
void sw_reader_free(struct sw_reader *reader);

/* The version is negotiated (GET /_ping) before the first request, and again before the next one after
 * this: an engine that was away may come back as another. */
void sw_reader_forget_version(struct sw_reader *reader);

struct sw_reader_ask {
	const char *path;   /* "/containers/json?all=1", without the version; copied; must be encoded */
	const char *what;   /* "listing containers": what an error begins with */
	int64_t timeout_ns; /* > 0; for each of the two requests */
	size_t body_max;    /* 0: 1 MiB */
	/* A stream, as docker/http.h's (sw_http_chunk_fn); NULL: the body is given to DONE. */
	bool (*chunk)(void *user, const struct sw_http_chunk *chunk);
};

/* ERROR is NULL when a whole 2xx answer came; BODY is NUL-terminated, valid during the call, and empty
 * for a stream. Codes as in docker/api.h: SW_ERR_NOT_FOUND for 404, SW_ERR_REFUSED for other 4xx and
 * 5xx, SW_ERR_NO_ENGINE, _TIMEOUT, _PROTOCOL, _LIMIT. */
typedef void (*sw_reader_done_fn)(void *user, const char *body, size_t len,
                                  const struct sw_error *error);

/* DONE is called once, never from inside this call; it may ask, cancel and free. The handle is valid
 * until DONE returns or it is cancelled. NULL, with ERR filled and no DONE, when memory is out. */
struct sw_reader_call *sw_reader_get(struct sw_reader *reader, const struct sw_reader_ask *ask,
                                     sw_reader_done_fn done, void *user, struct sw_error *err);

/* No DONE. NULL is fine; so is the call's own DONE. */
void sw_reader_cancel(struct sw_reader_call *call);

#endif
