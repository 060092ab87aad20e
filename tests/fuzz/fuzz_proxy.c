/* What a client and an engine send through the proxy: however it is cut, what comes out is what went
 * in, and the same messages are found in it; and an injected fault does what it says, and nothing
 * else. */
#include <ctype.h>

#include "docker/proxy_internal.h"
#include "tests/fuzz/fuzz.h"

/* What the client sends, this, what the engine sends. */
static const char separator[] = "\n----\n";

/* In bytes: a flow takes all at once; single ones are fed of few. */
enum { SIZE_LIMIT = 32 << 10, BY_BYTES_LIMIT = 384, TAG = 7 };

struct bytes {
	const char *at;
	size_t len;
};

/* A connection without sockets: what is ready is taken from its flows. */
struct traffic {
	struct sw_proxy_connection c;
	struct sw_proxy_listener listener;
	struct sw_proxy proxy;
	struct sw_buf out[2];
	size_t fed[2];
	int hits;
	bool is_slow; /* little is taken at a time */
	uint64_t state;
};

static void on_hit(void *user, uint64_t tag, const char *what)
{
	struct traffic *t = user;
	t->hits++;
	FUZZ_CHECK(tag == TAG && what[0]);
	fuzz_check_shown(what, SW_PROXY_WHAT_MAX);
}

static void begin(struct traffic *t, const struct sw_proxy_fault *fault)
{
	static struct sw_loop *loop;
	FUZZ_CHECK(loop || sw_loop_new(&loop, NULL) == 0);
	*t = (struct traffic){.proxy.loop = loop, .state = 1};
	pthread_mutex_init(&t->proxy.lock, NULL);
	t->proxy.hit = on_hit;
	t->proxy.user = t;
	t->listener.proxy = &t->proxy;
	if (fault) {
		t->listener.armed[0] = (struct sw_proxy_armed){.fault = *fault, .serial = 1};
		t->listener.n_armed = 1;
	}
	t->c.listener = &t->listener;
	t->c.cut = t->c.garble = -1;
	t->c.random = 1;
}

static void end(struct traffic *t)
{
	sw_proxy_traffic_done(&t->c);
	for (int i = 0; i < t->listener.n_armed; i++)
		FUZZ_CHECK(!t->listener.armed[i].is_claimed);
	for (int dir = 0; dir < 2; dir++) {
		sw_proxy_flow_done(&t->c.flows[dir]);
		sw_buf_done(&t->out[dir]);
	}
	pthread_mutex_destroy(&t->proxy.lock);
}

/* As sw_proxy_flow_send, to a sink that takes what it likes. */
static bool take(struct traffic *t, int dir)
{
	struct sw_proxy_flow *flow = &t->c.flows[dir];
	FUZZ_CHECK(flow->start <= flow->ready && flow->ready <= flow->end);
	FUZZ_CHECK(flow->end <= SW_PROXY_FLOW_MAX);
	size_t n = flow->ready - flow->start, most = 1 + fuzz_next(&t->state) % 32;
	if (t->is_slow && n > most)
		n = most;
	if (n > 0)
		FUZZ_CHECK(sw_buf_add(&t->out[dir], flow->bytes + flow->start, n) == 0);
	flow->start += n;
	if (flow->start == flow->end)
		flow->start = flow->ready = flow->end = 0;
	return n > 0;
}

/* Until nothing moves, which comes soon; a fault's time passes at once. */
static void settle(struct traffic *t)
{
	size_t turns = 0;
	for (bool has_moved = true; has_moved || t->c.is_held;) {
		if (!has_moved) {
			sw_loop_disarm(t->proxy.loop, &t->c.hold);
			t->c.is_held = false;
		}
		has_moved = sw_proxy_judge_up(&t->c);
		has_moved |= sw_proxy_judge_down(&t->c);
		if (t->c.is_aborting)
			return;
		has_moved |= take(t, SW_PROXY_UP);
		has_moved |= take(t, SW_PROXY_DOWN);
		FUZZ_CHECK(++turns < 64 + 8 * (t->fed[0] + t->fed[1]));
	}
}

static void feed(struct traffic *t, int dir, const char *bytes, size_t len)
{
	size_t room = 0;
	char *at = sw_proxy_flow_room(&t->c.flows[dir], &room);
	FUZZ_CHECK(at && len <= room);
	memcpy(at, bytes, len);
	t->c.flows[dir].end += len;
	t->fed[dir] += len;
	settle(t);
}

static bool feed_up(void *user, const char *bytes, size_t len)
{
	feed(user, SW_PROXY_UP, bytes, len);
	return true;
}

static bool feed_down(void *user, const char *bytes, size_t len)
{
	feed(user, SW_PROXY_DOWN, bytes, len);
	return true;
}

static void end_of(struct traffic *t, int dir)
{
	t->c.flows[dir].eof = true;
	settle(t);
}

/* The client speaks first. EARLY: it sends no more when the engine begins. */
static void converse(struct traffic *t, const struct bytes *in, enum fuzz_cut cut, bool early)
{
	t->is_slow = cut == FUZZ_SMALL;
	fuzz_feed(in[SW_PROXY_UP].at, in[SW_PROXY_UP].len, cut, feed_up, t);
	if (early)
		end_of(t, SW_PROXY_UP);
	fuzz_feed(in[SW_PROXY_DOWN].at, in[SW_PROXY_DOWN].len, cut, feed_down, t);
	end_of(t, SW_PROXY_DOWN);
	end_of(t, SW_PROXY_UP);
}

/* Both speak whenever they like. */
static void interrupt(struct traffic *t, const struct bytes *in, uint64_t state)
{
	for (;;) {
		size_t left[2] = {in[0].len - t->fed[0], in[1].len - t->fed[1]};
		if (left[0] + left[1] == 0)
			break;
		int dir = left[0] == 0 ? 1 : left[1] == 0 ? 0 : (int)(fuzz_next(&state) % 2);
		size_t len = 1 + fuzz_next(&state) % left[dir];
		feed(t, dir, in[dir].at + t->fed[dir], len);
	}
	end_of(t, SW_PROXY_UP);
	end_of(t, SW_PROXY_DOWN);
}

static bool begins(const struct sw_buf *out, const struct bytes *in)
{
	return out->len <= in->len && (out->len == 0 || memcmp(out->data, in->at, out->len) == 0);
}

/* Only a request behind one that was never answered to its end stays. */
static void check_untouched(const struct traffic *t, const struct bytes *in)
{
	const struct sw_buf *up = &t->out[SW_PROXY_UP], *down = &t->out[SW_PROXY_DOWN];
	bool is_waiting = t->c.up == SW_PROXY_UP_WAIT && t->c.down != SW_PROXY_DOWN_IDLE &&
	                  !t->c.is_opaque && !t->c.is_stream;
	FUZZ_CHECK(begins(up, &in[SW_PROXY_UP]) && begins(down, &in[SW_PROXY_DOWN]));
	FUZZ_CHECK(down->len == in[SW_PROXY_DOWN].len);
	FUZZ_CHECK(is_waiting || up->len == in[SW_PROXY_UP].len);
}

/* What is not understood is passed on at once: how far the other side was by then is nobody's. */
static void check_same_messages(const struct sw_proxy_connection *a,
                                const struct sw_proxy_connection *b)
{
	FUZZ_CHECK(a->is_opaque == b->is_opaque);
	if (a->is_opaque)
		return;
	FUZZ_CHECK(a->is_stream == b->is_stream && a->up == b->up && a->down == b->down);
	FUZZ_CHECK(a->request.body.passed == b->request.body.passed);
	FUZZ_CHECK(a->answer.passed == b->answer.passed);
	FUZZ_CHECK(strcmp(a->request.what, b->request.what) == 0);
}

/* Whether all that was asked has been answered, to its end. */
static bool is_complete(const struct traffic *t)
{
	return t->fed[SW_PROXY_UP] > 0 && !t->c.is_opaque && !t->c.is_stream &&
	       t->c.up == SW_PROXY_UP_HEAD && t->c.down == SW_PROXY_DOWN_IDLE;
}

/* Returns is_complete. */
static bool check_cuts(const struct bytes *in, bool early)
{
	static struct traffic whole, cut_up;
	begin(&whole, NULL);
	converse(&whole, in, FUZZ_WHOLE, early);
	check_untouched(&whole, in);
	bool by_bytes = in[0].len + in[1].len < BY_BYTES_LIMIT;
	for (enum fuzz_cut cut = by_bytes ? FUZZ_BYTES : FUZZ_SMALL; cut < FUZZ_CUTS; cut++) {
		begin(&cut_up, NULL);
		converse(&cut_up, in, cut, early);
		check_untouched(&cut_up, in);
		FUZZ_CHECK(cut_up.out[SW_PROXY_UP].len == whole.out[SW_PROXY_UP].len);
		check_same_messages(&cut_up.c, &whole.c);
		end(&cut_up);
	}
	bool result = is_complete(&whole);
	end(&whole);
	begin(&cut_up, NULL);
	interrupt(&cut_up, in, fuzz_hash(in[0].at, in[0].len, in[1].len) | 1);
	check_untouched(&cut_up, in);
	end(&cut_up);
	return result;
}

static void check_fault(const struct traffic *t, enum sw_fault fault, const struct bytes *in)
{
	const struct sw_buf *up = &t->out[SW_PROXY_UP], *down = &t->out[SW_PROXY_DOWN];
	FUZZ_CHECK(t->hits + t->listener.n_armed == 1);
	if (t->hits == 0) {
		check_untouched(t, in);
		return;
	}
	FUZZ_CHECK(t->c.is_aborting == (fault == SW_FAULT_RESET));
	FUZZ_CHECK(t->c.is_ending == (fault == SW_FAULT_TRUNCATE));
	if (fault == SW_FAULT_STATUS) {
		FUZZ_CHECK(up->len < in[SW_PROXY_UP].len && down->len > in[SW_PROXY_DOWN].len);
		FUZZ_CHECK(memmem(down->data, down->len, "HTTP/1.1 503 Service Unavailable\r\n", 34));
		return;
	}
	FUZZ_CHECK(begins(up, &in[SW_PROXY_UP]));
	if (fault == SW_FAULT_GARBAGE)
		FUZZ_CHECK(down->len == in[SW_PROXY_DOWN].len);
	else
		FUZZ_CHECK(begins(down, &in[SW_PROXY_DOWN]));
	if (fault == SW_FAULT_DELAY || fault == SW_FAULT_STALL || !sw_fault_is_network(fault))
		check_untouched(t, in);
}

/* Each fault once: at once, or wherever the input's hash says. An answer without a byte of its own has
 * nothing to be garbled. */
static void check_faults(const struct bytes *in, uint64_t hash, bool early, bool complete)
{
	static struct traffic t;
	uint64_t state = hash | 1;
	for (enum sw_fault fault = SW_FAULT_DELAY; fault <= SW_FAULT_ENGINE_PAUSE; fault++) {
		struct sw_proxy_fault armed = {.fault = fault,
		                               .target = SW_TARGET_ANY,
		                               .duration_ns = 1000000,
		                               .code = 503,
		                               .tag = TAG};
		if (fuzz_next(&state) % 2)
			armed.target = (enum sw_target)(fuzz_next(&state) % SW_TARGET_COUNT);
		if (fuzz_next(&state) % 2)
			armed.bytes = (int64_t)(fuzz_next(&state) % 64);
		else if (fuzz_next(&state) % 4 == 0)
			armed.bytes = (int64_t)(fuzz_next(&state) >> 1);
		begin(&t, &armed);
		converse(&t, in, fuzz_next(&state) % 2 ? FUZZ_SMALL : FUZZ_ANY, early);
		check_fault(&t, fault, in);
		FUZZ_CHECK(!complete || t.hits == 1 || fault == SW_FAULT_GARBAGE || armed.bytes > 0 ||
		           armed.target != SW_TARGET_ANY);
		end(&t);
	}
}

/* Where the line that BYTES begin with ends, before its CRLF; NULL: it is not whole, or too long. */
static const char *line_end(const char *bytes, const char *end)
{
	const char *at = bytes < end ? memmem(bytes, (size_t)(end - bytes), "\r\n", 2) : NULL;
	return at && at - bytes <= 1000 && !memchr(bytes, '\n', (size_t)(at - bytes)) ? at : NULL;
}

/* Chunks by the book (RFC 9112, 7.1): the bytes that they take; 0: they are none. */
static size_t by_the_book(const char *bytes, size_t len, int64_t *out_data)
{
	const char *at = bytes, *end = bytes + len, *eol;
	*out_data = 0;
	for (;;) {
		size_t size = 0, digits = 0;
		if (!(eol = line_end(at, end)))
			return 0;
		for (; at < eol && isxdigit((unsigned char)*at) && digits < 8; at++, digits++)
			size = size * 16 + (size_t)(*at <= '9' ? *at - '0' : (*at | 32) - 'a' + 10);
		if (digits == 0 || (at < eol && *at != ';'))
			return 0;
		at = eol + 2;
		if (size == 0)
			break;
		if ((size_t)(end - at) < size + 2 || memcmp(at + size, "\r\n", 2) != 0)
			return 0;
		at += size + 2;
		*out_data += (int64_t)size;
	}
	while ((eol = line_end(at, end)) && eol > at)
		at = eol + 2;
	return eol ? (size_t)(eol + 2 - bytes) : 0;
}

/* Behind each header of BYTES: what is chunked by the book ends where the book says. */
static void check_chunks(const char *bytes, size_t len)
{
	for (size_t head; (head = sw_proxy_head_len(bytes, len)) > 0;) {
		struct sw_proxy_body body = {.kind = SW_PROXY_BODY_CHUNKED};
		bytes += head;
		len -= head;
		int64_t data = 0;
		bool is_data;
		size_t wanted = by_the_book(bytes, len, &data), at = 0, n;
		if (wanted == 0)
			continue;
		while ((n = sw_proxy_body_next(&body, bytes + at, len - at, 7, &is_data)) > 0)
			at += n;
		FUZZ_CHECK(body.is_over && at == wanted && body.passed == data);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t gap_len = sizeof separator - 1;
	const uint8_t *gap = size ? memmem(data, size, separator, gap_len) : NULL;
	uint64_t hash = fuzz_hash(data, size, 0);
	struct bytes in[2] = {{(const char *)data, size}, {"", 0}};

	if (size > SIZE_LIMIT)
		return 0;
	if (gap) {
		in[SW_PROXY_UP].len = (size_t)(gap - data);
		in[SW_PROXY_DOWN].at = (const char *)gap + gap_len;
		in[SW_PROXY_DOWN].len = size - in[SW_PROXY_UP].len - gap_len;
	}
	check_chunks(in[SW_PROXY_DOWN].at, in[SW_PROXY_DOWN].len);
	bool complete = check_cuts(in, hash % 2);
	check_faults(in, hash, hash % 2, complete);
	return 0;
}
