#include "tui/observe_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/histogram.h"
#include "core/report_table.h"
#include "core/report_text.h"
#include "core/text.h"

enum { INDENT = 2, IMAGES_MAX = SW_TABLE_ROWS - 1, CODES = 8 };

static const char dash[] = "-";

/* ---- accounts ---- */

static void add_accounts(struct sw_table *table, const char *name,
                         const struct sw_observe_image *image)
{
	const uint64_t counts[] = {
		image->created,       image->found,    image->living - image->running,
		image->running,       image->ended,    image->unseen,
		image->exit_codes[0], image->failures, image->oom,
		image->killed,        image->restarts,
	};
	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
		sw_table_cell(table, "%" PRIu64, counts[i]);
}

static int put_accounts(const struct sw_observe_summary *summary, struct sw_buf *out)
{
	static const struct {
		const char *title;
		int keep;
	} columns[] = {{"created", 0}, {"found", 3},  {"stopped", 5}, {"running", 0},
	               {"gone", 0},    {"unseen", 4}, {"ok", 0},      {"failed", 0},
	               {"oom", 1},     {"killed", 2}, {"restarts", 6}};
	SW_CLEANUP(table) struct sw_table table;
	const struct sw_observe_image *image;
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "image");
	for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
		sw_table_column(&table, SW_COLUMN_NUMBER, columns[i].keep, columns[i].title);
	for (int i = 0; i < IMAGES_MAX - 1 && (image = sw_observe_image(summary->observe, i)); i++)
		add_accounts(&table, image->name, image);
	add_accounts(&table, "all", sw_observe_all(summary->observe));
	return sw_table_write(&table, INDENT, (size_t)summary->width, out);
}

/* ---- times ---- */

static void add_time(struct sw_table *table, int64_t ns)
{
	char text[16];
	sw_table_cell(table, "%s", sw_text_duration(text, sizeof text, ns));
}

static void add_span(struct sw_table *table, const char *name, const struct sw_observe_image *image,
                     enum sw_observe_span span)
{
	const struct sw_histogram *h = image->spans[span];
	uint64_t n = h ? sw_histogram_count(h) : 0;
	sw_table_row(table);
	sw_table_cell(table, "%s", name);
	sw_table_cell(table, "%s", sw_observe_span_name(span));
	sw_table_cell(table, "%" PRIu64, n);
	if (!n) {
		for (int i = 0; i < 6; i++)
			sw_table_cell(table, "%s", dash);
		return;
	}
	add_time(table, image->sum_ns[span] / (int64_t)n);
	add_time(table, sw_histogram_min(h));
	add_time(table, sw_histogram_percentile(h, 50));
	add_time(table, sw_histogram_percentile(h, 95));
	add_time(table, sw_histogram_percentile(h, 99));
	if (sw_histogram_clamped(h))
		sw_table_cell(table, "over 1 h");
	else
		add_time(table, sw_histogram_max(h));
}

/* Of as many images as one table holds; all of them are in the snapshot. */
static int put_times(const struct sw_observe_summary *summary, struct sw_buf *out)
{
	SW_CLEANUP(table) struct sw_table table;
	const struct sw_observe_image *image;
	sw_table_init(&table);
	sw_table_column(&table, SW_COLUMN_TEXT, 0, "image");
	sw_table_column(&table, SW_COLUMN_FIXED, 0, "span");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "n");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "mean");
	sw_table_column(&table, SW_COLUMN_NUMBER, 4, "min");
	sw_table_column(&table, SW_COLUMN_NUMBER, 0, "p50");
	sw_table_column(&table, SW_COLUMN_NUMBER, 1, "p95");
	sw_table_column(&table, SW_COLUMN_NUMBER, 2, "p99");
	sw_table_column(&table, SW_COLUMN_NUMBER, 3, "max");
	for (int i = 0; i < SW_TABLE_ROWS / SW_SPANS && (image = sw_observe_image(summary->observe, i));
	     i++)
		for (int s = 0; s < SW_SPANS; s++)
			add_span(&table, s ? "" : image->name, image, s);
	return sw_table_write(&table, INDENT, (size_t)summary->width, out);
}

/* ---- the rest, in sentences ---- */

static void put_codes(const struct sw_observe_image *all, struct sw_buf *out)
{
	int codes[CODES];
	int n = sw_observe_top_codes(all, codes, CODES);
	if (!n)
		return;
	(void)sw_buf_add_str(out, "  exit codes  ");
	for (int i = 0; i < n; i++)
		(void)sw_buf_addf(out, "%s%d: %" PRIu64, i ? ", " : "", codes[i],
		                  all->exit_codes[codes[i]]);
	(void)sw_buf_add_str(out, "\n");
}

static void put_gaps(const struct sw_observe_summary *summary, struct sw_buf *out)
{
	const struct sw_observe_watch *watch = sw_observe_watch(summary->observe);
	const struct sw_observe_image *all = sw_observe_all(summary->observe);
	bool is_lost = watch->was_connected && !watch->is_connected;
	int64_t lost_ns = watch->lost_ns + (is_lost ? summary->now_ns - watch->since_ns : 0);
	char lost[16];
	if (watch->lost)
		(void)sw_buf_addf(out, "  the engine was away %" PRIu64 " time%s, %s together%s\n",
		                  watch->lost, watch->lost == 1 ? "" : "s",
		                  sw_text_duration(lost, sizeof lost, lost_ns),
		                  is_lost ? ", and still is" : "");
	else if (!watch->was_connected)
		(void)sw_buf_add_str(out, "  the engine never answered\n");
	if (all->unseen)
		(void)sw_buf_addf(out, "  %" PRIu64 " ended unseen\n", all->unseen);
	if (all->exit_unknown)
		(void)sw_buf_addf(out, "  of %" PRIu64 " runs the engine did not say how they ended\n",
		                  all->exit_unknown);
}

static int write_text(const struct sw_observe_summary *summary, struct sw_buf *out)
{
	const struct sw_observe_image *all = sw_observe_all(summary->observe);
	char lasted[16];
	(void)sw_buf_addf(out, "containers: %s\n", summary->filter);
	if (*summary->engine)
		(void)sw_buf_addf(out, "  engine      %s\n", summary->engine);
	(void)sw_buf_addf(out, "  watched     %s, %" PRIu64 " events\n",
	                  sw_text_duration(lasted, sizeof lasted, summary->lasted_ns),
	                  sw_observe_watch(summary->observe)->events);
	put_codes(all, out);
	put_gaps(summary, out);
	(void)sw_buf_add_str(out, "\n");
	int status = put_accounts(summary, out);
	if (sw_observe_image(summary->observe, 0)) {
		(void)sw_buf_add_str(out, "\n");
		status |= put_times(summary, out);
	}
	return status < 0 || out->overflow ? -1 : 0;
}

int sw_observe_summary_write(const struct sw_observe_summary *summary, struct sw_buf *out)
{
	SW_CLEANUP(buf) struct sw_buf text = {0};
	if (write_text(summary, &text) < 0)
		return -1;
	return summary->ascii ? sw_report_ascii(text.data, out) : sw_buf_add(out, text.data, text.len);
}
