#include "docker/reaper.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>

#include "core/error.h"
#include "core/process.h"
#include "core/text.h"
#include "docker/blocking.h"
#include "docker/lifecycle.h"

static const int64_t timeout_ns = 30000000000;
enum { REAP_MAX = 1024 };

struct reaping {
	struct sw_blocking blocking; /* first: its callbacks get this struct */
	const char **own;            /* labels of this process: host and boot to compare with */
	struct sw_reaped found;
	char (*ids)[SW_CONTAINER_ID_MAX];
	int n_ids;
};

static const char *label(const char *const *labels, const char *key)
{
	size_t len = strlen(key);
	for (; *labels; labels++)
		if (strncmp(*labels, key, len) == 0 && (*labels)[len] == '=')
			return *labels + len + 1;
	return "";
}

/* Both as sw_lifecycle_labels writes them; spelled otherwise they are nobody's (0 would be us). */
static bool same_process(const char *pid, const char *start)
{
	struct sw_process_stat stat;
	char now[32];
	if (*pid < '1' || strspn(pid, "0123456789") != strlen(pid) || strlen(pid) > 10)
		return false;
	long long number = strtoll(pid, NULL, 10);
	if (number > INT_MAX || sw_process_read_stat((pid_t)number, &stat, NULL) < 0)
		return false;
	(void)snprintf(now, sizeof now, "%" PRIu64, stat.start_ticks);
	return strcmp(now, start) == 0;
}

static void look(void *user, const char *id, const char *name, const char *state,
                 const char *const *labels)
{
	struct reaping *reaping = user;
	const char *const *own = reaping->own;
	(void)name;
	(void)state;
	if (strcmp(label(labels, "org.sandwatch.host"), label(own, "org.sandwatch.host")) != 0) {
		reaping->found.foreign++;
		return;
	}
	bool same_boot =
		strcmp(label(labels, "org.sandwatch.boot"), label(own, "org.sandwatch.boot")) == 0;
	if (same_boot && same_process(label(labels, "org.sandwatch.pid"),
	                              label(labels, "org.sandwatch.pid_start"))) {
		reaping->found.living++;
		return;
	}
	if (reaping->n_ids < REAP_MAX)
		sw_text_copy(reaping->ids[reaping->n_ids++], SW_CONTAINER_ID_MAX, id);
}

static int reap(struct reaping *reaping, const char *which, struct sw_error *err)
{
	struct sw_blocking *blocking = &reaping->blocking;
	sw_api_container_list(blocking->api, which, timeout_ns, look,
	                      sw_blocking_finished, blocking);
	if (sw_blocking_wait(blocking, err) < 0)
		return -1;
	for (int i = 0; i < reaping->n_ids; i++) {
		sw_api_container_remove(blocking->api, reaping->ids[i], timeout_ns, sw_blocking_finished,
		                        blocking);
		if (sw_blocking_wait(blocking, err) < 0)
			return -1;
		reaping->found.removed++;
	}
	return 0;
}

static int clean(const struct sw_engine *engine, const char *which,
                 const struct sw_signals *signals, struct sw_reaped *out_reaped,
                 struct sw_error *err)
{
	struct reaping reaping = {.own = sw_lifecycle_labels("")};
	reaping.ids = calloc(REAP_MAX, sizeof *reaping.ids);
	int status = -1;
	if (!reaping.own || !reaping.ids)
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot look for left containers");
	else if (sw_blocking_init(&reaping.blocking, &engine->endpoint, engine->api_version, err) == 0 &&
	         sw_blocking_heed(&reaping.blocking, signals, err) == 0)
		status = reap(&reaping, which, err);
	sw_blocking_done(&reaping.blocking);
	if (status == 0)
		*out_reaped = reaping.found;
	free(reaping.own);
	free(reaping.ids);
	return status;
}

int sw_reaper_clean(const struct sw_engine *engine, struct sw_reaped *out_reaped,
                    struct sw_error *err)
{
	return clean(engine, "org.sandwatch.session", NULL, out_reaped, err);
}

int sw_reaper_clean_exports(const struct sw_engine *engine, const struct sw_signals *signals,
                            struct sw_error *err)
{
	struct sw_reaped reaped;
	return clean(engine, "org.sandwatch.session=export", signals, &reaped, err);
}
