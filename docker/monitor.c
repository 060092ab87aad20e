#include "docker/monitor.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/reader.h"

enum { AT_ONCE = 8 };

#define SECOND INT64_C(1000000000)
/* Before API 1.41 one-shot is not known, and an answer takes two seconds. */
#define ANSWER_NS (5 * SECOND)

struct watched {
	struct sw_sample sample;
	int64_t read_ns; /* the engine's clock; 0: none yet */
	bool was_asked;  /* in this round */
};

struct request {
	struct sw_monitor *monitor;
	struct sw_reader_call *call; /* NULL: this place is free */
	char id[SW_CONTAINER_ID_MAX];
};

struct sw_monitor {
	struct sw_loop *loop;
	struct sw_reader *reader;
	void (*changed)(void *user);
	void *user;
	struct sw_timer next;
	bool is_on, is_round;
	int64_t round_ns; /* when the last one began */
	int n;
	struct watched *watched;
	struct request requests[AT_ONCE];
	char error[256];
};

static void begin_round(void *user);

static int find_index(const struct sw_monitor *monitor, const char *id)
{
	for (int i = 0; i < monitor->n; i++)
		if (strcmp(monitor->watched[i].sample.id, id) == 0)
			return i;
	return -1;
}

static void clear_figures(struct sw_sample *sample)
{
	sample->cpu_ns = sample->memory_bytes = sample->memory_limit_bytes = sample->pids = -1;
	sample->cpu_percent = NAN;
}

static void set_asked(struct sw_monitor *monitor, bool was_asked)
{
	for (int i = 0; i < monitor->n; i++)
		monitor->watched[i].was_asked = was_asked;
}

/* ---- rounds ---- */

static void plan_next(struct sw_monitor *monitor)
{
	if (monitor->is_on)
		(void)sw_loop_arm(monitor->loop, &monitor->next, monitor->round_ns + SECOND, begin_round,
		                  monitor);
}

static bool is_busy(const struct sw_monitor *monitor)
{
	for (int i = 0; i < AT_ONCE; i++)
		if (monitor->requests[i].call)
			return true;
	return false;
}

static void take_answer(struct sw_monitor *monitor, const char *id, const char *body, size_t len)
{
	int index = find_index(monitor, id);
	if (index < 0) /* not watched any more */
		return;
	struct watched *watched = &monitor->watched[index];
	if (sw_sample_read(body, len, watched->read_ns, &watched->sample, &watched->read_ns) < 0)
		(void)sw_text_copy(monitor->error, sizeof monitor->error,
		                   "the engine's statistics make no sense");
	watched->sample.at_ns = sw_clock_ns();
}

static void take_failure(struct sw_monitor *monitor, const char *id, const struct sw_error *error)
{
	int index = find_index(monitor, id);
	bool is_gone = error->code == SW_ERR_NOT_FOUND;

	/* What was found gone is no mistake. */
	if (!is_gone)
		(void)sw_text_copy(monitor->error, sizeof monitor->error, error->message);
	if (error->code == SW_ERR_NO_ENGINE) {
		sw_reader_forget_version(monitor->reader);
		set_asked(monitor, true); /* the others would fail alike */
	}
	if (index < 0)
		return;
	struct watched *watched = &monitor->watched[index];
	clear_figures(&watched->sample);
	watched->sample.state = is_gone ? SW_SAMPLE_GONE : SW_SAMPLE_NONE;
	watched->read_ns = 0;
	if (is_gone)
		watched->sample.at_ns = sw_clock_ns();
}

static void ask_more(struct sw_monitor *monitor);

static void on_answer(void *user, const char *body, size_t len, const struct sw_error *error)
{
	struct request *request = user;
	struct sw_monitor *monitor = request->monitor;

	request->call = NULL;
	monitor->error[0] = '\0';
	if (error)
		take_failure(monitor, request->id, error);
	else
		take_answer(monitor, request->id, body, len);
	ask_more(monitor);
}

/* False when nothing could be sent. */
static bool ask(struct sw_monitor *monitor, struct request *request, const char *id)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	sw_buf_addf(&path, "/containers/%s/stats?stream=0&one-shot=1", id);
	const struct sw_reader_ask what = {.path = path.data,
	                                   .what = "reading a container's statistics",
	                                   .timeout_ns = ANSWER_NS};
	if (path.overflow)
		return false;
	(void)sw_text_copy(request->id, sizeof request->id, id);
	request->monitor = monitor;
	request->call = sw_reader_get(monitor->reader, &what, on_answer, request, NULL);
	return request->call != NULL;
}

/* Keeps as many requests under way as may be, and ends the round after the last. */
static void ask_more(struct sw_monitor *monitor)
{
	struct watched *next = monitor->watched, *end = next + monitor->n;
	for (int i = 0; i < AT_ONCE && monitor->is_on; i++) {
		while (next < end && (next->was_asked || next->sample.state == SW_SAMPLE_GONE))
			next++;
		if (next >= end)
			break;
		if (!monitor->requests[i].call)
			next->was_asked = ask(monitor, &monitor->requests[i], next->sample.id);
	}
	if (!monitor->is_round || is_busy(monitor))
		return;
	monitor->is_round = false;
	plan_next(monitor);
	if (monitor->changed)
		monitor->changed(monitor->user);
}

static void begin_round(void *user)
{
	struct sw_monitor *monitor = user;
	monitor->round_ns = sw_clock_ns();
	monitor->is_round = true;
	set_asked(monitor, false);
	ask_more(monitor);
}

/* ---- from outside ---- */

int sw_monitor_new(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                   void (*changed)(void *user), void *user, struct sw_monitor **out_monitor,
                   struct sw_error *err)
{
	struct sw_monitor *monitor = calloc(1, sizeof *monitor);
	if (!monitor)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot watch containers' resources");
	monitor->loop = loop;
	monitor->changed = changed;
	monitor->user = user;
	if (sw_reader_new(loop, endpoint, &monitor->reader, err) < 0) {
		free(monitor);
		return -1;
	}
	*out_monitor = monitor;
	return 0;
}

void sw_monitor_free(struct sw_monitor *monitor)
{
	if (!monitor)
		return;
	sw_loop_disarm(monitor->loop, &monitor->next);
	sw_reader_free(monitor->reader);
	free(monitor->watched);
	free(monitor);
}

void sw_monitor_set(struct sw_monitor *monitor, bool on)
{
	if (on == monitor->is_on)
		return;
	monitor->is_on = on;
	if (on) {
		/* Soon, but never twice within a second, however often it is switched. */
		int64_t due_ns = monitor->round_ns ? monitor->round_ns + SECOND : 0;
		(void)sw_loop_arm(monitor->loop, &monitor->next, due_ns, begin_round, monitor);
		return;
	}
	sw_loop_disarm(monitor->loop, &monitor->next);
	for (int i = 0; i < AT_ONCE; i++)
		sw_reader_cancel(SW_TAKE(monitor->requests[i].call));
	monitor->is_round = false;
}

static bool is_id(const char *id)
{
	size_t len = strspn(id, "0123456789abcdef");
	return len >= 12 && len < SW_CONTAINER_ID_MAX && !id[len];
}

int sw_monitor_watch(struct sw_monitor *monitor, const char *const *ids, int n)
{
	struct watched *list = calloc(SW_MONITOR_MAX, sizeof *list);
	int kept = 0;
	if (!list)
		return monitor->n;
	for (int i = 0; i < n && kept < SW_MONITOR_MAX; i++) {
		if (!is_id(ids[i]))
			continue;
		int old = find_index(monitor, ids[i]);
		if (old >= 0) {
			list[kept++] = monitor->watched[old];
			continue;
		}
		(void)sw_text_copy(list[kept].sample.id, sizeof list[kept].sample.id, ids[i]);
		clear_figures(&list[kept++].sample);
	}
	free(monitor->watched);
	monitor->watched = list;
	monitor->n = kept;
	return kept;
}

const struct sw_sample *sw_monitor_find(const struct sw_monitor *monitor, const char *id)
{
	int index = find_index(monitor, id);
	return index < 0 ? NULL : &monitor->watched[index].sample;
}

const char *sw_monitor_error(const struct sw_monitor *monitor)
{
	return monitor->error;
}
