#include "core/queue.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

#include "core/loop.h"

/* taken, recorded and lost never pass pushed. A slot is free for a new event when the recorder is
 * through with the old one, and the viewer can still find it on disk or has taken it. */
struct sw_queue {
	pthread_mutex_t mutex;
	pthread_cond_t room, work;
	uint64_t pushed, recorded, lost, taken;
	int64_t recorded_size;
	bool attention; /* the recorder has something to do */
	bool closed, is_losing, is_resting;
	struct sw_event ring[SW_QUEUE_EVENTS];
};

bool sw_event_is_durable(enum sw_event_kind kind)
{
	return kind == SW_EVENT_ITERATION_FINISHED || kind == SW_EVENT_ITERATION_DROPPED ||
	       kind == SW_EVENT_PAUSED || kind == SW_EVENT_RESUMED || kind == SW_EVENT_SESSION_FINISHED ||
	       kind == SW_EVENT_SESSION_RESUMED;
}

bool sw_event_is_urgent(enum sw_event_kind kind)
{
	return sw_event_is_durable(kind) || kind == SW_EVENT_NOTE || kind == SW_EVENT_SESSION_STARTED ||
	       kind == SW_EVENT_BREAKER_CHANGED;
}

struct sw_queue *sw_queue_new(void)
{
	struct sw_queue *queue = calloc(1, sizeof *queue);
	pthread_condattr_t monotonic;
	if (!queue)
		return NULL;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->room, &monotonic);
	pthread_cond_init(&queue->work, &monotonic);
	pthread_condattr_destroy(&monotonic);
	return queue;
}

void sw_queue_go_on(struct sw_queue *queue, uint64_t seq, int64_t size)
{
	queue->pushed = queue->recorded = queue->taken = seq;
	queue->recorded_size = size;
}

void sw_queue_free(struct sw_queue *queue)
{
	if (!queue)
		return;
	pthread_cond_destroy(&queue->work);
	pthread_cond_destroy(&queue->room);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

static struct timespec deadline(int64_t wait_ns)
{
	int64_t until_ns = sw_clock_ns() + wait_ns;
	return (struct timespec){until_ns / 1000000000, until_ns % 1000000000};
}

static void call_recorder(struct sw_queue *queue)
{
	queue->attention = true;
	pthread_cond_signal(&queue->work);
}

/* The newest event that the recorder is through with. */
static uint64_t handled(const struct sw_queue *queue)
{
	return queue->is_losing ? queue->lost : queue->recorded;
}

static bool has_room(const struct sw_queue *queue)
{
	if (queue->pushed < SW_QUEUE_EVENTS)
		return true;
	uint64_t oldest = queue->pushed + 1 - SW_QUEUE_EVENTS;
	return oldest <= handled(queue) && (oldest <= queue->recorded || oldest <= queue->taken);
}

static void put(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns)
{
	event->t_ns = sw_clock_ns() - origin_ns;
	event->seq = queue->pushed + 1;
	queue->ring[queue->pushed++ % SW_QUEUE_EVENTS] = *event;
	if (sw_event_is_urgent(event->kind) || queue->is_resting ||
	    queue->pushed - handled(queue) == SW_QUEUE_EVENTS / 2)
		call_recorder(queue);
}

void sw_queue_push(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns)
{
	pthread_mutex_lock(&queue->mutex);
	while (!queue->closed && !has_room(queue)) {
		call_recorder(queue);
		pthread_cond_wait(&queue->room, &queue->mutex);
	}
	if (!queue->closed)
		put(queue, event, origin_ns);
	pthread_mutex_unlock(&queue->mutex);
}

void sw_queue_close(struct sw_queue *queue)
{
	pthread_mutex_lock(&queue->mutex);
	queue->closed = true;
	call_recorder(queue);
	pthread_cond_broadcast(&queue->room);
	pthread_mutex_unlock(&queue->mutex);
}

bool sw_queue_close_with(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns,
                         int64_t wait_ns)
{
	struct timespec until = deadline(wait_ns);
	int status = 0;
	pthread_mutex_lock(&queue->mutex);
	while (!queue->closed && !has_room(queue) && status != ETIMEDOUT) {
		call_recorder(queue);
		status = pthread_cond_timedwait(&queue->room, &queue->mutex, &until);
	}
	bool fits = !queue->closed && has_room(queue);
	if (fits)
		put(queue, event, origin_ns);
	queue->closed = true;
	call_recorder(queue);
	pthread_cond_broadcast(&queue->room);
	while (fits && handled(queue) < queue->pushed && status != ETIMEDOUT)
		status = pthread_cond_timedwait(&queue->room, &queue->mutex, &until);
	fits = fits && handled(queue) == queue->pushed;
	pthread_mutex_unlock(&queue->mutex);
	return fits;
}

/* ---- recorder ---- */

static bool is_over(const struct sw_queue *queue)
{
	return queue->closed && handled(queue) == queue->pushed;
}

/* An event may have come between the last wait and the rest. */
static void rest(struct sw_queue *queue)
{
	queue->is_resting = true;
	while (!queue->attention && !is_over(queue) && handled(queue) == queue->pushed)
		pthread_cond_wait(&queue->work, &queue->mutex);
	queue->is_resting = false;
}

bool sw_queue_wait(struct sw_queue *queue, int64_t wait_ns, uint64_t *out_last)
{
	struct timespec until = deadline(wait_ns);
	int status = 0;
	pthread_mutex_lock(&queue->mutex);
	if (wait_ns == SW_QUEUE_REST)
		rest(queue);
	else
		while (!queue->attention && !is_over(queue) && status != ETIMEDOUT)
			status = pthread_cond_timedwait(&queue->work, &queue->mutex, &until);
	queue->attention = false;
	*out_last = queue->pushed;
	bool over = is_over(queue);
	pthread_mutex_unlock(&queue->mutex);
	return !over;
}

/* Without the mutex: the producer keeps off what is not recorded yet, and the recorder has seen it
 * pushed under the mutex. */
const struct sw_event *sw_queue_at(const struct sw_queue *queue, uint64_t seq)
{
	return &queue->ring[(seq - 1) % SW_QUEUE_EVENTS];
}

void sw_queue_recorded(struct sw_queue *queue, uint64_t seq, int64_t size)
{
	pthread_mutex_lock(&queue->mutex);
	queue->recorded = seq;
	queue->recorded_size = size;
	pthread_cond_broadcast(&queue->room);
	pthread_mutex_unlock(&queue->mutex);
}

void sw_queue_lost(struct sw_queue *queue, uint64_t seq)
{
	pthread_mutex_lock(&queue->mutex);
	queue->is_losing = true;
	queue->lost = seq;
	pthread_cond_broadcast(&queue->room);
	pthread_mutex_unlock(&queue->mutex);
}

/* ---- viewer ---- */

static uint64_t gone(const struct sw_queue *queue)
{
	return queue->pushed > SW_QUEUE_EVENTS ? queue->pushed - SW_QUEUE_EVENTS : 0;
}

static enum sw_taken look(const struct sw_queue *queue)
{
	uint64_t next = queue->taken + 1;
	if (next > queue->pushed)
		return SW_TAKEN_NONE;
	/* What is overwritten is on disk: see has_room. */
	if (next <= gone(queue))
		return SW_TAKEN_BEHIND;
	if (next <= queue->recorded)
		return SW_TAKEN_EVENT;
	if (queue->is_losing)
		return SW_TAKEN_LOST;
	return sw_event_is_durable(sw_queue_at(queue, next)->kind) ? SW_TAKEN_NONE : SW_TAKEN_EVENT;
}

enum sw_taken sw_queue_take(struct sw_queue *queue, struct sw_event *out_event,
                            struct sw_queue_place *out_place)
{
	pthread_mutex_lock(&queue->mutex);
	enum sw_taken taken = look(queue);
	if (taken == SW_TAKEN_EVENT || taken == SW_TAKEN_LOST) {
		*out_event = *sw_queue_at(queue, ++queue->taken);
		if (queue->is_losing)
			pthread_cond_broadcast(&queue->room);
	}
	*out_place = (struct sw_queue_place){
		.seq = queue->taken,
		.gone_seq = gone(queue),
		.recorded_seq = queue->recorded,
		.recorded_size = queue->recorded_size,
	};
	pthread_mutex_unlock(&queue->mutex);
	return taken;
}

void sw_queue_skip(struct sw_queue *queue, uint64_t seq)
{
	pthread_mutex_lock(&queue->mutex);
	if (seq > queue->taken && seq <= queue->pushed)
		queue->taken = seq;
	if (queue->is_losing)
		pthread_cond_broadcast(&queue->room);
	pthread_mutex_unlock(&queue->mutex);
}
