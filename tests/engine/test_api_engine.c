/* The engine client against a real engine: SANDWATCH_TEST_HOST=unix:///run/docker.sock. The image
 * is one static C program and its container; nothing is left behind. */
#include <fcntl.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/plan.h"
#include "docker/api.h"
#include "docker/attach.h"

#define SECOND INT64_C(1000000000)
#define MISSING "sandwatch-test/never-built:nowhere"

struct engine {
	struct sw_loop *loop;
	struct sw_http *http;
	struct sw_api *api;
	bool is_podman;
	char dir[64], image[64];
	char label[64]; /* this run's own: others may use the same engine at the same time */
};

/* Whatever the last callback said. */
struct answer {
	bool done;
	bool failed;
	struct sw_error error;
	char id[SW_CONTAINER_ID_MAX];
	int exit_code;
	struct sw_api_info info;
	struct sw_api_state state;
	char image_id[80], entrypoint[64], layout[16];
	int listed;
	char listed_name[128], listed_state[16], listed_label[64];
};

struct stream {
	struct sw_attach *attach;
	bool opened, closed, failed;
	struct sw_error error;
	struct sw_buf out, err;
};

static struct engine *engine;

static const char program[] =
	"#include <stdio.h>\n#include <stdlib.h>\n#include <string.h>\n#include <unistd.h>\n"
	"int main(int argc, char **argv)\n{\n"
	"	char bytes[65536]; ssize_t n;\n"
	"	const char *what = argc > 1 ? argv[1] : \"\";\n"
	"	if (!strcmp(what, \"exit\")) return atoi(argv[2]);\n"
	"	if (!strcmp(what, \"abort\")) abort();\n"
	"	if (!strcmp(what, \"hang\")) for (;;) pause();\n"
	"	while ((n = read(0, bytes, sizeof bytes)) > 0)\n"
	"		for (ssize_t at = 0, w; at < n; at += w)\n"
	"			if ((w = write(1, bytes + at, n - at)) < 0) return 9;\n"
	"	if (write(2, \"bye\", 3) != 3) return 8;\n"
	"	return 0;\n}\n";

static void note(struct answer *a, const struct sw_error *error)
{
	assert_false(a->done);
	a->done = true;
	a->failed = error != NULL;
	if (error)
		a->error = *error;
}

static void on_done(void *user, const struct sw_error *error)
{
	note(user, error);
}

static void on_info(void *user, const struct sw_api_info *info, const struct sw_error *error)
{
	struct answer *a = user;
	note(a, error);
	if (info)
		a->info = *info;
}

static void on_image(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	struct answer *a = user;
	note(a, error);
	if (!image)
		return;
	(void)snprintf(a->image_id, sizeof a->image_id, "%s", image->id);
	(void)snprintf(a->layout, sizeof a->layout, "%s", image->layout);
	if (image->entrypoint && image->entrypoint[0])
		(void)snprintf(a->entrypoint, sizeof a->entrypoint, "%s", image->entrypoint[0]);
}

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	struct answer *a = user;
	note(a, error);
	assert_non_null(warning);
	if (id)
		(void)snprintf(a->id, sizeof a->id, "%s", id);
}

static void on_waited(void *user, int exit_code, const struct sw_error *error)
{
	struct answer *a = user;
	note(a, error);
	a->exit_code = exit_code;
}

static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct answer *a = user;
	note(a, error);
	if (state)
		a->state = *state;
}

static void on_each(void *user, const char *id, const char *name, const char *state,
                    const char *const *labels)
{
	struct answer *a = user;
	a->listed++;
	(void)snprintf(a->id, sizeof a->id, "%s", id);
	(void)snprintf(a->listed_name, sizeof a->listed_name, "%s", name);
	(void)snprintf(a->listed_state, sizeof a->listed_state, "%s", state);
	for (; *labels; labels++)
		if (strcmp(*labels, engine->label) == 0)
			(void)snprintf(a->listed_label, sizeof a->listed_label, "%s", *labels);
}

static void on_opened(void *user)
{
	((struct stream *)user)->opened = true;
}

static void on_data(void *user, enum sw_stream kind, const char *bytes, size_t len)
{
	struct stream *s = user;
	assert_int_equal(sw_buf_add(kind == SW_STREAM_STDERR ? &s->err : &s->out, bytes, len), 0);
}

static void on_closed(void *user, const struct sw_error *error)
{
	struct stream *s = user;
	assert_false(s->closed);
	s->closed = true;
	s->failed = error != NULL;
	if (error)
		s->error = *error;
}

/* Every wait ends: each call has its deadline. */
static void until(const bool *done)
{
	struct sw_error err;
	while (!*done)
		assert_int_equal(sw_loop_step(engine->loop, &err), 0);
}

#define ASK(a, call)                                  \
	do {                                              \
		(a) = (struct answer){0};                     \
		call;                                         \
		assert_false((a).done); /* never from inside */ \
		until(&(a).done);                             \
	} while (0)

static void assert_fine(const struct answer *a)
{
	if (a->failed)
		fail_msg("%s", a->error.message);
}

static void shell(const char *command)
{
	pid_t pid = fork();
	if (pid == 0) {
		execl("/bin/sh", "sh", "-ec", command, (char *)NULL);
		_exit(127);
	}
	int status = -1;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static void build_tar(void)
{
	char command[512], path[128];
	(void)snprintf(path, sizeof path, "%s/echo.c", engine->dir);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(program, file);
	fclose(file);
	(void)snprintf(command, sizeof command,
	               "cd %s; cc -O1 -static -o echo echo.c; mkdir -p root/tmp; mv echo root/echo; "
	               "tar -C root -cf root.tar .", engine->dir);
	shell(command);
}

static int setup(void **state)
{
	const char *host = getenv("SANDWATCH_TEST_HOST");
	struct sw_endpoint endpoint;
	struct sw_error err;
	static struct answer a;
	(void)state;
	if (!host || !*host)
		return 0;
	engine = calloc(1, sizeof *engine);
	(void)snprintf(engine->dir, sizeof engine->dir, "/tmp/sandwatch-test-XXXXXX");
	assert_non_null(mkdtemp(engine->dir));
	(void)snprintf(engine->label, sizeof engine->label, "org.sandwatch.test=%d", (int)getpid());
	(void)snprintf(engine->image, sizeof engine->image, "sandwatch-test/echo:p%d", (int)getpid());
	assert_int_equal(sw_endpoint_parse(host, &endpoint, &err), 0);
	assert_int_equal(sw_loop_new(&engine->loop, &err), 0);
	assert_int_equal(sw_http_new(engine->loop, &endpoint, &engine->http, &err), 0);
	assert_int_equal(sw_api_new(engine->http, &engine->api, &err), 0);
	ASK(a, sw_api_ping(engine->api, 5 * SECOND, on_done, &a));
	assert_fine(&a);
	ASK(a, sw_api_info(engine->api, 20 * SECOND, on_info, &a));
	assert_fine(&a);
	engine->is_podman = strcmp(a.info.name, "podman") == 0;
	build_tar();
	return 0;
}

/* What a failed test left behind; test_nothing_is_left has told of it. */
static void remove_leftovers(void)
{
	struct answer a, b;
	do {
		ASK(a, sw_api_container_list(engine->api, engine->label, 20 * SECOND, on_each, on_done,
		                             &a));
		if (a.listed)
			ASK(b, sw_api_container_remove(engine->api, a.id, 20 * SECOND, on_done, &b));
	} while (a.listed > 1 && !a.failed);
}

static int teardown(void **state)
{
	struct answer a;
	char command[96];
	(void)state;
	if (!engine)
		return 0;
	remove_leftovers();
	ASK(a, sw_api_image_remove(engine->api, engine->image, 20 * SECOND, on_done, &a));
	if (a.failed)
		print_message("%s\n", a.error.message);
	sw_api_free(engine->api);
	sw_http_free(engine->http);
	sw_loop_free(engine->loop);
	(void)snprintf(command, sizeof command, "rm -rf %s", engine->dir);
	shell(command);
	free(engine);
	return 0;
}

static void need_engine(void)
{
	if (engine)
		return;
	print_message("SANDWATCH_TEST_HOST is not set: no engine to test against\n");
	skip();
}

static void test_ping_negotiates(void **state)
{
	int major = 0, minor = 0;
	(void)state;
	need_engine();
	assert_int_equal(sscanf(sw_api_version(engine->api), "%d.%d", &major, &minor), 2);
	assert_int_equal(major, 1);
	assert_in_range(minor, 25, 47);
}

static void test_info(void **state)
{
	struct answer a;
	(void)state;
	need_engine();
	ASK(a, sw_api_info(engine->api, 20 * SECOND, on_info, &a));
	assert_fine(&a);
	assert_true(a.info.version[0] && a.info.kernel[0] && a.info.storage[0] && a.info.runtime[0]);
	assert_true(a.info.arch[0] && a.info.cgroup[0] && a.info.os[0]);
	print_message("%s %s, runtime %s, storage %s, cgroup %s, %s, %s\n", a.info.name,
	              a.info.version, a.info.runtime, a.info.storage, a.info.cgroup, a.info.os,
	              a.info.kernel);
}

static void test_image_import_and_inspect(void **state)
{
	static const char *const changes[] = {"ENTRYPOINT [\"/echo\"]",
	                                      "LABEL org.sandwatch.layout=\"t&1=é\"", NULL};
	struct answer a;
	char path[128];
	(void)state;
	need_engine();
	(void)snprintf(path, sizeof path, "%s/root.tar", engine->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd > 0);
	ASK(a, sw_api_image_import(engine->api, engine->image, fd, changes, 60 * SECOND, on_done, &a));
	close(fd);
	assert_fine(&a);
	ASK(a, sw_api_image_inspect(engine->api, engine->image, 20 * SECOND, on_image, &a));
	assert_fine(&a);
	assert_true(strlen(a.image_id) >= 64);
	assert_string_equal(a.entrypoint, "/echo");
	assert_string_equal(a.layout, "t&1=é");
}

static void test_image_missing(void **state)
{
	struct answer a;
	(void)state;
	need_engine();
	ASK(a, sw_api_image_inspect(engine->api, MISSING, 20 * SECOND, on_image, &a));
	assert_true(a.failed);
	assert_int_equal(a.error.code, SW_ERR_NOT_FOUND);
	assert_non_null(strstr(a.error.message, MISSING));
	ASK(a, sw_api_image_remove(engine->api, MISSING, 20 * SECOND, on_done, &a));
	assert_fine(&a);
}

static void test_import_of_garbage(void **state)
{
	struct answer a;
	char path[128], name[128];
	(void)state;
	need_engine();
	(void)snprintf(path, sizeof path, "%s/echo.c", engine->dir);
	(void)snprintf(name, sizeof name, "%s-garbage", engine->image);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	assert_true(fd > 0);
	ASK(a, sw_api_image_import(engine->api, name, fd, NULL, 60 * SECOND, on_done, &a));
	close(fd);
	assert_true(a.failed);
	assert_non_null(strstr(a.error.message, "importing image"));
}

static void make(struct answer *a, const char *image, const char *name, const char *const *command,
                 const char *seccomp_json)
{
	const char *const labels[] = {engine->label, "with=a=b \"q\"", NULL};
	static const char *const env[] = {"A=b", NULL};
	struct sw_sandbox sandbox = {
		.memory_bytes = 64 << 20, .cpu_milli = 500, .timeout_ns = SECOND, .network = "none",
		.pids_limit = 16, .user = "65534:65534", .read_only = true, .tmpfs_bytes = 1 << 20,
		.runtime = "default", .seccomp = "builtin", .drop_capabilities = true,
		.no_new_privileges = true,
	};
	(void)snprintf(sandbox.image, sizeof sandbox.image, "%s", image);
	const struct sw_api_create create = {
		.sandbox = &sandbox, .seccomp_json = seccomp_json, .command = command, .env = env,
		.labels = labels, .open_stdin = true, .is_podman = engine->is_podman,
	};
	struct sw_buf body = {0};
	assert_int_equal(sw_api_create_body(&create, &body), 0);
	ASK(*a, sw_api_container_create(engine->api, name, body.data, 20 * SECOND, on_created, a));
	sw_buf_done(&body);
}

static void attach(struct stream *s, const char *id)
{
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, s};
	char path[256];
	struct sw_error err;
	*s = (struct stream){0};
	const struct sw_attach_request request = {.path = path, .open_timeout_ns = 5 * SECOND};
	sw_api_attach_path(engine->api, id, true, path, sizeof path);
	if (sw_attach_open(engine->loop, sw_http_endpoint(engine->http), &request, &handlers,
	                   &s->attach, &err) < 0)
		fail_msg("%s", err.message);
	while (!s->opened && !s->closed)
		assert_int_equal(sw_loop_step(engine->loop, &err), 0);
	if (s->failed)
		fail_msg("%s", s->error.message);
}

static void drop(struct stream *s)
{
	sw_attach_free(s->attach);
	sw_buf_done(&s->out);
	sw_buf_done(&s->err);
}

static void start(const char *id)
{
	struct answer a;
	ASK(a, sw_api_container_start(engine->api, id, 20 * SECOND, on_done, &a));
	assert_fine(&a);
}

static int await(const char *id)
{
	struct answer a;
	ASK(a, sw_api_container_wait(engine->api, id, 20 * SECOND, on_waited, &a));
	assert_fine(&a);
	return a.exit_code;
}

static void discard(const char *id)
{
	struct answer a;
	ASK(a, sw_api_container_remove(engine->api, id, 20 * SECOND, on_done, &a));
	assert_fine(&a);
}

static void test_echo(void **state)
{
	struct answer a;
	struct stream s;
	(void)state;
	need_engine();
	make(&a, engine->image, NULL, NULL, NULL);
	assert_fine(&a);
	attach(&s, a.id);
	start(a.id);
	enum { LEN = 1 << 20 };
	char *bytes = malloc(LEN);
	for (int i = 0; i < LEN; i++)
		bytes[i] = (char)(i * 7 + (i >> 8));
	assert_int_equal(sw_attach_write(s.attach, bytes, LEN, NULL), 0);
	sw_attach_end(s.attach);
	until(&s.closed);
	assert_false(s.failed);
	assert_int_equal(await(a.id), 0);
	assert_int_equal(s.out.len, LEN);
	assert_memory_equal(s.out.data, bytes, LEN);
	assert_string_equal(s.err.data, "bye");
	free(bytes);
	drop(&s);
	discard(a.id);
}

static void test_exit_codes(void **state)
{
	static const char *const seven[] = {"exit", "7", NULL}, *const dies[] = {"abort", NULL};
	struct answer a, b;
	(void)state;
	need_engine();
	make(&a, engine->image, NULL, seven, NULL);
	assert_fine(&a);
	start(a.id);
	assert_int_equal(await(a.id), 7);
	ASK(b, sw_api_container_state(engine->api, a.id, 20 * SECOND, on_state, &b));
	assert_fine(&b);
	assert_int_equal(b.state.exit_code, 7);
	assert_false(b.state.running || b.state.oom_killed);
	assert_string_equal(b.state.status, "exited");
	discard(a.id);
	make(&a, engine->image, NULL, dies, NULL);
	assert_fine(&a);
	start(a.id);
	assert_in_range(await(a.id), 128, 255);
	discard(a.id);
}

static void test_kill_and_list(void **state)
{
	static const char *const hang[] = {"hang", NULL};
	struct answer a, b;
	char name[64];
	(void)state;
	need_engine();
	(void)snprintf(name, sizeof name, "sandwatch-test-kill-%d", (int)getpid());
	make(&a, engine->image, name, hang, NULL);
	assert_fine(&a);
	start(a.id);
	start(a.id); /* 304: runs already */
	ASK(b, sw_api_container_list(engine->api, engine->label, 20 * SECOND, on_each, on_done, &b));
	assert_fine(&b);
	assert_int_equal(b.listed, 1);
	assert_string_equal(b.id, a.id);
	assert_string_equal(b.listed_name, name);
	assert_string_equal(b.listed_state, "running");
	assert_string_equal(b.listed_label, engine->label);
	ASK(b, sw_api_container_kill(engine->api, a.id, "KILL", 20 * SECOND, on_done, &b));
	assert_fine(&b);
	assert_int_equal(await(a.id), 137);
	ASK(b, sw_api_container_kill(engine->api, a.id, "KILL", 20 * SECOND, on_done, &b));
	assert_true(b.failed);
	assert_int_equal(b.error.code, SW_ERR_REFUSED);
	discard(a.id);
	discard(a.id); /* 404: gone already */
}

static void test_wait_deadline_and_cancel(void **state)
{
	static const char *const hang[] = {"hang", NULL};
	struct answer a, b;
	(void)state;
	need_engine();
	make(&a, engine->image, NULL, hang, NULL);
	assert_fine(&a);
	start(a.id);
	ASK(b, sw_api_container_wait(engine->api, a.id, SECOND / 20, on_waited, &b));
	assert_true(b.failed);
	assert_int_equal(b.error.code, SW_ERR_TIMEOUT);
	b = (struct answer){0};
	struct sw_http_call *call =
		sw_api_container_wait(engine->api, a.id, 20 * SECOND, on_waited, &b);
	assert_non_null(call);
	struct answer c;
	ASK(c, sw_api_ping(engine->api, 5 * SECOND, on_done, &c));
	sw_http_cancel(call);
	discard(a.id);
	assert_false(b.done);
}

static void test_refusals(void **state)
{
	struct answer a, b;
	char name[64];
	(void)state;
	need_engine();
	make(&a, MISSING, NULL, NULL, NULL);
	assert_true(a.failed);
	assert_int_equal(a.error.code, SW_ERR_NOT_FOUND);
	print_message("%s\n", a.error.message);
	assert_non_null(strstr(a.error.message, "creating a container from image '" MISSING "': "));
	assert_non_null(strstr(a.error.message, "(404)"));

	(void)snprintf(name, sizeof name, "sandwatch-test-twice-%d", (int)getpid());
	make(&a, engine->image, name, NULL, NULL);
	assert_fine(&a);
	make(&b, engine->image, name, NULL, NULL);
	assert_true(b.failed);
	assert_int_equal(b.error.code, SW_ERR_REFUSED);
	print_message("%s\n", b.error.message);
	assert_non_null(strstr(b.error.message, name));
	discard(a.id);

	ASK(b, sw_api_container_start(engine->api, a.id, 20 * SECOND, on_done, &b));
	assert_true(b.failed);
	assert_int_equal(b.error.code, SW_ERR_NOT_FOUND);
	ASK(b, sw_api_container_start(engine->api, "../images/json?x=", 20 * SECOND, on_done, &b));
	assert_true(b.failed);
	assert_int_equal(b.error.code, SW_ERR_USAGE);
}

static void test_attach_to_nothing(void **state)
{
	struct stream s = {0};
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, &s};
	char path[256];
	struct sw_error err;
	(void)state;
	need_engine();
	const struct sw_attach_request request = {.path = path, .open_timeout_ns = 5 * SECOND};
	sw_api_attach_path(engine->api, "sandwatch-test-nothing", true, path, sizeof path);
	assert_int_equal(sw_attach_open(engine->loop, sw_http_endpoint(engine->http), &request,
	                                &handlers, &s.attach, &err), 0);
	until(&s.closed);
	assert_true(s.failed && !s.opened);
	assert_int_equal(s.error.code, SW_ERR_NOT_FOUND);
	assert_non_null(strstr(s.error.message, "sandwatch-test-nothing"));
	drop(&s);
}

static void test_export_and_upload(void **state)
{
	struct answer a, b;
	char path[128], command[512];
	(void)state;
	need_engine();
	make(&a, engine->image, NULL, NULL, NULL);
	assert_fine(&a);
	(void)snprintf(path, sizeof path, "%s/out.tar", engine->dir);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(fd > 0);
	ASK(b, sw_api_container_export(engine->api, a.id, fd, 60 * SECOND, on_done, &b));
	close(fd);
	assert_fine(&b);
	(void)snprintf(command, sizeof command,
	               "cd %s; mkdir out; tar -C out -xf out.tar; cmp out/echo root/echo; "
	               "echo hello > x; tar -cf up.tar x", engine->dir);
	shell(command);
	discard(a.id);

	/* A tar larger than the socket's buffer, into a container that is gone: still the engine's 404,
	 * not a broken pipe. */
	size_t len = 4 << 20;
	char *zeros = calloc(1, len);
	ASK(b, sw_api_container_upload(engine->api, a.id, "/tmp", zeros, len, 20 * SECOND, on_done,
	                               &b));
	free(zeros);
	assert_true(b.failed);
	print_message("%s\n", b.error.message);
	assert_int_equal(b.error.code, SW_ERR_NOT_FOUND);
}

static void test_upload_writable(void **state)
{
	static const char body[] = "{\"Image\":\"%s\",\"Labels\":{\"org.sandwatch.test\":\"%d\"},"
	                           "\"Entrypoint\":[\"/new/echo\",\"exit\",\"5\"],"
	                           "\"NetworkDisabled\":true,\"HostConfig\":{\"NetworkMode\":\"none\","
	                           "\"Ulimits\":[{\"Name\":\"nofile\",\"Soft\":1024,\"Hard\":1024},"
	                           "{\"Name\":\"nproc\",\"Soft\":1024,\"Hard\":1024}]}}";
	struct answer a, b;
	char text[512], command[256], path[128];
	(void)state;
	need_engine();
	(void)snprintf(command, sizeof command,
	               "cd %s; mkdir new; cp root/echo new/; tar -cf new.tar new", engine->dir);
	shell(command);
	(void)snprintf(path, sizeof path, "%s/new.tar", engine->dir);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	char *tar = malloc((size_t)st.st_size);
	assert_int_equal(read(fd, tar, (size_t)st.st_size), st.st_size);
	close(fd);
	(void)snprintf(text, sizeof text, body, engine->image, (int)getpid());
	ASK(a, sw_api_container_create(engine->api, NULL, text, 20 * SECOND, on_created, &a));
	assert_fine(&a);
	ASK(b, sw_api_container_upload(engine->api, a.id, "/", tar, (size_t)st.st_size, 20 * SECOND,
	                               on_done, &b));
	free(tar);
	assert_fine(&b);
	start(a.id);
	assert_int_equal(await(a.id), 5);
	discard(a.id);
}

/* Not a bound (that is make bench's): one cold iteration's share of this process, printed. */
static void test_own_cpu_time(void **state)
{
	struct rusage before, after;
	enum { ROUNDS = 10 };
	struct answer a;
	struct stream s;
	(void)state;
	need_engine();
	getrusage(RUSAGE_SELF, &before);
	for (int i = 0; i < ROUNDS; i++) {
		make(&a, engine->image, NULL, NULL, NULL);
		assert_fine(&a);
		attach(&s, a.id);
		start(a.id);
		assert_int_equal(sw_attach_write(s.attach, "x", 1, NULL), 0);
		sw_attach_end(s.attach);
		until(&s.closed);
		assert_int_equal(await(a.id), 0);
		assert_string_equal(s.out.data, "x");
		drop(&s);
		discard(a.id);
	}
	getrusage(RUSAGE_SELF, &after);
	double ms = (double)(after.ru_utime.tv_sec - before.ru_utime.tv_sec +
	                     after.ru_stime.tv_sec - before.ru_stime.tv_sec) * 1e3 +
	            (double)(after.ru_utime.tv_usec - before.ru_utime.tv_usec +
	                     after.ru_stime.tv_usec - before.ru_stime.tv_usec) / 1e3;
	print_message("own CPU time per cold iteration: %.2f ms\n", ms / ROUNDS);
}

static void test_nothing_is_left(void **state)
{
	struct answer a;
	(void)state;
	need_engine();
	ASK(a, sw_api_container_list(engine->api, engine->label, 20 * SECOND, on_each, on_done, &a));
	assert_fine(&a);
	assert_int_equal(a.listed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ping_negotiates),
		cmocka_unit_test(test_info),
		cmocka_unit_test(test_image_import_and_inspect),
		cmocka_unit_test(test_image_missing),
		cmocka_unit_test(test_import_of_garbage),
		cmocka_unit_test(test_echo),
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_kill_and_list),
		cmocka_unit_test(test_wait_deadline_and_cancel),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_attach_to_nothing),
		cmocka_unit_test(test_export_and_upload),
		cmocka_unit_test(test_upload_writable),
		cmocka_unit_test(test_own_cpu_time),
		cmocka_unit_test(test_nothing_is_left),
	};
	return cmocka_run_group_tests_name("api_engine", tests, setup, teardown);
}
