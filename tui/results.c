#include "tui/results.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "core/figures.h"
#include "core/file.h"
#include "core/report.h"
#include "core/snapshot.h"
#include "core/text.h"
#include "tui/cli.h"
#include "tui/console.h"

static void say(const struct sw_results *results, const char *text)
{
	results->say(results->user, text);
}

static bool is_stdout(const char *path)
{
	return path && strcmp(path, "-") == 0;
}

static int write_text(const struct sw_results *results, const char *path, const struct sw_buf *text)
{
	struct sw_error err;
	if (is_stdout(path)) {
		if (fwrite(text->data, 1, text->len, stdout) == text->len && fflush(stdout) == 0)
			return 0;
		sw_error_set(&err, SW_ERR_IO, errno, "cannot write to stdout");
	} else if (sw_file_write(path, text->data, text->len, &err) == 0) {
		return 0;
	}
	say(results, err.message);
	return -1;
}

static int write_snapshot(const struct sw_results *results, const struct sw_figures *figures,
                          const char *path)
{
	char now[32];
	struct sw_buf text = {0};
	sw_paths_now(now);
	int status = -1;
	if (sw_snapshot_write(figures, now, &text) == 0)
		status = write_text(results, path, &text);
	sw_buf_done(&text);
	return status;
}

static int write_report(const struct sw_results *results, const struct sw_figures *figures)
{
	char now[32];
	struct sw_buf text = {0};
	const struct sw_run_paths *run = results->run;
	struct sw_report_files files = {run->journal,         run->snapshot,        run->config,
	                                results->export_path, results->report_path, SW_WRITER_UNKNOWN};
	sw_paths_now(now);
	int status = -1;
	if (sw_report_markdown(figures, &files, now, &text) == 0)
		status = write_text(results, results->report_path, &text);
	sw_buf_done(&text);
	return status;
}

static void print_summary(const struct sw_results *results, const struct sw_figures *figures)
{
	/* A snapshot or report on stdout is for a program: the tables then go where people read. */
	bool taken = is_stdout(results->export_path) || is_stdout(results->report_path);
	FILE *out = taken ? stderr : stdout;
	struct sw_console console = sw_console_of(fileno(out));
	int width = console.width ? console.width : 100;
	struct sw_buf text = {0};
	if (sw_report_summary(figures, width < 60 ? 60 : width, !console.unicode, &text) == 0)
		fwrite(text.data, 1, text.len, out);
	/* A reader that has seen enough (| head) is no failure; anything else shows in the exit code. */
	if (fflush(out) == EOF && errno == EPIPE)
		clearerr(out);
	sw_buf_done(&text);
}

/* Quiet or not: a sandbox that was not used must not look like one that was. */
static void warn_of_fallbacks(const struct sw_results *results, const struct sw_session *session)
{
	for (int i = 0; i < session->n_modes; i++) {
		const struct sw_mode_state *mode = session->modes[i];
		char text[SW_TEXT_MAX];
		if (!mode->fell_back)
			continue;
		snprintf(text, sizeof text, "%llu of %llu iterations of %s ran on the host instead: %.300s",
		         (unsigned long long)mode->fell_back, (unsigned long long)mode->done,
		         mode->info.name, mode->last_error);
		say(results, text);
	}
}

static void print_folder(const char *dir)
{
	char text[SW_PATH_MAX];
	(void)sw_text_clean(text, sizeof text, dir, strlen(dir));
	fprintf(stderr, "  recorded   %s\n", text);
}

static struct sw_figures *compute(const struct sw_results *results,
                                  const struct sw_session *session)
{
	struct sw_figures *figures = malloc(sizeof *figures);
	if (figures && sw_figures_compute(session, figures) == 0)
		return figures;
	free(figures);
	say(results, "out of memory: no figures");
	return NULL;
}

/* Whether PATH is to be written now. */
static bool is_due(const char *path, unsigned what)
{
	return path && what & (is_stdout(path) ? SW_RESULTS_STDOUT : SW_RESULTS_FILES);
}

int sw_results_write(const struct sw_results *results, const struct sw_session *session,
                     unsigned what)
{
	SW_CLEANUP(free) struct sw_figures *figures = compute(results, session);
	int status = 0;
	bool recorded = true;
	if (!figures)
		return -1;
	if (what & SW_RESULTS_TABLES && !results->quiet)
		print_summary(results, figures);
	else if (what & SW_RESULTS_TABLES)
		warn_of_fallbacks(results, session);
	if (what & SW_RESULTS_FILES && *results->run->snapshot)
		recorded = write_snapshot(results, figures, results->run->snapshot) == 0;
	if (!recorded)
		status = -1;
	if (is_due(results->export_path, what) &&
	    write_snapshot(results, figures, results->export_path) < 0)
		status = -1;
	if (is_due(results->report_path, what) && write_report(results, figures) < 0)
		status = -1;
	if (what & SW_RESULTS_FOLDER && !results->quiet && recorded)
		print_folder(results->run->dir);
	return status;
}

int sw_results_snapshot(const struct sw_results *results, const struct sw_session *session)
{
	SW_CLEANUP(free) struct sw_figures *figures = compute(results, session);
	return figures ? write_snapshot(results, figures, results->run->snapshot) : -1;
}

int sw_results_exit_code(const struct sw_session *session)
{
	uint64_t done = 0, engine = 0;
	for (int i = 0; i < session->n_modes; i++) {
		if (session->modes[i]->info.kind == SW_KIND_HOST)
			continue;
		done += session->modes[i]->done;
		engine += session->modes[i]->outcomes[SW_OUTCOME_ENGINE];
	}
	return done && engine == done ? SW_EXIT_NO_ENGINE : SW_EXIT_DONE;
}

/* ---- before ---- */

static int check_target(const char *flag, const char *path, struct sw_error *err)
{
	char folder[SW_PATH_MAX];
	struct stat st;
	if (!path || strcmp(path, "-") == 0)
		return 0;
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return sw_error_set(err, SW_ERR_USAGE, 0, "%s %s: that is a folder; name a file", flag,
			                    path);
		if (!S_ISREG(st.st_mode))
			return 0;
	}
	const char *slash = strrchr(path, '/');
	if (strlen(slash ? slash + 1 : path) > NAME_MAX)
		return sw_error_set(err, SW_ERR_USAGE, ENAMETOOLONG, "%s %.60s…", flag, path);
	size_t len = slash ? (size_t)(slash - path) + 1 : 0;
	if (len >= sizeof folder)
		return sw_error_set(err, SW_ERR_USAGE, ENAMETOOLONG, "%s %s", flag, path);
	snprintf(folder, sizeof folder, "%.*s", (int)len, path);
	if (access(len ? folder : ".", W_OK | X_OK) < 0)
		return sw_error_set(err, SW_ERR_USAGE, errno, "%s %s: no file can be written there", flag,
		                    path);
	return 0;
}

/* The same place for both would keep one of them. */
int sw_results_check(const char *export_path, const char *report_path, struct sw_error *err)
{
	if (export_path && report_path && strcmp(export_path, report_path) == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "--export and --report both write %s: name two",
		                    is_stdout(export_path) ? "stdout" : export_path);
	if (check_target("--export", export_path, err) < 0)
		return -1;
	return check_target("--report", report_path, err);
}
