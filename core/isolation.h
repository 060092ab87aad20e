/* Hides the isolation ledger: what two iterations of one kind of mode share, and which attacks of one
 * iteration on what comes after it the kind withstands.
 * Must not know how that was found out: tests/engine/test_isolation.c runs the attacks on a real engine,
 * writes the table (core/isolation_table.inc), and fails when what it sees is not what the table says.
 *
 * It speaks of kinds, not of this run: a session attacks nobody. What was tested, and on what, is in
 * sw_isolation_source. */
#ifndef SW_ISOLATION_H
#define SW_ISOLATION_H

#include <stdbool.h>

#include "core/words.h"

/* enum, name, what a reader is told it is. What two iterations may have in common. */
#define SW_BONDS(X)                                                                          \
	X(SW_BOND_KERNEL, "kernel", "one kernel serves both")                                    \
	X(SW_BOND_FILESYSTEM, "filesystem", "a file that one wrote is there for the next")       \
	X(SW_BOND_PROCESSES, "process tree", "both run below the same living process")           \
	X(SW_BOND_INTERPRETER, "interpreter", "both run in interpreters that were started once") \
	X(SW_BOND_MEMORY, "memory", "what one changes in memory the next one sees")

/* enum, name, what the attack is. */
#define SW_ATTACKS(X)                                                                     \
	X(SW_ATTACK_LOOP, "endless loop", "loops for ever and catches every exception")       \
	X(SW_ATTACK_MEMORY, "memory", "allocates more than its memory limit")                 \
	X(SW_ATTACK_FORKS, "forks", "leaves a process behind in a session of its own")        \
	X(SW_ATTACK_PARENT, "parent's memory", "writes to its parent's memory through /proc") \
	X(SW_ATTACK_DESCRIPTORS, "descriptors", "floods and closes every descriptor it has")  \
	X(SW_ATTACK_PATCH, "patched pandas", "replaces a method of pandas")                   \
	X(SW_ATTACK_DATA, "shared data", "changes data and settings that modules share")

/* enum, name */
#define SW_FINDINGS(X)                  \
	X(SW_FINDING_UNKNOWN, "not tested") \
	X(SW_FINDING_NO, "no")              \
	X(SW_FINDING_YES, "yes")

#define SW_ISOLATION_ENUM(id, ...) id,
enum sw_bond { SW_BONDS(SW_ISOLATION_ENUM) SW_BOND_COUNT };
enum sw_attack { SW_ATTACKS(SW_ISOLATION_ENUM) SW_ATTACK_COUNT };
enum sw_finding { SW_FINDINGS(SW_ISOLATION_ENUM) SW_FINDING_COUNT };
#undef SW_ISOLATION_ENUM

extern const struct sw_words sw_words_bond, sw_words_attack, sw_words_finding;
const char *sw_bond_about(enum sw_bond bond);
const char *sw_attack_about(enum sw_attack attack);

struct sw_isolation {
	enum sw_kind kind;
	bool preforked; /* of the host kind */
	enum sw_finding shares[SW_BOND_COUNT];
	enum sw_finding withstands[SW_ATTACK_COUNT];
};

/* The ledger's line; NULL when the kind was never tested. Any thread. */
const struct sw_isolation *sw_isolation_of(enum sw_kind kind, bool preforked);

/* The ledger's lines in order, from 0: for tables; NULL after the last. */
const struct sw_isolation *sw_isolation_line(int index);

/* "host", "preforked", "cold" …: the kind as a reader is told it. */
const char *sw_isolation_kind(const struct sw_isolation *line);

/* How many of the attacks the kind withstands, of how many that were tried. */
void sw_isolation_count(const struct sw_isolation *line, int *out_withstood, int *out_tried);

/* A letter for each bond that is shared, '-' for one that is not, '?' for one that was not tested: "KF-I-"
 * is kernel, filesystem, interpreter. For columns; SW_BONDS's names begin with these letters. */
struct sw_isolation_marks {
	char text[SW_BOND_COUNT + 1];
};
struct sw_isolation_marks sw_isolation_marks(const struct sw_isolation *line);

/* Names with commas between them: what is shared ("kernel, filesystem"), and which attacks are not withstood;
 * "" where there are none. By value, for use inside one expression. */
struct sw_isolation_names {
	char text[160];
};
struct sw_isolation_names sw_isolation_shared(const struct sw_isolation *line);
struct sw_isolation_names sw_isolation_fails(const struct sw_isolation *line);

/* What the tests ran on: "docker 20.10.24, runc, Linux 6.1, 2026-11-23"; "" when none ran. */
const char *sw_isolation_source(void);

/* Whether that is this engine ("docker"), in this version, with this runtime. */
bool sw_isolation_is_of(const char *engine, const char *version, const char *runtime);

#endif
