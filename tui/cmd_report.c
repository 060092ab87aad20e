#include <stdio.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/journal.h"
#include "core/journal_load.h"
#include "core/report.h"
#include "tui/cli.h"
#include "tui/cmd.h"
#include "tui/paths.h"

struct run {
	struct sw_session *session;
	struct sw_journal_stats stats;
	enum sw_journal_writer writer;
	char journal[SW_PATH_MAX];
};

/* A file of the run beside its JOURNAL, into DST; NULL when it is not there. */
static const char *beside(const char *journal, const char *name, char *dst, size_t size)
{
	const char *slash = strrchr(journal, '/');
	int n = snprintf(dst, size, "%.*s%s", slash ? (int)(slash + 1 - journal) : 0, journal, name);
	return n > 0 && (size_t)n < size && access(dst, F_OK) == 0 ? dst : NULL;
}

static enum sw_journal_writer writer_of(const char *journal)
{
	bool written;
	if (sw_journal_is_written(journal, &written, NULL) < 0)
		return SW_WRITER_UNKNOWN;
	return written ? SW_WRITER_ALIVE : SW_WRITER_DEAD;
}

static int print(const struct run *run)
{
	char now[32], snapshot[SW_PATH_MAX], config[SW_PATH_MAX];
	struct sw_report_files files = {
		.journal = run->journal,
		.snapshot = beside(run->journal, "snapshot.json", snapshot, sizeof snapshot),
		.config = beside(run->journal, "config.yaml", config, sizeof config),
		.writer = run->writer,
	};
	struct sw_buf text = {0};
	struct sw_figures *figures = malloc(sizeof *figures);
	int status = -1;
	sw_paths_now(now);
	if (figures && sw_figures_compute(run->session, figures) == 0 &&
	    sw_report_markdown(figures, &files, now, &text) == 0)
		status = fwrite(text.data, 1, text.len, stdout) == text.len ? 0 : -1;
	free(figures);
	sw_buf_done(&text);
	return status;
}

static void tell_broken(const struct run *run)
{
	char text[2 * SW_TEXT_MAX];
	if (sw_journal_say_broken(&run->stats, text, sizeof text))
		fprintf(stderr, "sandwatch: %s: %s\n", run->journal, text);
	if (run->stats.torn)
		fprintf(stderr, "sandwatch: %s: its last line is torn%s\n", run->journal,
		        run->writer == SW_WRITER_ALIVE  ? ": it is being written"
		        : run->writer == SW_WRITER_DEAD ? ": its writer died"
		                                        : "");
}

/* A session that has not ended says so in its report; who sees only the exit code and the file is
 * told here, too. */
static void tell_unfinished(const struct run *run)
{
	if (run->writer == SW_WRITER_ALIVE)
		fprintf(stderr, "sandwatch: %s: still running: the figures are those so far\n",
		        run->journal);
	else if (run->writer == SW_WRITER_DEAD)
		fprintf(
			stderr,
			"sandwatch: %s: its writer died before the session's end (`sandwatch clean` removes "
			"what it left)\n",
			run->journal);
}

/* Its writer is asked for before the reading: one that ends the journal in between is then in no
 * danger of being called dead. */
static int read_run(const struct sw_cli *cli, const struct sw_paths *paths, struct run *run,
                    struct sw_error *err)
{
	if (sw_paths_find_run(paths, cli->n_arguments ? cli->arguments[0] : "latest", run->journal,
	                      sizeof run->journal, err) < 0)
		return -1;
	run->writer = writer_of(run->journal);
	return sw_journal_load(run->journal, run->session, &run->stats, err);
}

int sw_cmd_report(const struct sw_cli *cli)
{
	struct sw_paths paths;
	struct sw_error err;
	struct run run = {.session = sw_session_new()};
	int code = SW_EXIT_FAILED;
	if (!run.session)
		return SW_EXIT_FAILED;
	if (sw_paths_init(&paths, &err) < 0 || read_run(cli, &paths, &run, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		code = SW_EXIT_USAGE;
	} else if (!run.session->started) {
		fprintf(stderr, "sandwatch: %s is not a session's journal\n", run.journal);
		code = SW_EXIT_USAGE;
	} else {
		tell_broken(&run);
		if (run.session->state == SW_STATE_RUNNING)
			tell_unfinished(&run);
		code = print(&run) == 0 ? SW_EXIT_DONE : SW_EXIT_FAILED;
	}
	sw_session_free(run.session);
	return code;
}
