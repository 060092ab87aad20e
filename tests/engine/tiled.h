/* Hides what an attempt's spans have to be: in order, within it, on its path, and all of it but a
 * twentieth. Header only, as fixture.h is. */
#ifndef SW_ENGINE_TILED_H
#define SW_ENGINE_TILED_H

#include <inttypes.h>
#include <stdio.h>

#include "core/plan.h"
#include "core/runner.h"
#include "tests/engine/fixture.h"

/* Where RESULT's time is in no phase, for whoever reads of it: DST. */
static inline const char *fx_gaps(const struct sw_attempt_result *result, char *dst, size_t size)
{
	int64_t at = result->start_ns;
	size_t len = 0;
	dst[0] = '\0';
	for (int i = 0; i <= result->n_spans && len < size; i++) {
		bool is_end = i == result->n_spans;
		int64_t next = is_end ? result->end_ns : result->spans[i].start_ns;
		len += (size_t)snprintf(dst + len, size - len, "%s%" PRId64 " us before %s", i ? ", " : "",
		                        (next - at) / 1000,
		                        is_end ? "the end" : sw_word(&sw_words_phase, (int)result->spans[i].phase));
		at = is_end ? at : result->spans[i].end_ns;
	}
	return dst;
}

static inline void fx_assert_tiled(const struct sw_attempt_result *result)
{
	int64_t at = result->start_ns, wall = result->end_ns - at, other = sw_result_other_ns(result);
	char text[800];
	for (int i = 0; i < result->n_spans; i++) {
		assert_true(result->spans[i].start_ns >= at);
		assert_true(result->spans[i].end_ns >= result->spans[i].start_ns);
		assert_true(result->spans[i].on_path);
		at = result->spans[i].end_ns;
	}
	assert_true(at <= result->end_ns);
	assert_true(other >= 0);
	if (other > wall / 20)
		fail_msg("of %" PRId64 " us %" PRId64 " are in no phase: %s", wall / 1000, other / 1000,
		         fx_gaps(result, text, sizeof text));
}

#endif
