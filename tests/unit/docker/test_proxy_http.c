/* docker/proxy_http.c: where messages begin and end, and which request is which. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "docker/proxy_http.h"

static struct sw_proxy_request request_of(const char *head)
{
	struct sw_proxy_request request;
	assert_int_equal(sw_proxy_head_len(head, strlen(head)), strlen(head));
	assert_true(sw_proxy_request_read(head, strlen(head), &request));
	return request;
}

static void requests_are_told_by_method_and_path(void **state)
{
	static const struct {
		const char *line;
		enum sw_target target;
	} known[] = {
		{"POST /containers/create", SW_TARGET_CREATE},
		{"POST /v1.41/containers/create?name=a/start", SW_TARGET_CREATE},
		{"POST /v4.0.0/libpod/containers/create", SW_TARGET_CREATE},
		{"POST /v1.41/containers/abc/attach?stream=1", SW_TARGET_ATTACH},
		{"POST /containers/abc/start", SW_TARGET_START},
		{"POST /v1.41/containers/abc/wait?condition=next-exit", SW_TARGET_WAIT},
		{"DELETE /v1.41/containers/abc?force=1", SW_TARGET_REMOVE},
		{"GET /v1.41/containers/abc/json", SW_TARGET_INSPECT},
		{"GET /v1.41/containers/json?all=1", SW_TARGET_ANY},
		{"POST /v1.41/containers/abc/exec", SW_TARGET_EXEC},
		{"POST /v1.41/exec/abc/start", SW_TARGET_EXEC},
		{"GET /v1.41/exec/abc/json", SW_TARGET_EXEC},
		{"GET /_ping", SW_TARGET_PING},
		{"HEAD /v1.41/_ping", SW_TARGET_PING},
		{"GET /v1.41/containers/abc/stats", SW_TARGET_ANY},
		{"DELETE /v1.41/images/abc", SW_TARGET_ANY},
		{"POST /v1.41/images/create", SW_TARGET_ANY},
		{"GET /version", SW_TARGET_ANY},
	};
	char head[256];
	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		(void)snprintf(head, sizeof head, "%s HTTP/1.1\r\nHost: x\r\n\r\n", known[i].line);
		struct sw_proxy_request request = request_of(head);
		if (request.target != known[i].target)
			fail_msg("%s: %s", known[i].line, sw_word(&sw_words_target, (int)request.target));
	}
	assert_string_equal(request_of("POST /v1.41/containers/a\033b/start?x=1 HTTP/1.1\r\n\r\n").what,
	                    "POST /containers/a?b/start");
	assert_true(request_of("POST /containers/a/attach HTTP/1.1\r\n\r\n").is_attach);
	assert_true(request_of("POST /exec/a/start HTTP/1.1\r\n\r\n").is_attach);
	assert_false(request_of("POST /containers/a/exec HTTP/1.1\r\n\r\n").is_attach);
}

static void what_is_no_request_is_none(void **state)
{
	static const char *const others[] = {
		"hello\r\n\r\n",         "GET /\r\n\r\n", "GET / HTTP/2\r\n\r\n",
		"GET  HTTP/1.1\r\n\r\n", "\r\n\r\n",      "PRI * HTTP/2.0\r\n\r\n"};
	struct sw_proxy_request request;
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		assert_false(sw_proxy_request_read(others[i], strlen(others[i]), &request));
	assert_int_equal(sw_proxy_head_len("GET / HTTP/1.1\r\nA: b\r\n", 22), 0);
	assert_int_equal(sw_proxy_head_len("", 0), 0);
	char head[4096];
	memset(head, 'x', sizeof head);
	memcpy(head, "POST /", 6);
	memcpy(head + sizeof head - 13, " HTTP/1.1\r\n\r\n", 13);
	assert_true(
		sw_proxy_request_read(head, sizeof head, &request)); /* longer than any path of an engine */
	assert_int_equal(request.target, SW_TARGET_ANY);
}

static struct sw_proxy_answer answer_to(const char *line, const char *head)
{
	struct sw_proxy_request request = request_of(line);
	struct sw_proxy_answer answer;
	assert_true(sw_proxy_answer_read(head, strlen(head), &request, &answer));
	return answer;
}

static void answers_say_how_they_end(void **state)
{
	static const char get[] = "GET /x HTTP/1.1\r\n\r\n", head[] = "HEAD /x HTTP/1.1\r\n\r\n",
					  attach[] = "POST /containers/x/attach HTTP/1.1\r\n\r\n";
	struct sw_proxy_answer answer =
		answer_to(get, "HTTP/1.1 200 OK\r\ncontent-length:  12 \r\n\r\n");
	(void)state;
	assert_int_equal(answer.body.kind, SW_PROXY_BODY_LENGTH);
	assert_int_equal(answer.body.left, 12);
	assert_int_equal(answer_to(get, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").body.kind,
	                 SW_PROXY_BODY_NONE);
	answer = answer_to(
		get, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n");
	assert_int_equal(answer.body.kind, SW_PROXY_BODY_CHUNKED);
	assert_int_equal(answer_to(get, "HTTP/1.1 200 OK\r\n\r\n").body.kind, SW_PROXY_BODY_CLOSE);
	assert_int_equal(answer_to(get, "HTTP/1.0 204 No\r\n\r\n").body.kind, SW_PROXY_BODY_NONE);
	assert_int_equal(answer_to(get, "HTTP/1.1 304 No\r\nContent-Length: 5\r\n\r\n").body.kind,
	                 SW_PROXY_BODY_NONE);
	assert_int_equal(answer_to(head, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").body.kind,
	                 SW_PROXY_BODY_NONE);
	assert_true(answer_to(get, "HTTP/1.1 103 Early\r\n\r\n").is_interim);
	assert_true(answer_to(get, "HTTP/1.1 101 UPGRADED\r\n\r\n").is_stream);
	assert_true(answer_to(attach, "HTTP/1.1 200 OK\r\n\r\n").is_stream);
	assert_false(answer_to(attach, "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n").is_stream);
	assert_false(answer_to(attach, "HTTP/1.1 404 Not Found\r\n\r\n").is_stream);
	assert_false(answer_to(get, "HTTP/1.1 200 OK\r\n\r\n").is_stream);
}

/* Feeds BYTES in pieces of STEP; how many belong to the body, and in *DATA how many are its own. */
static size_t feed(const char *bytes, size_t len, size_t step, size_t *data, bool *is_over)
{
	struct sw_proxy_body body = {.kind = SW_PROXY_BODY_CHUNKED};
	size_t at = 0, have = 0;
	*data = 0;
	while (have < len && !body.is_over) {
		bool is_data;
		have = have + step < len ? have + step : len;
		for (size_t n;
		     (n = sw_proxy_body_next(&body, bytes + at, have - at, INT64_MAX, &is_data)) > 0;
		     at += n)
			*data += is_data ? n : 0;
	}
	*is_over = body.is_over;
	assert_int_equal(body.passed, *data);
	return at;
}

static void chunks_end_where_they_end(void **state)
{
	static const char bytes[] =
		"5;name=\"v\"\r\nhello\r\n00A\r\n0123456789\r\n000\r\nX: y\r\n\r\nHTTP/1.1 200 OK";
	(void)state;
	for (size_t step = 1; step < sizeof bytes; step++) {
		bool is_over;
		size_t data;
		assert_int_equal(feed(bytes, sizeof bytes - 1, step, &data, &is_over),
		                 sizeof bytes - 1 - 15);
		assert_int_equal(data, 15);
		assert_true(is_over);
	}
}

static void chunks_that_are_none_last_until_the_end(void **state)
{
	static const char *const others[] = {"zz\r\nhello", "-5\r\nhello", "\r\n",
	                                     "123456789012345678\r\nx"};
	(void)state;
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		bool is_over;
		size_t data;
		assert_int_equal(feed(others[i], strlen(others[i]), 100, &data, &is_over),
		                 strlen(others[i]));
		assert_int_equal(data, strlen(others[i]));
		assert_false(is_over);
	}
}

static void end_of_chunks_is_seen_before_it_passes(void **state)
{
	struct sw_proxy_body body = {.kind = SW_PROXY_BODY_CHUNKED};
	bool is_data;
	(void)state;
	assert_false(sw_proxy_body_ends(&body, "1\r\n", 3));
	assert_false(sw_proxy_body_ends(&body, "0", 1));
	assert_true(sw_proxy_body_ends(&body, "0\r\n", 3));
	assert_int_equal(sw_proxy_body_next(&body, "3\r\nabc\r\n", 8, 2, &is_data), 3);
	assert_false(is_data);
	assert_int_equal(sw_proxy_body_next(&body, "abc\r\n", 5, 2, &is_data), 2);
	assert_true(is_data);
	assert_int_equal(sw_proxy_body_next(&body, "c\r\n", 3, 0, &is_data), 0);
	assert_false(sw_proxy_body_ends(&body, "0\r\n", 3)); /* of the chunk itself */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(requests_are_told_by_method_and_path),
		cmocka_unit_test(what_is_no_request_is_none),
		cmocka_unit_test(answers_say_how_they_end),
		cmocka_unit_test(chunks_end_where_they_end),
		cmocka_unit_test(chunks_that_are_none_last_until_the_end),
		cmocka_unit_test(end_of_chunks_is_seen_before_it_passes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
