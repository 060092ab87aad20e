/* Compares a text with a file in tests/unit/core/golden/. Tests run in the repository's root.
 * SW_GOLDEN=update writes the files instead: read the diff before you commit it. */
#ifndef SW_TEST_GOLDEN_H
#define SW_TEST_GOLDEN_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"

static inline void golden_read(const char *path, struct sw_buf *out)
{
	char block[4096];
	size_t n;
	FILE *file = fopen(path, "rb");

	if (!file)
		fail_msg("%s: cannot be read (SW_GOLDEN=update makes it)", path);
	while ((n = fread(block, 1, sizeof(block), file)) > 0)
		sw_buf_add(out, block, n);
	fclose(file);
}

static inline void golden_check(const char *name, const struct sw_buf *actual)
{
	const char *mode = getenv("SW_GOLDEN");
	struct sw_buf expected = {0};
	char path[256];

	snprintf(path, sizeof(path), "tests/unit/core/golden/%s", name);
	if (mode && strcmp(mode, "update") == 0) {
		FILE *file = fopen(path, "wb");
		assert_non_null(file);
		fwrite(actual->data, 1, actual->len, file);
		fclose(file);
		return;
	}
	golden_read(path, &expected);
	size_t at = 0, line = 1, start = 0;
	while (at < expected.len && at < actual->len && expected.data[at] == actual->data[at]) {
		if (expected.data[at++] == '\n') {
			line++;
			start = at;
		}
	}
	bool same = at == expected.len && at == actual->len;
	if (!same) {
		int e = (int)strcspn(expected.data + start, "\n"),
			a = (int)strcspn(actual->data + start, "\n");
		print_error("%s:%zu\n- %.*s\n+ %.*s\n", path, line, e, expected.data + start, a,
		            actual->data + start);
	}
	sw_buf_done(&expected);
	if (!same)
		fail_msg("%s differs", path);
}

#endif
