/* Hides which key does what: one table of actions, from which help, footer, docs/keys.md and the
 * configuration's tui.keys come. Must not know what an action does. */
#ifndef SW_KEYMAP_H
#define SW_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tui/input.h"

struct sw_error;
struct sw_buf;
struct sw_plan;

/* Where an action means something: bits. */
enum {
	SW_ON_ANY = 1,        /* everywhere */
	SW_ON_RUN = 2,        /* a session this process runs */
	SW_ON_REPLAY = 4,     /* a recorded one that is played */
	SW_ON_LIST = 8,       /* screens with a list: iterations, containers, events */
	SW_ON_HISTOGRAM = 16, /* screens with a latency axis */
};

/* id, name in the configuration, default keys, where, footer's word ("" = not in the footer), help. */
#define SW_ACTIONS(X)                                                                              \
	X(SW_ACTION_QUIT, "quit", "q", SW_ON_ANY, "quit", "leave; asks first while a session runs")    \
	X(SW_ACTION_HELP, "help", "? F1 h", SW_ON_ANY, "help", "the keys, as they are bound")          \
	X(SW_ACTION_SCREEN_1, "screen-live", "1", SW_ON_ANY, "",                                       \
	  "live: latency, fallbacks, lifecycle")                                                       \
	X(SW_ACTION_SCREEN_2, "screen-iterations", "2", SW_ON_ANY, "",                                 \
	  "iterations: every one, sortable")                                                           \
	X(SW_ACTION_SCREEN_3, "screen-containers", "3", SW_ON_ANY, "",                                 \
	  "containers: state, CPU, memory")                                                            \
	X(SW_ACTION_SCREEN_4, "screen-compare", "4", SW_ON_ANY, "", "compare: modes side by side")     \
	X(SW_ACTION_SCREEN_5, "screen-events", "5", SW_ON_ANY, "", "events: everything that happened") \
	X(SW_ACTION_SCREEN_6, "screen-verification", "6", SW_ON_ANY, "", "verification: does it hold") \
	X(SW_ACTION_NEXT_SCREEN, "next-screen", "Tab", SW_ON_ANY, "", "the next screen")               \
	X(SW_ACTION_PREVIOUS_SCREEN, "previous-screen", "Shift-Tab", SW_ON_ANY, "",                    \
	  "the screen before")                                                                         \
	X(SW_ACTION_PAUSE, "pause", "p Space", SW_ON_RUN | SW_ON_REPLAY, "pause",                      \
	  "pause after the running iteration, or go on; paused time is in no figure")                  \
	X(SW_ACTION_SNAPSHOT, "snapshot", "s", SW_ON_ANY, "snapshot", "write snapshot.json as of now") \
	X(SW_ACTION_CANCEL, "cancel-iteration", "x", SW_ON_RUN, "cancel",                              \
	  "cancel the running iteration; it counts as cancelled, in no latency")                       \
	X(SW_ACTION_STOP, "stop", "e", SW_ON_RUN, "end", "end the session early, with its results")    \
	X(SW_ACTION_FASTER, "faster", "+ =", SW_ON_REPLAY, "faster", "twice the speed")                \
	X(SW_ACTION_SLOWER, "slower", "-", SW_ON_REPLAY, "slower", "half the speed")                   \
	X(SW_ACTION_STEP, "step", ".", SW_ON_REPLAY, "step", "one event further, paused")              \
	X(SW_ACTION_SEEK_BACK, "seek-back", "Left", SW_ON_REPLAY, "", "back by a twentieth")           \
	X(SW_ACTION_SEEK_FORWARD, "seek-forward", "Right", SW_ON_REPLAY, "", "forward by a twentieth") \
	X(SW_ACTION_SCALE, "scale", "l", SW_ON_HISTOGRAM, "log/linear",                                \
	  "logarithmic or linear latency axis")                                                        \
	X(SW_ACTION_MODE, "mode", "m", SW_ON_HISTOGRAM, "mode",                                        \
	  "the next mode: its lifecycle, and what others are compared with")                           \
	X(SW_ACTION_THEME, "theme", "t", SW_ON_ANY, "theme", "the next theme")                         \
	X(SW_ACTION_SORT, "sort", "o", SW_ON_LIST, "sort", "sort by the next column")                  \
	X(SW_ACTION_REVERSE, "reverse", "r", SW_ON_LIST, "", "turn the order round")                   \
	X(SW_ACTION_FILTER, "filter", "/", SW_ON_LIST, "filter", "show only rows that contain a text") \
	X(SW_ACTION_FOLLOW, "follow", "f", SW_ON_LIST, "follow", "keep the newest in sight")           \
	X(SW_ACTION_OPEN, "open", "Enter", SW_ON_LIST, "open", "the chosen row in detail")             \
	X(SW_ACTION_CLOSE, "close", "Esc", SW_ON_ANY, "", "close what is open, clear the filter")      \
	X(SW_ACTION_UP, "up", "Up k", SW_ON_LIST, "", "a row up")                                      \
	X(SW_ACTION_DOWN, "down", "Down j", SW_ON_LIST, "", "a row down")                              \
	X(SW_ACTION_PAGE_UP, "page-up", "PgUp", SW_ON_LIST, "", "a page up")                           \
	X(SW_ACTION_PAGE_DOWN, "page-down", "PgDn", SW_ON_LIST, "", "a page down")                     \
	X(SW_ACTION_TOP, "top", "Home g", SW_ON_LIST, "", "the first row")                             \
	X(SW_ACTION_BOTTOM, "bottom", "End G", SW_ON_LIST, "", "the last row")                         \
	X(SW_ACTION_REDRAW, "redraw", "Ctrl-L", SW_ON_ANY, "", "draw the screen anew")                 \
	X(SW_ACTION_SUSPEND, "suspend", "Ctrl-Z", SW_ON_ANY, "",                                       \
	  "back to the shell; fg goes on, and measures the running iteration anew")

#define SW_ACTION_ENUM(id, ...) id,
enum sw_action { SW_ACTIONS(SW_ACTION_ENUM) SW_ACTION_COUNT, SW_ACTION_NONE = SW_ACTION_COUNT };
#undef SW_ACTION_ENUM

#define SW_KEYS_PER_ACTION 4

struct sw_key_press {
	uint32_t key;
	unsigned mods;
};

/* Plain value. */
struct sw_keymap {
	struct sw_key_press keys[SW_ACTION_COUNT][SW_KEYS_PER_ACTION];
	int n_keys[SW_ACTION_COUNT];
	bool bound[SW_ACTION_COUNT]; /* its keys were asked for, with sw_keymap_bind */
};

struct sw_action_info {
	const char *name, *keys, *word, *about;
	unsigned where;
};
const struct sw_action_info *sw_action_info(enum sw_action action);

void sw_keymap_default(struct sw_keymap *keymap);

/* KEYS ("q Ctrl-C"; at most SW_KEYS_PER_ACTION) replace the action's; "" takes them all away (not of
 * quit). A key that another action has, which may mean something at the same time, is taken from it;
 * if that one was bound here, too, or is quit and has no other, it is an error. SW_ERR_USAGE names
 * the nearest action or key. KEYMAP is unchanged on failure. */
int sw_keymap_bind(struct sw_keymap *keymap, const char *action, const char *keys,
                   struct sw_error *err);

/* The default keys, and over them what the configuration's tui.keys ask for. Errors as above, with
 * "FILE:LINE:COLUMN: tui.keys.ACTION: " before them where the plan knows the position, else with the
 * key's path. OUT_KEYMAP is unchanged on failure. */
int sw_keymap_from_plan(struct sw_keymap *out_keymap, const struct sw_plan *plan,
                        struct sw_error *err);

/* What INPUT (a key) does in the places PLACES (SW_ON_ANY is implied); SW_ACTION_NONE. */
enum sw_action sw_keymap_action(const struct sw_keymap *keymap, const struct sw_input *input,
                                unsigned places);

/* "q", "? F1": as bound; "" when nothing is. DST needs 64 bytes. Returns DST. */
char *sw_keymap_keys(const struct sw_keymap *keymap, enum sw_action action, char *dst, size_t size);
/* The first of them. */
char *sw_keymap_key(const struct sw_keymap *keymap, enum sw_action action, char *dst, size_t size);

/* docs/keys.md: the whole table as Markdown, with where each action means something. */
int sw_keymap_markdown(struct sw_buf *out);

#endif
