#include "docker/proxy_http.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core/text.h"

enum { CHUNK_LINE_MAX = 1024, PATH_LEN_MAX = 1024 };

size_t sw_proxy_head_len(const char *bytes, size_t len)
{
	const char *end = len ? memmem(bytes, len, "\r\n\r\n", 4) : NULL;
	return end ? (size_t)(end - bytes) + 4 : 0;
}

/* The value of header NAME and its length, or NULL. */
static const char *header(const char *head, size_t len, const char *name, size_t *out_len)
{
	size_t name_len = strlen(name);
	const char *end = head + len, *line = memchr(head, '\n', len);
	while (line && ++line < end) {
		const char *feed = memchr(line, '\n', (size_t)(end - line));
		size_t line_len = (size_t)((feed ? feed : end) - line);
		if (line_len > name_len && line[name_len] == ':' &&
		    strncasecmp(line, name, name_len) == 0) {
			const char *value = line + name_len + 1;
			size_t n = line_len - name_len - 1;
			for (; n > 0 && strchr(" \t", *value); value++)
				n--;
			while (n > 0 && strchr(" \t\r", value[n - 1]))
				n--;
			*out_len = n;
			return value;
		}
		line = feed;
	}
	return NULL;
}

/* Digits and nothing else, or -1. */
static int64_t number(const char *text, size_t len)
{
	int64_t value = 0;
	if (len == 0 || len > 18)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	return value;
}

/* OTHERWISE: what a message without a length has. */
static struct sw_proxy_body body_of(const char *head, size_t len, enum sw_proxy_body_kind otherwise)
{
	struct sw_proxy_body body = {.kind = otherwise};
	size_t n = 0;
	const char *coding = header(head, len, "Transfer-Encoding", &n);
	if (coding && n >= 7 && strncasecmp(coding + n - 7, "chunked", 7) == 0) {
		body.kind = SW_PROXY_BODY_CHUNKED;
		return body;
	}
	const char *length = header(head, len, "Content-Length", &n);
	if (length && number(length, n) >= 0) {
		body.left = number(length, n);
		body.kind = body.left > 0 ? SW_PROXY_BODY_LENGTH : SW_PROXY_BODY_NONE;
	}
	return body;
}

static bool is_version(const char *part, size_t len)
{
	if (len < 2 || part[0] != 'v')
		return false;
	for (size_t i = 1; i < len; i++)
		if (!strchr("0123456789.", part[i]))
			return false;
	return true;
}

/* Where the path begins behind "/v1.41" and Podman's "/libpod". */
static const char *behind_version(const char *path)
{
	if (path[0] == '/' && is_version(path + 1, strcspn(path + 1, "/")))
		path += 1 + strcspn(path + 1, "/");
	if (strncmp(path, "/libpod/", 8) == 0)
		path += 7;
	return path;
}

static bool ends_with(const char *path, const char *end)
{
	size_t len = strlen(path), end_len = strlen(end);
	return len > end_len && strcmp(path + len - end_len, end) == 0;
}

static enum sw_target target_of(const char *method, const char *path)
{
	static const struct {
		const char *method, *begin, *end;
		enum sw_target target;
	} kinds[] = {
		{"POST", "/containers/create", "", SW_TARGET_CREATE},
		{"POST", "/containers/", "/attach", SW_TARGET_ATTACH},
		{"POST", "/containers/", "/start", SW_TARGET_START},
		{"POST", "/containers/", "/wait", SW_TARGET_WAIT},
		{"POST", "/containers/", "/exec", SW_TARGET_EXEC},
		{"POST", "/exec/", "/start", SW_TARGET_EXEC},
		{"GET", "/exec/", "/json", SW_TARGET_EXEC},
		{"GET", "/containers/json", "", SW_TARGET_ANY},
		{"GET", "/containers/", "/json", SW_TARGET_INSPECT},
		{"DELETE", "/containers/", "", SW_TARGET_REMOVE},
		{"GET", "/_ping", "", SW_TARGET_PING},
		{"HEAD", "/_ping", "", SW_TARGET_PING},
	};
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(method, kinds[i].method) == 0 &&
		    strncmp(path, kinds[i].begin, strlen(kinds[i].begin)) == 0 &&
		    ends_with(path, kinds[i].end))
			return kinds[i].target;
	return SW_TARGET_ANY;
}

/* Copies the word of LEN bytes, or as much of it as there is room for. */
static void copy_word(char *dst, size_t size, const char *word, size_t len)
{
	(void)snprintf(dst, size, "%.*s", (int)(len < size ? len : size - 1), word);
}

bool sw_proxy_request_read(const char *head, size_t len, struct sw_proxy_request *out_request)
{
	struct sw_proxy_request request = {.target = SW_TARGET_ANY};
	const char *line_end = memmem(head, len, "\r\n", 2);
	const char *method_end = memchr(head, ' ', len);
	if (!line_end || !method_end || method_end > line_end)
		return false;
	const char *path = method_end + 1;
	const char *path_end = memchr(path, ' ', (size_t)(line_end - path));
	if (!path_end || path_end == path || line_end - path_end < 8 ||
	    memcmp(path_end + 1, "HTTP/1.", 7) != 0)
		return false;
	char method[16], whole[PATH_LEN_MAX], line[sizeof method + PATH_LEN_MAX];
	copy_word(method, sizeof method, head, (size_t)(method_end - head));
	copy_word(whole, sizeof whole, path, (size_t)(path_end - path));
	whole[strcspn(whole, "?")] = '\0';
	const char *bare = behind_version(whole);
	request.target = target_of(method, bare);
	request.is_head = strcmp(method, "HEAD") == 0;
	request.is_attach = request.target == SW_TARGET_ATTACH ||
	                    (request.target == SW_TARGET_EXEC && ends_with(bare, "/start"));
	(void)snprintf(line, sizeof line, "%s %s", method, bare);
	sw_text_clean(request.what, sizeof request.what, line, strlen(line));
	request.body = body_of(head, len, SW_PROXY_BODY_NONE);
	*out_request = request;
	return true;
}

bool sw_proxy_answer_read(const char *head, size_t len, const struct sw_proxy_request *request,
                          struct sw_proxy_answer *out_answer)
{
	struct sw_proxy_answer answer = {0};
	if (len < 13 || memcmp(head, "HTTP/1.", 7) != 0 || head[8] != ' ')
		return false;
	answer.status = (int)number(head + 9, 3);
	if (answer.status < 100)
		return false;
	answer.is_interim = answer.status < 200 && answer.status != 101;
	if (answer.status >= 200 && answer.status != 204 && answer.status != 304 && !request->is_head)
		answer.body = body_of(head, len, SW_PROXY_BODY_CLOSE);
	size_t n;
	answer.is_stream = answer.status == 101 || (answer.status == 200 && request->is_attach &&
	                                            !header(head, len, "Content-Length", &n) &&
	                                            !header(head, len, "Transfer-Encoding", &n));
	*out_answer = answer;
	return true;
}

/* The size in a chunk's line of LEN bytes; -1: it is none. */
static int64_t chunk_size(const char *line, size_t len)
{
	int64_t size = 0;
	size_t n = 0;
	for (; n < len && n < 16; n++) {
		char c = line[n];
		int digit = c >= '0' && c <= '9'   ? c - '0'
		            : c >= 'a' && c <= 'f' ? c - 'a' + 10
		            : c >= 'A' && c <= 'F' ? c - 'A' + 10
		                                   : -1;
		if (digit < 0)
			break;
		size = n < 15 ? size * 16 + digit : size;
	}
	bool is_number = n > 0 && n < 16 && n < len && line[n] && strchr("\r\n; \t", line[n]);
	return is_number ? size : -1;
}

/* The line that BYTES begin with, with its end; 0: it is not whole. */
static size_t line_len(const char *bytes, size_t len)
{
	const char *feed = memchr(bytes, '\n', len < CHUNK_LINE_MAX ? len : CHUNK_LINE_MAX);
	return feed ? (size_t)(feed - bytes) + 1 : 0;
}

static size_t not_chunked(struct sw_proxy_body *body)
{
	body->kind = SW_PROXY_BODY_CLOSE;
	return 0;
}

static size_t next_line(struct sw_proxy_body *body, const char *bytes, size_t len)
{
	size_t n = line_len(bytes, len);
	if (n == 0)
		return len >= CHUNK_LINE_MAX ? not_chunked(body) : 0;
	if (body->at == SW_PROXY_TRAILER) {
		body->is_over = n <= 2 && (bytes[0] == '\r' || bytes[0] == '\n');
		return n;
	}
	int64_t size = chunk_size(bytes, n);
	if (size < 0)
		return not_chunked(body);
	body->left = size;
	body->at = size == 0 ? SW_PROXY_TRAILER : SW_PROXY_CHUNK_DATA;
	return n;
}

static size_t at_most(int64_t want, size_t have)
{
	return want < (int64_t)have ? (size_t)want : have;
}

static size_t next_data(struct sw_proxy_body *body, size_t len, int64_t data_max, bool *out_is_data)
{
	size_t n = at_most(data_max, len);
	if (body->kind != SW_PROXY_BODY_CLOSE) {
		n = at_most(body->left, n);
		body->left -= (int64_t)n;
	}
	body->passed += (int64_t)n;
	*out_is_data = true;
	if (body->kind == SW_PROXY_BODY_LENGTH)
		body->is_over = body->left == 0;
	if (body->kind == SW_PROXY_BODY_CHUNKED && body->left == 0) {
		body->at = SW_PROXY_CHUNK_END;
		body->left = 2;
	}
	return n;
}

size_t sw_proxy_body_next(struct sw_proxy_body *body, const char *bytes, size_t len,
                          int64_t data_max, bool *out_is_data)
{
	*out_is_data = false;
	if (body->kind == SW_PROXY_BODY_NONE)
		body->is_over = true;
	if (body->is_over || len == 0)
		return 0;
	if (body->kind == SW_PROXY_BODY_CHUNKED && body->at == SW_PROXY_CHUNK_END) {
		size_t n = at_most(body->left, len);
		body->left -= (int64_t)n;
		if (body->left == 0)
			body->at = SW_PROXY_CHUNK_SIZE;
		return n;
	}
	if (body->kind == SW_PROXY_BODY_CHUNKED && body->at != SW_PROXY_CHUNK_DATA) {
		size_t n = next_line(body, bytes, len);
		if (n > 0 || body->kind == SW_PROXY_BODY_CHUNKED)
			return n;
	}
	return next_data(body, len, data_max, out_is_data);
}

bool sw_proxy_body_ends(const struct sw_proxy_body *body, const char *bytes, size_t len)
{
	if (body->is_over || body->kind != SW_PROXY_BODY_CHUNKED)
		return body->is_over;
	if (body->at == SW_PROXY_TRAILER)
		return true;
	size_t n = body->at == SW_PROXY_CHUNK_SIZE && len > 0 ? line_len(bytes, len) : 0;
	return n > 0 && chunk_size(bytes, n) == 0;
}
