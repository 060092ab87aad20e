#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_page.h"
#include "core/report_table.h"
#include "core/report_text.h"
#include "core/report_words.h"

/* ---- sentences ---- */

struct sw_sentence sw_say_faults(const uint64_t counts[SW_FAULT_COUNT])
{
	struct sw_sentence sentence = {""};

	for (int f = 0; f < SW_FAULT_COUNT; f++) {
		size_t len = strlen(sentence.text);
		if (counts[f] > 0)
			(void)snprintf(sentence.text + len, sizeof(sentence.text) - len, "%s%s %" PRIu64,
			               len ? ", " : "", sw_word(&sw_words_fault, f), counts[f]);
	}
	return sentence;
}

static const char *times(uint64_t n)
{
	return n == 1 ? "time" : "times";
}

struct sw_sentence sw_say_breaker(const struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;
	uint64_t not_asked = 0, opened = session->breaker_opened, probes = session->breaker_probes;

	for (int i = 0; i < session->n_modes; i++)
		not_asked += session->modes[i]->not_asked;
	if (opened == 0)
		return (struct sw_sentence){""};
	bool is_over = session->state != SW_STATE_RUNNING;
	return sw_say("opened %" PRIu64 " %s, %s%s%s: %" PRIu64 " %s not asked of the engine, %" PRIu64
	              " %s got no answer",
	              opened, times(opened), is_over ? "" : "now ",
	              sw_word(&sw_words_breaker, (int)session->breaker), is_over ? " at the end" : "",
	              not_asked, not_asked == 1 ? "attempt was" : "attempts were", probes,
	              probes == 1 ? "probe" : "probes");
}

struct sw_sentence sw_say_resumed(const struct sw_figures *figures)
{
	const struct sw_session *session = figures->session;
	uint64_t dropped = 0;

	for (int i = 0; i < session->n_modes; i++)
		dropped += session->modes[i]->dropped;
	if (session->resumed == 0)
		return (struct sw_sentence){""};
	return sw_say("%" PRIu64 " %s by another process; %" PRIu64
	              " %s dropped in the middle and run anew",
	              session->resumed, times(session->resumed), dropped,
	              dropped == 1 ? "iteration was" : "iterations were");
}

/* ---- faults, and what came of them ---- */

static const char *came_name(int came)
{
	return came == SW_CAME_BACK ? "fell back" : sw_word(&sw_words_outcome, came);
}

static bool any_fault(const struct sw_session *session)
{
	for (int i = 0; i < session->n_modes; i++)
		if (sw_mode_faults(session->modes[i]) > 0)
			return true;
	return false;
}

/* Only what came of some: a column of zeros tells nothing. */
static void find_columns(const struct sw_session *session, bool out_shown[SW_CAME_COUNT])
{
	uint64_t came[SW_CAME_COUNT];

	memset(out_shown, 0, SW_CAME_COUNT * sizeof *out_shown);
	out_shown[SW_OUTCOME_OK] = out_shown[SW_CAME_BACK] = true;
	for (int f = 0; f < SW_FAULT_COUNT; f++) {
		(void)sw_session_came_of(session, (enum sw_fault)f, came);
		for (int c = 0; c < SW_CAME_COUNT; c++)
			out_shown[c] |= came[c] > 0;
	}
}

static void fault_row(struct sw_table *table, const struct sw_session *session, enum sw_fault fault,
                      const bool shown[SW_CAME_COUNT])
{
	uint64_t came[SW_CAME_COUNT], injected = sw_session_came_of(session, fault, came), hit = 0;

	if (injected == 0)
		return;
	for (int c = 0; c < SW_CAME_COUNT; c++)
		hit += came[c];
	sw_table_row(table);
	sw_table_cell(table, "%s", sw_word(&sw_words_fault, (int)fault));
	sw_table_cell(table, "%" PRIu64, injected);
	sw_table_cell(table, "%" PRIu64, hit);
	for (int c = 0; c < SW_CAME_COUNT; c++)
		if (shown[c])
			sw_table_cell(table, "%" PRIu64, came[c]);
}

static void fault_table(struct sw_table *table, const struct sw_session *session)
{
	bool shown[SW_CAME_COUNT];

	find_columns(session, shown);
	sw_table_init(table);
	sw_table_column(table, SW_COLUMN_FIXED, 0, "fault");
	sw_table_column(table, SW_COLUMN_NUMBER, 0, "injected");
	sw_table_column(table, SW_COLUMN_NUMBER, 1, "iterations hit");
	for (int c = 0; c < SW_CAME_COUNT; c++)
		if (shown[c])
			sw_table_column(table, SW_COLUMN_NUMBER, 0, came_name(c));
	for (int f = 0; f < SW_FAULT_COUNT; f++)
		fault_row(table, session, (enum sw_fault)f, shown);
}

static const char explained[] =
	"Faults were injected on purpose (chaos), so these figures are not of an undisturbed run. An iteration "
	"that several kinds of fault hit is in each of their rows; warm-up is not counted.";

void sw_page_faults(const struct sw_page *page)
{
	enum { LABEL = 18 };
	struct sw_sentence breaker = sw_say_breaker(page->figures);
	struct sw_sentence resumed = sw_say_resumed(page->figures);
	struct sw_table table;

	sw_page_labelled(page, LABEL, "circuit breaker", breaker.text);
	sw_page_labelled(page, LABEL, "resumed", resumed.text);
	if (!any_fault(page->figures->session))
		return;
	sw_page_heading(page, "Injected faults, and what came of the iterations they hit");
	fault_table(&table, page->figures->session);
	sw_page_table(page, &table);
	sw_page_paragraph(page, explained);
}

void sw_md_faults(const struct sw_markdown *md)
{
	struct sw_sentence breaker = sw_say_breaker(md->figures), resumed = sw_say_resumed(md->figures);
	const struct sw_session *session = md->figures->session;
	struct sw_table table;

	if (*breaker.text)
		sw_md_add(md, "**Circuit breaker**: %s.\n\n", sw_md(breaker.text).text);
	if (*resumed.text)
		sw_md_add(md, "**Resumed**: %s.\n\n", sw_md(resumed.text).text);
	if (!any_fault(session))
		return;
	sw_md_add(md, "### Injected Faults\n\n");
	sw_md_paragraph(md, explained);
	fault_table(&table, session);
	sw_md_table(md, &table);
	for (int i = 0; i < session->n_modes; i++) {
		struct sw_sentence faults = sw_say_faults(session->modes[i]->faults);
		if (*faults.text)
			sw_md_add(md, "- **%s**: %s\n", sw_md(session->modes[i]->info.name).text,
			          sw_md(faults.text).text);
	}
	sw_md_add(md, "\n");
}
