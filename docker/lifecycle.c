#include "docker/lifecycle.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"

enum { REMOVE_TRIES = 6, INPUT_MAX = 16 << 20 };

static const int64_t wait_timeout_ns = 30 * 86400 * INT64_C(1000000000); /* the owner's is shorter */
static const int64_t eof_grace_ns = 10000000000;
static const int64_t first_retry_ns = 50000000;
static const int64_t late_create_ns = 1000000000;

/* What is known of the container on the engine. */
enum presence {
	NOT_THERE,
	MAYBE_THERE, /* create was sent and its answer never came */
	THERE,
};

struct sw_lifecycle {
	struct sw_loop *loop;
	struct sw_api *api;
	struct sw_life_handlers handlers;
	char *name;
	const void *upload;
	size_t upload_len;
	int64_t engine_timeout_ns;
	bool with_stdin;

	enum sw_life state;
	enum presence presence;
	char id[SW_CONTAINER_ID_MAX];
	int exit_code;
	struct sw_life_stamps stamps;

	struct sw_attach *attach;
	struct sw_http_call *wait;
	struct sw_buf input; /* what was written before there was an attach */
	bool input_ended;
	int pending; /* requests whose callback is still to come; wait, which can be dropped, apart */
	bool has_ended, is_removed;
	bool wants_removal;
	int tries;   /* of the removal */
	struct sw_error removal_error;
	bool removal_failed;
	struct sw_timer grace; /* an end of stream without an exit code, or the other way round */
	struct sw_timer retry;
	struct sw_deferred later;
};

#define SW_LIFE_NAME(id, name) name,
static const char *const life_names[] = {SW_LIFECYCLES(SW_LIFE_NAME)};
#undef SW_LIFE_NAME

const char *sw_life_name(enum sw_life state)
{
	return (unsigned)state < SW_LIFE_COUNT ? life_names[state] : "?";
}

static void enter(struct sw_lifecycle *life, enum sw_life state)
{
	life->state = state;
	if (life->handlers.entered)
		life->handlers.entered(life->handlers.user, state);
}

/* The owner may ask for the removal from inside: nothing may follow a call of this. */
static void end(struct sw_lifecycle *life, const struct sw_error *error)
{
	if (life->has_ended || life->wants_removal)
		return;
	life->has_ended = true;
	sw_loop_disarm(life->loop, &life->grace);
	life->handlers.ended(life->handlers.user, error);
}

static void end_with(struct sw_lifecycle *life, enum sw_code code, const char *what)
{
	struct sw_error error;
	sw_error_set(&error, code, 0, "container %.12s: %s", life->id, what);
	end(life, &error);
}

/* ---- removal ---- */

static void send_removal(struct sw_lifecycle *life);

static void gone(struct sw_lifecycle *life)
{
	if (life->wait)
		sw_http_cancel(life->wait);
	life->wait = NULL;
	enter(life, SW_LIFE_GONE);
	life->handlers.gone(life->handlers.user, life->removal_failed ? &life->removal_error : NULL);
}

static void gone_later(void *user)
{
	gone(user);
}

/* `gone` frees: it may only follow the last callback of any request. */
static void finish_if_done(struct sw_lifecycle *life)
{
	if (life->is_removed && life->pending == 0)
		gone(life);
}

static void removal_over(struct sw_lifecycle *life, const struct sw_error *error)
{
	life->is_removed = true;
	life->stamps.removed_ns = sw_clock_ns();
	life->removal_failed = error != NULL;
	if (error)
		life->removal_error = *error;
	finish_if_done(life);
}

static void try_again(void *user)
{
	send_removal(user);
}

static void on_removed(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	int64_t delay_ns = first_retry_ns << (life->tries - 1);
	bool again = error && error->code != SW_ERR_NO_ENGINE && life->tries < REMOVE_TRIES;
	life->pending--;
	/* A create that is still at work makes its container after a first removal found none. */
	if (!error && life->presence == MAYBE_THERE && life->tries == 1) {
		again = true;
		delay_ns = late_create_ns;
	}
	if (!again ||
	    sw_loop_arm(life->loop, &life->retry, sw_clock_ns() + delay_ns, try_again, life) < 0)
		removal_over(life, error);
}

static void send_removal(struct sw_lifecycle *life)
{
	life->tries++;
	life->pending++;
	sw_api_container_remove(life->api, life->id[0] ? life->id : life->name,
	                        life->engine_timeout_ns, on_removed, life);
}

static void begin_removal(struct sw_lifecycle *life)
{
	if (life->presence == NOT_THERE) {
		life->is_removed = true;
		sw_loop_defer(life->loop, &life->later, gone_later, life);
		return;
	}
	life->stamps.remove_ns = sw_clock_ns();
	send_removal(life);
	enter(life, SW_LIFE_REMOVING);
}

void sw_lifecycle_remove(struct sw_lifecycle *life)
{
	if (life->wants_removal)
		return;
	life->wants_removal = true;
	sw_attach_free(life->attach);
	life->attach = NULL;
	sw_loop_disarm(life->loop, &life->grace);
	if ((life->state == SW_LIFE_STARTING || life->state == SW_LIFE_RUNNING) &&
	    !life->stamps.exited_ns)
		life->stamps.kill_ns = sw_clock_ns();
	if (life->state != SW_LIFE_CREATING || life->pending == 0)
		begin_removal(life);
}

/* ---- the end of the run: exit code and end of stream ---- */

static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error);

static void on_grace(void *user)
{
	struct sw_lifecycle *life = user;
	if (life->stamps.exited_ns) {
		end_with(life, SW_ERR_TIMEOUT, "it has exited but its output does not end");
		return;
	}
	life->pending++;
	sw_api_container_state(life->api, life->id, life->engine_timeout_ns, on_state, life);
}

static void check_end(struct sw_lifecycle *life)
{
	bool eof = life->stamps.eof_ns != 0, exited = life->stamps.exited_ns != 0;
	if (life->has_ended || life->wants_removal || life->state != SW_LIFE_RUNNING)
		return;
	if (eof && exited) {
		sw_loop_disarm(life->loop, &life->grace);
		enter(life, SW_LIFE_EXITED);
		end(life, NULL);
	} else if ((eof || exited) && !life->grace.slot) {
		int64_t grace_ns = exited ? eof_grace_ns : life->engine_timeout_ns;
		if (sw_loop_arm(life->loop, &life->grace, sw_clock_ns() + grace_ns, on_grace, life) < 0)
			end_with(life, SW_ERR_INTERNAL, "out of memory");
	}
}

static void exit_known(struct sw_lifecycle *life, int exit_code)
{
	life->exit_code = exit_code;
	life->stamps.exited_ns = sw_clock_ns();
	/* From here on another grace counts. */
	sw_loop_disarm(life->loop, &life->grace);
	check_end(life);
}

/* Asked once, an engine's patience after the stream's end. A container that closed its outputs and
 * works on is legitimate: then its owner's deadline counts. */
static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->pending--;
	if (life->wants_removal)
		finish_if_done(life);
	else if (error)
		end(life, error);
	else if (!state->running && !life->stamps.exited_ns)
		exit_known(life, state->exit_code);
}

static void on_waited(void *user, int exit_code, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->wait = NULL;
	if (error)
		end(life, error);
	else if (!life->stamps.exited_ns)
		exit_known(life, exit_code);
}

static void on_closed(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	sw_attach_free(life->attach);
	life->attach = NULL;
	if (error) {
		end(life, error);
	} else if (life->state == SW_LIFE_ATTACHING) {
		end_with(life, SW_ERR_PROTOCOL, "the engine closed the streams before the start");
	} else {
		life->stamps.eof_ns = sw_clock_ns();
		check_end(life);
	}
}

/* ---- create, upload, attach, start ---- */

/* What an engine without the rights it needs says at the start of any container. */
static void explain_rights(struct sw_error *error)
{
	if (strstr(error->message, "not permitted") || strstr(error->message, "cgroups in hybrid"))
		sw_error_wrap(error, "this engine cannot start containers with these limits here (too few "
		              "rights, or an unsupported cgroup layout; `sandwatch doctor` tells more)");
}

static void on_started(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->pending--;
	if (life->wants_removal) {
		finish_if_done(life);
		return;
	}
	if (error) {
		struct sw_error told = *error;
		explain_rights(&told);
		end(life, &told);
		return;
	}
	life->stamps.started_ns = sw_clock_ns();
	enter(life, SW_LIFE_RUNNING);
	if (life->has_ended || life->wants_removal)
		return;
	life->wait = sw_api_container_wait(life->api, life->id, wait_timeout_ns, on_waited, life);
	check_end(life);
}

static void on_opened(void *user)
{
	struct sw_lifecycle *life = user;
	if (life->has_ended || life->state != SW_LIFE_ATTACHING)
		return;
	life->stamps.attached_ns = life->stamps.start_ns = sw_clock_ns();
	life->pending++;
	sw_api_container_start(life->api, life->id, life->engine_timeout_ns, on_started, life);
	enter(life, SW_LIFE_STARTING);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_lifecycle *life = user;
	life->handlers.data(life->handlers.user, stream, bytes, len);
}

static int send_input(struct sw_lifecycle *life, struct sw_error *err)
{
	if (life->input.len && sw_attach_write(life->attach, life->input.data, life->input.len, err) < 0)
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
	const struct sw_attach_handlers handlers = {on_opened, on_data, on_closed, life};
	life->stamps.attach_ns = sw_clock_ns();
	sw_api_attach_path(life->api, life->id, life->with_stdin, path, sizeof path);
	int result = sw_attach_open(life->loop, sw_http_endpoint(sw_api_http(life->api)), path,
	                            life->engine_timeout_ns, &handlers, &life->attach, &error);
	enter(life, SW_LIFE_ATTACHING);
	if (life->wants_removal)
		return;
	if (result < 0 || (life->with_stdin && send_input(life, &error) < 0))
		end(life, &error);
}

static void on_uploaded(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->pending--;
	if (life->wants_removal)
		finish_if_done(life);
	else if (error)
		end(life, error);
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
		life->presence = THERE;
		(void)sw_text_copy(life->id, sizeof life->id, id);
	} else if (error->code == SW_ERR_REFUSED || error->code == SW_ERR_NOT_FOUND ||
	           error->code == SW_ERR_NO_ENGINE) {
		life->presence = NOT_THERE;
	}
	if (life->wants_removal) {
		begin_removal(life);
	} else if (error) {
		end(life, error);
	} else if (life->upload) {
		life->pending++;
		sw_api_container_upload(life->api, life->id, "/", life->upload, life->upload_len,
		                        life->engine_timeout_ns, on_uploaded, life);
		enter(life, SW_LIFE_UPLOADING);
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
		.loop = loop, .api = api, .handlers = *handlers, .name = name,
		.upload = options->upload, .upload_len = options->upload_len,
		.engine_timeout_ns = options->engine_timeout_ns, .with_stdin = options->with_stdin,
		.presence = MAYBE_THERE, .exit_code = -1,
	};
	sw_buf_init(&life->input, INPUT_MAX);
	*out_life = life;
	life->stamps.create_ns = sw_clock_ns();
	life->pending++;
	sw_api_container_create(api, name, options->body, life->engine_timeout_ns, on_created, life);
	enter(life, SW_LIFE_CREATING);
	return 0;
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
	if (life->wait)
		sw_http_cancel(life->wait);
	sw_buf_done(&life->input);
	free(life->name);
	free(life);
}
