#include <errno.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/error.h"
#include "tui/cli.h"
#include "tui/cmd.h"

static const struct sw_command commands[] = {
	{"run", "", "run a session (the default command)",
     SW_FLAGS_CONFIG | SW_FLAGS_ENGINE | SW_FLAGS_SCREEN | SW_FLAGS_RESULTS | SW_FLAGS_RUN, 0,
     sw_cmd_run},
	{"watch", "[RUN]", "watch a session that another process runs; or --containers",
     SW_FLAGS_SCREEN | SW_FLAGS_RESULTS | SW_FLAGS_WATCH | SW_FLAGS_ENGINE, 1, sw_cmd_watch},
	{"replay", "RUN", "play a recorded session (latest, an id, a folder or a journal)",
     SW_FLAGS_SCREEN | SW_FLAGS_RESULTS | SW_FLAGS_REPLAY, 1, sw_cmd_replay},
	{"report", "RUN", "the study's report, of a recorded run (latest, an id or a folder)", 0, 1,
     sw_cmd_report},
	{"engine", "", "the engine in use; starts a private one if none answers",
     SW_FLAGS_ENGINE, 0, sw_cmd_engine},
	{"image", "build|list|remove", "the sandbox image", SW_FLAGS_CONFIG | SW_FLAGS_ENGINE, 1,
     sw_cmd_image},
	{"config", "", "print the configuration that is in force", SW_FLAGS_CONFIG, 0, sw_cmd_config},
	{"clean", "", "remove containers that dead sessions left; the private engine",
     SW_FLAGS_CLEAN | SW_FLAGS_ENGINE, 0, sw_cmd_clean},
	{NULL, NULL, NULL, 0, 0, NULL},
};

static int act(const struct sw_cli *cli)
{
	if (cli->version) {
		printf("sandwatch %s%s%s\n", sw_version, *sw_commit ? " " : "", sw_commit);
		return SW_EXIT_DONE;
	}
	if (cli->help) {
		struct sw_buf text = {0};
		sw_cli_help(commands, cli->is_named ? cli->command : NULL, &text);
		fputs(text.data, stdout);
		sw_buf_done(&text);
		return SW_EXIT_DONE;
	}
	return cli->command->run(cli);
}

int main(int argc, char **argv)
{
	struct sw_cli cli;
	struct sw_error err;
	/* Only the characters: numbers keep their point, for JSON and YAML. */
	setlocale(LC_CTYPE, "");
	if (sw_cli_parse(commands, argc, argv, &cli, &err) < 0) {
		fprintf(stderr, "sandwatch: %s\n", err.message);
		return SW_EXIT_USAGE;
	}
	int code = act(&cli);
	/* What was asked for and could not be written is not done. A reader that left is no failure. */
	errno = 0;
	if ((fflush(stdout) == EOF || ferror(stdout)) && errno != EPIPE && code == SW_EXIT_DONE) {
		fprintf(stderr, "sandwatch: cannot write to stdout: %s\n", strerror(errno ? errno : EIO));
		return SW_EXIT_FAILED;
	}
	return code;
}
