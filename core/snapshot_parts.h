/* Hides the spelling of the snapshot's parts that have more than one user: the values that all of
 * it spells alike, an entry of modes[], the summary. Must not know the order of the document. */
#ifndef SW_SNAPSHOT_PARTS_H
#define SW_SNAPSHOT_PARTS_H

#include "core/figures.h"
#include "core/json.h"

/* A duration, rounded to whole nanoseconds. */
void sw_snapshot_ns(struct sw_json *json, const char *key, double ns);

/* {low, high, method} in nanoseconds. */
void sw_snapshot_ci(struct sw_json *json, const char *key, struct sw_ci ci);

/* A text as it may be shown (sw_text_clean); null when it is empty. */
void sw_snapshot_text(struct sw_json *json, const char *key, const char *text);

/* One object of modes[]. -1 when memory is out. */
int sw_snapshot_mode(struct sw_json *json, const struct sw_mode_figures *figures);

/* The members of "summary", the study's raw-data block in seconds (core/snapshot.c): the Markdown
 * report shows the same. */
void sw_snapshot_summary(struct sw_json *json, const struct sw_figures *figures);

#endif
