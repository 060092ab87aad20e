/* Compares a text with a file. Tests run in the repository's root. SW_GOLDEN=update writes the files
 * instead: read the diff before you commit it. Must not know any layer. */
#ifndef SW_TEST_GOLDEN_FILE_H
#define SW_TEST_GOLDEN_FILE_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All of the file, to be freed. */
static inline char *golden_read(const char *path, size_t *out_len)
{
	FILE *file = fopen(path, "rb");
	char *text = NULL;
	size_t len = 0, n;

	if (!file)
		fail_msg("%s: cannot be read (SW_GOLDEN=update makes it)", path);
	do {
		char *longer = realloc(text, len + 4096);
		if (!longer)
			abort();
		text = longer;
		n = fread(text + len, 1, 4095, file);
		len += n;
	} while (n > 0);
	fclose(file);
	text[len] = '\0';
	*out_len = len;
	return text;
}

static inline void golden_check_file(const char *path, const char *actual, size_t len)
{
	const char *mode = getenv("SW_GOLDEN");
	size_t at = 0, line = 1, start = 0, expected_len;

	if (mode && strcmp(mode, "update") == 0) {
		FILE *file = fopen(path, "wb");
		assert_non_null(file);
		fwrite(actual, 1, len, file);
		fclose(file);
		return;
	}
	char *expected = golden_read(path, &expected_len);
	while (at < expected_len && at < len && expected[at] == actual[at]) {
		if (expected[at++] == '\n') {
			line++;
			start = at;
		}
	}
	int same = at == expected_len && at == len;
	if (!same)
		print_error("%s:%zu\n- %.*s\n+ %.*s\n", path, line, (int)strcspn(expected + start, "\n"),
		            expected + start, (int)strcspn(actual + start, "\n"), actual + start);
	free(expected);
	if (!same)
		fail_msg("%s differs", path);
}

#endif
