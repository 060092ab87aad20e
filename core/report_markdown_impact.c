#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_words.h"

/* The study's "Parallel Execution (5x)", where none was measured. */
enum { PARALLEL = 5 };

/* What the study expected (docs: its table of the same name). */
#define STUDY_REUSE "-60 %"
#define STUDY_PARALLEL "-31 % (5x)"
#define STUDY_RUNTIME "-20 %"
#define STUDY_COMBINED "-68 %"

static const char bound_basis[] = "not measured by this run; a bound, not an estimate";

/* ---- which modes ---- */

static bool is_sequential_cold(const struct sw_mode_figures *mode)
{
	const struct sw_mode_info *info = &mode->state->info;
	return info->kind == SW_KIND_COLD && info->parallel <= 1 && *info->layer == '\0' &&
	       mode->timed_attempts > 0 && mode->latency.mean > 0;
}

const struct sw_mode_figures *sw_md_cold(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;

	if (figures->candidate >= 0 && is_sequential_cold(&figures->modes[figures->candidate]))
		return &figures->modes[figures->candidate];
	for (int i = 0; i < figures->n_modes; i++)
		if (is_sequential_cold(&figures->modes[i]))
			return &figures->modes[i];
	return NULL;
}

static bool names_no_runtime(const struct sw_mode_info *info)
{
	return *info->runtime == '\0' || strcmp(info->runtime, "default") == 0;
}

const char *sw_md_runtime(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_mode_info *info = &mode->state->info;
	return names_no_runtime(info) ? md->figures->session->environment.runtime : info->runtime;
}

/* But for the runtime, and for how many run at once. */
static bool is_same_sandbox(const struct sw_mode_info *a, const struct sw_mode_info *b)
{
	return strcmp(a->network, b->network) == 0 && strcmp(a->seccomp, b->seccomp) == 0 &&
	       strcmp(a->image, b->image) == 0 && strcmp(a->user, b->user) == 0 &&
	       a->memory_bytes == b->memory_bytes && a->cpu_milli == b->cpu_milli &&
	       a->read_only == b->read_only && a->drop_capabilities == b->drop_capabilities &&
	       a->no_new_privileges == b->no_new_privileges;
}

/* ---- rows ---- */

static int index_of(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	return (int)(mode - md->figures->modes);
}

/* Latency of MODE against that of CURRENT. */
static void latency_row(const struct sw_markdown *md, struct sw_table *table,
                        const struct sw_mode_figures *current, const struct sw_mode_figures *mode,
                        const char *study)
{
	struct sw_difference d;

	if (sw_figures_difference(md->figures, index_of(md, current), index_of(md, mode), &d)) {
		md->out->overflow = true;
		return;
	}
	sw_table_cell(table, "%s", sw_md_time(md, current->latency.mean).text);
	sw_table_cell(table, "%s", sw_md_time(md, mode->latency.mean).text);
	sw_table_cell(table, "**%s**", sw_percent_fixed(d.percent).text);
	if (d.ci.method == SW_CI_NONE)
		sw_table_cell(table, "-");
	else
		sw_table_cell(table, "%s to %s", sw_signed(d.percent_low, 1).text,
		              sw_percent_fixed(d.percent_high).text);
	sw_table_cell(table, "%s", study);
	sw_table_cell(table, "measured: mode %s%s%s", sw_md(mode->state->info.name).text,
	              is_sequential_cold(mode) ? " against mode " : "",
	              is_sequential_cold(mode) ? sw_md(current->state->info.name).text : "");
}

/* A row per mode of KIND that runs one iteration at a time; whether there was any. */
static bool kind_rows(const struct sw_markdown *md, struct sw_table *table,
                      const struct sw_mode_figures *cold, const char *name, enum sw_kind kind)
{
	const char *study = kind == SW_KIND_PREPARED ? "-" : STUDY_REUSE;
	bool any = false;

	for (int i = 0; i < md->figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &md->figures->modes[i];
		if (mode->state->info.kind != kind || mode->state->info.parallel > 1 ||
		    mode->latency.count == 0)
			continue;
		any = true;
		sw_table_row(table);
		sw_table_cell(table, "%s", name);
		latency_row(md, table, cold, mode, study);
	}
	return any;
}

static void runtime_row(const struct sw_markdown *md, struct sw_table *table,
                        const struct sw_mode_figures *current, const struct sw_mode_figures *mode)
{
	sw_table_row(table);
	sw_table_cell(table, "Lightweight Runtime (%s)", sw_md(sw_md_runtime(md, mode)).text);
	latency_row(md, table, current, mode, STUDY_RUNTIME);
}

/* Cold modes that name another runtime than runc, against the one that names it, else COLD; where none names
 * another, COLD itself may run by the engine's own. */
static bool runtime_rows(const struct sw_markdown *md, struct sw_table *table,
                         const struct sw_mode_figures *cold)
{
	const struct sw_mode_figures *current = cold;
	bool any = false;

	for (int i = md->figures->n_modes - 1; i >= 0; i--) {
		const struct sw_mode_figures *mode = &md->figures->modes[i];
		if (is_sequential_cold(mode) && strcmp(mode->state->info.runtime, "runc") == 0 &&
		    is_same_sandbox(&mode->state->info, &cold->state->info))
			current = mode;
	}
	const char *own = sw_md_runtime(md, current);
	for (int i = 0; i < md->figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &md->figures->modes[i];
		if (!is_sequential_cold(mode) || names_no_runtime(&mode->state->info) ||
		    strcmp(mode->state->info.runtime, own) == 0 ||
		    !is_same_sandbox(&mode->state->info, &cold->state->info))
			continue;
		any = true;
		runtime_row(md, table, current, mode);
	}
	if (!any && strcmp(sw_md_runtime(md, cold), own) != 0) {
		any = true;
		runtime_row(md, table, current, cold);
	}
	return any;
}

/* What an iteration takes when they come one after the other: with what is done behind, if it is known. */
static double paced_ns(const struct sw_mode_figures *mode)
{
	return mode->throughput_per_second > 0 ? 1e9 / mode->throughput_per_second : mode->latency.mean;
}

/* Throughput of modes of KIND with several slots; COUNT iterations of each. */
static bool pace_rows(const struct sw_markdown *md, struct sw_table *table,
                      const struct sw_mode_figures *cold, enum sw_kind kind, int count)
{
	bool any = false, combined = kind == SW_KIND_WARM;
	char of[32] = "";

	if (count > 1)
		(void)snprintf(of, sizeof(of), " (%d iter)", count);
	for (int i = 0; i < md->figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &md->figures->modes[i];
		const struct sw_mode_info *info = &mode->state->info;
		if (info->kind != kind || info->parallel <= 1 || mode->throughput_per_second <= 0 ||
		    *info->layer)
			continue;
		double before = count * paced_ns(cold), after = count * paced_ns(mode);
		any = true;
		sw_table_row(table);
		sw_table_cell(table,
		              combined ? "Combined (warm, %" PRId64 "x)"
		                       : "Parallel Execution (%" PRId64 "x)",
		              info->parallel);
		sw_table_cell(table, "%s%s", sw_duration(before).text, of);
		sw_table_cell(table, "%s%s", sw_duration(after).text, of);
		sw_table_cell(table, "**%s**", sw_percent_fixed(100 * (after / before - 1)).text);
		sw_table_cell(table, "-");
		sw_table_cell(table, "%s", combined ? STUDY_COMBINED : STUDY_PARALLEL);
		sw_table_cell(table, "measured: throughput of mode %s", sw_md(info->name).text);
	}
	return any;
}

static void bound_row(const struct sw_markdown *md, struct sw_table *table,
                      const struct sw_mode_figures *cold, const char *name, unsigned phases)
{
	double current = cold->latency.mean, saved = sw_mode_phases_ns(cold, phases);

	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s", sw_md_time(md, current).text);
	sw_table_cell(table, "not below %s", sw_md_time(md, current - saved).text);
	sw_table_cell(table, "at most %s", sw_percent_fixed(-100 * saved / current).text);
	sw_table_cell(table, "-");
}

static void bound_end(struct sw_table *table, const char *study)
{
	sw_table_cell(table, "%s", study);
	sw_table_cell(table, "%s", bound_basis);
}

/* N at once take at least the Nth part of the time of one after the other. */
static void parallel_bound(struct sw_table *table, const struct sw_mode_figures *cold)
{
	double run = cold->latency.mean * SW_RUN_ITERATIONS;

	sw_table_row(table);
	sw_table_cell(table, "Parallel Execution (%dx)", PARALLEL);
	sw_table_cell(table, "%s (%d iter)", sw_duration(run).text, SW_RUN_ITERATIONS);
	sw_table_cell(table, "not below %s (%d iter)", sw_duration(run / PARALLEL).text,
	              SW_RUN_ITERATIONS);
	sw_table_cell(table, "at most %s", sw_percent_fixed(100.0 / PARALLEL - 100).text);
	sw_table_cell(table, "-");
	bound_end(table, STUDY_PARALLEL);
}

/* ---- the table ---- */

static int reuse_rows(const struct sw_markdown *md, struct sw_table *table,
                      const struct sw_mode_figures *cold)
{
	bool exec = kind_rows(md, table, cold, "Container Reuse (exec)", SW_KIND_EXEC);
	bool warm = kind_rows(md, table, cold, "Container Reuse (warm)", SW_KIND_WARM);

	if (!exec && !warm) {
		bound_row(md, table, cold, "Container Reuse", SW_REUSE_PHASES);
		bound_end(table, STUDY_REUSE);
	}
	bool prepared = kind_rows(md, table, cold, "Prepared Containers", SW_KIND_PREPARED);
	if (!prepared) {
		bound_row(md, table, cold, "Prepared Containers", SW_PREPARED_PHASES);
		bound_end(table, "-");
	}
	return !exec + !warm + !prepared;
}

static int other_rows(const struct sw_markdown *md, struct sw_table *table,
                      const struct sw_mode_figures *cold)
{
	bool parallel = pace_rows(md, table, cold, SW_KIND_COLD, SW_RUN_ITERATIONS);
	if (!parallel)
		parallel_bound(table, cold);
	bool runtime = runtime_rows(md, table, cold);
	if (!runtime) {
		bound_row(md, table, cold, "Lightweight Runtime", SW_ENGINE_PHASES);
		bound_end(table, STUDY_RUNTIME);
	}
	bool combined = pace_rows(md, table, cold, SW_KIND_WARM, 1);
	if (!combined) {
		bound_row(md, table, cold, "Combined (reuse and runtime)", SW_REUSE_PHASES);
		bound_end(table, STUDY_COMBINED);
	}
	return !parallel + !runtime + !combined;
}

void sw_md_impact(const struct sw_markdown *md, const struct sw_mode_figures *cold)
{
	static const char *const titles[] = {"Current", "Optimized", "Improvement", "95 % interval",
	                                     "Study's estimate"};
	struct sw_table table;

	sw_md_add(md, "### Estimated Impact of Optimizations\n\n");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Optimization");
	for (size_t i = 0; i < sizeof(titles) / sizeof(titles[0]); i++)
		sw_table_column(&table, SW_COLUMN_NUMBER, 0, titles[i]);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "How this is known");
	int missing = reuse_rows(md, &table, cold);
	missing += other_rows(md, &table, cold);
	sw_md_table(md, &table);
	if (missing > 0)
		sw_md_add(
			md, "**Note**: a bound is what an iteration would save if the phases it concerns took "
				"no time at all; what is really saved is less. What this run did not measure is "
				"measured by `" SW_LADDER_COMMAND "`.\n\n");
}
