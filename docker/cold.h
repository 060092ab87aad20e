/* Hides a cold iteration: a container made, run and removed on the critical path.
 * Must not know retries or statistics; it implements core/runner.h. */
#ifndef SW_COLD_H
#define SW_COLD_H

#include "core/plan.h"
#include "core/runner.h"
#include "docker/endpoint.h"

struct sw_buf;
struct sw_loop;
struct sw_error;

/* Everything is borrowed and outlives the runner. */
struct sw_cold_options {
	struct sw_loop *loop;
	struct sw_endpoint endpoint;
	const char *api_version;   /* negotiated; "" when no engine answered: every attempt then tries,
	                              fails as `engine`, and says engine_error */
	const char *engine_error;  /* why there is no engine, or NULL */
	const struct sw_mode_plan *mode;
	const struct sw_task *task;
	const char *session_id;    /* labels and names */
	enum sw_shim shim;         /* baked: the image's entrypoint; uploaded: shim_tar is put at /, which
	                              a read-only root does not allow: there it is left out */
	const void *shim_tar;      /* a tar with sandwatch-shim, for uploaded */
	size_t shim_tar_len;
	bool is_podman;
	struct sw_sink sink;       /* phase_started, container_created/removed, clock_known, note */
};

/* Reads the seccomp profile that goes with each container of SANDBOX into OUT, which stays empty when
 * there is none, or Podman is to read it. SW_ERR_PROTOCOL: the file is no JSON object; else as
 * sw_file_read. */
int sw_cold_profile(const struct sw_sandbox *sandbox, bool is_podman, struct sw_buf *out,
                    struct sw_error *err);

int sw_cold_new(const struct sw_cold_options *options, struct sw_runner **out_runner,
                struct sw_error *err);

#endif
