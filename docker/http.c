#include "docker/http.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "docker/http_internal.h"

enum { SPARE_MAX = 8 };

static void call_destroy(struct sw_http_call *call)
{
	curl_easy_cleanup(call->easy);
	curl_slist_free_all(call->headers);
	sw_buf_done(&call->url);
	sw_buf_done(&call->body);
	sw_buf_done(&call->answer);
	free(call);
}

static void call_unlink(struct sw_http_call *call)
{
	struct sw_http *http = call->http;
	if (call->prev)
		call->prev->next = call->next;
	else
		http->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
	call->next = call->prev = NULL;
}

/* Takes CALL out of everything; removing a running transfer closes its connection. */
static void call_stop(struct sw_http_call *call)
{
	sw_http_call_let_go(call);
	sw_loop_cancel(call->http->loop, &call->fail_soon);
	sw_loop_cancel(call->http->loop, &call->tell_soon);
	sw_loop_disarm(call->http->loop, &call->head_timer);
	if (call->is_added)
		curl_multi_remove_handle(call->http->multi, call->easy);
	call->is_added = false;
	call_unlink(call);
}

/* Keeps the handle (and its buffers, unless they grew large) for the next request. */
static void call_recycle(struct sw_http_call *call)
{
	enum { KEEP_BYTES = 64 << 10 };
	struct sw_http *http = call->http;
	if (http->n_spare >= SPARE_MAX) {
		call_destroy(call);
		return;
	}
	if (call->body.cap > KEEP_BYTES)
		sw_buf_done(&call->body);
	if (call->answer.cap > KEEP_BYTES)
		sw_buf_done(&call->answer);
	curl_slist_free_all(SW_TAKE(call->headers));
	call->next = http->spare;
	http->spare = call;
	http->n_spare++;
}

static struct sw_http_call *call_new(struct sw_http *http)
{
	struct sw_http_call *call = http->spare;
	if (call) {
		http->spare = call->next;
		http->n_spare--;
		struct sw_http_call fresh = {.easy = call->easy, .url = call->url, .body = call->body,
		                             .answer = call->answer};
		*call = fresh;
		sw_buf_clear(&call->url);
		sw_buf_clear(&call->body);
		sw_buf_clear(&call->answer);
	} else {
		call = calloc(1, sizeof *call);
		if (!call)
			return NULL;
		call->easy = curl_easy_init();
		if (!call->easy) {
			free(call);
			return NULL;
		}
	}
	call->http = http;
	call->next = http->calls;
	if (call->next)
		call->next->prev = call;
	http->calls = call;
	return call;
}

/* A stream's last bytes come before its DONE. */
static bool tell_the_rest(struct sw_http_call *call, bool *out_alive)
{
	struct sw_http *http = call->http;
	bool gone = false;
	http->gone = &gone;
	bool fine = sw_http_call_tell(call);
	*out_alive = !gone;
	if (!gone)
		http->gone = NULL;
	return fine;
}

bool sw_http_call_finish(struct sw_http_call *call, CURLcode result)
{
	struct sw_http *http = call->http;
	struct sw_error error;
	long status = 0;
	char *address = NULL;
	bool alive;

	if (call->tell_soon.pending && !call->is_enough && !tell_the_rest(call, &alive))
		return alive;
	bool failed = sw_http_call_judge(call, result, &error);
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(call->easy, CURLINFO_PRIMARY_IP, &address);
	if (status > 0 && address && !http->endpoint.is_unix)
		(void)sw_text_copy(http->endpoint.address, sizeof http->endpoint.address, address);
	call_stop(call);

	struct sw_http_reply reply = {
		.status = (int)status,
		.body = call->answer.data ? call->answer.data : "",
		.body_len = call->answer.len,
		.error = failed ? &error : NULL,
	};
	memcpy(reply.api_version, call->api_version, sizeof reply.api_version);
	bool gone = false;
	http->gone = &gone;
	call->is_done = true;
	call->done(call->user, &reply);
	if (gone) {
		call_destroy(call);
		return false;
	}
	http->gone = NULL;
	call_recycle(call);
	return true;
}

static void finish_all(struct sw_http *http)
{
	CURLMsg *message;
	int left;
	while ((message = curl_multi_info_read(http->multi, &left))) {
		struct sw_http_call *call = NULL;
		if (message->msg != CURLMSG_DONE)
			continue;
		/* MESSAGE dies with the handle's removal. */
		CURLcode result = message->data.result;
		curl_easy_getinfo(message->easy_handle, CURLINFO_PRIVATE, &call);
		if (!sw_http_call_finish(call, result))
			return;
	}
}

static void act(struct sw_http *http, curl_socket_t fd, int bits)
{
	int running;
	curl_multi_socket_action(http->multi, fd, bits, &running);
	finish_all(http);
}

static void on_ready(void *user, int fd, unsigned events)
{
	act(user, fd, (events & SW_LOOP_READ ? CURL_CSELECT_IN : 0) |
	              (events & SW_LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static void on_due(void *user)
{
	act(user, CURL_SOCKET_TIMEOUT, 0);
}

static int want_socket(CURL *easy, curl_socket_t fd, int what, void *user, void *per_socket)
{
	struct sw_http *http = user;
	(void)easy, (void)per_socket;
	/* A descriptor watched for nothing would still report its hang-up, for ever. */
	if (what == CURL_POLL_REMOVE || what == CURL_POLL_NONE) {
		sw_loop_unwatch(http->loop, fd);
		return 0;
	}
	return sw_loop_watch(http->loop, fd, (what & CURL_POLL_IN ? SW_LOOP_READ : 0) |
	                     (what & CURL_POLL_OUT ? SW_LOOP_WRITE : 0), on_ready, http, NULL);
}

static int want_timer(CURLM *multi, long timeout_ms, void *user)
{
	struct sw_http *http = user;
	(void)multi;
	if (timeout_ms < 0) {
		sw_loop_disarm(http->loop, &http->timer);
		return 0;
	}
	return sw_loop_arm(http->loop, &http->timer, sw_clock_ns() + timeout_ms * INT64_C(1000000),
	                   on_due, http);
}

static int http_init(struct sw_http *http, struct sw_loop *loop,
                     const struct sw_endpoint *endpoint)
{
	http->loop = loop;
	http->endpoint = *endpoint;
	bool is_ipv6 = strchr(endpoint->host, ':');
	if (endpoint->is_unix)
		(void)snprintf(http->base, sizeof http->base, "http://localhost");
	else
		(void)snprintf(http->base, sizeof http->base, is_ipv6 ? "http://[%s]:%d" : "http://%s:%d",
		               endpoint->host, endpoint->port);

	/* A name without a value takes the header out. libcurl's own content type must not go without a
	 * body; waiting for 100-continue costs a second where the engine does not answer it. */
	http->bare_headers = curl_slist_append(NULL, "Content-Type:");
	http->json_headers = curl_slist_append(NULL, "Content-Type: application/json");
	if (!http->bare_headers || !http->json_headers ||
	    !curl_slist_append(http->json_headers, "Expect:"))
		return -1;
	http->multi = curl_multi_init();
	if (!http->multi)
		return -1;
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETFUNCTION, want_socket);
	curl_multi_setopt(http->multi, CURLMOPT_SOCKETDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERFUNCTION, want_timer);
	curl_multi_setopt(http->multi, CURLMOPT_TIMERDATA, http);
	curl_multi_setopt(http->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return 0;
}

int sw_http_new(struct sw_loop *loop, const struct sw_endpoint *endpoint, struct sw_http **out_http,
                struct sw_error *err)
{
	struct sw_http *http = calloc(1, sizeof *http);
	/* Counted by libcurl and safe from several threads since 7.84. */
	if (http && curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		free(http);
		http = NULL;
	}
	if (!http || http_init(http, loop, endpoint) < 0) {
		sw_http_free(http);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a client for %s",
		                    endpoint->text);
	}
	*out_http = http;
	return 0;
}

void sw_http_free(struct sw_http *http)
{
	if (!http)
		return;
	if (http->gone)
		*http->gone = true;
	while (http->calls)
		sw_http_cancel(http->calls);
	while (http->spare) {
		struct sw_http_call *call = http->spare;
		http->spare = call->next;
		call_destroy(call);
	}
	if (http->multi)
		curl_multi_cleanup(http->multi); /* closes kept connections: want_socket is called */
	sw_loop_disarm(http->loop, &http->timer);
	curl_slist_free_all(http->json_headers);
	curl_slist_free_all(http->bare_headers);
	free(http);
	curl_global_cleanup();
}

const struct sw_endpoint *sw_http_endpoint(const struct sw_http *http)
{
	return &http->endpoint;
}

struct sw_loop *sw_http_loop(const struct sw_http *http)
{
	return http->loop;
}

static void call_discard(struct sw_http_call *call)
{
	call_stop(call);
	call_recycle(call);
}

struct sw_http_call *sw_http_send(struct sw_http *http, const struct sw_http_request *request,
                                  sw_http_done_fn done, void *user, struct sw_error *err)
{
	struct sw_http_call *call = call_new(http);
	if (call) {
		call->done = done;
		call->user = user;
		call->dropped = request->dropped;
		if (sw_http_call_setup(call, request) == 0 &&
		    curl_multi_add_handle(http->multi, call->easy) == CURLM_OK) {
			call->is_added = true;
			return call;
		}
		call_discard(call);
	}
	sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot send a request to %s", http->endpoint.text);
	return NULL;
}

static void fail_now(void *user)
{
	struct sw_http_call *call = user;
	sw_http_call_finish(call, CURLE_OK);
}

struct sw_http_call *sw_http_fail(struct sw_http *http, const struct sw_error *why,
                                  void (*dropped)(void *user), sw_http_done_fn done, void *user)
{
	struct sw_http_call *call = call_new(http);
	if (!call)
		return NULL;
	curl_easy_reset(call->easy);
	call->done = done;
	call->user = user;
	call->dropped = dropped;
	call->error = *why;
	call->is_failed = true;
	sw_loop_defer(http->loop, &call->fail_soon, fail_now, call);
	return call;
}

void sw_http_cancel(struct sw_http_call *call)
{
	if (call->is_done)
		return;
	void (*dropped)(void *user) = call->dropped;
	void *user = call->user;
	if (call->cancelled)
		*call->cancelled = true;
	call_discard(call);
	if (dropped)
		dropped(user);
}
