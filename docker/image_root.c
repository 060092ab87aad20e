#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/json.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/tree.h"
#include "docker/blocking.h"
#include "docker/image.h"
#include "docker/image_recipe.h"
#include "docker/lifecycle.h"
#include "docker/reaper.h"

enum { LIST_MAX = 64 << 10, LINES_MAX = 256 };

static const int64_t request_timeout_ns = 30000000000;
static const int64_t export_timeout_ns = 300000000000;
static const int64_t last_wait_ns = 5000000000; /* for the engine, after a signal */
static const char step_root[] = "host root";

static void report(struct sw_steps steps, int64_t elapsed_ns, const char *detail)
{
	if (steps.fn)
		steps.fn(steps.user, step_root, elapsed_ns, detail);
}

/* ---- export and unpack ---- */

static void created(void *user, const char *id, const char *warning, const struct sw_error *error)
{
	(void)id;
	(void)warning;
	sw_blocking_finish(user, error);
}

/* Never started: an export needs a container, not a process. */
static int export_body(const char *image, struct sw_buf *out, struct sw_error *err)
{
	struct sw_json json;
	SW_CLEANUP(free) const char **labels = sw_lifecycle_labels("export");
	sw_json_init(&json, out, 0);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "Image", image);
	sw_json_array(&json, "Entrypoint");
	sw_json_str(&json, NULL, "/never-started");
	sw_json_end_array(&json);
	sw_json_object(&json, "Labels");
	for (const char **label = labels; label && *label; label++) {
		char key[64];
		size_t len = strcspn(*label, "=");
		(void)snprintf(key, sizeof key, "%.*s", (int)len, *label);
		sw_json_str(&json, key, *label + len + 1);
	}
	sw_json_end_object(&json);
	sw_json_bool(&json, "NetworkDisabled", true);
	sw_json_end_object(&json);
	if (out->overflow || !labels)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot describe a container");
	return 0;
}

static int create_and_export(struct sw_blocking *blocking, const char *image, const char *name,
                             int fd, struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf body = {0};
	if (export_body(image, &body, err) < 0)
		return -1;
	sw_api_container_create(blocking->api, name, body.data, request_timeout_ns, created, blocking);
	if (sw_blocking_wait(blocking, err) < 0) {
		/* The engine goes on making it, and what is not there yet cannot be removed. */
		if (blocking->interrupted)
			(void)sw_blocking_wait_out(blocking, last_wait_ns, NULL);
		return -1;
	}
	sw_api_container_export(blocking->api, name, fd, export_timeout_ns, sw_blocking_finished,
	                        blocking);
	return sw_blocking_wait(blocking, err);
}

/* By its name, on a connection of its own: whatever has become of the others. */
static int remove_container(const struct sw_engine *engine, const char *name, struct sw_error *err)
{
	struct sw_blocking blocking;
	int result = sw_blocking_init(&blocking, &engine->endpoint, engine->api_version, err);
	if (result == 0) {
		sw_api_container_remove(blocking.api, name, last_wait_ns, sw_blocking_finished, &blocking);
		result = sw_blocking_wait(&blocking, err);
	}
	sw_blocking_done(&blocking);
	return result;
}

static int export_tar(const struct sw_engine *engine, const char *image, int fd,
                      const struct sw_signals *signals, struct sw_error *err)
{
	char name[64];
	struct sw_blocking blocking;
	(void)snprintf(name, sizeof name, "sandwatch-export-%d-%lld", (int)getpid(),
	               (long long)sw_clock_ns());
	int result = sw_blocking_init(&blocking, &engine->endpoint, engine->api_version, err);
	if (result == 0)
		result = sw_blocking_heed(&blocking, signals, err);
	if (result == 0)
		result = create_and_export(&blocking, image, name, fd, err);
	sw_blocking_done(&blocking);
	if (remove_container(engine, name, result == 0 ? err : NULL) == 0 || result < 0)
		return result;
	return sw_error_wrap(err, "container %s is left (`sandwatch clean` removes it)", name);
}

static int unpack(const char *home, const char *tar_path, const char *dir,
                  const struct sw_signals *signals, struct sw_error *err)
{
	char log_path[1100];
	(void)snprintf(log_path, sizeof log_path, "%s/tar.log", home);
	if (mkdir(dir, 0755) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot make %s", dir);
	/* Device files need root and are of no use to an interpreter. */
	const char *const argv[] = {"tar", "-x", "-p", "--no-same-owner", "--exclude=./dev/*",
	                            "--exclude=dev/*", "-C", dir, "-f", tar_path, NULL};
	struct sw_recipe_run run = {.argv = argv, .log_path = log_path, .what = "unpack the image",
	                            .timeout_ns = export_timeout_ns, .signals = signals};
	return sw_recipe_run(&run, err);
}

/* Everything below BUILDING, which is renamed to DIR at the very end. */
static int fetch_root(const struct sw_engine *engine, const struct sw_image *image, const char *home,
                      const char *building, const struct sw_signals *signals,
                      struct sw_error *err)
{
	char tar_path[1200], rootfs[1200];
	(void)snprintf(tar_path, sizeof tar_path, "%s/export.tar", building);
	(void)snprintf(rootfs, sizeof rootfs, "%s/rootfs", building);
	if (sw_tree_remove(building, err) < 0)
		return -1;
	if (mkdir(building, 0755) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot make %s", building);
	SW_CLEANUP(close) int fd = open(tar_path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot make %s", tar_path);
	/* What an export that was killed has left; not being able to is no reason not to export. */
	(void)sw_reaper_clean_exports(engine, signals, NULL);
	if (export_tar(engine, image->id, fd, signals, err) < 0 ||
	    unpack(home, tar_path, rootfs, signals, err) < 0)
		return -1;
	(void)unlink(tar_path);
	return 0;
}

static int export_root(const struct sw_engine *engine, const struct sw_image *image,
                       const char *home, struct sw_steps steps, char *dst, size_t size,
                       struct sw_error *err)
{
	char dir[1100], building[1100];
	const char *id = strncmp(image->id, "sha256:", 7) == 0 ? image->id + 7 : image->id;
	SW_CLEANUP(close) int lock = -1;
	int64_t start_ns = sw_clock_ns();
	(void)snprintf(dir, sizeof dir, "%s/%.16s", home, id);
	(void)snprintf(building, sizeof building, "%s/" SW_RECIPE_UNPACKING, home);
	if ((size_t)snprintf(dst, size, "%s/rootfs", dir) >= size)
		return sw_error_set(err, SW_ERR_LIMIT, 0, "the path below %s is too long", home);
	if (access(dst, F_OK) == 0)
		return 0;
	if (sw_recipe_lock(home, steps, step_root, &lock, err) < 0)
		return -1;
	if (access(dst, F_OK) == 0)
		return 0;
	report(steps, -1, image->name);
	int result = fetch_root(engine, image, home, building, steps.signals, err);
	if (result == 0 && rename(building, dir) < 0)
		result = sw_error_set(err, SW_ERR_IO, errno, "cannot rename %s", building);
	if (result < 0)
		(void)sw_tree_remove(building, NULL);
	report(steps, sw_clock_ns() - start_ns, result < 0 ? "failed" : dst);
	return result;
}

/* ---- which root ---- */

/* image.c notes the ids of what it imported from a recipe's rootfs. */
static bool was_imported(const char *recipe, const char *id)
{
	char path[1200], line[128];
	(void)snprintf(path, sizeof path, "%s/imported", recipe);
	SW_CLEANUP(fclose) FILE *file = fopen(path, "re");
	while (file && fgets(line, sizeof line, file)) {
		line[strcspn(line, "\n")] = '\0';
		if (id[0] && strcmp(line, id) == 0)
			return true;
	}
	return false;
}

static int recipe_root(const struct sw_image_parts *parts, const char *home, struct sw_steps steps,
                       char *dst, size_t size, struct sw_error *err)
{
	char hash[SW_RECIPE_HASH_MAX], recipe[1100];
	SW_CLEANUP(close) int lock = -1;
	if (sw_recipe_hash(parts, home, steps.signals, hash, err) < 0)
		return -1;
	if (!sw_recipe_built(home, hash, recipe, sizeof recipe) &&
	    (sw_recipe_lock(home, steps, step_root, &lock, err) < 0 ||
	     sw_recipe_build(parts, home, hash, steps, recipe, sizeof recipe, err) < 0))
		return -1;
	if ((size_t)snprintf(dst, size, "%s/rootfs", recipe) >= size)
		return sw_error_set(err, SW_ERR_LIMIT, 0, "the path below %s is too long", home);
	return 0;
}

int sw_image_host_root(const struct sw_engine *engine, const struct sw_image *image,
                       const struct sw_image_parts *parts, const char *state_dir,
                       struct sw_steps steps, char *dst, size_t size, struct sw_error *err)
{
	char home[1024], recipe[1100];
	if (sw_recipe_home(state_dir, home, sizeof home, err) < 0)
		return -1;
	if (!engine || !image || !image->usable)
		return recipe_root(parts, home, steps, dst, size, err);
	/* Its bytes must be the container's own: the same recipe on another day has newer packages. */
	if (image->recipe[0] && sw_recipe_built(home, image->recipe, recipe, sizeof recipe) &&
	    was_imported(recipe, image->id) &&
	    (size_t)snprintf(dst, size, "%s/rootfs", recipe) < size)
		return 0;
	if (export_root(engine, image, home, steps, dst, size, err) < 0)
		return sw_error_wrap(err, "cannot unpack %s for the host baseline", image->name);
	return 0;
}

/* ---- the host's command ---- */

void sw_image_argv_free(char **argv)
{
	for (char **arg = argv; arg && *arg; arg++)
		free(*arg);
	free(argv);
}

char **sw_image_argv_copy(char *const *argv)
{
	size_t n = 0;
	while (argv && argv[n])
		n++;
	char **copy = argv ? calloc(n + 1, sizeof *copy) : NULL;
	for (size_t i = 0; copy && i < n; i++) {
		copy[i] = strdup(argv[i]);
		if (!copy[i]) {
			sw_image_argv_free(copy);
			return NULL;
		}
	}
	return copy;
}

/* A copy of LINE with each @ROOT@ replaced. */
static char *fill_in(const char *line, const char *root)
{
	static const char mark[] = "@ROOT@";
	SW_CLEANUP(buf) struct sw_buf out = {0};
	for (const char *at; (at = strstr(line, mark)); line = at + strlen(mark)) {
		sw_buf_add(&out, line, (size_t)(at - line));
		sw_buf_add_str(&out, root);
	}
	sw_buf_add_str(&out, line);
	return out.overflow ? NULL : SW_TAKE(out.data);
}

static char **fill_lines(char *text, const char *root)
{
	char **lines = calloc(LINES_MAX + 1, sizeof *lines);
	size_t n = 0;
	for (char *line; lines && n < LINES_MAX && (line = strsep(&text, "\n"));) {
		if (!line[0])
			continue;
		lines[n] = fill_in(line, root);
		if (!lines[n++]) {
			sw_image_argv_free(lines);
			return NULL;
		}
	}
	return lines;
}

static char **read_list(const char *root, const char *name, struct sw_error *err)
{
	char path[1200];
	SW_CLEANUP(free) char *text = malloc(LIST_MAX);
	(void)snprintf(path, sizeof path, "%s/sandwatch/%s", root, name);
	SW_CLEANUP(fclose) FILE *file = fopen(path, "re");
	if (!file || !text) {
		sw_error_set(err, SW_ERR_NOT_FOUND, errno, "this image says nothing of how it runs on the "
		             "host (%s)", path);
		return NULL;
	}
	size_t len = fread(text, 1, LIST_MAX - 1, file);
	if (len == LIST_MAX - 1) {
		sw_error_set(err, SW_ERR_LIMIT, 0, "%s is too long", path);
		return NULL;
	}
	text[len] = '\0';
	char **lines = fill_lines(text, root);
	if (!lines)
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot keep %s", path);
	return lines;
}

int sw_image_host_command(const char *root, char ***out_argv, char ***out_env, struct sw_error *err)
{
	char **argv = read_list(root, "host.argv", err);
	char **env = argv ? read_list(root, "host.env", err) : NULL;
	if (argv && env && !argv[0]) {
		sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s/sandwatch/host.argv is empty", root);
		sw_image_argv_free(env);
		env = NULL;
	}
	if (!argv || !env) {
		sw_image_argv_free(argv);
		return -1;
	}
	*out_argv = argv;
	*out_env = env;
	return 0;
}
