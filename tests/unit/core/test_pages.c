#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/pages.h"

enum { BYTES = 4 << 20, PAGE = 4096 };

/* In the file, and mapped from it; the rest of it is zero. */
static const unsigned char constants[BYTES] = {[0] = 7, [BYTES / 2] = 8, [BYTES - 1] = 9};
/* Relocated, and read-only since. */
static int (*const functions[])(const char *, const char *) = {strcmp, strcoll};
static volatile int written = 1;

static long resident_kib(const char *name)
{
	char line[256];
	long kib = -1;
	FILE *status = fopen("/proc/self/status", "re");
	assert_non_null(status);
	while (kib < 0 && fgets(line, sizeof line, status))
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtol(line + strlen(name), NULL, 10);
	fclose(status);
	assert_true(kib >= 0);
	return kib;
}

static unsigned sum_of_constants(void)
{
	const unsigned char *volatile at = constants; /* not what the compiler knows of it */
	const unsigned char *bytes = at;
	unsigned sum = bytes[BYTES - 1];
	for (size_t i = 0; i < BYTES; i += PAGE)
		sum += bytes[i];
	return sum;
}

static void pages_of_files_are_given_back(void **state)
{
	(void)state;
	assert_int_equal(sum_of_constants(), 7 + 8 + 9);
	long before = resident_kib("RssFile:");
	sw_pages_give_back();
	assert_in_range(resident_kib("RssFile:"), 0, before - BYTES / 1024 * 3 / 4);
	assert_int_equal(sum_of_constants(), 7 + 8 + 9);
}

static void what_was_written_stays(void **state)
{
	(void)state;
	char *text = strdup("on the heap");
	written = 42;
	sw_pages_give_back();
	assert_int_equal(written, 42);
	assert_string_equal(text, "on the heap");
	for (volatile size_t i = 0; i < sizeof functions / sizeof functions[0]; i++)
		assert_int_equal(functions[i](text, "on the heap"), 0);
	/* Nor does anything in the libraries miss what the loader wrote. */
	assert_non_null(getenv("PATH"));
	assert_int_equal(fflush(NULL), 0);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_of_files_are_given_back),
		cmocka_unit_test(what_was_written_stays),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
