#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

/* tui.keys: a mapping of free names. Entries change one by one, as a section's keys do. */

static struct sw_binding *binding_of(struct sw_plan *plan, const char *action)
{
	for (int i = 0; i < plan->n_bindings; i++)
		if (strcmp(plan->bindings[i].action, action) == 0)
			return &plan->bindings[i];
	if (plan->n_bindings == SW_BINDINGS_MAX)
		return NULL;

	struct sw_binding *binding = &plan->bindings[plan->n_bindings++];

	*binding = (struct sw_binding){0};
	(void)sw_text_copy(binding->action, sizeof binding->action, action);
	return binding;
}

/* Whether MAP names KEY's text before KEY. */
static bool is_repeated(const struct sw_node *map, const struct sw_node *key)
{
	for (const struct sw_node *k = map->first; k != key; k = k->next->next)
		if (strcmp(k->text, key->text) == 0)
			return true;
	return false;
}

static int check_action(struct sw_load *load, const struct sw_place *place,
                        const struct sw_node *key)
{
	int result = 0;

	if (key->kind != SW_NODE_SCALAR)
		result = sw_error_set(load->err, SW_ERR_USAGE, 0, "a key must be a word");
	else if (sw_key_check_text(&sw_config_action, key->text, load->err) < 0)
		result = sw_error_wrap(load->err, "an action's name");
	else if (is_repeated(place->node, key))
		result =
			sw_error_set(load->err, SW_ERR_USAGE, 0, "'%s' is there twice; keep one", key->text);
	return result < 0 ? sw_load_fail_at(load, key, place->path) : 0;
}

static int load_binding(struct sw_load *load, const struct sw_node *key, const char *path)
{
	const char *text =
		sw_load_scalar(load, key->next, path, "keys like \"p Space\" (\"\" for none)");

	if (!text)
		return -1;
	if (sw_key_check_text(&sw_config_keys, text, load->err) < 0)
		return sw_load_fail_at(load, key->next, path);

	struct sw_binding *binding = binding_of(load->plan, key->text);

	if (!binding) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "too many actions; use at most %d",
		             SW_BINDINGS_MAX);
		return sw_load_fail_at(load, key, path);
	}
	(void)sw_text_copy(binding->keys, sizeof binding->keys, text);

	int n = snprintf(binding->where, sizeof binding->where, "%s:%d:%d", load->file, key->next->line,
	                 key->next->column);

	/* Half a position leads astray. */
	if (n < 0 || (size_t)n >= sizeof binding->where)
		binding->where[0] = '\0';
	return 0;
}

int sw_load_bindings(struct sw_load *load, const struct sw_place *place)
{
	char path[64];

	if (sw_node_is_null(place->node))
		return 0;
	if (place->node->kind != SW_NODE_MAP) {
		sw_error_set(load->err, SW_ERR_USAGE, 0,
		             "expected actions with keys like {pause: \"p\"}, "
		             "found %s",
		             sw_node_kind_name(place->node));
		return sw_load_fail_at(load, place->node, place->path);
	}
	for (const struct sw_node *key = place->node->first; key; key = key->next->next) {
		if (check_action(load, place, key) < 0)
			return -1;
		snprintf(path, sizeof path, "%s.%s", place->path, key->text);
		if (load_binding(load, key, path) < 0)
			return -1;
	}
	return 0;
}
