#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_words.h"
#include "core/text.h"

/* ---- risk factors ---- */

static int put_reasons(const struct sw_markdown *md, int weight)
{
	const struct sw_figures *figures = md->figures;
	int n = 0;

	for (int i = 0; i < figures->n_reasons; i++) {
		const struct sw_reason *reason = &figures->reasons[i];
		if (reason->weight != weight)
			continue;
		sw_md_add(md, "%d. **%s**: %s\n", ++n, sw_md(reason->topic).text, sw_md(reason->text).text);
	}
	return n;
}

static const struct sw_mode_figures *candidate_of(const struct sw_figures *figures)
{
	return figures->candidate < 0 ? NULL : &figures->modes[figures->candidate];
}

static void put_fallback_factor(const struct sw_markdown *md, int number)
{
	const struct sw_mode_figures *candidate = candidate_of(md->figures);
	uint64_t taken = candidate ? sw_mode_taken(candidate->state) : 0;

	if (!md->figures->session->info.fallback_enabled)
		sw_md_add(md, "%d. **fallback mechanism**: off, so an engine failure fails the iteration\n",
		          number);
	else if (taken == 0)
		sw_md_add(md, "%d. **fallback mechanism**: on, and never taken here, so not exercised\n",
		          number);
	else
		sw_md_add(md,
		          "%d. **fallback mechanism**: on, and exercised: %" PRIu64 " taken, %" PRIu64
		          " of them ended ok on the host\n",
		          number, taken, candidate->state->fell_back);
}

static void put_machine_factors(const struct sw_markdown *md, int number)
{
	const struct sw_session *session = md->figures->session;
	const char *engine = session->environment.engine;
	struct sw_sentence machine = sw_say_machine(md->figures);

	sw_md_add(md, "%d. **platform**: other machines and engines were not measured%s%s\n", number,
	          *machine.text ? "; this one is " : "", sw_md(machine.text).text);
	if (*engine)
		sw_md_add(md, "%d. **engine**: the sandbox needs %s to answer, before and during a run\n",
		          ++number, sw_md(engine).text);
	if (session->clock == SW_CLOCK_SEPARATE)
		sw_md_add(md,
		          "%d. **clock**: the container's is not the host's, so the phases inside were "
		          "placed by their durations\n",
		          ++number);
}

/* ---- mitigation: each line follows from this run's figures or configuration ---- */

/* How often the sandbox ended so: final attempts, retried ones, and those that fell back. */
static uint64_t hits(const struct sw_mode_state *state, enum sw_outcome outcome)
{
	return state->outcomes[outcome] + state->retried[outcome] + state->taken[outcome];
}

static void mitigate_overhead(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_phase_figure *longest = NULL;

	for (int i = 0; i < mode->n_phases; i++) {
		if (!longest || mode->phases[i].share > longest->share)
			longest = &mode->phases[i];
	}
	if (!longest || longest->share <= 0)
		return;
	sw_md_add(md, "- **Overhead**: phase %s takes the most, %s of %s (%s): %s\n",
	          sw_word(&sw_words_phase, (int)longest->phase),
	          sw_md_time(md, longest->share * mode->wall_ns).text,
	          sw_md_time(md, mode->wall_ns).text, sw_share(longest->share).text,
	          longest->phase == SW_PHASE_EXECUTE
	              ? "that is the job itself, so the sandbox has little to save"
	              : "what shortens it shortens an iteration most");
}

static void mitigate_fallbacks(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_session_info *info = &md->figures->session->info;

	if (mode->judged == 0)
		return;
	if (sw_mode_taken(mode->state) > 0)
		sw_md_add(md, "- **Fallbacks**: mend what caused them first: %s\n",
		          sw_md(sw_say_counts(mode->state->taken).text).text);
	else
		sw_md_add(md,
		          "- **Monitoring**: log the fallback rate in production: none in %" PRIu64
		          " iterations leaves up to %s possible (95 %%)\n",
		          mode->judged, sw_rate(mode->fallback_ci.high).text);
	if (md->figures->fallback_unsafe)
		sw_md_add(md,
		          "- **Fallback policy**: set sandbox.fallback.on to \\[engine\\]: code must not "
		          "earn a run on the host by misbehaving\n");
	if (!info->fallback_enabled && hits(mode->state, SW_OUTCOME_ENGINE) > 0)
		sw_md_add(md, "- **Graceful degradation**: sandbox.fallback.enabled would have run the "
		              "iterations on the host that failed for the engine\n");
	if (mode->state->retries > 0)
		sw_md_add(md, "- **Retries**: %" PRIu64 " (%s); max_retries is %" PRId64 "\n",
		          mode->state->retries, sw_md(sw_say_counts(mode->state->retried).text).text,
		          info->max_retries);
}

static void mitigate_timeout(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	double limit = (double)mode->state->info.timeout_ns, longest = (double)mode->latency.max;
	uint64_t timeouts = hits(mode->state, SW_OUTCOME_TIMEOUT);

	if (limit <= 0)
		return;
	if (timeouts > 0)
		sw_md_add(md,
		          "- **Timeouts**: %" PRIu64
		          " at the limit of timeout_seconds (%s): raise it if the "
		          "code may take longer\n",
		          timeouts, sw_duration(limit).text);
	else if (mode->latency.count > 0)
		sw_md_add(md,
		          "- **Timeouts**: timeout_seconds (%s) was not hit; the longest iteration took %s "
		          "(%s of it)%s\n",
		          sw_duration(limit).text, sw_duration(longest).text,
		          sw_share(longest / limit).text,
		          longest < limit / 10 ? ", so a lower limit would stop runaway code sooner" : "");
}

static void mitigate_memory(const struct sw_markdown *md, const struct sw_mode_figures *mode)
{
	const struct sw_mode_info *info = &mode->state->info;
	uint64_t ooms = hits(mode->state, SW_OUTCOME_OOM);
	char size[16];

	if (info->kind == SW_KIND_HOST)
		return;
	(void)sw_text_bytes(size, sizeof(size), (uint64_t)info->memory_bytes);
	if (info->memory_bytes <= 0)
		sw_md_add(md, "- **Memory**: there is no memory_limit: set one, or code can take the "
		              "machine's\n");
	else if (ooms > 0)
		sw_md_add(md,
		          "- **Memory**: %" PRIu64 " killed at the limit of memory_limit (%s): raise it if "
		          "the code may need more\n",
		          ooms, size);
	else if (mode->ok > 0)
		sw_md_add(md, "- **Memory**: memory_limit (%s) was not hit\n", size);
}

static void mitigate_cpu(const struct sw_markdown *md)
{
	const struct sw_execute_figure *execute = &md->figures->execute;
	struct sw_number cpus = sw_plain(1 / execute->cpu_stretch);

	if (!execute->cpu_limited)
		return;
	if (execute->basis == SW_EXECUTE_MEASURED && execute->baseline_ns >= SW_CPU_PERIOD_NS)
		sw_md_add(md,
		          "- **CPU**: cpu_count (%s) went with an execute phase ×%s as long: raise it for "
		          "CPU-bound jobs\n",
		          cpus.text, sw_fixed(execute->ratio, 2).text);
	else
		sw_md_add(md,
		          "- **CPU**: what cpu_count (%s) does to long jobs is open: measure with "
		          "workload.backtest real and more days, or a job of your own\n",
		          cpus.text);
}

static void mitigate_uncertainty(const struct sw_markdown *md,
                                 const struct sw_mode_figures *candidate)
{
	const struct sw_figures *figures = md->figures;
	double reach = (figures->overhead_ci.high - figures->overhead_ci.low) / 2;

	sw_md_add(md, "- **Functional tests**: verify the sandbox before it is enabled: this session "
	              "ran none\n");
	if (candidate && candidate->not_run > 0)
		sw_md_add(md,
		          "- **Completeness**: %" PRIu64 " of %" PRId64
		          " planned iterations were not run\n",
		          candidate->not_run, candidate->state->info.planned);
	if (!figures->has_overhead)
		return;
	if (figures->overhead_ci.method == SW_CI_NONE)
		sw_md_add(md,
		          "- **Precision**: one iteration gives no interval: raise session.iterations\n");
	else if (fabs(figures->overhead_ns) > 0)
		sw_md_add(
			md,
			"- **Precision**: the overhead is known to ±%s (95 %%); four times the iterations "
			"halve that\n",
			sw_share(reach / fabs(figures->overhead_ns)).text);
}

static void put_mitigation(const struct sw_markdown *md)
{
	const struct sw_mode_figures *candidate = candidate_of(md->figures);

	sw_md_add(md, "### Mitigation Strategies\n\n");
	if (candidate) {
		mitigate_overhead(md, candidate);
		mitigate_fallbacks(md, candidate);
		mitigate_timeout(md, candidate);
		mitigate_memory(md, candidate);
		mitigate_cpu(md);
	}
	mitigate_uncertainty(md, candidate);
	sw_md_add(md, "\n");
}

void sw_md_risks(const struct sw_markdown *md)
{
	sw_md_add(md, "## Risk Assessment\n\nOnly what this run shows.\n\n### Low Risk Factors\n\n");
	sw_md_add(md, "%s\n", put_reasons(md, 1) ? "" : "None that this run shows.\n");
	sw_md_add(md, "### Medium Risk Factors\n\n");
	int n = put_reasons(md, 0);
	put_fallback_factor(md, ++n);
	put_machine_factors(md, ++n);
	sw_md_add(md, "\n### High Risk Factors\n\n");
	sw_md_add(md, "%s\n", put_reasons(md, -1) ? "" : "None that this run shows.\n");
	put_mitigation(md);
}
