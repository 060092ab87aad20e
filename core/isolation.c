#include "core/isolation.h"

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#define ABOUT(id, name, about) about,
SW_WORD_TABLE(bond, "bond", SW_BONDS)
SW_WORD_TABLE(attack, "attack", SW_ATTACKS)
SW_WORD_TABLE(finding, "finding", SW_FINDINGS)

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

const struct sw_isolation *sw_isolation_line(int index)
{
	return index >= 0 && (size_t)index < sizeof lines / sizeof lines[0] ? &lines[index] : NULL;
}

const char *sw_isolation_kind(const struct sw_isolation *line)
{
	return line->preforked ? "preforked" : sw_word(&sw_words_kind, (int)line->kind);
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

struct sw_isolation_marks sw_isolation_marks(const struct sw_isolation *line)
{
	struct sw_isolation_marks marks = {""};
	for (int i = 0; i < SW_BOND_COUNT; i++)
		marks.text[i] = line->shares[i] == SW_FINDING_YES  ? (char)toupper(bond_names[i][0])
		                : line->shares[i] == SW_FINDING_NO ? '-'
		                                                   : '?';
	return marks;
}

static struct sw_isolation_names names_of(const enum sw_finding *findings, int n,
                                          enum sw_finding wanted, const char *const *names)
{
	struct sw_isolation_names list = {""};
	size_t len = 0;
	for (int i = 0; i < n; i++)
		if (findings[i] == wanted && len < sizeof list.text)
			len += (size_t)snprintf(list.text + len, sizeof list.text - len, "%s%s",
			                        len ? ", " : "", names[i]);
	return list;
}

struct sw_isolation_names sw_isolation_shared(const struct sw_isolation *line)
{
	return names_of(line->shares, SW_BOND_COUNT, SW_FINDING_YES, bond_names);
}

struct sw_isolation_names sw_isolation_fails(const struct sw_isolation *line)
{
	return names_of(line->withstands, SW_ATTACK_COUNT, SW_FINDING_NO, attack_names);
}

bool sw_isolation_is_of(const char *engine, const char *version, const char *runtime)
{
	char start[160];
	int len = snprintf(start, sizeof start, "%s %s, %s, ", engine, version, runtime);
	return (size_t)len < sizeof start && strncmp(source, start, (size_t)len) == 0;
}
