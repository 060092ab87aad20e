#include "tests/unit/docker/http_test.h"

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
	struct result r = get(f, (struct sw_http_request){.method = "POST",
	                                                  .upload_fd = fd,
	                                                  .content_type = "application/x-tar"});
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
	assert_in_range(turns(f->loop), 1, 20); /* neither blocked nor spinning */
	assert_int_equal(write(ends[1], "first", 5), 5);
	assert_in_range(turns(f->loop), 1, 20);
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
	(void)turns(f->loop); /* paused, the pipe is watched */
	sw_http_cancel(call);
	close(ends[1]);
	assert_in_range(turns(f->loop), 1, 10);
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
	int n = turns(f->loop);
	assert_in_range(n, 1, 300);
	assert_in_range(turns(f->loop), 1, 10);
	assert_int_equal(r.calls, 0);
	while (got < len) {
		struct pollfd fd = {.fd = ends[0], .events = POLLIN};
		if (poll(&fd, 1, 0) == 0) {
			step(f->loop);
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

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_upload_file),
		T(test_upload_pipe_that_is_slow),
		T(test_upload_pipe_cancelled),
		T(test_upload_unreadable),
		T(test_upload_refused_early),
		T(test_download_file),
		T(test_download_error_stays_in_memory),
		T(test_download_pipe_that_is_slow),
		T(test_download_unwritable),
	};
	return cmocka_run_group_tests_name("http files", tests, NULL, NULL);
}
