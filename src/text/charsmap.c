#include "text/charsmap.h"

#include <unicode/ubrk.h>
#include <unicode/uchar.h>
#include <unicode/utext.h>

#include "base/utf8.h"

#define GRAPHEME_WHOLE 6 /* from this many bytes on, a grapheme is taken apart */

struct Charsmap {
    uint32_t *units;
    size_t unit_count;
    char *texts; /* NUL at the end */
    size_t text_length;
    bool is_plain[128];     /* ASCII that stays as it is when ASCII or nothing follows */
    UBreakIterator *breaks; /* cloned by each call */
};

static void find_plain(Charsmap *map);

bool charsmap_new(Str bytes, Charsmap **map_r, Error *err)
{
    uint32_t trie_bytes;
    if (bytes.length < sizeof trie_bytes || bytes.length > CHARSMAP_BYTES_MAX)
        return fail(err, ERROR_INVALID, "the precompiled normalisation has %zu bytes",
                    bytes.length);
    memcpy(&trie_bytes, bytes.at, sizeof trie_bytes);
    if (trie_bytes % 4 || !trie_bytes || trie_bytes > bytes.length - sizeof trie_bytes)
        return fail(err, ERROR_INVALID, "the precompiled normalisation has no trie");
    UErrorCode status = U_ZERO_ERROR;
    UBreakIterator *breaks = ubrk_open(UBRK_CHARACTER, "", NULL, 0, &status);
    if (U_FAILURE(status))
        return fail(err, ERROR_INTERNAL, "ICU has no character breaks: %s", u_errorName(status));
    Str texts = str_from(bytes, sizeof trie_bytes + trie_bytes);
    Charsmap *map = heap_alloc(sizeof *map);
    map->breaks = breaks;
    map->unit_count = trie_bytes / 4;
    map->units = heap_alloc(trie_bytes);
    memcpy(map->units, bytes.at + sizeof trie_bytes, trie_bytes);
    map->texts = heap_alloc(texts.length + 1);
    if (texts.length)
        memcpy(map->texts, texts.at, texts.length);
    map->text_length = texts.length;
    find_plain(map);
    *map_r = map;
    return true;
}

void charsmap_free(Charsmap *map)
{
    if (!map)
        return;
    ubrk_close(map->breaks);
    free(map->units);
    free(map->texts);
    free(map);
}

/* Where a unit's children begin, relative to it. */
static uint32_t offset_of(uint32_t unit) { return (unit >> 10) << ((unit & (1u << 9)) >> 6); }

/* A prefix of the text that is in the trie; the next call finds the next longer one. */
typedef struct Match {
    size_t node, length;
    size_t known; /* bytes that begin something in the trie */
    Str replacement;
} Match;

static bool find_next(const Charsmap *map, Str text, Match *match)
{
    while (match->length < text.length && text.at[match->length]) {
        uint8_t byte = (uint8_t)text.at[match->length++];
        size_t node = match->node ^ byte;
        if (node >= map->unit_count)
            return false;
        uint32_t unit = map->units[node];
        if ((unit & (1u << 31 | 0xFF)) != byte)
            return false;
        match->known++;
        match->node = node ^= offset_of(unit);
        if (node >= map->unit_count)
            return false;
        if (unit >> 8 & 1) {
            uint32_t at = map->units[node] & ~(1u << 31);
            match->replacement = str(map->texts + MIN(at, map->text_length));
            return at < map->text_length;
        }
    }
    return false;
}

static Match match_begin(const Charsmap *map)
{
    return (Match){ .node = offset_of(map->units[0]) };
}

/* The replacement of the shortest prefix of the text that is in the trie. */
static bool find(const Charsmap *map, Str text, Str *replacement_r)
{
    Match match = match_begin(map);
    bool found = find_next(map, text, &match);
    *replacement_r = match.replacement;
    return found;
}

/* It has no replacement but itself, and there is none of it with ASCII behind it. */
static void find_plain(Charsmap *map)
{
    for (int c = 0; c < 128; c++) {
        Str replacement;
        char pair[2] = { (char)c, 0 };
        Str one = { pair, 1 }, two = { pair, 2 };
        /* With a line feed behind it '\r' is one grapheme. */
        map->is_plain[c] =
            c != '\r' && (!find(map, one, &replacement) || str_equal(replacement, one));
        for (int next = 1; next < 128 && map->is_plain[c]; next++) {
            Match match = match_begin(map);
            pair[1] = (char)next;
            while (find_next(map, two, &match))
                ;
            map->is_plain[c] = match.known < 2;
        }
    }
}

/* How many bytes from `at` on stay as they are. */
static size_t plain_length(const Charsmap *map, Str text, size_t at)
{
    size_t end = at;
    while (end < text.length && (uint8_t)text.at[end] < 128 && map->is_plain[(uint8_t)text.at[end]])
        end++;
    if (end > at && end < text.length && (uint8_t)text.at[end] >= 128)
        end--;
    return end - at;
}

static void apply_grapheme(const Charsmap *map, Str grapheme, Buf *out)
{
    Str replacement;
    if (grapheme.length < GRAPHEME_WHOLE && find(map, grapheme, &replacement)) {
        buf_add(out, replacement);
        return;
    }
    size_t size;
    for (size_t at = 0; at < grapheme.length; at += size) {
        (void)utf8_decode(grapheme, at, &size);
        Str part = str_slice(grapheme, at, at + size);
        buf_add(out, find(map, part, &replacement) ? replacement : part);
    }
}

/* The part of the text from `at` on that has to be cut by ICU: ASCII characters are graphemes of
 * their own unless something else is beside them. */
static size_t mixed_length(Str text, size_t at)
{
    size_t end = at;
    while (end < text.length && ((uint8_t)text.at[end] >= 128 ||
                                 (end + 1 < text.length && (uint8_t)text.at[end + 1] >= 128) ||
                                 (end > at && (uint8_t)text.at[end - 1] >= 128)))
        end++;
    return end - at;
}

static bool is_newer_mark(uint32_t c)
{
    static const struct {
        uint32_t first, last;
    } newer[] = {
#define NEWER(first, last) { first, last },
#include "text/newer_marks.def"
#undef NEWER
    };
    for (size_t i = 0; i < COUNT(newer); i++)
        if (c >= newer[i].first && c <= newer[i].last)
            return true;
    return false;
}

/* Here is a mark that ICU does not know yet, and something before it that it can belong to. */
static bool belongs_to_before(Str text, size_t at)
{
    size_t size;
    if (at >= text.length || !is_newer_mark(utf8_decode(text, at, &size)))
        return false;
    UChar32 before = (UChar32)utf8_decode(text, utf8_floor(text, at - 1), &size);
    int32_t kind = u_getIntPropertyValue(before, UCHAR_GRAPHEME_CLUSTER_BREAK);
    return kind != U_GCB_CONTROL && kind != U_GCB_CR && kind != U_GCB_LF;
}

static void apply_mixed(const Charsmap *map, Str text, UBreakIterator **own, Buf *out)
{
    UErrorCode status = U_ZERO_ERROR;
    if (!*own)
        *own = ubrk_clone(map->breaks, &status);
    UText *units = utext_openUTF8(NULL, text.at, (int64_t)text.length, &status);
    ubrk_setUText(*own, units, &status);
    size_t start = 0;
    if (U_SUCCESS(status))
        for (int32_t end = ubrk_next(*own); end != UBRK_DONE; end = ubrk_next(*own)) {
            if (belongs_to_before(text, (size_t)end))
                continue;
            apply_grapheme(map, str_slice(text, start, (size_t)end), out);
            start = (size_t)end;
        }
    buf_add(out, str_from(text, start));
    utext_close(units);
}

void charsmap_apply(const Charsmap *map, Str text, Buf *out)
{
    UBreakIterator *own = NULL;
    for (size_t at = 0, length; at < text.length; at += length) {
        length = plain_length(map, text, at);
        if (length) {
            buf_add(out, str_slice(text, at, at + length));
            continue;
        }
        length = mixed_length(text, at);
        if (length) {
            apply_mixed(map, str_slice(text, at, at + length), &own, out);
            continue;
        }
        length = str_starts(str_from(text, at), S("\r\n")) ? 2 : 1;
        apply_grapheme(map, str_slice(text, at, at + length), out);
    }
    if (own)
        ubrk_close(own);
}

void charsmap_apply_longest(const Charsmap *map, Str text, Buf *out)
{
    for (size_t at = 0, length; at < text.length; at += length) {
        length = plain_length(map, text, at);
        if (length) {
            buf_add(out, str_slice(text, at, at + length));
            continue;
        }
        Match match = match_begin(map);
        (void)utf8_decode(text, at, &length);
        Str replacement = str_slice(text, at, at + length);
        while (find_next(map, str_from(text, at), &match)) {
            replacement = match.replacement;
            length = match.length;
        }
        buf_add(out, replacement);
    }
}
