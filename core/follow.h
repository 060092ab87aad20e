/* Hides how one knows that a journal grew, was cut, replaced or removed, and whether its writer still
 * lives: inotify(7) and flock(2) in a loop. Must not know what the events add up to, nor who watches.
 *
 * Nothing is polled: between two changes of the file nothing runs. What is there is read in slices of
 * a few ms, so that whatever else the loop does has its turn. On the loop's thread; callbacks come
 * from sw_loop_run only, and may do anything but free the follower. */
#ifndef SW_FOLLOW_H
#define SW_FOLLOW_H

#include "core/journal_read.h"

struct sw_error;
struct sw_follow;
struct sw_loop;

/* Each may be NULL but event and failed. */
struct sw_follow_ops {
	/* In the journal's order; EVENT is only valid during the call. */
	void (*event)(void *user, const struct sw_event *event);
	/* All that was there is told; what comes now happens now. Once, and once after each restart. */
	void (*caught_up)(void *user);
	/* The file was cut, rewritten or replaced: forget everything, its events follow from the first. */
	void (*restarted)(void *user);
	/* Nobody writes the journal any more, and its session has no end (session_finished): its writer was
	 * killed. After caught_up. Should another one go on with it, events follow all the same. */
	void (*writer_gone)(void *user);
	/* The path leads nowhere any more; all that the file held was told. Should there be a file again,
	 * restarted and its events follow. */
	void (*deleted)(void *user);
	/* Reading failed, and nothing else follows. */
	void (*failed)(void *user, const struct sw_error *err);
};

/* Follows PATH from its start. A file that is not there yet is waited for, its folder must exist.
 * OPS is borrowed for the follower's life. */
int sw_follow_new(struct sw_loop *loop, const char *path, const struct sw_follow_ops *ops,
                  void *user, struct sw_follow **out_follow, struct sw_error *err);
void sw_follow_free(struct sw_follow *follow); /* NULL is fine */

/* What reading met so far; NULL as long as there is no file. Borrowed, changes while it is followed. */
const struct sw_journal_stats *sw_follow_stats(const struct sw_follow *follow);

#endif
