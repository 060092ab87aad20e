#include "docker/reaper.h"

#include <errno.h>
#include <string.h>

#include "core/text.h"
#include "docker/blocking.h"
#include "docker/lifecycle.h"

static const int64_t request_ns = 30000000000;

struct reaping {
	struct sw_blocking blocking; /* first: its callbacks get this struct */
	const char **own;            /* labels of this process: what to compare with */
	int64_t due_ns;              /* 0: never */
	struct sw_reaped found;
	char (*ids)[SW_CONTAINER_ID_MAX];
	int n_ids, room;
	bool is_short; /* of memory */
	bool is_over;  /* what this process made is nobody's any more */
	const struct sw_reaper_session *session; /* NULL: not of one alone */
};

/* ---- whose it is ---- */

/* Which of FOUND's counts a container with LABELS goes into; NULL: it is nobody's. */
static int *keeper(struct sw_reaped *found, const char *const *own, const char *const *labels)
{
	switch (sw_labels_owner(own, labels)) {
	case SW_OWNER_FOREIGN:
		return &found->foreign;
	case SW_OWNER_ELSEWHERE:
		return &found->elsewhere;
	case SW_OWNER_LIVES:
		return &found->living;
	case SW_OWNER_DEAD:
		break;
	}
	return NULL;
}

static void stays(const struct reaping *reaping, const char *id)
{
	if (reaping->session && reaping->session->stays)
		reaping->session->stays(reaping->session->user, id);
}

static bool is_mine(const char *const *own, const char *const *labels)
{
	static const char *const keys[] = {"org.sandwatch.host", "org.sandwatch.boot", "org.sandwatch.pid",
	                                   "org.sandwatch.pid_start", "org.sandwatch.pid_ns"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(sw_label(labels, keys[i]), sw_label(own, keys[i])) != 0)
			return false;
	return true;
}

static void look(void *user, const char *id, const char *name, const char *state,
                 const char *const *labels)
{
	struct reaping *reaping = user;
	(void)name;
	(void)state;
	const char *const *own = (const char *const *)reaping->own;
	int *count =
		reaping->is_over && is_mine(own, labels) ? NULL : keeper(&reaping->found, own, labels);
	if (count) {
		(*count)++;
		stays(reaping, id);
		return;
	}
	if (reaping->n_ids == reaping->room) {
		int room = reaping->room ? 2 * reaping->room : 64;
		void *longer = realloc(reaping->ids, (size_t)room * sizeof *reaping->ids);
		if (!longer) {
			reaping->is_short = true;
			return;
		}
		reaping->ids = longer;
		reaping->room = room;
	}
	sw_text_copy(reaping->ids[reaping->n_ids++], SW_CONTAINER_ID_MAX, id);
}

/* ---- asking and removing ---- */

/* What one request may take. */
static int64_t patience(const struct reaping *reaping)
{
	int64_t left_ns = reaping->due_ns ? reaping->due_ns - sw_clock_ns() : request_ns;
	return left_ns < request_ns ? left_ns : request_ns;
}

/* N of them, from the one at AT on. */
static void failed(struct reaping *reaping, int at, int n, const struct sw_error *why)
{
	if (n > 0 && !reaping->found.failed)
		reaping->found.why = *why;
	reaping->found.failed += n;
	for (int i = at; i < at + n; i++)
		stays(reaping, reaping->ids[i]);
}

/* 0 or -1: the end was asked for. */
static int remove_all(struct reaping *reaping, struct sw_error *err)
{
	struct sw_blocking *blocking = &reaping->blocking;
	for (int i = 0; i < reaping->n_ids; i++) {
		int64_t timeout_ns = patience(reaping);
		struct sw_error why;
		if (timeout_ns <= 0) {
			sw_error_set(&why, SW_ERR_TIMEOUT, 0, "the engine takes too long to remove them");
			failed(reaping, i, reaping->n_ids - i, &why);
			return 0;
		}
		sw_api_container_remove(blocking->api, reaping->ids[i], timeout_ns, sw_blocking_finished,
		                        blocking);
		if (sw_blocking_wait(blocking, &why) == 0) {
			reaping->found.removed++;
		} else if (blocking->interrupted) {
			*err = why;
			return -1;
		} else {
			/* Of an engine that is gone nothing more is to be had. */
			int n = why.code == SW_ERR_NO_ENGINE ? reaping->n_ids - i : 1;
			failed(reaping, i, n, &why);
			if (n > 1)
				return 0;
		}
	}
	return 0;
}

static int reap(struct reaping *reaping, const char *which, struct sw_error *err)
{
	struct sw_blocking *blocking = &reaping->blocking;
	sw_api_container_list(blocking->api, which, patience(reaping), look, sw_blocking_finished,
	                      blocking);
	if (sw_blocking_wait(blocking, err) < 0)
		return -1;
	if (reaping->is_short)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot look for left containers");
	return remove_all(reaping, err);
}

static int clean(const struct sw_engine *engine, const char *which, struct reaping *reaping,
                 const struct sw_signals *signals, struct sw_error *err)
{
	struct sw_blocking *blocking = &reaping->blocking;
	int status = -1;
	*blocking = (struct sw_blocking){.end_fd = -1};
	reaping->own = sw_lifecycle_labels("");
	if (!reaping->own)
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot look for left containers");
	else if (sw_blocking_init(blocking, &engine->endpoint, engine->api_version, err) == 0 &&
	         sw_blocking_heed(blocking, signals, err) == 0)
		status = reap(reaping, which, err);
	sw_blocking_done(blocking);
	free(reaping->own);
	free(reaping->ids);
	return status;
}

int sw_reaper_clean(const struct sw_engine *engine, const struct sw_signals *signals,
                    int64_t patience_ns, struct sw_reaped *out_reaped, struct sw_error *err)
{
	struct reaping reaping = {.due_ns = patience_ns ? sw_clock_ns() + patience_ns : 0};
	if (clean(engine, "org.sandwatch.session", &reaping, signals, err) < 0)
		return -1;
	*out_reaped = reaping.found;
	return 0;
}

int sw_reaper_clean_session(const struct sw_engine *engine, const struct sw_reaper_session *session,
                            struct sw_reaped *out_reaped, struct sw_error *err)
{
	struct reaping reaping = {.session = session, .is_over = true};
	char which[96];
	if (session->patience_ns)
		reaping.due_ns = sw_clock_ns() + session->patience_ns;
	(void)snprintf(which, sizeof which, "org.sandwatch.session=%.64s", session->id);
	if (clean(engine, which, &reaping, NULL, err) < 0)
		return -1;
	*out_reaped = reaping.found;
	return 0;
}

int sw_reaper_clean_exports(const struct sw_engine *engine, const struct sw_signals *signals,
                            struct sw_error *err)
{
	struct reaping reaping = {.due_ns = 0};
	return clean(engine, "org.sandwatch.session=export", &reaping, signals, err);
}

/* ---- images ---- */

enum { IMAGES_MAX = 256 };

struct images {
	struct sw_blocking blocking; /* first: its callbacks get this struct */
	char ids[IMAGES_MAX][80];
	int n;
};

static void look_at_image(void *user, const char *id, const char *recipe)
{
	struct images *images = user;
	/* A recipe of ours is a hash; the Dockerfile's says so. */
	bool ours = strlen(recipe) == 64 && strspn(recipe, "0123456789abcdef") == 64;
	if (ours && images->n < IMAGES_MAX)
		sw_text_copy(images->ids[images->n++], sizeof images->ids[0], id);
}

static int remove_images(struct images *images, int *out_removed, struct sw_error *err)
{
	struct sw_blocking *blocking = &images->blocking;
	int removed = 0;
	sw_api_image_list_nameless(blocking->api, "org.sandwatch.recipe", request_ns, look_at_image,
	                           sw_blocking_finished, blocking);
	if (sw_blocking_wait(blocking, err) < 0)
		return -1;
	for (int i = 0; i < images->n; i++) {
		struct sw_error why;
		sw_api_image_remove(blocking->api, images->ids[i], request_ns, sw_blocking_finished,
		                    blocking);
		if (sw_blocking_wait(blocking, &why) == 0)
			removed++;
		else if (why.code != SW_ERR_REFUSED) { /* refused: a container uses it */
			*err = why;
			return -1;
		}
	}
	*out_removed = removed;
	return 0;
}

int sw_reaper_clean_images(const struct sw_engine *engine, int *out_removed, struct sw_error *err)
{
	struct images *images = calloc(1, sizeof *images);
	int status = -1;
	if (!images)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot look for left images");
	if (sw_blocking_init(&images->blocking, &engine->endpoint, engine->api_version, err) == 0)
		status = remove_images(images, out_removed, err);
	sw_blocking_done(&images->blocking);
	free(images);
	return status;
}
