#include "core/isolation.h"

#include <stddef.h>

#define NAME(id, name, ...) name,
#define ABOUT(id, name, about) about,
#define TABLE(ident, what_text, LIST)                                \
	static const char *const ident##_names[] = {LIST(NAME) NULL};    \
	const struct sw_words sw_words_##ident = {                       \
		.what = (what_text),                                         \
		.count = sizeof ident##_names / sizeof ident##_names[0] - 1, \
		.names = ident##_names,                                      \
	};

TABLE(bond, "bond", SW_BONDS)
TABLE(attack, "attack", SW_ATTACKS)
TABLE(finding, "finding", SW_FINDINGS)

/* Written by tests/engine/test_isolation.c: `static const char source[]` and `static const struct
 * sw_isolation lines[]`. */
#include "core/isolation_table.inc"

const char *sw_bond_about(enum sw_bond bond)
{
	static const char *const abouts[] = {SW_BONDS(ABOUT)};
	return abouts[bond];
}

const char *sw_attack_about(enum sw_attack attack)
{
	static const char *const abouts[] = {SW_ATTACKS(ABOUT)};
	return abouts[attack];
}

const struct sw_isolation *sw_isolation_of(enum sw_kind kind, bool preforked)
{
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		if (lines[i].kind == kind && lines[i].preforked == (kind == SW_KIND_HOST && preforked))
			return &lines[i];
	return NULL;
}

void sw_isolation_count(const struct sw_isolation *line, int *out_withstood, int *out_tried)
{
	*out_withstood = *out_tried = 0;
	for (int i = 0; i < SW_ATTACK_COUNT; i++) {
		*out_withstood += line->withstands[i] == SW_FINDING_YES;
		*out_tried += line->withstands[i] != SW_FINDING_UNKNOWN;
	}
}

const char *sw_isolation_source(void)
{
	return source;
}
