#include "widgets/gauge.h"

#include <math.h>

#include "widgets/text.h"

enum { GAP = 2, BAR_MIN = 6, STEPS = 8 };

/* Steps lit of ALL; neither end is reached before its time. */
static int lit_steps(int all, double share)
{
	if (!(share > 0) || all < 1)
		return 0;
	if (share >= 1)
		return all;
	int lit = (int)lround(share * all);
	if (lit < 1)
		lit = 1;
	return lit < all ? lit : all - 1;
}

void sw_bar_draw(struct sw_area area, int x, int y, int width, double share, enum sw_role role)
{
	const struct sw_glyphs *glyphs = sw_area_glyphs(area);
	if (width > area.w - x)
		width = area.w - x;
	/* Without colours and blocks its ends have to be seen. */
	bool brackets = !glyphs->unicode && width > 2;
	if (brackets) {
		sw_put_char(area, x++, y, '[', SW_ROLE_TRACK);
		sw_put_char(area, x + width - 2, y, ']', SW_ROLE_TRACK);
		width -= 2;
	}
	/* ASCII knows whole cells only. */
	int lit = glyphs->unicode ? lit_steps(width * STEPS, share) : STEPS * lit_steps(width, share);
	for (int i = 0; i < width; i++) {
		int steps = lit - i * STEPS;
		if (steps >= STEPS)
			sw_put_char(area, x + i, y, glyphs->left[STEPS], role);
		else if (steps > 0)
			sw_put_char(area, x + i, y, glyphs->left[steps], role);
		else
			sw_put_char(area, x + i, y, glyphs->shade, SW_ROLE_TRACK);
	}
}

void sw_gauge_draw(struct sw_area area, const struct sw_gauge *gauge)
{
	int done = gauge->done ? sw_glyph_text_columns(gauge->done) : 0;
	int left = gauge->left ? sw_glyph_text_columns(gauge->left) : 0;
	int before = done > 0 ? done + GAP : 0;
	int behind = left > 0 ? left + GAP : 0;
	if (before + behind + BAR_MIN <= area.w)
		sw_bar_draw(area, before, 0, area.w - before - behind, gauge->share, gauge->role);
	if (done > 0)
		sw_put_text_cut(area, 0, 0, area.w, gauge->done, SW_ROLE_TEXT);
	if (left > 0 && before + left <= area.w)
		sw_put_text_right(area, area.w, 0, left, gauge->left, SW_ROLE_DIM);
}

/* ---- states ---- */

static uint32_t badge_sign(const struct sw_glyphs *glyphs, enum sw_badge badge)
{
	switch (badge) {
	case SW_BADGE_RUNNING:
	case SW_BADGE_WATCHING:
		return glyphs->dot;
	case SW_BADGE_PAUSED:
		return glyphs->pause;
	case SW_BADGE_DONE:
		return glyphs->check;
	case SW_BADGE_INTERRUPTED:
	case SW_BADGE_FAILED:
	case SW_BADGE_LOST:
		return glyphs->cross;
	case SW_BADGE_REPLAY:
		return glyphs->pointer;
	case SW_BADGE_PREPARING:
	case SW_BADGE_STOPPING:
	case SW_BADGE_COUNT:
		break;
	}
	return glyphs->ring;
}

static const struct {
	const char *word;
	enum sw_role role;
} badges[SW_BADGE_COUNT] = {
	[SW_BADGE_PREPARING] = {"PREPARING", SW_ROLE_DIM},
	[SW_BADGE_RUNNING] = {"RUNNING", SW_ROLE_OK},
	[SW_BADGE_PAUSED] = {"PAUSED", SW_ROLE_WARNING},
	[SW_BADGE_STOPPING] = {"STOPPING", SW_ROLE_WARNING},
	[SW_BADGE_DONE] = {"DONE", SW_ROLE_OK},
	[SW_BADGE_INTERRUPTED] = {"INTERRUPTED", SW_ROLE_WARNING},
	[SW_BADGE_FAILED] = {"FAILED", SW_ROLE_BAD},
	[SW_BADGE_REPLAY] = {"REPLAY", SW_ROLE_ACCENT},
	[SW_BADGE_WATCHING] = {"WATCHING", SW_ROLE_OK},
	[SW_BADGE_LOST] = {"LOST", SW_ROLE_BAD},
};

int sw_badge_draw(struct sw_area area, int x, int y, enum sw_badge badge)
{
	enum sw_role role = badges[badge].role;
	sw_put_char(area, x, y, badge_sign(sw_area_glyphs(area), badge), role);
	sw_put_char(area, x + 1, y, ' ', role);
	return 2 + sw_put_text(area, x + 2, y, badges[badge].word, role);
}

int sw_badge_columns(enum sw_badge badge)
{
	return 2 + sw_glyph_text_columns(badges[badge].word);
}
