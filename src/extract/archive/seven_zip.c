/* seven_zip.c - see seven_zip.h. */
#include "extract/archive/seven_zip.h"

#include <archive.h>
#include <bzlib.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "base/hash.h"
#include "base/utf8.h"
#include "extract/archive/archive_members.h"
#include "extract/archive/archive_reader.h"
#include "extract/archive/bcj2.h"
#include "extract/archive/inflate64.h"

enum {
    SIGNATURE_SIZE = 32,
    ID_HEADER = 1,
    ID_MAIN_STREAMS = 4,
    ID_FILES = 5,
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
    ID_ENCODED = 23,
    CODERS_MAX = 8,
    INPUTS_MAX = 4, /* of a coder: BCJ2's */
    ITEMS_MAX = 200000,
    CYCLES_MAX = 24,
    CYCLES_NONE = 63,
    HEADER_MAX = 64 << 20,
    KEY_SIZE = 32,
    BLOCK = 16,
    PPMD_PROPERTIES = 5,   /* order, memory */
    PPMD_AROUND_MAX = 256, /* of an archive around packed bytes */
};
#define PPMD_MEMORY_MAX MB(256)
#define FOLDER_MAX (3 * ARCHIVE_MEMBER_MAX)

#define METHOD_AES 0x06F10701u
#define METHOD_ARM64 0x0Au
#define METHOD_LZMA 0x030101u
#define METHOD_LZMA2 0x21u
#define METHOD_DEFLATE 0x040108u
#define METHOD_DEFLATE64 0x040109u
#define METHOD_BZIP2 0x040202u
#define METHOD_PPMD 0x030401u
#define METHOD_BCJ2 0x0303011Bu
#define UNIX_EPOCH_FILETIME 116444736000000000u

typedef struct Coder {
    uint32_t method;
    Str properties;
    uint64_t unpacked;
    size_t first_input, input_count; /* in the folder's numbers of inputs */
} Coder;

/* Coders are a tree: each has one output, which is an input of another one; the root's is the
 * folder's. Inputs that no coder feeds are packed streams. */
typedef struct Folder {
    Coder coders[CODERS_MAX];
    size_t coder_count, output_count, root, file_count;
    uint64_t bonds[CODERS_MAX][2]; /* an input, and the coder whose output it is */
    size_t bond_count;
    uint64_t packs[CODERS_MAX * INPUTS_MAX]; /* the inputs that are packed streams */
    size_t pack_count;
    bool is_readable;  /* each coder has one output */
    size_t first_pack; /* in the archive's numbers of packed streams */
    bool has_crc;
    uint32_t crc;
} Folder;

typedef struct Item {
    Str name;
    uint64_t size, time;
    uint32_t crc;
    bool has_crc, has_stream;
} Item;

/* Making a key takes a moment; most folders of an archive have the same. */
typedef struct Key {
    bool is_made;
    int cycles;
    Str salt;
    uint8_t bytes[KEY_SIZE];
} Key;

typedef struct PackedStream {
    uint64_t at, size;
} PackedStream;

typedef struct Archive {
    Arena *arena;
    Str bytes, password;
    Key key;
    VEC(Folder) folders;
    VEC(PackedStream) packed;
    VEC(Item) streams; /* sizes and sums of substreams, then of files */
    VEC(Item) items;
    uint64_t pack_at;
} Archive;

typedef struct Reader {
    Str rest;
    bool failed, is_huge; /* a count is over the limit */
} Reader;

/* --- Numbers --- */

static uint8_t read_byte(Reader *in)
{
    if (in->rest.length == 0) {
        in->failed = true;
        return 0;
    }
    uint8_t byte = (uint8_t)in->rest.at[0];
    in->rest = str_from(in->rest, 1);
    return byte;
}

static Str read_bytes(Reader *in, uint64_t count)
{
    if (count > in->rest.length) {
        in->failed = true;
        return STR_NONE;
    }
    Str bytes = str_slice(in->rest, 0, (size_t)count);
    in->rest = str_from(in->rest, (size_t)count);
    return bytes;
}

static uint64_t little(Str bytes)
{
    uint64_t number = 0;
    for (size_t i = 0; i < bytes.length && i < 8; i++)
        number |= (uint64_t)(uint8_t)bytes.at[i] << (8 * i);
    return number;
}

/* As many further bytes as the first one has leading ones; its other bits are the highest. */
static uint64_t read_number(Reader *in)
{
    uint8_t first = read_byte(in), mask = 0x80;
    uint64_t number = 0;
    for (int i = 0; i < 8; i++, mask >>= 1) {
        if (!(first & mask))
            return number | (uint64_t)(first & (mask - 1)) << (8 * i);
        number |= (uint64_t)read_byte(in) << (8 * i);
    }
    return number;
}

static size_t read_count(Reader *in)
{
    uint64_t count = read_number(in);
    in->is_huge |= count > ITEMS_MAX;
    in->failed |= count > ITEMS_MAX;
    return in->failed ? 0 : (size_t)count;
}

static bool bit_of(Str bits, size_t at)
{
    return at / 8 < bits.length && (uint8_t)bits.at[at / 8] >> (7 - at % 8) & 1;
}

/* Bits for `count` items, or a byte that says all of them. */
static Str read_defined(Arena *arena, Reader *in, size_t count)
{
    size_t size = (count + 7) / 8;
    if (!read_byte(in))
        return read_bytes(in, size);
    char *all = arena_alloc(arena, size);
    memset(all, 0xFF, size);
    return (Str){ all, size };
}

/* --- Streams --- */

static void read_pack(Archive *a, Reader *in)
{
    a->pack_at = read_number(in);
    size_t count = read_count(in);
    for (int id = read_byte(in); id && !in->failed; id = read_byte(in)) {
        if (id == ID_SIZE) {
            for (size_t i = 0; i < count && !in->failed; i++)
                *vec_push(a->arena, &a->packed) = (PackedStream){ .size = read_number(in) };
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
static bool read_coders(Folder *folder, Reader *in)
{
    uint64_t inputs = 0;
    folder->coder_count = read_count(in);
    in->failed |= folder->coder_count == 0 || folder->coder_count > CODERS_MAX;
    for (size_t i = 0; i < folder->coder_count && !in->failed; i++) {
        Coder *coder = &folder->coders[i];
        uint8_t flags = read_byte(in);
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
    in->failed |= outputs == 0 || outputs > CODERS_MAX || inputs > CODERS_MAX * INPUTS_MAX ||
                  inputs + 1 < outputs;
    if (!in->failed)
        folder->pack_count = inputs + 1 - outputs;
    return !in->failed;
}

static void read_folder(Archive *a, Reader *in)
{
    Folder folder = { .is_readable = true, .file_count = 1 };
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

static void read_unpack(Archive *a, Reader *in)
{
    if (read_byte(in) != ID_FOLDER) {
        in->failed = true;
        return;
    }
    size_t count = read_count(in);
    in->failed |= read_byte(in) != 0;
    for (size_t i = 0; i < count && !in->failed; i++)
        read_folder(a, in);
    for (int id = read_byte(in); id && !in->failed; id = read_byte(in)) {
        if (id == ID_CODERS_UNPACK_SIZE) {
            for (size_t i = 0; i < a->folders.count; i++)
                for (size_t k = 0; k < a->folders.at[i].output_count; k++)
                    a->folders.at[i].coders[k].unpacked = read_number(in);
        } else if (id == ID_CRC) {
            Str defined = read_defined(a->arena, in, count);
            for (size_t i = 0; i < a->folders.count; i++)
                if ((a->folders.at[i].has_crc = bit_of(defined, i)))
                    a->folders.at[i].crc = (uint32_t)little(read_bytes(in, 4));
        } else {
            in->failed = true;
        }
    }
}

static uint64_t folder_size(const Folder *folder)
{
    return folder->coder_count ? folder->coders[folder->root].unpacked : 0;
}

/* The last substream of a folder has no size of its own, a folder's only one no sum. */
static void read_substreams(Archive *a, Reader *in)
{
    int id = in->rest.length ? read_byte(in) : 0;
    size_t at = 0;
    for (size_t i = 0; id == ID_COUNT && i < a->folders.count; i++)
        a->folders.at[i].file_count = read_count(in);
    id = id == ID_COUNT ? read_byte(in) : id;
    for (size_t i = 0; i < a->folders.count && !in->failed; i++) {
        uint64_t rest = folder_size(&a->folders.at[i]);
        size_t count = a->folders.at[i].file_count;
        in->is_huge |= a->streams.count + count > ITEMS_MAX;
        for (size_t k = 0; k < count && !in->failed && a->streams.count < ITEMS_MAX; k++) {
            uint64_t size = k + 1 == count ? rest : id == ID_SIZE ? read_number(in) : 0;
            in->failed |= size > rest;
            rest -= MIN(size, rest);
            *vec_push(a->arena, &a->streams) =
                (Item){ .size = size,
                        .crc = a->folders.at[i].crc,
                        .has_crc = count == 1 && a->folders.at[i].has_crc };
        }
    }
    id = id == ID_SIZE ? read_byte(in) : id;
    if (id == ID_CRC) {
        size_t unknown = 0;
        for (size_t i = 0; i < a->streams.count; i++)
            unknown += !a->streams.at[i].has_crc;
        Str defined = read_defined(a->arena, in, unknown);
        for (size_t i = 0; i < a->streams.count; i++)
            if (!a->streams.at[i].has_crc && (a->streams.at[i].has_crc = bit_of(defined, at++)))
                a->streams.at[i].crc = (uint32_t)little(read_bytes(in, 4));
        id = read_byte(in);
    }
    in->failed |= id != 0;
}

static void place_folders(Archive *a)
{
    uint64_t at = SIGNATURE_SIZE + a->pack_at;
    size_t next = 0;
    for (size_t i = 0; i < a->packed.count; i++) {
        PackedStream *stream = &a->packed.at[i];
        stream->at = at;
        at = stream->size > UINT64_MAX - at ? UINT64_MAX : at + stream->size;
    }
    for (size_t i = 0; i < a->folders.count; i++) {
        a->folders.at[i].first_pack = next;
        next += a->folders.at[i].pack_count;
    }
}

static void read_streams(Archive *a, Reader *in)
{
    bool has_substreams = false;
    a->folders.count = a->packed.count = a->streams.count = 0;
    for (int id = read_byte(in); id && !in->failed; id = read_byte(in)) {
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
        read_substreams(a, &(Reader){ 0 });
    place_folders(a);
}

/* --- Files --- */

static Str read_name(Arena *arena, Reader *in)
{
    Buf name = buf_new(arena, KB(4));
    uint32_t high = 0;
    for (;;) {
        uint32_t unit = (uint32_t)little(read_bytes(in, 2));
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

static void read_property(Archive *a, int id, Reader in)
{
    if (id == ID_EMPTY_STREAM) {
        for (size_t i = 0; i < a->items.count; i++)
            a->items.at[i].has_stream = !bit_of(in.rest, i);
    } else if (id == ID_NAMES && read_byte(&in) == 0) {
        for (size_t i = 0; i < a->items.count && !in.failed; i++)
            a->items.at[i].name = read_name(a->arena, &in);
    } else if (id == ID_MTIME) {
        Str defined = read_defined(a->arena, &in, a->items.count);
        read_byte(&in);
        for (size_t i = 0; i < a->items.count; i++)
            if (bit_of(defined, i))
                a->items.at[i].time = little(read_bytes(&in, 8));
    }
}

static void read_files(Archive *a, Reader *in)
{
    size_t count = read_count(in), next = 0;
    for (size_t i = 0; i < count && count <= in->rest.length * 8; i++)
        *vec_push(a->arena, &a->items) = (Item){ .has_stream = true };
    for (uint64_t id = read_number(in); id && !in->failed; id = read_number(in))
        read_property(a, (int)MIN(id, 255u), (Reader){ .rest = read_bytes(in, read_number(in)) });
    for (size_t i = 0; i < a->items.count; i++)
        if (a->items.at[i].has_stream && next < a->streams.count) {
            a->items.at[i].size = a->streams.at[next].size;
            a->items.at[i].crc = a->streams.at[next].crc;
            a->items.at[i].has_crc = a->streams.at[next++].has_crc;
        }
}

/* --- Unpacking --- */

static void make_key(Str properties, Str salt, Str password, uint8_t key[KEY_SIZE])
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf round = buf_new(arena, KB(16));
    int cycles = properties.at[0] & 0x3F;
    Str rest = str_slice(password, 0, KB(2));
    buf_add(&round, salt);
    for (size_t at = 0, size; at < rest.length; at += size) {
        uint32_t c = utf8_decode(rest, at, &size);
        uint32_t units[2] = { c > 0xFFFF ? 0xD800 + ((c - 0x10000) >> 10) : c,
                              0xDC00 + (c & 0x3FF) };
        for (int i = 0; i < (c > 0xFFFF ? 2 : 1); i++) {
            buf_add_char(&round, (char)(units[i] & 0xFF));
            buf_add_char(&round, (char)(units[i] >> 8));
        }
    }
    memset(key, 0, KEY_SIZE);
    if (cycles == CYCLES_NONE) {
        if (round.length)
            memcpy(key, round.at, MIN(round.length, (size_t)KEY_SIZE));
        return;
    }
    size_t length = round.length;
    Sha256 sha;
    sha256_begin(&sha);
    for (uint64_t i = 0; i < (uint64_t)1 << cycles; i++) {
        round.length = length;
        for (int k = 0; k < 8; k++)
            buf_add_char(&round, (char)(i >> (8 * k)));
        sha256_add(&sha, buf_str(&round));
    }
    sha256_end(&sha, key);
}

static const uint8_t *key_of(Archive *a, Str properties, Str salt)
{
    Key *key = &a->key;
    int cycles = properties.at[0] & 0x3F;
    if (!key->is_made || key->cycles != cycles || !str_equal(key->salt, salt)) {
        *key = (Key){ .is_made = true, .cycles = cycles, .salt = salt };
        make_key(properties, salt, a->password, key->bytes);
    }
    return key->bytes;
}

static bool decrypt(Archive *a, const Coder *coder, Str in, char *out, Error *err)
{
    Str properties = coder->properties;
    uint8_t vector[BLOCK] = { 0 };
    if (a->password.length == 0)
        return fail(err, ERROR_ENCRYPTED, "it is encrypted and needs a password");
    if (properties.length < 1)
        return fail(err, ERROR_DAMAGED, "its encryption is not described");
    uint8_t first = (uint8_t)properties.at[0],
            second = properties.length > 1 ? (uint8_t)properties.at[1] : 0;
    size_t salt = (first >> 7 & 1u) + (second >> 4), start = (first >> 6 & 1u) + (second & 15u);
    if ((first & 0x3F) > CYCLES_MAX && (first & 0x3F) != CYCLES_NONE)
        return fail(err, ERROR_TOO_LARGE, "its key takes too long to compute");
    const uint8_t *key = key_of(a, properties, str_slice(properties, 2, 2 + salt));
    Str iv = str_slice(properties, 2 + salt, 2 + salt + MIN(start, (size_t)BLOCK));
    if (iv.length)
        memcpy(vector, iv.at, iv.length);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    int made = 0;
    in.length -= in.length % BLOCK;
    bool ok =
        context && in.length < INT32_MAX &&
        EVP_DecryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, vector) &&
        EVP_CIPHER_CTX_set_padding(context, 0) &&
        EVP_DecryptUpdate(context, (uint8_t *)out, &made, (const uint8_t *)in.at, (int)in.length);
    EVP_CIPHER_CTX_free(context);
    return ok || fail(err, ERROR_INTERNAL, "AES cannot be started");
}

static bool fail_packed(Error *err)
{
    return fail(err, ERROR_DAMAGED, "its packed bytes are broken");
}

/* LZMA, LZMA2 and the filters that stand before them (7-Zip's Methods.txt). */
static lzma_vli lzma_filter_of(uint32_t method)
{
    static const struct {
        uint32_t method;
        lzma_vli filter;
    } filters[] = {
        { METHOD_LZMA, LZMA_FILTER_LZMA1 },
        { METHOD_LZMA2, LZMA_FILTER_LZMA2 },
        { 0x03, LZMA_FILTER_DELTA },
        { 0x04, LZMA_FILTER_X86 },
        { 0x05, LZMA_FILTER_POWERPC },
        { 0x06, LZMA_FILTER_IA64 },
        { 0x07, LZMA_FILTER_ARM },
        { 0x08, LZMA_FILTER_ARMTHUMB },
        { 0x09, LZMA_FILTER_SPARC },
        { METHOD_ARM64, LZMA_FILTER_ARM64 },
        { 0x03030103, LZMA_FILTER_X86 },
        { 0x03030205, LZMA_FILTER_POWERPC },
        { 0x03030401, LZMA_FILTER_IA64 },
        { 0x03030501, LZMA_FILTER_ARM },
        { 0x03030701, LZMA_FILTER_ARMTHUMB },
        { 0x03030805, LZMA_FILTER_SPARC },
    };
    for (size_t i = 0; i < COUNT(filters); i++)
        if (filters[i].method == method)
            return filters[i].filter;
    return LZMA_VLI_UNKNOWN;
}

/* Bytes as LZMA2 that packs nothing (xz-file-format.txt, 5.3.1): liblzma has no filter alone. */
static char *wrap_stored(Str in, size_t *length_r)
{
    size_t chunks = (in.length + UINT16_MAX) / (UINT16_MAX + 1), at = 0;
    char *out = heap_grow(NULL, in.length + chunks * 3 + 1);
    for (size_t i = 0; i < chunks; i++) {
        Str chunk = str_slice(in, i << 16, (i + 1) << 16);
        out[at++] = i ? 2 : 1;
        out[at++] = (char)((chunk.length - 1) >> 8);
        out[at++] = (char)(chunk.length - 1);
        memcpy(out + at, chunk.at, chunk.length);
        at += chunk.length;
    }
    out[at++] = 0;
    *length_r = at;
    return out;
}

static bool unpack_lzma(const Coder *coder, lzma_vli filter, Str in, char *out, Error *err)
{
    lzma_options_lzma stored = { .dict_size = LZMA_DICT_SIZE_MIN };
    lzma_filter filters[3] = { { .id = filter },
                               { .id = LZMA_VLI_UNKNOWN },
                               { .id = LZMA_VLI_UNKNOWN } };
    lzma_stream stream = LZMA_STREAM_INIT;
    AUTO_FREE char *wrapped = NULL;
    if (lzma_properties_decode(&filters[0], NULL, (const uint8_t *)coder->properties.at,
                               coder->properties.length) != LZMA_OK)
        return fail(err, ERROR_DAMAGED, "its compression is not described");
    if (filter != LZMA_FILTER_LZMA1 && filter != LZMA_FILTER_LZMA2) {
        filters[1] = (lzma_filter){ .id = LZMA_FILTER_LZMA2, .options = &stored };
        wrapped = wrap_stored(in, &in.length);
        in.at = wrapped;
    }
    bool ok = lzma_raw_decoder_memusage(filters) <= GB(1) &&
              lzma_raw_decoder(&stream, filters) == LZMA_OK;
    free(filters[0].options);
    stream.next_in = (const uint8_t *)in.at;
    stream.avail_in = in.length;
    stream.next_out = (uint8_t *)out;
    stream.avail_out = (size_t)coder->unpacked;
    lzma_ret status = LZMA_OK;
    while (ok && status == LZMA_OK && stream.avail_out)
        status = lzma_code(&stream, LZMA_FINISH);
    ok &= stream.avail_out == 0;
    lzma_end(&stream);
    return ok || fail_packed(err);
}

static bool unpack_deflate(const Coder *coder, Str in, char *out, Error *err)
{
    z_stream stream = { .next_in = (unsigned char *)(uintptr_t)in.at,
                        .avail_in = (unsigned)MIN(in.length, UINT32_MAX),
                        .next_out = (unsigned char *)out,
                        .avail_out = (unsigned)coder->unpacked };
    bool ok = inflateInit2(&stream, -MAX_WBITS) == Z_OK;
    if (ok)
        (void)inflate(&stream, Z_FINISH);
    ok = ok && stream.avail_out == 0;
    inflateEnd(&stream);
    return ok || fail_packed(err);
}

static void put_numbers(Buf *out, uint64_t number)
{
    buf_add_char(out, '\xFF');
    for (int i = 0; i < 8; i++)
        buf_add_char(out, (char)(number >> (8 * i)));
}

static void put_fixed(char *at, uint64_t number, int size)
{
    for (int i = 0; i < size; i++)
        at[i] = (char)(number >> (8 * i));
}

/* An archive of one member, packed by PPMd alone: signature header, the bytes, header. */
static Str wrap_ppmd(const Coder *coder, Str in, char *out)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf header = buf_new(arena, PPMD_AROUND_MAX - SIGNATURE_SIZE);
    buf_add(&header, S("\1\4\6\0\1\x09"));
    put_numbers(&header, in.length);
    buf_add(&header, S("\0\7\x0B\1\0\1\x23\3\4\1\5"));
    buf_add(&header, coder->properties);
    buf_add(&header, S("\x0C"));
    put_numbers(&header, coder->unpacked);
    buf_add(&header, S("\0\x08\0\0\5\1\x11\5\0a\0\0\0\0\0"));
    memcpy(out, "7z\xBC\xAF\x27\x1C\0\4", 8);
    put_fixed(out + 12, in.length, 8);
    put_fixed(out + 20, header.length, 8);
    put_fixed(out + 28, crc32_z(0, (const uint8_t *)header.at, header.length), 4);
    put_fixed(out + 8, crc32_z(0, (const uint8_t *)out + 12, 20), 4);
    if (in.length)
        memcpy(out + SIGNATURE_SIZE, in.at, in.length);
    memcpy(out + SIGNATURE_SIZE + in.length, header.at, header.length);
    return (Str){ out, SIGNATURE_SIZE + in.length + header.length };
}

/* By libarchive, as the only member of an archive that is made here. */
static bool unpack_ppmd(const Coder *coder, Str in, char *out, Error *err)
{
    AUTO_FREE char *archive = heap_alloc(in.length + PPMD_AROUND_MAX);
    size_t length = 0;
    if (coder->properties.length != PPMD_PROPERTIES)
        return fail(err, ERROR_DAMAGED, "its compression is not described");
    if (little(str_from(coder->properties, 1)) > PPMD_MEMORY_MAX)
        return fail(err, ERROR_TOO_LARGE, "it needs more than %zu MB of memory to unpack",
                    PPMD_MEMORY_MAX >> 20);
    Str bytes = wrap_ppmd(coder, in, archive);
    return (archive_unpack_only(bytes, archive_read_support_format_7zip, out,
                                (size_t)coder->unpacked, &length) &&
            length == coder->unpacked) ||
           fail_packed(err);
}

static bool unpack_bzip2(const Coder *coder, Str in, char *out, Error *err)
{
    bz_stream stream = { .next_in = (char *)(uintptr_t)in.at,
                         .avail_in = (unsigned)MIN(in.length, UINT32_MAX),
                         .next_out = out,
                         .avail_out = (unsigned)coder->unpacked };
    int status = BZ2_bzDecompressInit(&stream, 0, 0);
    bool ok = status == BZ_OK;
    while (status == BZ_OK && stream.avail_out) {
        unsigned before = stream.avail_in + stream.avail_out;
        status = BZ2_bzDecompress(&stream);
        if (status == BZ_OK && before == stream.avail_in + stream.avail_out)
            break;
    }
    ok = ok && stream.avail_out == 0;
    BZ2_bzDecompressEnd(&stream);
    return ok || fail_packed(err);
}

/* Of one input. Room in `out`: what it unpacks to, and no less than `in`. */
static bool unpack_by(Archive *a, const Coder *coder, Str in, char *out, Error *err)
{
    lzma_vli filter = lzma_filter_of(coder->method);
    size_t size = (size_t)coder->unpacked, length = 0;
    if (coder->method == METHOD_AES)
        return decrypt(a, coder, in, out, err);
    if (filter != LZMA_VLI_UNKNOWN)
        return unpack_lzma(coder, filter, in, out, err);
    if (coder->method == METHOD_DEFLATE)
        return unpack_deflate(coder, in, out, err);
    if (coder->method == METHOD_DEFLATE64)
        return (inflate64(in, out, size, &length) && length == size) || fail_packed(err);
    if (coder->method == METHOD_BZIP2)
        return unpack_bzip2(coder, in, out, err);
    if (coder->method == METHOD_PPMD)
        return unpack_ppmd(coder, in, out, err);
    if (coder->method != 0)
        return fail(err, ERROR_UNSUPPORTED, "it is packed by a method that is not read (%X)",
                    coder->method);
    if (in.length)
        memcpy(out, in.at, in.length);
    return true;
}

static bool unpack_coder(Archive *a, const Folder *folder, size_t index, int depth, char **bytes_r,
                         Error *err);

/* An input of a coder: a packed stream, or what another coder gives; that is in *held_r. */
static bool read_input(Archive *a, const Folder *folder, uint64_t input, int depth, Str *bytes_r,
                       char **held_r, Error *err)
{
    for (size_t i = 0; i < folder->bond_count; i++)
        if (folder->bonds[i][0] == input && folder->bonds[i][1] < folder->coder_count) {
            const Coder *from = &folder->coders[folder->bonds[i][1]];
            bool ok = unpack_coder(a, folder, (size_t)folder->bonds[i][1], depth + 1, held_r, err);
            *bytes_r = (Str){ *held_r, ok ? (size_t)from->unpacked : 0 };
            return ok;
        }
    for (size_t i = 0; i < folder->pack_count; i++)
        if (folder->packs[i] == input && folder->first_pack + i < a->packed.count) {
            const PackedStream *stream = &a->packed.at[folder->first_pack + i];
            Str rest =
                stream->at <= a->bytes.length ? str_from(a->bytes, (size_t)stream->at) : STR_NONE;
            *bytes_r = str_slice(rest, 0, (size_t)MIN(stream->size, rest.length));
            return true;
        }
    return fail_packed(err);
}

static bool unpack_inputs(Archive *a, const Folder *folder, const Coder *coder, int depth,
                          Str in[INPUTS_MAX], char *held[INPUTS_MAX], Error *err)
{
    bool is_bcj2 = coder->method == METHOD_BCJ2;
    if (coder->input_count != (is_bcj2 ? INPUTS_MAX : 1))
        return fail(err, ERROR_UNSUPPORTED, "its method %X joins streams, which is not read",
                    coder->method);
    for (size_t i = 0; i < coder->input_count; i++)
        if (!read_input(a, folder, coder->first_input + i, depth, &in[i], &held[i], err))
            return false;
    return true;
}

/* What a coder gives, in heap memory. A tree that is deeper than it has coders is none. */
static bool unpack_coder(Archive *a, const Folder *folder, size_t index, int depth, char **bytes_r,
                         Error *err)
{
    const Coder *coder = &folder->coders[index];
    char *held[INPUTS_MAX] = { NULL };
    Str in[INPUTS_MAX] = { { 0 } };
    if (coder->unpacked > ARCHIVE_MEMBER_MAX)
        return fail(err, ERROR_TOO_LARGE, "it unpacks to more than %zu MB",
                    ARCHIVE_MEMBER_MAX >> 20);
    bool ok = depth < CODERS_MAX ? unpack_inputs(a, folder, coder, depth, in, held, err)
                                 : fail_packed(err);
    size_t size = (size_t)coder->unpacked;
    char *out = ok ? heap_alloc(MAX(size, in[0].length) + BLOCK) : NULL;
    ok = ok && (coder->method == METHOD_BCJ2 ? bcj2_join(in, out, size) || fail_packed(err)
                                             : unpack_by(a, coder, in[0], out, err));
    for (size_t i = 0; i < INPUTS_MAX; i++)
        free(held[i]);
    if (ok)
        *bytes_r = out;
    else
        free(out);
    return ok;
}

/* The folder's bytes in heap memory. What its coders give may be held at one time. */
static bool unpack_folder(Archive *a, const Folder *folder, char **bytes_r, Error *err)
{
    uint64_t total = 0;
    for (size_t i = 0; i < folder->coder_count; i++)
        total += MIN(folder->coders[i].unpacked, FOLDER_MAX + 1);
    if (total > FOLDER_MAX)
        return fail(err, ERROR_TOO_LARGE, "its methods need more than %zu MB to unpack it",
                    FOLDER_MAX >> 20);
    return (folder->is_readable ||
            fail(err, ERROR_UNSUPPORTED, "a method of it makes several streams at once")) &&
           unpack_coder(a, folder, folder->root, 0, bytes_r, err);
}

static bool has_method(const Folder *folder, uint32_t method)
{
    for (size_t i = 0; i < folder->coder_count; i++)
        if (folder->coders[i].method == method)
            return true;
    return false;
}

static bool is_encrypted(const Folder *folder) { return has_method(folder, METHOD_AES); }

/* --- The header --- */

static bool fail_header(const Reader *in, Error *err)
{
    if (in->is_huge)
        return fail(err, ERROR_TOO_LARGE,
                    "the 7z archive says that it has over %d members or parts: it is broken, or "
                    "made to exhaust memory",
                    ITEMS_MAX);
    return fail(err, ERROR_DAMAGED, "the 7z archive's header is broken");
}

/* A wrong password shows as bytes that make no sense. */
static bool fail_as_password(const Folder *folder, Error *err)
{
    if (is_encrypted(folder) && err->code == ERROR_DAMAGED)
        return fail(err, ERROR_ENCRYPTED, "it is encrypted and the password is wrong");
    return false;
}

static bool read_packed_header(Archive *a, Reader *in, char **bytes_r, Error *err)
{
    read_streams(a, in);
    if (in->failed || a->folders.count == 0 || folder_size(&a->folders.at[0]) > HEADER_MAX)
        return fail_header(in, err);
    const Folder *folder = &a->folders.at[0];
    if (!unpack_folder(a, folder, bytes_r, err))
        return fail_as_password(folder, err);
    Str bytes = { *bytes_r, (size_t)folder_size(folder) };
    if (folder->has_crc && crc32_z(0, (const uint8_t *)bytes.at, bytes.length) != folder->crc) {
        fail_header(in, err);
        return fail_as_password(folder, err);
    }
    in->rest = str_copy(a->arena, bytes);
    return true;
}

static bool read_header(Archive *a, bool *has_locked_header_r, Error *err)
{
    uint64_t at = little(str_slice(a->bytes, 12, 20)), size = little(str_slice(a->bytes, 20, 28));
    Reader in = { 0 };
    if (a->bytes.length < SIGNATURE_SIZE || at > a->bytes.length - SIGNATURE_SIZE ||
        size > a->bytes.length - SIGNATURE_SIZE - at)
        return fail_header(&in, err);
    in = (Reader){ .rest = str_slice(a->bytes, SIGNATURE_SIZE + (size_t)at,
                                     SIGNATURE_SIZE + (size_t)(at + size)) };
    int id = read_byte(&in);
    for (int i = 0; id == ID_ENCODED && i < 4; i++) {
        AUTO_FREE char *bytes = NULL;
        bool ok = read_packed_header(a, &in, &bytes, err);
        *has_locked_header_r |= a->folders.count && is_encrypted(&a->folders.at[0]);
        if (!ok)
            return false;
        id = read_byte(&in);
    }
    if (id != ID_HEADER)
        return fail_header(&in, err);
    for (id = read_byte(&in); id && !in.failed; id = read_byte(&in)) {
        if (id == ID_MAIN_STREAMS)
            read_streams(a, &in);
        else if (id == ID_FILES)
            read_files(a, &in);
        else
            in.failed = true;
    }
    return (!in.is_huge && (!in.failed || a->items.count > 0)) || fail_header(&in, err);
}

bool seven_zip_look(Str bytes, bool *is_ours_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Archive a = { .arena = arena, .bytes = bytes };
    Error why = { 0 };
    bool is_ours = false;
    if (bytes.length >= SIGNATURE_SIZE &&
        little(str_slice(bytes, 12, 20)) > bytes.length - SIGNATURE_SIZE)
        return fail(err, ERROR_DAMAGED,
                    "the 7z archive ends before its list of members: it is cut, or one part of an "
                    "archive in several files; join the parts first");
    if (!read_header(&a, &is_ours, &why) && why.code == ERROR_TOO_LARGE) {
        *err = why;
        return false;
    }
    for (size_t i = 0; i < a.folders.count; i++)
        is_ours |= has_method(&a.folders.at[i], METHOD_AES) ||
                   has_method(&a.folders.at[i], METHOD_DEFLATE64) ||
                   has_method(&a.folders.at[i], METHOD_ARM64);
    *is_ours_r = is_ours;
    return true;
}

/* --- Members --- */

static void list_items(const Archive *a, Members *members)
{
    size_t next = 0, left = a->folders.count ? a->folders.at[0].file_count : 0;
    for (size_t i = 0; i < a->items.count; i++) {
        const Item *item = &a->items.at[i];
        MemberRow row = { .name = item->name, .is_size_known = true, .size = item->size };
        while (item->has_stream && left == 0 && next + 1 < a->folders.count)
            left = a->folders.at[++next].file_count;
        if (item->has_stream && left) {
            row.is_encrypted = is_encrypted(&a->folders.at[next]);
            left--;
        }
        if (item->time > UNIX_EPOCH_FILETIME)
            member_time(&row, (int64_t)((item->time - UNIX_EPOCH_FILETIME) / 10000000));
        members_row(members, &row);
    }
    members_list_end(members);
}

static void write_item(Members *members, const Folder *folder, const Item *item, Str bytes)
{
    Error why = { 0 };
    if (item->has_crc && crc32_z(0, (const uint8_t *)bytes.at, bytes.length) != item->crc) {
        fail(&why, ERROR_DAMAGED, "its checksum is wrong: it is cut or was changed");
        fail_as_password(folder, &why);
        members_failed(members, item->name, &why);
    } else {
        members_read(members, item->name, bytes);
    }
}

/* One folder is unpacked once; its files follow each other in it. */
static void read_items(Archive *a, Members *members)
{
    size_t at = 0;
    for (size_t i = 0; i < a->folders.count && doc_writer_ok(members->doc); i++) {
        const Folder *folder = &a->folders.at[i];
        AUTO_FREE char *bytes = NULL;
        Error why = { 0 };
        uint64_t from = 0;
        bool ok = members_may_grow(members, folder_size(folder), &why) &&
                  unpack_folder(a, folder, &bytes, &why);
        if (!ok)
            fail_as_password(folder, &why);
        for (size_t k = 0; k < folder->file_count && at < a->items.count; at++) {
            const Item *item = &a->items.at[at];
            if (!item->has_stream)
                continue;
            k++;
            if (ok && item->size <= folder_size(folder) - from)
                write_item(members, folder, item, (Str){ bytes + from, (size_t)item->size });
            else if (!ok)
                members_failed(members, item->name, &why);
            from = MIN(from + item->size, folder_size(folder));
        }
    }
}

bool seven_zip_read(const ExtractSource *source, DocWriter *doc, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO(members_free) Members members = { 0 };
    Archive a = { .arena = arena, .bytes = source->bytes, .password = source->password };
    bool is_locked = false;
    if (!read_header(&a, &is_locked, err))
        return false;
    members_begin(&members, source, doc);
    list_items(&a, &members);
    read_items(&a, &members);
    return members_end(&members, err);
}
