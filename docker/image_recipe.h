/* Hides the recipe's runs: its hash, its build below the state directory, and other programs that
 * making an image needs. Must not know engines. Blocking; internal to docker/image*.c. */
#ifndef SW_IMAGE_RECIPE_H
#define SW_IMAGE_RECIPE_H

#include <stddef.h>
#include <stdint.h>

#include "docker/image.h"

struct sw_error;
struct sw_signals;

enum { SW_RECIPE_HASH_MAX = 72 };

/* STATE_DIR/image, absolute, made when missing. What a process that was killed left half made there
 * is removed. */
int sw_recipe_home(const char *state_dir, char *dst, size_t size, struct sw_error *err);

/* What is half made stands there, by name, until it is renamed; only the lock's holder makes any. */
#define SW_RECIPE_BUILDING "building"
#define SW_RECIPE_UNPACKING "unpacking"
#define SW_RECIPE_TAR "image.tar" /* in the recipe's folder; its .part is half packed */

/* The recipe's hash: asked of build.sh, or remembered as long as none of its inputs changed. */
int sw_recipe_hash(const struct sw_image_parts *parts, const char *home,
                   const struct sw_signals *signals, char out_hash[SW_RECIPE_HASH_MAX],
                   struct sw_error *err);

/* The folder of the built recipe HASH (rootfs/, packages.txt, image.changes; image.tar as long as
 * it is kept), built now when it is missing. The caller holds the lock of HOME. */
int sw_recipe_build(const struct sw_image_parts *parts, const char *home, const char *hash,
                    struct sw_steps steps, char *dst, size_t size, struct sw_error *err);

/* The same folder's path, and whether it is there; builds nothing. */
bool sw_recipe_built(const char *home, const char *hash, char *dst, size_t size);

/* An exclusive lock for whatever is built below HOME; close the descriptor to release it. */
int sw_recipe_lock(const char *home, struct sw_steps steps, const char *what, int *out_fd,
                   struct sw_error *err);

/* Runs ARGV (found on PATH) with stdin closed and its output appended to LOG_PATH; with PROGRESS each
 * line it says is reported as a detail of WHAT. -1 unless it exits with 0 within TIMEOUT_NS; the
 * error quotes its last line. When it is late, or SIGNALS ask for an end (SW_ERR_INTERRUPTED), it and
 * its children get SIGTERM, and SIGKILL a second later. They end with this process, too. */
struct sw_recipe_run {
	const char *const *argv;
	const char *log_path;
	const char *what; /* the step, and the error's subject */
	struct sw_steps progress;
	const struct sw_signals *signals; /* may be NULL */
	int64_t timeout_ns;
	char *out_last; /* the last line of its stdout, cleaned; may be NULL */
	size_t out_size;
};
int sw_recipe_run(const struct sw_recipe_run *run, struct sw_error *err);

#endif
