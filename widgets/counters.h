/* Hides how counts with labels are set in columns. Must not know what is counted. */
#ifndef SW_COUNTERS_H
#define SW_COUNTERS_H

#include <stdint.h>

#include "widgets/canvas.h"

/* Plain value; texts are borrowed for the call. */
struct sw_counter {
	const char *label;
	int64_t value;
	const char *text;  /* instead of the value in digits: "2/13"; NULL: digits */
	enum sw_role role; /* where the value is not 0; a 0 is dim */
};

#define SW_COUNTERS_MAX 64 /* further ones are ignored */

/* In rows from the left, in as many columns as fit, so the first come first; what finds no row is
 * left out. Values end in the same column, and have room for VALUE_COLUMNS at least, so that growing
 * counts move nothing. Returns the rows used. AREA.canvas NULL: draws nothing, but counts the rows
 * that a width of AREA.w takes. */
int sw_counters_draw(struct sw_area area, const struct sw_counter *counters, int n,
                     int value_columns);

#endif
