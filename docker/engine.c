#include "docker/engine.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/signals.h"
#include "core/text.h"
#include "docker/blocking.h"
#include "docker/engine_daemon.h"

enum { USUAL_MAX = 8, TRIED_MAX = 110 };
static const int64_t probe_timeout_ns = 2000000000;
static const int64_t given_timeout_ns = 5000000000; /* an engine that was named may be far away */

struct probe {
	struct sw_blocking blocking; /* first: callbacks get the one for the other */
	struct sw_engine *engine;
	const struct sw_signals *signals;
};

static void informed(void *user, const struct sw_api_info *info, const struct sw_error *error)
{
	struct probe *probe = user;
	if (!error)
		probe->engine->info = *info;
	sw_blocking_finish(&probe->blocking, error);
}

static int ask(struct probe *probe, int64_t timeout_ns, bool with_info, struct sw_error *err)
{
	struct sw_blocking *blocking = &probe->blocking;
	if (sw_blocking_init(blocking, &probe->engine->endpoint, NULL, err) < 0 ||
	    sw_blocking_heed(blocking, probe->signals, err) < 0)
		return -1;
	sw_api_ping(blocking->api, timeout_ns, sw_blocking_finished, blocking);
	if (sw_blocking_wait(blocking, err) < 0)
		return -1;
	(void)sw_text_copy(probe->engine->api_version, sizeof probe->engine->api_version,
	                   sw_api_version(blocking->api));
	if (!with_info)
		return 0;
	sw_api_info(blocking->api, timeout_ns, informed, probe);
	return sw_blocking_wait(blocking, err);
}

static int probe_heeding(const struct sw_endpoint *endpoint, int64_t timeout_ns, bool with_info,
                         const struct sw_signals *signals, struct sw_engine *out_engine,
                         struct sw_error *err)
{
	struct sw_engine engine = {.endpoint = *endpoint};
	struct probe probe = {.engine = &engine, .signals = signals};
	int result = ask(&probe, timeout_ns, with_info, err);
	sw_blocking_done(&probe.blocking);
	if (result == 0)
		*out_engine = engine;
	return result;
}

int sw_engine_probe(const struct sw_endpoint *endpoint, int64_t timeout_ns, bool with_info,
                    struct sw_engine *out_engine, struct sw_error *err)
{
	return probe_heeding(endpoint, timeout_ns, with_info, NULL, out_engine, err);
}

/* ---- finding one ---- */

struct search {
	const struct sw_engine_options *options;
	struct sw_steps steps;
	int64_t start_ns;
	struct sw_endpoint private_endpoint;
	bool has_private;
	struct sw_buf tried; /* "unix:///run/docker.sock (permission denied), …" */
};

static const char step_find[] = "engine";

static void step(const struct search *search, int64_t elapsed_ns, const char *detail)
{
	if (search->steps.fn)
		search->steps.fn(search->steps.user, step_find, elapsed_ns, detail);
}

static void note_tried(struct search *search, const char *where, const char *why)
{
	(void)sw_buf_addf(&search->tried, "%s%s (%.90s)", search->tried.len ? ", " : "", where, why);
}

static int use(struct search *search, const struct sw_endpoint *endpoint, int64_t timeout_ns,
               struct sw_engine *out_engine, struct sw_error *err)
{
	if (probe_heeding(endpoint, timeout_ns, true, search->steps.signals, out_engine, err) < 0)
		return -1;
	out_engine->is_private = search->has_private && endpoint->is_unix &&
	                         strcmp(endpoint->path, search->private_endpoint.path) == 0;
	char detail[400];
	(void)snprintf(detail, sizeof detail, "%s %s at %s", out_engine->info.name,
	               out_engine->info.version, endpoint->text);
	step(search, sw_clock_ns() - search->start_ns, detail);
	return 0;
}

/* An address that a person gave is used or is an error: another engine would be a surprise. */
static int use_given(struct search *search, const char *origin, const char *text,
                     struct sw_engine *out_engine, struct sw_error *err)
{
	struct sw_endpoint endpoint;
	if (sw_endpoint_parse(text, &endpoint, err) < 0)
		return sw_error_wrap(err, "%s", origin);
	step(search, -1, endpoint.text);
	if (use(search, &endpoint, given_timeout_ns, out_engine, err) == 0)
		return 0;
	if (sw_signals_end_asked(search->steps.signals))
		return sw_signals_error(err);
	if (err)
		err->code = SW_ERR_NO_ENGINE;
	return sw_error_wrap(err, "%s=%s is not an engine that answers (start it, or leave %s away to "
	                     "have one looked for)", origin, endpoint.text, origin);
}

static bool use_usual(struct search *search, struct sw_engine *out_engine)
{
	struct sw_endpoint usual[USUAL_MAX];
	int n = sw_endpoint_usual(search->options->runtime_dir, search->options->home, usual, USUAL_MAX);
	for (int i = 0; i < n; i++) {
		struct sw_error why;
		if (use(search, &usual[i], probe_timeout_ns, out_engine, &why) == 0)
			return true;
		if (why.code == SW_ERR_INTERRUPTED)
			return false;
		note_tried(search, usual[i].text, why.message);
	}
	if (n == 0)
		note_tried(search, "the usual sockets", "there are none");
	return false;
}

static int use_private(struct search *search, struct sw_engine *out_engine, struct sw_error *err)
{
	const char *state_dir = search->options->state_dir;
	const struct sw_endpoint *endpoint = &search->private_endpoint;
	if (!search->has_private)
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "there is no state directory for one");
	if (access(endpoint->path, F_OK) == 0 &&
	    use(search, endpoint, probe_timeout_ns, out_engine, err) == 0)
		return 0;
	if (!search->options->may_start)
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "it may not be started");
	if (sw_engine_start_private(state_dir, search->steps, err) < 0)
		return -1;
	search->start_ns = sw_clock_ns(); /* the start was a step of its own */
	return use(search, endpoint, given_timeout_ns, out_engine, err);
}

static int search_engine(struct search *search, struct sw_engine *out_engine, struct sw_error *err)
{
	const struct sw_engine_options *options = search->options;
	if (options->host)
		return use_given(search, "--host", options->host, out_engine, err);
	if (options->docker_host && options->docker_host[0])
		return use_given(search, "DOCKER_HOST", options->docker_host, out_engine, err);
	step(search, -1, "");
	if (use_usual(search, out_engine))
		return 0;
	if (sw_signals_end_asked(search->steps.signals))
		return sw_signals_error(err);
	struct sw_error why;
	if (use_private(search, out_engine, &why) == 0)
		return 0;
	if (why.code == SW_ERR_INTERRUPTED) {
		if (err)
			*err = why;
		return -1;
	}
	/* Its context would say once more what this message says. */
	const char *cause = why.message;
	if (strncmp(cause, sw_engine_cannot_start, strlen(sw_engine_cannot_start)) == 0)
		cause += strlen(sw_engine_cannot_start) + strlen(": ");
	/* There is one, so how to come by one is no help, and what helps with it takes its room. */
	if (why.code == SW_ERR_TIMEOUT)
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0,
		                    "no container engine answers. Tried %.*s%s; the private one: %s",
		                    TRIED_MAX, search->tried.data ? search->tried.data : "nothing",
		                    search->tried.len > TRIED_MAX ? "…" : "", cause);
	return sw_error_set(err, SW_ERR_NO_ENGINE, 0,
	                    "no container engine answers. Tried %.*s%s; a private one: %.130s. Any of "
	                    "these helps: start Docker or Podman, or name one with --host or DOCKER_HOST; "
	                    "install docker.io and call `sudo sandwatch engine` (root needs no such call), "
	                    "which starts a private one; run the host modes only, with sandbox.enabled: "
	                    "false",
	                    TRIED_MAX, search->tried.data ? search->tried.data : "nothing",
	                    search->tried.len > TRIED_MAX ? "…" : "", cause);
}

int sw_engine_find(const struct sw_engine_options *options, struct sw_steps steps,
                   struct sw_engine *out_engine, struct sw_error *err)
{
	struct search search = {.options = options, .steps = steps, .start_ns = sw_clock_ns()};
	sw_buf_init(&search.tried, 4096);
	search.has_private = options->state_dir &&
	                     sw_engine_private_endpoint(options->state_dir, &search.private_endpoint,
	                                                NULL) == 0;
	int result = search_engine(&search, out_engine, err);
	if (result < 0)
		step(&search, sw_clock_ns() - search.start_ns,
		     sw_signals_end_asked(steps.signals) ? "interrupted" : "none");
	sw_buf_done(&search.tried);
	return result;
}
