#include "widgets/modal.h"

#include "widgets/panel.h"
#include "widgets/scrollbar.h"
#include "widgets/text.h"
#include "widgets/wrap.h"

enum {
	COLUMNS_MAX = 76,
	KEY_GAP = 2,
	CHOICE_GAP = 3,
	TINY_COLUMNS = 30,
	TEXT_MIN = 14,
	INDENT = 2
};

static int least(int a, int b)
{
	return a < b ? a : b;
}

static int most(int a, int b)
{
	return a > b ? a : b;
}

/* ---- the box ---- */

/* Where a box around COLUMNS × ROWS stands in AREA, with nothing beneath it any more. */
static struct sw_area clear_box(struct sw_area area, int columns, int rows)
{
	int w = columns + SW_PANEL_COLUMNS, h = rows + SW_PANEL_ROWS;
	w = area.w < TINY_COLUMNS ? area.w : least(w, area.w - 2);
	h = least(h, area.h);
	int x = (area.w - w) / 2, y = (area.h - h) / 2;
	sw_fill(sw_area_sub(area, x - 1, y - 1, w + 2, h + 2), ' ', SW_ROLE_TEXT);
	return sw_area_sub(area, x, y, w, h);
}

/* The columns inside of the box, before its height is known. */
static int inner_columns(struct sw_area area, int columns)
{
	int outer = area.w < TINY_COLUMNS ? area.w : least(columns + SW_PANEL_COLUMNS, area.w - 2);
	return most(outer - SW_PANEL_COLUMNS, 1);
}

/* Columns of the longest line of TEXT, up to COLUMNS_MAX. */
static int natural_columns(const char *text)
{
	int widest = 0;
	for (const char *at = text ? text : "", *end; sw_wrap_next(&at, COLUMNS_MAX, &end); text = at) {
		int columns = 0;
		while (text < end)
			columns += sw_glyph_columns(sw_glyph_next(&text));
		widest = most(widest, columns);
	}
	return least(widest, COLUMNS_MAX);
}

/* ---- lines ---- */

static int key_columns(const struct sw_modal *modal, int width)
{
	int widest = 0;
	for (int i = 0; i < modal->n_lines; i++)
		if (modal->lines[i].key)
			widest = most(widest, sw_glyph_text_columns(modal->lines[i].key));
	return least(widest, width / 2);
}

static int content_columns(const struct sw_modal *modal)
{
	int widest = most(sw_glyph_text_columns(modal->title) + 2, natural_columns(modal->footer));
	int keys = key_columns(modal, COLUMNS_MAX);
	for (int i = 0; i < modal->n_lines; i++) {
		const struct sw_modal_line *line = &modal->lines[i];
		int before = line->key ? keys + KEY_GAP : 0;
		widest = most(widest, before + natural_columns(line->text));
	}
	return least(widest, COLUMNS_MAX);
}

/* Draws the lines from row Y on, or, with a body without rows, counts. Returns the rows. Where there
 * is no room beside the keys, the texts stand beneath them. */
static int put_lines(struct sw_area body, int y, const struct sw_modal *modal)
{
	int keys = key_columns(modal, body.w), rows = 0;
	bool beneath = keys > 0 && body.w - keys - KEY_GAP < TEXT_MIN;
	int indent = beneath ? least(INDENT, body.w / 4) : keys + KEY_GAP;
	for (int i = 0; i < modal->n_lines; i++) {
		const struct sw_modal_line *line = &modal->lines[i];
		int before = line->key ? indent : 0;
		struct sw_area part = sw_area_sub(body, before, 0, body.w - before, body.h);
		if (line->key)
			sw_put_text_cut(body, 0, y + rows, beneath ? body.w : keys, line->key, modal->key_role);
		if (line->key && beneath)
			rows++;
		int used = sw_wrap_draw(part, y + rows, line->text ? line->text : "", line->role);
		rows += most(used, line->key && beneath ? 0 : 1);
	}
	return rows;
}

static int count_lines(const struct sw_modal *modal, int columns)
{
	return put_lines((struct sw_area){.w = columns}, 0, modal);
}

void sw_modal_scroll(struct sw_modal_state *state, int by)
{
	int64_t top = (int64_t)state->top + by;
	int last = most(state->rows - state->page, 0);
	state->top = top < 0 ? 0 : top > last ? last : (int)top;
}

void sw_modal_draw(struct sw_area area, const struct sw_modal *modal, struct sw_modal_state *state)
{
	int columns = content_columns(modal);
	struct sw_area box = clear_box(area, columns, count_lines(modal, inner_columns(area, columns)));
	struct sw_flow_piece title = {modal->title, SW_ROLE_TITLE};
	struct sw_flow_piece foot = {modal->footer, SW_ROLE_DIM};
	struct sw_area body =
		sw_panel_draw(box, &(struct sw_panel){.title = &title,
	                                          .n_title = 1,
	                                          .foot = &foot,
	                                          .n_foot = modal->footer && *modal->footer ? 1 : 0});
	bool framed = body.x > box.x;
	struct sw_area bar = framed ? sw_area_sub(box, box.w - 1, 1, 1, body.h) : (struct sw_area){0};
	if (!framed && count_lines(modal, body.w) > body.h && body.w > 4) {
		bar = sw_area_cut_right(&body, 1);
		sw_area_cut_right(&body, 1);
	}
	state->rows = count_lines(modal, body.w);
	state->page = body.h;
	state->box.n = 0;
	sw_hits_add(&state->box, box, 0);
	sw_modal_scroll(state, 0);
	put_lines(body, -state->top, modal);
	sw_scrollbar_draw(bar, state->rows, state->page, state->top);
}

/* ---- questions ---- */

static int choice_columns(const struct sw_choice *choice)
{
	return sw_glyph_text_columns(choice->key) + 3 + sw_glyph_text_columns(choice->word);
}

static int all_choice_columns(const struct sw_question *question)
{
	int columns = 0;
	for (int i = 0; i < question->n_choices; i++)
		columns += choice_columns(&question->choices[i]) + (i > 0 ? CHOICE_GAP : 0);
	return columns;
}

static void put_choices(struct sw_area area, const struct sw_question *question, bool beside,
                        struct sw_hits *hits)
{
	int x = 0, y = 0;
	for (int i = 0; i < question->n_choices; i++) {
		const struct sw_choice *choice = &question->choices[i];
		struct sw_flow_piece pieces[] = {{"[", SW_ROLE_KEY},
		                                 {choice->key, SW_ROLE_KEY},
		                                 {"]", SW_ROLE_KEY},
		                                 {" ", SW_ROLE_TEXT},
		                                 {choice->word, SW_ROLE_TEXT}};
		int used = sw_flow_line(area, x, y, area.w, pieces, 5);
		sw_hits_add(hits, sw_area_sub(area, x, y, used, 1), i);
		x += beside ? used + CHOICE_GAP : 0;
		y += beside ? 0 : 1;
	}
}

void sw_question_draw(struct sw_area area, const struct sw_question *question, struct sw_hits *hits)
{
	int choices = all_choice_columns(question);
	int columns = least(most(most(natural_columns(question->text), choices),
	                         sw_glyph_text_columns(question->title) + 2),
	                    COLUMNS_MAX);
	int inner = inner_columns(area, columns);
	int choice_rows = choices <= inner ? 1 : question->n_choices;
	int rows = sw_wrap_rows(question->text, inner) + 1 + choice_rows;
	struct sw_area box = clear_box(area, columns, rows);
	struct sw_flow_piece title = {question->title, SW_ROLE_TITLE};
	struct sw_area body = sw_panel_draw(box, &(struct sw_panel){.title = &title, .n_title = 1});
	choice_rows = choices <= body.w ? 1 : question->n_choices;
	hits->n = 0;
	put_choices(sw_area_cut_bottom(&body, choice_rows), question, choice_rows == 1, hits);
	if (sw_wrap_draw(body, 0, question->text, SW_ROLE_TEXT) > body.h)
		sw_put_char(body, body.w - 1, body.h - 1, sw_area_glyphs(body)->ellipsis, SW_ROLE_TEXT);
}
