#include "core/buf.h"
#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

/* The keys that hold lists. A list replaces an earlier layer's list. */

static size_t count(const struct sw_node *list)
{
	size_t n = 0;

	for (const struct sw_node *child = list->first; child; child = child->next)
		n++;
	return n;
}

static int fail(struct sw_load *load, const struct sw_place *place, const char *what)
{
	sw_error_set(load->err, SW_ERR_USAGE, 0, "%s", what);
	return sw_load_fail_at(load, place->node, place->path);
}

/* ---- sandbox.fallback.on ---- */

static int bad_outcome(const char *text, struct sw_error *err)
{
	static const char *const allowed[] = {"engine", "timeout", "oom", "crashed", NULL};
	int outcome = sw_word_value(&sw_words_outcome, text);

	if (outcome == SW_OUTCOME_REJECTED || outcome == SW_OUTCOME_FAILED)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s' is the code's own doing and must not earn it a run on the host; "
		                    "use engine, timeout, oom or crashed",
		                    text);
	if (outcome >= 0)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"'%s' is no failure of the sandbox; use engine, timeout, oom or crashed", text);
	return sw_key_bad_word("outcome", text, allowed, err);
}

static int load_outcomes(struct sw_load *load, const struct sw_place *place)
{
	unsigned on = 0;

	for (const struct sw_node *child = place->node->first; child; child = child->next) {
		const char *text = sw_load_scalar(load, child, place->path, "an outcome");
		int outcome = text ? sw_word_value(&sw_words_outcome, text) : -1;

		if (!text)
			return -1;
		if (outcome < 0 || !(SW_CONFIG_FALLBACK_MASK & 1u << outcome)) {
			bad_outcome(text, load->err);
			return sw_load_fail_at(load, child, place->path);
		}
		on |= 1u << outcome;
	}
	load->plan->fallback.on = on;
	return 0;
}

/* ---- decision.project_seconds, gates ---- */

static int load_numbers(struct sw_load *load, const struct sw_place *place)
{
	struct sw_decision_rules *rules = &load->plan->decision;

	rules->n_project = 0;
	for (const struct sw_node *child = place->node->first; child; child = child->next) {
		const char *text = sw_load_scalar(load, child, place->path, "a number of seconds");
		int64_t value;

		if (!text)
			return -1;
		if (sw_key_parse(&sw_config_project, text, &value, load->err) < 0)
			return sw_load_fail_at(load, child, place->path);
		sw_key_set(&sw_config_project, &rules->project_seconds[rules->n_project++], value);
	}
	return 0;
}

static int load_gates(struct sw_load *load, const struct sw_place *place)
{
	struct sw_plan *plan = load->plan;

	plan->n_gates = 0;
	for (const struct sw_node *child = place->node->first; child; child = child->next) {
		const char *text = sw_load_scalar(load, child, place->path, "a condition");

		if (!text)
			return -1;
		if (sw_key_check_text(&sw_config_gate, text, load->err) < 0)
			return sw_load_fail_at(load, child, place->path);
		(void)sw_text_copy(plan->gates[plan->n_gates++], sizeof plan->gates[0], text);
	}
	return 0;
}

/* ---- workload.command ---- */

static int load_command(struct sw_load *load, const struct sw_place *place)
{
	size_t n = count(place->node), i = 0;

	if (n == 0)
		return fail(load, place, "an empty list; name at least the program");
	if (load->strategy)
		return fail(load, place, "there is a strategy too; keep one of them");
	load->command = calloc(n + 1, sizeof *load->command);
	if (!load->command)
		return sw_error_set(load->err, SW_ERR_INTERNAL, 0, "out of memory");
	for (const struct sw_node *child = place->node->first; child; child = child->next) {
		const char *text =
			sw_load_scalar(load, child, place->path, "a text (\"\" for an empty one)");

		if (!text)
			return -1;
		if (i == 0 && !*text) {
			sw_error_set(load->err, SW_ERR_USAGE, 0, "the program's name must not be empty");
			return sw_load_fail_at(load, child, place->path);
		}
		load->command[i] = strdup(text);
		if (!load->command[i++])
			return sw_error_set(load->err, SW_ERR_INTERNAL, 0, "out of memory");
	}
	load->plan->workload.command = load->command;
	load->plan->workload.strategy[0] = '\0';
	return 0;
}

int sw_load_list(struct sw_load *load, const struct sw_place *place)
{
	bool command = place->key->type == SW_KEY_COMMAND;

	if (place->node->kind != SW_NODE_LIST) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "expected a list%s, found %s",
		             command ? " like [sh, -c, \"make test\"]" : "",
		             sw_node_kind_name(place->node));
		return sw_load_fail_at(load, place->node, place->path);
	}
	if (count(place->node) > (size_t)place->key->max) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "%zu entries are too many; use at most %d",
		             count(place->node), (int)place->key->max);
		return sw_load_fail_at(load, place->node, place->path);
	}
	if (command)
		return load_command(load, place);
	if (place->key->type == SW_KEY_OUTCOMES)
		return load_outcomes(load, place);
	if (place->key->type == SW_KEY_NUMBERS)
		return load_numbers(load, place);
	if (place->key->type == SW_KEY_CHAOS)
		return sw_load_chaos(load, place);
	return place->key->type == SW_KEY_TEXTS ? load_gates(load, place) : sw_load_modes(load, place);
}
