#include "docker/cold.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/codec.h"
#include "core/file.h"
#include "core/text.h"
#include "docker/cold_internal.h"

enum { PROFILE_MAX = 1 << 20 };

static const int64_t ping_timeout_ns = 5000000000;

static void say_ready(void *user)
{
	struct sw_cold *cold = user;
	cold->ready(cold->ready_user, cold->ready_error[0] ? cold->ready_error : NULL);
}

static void on_pinged(void *user, const struct sw_error *error)
{
	struct sw_cold *cold = user;
	cold->has_version = cold->has_version || !error;
	if (error)
		(void)sw_text_copy(cold->ready_error, sizeof cold->ready_error, error->message);
	say_ready(cold);
}

/* The ping also opens the connection that the first attempt's create goes over. */
static void cold_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	cold->ready = ready;
	cold->ready_user = user;
	cold->ready_error[0] = '\0';
	if (cold->profile_failed)
		(void)sw_text_copy(cold->ready_error, sizeof cold->ready_error,
		                   cold->profile_error.message);
	else if (!cold->http)
		(void)sw_text_copy(cold->ready_error, sizeof cold->ready_error, cold->options.engine_error
		                   ? cold->options.engine_error : "there is no container engine");
	if (cold->ready_error[0])
		sw_loop_defer(cold->options.loop, &cold->later, say_ready, cold);
	else
		sw_api_ping(cold->api, ping_timeout_ns, on_pinged, cold);
}

static void cold_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	cold->ready = ready;
	cold->ready_user = user;
	cold->ready_error[0] = '\0';
	sw_loop_defer(cold->options.loop, &cold->later, say_ready, cold);
}

static void cold_free(struct sw_runner *runner)
{
	struct sw_cold *cold = (struct sw_cold *)runner;
	if (!cold)
		return;
	sw_loop_cancel(cold->options.loop, &cold->later);
	sw_loop_disarm(cold->options.loop, &cold->deadline);
	sw_api_free(cold->api);
	sw_http_free(cold->http);
	sw_buf_done(&cold->seccomp);
	free(cold->labels);
	free(cold);
}

/* ---- making one ---- */

int sw_cold_profile(const struct sw_sandbox *sandbox, bool is_podman, struct sw_buf *out,
                    struct sw_error *err)
{
	const char *path = sandbox->seccomp;
	struct sw_value *value;
	if (!path[0] || strcmp(path, "builtin") == 0 || strcmp(path, "unconfined") == 0 || is_podman)
		return 0;
	if (sw_file_read(path, PROFILE_MAX, out, err) < 0)
		return sw_error_wrap(err, "the seccomp profile");
	if (sw_value_parse(out->data ? out->data : "", out->len, &value, err) < 0)
		return sw_error_wrap(err, "the seccomp profile %s is no JSON", path);
	bool is_object = sw_value_is_object(value);
	sw_value_free(value);
	return is_object ? 0 : sw_error_set(err, SW_ERR_PROTOCOL, 0,
	                                    "the seccomp profile %s is JSON, but no object", path);
}

static int set_up(struct sw_cold *cold, struct sw_error *err)
{
	const struct sw_cold_options *options = &cold->options;
	/* Docker refuses the upload (500) into a read-only root, so there the shim is left out. */
	if (options->shim == SW_SHIM_UPLOADED && (options->mode->sandbox.read_only || !options->shim_tar))
		cold->options.shim = SW_SHIM_NONE;
	cold->labels = sw_lifecycle_labels(options->session_id);
	if (!cold->labels)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	/* Read once, off every path. It was looked at before the session; what is wrong with it by now is
	 * each attempt's outcome, as with an engine. */
	cold->profile_failed = sw_cold_profile(&options->mode->sandbox, options->is_podman,
	                                       &cold->seccomp, &cold->profile_error) < 0;
	if (!options->endpoint.text[0])
		return 0;
	if (sw_http_new(options->loop, &options->endpoint, &cold->http, err) < 0 ||
	    sw_api_new(cold->http, &cold->api, err) < 0)
		return -1;
	cold->has_version = options->api_version && options->api_version[0];
	if (cold->has_version)
		sw_api_set_version(cold->api, options->api_version);
	return 0;
}

int sw_cold_new(const struct sw_cold_options *options, struct sw_runner **out_runner,
                struct sw_error *err)
{
	static const struct sw_runner_ops ops = {.prepare = cold_prepare,
	                                         .start = sw_cold_start,
	                                         .cancel = sw_cold_cancel,
	                                         .finish = cold_finish,
	                                         .free = cold_free};
	struct sw_cold *cold = calloc(1, sizeof *cold);
	if (!cold)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	cold->runner.ops = &ops;
	cold->options = *options;
	if (set_up(cold, err) < 0) {
		cold_free(&cold->runner);
		return -1;
	}
	*out_runner = &cold->runner;
	return 0;
}
