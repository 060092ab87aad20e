#include "widgets/tabs.h"

#include "widgets/flow.h"
#include "widgets/text.h"

enum { GAP = 2, MARGIN = 1 };

/* How much of the names is written. */
enum names { NAMES_ALL, NAMES_CURRENT, NAMES_NONE };

struct tab {
	char number[12];
	const char *name;
};

static struct tab find_tab(const char *const *names, int i, int current, enum names how)
{
	struct tab tab = {.name = ""};
	snprintf(tab.number, sizeof(tab.number), "%d", i + 1);
	if (how == NAMES_ALL || (how == NAMES_CURRENT && i == current))
		tab.name = names[i];
	return tab;
}

static int tab_columns(const struct tab *tab)
{
	return 2 * MARGIN + sw_glyph_text_columns(tab->number) + (*tab->name != '\0') +
	       sw_glyph_text_columns(tab->name);
}

static int put_tab(struct sw_area area, int x, const struct tab *tab, bool current)
{
	struct sw_flow_piece pieces[] = {{tab->number, current ? SW_ROLE_ACCENT : SW_ROLE_KEY},
	                                 {*tab->name ? " " : "", SW_ROLE_DIM},
	                                 {tab->name, current ? SW_ROLE_ACCENT : SW_ROLE_DIM}};
	int columns = tab_columns(tab);
	struct sw_area part = sw_area_sub(area, x, 0, columns, 1);
	sw_flow_line(part, MARGIN, 0, columns, pieces, 3);
	if (current && sw_area_glyphs(area)->unicode) {
		sw_paint(part, SW_ROLE_ACCENT, SW_CELL_REVERSE);
	} else if (current) {
		sw_put_char(part, 0, 0, '[', SW_ROLE_ACCENT);
		sw_put_char(part, columns - 1, 0, ']', SW_ROLE_ACCENT);
	}
	return columns;
}

int sw_tabs_draw(struct sw_area area, const char *const *names, int n, int current,
                 struct sw_hits *hits)
{
	enum names how = NAMES_ALL;
	int x = 0;
	for (; how < NAMES_NONE; how++) {
		int columns = 0;
		for (int i = 0; i < n; i++) {
			struct tab tab = find_tab(names, i, current, how);
			columns += tab_columns(&tab);
		}
		if (columns <= area.w)
			break;
	}
	hits->n = 0;
	for (int i = 0; i < n && x < area.w; i++) {
		struct tab tab = find_tab(names, i, current, how);
		int columns = put_tab(area, x, &tab, i == current);
		sw_hits_add(hits, sw_area_sub(area, x, 0, columns, 1), i);
		x += columns;
	}
	return x < area.w ? x : area.w;
}

int sw_footer_draw(struct sw_area area, const struct sw_footer_key *keys, int n,
                   struct sw_hits *hits)
{
	int x = 0;
	hits->n = 0;
	for (int i = 0; i < n; i++) {
		struct sw_flow_piece pieces[] = {{keys[i].key, SW_ROLE_KEY},
		                                 {" ", SW_ROLE_DIM},
		                                 {keys[i].word, SW_ROLE_DIM}};
		int columns = sw_flow_columns(pieces, 3), begin = x > 0 ? x + GAP : 0;
		if (columns > area.w - begin)
			break;
		sw_flow_line(area, begin, 0, columns, pieces, 3);
		sw_hits_add(hits, sw_area_sub(area, begin, 0, columns, 1), i);
		x = begin + columns;
	}
	return x;
}
