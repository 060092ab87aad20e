#include "tui/console.h"

#include <langinfo.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct sw_console sw_console_of(int fd)
{
	struct winsize size;
	const char *term = getenv("TERM");
	struct sw_console console = {
		.is_terminal = isatty(fd) && term && strcmp(term, "dumb") != 0,
		.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0,
	};
	if (ioctl(fd, TIOCGWINSZ, &size) == 0)
		console.width = size.ws_col;
	return console;
}
