/* seven_zip_coders.c - a folder of a 7z archive unpacked by its coders (Methods.txt of the 7-Zip
 * source; AES-256 in CBC mode, a key of SHA-256 rounds). See seven_zip_file.h. */
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
#include "extract/archive/seven_zip_file.h"

enum {
    CYCLES_MAX = 24,
    CYCLES_NONE = 63,
    BLOCK = 16,
    PPMD_PROPERTIES = 5,   /* order, memory */
    PPMD_AROUND_MAX = 256, /* of an archive around packed bytes */
};
#define PPMD_MEMORY_MAX MB(256)
#define FOLDER_MAX (3 * ARCHIVE_MEMBER_MAX)

#define METHOD_LZMA 0x030101u
#define METHOD_LZMA2 0x21u
#define METHOD_DEFLATE 0x040108u
#define METHOD_BZIP2 0x040202u
#define METHOD_PPMD 0x030401u
#define METHOD_BCJ2 0x0303011Bu

/* --- Encryption --- */

static void make_key(Str properties, Str salt, Str password, uint8_t key[SEVEN_ZIP_KEY])
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
    memset(key, 0, SEVEN_ZIP_KEY);
    if (cycles == CYCLES_NONE) {
        if (round.length)
            memcpy(key, round.at, MIN(round.length, (size_t)SEVEN_ZIP_KEY));
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

static const uint8_t *key_of(SevenZip *a, Str properties, Str salt)
{
    SevenZipKey *key = &a->key;
    int cycles = properties.at[0] & 0x3F;
    if (!key->is_made || key->cycles != cycles || !str_equal(key->salt, salt)) {
        *key = (SevenZipKey){ .is_made = true, .cycles = cycles, .salt = salt };
        make_key(properties, salt, a->password, key->bytes);
    }
    return key->bytes;
}

static bool decrypt(SevenZip *a, const SevenZipCoder *coder, Str in, char *out, Error *err)
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

/* --- Methods --- */

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

static bool unpack_lzma(const SevenZipCoder *coder, lzma_vli filter, Str in, char *out, Error *err)
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

static bool unpack_deflate(const SevenZipCoder *coder, Str in, char *out, Error *err)
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
static Str wrap_ppmd(const SevenZipCoder *coder, Str in, char *out)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf header = buf_new(arena, PPMD_AROUND_MAX - SEVEN_ZIP_SIGNATURE);
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
        memcpy(out + SEVEN_ZIP_SIGNATURE, in.at, in.length);
    memcpy(out + SEVEN_ZIP_SIGNATURE + in.length, header.at, header.length);
    return (Str){ out, SEVEN_ZIP_SIGNATURE + in.length + header.length };
}

/* By libarchive, as the only member of an archive that is made here. */
static bool unpack_ppmd(const SevenZipCoder *coder, Str in, char *out, Error *err)
{
    AUTO_FREE char *archive = heap_alloc(in.length + PPMD_AROUND_MAX);
    size_t length = 0;
    if (coder->properties.length != PPMD_PROPERTIES)
        return fail(err, ERROR_DAMAGED, "its compression is not described");
    if (seven_zip_number(str_from(coder->properties, 1)) > PPMD_MEMORY_MAX)
        return fail(err, ERROR_TOO_LARGE, "it needs more than %zu MB of memory to unpack",
                    PPMD_MEMORY_MAX >> 20);
    Str bytes = wrap_ppmd(coder, in, archive);
    return (archive_unpack_only(bytes, archive_read_support_format_7zip, out,
                                (size_t)coder->unpacked, &length) &&
            length == coder->unpacked) ||
           fail_packed(err);
}

static bool unpack_bzip2(const SevenZipCoder *coder, Str in, char *out, Error *err)
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
static bool unpack_by(SevenZip *a, const SevenZipCoder *coder, Str in, char *out, Error *err)
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

/* --- Folders --- */

static bool unpack_coder(SevenZip *a, const SevenZipFolder *folder, size_t index, int depth,
                         char **bytes_r, Error *err);

/* An input of a coder: a packed stream, or what another coder gives; that is in *held_r. */
static bool read_input(SevenZip *a, const SevenZipFolder *folder, uint64_t input, int depth,
                       Str *bytes_r, char **held_r, Error *err)
{
    for (size_t i = 0; i < folder->bond_count; i++)
        if (folder->bonds[i][0] == input && folder->bonds[i][1] < folder->coder_count) {
            const SevenZipCoder *from = &folder->coders[folder->bonds[i][1]];
            bool ok = unpack_coder(a, folder, (size_t)folder->bonds[i][1], depth + 1, held_r, err);
            *bytes_r = (Str){ *held_r, ok ? (size_t)from->unpacked : 0 };
            return ok;
        }
    for (size_t i = 0; i < folder->pack_count; i++)
        if (folder->packs[i] == input && folder->first_pack + i < a->packed.count) {
            const SevenZipStream *stream = &a->packed.at[folder->first_pack + i];
            Str rest =
                stream->at <= a->bytes.length ? str_from(a->bytes, (size_t)stream->at) : STR_NONE;
            *bytes_r = str_slice(rest, 0, (size_t)MIN(stream->size, rest.length));
            return true;
        }
    return fail_packed(err);
}

static bool unpack_inputs(SevenZip *a, const SevenZipFolder *folder, const SevenZipCoder *coder,
                          int depth, Str in[SEVEN_ZIP_INPUTS_MAX], char *held[SEVEN_ZIP_INPUTS_MAX],
                          Error *err)
{
    bool is_bcj2 = coder->method == METHOD_BCJ2;
    if (coder->input_count != (is_bcj2 ? SEVEN_ZIP_INPUTS_MAX : 1))
        return fail(err, ERROR_UNSUPPORTED, "its method %X joins streams, which is not read",
                    coder->method);
    for (size_t i = 0; i < coder->input_count; i++)
        if (!read_input(a, folder, coder->first_input + i, depth, &in[i], &held[i], err))
            return false;
    return true;
}

/* What a coder gives, in heap memory. A tree that is deeper than it has coders is none. */
static bool unpack_coder(SevenZip *a, const SevenZipFolder *folder, size_t index, int depth,
                         char **bytes_r, Error *err)
{
    const SevenZipCoder *coder = &folder->coders[index];
    char *held[SEVEN_ZIP_INPUTS_MAX] = { NULL };
    Str in[SEVEN_ZIP_INPUTS_MAX] = { { 0 } };
    if (coder->unpacked > ARCHIVE_MEMBER_MAX)
        return fail(err, ERROR_TOO_LARGE, "it unpacks to more than %zu MB",
                    ARCHIVE_MEMBER_MAX >> 20);
    bool ok = depth < SEVEN_ZIP_CODERS_MAX ? unpack_inputs(a, folder, coder, depth, in, held, err)
                                           : fail_packed(err);
    size_t size = (size_t)coder->unpacked;
    char *out = ok ? heap_alloc(MAX(size, in[0].length) + BLOCK) : NULL;
    ok = ok && (coder->method == METHOD_BCJ2 ? bcj2_join(in, out, size) || fail_packed(err)
                                             : unpack_by(a, coder, in[0], out, err));
    for (size_t i = 0; i < SEVEN_ZIP_INPUTS_MAX; i++)
        free(held[i]);
    if (ok)
        *bytes_r = out;
    else
        free(out);
    return ok;
}

bool seven_zip_unpack(SevenZip *a, const SevenZipFolder *folder, char **bytes_r, Error *err)
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
