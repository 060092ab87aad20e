/* Hides how a command line is read: one table of flags, one of commands.
 * Must not know what a command does. */
#ifndef SW_CLI_H
#define SW_CLI_H

#include <stdbool.h>
#include <stdint.h>

struct sw_error;
struct sw_cli;
struct sw_buf;

/* Exit codes: design.md, "Command line". */
enum sw_exit {
	SW_EXIT_DONE = 0,
	SW_EXIT_GATE = 1,
	SW_EXIT_USAGE = 2,
	SW_EXIT_NO_ENGINE = 3,
	SW_EXIT_INCONCLUSIVE = 4,
	SW_EXIT_FAILED = 5, /* the session could not be carried through: a full disk, an output file */
	SW_EXIT_INTERRUPTED = 130,
};

struct sw_command {
	const char *name, *arguments, *about;
	unsigned flags; /* SW_FLAGS_*: which it takes */
	int max_arguments;
	int (*run)(const struct sw_cli *cli);
};

enum {
	SW_FLAGS_COMMON = 1, /* every command */
	SW_FLAGS_CLEAN = 4,
	SW_FLAGS_CONFIG = 8,  /* what reads a configuration */
	SW_FLAGS_ENGINE = 16, /* what asks an engine */
	SW_FLAGS_SCREEN = 32, /* what opens the screen */
	SW_FLAGS_RESULTS = 64, /* what ends with results: --batch, --export, --report */
	SW_FLAGS_WATCH = 128,
	SW_FLAGS_REPLAY = 256,
	SW_FLAGS_RUN = 512, /* of run alone */
};

enum { SW_CLI_AUTO = -2 }; /* --iterations auto */

/* What was asked for; strings are borrowed from argv. NULL or -1: not given. */
struct sw_cli {
	const struct sw_command *command;
	bool is_named; /* rather than the default one */
	const char *arguments[4];
	int n_arguments;
	bool batch, quiet, help, version, engine, data;
	const char *containers, *speed;
	const char *chaos, *resume;
	const char *config, *export_path, *report_path, *host, *modes, *ablate, *order, *theme;
	int64_t iterations, warmup, seed;
};

/* COMMANDS ends with a NULL name; its first is the default. Flags may stand before the command, too.
 * SW_ERR_USAGE says what was wrong and what is near it. */
int sw_cli_parse(const struct sw_command *commands, int argc, char **argv, struct sw_cli *out_cli,
                 struct sw_error *err);

/* The help text, made from both tables; of one command when COMMAND is not NULL. */
void sw_cli_help(const struct sw_command *commands, const struct sw_command *command,
                 struct sw_buf *out);

/* The exit code that an error's kind stands for. */
enum sw_exit sw_cli_exit_code(const struct sw_error *err);

extern const char sw_version[], sw_commit[];

#endif
