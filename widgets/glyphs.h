/* Hides which characters a picture is made of: blocks and braille where the terminal can, ASCII
 * where it can't. Must not know how that was found out. */
#ifndef SW_GLYPHS_H
#define SW_GLYPHS_H

#include <stdbool.h>
#include <stdint.h>

struct sw_glyphs {
	bool unicode; /* false: every character put on a canvas is ASCII */
	uint32_t left[9]; /* a cell filled from the left by i/8: " ▏▎▍▌▋▊▉█"; ASCII: blank or # */
	uint32_t below[9];    /* from below: " ▁▂▃▄▅▆▇█"; ASCII: " .:-=+*%#" */
	uint32_t shade;       /* ░ of what is still to come */
	uint32_t dot, ring;   /* ● ○ */
	uint32_t full, empty; /* of a progress bar: ▮ ▯ */
	uint32_t horizontal, vertical, top_left, top_right, bottom_left, bottom_right;
	uint32_t tee_left, tee_right; /* ├ ┤ */
	uint32_t tick, mark;          /* ┴ on an axis; │ for a percentile */
	uint32_t thumb;               /* ┃ of a scroll bar */
	uint32_t up, down;            /* ▲ ▼: sort order, more above and below */
	uint32_t pointer;             /* ▸ */
	uint32_t check, cross;        /* ✓ ✗; ASCII: + x */
	uint32_t pause;               /* ‖; ASCII: = */
	uint32_t ellipsis;            /* …; ASCII: ~ */
};

extern const struct sw_glyphs sw_glyphs_unicode, sw_glyphs_ascii;

/* Braille (U+2800..28FF): 2 × 4 dots per cell. The pattern with the dot at X (0..1), Y (0..3, from
 * above) set; patterns are joined with |. */
uint32_t sw_braille_dot(int x, int y);

#endif
