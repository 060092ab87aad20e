/* Hides nothing: what a piece of the screen is, in words. Code names roles; a theme says how each
 * looks. Must not know colours. */
#ifndef SW_ROLES_H
#define SW_ROLES_H

/* enum, name in theme files, what a reader of theme files is told it is. */
#define SW_ROLES(X)                                                                \
	X(SW_ROLE_TEXT, "text", "ordinary text; its background is the screen's")       \
	X(SW_ROLE_DIM, "dim", "labels, units, what matters least")                     \
	X(SW_ROLE_STRONG, "strong", "the figures that matter most")                    \
	X(SW_ROLE_TITLE, "title", "titles of panels")                                  \
	X(SW_ROLE_BORDER, "border", "frames and rules")                                \
	X(SW_ROLE_TRACK, "track", "the empty part of a bar, axes, scroll bars")        \
	X(SW_ROLE_ACCENT, "accent", "the program's name, the current screen")          \
	X(SW_ROLE_KEY, "key", "keys in footer and help")                               \
	X(SW_ROLE_SELECTION, "selection", "the chosen row")                            \
	X(SW_ROLE_OK, "ok", "what went well")                                          \
	X(SW_ROLE_WARNING, "warning", "what needs a look: fallbacks, retries, paused") \
	X(SW_ROLE_BAD, "bad", "what failed")                                           \
	X(SW_ROLE_MARK, "mark", "percentile marks")                                    \
	X(SW_ROLE_MODE_1, "mode-1", "the first mode: the baseline as a rule")          \
	X(SW_ROLE_MODE_2, "mode-2", "the second mode")                                 \
	X(SW_ROLE_MODE_3, "mode-3", "the third mode")                                  \
	X(SW_ROLE_MODE_4, "mode-4", "the fourth mode")                                 \
	X(SW_ROLE_MODE_5, "mode-5", "the fifth mode")                                  \
	X(SW_ROLE_MODE_6, "mode-6", "the sixth mode; then from the first again")       \
	X(SW_ROLE_STARTUP, "startup", "phases of the group startup")                   \
	X(SW_ROLE_EXECUTION, "execution", "phases of the group execution")             \
	X(SW_ROLE_SERIALIZATION, "serialization", "phases of the group serialization") \
	X(SW_ROLE_CLEANUP, "cleanup", "phases of the group cleanup")

#define SW_ROLE_ENUM(id, ...) id,
enum sw_role { SW_ROLES(SW_ROLE_ENUM) SW_ROLE_COUNT };
#undef SW_ROLE_ENUM

#define SW_MODE_ROLES 6 /* SW_ROLE_MODE_1 .. SW_ROLE_MODE_6 */

#endif
