/* Hides how differences between modes are drawn: to the baseline, to a chosen mode, and what each layer of a
 * sandbox costs. Must not know where on a screen, nor how they are computed. */
#ifndef SW_SCREENS_DIFFERENCES_H
#define SW_SCREENS_DIFFERENCES_H

#include "tui/screens/session.h"

/* Each draws a panel; the rows are those of its inside with the axis, 0: there is nothing to show. The
 * program's comparison is up to date. */
int sw_layers_rows(const struct sw_session_program *program);
void sw_draw_layers(const struct sw_session_program *program, struct sw_area area);

/* The difference of each mode to the reference (sw_program_reference). */
int sw_reference_rows(const struct sw_session_program *program);
void sw_draw_reference(const struct sw_session_program *program, struct sw_area area);

/* To the baseline, where that is another one. */
int sw_baseline_rows(const struct sw_session_program *program);
void sw_draw_baseline(const struct sw_session_program *program, struct sw_area area);

#endif
