/* Hides nothing: what the screens of watched containers share. For tui/observe_program.c and
 * tui/screens/observe_*.c. */
#ifndef SW_SCREENS_OBSERVE_H
#define SW_SCREENS_OBSERVE_H

#include "docker/monitor.h"
#include "tui/app.h"
#include "tui/observe_program.h"
#include "tui/observelog.h"
#include "tui/screens/list.h"
#include "tui/view.h"

#define SW_OBSERVE_NAME 48 /* bytes of a short name */
#define SW_OBSERVE_SHOWN_IMAGES (SW_OBSERVE_IMAGES_MAX + 1)

struct sw_observe_program {
	struct sw_observe_source source;
	int64_t began_at_ns;        /* source.began_ns by CLOCK_MONOTONIC */
	struct sw_monitor *monitor; /* NULL: no engine yet */
	char engine[256];           /* "": none was found yet */
	char trouble[256];          /* why; "": it is being looked for */
	struct sw_observelog *log;
	enum sw_observe_span span; /* of the histograms */
	bool is_living_shown;
	/* Every container that is known in full, by when it began; filled in before each frame. */
	const struct sw_observed **every;
	int n_every, n_living; /* living: of all, those that are not gone */
	int every_capacity;
	struct sw_list containers, living, images, events;
};

/* ---- observe_view.c: words and roles. Pure ---- */

/* An image's NAME without registry and folder, ":latest" and most of a digest. DST needs
 * SW_OBSERVE_NAME bytes. Returns DST. */
char *sw_observe_short(const char *name, char *dst);
/* What is known of IMAGE by a name that is short and no other's: "nginx", "python:3.12". DST needs
 * SW_OBSERVE_NAME bytes. Returns DST. */
char *sw_observe_name(const struct sw_observe *observe, const struct sw_observe_image *image,
                      char *dst);
/* IMAGE's place in the order of appearance; and its colour. */
int sw_observe_index(const struct sw_observe *observe, const struct sw_observe_image *image);
enum sw_role sw_observe_role(const struct sw_observe *observe,
                             const struct sw_observe_image *image);
enum sw_role sw_observe_span_role(enum sw_observe_span span);
int sw_observe_images(const struct sw_observe *observe); /* how many there are */

/* "SIGKILL", "signal 40". DST needs 16 bytes. Returns DST. */
char *sw_observe_signal(char *dst, size_t size, int signal);
/* "running", "exited", "removed", "unseen". */
const char *sw_observe_state(const struct sw_observed *is);
enum sw_role sw_observe_state_role(const struct sw_observed *is);
/* How the last run ended: "0", "3", "SIGKILL", "out of memory", "?"; "" where none has ended. */
char *sw_observe_ending(char *dst, size_t size, const struct sw_observed *is);
enum sw_role sw_observe_ending_role(const struct sw_observed *is);
/* The last run's, or the container's; -1: not known. */
int64_t sw_observe_length(const struct sw_observed *is, enum sw_observe_span span);
/* When it began, ns since 1970, to the second at least; 0: not known. */
int64_t sw_observe_begin(const struct sw_observed *is);
/* "10:31", "10:31:02", "10:31:02.123" of TIME_NS, by the length of DST (6, 9, 13). Returns DST. */
char *sw_observe_clock(const struct sw_observe_program *program, char *dst, size_t size,
                       int64_t time_ns);
/* What the engine's clock shows; until it has said, this machine's. */
int64_t sw_observe_time(const struct sw_observe_program *program);

/* What the watch says so far, as sentences. (observe_headline.c) */
void sw_observe_headline(const struct sw_observe_program *program,
                         struct sw_headline *out_headline);

/* ---- observe_charts.c ---- */

/* How many images have been seen to take the chosen span. */
int sw_observe_timed_images(const struct sw_observe_program *program);
/* The histograms of the chosen span, one for each of these. Returns how many images it has not shown. */
int sw_observe_draw_spans(struct sw_area area, const struct sw_observe_program *program, bool log);
/* The rows in which they would look best. */
int sw_observe_spans_rows(const struct sw_observe_program *program);
/* All four spans of IMAGE under one another. */
void sw_observe_draw_image(struct sw_area area, const struct sw_observe_image *image, bool log);
/* A bar for each image: its mean startup, run and cleanup. */
void sw_observe_draw_lives(struct sw_area area, const struct sw_observe_program *program);
int sw_observe_lives_rows(const struct sw_observe_program *program);
/* One container's own. (observe_detail.c) TOP lines are scrolled away. */
void sw_observe_draw_container(struct sw_area area, const struct sw_observe_program *program,
                               const struct sw_observed *is, int top);

/* SW_ACTION_MODE: the next span. */
bool sw_observe_choose_span(struct sw_observe_program *program, enum sw_action action);

/* The screens, in the order of their keys. */
extern const struct sw_screen sw_observe_screen_live, sw_observe_screen_containers,
	sw_observe_screen_living, sw_observe_screen_images, sw_observe_screen_events;

#endif
