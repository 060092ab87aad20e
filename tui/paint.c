#include "tui/paint.h"

#include "core/buf.h"
#include "core/cleanup.h"
#include "widgets/text.h"

enum { PEN_BOLD = 1, PEN_DIM = 2, PEN_ITALIC = 4, PEN_UNDERLINE = 8, PEN_REVERSE = 16 };
#define PENS 5
#define UNKNOWN (-1)

/* How a cell looks; compared as a whole. */
struct pen {
	int32_t fg, bg;
	uint32_t attributes;
};

/* A cell as the terminal has it. ch 0: the second half of a wide one. */
struct shown {
	uint32_t ch;
	struct pen pen;
};

struct sw_paint {
	struct sw_paint_options o;
	int width, height;
	struct shown *cells;   /* height rows, and one more to work in */
	struct sw_cell *drawn; /* what they come from: a row that is the same needs no look */
	struct sw_style styles[SW_ROLE_COUNT];
	bool known;
	/* of the frame being written */
	struct sw_buf *out;
	int x, y; /* the terminal's cursor; UNKNOWN */
	struct pen pen;
	bool pen_known;
};

struct sw_paint *sw_paint_new(const struct sw_paint_options *options)
{
	struct sw_paint *paint = calloc(1, sizeof *paint);
	if (paint)
		paint->o = *options;
	return paint;
}

void sw_paint_free(struct sw_paint *paint)
{
	if (!paint)
		return;
	free(paint->cells);
	free(paint->drawn);
	free(paint);
}

void sw_paint_forget(struct sw_paint *paint)
{
	paint->known = false;
}

/* ---- what is to be shown ---- */

static bool same_pen(const struct pen *a, const struct pen *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attributes == b->attributes;
}

static bool same(const struct shown *a, const struct shown *b)
{
	return a->ch == b->ch && same_pen(&a->pen, &b->pen);
}

/* Whether they are the last frame's. */
static bool take_styles(struct sw_paint *paint, const struct sw_theme *theme)
{
	bool are_same = true;
	for (int role = 0; role < SW_ROLE_COUNT; role++) {
		const struct sw_style *style = sw_theme_style(theme, (enum sw_role)role, paint->o.depth);
		are_same = are_same && memcmp(&paint->styles[role], style, sizeof *style) == 0;
		memcpy(&paint->styles[role], style, sizeof *style);
	}
	return are_same;
}

static struct pen pen_of(const struct sw_paint *paint, const struct sw_cell *cell)
{
	uint8_t role = cell->role < SW_ROLE_COUNT ? cell->role : SW_ROLE_TEXT;
	uint8_t back = cell->back < SW_ROLE_COUNT ? cell->back : SW_ROLE_TEXT;
	const struct sw_style *style = &paint->styles[role];
	struct pen pen = {style->fg, style->bg, 0};
	if (back != SW_ROLE_TEXT && paint->styles[back].fg >= 0)
		pen.bg = paint->styles[back].fg;
	if (paint->o.depth == SW_DEPTH_NONE)
		pen.fg = pen.bg = SW_COLOR_DEFAULT;
	bool is_reverse = style->reverse != !!(cell->attributes & SW_CELL_REVERSE);
	pen.attributes =
		(style->bold || cell->attributes & SW_CELL_BOLD ? PEN_BOLD : 0) |
		(style->dim ? PEN_DIM : 0) | (style->italic ? PEN_ITALIC : 0) |
		(style->underline || cell->attributes & SW_CELL_UNDERLINE ? PEN_UNDERLINE : 0) |
		(is_reverse ? PEN_REVERSE : 0);
	if (paint->o.depth == SW_DEPTH_16 && !paint->o.bright) {
		pen.attributes |= pen.fg >= 8 ? PEN_BOLD : 0;
		pen.fg = pen.fg >= 8 ? pen.fg - 8 : pen.fg;
		pen.bg = pen.bg >= 8 ? pen.bg - 8 : pen.bg;
	}
	return pen;
}

/* The last guarantee that nothing but printable text gets to the terminal. */
static uint32_t printable(const struct sw_paint *paint, const struct sw_cell *cells, int x,
                          int width)
{
	uint32_t ch = cells[x].ch;
	bool is_valid = ch >= ' ' && ch != 0x7f && (ch < 0x80 || ch >= 0xa0) &&
	                (ch < 0xd800 || ch > 0xdfff) && ch <= 0x10ffff;
	if (ch >= 0x80 && is_valid) {
		int columns = sw_glyph_columns(ch);
		is_valid = columns == 1 || (columns == 2 && x + 1 < width && cells[x + 1].ch == 0);
	}
	if (!is_valid)
		return '?';
	if (ch < 0x80 || paint->o.unicode)
		return ch;
	return (unsigned char)sw_glyph_ascii(ch);
}

static void resolve_row(const struct sw_paint *paint, const struct sw_cell *cells,
                        struct shown *row)
{
	for (int x = 0; x < paint->width; x++) {
		row[x] = (struct shown){printable(paint, cells, x, paint->width), pen_of(paint, &cells[x])};
		/* Of a blank, only what is seen counts. */
		if (row[x].ch == ' ' && !(row[x].pen.attributes & (PEN_UNDERLINE | PEN_REVERSE))) {
			row[x].pen.fg = SW_COLOR_DEFAULT;
			row[x].pen.attributes = 0;
		}
		if (cells[x].ch < 0x80 || x + 1 == paint->width || cells[x + 1].ch != 0 ||
		    sw_glyph_columns(cells[x].ch) != 2)
			continue;
		row[x + 1] = (struct shown){row[x].ch < 0x80 ? ' ' : 0, row[x].pen};
		x++;
	}
}

/* ---- bytes ---- */

/* snprintf would take most of a frame's time. */
static size_t put_number(char *dst, unsigned n)
{
	char digits[10];
	size_t len = 0;
	do
		digits[len++] = (char)('0' + n % 10);
	while (n /= 10);
	for (size_t i = 0; i < len; i++)
		dst[i] = digits[len - 1 - i];
	return len;
}

static size_t put_csi(char *dst, unsigned n, char final)
{
	size_t len = 0;
	dst[len++] = '\033';
	dst[len++] = '[';
	if (n > 1)
		len += put_number(dst + len, n);
	dst[len++] = final;
	return len;
}

static size_t put_goto(char *dst, int x, int y)
{
	size_t len = 2;
	dst[0] = '\033';
	dst[1] = '[';
	if (y > 0)
		len += put_number(dst + len, (unsigned)y + 1);
	if (x > 0) {
		dst[len++] = ';';
		len += put_number(dst + len, (unsigned)x + 1);
	}
	dst[len++] = 'H';
	return len;
}

/* ---- the cursor ---- */

/* Whether CELL comes out right with the colours that are set. */
static bool suits(const struct sw_paint *paint, const struct shown *cell)
{
	if (!paint->pen_known)
		return false;
	if (same_pen(&cell->pen, &paint->pen))
		return true;
	const uint32_t seen = PEN_UNDERLINE | PEN_REVERSE;
	return cell->ch == ' ' && cell->pen.bg == paint->pen.bg &&
	       !((cell->pen.attributes | paint->pen.attributes) & seen);
}

/* What lies between is written again when that takes fewer bytes than LIMIT. */
static bool step_over(struct sw_paint *paint, const struct shown *row, int x, size_t limit)
{
	char bytes[16];
	size_t len = 0;
	for (int i = paint->x; i < x; i++) {
		if (!row[i].ch || (row[i].ch >= 0x80 && sw_glyph_columns(row[i].ch) != 1) ||
		    !suits(paint, &row[i]) || len + 4 > sizeof bytes)
			return false;
		len += sw_glyph_encode(row[i].ch, bytes + len);
	}
	if (len >= limit)
		return false;
	(void)sw_buf_add(paint->out, bytes, len);
	return true;
}

static void move_to(struct sw_paint *paint, const struct shown *row, int x, int y)
{
	char best[24], other[24];
	if (paint->x == x && paint->y == y)
		return;
	size_t len = put_goto(best, x, y);
	if (paint->y == y && paint->x != UNKNOWN) {
		int by = x - paint->x;
		size_t n = put_csi(other, (unsigned)(by > 0 ? by : -by), by > 0 ? 'C' : 'D');
		if (n < len) {
			memcpy(best, other, n);
			len = n;
		}
		if (by > 0 && step_over(paint, row, x, len))
			len = 0;
	} else if (paint->y != UNKNOWN && y > paint->y && (x == paint->x || x == 0)) {
		size_t n = x == paint->x ? 0 : 1;
		other[0] = '\r';
		n += put_csi(other + n, (unsigned)(y - paint->y), 'B');
		if (n < len) {
			memcpy(best, other, n);
			len = n;
		}
	}
	(void)sw_buf_add(paint->out, best, len);
	paint->x = x;
	paint->y = y;
}

/* ---- colours ---- */

struct sgr {
	char bytes[96];
	size_t len;
};

static void add_sgr(struct sgr *sgr, unsigned parameter)
{
	if (sgr->len > 2)
		sgr->bytes[sgr->len++] = ';';
	sgr->len += put_number(sgr->bytes + sgr->len, parameter);
}

static void add_color(struct sgr *sgr, enum sw_depth depth, int32_t color, unsigned base)
{
	if (color < 0) {
		add_sgr(sgr, base + 9);
	} else if (depth == SW_DEPTH_16) {
		add_sgr(sgr, (unsigned)color % 8 + (color < 8 ? base : base + 60));
	} else if (depth == SW_DEPTH_256) {
		add_sgr(sgr, base + 8);
		add_sgr(sgr, 5);
		add_sgr(sgr, (unsigned)color & 255);
	} else {
		add_sgr(sgr, base + 8);
		add_sgr(sgr, 2);
		add_sgr(sgr, (unsigned)color >> 16 & 255);
		add_sgr(sgr, (unsigned)color >> 8 & 255);
		add_sgr(sgr, (unsigned)color & 255);
	}
}

static void set_pen(struct sw_paint *paint, const struct pen *pen)
{
	static const unsigned on[PENS] = {1, 2, 3, 4, 7};
	struct sgr sgr = {"\033[", 2};
	struct pen from = paint->pen;
	/* An attribute is taken off by beginning anew: not every terminal knows how to take off one. */
	if (!paint->pen_known || from.attributes & ~pen->attributes) {
		add_sgr(&sgr, 0);
		from = (struct pen){SW_COLOR_DEFAULT, SW_COLOR_DEFAULT, 0};
	}
	for (int i = 0; i < PENS; i++)
		if (pen->attributes & ~from.attributes & 1u << i)
			add_sgr(&sgr, on[i]);
	if (pen->fg != from.fg)
		add_color(&sgr, paint->o.depth, pen->fg, 30);
	if (pen->bg != from.bg)
		add_color(&sgr, paint->o.depth, pen->bg, 40);
	sgr.bytes[sgr.len++] = 'm';
	(void)sw_buf_add(paint->out, sgr.bytes, sgr.len);
	paint->pen = *pen;
	paint->pen_known = true;
}

/* ---- the frame ---- */

/* Before the first byte that differs. A whole frame also takes back what a stranger's output may have
 * set: origin mode, scrolling region, character sets. */
static void begin_update(struct sw_paint *paint, size_t begin)
{
	if (paint->out->len > begin)
		return;
	(void)sw_buf_add_str(paint->out, "\033[?2026h");
	if (!paint->known)
		(void)sw_buf_add_str(paint->out, "\033[?6l\033[r\033(B\017");
	paint->x = paint->y = UNKNOWN;
	paint->pen_known = false;
}

static void write_cell(struct sw_paint *paint, const struct shown *row, int x, int y)
{
	char bytes[4];
	bool is_wide = x + 1 < paint->width && row[x + 1].ch == 0;
	move_to(paint, row, x, y);
	if (!suits(paint, &row[x]))
		set_pen(paint, &row[x].pen);
	(void)sw_buf_add(paint->out, bytes, sw_glyph_encode(row[x].ch, bytes));
	paint->x = x + 1;
	/* Behind the last column the cursor may be anywhere, and terminals differ on what is wide. */
	if (is_wide || paint->x >= paint->width)
		paint->x = paint->y = UNKNOWN;
}

static void paint_row(struct sw_paint *paint, const struct shown *row, int y, size_t begin)
{
	struct shown *old = paint->cells + (size_t)y * (size_t)paint->width;
	int end = paint->width - (y == paint->height - 1 && !paint->o.last_cell);
	for (int x = 0; x < end; x++) {
		int columns = x + 1 < paint->width && row[x + 1].ch == 0 ? 2 : 1;
		bool differs = !paint->known || !same(&old[x], &row[x]) ||
		               (columns == 2 && !same(&old[x + 1], &row[x + 1]));
		if (differs && x + columns <= end) {
			begin_update(paint, begin);
			write_cell(paint, row, x, y);
		}
		x += columns - 1;
	}
	memcpy(old, row, (size_t)paint->width * sizeof *row);
}

static int fit(struct sw_paint *paint, int width, int height)
{
	if (paint->cells && width == paint->width && height == paint->height)
		return 0;
	size_t n = (size_t)width * (size_t)height;
	struct shown *cells = malloc((n + (size_t)width) * sizeof *cells);
	struct sw_cell *drawn = malloc(n * sizeof *drawn);
	paint->known = false;
	if (!cells || !drawn) {
		free(cells);
		free(drawn);
		return -1;
	}
	free(paint->cells);
	free(paint->drawn);
	paint->cells = cells;
	paint->drawn = drawn;
	paint->width = width;
	paint->height = height;
	return 0;
}

int sw_paint_frame(struct sw_paint *paint, const struct sw_canvas *canvas,
                   const struct sw_theme *theme, struct sw_buf *out)
{
	size_t begin = out->len;
	if (fit(paint, sw_canvas_width(canvas), sw_canvas_height(canvas)) < 0)
		return -1;
	size_t width = (size_t)paint->width;
	struct shown *row = paint->cells + width * (size_t)paint->height;
	bool may_skip = take_styles(paint, theme) && paint->known;
	paint->out = out;
	for (int y = 0; y < paint->height; y++) {
		const struct sw_cell *cells = sw_canvas_row(canvas, y);
		struct sw_cell *drawn = paint->drawn + (size_t)y * width;
		if (may_skip && memcmp(cells, drawn, width * sizeof *cells) == 0)
			continue;
		memcpy(drawn, cells, width * sizeof *cells);
		resolve_row(paint, cells, row);
		paint_row(paint, row, y, begin);
	}
	/* What the terminal erases by itself, when its size changes, is erased in the current colours. */
	if (out->len > begin)
		(void)sw_buf_add_str(out, "\033[0m\033[?2026l");
	paint->out = NULL;
	paint->known = !out->overflow;
	if (paint->known)
		return 0;
	out->len = begin;
	if (out->data)
		out->data[begin] = '\0';
	return -1;
}
