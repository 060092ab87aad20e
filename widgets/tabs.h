/* Hides how a row of screens to choose from, and a row of keys, fit into a line.
 * Must not know what a screen or a key does. */
#ifndef SW_TABS_H
#define SW_TABS_H

#include "widgets/hits.h"

/* The N NAMES with their numbers from 1 on, in row 0: " 1 live  2 iterations ", that of index
 * CURRENT marked, which without Unicode is "[2 iterations]". Where it is narrow the others are
 * numbers only, then all are. HITS: the index of a name. Returns the columns used. */
int sw_tabs_draw(struct sw_area area, const char *const *names, int n, int current,
                 struct sw_hits *hits);

/* A key and what it does, in a word or two. */
struct sw_footer_key {
	const char *key, *word;
};

/* "p pause  s snapshot  ? help" in row 0; those that don't fit are left out, from the last on.
 * HITS: the index of a key. Returns the columns used. */
int sw_footer_draw(struct sw_area area, const struct sw_footer_key *keys, int n,
                   struct sw_hits *hits);

#endif
