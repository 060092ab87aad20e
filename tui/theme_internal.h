/* Hides, from all but tui/theme*.c: a theme file between its text and its colours.
 * Must not know where the file was found. */
#ifndef SW_THEME_INTERNAL_H
#define SW_THEME_INTERNAL_H

#include <stddef.h>

#include "tui/theme.h"

/* File themes/NAME.yaml; in the order in which a key steps through them. The first is the default. */
#define SW_THEMES(X) X(dusk) X(paper) X(contrast) X(deuteranopia) X(mono)

enum {
#define SW_THEME_ENUM(name) SW_THEME_##name,
	SW_THEMES(SW_THEME_ENUM) SW_THEME_COUNT
#undef SW_THEME_ENUM
};

/* The text of a theme that comes with the program. Static. */
const char *sw_theme_text(int theme, size_t *out_len);

/* One look as it was written. */
struct sw_look {
	bool given, has_fg, has_bg;
	struct sw_style style;
};

/* A theme file as it was written. Plain value. */
struct sw_theme_draft {
	char name[64], about[96];
	int base; /* SW_THEME_*; -1: not given */
	struct sw_look rgb[SW_ROLE_COUNT], x16[SW_ROLE_COUNT], none[SW_ROLE_COUNT];
};

/* FILE is for messages. SW_ERR_USAGE "FILE:LINE:COLUMN: …"; OUT is then half filled. */
int sw_theme_parse(const char *file, const char *text, size_t len, struct sw_theme_draft *out,
                   struct sw_error *err);

/* Fills in what the draft leaves out: from BASE, or, where that is NULL, from the draft's own text.
 * PLAIN is the theme whose attributes stand in where there are no colours (NULL: none do). Then
 * brings it down to fewer colours. */
void sw_theme_resolve(const struct sw_theme_draft *draft, const struct sw_theme *base,
                      const struct sw_theme *plain, struct sw_theme *out);

#endif
