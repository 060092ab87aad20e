#include "tui/theme_internal.h"

/* The files are in the program, so that it works from anywhere. The Makefile rebuilds this when one
 * changes. */
#define EMBED(name)                                                                             \
	__asm__(".pushsection .rodata\n"                                                            \
	        ".globl sw_theme_" #name "\n.globl sw_theme_" #name "_end\n"                        \
	        "sw_theme_" #name ":\n.incbin \"themes/" #name ".yaml\"\nsw_theme_" #name "_end:\n" \
	        ".byte 0\n.popsection\n");                                                          \
	extern const char sw_theme_##name[], sw_theme_##name##_end[];

SW_THEMES(EMBED)

const char *sw_theme_text(int theme, size_t *out_len)
{
#define ENTRY(name) {sw_theme_##name, sw_theme_##name##_end},
	static const struct {
		const char *begin, *end;
	} themes[] = {SW_THEMES(ENTRY)};
	*out_len = (size_t)(themes[theme].end - themes[theme].begin);
	return themes[theme].begin;
}
