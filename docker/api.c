#include "docker/api.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/loop.h"
#include "core/text.h"
#include "docker/api_internal.h"

/* Dynamic fields of later versions are not used, and 1.24 is what Docker 1.12 spoke. */
#define OLDEST "1.24"
#define NEWEST "1.47"

int sw_api_new(struct sw_http *http, struct sw_api **out_api, struct sw_error *err)
{
	struct sw_api *api = calloc(1, sizeof *api);
	if (!api)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make an engine client");
	api->http = http;
	sw_api_set_version(api, OLDEST);
	*out_api = api;
	return 0;
}

void sw_api_free(struct sw_api *api)
{
	if (!api)
		return;
	while (api->calls)
		sw_http_cancel(api->calls->http_call);
	free(api);
}

struct sw_http *sw_api_http(struct sw_api *api)
{
	return api->http;
}

const char *sw_api_version(const struct sw_api *api)
{
	return api->version;
}

void sw_api_set_version(struct sw_api *api, const char *version)
{
	(void)sw_text_copy(api->version, sizeof api->version, version);
}

static void call_unlink(struct sw_api_call *call)
{
	if (call->prev)
		call->prev->next = call->next;
	else
		call->api->calls = call->next;
	if (call->next)
		call->next->prev = call->prev;
}

static void call_free(struct sw_api_call *call)
{
	free(call->info_so_far);
	free(call);
}

static void on_dropped(void *user)
{
	struct sw_api_call *call = user;
	call_unlink(call);
	call_free(call);
}

struct sw_api_call *sw_api_call_new(struct sw_api *api, const struct sw_api_call *like,
                                    const char *what, ...)
{
	struct sw_api_call *call = malloc(sizeof *call);
	if (!call) {
		struct sw_error error;
		struct sw_api_call none = *like;
		none.api = api;
		sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "asking the engine");
		none.answered(&none, NULL, &error);
		return NULL;
	}
	*call = *like;
	call->api = api;
	call->deadline_ns = sw_clock_ns() + call->timeout_ns;
	va_list args;
	va_start(args, what);
	(void)vsnprintf(call->what, sizeof call->what, what, args);
	va_end(args);
	call->next = api->calls;
	if (call->next)
		call->next->prev = call;
	api->calls = call;
	return call;
}

static void on_reply(void *user, const struct sw_http_reply *reply)
{
	struct sw_api_call *call = user;
	struct sw_error error;
	bool is_error = true;

	if (reply->error) {
		error = *reply->error;
		sw_error_wrap(&error, "%s", call->what);
	} else if (reply->status >= 300 && reply->status != call->fine) {
		char reason[384];
		sw_api_reason(reason, sizeof reason, reply->body, reply->body_len);
		sw_error_set(&error, sw_api_status_code(reply->status), 0, "%s: %s (%d)", call->what,
		             reason[0] ? reason : "the engine gave no reason", reply->status);
	} else {
		is_error = false;
	}
	call_unlink(call);
	call->answered(call, reply, is_error ? &error : NULL);
	call_free(call);
}

struct sw_http_call *sw_api_call_send(struct sw_api_call *call, struct sw_http_request *request,
                                      const struct sw_buf *path)
{
	struct sw_http *http = call->api->http;
	struct sw_error error;

	request->path = path->data;
	request->timeout_ns = call->timeout_ns;
	request->dropped = on_dropped;
	if (path->overflow) {
		sw_error_set(&error, SW_ERR_USAGE, 0, "this is not a valid name");
		call->http_call = sw_http_fail(http, &error, on_dropped, on_reply, call);
	} else {
		call->http_call = sw_http_send(http, request, on_reply, call, &error);
	}
	if (call->http_call)
		return call->http_call;
	sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "%s", call->what);
	call_unlink(call);
	call->answered(call, NULL, &error);
	call_free(call);
	return NULL;
}

void sw_api_path(const struct sw_api *api, struct sw_buf *path, const char *text)
{
	sw_buf_addf(path, "/v%s%s", api->version, text);
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '.' || c == '-';
}

static void add_encoded(struct sw_buf *path, const char *text, const char *also)
{
	for (; *text; text++) {
		if (is_word(*text) || strchr(also, *text))
			sw_buf_add(path, text, 1);
		else
			sw_buf_addf(path, "%%%02X", (unsigned)(unsigned char)*text);
	}
}

void sw_api_path_value(struct sw_buf *path, const char *text)
{
	add_encoded(path, text, "");
}

void sw_api_path_container(struct sw_buf *path, const char *name)
{
	size_t len = 0;
	while (is_word(name[len]))
		len++;
	if (len == 0 || len > 255 || name[len] || name[0] == '.')
		path->overflow = true;
	sw_buf_add_str(path, "/");
	sw_buf_add(path, name, len);
}

void sw_api_path_image(struct sw_buf *path, const char *name)
{
	size_t len = strlen(name);
	if (len == 0 || len > 255 || name[0] == '/' || name[0] == '.' || name[len - 1] == '/' ||
	    strstr(name, "..") || strstr(name, "//") || strstr(name, "/./"))
		path->overflow = true;
	sw_buf_add_str(path, "/");
	add_encoded(path, name, ":/@");
}

/* "1.41" -> 1041; -1 for anything else. */
static int version_number(const char *text)
{
	int parts[2] = {0, 0};
	for (int i = 0; i < 2; i++) {
		size_t digits = strspn(text, "0123456789");
		if (digits == 0 || digits > 3)
			return -1;
		for (; digits > 0; digits--)
			parts[i] = parts[i] * 10 + (*text++ - '0');
		if (i == 0 && *text++ != '.')
			return -1;
	}
	return *text || parts[1] > 999 ? -1 : parts[0] * 1000 + parts[1];
}

static void read_ping(struct sw_api_call *call, const struct sw_http_reply *reply,
                      const struct sw_error *error)
{
	const char *where = sw_http_endpoint(call->api->http)->text;
	struct sw_error alien;
	char seen[80], reason[8];
	int version = reply ? version_number(reply->api_version) : -1;

	if (reply && !reply->error) {
		bool is_ok = reply->status == 200 && reply->body_len >= 2 &&
		             strncmp(reply->body, "OK", 2) == 0 && strspn(reply->body + 2, "\r\n") ==
		             reply->body_len - 2;
		sw_text_clean(seen, sizeof seen, reply->body, reply->body_len);
		if (is_ok && version >= version_number(OLDEST)) {
			bool is_newer = version > version_number(NEWEST);
			sw_api_set_version(call->api, is_newer ? NEWEST : reply->api_version);
			error = NULL;
		} else if (is_ok) {
			sw_error_set(&alien, SW_ERR_PROTOCOL, 0,
			             "%s speaks Docker API '%s', and %s or later is needed", where,
			             reply->api_version, OLDEST);
			error = &alien;
		} else if (!error || !sw_api_reason(reason, sizeof reason, reply->body,
		                                    reply->body_len)[0]) {
			sw_error_set(&alien, SW_ERR_PROTOCOL, 0,
			             "%s is not a container engine: asked for /_ping, it answered %d '%s'",
			             where, reply->status, seen);
			error = &alien;
		}
	}
	call->done(call->user, error);
}

void sw_api_ping(struct sw_api *api, int64_t timeout_ns, sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "GET", .response_max = 64 << 10};
	const struct sw_api_call like = {
		.answered = read_ping, .done = done, .user = user, .timeout_ns = timeout_ns};
	struct sw_api_call *call = sw_api_call_new(api, &like, "asking whether an engine is there");
	if (!call)
		return;
	sw_buf_add_str(&path, "/_ping");
	sw_api_call_send(call, &request, &path);
}

void sw_api_attach_path(const struct sw_api *api, const char *id, bool with_stdin, char *dst,
                        size_t size)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	sw_api_path(api, &path, "/containers");
	sw_api_path_container(&path, id);
	sw_buf_addf(&path, "/attach?stream=1&stdin=%d&stdout=1&stderr=1", with_stdin);
	if (path.overflow || !sw_text_copy(dst, size, path.data))
		dst[0] = '\0';
}
