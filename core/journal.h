/* Hides the file that holds every event: appending, and making it durable. core/journal_read.h reads
 * it back. Must not know what events add up to. */
#ifndef SW_JOURNAL_H
#define SW_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct sw_error;
struct sw_journal;

/* Creates PATH (mode 0600, must not exist yet). As long as the journal is open its writer holds an
 * exclusive flock(2) on it: the kernel drops that when the process is gone, however it went. Where a
 * file system has no locks, there is none. */
int sw_journal_create(const char *path, struct sw_journal **out_journal, struct sw_error *err);
/* Opens the journal PATH of a writer that is gone, to go on behind its last whole line: what a torn last
 * line left there is cut off (*out_cut bytes), and that is on disk. Broken lines before it stay. Holds the
 * lock as sw_journal_create does. SW_ERR_USAGE: a living process writes it; nothing was changed.
 * SW_ERR_NOT_FOUND: it is not there. Blocks for a moment at most, when others are just asking. */
int sw_journal_open(const char *path, struct sw_journal **out_journal, int64_t *out_cut,
                    struct sw_error *err);
void sw_journal_free(struct sw_journal *journal); /* closes; NULL is fine */

/* Encodes EVENT into the journal's buffer; it is on disk after the next sw_journal_sync. */
int sw_journal_add(struct sw_journal *journal, const struct sw_event *event, struct sw_error *err);

/* Writes what was added and, if DURABLE, waits until the disk has it (fdatasync). A full disk is
 * SW_ERR_IO with ENOSPC; what was not written stays buffered, so that a later call may succeed. */
int sw_journal_sync(struct sw_journal *journal, bool durable, struct sw_error *err);

/* From now on each write finds the disk full (ENOSPC): for tests of what stands on it. */
void sw_journal_fill_disk(struct sw_journal *journal);

/* Bytes of all lines that are in the file by now. */
int64_t sw_journal_size(const struct sw_journal *journal);

/* Whether a living process holds PATH open as its writer. SW_ERR_IO when it cannot be opened. Any
 * thread, any process; its own shared lock is held for a moment only. */
int sw_journal_is_written(const char *path, bool *out, struct sw_error *err);

#endif
