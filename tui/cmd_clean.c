#include <stdio.h>

#include "core/error.h"
#include "core/orphans.h"
#include "docker/image_away.h"
#include "docker/reaper.h"
#include "tui/cmd.h"
#include "tui/setup.h"
#include "tui/steps.h"

static int fail(const struct sw_error *err)
{
	fprintf(stderr, "sandwatch: %s\n", err->message);
	return sw_cli_exit_code(err);
}

static int fail_usage(struct sw_error *err)
{
	sw_error_set(err, SW_ERR_USAGE, 0,
	             "--data removes the private engine's data: use it with --engine");
	return fail(err);
}

/* The engine of who called sudo, or root's own. */
static int stop_engine(const struct sw_cli *cli)
{
	struct sw_paths paths, own;
	struct sw_error err;
	uid_t caller;
	bool was_running = false;
	if (sw_paths_init_caller(&paths, &caller, &err) < 0 ||
	    sw_engine_stop_private(paths.state, cli->data, &was_running, &err) < 0)
		return fail(&err);
	if (!was_running && caller != (uid_t)-1 && sw_paths_init(&own, NULL) == 0 &&
	    sw_engine_stop_private(own.state, cli->data, &was_running, &err) < 0)
		return fail(&err);
	if (!cli->quiet)
		printf("the private engine %s%s\n", was_running ? "is stopped" : "was not running",
		       cli->data ? ", its images and data are removed" : "");
	return SW_EXIT_DONE;
}

/* Without an engine that answers: nothing is left only where none is that could hold containers. */
static int clean_nothing(const struct sw_cli *cli, const struct sw_setup *setup)
{
	struct sw_endpoint endpoint;
	struct sw_error err;
	bool exists;
	if (sw_engine_private_endpoint(setup->paths.state, &endpoint, &err) < 0 ||
	    sw_engine_private_exists(setup->paths.state, &exists, &err) < 0)
		return fail(&err);
	if (exists) {
		sw_error_set(&err, SW_ERR_NO_ENGINE, 0,
		             "the private engine does not answer, so what it holds cannot be cleaned: "
		             "`sandwatch clean --engine` stops it with all that runs in it, and --data there "
		             "removes what it holds (%s)", endpoint.text);
		return fail(&err);
	}
	if (!cli->quiet)
		printf("no engine answers: there is nothing to clean\n");
	return SW_EXIT_DONE;
}

/* Nobody else's engine is ever robbed of an image. What cannot be given back is left to the next session. */
static void give_images_back(const struct sw_cli *cli, const struct sw_engine *engine)
{
	int given = 0;
	if (engine->is_private && sw_image_away_mend(engine, &given, NULL) == 0 && given > 0 && !cli->quiet)
		printf("%d image%s given back that a chaos session had taken away\n", given,
		       given == 1 ? "" : "s");
}

static int clean_containers(const struct sw_cli *cli, struct sw_setup *setup)
{
	struct sw_step_lines lines;
	struct sw_reaped reaped;
	struct sw_error err;
	sw_step_lines_init(&lines, cli->quiet);
	sw_image_tidy(setup->paths.state);
	int processes = sw_orphans_kill_of_dead();
	if (processes > 0 && !cli->quiet)
		printf("%d left process%s ended\n", processes, processes == 1 ? "" : "es");
	if (sw_setup_engine(setup, cli, false, sw_step_lines_steps(&lines), &err) < 0) {
		/* An engine that was named may hold containers, whether it answers now or not. */
		const char *docker_host = getenv("DOCKER_HOST");
		bool named = cli->host || (docker_host && *docker_host);
		if (err.code != SW_ERR_NO_ENGINE || named)
			return fail(&err);
		return clean_nothing(cli, setup);
	}
	if (sw_reaper_clean(&setup->engine, NULL, 0, &reaped, &err) < 0)
		return fail(&err);
	if (!cli->quiet)
		printf("%d left containers removed, %d of running sessions, %d of other PID namespaces and %d of "
		       "other hosts kept\n", reaped.removed, reaped.living, reaped.elsewhere, reaped.foreign);
	int images = 0;
	give_images_back(cli, &setup->engine);
	if (!reaped.failed && sw_reaper_clean_images(&setup->engine, &images, &err) < 0)
		return fail(&err);
	if (images > 0 && !cli->quiet)
		printf("%d left image%s removed\n", images, images == 1 ? "" : "s");
	if (!reaped.failed)
		return SW_EXIT_DONE;
	sw_error_wrap(&reaped.why, "%d left containers are still there", reaped.failed);
	fail(&reaped.why);
	return reaped.why.code == SW_ERR_NO_ENGINE ? SW_EXIT_NO_ENGINE : SW_EXIT_FAILED;
}

int sw_cmd_clean(const struct sw_cli *cli)
{
	struct sw_setup *setup = calloc(1, sizeof *setup);
	struct sw_error err;
	int code;
	if (!setup)
		return SW_EXIT_FAILED;
	if (cli->data && !cli->engine)
		code = fail_usage(&err);
	else if (cli->engine)
		code = stop_engine(cli);
	else if (sw_paths_init(&setup->paths, &err) < 0)
		code = fail(&err);
	else
		code = clean_containers(cli, setup);
	free(setup);
	return code;
}
