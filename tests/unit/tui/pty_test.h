/* Hides a pseudo-terminal with a program of ours on it: a forked child that draws a screen and says
 * on a pipe, in lines, what happens to it. */
#ifndef SW_PTY_TEST_H
#define SW_PTY_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "core/error.h"
#include "core/loop.h"
#include "tui/term.h"

#define DEADLINE_NS INT64_C(30000000000) /* only a hang gets here */
#define LEAVES \
	"\033[?2026l\033[0m\033[?1006l\033[?1000l\033[?2004l\033[?12l\033[?25h\033[?1049l\033[23;0;0t"
#define ENTERS "\033[?1049h"

/* ---- the test's side ---- */

static struct {
	int master, slave, said, told; /* said: the child's lines; told: ours to it */
	pid_t child;
	struct termios before;
	char seen[1 << 20], lines[1 << 16];
	size_t n_seen, n_lines, read_lines;
} pty = {.master = -1, .slave = -1, .said = -1, .told = -1};

static int child_says = -1, child_hears = -1;

static inline void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

static inline size_t drain(int fd, char *dst, size_t n, size_t size)
{
	ssize_t got = 0;
	while (n < size - 1 && (got = read(fd, dst + n, size - 1 - n)) > 0)
		n += (size_t)got;
	dst[n] = '\0';
	return n;
}

/* Takes what has come, waiting a little for more. */
static inline void pump(bool screen_too)
{
	struct pollfd fds[] = {{.fd = pty.said, .events = POLLIN},
	                       {.fd = screen_too ? pty.master : -1, .events = POLLIN}};
	(void)poll(fds, 2, 10);
	pty.n_lines = drain(pty.said, pty.lines, pty.n_lines, sizeof pty.lines);
	if (screen_too)
		pty.n_seen = drain(pty.master, pty.seen, pty.n_seen, sizeof pty.seen);
}

/* Waits until the child has said LINE, and all before it is forgotten. */
static inline void heard_with(const char *line, bool screen_too)
{
	char wanted[128];
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	(void)snprintf(wanted, sizeof wanted, "%s\n", line);
	for (;;) {
		char *at = strstr(pty.lines + pty.read_lines, wanted);
		if (at) {
			pty.read_lines = (size_t)(at - pty.lines) + strlen(wanted);
			return;
		}
		if (sw_clock_ns() > end_ns)
			fail_msg("never heard \"%s\", but: %s", line, pty.lines + pty.read_lines);
		pump(screen_too);
	}
}

static inline void heard(const char *line)
{
	heard_with(line, true);
}

static inline const char *seen(const char *bytes)
{
	return memmem(pty.seen, pty.n_seen, bytes, strlen(bytes));
}

static inline void wait_seen(const char *bytes)
{
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	while (!seen(bytes)) {
		if (sw_clock_ns() > end_ns)
			fail_msg("never seen: %s", bytes + 1);
		pump(true);
	}
}

static inline void forget_seen(void)
{
	pump(true);
	pty.n_seen = 0;
}

static inline bool modes_are(const struct termios *modes)
{
	struct termios now;
	assert_int_equal(tcgetattr(pty.slave, &now), 0);
	return now.c_iflag == modes->c_iflag && now.c_oflag == modes->c_oflag &&
	       now.c_cflag == modes->c_cflag && now.c_lflag == modes->c_lflag &&
	       memcmp(now.c_cc, modes->c_cc, sizeof now.c_cc) == 0;
}

static inline void check_raw(void)
{
	struct termios now;
	assert_int_equal(tcgetattr(pty.slave, &now), 0);
	assert_int_equal(now.c_lflag & (ICANON | ECHO | ISIG), ISIG);
	assert_int_equal(now.c_iflag & (IXON | ICRNL), 0);
	assert_int_equal(now.c_cc[VSUSP], _POSIX_VDISABLE);
	assert_int_equal(now.c_cc[VINTR], pty.before.c_cc[VINTR]);
}

/* How many processes have session SID; FIRST_GUARD gets a guard's number. */
static inline int session_size(pid_t sid, pid_t *first_guard)
{
	int n = 0;
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	assert_non_null(proc);
	while ((entry = readdir(proc))) {
		char path[300], text[512] = "", state = 0;
		int session = 0, pid = (int)strtol(entry->d_name, NULL, 10);
		(void)snprintf(path, sizeof path, "/proc/%s/stat", entry->d_name);
		int fd = pid > 0 ? open(path, O_RDONLY | O_CLOEXEC) : -1;
		if (fd < 0)
			continue;
		if (read(fd, text, sizeof text - 1) > 0 && strrchr(text, ')'))
			(void)sscanf(strrchr(text, ')') + 1, " %c %*d %*d %d", &state, &session);
		close(fd);
		if (session != sid || state == 'Z')
			continue;
		n++;
		if (first_guard && strstr(text, "(sandwatch-guard)"))
			*first_guard = pid;
	}
	closedir(proc);
	return n;
}

static inline void wait_session_over(void)
{
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	while (session_size(pty.child, NULL) > 0) {
		if (sw_clock_ns() > end_ns)
			fail_msg("somebody is left on the terminal");
		pump(true);
	}
}

/* Screen and modes are as before, and nobody is left. */
static inline void check_given_back(const struct termios *modes)
{
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	wait_session_over();
	wait_seen(LEAVES);
	pump(true);
	while (!modes_are(modes)) {
		if (sw_clock_ns() > end_ns)
			fail_msg("the modes are not restored");
		pump(true);
	}
	assert_int_equal(pty.n_seen, (size_t)(seen(LEAVES) - pty.seen) + strlen(LEAVES));
}

static inline int wait_child(void)
{
	int status = 0;
	int64_t end_ns = sw_clock_ns() + DEADLINE_NS;
	while (waitpid(pty.child, &status, WNOHANG) == 0) {
		if (sw_clock_ns() > end_ns)
			fail_msg("the child goes on; it said: %s", pty.lines);
		pump(true);
	}
	return status;
}

static inline void type(const char *keys)
{
	assert_int_equal(write(pty.master, keys, strlen(keys)), strlen(keys));
}

static inline void tell(const char *command)
{
	assert_int_equal(write(pty.told, command, strlen(command)), strlen(command));
}

static inline void set_size(int width, int height)
{
	struct winsize size = {.ws_col = (unsigned short)width, .ws_row = (unsigned short)height};
	assert_int_equal(ioctl(pty.master, TIOCSWINSZ, &size), 0);
}

/* Runs SCENARIO in a child that leads a session on the terminal. */
static inline void start(void (*scenario)(void))
{
	int said[2], told[2];
	assert_int_equal(pipe2(said, O_CLOEXEC), 0);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	assert_int_equal(fcntl(said[0], F_SETFL, O_NONBLOCK), 0);
	pty.said = said[0];
	pty.told = told[1];
	pty.n_seen = pty.n_lines = pty.read_lines = 0;
	pty.lines[0] = '\0';
	pty.child = fork();
	assert_true(pty.child >= 0);
	if (pty.child == 0) {
		for (int i = 1; i < NSIG; i++)
			(void)signal(i, SIG_DFL); /* cmocka's handlers would go on with its tests */
		child_says = said[1];
		child_hears = told[0];
		close(said[0]);
		close(told[1]);
		close(pty.master);
		(void)setsid();
		(void)ioctl(pty.slave, TIOCSCTTY, 0);
		(void)dup2(pty.slave, 0);
		(void)dup2(pty.slave, 1);
		close(pty.slave);
		scenario();
		_exit(0);
	}
	close(said[1]);
	close(told[0]);
}

static inline int open_pty(void **state)
{
	(void)state;
	setenv("TERM", "xterm-256color", 1);
	unsetenv("NO_COLOR");
	unsetenv("COLORTERM");
	(void)setlocale(LC_CTYPE, "C.UTF-8");
	pty.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (pty.master < 0 || grantpt(pty.master) < 0 || unlockpt(pty.master) < 0)
		return -1;
	pty.slave = open(ptsname(pty.master), O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (pty.slave < 0 || tcgetattr(pty.slave, &pty.before) < 0)
		return -1;
	/* something of one's own, to be found again */
	pty.before.c_cc[VERASE] = 8;
	pty.before.c_iflag |= IXANY;
	if (tcsetattr(pty.slave, TCSANOW, &pty.before) < 0 || tcgetattr(pty.slave, &pty.before) < 0)
		return -1;
	set_size(80, 24);
	return 0;
}

static inline void close_one(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static inline int close_pty(void **state)
{
	(void)state;
	if (pty.child > 0) {
		kill(-pty.child, SIGKILL);
		kill(pty.child, SIGKILL);
		while (waitpid(pty.child, NULL, 0) < 0 && errno == EINTR)
			continue;
		pty.child = 0;
	}
	close_one(&pty.master);
	close_one(&pty.slave);
	close_one(&pty.said);
	close_one(&pty.told);
	return 0;
}

/* ---- the child's side ---- */

static struct {
	struct sw_loop *loop;
	struct sw_term *term;
	struct sw_canvas *canvas;
	struct sw_theme theme;
	bool floods; /* the first frame is more than any terminal takes unread */
} app;

static inline void say(const char *format, ...)
{
	char text[256];
	va_list args;
	va_start(args, format);
	int n = vsnprintf(text, sizeof text - 1, format, args);
	va_end(args);
	text[n++] = '\n';
	if (write(child_says, text, (size_t)n) != n)
		_exit(98);
}

#define require(condition)                                \
	do {                                                  \
		if (!(condition)) {                               \
			say("line %d: not %s", __LINE__, #condition); \
			_exit(99);                                    \
		}                                                 \
	} while (0)

static inline void on_input(void *user, const struct sw_input *input)
{
	char name[32];
	(void)user;
	if (input->kind == SW_INPUT_KEY)
		say("key %s", sw_input_key_name(input->key, input->mods, name, sizeof name));
	else
		say("mouse %d at %d,%d", (int)input->kind, input->x, input->y);
	if (input->kind == SW_INPUT_KEY && input->key == 26)
		sw_term_suspend(app.term);
	if (input->kind == SW_INPUT_KEY && input->key == 'q')
		sw_loop_stop(app.loop);
}

static inline void present(void)
{
	(void)sw_term_present(app.term, app.canvas, &app.theme);
}

static inline void on_resized(void *user, int width, int height)
{
	(void)user;
	require(sw_canvas_resize(app.canvas, width, height) == 0);
	sw_put_textf(sw_canvas_area(app.canvas), 0, 0, SW_ROLE_OK, "screen of %dx%d", width, height);
	present();
	say("resized %dx%d", width, height);
}

static inline void on_ready_again(void *user)
{
	(void)user;
	say("ready");
	present();
}

static inline void on_gone(void *user)
{
	(void)user;
	say("gone");
	sw_loop_stop(app.loop);
}

/* All colours, so that each cell takes many bytes. */
static inline void fill(uint32_t ch)
{
	struct sw_area area = sw_canvas_area(app.canvas);
	for (int y = 0; y < area.h; y++)
		for (int x = 0; x < area.w; x++)
			sw_put_char(area, x, y, ch, (enum sw_role)((x + y) % SW_ROLE_COUNT));
}

static inline void open_term(void)
{
	const struct sw_term_handlers handlers = {
		.input = on_input, .resized = on_resized, .ready = on_ready_again, .gone = on_gone};
	const struct sw_term_options options = {.mouse = true, .depth = -1};
	struct sw_error err = {.message = ""};
	require(sw_loop_new(&app.loop, NULL) == 0);
	if (sw_term_open(app.loop, &options, &handlers, &app.term, &err) < 0) {
		say("not opened: %d %s", (int)err.code, err.message);
		_exit(97);
	}
	app.canvas =
		sw_canvas_new(sw_term_width(app.term), sw_term_height(app.term), &sw_glyphs_unicode);
	require(app.canvas);
	sw_theme_default(&app.theme);
	if (app.floods)
		fill('#');
	sw_put_text(sw_canvas_area(app.canvas), 0, 0, "first frame", SW_ROLE_STRONG);
	present();
}

static inline void run_loop(void)
{
	require(sw_loop_run(app.loop, NULL) == 0);
}

static inline void close_term(void)
{
	sw_term_close(app.term);
	sw_canvas_free(app.canvas);
	sw_loop_free(app.loop);
}

#endif
