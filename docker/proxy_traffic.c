#include <stdio.h>
#include <string.h>

#include "docker/proxy_internal.h"

static const size_t line_end_len = 2;

/* xorshift64: never the byte that was there. */
static void garble(struct sw_proxy_connection *c, char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		c->random ^= c->random << 13;
		c->random ^= c->random >> 7;
		c->random ^= c->random << 17;
		bytes[i] = (char)((unsigned char)bytes[i] ^ (1 + (c->random >> 24) % 255));
	}
}

static void on_hold_end(void *user)
{
	struct sw_proxy_connection *c = user;
	c->is_held = false;
	sw_proxy_connection_move(c);
}

static void hold(struct sw_proxy_connection *c, int64_t duration_ns)
{
	c->is_held = true;
	if (sw_loop_arm(c->listener->proxy->loop, &c->hold, sw_clock_ns() + duration_ns, on_hold_end,
	                c) < 0)
		c->is_held = false;
}

/* Nothing more than what is ready goes down. */
static void end_cleanly(struct sw_proxy_connection *c)
{
	sw_proxy_flow_drop(&c->flows[SW_PROXY_DOWN], sw_proxy_n_pending(&c->flows[SW_PROXY_DOWN]));
	c->is_ending = true;
}

/* Does the claimed fault, which is one of a moment. */
static void happen(struct sw_proxy_connection *c, const char *what)
{
	struct sw_proxy_fault fault = c->claim.fault;
	c->cut = -1;
	if (!sw_proxy_hit(c->listener, &c->claim, what))
		return;
	if (fault.fault == SW_FAULT_DELAY || fault.fault == SW_FAULT_STALL)
		hold(c, fault.duration_ns);
	else if (fault.fault == SW_FAULT_TRUNCATE)
		end_cleanly(c);
	else if (fault.fault == SW_FAULT_RESET)
		c->is_aborting = true;
}

static bool has_claimed(const struct sw_proxy_connection *c, enum sw_fault fault)
{
	return c->claim.serial && c->claim.fault.fault == fault;
}

static void claim_triggers(struct sw_proxy_connection *c, enum sw_target target)
{
	for (int i = 0; i < SW_PROXY_CLAIMS_MAX; i++)
		if (!c->triggers[i].serial &&
		    !sw_proxy_claim(c->listener, target, SW_PROXY_TRIGGER, &c->triggers[i]))
			break;
}

static void tell_triggers(struct sw_proxy_connection *c, const char *what)
{
	for (int i = 0; i < SW_PROXY_CLAIMS_MAX; i++)
		if (c->triggers[i].serial)
			(void)sw_proxy_hit(c->listener, &c->triggers[i], what);
}

void sw_proxy_traffic_done(struct sw_proxy_connection *c)
{
	sw_proxy_unclaim(c->listener, &c->claim);
	for (int i = 0; i < SW_PROXY_CLAIMS_MAX; i++)
		sw_proxy_unclaim(c->listener, &c->triggers[i]);
	sw_loop_disarm(c->listener->proxy->loop, &c->hold);
}

static bool pass_all(struct sw_proxy_flow *flow)
{
	size_t n = sw_proxy_n_pending(flow);
	sw_proxy_flow_pass(flow, n);
	return n > 0;
}

static bool go_opaque(struct sw_proxy_connection *c)
{
	c->is_opaque = true;
	return true;
}

/* ---- the stream ---- */

static void claim_stream(struct sw_proxy_connection *c)
{
	claim_triggers(c, SW_TARGET_STREAM);
	tell_triggers(c, "stream");
}

static bool stream_up(struct sw_proxy_connection *c)
{
	if (sw_proxy_n_pending(&c->flows[SW_PROXY_UP]) > 0)
		claim_stream(c);
	return pass_all(&c->flows[SW_PROXY_UP]);
}

static bool stream_down(struct sw_proxy_connection *c)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_DOWN];
	size_t n = sw_proxy_n_pending(flow);
	if (n == 0)
		return false;
	claim_stream(c);
	if (!c->claim.serial &&
	    sw_proxy_claim(c->listener, SW_TARGET_STREAM, SW_PROXY_NETWORK, &c->claim))
		c->passed = 0;
	if (!c->claim.serial)
		return pass_all(flow);
	int64_t before = c->claim.fault.fault == SW_FAULT_DELAY ? 0 : c->claim.fault.bytes - c->passed;
	if ((int64_t)n <= before) {
		c->passed += (int64_t)n;
		return pass_all(flow);
	}
	sw_proxy_flow_pass(flow, (size_t)before);
	bool is_garbage = has_claimed(c, SW_FAULT_GARBAGE);
	if (!is_garbage)
		happen(c, "stream");
	else if (sw_proxy_hit(c->listener, &c->claim, "stream"))
		garble(c, flow->bytes + flow->ready, n - (size_t)before);
	if (is_garbage)
		(void)pass_all(flow);
	return true;
}

/* ---- requests ---- */

/* When both are over, the next request may come. */
static void end_exchange(struct sw_proxy_connection *c)
{
	if (c->up != SW_PROXY_UP_WAIT || c->down != SW_PROXY_DOWN_IDLE)
		return;
	c->up = SW_PROXY_UP_HEAD;
}

/* True: what would have been the engine's answer is on its way down. */
static bool answer_status(struct sw_proxy_connection *c)
{
	static const struct {
		int code;
		const char *reason;
	} reasons[] = {
		{400, "Bad Request"},
		{401, "Unauthorized"},
		{403, "Forbidden"},
		{404, "Not Found"},
		{409, "Conflict"},
		{429, "Too Many Requests"},
		{500, "Internal Server Error"},
		{501, "Not Implemented"},
		{502, "Bad Gateway"},
		{503, "Service Unavailable"},
		{504, "Gateway Timeout"},
	};
	char body[SW_PROXY_WHAT_MAX + 64], text[sizeof body + 256], what[SW_PROXY_WHAT_MAX];
	int code = c->claim.fault.code;
	const char *reason = "Injected";
	for (size_t i = 0; i < sizeof reasons / sizeof *reasons; i++)
		if (reasons[i].code == code)
			reason = reasons[i].reason;
	(void)snprintf(what, sizeof what, "%s", c->request.what);
	for (char *sign = what; *sign; sign++)
		if (strchr("\"\\", *sign))
			*sign = '?';
	int len = snprintf(body, sizeof body, "{\"message\":\"injected: %d %s instead of %s\"}\n", code,
	                   reason, what);
	int n =
		snprintf(text, sizeof text,
	             "HTTP/1.1 %d %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
	             code, reason, len, c->request.is_head ? "" : body);
	return sw_proxy_flow_insert(&c->flows[SW_PROXY_DOWN], text, (size_t)n);
}

static bool begin_request(struct sw_proxy_connection *c, size_t head_len)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_UP];
	if (!sw_proxy_request_read(sw_proxy_pending(flow), head_len, &c->request))
		return go_opaque(c);
	if (!c->claim.serial)
		(void)sw_proxy_claim(c->listener, c->request.target, SW_PROXY_NETWORK, &c->claim);
	if (has_claimed(c, SW_FAULT_STATUS)) {
		if (!answer_status(c))
			return false;
		(void)sw_proxy_hit(c->listener, &c->claim, c->request.what);
		sw_proxy_flow_drop(flow, head_len);
		c->up = SW_PROXY_UP_SWALLOW;
		return true;
	}
	claim_triggers(c, c->request.target);
	sw_proxy_flow_pass(flow, head_len);
	c->up = SW_PROXY_UP_BODY;
	c->down = SW_PROXY_DOWN_HEAD;
	c->cut = c->garble = -1;
	return true;
}

static bool request_body(struct sw_proxy_connection *c)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_UP];
	bool is_data, is_swallowed = c->up == SW_PROXY_UP_SWALLOW;
	size_t n = sw_proxy_body_next(&c->request.body, sw_proxy_pending(flow),
	                              sw_proxy_n_pending(flow), INT64_MAX, &is_data);
	if (is_swallowed)
		sw_proxy_flow_drop(flow, n);
	else
		sw_proxy_flow_pass(flow, n);
	if (c->request.body.is_over || c->request.body.kind == SW_PROXY_BODY_NONE) {
		c->up = SW_PROXY_UP_WAIT;
		end_exchange(c);
		return true;
	}
	if (n == 0 && flow->eof)
		return go_opaque(c);
	return n > 0;
}

bool sw_proxy_judge_up(struct sw_proxy_connection *c)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_UP];
	if (c->is_ending || c->is_aborting)
		return false;
	if (c->is_stream)
		return stream_up(c);
	if (c->is_opaque)
		return pass_all(flow);
	/* The request has been sent, to its last byte. */
	if (c->up == SW_PROXY_UP_WAIT && flow->start == flow->ready)
		tell_triggers(c, c->request.what);
	if (c->up == SW_PROXY_UP_BODY || c->up == SW_PROXY_UP_SWALLOW)
		return request_body(c);
	size_t n = sw_proxy_n_pending(flow);
	if (c->up != SW_PROXY_UP_HEAD || n == 0)
		return false;
	size_t head_len = sw_proxy_head_len(sw_proxy_pending(flow), n);
	if (head_len > 0)
		return begin_request(c, head_len);
	return n == SW_PROXY_FLOW_MAX || flow->eof ? go_opaque(c) : false;
}

/* ---- answers ---- */

static void end_answer(struct sw_proxy_connection *c)
{
	c->down = SW_PROXY_DOWN_IDLE;
	c->cut = c->garble = -1;
	c->is_stream = c->becomes_stream;
	sw_proxy_unclaim(c->listener, &c->claim);
	end_exchange(c);
}

/* Where in the answer's body the fault comes: before its last byte at the latest. An answer
 * without a body has none there: then it is the header's last line. Returns how much of the header passes. */
static size_t place_fault(struct sw_proxy_connection *c, size_t head_len)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_DOWN];
	int64_t at = c->claim.fault.bytes;
	c->cut = c->garble = -1;
	if (!c->claim.serial || at < 0)
		return head_len;
	bool is_garbage = has_claimed(c, SW_FAULT_GARBAGE);
	if (c->answer.kind == SW_PROXY_BODY_NONE && is_garbage) {
		const size_t version_len = 9; /* "HTTP/1.1 ": it is an answer still */
		if (sw_proxy_hit(c->listener, &c->claim, c->request.what))
			garble(c, flow->bytes + flow->ready + version_len,
			       head_len - version_len - 2 * line_end_len);
		return head_len;
	}
	if (c->answer.kind == SW_PROXY_BODY_NONE) {
		c->answer =
			(struct sw_proxy_body){.kind = SW_PROXY_BODY_LENGTH, .left = (int64_t)line_end_len};
		c->cut = 0;
		return head_len - line_end_len;
	}
	if (c->answer.kind == SW_PROXY_BODY_LENGTH && at >= c->answer.left)
		at = c->answer.left - 1;
	*(is_garbage ? &c->garble : &c->cut) = at;
	return head_len;
}

static bool begin_answer(struct sw_proxy_connection *c, size_t head_len)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_DOWN];
	struct sw_proxy_answer answer;
	if (!sw_proxy_answer_read(sw_proxy_pending(flow), head_len, &c->request, &answer))
		return go_opaque(c);
	if (answer.is_interim) {
		sw_proxy_flow_pass(flow, head_len);
		return true;
	}
	if (has_claimed(c, SW_FAULT_DELAY) ||
	    (has_claimed(c, SW_FAULT_RESET) && c->claim.fault.bytes <= 0)) {
		happen(c, c->request.what);
		return true;
	}
	c->answer = answer.is_stream ? (struct sw_proxy_body){0} : answer.body;
	sw_proxy_flow_pass(flow, place_fault(c, head_len));
	c->becomes_stream = answer.is_stream;
	c->down = SW_PROXY_DOWN_BODY;
	return true;
}

static bool answer_body(struct sw_proxy_connection *c)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_DOWN];
	const char *bytes = sw_proxy_pending(flow);
	size_t len = sw_proxy_n_pending(flow);
	int64_t data_max = INT64_MAX;
	bool is_data;
	if (c->cut >= 0 && (c->answer.passed >= c->cut || sw_proxy_body_ends(&c->answer, bytes, len))) {
		happen(c, c->request.what);
		return true;
	}
	if (c->cut >= 0)
		data_max = c->cut - c->answer.passed;
	else if (c->garble > c->answer.passed)
		data_max = c->garble - c->answer.passed;
	bool is_garbled = c->garble >= 0 && c->answer.passed >= c->garble;
	size_t n = sw_proxy_body_next(&c->answer, bytes, len, data_max, &is_data);
	if (is_data && n > 0 && is_garbled) {
		if (c->claim.serial && !sw_proxy_hit(c->listener, &c->claim, c->request.what))
			c->garble = -1;
		else
			garble(c, flow->bytes + flow->ready, n);
	}
	sw_proxy_flow_pass(flow, n);
	bool is_over = c->answer.is_over || c->answer.kind == SW_PROXY_BODY_NONE;
	if (is_over)
		end_answer(c);
	return n > 0 || is_over;
}

bool sw_proxy_judge_down(struct sw_proxy_connection *c)
{
	struct sw_proxy_flow *flow = &c->flows[SW_PROXY_DOWN];
	if (c->is_held || c->is_ending || c->is_aborting)
		return false;
	if (c->is_stream)
		return stream_down(c);
	/* An engine that speaks without having been asked is passed on as it is. */
	if (c->is_opaque || c->down == SW_PROXY_DOWN_IDLE)
		return pass_all(flow);
	if (c->down == SW_PROXY_DOWN_BODY)
		return answer_body(c) || (flow->eof && pass_all(flow));
	size_t n = sw_proxy_n_pending(flow);
	size_t head_len = sw_proxy_head_len(sw_proxy_pending(flow), n);
	if (head_len > 0)
		return begin_answer(c, head_len);
	return n == SW_PROXY_FLOW_MAX || (n > 0 && flow->eof) ? go_opaque(c) : false;
}
