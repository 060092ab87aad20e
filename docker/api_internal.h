/* Hides what the docker/api*.c files share: one call's context, paths, decoded fields.
 * Must not be included outside docker/. */
#ifndef SW_API_INTERNAL_H
#define SW_API_INTERNAL_H

#include <cjson/cJSON.h>
#include <stdbool.h>

#include "core/buf.h"
#include "core/cleanup.h"
#include "core/error.h"
#include "docker/api.h"

struct sw_api {
	struct sw_http *http;
	struct sw_api_call *calls;
	char version[16];
};

/* One request on its way, and whom to tell. Which member of the union is set, `answered` knows. */
struct sw_api_call {
	struct sw_api *api;
	struct sw_api_call *next, *prev;
	struct sw_http_call *http_call;
	/* Called once; CALL is freed afterwards. ERROR is NULL when a whole answer came and its status
	 * is below 300 or `fine`; else it is complete: context, engine's words, status. REPLY is NULL
	 * when nothing was sent. */
	void (*answered)(struct sw_api_call *call, const struct sw_http_reply *reply,
	                 const struct sw_error *error);
	union {
		sw_api_done_fn done;
		sw_api_info_fn info;
		sw_api_image_fn image;
		sw_api_created_fn created;
		sw_api_waited_fn waited;
		sw_api_state_fn state;
		sw_api_exec_state_fn exec_state;
		sw_api_oom_fn oom;
	};
	sw_api_container_fn each; /* of a list */
	sw_api_tag_fn each_tag;   /* of a list of images */
	sw_api_nameless_fn each_nameless;
	const char *label; /* whose value each_nameless is told; its caller's until the answer */
	void *user;
	int fine;             /* a status above 299 that is a success all the same; 0: none */
	int64_t timeout_ns;   /* from now */
	int64_t deadline_ns;  /* the same as a time */
	char what[384];       /* "starting container abc": what an error begins with */
	struct sw_api_info *info_so_far; /* of sw_api_info, between its two requests; owned */
	char container[256]; /* of a removal: what is asked about again while it is under way; "": no more */
};

/* A copy of LIKE (its answered, callback, user, fine and timeout_ns count) under way to be sent.
 * WHAT is printf. When memory is out, LIKE's `answered` is called at once and NULL returned. */
struct sw_api_call *sw_api_call_new(struct sw_api *api, const struct sw_api_call *like,
                                    const char *what, ...) __attribute__((format(printf, 3, 4)));

/* Sends REQUEST, with PATH and CALL's time, and consumes CALL; a PATH that overflowed, a name in it
 * being unfit, fails later through `answered`. NULL when it has failed already. */
struct sw_http_call *sw_api_call_send(struct sw_api_call *call, struct sw_http_request *request,
                                      const struct sw_buf *path);

/* Begins a path: "/v1.41" and TEXT, which is used as it is. */
void sw_api_path(const struct sw_api *api, struct sw_buf *path, const char *text);

/* Appends "/NAME". A container's id or name must be [A-Za-z0-9_.-]+, an image's keeps [:/@], too,
 * and has other bytes percent-encoded. Names that would change the path ("", "..", "a//b", "/a"),
 * or are longer than 255 bytes, set path->overflow. */
void sw_api_path_container(struct sw_buf *path, const char *name);
void sw_api_path_image(struct sw_buf *path, const char *name);

/* Where an image's name ends and ":tag" begins, or the name's length: "host:5000/a/b:tag" has 13. */
size_t sw_api_repository_len(const char *name);

/* Appends TEXT percent-encoded as a query's value. */
void sw_api_path_value(struct sw_buf *path, const char *text);

/* An id's first 12 digits, a name whole: SW_API_SHORT(id) for a %.*s. */
#define SW_API_SHORT(id) (strlen(id) == 64 ? 12 : 128), (id)

/* What an error's body says, cleaned: {"message"}, with Podman's {"cause"} where the message does
 * not hold it; "" when it is neither. Returns DST. (docker/api_json.c, as are the following.) */
char *sw_api_reason(char *dst, size_t size, const char *body, size_t len);

/* The code that stands for a status above 299. */
enum sw_code sw_api_status_code(int status);

/* Parses a whole answer; NULL when it is not one JSON text. */
cJSON *sw_api_json(const char *body, size_t len);

static inline void sw_cleanup_cjson(cJSON **json)
{
	cJSON_Delete(*json);
}

/* Member KEY of OBJECT (may be NULL): cleaned text, "" when missing; a number within int64, 0 when
 * missing; truth, false when missing. */
void sw_api_json_text(const cJSON *object, const char *key, char *dst, size_t size);
int64_t sw_api_json_int(const cJSON *object, const char *key);
bool sw_api_json_bool(const cJSON *object, const char *key);

/* Fills ERR with "<what>: the engine's answer makes no sense: …". Returns -1. */
int sw_api_nonsense(const struct sw_api_call *call, const struct sw_http_reply *reply,
                    struct sw_error *err);

/* The answer as JSON of TYPE (cJSON_Object, cJSON_Array); NULL with ERR filled when it is not. */
cJSON *sw_api_parse(const struct sw_api_call *call, const struct sw_http_reply *reply, int type,
                    struct sw_error *err);

/* Somebody else removes CALL's container: waits for that, and asks once more. CALL's callback gets what comes
 * of it, within what is left of CALL's time. (docker/api_call.c.) */
void sw_api_await_removal(const struct sw_api_call *call);

/* The `answered` functions that decode (docker/api_read.c). */
typedef void sw_api_answered_fn(struct sw_api_call *call, const struct sw_http_reply *reply,
                                const struct sw_error *error);
sw_api_answered_fn sw_api_read_done, sw_api_read_started, sw_api_read_imported, sw_api_read_image,
	sw_api_read_created, sw_api_read_waited, sw_api_read_state, sw_api_read_removed, sw_api_read_list;

#endif
