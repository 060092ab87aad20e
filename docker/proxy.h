/* Hides a proxy between a client and an engine that injects faults into their traffic, on its own thread.
 * Must not know plans, sessions or events: it is told what to do to the next request that fits, and
 * says when it has done it.
 *
 * Each listener is a unix socket; whatever connects there is forwarded to the engine, byte by byte, on a
 * connection of its own, until a fault that was armed for that listener fits a request or the
 * hijacked stream. It understands HTTP/1.1 only as far as it must: where a request and an answer
 * begin and end (Content-Length, chunked, no body), which request it is, and that 101 or an
 * attach's 200 turn the connection into a stream. What it does not understand it passes on.
 * Nothing is invented but what a fault asks for. Memory is bounded by one buffer of 64 KiB per
 * direction: a slow reader slows the writer.
 *
 * What a fault does to a request:
 *   delay     the answer is held back for duration_ns
 *   status    the request is not forwarded, an answer with `code` and an engine's body comes instead
 *   truncate  behind `bytes` of the answer's body the connection is closed cleanly
 *   garbage   behind `bytes` of the answer's body each byte is replaced by another one
 *   reset     the request is forwarded, but instead of the answer (bytes > 0: behind so many of its body) the
 *             connection is reset
 *   stall     behind `bytes` of the answer's body nothing comes for duration_ns, then it goes on
 * `bytes` that are more than the body means all but its last one; in an answer without a body the
 * header's end is what is held back or cut off, and its status line what is garbled. What should
 * come behind more bytes than a body without a known end, or a stream, turns out to have does not
 * come: it waits for the next that fits.
 *
 * A stream is what the engine sends after the answer that opened it. A fault hits it when the
 * first byte behind `bytes` (delay: the first byte) comes: garbage is what comes with that byte.
 *
 * One request takes one network fault, but every other one that fits: those are told when the
 * request has been forwarded, or when bytes of a stream have come from either side.
 *
 * For --chaos and the tests of faults. Any thread may call; none blocks for longer than a mutex. */
#ifndef SW_PROXY_H
#define SW_PROXY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/words.h"
#include "docker/endpoint.h"

struct sw_error;
struct sw_proxy;

/* A fault to be injected once. Plain value. */
struct sw_proxy_fault {
	enum sw_fault fault;   /* a network fault, or any other: then the request is only told, when it has been
	                        * forwarded, and nothing is done to it */
	enum sw_target target; /* any: what comes first, a request or bytes of the stream */
	int64_t duration_ns;   /* delay, stall */
	int code;              /* status */
	int64_t bytes;         /* of the answer's body, or of the stream from its next byte on, that pass first */
	uint64_t tag;          /* the caller's */
};

/* On the proxy's thread, as a fault is injected; must not block. WHAT: the request's line, cleaned
 * ("POST /containers/create"), or "stream". */
typedef void (*sw_proxy_hit_fn)(void *user, uint64_t tag, const char *what);

/* DIR (0700, ours): where the sockets are made; short, as a socket's path has 107 bytes. Starts the thread. A
 * host's name is looked up here, which blocks. HIT may be NULL. */
int sw_proxy_start(const struct sw_endpoint *engine, const char *dir, sw_proxy_hit_fn hit, void *user,
                   struct sw_proxy **out_proxy, struct sw_error *err);

/* One more listener, numbered 0.. as they are made; its endpoint for the client. */
int sw_proxy_listen(struct sw_proxy *proxy, struct sw_endpoint *out_endpoint, struct sw_error *err);

/* FAULT hits the next request or stretch of stream on LISTENER that fits; several wait in their order.
 * False: too many wait. */
bool sw_proxy_arm(struct sw_proxy *proxy, int listener, const struct sw_proxy_fault *fault);

/* Those of LISTENER with TAG that have not hit anything will not any more; returns how many. */
int sw_proxy_disarm(struct sw_proxy *proxy, int listener, uint64_t tag);

/* Ends the thread, closes all connections, removes the sockets. NULL is fine. */
void sw_proxy_stop(struct sw_proxy *proxy);

#endif
