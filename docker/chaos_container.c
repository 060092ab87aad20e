#include <string.h>

#include "core/loop.h"
#include "core/text.h"
#include "docker/blocking.h"
#include "docker/chaos_internal.h"
#include "docker/container_runner.h"

static const int64_t timeout_ns = 10000000000;
static const int64_t look_again_ns = 20000000;

struct search {
	struct sw_blocking blocking;        /* first: its callbacks get this struct */
	char prefix[SW_CONTAINER_NAME_MAX]; /* of the names of the containers of one slot */
	char id[SW_CONTAINER_ID_MAX];       /* of one that runs; "": none */
};

/* The newest one, which the engine lists first: it is the attempt's. */
static void look(void *user, const char *id, const char *name, const char *state,
                 const char *const *labels)
{
	struct search *search = user;
	(void)labels;
	if (!search->id[0] && strcmp(state, "running") == 0 &&
	    strncmp(name, search->prefix, strlen(search->prefix)) == 0)
		(void)sw_text_copy(search->id, sizeof search->id, id);
}

static int find(struct search *search, const char *session_id, struct sw_error *err)
{
	char label[160];
	search->id[0] = '\0';
	(void)snprintf(label, sizeof label, "org.sandwatch.session=%.100s", session_id);
	sw_api_container_list(search->blocking.api, label, timeout_ns, look, sw_blocking_finished,
	                      &search->blocking);
	return sw_blocking_wait(&search->blocking, err);
}

static int hit(struct search *search, enum sw_fault fault, struct sw_error *err)
{
	if (fault == SW_FAULT_CONTAINER_KILL)
		sw_api_container_kill(search->blocking.api, search->id, "KILL", timeout_ns,
		                      sw_blocking_finished, &search->blocking);
	else
		sw_api_container_remove(search->blocking.api, search->id, timeout_ns, sw_blocking_finished,
		                        &search->blocking);
	return sw_blocking_wait(&search->blocking, err);
}

/* One look, and the deed. 1: done; 0: there is nothing that runs; -1: the engine refused. */
static int try_once(struct sw_chaos *chaos, struct search *search, const struct sw_chaos_job *job,
                    struct sw_error *err)
{
	enum sw_fault fault = sw_chaos_fault(chaos, job)->fault;
	if (find(search, chaos->options.session_id, err) < 0)
		return -1;
	if (!search->id[0])
		return 0;
	if (hit(search, fault, err) == 0) {
		sw_chaos_tell(chaos, job, search->id, "container %.12s %s from outside", search->id,
		              fault == SW_FAULT_CONTAINER_KILL ? "killed (SIGKILL)" : "removed by force");
		return 1;
	}
	/* Its end was faster. */
	return err->code == SW_ERR_NOT_FOUND ||
	               (err->code == SW_ERR_REFUSED && strstr(err->message, "not running"))
	           ? 0
	           : -1;
}

static void act(struct sw_chaos *chaos, struct search *search, const struct sw_chaos_job *job)
{
	struct sw_error err;
	for (;;) {
		/* Asked before the look: what runs as the attempt ends is still found. */
		bool is_over = sw_chaos_is_over(chaos, job);
		int result = try_once(chaos, search, job, &err);
		if (result > 0)
			return;
		if (result < 0 || is_over) {
			sw_chaos_tell_not_done(
				chaos, job, result < 0 ? err.message : "no container of this attempt ran any more");
			return;
		}
		(void)sw_chaos_wait(chaos, sw_clock_ns() + look_again_ns, job);
	}
}

/* On a connection of its own, not through the proxy: that is the attempt's. */
void sw_chaos_container(struct sw_chaos *chaos, const struct sw_chaos_job *job)
{
	const struct sw_engine *engine = chaos->options.engine;
	struct search search = {.id = ""};
	struct sw_error err;
	sw_container_prefix(chaos->options.session_id, job->mode,
	                    chaos->options.plan->modes[job->mode].name, job->slot, search.prefix);
	if (sw_blocking_init(&search.blocking, &engine->endpoint, engine->api_version, &err) == 0)
		act(chaos, &search, job);
	else
		sw_chaos_tell_not_done(chaos, job, err.message);
	sw_blocking_done(&search.blocking);
}
