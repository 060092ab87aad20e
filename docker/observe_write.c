#include <string.h>

#include "core/buf.h"
#include "core/histogram.h"
#include "core/json.h"
#include "core/snapshot_parts.h"
#include "docker/observe.h"

static void put_count(struct sw_json *json, const char *key, uint64_t count)
{
	sw_json_int(json, key, count > INT64_MAX ? INT64_MAX : (int64_t)count);
}

/* A time or duration that may not be known. */
static void put_ns(struct sw_json *json, const char *key, int64_t ns)
{
	if (ns > 0)
		sw_json_int(json, key, ns);
	else
		sw_json_null(json, key);
}

static void put_text(struct sw_json *json, const char *key, const char *text)
{
	sw_snapshot_text(json, key, text ? text : "");
}

/* Those that occurred, by number. */
static void put_numbers(struct sw_json *json, const char *key, const char *what,
                        const uint64_t *counts, int n)
{
	sw_json_array(json, key);
	for (int i = 0; i < n; i++) {
		if (counts[i] == 0)
			continue;
		sw_json_object(json, NULL);
		sw_json_int(json, what, i);
		put_count(json, "count", counts[i]);
		sw_json_end_object(json);
	}
	sw_json_end_array(json);
}

static void put_histogram(struct sw_json *json, const struct sw_histogram *histogram)
{
	struct sw_histogram_bucket bucket;
	uint32_t cursor = 0;

	sw_json_array(json, "histogram");
	while (sw_histogram_next(histogram, &cursor, &bucket)) {
		sw_json_object(json, NULL);
		sw_json_int(json, "low_ns", bucket.low_ns);
		sw_json_int(json, "high_ns", bucket.high_ns);
		put_count(json, "count", bucket.count);
		sw_json_end_object(json);
	}
	sw_json_end_array(json);
}

static void put_span(struct sw_json *json, const struct sw_observe_image *image, int span)
{
	const struct sw_histogram *histogram = image->spans[span];
	const char *name = sw_observe_span_name((enum sw_observe_span)span);

	if (!histogram || sw_histogram_count(histogram) == 0) {
		sw_json_null(json, name);
		return;
	}
	uint64_t count = sw_histogram_count(histogram);
	sw_json_object(json, name);
	put_count(json, "count", count);
	put_count(json, "over_one_hour", sw_histogram_clamped(histogram));
	sw_json_int(json, "mean_ns", image->sum_ns[span] / (int64_t)count);
	sw_json_int(json, "min_ns", sw_histogram_min(histogram));
	sw_json_int(json, "p50_ns", sw_histogram_percentile(histogram, 50));
	sw_json_int(json, "p90_ns", sw_histogram_percentile(histogram, 90));
	sw_json_int(json, "p95_ns", sw_histogram_percentile(histogram, 95));
	sw_json_int(json, "p99_ns", sw_histogram_percentile(histogram, 99));
	sw_json_int(json, "max_ns", sw_histogram_max(histogram));
	put_histogram(json, histogram);
	sw_json_end_object(json);
}

static void put_accounts(struct sw_json *json, const struct sw_observe_image *image)
{
	put_count(json, "created", image->created);
	put_count(json, "found", image->found);
	put_count(json, "living", image->living);
	put_count(json, "running", image->running);
	put_count(json, "ended", image->ended);
	put_count(json, "ended_unseen", image->unseen);
	put_count(json, "runs", image->runs);
	put_count(json, "restarts", image->restarts);
	put_count(json, "failures", image->failures);
	put_count(json, "exit_unknown", image->exit_unknown);
	put_numbers(json, "exit_codes", "code", image->exit_codes, SW_OBSERVE_EXIT_CODES);
	put_count(json, "oom", image->oom);
	put_count(json, "killed", image->killed);
	put_numbers(json, "signals", "signal", image->signals, SW_OBSERVE_SIGNALS);
	put_count(json, "clamped", image->clamped);
	for (int s = 0; s < SW_SPANS; s++)
		put_span(json, image, s);
}

static const char *state_of(const struct sw_observed *is)
{
	static const char *const ends[] = {NULL, "removed", "ended unseen"};
	return is->end == SW_END_LIVING ? sw_container_state_name(is->state) : ends[is->end];
}

static void put_container(struct sw_json *json, const struct sw_observed *is)
{
	sw_json_object(json, NULL);
	sw_json_str(json, "id", is->id);
	put_text(json, "name", is->name);
	put_text(json, "image", is->image->name);
	sw_json_str(json, "state", state_of(is));
	sw_json_bool(json, "found", is->was_found);
	put_ns(json, "created_ns", is->created_ns);
	put_ns(json, "first_started_ns", is->first_started_ns);
	put_ns(json, "started_ns", is->started_ns);
	put_ns(json, "died_ns", is->died_ns);
	put_ns(json, "destroyed_ns", is->destroyed_ns);
	if (is->exit_code >= 0)
		sw_json_int(json, "exit_code", is->exit_code);
	else
		sw_json_null(json, "exit_code");
	put_ns(json, "signal", is->signal);
	sw_json_bool(json, "oom", is->oom);
	sw_json_int(json, "restarts", is->restarts);
	sw_json_end_object(json);
}

static void put_containers(struct sw_json *json, const char *key, const struct sw_observed *is)
{
	sw_json_array(json, key);
	for (; is; is = is->older)
		put_container(json, is);
	sw_json_end_array(json);
}

static void put_watch(struct sw_json *json, const struct sw_observe *observe,
                      const struct sw_observe_about *about)
{
	const struct sw_observe_watch *watch = sw_observe_watch(observe);
	bool is_lost = watch->was_connected && !watch->is_connected;

	sw_json_object(json, "engine");
	put_text(json, "name", about->engine);
	put_text(json, "version", about->engine_version);
	put_text(json, "endpoint", about->endpoint);
	sw_json_end_object(json);
	put_text(json, "filter", about->filter);
	sw_json_object(json, "connection");
	sw_json_str(json, "state",
	            watch->is_connected ? "connected"
	            : is_lost           ? "lost"
	                                : "never connected");
	put_count(json, "lost", watch->lost);
	sw_json_int(json, "lost_ns", watch->lost_ns + (is_lost ? about->now_ns - watch->since_ns : 0));
	put_text(json, "last_reason", watch->why);
	put_count(json, "events", watch->events);
	put_count(json, "events_ignored", watch->ignored);
	put_ns(json, "last_event_ns", watch->last_event_ns);
	put_count(json, "untracked", watch->untracked);
	sw_json_end_object(json);
}

int sw_observe_write(const struct sw_observe *observe, const struct sw_observe_about *about,
                     struct sw_buf *out)
{
	const struct sw_observe_image *image;
	struct sw_json json;

	sw_json_init(&json, out, 2);
	sw_json_object(&json, NULL);
	sw_json_str(&json, "schema", "sandwatch-watch/1");
	sw_json_str(&json, "generated_at", about->generated_at);
	put_watch(&json, observe, about);
	sw_json_object(&json, "all");
	put_accounts(&json, sw_observe_all(observe));
	sw_json_end_object(&json);
	sw_json_array(&json, "images");
	for (int i = 0; (image = sw_observe_image(observe, i)); i++) {
		sw_json_object(&json, NULL);
		put_text(&json, "name", image->name);
		put_accounts(&json, image);
		sw_json_end_object(&json);
	}
	sw_json_end_array(&json);
	put_containers(&json, "living", sw_observe_living(observe));
	put_containers(&json, "ended", sw_observe_ended(observe));
	sw_json_end_object(&json);
	(void)sw_buf_add_str(out, "\n");
	return out->overflow ? -1 : 0;
}
