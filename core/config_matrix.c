#include "core/buf.h"
#include "core/cleanup.h"
#include "core/config_internal.h"
#include "core/error.h"
#include "core/text.h"

/* One entry of modes with a matrix becomes a mode for each combination of its values, the first key
 * varying slowest. */

#define AXES_MAX 24 /* a mode's keys are fewer, and each may be there once */

struct axis {
	struct sw_found_key found;
	const struct sw_node *key;
	const struct sw_node *chosen; /* the value of the mode being made */
	size_t n;
	char text[SW_NAME_MAX]; /* the chosen value, as a part of a name */
};

struct matrix {
	struct sw_load *load;
	const struct sw_place *entry; /* of modes */
	const struct sw_node *name;
	struct axis axes[AXES_MAX];
	size_t n_axes, n_modes;
};

/* ---- the axes ---- */

static int fail(const struct matrix *m, const struct sw_node *at, const char *key, const char *what)
{
	char path[160];

	snprintf(path, sizeof path, "%s.matrix%s%s", m->entry->path, key ? "." : "", key ? key : "");
	sw_error_set(m->load->err, SW_ERR_USAGE, 0, "%s", what);
	return sw_load_fail_at(m->load, at, path);
}

static bool can_vary(const struct sw_key *key)
{
	return key != &sw_config_mode.keys[0] && key != &sw_config_mode.keys[1] &&
	       key->type != SW_KEY_MATRIX;
}

static int unknown_axis(const struct matrix *m, const struct sw_node *key)
{
	const char *names[AXES_MAX + 1] = {NULL};
	char shown[65], where[96];
	size_t n = 0;

	for (const struct sw_section *s = &sw_config_mode; s; s = s->also)
		for (size_t i = 0; i < s->n_keys && n < AXES_MAX; i++)
			if (can_vary(&s->keys[i]))
				names[n++] = s->keys[i].name;

	const char *near = sw_text_nearest(key->text, names);

	sw_text_clean(shown, sizeof shown, key->text, strlen(key->text));
	snprintf(where, sizeof where, "%s.matrix", m->entry->path);
	if (near)
		sw_error_set(m->load->err, SW_ERR_USAGE, 0, "unknown key '%s' in %s; did you mean '%s'?",
		             shown, where, near);
	else
		sw_error_set(m->load->err, SW_ERR_USAGE, 0,
		             "'%s' is no key that %s can vary; use a mode's keys but name and kind", shown,
		             where);
	return sw_load_fail_at(m->load, key, "");
}

static int check_values(const struct matrix *m, struct axis *axis)
{
	const struct sw_node *list = axis->key->next;
	const char *name = axis->key->text;

	if (list->kind != SW_NODE_LIST)
		return fail(m, list, name, "expected a list of values like [none, bridge]");
	if (!list->first)
		return fail(m, list, name, "an empty list; name at least one value");
	for (const struct sw_node *value = list->first; value; value = value->next) {
		axis->n++;
		for (const struct sw_node *other = list->first; other != value; other = other->next)
			if (other->kind == SW_NODE_SCALAR && value->kind == SW_NODE_SCALAR &&
			    strcmp(other->text, value->text) == 0)
				return fail(m, value, name, "this value is there twice; keep one");
	}
	return 0;
}

static int add_axis(struct matrix *m, const struct sw_node *key, const struct sw_mode_plan *first,
                    uint32_t seen)
{
	struct axis *axis = &m->axes[m->n_axes];
	char path[96];

	if (key->kind != SW_NODE_SCALAR)
		return fail(m, key, NULL, "a key must be a word");
	*axis = (struct axis){.key = key};
	if (m->n_axes == AXES_MAX || !sw_find_key(&sw_config_mode, key->text, &axis->found) ||
	    !can_vary(axis->found.key))
		return unknown_axis(m, key);
	for (size_t i = 0; i < m->n_axes; i++)
		if (m->axes[i].found.key == axis->found.key)
			return fail(m, key, key->text, "this key is there twice; keep one");
	if (seen & 1u << axis->found.index)
		return fail(m, key, key->text, "the mode gives this key too; keep one of them");
	snprintf(path, sizeof path, "%s.matrix.%s", m->entry->path, axis->found.key->name);

	struct sw_place at = {.key = axis->found.key, .path = path, .node = key};

	if (sw_load_check_kind(m->load, &at, first->kind) < 0 || check_values(m, axis) < 0)
		return -1;
	m->n_axes++;
	m->n_modes *= axis->n;
	if (m->n_modes <= SW_MODES_MAX)
		return 0;

	char what[96];

	snprintf(what, sizeof what, "these are %zu modes or more; a session has at most %d", m->n_modes,
	         SW_MODES_MAX);
	return fail(m, axis->key->next, key->text, what);
}

static int read_axes(struct matrix *m, const struct sw_mode_plan *first, uint32_t seen)
{
	const struct sw_node *node = m->load->matrix;

	if (node->kind != SW_NODE_MAP || !node->first)
		return fail(m, node, NULL, "expected keys with lists, like {runtime: [runc, crun]}");
	m->n_modes = 1;
	for (const struct sw_node *key = node->first; key; key = key->next->next)
		if (add_axis(m, key, first, seen) < 0)
			return -1;
	return 0;
}

/* ---- names ---- */

/* What of TEXT a name can hold; the rest is dashes, single and inside only. */
static void name_part(char *dst, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text && used + 1 < size; text++) {
		bool plain = (*text >= 'a' && *text <= 'z') || (*text >= 'A' && *text <= 'Z') ||
		             (*text >= '0' && *text <= '9') || *text == '.' || *text == '_';

		if (plain)
			dst[used++] = *text;
		else if (used && dst[used - 1] != '-')
			dst[used++] = '-';
	}
	while (used && dst[used - 1] == '-')
		used--;
	dst[used] = '\0';
	if (!used)
		snprintf(dst, size, "empty");
}

static const struct axis *axis_called(const struct matrix *m, const char *name, size_t len)
{
	for (size_t i = 0; i < m->n_axes; i++)
		if (strlen(m->axes[i].key->text) == len && strncmp(m->axes[i].key->text, name, len) == 0)
			return &m->axes[i];
	return NULL;
}

static int name_fails(const struct matrix *m)
{
	char path[64];

	snprintf(path, sizeof path, "%s.name", m->entry->path);
	return sw_load_fail_at(m->load, m->name, path);
}

/* {KEY} becomes its value; where there is none, all values follow the name. */
static int fill_template(const struct matrix *m, struct sw_buf *out)
{
	const char *text = m->load->template;

	if (!strchr(text, '{')) {
		(void)sw_buf_add_str(out, text);
		for (size_t i = 0; i < m->n_axes; i++)
			(void)sw_buf_addf(out, "-%s", m->axes[i].text);
		return 0;
	}
	while (*text) {
		size_t plain = strcspn(text, "{");

		(void)sw_buf_add(out, text, plain);
		text += plain;
		if (!*text)
			break;

		size_t len = strcspn(text + 1, "}");
		const struct axis *axis = text[1 + len] ? axis_called(m, text + 1, len) : NULL;

		if (!axis) {
			char shown[65];

			sw_text_clean(shown, sizeof shown, text, text[1 + len] ? len + 2 : len + 1);
			sw_error_set(m->load->err, SW_ERR_USAGE, 0,
			             "'%s' is no key of the matrix; use one that is, like {%s}", shown,
			             m->axes[0].key->text);
			return name_fails(m);
		}
		(void)sw_buf_add_str(out, axis->text);
		text += len + 2;
	}
	return 0;
}

static int make_name(const struct matrix *m, struct sw_mode_plan *mode)
{
	const struct sw_key *key = &sw_config_mode.keys[0];
	SW_CLEANUP(buf) struct sw_buf name = {0};

	if (fill_template(m, &name) < 0)
		return -1;

	const char *text = name.data ? name.data : "";

	if (sw_key_check_text(key, text, m->load->err) < 0) {
		if (strlen(text) >= key->size)
			sw_error_wrap(m->load->err, "'%.80s'", text);
		return name_fails(m);
	}
	(void)sw_text_copy(mode->name, sizeof mode->name, text);
	return 0;
}

/* ---- the modes ---- */

static void choose(struct matrix *m, size_t which)
{
	for (size_t i = m->n_axes; i-- > 0;) {
		struct axis *axis = &m->axes[i];

		axis->chosen = axis->key->next->first;
		for (size_t skip = which % axis->n; skip; skip--)
			axis->chosen = axis->chosen->next;
		which /= axis->n;
	}
}

static int make_mode(struct matrix *m, struct sw_mode_plan *mode)
{
	char path[96];

	for (size_t i = 0; i < m->n_axes; i++) {
		struct axis *axis = &m->axes[i];
		struct sw_place place = {.key = axis->found.key,
		                         .base = (char *)mode + axis->found.offset,
		                         .path = path,
		                         .node = axis->chosen};

		snprintf(path, sizeof path, "%s.matrix.%s", m->entry->path, axis->found.key->name);
		if (sw_load_value(m->load, &place) < 0)
			return -1;
		/* The text it was read from, the environment's variables filled in. */
		name_part(axis->text, sizeof axis->text,
		          m->load->value->data && m->load->value->len ? m->load->value->data : "");
		if (axis->found.index >= sw_config_mode.n_keys)
			mode->given |= 1u << (axis->found.index - sw_config_mode.n_keys);
	}
	return make_name(m, mode);
}

int sw_load_matrix(struct sw_load *load, const struct sw_place *place,
                   const struct sw_mode_plan *first, uint32_t seen)
{
	struct matrix m = {.load = load, .entry = place, .name = sw_node_value(place->node, "name")};

	if (read_axes(&m, first, seen) < 0)
		return -1;
	for (size_t i = 0; i < m.n_modes; i++) {
		struct sw_mode_plan mode = *first;

		choose(&m, i);
		if (make_mode(&m, &mode) < 0 || sw_load_add_mode(load, place, &mode, m.name) < 0)
			return -1;
	}
	return 0;
}
