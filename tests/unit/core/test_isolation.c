#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/isolation.h"

static void every_kind_was_tested(void **state)
{
	(void)state;
	for (int kind = 0; kind < SW_KIND_COUNT; kind++) {
		for (int preforked = 0; preforked < 2; preforked++) {
			const struct sw_isolation *line = sw_isolation_of((enum sw_kind)kind, preforked);
			int withstood = -1, tried = -1;
			assert_non_null(line);
			assert_int_equal(line->kind, kind);
			assert_int_equal(line->preforked, kind == SW_KIND_HOST && preforked);
			for (int i = 0; i < SW_BOND_COUNT; i++)
				assert_int_not_equal(line->shares[i], SW_FINDING_UNKNOWN);
			sw_isolation_count(line, &withstood, &tried);
			assert_int_equal(tried, SW_ATTACK_COUNT);
			assert_in_range(withstood, 0, tried);
		}
	}
	assert_null(sw_isolation_of(SW_KIND_COUNT, false));
}

static void each_line_is_there_once(void **state)
{
	int n = 0;
	(void)state;
	for (; sw_isolation_line(n); n++) {
		const struct sw_isolation *line = sw_isolation_line(n);
		assert_ptr_equal(sw_isolation_of(line->kind, line->preforked), line);
	}
	assert_int_equal(n, SW_KIND_COUNT + 1);
	assert_null(sw_isolation_line(-1));
	assert_string_equal(sw_isolation_kind(sw_isolation_of(SW_KIND_HOST, true)), "preforked");
	assert_string_equal(sw_isolation_kind(sw_isolation_of(SW_KIND_WARM, true)), "warm");
}

/* Containers that are made anew are the measure: what the ledger may never say otherwise. */
static void a_cold_iteration_shares_the_kernel_alone(void **state)
{
	const struct sw_isolation *line = sw_isolation_of(SW_KIND_COLD, false);
	int withstood, tried;
	(void)state;
	assert_string_equal(sw_isolation_marks(line).text, "K----");
	assert_string_equal(sw_isolation_shared(line).text, "kernel");
	sw_isolation_count(line, &withstood, &tried);
	assert_int_equal(withstood, tried);
	assert_string_equal(sw_isolation_fails(line).text, "");
}

static void a_line_of_any_findings(void **state)
{
	struct sw_isolation line = {.kind = SW_KIND_EXEC};
	int withstood, tried;
	(void)state;
	sw_isolation_count(&line, &withstood, &tried);
	assert_int_equal(withstood, 0);
	assert_int_equal(tried, 0);
	assert_string_equal(sw_isolation_marks(&line).text, "?????");
	assert_string_equal(sw_isolation_shared(&line).text, "");
	line.shares[SW_BOND_KERNEL] = line.shares[SW_BOND_PROCESSES] = SW_FINDING_YES;
	line.shares[SW_BOND_MEMORY] = SW_FINDING_NO;
	line.withstands[SW_ATTACK_LOOP] = SW_FINDING_YES;
	line.withstands[SW_ATTACK_FORKS] = line.withstands[SW_ATTACK_DATA] = SW_FINDING_NO;
	sw_isolation_count(&line, &withstood, &tried);
	assert_int_equal(withstood, 1);
	assert_int_equal(tried, 3);
	assert_string_equal(sw_isolation_marks(&line).text, "K?P?-");
	assert_string_equal(sw_isolation_shared(&line).text, "kernel, process tree");
	assert_string_equal(sw_isolation_fails(&line).text, "forks, shared data");
	for (int i = 0; i < SW_ATTACK_COUNT; i++)
		line.withstands[i] = SW_FINDING_NO;
	for (int i = 0; i < SW_BOND_COUNT; i++)
		line.shares[i] = SW_FINDING_YES;
	/* The longest lists are whole. */
	assert_string_equal(sw_isolation_marks(&line).text, "KFPIM");
	assert_non_null(strstr(sw_isolation_shared(&line).text, "interpreter, memory"));
	assert_non_null(strstr(sw_isolation_fails(&line).text, "patched pandas, shared data"));
}

static void the_source_names_an_engine(void **state)
{
	char engine[64] = "", version[64] = "", runtime[64] = "";
	(void)state;
	assert_int_equal(
		sscanf(sw_isolation_source(), "%63s %63[^,], %63[^,], Linux", engine, version, runtime), 3);
	assert_true(sw_isolation_is_of(engine, version, runtime));
	assert_false(sw_isolation_is_of(engine, version, ""));
	assert_false(sw_isolation_is_of(engine, "0", runtime));
	assert_false(sw_isolation_is_of("", version, runtime));
	runtime[strlen(runtime) - 1] = '\0';
	assert_false(sw_isolation_is_of(engine, version, runtime));
}

static void each_has_words(void **state)
{
	(void)state;
	assert_int_equal(sw_words_bond.count, SW_BOND_COUNT);
	assert_int_equal(sw_words_attack.count, SW_ATTACK_COUNT);
	assert_int_equal(sw_words_finding.count, SW_FINDING_COUNT);
	for (int i = 0; i < SW_BOND_COUNT; i++) {
		assert_true(strlen(sw_bond_about((enum sw_bond)i)) > 10);
		for (int k = 0; k < i; k++) /* marks are told apart */
			assert_int_not_equal(sw_word(&sw_words_bond, i)[0], sw_word(&sw_words_bond, k)[0]);
	}
	for (int i = 0; i < SW_ATTACK_COUNT; i++)
		assert_true(strlen(sw_attack_about((enum sw_attack)i)) > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_was_tested),
		cmocka_unit_test(each_line_is_there_once),
		cmocka_unit_test(a_cold_iteration_shares_the_kernel_alone),
		cmocka_unit_test(a_line_of_any_findings),
		cmocka_unit_test(the_source_names_an_engine),
		cmocka_unit_test(each_has_words),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
