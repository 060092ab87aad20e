/* What the tests of figures and of the decision share: sessions of exactly known durations. */
#ifndef SW_TEST_FIGURES_H
#define SW_TEST_FIGURES_H

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/figures.h"
#include "tests/unit/core/stories.h"

struct fixture {
	struct story story;
	struct sw_figures figures;
};

static inline int setup(void **state)
{
	*state = calloc(1, sizeof(struct fixture));
	return *state ? 0 : -1;
}

static inline int teardown(void **state)
{
	struct fixture *f = *state;
	sw_session_free(f->story.session);
	free(f);
	return 0;
}

static inline void compute(struct fixture *f)
{
	assert_int_equal(sw_figures_compute(f->story.session, &f->figures), 0);
}

static inline void assert_close(double actual, double expected)
{
	if (fabs(actual - expected) > 1e-6 * fmax(1, fabs(expected)))
		fail_msg("%.9g is not %.9g", actual, expected);
}

/* An iteration that took NS and nothing else than its execute phase of EXECUTE_NS. */
static inline void timed(struct fixture *f, int mode, int64_t execute_ns, int64_t ns)
{
	struct beat beats[] = {{SW_PHASE_EXECUTE, execute_ns, false},
	                       {SW_PHASE_DELIVER, ns - execute_ns, false}};
	struct turn turn = {beats, 2, SW_OUTCOME_OK, NULL, .exact_ns = true};
	story_turn(&f->story, mode, &turn);
}

static inline const struct sw_reason *reason(const struct fixture *f, const char *topic)
{
	for (int i = 0; i < f->figures.n_reasons; i++) {
		if (strcmp(f->figures.reasons[i].topic, topic) == 0)
			return &f->figures.reasons[i];
	}
	return NULL;
}

static inline void assert_reason(const struct fixture *f, const char *topic, int weight,
                                 const char *part)
{
	const struct sw_reason *found = reason(f, topic);
	if (!found)
		fail_msg("no reason about %s", topic);
	if (!strstr(found->text, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", topic, found->text, part);
	assert_int_equal(found->weight, weight);
}

static inline void begin(struct fixture *f, const struct sw_session_info *info, int64_t cpu_milli)
{
	struct sw_environment machine = story_machine();
	struct sw_mode_info host = story_mode_info("ast-only", SW_KIND_HOST);
	struct sw_mode_info cold = story_mode_info("docker-sandbox", SW_KIND_COLD);

	cold.cpu_milli = cpu_milli;
	story_begin(&f->story, info);
	story_environment(&f->story, &machine);
	story_mode(&f->story, &host);
	story_mode(&f->story, &cold);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

#endif
