/* The runner of cold containers through docker/proxy.h to a real engine: with each network fault
 * at each of its requests the attempt ends, within its deadlines, as what it is; nothing is left;
 * the hit is told. Needs sandwatch/python:latest on the engine. */
#include <pthread.h>
#include <string.h>

#include "tests/engine/fixture.h"

#include "core/event.h"
#include "core/plan.h"
#include "docker/cold.h"
#include "docker/proxy.h"

#define SESSION "proxy-test"
#define LABEL "org.sandwatch.session=" SESSION
#define PATIENCE (2 * FX_SECOND)

static struct fx fx;

static struct bench {
	struct sw_mode_plan mode;
	struct sw_task task;
	struct sw_container_options options;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready;
	int64_t next;
	struct sw_proxy *proxy;
	struct sw_endpoint endpoint;
	char dir[64];
	pthread_mutex_t lock;
	int n_hits;
	char what[192];
} bench = {.lock = PTHREAD_MUTEX_INITIALIZER};

static char source[32768];

static void on_hit(void *user, uint64_t tag, const char *what)
{
	(void)user, (void)tag;
	pthread_mutex_lock(&bench.lock);
	bench.n_hits++;
	(void)snprintf(bench.what, sizeof bench.what, "%s", what);
	pthread_mutex_unlock(&bench.lock);
}

static void on_done(void *user, const struct sw_attempt_result *result)
{
	(void)user;
	bench.result = *result;
	bench.done = true;
}

static void on_ready(void *user, const char *error)
{
	(void)user;
	bench.ready = true;
	if (error)
		print_message("prepare: %s\n", error);
}

static void on_event(void *user, struct sw_event *event)
{
	(void)user, (void)event;
}

static void make(void)
{
	struct sw_error err;
	bench.options.mode = &bench.mode;
	bench.options.task = &bench.task;
	if (sw_cold_new(&bench.options, &bench.runner, &err) < 0)
		fail_msg("%s", err.message);
	bench.ready = false;
	bench.runner->ops->prepare(bench.runner, on_ready, NULL);
	fx_until(&fx, &bench.ready, 20, "prepare");
}

/* SECONDS: within them it has to end. */
static void run(int seconds)
{
	struct sw_attempt attempt = {.iteration = ++bench.next, .number = 1};
	(void)snprintf(attempt.token, sizeof attempt.token, "%032llx",
	               0xabcdef0000ULL + (unsigned long long)bench.next);
	bench.done = false;
	bench.runner->ops->start(bench.runner, &attempt, on_done, NULL);
	fx_until(&fx, &bench.done, seconds, "the attempt's end");
}

static void need_all(void)
{
	fx_need_engine();
	fx_need(fx.has_image, FX_PYTHON " is not on the engine (sandwatch image build)");
	fx_need(source[0] != '\0', "not run from the project's folder");
}

static int hits(void)
{
	pthread_mutex_lock(&bench.lock);
	int n = bench.n_hits;
	pthread_mutex_unlock(&bench.lock);
	return n;
}

static void without_faults_it_is_as_without_proxy(void **state)
{
	(void)state;
	need_all();
	make();
	for (int i = 0; i < 3; i++) {
		run(60);
		assert_string_equal(bench.result.error, "");
		assert_int_equal(bench.result.outcome, SW_OUTCOME_OK);
		assert_int_equal(strlen(bench.result.digest), 64);
		assert_int_equal(fx_count(&fx, LABEL), 0);
	}
	assert_int_equal(hits(), 0);
}

/* A fault, and what becomes of an attempt with it at create, attach, start, wait, remove, stream. e: engine;
 * o: ok, as it did no harm, came in time, or was made up for; r: either, as libcurl asks again,
 * which the engine answers in kind, or as a stream that is silent for longer than the patience is given
 * up unless the code runs for long enough; -: nothing is hit. */
struct harm {
	struct sw_proxy_fault fault;
	const char *outcomes;
};

static void suffer(const struct harm *harm, enum sw_target target, char expected)
{
	struct sw_proxy_fault fault = harm->fault;
	fault.target = target;
	assert_true(sw_proxy_arm(bench.proxy, 0, &fault));
	make();
	bench.n_hits = 0;
	run(40);
	bench.runner->ops->free(bench.runner);
	bench.runner = NULL;
	int unhit = sw_proxy_disarm(bench.proxy, 0, 0), left = fx_count(&fx, LABEL);
	bool is_expected = bench.result.outcome == SW_OUTCOME_ENGINE ? strchr("er", expected) != NULL
	                                                             : strchr("or-", expected) != NULL;
	bool is_known = bench.result.outcome == SW_OUTCOME_ENGINE ||
	                bench.result.outcome == SW_OUTCOME_OK;
	if (!is_expected || !is_known || left != 0 || hits() != (expected != '-') ||
	    unhit != (expected == '-'))
		fail_msg("%s at %s: %s (%s), %d hits (%s), %d left",
		         sw_word(&sw_words_fault, (int)fault.fault), sw_word(&sw_words_target, (int)target),
		         sw_word(&sw_words_outcome, (int)bench.result.outcome), bench.result.error, hits(),
		         bench.what, left);
}

static void each_fault_at_each_request(void **state)
{
	static const enum sw_target targets[] = {SW_TARGET_CREATE, SW_TARGET_ATTACH, SW_TARGET_START,
	                                         SW_TARGET_WAIT,   SW_TARGET_REMOVE, SW_TARGET_STREAM};
	static const struct harm harms[] = {
		{{.fault = SW_FAULT_DELAY, .duration_ns = FX_SECOND / 5}, "oooooo"},
		{{.fault = SW_FAULT_DELAY, .duration_ns = 3 * FX_SECOND}, "eeeoor"},
		{{.fault = SW_FAULT_STATUS, .code = 500}, "eeeeo-"},
		{{.fault = SW_FAULT_TRUNCATE, .bytes = 4}, "eeeeoe"},
		{{.fault = SW_FAULT_GARBAGE, .bytes = 4}, "eeeeoe"},
		{{.fault = SW_FAULT_RESET}, "eerro "},
		{{.fault = SW_FAULT_RESET, .bytes = 4}, "eeeeoe"},
		{{.fault = SW_FAULT_STALL, .bytes = 4, .duration_ns = FX_SECOND / 5}, "oooooo"},
		{{.fault = SW_FAULT_STALL, .bytes = 4, .duration_ns = 3 * FX_SECOND}, "eeeoor"},
	};
	(void)state;
	need_all();
	for (size_t i = 0; i < sizeof harms / sizeof *harms; i++)
		for (size_t t = 0; t < sizeof targets / sizeof *targets; t++)
			if (harms[i].outcomes[t] != ' ')
				suffer(&harms[i], targets[t], harms[i].outcomes[t]);
}

/* The client's own connection is kept, and gives the next attempt what it needs. */
static void next_attempt_is_as_if_nothing_had_been(void **state)
{
	(void)state;
	need_all();
	make();
	for (int i = 0; i < 2; i++) {
		const struct sw_proxy_fault fault = {.fault = i ? SW_FAULT_RESET : SW_FAULT_TRUNCATE,
		                                     .target = SW_TARGET_START,
		                                     .bytes = i};
		assert_true(sw_proxy_arm(bench.proxy, 0, &fault));
		run(40);
		assert_int_equal(bench.result.outcome, SW_OUTCOME_ENGINE);
		run(40);
		assert_string_equal(bench.result.error, "");
		assert_int_equal(bench.result.outcome, SW_OUTCOME_OK);
		assert_int_equal(fx_count(&fx, LABEL), 0);
	}
}

/* ---- fixture ---- */

static int set_up_one(void **state)
{
	static struct sw_plan plan;
	struct sw_error err;
	(void)state;
	bench.n_hits = 0;
	sw_plan_defaults(&plan);
	bench.mode = (struct sw_mode_plan){
		.name = "docker sandbox", .kind = SW_KIND_COLD, .parallel = 1, .sandbox = plan.sandbox};
	bench.mode.sandbox.timeout_ns = 20 * FX_SECOND;
	bench.mode.sandbox.engine_timeout_ns = PATIENCE;
	bench.task = (struct sw_task){.backtest = SW_BACKTEST_MOCK,
	                              .days = 252,
	                              .symbols = 10,
	                              .seed = 42,
	                              .strategy = source,
	                              .strategy_len = strlen(source)};
	if (!fx_host())
		return 0;
	(void)snprintf(bench.dir, sizeof bench.dir, "/tmp/sandwatch-proxy-XXXXXX");
	if (!mkdtemp(bench.dir) ||
	    sw_proxy_start(&fx.engine.endpoint, bench.dir, on_hit, NULL, &bench.proxy, &err) < 0 ||
	    sw_proxy_listen(bench.proxy, &bench.endpoint, &err) < 0)
		return -1;
	bench.options =
		(struct sw_container_options){.loop = fx.loop,
	                                  .endpoint = bench.endpoint,
	                                  .api_version = fx.engine.api_version,
	                                  .session_id = SESSION,
	                                  .shim = SW_SHIM_BAKED,
	                                  .sink = {on_event, NULL},
	                                  .is_podman = strcmp(fx.engine.info.name, "podman") == 0};
	return 0;
}

static int tear_down_one(void **state)
{
	(void)state;
	if (bench.runner)
		bench.runner->ops->free(bench.runner);
	bench.runner = NULL;
	sw_proxy_stop(bench.proxy);
	bench.proxy = NULL;
	return fx_host() ? rmdir(bench.dir) : 0;
}

static int set_up(void **state)
{
	(void)state;
	FILE *file = fopen("config/strategies/momentum.py", "re");
	if (file) {
		source[fread(source, 1, sizeof source - 1, file)] = '\0';
		fclose(file);
	}
	if (!fx_host())
		return 0;
	fx_open(&fx, fx_host());
	fx.has_image = fx_has_image(&fx, FX_PYTHON);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	fx_close(&fx);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(without_faults_it_is_as_without_proxy),
		TEST(each_fault_at_each_request),
		TEST(next_attempt_is_as_if_nothing_had_been),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
