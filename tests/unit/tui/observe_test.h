/* A stage for the screens of watched containers: the shell without a terminal, and an engine whose
 * events are told. */
#ifndef SW_TEST_OBSERVE_H
#define SW_TEST_OBSERVE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/golden.h"
#include "tui/app_internal.h"
#include "tui/observe_program.h"
#include "tui/screens/observe.h"

#define MS INT64_C(1000000)
#define SECOND INT64_C(1000000000)
#define T0 INT64_C(1795429862000000000) /* 2026-11-23 10:31:02 UTC */

struct stage {
	struct sw_observe *observe;
	struct sw_observe_program *program;
	struct sw_app app;
	int64_t t_ns; /* since T0: what every clock shows */
	const char *image;
	int acted; /* the last action that no screen took */
};

static inline int64_t stage_now(void *user)
{
	const struct stage *stage = user;
	return SECOND + stage->t_ns;
}

static inline void stage_act(void *user, enum sw_action action)
{
	struct stage *stage = user;
	stage->acted = (int)action;
}

static inline void stage_gone(void *user)
{
	(void)user;
}

static inline void stage_open(struct stage *stage, int width, int height,
                              const struct sw_glyphs *glyphs)
{
	memset(stage, 0, sizeof *stage);
	stage->image = "registry.example.org/shop/jobs:1.2";
	assert_int_equal(sw_observe_new(&stage->observe, NULL), 0);
	const struct sw_observe_source source = {
		.observe = stage->observe,
		.filter = "all",
		.now_ns = stage_now,
		.began_ns = T0,
		.act = stage_act,
		.gone = stage_gone,
		.user = stage,
	};
	stage->program = sw_observe_program_new(&source);
	assert_non_null(stage->program);
	stage->app.canvas = sw_canvas_new(width, height, glyphs);
	assert_non_null(stage->app.canvas);
	sw_theme_default(&stage->app.theme);
	sw_keymap_default(&stage->app.keymap);
	stage->app.log_scale = true;
	stage->app.program = sw_observe_program_of(stage->program);
}

static inline void stage_close(struct stage *stage)
{
	sw_canvas_free(stage->app.canvas);
	sw_observe_program_free(stage->program);
	sw_observe_free(stage->observe);
}

/* ---- telling ---- */

static inline void stage_tell(struct stage *stage, const struct sw_container_event *event)
{
	assert_int_equal(sw_observe_apply(stage->observe, event, stage_now(stage)), 0);
	sw_observe_program_applied(stage->program, event, stage_now(stage));
}

static inline void stage_watch(struct stage *stage, enum sw_ce_kind kind, const char *text)
{
	struct sw_container_event event = {.kind = kind, .exit_code = -1};
	(void)snprintf(event.text, sizeof event.text, "%s", text);
	if (kind == SW_CE_BACK)
		event.lost_ns = stage_now(stage) - sw_observe_watch(stage->observe)->since_ns;
	stage_tell(stage, &event);
}

static inline struct sw_container_event stage_event(const struct stage *stage, enum sw_ce_kind kind,
                                                    int id)
{
	struct sw_container_event event = {.kind = kind, .exit_code = -1, .time_ns = T0 + stage->t_ns};
	(void)snprintf(event.id, sizeof event.id, "%08x%056x", (unsigned)id * 2654435761U,
	               (unsigned)id);
	(void)snprintf(event.name, sizeof event.name, "%.4s-%d",
	               strrchr(stage->image, '/') ? strrchr(stage->image, '/') + 1 : stage->image, id);
	(void)snprintf(event.image, sizeof event.image, "%s", stage->image);
	return event;
}

/* After another MS milliseconds. */
static inline void stage_say(struct stage *stage, int64_t ms, enum sw_ce_kind kind, int id)
{
	stage->t_ns += ms * MS;
	struct sw_container_event event = stage_event(stage, kind, id);
	stage_tell(stage, &event);
}

static inline void stage_die(struct stage *stage, int64_t ms, int id, int exit_code)
{
	stage->t_ns += ms * MS;
	struct sw_container_event event = stage_event(stage, SW_CE_DIE, id);
	event.exit_code = exit_code;
	stage_tell(stage, &event);
}

static inline void stage_kill(struct stage *stage, int64_t ms, int id, int signal)
{
	stage->t_ns += ms * MS;
	struct sw_container_event event = stage_event(stage, SW_CE_KILL, id);
	event.signal = signal;
	stage_tell(stage, &event);
}

static inline void stage_listed(struct stage *stage, int id, enum sw_container_state state)
{
	struct sw_container_event event = stage_event(stage, SW_CE_LISTED, id);
	event.time_ns = 0;
	event.state = state;
	event.created_s = T0 / SECOND - 3700;
	stage_tell(stage, &event);
}

static inline void stage_begin(struct stage *stage, int id, int64_t startup_ms)
{
	stage_say(stage, 40, SW_CE_CREATE, id);
	stage_say(stage, startup_ms, SW_CE_START, id);
}

static inline void stage_life(struct stage *stage, int id, int64_t run_ms, int exit_code)
{
	stage_begin(stage, id, 80 + id % 7 * 6);
	stage_die(stage, run_ms, id, exit_code);
	stage_say(stage, 25 + id % 5 * 4, SW_CE_DESTROY, id);
}

/* ---- stories ---- */

static inline void story_looking(struct stage *stage)
{
	(void)stage;
}

static inline void story_no_engine(struct stage *stage)
{
	sw_observe_program_no_engine(
		stage->program, "no engine answers: /run/docker.sock is not there; start one, name "
						"one with --host, or let `sandwatch engine` start a private one");
}

static inline void story_empty(struct stage *stage)
{
	sw_observe_program_engine(stage->program, "docker 20.10.24 at unix:///run/docker.sock", NULL);
	stage_watch(stage, SW_CE_CONNECTED, "");
	stage_watch(stage, SW_CE_LIST_BEGIN, "");
	stage_watch(stage, SW_CE_LIST_END, "");
}

static inline void story_busy(struct stage *stage)
{
	sw_observe_program_engine(stage->program, "docker 20.10.24 at unix:///run/docker.sock", NULL);
	stage_watch(stage, SW_CE_CONNECTED, "");
	stage_watch(stage, SW_CE_LIST_BEGIN, "");
	stage->image = "postgres:16";
	stage_listed(stage, 900, SW_CONTAINER_RUNNING);
	stage_listed(stage, 901, SW_CONTAINER_EXITED);
	stage_watch(stage, SW_CE_LIST_END, "");
	stage->image = "registry.example.org/shop/jobs:1.2";
	for (int i = 1; i <= 14; i++)
		stage_life(stage, i, 180 + i * i % 11 * 37, 0);
	stage_life(stage, 20, 44, 3);
	stage_life(stage, 21, 51, 3);
	stage_life(stage, 22, 400, 1);
	stage_begin(stage, 23, 95);
	stage_say(stage, 600, SW_CE_OOM, 23);
	stage_die(stage, 5, 23, 137);
	stage_say(stage, 30, SW_CE_DESTROY, 23);
	stage->image = "nginx:latest";
	stage_begin(stage, 40, 120);
	stage_begin(stage, 41, 128);
	stage_begin(stage, 42, 133);
	stage_kill(stage, 2000, 40, 9);
	stage_die(stage, 12, 40, 137);
	stage_say(stage, 20, SW_CE_DESTROY, 40);
	stage_die(stage, 900, 41, 1);
	stage_say(stage, 200, SW_CE_START, 41);
	stage_say(stage, 10, SW_CE_PAUSE, 42);
	stage->t_ns += 1500 * MS;
}

static inline void story_away(struct stage *stage)
{
	story_busy(stage);
	stage_watch(stage, SW_CE_LOST, "the engine ended its event stream");
	stage->t_ns += 4300 * MS;
}

static inline void story_back(struct stage *stage)
{
	story_away(stage);
	stage_watch(stage, SW_CE_BACK, "");
	stage_watch(stage, SW_CE_LIST_BEGIN, "");
	stage->image = "nginx:latest";
	stage_listed(stage, 41, SW_CONTAINER_RUNNING);
	stage_watch(stage, SW_CE_LIST_END, "");
	stage->t_ns += 700 * MS;
}

/* What an engine says of names that try something, read as it comes. */
static inline void stage_line(struct stage *stage, const char *action, int id, const char *name,
                              const char *image)
{
	static char line[40000];
	struct sw_container_event event;
	stage->t_ns += 30 * MS;
	(void)snprintf(line, sizeof line,
	               "{\"Type\":\"container\",\"Action\":\"%s\",\"Actor\":{\"ID\":\"%064x\","
	               "\"Attributes\":{\"name\":\"%s\",\"image\":\"%s\",\"exitCode\":\"0\"}},"
	               "\"timeNano\":%lld}",
	               action, (unsigned)id, name, image, (long long)(T0 + stage->t_ns));
	if (sw_container_event_read(line, strlen(line), &event) > 0)
		stage_tell(stage, &event);
}

static inline void story_hostile(struct stage *stage)
{
	static char longest[10001];
	memset(longest, 'x', sizeof longest - 1);
	const char *const names[] = {
		"\\u001b[2J\\u001b]0;owned\\u0007",
		"two\\nlines\\tand\\rmore",
		"\xff\xfe\xc0\xaf",
		"\\u202egnp.exe",
		"日本語のコンテナ名は幅が二倍です",
		"e\\u0301\\u200d\\u200b",
		longest,
		"%s%n%d",
		"",
	};
	sw_observe_program_engine(stage->program, "docker \033[31m at unix:///\n", NULL);
	stage_watch(stage, SW_CE_CONNECTED, "");
	for (int i = 0; i < (int)(sizeof names / sizeof names[0]); i++) {
		stage_line(stage, "create", 100 + i, names[i], names[i]);
		stage_line(stage, "start", 100 + i, names[i], names[i]);
		if (i % 2 == 0)
			stage_line(stage, "die", 100 + i, names[i], names[i]);
		if (i % 4 == 0)
			stage_line(stage, "destroy", 100 + i, names[i], names[i]);
	}
	stage_watch(stage, SW_CE_LOST, "because of \033[2J this");
}

/* ---- looking ---- */

static inline void stage_screen(struct stage *stage, int screen)
{
	stage->app.screen = screen;
	stage->app.program.refresh(stage->app.program.user);
	sw_app_draw(&stage->app);
}

static inline const char *stage_text(struct stage *stage, size_t *out_len)
{
	static char text[400000];
	size_t len = sw_canvas_dump(stage->app.canvas, false, text, sizeof text);
	assert_true(len < sizeof text);
	if (out_len)
		*out_len = len;
	return text;
}

static inline void stage_check(struct stage *stage, const char *name)
{
	char path[256];
	size_t len;
	const char *text = stage_text(stage, &len);
	(void)snprintf(path, sizeof path, "tests/unit/tui/golden/observe-%s.txt", name);
	golden_check_file(path, text, len);
}

static inline void stage_has(struct stage *stage, const char *part)
{
	const char *text = stage_text(stage, NULL);
	if (!strstr(text, part))
		fail_msg("'%s' is not on\n%s", part, text);
}

#endif
