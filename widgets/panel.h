/* Hides how a part of the screen is set apart: a frame with a title where there is room, a heading
 * where there is less, nothing where there is none. Must not know what is inside. */
#ifndef SW_PANEL_H
#define SW_PANEL_H

#include "widgets/flow.h"

/* Plain value; texts are borrowed for the call. "╭ latency ───────── log ╮" */
struct sw_panel {
	const struct sw_flow_piece *title; /* usually of SW_ROLE_TITLE; more pieces where a part has its
	                                    * own colour */
	int n_title;
	const char *note; /* right in the same line; NULL: none. Left out when narrow */
	const struct sw_flow_piece
		*foot; /* in the frame's lowest line, from the left; not without frame */
	int n_foot;
	bool plain; /* a heading, though a frame would fit */
};

/* Rows and columns that the frame takes of an area that has room for it. */
#define SW_PANEL_ROWS 2
#define SW_PANEL_COLUMNS 4

/* Draws frame or heading and returns what is left inside, possibly empty. Frames need 3 rows and 12
 * columns, headings 2 rows; in one row all of AREA is the inside. What is inside is not blanked. */
struct sw_area sw_panel_draw(struct sw_area area, const struct sw_panel *panel);

#endif
