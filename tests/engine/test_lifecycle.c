/* docker/lifecycle.c against a real engine: every state is entered in order, everything that can end
 * a container ends it, and nothing is ever left behind. */
#include <string.h>

#define FX_SHELL "sandwatch-test/lifecycle:latest"
#include "tests/engine/fixture.h"

#include "core/buf.h"
#include "docker/lifecycle.h"

#define LABEL "org.sandwatch.test=lifecycle"

/* One container's story, as its handlers saw it. */
struct story {
	struct fx *fx;
	struct sw_lifecycle *life;
	enum sw_life seen[SW_LIFE_COUNT + 1];
	int n_seen;
	char out[4096];
	size_t out_len, total;
	bool ended, gone, failed, stays;
	struct sw_error error, gone_error;
	enum sw_life remove_in; /* SW_LIFE_IDLE: in `ended` only */
	bool keeps; /* the test removes it by itself */
};

static struct fx fx;

static void on_entered(void *user, enum sw_life state)
{
	struct story *story = user;
	assert_true(story->n_seen <= SW_LIFE_COUNT);
	story->seen[story->n_seen++] = state;
	if (state == story->remove_in)
		sw_lifecycle_remove(story->life);
}

static void on_data(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct story *story = user;
	(void)stream;
	story->total += len;
	for (size_t i = 0; i < len && story->out_len < sizeof story->out - 1; i++)
		story->out[story->out_len++] = bytes[i];
}

static void on_ended(void *user, const struct sw_error *error)
{
	struct story *story = user;
	assert_false(story->ended);
	story->ended = true;
	story->failed = error != NULL;
	if (error)
		story->error = *error;
	if (!story->keeps)
		sw_lifecycle_remove(story->life);
}

static void on_gone(void *user, const struct sw_error *error)
{
	struct story *story = user;
	assert_false(story->gone);
	story->gone = true;
	story->stays = error != NULL;
	if (error)
		story->gone_error = *error;
}

static void begin_on(struct story *story, struct fx *on, const char *name, const char *image,
                     const char *command)
{
	char body[1024];
	struct sw_error err;
	static int number;
	char full[64];
	const struct sw_life_handlers handlers = {on_entered, on_data, on_ended, on_gone, story};
	(void)snprintf(full, sizeof full, "sandwatch-test-%d-%d-%s", (int)getpid(), number++,
	               name ? name : "life");
	(void)snprintf(body, sizeof body, "{\"Image\":\"%s\",\"Cmd\":[\"/bin/sh\",\"-c\",\"%s\"],"
	               "\"OpenStdin\":true,\"StdinOnce\":true,\"AttachStdin\":true,\"AttachStdout\":true,"
	               "\"AttachStderr\":true,\"NetworkDisabled\":true,\"Labels\":{\"org.sandwatch.test\":"
	               "\"lifecycle\"},\"HostConfig\":{\"NetworkMode\":\"none\",\"LogConfig\":{\"Type\":"
	               "\"none\"}}}", image, command);
	const struct sw_life_options options = {.name = name ? name : full, .body = body,
	                                        .with_stdin = true, .engine_timeout_ns = 10 * FX_SECOND};
	story->fx = on;
	if (sw_lifecycle_start(on->loop, on->api, &options, &handlers, &story->life, &err) < 0)
		fail_msg("%s", err.message);
}

static void begin(struct story *story, const char *command)
{
	begin_on(story, &fx, NULL, FX_SHELL, command);
}

static void finish(struct story *story)
{
	fx_until(story->fx, &story->gone, 60, "the container's end");
	sw_lifecycle_free(story->life);
	story->life = NULL;
}

static void assert_nothing_left(void)
{
	assert_int_equal(fx_count(&fx, LABEL), 0);
}

/* ---- the tests ---- */

static void walks_through_all_states(void **state)
{
	static const enum sw_life expected[] = {SW_LIFE_CREATING, SW_LIFE_ATTACHING, SW_LIFE_STARTING,
	                                        SW_LIFE_RUNNING, SW_LIFE_EXITED, SW_LIFE_REMOVING,
	                                        SW_LIFE_GONE};
	struct story story = {0};
	struct sw_error err;
	(void)state;
	fx_need_engine();
	begin(&story, "read line; echo got $line; exit 7");
	assert_int_equal(sw_lifecycle_write(story.life, "hel", 3, &err), 0);
	assert_int_equal(sw_lifecycle_write(story.life, "lo\n", 3, &err), 0);
	sw_lifecycle_end_input(story.life);
	fx_until(&fx, &story.gone, 60, "the container's end");
	assert_false(story.failed || story.stays);
	assert_string_equal(story.out, "got hello\n");
	assert_int_equal(sw_lifecycle_exit_code(story.life), 7);
	assert_int_equal(story.n_seen, sizeof expected / sizeof *expected);
	assert_memory_equal(story.seen, expected, sizeof expected);
	const struct sw_life_stamps *s = sw_lifecycle_stamps(story.life);
	const int64_t order[] = {1, s->create_ns, s->created_ns, s->attach_ns, s->attached_ns,
	                         s->start_ns, s->started_ns, s->exited_ns, s->remove_ns, s->removed_ns};
	for (size_t i = 1; i < sizeof order / sizeof *order; i++)
		assert_true(order[i] >= order[i - 1]);
	assert_true(s->eof_ns > s->start_ns && s->eof_ns <= s->remove_ns);
	assert_int_equal(s->kill_ns, 0);
	sw_lifecycle_free(story.life);
	assert_nothing_left();
}

static void input_ends_without_a_byte(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "cat; echo end");
	sw_lifecycle_end_input(story.life);
	finish(&story);
	assert_false(story.failed);
	assert_string_equal(story.out, "end\n");
}

static void missing_image_is_not_found(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin_on(&story, &fx, NULL, "sandwatch-test/none:1", "true");
	finish(&story);
	assert_true(story.failed);
	assert_int_equal(story.error.code, SW_ERR_NOT_FOUND);
	assert_non_null(strstr(story.error.message, "sandwatch-test/none:1"));
	/* Nothing was made, so nothing is removed. */
	assert_int_equal(story.seen[story.n_seen - 1], SW_LIFE_GONE);
	assert_int_equal(story.n_seen, 2);
}

static void refused_start_ends_and_is_removed(void **state)
{
	struct story story = {0};
	struct sw_error err;
	const struct sw_life_handlers handlers = {on_entered, on_data, on_ended, on_gone, &story};
	const struct sw_life_options options = {
		.name = "sandwatch-test-refused",
		.body = "{\"Image\":\"" FX_SHELL "\",\"Entrypoint\":[\"/no/such/command\"],\"Labels\":{"
		        "\"org.sandwatch.test\":\"lifecycle\"}}",
		.engine_timeout_ns = 10 * FX_SECOND};
	(void)state;
	fx_need_engine();
	story.fx = &fx;
	assert_int_equal(sw_lifecycle_start(fx.loop, fx.api, &options, &handlers, &story.life, &err), 0);
	finish(&story);
	assert_true(story.failed);
	assert_int_equal(story.error.code, SW_ERR_REFUSED);
	assert_non_null(strstr(story.error.message, "/no/such/command"));
	assert_false(story.stays);
	assert_nothing_left();
}

static void removal_works_in_every_state(void **state)
{
	static const enum sw_life states[] = {SW_LIFE_CREATING, SW_LIFE_ATTACHING, SW_LIFE_STARTING,
	                                      SW_LIFE_RUNNING, SW_LIFE_EXITED};
	(void)state;
	fx_need_engine();
	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		struct story story = {.remove_in = states[i]};
		begin(&story, states[i] == SW_LIFE_EXITED ? "exit 0" : "exec sleep 1000");
		finish(&story);
		assert_false(story.stays);
		assert_false(story.ended);
		assert_int_equal(story.seen[story.n_seen - 1], SW_LIFE_GONE);
		assert_nothing_left();
	}
}

static void removal_at_once_waits_for_create(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "exec sleep 1000");
	sw_lifecycle_remove(story.life);
	sw_lifecycle_remove(story.life);
	assert_false(story.gone);
	finish(&story);
	assert_false(story.stays || story.ended);
	assert_nothing_left();
}

/* A stalled reader makes Docker's kill hang for 30 s (moby#41827); the attach goes first. */
static void removal_of_a_flood_does_not_hang(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa; done");
	while (story.total < 100000)
		fx_step(&fx);
	int64_t asked_ns = sw_clock_ns();
	sw_lifecycle_remove(story.life);
	finish(&story);
	assert_true(sw_clock_ns() - asked_ns < 15 * FX_SECOND);
	assert_nothing_left();
}

static void taken_name_is_refused_and_left_alone(void **state)
{
	struct story first = {0}, second = {0};
	(void)state;
	fx_need_engine();
	begin_on(&first, &fx, "sandwatch-test-taken", FX_SHELL, "echo up; read x; exit 3");
	while (first.out_len == 0)
		fx_step(&fx);
	begin_on(&second, &fx, "sandwatch-test-taken", FX_SHELL, "true");
	finish(&second);
	assert_true(second.failed);
	assert_int_equal(second.error.code, SW_ERR_REFUSED);
	assert_int_equal(fx_count(&fx, LABEL), 1);
	assert_false(first.ended);
	sw_lifecycle_end_input(first.life);
	fx_until(&fx, &first.gone, 60, "the first one's end");
	assert_int_equal(sw_lifecycle_exit_code(first.life), 3);
	sw_lifecycle_free(first.life);
	assert_nothing_left();
}

static void killed_from_outside(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "echo up; exec sleep 1000");
	while (story.out_len == 0)
		fx_step(&fx);
	sw_api_container_kill(fx.api, sw_lifecycle_id(story.life), "KILL", 10 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "the kill");
	fx_until(&fx, &story.gone, 60, "the container's end");
	assert_false(story.failed);
	assert_int_equal(sw_lifecycle_exit_code(story.life), 137);
	sw_lifecycle_free(story.life);
	assert_nothing_left();
}

static void removed_from_outside(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "echo up; exec sleep 1000");
	while (story.out_len == 0)
		fx_step(&fx);
	sw_api_container_remove(fx.api, sw_lifecycle_id(story.life), 10 * FX_SECOND, fx_done, &fx);
	fx_wait(&fx, "the removal");
	finish(&story);
	assert_true(story.ended);
	assert_false(story.stays);
	assert_nothing_left();
}

/* Its outputs end a second before it does: the exit code still counts. */
static void closed_outputs_are_not_the_end(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "exec >&- 2>&-; sleep 1; exit 5");
	fx_until(&fx, &story.gone, 60, "the container's end");
	assert_false(story.failed);
	assert_int_equal(sw_lifecycle_exit_code(story.life), 5);
	const struct sw_life_stamps *s = sw_lifecycle_stamps(story.life);
	assert_true(s->exited_ns - s->started_ns > FX_SECOND / 2);
	sw_lifecycle_free(story.life);
}

static void all_of_the_output_comes(void **state)
{
	struct story story = {0};
	(void)state;
	fx_need_engine();
	begin(&story, "head -c 30000000 /dev/zero; head -c 10000000 /dev/zero >&2");
	finish(&story);
	assert_false(story.failed);
	assert_int_equal(story.total, 40000000);
}

static void many_at_once(void **state)
{
	struct story stories[8] = {0};
	(void)state;
	fx_need_engine();
	for (int i = 0; i < 8; i++)
		begin(&stories[i], "echo $((6*7))");
	for (int i = 0; i < 8; i++) {
		finish(&stories[i]);
		assert_false(stories[i].failed);
		assert_string_equal(stories[i].out, "42\n");
	}
	assert_nothing_left();
}

static int set_up(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	fx_open(&fx, fx_host());
	fx_import_shell(&fx);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	fx_remove_image(&fx, FX_SHELL);
	fx_close(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(walks_through_all_states),
		cmocka_unit_test(input_ends_without_a_byte),
		cmocka_unit_test(missing_image_is_not_found),
		cmocka_unit_test(refused_start_ends_and_is_removed),
		cmocka_unit_test(removal_works_in_every_state),
		cmocka_unit_test(removal_at_once_waits_for_create),
		cmocka_unit_test(removal_of_a_flood_does_not_hang),
		cmocka_unit_test(taken_name_is_refused_and_left_alone),
		cmocka_unit_test(killed_from_outside),
		cmocka_unit_test(removed_from_outside),
		cmocka_unit_test(closed_outputs_are_not_the_end),
		cmocka_unit_test(all_of_the_output_comes),
		cmocka_unit_test(many_at_once),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
