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
#include "core/text.h"

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
	if (info->gates > 0)
		sw_md_add(md, "Gates: %s.\n\n", sw_say_gates(figures).text);
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

/* "5.04 ms instead of 397.63 ms per iteration", or "" */
static struct sw_sentence say_both(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;
	struct sw_sentence sentence = {""};

	if (figures->has_overhead)
		(void)snprintf(sentence.text, sizeof(sentence.text),
		               ": %s instead of %s per iteration here",
		               sw_md_time(md, figures->modes[figures->baseline].latency.mean).text,
		               sw_md_time(md, figures->modes[figures->candidate].latency.mean).text);
	return sentence;
}

static void put_options(const struct sw_markdown *md)
{
	const struct sw_figures *figures = md->figures;

	sw_md_add(md,
	          "\n### Alternative Configurations\n\n"
	          "#### Option A: Always Enabled%s\n\n```yaml\n"
	          "sandbox:\n"
	          "  enabled: true  # Default\n"
	          "  fallback:\n"
	          "    enabled: true  # Automatic fallback on errors\n"
	          "```\n\n"
	          "**Use Case**: production, and any code that is not trusted%s%s%s\n\n",
	          recommended(md, 'A'), figures->has_overhead ? ": " : "",
	          figures->has_overhead ? sw_md_difference(md, figures->overhead_ns).text : "",
	          figures->has_overhead ? " per iteration here" : "");
	sw_md_add(
		md,
		"#### Option B: Optional Feature%s\n\n```yaml\n"
		"sandbox:\n"
		"  enabled: ${SANDBOX_ENABLED:false}  # Environment variable\n"
		"  fallback:\n"
		"    enabled: true\n"
		"```\n\n"
		"**Use Case**: environments that differ, some of them sensitive to the overhead%s\n\n",
		recommended(md, 'B'), say_both(md).text);
	sw_md_add(md,
	          "#### Option C: Disable for Testing%s\n\n```yaml\n"
	          "sandbox:\n"
	          "  enabled: false  # Fast development iteration\n"
	          "```\n\n"
	          "**Use Case**: fast iteration on code that is trusted, without isolation%s\n\n",
	          recommended(md, 'C'), say_both(md).text);
}

void sw_md_recommendations(const struct sw_markdown *md)
{
	sw_md_add(md, "## Recommendations\n\n### Primary Recommendation: %s\n\n",
	          sw_verdict_name(md->figures->verdict));
	sw_md_item(md, reason_text(md->figures, "overhead"));
	sw_md_item(md, reason_text(md->figures, "reliability"));
	sw_md_item(md, reason_text(md->figures, "functional tests"));
	put_options(md);
}

/* ---- what was not measured ---- */

void sw_md_history(const struct sw_markdown *md)
{
	sw_md_add(md, "## Comparison with Historical Data\n\n"
	              "This run has no history to compare with: the report is made of it alone.\n\n");
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

/* ---- Test Results Files ---- */

/* As code, so that a path can be copied from the source, too. */
static void put_file(const struct sw_markdown *md, int *number, const char *what, const char *path)
{
	char clean[SW_PATH_MAX];
	if (!path)
		return;
	sw_md_add(md, "%d. **%s**: ", ++*number, what);
	(void)sw_text_clean(clean, sizeof clean, path, strlen(path));
	if (strcmp(path, "-") == 0)
		sw_md_add(md, "standard output\n");
	else if (strchr(clean, '`'))
		sw_md_add(md, "%s\n", sw_md(clean).text);
	else
		sw_md_add(md, "`%s`\n", clean);
}

void sw_md_files(const struct sw_markdown *md)
{
	const struct sw_report_files *files = md->files;
	struct sw_json json;
	int n = 0;

	sw_md_add(md, "## Test Results Files\n\n### Generated Artifacts\n\n");
	put_file(md, &n, "Journal, every event of the run", files->journal);
	put_file(md, &n, "Snapshot, all figures as JSON", files->snapshot);
	put_file(md, &n, "Configuration that was in force", files->config);
	put_file(md, &n, "Exported snapshot", files->exported);
	put_file(md, &n, "This report", files->report);
	sw_md_add(md, "%s\n", n ? "" : "None that this report knows of.\n");
	sw_md_add(md, "### Raw Data Summary\n\nDurations in seconds.\n\n```json\n");
	sw_json_init(&json, md->out, 2);
	sw_json_object(&json, NULL);
	sw_snapshot_summary(&json, md->figures);
	sw_json_end_object(&json);
	sw_md_add(md, "\n```\n");
}
