/* Hides the arithmetic of colours: how far two are apart, how well one is read on the other, and
 * which of a terminal's 16 or 256 is nearest. Must not know roles, themes or escape sequences.
 *
 * Colours are 0xRRGGBB in sRGB. Everything is pure; any thread. */
#ifndef SW_COLOR_H
#define SW_COLOR_H

#include <stdbool.h>
#include <stdint.h>

/* CIE 1976 L*a*b* (D65): L 0..100. */
struct sw_lab {
	double l, a, b;
};
struct sw_lab sw_color_lab(uint32_t rgb);

/* CIE76: the distance in L*a*b*. About 2 is just seen side by side; 0 is the same colour. */
double sw_color_distance(uint32_t a, uint32_t b);

/* WCAG 2's contrast ratio, 1..21; text wants 4.5, large figures and graphics 3. */
double sw_color_contrast(uint32_t a, uint32_t b);

/* What xterm shows for colour 0..255 of its palette. 0..15 differ between terminals: these are
 * xterm's own. */
uint32_t sw_color_of_256(int index);

/* What sw_color_to_256 looks through, to be filled once for many colours. */
struct sw_palette {
	struct sw_lab lab[256];
};
void sw_color_palette(struct sw_palette *out);

/* The nearest of the 6×6×6 cube and the ramp of greys (16..255, since 0..15 are anything) that has
 * at least CONTRAST against GROUND (-1: any). If none has enough, the one with the most. Never
 * GROUND itself. */
int sw_color_to_256(const struct sw_palette *palette, uint32_t rgb, int ground, double contrast);

/* The same of 0..15. */
int sw_color_to_16(const struct sw_palette *palette, uint32_t rgb, int ground, double contrast);

#endif
