/* Lines of an engine's event stream and its lists of containers, with the watch lost and found in
 * between: the accounts add up whatever they tell, and the snapshot of them is JSON. */
#include "core/codec.h"
#include "docker/observe.h"
#include "tests/fuzz/fuzz.h"

#define SNAPSHOT_EVERY 8 /* inputs: writing it costs more than all else */

struct watch {
	struct sw_observe *observe;
	int64_t now_ns;
};

static void check_image(const struct sw_observe_image *image)
{
	uint64_t codes = 0;
	FUZZ_CHECK(image->created + image->found == image->living + image->ended);
	FUZZ_CHECK(image->unseen <= image->ended && image->running <= image->living);
	for (int i = 0; i < SW_OBSERVE_EXIT_CODES; i++)
		codes += image->exit_codes[i];
	FUZZ_CHECK(codes + image->exit_unknown == image->runs && image->failures <= codes);
	for (int span = 0; span < SW_SPANS; span++)
		FUZZ_CHECK(image->sum_ns[span] >= 0);
}

static void check_watch(const struct sw_observe *observe)
{
	const struct sw_observe_image *image;
	uint64_t living = 0, ended = 0;
	for (int i = 0; (image = sw_observe_image(observe, i)); i++) {
		check_image(image);
		living += image->living;
		ended += image->ended;
	}
	check_image(sw_observe_all(observe));
	FUZZ_CHECK(living == sw_observe_all(observe)->living &&
	           ended == sw_observe_all(observe)->ended);
}

static void apply(void *user, const struct sw_container_event *event)
{
	struct watch *watch = user;
	fuzz_check_shown(event->name, sizeof event->name);
	fuzz_check_shown(event->image, sizeof event->image);
	fuzz_check_shown(event->old_name, sizeof event->old_name);
	FUZZ_CHECK(strspn(event->id, "0123456789abcdef") == strlen(event->id));
	FUZZ_CHECK(event->exit_code >= -1 && event->exit_code <= 255 && event->signal >= 0 &&
	           event->signal <= 64);
	FUZZ_CHECK(sw_observe_apply(watch->observe, event, watch->now_ns += 1000000) == 0);
}

static void tell(struct watch *watch, enum sw_ce_kind kind)
{
	apply(watch, &(struct sw_container_event){.kind = kind, .lost_ns = 5});
}

/* A list where the engine is asked for one, an event else. A line that is neither, is: nobody listens. */
static void take_line(struct watch *watch, const char *line, size_t len)
{
	struct sw_container_event event;
	struct sw_error err = {0};
	if (len > 0 && line[0] == '[') {
		tell(watch, SW_CE_LIST_BEGIN);
		if (sw_container_list_read(line, len, apply, watch, &err) == 0)
			tell(watch, SW_CE_LIST_END);
		else
			fuzz_check_error(&err);
	} else if (sw_container_event_read(line, len, &event) > 0) {
		apply(watch, &event);
	} else if (len > 0 && line[0] == '!') {
		tell(watch, SW_CE_LOST);
		tell(watch, SW_CE_BACK);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct sw_observe_about about = {.generated_at = "2026-11-23T16:16:14Z",
	                                              .filter = "all",
	                                              .endpoint = "unix:///run/docker.sock",
	                                              .now_ns = 1};
	struct watch watch = {.now_ns = 1};
	SW_CLEANUP(buf) struct sw_buf out = {0};
	struct sw_value *value = NULL;
	const char *at = (const char *)data, *end = at + size;

	FUZZ_CHECK(sw_observe_new(&watch.observe, NULL) == 0);
	tell(&watch, SW_CE_CONNECTED);
	while (at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		size_t len = feed ? (size_t)(feed - at) : (size_t)(end - at);
		SW_CLEANUP(free) char *line = fuzz_bytes(at, len);
		take_line(&watch, line, len);
		at += len + 1;
	}
	check_watch(watch.observe);
	if (fuzz_hash(data, size, 7) % SNAPSHOT_EVERY == 0) {
		FUZZ_CHECK(sw_observe_write(watch.observe, &about, &out) == 0);
		FUZZ_CHECK(sw_value_parse(out.data, out.len, &value, NULL) == 0);
		sw_value_free(value);
	}
	sw_observe_free(watch.observe);
	return 0;
}
