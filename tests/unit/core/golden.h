/* Compares a text with a file in tests/unit/core/golden/: see tests/unit/golden.h. */
#ifndef SW_TEST_GOLDEN_H
#define SW_TEST_GOLDEN_H

#include "core/buf.h"
#include "tests/unit/golden.h"

static inline void golden_check(const char *name, const struct sw_buf *actual)
{
	char path[256];

	snprintf(path, sizeof(path), "tests/unit/core/golden/%s", name);
	golden_check_file(path, actual->data, actual->len);
}

#endif
