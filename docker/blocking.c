#include "docker/blocking.h"

#include "core/loop.h"

int sw_blocking_init(struct sw_blocking *blocking, const struct sw_endpoint *endpoint,
                     const char *api_version, struct sw_error *err)
{
	*blocking = (struct sw_blocking){0};
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
	*blocking = (struct sw_blocking){0};
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
	while (!blocking->finished)
		if (sw_loop_step(blocking->loop, err) < 0)
			return -1;
	blocking->finished = false;
	if (blocking->failed && err)
		*err = blocking->error;
	return blocking->failed ? -1 : 0;
}
