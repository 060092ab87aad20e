#include "tui/keymap.h"

#include "core/buf.h"
#include "core/error.h"
#include "core/plan.h"
#include "core/text.h"

#define INFO(id, name_, keys_, where_, word_, about_) \
	{.name = name_, .keys = keys_, .word = word_, .about = about_, .where = where_},
static const struct sw_action_info actions[SW_ACTION_COUNT] = {SW_ACTIONS(INFO)};

#define NAME(id, name_, ...) name_,
static const char *const action_names[] = {SW_ACTIONS(NAME) NULL};

const struct sw_action_info *sw_action_info(enum sw_action action)
{
	return &actions[action];
}

/* ---- texts to keys ---- */

enum { NAMES_MAX = 64, NAME_MAX_BYTES = 32 };

/* Every key that is written as a word, for "did you mean". */
static int key_words(char words[NAMES_MAX][NAME_MAX_BYTES])
{
	static const uint32_t plain[] = {'\r', '\t', 0x1b, ' ', 0x7f};
	static const char *const other[] = {"PageUp", "PageDown", "Escape", "Return"};
	int n = 0;
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++)
		sw_text_copy(words[n++], NAME_MAX_BYTES, other[i]);
	for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++)
		sw_input_key_name(plain[i], 0, words[n++], NAME_MAX_BYTES);
	for (uint32_t key = SW_CODE_UP; key <= SW_CODE_LAST; key++)
		sw_input_key_name(key, 0, words[n++], NAME_MAX_BYTES);
	for (uint32_t letter = 'A'; letter <= 'Z'; letter++)
		snprintf(words[n++], NAME_MAX_BYTES, "Ctrl-%c", (char)letter);
	return n;
}

static int no_key(const char *word, struct sw_error *err)
{
	char words[NAMES_MAX][NAME_MAX_BYTES], shown[65];
	const char *names[NAMES_MAX + 1];
	int n = key_words(words);
	for (int i = 0; i < n; i++)
		names[i] = words[i];
	names[n] = NULL;
	const char *near = sw_text_nearest(word, names);
	sw_text_clean(shown, sizeof shown, word, strlen(word));
	if (near)
		return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is no key; did you mean '%s'?", shown,
		                    near);
	return sw_error_set(err, SW_ERR_USAGE, 0,
	                    "'%s' is no key; write a character, or a name like Enter, Space, PgUp, F1, "
	                    "Ctrl-L or Alt-x",
	                    shown);
}

/* The words of KEYS. Returns how many, or -1. A key named twice is there once. */
static int parse_keys(const char *keys, struct sw_key_press out[SW_KEYS_PER_ACTION],
                      struct sw_error *err)
{
	char word[65];
	int n = 0;
	for (const char *at = keys + strspn(keys, " "); *at; at += strspn(at, " ")) {
		struct sw_key_press press;
		int len = (int)strcspn(at, " ");
		bool known = false;
		snprintf(word, sizeof word, "%.*s", len, at);
		at += len;
		if (len >= (int)sizeof word || sw_input_key_parse(word, &press.key, &press.mods) < 0)
			return no_key(word, err);
		for (int i = 0; i < n; i++)
			known |= out[i].key == press.key && out[i].mods == press.mods;
		if (known)
			continue;
		if (n == SW_KEYS_PER_ACTION)
			return sw_error_set(err, SW_ERR_USAGE, 0, "more than %d keys; keep those you use",
			                    SW_KEYS_PER_ACTION);
		out[n++] = press;
	}
	return n;
}

/* ---- binding ---- */

/* Whether both may mean something at the same time: a session is run or replayed, never both; all
 * else may come together. */
static bool meet(enum sw_action a, enum sw_action b)
{
	unsigned both = actions[a].where | actions[b].where;
	bool run_only = actions[a].where == SW_ON_RUN || actions[b].where == SW_ON_RUN;
	bool replay_only = actions[a].where == SW_ON_REPLAY || actions[b].where == SW_ON_REPLAY;
	return !(both == (SW_ON_RUN | SW_ON_REPLAY) && run_only && replay_only);
}

static int find_key(const struct sw_keymap *keymap, enum sw_action action,
                    struct sw_key_press press)
{
	for (int i = 0; i < keymap->n_keys[action]; i++)
		if (keymap->keys[action][i].key == press.key && keymap->keys[action][i].mods == press.mods)
			return i;
	return -1;
}

static void drop_key(struct sw_keymap *keymap, enum sw_action action, int index)
{
	struct sw_key_press *keys = keymap->keys[action];
	int after = --keymap->n_keys[action] - index;
	memmove(&keys[index], &keys[index + 1], (size_t)after * sizeof keys[0]);
}

/* ACTION wants PRESS: whoever else has it gives it up, or it is an error. */
static int take_key(struct sw_keymap *keymap, enum sw_action action, struct sw_key_press press,
                    struct sw_error *err)
{
	char name[32];
	for (int other = 0; other < SW_ACTION_COUNT; other++) {
		int index = other == (int)action || !meet(action, other) ? -1
		                                                         : find_key(keymap, other, press);
		if (index < 0)
			continue;
		sw_input_key_name(press.key, press.mods, name, sizeof name);
		if (keymap->bound[other])
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "'%s' is a key of '%s' already; give one of them another", name,
			                    actions[other].name);
		if (other == SW_ACTION_QUIT && keymap->n_keys[other] == 1)
			return sw_error_set(err, SW_ERR_USAGE, 0,
			                    "'%s' is the only key of 'quit'; give 'quit' another one, too",
			                    name);
		drop_key(keymap, other, index);
	}
	return 0;
}

static int bind_keys(struct sw_keymap *keymap, enum sw_action action, const char *keys,
                     struct sw_error *err)
{
	struct sw_keymap next = *keymap;
	int n = parse_keys(keys, next.keys[action], err);
	if (n < 0)
		return -1;
	if (n == 0 && action == SW_ACTION_QUIT)
		return sw_error_set(err, SW_ERR_USAGE, 0, "'quit' needs a key");
	next.n_keys[action] = n;
	next.bound[action] = true;
	for (int i = 0; i < n; i++)
		if (take_key(&next, action, next.keys[action][i], err) < 0)
			return -1;
	*keymap = next;
	return 0;
}

static int find_action(const char *name, struct sw_error *err)
{
	char shown[65];
	for (int i = 0; i < SW_ACTION_COUNT; i++)
		if (strcmp(actions[i].name, name) == 0)
			return i;
	const char *near = sw_text_nearest(name, action_names);
	sw_text_clean(shown, sizeof shown, name, strlen(name));
	return sw_error_set(err, SW_ERR_USAGE, 0, "'%s' is no action%s%s%s", shown,
	                    near ? "; did you mean '" : "; docs/keys.md has them all", near ? near : "",
	                    near ? "'?" : "");
}

int sw_keymap_bind(struct sw_keymap *keymap, const char *action, const char *keys,
                   struct sw_error *err)
{
	int found = find_action(action, err);
	return found < 0 ? -1 : bind_keys(keymap, found, keys, err);
}

void sw_keymap_default(struct sw_keymap *keymap)
{
	*keymap = (struct sw_keymap){0};
	for (int i = 0; i < SW_ACTION_COUNT; i++) {
		int n = parse_keys(actions[i].keys, keymap->keys[i], NULL);
		keymap->n_keys[i] = n < 0 ? 0 : n;
	}
}

int sw_keymap_from_plan(struct sw_keymap *out_keymap, const struct sw_plan *plan,
                        struct sw_error *err)
{
	struct sw_keymap next;
	sw_keymap_default(&next);
	/* Quit first: another action may want the key that quit gives up for its new one. */
	for (int pass = 0; pass < 2; pass++) {
		for (int i = 0; i < plan->n_bindings; i++) {
			const struct sw_binding *b = &plan->bindings[i];
			bool quit = strcmp(b->action, actions[SW_ACTION_QUIT].name) == 0;
			if (quit != (pass == 0) || sw_keymap_bind(&next, b->action, b->keys, err) == 0)
				continue;
			sw_error_wrap(err, "tui.keys.%s", b->action);
			return *b->where ? sw_error_wrap(err, "%s", b->where) : -1;
		}
	}
	*out_keymap = next;
	return 0;
}

/* ---- keys to actions and texts ---- */

enum sw_action sw_keymap_action(const struct sw_keymap *keymap, const struct sw_input *input,
                                unsigned places)
{
	struct sw_key_press press = {input->key, input->mods};
	if (input->kind != SW_INPUT_KEY)
		return SW_ACTION_NONE;
	for (int i = 0; i < SW_ACTION_COUNT; i++)
		if (actions[i].where & (places | SW_ON_ANY) && find_key(keymap, i, press) >= 0)
			return i;
	return SW_ACTION_NONE;
}

char *sw_keymap_keys(const struct sw_keymap *keymap, enum sw_action action, char *dst, size_t size)
{
	char name[32];
	size_t used = 0;
	if (size)
		*dst = '\0';
	for (int i = 0; i < keymap->n_keys[action]; i++) {
		const struct sw_key_press *press = &keymap->keys[action][i];
		sw_input_key_name(press->key, press->mods, name, sizeof name);
		int n = used < size ? snprintf(dst + used, size - used, "%s%s", i ? " " : "", name) : 0;
		used += n > 0 ? (size_t)n : 0;
	}
	return dst;
}

char *sw_keymap_key(const struct sw_keymap *keymap, enum sw_action action, char *dst, size_t size)
{
	if (keymap->n_keys[action])
		return sw_input_key_name(keymap->keys[action][0].key, keymap->keys[action][0].mods, dst,
		                         size);
	if (size)
		*dst = '\0';
	return dst;
}

/* ---- docs/keys.md ---- */

static const struct {
	unsigned place;
	const char *title, *about;
} places[] = {
	{SW_ON_ANY, "Everywhere", ""},
	{SW_ON_RUN, "While a session runs", "Of a session that this sandwatch runs itself."},
	{SW_ON_REPLAY, "In a replay", "Of a recorded session (`sandwatch replay`)."},
	{SW_ON_LIST, "In lists", "On the screens iterations, containers and events."},
	{SW_ON_HISTOGRAM, "With a latency axis", "On the screens live and compare."},
};

/* The first place of an action is where it is listed. */
static unsigned first_place(enum sw_action action)
{
	return actions[action].where & -actions[action].where;
}

static void add_keys(struct sw_buf *out, const char *keys)
{
	for (const char *at = keys; *at; at += strspn(at, " ")) {
		int len = (int)strcspn(at, " ");
		(void)sw_buf_addf(out, "%s`%.*s`", at == keys ? "" : ", ", len, at);
		at += len;
	}
}

static void add_place(struct sw_buf *out, unsigned place, const struct sw_keymap *keymap)
{
	char keys[64];
	(void)sw_buf_add_str(out, "| keys | action | what it does |\n| --- | --- | --- |\n");
	for (int i = 0; i < SW_ACTION_COUNT; i++) {
		if (first_place(i) != place)
			continue;
		(void)sw_buf_add_str(out, "| ");
		add_keys(out, sw_keymap_keys(keymap, i, keys, sizeof keys));
		(void)sw_buf_addf(out, " | `%s` | %s%s |\n", actions[i].name, actions[i].about,
		                  actions[i].where == (SW_ON_RUN | SW_ON_REPLAY) ? " (in a replay, too)"
		                                                                 : "");
	}
}

int sw_keymap_markdown(struct sw_buf *out)
{
	struct sw_keymap keymap;
	sw_keymap_default(&keymap);
	(void)sw_buf_add_str(
		out,
		"# Keys\n\n"
		"Made from the table in `tui/keymap.h` by `make docs`. `?` shows the same on the screen, as\n"
		"bound.\n\n"
		"`tui.keys` in the configuration gives actions other keys: `{pause: \"p Space\", quit: "
		"q}`\n"
		"([configuration.md](configuration.md#tui)). A key is a character, or one of `Enter`, `Tab`,\n"
		"`Shift-Tab`, `Esc`, `Space`, `Backspace`, `Up`, `Down`, `Left`, `Right`, `Home`, `End`,\n"
		"`PgUp`, `PgDn`, `Ins`, `Del`, `F1` to `F12`; `Ctrl-` and `Alt-` stand before it. The wheel\n"
		"scrolls, a click chooses.\n");
	for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
		(void)sw_buf_addf(out, "\n## %s\n\n", places[i].title);
		if (*places[i].about)
			(void)sw_buf_addf(out, "%s\n\n", places[i].about);
		add_place(out, places[i].place, &keymap);
	}
	return out->overflow ? -1 : 0;
}
