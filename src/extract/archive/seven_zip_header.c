/* seven_zip_header.c - what the header of a 7z archive says (7zFormat.txt). See seven_zip_file.h.
 */
#include "base/utf8.h"
#include "extract/archive/seven_zip_file.h"

enum {
    ID_PACK = 6,
    ID_UNPACK = 7,
    ID_SUBSTREAMS = 8,
    ID_SIZE = 9,
    ID_CRC = 10,
    ID_FOLDER = 11,
    ID_CODERS_UNPACK_SIZE = 12,
    ID_COUNT = 13,
    ID_EMPTY_STREAM = 14,
    ID_NAMES = 17,
    ID_MTIME = 20,
};

/* --- Numbers --- */

uint8_t seven_zip_byte(SevenZipReader *in)
{
    if (in->rest.length == 0) {
        in->failed = true;
        return 0;
    }
    uint8_t byte = (uint8_t)in->rest.at[0];
    in->rest = str_from(in->rest, 1);
    return byte;
}

static Str read_bytes(SevenZipReader *in, uint64_t count)
{
    if (count > in->rest.length) {
        in->failed = true;
        return STR_NONE;
    }
    Str bytes = str_slice(in->rest, 0, (size_t)count);
    in->rest = str_from(in->rest, (size_t)count);
    return bytes;
}

uint64_t seven_zip_number(Str bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.length && i < 8; i++)
        number |= (uint64_t)(uint8_t)bytes.at[i] << (8 * i);
    return number;
}

/* As many further bytes as the first one has leading ones; its other bits are the highest. */
static uint64_t read_number(SevenZipReader *in)
{
    uint8_t first = seven_zip_byte(in), mask = 0x80;
    uint64_t number = 0;
    for (int i = 0; i < 8; i++, mask >>= 1) {
        if (!(first & mask))
            return number | (uint64_t)(first & (mask - 1)) << (8 * i);
        number |= (uint64_t)seven_zip_byte(in) << (8 * i);
    }
    return number;
}

static size_t read_count(SevenZipReader *in)
{
    uint64_t count = read_number(in);
    in->is_huge |= count > SEVEN_ZIP_ITEMS_MAX;
    in->failed |= count > SEVEN_ZIP_ITEMS_MAX;
    return in->failed ? 0 : (size_t)count;
}

static bool bit_of(Str bits, size_t at)
{
    return at / 8 < bits.length && (uint8_t)bits.at[at / 8] >> (7 - at % 8) & 1;
}

/* Bits for `count` items, or a byte that says all of them. */
static Str read_defined(Arena *arena, SevenZipReader *in, size_t count)
{
    size_t size = (count + 7) / 8;
    if (!seven_zip_byte(in))
        return read_bytes(in, size);
    char *all = arena_alloc(arena, size);
    memset(all, 0xFF, size);
    return (Str){ all, size };
}

/* --- Streams --- */

static void read_pack(SevenZip *a, SevenZipReader *in)
{
    a->pack_at = read_number(in);
    size_t count = read_count(in);
    for (int id = seven_zip_byte(in); id && !in->failed; id = seven_zip_byte(in)) {
        if (id == ID_SIZE) {
            for (size_t i = 0; i < count && !in->failed; i++)
                *vec_push(a->arena, &a->packed) = (SevenZipStream){ .size = read_number(in) };
        } else if (id == ID_CRC) {
            Str defined = read_defined(a->arena, in, count);
            for (size_t i = 0; i < count; i++)
                if (bit_of(defined, i))
                    read_bytes(in, 4);
        } else {
            in->failed = true;
        }
    }
}

/* Its coders; false when they are more than are known to exist. */
static bool read_coders(SevenZipFolder *folder, SevenZipReader *in)
{
    uint64_t inputs = 0;
    folder->coder_count = read_count(in);
    in->failed |= folder->coder_count == 0 || folder->coder_count > SEVEN_ZIP_CODERS_MAX;
    for (size_t i = 0; i < folder->coder_count && !in->failed; i++) {
        SevenZipCoder *coder = &folder->coders[i];
        uint8_t flags = seven_zip_byte(in);
        Str id = read_bytes(in, flags & 15);
        for (size_t k = 0; k < id.length; k++)
            coder->method = coder->method << 8 | (uint8_t)id.at[k];
        coder->first_input = inputs;
        coder->input_count = flags & 0x10 ? read_count(in) : 1;
        size_t outputs = flags & 0x10 ? read_count(in) : 1;
        folder->is_readable &= outputs == 1;
        inputs += coder->input_count;
        folder->output_count += outputs;
        if (flags & 0x20)
            coder->properties = read_bytes(in, read_count(in));
    }
    size_t outputs = folder->output_count;
    in->failed |= outputs == 0 || outputs > SEVEN_ZIP_CODERS_MAX ||
                  inputs > SEVEN_ZIP_CODERS_MAX * SEVEN_ZIP_INPUTS_MAX || inputs + 1 < outputs;
    if (!in->failed)
        folder->pack_count = inputs + 1 - outputs;
    return !in->failed;
}

static void read_folder(SevenZip *a, SevenZipReader *in)
{
    SevenZipFolder folder = { .is_readable = true, .file_count = 1 };
    if (!read_coders(&folder, in))
        return;
    folder.bond_count = folder.output_count - 1;
    uint64_t bound_inputs = 0, bound_outputs = 0;
    for (size_t i = 0; i < folder.bond_count; i++) {
        for (int k = 0; k < 2; k++)
            folder.bonds[i][k] = read_number(in);
        bound_inputs |= (uint64_t)1 << (folder.bonds[i][0] & 63);
        bound_outputs |= (uint64_t)1 << (folder.bonds[i][1] & 63);
    }
    while (folder.root + 1 < folder.coder_count && bound_outputs >> folder.root & 1)
        folder.root++;
    for (size_t i = 0; folder.pack_count > 1 && i < folder.pack_count; i++)
        folder.packs[i] = read_number(in);
    while (folder.pack_count == 1 && bound_inputs >> folder.packs[0] & 1)
        folder.packs[0]++;
    *vec_push(a->arena, &a->folders) = folder;
}

static void read_unpack(SevenZip *a, SevenZipReader *in)
{
    if (seven_zip_byte(in) != ID_FOLDER) {
        in->failed = true;
        return;
    }
    size_t count = read_count(in);
    in->failed |= seven_zip_byte(in) != 0;
    for (size_t i = 0; i < count && !in->failed; i++)
        read_folder(a, in);
    for (int id = seven_zip_byte(in); id && !in->failed; id = seven_zip_byte(in)) {
        if (id == ID_CODERS_UNPACK_SIZE) {
            for (size_t i = 0; i < a->folders.count; i++)
                for (size_t k = 0; k < a->folders.at[i].output_count; k++)
                    a->folders.at[i].coders[k].unpacked = read_number(in);
        } else if (id == ID_CRC) {
            Str defined = read_defined(a->arena, in, count);
            for (size_t i = 0; i < a->folders.count; i++)
                if ((a->folders.at[i].has_crc = bit_of(defined, i)))
                    a->folders.at[i].crc = (uint32_t)seven_zip_number(read_bytes(in, 4));
        } else {
            in->failed = true;
        }
    }
}

uint64_t seven_zip_folder_size(const SevenZipFolder *folder)
{
    return folder->coder_count ? folder->coders[folder->root].unpacked : 0;
}

/* The last substream of a folder has no size of its own, a folder's only one no sum. */
static void read_substreams(SevenZip *a, SevenZipReader *in)
{
    int id = in->rest.length ? seven_zip_byte(in) : 0;
    size_t at = 0;
    for (size_t i = 0; id == ID_COUNT && i < a->folders.count; i++)
        a->folders.at[i].file_count = read_count(in);
    id = id == ID_COUNT ? seven_zip_byte(in) : id;
    for (size_t i = 0; i < a->folders.count && !in->failed; i++) {
        uint64_t rest = seven_zip_folder_size(&a->folders.at[i]);
        size_t count = a->folders.at[i].file_count;
        in->is_huge |= a->streams.count + count > SEVEN_ZIP_ITEMS_MAX;
        for (size_t k = 0; k < count && !in->failed && a->streams.count < SEVEN_ZIP_ITEMS_MAX;
             k++) {
            uint64_t size = k + 1 == count ? rest : id == ID_SIZE ? read_number(in) : 0;
            in->failed |= size > rest;
            rest -= MIN(size, rest);
            *vec_push(a->arena, &a->streams) =
                (SevenZipItem){ .size = size,
                                .crc = a->folders.at[i].crc,
                                .has_crc = count == 1 && a->folders.at[i].has_crc };
        }
    }
    id = id == ID_SIZE ? seven_zip_byte(in) : id;
    if (id == ID_CRC) {
        size_t unknown = 0;
        for (size_t i = 0; i < a->streams.count; i++)
            unknown += !a->streams.at[i].has_crc;
        Str defined = read_defined(a->arena, in, unknown);
        for (size_t i = 0; i < a->streams.count; i++)
            if (!a->streams.at[i].has_crc && (a->streams.at[i].has_crc = bit_of(defined, at++)))
                a->streams.at[i].crc = (uint32_t)seven_zip_number(read_bytes(in, 4));
        id = seven_zip_byte(in);
    }
    in->failed |= id != 0;
}

static void place_folders(SevenZip *a)
{
    uint64_t at = SEVEN_ZIP_SIGNATURE + a->pack_at;
    size_t next = 0;
    for (size_t i = 0; i < a->packed.count; i++) {
        SevenZipStream *stream = &a->packed.at[i];
        stream->at = at;
        at = stream->size > UINT64_MAX - at ? UINT64_MAX : at + stream->size;
    }
    for (size_t i = 0; i < a->folders.count; i++) {
        a->folders.at[i].first_pack = next;
        next += a->folders.at[i].pack_count;
    }
}

void seven_zip_read_streams(SevenZip *a, SevenZipReader *in)
{
    bool has_substreams = false;
    a->folders.count = a->packed.count = a->streams.count = 0;
    for (int id = seven_zip_byte(in); id && !in->failed; id = seven_zip_byte(in)) {
        has_substreams |= id == ID_SUBSTREAMS;
        if (id == ID_PACK)
            read_pack(a, in);
        else if (id == ID_UNPACK)
            read_unpack(a, in);
        else if (id == ID_SUBSTREAMS)
            read_substreams(a, in);
        else
            in->failed = true;
    }
    if (!has_substreams)
        read_substreams(a, &(SevenZipReader){ 0 });
    place_folders(a);
}

/* --- Files --- */

static Str read_name(Arena *arena, SevenZipReader *in)
{
    Buf name = buf_new(arena, KB(4));
    uint32_t high = 0;
    for (;;) {
        uint32_t unit = (uint32_t)seven_zip_number(read_bytes(in, 2));
        if (unit == 0 || in->failed)
            return buf_str(&name);
        if (unit >= 0xD800 && unit < 0xDC00) {
            high = unit;
            continue;
        }
        if (unit >= 0xDC00 && unit < 0xE000)
            unit = high ? 0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00) : 0xFFFD;
        high = 0;
        buf_add_utf8(&name, unit);
    }
}

static void read_property(SevenZip *a, int id, SevenZipReader in)
{
    if (id == ID_EMPTY_STREAM) {
        for (size_t i = 0; i < a->items.count; i++)
            a->items.at[i].has_stream = !bit_of(in.rest, i);
    } else if (id == ID_NAMES && seven_zip_byte(&in) == 0) {
        for (size_t i = 0; i < a->items.count && !in.failed; i++)
            a->items.at[i].name = read_name(a->arena, &in);
    } else if (id == ID_MTIME) {
        Str defined = read_defined(a->arena, &in, a->items.count);
        seven_zip_byte(&in);
        for (size_t i = 0; i < a->items.count; i++)
            if (bit_of(defined, i))
                a->items.at[i].time = seven_zip_number(read_bytes(&in, 8));
    }
}

void seven_zip_read_files(SevenZip *a, SevenZipReader *in)
{
    size_t count = read_count(in), next = 0;
    for (size_t i = 0; i < count && count <= in->rest.length * 8; i++)
        *vec_push(a->arena, &a->items) = (SevenZipItem){ .has_stream = true };
    for (uint64_t id = read_number(in); id && !in->failed; id = read_number(in))
        read_property(a, (int)MIN(id, 255u),
                      (SevenZipReader){ .rest = read_bytes(in, read_number(in)) });
    for (size_t i = 0; i < a->items.count; i++)
        if (a->items.at[i].has_stream && next < a->streams.count) {
            a->items.at[i].size = a->streams.at[next].size;
            a->items.at[i].crc = a->streams.at[next].crc;
            a->items.at[i].has_crc = a->streams.at[next++].has_crc;
        }
}

bool seven_zip_has_method(const SevenZipFolder *folder, uint32_t method)
{
    for (size_t i = 0; i < folder->coder_count; i++)
        if (folder->coders[i].method == method)
            return true;
    return false;
}
