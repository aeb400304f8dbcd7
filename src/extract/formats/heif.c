/* heif.c - HEIC, AVIF and their kin (ISO/IEC 23008-12): size, EXIF, XMP of the main picture. */
#include "extract/picture/exif.h"
#include "extract/picture/iso_boxes.h"
#include "extract/picture/picture_files.h"
#include "extract/picture/xmp.h"

enum { ITEM_MAX = 5000, EXTENT_MAX = 1000, PROPERTY_MAX = 5000, METADATA_MAX = 4 * 1024 * 1024 };

/* Where an item's bytes are: `method` 0 counts from the file's begin, 1 from the box idat. */
typedef struct Location {
    uint32_t item;
    unsigned method;
    uint64_t at, length;
} Location;

typedef struct Heif {
    Str file, idat;
    PictureFacts *facts;
    uint32_t main_item;
    VEC(Location) locations;
} Heif;

static uint64_t take_sized(Str body, size_t *at, unsigned size)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value = value << 8 | byte_at(body, (*at)++);
    return value;
}

/* 14496-12, 8.11.3: only the first extent of each item is kept; metadata have one. */
static void read_locations(Heif *in, Str body)
{
    unsigned version = byte_at(body, 0), sizes = big16(body, 4);
    unsigned offset_size = sizes >> 12, length_size = sizes >> 8 & 15, base_size = sizes >> 4 & 15;
    unsigned index_size = version >= 1 ? sizes & 15 : 0;
    size_t at = 6;
    uint64_t count = take_sized(body, &at, version < 2 ? 2 : 4);
    for (uint64_t i = 0; i < count && i < ITEM_MAX && at < body.length; i++) {
        Location place = { .item = (uint32_t)take_sized(body, &at, version < 2 ? 2 : 4) };
        place.method = version >= 1 ? take_sized(body, &at, 2) & 15 : 0;
        (void)take_sized(body, &at, 2);
        uint64_t base = take_sized(body, &at, base_size);
        uint64_t extents = take_sized(body, &at, 2);
        for (uint64_t k = 0; k < extents && k < EXTENT_MAX && at < body.length; k++) {
            (void)take_sized(body, &at, index_size);
            uint64_t offset = take_sized(body, &at, offset_size);
            uint64_t length = take_sized(body, &at, length_size);
            if (k == 0) {
                place.at = base + offset;
                place.length = length;
            }
        }
        *vec_push(in->facts->arena, &in->locations) = place;
    }
}

static Str item_bytes(const Heif *in, uint32_t item)
{
    for (size_t i = 0; i < in->locations.count; i++) {
        const Location *place = &in->locations.at[i];
        if (place->item != item || place->method > 1)
            continue;
        Str from = place->method ? in->idat : in->file;
        if (place->at >= from.length)
            return STR_NONE;
        return bytes_part(from, (size_t)place->at,
                          (size_t)MIN(place->length, (uint64_t)METADATA_MAX));
    }
    return STR_NONE;
}

/* 8.11.6: version 2 and 3 of "infe". */
static void read_items(Heif *in, Str body)
{
    unsigned version = byte_at(body, 0);
    Str rest = str_from(body, version == 0 ? 6 : 8);
    IsoBox box;
    for (int i = 0; i < ITEM_MAX && iso_box_next(&rest, &box); i++) {
        unsigned entry = byte_at(box.body, 0);
        size_t at = 4;
        uint32_t item = (uint32_t)take_sized(box.body, &at, entry >= 3 ? 4 : 2);
        Str type = bytes_part(box.body, at + 2, 4);
        if (!str_is(box.type, "infe") || entry < 2)
            continue;
        if (str_is(type, "Exif")) {
            Str exif = item_bytes(in, item);
            exif_read(str_from(exif, 4 + (size_t)big32(exif, 0)), in->facts);
        } else if (str_is(type, "mime") && str_find(box.body, S("application/rdf+xml")) >= 0) {
            xmp_read(item_bytes(in, item), in->facts);
        }
    }
}

static void take_property(Heif *in, Str container, unsigned index)
{
    IsoBox box;
    for (unsigned i = 1; i <= index && iso_box_next(&container, &box); i++) {
        if (i != index)
            continue;
        if (str_is(box.type, "ispe")) {
            in->facts->width = big32(box.body, 4);
            in->facts->height = big32(box.body, 8);
        } else if (str_is(box.type, "colr") && (str_starts(box.body, S("prof")))) {
            picture_fact_profile(in->facts, str_from(box.body, 4));
        } else if (str_is(box.type, "pixi")) {
            picture_fact_number(in->facts, "bit_depth", byte_at(box.body, 5));
        }
    }
}

/* 23008-12, 9.3: properties and which item has which. */
static void read_properties(Heif *in, Str body)
{
    Str container = iso_box_find(body, "ipco"), map = iso_box_find(body, "ipma");
    unsigned version = byte_at(map, 0), is_wide = byte_at(map, 3) & 1;
    size_t at = 4;
    int looked = 0;
    uint64_t count = take_sized(map, &at, 4);
    for (uint64_t i = 0; i < count && i < ITEM_MAX && at < map.length; i++) {
        uint32_t item = (uint32_t)take_sized(map, &at, version < 1 ? 2 : 4);
        unsigned properties = (unsigned)take_sized(map, &at, 1);
        for (unsigned k = 0; k < properties; k++) {
            unsigned index = (unsigned)take_sized(map, &at, is_wide ? 2 : 1);
            index &= is_wide ? 0x7FFF : 0x7F;
            if (item == in->main_item && index < PROPERTY_MAX && looked++ < 64)
                take_property(in, container, index);
        }
    }
}

/* A sequence without a picture of its own: the size of its first track with one. */
static void read_tracks(Heif *in, Str movie)
{
    IsoBox track;
    for (int i = 0; i < ITEM_MAX && !in->facts->width && iso_box_next(&movie, &track); i++) {
        Str head = iso_box_find(track.body, "tkhd");
        size_t at = byte_at(head, 0) == 1 ? 88 : 76;
        if (str_is(track.type, "trak")) {
            in->facts->width = big32(head, at) >> 16;
            in->facts->height = big32(head, at + 4) >> 16;
        }
    }
}

bool heif_facts(Str bytes, PictureFacts *facts)
{
    Heif in = { .file = bytes, .facts = facts };
    Str meta = str_from(iso_box_find(bytes, "meta"), 4);
    Str main = iso_box_find(meta, "pitm");
    in.main_item = byte_at(main, 0) == 0 ? big16(main, 4) : big32(main, 4);
    in.idat = iso_box_find(meta, "idat");
    read_properties(&in, iso_box_find(meta, "iprp"));
    read_locations(&in, iso_box_find(meta, "iloc"));
    read_items(&in, iso_box_find(meta, "iinf"));
    if (!facts->width)
        read_tracks(&in, iso_box_find(bytes, "moov"));
    return facts->width > 0 && facts->height > 0;
}

static int heif_sniff(Str bytes)
{
    static const char *const brands[] = { "heic", "heix", "heim", "heis", "hevc", "hevx",
                                          "mif1", "msf1", "avif", "avis", "jpeg", "jpgs" };
    Str head = bytes_part(bytes, 8, 4);
    if (!str_equal(bytes_part(bytes, 4, 4), S("ftyp")))
        return 0;
    for (size_t i = 0; i < COUNT(brands); i++)
        if (str_is(head, brands[i]))
            return 95;
    return 0;
}

const Extractor extractor_heif = {
    .name = "heif",
    .title = "HEIC and AVIF pictures",
    .extensions = LIST("heic", "heif", "avif", "heics", "avifs", "hif"),
    .media_types = LIST("image/heic", "image/heif", "image/avif", "image/heic-sequence"),
    .is_paged = true,
    .worker = "picture",
    .sniff = heif_sniff,
};
