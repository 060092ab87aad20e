/* Hides what the parts of the proxy share: docker/proxy.c (its thread, listeners and armed faults),
 * proxy_flow.c (one direction's bytes), proxy_connection.c (both sockets) and proxy_traffic.c (requests,
 * answers, the stream, and what faults do to them). Must not be included by anything else. */
#ifndef SW_PROXY_INTERNAL_H
#define SW_PROXY_INTERNAL_H

#include <pthread.h>

#include "core/loop.h"
#include "docker/proxy.h"
#include "docker/proxy_http.h"

enum { SW_PROXY_FLOW_MAX = 64 << 10, SW_PROXY_ARMED_MAX = 64, SW_PROXY_CLAIMS_MAX = 8 };

/* ---- one direction ---- */

/* Embedded. [start, ready) may be sent, [ready, end) has not been judged yet. */
struct sw_proxy_flow {
	char *bytes; /* SW_PROXY_FLOW_MAX; NULL until there are any */
	size_t start, ready, end;
	bool eof;    /* its source has nothing more */
	bool shut;   /* that has been passed on */
	bool closed; /* its sink takes nothing more: what is ready vanishes */
};

void sw_proxy_flow_done(struct sw_proxy_flow *flow);

/* Where SW_PROXY_FLOW_MAX - (end - start) bytes fit, behind `end`; NULL: no memory. */
char *sw_proxy_flow_room(struct sw_proxy_flow *flow, size_t *out_room);

/* Sends what is ready to FD, as far as it goes. True: something went. */
bool sw_proxy_flow_send(struct sw_proxy_flow *flow, int fd);

/* The first LEN bytes that have not been judged may go; never will. */
void sw_proxy_flow_pass(struct sw_proxy_flow *flow, size_t len);
void sw_proxy_flow_drop(struct sw_proxy_flow *flow, size_t len);

/* Bytes of our own, ready, behind what is. False: they do not fit yet. */
bool sw_proxy_flow_insert(struct sw_proxy_flow *flow, const char *bytes, size_t len);

static inline const char *sw_proxy_pending(const struct sw_proxy_flow *flow)
{
	return flow->bytes ? flow->bytes + flow->ready : "";
}

static inline size_t sw_proxy_n_pending(const struct sw_proxy_flow *flow)
{
	return flow->end - flow->ready;
}

/* ---- armed faults ---- */

struct sw_proxy_armed {
	struct sw_proxy_fault fault;
	uint64_t serial;
	bool is_claimed; /* by a connection that is going to inject it */
};

/* A fault that a connection is going to inject. serial 0: none. */
struct sw_proxy_claim {
	struct sw_proxy_fault fault;
	uint64_t serial;
};

struct sw_proxy_connection;

struct sw_proxy_listener {
	struct sw_proxy *proxy;
	int fd;
	bool is_watched;
	struct sw_timer again; /* after descriptors ran out */
	struct sw_endpoint endpoint;
	/* Under the proxy's lock, in the order in which they were armed. */
	struct sw_proxy_armed armed[SW_PROXY_ARMED_MAX];
	int n_armed;
};

struct sw_proxy {
	struct sw_loop *loop;
	pthread_t thread;
	struct sw_endpoint engine;
	struct addrinfo *addresses; /* of a tcp engine */
	char *dir;
	sw_proxy_hit_fn hit;
	void *user;
	struct sw_proxy_connection *connections;
	pthread_mutex_t lock; /* of all below */
	struct sw_proxy_listener **listeners;
	int n_listeners;
	uint64_t next_serial;
	bool is_stopping;
};

enum sw_proxy_claim_kind {
	SW_PROXY_NETWORK, /* what the proxy does itself */
	SW_PROXY_TRIGGER, /* what is only told */
};

/* The first fault of KIND that waits and fits TARGET (any: a request without a name of its own); false: none.
 * It stays armed until it is hit. */
bool sw_proxy_claim(struct sw_proxy_listener *listener, enum sw_target target,
                    enum sw_proxy_claim_kind kind, struct sw_proxy_claim *out_claim);

/* The moment has come: tells of it; CLAIM is none afterwards. False: it was disarmed meanwhile. */
bool sw_proxy_hit(struct sw_proxy_listener *listener, struct sw_proxy_claim *claim, const char *what);

/* The moment will not come: it waits for another one. */
void sw_proxy_unclaim(struct sw_proxy_listener *listener, struct sw_proxy_claim *claim);

/* Whether a reset may come: docker/proxy_connection.c prepares for it. */
bool sw_proxy_expects_reset(struct sw_proxy_listener *listener);

/* ---- one connection ---- */

enum { SW_PROXY_CLIENT, SW_PROXY_ENGINE };
enum { SW_PROXY_UP, SW_PROXY_DOWN }; /* to the engine; to the client */

struct sw_proxy_connection {
	struct sw_proxy_connection *next, **link;
	struct sw_proxy_listener *listener;
	struct sw_proxy_flow flows[2]; /* by direction: the source of UP is CLIENT, that of DOWN is ENGINE */
	struct {
		int fd;
		unsigned watched; /* SW_LOOP_* */
		bool gone;        /* it has closed both ways, or failed */
		bool readable;    /* poll says so, or nobody will */
	} sides[2];
	struct addrinfo *address; /* of a tcp engine: the one tried */
	bool is_connecting;
	struct sw_timer retry;

	/* The last byte of what the client sent stays in its socket while a reset may come: closing a unix socket
	 * with unread bytes is what resets it. Such a socket is readable all the time: edges are told of by an
	 * epoll descriptor. */
	int edges;      /* -1: not so */
	size_t kept;    /* 1: that byte is in flows[UP] and in the socket */
	bool half_gone; /* no more comes into that socket */

	/* docker/proxy_traffic.c */
	enum { SW_PROXY_UP_HEAD, SW_PROXY_UP_BODY, SW_PROXY_UP_SWALLOW, SW_PROXY_UP_WAIT } up;
	enum { SW_PROXY_DOWN_IDLE, SW_PROXY_DOWN_HEAD, SW_PROXY_DOWN_BODY } down;
	bool is_stream; /* both directions carry a stream from here on */
	bool becomes_stream; /* once the answer has passed */
	bool is_opaque; /* or something that is not understood, and passed as it comes */
	struct sw_proxy_request request;
	struct sw_proxy_body answer;
	struct sw_proxy_claim claim;                          /* of the request, or of the stream */
	struct sw_proxy_claim triggers[SW_PROXY_CLAIMS_MAX]; /* told once the request has been sent */
	int64_t passed;  /* of the stream since it was claimed */
	int64_t cut;     /* of the answer's body: there the fault happens; -1: nowhere */
	int64_t garble;  /* of the answer's body: garbage from there on; -1: none */
	uint64_t random; /* of the garbage; never 0 */
	struct sw_timer hold;
	bool is_held;     /* nothing goes down until the timer */
	bool is_ending;   /* once what is ready has gone down, the connection is closed */
	bool is_aborting; /* it is closed now, as hard as can be */
};

/* Connects FD, a client that was accepted, to the engine. FD is the connection's from here on, also when it
 * cannot be served. */
void sw_proxy_connection_new(struct sw_proxy_listener *listener, int fd);
void sw_proxy_connection_free(struct sw_proxy_connection *connection);

/* Moves what can be moved; may free CONNECTION. */
void sw_proxy_connection_move(struct sw_proxy_connection *connection);

/* Judges what has come and is pending; true: something was passed on, dropped or decided. */
bool sw_proxy_judge_up(struct sw_proxy_connection *connection);
bool sw_proxy_judge_down(struct sw_proxy_connection *connection);

/* What was claimed and has not happened waits for another connection. */
void sw_proxy_traffic_done(struct sw_proxy_connection *connection);

#endif
