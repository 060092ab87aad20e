/* Hides what docker/http.c (the client in the loop) and docker/http_call.c (one request) share.
 * Must not be included by anything else but docker/attach_connect.c, for the hint. */
#ifndef SW_HTTP_INTERNAL_H
#define SW_HTTP_INTERNAL_H

#include <curl/curl.h>
#include <stdbool.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "docker/http.h"

struct sw_http {
	struct sw_loop *loop;
	struct sw_endpoint endpoint;
	char base[300]; /* "http://localhost": what a path is put behind */
	CURLM *multi;
	struct sw_timer timer;
	struct curl_slist *json_headers, *bare_headers;
	struct sw_http_call *calls, *spare; /* running; kept with their easy handles for the next */
	int n_spare;
	bool *gone; /* set by sw_http_free when it is called from inside a DONE */
};

/* A descriptor of the caller's that a body comes from or goes to. */
struct sw_http_file {
	int fd; /* 0: none */
	bool is_regular;
	bool is_awaited;    /* paused, and the loop watches it */
	size_t piece_done; /* bytes of the paused piece that are written already */
};

struct sw_http_call {
	struct sw_http *http;
	CURL *easy;
	struct sw_http_call *next, *prev;
	struct sw_buf url, body, answer;
	struct curl_slist *headers; /* this call's own; NULL: the client's */
	struct sw_http_file upload, download;
	sw_http_done_fn done;
	sw_http_chunk_fn chunk; /* NULL: not a stream. `answer` holds what it has not been told yet */
	struct sw_timer head_timer;
	struct sw_deferred tell_soon;
	int64_t date_s;
	bool *cancelled;  /* set by sw_http_cancel from inside a CHUNK */
	bool is_streaming; /* a stream's 2xx header has come */
	bool is_paused;
	bool is_enough;    /* CHUNK wants no more */
	void (*dropped)(void *user);
	void *user;
	int64_t timeout_ns;
	struct sw_error error; /* found by a callback before libcurl's own */
	bool is_failed;        /* error is set */
	bool is_added;         /* the multi handle holds it */
	bool is_done;          /* DONE is running */
	bool is_head_whole;    /* the header's empty line has come */
	bool was_sent;         /* of a request that is_once: it may have been done */
	struct sw_deferred fail_soon;
	char api_version[16];
	char detail[CURL_ERROR_SIZE];
};

/* Fills CALL's easy handle from REQUEST. -1: memory, or a request libcurl will not take. */
int sw_http_call_setup(struct sw_http_call *call, const struct sw_http_request *request);

/* What libcurl's RESULT means, put into call->error; true when it is a failure. */
bool sw_http_call_judge(struct sw_http_call *call, CURLcode result, struct sw_error *out_error);

/* What helps most often where connecting failed with SYS_ERRNO: " (…)" or "". */
const char *sw_http_connect_hint(int sys_errno);

/* Tells a stream's CHUNK what has come. False when that cancelled the call, or freed the client. */
bool sw_http_call_tell(struct sw_http_call *call);

/* The call ends as RESULT says: DONE. False when it freed the client. (docker/http.c) */
bool sw_http_call_finish(struct sw_http_call *call, CURLcode result);

/* Stops watching the caller's descriptors. */
void sw_http_call_let_go(struct sw_http_call *call);

#endif
