#include "tui/engine_finder.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "core/loop.h"
#include "core/signals.h"
#include "tui/setup.h"

struct sw_engine_finder {
	struct sw_loop *loop;
	const struct sw_cli *cli;
	sw_engine_found_fn found;
	void *user;
	/* What the search takes for the wish to end it: a descriptor of ours, not the program's signals,
	 * as a screen is also left by a key. */
	struct sw_signals end;
	pthread_t thread;
	bool is_joined;
	atomic_bool is_over;
	struct sw_setup *setup;
	struct sw_error error;
	bool failed;
};

static void *thread_main(void *user)
{
	struct sw_engine_finder *finder = user;
	struct sw_steps steps = {.signals = &finder->end};
	finder->failed = sw_paths_init(&finder->setup->paths, &finder->error) < 0 ||
	                 sw_setup_engine(finder->setup, finder->cli, false, steps, &finder->error) < 0;
	atomic_store(&finder->is_over, true);
	sw_loop_wake(finder->loop);
	return NULL;
}

static void join(struct sw_engine_finder *finder)
{
	if (finder->is_joined)
		return;
	sw_loop_on_wake(finder->loop, NULL, NULL);
	pthread_join(finder->thread, NULL);
	finder->is_joined = true;
}

static void woken(void *user)
{
	struct sw_engine_finder *finder = user;
	if (!atomic_load(&finder->is_over))
		return;
	join(finder);
	finder->found(finder->user, finder->failed ? NULL : &finder->setup->engine,
	              finder->failed ? &finder->error : NULL);
}

static void release(struct sw_engine_finder *finder)
{
	if (finder->end.end_fd >= 0)
		close(finder->end.end_fd);
	free(finder->setup);
	free(finder);
}

int sw_engine_finder_start(struct sw_loop *loop, const struct sw_cli *cli, sw_engine_found_fn found,
                           void *user, struct sw_engine_finder **out_finder, struct sw_error *err)
{
	struct sw_engine_finder *finder = calloc(1, sizeof *finder);
	if (!finder)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot look for an engine");
	*finder = (struct sw_engine_finder){
		.loop = loop, .cli = cli, .found = found, .user = user, .end = {-1, -1, -1}};
	finder->setup = calloc(1, sizeof *finder->setup);
	finder->end.end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	int failed = !finder->setup ? ENOMEM : finder->end.end_fd < 0 ? errno : 0;
	sw_loop_on_wake(loop, woken, finder);
	if (!failed)
		failed = pthread_create(&finder->thread, NULL, thread_main, finder);
	if (failed) {
		sw_loop_on_wake(loop, NULL, NULL);
		release(finder);
		return sw_error_set(err, SW_ERR_INTERNAL, failed, "cannot look for an engine");
	}
	*out_finder = finder;
	return 0;
}

void sw_engine_finder_free(struct sw_engine_finder *finder)
{
	if (!finder)
		return;
	if (!finder->is_joined)
		(void)eventfd_write(finder->end.end_fd, 1);
	join(finder);
	release(finder);
}
