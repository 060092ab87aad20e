#include <stdio.h>

#include "core/error.h"
#include "core/signals.h"
#include "tui/batch.h"
#include "tui/cmd.h"
#include "tui/results.h"
#include "tui/resume.h"
#include "tui/screen_run.h"
#include "tui/steps.h"
#include "tui/term.h"

static int run_batch(struct sw_setup *setup, const struct sw_cli *cli, struct sw_signals *signals)
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

static int run(struct sw_setup *setup, const struct sw_cli *cli, struct sw_signals *signals)
{
	if (cli->batch || cli->quiet || !sw_term_usable())
		return run_batch(setup, cli, signals);
	return sw_screen_run(setup, cli, signals);
}

static void say(void *user, const char *text)
{
	(void)user;
	fprintf(stderr, "sandwatch: %s\n", text);
}

/* Whoever was killed after its last iteration may not have come to writing what came of it. */
static int tell_complete(const struct sw_resume *found, const struct sw_cli *cli)
{
	const struct sw_results results = {
		.run = &found->run,
		.export_path = cli->export_path,
		.report_path = cli->report_path,
		.quiet = cli->quiet,
		.say = say,
	};
	if (!cli->quiet)
		fprintf(stderr, "sandwatch: run %s is complete: nothing is left to run\n", found->run.id);
	if (sw_results_write(&results, found->session, ~0u) < 0)
		return SW_EXIT_FAILED;
	return sw_results_exit_code(found->session);
}

/* From here on the run is named by its journal: "latest" may be another one by then. */
static int resume(struct sw_setup *setup, const struct sw_cli *cli, struct sw_signals *signals)
{
	struct sw_resume found;
	struct sw_cli named = *cli;
	struct sw_error err;
	int code;
	if (sw_resume_open(cli, &found, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		return sw_cli_exit_code(&err);
	}
	setup->resume = &found;
	if (*found.broken && !cli->quiet)
		fprintf(stderr, "sandwatch: %s: %s\n", found.run.journal, found.broken);
	named.resume = found.run.journal;
	code = found.is_complete ? tell_complete(&found, cli) : run(setup, &named, signals);
	sw_resume_done(&found);
	return code;
}

int sw_cmd_run(const struct sw_cli *cli)
{
	struct sw_setup *setup = calloc(1, sizeof *setup);
	struct sw_signals signals = {-1, -1, -1};
	struct sw_error err;
	int code;
	if (!setup)
		return SW_EXIT_FAILED;
	if (sw_signals_open(&signals, &err) < 0 ||
	    sw_results_check(cli->export_path, cli->report_path, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		code = sw_cli_exit_code(&err);
	} else {
		code = cli->resume ? resume(setup, cli, &signals) : run(setup, cli, &signals);
	}
	sw_setup_done(setup);
	sw_signals_close(&signals);
	free(setup);
	return code;
}
