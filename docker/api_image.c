#include <string.h>

#include "core/json.h"
#include "core/text.h"
#include "docker/api_internal.h"

size_t sw_api_repository_len(const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *colon = strrchr(name, ':');
	return colon && (!slash || colon > slash) ? (size_t)(colon - name) : strlen(name);
}

void sw_api_image_tag(struct sw_api *api, const char *name, const char *new_name,
                      int64_t timeout_ns, sw_api_done_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "POST"};
	const struct sw_api_call like = {
		.answered = sw_api_read_done, .done = done, .user = user, .timeout_ns = timeout_ns};
	char repository[256];
	size_t len = sw_api_repository_len(new_name);
	struct sw_api_call *call =
		sw_api_call_new(api, &like, "naming image '%.120s' '%.200s'", name, new_name);
	if (!call)
		return;
	(void)snprintf(repository, sizeof repository, "%.*s", (int)len, new_name);
	sw_api_path(api, &path, "/images");
	sw_api_path_image(&path, name);
	sw_buf_add_str(&path, "/tag?repo=");
	sw_api_path_value(&path, repository);
	sw_buf_add_str(&path, "&tag=");
	sw_api_path_value(&path, new_name[len] ? new_name + len + 1 : "latest");
	if (len >= sizeof repository)
		path.overflow = true;
	sw_api_call_send(call, &request, &path);
}

static void each_image(const struct sw_api_call *call, const cJSON *item)
{
	const cJSON *tag;
	cJSON_ArrayForEach(tag, cJSON_GetObjectItemCaseSensitive(item, "RepoTags"))
	{
		char name[300];
		const char *text = cJSON_GetStringValue(tag);
		if (!text || strlen(text) >= sizeof name)
			continue;
		sw_text_clean(name, sizeof name, text, strlen(text));
		call->each_tag(call->user, name);
	}
}

static void each_nameless(const struct sw_api_call *call, const cJSON *item)
{
	char id[80], value[80];
	sw_api_json_text(item, "Id", id, sizeof id);
	sw_api_json_text(cJSON_GetObjectItemCaseSensitive(item, "Labels"), call->label, value, sizeof value);
	/* Whatever the filter means to an engine: one with a name is its owner's. */
	const char *tag = cJSON_GetStringValue(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(item, "RepoTags"), 0));
	if (id[0] && (!tag || strcmp(tag, "<none>:<none>") == 0))
		call->each_nameless(call->user, id, value);
}

static void read_images(struct sw_api_call *call, const struct sw_http_reply *reply,
                        const struct sw_error *error)
{
	struct sw_error own;
	const cJSON *item;
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Array, &own);

	if (!error && !json)
		error = &own;
	cJSON_ArrayForEach(item, json)
	{
		if (call->each_tag)
			each_image(call, item);
		else
			each_nameless(call, item);
	}
	call->done(call->user, error);
}

/* FILTER: pairs of a key and its one value; a NULL key ends them. */
static void list_images(struct sw_api *api, const struct sw_api_call *like, const char *what,
                        const char *const filter[][2])
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	SW_CLEANUP(buf) struct sw_buf filters = {0};
	struct sw_http_request request = {.method = "GET", .response_max = 4 << 20};
	struct sw_api_call *call = sw_api_call_new(api, like, "%s", what);
	struct sw_json json;
	if (!call)
		return;
	sw_json_init(&json, &filters, 0);
	sw_json_object(&json, NULL);
	for (; (*filter)[0]; filter++) {
		sw_json_array(&json, (*filter)[0]);
		sw_json_str(&json, NULL, (*filter)[1]);
		sw_json_end_array(&json);
	}
	sw_json_end_object(&json);
	sw_api_path(api, &path, "/images/json?filters=");
	sw_api_path_value(&path, filters.data ? filters.data : "");
	sw_api_call_send(call, &request, &path);
}

void sw_api_image_list(struct sw_api *api, const char *pattern, int64_t timeout_ns,
                       sw_api_tag_fn each, sw_api_done_fn done, void *user)
{
	const struct sw_api_call like = {.answered = read_images,
	                                 .done = done,
	                                 .each_tag = each,
	                                 .user = user,
	                                 .timeout_ns = timeout_ns};
	const char *const filter[][2] = {{"reference", pattern}, {NULL, NULL}};
	list_images(api, &like, "listing images", filter);
}

void sw_api_image_list_nameless(struct sw_api *api, const char *label, int64_t timeout_ns,
                                sw_api_nameless_fn each, sw_api_done_fn done, void *user)
{
	const struct sw_api_call like = {.answered = read_images,
	                                 .done = done,
	                                 .each_nameless = each,
	                                 .label = label,
	                                 .user = user,
	                                 .timeout_ns = timeout_ns};
	const char *const filter[][2] = {{"dangling", "true"}, {"label", label}, {NULL, NULL}};
	list_images(api, &like, "listing images without a name", filter);
}
