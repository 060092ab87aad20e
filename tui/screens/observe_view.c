#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/text.h"
#include "tui/screens/observe.h"

#define SECOND INT64_C(1000000000)

/* ---- images ---- */

int sw_observe_images(const struct sw_observe *observe)
{
	int n = 0;
	while (sw_observe_image(observe, n))
		n++;
	return n;
}

int sw_observe_index(const struct sw_observe *observe, const struct sw_observe_image *image)
{
	const struct sw_observe_image *other;
	for (int i = 0; (other = sw_observe_image(observe, i)); i++)
		if (other == image)
			return i;
	return 0;
}

enum sw_role sw_observe_role(const struct sw_observe *observe, const struct sw_observe_image *image)
{
	return sw_view_mode_role(sw_observe_index(observe, image));
}

char *sw_observe_short(const char *name, char *dst)
{
	const char *slash = strrchr(name, '/');
	const char *begin = slash && slash[1] ? slash + 1 : name;
	size_t len = strlen(begin), latest = strlen(":latest");
	if (len > latest && strcmp(begin + len - latest, ":latest") == 0)
		len -= latest;
	const char *digest = strstr(begin, "sha256:");
	if (digest && strlen(digest) > 19)
		len = (size_t)(digest - begin) + 19;
	char whole[sizeof((struct sw_observe_image *)0)->name];
	(void)snprintf(whole, sizeof whole, "%.*s", (int)len, begin);
	if (!sw_text_copy(dst, SW_OBSERVE_NAME, whole)) {
		(void)sw_text_copy(dst, SW_OBSERVE_NAME - 4, whole);
		memcpy(dst + strlen(dst), "…", sizeof "…");
	}
	return dst;
}

char *sw_observe_name(const struct sw_observe *observe, const struct sw_observe_image *image,
                      char *dst)
{
	const struct sw_observe_image *other;
	char theirs[SW_OBSERVE_NAME];
	(void)sw_observe_short(image->name, dst);
	for (int i = 0; (other = sw_observe_image(observe, i)); i++) {
		if (other == image)
			continue;
		if (strcmp(sw_observe_short(other->name, theirs), dst) == 0) {
			(void)sw_text_copy(dst, SW_OBSERVE_NAME, image->name);
			break;
		}
	}
	return dst;
}

enum sw_role sw_observe_span_role(enum sw_observe_span span)
{
	static const enum sw_role roles[SW_SPANS] = {
		[SW_SPAN_STARTUP] = SW_ROLE_STARTUP,
		[SW_SPAN_RUN] = SW_ROLE_EXECUTION,
		[SW_SPAN_CLEANUP] = SW_ROLE_CLEANUP,
		[SW_SPAN_WHOLE] = SW_ROLE_STRONG,
	};
	return roles[span];
}

/* ---- containers ---- */

char *sw_observe_signal(char *dst, size_t size, int signal)
{
	const char *name = sigabbrev_np(signal);
	if (name)
		(void)snprintf(dst, size, "SIG%s", name);
	else
		(void)snprintf(dst, size, "signal %d", signal);
	return dst;
}

const char *sw_observe_state(const struct sw_observed *is)
{
	if (is->end == SW_END_LIVING)
		return sw_container_state_name(is->state);
	return is->end == SW_END_REMOVED ? "removed" : "unseen";
}

enum sw_role sw_observe_state_role(const struct sw_observed *is)
{
	if (is->end == SW_END_UNSEEN)
		return SW_ROLE_WARNING;
	if (is->end == SW_END_REMOVED)
		return SW_ROLE_DIM;
	return is->state == SW_CONTAINER_RUNNING  ? SW_ROLE_OK
	       : is->state == SW_CONTAINER_PAUSED ? SW_ROLE_WARNING
	                                          : SW_ROLE_TEXT;
}

char *sw_observe_ending(char *dst, size_t size, const struct sw_observed *is)
{
	if (!is->died_ns)
		(void)sw_text_copy(dst, size, is->end == SW_END_UNSEEN ? "?" : "");
	else if (is->oom)
		(void)sw_text_copy(dst, size, "out of memory");
	else if (is->signal)
		(void)sw_observe_signal(dst, size, is->signal);
	else if (is->exit_code < 0)
		(void)sw_text_copy(dst, size, "?");
	else
		(void)snprintf(dst, size, "%d", is->exit_code);
	return dst;
}

enum sw_role sw_observe_ending_role(const struct sw_observed *is)
{
	if (!is->died_ns || is->exit_code < 0)
		return SW_ROLE_WARNING;
	return is->exit_code == 0 && !is->oom ? SW_ROLE_OK : SW_ROLE_BAD;
}

static int64_t between(int64_t from_ns, int64_t to_ns)
{
	if (!from_ns || !to_ns)
		return -1;
	return to_ns > from_ns ? to_ns - from_ns : 0;
}

int64_t sw_observe_length(const struct sw_observed *is, enum sw_observe_span span)
{
	switch (span) {
	case SW_SPAN_STARTUP:
		return between(is->created_ns, is->first_started_ns);
	case SW_SPAN_RUN:
		return between(is->started_ns, is->died_ns);
	case SW_SPAN_CLEANUP:
		return between(is->died_ns, is->destroyed_ns);
	case SW_SPAN_WHOLE:
		return between(is->created_ns, is->destroyed_ns);
	case SW_SPANS:
		break;
	}
	return -1;
}

int64_t sw_observe_begin(const struct sw_observed *is)
{
	if (is->created_ns)
		return is->created_ns;
	if (is->listed_created_s > 0 && is->listed_created_s < INT64_MAX / SECOND)
		return is->listed_created_s * SECOND;
	return is->started_ns ? is->started_ns : is->died_ns;
}

/* ---- times of day ---- */

char *sw_observe_clock(const struct sw_observe_program *program, char *dst, size_t size,
                       int64_t time_ns)
{
	char text[40];
	time_t seconds = (time_t)(time_ns / SECOND + program->source.utc_offset_s);
	struct tm tm = {0};
	(void)gmtime_r(&seconds, &tm);
	(void)snprintf(text, sizeof text, "%02d:%02d:%02d.%03d", tm.tm_hour, tm.tm_min, tm.tm_sec,
	               (int)(time_ns / 1000000 % 1000));
	(void)sw_text_copy(dst, size, text);
	return dst;
}

int64_t sw_observe_time(const struct sw_observe_program *program)
{
	int64_t now_ns = program->source.now_ns(program->source.user);
	int64_t engine_ns = sw_observe_engine_now(program->source.observe, now_ns);
	return engine_ns ? engine_ns : program->source.began_ns + now_ns - program->began_at_ns;
}
