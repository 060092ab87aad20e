/* docker/api_exec.c: what is asked of the engine, and what its answers mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "docker/api.h"
#include "tests/unit/docker/peer.h"
#include "tests/unit/docker/recorded.h"

#define SECOND INT64_C(1000000000)

struct fixture {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	struct peer *peer;
	struct sw_buf body;
	char made[512];
	bool called, failed;
	struct sw_error error;
	char id[SW_CONTAINER_ID_MAX];
	struct sw_api_exec_state state;
};

static int setup(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);
	*state = f;
	return sw_loop_new(&f->loop, NULL);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	sw_api_free(f->api);
	sw_http_free(f->http);
	peer_stop(f->peer);
	sw_loop_free(f->loop);
	sw_buf_done(&f->body);
	free(f);
	return 0;
}

static void serve(struct peer *peer, int fd)
{
	while (peer_read_request(peer, fd) && peer_say(fd, peer->script))
		;
}

static void begin(struct fixture *f, const char *reply)
{
	f->peer = peer_start(true, serve, (void *)(uintptr_t)reply);
	assert_int_equal(sw_http_new(f->loop, &f->peer->endpoint, &f->http, NULL), 0);
	assert_int_equal(sw_api_new(f->http, &f->api, NULL), 0);
	sw_api_set_version(f->api, "1.41");
}

static void begin_with(struct fixture *f, const char *body)
{
	snprintf(f->made, sizeof f->made,
	         "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	         strlen(body), body);
	begin(f, f->made);
}

static void note(struct fixture *f, const struct sw_error *error)
{
	assert_false(f->called);
	f->called = true;
	f->failed = error != NULL;
	if (error)
		f->error = *error;
}

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	struct fixture *f = user;
	assert_true(!id == !!error);
	assert_string_equal(warning, "");
	if (id)
		(void)snprintf(f->id, sizeof f->id, "%s", id);
	note(f, error);
}

static void on_state(void *user, const struct sw_api_exec_state *state,
                     const struct sw_error *error)
{
	struct fixture *f = user;
	assert_true(!state == !!error);
	if (state)
		f->state = *state;
	note(f, error);
}

static void until_called(struct fixture *f)
{
	assert_false(f->called); /* never from inside */
	while (!f->called)
		assert_int_equal(sw_loop_step(f->loop, NULL), 0);
	peer_sync(f->peer);
}

static void create(struct fixture *f, const char *reply)
{
	begin(f, reply);
	sw_api_exec_create(f->api, R_ID, "{\"Cmd\":[\"x\"]}", SECOND, on_created, f);
	until_called(f);
}

static void inspect(struct fixture *f)
{
	sw_api_exec_inspect(f->api, R_EXEC_ID, SECOND, on_state, f);
	until_called(f);
}

static void assert_fine(const struct fixture *f)
{
	if (f->failed)
		fail_msg("%s", f->error.message);
}

static void assert_failed(const struct fixture *f, enum sw_code code, const char *says)
{
	assert_true(f->failed);
	if (!strstr(f->error.message, says))
		fail_msg("'%s' does not say '%s'", f->error.message, says);
	assert_int_equal(f->error.code, code);
}

/* --- what is executed --- */

static void test_body_says_all_that_is_given(void **state)
{
	struct fixture *f = *state;
	const char *const command[] = {"/sandwatch-shim", "a \"b\"", NULL};
	const char *const env[] = {"SANDWATCH_TOKEN=1", "A=", NULL};
	const struct sw_api_exec exec = {
		.command = command, .env = env, .user = "1:2", .workdir = "/tmp", .with_stdin = true};
	assert_int_equal(sw_api_exec_body(&exec, &f->body), 0);
	assert_string_equal(f->body.data,
	                    "{\"AttachStdin\":true,\"AttachStdout\":true,\"AttachStderr\":true,"
	                    "\"Tty\":false,\"User\":\"1:2\",\"WorkingDir\":\"/tmp\","
	                    "\"Env\":[\"SANDWATCH_TOKEN=1\",\"A=\"],"
	                    "\"Cmd\":[\"/sandwatch-shim\",\"a \\\"b\\\"\"]}");
}

static void test_body_leaves_the_rest_to_the_container(void **state)
{
	struct fixture *f = *state;
	const char *const command[] = {"true", NULL};
	const struct sw_api_exec exec = {.command = command, .user = "", .workdir = ""};
	assert_int_equal(sw_api_exec_body(&exec, &f->body), 0);
	assert_string_equal(f->body.data,
	                    "{\"AttachStdin\":false,\"AttachStdout\":true,\"AttachStderr\":true,"
	                    "\"Tty\":false,\"Cmd\":[\"true\"]}");
}

static void test_body_that_does_not_fit(void **state)
{
	struct fixture *f = *state;
	const char *const command[] = {"true", NULL};
	const struct sw_api_exec exec = {.command = command};
	sw_buf_init(&f->body, 40);
	assert_int_equal(sw_api_exec_body(&exec, &f->body), -1);
}

/* --- create --- */

static void test_create(void **state)
{
	struct fixture *f = *state;
	create(f, R_EXEC_201);
	assert_fine(f);
	assert_string_equal(f->id, R_EXEC_ID);
	const char *line = "POST /v1.41/containers/" R_ID "/exec HTTP/1.1\r\n";
	assert_int_equal(strncmp(f->peer->request, line, strlen(line)), 0);
	assert_string_equal(strstr(f->peer->request, "\r\n\r\n") + 4, "{\"Cmd\":[\"x\"]}");
}

static void test_create_where_nothing_runs(void **state)
{
	create(*state, R_EXEC_409);
	assert_failed(*state, SW_ERR_REFUSED,
	              "executing in container f315b57d6c69: Container " R_ID " is not running (409)");
}

static void test_create_nonsense(void **state)
{
	create(*state, R_PING);
	assert_failed(*state, SW_ERR_PROTOCOL, "makes no sense");
}

/* --- start --- */

static void test_start_path(void **state)
{
	struct fixture *f = *state;
	char path[256] = "x";
	begin(f, R_PING);
	sw_api_exec_start_path(f->api, "ab12", path, sizeof path);
	assert_string_equal(path, "/v1.41/exec/ab12/start");
	sw_api_exec_start_path(f->api, "../x", path, sizeof path);
	assert_string_equal(path, "");
}

/* --- inspect --- */

static void test_state(void **state)
{
	struct fixture *f = *state;
	begin(f, R_EXEC_STATE);
	inspect(f);
	assert_fine(f);
	assert_false(f->state.running);
	assert_int_equal(f->state.exit_code, 3);
	assert_int_equal(f->state.pid, 1688);
	const char *line = "GET /v1.41/exec/" R_EXEC_ID "/json HTTP/1.1\r\n";
	assert_int_equal(strncmp(f->peer->request, line, strlen(line)), 0);
}

/* The shapes before it runs and while it does: ExitCode is null. */
static void test_state_without_an_exit_code(void **state)
{
	struct fixture *f = *state;
	begin_with(f, "{\"Running\":true,\"ExitCode\":null,\"Pid\":7}");
	inspect(f);
	assert_fine(f);
	assert_true(f->state.running);
	assert_int_equal(f->state.exit_code, -1);
}

static void test_running_has_no_exit_code(void **state)
{
	struct fixture *f = *state;
	begin_with(f, "{\"Running\":true,\"ExitCode\":0,\"Pid\":7}"); /* Podman's */
	inspect(f);
	assert_int_equal(f->state.exit_code, -1);
}

static void test_state_of_nothing(void **state)
{
	struct fixture *f = *state;
	begin(f, R_EXEC_404);
	inspect(f);
	assert_failed(f, SW_ERR_NOT_FOUND, "inspecting exec da6bbb4f3bce: No such exec instance");
}

static void test_state_nonsense(void **state)
{
	struct fixture *f = *state;
	begin_with(f, "{\"ExitCode\":0}");
	inspect(f);
	assert_failed(f, SW_ERR_PROTOCOL, "makes no sense");
}

/* --- what was killed for want of memory --- */

static void on_oom(void *user, bool has_oom, const struct sw_error *error)
{
	struct fixture *f = user;
	f->state.running = has_oom;
	note(f, error);
}

static bool asked_for_oom(struct fixture *f, const char *reply)
{
	begin(f, reply);
	sw_api_container_oom(f->api, R_ID, 3 * SECOND, SECOND, on_oom, f);
	until_called(f);
	return f->state.running;
}

static void test_oom(void **state)
{
	struct fixture *f = *state;
	long long since, since_ns, until, until_ns;
	snprintf(f->made, sizeof f->made, "%s", R_JSON("200 OK") "Content-Length: 67\r\n\r\n"
	         "{\"status\":\"oom\",\"Type\":\"container\",\"Action\":\"oom\",\"timeNano\":1234}\n");
	assert_true(asked_for_oom(f, f->made));
	assert_fine(f);
	assert_int_equal(sscanf(f->peer->request, "GET /v1.41/events?since=%lld.%9lld&until=%lld.%9lld&",
	                        &since, &since_ns, &until, &until_ns), 4);
	assert_int_equal((until - since) * SECOND + until_ns - since_ns, 3 * SECOND);
	assert_non_null(strstr(f->peer->request,
	                       "&filters=%7B%22container%22%3A%5B%22" R_ID
	                       "%22%5D%2C%22event%22%3A%5B%22oom%22%5D%7D HTTP/1.1\r\n"));
}

static void test_no_oom(void **state)
{
	assert_false(asked_for_oom(*state, R_JSON("200 OK") "Content-Length: 0\r\n\r\n"));
	assert_fine(*state);
}

static void test_oom_that_cannot_be_asked_for(void **state)
{
	assert_false(asked_for_oom(*state, R_PODMAN_500));
	assert_failed(*state, SW_ERR_REFUSED, "asking for events of container f315b57d6c69");
}

static void test_a_clock_that_was_set(void **state)
{
	const int64_t wall = 1795389445 * SECOND;
	(void)state;
	assert_false(sw_api_wall_was_set(wall, 7, wall + 30 * SECOND, 7 + 30 * SECOND));
	assert_false(sw_api_wall_was_set(wall, 7, wall + 30 * SECOND + SECOND / 4, 7 + 30 * SECOND));
	assert_true(sw_api_wall_was_set(wall, 7, wall + 3600 * SECOND, 7 + 30 * SECOND));
	assert_true(sw_api_wall_was_set(wall, 7, wall - 3600 * SECOND, 7 + 30 * SECOND));
	assert_true(sw_api_wall_was_set(wall, 7, wall, 7 + 30 * SECOND));
	int64_t before = sw_clock_ns(), there = sw_api_wall_ns();
	assert_false(sw_api_wall_was_set(there, before, sw_api_wall_ns(), sw_clock_ns()));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_body_says_all_that_is_given),
		T(test_body_leaves_the_rest_to_the_container),
		T(test_body_that_does_not_fit),
		T(test_create),
		T(test_create_where_nothing_runs),
		T(test_create_nonsense),
		T(test_start_path),
		T(test_state),
		T(test_state_without_an_exit_code),
		T(test_running_has_no_exit_code),
		T(test_state_of_nothing),
		T(test_state_nonsense),
		T(test_oom),
		T(test_no_oom),
		T(test_oom_that_cannot_be_asked_for),
		T(test_a_clock_that_was_set),
	};
	return cmocka_run_group_tests_name("api_exec", tests, NULL, NULL);
}
