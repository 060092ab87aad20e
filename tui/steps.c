#include "tui/steps.h"

#include <unistd.h>

#include "core/error.h"
#include "core/text.h"

void sw_step_lines_init(struct sw_step_lines *lines, bool quiet)
{
	*lines = (struct sw_step_lines){.quiet = quiet, .console = sw_console_of(STDERR_FILENO)};
}

void sw_step_show(void *user, const char *what, int64_t elapsed_ns, const char *detail)
{
	struct sw_step_lines *lines = user;
	char took[32] = "", cut[512];
	const char *dots = lines->console.unicode ? "…" : "...";
	if (lines->quiet)
		return;
	/* Bytes are an upper bound of columns; 13 are the line's own, and 12 the time's. */
	size_t room = lines->console.width > 40 ? (size_t)lines->console.width - 25 : sizeof cut;
	if (strlen(detail) > room && room < sizeof cut) {
		sw_text_copy(cut, room - 2, detail);
		snprintf(cut + strlen(cut), 4, "%s", dots);
		detail = cut;
	}
	if (elapsed_ns < 0) {
		if (!lines->console.is_terminal)
			return;
		fprintf(stderr, "\r\033[K  %-10s %s %s", what, detail, dots);
		lines->open = true;
		return;
	}
	/* What took no time to speak of was there already. */
	if (elapsed_ns >= 1000000)
		sw_text_duration(took, sizeof took, elapsed_ns);
	fprintf(stderr, "%s  %-10s %s%s%s%s\n", lines->open ? "\r\033[K" : "", what, detail,
	        *took ? "  (" : "", took, *took ? ")" : "");
	lines->open = false;
}

struct sw_steps sw_step_lines_steps(struct sw_step_lines *lines)
{
	return (struct sw_steps){.fn = sw_step_show, .user = lines};
}

void sw_step_lines_fail(struct sw_step_lines *lines, const struct sw_error *error)
{
	fprintf(stderr, "%ssandwatch: %s\n", lines->open ? "\n" : "", error->message);
	lines->open = false;
}
