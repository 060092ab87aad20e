#include "tui/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "core/error.h"
#include "widgets/canvas.h"

int sw_tty_open(bool *out_blocks, struct sw_error *err)
{
	*out_blocks = false;
	/* The link leads there even if the name in /dev is of another container. */
	int fd = open("/proc/self/fd/1", O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0 && ttyname(1))
		fd = open(ttyname(1), O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd >= 0 && isatty(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	*out_blocks = true;
	if (!isatty(1) || (fcntl(1, F_GETFL) & O_ACCMODE) != O_RDWR)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "stdout is no terminal that can be read and written");
	fd = fcntl(1, F_DUPFD_CLOEXEC, 3);
	return fd >= 0 ? fd : sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot copy stdout");
}

struct termios sw_tty_raw(const struct termios *found)
{
	struct termios raw = *found;
	raw.c_iflag &= ~(tcflag_t)(IXON | ICRNL | INLCR | IGNCR | ISTRIP);
	raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | IEXTEN);
	raw.c_lflag |= ISIG;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	raw.c_cc[VSUSP] = _POSIX_VDISABLE;
	return raw;
}

bool sw_tty_same_modes(const struct termios *a, const struct termios *b)
{
	for (int i = 0; i < NCCS; i++)
		if (a->c_cc[i] != b->c_cc[i])
			return false;
	return a->c_iflag == b->c_iflag && a->c_oflag == b->c_oflag && a->c_cflag == b->c_cflag &&
	       a->c_lflag == b->c_lflag;
}

bool sw_tty_in_front(int fd)
{
	pid_t front = tcgetpgrp(fd);
	return front < 0 || front == getpgrp();
}

static int from_environment(const char *name, int otherwise)
{
	const char *text = getenv(name);
	long n = text ? strtol(text, NULL, 10) : 0;
	return n > 0 && n <= SW_CANVAS_MAX ? (int)n : otherwise;
}

static int clamp(int n)
{
	return n < 1 ? 1 : n > SW_CANVAS_MAX ? SW_CANVAS_MAX : n;
}

void sw_tty_size(int fd, int *out_width, int *out_height)
{
	struct winsize size = {0};
	(void)ioctl(fd, TIOCGWINSZ, &size);
	*out_width = clamp(size.ws_col ? size.ws_col : from_environment("COLUMNS", 80));
	*out_height = clamp(size.ws_row ? size.ws_row : from_environment("LINES", 24));
}
