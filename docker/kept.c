#include "docker/kept.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"

enum want { WANT_NOTHING, WANT_UP, WANT_DOWN };

struct sw_kept {
	struct sw_container_runner *base;
	struct sw_container_shape shape;
	struct sw_kept_handlers handlers;
	char what[32];
	int lives;
	struct sw_lifecycle *life; /* NULL: nothing there */
	bool is_up, is_going, is_given_up, is_asking, was_oom;
	char id[SW_CONTAINER_ID_MAX];

	enum want want; /* DONE is to be called */
	sw_kept_done_fn done;
	void *user;
	bool has_failed; /* `why` is for DONE */
	struct sw_error why;
	struct sw_deferred later;
};

static void begin(struct sw_kept *kept);

static void tell_behind(struct sw_kept *kept)
{
	const struct sw_life_stamps *stamps = sw_lifecycle_stamps(kept->life);
	const struct sw_span spans[] = {
		{SW_PHASE_CREATE, stamps->create_ns, stamps->attach_ns, false},
		{SW_PHASE_ATTACH, stamps->attach_ns, stamps->start_ns, false},
		{SW_PHASE_START, stamps->start_ns, stamps->started_ns, false},
	};
	sw_container_tell_behind(kept->base, NULL, kept->id, spans, sizeof spans / sizeof *spans);
}

/* ---- what was asked for is so, or cannot be ---- */

static void settle(void *user)
{
	struct sw_kept *kept = user;
	sw_kept_done_fn done = kept->done;
	struct sw_error why = kept->why;
	bool has_failed = kept->has_failed;
	if (kept->want == WANT_NOTHING)
		return;
	kept->want = WANT_NOTHING;
	kept->has_failed = false;
	done(kept->user, has_failed ? &why : NULL);
}

static void ask(struct sw_kept *kept, enum want want, sw_kept_done_fn done, void *user)
{
	sw_loop_cancel(kept->base->options.loop, &kept->later);
	kept->want = want;
	kept->done = done;
	kept->user = user;
	kept->has_failed = false;
}

static void settle_later(struct sw_kept *kept)
{
	sw_loop_defer(kept->base->options.loop, &kept->later, settle, kept);
}

/* ---- one life ---- */

static void give_up(struct sw_kept *kept)
{
	kept->is_up = false;
	if (kept->is_going)
		return;
	kept->is_going = true;
	/* While an answer about it is awaited, that one's end removes it. */
	if (!kept->is_asking)
		sw_lifecycle_remove(kept->life);
}

static void on_gone(void *user, const struct sw_error *error)
{
	struct sw_kept *kept = user;
	if (error)
		sw_container_tell_left(kept->base, error);
	else if (sw_lifecycle_is_known(kept->life))
		sw_container_tell(kept->base, SW_EVENT_CONTAINER_REMOVED, NULL, kept->id, NULL);
	sw_lifecycle_free(kept->life);
	kept->life = NULL;
	if (kept->want == WANT_UP && !kept->has_failed) {
		begin(kept);
		return;
	}
	if (kept->want == WANT_DOWN && error) {
		kept->has_failed = true;
		kept->why = *error;
	}
	settle(kept);
}

static void describe_end(const struct sw_kept *kept, const struct sw_error *error,
                         char dst[SW_TEXT_MAX])
{
	int code = sw_lifecycle_exit_code(kept->life);
	if (error)
		(void)snprintf(dst, SW_TEXT_MAX, "the kept container was lost: %.400s", error->message);
	else if (kept->was_oom && code == 128 + SIGKILL)
		(void)snprintf(dst, SW_TEXT_MAX, "the kept container %.12s was out of memory and killed",
		               kept->id);
	else if (kept->was_oom)
		(void)snprintf(dst, SW_TEXT_MAX,
		               "the kept container %.12s was out of memory and ended with exit code %d",
		               kept->id, code);
	else if (code == 128 + SIGKILL)
		(void)snprintf(dst, SW_TEXT_MAX, "the kept container %.12s was killed (SIGKILL)", kept->id);
	else
		(void)snprintf(dst, SW_TEXT_MAX, "the kept container %.12s ended with exit code %d",
		               kept->id, code);
}

static void tell_died(struct sw_kept *kept, const struct sw_error *error)
{
	char text[SW_TEXT_MAX];
	struct sw_kept_end end = {text, sw_lifecycle_exit_code(kept->life), kept->was_oom};
	describe_end(kept, error, text);
	if (kept->is_given_up)
		return;
	if (kept->later.pending) {
		/* It was to be told just now that it is up. */
		sw_loop_cancel(kept->base->options.loop, &kept->later);
		kept->has_failed = true;
		sw_error_set(&kept->why, error ? error->code : SW_ERR_PROTOCOL, 0, "%s", text);
		return;
	}
	kept->handlers.died(kept->handlers.user, &end);
}

/* The removal comes first: a new life that the owner asks for then waits for its end. */
static void end_life(struct sw_kept *kept, const struct sw_error *error)
{
	kept->is_up = false;
	kept->is_going = true;
	sw_lifecycle_remove(kept->life);
	tell_died(kept, error);
}

static void on_asked(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_kept *kept = user;
	kept->is_asking = false;
	kept->was_oom = !error && state->oom_killed;
	end_life(kept, NULL);
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct sw_kept *kept = user;
	bool was_up = kept->is_up;
	kept->is_up = false;
	if (was_up && !error && sw_lifecycle_exit_code(kept->life) != 0) {
		kept->is_asking = true;
		sw_api_container_state(kept->base->api, kept->id, sw_container_patience_ns(kept->base),
		                       on_asked, kept);
	} else if (was_up) {
		end_life(kept, error);
	} else {
		if (kept->want == WANT_UP) {
			kept->has_failed = true;
			kept->why = *error;
		}
		give_up(kept);
	}
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct sw_kept *kept = user;
	if (kept->handlers.data && !kept->is_given_up && stream != SW_STREAM_STDIN)
		kept->handlers.data(kept->handlers.user, stream, bytes, len);
}

static void on_entered(void *user, enum sw_life state)
{
	struct sw_kept *kept = user;
	if ((state == SW_LIFE_UPLOADING || state == SW_LIFE_ATTACHING) && !kept->id[0]) {
		(void)sw_text_copy(kept->id, sizeof kept->id, sw_lifecycle_id(kept->life));
		sw_container_tell(kept->base, SW_EVENT_CONTAINER_CREATED, NULL, kept->id, NULL);
	} else if (state == SW_LIFE_RUNNING && !kept->is_going) {
		kept->is_up = true;
		tell_behind(kept);
		if (kept->want == WANT_UP)
			settle_later(kept);
	}
}

static void begin(struct sw_kept *kept)
{
	const struct sw_life_handlers handlers = {on_entered, on_data, on_ended, on_gone, kept};
	char what[48], name[192];
	(void)snprintf(what, sizeof what, "%s-%d", kept->what, ++kept->lives);
	sw_container_name(kept->base, what, name, sizeof name);
	kept->id[0] = '\0';
	kept->is_up = kept->is_going = kept->is_given_up = kept->is_asking = false;
	kept->was_oom = false;
	if (sw_container_make(kept->base, name, &kept->shape, &handlers, &kept->life, &kept->why) < 0) {
		kept->life = NULL;
		kept->has_failed = true;
		settle_later(kept);
	}
}

/* ---- the owner's calls ---- */

void sw_kept_up(struct sw_kept *kept, sw_kept_done_fn done, void *user)
{
	ask(kept, WANT_UP, done, user);
	if (!kept->life)
		begin(kept);
	else if (kept->is_up)
		settle_later(kept);
	/* Else its start's answer, or the end of a removal, goes on. */
}

void sw_kept_down(struct sw_kept *kept, sw_kept_done_fn done, void *user)
{
	ask(kept, WANT_DOWN, done, user);
	if (!kept->life) {
		settle_later(kept);
		return;
	}
	kept->is_given_up = true;
	give_up(kept);
}

void sw_kept_drop(struct sw_kept *kept)
{
	if (!kept->life)
		return;
	kept->is_given_up = true;
	sw_loop_cancel(kept->base->options.loop, &kept->later);
	give_up(kept);
}

void sw_kept_watch(struct sw_kept *kept, bool is_expected)
{
	if (kept->is_up)
		sw_lifecycle_watch(kept->life, is_expected);
}

bool sw_kept_is_up(const struct sw_kept *kept)
{
	return kept->is_up;
}

bool sw_kept_is_idle(const struct sw_kept *kept)
{
	return !kept->life || kept->is_up;
}

const char *sw_kept_id(const struct sw_kept *kept)
{
	return kept->id;
}

const struct sw_life_stamps *sw_kept_stamps(const struct sw_kept *kept)
{
	return kept->life ? sw_lifecycle_stamps(kept->life) : NULL;
}

int sw_kept_write(struct sw_kept *kept, const void *bytes, size_t len, struct sw_error *err)
{
	if (!kept->is_up)
		return sw_error_set(err, SW_ERR_REFUSED, 0, "the kept container does not run");
	return sw_lifecycle_write(kept->life, bytes, len, err);
}

int sw_kept_new(struct sw_container_runner *base, const char *what,
                const struct sw_container_shape *shape, const struct sw_kept_handlers *handlers,
                struct sw_kept **out_kept, struct sw_error *err)
{
	struct sw_kept *kept = calloc(1, sizeof *kept);
	if (!kept)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot keep a container");
	*kept = (struct sw_kept){.base = base, .shape = *shape, .handlers = *handlers};
	kept->shape.is_kept = true;
	(void)sw_text_copy(kept->what, sizeof kept->what, what);
	*out_kept = kept;
	return 0;
}

void sw_kept_free(struct sw_kept *kept)
{
	if (!kept)
		return;
	sw_loop_cancel(kept->base->options.loop, &kept->later);
	sw_lifecycle_free(kept->life);
	free(kept);
}
