#include "core/queue.h"

#include "core/loop.h"

struct sw_queue {
	pthread_mutex_t mutex;
	pthread_cond_t room;
	struct sw_loop *consumer;
	uint64_t pushed, popped;
	struct sw_event ring[SW_QUEUE_EVENTS];
};

struct sw_queue *sw_queue_new(struct sw_loop *consumer)
{
	struct sw_queue *queue = calloc(1, sizeof *queue);
	if (!queue)
		return NULL;
	queue->consumer = consumer;
	pthread_mutex_init(&queue->mutex, NULL);
	pthread_cond_init(&queue->room, NULL);
	return queue;
}

void sw_queue_free(struct sw_queue *queue)
{
	if (!queue)
		return;
	pthread_cond_destroy(&queue->room);
	pthread_mutex_destroy(&queue->mutex);
	free(queue);
}

static bool is_urgent(enum sw_event_kind kind)
{
	return kind == SW_EVENT_ITERATION_FINISHED || kind == SW_EVENT_NOTE ||
	       kind == SW_EVENT_SESSION_STARTED || kind == SW_EVENT_SESSION_FINISHED;
}

void sw_queue_push(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns)
{
	pthread_mutex_lock(&queue->mutex);
	while (queue->pushed - queue->popped == SW_QUEUE_EVENTS) {
		sw_loop_wake(queue->consumer);
		pthread_cond_wait(&queue->room, &queue->mutex);
	}
	event->t_ns = sw_clock_ns() - origin_ns;
	event->seq = queue->pushed + 1;
	queue->ring[queue->pushed++ % SW_QUEUE_EVENTS] = *event;
	bool wake = is_urgent(event->kind) || queue->pushed - queue->popped == SW_QUEUE_EVENTS / 2;
	pthread_mutex_unlock(&queue->mutex);
	if (wake)
		sw_loop_wake(queue->consumer);
}

bool sw_queue_pop(struct sw_queue *queue, struct sw_event *out_event)
{
	pthread_mutex_lock(&queue->mutex);
	bool any = queue->popped < queue->pushed;
	if (any) {
		*out_event = queue->ring[queue->popped % SW_QUEUE_EVENTS];
		/* Only now the slot is free again. */
		if (queue->pushed - queue->popped++ == SW_QUEUE_EVENTS)
			pthread_cond_signal(&queue->room);
	}
	pthread_mutex_unlock(&queue->mutex);
	return any;
}
