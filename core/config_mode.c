#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

/* The list of modes: each entry is a mode, or with a matrix several (config_matrix.c). */

const struct sw_node *sw_node_key(const struct sw_node *map, const char *name)
{
	if (map->kind != SW_NODE_MAP)
		return NULL;
	for (const struct sw_node *k = map->first; k; k = k->next->next)
		if (k->kind == SW_NODE_SCALAR && strcmp(k->text, name) == 0)
			return k;
	return NULL;
}

const struct sw_node *sw_node_value(const struct sw_node *map, const char *name)
{
	const struct sw_node *key = sw_node_key(map, name);

	return key ? key->next : NULL;
}

static int fail(struct sw_load *load, const struct sw_place *place, const char *what)
{
	sw_error_set(load->err, SW_ERR_USAGE, 0, "%s", what);
	return sw_load_fail_at(load, place->node, place->path);
}

int sw_load_check_kind(struct sw_load *load, const struct sw_place *place, enum sw_kind kind)
{
	unsigned kinds = place->key->kinds;
	char list[96] = "";
	size_t used = 0;

	if (!kinds || kinds & 1u << kind)
		return 0;
	for (int i = 0; i < SW_KIND_COUNT && used < sizeof list; i++)
		if (kinds & 1u << i)
			used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used ? " or " : "",
			                         sw_word(&sw_words_kind, i));
	sw_error_set(load->err, SW_ERR_USAGE, 0,
	             "a mode of kind %s does not take it; leave it out, or use kind %s",
	             sw_word(&sw_words_kind, (int)kind), list);
	return sw_load_fail_at(load, place->node, place->path);
}

/* Keys that the mode's kind has no use for: what they were meant to do would not happen. */
static int check_kinds(struct sw_load *load, const struct sw_place *place, enum sw_kind kind)
{
	char path[64];

	for (size_t i = 0; i < sw_config_mode.n_keys; i++) {
		const struct sw_key *key = &sw_config_mode.keys[i];
		struct sw_place at = {.key = key, .path = path};

		snprintf(path, sizeof path, "%s.%s", place->path, key->name);
		at.node = sw_node_key(place->node, key->name);
		if (at.node && sw_load_check_kind(load, &at, kind) < 0)
			return -1;
	}
	return 0;
}

int sw_load_add_mode(struct sw_load *load, const struct sw_place *place,
                     const struct sw_mode_plan *mode, const struct sw_node *name)
{
	struct sw_plan *plan = load->plan;

	if (sw_plan_mode(plan, mode->name) >= 0) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "the name '%s' is there twice; give another",
		             mode->name);
		return sw_load_fail_at(load, name, place->path);
	}
	if (plan->n_modes == SW_MODES_MAX) {
		sw_error_set(load->err, SW_ERR_USAGE, 0,
		             "'%s' is one mode too many; a session has at most %d", mode->name,
		             SW_MODES_MAX);
		return sw_load_fail_at(load, place->node, place->path);
	}
	plan->modes[plan->n_modes++] = *mode;
	return 0;
}

static int load_mode(struct sw_load *load, const struct sw_place *place)
{
	struct sw_mode_plan mode = sw_plan_new_mode(&load->plan->sandbox);
	struct sw_place keys = {.base = &mode, .path = place->path, .node = place->node};
	uint32_t seen;

	load->matrix = sw_node_value(place->node, "matrix");
	if (sw_load_section(load, &sw_config_mode, &keys, &seen) < 0)
		return -1;
	if (!(seen & 1u))
		return fail(load, place, "a mode needs a name");
	if (!(seen & 2u))
		return fail(load, place, "a mode needs a kind; use host, cold, prepared, exec or warm");
	if (check_kinds(load, place, mode.kind) < 0)
		return -1;
	mode.given = seen >> sw_config_mode.n_keys;
	if (load->matrix)
		return sw_load_matrix(load, place, &mode, seen);
	return sw_load_add_mode(load, place, &mode, sw_node_value(place->node, "name"));
}

int sw_load_modes(struct sw_load *load, const struct sw_place *place)
{
	size_t i = 0;
	char path[32];

	load->plan->n_modes = 0;
	if (!place->node->first)
		return fail(load, place, "an empty list; name at least one mode");
	for (const struct sw_node *child = place->node->first; child; child = child->next) {
		struct sw_place mode = {.path = path, .node = child};

		snprintf(path, sizeof path, "%s[%zu]", place->path, i++);
		if (load_mode(load, &mode) < 0)
			return -1;
	}
	load->matrix = NULL;
	return 0;
}
