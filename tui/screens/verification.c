#include "tui/screens/session.h"

#include <stdio.h>

#include "core/text.h"
#include "widgets/panel.h"

/* What a session must answer before a sandbox can be trusted. This version measures, and does not
 * probe: it says so, and shows of each mode what it was told to switch on. */

static const char *const explanation =
	"Whether the sandbox holds has not been verified: this version of sandwatch probes nothing. "
	"What is configured is shown here as configured, not as proven.";

struct setting {
	const char *label;
	char value[80];
	bool is_weak;
};

static int settings_of(const struct sw_mode_info *info, struct setting *out)
{
	int n = 0;
	char bytes[16];
	out[n] = (struct setting){.label = "network", .is_weak = strcmp(info->network, "none") != 0};
	(void)snprintf(out[n++].value, sizeof out->value, "%.60s", info->network);
	out[n] = (struct setting){.label = "root file system", .is_weak = !info->read_only};
	(void)snprintf(out[n++].value, sizeof out->value, "%s",
	               info->read_only ? "read-only" : "writable");
	out[n] = (struct setting){.label = "capabilities", .is_weak = !info->drop_capabilities};
	(void)snprintf(out[n++].value, sizeof out->value, "%s",
	               info->drop_capabilities ? "all dropped" : "the engine's own");
	out[n] = (struct setting){.label = "new privileges", .is_weak = !info->no_new_privileges};
	(void)snprintf(out[n++].value, sizeof out->value, "%s",
	               info->no_new_privileges ? "none" : "allowed");
	out[n] =
		(struct setting){.label = "seccomp", .is_weak = strcmp(info->seccomp, "unconfined") == 0};
	(void)snprintf(out[n++].value, sizeof out->value, "%.70s", info->seccomp);
	out[n] = (struct setting){.label = "user"};
	(void)snprintf(out[n++].value, sizeof out->value, "%s",
	               *info->user ? info->user : "the image's own");
	out[n] = (struct setting){.label = "memory", .is_weak = !info->memory_bytes};
	(void)snprintf(out[n++].value, sizeof out->value, "%s",
	               info->memory_bytes
	                   ? sw_text_bytes(bytes, sizeof bytes, (uint64_t)info->memory_bytes)
	                   : "no limit");
	out[n] = (struct setting){.label = "CPU", .is_weak = !info->cpu_milli};
	if (info->cpu_milli)
		(void)snprintf(out[n++].value, sizeof out->value, "%g", (double)info->cpu_milli / 1000);
	else
		(void)snprintf(out[n++].value, sizeof out->value, "no limit");
	out[n] = (struct setting){.label = "processes", .is_weak = !info->pids_limit};
	if (info->pids_limit)
		(void)snprintf(out[n++].value, sizeof out->value, "at most %lld",
		               (long long)info->pids_limit);
	else
		(void)snprintf(out[n++].value, sizeof out->value, "no limit");
	return n;
}

enum { SETTINGS = 9, PER_MODE_WIDTH = 44 };

static void draw_mode(struct sw_area area, const struct sw_mode_state *mode, int index)
{
	struct setting settings[SETTINGS];
	const struct sw_flow_piece title = {mode->info.name, sw_view_mode_role(index)};
	struct sw_panel panel = {.title = &title, .n_title = 1, .note = "not verified"};
	struct sw_area inside = sw_panel_draw(area, &panel);
	if (mode->info.kind == SW_KIND_HOST) {
		sw_put_text_cut(inside, 0, 0, inside.w, "on the host: no sandbox to verify", SW_ROLE_DIM);
		return;
	}
	int n = settings_of(&mode->info, settings);
	for (int i = 0; i < n && i < inside.h; i++) {
		sw_put_char(inside, 0, i, '?', SW_ROLE_DIM);
		sw_put_text_cut(inside, 2, i, 17, settings[i].label, SW_ROLE_DIM);
		sw_put_text_cut(inside, 20, i, inside.w - 20, settings[i].value,
		                settings[i].is_weak ? SW_ROLE_WARNING : SW_ROLE_TEXT);
	}
}

/* What the N modes from FIRST on need beside one another. */
static int line_rows(const struct sw_session *session, int first, int n)
{
	for (int i = first; i < first + n; i++)
		if (session->modes[i]->info.kind != SW_KIND_HOST)
			return SETTINGS;
	return 1;
}

static void draw(void *user, struct sw_app *app, struct sw_area area)
{
	const struct sw_session_program *program = user;
	const struct sw_session *session = sw_program_session(program);
	const struct sw_flow_piece text = {explanation, SW_ROLE_TEXT};
	struct sw_area words = sw_area_sub(area, 1, 0, area.w - 2, area.h);
	(void)app;
	int used = sw_flow_draw(words, &text, 1) + 1;
	(void)sw_area_cut_top(&area, used);
	int across = area.w / PER_MODE_WIDTH > 1 ? area.w / PER_MODE_WIDTH : 1;
	if (across > session->n_modes)
		across = session->n_modes;
	for (int i = 0; i < session->n_modes && area.h > 0; i += across) {
		int n = session->n_modes - i < across ? session->n_modes - i : across;
		int rows = line_rows(session, i, n) + SW_PANEL_ROWS;
		/* A part of the settings must not pass for all of them. */
		if (area.h < rows) {
			struct sw_area rest = sw_area_cut_bottom(&area, 1);
			sw_put_text_cut(rest, 1, 0, rest.w - 2, "more finds room in a taller terminal",
			                SW_ROLE_DIM);
		}
		struct sw_area line = sw_area_cut_top(&area, rows);
		for (int k = 0; k < n; k++)
			draw_mode(sw_area_cut_left(&line, line.w / (n - k)), session->modes[i + k], i + k);
	}
}

const struct sw_screen sw_screen_verification = {.name = "verification",
                                                 .draw = draw,
                                                 .act = sw_program_act};
