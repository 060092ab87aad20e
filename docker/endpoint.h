/* Hides how an engine's address is written and where engines usually listen.
 * Must not know HTTP, nor whether anything answers there. */
#ifndef SW_ENDPOINT_H
#define SW_ENDPOINT_H

#include <stdbool.h>

struct sw_error;

/* A plain value. unix: path of the socket; tcp: host and port. */
struct sw_endpoint {
	bool is_unix;
	char path[108];  /* sun_path's size */
	char host[256];  /* a name or an address; IPv6 without its brackets */
	char address[64]; /* tcp: the numeric address that answered, "" before: docker/http.c fills it
	                     in, so that an attach never waits for a name server */
	int port;
	char text[300];  /* as a person writes it: unix:///run/docker.sock, tcp://host:2375 */
};

/* Accepts unix://PATH, an absolute PATH, tcp://HOST[:PORT] (2375 without), http://HOST[:PORT], with
 * or without a final slash; HOST may be [IPV6]. PATH must be absolute and fit sun_path.
 * SW_ERR_USAGE for others; ssh://, https://, npipe://, fd:// say that they are not supported
 * yet. */
int sw_endpoint_parse(const char *text, struct sw_endpoint *out_endpoint, struct sw_error *err);

/* The usual sockets that exist on this machine, most usual first: /run/docker.sock,
 * /var/run/docker.sock, $XDG_RUNTIME_DIR/docker.sock, $HOME/.docker/run/docker.sock (Docker
 * Desktop), rootless and Podman's. RUNTIME_DIR and HOME may be NULL. Returns how many were written
 * (at most MAX). A socket that several paths lead to is listed once. Whether anything answers is
 * not asked. */
int sw_endpoint_usual(const char *runtime_dir, const char *home, struct sw_endpoint *out_endpoints,
                      int max);

#endif
