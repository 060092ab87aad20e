#include "widgets/wrap.h"

#include "widgets/text.h"

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static const char *skip_blanks(const char *at)
{
	while (is_blank(*at))
		at++;
	return at;
}

/* A tab or return counts as a blank; where one stands, columns are not worth an argument. */
static uint32_t next_glyph(const char **at)
{
	if (!is_blank(**at))
		return sw_glyph_next(at);
	++*at;
	return ' ';
}

bool sw_wrap_next(const char **text, int width, const char **out_end)
{
	const char *at = *text, *word_end = NULL;
	int columns = 0;
	if (!*at)
		return false;
	while (*at && *at != '\n') {
		const char *before = at;
		if (is_blank(*at) && at > *text && !is_blank(at[-1]))
			word_end = at;
		columns += sw_glyph_columns(next_glyph(&at));
		if (columns <= width || before == *text)
			continue;
		/* Too far: back to the last blank, or else to the last character that fitted. */
		*out_end = word_end ? word_end : before;
		at = skip_blanks(*out_end);
		*text = *at == '\n' ? at + 1 : at;
		return true;
	}
	*out_end = at;
	*text = *at ? at + 1 : at;
	return true;
}

int sw_wrap_rows(const char *text, int width)
{
	const char *end;
	int rows = 0;
	while (sw_wrap_next(&text, width, &end))
		rows++;
	return rows;
}

int sw_wrap_draw(struct sw_area area, int y, const char *text, enum sw_role role)
{
	const char *at = text, *end;
	int rows = 0;
	for (; sw_wrap_next(&text, area.w, &end); rows++, at = text) {
		if (y + rows < 0 || y + rows >= area.h)
			continue;
		for (int x = 0; at < end;) {
			uint32_t ch = next_glyph(&at);
			sw_put_char(area, x, y + rows, ch, role);
			x += sw_glyph_columns(ch);
		}
	}
	return rows;
}
