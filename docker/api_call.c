#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/api_internal.h"

static const int64_t shortest_ns = 1000000;

/* What the calls on one container have in common: the path /containers/ID<rest>. */
static struct sw_http_call *ask_container(struct sw_api *api, const struct sw_api_call *like,
                                          struct sw_http_request *request, const char *what,
                                          const char *id, const char *rest)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_api_call *call = sw_api_call_new(api, like, "%s container %.*s", what,
	                                           SW_API_SHORT(id));
	if (!call)
		return NULL;
	sw_api_path(api, &path, "/containers");
	sw_api_path_container(&path, id);
	sw_buf_add_str(&path, rest);
	return sw_api_call_send(call, request, &path);
}

struct sw_http_call *sw_api_container_start(struct sw_api *api, const char *id, int64_t timeout_ns,
                                            sw_api_done_fn done, void *user)
{
	struct sw_http_request request = {.method = "POST"};
	const struct sw_api_call like = {.answered = sw_api_read_started, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns,
	                                 .fine = 304 /* it runs already */};
	return ask_container(api, &like, &request, "starting", id, "/start");
}

struct sw_http_call *sw_api_container_wait(struct sw_api *api, const char *id, int64_t timeout_ns,
                                           sw_api_waited_fn done, void *user)
{
	struct sw_http_request request = {.method = "POST"};
	const struct sw_api_call like = {.answered = sw_api_read_waited, .waited = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	return ask_container(api, &like, &request, "waiting for", id, "/wait?condition=not-running");
}

struct sw_http_call *sw_api_container_state(struct sw_api *api, const char *id, int64_t timeout_ns,
                                            sw_api_state_fn done, void *user)
{
	struct sw_http_request request = {.method = "GET"};
	const struct sw_api_call like = {.answered = sw_api_read_state, .state = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	return ask_container(api, &like, &request, "inspecting", id, "/json");
}

void sw_api_container_kill(struct sw_api *api, const char *id, const char *signal,
                           int64_t timeout_ns, sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf rest = {0};
	struct sw_http_request request = {.method = "POST"};
	const struct sw_api_call like = {.answered = sw_api_read_done, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	sw_buf_add_str(&rest, "/kill?signal=");
	sw_api_path_value(&rest, signal);
	ask_container(api, &like, &request, "killing", id, rest.data ? rest.data : "/kill");
}

static void ask_removal(const struct sw_api_call *like, const char *id)
{
	struct sw_http_request request = {.method = "DELETE"};
	ask_container(like->api, like, &request, "removing", id, "?force=1&v=1");
}

void sw_api_container_remove(struct sw_api *api, const char *id, int64_t timeout_ns,
                             sw_api_done_fn done, void *user)
{
	struct sw_api_call like = {.answered = sw_api_read_removed, .api = api, .done = done,
	                           .user = user, .timeout_ns = timeout_ns, .fine = 404};
	sw_text_copy(like.container, sizeof like.container, id);
	ask_removal(&like, id);
}

/* What CALL has left of its time, at least so much that the engine is asked. */
static struct sw_api_call rest_of(const struct sw_api_call *call)
{
	struct sw_api_call like = {.api = call->api, .done = call->done, .user = call->user, .fine = 404};
	like.timeout_ns = call->deadline_ns - sw_clock_ns();
	if (like.timeout_ns < shortest_ns)
		like.timeout_ns = shortest_ns;
	return like;
}

/* It is over, or has failed: then the engine lets somebody else try. */
static void removal_waited(struct sw_api_call *call, const struct sw_http_reply *reply,
                           const struct sw_error *error)
{
	struct sw_api_call like = rest_of(call);
	(void)reply;
	if (error) {
		call->done(call->user, error);
		return;
	}
	like.answered = sw_api_read_removed;
	ask_removal(&like, call->container);
}

void sw_api_await_removal(const struct sw_api_call *call)
{
	struct sw_http_request request = {.method = "POST"};
	struct sw_api_call like = rest_of(call);
	like.answered = removal_waited;
	sw_text_copy(like.container, sizeof like.container, call->container);
	ask_container(like.api, &like, &request, "waiting for the removal of", call->container,
	              "/wait?condition=removed");
}

struct sw_http_call *sw_api_container_upload(struct sw_api *api, const char *id, const char *path,
                                             const void *tar, size_t tar_len, int64_t timeout_ns,
                                             sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf rest = {0};
	struct sw_http_request request = {.method = "PUT", .content_type = "application/x-tar",
	                                  .body = tar, .body_len = tar_len};
	const struct sw_api_call like = {.answered = sw_api_read_done, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	sw_buf_add_str(&rest, "/archive?path=");
	sw_api_path_value(&rest, path);
	return ask_container(api, &like, &request, "uploading into", id, rest.data ? rest.data : "/archive");
}

void sw_api_container_export(struct sw_api *api, const char *id, int fd, int64_t timeout_ns,
                             sw_api_done_fn done, void *user)
{
	struct sw_http_request request = {.method = "GET", .download_fd = fd};
	const struct sw_api_call like = {.answered = sw_api_read_done, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	ask_container(api, &like, &request, "exporting", id, "/export");
}

/* The image that BODY asks for, for an error's text: sw_api_create_body writes it first. Another
 * body is not searched, and then the text does without. */
static void image_of(const char *body, char *dst, size_t size)
{
	static const char key[] = "{\"Image\":\"";
	dst[0] = '\0';
	if (strncmp(body, key, sizeof key - 1) == 0)
		sw_text_clean(dst, size, body + sizeof key - 1, strcspn(body + sizeof key - 1, "\"\\"));
}

void sw_api_container_create(struct sw_api *api, const char *name, const char *body,
                             int64_t timeout_ns, sw_api_created_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {
		.method = "POST", .body = body, .body_len = strlen(body), .is_once = true};
	const struct sw_api_call like = {.answered = sw_api_read_created, .created = done,
	                                 .user = user, .timeout_ns = timeout_ns};
	char image[256];
	image_of(body, image, sizeof image);
	struct sw_api_call *call = sw_api_call_new(
		api, &like, image[0] ? "creating a container from image '%s'" : "creating a container%s",
		image);
	if (!call)
		return;
	sw_api_path(api, &path, "/containers/create");
	if (name) {
		sw_buf_add_str(&path, "?name=");
		sw_api_path_value(&path, name);
	}
	sw_api_call_send(call, &request, &path);
}

void sw_api_container_list(struct sw_api *api, const char *label, int64_t timeout_ns,
                           sw_api_container_fn each, sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	SW_CLEANUP(buf) struct sw_buf filter = {0};
	struct sw_http_request request = {.method = "GET", .response_max = 16 << 20};
	const struct sw_api_call like = {.answered = sw_api_read_list, .done = done, .each = each,
	                                 .user = user, .timeout_ns = timeout_ns};
	struct sw_api_call *call = sw_api_call_new(api, &like, "listing containers");
	struct sw_json json;
	if (!call)
		return;
	sw_json_init(&json, &filter, 0);
	sw_json_object(&json, NULL);
	sw_json_array(&json, "label");
	sw_json_str(&json, NULL, label);
	sw_json_end_array(&json);
	sw_json_end_object(&json);
	sw_api_path(api, &path, "/containers/json?all=1&filters=");
	sw_api_path_value(&path, filter.data ? filter.data : "");
	sw_api_call_send(call, &request, &path);
}

void sw_api_image_inspect(struct sw_api *api, const char *name, int64_t timeout_ns,
                          sw_api_image_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "GET"};
	const struct sw_api_call like = {.answered = sw_api_read_image, .image = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	struct sw_api_call *call = sw_api_call_new(api, &like, "inspecting image '%s'", name);
	if (!call)
		return;
	sw_api_path(api, &path, "/images");
	sw_api_path_image(&path, name);
	sw_buf_add_str(&path, "/json");
	sw_api_call_send(call, &request, &path);
}

void sw_api_image_import(struct sw_api *api, const char *name, int fd, const char *const *changes,
                         int64_t timeout_ns, sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "POST", .content_type = "application/x-tar",
	                                  .upload_fd = fd};
	const struct sw_api_call like = {.answered = sw_api_read_imported, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	struct sw_api_call *call = sw_api_call_new(api, &like, "importing image '%s'", name);
	char repository[256];
	size_t len = sw_api_repository_len(name);
	if (!call)
		return;
	(void)snprintf(repository, sizeof repository, "%.*s", (int)len, name);
	sw_api_path(api, &path, "/images/create?fromSrc=-&repo=");
	sw_api_path_value(&path, repository);
	sw_buf_add_str(&path, "&tag=");
	sw_api_path_value(&path, name[len] ? name + len + 1 : "latest");
	for (; changes && *changes; changes++) {
		sw_buf_add_str(&path, "&changes=");
		sw_api_path_value(&path, *changes);
	}
	sw_api_call_send(call, &request, &path);
}

void sw_api_image_remove(struct sw_api *api, const char *name, int64_t timeout_ns,
                         sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "DELETE"};
	const struct sw_api_call like = {.answered = sw_api_read_done, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns, .fine = 404};
	struct sw_api_call *call = sw_api_call_new(api, &like, "removing image '%s'", name);
	if (!call)
		return;
	sw_api_path(api, &path, "/images");
	sw_api_path_image(&path, name);
	sw_api_call_send(call, &request, &path);
}

void sw_api_network_create(struct sw_api *api, const char *name, const char *label,
                           int64_t timeout_ns, sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	SW_CLEANUP(buf) struct sw_buf body = {0};
	struct sw_http_request request = {.method = "POST"};
	const struct sw_api_call like = {.answered = sw_api_read_done, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns,
	                                 .fine = 409 /* it is there already */};
	struct sw_api_call *call = sw_api_call_new(api, &like, "creating network '%s'", name);
	struct sw_json json;
	if (!call)
		return;
	sw_json_init(&json, &body, 0);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "Name", name);
	sw_json_bool(&json, "CheckDuplicate", true);
	sw_json_str(&json, "Driver", "bridge");
	sw_json_object(&json, "Labels");
	sw_json_str(&json, label, "");
	sw_json_end_object(&json);
	sw_json_end_object(&json);
	request.body = body.data;
	request.body_len = body.len;
	sw_api_path(api, &path, "/networks/create");
	sw_api_call_send(call, &request, &path);
}

void sw_api_network_remove(struct sw_api *api, const char *name, int64_t timeout_ns,
                           sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "DELETE"};
	const struct sw_api_call like = {.answered = sw_api_read_done, .done = done, .user = user,
	                                 .timeout_ns = timeout_ns, .fine = 404};
	struct sw_api_call *call = sw_api_call_new(api, &like, "removing network '%s'", name);
	if (!call)
		return;
	sw_api_path(api, &path, "/networks");
	sw_api_path_container(&path, name);
	sw_api_call_send(call, &request, &path);
}
