/* str.c - Str and Buf. */
#include "base/base.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <strings.h>

Str str(const char *c_string) { return c_string ? (Str){ c_string, strlen(c_string) } : STR_NONE; }

bool str_equal(Str a, Str b)
{
    return a.length == b.length && (a.length == 0 || memcmp(a.at, b.at, a.length) == 0);
}

bool str_equal_ignore_case(Str a, Str b)
{
    return a.length == b.length && (a.length == 0 || strncasecmp(a.at, b.at, a.length) == 0);
}

int str_compare(Str a, Str b)
{
    size_t common = MIN(a.length, b.length);
    int order = common ? memcmp(a.at, b.at, common) : 0;
    return order ? order : (a.length > b.length) - (a.length < b.length);
}

bool str_starts(Str s, Str prefix) { return str_equal(str_slice(s, 0, prefix.length), prefix); }

bool str_ends(Str s, Str suffix)
{
    return s.length >= suffix.length && str_equal(str_from(s, s.length - suffix.length), suffix);
}

bool str_ends_ignore_case(Str s, Str suffix)
{
    return s.length >= suffix.length &&
           str_equal_ignore_case(str_from(s, s.length - suffix.length), suffix);
}

/* A byte of the part that texts and JSON rarely have; where there is none, its length. */
static size_t rare_byte(Str part)
{
    for (size_t i = 0; i < part.length; i++)
        if (!isalnum((unsigned char)part.at[i]) && !HAS_CHAR(part.at[i], " \",:{}[]"))
            return i;
    return part.length;
}

/* By that byte, which memchr() looks for many times as fast as memmem() for the part. A text that
 * is full of it is left to memmem(), which never takes longer than its length. */
ptrdiff_t str_find(Str s, Str part)
{
    enum { IN_VAIN_MAX = 32 };
    size_t from = 0, rare = rare_byte(part);
    if (part.length == 0)
        return 0;
    for (int i = 0; rare < part.length && i < IN_VAIN_MAX; i++) {
        if (s.length - from < part.length)
            return -1;
        const char *hit =
            memchr(s.at + from + rare, part.at[rare], s.length - from - part.length + 1);
        if (!hit)
            return -1;
        from = (size_t)(hit - s.at) - rare;
        if (memcmp(s.at + from, part.at, part.length) == 0)
            return (ptrdiff_t)from;
        from++;
    }
    if (s.length - from < part.length)
        return -1;
    const char *found = memmem(s.at + from, s.length - from, part.at, part.length);
    return found ? found - s.at : -1;
}

ptrdiff_t str_find_ignore_case(Str s, Str part)
{
    if (!part.length)
        return 0;
    const char lower = (char)tolower((unsigned char)part.at[0]);
    const char upper = (char)toupper((unsigned char)part.at[0]);
    for (size_t i = 0; i + part.length <= s.length; i++)
        if ((s.at[i] == lower || s.at[i] == upper) &&
            strncasecmp(s.at + i, part.at, part.length) == 0)
            return (ptrdiff_t)i;
    return -1;
}

ptrdiff_t str_find_char(Str s, char c)
{
    const char *found = s.length ? memchr(s.at, c, s.length) : NULL;
    return found ? found - s.at : -1;
}

ptrdiff_t str_find_last_char(Str s, char c)
{
    const char *found = s.length ? memrchr(s.at, c, s.length) : NULL;
    return found ? found - s.at : -1;
}

Str str_slice(Str s, size_t start, size_t end)
{
    if (end > s.length)
        end = s.length;
    if (start > end)
        start = end;
    return (Str){ s.at ? s.at + start : NULL, end - start };
}

Str str_from(Str s, size_t start) { return str_slice(s, start, s.length); }

static bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

Str str_trim(Str s)
{
    while (s.length && is_space(s.at[0]))
        s = str_from(s, 1);
    while (s.length && is_space(s.at[s.length - 1]))
        s.length--;
    return s;
}

bool str_next(Str *rest, char separator, Str *piece_r)
{
    if (!rest->at)
        return false;
    ptrdiff_t end = str_find_char(*rest, separator);
    if (end < 0) {
        *piece_r = *rest;
        *rest = STR_NONE;
        return true;
    }
    *piece_r = str_slice(*rest, 0, (size_t)end);
    *rest = str_from(*rest, (size_t)end + 1);
    return true;
}

Str str_copy(Arena *arena, Str s)
{
    char *copy = arena_alloc_raw(arena, s.length + 1);
    if (s.length)
        memcpy(copy, s.at, s.length);
    copy[s.length] = '\0';
    return (Str){ copy, s.length };
}

char *str_c(Arena *arena, Str s)
{
    char *copy = arena_alloc(arena, s.length + 1);
    if (s.length)
        memcpy(copy, s.at, s.length);
    return copy;
}

Str str_lower(Arena *arena, Str s)
{
    char *copy = str_c(arena, s);
    for (size_t i = 0; i < s.length; i++)
        if (copy[i] >= 'A' && copy[i] <= 'Z')
            copy[i] = (char)(copy[i] + ('a' - 'A'));
    return (Str){ copy, s.length };
}

Str str_format(Arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, args);
    va_end(args);
    char *text = arena_alloc(arena, (size_t)length + 1);
    vsnprintf(text, (size_t)length + 1, format, again);
    va_end(again);
    return (Str){ text, (size_t)length };
}

Str str_join(Arena *arena, const Str *parts, size_t count, Str separator)
{
    Buf joined = buf_new(arena, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_add(&joined, separator);
        buf_add(&joined, parts[i]);
    }
    return buf_str(&joined);
}

bool str_to_int(Str s, int64_t min, int64_t max, int64_t *number_r)
{
    char text[24], *end;
    if (s.length == 0 || s.length >= sizeof text || is_space(s.at[0]))
        return false;
    memcpy(text, s.at, s.length);
    text[s.length] = '\0';
    errno = 0;
    long long number = strtoll(text, &end, 10);
    if (errno || end != text + s.length || number < min || number > max)
        return false;
    *number_r = number;
    return true;
}

bool str_to_double(Str s, double *number_r)
{
    char text[64], *end;
    if (s.length == 0 || s.length >= sizeof text || is_space(s.at[0]))
        return false;
    memcpy(text, s.at, s.length);
    text[s.length] = '\0';
    errno = 0;
    double number = strtod(text, &end);
    if (errno || end != text + s.length)
        return false;
    *number_r = number;
    return true;
}

Str str_hex(Arena *arena, const void *bytes, size_t count)
{
    static const char digits[] = "0123456789abcdef";
    const uint8_t *from = bytes;
    char *text = arena_alloc(arena, count * 2 + 1);
    for (size_t i = 0; i < count; i++) {
        text[2 * i] = digits[from[i] >> 4];
        text[2 * i + 1] = digits[from[i] & 15];
    }
    return (Str){ text, count * 2 };
}

/* FNV-1a with a final mix, so that low bits are good enough for a power-of-two table. */
uint64_t str_hash(Str s)
{
    uint64_t hash = 0xcbf29ce484222325u;
    for (size_t i = 0; i < s.length; i++)
        hash = (hash ^ (uint8_t)s.at[i]) * 0x100000001b3u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

Buf buf_new(Arena *arena, size_t limit) { return (Buf){ .arena = arena, .limit = limit }; }

static void reserve(Buf *buf, size_t more)
{
    if (buf->capacity - buf->length >= more)
        return;
    size_t capacity = buf->capacity ? buf->capacity * 2 : 256;
    while (capacity - buf->length < more)
        capacity *= 2;
    char *grown = arena_alloc(buf->arena, capacity);
    if (buf->length)
        memcpy(grown, buf->at, buf->length);
    buf->at = grown;
    buf->capacity = capacity;
}

void buf_reserve(Buf *buf, size_t count)
{
    if (buf->capacity || !count)
        return;
    buf->at = arena_alloc(buf->arena, count);
    buf->capacity = count;
}

void buf_add(Buf *buf, Str s)
{
    size_t room = buf->limit - buf->length;
    if (s.length > room) {
        s.length = room;
        buf->overflowed = true;
    }
    if (s.length == 0)
        return;
    reserve(buf, s.length);
    memcpy(buf->at + buf->length, s.at, s.length);
    buf->length += s.length;
}

void buf_add_char(Buf *buf, char c) { buf_add(buf, (Str){ &c, 1 }); }
void buf_add_bytes(Buf *buf, const void *bytes, size_t count)
{
    buf_add(buf, (Str){ bytes, count });
}

static const char *entity_of(char c)
{
    switch (c) {
    case '<': return "&lt;";
    case '>': return "&gt;";
    case '&': return "&amp;";
    case '"': return "&quot;";
    case '\'': return "&#39;";
    case '\t':
    case '\n':
    case '\r': return NULL;
    default: return (unsigned char)c < ' ' ? "" : NULL;
    }
}

void buf_add_escaped(Buf *buf, Str text)
{
    size_t plain = 0;
    for (size_t i = 0; i < text.length; i++) {
        const char *entity = entity_of(text.at[i]);
        if (!entity)
            continue;
        buf_add(buf, str_slice(text, plain, i));
        buf_add(buf, str(entity));
        plain = i + 1;
    }
    buf_add(buf, str_from(text, plain));
}

void buf_addf(Buf *buf, const char *format, ...)
{
    char text[512];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int length = vsnprintf(text, sizeof text, format, args);
    va_end(args);
    if (length < (int)sizeof text) {
        buf_add(buf, (Str){ text, (size_t)length });
    } else {
        AUTO_FREE char *longer = heap_alloc((size_t)length + 1);
        vsnprintf(longer, (size_t)length + 1, format, again);
        buf_add(buf, (Str){ longer, (size_t)length });
    }
    va_end(again);
}

const char *buf_c(Buf *buf)
{
    reserve(buf, 1);
    buf->at[buf->length] = '\0';
    return buf->at;
}
