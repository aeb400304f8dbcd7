/* json_walk.h - looking into JSON text without making a tree: for paths where every microsecond
 * counts. Values are parts of the text, as written.
 *
 *     JsonWalk walk = json_walk_begin(body);
 *     while (json_walk_next(&walk, &name, &value))
 *         if (str_is(name, "model")) ...
 *     if (walk.failed) ...
 *
 * Every value that is stepped over is checked (RFC 8259), to JSON_WALK_DEPTH_MAX floors. Names with
 * escapes are handed out as written, so "mod\u0065l" is not "model": who decides by names must
 * refuse `has_escaped_name`. Threads: a walk belongs to one. */
#pragma once

#include "base/base.h"

#define JSON_WALK_DEPTH_MAX 128

typedef struct JsonWalk {
    const char *at, *end;
    char closing; /* '}' or ']' */
    bool started, failed, has_escaped_name;
} JsonWalk;

/* Step into an object or array; anything else fails at the first step. */
JsonWalk json_walk_begin(Str text);
/* The next member or item (then name_r is empty). False at the end or when walk->failed. At the
 * end of the outermost value nothing may follow but white space. */
bool json_walk_next(JsonWalk *walk, Str *name_r, Str *value_r);

/* The value of the object's first member of this name; an empty Str when there is none or the text
 * is no object. */
Str json_walk_member(Str object, const char *name);
/* The text is one valid value. */
bool json_walk_is_valid(Str text);
static inline bool json_is_text(Str value) { return value.length >= 2 && value.at[0] == '"'; }
/* A text's characters without quotes, escapes undone; borrowed when it has none. Fails on lone
 * surrogates and invalid UTF-8. */
MUST_CHECK bool json_unquote(Arena *arena, Str value, Str *text_r);
/* The same; an empty Str for what is no text or not valid. */
Str json_text_of(Arena *arena, Str value);
