#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "docker/proxy_internal.h"

void sw_proxy_flow_done(struct sw_proxy_flow *flow)
{
	free(flow->bytes);
	*flow = (struct sw_proxy_flow){0};
}

char *sw_proxy_flow_room(struct sw_proxy_flow *flow, size_t *out_room)
{
	if (!flow->bytes) {
		flow->bytes = malloc(SW_PROXY_FLOW_MAX);
		if (!flow->bytes)
			return NULL;
	}
	if (flow->start > 0) {
		memmove(flow->bytes, flow->bytes + flow->start, flow->end - flow->start);
		flow->ready -= flow->start;
		flow->end -= flow->start;
		flow->start = 0;
	}
	*out_room = SW_PROXY_FLOW_MAX - flow->end;
	return flow->bytes + flow->end;
}

bool sw_proxy_flow_send(struct sw_proxy_flow *flow, int fd)
{
	bool has_sent = false;
	while (flow->start < flow->ready) {
		ssize_t n = (ssize_t)(flow->ready - flow->start);
		if (!flow->closed)
			n = send(fd, flow->bytes + flow->start, (size_t)n, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			break;
		if (n < 0)
			flow->closed = true;
		flow->start += n > 0 ? (size_t)n : 0;
		has_sent = true;
	}
	if (flow->start == flow->end)
		flow->start = flow->ready = flow->end = 0;
	return has_sent;
}

void sw_proxy_flow_pass(struct sw_proxy_flow *flow, size_t len)
{
	flow->ready += len;
}

void sw_proxy_flow_drop(struct sw_proxy_flow *flow, size_t len)
{
	if (len == 0)
		return;
	memmove(flow->bytes + flow->ready, flow->bytes + flow->ready + len,
	        flow->end - flow->ready - len);
	flow->end -= len;
}

bool sw_proxy_flow_insert(struct sw_proxy_flow *flow, const char *bytes, size_t len)
{
	size_t room = 0;
	if (!sw_proxy_flow_room(flow, &room) || room < len)
		return false;
	memmove(flow->bytes + flow->ready + len, flow->bytes + flow->ready, flow->end - flow->ready);
	memcpy(flow->bytes + flow->ready, bytes, len);
	flow->ready += len;
	flow->end += len;
	return true;
}
