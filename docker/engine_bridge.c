#include "docker/engine_bridge.h"

#include "core/loop.h"
#include "docker/blocking.h"

static const int64_t make_timeout_ns = INT64_C(30000000000);
static const int64_t remove_timeout_ns = INT64_C(5000000000);

static void report(struct sw_steps steps, int64_t elapsed_ns, const char *detail)
{
	if (steps.fn)
		steps.fn(steps.user, "network", elapsed_ns, detail);
}

static int make(const struct sw_engine *engine, struct sw_steps steps, struct sw_error *err)
{
	struct sw_blocking blocking;
	int status = sw_blocking_init(&blocking, &engine->endpoint, engine->api_version, err);
	if (status == 0)
		status = sw_blocking_heed(&blocking, steps.signals, err);
	if (status == 0) {
		sw_api_network_create(blocking.api, SW_ENGINE_BRIDGE, "org.sandwatch.network",
		                      make_timeout_ns, sw_blocking_finished, &blocking);
		status = sw_blocking_wait(&blocking, err);
	}
	sw_blocking_done(&blocking);
	return status;
}

int sw_engine_bridge_make(const struct sw_engine *engine, struct sw_steps steps,
                          struct sw_error *err)
{
	int64_t start_ns = sw_clock_ns();
	report(steps, -1, "");
	if (make(engine, steps, err) < 0) {
		report(steps, sw_clock_ns() - start_ns, "cannot be made");
		return -1;
	}
	report(steps, sw_clock_ns() - start_ns,
	       SW_ENGINE_BRIDGE " stands for bridge on the private engine");
	return 0;
}

int sw_engine_bridge_remove(const struct sw_endpoint *endpoint, struct sw_error *err)
{
	struct sw_blocking blocking;
	int status = sw_blocking_init(&blocking, endpoint, NULL, err);
	if (status == 0) {
		sw_api_network_remove(blocking.api, SW_ENGINE_BRIDGE, remove_timeout_ns,
		                      sw_blocking_finished, &blocking);
		status = sw_blocking_wait_out(&blocking, remove_timeout_ns, err);
	}
	sw_blocking_done(&blocking);
	return status;
}
