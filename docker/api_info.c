#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "core/loop.h"
#include "core/text.h"
#include "docker/api_internal.h"

/* "v1 cgroupfs": the version is not told before API 1.41. */
static void read_cgroup(const cJSON *json, char *dst, size_t size)
{
	char version[8], driver[20];
	sw_api_json_text(json, "CgroupVersion", version, sizeof version);
	sw_api_json_text(json, "CgroupDriver", driver, sizeof driver);
	(void)snprintf(dst, size, "%s%s%s%s", version[0] ? "v" : "", version, version[0] ? " " : "",
	               driver);
}

static void read_info(const cJSON *json, struct sw_api_info *info)
{
	struct utsname host;

	(void)sw_text_copy(info->name, sizeof info->name, "docker");
	sw_api_json_text(json, "ServerVersion", info->version, sizeof info->version);
	sw_api_json_text(json, "DefaultRuntime", info->runtime, sizeof info->runtime);
	sw_api_json_text(json, "Driver", info->storage, sizeof info->storage);
	read_cgroup(json, info->cgroup, sizeof info->cgroup);
	sw_api_json_text(json, "OperatingSystem", info->os, sizeof info->os);
	sw_api_json_text(json, "KernelVersion", info->kernel, sizeof info->kernel);
	sw_api_json_text(json, "Architecture", info->arch, sizeof info->arch);
	sw_api_json_text(json, "ID", info->id, sizeof info->id);
	info->memory_limit = sw_api_json_bool(json, "MemoryLimit");
	info->cpu_quota = sw_api_json_bool(json, "CpuCfsQuota");
	info->pids_limit = sw_api_json_bool(json, "PidsLimit");
	bool is_here = uname(&host) == 0 && strcmp(host.release, info->kernel) == 0;
	info->is_vm = !is_here || strstr(info->os, "Docker Desktop");
}

/* Podman's /info looks like Docker's; only /version names it, as a component. */
static void read_version(const cJSON *json, struct sw_api_info *info)
{
	const cJSON *component;
	cJSON_ArrayForEach(component, cJSON_GetObjectItemCaseSensitive(json, "Components")) {
		char name[32];
		sw_api_json_text(component, "Name", name, sizeof name);
		if (strncmp(name, "Podman", 6) != 0)
			continue;
		(void)sw_text_copy(info->name, sizeof info->name, "podman");
		sw_api_json_text(component, "Version", info->version, sizeof info->version);
	}
}

static void on_version(struct sw_api_call *call, const struct sw_http_reply *reply,
                       const struct sw_error *error)
{
	struct sw_error own;
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_json(reply->body, reply->body_len);

	if (!error && !cJSON_IsObject(json))
		error = (sw_api_nonsense(call, reply, &own), &own);
	if (!error)
		read_version(json, call->info_so_far);
	call->info(call->user, error ? NULL : call->info_so_far, error);
}

static void ask_version(struct sw_api_call *first, struct sw_api_info *info)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "GET"};
	const struct sw_api_call like = {.answered = on_version, .info = first->info,
	                                 .user = first->user, .info_so_far = info,
	                                 .timeout_ns = first->deadline_ns - sw_clock_ns()};
	struct sw_api_call *call = sw_api_call_new(first->api, &like, "asking the engine's version");
	if (!call) {
		free(info);
		return;
	}
	sw_api_path(call->api, &path, "/version");
	sw_api_call_send(call, &request, &path);
}

static void on_info(struct sw_api_call *call, const struct sw_http_reply *reply,
                    const struct sw_error *error)
{
	struct sw_error own;
	SW_CLEANUP(cjson) cJSON *json = error ? NULL : sw_api_json(reply->body, reply->body_len);
	struct sw_api_info *info = calloc(1, sizeof *info);

	if (!error && !cJSON_IsObject(json))
		error = (sw_api_nonsense(call, reply, &own), &own);
	else if (!error && !info)
		error = (sw_error_set(&own, SW_ERR_INTERNAL, ENOMEM, "%s", call->what), &own);
	if (error) {
		free(info);
		call->info(call->user, NULL, error);
		return;
	}
	read_info(json, info);
	ask_version(call, info);
}

void sw_api_info(struct sw_api *api, int64_t timeout_ns, sw_api_info_fn done, void *user)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_http_request request = {.method = "GET"};
	const struct sw_api_call like = {.answered = on_info, .info = done, .user = user,
	                                 .timeout_ns = timeout_ns};
	struct sw_api_call *call = sw_api_call_new(api, &like, "asking what the engine is");
	if (!call)
		return;
	sw_api_path(api, &path, "/info");
	sw_api_call_send(call, &request, &path);
}
