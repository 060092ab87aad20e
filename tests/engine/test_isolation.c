/* The isolation ledger: what two iterations of each kind share, and which attacks of one the next one does
 * not notice, seen on a real engine. What is seen must be what core/isolation_table.inc says;
 * SW_ISOLATION=update writes that table and docs/isolation.md instead (from the root of the tree).
 *
 * The attacks are tests/engine/attacks/ for kinds in containers; what would harm this machine or its tests
 * from the host has a weaker twin there, host_*.py. Needs sandwatch/python:latest on the engine. */
#include <dirent.h>
#include <linux/capability.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <time.h>

#include "tests/engine/fixture.h"

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/event.h"
#include "core/file.h"
#include "core/host_runner.h"
#include "core/isolation.h"
#include "core/plan.h"
#include "docker/cold.h"
#include "docker/container_runner.h"
#include "docker/exec.h"
#include "docker/image.h"
#include "docker/prepared.h"
#include "docker/warm.h"

#define SESSION "isolation-test"
#define LEFT "sw-attack" /* the name of processes that attacks leave behind, in their sources */
#define TABLE "core/isolation_table.inc"
#define PAGE "docs/isolation.md"
#define MIB (INT64_C(1) << 20)
#define TRADE "report = sim(data.close > data.close.shift(1))\n"

#define LIMIT_NS (60 * FX_SECOND) /* of an iteration that ends by itself, on a busy machine */
#define HOST_LIMIT_NS (4 * FX_SECOND) /* on the host nothing is imported within the limit */

enum { LINES = 6 };

/* ---- the kinds ---- */

static const struct {
	enum sw_kind kind;
	bool preforked;
	const char *symbol, *text;
} kinds[LINES] = {
	{SW_KIND_HOST, false, "SW_KIND_HOST", "host"},
	{SW_KIND_HOST, true, "SW_KIND_HOST", "host, preforked"},
	{SW_KIND_COLD, false, "SW_KIND_COLD", "cold"},
	{SW_KIND_PREPARED, false, "SW_KIND_PREPARED", "prepared"},
	{SW_KIND_EXEC, false, "SW_KIND_EXEC", "exec"},
	{SW_KIND_WARM, false, "SW_KIND_WARM", "warm"},
};

static struct fx fx;
static char left_name[16]; /* LEFT of this run alone: others may test on the same machine */

static void fx_image(void *user, const struct sw_api_image *found, const struct sw_error *error)
{
	(void)found;
	fx_done(user, error);
}

static struct sw_image image;
static char **host_argv, **host_env;
static struct sw_plan plan;

/* A runner and the last that came of it. */
static struct {
	struct sw_mode_plan mode;
	struct sw_task task;
	struct sw_runner *runner;
	struct sw_attempt_result result;
	bool done, ready;
	int64_t next;
	char clean[SW_DIGEST_MAX]; /* what an iteration that follows no attack comes to */
	int64_t clean_ns;          /* and how long it takes, settling included */
} it;

static void ignore(void *user, struct sw_event *event)
{
	(void)user;
	(void)event;
}

static void on_ready(void *user, const char *error)
{
	(void)user;
	if (error)
		print_message("  note: %s\n", error);
	it.ready = true;
}

static void on_done(void *user, const struct sw_attempt_result *result)
{
	(void)user;
	it.result = *result;
	it.done = true;
}

static void wait_ready(void (*op)(struct sw_runner *, sw_runner_ready_fn, void *), const char *what)
{
	if (!op)
		return;
	it.ready = false;
	op(it.runner, on_ready, NULL);
	fx_until(&fx, &it.ready, 120, what);
}

static int make_container(enum sw_kind kind, struct sw_error *err)
{
	struct sw_container_options options = {
		.loop = fx.loop, .endpoint = fx.engine.endpoint, .api_version = fx.engine.api_version,
		.mode = &it.mode, .task = &it.task, .session_id = SESSION, .origin_ns = sw_clock_ns(),
		.shim = SW_SHIM_BAKED, .image_argv = (const char *const *)image.argv,
		.is_podman = strcmp(fx.engine.info.name, "podman") == 0, .sink = {ignore, NULL},
	};
	switch ((int)kind) {
	case SW_KIND_COLD:
		return sw_cold_new(&options, &it.runner, err);
	case SW_KIND_PREPARED:
		return sw_prepared_new(&options, &it.runner, err);
	case SW_KIND_EXEC:
		return sw_exec_new(&options, &it.runner, err);
	default:
		return sw_warm_new(&options, &it.runner, err);
	}
}

static void open_kind(int line)
{
	struct sw_error err;
	struct sw_host_options options = {
		.loop = fx.loop, .task = &it.task, .timeout_ns = HOST_LIMIT_NS,
		.worker_argv = host_argv, .worker_env = host_env, .path_list = getenv("PATH"),
		.preforked = kinds[line].preforked, .memory_bytes = 512 * MIB, .sink = {ignore, NULL},
	};
	it.mode = plan.modes[1];
	it.mode.kind = kinds[line].kind;
	it.mode.parallel = it.mode.pool = 1;
	it.mode.sandbox.timeout_ns = LIMIT_NS;
	it.mode.sandbox.memory_bytes = 512 * MIB;
	it.mode.sandbox.cpu_milli = 0;
	it.next = 0;
	int status = kinds[line].kind == SW_KIND_HOST ? sw_host_new(&options, &it.runner, &err)
	                                              : make_container(kinds[line].kind, &err);
	if (status < 0)
		fail_msg("%s: %s", kinds[line].text, err.message);
	wait_ready(it.runner->ops->prepare, "prepare");
}

static void close_kind(void)
{
	wait_ready(it.runner->ops->finish, "finish");
	it.runner->ops->free(it.runner);
	it.runner = NULL;
}

/* One iteration of SOURCE, and all that it leaves behind. */
static const struct sw_attempt_result *run(const char *source)
{
	struct sw_attempt attempt = {.iteration = ++it.next, .number = 1};
	it.task.strategy = source;
	it.task.strategy_len = strlen(source);
	(void)snprintf(attempt.token, sizeof attempt.token, "%032llx",
	               0x1501a7e00000ULL + (unsigned long long)sw_clock_ns());
	it.done = false;
	it.runner->ops->start(it.runner, &attempt, on_done, NULL);
	fx_until(&fx, &it.done, 120, "an attempt's end");
	wait_ready(it.runner->ops->settle, "settle");
	return &it.result;
}

/* ---- what two iterations share ---- */

/* An exception's text is the way out for what an iteration saw. AT_RANDOM (25) are the bytes that the kernel
 * gives a program when it is started: forks have them in common. */
static const char probe[] =
	"import ctypes, os\n"
	"libc = ctypes.CDLL(None)\n"
	"libc.getauxval.restype = ctypes.c_ulong\n"
	"start = ctypes.string_at(libc.getauxval(25), 16).hex()\n"
	"def line(path):\n"
	"    with open(path) as file:\n"
	"        return file.read()\n"
	"kernel = line('/proc/sys/kernel/random/boot_id').strip()\n"
	"init = line('/proc/1/stat').rpartition(')')[2].split()[19]\n"
	"mark = '/tmp/sandwatch-isolation'\n"
	"seen = os.path.exists(mark), hasattr(np, 'sandwatch_mark')\n"
	"np.sandwatch_mark = True\n"
	"try:\n"
	"    open(mark, 'w').close()\n"
	"except OSError:\n"
	"    pass\n"
	"raise RuntimeError(f'kernel={kernel} init={init} start={start} file={seen[0]} "
	"memory={seen[1]};')\n";

/* NAME=VALUE of what a probe said. */
static void said(const char *name, char dst[64])
{
	char key[32];
	(void)snprintf(key, sizeof key, "%s=", name);
	const char *at = strstr(it.result.error, key);
	if (!at)
		fail_msg("the probe does not say %s: %s", name, it.result.error);
	at += strlen(key);
	(void)snprintf(dst, 64, "%.*s", (int)strcspn(at, " ;"), at);
}

static enum sw_finding is_equal(const char *a, const char *b)
{
	return strcmp(a, b) == 0 ? SW_FINDING_YES : SW_FINDING_NO;
}

static void find_bonds(int line, struct sw_isolation *out)
{
	static const char *const names[] = {"init", "start"};
	char first[2][64], second[64];
	open_kind(line);
	(void)unlink("/tmp/sandwatch-isolation");
	run(probe);
	for (int i = 0; i < 2; i++)
		said(names[i], first[i]);
	run(probe);
	(void)unlink("/tmp/sandwatch-isolation");
	SW_CLEANUP(buf) struct sw_buf here = {0};
	struct sw_error err;
	assert_int_equal(sw_file_read("/proc/sys/kernel/random/boot_id", 64, &here, &err), 0);
	said("kernel", second);
	out->shares[SW_BOND_KERNEL] =
		strncmp(here.data, second, strlen(second)) == 0 ? SW_FINDING_YES : SW_FINDING_NO;
	said("init", second);
	out->shares[SW_BOND_PROCESSES] = is_equal(first[0], second);
	said("start", second);
	out->shares[SW_BOND_INTERPRETER] = is_equal(first[1], second);
	said("file", second);
	out->shares[SW_BOND_FILESYSTEM] = is_equal(second, "True");
	said("memory", second);
	out->shares[SW_BOND_MEMORY] = is_equal(second, "True");
	close_kind();
}

/* ---- attacks ---- */

/* Each attack's programs, for containers and for the host: withstood when all of them are. */
static const struct {
	const char *contained[2], *on_host[2];
} attacks[SW_ATTACK_COUNT] = {
	[SW_ATTACK_LOOP] = {{"loop"}, {"loop"}},
	[SW_ATTACK_MEMORY] = {{"memory"}, {"host_memory"}},
	[SW_ATTACK_FORKS] = {{"leave", "daemon"}, {"leave"}},
	[SW_ATTACK_PARENT] = {{"parent"}, {"host_parent"}},
	[SW_ATTACK_DESCRIPTORS] = {{"flood", "close"}, {"flood", "close"}},
	[SW_ATTACK_PATCH] = {{"patch", "patch_quiet"}, {"patch", "patch_quiet"}},
	[SW_ATTACK_DATA] = {{"mutate"}, {"mutate"}},
};

static void load(const char *name, struct sw_buf *out)
{
	char path[256];
	struct sw_error err;
	(void)snprintf(path, sizeof path, "tests/engine/attacks/%s.py", name);
	if (sw_file_read(path, 1 << 20, out, &err) < 0)
		fail_msg("%s", err.message);
	assert_int_equal(sw_buf_add(out, "\0", 1), 0);
	for (char *at = out->data; (at = strstr(at, LEFT));)
		memcpy(at, left_name, strlen(LEFT));
}

/* Whether the next iterations are as if nothing had been before them; the second one, because what served
 * the first may have been ready before the attack, in kinds that have something ready. */
static bool is_unharmed(int line)
{
	char look[640];
	(void)snprintf(look, sizeof look,
	               "import os\n"
	               "left = []\n"
	               "for pid in filter(str.isdigit, os.listdir('/proc')):\n"
	               "    try:\n"
	               "        with open(f'/proc/{pid}/stat') as file:\n"
	               "            name, _, rest = file.read().partition('(')[2].rpartition(')')\n"
	               "            if name.startswith('%s') and rest.split()[0] != 'Z':\n"
	               "                left.append(pid)\n"
	               "    except OSError:\n"
	               "        pass\n"
	               "if left:\n"
	               "    raise RuntimeError(f'left: {left}')\n" TRADE, left_name);
	bool is_ready_ahead = kinds[line].kind != SW_KIND_COLD && kinds[line].kind != SW_KIND_EXEC;
	for (int i = 0; i < (is_ready_ahead ? 2 : 1); i++) {
		run(look);
		if (it.result.outcome != SW_OUTCOME_OK || strcmp(it.result.digest, it.clean) != 0) {
			print_message("  next: %s %s\n", sw_word(&sw_words_outcome, (int)it.result.outcome),
			              it.result.error);
			return false;
		}
	}
	return true;
}

/* What an attack left on this machine: nobody else ends it. */
static void end_leftovers(void)
{
	DIR *proc = opendir("/proc");
	assert_non_null(proc);
	for (const struct dirent *entry; (entry = readdir(proc));) {
		char path[300], name[32] = "";
		(void)snprintf(path, sizeof path, "/proc/%s/comm", entry->d_name);
		FILE *file = entry->d_name[0] >= '1' && entry->d_name[0] <= '9' ? fopen(path, "re") : NULL;
		if (!file)
			continue;
		if (fgets(name, sizeof name, file) && strncmp(name, left_name, strlen(left_name)) == 0)
			(void)kill((pid_t)strtol(entry->d_name, NULL, 10), SIGKILL);
		(void)fclose(file);
	}
	(void)closedir(proc);
}

static void open_clean(int line)
{
	open_kind(line);
	int64_t begin_ns = sw_clock_ns();
	run(TRADE);
	it.clean_ns = sw_clock_ns() - begin_ns;
	if (it.result.outcome != SW_OUTCOME_OK)
		fail_msg("%s does not work: %s", kinds[line].text, it.result.error);
	memcpy(it.clean, it.result.digest, sizeof it.clean);
}

/* Of an attack that ends only when it is ended: long enough that it surely has begun. */
static int64_t endless_limit_ns(void)
{
	return FX_SECOND + 2 * it.clean_ns;
}

static bool withstands(int line, const char *name)
{
	SW_CLEANUP(buf) struct sw_buf source = {0};
	bool endless = strcmp(name, "loop") == 0 || strcmp(name, "flood") == 0;
	int64_t begin_ns = sw_clock_ns();
	load(name, &source);
	if (!it.runner)
		open_clean(line);
	it.mode.sandbox.timeout_ns = endless ? endless_limit_ns() : LIMIT_NS;
	run(source.data);
	it.mode.sandbox.timeout_ns = LIMIT_NS;
	print_message("%s, %s: %s %s\n", kinds[line].text, name,
	              sw_word(&sw_words_outcome, (int)it.result.outcome), it.result.error);
	if (endless)
		assert_int_not_equal(it.result.outcome, SW_OUTCOME_OK);
	/* "harmed": the attack says itself what it could do. */
	bool harmed = strstr(it.result.error, "harmed") != NULL;
	bool holds = is_unharmed(line) && !harmed;
	/* What withstood it serves the next attack, too. */
	if (!holds)
		close_kind();
	end_leftovers();
	print_message("  %s, %.1f s\n", holds ? "withstood" : "not withstood",
	              (double)(sw_clock_ns() - begin_ns) / 1e9);
	return holds;
}

static void find_attacks(int line, struct sw_isolation *out)
{
	for (int attack = 0; attack < SW_ATTACK_COUNT; attack++) {
		const char *const *programs = kinds[line].kind == SW_KIND_HOST ? attacks[attack].on_host
		                                                              : attacks[attack].contained;
		out->withstands[attack] = SW_FINDING_YES;
		for (int i = 0; i < 2 && programs[i]; i++)
			if (!withstands(line, programs[i]))
				out->withstands[attack] = SW_FINDING_NO;
	}
	if (it.runner)
		close_kind();
}

/* ---- the table ---- */

static const char *finding_symbol(enum sw_finding finding)
{
	static const char *const symbols[] = {"SW_FINDING_UNKNOWN", "SW_FINDING_NO", "SW_FINDING_YES"};
	return symbols[finding];
}

static void write_file(const char *path, const struct sw_buf *text)
{
	struct sw_error err;
	if (sw_file_write(path, text->data, text->len, &err) < 0)
		fail_msg("%s", err.message);
}

static void describe_machine(char *dst, size_t size)
{
	struct utsname name;
	char day[16];
	time_t now = time(NULL);
	struct tm utc;
	assert_int_equal(uname(&name), 0);
	assert_true(strftime(day, sizeof day, "%Y-%m-%d", gmtime_r(&now, &utc)) > 0);
	(void)snprintf(dst, size, "%s %s, %s, Linux %.*s, %s", fx.engine.info.name,
	               fx.engine.info.version, fx.engine.info.runtime, (int)strcspn(name.release, "-"),
	               name.release, day);
}

static void write_table(const struct sw_isolation *found, const char *machine)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	sw_buf_addf(&text, "/* Written by tests/engine/test_isolation.c: make isolation. Do not edit. */\n"
	                   "static const char source[] = \"%s\";\n"
	                   "static const struct sw_isolation lines[] = {\n", machine);
	for (int i = 0; i < LINES; i++) {
		sw_buf_addf(&text, "\t{%s, %s,\n\t {", kinds[i].symbol, kinds[i].preforked ? "true" : "false");
		for (int k = 0; k < SW_BOND_COUNT; k++)
			sw_buf_addf(&text, "%s%s", k ? ", " : "", finding_symbol(found[i].shares[k]));
		sw_buf_addf(&text, "},\n\t {");
		for (int k = 0; k < SW_ATTACK_COUNT; k++)
			sw_buf_addf(&text, "%s%s", k ? ", " : "", finding_symbol(found[i].withstands[k]));
		sw_buf_addf(&text, "}},\n");
	}
	sw_buf_addf(&text, "};\n");
	write_file(TABLE, &text);
}

static void add_row(struct sw_buf *text, const char *name, const char *const cells[LINES])
{
	sw_buf_addf(text, "| %s |", name);
	for (int i = 0; i < LINES; i++)
		sw_buf_addf(text, " %s |", cells[i]);
	sw_buf_addf(text, "\n");
}

static void add_head(struct sw_buf *text, const char *what)
{
	const char *cells[LINES];
	for (int i = 0; i < LINES; i++)
		cells[i] = kinds[i].text;
	add_row(text, what, cells);
	for (int i = 0; i < LINES; i++)
		cells[i] = "---";
	add_row(text, "---", cells);
}

static void write_page(const struct sw_isolation *found, const char *machine)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	const char *cells[LINES];
	sw_buf_addf(&text,
	            "# The isolation ledger\n\n"
	            "What two iterations of one kind of mode share, and which attacks of one iteration the "
	            "ones after it\ndo not notice. Written by `make isolation`, which runs "
	            "`tests/engine/test_isolation.c` on a real engine;\n`make test` runs it, too, and fails "
	            "when what it sees is not what stands here.\n\nIt tells of iterations and of those that "
	            "come after them. What code may do to the machine it runs on\nis the sandbox's matter: "
	            "the host kinds have none.\n\nSeen on: %s.\n\n## Shared between two "
	            "iterations\n\n", machine);
	add_head(&text, "shared");
	for (int bond = 0; bond < SW_BOND_COUNT; bond++) {
		for (int i = 0; i < LINES; i++)
			cells[i] = sw_word(&sw_words_finding, (int)found[i].shares[bond]);
		add_row(&text, sw_word(&sw_words_bond, bond), cells);
	}
	sw_buf_addf(&text, "\n");
	for (int bond = 0; bond < SW_BOND_COUNT; bond++)
		sw_buf_addf(&text, "- **%s**: %s\n", sw_word(&sw_words_bond, bond),
		            sw_bond_about((enum sw_bond)bond));
	sw_buf_addf(&text, "\n## Attacks withstood\n\n");
	add_head(&text, "attack");
	for (int attack = 0; attack < SW_ATTACK_COUNT; attack++) {
		for (int i = 0; i < LINES; i++)
			cells[i] = sw_word(&sw_words_finding, (int)found[i].withstands[attack]);
		add_row(&text, sw_word(&sw_words_attack, attack), cells);
	}
	sw_buf_addf(&text, "\n");
	for (int attack = 0; attack < SW_ATTACK_COUNT; attack++)
		sw_buf_addf(&text, "- **%s**: the code %s\n", sw_word(&sw_words_attack, attack),
		            sw_attack_about((enum sw_attack)attack));
	sw_buf_addf(&text,
	            "\nThe code of an attack goes past the validator, which would refuse most of it. "
	            "The programs are\n`tests/engine/attacks/*.py`. On the host, where they would harm the "
	            "machine itself, weaker twins run\n(`host_*.py`): they only look whether they could. All "
	            "of it runs without\nthe right to trace other users' processes (CAP_SYS_PTRACE), as it "
	            "does for an ordinary user: root's code on\nthe host could write to every process's "
	            "memory. Where the kernel lets nobody trace what is not his child\n"
	            "(`kernel.yama.ptrace_scope` above 0), the attack on the parent's memory fails "
	            "everywhere; the table\nwas written where it is 0.\n");
	write_file(PAGE, &text);
}

/* Where the kernel lets nobody trace what is not his child (Yama, Ubuntu's default), no kind's own defence
 * against that attack can be seen to be missing. */
static bool is_closed_here(int attack)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	struct sw_error err;
	return attack == SW_ATTACK_PARENT &&
	       sw_file_read("/proc/sys/kernel/yama/ptrace_scope", 16, &text, &err) == 0 && text.len &&
	       text.data[0] != '0';
}

static void compare(const struct sw_isolation *found)
{
	int differences = 0;
	for (int i = 0; i < LINES; i++) {
		const struct sw_isolation *line = sw_isolation_of(kinds[i].kind, kinds[i].preforked);
		assert_non_null(line);
		for (int k = 0; k < SW_BOND_COUNT; k++)
			if (line->shares[k] != found[i].shares[k]) {
				differences++;
				print_error("%s shares its %s: seen %s, the ledger says %s\n", kinds[i].text,
				            sw_word(&sw_words_bond, k),
				            sw_word(&sw_words_finding, (int)found[i].shares[k]),
				            sw_word(&sw_words_finding, (int)line->shares[k]));
			}
		for (int k = 0; k < SW_ATTACK_COUNT; k++)
			if (line->withstands[k] != found[i].withstands[k] &&
			    !(is_closed_here(k) && found[i].withstands[k] == SW_FINDING_YES)) {
				differences++;
				print_error("%s withstands %s: seen %s, the ledger says %s\n", kinds[i].text,
				            sw_word(&sw_words_attack, k),
				            sw_word(&sw_words_finding, (int)found[i].withstands[k]),
				            sw_word(&sw_words_finding, (int)line->withstands[k]));
			}
	}
	assert_int_equal(differences, 0);
}

static void the_ledger_is_what_is_seen(void **state)
{
	struct sw_isolation found[LINES] = {0};
	const char *update = getenv("SW_ISOLATION");
	char machine[160];
	(void)state;
	fx_need_engine();
	fx_need(fx.has_image, FX_PYTHON " is not on the engine (sandwatch image build)");
	for (int i = 0; i < LINES; i++) {
		find_bonds(i, &found[i]);
		find_attacks(i, &found[i]);
	}
	assert_int_equal(fx_count(&fx, "org.sandwatch.session=" SESSION), 0);
	if (!update || strcmp(update, "update") != 0) {
		compare(found);
		return;
	}
	if (is_closed_here(SW_ATTACK_PARENT))
		fail_msg("this kernel hides what kinds share: kernel.yama.ptrace_scope must be 0 to update");
	describe_machine(machine, sizeof machine);
	write_table(found, machine);
	write_page(found, machine);
}

/* ---- setup ---- */

/* The host's worker, as tui/setup.c makes it: from the root that SANDWATCH_TEST_STATE keeps unpacked. */
static void load_host(void)
{
	static const char *const extra[] = {"--result-fd", "3", "--announce"};
	const char *state = getenv("SANDWATCH_TEST_STATE");
	struct sw_image_parts parts;
	struct sw_error err;
	char root[1200];
	size_t n = 0;
	if (!state)
		fail_msg("SANDWATCH_TEST_STATE is not set: a state folder whose image is unpacked");
	if (sw_image_parts("build/release", &parts, &err) < 0 ||
	    sw_image_ensure(&fx.engine, FX_PYTHON, &parts, state, (struct sw_steps){0}, &image, &err) < 0 ||
	    sw_image_host_root(&fx.engine, &image, &parts, state, (struct sw_steps){0}, root, sizeof root,
	                       &err) < 0 ||
	    sw_image_host_command(root, &host_argv, &host_env, &err) < 0)
		fail_msg("%s", err.message);
	while (host_argv[n])
		n++;
	host_argv = realloc(host_argv, (n + 4) * sizeof *host_argv);
	assert_non_null(host_argv);
	for (int i = 0; i < 3; i++)
		assert_non_null(host_argv[n + (size_t)i] = strdup(extra[i]));
	host_argv[n + 3] = NULL;
}

/* Root without CAP_SYS_PTRACE may do to the memory of its own processes what any user may do to his: with it,
 * nothing would be closed to code on the host. */
static void trace_like_a_user(void)
{
	struct __user_cap_header_struct head = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct caps[2] = {0};
	(void)prctl(PR_CAPBSET_DROP, CAP_SYS_PTRACE, 0, 0, 0);
	assert_int_equal(syscall(SYS_capget, &head, caps), 0);
	caps[0].permitted &= ~(1U << CAP_SYS_PTRACE);
	caps[0].effective &= ~(1U << CAP_SYS_PTRACE);
	caps[0].inheritable &= ~(1U << CAP_SYS_PTRACE);
	assert_int_equal(syscall(SYS_capset, &head, caps), 0);
}

static int group_setup(void **state)
{
	(void)state;
	if (!fx_host())
		return 0;
	trace_like_a_user();
	(void)snprintf(left_name, sizeof left_name, "sw-%06d", (int)(getpid() % 1000000));
	assert_int_equal(strlen(left_name), strlen(LEFT));
	fx_open(&fx, fx_host());
	sw_api_image_inspect(fx.api, FX_PYTHON, 10 * FX_SECOND, fx_image, &fx);
	fx_wait(&fx, "inspecting the image");
	fx.has_image = fx.ok;
	if (fx.has_image)
		load_host();
	sw_plan_defaults(&plan);
	it.task = (struct sw_task){
		.backtest = SW_BACKTEST_REAL, .days = 252, .symbols = 10, .seed = 42, .is_unchecked = true};
	return 0;
}

static int group_teardown(void **state)
{
	(void)state;
	sw_image_argv_free(host_argv);
	sw_image_argv_free(host_env);
	sw_image_argv_free(image.argv);
	fx_close(&fx);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(the_ledger_is_what_is_seen)};
	return cmocka_run_group_tests(tests, group_setup, group_teardown);
}
