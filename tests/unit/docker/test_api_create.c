#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "core/buf.h"
#include "core/plan.h"
#include "docker/api.h"

struct fixture {
	struct sw_sandbox sandbox;
	struct sw_api_create create;
	struct sw_buf out;
	cJSON *body;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	f->sandbox = (struct sw_sandbox){
		.image = "sandwatch/python:latest",
		.memory_bytes = INT64_C(2) << 30,
		.cpu_milli = 500,
		.timeout_ns = 1,
		.network = "none",
		.pids_limit = 64,
		.user = "65534:65534",
		.read_only = true,
		.tmpfs_bytes = 16 << 20,
		.runtime = "default",
		.seccomp = "builtin",
		.drop_capabilities = true,
		.no_new_privileges = true,
	};
	f->create.sandbox = &f->sandbox;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_buf_done(&f->out);
	cJSON_Delete(f->body);
	free(f);
	return 0;
}

static void make(struct fixture *f)
{
	cJSON_Delete(f->body);
	sw_buf_clear(&f->out);
	assert_int_equal(sw_api_create_body(&f->create, &f->out), 0);
	f->body = cJSON_ParseWithOpts(f->out.data, NULL, 1);
	assert_non_null(f->body);
}

/* "HostConfig.Memory" -> the item, or NULL. */
static const cJSON *find(const struct fixture *f, const char *path)
{
	const cJSON *item = f->body;
	char key[64];
	while (item && *path) {
		size_t len = strcspn(path, ".");
		(void)snprintf(key, sizeof key, "%.*s", (int)len, path);
		item = cJSON_GetObjectItemCaseSensitive(item, key);
		path += len + (path[len] == '.');
	}
	return item;
}

/* The item printed without spaces must be EXPECTED; NULL: it must not be there. */
static void assert_item(const struct fixture *f, const char *path, const char *expected)
{
	const cJSON *item = find(f, path);
	char *text = item ? cJSON_PrintUnformatted(item) : NULL;
	bool same = text && expected ? strcmp(text, expected) == 0 : !text && !expected;
	if (!same)
		print_message("%s is %s, not %s\n", path, text ? text : "missing",
		              expected ? expected : "missing");
	free(text);
	assert_true(same);
}

static void test_hardened(void **state)
{
	static const char *const labels[] = {"org.sandwatch.session=a=b", "plain", NULL};
	static const char *const env[] = {"A=b \"q\"", NULL}, *const command[] = {"x", "y z", NULL};
	struct fixture *f = *state;
	f->create.labels = labels;
	f->create.env = env;
	f->create.command = command;
	f->create.open_stdin = true;
	make(f);
	assert_item(f, "Image", "\"sandwatch/python:latest\"");
	assert_item(f, "User", "\"65534:65534\"");
	assert_item(f, "Env", "[\"A=b \\\"q\\\"\"]");
	assert_item(f, "Labels", "{\"org.sandwatch.session\":\"a=b\",\"plain\":\"\"}");
	assert_item(f, "Entrypoint", NULL);
	assert_item(f, "Cmd", "[\"x\",\"y z\"]");
	assert_item(f, "AttachStdin", "true");
	assert_item(f, "AttachStdout", "true");
	assert_item(f, "AttachStderr", "true");
	assert_item(f, "OpenStdin", "true");
	assert_item(f, "StdinOnce", "true");
	assert_item(f, "Tty", "false");
	assert_item(f, "NetworkDisabled", "true");
	assert_item(f, "HostConfig.NetworkMode", "\"none\"");
	assert_item(f, "HostConfig.Memory", "2147483648");
	assert_item(f, "HostConfig.MemorySwap", "2147483648");
	assert_item(f, "HostConfig.NanoCpus", "500000000");
	assert_item(f, "HostConfig.PidsLimit", "64");
	assert_item(f, "HostConfig.ReadonlyRootfs", "true");
	assert_item(f, "HostConfig.Tmpfs",
	            "{\"/tmp\":\"rw,noexec,nosuid,nodev,size=16777216,mode=1777\"}");
	assert_item(f, "HostConfig.CapDrop", "[\"ALL\"]");
	assert_item(f, "HostConfig.SecurityOpt", "[\"no-new-privileges\"]");
	assert_item(f, "HostConfig.LogConfig", "{\"Type\":\"none\"}");
	assert_item(f, "HostConfig.IpcMode", "\"none\"");
	assert_item(f, "HostConfig.Init", "false");
	assert_item(f, "HostConfig.AutoRemove", "false");
	assert_item(f, "HostConfig.Runtime", NULL);
	assert_item(f, "HostConfig.Ulimits", NULL);
	assert_item(f, "HostConfig.Privileged", NULL);
	assert_item(f, "HostConfig.Binds", NULL);
}

static void test_bare(void **state)
{
	struct fixture *f = *state;
	f->sandbox = (struct sw_sandbox){
		.image = "x", .network = "bridge", .runtime = "crun", .seccomp = "builtin"};
	make(f);
	assert_item(f, "User", NULL);
	assert_item(f, "Env", NULL);
	assert_item(f, "Labels", "{}");
	assert_item(f, "Cmd", NULL);
	assert_item(f, "OpenStdin", "false");
	assert_item(f, "StdinOnce", "false");
	assert_item(f, "AttachStdin", "false");
	assert_item(f, "NetworkDisabled", NULL);
	assert_item(f, "HostConfig.NetworkMode", "\"bridge\"");
	assert_item(f, "HostConfig.Memory", NULL);
	assert_item(f, "HostConfig.MemorySwap", NULL);
	assert_item(f, "HostConfig.NanoCpus", NULL);
	assert_item(f, "HostConfig.PidsLimit", NULL);
	assert_item(f, "HostConfig.ReadonlyRootfs", "false");
	assert_item(f, "HostConfig.Tmpfs", NULL);
	assert_item(f, "HostConfig.CapDrop", NULL);
	assert_item(f, "HostConfig.SecurityOpt", "[]");
	assert_item(f, "HostConfig.Runtime", "\"crun\"");
}

/* An empty network must not become the engine's default, which has one. */
static void test_no_network_named(void **state)
{
	struct fixture *f = *state;
	f->sandbox.network[0] = '\0';
	make(f);
	assert_item(f, "NetworkDisabled", "true");
	assert_item(f, "HostConfig.NetworkMode", "\"none\"");
}

static void test_entrypoint(void **state)
{
	static const char *const entrypoint[] = {"/shim", NULL}, *const none[] = {NULL};
	struct fixture *f = *state;
	f->create.entrypoint = entrypoint;
	f->create.command = none;
	make(f);
	assert_item(f, "Entrypoint", "[\"/shim\"]");
	assert_item(f, "Cmd", "[]");
}

static void set_seccomp(struct fixture *f, const char *text, const char *json)
{
	(void)snprintf(f->sandbox.seccomp, sizeof f->sandbox.seccomp, "%s", text);
	f->create.seccomp_json = json;
	make(f);
}

static void test_seccomp_docker(void **state)
{
	struct fixture *f = *state;
	set_seccomp(f, "unconfined", NULL);
	assert_item(f, "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp=unconfined\"]");
	set_seccomp(f, "/p.json", "{\"a\":\"b\"}\n");
	assert_item(f, "HostConfig.SecurityOpt",
	            "[\"no-new-privileges\",\"seccomp={\\\"a\\\":\\\"b\\\"}\\n\"]");
	set_seccomp(f, "builtin", "{}"); /* our own profile, say */
	assert_item(f, "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp={}\"]");
	f->sandbox.no_new_privileges = false;
	set_seccomp(f, "builtin", NULL);
	assert_item(f, "HostConfig.SecurityOpt", "[]");
}

static void test_podman(void **state)
{
	struct fixture *f = *state;
	f->create.is_podman = true;
	set_seccomp(f, "/p.json", "{}");
	assert_item(f, "HostConfig.SecurityOpt", "[\"no-new-privileges\",\"seccomp=/p.json\"]");
	set_seccomp(f, "builtin", "{}");
	assert_item(f, "HostConfig.SecurityOpt", "[\"no-new-privileges\"]");
	assert_item(f, "HostConfig.Ulimits",
	            "[{\"Name\":\"nofile\",\"Soft\":1024,\"Hard\":1024},"
	            "{\"Name\":\"nproc\",\"Soft\":1024,\"Hard\":1024}]");
}

/* Whatever bytes come in, JSON comes out. */
static void test_hostile_text(void **state)
{
	static const char *const env[] = {"A=\xff\x01\"\\\n", NULL};
	struct fixture *f = *state;
	f->create.env = env;
	(void)snprintf(f->sandbox.image, sizeof f->sandbox.image, "x\",\"HostConfig\":{\"a\":\"");
	make(f);
	assert_item(f, "Image", "\"x\\\",\\\"HostConfig\\\":{\\\"a\\\":\\\"\"");
	assert_item(f, "Env", "[\"A=\xef\xbf\xbd\\u0001\\\"\\\\\\n\"]");
}

static void test_appends_and_reports_a_full_buffer(void **state)
{
	struct fixture *f = *state;
	sw_buf_add_str(&f->out, "before");
	assert_int_equal(sw_api_create_body(&f->create, &f->out), 0);
	assert_memory_equal(f->out.data, "before{\"Image\":", 15);
	sw_buf_done(&f->out);
	sw_buf_init(&f->out, 100);
	assert_int_equal(sw_api_create_body(&f->create, &f->out), -1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_hardened),         T(test_bare),
		T(test_no_network_named), T(test_entrypoint),
		T(test_seccomp_docker),   T(test_podman),
		T(test_hostile_text),     T(test_appends_and_reports_a_full_buffer),
	};
	return cmocka_run_group_tests_name("api_create", tests, NULL, NULL);
}
