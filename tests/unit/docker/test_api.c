#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "tests/unit/docker/api_fixture.h"

static void on_info(void *user, const struct sw_api_info *info, const struct sw_error *error)
{
	struct answer *a = user;
	assert_true(!info == !!error);
	note(a, error);
	if (info)
		a->info = *info;
}

static void on_image(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	struct answer *a = user;
	assert_true(!image == !!error);
	note(a, error);
	if (!image)
		return;
	a->image = *image;
	if (image->entrypoint)
		(void)snprintf(a->first_entrypoint, sizeof a->first_entrypoint, "%s", image->entrypoint[0]);
	for (char **word = image->command; word && *word; word++)
		(void)snprintf(a->last_command, sizeof a->last_command, "%s", *word);
}

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	struct answer *a = user;
	assert_true(!id == !!error);
	note(a, error);
	(void)snprintf(a->id, sizeof a->id, "%s", id ? id : "");
	(void)snprintf(a->warning, sizeof a->warning, "%s", warning);
}

static void on_waited(void *user, int exit_code, const struct sw_error *error)
{
	struct answer *a = user;
	note(a, error);
	a->exit_code = exit_code;
}

static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct answer *a = user;
	assert_true(!state == !!error);
	note(a, error);
	if (state)
		a->state = *state;
}

static void on_each(void *user, const char *id, const char *name, const char *state,
                    const char *const *labels)
{
	struct answer *a = user;
	a->listed++;
	(void)snprintf(a->id, sizeof a->id, "%s", id);
	(void)snprintf(a->name, sizeof a->name, "%s", name);
	(void)snprintf(a->status, sizeof a->status, "%s", state);
	a->labels[0] = '\0';
	for (size_t used = 0; *labels; labels++, used = strlen(a->labels))
		(void)snprintf(a->labels + used, sizeof a->labels - used, "%s;", *labels);
}

/* --- ping --- */

static void test_ping(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_PING);
	sw_api_set_version(f->api, "1.24");
	ASK(a, sw_api_ping(f->api, SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "GET /_ping");
	assert_string_equal(sw_api_version(f->api), "1.41");
}

static void test_ping_versions(void **state)
{
	static const struct {
		const char *header, *version; /* NULL: not usable */
	} cases[] = {
		{"1.24", "1.24"}, {"1.47", "1.47"}, {"1.48", "1.47"}, {"1.100", "1.47"}, {"2.0", "1.47"},
		{"1.23", NULL},   {"1.9", NULL},    {"0.99", NULL},   {"1", NULL},       {"1.", NULL},
		{"1.4x", NULL},   {"1.41.1", NULL}, {"-1.41", NULL},  {"1.9999", NULL},  {"../../x", NULL},
	};
	struct fixture *f = *state;
	struct answer a;
	begin(f, f->made);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		sw_api_set_version(f->api, "1.30");
		snprintf(f->made, sizeof f->made,
		         "HTTP/1.1 200 OK\r\nAPI-version:   %s  \r\nContent-Length: 2\r\n\r\nOK",
		         cases[i].header);
		ASK(a, sw_api_ping(f->api, SECOND, on_done, &a));
		assert_int_equal(a.failed, !cases[i].version);
		assert_string_equal(sw_api_version(f->api), cases[i].version ? cases[i].version : "1.30");
		if (a.failed)
			assert_failed(&a, SW_ERR_PROTOCOL, "1.24 or later is needed");
	}
}

static void test_ping_of_something_else(void **state)
{
	static const char *const others[] = {
		R_HTML,
		"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\nnot found",
		"HTTP/1.1 204 No Content\r\n\r\n",
		"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 5\r\n\r\nOK no",
		"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
	};
	struct fixture *f = *state;
	struct answer a;
	begin(f, others[0]);
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
		f->replies[0] = others[i];
		ASK(a, sw_api_ping(f->api, SECOND, on_done, &a));
		assert_failed(&a, SW_ERR_PROTOCOL, "is not a container engine");
		assert_null(strchr(a.error.message, '\x1b'));
	}
	f->replies[0] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK";
	ASK(a, sw_api_ping(f->api, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "speaks Docker API ''");
}

static void test_ping_refused_by_an_engine(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, make(f, "403 Forbidden", "{\"message\":\"authorization denied\"}"));
	ASK(a, sw_api_ping(f->api, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "authorization denied (403)");
}

static void test_ping_garbage(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_GARBAGE);
	ASK(a, sw_api_ping(f->api, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "does not speak HTTP");
}

/* --- containers --- */

static void test_create(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_CREATE_201);
	ASK(a, sw_api_container_create(f->api, "sandwatch-a b&c", "{\"Image\":\"x\"}", SECOND,
	                               on_created, &a));
	assert_fine(&a);
	assert_string_equal(a.id, R_ID);
	assert_string_equal(a.warning, "");
	assert_asked(f, "POST /v1.41/containers/create?name=sandwatch-a%20b%26c");
	assert_string_equal(strstr(f->peer->request, "\r\n\r\n") + 4, "{\"Image\":\"x\"}");
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_asked(f, "POST /v1.41/containers/create");
}

static void test_create_with_warnings(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, make(f, "201 Created",
	              "{\"Id\":\"" R_ID "\",\"Warnings\":[\"no \\u001b[31mswap\",\"b\",7]}"));
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_fine(&a);
	assert_string_equal(a.warning, "no ?[31mswap; b");
}

static void test_create_refused(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_CREATE_404);
	ASK(a, sw_api_container_create(f->api, NULL, "{\"Image\":\"none-such\",\"Tty\":false}", SECOND,
	                               on_created, &a));
	assert_failed(&a, SW_ERR_NOT_FOUND, "");
	assert_string_equal(a.error.message, "creating a container from image 'none-such': "
	                                     "No such image: none-such:latest (404)");
	f->replies[0] = R_CREATE_409;
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_failed(&a, SW_ERR_REFUSED, "creating a container: Conflict. The container name");
	f->replies[0] = R_PODMAN_500;
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_failed(&a, SW_ERR_REFUSED,
	              "creating container storage failed (that name is already in use) (500)");
	f->replies[0] = make(f, "409 Conflict", "{\"cause\":\"in use\",\"message\":\"it is in use\"}");
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_failed(&a, SW_ERR_REFUSED, "creating a container: it is in use (409)");
	f->replies[0] = "HTTP/1.1 500 No\r\nContent-Length: 12\r\n\r\n<html></html";
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_failed(&a, SW_ERR_REFUSED, "the engine gave no reason (500)");
}

static void test_create_nonsense(void **state)
{
	static const char *const bodies[] = {
		"",
		"OK",
		"[]",
		"{}",
		"{\"Id\":7}",
		"{\"Id\":\"\"}",
		"{\"Id\":\"../../x\"}",
		"{\"Id\":\"" R_ID,
		"{\"Id\":\"" R_ID "\"} x",
		"{\"Id\":\"" R_ID "/\"}",
		"{\"Id\":\"" R_ID R_ID "\"}",
		"null",
	};
	struct fixture *f = *state;
	struct answer a;
	begin(f, f->made);
	for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
		make(f, "201 Created", bodies[i]);
		ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
		assert_failed(&a, SW_ERR_PROTOCOL, "creating a container: the engine's answer makes no");
	}
}

/* 100,000 brackets: cJSON's nesting limit holds, and no stack runs out. */
static void test_deep_json(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	enum { DEPTH = 100000 };
	static char reply[DEPTH + 200];
	int n = snprintf(reply, 200, "HTTP/1.1 201 Created\r\nContent-Length: %d\r\n\r\n", DEPTH);
	memset(reply + n, '[', DEPTH);
	reply[n + DEPTH] = '\0';
	begin(f, reply);
	ASK(a, sw_api_container_create(f->api, NULL, "{}", SECOND, on_created, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "makes no sense");
}

static void test_start(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_204);
	ASK(a, sw_api_container_start(f->api, R_ID, SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "POST /v1.41/containers/" R_ID "/start");
	f->replies[0] = R_304;
	ASK(a, sw_api_container_start(f->api, R_ID, SECOND, on_done, &a));
	assert_fine(&a);
	f->replies[0] = R_START_400;
	ASK(a, sw_api_container_start(f->api, R_ID, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "starting container f315b57d6c69: failed to create shim");
	assert_non_null(strstr(a.error.message, "stat /bin/sh: no such file or directory"));
}

static void test_names_cannot_change_the_path(void **state)
{
	static const char *const bad[] = {
		"", ".", "..", "../info", "a/b", "a?x=1", "a#b", "a b", "a%2e", "a\r\nX: y", "\xc3\xa9",
	};
	struct fixture *f = *state;
	struct answer a;
	char path[256], long_name[300] = {0};
	begin(f, R_204);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		ASK(a, sw_api_container_start(f->api, bad[i], SECOND, on_done, &a));
		assert_failed(&a, SW_ERR_USAGE, "starting container");
		memset(path, 'x', sizeof path);
		sw_api_attach_path(f->api, bad[i], true, path, sizeof path);
		assert_string_equal(path, "");
	}
	memset(long_name, 'a', 299);
	ASK(a, sw_api_container_start(f->api, long_name, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_USAGE, "not a valid name");
	for (size_t i = 0; i < 3; i++) {
		ASK(a, sw_api_image_remove(f->api, bad[i], SECOND, on_done, &a));
		assert_failed(&a, SW_ERR_USAGE, "removing image");
	}
	assert_int_equal(atomic_load(&f->peer->requests), 0);
}

static void test_networks(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, make(f, "409 Conflict", "{\"message\":\"network with name n already exists\"}"));
	ASK(a, sw_api_network_create(f->api, "n", "a.b", SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "POST /v1.41/networks/create");
	assert_non_null(strstr(f->peer->request, "{\"Name\":\"n\",\"CheckDuplicate\":true,\"Driver\":"
	                                         "\"bridge\",\"Labels\":{\"a.b\":\"\"}}"));
	f->replies[0] = make(f, "404 Not Found", "{\"message\":\"network n not found\"}");
	ASK(a, sw_api_network_remove(f->api, "n", SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "DELETE /v1.41/networks/n");
	f->replies[0] = make(f, "403 Forbidden", "{\"message\":\"it is in use\"}");
	ASK(a, sw_api_network_create(f->api, "n", "a.b", SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "creating network 'n': it is in use (403)");
	ASK(a, sw_api_network_remove(f->api, "n", SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "removing network 'n': it is in use (403)");
}

static void test_wait(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_WAIT_0);
	ASK(a, sw_api_container_wait(f->api, R_ID, SECOND, on_waited, &a));
	assert_fine(&a);
	assert_int_equal(a.exit_code, 137);
	assert_asked(f, "POST /v1.41/containers/" R_ID "/wait?condition=not-running");
}

static void test_wait_that_fails(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_WAIT_CUT); /* the daemon was killed: HTTP 200, and half a body */
	ASK(a, sw_api_container_wait(f->api, R_ID, SECOND, on_waited, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "waiting for container f315b57d6c69: ");
	assert_int_equal(a.exit_code, -1);
	f->replies[0] = R_WAIT_ERROR;
	ASK(a, sw_api_container_wait(f->api, R_ID, SECOND, on_waited, &a));
	assert_failed(&a, SW_ERR_REFUSED, "unable to start container process");
	f->replies[0] = make(f, "200 OK", "{\"Error\":null}");
	ASK(a, sw_api_container_wait(f->api, R_ID, SECOND, on_waited, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "makes no sense");
	f->replies[0] = make(f, "200 OK", "");
	ASK(a, sw_api_container_wait(f->api, R_ID, SECOND, on_waited, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "makes no sense");
}

static void test_state(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, make(f, "200 OK",
	              "{\"Id\":\"" R_ID "\",\"State\":{\"Status\":\"exited\","
	              "\"Running\":false,\"OOMKilled\":true,\"ExitCode\":137,\"Error\":\"a\\nb\"}}"));
	ASK(a, sw_api_container_state(f->api, R_ID, SECOND, on_state, &a));
	assert_fine(&a);
	assert_asked(f, "GET /v1.41/containers/" R_ID "/json");
	assert_string_equal(a.state.status, "exited");
	assert_true(a.state.oom_killed && !a.state.running);
	assert_int_equal(a.state.exit_code, 137);
	assert_string_equal(a.state.error, "a b");
	make(f, "200 OK", "{\"Id\":\"" R_ID "\"}");
	ASK(a, sw_api_container_state(f->api, R_ID, SECOND, on_state, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "inspecting container f315b57d6c69");
}

static void test_kill_upload_export(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_204);
	ASK(a, sw_api_container_kill(f->api, "x", "SIGTERM&a=b", SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "POST /v1.41/containers/x/kill?signal=SIGTERM%26a%3Db");
	ASK(a, sw_api_container_upload(f->api, "x", "/a b", "tar!", 4, SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "PUT /v1.41/containers/x/archive?path=%2Fa%20b");
	assert_non_null(strstr(f->peer->request, "\r\nContent-Type: application/x-tar\r\n"));
	assert_string_equal(strstr(f->peer->request, "\r\n\r\n") + 4, "tar!");
	f->replies[0] = R_CREATE_404;
	FILE *file = tmpfile();
	ASK(a, sw_api_container_export(f->api, "x", fileno(file), SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_NOT_FOUND, "exporting container x: No such image");
	assert_asked(f, "GET /v1.41/containers/x/export");
	fclose(file);
}

static void test_list(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, R_LIST);
	ASK(a, sw_api_container_list(f->api, "a=b\"c", SECOND, on_each, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "GET /v1.41/containers/json?all=1&filters="
	                "%7B%22label%22%3A%5B%22a%3Db%5C%22c%22%5D%7D");
	assert_int_equal(a.listed, 1);
	assert_string_equal(a.id, R_ID);
	assert_string_equal(a.name, "swrec");
	assert_string_equal(a.status, "created");
	assert_memory_equal(a.labels, "a=b=c;org.sandwatch.layout=1;", 29);
	f->replies[0] = make(f, "200 OK",
	                     "[{},7,{\"Id\":\"x\"},{\"Id\":\"" R_ID "\",\"Labels\":"
	                     "{\"k\":7,\"e\":\"\\u202e\"}}]");
	ASK(a, sw_api_container_list(f->api, "a", SECOND, on_each, on_done, &a));
	assert_fine(&a);
	assert_int_equal(a.listed, 1);
	assert_string_equal(a.name, "");
	assert_string_equal(a.labels, "e=?;");
	f->replies[0] = make(f, "200 OK", "{}");
	ASK(a, sw_api_container_list(f->api, "a", SECOND, on_each, on_done, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "listing containers");
}

static void test_attach_path(void **state)
{
	struct fixture *f = *state;
	char path[128], tiny[20];
	begin(f, R_204);
	sw_api_attach_path(f->api, "x", true, path, sizeof path);
	assert_string_equal(path, "/v1.41/containers/x/attach?stream=1&stdin=1&stdout=1&stderr=1");
	sw_api_attach_path(f->api, "x", false, path, sizeof path);
	assert_non_null(strstr(path, "&stdin=0&"));
	sw_api_attach_path(f->api, "x", true, tiny, sizeof tiny);
	assert_string_equal(tiny, "");
}

/* --- images --- */

static void test_image(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, make(f, "200 OK",
	              "{\"Id\":\"sha256:1a04\",\"RepoTags\":[\"a:b\"],\"Size\":120116160,\"Config\":{"
	              "\"Entrypoint\":[\"/sandwatch/shim\"],\"Cmd\":[\"a\",\"b\"],\"Labels\":"
	              "{\"org.sandwatch.layout\":\"1\",\"org.sandwatch.recipe\":\"88\"}}}"));
	ASK(a, sw_api_image_inspect(f->api, "h:5000/sandwatch/python:latest", SECOND, on_image, &a));
	assert_fine(&a);
	assert_asked(f, "GET /v1.41/images/h:5000/sandwatch/python:latest/json");
	assert_string_equal(a.image.id, "sha256:1a04");
	assert_true(a.image.size_bytes == 120116160);
	assert_string_equal(a.image.layout, "1");
	assert_true(a.image.tagged);
	assert_string_equal(a.image.recipe, "88");
	assert_string_equal(a.first_entrypoint, "/sandwatch/shim");
	assert_string_equal(a.last_command, "b");
	make(f, "200 OK", "{\"Id\":\"sha256:1\",\"RepoTags\":[],\"Size\":1e300,\"Config\":{\"Labels\":null}}");
	ASK(a, sw_api_image_inspect(f->api, "a%b c", SECOND, on_image, &a));
	assert_fine(&a);
	assert_asked(f, "GET /v1.41/images/a%25b%20c/json");
	assert_string_equal(a.image.layout, "");
	assert_false(a.image.tagged);
	assert_true(a.image.size_bytes == INT64_MAX);
	assert_string_equal(a.first_entrypoint, "");
	make(f, "200 OK", "{}");
	ASK(a, sw_api_image_inspect(f->api, "x", SECOND, on_image, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "inspecting image 'x'");
}

static void test_import(void **state)
{
	static const char *const changes[] = {"CMD [\"a b\"]", "LABEL a=b&c", NULL};
	struct fixture *f = *state;
	struct answer a;
	FILE *file = tmpfile();
	fputs("tar", file);
	rewind(file);
	begin(f, make(f, "200 OK", "{\"status\":\"sha256:1234\"}\r\n"));
	ASK(a, sw_api_image_import(f->api, "h:5000/a/b", fileno(file), changes, SECOND, on_done, &a));
	assert_fine(&a);
	assert_asked(f, "POST /v1.41/images/create?fromSrc=-&repo=h%3A5000%2Fa%2Fb&tag=latest"
	                "&changes=CMD%20%5B%22a%20b%22%5D&changes=LABEL%20a%3Db%26c");
	assert_non_null(strstr(f->peer->request, "\r\n3\r\ntar\r\n0\r\n\r\n"));
	ASK(a, sw_api_image_import(f->api, "a:v1", fileno(file), NULL, SECOND, on_done, &a));
	assert_asked(f, "POST /v1.41/images/create?fromSrc=-&repo=a&tag=v1");
	f->replies[0] = R_IMPORT_500;
	ASK(a, sw_api_image_import(f->api, "a:v1", fileno(file), NULL, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "importing image 'a:v1': Error processing tar file");
	fclose(file);
}

/* The status is 200 before the tar has been read; what went wrong comes in the body. */
static void test_import_that_fails_late(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	FILE *file = tmpfile();
	begin(f, make(f, "200 OK",
	              "{\"status\":\"Importing\"}\r\n{\"errorDetail\":{\"message\":"
	              "\"disk full\"},\"error\":\"disk full\"}\r\n"));
	ASK(a, sw_api_image_import(f->api, "a", fileno(file), NULL, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_REFUSED, "importing image 'a': disk full");
	make(f, "200 OK", "{\"status\":\"x\"}\r\n{\"sta");
	ASK(a, sw_api_image_import(f->api, "a", fileno(file), NULL, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "makes no sense");
	make(f, "200 OK", "");
	ASK(a, sw_api_image_import(f->api, "a", fileno(file), NULL, SECOND, on_done, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "makes no sense");
	fclose(file);
}

/* --- info --- */

#define INFO                                                                                   \
	"{\"ID\":\"KURB:NARJ\",\"Driver\":\"overlay2\",\"MemoryLimit\":true,\"CpuCfsQuota\":true," \
	"\"PidsLimit\":false,\"CgroupDriver\":\"cgroupfs\",\"CgroupVersion\":\"1\","               \
	"\"KernelVersion\":\"%s\",\"OperatingSystem\":\"%s\",\"Architecture\":\"x86_64\","         \
	"\"ServerVersion\":\"20.10.24+dfsg1\",\"DefaultRuntime\":\"runc\"}"
#define VERSION_HEAD "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
#define VERSION_DOCKER                                                                           \
	VERSION_HEAD "3d\r\n{\"Components\":[{\"Name\":\"Engine\",\"Version\":\"20.10.24+dfsg1\"}]}" \
				 "\r\n0\r\n\r\n"
#define VERSION_PODMAN                                                                         \
	VERSION_HEAD "3b\r\n{\"Components\":[{\"Name\":\"Podman Engine\",\"Version\":\"4.3.1\"}]}" \
				 "\r\n0\r\n\r\n"

static void test_info(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	struct utsname here;
	char body[1024];
	uname(&here);
	snprintf(body, sizeof body, INFO, here.release, "Debian GNU/Linux 12 (bookworm)");
	begin(f, make(f, "200 OK", body));
	f->replies[1] = VERSION_DOCKER;
	ASK(a, sw_api_info(f->api, SECOND, on_info, &a));
	assert_fine(&a);
	assert_asked(f, "GET /v1.41/version");
	assert_string_equal(a.info.name, "docker");
	assert_string_equal(a.info.version, "20.10.24+dfsg1");
	assert_string_equal(a.info.runtime, "runc");
	assert_string_equal(a.info.storage, "overlay2");
	assert_string_equal(a.info.cgroup, "v1 cgroupfs");
	assert_string_equal(a.info.os, "Debian GNU/Linux 12 (bookworm)");
	assert_string_equal(a.info.kernel, here.release);
	assert_string_equal(a.info.arch, "x86_64");
	assert_string_equal(a.info.id, "KURB:NARJ");
	assert_true(a.info.memory_limit && a.info.cpu_quota && !a.info.pids_limit);
	assert_false(a.info.is_vm);
}

static void test_info_of_podman_in_a_vm(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	char body[1024];
	snprintf(body, sizeof body, INFO, "1.2.3-other", "fedora");
	begin(f, make(f, "200 OK", body));
	f->replies[1] = VERSION_PODMAN;
	ASK(a, sw_api_info(f->api, SECOND, on_info, &a));
	assert_fine(&a);
	assert_string_equal(a.info.name, "podman");
	assert_string_equal(a.info.version, "4.3.1");
	assert_true(a.info.is_vm);
}

static void test_info_that_fails(void **state)
{
	struct fixture *f = *state;
	struct answer a;
	begin(f, make(f, "200 OK", "{\"ID\":\"x\"}"));
	f->replies[1] = R_IMPORT_500; /* of the second request */
	ASK(a, sw_api_info(f->api, SECOND, on_info, &a));
	assert_failed(&a, SW_ERR_REFUSED, "asking the engine's version");
	make(f, "200 OK", "<html>");
	f->replies[1] = f->replies[0];
	ASK(a, sw_api_info(f->api, SECOND, on_info, &a));
	assert_failed(&a, SW_ERR_PROTOCOL, "asking what the engine is");
}

/* --- ends --- */

static void test_free_cancels(void **state)
{
	struct fixture *f = *state;
	struct answer a = {0}, ping;
	begin(f, R_PING);
	struct sw_api *other;
	assert_int_equal(sw_api_new(f->http, &other, NULL), 0);
	sw_api_container_start(other, "..", SECOND, on_done, &a);
	sw_api_container_start(other, R_ID, SECOND, on_done, &a);
	sw_api_info(other, SECOND, on_info, &a);
	sw_api_free(other);
	/* The same connection's next answers would have been theirs. */
	ASK(ping, sw_api_ping(f->api, SECOND, on_done, &ping));
	ASK(ping, sw_api_ping(f->api, SECOND, on_done, &ping));
	assert_int_equal(a.calls, 0);
}

static void free_in_callback(void *user, const struct sw_error *error)
{
	struct answer *a = user;
	sw_api_free(a->f->api);
	sw_http_free(a->f->http);
	a->f->api = NULL;
	a->f->http = NULL;
	note(a, error);
}

static void test_free_in_callback(void **state)
{
	struct fixture *f = *state;
	struct answer a, never = {0};
	begin(f, R_PING);
	ASK(a, sw_api_ping(f->api, SECOND, free_in_callback, &a);
	    sw_api_container_wait(f->api, R_ID, 9 * SECOND, on_waited, &never));
	assert_fine(&a);
	assert_int_equal(never.calls, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ping),
		T(test_ping_versions),
		T(test_ping_of_something_else),
		T(test_ping_refused_by_an_engine),
		T(test_ping_garbage),
		T(test_create),
		T(test_create_with_warnings),
		T(test_create_refused),
		T(test_create_nonsense),
		T(test_deep_json),
		T(test_start),
		T(test_names_cannot_change_the_path),
		T(test_networks),
		T(test_wait),
		T(test_wait_that_fails),
		T(test_state),
		T(test_kill_upload_export),
		T(test_list),
		T(test_attach_path),
		T(test_image),
		T(test_import),
		T(test_import_that_fails_late),
		T(test_info),
		T(test_info_of_podman_in_a_vm),
		T(test_info_that_fails),
		T(test_free_cancels),
		T(test_free_in_callback),
	};
	return cmocka_run_group_tests_name("api", tests, NULL, NULL);
}
