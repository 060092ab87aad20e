#include <math.h>
#include <stdio.h>

#include "core/text.h"
#include "tui/screens/charts.h"
#include "tui/screens/observe.h"
#include "widgets/axis.h"
#include "widgets/spans.h"
#include "widgets/text.h"

enum { LABEL = 10, CLOCK = 14, TOOK = 10 };

/* Where the next line goes, below AREA's top by what is scrolled away. */
struct page {
	const struct sw_observe_program *program;
	struct sw_area area;
	int y;
};

/* A line of its own; texts that are longer than the area go on below. */
static void put_text(struct page *page, const struct sw_flow_piece *pieces, int n)
{
	struct sw_area measure = {NULL, 0, 0, page->area.w, 0};
	int rows = sw_flow_draw(measure, pieces, n);
	struct sw_area part = sw_area_sub(page->area, 0, page->y, page->area.w, rows);
	if (page->y >= 0 && part.h > 0)
		sw_flow_draw(part, pieces, n);
	page->y += rows;
}

/* TEXT may be one long word: it goes on below wherever the line ends. */
static void put_pair(struct page *page, const char *label, const char *text, enum sw_role role)
{
	int x = LABEL;
	sw_put_text_cut(page->area, 0, page->y, LABEL - 1, label, SW_ROLE_DIM);
	for (uint32_t ch; (ch = sw_glyph_next(&text)) != 0; x += sw_glyph_columns(ch)) {
		if (x > LABEL && x + sw_glyph_columns(ch) > page->area.w) {
			x = LABEL;
			page->y++;
		}
		sw_put_char(page->area, x, page->y, ch, role);
	}
	page->y++;
}

/* "started   10:31:02.206   83.0 ms  startup" */
static void put_step(struct page *page, const char *label, int64_t time_ns,
                     enum sw_observe_span span, int64_t length_ns)
{
	char clock[13], took[16];
	if (page->y >= 0) {
		sw_put_text_cut(page->area, 0, page->y, LABEL - 1, label, SW_ROLE_DIM);
		if (!time_ns && length_ns < 0)
			sw_put_text(page->area, LABEL, page->y, "not seen", SW_ROLE_DIM);
		else if (time_ns)
			sw_put_text(page->area, LABEL, page->y,
			            sw_observe_clock(page->program, clock, sizeof clock, time_ns),
			            SW_ROLE_TEXT);
		if (length_ns >= 0) {
			int x = LABEL + CLOCK;
			sw_put_text_right(page->area, x + TOOK, page->y, TOOK,
			                  sw_text_duration(took, sizeof took, length_ns), SW_ROLE_STRONG);
			sw_put_text(page->area, x + TOOK + 2, page->y, sw_observe_span_name(span),
			            sw_observe_span_role(span));
		}
	}
	page->y++;
}

static void put_head(struct page *page, const struct sw_observed *is)
{
	char ending[24], how[48] = "";
	(void)sw_observe_ending(ending, sizeof ending, is);
	if (is->died_ns && !is->oom && !is->signal && is->exit_code >= 0)
		(void)snprintf(how, sizeof how, ", exit code %d", is->exit_code);
	else if (is->died_ns && is->exit_code >= 0)
		(void)snprintf(how, sizeof how, ", %s, exit code %d", ending, is->exit_code);
	else if (is->died_ns)
		(void)snprintf(how, sizeof how, ", exit code not said");
	const struct sw_flow_piece pieces[] = {
		{is->end == SW_END_UNSEEN ? "ended, and nobody saw how" : sw_observe_state(is),
	     sw_observe_state_role(is)},
		{how, sw_observe_ending_role(is)},
		{is->was_found ? " (was there when the watch began or came back)" : "", SW_ROLE_DIM},
	};
	put_text(page, pieces, sizeof pieces / sizeof pieces[0]);
}

/* The stretches that are known, one after the other, as far as it has come. */
static void put_bar(struct page *page, const struct sw_observed *is)
{
	static const enum sw_observe_span order[] = {SW_SPAN_STARTUP, SW_SPAN_RUN, SW_SPAN_CLEANUP};
	static const char letters[] = {'s', 'r', 'c'};
	struct sw_stripe stripes[3];
	double at = 0, ends[3];
	int n = 0, which[3];
	for (int i = 0; i < 3; i++) {
		int64_t length = sw_observe_length(is, order[i]);
		if (i == 1 && length < 0 && is->started_ns && is->end == SW_END_LIVING)
			length = sw_observe_time(page->program) - is->started_ns;
		if (length < 0)
			continue;
		at += (double)length;
		ends[n] = at;
		which[n++] = i;
	}
	if (!n || page->y < 0 || page->y + 2 >= page->area.h)
		return;
	struct sw_axis axis;
	struct sw_area line = sw_area_sub(page->area, 0, page->y, page->area.w, 3);
	(void)sw_axis_init(&axis, 0, at > 0 ? at : 1, false);
	for (int i = 0; i < n; i++)
		stripes[i] = (struct sw_stripe){
			.start = sw_axis_column(&axis, i ? ends[i - 1] : 0, line.w),
			.end = sw_axis_column(&axis, ends[i], line.w),
			.role = sw_observe_span_role(order[which[i]]),
			.letter = letters[which[i]],
		};
	sw_spans_draw(sw_area_cut_top(&line, 1), stripes, n);
	sw_axis_ticks(&axis, line.w, sw_duration_label);
	sw_axis_draw(line, &axis);
	page->y += 4;
}

static void put_usage(struct page *page, const struct sw_observed *is)
{
	const struct sw_monitor *monitor = page->program->monitor;
	const struct sw_sample *sample = monitor ? sw_monitor_find(monitor, is->id) : NULL;
	char text[96], memory[16], limit[16];
	if (!sample || sample->state != SW_SAMPLE_RUNNING)
		return;
	if (!isnan(sample->cpu_percent)) {
		(void)snprintf(text, sizeof text, "%.1f %% of one", sample->cpu_percent);
		put_pair(page, "CPU", text, SW_ROLE_TEXT);
	}
	if (sample->memory_bytes < 0)
		return;
	(void)sw_text_bytes(memory, sizeof memory, (uint64_t)sample->memory_bytes);
	(void)snprintf(text, sizeof text, "%s", memory);
	if (sample->memory_limit_bytes >= 0)
		(void)snprintf(text, sizeof text, "%s of %s", memory,
		               sw_text_bytes(limit, sizeof limit, (uint64_t)sample->memory_limit_bytes));
	put_pair(page, "memory", text, SW_ROLE_TEXT);
}

void sw_observe_draw_container(struct sw_area area, const struct sw_observe_program *program,
                               const struct sw_observed *is, int top)
{
	struct page page = {program, area, -top};
	char text[48];
	put_head(&page, is);
	page.y++;
	put_pair(&page, "name", *is->name ? is->name : "-", SW_ROLE_STRONG);
	put_pair(&page, "image", is->image->name, sw_observe_role(program->source.observe, is->image));
	put_pair(&page, "id", is->id, SW_ROLE_TEXT);
	if (is->restarts) {
		(void)snprintf(text, sizeof text, "%u, the last run is shown", is->restarts);
		put_pair(&page, "restarts", text, SW_ROLE_WARNING);
	}
	put_usage(&page, is);
	page.y++;
	put_step(&page, "created", is->created_ns, SW_SPAN_WHOLE, -1);
	put_step(&page, "started",
	         is->restarts           ? is->started_ns
	         : is->first_started_ns ? is->first_started_ns
	                                : is->started_ns,
	         SW_SPAN_STARTUP, sw_observe_length(is, SW_SPAN_STARTUP));
	if (is->died_ns || is->end != SW_END_LIVING)
		put_step(&page, "died", is->died_ns, SW_SPAN_RUN, sw_observe_length(is, SW_SPAN_RUN));
	if (is->end != SW_END_LIVING)
		put_step(&page, "removed", is->destroyed_ns, SW_SPAN_CLEANUP,
		         sw_observe_length(is, SW_SPAN_CLEANUP));
	if (sw_observe_length(is, SW_SPAN_WHOLE) >= 0)
		put_step(&page, "together", 0, SW_SPAN_WHOLE, sw_observe_length(is, SW_SPAN_WHOLE));
	page.y++;
	put_bar(&page, is);
}
