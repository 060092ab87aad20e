/* The accounts of other programs' containers (docker/observe.c), without an engine. */
#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "core/buf.h"
#include "core/histogram.h"
#include "docker/observe.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define T0 INT64_C(1795407262000000000)

static struct sw_observe *observe;

static int setup(void **state)
{
	(void)state;
	return sw_observe_new(&observe, NULL);
}

static int teardown(void **state)
{
	(void)state;
	sw_observe_free(observe);
	observe = NULL;
	return 0;
}

static struct sw_container_event make(enum sw_ce_kind kind, unsigned id, int64_t time_ns)
{
	struct sw_container_event event = {.kind = kind, .time_ns = time_ns, .exit_code = -1};
	snprintf(event.id, sizeof event.id, "%064x", id);
	snprintf(event.name, sizeof event.name, "c%u", id);
	snprintf(event.image, sizeof event.image, "image");
	return event;
}

static void apply(struct sw_container_event event)
{
	assert_int_equal(sw_observe_apply(observe, &event, event.time_ns - T0 + SECOND), 0);
}

static void say(enum sw_ce_kind kind, unsigned id, int64_t ms)
{
	apply(make(kind, id, T0 + ms * MS));
}

static void die(unsigned id, int64_t ms, int exit_code)
{
	struct sw_container_event event = make(SW_CE_DIE, id, T0 + ms * MS);
	event.exit_code = exit_code;
	apply(event);
}

static void kill_it(unsigned id, int64_t ms, int signal)
{
	struct sw_container_event event = make(SW_CE_KILL, id, T0 + ms * MS);
	event.signal = signal;
	apply(event);
}

static void watch(enum sw_ce_kind kind, int64_t now_ns)
{
	struct sw_container_event event = {.kind = kind, .text = "the engine \"went\""};
	assert_int_equal(sw_observe_apply(observe, &event, now_ns), 0);
}

static void listed(unsigned id, enum sw_container_state state)
{
	struct sw_container_event event = make(SW_CE_LISTED, id, 0);
	event.state = state;
	event.created_s = 1795400000;
	assert_int_equal(sw_observe_apply(observe, &event, SECOND), 0);
}

static const struct sw_observed *get(unsigned id)
{
	char text[SW_CONTAINER_ID_MAX];
	snprintf(text, sizeof text, "%064x", id);
	return sw_observe_find(observe, text);
}

static int length(const struct sw_observed *is)
{
	int n = 0;
	const struct sw_observed *newer = NULL;
	for (; is; newer = is, is = is->older, n++)
		assert_ptr_equal(is->newer, newer);
	return n;
}

static uint64_t spans(const struct sw_observe_image *image, int span)
{
	return image->spans[span] ? sw_histogram_count(image->spans[span]) : 0;
}

/* What must hold of one image's accounts, or of all. */
static void check_image(const struct sw_observe_image *image)
{
	uint64_t codes = 0, signals = 0;
	for (int i = 0; i < SW_OBSERVE_EXIT_CODES; i++)
		codes += image->exit_codes[i];
	for (int i = 0; i < SW_OBSERVE_SIGNALS; i++)
		signals += image->signals[i];
	assert_int_equal(image->created + image->found, image->living + image->ended);
	assert_int_equal(image->runs, codes + image->exit_unknown);
	assert_int_equal(image->failures, codes - image->exit_codes[0]);
	assert_int_equal(image->killed, signals);
	assert_true(image->running <= image->living);
	assert_true(image->unseen <= image->ended);
	assert_true(image->oom <= image->runs);
	for (int s = 0; s < SW_SPANS; s++)
		if (image->spans[s])
			assert_true(sw_histogram_min(image->spans[s]) >= 0);
}

static void check(void)
{
	const struct sw_observe_image *all = sw_observe_all(observe), *image;
	const struct sw_observe_watch *state = sw_observe_watch(observe);
	uint64_t created = 0, found = 0, living = 0, running = 0, ended = 0, runs = 0, whole = 0;
	int n = length(sw_observe_living(observe));

	check_image(all);
	for (int i = 0; (image = sw_observe_image(observe, i)); i++) {
		check_image(image);
		created += image->created;
		found += image->found;
		living += image->living;
		running += image->running;
		ended += image->ended;
		runs += image->runs;
		whole += spans(image, SW_SPAN_WHOLE);
		assert_in_range(i, 0, SW_OBSERVE_IMAGES_MAX);
	}
	assert_int_equal(all->created, created);
	assert_int_equal(all->found, found);
	assert_int_equal(all->living, living);
	assert_int_equal(all->running, running);
	assert_int_equal(all->ended, ended);
	assert_int_equal(all->runs, runs);
	assert_int_equal(spans(all, SW_SPAN_WHOLE), whole);
	assert_int_equal(living, (uint64_t)n + state->untracked);
	assert_in_range(n, 0, SW_OBSERVE_LIVING_MAX);
	assert_in_range(length(sw_observe_ended(observe)), 0, SW_OBSERVE_ENDED_MAX);
	uint64_t up = 0;
	for (const struct sw_observed *is = sw_observe_living(observe); is; is = is->older) {
		assert_int_equal(is->end, SW_END_LIVING);
		up += is->state == SW_CONTAINER_RUNNING || is->state == SW_CONTAINER_PAUSED;
	}
	assert_int_equal(up, running);
	for (const struct sw_observed *is = sw_observe_ended(observe); is; is = is->older)
		assert_int_not_equal(is->end, SW_END_LIVING);
}

/* --- one container --- */

static void test_one_life(void **state)
{
	(void)state;
	say(SW_CE_CREATE, 1, 0);
	check();
	assert_int_equal(get(1)->state, SW_CONTAINER_CREATED);
	say(SW_CE_START, 1, 100);
	check();
	assert_int_equal(sw_observe_all(observe)->running, 1);
	die(1, 350, 3);
	check();
	assert_int_equal(get(1)->exit_code, 3);
	say(SW_CE_DESTROY, 1, 400);
	check();
	const struct sw_observe_image *image = sw_observe_image(observe, 0);
	static const int64_t expected[SW_SPANS] = {100, 250, 50, 400};
	assert_string_equal(image->name, "image");
	for (int s = 0; s < SW_SPANS; s++) {
		assert_int_equal(spans(image, s), 1);
		assert_int_equal(sw_histogram_max(image->spans[s]), expected[s] * MS);
		assert_int_equal(image->sum_ns[s], expected[s] * MS);
	}
	assert_int_equal(image->exit_codes[3], 1);
	assert_int_equal(image->failures, 1);
	assert_int_equal(image->ended, 1);
	assert_int_equal(get(1)->end, SW_END_REMOVED);
	assert_null(sw_observe_living(observe));
	assert_ptr_equal(sw_observe_ended(observe), get(1));
	assert_int_equal(sw_observe_engine_now(observe, SECOND + 400 * MS), T0 + 400 * MS);
	assert_int_equal(sw_observe_engine_now(observe, SECOND + 500 * MS), T0 + 500 * MS);
}

static void test_restart(void **state)
{
	(void)state;
	say(SW_CE_CREATE, 1, 0);
	say(SW_CE_START, 1, 10);
	say(SW_CE_PAUSE, 1, 12);
	assert_int_equal(get(1)->state, SW_CONTAINER_PAUSED);
	say(SW_CE_UNPAUSE, 1, 13);
	kill_it(1, 15, 15);
	kill_it(1, 16, 9);
	die(1, 20, 137);
	say(SW_CE_STOP, 1, 21);
	say(SW_CE_START, 1, 30);
	assert_int_equal(get(1)->restarts, 1);
	assert_int_equal(get(1)->exit_code, -1);
	assert_int_equal(get(1)->signal, 0);
	die(1, 50, 0);
	die(1, 51, 0); /* said twice */
	say(SW_CE_DESTROY, 1, 60);
	const struct sw_observe_image *all = sw_observe_all(observe);
	assert_int_equal(all->runs, 2);
	assert_int_equal(all->restarts, 1);
	assert_int_equal(all->signals[9], 1);
	assert_int_equal(all->killed, 1);
	assert_int_equal(spans(all, SW_SPAN_STARTUP), 1);
	assert_int_equal(spans(all, SW_SPAN_RUN), 2);
	assert_int_equal(all->sum_ns[SW_SPAN_RUN], 30 * MS);
	assert_int_equal(all->sum_ns[SW_SPAN_CLEANUP], 10 * MS);
	assert_int_equal(sw_observe_watch(observe)->ignored, 1);
	check();
}

/* A signal counts when the container ended by it. */
static void test_kills(void **state)
{
	static const struct {
		int sent, exit_code, counts;
	} cases[] = {{9, 137, 9}, {15, 143, 15}, {15, 0, 0},   {1, 3, 0},   {0, 137, 9},
	             {0, 1, 0},   {-1, 137, 0},  {15, 137, 0}, {0, 255, 0}, {9, -1, 0}};
	(void)state;
	for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
		say(SW_CE_CREATE, i, 0);
		say(SW_CE_START, i, 1);
		if (cases[i].sent >= 0)
			kill_it(i, 2, cases[i].sent);
		die(i, 3, cases[i].exit_code);
		assert_int_equal(get(i)->signal, cases[i].counts);
	}
	assert_int_equal(sw_observe_all(observe)->signals[9], 2);
	assert_int_equal(sw_observe_all(observe)->signals[15], 1);
	assert_int_equal(sw_observe_all(observe)->killed, 3);
	check();
}

static void test_top_codes(void **state)
{
	static const int codes[] = {0, 0, 0, 9, 3, 3, 7, 1, 7, 7, 2, 255};
	int top[12];
	(void)state;
	for (unsigned id = 0; id < sizeof codes / sizeof *codes; id++) {
		say(SW_CE_CREATE, id, 0);
		die(id, 1, codes[id]);
	}
	assert_int_equal(sw_observe_top_codes(sw_observe_all(observe), top, 12), 6);
	static const int expected[] = {7, 3, 1, 2, 9, 255};
	assert_memory_equal(top, expected, sizeof expected);
	assert_int_equal(sw_observe_top_codes(sw_observe_all(observe), top + 9, 3), 3);
	assert_memory_equal(top + 9, expected, 3 * sizeof *expected);
	assert_memory_equal(top, expected, sizeof expected); /* no more than was asked for is written */
	assert_int_equal(sw_observe_top_codes(sw_observe_all(observe), top, 0), 0);
}

static void test_oom(void **state)
{
	(void)state;
	for (unsigned id = 1; id <= 2; id++) {
		say(SW_CE_CREATE, id, 0);
		say(SW_CE_START, id, 1);
		if (id == 1)
			say(SW_CE_OOM, id, 2);
		die(id, 3, 137);
		say(SW_CE_OOM, id, 4); /* again, or only now */
		assert_true(get(id)->oom);
	}
	assert_int_equal(sw_observe_all(observe)->oom, 2);
	assert_int_equal(sw_observe_all(observe)->killed, 0);
	check();
}

static void test_a_clock_that_was_set(void **state)
{
	(void)state;
	say(SW_CE_CREATE, 1, 5000);
	say(SW_CE_START, 1, 1000);
	die(1, 900, 0);
	say(SW_CE_DESTROY, 1, 1000000);
	const struct sw_observe_image *all = sw_observe_all(observe);
	assert_int_equal(all->clamped, 2);
	assert_int_equal(sw_histogram_max(all->spans[SW_SPAN_STARTUP]), 0);
	assert_int_equal(sw_histogram_max(all->spans[SW_SPAN_RUN]), 0);
	assert_int_equal(all->sum_ns[SW_SPAN_WHOLE], 995000 * MS);
	check();
	for (int64_t days = 0; days < 3; days++) { /* sums stay within their range */
		say(SW_CE_CREATE, 7, 0);
		struct sw_container_event event = make(SW_CE_DESTROY, 7, INT64_MAX);
		apply(event);
		check();
	}
}

/* --- lists --- */

static void test_what_was_there(void **state)
{
	(void)state;
	watch(SW_CE_CONNECTED, SECOND);
	watch(SW_CE_LIST_BEGIN, SECOND);
	listed(1, SW_CONTAINER_RUNNING);
	listed(2, SW_CONTAINER_EXITED);
	watch(SW_CE_LIST_END, SECOND);
	check();
	const struct sw_observe_image *all = sw_observe_all(observe);
	assert_int_equal(all->found, 2);
	assert_int_equal(all->created, 0);
	assert_int_equal(all->running, 1);
	assert_true(get(1)->was_found);
	assert_int_equal(get(1)->created_ns, 0);
	assert_int_equal(get(1)->listed_created_s, 1795400000);
	die(1, 100, 0);
	say(SW_CE_DESTROY, 1, 150);
	say(SW_CE_START, 2, 200); /* again: it had ended */
	assert_int_equal(get(2)->restarts, 1);
	/* Nothing that began before is invented. */
	assert_int_equal(spans(all, SW_SPAN_STARTUP), 0);
	assert_int_equal(spans(all, SW_SPAN_RUN), 0);
	assert_int_equal(spans(all, SW_SPAN_WHOLE), 0);
	assert_int_equal(spans(all, SW_SPAN_CLEANUP), 1);
	check();
}

/* Events and the list come over two connections: neither order may count wrong. */
static void test_races_with_the_list(void **state)
{
	const struct sw_observe_image *all = sw_observe_all(observe);
	(void)state;
	watch(SW_CE_CONNECTED, SECOND);
	watch(SW_CE_LIST_BEGIN, SECOND);
	say(SW_CE_CREATE, 1, 0);
	say(SW_CE_START, 1, 1);
	listed(1, SW_CONTAINER_CREATED); /* the list is older */
	assert_int_equal(get(1)->state, SW_CONTAINER_RUNNING);
	say(SW_CE_CREATE, 2, 0);
	say(SW_CE_DESTROY, 2, 5);
	listed(2, SW_CONTAINER_CREATED); /* it is gone */
	listed(3, SW_CONTAINER_RUNNING); /* the list is younger */
	say(SW_CE_CREATE, 3, 6);
	say(SW_CE_START, 3, 7);
	watch(SW_CE_LIST_END, SECOND);
	check();
	assert_int_equal(all->created, 3);
	assert_int_equal(all->found, 0);
	assert_int_equal(all->living, 2);
	assert_int_equal(all->running, 2);
	assert_int_equal(all->unseen, 0);
	assert_int_equal(get(3)->restarts, 0);
	assert_int_equal(spans(all, SW_SPAN_STARTUP), 2);
}

static void test_an_interruption(void **state)
{
	const struct sw_observe_image *all = sw_observe_all(observe);
	const struct sw_observe_watch *of = sw_observe_watch(observe);
	(void)state;
	watch(SW_CE_CONNECTED, SECOND);
	watch(SW_CE_LIST_BEGIN, SECOND);
	watch(SW_CE_LIST_END, SECOND);
	for (unsigned id = 1; id <= 4; id++) {
		say(SW_CE_CREATE, id, 0);
		say(SW_CE_START, id, 1);
	}
	watch(SW_CE_LOST, 10 * SECOND);
	watch(SW_CE_LOST, 11 * SECOND); /* another reason */
	assert_false(of->is_connected);
	assert_string_equal(of->why, "the engine \"went\"");
	watch(SW_CE_BACK, 13 * SECOND);
	assert_int_equal(of->lost, 1);
	assert_int_equal(of->lost_ns, 3 * SECOND);
	watch(SW_CE_LIST_BEGIN, 13 * SECOND);
	listed(1, SW_CONTAINER_RUNNING);
	listed(2, SW_CONTAINER_EXITED); /* when and how was not seen */
	say(SW_CE_CREATE, 5, 20);       /* while it is listed */
	watch(SW_CE_LIST_END, 13 * SECOND);
	check();
	assert_int_equal(all->unseen, 2);
	assert_int_equal(get(3)->end, SW_END_UNSEEN);
	assert_int_equal(get(5)->end, SW_END_LIVING);
	assert_int_equal(all->runs, 0);
	say(SW_CE_DESTROY, 2, 100);
	assert_int_equal(spans(all, SW_SPAN_RUN), 0);
	assert_int_equal(spans(all, SW_SPAN_CLEANUP), 0);
	assert_int_equal(spans(all, SW_SPAN_WHOLE), 1);
	/* 4's removal is told after the list that lacked it: it was seen after all. */
	die(4, 101, 1);
	say(SW_CE_DESTROY, 4, 102);
	check();
	assert_int_equal(all->unseen, 1);
	assert_int_equal(get(4)->end, SW_END_REMOVED);
	assert_int_equal(all->exit_codes[1], 1);
	say(SW_CE_START, 4, 103); /* nonsense: it is gone */
	assert_int_equal(of->ignored, 1);
	say(SW_CE_LEFT, 1, 104);
	assert_int_equal(get(1)->end, SW_END_UNSEEN);
	check();
}

/* One that ended runs again, one that ran has ended: what nobody saw has no length, what follows counts. */
static void test_runs_that_nobody_saw(void **state)
{
	const struct sw_observe_image *all = sw_observe_all(observe);
	(void)state;
	for (unsigned id = 1; id <= 2; id++) {
		say(SW_CE_CREATE, id, 0);
		say(SW_CE_START, id, 1);
	}
	die(1, 5, 0);
	watch(SW_CE_LIST_BEGIN, SECOND);
	listed(1, SW_CONTAINER_RUNNING);
	listed(2, SW_CONTAINER_EXITED);
	watch(SW_CE_LIST_END, SECOND);
	check();
	assert_int_equal(all->running, 1);
	assert_int_equal(get(1)->died_ns, 0);
	assert_int_equal(get(2)->started_ns, 0);
	die(1, 100, 4);
	die(2, 100, 6); /* told late */
	assert_int_equal(all->runs, 3);
	assert_int_equal(all->exit_codes[4], 1);
	assert_int_equal(all->exit_codes[6], 1);
	assert_int_equal(spans(all, SW_SPAN_RUN), 1);
	check();
}

static void test_never_connected(void **state)
{
	const struct sw_observe_watch *of = sw_observe_watch(observe);
	(void)state;
	watch(SW_CE_LOST, SECOND);
	watch(SW_CE_CONNECTED, 5 * SECOND);
	assert_true(of->is_connected);
	assert_int_equal(of->lost, 0);
	assert_int_equal(of->lost_ns, 0);
}

/* --- bounds --- */

static void test_too_many(void **state)
{
	const struct sw_observe_image *all = sw_observe_all(observe);
	const struct sw_observe_watch *of = sw_observe_watch(observe);
	enum { MORE = SW_OBSERVE_LIVING_MAX + 100 };
	(void)state;
	for (unsigned id = 0; id < MORE; id++) {
		say(SW_CE_CREATE, id, id);
		say(SW_CE_START, id, id + 1);
	}
	check();
	assert_int_equal(of->untracked, 100);
	assert_int_equal(all->created, MORE);
	assert_int_equal(all->found, 0);
	die(MORE - 1, 9000, 4); /* one of those only counted */
	assert_int_equal(all->exit_codes[4], 1);
	for (unsigned id = 0; id < MORE; id++)
		say(SW_CE_DESTROY, id, 10000);
	check();
	assert_int_equal(all->ended, MORE);
	assert_int_equal(all->living, 0);
	assert_int_equal(of->untracked, 0);
	assert_int_equal(length(sw_observe_ended(observe)), SW_OBSERVE_ENDED_MAX);
	assert_null(get(0));
}

static void test_too_many_listed(void **state)
{
	const struct sw_observe_image *all = sw_observe_all(observe);
	enum { MORE = SW_OBSERVE_LIVING_MAX + 50 };
	(void)state;
	for (int round = 0; round < 3; round++) {
		unsigned has = round < 2 ? MORE : 10;
		watch(SW_CE_LIST_BEGIN, SECOND);
		for (unsigned id = 0; id < has; id++)
			listed(id, SW_CONTAINER_RUNNING);
		watch(SW_CE_LIST_END, SECOND);
		check();
		assert_int_equal(all->living, has);
		assert_int_equal(all->found, MORE);
	}
	assert_int_equal(all->unseen, MORE - 10);
}

static void test_too_many_images(void **state)
{
	(void)state;
	for (unsigned id = 0; id < 300; id++) {
		struct sw_container_event event = make(SW_CE_CREATE, id, T0);
		snprintf(event.image, sizeof event.image, "image %u", id % 100);
		apply(event);
		say(SW_CE_START, id, id);
	}
	check();
	assert_string_equal(sw_observe_image(observe, 63)->name, "image 63");
	assert_string_equal(sw_observe_image(observe, 64)->name, "other images");
	assert_null(sw_observe_image(observe, 65));
	assert_int_equal(sw_observe_image(observe, 64)->created, 36 * 3);
	assert_null(sw_observe_image(observe, -1));
}

/* --- at random --- */

static uint32_t random_state;

static uint32_t draw(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}

static void test_at_random(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 20; seed++) {
		random_state = seed * 2654435761U;
		for (int i = 0; i < 5000; i++) {
			struct sw_container_event event = make((enum sw_ce_kind)draw(SW_CE_LIST_END + 1),
			                                       draw(seed % 2 ? 40 : 8000),
			                                       T0 + (int64_t)draw(2000000000));
			bool is_own = event.kind >= SW_CE_CONNECTED && event.kind != SW_CE_LISTED;
			snprintf(event.image, sizeof event.image, "image %u", draw(70));
			event.exit_code = (int)draw(300) - 2;
			event.signal = (int)draw(65);
			event.state = (enum sw_container_state)draw(SW_CONTAINER_STATES);
			if (seed % 4 == 0 && draw(2)) /* fill it up */
				event.kind = SW_CE_CREATE;
			if (is_own)
				event.id[0] = '\0';
			assert_int_equal(sw_observe_apply(observe, &event, (int64_t)draw(1000000)), 0);
			if (i % 250 == 0)
				check();
		}
		check();
		struct sw_buf text = {0};
		const struct sw_observe_about about = {.generated_at = "2026-11-23T04:15:09Z",
		                                       .filter = "all"};
		assert_int_equal(sw_observe_write(observe, &about, &text), 0);
		sw_buf_done(&text);
		sw_observe_free(observe);
		observe = NULL;
		assert_int_equal(sw_observe_new(&observe, NULL), 0);
	}
}

/* --- recorded --- */

static void feed(const char *path)
{
	struct sw_container_event event;
	char line[8192];
	FILE *file = fopen(path, "r");
	assert_non_null(file);
	while (fgets(line, sizeof line, file))
		if (sw_container_event_read(line, strcspn(line, "\n"), &event) == 1)
			assert_int_equal(sw_observe_apply(observe, &event, event.time_ns - T0), 0);
	fclose(file);
}

/* 0, 3, restarted and killed, stopped, removed by force; out of memory. */
static void test_recorded(void **state)
{
	const struct sw_observe_image *all = sw_observe_all(observe);
	(void)state;
	feed("tests/unit/docker/recorded/events_oom.jsonl");
	feed("tests/unit/docker/recorded/events.jsonl");
	check();
	assert_int_equal(all->created, 6);
	assert_int_equal(all->found, 0);
	assert_int_equal(all->ended, 6);
	assert_int_equal(all->runs, 7);
	assert_int_equal(all->restarts, 1);
	assert_int_equal(all->exit_codes[0], 1);
	assert_int_equal(all->exit_codes[3], 1);
	assert_int_equal(all->exit_codes[137], 5);
	assert_int_equal(all->oom, 1);
	assert_int_equal(all->signals[9], 4);
	assert_int_equal(all->clamped, 0);
	assert_int_equal(spans(all, SW_SPAN_STARTUP), 6);
	assert_int_equal(spans(all, SW_SPAN_RUN), 7);
	assert_int_equal(spans(all, SW_SPAN_CLEANUP), 6);
	assert_int_equal(spans(all, SW_SPAN_WHOLE), 6);
	assert_string_equal(sw_observe_ended(observe)->name, "rec-forced");
	assert_int_equal(sw_observe_watch(observe)->ignored, 0);
}

/* The file that tests/e2e/test_watch_schema.py holds against docs/watch.schema.json.
 * SW_GOLDEN=update writes it. */
static void test_written(void **state)
{
	static const char path[] = "tests/unit/docker/golden/watch.json";
	const struct sw_observe_about about = {.generated_at = "2026-11-23T04:15:09Z",
	                                       .filter = "label=rec=1",
	                                       .endpoint = "unix:///run/docker.sock",
	                                       .engine = "docker",
	                                       .engine_version = "20.10.24",
	                                       .now_ns = 3 * SECOND};
	struct sw_buf text = {0};
	(void)state;
	watch(SW_CE_CONNECTED, SECOND);
	watch(SW_CE_LIST_BEGIN, SECOND);
	struct sw_container_event hostile = make(SW_CE_LISTED, 77, 0);
	snprintf(hostile.name, sizeof hostile.name, "quote\" back\\slash");
	snprintf(hostile.image, sizeof hostile.image, "<script>");
	hostile.state = SW_CONTAINER_PAUSED;
	assert_int_equal(sw_observe_apply(observe, &hostile, SECOND), 0);
	watch(SW_CE_LIST_END, SECOND);
	feed("tests/unit/docker/recorded/events_oom.jsonl");
	feed("tests/unit/docker/recorded/events.jsonl");
	watch(SW_CE_LOST, 2 * SECOND);
	assert_int_equal(sw_observe_write(observe, &about, &text), 0);

	const char *mode = getenv("SW_GOLDEN");
	FILE *file = fopen(path, mode && strcmp(mode, "update") == 0 ? "w+" : "r");
	assert_non_null(file);
	if (mode && strcmp(mode, "update") == 0)
		assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
	rewind(file);
	char *expected = calloc(1, text.len + 2);
	size_t len = fread(expected, 1, text.len + 1, file);
	fclose(file);
	bool same = len == text.len && memcmp(expected, text.data, len) == 0;
	free(expected);
	sw_buf_done(&text);
	if (!same)
		fail_msg("%s differs", path);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(test_one_life),
		T(test_restart),
		T(test_kills),
		T(test_top_codes),
		T(test_oom),
		T(test_a_clock_that_was_set),
		T(test_what_was_there),
		T(test_races_with_the_list),
		T(test_an_interruption),
		T(test_runs_that_nobody_saw),
		T(test_never_connected),
		T(test_too_many),
		T(test_too_many_listed),
		T(test_too_many_images),
		T(test_at_random),
		T(test_recorded),
		T(test_written),
	};
	return cmocka_run_group_tests_name("observe", tests, NULL, NULL);
}
