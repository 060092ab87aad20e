/* The sign of life that the circuit breaker asks for, of the four runners of containers. */
#include "tests/unit/docker/keeping_engine.h"

#include "docker/cold.h"
#include "docker/container_runner.h"
#include "docker/exec.h"
#include "docker/prepared.h"
#include "docker/warm.h"

typedef int (*make_fn)(const struct sw_container_options *options, struct sw_runner **out_runner,
                       struct sw_error *err);

static const make_fn makers[] = {sw_cold_new, sw_prepared_new, sw_exec_new, sw_warm_new};
enum { RUNNERS = sizeof makers / sizeof makers[0] };

static struct sw_mode_plan mode;
static char *const command[] = {"true", NULL};
static struct sw_task task = {.command = command};
static struct sw_runner *runner;
static int answers;
static bool is_answered;
static char answer[SW_TEXT_MAX];

static void no_event(void *user, struct sw_event *event)
{
	(void)user, (void)event;
}

static void on_answer(void *user, const char *error)
{
	(void)user;
	answers++;
	is_answered = true;
	(void)snprintf(answer, sizeof answer, "%s", error ? error : "");
}

static int set_up(void **state)
{
	(void)state;
	mode = (struct sw_mode_plan){
		.name = "m",
		.pool = 1,
		.sandbox = {.image = "i", .network = "none", .timeout_ns = 10 * SECOND}};
	answers = 0;
	runner = NULL;
	return engine_start();
}

static int tear_down(void **state)
{
	(void)state;
	if (runner)
		runner->ops->free(runner);
	return engine_stop();
}

static void make(make_fn maker, const char *version, bool has_endpoint)
{
	struct sw_container_options options = {.loop = engine.loop,
	                                       .api_version = version,
	                                       .mode = &mode,
	                                       .task = &task,
	                                       .session_id = "s",
	                                       .shim = SW_SHIM_BAKED,
	                                       .sink = {no_event, NULL},
	                                       .engine_error = "there was none"};
	if (has_endpoint)
		options.endpoint = engine.endpoint;
	if (runner)
		runner->ops->free(runner);
	assert_int_equal(maker(&options, &runner, NULL), 0);
}

static void probe(void)
{
	is_answered = false;
	runner->ops->probe(runner, on_answer, NULL);
	assert_false(is_answered); /* never from inside */
}

static void an_engine_that_is_there_answers(void **state)
{
	(void)state;
	for (int i = 0; i < RUNNERS; i++) {
		make(makers[i], i % 2 ? "1.41" : "", true); /* also where none had answered at first */
		for (int again = 0; again < 2; again++) {
			probe();
			engine_until(&is_answered);
			assert_string_equal(answer, "");
		}
		assert_int_equal(engine.asked[PING], 2 * (i + 1));
	}
	assert_int_equal(answers, 2 * RUNNERS);
}

static void one_that_refuses_is_no_sign_of_life(void **state)
{
	(void)state;
	for (int i = 0; i < RUNNERS; i++) {
		make(makers[i], "1.41", true);
		engine.refuse[PING] = 1;
		probe();
		engine_until(&is_answered);
		assert_string_not_equal(answer, "");
	}
}

static void without_an_endpoint_it_says_why(void **state)
{
	(void)state;
	for (int i = 0; i < RUNNERS; i++) {
		make(makers[i], "", false);
		probe();
		engine_until(&is_answered);
		assert_string_equal(answer, "there was none");
	}
}

/* The engine's patience, where it is shorter than a ping's own. */
static void a_silent_one_is_waited_for_as_long_as_is_said(void **state)
{
	(void)state;
	engine.holds_pings = true;
	mode.sandbox.engine_timeout_ns = SECOND / 100;
	make(sw_cold_new, "1.41", true);
	probe();
	engine_until(&is_answered);
	assert_string_not_equal(answer, "");
}

/* It ends at once, and the answer to the ping that was called off is as good for the next. */
static void a_probe_can_be_called_off(void **state)
{
	(void)state;
	for (int i = 0; i < RUNNERS; i++) {
		int before = answers;
		engine.holds_pings = true;
		make(makers[i], "1.41", true);
		runner->ops->cancel(runner); /* idle: does nothing */
		probe();
		runner->ops->cancel(runner);
		assert_int_equal(answers, before);
		engine_until(&is_answered);
		assert_string_equal(answer, "called off");
		probe();
		runner->ops->cancel(runner);
		engine_until(&is_answered);
		assert_int_equal(answers, before + 2);
	}
}

int main(void)
{
#define PROBE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		PROBE(an_engine_that_is_there_answers),
		PROBE(one_that_refuses_is_no_sign_of_life),
		PROBE(without_an_endpoint_it_says_why),
		PROBE(a_silent_one_is_waited_for_as_long_as_is_said),
		PROBE(a_probe_can_be_called_off),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
