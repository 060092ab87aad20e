#include "docker/image_recipe.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/file.h"
#include "core/loop.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/tree.h"

static const int64_t hash_timeout_ns = 20000000000;
static const int64_t build_timeout_ns = 900000000000; /* a slow mirror is no error */
static const char step_build[] = "recipe";

/* ---- its home and its lock ---- */

static int open_lock(const char *home, int *out_fd, struct sw_error *err)
{
	char path[1100];
	(void)snprintf(path, sizeof path, "%s/lock", home);
	*out_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	return *out_fd < 0 ? sw_error_set(err, SW_ERR_IO, errno, "cannot open %s", path) : 0;
}

/* Not while the lock is held: then it is being made. */
static void remove_half(const char *home, const char *folder, const char *name)
{
	char path[1400];
	SW_CLEANUP(close) int lock = -1;
	(void)snprintf(path, sizeof path, "%s/%.200s%s", home, folder, name);
	if (access(path, F_OK) == 0 && open_lock(home, &lock, NULL) == 0 &&
	    flock(lock, LOCK_EX | LOCK_NB) == 0)
		(void)sw_tree_remove(path, NULL);
}

static void tidy(const char *home)
{
	remove_half(home, "", SW_RECIPE_BUILDING);
	remove_half(home, "", SW_RECIPE_UNPACKING);
	DIR *dir = opendir(home);
	for (struct dirent *entry; dir && (entry = readdir(dir));)
		if (strncmp(entry->d_name, "recipe-", 7) == 0)
			remove_half(home, entry->d_name, "/" SW_RECIPE_TAR ".part");
	if (dir)
		(void)closedir(dir);
}

void sw_image_tidy(const char *state_dir)
{
	char home[1024];
	int len = snprintf(home, sizeof home, "%s/image", state_dir);
	if (len > 0 && (size_t)len < sizeof home)
		tidy(home);
}

int sw_recipe_home(const char *state_dir, char *dst, size_t size, struct sw_error *err)
{
	char here[512] = "";
	if (state_dir[0] != '/' && !getcwd(here, sizeof here))
		return sw_error_set(err, SW_ERR_IO, errno, "cannot tell the current directory");
	int len = snprintf(dst, size, "%s%s%s/image", here, here[0] ? "/" : "", state_dir);
	if (len < 0 || (size_t)len + 128 >= size)
		return sw_error_set(err, SW_ERR_USAGE, 0, "the state directory's path is too long: %.60s…",
		                    state_dir);
	if (sw_file_make_dirs(dst, err) < 0)
		return -1;
	tidy(dst);
	return 0;
}

int sw_recipe_lock(const char *home, struct sw_steps steps, const char *what, int *out_fd,
                   struct sw_error *err)
{
	SW_CLEANUP(close) int fd = -1;
	if (open_lock(home, &fd, err) < 0)
		return -1;
	int locked = flock(fd, LOCK_EX | LOCK_NB);
	if (locked < 0 && errno == EWOULDBLOCK && steps.fn)
		steps.fn(steps.user, what, -1, "another sandwatch is at it: waiting");
	/* Tried again and again, as one wait cannot be for a lock and a descriptor. */
	while (locked < 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
		if (sw_signals_wait(steps.signals, 20000000))
			return sw_signals_error(err);
		locked = flock(fd, LOCK_EX | LOCK_NB);
	}
	if (locked < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot lock %s/lock", home);
	*out_fd = SW_TAKE_FD(fd);
	return 0;
}

/* ---- its hash ---- */

static int add_input(struct sw_buf *key, const char *path, bool needed, struct sw_error *err)
{
	struct stat st;
	if (stat(path, &st) < 0) {
		if (!needed)
			return 0;
		return sw_error_set(err, SW_ERR_NOT_FOUND, errno, "the image's recipe needs %s", path);
	}
	return sw_buf_addf(key, "%s %llu %llu %lld %lld.%09ld\n", path, (unsigned long long)st.st_dev,
	                   (unsigned long long)st.st_ino, (long long)st.st_size,
	                   (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec);
}

static bool is_hash(const char *text)
{
	size_t n = 0;
	while (isxdigit((unsigned char)text[n]))
		n++;
	return n == 64 && text[n] == '\0';
}

/* The memory is one line of hash, then the key it holds for. */
static bool recall(const char *path, const struct sw_buf *key, char out_hash[SW_RECIPE_HASH_MAX])
{
	char text[8192];
	SW_CLEANUP(fclose) FILE *file = fopen(path, "re");
	if (!file)
		return false;
	size_t n = fread(text, 1, sizeof text - 1, file);
	text[n] = '\0';
	char *end = strchr(text, '\n');
	if (!end || strcmp(end + 1, key->data) != 0)
		return false;
	*end = '\0';
	if (!is_hash(text))
		return false;
	return sw_text_copy(out_hash, SW_RECIPE_HASH_MAX, text);
}

/* Not being able to remember costs some milliseconds next time and nothing else. */
static void remember(const char *path, const struct sw_buf *key, const char *hash)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_error why;
	if (sw_buf_addf(&text, "%s\n%s", hash, key->data) == 0)
		(void)sw_file_write(path, text.data, text.len, &why);
}

static int ask_hash(const struct sw_image_parts *parts, const char *home,
                    const struct sw_signals *signals, char out_hash[SW_RECIPE_HASH_MAX],
                    struct sw_error *err)
{
	char log_path[1100], said[SW_RECIPE_HASH_MAX + 8];
	const char *const argv[] = {"bash", parts->build, "--hash", "--shim", parts->shim, "--worker",
	                            parts->worker, "--zygote", parts->zygote, NULL};
	(void)snprintf(log_path, sizeof log_path, "%s/build.log", home);
	struct sw_recipe_run run = {.argv = argv, .log_path = log_path, .what = "the recipe's hash",
	                            .timeout_ns = hash_timeout_ns, .out_last = said,
	                            .out_size = sizeof said, .signals = signals};
	if (sw_recipe_run(&run, err) < 0)
		return -1;
	if (!is_hash(said))
		return sw_error_set(err, SW_ERR_PROTOCOL, 0, "%s --hash says no hash but: %s", parts->build,
		                    said);
	(void)sw_text_copy(out_hash, SW_RECIPE_HASH_MAX, said);
	return 0;
}

int sw_recipe_hash(const struct sw_image_parts *parts, const char *home,
                   const struct sw_signals *signals, char out_hash[SW_RECIPE_HASH_MAX], struct sw_error *err)
{
	char path[1100];
	SW_CLEANUP(buf) struct sw_buf key = {.limit = 8000};
	if (add_input(&key, parts->build, true, err) < 0 || add_input(&key, parts->shim, true, err) < 0 ||
	    add_input(&key, parts->worker, true, err) < 0 ||
	    add_input(&key, parts->zygote, true, err) < 0 ||
	    add_input(&key, "/etc/os-release", false, err) < 0)
		return -1;
	if (key.overflow)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot list the recipe's inputs");
	(void)snprintf(path, sizeof path, "%s/recipe.hash", home);
	if (recall(path, &key, out_hash))
		return 0;
	if (ask_hash(parts, home, signals, out_hash, err) < 0)
		return -1;
	remember(path, &key, out_hash);
	return 0;
}

/* ---- its build ---- */

bool sw_recipe_built(const char *home, const char *hash, char *dst, size_t size)
{
	char marker[1200];
	(void)snprintf(dst, size, "%s/recipe-%.16s", home, hash);
	(void)snprintf(marker, sizeof marker, "%s/image.changes", dst);
	return access(marker, F_OK) == 0;
}

static int run_build(const struct sw_image_parts *parts, const char *home, const char *out,
                     struct sw_steps steps, struct sw_error *err)
{
	char log_path[1100], cache[1100];
	(void)snprintf(log_path, sizeof log_path, "%s/build.log", home);
	(void)snprintf(cache, sizeof cache, "%s/cache", home);
	const char *const argv[] = {"bash", parts->build, "--shim", parts->shim, "--worker",
	                            parts->worker, "--zygote", parts->zygote, "--out", out,
	                            "--cache", cache, NULL};
	struct sw_recipe_run run = {.argv = argv, .log_path = log_path, .what = step_build,
	                            .progress = steps, .timeout_ns = build_timeout_ns,
	                            .signals = steps.signals};
	(void)unlink(log_path);
	if (sw_recipe_run(&run, err) == 0)
		return 0;
	return sw_signals_end_asked(steps.signals) ? -1
	                                           : sw_error_wrap(err, "all of it is in %s", log_path);
}

/* Built beside its place and renamed: a half-built one is never used. */
int sw_recipe_build(const struct sw_image_parts *parts, const char *home, const char *hash,
                    struct sw_steps steps, char *dst, size_t size, struct sw_error *err)
{
	char building[1100];
	int64_t start_ns = sw_clock_ns();
	if (sw_recipe_built(home, hash, dst, size))
		return 0;
	if (steps.fn)
		steps.fn(steps.user, step_build, -1, "");
	(void)snprintf(building, sizeof building, "%s/" SW_RECIPE_BUILDING, home);
	if (sw_tree_remove(building, err) < 0 || sw_tree_remove(dst, err) < 0)
		return -1;
	if (mkdir(building, 0755) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "cannot make %s", building);
	int result = run_build(parts, home, building, steps, err);
	if (result == 0 && rename(building, dst) < 0)
		result = sw_error_set(err, SW_ERR_IO, errno, "cannot rename %s to %s", building, dst);
	if (result < 0)
		(void)sw_tree_remove(building, NULL);
	if (steps.fn)
		steps.fn(steps.user, step_build, sw_clock_ns() - start_ns, result < 0 ? "failed" : dst);
	return result;
}
