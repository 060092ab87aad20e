/* Hides how a role looks: theme files, colour depths, and how a colour is brought down to what the
 * terminal has. Must not know escape sequences nor what is drawn. */
#ifndef SW_THEME_H
#define SW_THEME_H

#include <stdbool.h>
#include <stdint.h>

#include "widgets/roles.h"

struct sw_error;

enum sw_depth { SW_DEPTH_NONE, SW_DEPTH_16, SW_DEPTH_256, SW_DEPTH_TRUE };

#define SW_COLOR_DEFAULT (-1) /* the terminal's own */

/* How one role looks at one depth: colours are -1, 0..15, 0..255 or 0xRRGGBB, as the depth says. */
struct sw_style {
	int32_t fg, bg;
	bool bold, underline, reverse, dim, italic;
};

/* Plain value. */
struct sw_theme {
	char name[64], about[96];
	struct sw_style rgb[SW_ROLE_COUNT]; /* 0xRRGGBB */
	struct sw_style x256[SW_ROLE_COUNT];
	struct sw_style x16[SW_ROLE_COUNT];
	struct sw_style none[SW_ROLE_COUNT]; /* attributes only */
};

/* The style of ROLE at DEPTH. */
const struct sw_style *sw_theme_style(const struct sw_theme *theme, enum sw_role role,
                                      enum sw_depth depth);

/* NAME is a theme that comes with the program (they are inside it), the name of a file
 * $XDG_CONFIG_HOME/sandwatch/themes/NAME.yaml ($HOME/.config/… without that variable), or a path (it
 * has a '/'). On failure (SW_ERR_USAGE: "FILE:LINE:COLUMN: what", with the nearest valid word) OUT is
 * the default theme all the same, so that the program can start and say what is wrong. Reads the
 * environment and the file; any thread. */
int sw_theme_load(const char *name, struct sw_theme *out_theme, struct sw_error *err);

/* The default theme; always works. */
void sw_theme_default(struct sw_theme *theme);

/* Names of the themes that come with the program, in the order in which a key steps through them;
 * ends with NULL. */
extern const char *const sw_theme_names[];

/* What the environment says: NO_COLOR (not empty) or TERM=dumb: none; COLORTERM=truecolor|24bit or
 * a TERM with "direct": true; TERM with "256color", or MAX_COLORS of 256 and more: 256; else 16.
 * MAX_COLORS: terminfo's, 0 none, -1 not known. Pure. */
enum sw_depth sw_theme_depth(const char *no_color, const char *colorterm, const char *term,
                             int max_colors);

#endif
