#include "tui/cli.h"

#include <errno.h>
#include <stddef.h>

#include "core/buf.h"
#include "core/error.h"
#include "core/plan.h"
#include "core/text.h"

enum flag_type { FLAG_BOOL, FLAG_TEXT, FLAG_NUMBER, FLAG_COUNT /* a number, or auto */ };

struct flag {
	const char *name, *argument, *about;
	enum flag_type type;
	unsigned commands;
	size_t offset;
	int64_t low, high;
};

#define FIELD(member) offsetof(struct sw_cli, member)

static const struct flag flags[] = {
	{"--batch", NULL, "headless: progress on stderr, tables on stdout", FLAG_BOOL,
     SW_FLAGS_RESULTS, FIELD(batch), 0, 0},
	{"--config", "FILE", "lay this file over the defaults", FLAG_TEXT, SW_FLAGS_CONFIG,
     FIELD(config), 0, 0},
	{"--chaos", "FILE", "inject the faults that this file lists", FLAG_TEXT, SW_FLAGS_CONFIG,
     FIELD(chaos), 0, 0},
	{"--iterations", "N|auto", "counted iterations of each mode", FLAG_COUNT, SW_FLAGS_CONFIG,
     FIELD(iterations), 1, SW_ITERATIONS_MAX},
	{"--warmup", "N", "iterations before them that are not counted", FLAG_NUMBER, SW_FLAGS_CONFIG,
     FIELD(warmup), 0, 1000},
	{"--mode", "NAME[,NAME]", "only these of the configured modes", FLAG_TEXT, SW_FLAGS_CONFIG,
     FIELD(modes), 0, 0},
	{"--ablate", "LAYERS", "what each layer costs: network,seccomp,readonly,limits,caps or all",
     FLAG_TEXT, SW_FLAGS_CONFIG, FIELD(ablate), 0, 0},
	{"--order", "ORDER", "interleaved, sequential or random", FLAG_TEXT, SW_FLAGS_CONFIG,
     FIELD(order), 0, 0},
	{"--seed", "N", "of the data, the random order and the intervals", FLAG_NUMBER, SW_FLAGS_CONFIG,
     FIELD(seed), 0, INT64_MAX},
	{"--export", "FILE.json", "write the snapshot here too (- is stdout)", FLAG_TEXT,
     SW_FLAGS_RESULTS, FIELD(export_path), 0, 0},
	{"--report", "FILE.md", "write the study's report", FLAG_TEXT, SW_FLAGS_RESULTS,
     FIELD(report_path), 0, 0},
	{"--resume", "RUN", "go on with a run that was stopped or killed (latest, an id, a folder or its journal)", FLAG_TEXT,
     SW_FLAGS_RUN, FIELD(resume), 0, 0},
	{"--theme", "THEME", "the screen's colours: a theme's name or file", FLAG_TEXT,
     SW_FLAGS_SCREEN, FIELD(theme), 0, 0},
	{"--host", "URL", "the engine: unix:///PATH or tcp://HOST:PORT", FLAG_TEXT, SW_FLAGS_ENGINE,
     FIELD(host), 0, 0},
	{"--containers", "FILTER", "any containers: label=K[=V], name=PART, image=NAME, all", FLAG_TEXT,
     SW_FLAGS_WATCH, FIELD(containers), 0, 0},
	{"--speed", "N", "0.1 to 1000 times as fast as it was, or max", FLAG_TEXT, SW_FLAGS_REPLAY,
     FIELD(speed), 0, 0},
	{"--engine", NULL, "stop the private engine that sandwatch started", FLAG_BOOL, SW_FLAGS_CLEAN,
     FIELD(engine), 0, 0},
	{"--data", NULL, "with --engine: remove its images and data too", FLAG_BOOL, SW_FLAGS_CLEAN,
     FIELD(data), 0, 0},
	{"--quiet", NULL, "no progress and no tables: files and the exit code only", FLAG_BOOL,
     SW_FLAGS_COMMON, FIELD(quiet), 0, 0},
	{"--version", NULL, "the version", FLAG_BOOL, SW_FLAGS_COMMON, FIELD(version), 0, 0},
	{"--help", NULL, "this text", FLAG_BOOL, SW_FLAGS_COMMON, FIELD(help), 0, 0},
};
enum { N_FLAGS = sizeof flags / sizeof flags[0] };

static bool takes(const struct sw_command *command, const struct flag *flag)
{
	return (command->flags | SW_FLAGS_COMMON) & flag->commands;
}

static int unknown_flag(const struct sw_command *command, const char *word, struct sw_error *err)
{
	const char *names[N_FLAGS + 1];
	int n = 0;
	for (int i = 0; i < N_FLAGS; i++)
		if (takes(command, &flags[i]))
			names[n++] = flags[i].name;
	names[n] = NULL;
	char flag[65];
	snprintf(flag, sizeof flag, "%.*s", (int)strcspn(word, "="), word);
	const char *near = sw_text_nearest(flag, names);
	return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' takes no flag '%s'%s%s; see sandwatch --help",
	                    command->name, word, near ? "; did you mean " : "", near ? near : "");
}

static int set_number(const struct flag *flag, const char *text, int64_t *out, struct sw_error *err)
{
	bool is_count = flag->type == FLAG_COUNT;
	char *end;
	if (is_count && strcmp(text, "auto") == 0) {
		*out = SW_CLI_AUTO;
		return 0;
	}
	errno = 0;
	long long value = strtoll(text, &end, 10);
	/* strtoll would take blanks and a plus before it. */
	bool begins = (*text >= '0' && *text <= '9') || *text == '-';
	if (!begins || errno || end == text || *end || value < flag->low || value > flag->high)
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s takes a number from %lld to %lld%s, not '%s'",
		                    flag->name, (long long)flag->low, (long long)flag->high,
		                    is_count ? " or auto" : "", text);
	*out = value;
	return 0;
}

/* A flag of any command. */
static const struct flag *find_flag(const char *word)
{
	size_t len = strcspn(word, "=");
	for (int i = 0; i < N_FLAGS; i++)
		if (strlen(flags[i].name) == len && strncmp(flags[i].name, word, len) == 0)
			return &flags[i];
	return NULL;
}

/* NAME=VALUE and NAME VALUE are the same. Returns how many arguments were used, or -1. */
static int take_flag(struct sw_cli *cli, int left, char **argv, struct sw_error *err)
{
	const struct flag *flag = find_flag(argv[0]);
	if (!flag || !takes(cli->command, flag))
		return unknown_flag(cli->command, argv[0], err);
	const char *equals = strchr(argv[0], '=');
	const char *value = equals ? equals + 1 : NULL;
	void *at = (char *)cli + flag->offset;
	if (flag->type == FLAG_BOOL) {
		if (value)
			return sw_error_set(err, SW_ERR_USAGE, 0, "%s takes no value", flag->name);
		*(bool *)at = true;
		return 1;
	}
	int used = value ? 1 : 2;
	if (!value && (left < 2 || strncmp(argv[1], "--", 2) == 0))
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s needs its value: %s %s", flag->name,
		                    flag->name, flag->argument);
	if (!value)
		value = argv[1];
	if (!*value)
		return sw_error_set(err, SW_ERR_USAGE, 0, "%s has an empty value", flag->name);
	if (flag->type == FLAG_TEXT)
		*(const char **)at = value;
	else if (set_number(flag, value, at, err) < 0)
		return -1;
	return used;
}

static const struct sw_command *find_command(const struct sw_command *commands, const char *name)
{
	for (; commands->name; commands++)
		if (strcmp(commands->name, name) == 0)
			return commands;
	return NULL;
}

static int unknown_command(const struct sw_command *commands, const char *word,
                           struct sw_error *err)
{
	const char *names[16];
	int n = 0;
	for (; commands[n].name && n < 15; n++)
		names[n] = commands[n].name;
	names[n] = NULL;
	const char *near = sw_text_nearest(word, names);
	return sw_error_set(err, SW_ERR_USAGE, 0, "no command '%s'%s%s; see sandwatch --help", word,
	                    near ? "; did you mean " : "", near ? near : "");
}

/* Where the command stands: the first word that is no flag and no flag's value; 0: nowhere. */
static int find_word(int argc, char **argv)
{
	int at = 1;
	while (at < argc && argv[at][0] == '-' && argv[at][1]) {
		const struct flag *flag = find_flag(argv[at]);
		if (!flag && strcmp(argv[at], "-h") != 0)
			return 0; /* it is the one to complain of */
		at += flag && flag->type != FLAG_BOOL && !strchr(argv[at], '=') ? 2 : 1;
	}
	return at < argc ? at : 0;
}

int sw_cli_parse(const struct sw_command *commands, int argc, char **argv, struct sw_cli *out_cli,
                 struct sw_error *err)
{
	struct sw_cli cli = {.command = commands, .iterations = -1, .warmup = -1, .seed = -1};
	int word = find_word(argc, argv);
	if (word) {
		cli.command = find_command(commands, argv[word]);
		if (!cli.command)
			return unknown_command(commands, argv[word], err);
		cli.is_named = true;
	}
	for (int at = 1; at < argc;) {
		if (at == word) {
			at++;
		} else if (strcmp(argv[at], "-h") == 0) {
			cli.help = true;
			at++;
		} else if (argv[at][0] == '-' && argv[at][1]) {
			int used = take_flag(&cli, argc - at, argv + at, err);
			if (used < 0)
				return -1;
			at += used;
		} else if (cli.n_arguments < cli.command->max_arguments) {
			cli.arguments[cli.n_arguments++] = argv[at++];
		} else {
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "'%s' is one word too many for sandwatch %s %s", argv[at],
			                    cli.command->name, cli.command->arguments);
		}
	}
	*out_cli = cli;
	return 0;
}

void sw_cli_help(const struct sw_command *commands, const struct sw_command *command,
                 struct sw_buf *out)
{
	if (command) {
		sw_buf_addf(out, "sandwatch %s%s%s: %s\n\n", command->name, *command->arguments ? " " : "",
		            command->arguments, command->about);
	} else {
		sw_buf_add_str(out,
		               "sandwatch: what does the sandbox cost, where does the time go, does it "
		               "ever fall back?\n\n");
		for (const struct sw_command *c = commands; c->name; c++)
			sw_buf_addf(out, "  sandwatch %-8s %-18s %s\n", c->name, c->arguments, c->about);
		sw_buf_add_str(out, "\nflags of run, the command when none is named (of another: sandwatch "
		                    "COMMAND --help):\n");
		command = commands;
	}
	for (int i = 0; i < N_FLAGS; i++) {
		if (!takes(command, &flags[i]))
			continue;
		char left[40];
		snprintf(left, sizeof left, "%s%s%s", flags[i].name, flags[i].argument ? " " : "",
		         flags[i].argument ? flags[i].argument : "");
		sw_buf_addf(out, "  %-22s %s\n", left, flags[i].about);
	}
	sw_buf_add_str(out, "\nexit codes: 0 done, 2 usage or configuration, 3 no engine and no fallback,\n"
	                    "5 the session could not be carried through, 130 interrupted (partial "
	                    "results are written);\n"
	                    "reserved: 1 a gate failed, 4 inconclusive: not yet used\n");
}

enum sw_exit sw_cli_exit_code(const struct sw_error *err)
{
	if (err->code == SW_ERR_USAGE)
		return SW_EXIT_USAGE;
	if (err->code == SW_ERR_NO_ENGINE)
		return SW_EXIT_NO_ENGINE;
	if (err->code == SW_ERR_INTERRUPTED)
		return SW_EXIT_INTERRUPTED;
	return SW_EXIT_FAILED;
}
