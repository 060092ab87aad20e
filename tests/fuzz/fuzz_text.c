/* Text from outside on its way to a screen, a report and a JSON document: whatever it holds, what
 * is shown is printable and within its bounds, and what is written is read back. */
#include "core/codec.h"
#include "core/json.h"
#include "core/report_markdown.h"
#include "core/report_text.h"
#include "tests/fuzz/fuzz.h"

static void check_paragraph(const char *text, size_t width)
{
	SW_CLEANUP(buf) struct sw_buf out = {0};
	FUZZ_CHECK(sw_report_paragraph("  - ", text, width, &out) == 0);
	const char *at = out.data, *end = at ? at + out.len : at;
	while (at && at < end) {
		const char *feed = memchr(at, '\n', (size_t)(end - at));
		FUZZ_CHECK(feed);
		SW_CLEANUP(free) char *line = fuzz_text(at, (size_t)(feed - at));
		fuzz_check_shown(line, SIZE_MAX);
		FUZZ_CHECK(sw_text_columns(line) <= width);
		at = feed + 1;
	}
}

static void check_json(const char *text, size_t len)
{
	SW_CLEANUP(buf) struct sw_buf out = {0};
	struct sw_json json;
	struct sw_value *value = NULL;
	sw_json_init(&json, &out, 0);
	sw_json_strn(&json, NULL, text, len);
	FUZZ_CHECK(!out.overflow && sw_value_parse(out.data, out.len, &value, NULL) == 0);
	FUZZ_CHECK(sw_value_text(value));
	sw_value_free(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SW_CLEANUP(free) char *text = fuzz_text(data, size);
	SW_CLEANUP(free) char *bytes = fuzz_bytes(data, size);
	static char dst[4096], twice[4096];

	for (size_t room = 1; room <= sizeof dst; room = room * 5 + 2) {
		size_t len = sw_text_clean(dst, room, bytes, size);
		FUZZ_CHECK(len < room && dst[len] == '\0');
		fuzz_check_shown(dst, room);
		FUZZ_CHECK(sw_text_clean(twice, sizeof twice, dst, len) == len && strcmp(dst, twice) == 0);
	}
	size_t used = sw_text_clean(dst, sizeof dst, bytes, size), columns = 0;
	size_t prefix = sw_text_prefix(dst, 20, &columns);
	FUZZ_CHECK(prefix <= used && columns <= 20);
	(void)sw_text_distance(text, "strategy");
	check_paragraph(text, 20);
	check_paragraph(text, 79);
	check_json(bytes, size);
	struct sw_escaped escaped = sw_md(text);
	fuzz_check_shown(escaped.text, sizeof escaped.text);
	return 0;
}
