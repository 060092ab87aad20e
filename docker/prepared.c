#include "docker/prepared.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "core/cleanup.h"
#include "core/text.h"
#include "docker/prepared_internal.h"

/* ---- the end of an attempt ---- */

static void say_done(void *user)
{
	struct sw_prepared *prepared = user;
	struct sw_container_facts *facts = &prepared->facts;
	const struct sw_life_stamps *stamps = &facts->stamps;
	struct sw_attempt_result result;
	int64_t until_ns = stamps->remove_ns ? stamps->remove_ns : facts->end_ns;
	if (stamps->kill_ns)
		until_ns = stamps->kill_ns;
	sw_container_result_begin(facts, &result);
	if (stamps->start_ns)
		sw_container_end_spans(facts, sw_container_run_spans(facts, until_ns, &result), &result);
	sw_container_judge(&prepared->base.options, facts, &result);
	sw_container_learn_clock(&prepared->base, sw_container_clock(facts));
	sw_worker_reader_done(&facts->out);
	sw_worker_reader_done(&facts->err);
	if (result.outcome != SW_OUTCOME_ENGINE && result.outcome != SW_OUTCOME_CANCELLED)
		prepared->losses = 0;
	prepared->is_busy = false;
	prepared->done(prepared->user, &result);
}

static void stop_waiting(struct sw_prepared *prepared)
{
	prepared->is_waiting = false;
	sw_loop_disarm(prepared->base.options.loop, &prepared->patience);
}

/* All that counts is known at END_NS. Deferred: the container's own callback is under way. */
static void conclude(struct sw_prepared *prepared, int64_t end_ns)
{
	struct sw_container_facts *facts = &prepared->facts;
	struct sw_stocked *stocked = prepared->serving;
	stop_waiting(prepared);
	prepared->is_over = true;
	prepared->serving = NULL;
	facts->end_ns = end_ns;
	if (stocked) {
		facts->stamps = *sw_lifecycle_stamps(stocked->life);
		facts->exit_code = sw_lifecycle_exit_code(stocked->life);
		(void)sw_text_copy(facts->id, sizeof facts->id, sw_lifecycle_id(stocked->life));
	}
	/* Only now: nothing of ours was to run beside what was measured. */
	sw_pool_refill(prepared);
	sw_loop_defer(prepared->base.options.loop, &prepared->later, say_done, prepared);
}

/* Without a container: its time is none. */
static void fail(struct sw_prepared *prepared, const struct sw_error *error, enum sw_life state)
{
	prepared->facts.start_ns = sw_clock_ns();
	sw_container_fail(&prepared->facts, error, state);
	conclude(prepared, prepared->facts.start_ns);
}

/* ---- what the pool tells of the attempt's container ---- */

void sw_prepared_entered(struct sw_stocked *stocked, enum sw_life state)
{
	struct sw_prepared *prepared = stocked->owner;
	const char *id = sw_lifecycle_id(stocked->life);
	if (state == SW_LIFE_STARTING)
		sw_container_tell_phase(&prepared->base, SW_PHASE_START, id);
	else if (state == SW_LIFE_RUNNING)
		sw_container_tell_inner(&prepared->base, &prepared->facts, id, true);
	else if (state == SW_LIFE_REMOVING)
		sw_container_tell_phase(&prepared->base,
		                        sw_lifecycle_stamps(stocked->life)->kill_ns ? SW_PHASE_STOP
		                                                                    : SW_PHASE_REMOVE,
		                        id);
}

void sw_prepared_heard(struct sw_stocked *stocked, enum sw_stream stream, const char *bytes,
                       size_t len)
{
	struct sw_prepared *prepared = stocked->owner;
	struct sw_container_facts *facts = &prepared->facts;
	bool is_running = sw_lifecycle_state(stocked->life) == SW_LIFE_RUNNING;
	sw_container_hear(&prepared->base, facts, stream, bytes, len, sw_lifecycle_id(stocked->life),
	                  is_running);
	if (!facts->result_ns)
		return;
	conclude(prepared, facts->result_ns);
	sw_pool_release(stocked, facts->result_ns);
}

void sw_prepared_overdue(struct sw_stocked *stocked)
{
	struct sw_container_facts *facts = &stocked->owner->facts;
	if (!facts->has_ended && !facts->has_failed && !facts->is_cancelled)
		facts->is_timed_out = true;
}

void sw_prepared_engine_overdue(struct sw_stocked *stocked)
{
	struct sw_container_facts *facts = &stocked->owner->facts;
	if (stocked->stock == SW_STOCK_SERVING && !facts->has_failed && !facts->is_cancelled)
		sw_container_fail_overdue(&stocked->owner->base, facts, SW_PHASE_START);
}

/* It ended without a result, or serves a command: its exit is what the attempt waited for. */
static void take_exit(struct sw_stocked *stocked)
{
	struct sw_prepared *prepared = stocked->owner;
	int64_t end_ns = prepared->facts.end_ns;
	conclude(prepared, end_ns);
	sw_pool_release(stocked, end_ns);
}

static void on_asked(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	struct sw_prepared *prepared = user;
	struct sw_stocked *stocked = prepared->serving;
	prepared->is_asking = false;
	if (!error)
		sw_container_asked(&prepared->facts, state);
	if (!stocked)
		conclude(prepared, sw_clock_ns()); /* cancelled meanwhile, and gone */
	else if (prepared->facts.has_failed || prepared->facts.is_cancelled)
		sw_lifecycle_remove(stocked->life);
	else
		take_exit(stocked);
}

/* What is not found when one is to be started may be the container, which somebody took away, or what it is
 * to have: a network. */
static bool may_be_taken_away(const struct sw_stocked *stocked, const struct sw_error *error)
{
	return error && error->code == SW_ERR_NOT_FOUND &&
	       sw_lifecycle_state(stocked->life) == SW_LIFE_STARTING &&
	       stocked->owner->losses < 2 * sw_pool_depth(stocked->owner);
}

static void want(struct sw_prepared *prepared);

static void replace(struct sw_stocked *stocked)
{
	struct sw_prepared *prepared = stocked->owner;
	prepared->losses++;
	prepared->serving = NULL;
	stocked->has_served = false;
	sw_container_tell(&prepared->base, SW_EVENT_CONTAINER_REPLACED, &prepared->base.attempt,
	                  sw_lifecycle_id(stocked->life),
	                  "a container that was made ahead was removed by somebody else");
	sw_worker_reader_done(&prepared->facts.out);
	sw_worker_reader_done(&prepared->facts.err);
	stocked->stock = SW_STOCK_LEAVING;
	sw_lifecycle_remove(stocked->life);
	sw_pool_refill(prepared);
	want(prepared);
}

static void on_looked_for(void *user, const struct sw_api_state *state,
                          const struct sw_error *error)
{
	struct sw_prepared *prepared = user;
	struct sw_stocked *stocked = prepared->serving;
	struct sw_error why = prepared->facts.life_error;
	(void)state;
	prepared->is_asking = false;
	if (!stocked) {
		conclude(prepared, sw_clock_ns()); /* cancelled meanwhile, and gone */
	} else if (prepared->facts.is_cancelled) {
		sw_lifecycle_remove(stocked->life);
	} else if (error && error->code == SW_ERR_NOT_FOUND) {
		replace(stocked);
	} else {
		sw_container_fail(&prepared->facts, &why, SW_LIFE_STARTING);
		sw_lifecycle_remove(stocked->life);
	}
}

void sw_prepared_ended(struct sw_stocked *stocked, const struct sw_error *error)
{
	struct sw_prepared *prepared = stocked->owner;
	struct sw_container_facts *facts = &prepared->facts;
	enum sw_life state = sw_lifecycle_state(stocked->life);
	if (may_be_taken_away(stocked, error)) {
		facts->life_error = *error;
		prepared->is_asking = true;
		sw_api_container_state(prepared->base.api, sw_lifecycle_id(stocked->life),
		                       sw_container_patience_ns(&prepared->base), on_looked_for, prepared);
		return;
	}
	facts->has_ended = error == NULL;
	facts->end_ns = sw_clock_ns();
	if (error)
		sw_container_fail(facts, error, state);
	if (sw_container_must_ask(&prepared->base.options, error, state,
	                          sw_lifecycle_exit_code(stocked->life))) {
		prepared->is_asking = true;
		sw_api_container_state(prepared->base.api, sw_lifecycle_id(stocked->life),
		                       sw_container_patience_ns(&prepared->base), on_asked, prepared);
	} else if (error) {
		sw_lifecycle_remove(stocked->life);
	} else {
		take_exit(stocked);
	}
}

/* It was killed, or failed: the attempt waited for that. */
void sw_prepared_gone(struct sw_stocked *stocked)
{
	struct sw_prepared *prepared = stocked->owner;
	if (stocked != prepared->serving)
		return;
	int64_t end_ns = sw_clock_ns();
	if (!prepared->is_asking) {
		conclude(prepared, end_ns);
		return;
	}
	prepared->serving = NULL;
	prepared->facts.stamps = *sw_lifecycle_stamps(stocked->life);
	prepared->facts.exit_code = sw_lifecycle_exit_code(stocked->life);
}

/* ---- an attempt begins ---- */

static int hand_over_job(struct sw_prepared *prepared, struct sw_lifecycle *life,
                         struct sw_error *err)
{
	SW_CLEANUP(buf) struct sw_buf job = {0};
	if (!prepared->base.options.task->strategy)
		return 0; /* a command reads nothing: it has no stdin */
	if (sw_worker_job(&job, prepared->base.options.task, &prepared->base.attempt,
	                  &(struct sw_job_options){.once = true}) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot write the job");
	if (sw_lifecycle_write(life, job.data, job.len, err) < 0)
		return -1;
	sw_lifecycle_end_input(life);
	return 0;
}

static void tell_wait(struct sw_prepared *prepared)
{
	char text[SW_TEXT_MAX];
	if (!prepared->has_waited || prepared->has_told_wait)
		return;
	prepared->has_told_wait = true;
	(void)snprintf(
		text, sizeof text,
		"%s: an iteration found no container ready and waited for one; such waits are no part of "
		"its time, but of the throughput (pool: %d)",
		prepared->base.options.mode->name, sw_pool_depth(prepared));
	sw_container_note(&prepared->base, text);
}

static void give(struct sw_prepared *prepared, struct sw_stocked *stocked)
{
	struct sw_attempt attempt = prepared->base.attempt;
	struct sw_error err;
	tell_wait(prepared);
	(void)sw_text_copy(attempt.token, sizeof attempt.token, stocked->attempt.token);
	stocked->attempt = attempt;
	stocked->has_served = true;
	stocked->stock = SW_STOCK_SERVING;
	prepared->serving = stocked;
	stop_waiting(prepared);
	sw_container_begin(&prepared->base, &attempt, &prepared->facts);
	prepared->facts.exit_is_behind = prepared->base.options.task->strategy != NULL;
	if (hand_over_job(prepared, stocked->life, &err) < 0) {
		sw_container_fail(&prepared->facts, &err, SW_LIFE_HELD);
		sw_lifecycle_remove(stocked->life);
		return;
	}
	sw_pool_expect(stocked);
	sw_lifecycle_go(stocked->life);
}

void sw_prepared_serve(struct sw_prepared *prepared)
{
	if (!prepared->is_waiting)
		return;
	struct sw_stocked *stocked = sw_pool_ready(prepared);
	const struct sw_stocked *broken = sw_pool_broken(prepared);
	if (stocked) {
		give(prepared, stocked);
	} else if (broken) {
		fail(prepared, &broken->error, broken->failed_in);
		sw_pool_drop_broken(prepared);
	} else if (prepared->first) {
		prepared->has_waited = true;
	} else {
		struct sw_error error;
		sw_error_set(&error, SW_ERR_INTERNAL, ENOMEM, "cannot make a container");
		fail(prepared, &error, SW_LIFE_IDLE);
	}
}

static void on_no_container(void *user)
{
	struct sw_prepared *prepared = user;
	prepared->facts.start_ns = sw_clock_ns();
	sw_container_fail_waiting(&prepared->base, &prepared->facts);
	conclude(prepared, prepared->facts.start_ns);
}

static void want(struct sw_prepared *prepared)
{
	int64_t due_ns = sw_clock_ns() + sw_container_wait_ns(&prepared->base);
	prepared->is_open = prepared->is_waiting = true;
	if (sw_loop_arm(prepared->base.options.loop, &prepared->patience, due_ns, on_no_container,
	                prepared) < 0) {
		on_no_container(prepared);
		return;
	}
	if (!sw_pool_ready(prepared))
		sw_pool_refill(prepared);
	sw_prepared_serve(prepared);
}

static void on_looked(void *user, const struct sw_error *error)
{
	struct sw_prepared *prepared = user;
	prepared->is_asking = false;
	if (prepared->facts.is_cancelled)
		conclude(prepared, sw_clock_ns());
	else if (error)
		fail(prepared, error, SW_LIFE_IDLE);
	else
		want(prepared);
}

static void prepared_start(struct sw_runner *runner, const struct sw_attempt *attempt,
                           sw_attempt_done_fn done, void *user)
{
	struct sw_prepared *prepared = (struct sw_prepared *)runner;
	sw_container_begin(&prepared->base, attempt, &prepared->facts);
	prepared->done = done;
	prepared->user = user;
	prepared->is_busy = true;
	prepared->is_over = prepared->is_asking = prepared->has_waited = false;
	prepared->serving = NULL;
	if (prepared->base.has_version) {
		want(prepared);
		return;
	}
	/* None answered when the session began; one may have come since. */
	prepared->is_asking = true;
	sw_container_look_again(&prepared->base, on_looked, prepared);
}

static void prepared_cancel(struct sw_runner *runner)
{
	struct sw_prepared *prepared = (struct sw_prepared *)runner;
	struct sw_container_facts *facts = &prepared->facts;
	sw_container_cancel_probe(&prepared->base);
	if (!prepared->is_busy || prepared->is_over)
		return;
	if (!facts->has_ended && !facts->has_failed && !facts->is_timed_out)
		facts->is_cancelled = true;
	if (prepared->serving)
		sw_lifecycle_remove(prepared->serving->life);
	else if (prepared->is_waiting)
		conclude(prepared, sw_clock_ns());
}

/* ---- the runner ---- */

static void wait_for_quiet(struct sw_prepared *prepared, sw_runner_ready_fn ready, void *user)
{
	prepared->quiet = ready;
	prepared->quiet_user = user;
	sw_pool_check_quiet(prepared);
}

static void on_prepared(void *user, const char *error)
{
	struct sw_prepared *prepared = user;
	sw_runner_ready_fn ready = prepared->quiet;
	if (error) {
		prepared->quiet = NULL;
		ready(prepared->quiet_user, error);
		return;
	}
	prepared->is_open = true;
	sw_pool_refill(prepared);
	sw_pool_check_quiet(prepared);
}

static void prepared_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_prepared *prepared = (struct sw_prepared *)runner;
	prepared->quiet = ready;
	prepared->quiet_user = user;
	sw_container_prepare(runner, on_prepared, prepared);
}

static void prepared_settle(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	wait_for_quiet((struct sw_prepared *)runner, ready, user);
}

static void prepared_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_prepared *prepared = (struct sw_prepared *)runner;
	prepared->is_open = false;
	prepared->is_finishing = true;
	sw_pool_clear(prepared);
	wait_for_quiet(prepared, ready, user);
}

static void prepared_free(struct sw_runner *runner)
{
	struct sw_prepared *prepared = (struct sw_prepared *)runner;
	if (!prepared)
		return;
	assert(!prepared->first);
	sw_loop_cancel(prepared->base.options.loop, &prepared->later);
	sw_container_done(&prepared->base);
	free(prepared);
}

int sw_prepared_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                    struct sw_error *err)
{
	static const struct sw_runner_ops ops = {.prepare = prepared_prepare,
	                                         .start = prepared_start,
	                                         .cancel = prepared_cancel,
	                                         .settle = prepared_settle,
	                                         .probe = sw_container_probe,
	                                         .finish = prepared_finish,
	                                         .free = prepared_free};
	struct sw_prepared *prepared = calloc(1, sizeof *prepared);
	if (!prepared)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	if (sw_container_init(&prepared->base, options, &ops, err) < 0) {
		prepared_free(&prepared->base.runner);
		return -1;
	}
	*out_runner = &prepared->base.runner;
	return 0;
}
