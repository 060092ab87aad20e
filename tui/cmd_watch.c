#include <errno.h>
#include <math.h>
#include <stdio.h>

#include "core/error.h"
#include "core/signals.h"
#include "tui/cmd.h"
#include "tui/paths.h"
#include "tui/results.h"
#include "tui/screen_observe.h"
#include "tui/screen_watch.h"
#include "tui/setup.h"

static int fail(const struct sw_error *err)
{
	fprintf(stderr, "sandwatch: %s\n", err->message);
	return sw_cli_exit_code(err);
}

/* What the configuration says of the screen; the rest of it is not ours. */
static int load(const struct sw_cli *cli, struct sw_signals *signals, struct sw_plan *plan,
                struct sw_error *err)
{
	if (sw_setup_plan(cli, plan, err) < 0)
		return -1;
	if (sw_signals_open(signals, err) == 0)
		return 0;
	sw_plan_done(plan);
	return -1;
}

static int find_journal(const char *run, char *dst, size_t size, struct sw_error *err)
{
	struct sw_paths paths;
	if (sw_paths_init(&paths, err) < 0)
		return -1;
	if (sw_paths_find_run(&paths, run, dst, size, err) == 0)
		return 0;
	err->code = SW_ERR_USAGE;
	return -1;
}

static int watch_run(struct sw_watch_options *options, const char *run)
{
	char journal[SW_PATH_MAX];
	struct sw_signals signals = {-1, -1, -1};
	struct sw_plan plan;
	struct sw_error err;
	if (sw_results_check(options->cli->export_path, options->cli->report_path, &err) < 0 ||
	    find_journal(run, journal, sizeof journal, &err) < 0 ||
	    load(options->cli, &signals, &plan, &err) < 0)
		return fail(&err);
	options->journal = journal;
	options->plan = &plan;
	options->signals = &signals;
	int code = sw_screen_watch(options);
	sw_plan_done(&plan);
	sw_signals_close(&signals);
	return code;
}

static int watch_containers(const struct sw_cli *cli)
{
	struct sw_filter filter = {0};
	struct sw_signals signals = {-1, -1, -1};
	struct sw_plan plan;
	struct sw_error err;
	if (cli->n_arguments)
		return fail((sw_error_set(&err, SW_ERR_USAGE, 0,
		                          "watch takes a RUN or --containers FILTER, not both"),
		             &err));
	if (sw_filter_add(&filter, cli->containers, &err) < 0 || load(cli, &signals, &plan, &err) < 0)
		return fail(&err);
	struct sw_observe_options options = {cli, &plan, &filter, &signals};
	int code = sw_screen_observe(&options);
	sw_plan_done(&plan);
	sw_signals_close(&signals);
	return code;
}

int sw_cmd_watch(const struct sw_cli *cli)
{
	struct sw_watch_options options = {.cli = cli};
	if (cli->containers)
		return watch_containers(cli);
	return watch_run(&options, cli->n_arguments ? cli->arguments[0] : "latest");
}

/* "4", "0.5", "max". */
static int parse_speed(const char *text, double *out_speed, struct sw_error *err)
{
	char *end;
	*out_speed = 1;
	if (!text)
		return 0;
	if (strcmp(text, "max") == 0) {
		*out_speed = INFINITY;
		return 0;
	}
	errno = 0;
	double speed = strtod(text, &end);
	bool begins = *text >= '0' && *text <= '9';
	if (!begins || errno || *end || !(speed >= 0.1 && speed <= 1000))
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "--speed takes a number from 0.1 to 1000, or max, not '%.40s'", text);
	*out_speed = speed;
	return 0;
}

int sw_cmd_replay(const struct sw_cli *cli)
{
	struct sw_watch_options options = {.cli = cli, .is_replay = true};
	struct sw_error err;
	if (parse_speed(cli->speed, &options.speed, &err) < 0)
		return fail(&err);
	return watch_run(&options, cli->n_arguments ? cli->arguments[0] : "latest");
}
