#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "core/signals.h"
#include "tui/batch.h"
#include "tui/cmd.h"
#include "tui/screen_run.h"
#include "tui/steps.h"
#include "tui/term.h"

/* Better now than after an hour of measuring. */
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
static int check_targets(const struct sw_cli *cli, struct sw_error *err)
{
	if (cli->export_path && cli->report_path && strcmp(cli->export_path, cli->report_path) == 0)
		return sw_error_set(err, SW_ERR_USAGE, 0, "--export and --report both write %s: name two",
		                    strcmp(cli->export_path, "-") == 0 ? "stdout" : cli->export_path);
	if (check_target("--export", cli->export_path, err) < 0)
		return -1;
	return check_target("--report", cli->report_path, err);
}

static int run_batch(struct sw_setup *setup, const struct sw_cli *cli,
                     struct sw_signals *signals)
{
	struct sw_step_lines lines;
	struct sw_error err;
	sw_step_lines_init(&lines, cli->quiet);
	struct sw_steps steps = sw_step_lines_steps(&lines);
	steps.signals = signals;
	if (sw_signals_open_continue(signals, &err) < 0 ||
	    sw_setup_session(setup, cli, steps, &err) < 0) {
		sw_step_lines_fail(&lines, &err);
		return sw_cli_exit_code(&err);
	}
	struct sw_batch_options options = {
		.export_path = cli->export_path,
		.report_path = cli->report_path,
		.quiet = cli->quiet,
		.signals = signals,
	};
	return sw_batch_run(setup, &options);
}

int sw_cmd_run(const struct sw_cli *cli)
{
	struct sw_setup *setup = calloc(1, sizeof *setup);
	struct sw_signals signals = {-1, -1, -1};
	struct sw_error err;
	int code;
	if (!setup)
		return SW_EXIT_FAILED;
	if (sw_signals_open(&signals, &err) < 0 || check_targets(cli, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		code = sw_cli_exit_code(&err);
	} else if (cli->batch || cli->quiet || !sw_term_usable()) {
		code = run_batch(setup, cli, &signals);
	} else {
		code = sw_screen_run(setup, cli, &signals);
	}
	sw_setup_done(setup);
	sw_signals_close(&signals);
	free(setup);
	return code;
}
