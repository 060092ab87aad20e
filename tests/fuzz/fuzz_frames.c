/* A container's output in frames: however it is cut, the same bytes come out of the same streams. */
#include "docker/frames.h"
#include "tests/fuzz/fuzz.h"

struct taken {
	struct sw_frames frames;
	struct sw_buf streams[3];
	struct sw_error err;
	int status;
};

static void on_piece(void *user, enum sw_stream stream, const char *bytes, size_t len)
{
	struct taken *taken = user;
	FUZZ_CHECK((unsigned)stream <= SW_STREAM_STDERR && len > 0);
	FUZZ_CHECK(sw_buf_add(&taken->streams[stream], bytes, len) == 0);
}

static bool feed(void *user, const char *bytes, size_t len)
{
	struct taken *taken = user;
	taken->status = sw_frames_feed(&taken->frames, bytes, len, on_piece, taken, &taken->err);
	return taken->status == 0;
}

static void done(struct taken *taken)
{
	for (int i = 0; i < 3; i++)
		sw_buf_done(&taken->streams[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct taken whole = {0};
	fuzz_feed(data, size, FUZZ_WHOLE, feed, &whole);
	if (whole.status < 0)
		fuzz_check_error(&whole.err);
	size_t sum = whole.streams[0].len + whole.streams[1].len + whole.streams[2].len;
	FUZZ_CHECK(sum <= size);
	for (enum fuzz_cut cut = FUZZ_BYTES; cut < FUZZ_CUTS; cut++) {
		struct taken cut_up = {0};
		fuzz_feed(data, size, cut, feed, &cut_up);
		FUZZ_CHECK(cut_up.status == whole.status &&
		           strcmp(cut_up.err.message, whole.err.message) == 0);
		for (int i = 0; i < 3; i++) {
			FUZZ_CHECK(cut_up.streams[i].len == whole.streams[i].len);
			FUZZ_CHECK(
				!whole.streams[i].len ||
				memcmp(cut_up.streams[i].data, whole.streams[i].data, whole.streams[i].len) == 0);
		}
		if (whole.status == 0)
			FUZZ_CHECK(cut_up.frames.left == whole.frames.left &&
			           cut_up.frames.header_len == whole.frames.header_len);
		done(&cut_up);
	}
	done(&whole);
	return 0;
}
