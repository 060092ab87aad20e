/* docker/kept.c: one container at a time, whatever is asked of it and whatever happens to it. */
#include "tests/unit/docker/keeping_engine.h"

#include "docker/kept.h"

static struct sw_mode_plan mode = {.name = "m", .sandbox = {.image = "i", .network = "none",
                                               .engine_timeout_ns = 30 * SECOND}};
static struct sw_task task;

static struct {
	struct sw_container_runner base;
	struct sw_kept *kept;
	int dones, deaths;
	bool done, failed, died, is_oom, ups_in_death;
	struct sw_error error;
	char why[SW_TEXT_MAX], out[32];
	int created, removed, behind;
} story;

static void on_done(void *user, const struct sw_error *error)
{
	assert_ptr_equal(user, &story);
	story.dones++;
	story.done = true;
	story.failed = error != NULL;
	if (error)
		story.error = *error;
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	(void)user;
	assert_int_equal(stream, SW_STREAM_STDOUT);
	(void)snprintf(story.out, sizeof story.out, "%.*s", (int)len, bytes);
	story.done = true;
}

static void on_died(void *user, const struct sw_kept_end *end)
{
	(void)user;
	story.deaths++;
	story.died = true;
	story.is_oom = end->is_oom;
	(void)snprintf(story.why, sizeof story.why, "%s", end->text);
	assert_false(sw_kept_is_up(story.kept));
	if (story.ups_in_death)
		sw_kept_up(story.kept, on_done, &story);
}

static void on_event(void *user, struct sw_event *event)
{
	(void)user;
	story.created += event->kind == SW_EVENT_CONTAINER_CREATED;
	story.removed += event->kind == SW_EVENT_CONTAINER_REMOVED;
	story.behind += event->kind == SW_EVENT_PHASE_BEHIND;
	if (event->kind == SW_EVENT_PHASE_BEHIND)
		assert_int_equal(event->u.it.n_spans, 3);
	assert_int_equal(event->u.it.iteration, 0);
}

static int set_up(void **state)
{
	static const char *const command[] = {"--pause", NULL};
	static const struct sw_runner_ops ops;
	(void)state;
	memset(&story, 0, sizeof story);
	if (engine_start() < 0)
		return -1;
	const struct sw_container_options options = {
		.loop = engine.loop, .endpoint = engine.endpoint, .api_version = "1.41", .mode = &mode,
		.task = &task, .session_id = "s", .slot = 3, .sink = {on_event, NULL}};
	const struct sw_container_shape shape = {.token = "", .command = command, .with_stdin = true};
	const struct sw_kept_handlers handlers = {on_data, on_died, NULL};
	if (sw_container_init(&story.base, &options, &ops, NULL) < 0)
		return -1;
	return sw_kept_new(&story.base, "kept", &shape, &handlers, &story.kept, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	sw_kept_free(story.kept);
	sw_container_done(&story.base);
	return engine_stop();
}

static void until_done(int dones)
{
	engine_until(&story.done);
	story.done = false;
	assert_int_equal(story.dones, dones);
}

static void bring_up(int dones)
{
	sw_kept_up(story.kept, on_done, &story);
	assert_int_equal(story.dones, dones - 1); /* never from inside */
	until_done(dones);
	assert_false(story.failed);
	assert_true(sw_kept_is_up(story.kept));
}

static void up_and_down(void **state)
{
	(void)state;
	assert_true(sw_kept_is_idle(story.kept) && !sw_kept_is_up(story.kept));
	bring_up(1);
	assert_non_null(strstr(engine.last_request, "/containers/create?name=sandwatch-s-0.3-m-kept-1 "));
	assert_non_null(strstr(engine.last_request, "\"Cmd\":[\"--pause\"]"));
	assert_string_equal(sw_kept_id(story.kept), "000000000000");
	assert_int_equal(story.created, 1);
	assert_int_equal(story.behind, 1);
	bring_up(2); /* it is up already */
	assert_int_equal(engine.asked[CREATE], 1);
	sw_kept_down(story.kept, on_done, &story);
	assert_false(sw_kept_is_up(story.kept) || sw_kept_is_idle(story.kept));
	until_done(3);
	assert_false(story.failed);
	assert_true(engine.containers[0].is_removed);
	assert_int_equal(story.removed, 1);
	sw_kept_down(story.kept, on_done, &story); /* there is none */
	until_done(4);
	bring_up(5);
	assert_non_null(strstr(engine.last_request, "-kept-2 "));
	assert_int_equal(story.deaths, 0);
}

static void data_comes_until_it_is_given_up(void **state)
{
	static const char frame[] = "\1\0\0\0\0\0\0\2hi";
	(void)state;
	assert_int_equal(sw_kept_write(story.kept, "x", 1, NULL), -1);
	bring_up(1);
	assert_int_equal(sw_kept_write(story.kept, "x", 1, NULL), 0);
	engine_say(engine.containers[0].attached, frame, sizeof frame - 1);
	until_done(1);
	assert_string_equal(story.out, "hi");
	engine_say(engine.containers[0].attached, frame, sizeof frame - 1);
	story.out[0] = '\0';
	sw_kept_down(story.kept, on_done, &story);
	until_done(2);
	assert_string_equal(story.out, "");
}

static void what_failed_is_tried_again_when_asked(void **state)
{
	static const enum ask steps[] = {CREATE, ATTACH, START};
	(void)state;
	for (int i = 0; i < 3; i++) {
		engine.refuse[steps[i]] = 1;
		sw_kept_up(story.kept, on_done, &story);
		until_done(i + 1);
		assert_true(story.failed);
		assert_non_null(strstr(story.error.message, "no, not now"));
		assert_true(sw_kept_is_idle(story.kept));
	}
	bring_up(4);
	assert_int_equal(engine.n, 3);
	assert_true(engine.containers[0].is_removed && engine.containers[1].is_removed);
	assert_int_equal(story.deaths, 0);
	assert_int_equal(story.behind, 1);
}

static void death_is_told_and_another_is_made(void **state)
{
	(void)state;
	story.ups_in_death = true;
	bring_up(1);
	engine_kill(0, 3);
	until_done(2);
	assert_int_equal(story.deaths, 1);
	assert_string_equal(story.why, "the kept container 000000000000 ended with exit code 3");
	assert_true(sw_kept_is_up(story.kept));
	assert_true(engine.containers[0].is_removed);
	assert_string_equal(sw_kept_id(story.kept), "000000000001");
	assert_int_equal(story.created, 2);
	assert_int_equal(story.removed, 1);
	assert_false(story.is_oom);
}

static void a_kill_is_asked_after(void **state)
{
	(void)state;
	for (int i = 0; i < 2; i++) {
		bring_up(i + 1);
		engine.is_oom = i == 1;
		story.died = false;
		engine_kill(i, 137);
		engine_until(&story.died);
		assert_int_equal(engine.asked[STATE], i + 1);
		assert_int_equal(story.is_oom, i == 1);
		assert_non_null(strstr(story.why, i ? "out of memory" : "was killed (SIGKILL)"));
	}
}

/* A child was killed for want of memory, and its first process gave up: the engine knows. */
static void any_end_may_be_for_want_of_memory(void **state)
{
	(void)state;
	bring_up(1);
	engine.is_oom = true;
	engine_kill(0, 65);
	engine_until(&story.died);
	assert_true(story.is_oom);
	assert_string_equal(
		story.why, "the kept container 000000000000 was out of memory and ended with exit code 65");
}

static void no_death_is_told_of_one_that_is_given_up(void **state)
{
	(void)state;
	bring_up(1);
	engine_kill(0, 137);
	while (!engine.asked[STATE])
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_kept_down(story.kept, on_done, &story);
	until_done(2);
	assert_int_equal(story.deaths, 0);
	assert_true(engine.containers[0].is_removed);
}

static void a_pending_up_begins_anew_after_a_drop(void **state)
{
	(void)state;
	sw_kept_drop(story.kept); /* nothing there */
	sw_kept_up(story.kept, on_done, &story);
	while (!engine.asked[START])
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_kept_drop(story.kept);
	until_done(1);
	assert_false(story.failed);
	assert_string_equal(sw_kept_id(story.kept), "000000000001");
	assert_true(engine.containers[0].is_removed);
	sw_kept_drop(story.kept);
	bring_up(2); /* waits for the removal */
	assert_string_equal(sw_kept_id(story.kept), "000000000002");
	assert_int_equal(story.deaths, 0);
}

static void down_takes_the_place_of_up(void **state)
{
	(void)state;
	sw_kept_up(story.kept, on_done, &story);
	while (!engine.asked[CREATE])
		assert_int_equal(sw_loop_step(engine.loop, NULL), 0);
	sw_kept_down(story.kept, on_done, &story);
	until_done(1);
	assert_false(story.failed);
	assert_true(sw_kept_is_idle(story.kept) && !sw_kept_is_up(story.kept));
	assert_true(engine.containers[0].is_removed);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(up_and_down),
		T(data_comes_until_it_is_given_up),
		T(what_failed_is_tried_again_when_asked),
		T(death_is_told_and_another_is_made),
		T(a_kill_is_asked_after),
		T(any_end_may_be_for_want_of_memory),
		T(no_death_is_told_of_one_that_is_given_up),
		T(a_pending_up_begins_anew_after_a_drop),
		T(down_takes_the_place_of_up),
	};
	return cmocka_run_group_tests_name("kept", tests, NULL, NULL);
}
