/* docker/prepared.c against an engine that does each thing when it is told: what lies behind an attempt's
 * path stays behind it, is bounded, and is over when the runner says so. The engine is a socket in the
 * test's own loop: no threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "docker/prepared.h"

#define SECOND INT64_C(1000000000)
#define ATTACHED \
	"HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.raw-stream\r\n" \
	"Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n"
#define NO_CONTENT "HTTP/1.1 204 No Content\r\n\r\n"
#define WAITED_0 "{\"Error\":null,\"StatusCode\":0}\n"
#define WAITING \
	"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
#define DIGEST "74234e98afe7498fb5daf1f36ac2d78acc339464f950703b8c019892f982b90b"
#define SCHEDULERS_TOKEN "ffffffffffffffffffffffffffffffff"

enum { CONNECTIONS = 96, BOXES = 48, EVENTS = 512 };

struct connection {
	int fd;
	char text[16384];
	size_t len;
	struct box *attached;
};

struct box {
	char id[65], token[33];
	struct connection *stream, *waiting, *removing;
	char input[4096];
};

static struct {
	struct sw_loop *loop;
	char dir[64];
	int listener;
	struct sw_endpoint endpoint;
	struct connection connections[CONNECTIONS];
	struct box boxes[BOXES];
	struct connection *created[BOXES]; /* their answers are held back */
	int n_boxes, attached, starts, removed;
	bool holds_creates, holds_removals, holds_exits, lets_none_live;
	bool lacks_network, lacks_container; /* says a start, and that it is asked about */
} engine;

static struct {
	struct sw_mode_plan mode;
	struct sw_task task;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	int64_t next;
	bool done, ready, pinged;
	char ready_error[SW_TEXT_MAX];
	struct sw_event events[EVENTS];
	int n_events;
} bench;

/* ---- the engine ---- */

static void hang_up(struct connection *connection)
{
	if (connection->fd < 0)
		return;
	if (connection->attached)
		connection->attached->stream = NULL;
	for (int i = 0; i < engine.n_boxes; i++)
		if (engine.boxes[i].waiting == connection)
			engine.boxes[i].waiting = NULL;
	connection->attached = NULL;
	sw_loop_unwatch(engine.loop, connection->fd);
	close(connection->fd);
	connection->fd = -1;
	connection->len = 0;
}

static void say(struct connection *connection, const char *text)
{
	assert_int_equal(send(connection->fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

static void reply_created(struct connection *connection, const struct box *box)
{
	char text[512], body[160];
	(void)snprintf(body, sizeof body, "{\"Id\":\"%s\",\"Warnings\":[]}", box->id);
	(void)snprintf(text, sizeof text,
	               "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	               strlen(body), body);
	say(connection, text);
}

static void end_box(struct box *box)
{
	if (box->stream)
		hang_up(box->stream);
	if (box->waiting)
		say(box->waiting, "1f\r\n" WAITED_0 "\r\n0\r\n\r\n");
	box->waiting = NULL;
}

static void give_result(struct box *box)
{
	char line[512], frame[600] = "\001";
	int len = snprintf(line, sizeof line,
	                   "\036sw1 %s result {\"v\":1,\"outcome\":\"ok\",\"digest\":\"" DIGEST "\",\"t\":{}}\n",
	                   box->token);
	frame[6] = (char)(len >> 8);
	frame[7] = (char)(len & 255);
	memcpy(frame + 8, line, (size_t)len);
	assert_int_equal(send(box->stream->fd, frame, (size_t)len + 8, MSG_NOSIGNAL), len + 8);
}

static void create(struct connection *connection)
{
	struct box *box = &engine.boxes[engine.n_boxes];
	const char *token = strstr(connection->text, "SANDWATCH_TOKEN=");
	assert_true(engine.n_boxes < BOXES);
	assert_non_null(token);
	(void)snprintf(box->id, sizeof box->id, "%012d%052d", engine.n_boxes + 1, 0);
	(void)snprintf(box->token, sizeof box->token, "%.32s", token + strlen("SANDWATCH_TOKEN="));
	if (engine.holds_creates)
		engine.created[engine.n_boxes] = connection;
	else
		reply_created(connection, box);
	engine.n_boxes++;
}

static void attach(struct connection *connection, struct box *box)
{
	connection->attached = box;
	box->stream = connection;
	engine.attached++;
	say(connection, ATTACHED);
	if (engine.lets_none_live)
		hang_up(connection);
}

static struct box *box_of(const char *request)
{
	for (int i = 0; i < engine.n_boxes; i++)
		if (strstr(request, engine.boxes[i].id))
			return &engine.boxes[i];
	fail_msg("of no container: %.100s", request);
	return NULL;
}

static void not_found(struct connection *connection)
{
	say(connection, "HTTP/1.1 404 Not Found\r\nContent-Type: application/json\r\n"
	                "Content-Length: 22\r\n\r\n{\"message\":\"no such\"}\n");
}

static void answer(struct connection *connection)
{
	const char *request = connection->text;
	connection->len = 0;
	if (strstr(request, "/_ping")) {
		say(connection, "HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Length: 2\r\n\r\nOK");
		return;
	}
	if (strstr(request, "/containers/create")) {
		create(connection);
		return;
	}
	struct box *box = box_of(request);
	if (strncmp(request, "DELETE ", 7) == 0) {
		if (engine.holds_removals) {
			box->removing = connection;
			return;
		}
		engine.removed++;
		say(connection, NO_CONTENT);
	} else if (strstr(request, "/attach")) {
		attach(connection, box);
	} else if (strstr(request, "/start") && (engine.lacks_network || engine.lacks_container)) {
		engine.starts++;
		not_found(connection);
	} else if (strncmp(request, "GET ", 4) == 0 && engine.lacks_container) {
		engine.lacks_container = false;
		not_found(connection);
	} else if (strncmp(request, "GET ", 4) == 0) {
		say(connection, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 59\r\n\r\n"
		                "{\"State\":{\"Status\":\"created\",\"Running\":false,\"ExitCode\":0}}");
	} else if (strstr(request, "/start")) {
		engine.starts++;
		say(connection, NO_CONTENT);
		if (box->stream)
			give_result(box);
	} else {
		say(connection, WAITING);
		box->waiting = connection;
		if (!engine.holds_exits)
			end_box(box);
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
	if (n <= 0) {
		/* The end of its stdin. */
		if (connection->attached && connection->attached->input[0])
			sw_loop_unwatch(engine.loop, fd);
		else
			hang_up(connection);
		return;
	}
	connection->len += (size_t)n;
	connection->text[connection->len] = '\0';
	if (connection->attached) {
		(void)snprintf(connection->attached->input, sizeof connection->attached->input, "%.4000s",
		               connection->text);
	} else if (is_whole(connection)) {
		answer(connection);
	}
}

static void on_connection(void *user, int fd, unsigned events)
{
	struct connection *connection = engine.connections;
	(void)user, (void)events;
	while (connection->fd >= 0)
		connection++;
	assert_true(connection < engine.connections + CONNECTIONS);
	*connection = (struct connection){.fd = accept(fd, NULL, NULL)};
	assert_true(connection->fd >= 0);
	assert_int_equal(
		sw_loop_watch(engine.loop, connection->fd, SW_LOOP_READ, on_request, connection, NULL), 0);
}

static void let_removals_go(void)
{
	engine.holds_removals = false;
	for (int i = 0; i < engine.n_boxes; i++) {
		struct box *box = &engine.boxes[i];
		if (box->removing) {
			engine.removed++;
			say(box->removing, NO_CONTENT);
		}
		box->removing = NULL;
	}
}

static int held_removals(void)
{
	int n = 0;
	for (int i = 0; i < engine.n_boxes; i++)
		n += engine.boxes[i].removing != NULL;
	return n;
}

/* ---- the runner's owner ---- */

static void on_done(void *user, const struct sw_attempt_result *result)
{
	(void)user;
	assert_false(bench.done);
	bench.result = *result;
	bench.done = true;
}

static void on_ready(void *user, const char *error)
{
	(void)user;
	assert_false(bench.ready);
	bench.ready = true;
	(void)snprintf(bench.ready_error, sizeof bench.ready_error, "%s", error ? error : "");
}

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	assert_true(bench.n_events < EVENTS);
	bench.events[bench.n_events++] = *event;
}

static void nothing(void *user)
{
	(void)user;
}

static void step(void)
{
	assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
}

static void until(const bool *flag)
{
	struct sw_timer wake = {0};
	int64_t due_ns = sw_clock_ns() + 20 * SECOND;
	assert_int_equal(sw_loop_arm(engine.loop, &wake, due_ns, nothing, NULL), 0);
	while (!*flag && sw_clock_ns() < due_ns)
		step();
	sw_loop_disarm(engine.loop, &wake);
	assert_true(*flag);
}

static void on_pinged(void *user, const struct sw_error *error)
{
	(void)user;
	assert_null(error);
	bench.pinged = true;
}

/* Several answers of the engine later: whatever was on its way has happened. */
static void a_while_later(void)
{
	struct sw_container_runner *base = (struct sw_container_runner *)bench.runner;
	for (int i = 0; i < 8; i++) {
		bench.pinged = false;
		sw_api_ping(base->api, 10 * SECOND, on_pinged, NULL);
		until(&bench.pinged);
	}
}

static void start(void)
{
	struct sw_attempt attempt = {.iteration = ++bench.next, .number = 1, .token = SCHEDULERS_TOKEN};
	bench.done = false;
	bench.runner->ops->start(bench.runner, &attempt, on_done, NULL);
	assert_false(bench.done);
}

static void run(void)
{
	start();
	until(&bench.done);
	if (bench.result.outcome != SW_OUTCOME_OK)
		fail_msg("%s", bench.result.error);
	assert_string_equal(bench.result.digest, DIGEST);
}

static void ask(void (*op)(struct sw_runner *runner, sw_runner_ready_fn ready, void *user))
{
	bench.ready = false;
	op(bench.runner, on_ready, NULL);
	assert_false(bench.ready);
}

static void prepare(int pool)
{
	bench.mode.pool = pool;
	ask(bench.runner->ops->prepare);
	until(&bench.ready);
}

static int count_events(enum sw_event_kind kind)
{
	int n = 0;
	for (int i = 0; i < bench.n_events; i++)
		n += bench.events[i].kind == kind;
	return n;
}

/* ---- the tests ---- */

static void result_is_the_end_and_settling_waits_for_the_exit(void **state)
{
	(void)state;
	prepare(2);
	assert_int_equal(engine.attached, 2);
	assert_int_equal(engine.starts, 0);
	engine.holds_exits = true;
	run();
	assert_int_equal(bench.result.exit_code, -1);
	ask(bench.runner->ops->settle);
	a_while_later();
	assert_false(bench.ready);
	assert_int_equal(engine.n_boxes, 3); /* refilled meanwhile */
	assert_int_equal(engine.removed, 0);
	end_box(&engine.boxes[0]);
	until(&bench.ready);
	assert_string_equal(bench.ready_error, "");
	assert_int_equal(engine.removed, 1);
	engine.holds_exits = false;
}

static void job_carries_the_containers_token(void **state)
{
	(void)state;
	prepare(2);
	assert_string_not_equal(engine.boxes[0].token, engine.boxes[1].token);
	run();
	assert_non_null(strstr(engine.boxes[0].input, engine.boxes[0].token));
	assert_null(strstr(engine.boxes[0].input, SCHEDULERS_TOKEN));
	assert_int_equal(engine.boxes[1].input[0], '\0');
}

static void removals_under_way_are_bounded(void **state)
{
	(void)state;
	prepare(1);
	engine.holds_removals = true;
	for (int i = 0; i < 3; i++)
		run();
	start();
	a_while_later();
	assert_false(bench.done);
	assert_int_equal(engine.starts, 3);
	assert_int_equal(held_removals(), 3);
	let_removals_go();
	int64_t free_ns = sw_clock_ns();
	until(&bench.done);
	assert_int_equal(engine.starts, 4);
	assert_true(bench.result.start_ns >= free_ns); /* the wait is not its time */
	assert_int_equal(count_events(SW_EVENT_NOTE), 1);
}

static void wait_for_a_container_is_off_the_path(void **state)
{
	(void)state;
	prepare(1);
	engine.holds_creates = true;
	run();
	start();
	a_while_later();
	assert_false(bench.done);
	assert_int_equal(count_events(SW_EVENT_NOTE), 0);
	int64_t free_ns = sw_clock_ns();
	engine.holds_creates = false;
	reply_created(engine.created[1], &engine.boxes[1]);
	until(&bench.done);
	assert_true(bench.result.start_ns >= free_ns);
	assert_int_equal(count_events(SW_EVENT_NOTE), 1);
}

/* Within a turn it is made up for at once, between turns by the next start. */
static void lost_one_is_replaced(void **state)
{
	(void)state;
	prepare(2);
	run();
	hang_up(engine.boxes[1].stream);
	ask(bench.runner->ops->settle);
	until(&bench.ready);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 1);
	assert_int_equal(engine.n_boxes, 4);
	hang_up(engine.boxes[2].stream);
	a_while_later();
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 2);
	assert_int_equal(engine.n_boxes, 4);
	run();
	ask(bench.runner->ops->settle);
	until(&bench.ready);
	assert_int_equal(engine.n_boxes, 6);
}

/* A network that is not there is no loss of the container, and the others of the pool would fare alike. */
static void start_that_lacks_something_fails(void **state)
{
	(void)state;
	prepare(2);
	engine.lacks_network = true;
	start();
	until(&bench.done);
	assert_int_equal(bench.result.outcome, SW_OUTCOME_ENGINE);
	assert_non_null(strstr(bench.result.error, "no such (404)"));
	assert_int_equal(engine.starts, 1);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 0);
	engine.lacks_network = false;
	engine.lacks_container = true;
	run();
	assert_int_equal(bench.result.outcome, SW_OUTCOME_OK);
	assert_int_equal(engine.starts, 3);
	assert_int_equal(count_events(SW_EVENT_CONTAINER_REPLACED), 1);
	ask(bench.runner->ops->settle);
	until(&bench.ready);
}

static void engine_that_lets_none_live_is_not_asked_for_ever(void **state)
{
	(void)state;
	engine.lets_none_live = true;
	prepare(2);
	assert_string_not_equal(bench.ready_error, "");
	assert_true(engine.n_boxes <= 8);
	start();
	until(&bench.done);
	assert_int_not_equal(bench.result.outcome, SW_OUTCOME_OK);
	ask(bench.runner->ops->settle);
	until(&bench.ready);
	assert_true(engine.n_boxes <= 16);
}

static void finish_removes_the_pool(void **state)
{
	(void)state;
	prepare(2);
	run();
	engine.holds_removals = true;
	ask(bench.runner->ops->finish);
	a_while_later();
	assert_false(bench.ready);
	let_removals_go();
	until(&bench.ready);
	assert_int_equal(engine.removed, engine.n_boxes);
	/* Of one that was still being made nothing is told, neither its coming nor its going. */
	assert_int_equal(count_events(SW_EVENT_CONTAINER_CREATED),
	                 count_events(SW_EVENT_CONTAINER_REMOVED));
	assert_true(count_events(SW_EVENT_CONTAINER_CREATED) >= 2);
}

/* ---- fixture ---- */

static int set_up(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct sw_error err;
	(void)state;
	memset(&engine, 0, sizeof engine);
	memset(&bench, 0, sizeof bench);
	for (int i = 0; i < CONNECTIONS; i++)
		engine.connections[i].fd = -1;
	(void)snprintf(engine.dir, sizeof engine.dir, "/tmp/sandwatch-test-prep.XXXXXX");
	if (!mkdtemp(engine.dir) || sw_loop_new(&engine.loop, NULL) < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/s", engine.dir);
	engine.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(engine.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(engine.listener, 64) < 0 ||
	    sw_endpoint_parse(address.sun_path, &engine.endpoint, NULL) < 0 ||
	    sw_loop_watch(engine.loop, engine.listener, SW_LOOP_READ, on_connection, NULL, NULL) < 0)
		return -1;
	bench.mode = (struct sw_mode_plan){.name = "ahead", .kind = SW_KIND_PREPARED, .parallel = 1,
	                                   .sandbox = {.image = "i", .timeout_ns = 60 * SECOND,
	                                               .engine_timeout_ns = 30 * SECOND}};
	bench.task = (struct sw_task){.strategy = "pass\n", .strategy_len = 5, .days = 1, .symbols = 1};
	const struct sw_container_options options = {
		.loop = engine.loop, .endpoint = engine.endpoint, .api_version = "1.41", .mode = &bench.mode,
		.task = &bench.task, .session_id = "test", .shim = SW_SHIM_BAKED, .sink = {on_event, NULL}};
	return sw_prepared_new(&options, &bench.runner, &err);
}

static int tear_down(void **state)
{
	char path[128];
	(void)state;
	let_removals_go();
	engine.holds_exits = engine.holds_creates = false;
	bench.ready = false;
	bench.runner->ops->finish(bench.runner, on_ready, NULL);
	until(&bench.ready);
	bench.runner->ops->free(bench.runner);
	for (int i = 0; i < CONNECTIONS; i++)
		hang_up(&engine.connections[i]);
	sw_loop_unwatch(engine.loop, engine.listener);
	close(engine.listener);
	sw_loop_free(engine.loop);
	(void)snprintf(path, sizeof path, "%s/s", engine.dir);
	(void)unlink(path);
	return rmdir(engine.dir);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(result_is_the_end_and_settling_waits_for_the_exit),
		TEST(job_carries_the_containers_token),
		TEST(removals_under_way_are_bounded),
		TEST(wait_for_a_container_is_off_the_path),
		TEST(lost_one_is_replaced),
		TEST(start_that_lacks_something_fails),
		TEST(engine_that_lets_none_live_is_not_asked_for_ever),
		TEST(finish_removes_the_pool),
	};
	return cmocka_run_group_tests_name("prepared", tests, NULL, NULL);
}
