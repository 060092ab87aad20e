/* A command line: what is accepted is within its ranges, and means the same as --NAME=VALUE and as
 * --NAME VALUE; the plan that it makes can be written and read back; what is refused is refused in
 * words. */
#include "core/config.h"
#include "tests/fuzz/fuzz.h"
#include "tui/cli.h"
#include "tui/setup.h"

enum { ARGUMENTS_MAX = 64 };

static int nothing(const struct sw_cli *cli)
{
	(void)cli;
	return 0;
}

/* The program's own (main.c), as far as flags and arguments go. */
static const struct sw_command commands[] = {
	{"run", "", "",
     SW_FLAGS_CONFIG | SW_FLAGS_ENGINE | SW_FLAGS_SCREEN | SW_FLAGS_RESULTS | SW_FLAGS_RUN, 0,
     nothing},
	{"watch", "[RUN]", "", SW_FLAGS_SCREEN | SW_FLAGS_RESULTS | SW_FLAGS_WATCH | SW_FLAGS_ENGINE, 1,
     nothing},
	{"replay", "RUN", "", SW_FLAGS_SCREEN | SW_FLAGS_RESULTS | SW_FLAGS_REPLAY, 1, nothing},
	{"report", "RUN", "", 0, 1, nothing},
	{"engine", "", "", SW_FLAGS_ENGINE, 0, nothing},
	{"image", "build|list|remove", "", SW_FLAGS_CONFIG | SW_FLAGS_ENGINE, 1, nothing},
	{"config", "", "", SW_FLAGS_CONFIG, 0, nothing},
	{"clean", "", "", SW_FLAGS_CLEAN | SW_FLAGS_ENGINE, 0, nothing},
	{NULL, NULL, NULL, 0, 0, NULL},
};

/* Each argument is a block of its own. */
struct words {
	char *argv[2 * ARGUMENTS_MAX + 2];
	int argc;
};

static void add_word(struct words *words, const void *text, size_t len)
{
	words->argv[words->argc++] = fuzz_text(text, len);
}

static void free_words(struct words *words)
{
	for (int i = 0; i < words->argc; i++)
		free(words->argv[i]);
}

/* Lines, or what NULs separate: no argument holds either. */
static void read_words(const uint8_t *data, size_t size, struct words *out)
{
	const char *at = (const char *)data, *end = at + size;
	add_word(out, "sandwatch", 9);
	while (at < end && out->argc <= ARGUMENTS_MAX) {
		size_t len = 0;
		while (at + len < end && at[len] != '\n' && at[len] != '\0')
			len++;
		add_word(out, at, len);
		at += len + 1;
	}
}

/* Each text of CLI, for all to be treated alike. */
#define TEXTS(cli)                                                                                \
	{                                                                                             \
		(cli)->config, (cli)->chaos, (cli)->resume, (cli)->modes, (cli)->ablate, (cli)->order,    \
			(cli)->export_path, (cli)->report_path, (cli)->host, (cli)->theme, (cli)->containers, \
			(cli)->speed,                                                                         \
	}

/* TEXT is an argument, or the end of one behind its first `=`. */
static bool is_borrowed(const struct words *words, const char *text)
{
	for (int i = 1; i < words->argc; i++) {
		const char *equals = strchr(words->argv[i], '=');
		if (text == words->argv[i] || (equals && text == equals + 1))
			return true;
	}
	return false;
}

static void check_ranges(const struct words *words, const struct sw_cli *cli)
{
	const char *texts[] = TEXTS(cli);
	unsigned flags = cli->command->flags;
	FUZZ_CHECK(cli->command >= commands && cli->command->name);
	FUZZ_CHECK(cli->is_named || cli->command == commands);
	FUZZ_CHECK(cli->n_arguments >= 0 && cli->n_arguments <= cli->command->max_arguments);
	for (int i = 0; i < cli->n_arguments; i++)
		FUZZ_CHECK(is_borrowed(words, cli->arguments[i]));
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		FUZZ_CHECK(!texts[i] || (*texts[i] && is_borrowed(words, texts[i])));
	FUZZ_CHECK(cli->iterations == -1 || cli->iterations == SW_CLI_AUTO ||
	           (cli->iterations >= 1 && cli->iterations <= SW_ITERATIONS_MAX));
	FUZZ_CHECK(cli->warmup >= -1 && cli->warmup <= 1000 && cli->seed >= -1);
	FUZZ_CHECK(flags & SW_FLAGS_CONFIG ||
	           (!cli->config && !cli->chaos && !cli->modes && !cli->ablate && !cli->order));
	FUZZ_CHECK(flags & SW_FLAGS_CONFIG || (cli->iterations == -1 && cli->warmup == -1));
	FUZZ_CHECK(flags & SW_FLAGS_RUN || !cli->resume);
	FUZZ_CHECK(flags & SW_FLAGS_CLEAN || (!cli->engine && !cli->data));
	FUZZ_CHECK(flags & SW_FLAGS_ENGINE || !cli->host);
	FUZZ_CHECK(flags & SW_FLAGS_WATCH || !cli->containers);
	FUZZ_CHECK(flags & SW_FLAGS_REPLAY || !cli->speed);
	FUZZ_CHECK(flags & SW_FLAGS_RESULTS || (!cli->batch && !cli->export_path && !cli->report_path));
}

static bool same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void check_same(const struct sw_cli *a, const struct sw_cli *b)
{
	const char *texts[] = TEXTS(a), *others[] = TEXTS(b);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		FUZZ_CHECK(same_text(texts[i], others[i]));
	FUZZ_CHECK(a->command == b->command && a->is_named == b->is_named);
	FUZZ_CHECK(a->n_arguments == b->n_arguments);
	for (int i = 0; i < a->n_arguments; i++)
		FUZZ_CHECK(same_text(a->arguments[i], b->arguments[i]));
	FUZZ_CHECK(a->batch == b->batch && a->quiet == b->quiet && a->help == b->help);
	FUZZ_CHECK(a->version == b->version && a->engine == b->engine && a->data == b->data);
	FUZZ_CHECK(a->iterations == b->iterations && a->warmup == b->warmup && a->seed == b->seed);
}

/* WORDS were accepted as CLI: so are they with each --NAME=VALUE in two. A value that looks like a flag
 * can be told from one only by its `=`. */
static void check_split(const struct words *words, const struct sw_cli *cli)
{
	struct words split = {0};
	struct sw_cli again;
	struct sw_error err = {0};
	for (int i = 0; i < words->argc; i++) {
		const char *word = words->argv[i], *equals = strchr(word, '=');
		bool is_split = equals && strncmp(word, "--", 2) == 0 && strncmp(equals + 1, "--", 2) != 0;
		add_word(&split, word, is_split ? (size_t)(equals - word) : strlen(word));
		if (is_split)
			add_word(&split, equals + 1, strlen(equals + 1));
	}
	FUZZ_CHECK(sw_cli_parse(commands, split.argc, split.argv, &again, &err) == 0);
	check_same(cli, &again);
	free_words(&split);
}

/* Files are not opened: an argument might name anything. */
static void check_plan(struct sw_cli cli)
{
	static struct sw_plan plan, back;
	SW_CLEANUP(buf) struct sw_buf out = {0};
	struct sw_error err = {0};
	cli.config = cli.chaos = cli.resume = NULL;
	sw_plan_defaults(&plan);
	if (sw_setup_plan(&cli, &plan, &err) < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.code == SW_ERR_USAGE);
		return;
	}
	FUZZ_CHECK(plan.n_modes > 0 && plan.n_modes <= SW_MODES_MAX);
	FUZZ_CHECK(plan.iterations >= 1 && plan.iterations <= SW_ITERATIONS_MAX);
	FUZZ_CHECK(sw_config_write(&plan, &out) == 0);
	sw_plan_defaults(&back);
	if (sw_config_load_text(&back, "f", out.data, out.len, (struct sw_config_env){0}, &err) < 0 ||
	    sw_config_finish(&back, &err) < 0) {
		fprintf(stderr, "%s\n%s", err.message, out.data);
		abort();
	}
	FUZZ_CHECK(back.n_modes == plan.n_modes && back.iterations == plan.iterations);
	FUZZ_CHECK(back.seed == plan.seed && back.order == plan.order && back.warmup == plan.warmup);
	sw_plan_done(&back);
	sw_plan_done(&plan);
}

/* The machine's own configuration is not asked. */
static void forget_environment(void)
{
	static bool is_done;
	if (!is_done)
		FUZZ_CHECK(setenv("XDG_CONFIG_HOME", "/nonexistent", 1) == 0);
	is_done = true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct words words = {0};
	struct sw_cli cli;
	struct sw_error err = {0};

	forget_environment();
	read_words(data, size, &words);
	if (sw_cli_parse(commands, words.argc, words.argv, &cli, &err) < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(err.code == SW_ERR_USAGE && sw_cli_exit_code(&err) == SW_EXIT_USAGE);
	} else {
		SW_CLEANUP(buf) struct sw_buf help = {0};
		check_ranges(&words, &cli);
		check_split(&words, &cli);
		sw_cli_help(commands, cli.is_named ? cli.command : NULL, &help);
		FUZZ_CHECK(help.len > 0 && !help.overflow);
		check_plan(cli);
	}
	free_words(&words);
	return 0;
}
