/* Hides what the tests of warm workers share: runners against the engine of tests/engine/fixture.h, what they
 * told, and what this machine's /proc says of a container's processes. Header only. */
#ifndef SW_WARM_FIXTURE_H
#define SW_WARM_FIXTURE_H

#include <ctype.h>
#include <dirent.h>
#include <string.h>

#include "tests/engine/fixture.h"

#include "core/event.h"
#include "core/plan.h"
#include "docker/container_runner.h"
#include "docker/warm.h"

#define WX_LABEL(session) "org.sandwatch.session=" session

enum { WX_ARGV_MAX = 32, WX_PIDS_MAX = 256, WX_EVENTS_MAX = 48 };

static struct fx fx;

/* What a container of the image runs, as the engine has it. */
static struct {
	char text[WX_ARGV_MAX][256];
	const char *argv[WX_ARGV_MAX + 1];
	int n;
} wx_image;

typedef int (*wx_new_fn)(const struct sw_container_options *options, struct sw_runner **out_runner,
                         struct sw_error *err);

/* One runner and what it told. */
struct wx {
	wx_new_fn create; /* sw_warm_new, unless a test says otherwise */
	struct sw_mode_plan mode;
	struct sw_task task;
	struct sw_container_options options;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready;
	char ready_error[SW_TEXT_MAX];
	int64_t next;
	int64_t unready_ns; /* when start was called, and in all how long jobs waited for a worker */
	int told[SW_EVENT_COUNT];
	struct sw_event events[WX_EVENTS_MAX]; /* the newest: events[n % WX_EVENTS_MAX] */
	int n_events;
	void (*on_done)(struct wx *wx); /* from inside done; NULL: nothing */
	enum sw_phase cancel_in;        /* SW_PHASE_PULL: never */
	bool kill_in_execute;
};

static inline void wx_killed(void *user, const struct sw_error *error)
{
	(void)user;
	assert_null(error);
}

static inline void wx_event(void *user, struct sw_event *event)
{
	struct wx *wx = user;
	wx->told[event->kind]++;
	wx->events[wx->n_events++ % WX_EVENTS_MAX] = *event;
	if (event->kind != SW_EVENT_PHASE_STARTED)
		return;
	if (event->u.it.phase == wx->cancel_in && wx->cancel_in != SW_PHASE_PULL)
		wx->runner->ops->cancel(wx->runner);
	if (event->u.it.phase == SW_PHASE_EXECUTE && wx->kill_in_execute) {
		wx->kill_in_execute = false;
		sw_api_container_kill(fx.api, event->u.it.container, "KILL", 10 * FX_SECOND, wx_killed,
		                      NULL);
	}
}

static inline const struct sw_event *wx_last(const struct wx *wx, enum sw_event_kind kind)
{
	for (int i = wx->n_events - 1; i >= 0 && i >= wx->n_events - WX_EVENTS_MAX; i--)
		if (wx->events[i % WX_EVENTS_MAX].kind == kind)
			return &wx->events[i % WX_EVENTS_MAX];
	return NULL;
}

static inline void wx_inspected(void *user, const struct sw_api_image *image,
                                const struct sw_error *error)
{
	(void)user;
	wx_image.n = 0;
	for (char **list = error ? NULL : image->entrypoint; list && *list; list++)
		(void)snprintf(wx_image.text[wx_image.n++], sizeof wx_image.text[0], "%s", *list);
	for (char **list = error ? NULL : image->command; list && *list; list++)
		(void)snprintf(wx_image.text[wx_image.n++], sizeof wx_image.text[0], "%s", *list);
	for (int i = 0; i < wx_image.n; i++)
		wx_image.argv[i] = wx_image.text[i];
	wx_image.argv[wx_image.n] = NULL;
	fx_done(user, error);
}

/* The group's setup. */
static inline int wx_open(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	fx_open(&fx, fx_host());
	sw_api_image_inspect(fx.api, FX_PYTHON, 10 * FX_SECOND, wx_inspected, &fx);
	fx_wait(&fx, "inspecting the image");
	fx.has_image = fx.ok;
	return 0;
}

static inline int wx_close(void **state)
{
	(void)state;
	fx_close(&fx);
	return 0;
}

static inline void wx_need_python(void)
{
	fx_need_engine();
	fx_need(fx.has_image, FX_PYTHON " is not on the engine (sandwatch image build)");
}

/* A mode with the sandbox's defaults; its fields may be changed before wx_make. */
static inline void wx_init(struct wx *wx, const char *session, int slot)
{
	static struct sw_plan plan;
	sw_plan_defaults(&plan);
	*wx = (struct wx){.create = sw_warm_new};
	wx->mode = (struct sw_mode_plan){
		.name = "warm one", .kind = SW_KIND_WARM, .parallel = 1, .sandbox = plan.sandbox};
	wx->mode.sandbox.timeout_ns = 30 * FX_SECOND;
	wx->mode.sandbox.cpu_milli = 0;
	wx->task =
		(struct sw_task){.backtest = SW_BACKTEST_REAL, .days = 252, .symbols = 10, .seed = 42};
	wx->options =
		(struct sw_container_options){.loop = fx.loop,
	                                  .endpoint = fx.engine.endpoint,
	                                  .api_version = fx.engine.api_version,
	                                  .session_id = session,
	                                  .slot = slot,
	                                  .index = 0,
	                                  .shim = SW_SHIM_BAKED,
	                                  .image_argv = wx_image.argv,
	                                  .is_podman = strcmp(fx.engine.info.name, "podman") == 0};
}

static inline void wx_ready(void *user, const char *error)
{
	struct wx *wx = user;
	wx->ready = true;
	(void)snprintf(wx->ready_error, sizeof wx->ready_error, "%s", error ? error : "");
}

static inline void wx_done(void *user, const struct sw_attempt_result *result)
{
	struct wx *wx = user;
	assert_false(wx->done);
	wx->result = *result;
	wx->done = true;
	if (wx->on_done)
		wx->on_done(wx);
}

static inline void wx_make(struct wx *wx)
{
	struct sw_error err;
	wx->options.mode = &wx->mode;
	wx->options.task = &wx->task;
	wx->options.sink = (struct sw_sink){wx_event, wx};
	if (wx->create(&wx->options, &wx->runner, &err) < 0)
		fail_msg("%s", err.message);
	wx->ready = false;
	wx->runner->ops->prepare(wx->runner, wx_ready, wx);
	assert_false(wx->ready);
	fx_until(&fx, &wx->ready, 90, "prepare");
}

static inline void wx_start(struct wx *wx)
{
	struct sw_attempt attempt = {.iteration = ++wx->next, .number = 1};
	(void)snprintf(attempt.token, sizeof attempt.token, "%016llx%016llx",
	               0xabcdef0123456789ULL + (unsigned)wx->options.slot,
	               (unsigned long long)wx->next);
	wx->done = false;
	wx->runner->ops->start(wx->runner, &attempt, wx_done, wx);
	assert_false(wx->done);
}

static inline const struct sw_attempt_result *wx_run(struct wx *wx)
{
	wx_start(wx);
	fx_until(&fx, &wx->done, 120, "the attempt's end");
	return &wx->result;
}

static inline void wx_settle(struct wx *wx)
{
	wx->ready = false;
	wx->runner->ops->settle(wx->runner, wx_ready, wx);
	assert_false(wx->ready);
	fx_until(&fx, &wx->ready, 90, "settle");
}

static inline void wx_finish(struct wx *wx)
{
	if (!wx->runner)
		return;
	wx->ready = false;
	wx->runner->ops->finish(wx->runner, wx_ready, wx);
	fx_until(&fx, &wx->ready, 60, "finish");
	wx->runner->ops->free(wx->runner);
	wx->runner = NULL;
}

static inline void wx_assert(const struct wx *wx, enum sw_outcome outcome, const char *text)
{
	if (wx->result.outcome != outcome || !strstr(wx->result.error, text))
		fail_msg("%s: \"%s\", expected %s with \"%s\"",
		         sw_word(&sw_words_outcome, (int)wx->result.outcome), wx->result.error,
		         sw_word(&sw_words_outcome, (int)outcome), text);
}

/* ---- the container's processes, as this machine sees them ---- */

static inline bool wx_file_has(const char *path, const char *text)
{
	char line[1024];
	bool found = false;
	FILE *file = fopen(path, "re");
	while (file && !found && fgets(line, sizeof line, file))
		found = strstr(line, text) != NULL;
	if (file)
		fclose(file);
	return found;
}

/* The processes whose cgroup is the container's; returns how many. */
static inline int wx_pids(const char *container, int pids[WX_PIDS_MAX])
{
	int n = 0;
	struct dirent *entry;
	DIR *proc = opendir("/proc");
	assert_non_null(proc);
	while ((entry = readdir(proc))) {
		char path[300];
		(void)snprintf(path, sizeof path, "/proc/%s/cgroup", entry->d_name);
		if (isdigit((unsigned char)entry->d_name[0]) && n < WX_PIDS_MAX &&
		    wx_file_has(path, container))
			pids[n++] = (int)strtol(entry->d_name, NULL, 10);
	}
	closedir(proc);
	return n;
}

/* A number of /proc/PID/status: the last one of the line that begins with KEY; -1 without. */
static inline long wx_status(int pid, const char *key)
{
	char path[64], line[512];
	long value = -1;
	(void)snprintf(path, sizeof path, "/proc/%d/status", pid);
	FILE *file = fopen(path, "re");
	while (file && value < 0 && fgets(line, sizeof line, file)) {
		if (strncmp(line, key, strlen(key)) != 0)
			continue;
		for (char *p = line + strlen(key); *p; p++)
			if (isdigit((unsigned char)*p))
				value = strtol(p, &p, 10);
	}
	if (file)
		fclose(file);
	return value;
}

/* The process that is PID 1 in the container; 0: none. */
static inline int wx_first(const char *container)
{
	int pids[WX_PIDS_MAX], n = wx_pids(container, pids);
	for (int i = 0; i < n; i++)
		if (wx_status(pids[i], "NSpid:") == 1)
			return pids[i];
	return 0;
}

#endif
