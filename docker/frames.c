#include "docker/frames.h"

#include <stdbool.h>

#include "core/error.h"

static int begin_frame(struct sw_frames *frames, struct sw_error *err)
{
	const unsigned char *h = frames->header;
	bool known = h[0] <= SW_STREAM_STDERR && h[1] == 0 && h[2] == 0 && h[3] == 0;
	if (!known)
		return sw_error_set(err, SW_ERR_PROTOCOL, 0,
		                    "the stream holds bytes %02x %02x %02x %02x where a frame must begin",
		                    h[0], h[1], h[2], h[3]);
	frames->stream = (enum sw_stream)h[0];
	frames->left = (uint32_t)h[4] << 24 | (uint32_t)h[5] << 16 | (uint32_t)h[6] << 8 | h[7];
	frames->header_len = 0;
	return 0;
}

int sw_frames_feed(struct sw_frames *frames, const char *bytes, size_t len, sw_frames_fn fn,
                   void *user, struct sw_error *err)
{
	while (len > 0) {
		if (frames->left > 0) {
			size_t piece = len < frames->left ? len : frames->left;
			frames->left -= (uint32_t)piece;
			fn(user, frames->stream, bytes, piece);
			bytes += piece;
			len -= piece;
			continue;
		}
		size_t piece = sizeof frames->header - frames->header_len;
		if (piece > len)
			piece = len;
		memcpy(frames->header + frames->header_len, bytes, piece);
		frames->header_len += piece;
		bytes += piece;
		len -= piece;
		if (frames->header_len == sizeof frames->header && begin_frame(frames, err) < 0)
			return -1;
	}
	return 0;
}
