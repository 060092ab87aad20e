/* Whole answers of an engine, head and body, through libcurl: whatever is said to them, each
 * question is answered once, at once, in words when it fails. */
#include "docker/api.h"
#include "docker/http.h"
#include "tests/fuzz/engine.h"

#define PATIENCE_NS \
	INT64_C(3000000000) /* nothing waits that long: the engine hangs up after each answer */

struct bytes {
	const char *text;
	size_t len;
};

static const char *answer(void *user, const char *request, size_t *out_len)
{
	struct bytes *bytes = user;
	(void)request;
	*out_len = bytes->len;
	return bytes->text;
}

static void on_done(void *user, const struct sw_error *error)
{
	++*(int *)user;
	if (!error)
		return;
	fuzz_check_error(error);
	FUZZ_CHECK(error->code != SW_ERR_TIMEOUT);
}

static void on_info(void *user, const struct sw_api_info *info, const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!info == !!error);
	if (!info)
		return;
	fuzz_check_shown(info->name, sizeof info->name);
	fuzz_check_shown(info->version, sizeof info->version);
	fuzz_check_shown(info->cgroup, sizeof info->cgroup);
	fuzz_check_shown(info->os, sizeof info->os);
	fuzz_check_shown(info->id, sizeof info->id);
}

static void on_exec(void *user, const struct sw_api_exec_state *state, const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!state == !!error);
}

static void on_oom(void *user, bool has_oom, const struct sw_error *error)
{
	on_done(user, error);
	FUZZ_CHECK(!error || !has_oom);
}

static void on_container(void *user, const char *id, const char *name, const char *state,
                         const char *const *labels)
{
	(void)user, (void)id, (void)name, (void)state, (void)labels;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum fuzz_cut cuts[] = {FUZZ_WHOLE, FUZZ_ANY, FUZZ_SMALL, FUZZ_ANY};
	static struct fuzz_engine engine;
	static const char id[] = "abcdefabcdef";
	struct bytes bytes = {(const char *)data, size};
	struct sw_http *http = NULL;
	struct sw_api *api = NULL;
	int told = 0;

	memset(&engine, 0, sizeof engine);
	engine.cut = cuts[fuzz_hash(data, size, 3) % (sizeof cuts / sizeof *cuts)];
	engine.answer = answer;
	engine.user = &bytes;
	fuzz_engine_begin(&engine);
	FUZZ_CHECK(sw_http_new(engine.loop, &engine.endpoint, &http, NULL) == 0 &&
	           sw_api_new(http, &api, NULL) == 0);
	sw_api_ping(api, PATIENCE_NS, on_done, &told);
	sw_api_info(api, PATIENCE_NS, on_info, &told);
	(void)sw_api_exec_inspect(api, id, PATIENCE_NS, on_exec, &told);
	(void)sw_api_container_oom(api, id, 1, PATIENCE_NS, on_oom, &told);
	sw_api_container_list(api, "k", PATIENCE_NS, on_container, on_done, &told);
	sw_api_container_remove(api, id, PATIENCE_NS, on_done, &told);
	while (told < 6)
		FUZZ_CHECK(sw_loop_step(engine.loop, NULL) == 0);
	FUZZ_CHECK(told == 6);
	FUZZ_CHECK(strlen(sw_api_version(api)) < 16);
	sw_api_free(api);
	sw_http_free(http);
	fuzz_engine_end(&engine);
	return 0;
}
