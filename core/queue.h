/* Hides how events cross from the measuring thread to the main thread: a ring under a mutex.
 * Must not know what events mean, nor who draws or writes them.
 *
 * One producer, one consumer. Events are copied; nothing is allocated after sw_queue_new. */
#ifndef SW_QUEUE_H
#define SW_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct sw_queue;
struct sw_loop;

#define SW_QUEUE_EVENTS 128

/* CONSUMER is woken (sw_loop_wake) by urgent events and when the ring fills up; others wait until it
 * looks: an idle screen or log is no reason to disturb what is being measured. NULL: memory. */
struct sw_queue *sw_queue_new(struct sw_loop *consumer);
void sw_queue_free(struct sw_queue *queue);

/* Producer: numbers EVENT (seq 1..), stamps t_ns = now - ORIGIN_NS, and copies it in. Blocks only
 * when the ring is full: the consumer then is behind by a whole ring, and a lost event would be a
 * wrong figure. Urgent kinds: those after which someone waits (iteration_finished, session_*,
 * note). */
void sw_queue_push(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns);

/* Consumer: takes the oldest event; false when there is none. */
bool sw_queue_pop(struct sw_queue *queue, struct sw_event *out_event);

#endif
