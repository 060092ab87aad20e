#include "docker/image.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/blocking.h"
#include "docker/image_away.h"
#include "docker/image_recipe.h"

enum { CHANGES_MAX = 16 };

static const int64_t request_timeout_ns = 30000000000;
static const int64_t import_timeout_ns = 300000000000;
static const int64_t tar_timeout_ns = 300000000000;
static const char step_image[] = "image";
static const char own_repository[] = "sandwatch/python";
static const char dockerfile_recipe[] = "dockerfile"; /* its label, docker/image/Dockerfile */
static const char layout_version[] = "2";             /* there, in build.sh and the Dockerfile, too */

/* ---- the recipe's parts ---- */

static bool fill_parts(const char *program_dir, const char *const relative[4],
                       struct sw_image_parts *parts)
{
	char *const fields[] = {parts->build, parts->shim, parts->worker, parts->zygote};
	for (int i = 0; i < 4; i++) {
		int len = snprintf(fields[i], sizeof parts->build, "%s/%s", program_dir, relative[i]);
		if (len < 0 || (size_t)len >= sizeof parts->build || access(fields[i], R_OK) < 0)
			return false;
	}
	return true;
}

int sw_image_parts(const char *program_dir, struct sw_image_parts *out_parts, struct sw_error *err)
{
	static const char *const built[] = {"../../docker/image/build.sh", "shim",
	                                    "../../docker/worker/worker.py",
	                                    "../../docker/worker/zygote.py"};
	static const char *const installed[] = {"../share/sandwatch/build.sh",
	                                        "../share/sandwatch/shim",
	                                        "../share/sandwatch/worker.py",
	                                        "../share/sandwatch/zygote.py"};
	struct sw_image_parts parts;
	if (!fill_parts(program_dir, built, &parts) && !fill_parts(program_dir, installed, &parts))
		return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "the image's recipe is incomplete: neither "
		                    "%s/../share/sandwatch/{build.sh,shim,worker.py,zygote.py} nor the build "
		                    "tree's docker/image/build.sh, docker/worker/{worker,zygote}.py and %s/shim "
		                    "are all there (make builds the shim; the rest comes with the sources)",
		                    program_dir, program_dir);
	*out_parts = parts;
	return 0;
}

/* ---- what the engine has ---- */

bool sw_image_is_own_name(const char *name)
{
	size_t len = strlen(own_repository);
	if (strncmp(name, own_repository, len) != 0)
		return false;
	/* A digest names one image there is, never one to be made; a slash, a registry's port. */
	return name[len] == '\0' || (name[len] == ':' && name[len + 1] && !strpbrk(name + len, "/@"));
}

/* STRINGS appended to LIST, which has *N strings and room for them all. */
static void append(char **list, size_t *n, char *const *strings)
{
	for (; strings && *strings; strings++)
		list[(*n)++] = *strings;
	list[*n] = NULL;
}

static size_t count(char *const *strings)
{
	size_t n = 0;
	while (strings && strings[n])
		n++;
	return n;
}

/* One after the other, into a list that is the image's own; NULL without memory, as when there is none. */
static char **join(char *const *entrypoint, char *const *command)
{
	size_t n = 0;
	SW_CLEANUP(free) char **all = calloc(count(entrypoint) + count(command) + 1, sizeof *all);
	if (!all)
		return NULL;
	append(all, &n, entrypoint);
	append(all, &n, command);
	return n ? sw_image_argv_copy(all) : NULL;
}

void sw_image_done(struct sw_image *image)
{
	sw_image_argv_free(image->argv);
	image->argv = NULL;
}

struct inspection {
	struct sw_blocking *blocking;
	struct sw_image *image;
};

static void inspected(void *user, const struct sw_api_image *found, const struct sw_error *error)
{
	struct inspection *inspection = user;
	struct sw_image *image = inspection->image;
	if (!error) {
		(void)sw_text_copy(image->id, sizeof image->id, found->id);
		(void)sw_text_copy(image->recipe, sizeof image->recipe, found->recipe);
		(void)sw_text_copy(image->layout, sizeof image->layout, found->layout);
		image->size_bytes = found->size_bytes;
		image->tagged = found->tagged;
		image->ours = found->layout[0] != '\0';
		image->usable = true;
		image->argv = join(found->entrypoint, found->command);
	}
	sw_blocking_finish(inspection->blocking, error);
}

/* A missing image is no error: then image->usable stays false. What OUT_IMAGE owned is freed. */
static int inspect(struct sw_blocking *blocking, const char *name, struct sw_image *out_image,
                   struct sw_error *err)
{
	struct sw_error why;
	struct inspection inspection = {blocking, out_image};
	sw_image_done(out_image);
	*out_image = (struct sw_image){0};
	(void)sw_text_copy(out_image->name, sizeof out_image->name, name);
	sw_api_image_inspect(blocking->api, name, request_timeout_ns, inspected, &inspection);
	if (sw_blocking_wait(blocking, &why) == 0 || why.code == SW_ERR_NOT_FOUND)
		return 0;
	if (err)
		*err = why;
	return -1;
}

/* Whether IMAGE is used as it is; what is not is missing, or one of the recipe's. */
static int accept(const struct sw_image *image, bool *out_accepted, struct sw_error *err)
{
	const char *name = image->name;
	bool own_name = sw_image_is_own_name(name);
	*out_accepted = false;
	if (!image->usable)
		return 0;
	if (own_name && !image->ours)
		return sw_error_set(err, SW_ERR_USAGE, 0, "the name is sandwatch's own, but this image does "
		                    "not carry its label org.sandwatch.layout, so it is left as it is: give "
		                    "it another name (docker tag %s NEW, docker rmi %s), or have sandwatch "
		                    "use another with sandbox.docker.image", name, name);
	if (own_name && strcmp(image->recipe, dockerfile_recipe) != 0)
		return 0;
	if (image->ours && strcmp(image->layout, layout_version) != 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "it was built for layout %s, and this sandwatch "
		                    "runs layout %s: in its source folder, docker build -f "
		                    "docker/image/Dockerfile -t %s docker", image->layout, layout_version,
		                    name);
	*out_accepted = true;
	return 0;
}

/* ---- import ---- */

struct maker {
	struct sw_blocking *blocking;
	const char *name, *home, *hash;
	const struct sw_image_parts *parts;
	struct sw_steps steps;
};

/* Beside its place first: half a tar that is left there would be imported the next time. */
static int pack(const char *home, const char *recipe, const char *path,
                const struct sw_signals *signals, struct sw_error *err)
{
	char part[1300], rootfs[1200], log_path[1200];
	(void)snprintf(part, sizeof part, "%s.part", path);
	(void)snprintf(rootfs, sizeof rootfs, "%s/rootfs", recipe);
	(void)snprintf(log_path, sizeof log_path, "%s/tar.log", home);
	const char *const argv[] = {"tar", "-c", "-f", part, "-C", rootfs, "--format=gnu",
	                            "--sort=name", "--mtime=@0", "--numeric-owner", "--owner=0",
	                            "--group=0", ".", NULL};
	struct sw_recipe_run run = {.argv = argv, .log_path = log_path, .what = "pack the image",
	                            .timeout_ns = tar_timeout_ns, .signals = signals};
	int result = sw_recipe_run(&run, err);
	if (result == 0 && rename(part, path) < 0)
		result = sw_error_set(err, SW_ERR_IO, errno, "cannot rename %s", part);
	if (result < 0)
		(void)unlink(part);
	return result;
}

/* image.tar is not kept: it is packed again from the rootfs, with the flags that build.sh has. */
static int open_tar(const char *home, const char *recipe, const struct sw_signals *signals,
                    int *out_fd, struct sw_error *err)
{
	char path[1200];
	(void)snprintf(path, sizeof path, "%s/" SW_RECIPE_TAR, recipe);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 && pack(home, recipe, path, signals, err) < 0)
		return -1;
	if (fd < 0)
		fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", path);
	(void)unlink(path);
	*out_fd = fd;
	return 0;
}

/* One Dockerfile line per line of the file; TEXT keeps the bytes that CHANGES points into. */
static int read_changes(const char *recipe, char *text, size_t size, const char **changes,
                        struct sw_error *err)
{
	char path[1200];
	(void)snprintf(path, sizeof path, "%s/image.changes", recipe);
	SW_CLEANUP(fclose) FILE *file = fopen(path, "re");
	if (!file)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", path);
	size_t len = fread(text, 1, size - 1, file), n = 0;
	if (len == size - 1)
		return sw_error_set(err, SW_ERR_LIMIT, 0, "%s is too long", path);
	text[len] = '\0';
	for (char *line; (line = strsep(&text, "\n"));)
		if (line[0] && n < CHANGES_MAX)
			changes[n++] = line;
	changes[n] = NULL;
	return 0;
}

/* Which images came from this very rootfs: the same recipe builds another one after an update of the
 * packages, and then the host baseline would not run the container's bytes. */
static void remember_import(const char *recipe, const char *id)
{
	char path[1200];
	(void)snprintf(path, sizeof path, "%s/imported", recipe);
	FILE *file = fopen(path, "ae");
	if (!file)
		return;
	(void)fprintf(file, "%s\n", id);
	(void)fclose(file);
}

/* Cut short by a signal, the upload has no end, and the engine drops it. */
static int import(const struct maker *maker, const char *recipe, struct sw_error *err)
{
	struct sw_blocking *blocking = maker->blocking;
	char text[8192];
	const char *changes[CHANGES_MAX + 1];
	SW_CLEANUP(close) int fd = -1;
	if (read_changes(recipe, text, sizeof text, changes, err) < 0 ||
	    open_tar(maker->home, recipe, maker->steps.signals, &fd, err) < 0)
		return -1;
	sw_api_image_import(blocking->api, maker->name, fd, changes, import_timeout_ns,
	                    sw_blocking_finished, blocking);
	return sw_blocking_wait(blocking, err);
}

/* ---- ensure ---- */

static void report(struct sw_steps steps, int64_t elapsed_ns, const char *detail)
{
	if (steps.fn)
		steps.fn(steps.user, step_image, elapsed_ns, detail);
}

/* Only a nameless one: under a name that the user gave it, it is the user's. A container of it may
 * still run: then it stays, and is the user's to prune. */
static void remove_replaced(struct sw_blocking *blocking, const char *id)
{
	struct sw_image old = {0};
	bool found = inspect(blocking, id, &old, NULL) == 0;
	sw_image_done(&old);
	if (!found || !old.usable || !old.ours || old.tagged)
		return;
	sw_api_image_remove(blocking->api, id, request_timeout_ns, sw_blocking_finished, blocking);
	(void)sw_blocking_wait(blocking, NULL);
}

static int make_locked(const struct maker *maker, struct sw_image *image, struct sw_error *err)
{
	char recipe[1100], old_id[sizeof image->id], detail[200], size[16];
	int64_t start_ns = sw_clock_ns();
	bool accepted;
	/* Asked again under the lock: another process may just have made it. */
	if (inspect(maker->blocking, maker->name, image, err) < 0 || accept(image, &accepted, err) < 0)
		return -1;
	if (accepted || (image->usable && strcmp(image->recipe, maker->hash) == 0))
		return 0;
	(void)sw_text_copy(old_id, sizeof old_id, image->id);
	if (sw_recipe_build(maker->parts, maker->home, maker->hash, maker->steps, recipe, sizeof recipe,
	                    err) < 0)
		return -1;
	report(maker->steps, -1, "importing");
	/* What follows the import is short, and finishes it. */
	if (import(maker, recipe, err) < 0 || sw_blocking_heed(maker->blocking, NULL, err) < 0 ||
	    inspect(maker->blocking, maker->name, image, err) < 0)
		return -1;
	if (!image->usable || strcmp(image->recipe, maker->hash) != 0)
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "the engine took the import but shows %s",
		                    image->usable ? "another recipe" : "no image");
	remember_import(recipe, image->id);
	if (old_id[0] && strcmp(old_id, image->id) != 0)
		remove_replaced(maker->blocking, old_id);
	(void)snprintf(detail, sizeof detail, "%s, %s%s", maker->name,
	               sw_text_bytes(size, sizeof size, (uint64_t)image->size_bytes),
	               old_id[0] ? ", replaces one of another recipe" : "");
	report(maker->steps, sw_clock_ns() - start_ns, detail);
	return 0;
}

static int ensure_ours(struct maker *maker, const char *state_dir, struct sw_image *image,
                       struct sw_error *err)
{
	char home[1024], hash[SW_RECIPE_HASH_MAX];
	SW_CLEANUP(close) int lock = -1;
	if (sw_recipe_home(state_dir, home, sizeof home, err) < 0 ||
	    sw_recipe_hash(maker->parts, home, maker->steps.signals, hash, err) < 0)
		return -1;
	if (image->usable && strcmp(image->recipe, hash) == 0) {
		report(maker->steps, 0, "it is there");
		return 0;
	}
	maker->home = home;
	maker->hash = hash;
	if (sw_recipe_lock(home, maker->steps, step_image, &lock, err) < 0)
		return -1;
	return make_locked(maker, image, err);
}

static int ensure(struct sw_blocking *blocking, struct maker *maker, const char *state_dir,
                  struct sw_image *image, struct sw_error *err)
{
	const char *name = maker->name;
	bool accepted;
	if (inspect(blocking, name, image, err) < 0 || accept(image, &accepted, err) < 0)
		return -1;
	if (accepted) {
		report(maker->steps, 0, "it is there");
		return 0;
	}
	if (sw_image_is_own_name(name))
		return ensure_ours(maker, state_dir, image, err);
	return sw_error_set(err, SW_ERR_NOT_FOUND, 0, "it is not on this engine: `docker pull %s` or "
	                    "`docker build -t %s …` puts it there; %s:latest is made by itself",
	                    name, name, own_repository);
}

/* Only the private engine's images are ever taken away. */
static void mend_images(const struct sw_engine *engine, struct sw_steps steps)
{
	int given = 0;
	int64_t start_ns = sw_clock_ns();
	if (engine->is_private && sw_image_away_mend(engine, &given, NULL) == 0 && given > 0)
		report(steps, sw_clock_ns() - start_ns,
		       "given back: a chaos session had it taken away, and was killed");
}

int sw_image_ensure(const struct sw_engine *engine, const char *name,
                    const struct sw_image_parts *parts, const char *state_dir,
                    struct sw_steps steps, struct sw_image *out_image, struct sw_error *err)
{
	struct sw_blocking blocking;
	struct sw_image image = {0};
	struct maker maker = {.blocking = &blocking, .name = name, .parts = parts, .steps = steps};
	mend_images(engine, steps);
	int result = sw_blocking_init(&blocking, &engine->endpoint, engine->api_version, err);
	if (result == 0)
		result = sw_blocking_heed(&blocking, steps.signals, err);
	if (result == 0)
		result = ensure(&blocking, &maker, state_dir, &image, err);
	sw_blocking_done(&blocking);
	if (result < 0) {
		sw_image_done(&image);
		return sw_error_wrap(err, "the image %s", name);
	}
	*out_image = image;
	return 0;
}
