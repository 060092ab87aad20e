#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/fingerprint.h"

/* The values of the draft-eastlake-fnv test vectors. */
static void known_values(void **state)
{
	char text[SW_FINGERPRINT_MAX];
	(void)state;
	sw_fingerprint("", 0, text);
	assert_string_equal(text, "cbf29ce484222325");
	sw_fingerprint("a", 1, text);
	assert_string_equal(text, "af63dc4c8601ec8c");
	sw_fingerprint("foobar", 6, text);
	assert_string_equal(text, "85944171f73967e8");
	sw_fingerprint("a\0b", 1, text);
	assert_string_equal(text, "af63dc4c8601ec8c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(known_values)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
