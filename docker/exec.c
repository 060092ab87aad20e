#include "docker/exec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "docker/exec_internal.h"

/* ---- the container ---- */

static void tell_ready(struct sw_exec *exec, const struct sw_error *error)
{
	sw_runner_ready_fn ready = exec->ready;
	if (!ready)
		return;
	exec->ready = NULL;
	ready(exec->ready_user, error ? error->message : NULL);
}

static void risen(struct sw_exec *exec, const struct sw_error *error)
{
	exec->is_rising = false;
	if (exec->stage == SW_EXEC_RISING)
		sw_exec_risen(exec, error);
	else
		tell_ready(exec, error);
}

static void on_up(void *user, const struct sw_error *error)
{
	struct sw_exec *exec = user;
	if (error && error->code == SW_ERR_REFUSED && exec->base.options.shim == SW_SHIM_NONE) {
		struct sw_error why = *error;
		sw_error_wrap(&why,
		              "its image has no shim, so that `sleep infinity` is to keep its container up "
		              "(with read_only: false a shim is uploaded)");
		risen(exec, &why);
		return;
	}
	risen(exec, error);
}

static void on_looked(void *user, const struct sw_error *error)
{
	struct sw_exec *exec = user;
	if (exec->is_finishing)
		return;
	if (error)
		risen(exec, error);
	else
		sw_kept_up(exec->kept, on_up, exec);
}

static void on_refused(void *user)
{
	struct sw_exec *exec = user;
	const struct sw_container_options *options = &exec->base.options;
	struct sw_error why;
	if (options->image_error)
		sw_error_set(&why, SW_ERR_NOT_FOUND, 0, "%s", options->image_error);
	else
		sw_error_set(&why, SW_ERR_USAGE, 0,
		             "image '%s' names no command that could be executed in its container",
		             options->mode->sandbox.image);
	risen(exec, &why);
}

/* What each exec is to run, behind the shim. */
static const char *const *command(const struct sw_exec *exec)
{
	const struct sw_container_options *options = &exec->base.options;
	return options->task->strategy ? options->image_argv
	                               : (const char *const *)options->task->command;
}

const char **sw_exec_argv(const struct sw_exec *exec)
{
	const char *shim = sw_container_shim_path(exec->base.options.shim);
	const char *const *words = command(exec);
	size_t n = 0, at = 0;
	while (words[n])
		n++;
	const char **argv = calloc(n + 2, sizeof *argv);
	if (!argv)
		return NULL;
	/* The image's own may begin with it. */
	if (shim && strcmp(shim, words[0]) != 0)
		argv[at++] = shim;
	memcpy(argv + at, words, n * sizeof *words);
	return argv;
}

void sw_exec_raise(struct sw_exec *exec)
{
	if (exec->is_rising || exec->is_finishing)
		return;
	exec->is_rising = true;
	if (!command(exec) || !command(exec)[0])
		sw_loop_defer(exec->base.options.loop, &exec->rise_call, on_refused, exec);
	else if (!exec->base.has_version)
		/* None answered when the session began; one may have come since. */
		sw_container_look_again(&exec->base, on_looked, exec);
	else
		sw_kept_up(exec->kept, on_up, exec);
}

static void give_up(struct sw_exec *exec, const char *reason)
{
	sw_container_tell(&exec->base, SW_EVENT_CONTAINER_REPLACED, NULL, sw_kept_id(exec->kept),
	                  reason);
	sw_kept_drop(exec->kept);
	exec->has_served = false;
}

void sw_exec_replace(struct sw_exec *exec, const char *reason)
{
	give_up(exec, reason);
	sw_exec_raise(exec);
}

static void on_died(void *user, const struct sw_kept_end *end)
{
	struct sw_exec *exec = user;
	bool is_idle = exec->stage == SW_EXEC_IDLE;
	if (!is_idle && exec->stage != SW_EXEC_RISING)
		sw_exec_died(exec, end);
	/* Where none lives, another is made when it is asked for, not over and over beside what is measured. */
	if (is_idle && !exec->has_served)
		give_up(exec, end->text);
	else
		sw_exec_replace(exec, end->text);
}

/* ---- the runner ---- */

static void exec_prepare(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_exec *exec = (struct sw_exec *)runner;
	if (!exec->base.http || exec->base.profile_failed) {
		sw_container_prepare(runner, ready, user);
		return;
	}
	if (exec->kept && sw_kept_is_up(exec->kept)) {
		sw_container_ready_later(&exec->base, NULL, ready, user);
		return;
	}
	exec->ready = ready;
	exec->ready_user = user;
	sw_exec_raise(exec);
}

/* A container that stays was told by a note. */
static void on_down(void *user, const struct sw_error *error)
{
	(void)error;
	tell_ready(user, NULL);
}

static void exec_finish(struct sw_runner *runner, sw_runner_ready_fn ready, void *user)
{
	struct sw_exec *exec = (struct sw_exec *)runner;
	exec->is_finishing = true;
	if (!exec->kept) {
		sw_container_ready_later(&exec->base, NULL, ready, user);
		return;
	}
	exec->ready = ready;
	exec->ready_user = user;
	sw_kept_down(exec->kept, on_down, exec);
}

static void exec_free(struct sw_runner *runner)
{
	struct sw_exec *exec = (struct sw_exec *)runner;
	if (!exec)
		return;
	sw_loop_cancel(exec->base.options.loop, &exec->rise_call);
	sw_loop_cancel(exec->base.options.loop, &exec->later);
	sw_kept_free(exec->kept);
	sw_container_done(&exec->base);
	free(exec);
}

/* ---- making one ---- */

static int set_up(struct sw_exec *exec, const struct sw_container_options *options,
                  struct sw_error *err)
{
	static const struct sw_runner_ops ops = {.prepare = exec_prepare,
	                                         .start = sw_exec_start,
	                                         .cancel = sw_exec_cancel,
	                                         .settle = exec_prepare,
	                                         .probe = sw_container_probe,
	                                         .finish = exec_finish,
	                                         .free = exec_free};
	const struct sw_kept_handlers handlers = {.died = on_died, .user = exec};
	if (sw_container_init(&exec->base, options, &ops, err) < 0)
		return -1;
	const char *shim = sw_container_shim_path(exec->base.options.shim);
	exec->entrypoint[0] = shim ? shim : "sleep";
	exec->pause[0] = shim ? "--pause" : "infinity";
	/* No token: the first process has nothing to say. */
	const struct sw_container_shape shape = {.token = "",
	                                         .entrypoint = exec->entrypoint,
	                                         .command = exec->pause};
	return exec->base.http ? sw_kept_new(&exec->base, "kept", &shape, &handlers, &exec->kept, err)
	                       : 0;
}

int sw_exec_new(const struct sw_container_options *options, struct sw_runner **out_runner,
                struct sw_error *err)
{
	struct sw_exec *exec = calloc(1, sizeof *exec);
	if (!exec)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot make a runner");
	if (set_up(exec, options, err) < 0) {
		exec->base.options.loop = options->loop;
		exec_free(&exec->base.runner);
		return -1;
	}
	*out_runner = &exec->base.runner;
	return 0;
}
