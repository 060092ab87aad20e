#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_words.h"
#include "core/text.h"

#define BIT(phase) (1U << (phase))

/* The study's "Parallel Execution (5x)". */
enum { PARALLEL = 5 };

/* What the engine and its runtime do. */
static const unsigned engine_phases = BIT(SW_PHASE_CREATE) | BIT(SW_PHASE_ATTACH) |
                                      BIT(SW_PHASE_START) | BIT(SW_PHASE_EXIT) |
                                      BIT(SW_PHASE_STOP) | BIT(SW_PHASE_REMOVE);
/* What a container that is kept, with its worker in it, does not do again. */
static const unsigned reuse_phases = engine_phases | BIT(SW_PHASE_BOOT) | BIT(SW_PHASE_IMPORTS);
/* What can be done before the job comes and after its result went. */
static const unsigned prepared_phases = BIT(SW_PHASE_CREATE) | BIT(SW_PHASE_ATTACH) |
                                        BIT(SW_PHASE_EXIT) | BIT(SW_PHASE_STOP) |
                                        BIT(SW_PHASE_REMOVE);

static const struct sw_mode_figures *candidate_of(const struct sw_figures *figures)
{
	const struct sw_mode_figures *mode =
		figures->candidate < 0 ? NULL : &figures->modes[figures->candidate];
	return mode && mode->timed_attempts > 0 && mode->latency.mean > 0 ? mode : NULL;
}

/* ---- Potential Improvements ---- */

static void put_phase_sum(const struct sw_markdown *md, const struct sw_mode_figures *mode,
                          const char *what, unsigned phases)
{
	double ns = sw_mode_phases_ns(mode, phases);

	sw_md_add(md, "   - %s: %s of %s (%s)\n", what, sw_md_time(md, ns).text,
	          sw_md_time(md, mode->wall_ns).text, sw_share(ns / mode->wall_ns).text);
}

static void put_parallel(const struct sw_markdown *md, const struct sw_mode_info *info)
{
	const struct sw_environment *machine = &md->figures->session->environment;
	char wanted[16], there[16];

	sw_md_add(md, "2. **Parallel Execution**\n"
	              "   - Shortens a run of many iterations, never an iteration\n");
	if (info->memory_bytes > 0 && machine->memory_bytes > 0)
		sw_md_add(md, "   - %d at once may take %s by memory_limit; the machine has %s\n", PARALLEL,
		          sw_text_bytes(wanted, sizeof(wanted), (uint64_t)info->memory_bytes * PARALLEL),
		          sw_text_bytes(there, sizeof(there), (uint64_t)machine->memory_bytes));
	if (info->cpu_milli > 0 && machine->cpus > 0)
		sw_md_add(md,
		          "   - %d at once may take %s CPUs by cpu_count; the machine has %" PRId64 "\n",
		          PARALLEL, sw_plain((double)info->cpu_milli * PARALLEL / 1000).text,
		          machine->cpus);
}

static void put_improvements(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_environment *environment = &md->figures->session->environment;
	const char *runtime = mode->state->info.runtime;

	if (strcmp(runtime, "default") == 0 || *runtime == '\0')
		runtime = environment->runtime;
	sw_md_add(md, "### Potential Improvements\n\n1. **Container Reuse**\n");
	put_phase_sum(md, mode, "Would leave out create, attach, start, boot, imports, exit, remove",
	              reuse_phases);
	put_parallel(md, &mode->state->info);
	sw_md_add(md, "3. **Docker Layer Caching**\n   - %s\n",
	          sw_mode_phases_ns(mode, BIT(SW_PHASE_PULL)) > 0
	              ? "Iterations pulled the image: see phase pull"
	              : "Nothing to gain: no iteration pulled an image");
	sw_md_add(md, "4. **Lightweight Runtime**\n");
	if (*runtime)
		sw_md_add(md, "   - The runtime in use is %s\n", sw_md(runtime).text);
	put_phase_sum(md, mode, "Engine and runtime take, in create, attach, start, exit and remove",
	              engine_phases);
	sw_md_add(md, "\n");
}

/* ---- Estimated Impact of Optimizations ---- */

static void measured_row(const struct sw_markdown *md, struct sw_table *table, const char *name,
                         const struct sw_mode_figures *mode)
{
	double current = candidate_of(md->figures)->latency.mean;

	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s", sw_md_time(md, current).text);
	sw_table_cell(table, "%s", sw_md_time(md, mode->latency.mean).text);
	sw_table_cell(table, "**%s**", sw_percent_fixed(100 * (mode->latency.mean / current - 1)).text);
	sw_table_cell(table, "measured: mode %s", sw_md(mode->state->info.name).text);
}

/* A row per mode of another of these KINDS; whether there was any. */
static bool kind_rows(const struct sw_markdown *md, struct sw_table *table, const char *name,
                      unsigned kinds)
{
	const struct sw_figures *figures = md->figures;
	bool any = false;

	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		if (!(kinds & (1U << mode->state->info.kind)) || i == figures->candidate ||
		    mode->state->info.parallel > 1 || mode->latency.count == 0)
			continue;
		any = true;
		measured_row(md, table, name, mode);
	}
	return any;
}

/* The same for modes that are as the candidate is, but for the engine's runtime. */
static bool runtime_rows(const struct sw_markdown *md, struct sw_table *table)
{
	const struct sw_figures *figures = md->figures;
	const struct sw_mode_info *own = &candidate_of(figures)->state->info;
	bool any = false;

	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_info *info = &figures->modes[i].state->info;
		if (info->kind != own->kind || info->parallel != own->parallel ||
		    figures->modes[i].latency.count == 0 || strcmp(info->runtime, own->runtime) == 0)
			continue;
		any = true;
		measured_row(md, table, "Lightweight Runtime", &figures->modes[i]);
	}
	return any;
}

static const char bound_basis[] = "not measured by this run; a bound, not an estimate";

static void bound_row(const struct sw_markdown *md, struct sw_table *table, const char *name,
                      unsigned phases)
{
	const struct sw_mode_figures *mode = candidate_of(md->figures);
	double current = mode->latency.mean, saved = sw_mode_phases_ns(mode, phases);

	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s", sw_md_time(md, current).text);
	sw_table_cell(table, "not below %s", sw_md_time(md, current - saved).text);
	sw_table_cell(table, "at most %s", sw_percent_fixed(-100 * saved / current).text);
	sw_table_cell(table, "%s", bound_basis);
}

/* N at once take at least the Nth part of the time of one after the other. */
static void parallel_row(const struct sw_markdown *md, struct sw_table *table)
{
	double run = candidate_of(md->figures)->latency.mean * SW_RUN_ITERATIONS;

	sw_table_row(table);
	sw_table_cell(table, "Parallel Execution (%dx)", PARALLEL);
	sw_table_cell(table, "%s (%d iter)", sw_duration(run).text, SW_RUN_ITERATIONS);
	sw_table_cell(table, "not below %s (%d iter)", sw_duration(run / PARALLEL).text,
	              SW_RUN_ITERATIONS);
	sw_table_cell(table, "at most %s", sw_percent_fixed(100.0 / PARALLEL - 100).text);
	sw_table_cell(table, "%s", bound_basis);
}

static void put_impact(const struct sw_markdown *md)
{
	static const char *const titles[] = {"Current", "Optimized", "Improvement"};
	struct sw_table table;

	sw_md_add(md, "### Estimated Impact of Optimizations\n\n");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Optimization");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, titles[i]);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "How this is known");
	if (!kind_rows(md, &table, "Container Reuse", 1U << SW_KIND_EXEC | 1U << SW_KIND_WARM))
		bound_row(md, &table, "Container Reuse", reuse_phases);
	if (!kind_rows(md, &table, "Prepared Containers", 1U << SW_KIND_PREPARED))
		bound_row(md, &table, "Prepared Containers", prepared_phases);
	parallel_row(md, &table);
	if (!runtime_rows(md, &table))
		bound_row(md, &table, "Lightweight Runtime", engine_phases);
	bound_row(md, &table, "Combined (reuse and runtime)", reuse_phases | engine_phases);
	sw_md_table(md, &table);
	sw_md_add(md,
	          "**Note**: a bound is what an iteration would save if the phases it concerns took "
	          "no time at all; what is really saved is less, and would have to be measured.\n\n");
}

void sw_md_optimizations(const struct sw_markdown *md)
{
	const struct sw_mode_figures *mode = candidate_of(md->figures);

	sw_md_add(md, "## Future Optimization Opportunities\n\n");
	if (!mode || mode->state->info.kind == SW_KIND_HOST) {
		sw_md_add(md, "Not measured by this run: no iteration ended ok in a sandbox.\n\n");
		return;
	}
	put_improvements(md, mode);
	put_impact(md);
}
