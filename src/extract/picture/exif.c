/* exif.c - see exif.h. */
#include "extract/picture/exif.h"

#include "base/utf8.h"
#include "extract/byte_view.h"
#include "extract/charset/encoding.h"
#include "extract/picture/iptc.h"
#include "extract/picture/xmp.h"

enum { ENTRY_MAX = 1000, PAGE_MAX = 10000, TEXT_MAX = 16 * 1024 };

typedef enum Directory { IN_MAIN, IN_EXIF, IN_GPS } Directory;

/* TEXT16: UTF-16 of Windows' own tags; CODED: eight bytes name the charset. */
typedef enum Kind { TEXT, TEXT16, CODED, DATE, NUMBER, WHOLE } Kind;

static const struct Tag {
    Directory directory;
    uint16_t tag;
    Kind kind;
    const char *key;
} tags[] = {
    { IN_MAIN, 0x0102, WHOLE, "bit_depth" },
    { IN_MAIN, 0x010D, TEXT, "title" },
    { IN_MAIN, 0x010E, TEXT, "description" },
    { IN_MAIN, 0x010F, TEXT, "camera_make" },
    { IN_MAIN, 0x0110, TEXT, "camera_model" },
    { IN_MAIN, 0x0131, TEXT, "software" },
    { IN_MAIN, 0x0132, DATE, "modified" },
    { IN_MAIN, 0x013B, TEXT, "author" },
    { IN_MAIN, 0x8298, TEXT, "copyright" },
    { IN_MAIN, 0x9C9B, TEXT16, "title" },
    { IN_MAIN, 0x9C9C, TEXT16, "comment" },
    { IN_MAIN, 0x9C9D, TEXT16, "author" },
    { IN_MAIN, 0x9C9E, TEXT16, "keywords" },
    { IN_MAIN, 0x9C9F, TEXT16, "subject" },
    { IN_EXIF, 0x829A, NUMBER, "exposure_time" },
    { IN_EXIF, 0x829D, NUMBER, "f_number" },
    { IN_EXIF, 0x8827, WHOLE, "iso" },
    { IN_EXIF, 0x9003, DATE, "taken" },
    { IN_EXIF, 0x9004, DATE, "created" },
    { IN_EXIF, 0x920A, NUMBER, "focal_length" },
    { IN_EXIF, 0x9286, CODED, "comment" },
    { IN_EXIF, 0xA430, TEXT, "author" },
    { IN_EXIF, 0xA434, TEXT, "lens" },
};

typedef struct Tiff {
    Str bytes;
    bool is_little, is_big_tiff;
    PictureFacts *facts;
    uint64_t exif_at, gps_at; /* offsets of the other directories */
    Str xmp, iptc, resources, profile;
    Str zones[3]; /* of DateTime, DateTimeOriginal, DateTimeDigitized */
    double resolution;
    int resolution_unit;
    int directory_count;
} Tiff;

/* One entry; `value` holds count * size bytes, or is empty when they are not in the file. */
typedef struct Entry {
    uint16_t tag, type;
    uint64_t count;
    Str value;
} Entry;

static uint16_t get16(const Tiff *in, Str bytes, size_t at)
{
    return in->is_little ? little16(bytes, at) : big16(bytes, at);
}

static uint32_t get32(const Tiff *in, Str bytes, size_t at)
{
    return in->is_little ? little32(bytes, at) : big32(bytes, at);
}

static uint64_t get64(const Tiff *in, Str bytes, size_t at)
{
    uint64_t first = get32(in, bytes, at), second = get32(in, bytes, at + 4);
    return in->is_little ? second << 32 | first : first << 32 | second;
}

static size_t type_size(unsigned type)
{
    /* BYTE ASCII SHORT LONG RATIONAL SBYTE UNDEFINED SSHORT SLONG SRATIONAL FLOAT DOUBLE IFD,
     * and of BigTIFF LONG8 SLONG8 IFD8. */
    static const uint8_t sizes[] = { 0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8 };
    return type < COUNT(sizes) ? sizes[type] : 0;
}

static Entry entry_at(const Tiff *in, size_t at)
{
    size_t word = in->is_big_tiff ? 8 : 4;
    Entry entry = { get16(in, in->bytes, at), get16(in, in->bytes, at + 2), 0, STR_NONE };
    size_t size = type_size(entry.type), value_at = at + 4 + word;
    entry.count = in->is_big_tiff ? get64(in, in->bytes, at + 4) : get32(in, in->bytes, at + 4);
    if (!size || entry.count > in->bytes.length / size)
        return entry;
    size_t length = (size_t)entry.count * size;
    uint64_t from = value_at;
    if (length > word)
        from = in->is_big_tiff ? get64(in, in->bytes, value_at) : get32(in, in->bytes, value_at);
    if (from <= in->bytes.length && length <= in->bytes.length - from)
        entry.value = str_slice(in->bytes, (size_t)from, (size_t)from + length);
    return entry;
}

static double entry_number(const Tiff *in, const Entry *entry, size_t index)
{
    size_t at = index * type_size(entry->type);
    Str v = entry->value;
    if (at >= v.length)
        return 0;
    switch (entry->type) {
    case 1:
    case 7: return byte_at(v, at);
    case 3: return get16(in, v, at);
    case 4:
    case 13: return get32(in, v, at);
    case 6: return (int8_t)byte_at(v, at);
    case 8: return (int16_t)get16(in, v, at);
    case 9: return (int32_t)get32(in, v, at);
    case 16:
    case 18: return (double)get64(in, v, at);
    case 5: {
        double bottom = get32(in, v, at + 4);
        return bottom > 0 ? get32(in, v, at) / bottom : 0;
    }
    case 10: {
        double bottom = (int32_t)get32(in, v, at + 4);
        return bottom != 0 ? (int32_t)get32(in, v, at) / bottom : 0;
    }
    default: return 0;
    }
}

/* --- Texts --- */

static Str utf16_text(const Tiff *in, Str wide, bool is_little)
{
    wide = str_slice(wide, 0, TEXT_MAX);
    return text_decode(in->facts->arena, wide, is_little ? S("UTF-16LE") : S("UTF-16BE"), NULL);
}

/* CIPA DC-008, 4.6.5: UserComment. */
static Str coded_text(const Tiff *in, Str value)
{
    Str text = str_from(value, 8);
    if (str_starts(value, S("UNICODE\0"))) {
        if (text.length >= 2 && (big16(text, 0) == 0xFEFF || big16(text, 0) == 0xFFFE))
            return text_decode(in->facts->arena, str_slice(text, 0, TEXT_MAX), STR_NONE, NULL);
        return utf16_text(in, text, in->is_little);
    }
    if (str_starts(value, S("JIS\0")))
        return text_decode(in->facts->arena, str_slice(text, 0, TEXT_MAX), S("ISO-2022-JP"), NULL);
    return text;
}

static Str zone_of(const Tiff *in, uint16_t tag)
{
    return tag == 0x0132 ? in->zones[0] : tag == 0x9003 ? in->zones[1] : in->zones[2];
}

static void take_fact(Tiff *in, const struct Tag *tag, const Entry *entry)
{
    PictureFacts *facts = in->facts;
    Str text = str_slice(entry->value, 0, TEXT_MAX);
    switch (tag->kind) {
    case TEXT: picture_fact(facts, tag->key, text); break;
    case TEXT16: picture_fact(facts, tag->key, utf16_text(in, entry->value, true)); break;
    case CODED: picture_fact(facts, tag->key, coded_text(in, entry->value)); break;
    case DATE: picture_fact_date(facts, tag->key, text, zone_of(in, tag->tag)); break;
    case WHOLE:
    case NUMBER: {
        double number = entry_number(in, entry, 0);
        if (number > 0)
            picture_fact_number(facts, tag->key, number);
        break;
    }
    }
}

/* --- Directories --- */

static void take_main(Tiff *in, const Entry *entry)
{
    double number = entry_number(in, entry, 0);
    switch (entry->tag) {
    case 0x0100: in->facts->width = in->facts->width ? in->facts->width : (int64_t)number; break;
    case 0x0101: in->facts->height = in->facts->height ? in->facts->height : (int64_t)number; break;
    case 0x0112:
        if (number >= 1 && number <= 8 && !in->facts->orientation)
            in->facts->orientation = (int)number;
        break;
    case 0x011A: in->resolution = number; break;
    case 0x0128: in->resolution_unit = (int)number; break;
    case 0x02BC: in->xmp = entry->value; break;
    case 0x83BB: in->iptc = entry->value; break;
    case 0x8649: in->resources = entry->value; break;
    case 0x8773: in->profile = entry->value; break;
    case 0x8769: in->exif_at = number > 0 ? (uint64_t)number : 0; break;
    case 0x8825: in->gps_at = number > 0 ? (uint64_t)number : 0; break;
    default: break;
    }
}

typedef struct Gps {
    bool is_south, is_west, is_below, has[3];
    double latitude, longitude, altitude;
} Gps;

static bool read_angle(const Tiff *in, const Entry *entry, double *degrees_r)
{
    if (entry->count < 1 || !entry->value.length)
        return false;
    *degrees_r = entry_number(in, entry, 0) + entry_number(in, entry, 1) / 60 +
                 entry_number(in, entry, 2) / 3600;
    return *degrees_r <= 180;
}

static void take_gps(const Tiff *in, const Entry *entry, Gps *gps)
{
    char side = (char)byte_at(entry->value, 0);
    switch (entry->tag) {
    case 1: gps->is_south = side == 'S' || side == 's'; break;
    case 2: gps->has[0] = read_angle(in, entry, &gps->latitude); break;
    case 3: gps->is_west = side == 'W' || side == 'w'; break;
    case 4: gps->has[1] = read_angle(in, entry, &gps->longitude); break;
    case 5: gps->is_below = side == 1; break;
    case 6:
        gps->has[2] = entry->value.length > 0;
        gps->altitude = entry_number(in, entry, 0);
        break;
    default: break;
    }
}

static void write_gps(PictureFacts *facts, const Gps *gps)
{
    /* Cameras without a fix write zeros for both. */
    if (gps->has[0] && gps->has[1] && (gps->latitude != 0 || gps->longitude != 0)) {
        picture_fact_number(facts, "latitude", gps->is_south ? -gps->latitude : gps->latitude);
        picture_fact_number(facts, "longitude", gps->is_west ? -gps->longitude : gps->longitude);
        if (gps->has[2])
            picture_fact_number(facts, "altitude", gps->is_below ? -gps->altitude : gps->altitude);
    }
}

static size_t entry_count(const Tiff *in, uint64_t at, size_t *first_r)
{
    if (at < 8 || at >= in->bytes.length)
        return 0;
    size_t head = in->is_big_tiff ? 8 : 2, size = in->is_big_tiff ? 20 : 12;
    uint64_t count =
        in->is_big_tiff ? get64(in, in->bytes, (size_t)at) : get16(in, in->bytes, (size_t)at);
    *first_r = (size_t)at + head;
    uint64_t fits = *first_r < in->bytes.length ? (in->bytes.length - *first_r) / size : 0;
    return (size_t)MIN(count, MIN(fits, (uint64_t)ENTRY_MAX));
}

static void read_directory(Tiff *in, Directory directory, uint64_t at)
{
    size_t first, count = entry_count(in, at, &first), size = in->is_big_tiff ? 20 : 12;
    Gps gps = { 0 };
    /* Offsets of the dates stand behind the dates. */
    for (size_t i = 0; directory == IN_EXIF && i < count; i++) {
        Entry entry = entry_at(in, first + i * size);
        if (entry.tag >= 0x9010 && entry.tag <= 0x9012)
            in->zones[entry.tag - 0x9010] = str_slice(entry.value, 0, 6);
    }
    for (size_t i = 0; i < count; i++) {
        Entry entry = entry_at(in, first + i * size);
        if (directory == IN_MAIN)
            take_main(in, &entry);
        if (directory == IN_GPS)
            take_gps(in, &entry, &gps);
        for (size_t k = 0; k < COUNT(tags); k++)
            if (tags[k].directory == directory && tags[k].tag == entry.tag)
                take_fact(in, &tags[k], &entry);
    }
    if (directory == IN_GPS)
        write_gps(in->facts, &gps);
}

static uint64_t next_directory(const Tiff *in, uint64_t at)
{
    size_t first, count = entry_count(in, at, &first);
    size_t end = first + count * (in->is_big_tiff ? 20U : 12U);
    if (!count)
        return 0;
    return in->is_big_tiff ? get64(in, in->bytes, end) : get32(in, in->bytes, end);
}

static bool tiff_begin(Tiff *in, uint64_t *first_r)
{
    Str b = in->bytes;
    in->is_little = str_starts(b, S("II"));
    if (!in->is_little && !str_starts(b, S("MM")))
        return false;
    in->is_big_tiff = get16(in, b, 2) == 43;
    *first_r = in->is_big_tiff ? get64(in, b, 8) : get32(in, b, 4);
    return b.length >= 14;
}

static void read_all(Tiff *in, uint64_t first)
{
    read_directory(in, IN_MAIN, first);
    if (in->exif_at)
        read_directory(in, IN_EXIF, in->exif_at);
    if (in->gps_at)
        read_directory(in, IN_GPS, in->gps_at);
    if (in->iptc.length)
        iptc_read(in->iptc, in->facts);
    if (in->resources.length)
        photoshop_resources_read(in->resources, in->facts);
    if (in->xmp.length)
        xmp_read(in->xmp, in->facts);
    if (in->profile.length)
        picture_fact_profile(in->facts, in->profile);
    double dpi = in->resolution_unit == 3 ? in->resolution * 2.54 : in->resolution;
    if (in->resolution_unit != 1 && dpi > 1)
        picture_fact_number(in->facts, "resolution", dpi);
}

void exif_read(Str bytes, PictureFacts *facts)
{
    uint64_t first;
    if (facts->nesting > 2)
        return;
    if (str_starts(bytes, S("Exif\0\0")))
        bytes = str_from(bytes, 6);
    Tiff in = { .bytes = bytes, .facts = facts };
    /* The size of a thumbnail is not the picture's. */
    int64_t width = facts->width, height = facts->height;
    facts->nesting++;
    if (tiff_begin(&in, &first))
        read_all(&in, first);
    facts->nesting--;
    facts->width = width;
    facts->height = height;
}

/* Directories may lead back to one another: compared with one that moves ahead in ever longer
 * steps (Brent). */
static int64_t page_count(const Tiff *in, uint64_t first)
{
    uint64_t mark = 0;
    int64_t count = 0, next_mark = 1;
    size_t unused;
    for (uint64_t at = first; at && at != mark && count < PAGE_MAX; at = next_directory(in, at)) {
        if (!entry_count(in, at, &unused))
            break;
        count++;
        if (count == next_mark) {
            mark = at;
            next_mark *= 2;
        }
    }
    return count;
}

bool tiff_read(Str bytes, PictureFacts *facts)
{
    uint64_t first;
    Tiff in = { .bytes = bytes, .facts = facts };
    if (!tiff_begin(&in, &first))
        return false;
    facts->nesting++;
    read_all(&in, first);
    facts->nesting--;
    facts->frames = page_count(&in, first);
    return facts->width > 0 && facts->height > 0;
}
