/* The bodies of an engine's answers, Docker's and Podman's, each given to every reader: one of
 * them may be asked for whatever another engine, or something that is none, answers. */
#include "docker/api_internal.h"
#include "docker/container_event.h"
#include "docker/monitor.h"
#include "tests/fuzz/fuzz.h"

/* How often the one who asked was told. */
static void on_done(void *user, const struct sw_error *error)
{
	++*(int *)user;
	if (error)
		fuzz_check_error(error);
}

static void on_image(void *user, const struct sw_api_image *image, const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!image == !!error);
	if (!image)
		return;
	fuzz_check_shown(image->id, sizeof image->id);
	fuzz_check_shown(image->layout, sizeof image->layout);
	fuzz_check_shown(image->recipe, sizeof image->recipe);
	for (char **word = image->entrypoint; word && *word; word++)
		(void)fuzz_hash(*word, strlen(*word), 0);
	for (char **word = image->command; word && *word; word++)
		(void)fuzz_hash(*word, strlen(*word), 0);
}

static void on_created(void *user, const char *id, const char *warning,
                       const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!id == !!error);
	if (id)
		FUZZ_CHECK(strlen(id) < SW_CONTAINER_ID_MAX &&
		           strspn(id, "0123456789abcdef") == strlen(id));
	fuzz_check_shown(warning, 512);
}

static void on_waited(void *user, int exit_code, const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!error || exit_code == -1);
}

static void on_state(void *user, const struct sw_api_state *state, const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!state == !!error);
	if (!state)
		return;
	fuzz_check_shown(state->status, sizeof state->status);
	fuzz_check_shown(state->error, sizeof state->error);
}

static void on_container(void *user, const char *id, const char *name, const char *state,
                         const char *const *labels)
{
	(void)user;
	FUZZ_CHECK(strspn(id, "0123456789abcdef") == strlen(id));
	fuzz_check_shown(name, 256);
	fuzz_check_shown(state, 16);
	for (; *labels; labels++)
		fuzz_check_shown(*labels, SIZE_MAX);
}

static void on_listed(void *user, const struct sw_container_event *event)
{
	(void)user;
	fuzz_check_shown(event->name, sizeof event->name);
	FUZZ_CHECK((unsigned)event->state < SW_CONTAINER_STATES && event->created_s >= 0);
}

static void check_call(const struct sw_http_reply *reply, struct sw_api_call call,
                       sw_api_answered_fn *answered)
{
	int told = 0;
	call.user = &told;
	(void)snprintf(call.what, sizeof call.what, "asking");
	answered(&call, reply, NULL);
	FUZZ_CHECK(told == 1);
}

static void check_calls(const struct sw_http_reply *reply)
{
	check_call(reply, (struct sw_api_call){.done = on_done}, sw_api_read_imported);
	check_call(reply, (struct sw_api_call){.image = on_image}, sw_api_read_image);
	check_call(reply, (struct sw_api_call){.created = on_created}, sw_api_read_created);
	check_call(reply, (struct sw_api_call){.waited = on_waited}, sw_api_read_waited);
	check_call(reply, (struct sw_api_call){.state = on_state}, sw_api_read_state);
	check_call(reply, (struct sw_api_call){.done = on_done, .each = on_container},
	           sw_api_read_list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A reply's body ends with a NUL; lines of a stream and statistics do not. */
	SW_CLEANUP(free) char *body = fuzz_text(data, size);
	SW_CLEANUP(free) char *bytes = fuzz_bytes(data, size);
	struct sw_http_reply reply = {.status = 200, .body = body, .body_len = size};
	struct sw_sample sample = {.id = "abcdefabcdef", .state = SW_SAMPLE_RUNNING, .cpu_ns = 5};
	struct sw_container_event event;
	struct sw_error err = {0};
	char reason[256];
	int64_t read_ns = -1;

	check_calls(&reply);
	fuzz_check_shown(sw_api_reason(reason, sizeof reason, bytes, size), sizeof reason);
	if (sw_container_event_read(bytes, size, &event) > 0)
		FUZZ_CHECK(event.time_ns > 0 && event.id[0]);
	if (sw_container_list_read(bytes, size, on_listed, NULL, &err) < 0)
		fuzz_check_error(&err);
	if (sw_sample_read(bytes, size, 1, &sample, &read_ns) == 0)
		FUZZ_CHECK(sample.cpu_ns >= -1 && sample.memory_bytes >= -1 && sample.pids >= -1 &&
		           read_ns >= 0);
	return 0;
}
