/* A theme file: any bytes are refused in words, or make styles that every depth of colour can
 * show. */
#include "tests/fuzz/fuzz.h"
#include "tui/theme_internal.h"

static void check_styles(const struct sw_style *styles, int32_t max)
{
	for (int role = 0; role < SW_ROLE_COUNT; role++) {
		FUZZ_CHECK(styles[role].fg >= SW_COLOR_DEFAULT && styles[role].fg <= max);
		FUZZ_CHECK(styles[role].bg >= SW_COLOR_DEFAULT && styles[role].bg <= max);
	}
}

static void check_theme(const struct sw_theme *theme)
{
	check_styles(theme->rgb, 0xffffff);
	check_styles(theme->x256, 255);
	check_styles(theme->x16, 15);
	check_styles(theme->none, SW_COLOR_DEFAULT);
	fuzz_check_shown(theme->name, sizeof theme->name);
	fuzz_check_shown(theme->about, sizeof theme->about);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sw_theme_draft draft;
	static struct sw_theme base, theme;
	struct sw_error err = {0};
	SW_CLEANUP(free) char *text = fuzz_bytes(data, size);

	if (sw_theme_parse("f", text, size, &draft, &err) < 0) {
		fuzz_check_error(&err);
		return 0;
	}
	FUZZ_CHECK(draft.base >= -1 && draft.base < SW_THEME_COUNT);
	sw_theme_resolve(&draft, NULL, NULL, &theme);
	check_theme(&theme);
	sw_theme_default(&base);
	sw_theme_resolve(&draft, &base, &base, &theme);
	check_theme(&theme);
	return 0;
}
