#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/text.h"
#include "docker/http_internal.h"

enum { RESPONSE_MAX = 1 << 20 };

static void fail(struct sw_http_call *call, enum sw_code code, int sys_errno, const char *what)
{
	if (!call->is_failed)
		sw_error_set(&call->error, code, sys_errno, "%s: %s", call->http->endpoint.text, what);
	call->is_failed = true;
}

static void file_init(struct sw_http_file *file, int fd)
{
	struct stat st;
	*file = (struct sw_http_file){.fd = fd > 0 ? fd : 0};
	file->is_regular = file->fd && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
}

static void file_let_go(struct sw_http_call *call, struct sw_http_file *file)
{
	if (file->is_awaited)
		sw_loop_unwatch(call->http->loop, file->fd);
	file->is_awaited = false;
}

void sw_http_call_let_go(struct sw_http_call *call)
{
	file_let_go(call, &call->upload);
	file_let_go(call, &call->download);
}

static void on_file_ready(void *user, int fd, unsigned events)
{
	struct sw_http_call *call = user;
	(void)fd, (void)events;
	sw_http_call_let_go(call);
	/* May call on_read or on_body at once, which may pause again. What it completes shows in
	 * libcurl's timer, which it sets to "now" (curl_easy_pause(3)). */
	curl_easy_pause(call->easy, CURLPAUSE_CONT);
}

/* A pipe that is not ready: false, and the loop will wake the transfer when it is. */
static bool file_ready(struct sw_http_call *call, struct sw_http_file *file, short want)
{
	struct pollfd pfd = {.fd = file->fd, .events = want};
	if (file->is_regular || poll(&pfd, 1, 0) != 0)
		return true;
	if (sw_loop_watch(call->http->loop, file->fd, want == POLLIN ? SW_LOOP_READ : SW_LOOP_WRITE,
	                  on_file_ready, call, NULL) < 0)
		return true; /* out of memory: rather block than stall */
	file->is_awaited = true;
	return false;
}

static size_t on_read(char *dst, size_t size, size_t n, void *user)
{
	struct sw_http_call *call = user;
	if (!file_ready(call, &call->upload, POLLIN))
		return CURL_READFUNC_PAUSE;
	ssize_t got;
	do
		got = read(call->upload.fd, dst, size * n);
	while (got < 0 && errno == EINTR);
	if (got >= 0)
		return (size_t)got;
	fail(call, SW_ERR_IO, errno, "cannot read what is to be sent");
	return CURL_READFUNC_ABORT;
}

/* Writes as much of a piece as the file takes without blocking. A piece that is paused comes again,
 * whole (CURLOPT_WRITEFUNCTION(3)). */
static size_t save(struct sw_http_call *call, const char *bytes, size_t len)
{
	struct sw_http_file *file = &call->download;
	while (file->piece_done < len) {
		size_t chunk = len - file->piece_done;
		if (!file->is_regular && chunk > PIPE_BUF)
			chunk = PIPE_BUF; /* poll promises room for that much: pipe(7) */
		if (!file_ready(call, file, POLLOUT))
			return CURL_WRITEFUNC_PAUSE;
		ssize_t wrote = write(file->fd, bytes + file->piece_done, chunk);
		if (wrote < 0 && errno == EINTR)
			continue;
		if (wrote <= 0) {
			fail(call, SW_ERR_IO, wrote < 0 ? errno : ENOSPC, "cannot save what came");
			return 0;
		}
		file->piece_done += (size_t)wrote;
	}
	file->piece_done = 0;
	return len;
}

/* How much of a stream waits to be told; then it pauses. */
enum { STREAM_MAX = 256 << 10 };

static void on_tell(void *user)
{
	struct sw_http_call *call = user;
	if (sw_http_call_tell(call) && call->is_enough)
		sw_http_call_finish(call, CURLE_OK);
}

/* Inside libcurl's callbacks nothing may be cancelled or freed: the caller is told afterwards. */
static size_t stream(struct sw_http_call *call, const char *bytes, size_t len)
{
	if (call->answer.len > 0 && call->answer.len + len > STREAM_MAX) {
		call->is_paused = true;
		return CURL_WRITEFUNC_PAUSE;
	}
	if (sw_buf_add(&call->answer, bytes, len) < 0) {
		fail(call, SW_ERR_INTERNAL, ENOMEM, "reading its stream");
		return 0;
	}
	sw_loop_defer(call->http->loop, &call->tell_soon, on_tell, call);
	return len;
}

bool sw_http_call_tell(struct sw_http_call *call)
{
	struct sw_buf told = call->answer;
	bool cancelled = false;

	sw_loop_cancel(call->http->loop, &call->tell_soon);
	call->answer = (struct sw_buf){0};
	call->cancelled = &cancelled;
	struct sw_http_chunk chunk = {.bytes = told.data ? told.data : "",
	                              .len = told.len,
	                              .date_s = call->date_s};
	bool wants_more = call->chunk(call->user, &chunk);
	if (cancelled) {
		sw_buf_done(&told);
		return false;
	}
	call->cancelled = NULL;
	call->is_enough = !wants_more;
	call->answer = told;
	sw_buf_clear(&call->answer);
	if (call->is_paused && wants_more) {
		call->is_paused = false;
		curl_easy_pause(call->easy, CURLPAUSE_CONT);
	}
	return true;
}

static void on_head_late(void *user)
{
	struct sw_http_call *call = user;
	sw_http_call_finish(call, CURLE_OPERATION_TIMEDOUT);
}

/* The header is whole: a stream begins, and from now on may be silent. */
static void on_head(struct sw_http_call *call)
{
	long status = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (!call->chunk || status / 100 != 2)
		return;
	call->is_streaming = true;
	sw_loop_disarm(call->http->loop, &call->head_timer);
	sw_loop_defer(call->http->loop, &call->tell_soon, on_tell, call);
}

static size_t on_body(char *bytes, size_t size, size_t n, void *user)
{
	struct sw_http_call *call = user;
	long status = 0;
	curl_easy_getinfo(call->easy, CURLINFO_RESPONSE_CODE, &status);
	if (call->download.fd && status / 100 == 2)
		return save(call, bytes, size * n);
	if (call->is_streaming)
		return stream(call, bytes, size * n);
	if (sw_buf_add(&call->answer, bytes, size * n) == 0)
		return size * n;
	char limit[16], what[80];
	snprintf(what, sizeof what, "the answer is larger than %s",
	         sw_text_bytes(limit, sizeof limit, call->answer.limit));
	fail(call, SW_ERR_LIMIT, 0, what);
	return 0;
}

/* Where BYTES are the header NAME ("Date:"): its value, cleaned, in DST. */
static bool header_value(const char *bytes, size_t len, const char *name, char *dst, size_t size)
{
	size_t name_len = strlen(name);
	if (len <= name_len || strncasecmp(bytes, name, name_len) != 0)
		return false;
	const char *at = bytes + name_len, *end = bytes + len;
	while (at < end && (*at == ' ' || *at == '\t'))
		at++;
	while (end > at && (end[-1] == '\r' || end[-1] == '\n' || end[-1] == ' '))
		end--;
	sw_text_clean(dst, size, at, (size_t)(end - at));
	return true;
}

static size_t on_header(char *bytes, size_t size, size_t n, void *user)
{
	struct sw_http_call *call = user;
	size_t len = size * n;
	char date[64];
	(void)header_value(bytes, len, "Api-Version:", call->api_version, sizeof call->api_version);
	if (header_value(bytes, len, "Date:", date, sizeof date)) {
		time_t seconds = curl_getdate(date, NULL);
		call->date_s = seconds > 0 ? seconds : 0;
	}
	if (len > 5 && memcmp(bytes, "HTTP/", 5) == 0) {
		call->is_head_whole = false;
	} else if (bytes[0] == '\r' || bytes[0] == '\n') {
		call->is_head_whole = true;
		on_head(call);
	}
	return len;
}

/* Sets an option unless one before it was refused. */
#define SET(option, value) \
	(bad = bad == CURLE_OK ? curl_easy_setopt(call->easy, (option), (value)) : bad)

static CURLcode setup_client(struct sw_http_call *call)
{
	const struct sw_endpoint *endpoint = &call->http->endpoint;
	CURLcode bad = CURLE_OK;
	int64_t ms = (call->timeout_ns + 999999) / 1000000;

	SET(CURLOPT_PRIVATE, call);
	SET(CURLOPT_ERRORBUFFER, call->detail);
	SET(CURLOPT_URL, call->url.data);
	SET(CURLOPT_PATH_AS_IS, 1L);
	if (endpoint->is_unix)
		SET(CURLOPT_UNIX_SOCKET_PATH, endpoint->path);
	SET(CURLOPT_NOSIGNAL, 1L);
	SET(CURLOPT_NOPROXY, "*");
	SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	SET(CURLOPT_TCP_NODELAY, 1L);
	if (call->chunk) {
		/* A peer that lost its power says nothing: only probes find out. */
		SET(CURLOPT_TCP_KEEPALIVE, 1L);
		SET(CURLOPT_TCP_KEEPIDLE, 30L);
		SET(CURLOPT_TCP_KEEPINTVL, 10L);
		SET(CURLOPT_CONNECTTIMEOUT_MS, (long)INT_MAX); /* head_timer's */
	} else {
		SET(CURLOPT_TIMEOUT_MS, ms < 1 ? 1L : ms > INT_MAX ? (long)INT_MAX : (long)ms);
	}
	SET(CURLOPT_WRITEFUNCTION, on_body);
	SET(CURLOPT_WRITEDATA, call);
	SET(CURLOPT_HEADERFUNCTION, on_header);
	SET(CURLOPT_HEADERDATA, call);
	return bad;
}

/* The content type goes with a body; without one libcurl's own guess must not be sent. */
static struct curl_slist *choose_headers(struct sw_http_call *call,
                                         const struct sw_http_request *request)
{
	bool has_body = request->body || call->upload.fd;
	if (!has_body)
		return call->http->bare_headers;
	if (!request->content_type && !call->upload.fd)
		return call->http->json_headers;
	struct sw_buf line = {0};
	sw_buf_addf(&line, "Content-Type: %s",
	            request->content_type ? request->content_type : "application/json");
	bool fine = !line.overflow;
	call->headers = fine ? curl_slist_append(NULL, line.data) : NULL;
	fine = call->headers && curl_slist_append(call->headers, "Expect:");
	if (fine && call->upload.fd)
		fine = curl_slist_append(call->headers, "Transfer-Encoding: chunked");
	sw_buf_done(&line);
	return fine ? call->headers : NULL;
}

/* Called before each sending of the same request. */
static int on_connected(void *user, char *ip, char *local_ip, int port, int local_port)
{
	struct sw_http_call *call = user;
	bool is_again = call->was_sent;
	(void)ip, (void)local_ip, (void)port, (void)local_port;
	call->was_sent = true;
	return is_again ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

static CURLcode setup_body(struct sw_http_call *call, const struct sw_http_request *request)
{
	CURLcode bad = CURLE_OK;
	bool is_get = strcmp(request->method, "GET") == 0;
	bool is_head = strcmp(request->method, "HEAD") == 0;

	if (is_head) {
		SET(CURLOPT_NOBODY, 1L);
	} else if (!is_get &&
	           (request->body || call->upload.fd || strcmp(request->method, "DELETE") != 0)) {
		SET(CURLOPT_POST, 1L);
		SET(CURLOPT_POSTFIELDSIZE_LARGE,
		    call->upload.fd ? (curl_off_t)-1 : (curl_off_t)call->body.len);
		if (!call->upload.fd)
			SET(CURLOPT_POSTFIELDS, call->body.data ? call->body.data : "");
	}
	if (!is_head && !is_get)
		SET(CURLOPT_CUSTOMREQUEST, request->method);
	if (call->upload.fd) {
		SET(CURLOPT_READFUNCTION, on_read);
		SET(CURLOPT_READDATA, call);
		/* A kept connection that has died is retried by libcurl, and a pipe cannot be rewound. */
		SET(CURLOPT_FRESH_CONNECT, 1L);
	}
	if (call->download.fd)
		SET(CURLOPT_BUFFERSIZE, 128L << 10);
	if (request->is_once) {
		SET(CURLOPT_PREREQFUNCTION, on_connected);
		SET(CURLOPT_PREREQDATA, call);
	}
	return bad;
}

int sw_http_call_setup(struct sw_http_call *call, const struct sw_http_request *request)
{
	CURLcode bad = CURLE_OK;

	curl_easy_reset(call->easy);
	call->timeout_ns = request->timeout_ns;
	call->chunk = request->chunk;
	call->answer.limit = request->response_max ? request->response_max : RESPONSE_MAX;
	file_init(&call->upload, request->upload_fd);
	file_init(&call->download, request->download_fd);
	sw_buf_addf(&call->url, "%s%s", call->http->base, request->path);
	if (request->body)
		sw_buf_add(&call->body, request->body, request->body_len);
	if (call->url.overflow || call->body.overflow)
		return -1;
	struct curl_slist *headers = choose_headers(call, request);
	SET(CURLOPT_HTTPHEADER, headers);
	if (!headers || bad != CURLE_OK || setup_client(call) != CURLE_OK)
		return -1;
	if (setup_body(call, request) != CURLE_OK)
		return -1;
	return !call->chunk ? 0
	                    : sw_loop_arm(call->http->loop, &call->head_timer,
	                                  sw_clock_ns() + call->timeout_ns, on_head_late, call);
}

const char *sw_http_connect_hint(int sys_errno)
{
	switch (sys_errno) {
	case EACCES:
	case EPERM:
		return " (you may not use this socket: join its group, often 'docker', or use sudo)";
	case ENOENT:
	case ECONNREFUSED:
		return " (is the engine running?)";
	default:
		return "";
	}
}

bool sw_http_call_judge(struct sw_http_call *call, CURLcode result, struct sw_error *out_error)
{
	const char *where = call->http->endpoint.text;
	long sys_errno = 0;
	char limit[16];

	/* The second attempt's failure, which says nothing of the first. */
	if (call->was_sent && (result == CURLE_COULDNT_CONNECT || result == CURLE_ABORTED_BY_CALLBACK)) {
		sw_error_set(out_error, SW_ERR_PROTOCOL, 0, "%s broke off before it answered", where);
		return true;
	}
	if (call->is_failed) {
		*out_error = call->error;
		return true;
	}
	/* libcurl takes a connection's end within the header for the answer's end. */
	if (result == CURLE_OK && !call->is_head_whole)
		result = CURLE_GOT_NOTHING;
	if (result == CURLE_OK)
		return false;
	const char *detail = call->detail[0] ? call->detail : curl_easy_strerror(result);
	if (result == CURLE_COULDNT_CONNECT)
		curl_easy_getinfo(call->easy, CURLINFO_OS_ERRNO, &sys_errno);
	/* A unix socket whose peer hung up before libcurl looked is "could not connect" to it. */
	bool hung_up = result == CURLE_COULDNT_CONNECT && !sys_errno && call->http->endpoint.is_unix;
	if (hung_up) {
		sw_error_set(out_error, SW_ERR_PROTOCOL, 0,
		             "%s broke off: it closed the connection at once", where);
	} else if (sys_errno) {
		sw_error_set(out_error, SW_ERR_NO_ENGINE, (int)sys_errno, "cannot connect to %s%s", where,
		             sw_http_connect_hint((int)sys_errno));
	} else if (result == CURLE_COULDNT_CONNECT || result == CURLE_COULDNT_RESOLVE_HOST) {
		sw_error_set(out_error, SW_ERR_NO_ENGINE, 0, "cannot connect to %s: %s", where, detail);
	} else if (result == CURLE_OPERATION_TIMEDOUT) {
		sw_error_set(out_error, SW_ERR_TIMEOUT, 0, "%s did not answer within %s", where,
		             sw_text_duration(limit, sizeof limit, call->timeout_ns));
	} else if (result == CURLE_OUT_OF_MEMORY) {
		sw_error_set(out_error, SW_ERR_INTERNAL, ENOMEM, "%s", where);
	} else if (result == CURLE_UNSUPPORTED_PROTOCOL || result == CURLE_WEIRD_SERVER_REPLY) {
		sw_error_set(out_error, SW_ERR_PROTOCOL, 0, "%s does not speak HTTP: %s", where, detail);
	} else {
		/* Among them CURLE_PARTIAL_FILE, GOT_NOTHING, RECV_ERROR: facts.md, "Failure shapes". */
		sw_error_set(out_error, SW_ERR_PROTOCOL, 0, "%s broke off its answer: %s", where, detail);
	}
	return true;
}
