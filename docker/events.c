#include "docker/events.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/text.h"
#include "docker/http.h"
#include "docker/reader.h"

enum {
	LINE_MAX_BYTES = 64 << 10,
	LIST_MAX_BYTES = 16 << 20,
	SEEN = 1024, /* Docker replays 256 at most */
};

#define SECOND INT64_C(1000000000)
#define ANSWER_NS (10 * SECOND)
#define FIRST_WAIT_NS (SECOND / 10)
#define LONGEST_WAIT_NS (2 * SECOND)
/* Podman delivers events up to 0.3 s late, so that one may come after a younger one. */
#define OVERLAP_NS SECOND

struct sw_events {
	struct sw_loop *loop;
	struct sw_reader *reader;
	struct sw_filter filter;
	sw_container_event_fn event;
	void *user;
	struct sw_timer again;
	struct sw_reader_call *stream, *list;
	struct sw_buf line;
	bool is_skipping; /* the rest of a line that was too long */
	bool is_connected, was_connected, is_lost;
	int64_t wait_ns;    /* before the next try */
	int64_t lost_at_ns; /* monotonic */
	char why[256];
	int64_t last_ns; /* the youngest event's time; before any, the engine's when it connected */
	uint64_t seen[SEEN];
	unsigned n_seen;
	uint64_t unreadable;
	bool is_telling, is_over; /* freed from inside EVENT: then the memory goes when that returns */
};

static void connect_now(void *user);

/* False when EVENT freed us: then EVENTS is gone. */
static bool tell(struct sw_events *events, const struct sw_container_event *event)
{
	if (!events->event)
		return true;
	events->is_telling = true;
	events->event(events->user, event);
	events->is_telling = false;
	if (!events->is_over)
		return true;
	free(events);
	return false;
}

static bool tell_kind(struct sw_events *events, enum sw_ce_kind kind)
{
	struct sw_container_event event = {.kind = kind, .exit_code = -1};
	return tell(events, &event);
}

/* ---- lost and found ---- */

/* False when EVENT freed us, as in all that follows. */
static bool lost(struct sw_events *events, const char *why)
{
	struct sw_container_event event = {.kind = SW_CE_LOST, .exit_code = -1};
	bool is_news = !events->is_lost || strcmp(events->why, why) != 0;

	sw_reader_cancel(SW_TAKE(events->stream));
	sw_reader_cancel(SW_TAKE(events->list));
	sw_reader_forget_version(events->reader);
	sw_buf_clear(&events->line);
	events->is_skipping = events->is_connected = false;
	if (!events->is_lost)
		events->lost_at_ns = sw_clock_ns();
	events->is_lost = true;
	(void)sw_text_copy(events->why, sizeof events->why, why);
	(void)sw_loop_arm(events->loop, &events->again, sw_clock_ns() + events->wait_ns, connect_now,
	                  events);
	events->wait_ns *= 2;
	if (events->wait_ns > LONGEST_WAIT_NS)
		events->wait_ns = LONGEST_WAIT_NS;
	(void)sw_text_copy(event.text, sizeof event.text, why);
	return !is_news || tell(events, &event);
}

static bool found(struct sw_events *events)
{
	struct sw_container_event event = {.kind = SW_CE_CONNECTED, .exit_code = -1};
	if (events->was_connected) {
		event.kind = SW_CE_BACK;
		event.lost_ns = sw_clock_ns() - events->lost_at_ns;
	}
	events->is_connected = events->was_connected = true;
	events->is_lost = false;
	return tell(events, &event);
}

/* ---- the list ---- */

struct listing {
	struct sw_events *events;
	bool is_alive;
};

static void on_each(void *user, const struct sw_container_event *event)
{
	struct listing *listing = user;
	if (listing->is_alive && sw_filter_fits(&listing->events->filter, event->name, event->image))
		listing->is_alive = tell(listing->events, event);
}

static void on_list(void *user, const char *body, size_t len, const struct sw_error *error)
{
	struct sw_events *events = user;
	struct listing listing = {events, true};
	struct sw_error own;

	events->list = NULL;
	if (!error && sw_container_list_read(body, len, on_each, &listing, &own) < 0)
		error = &own;
	if (!listing.is_alive)
		return;
	if (error) {
		(void)lost(events, error->message);
		return;
	}
	events->wait_ns = FIRST_WAIT_NS;
	(void)tell_kind(events, SW_CE_LIST_END);
}

static bool ask_list(struct sw_events *events)
{
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_error err = {.message = "out of memory"};

	sw_buf_add_str(&path, "/containers/json?all=1&filters=");
	sw_filter_query(&events->filter, false, &path);
	const struct sw_reader_ask ask = {.path = path.data,
	                                  .what = "listing containers",
	                                  .timeout_ns = ANSWER_NS,
	                                  .body_max = LIST_MAX_BYTES};
	if (!tell_kind(events, SW_CE_LIST_BEGIN))
		return false;
	if (!path.overflow)
		events->list = sw_reader_get(events->reader, &ask, on_list, events, &err);
	return events->list || lost(events, err.message);
}

/* ---- the stream ---- */

static uint64_t fingerprint(const struct sw_container_event *event)
{
	uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
	for (const char *p = event->id; *p; p++)
		hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
	hash = (hash ^ (uint64_t)event->kind) * UINT64_C(1099511628211);
	return (hash ^ (uint64_t)event->time_ns) * UINT64_C(1099511628211);
}

/* What came before, as events do again after a reconnection. */
static bool is_repeated(struct sw_events *events, const struct sw_container_event *event)
{
	uint64_t hash = fingerprint(event);
	unsigned n = events->n_seen < SEEN ? events->n_seen : SEEN;
	for (unsigned i = 0; i < n; i++)
		if (events->seen[i] == hash)
			return true;
	events->seen[events->n_seen++ % SEEN] = hash;
	if (events->n_seen >= 2 * SEEN)
		events->n_seen -= SEEN;
	return false;
}

static bool fits(const struct sw_events *events, struct sw_container_event *event)
{
	if (sw_filter_fits(&events->filter, event->name, event->image))
		return true;
	if (event->kind != SW_CE_RENAME ||
	    !sw_filter_fits(&events->filter, event->old_name, event->image))
		return false;
	event->kind = SW_CE_LEFT;
	return true;
}

static bool read_line(struct sw_events *events, const char *line, size_t len)
{
	struct sw_container_event event;
	while (len > 0 && (line[len - 1] == '\r' || line[len - 1] == ' '))
		len--;
	if (len == 0)
		return true;
	int found_one = sw_container_event_read(line, len, &event);
	events->unreadable += found_one < 0;
	if (found_one <= 0 || is_repeated(events, &event))
		return true;
	if (event.time_ns > events->last_ns)
		events->last_ns = event.time_ns;
	return !fits(events, &event) || tell(events, &event);
}

/* Cuts lines; false when EVENT freed us. */
static bool read_bytes(struct sw_events *events, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *newline = memchr(bytes, '\n', len);
		size_t piece = newline ? (size_t)(newline - bytes) : len;
		bool fine = true;
		if (!events->is_skipping && sw_buf_add(&events->line, bytes, piece) < 0) {
			events->is_skipping = true;
			events->unreadable++;
		}
		if (newline && !events->is_skipping && events->line.data)
			fine = read_line(events, events->line.data, events->line.len);
		if (!fine)
			return false;
		if (newline) {
			events->is_skipping = false;
			sw_buf_clear(&events->line);
		}
		bytes += piece + (newline != NULL);
		len -= piece + (newline != NULL);
	}
	return true;
}

static bool on_chunk(void *user, const struct sw_http_chunk *chunk)
{
	struct sw_events *events = user;
	if (!events->is_connected) {
		if (events->last_ns == 0 && chunk->date_s < INT64_MAX / SECOND)
			events->last_ns = chunk->date_s * SECOND;
		if (!found(events) || !ask_list(events) || events->is_lost)
			return false;
	}
	return read_bytes(events, chunk->bytes, chunk->len);
}

static void on_end(void *user, const char *body, size_t len, const struct sw_error *error)
{
	struct sw_events *events = user;
	(void)body, (void)len;
	events->stream = NULL;
	(void)lost(events, error ? error->message : "the engine ended its event stream");
}

static void connect_now(void *user)
{
	struct sw_events *events = user;
	SW_CLEANUP(buf) struct sw_buf path = {0};
	struct sw_error err = {.message = "out of memory"};

	sw_buf_add_str(&path, "/events?filters=");
	sw_filter_query(&events->filter, true, &path);
	if (events->last_ns > OVERLAP_NS && events->was_connected) {
		int64_t since_ns = events->last_ns - OVERLAP_NS;
		sw_buf_addf(&path, "&since=%" PRId64 ".%09" PRId64, since_ns / SECOND, since_ns % SECOND);
	}
	const struct sw_reader_ask ask = {.path = path.data,
	                                  .what = "watching the engine's events",
	                                  .timeout_ns = ANSWER_NS,
	                                  .chunk = on_chunk};
	if (!path.overflow)
		events->stream = sw_reader_get(events->reader, &ask, on_end, events, &err);
	if (!events->stream)
		(void)lost(events, err.message);
}

/* ---- from outside ---- */

int sw_events_new(struct sw_loop *loop, const struct sw_endpoint *endpoint,
                  const struct sw_filter *filter, struct sw_events **out_events,
                  struct sw_error *err)
{
	struct sw_events *events = calloc(1, sizeof *events);
	if (!events)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "watching the engine's events");
	events->loop = loop;
	events->filter = *filter;
	events->wait_ns = FIRST_WAIT_NS;
	sw_buf_init(&events->line, LINE_MAX_BYTES);
	if (sw_reader_new(loop, endpoint, &events->reader, err) < 0) {
		free(events);
		return -1;
	}
	if (sw_loop_arm(loop, &events->again, sw_clock_ns(), connect_now, events) < 0) {
		sw_events_free(events);
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "watching the engine's events");
	}
	*out_events = events;
	return 0;
}

void sw_events_on_event(struct sw_events *events, sw_container_event_fn event, void *user)
{
	events->event = event;
	events->user = user;
}

void sw_events_free(struct sw_events *events)
{
	if (!events)
		return;
	sw_loop_disarm(events->loop, &events->again);
	sw_reader_free(events->reader);
	sw_buf_done(&events->line);
	events->is_over = true;
	if (!events->is_telling)
		free(events);
}

uint64_t sw_events_unreadable(const struct sw_events *events)
{
	return events->unreadable;
}
