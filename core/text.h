/* Hides what makes text from outside safe to show, and how quantities are written.
 * Must not know where the text goes: no terminal, no file, no JSON. */
#ifndef SW_TEXT_H
#define SW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies SRC (LEN bytes, any bytes) into DST as printable UTF-8: control characters, escape
 * sequences' ESC, bidirectional overrides, zero-width characters and invalid bytes become "?"; each
 * \n, \r and \t becomes a space. Always terminates, never splits a character. Returns the bytes
 * written without the NUL. SIZE >= 1. Any thread. */
size_t sw_text_clean(char *dst, size_t size, const char *src, size_t len);

/* The length in bytes of the valid UTF-8 character at P (1..4), or 0 if P[0..len) starts none.
 * RFC 3629: no surrogates, no overlong forms, at most U+10FFFF. */
size_t sw_text_utf8_len(const char *p, size_t len);

/* Copies a NUL-terminated string, truncating without splitting a character; false when it did not
 * fit. SIZE >= 1. */
bool sw_text_copy(char *dst, size_t size, const char *src);

/* "431 ms", "1.88 s", "53.0 µs"-style: three significant digits and a unit (ns, µs, ms, s, min, h);
 * nanoseconds are whole. DST needs 16 bytes. Negative values keep their sign. Returns DST. */
char *sw_text_duration(char *dst, size_t size, int64_t ns);

/* Seconds with three decimals, the study's form: "1.877s"; "-" when not finite. Returns DST. */
char *sw_text_seconds(char *dst, size_t size, double seconds);

/* "2 GiB", "16 MiB", "1.46 GiB"-style with binary units: whole multiples as they are, others with
 * three significant digits (four from 1000 to 1023). DST needs 16 bytes. Returns DST. */
char *sw_text_bytes(char *dst, size_t size, uint64_t bytes);

/* Damerau-Levenshtein distance (restricted, ASCII case-insensitive) of two words, for "did you
 * mean"; words longer than 64 bytes count as infinitely far (SIZE_MAX). */
size_t sw_text_distance(const char *a, const char *b);

/* The candidate nearest to WORD if it is near enough to be worth suggesting (distance at most
 * 1 + len/4), else NULL. CANDIDATES ends with NULL. */
const char *sw_text_nearest(const char *word, const char *const *candidates);

/* A signal's name, "SIGKILL"; "signal 40" for one that has none. Returns DST. */
const char *sw_text_signal(char *dst, size_t size, int number);

#endif
