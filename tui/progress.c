#include "tui/progress.h"

#include <unistd.h>

#include "core/buf.h"
#include "core/text.h"

enum { BAR = 20 };
static const int64_t frame_ns = 100000000, log_ns = 10000000000;

void sw_progress_init(struct sw_progress *progress, bool quiet)
{
	*progress = (struct sw_progress){.quiet = quiet, .console = sw_console_of(STDERR_FILENO)};
	if (!progress->console.width)
		progress->console.width = 80;
}

void sw_progress_clear(struct sw_progress *progress)
{
	if (progress->drawn)
		fputs("\r\033[K", stderr);
	progress->drawn = false;
}

/* Modes take unlike times: before each has ended an iteration nothing is known. */
static bool has_met_all_modes(const struct sw_session *session)
{
	for (int i = 0; i < session->n_modes; i++)
		if (!session->modes[i]->done)
			return false;
	return true;
}

static void add_eta(const struct sw_progress *progress, const struct sw_session *session,
                    int64_t now_ns, struct sw_buf *line)
{
	uint64_t done = sw_session_done(session), planned = sw_session_planned(session);
	if (!progress->first_ns || done <= progress->first_done || done == planned ||
	    !has_met_all_modes(session))
		return;
	double each = (double)(now_ns - progress->first_ns) / (double)(done - progress->first_done);
	int64_t left = (int64_t)(each * (double)(planned - done) / 1e9 + 0.5);
	sw_buf_addf(line, "  ETA %lld:%02lld", (long long)(left / 60), (long long)(left % 60));
}

static void add_counts(const struct sw_session *session, struct sw_buf *line)
{
	uint64_t fell_back = 0, failed = 0;
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		fell_back += mode->fell_back;
		failed += mode->done - mode->fell_back - mode->outcomes[SW_OUTCOME_OK];
	}
	if (fell_back)
		sw_buf_addf(line, "  fell back %llu", (unsigned long long)fell_back);
	if (failed)
		sw_buf_addf(line, "  failed %llu", (unsigned long long)failed);
}

static void add_modes(const struct sw_session *session, struct sw_buf *line)
{
	char text[32];
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		if (mode->n_samples)
			sw_buf_addf(line, "  %s %s", mode->info.name,
			            sw_text_duration(text, sizeof text,
			                             sw_histogram_percentile(mode->latency, 50)));
	}
}

static bool in_warmup(const struct sw_session *session)
{
	for (int i = 0; i < session->n_modes; i++)
		if (session->modes[i]->warmup_done < (uint64_t)session->info.warmup)
			return true;
	return false;
}

/* Never wider than the terminal, which may have changed: a line that wraps can't be drawn over. */
static void cut(struct sw_buf *line, const size_t *ends, int n, size_t wide, size_t width)
{
	while (n > 0 && ends[n - 1] - wide >= width)
		n--;
	line->data[n ? ends[n - 1] : 0] = '\0';
}

static void show_bar(struct sw_progress *progress, const struct sw_session *session, int64_t now_ns)
{
	uint64_t done = sw_session_done(session), planned = sw_session_planned(session);
	int filled = planned ? (int)(done * BAR / planned) : 0;
	int width = sw_console_of(STDERR_FILENO).width;
	struct sw_buf line = {0};
	size_t ends[4]; /* where the line may be cut, the least important last */
	if (width)
		progress->console.width = width;
	bool has_bar = progress->console.width >= 2 * BAR;
	sw_buf_add_str(&line, has_bar ? "  " : " ");
	for (int i = 0; has_bar && i < BAR; i++)
		sw_buf_add_str(&line, progress->console.unicode ? i < filled ? "▮" : "▯" : i < filled ? "#" : ".");
	sw_buf_addf(&line, "%s%llu/%llu", has_bar ? " " : "", (unsigned long long)done,
	            (unsigned long long)planned);
	ends[0] = line.len;
	if (!done && in_warmup(session))
		sw_buf_add_str(&line, "  warming up");
	add_eta(progress, session, now_ns, &line);
	ends[1] = line.len;
	add_counts(session, &line);
	ends[2] = line.len;
	add_modes(session, &line);
	ends[3] = line.len;
	/* Bytes are an upper bound of columns. */
	cut(&line, ends, 4, has_bar && progress->console.unicode ? 2 * BAR : 0,
	    (size_t)progress->console.width);
	fprintf(stderr, "\r%s\033[K", line.data);
	progress->drawn = true;
	sw_buf_done(&line);
}

static void show_line(struct sw_progress *progress, const struct sw_session *session,
                      int64_t now_ns)
{
	uint64_t done = sw_session_done(session), planned = sw_session_planned(session);
	struct sw_buf line = {0};
	sw_buf_addf(&line, "  %llu/%llu", (unsigned long long)done, (unsigned long long)planned);
	add_eta(progress, session, now_ns, &line);
	add_counts(session, &line);
	add_modes(session, &line);
	fprintf(stderr, "%s\n", line.data);
	sw_buf_done(&line);
}

void sw_progress_show(struct sw_progress *progress, const struct sw_session *session,
                      int64_t now_ns)
{
	uint64_t done = sw_session_done(session), planned = sw_session_planned(session);
	if (progress->quiet || !planned)
		return;
	if (!progress->first_ns && !in_warmup(session)) {
		progress->first_ns = now_ns;
		progress->first_done = done;
	}
	if (progress->console.is_terminal) {
		if (now_ns - progress->last_ns < frame_ns && done < planned)
			return;
		show_bar(progress, session, now_ns);
		progress->last_ns = now_ns;
		return;
	}
	uint64_t tenth = done * 10 / planned;
	if (tenth == progress->last_tenth && now_ns - progress->last_ns < log_ns)
		return;
	if (progress->last_ns && done)
		show_line(progress, session, now_ns);
	progress->last_tenth = tenth;
	progress->last_ns = now_ns;
}
