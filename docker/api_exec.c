#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "core/json.h"
#include "core/text.h"
#include "docker/api_internal.h"

static const int64_t wall_slack_ns = 500000000; /* what a clock that is being adjusted may differ by */

int sw_api_exec_body(const struct sw_api_exec *exec, struct sw_buf *out)
{
	struct sw_json json;
	sw_json_init(&json, out, 0);
	sw_json_object(&json, NULL);
	sw_json_bool(&json, "AttachStdin", exec->with_stdin);
	sw_json_bool(&json, "AttachStdout", true);
	sw_json_bool(&json, "AttachStderr", true);
	sw_json_bool(&json, "Tty", false);
	if (exec->user && exec->user[0])
		sw_json_str(&json, "User", exec->user);
	if (exec->workdir && exec->workdir[0])
		sw_json_str(&json, "WorkingDir", exec->workdir);
	if (exec->env) {
		sw_json_array(&json, "Env");
		for (const char *const *word = exec->env; *word; word++)
			sw_json_str(&json, NULL, *word);
		sw_json_end_array(&json);
	}
	sw_json_array(&json, "Cmd");
	for (const char *const *word = exec->command; *word; word++)
		sw_json_str(&json, NULL, *word);
	sw_json_end_array(&json);
	sw_json_end_object(&json);
	return out->overflow ? -1 : 0;
}

struct sw_http_call *sw_api_exec_create(struct sw_api *api, const char *container, const char *body,
                                        int64_t timeout_ns, sw_api_created_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "POST", .body = body, .body_len = strlen(body)};
	const struct sw_api_call like = {
		.answered = sw_api_read_created, .created = done, .user = user, .timeout_ns = timeout_ns};
	struct sw_api_call *call =
		sw_api_call_new(api, &like, "executing in container %.*s", SW_API_SHORT(container));
	if (!call)
		return NULL;
	sw_api_path(api, &path, "/containers");
	sw_api_path_container(&path, container);
	sw_buf_add_str(&path, "/exec");
	return sw_api_call_send(call, &request, &path);
}

static void exec_path(const struct sw_api *api, const char *id, const char *rest,
                      struct sw_buf *path)
{
	sw_api_path(api, path, "/exec");
	sw_api_path_container(path, id); /* the same letters */
	sw_buf_add_str(path, rest);
}

void sw_api_exec_start_path(const struct sw_api *api, const char *id, char *dst, size_t size)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	exec_path(api, id, "/start", &path);
	if (path.overflow || !sw_text_copy(dst, size, path.data))
		dst[0] = '\0';
}

/* {"ID":…,"Running":false,"ExitCode":3,"Pid":1688,…}; ExitCode is null while there is none. */
static void read_exec_state(struct sw_api_call *call, const struct sw_http_reply *reply,
                            const struct sw_error *error)
{
	struct sw_error own;
	struct sw_api_exec_state state = {.exit_code = -1};
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_parse(call, reply, cJSON_Object, &own);
	const cJSON *running = cJSON_GetObjectItemCaseSensitive(json, "Running");

	if (!json || !cJSON_IsBool(running)) {
		if (json)
			sw_api_nonsense(call, reply, &own);
		call->exec_state(call->user, NULL, error ? error : &own);
		return;
	}
	state.running = cJSON_IsTrue(running);
	state.pid = sw_api_json_int(json, "Pid");
	if (!state.running && cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(json, "ExitCode")))
		state.exit_code = (int)sw_api_json_int(json, "ExitCode");
	call->exec_state(call->user, &state, NULL);
}

struct sw_http_call *sw_api_exec_inspect(struct sw_api *api, const char *id, int64_t timeout_ns,
                                         sw_api_exec_state_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "GET"};
	const struct sw_api_call like = {
		.answered = read_exec_state, .exec_state = done, .user = user, .timeout_ns = timeout_ns};
	struct sw_api_call *call =
		sw_api_call_new(api, &like, "inspecting exec %.*s", SW_API_SHORT(id));
	if (!call)
		return NULL;
	exec_path(api, id, "/json", &path);
	return sw_api_call_send(call, &request, &path);
}

/* Objects in a row, one per event; the engine has filtered them. */
static void read_oom(struct sw_api_call *call, const struct sw_http_reply *reply,
                     const struct sw_error *error)
{
	call->oom(call->user, !error && strstr(reply->body, "\"oom\"") != NULL, error);
}

/* Seconds since 1970 with nanoseconds: what `since` and `until` take. */
static void add_time(struct sw_buf *path, int64_t ns)
{
	sw_buf_addf(path, "%" PRId64 ".%09" PRId64, ns / 1000000000, ns % 1000000000);
}

int64_t sw_api_wall_ns(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

bool sw_api_wall_was_set(int64_t then_wall_ns, int64_t then_ns, int64_t now_wall_ns, int64_t now_ns)
{
	int64_t off_ns = (now_wall_ns - then_wall_ns) - (now_ns - then_ns);
	return off_ns > wall_slack_ns || off_ns < -wall_slack_ns;
}

struct sw_http_call *sw_api_container_oom(struct sw_api *api, const char *id, int64_t age_ns,
                                          int64_t timeout_ns, sw_api_oom_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	SW_CLEANUP(buf) struct sw_buf filters = {0};
	struct sw_http_request request = {.method = "GET"};
	const struct sw_api_call like = {
		.answered = read_oom, .oom = done, .user = user, .timeout_ns = timeout_ns};
	struct sw_api_call *call =
		sw_api_call_new(api, &like, "asking for events of container %.*s", SW_API_SHORT(id));
	if (!call)
		return NULL;
	int64_t now_ns = sw_api_wall_ns();
	sw_buf_addf(&filters, "{\"container\":[\"%s\"],\"event\":[\"oom\"]}", id);
	sw_api_path(api, &path, "/events?since=");
	add_time(&path, now_ns - age_ns);
	sw_buf_add_str(&path, "&until=");
	add_time(&path, now_ns); /* of the past: the answer ends at once */
	sw_buf_add_str(&path, "&filters=");
	sw_api_path_value(&path, filters.data ? filters.data : "");
	return sw_api_call_send(call, &request, &path);
}
