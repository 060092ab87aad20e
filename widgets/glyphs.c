#include "widgets/glyphs.h"

const struct sw_glyphs sw_glyphs_unicode = {
	.unicode = true,
	.left = {' ', 0x258f, 0x258e, 0x258d, 0x258c, 0x258b, 0x258a, 0x2589, 0x2588},
	.below = {' ', 0x2581, 0x2582, 0x2583, 0x2584, 0x2585, 0x2586, 0x2587, 0x2588},
	.shade = 0x2591,
	.dot = 0x25cf,
	.ring = 0x25cb,
	.full = 0x25ae,
	.empty = 0x25af,
	.horizontal = 0x2500,
	.vertical = 0x2502,
	.top_left = 0x256d,
	.top_right = 0x256e,
	.bottom_left = 0x2570,
	.bottom_right = 0x256f,
	.tee_left = 0x251c,
	.tee_right = 0x2524,
	.tick = 0x2534,
	.mark = 0x2502,
	.thumb = 0x2503,
	.up = 0x25b2,
	.down = 0x25bc,
	.pointer = 0x25b8,
	.check = 0x2713,
	.cross = 0x2717,
	.pause = 0x2016,
	.ellipsis = 0x2026,
};

const struct sw_glyphs sw_glyphs_ascii = {
	.unicode = false,
	.left = {' ', ' ', ' ', ' ', '#', '#', '#', '#', '#'},
	.below = {' ', '.', ':', '-', '=', '+', '*', '%', '#'},
	.shade = '.',
	.dot = '*',
	.ring = 'o',
	.full = '#',
	.empty = '.',
	.horizontal = '-',
	.vertical = '|',
	.top_left = '+',
	.top_right = '+',
	.bottom_left = '+',
	.bottom_right = '+',
	.tee_left = '+',
	.tee_right = '+',
	.tick = '+',
	.mark = '|',
	.thumb = '#',
	.up = '^',
	.down = 'v',
	.pointer = '>',
	.check = '+',
	.cross = 'x',
	.pause = '=',
	.ellipsis = '~', /* a full stop would look like the end of a sentence */
};

uint32_t sw_braille_dot(int x, int y)
{
	/* The bits follow the order in which the dots were standardised: the lowest row came last. */
	static const uint8_t bits[2][4] = {{0x01, 0x02, 0x04, 0x40}, {0x08, 0x10, 0x20, 0x80}};
	return 0x2800u | bits[x & 1][y & 3];
}
