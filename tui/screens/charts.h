/* Hides how a session's state becomes the view models of histogram, waterfall, scatter: what several
 * screens draw alike. Must not know where on a screen it goes. */
#ifndef SW_SCREENS_CHARTS_H
#define SW_SCREENS_CHARTS_H

#include "tui/screens/session.h"

/* The latency histograms of all modes on one axis. */
void sw_draw_latency(struct sw_area area, const struct sw_session_program *program, bool log);
int sw_latency_rows(const struct sw_session_program *program);
int sw_latency_line_rows(const struct sw_session_program *program); /* with one line for each */

/* The waterfall of MODE: means, and for each of its slots the iteration that runs or ran last in it. */
void sw_draw_lifecycle(struct sw_area area, const struct sw_session_program *program, int mode);
int sw_lifecycle_rows(const struct sw_session_program *program, int mode);
/* With one stacked bar instead of a row for each phase, and at most SLOTS slots. */
int sw_lifecycle_stacked_rows(const struct sw_session_program *program, int mode, int slots);
/* Whether ROWS are enough to show what lies behind the path, if anything does; and the same as text:
 * "behind the path: create 8.00 ms, …", "" when nothing does. */
bool sw_lifecycle_shows_behind(const struct sw_session_program *program, int mode, int rows);
void sw_lifecycle_behind_text(const struct sw_session_program *program, int mode, char *dst,
                              size_t size);

/* The newest iterations' latency over time, and as a sparkline where there is no room. */
void sw_draw_recent(struct sw_area area, const struct sw_session_program *program, bool log);

/* The axis that holds all latencies of the session; false: there are none. */
struct sw_axis;
bool sw_latency_axis(const struct sw_session *session, bool log, struct sw_axis *out_axis);

/* A sw_axis_label: durations in ns. */
void sw_duration_label(double at, double step, char *label);

#endif
