#include <stdio.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/journal.h"
#include "core/report.h"
#include "tui/cli.h"
#include "tui/cmd.h"
#include "tui/paths.h"

static int apply(void *user, const struct sw_event *event)
{
	return sw_session_apply(user, event);
}

static int print(const struct sw_session *session)
{
	char now[32];
	struct sw_buf text = {0};
	struct sw_figures *figures = malloc(sizeof *figures);
	int status = -1;
	sw_paths_now(now);
	if (figures && sw_figures_compute(session, figures) == 0 &&
	    sw_report_markdown(figures, now, &text) == 0)
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
	    sw_journal_read(journal, apply, session, &stats, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		code = SW_EXIT_USAGE;
	} else if (!session->started) {
		fprintf(stderr, "sandwatch: %s is not a session's journal\n", journal);
		code = SW_EXIT_USAGE;
	} else {
		tell_broken(journal, &stats);
		code = print(session) == 0 ? SW_EXIT_DONE : SW_EXIT_FAILED;
	}
	sw_session_free(session);
	return code;
}
