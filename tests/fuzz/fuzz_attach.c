/* The engine's answer to an attach: however it is cut, it is accepted at the same byte or
 * refused. */
#include "docker/attach_head.h"
#include "tests/fuzz/fuzz.h"

struct answer {
	struct sw_attach_head head;
	enum sw_attach_answer answer;
	size_t taken;
	struct sw_error err;
};

static bool feed(void *user, const char *bytes, size_t len)
{
	struct answer *answer = user;
	size_t used = len;
	answer->answer = sw_attach_head_feed(&answer->head, bytes, &used, &answer->err);
	FUZZ_CHECK(used <= len);
	answer->taken += used;
	return answer->answer == SW_ATTACH_MORE;
}

static void run(const uint8_t *data, size_t size, enum fuzz_cut cut, struct answer *out)
{
	*out = (struct answer){0};
	sw_attach_head_init(&out->head);
	fuzz_feed(data, size, cut, feed, out);
	if (out->answer == SW_ATTACH_MORE) {
		size_t none = 0;
		out->answer = sw_attach_head_feed(&out->head, "", &none, &out->err);
		FUZZ_CHECK(out->answer == SW_ATTACH_REFUSED);
	}
	if (out->answer == SW_ATTACH_REFUSED)
		fuzz_check_error(&out->err);
	sw_attach_head_done(&out->head);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct answer whole, cut_up;
	run(data, size, FUZZ_WHOLE, &whole);
	for (enum fuzz_cut cut = FUZZ_BYTES; cut < FUZZ_CUTS; cut++) {
		run(data, size, cut, &cut_up);
		FUZZ_CHECK(cut_up.answer == whole.answer);
		/* A refusal may quote what has come by then; where the stream begins must not depend on it. */
		if (whole.answer == SW_ATTACH_ACCEPTED)
			FUZZ_CHECK(cut_up.taken == whole.taken);
		else
			FUZZ_CHECK(cut_up.err.code == whole.err.code);
	}
	return 0;
}
