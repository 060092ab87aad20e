/* Hides nothing: what core/worker.c (streams, sentinels and what is made of them) and core/worker_values.c
 * (the JSON behind their words) share. Must not be included elsewhere. */
#ifndef SW_WORKER_INTERNAL_H
#define SW_WORKER_INTERNAL_H

#include "core/worker.h"

/* Stamps beyond it are not taken: what is left can be added to and subtracted from. */
#define SW_STAMP_MAX (INT64_C(1) << 61)

/* Each reads the LEN bytes of JSON at TEXT into REPORT, without allocating. What they do not know they skip;
 * of what is said twice the last counts. Any thread.
 *
 * A result: has_result and all that comes with it, or garbage and why. */
void sw_worker_read_result(const char *text, size_t len, struct sw_worker_report *report);

/* A readiness: its times, and one more of `readies`. What is no JSON changes nothing. */
void sw_worker_read_ready(const char *text, size_t len, struct sw_worker_report *report);

/* A job's end: `over`, unless there is one; the first counts. False: it cannot be read, and changes
 * nothing. */
bool sw_worker_read_over(const char *text, size_t len, struct sw_worker_report *report);

#endif
