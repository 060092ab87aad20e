#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "core/buf.h"
#include "docker/tar.h"

static struct sw_buf buf;
static char path[] = "/tmp/sw-tar-XXXXXX";
static char said[2000];

static int setup(void **state)
{
	(void)state;
	sw_buf_init(&buf, 0);
	memcpy(path + sizeof path - 7, "XXXXXX", 6);
	int fd = mkstemp(path);
	close(fd);
	return fd < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(path);
	sw_buf_done(&buf);
	return 0;
}

static void header_is_ustar(void **state)
{
	unsigned sum = 0;
	(void)state;
	assert_int_equal(sw_tar_one(&buf, "sandwatch-shim", 0755, "hello", 5), 0);
	assert_int_equal(buf.len, 512 + 512 + 1024);
	assert_string_equal(buf.data, "sandwatch-shim");
	assert_string_equal(buf.data + 100, "0000755");
	assert_string_equal(buf.data + 108, "0000000");
	assert_string_equal(buf.data + 124, "00000000005");
	assert_int_equal(buf.data[156], '0');
	assert_memory_equal(buf.data + 257,
	                    "ustar\0"
	                    "00",
	                    8);
	for (int i = 0; i < 512; i++)
		sum += i >= 148 && i < 156 ? ' ' : (unsigned char)buf.data[i];
	assert_int_equal(strtoul(buf.data + 148, NULL, 8), sum);
	assert_int_equal(buf.data[154], '\0');
	assert_int_equal(buf.data[155], ' ');
	assert_memory_equal(buf.data + 512, "hello\0\0", 7);
	for (size_t i = 517; i < buf.len; i++)
		assert_int_equal(buf.data[i], 0);
}

/* What another program makes of it. */
static void run_tar(const char *flags)
{
	int ends[2], status;
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC);
	assert_int_equal(write(fd, buf.data, buf.len), buf.len);
	close(fd);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], 1);
		execl("/bin/tar", "tar", flags, path, (char *)NULL);
		_exit(127);
	}
	close(ends[1]);
	size_t len = 0;
	for (ssize_t n; (n = read(ends[0], said + len, sizeof said - 1 - len)) > 0;)
		len += (size_t)n;
	said[len] = '\0';
	close(ends[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void tar_reads_it(void **state)
{
	static const size_t sizes[] = {0, 1, 511, 512, 513, 1024, 100000};
	(void)state;
	if (access("/bin/tar", X_OK) < 0)
		skip();
	static char data[100000];
	memset(data, 'x', sizeof data);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		char size[16];
		sw_buf_clear(&buf);
		assert_int_equal(sw_tar_one(&buf, "a-file", 0640, sizes[i] ? data : NULL, sizes[i]), 0);
		assert_int_equal(buf.len, 512 + (sizes[i] + 511) / 512 * 512 + 1024);
		run_tar("-tvf");
		snprintf(size, sizeof size, " %zu ", sizes[i]);
		assert_non_null(strstr(said, "-rw-r-----"));
		assert_non_null(strstr(said, size));
		assert_non_null(strstr(said, "a-file\n"));
	}
}

static void contents_and_long_names_survive(void **state)
{
	char name[100];
	(void)state;
	if (access("/bin/tar", X_OK) < 0)
		skip();
	memset(name, 'n', 99);
	name[99] = '\0';
	assert_int_equal(sw_tar_one(&buf, name, 0755, "some\nbytes\n", 11), 0);
	run_tar("-xOf");
	assert_string_equal(said, "some\nbytes\n");
	run_tar("-tf");
	assert_int_equal(strlen(said), 100);
}

static void it_is_appended_and_bounded(void **state)
{
	(void)state;
	sw_buf_add_str(&buf, "before");
	assert_int_equal(sw_tar_one(&buf, "x", 0644, "y", 1), 0);
	assert_memory_equal(buf.data, "beforex", 7);
	for (size_t limit = 1; limit < 2048; limit += 511) {
		struct sw_buf small;
		sw_buf_init(&small, limit);
		int status = sw_tar_one(&small, "x", 0644, "y", 1);
		sw_buf_done(&small);
		assert_int_equal(status, -1);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(header_is_ustar),
		TEST(tar_reads_it),
		TEST(contents_and_long_names_survive),
		TEST(it_is_appended_and_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
