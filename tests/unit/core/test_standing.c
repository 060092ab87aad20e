/* core/standing.c: what was told as created and not as removed is told as removed once it is known not to
 * be there, by the event that a removal has; a session that hears it counts as many as were created. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "core/session.h"
#include "core/standing.h"

static struct {
	struct sw_standing standing;
	struct sw_session *session;
	struct sw_event event, told[8];
	int n_told;
	uint64_t seq;
} t;

static void apply(struct sw_event *event)
{
	event->seq = ++t.seq;
	assert_int_equal(sw_session_apply(t.session, event), 0);
}

/* As a session's sink does, which sees all events. */
static void emit(void *user, struct sw_event *event)
{
	(void)user;
	apply(event);
	t.told[t.n_told++] = *event;
	sw_standing_take(&t.standing, event);
}

static void container(enum sw_event_kind kind, int mode, const char *id, int64_t iteration)
{
	sw_event_init(&t.event, kind, mode);
	t.event.u.it.iteration = iteration;
	t.event.u.it.attempt = 2;
	t.event.u.it.warmup = iteration == 7;
	(void)snprintf(t.event.u.it.container, sizeof t.event.u.it.container, "%s", id);
	apply(&t.event);
	sw_standing_take(&t.standing, &t.event);
}

static int tell_gone(void)
{
	const struct sw_sink sink = {emit, NULL};
	return sw_standing_tell_gone(&t.standing, &sink, &t.event);
}

static void assert_counts(int mode, uint64_t created, uint64_t removed)
{
	assert_int_equal(t.session->modes[mode]->containers_created, created);
	assert_int_equal(t.session->modes[mode]->containers_removed, removed);
}

static void what_was_told_is_not_told_again(void **state)
{
	(void)state;
	container(SW_EVENT_CONTAINER_CREATED, 0, "aaaaaaaaaaa1", 1);
	container(SW_EVENT_CONTAINER_REMOVED, 0, "aaaaaaaaaaa1", 1);
	assert_int_equal(tell_gone(), 0);
	assert_counts(0, 1, 1);
}

static void what_nobody_answered_for_is_told(void **state)
{
	(void)state;
	container(SW_EVENT_CONTAINER_CREATED, 0, "aaaaaaaaaaa1", 1);
	container(SW_EVENT_CONTAINER_CREATED, 1, "aaaaaaaaaaa2", 7);
	container(SW_EVENT_CONTAINER_CREATED, 1, "aaaaaaaaaaa3", 3);
	container(SW_EVENT_CONTAINER_REMOVED, 1, "aaaaaaaaaaa3", 3);
	sw_event_init(&t.event, SW_EVENT_SESSION_FINISHED, -1);
	t.event.u.end.state = SW_STATE_DONE;
	apply(&t.event); /* of an earlier sandwatch it came behind the end */
	assert_counts(0, 1, 0);
	assert_counts(1, 2, 1);
	assert_int_equal(tell_gone(), 2);
	assert_counts(0, 1, 1);
	assert_counts(1, 2, 2);
	assert_int_equal(t.session->unexpected, 0);
	assert_int_equal(t.told[1].kind, SW_EVENT_CONTAINER_REMOVED);
	assert_int_equal(t.told[1].mode, 1);
	assert_int_equal(t.told[1].u.it.iteration, 7);
	assert_int_equal(t.told[1].u.it.attempt, 2);
	assert_true(t.told[1].u.it.warmup);
	assert_string_equal(t.told[1].u.it.container, "aaaaaaaaaaa2");
	for (int i = 0; i < t.session->n_containers; i++)
		assert_true(t.session->containers[i].removed_ns > 0);
	assert_int_equal(tell_gone(), 0);
	assert_int_equal(t.n_told, 2);
}

static void what_is_there_counts_as_there(void **state)
{
	(void)state;
	container(SW_EVENT_CONTAINER_CREATED, 0, "aaaaaaaaaaa1", 1);
	container(SW_EVENT_CONTAINER_CREATED, 0, "aaaaaaaaaaa2", 2);
	container(SW_EVENT_CONTAINER_CREATED, 0, "", 3); /* of a hostile sink: no name fits it */
	sw_standing_keep(&t.standing,
	                 "aaaaaaaaaaa2bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb");
	sw_standing_keep(&t.standing, "ccccccccccc1");
	assert_int_equal(tell_gone(), 2);
	assert_string_equal(t.told[0].u.it.container, "aaaaaaaaaaa1");
	assert_counts(0, 3, 2);
}

static void many_are_held(void **state)
{
	char id[16];
	(void)state;
	for (int i = 0; i < 1000; i++) {
		(void)snprintf(id, sizeof id, "%012x", (unsigned)i);
		container(SW_EVENT_CONTAINER_CREATED, 0, id, i);
	}
	assert_int_equal(t.standing.n, 1000);
	for (int i = 0; i < 999; i++) {
		(void)snprintf(id, sizeof id, "%012x", (unsigned)i);
		container(SW_EVENT_CONTAINER_REMOVED, 1, id, i); /* another mode's */
		container(SW_EVENT_CONTAINER_REMOVED, 0, id, i);
	}
	assert_int_equal(tell_gone(), 1);
	assert_string_equal(t.told[0].u.it.container, "0000000003e7");
}

static int set_up(void **state)
{
	(void)state;
	memset(&t, 0, sizeof t);
	t.session = sw_session_new();
	if (!t.session)
		return -1;
	sw_event_init(&t.event, SW_EVENT_SESSION_STARTED, -1);
	apply(&t.event);
	for (int i = 0; i < 2; i++) {
		sw_event_init(&t.event, SW_EVENT_MODE_PLANNED, i);
		t.event.u.planned.planned = 1000;
		apply(&t.event);
	}
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sw_standing_done(&t.standing);
	sw_session_free(t.session);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_was_told_is_not_told_again),
		TEST(what_nobody_answered_for_is_told),
		TEST(what_is_there_counts_as_there),
		TEST(many_are_held),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
