/* Hides how something comes to the front: help, details, a question, in a box over what is drawn.
 * Must not know what a key or click does.
 *
 * The box is as large as its text needs and AREA allows, centred, with a blank margin where there is
 * room for one; where AREA is tiny it takes all of it. */
#ifndef SW_MODAL_H
#define SW_MODAL_H

#include "widgets/hits.h"

/* KEY NULL: a paragraph, or an empty line when TEXT is "" or NULL. Else a key or label with what is
 * said about it, all of which begin in the same column. Texts may be long, and hold line feeds. */
struct sw_modal_line {
	const char *key, *text;
	enum sw_role role; /* of the text */
};

/* Plain value; everything is borrowed for the call. */
struct sw_modal {
	const char *title;
	const struct sw_modal_line *lines;
	int n_lines;
	enum sw_role key_role; /* SW_ROLE_KEY for keys, SW_ROLE_DIM for labels */
	const char *footer;    /* a hint in the frame's lowest line; NULL: none */
};

/* Owned by the caller; {0} to begin with. */
struct sw_modal_state {
	int top; /* first visible row of the wrapped text */
	/* Of the last drawing. */
	int rows, page;     /* all rows, rows that fit */
	struct sw_hits box; /* index 0: a click anywhere else is outside */
};

void sw_modal_draw(struct sw_area area, const struct sw_modal *modal, struct sw_modal_state *state);
void sw_modal_scroll(struct sw_modal_state *state, int by); /* rows; stops at both ends */

struct sw_choice {
	const char *key, *word;
};

struct sw_question {
	const char *title, *text;
	const struct sw_choice *choices;
	int n_choices;
};

/* The choices stay visible when the text does not fit. HITS: the number of a choice. */
void sw_question_draw(struct sw_area area, const struct sw_question *question,
                      struct sw_hits *hits);

#endif
