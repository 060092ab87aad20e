#include <stdio.h>

#include "core/error.h"
#include "tui/batch.h"
#include "tui/cmd.h"
#include "tui/steps.h"

int sw_cmd_run(const struct sw_cli *cli)
{
	struct sw_setup *setup = calloc(1, sizeof *setup);
	struct sw_step_lines lines;
	struct sw_error err;
	int code;
	if (!setup)
		return SW_EXIT_FAILED;
	sw_step_lines_init(&lines, cli->quiet);
	if (sw_setup_session(setup, cli, sw_step_lines_steps(&lines), &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		code = sw_cli_exit_code(&err);
	} else {
		struct sw_batch_options options = {
			.export_path = cli->export_path,
			.report_path = cli->report_path,
			.quiet = cli->quiet,
		};
		code = sw_batch_run(setup, &options);
	}
	sw_setup_done(setup);
	free(setup);
	return code;
}
