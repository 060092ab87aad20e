/* Hides how one finished iteration is shown: its attempts, each with its waterfall and its error.
 * Must not know where on a screen. */
#ifndef SW_SCREENS_ATTEMPT_H
#define SW_SCREENS_ATTEMPT_H

#include "core/session.h"
#include "widgets/canvas.h"

/* TOP lines are scrolled away. */
void sw_draw_iteration(struct sw_area area, const struct sw_session *session,
                       const struct sw_recent *recent, int top);

#endif
