#include "docker/attach_internal.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "docker/http_internal.h"

enum { RETRY_NS = 1000000 };

/* 0: connected or under way; -1: errno says why. */
static int connect_unix(struct sw_attach *attach)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, attach->endpoint.path, sizeof address.sun_path);
	attach->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (attach->fd < 0)
		return -1;
	return connect(attach->fd, (struct sockaddr *)&address, sizeof address);
}

static int connect_tcp(struct sw_attach *attach)
{
	int on = 1;
	for (; attach->address; attach->address = attach->address->ai_next) {
		const struct addrinfo *to = attach->address;
		attach->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (attach->fd < 0)
			continue;
		setsockopt(attach->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
		if (connect(attach->fd, to->ai_addr, to->ai_addrlen) == 0 || errno == EINPROGRESS)
			return 0;
		int saved = errno;
		close(SW_TAKE_FD(attach->fd));
		errno = saved;
	}
	return -1;
}

static int connect_next(struct sw_attach *attach, struct sw_error *err);

static void on_retry(void *user)
{
	struct sw_attach *attach = user;
	struct sw_error error;
	if (connect_next(attach, &error) < 0)
		sw_attach_tell_closed(attach, &error);
}

static int connect_next(struct sw_attach *attach, struct sw_error *err)
{
	const struct sw_endpoint *endpoint = &attach->endpoint;
	int status = endpoint->is_unix ? connect_unix(attach) : connect_tcp(attach);
	if (status == 0)
		return sw_attach_watch(attach, err);
	int why = errno;
	if (attach->fd >= 0)
		close(SW_TAKE_FD(attach->fd));
	/* A unix socket's full backlog is EAGAIN, and nothing to poll for: connect(2). */
	if (endpoint->is_unix && why == EAGAIN &&
	    sw_loop_arm(attach->loop, &attach->retry, sw_clock_ns() + RETRY_NS, on_retry, attach) == 0)
		return 0;
	return sw_error_set(err, SW_ERR_NO_ENGINE, why, "cannot connect to %s%s", endpoint->text,
	                    sw_http_connect_hint(why));
}

static int look_up(struct sw_attach *attach, struct sw_error *err)
{
	const struct sw_endpoint *endpoint = &attach->endpoint;
	const char *host = endpoint->address[0] ? endpoint->address : endpoint->host;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char port[12];
	(void)snprintf(port, sizeof port, "%d", endpoint->port);
	int status = getaddrinfo(host, port, &hints, &attach->addresses);
	if (status != 0)
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "cannot connect to %s: %s", endpoint->text,
		                    gai_strerror(status));
	attach->address = attach->addresses;
	return 0;
}

void sw_attach_connected(struct sw_attach *attach)
{
	struct sw_error error;
	int why = 0;
	socklen_t size = sizeof why;
	getsockopt(attach->fd, SOL_SOCKET, SO_ERROR, &why, &size);
	if (why == 0) {
		attach->state = SW_ATTACH_ANSWERING;
		sw_attach_move_on(attach);
		return;
	}
	sw_loop_unwatch(attach->loop, attach->fd);
	close(SW_TAKE_FD(attach->fd));
	if (attach->address)
		attach->address = attach->address->ai_next;
	if (attach->address && connect_next(attach, &error) == 0)
		return;
	sw_error_set(&error, SW_ERR_NO_ENGINE, why, "cannot connect to %s%s", attach->endpoint.text,
	             sw_http_connect_hint(why));
	sw_attach_tell_closed(attach, &error);
}

int sw_attach_connect(struct sw_attach *attach, struct sw_error *err)
{
	if (!attach->endpoint.is_unix && look_up(attach, err) < 0)
		return -1;
	return connect_next(attach, err);
}
