#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "docker/lifecycle_internal.h"

enum { INPUT_MAX = 16 << 20 };

static const int64_t wait_timeout_ns = 30 * 86400 * INT64_C(1000000000); /* owners have theirs */

#define SW_LIFE_NAME(id, name) name,
static const char *const life_names[] = {SW_LIFECYCLES(SW_LIFE_NAME)};
#undef SW_LIFE_NAME

const char *sw_life_name(enum sw_life state)
{
	return (unsigned)state < SW_LIFE_COUNT ? life_names[state] : "?";
}

/* ---- create, upload, attach, start ---- */

/* What an engine without the rights it needs says at the start of any container. */
static void explain_rights(struct sw_error *error)
{
	if (strstr(error->message, "not permitted") || strstr(error->message, "cgroups in hybrid"))
		sw_error_wrap(error, "this engine cannot start containers with these limits here (too few "
		                     "rights, or an unsupported cgroup layout)");
}

static void on_started(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->step = NULL;
	if (error) {
		struct sw_error told = *error;
		explain_rights(&told);
		sw_life_end(life, &told);
		return;
	}
	life->stamps.started_ns = life->heard_ns = sw_clock_ns();
	sw_life_enter(life, SW_LIFE_RUNNING);
	if (life->has_ended || life->wants_removal)
		return;
	life->wait =
		sw_api_container_wait(life->api, life->id, wait_timeout_ns, sw_life_on_waited, life);
	sw_life_check_end(life);
}

static void start(struct sw_lifecycle *life)
{
	life->stamps.start_ns = sw_clock_ns();
	life->step =
		sw_api_container_start(life->api, life->id, life->engine_timeout_ns, on_started, life);
	sw_life_enter(life, SW_LIFE_STARTING);
	if (!life->step)
		sw_life_end_with(life, SW_ERR_INTERNAL, "out of memory");
}

static void on_opened(void *user)
{
	struct sw_lifecycle *life = user;
	if (life->has_ended || life->state != SW_LIFE_ATTACHING)
		return;
	life->stamps.attached_ns = sw_clock_ns();
	if (life->is_held)
		sw_life_enter(life, SW_LIFE_HELD);
	else
		start(life);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_lifecycle *life = user;
	life->heard_ns = sw_clock_ns();
	life->handlers.data(life->handlers.user, stream, bytes, len);
}

static int send_input(struct sw_lifecycle *life, struct sw_error *err)
{
	if (life->input.len &&
	    sw_attach_write(life->attach, life->input.data, life->input.len, err) < 0)
		return -1;
	sw_buf_done(&life->input);
	if (life->input_ended)
		sw_attach_end(life->attach);
	return 0;
}

static void attach(struct sw_lifecycle *life)
{
	char path[512];
	struct sw_error error;
	const struct sw_attach_handlers handlers = {on_opened, on_data, sw_life_on_closed, life};
	life->stamps.attach_ns = sw_clock_ns();
	sw_api_attach_path(life->api, life->id, life->with_stdin, path, sizeof path);
	const struct sw_attach_request request = {.path = path,
	                                          .open_timeout_ns = life->engine_timeout_ns};
	int result = sw_attach_open(life->loop, sw_http_endpoint(sw_api_http(life->api)), &request,
	                            &handlers, &life->attach, &error);
	sw_life_enter(life, SW_LIFE_ATTACHING);
	if (life->wants_removal)
		return;
	if (result < 0 || (life->with_stdin && send_input(life, &error) < 0))
		sw_life_end(life, &error);
}

static void on_uploaded(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->step = NULL;
	if (error)
		sw_life_end(life, error);
	else
		attach(life);
}

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	(void)warning;
	life->pending--;
	life->stamps.created_ns = sw_clock_ns();
	if (!error) {
		life->presence = SW_THERE;
		(void)sw_text_copy(life->id, sizeof life->id, id);
	} else if (error->code == SW_ERR_REFUSED || error->code == SW_ERR_NOT_FOUND ||
	           error->code == SW_ERR_NO_ENGINE) {
		life->presence = SW_NOT_THERE;
	}
	if (life->wants_removal) {
		sw_life_begin_removal(life);
	} else if (error) {
		sw_life_end(life, error);
	} else if (life->upload) {
		life->step = sw_api_container_upload(life->api, life->id, "/", life->upload,
		                                     life->upload_len, life->engine_timeout_ns, on_uploaded,
		                                     life);
		sw_life_enter(life, SW_LIFE_UPLOADING);
		if (!life->step)
			sw_life_end_with(life, SW_ERR_INTERNAL, "out of memory");
	} else {
		attach(life);
	}
}

/* ---- the owner's calls ---- */

int sw_lifecycle_start(struct sw_loop *loop, struct sw_api *api,
                       const struct sw_life_options *options,
                       const struct sw_life_handlers *handlers, struct sw_lifecycle **out_life,
                       struct sw_error *err)
{
	struct sw_lifecycle *life = calloc(1, sizeof *life);
	char *name = strdup(options->name);
	if (!life || !name) {
		free(life);
		free(name);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a container");
	}
	*life = (struct sw_lifecycle){
		.loop = loop,
		.api = api,
		.handlers = *handlers,
		.name = name,
		.upload = options->upload,
		.upload_len = options->upload_len,
		.engine_timeout_ns = options->engine_timeout_ns,
		.with_stdin = options->with_stdin,
		.is_held = options->is_held,
		.is_watched = !options->is_kept,
		.presence = SW_MAYBE_THERE,
		.exit_code = -1,
	};
	sw_buf_init(&life->input, INPUT_MAX);
	*out_life = life;
	life->stamps.create_ns = sw_clock_ns();
	life->pending++;
	sw_api_container_create(api, name, options->body, life->engine_timeout_ns, on_created, life);
	sw_life_enter(life, SW_LIFE_CREATING);
	return 0;
}

void sw_lifecycle_go(struct sw_lifecycle *life)
{
	if (life->state == SW_LIFE_HELD && !life->has_ended && !life->wants_removal)
		start(life);
}

int sw_lifecycle_write(struct sw_lifecycle *life, const void *bytes, size_t len,
                       struct sw_error *err)
{
	if (life->attach)
		return sw_attach_write(life->attach, bytes, len, err);
	/* An attach that is over takes nothing more; what was meant for it goes nowhere. */
	if (life->state >= SW_LIFE_ATTACHING)
		return 0;
	if (sw_buf_add(&life->input, bytes, len) < 0)
		return sw_error_set(err, SW_ERR_LIMIT, 0, "more than 16 MiB for a container's stdin");
	return 0;
}

void sw_lifecycle_end_input(struct sw_lifecycle *life)
{
	life->input_ended = true;
	if (life->attach)
		sw_attach_end(life->attach);
}

void sw_lifecycle_watch(struct sw_lifecycle *life, bool is_expected)
{
	if (is_expected && !life->is_watched)
		life->heard_ns = sw_clock_ns();
	life->is_watched = is_expected;
	sw_life_check_end(life);
}

enum sw_life sw_lifecycle_state(const struct sw_lifecycle *life)
{
	return life->state;
}

const struct sw_life_stamps *sw_lifecycle_stamps(const struct sw_lifecycle *life)
{
	return &life->stamps;
}

const char *sw_lifecycle_id(const struct sw_lifecycle *life)
{
	return life->id;
}

bool sw_lifecycle_is_known(const struct sw_lifecycle *life)
{
	return life->is_known;
}

int sw_lifecycle_exit_code(const struct sw_lifecycle *life)
{
	return life->exit_code;
}

void sw_lifecycle_free(struct sw_lifecycle *life)
{
	if (!life)
		return;
	sw_loop_disarm(life->loop, &life->grace);
	sw_loop_disarm(life->loop, &life->retry);
	sw_loop_cancel(life->loop, &life->later);
	sw_attach_free(life->attach);
	if (life->step)
		sw_http_cancel(life->step);
	if (life->wait)
		sw_http_cancel(life->wait);
	sw_buf_done(&life->input);
	free(life->name);
	free(life);
}
