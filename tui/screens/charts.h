/* Hides how a session's state becomes the view models of histogram, waterfall, scatter: what several
 * screens draw alike. Must not know where on a screen it goes. */
#ifndef SW_SCREENS_CHARTS_H
#define SW_SCREENS_CHARTS_H

#include "tui/screens/session.h"

/* The latency histograms of all modes on one axis. */
void sw_draw_latency(struct sw_area area, const struct sw_session_program *program, bool log);
int sw_latency_rows(const struct sw_session_program *program);

/* The waterfall of MODE: means, and the iteration that runs or ran last. */
#define SW_LIFECYCLE_LEAST 4
void sw_draw_lifecycle(struct sw_area area, const struct sw_session_program *program, int mode);
int sw_lifecycle_rows(const struct sw_session_program *program, int mode);

/* The newest iterations' latency over time, and as a sparkline where there is no room. */
void sw_draw_recent(struct sw_area area, const struct sw_session_program *program, bool log);

/* The axis that holds all latencies of the session; false: there are none. */
struct sw_axis;
bool sw_latency_axis(const struct sw_session *session, bool log, struct sw_axis *out_axis);

/* A sw_axis_label: durations in ns. */
void sw_duration_label(double at, double step, char *label);

#endif
