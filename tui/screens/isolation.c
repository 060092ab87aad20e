#include "tui/screens/isolation.h"

#include <stdio.h>

#include "core/isolation.h"
#include "core/report_words.h"
#include "widgets/panel.h"
#include "widgets/table.h"

enum { LINES_MAX = 2 * SW_KIND_COUNT };

static enum sw_role role_of(int withstood, int tried)
{
	return withstood == tried ? SW_ROLE_OK : SW_ROLE_WARNING;
}

enum sw_role sw_isolation_cell(char *dst, size_t size, const struct sw_mode_info *info)
{
	const struct sw_isolation *line = sw_isolation_of(info->kind, info->preforked);
	int withstood, tried;
	if (!line || *info->layer) {
		(void)snprintf(dst, size, "?");
		return SW_ROLE_DIM;
	}
	sw_isolation_count(line, &withstood, &tried);
	(void)snprintf(dst, size, "%s %d/%d", sw_isolation_marks(line).text, withstood, tried);
	return role_of(withstood, tried);
}

int sw_isolation_legend(struct sw_flow_piece pieces[SW_ISOLATION_LEGEND_MAX])
{
	static const struct sw_flow_piece legend[] = {
		{"shared: ", SW_ROLE_DIM},    {"K", SW_ROLE_TEXT},
		{"ernel ", SW_ROLE_DIM},      {"F", SW_ROLE_TEXT},
		{"iles ", SW_ROLE_DIM},       {"P", SW_ROLE_TEXT},
		{"rocesses ", SW_ROLE_DIM},   {"I", SW_ROLE_TEXT},
		{"nterpreter ", SW_ROLE_DIM}, {"M", SW_ROLE_TEXT},
		{"emory", SW_ROLE_DIM},       {"; n/n attacks withstood", SW_ROLE_DIM},
	};
	_Static_assert(sizeof legend / sizeof legend[0] == SW_ISOLATION_LEGEND_MAX, "all of it");
	for (int i = 0; i < SW_ISOLATION_LEGEND_MAX; i++)
		pieces[i] = legend[i];
	return SW_ISOLATION_LEGEND_MAX;
}

/* ---- the panel ---- */

enum { MODES, SHARES, WITHSTANDS, FAILS, N_COLUMNS };

static const struct sw_table_column columns[N_COLUMNS] = {
	[MODES] = {.title = "modes", .width = 14, .weight = 1},
	[SHARES] = {.title = "shares", .width = 9},
	[WITHSTANDS] = {.title = "withstands", .width = 10, .right = true},
	[FAILS] = {.title = "not withstood", .width = 20, .weight = 4, .priority = 1},
};

/* The lines of the ledger that modes are of. */
struct found {
	const struct sw_figures *figures;
	struct {
		const struct sw_isolation *line;
		struct sw_sentence modes;
		int first;
	} rows[LINES_MAX];
	int n;
};

static void find_lines(const struct sw_figures *figures, struct found *found)
{
	const struct sw_isolation *line;
	found->figures = figures;
	found->n = 0;
	for (int i = 0; (line = sw_isolation_line(i)) && found->n < LINES_MAX; i++) {
		int first;
		struct sw_sentence modes = sw_say_modes_of(figures, line, &first);
		if (first < 0)
			continue;
		found->rows[found->n].line = line;
		found->rows[found->n].modes = modes;
		found->rows[found->n++].first = first;
	}
}

static void row(void *user, int index, struct sw_table_cell *cells)
{
	const struct found *found = user;
	const struct sw_isolation *line = found->rows[index].line;
	struct sw_isolation_marks marks = sw_isolation_marks(line);
	int withstood, tried, n = 0;
	(void)snprintf(cells[MODES].text, sizeof cells->text, "%.250s", found->rows[index].modes.text);
	cells[MODES].role = sw_view_mode_role(found->rows[index].first);
	for (int i = 0; i < SW_BOND_COUNT; i++)
		n += snprintf(cells[SHARES].text + n, sizeof cells->text - (size_t)n, "%s%c", i ? " " : "",
		              marks.text[i]);
	sw_isolation_count(line, &withstood, &tried);
	(void)snprintf(cells[WITHSTANDS].text, sizeof cells->text, "%d/%d", withstood, tried);
	cells[WITHSTANDS].role = role_of(withstood, tried);
	(void)snprintf(cells[FAILS].text, sizeof cells->text, "%s", sw_isolation_fails(line).text);
	cells[FAILS].role = SW_ROLE_WARNING;
}

int sw_isolation_rows(const struct sw_session_program *program)
{
	struct found found;
	if (!program->has_figures || !*sw_isolation_source())
		return 0;
	find_lines(program->figures, &found);
	return found.n > 1 ? 1 + found.n : 0;
}

void sw_draw_isolation(const struct sw_session_program *program, struct sw_area area)
{
	struct found found;
	struct sw_table_state state = {.selected = -1, .sort = -1};
	struct sw_table table = {
		.columns = columns, .n_columns = N_COLUMNS, .row = row, .user = &found};
	find_lines(program->figures, &found);
	table.rows = found.n;
	struct sw_sentence source = sw_say_isolation_source(program->figures);
	const struct sw_flow_piece title = {"isolation between iterations", SW_ROLE_TITLE};
	const struct sw_flow_piece foot = {source.text, SW_ROLE_DIM};
	struct sw_panel panel = {.title = &title,
	                         .n_title = 1,
	                         .note = "of kinds, not of this run",
	                         .foot = &foot,
	                         .n_foot = 1};
	sw_table_draw(sw_panel_draw(area, &panel), &table, &state);
}
