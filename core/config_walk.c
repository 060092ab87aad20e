#include "core/buf.h"
#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

#define KEYS_MAX 32 /* of one section, also's included: OUT_SEEN has a bit for each */

int sw_load_fail_at(struct sw_load *load, const struct sw_node *node, const char *path)
{
	if (*path)
		sw_error_wrap(load->err, "%s", path);
	return sw_error_wrap(load->err, "%s:%d:%d", load->file, node->line, node->column);
}

const char *sw_load_scalar(struct sw_load *load, const struct sw_node *node, const char *path,
                           const char *expected)
{
	if (node->kind != SW_NODE_SCALAR || sw_node_is_null(node)) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "expected %s, found %s", expected,
		             sw_node_kind_name(node));
		sw_load_fail_at(load, node, path);
		return NULL;
	}
	sw_buf_clear(load->value);
	if (sw_config_expand(node->text, load->env, load->value, load->err) < 0) {
		sw_load_fail_at(load, node, path);
		return NULL;
	}
	return load->value->data && load->value->len ? load->value->data : "";
}

/* ---- one section ---- */

bool sw_find_key(const struct sw_section *section, const char *name, struct sw_found_key *out)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		if (strcmp(section->keys[i].name, name) == 0) {
			*out = (struct sw_found_key){&section->keys[i], i, 0};
			return true;
		}
	}
	if (!section->also || !sw_find_key(section->also, name, out))
		return false;
	out->index += section->n_keys;
	out->offset += section->also_offset;
	return true;
}

/* The path of a section below SECTION that has the key NAME, NULL without one. */
static const char *home_of(const struct sw_section *section, const char *name)
{
	for (size_t i = 0; i < section->n_keys; i++) {
		const struct sw_section *below = section->keys[i].section;
		struct sw_found_key ignored;
		const char *home = NULL;

		if (below)
			home = sw_find_key(below, name, &ignored) ? below->path : home_of(below, name);
		if (home)
			return home;
	}
	return NULL;
}

static int unknown_key(struct sw_load *load, const struct sw_section *section,
                       const struct sw_place *place, const struct sw_node *key)
{
	const char *names[KEYS_MAX + 1] = {NULL};
	char shown[65], where[160], list[256] = "";
	size_t n = 0, used = 0;

	for (const struct sw_section *s = section; s; s = s->also)
		for (size_t i = 0; i < s->n_keys; i++)
			names[n++] = s->keys[i].name;
	sw_text_clean(shown, sizeof shown, key->text, strlen(key->text));
	snprintf(where, sizeof where, *place->path ? "in %s" : "at the top level", place->path);

	const char *home = home_of(&sw_config_root, key->text);
	const char *near = sw_text_nearest(key->text, names);

	if (strcmp(key->text, "<<") == 0)
		sw_error_set(load->err, SW_ERR_USAGE, 0,
		             "merge keys (<<) are not supported; write the keys out");
	else if (home)
		sw_error_set(load->err, SW_ERR_USAGE, 0, "unknown key '%s' %s; it belongs in %s", shown,
		             where, home);
	else if (near)
		sw_error_set(load->err, SW_ERR_USAGE, 0, "unknown key '%s' %s; did you mean '%s'?", shown,
		             where, near);
	else {
		for (size_t i = 0; i < n && used < sizeof list; i++)
			used +=
				(size_t)snprintf(list + used, sizeof list - used, "%s%s", i ? ", " : "", names[i]);
		sw_error_set(load->err, SW_ERR_USAGE, 0, "unknown key '%s' %s; use one of %s", shown, where,
		             list);
	}
	return sw_load_fail_at(load, key, "");
}

static const char *expectation(const struct sw_key *key)
{
	switch (key->type) {
	case SW_KEY_BOOL:
		return "true or false";
	case SW_KEY_WHOLE:
		return "a whole number";
	case SW_KEY_COUNT:
		return "a whole number or auto";
	case SW_KEY_PERCENT:
		return "a percentage";
	case SW_KEY_BYTES:
		return "a size like 512m";
	case SW_KEY_CPUS:
		return "a number of CPUs like 0.5";
	case SW_KEY_SECONDS:
		return "a number of seconds";
	case SW_KEY_DECIMAL:
		return "a number";
	case SW_KEY_WORD:
		return "a word";
	case SW_KEY_TEXT:
	case SW_KEY_NAME:
		return "a text (\"\" for an empty one)";
	case SW_KEY_SECTION:
	case SW_KEY_OUTCOMES:
	case SW_KEY_NUMBERS:
	case SW_KEY_TEXTS:
	case SW_KEY_COMMAND:
	case SW_KEY_MODES:
	case SW_KEY_CHAOS:
	case SW_KEY_ITERATIONS:
	case SW_KEY_MATRIX:
	case SW_KEY_BINDINGS:
		break;
	}
	return "a list";
}

/* A layer says what is run once: a strategy, or a command; the later layer's choice stands. */
static int chose_strategy(struct sw_load *load, const struct sw_place *place)
{
	if (load->command) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "there is a command too; keep one of them");
		return sw_load_fail_at(load, place->node, place->path);
	}
	if (!*load->plan->workload.strategy) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "must not be empty");
		return sw_load_fail_at(load, place->node, place->path);
	}
	load->strategy = true;
	load->plan->workload.command = NULL;
	return 0;
}

int sw_load_value(struct sw_load *load, const struct sw_place *place)
{
	const struct sw_key *key = place->key;
	const char *text = sw_load_scalar(load, place->node, place->path, expectation(key));
	int64_t value;

	if (!text)
		return -1;
	if (load->matrix && key == &sw_config_mode.keys[0]) {
		if (*text && sw_text_copy(load->template, sizeof load->template, text))
			return 0;
		if (*text)
			sw_error_set(load->err, SW_ERR_USAGE, 0, "%zu bytes are too long; use at most %zu",
			             strlen(text), sizeof load->template - 1);
		else
			sw_error_set(load->err, SW_ERR_USAGE, 0, "must not be empty");
		return sw_load_fail_at(load, place->node, place->path);
	}
	if (sw_key_is_text(key)) {
		if (sw_key_check_text(key, text, load->err) < 0)
			return sw_load_fail_at(load, place->node, place->path);
		(void)sw_text_copy((char *)place->base + key->offset, key->size, text);
		return strcmp(place->path, "workload.strategy") ? 0 : chose_strategy(load, place);
	}
	if (sw_key_parse(key, text, &value, load->err) < 0)
		return sw_load_fail_at(load, place->node, place->path);
	sw_key_set(key, place->base, value);
	return 0;
}

static int load_key(struct sw_load *load, const struct sw_place *place)
{
	if (place->key->type == SW_KEY_SECTION) {
		struct sw_place below = *place;
		uint32_t seen;

		below.base = (char *)place->base + place->key->offset;
		return sw_load_section(load, place->key->section, &below, &seen);
	}
	if (place->key->type == SW_KEY_MATRIX)
		return 0; /* sw_load_matrix reads it once the rest of the mode is known */
	if (sw_key_is_number(place->key) || sw_key_is_text(place->key))
		return sw_load_value(load, place);
	if (place->key->type == SW_KEY_ITERATIONS)
		return sw_load_iterations(load, place);
	return place->key->type == SW_KEY_BINDINGS ? sw_load_bindings(load, place)
	                                           : sw_load_list(load, place);
}

static int fail_key(struct sw_load *load, const struct sw_node *key, const char *what,
                    const char *path)
{
	sw_error_set(load->err, SW_ERR_USAGE, 0, "%s", what);
	return sw_load_fail_at(load, key, path);
}

int sw_load_section(struct sw_load *load, const struct sw_section *section,
                    const struct sw_place *place, uint32_t *out_seen)
{
	uint32_t seen = 0;
	char path[160];

	if (sw_node_is_null(place->node)) {
		*out_seen = 0;
		return 0;
	}
	if (place->node->kind != SW_NODE_MAP) {
		sw_error_set(load->err, SW_ERR_USAGE, 0, "expected keys with values, found %s",
		             sw_node_kind_name(place->node));
		return sw_load_fail_at(load, place->node, place->path);
	}
	for (const struct sw_node *key = place->node->first; key; key = key->next->next) {
		struct sw_found_key found;

		if (key->kind != SW_NODE_SCALAR)
			return fail_key(load, key, "a key must be a word", place->path);
		if (!sw_find_key(section, key->text, &found))
			return unknown_key(load, section, place, key);
		snprintf(path, sizeof path, "%s%s%s", place->path, *place->path ? "." : "",
		         found.key->name);
		if (seen & 1u << found.index)
			return fail_key(load, key, "this key is there twice; keep one", path);
		seen |= 1u << found.index;

		struct sw_place value = {.key = found.key,
		                         .base = (char *)place->base + found.offset,
		                         .path = path,
		                         .node = key->next};

		if (load_key(load, &value) < 0)
			return -1;
	}
	*out_seen = seen;
	return 0;
}
