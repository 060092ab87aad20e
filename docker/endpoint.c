#include "docker/endpoint.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "core/error.h"

enum { DEFAULT_PORT = 2375 };

static int parse_unix(const char *text, const char *path, struct sw_endpoint *out,
                      struct sw_error *err)
{
	if (path[0] != '/')
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s': the socket's path must begin with a slash, as in "
		                    "unix:///run/docker.sock", text);
	if (strlen(path) >= sizeof out->path)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s': a socket's path has at most %zu bytes", text,
		                    sizeof out->path - 1);
	struct sw_endpoint endpoint = {.is_unix = true};
	memcpy(endpoint.path, path, strlen(path) + 1);
	(void)snprintf(endpoint.text, sizeof endpoint.text, "unix://%s", path);
	*out = endpoint;
	return 0;
}

/* 1..65535 and nothing behind it, else -1. */
static int parse_port(const char *text, size_t len)
{
	int port = 0;
	if (len == 0 || len > 5)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)text[i]))
			return -1;
		port = port * 10 + (text[i] - '0');
	}
	return port >= 1 && port <= 65535 ? port : -1;
}

static bool host_is_plain(const char *host, size_t len, bool is_ipv6)
{
	if (len == 0 || len >= sizeof((struct sw_endpoint *)0)->host)
		return false;
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)host[i];
		if (is_ipv6 ? !isxdigit(c) && c != ':' && c != '.' : !isalnum(c) && !strchr(".-_", c))
			return false;
	}
	return true;
}

/* rest: what follows "//". */
static int parse_tcp(const char *text, const char *rest, struct sw_endpoint *out,
                     struct sw_error *err)
{
	struct sw_endpoint endpoint = {.port = DEFAULT_PORT};
	size_t len = strlen(rest);
	if (len > 0 && rest[len - 1] == '/')
		len--;
	bool is_ipv6 = rest[0] == '[';
	const char *host = rest + (is_ipv6 ? 1 : 0);
	size_t host_len = strcspn(host, is_ipv6 ? "]" : ":/");
	const char *end = rest + len, *after = host + host_len;
	if (is_ipv6 && *after == ']')
		after++;
	else if (is_ipv6)
		host_len = 0;
	if (host + host_len > end || !host_is_plain(host, host_len, is_ipv6))
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s': no host name or address there; write tcp://HOST:PORT", text);
	if (after < end)
		endpoint.port = *after == ':' ? parse_port(after + 1, (size_t)(end - after) - 1) : -1;
	if (endpoint.port < 0)
		return sw_error_set(err, SW_ERR_USAGE, 0,
		                    "'%s': '%.*s' is not a port; write tcp://HOST:PORT", text,
		                    (int)(end - after), after);
	memcpy(endpoint.host, host, host_len);
	(void)snprintf(endpoint.text, sizeof endpoint.text, is_ipv6 ? "tcp://[%s]:%d" : "tcp://%s:%d",
	               endpoint.host, endpoint.port);
	*out = endpoint;
	return 0;
}

int sw_endpoint_parse(const char *text, struct sw_endpoint *out_endpoint, struct sw_error *err)
{
	static const char *const later[] = {"ssh://", "https://", "npipe://", "fd://"};

	if (text[0] == '/')
		return parse_unix(text, text, out_endpoint, err);
	if (strncmp(text, "unix://", 7) == 0)
		return parse_unix(text, text + 7, out_endpoint, err);
	if (strncmp(text, "tcp://", 6) == 0)
		return parse_tcp(text, text + 6, out_endpoint, err);
	if (strncmp(text, "http://", 7) == 0)
		return parse_tcp(text, text + 7, out_endpoint, err);
	for (size_t i = 0; i < sizeof later / sizeof later[0]; i++)
		if (strncmp(text, later[i], strlen(later[i])) == 0)
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "'%s': %s is not supported yet; use unix://PATH or "
			                    "tcp://HOST:PORT", text, later[i]);
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "'%s' is not an engine's address; write unix://PATH or tcp://HOST:PORT",
	                    text);
}

int sw_endpoint_usual(const char *runtime_dir, const char *home, struct sw_endpoint *out_endpoints,
                      int max)
{
	/* In the order in which they are tried. */
	const struct {
		const char *base, *path;
	} places[] = {
		{"", "/run/docker.sock"},
		{"", "/var/run/docker.sock"},
		{runtime_dir, "/docker.sock"},
		{home, "/.docker/run/docker.sock"},
		{home, "/.docker/desktop/docker.sock"},
		{"", "/run/podman/podman.sock"},
		{runtime_dir, "/podman/podman.sock"},
		{home, "/.local/share/containers/podman/machine/podman.sock"},
	};
	enum { N_PLACES = sizeof places / sizeof places[0] };
	struct stat seen[N_PLACES];
	int n = 0;

	for (int i = 0; i < N_PLACES && n < max; i++) {
		char path[sizeof out_endpoints->path];
		if (!places[i].base || (places[i].base[0] != '/' && places[i].base[0] != '\0'))
			continue;
		int len = snprintf(path, sizeof path, "%s%s", places[i].base, places[i].path);
		if (len < 0 || (size_t)len >= sizeof path)
			continue;
		if (stat(path, &seen[n]) < 0 || !S_ISSOCK(seen[n].st_mode))
			continue;
		bool known = false; /* /var/run is /run on most systems */
		for (int k = 0; k < n; k++)
			known |= seen[k].st_dev == seen[n].st_dev && seen[k].st_ino == seen[n].st_ino;
		if (!known && sw_endpoint_parse(path, &out_endpoints[n], NULL) == 0)
			n++;
	}
	return n;
}
