#include <stdarg.h>

#include <yaml.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "core/text.h"
#include "core/yaml.h"

struct anchor {
	char name[64];
	const struct sw_node *node;
};

struct builder {
	yaml_parser_t parser;
	const struct sw_source *source;
	struct sw_tree *tree;
	struct sw_node *open[SW_YAML_MAX_DEPTH];
	int depth;
	struct anchor anchors[SW_YAML_MAX_ANCHORS];
	size_t n_anchors;
	int n_documents;
	struct sw_error *err;
};

static void sw_cleanup_event(yaml_event_t *event)
{
	yaml_event_delete(event);
}

static void __attribute__((format(printf, 3, 4)))
fail(struct builder *b, yaml_mark_t mark, const char *format, ...)
{
	char what[320];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof what, format, args);
	va_end(args);
	sw_error_set(b->err, SW_ERR_USAGE, 0, "%s:%zu:%zu: %s", b->source->file, mark.line + 1,
	             mark.column + 1, what);
}

static yaml_mark_t mark_of_byte(const struct sw_source *source, size_t offset)
{
	yaml_mark_t mark = {0, 0, 0};

	for (size_t i = 0; i < offset && i < source->len; i++) {
		if (source->text[i] == '\n') {
			mark.line++;
			mark.column = 0;
		} else if (((unsigned char)source->text[i] & 0xC0) != 0x80) {
			mark.column++;
		}
	}
	return mark;
}

static void parser_failed(struct builder *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *problem = p->problem ? p->problem : "broken YAML";

	if (p->error == YAML_MEMORY_ERROR)
		sw_error_set(b->err, SW_ERR_INTERNAL, 0, "%s: out of memory", b->source->file);
	else if (p->error == YAML_READER_ERROR)
		fail(b, mark_of_byte(b->source, p->problem_offset), "%s", problem);
	else if (p->context)
		fail(b, p->problem_mark, "%s, %s that starts at %zu:%zu", problem, p->context,
		     p->context_mark.line + 1, p->context_mark.column + 1);
	else
		fail(b, p->problem_mark, "%s", problem);
}

/* ---- nodes ---- */

static struct sw_node *new_node(struct builder *b, yaml_mark_t mark, size_t text_len)
{
	if (b->tree->n_nodes >= SW_YAML_MAX_NODES) {
		fail(b, mark, "more than %d values once every alias is written out; write fewer",
		     SW_YAML_MAX_NODES);
		return NULL;
	}

	struct sw_node *node = calloc(1, sizeof *node + text_len + 1);

	if (!node) {
		sw_error_set(b->err, SW_ERR_INTERNAL, 0, "%s: out of memory", b->source->file);
		return NULL;
	}
	node->line = (int)mark.line + 1;
	node->column = (int)mark.column + 1;
	node->made_before = b->tree->newest;
	b->tree->newest = node;
	b->tree->n_nodes++;
	return node;
}

static void add_child(struct sw_node *parent, struct sw_node *node)
{
	if (parent->last)
		parent->last->next = node;
	else
		parent->first = node;
	parent->last = node;
}

static void attach(struct builder *b, struct sw_node *node)
{
	if (b->depth > 0)
		add_child(b->open[b->depth - 1], node);
	else
		b->tree->root = node;
}

static struct anchor *find_anchor(struct builder *b, const char *name)
{
	for (size_t i = 0; i < b->n_anchors; i++)
		if (strcmp(b->anchors[i].name, name) == 0)
			return &b->anchors[i];
	return NULL;
}

static int keep_anchor(struct builder *b, const yaml_char_t *anchor, const struct sw_node *node,
                       yaml_mark_t mark)
{
	const char *name = (const char *)anchor;

	if (!name)
		return 0;

	struct anchor *a = find_anchor(b, name);

	if (!a) {
		if (b->n_anchors == SW_YAML_MAX_ANCHORS) {
			fail(b, mark, "more than %d anchors; write fewer", SW_YAML_MAX_ANCHORS);
			return -1;
		}
		a = &b->anchors[b->n_anchors];
		if (!sw_text_copy(a->name, sizeof a->name, name)) {
			fail(b, mark, "the anchor's name is longer than %zu bytes", sizeof a->name - 1);
			return -1;
		}
		b->n_anchors++;
	}
	a->node = node;
	return 0;
}

/* Writes an alias out. The copies count as nodes, which is what bounds a file of aliases to lists
 * of aliases; their text stays the original's, and so does their position. */
static struct sw_node *copy_node(struct builder *b, const struct sw_node *from, int depth,
                                 yaml_mark_t mark)
{
	if (from->kind != SW_NODE_SCALAR && depth >= SW_YAML_MAX_DEPTH) {
		fail(b, mark, "nested more than %d levels deep", SW_YAML_MAX_DEPTH);
		return NULL;
	}

	struct sw_node *node = new_node(b, mark, 0);

	if (!node)
		return NULL;
	node->kind = from->kind;
	node->quoted = from->quoted;
	node->line = from->line;
	node->column = from->column;
	node->text = from->text;
	for (const struct sw_node *child = from->first; child; child = child->next) {
		struct sw_node *copy = copy_node(b, child, depth + 1, mark);

		if (!copy)
			return NULL;
		add_child(node, copy);
	}
	return node;
}

/* ---- events ---- */

static int refuse_tag(struct builder *b, const yaml_char_t *tag, yaml_mark_t mark)
{
	if (!tag)
		return 0;
	fail(b, mark, "tags like '%.40s' are not supported; leave it out", (const char *)tag);
	return -1;
}

static int take_scalar(struct builder *b, const yaml_event_t *event)
{
	size_t len = event->data.scalar.length;
	const void *value = event->data.scalar.value;

	if (refuse_tag(b, event->data.scalar.tag, event->start_mark) < 0)
		return -1;
	if (memchr(value, '\0', len)) {
		fail(b, event->start_mark, "a NUL character is not allowed");
		return -1;
	}

	struct sw_node *node = new_node(b, event->start_mark, len);

	if (!node)
		return -1;
	node->kind = SW_NODE_SCALAR;
	node->quoted = event->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
	node->text = memcpy(node + 1, value, len);
	attach(b, node);
	return keep_anchor(b, event->data.scalar.anchor, node, event->start_mark);
}

static int take_start(struct builder *b, const yaml_event_t *event)
{
	bool map = event->type == YAML_MAPPING_START_EVENT;
	const yaml_char_t *tag = map ? event->data.mapping_start.tag : event->data.sequence_start.tag;
	const yaml_char_t *anchor = map ? event->data.mapping_start.anchor
	                                : event->data.sequence_start.anchor;

	if (refuse_tag(b, tag, event->start_mark) < 0)
		return -1;
	if (b->depth == SW_YAML_MAX_DEPTH) {
		fail(b, event->start_mark, "nested more than %d levels deep", SW_YAML_MAX_DEPTH);
		return -1;
	}

	struct sw_node *node = new_node(b, event->start_mark, 0);

	if (!node)
		return -1;
	node->kind = map ? SW_NODE_MAP : SW_NODE_LIST;
	attach(b, node);
	b->open[b->depth++] = node;
	return keep_anchor(b, anchor, node, event->start_mark);
}

static int take_alias(struct builder *b, const yaml_event_t *event)
{
	const char *name = (const char *)event->data.alias.anchor;
	const struct anchor *a = find_anchor(b, name);

	if (!a) {
		fail(b, event->start_mark,
		     "the alias '*%.63s' refers to nothing; define '&%.63s' before it", name, name);
		return -1;
	}
	for (int i = 0; i < b->depth; i++) {
		if (b->open[i] == a->node) {
			fail(b, event->start_mark, "the alias '*%s' is inside the value it refers to (a cycle)",
			     name);
			return -1;
		}
	}

	struct sw_node *copy = copy_node(b, a->node, b->depth, event->start_mark);

	if (!copy)
		return -1;
	attach(b, copy);
	return 0;
}

static int take_event(struct builder *b, const yaml_event_t *event)
{
	switch (event->type) {
	case YAML_DOCUMENT_START_EVENT:
		if (b->n_documents++ == 0)
			return 0;
		fail(b, event->start_mark, "a second document; one file holds one");
		return -1;
	case YAML_SCALAR_EVENT:
		return take_scalar(b, event);
	case YAML_SEQUENCE_START_EVENT:
	case YAML_MAPPING_START_EVENT:
		return take_start(b, event);
	case YAML_ALIAS_EVENT:
		return take_alias(b, event);
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		b->depth--;
		return 0;
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		break;
	}
	return 0;
}

static int check_utf8(struct builder *b)
{
	const struct sw_source *s = b->source;

	for (size_t i = 0; i < s->len;) {
		size_t n = sw_text_utf8_len(s->text + i, s->len - i);

		if (n == 0) {
			fail(b, mark_of_byte(s, i), "not UTF-8 (byte 0x%02X); save the file as UTF-8",
			     (unsigned char)s->text[i]);
			return -1;
		}
		i += n;
	}
	return 0;
}

static int read_events(struct builder *b)
{
	for (;;) {
		SW_CLEANUP(event) yaml_event_t event = {0};

		if (!yaml_parser_parse(&b->parser, &event)) {
			parser_failed(b);
			return -1;
		}
		if (event.type == YAML_STREAM_END_EVENT)
			return 0;
		if (take_event(b, &event) < 0)
			return -1;
	}
}

int sw_tree_parse(struct sw_tree *out, const struct sw_source *source, struct sw_error *err)
{
	struct sw_source body = *source;
	struct builder b = {.source = &body, .tree = out, .err = err};

	*out = (struct sw_tree){0};
	/* libyaml drops a byte order mark only while it guesses the encoding. */
	if (body.len >= 3 && memcmp(body.text, "\xEF\xBB\xBF", 3) == 0) {
		body.text += 3;
		body.len -= 3;
	}
	if (body.len == 0)
		return 0;
	if (check_utf8(&b) < 0)
		return -1;
	if (!yaml_parser_initialize(&b.parser))
		return sw_error_set(err, SW_ERR_INTERNAL, 0, "%s: out of memory", source->file);
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&b.parser, (const unsigned char *)body.text, body.len);

	int result = read_events(&b);

	yaml_parser_delete(&b.parser);
	return result;
}

void sw_tree_done(struct sw_tree *tree)
{
	while (tree->newest) {
		struct sw_node *node = tree->newest;

		tree->newest = node->made_before;
		free(node);
	}
	*tree = (struct sw_tree){0};
}

bool sw_node_is_null(const struct sw_node *node)
{
	return node->kind == SW_NODE_SCALAR && !node->quoted &&
	       (!*node->text || !strcmp(node->text, "~") || !strcmp(node->text, "null") ||
	        !strcmp(node->text, "Null") || !strcmp(node->text, "NULL"));
}

const char *sw_node_kind_name(const struct sw_node *node)
{
	if (node->kind == SW_NODE_SCALAR)
		return sw_node_is_null(node) ? "nothing" : "a single value";
	return node->kind == SW_NODE_LIST ? "a list" : "a mapping";
}
