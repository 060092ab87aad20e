#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

/* chaos: a list of faults, and for each when it is injected. */

static int fail(struct sw_load *load, const struct sw_node *node, const char *path,
                const char *what)
{
	sw_error_set(load->err, SW_ERR_USAGE, 0, "%s", what);
	return sw_load_fail_at(load, node, path);
}

/* ---- iterations ---- */

static int load_iteration(struct sw_load *load, const struct sw_place *place,
                          const struct sw_node *node)
{
	struct sw_chaos_fault *fault = place->base;
	const char *text = sw_load_scalar(load, node, place->path, "an iteration's number");
	int64_t value;

	if (!text || sw_key_parse(&sw_config_iteration, text, &value, load->err) < 0)
		return text ? sw_load_fail_at(load, node, place->path) : -1;
	for (int i = 0; i < fault->n_iterations; i++) {
		if (fault->iterations[i] != value)
			continue;
		sw_error_set(load->err, SW_ERR_USAGE, 0, "%lld is there twice; keep one", (long long)value);
		return sw_load_fail_at(load, node, place->path);
	}
	if (fault->n_iterations == SW_CHAOS_ITERATIONS_MAX) {
		sw_error_set(load->err, SW_ERR_USAGE, 0,
		             "more than %d iterations; write another entry, or a rate",
		             SW_CHAOS_ITERATIONS_MAX);
		return sw_load_fail_at(load, node, place->path);
	}
	fault->iterations[fault->n_iterations++] = value;
	return 0;
}

int sw_load_iterations(struct sw_load *load, const struct sw_place *place)
{
	const struct sw_node *node = place->node;

	if (node->kind == SW_NODE_MAP || sw_node_is_null(node)) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "expected iterations like [3, 7], found %s",
		             sw_node_kind_name(node));
		return sw_load_fail_at(load, node, place->path);
	}
	if (node->kind == SW_NODE_SCALAR)
		return load_iteration(load, place, node);
	if (!node->first)
		return fail(load, node, place->path, "an empty list; name at least one iteration");
	for (const struct sw_node *child = node->first; child; child = child->next)
		if (load_iteration(load, place, child) < 0)
			return -1;
	return 0;
}

/* ---- one entry ---- */

/* Which faults take KEY, as "fault delay, stall or engine-pause". */
static void list_faults(const struct sw_key *key, char *out, size_t size)
{
	size_t used = (size_t)snprintf(out, size, "fault ");
	unsigned left = key->kinds;
	const char *joint = "";

	for (int i = 0; i < SW_FAULT_COUNT && used < size; i++) {
		if (!(left & 1u << i))
			continue;
		left &= ~(1u << i);
		used +=
			(size_t)snprintf(out + used, size - used, "%s%s", joint, sw_word(&sw_words_fault, i));
		joint = left & (left - 1) ? ", " : " or ";
	}
}

/* Keys that the fault has no use for: what they were meant to do would not happen. */
static int check_keys(struct sw_load *load, const struct sw_place *place,
                      const struct sw_chaos_fault *fault)
{
	char path[64], list[96];

	for (size_t i = 0; i < sw_config_fault.n_keys; i++) {
		const struct sw_key *key = &sw_config_fault.keys[i];
		const struct sw_node *node = sw_node_key(place->node, key->name);

		if (!node || !key->kinds || key->kinds & 1u << fault->fault)
			continue;
		snprintf(path, sizeof path, "%s.%s", place->path, key->name);
		list_faults(key, list, sizeof list);
		sw_error_set(load->err, SW_ERR_USAGE, 0,
		             "fault %s does not use it; leave it out, or use %s",
		             sw_word(&sw_words_fault, (int)fault->fault), list);
		return sw_load_fail_at(load, node, path);
	}
	return 0;
}

static int check_when(struct sw_load *load, const struct sw_place *place)
{
	const struct sw_node *iterations = sw_node_key(place->node, "iterations");
	const struct sw_node *rate = sw_node_key(place->node, "rate");
	const struct sw_node *attempts = sw_node_key(place->node, "attempts");
	char path[64];

	if (!iterations && !rate)
		return fail(load, place->node, place->path,
		            "when? give iterations, like [3, 7], or a rate, like 0.1");
	if (iterations && rate) {
		snprintf(path, sizeof path, "%s.rate", place->path);
		return fail(load, rate, path, "there are iterations too; keep one of them");
	}
	if (rate && attempts) {
		snprintf(path, sizeof path, "%s.attempts", place->path);
		return fail(load, attempts, path,
		            "a rate is drawn for each attempt by itself; leave it out, or name iterations");
	}
	return 0;
}

static int check_fault(struct sw_load *load, const struct sw_place *place,
                       const struct sw_chaos_fault *fault)
{
	char path[64];

	if (!sw_node_key(place->node, "fault"))
		return fail(load, place->node, place->path,
		            "an entry needs a fault, like {fault: delay, iterations: [3]}");
	if (check_keys(load, place, fault) < 0 || check_when(load, place) < 0)
		return -1;
	if (fault->fault != SW_FAULT_STATUS || fault->on != SW_TARGET_STREAM)
		return 0;
	snprintf(path, sizeof path, "%s.on", place->path);
	return fail(load, sw_node_value(place->node, "on"), path,
	            "a stream has no status any more; name a request, or use fault reset");
}

static void remember_where(const struct sw_load *load, const struct sw_place *place,
                           struct sw_chaos_fault *fault)
{
	const struct sw_node *mode = sw_node_value(place->node, "mode");
	int n = mode ? snprintf(fault->where, sizeof fault->where, "%s:%d:%d", load->file, mode->line,
	                        mode->column)
	             : 0;

	/* Half a position leads astray. */
	if (n < 0 || (size_t)n >= sizeof fault->where)
		fault->where[0] = '\0';
}

int sw_load_chaos(struct sw_load *load, const struct sw_place *place)
{
	struct sw_plan *plan = load->plan;
	char path[32];

	plan->n_chaos = 0;
	for (const struct sw_node *child = place->node->first; child; child = child->next) {
		struct sw_chaos_fault fault = sw_plan_new_fault();
		struct sw_place entry = {.base = &fault, .path = path, .node = child};
		uint32_t seen;

		snprintf(path, sizeof path, "%s[%d]", place->path, plan->n_chaos);
		if (sw_load_section(load, &sw_config_fault, &entry, &seen) < 0 ||
		    check_fault(load, &entry, &fault) < 0)
			return -1;
		remember_where(load, &entry, &fault);
		plan->chaos[plan->n_chaos++] = fault;
	}
	return 0;
}

/* ---- the whole plan ---- */

/* Modes may come from another layer than the faults, so this is for the end. */
static int check_mode(const struct sw_plan *plan, const struct sw_chaos_fault *fault,
                      struct sw_error *err)
{
	int mode = sw_plan_mode(plan, fault->mode), n = 0;
	const char *names[SW_MODES_MAX + 1] = {NULL};

	if (!*fault->mode || (mode >= 0 && plan->modes[mode].kind != SW_KIND_HOST))
		return 0;
	if (mode >= 0)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s' is of kind host, and faults are injected into containers; name "
		                    "another mode, or leave it out for all",
		                    fault->mode);
	for (int i = 0; i < plan->n_modes; i++)
		if (plan->modes[i].kind != SW_KIND_HOST)
			names[n++] = plan->modes[i].name;
	if (!n)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s' is no mode of this session, and none of its modes has a sandbox",
		                    fault->mode);
	return sw_key_bad_word("mode of this session", fault->mode, names, err);
}

int sw_config_check_chaos(const struct sw_plan *plan, struct sw_error *err)
{
	for (int i = 0; i < plan->n_chaos; i++) {
		const struct sw_chaos_fault *fault = &plan->chaos[i];

		if (check_mode(plan, fault, err) == 0)
			continue;
		sw_error_wrap(err, "chaos[%d].mode", i);
		return *fault->where ? sw_error_wrap(err, "%s", fault->where) : -1;
	}
	return 0;
}
