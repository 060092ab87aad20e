/* Hides how an image of ours comes to be: the recipe's build, the import, and the unpacked root
 * that the host baseline runs from. Must not know sessions or modes. Blocking, before a session. */
#ifndef SW_IMAGE_H
#define SW_IMAGE_H

#include <stdbool.h>
#include <stddef.h>

#include "docker/engine.h"

struct sw_error;

/* Where the parts of the recipe are: build.sh, shim, worker.py, zygote.py. Found by sw_image_parts. */
struct sw_image_parts {
	char build[1024], shim[1024], worker[1024], zygote[1024];
};

/* Looks beside the program (PROGRAM_DIR: the folder of /proc/self/exe): the build tree's layout
 * (build/<profile>/sandwatch with ../../docker/image/build.sh, shim at PROGRAM_DIR/shim) and the
 * installed one (../share/sandwatch/{build.sh,shim,worker.py,zygote.py}). SW_ERR_NOT_FOUND says what is
 * missing and where it was looked for. */
int sw_image_parts(const char *program_dir, struct sw_image_parts *out_parts, struct sw_error *err);

struct sw_image {
	char name[256], id[80];
	char recipe[72]; /* the hash of the recipe it was made with, or "dockerfile" */
	char layout[16]; /* the version of our layout; "" when it is not ours */
	int64_t size_bytes;
	bool ours;   /* carries our layout: shim and worker are baked in */
	bool tagged; /* has a name on the engine */
	bool usable; /* false: not on this engine and not ours to make */
	/* What a container of it runs: the entrypoint, then the command; NULL-terminated and owned, or NULL
	 * when it has neither. Of ours the first is the shim's path, the rest runs the worker. */
	char **argv;
};

/* Frees what IMAGE owns; a zeroed one owns nothing. */
void sw_image_done(struct sw_image *image);

/* Whether sandwatch makes the image NAME by itself: "sandwatch/python", with or without a tag. */
bool sw_image_is_own_name(const char *name);

/* Removes what a process that was killed left half made below STATE_DIR/image, unless another is at it.
 * Makes nothing. */
void sw_image_tidy(const char *state_dir);

/* Makes sure that NAME is on the engine. Under our own name the image is built with the recipe and
 * imported when it is missing or was made by another recipe; one that docker/image/Dockerfile made
 * is taken as it is. Any other must be there (SW_ERR_NOT_FOUND: the message says how to pull or
 * build it). SW_ERR_USAGE: only its owner can mend it, and it was left alone: an image without our
 * label under our name, or a Dockerfile's of another layout. OUT_IMAGE is the caller's to sw_image_done. */
int sw_image_ensure(const struct sw_engine *engine, const char *name,
                    const struct sw_image_parts *parts, const char *state_dir,
                    struct sw_steps steps, struct sw_image *out_image, struct sw_error *err);

/* The unpacked root (absolute path into DST) whose interpreter the host baseline runs: the recipe's
 * own rootfs when the image came from it, else IMAGE exported and unpacked once below
 * STATE_DIR/image/<id>. ENGINE may be NULL (none answers): then the recipe's rootfs is built. */
int sw_image_host_root(const struct sw_engine *engine, const struct sw_image *image,
                       const struct sw_image_parts *parts, const char *state_dir,
                       struct sw_steps steps, char *dst, size_t size, struct sw_error *err);

/* Reads ROOT/sandwatch/host.argv and host.env, with @ROOT@ filled in, into NULL-terminated arrays
 * that the caller frees with sw_image_argv_free. */
int sw_image_host_command(const char *root, char ***out_argv, char ***out_env,
                          struct sw_error *err);
void sw_image_argv_free(char **argv);
/* A copy of its own; NULL for NULL and without memory. */
char **sw_image_argv_copy(char *const *argv);

#endif
