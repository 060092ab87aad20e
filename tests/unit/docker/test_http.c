#include "tests/unit/docker/http_test.h"

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
	struct result r = get(f, (struct sw_http_request){.method = "POST",
	                                                  .path = "/a/../b?x=%20",
	                                                  .body = big,
	                                                  .body_len = sizeof big - 1});
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
	assert_int_equal(get(f, (struct sw_http_request){.method = "POST",
	                                                 .body = "{}",
	                                                 .body_len = 2,
	                                                 .content_type = "application/x-own"})
	                     .status,
	                 204);
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

static void test_closed_kept_connection_does_not_spin(void **state)
{
	struct fixture *f = *state;
	begin(f, say_once, R_PING);
	assert_false(get(f, (struct sw_http_request){0}).failed);
	assert_in_range(turns(f->loop), 1, 10);
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
	int n = turns(f->loop);
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
		(void)turns(f->loop);
	sw_http_cancel(call);
	assert_int_equal(r.dropped, 1);
	call = ask(f, (struct sw_http_request){0}, on_done, &r);
	sw_http_cancel(call); /* before anything was sent */
	(void)turns(f->loop);
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
	step(f->loop);
	sw_http_free(f->http);
	f->http = NULL;
	assert_in_range(turns(f->loop), 1, 10);
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
		step(f->loop);
	assert_int_equal(r.calls + other.calls, 1);
	assert_int_equal(r.dropped + other.dropped, 1);
	assert_string_equal(r.done ? r.body : other.body, "OK");
	assert_in_range(turns(f->loop), 1, 10);
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

/* The second request of the first connection is not answered; all others are. */
static void break_off_second(struct peer *peer, int fd)
{
	bool is_first = atomic_load(&peer->connections) == 1;
	while (peer_read_request(peer, fd) && !(is_first && atomic_load(&peer->requests) == 2) &&
	       peer_say(fd, R_PING))
		;
}

static void what_must_not_be_done_twice_is_sent_once(void **state)
{
	struct fixture *f = *state;
	begin(f, break_off_second, NULL);
	assert_false(get(f, (struct sw_http_request){.method = "POST"}).failed);
	struct result r = get(f, (struct sw_http_request){.method = "POST", .is_once = true});
	assert_true(r.failed);
	assert_int_equal(r.error.code, SW_ERR_PROTOCOL);
	assert_int_equal(f->peer->requests, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_must_not_be_done_twice_is_sent_once, setup, teardown),
		T(test_ping),
		T(test_status_is_not_an_error),
		T(test_byte_by_byte),
		T(test_no_body),
		T(test_one_connection_is_kept),
		T(test_post_with_body),
		T(test_large_body_does_not_wait),
		T(test_post_without_body),
		T(test_truncated_chunked),
		T(test_truncated_at_last_chunk),
		T(test_truncated_length),
		T(test_truncated_head),
		T(test_garbage),
		T(test_closes_at_once),
		T(test_nobody_listens),
		T(test_deadline),
		T(test_deadline_in_the_backlog),
		T(test_response_bound),
		T(test_response_bound_by_default),
		T(test_closed_kept_connection_does_not_spin),
		T(test_waiting_does_not_spin),
		T(test_many_at_once),
		T(test_cancel),
		T(test_free_drops),
		T(test_free_in_done),
		T(test_send_and_cancel_in_done),
		T(test_cancel_in_own_done),
		T(test_fail),
		T(test_tcp_without_proxy),
	};
	return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
