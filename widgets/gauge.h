/* Hides how far something has come, and in which state it is, in one line.
 * Must not know what it is. */
#ifndef SW_GAUGE_H
#define SW_GAUGE_H

#include "widgets/canvas.h"

/* Plain value; texts are borrowed for the call. "13/20  ███████▌░░░░  ETA 0:12" */
struct sw_gauge {
	double share;      /* 0..1; NaN or negative: not known, the bar stays empty */
	const char *done;  /* "13/20"; NULL: none */
	const char *left;  /* "ETA 0:12"; NULL: none */
	enum sw_role role; /* of the bar */
};

/* In row 0, across all of AREA: the bar takes what the texts leave. Where it is narrow the bar goes
 * first, then `left`. The last part of the bar is lit at 1 only, its first from the first step on. */
void sw_gauge_draw(struct sw_area area, const struct sw_gauge *gauge);

/* The bar alone, WIDTH columns wide. Of fewer than 1 it draws none. */
void sw_bar_draw(struct sw_area area, int x, int y, int width, double share, enum sw_role role);

enum sw_badge {
	SW_BADGE_PREPARING,
	SW_BADGE_RUNNING,
	SW_BADGE_PAUSED,
	SW_BADGE_STOPPING,
	SW_BADGE_DONE,
	SW_BADGE_INTERRUPTED,
	SW_BADGE_FAILED,
	SW_BADGE_REPLAY,
	SW_BADGE_WATCHING, /* what has no end of its own */
	SW_BADGE_LOST, /* whoever was watched is gone without a word */
	SW_BADGE_COUNT,
};

/* "● RUNNING", each state with a sign and a word of its own. Returns the columns used. */
int sw_badge_draw(struct sw_area area, int x, int y, enum sw_badge badge);
int sw_badge_columns(enum sw_badge badge);

#endif
