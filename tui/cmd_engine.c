#include <stdio.h>

#include "core/error.h"
#include "core/signals.h"
#include "tui/cmd.h"
#include "tui/setup.h"
#include "tui/steps.h"

int sw_cmd_engine(const struct sw_cli *cli)
{
	struct sw_setup *setup = calloc(1, sizeof *setup);
	struct sw_signals signals = {-1, -1, -1};
	struct sw_step_lines lines;
	struct sw_error err;
	uid_t caller;
	int code = SW_EXIT_DONE;
	if (!setup)
		return SW_EXIT_FAILED;
	sw_step_lines_init(&lines, cli->quiet);
	struct sw_steps steps = sw_step_lines_steps(&lines);
	steps.signals = &signals;
	if (sw_signals_open(&signals, &err) < 0 || sw_paths_init_caller(&setup->paths, &caller, &err) < 0 ||
	    sw_setup_engine(setup, cli, true, steps, &err) < 0 ||
	    (setup->engine.is_private && caller != (uid_t)-1 &&
	     sw_engine_grant_private(setup->paths.state, caller, &err) < 0)) {
		sw_step_lines_fail(&lines, &err);
		code = sw_cli_exit_code(&err);
	} else if (!cli->quiet)
		printf("%s%s\n", setup->engine.endpoint.text, setup->engine.is_private ? " (private)" : "");
	sw_signals_close(&signals);
	free(setup);
	return code;
}
