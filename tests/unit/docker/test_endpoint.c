#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "docker/endpoint.h"

/* 107 bytes are what sun_path holds before its NUL. */
#define TEN "/123456789"
#define HUNDRED TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN

static void test_unix(void **state)
{
	struct sw_endpoint e;
	(void)state;
	assert_int_equal(sw_endpoint_parse("unix:///run/docker.sock", &e, NULL), 0);
	assert_true(e.is_unix);
	assert_string_equal(e.path, "/run/docker.sock");
	assert_string_equal(e.text, "unix:///run/docker.sock");
	assert_string_equal(e.address, "");
	assert_int_equal(sw_endpoint_parse("/run/x", &e, NULL), 0);
	assert_string_equal(e.text, "unix:///run/x");
	assert_int_equal(sw_endpoint_parse(HUNDRED "/123456", &e, NULL), 0);
	assert_int_equal(strlen(e.path), 107);
}

static void test_tcp(void **state)
{
	static const struct {
		const char *text, *host;
		int port;
		const char *shown;
	} cases[] = {
		{"tcp://localhost", "localhost", 2375, "tcp://localhost:2375"},
		{"tcp://10.0.0.1:1", "10.0.0.1", 1, "tcp://10.0.0.1:1"},
		{"tcp://a-b.c_d:65535/", "a-b.c_d", 65535, "tcp://a-b.c_d:65535"},
		{"http://h:80", "h", 80, "tcp://h:80"},
		{"http://h/", "h", 2375, "tcp://h:2375"},
		{"tcp://[::1]:99", "::1", 99, "tcp://[::1]:99"},
		{"tcp://[fe80::1:2]", "fe80::1:2", 2375, "tcp://[fe80::1:2]:2375"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct sw_endpoint e;
		struct sw_error err;
		if (sw_endpoint_parse(cases[i].text, &e, &err) < 0)
			fail_msg("%s", err.message);
		assert_false(e.is_unix);
		assert_string_equal(e.host, cases[i].host);
		assert_int_equal(e.port, cases[i].port);
		assert_string_equal(e.text, cases[i].shown);
	}
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"docker",
		"unix://",
		"unix://run/docker.sock",
		"unix:/run/x",
		HUNDRED "/1234567",
		"tcp://",
		"tcp:///",
		"tcp://:80",
		"tcp://h:",
		"tcp://h:0",
		"tcp://h:65536",
		"tcp://h:-1",
		"tcp://h:123456",
		"tcp://h:8x",
		"tcp://h:80/path",
		"tcp://h/path",
		"tcp://u@h:80",
		"tcp://h h",
		"tcp://h\n",
		"tcp://[::1",
		"tcp://[]:80",
		"tcp://[::1]80",
		"tcp://[g::]:80",
		"tcp://::1:80",
		"tcp://h?x",
		"tcp://h#x",
		"ftp://h",
	};
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct sw_endpoint e = {.port = -7};
		struct sw_error err = {0};
		if (sw_endpoint_parse(bad[i], &e, &err) == 0)
			fail_msg("'%s' was accepted as %s", bad[i], e.text);
		assert_int_equal(err.code, SW_ERR_USAGE);
		assert_true(err.message[0]);
		assert_int_equal(e.port, -7); /* untouched on failure */
	}
}

static void test_host_too_long(void **state)
{
	char text[400];
	struct sw_endpoint e;
	(void)state;
	for (size_t len = 250; len < 300; len++) {
		(void)snprintf(text, sizeof text, "tcp://%0*d:80", (int)len, 0);
		assert_int_equal(sw_endpoint_parse(text, &e, NULL), len < sizeof e.host ? 0 : -1);
	}
}

static void test_not_supported_yet(void **state)
{
	static const char *const later[] = {"ssh://h", "https://h:2376", "npipe:////./pipe/d", "fd://"};
	(void)state;
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
		struct sw_endpoint e;
		struct sw_error err;
		assert_int_equal(sw_endpoint_parse(later[i], &e, &err), -1);
		assert_int_equal(err.code, SW_ERR_USAGE);
		assert_non_null(strstr(err.message, "not supported yet"));
	}
}

static char *make_socket(const char *dir, const char *name)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s/%s", dir, name);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
	close(fd);
	return strdup(address.sun_path);
}

static int position(const struct sw_endpoint *all, int n, const char *path)
{
	int found = -1, times = 0;
	for (int i = 0; i < n; i++)
		if (strcmp(all[i].path, path) == 0)
			found = i, times++;
	assert_true(times <= 1);
	return found;
}

/* The machine's own sockets may be there too: only this test's are looked at. */
static void test_usual(void **state)
{
	struct sw_endpoint all[16];
	char dir[] = "/tmp/sandwatch-usual-XXXXXX", path[64], alias[128];
	(void)state;
	assert_non_null(mkdtemp(dir));
	int before = sw_endpoint_usual(NULL, NULL, all, 16);
	assert_int_equal(sw_endpoint_usual(dir, dir, all, 16), before);

	(void)snprintf(path, sizeof path, "%s/podman", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/.docker", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/.docker/run", dir);
	assert_int_equal(mkdir(path, 0700), 0);
	char *docker = make_socket(dir, "docker.sock");
	char *podman = make_socket(dir, "podman/podman.sock");
	(void)snprintf(alias, sizeof alias, "%s/docker.sock", path); /* to the same socket */
	assert_int_equal(symlink(docker, alias), 0);

	int n = sw_endpoint_usual(dir, dir, all, 16);
	assert_int_equal(n, before + 2);
	assert_true(position(all, n, docker) >= 0);
	assert_true(position(all, n, docker) < position(all, n, podman));
	assert_int_equal(position(all, n, alias), -1);
	assert_int_equal(sw_endpoint_usual(dir, dir, all, 1), 1);
	assert_int_equal(sw_endpoint_usual(dir, dir, all, 0), 0);

	/* A file is not a socket. */
	assert_int_equal(unlink(docker) | unlink(alias), 0);
	fclose(fopen(docker, "w"));
	assert_int_equal(sw_endpoint_usual(dir, NULL, all, 16), before + 1);

	assert_int_equal(unlink(docker) | unlink(podman) | rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/.docker", dir);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/podman", dir);
	assert_int_equal(rmdir(path) | rmdir(dir), 0);
	free(docker);
	free(podman);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_unix),
		cmocka_unit_test(test_tcp),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_host_too_long),
		cmocka_unit_test(test_not_supported_yet),
		cmocka_unit_test(test_usual),
	};
	return cmocka_run_group_tests_name("endpoint", tests, NULL, NULL);
}
