/* Hides libyaml (core/config_yaml.c alone includes it): a YAML text becomes a tree of nodes with
 * their positions. Must not know which keys there are, nor where a text came from. */
#ifndef SW_YAML_H
#define SW_YAML_H

#include <stdbool.h>
#include <stddef.h>

struct sw_error;

#define SW_YAML_MAX_NODES 10000 /* of one text, with every alias written out */
#define SW_YAML_MAX_DEPTH 32
#define SW_YAML_MAX_ANCHORS 64

struct sw_source {
	const char *file; /* for messages */
	const char *text;
	size_t len;
};

enum sw_node_kind { SW_NODE_SCALAR, SW_NODE_LIST, SW_NODE_MAP };

/* Owned by its tree. Children of a map alternate key, value. Aliases are already written out as
 * copies, so a tree is a tree: no sharing, no cycles. line and column count from 1. */
struct sw_node {
	enum sw_node_kind kind;
	bool quoted;
	int line, column;
	const char *text; /* of a scalar; UTF-8 without NUL bytes inside */
	struct sw_node *first, *last, *next;
	struct sw_node *made_before;
};

struct sw_tree {
	struct sw_node *root; /* NULL: the text held no document */
	struct sw_node *newest;
	size_t n_nodes;
};

/* Fills OUT (to be freed with sw_tree_done, also after a failure). One document, UTF-8, bounded.
 * Errors: SW_ERR_USAGE "FILE:LINE:COLUMN: …", SW_ERR_INTERNAL (memory). Any thread. */
int sw_tree_parse(struct sw_tree *out, const struct sw_source *source, struct sw_error *err);
void sw_tree_done(struct sw_tree *tree);

/* Whether a scalar holds nothing: "" (nothing written), "~" and "null" as YAML's plain scalars. */
bool sw_node_is_null(const struct sw_node *node);

/* "a list", "a mapping", "a single value", "nothing"; for messages. Static. */
const char *sw_node_kind_name(const struct sw_node *node);

#endif
