/* What a terminal sends: however it is cut, the same keys; and a key's name names it. */
#include "tests/fuzz/fuzz.h"
#include "tui/input.h"

struct heard {
	struct sw_input_parser parser;
	uint64_t digest;
	size_t n;
};

static void check_name(uint32_t key, unsigned mods)
{
	char name[32], again[32];
	uint32_t back;
	unsigned back_mods;
	fuzz_check_shown(sw_input_key_name(key, mods, name, sizeof name), sizeof name);
	if (sw_input_key_parse(name, &back, &back_mods) == 0)
		FUZZ_CHECK(strcmp(sw_input_key_name(back, back_mods, again, sizeof again), name) == 0);
}

static void on_input(void *user, const struct sw_input *input)
{
	struct heard *heard = user;
	int values[] = {(int)input->kind, (int)input->key, (int)input->mods, input->x, input->y};
	FUZZ_CHECK((unsigned)input->kind <= SW_INPUT_WHEEL_DOWN);
	FUZZ_CHECK(input->x >= 0 && input->y >= 0);
	if (input->kind == SW_INPUT_KEY) {
		FUZZ_CHECK(input->key > 0 && input->key <= SW_CODE_LAST);
		check_name(input->key, input->mods);
	}
	heard->digest = fuzz_hash(values, sizeof values, heard->digest);
	heard->n++;
}

static bool feed(void *user, const char *bytes, size_t len)
{
	struct heard *heard = user;
	sw_input_feed(&heard->parser, bytes, len, on_input, heard);
	FUZZ_CHECK(heard->parser.len <= sizeof heard->parser.pending);
	return true;
}

static void run(const uint8_t *data, size_t size, enum fuzz_cut cut, struct heard *out)
{
	*out = (struct heard){0};
	fuzz_feed(data, size, cut, feed, out);
	sw_input_flush(&out->parser, on_input, out);
	/* Within a paste the beginning of its end may wait on. */
	FUZZ_CHECK(!sw_input_pending(&out->parser) || out->parser.in_paste);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	SW_CLEANUP(free) char *text = fuzz_text(data, size);
	struct heard whole, cut_up;
	uint32_t key;
	unsigned mods;

	run(data, size, FUZZ_WHOLE, &whole);
	FUZZ_CHECK(whole.n <= size);
	for (enum fuzz_cut cut = FUZZ_BYTES; cut < FUZZ_CUTS; cut++) {
		run(data, size, cut, &cut_up);
		FUZZ_CHECK(cut_up.n == whole.n && cut_up.digest == whole.digest);
	}
	if (sw_input_key_parse(text, &key, &mods) == 0)
		check_name(key, mods);
	return 0;
}
