/* call_pages.c - see call_pages.h.
 *
 *     page:   1 (form), frames of zstd of the columns, CRC-32C of all before (4 bytes,
 * little-endian) columns: count of rows, of text columns, of number columns; ids; texts; numbers
 *     ids:    0, 16 bytes each; or 1, and they are a text column
 *     text:   count of different texts, those; if more than one, which of them each row has
 *     number: 0, the value of all; or 1, each one's; or 2, each one's difference to the one before
 *
 * Numbers are varints, signed ones zigzag; a text has its length before it. */
#include "store/call_pages.h"

#include <zstd.h>

#include "base/clock.h"
#include "base/hash.h"
#include "base/map.h"

#define FORM 1
#define LEVEL (-3)
#define FRAME KB(8)    /* of columns: one is packed in some 15 microseconds */
#define NUMBER_SIZE 10 /* bytes of a varint at most */
#define UUID_SIZE 16
#define CRC_SIZE 4
#define ROW_SIZE 48 /* bytes of one that is like its neighbours, and some more */
#define COLUMNS_MAX MB(8)
#define COLUMN_COUNT_MAX 200 /* that a newer program might write */

enum { IDS_UUID, IDS_TEXT };
enum { ALL_SAME, EACH, DIFFERENCES };

static const size_t texts[] = {
#define CALL_TEXT(member, name) offsetof(CallRow, member),
#define CALL_NUMBER(member, name)
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
};

static const size_t numbers[] = {
#define CALL_TEXT(member, name)
#define CALL_NUMBER(member, name) offsetof(CallRow, member),
#include "store/call_columns.def"
#undef CALL_TEXT
#undef CALL_NUMBER
};

static Str *text_at(const CallRow *row, size_t offset) { return (Str *)((uintptr_t)row + offset); }

static int64_t *number_at(const CallRow *row, size_t offset)
{
    return (int64_t *)((uintptr_t)row + offset);
}

/* --- Packing --- */

typedef struct Out {
    Arena *arena;
    char *start, *at, *end;
} Out;

/* What is put after this takes so many bytes at most. */
static void reserve(Out *out, size_t size)
{
    size_t used = (size_t)(out->at - out->start);
    if ((size_t)(out->end - out->at) >= size)
        return;
    size_t capacity = MAX(used * 2, used + size);
    char *bigger = arena_alloc_raw(out->arena, capacity);
    if (used)
        memcpy(bigger, out->start, used);
    *out = (Out){ out->arena, bigger, bigger + used, bigger + capacity };
}

static void put_varint(Out *out, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        *out->at++ = (char)(n | 0x80);
    *out->at++ = (char)n;
}

static void put_signed(Out *out, int64_t n)
{
    put_varint(out, (uint64_t)n << 1 ^ (uint64_t)(n >> 63));
}

static void put_bytes(Out *out, Str bytes)
{
    if (bytes.length)
        memcpy(out->at, bytes.at, bytes.length);
    out->at += bytes.length;
}

static bool is_same(Str a, Str b)
{
    return a.length == b.length && (a.at == b.at || str_equal(a, b));
}

/* The texts that differ, and which of them each row has. */
typedef struct Kinds {
    const Str **at;
    size_t count, bytes;
    uint16_t *which;
} Kinds;

static Kinds kinds_of(Arena *arena, const CallRow *rows, size_t count, size_t offset)
{
    Kinds kinds = { .at = arena_alloc_raw(arena, count * sizeof(*kinds.at)),
                    .which = arena_alloc_raw(arena, count * sizeof(*kinds.which)) };
    Map map = map_new(arena);
    for (size_t i = 0; i < count; i++) {
        const Str *text = text_at(&rows[i], offset);
        give_way_each(i);
        if (i && is_same(*text, *text_at(&rows[i - 1], offset))) {
            kinds.which[i] = kinds.which[i - 1];
            continue;
        }
        bool is_new;
        MapEntry *entry = map_add(&map, text->length ? *text : S(""), &is_new);
        if (is_new) {
            entry->number = (int64_t)kinds.count;
            kinds.at[kinds.count++] = text;
            kinds.bytes += text->length;
        }
        kinds.which[i] = (uint16_t)entry->number;
    }
    return kinds;
}

static void put_text(Out *out, Str text)
{
    put_varint(out, text.length);
    put_bytes(out, text);
}

static void put_texts(Out *out, Arena *arena, const CallRow *rows, size_t count, size_t offset)
{
    const Str *first = text_at(&rows[0], offset);
    size_t same = 1;
    while (same < count && is_same(*text_at(&rows[same], offset), *first))
        same++;
    if (same == count) {
        reserve(out, 2 * NUMBER_SIZE + first->length);
        put_varint(out, 1);
        put_text(out, *first);
        return;
    }
    Kinds kinds = kinds_of(arena, rows, count, offset);
    reserve(out, (1 + kinds.count + count) * NUMBER_SIZE + kinds.bytes);
    put_varint(out, kinds.count);
    for (size_t i = 0; i < kinds.count; i++)
        put_text(out, *kinds.at[i]);
    for (size_t i = 0; i < count; i++)
        put_varint(out, kinds.which[i]);
}

static void put_numbers(Out *out, const CallRow *rows, size_t count, size_t offset)
{
    int64_t first = *number_at(&rows[0], offset), before = 0;
    size_t same = 1;
    while (same < count && *number_at(&rows[same], offset) == first)
        same++;
    bool is_time = offset == offsetof(CallRow, started_at_ms);
    int form = same == count ? ALL_SAME : is_time ? DIFFERENCES : EACH;
    reserve(out, 1 + (form == ALL_SAME ? 1 : count) * NUMBER_SIZE);
    *out->at++ = (char)form;
    if (form == ALL_SAME)
        put_signed(out, first);
    for (size_t i = 0; form != ALL_SAME && i < count; i++) {
        int64_t number = *number_at(&rows[i], offset);
        put_signed(out, (int64_t)((uint64_t)number - (uint64_t)before));
        before = is_time ? number : 0;
    }
}

/* What a hexadecimal digit in lower case is worth, and one; 0: it is none. */
static const uint8_t digit_values[256] = {
    ['0'] = 1, ['1'] = 2,  ['2'] = 3,  ['3'] = 4,  ['4'] = 5,  ['5'] = 6,  ['6'] = 7,  ['7'] = 8,
    ['8'] = 9, ['9'] = 10, ['a'] = 11, ['b'] = 12, ['c'] = 13, ['d'] = 14, ['e'] = 15, ['f'] = 16,
};

/* "01940b2c-..." in lower case as 16 bytes. */
static bool uuid_bytes(Str id, uint8_t bytes[UUID_SIZE])
{
    if (id.length != 36 || id.at[8] != '-' || id.at[13] != '-' || id.at[18] != '-' ||
        id.at[23] != '-')
        return false;
    static const uint8_t places[UUID_SIZE] = { 0,  2,  4,  6,  9,  11, 14, 16,
                                               19, 21, 24, 26, 28, 30, 32, 34 };
    bool is_right = true;
    for (size_t i = 0; i < UUID_SIZE; i++) {
        unsigned high = digit_values[(unsigned char)id.at[places[i]]];
        unsigned low = digit_values[(unsigned char)id.at[places[i] + 1]];
        is_right &= high && low;
        bytes[i] = (uint8_t)((high - 1) << 4 | (low - 1));
    }
    return is_right;
}

static void put_ids(Out *out, Arena *arena, const CallRow *rows, size_t count)
{
    reserve(out, 1 + count * UUID_SIZE);
    char *start = out->at;
    *out->at++ = IDS_UUID;
    for (size_t i = 0; i < count; i++) {
        if (!uuid_bytes(rows[i].id, (uint8_t *)out->at)) {
            out->at = start;
            *out->at++ = IDS_TEXT;
            put_texts(out, arena, rows, count, offsetof(CallRow, id));
            return;
        }
        out->at += UUID_SIZE;
        give_way_each(i);
    }
}

/* Frames of zstd, with rests between them; `packed` has room for packed_max(). */
static size_t compress(Str columns, char *packed, size_t room)
{
    ZSTD_CCtx *context = ZSTD_createCCtx();
    size_t used = 0;
    for (size_t from = 0; from < columns.length; from += FRAME) {
        Str part = str_slice(columns, from, from + FRAME);
        used += ZSTD_compressCCtx(context, packed + used, room - used, part.at, part.length, LEVEL);
        give_way();
    }
    ZSTD_freeCCtx(context);
    return used;
}

static size_t packed_max(size_t size) { return (size / FRAME + 1) * ZSTD_compressBound(FRAME); }

Str call_page_pack(Arena *arena, const CallRow *rows, size_t count)
{
    Out out = { .arena = arena };
    reserve(&out, 3 * NUMBER_SIZE + count * ROW_SIZE);
    put_varint(&out, count);
    put_varint(&out, COUNT(texts));
    put_varint(&out, COUNT(numbers));
    put_ids(&out, arena, rows, count);
    give_way();
    for (size_t i = 0; i < COUNT(texts); i++) {
        put_texts(&out, arena, rows, count, texts[i]);
        give_way();
    }
    for (size_t i = 0; i < COUNT(numbers); i++) {
        put_numbers(&out, rows, count, numbers[i]);
        give_way();
    }

    size_t size = (size_t)(out.at - out.start), room = packed_max(size);
    char *page = arena_alloc_raw(arena, 1 + room + CRC_SIZE);
    page[0] = FORM;
    size_t packed = compress((Str){ out.start, size }, page + 1, room);
    uint32_t crc = crc32c(0, page, 1 + packed);
    for (int i = 0; i < CRC_SIZE; i++)
        page[1 + packed + (size_t)i] = (char)(crc >> 8 * i);
    return (Str){ page, 1 + packed + CRC_SIZE };
}

/* --- Unpacking --- */

typedef struct In {
    const char *at, *end;
    bool failed;
} In;

static uint64_t get_varint(In *in)
{
    uint64_t n = 0;
    for (int shift = 0; shift < 64 && in->at < in->end; shift += 7) {
        uint64_t byte = (unsigned char)*in->at++;
        n |= (byte & 0x7f) << shift;
        if (byte < 0x80)
            return n;
    }
    in->failed = true;
    return 0;
}

static int64_t get_signed(In *in)
{
    uint64_t n = get_varint(in);
    return (int64_t)(n >> 1 ^ (0 - (n & 1)));
}

static Str get_bytes(In *in, uint64_t length)
{
    if (length > (size_t)(in->end - in->at)) {
        in->failed = true;
        return S("");
    }
    Str bytes = { in->at, (size_t)length };
    in->at += length;
    return bytes;
}

/* offset SIZE_MAX: a column that we do not know is stepped over. */
static void get_texts(In *in, Arena *arena, CallRow *rows, size_t count, size_t offset)
{
    uint64_t kinds = get_varint(in);
    if (!kinds || kinds > count) {
        in->failed = true;
        return;
    }
    Str *different = arena_new_array(arena, Str, (size_t)kinds);
    for (size_t i = 0; i < kinds; i++)
        different[i] = get_bytes(in, get_varint(in));
    for (size_t i = 0; i < count && !in->failed; i++) {
        uint64_t which = kinds > 1 ? get_varint(in) : 0;
        if (which >= kinds)
            in->failed = true;
        else if (offset != SIZE_MAX)
            *text_at(&rows[i], offset) = different[which];
    }
}

static void get_numbers(In *in, CallRow *rows, size_t count, size_t offset)
{
    Str form = get_bytes(in, 1);
    int64_t before = 0, same = 0;
    if (in->failed || form.at[0] < ALL_SAME || form.at[0] > DIFFERENCES) {
        in->failed = true;
        return;
    }
    if (form.at[0] == ALL_SAME)
        same = get_signed(in);
    for (size_t i = 0; i < count && !in->failed; i++) {
        int64_t number = form.at[0] == ALL_SAME ? same : get_signed(in);
        if (form.at[0] == DIFFERENCES)
            number = before = (int64_t)((uint64_t)before + (uint64_t)number);
        if (offset != SIZE_MAX)
            *number_at(&rows[i], offset) = number;
    }
}

static Str uuid_text(Arena *arena, Str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char *text = arena_alloc(arena, 37), *at = text;
    for (size_t i = 0; i < UUID_SIZE; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10)
            *at++ = '-';
        *at++ = digits[(unsigned char)bytes.at[i] >> 4];
        *at++ = digits[(unsigned char)bytes.at[i] & 15];
    }
    return (Str){ text, 36 };
}

static void get_ids(In *in, Arena *arena, CallRow *rows, size_t count)
{
    Str form = get_bytes(in, 1);
    if (in->failed)
        return;
    if (form.at[0] == IDS_TEXT) {
        get_texts(in, arena, rows, count, offsetof(CallRow, id));
        return;
    }
    Str ids = get_bytes(in, count * UUID_SIZE);
    for (size_t i = 0; i < count && !in->failed; i++)
        rows[i].id = uuid_text(arena, str_slice(ids, i * UUID_SIZE, (i + 1) * UUID_SIZE));
}

static bool check(Str page)
{
    uint32_t crc = 0;
    if (page.length <= 1 + CRC_SIZE || page.at[0] != FORM)
        return false;
    for (size_t i = 0; i < CRC_SIZE; i++)
        crc |= (uint32_t)(unsigned char)page.at[page.length - CRC_SIZE + i] << 8 * i;
    return crc == crc32c(0, page.at, page.length - CRC_SIZE);
}

/* What the frames say of themselves; more than COLUMNS_MAX when one of them is none. */
static size_t unpacked_size(Str packed)
{
    unsigned long long size = 0;
    while (packed.length && size <= COLUMNS_MAX) {
        size_t length = ZSTD_findFrameCompressedSize(packed.at, packed.length);
        unsigned long long own = ZSTD_getFrameContentSize(packed.at, packed.length);
        if (ZSTD_isError(length) || own > COLUMNS_MAX) /* also what zstd says of a failure */
            return COLUMNS_MAX + 1;
        size += own;
        packed = str_slice(packed, length, packed.length);
    }
    return (size_t)size;
}

static bool unpack_columns(Arena *arena, Str page, Str *columns_r)
{
    Str packed = str_slice(page, 1, page.length - CRC_SIZE);
    size_t size = unpacked_size(packed);
    if (size > COLUMNS_MAX)
        return false;
    char *columns = arena_alloc(arena, size + 1);
    size_t got = ZSTD_decompress(columns, size, packed.at, packed.length);
    *columns_r = (Str){ columns, size };
    return !ZSTD_isError(got) && got == size;
}

bool call_page_unpack(Arena *arena, Str page, CallRow **rows_r, size_t *count_r, Error *err)
{
    Str columns;
    if (!check(page) || !unpack_columns(arena, page, &columns))
        return fail(err, ERROR_INTERNAL, "a page of calls is damaged");
    In in = { columns.at, columns.at + columns.length, false };
    uint64_t count = get_varint(&in), text_count = get_varint(&in), number_count = get_varint(&in);
    if (in.failed || !count || count > CALL_PAGE || text_count > COLUMN_COUNT_MAX ||
        number_count > COLUMN_COUNT_MAX)
        return fail(err, ERROR_INTERNAL, "a page of calls is damaged");
    CallRow *rows = arena_new_array(arena, CallRow, (size_t)count);
    get_ids(&in, arena, rows, (size_t)count);
    for (size_t i = 0; i < text_count && !in.failed; i++)
        get_texts(&in, arena, rows, (size_t)count, i < COUNT(texts) ? texts[i] : SIZE_MAX);
    for (size_t i = 0; i < number_count && !in.failed; i++)
        get_numbers(&in, rows, (size_t)count, i < COUNT(numbers) ? numbers[i] : SIZE_MAX);
    if (in.failed)
        return fail(err, ERROR_INTERNAL, "a page of calls is damaged");
    *rows_r = rows;
    *count_r = (size_t)count;
    return true;
}
