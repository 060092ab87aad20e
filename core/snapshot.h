/* Hides the snapshot's JSON (docs/snapshot.schema.json, "sandwatch/1").
 * Must not know where it goes. May be taken at any moment of a run. */
#ifndef SW_SNAPSHOT_H
#define SW_SNAPSHOT_H

#include "core/figures.h"

struct sw_buf;

/* Appends FIGURES' session as a JSON document, indented by 2, with a newline at its end. Durations
 * are integer nanoseconds (means rounded), rates are fractions; what was not measured is null.
 * GENERATED_AT: RFC 3339, passed in. Equal figures and GENERATED_AT give equal bytes.
 * 0 or -1 (memory, or OUT's bound: then OUT holds a part). Any thread. */
int sw_snapshot_write(const struct sw_figures *figures, const char *generated_at,
                      struct sw_buf *out);

#endif
