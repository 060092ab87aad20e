#include <stdio.h>

#include "core/buf.h"
#include "core/config.h"
#include "core/error.h"
#include "tui/cmd.h"
#include "tui/setup.h"

int sw_cmd_config(const struct sw_cli *cli)
{
	struct sw_plan plan;
	struct sw_buf text = {0};
	struct sw_error err;
	if (sw_setup_plan(cli, &plan, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		return sw_cli_exit_code(&err);
	}
	int status = sw_config_write(&plan, &text);
	if (status == 0)
		fwrite(text.data, 1, text.len, stdout);
	sw_buf_done(&text);
	sw_plan_done(&plan);
	return status == 0 ? SW_EXIT_DONE : SW_EXIT_FAILED;
}
