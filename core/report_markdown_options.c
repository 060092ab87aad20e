#include <inttypes.h>
#include <stdio.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_words.h"
#include "core/text.h"

/* The study's "Parallel Execution (5x)". */
enum { PARALLEL = 5 };

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
	const char *runtime = sw_md_runtime(md, mode);

	sw_md_add(md, "### Potential Improvements\n\n1. **Container Reuse**\n");
	put_phase_sum(md, mode, "Would leave out create, attach, start, boot, imports, exit, remove",
	              SW_REUSE_PHASES);
	put_parallel(md, &mode->state->info);
	sw_md_add(md, "3. **Docker Layer Caching**\n   - %s\n",
	          sw_mode_phases_ns(mode, 1U << SW_PHASE_PULL) > 0
	              ? "Iterations pulled the image: see phase pull"
	              : "Nothing to gain: no iteration pulled an image");
	sw_md_add(md, "4. **Lightweight Runtime**\n");
	if (*runtime)
		sw_md_add(md, "   - The runtime in use is %s\n", sw_md(runtime).text);
	put_phase_sum(md, mode, "Engine and runtime take, in create, attach, start, exit and remove",
	              SW_ENGINE_PHASES);
	sw_md_add(md, "\n");
}

void sw_md_optimizations(const struct sw_markdown *md)
{
	const struct sw_mode_figures *mode = sw_md_cold(md);

	sw_md_add(md, "## Future Optimization Opportunities\n\n");
	if (!mode) {
		sw_md_add(
			md,
			"Not measured by this run: no iteration of a cold sandbox, with which they would be "
			"compared, ended ok. `" SW_LADDER_COMMAND "` measures them all.\n\n");
		return;
	}
	put_improvements(md, mode);
	sw_md_impact(md, mode);
}
