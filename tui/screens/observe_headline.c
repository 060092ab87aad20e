#include <stdio.h>
#include <string.h>

#include "core/histogram.h"
#include "core/text.h"
#include "tui/screens/observe.h"

enum { NAMED_IMAGES = 3, NAMED_CODES = 3 };

static unsigned long long many(uint64_t n)
{
	return (unsigned long long)n;
}

/* ---- the engine ---- */

/* "4 s", "3:20": of something that goes on, so nothing finer. */
static char *say_since(char *dst, size_t size, int64_t ns)
{
	if (ns < INT64_C(60000000000))
		(void)snprintf(dst, size, "%lld s", (long long)(ns > 0 ? ns / 1000000000 : 0));
	else
		(void)sw_view_clock(dst, size, ns);
	return dst;
}

/* The reason's beginning: the whole of it is among the events. */
static const char *say_why_lost(char *dst, size_t size, const char *why)
{
	if (!sw_text_copy(dst, size, why)) {
		(void)sw_text_copy(dst, size - 3, why);
		memcpy(dst + strlen(dst), "…", sizeof "…");
	}
	return dst;
}

static void say_engine(struct sw_headline *h, const struct sw_observe_program *program)
{
	const struct sw_observe_watch *watch = sw_observe_watch(program->source.observe);
	char since[16], why[80];
	int64_t now = program->source.now_ns(program->source.user);
	if (!program->engine[0] && !program->trouble[0]) {
		sw_headline_say(h, SW_ROLE_DIM, "Looking for an engine.");
	} else if (!program->engine[0]) {
		sw_headline_say(h, SW_ROLE_WARNING, "No engine yet, trying again: %s ", program->trouble);
	} else if (!watch->is_connected && watch->was_connected) {
		sw_headline_say(h, SW_ROLE_WARNING, "The engine went away %s ago: %s; trying again. ",
		                say_since(since, sizeof since, now - watch->since_ns),
		                say_why_lost(why, sizeof why, watch->why));
	} else if (!watch->is_connected && watch->since_ns) {
		sw_headline_say(h, SW_ROLE_WARNING, "The engine does not answer: %s; trying again. ",
		                say_why_lost(why, sizeof why, watch->why));
	} else if (!watch->is_connected) {
		sw_headline_say(h, SW_ROLE_DIM, "Asking the engine.");
	}
}

/* What it was away for cannot be made up: that is said as long as the figures are shown. */
static void say_gaps(struct sw_headline *h, const struct sw_observe_program *program)
{
	const struct sw_observe_watch *watch = sw_observe_watch(program->source.observe);
	uint64_t unseen = sw_observe_all(program->source.observe)->unseen;
	char away[16];
	bool was_away = watch->lost && watch->is_connected;
	if (was_away && watch->lost > 1)
		sw_headline_say(h, SW_ROLE_WARNING, "The engine was away %llu times, together for %s",
		                many(watch->lost), sw_text_duration(away, sizeof away, watch->lost_ns));
	else if (was_away)
		sw_headline_say(h, SW_ROLE_WARNING, "The engine was away for %s",
		                sw_text_duration(away, sizeof away, watch->lost_ns));
	if (unseen)
		sw_headline_say(h, SW_ROLE_WARNING, "%s%llu ended unseen", was_away ? "; " : "",
		                many(unseen));
	if (was_away || unseen)
		sw_headline_say(h, SW_ROLE_WARNING, ". ");
}

/* ---- how they ended ---- */

/* "1 killed by SIGKILL", "3 killed by signals" */
static void say_killed(struct sw_headline *h, const struct sw_observe_image *all, const char *joint)
{
	char name[16] = "signals";
	for (int i = 1; i < SW_OBSERVE_SIGNALS; i++)
		if (all->signals[i] == all->killed)
			(void)sw_observe_signal(name, sizeof name, i);
	sw_headline_say(h, SW_ROLE_BAD, "%s%llu killed by %s", joint, many(all->killed), name);
}

/* "(exit 3 ×2, exit 1; 1 out of memory, 1 killed)" */
static void say_why(struct sw_headline *h, const struct sw_observe_image *all)
{
	int codes[NAMED_CODES + 1];
	int n = sw_observe_top_codes(all, codes, NAMED_CODES + 1);
	const char *joint = " (";
	for (int i = 0; i < n && i < NAMED_CODES; i++) {
		uint64_t times = all->exit_codes[codes[i]];
		if (times > 1)
			sw_headline_say(h, SW_ROLE_BAD, "%sexit %d ×%llu", joint, codes[i], many(times));
		else
			sw_headline_say(h, SW_ROLE_BAD, "%sexit %d", joint, codes[i]);
		joint = ", ";
	}
	if (n > NAMED_CODES)
		sw_headline_say(h, SW_ROLE_BAD, ", …");
	joint = n ? "; " : " (";
	if (all->oom) {
		sw_headline_say(h, SW_ROLE_BAD, "%s%llu out of memory", joint, many(all->oom));
		joint = ", ";
	}
	if (all->killed)
		say_killed(h, all, joint);
	if (n || all->oom || all->killed)
		sw_headline_say(h, SW_ROLE_BAD, ")");
}

static void say_runs(struct sw_headline *h, const struct sw_observe_image *all)
{
	const char *what = all->restarts ? "runs ended ok" : "ended ok";
	if (!all->runs) {
		sw_headline_say(h, SW_ROLE_TEXT,
		                all->unseen ? "none was seen to end" : "none has ended yet");
	} else {
		sw_headline_say(h, all->exit_codes[0] ? SW_ROLE_OK : SW_ROLE_TEXT, "%llu %s",
		                many(all->exit_codes[0]), what);
		sw_headline_say(h, SW_ROLE_TEXT, ", ");
		sw_headline_say(h, all->failures ? SW_ROLE_BAD : SW_ROLE_TEXT, "%llu failed",
		                many(all->failures));
		say_why(h, all);
		if (all->exit_unknown)
			sw_headline_say(h, SW_ROLE_WARNING, ", %llu not known how", many(all->exit_unknown));
	}
	if (all->running)
		sw_headline_say(h, SW_ROLE_TEXT, "; %llu %s running now", many(all->running),
		                all->running == 1 ? "is" : "are");
	sw_headline_say(h, SW_ROLE_TEXT, ". ");
}

/* ---- how long they take ---- */

static int64_t middle(const struct sw_observe_image *image, enum sw_observe_span span)
{
	return image->spans[span] ? sw_histogram_percentile(image->spans[span], 50) : -1;
}

/* "nginx starts in 83 ms and runs 1.20 s" */
static void say_times(struct sw_headline *h, const struct sw_observe *observe,
                      const struct sw_observe_image *image, const char *joint)
{
	char name[SW_OBSERVE_NAME], startup[16], run[16];
	int64_t starts = middle(image, SW_SPAN_STARTUP), runs = middle(image, SW_SPAN_RUN);
	sw_headline_say(h, SW_ROLE_TEXT, "%s", joint);
	sw_headline_say(h, sw_observe_role(observe, image), "%s",
	                sw_observe_name(observe, image, name));
	if (starts >= 0) {
		sw_headline_say(h, SW_ROLE_TEXT, " starts in ");
		sw_headline_say(h, SW_ROLE_STRONG, "%s", sw_text_duration(startup, sizeof startup, starts));
	}
	if (runs >= 0) {
		sw_headline_say(h, SW_ROLE_TEXT, starts >= 0 ? " and runs " : " runs ");
		sw_headline_say(h, SW_ROLE_STRONG, "%s", sw_text_duration(run, sizeof run, runs));
	}
}

static bool is_timed(const struct sw_observe_image *image)
{
	return image->spans[SW_SPAN_STARTUP] || image->spans[SW_SPAN_RUN];
}

/* Those of which most containers were seen; few, so that it stays a sentence. */
static void say_images(struct sw_headline *h, const struct sw_observe *observe)
{
	const struct sw_observe_image *image;
	bool told[SW_OBSERVE_SHOWN_IMAGES] = {false};
	int n = 0;
	for (; n < NAMED_IMAGES; n++) {
		int best = -1;
		uint64_t most = 0;
		for (int i = 0; (image = sw_observe_image(observe, i)); i++) {
			uint64_t containers = image->created + image->found;
			if (told[i] || !is_timed(image) || containers <= most)
				continue;
			best = i;
			most = containers;
		}
		if (best < 0)
			break;
		told[best] = true;
		say_times(h, observe, sw_observe_image(observe, best), n ? ", " : "");
	}
	if (n)
		sw_headline_say(h, SW_ROLE_TEXT, " (p50).");
}

void sw_observe_headline(const struct sw_observe_program *program, struct sw_headline *out_headline)
{
	struct sw_headline *h = out_headline;
	const struct sw_observe *observe = program->source.observe;
	const struct sw_observe_image *all = sw_observe_all(observe);
	uint64_t containers = all->created + all->found;
	int images = sw_observe_images(observe);
	char since[6];
	h->n = 0;
	h->used = 0;
	say_engine(h, program);
	sw_observe_clock(program, since, sizeof since, program->source.began_ns);
	if (!containers && sw_observe_watch(observe)->is_connected)
		sw_headline_say(h, SW_ROLE_TEXT,
		                "No container yet since %s (%.80s): whatever is started shows here.", since,
		                program->source.filter);
	if (containers) {
		sw_headline_say(h, SW_ROLE_STRONG, "%llu container%s", many(containers),
		                containers == 1 ? "" : "s");
		sw_headline_say(h, SW_ROLE_TEXT, " of %d image%s since %s: ", images,
		                images == 1 ? "" : "s", since);
		say_runs(h, all);
	}
	say_gaps(h, program);
	say_images(h, observe);
}
