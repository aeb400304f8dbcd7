/* zip_unpack.c - see zip_unpack.h. */
#include "extract/archive/zip_unpack.h"

#include <archive.h>
#include <bzlib.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "extract/archive/archive_reader.h"
#include "extract/archive/inflate64.h"
#include "extract/archive/zip_crypto.h"
#include "extract/archive/zip_implode.h"
#include "extract/archive/zip_shrink.h"

enum { LOCAL_SIZE = 30, CHUNK = 64 * 1024, LZMA_HEADER = 4, LZMA_PROPERTIES = 5 };
enum { METHOD_SHRINK = 1, METHOD_IMPLODE = 6, METHOD_DEFLATE64 = 9, METHOD_PPMD = 98 };
#define DECODER_MEMORY MB(256)
#define ROOM_MAX ((size_t)1 << 30)

void zip_unpacker_free(ZipUnpacker *unpacker)
{
    if (unpacker->inflater)
        inflateEnd(unpacker->inflater);
    free(unpacker->inflater);
    free(unpacker->buffer);
}

/* Room for more output after `length`; fails past a limit. */
static bool make_room(ZipUnpacker *u, size_t length, Error *err)
{
    if (!members_may_grow(u->members, length, err))
        return false;
    if (u->capacity >= length + CHUNK)
        return true;
    u->capacity = MAX(MAX(u->capacity * 2, (size_t)CHUNK * 4), length + CHUNK);
    u->buffer = heap_grow(u->buffer, u->capacity);
    return true;
}

static bool fail_broken(Error *err)
{
    return fail(err, ERROR_DAMAGED, "its packed bytes are broken");
}

static void *heap_items(void *self, unsigned count, unsigned size)
{
    (void)self;
    return heap_alloc((size_t)count * size);
}
static void heap_item_free(void *self, void *item)
{
    (void)self;
    free(item);
}

static bool unpack_deflate(ZipUnpacker *u, Str packed, size_t *length_r, Error *err)
{
    if (!u->inflater) {
        u->inflater = heap_alloc(sizeof *u->inflater);
        *u->inflater = (z_stream){ .zalloc = heap_items, .zfree = heap_item_free };
        if (inflateInit2(u->inflater, -MAX_WBITS) != Z_OK)
            return fail(err, ERROR_INTERNAL, "zlib cannot be started");
    } else {
        inflateReset(u->inflater);
    }
    z_stream *stream = u->inflater;
    stream->next_in = (uint8_t *)(uintptr_t)packed.at;
    stream->avail_in = (unsigned)MIN(packed.length, UINT32_MAX);
    int status = Z_OK;
    while (status == Z_OK) {
        if (!make_room(u, *length_r, err))
            return false;
        size_t room = MIN(u->capacity - *length_r, ROOM_MAX);
        stream->next_out = (uint8_t *)u->buffer + *length_r;
        stream->avail_out = (unsigned)room;
        status = inflate(stream, Z_NO_FLUSH);
        *length_r += room - stream->avail_out;
    }
    return status == Z_STREAM_END || fail_broken(err);
}

static bool unpack_bzip2(ZipUnpacker *u, Str packed, size_t *length_r, Error *err)
{
    bz_stream stream = { .next_in = (char *)(uintptr_t)packed.at,
                         .avail_in = (unsigned)MIN(packed.length, UINT32_MAX) };
    int status = BZ2_bzDecompressInit(&stream, 0, 0);
    bool ok = status == BZ_OK;
    while (ok && status == BZ_OK && (ok = make_room(u, *length_r, err))) {
        size_t room = MIN(u->capacity - *length_r, ROOM_MAX);
        stream.next_out = u->buffer + *length_r;
        stream.avail_out = (unsigned)room;
        status = BZ2_bzDecompress(&stream);
        *length_r += room - stream.avail_out;
        if (status == BZ_OK && stream.avail_out == room)
            status = BZ_UNEXPECTED_EOF;
    }
    BZ2_bzDecompressEnd(&stream);
    return ok && (status == BZ_STREAM_END || fail_broken(err));
}

static bool run_lzma(ZipUnpacker *u, lzma_stream *stream, Str packed, size_t size, size_t *length_r,
                     Error *err)
{
    lzma_ret status = LZMA_OK;
    bool ok = true;
    stream->next_in = (const uint8_t *)packed.at;
    stream->avail_in = packed.length;
    while (status == LZMA_OK && (ok = make_room(u, *length_r, err))) {
        size_t room = u->capacity - *length_r;
        stream->next_out = (uint8_t *)u->buffer + *length_r;
        stream->avail_out = room;
        status = lzma_code(stream, LZMA_FINISH);
        *length_r += room - stream->avail_out;
    }
    lzma_end(stream);
    /* A raw LZMA stream need not have an end mark: its size is known. */
    return ok && (status == LZMA_STREAM_END || *length_r == size || fail_broken(err));
}

/* Two bytes of version, two of the properties' length, properties, raw stream (APPNOTE 5.8.8). */
static bool unpack_lzma(ZipUnpacker *u, Str packed, size_t size, size_t *length_r, Error *err)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    lzma_filter filters[2] = { { .id = LZMA_FILTER_LZMA1 }, { .id = LZMA_VLI_UNKNOWN } };
    Str properties = str_slice(packed, LZMA_HEADER, LZMA_HEADER + LZMA_PROPERTIES);
    if (properties.length != LZMA_PROPERTIES || packed.at[2] != LZMA_PROPERTIES ||
        lzma_properties_decode(&filters[0], NULL, (const uint8_t *)properties.at,
                               properties.length) != LZMA_OK)
        return fail_broken(err);
    bool is_small = lzma_raw_decoder_memusage(filters) <= DECODER_MEMORY;
    bool is_ready = is_small && lzma_raw_decoder(&stream, filters) == LZMA_OK;
    free(filters[0].options);
    if (!is_small)
        return fail(err, ERROR_TOO_LARGE, "it needs more than %zu MB of memory to unpack",
                    DECODER_MEMORY >> 20);
    return (is_ready || fail_broken(err)) &&
           run_lzma(u, &stream, str_from(packed, LZMA_HEADER + LZMA_PROPERTIES), size, length_r,
                    err);
}

static bool unpack_xz(ZipUnpacker *u, Str packed, size_t size, size_t *length_r, Error *err)
{
    lzma_stream stream = LZMA_STREAM_INIT;
    return (lzma_stream_decoder(&stream, DECODER_MEMORY, LZMA_CONCATENATED) == LZMA_OK ||
            fail_broken(err)) &&
           run_lzma(u, &stream, packed, size, length_r, err);
}

static bool unpack_zstd(ZipUnpacker *u, Str packed, size_t *length_r, Error *err)
{
    ZSTD_DCtx *context = ZSTD_createDCtx();
    ZSTD_inBuffer in = { packed.at, packed.length, 0 };
    size_t status = 1;
    bool ok = context != NULL, is_stuck = false;
    while (ok && !is_stuck && !ZSTD_isError(status) && (status || in.pos < in.size) &&
           (ok = make_room(u, *length_r, err))) {
        ZSTD_outBuffer out = { u->buffer, u->capacity, *length_r };
        size_t before = in.pos;
        status = ZSTD_decompressStream(context, &out, &in);
        is_stuck = before == in.pos && out.pos == *length_r;
        *length_r = out.pos;
    }
    ZSTD_freeDCtx(context);
    return ok && (status == 0 || fail_broken(err));
}

static void put_number(char *at, uint32_t number, int size)
{
    for (int i = 0; i < size; i++)
        at[i] = (char)(number >> (8 * i));
}

/* By libarchive, as the only member of an archive that is made here. */
static bool unpack_ppmd(Str packed, char *out, size_t size, size_t *length_r)
{
    enum { CENTRAL_SIZE = 46, END_SIZE = 22 };
    if (packed.length > INT32_MAX || size > INT32_MAX)
        return false;
    size_t directory = LOCAL_SIZE + 1 + packed.length;
    AUTO_FREE char *archive = heap_alloc(directory + CENTRAL_SIZE + 1 + END_SIZE);
    char head[26] = { 20, 0, 0, 0, METHOD_PPMD };
    put_number(head + 14, (uint32_t)packed.length, 4);
    put_number(head + 18, (uint32_t)size, 4);
    head[22] = 1; /* of the name */
    memcpy(archive, "PK\3\4", 4);
    memcpy(archive + 4, head, sizeof head);
    archive[LOCAL_SIZE] = 'a';
    memcpy(archive + LOCAL_SIZE + 1, packed.at, packed.length);
    char *central = archive + directory, *end = central + CENTRAL_SIZE + 1;
    memcpy(central, "PK\1\2\x14", 5);
    memcpy(central + 6, head, sizeof head);
    central[CENTRAL_SIZE] = 'a';
    memcpy(end, "PK\5\6", 4);
    end[8] = end[10] = 1; /* member */
    put_number(end + 12, CENTRAL_SIZE + 1, 4);
    put_number(end + 16, (uint32_t)directory, 4);
    Str bytes = { archive, directory + CENTRAL_SIZE + 1 + END_SIZE };
    return archive_unpack_only(bytes, archive_read_support_format_zip_seekable, out, size,
                               length_r) &&
           *length_r == size;
}

/* Into room for what the directory says it unpacks to. */
static bool unpack_known(ZipUnpacker *u, const ZipEntry *entry, Str packed, size_t *length_r,
                         Error *err)
{
    size_t size = (size_t)entry->size;
    if (!make_room(u, size, err))
        return false;
    bool ok = false;
    switch (entry->method) {
    case METHOD_SHRINK: ok = zip_unshrink(packed, u->buffer, size, length_r); break;
    case METHOD_IMPLODE:
        ok = zip_explode(packed, entry->imploded, u->buffer, size, length_r);
        break;
    case METHOD_PPMD: ok = unpack_ppmd(packed, u->buffer, size, length_r); break;
    default: ok = inflate64(packed, u->buffer, size, length_r);
    }
    return ok || fail_broken(err);
}

static const char *method_name(int method)
{
    static const struct {
        int method;
        const char *name;
    } names[] = { { 2, "Reduce" }, { 3, "Reduce" }, { 4, "Reduce" },
                  { 5, "Reduce" }, { 96, "JPEG" },  { 97, "WavPack" } };
    for (size_t i = 0; i < COUNT(names); i++)
        if (names[i].method == method)
            return names[i].name;
    return "unknown";
}

static bool unpack_by_method(ZipUnpacker *u, const ZipEntry *entry, Str packed, size_t *length_r,
                             Error *err)
{
    switch (entry->method) {
    case 8: return unpack_deflate(u, packed, length_r, err);
    case METHOD_SHRINK:
    case METHOD_IMPLODE:
    case METHOD_DEFLATE64:
    case METHOD_PPMD: return unpack_known(u, entry, packed, length_r, err);
    case 12: return unpack_bzip2(u, packed, length_r, err);
    case 14: return unpack_lzma(u, packed, (size_t)entry->size, length_r, err);
    case 20:
    case 93: return unpack_zstd(u, packed, length_r, err);
    case 95: return unpack_xz(u, packed, (size_t)entry->size, length_r, err);
    default:
        return fail(err, ERROR_UNSUPPORTED, "it is packed by a method that is not read: %s (%d)",
                    method_name(entry->method), entry->method);
    }
}

static bool packed_bytes(const ZipUnpacker *u, const ZipEntry *entry, Str *packed_r, Error *err)
{
    Str local =
        entry->offset < u->archive.length ? str_from(u->archive, (size_t)entry->offset) : STR_NONE;
    if (local.length < LOCAL_SIZE || !str_starts(local, S("PK\3\4")))
        return fail(err, ERROR_DAMAGED, "it is not where the archive says");
    const uint8_t *at = (const uint8_t *)local.at;
    size_t start = LOCAL_SIZE + (size_t)(at[26] | at[27] << 8) + (size_t)(at[28] | at[29] << 8);
    *packed_r = str_slice(
        local, start, entry->packed > local.length ? local.length : start + (size_t)entry->packed);
    return true;
}

bool zip_unpack(ZipUnpacker *u, const ZipEntry *entry, Str *bytes_r, Error *err)
{
    AUTO_FREE char *decrypted = NULL;
    Str packed;
    size_t length = 0;
    *bytes_r = STR_NONE;
    if (!packed_bytes(u, entry, &packed, err))
        return false;
    if (entry->is_encrypted) {
        decrypted = heap_grow(NULL, packed.length + 1);
        if (!zip_decrypt(entry, packed, u->password, decrypted, &packed.length, err))
            return false;
        packed.at = decrypted;
    }
    bool ok = members_may_grow(u->members, entry->size, err);
    if (ok && entry->method == 0) {
        ok = make_room(u, packed.length, err);
        if (ok && decrypted && packed.length)
            memcpy(u->buffer, packed.at, packed.length);
        *bytes_r = (Str){ decrypted ? u->buffer : packed.at, packed.length };
    } else if (ok) {
        ok = unpack_by_method(u, entry, packed, &length, err);
        *bytes_r = (Str){ u->buffer, length };
    }
    /* AE-2 has no sum of the plain bytes; its HMAC was checked. */
    bool has_sum = !(entry->aes_strength && entry->crc == 0);
    if (ok && has_sum && crc32_z(0, (const uint8_t *)bytes_r->at, bytes_r->length) != entry->crc) {
        if (entry->is_encrypted) { /* one wrong password in 256 passes the first check */
            *bytes_r = STR_NONE;
            return fail(err, ERROR_ENCRYPTED, "it is encrypted and the password is wrong");
        }
        return fail(err, ERROR_DAMAGED, "its checksum is wrong: it is cut or was changed");
    }
    return ok;
}
