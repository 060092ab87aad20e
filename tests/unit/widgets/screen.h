/* A canvas to draw on, and what is to be true of every one. */
#ifndef SW_TEST_SCREEN_H
#define SW_TEST_SCREEN_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/golden.h"
#include "widgets/canvas.h"
#include "widgets/text.h"

struct screen {
	struct sw_canvas *canvas;
	char text[262144];
};

static inline int screen_setup(void **state)
{
	*state = calloc(1, sizeof(struct screen));
	return *state ? 0 : -1;
}

static inline int screen_teardown(void **state)
{
	struct screen *screen = *state;
	sw_canvas_free(screen->canvas);
	free(screen);
	return 0;
}

/* A new canvas; the one before is gone. */
static inline struct sw_area screen_new(struct screen *screen, int width, int height, bool unicode)
{
	sw_canvas_free(screen->canvas);
	screen->canvas = sw_canvas_new(width, height, unicode ? &sw_glyphs_unicode : &sw_glyphs_ascii);
	assert_non_null(screen->canvas);
	return sw_canvas_area(screen->canvas);
}

static inline const char *screen_text(struct screen *screen, bool roles)
{
	size_t len = sw_canvas_dump(screen->canvas, roles, screen->text, sizeof(screen->text));
	assert_true(len < sizeof(screen->text));
	return screen->text;
}

/* Every cell printable and of one or two columns; the second half of a wide one is 0; without
 * Unicode all is ASCII. */
static inline void screen_check(const struct sw_canvas *canvas, bool unicode)
{
	for (int y = 0; y < sw_canvas_height(canvas); y++) {
		const struct sw_cell *row = sw_canvas_row(canvas, y);
		for (int x = 0; x < sw_canvas_width(canvas); x++) {
			uint32_t ch = row[x].ch;
			int columns = sw_glyph_columns(ch);
			assert_true(row[x].role < SW_ROLE_COUNT && row[x].back < SW_ROLE_COUNT);
			if (ch == 0) {
				assert_true(x > 0 && sw_glyph_columns(row[x - 1].ch) == 2);
				continue;
			}
			assert_true(columns == 1 || columns == 2);
			assert_true(unicode || (ch >= ' ' && ch <= '~'));
			if (columns == 2)
				assert_true(x + 1 < sw_canvas_width(canvas) && row[x + 1].ch == 0);
		}
	}
}

/* All drawings of a golden file one after the other, each under a heading. */
struct album {
	struct screen *screen;
	size_t len;
	char text[262144];
};

static inline void album_add(struct album *album, const char *heading, bool roles)
{
	int n = snprintf(album->text + album->len, sizeof(album->text) - album->len,
	                 "=== %s, %d x %d\n%s", heading, sw_canvas_width(album->screen->canvas),
	                 sw_canvas_height(album->screen->canvas), screen_text(album->screen, roles));
	assert_true(n > 0 && (size_t)n < sizeof(album->text) - album->len);
	album->len += (size_t)n;
}

static inline void album_check(struct album *album, const char *name)
{
	char path[256];
	snprintf(path, sizeof(path), "tests/golden/widgets/%s.txt", name);
	golden_check_file(path, album->text, album->len);
	album->len = 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, screen_setup, screen_teardown)

#endif
