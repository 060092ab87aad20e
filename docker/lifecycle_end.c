#include <stdlib.h>

#include "docker/lifecycle_internal.h"

enum { REMOVE_TRIES = 6 };

static const int64_t longest_eof_grace_ns = 10000000000;
static const int64_t first_retry_ns = 50000000;
static const int64_t late_create_ns = 1000000000;
static const int64_t shortest_try_ns = 1000000;

void sw_life_enter(struct sw_lifecycle *life, enum sw_life state)
{
	life->state = state;
	life->is_known |= state == SW_LIFE_UPLOADING || state == SW_LIFE_ATTACHING;
	if (life->handlers.entered)
		life->handlers.entered(life->handlers.user, state);
}

void sw_life_end(struct sw_lifecycle *life, const struct sw_error *error)
{
	if (life->has_ended || life->wants_removal)
		return;
	life->has_ended = true;
	sw_loop_disarm(life->loop, &life->grace);
	life->handlers.ended(life->handlers.user, error);
}

void sw_life_end_with(struct sw_lifecycle *life, enum sw_code code, const char *what)
{
	struct sw_error error;
	sw_error_set(&error, code, 0, "container %.12s: %s", life->id, what);
	sw_life_end(life, &error);
}

/* ---- removal ---- */

static void send_removal(struct sw_lifecycle *life);

static void gone(struct sw_lifecycle *life)
{
	if (life->wait)
		sw_http_cancel(life->wait);
	life->wait = NULL;
	sw_life_enter(life, SW_LIFE_GONE);
	life->handlers.gone(life->handlers.user, life->removal_failed ? &life->removal_error : NULL);
}

static void gone_later(void *user)
{
	gone(user);
}

/* `gone` frees: it may only follow the last callback of any request. */
void sw_life_finish_if_done(struct sw_lifecycle *life)
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
	sw_life_finish_if_done(life);
}

static void try_again(void *user)
{
	send_removal(user);
}

/* All tries together take as long as one request may, and what a late create needs. */
static int64_t removal_due_ns(const struct sw_lifecycle *life)
{
	return life->stamps.remove_ns + life->engine_timeout_ns + late_create_ns;
}

static void on_removed(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	int64_t delay_ns = first_retry_ns << (life->tries - 1);
	bool again = error && error->code != SW_ERR_NO_ENGINE && life->tries < REMOVE_TRIES &&
	             sw_clock_ns() + delay_ns < removal_due_ns(life);
	life->pending--;
	/* A create that is still at work makes its container after a first removal found none. */
	if (!error && life->presence == SW_MAYBE_THERE && life->tries == 1) {
		again = true;
		delay_ns = late_create_ns;
	}
	if (!again ||
	    sw_loop_arm(life->loop, &life->retry, sw_clock_ns() + delay_ns, try_again, life) < 0)
		removal_over(life, error);
}

static void send_removal(struct sw_lifecycle *life)
{
	int64_t timeout_ns = removal_due_ns(life) - sw_clock_ns();
	if (timeout_ns > life->engine_timeout_ns)
		timeout_ns = life->engine_timeout_ns;
	else if (timeout_ns < shortest_try_ns)
		timeout_ns = shortest_try_ns;
	life->tries++;
	life->pending++;
	sw_api_container_remove(life->api, life->id[0] ? life->id : life->name, timeout_ns, on_removed,
	                        life);
}

void sw_life_begin_removal(struct sw_lifecycle *life)
{
	if (life->presence == SW_NOT_THERE) {
		life->is_removed = true;
		sw_loop_defer(life->loop, &life->later, gone_later, life);
		return;
	}
	life->stamps.remove_ns = sw_clock_ns();
	send_removal(life);
	sw_life_enter(life, SW_LIFE_REMOVING);
}

void sw_lifecycle_remove(struct sw_lifecycle *life)
{
	if (life->wants_removal)
		return;
	life->wants_removal = true;
	sw_attach_free(life->attach);
	life->attach = NULL;
	/* An engine that hangs over it must not hold up the removal. */
	if (life->step)
		sw_http_cancel(life->step);
	life->step = NULL;
	sw_loop_disarm(life->loop, &life->grace);
	if ((life->state == SW_LIFE_STARTING || life->state == SW_LIFE_RUNNING) &&
	    !life->stamps.exited_ns)
		life->stamps.kill_ns = sw_clock_ns();
	if (life->state != SW_LIFE_CREATING || life->pending == 0)
		sw_life_begin_removal(life);
}

/* ---- the end of the run: exit code and end of stream ---- */

static void on_grace(void *user);

/* What one silence may last: two of them, once the exit is known, and the stream is given up. */
static int64_t silence_ns(const struct sw_lifecycle *life)
{
	int64_t eof_grace_ns = life->engine_timeout_ns;
	if (!life->stamps.exited_ns)
		return life->engine_timeout_ns;
	if (eof_grace_ns > longest_eof_grace_ns)
		eof_grace_ns = longest_eof_grace_ns;
	return eof_grace_ns / 2;
}

static void arm_grace(struct sw_lifecycle *life, int64_t due_ns)
{
	if (sw_loop_arm(life->loop, &life->grace, due_ns, on_grace, life) < 0)
		sw_life_end_with(life, SW_ERR_INTERNAL, "out of memory");
}

static void exit_known(struct sw_lifecycle *life, int exit_code)
{
	life->exit_code = exit_code;
	life->stamps.exited_ns = life->heard_ns = sw_clock_ns();
	life->was_silent = false;
	/* From here on another grace counts. */
	sw_loop_disarm(life->loop, &life->grace);
	sw_life_check_end(life);
}

/* One that runs is looked at again, or its owner's deadline counts. */
static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->pending--;
	life->is_looking = false;
	life->heard_ns = sw_clock_ns();
	if (life->wants_removal)
		sw_life_finish_if_done(life);
	else if (life->stamps.exited_ns)
		return;
	else if (error)
		sw_life_end(life, error);
	else if (!state->running)
		exit_known(life, state->exit_code);
	else
		sw_life_check_end(life);
}

static void look(struct sw_lifecycle *life)
{
	life->pending++;
	life->is_looking = true;
	sw_api_container_state(life->api, life->id, life->engine_timeout_ns, on_state, life);
}

/* Bytes that a flood left in the engine come as fast as they are read: as long as they do, the stream goes
 * on. Twice, because this process may have been stopped all the while: then it reads first. */
static void on_grace(void *user)
{
	struct sw_lifecycle *life = user;
	int64_t now = sw_clock_ns(), patience_ns = silence_ns(life);
	if (now < life->heard_ns + patience_ns) {
		life->was_silent = false;
		arm_grace(life, life->heard_ns + patience_ns);
	} else if (!life->stamps.exited_ns) {
		if (life->is_watched || life->stamps.eof_ns)
			look(life);
	} else if (!life->was_silent) {
		life->was_silent = true;
		arm_grace(life, now + patience_ns);
	} else {
		sw_life_end_with(life, SW_ERR_TIMEOUT, "it has exited but its output does not end");
	}
}

void sw_life_check_end(struct sw_lifecycle *life)
{
	bool eof = life->stamps.eof_ns != 0, exited = life->stamps.exited_ns != 0;
	if (life->has_ended || life->wants_removal || life->state != SW_LIFE_RUNNING)
		return;
	if (eof && exited) {
		sw_loop_disarm(life->loop, &life->grace);
		sw_life_enter(life, SW_LIFE_EXITED);
		sw_life_end(life, NULL);
	} else if (!life->grace.slot &&
	           (exited || (!life->is_looking && (eof || life->is_watched)))) {
		arm_grace(life, life->heard_ns + silence_ns(life));
	}
}

void sw_life_on_waited(void *user, int exit_code, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	life->wait = NULL;
	if (error)
		sw_life_end(life, error);
	else if (!life->stamps.exited_ns)
		exit_known(life, exit_code);
}

void sw_life_on_closed(void *user, const struct sw_error *error)
{
	struct sw_lifecycle *life = user;
	sw_attach_free(life->attach);
	life->attach = NULL;
	if (error) {
		sw_life_end(life, error);
	} else if (life->state == SW_LIFE_ATTACHING || life->state == SW_LIFE_HELD) {
		sw_life_end_with(life, SW_ERR_PROTOCOL, "the engine closed the streams before the start");
	} else {
		life->stamps.eof_ns = life->heard_ns = sw_clock_ns();
		sw_life_check_end(life);
	}
}
