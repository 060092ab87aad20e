#include "tui/color.h"

#include <math.h>

/* IEC 61966-2-1. */
static double linear(uint32_t byte)
{
	double c = (double)(byte & 0xFF) / 255;
	return c <= 0.04045 ? c / 12.92 : pow((c + 0.055) / 1.055, 2.4);
}

/* CIE 15: the curve that makes steps of lightness look even. */
static double even(double t)
{
	return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

struct sw_lab sw_color_lab(uint32_t rgb)
{
	double r = linear(rgb >> 16), g = linear(rgb >> 8), b = linear(rgb);
	double x = even((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
	double y = even(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
	double z = even((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);
	return (struct sw_lab){116 * y - 16, 500 * (x - y), 200 * (y - z)};
}

static double apart(struct sw_lab a, struct sw_lab b)
{
	return sqrt((a.l - b.l) * (a.l - b.l) + (a.a - b.a) * (a.a - b.a) + (a.b - b.b) * (a.b - b.b));
}

double sw_color_distance(uint32_t a, uint32_t b)
{
	return apart(sw_color_lab(a), sw_color_lab(b));
}

static double luminance(uint32_t rgb)
{
	return 0.2126 * linear(rgb >> 16) + 0.7152 * linear(rgb >> 8) + 0.0722 * linear(rgb);
}

double sw_color_contrast(uint32_t a, uint32_t b)
{
	double la = luminance(a), lb = luminance(b);
	return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

uint32_t sw_color_of_256(int index)
{
	static const uint32_t first[16] = {
		0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
		0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff,
	};
	static const uint32_t level[6] = {0x00, 0x5f, 0x87, 0xaf, 0xd7, 0xff};
	if (index < 0 || index > 255)
		return 0;
	if (index < 16)
		return first[index];
	if (index >= 232)
		return 0x010101 * (uint32_t)(8 + 10 * (index - 232));
	index -= 16;
	return level[index / 36] << 16 | level[index / 6 % 6] << 8 | level[index % 6];
}

void sw_color_palette(struct sw_palette *out)
{
	for (int i = 0; i < 256; i++)
		out->lab[i] = sw_color_lab(sw_color_of_256(i));
}

struct choice {
	int first, last, ground;
	double contrast;
};

static int nearest(const struct sw_palette *palette, uint32_t rgb, struct choice among)
{
	struct sw_lab wanted = sw_color_lab(rgb);
	double best = INFINITY, most = 0;
	int found = -1, clearest = among.first;
	for (int i = among.first; i <= among.last; i++) {
		double distance = apart(wanted, palette->lab[i]);
		if (i == among.ground || (distance >= best && found >= 0))
			continue;
		double seen = among.ground < 0
		                  ? INFINITY
		                  : sw_color_contrast(sw_color_of_256(i), sw_color_of_256(among.ground));
		if (seen > most) {
			most = seen;
			clearest = i;
		}
		if (seen >= among.contrast) {
			best = distance;
			found = i;
		}
	}
	return found < 0 ? clearest : found;
}

int sw_color_to_256(const struct sw_palette *palette, uint32_t rgb, int ground, double contrast)
{
	return nearest(palette, rgb, (struct choice){16, 255, ground, contrast});
}

int sw_color_to_16(const struct sw_palette *palette, uint32_t rgb, int ground, double contrast)
{
	return nearest(palette, rgb, (struct choice){0, 15, ground, contrast});
}
