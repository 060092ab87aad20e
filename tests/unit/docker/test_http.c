#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/http.h"
#include "tests/unit/docker/peer.h"
#include "tests/unit/docker/recorded.h"

#define SECOND INT64_C(1000000000)

/* Everything a test makes; teardown frees it even when the test jumped out. */
struct fixture {
	struct sw_loop *loop;
	struct sw_http *http;
	struct peer *peer;
};

struct result {
	int calls, dropped;
	bool done; /* the same, for waiting */
	int status;
	size_t len;
	char body[128], version[16];
	bool failed;
	struct sw_error error;
	struct fixture *f; /* for callbacks that act */
	struct result *other;
	struct sw_http_call *cancel;
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
	sw_http_free(f->http);
	peer_stop(f->peer);
	sw_loop_free(f->loop);
	free(f);
	return 0;
}

static void begin(struct fixture *f, void (*serve)(struct peer *, int), const void *script)
{
	f->peer = peer_start(true, serve, (void *)(uintptr_t)script);
	assert_int_equal(sw_http_new(f->loop, &f->peer->endpoint, &f->http, NULL), 0);
}

static void on_done(void *user, const struct sw_http_reply *reply)
{
	struct result *r = user;
	r->calls++;
	r->done = true;
	r->status = reply->status;
	r->len = reply->body_len;
	(void)snprintf(r->body, sizeof r->body, "%s", reply->body);
	(void)snprintf(r->version, sizeof r->version, "%s", reply->api_version);
	r->failed = reply->error != NULL;
	if (reply->error)
		r->error = *reply->error;
}

static void on_dropped(void *user)
{
	((struct result *)user)->dropped++;
}

static void step(struct fixture *f)
{
	struct sw_error err;
	if (sw_loop_step(f->loop, &err) < 0)
		fail_msg("%s", err.message);
}

static struct sw_http_call *ask(struct fixture *f, struct sw_http_request request,
                                sw_http_done_fn done, struct result *r)
{
	if (!request.method)
		request.method = "GET";
	if (!request.path)
		request.path = "/_ping";
	if (!request.timeout_ns)
		request.timeout_ns = 10 * SECOND;
	request.dropped = on_dropped;
	peer_sync(f->peer);
	struct sw_http_call *call = sw_http_send(f->http, &request, done, r, NULL);
	assert_non_null(call);
	assert_int_equal(r->calls, 0); /* never from inside */
	return call;
}

static void until(struct fixture *f, const struct result *r)
{
	while (!r->done)
		step(f);
	peer_sync(f->peer);
	assert_int_equal(r->calls, 1);
}

static struct result get(struct fixture *f, struct sw_http_request request)
{
	struct result r = {0};
	ask(f, request, on_done, &r);
	until(f, &r);
	return r;
}

/* --- serve functions; script is what is said --- */

static void say_each_time(struct peer *peer, int fd)
{
	while (peer_read_request(peer, fd) && peer_say(fd, peer->script))
		;
}

static void say_once(struct peer *peer, int fd)
{
	if (peer_read_request(peer, fd))
		peer_say(fd, peer->script);
}

static void drip_once(struct peer *peer, int fd)
{
	if (peer_read_request(peer, fd))
		peer_drip(peer, fd, peer->script, strlen(peer->script));
}

static void say_nothing(struct peer *peer, int fd)
{
	(void)peer_read_request(peer, fd);
	peer_hold(peer);
}

static void close_at_once(struct peer *peer, int fd)
{
	(void)peer, (void)fd;
}

/* An answer of *script bytes, repeating 0..250. */
static void say_many(struct peer *peer, int fd)
{
	size_t left = *(const size_t *)peer->script, at = 0;
	char head[128], bytes[8192];
	while (peer_read_request(peer, fd)) {
		snprintf(head, sizeof head, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", left);
		peer_say(fd, head);
		for (at = 0; at < left;) {
			size_t n = left - at < sizeof bytes ? left - at : sizeof bytes;
			for (size_t i = 0; i < n; i++)
				bytes[i] = (char)((at + i) % 251);
			if (!peer_send(fd, bytes, n))
				return;
			at += n;
		}
	}
}

/* --- good answers --- */

static void test_ping(void **state)
{
	struct fixture *f = *state;
	begin(f, say_each_time, R_PING);
	struct result r = get(f, (struct sw_http_request){0});
	assert_false(r.failed);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.body, "OK");
	assert_int_equal(r.len, 2);
	assert_string_equal(r.version, "1.41");
	assert_string_equal(sw_http_endpoint(f->http)->path, f->peer->endpoint.path);
}

static void test_status_is_not_an_error(void **state)
{
	struct fixture *f = *state;
	begin(f, say_each_time, R_CREATE_404);
	struct result r = get(f, (struct sw_http_request){0});
	assert_false(r.failed);
	assert_int_equal(r.status, 404);
	assert_string_equal(r.body, "{\"message\":\"No such image: none-such:latest\"}\n");
}

static void test_byte_by_byte(void **state)
{
	struct fixture *f = *state;
	begin(f, drip_once, R_WAIT_0);
	struct result r = get(f, (struct sw_http_request){0});
	assert_false(r.failed);
	assert_string_equal(r.body, "{\"Error\":null,\"StatusCode\":137}\n");
	assert_string_equal(r.version, "1.41");
}

static void test_no_body(void **state)
{
	struct fixture *f = *state;
	begin(f, say_each_time, R_204);
	struct result r = get(f, (struct sw_http_request){.method = "DELETE"});
	assert_false(r.failed);
	assert_int_equal(r.status, 204);
	assert_string_equal(r.body, "");
	assert_memory_equal(f->peer->request, "DELETE /_ping HTTP/1.1\r\n", 24);
}

static void test_one_connection_is_kept(void **state)
{
	struct fixture *f = *state;
	begin(f, say_each_time, R_PING);
	for (int i = 0; i < 20; i++)
		assert_false(get(f, (struct sw_http_request){0}).failed);
	assert_int_equal(atomic_load(&f->peer->connections), 1);
	assert_int_equal(atomic_load(&f->peer->requests), 20);
}

/* --- what is sent --- */

static void test_post_with_body(void **state)
{
	struct fixture *f = *state;
	static char big[3 << 10]; /* libcurl would say "Expect: 100-continue" from 1 MB on */
	begin(f, say_each_time, R_CREATE_201);
	memset(big, 'x', sizeof big - 1);
	struct result r = get(f, (struct sw_http_request){
		.method = "POST", .path = "/a/../b?x=%20", .body = big, .body_len = sizeof big - 1});
	assert_int_equal(r.status, 201);
	const char *sent = f->peer->request;
	assert_memory_equal(sent, "POST /a/../b?x=%20 HTTP/1.1\r\nHost: localhost\r\n", 46);
	assert_non_null(strstr(sent, "\r\nContent-Type: application/json\r\n"));
	assert_non_null(strstr(sent, "\r\nContent-Length: 3071\r\n"));
	assert_null(strstr(sent, "Expect"));
	assert_string_equal(strstr(sent, "\r\n\r\n") + 4, big);
}

static bool peer_has_head(struct peer *peer)
{
	pthread_mutex_lock(&peer->lock);
	bool has = peer->head_len > 0;
	pthread_mutex_unlock(&peer->lock);
	return has;
}

/* libcurl by itself asks "Expect: 100-continue" above 1 MiB, and waits a second for the answer. */
static void test_large_body_does_not_wait(void **state)
{
	struct fixture *f = *state;
	enum { LEN = 3 << 20 };
	struct result r = {0};
	char *big = calloc(1, LEN);
	begin(f, say_each_time, R_204); /* its buffer is full after 64 KiB: then it hangs up */
	ask(f, (struct sw_http_request){.method = "PUT", .body = big, .body_len = LEN}, on_done, &r);
	free(big); /* was copied */
	until(f, &r);
	assert_true(r.failed);
	assert_int_equal(r.error.code, SW_ERR_PROTOCOL);
	while (!peer_has_head(f->peer))
		sched_yield();
	assert_null(memmem(f->peer->request, f->peer->head_len, "Expect", 6));
}

static void test_post_without_body(void **state)
{
	struct fixture *f = *state;
	begin(f, say_each_time, R_204);
	assert_int_equal(get(f, (struct sw_http_request){.method = "POST"}).status, 204);
	assert_non_null(strstr(f->peer->request, "\r\nContent-Length: 0\r\n"));
	assert_null(strcasestr(f->peer->request, "Content-Type"));
	/* Nothing of the call before is left in the reused handle. */
	assert_int_equal(get(f, (struct sw_http_request){.method = "POST", .body = "{}",
	                     .body_len = 2, .content_type = "application/x-own"}).status, 204);
	assert_non_null(strstr(f->peer->request, "\r\nContent-Type: application/x-own\r\n"));
	assert_int_equal(get(f, (struct sw_http_request){.method = "GET"}).status, 204);
	assert_memory_equal(f->peer->request, "GET ", 4);
	assert_null(strcasestr(f->peer->request, "Content-"));
}

/* --- bad answers --- */

static void assert_broken(struct fixture *f, enum sw_code code, const char *says)
{
	struct result r = get(f, (struct sw_http_request){.timeout_ns = 5 * SECOND});
	assert_true(r.failed);
	if (!strstr(r.error.message, says))
		fail_msg("'%s' does not say '%s'", r.error.message, says);
	assert_int_equal(r.error.code, code);
	assert_non_null(strstr(r.error.message, f->peer->endpoint.text));
}

static void test_truncated_chunked(void **state)
{
	begin(*state, say_once, R_WAIT_CUT);
	assert_broken(*state, SW_ERR_PROTOCOL, "broke off");
}

static void test_truncated_at_last_chunk(void **state)
{
	begin(*state, say_once, R_WAIT_HEAD "20\r\n{\"Error\":null,\"StatusCode\":137}\n\r\n");
	assert_broken(*state, SW_ERR_PROTOCOL, "broke off");
}

static void test_truncated_length(void **state)
{
	begin(*state, say_once, R_JSON("200 OK") "Content-Length: 9\r\n\r\n12345678");
	assert_broken(*state, SW_ERR_PROTOCOL, "broke off");
}

static void test_truncated_head(void **state)
{
	begin(*state, say_once, "HTTP/1.1 200 OK\r\nContent-Le");
	assert_broken(*state, SW_ERR_PROTOCOL, "");
}

static void test_garbage(void **state)
{
	begin(*state, say_once, R_GARBAGE);
	assert_broken(*state, SW_ERR_PROTOCOL, "does not speak HTTP");
}

static void test_closes_at_once(void **state)
{
	begin(*state, close_at_once, NULL);
	assert_broken(*state, SW_ERR_PROTOCOL, "broke off");
}

static void test_nobody_listens(void **state)
{
	struct fixture *f = *state;
	begin(f, say_nothing, NULL);
	shutdown(f->peer->listener, SHUT_RDWR);
	assert_broken(f, SW_ERR_NO_ENGINE, "Connection refused");
	unlink(f->peer->endpoint.path);
	assert_broken(f, SW_ERR_NO_ENGINE, "No such file or directory");
	assert_broken(f, SW_ERR_NO_ENGINE, "is the engine running?");
}

static void test_deadline(void **state)
{
	struct fixture *f = *state;
	begin(f, say_nothing, NULL);
	int64_t before = sw_clock_ns();
	struct result r = get(f, (struct sw_http_request){.timeout_ns = SECOND / 20});
	int64_t took = sw_clock_ns() - before;
	assert_int_equal(r.error.code, SW_ERR_TIMEOUT);
	assert_int_equal(r.status, 0);
	assert_non_null(strstr(r.error.message, "within 50"));
	assert_true(took >= SECOND / 20);
	assert_true(took < 5 * SECOND);
}

/* The connection waits in the backlog, and the deadline holds there too. */
static void test_deadline_in_the_backlog(void **state)
{
	struct fixture *f = *state;
	struct result first = {0}, second = {0};
	begin(f, say_nothing, NULL);
	struct sw_http_call *call = ask(f, (struct sw_http_request){0}, on_done, &first);
	ask(f, (struct sw_http_request){.timeout_ns = SECOND / 20}, on_done, &second);
	until(f, &second);
	sw_http_cancel(call);
	assert_int_equal(first.calls, 0);
	assert_int_equal(second.error.code, SW_ERR_TIMEOUT);
}

static void test_response_bound(void **state)
{
	struct fixture *f = *state;
	size_t len = 1000;
	begin(f, say_many, &len);
	struct result r = get(f, (struct sw_http_request){.response_max = 1000});
	assert_false(r.failed);
	assert_int_equal(r.len, 1000);
	r = get(f, (struct sw_http_request){.response_max = 999});
	assert_true(r.failed);
	assert_int_equal(r.error.code, SW_ERR_LIMIT);
	assert_non_null(strstr(r.error.message, "999"));
}

static void test_response_bound_by_default(void **state)
{
	struct fixture *f = *state;
	size_t len = (1 << 20) + 1;
	begin(f, say_many, &len);
	assert_int_equal(get(f, (struct sw_http_request){0}).error.code, SW_ERR_LIMIT);
}

/* --- the loop --- */

static void tick(void *user)
{
	*(volatile bool *)user = true;
}

/* How often the loop turns in 100 ms. */
static int turns(struct fixture *f)
{
	struct sw_timer timer = {0};
	volatile bool over = false;
	int n = 0;
	sw_loop_arm(f->loop, &timer, sw_clock_ns() + SECOND / 10, tick, (void *)&over);
	while (!over) {
		step(f);
		n++;
	}
	return n;
}

static void test_closed_kept_connection_does_not_spin(void **state)
{
	struct fixture *f = *state;
	begin(f, say_once, R_PING);
	assert_false(get(f, (struct sw_http_request){0}).failed);
	assert_in_range(turns(f), 1, 10);
	/* And the next request finds out, and connects again. */
	assert_false(get(f, (struct sw_http_request){0}).failed);
	assert_int_equal(atomic_load(&f->peer->connections), 2);
}

static void test_waiting_does_not_spin(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	begin(f, say_nothing, NULL);
	struct sw_http_call *call = ask(f, (struct sw_http_request){0}, on_done, &r);
	int n = turns(f);
	sw_http_cancel(call);
	assert_in_range(n, 1, 20);
	assert_int_equal(r.calls, 0);
}

static void test_many_at_once(void **state)
{
	struct fixture *f = *state;
	enum { N = 40 };
	static struct result r[N];
	memset(r, 0, sizeof r);
	begin(f, say_once, R_PING); /* a connection each, one after the other */
	for (int i = 0; i < N; i++)
		ask(f, (struct sw_http_request){0}, on_done, &r[i]);
	for (int i = 0; i < N; i++) {
		until(f, &r[i]);
		assert_false(r[i].failed);
		assert_string_equal(r[i].body, "OK");
	}
}

/* --- cancel, drop, free --- */

static void test_cancel(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	begin(f, say_nothing, NULL);
	struct sw_http_call *call = ask(f, (struct sw_http_request){0}, on_done, &r);
	while (atomic_load(&f->peer->requests) == 0)
		(void)turns(f);
	sw_http_cancel(call);
	assert_int_equal(r.dropped, 1);
	call = ask(f, (struct sw_http_request){0}, on_done, &r);
	sw_http_cancel(call); /* before anything was sent */
	(void)turns(f);
	assert_int_equal(r.calls, 0);
	assert_int_equal(r.dropped, 2);
}

static void test_free_drops(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	begin(f, say_nothing, NULL);
	ask(f, (struct sw_http_request){0}, on_done, &r);
	ask(f, (struct sw_http_request){0}, on_done, &r);
	step(f);
	sw_http_free(f->http);
	f->http = NULL;
	assert_in_range(turns(f), 1, 10);
	assert_int_equal(r.calls, 0);
	assert_int_equal(r.dropped, 2);
}

static void free_in_done(void *user, const struct sw_http_reply *reply)
{
	struct result *r = user;
	sw_http_free(r->f->http);
	r->f->http = NULL;
	on_done(user, reply); /* the reply outlives the client */
}

static void test_free_in_done(void **state)
{
	struct fixture *f = *state;
	struct result r = {.f = f}, other = {0};
	begin(f, say_once, R_PING);
	ask(f, (struct sw_http_request){0}, free_in_done, &r);
	ask(f, (struct sw_http_request){.timeout_ns = 9 * SECOND}, free_in_done, &other);
	other.f = f;
	while (!r.done && !other.done)
		step(f);
	assert_int_equal(r.calls + other.calls, 1);
	assert_int_equal(r.dropped + other.dropped, 1);
	assert_string_equal(r.done ? r.body : other.body, "OK");
	assert_in_range(turns(f), 1, 10);
}

static void act_in_done(void *user, const struct sw_http_reply *reply)
{
	struct result *r = user;
	on_done(user, reply);
	sw_http_cancel(r->cancel); /* another's */
	ask(r->f, (struct sw_http_request){0}, on_done, r->other);
}

static void test_send_and_cancel_in_done(void **state)
{
	struct fixture *f = *state;
	struct result next = {0}, cancelled = {0}, r = {.f = f, .other = &next};
	begin(f, say_each_time, R_PING);
	ask(f, (struct sw_http_request){0}, act_in_done, &r);
	r.cancel = ask(f, (struct sw_http_request){.timeout_ns = SECOND * 9}, on_done, &cancelled);
	until(f, &r);
	until(f, &next);
	assert_string_equal(next.body, "OK");
	assert_int_equal(cancelled.calls, 0);
	assert_int_equal(cancelled.dropped, 1);
}

static void cancel_itself(void *user, const struct sw_http_reply *reply)
{
	struct result *r = user;
	sw_http_cancel(r->cancel);
	on_done(user, reply);
}

static void test_cancel_in_own_done(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	begin(f, say_each_time, R_PING);
	r.cancel = ask(f, (struct sw_http_request){0}, cancel_itself, &r);
	until(f, &r);
	assert_int_equal(r.dropped, 0);
	assert_string_equal(r.body, "OK");
}

static void test_fail(void **state)
{
	struct fixture *f = *state;
	struct result r = {0}, cancelled = {0};
	struct sw_error why;
	begin(f, say_each_time, R_PING);
	assert_false(get(f, (struct sw_http_request){0}).failed); /* its handle is used again */
	sw_error_set(&why, SW_ERR_USAGE, 0, "no such name");
	assert_non_null(sw_http_fail(f->http, &why, on_dropped, on_done, &r));
	sw_http_cancel(sw_http_fail(f->http, &why, on_dropped, on_done, &cancelled));
	assert_int_equal(r.calls, 0);
	until(f, &r);
	assert_int_equal(r.error.code, SW_ERR_USAGE);
	assert_string_equal(r.error.message, "no such name");
	assert_int_equal(r.status, 0);
	assert_int_equal(cancelled.calls, 0);
	assert_int_equal(cancelled.dropped, 1);
}

/* --- files and pipes --- */

static int temporary(size_t len)
{
	char path[] = "/tmp/sandwatch-http-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd > 0);
	unlink(path);
	for (size_t i = 0; i < len; i++) {
		char byte = (char)('a' + i % 26);
		assert_int_equal(write(fd, &byte, 1), 1);
	}
	lseek(fd, 0, SEEK_SET);
	return fd;
}

static void test_upload_file(void **state)
{
	struct fixture *f = *state;
	int fd = temporary(30000);
	lseek(fd, 26, SEEK_SET); /* from the current offset */
	begin(f, say_each_time, R_204);
	struct result r = get(f, (struct sw_http_request){
		.method = "POST", .upload_fd = fd, .content_type = "application/x-tar"});
	assert_false(r.failed);
	assert_non_null(strstr(f->peer->request, "\r\nTransfer-Encoding: chunked\r\n"));
	assert_non_null(strstr(f->peer->request, "\r\nContent-Type: application/x-tar\r\n"));
	assert_null(strstr(f->peer->request, "Expect"));
	const char *body = strstr(f->peer->request, "\r\n\r\n") + 4;
	assert_non_null(strstr(body, "\r\nabcdefghijkl"));
	/* Every byte came: the chunks' sizes add up. */
	size_t sum = 0, n;
	char *end;
	while ((n = strtoul(body, &end, 16)) > 0) {
		sum += n;
		body = end + 2 + n + 2;
	}
	assert_int_equal(sum, 30000 - 26);
	assert_true(fcntl(fd, F_GETFD) >= 0); /* borrowed */
	close(fd);
}

static void test_upload_pipe_that_is_slow(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	begin(f, say_each_time, R_204);
	ask(f, (struct sw_http_request){.method = "POST", .upload_fd = ends[0]}, on_done, &r);
	assert_in_range(turns(f), 1, 20); /* neither blocked nor spinning */
	assert_int_equal(write(ends[1], "first", 5), 5);
	assert_in_range(turns(f), 1, 20);
	assert_int_equal(r.calls, 0);
	assert_int_equal(write(ends[1], "second", 6), 6);
	close(ends[1]);
	until(f, &r);
	assert_false(r.failed);
	assert_non_null(strstr(f->peer->request, "5\r\nfirst\r\n6\r\nsecond\r\n0\r\n"));
	close(ends[0]);
}

static void test_upload_pipe_cancelled(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	begin(f, say_each_time, R_204);
	struct sw_http_call *call =
		ask(f, (struct sw_http_request){.method = "POST", .upload_fd = ends[0]}, on_done, &r);
	(void)turns(f); /* paused, the pipe is watched */
	sw_http_cancel(call);
	close(ends[1]);
	assert_in_range(turns(f), 1, 10);
	close(ends[0]);
	assert_int_equal(r.calls, 0);
}

static void test_upload_unreadable(void **state)
{
	struct fixture *f = *state;
	int fd = open("/dev/null", O_WRONLY);
	begin(f, say_each_time, R_204);
	struct result r = get(f, (struct sw_http_request){.method = "POST", .upload_fd = fd});
	assert_true(r.failed);
	assert_int_equal(r.error.code, SW_ERR_IO);
	close(fd);
}

static void refuse_unread(struct peer *peer, int fd)
{
	char some[256];
	if (peer_wait(peer, fd) && recv(fd, some, sizeof some, 0) > 0)
		peer_say(fd, R_IMPORT_500);
	peer_hold(peer);
}

/* The engine says no and reads no further: its answer counts, and comes at once. */
static void test_upload_refused_early(void **state)
{
	struct fixture *f = *state;
	int fd = temporary(1 << 20);
	begin(f, refuse_unread, NULL);
	struct result r = get(f, (struct sw_http_request){.method = "POST", .upload_fd = fd});
	close(fd);
	if (r.failed)
		fail_msg("%s", r.error.message);
	assert_int_equal(r.status, 500);
	assert_non_null(strstr(r.body, "unexpected EOF"));
}

static void test_download_file(void **state)
{
	struct fixture *f = *state;
	size_t len = 3 << 20; /* over the bound for memory */
	int fd = temporary(0);
	begin(f, say_many, &len);
	struct result r = get(f, (struct sw_http_request){.download_fd = fd});
	assert_false(r.failed);
	assert_int_equal(r.len, 0);
	assert_int_equal(lseek(fd, 0, SEEK_END), len);
	unsigned char *bytes = malloc(len);
	assert_int_equal(pread(fd, bytes, len, 0), len);
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != i % 251)
			fail_msg("byte %zu is wrong", i);
	free(bytes);
	close(fd);
}

static void test_download_error_stays_in_memory(void **state)
{
	struct fixture *f = *state;
	int fd = temporary(0);
	begin(f, say_each_time, R_CREATE_404);
	struct result r = get(f, (struct sw_http_request){.download_fd = fd});
	assert_int_equal(r.status, 404);
	assert_non_null(strstr(r.body, "No such image"));
	assert_int_equal(lseek(fd, 0, SEEK_END), 0);
	close(fd);
}

static void test_download_pipe_that_is_slow(void **state)
{
	struct fixture *f = *state;
	struct result r = {0};
	size_t len = 1 << 20, got = 0;
	unsigned char bytes[4096];
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	begin(f, say_many, &len);
	ask(f, (struct sw_http_request){.download_fd = ends[1]}, on_done, &r);
	/* The pipe fills; the loop goes on, asleep, and the rest waits where it is. */
	int n = turns(f);
	assert_in_range(n, 1, 300);
	assert_in_range(turns(f), 1, 10);
	assert_int_equal(r.calls, 0);
	while (got < len) {
		struct pollfd fd = {.fd = ends[0], .events = POLLIN};
		if (poll(&fd, 1, 0) == 0) {
			step(f);
			continue;
		}
		ssize_t n_read = read(ends[0], bytes, sizeof bytes);
		assert_true(n_read > 0);
		for (ssize_t i = 0; i < n_read; i++, got++)
			if (bytes[i] != got % 251)
				fail_msg("byte %zu is wrong", got);
	}
	until(f, &r);
	assert_false(r.failed);
	close(ends[0]);
	close(ends[1]);
}

static void test_download_unwritable(void **state)
{
	struct fixture *f = *state;
	size_t len = 100;
	int fd = open("/dev/full", O_WRONLY);
	begin(f, say_many, &len);
	struct result r = get(f, (struct sw_http_request){.download_fd = fd});
	assert_true(r.failed);
	assert_int_equal(r.error.code, SW_ERR_IO);
	assert_int_equal(r.error.sys_errno, ENOSPC);
	close(fd);
}

/* --- tcp --- */

static void test_tcp_without_proxy(void **state)
{
	struct fixture *f = *state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("all_proxy", "http://127.0.0.1:1", 1);
	f->peer = peer_start(false, say_each_time, (void *)(uintptr_t)R_PING);
	assert_int_equal(sw_http_new(f->loop, &f->peer->endpoint, &f->http, NULL), 0);
	assert_string_equal(sw_http_endpoint(f->http)->address, "");
	struct result r = get(f, (struct sw_http_request){0});
	unsetenv("http_proxy");
	unsetenv("all_proxy");
	if (r.failed)
		fail_msg("%s", r.error.message);
	assert_string_equal(r.body, "OK");
	assert_string_equal(sw_http_endpoint(f->http)->host, "localhost");
	assert_string_equal(sw_http_endpoint(f->http)->address, "127.0.0.1");
	char host[64];
	(void)snprintf(host, sizeof host, "\r\nHost: localhost:%d\r\n", f->peer->endpoint.port);
	assert_non_null(strstr(f->peer->request, host));
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_ping), T(test_status_is_not_an_error), T(test_byte_by_byte), T(test_no_body),
		T(test_one_connection_is_kept), T(test_post_with_body), T(test_large_body_does_not_wait),
		T(test_post_without_body), T(test_truncated_chunked), T(test_truncated_at_last_chunk),
		T(test_truncated_length), T(test_truncated_head), T(test_garbage), T(test_closes_at_once),
		T(test_nobody_listens), T(test_deadline), T(test_deadline_in_the_backlog),
		T(test_response_bound), T(test_response_bound_by_default),
		T(test_closed_kept_connection_does_not_spin), T(test_waiting_does_not_spin),
		T(test_many_at_once), T(test_cancel), T(test_free_drops), T(test_free_in_done),
		T(test_send_and_cancel_in_done), T(test_cancel_in_own_done), T(test_fail),
		T(test_upload_file), T(test_upload_pipe_that_is_slow), T(test_upload_pipe_cancelled),
		T(test_upload_unreadable), T(test_upload_refused_early), T(test_download_file),
		T(test_download_error_stays_in_memory), T(test_download_pipe_that_is_slow),
		T(test_download_unwritable), T(test_tcp_without_proxy),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
