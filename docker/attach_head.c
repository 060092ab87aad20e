#include "docker/attach_head.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/error.h"
#include "core/text.h"
#include "docker/api_internal.h"

enum { HEAD_MAX = 16 << 10, BODY_MAX = 16 << 10 };

void sw_attach_head_init(struct sw_attach_head *head)
{
	*head = (struct sw_attach_head){0};
	sw_buf_init(&head->bytes, HEAD_MAX + BODY_MAX);
}

void sw_attach_head_done(struct sw_attach_head *head)
{
	sw_buf_done(&head->bytes);
}

static enum sw_attach_answer refuse(const struct sw_attach_head *head, struct sw_error *err)
{
	const char *body = head->bytes.data + head->head_len;
	size_t len = head->bytes.len - head->head_len;
	char reason[256];
	sw_api_reason(reason, sizeof reason, body, len);
	/* Docker refuses after it has taken the connection over: plain text, without a length. */
	while (len > 0 && strchr(" \r\n", body[len - 1]))
		len--;
	if (!reason[0] && body[0] != '<')
		sw_text_clean(reason, sizeof reason, body, len);
	sw_error_set(err, sw_api_status_code(head->status), 0, "attaching: %s (%d)",
	             reason[0] ? reason : "the engine gave no reason", head->status);
	return SW_ATTACH_REFUSED;
}

static enum sw_attach_answer garbage(const struct sw_attach_head *head, struct sw_error *err)
{
	char seen[64];
	sw_text_clean(seen, sizeof seen, head->bytes.data, head->bytes.len);
	sw_error_set(err, SW_ERR_PROTOCOL, 0, "attaching: not a container engine's answer: '%s'", seen);
	return SW_ATTACH_REFUSED;
}

/* The value of header NAME within the header's lines, or NULL; it ends with the line. */
static const char *header(const struct sw_attach_head *head, const char *name)
{
	size_t name_len = strlen(name);
	const char *end = head->bytes.data + head->head_len;
	for (const char *line = head->bytes.data; line < end;) {
		if ((size_t)(end - line) > name_len && strncasecmp(line, name, name_len) == 0 &&
		    line[name_len] == ':')
			return line + name_len + 1 + strspn(line + name_len + 1, " \t");
		const char *feed = memchr(line, '\n', (size_t)(end - line));
		line = feed ? feed + 1 : end;
	}
	return NULL;
}

static size_t content_length(const struct sw_attach_head *head)
{
	const char *value = header(head, "Content-Length");
	size_t len = 0;
	if (!value || *value < '0' || *value > '9')
		return SIZE_MAX;
	for (; *value >= '0' && *value <= '9' && len <= BODY_MAX; value++)
		len = len * 10 + (size_t)(*value - '0');
	return len;
}

/* The status line, once the whole header is there: "HTTP/1.1 101 UPGRADED". */
static int parse_status(const char *bytes)
{
	if (strncmp(bytes, "HTTP/1.", 7) != 0 || bytes[7] < '0' || bytes[7] > '9' || bytes[8] != ' ')
		return -1;
	int status = 0;
	for (int i = 9; i < 12; i++) {
		if (bytes[i] < '0' || bytes[i] > '9')
			return -1;
		status = status * 10 + (bytes[i] - '0');
	}
	return status;
}

static bool is_stream(const struct sw_attach_head *head)
{
	static const char kind[] = "application/vnd.docker.";
	const char *type = header(head, "Content-Type");
	if (head->status == 101)
		return true;
	return head->status == 200 && type && strncasecmp(type, kind, sizeof kind - 1) == 0 &&
	       !header(head, "Content-Length") && !header(head, "Transfer-Encoding");
}

/* True when BYTES cannot be the beginning of an HTTP answer. */
static bool is_alien(const struct sw_attach_head *head)
{
	size_t len = head->bytes.len < 7 ? head->bytes.len : 7;
	return memcmp(head->bytes.data, "HTTP/1.", len) != 0;
}

enum sw_attach_answer sw_attach_head_feed(struct sw_attach_head *head, const char *bytes,
                                          size_t *len, struct sw_error *err)
{
	size_t before = head->bytes.len;
	size_t room = head->bytes.limit - before;

	if (*len == 0) {
		if (head->head_len)
			return refuse(head, err);
		sw_error_set(err, SW_ERR_PROTOCOL, 0,
		             "attaching: the engine closed the connection before its answer was whole");
		return SW_ATTACH_REFUSED;
	}
	if (sw_buf_add(&head->bytes, bytes, *len < room ? *len : room) < 0) {
		sw_error_set(err, SW_ERR_INTERNAL, 0, "attaching: out of memory");
		return SW_ATTACH_REFUSED;
	}
	if (!head->head_len) {
		if (is_alien(head))
			return garbage(head, err);
		const char *end = memmem(head->bytes.data, head->bytes.len, "\r\n\r\n", 4);
		if ((end ? (size_t)(end - head->bytes.data) : head->bytes.len) > HEAD_MAX) {
			sw_error_set(err, SW_ERR_LIMIT, 0, "attaching: the answer's header is over %d bytes",
			             (int)HEAD_MAX);
			return SW_ATTACH_REFUSED;
		}
		if (!end)
			return SW_ATTACH_MORE;
		head->head_len = (size_t)(end - head->bytes.data) + 4;
		head->body_len = content_length(head);
		head->status = parse_status(head->bytes.data);
		if (is_stream(head)) {
			*len = head->head_len - before;
			return SW_ATTACH_ACCEPTED;
		}
		if (head->status < 300)
			return garbage(head, err);
	}
	size_t have = head->bytes.len - head->head_len;
	bool is_whole = have >= head->body_len || head->bytes.len == head->bytes.limit;
	return is_whole ? refuse(head, err) : SW_ATTACH_MORE;
}
