/* plist.c - binary property lists of Apple (bplist00): lines "path: value"; the pages of a Safari
 * web archive become children. The XML form is read as XML.
 *
 *     "bplist00"  objects  table of offsets  trailer of 32 bytes
 *
 * Objects refer to each other by number, so depth and the count of what is written are bounded. */
#include <math.h>

#include "extract/charset/encoding.h"
#include "extract/extractor.h"
#include "extract/metadata.h"

enum { DEPTH_MAX = 32, VALUES_MAX = 100000, PATH_MAX_BYTES = 300, GROUP_LINES = 30, TRAILER = 32 };
/* One string may be the value of thousands of keys. */
enum { STRING_MAX = 4 << 20, GROUP_MAX = 1 << 20, STRINGS_MAX = 256 << 20 };

typedef enum Marker {
    MARKER_SIMPLE = 0x0,
    MARKER_INTEGER = 0x1,
    MARKER_REAL = 0x2,
    MARKER_DATE = 0x3,
    MARKER_DATA = 0x4,
    MARKER_ASCII = 0x5,
    MARKER_UTF16 = 0x6,
    MARKER_UID = 0x8,
    MARKER_ARRAY = 0xA,
    MARKER_SET = 0xC,
    MARKER_DICT = 0xD,
} Marker;

typedef struct Writer {
    DocWriter *doc;
    Arena *arena;
    Str bytes;
    uint64_t object_count, table;
    size_t offset_size, ref_size;
    int values_left, line_count, data_count, cut_count;
    int64_t strings_left; /* characters */
    Buf group;
    char path[PATH_MAX_BYTES + 1];
    size_t path_length;
} Writer;

static uint64_t number_at(Str bytes, uint64_t at, size_t size)
{
    uint64_t number = 0;
    for (size_t i = 0; i < size; i++)
        number =
            number << 8 | (at + i < bytes.length ? (unsigned char)bytes.at[(size_t)at + i] : 0);
    return number;
}

typedef struct Object {
    Marker marker;
    unsigned low;   /* the marker's low half */
    uint64_t count; /* of bytes, characters or members */
    uint64_t at;    /* of what follows */
} Object;

static bool read_object(const Writer *w, uint64_t index, Object *object)
{
    if (index >= w->object_count)
        return false;
    uint64_t at = number_at(w->bytes, w->table + index * w->offset_size, w->offset_size);
    if (at < 8 || at >= w->bytes.length)
        return false;
    unsigned char first = (unsigned char)w->bytes.at[at];
    *object =
        (Object){ .marker = first >> 4, .low = first & 15, .count = first & 15, .at = at + 1 };
    if (object->low == 15 && object->marker >= MARKER_DATA && object->marker != MARKER_UID) {
        size_t size = (size_t)1 << (number_at(w->bytes, at + 1, 1) & 7);
        object->count = number_at(w->bytes, at + 2, MIN(size, 8));
        object->at = at + 2 + size;
    }
    return object->at <= w->bytes.length && object->count <= w->bytes.length;
}

static Str bytes_of(const Writer *w, const Object *object, uint64_t count)
{
    return str_slice(w->bytes, (size_t)object->at, (size_t)(object->at + count));
}

static Str real_text(const Writer *w, const Object *object)
{
    double number = 0;
    uint64_t bits = number_at(w->bytes, object->at, object->low == 2 ? 4 : 8);
    if (object->low == 2) {
        uint32_t half = (uint32_t)bits;
        float small;
        memcpy(&small, &half, 4);
        number = (double)small;
    } else {
        memcpy(&number, &bits, 8);
    }
    return isfinite(number) ? str_format(w->arena, "%.15g", number) : STR_NONE;
}

/* Seconds since 2001, as days and a clock. */
static Str date_text(const Writer *w, const Object *object)
{
    double seconds;
    uint64_t bits = number_at(w->bytes, object->at, 8);
    memcpy(&seconds, &bits, 8);
    if (!isfinite(seconds) || fabs(seconds) > 1e11)
        return STR_NONE;
    int64_t all = (int64_t)seconds + 978307200, days = all / 86400 - (all % 86400 < 0);
    int64_t second = all - days * 86400, z = days + 719468,
            era = (z >= 0 ? z : z - 146096) / 146097;
    int64_t doe = z - era * 146097, yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100), mp = (5 * doy + 2) / 153;
    int month = (int)(mp < 10 ? mp + 3 : mp - 9);
    return str_format(w->arena, "%04d-%02d-%02dT%02d:%02d:%02dZ",
                      (int)(yoe + era * 400 + (month <= 2)), month,
                      (int)(doy - (153 * mp + 2) / 5 + 1), (int)(second / 3600),
                      (int)(second / 60 % 60), (int)(second % 60));
}

/* At most so many characters. */
static Str string_text(Writer *w, const Object *object, uint64_t max)
{
    uint64_t count = MIN(object->count, max);
    w->strings_left -= (int64_t)count;
    if (w->strings_left < 0)
        w->values_left = 0;
    return object->marker == MARKER_ASCII
               ? bytes_of(w, object, count)
               : text_decode_known(w->arena, bytes_of(w, object, count * 2), "utf-16be");
}

static Str value_text(Writer *w, const Object *object)
{
    switch (object->marker) {
    case MARKER_SIMPLE: return object->low == 8 ? S("false") : object->low == 9 ? S("true") : S("");
    case MARKER_INTEGER: {
        size_t size = (size_t)1 << MIN(object->low, 4u);
        uint64_t skip = size > 8 ? size - 8 : 0;
        return str_format(w->arena, "%" PRId64,
                          (int64_t)number_at(w->bytes, object->at + skip, MIN(size, 8)));
    }
    case MARKER_REAL: return real_text(w, object);
    case MARKER_DATE: return date_text(w, object);
    case MARKER_ASCII:
    case MARKER_UTF16:
        w->cut_count += object->count > STRING_MAX;
        return string_text(w, object, STRING_MAX);
    default: return STR_NONE;
    }
}

/* --- Writing --- */

static void flush_group(Writer *w)
{
    if (w->line_count)
        doc_paragraph(w->doc, buf_str(&w->group));
    w->line_count = 0;
    arena_reset(w->arena);
    w->group = buf_new(w->arena, SIZE_MAX / 4);
}

static void add_line(Writer *w, Str value)
{
    if (!value.length)
        return;
    if (w->line_count == 0)
        doc_place(w->doc, &(Place){ .anchor = str(w->path) });
    else
        buf_add_char(&w->group, '\n');
    if (w->path_length)
        buf_addf(&w->group, "%s: ", w->path);
    buf_add(&w->group, value);
    if (++w->line_count >= GROUP_LINES || w->group.length > GROUP_MAX)
        flush_group(w);
}

static size_t push(Writer *w, Str name)
{
    size_t before = w->path_length, room = PATH_MAX_BYTES - before;
    if (name.length && name.length + 1 <= room) {
        if (before)
            w->path[w->path_length++] = '.';
        memcpy(w->path + w->path_length, name.at, name.length);
        w->path_length += name.length;
        w->path[w->path_length] = '\0';
    }
    return before;
}

static void pop(Writer *w, size_t length)
{
    w->path_length = length;
    w->path[length] = '\0';
}

static uint64_t member(const Writer *w, const Object *object, uint64_t index)
{
    return number_at(w->bytes, object->at + index * w->ref_size, w->ref_size);
}

/* The object under a key; false when there is none. */
static bool find_key(const Writer *w, const Object *dict, const char *key, Object *value)
{
    for (uint64_t i = 0; i < dict->count && i < 64; i++) {
        Object name;
        if (read_object(w, member(w, dict, i), &name) && name.marker == MARKER_ASCII &&
            str_is(bytes_of(w, &name, name.count), key))
            return read_object(w, member(w, dict, dict->count + i), value);
    }
    return false;
}

/* A resource of a web archive: its bytes, media type and address. */
static bool write_resource(Writer *w, const Object *dict)
{
    Object data, type, url;
    if (!find_key(w, dict, "WebResourceData", &data) || data.marker != MARKER_DATA)
        return false;
    Str media_type = find_key(w, dict, "WebResourceMIMEType", &type) ? value_text(w, &type) : S("");
    Str address = find_key(w, dict, "WebResourceURL", &url) ? value_text(w, &url) : S("");
    ptrdiff_t scheme = str_find(address, S("://"));
    Str name = scheme > 0 ? str_from(address, (size_t)scheme + 3) : S("resource");
    doc_child(w->doc, str_slice(name, 0, 500), media_type, bytes_of(w, &data, data.count));
    return true;
}

static void write_object(Writer *w, uint64_t index, int depth);

static void write_dict(Writer *w, const Object *dict, int depth)
{
    if (write_resource(w, dict))
        return;
    for (uint64_t i = 0; i < dict->count && w->values_left > 0; i++) {
        Object name;
        size_t path = w->path_length;
        bool is_text = read_object(w, member(w, dict, i), &name) &&
                       (name.marker == MARKER_ASCII || name.marker == MARKER_UTF16);
        if (is_text)
            push(w, string_text(w, &name, PATH_MAX_BYTES));
        write_object(w, member(w, dict, dict->count + i), depth + 1);
        pop(w, path);
    }
}

static void write_object(Writer *w, uint64_t index, int depth)
{
    Object object;
    if (depth > DEPTH_MAX || w->values_left-- <= 0 || !doc_writer_ok(w->doc) ||
        !read_object(w, index, &object))
        return;
    if (object.marker == MARKER_DICT) {
        write_dict(w, &object, depth);
    } else if (object.marker == MARKER_ARRAY || object.marker == MARKER_SET) {
        for (uint64_t i = 0; i < object.count && w->values_left > 0; i++)
            write_object(w, member(w, &object, i), depth + 1);
    } else if (object.marker == MARKER_DATA) {
        w->data_count++;
    } else {
        add_line(w, value_text(w, &object));
    }
}

static bool plist_extract(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Str bytes = source->bytes, trailer;
    if (bytes.length < 8 + TRAILER)
        return fail(err, ERROR_DAMAGED, "the property list is cut off");
    trailer = str_from(bytes, bytes.length - TRAILER);
    Writer w = { .doc = doc,
                 .arena = arena,
                 .bytes = bytes,
                 .values_left = VALUES_MAX,
                 .strings_left = STRINGS_MAX };
    w.offset_size = (unsigned char)trailer.at[6];
    w.ref_size = (unsigned char)trailer.at[7];
    w.object_count = number_at(trailer, 8, 8);
    w.table = number_at(trailer, 24, 8);
    if (w.offset_size < 1 || w.offset_size > 8 || w.ref_size < 1 || w.ref_size > 8 ||
        w.table >= bytes.length || w.object_count > bytes.length)
        return fail(err, ERROR_DAMAGED, "the property list's table of objects is broken");
    flush_group(&w);
    write_object(&w, number_at(trailer, 16, 8), 0);
    flush_group(&w);
    if (w.data_count)
        doc_warning(doc, str_format(arena, "%d binary values are not shown", w.data_count));
    if (w.cut_count)
        doc_warning(doc, str_format(arena, "%d long values are cut", w.cut_count));
    if (w.values_left <= 0)
        doc_warning(doc, S("the property list has more values than are read"));
    return true;
}

static int plist_sniff(Str bytes) { return str_starts(bytes, S("bplist0")) ? 80 : 0; }

const Extractor extractor_plist = {
    .name = "plist",
    .title = "Binary property lists (plist, webarchive)",
    .extensions = LIST("plist", "webarchive", "bplist", "strings"),
    .media_types = LIST("application/x-bplist", "application/x-plist", "application/x-webarchive"),
    .sniff = plist_sniff,
    .extract = plist_extract,
};
