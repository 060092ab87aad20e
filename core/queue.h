/* Hides how events cross from the measuring thread to the thread that puts them on disk and to the
 * one that looks: one ring under a mutex, with a place in it for each reader.
 * Must not know what events mean, nor who draws them, nor how they are written.
 *
 * One producer, one recorder, one viewer, each on a thread of its own. The producer waits for the
 * recorder alone: what is on disk may be overwritten in the ring whether the viewer has seen it or
 * not. A viewer that is behind by more than a ring is told so, and finds what it missed on disk.
 * Events are copied; nothing is allocated after sw_queue_new. */
#ifndef SW_QUEUE_H
#define SW_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct sw_queue;

#define SW_QUEUE_EVENTS 128

/* Urgent: recorded at once, and the viewer is told: the end of an iteration, of a session, of a
 * pause, a note. Others are recorded with the next urgent one, when the ring is half full, or after
 * SW_QUEUE_IDLE_NS: nobody is woken for them, because that would disturb what is being measured. */
bool sw_event_is_urgent(enum sw_event_kind kind);

/* To be on disk before anything that follows is measured or shown (an end with event->in_turn: in the
 * file, so that a kill does not lose it, and synced with the end of its turn). All of them are urgent. */
bool sw_event_is_durable(enum sw_event_kind kind);

#define SW_QUEUE_IDLE_NS INT64_C(500000000)
#define SW_QUEUE_REST INT64_C(-1)

struct sw_queue *sw_queue_new(void); /* NULL: memory */
/* Before anything is pushed: SEQ events are in the file, SIZE bytes of it, from an earlier process, and the
 * viewer knows them. The next one pushed is numbered SEQ + 1. */
void sw_queue_go_on(struct sw_queue *queue, uint64_t seq, int64_t size);
void sw_queue_free(struct sw_queue *queue);

/* Producer: numbers EVENT (seq 1.., or from where sw_queue_go_on said), stamps t_ns = now - ORIGIN_NS,
 * and copies it in. Blocks only when the recorder is behind by a whole ring: a lost event would be a
 * wrong figure. Once the queue is closed, EVENT is dropped and gets no number. */
void sw_queue_push(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns);

/* Nothing is pushed any more. Any thread. */
void sw_queue_close(struct sw_queue *queue);

/* Closes with EVENT as the last, whoever else pushes meanwhile, and waits at most WAIT_NS until all is
 * recorded, or lost. False: it is not yet, or was closed before, without EVENT. Any thread but the
 * recorder's. */
bool sw_queue_close_with(struct sw_queue *queue, struct sw_event *event, int64_t origin_ns,
                         int64_t wait_ns);

/* ---- recorder ---- */

/* Waits until something is worth recording, at most WAIT_NS, which is SW_QUEUE_IDLE_NS where nothing
 * asks for less. SW_QUEUE_REST: until any event comes, urgent or not; for a recorder that has waited
 * that long for nothing, as in a pause, and would go on to wake up for nothing. OUT_LAST: the newest
 * event's number, which may be an old one. False: closed, and all is recorded. */
bool sw_queue_wait(struct sw_queue *queue, int64_t wait_ns, uint64_t *out_last);

/* An event that is not recorded yet, SEQ up to sw_queue_wait's OUT_LAST. It stays as it is until
 * sw_queue_recorded. */
const struct sw_event *sw_queue_at(const struct sw_queue *queue, uint64_t seq);

/* All up to SEQ are in the file, which they make SIZE bytes long. */
void sw_queue_recorded(struct sw_queue *queue, uint64_t seq, int64_t size);

/* All up to SEQ, and whatever follows, cannot be put on disk: from here on the ring keeps them until
 * the viewer has taken them, so that the producer may have to wait for it. What cannot be recorded is
 * not worth measuring. */
void sw_queue_lost(struct sw_queue *queue, uint64_t seq);

/* ---- viewer ---- */

enum sw_taken {
	SW_TAKEN_NONE,   /* nothing new, or nothing that may be shown yet */
	SW_TAKEN_EVENT,  /* on disk, or one that need not be */
	SW_TAKEN_LOST,   /* an event that will never be on disk */
	SW_TAKEN_BEHIND, /* the next event is no longer in the ring, but on disk */
};

/* Where the viewer stands, and the file: plain value. */
struct sw_queue_place {
	uint64_t seq;          /* the newest event that it has taken */
	uint64_t gone_seq;     /* the newest one that is no longer in the ring */
	uint64_t recorded_seq; /* the newest one on disk, */
	int64_t recorded_size; /* and how long the file is then */
};

/* Takes the oldest event. A durable one is taken once it is on disk and not before; others at once.
 * OUT_PLACE: after the call. */
enum sw_taken sw_queue_take(struct sw_queue *queue, struct sw_event *out_event,
                            struct sw_queue_place *out_place);

/* The viewer has found all events up to SEQ elsewhere. */
void sw_queue_skip(struct sw_queue *queue, uint64_t seq);

#endif
