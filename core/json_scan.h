/* Hides how JSON is spelled: a strict scanner over bytes in memory, without a tree and without
 * allocating, for where lines come by the thousand: the journal's, and workers'. Must not know what
 * they say.
 *
 * RFC 8259 with these bounds: nesting as cJSON's (1000), surrogates in escapes must be pairs. Bytes
 * of a string that are no UTF-8 pass: text is cleaned by who takes it. Everything returns false when
 * the bytes are not what was asked for; scan->p is then where that was seen. Any thread. */
#ifndef SW_JSON_SCAN_H
#define SW_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SW_SCAN_DEPTH_MAX 1000

struct sw_scan {
	const char *p, *end; /* the rest; nothing terminates it */
	int depth;           /* of the arrays and objects that the caller has opened around P */
};

/* A string's text: in the bytes themselves, or in the caller's scratch where it had escapes. It
 * never holds a NUL: as for a C string, \u0000 ends it. */
struct sw_slice {
	const char *text;
	size_t len;
	bool plain; /* nothing but printable ASCII */
};

struct sw_scan_number {
	const char *text;
	size_t len;
	bool whole; /* neither point nor exponent, and VALUE holds it exactly */
	int64_t value;
};

/* The next byte after white space, which is skipped; '\0' at the end. */
char sw_scan_peek(struct sw_scan *scan);

/* Skips white space and takes C; false, and nothing but the space taken, when something else is
 * there. */
bool sw_scan_char(struct sw_scan *scan, char c);

/* SCRATCH: room for as many bytes as are left; NULL: OUT is not wanted and may be NULL. */
bool sw_scan_string(struct sw_scan *scan, char *scratch, struct sw_slice *out);

bool sw_scan_number(struct sw_scan *scan, struct sw_scan_number *out);

/* NUMBER as a double, infinite when it is too large. SCRATCH: room for its length and 16 bytes. The
 * locale does not matter. */
double sw_scan_double(const struct sw_scan_number *number, char *scratch);

/* Takes WORD ("true", "null"). */
bool sw_scan_literal(struct sw_scan *scan, const char *word);

/* Takes one value of any shape; its nesting is checked, not followed by recursion. */
bool sw_scan_skip(struct sw_scan *scan);

#endif
