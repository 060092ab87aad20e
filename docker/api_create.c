#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/plan.h"
#include "docker/api_internal.h"

static void add_list(struct sw_json *json, const char *key, const char *const *items)
{
	if (!items)
		return;
	sw_json_array(json, key);
	for (; *items; items++)
		sw_json_str(json, NULL, *items);
	sw_json_end_array(json);
}

/* "k=v" each; without "=" the value is empty. */
static void add_labels(struct sw_json *json, const char *const *labels)
{
	sw_json_object(json, "Labels");
	for (; labels && *labels; labels++) {
		char key[128];
		size_t len = strcspn(*labels, "=");
		(void)snprintf(key, sizeof key, "%.*s", (int)len, *labels);
		sw_json_str(json, key, (*labels)[len] ? *labels + len + 1 : "");
	}
	sw_json_end_object(json);
}

static void add_ulimit(struct sw_json *json, const char *name, int64_t value)
{
	sw_json_object(json, NULL);
	sw_json_str(json, "Name", name);
	sw_json_int(json, "Soft", value);
	sw_json_int(json, "Hard", value);
	sw_json_end_object(json);
}

static void add_limits(struct sw_json *json, const struct sw_api_create *create)
{
	const struct sw_sandbox *sandbox = create->sandbox;
	if (sandbox->memory_bytes > 0) {
		sw_json_int(json, "Memory", sandbox->memory_bytes);
		sw_json_int(json, "MemorySwap", sandbox->memory_bytes); /* together: no swap on top */
	}
	if (sandbox->cpu_milli > 0)
		sw_json_int(json, "NanoCpus", sandbox->cpu_milli * 1000000);
	if (sandbox->pids_limit > 0)
		sw_json_int(json, "PidsLimit", sandbox->pids_limit);
	/* Podman without CAP_SYS_RESOURCE refuses to start unless both are given (facts.md); Docker is
	 * faster without. */
	if (create->is_podman) {
		sw_json_array(json, "Ulimits");
		add_ulimit(json, "nofile", 1024);
		add_ulimit(json, "nproc", 1024);
		sw_json_end_array(json);
	}
}

/* Docker takes a profile's text inline, Podman a path on its own machine (facts.md). */
static void add_seccomp(struct sw_json *json, const struct sw_api_create *create)
{
	const char *seccomp = create->sandbox->seccomp;
	struct sw_buf text = {0};
	if (strcmp(seccomp, "unconfined") == 0)
		sw_buf_add_str(&text, "seccomp=unconfined");
	else if (create->is_podman && seccomp[0] && strcmp(seccomp, "builtin") != 0)
		sw_buf_addf(&text, "seccomp=%s", seccomp);
	else if (!create->is_podman && create->seccomp_json)
		sw_buf_addf(&text, "seccomp=%s", create->seccomp_json);
	if (text.len > 0)
		sw_json_str(json, NULL, text.data);
	json->out->overflow |= text.overflow;
	sw_buf_done(&text);
}

static void add_hardening(struct sw_json *json, const struct sw_api_create *create)
{
	const struct sw_sandbox *sandbox = create->sandbox;
	char tmpfs[96];

	sw_json_bool(json, "ReadonlyRootfs", sandbox->read_only);
	if (sandbox->tmpfs_bytes > 0) {
		(void)snprintf(tmpfs, sizeof tmpfs, "rw,noexec,nosuid,nodev,size=%lld,mode=1777",
		               (long long)sandbox->tmpfs_bytes);
		sw_json_object(json, "Tmpfs");
		sw_json_str(json, "/tmp", tmpfs);
		sw_json_end_object(json);
	}
	if (sandbox->drop_capabilities) {
		sw_json_array(json, "CapDrop");
		sw_json_str(json, NULL, "ALL");
		sw_json_end_array(json);
	}
	sw_json_array(json, "SecurityOpt");
	if (sandbox->no_new_privileges)
		sw_json_str(json, NULL, "no-new-privileges");
	add_seccomp(json, create);
	sw_json_end_array(json);
}

static void add_host_config(struct sw_json *json, const struct sw_api_create *create)
{
	const struct sw_sandbox *sandbox = create->sandbox;
	bool is_default = !sandbox->runtime[0] || strcmp(sandbox->runtime, "default") == 0;

	sw_json_object(json, "HostConfig");
	sw_json_str(json, "NetworkMode", sandbox->network[0] ? sandbox->network : "none");
	add_limits(json, create);
	add_hardening(json, create);
	/* A flood would be written to the engine's disk: json-file made 112 MB of 100 (facts.md). */
	sw_json_object(json, "LogConfig");
	sw_json_str(json, "Type", "none");
	sw_json_end_object(json);
	sw_json_str(json, "IpcMode", "none");
	if (!is_default)
		sw_json_str(json, "Runtime", sandbox->runtime);
	sw_json_bool(json, "Init", false);
	sw_json_bool(json, "AutoRemove", false);
	sw_json_end_object(json);
}

int sw_api_create_body(const struct sw_api_create *create, struct sw_buf *out)
{
	const struct sw_sandbox *sandbox = create->sandbox;
	bool is_alone = !sandbox->network[0] || strcmp(sandbox->network, "none") == 0;
	struct sw_json json;

	sw_json_init(&json, out, 0);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "Image", sandbox->image); /* first: sw_api_container_create looks for it */
	if (sandbox->user[0])
		sw_json_str(&json, "User", sandbox->user);
	add_list(&json, "Env", create->env);
	add_labels(&json, create->labels);
	add_list(&json, "Entrypoint", create->entrypoint);
	add_list(&json, "Cmd", create->command);
	sw_json_bool(&json, "AttachStdin", create->open_stdin);
	sw_json_bool(&json, "AttachStdout", true);
	sw_json_bool(&json, "AttachStderr", true);
	sw_json_bool(&json, "OpenStdin", create->open_stdin);
	sw_json_bool(&json, "StdinOnce", create->open_stdin);
	sw_json_bool(&json, "Tty", false);
	/* Beside NetworkMode none: Docker then skips a hook that runs dockerd once more, half of the
	 * start; Podman goes by NetworkMode alone (facts.md). */
	if (is_alone)
		sw_json_bool(&json, "NetworkDisabled", true);
	add_host_config(&json, create);
	sw_json_end_object(&json);
	return out->overflow ? -1 : 0;
}
