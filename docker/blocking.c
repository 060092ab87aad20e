#include "docker/blocking.h"

#include <errno.h>

#include "core/signals.h"

int sw_blocking_init(struct sw_blocking *blocking, const struct sw_endpoint *endpoint,
                     const char *api_version, struct sw_error *err)
{
	*blocking = (struct sw_blocking){.end_fd = -1};
	if (sw_loop_new(&blocking->loop, err) < 0 ||
	    sw_http_new(blocking->loop, endpoint, &blocking->http, err) < 0 ||
	    sw_api_new(blocking->http, &blocking->api, err) < 0)
		return -1;
	if (api_version)
		sw_api_set_version(blocking->api, api_version);
	return 0;
}

void sw_blocking_done(struct sw_blocking *blocking)
{
	sw_api_free(blocking->api);
	sw_http_free(blocking->http);
	sw_loop_free(blocking->loop);
	*blocking = (struct sw_blocking){.end_fd = -1};
}

/* The signal is not read: whoever looks next has to see it, too. So it is not watched any more. */
static void on_end(void *user, int fd, unsigned events)
{
	struct sw_blocking *blocking = user;
	(void)events;
	sw_loop_unwatch(blocking->loop, fd);
	blocking->interrupted = true;
}

int sw_blocking_heed(struct sw_blocking *blocking, const struct sw_signals *signals,
                     struct sw_error *err)
{
	sw_loop_unwatch(blocking->loop, blocking->end_fd);
	blocking->interrupted = false;
	blocking->end_fd = signals ? signals->end_fd : -1;
	if (!signals)
		return 0;
	/* Asked for before, it ends the first wait, even one for what is answered at once. */
	if (sw_signals_end_asked(signals))
		return sw_signals_error(err);
	return sw_loop_watch(blocking->loop, signals->end_fd, SW_LOOP_READ, on_end, blocking, err);
}

void sw_blocking_finish(struct sw_blocking *blocking, const struct sw_error *error)
{
	blocking->finished = true;
	blocking->failed = error != NULL;
	if (error)
		blocking->error = *error;
}

void sw_blocking_finished(void *user, const struct sw_error *error)
{
	sw_blocking_finish(user, error);
}

int sw_blocking_wait(struct sw_blocking *blocking, struct sw_error *err)
{
	while (!blocking->finished) {
		if (blocking->interrupted)
			return sw_signals_error(err);
		if (blocking->late)
			return sw_error_set(err, SW_ERR_TIMEOUT, 0, "no answer in time");
		if (sw_loop_step(blocking->loop, err) < 0)
			return -1;
	}
	blocking->finished = false;
	if (blocking->failed && err)
		*err = blocking->error;
	return blocking->failed ? -1 : 0;
}

static void on_limit(void *user)
{
	((struct sw_blocking *)user)->late = true;
}

int sw_blocking_wait_out(struct sw_blocking *blocking, int64_t timeout_ns, struct sw_error *err)
{
	(void)sw_blocking_heed(blocking, NULL, NULL);
	if (sw_loop_arm(blocking->loop, &blocking->limit, sw_clock_ns() + timeout_ns, on_limit,
	                blocking) < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot arm a timer");
	int result = sw_blocking_wait(blocking, err);
	sw_loop_disarm(blocking->loop, &blocking->limit);
	blocking->late = false;
	return result;
}
