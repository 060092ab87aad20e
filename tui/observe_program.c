#include "tui/observe_program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/text.h"
#include "tui/screens/observe.h"

static struct sw_observe_program *self(void *user)
{
	return user;
}

/* ---- every container, by when it began ---- */

static bool make_room(struct sw_observe_program *program, int n)
{
	if (n <= program->every_capacity)
		return true;
	const struct sw_observed **every =
		realloc(program->every, 2 * (size_t)n * sizeof(const struct sw_observed *));
	if (!every)
		return false;
	program->every = every;
	program->every_capacity = 2 * n;
	return true;
}

static int by_begin(const void *a, const void *b)
{
	const struct sw_observed *one = *(const struct sw_observed *const *)a;
	const struct sw_observed *other = *(const struct sw_observed *const *)b;
	int64_t begin = sw_observe_begin(one), theirs = sw_observe_begin(other);
	if (begin != theirs)
		return (begin > theirs) - (begin < theirs);
	return strcmp(one->id, other->id);
}

/* Not in the order of the lists: a row must not change places when its container ends. */
static void collect(struct sw_observe_program *program)
{
	program->n_every = program->n_living = 0;
	for (const struct sw_observed *is = sw_observe_ended(program->source.observe); is;
	     is = is->older) {
		if (!make_room(program, program->n_every + 1))
			return;
		program->every[program->n_every++] = is;
	}
	for (const struct sw_observed *is = sw_observe_living(program->source.observe); is;
	     is = is->older) {
		if (!make_room(program, program->n_every + 1))
			return;
		program->every[program->n_every++] = is;
		program->n_living++;
	}
	if (program->n_every > 1)
		qsort(program->every, (size_t)program->n_every, sizeof *program->every, by_begin);
}

/* ---- in the shell ---- */

static void refresh(void *user)
{
	collect(self(user));
}

static void head(void *user, struct sw_head *out)
{
	const struct sw_observe_program *program = self(user);
	const struct sw_observe_watch *watch = sw_observe_watch(program->source.observe);
	*out = (struct sw_head){.badge = SW_BADGE_WATCHING};
	(void)snprintf(out->title, sizeof out->title, "containers: %.80s", program->source.filter);
	(void)sw_text_copy(out->about, sizeof out->about, program->engine);
	if (!program->engine[0] || !watch->since_ns) {
		out->badge = SW_BADGE_PREPARING;
		(void)sw_text_copy(out->note, sizeof out->note, program->trouble[0] ? "no engine" : "");
	} else if (!watch->is_connected) {
		int64_t away = program->source.now_ns(program->source.user) - watch->since_ns;
		out->badge = SW_BADGE_LOST;
		(void)sw_view_clock(out->note, 16, away);
	}
}

/* Who watches has something that ticks: frames come from there, and from events. */
static bool moving(void *user)
{
	(void)user;
	return false;
}

static void act(void *user, enum sw_action action)
{
	self(user)->source.act(self(user)->source.user, action);
}

static void gone(void *user)
{
	self(user)->source.gone(self(user)->source.user);
}

static const struct sw_screen *const screens[] = {
	&sw_observe_screen_live,   &sw_observe_screen_containers, &sw_observe_screen_living,
	&sw_observe_screen_images, &sw_observe_screen_events,
};

struct sw_program sw_observe_program_of(struct sw_observe_program *program)
{
	return (struct sw_program){
		.screens = screens,
		.n_screens = sizeof screens / sizeof screens[0],
		.mode_word = "span",
		.mode_about = "histograms of the next span: startup, run, cleanup, whole",
		.refresh = refresh,
		.head = head,
		.moving = moving,
		.act = act,
		.gone = gone,
		.user = program,
	};
}

struct sw_observe_program *sw_observe_program_new(const struct sw_observe_source *source)
{
	struct sw_observe_program *program = calloc(1, sizeof *program);
	if (!program)
		return NULL;
	program->source = *source;
	program->began_at_ns = source->now_ns(source->user);
	program->span = SW_SPAN_RUN;
	program->log = sw_observelog_new();
	if (!program->log) {
		sw_observe_program_free(program);
		return NULL;
	}
	program->containers.table = (struct sw_table_state){.sort = -1, .follow = true};
	program->living.table = (struct sw_table_state){.sort = -1};
	program->images.table = (struct sw_table_state){.sort = -1};
	program->events.table = (struct sw_table_state){.sort = -1, .follow = true};
	return program;
}

void sw_observe_program_free(struct sw_observe_program *program)
{
	if (!program)
		return;
	sw_list_done(&program->containers);
	sw_list_done(&program->living);
	sw_list_done(&program->images);
	sw_list_done(&program->events);
	sw_observelog_free(program->log);
	free(program->every);
	free(program);
}

void sw_observe_program_engine(struct sw_observe_program *program, const char *about,
                               struct sw_monitor *monitor)
{
	(void)sw_text_clean(program->engine, sizeof program->engine, about, strlen(about));
	program->trouble[0] = '\0';
	program->monitor = monitor;
	if (monitor)
		sw_monitor_set(monitor, program->is_living_shown);
}

void sw_observe_program_no_engine(struct sw_observe_program *program, const char *why)
{
	(void)sw_text_clean(program->trouble, sizeof program->trouble, why, strlen(why));
}

void sw_observe_program_applied(struct sw_observe_program *program,
                                const struct sw_container_event *event, int64_t now_ns)
{
	int64_t time_ns = sw_observe_engine_now(program->source.observe, now_ns);
	sw_observelog_add(program->log, event,
	                  time_ns ? time_ns : program->source.began_ns + now_ns - program->began_at_ns);
}

bool sw_observe_choose_span(struct sw_observe_program *program, enum sw_action action)
{
	if (action != SW_ACTION_MODE)
		return false;
	program->span = (enum sw_observe_span)((program->span + 1) % SW_SPANS);
	return true;
}
