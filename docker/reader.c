#include "docker/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/loop.h"
#include "core/text.h"
#include "docker/api_internal.h"

struct sw_reader {
	struct sw_http *http;
	struct sw_api *api;
	struct sw_reader_call *calls;
	bool has_version, is_asking_version;
};

struct sw_reader_call {
	struct sw_reader *reader;
	struct sw_reader_call *next, *prev;
	struct sw_http_call *http_call; /* NULL: waits for the version */
	struct sw_buf path;
	struct sw_deferred soon;
	struct sw_error error; /* why it fails soon */
	char what[64];
	int64_t timeout_ns;
	size_t body_max;
	sw_http_chunk_fn chunk;
	sw_reader_done_fn done;
	void *user;
	bool is_done;
};

int sw_reader_new(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                  struct sw_reader **out_reader, struct sw_error *err)
{
	struct sw_reader *reader = calloc(1, sizeof *reader);
	if (!reader)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make an engine client");
	if (sw_http_new(loop, endpoint, &reader->http, err) < 0 ||
	    sw_api_new(reader->http, &reader->api, err) < 0) {
		sw_reader_free(reader);
		return -1;
	}
	*out_reader = reader;
	return 0;
}

static void call_free(struct sw_reader_call *call)
{
	struct sw_reader *reader = call->reader;
	sw_loop_cancel(sw_http_loop(reader->http), &call->soon);
	if (call->prev)
		call->prev->next = call->next;
	else
		reader->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	sw_buf_done(&call->path);
	free(call);
}

void sw_reader_cancel(struct sw_reader_call *call)
{
	if (!call || call->is_done)
		return;
	if (call->http_call)
		sw_http_cancel(call->http_call);
	call_free(call);
}

void sw_reader_free(struct sw_reader *reader)
{
	if (!reader)
		return;
	struct sw_reader_call *next;
	for (struct sw_reader_call *call = reader->calls; call; call = next) {
		next = call->next;
		sw_reader_cancel(call);
	}
	/* What is left is the call in whose DONE we are: it frees itself. */
	for (struct sw_reader_call *call = reader->calls; call; call = call->next)
		call->reader = NULL;
	sw_api_free(reader->api);
	sw_http_free(reader->http);
	free(reader);
}

void sw_reader_forget_version(struct sw_reader *reader)
{
	reader->has_version = false;
}

/* Consumes CALL. */
static void finish(struct sw_reader_call *call, const struct sw_http_reply *reply,
                   const struct sw_error *error)
{
	bool has_body = reply && !error && !call->chunk;
	call->is_done = true;
	call->done(call->user, has_body ? reply->body : "", has_body ? reply->body_len : 0, error);
	if (call->reader) {
		call_free(call);
		return;
	}
	sw_buf_done(&call->path);
	free(call);
}

static void on_answered(struct sw_api_call *api_call, const struct sw_http_reply *reply,
                        const struct sw_error *error)
{
	struct sw_reader_call *call = api_call->user;
	/* Nothing was sent, memory being out: this may be from inside sw_reader_get. */
	if (reply)
		finish(call, reply, error);
}

/* The stream's user is the API's call. */
static bool on_chunk(void *user, const struct sw_http_chunk *chunk)
{
	struct sw_reader_call *call = ((struct sw_api_call *)user)->user;
	return call->chunk(call->user, chunk);
}

static void fail_now(void *user)
{
	struct sw_reader_call *call = user;
	finish(call, NULL, &call->error);
}

/* Several may fail at once, and each DONE may cancel the others: so none is called from here. */
static void fail_soon(struct sw_reader_call *call, const struct sw_error *error)
{
	call->error = *error;
	sw_loop_defer(sw_http_loop(call->reader->http), &call->soon, fail_now, call);
}

static void send_now(struct sw_reader_call *call)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_api *api = call->reader->api;
	struct sw_http_request request = {.method = "GET",
	                                  .response_max = call->body_max,
	                                  .chunk = call->chunk ? on_chunk : NULL};
	const struct sw_api_call like = {.answered = on_answered,
	                                 .user = call,
	                                 .timeout_ns = call->timeout_ns};
	struct sw_api_call *api_call = sw_api_call_new(api, &like, "%s", call->what);

	sw_api_path(api, &path, call->path.data);
	if (api_call)
		call->http_call = sw_api_call_send(api_call, &request, &path);
	if (!call->http_call) {
		struct sw_error error;
		sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "%s", call->what);
		fail_soon(call, &error);
	}
}

static void on_version(void *user, const struct sw_error *error)
{
	struct sw_reader *reader = user;

	reader->is_asking_version = false;
	reader->has_version = !error;
	for (struct sw_reader_call *call = reader->calls; call; call = call->next) {
		if (call->http_call || call->is_done || call->soon.pending)
			continue;
		if (error)
			fail_soon(call, error);
		else
			send_now(call);
	}
}

static void ask_version(void *user)
{
	struct sw_reader_call *call = user;
	struct sw_reader *reader = call->reader;
	if (reader->has_version) {
		send_now(call);
	} else if (!reader->is_asking_version) {
		reader->is_asking_version = true;
		sw_api_ping(reader->api, call->timeout_ns, on_version, reader);
	}
}

struct sw_reader_call *sw_reader_get(struct sw_reader *reader, const struct sw_reader_ask *ask,
                                     sw_reader_done_fn done, void *user, struct sw_error *err)
{
	struct sw_reader_call *call = calloc(1, sizeof *call);
	if (!call || sw_buf_add_str(&call->path, ask->path) < 0) {
		free(call);
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "%s", ask->what);
		return NULL;
	}
	(void)sw_text_copy(call->what, sizeof call->what, ask->what);
	call->reader = reader;
	call->timeout_ns = ask->timeout_ns;
	call->body_max = ask->body_max;
	call->chunk = ask->chunk;
	call->done = done;
	call->user = user;
	call->next = reader->calls;
	if (call->next)
		call->next->prev = call;
	reader->calls = call;
	/* Deferred: the ping's answer, when memory is out, may come from inside itself. */
	sw_loop_defer(sw_http_loop(reader->http), &call->soon, ask_version, call);
	return call;
}
