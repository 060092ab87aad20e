/* Hides what the tests against a real engine share: the engine named by SANDWATCH_TEST_HOST, a tiny
 * image made of this machine's shell, and how many containers a label has. Header only, so that each
 * test links as one file. */
#ifndef SW_ENGINE_FIXTURE_H
#define SW_ENGINE_FIXTURE_H

#include <fcntl.h>
#include <setjmp.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/error.h"
#include "core/loop.h"
#include "docker/api.h"
#include "docker/engine.h"

/* A program that imports and removes it has one of its own, as others run at the same time: it defines this
 * before. */
#ifndef FX_SHELL
#define FX_SHELL "sandwatch-test/sh:latest"
#endif
#define FX_PYTHON "sandwatch/python:latest"
#define FX_SECOND INT64_C(1000000000)

extern char **environ;

struct fx {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	struct sw_engine engine;
	bool answered, ok;
	struct sw_error error;
	int count;
	char first_id[SW_CONTAINER_ID_MAX];
	bool has_image;
};

static inline void fx_done(void *user, const struct sw_error *error)
{
	struct fx *fx = user;
	fx->answered = true;
	fx->ok = error == NULL;
	if (error)
		fx->error = *error;
}

static inline void fx_step(struct fx *fx)
{
	struct sw_error err;
	if (sw_loop_step(fx->loop, &err) < 0)
		fail_msg("%s", err.message);
}

static inline void fx_nothing(void *user)
{
	(void)user;
}

/* Steps until *FLAG, and fails the test after SECONDS. */
static inline void fx_until(struct fx *fx, const bool *flag, int seconds, const char *what)
{
	struct sw_timer wake = {0};
	int64_t due_ns = sw_clock_ns() + seconds * FX_SECOND;
	assert_int_equal(sw_loop_arm(fx->loop, &wake, due_ns, fx_nothing, NULL), 0);
	while (!*flag && sw_clock_ns() < due_ns)
		fx_step(fx);
	sw_loop_disarm(fx->loop, &wake);
	if (!*flag)
		fail_msg("not within %d s: %s", seconds, what);
}

static inline void fx_wait(struct fx *fx, const char *what)
{
	fx_until(fx, &fx->answered, 60, what);
	fx->answered = false;
}

/* Opens the engine at HOST. */
static inline void fx_open(struct fx *fx, const char *host)
{
	struct sw_error err;
	struct sw_endpoint endpoint;
	*fx = (struct fx){0};
	if (sw_endpoint_parse(host, &endpoint, &err) < 0 ||
	    sw_engine_probe(&endpoint, 5 * FX_SECOND, true, &fx->engine, &err) < 0 ||
	    sw_loop_new(&fx->loop, &err) < 0 || sw_http_new(fx->loop, &endpoint, &fx->http, &err) < 0 ||
	    sw_api_new(fx->http, &fx->api, &err) < 0)
		fail_msg("the test engine: %s", err.message);
	sw_api_set_version(fx->api, fx->engine.api_version);
}

static inline void fx_close(struct fx *fx)
{
	sw_api_free(fx->api);
	sw_http_free(fx->http);
	sw_loop_free(fx->loop);
	*fx = (struct fx){0};
}

/* The engine to test against, NULL without. */
static inline const char *fx_host(void)
{
	const char *host = getenv("SANDWATCH_TEST_HOST");
	return host && host[0] ? host : NULL;
}

/* Skips the test that calls it when there is no engine. */
static inline void fx_need(bool there, const char *what)
{
	if (there)
		return;
	print_message("skipped: %s\n", what);
	skip();
}

static inline void fx_need_engine(void)
{
	fx_need(fx_host() != NULL, "SANDWATCH_TEST_HOST names no engine to test against");
}

static inline void fx_each(void *user, const char *id, const char *name, const char *state,
                           const char *const *labels)
{
	struct fx *fx = user;
	(void)name, (void)state, (void)labels;
	if (fx->count++ == 0)
		(void)snprintf(fx->first_id, sizeof fx->first_id, "%s", id);
}

/* How many containers carry LABEL ("k=v"). */
static inline int fx_count(struct fx *fx, const char *label)
{
	fx->count = 0;
	sw_api_container_list(fx->api, label, 10 * FX_SECOND, fx_each, fx_done, fx);
	fx_wait(fx, "listing containers");
	assert_true(fx->ok);
	return fx->count;
}

static inline void fx_inspected(void *user, const struct sw_api_image *image,
                                const struct sw_error *error)
{
	(void)image;
	fx_done(user, error);
}

static inline bool fx_has_image(struct fx *fx, const char *name)
{
	sw_api_image_inspect(fx->api, name, 10 * FX_SECOND, fx_inspected, fx);
	fx_wait(fx, "inspecting an image");
	return fx->ok;
}

/* dash, some coreutils and what they are linked with, as a tar in PATH. */
static inline void fx_pack_shell(const char *path)
{
	static const char *const wanted[] = {
		"bin/sh", "bin/cat", "bin/sleep", "usr/bin/head",
		"lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1",
		"lib/x86_64-linux-gnu/libc.so.6", "lib/aarch64-linux-gnu/libc.so.6",
		"lib64/libc.so.6", "lib/ld-linux-armhf.so.3",
	};
	const char *argv[24] = {"tar", "-c", "-h", "--format=gnu", "-C", "/", "-f", path};
	char absolute[128];
	int n = 8, status;
	pid_t pid;
	for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
		(void)snprintf(absolute, sizeof absolute, "/%s", wanted[i]);
		if (access(absolute, R_OK) == 0)
			argv[n++] = wanted[i];
	}
	assert_int_equal(posix_spawnp(&pid, "tar", NULL, NULL, (char *const *)(uintptr_t)argv, environ), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

/* Puts FX_SHELL on the engine. */
static inline void fx_import_shell(struct fx *fx)
{
	char path[64] = "/tmp/sandwatch-test-sh.XXXXXX";
	const char *const changes[] = {"ENTRYPOINT []", "LABEL org.sandwatch.test=1", NULL};
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	fx_pack_shell(path);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	(void)unlink(path);
	assert_true(fd >= 0);
	sw_api_image_import(fx->api, FX_SHELL, fd, changes, 60 * FX_SECOND, fx_done, fx);
	fx_wait(fx, "importing an image");
	close(fd);
	if (!fx->ok)
		fail_msg("%s", fx->error.message);
}

static inline void fx_remove_image(struct fx *fx, const char *name)
{
	sw_api_image_remove(fx->api, name, 30 * FX_SECOND, fx_done, fx);
	fx_wait(fx, "removing an image");
}

#endif
