/* Hides the thread between the one that measures and the one that looks: it puts events on disk and
 * acknowledges them, however long nobody looks. Must not know what events add up to, nor who looks.
 *
 * The measuring thread waits for the disk alone. Memory is bounded by one ring of events: a viewer
 * that is behind by more reads what it missed from the journal, which by then holds it. Each event
 * reaches the viewer once, in order. */
#ifndef SW_RECORDER_H
#define SW_RECORDER_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct sw_loop;
struct sw_journal;
struct sw_error;
struct sw_recorder;

#define SW_RECORDER_WAKE_NS INT64_C(100000000)

struct sw_recorder_options {
	const char *path;  /* the journal, to be created, */
	/* or one that sw_journal_open opened there, to go on with; becomes the recorder's own in any case. Its
	 * last event has the number SEQ, and the viewer knows all of them. */
	struct sw_journal *journal;
	uint64_t seq;
	int64_t origin_ns; /* the session's start, CLOCK_MONOTONIC */
	/* Woken by urgent events (core/queue.h) once on disk, and at the end; by ends of iterations no
	 * more often than every SW_RECORDER_WAKE_NS: short ones are not to be disturbed one by one. */
	struct sw_loop *viewer;
	/* Both on the recorder's thread; they must not block. */
	/* All up to SEQ is on disk, or is lost: after durable events. After ends with event->in_turn alone
	 * it is in the file, where a power cut could still take it. */
	void (*acknowledged)(void *user, uint64_t seq);
	void (*failed)(void *user); /* once: nothing more can be recorded (a full disk); acknowledged
	                             * follows all the same */
	void *user;
};

/* Creates the journal, or takes the one that is given, and starts the thread. */
int sw_recorder_start(const struct sw_recorder_options *options, struct sw_recorder **out_recorder,
                      struct sw_error *err);

/* ---- any thread ---- */

/* The journal's next write, and each after it, finds the disk full: chaos. */
void sw_recorder_fill_disk(struct sw_recorder *recorder);

/* ---- the measuring thread ---- */

/* Numbers and stamps EVENT and takes a copy. Waits only for a disk that is a whole ring behind. */
void sw_recorder_push(struct sw_recorder *recorder, struct sw_event *event);

/* Nothing follows. The viewer is woken when all is recorded. */
void sw_recorder_close(struct sw_recorder *recorder);

/* ---- the viewer's thread ---- */

/* The oldest event that was not taken yet, recorded or not, without waiting for anything but a read
 * of the journal; a durable one not before it is on disk. False: there is none now. OUT_IS_LOST: the
 * event will never be on disk. A gap in the numbers: somebody else has cut the journal. */
bool sw_recorder_take(struct sw_recorder *recorder, struct sw_event *out_event, bool *out_is_lost);

/* Closed, and all is recorded or lost; what is left may be taken. */
bool sw_recorder_is_over(const struct sw_recorder *recorder);

/* Once it is over: why recording failed, or NULL. */
const struct sw_error *sw_recorder_error(const struct sw_recorder *recorder);

/* Closes with EVENT as the last, though the measuring thread may still push: that is dropped. Waits
 * for the disk, at most WAIT_NS. Only for a program that exits at once. */
void sw_recorder_abandon(struct sw_recorder *recorder, struct sw_event *event, int64_t wait_ns);

/* Closes, waits for the thread, closes the journal. NULL is fine. */
void sw_recorder_free(struct sw_recorder *recorder);

#endif
