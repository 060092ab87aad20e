/* docker/lifecycle.c against an engine that misbehaves as told: a create whose answer is lost, a
 * removal that is refused, a daemon that dies in the middle, ends that come alone. The engine is a
 * socket in the test's own loop: no threads, no time but the lifecycle's own timers. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/process.h"
#include "docker/lifecycle.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SECOND INT64_C(1000000000)
#define FRAME_HI "\001\000\000\000\000\000\000\002hi"
#define ATTACHED                                                                   \
	"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" \
	"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
#define WAITED_0 "{\"Error\":null,\"StatusCode\":0}\n"

enum { CONNECTIONS = 16, REQUESTS = 32 };

enum answer {
	AS_USUAL,
	HOLD, /* never answers */
	HANG_UP,
	PARTIAL, /* 200 and half of a body, then the connection ends */
	REFUSE,  /* 500 */
	RUNNING, /* of a state: it runs */
};

enum what { CREATE, ATTACH, START, WAIT, STATE, REMOVE, WHATS };

struct connection {
	int fd;
	char text[8192];
	size_t len;
};

static struct {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	char dir[64];
	int listener;
	struct connection connections[CONNECTIONS];
	struct connection *attached, *waiting;
	int asked[WHATS];
	enum answer answers[WHATS]; /* for the first REFUSALS ones; then as usual */
	int refusals[WHATS];
	char last_removed[128];
	bool eof_after_start, exit_after_start;
} engine;

static struct {
	struct sw_lifecycle *life;
	bool ended, failed, gone, stays;
	struct sw_error error, gone_error;
	char out[64];
	size_t out_len;
} story;

/* ---- the engine ---- */

static void hang_up(struct connection *connection)
{
	if (connection->fd < 0)
		return;
	if (connection == engine.attached)
		engine.attached = NULL;
	if (connection == engine.waiting)
		engine.waiting = NULL;
	sw_loop_unwatch(engine.loop, connection->fd);
	close(connection->fd);
	connection->fd = -1;
	connection->len = 0;
}

static void say(struct connection *connection, const char *bytes, size_t len)
{
	assert_int_equal(send(connection->fd, bytes, len, MSG_NOSIGNAL), len);
}

static void reply(struct connection *connection, const char *status, const char *body)
{
	char text[1024];
	int len = snprintf(text, sizeof text,
	                   "HTTP/1.1 %s\r\nContent-Type: application/json\r\n"
	                   "Content-Length: %zu\r\n\r\n%s",
	                   status, strlen(body), body);
	say(connection, text, (size_t)len);
}

static void end_wait(void)
{
	say(engine.waiting, "1f\r\n" WAITED_0 "\r\n0\r\n\r\n",
	    strlen("1f\r\n" WAITED_0 "\r\n0\r\n\r\n"));
}

static enum what what_is_asked(const char *request)
{
	if (strncmp(request, "DELETE ", 7) == 0)
		return REMOVE;
	if (strncmp(request, "GET ", 4) == 0)
		return STATE;
	if (strstr(request, "/containers/create"))
		return CREATE;
	if (strstr(request, "/attach"))
		return ATTACH;
	return strstr(request, "/start") ? START : WAIT;
}

static void answer_as_usual(struct connection *connection, enum what what)
{
	switch (what) {
	case CREATE:
		reply(connection, "201 Created", "{\"Id\":\"" ID "\",\"Warnings\":[]}");
		break;
	case ATTACH:
		engine.attached = connection;
		say(connection, ATTACHED, strlen(ATTACHED));
		break;
	case START:
		say(connection, "HTTP/1.1 204 No Content\r\n\r\n",
		    strlen("HTTP/1.1 204 No Content\r\n\r\n"));
		say(engine.attached, FRAME_HI, sizeof FRAME_HI - 1);
		if (engine.eof_after_start)
			hang_up(engine.attached);
		break;
	case WAIT:
		engine.waiting = connection;
		say(connection,
		    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
		    "Transfer-Encoding: chunked\r\n\r\n",
		    strlen("HTTP/1.1 200 OK\r\nContent-Type: "
		           "application/json\r\nTransfer-Encoding: chunked\r\n\r\n"));
		if (engine.exit_after_start)
			end_wait();
		break;
	case STATE:
		reply(connection, "200 OK",
		      "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"exited\",\"Running\":"
		      "false,\"OOMKilled\":false,\"ExitCode\":9,\"Error\":\"\"}}");
		break;
	case REMOVE:
		say(connection, "HTTP/1.1 204 No Content\r\n\r\n",
		    strlen("HTTP/1.1 204 No Content\r\n\r\n"));
		break;
	case WHATS:
		break;
	}
}

/* A flood that nobody reads would hold up the removal: the client has closed its stream by then. */
static bool is_attached(void)
{
	char byte;
	return engine.attached && recv(engine.attached->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 0;
}

static void answer(struct connection *connection)
{
	enum what what = what_is_asked(connection->text);
	enum answer how = engine.asked[what] < engine.refusals[what] ? engine.answers[what] : AS_USUAL;
	if (what == REMOVE) {
		(void)snprintf(engine.last_removed, sizeof engine.last_removed, "%.100s", connection->text);
		assert_false(is_attached());
	}
	engine.asked[what]++;
	connection->len = 0;
	switch (how) {
	case AS_USUAL:
		answer_as_usual(connection, what);
		break;
	case HOLD:
		break;
	case HANG_UP:
		hang_up(connection);
		break;
	case PARTIAL:
		say(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"Stat", 46);
		hang_up(connection);
		break;
	case REFUSE:
		reply(connection, "500 Internal Server Error", "{\"message\":\"device or resource busy\"}");
		break;
	case RUNNING:
		reply(connection, "200 OK",
		      "{\"Id\":\"" ID "\",\"State\":{\"Status\":\"running\",\"Running\":"
		      "true,\"OOMKilled\":false,\"ExitCode\":4,\"Error\":\"\"}}");
		break;
	}
}

static bool is_whole(const struct connection *connection)
{
	const char *end = strstr(connection->text, "\r\n\r\n");
	const char *length = strcasestr(connection->text, "\r\nContent-Length: ");
	size_t body = length && length < end ? strtoul(length + 18, NULL, 10) : 0;
	return end && connection->len >= (size_t)(end + 4 - connection->text) + body;
}

static void on_request(void *user, int fd, unsigned events)
{
	struct connection *connection = user;
	(void)events;
	ssize_t n = recv(fd, connection->text + connection->len,
	                 sizeof connection->text - 1 - connection->len, 0);
	if (n <= 0 || connection == engine.attached) {
		if (n <= 0)
			hang_up(connection);
		return;
	}
	connection->len += (size_t)n;
	connection->text[connection->len] = '\0';
	if (is_whole(connection))
		answer(connection);
}

static void on_connection(void *user, int fd, unsigned events)
{
	struct connection *connection = engine.connections;
	(void)user, (void)events;
	while (connection->fd >= 0)
		connection++;
	assert_true(connection < engine.connections + CONNECTIONS);
	connection->fd = accept(fd, NULL, NULL);
	connection->len = 0;
	assert_true(connection->fd >= 0);
	assert_int_equal(
		sw_loop_watch(engine.loop, connection->fd, SW_LOOP_READ, on_request, connection, NULL), 0);
}

static void stop_listening(void)
{
	if (engine.listener < 0)
		return;
	sw_loop_unwatch(engine.loop, engine.listener);
	close(engine.listener);
	engine.listener = -1;
}

static int set_up(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct sw_endpoint endpoint;
	(void)state;
	memset(&engine, 0, sizeof engine);
	memset(&story, 0, sizeof story);
	for (int i = 0; i < CONNECTIONS; i++)
		engine.connections[i].fd = -1;
	(void)snprintf(engine.dir, sizeof engine.dir, "/tmp/sandwatch-test-life.XXXXXX");
	if (!mkdtemp(engine.dir) || sw_loop_new(&engine.loop, NULL) < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", engine.dir);
	engine.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(engine.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(engine.listener, 8) < 0 ||
	    sw_endpoint_parse(address.sun_path, &endpoint, NULL) < 0 ||
	    sw_loop_watch(engine.loop, engine.listener, SW_LOOP_READ, on_connection, NULL, NULL) < 0 ||
	    sw_http_new(engine.loop, &endpoint, &engine.http, NULL) < 0 ||
	    sw_api_new(engine.http, &engine.api, NULL) < 0)
		return -1;
	sw_api_set_version(engine.api, "1.41");
	return 0;
}

static int tear_down(void **state)
{
	char path[128];
	(void)state;
	sw_lifecycle_free(story.life);
	sw_api_free(engine.api);
	sw_http_free(engine.http);
	for (int i = 0; i < CONNECTIONS; i++)
		hang_up(&engine.connections[i]);
	stop_listening();
	sw_loop_free(engine.loop);
	(void)snprintf(path, sizeof path, "%s/s", engine.dir);
	(void)unlink(path);
	return rmdir(engine.dir);
}

/* ---- the container's owner ---- */

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	(void)user, (void)stream;
	for (size_t i = 0; i < len && story.out_len < sizeof story.out - 1; i++)
		story.out[story.out_len++] = bytes[i];
}

static void on_ended(void *user, const struct sw_error *error)
{
	(void)user;
	assert_false(story.ended);
	story.ended = true;
	story.failed = error != NULL;
	if (error)
		story.error = *error;
	sw_lifecycle_remove(story.life);
}

static void on_gone(void *user, const struct sw_error *error)
{
	(void)user;
	assert_false(story.gone);
	story.gone = true;
	story.stays = error != NULL;
	if (error)
		story.gone_error = *error;
}

static void begin(int64_t engine_timeout_ns)
{
	struct sw_error err;
	const struct sw_life_handlers handlers = {NULL, on_data, on_ended, on_gone, NULL};
	const struct sw_life_options options = {.name = "sandwatch-x-1",
	                                        .body = "{\"Image\":\"i\"}",
	                                        .with_stdin = true,
	                                        .engine_timeout_ns = engine_timeout_ns};
	if (sw_lifecycle_start(engine.loop, engine.api, &options, &handlers, &story.life, &err) < 0)
		fail_msg("%s", err.message);
}

static void nothing(void *user)
{
	(void)user;
}

static void until(const bool *flag)
{
	struct sw_timer wake = {0};
	int64_t due_ns = sw_clock_ns() + 20 * SECOND;
	assert_int_equal(sw_loop_arm(engine.loop, &wake, due_ns, nothing, NULL), 0);
	while (!*flag && sw_clock_ns() < due_ns)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_loop_disarm(engine.loop, &wake);
	assert_true(*flag);
}

static void until_running(void)
{
	while (sw_lifecycle_state(story.life) != SW_LIFE_RUNNING || !engine.waiting || !story.out_len)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
}

static void refuse(enum what what, enum answer how, int times)
{
	engine.answers[what] = how;
	engine.refusals[what] = times;
}

/* ---- the tests ---- */

static void all_goes_well(void **state)
{
	(void)state;
	engine.eof_after_start = engine.exit_after_start = true;
	begin(10 * SECOND);
	until(&story.gone);
	assert_false(story.failed || story.stays);
	assert_string_equal(story.out, "hi");
	assert_int_equal(sw_lifecycle_exit_code(story.life), 0);
	for (enum what what = CREATE; what < WHATS; what++)
		assert_int_equal(engine.asked[what], what == STATE ? 0 : 1);
}

/* One that is held is attached, takes input, and is started when it is told to go: once. */
static void held_one_starts_when_told(void **state)
{
	struct sw_error err;
	const struct sw_life_handlers handlers = {NULL, on_data, on_ended, on_gone, NULL};
	const struct sw_life_options options = {.name = "sandwatch-x-1", .body = "{\"Image\":\"i\"}",
	                                        .with_stdin = true, .is_held = true,
	                                        .engine_timeout_ns = 10 * SECOND};
	(void)state;
	engine.eof_after_start = engine.exit_after_start = true;
	assert_int_equal(sw_lifecycle_start(engine.loop, engine.api, &options, &handlers, &story.life, &err),
	                 0);
	sw_lifecycle_go(story.life); /* too early: nothing */
	while (sw_lifecycle_state(story.life) != SW_LIFE_HELD)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	assert_int_equal(engine.asked[START], 0);
	assert_int_equal(sw_lifecycle_stamps(story.life)->start_ns, 0);
	assert_true(sw_lifecycle_stamps(story.life)->attached_ns > 0);
	sw_lifecycle_go(story.life);
	sw_lifecycle_go(story.life);
	until(&story.gone);
	assert_false(story.failed || story.stays);
	assert_int_equal(engine.asked[START], 1);
	assert_string_equal(story.out, "hi");
}

static void held_one_whose_stream_closes_has_ended(void **state)
{
	struct sw_error err;
	const struct sw_life_handlers handlers = {NULL, on_data, on_ended, on_gone, NULL};
	const struct sw_life_options options = {.name = "sandwatch-x-1", .body = "{\"Image\":\"i\"}",
	                                        .is_held = true, .engine_timeout_ns = 10 * SECOND};
	(void)state;
	assert_int_equal(sw_lifecycle_start(engine.loop, engine.api, &options, &handlers, &story.life, &err),
	                 0);
	while (sw_lifecycle_state(story.life) != SW_LIFE_HELD)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	hang_up(engine.attached);
	until(&story.gone);
	assert_true(story.failed);
	assert_int_equal(engine.asked[START], 0);
	assert_int_equal(engine.asked[REMOVE], 1);
}

static void lost_create_is_removed_by_name(void **state)
{
	(void)state;
	refuse(CREATE, HANG_UP, 1);
	begin(10 * SECOND);
	until(&story.gone);
	assert_true(story.failed);
	assert_false(story.stays);
	assert_non_null(strstr(engine.last_removed, "/containers/sandwatch-x-1?"));
	/* Once more later: the engine may have been at work on it when first asked. */
	assert_int_equal(engine.asked[REMOVE], 2);
	assert_int_equal(engine.asked[START], 0);
}

static void late_create_is_removed_by_name(void **state)
{
	(void)state;
	refuse(CREATE, HOLD, 1);
	begin(SECOND / 5);
	until(&story.gone);
	assert_true(story.failed);
	assert_int_equal(story.error.code, SW_ERR_TIMEOUT);
	assert_non_null(strstr(engine.last_removed, "/containers/sandwatch-x-1?"));
}

static void refused_create_removes_nothing(void **state)
{
	(void)state;
	refuse(CREATE, REFUSE, 1);
	begin(10 * SECOND);
	until(&story.gone);
	assert_true(story.failed);
	assert_int_equal(story.error.code, SW_ERR_REFUSED);
	assert_int_equal(engine.asked[REMOVE], 0);
}

static void removal_while_creating(void **state)
{
	(void)state;
	begin(10 * SECOND);
	sw_lifecycle_remove(story.life);
	until(&story.gone);
	assert_false(story.ended || story.stays);
	assert_int_equal(engine.asked[ATTACH], 0);
	assert_int_equal(engine.asked[REMOVE], 1);
	assert_non_null(strstr(engine.last_removed, ID));
}

static void refused_removal_is_tried_again(void **state)
{
	(void)state;
	refuse(REMOVE, REFUSE, 3);
	engine.eof_after_start = engine.exit_after_start = true;
	begin(10 * SECOND);
	until(&story.gone);
	assert_false(story.stays);
	assert_int_equal(engine.asked[REMOVE], 4);
}

static void refused_removal_gives_up(void **state)
{
	(void)state;
	refuse(REMOVE, REFUSE, 1000);
	engine.eof_after_start = engine.exit_after_start = true;
	begin(10 * SECOND);
	until(&story.gone);
	assert_true(story.stays);
	assert_non_null(strstr(story.gone_error.message, "device or resource busy"));
	assert_int_equal(engine.asked[REMOVE], 6);
}

/* A removal that hangs takes as long as one request may, not as often as a refused one. */
static void hung_removal_gives_up(void **state)
{
	(void)state;
	refuse(REMOVE, HOLD, 1000);
	engine.eof_after_start = engine.exit_after_start = true;
	begin(2 * SECOND);
	until(&story.gone);
	assert_true(story.stays);
	assert_false(story.failed);
	assert_int_equal(story.gone_error.code, SW_ERR_TIMEOUT);
	assert_true(engine.asked[REMOVE] <= 4);
	const struct sw_life_stamps *stamps = sw_lifecycle_stamps(story.life);
	assert_true(stamps->removed_ns - stamps->remove_ns < 6 * SECOND); /* six of them: 12 s */
}

static void refused_start(void **state)
{
	(void)state;
	refuse(START, REFUSE, 1);
	begin(10 * SECOND);
	until(&story.gone);
	assert_true(story.failed);
	assert_false(story.stays);
	assert_int_equal(engine.asked[WAIT], 0);
	assert_int_equal(engine.asked[REMOVE], 1);
}

/* facts.md: HTTP 200, then a cut off body; the attach ends as if all were well. */
static void daemon_dies_during_wait(void **state)
{
	(void)state;
	refuse(WAIT, PARTIAL, 1);
	engine.eof_after_start = true;
	begin(10 * SECOND);
	until(&story.gone);
	assert_true(story.failed);
	assert_int_equal(sw_lifecycle_exit_code(story.life), -1);
}

static void daemon_is_gone_altogether(void **state)
{
	(void)state;
	begin(10 * SECOND);
	until_running();
	stop_listening();
	for (int i = 0; i < CONNECTIONS; i++)
		hang_up(&engine.connections[i]);
	until(&story.gone);
	assert_true(story.failed);
	assert_true(story.stays);
	assert_int_equal(story.gone_error.code, SW_ERR_NO_ENGINE);
	/* Not tried again and again: nobody is there to ask. */
	const struct sw_life_stamps *stamps = sw_lifecycle_stamps(story.life);
	assert_true(stamps->removed_ns - stamps->remove_ns < SECOND);
}

static void garbage_on_the_stream(void **state)
{
	(void)state;
	begin(10 * SECOND);
	until_running();
	say(engine.attached, "\007\007\007\007garbage", 11);
	until(&story.gone);
	assert_true(story.failed);
	assert_int_equal(story.error.code, SW_ERR_PROTOCOL);
	assert_false(story.stays);
}

/* The end of the stream alone is no end; the state is asked once, and decides. */
static void end_of_stream_without_an_exit(void **state)
{
	(void)state;
	engine.eof_after_start = true;
	begin(SECOND / 5);
	until(&story.gone);
	assert_false(story.failed);
	assert_int_equal(sw_lifecycle_exit_code(story.life), 9);
	assert_int_equal(engine.asked[STATE], 1);
}

static void on_barrier(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	(void)state, (void)error;
	*(bool *)user = true;
}

static void end_of_stream_of_one_that_runs_on(void **state)
{
	bool passed = false;
	(void)state;
	engine.eof_after_start = true;
	refuse(STATE, RUNNING, 1);
	begin(SECOND / 5);
	while (engine.asked[STATE] == 0)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	/* Another answer behind it: then the first has been taken in. */
	sw_api_container_state(engine.api, ID, 10 * SECOND, on_barrier, &passed);
	until(&passed);
	assert_false(story.ended);
	end_wait();
	until(&story.gone);
	assert_false(story.failed);
	assert_int_equal(sw_lifecycle_exit_code(story.life), 0);
	assert_true(engine.asked[STATE] >= 2);
}

static void exit_before_the_end_of_stream(void **state)
{
	(void)state;
	begin(10 * SECOND);
	until_running();
	end_wait();
	while (sw_lifecycle_exit_code(story.life) < 0)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	assert_false(story.ended);
	say(engine.attached, FRAME_HI, sizeof FRAME_HI - 1);
	hang_up(engine.attached);
	until(&story.gone);
	assert_false(story.failed);
	assert_string_equal(story.out, "hihi");
}

static void removal_does_not_wait_for_the_start(void **state)
{
	(void)state;
	refuse(START, HOLD, 1);
	begin(60 * SECOND);
	while (engine.asked[START] == 0)
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_lifecycle_remove(story.life);
	until(&story.gone); /* which waits for 20 s, not for 60 */
	assert_false(story.ended || story.stays);
	assert_true(sw_lifecycle_stamps(story.life)->kill_ns > 0);
}

static void labels_name_their_owner(void **state)
{
	static const char *const expected[] = {"org.sandwatch.session=s1",
	                                       "org.sandwatch.host=", "org.sandwatch.pid=",
	                                       "org.sandwatch.pid_start=", "org.sandwatch.boot=",
	                                       "org.sandwatch.pid_ns=", "org.sandwatch.machine="};
	struct sw_process_stat own;
	char pid[64], start[64];
	(void)state;
	const char **labels = sw_lifecycle_labels("s1");
	assert_non_null(labels);
	(void)snprintf(pid, sizeof pid, "org.sandwatch.pid=%d", (int)getpid());
	assert_string_equal(labels[2], pid);
	assert_int_equal(sw_process_read_stat(0, &own, NULL), 0);
	(void)snprintf(start, sizeof start, "org.sandwatch.pid_start=%" PRIu64, own.start_ticks);
	assert_string_equal(labels[3], start);
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		assert_int_equal(strncmp(labels[i], expected[i], strlen(expected[i])), 0);
		assert_true(labels[i][strlen(expected[i])] != '\0' || i == 0 || i == 6);
	}
	assert_null(labels[7]);
	/* A fingerprint, not the id itself; there may be none. */
	size_t len = strlen(labels[6] + strlen(expected[6]));
	assert_true(len == 0 || len == 16);
	free(labels);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(all_goes_well),
		TEST(held_one_starts_when_told),
		TEST(held_one_whose_stream_closes_has_ended),
		TEST(lost_create_is_removed_by_name),
		TEST(late_create_is_removed_by_name),
		TEST(refused_create_removes_nothing),
		TEST(removal_while_creating),
		TEST(refused_removal_is_tried_again),
		TEST(refused_removal_gives_up),
		TEST(hung_removal_gives_up),
		TEST(refused_start),
		TEST(daemon_dies_during_wait),
		TEST(daemon_is_gone_altogether),
		TEST(garbage_on_the_stream),
		TEST(end_of_stream_without_an_exit),
		TEST(end_of_stream_of_one_that_runs_on),
		TEST(exit_before_the_end_of_stream),
		TEST(removal_does_not_wait_for_the_start),
		cmocka_unit_test(labels_name_their_owner),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
