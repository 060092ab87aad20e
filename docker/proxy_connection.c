#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "docker/proxy_internal.h"

enum { RETRY_NS = 1000000, DRAIN_READS_MAX = 256 };

static struct sw_loop *loop_of(const struct sw_proxy_connection *c)
{
	return c->listener->proxy->loop;
}

/* ---- connecting ---- */

static void on_side(void *user, int fd, unsigned events);

/* 0: connected or under way; -1: errno says why. */
static int connect_unix(struct sw_proxy_connection *c)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, c->listener->proxy->engine.path, sizeof address.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	c->sides[SW_PROXY_ENGINE].fd = fd;
	return fd < 0 ? -1 : connect(fd, (struct sockaddr *)&address, sizeof address);
}

static int connect_tcp(struct sw_proxy_connection *c)
{
	int on = 1;
	for (; c->address; c->address = c->address->ai_next) {
		const struct addrinfo *to = c->address;
		int fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		c->sides[SW_PROXY_ENGINE].fd = fd;
		if (connect(fd, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS)
			return 0;
		close(SW_TAKE_FD(c->sides[SW_PROXY_ENGINE].fd));
	}
	return -1;
}

static void on_retry(void *user);

/* False: the engine cannot be reached. */
static bool connect_engine(struct sw_proxy_connection *c)
{
	c->is_connecting = true;
	if (!c->listener->proxy->engine.is_unix)
		return connect_tcp(c) == 0;
	if (connect_unix(c) == 0)
		return true;
	/* A unix socket's full backlog is EAGAIN, and nothing to poll for: connect(2). */
	bool is_busy = errno == EAGAIN;
	if (c->sides[SW_PROXY_ENGINE].fd >= 0)
		close(SW_TAKE_FD(c->sides[SW_PROXY_ENGINE].fd));
	return is_busy &&
	       sw_loop_arm(loop_of(c), &c->retry, sw_clock_ns() + RETRY_NS, on_retry, c) == 0;
}

static void on_retry(void *user)
{
	struct sw_proxy_connection *c = user;
	if (connect_engine(c))
		sw_proxy_connection_move(c);
	else
		sw_proxy_connection_free(c);
}

/* The socket says how connecting went. False: CONNECTION is gone. */
static bool end_connecting(struct sw_proxy_connection *c)
{
	int why = 0, fd = c->sides[SW_PROXY_ENGINE].fd;
	socklen_t size = sizeof why;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &why, &size);
	c->is_connecting = why != 0;
	if (why == 0)
		return true;
	sw_loop_unwatch(loop_of(c), fd);
	close(SW_TAKE_FD(c->sides[SW_PROXY_ENGINE].fd));
	c->sides[SW_PROXY_ENGINE].watched = 0;
	c->address = c->address ? c->address->ai_next : NULL;
	if (c->address && connect_engine(c))
		return true;
	sw_proxy_connection_free(c);
	return false;
}

/* ---- reading ---- */

static void on_edges(void *user, int fd, unsigned events)
{
	struct sw_proxy_connection *c = user;
	struct epoll_event edge;
	(void)events;
	if (epoll_wait(fd, &edge, 1, 0) == 1) {
		c->sides[SW_PROXY_CLIENT].readable = true;
		c->half_gone |= (edge.events & (EPOLLRDHUP | EPOLLHUP)) != 0;
	}
	sw_proxy_connection_move(c);
}

static bool open_edges(struct sw_proxy_connection *c)
{
	struct epoll_event edge = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET};
	SW_CLEANUP(close) int fd = epoll_create1(EPOLL_CLOEXEC);
	if (fd < 0 || epoll_ctl(fd, EPOLL_CTL_ADD, c->sides[SW_PROXY_CLIENT].fd, &edge) < 0 ||
	    sw_loop_watch(loop_of(c), fd, SW_LOOP_READ, on_edges, c, NULL) < 0)
		return false;
	c->edges = SW_TAKE_FD(fd);
	return true;
}

/* recv, but the last byte stays in the socket, too. */
static ssize_t receive_keeping(struct sw_proxy_connection *c, char *at, size_t room)
{
	char again;
	struct iovec parts[2] = {{&again, c->kept}, {at, room}};
	struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
	int fd = c->sides[SW_PROXY_CLIENT].fd;
	ssize_t n = recvmsg(fd, &message, MSG_PEEK | MSG_DONTWAIT);
	if (n < 0 || (n == 0 && !c->kept))
		return n;
	size_t fresh = (size_t)n - c->kept;
	if (fresh == 0) {
		errno = EAGAIN;
		return c->half_gone ? 0 : -1;
	}
	parts[1].iov_len = fresh - 1;
	if (c->kept + parts[1].iov_len > 0 && recvmsg(fd, &message, MSG_DONTWAIT) < 0)
		return -1;
	c->kept = 1;
	return (ssize_t)fresh;
}

static ssize_t receive(struct sw_proxy_connection *c, int dir, char *at, size_t room)
{
	int fd = c->sides[dir].fd;
	char again;
	if (dir == SW_PROXY_UP && !c->sides[dir].gone &&
	    (c->edges >= 0 || (sw_proxy_expects_reset(c->listener) && open_edges(c))))
		return receive_keeping(c, at, room);
	if (dir == SW_PROXY_UP && c->kept && recv(fd, &again, 1, MSG_DONTWAIT) >= 0)
		c->kept = 0;
	return recv(fd, at, room, MSG_DONTWAIT);
}

/* Reads once from the source of DIR. True: something came, or its end. */
static bool fill(struct sw_proxy_connection *c, int dir)
{
	struct sw_proxy_flow *flow = &c->flows[dir];
	size_t room = 0;
	bool is_keeping = dir == SW_PROXY_UP && c->edges >= 0;
	if (flow->eof || c->sides[dir].fd < 0 || !(c->sides[dir].readable || c->sides[dir].gone) ||
	    (c->is_connecting && dir == SW_PROXY_DOWN))
		return false;
	if (flow->end - flow->start == SW_PROXY_FLOW_MAX)
		return false;
	char *at = sw_proxy_flow_room(flow, &room);
	if (!at) {
		c->is_aborting = true;
		return false;
	}
	ssize_t n = receive(c, dir, at, room);
	if (n > 0) {
		flow->end += (size_t)n;
		c->sides[dir].readable = is_keeping || (dir == SW_PROXY_UP && c->edges >= 0);
		return true;
	}
	c->sides[dir].readable = n < 0 && errno == EINTR && is_keeping;
	bool is_nothing = n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
	if (is_nothing && !c->sides[dir].gone)
		return false;
	flow->eof = true;
	c->sides[dir].gone |= n < 0;
	return true;
}

/* ---- the end ---- */

/* A client whose bytes were not read would be reset, though it is to find a clean end. */
static void drain(const struct sw_proxy_connection *c)
{
	char bytes[4096];
	for (int i = 0; i < DRAIN_READS_MAX; i++)
		if (recv(c->sides[SW_PROXY_CLIENT].fd, bytes, sizeof bytes, MSG_DONTWAIT) <= 0)
			break;
}

void sw_proxy_connection_free(struct sw_proxy_connection *c)
{
	struct sw_loop *loop = loop_of(c);
	struct linger at_once = {.l_onoff = 1};
	sw_proxy_traffic_done(c);
	sw_loop_disarm(loop, &c->retry);
	if (!c->is_aborting)
		drain(c);
	else if (!c->listener->proxy->engine.is_unix && c->sides[SW_PROXY_ENGINE].fd >= 0)
		setsockopt(c->sides[SW_PROXY_ENGINE].fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
	const int fds[] = {c->edges, c->sides[SW_PROXY_CLIENT].fd, c->sides[SW_PROXY_ENGINE].fd};
	for (int i = 0; i < 3; i++) {
		if (fds[i] < 0)
			continue;
		sw_loop_unwatch(loop, fds[i]);
		close(fds[i]);
	}
	sw_proxy_flow_done(&c->flows[SW_PROXY_UP]);
	sw_proxy_flow_done(&c->flows[SW_PROXY_DOWN]);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	free(c);
}

static bool is_empty(const struct sw_proxy_flow *flow)
{
	return flow->start == flow->end;
}

static bool is_over(const struct sw_proxy_connection *c)
{
	const struct sw_proxy_flow *up = &c->flows[SW_PROXY_UP], *down = &c->flows[SW_PROXY_DOWN];
	if (c->is_aborting || (c->is_ending && is_empty(down)))
		return true;
	if (c->sides[SW_PROXY_CLIENT].gone && up->eof && is_empty(up) && !c->is_connecting)
		return true;
	if (!down->eof || !is_empty(down) || c->is_held)
		return false;
	/* Whatever it was asked, it will not be answered; but a stream's other half may go on. */
	return !(c->is_stream || c->is_opaque) || c->sides[SW_PROXY_ENGINE].gone || up->shut ||
	       up->closed;
}

/* ---- moving ---- */

static void pass_ends(struct sw_proxy_connection *c)
{
	for (int dir = 0; dir < 2; dir++) {
		struct sw_proxy_flow *flow = &c->flows[dir];
		if (!flow->eof || flow->shut || !is_empty(flow) || c->is_connecting ||
		    (dir == SW_PROXY_DOWN && c->is_held))
			continue;
		shutdown(c->sides[!dir].fd, SHUT_WR);
		flow->shut = true;
	}
}

static bool watch(struct sw_proxy_connection *c, int side)
{
	const struct sw_proxy_flow *from = &c->flows[side], *to = &c->flows[!side];
	int fd = c->sides[side].fd;
	unsigned events = 0;
	if (fd < 0)
		return true;
	if (c->sides[side].gone) {
		sw_loop_unwatch(loop_of(c), fd);
		return true;
	}
	if (!from->eof && from->end - from->start < SW_PROXY_FLOW_MAX &&
	    !(side == SW_PROXY_CLIENT && c->edges >= 0))
		events |= SW_LOOP_READ;
	if (to->start < to->ready)
		events |= SW_LOOP_WRITE;
	if (side == SW_PROXY_ENGINE && c->is_connecting)
		events = SW_LOOP_WRITE;
	c->sides[side].watched = events;
	return sw_loop_watch(loop_of(c), fd, events, on_side, c, NULL) == 0;
}

void sw_proxy_connection_move(struct sw_proxy_connection *c)
{
	struct sw_proxy_flow *up = &c->flows[SW_PROXY_UP], *down = &c->flows[SW_PROXY_DOWN];
	bool has_moved = true;
	while (has_moved && !c->is_aborting) {
		up->closed |= c->sides[SW_PROXY_ENGINE].gone;
		down->closed |= c->sides[SW_PROXY_CLIENT].gone;
		has_moved = fill(c, SW_PROXY_UP);
		has_moved |= fill(c, SW_PROXY_DOWN);
		has_moved |= sw_proxy_judge_up(c);
		has_moved |= sw_proxy_judge_down(c);
		has_moved |= !c->is_connecting && sw_proxy_flow_send(up, c->sides[SW_PROXY_ENGINE].fd);
		has_moved |= sw_proxy_flow_send(down, c->sides[SW_PROXY_CLIENT].fd);
	}
	if (!is_over(c)) {
		pass_ends(c);
		if (!is_over(c) && watch(c, SW_PROXY_CLIENT) && watch(c, SW_PROXY_ENGINE))
			return;
	}
	sw_proxy_connection_free(c);
}

static void on_side(void *user, int fd, unsigned events)
{
	struct sw_proxy_connection *c = user;
	int side = fd == c->sides[SW_PROXY_CLIENT].fd ? SW_PROXY_CLIENT : SW_PROXY_ENGINE;
	if (side == SW_PROXY_ENGINE && c->is_connecting && !end_connecting(c))
		return;
	if (events & SW_LOOP_READ && c->sides[side].watched & SW_LOOP_READ)
		c->sides[side].readable = true;
	else if (events & SW_LOOP_READ) /* nobody asked for it: poll tells of a hang-up or an error */
		c->sides[side].gone = true;
	sw_proxy_connection_move(c);
}

void sw_proxy_connection_new(struct sw_proxy_listener *listener, int fd)
{
	struct sw_proxy *proxy = listener->proxy;
	struct sw_proxy_connection *c = calloc(1, sizeof *c);
	if (!c) {
		close(fd);
		return;
	}
	c->listener = listener;
	c->sides[SW_PROXY_CLIENT].fd = fd;
	c->sides[SW_PROXY_ENGINE].fd = c->edges = -1;
	c->address = proxy->addresses;
	c->cut = c->garble = -1;
	c->random = UINT64_C(0x9e3779b97f4a7c15);
	c->next = proxy->connections;
	c->link = &proxy->connections;
	if (c->next)
		c->next->link = &c->next;
	proxy->connections = c;
	if (connect_engine(c))
		sw_proxy_connection_move(c);
	else
		sw_proxy_connection_free(c);
}
