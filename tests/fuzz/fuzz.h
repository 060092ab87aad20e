/* What the fuzzing targets share: a check that survives any build, texts that end, and a reader's
 * input cut into pieces. A target knows one reader; libFuzzer calls it with bytes and finds which
 * bytes lead where.
 *
 * The corpora hold real inputs as they are: how one is cut, and other choices, come from its own
 * hash. */
#ifndef SW_FUZZ_H
#define SW_FUZZ_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What must be true, or the run ends with the input that made it false. */
#define FUZZ_CHECK(condition)                                                         \
	do {                                                                              \
		if (!(condition)) {                                                           \
			fprintf(stderr, "%s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			abort();                                                                  \
		}                                                                             \
	} while (0)

/* FNV-1a; SALT makes independent ones of the same bytes. */
static inline uint64_t fuzz_hash(const void *data, size_t size, uint64_t salt)
{
	const uint8_t *bytes = data;
	uint64_t hash = 14695981039346656037U ^ salt;
	for (size_t i = 0; i < size; i++)
		hash = (hash ^ bytes[i]) * 1099511628211U;
	return hash ^ hash >> 29;
}

/* xorshift; STATE is not 0. */
static inline uint64_t fuzz_next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* A copy of its own, so that one byte too many is seen, with a NUL behind it. Freed with free(). */
static inline char *fuzz_text(const void *data, size_t size)
{
	char *text = malloc(size + 1);
	FUZZ_CHECK(text);
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* The same without the NUL: whoever reads behind the end is caught. */
static inline char *fuzz_bytes(const void *data, size_t size)
{
	char *bytes = malloc(size ? size : 1);
	FUZZ_CHECK(bytes);
	if (size)
		memcpy(bytes, data, size);
	return bytes;
}

enum fuzz_cut { FUZZ_WHOLE, FUZZ_BYTES, FUZZ_SMALL, FUZZ_ANY, FUZZ_CUTS };

/* Calls FEED with one piece after another, each a block of its own; false: it wants no more. */
typedef bool (*fuzz_feed_fn)(void *user, const char *bytes, size_t len);
static inline void fuzz_feed(const void *data, size_t size, enum fuzz_cut cut, fuzz_feed_fn feed,
                             void *user)
{
	const char *at = data, *end = at + size;
	uint64_t state = fuzz_hash(data, size, (uint64_t)cut) | 1;
	while (at < end) {
		size_t left = (size_t)(end - at), len = left;
		if (cut == FUZZ_BYTES)
			len = 1;
		else if (cut == FUZZ_SMALL)
			len = 1 + fuzz_next(&state) % 16;
		else if (cut == FUZZ_ANY)
			len = 1 + fuzz_next(&state) % left;
		len = len < left ? len : left;
		SW_CLEANUP(free) char *piece = fuzz_bytes(at, len);
		if (!feed(user, piece, len))
			return;
		at += len;
	}
}

/* TEXT is what may be shown: it ends within SIZE bytes, is UTF-8, and holds no control character. */
static inline void fuzz_check_shown(const char *text, size_t size)
{
	size_t len = strnlen(text, size);
	FUZZ_CHECK(len < size);
	for (size_t i = 0; i < len;) {
		size_t n = sw_text_utf8_len(text + i, len - i);
		unsigned char c = (unsigned char)text[i];
		FUZZ_CHECK(n > 0);
		FUZZ_CHECK(c >= 0x20 && c != 0x7f);
		FUZZ_CHECK(n != 2 || c != 0xc2 || (unsigned char)text[i + 1] >= 0xa0);
		i += n;
	}
}

static inline void fuzz_check_error(const struct sw_error *error)
{
	FUZZ_CHECK(error->code != SW_OK && error->code != SW_ERR_INTERNAL);
	FUZZ_CHECK(error->message[0]);
	fuzz_check_shown(error->message, sizeof error->message);
}

#endif
