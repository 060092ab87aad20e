/* docker/chaos*.c, docker/image_away.c: each real fault is really done to an engine, told once, and
 * undone. The engine is a private one of this test's own. Needs root and dockerd; SANDWATCH_TEST_HOST
 * is only the word for "engine tests are wanted". */
#include <errno.h>
#include <signal.h>
#include <string.h>

#define FX_SHELL "sandwatch-test/chaos:latest"
#include "tests/engine/fixture.h"

#include "core/event.h"
#include "core/plan.h"
#include "core/process.h"
#include "docker/chaos.h"
#include "docker/container_runner.h"
#include "docker/engine_bridge.h"
#include "docker/engine_daemon.h"
#include "docker/image.h"
#include "docker/image_away.h"
#include "docker/lifecycle.h"

#define SESSION "chaos-session"
#define MODE "boxed"
#define FOR_EVER (3600 * FX_SECOND)

static struct {
	char state_dir[64];
	struct sw_daemon_paths paths;
	bool is_wanted;
	struct fx fx;
	struct sw_plan plan;
	struct sw_chaos *chaos;
	struct sw_endpoint endpoint; /* of the proxy, for the mode's first slot */
	struct sw_attempt attempt;
	/* What was told. */
	int injected, notes;
	bool is_told, is_noted, is_settled;
	struct sw_event fault, note;
} t;

static void hear(void *user, struct sw_event *event)
{
	(void)user;
	if (event->kind == SW_EVENT_FAULT_INJECTED) {
		t.fault = *event;
		t.injected++;
		t.is_told = true;
	} else if (event->kind == SW_EVENT_NOTE) {
		t.note = *event;
		t.notes++;
		t.is_noted = true;
	}
}

/* ---- the engine ---- */

static pid_t daemon_pid(void)
{
	struct sw_error err;
	pid_t pid = 0;
	if (sw_daemon_find(&t.paths, &pid, &err) < 0)
		fail_msg("%s", err.message);
	assert_true(pid > 0);
	return pid;
}

static char state_of(pid_t pid)
{
	struct sw_process_stat stat;
	return sw_process_read_stat(pid, &stat, NULL) == 0 ? stat.state : '-';
}

static bool is_gone(pid_t pid)
{
	return state_of(pid) == '-' || state_of(pid) == 'Z';
}

static bool is_stopped(pid_t pid)
{
	return state_of(pid) == 'T';
}

static void until(bool (*is_so)(pid_t pid), pid_t pid)
{
	int64_t late_ns = sw_clock_ns() + 30 * FX_SECOND;
	while (!is_so(pid) && sw_clock_ns() < late_ns)
		continue;
	assert_true(is_so(pid));
}

static void ensure_running(void)
{
	struct sw_error err;
	if (sw_engine_start_private(t.state_dir, (struct sw_steps){0}, &err) < 0)
		fail_msg("%s", err.message);
}

static void settled(void *user)
{
	(void)user;
	t.is_settled = true;
}

static bool answers(void)
{
	struct sw_engine engine;
	return sw_engine_probe(&t.fx.engine.endpoint, 5 * FX_SECOND, false, &engine, NULL) == 0;
}

/* ---- one chaos with one fault, at the first iteration ---- */

static void begin(enum sw_fault fault, enum sw_target on, int64_t duration_ns)
{
	struct sw_error err;
	struct sw_mode_plan *mode = &t.plan.modes[0];
	sw_plan_defaults(&t.plan);
	*mode = sw_plan_new_mode(&t.plan.sandbox);
	mode->kind = SW_KIND_COLD;
	(void)snprintf(mode->name, sizeof mode->name, MODE);
	(void)snprintf(mode->sandbox.image, sizeof mode->sandbox.image, FX_SHELL);
	t.plan.n_modes = 1;
	t.plan.n_chaos = 1;
	t.plan.chaos[0] = (struct sw_chaos_fault){.fault = fault, .iterations = {1}, .n_iterations = 1, .on = on,
	                                          .duration_ns = duration_ns};
	const struct sw_chaos_options options = {
		.loop = t.fx.loop,
		.plan = &t.plan,
		.engine = &t.fx.engine,
		.state_dir = t.state_dir,
		.session_id = SESSION,
		.dir = t.state_dir,
		.sink = {hear, NULL},
	};
	if (sw_chaos_check(&t.plan, &t.fx.engine, &err) < 0 || sw_chaos_new(&options, &t.chaos, &err) < 0 ||
	    sw_chaos_endpoint(t.chaos, 0, 0, &t.endpoint, &err) < 0)
		fail_msg("%s", err.message);
	t.attempt = (struct sw_attempt){.mode = 0, .iteration = 1, .number = 1};
	sw_chaos_attempt_begins(t.chaos, 0, &t.attempt);
}

static void until_told(void)
{
	fx_until(&t.fx, &t.is_told, 60, "fault_injected");
}

/* Ends it, and sees to it that the fault was told once, and beside it NOTE alone, or nothing. */
static void end_told_with(const char *note)
{
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.injected, 1);
	assert_int_equal(t.notes, note ? 1 : 0);
	if (note && !strstr(t.note.u.end.text, note))
		fail_msg("'%s' does not hold '%s'", t.note.u.end.text, note);
	assert_int_equal(t.fault.mode, 0);
	assert_int_equal(t.fault.u.it.iteration, 1);
	assert_int_equal(t.fault.u.it.attempt, 1);
	assert_int_equal(t.fault.u.it.fault, t.plan.chaos[0].fault);
}

static void end_told_once(void)
{
	end_told_with(NULL);
}

static void told_with(const char *text)
{
	if (!strstr(t.fault.u.it.text, text))
		fail_msg("'%s' does not hold '%s'", t.fault.u.it.text, text);
}

/* "engine HOW (process PID" */
static void told_process(const char *how, pid_t pid)
{
	char text[100];
	(void)snprintf(text, sizeof text, "engine %s (process %d", how, (int)pid);
	told_with(text);
}

/* ---- containers ---- */

static void on_created(void *user, const char *id, const char *warning, const struct sw_error *error)
{
	(void)user, (void)warning;
	if (!error)
		(void)snprintf(t.fx.first_id, sizeof t.fx.first_id, "%s", id);
	fx_done(&t.fx, error);
}

/* One that sleeps on NETWORK, of SESSION_ID, called PREFIX1. */
static void run_named(const char *network, const char *session_id, const char *prefix,
                      char out_id[SW_CONTAINER_ID_MAX])
{
	char name[SW_CONTAINER_NAME_MAX + 1], body[512];
	(void)snprintf(name, sizeof name, "%s1", prefix);
	(void)snprintf(body, sizeof body,
	               "{\"Image\":\"" FX_SHELL "\",\"Cmd\":[\"/bin/sleep\",\"987655\"],\"Labels\":{"
	               "\"org.sandwatch.session\":\"%s\"},\"HostConfig\":{\"NetworkMode\":\"%s\"}}",
	               session_id, network);
	sw_api_container_create(t.fx.api, name, body, 20 * FX_SECOND, on_created, NULL);
	fx_wait(&t.fx, "creating a container");
	if (!t.fx.ok)
		fail_msg("%s", t.fx.error.message);
	(void)snprintf(out_id, SW_CONTAINER_ID_MAX, "%s", t.fx.first_id);
	sw_api_container_start(t.fx.api, out_id, 20 * FX_SECOND, fx_done, &t.fx);
	fx_wait(&t.fx, "starting a container");
	if (!t.fx.ok)
		fail_msg("%s", t.fx.error.message);
}

/* As a runner of SLOT would name it. */
static void run_container_on(const char *network, const char *session_id, int slot,
                             char out_id[SW_CONTAINER_ID_MAX])
{
	char prefix[SW_CONTAINER_NAME_MAX];
	sw_container_prefix(session_id, 0, MODE, slot, prefix);
	run_named(network, session_id, prefix, out_id);
}

static void run_container(const char *session_id, int slot, char out_id[SW_CONTAINER_ID_MAX])
{
	run_container_on("none", session_id, slot, out_id);
}

static struct sw_api_state seen;

static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	(void)user;
	seen = (struct sw_api_state){.status = "gone"};
	if (!error)
		seen = *state;
	fx_done(&t.fx, error);
}

static const char *container_state(const char *id)
{
	sw_api_container_state(t.fx.api, id, 20 * FX_SECOND, on_state, NULL);
	fx_wait(&t.fx, "inspecting a container");
	return seen.status;
}

static void remove_container(const char *id)
{
	sw_api_container_remove(t.fx.api, id, 20 * FX_SECOND, fx_done, &t.fx);
	fx_wait(&t.fx, "removing a container");
}

/* ---- the engine: stopped ---- */

static void engine_is_stopped_until_the_end(void **state)
{
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_PAUSE, SW_TARGET_ANY, FOR_EVER);
	until_told();
	assert_int_equal(state_of(pid), 'T');
	told_process("stopped", pid);
	told_with(", SIGSTOP) for 1.00 h");
	end_told_once();
	assert_int_not_equal(state_of(pid), 'T');
	assert_int_equal(daemon_pid(), pid);
	assert_true(answers());
}

static void engine_goes_on_when_calm_is_asked_for(void **state)
{
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_PAUSE, SW_TARGET_ANY, FOR_EVER);
	until_told();
	assert_int_equal(state_of(pid), 'T');
	sw_chaos_calm(t.chaos);
	assert_true(answers());
	t.attempt.iteration = 1;
	sw_chaos_attempt_begins(t.chaos, 0, &t.attempt);
	end_told_once();
}

static void engine_goes_on_by_itself(void **state)
{
	(void)state;
	begin(SW_FAULT_ENGINE_PAUSE, SW_TARGET_ANY, FX_SECOND / 5);
	until_told();
	assert_true(answers());
	end_told_once();
}

/* Without a stop: before the runners' finish, which asks the engine. */
static void until_settled(void)
{
	t.is_settled = false;
	sw_chaos_settle(t.chaos, settled, NULL);
	fx_until(&t.fx, &t.is_settled, 60, "what was done to be undone");
	assert_true(answers());
}

static void engine_goes_on_before_the_runners_finish(void **state)
{
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_PAUSE, SW_TARGET_ANY, FOR_EVER);
	until_told();
	until_settled();
	assert_int_equal(daemon_pid(), pid);
	end_told_once();
}

/* As a chaos session that is killed leaves it. */
static void next_start_continues_one_that_was_left_stopped(void **state)
{
	(void)state;
	pid_t pid = daemon_pid();
	assert_int_equal(kill(pid, SIGSTOP), 0);
	until(is_stopped, pid);
	ensure_running();
	assert_int_equal(daemon_pid(), pid);
	assert_true(answers());
}

/* ---- the engine: killed, restarted ---- */

static void is_another_one(enum sw_fault fault, const char *told, const char *note)
{
	struct sw_error err;
	char id[SW_CONTAINER_ID_MAX];
	if (sw_engine_bridge_make(&t.fx.engine, (struct sw_steps){0}, &err) < 0)
		fail_msg("%s", err.message);
	run_container(SESSION, 0, id);
	pid_t pid = daemon_pid();
	begin(fault, SW_TARGET_ANY, 0);
	until_told();
	told_process(told, pid);
	fx_until(&t.fx, &t.is_noted, 60, "the engine's start");
	assert_int_not_equal(daemon_pid(), pid);
	assert_true(answers());
	assert_string_equal(container_state(id), "exited");
	assert_true(fx_has_image(&t.fx, FX_SHELL));
	remove_container(id);
	end_told_with(note);
	run_container_on(SW_ENGINE_BRIDGE, SESSION, 0, id); /* the network is there still */
	assert_string_equal(container_state(id), "running");
	remove_container(id);
	if (sw_engine_bridge_remove(&t.fx.engine.endpoint, &err) < 0)
		fail_msg("%s", err.message);
}

static void engine_is_killed_and_started(void **state)
{
	(void)state;
	is_another_one(SW_FAULT_ENGINE_KILL, "killed", " after it was killed");
}

static void engine_is_ended_and_started(void **state)
{
	(void)state;
	is_another_one(SW_FAULT_ENGINE_RESTART, "asked to end", " after it was asked to end");
}

static void engine_runs_again_before_the_runners_finish(void **state)
{
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_KILL, SW_TARGET_ANY, 0);
	until(is_gone, pid);
	until_settled();
	assert_int_not_equal(daemon_pid(), pid);
	end_told_with("the engine runs again");
}

static void image_is_back_before_the_runners_finish(void **state)
{
	(void)state;
	begin(SW_FAULT_IMAGE_REMOVE, SW_TARGET_ANY, FOR_EVER);
	until_told();
	assert_false(fx_has_image(&t.fx, FX_SHELL));
	until_settled();
	assert_true(fx_has_image(&t.fx, FX_SHELL));
	end_told_once();
}

static void free_in_the_middle_leaves_an_engine(void **state)
{
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_KILL, SW_TARGET_ANY, 0);
	until(is_gone, pid);
	end_told_with("the engine runs again");
	assert_int_not_equal(daemon_pid(), pid);
	assert_true(answers());
}

static void dead_engine_cannot_be_killed(void **state)
{
	bool was_running;
	struct sw_error err;
	(void)state;
	assert_int_equal(sw_engine_stop_private(t.state_dir, false, &was_running, &err), 0);
	begin(SW_FAULT_ENGINE_KILL, SW_TARGET_ANY, 0);
	fx_until(&t.fx, &t.is_noted, 60, "a note");
	assert_non_null(strstr(t.note.u.end.text, "engine-kill of mode '" MODE "', iteration 1, attempt 1, "
	                                          "was not injected: the private engine does not run"));
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.injected, 0);
	ensure_running();
}

/* ---- the image ---- */

static void image_is_away_until_the_end(void **state)
{
	(void)state;
	begin(SW_FAULT_IMAGE_REMOVE, SW_TARGET_ANY, FOR_EVER);
	until_told();
	told_with("image " FX_SHELL " removed for ");
	sw_api_container_create(t.fx.api, NULL, "{\"Image\":\"" FX_SHELL "\"}", 20 * FX_SECOND, on_created, NULL);
	fx_wait(&t.fx, "an answer of 404");
	assert_false(t.fx.ok);
	assert_int_equal(t.fx.error.code, SW_ERR_NOT_FOUND);
	end_told_once();
	assert_true(fx_has_image(&t.fx, FX_SHELL));
}

static int tags;

static void count_tag(void *user, const char *name)
{
	(void)user;
	tags += strncmp(name, "sandwatch-chaos/", 16) == 0;
}

static int kept_images(void)
{
	tags = 0;
	sw_api_image_list(t.fx.api, "sandwatch-chaos/kept/*", 20 * FX_SECOND, count_tag, fx_done, &t.fx);
	fx_wait(&t.fx, "listing images");
	assert_true(t.fx.ok);
	return tags;
}

static void image_comes_back_by_itself(void **state)
{
	(void)state;
	begin(SW_FAULT_IMAGE_REMOVE, SW_TARGET_ANY, FX_SECOND / 2);
	until_told();
	assert_int_equal(kept_images(), 1);
	int64_t late_ns = sw_clock_ns() + 60 * FX_SECOND;
	while (!fx_has_image(&t.fx, FX_SHELL) && sw_clock_ns() < late_ns)
		continue;
	while (kept_images() > 0 && sw_clock_ns() < late_ns)
		continue;
	assert_true(fx_has_image(&t.fx, FX_SHELL));
	assert_int_equal(kept_images(), 0);
	end_told_once();
}

static void image_survives_an_engine_that_dies(void **state)
{
	(void)state;
	begin(SW_FAULT_IMAGE_REMOVE, SW_TARGET_ANY, FOR_EVER);
	until_told();
	pid_t pid = daemon_pid();
	assert_int_equal(kill(pid, SIGKILL), 0);
	until(is_gone, pid);
	ensure_running();
	end_told_once();
	assert_true(fx_has_image(&t.fx, FX_SHELL));
	assert_int_equal(kept_images(), 0);
}

/* What a chaos session leaves that is killed: by a child, which ends without giving it back. */
static void next_session_gives_a_lost_image_back(void **state)
{
	struct sw_error err;
	struct sw_image image = {.usable = false};
	const struct sw_image_parts parts = {.build = ""};
	char kept[SW_IMAGE_KEPT_MAX];
	int status = -1, given = -1;
	(void)state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(sw_image_away_take(&t.fx.engine, FX_SHELL, kept, NULL) == 0 ? 0 : 1);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_false(fx_has_image(&t.fx, FX_SHELL));
	assert_int_equal(kept_images(), 1);
	if (sw_image_ensure(&t.fx.engine, FX_SHELL, &parts, t.state_dir, (struct sw_steps){0}, &image, &err) < 0)
		fail_msg("%s", err.message);
	sw_image_done(&image);
	assert_int_equal(kept_images(), 0);
	/* One that a living process has away stays away. */
	assert_int_equal(sw_image_away_take(&t.fx.engine, FX_SHELL, kept, &err), 0);
	assert_int_equal(sw_image_away_mend(&t.fx.engine, &given, &err), 0);
	assert_int_equal(given, 0);
	assert_false(fx_has_image(&t.fx, FX_SHELL));
	assert_int_equal(sw_image_away_give_back(&t.fx.engine, FX_SHELL, kept, &err), 0);
	assert_true(fx_has_image(&t.fx, FX_SHELL));
	assert_int_equal(kept_images(), 0);
}

/* ---- containers ---- */

static void hits_its_own_container_alone(enum sw_fault fault, const char *told, const char *becomes)
{
	char mine[SW_CONTAINER_ID_MAX], neighbour[SW_CONTAINER_ID_MAX], stranger[SW_CONTAINER_ID_MAX];
	char namesake[SW_CONTAINER_ID_MAX], prefix[SW_CONTAINER_NAME_MAX];
	run_container(SESSION, 0, mine);
	run_container(SESSION, 1, neighbour);
	run_container("another", 0, stranger);
	sw_container_prefix(SESSION, 1, MODE "-0", 0, prefix); /* of another mode, which is called so */
	run_named("none", SESSION, prefix, namesake);
	begin(fault, SW_TARGET_ANY, 0);
	until_told();
	told_with(told);
	assert_memory_equal(t.fault.u.it.container, mine, 12);
	assert_int_equal(strlen(t.fault.u.it.container), 12);
	assert_string_equal(container_state(mine), becomes);
	assert_true(strcmp(becomes, "gone") == 0 || seen.exit_code == 137);
	assert_string_equal(container_state(neighbour), "running");
	assert_string_equal(container_state(stranger), "running");
	assert_string_equal(container_state(namesake), "running");
	end_told_once();
	remove_container(mine);
	remove_container(neighbour);
	remove_container(stranger);
	remove_container(namesake);
}

static void container_is_killed(void **state)
{
	(void)state;
	hits_its_own_container_alone(SW_FAULT_CONTAINER_KILL, "killed (SIGKILL) from outside", "exited");
}

static void container_is_removed(void **state)
{
	(void)state;
	hits_its_own_container_alone(SW_FAULT_CONTAINER_REMOVE, "removed by force from outside", "gone");
}

/* It waits for one that runs as long as the attempt lasts. */
static void container_that_comes_later_is_hit(void **state)
{
	char id[SW_CONTAINER_ID_MAX];
	(void)state;
	begin(SW_FAULT_CONTAINER_KILL, SW_TARGET_ANY, 0);
	run_container(SESSION, 0, id);
	until_told();
	assert_string_equal(container_state(id), "exited");
	end_told_once();
	remove_container(id);
}

static void without_a_container_it_says_so(void **state)
{
	(void)state;
	begin(SW_FAULT_CONTAINER_KILL, SW_TARGET_ANY, 0);
	sw_chaos_attempt_ended(t.chaos, 0, &t.attempt);
	fx_until(&t.fx, &t.is_noted, 60, "a note");
	assert_non_null(strstr(t.note.u.end.text, "container-kill"));
	assert_non_null(strstr(t.note.u.end.text, "no container of this attempt ran any more"));
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.injected, 0);
	assert_int_equal(t.notes, 1);
}

/* ---- by way of the proxy ---- */

static void waits_for_its_request(void **state)
{
	struct fx through;
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_KILL, SW_TARGET_INSPECT, 0);
	fx_open(&through, t.endpoint.text); /* asks for ping and info */
	assert_int_equal(daemon_pid(), pid);
	sw_api_container_state(through.api, "nobody", 20 * FX_SECOND, on_state, NULL);
	fx_until(&through, &t.fx.answered, 60, "an answer, or the connection's end");
	t.fx.answered = false;
	until_told();
	told_process("killed", pid);
	assert_int_equal(t.fault.u.it.target, SW_TARGET_INSPECT);
	fx_close(&through);
	end_told_with("the engine runs again");
	assert_int_not_equal(daemon_pid(), pid);
}

static void request_that_never_came_is_not_waited_for(void **state)
{
	struct fx through;
	(void)state;
	pid_t pid = daemon_pid();
	begin(SW_FAULT_ENGINE_KILL, SW_TARGET_INSPECT, 0);
	sw_chaos_attempt_ended(t.chaos, 0, &t.attempt);
	fx_open(&through, t.endpoint.text);
	assert_false(fx_has_image(&through, "sandwatch-test/nothing:latest"));
	sw_api_container_state(through.api, "nobody", 20 * FX_SECOND, on_state, NULL);
	fx_until(&through, &t.fx.answered, 60, "an answer");
	t.fx.answered = false;
	fx_close(&through);
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	assert_int_equal(t.injected, 0);
	assert_int_equal(t.notes, 1);
	assert_non_null(strstr(t.note.u.end.text,
	                       "(engine-kill, on inspect) came due 1 time and was never injected"));
	assert_int_equal(daemon_pid(), pid);
}

/* ---- fixture ---- */

static int set_up_all(void **state)
{
	char program[1024], host[1100];
	(void)state;
	t.is_wanted = fx_host() && geteuid() == 0 &&
	              sw_daemon_find_program("dockerd", program, sizeof program);
	(void)snprintf(t.state_dir, sizeof t.state_dir, "/tmp/sandwatch-test-chaos.XXXXXX");
	if (!mkdtemp(t.state_dir) || sw_daemon_paths(t.state_dir, &t.paths, NULL) < 0)
		return -1;
	if (!t.is_wanted)
		return 0;
	ensure_running();
	(void)snprintf(host, sizeof host, "unix://%s", t.paths.socket);
	fx_open(&t.fx, host);
	t.fx.engine.is_private = true;
	fx_import_shell(&t.fx);
	return 0;
}

static int tear_down_all(void **state)
{
	bool was_running;
	(void)state;
	if (t.is_wanted)
		fx_close(&t.fx);
	(void)sw_engine_stop_private(t.state_dir, true, &was_running, NULL);
	return rmdir(t.state_dir);
}

static int set_up_one(void **state)
{
	(void)state;
	t.injected = t.notes = 0;
	t.is_told = t.is_noted = false;
	fx_need(t.is_wanted, "a private engine needs root, dockerd and SANDWATCH_TEST_HOST");
	return 0;
}

/* Also after a test that failed in its middle. */
static int tear_down_one(void **state)
{
	(void)state;
	sw_chaos_free(t.chaos);
	t.chaos = NULL;
	sw_plan_done(&t.plan);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_one, tear_down_one)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(engine_is_stopped_until_the_end),
		TEST(engine_goes_on_when_calm_is_asked_for),
		TEST(engine_goes_on_by_itself),
		TEST(engine_goes_on_before_the_runners_finish),
		TEST(next_start_continues_one_that_was_left_stopped),
		TEST(engine_is_killed_and_started),
		TEST(engine_is_ended_and_started),
		TEST(engine_runs_again_before_the_runners_finish),
		TEST(free_in_the_middle_leaves_an_engine),
		TEST(dead_engine_cannot_be_killed),
		TEST(image_is_away_until_the_end),
		TEST(image_comes_back_by_itself),
		TEST(image_is_back_before_the_runners_finish),
		TEST(image_survives_an_engine_that_dies),
		TEST(next_session_gives_a_lost_image_back),
		TEST(container_is_killed),
		TEST(container_is_removed),
		TEST(container_that_comes_later_is_hit),
		TEST(without_a_container_it_says_so),
		TEST(waits_for_its_request),
		TEST(request_that_never_came_is_not_waited_for),
	};
	return cmocka_run_group_tests(tests, set_up_all, tear_down_all);
}
