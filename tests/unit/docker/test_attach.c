#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "docker/attach.h"
#include "tests/unit/docker/peer.h"
#include "tests/unit/docker/recorded.h"
#include "tests/unit/docker/turns.h"

#define SECOND INT64_C(1000000000)
#define TO(where, timeout_ns) \
	&(struct sw_attach_request){.path = (where), .open_timeout_ns = (timeout_ns)}
#define HELLO "\1\0\0\0\0\0\0\6hello\n\2\0\0\0\0\0\0\3bye"
enum { HELLO_LEN = sizeof HELLO - 1 };

/* What the peer says after it has read the request; then it closes, unless hold. */
struct script {
	const char *bytes;
	size_t len;
	bool is_dripped, is_held, is_shut;
};

struct fixture {
	struct sw_loop *loop;
	struct peer *peer;
	struct sw_attach *attach;
	struct script script;
	char *bytes; /* a test's own; the peer may send from it until it is stopped */
	bool opened, closed, failed, frees_in_opened, frees_in_data, frees_in_closed;
	int data_calls;
	struct sw_error error;
	struct sw_buf out, err;
	struct sw_buf stdin_seen; /* by the peer; read after `closed` */
	bool stdin_early, stdin_ended;
	atomic_bool served; /* the peer is done with its script */
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
	sw_attach_free(f->attach);
	peer_stop(f->peer);
	sw_loop_free(f->loop);
	sw_buf_done(&f->out);
	sw_buf_done(&f->err);
	sw_buf_done(&f->stdin_seen);
	free(f->bytes);
	free(f);
	return 0;
}

static void drop(struct fixture *f)
{
	sw_attach_free(f->attach);
	f->attach = NULL;
}

static void on_opened(void *user)
{
	struct fixture *f = user;
	assert_false(f->opened || f->closed);
	f->opened = true;
	if (f->frees_in_opened)
		drop(f);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct fixture *f = user;
	assert_true(f->opened && !f->closed && f->attach);
	f->data_calls++;
	sw_buf_add(stream == SW_STREAM_STDERR ? &f->err : &f->out, bytes, len);
	if (f->frees_in_data)
		drop(f);
}

static void on_closed(void *user, const struct sw_error *error)
{
	struct fixture *f = user;
	assert_false(f->closed);
	f->closed = true;
	f->failed = error != NULL;
	if (error)
		f->error = *error;
	if (f->frees_in_closed)
		drop(f);
}

static void until_closed(struct fixture *f)
{
	while (!f->closed)
		step(f->loop);
	peer_sync(f->peer);
}

static void play(struct peer *peer, int fd)
{
	struct fixture *f = peer->script;
	const struct script *script = &f->script;
	if (!peer_read_request(peer, fd))
		return;
	if (script->is_dripped)
		peer_drip(peer, fd, script->bytes, script->len);
	else
		peer_send(fd, script->bytes, script->len);
	if (script->is_shut)
		shutdown(fd, SHUT_WR);
	atomic_store(&f->served, true);
	if (script->is_held)
		peer_hold(peer);
}

static void open_to(struct fixture *f, bool is_unix, void (*serve)(struct peer *, int))
{
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	struct sw_error err;
	f->peer = peer_start(is_unix, serve, f);
	if (sw_attach_open(f->loop, &f->peer->endpoint,
	                   TO("/v1.41/containers/x/attach?stream=1", 5 * SECOND), &handlers,
	                   &f->attach, &err) < 0)
		fail_msg("%s", err.message);
	assert_false(f->opened || f->closed);
}

static void run_script(struct fixture *f, struct script script)
{
	f->script = script;
	open_to(f, true, play);
	until_closed(f);
}

#define SAYS(text)                               \
	{                                            \
		.bytes = (text), .len = sizeof(text) - 1 \
	}

static void assert_hello(struct fixture *f)
{
	assert_true(f->opened && f->closed);
	if (f->failed)
		fail_msg("%s", f->error.message);
	assert_string_equal(f->out.data, "hello\n");
	assert_string_equal(f->err.data, "bye");
}

static void assert_refused(struct fixture *f, enum sw_code code, const char *says)
{
	assert_true(f->closed && f->failed && !f->opened);
	assert_int_equal(f->error.code, code);
	if (!strstr(f->error.message, says))
		fail_msg("'%s' does not say '%s'", f->error.message, says);
}

/* --- the opening --- */

static void test_upgrade_and_payload_together(void **state)
{
	struct fixture *f = *state;
	run_script(f, (struct script)SAYS(R_ATTACH_101 HELLO));
	assert_hello(f);
	assert_string_equal(f->peer->request,
	                    "POST /v1.41/containers/x/attach?stream=1 HTTP/1.1\r\nHost: localhost\r\n"
	                    "Content-Length: 0\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
}

/* An exec's start: its body goes with the request, stdin only after the answer. */
static void test_with_a_body(void **state)
{
	struct fixture *f = *state;
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	const struct sw_attach_request request = {.path = "/v1.41/exec/x/start", .body = "{\"Tty\":false}",
	                                          .open_timeout_ns = 5 * SECOND};
	f->script = (struct script)SAYS(R_EXEC_NO_COMMAND);
	f->peer = peer_start(true, play, f);
	assert_int_equal(sw_attach_open(f->loop, &f->peer->endpoint, &request, &handlers, &f->attach,
	                                NULL), 0);
	until_closed(f);
	assert_true(f->opened && !f->failed);
	assert_non_null(strstr(f->out.data, "executable file `/nope` not found"));
	assert_string_equal(f->peer->request,
	                    "POST /v1.41/exec/x/start HTTP/1.1\r\nHost: localhost\r\n"
	                    "Content-Type: application/json\r\nContent-Length: 13\r\n"
	                    "Connection: Upgrade\r\nUpgrade: tcp\r\n\r\n{\"Tty\":false}");
}

static void test_exec_that_is_gone(void **state)
{
	struct script script = SAYS(R_EXEC_404);
	script.is_held = true; /* Docker keeps that connection open: the length decides */
	run_script(*state, script);
	assert_refused(*state, SW_ERR_NOT_FOUND, "No such exec instance");
}

static void test_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	struct script script = SAYS(R_ATTACH_101 HELLO);
	script.is_dripped = true;
	run_script(f, script);
	assert_hello(f);
	assert_in_range(f->data_calls, 2, 9); /* a read may still take what comes while it runs */
}

static void test_without_upgrade(void **state)
{
	run_script(*state, (struct script)SAYS(R_ATTACH_200 HELLO));
	assert_hello(*state);
}

static void test_tcp(void **state)
{
	struct fixture *f = *state;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO);
	open_to(f, false, play);
	until_closed(f);
	assert_hello(f);
}

static void test_not_found(void **state)
{
	struct fixture *f = *state;
	run_script(f, (struct script)SAYS(R_ATTACH_404));
	assert_refused(f, SW_ERR_NOT_FOUND,
	               "attaching: No such container: sandwatch-test-nothing (404)");
}

static void test_conflict_on_kept_connection(void **state)
{
	struct script script = SAYS(R_CREATE_409);
	script.is_held = script.is_dripped = true; /* no end of stream: the length decides */
	run_script(*state, script);
	assert_refused(*state, SW_ERR_REFUSED, "is already in use");
}

static void test_podman_refuses(void **state)
{
	run_script(*state, (struct script)SAYS(R_PODMAN_500));
	assert_refused(*state, SW_ERR_REFUSED,
	               "creating container storage failed (that name is already in use) (500)");
}

static void test_html(void **state)
{
	run_script(*state, (struct script)SAYS(R_HTML));
	assert_refused(*state, SW_ERR_PROTOCOL, "not a container engine");
}

static void test_garbage(void **state)
{
	struct script script = SAYS(R_GARBAGE);
	script.is_held = true; /* seen from its first bytes */
	run_script(*state, script);
	assert_refused(*state, SW_ERR_PROTOCOL, "SSH-2.0");
}

static void test_oversized_header(void **state)
{
	struct fixture *f = *state;
	char *bytes = f->bytes = malloc(20000);
	memset(bytes, 'x', 20000);
	memcpy(bytes, "HTTP/1.1 101 UPGRADED\r\nX: ", 26);
	run_script(f, (struct script){.bytes = bytes, .len = 20000});
	assert_refused(f, SW_ERR_LIMIT, "16384");
}

static void test_endless_error(void **state)
{
	struct fixture *f = *state;
	enum { LEN = 100000 };
	char *bytes = f->bytes = malloc(LEN);
	memset(bytes, 'x', LEN);
	memcpy(bytes, "HTTP/1.1 500 No\r\n\r\n", 19);
	run_script(f, (struct script){.bytes = bytes, .len = LEN, .is_held = true});
	assert_refused(f, SW_ERR_REFUSED, "xxx");
}

static void test_closes_at_once(void **state)
{
	run_script(*state, (struct script){.bytes = ""});
	assert_refused(*state, SW_ERR_PROTOCOL, "closed the connection");
}

static void test_cut_header(void **state)
{
	run_script(*state, (struct script)SAYS("HTTP/1.1 101 UPGRADED\r\nConn"));
	assert_refused(*state, SW_ERR_PROTOCOL, "closed the connection");
}

static void test_deadline(void **state)
{
	struct fixture *f = *state;
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	int64_t before = sw_clock_ns();
	f->script = (struct script)SAYS("HTTP/1.1 101 UPGR");
	f->script.is_held = true;
	f->peer = peer_start(true, play, f);
	assert_int_equal(sw_attach_open(f->loop, &f->peer->endpoint, TO("/x", SECOND / 20), &handlers,
	                                &f->attach, NULL),
	                 0);
	until_closed(f);
	assert_refused(f, SW_ERR_TIMEOUT, "within 50");
	assert_true(sw_clock_ns() - before >= SECOND / 20);
}

/* Once open there is no deadline: a container may be silent for hours. */
static void test_deadline_ends_with_opening(void **state)
{
	struct fixture *f = *state;
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	f->script = (struct script)SAYS(R_ATTACH_101);
	f->script.is_held = true;
	f->peer = peer_start(true, play, f);
	assert_int_equal(sw_attach_open(f->loop, &f->peer->endpoint, TO("/x", SECOND / 20), &handlers,
	                                &f->attach, NULL),
	                 0);
	while (!f->opened && !f->closed)
		step(f->loop);
	assert_in_range(turns(f->loop), 1, 10); /* 100 ms, asleep */
	assert_false(f->closed);
}

static void test_nobody_listens(void **state)
{
	struct fixture *f = *state;
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	struct sw_endpoint endpoint;
	struct sw_error err;
	assert_int_equal(sw_endpoint_parse("unix:///nonexistent/s", &endpoint, NULL), 0);
	assert_int_equal(sw_attach_open(f->loop, &endpoint, TO("/x", SECOND), &handlers, &f->attach, &err),
	                 -1);
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_null(f->attach);
	/* tcp: refused at once or soon. */
	assert_int_equal(sw_endpoint_parse("tcp://127.0.0.1:1", &endpoint, NULL), 0);
	if (sw_attach_open(f->loop, &endpoint, TO("/x", SECOND), &handlers, &f->attach, &err) == 0) {
		until_closed(f);
		err = f->error;
	}
	assert_int_equal(err.code, SW_ERR_NO_ENGINE);
	assert_non_null(strstr(err.message, "Connection refused"));
}

static void test_full_backlog(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int others[64], n = 0;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO);
	/* The peer waits for one connection's request, and others fill a backlog of one. */
	f->peer = peer_start(true, play, f);
	assert_int_equal(listen(f->peer->listener, 1), 0);
	memcpy(address.sun_path, f->peer->endpoint.path, sizeof address.sun_path);
	for (bool full = false; !full && n < 64; n++) {
		others[n] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
		full = connect(others[n], (struct sockaddr *)&address, sizeof address) < 0;
	}
	assert_true(n < 64);
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	assert_int_equal(sw_attach_open(f->loop, &f->peer->endpoint, TO("/x", 5 * SECOND), &handlers,
	                                &f->attach, NULL),
	                 0);
	(void)turns(f->loop);
	assert_false(f->opened || f->closed); /* it keeps trying */
	assert_int_equal(listen(f->peer->listener, 64), 0);
	while (n > 0)
		close(others[--n]); /* the peer is through with them, and takes ours */
	until_closed(f);
	assert_hello(f);
}

/* --- the end --- */

static void test_ends_within_a_frame(void **state)
{
	struct fixture *f = *state;
	run_script(f, (struct script)SAYS(R_ATTACH_101 "\1\0\0\0\0\0\0\6hel"));
	assert_true(f->opened && f->failed);
	assert_int_equal(f->error.code, SW_ERR_PROTOCOL);
	assert_string_equal(f->out.data, "hel");
}

static void test_ends_within_a_frame_header(void **state)
{
	struct fixture *f = *state;
	run_script(f, (struct script)SAYS(R_ATTACH_101 HELLO "\1\0\0"));
	assert_true(f->opened && f->failed);
	assert_int_equal(f->error.code, SW_ERR_PROTOCOL);
}

static void test_not_frames(void **state)
{
	struct fixture *f = *state;
	struct script script = SAYS(R_ATTACH_101 "plain text, as with a tty");
	script.is_held = true;
	run_script(f, script);
	assert_true(f->opened && f->failed);
	assert_int_equal(f->error.code, SW_ERR_PROTOCOL);
}

static void test_end_does_not_spin(void **state)
{
	struct fixture *f = *state;
	run_script(f, (struct script)SAYS(R_ATTACH_101 HELLO));
	assert_in_range(turns(f->loop), 1, 3);
}

/* The peer leaves stdin unread and closes: on a unix socket that reads as ECONNRESET. */
static void leave_unread(struct peer *peer, int fd)
{
	struct fixture *f = peer->script;
	if (!peer_read_request(peer, fd))
		return;
	peer_send(fd, f->script.bytes, f->script.len);
	(void)peer_wait(peer, fd); /* for a first byte of stdin, which stays there */
}

static void test_unread_stdin_is_a_clean_end(void **state)
{
	struct fixture *f = *state;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO);
	open_to(f, true, leave_unread);
	assert_int_equal(sw_attach_write(f->attach, "never read", 10, NULL), 0);
	until_closed(f);
	assert_hello(f);
}

static void test_reset_over_tcp_is_an_error(void **state)
{
	struct fixture *f = *state;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO);
	open_to(f, false, leave_unread);
	assert_int_equal(sw_attach_write(f->attach, "never read", 10, NULL), 0);
	until_closed(f);
	assert_true(f->opened && f->failed);
	assert_int_equal(f->error.sys_errno, ECONNRESET);
}

/* --- stdin --- */

static void take_stdin(struct peer *peer, int fd)
{
	struct fixture *f = peer->script;
	char bytes[65536];
	int waiting = 0;
	if (!peer_read_request(peer, fd))
		return;
	/* peer_read_request took all that had come: more than the head came too early. */
	f->stdin_early = peer->request_len != peer->head_len;
	ioctl(fd, FIONREAD, &waiting);
	f->stdin_early |= waiting > 0;
	peer_say(fd, R_ATTACH_101);
	while (peer_wait(peer, fd)) {
		ssize_t n = recv(fd, bytes, sizeof bytes, 0);
		if (n <= 0) {
			f->stdin_ended = n == 0;
			break;
		}
		sw_buf_add(&f->stdin_seen, bytes, (size_t)n);
	}
	peer_sync(peer);
	peer_send(fd, HELLO, HELLO_LEN); /* the other direction is still open */
}

static void test_stdin_waits_for_the_upgrade(void **state)
{
	struct fixture *f = *state;
	open_to(f, true, take_stdin);
	assert_int_equal(sw_attach_write(f->attach, "a job\n", 6, NULL), 0);
	assert_int_equal(sw_attach_write(f->attach, "another\n", 8, NULL), 0);
	sw_attach_end(f->attach);
	until_closed(f);
	assert_hello(f);
	assert_false(f->stdin_early);
	assert_true(f->stdin_ended);
	assert_string_equal(f->stdin_seen.data, "a job\nanother\n");
}

static void test_stdin_later_and_large(void **state)
{
	struct fixture *f = *state;
	enum { LEN = 5 << 20 };
	char *bytes = f->bytes = malloc(LEN);
	for (int i = 0; i < LEN; i++)
		bytes[i] = (char)(i % 253);
	open_to(f, true, take_stdin);
	while (!f->opened)
		step(f->loop);
	for (int at = 0; at < LEN; at += LEN / 5)
		assert_int_equal(sw_attach_write(f->attach, bytes + at, LEN / 5, NULL), 0);
	sw_attach_end(f->attach);
	until_closed(f);
	assert_hello(f);
	assert_int_equal(f->stdin_seen.len, LEN);
	assert_memory_equal(f->stdin_seen.data, bytes, LEN);
	assert_true(f->stdin_ended);
}

static void test_stdin_bound(void **state)
{
	struct fixture *f = *state;
	struct sw_error err;
	enum { MIB = 1 << 20 };
	char *bytes = f->bytes = calloc(1, MIB);
	f->script = (struct script){.bytes = "", .is_held = true};
	open_to(f, true, play);
	for (int i = 0; i < 16; i++)
		assert_int_equal(sw_attach_write(f->attach, bytes, MIB, &err), 0);
	assert_int_equal(sw_attach_write(f->attach, bytes, 1, &err), -1);
	assert_int_equal(err.code, SW_ERR_LIMIT);
}

static void test_stdin_after_the_end_is_dropped(void **state)
{
	struct fixture *f = *state;
	struct sw_error err;
	run_script(f, (struct script)SAYS(R_ATTACH_101 HELLO));
	assert_int_equal(sw_attach_write(f->attach, "x", 1, &err), 0);
	sw_attach_end(f->attach);
	assert_in_range(turns(f->loop), 1, 3);
}

/* A stdin that is open and idle, and one that is shut, cost nothing. */
static void test_idle_does_not_spin(void **state)
{
	struct fixture *f = *state;
	f->script = (struct script)SAYS(R_ATTACH_101);
	f->script.is_held = true;
	open_to(f, true, play);
	while (!f->opened)
		step(f->loop);
	assert_in_range(turns(f->loop), 1, 3);
	sw_attach_end(f->attach);
	assert_in_range(turns(f->loop), 1, 3);
	assert_false(f->closed);
}

/* --- fairness and freeing --- */

static void test_flood_is_taken_in_portions(void **state)
{
	struct fixture *f = *state;
	enum { LEN = 4 << 20, PORTION = 64 << 10 };
	static const char head[] = R_ATTACH_101 "\1\0\0\0\0\x40\0\0";
	size_t head_len = sizeof head - 1;
	char *bytes = f->bytes = malloc(head_len + LEN);
	memcpy(bytes, head, head_len);
	memset(bytes + head_len, 'x', LEN);
	f->script = (struct script){.bytes = bytes, .len = head_len + LEN};
	open_to(f, true, play);
	while (!f->closed) {
		size_t before = f->out.len;
		step(f->loop);
		assert_true(f->out.len - before <= PORTION);
	}
	assert_false(f->failed);
	assert_int_equal(f->out.len, LEN);
}

static void test_free_in_opened(void **state)
{
	struct fixture *f = *state;
	f->frees_in_opened = true;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO);
	open_to(f, true, play);
	while (!f->opened)
		step(f->loop);
	assert_in_range(turns(f->loop), 1, 3);
	assert_false(f->closed);
	assert_int_equal(f->data_calls, 0);
}

static void test_free_in_data(void **state)
{
	struct fixture *f = *state;
	f->frees_in_data = true;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO HELLO);
	open_to(f, true, play);
	while (!f->data_calls)
		step(f->loop);
	assert_in_range(turns(f->loop), 1, 3);
	assert_int_equal(f->data_calls, 1);
	assert_false(f->closed);
}

static void test_free_in_closed(void **state)
{
	struct fixture *f = *state;
	f->frees_in_closed = true;
	run_script(f, (struct script)SAYS(R_ATTACH_101 HELLO));
	assert_hello(f);
}

static void test_free_in_closed_by_deadline(void **state)
{
	struct fixture *f = *state;
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, f};
	f->frees_in_closed = true;
	f->script = (struct script){.bytes = "", .is_held = true};
	f->peer = peer_start(true, play, f);
	assert_int_equal(sw_attach_open(f->loop, &f->peer->endpoint, TO("/x", SECOND / 50), &handlers,
	                                &f->attach, NULL),
	                 0);
	until_closed(f);
	assert_refused(f, SW_ERR_TIMEOUT, "");
}

static void test_free_while_connecting(void **state)
{
	struct fixture *f = *state;
	f->script = (struct script)SAYS(R_ATTACH_101 HELLO);
	open_to(f, true, play);
	drop(f);
	assert_in_range(turns(f->loop), 1, 3);
	assert_false(f->opened || f->closed);
	sw_attach_free(NULL);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_upgrade_and_payload_together),
		T(test_with_a_body),
		T(test_exec_that_is_gone),
		T(test_byte_by_byte),
		T(test_without_upgrade),
		T(test_tcp),
		T(test_not_found),
		T(test_conflict_on_kept_connection),
		T(test_podman_refuses),
		T(test_html),
		T(test_garbage),
		T(test_oversized_header),
		T(test_endless_error),
		T(test_closes_at_once),
		T(test_cut_header),
		T(test_deadline),
		T(test_deadline_ends_with_opening),
		T(test_nobody_listens),
		T(test_full_backlog),
		T(test_ends_within_a_frame),
		T(test_ends_within_a_frame_header),
		T(test_not_frames),
		T(test_end_does_not_spin),
		T(test_unread_stdin_is_a_clean_end),
		T(test_reset_over_tcp_is_an_error),
		T(test_stdin_waits_for_the_upgrade),
		T(test_stdin_later_and_large),
		T(test_stdin_bound),
		T(test_stdin_after_the_end_is_dropped),
		T(test_idle_does_not_spin),
		T(test_flood_is_taken_in_portions),
		T(test_free_in_opened),
		T(test_free_in_data),
		T(test_free_in_closed),
		T(test_free_in_closed_by_deadline),
		T(test_free_while_connecting),
	};
	return cmocka_run_group_tests_name("attach", tests, NULL, NULL);
}
