/* Hides reading a whole journal into a session's state. Must not know what is shown of it. */
#ifndef SW_JOURNAL_LOAD_H
#define SW_JOURNAL_LOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/journal_read.h"
#include "core/session.h"

/* Folds every event of PATH into SESSION, which the caller made. Errors as sw_journal_read's, and
 * SW_ERR_INTERNAL when memory is out; a file without a session leaves session->started false. */
int sw_journal_load(const char *path, struct sw_session *session,
                    struct sw_journal_stats *out_stats, struct sw_error *err);

/* Says in TEXT how many lines of a journal were skipped, the first of them and why: "2 broken lines were
 * skipped, …". False, and TEXT untouched, when none was. */
bool sw_journal_say_broken(const struct sw_journal_stats *stats, char *text, size_t size);

#endif
