/* An engine's event stream and its list of containers through a connection: however the stream is
 * cut, the same events are told, until it ends and the loss is. Input: lines of events; behind a
 * line "!", the list. */
#include "docker/events.h"
#include "tests/fuzz/engine.h"

#define HEAD \
	"HTTP/1.1 200 OK\r\nApi-Version: 1.41\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"

struct story {
	struct sw_buf events, list, ping;
	uint64_t digest, unreadable;
	size_t told;
	bool is_lost;
};

static const char *answer(void *user, const char *request, size_t *out_len)
{
	struct story *story = user;
	const struct sw_buf *said = strstr(request, "/events?")           ? &story->events
	                            : strstr(request, "/containers/json") ? &story->list
	                                                                  : &story->ping;
	*out_len = said->len;
	return said->data;
}

/* The list comes when it comes: what it tells is not compared. */
static void on_event(void *user, const struct sw_container_event *event)
{
	struct story *story = user;
	story->is_lost |= event->kind == SW_CE_LOST;
	if (event->kind >= SW_CE_CONNECTED || story->is_lost)
		return;
	struct {
		int64_t time_ns;
		int kind, exit_code, signal;
	} said;
	memset(&said, 0, sizeof said);
	said.time_ns = event->time_ns;
	said.kind = (int)event->kind;
	said.exit_code = event->exit_code;
	said.signal = event->signal;
	story->digest = fuzz_hash(&said, sizeof said, story->digest);
	story->digest = fuzz_hash(event->id, strlen(event->id), story->digest);
	story->digest = fuzz_hash(event->name, strlen(event->name), story->digest);
	story->told++;
}

/* A list that makes no sense ends the watch, at whatever event it comes: what is told WITH_LIST cannot
 * be compared. */
static void run(const uint8_t *data, size_t size, enum fuzz_cut cut, bool with_list,
                struct story *story)
{
	static struct fuzz_engine engine;
	static struct sw_filter all;
	struct sw_events *events = NULL;
	const uint8_t *gap = memmem(data, size, "\n!\n", 3);
	size_t stream = gap ? (size_t)(gap - data) + 1 : size;

	memset(story, 0, sizeof *story);
	FUZZ_CHECK(sw_buf_add_str(&story->events, HEAD) == 0 &&
	           sw_buf_add(&story->events, data, stream) == 0);
	FUZZ_CHECK(sw_buf_add_str(&story->list, HEAD) == 0);
	if (gap && with_list)
		FUZZ_CHECK(sw_buf_add(&story->list, data + stream + 2, size - stream - 2) == 0);
	else
		FUZZ_CHECK(sw_buf_add_str(&story->list, "[]") == 0);
	FUZZ_CHECK(sw_buf_add_str(&story->ping, HEAD "OK") == 0);
	memset(&engine, 0, sizeof engine);
	engine.cut = cut;
	engine.answer = answer;
	engine.user = story;
	fuzz_engine_begin(&engine);
	FUZZ_CHECK(sw_events_new(engine.loop, &engine.endpoint, &all, &events, NULL) == 0);
	sw_events_on_event(events, on_event, story);
	while (!story->is_lost)
		FUZZ_CHECK(sw_loop_step(engine.loop, NULL) == 0);
	story->unreadable = sw_events_unreadable(events);
	sw_events_free(events);
	fuzz_engine_end(&engine);
	sw_buf_done(&story->events);
	sw_buf_done(&story->list);
	sw_buf_done(&story->ping);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct story whole, cut_up;
	uint8_t none = 0;
	data = size ? data : &none;
	run(data, size, FUZZ_WHOLE, false, &whole);
	run(data, size, size < 2048 ? FUZZ_SMALL : FUZZ_ANY, false, &cut_up);
	FUZZ_CHECK(cut_up.told == whole.told && cut_up.digest == whole.digest);
	FUZZ_CHECK(cut_up.unreadable == whole.unreadable);
	if (memmem(data, size, "\n!\n", 3))
		run(data, size, FUZZ_WHOLE, true, &whole);
	return 0;
}
