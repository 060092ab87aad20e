#include "tui/setup_thread.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>

#include "core/loop.h"
#include "core/text.h"

struct sw_setup_thread {
	struct sw_loop *loop;
	struct sw_setup *setup;
	const struct sw_cli *cli;
	const struct sw_signals *signals;
	struct sw_setup_handlers handlers;
	pthread_t thread;
	struct sw_error error;
	bool failed;
	atomic_bool over;
	pthread_mutex_t mutex;
	struct sw_setup_steps steps; /* under the mutex */
	struct sw_setup_steps shown; /* the main thread's copy */
};

/* ---- its thread ---- */

/* The step called WHAT that lasts, or a new one; the oldest makes room. */
static struct sw_setup_step *step_called(struct sw_setup_steps *steps, const char *what)
{
	struct sw_setup_step *last = steps->n ? &steps->steps[steps->n - 1] : NULL;
	if (last && last->elapsed_ns < 0 && strcmp(last->what, what) == 0)
		return last;
	if (steps->n == SW_SETUP_STEPS_MAX) {
		memmove(steps->steps, steps->steps + 1, sizeof steps->steps - sizeof steps->steps[0]);
		steps->n--;
	}
	struct sw_setup_step *step = &steps->steps[steps->n++];
	*step = (struct sw_setup_step){.begun_ns = sw_clock_ns()};
	(void)sw_text_clean(step->what, sizeof step->what, what, strlen(what));
	return step;
}

static void reported(void *user, const char *what, int64_t elapsed_ns, const char *detail)
{
	struct sw_setup_thread *thread = user;
	pthread_mutex_lock(&thread->mutex);
	struct sw_setup_step *step = step_called(&thread->steps, what);
	(void)sw_text_clean(step->detail, sizeof step->detail, detail, strlen(detail));
	step->elapsed_ns = elapsed_ns;
	pthread_mutex_unlock(&thread->mutex);
	sw_loop_wake(thread->loop);
}

static void *thread_main(void *user)
{
	struct sw_setup_thread *thread = user;
	struct sw_steps steps = {.fn = reported, .user = thread, .signals = thread->signals};
	thread->failed = sw_setup_session(thread->setup, thread->cli, steps, &thread->error) < 0;
	atomic_store(&thread->over, true);
	sw_loop_wake(thread->loop);
	return NULL;
}

/* ---- the main thread ---- */

static void woken(void *user)
{
	struct sw_setup_thread *thread = user;
	bool over = atomic_load(&thread->over);
	pthread_mutex_lock(&thread->mutex);
	thread->shown = thread->steps;
	pthread_mutex_unlock(&thread->mutex);
	thread->handlers.step(thread->handlers.user, &thread->shown);
	if (!over)
		return;
	sw_loop_on_wake(thread->loop, NULL, NULL);
	pthread_join(thread->thread, NULL);
	thread->handlers.ended(thread->handlers.user, thread->failed ? &thread->error : NULL);
}

int sw_setup_thread_start(struct sw_loop *loop, struct sw_setup *setup, const struct sw_cli *cli,
                          const struct sw_signals *signals,
                          const struct sw_setup_handlers *handlers,
                          struct sw_setup_thread **out_thread, struct sw_error *err)
{
	struct sw_setup_thread *thread = calloc(1, sizeof *thread);
	if (!thread)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot prepare the session");
	thread->loop = loop;
	thread->setup = setup;
	thread->cli = cli;
	thread->signals = signals;
	thread->handlers = *handlers;
	pthread_mutex_init(&thread->mutex, NULL);
	sw_loop_on_wake(loop, woken, thread);
	int failed = pthread_create(&thread->thread, NULL, thread_main, thread);
	if (failed) {
		sw_loop_on_wake(loop, NULL, NULL);
		sw_setup_thread_free(thread);
		return sw_error_set(err, SW_ERR_INTERNAL, failed, "cannot prepare the session");
	}
	*out_thread = thread;
	return 0;
}

void sw_setup_thread_free(struct sw_setup_thread *thread)
{
	if (!thread)
		return;
	pthread_mutex_destroy(&thread->mutex);
	free(thread);
}
