/* json_walk.c - see json_walk.h. */
#include "base/json_walk.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "base/utf8.h"

static const char *skip_space(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* Past what is neither a quote, a backslash nor a control character: sixteen at once where the
 * processor can. */
static const char *skip_plain(const char *at, const char *end)
{
#ifdef __SSE2__
    const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1f);
    for (; end - at >= 16; at += 16) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)at);
        __m128i controls = _mm_cmpeq_epi8(_mm_min_epu8(text, last_control), text);
        __m128i stops = _mm_or_si128(
            controls, _mm_or_si128(_mm_cmpeq_epi8(text, quote), _mm_cmpeq_epi8(text, backslash)));
        unsigned found = (unsigned)_mm_movemask_epi8(stops);
        if (found)
            return at + __builtin_ctz(found);
    }
#endif
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20)
        at++;
    return at;
}

/* `at` is at a backslash; behind what it escapes, or NULL. */
static const char *skip_escape(const char *at, const char *end)
{
    if (end - at < 2)
        return NULL;
    if (at[1] != 'u')
        return HAS_CHAR(at[1], "\"\\/bfnrt") ? at + 2 : NULL;
    bool is_good =
        end - at >= 6 && is_hex(at[2]) && is_hex(at[3]) && is_hex(at[4]) && is_hex(at[5]);
    return is_good ? at + 6 : NULL;
}

/* `at` is behind the opening quote; behind the closing one, or NULL. */
static const char *skip_text(const char *at, const char *end, bool *has_escape_r)
{
    while ((at = skip_plain(at, end)) < end) {
        if (*at == '"')
            return at + 1;
        *has_escape_r = true;
        if (*at != '\\' || !(at = skip_escape(at, end)))
            return NULL;
    }
    return NULL;
}

static const char *skip_digits(const char *at, const char *end)
{
    const char *start = at;
    while (at < end && *at >= '0' && *at <= '9')
        at++;
    return at > start ? at : NULL;
}

static const char *skip_number(const char *at, const char *end)
{
    if (at < end && *at == '-')
        at++;
    const char *first = at;
    at = skip_digits(at, end);
    if (!at || (*first == '0' && at > first + 1))
        return NULL;
    if (at < end && *at == '.' && !(at = skip_digits(at + 1, end)))
        return NULL;
    if (at < end && (*at | 0x20) == 'e') {
        at++;
        if (at < end && (*at == '+' || *at == '-'))
            at++;
        at = skip_digits(at, end);
    }
    return at;
}

static const char *skip_word(const char *at, const char *end)
{
    static const Str words[] = { S_INIT("true"), S_INIT("false"), S_INIT("null") };
    for (size_t i = 0; i < COUNT(words); i++)
        if ((size_t)(end - at) >= words[i].length && !memcmp(at, words[i].at, words[i].length))
            return at + words[i].length;
    return NULL;
}

static const char *skip_scalar(const char *at, const char *end)
{
    bool ignored;
    if (*at == '"')
        return skip_text(at + 1, end, &ignored);
    return *at == '-' || (*at >= '0' && *at <= '9') ? skip_number(at, end) : skip_word(at, end);
}

/* A member's name with its colon; behind them. */
static const char *skip_name(const char *at, const char *end)
{
    bool ignored;
    at = skip_space(at, end);
    if (at == end || *at != '"' || !(at = skip_text(at + 1, end, &ignored)))
        return NULL;
    at = skip_space(at, end);
    return at < end && *at == ':' ? skip_space(at + 1, end) : NULL;
}

/* One whole value; behind it, or NULL. */
static const char *skip_value(const char *at, const char *end)
{
    char closing[JSON_WALK_DEPTH_MAX];
    size_t depth = 0;
    for (;;) {
        if (!at || at == end)
            return NULL;
        if (*at == '{' || *at == '[') {
            if (depth == JSON_WALK_DEPTH_MAX)
                return NULL;
            closing[depth++] = *at == '{' ? '}' : ']';
            at = skip_space(at + 1, end);
            if (at == end)
                return NULL;
            if (*at != closing[depth - 1]) {
                at = closing[depth - 1] == '}' ? skip_name(at, end) : at;
                continue;
            }
        } else if (!(at = skip_scalar(at, end))) {
            return NULL;
        }
        /* Behind a value, or at the bracket of an empty one. */
        while (depth) {
            at = skip_space(at, end);
            if (at == end)
                return NULL;
            if (*at == ',') {
                at++;
                at = closing[depth - 1] == '}' ? skip_name(at, end) : skip_space(at, end);
                break;
            }
            if (*at != closing[depth - 1])
                return NULL;
            at++;
            depth--;
        }
        if (!depth)
            return at;
    }
}

JsonWalk json_walk_begin(Str text)
{
    const char *at = text.at ? text.at : ""; /* an empty Str may point nowhere */
    JsonWalk walk = { at, at + text.length, 0, false, false, false };
    walk.at = skip_space(walk.at, walk.end);
    if (walk.at < walk.end && (*walk.at == '{' || *walk.at == '['))
        walk.closing = *walk.at++ == '{' ? '}' : ']';
    else
        walk.failed = true;
    return walk;
}

static bool stop(JsonWalk *walk, bool failed)
{
    walk->failed = failed;
    walk->at = walk->end;
    walk->closing = 0;
    return false;
}

static bool walk_name(JsonWalk *walk, Str *name_r)
{
    if (walk->at == walk->end || *walk->at != '"')
        return false;
    const char *start = walk->at + 1, *after = skip_text(start, walk->end, &walk->has_escaped_name);
    if (!after)
        return false;
    *name_r = (Str){ start, (size_t)(after - 1 - start) };
    walk->at = skip_space(after, walk->end);
    if (walk->at == walk->end || *walk->at != ':')
        return false;
    walk->at = skip_space(walk->at + 1, walk->end);
    return true;
}

bool json_walk_next(JsonWalk *walk, Str *name_r, Str *value_r)
{
    if (walk->failed || !walk->closing)
        return false;
    walk->at = skip_space(walk->at, walk->end);
    if (walk->at == walk->end)
        return stop(walk, true);
    if (*walk->at == walk->closing)
        return stop(walk, skip_space(walk->at + 1, walk->end) != walk->end);
    if (walk->started) {
        if (*walk->at != ',')
            return stop(walk, true);
        walk->at = skip_space(walk->at + 1, walk->end);
    }
    walk->started = true;
    *name_r = STR_NONE;
    if (walk->closing == '}' && !walk_name(walk, name_r))
        return stop(walk, true);
    const char *after = skip_value(walk->at, walk->end);
    if (!after)
        return stop(walk, true);
    *value_r = (Str){ walk->at, (size_t)(after - walk->at) };
    walk->at = after;
    return true;
}

Str json_walk_member(Str object, const char *name)
{
    JsonWalk walk = json_walk_begin(object);
    Str found, value;
    while (walk.closing != ']' && json_walk_next(&walk, &found, &value))
        if (str_is(found, name))
            return value;
    return S("");
}

bool json_walk_is_valid(Str text)
{
    if (!text.length)
        return false;
    const char *end = text.at + text.length, *at = skip_space(text.at, end);
    at = at < end ? skip_value(at, end) : NULL;
    return at && skip_space(at, end) == end;
}

/* --- Texts --- */

static unsigned read_hex(const char *at)
{
    unsigned value = 0;
    for (int i = 0; i < 4; i++) {
        char c = (char)(at[i] | 0x20);
        value = value * 16 + (unsigned)(c >= 'a' ? c - 'a' + 10 : at[i] - '0');
    }
    return value;
}

/* \uXXXX at `at`, with its second half; behind it, or NULL. */
static const char *unescape_unit(const char *at, const char *end, Buf *out)
{
    unsigned unit = read_hex(at);
    at += 4;
    if (unit >= 0xd800 && unit < 0xe000) {
        if (unit >= 0xdc00 || end - at < 6 || at[0] != '\\' || at[1] != 'u')
            return NULL;
        unsigned low = read_hex(at + 2);
        if (low < 0xdc00 || low >= 0xe000)
            return NULL;
        unit = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
    }
    char bytes[4];
    buf_add_bytes(out, bytes, utf8_encode(unit, bytes));
    return at;
}

static char unescape(char c)
{
    static const char from[] = "bfnrt", to[] = "\b\f\n\r\t";
    const char *found = strchr(from, c);
    return found ? to[found - from] : c;
}

bool json_unquote(Arena *arena, Str value, Str *text_r)
{
    bool has_escape = false;
    if (!json_is_text(value))
        return false;
    const char *end = value.at + value.length;
    if (skip_text(value.at + 1, end, &has_escape) != end)
        return false;
    Str inner = str_slice(value, 1, value.length - 1);
    end--;
    if (!utf8_is_valid(inner))
        return false;
    if (!has_escape) {
        *text_r = inner;
        return true;
    }
    Buf out = buf_new(arena, inner.length);
    for (const char *at = inner.at; at < end;) {
        if (*at != '\\') {
            buf_add_char(&out, *at++);
        } else if (at[1] == 'u') {
            if (!(at = unescape_unit(at + 2, end, &out)))
                return false;
        } else {
            buf_add_char(&out, unescape(at[1]));
            at += 2;
        }
    }
    *text_r = buf_str(&out);
    return true;
}

Str json_text_of(Arena *arena, Str value)
{
    Str text;
    return json_unquote(arena, value, &text) ? text : S("");
}
