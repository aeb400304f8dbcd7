/* binary_values.c - MessagePack (msgpack.org, specification of 2017) and CBOR (RFC 8949, 8742):
 * values that say what they are, shown as the same values of JSON would be.
 *
 * Each form only says how the head of one item is read; what items contain each other is common.
 * An item takes a byte or more, so a file ends sooner or later whatever counts it claims; depth and
 * what is written are bounded besides. Neither form need have a mark at its beginning: a file is
 * ours when its first values are complete and make sense. */
#include <math.h>

#include "base/json.h"
#include "base/utf8.h"
#include "extract/byte_view.h"
#include "extract/columns/column_text.h"
#include "extract/formats/json.h"

#define TEXT_MAX MB(256)
#define NO_COUNT UINT64_MAX /* up to ITEM_BREAK */
enum { DEPTH_MAX = 64, LOOK_MIN = 200, LOOK_MAX = 1000000, BIG_MAX = 31 };
/* Tags of CBOR (RFC 8949, section 3.4; RFC 9562 for UUIDs). */
enum { TAG_SECONDS = 1, TAG_BIG = 2, TAG_BIG_NEGATIVE = 3, TAG_UUID = 37 };

typedef enum ItemKind {
    ITEM_BROKEN,
    ITEM_NULL,
    ITEM_SIMPLE, /* `shown` and `bits` */
    ITEM_TEXT,
    ITEM_BYTES,
    ITEM_LIST,
    ITEM_MAP,
    ITEM_TAG, /* an item with this meaning follows */
    ITEM_BREAK,
} ItemKind;

typedef struct Item {
    ItemKind kind;
    ColumnType shown;
    uint64_t bits; /* a tag's number; the count of a list's items or a map's pairs */
    Str bytes;
} Item;

typedef struct Input {
    Str bytes;
    size_t at;
    Arena *arena; /* of texts in pieces; NULL: they are passed over */
    int64_t items;
} Input;

typedef Item TakeItem(Input *in);

static Item simple(ColumnKind kind, uint64_t bits)
{
    return (Item){ .kind = ITEM_SIMPLE, .shown.kind = kind, .bits = bits };
}

static bool has_bytes(const Input *in, uint64_t count)
{
    return count <= in->bytes.length - in->at;
}

/* A number of `size` bytes, the big end first; false: the file ends in it. */
static bool take_number(Input *in, size_t size, uint64_t *number_r)
{
    if (!has_bytes(in, size))
        return false;
    *number_r = 0;
    for (size_t i = 0; i < size; i++)
        *number_r = *number_r << 8 | byte_at(in->bytes, in->at++);
    return true;
}

static Item take_string(Input *in, ItemKind kind, uint64_t length)
{
    if (!has_bytes(in, length))
        return (Item){ .kind = ITEM_BROKEN };
    Item item = { .kind = kind,
                  .shown.kind = COLUMN_BYTES,
                  .bytes = bytes_part(in->bytes, in->at, (size_t)length) };
    in->at += (size_t)length;
    return item;
}

static Item moment(int64_t seconds, uint64_t nanoseconds)
{
    Item item = simple(COLUMN_MOMENT, (uint64_t)seconds);
    item.shown.is_utc = true;
    if (nanoseconds && nanoseconds < 1000000000 && seconds > INT64_MIN / 1000000000 &&
        seconds < INT64_MAX / 1000000000) {
        item.shown.scale = 9;
        item.bits = (uint64_t)(seconds * 1000000000 + (int64_t)nanoseconds);
    }
    return item;
}

/* --- MessagePack --- */

/* "Timestamp extension type": -1, in three lengths. */
static Item extension(Input *in, uint64_t length)
{
    uint64_t type;
    if (!take_number(in, 1, &type))
        return (Item){ .kind = ITEM_BROKEN };
    Item item = take_string(in, ITEM_BYTES, length);
    if (item.kind == ITEM_BROKEN || type != 0xFF)
        return item;
    uint64_t both = big64(item.bytes, 0);
    return length == 4    ? moment(big32(item.bytes, 0), 0)
           : length == 8  ? moment((int64_t)(both & 0x3FFFFFFFF), both >> 34)
           : length == 12 ? moment((int64_t)big64(item.bytes, 4), big32(item.bytes, 0))
                          : item;
}

/* What follows the head of a marker from 0xC0 to 0xDF. */
typedef enum MsgpackForm {
    FORM_NEVER,
    FORM_NULL,
    FORM_BOOLEAN,
    FORM_BYTES,
    FORM_EXTENSION,
    FORM_FLOAT,
    FORM_DOUBLE,
    FORM_UNSIGNED,
    FORM_SIGNED,
    FORM_FIXED_EXTENSION,
    FORM_TEXT,
    FORM_LIST,
    FORM_MAP,
} MsgpackForm;

/* clang-format off */
static const struct {
    MsgpackForm form;
    uint8_t size; /* of the number that follows, or of a fixed extension */
} msgpack_forms[32] = {
    { FORM_NULL, 0 }, { FORM_NEVER, 0 }, { FORM_BOOLEAN, 0 }, { FORM_BOOLEAN, 0 },
    { FORM_BYTES, 1 }, { FORM_BYTES, 2 }, { FORM_BYTES, 4 },
    { FORM_EXTENSION, 1 }, { FORM_EXTENSION, 2 }, { FORM_EXTENSION, 4 },
    { FORM_FLOAT, 4 }, { FORM_DOUBLE, 8 },
    { FORM_UNSIGNED, 1 }, { FORM_UNSIGNED, 2 }, { FORM_UNSIGNED, 4 }, { FORM_UNSIGNED, 8 },
    { FORM_SIGNED, 1 }, { FORM_SIGNED, 2 }, { FORM_SIGNED, 4 }, { FORM_SIGNED, 8 },
    { FORM_FIXED_EXTENSION, 1 }, { FORM_FIXED_EXTENSION, 2 }, { FORM_FIXED_EXTENSION, 4 },
    { FORM_FIXED_EXTENSION, 8 }, { FORM_FIXED_EXTENSION, 16 },
    { FORM_TEXT, 1 }, { FORM_TEXT, 2 }, { FORM_TEXT, 4 },
    { FORM_LIST, 2 }, { FORM_LIST, 4 }, { FORM_MAP, 2 }, { FORM_MAP, 4 },
};
/* clang-format on */

static Item take_marked(Input *in, unsigned marker)
{
    MsgpackForm form = msgpack_forms[marker - 0xC0].form;
    size_t size = msgpack_forms[marker - 0xC0].size;
    uint64_t number = 0;
    if (form == FORM_FIXED_EXTENSION)
        return extension(in, size);
    if (!take_number(in, size, &number))
        return (Item){ .kind = ITEM_BROKEN };
    unsigned unused = 64 - 8 * (unsigned)size;
    switch (form) {
    case FORM_NULL: return (Item){ .kind = ITEM_NULL };
    case FORM_BOOLEAN: return simple(COLUMN_BOOLEAN, marker & 1);
    case FORM_BYTES: return take_string(in, ITEM_BYTES, number);
    case FORM_EXTENSION: return extension(in, number);
    case FORM_FLOAT: return simple(COLUMN_FLOAT, number);
    case FORM_DOUBLE: return simple(COLUMN_DOUBLE, number);
    case FORM_UNSIGNED: return simple(COLUMN_UNSIGNED, number);
    case FORM_SIGNED:
        return simple(COLUMN_WHOLE, (uint64_t)((int64_t)(number << unused) >> unused));
    case FORM_TEXT: return take_string(in, ITEM_TEXT, number);
    case FORM_LIST: return (Item){ .kind = ITEM_LIST, .bits = number };
    case FORM_MAP: return (Item){ .kind = ITEM_MAP, .bits = number };
    default: return (Item){ .kind = ITEM_BROKEN };
    }
}

static Item take_msgpack(Input *in)
{
    uint64_t marker;
    if (!take_number(in, 1, &marker))
        return (Item){ .kind = ITEM_BROKEN };
    if (marker < 0x80)
        return simple(COLUMN_UNSIGNED, marker);
    if (marker < 0x90)
        return (Item){ .kind = ITEM_MAP, .bits = marker & 15 };
    if (marker < 0xA0)
        return (Item){ .kind = ITEM_LIST, .bits = marker & 15 };
    if (marker < 0xC0)
        return take_string(in, ITEM_TEXT, marker & 31);
    if (marker >= 0xE0)
        return simple(COLUMN_WHOLE, marker | ~UINT64_C(0xFF));
    return take_marked(in, (unsigned)marker);
}

/* --- CBOR --- */

/* The pieces of a text whose length is not known at its begin. */
static Item take_pieces(Input *in, unsigned major)
{
    Buf all = in->arena ? buf_new(in->arena, TEXT_MAX) : (Buf){ 0 };
    for (uint64_t head, length; take_number(in, 1, &head);) {
        unsigned size = (unsigned)head & 31;
        if (head == 0xFF)
            return (Item){ .kind = major == 3 ? ITEM_TEXT : ITEM_BYTES,
                           .shown.kind = COLUMN_BYTES,
                           .bytes = buf_str(&all) };
        length = size;
        if (head >> 5 != major || size > 27 ||
            (size >= 24 && !take_number(in, (size_t)1 << (size - 24), &length)) ||
            !has_bytes(in, length))
            break;
        if (in->arena)
            buf_add(&all, bytes_part(in->bytes, in->at, (size_t)length));
        in->at += (size_t)length;
    }
    return (Item){ .kind = ITEM_BROKEN };
}

/* Major type 7: floats, and values without more. */
static Item cbor_simple(unsigned low, uint64_t number)
{
    switch (low) {
    case 20:
    case 21: return simple(COLUMN_BOOLEAN, low & 1);
    case 22:
    case 23: return (Item){ .kind = ITEM_NULL };
    case 25: return simple(COLUMN_HALF, number);
    case 26: return simple(COLUMN_FLOAT, number);
    case 27: return simple(COLUMN_DOUBLE, number);
    default: return simple(COLUMN_UNSIGNED, number);
    }
}

static Item negative(uint64_t number)
{
    if (number <= INT64_MAX)
        return simple(COLUMN_WHOLE, ~number);
    double value = -1 - (double)number; /* below what 64 bits hold */
    Item item = simple(COLUMN_DOUBLE, 0);
    memcpy(&item.bits, &value, sizeof item.bits);
    return item;
}

static Item take_cbor(Input *in)
{
    uint64_t head, number;
    if (!take_number(in, 1, &head))
        return (Item){ .kind = ITEM_BROKEN };
    unsigned major = (unsigned)head >> 5, low = (unsigned)head & 31;
    number = low;
    if (low == 31 && (major == 2 || major == 3))
        return take_pieces(in, major);
    if (low == 31 && major == 7)
        return (Item){ .kind = ITEM_BREAK };
    if (low == 31)
        number = NO_COUNT;
    else if (low > 27 || (low >= 24 && !take_number(in, (size_t)1 << (low - 24), &number)))
        return (Item){ .kind = ITEM_BROKEN };
    switch (major) {
    case 0: return simple(COLUMN_UNSIGNED, number);
    case 1: return negative(number);
    case 2: return take_string(in, ITEM_BYTES, number);
    case 3: return take_string(in, ITEM_TEXT, number);
    case 4: return (Item){ .kind = ITEM_LIST, .bits = number };
    case 5: return (Item){ .kind = ITEM_MAP, .bits = number };
    case 6: return (Item){ .kind = ITEM_TAG, .bits = number };
    default: return cbor_simple(low, number);
    }
}

/* --- As JSON --- */

typedef struct Writer {
    Input in;
    TakeItem *take;
    Buf *out;
    Arena *arena; /* of one item */
    int64_t values;
    bool is_broken;
} Writer;

/* Numbers and what else needs no quotes as they are. */
static void write_simple(Writer *w, const Item *item, bool is_key)
{
    bool is_bare = item->kind == ITEM_SIMPLE && item->shown.kind != COLUMN_MOMENT && !is_key;
    Buf shown = buf_new(w->arena, COLUMN_CELL_TEXT_MAX * 2);
    if (item->kind != ITEM_TEXT)
        column_text(&shown, &item->shown, item->bits, item->bytes);
    if (is_bare)
        buf_add(w->out, buf_str(&shown));
    else
        json_quote(w->out, item->kind == ITEM_TEXT ? item->bytes : buf_str(&shown));
    w->values++;
    arena_reset(w->arena);
}

static double number_of(const Item *item)
{
    double number = NAN;
    float single;
    uint32_t low = (uint32_t)item->bits;
    if (item->shown.kind == COLUMN_DOUBLE)
        memcpy(&number, &item->bits, sizeof number);
    memcpy(&single, &low, sizeof single);
    return item->shown.kind == COLUMN_FLOAT ? (double)single : number;
}

/* Of any length: the bytes of a number that is not negative, or of one that is -1 - n. In two's
 * complement that is each bit turned around. */
static Item big_number(Arena *arena, Str bytes, bool is_negative)
{
    char turn = is_negative ? '\xFF' : '\0';
    Buf whole = buf_new(arena, BIG_MAX + 1);
    buf_add_char(&whole, turn);
    for (size_t i = 0; i < bytes.length; i++)
        buf_add_char(&whole, (char)(bytes.at[i] ^ turn));
    return (
        Item){ .kind = ITEM_SIMPLE, .shown.kind = COLUMN_LONG_DECIMAL, .bytes = buf_str(&whole) };
}

/* What the tag before the item makes of it; most only say more of what is seen. */
static Item tagged(Arena *arena, uint64_t tag, Item item)
{
    bool is_whole = item.kind == ITEM_SIMPLE &&
                    (item.shown.kind == COLUMN_WHOLE || item.shown.kind == COLUMN_UNSIGNED);
    if (tag == TAG_SECONDS && is_whole)
        return moment((int64_t)item.bits, 0);
    if (tag == TAG_SECONDS && item.kind == ITEM_SIMPLE && fabs(number_of(&item)) < 1e15) {
        double whole = floor(number_of(&item));
        return moment((int64_t)whole, (uint64_t)((number_of(&item) - whole) * 1e6) * 1000);
    }
    if (tag == TAG_UUID && item.kind == ITEM_BYTES && item.bytes.length == 16)
        item.shown.kind = COLUMN_UUID;
    if ((tag == TAG_BIG || tag == TAG_BIG_NEGATIVE) && item.kind == ITEM_BYTES &&
        item.bytes.length <= BIG_MAX)
        return big_number(arena, item.bytes, tag == TAG_BIG_NEGATIVE);
    return item;
}

static void write_item(Writer *w, int depth, bool is_key);

/* Is there one more of `count`? Its end is taken. */
static bool has_more(Writer *w, uint64_t count, uint64_t taken)
{
    if (w->is_broken || w->out->overflowed)
        return false;
    if (count != NO_COUNT)
        return taken < count;
    bool is_end = byte_at(w->in.bytes, w->in.at) == 0xFF;
    w->in.at += is_end;
    return !is_end;
}

static void write_list(Writer *w, uint64_t count, int depth)
{
    buf_add_char(w->out, '[');
    for (uint64_t i = 0; has_more(w, count, i); i++) {
        buf_add(w->out, i ? S(",") : STR_NONE);
        write_item(w, depth + 1, false);
    }
    buf_add_char(w->out, ']');
}

static void write_map(Writer *w, uint64_t count, int depth)
{
    buf_add_char(w->out, '{');
    for (uint64_t i = 0; has_more(w, count, i); i++) {
        size_t before = w->out->length;
        buf_add(w->out, i ? S(",") : STR_NONE);
        write_item(w, depth + 1, true);
        if (w->is_broken) {
            w->out->length = before;
            break;
        }
        buf_add_char(w->out, ':');
        write_item(w, depth + 1, false);
    }
    buf_add_char(w->out, '}');
}

/* A list or map as a key is written as one text. */
static void write_inside_key(Writer *w, const Item *item, int depth)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Buf text = buf_new(arena, KB(64)), *out = w->out;
    w->out = &text;
    item->kind == ITEM_LIST ? write_list(w, item->bits, depth) : write_map(w, item->bits, depth);
    w->is_broken |= text.overflowed;
    w->out = out;
    json_quote(out, buf_str(&text));
}

/* Always one value, so that the text stays JSON when the file breaks off. */
static void write_item(Writer *w, int depth, bool is_key)
{
    Item item = { .kind = ITEM_BROKEN };
    if (!w->is_broken && depth <= DEPTH_MAX)
        item = w->take(&w->in);
    for (int tags = 0; item.kind == ITEM_TAG && tags < DEPTH_MAX; tags++)
        item = tagged(w->arena, item.bits, w->take(&w->in));
    bool is_inner = item.kind == ITEM_LIST || item.kind == ITEM_MAP;
    w->is_broken |= item.kind == ITEM_BROKEN || item.kind == ITEM_BREAK || item.kind == ITEM_TAG;
    if (w->is_broken || item.kind == ITEM_NULL)
        buf_add(w->out, is_key ? S("\"null\"") : S("null"));
    else if (is_inner && is_key)
        write_inside_key(w, &item, depth);
    else if (item.kind == ITEM_LIST)
        write_list(w, item.bits, depth);
    else if (item.kind == ITEM_MAP)
        write_map(w, item.bits, depth);
    else
        write_simple(w, &item, is_key);
}

static bool write_all(const ExtractSource *source, TakeItem *take, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_ARENA Arena *scratch = arena_new(GB(1));
    Buf out = buf_new(arena, TEXT_MAX);
    Writer w = { .in = { .bytes = source->bytes, .arena = scratch },
                 .take = take,
                 .out = &out,
                 .arena = scratch };
    while (!w.is_broken && !out.overflowed && w.in.at < w.in.bytes.length) {
        write_item(&w, 0, false);
        buf_add_char(&out, '\n');
    }
    if (w.is_broken && !w.values)
        return fail(err, ERROR_DAMAGED, "the file is broken at its beginning");
    json_write_values(buf_str(&out), false, doc);
    if (w.is_broken)
        doc_warning(doc, str_format(arena,
                                    "the file is broken at byte %zu of %zu; what comes "
                                    "before is shown",
                                    w.in.at, w.in.bytes.length));
    if (out.overflowed)
        doc_warning(doc, S("only the first part was read: it has more values than are shown"));
    return true;
}

/* --- Recognising them --- */

static bool is_text_that_makes_sense(Str text)
{
    Str head = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)KB(4))));
    return utf8_is_valid(head) && str_find_char(head, '\0') < 0;
}

/* Passes one item and what is in it; false when it is none, or keys are no words. */
static bool look_item(Input *in, TakeItem *take, int depth, bool is_key)
{
    Item item = { .kind = ITEM_TAG };
    while (item.kind == ITEM_TAG && in->items++ < LOOK_MAX)
        item = take(in);
    if (item.kind <= ITEM_BROKEN || item.kind >= ITEM_TAG || depth > DEPTH_MAX ||
        (item.kind == ITEM_TEXT && !is_text_that_makes_sense(item.bytes)) ||
        (is_key && item.kind != ITEM_TEXT && item.kind != ITEM_SIMPLE))
        return false;
    if (item.kind != ITEM_LIST && item.kind != ITEM_MAP)
        return true;
    for (uint64_t i = 0; i < item.bits; i++) {
        bool is_end = item.bits == NO_COUNT && byte_at(in->bytes, in->at) == 0xFF;
        in->at += is_end;
        if (is_end)
            break;
        if ((item.kind == ITEM_MAP && !look_item(in, take, depth + 1, true)) ||
            !look_item(in, take, depth + 1, false))
            return false;
    }
    return true;
}

/* Map or list, complete, and behind it the end or the next one. */
static bool look(Str bytes, TakeItem *take)
{
    Input in = { .bytes = bytes };
    do {
        Input begin = in;
        Item first = take(&begin);
        while (first.kind == ITEM_TAG)
            first = take(&begin);
        if ((first.kind != ITEM_MAP && first.kind != ITEM_LIST) || !first.bits ||
            !look_item(&in, take, 0, false))
            return false;
    } while (in.at < bytes.length && in.items < LOOK_MIN);
    return true;
}

static int msgpack_sniff(Str bytes)
{
    return bytes.length > 3 && (unsigned char)bytes.at[0] >= 0x80 && look(bytes, take_msgpack) ? 30
                                                                                               : 0;
}

static int cbor_sniff(Str bytes)
{
    if (str_starts(bytes, S("\xD9\xD9\xF7")))
        return 80;
    return bytes.length > 3 && (unsigned char)bytes.at[0] >= 0x80 && look(bytes, take_cbor) ? 30
                                                                                            : 0;
}

static bool msgpack_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return write_all(source, take_msgpack, doc, err);
}

static bool cbor_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    return write_all(source, take_cbor, doc, err);
}

const Extractor extractor_msgpack = {
    .name = "msgpack",
    .title = "MessagePack",
    .extensions = LIST("msgpack", "mpk", "mp"),
    .media_types = LIST("application/vnd.msgpack", "application/msgpack", "application/x-msgpack"),
    .sniff = msgpack_sniff,
    .extract = msgpack_extract,
};

const Extractor extractor_cbor = {
    .name = "cbor",
    .title = "CBOR",
    .extensions = LIST("cbor", "cborseq"),
    .media_types = LIST("application/cbor", "application/cbor-seq"),
    .sniff = cbor_sniff,
    .extract = cbor_extract,
};
