/* Watching containers that somebody else starts (docker/events.h, observe.h, monitor.h) on a real engine:
 * what each test starts is known, so the accounts must say just that. Somebody else is this test's own API
 * client; the watcher has its own connections. The last test restarts a private engine, as root. */
#include <math.h>
#include <signal.h>
#include <string.h>

#define FX_SHELL "sandwatch-test/observe-engine:latest"
#include "tests/engine/fixture.h"

#include "core/histogram.h"
#include "docker/engine_daemon.h"
#include "docker/events.h"
#include "docker/monitor.h"
#include "docker/observe.h"

static struct fx fx;
static struct sw_events *events;
static struct sw_observe *observe;
static struct sw_monitor *monitor;
static char label[64];
static char created_id[SW_CONTAINER_ID_MAX];
static bool has_changed;
static int event_counts[SW_CE_LIST_END + 1];
static char state_dir[64], why[256];

static void on_event(void *user, const struct sw_container_event *event)
{
	(void)user;
	event_counts[event->kind]++;
	if (event->kind == SW_CE_LOST)
		(void)snprintf(why, sizeof why, "%s", event->text);
	assert_int_equal(sw_observe_apply(observe, event, sw_clock_ns()), 0);
}

static void on_changed(void *user)
{
	(void)user;
	has_changed = true;
}

/* Until CONDITION holds. */
#define UNTIL(condition, what)                                   \
	do {                                                         \
		struct sw_timer wake_ = {0};                             \
		int64_t due_ns_ = sw_clock_ns() + 60 * FX_SECOND;        \
		sw_loop_arm(fx.loop, &wake_, due_ns_, fx_nothing, NULL); \
		while (!(condition) && sw_clock_ns() < due_ns_)          \
			fx_step(&fx);                                        \
		sw_loop_disarm(fx.loop, &wake_);                         \
		if (!(condition))                                        \
			fail_msg("not within 60 s: %s", what);               \
	} while (0)

static void watch(const char *host, const char *filter_text)
{
	struct sw_filter filter = {0};
	struct sw_endpoint endpoint;
	assert_int_equal(sw_filter_add(&filter, filter_text, NULL), 0);
	assert_int_equal(sw_endpoint_parse(host, &endpoint, NULL), 0);
	assert_int_equal(sw_observe_new(&observe, NULL), 0);
	assert_int_equal(sw_events_new(fx.loop, &endpoint, &filter, &events, NULL), 0);
	sw_events_on_event(events, on_event, NULL);
	UNTIL(sw_observe_watch(observe)->is_listed, "the list of containers");
}

static int setup(void **state)
{
	char filter[80];
	(void)state;
	if (!fx_host())
		return 0;
	memset(event_counts, 0, sizeof event_counts);
	fx_open(&fx, fx_host());
	fx_import_shell(&fx);
	(void)snprintf(label, sizeof label, "org.sandwatch.test.watch=%d", (int)getpid());
	(void)snprintf(filter, sizeof filter, "label=%s", label);
	watch(fx_host(), filter);
	return 0;
}

static void let_go(void)
{
	sw_monitor_free(monitor);
	monitor = NULL;
	sw_events_free(events);
	events = NULL;
	sw_observe_free(observe);
	observe = NULL;
}

static int teardown(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	let_go();
	while (fx_count(&fx, label) > 0) {
		sw_api_container_remove(fx.api, fx.first_id, 30 * FX_SECOND, fx_done, &fx);
		fx_wait(&fx, "removing a container");
	}
	fx_remove_image(&fx, FX_SHELL);
	fx_close(&fx);
	return 0;
}

/* --- somebody else --- */

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	(void)warning;
	(void)snprintf(created_id, sizeof created_id, "%s", id ? id : "");
	fx_done(user, error);
}

static void need_fine(void)
{
	if (!fx.ok)
		fail_msg("%s", fx.error.message);
}

static void create(const char *script, const char *host_config)
{
	char body[1024], key[64];
	(void)snprintf(key, sizeof key, "%.*s", (int)strcspn(label, "="), label);
	(void)snprintf(body, sizeof body,
	               "{\"Image\":\"" FX_SHELL
	               "\",\"Cmd\":[\"/bin/sh\",\"-c\",\"%s\"],\"NetworkDisabled\":true,"
	               "\"Labels\":{\"%s\":\"%s\"},"
	               "\"HostConfig\":{\"NetworkMode\":\"none\"%s}}",
	               script, key, strchr(label, '=') + 1, host_config);
	sw_api_container_create(fx.api, NULL, body, 60 * FX_SECOND, on_created, &fx);
	fx_wait(&fx, "creating a container");
	need_fine();
}

static void start(const char *id)
{
	sw_api_container_start(fx.api, id, 60 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "starting a container");
	need_fine();
}

static void remove_it(const char *id)
{
	sw_api_container_remove(fx.api, id, 60 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "removing a container");
	need_fine();
}

static void run(const char *script, const char *host_config)
{
	char id[SW_CONTAINER_ID_MAX];
	create(script, host_config);
	(void)snprintf(id, sizeof id, "%s", created_id);
	start(id);
	UNTIL(sw_observe_find(observe, id) && sw_observe_find(observe, id)->died_ns, "its end");
	remove_it(id);
}

/* --- what the accounts say --- */

static uint64_t spans(int span)
{
	const struct sw_histogram *histogram = sw_observe_all(observe)->spans[span];
	return histogram ? sw_histogram_count(histogram) : 0;
}

static bool all_ended(uint64_t n)
{
	return sw_observe_all(observe)->ended >= n;
}

/* 0, 3, 137 by a kill from outside, out of memory. */
static void known_ends(void **state)
{
	char id[SW_CONTAINER_ID_MAX];
	(void)state;
	fx_need_engine();
	run("exit 0", "");
	run("exit 3", "");
	run("exit 3", "");
	create("exec /bin/sleep 600", "");
	(void)snprintf(id, sizeof id, "%s", created_id);
	start(id);
	UNTIL(sw_observe_all(observe)->running == 1, "it runs");
	sw_api_container_kill(fx.api, id, "KILL", 30 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "killing a container");
	UNTIL(sw_observe_find(observe, id)->died_ns, "its end");
	remove_it(id);
	run("exec /usr/bin/head -c 60000000 /dev/zero > /dev/shm/x",
	    ",\"Memory\":16777216,\"MemorySwap\":16777216");
	UNTIL(all_ended(5), "five ends");

	const struct sw_observe_image *all = sw_observe_all(observe);
	const struct sw_observe_image *image = sw_observe_image(observe, 0);
	assert_string_equal(image->name, FX_SHELL);
	assert_null(sw_observe_image(observe, 1));
	assert_int_equal(all->created, 5);
	assert_int_equal(all->found, 0);
	assert_int_equal(all->living, 0);
	assert_int_equal(all->unseen, 0);
	assert_int_equal(all->runs, 5);
	assert_int_equal(all->exit_codes[0], 1);
	assert_int_equal(all->exit_codes[3], 2);
	assert_int_equal(all->exit_codes[137], 2);
	assert_int_equal(all->failures, 4);
	assert_int_equal(all->killed, 1);
	assert_int_equal(all->signals[9], 1);
	assert_int_equal(all->oom, strcmp(fx.engine.info.name, "podman") == 0 ? 0 : 1);
	assert_int_equal(all->clamped, 0);
	for (int s = 0; s < SW_SPANS; s++) {
		assert_int_equal(spans(s), 5);
		assert_true(sw_histogram_min(image->spans[s]) > 0);
		assert_true(sw_histogram_max(image->spans[s]) < 30 * FX_SECOND);
	}
	for (const struct sw_observed *is = sw_observe_ended(observe); is; is = is->older)
		assert_true(is->created_ns < is->first_started_ns && is->first_started_ns < is->died_ns &&
		            is->died_ns <= is->destroyed_ns);
	assert_int_equal(sw_events_unreadable(events), 0);
}

static int answers;
static char ids[20][SW_CONTAINER_ID_MAX];

static void on_many_created(void *user, const char *id, const char *warning,
                            const struct sw_error *error)
{
	(void)user, (void)warning;
	assert_null(error);
	(void)snprintf(ids[answers++], sizeof ids[0], "%s", id);
}

static void on_many(void *user, const struct sw_error *error)
{
	(void)user;
	assert_null(error);
	answers++;
}

static void many_at_once(void **state)
{
	char body[512];
	(void)state;
	fx_need_engine();
	(void)snprintf(
		body, sizeof body,
		"{\"Image\":\"" FX_SHELL
		"\",\"Cmd\":[\"/bin/sh\",\"-c\",\"exit 5\"],\"NetworkDisabled\":true,"
		"\"Labels\":{\"org.sandwatch.test.watch\":\"%d\"},\"HostConfig\":{\"NetworkMode\":\"none\"}}",
		(int)getpid());
	answers = 0;
	for (int i = 0; i < 20; i++)
		sw_api_container_create(fx.api, NULL, body, 60 * FX_SECOND, on_many_created, NULL);
	UNTIL(answers == 20, "creating 20 containers");
	answers = 0;
	for (int i = 0; i < 20; i++)
		sw_api_container_start(fx.api, ids[i], 60 * FX_SECOND, on_many, NULL);
	UNTIL(answers == 20 && sw_observe_all(observe)->runs == 20, "20 ends");
	answers = 0;
	for (int i = 0; i < 20; i++)
		sw_api_container_remove(fx.api, ids[i], 60 * FX_SECOND, on_many, NULL);
	UNTIL(answers == 20 && all_ended(20), "20 removals");
	const struct sw_observe_image *all = sw_observe_all(observe);
	assert_int_equal(all->created, 20);
	assert_int_equal(all->exit_codes[5], 20);
	assert_int_equal(all->living, 0);
	assert_int_equal(all->running, 0);
	for (int s = 0; s < SW_SPANS; s++)
		assert_int_equal(spans(s), 20);
}

/* What is there when the watch begins, with phases that nobody saw. */
static void what_was_there(void **state)
{
	char id[SW_CONTAINER_ID_MAX], filter[128];
	(void)state;
	fx_need_engine();
	create("exec /bin/sleep 600", "");
	(void)snprintf(id, sizeof id, "%s", created_id);
	start(id);
	let_go();
	(void)snprintf(filter, sizeof filter, "label=%s,image=sandwatch-test/observe-engine", label);
	watch(fx_host(), filter);
	const struct sw_observed *is = sw_observe_find(observe, id);
	assert_non_null(is);
	assert_true(is->was_found);
	assert_int_equal(is->state, SW_CONTAINER_RUNNING);
	assert_int_equal(is->created_ns, 0);
	assert_true(is->listed_created_s > 0);
	remove_it(id);
	UNTIL(all_ended(1), "its removal");
	assert_int_equal(sw_observe_all(observe)->exit_codes[137], 1);
	assert_int_equal(spans(SW_SPAN_WHOLE), 0);
	assert_int_equal(spans(SW_SPAN_CLEANUP), 1);
}

static void resources(void **state)
{
	struct sw_endpoint endpoint;
	char id[SW_CONTAINER_ID_MAX];
	const char *list[] = {id};
	(void)state;
	fx_need_engine();
	create("while :; do :; done", ",\"Memory\":33554432");
	(void)snprintf(id, sizeof id, "%s", created_id);
	start(id);
	assert_int_equal(sw_endpoint_parse(fx_host(), &endpoint, NULL), 0);
	assert_int_equal(sw_monitor_new(fx.loop, &endpoint, on_changed, NULL, &monitor, NULL), 0);
	assert_int_equal(sw_monitor_watch(monitor, list, 1), 1);
	sw_monitor_set(monitor, true);
	UNTIL(!isnan(sw_monitor_find(monitor, id)->cpu_percent), "two rounds of statistics");
	const struct sw_sample *sample = sw_monitor_find(monitor, id);
	assert_int_equal(sample->state, SW_SAMPLE_RUNNING);
	assert_true(sample->cpu_ns > 0);
	assert_true(sample->cpu_percent > 5 && sample->cpu_percent < 150);
	assert_true(sample->memory_bytes > 0 && sample->memory_bytes < 33554432);
	assert_int_equal(sample->memory_limit_bytes, 33554432);
	assert_int_equal(sample->pids, 1);
	remove_it(id);
	UNTIL(sw_monitor_find(monitor, id)->state == SW_SAMPLE_GONE, "its end");
	assert_string_equal(sw_monitor_error(monitor), "");
}

/* --- an engine that is killed and started again --- */

static int private_setup(void **state)
{
	(void)state;
	(void)snprintf(state_dir, sizeof state_dir, "/tmp/sandwatch-test-watch.XXXXXX");
	if (fx_host() && geteuid() == 0 && !mkdtemp(state_dir))
		return -1;
	return 0;
}

static int private_teardown(void **state)
{
	bool was_running;
	(void)state;
	if (!fx_host() || geteuid() != 0)
		return 0;
	let_go();
	fx_close(&fx);
	(void)sw_engine_stop_private(state_dir, true, &was_running, NULL);
	(void)rmdir(state_dir);
	return 0;
}

static void start_engine(void)
{
	struct sw_error err;
	struct sw_steps none = {0};
	if (sw_engine_start_private(state_dir, none, &err) < 0)
		fail_msg("%s", err.message);
}

static void a_restart(void **state)
{
	struct sw_daemon_paths paths;
	char program[1024], host[1100], ids_of[2][SW_CONTAINER_ID_MAX];
	pid_t pid;
	(void)state;
	fx_need_engine();
	fx_need(geteuid() == 0, "a private engine needs root");
	fx_need(sw_daemon_find_program("dockerd", program, sizeof program), "there is no dockerd");
	assert_int_equal(sw_daemon_paths(state_dir, &paths, NULL), 0);
	(void)snprintf(host, sizeof host, "unix://%s", paths.socket);
	memset(event_counts, 0, sizeof event_counts);
	start_engine();
	fx_open(&fx, host);
	fx_import_shell(&fx);
	(void)snprintf(label, sizeof label, "org.sandwatch.test.watch=restart");
	watch(host, "all");
	run("exit 0", "");
	for (int i = 0; i < 2; i++) {
		create("exec /bin/sleep 600", "");
		(void)snprintf(ids_of[i], sizeof ids_of[i], "%s", created_id);
		start(ids_of[i]);
	}
	UNTIL(sw_observe_all(observe)->running == 2, "two that run");

	assert_int_equal(sw_daemon_find(&paths, &pid, NULL), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	UNTIL(event_counts[SW_CE_LOST] > 0, "the loss");
	assert_false(sw_observe_watch(observe)->is_connected);
	assert_true(strstr(why, "broke off") || strstr(why, "cannot connect"));
	start_engine();
	UNTIL(event_counts[SW_CE_BACK] == 1 && sw_observe_watch(observe)->is_listed, "the return");
	assert_int_equal(sw_observe_watch(observe)->lost, 1);
	assert_true(sw_observe_watch(observe)->lost_ns > 0);
	assert_int_equal(event_counts[SW_CE_CONNECTED], 1);

	/* A killed dockerd's containers have ended, or it takes them up again: the list or events said so. */
	UNTIL(sw_observe_all(observe)->running == 0 ||
	          sw_observe_find(observe, ids_of[0])->end == SW_END_LIVING,
	      "what became of them");
	run("exit 7", "");
	UNTIL(all_ended(2), "what came after");
	const struct sw_observe_image *all = sw_observe_all(observe);
	assert_int_equal(all->exit_codes[0], 1);
	assert_int_equal(all->exit_codes[7], 1);
	assert_int_equal(all->created, 4);
	assert_int_equal(all->found, 0);
	for (int i = 0; i < 2; i++)
		remove_it(ids_of[i]);
	UNTIL(all_ended(4), "all removals");
	assert_int_equal(all->living, 0);
	assert_int_equal(all->unseen, 0);
	assert_int_equal(all->clamped, 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(known_ends),
		T(many_at_once),
		T(what_was_there),
		T(resources),
		cmocka_unit_test_setup_teardown(a_restart, private_setup, private_teardown),
	};
	return cmocka_run_group_tests_name("watching containers", tests, NULL, NULL);
}
