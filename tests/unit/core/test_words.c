#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/words.h"

static const struct sw_words *const tables[] = {
	&sw_words_kind,     &sw_words_group, &sw_words_phase, &sw_words_outcome, &sw_words_order,
	&sw_words_backtest, &sw_words_state, &sw_words_clock, &sw_words_shim,
};
enum { TABLES = sizeof tables / sizeof tables[0] };

static void every_word_is_found_by_its_name(void **state)
{
	(void)state;
	for (size_t t = 0; t < TABLES; t++) {
		const struct sw_words *words = tables[t];
		assert_true(words->count > 0);
		assert_non_null(words->what);
		assert_null(words->names[words->count]);
		for (size_t i = 0; i < words->count; i++) {
			assert_ptr_equal(sw_word(words, (int)i), words->names[i]);
			assert_int_equal(sw_word_value(words, words->names[i]), (int)i); /* so: no word twice */
		}
	}
}

static void other_values_and_words_are_refused(void **state)
{
	(void)state;
	for (size_t t = 0; t < TABLES; t++) {
		assert_string_equal(sw_word(tables[t], -1), "?");
		assert_string_equal(sw_word(tables[t], (int)tables[t]->count), "?");
		assert_string_equal(sw_word(tables[t], INT32_MAX), "?");
		assert_int_equal(sw_word_value(tables[t], ""), -1);
		assert_int_equal(sw_word_value(tables[t], "?"), -1);
	}
	assert_int_equal(sw_word_value(&sw_words_kind, "Host"), -1);
	assert_int_equal(sw_word_value(&sw_words_kind, "hos"), -1);
	assert_int_equal(sw_word_value(&sw_words_kind, "hosts"), -1);
}

/* Journals and snapshots hold these words: they don't change. */
static void the_counts_and_groups_are_the_designs(void **state)
{
	(void)state;
	assert_int_equal(sw_words_kind.count, SW_KIND_COUNT);
	assert_int_equal(sw_words_group.count, SW_GROUP_COUNT);
	assert_int_equal(sw_words_phase.count, SW_PHASE_COUNT);
	assert_int_equal(sw_words_outcome.count, SW_OUTCOME_COUNT);
	assert_string_equal(sw_word(&sw_words_outcome, SW_OUTCOME_OK), "ok");
	assert_string_equal(sw_word(&sw_words_outcome, SW_OUTCOME_ENGINE), "engine");
	assert_int_equal(sw_phase_group(SW_PHASE_CREATE), SW_GROUP_STARTUP);
	assert_int_equal(sw_phase_group(SW_PHASE_START), SW_GROUP_STARTUP);
	assert_int_equal(sw_phase_group(SW_PHASE_BOOT), SW_GROUP_EXECUTION);
	assert_int_equal(sw_phase_group(SW_PHASE_EXECUTE), SW_GROUP_EXECUTION);
	assert_int_equal(sw_phase_group(SW_PHASE_DELIVER), SW_GROUP_SERIALIZATION);
	assert_int_equal(sw_phase_group(SW_PHASE_REMOVE), SW_GROUP_CLEANUP);
	for (int i = 0; i < SW_PHASE_COUNT; i++) {
		assert_true(*sw_phase_about((enum sw_phase)i));
		if (i)
			assert_true(sw_phase_group((enum sw_phase)i) >= sw_phase_group((enum sw_phase)(i - 1)));
	}
	for (int i = 0; i < SW_OUTCOME_COUNT; i++)
		assert_true(*sw_outcome_about((enum sw_outcome)i));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_word_is_found_by_its_name),
		cmocka_unit_test(other_values_and_words_are_refused),
		cmocka_unit_test(the_counts_and_groups_are_the_designs),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
