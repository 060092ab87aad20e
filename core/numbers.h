/* Hides how figures are written for people: decimals, percent, one unit for a whole table. Always
 * with a point, whatever the locale (curses needs setlocale, and printf follows it).
 * Must not know what the numbers mean. */
#ifndef SW_NUMBERS_H
#define SW_NUMBERS_H

#include <stdint.h>

/* By value, for use inside one expression: sw_fixed(x, 2).text for a %s. */
struct sw_number {
	char text[40];
};

/* DECIMALS 0..6, rounded half away from zero; "-" when not finite; never "-0.0". */
struct sw_number sw_fixed(double value, int decimals);

/* At most three decimals, without trailing zeros: "3", "0.5". */
struct sw_number sw_plain(double value);

/* sw_fixed with "+" before what is not negative. */
struct sw_number sw_signed(double value, int decimals);

/* "+3.4 %", "+14 %", "-7.0 %": signed, one decimal under 10. */
struct sw_number sw_percent(double percent);

/* The same with one decimal always: for columns. */
struct sw_number sw_percent_fixed(double percent);

/* A fraction 0..1 as "97.5 %". */
struct sw_number sw_share(double fraction);

/* The same for rates of success: only exactly 1 and 0 are written as 100.0 % and 0.0 %, since 1999
 * of 2000 are not all of them; else ">99.9 %", "<0.1 %". */
struct sw_number sw_rate(double fraction);

/* The unit in which all durations of one table are written. */
struct sw_unit {
	const char *name; /* "µs", "ms", "s" */
	double ns;
	int decimals;
};

/* The unit for a table whose durations lie between SMALLEST and LARGEST (0 < both, in ns). */
struct sw_unit sw_unit_for(double smallest_ns, double largest_ns);

/* NS in UNIT, without its name. */
struct sw_number sw_in_unit(struct sw_unit unit, double ns);
struct sw_number sw_signed_in_unit(struct sw_unit unit, double ns);

/* Rounded; out of range is clamped, not finite becomes 0. */
int64_t sw_whole_ns(double ns);

/* sw_text_duration for a double: "431 ms". */
struct sw_number sw_duration(double ns);

#endif
