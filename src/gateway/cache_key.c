/* cache_key.c - see cache_key.h. */
#include "gateway/cache_key.h"

#include <sodium.h>

#include "base/json_walk.h"

typedef struct Member {
    Str name, value;
} Member;

#define DEPTH_MAX                                                                                  \
    24 /* each floor is walked once more: a body of brackets must not take seconds                 \
        */

typedef struct Canon {
    Arena *arena;
    Buf *out;
    int depth;
    CacheRequest *request;
} Canon;

/* Members that say how an answer is sent, or for whom; not what it is. */
static bool is_left_out(Str name)
{
    static const char *const names[] = { "stream",
                                         "stream_options",
                                         "user",
                                         "metadata",
                                         "store",
                                         "safety_identifier",
                                         "prompt_cache_key",
                                         "prompt_cache_retention" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(name, names[i]))
            return true;
    return false;
}

/* What a tool has answered, in any dialect. */
static bool is_tool_mark(const Member *member)
{
    static const char *const marks[] = { "\"tool\"", "\"function\"", "\"tool_result\"",
                                         "\"function_call_output\"" };
    if (!str_is(member->name, "role") && !str_is(member->name, "type"))
        return false;
    for (size_t i = 0; i < COUNT(marks); i++)
        if (str_is(member->value, marks[i]))
            return true;
    return false;
}

static int by_name(const void *a, const void *b)
{
    return str_compare(((const Member *)a)->name, ((const Member *)b)->name);
}

static bool put_value(Canon *canon, Str value);

static bool put_items(Canon *canon, Str array)
{
    JsonWalk walk = json_walk_begin(array);
    Str name, value;
    bool first = true;
    buf_add_char(canon->out, '[');
    for (; json_walk_next(&walk, &name, &value); first = false) {
        if (!first)
            buf_add_char(canon->out, ',');
        if (!put_value(canon, value))
            return false;
    }
    buf_add_char(canon->out, ']');
    return !walk.failed;
}

static bool put_members(Canon *canon, Str object, bool is_outermost)
{
    VEC(Member) members = { 0 };
    JsonWalk walk = json_walk_begin(object);
    Member member;
    while (json_walk_next(&walk, &member.name, &member.value)) {
        canon->request->has_tools = canon->request->has_tools || is_tool_mark(&member);
        if (!is_outermost || !is_left_out(member.name))
            *vec_push(canon->arena, &members) = member;
    }
    if (walk.failed)
        return false;
    if (members.count > 1)
        qsort(members.at, members.count, sizeof *members.at, by_name);
    buf_add_char(canon->out, '{');
    for (size_t i = 0; i < members.count; i++) {
        buf_add(canon->out, i ? S(",\"") : S("\""));
        buf_add(canon->out, members.at[i].name);
        buf_add(canon->out, S("\":"));
        if (!put_value(canon, members.at[i].value))
            return false;
    }
    buf_add_char(canon->out, '}');
    return true;
}

static bool put_value(Canon *canon, Str value)
{
    if (value.at[0] == '{' || value.at[0] == '[') {
        bool good =
            canon->depth++ < DEPTH_MAX &&
            (value.at[0] == '{' ? put_members(canon, value, false) : put_items(canon, value));
        canon->depth--;
        return good;
    }
    CacheRequest *request = canon->request;
    if (request->last_words.at == value.at) {
        request->words_start = canon->out->length;
        request->words_end = request->words_start + value.length;
    }
    buf_add(canon->out, value);
    return true;
}

/* The content of the last message, as written, when a user says it in one text. */
static Str last_words(Str body)
{
    JsonWalk walk = json_walk_begin(json_walk_member(body, "messages"));
    Str name, message, last = S("");
    while (json_walk_next(&walk, &name, &message))
        last = message;
    if (walk.failed || !str_is(json_walk_member(last, "role"), "\"user\""))
        return S("");
    Str content = json_walk_member(last, "content");
    return json_is_text(content) ? content : S("");
}

bool cache_request_read(Arena *arena, Str body, CacheRequest *request_r, Error *err)
{
    Buf out = buf_new(arena, body.length + 2);
    CacheRequest request = { .last_words = last_words(body) };
    Canon canon = { .arena = arena, .out = &out, .request = &request };
    body = str_trim(body);
    if (!body.length || body.at[0] != '{' || !put_members(&canon, body, true))
        return fail(err, ERROR_INVALID, "the body is no object, or nested deeper than %d",
                    DEPTH_MAX);
    request.text = buf_str(&out);
    request.last_words = json_text_of(arena, request.last_words);
    *request_r = request;
    return true;
}

void cache_digest(const unsigned char secret[CACHE_SECRET_SIZE], const Str *texts, size_t count,
                  unsigned char digest_r[32])
{
    crypto_generichash_state state;
    crypto_generichash_init(&state, secret, CACHE_SECRET_SIZE, 32);
    for (size_t i = 0; i < count; i++) {
        uint64_t length = texts[i].length;
        crypto_generichash_update(&state, (const unsigned char *)&length, sizeof length);
        crypto_generichash_update(&state, (const unsigned char *)texts[i].at, texts[i].length);
    }
    crypto_generichash_final(&state, digest_r, 32);
}
