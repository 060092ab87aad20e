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

/* {low, high} of LOW and HIGH percent, or null where the interval, of METHOD, is none. */
void sw_snapshot_range(struct sw_json *json, const char *key, enum sw_ci_method method, double low,
                       double high);

/* {mode, mean_ns, ci95, percent, percent_ci95, distinguishable}: mode B minus mode A, which is named; null
 * where it is not known. */
void sw_snapshot_difference(struct sw_json *json, const char *key, const struct sw_figures *figures,
                            const struct sw_difference *difference);

/* The object of modes[] for mode INDEX. -1 when memory is out. */
int sw_snapshot_mode(struct sw_json *json, const struct sw_figures *figures, int index);

/* Its members throughput_per_second, turns, differences, drift and outliers. -1 when memory is out. */
int sw_snapshot_comparisons(struct sw_json *json, const struct sw_figures *figures, int index);

/* "ablation": an entry per layer that a mode goes without. -1 when memory is out. */
int sw_snapshot_ablation(struct sw_json *json, const struct sw_figures *figures);

/* The members of "summary", the study's raw-data block in seconds (core/snapshot.c): the Markdown
 * report shows the same. */
void sw_snapshot_summary(struct sw_json *json, const struct sw_figures *figures);

#endif
