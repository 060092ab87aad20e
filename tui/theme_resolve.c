#include <math.h>

#include "tui/color.h"
#include "tui/theme_internal.h"

/* ---- fewer colours ---- */

/* Frames and tracks may stand back. */
static double least_contrast(enum sw_role role)
{
	return role == SW_ROLE_BORDER || role == SW_ROLE_TRACK ? 1.2 : 3;
}

static struct sw_style to_256(const struct sw_palette *palette, const struct sw_style *rgb,
                              const struct sw_style *text)
{
	struct sw_style style = *rgb;
	int ground = text->bg < 0 ? -1 : sw_color_to_256(palette, (uint32_t)text->bg, -1, 0);
	double contrast = 0;
	if (rgb->bg >= 0)
		style.bg = rgb->bg == text->bg ? ground
		                               : sw_color_to_256(palette, (uint32_t)rgb->bg, ground, 0);
	/* The nearest may be read much worse. */
	if (rgb->bg >= 0 && rgb->fg >= 0)
		contrast = 0.9 * fmin(sw_color_contrast((uint32_t)rgb->fg, (uint32_t)rgb->bg), 5);
	if (rgb->fg >= 0)
		style.fg = sw_color_to_256(palette, (uint32_t)rgb->fg, style.bg, contrast);
	return style;
}

/* The ground of 16 colours; where it is the terminal's own, it is taken to be as dark or light. */
static int ground_of_16(const struct sw_style *text_rgb, const struct sw_style *text_16)
{
	if (text_16->bg >= 0)
		return text_16->bg;
	return text_rgb->bg >= 0 && sw_color_lab((uint32_t)text_rgb->bg).l > 50 ? 15 : 0;
}

static struct sw_style to_16(const struct sw_palette *palette, enum sw_role role,
                             const struct sw_theme *theme, const struct sw_style *text_16)
{
	const struct sw_style *rgb = &theme->rgb[role], *text_rgb = &theme->rgb[SW_ROLE_TEXT];
	struct sw_style style = *rgb;
	int ground = ground_of_16(text_rgb, text_16);
	if (rgb->bg == text_rgb->bg)
		style.bg = text_16->bg;
	else if (rgb->bg >= 0)
		style.bg = sw_color_to_16(palette, (uint32_t)rgb->bg, -1, 1);
	/* A ground that is told from the screen's no more: turned round it is. */
	if (style.bg == ground && rgb->bg != text_rgb->bg) {
		style = *text_16;
		style.reverse = !rgb->reverse;
		style.bold = rgb->bold;
		style.underline = rgb->underline;
		return style;
	}
	if (rgb->fg >= 0)
		style.fg = sw_color_to_16(palette, (uint32_t)rgb->fg, style.bg >= 0 ? style.bg : ground,
		                          least_contrast(role));
	return style;
}

/* ---- what is left out ---- */

static struct sw_style look_over(const struct sw_look *look, const struct sw_style *text)
{
	struct sw_style style = look->style;
	if (!look->has_fg)
		style.fg = text->fg;
	if (!look->has_bg)
		style.bg = text->bg;
	return style;
}

/* Another theme's role, on this one's ground. */
static struct sw_style on_ground(struct sw_style style, const struct sw_style *its_text,
                                 const struct sw_style *text)
{
	if (style.bg == its_text->bg)
		style.bg = text->bg;
	return style;
}

static struct sw_style left_out(enum sw_role role, const struct sw_style *text)
{
	struct sw_style style = *text;
	style.reverse ^= role == SW_ROLE_SELECTION;
	return style;
}

static void resolve_rgb(const struct sw_theme_draft *draft, const struct sw_theme *base,
                        struct sw_theme *out)
{
	static const struct sw_style terminal = {.fg = SW_COLOR_DEFAULT, .bg = SW_COLOR_DEFAULT};
	const struct sw_style *text = &out->rgb[SW_ROLE_TEXT];
	out->rgb[SW_ROLE_TEXT] =
		draft->rgb[SW_ROLE_TEXT].given
			? look_over(&draft->rgb[SW_ROLE_TEXT], base ? &base->rgb[SW_ROLE_TEXT] : &terminal)
		: base ? base->rgb[SW_ROLE_TEXT]
			   : terminal;
	for (int r = SW_ROLE_TEXT + 1; r < SW_ROLE_COUNT; r++) {
		if (draft->rgb[r].given)
			out->rgb[r] = look_over(&draft->rgb[r], text);
		else if (base)
			out->rgb[r] = on_ground(base->rgb[r], &base->rgb[SW_ROLE_TEXT], text);
		else
			out->rgb[r] = left_out(r, text);
	}
}

static void resolve_16(const struct sw_palette *palette, const struct sw_theme_draft *draft,
                       const struct sw_theme *base, struct sw_theme *out)
{
	const struct sw_style *rgb = &out->rgb[SW_ROLE_TEXT], *text = &out->x16[SW_ROLE_TEXT];
	/* Text's own is reduced against a ground that is not known yet: its own. */
	struct sw_style ground = {.fg = SW_COLOR_DEFAULT, .bg = SW_COLOR_DEFAULT};
	if (rgb->bg >= 0)
		ground.bg = sw_color_to_16(palette, (uint32_t)rgb->bg, -1, 1);
	for (int r = SW_ROLE_TEXT; r < SW_ROLE_COUNT; r++) {
		if (draft->x16[r].given)
			out->x16[r] = look_over(&draft->x16[r], r == SW_ROLE_TEXT ? &ground : text);
		else if (!draft->rgb[r].given && base)
			out->x16[r] = r == SW_ROLE_TEXT
			                  ? base->x16[r]
			                  : on_ground(base->x16[r], &base->x16[SW_ROLE_TEXT], text);
		else
			out->x16[r] = to_16(palette, r, out, r == SW_ROLE_TEXT ? &ground : text);
	}
}

static void resolve_none(const struct sw_theme_draft *draft, const struct sw_theme *plain,
                         struct sw_theme *out)
{
	for (int r = SW_ROLE_TEXT; r < SW_ROLE_COUNT; r++) {
		struct sw_style *style = &out->none[r];
		*style = draft->none[r].given ? draft->none[r].style
		         : plain              ? plain->none[r]
		                              : (struct sw_style){0};
		style->fg = style->bg = SW_COLOR_DEFAULT;
	}
}

void sw_theme_resolve(const struct sw_theme_draft *draft, const struct sw_theme *base,
                      const struct sw_theme *plain, struct sw_theme *out)
{
	struct sw_palette palette;
	struct sw_theme theme = {0};
	memcpy(theme.name, draft->name, sizeof theme.name);
	memcpy(theme.about, draft->about, sizeof theme.about);
	resolve_rgb(draft, base, &theme);
	resolve_none(draft, plain, &theme);
	sw_color_palette(&palette);
	resolve_16(&palette, draft, base, &theme);
	for (int r = SW_ROLE_TEXT; r < SW_ROLE_COUNT; r++)
		theme.x256[r] = to_256(&palette, &theme.rgb[r], &theme.rgb[SW_ROLE_TEXT]);
	*out = theme;
}
