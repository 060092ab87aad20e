#include <errno.h>
#include <signal.h>
#include <string.h>

#include "core/loop.h"
#include "core/text.h"
#include "docker/chaos_internal.h"

static const int64_t for_ever_ns = INT64_C(86400000000000) * 365; /* until somebody wakes it */
static const int64_t again_ns = 1000000000;

/* Until DUE_NS, or until woken. Under the lock. */
static void doze(struct sw_chaos *chaos, int64_t due_ns)
{
	const struct timespec due = {.tv_sec = (time_t)(due_ns / 1000000000),
	                             .tv_nsec = (long)(due_ns % 1000000000)};
	(void)pthread_cond_timedwait(&chaos->wake, &chaos->lock, &due);
}

/* Under the lock. */
static bool is_over(const struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	return chaos->calm || chaos->quit || (job && chaos->turns[job->mode][job->slot] != job->turn);
}

bool sw_chaos_is_over(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	pthread_mutex_lock(&chaos->lock);
	bool over = is_over(chaos, job);
	pthread_mutex_unlock(&chaos->lock);
	return over;
}

bool sw_chaos_wait(struct sw_chaos *chaos, int64_t due_ns, const struct sw_chaos_job *job)
{
	bool over;
	pthread_mutex_lock(&chaos->lock);
	while (!(over = is_over(chaos, job)) && sw_clock_ns() < due_ns)
		doze(chaos, due_ns);
	pthread_mutex_unlock(&chaos->lock);
	return !over;
}

/* ---- the image ---- */

void sw_chaos_image_remove(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	const struct sw_chaos_fault *fault = sw_chaos_fault(chaos, job);
	const char *name = chaos->options.plan->modes[job->mode].sandbox.image;
	struct sw_chaos_away *away = &chaos->away[chaos->n_away];
	struct sw_error err;
	char length[16];
	for (int i = 0; i < chaos->n_away; i++) {
		if (strcmp(chaos->away[i].name, name) == 0) {
			sw_chaos_tell_not_done(chaos, job, "its image is away already");
			return;
		}
	}
	if (sw_image_away_take(chaos->options.engine, name, away->kept, &err) < 0) {
		sw_chaos_tell_not_done(chaos, job, err.message);
		return;
	}
	away->name = name;
	away->due_ns = sw_clock_ns() + fault->duration_ns;
	chaos->n_away++;
	sw_chaos_tell(chaos, job, "", "image %s removed for %s", name,
	              sw_text_duration(length, sizeof length, fault->duration_ns));
}

void sw_chaos_images_mend(struct sw_chaos *chaos, int64_t now_ns)
{
	bool is_last = now_ns == INT64_MAX;
	for (int i = chaos->n_away - 1; i >= 0; i--) {
		struct sw_chaos_away *away = &chaos->away[i];
		struct sw_error err;
		if (away->due_ns > now_ns)
			continue;
		if (sw_image_away_give_back(chaos->options.engine, away->name, away->kept, &err) == 0) {
			*away = chaos->away[--chaos->n_away];
			continue;
		}
		/* An engine that does not answer now may do so in a second. */
		away->due_ns = sw_clock_ns() + again_ns;
		if (is_last)
			sw_chaos_note(chaos,
			              "chaos: image %s could not be put back; the next session does it: %s",
			              away->name, err.message);
	}
}

/* ---- the thread ---- */

static void act(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	switch ((int)sw_chaos_fault(chaos, job)->fault) {
	case SW_FAULT_ENGINE_PAUSE:
		sw_chaos_engine_pause(chaos, job);
		break;
	case SW_FAULT_ENGINE_KILL:
		sw_chaos_engine_kill(chaos, job);
		break;
	case SW_FAULT_ENGINE_RESTART:
		sw_chaos_engine_restart(chaos, job);
		break;
	case SW_FAULT_IMAGE_REMOVE:
		sw_chaos_image_remove(chaos, job);
		break;
	case SW_FAULT_CONTAINER_KILL:
	case SW_FAULT_CONTAINER_REMOVE:
		sw_chaos_container(chaos, job);
		break;
	default:
		break; /* not of this thread */
	}
}

/* When something is to be undone next. */
static int64_t next_due_ns(const struct sw_chaos *chaos)
{
	int64_t due_ns = chaos->restart_ns ? chaos->restart_ns : sw_clock_ns() + for_ever_ns;
	for (int i = 0; i < chaos->n_away; i++)
		if (chaos->away[i].due_ns < due_ns)
			due_ns = chaos->away[i].due_ns;
	return due_ns;
}

static void mend(struct sw_chaos *chaos)
{
	int64_t now_ns = sw_clock_ns();
	if (chaos->restart_ns && chaos->restart_ns <= now_ns)
		sw_chaos_engine_mend(chaos, false);
	sw_chaos_images_mend(chaos, now_ns);
}

/* The session's end is near: nothing waits any longer for its time. */
static void hasten(struct sw_chaos *chaos)
{
	int64_t now_ns = sw_clock_ns();
	if (chaos->restart_ns)
		chaos->restart_ns = now_ns;
	for (int i = 0; i < chaos->n_away; i++)
		chaos->away[i].due_ns = now_ns;
	chaos->is_hastened = true;
}

/* The next job, or NULL when something is to be undone, or all to be ended. Under the lock. */
static struct sw_chaos_job *next_job(struct sw_chaos *chaos)
{
	for (;;) {
		struct sw_chaos_job *job = chaos->queue.first;
		if (chaos->quit)
			return NULL;
		if (job) {
			chaos->queue.first = job->next;
			if (!job->next)
				chaos->queue.end = &chaos->queue.first;
			chaos->queue.count--;
			return job;
		}
		if (chaos->calm && !chaos->is_hastened)
			hasten(chaos);
		int64_t due_ns = next_due_ns(chaos);
		if (due_ns <= sw_clock_ns())
			return NULL;
		if (chaos->calm && !chaos->is_settled) {
			chaos->is_settled = true;
			sw_chaos_wake_loop(chaos);
		}
		doze(chaos, due_ns);
	}
}

static void *thread_main(void *user)
{
	struct sw_chaos *chaos = user;
	pthread_mutex_lock(&chaos->lock);
	while (!chaos->quit) {
		struct sw_chaos_job *job = next_job(chaos);
		pthread_mutex_unlock(&chaos->lock);
		if (job)
			act(chaos, job);
		else
			mend(chaos);
		free(job);
		pthread_mutex_lock(&chaos->lock);
	}
	pthread_mutex_unlock(&chaos->lock);
	if (chaos->restart_ns)
		sw_chaos_engine_mend(chaos, true);
	sw_chaos_images_mend(chaos, INT64_MAX);
	return NULL;
}

int sw_chaos_act_start(struct sw_chaos *chaos, struct sw_error *err)
{
	int failed = pthread_create(&chaos->thread, NULL, thread_main, chaos);
	if (failed)
		return sw_error_set(err, SW_ERR_INTERNAL, failed, "cannot start a thread");
	chaos->has_thread = true;
	return 0;
}
