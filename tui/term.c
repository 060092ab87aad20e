#include "tui/term.h"

#include <curses.h>
#include <term.h>

#include <errno.h>
#include <langinfo.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/loop.h"
#include "core/signals.h"
#include "tui/guard.h"
#include "tui/paint.h"
#include "tui/tty.h"

#define ESCAPE_NS INT64_C(50000000)
#define BACKGROUND_NS INT64_C(250000000)

enum {
	LEAVE_PATIENCE_MS = 300,
	SEQUENCES_MAX = 255,
	BLOCKING_WRITE_MAX = 128, /* bytes */
};

/* What terminfo says. */
struct info {
	const char *name;
	char smcup[64], rmcup[64], civis[64], cnorm[64];
	bool last_cell;
	int colors;
};

struct sw_term {
	struct sw_loop *loop;
	struct sw_term_handlers handlers;
	int fd, signal_fd;
	bool blocks; /* fd is no description of our own */
	struct termios found, ours;
	struct sw_guard *guard;
	char enter[SEQUENCES_MAX + 1], keep[128];
	enum sw_depth depth;
	bool unicode;
	int width, height;
	struct sw_paint *paint;
	struct sw_buf out;
	size_t sent;
	struct sw_input_parser parser;
	struct sw_timer escape, background;
	struct sw_deferred later;
	sigset_t was_unblocked;
	bool taken;    /* the screen is ours */
	bool left_out; /* a frame was: say when there is room */
	bool whole;    /* the next frame says again what terminal modes we want */
	bool is_resized, is_gone, told_gone;
};

/* ---- terminfo ---- */

/* Without padding, "$<5>", which no terminal of today needs. */
static void copy_capability(const char *name, char *dst, size_t size)
{
	const char *at = tigetstr(name);
	size_t len = 0;
	if (at == (char *)-1)
		at = NULL;
	for (; at && *at; at++) {
		const char *end = at[0] == '$' && at[1] == '<' ? strchr(at, '>') : NULL;
		if (end)
			at = end;
		else if (len + 1 < size)
			dst[len++] = *at;
	}
	dst[len] = '\0';
}

/* tui/paint.c writes ECMA-48: so must the terminal read it. */
static bool moves_as_expected(void)
{
	const char *cup = tigetstr("cup");
	const char *bytes = cup && cup != (char *)-1 ? tiparm(cup, 4, 9) : NULL;
	return bytes && strncmp(bytes, "\033[5;10H", 7) == 0 && (!bytes[7] || bytes[7] == '$');
}

/* Newer terminals that this system's terminfo may not know yet; all began as xterm. */
static const char *relative_of(const char *name)
{
	static const char *const beginnings[] = {"xterm", "alacritty", "foot", "wezterm", "contour"};
	for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++)
		if (strncmp(name, beginnings[i], strlen(beginnings[i])) == 0)
			return "xterm-256color";
	return NULL;
}

/* The name of the entry that is loaded then; NULL: there is none. */
static const char *load_entry(const char *name)
{
	int result;
	if (setupterm(name, 1, &result) == OK)
		return name;
	const char *relative = relative_of(name);
	return relative && setupterm(relative, 1, &result) == OK ? relative : NULL;
}

static int read_info(struct info *out_info, struct sw_error *err)
{
	const char *name = getenv("TERM");
	if (!isatty(0) || !isatty(1))
		return sw_error_set(err, SW_ERR_USAGE, 0, "a screen needs a terminal as stdin and stdout");
	if (!name || !*name)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "a screen needs to know the terminal: TERM is not set");
	if (strcmp(name, "dumb") == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "no screen can be drawn on a terminal with TERM=dumb");
	out_info->name = load_entry(name);
	if (!out_info->name)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "no screen can be drawn: terminfo does not know TERM=%s", name);
	bool is_usable = moves_as_expected();
	copy_capability("smcup", out_info->smcup, sizeof out_info->smcup);
	copy_capability("rmcup", out_info->rmcup, sizeof out_info->rmcup);
	copy_capability("civis", out_info->civis, sizeof out_info->civis);
	copy_capability("cnorm", out_info->cnorm, sizeof out_info->cnorm);
	out_info->last_cell = tigetflag("am") <= 0 || tigetflag("xenl") > 0;
	out_info->colors = tigetnum("colors");
	if (out_info->colors < 0)
		out_info->colors = 0; /* not said: it has none */
	(void)del_curterm(cur_term);
	if (!is_usable)
		return sw_error_set(
			err, SW_ERR_USAGE, 0,
			"no screen can be drawn: a terminal with TERM=%s cannot move its cursor as "
			"ECMA-48 says",
			name);
	return 0;
}

bool sw_term_usable(void)
{
	struct info info;
	return read_info(&info, NULL) == 0;
}

/* ---- output ---- */

static bool is_busy(const struct sw_term *term)
{
	return term->sent < term->out.len;
}

static void run_later(void *user)
{
	struct sw_term *term = user;
	if (term->is_gone && !term->told_gone) {
		term->told_gone = true;
		sw_loop_unwatch(term->loop, term->fd);
		sw_loop_disarm(term->loop, &term->escape);
		term->handlers.gone(term->handlers.user);
		return;
	}
	/* Frames that were left out in the background: nothing else tells that there is room again. */
	if (!term->is_gone && term->taken && term->left_out && !is_busy(term)) {
		term->left_out = false;
		term->handlers.ready(term->handlers.user);
	}
	if (term->is_resized && !term->is_gone) {
		term->is_resized = false;
		term->handlers.resized(term->handlers.user, term->width, term->height);
	}
}

static void lose(struct sw_term *term)
{
	term->is_gone = true;
	sw_loop_defer(term->loop, &term->later, run_later, term);
}

static void on_ready(void *user, int fd, unsigned events);

/* In the background nothing is read: that would stop the program. */
static void watch(struct sw_term *term)
{
	if (term->told_gone)
		return;
	unsigned events = (term->taken ? SW_LOOP_READ : 0) | (is_busy(term) ? SW_LOOP_WRITE : 0);
	if (sw_loop_watch(term->loop, term->fd, events, on_ready, term, NULL) < 0)
		lose(term);
}

/* Of a descriptor that blocks, only what a terminal with any room at all takes at once. */
static size_t may_send(const struct sw_term *term)
{
	struct pollfd state = {.fd = term->fd, .events = POLLOUT};
	size_t n = term->out.len - term->sent;
	if (!term->blocks)
		return n;
	if (poll(&state, 1, 0) <= 0)
		return 0;
	return n < BLOCKING_WRITE_MAX ? n : BLOCKING_WRITE_MAX;
}

static void send_out(struct sw_term *term)
{
	while (is_busy(term)) {
		size_t n = may_send(term);
		if (n == 0)
			break;
		ssize_t sent = write(term->fd, term->out.data + term->sent, n);
		if (sent < 0 && errno == EINTR)
			continue;
		if (sent < 0 && errno != EAGAIN)
			lose(term);
		if (sent < 0)
			break;
		term->sent += (size_t)sent;
	}
	if (!is_busy(term)) {
		sw_buf_clear(&term->out);
		term->sent = 0;
	}
	watch(term);
}

bool sw_term_present(struct sw_term *term, const struct sw_canvas *canvas,
                     const struct sw_theme *theme)
{
	if (!term->taken || is_busy(term)) {
		term->left_out = true;
		return false;
	}
	if (term->whole)
		(void)sw_buf_add_str(&term->out, term->keep);
	term->whole = false;
	/* Without memory for it a frame is lost; the next is whole. */
	(void)sw_paint_frame(term->paint, canvas, theme, &term->out);
	if (term->out.len)
		send_out(term);
	return true;
}

void sw_term_redraw(struct sw_term *term)
{
	sw_paint_forget(term->paint);
	term->whole = true;
}

/* ---- input ---- */

static void on_escape_alone(void *user)
{
	struct sw_term *term = user;
	sw_input_flush(&term->parser, term->handlers.input, term->handlers.user);
}

/* Reading nothing may also be a Ctrl-D that was typed before the modes were ours. */
static bool is_hung_up(int fd)
{
	struct pollfd state = {.fd = fd};
	return poll(&state, 1, 0) > 0;
}

static void receive(struct sw_term *term)
{
	char bytes[1024];
	ssize_t n = read(term->fd, bytes, sizeof bytes);
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n < 0 || (n == 0 && is_hung_up(term->fd)))
		lose(term);
	if (n <= 0)
		return;
	sw_loop_disarm(term->loop, &term->escape);
	sw_input_feed(&term->parser, bytes, (size_t)n, term->handlers.input, term->handlers.user);
	if (sw_input_pending(&term->parser) &&
	    sw_loop_arm(term->loop, &term->escape, sw_clock_ns() + ESCAPE_NS, on_escape_alone, term) <
	        0)
		on_escape_alone(term);
}

static void on_ready(void *user, int fd, unsigned events)
{
	struct sw_term *term = user;
	(void)fd;
	if (events & SW_LOOP_READ)
		receive(term);
	if (!(events & SW_LOOP_WRITE) || term->is_gone)
		return;
	send_out(term);
	if (is_busy(term) || !term->left_out || !term->taken)
		return;
	term->left_out = false;
	term->handlers.ready(term->handlers.user);
}

/* ---- taking and leaving the screen ---- */

static void tell_resized(struct sw_term *term)
{
	term->is_resized = true;
	sw_loop_defer(term->loop, &term->later, run_later, term);
}

static void take(struct sw_term *term);

static void on_background_time(void *user)
{
	struct sw_term *term = user;
	take(term);
	if (term->taken)
		tell_resized(term);
}

/* When the terminal is ours to take; else tries again: a shell that puts us in front does not say so
 * to what is running already. */
static void take(struct sw_term *term)
{
	struct termios now = {0};
	if (!sw_tty_in_front(term->fd)) {
		(void)sw_loop_arm(term->loop, &term->background, sw_clock_ns() + BACKGROUND_NS,
		                  on_background_time, term);
		if (term->taken)
			sw_guard_left(term->guard);
		term->taken = false;
		watch(term);
		return;
	}
	sw_loop_disarm(term->loop, &term->background);
	if (tcgetattr(term->fd, &now) < 0) {
		lose(term);
		return;
	}
	/* After a SIGSTOP and SIGCONT it may be as we left it. */
	if (!term->taken || !sw_tty_same_modes(&now, &term->ours))
		term->found = now;
	term->ours = sw_tty_raw(&term->found);
	sw_guard_taken(term->guard, &term->found, &term->ours);
	(void)tcsetattr(term->fd, TCSANOW, &term->ours);
	term->taken = true;
	sw_tty_size(term->fd, &term->width, &term->height);
	sw_paint_forget(term->paint);
	sw_buf_clear(&term->out);
	term->sent = 0;
	(void)sw_buf_add_str(&term->out, term->enter);
	send_out(term);
}

static void leave(struct sw_term *term)
{
	(void)sw_guard_give_back(term->guard, LEAVE_PATIENCE_MS);
	sw_loop_disarm(term->loop, &term->escape);
	term->parser = (struct sw_input_parser){.len = 0};
	term->taken = false;
	sw_buf_clear(&term->out);
	term->sent = 0;
	watch(term);
}

/* All of `make run` stops, not only we. Where no shell waits for us (an orphaned process group) the
 * kernel drops the signal. */
static void stop_group(void)
{
	const struct timespec at_once = {0};
	sigset_t stop, on;
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigemptyset(&on);
	sigaddset(&on, SIGCONT);
	kill(0, SIGTSTP);
	pthread_sigmask(SIG_UNBLOCK, &stop, NULL); /* stops here */
	pthread_sigmask(SIG_BLOCK, &stop, NULL);
	(void)sigtimedwait(&on, NULL, &at_once);
}

void sw_term_suspend(struct sw_term *term)
{
	if (term->is_gone)
		return;
	if (term->taken)
		leave(term);
	stop_group();
	take(term);
	tell_resized(term);
}

/* ---- signals ---- */

static void on_signal(void *user, int fd, unsigned events)
{
	struct sw_term *term = user;
	struct signalfd_siginfo info;
	(void)events;
	/* Told before it is read: see sw_live_drop_iteration. */
	if (!term->is_gone && term->handlers.continued && sw_signals_continue_pending())
		term->handlers.continued(term->handlers.user);
	while (read(fd, &info, sizeof info) == (ssize_t)sizeof info) {
		int width = term->width, height = term->height;
		if (term->is_gone)
			continue;
		if (info.ssi_signo == SIGWINCH) {
			sw_tty_size(term->fd, &term->width, &term->height);
			if (width != term->width || height != term->height)
				tell_resized(term);
		} else if (info.ssi_signo == SIGCONT) {
			take(term);
			tell_resized(term);
		} else if (term->handlers.stop) {
			term->handlers.stop(term->handlers.user);
		} else {
			sw_term_suspend(term);
		}
	}
}

/* For all threads to come, and remembers what to undo. */
static int open_signals(struct sw_term *term, struct sw_error *err)
{
	static const int ours[] = {SIGWINCH, SIGCONT, SIGTSTP};
	sigset_t set, before;
	sigemptyset(&set);
	sigemptyset(&term->was_unblocked);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		sigaddset(&set, ours[i]);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (!sigismember(&before, ours[i]))
			sigaddset(&term->was_unblocked, ours[i]);
	term->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (term->signal_fd < 0)
		return sw_error_set(err, SW_ERR_INTERNAL, errno, "cannot listen for signals");
	return sw_loop_watch(term->loop, term->signal_fd, SW_LOOP_READ, on_signal, term, err);
}

/* ---- opening and closing ---- */

/* Puts the sequences together that enter, keep and leave the screen. */
static void make_sequences(struct sw_term *term, const struct info *info, bool mouse,
                           char *leave_bytes)
{
	(void)snprintf(term->keep, sizeof term->keep, "%s%s\033[?2004h", info->civis,
	               mouse ? "\033[?1000h\033[?1006h" : "");
	(void)snprintf(term->enter, sizeof term->enter, "%s%s%s", info->smcup,
	               *info->smcup ? "" : "\033[0m\033[H\033[2J", term->keep);
	/* A frame may have been cut short by what makes us leave. */
	(void)snprintf(leave_bytes, SEQUENCES_MAX + 1, "\033[?2026l\033[0m%s\033[?2004l%s%s",
	               mouse ? "\033[?1006l\033[?1000l" : "", info->cnorm,
	               *info->rmcup ? info->rmcup : "\033[999;1H\r\n");
}

static int take_first(struct sw_term *term, const struct info *info,
                      const struct sw_term_options *options, struct sw_error *err)
{
	char leave_bytes[SEQUENCES_MAX + 1];
	make_sequences(term, info, options->mouse, leave_bytes);
	term->depth = options->depth >= 0 ? (enum sw_depth)options->depth
	                                  : sw_theme_depth(getenv("NO_COLOR"), getenv("COLORTERM"),
	                                                   info->name, info->colors);
	term->unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0 &&
	                strncmp(info->name, "linux", 5) != 0;
	struct sw_paint_options paint = {term->depth, term->unicode, info->colors >= 16,
	                                 info->last_cell};
	term->fd = sw_tty_open(&term->blocks, err);
	term->paint = sw_paint_new(&paint);
	if (term->fd < 0)
		return -1;
	if (!term->paint)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot draw a screen");
	if (sw_guard_start(term->fd, leave_bytes, &term->guard, err) < 0 ||
	    open_signals(term, err) < 0 ||
	    sw_loop_watch(term->loop, term->fd, 0, on_ready, term, err) < 0)
		return -1;
	take(term);
	return term->is_gone ? sw_error_set(err, SW_ERR_IO, EIO, "the terminal is gone") : 0;
}

int sw_term_open(struct sw_loop *loop, const struct sw_term_options *options,
                 const struct sw_term_handlers *handlers, struct sw_term **out_term,
                 struct sw_error *err)
{
	struct info info;
	if (read_info(&info, err) < 0)
		return -1;
	struct sw_term *term = calloc(1, sizeof *term);
	if (!term)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "cannot open the terminal");
	term->loop = loop;
	term->handlers = *handlers;
	term->fd = term->signal_fd = -1;
	sigemptyset(&term->was_unblocked);
	if (take_first(term, &info, options, err) < 0) {
		sw_term_close(term);
		return -1;
	}
	*out_term = term;
	return 0;
}

void sw_term_close(struct sw_term *term)
{
	if (!term)
		return;
	if (term->guard)
		(void)sw_guard_give_back(term->guard, LEAVE_PATIENCE_MS);
	sw_guard_end(term->guard);
	sw_loop_disarm(term->loop, &term->escape);
	sw_loop_disarm(term->loop, &term->background);
	sw_loop_cancel(term->loop, &term->later);
	sw_loop_unwatch(term->loop, term->fd);
	sw_loop_unwatch(term->loop, term->signal_fd);
	if (term->fd >= 0)
		close(term->fd);
	if (term->signal_fd >= 0)
		close(term->signal_fd);
	pthread_sigmask(SIG_UNBLOCK, &term->was_unblocked, NULL);
	sw_paint_free(term->paint);
	sw_buf_done(&term->out);
	free(term);
}

/* ---- what it is like ---- */

int sw_term_width(const struct sw_term *term)
{
	return term->width;
}

int sw_term_height(const struct sw_term *term)
{
	return term->height;
}

enum sw_depth sw_term_depth(const struct sw_term *term)
{
	return term->depth;
}

bool sw_term_unicode(const struct sw_term *term)
{
	return term->unicode;
}
