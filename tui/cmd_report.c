#include <stdio.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/journal_load.h"
#include "core/report.h"
#include "tui/cli.h"
#include "tui/cmd.h"
#include "tui/paths.h"

/* A file of the run beside its JOURNAL, into DST; NULL when it is not there. */
static const char *beside(const char *journal, const char *name, char *dst, size_t size)
{
	const char *slash = strrchr(journal, '/');
	int n = snprintf(dst, size, "%.*s%s", slash ? (int)(slash + 1 - journal) : 0, journal, name);
	return n > 0 && (size_t)n < size && access(dst, F_OK) == 0 ? dst : NULL;
}

static int print(const struct sw_session *session, const char *journal)
{
	char now[32], snapshot[SW_PATH_MAX], config[SW_PATH_MAX];
	struct sw_report_files files = {
		.journal = journal,
		.snapshot = beside(journal, "snapshot.json", snapshot, sizeof snapshot),
		.config = beside(journal, "config.yaml", config, sizeof config),
	};
	struct sw_buf text = {0};
	struct sw_figures *figures = malloc(sizeof *figures);
	int status = -1;
	sw_paths_now(now);
	if (figures && sw_figures_compute(session, figures) == 0 &&
	    sw_report_markdown(figures, &files, now, &text) == 0)
		status = fwrite(text.data, 1, text.len, stdout) == text.len ? 0 : -1;
	free(figures);
	sw_buf_done(&text);
	return status;
}

static void tell_broken(const char *journal, const struct sw_journal_stats *stats)
{
	if (stats->broken)
		fprintf(stderr,
		        "sandwatch: %s: %llu broken lines were skipped, the first is line %llu: %s\n",
		        journal, (unsigned long long)stats->broken,
		        (unsigned long long)stats->first_broken_line, stats->first_error);
	if (stats->foreign)
		fprintf(stderr, "sandwatch: %s: %llu of them are events of another version of sandwatch\n",
		        journal, (unsigned long long)stats->foreign);
	if (stats->torn)
		fprintf(stderr,
		        "sandwatch: %s: its last line is torn: the session was killed or still runs\n",
		        journal);
}

int sw_cmd_report(const struct sw_cli *cli)
{
	struct sw_paths paths;
	struct sw_error err;
	struct sw_journal_stats stats;
	char journal[SW_PATH_MAX];
	int code = SW_EXIT_FAILED;
	struct sw_session *session = sw_session_new();
	if (!session)
		return SW_EXIT_FAILED;
	if (sw_paths_init(&paths, &err) < 0 ||
	    sw_paths_find_run(&paths, cli->n_arguments ? cli->arguments[0] : "latest", journal,
	                      sizeof journal, &err) < 0 ||
	    sw_journal_load(journal, session, &stats, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		code = SW_EXIT_USAGE;
	} else if (!session->started) {
		fprintf(stderr, "sandwatch: %s is not a session's journal\n", journal);
		code = SW_EXIT_USAGE;
	} else {
		tell_broken(journal, &stats);
		code = print(session, journal) == 0 ? SW_EXIT_DONE : SW_EXIT_FAILED;
	}
	sw_session_free(session);
	return code;
}
