#include "core/error.h"
#include "core/text.h"
#include "core/yaml.h"
#include "tui/theme_internal.h"

struct parse {
	const char *file;
	struct sw_theme_draft *out;
	struct sw_error *err;
	int role; /* whose looks are read */
};

#define ROLE_NAME(id, name, about) name,
static const char *const role_names[] = {SW_ROLES(ROLE_NAME) NULL};

#define THEME_NAME(name) #name,
static const char *const theme_names[] = {SW_THEMES(THEME_NAME) NULL};

static const char *const attribute_names[] = {"bold", "underline", "reverse",
                                              "dim",  "italic",    NULL};

static const char *const color_names[] = {"black",
                                          "red",
                                          "green",
                                          "yellow",
                                          "blue",
                                          "magenta",
                                          "cyan",
                                          "white",
                                          "bright-black",
                                          "bright-red",
                                          "bright-green",
                                          "bright-yellow",
                                          "bright-blue",
                                          "bright-magenta",
                                          "bright-cyan",
                                          "bright-white",
                                          NULL};

static int index_of(const char *const *names, const char *word)
{
	for (int i = 0; names[i]; i++)
		if (strcmp(names[i], word) == 0)
			return i;
	return -1;
}

/* ---- errors ---- */

/* OFFSET: bytes into the scalar's text. */
static int fail_at(struct parse *p, const struct sw_node *node, size_t offset)
{
	int column = node->column + (int)offset + (offset && node->quoted ? 1 : 0);
	return sw_error_wrap(p->err, "%s:%d:%d", p->file, node->line, column);
}

static int fail(struct parse *p, const struct sw_node *node, const char *what)
{
	sw_error_set(p->err, SW_ERR_USAGE, 0, "%s", what);
	return fail_at(p, node, 0);
}

/* "'X' is no WHAT", and the nearest of NAMES; without one, HINT. */
static int bad_word(struct parse *p, const char *word, const char *what, const char *const *names,
                    const char *hint)
{
	char shown[65];
	const char *near = sw_text_nearest(word, names);
	sw_text_clean(shown, sizeof shown, word, strlen(word));
	if (near)
		return sw_error_set(p->err, SW_ERR_USAGE, 0, "'%s' is no %s; did you mean '%s'?", shown,
		                    what, near);
	return sw_error_set(p->err, SW_ERR_USAGE, 0, "'%s' is no %s; use %s", shown, what, hint);
}

/* ---- one look ---- */

enum kind { KIND_RGB, KIND_16, KIND_NONE };

#define WORDS_MAX 32

static int unknown_word(struct parse *p, enum kind kind, const char *word)
{
	const char *names[WORDS_MAX];
	int n = 0;
	if (*word == '#')
		return sw_error_set(p->err, SW_ERR_USAGE, 0, "'%.20s' is no colour%s", word,
		                    kind == KIND_RGB  ? "; write \"#rrggbb\""
		                    : kind == KIND_16 ? " here; use one like bright-blue, or default"
		                                      : " here: there are none");
	for (int i = 0; attribute_names[i]; i++)
		names[n++] = attribute_names[i];
	if (kind != KIND_NONE)
		names[n++] = "default";
	for (int i = 0; kind == KIND_16 && color_names[i]; i++)
		names[n++] = color_names[i];
	names[n] = NULL;
	if (kind == KIND_RGB && index_of(color_names, word) >= 0)
		return sw_error_set(p->err, SW_ERR_USAGE, 0,
		                    "'%s' is one of 16 colours, which stand in x16; write \"#rrggbb\"",
		                    word);
	if (kind == KIND_NONE)
		return bad_word(p, word, "attribute", names, "bold, underline, reverse, dim or italic");
	return bad_word(p, word, "colour or attribute", names,
	                kind == KIND_RGB
	                    ? "\"#rrggbb\", default, bold, underline, reverse, dim or italic"
	                    : "one like bright-blue, default, bold, underline or reverse");
}

static bool hex_color(const char *word, int32_t *out)
{
	int32_t value = 0;
	if (strlen(word) != 7 || *word != '#')
		return false;
	for (const char *c = word + 1; *c; c++) {
		const char *digit = strchr("0123456789abcdefABCDEF", *c);
		if (!digit)
			return false;
		int n = (int)(digit - strchr("0123456789abcdefABCDEF", '0'));
		value = value << 4 | (n < 16 ? n : n - 6);
	}
	*out = value;
	return true;
}

static bool color(enum kind kind, const char *word, int32_t *out)
{
	if (kind == KIND_NONE)
		return false;
	if (strcmp(word, "default") == 0) {
		*out = SW_COLOR_DEFAULT;
		return true;
	}
	if (kind == KIND_RGB)
		return hex_color(word, out);
	*out = index_of(color_names, word);
	return *out >= 0;
}

static int take_color(struct parse *p, struct sw_look *look, bool ground, int32_t value)
{
	if (ground ? look->has_bg : look->has_fg)
		return sw_error_set(p->err, SW_ERR_USAGE, 0,
		                    "a second colour%s; keep one, or put 'on' "
		                    "before the ground's",
		                    ground ? " after 'on'" : "");
	*(ground ? &look->style.bg : &look->style.fg) = value;
	*(ground ? &look->has_bg : &look->has_fg) = true;
	return 0;
}

/* *GROUND: the word before was "on". */
static int take_word(struct parse *p, enum kind kind, const char *word, struct sw_look *look,
                     bool *ground)
{
	struct sw_style *style = &look->style;
	bool *const attributes[] = {&style->bold, &style->underline, &style->reverse, &style->dim,
	                            &style->italic};
	int attribute = index_of(attribute_names, word);
	bool was_on = *ground;
	int32_t value;

	*ground = false;
	if (color(kind, word, &value))
		return take_color(p, look, was_on, value);
	if (was_on)
		return sw_error_set(p->err, SW_ERR_USAGE, 0, "'on' wants a colour after it");
	if (kind != KIND_NONE && strcmp(word, "on") == 0) {
		*ground = true;
		return 0;
	}
	if (attribute < 0)
		return unknown_word(p, kind, word);
	*attributes[attribute] = true;
	return 0;
}

static int take_look(struct parse *p, enum kind kind, const struct sw_node *node,
                     struct sw_look *look)
{
	static const char blanks[] = " \t\n";
	char word[48];
	bool ground = false;
	const char *at;

	if (node->kind != SW_NODE_SCALAR || (sw_node_is_null(node) && kind != KIND_NONE)) {
		sw_error_set(p->err, SW_ERR_USAGE, 0,
		             "expected a look like \"#c3cad6 bold\", found %s (a colour wants quotes)",
		             sw_node_kind_name(node));
		return fail_at(p, node, 0);
	}
	*look =
		(struct sw_look){.given = true, .style.fg = SW_COLOR_DEFAULT, .style.bg = SW_COLOR_DEFAULT};
	at = sw_node_is_null(node) ? "" : node->text;
	for (at += strspn(at, blanks); *at; at += strspn(at, blanks)) {
		size_t len = strcspn(at, blanks);
		snprintf(word, sizeof word, "%.*s", (int)(len < sizeof word ? len : sizeof word - 1), at);
		if (take_word(p, kind, word, look, &ground) < 0)
			return fail_at(p, node, (size_t)(at - node->text));
		at += len;
	}
	return ground ? fail(p, node, "'on' wants a colour after it") : 0;
}

/* ---- the file ---- */

/* Which of NAMES each key of MAP is, told to FN once. */
struct walk {
	const char *const *names;
	const char *what; /* "role" */
	int (*fn)(struct parse *p, int name, const struct sw_node *value);
};

static int take_map(struct parse *p, const struct sw_node *map, const struct walk *walk)
{
	char hint[320] = "";
	size_t used = 0;
	uint64_t seen = 0;

	for (int i = 0; walk->names[i] && used < sizeof hint; i++)
		used += (size_t)snprintf(hint + used, sizeof hint - used, "%s%s", i ? ", " : "",
		                         walk->names[i]);
	if (sw_node_is_null(map))
		return 0;
	if (map->kind != SW_NODE_MAP)
		return fail(p, map, "expected keys with values");
	for (const struct sw_node *key = map->first; key; key = key->next->next) {
		int name = key->kind == SW_NODE_SCALAR ? index_of(walk->names, key->text) : -1;
		if (key->kind != SW_NODE_SCALAR)
			return fail(p, key, "a key must be a word");
		if (name < 0) {
			bad_word(p, key->text, walk->what, walk->names, hint);
			return fail_at(p, key, 0);
		}
		if (seen & UINT64_C(1) << name)
			return fail(p, key, "this key is there twice; keep one");
		seen |= UINT64_C(1) << name;
		if (walk->fn(p, name, key->next) < 0)
			return -1;
	}
	return 0;
}

static int take_depth(struct parse *p, int depth, const struct sw_node *value)
{
	struct sw_theme_draft *out = p->out;
	struct sw_look *const looks[] = {&out->rgb[p->role], &out->x16[p->role], &out->none[p->role]};
	return take_look(p, (enum kind)depth, value, looks[depth]);
}

static int take_role(struct parse *p, int role, const struct sw_node *value)
{
	static const char *const names[] = {"rgb", "x16", "none", NULL};
	static const struct walk depths = {names, "kind of terminal", take_depth};
	p->role = role;
	if (value->kind != SW_NODE_MAP)
		return take_look(p, KIND_RGB, value, &p->out->rgb[role]);
	return take_map(p, value, &depths);
}

static int take_text(struct parse *p, const struct sw_node *node, char *dst, size_t size)
{
	char clean[256];
	if (node->kind != SW_NODE_SCALAR || sw_node_is_null(node))
		return fail(p, node, "expected a text");
	sw_text_clean(clean, sizeof clean, node->text, strlen(node->text));
	if (strcmp(clean, node->text) == 0 && sw_text_copy(dst, size, clean))
		return 0;
	sw_error_set(p->err, SW_ERR_USAGE, 0,
	             "longer than %zu bytes, or with characters that cannot be "
	             "shown",
	             size - 1);
	return fail_at(p, node, 0);
}

static int take_base(struct parse *p, const struct sw_node *node)
{
	if (node->kind != SW_NODE_SCALAR)
		return fail(p, node, "expected a theme's name");
	p->out->base = index_of(theme_names, node->text);
	if (p->out->base >= 0)
		return 0;
	bad_word(p, node->text, "theme that comes with sandwatch", theme_names,
	         "dusk, paper, contrast, deuteranopia or mono");
	return fail_at(p, node, 0);
}

static int take_key(struct parse *p, int key, const struct sw_node *value)
{
	static const struct walk roles = {role_names, "role", take_role};
	struct sw_theme_draft *out = p->out;
	if (key == 0)
		return take_text(p, value, out->name, sizeof out->name);
	if (key == 1)
		return take_text(p, value, out->about, sizeof out->about);
	return key == 2 ? take_base(p, value) : take_map(p, value, &roles);
}

int sw_theme_parse(const char *file, const char *text, size_t len, struct sw_theme_draft *out,
                   struct sw_error *err)
{
	static const char *const names[] = {"name", "about", "base", "roles", NULL};
	static const struct walk keys = {names, "key of a theme", take_key};
	struct sw_source source = {.file = file, .text = text, .len = len};
	struct parse p = {.file = file, .out = out, .err = err};
	struct sw_tree tree;

	*out = (struct sw_theme_draft){.base = -1};
	int result = sw_tree_parse(&tree, &source, err);
	if (result == 0 && tree.root)
		result = take_map(&p, tree.root, &keys);
	sw_tree_done(&tree);
	return result;
}
