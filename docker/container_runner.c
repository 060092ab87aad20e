#include "docker/container_runner.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "core/cleanup.h"
#include "core/codec.h"
#include "core/file.h"
#include "core/text.h"

enum { PROFILE_MAX = 1 << 20, ENV_MAX = 8 };

static const int64_t ping_timeout_ns = 5000000000;
static const int64_t exit_patience_ns = 10000000000; /* docker/prepared_pool.c's */

/* ---- deadlines ---- */

int64_t sw_container_patience_ns(const struct sw_container_runner *base)
{
	return base->options.mode->sandbox.engine_timeout_ns;
}

int64_t sw_container_wait_ns(const struct sw_container_runner *base)
{
	return 2 * sw_container_patience_ns(base) + exit_patience_ns;
}

void sw_container_fail_waiting(const struct sw_container_runner *base,
                               struct sw_container_facts *facts)
{
	char limit[16];
	struct sw_error error;
	sw_error_set(
		&error, SW_ERR_TIMEOUT, 0,
		"over the attempt's deadline of %s for a container to run in: the engine made none, "
		"or did not remove an earlier one",
		sw_text_duration(limit, sizeof limit, sw_container_wait_ns(base)));
	sw_container_fail(facts, &error, SW_LIFE_IDLE);
}

void sw_container_fail_overdue(const struct sw_container_runner *base,
                               struct sw_container_facts *facts, enum sw_phase phase)
{
	char limit[16];
	struct sw_error error;
	sw_error_set(
		&error, SW_ERR_TIMEOUT, 0,
		"over the attempt's deadline of %s for the engine, in %s: nothing was heard of the "
		"code; raise engine_timeout_seconds if the engine needs longer",
		sw_text_duration(limit, sizeof limit, sw_container_patience_ns(base)),
		sw_word(&sw_words_phase, (int)phase));
	sw_container_fail(facts, &error, SW_LIFE_STARTING);
}

/* ---- making one ---- */

int sw_container_profile(const struct sw_sandbox *sandbox, bool is_podman, struct sw_buf *out,
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
	return is_object ? 0
	                 : sw_error_set(err, SW_ERR_PROTOCOL, 0,
	                                "the seccomp profile %s is JSON, but no object", path);
}

int sw_container_init(struct sw_container_runner *base, const struct sw_container_options *options,
                      const struct sw_runner_ops *ops, struct sw_error *err)
{
	base->runner.ops = ops;
	base->options = *options;
	/* Docker refuses the upload (500) into a read-only root, so there the shim is left out. */
	if (options->shim == SW_SHIM_UPLOADED &&
	    (options->mode->sandbox.read_only || !options->shim_tar))
		base->options.shim = SW_SHIM_NONE;
	base->labels = sw_lifecycle_labels(options->session_id);
	if (!base->labels)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	/* Read once, off every path. It was looked at before the session; what is wrong with it by now is
	 * each attempt's outcome, as with an engine. */
	base->profile_failed = sw_container_profile(&options->mode->sandbox, options->is_podman,
	                                            &base->seccomp, &base->profile_error) < 0;
	if (!options->endpoint.text[0])
		return 0;
	if (sw_http_new(options->loop, &options->endpoint, &base->http, err) < 0 ||
	    sw_api_new(base->http, &base->api, err) < 0)
		return -1;
	base->has_version = options->api_version && options->api_version[0];
	if (base->has_version)
		sw_api_set_version(base->api, options->api_version);
	return 0;
}

void sw_container_done(struct sw_container_runner *base)
{
	sw_loop_cancel(base->options.loop, &base->ready_call);
	sw_loop_cancel(base->options.loop, &base->look_call);
	sw_api_free(base->api);
	sw_http_free(base->http);
	sw_buf_done(&base->seccomp);
	free(base->labels);
}

/* ---- whether there is an engine ---- */

static const char *no_engine(const struct sw_container_runner *base)
{
	return base->options.engine_error ? base->options.engine_error : "there is no container engine";
}

static void say_ready(void *user)
{
	struct sw_container_runner *base = user;
	base->ready(base->ready_user, base->ready_error[0] ? base->ready_error : NULL);
}

void sw_container_ready_later(struct sw_container_runner *base, const char *error,
                              sw_runner_ready_fn ready, void *user)
{
	base->ready = ready;
	base->ready_user = user;
	(void)sw_text_copy(base->ready_error, sizeof base->ready_error, error ? error : "");
	sw_loop_defer(base->options.loop, &base->ready_call, say_ready, base);
}

static void on_pinged(void *user, const struct sw_error *error)
{
	struct sw_container_runner *base = user;
	base->has_version = base->has_version || !error;
	if (error)
		(void)sw_text_copy(base->ready_error, sizeof base->ready_error, error->message);
	say_ready(base);
}

void sw_container_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_container_runner *base = (struct sw_container_runner *)runner;
	if (base->profile_failed || !base->http) {
		sw_container_ready_later(base,
		                         base->profile_failed ? base->profile_error.message
		                                              : no_engine(base),
		                         ready, user);
		return;
	}
	base->ready = ready;
	base->ready_user = user;
	base->ready_error[0] = '\0';
	sw_api_ping(base->api, ping_timeout_ns, on_pinged, base);
}

static void on_probed(void *user, const struct sw_error *error)
{
	struct sw_container_runner *base = user;
	sw_runner_ready_fn probed = base->probed;
	base->is_pinging = false;
	base->has_version = base->has_version || !error;
	base->probed = NULL;
	if (probed)
		probed(base->probed_user, error ? error->message : NULL);
}

void sw_container_probe(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_container_runner *base = (struct sw_container_runner *)runner;
	int64_t patience_ns = base->options.mode->sandbox.engine_timeout_ns;
	if (!base->http) {
		sw_container_ready_later(base, no_engine(base), ready, user);
		return;
	}
	base->probed = ready;
	base->probed_user = user;
	if (base->is_pinging) /* of one that was called off: its answer is as good */
		return;
	base->is_pinging = true;
	if (patience_ns <= 0 || patience_ns > ping_timeout_ns)
		patience_ns = ping_timeout_ns;
	sw_api_ping(base->api, patience_ns, on_probed, base);
}

void sw_container_cancel_probe(struct sw_container_runner *base)
{
	sw_runner_ready_fn probed = base->probed;
	base->probed = NULL;
	if (probed)
		sw_container_ready_later(base, "called off", probed, base->probed_user);
}

static void say_none(void *user)
{
	struct sw_container_runner *base = user;
	struct sw_error why;
	sw_error_set(&why, SW_ERR_NO_ENGINE, 0, "%s", no_engine(base));
	base->looked(base->looked_user, &why);
}

static void on_looked(void *user, const struct sw_error *error)
{
	struct sw_container_runner *base = user;
	struct sw_error why;
	if (error)
		sw_error_set(&why, error->code, 0, "%s",
		             base->options.engine_error ? base->options.engine_error : error->message);
	else
		base->has_version = true;
	base->looked(base->looked_user, error ? &why : NULL);
}

void sw_container_look_again(struct sw_container_runner *base, sw_api_done_fn done, void *user)
{
	base->looked = done;
	base->looked_user = user;
	if (base->http)
		sw_api_ping(base->api, ping_timeout_ns, on_looked, base);
	else
		sw_loop_defer(base->options.loop, &base->look_call, say_none, base);
}

/* ---- the container to be made ---- */

const char *sw_container_shim_path(enum sw_shim shim)
{
	if (shim == SW_SHIM_NONE)
		return NULL;
	return shim == SW_SHIM_BAKED ? "/sandwatch/shim" : "/sandwatch-shim";
}

void sw_container_shape_once(const struct sw_container_runner *base, const char *token,
                             const char *room[2], struct sw_container_shape *out_shape)
{
	const struct sw_task *task = base->options.task;
	const char *const *command = (const char *const *)task->command;
	room[0] = sw_container_shim_path(base->options.shim);
	room[1] = NULL;
	*out_shape = (struct sw_container_shape){.token = token, .with_stdin = task->strategy != NULL};
	if (task->strategy)
		return;
	out_shape->entrypoint = room;
	out_shape->command = command;
	if (!room[0]) {
		/* The command's first word: an empty list would mean the image's own to some engines. */
		room[0] = command[0];
		out_shape->command = command + 1;
	}
}

/* [a-zA-Z0-9][a-zA-Z0-9_.-]*: the engine's rule for names. */
static void to_allowed(char *name)
{
	for (char *p = name; *p; p++)
		if (!isalnum((unsigned char)*p) && !strchr("_.-", *p))
			*p = '_';
}

void sw_container_prefix(const char *session_id, int index, const char *mode, int slot,
                         char dst[SW_CONTAINER_NAME_MAX])
{
	(void)snprintf(dst, SW_CONTAINER_NAME_MAX, "sandwatch-%.32s-%d.%d-%.64s-", session_id, index,
	               slot, mode);
	to_allowed(dst);
}

void sw_container_name(const struct sw_container_runner *base, const char *what, char *dst,
                       size_t size)
{
	char prefix[SW_CONTAINER_NAME_MAX];
	sw_container_prefix(base->options.session_id, base->options.index, base->options.mode->name,
	                    base->options.slot, prefix);
	(void)snprintf(dst, size, "%s%.64s", prefix, what);
	to_allowed(dst);
}

int sw_container_body(const struct sw_container_runner *base,
                      const struct sw_container_shape *shape, struct sw_buf *out,
                      struct sw_error *err)
{
	char token[64];
	const char *env[ENV_MAX] = {token};
	struct sw_api_create create = {
		.sandbox = &base->options.mode->sandbox,
		.seccomp_json = base->seccomp.len ? base->seccomp.data : NULL,
		.entrypoint = shape->entrypoint,
		.command = shape->command,
		.env = env,
		.labels = base->labels,
		.open_stdin = shape->with_stdin,
		.is_podman = base->options.is_podman,
	};
	if (base->profile_failed) {
		*err = base->profile_error;
		return -1;
	}
	for (int i = 0; shape->env && shape->env[i] && i + 2 < ENV_MAX; i++)
		env[i + 1] = shape->env[i];
	(void)snprintf(token, sizeof token, "SANDWATCH_TOKEN=%s", shape->token);
	if (sw_api_create_body(&create, out) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot describe the container");
	return 0;
}

void sw_container_token(char dst[33])
{
	unsigned char bytes[16];
	if (getrandom(bytes, sizeof bytes, 0) != (ssize_t)sizeof bytes)
		memset(bytes, 0, sizeof bytes); /* not reached: 16 bytes never block after boot */
	for (size_t i = 0; i < sizeof bytes; i++)
		(void)snprintf(dst + 2 * i, 3, "%02x", bytes[i]);
}

int sw_container_make(struct sw_container_runner *base, const char *name,
                      const struct sw_container_shape *shape,
                      const struct sw_life_handlers *handlers, struct sw_lifecycle **out_life,
                      struct sw_error *err)
{
	const struct sw_container_options *options = &base->options;
	SW_CLEANUP(buf) struct sw_buf body = {0};
	if (sw_container_body(base, shape, &body, err) < 0)
		return -1;
	bool uploads = options->shim == SW_SHIM_UPLOADED;
	struct sw_life_options life = {
		.name = name,
		.body = body.data,
		.with_stdin = shape->with_stdin,
		.upload = uploads ? options->shim_tar : NULL,
		.upload_len = options->shim_tar_len,
		.engine_timeout_ns = sw_container_patience_ns(base),
		.is_held = shape->is_held,
		.is_kept = shape->is_kept,
	};
	return sw_lifecycle_start(options->loop, base->api, &life, handlers, out_life, err);
}
