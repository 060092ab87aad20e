/* Hides how the isolation ledger is drawn: a line per kind of the session's modes. Must not know where on a
 * screen, nor how the ledger was found out (core/isolation.h). */
#ifndef SW_SCREENS_ISOLATION_H
#define SW_SCREENS_ISOLATION_H

#include "tui/screens/session.h"

/* "K-P-- 5/7": what two iterations of a mode share, and the attacks that it withstands of those that were
 * tried; "?" where it was never tested, as without a layer of the sandbox. Returns the role that says how
 * good that is. */
enum sw_role sw_isolation_cell(char *dst, size_t size, const struct sw_mode_info *info);

/* What the marks mean: for the foot of the panel in which they stand. */
#define SW_ISOLATION_LEGEND_MAX 12
int sw_isolation_legend(struct sw_flow_piece pieces[SW_ISOLATION_LEGEND_MAX]);

/* Draws a panel; the rows are those of its inside, 0: there are no two kinds to show. */
int sw_isolation_rows(const struct sw_session_program *program);
void sw_draw_isolation(const struct sw_session_program *program, struct sw_area area);

#endif
