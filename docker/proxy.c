#include "docker/proxy.h"

#include <errno.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/cleanup.h"
#include "core/error.h"
#include "docker/proxy_internal.h"

enum { BACKLOG = 128, ACCEPTS_MAX = 16, AGAIN_NS = 10000000 };

/* ---- armed faults ---- */

static bool fits(const struct sw_proxy_fault *fault, enum sw_target target,
                 enum sw_proxy_claim_kind kind)
{
	if (sw_fault_is_network(fault->fault) != (kind == SW_PROXY_NETWORK))
		return false;
	if (target == SW_TARGET_STREAM && fault->fault == SW_FAULT_STATUS)
		return false;
	return fault->target == SW_TARGET_ANY || fault->target == target;
}

/* The place of the one with SERIAL; n_armed: there is none. Under the lock. */
static int find_armed(const struct sw_proxy_listener *listener, uint64_t serial)
{
	int i = 0;
	while (i < listener->n_armed && listener->armed[i].serial != serial)
		i++;
	return i;
}

static void remove_armed(struct sw_proxy_listener *listener, int i)
{
	listener->n_armed--;
	memmove(&listener->armed[i], &listener->armed[i + 1],
	        (size_t)(listener->n_armed - i) * sizeof listener->armed[0]);
}

bool sw_proxy_claim(struct sw_proxy_listener *listener, enum sw_target target,
                    enum sw_proxy_claim_kind kind, struct sw_proxy_claim *out_claim)
{
	bool is_found = false;
	pthread_mutex_lock(&listener->proxy->lock);
	for (int i = 0; i < listener->n_armed && !is_found; i++) {
		struct sw_proxy_armed *armed = &listener->armed[i];
		if (armed->is_claimed || !fits(&armed->fault, target, kind))
			continue;
		armed->is_claimed = is_found = true;
		*out_claim = (struct sw_proxy_claim){armed->fault, armed->serial};
	}
	pthread_mutex_unlock(&listener->proxy->lock);
	return is_found;
}

bool sw_proxy_hit(struct sw_proxy_listener *listener, struct sw_proxy_claim *claim,
                  const char *what)
{
	struct sw_proxy *proxy = listener->proxy;
	uint64_t tag = claim->fault.tag;
	pthread_mutex_lock(&proxy->lock);
	int i = find_armed(listener, claim->serial);
	bool is_armed = i < listener->n_armed;
	if (is_armed)
		remove_armed(listener, i);
	pthread_mutex_unlock(&proxy->lock);
	*claim = (struct sw_proxy_claim){0};
	if (is_armed && proxy->hit)
		proxy->hit(proxy->user, tag, what);
	return is_armed;
}

void sw_proxy_unclaim(struct sw_proxy_listener *listener, struct sw_proxy_claim *claim)
{
	if (!claim->serial)
		return;
	pthread_mutex_lock(&listener->proxy->lock);
	int i = find_armed(listener, claim->serial);
	if (i < listener->n_armed)
		listener->armed[i].is_claimed = false;
	pthread_mutex_unlock(&listener->proxy->lock);
	*claim = (struct sw_proxy_claim){0};
}

bool sw_proxy_expects_reset(struct sw_proxy_listener *listener)
{
	bool is_expected = false;
	pthread_mutex_lock(&listener->proxy->lock);
	for (int i = 0; i < listener->n_armed; i++)
		is_expected |= listener->armed[i].fault.fault == SW_FAULT_RESET;
	pthread_mutex_unlock(&listener->proxy->lock);
	return is_expected;
}

bool sw_proxy_arm(struct sw_proxy *proxy, int listener, const struct sw_proxy_fault *fault)
{
	pthread_mutex_lock(&proxy->lock);
	struct sw_proxy_listener *at = proxy->listeners[listener];
	bool is_room = at->n_armed < SW_PROXY_ARMED_MAX;
	if (is_room) {
		struct sw_proxy_armed *armed = &at->armed[at->n_armed++];
		*armed = (struct sw_proxy_armed){.fault = *fault, .serial = ++proxy->next_serial};
		if (armed->fault.bytes < 0)
			armed->fault.bytes = 0;
	}
	pthread_mutex_unlock(&proxy->lock);
	return is_room;
}

int sw_proxy_disarm(struct sw_proxy *proxy, int listener, uint64_t tag)
{
	int n = 0;
	pthread_mutex_lock(&proxy->lock);
	struct sw_proxy_listener *at = proxy->listeners[listener];
	for (int i = at->n_armed - 1; i >= 0; i--) {
		if (at->armed[i].fault.tag != tag)
			continue;
		remove_armed(at, i);
		n++;
	}
	pthread_mutex_unlock(&proxy->lock);
	return n;
}

/* ---- listeners ---- */

static void on_client(void *user, int fd, unsigned events);

static void listen_again(void *user)
{
	struct sw_proxy_listener *listener = user;
	(void)sw_loop_watch(listener->proxy->loop, listener->fd, SW_LOOP_READ, on_client, listener,
	                    NULL);
}

static void on_client(void *user, int fd, unsigned events)
{
	struct sw_proxy_listener *listener = user;
	struct sw_loop *loop = listener->proxy->loop;
	(void)events;
	for (int i = 0; i < ACCEPTS_MAX; i++) {
		int client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client >= 0) {
			sw_proxy_connection_new(listener, client);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
			/* Who waits stays in the backlog. */
			sw_loop_unwatch(loop, fd);
			(void)sw_loop_arm(loop, &listener->again, sw_clock_ns() + AGAIN_NS, listen_again,
			                  listener);
			return;
		} else if (errno != ECONNABORTED && errno != EINTR) {
			return;
		}
	}
}

/* On the proxy's thread, after a listener came or the end was asked for. */
static void on_wake(void *user)
{
	struct sw_proxy *proxy = user;
	pthread_mutex_lock(&proxy->lock);
	if (proxy->is_stopping)
		sw_loop_stop(proxy->loop);
	for (int i = 0; i < proxy->n_listeners; i++) {
		struct sw_proxy_listener *listener = proxy->listeners[i];
		if (!listener->is_watched)
			listener->is_watched = sw_loop_watch(proxy->loop, listener->fd, SW_LOOP_READ, on_client,
			                                     listener, NULL) == 0;
	}
	pthread_mutex_unlock(&proxy->lock);
}

static void free_listener(struct sw_proxy_listener *listener)
{
	if (!listener)
		return;
	if (listener->fd >= 0) {
		close(listener->fd);
		(void)unlink(listener->endpoint.path);
	}
	free(listener);
}

static int open_listener(struct sw_proxy_listener *listener, struct sw_error *err)
{
	const char *path = listener->endpoint.path;
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	memcpy(address.sun_path, path, sizeof address.sun_path);
	SW_CLEANUP(close) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	(void)unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof address) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return sw_error_set(err, SW_ERR_IO, errno, "the proxy cannot listen on %s", path);
	listener->fd = SW_TAKE_FD(fd);
	return 0;
}

/* Under the lock. */
static int add_listener(struct sw_proxy *proxy, struct sw_proxy_listener *listener,
                        struct sw_error *err)
{
	size_t size = (size_t)(proxy->n_listeners + 1) * sizeof(struct sw_proxy_listener *);
	char path[512];
	int len = snprintf(path, sizeof path, "%s/p%d", proxy->dir, proxy->n_listeners);
	if (len >= (int)sizeof path || sw_endpoint_parse(path, &listener->endpoint, err) < 0)
		return sw_error_wrap(err, "the proxy's socket");
	struct sw_proxy_listener **listeners = realloc(proxy->listeners, size);
	if (!listeners)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "the proxy's socket");
	proxy->listeners = listeners;
	if (open_listener(listener, err) < 0)
		return -1;
	listeners[proxy->n_listeners++] = listener;
	return 0;
}

int sw_proxy_listen(struct sw_proxy *proxy, struct sw_endpoint *out_endpoint, struct sw_error *err)
{
	struct sw_proxy_listener *listener = calloc(1, sizeof *listener);
	if (!listener)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "the proxy's socket");
	listener->proxy = proxy;
	listener->fd = -1;
	pthread_mutex_lock(&proxy->lock);
	int status = add_listener(proxy, listener, err);
	pthread_mutex_unlock(&proxy->lock);
	if (status < 0) {
		free_listener(listener);
		return -1;
	}
	*out_endpoint = listener->endpoint;
	sw_loop_wake(proxy->loop);
	return 0;
}

/* ---- the thread ---- */

static void *run(void *user)
{
	struct sw_proxy *proxy = user;
	/* poll fails when memory is out, and then it may come back. */
	for (bool is_over = false; !is_over;) {
		(void)sw_loop_run(proxy->loop, NULL);
		pthread_mutex_lock(&proxy->lock);
		is_over = proxy->is_stopping;
		pthread_mutex_unlock(&proxy->lock);
	}
	return NULL;
}

static int look_up(struct sw_proxy *proxy, struct sw_error *err)
{
	const struct sw_endpoint *engine = &proxy->engine;
	const char *host = engine->address[0] ? engine->address : engine->host;
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	char port[12];
	if (engine->is_unix)
		return 0;
	(void)snprintf(port, sizeof port, "%d", engine->port);
	int status = getaddrinfo(host, port, &hints, &proxy->addresses);
	if (status != 0)
		return sw_error_set(err, SW_ERR_NO_ENGINE, 0, "%s: %s", engine->text, gai_strerror(status));
	return 0;
}

static void release(struct sw_proxy *proxy)
{
	while (proxy->connections)
		sw_proxy_connection_free(proxy->connections);
	for (int i = 0; i < proxy->n_listeners; i++)
		free_listener(proxy->listeners[i]);
	free(proxy->listeners);
	sw_loop_free(proxy->loop);
	if (proxy->addresses)
		freeaddrinfo(proxy->addresses);
	pthread_mutex_destroy(&proxy->lock);
	free(proxy->dir);
	free(proxy);
}

/* Signals are for the threads that wait for them. */
static int start_thread(struct sw_proxy *proxy)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int why = pthread_create(&proxy->thread, NULL, run, proxy);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return why;
}

int sw_proxy_start(const struct sw_endpoint *engine, const char *dir, sw_proxy_hit_fn hit,
                   void *user, struct sw_proxy **out_proxy, struct sw_error *err)
{
	struct sw_proxy *proxy = calloc(1, sizeof *proxy);
	if (!proxy)
		return sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "starting the proxy");
	pthread_mutex_init(&proxy->lock, NULL);
	proxy->engine = *engine;
	proxy->hit = hit;
	proxy->user = user;
	proxy->dir = strdup(dir);
	int why = 0;
	if (!proxy->dir)
		sw_error_set(err, SW_ERR_INTERNAL, ENOMEM, "starting the proxy");
	else if (look_up(proxy, err) == 0 && sw_loop_new(&proxy->loop, err) == 0) {
		sw_loop_on_wake(proxy->loop, on_wake, proxy);
		why = start_thread(proxy);
		if (why == 0) {
			*out_proxy = proxy;
			return 0;
		}
		sw_error_set(err, SW_ERR_INTERNAL, why, "starting the proxy");
	}
	release(proxy);
	return -1;
}

void sw_proxy_stop(struct sw_proxy *proxy)
{
	if (!proxy)
		return;
	pthread_mutex_lock(&proxy->lock);
	proxy->is_stopping = true;
	pthread_mutex_unlock(&proxy->lock);
	sw_loop_wake(proxy->loop);
	pthread_join(proxy->thread, NULL);
	release(proxy);
}
