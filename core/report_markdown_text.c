#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/report_markdown.h"
#include "core/report_table.h"
#include "core/report_text.h"

/* What begins a block (heading, quote, list) where the text stands first in its line. */
static size_t escaped_start(const char *text, char *out)
{
	size_t digits = strspn(text, "0123456789"), len = 0;

	if (*text && strchr("-+=", *text)) {
		out[len++] = '\\';
	} else if (digits > 0 && (text[digits] == '.' || text[digits] == ')')) {
		memcpy(out, text, digits);
		len = digits;
		out[len++] = '\\';
	}
	return len;
}

struct sw_escaped sw_md(const char *text)
{
	struct sw_escaped escaped;
	struct sw_shown clean = sw_shown(text);
	size_t len = escaped_start(clean.text, escaped.text);
	const char *p = clean.text + (len > 1 ? len - 1 : 0);

	for (; *p; p++) {
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

void sw_md_item(const struct sw_markdown *md, const char *text)
{
	if (*text)
		sw_md_add(md, "- %s\n", sw_md(text).text);
}

void sw_md_paragraph(const struct sw_markdown *md, const char *text)
{
	if (*text)
		sw_md_add(md, "%s\n\n", sw_md(text).text);
}

void sw_md_table(const struct sw_markdown *md, struct sw_table *table)
{
	if (sw_table_write_markdown(table, md->out))
		md->out->overflow = true;
	sw_md_add(md, "\n");
	sw_table_done(table);
}

struct sw_number sw_md_time(const struct sw_markdown *md, double ns)
{
	struct sw_number out;

	(void)snprintf(out.text, sizeof(out.text), "%.30s %s", sw_in_unit(md->unit, ns).text,
	               md->unit.name);
	return out;
}
