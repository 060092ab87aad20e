#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_text.h"

struct sw_escaped sw_md(const char *text)
{
	struct sw_escaped escaped;
	struct sw_shown clean = sw_shown(text);
	size_t len = 0;

	for (const char *p = clean.text; *p; p++) {
		if (*p == '&' || *p == '<' || *p == '>') {
			const char *entity = *p == '&' ? "&amp;" : *p == '<' ? "&lt;" : "&gt;";
			memcpy(escaped.text + len, entity, strlen(entity));
			len += strlen(entity);
			continue;
		}
		if (strchr("\\`*_[]|~#!", *p))
			escaped.text[len++] = '\\';
		escaped.text[len++] = *p;
	}
	escaped.text[len] = '\0';
	return escaped;
}

void sw_md_add(const struct sw_markdown *md, const char *format, ...)
{
	char text[16 * 1024];
	va_list args;

	va_start(args, format);
	int len = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(text))
		md->out->overflow = true;
	else
		(void)sw_buf_add(md->out, text, (size_t)len);
}

/* TEXT first in a line, where some characters would begin a list, a rule or a heading. */
static void add_at_start(const struct sw_markdown *md, const char *text)
{
	struct sw_escaped escaped = sw_md(text);
	size_t digits = strspn(escaped.text, "0123456789");
	const char *rest = escaped.text + digits;
	bool begins_block = *rest && strchr(digits ? ".)" : "-+=", *rest);

	if (*rest == '+' && rest[1] != ' ')
		begins_block = false; /* "+14 %" is no list */
	sw_md_add(md, "%.*s%s%s", (int)digits, escaped.text, begins_block ? "\\" : "", rest);
}

void sw_md_item(const struct sw_markdown *md, const char *text)
{
	if (*text == '\0')
		return;
	sw_md_add(md, "- ");
	add_at_start(md, text);
	sw_md_add(md, "\n");
}

void sw_md_paragraph(const struct sw_markdown *md, const char *text)
{
	if (*text == '\0')
		return;
	add_at_start(md, text);
	sw_md_add(md, "\n\n");
}

void sw_md_table(const struct sw_markdown *md, struct sw_table *table)
{
	if (sw_table_write_markdown(table, md->out))
		md->out->overflow = true;
	sw_md_add(md, "\n");
	sw_table_done(table);
}

struct sw_number sw_md_difference(const struct sw_markdown *md, double ns)
{
	struct sw_number out;

	(void)snprintf(out.text, sizeof(out.text), "%.30s %s", sw_signed_in_unit(md->unit, ns).text,
	               md->unit.name);
	return out;
}

struct sw_number sw_md_time(const struct sw_markdown *md, double ns)
{
	struct sw_number out;

	(void)snprintf(out.text, sizeof(out.text), "%.30s %s", sw_in_unit(md->unit, ns).text,
	               md->unit.name);
	return out;
}
