#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "docker/api_internal.h"

cJSON *sw_api_parse(const struct sw_api_call *call, const struct sw_http_reply *reply, int type,
                    struct sw_error *err)
{
	cJSON *json = sw_api_json(reply->body, reply->body_len);
	if (json && (json->type & 0xff) == type)
		return json;
	cJSON_Delete(json);
	sw_api_nonsense(call, reply, err);
	return NULL;
}

void sw_api_read_done(struct sw_api_call *call, const struct sw_http_reply *reply,
                      const struct sw_error *error)
{
	(void)reply;
	call->done(call->user, error);
}

/* Engines say 204, and no more: a whole page of something else is no answer (facts.md: HTTP 200 alone is
 * never success). */
static const struct sw_error *check_is_mute(const struct sw_api_call *call,
                                            const struct sw_http_reply *reply,
                                            const struct sw_error *error, struct sw_error *own)
{
	if (error || reply->status == call->fine || reply->body_len == 0)
		return error;
	sw_api_nonsense(call, reply, own);
	return own;
}

void sw_api_read_started(struct sw_api_call *call, const struct sw_http_reply *reply,
                         const struct sw_error *error)
{
	struct sw_error own;
	call->done(call->user, check_is_mute(call, reply, error, &own));
}

void sw_api_read_removed(struct sw_api_call *call, const struct sw_http_reply *reply,
                         const struct sw_error *error)
{
	struct sw_error own;
	/* "removal of container … is already in progress" */
	if (error && reply && !reply->error && reply->status == 409 && *call->container &&
	    strstr(reply->body, "already in progress")) {
		sw_api_await_removal(call);
		return;
	}
	call->done(call->user, check_is_mute(call, reply, error, &own));
}

/* An import answers 200 before it has read the tar; what came of it stands in a row of JSON
 * objects: {"status":"sha256:…"}, or {"errorDetail":{…},"error":"…"}. */
void sw_api_read_imported(struct sw_api_call *call, const struct sw_http_reply *reply,
                          const struct sw_error *error)
{
	struct sw_error own;
	char text[256] = "";
	int objects = 0;

	const char *at = error ? NULL : reply->body, *end = at ? at + reply->body_len : NULL;
	while (at && (at += strspn(at, " \t\r\n")) < end && !text[0]) {
		const char *next = NULL;
		SW_CLEANUP(cjson) cJSON *json = cJSON_ParseWithLengthOpts(at, (size_t)(end - at), &next, 0);
		if (!cJSON_IsObject(json)) {
			objects = 0;
			break;
		}
		sw_api_json_text(json, "error", text, sizeof text);
		objects++;
		at = next;
	}
	if (!error && text[0])
		error = (sw_error_set(&own, SW_ERR_REFUSED, 0, "%s: %s", call->what, text), &own);
	else if (!error && objects == 0)
		error = (sw_api_nonsense(call, reply, &own), &own);
	call->done(call->user, error);
}

/* An array of strings as pointers into JSON, NULL-terminated; NULL when there is none. */
static char **strings(const cJSON *array)
{
	int n = cJSON_GetArraySize(array);
	const cJSON *item;
	if (!cJSON_IsArray(array) || n == 0)
		return NULL;
	char **list = calloc((size_t)n + 1, sizeof *list);
	n = 0;
	cJSON_ArrayForEach(item, array)
		if (list && cJSON_IsString(item))
			list[n++] = item->valuestring;
	return list;
}

void sw_api_read_image(struct sw_api_call *call, const struct sw_http_reply *reply,
                       const struct sw_error *error)
{
	struct sw_error own;
	struct sw_api_image image = {0};
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Object, &own);

	if (json) {
		const cJSON *config = cJSON_GetObjectItemCaseSensitive(json, "Config");
		const cJSON *labels = cJSON_GetObjectItemCaseSensitive(config, "Labels");
		sw_api_json_text(json, "Id", image.id, sizeof image.id);
		image.size_bytes = sw_api_json_int(json, "Size");
		sw_api_json_text(labels, "org.sandwatch.layout", image.layout, sizeof image.layout);
		sw_api_json_text(labels, "org.sandwatch.recipe", image.recipe, sizeof image.recipe);
		image.tagged =
			cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(json, "RepoTags")) > 0;
		image.entrypoint = strings(cJSON_GetObjectItemCaseSensitive(config, "Entrypoint"));
		image.command = strings(cJSON_GetObjectItemCaseSensitive(config, "Cmd"));
		if (!image.id[0])
			sw_api_nonsense(call, reply, &own);
	}
	bool fine = json && image.id[0];
	call->image(call->user, fine ? &image : NULL, fine ? NULL : error ? error : &own);
	free(image.entrypoint);
	free(image.command);
}

/* OBJECT's Id if it is one, else NULL; it goes into paths. */
static const char *container_id(const cJSON *object)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "Id"));
	size_t len = text ? strspn(text, "0123456789abcdef") : 0;
	return len >= 12 && len < SW_CONTAINER_ID_MAX && text[len] == '\0' ? text : NULL;
}

static void join_warnings(const cJSON *warnings, char *dst, size_t size)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	const cJSON *item;
	cJSON_ArrayForEach(item, warnings) {
		if (cJSON_IsString(item))
			sw_buf_addf(&text, "%s%s", text.len ? "; " : "", item->valuestring);
	}
	sw_text_clean(dst, size, text.data ? text.data : "", text.len);
}

void sw_api_read_created(struct sw_api_call *call, const struct sw_http_reply *reply,
                         const struct sw_error *error)
{
	struct sw_error own;
	char warning[512] = "";
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Object, &own);

	const char *id = container_id(json);
	if (id) {
		join_warnings(cJSON_GetObjectItemCaseSensitive(json, "Warnings"), warning, sizeof warning);
		call->created(call->user, id, warning, NULL);
		return;
	}
	if (json)
		sw_api_nonsense(call, reply, &own);
	call->created(call->user, NULL, "", error ? error : &own);
}

void sw_api_read_waited(struct sw_api_call *call, const struct sw_http_reply *reply,
                        const struct sw_error *error)
{
	struct sw_error own;
	char text[256];
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Object, &own);
	const cJSON *code = cJSON_GetObjectItemCaseSensitive(json, "StatusCode");

	sw_api_json_text(cJSON_GetObjectItemCaseSensitive(json, "Error"), "Message", text, sizeof text);
	if (json && text[0])
		sw_error_set(&own, SW_ERR_REFUSED, 0, "%s: %s", call->what, text);
	else if (json && !cJSON_IsNumber(code))
		sw_api_nonsense(call, reply, &own);
	else if (json) {
		call->waited(call->user, code->valueint, NULL);
		return;
	}
	call->waited(call->user, -1, error ? error : &own);
}

void sw_api_read_state(struct sw_api_call *call, const struct sw_http_reply *reply,
                       const struct sw_error *error)
{
	struct sw_error own;
	struct sw_api_state state = {0};
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Object, &own);
	const cJSON *from = cJSON_GetObjectItemCaseSensitive(json, "State");

	sw_api_json_text(from, "Status", state.status, sizeof state.status);
	if (!json || !state.status[0]) {
		if (json)
			sw_api_nonsense(call, reply, &own);
		call->state(call->user, NULL, error ? error : &own);
		return;
	}
	state.running = sw_api_json_bool(from, "Running");
	state.oom_killed = sw_api_json_bool(from, "OOMKilled");
	state.exit_code = (int)sw_api_json_int(from, "ExitCode");
	sw_api_json_text(from, "Error", state.error, sizeof state.error);
	call->state(call->user, &state, NULL);
}

/* "k=v" of each label, owned; NULL when memory is out. */
static char **label_list(const cJSON *labels)
{
	int n = 0;
	const cJSON *item;
	char **list = calloc((size_t)cJSON_GetArraySize(labels) + 1, sizeof *list);
	cJSON_ArrayForEach(item, labels) {
		if (!list || !cJSON_IsString(item))
			continue;
		SW_CLEANUP(buf) struct sw_buf raw = {0};
		sw_buf_addf(&raw, "%s=%s", item->string, item->valuestring);
		list[n] = raw.overflow ? NULL : malloc(raw.len + 1);
		if (!list[n])
			break;
		sw_text_clean(list[n++], raw.len + 1, raw.data, raw.len);
	}
	return list;
}

static void each_container(const struct sw_api_call *call, const cJSON *item)
{
	static const char *const none[] = {NULL};
	char name[256] = "", state[16];
	const char *id = container_id(item);
	const char *first = cJSON_GetStringValue(
		cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(item, "Names"), 0));

	if (!id)
		return;
	sw_api_json_text(item, "State", state, sizeof state);
	if (first)
		first += first[0] == '/';
	if (first)
		sw_text_clean(name, sizeof name, first, strlen(first));
	char **labels = label_list(cJSON_GetObjectItemCaseSensitive(item, "Labels"));
	call->each(call->user, id, name, state, labels ? (const char *const *)labels : none);
	for (char **label = labels; label && *label; label++)
		free(*label);
	free(labels);
}

void sw_api_read_list(struct sw_api_call *call, const struct sw_http_reply *reply,
                      const struct sw_error *error)
{
	struct sw_error own;
	const cJSON *item;
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Array, &own);

	if (!error && !json)
		error = &own;
	cJSON_ArrayForEach(item, json)
		each_container(call, item);
	call->done(call->user, error);
}
