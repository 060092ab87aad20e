#include "core/report_page.h"

#include "core/cleanup.h"
#include "core/report_table.h"
#include "core/report_text.h"

enum { INDENT = 2 };

void sw_page_heading(const struct sw_page *page, const char *title)
{
	size_t columns, used = sw_text_prefix(title, page->width - 4, &columns);

	(void)sw_buf_add_str(page->out, "\n");
	(void)sw_buf_add(page->out, title, used);
	(void)sw_buf_add_str(page->out, " ");
	for (size_t i = columns + 1; i < page->width; i++)
		(void)sw_buf_add_str(page->out, "─");
	(void)sw_buf_add_str(page->out, "\n");
}

void sw_page_paragraph(const struct sw_page *page, const char *text)
{
	if (*text)
		(void)sw_report_paragraph("  ", text, page->width, page->out);
}

void sw_page_labelled(const struct sw_page *page, size_t label_width, const char *label,
                      const char *text)
{
	SW_CLEANUP(buf) struct sw_buf lead = {0};
	size_t columns, used = sw_text_prefix(label, label_width - 1, &columns);

	if (*text == '\0')
		return;
	(void)sw_buf_addf(&lead, "%*s%.*s%*s", INDENT, "", (int)used, label,
	                  (int)(label_width - columns), "");
	if (lead.overflow || sw_report_paragraph(lead.data, text, page->width, page->out))
		page->out->overflow = true;
}

void sw_page_table(const struct sw_page *page, struct sw_table *table)
{
	if (sw_table_write(table, INDENT, page->width, page->out))
		page->out->overflow = true;
	sw_table_done(table);
}
