/* Hides how a journal's bytes become events: lines, buffers, what is damaged, and a file that grows,
 * shrinks or is replaced while it is read. Must not know what events add up to, nor when to look
 * again (core/follow.h does).
 *
 * Memory does not depend on the file's size, and no line is copied. One thread at a time. */
#ifndef SW_JOURNAL_READ_H
#define SW_JOURNAL_READ_H

#include <stdbool.h>
#include <stdint.h>

#include "core/event.h"

struct sw_error;
struct sw_session;
struct sw_journal_reader;

/* What reading a journal met besides events. */
struct sw_journal_stats {
	uint64_t events, broken; /* lines that decode, lines that don't */
	uint64_t foreign;        /* of the broken: events of a kind that this version does not know */
	uint64_t overlong;       /* of the broken: longer than any event */
	bool torn;               /* the last line has no newline: its writer died, or still writes */
	uint64_t first_broken_line;
	char first_error[SW_TEXT_MAX];
};

enum sw_journal_next {
	SW_JOURNAL_ERROR = -1,
	SW_JOURNAL_EVENT,
	SW_JOURNAL_END,       /* nothing more yet; ask again when the file may have grown */
	SW_JOURNAL_RESTARTED, /* shorter than what was read, rewritten, or another file now: forget what
	                       * was read; counting and reading begin anew with the next call */
};

/* Opens PATH for reading from its start. SW_ERR_NOT_FOUND when it is not there, else SW_ERR_IO. Also
 * pipes: these are read to their end, and block. */
int sw_journal_reader_open(const char *path, struct sw_journal_reader **out_reader,
                           struct sw_error *err);
void sw_journal_reader_free(struct sw_journal_reader *reader); /* NULL is fine */

/* The next event, borrowed until the next call; *out_event is set for SW_JOURNAL_EVENT only. Lines
 * that are none are counted and skipped. A path that no longer leads anywhere is not an error: what
 * the file still holds is read. */
enum sw_journal_next sw_journal_reader_next(struct sw_journal_reader *reader,
                                            const struct sw_event **out_event,
                                            struct sw_error *err);

/* Valid until the reader is freed; torn is of the last SW_JOURNAL_END. */
const struct sw_journal_stats *sw_journal_reader_stats(const struct sw_journal_reader *reader);

/* The bytes of the lines taken so far. */
uint64_t sw_journal_reader_offset(const struct sw_journal_reader *reader);

/* Back to the start of the file that is open; the counts too. Files only. */
int sw_journal_reader_rewind(struct sw_journal_reader *reader, struct sw_error *err);

/* The last event that the file holds now, read from its last 64 KiB without moving the reader. false
 * when there is none. */
bool sw_journal_reader_last(const struct sw_journal_reader *reader, struct sw_event *out_event);

/* Whether a process has the journal open for writing: a writer holds an exclusive flock(2) on it as
 * long as it lives. Tried with a shared lock, which is let go at once. */
bool sw_journal_reader_has_writer(const struct sw_journal_reader *reader);

/* Calls FN for each event of PATH in order. Broken lines are counted and skipped; a torn last line
 * is not an error. FN returns 0 to go on. */
typedef int (*sw_journal_fn)(void *user, const struct sw_event *event);
int sw_journal_read(const char *path, sw_journal_fn fn, void *user,
                    struct sw_journal_stats *out_stats, struct sw_error *err);

#endif
