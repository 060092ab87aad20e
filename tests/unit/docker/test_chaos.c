/* docker/chaos.c, chaos_check.c and chaos_text.c with a proxy that only writes down what it is told
 * (this file has sw_proxy_*), and without an engine. What is done to a real one:
 * tests/engine/test_chaos_engine.c. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "core/event.h"
#include "core/loop.h"
#include "docker/chaos_internal.h"
#include "docker/container_runner.h"
#include "tests/unit/docker/turns.h"

/* ---- the proxy ---- */

enum { ARMED_MAX = 16, TOLD_MAX = 16 };

static struct {
	sw_proxy_hit_fn hit;
	void *user;
	char dir[SW_PATH_MAX];
	int n_started, n_listeners;
	struct {
		int listener;
		struct sw_proxy_fault fault;
	} armed[ARMED_MAX];
	int n_armed, n_disarmed;
	bool is_full, has_hit; /* has_hit: a disarm finds nothing any more */
} proxy;

int sw_proxy_start(const struct sw_endpoint *engine, const char *dir, sw_proxy_hit_fn hit, void *user,
                   struct sw_proxy **out_proxy, struct sw_error *err)
{
	(void)engine, (void)err;
	(void)snprintf(proxy.dir, sizeof proxy.dir, "%s", dir);
	proxy.n_started++;
	proxy.hit = hit;
	proxy.user = user;
	*out_proxy = NULL;
	return 0;
}

int sw_proxy_listen(struct sw_proxy *none, struct sw_endpoint *out_endpoint, struct sw_error *err)
{
	(void)none, (void)err;
	*out_endpoint = (struct sw_endpoint){.is_unix = true};
	(void)snprintf(out_endpoint->text, sizeof out_endpoint->text, "unix:///%d", proxy.n_listeners++);
	return 0;
}

bool sw_proxy_arm(struct sw_proxy *none, int listener, const struct sw_proxy_fault *fault)
{
	(void)none;
	if (proxy.is_full || proxy.n_armed == ARMED_MAX)
		return false;
	proxy.armed[proxy.n_armed].listener = listener;
	proxy.armed[proxy.n_armed++].fault = *fault;
	return true;
}

int sw_proxy_disarm(struct sw_proxy *none, int listener, uint64_t tag)
{
	(void)none;
	for (int i = 0; !proxy.has_hit && i < proxy.n_armed; i++)
		if (proxy.armed[i].listener == listener && proxy.armed[i].fault.tag == tag)
			return proxy.n_disarmed++, 1;
	return 0;
}

void sw_proxy_stop(struct sw_proxy *none)
{
	(void)none;
}

static void *hit_first(void *what)
{
	proxy.hit(proxy.user, proxy.armed[0].fault.tag, what);
	return NULL;
}

/* As the proxy does, on a thread of its own. */
static void hit(const char *what)
{
	pthread_t thread;
	char text[100];
	(void)snprintf(text, sizeof text, "%s", what);
	assert_int_equal(pthread_create(&thread, NULL, hit_first, text), 0);
	pthread_join(thread, NULL);
}

/* ---- the fixture ---- */

static struct {
	struct sw_loop *loop;
	struct sw_plan plan;
	struct sw_engine engine;
	struct sw_chaos *chaos;
	char dir[64];
	struct sw_event told[TOLD_MAX];
	int n_told, n_full, n_settled;
	bool is_resumed;
	bool full_was_told; /* its event came before the disk was full */
} t;

static void hear(void *user, struct sw_event *event)
{
	(void)user;
	assert_true(t.n_told < TOLD_MAX);
	t.told[t.n_told++] = *event;
}

static void disk_full(void *user)
{
	(void)user;
	t.n_full++;
	t.full_was_told = t.n_told > 0 && t.told[t.n_told - 1].u.it.fault == SW_FAULT_DISK_FULL;
}

static struct sw_chaos_fault *add(enum sw_fault fault, enum sw_target on)
{
	struct sw_chaos_fault *entry = &t.plan.chaos[t.plan.n_chaos++];
	*entry = (struct sw_chaos_fault){.fault = fault, .on = on, .iterations = {1}, .n_iterations = 1};
	return entry;
}

static void start_without_endpoints(void)
{
	struct sw_error err;
	const struct sw_chaos_options options = {
		.loop = t.loop,
		.plan = &t.plan,
		.engine = &t.engine,
		.state_dir = t.dir,
		.session_id = "s",
		.dir = t.dir,
		.is_resumed = t.is_resumed,
		.sink = {hear, NULL},
		.disk_full = disk_full,
	};
	if (sw_chaos_new(&options, &t.chaos, &err) < 0)
		fail_msg("%s", err.message);
}

static void start(void)
{
	struct sw_error err;
	struct sw_endpoint endpoint;
	start_without_endpoints();
	/* Two slots of the second mode. */
	for (int slot = 0; slot < 2; slot++)
		assert_int_equal(sw_chaos_endpoint(t.chaos, 1, slot, &endpoint, &err), 0);
	assert_string_equal(endpoint.text, "unix:///1");
}

static struct sw_attempt attempt(int64_t iteration)
{
	return (struct sw_attempt){.mode = 1, .iteration = iteration, .number = 1};
}

static void begin(int slot, int64_t iteration)
{
	struct sw_attempt one = attempt(iteration);
	sw_chaos_attempt_begins(t.chaos, slot, &one);
}

static void end(int slot, int64_t iteration)
{
	struct sw_attempt one = attempt(iteration);
	sw_chaos_attempt_ended(t.chaos, slot, &one);
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	memset(&proxy, 0, sizeof proxy);
	sw_plan_defaults(&t.plan);
	t.plan.n_modes = 2;
	for (int i = 0; i < 2; i++)
		t.plan.modes[i] = sw_plan_new_mode(&t.plan.sandbox);
	(void)snprintf(t.plan.modes[0].name, SW_NAME_MAX, "bare");
	(void)snprintf(t.plan.modes[1].name, SW_NAME_MAX, "boxed");
	t.plan.modes[1].kind = SW_KIND_COLD;
	t.engine.is_private = true;
	t.engine.endpoint = (struct sw_endpoint){
		.is_unix = true, .path = "/nonexistent/e.sock", .text = "unix:///nonexistent/e.sock"};
	(void)snprintf(t.dir, sizeof t.dir, "/tmp/sandwatch-test-chaos.XXXXXX");
	return mkdtemp(t.dir) ? sw_loop_new(&t.loop, NULL) : -1;
}

static int tear_down(void **state)
{
	(void)state;
	sw_chaos_free(t.chaos);
	sw_loop_free(t.loop);
	sw_plan_done(&t.plan);
	return rmdir(t.dir); /* nothing is left in it */
}

/* ---- what is refused ---- */

static void is_refused(const struct sw_engine *engine, const char *a, const char *b)
{
	struct sw_error err = {0};
	assert_int_equal(sw_chaos_check(&t.plan, engine, &err), -1);
	assert_int_equal(err.code, SW_ERR_USAGE);
	if (!strstr(err.message, a) || !strstr(err.message, b))
		fail_msg("%s", err.message);
}

static void leaves_others_engines_alone(void **state)
{
	static const enum sw_fault faults[] = {SW_FAULT_ENGINE_PAUSE, SW_FAULT_ENGINE_KILL,
	                                       SW_FAULT_ENGINE_RESTART, SW_FAULT_IMAGE_REMOVE};
	(void)state;
	t.engine.is_private = false;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		char entry[64];
		t.plan.n_chaos = 0;
		add(SW_FAULT_CONTAINER_KILL, SW_TARGET_START);
		add(faults[i], SW_TARGET_ANY);
		(void)snprintf(entry, sizeof entry, "entry 2 (%s)", sw_word(&sw_words_fault, (int)faults[i]));
		is_refused(&t.engine, entry, "unix:///nonexistent/e.sock was not started by sandwatch");
	}
}

static void may_hit_its_own_anywhere(void **state)
{
	struct sw_error err;
	(void)state;
	t.engine.is_private = false;
	for (int i = 0; i < SW_FAULT_COUNT; i++)
		if (sw_fault_is_network((enum sw_fault)i))
			add((enum sw_fault)i, SW_TARGET_CREATE);
	add(SW_FAULT_CONTAINER_KILL, SW_TARGET_ANY);
	add(SW_FAULT_CONTAINER_REMOVE, SW_TARGET_ANY);
	add(SW_FAULT_DISK_FULL, SW_TARGET_ANY);
	assert_int_equal(sw_chaos_check(&t.plan, &t.engine, &err), 0);
}

static void without_an_engine_only_the_disk_is_full(void **state)
{
	struct sw_error err;
	(void)state;
	add(SW_FAULT_DISK_FULL, SW_TARGET_ANY);
	assert_int_equal(sw_chaos_check(&t.plan, NULL, &err), 0);
	add(SW_FAULT_STATUS, SW_TARGET_CREATE);
	is_refused(NULL, "entry 2 (status)", "no container engine answers");
	t.plan.n_chaos = 0;
	add(SW_FAULT_DISK_FULL, SW_TARGET_CREATE);
	is_refused(NULL, "entry 1 (disk-full)", "no container engine answers");
}

static int checked_by_nobody(void)
{
	struct sw_error err = {0};
	if (geteuid() == 0 && setuid(65534) < 0)
		return 2;
	if (sw_chaos_check(&t.plan, &t.engine, &err) == 0 || !strstr(err.message, "run sandwatch as root"))
		return 1;
	t.plan.chaos[0].fault = SW_FAULT_IMAGE_REMOVE;
	return sw_chaos_check(&t.plan, &t.engine, &err) == 0 ? 0 : 3;
}

static void only_root_may_stop_the_private_engine(void **state)
{
	int status = -1;
	(void)state;
	add(SW_FAULT_ENGINE_PAUSE, SW_TARGET_ANY);
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(checked_by_nobody());
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void image_needs_a_name(void **state)
{
	struct sw_error err;
	char *image = t.plan.modes[1].sandbox.image;
	const size_t size = sizeof t.plan.modes[1].sandbox.image;
	(void)state;
	add(SW_FAULT_IMAGE_REMOVE, SW_TARGET_ANY);
	(void)snprintf(t.plan.modes[0].sandbox.image, size, "sha256:1234"); /* a host mode's is not used */
	assert_int_equal(sw_chaos_check(&t.plan, &t.engine, &err), 0);
	(void)snprintf(image, size, "sha256:1234");
	is_refused(&t.engine, "entry 1 (image-remove)", "'sha256:1234'");
	(void)snprintf(image, size, "a/b@sha256:1234");
	is_refused(&t.engine, "entry 1 (image-remove)", "'a/b@sha256:1234'");
	memset(image, 'a', 81);
	image[81] = '\0';
	is_refused(&t.engine, "at most 80 bytes", "docker tag");
	/* Another mode's entry does not mind. */
	(void)snprintf(t.plan.chaos[0].mode, SW_NAME_MAX, "bare");
	assert_int_equal(sw_chaos_check(&t.plan, &t.engine, &err), 0);
}

/* ---- what a person reads ---- */

static void reads(struct sw_chaos_fault fault, const char *what, const char *wanted)
{
	char text[SW_TEXT_MAX];
	sw_chaos_text(&fault, what, text, sizeof text);
	assert_string_equal(text, wanted);
}

static void texts(void **state)
{
	const char *create = "POST /containers/create";
	(void)state;
	reads((struct sw_chaos_fault){.fault = SW_FAULT_STATUS, .code = 500}, create,
	      "POST /containers/create answered with 500");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_DELAY, .duration_ns = 1500000000}, create,
	      "the answer to POST /containers/create held back for 1.50 s");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_DELAY, .duration_ns = 20000000}, "stream",
	      "the stream held back for 20.0 ms");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_TRUNCATE, .bytes = 5}, create,
	      "the answer to POST /containers/create cut off after 5 bytes");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_TRUNCATE, .bytes = 1}, create,
	      "the answer to POST /containers/create cut off after 1 byte");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_GARBAGE}, "stream", "garbage in the stream");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_RESET, .bytes = 9}, "stream",
	      "the connection of the stream reset after 9 bytes");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_STALL, .duration_ns = 2000000000}, "GET /_ping",
	      "the answer to GET /_ping stopped for 2.00 s");
	reads((struct sw_chaos_fault){.fault = SW_FAULT_STALL, .bytes = 9, .duration_ns = 2000000000}, "stream",
	      "the stream stopped after 9 bytes for 2.00 s");
}

/* ---- at the proxy ---- */

static void is_armed_and_told(void **state)
{
	(void)state;
	add(SW_FAULT_DELAY, SW_TARGET_PING)->iterations[0] = 7;
	struct sw_chaos_fault *fault = add(SW_FAULT_STATUS, SW_TARGET_CREATE);
	fault->code = 503;
	fault->bytes = 3;
	fault->duration_ns = 4;
	start();
	begin(1, 1);
	assert_int_equal(proxy.n_armed, 1);
	assert_int_equal(proxy.armed[0].listener, 1);
	const struct sw_proxy_fault *armed = &proxy.armed[0].fault;
	assert_int_equal(armed->fault, SW_FAULT_STATUS);
	assert_int_equal(armed->target, SW_TARGET_CREATE);
	assert_int_equal(armed->code, 503);
	assert_int_equal(armed->bytes, 3);
	assert_int_equal(armed->duration_ns, 4);
	hit("POST /containers/create");
	assert_int_equal(t.n_told, 0); /* on the loop's thread alone */
	step(t.loop);
	assert_int_equal(t.n_told, 1);
	const struct sw_event *event = &t.told[0];
	assert_int_equal(event->kind, SW_EVENT_FAULT_INJECTED);
	assert_int_equal(event->mode, 1);
	assert_int_equal(event->u.it.iteration, 1);
	assert_int_equal(event->u.it.attempt, 1);
	assert_int_equal(event->u.it.fault, SW_FAULT_STATUS);
	assert_int_equal(event->u.it.target, SW_TARGET_CREATE);
	assert_false(event->u.it.warmup);
	assert_string_equal(event->u.it.text, "POST /containers/create answered with 503");
	hit("POST /containers/create"); /* told once */
	end(1, 1);
	assert_int_equal(proxy.n_disarmed, 0);
	assert_int_equal(t.n_told, 1);
}

static void is_taken_back_at_the_end(void **state)
{
	(void)state;
	add(SW_FAULT_RESET, SW_TARGET_CREATE);
	add(SW_FAULT_ENGINE_KILL, SW_TARGET_WAIT);
	start();
	begin(0, 1);
	begin(1, 1);
	assert_int_equal(proxy.n_armed, 4);
	assert_int_not_equal(proxy.armed[0].fault.tag, proxy.armed[1].fault.tag);
	end(0, 1);
	assert_int_equal(proxy.n_disarmed, 2); /* the other slot's stay */
	hit("POST /containers/create");
	end(1, 1);
	assert_int_equal(proxy.n_disarmed, 4);
	assert_int_equal(t.n_told, 0);
}

/* The proxy has it done, but says so after the attempt's end. */
static void late_hit_is_told(void **state)
{
	(void)state;
	add(SW_FAULT_RESET, SW_TARGET_CREATE);
	start();
	begin(0, 1);
	proxy.has_hit = true;
	end(0, 1);
	hit("POST /containers/create");
	begin(0, 2);
	assert_int_equal(t.n_told, 1);
	assert_int_equal(t.told[0].u.it.iteration, 1);
}

static void others_attempts_are_left_alone(void **state)
{
	struct sw_attempt fallback = attempt(1), warmup = attempt(1);
	(void)state;
	fallback.on_host = true;
	warmup.warmup = true;
	add(SW_FAULT_RESET, SW_TARGET_CREATE);
	start();
	sw_chaos_attempt_begins(t.chaos, 0, &fallback);
	sw_chaos_attempt_begins(t.chaos, 0, &warmup);
	begin(0, 2);
	assert_int_equal(proxy.n_armed, 0);
	begin(0, 1);
	sw_chaos_attempt_ended(t.chaos, 0, &fallback);
	assert_int_equal(proxy.n_disarmed, 0);
}

static void full_proxy_is_told_of(void **state)
{
	(void)state;
	add(SW_FAULT_RESET, SW_TARGET_CREATE);
	start();
	proxy.is_full = true;
	begin(0, 1);
	step(t.loop);
	assert_int_equal(t.n_told, 1);
	assert_int_equal(t.told[0].kind, SW_EVENT_NOTE);
	assert_string_equal(t.told[0].u.end.text, "chaos: reset of mode 'boxed', iteration 1, attempt 1, was not "
	                                          "injected: too many faults wait at the proxy");
	end(0, 1);
	assert_int_equal(t.n_told, 1);
}

static void calm_ends_it(void **state)
{
	(void)state;
	add(SW_FAULT_RESET, SW_TARGET_CREATE);
	add(SW_FAULT_DISK_FULL, SW_TARGET_START);
	start();
	begin(0, 1);
	assert_int_equal(proxy.n_armed, 2);
	sw_chaos_calm(t.chaos);
	assert_int_equal(proxy.n_disarmed, 2);
	begin(1, 1);
	sw_chaos_calm(t.chaos);
	assert_int_equal(proxy.n_armed, 2);
	assert_int_equal(t.n_told + t.n_full, 0);
}

static void settled(void *user)
{
	assert_ptr_equal(user, &t);
	t.n_settled++;
}

/* Before the runners' finish: once, from the loop, with nothing left to be told, and no stop. */
static void settles_before_the_runners_finish(void **state)
{
	(void)state;
	add(SW_FAULT_RESET, SW_TARGET_CREATE);
	add(SW_FAULT_CONTAINER_KILL, SW_TARGET_ANY);
	start();
	begin(0, 1);
	end(0, 1);
	while (t.n_told < 1) /* there is no engine to kill it at */
		step(t.loop);
	sw_chaos_settle(t.chaos, settled, &t);
	assert_int_equal(t.n_settled, 0);
	while (!t.n_settled)
		step(t.loop);
	begin(0, 1);
	assert_int_equal(proxy.n_armed, 1);
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.n_settled, 1);
	assert_int_equal(t.n_told, 2);
	assert_non_null(strstr(t.told[1].u.end.text, "was never injected"));
}

static void free_it(void *user)
{
	settled(user);
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
}

/* As it is where no runner has anything to finish. */
static void settled_may_free_it(void **state)
{
	(void)state;
	start();
	sw_chaos_calm(t.chaos);
	sw_chaos_settle(t.chaos, free_it, &t);
	while (!t.n_settled)
		step(t.loop);
	assert_null(t.chaos);
}

/* ---- whose containers are hit ---- */

/* Also of modes whose names look like another's slots, or alike once the engine's signs are used. */
static void prefixes_tell_the_slots_of_all_modes_apart(void **state)
{
	static const char *const modes[] = {"a", "a-1", "a-1-0", "a b", "a_b", "1.0-a", "-", ""};
	enum { N = (int)(sizeof modes / sizeof *modes), SLOTS = 12 };
	char names[N * SLOTS][SW_CONTAINER_NAME_MAX];
	(void)state;
	for (int i = 0; i < N * SLOTS; i++)
		sw_container_prefix("20261123T200613Z-ab-1", i / SLOTS, modes[i / SLOTS], i % SLOTS, names[i]);
	assert_string_equal(names[SLOTS + 2], "sandwatch-20261123T200613Z-ab-1-1.2-a-1-");
	for (int i = 0; i < N * SLOTS; i++)
		for (int k = 0; k < N * SLOTS; k++)
			assert_int_equal(strncmp(names[i], names[k], strlen(names[k])) == 0, i == k);
}

/* ---- real ones ---- */

static void disk_is_full_once_that_is_told(void **state)
{
	(void)state;
	add(SW_FAULT_DISK_FULL, SW_TARGET_ANY);
	start();
	begin(0, 1);
	assert_int_equal(t.n_full, 0);
	step(t.loop);
	assert_int_equal(t.n_full, 1);
	assert_true(t.full_was_told);
	assert_int_equal(t.n_told, 1);
	assert_int_equal(t.told[0].kind, SW_EVENT_FAULT_INJECTED);
}

/* As with a fallback for all: the attempts fail, and their runners are told of no engine. */
static void disk_is_full_without_an_engine(void **state)
{
	struct sw_error err;
	struct sw_endpoint endpoint;
	(void)state;
	t.engine = (struct sw_engine){0};
	add(SW_FAULT_DISK_FULL, SW_TARGET_ANY);
	assert_int_equal(sw_chaos_check(&t.plan, NULL, &err), 0);
	start_without_endpoints();
	assert_int_equal(proxy.n_started, 0);
	assert_int_equal(sw_chaos_endpoint(t.chaos, 1, 0, &endpoint, &err), 0);
	assert_string_equal(endpoint.text, "");
	begin(0, 1);
	step(t.loop);
	assert_int_equal(t.n_full, 1);
	end(0, 1);
}

static void disk_is_full_at_its_request(void **state)
{
	(void)state;
	add(SW_FAULT_DISK_FULL, SW_TARGET_START);
	start();
	begin(0, 1);
	assert_int_equal(proxy.armed[0].fault.fault, SW_FAULT_DISK_FULL);
	assert_int_equal(proxy.armed[0].fault.target, SW_TARGET_START);
	hit("POST /containers/1/start");
	step(t.loop);
	assert_int_equal(t.n_full, 1);
	assert_true(t.full_was_told);
}

/* What the engine does not answer to is told as a note, never as injected. */
static void what_cannot_be_done_is_no_fault(void **state)
{
	(void)state;
	add(SW_FAULT_CONTAINER_KILL, SW_TARGET_ANY);
	add(SW_FAULT_IMAGE_REMOVE, SW_TARGET_START);
	start();
	begin(0, 1);
	while (t.n_told < 1)
		step(t.loop);
	assert_int_equal(proxy.n_armed, 1);
	hit("POST /containers/1/start");
	while (t.n_told < 2)
		step(t.loop);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(t.told[i].kind, SW_EVENT_NOTE);
		assert_non_null(strstr(t.told[i].u.end.text, "was not injected: "));
		assert_non_null(strstr(t.told[i].u.end.text, "/nonexistent/e.sock"));
	}
	assert_non_null(strstr(t.told[0].u.end.text, "container-kill of mode 'boxed'"));
	assert_non_null(strstr(t.told[1].u.end.text, "image-remove of mode 'boxed'"));
	assert_non_null(strstr(t.told[1].u.end.text, "taking away image '"));
	assert_null(strstr(t.told[1].u.end.text, "kept"));
}

static void what_is_not_told_yet_is_told_by_free(void **state)
{
	(void)state;
	add(SW_FAULT_STATUS, SW_TARGET_CREATE);
	start();
	begin(0, 1);
	hit("POST /containers/create");
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.n_told, 1);
}

/* A list that hits nothing must not pass for a run that withstood it. */
static void entries_that_hit_nothing_are_told(void **state)
{
	(void)state;
	add(SW_FAULT_STATUS, SW_TARGET_CREATE);
	add(SW_FAULT_RESET, SW_TARGET_EXEC);
	add(SW_FAULT_STALL, SW_TARGET_ANY)->iterations[0] = 500;
	start();
	begin(0, 1);
	hit("POST /containers/create");
	end(0, 1);
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.n_told, 3);
	assert_int_equal(t.told[0].u.it.fault, SW_FAULT_STATUS);
	assert_string_equal(t.told[1].u.end.text, "chaos: entry 2 (reset, on exec) came due 1 time and was "
	                                          "never injected: nothing fitted");
	assert_string_equal(t.told[2].u.end.text, "chaos: entry 3 (stall) never came due");
}

static void of_a_part_of_a_session_nothing_is_said(void **state)
{
	(void)state;
	add(SW_FAULT_RESET, SW_TARGET_EXEC);
	start();
	sw_chaos_calm(t.chaos); /* it was stopped */
	sw_chaos_free(t.chaos);
	t.is_resumed = true;
	start_without_endpoints();
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.n_told, 0);
}

static void long_folder_is_not_used(void **state)
{
	char deep[140];
	struct sw_error err;
	struct sw_chaos *chaos;
	(void)state;
	memset(deep, 'x', sizeof deep - 1);
	deep[0] = '/';
	deep[sizeof deep - 1] = '\0';
	const struct sw_chaos_options options = {.loop = t.loop, .plan = &t.plan, .engine = &t.engine,
	                                         .state_dir = t.dir, .session_id = "s", .dir = deep,
	                                         .sink = {hear, NULL}};
	if (sw_chaos_new(&options, &chaos, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(strncmp(proxy.dir, "/tmp/", 5), 0);
	assert_int_equal(access(proxy.dir, W_OK), 0);
	sw_chaos_free(chaos);
	assert_int_equal(access(proxy.dir, F_OK), -1);
	start();
	assert_int_equal(strncmp(proxy.dir, t.dir, strlen(t.dir)), 0);
}

/* As a session leaves it that is killed, and resumed. */
static void left_sockets_go_first(void **state)
{
	char path[100];
	(void)state;
	(void)snprintf(path, sizeof path, "%s/proxy", t.dir);
	assert_int_equal(mkdir(path, 0700), 0);
	(void)snprintf(path, sizeof path, "%s/proxy/p0", t.dir);
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fclose(file);
	start();
	assert_int_equal(strncmp(proxy.dir, t.dir, strlen(t.dir)), 0);
	assert_int_equal(access(path, F_OK), -1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(leaves_others_engines_alone),
		TEST(may_hit_its_own_anywhere),
		TEST(without_an_engine_only_the_disk_is_full),
		TEST(only_root_may_stop_the_private_engine),
		TEST(image_needs_a_name),
		TEST(texts),
		TEST(is_armed_and_told),
		TEST(is_taken_back_at_the_end),
		TEST(late_hit_is_told),
		TEST(others_attempts_are_left_alone),
		TEST(full_proxy_is_told_of),
		TEST(calm_ends_it),
		TEST(prefixes_tell_the_slots_of_all_modes_apart),
		TEST(settles_before_the_runners_finish),
		TEST(settled_may_free_it),
		TEST(disk_is_full_once_that_is_told),
		TEST(disk_is_full_without_an_engine),
		TEST(disk_is_full_at_its_request),
		TEST(what_cannot_be_done_is_no_fault),
		TEST(what_is_not_told_yet_is_told_by_free),
		TEST(entries_that_hit_nothing_are_told),
		TEST(of_a_part_of_a_session_nothing_is_said),
		TEST(long_folder_is_not_used),
		TEST(left_sockets_go_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
