#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/cleanup.h"
#include "core/json.h"
#include "core/report.h"
#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_words.h"
#include "core/snapshot_parts.h"

/* ---- Decision Framework Application ---- */

static const char *reason_text(const struct sw_figures *figures, const char *topic)
{
	for (int i = 0; i < figures->n_reasons; i++) {
		if (strcmp(figures->reasons[i].topic, topic) == 0)
			return figures->reasons[i].text;
	}
	return "";
}

static void put_yaml(const struct sw_markdown *md)
{
	sw_md_add(md, "```yaml\n");
	if (sw_report_recommended_yaml(md->figures, md->out))
		md->out->overflow = true;
	sw_md_add(md, "```\n\n");
}

void sw_md_decision(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	const struct sw_session_info *info = &figures->session->info;

	sw_md_add(md, "## Decision Framework Application\n\n### Decision Matrix\n\n"
	              "| Functional Tests | Overhead | Decision |\n|---|---|---|\n");
	sw_md_add(md, "| not verified | %s | **%s** |\n\n",
	          figures->has_overhead ? sw_percent(figures->decision_percent).text : "not measured",
	          sw_verdict_name(figures->verdict));
	sw_md_add(md, "The limits: enable below %s %%, optional below %s %%.\n\n",
	          sw_plain(info->enable_below_percent).text,
	          sw_plain(info->optional_below_percent).text);
	sw_md_add(md, "### Rationale\n\n");
	for (int i = 0; i < figures->n_reasons; i++) {
		const struct sw_reason *reason = &figures->reasons[i];
		sw_md_add(md, "%d. **%s** (%s): %s\n", i + 1, sw_md(reason->topic).text,
		          reason->weight > 0   ? "for"
		          : reason->weight < 0 ? "against"
		                               : "neutral",
		          sw_md(reason->text).text);
	}
	sw_md_add(md, "\n### Recommended Configuration\n\n");
	put_yaml(md);
}

/* ---- Risk Assessment ---- */

static void put_reasons(const struct sw_markdown *md, const char *title, int weight)
{
	const struct sw_figures *figures = md->figures;
	bool any = false;

	sw_md_add(md, "### %s\n\n", title);
	for (int i = 0; i < figures->n_reasons; i++) {
		const struct sw_reason *reason = &figures->reasons[i];
		if (reason->weight != weight)
			continue;
		any = true;
		sw_md_add(md, "- **%s**: %s\n", sw_md(reason->topic).text, sw_md(reason->text).text);
	}
	sw_md_add(md, "%s\n", any ? "" : "None that this session shows.\n");
}

void sw_md_risks(const struct sw_markdown *md)
{
	const struct sw_session *session = md->figures->session;

	sw_md_add(md, "## Risk Assessment\n\nOnly what this session shows.\n\n");
	put_reasons(md, "Speaks for the sandbox", 1);
	put_reasons(md, "Speaks against the sandbox", -1);
	put_reasons(md, "Open", 0);
	sw_md_add(md, "Not measured: other machines and engines than this one");
	if (session->clock == SW_CLOCK_SEPARATE)
		sw_md_add(md,
		          "; the container's clock is not the host's, so the phases inside were placed by "
		          "their durations");
	sw_md_add(md, ".\n\n");
}

/* ---- Recommendations ---- */

static const char *recommended(const struct sw_markdown *md, char option)
{
	char best = 0;

	switch (md->figures->verdict) {
	case SW_VERDICT_ENABLE:
	case SW_VERDICT_ENABLE_VERIFIED:
		best = 'A';
		break;
	case SW_VERDICT_OPTIONAL:
		best = 'B';
		break;
	case SW_VERDICT_DISABLE:
		best = 'C';
		break;
	case SW_VERDICT_UNKNOWN:
		break;
	}
	if (best != option)
		return "";
	return md->figures->verdict == SW_VERDICT_ENABLE_VERIFIED ? " (RECOMMENDED, once verified)"
	                                                          : " (RECOMMENDED)";
}

void sw_md_recommendations(const struct sw_markdown *md)
{
	sw_md_add(md, "## Recommendations\n\n### Primary Recommendation: %s\n\n",
	          sw_verdict_name(md->figures->verdict));
	sw_md_item(md, reason_text(md->figures, "overhead"));
	sw_md_item(md, reason_text(md->figures, "reliability"));
	sw_md_item(md, reason_text(md->figures, "functional tests"));
	sw_md_add(md,
	          "\n### Alternative Configurations\n\n"
	          "#### Option A: Always Enabled%s\n\n```yaml\n"
	          "sandbox:\n"
	          "  enabled: true  # Default\n"
	          "  fallback:\n"
	          "    enabled: true  # Automatic fallback on errors\n"
	          "```\n\n",
	          recommended(md, 'A'));
	sw_md_add(md,
	          "#### Option B: Optional Feature%s\n\n```yaml\n"
	          "sandbox:\n"
	          "  enabled: ${SANDBOX_ENABLED:false}  # Environment variable\n"
	          "  fallback:\n"
	          "    enabled: true\n"
	          "```\n\n",
	          recommended(md, 'B'));
	sw_md_add(md,
	          "#### Option C: Disable for Testing%s\n\n```yaml\n"
	          "sandbox:\n"
	          "  enabled: false  # Fast development iteration\n"
	          "```\n\n",
	          recommended(md, 'C'));
}

/* ---- what was not measured ---- */

void sw_md_history(const struct sw_markdown *md)
{
	sw_md_add(md, "## Comparison with Historical Data\n\nNot available in this version.\n\n");
}

/* Kinds of mode that are the study's optimizations, measured when the session has such a mode. */
static void optimization_row(const struct sw_markdown *md, struct sw_table *table, const char *name,
                             unsigned kinds, bool parallel)
{
	const struct sw_figures *figures = md->figures;
	bool any = false;

	for (int i = 0; i < figures->n_modes; i++) {
		const struct sw_mode_figures *mode = &figures->modes[i];
		if (!(kinds & (1U << mode->state->info.kind)) || i == figures->candidate ||
		    (mode->state->info.parallel > 1) != parallel || mode->latency.count == 0)
			continue;
		any = true;
		sw_table_row(table);
		sw_table_cell(table, "%s", name);
		sw_table_cell(table, "%s: %s per iteration", sw_md(mode->state->info.name).text,
		              sw_md_time(md, mode->latency.mean).text);
	}
	if (!any) {
		sw_table_row(table);
		sw_table_cell(table, "%s", name);
		sw_table_cell(table, "not measured in this session");
	}
}

void sw_md_optimizations(const struct sw_markdown *md)
{
	struct sw_table table;
	unsigned sandboxes = 1U << SW_KIND_COLD | 1U << SW_KIND_PREPARED | 1U << SW_KIND_EXEC |
	                     1U << SW_KIND_WARM;

	sw_md_add(md, "## Future Optimization Opportunities\n\n");
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Optimization");
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "Measured here");
	optimization_row(md, &table, "Container Reuse", 1U << SW_KIND_EXEC | 1U << SW_KIND_WARM, false);
	optimization_row(md, &table, "Prepared Containers", 1U << SW_KIND_PREPARED, false);
	optimization_row(md, &table, "Parallel Execution", sandboxes, true);
	optimization_row(md, &table, "Lightweight Runtime", 0, false);
	sw_md_table(md, &table);
}

/* ---- Conclusion ---- */

static void conclusion_of_mode(const struct sw_markdown *md, const char *title, int index)
{
	if (index < 0) {
		sw_md_add(md, "- %s: not measured\n", title);
		return;
	}
	const struct sw_mode_figures *mode = &md->figures->modes[index];
	sw_md_add(md, "- %s (%s): %s mean, %s success", title, sw_md(mode->state->info.name).text,
	          mode->latency.count ? sw_md_time(md, mode->latency.mean).text : "no",
	          mode->judged ? sw_rate(mode->success_rate).text : "no");
	if (mode->state->info.kind != SW_KIND_HOST && mode->judged)
		sw_md_add(md, ", %s fallback", sw_rate(mode->fallback_rate).text);
	sw_md_add(md, "\n");
}

void sw_md_conclusion(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;

	sw_md_add(md, "## Conclusion\n\n");
	conclusion_of_mode(md, "Baseline", figures->baseline);
	conclusion_of_mode(md, "Docker Sandbox", figures->candidate);
	if (figures->has_overhead && figures->decision_seconds > 0)
		sw_md_add(md, "- Overhead: %s absolute, %s for jobs of %s s\n",
		          sw_md_difference(md, figures->overhead_ns).text,
		          sw_percent(figures->decision_percent).text,
		          sw_plain(figures->decision_seconds).text);
	else if (figures->has_overhead)
		sw_md_add(md, "- Overhead: %s absolute, %s relative\n",
		          sw_md_difference(md, figures->overhead_ns).text,
		          sw_percent(figures->overhead_percent).text);
	else
		sw_md_add(md, "- Overhead: not measured\n");
	sw_md_add(md, "- Decision: **%s**\n\n", sw_verdict_name(figures->verdict));
}

void sw_md_raw_data(const struct sw_markdown *md)
{
	struct sw_json json;

	sw_md_add(md, "### Raw Data Summary\n\nDurations in seconds.\n\n```json\n");
	sw_json_init(&json, md->out, 2);
	sw_json_object(&json, NULL);
	sw_snapshot_summary(&json, md->figures);
	sw_json_end_object(&json);
	sw_md_add(md, "\n```\n");
}
