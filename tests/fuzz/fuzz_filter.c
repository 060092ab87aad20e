/* "Which containers": what is taken can be shown, and shown it means the same. */
#include "docker/filter.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct sw_filter filter, back;
	static char shown[SW_FILTER_VALUE_MAX * SW_FILTER_MAX * 4];
	SW_CLEANUP(free) char *text = fuzz_text(data, size);
	SW_CLEANUP(buf) struct sw_buf path = {0};
	SW_CLEANUP(buf) struct sw_buf again = {0};
	struct sw_error err = {0};

	filter = back = (struct sw_filter){0};
	if (sw_filter_add(&filter, text, &err) < 0) {
		fuzz_check_error(&err);
		FUZZ_CHECK(filter.n_labels + filter.n_names + filter.n_images == 0);
		return 0;
	}
	fuzz_check_shown(sw_filter_text(&filter, shown, sizeof shown), sizeof shown);
	FUZZ_CHECK(sw_filter_add(&back, shown, &err) == 0);
	FUZZ_CHECK(memcmp(&filter, &back, sizeof filter) == 0);
	for (int i = 0; i < filter.n_names; i++)
		FUZZ_CHECK(filter.n_images || sw_filter_fits(&filter, filter.names[i], ""));
	for (int i = 0; i < filter.n_images; i++)
		FUZZ_CHECK(filter.n_names || sw_filter_fits(&filter, "", filter.images[i]));
	(void)sw_filter_fits(&filter, "name", text);
	sw_filter_query(&filter, true, &path);
	sw_filter_query(&back, true, &again);
	FUZZ_CHECK(!path.overflow && path.len == again.len &&
	           memcmp(path.data, again.data, path.len) == 0);
	FUZZ_CHECK(
		strspn(path.data, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~%") ==
		path.len);
	return 0;
}
