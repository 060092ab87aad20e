/* A stage for screens: the shell without a terminal, on it the screens of a told session. */
#ifndef SW_TEST_SCREENS_H
#define SW_TEST_SCREENS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tests/unit/core/stories_many.h"
#include "tests/unit/core/story_list.h"
#include "tests/unit/golden.h"
#include "tui/app_internal.h"
#include "tui/screens/session.h"
#include "tui/session_program.h"

struct stage {
	struct story story;
	struct sw_app app;
	struct sw_session_program *program;
	struct sw_which cancelled; /* what was asked for; mode -1: nothing */
};

static inline const struct sw_session *stage_session(void *user)
{
	struct stage *stage = user;
	return stage->story.session;
}

static inline int64_t stage_now(void *user)
{
	struct stage *stage = user;
	return stage->story.t_ns;
}

static inline void stage_head(void *user, struct sw_head *head)
{
	struct stage *stage = user;
	head->badge = stage->story.session->state == SW_STATE_RUNNING ? SW_BADGE_RUNNING
	                                                              : SW_BADGE_DONE;
}

static inline bool stage_moving(void *user)
{
	(void)user;
	return false;
}

static inline void stage_act(void *user, enum sw_action action)
{
	(void)user;
	(void)action;
}

static inline bool stage_cancel(void *user, const struct sw_which *which)
{
	struct stage *stage = user;
	stage->cancelled = *which;
	return true;
}

static inline void stage_gone(void *user)
{
	(void)user;
}

static inline void stage_told(void *user, const struct sw_event *event)
{
	struct stage *stage = user;
	sw_session_program_applied(stage->program, event);
}

static inline void stage_open(struct stage *stage, void (*tell)(struct story *s), int width,
                              int height, const struct sw_glyphs *glyphs)
{
	struct sw_source source = {
		.places = SW_ON_RUN,
		.session = stage_session,
		.now_ns = stage_now,
		.head = stage_head,
		.moving = stage_moving,
		.act = stage_act,
		.cancel = stage_cancel,
		.gone = stage_gone,
		.user = stage,
	};
	memset(stage, 0, sizeof *stage);
	stage->cancelled.mode = -1;
	stage->program = sw_session_program_new(&source);
	assert_non_null(stage->program);
	*story_listener() = (struct story_listener){stage_told, stage};
	tell(&stage->story);
	*story_listener() = (struct story_listener){NULL, NULL};
	stage->app.canvas = sw_canvas_new(width, height, glyphs);
	assert_non_null(stage->app.canvas);
	sw_theme_default(&stage->app.theme);
	sw_keymap_default(&stage->app.keymap);
	stage->app.log_scale = true;
	stage->app.program = sw_session_program_of(stage->program);
	stage->app.program.refresh(stage->app.program.user);
}

static inline void stage_screen(struct stage *stage, int screen)
{
	stage->app.screen = screen;
	sw_app_draw(&stage->app);
}

static inline void stage_check(struct stage *stage, const char *name)
{
	static char text[200000];
	char path[256];
	size_t len = sw_canvas_dump(stage->app.canvas, false, text, sizeof text);
	assert_true(len < sizeof text);
	(void)snprintf(path, sizeof path, "tests/unit/tui/golden/%s.txt", name);
	golden_check_file(path, text, len);
}

/* No cell holds what a terminal would act on. */
static inline void stage_printable(const struct stage *stage)
{
	for (int y = 0; y < sw_canvas_height(stage->app.canvas); y++) {
		const struct sw_cell *row = sw_canvas_row(stage->app.canvas, y);
		for (int x = 0; x < sw_canvas_width(stage->app.canvas); x++) {
			assert_true(row[x].ch == 0 || (row[x].ch >= 0x20 && row[x].ch != 0x7f));
			assert_true(row[x].ch < 0x80 || row[x].ch >= 0xa0);
		}
	}
}

static inline void stage_close(struct stage *stage)
{
	sw_canvas_free(stage->app.canvas);
	sw_session_program_free(stage->program);
	sw_session_free(stage->story.session);
}

/* ---- stories ---- */

static inline void stage_running(struct story *s)
{
	story_good(s, 12);
	story_ok(s, 0);
	story_start(s, 1, false);
	story_phases(s, 1, 6);
}

static inline void stage_done(struct story *s)
{
	story_good(s, 20);
	story_end(s, SW_STATE_DONE, "");
}

static inline void stage_fallbacks(struct story *s)
{
	story_good(s, 5);
	story_fall_back(s, 1, SW_OUTCOME_OK);
	story_refuse(s, 1, SW_OUTCOME_TIMEOUT);
	story_fail(s, 1, SW_OUTCOME_OOM, "killed at 2 GiB");
	for (int i = 0; i < 2; i++) {
		story_ok(s, 0);
		story_ok(s, 1);
	}
}

/* The engine has just gone, and nothing has come of the sandbox. */
static inline void stage_no_engine(struct story *s)
{
	struct sw_session_info info = story_info("docker-sandbox-study");
	story_study(s, &info);
	for (int i = 0; i < 3; i++) {
		story_ok(s, 0);
		story_fall_back(s, 1, SW_OUTCOME_OK);
	}
	/* The newest attempt is told by the host. */
	story_start(s, 1, false);
	struct sw_iteration_info it = {
		.iteration = s->iterations[1], .attempt = 2, .on_host = true, .start_ns = s->t_ns};
	story_it(s, SW_EVENT_ATTEMPT_STARTED, 1, &it);
	story_it(s, SW_EVENT_PHASE_STARTED, 1,
	         &(struct sw_iteration_info){
				 .iteration = it.iteration, .attempt = 2, .phase = SW_PHASE_EXECUTE});
	s->t_ns += 3 * MS;
}

/* Seven modes: more than have a colour, and more than fit below one another. */
static inline void stage_modes(struct story *s)
{
	static const char *const names[] = {"ast-only", "docker-sandbox", "crun",     "without-seccomp",
	                                    "bridge",   "half-a-cpu",     "without-limits"};
	struct sw_session_info info = story_info("scan-of-limits");
	struct sw_environment machine = story_machine();
	const int n = sizeof names / sizeof names[0];

	story_begin(s, &info);
	story_environment(s, &machine);
	for (int i = 0; i < n; i++) {
		struct sw_mode_info mode = story_mode_info(names[i], i ? SW_KIND_COLD : SW_KIND_HOST);
		story_mode(s, &mode);
	}
	for (int round = 0; round < 6; round++)
		for (int mode = 0; mode < n; mode++)
			story_ok(s, mode);
}

/* Nothing has come yet. */
static inline void stage_empty(struct story *s)
{
	story_empty(s);
}

#endif
