/* zip_unpack_test.c - members of ZIP archives by each method and each encryption. */
#include <criterion/criterion.h>

#include <bzlib.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>
#include <zstd.h>

#include "extract/archive/zip_unpack.h"

enum { TEXT_SIZE = 50000, ROOM = 100000 };

static Str make_text(Arena *arena)
{
    Buf text = buf_new(arena, MB(1));
    for (int i = 0; text.length < TEXT_SIZE; i++)
        buf_addf(&text, "line %d of the text\n", i);
    return buf_str(&text);
}

/* --- Packing --- */

static Str pack_stored(Arena *arena, Str plain)
{
    (void)arena;
    return plain;
}

static Str pack_deflate(Arena *arena, Str plain, int strategy)
{
    z_stream stream = { .next_in = (uint8_t *)(uintptr_t)plain.at,
                        .avail_in = (unsigned)plain.length,
                        .next_out = arena_alloc(arena, ROOM),
                        .avail_out = ROOM };
    char *out = (char *)stream.next_out;
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, strategy);
    deflate(&stream, Z_FINISH);
    size_t length = stream.total_out;
    deflateEnd(&stream);
    return (Str){ out, length };
}

static Str pack_bzip2(Arena *arena, Str plain)
{
    unsigned size = ROOM;
    char *out = arena_alloc(arena, size);
    BZ2_bzBuffToBuffCompress(out, &size, (char *)(uintptr_t)plain.at, (unsigned)plain.length, 1, 0,
                             0);
    return (Str){ out, size };
}

/* APPNOTE 5.8.8: version, size of the properties, properties, then the raw bytes. */
static Str pack_lzma(Arena *arena, Str plain)
{
    lzma_options_lzma options;
    lzma_lzma_preset(&options, 1);
    options.dict_size = 1 << 16;
    lzma_filter chain[] = { { LZMA_FILTER_LZMA1, &options }, { LZMA_VLI_UNKNOWN, NULL } };
    uint8_t *out = arena_alloc(arena, ROOM);
    size_t length = 9;
    memcpy(out, "\x09\x14\x05", 4);
    lzma_properties_encode(&chain[0], out + 4);
    cr_assert_eq(lzma_raw_buffer_encode(chain, NULL, (const uint8_t *)plain.at, plain.length, out,
                                        &length, ROOM),
                 LZMA_OK);
    return (Str){ (char *)out, length };
}

static Str pack_xz(Arena *arena, Str plain)
{
    uint8_t *out = arena_alloc(arena, ROOM);
    size_t length = 0;
    lzma_easy_buffer_encode(1, LZMA_CHECK_CRC32, NULL, (const uint8_t *)plain.at, plain.length, out,
                            &length, ROOM);
    return (Str){ (char *)out, length };
}

static Str pack_zstd(Arena *arena, Str plain)
{
    char *out = arena_alloc(arena, ROOM);
    return (Str){ out, ZSTD_compress(out, ROOM, plain.at, plain.length, 1) };
}

/* --- Encrypting --- */

static void update_keys(uint32_t keys[3], uint8_t c)
{
    const z_crc_t *table = get_crc_table();
    keys[0] = (uint32_t)table[(keys[0] ^ c) & 0xFF] ^ keys[0] >> 8;
    keys[1] = (keys[1] + (keys[0] & 0xFF)) * 134775813u + 1;
    keys[2] = (uint32_t)table[(keys[2] ^ keys[1] >> 24) & 0xFF] ^ keys[2] >> 8;
}

static Str lock_traditional(Arena *arena, Str packed, uint32_t crc)
{
    uint32_t keys[3] = { 0x12345678, 0x23456789, 0x34567890 };
    char *out = arena_alloc(arena, packed.length + 12);
    for (const char *c = "secret"; *c; c++)
        update_keys(keys, (uint8_t)*c);
    for (size_t i = 0; i < packed.length + 12; i++) {
        uint8_t plain = i < 11    ? (uint8_t)(i * 37)
                        : i == 11 ? (uint8_t)(crc >> 24)
                                  : (uint8_t)packed.at[i - 12];
        uint32_t word = (keys[2] | 2) & 0xFFFF;
        out[i] = (char)(plain ^ (uint8_t)(word * (word ^ 1) >> 8));
        update_keys(keys, plain);
    }
    return (Str){ out, packed.length + 12 };
}

static Str lock_aes(Arena *arena, Str packed, int strength)
{
    size_t key_size = 8 + 8 * (size_t)strength, salt = key_size / 2;
    uint8_t keys[66], counter[16] = { 0 }, stream[16];
    char *out = arena_alloc(arena, packed.length + salt + 12);
    memcpy(out, "salt salt salt salt", salt);
    PKCS5_PBKDF2_HMAC_SHA1("secret", 6, (uint8_t *)out, (int)salt, 1000, (int)key_size * 2 + 2,
                           keys);
    memcpy(out + salt, keys + key_size * 2, 2);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context,
                       strength == 1   ? EVP_aes_128_ecb()
                       : strength == 2 ? EVP_aes_192_ecb()
                                       : EVP_aes_256_ecb(),
                       NULL, keys, NULL);
    for (size_t i = 0; i < packed.length; i++) {
        int made;
        uint32_t number = (uint32_t)(i / 16 + 1);
        memcpy(counter, &number, sizeof number);
        if (i % 16 == 0)
            EVP_EncryptUpdate(context, stream, &made, counter, 16);
        out[salt + 2 + i] = (char)(packed.at[i] ^ stream[i % 16]);
    }
    EVP_CIPHER_CTX_free(context);
    uint8_t mac[EVP_MAX_MD_SIZE];
    HMAC(EVP_sha1(), keys + key_size, (int)key_size, (uint8_t *)out + salt + 2, packed.length, mac,
         NULL);
    memcpy(out + salt + 2 + packed.length, mac, 10);
    return (Str){ out, packed.length + salt + 12 };
}

/* --- Reading it again --- */

typedef struct Case {
    int method, strength;
    bool is_locked, is_changed;
} Case;

static Str pack_by(Arena *arena, int method, Str plain)
{
    switch (method) {
    case 8: return pack_deflate(arena, plain, Z_DEFAULT_STRATEGY);
    case 9: return pack_deflate(arena, plain, Z_HUFFMAN_ONLY); /* as it is in Deflate64 */
    case 12: return pack_bzip2(arena, plain);
    case 14: return pack_lzma(arena, plain);
    case 93: return pack_zstd(arena, plain);
    case 95: return pack_xz(arena, plain);
    default: return pack_stored(arena, plain);
    }
}

static bool read_case(Arena *arena, const Case *c, const char *password, Str *bytes_r, Error *err)
{
    static const char head[30] = "PK\3\4";
    Str plain = make_text(arena), packed = pack_by(arena, c->method, plain);
    uint32_t crc = (uint32_t)crc32(0, (const uint8_t *)plain.at, (unsigned)plain.length);
    if (c->is_locked)
        packed = c->strength ? lock_aes(arena, packed, c->strength)
                             : lock_traditional(arena, packed, crc);
    Buf archive = buf_new(arena, MB(1));
    buf_add_bytes(&archive, head, sizeof head);
    buf_add(&archive, packed);
    if (c->is_changed)
        archive.at[archive.length / 2] ^= 4;
    ZipEntry entry = { .name = S("a"),
                       .is_encrypted = c->is_locked,
                       .aes_strength = (uint8_t)c->strength,
                       .crc = crc,
                       .method = (uint16_t)c->method,
                       .packed = packed.length,
                       .size = plain.length };
    DocSink sink = { 0 };
    ExtractSource source = { .bytes = buf_str(&archive), .password = str(password) };
    AUTO_MEMBERS Members members;
    members_begin(&members, &source, doc_writer_new(arena, &sink, NULL));
    ZipUnpacker unpacker = { &members, source.bytes, .password = source.password };
    Str bytes;
    bool ok = zip_unpack(&unpacker, &entry, &bytes, err);
    *bytes_r = str_copy(arena, bytes);
    zip_unpacker_free(&unpacker);
    doc_writer_free(members.doc);
    return ok;
}

Test(extract, zip_unpacks_each_method_plain_and_encrypted)
{
    static const int methods[] = { 0, 8, 9, 12, 14, 93, 95 };
    for (size_t i = 0; i < COUNT(methods); i++)
        for (int lock = -1; lock <= 3; lock++) {
            AUTO_ARENA Arena *arena = arena_new(MB(16));
            Case c = { methods[i], MAX(lock, 0), lock >= 0, false };
            Error err = { 0 };
            Str got = STR_NONE;
            bool ok = read_case(arena, &c, "secret", &got, &err);
            cr_expect(ok && str_equal(got, make_text(arena)), "method %d, lock %d: %s", methods[i],
                      lock, err.message);
        }
}

Test(extract, zip_passwords_that_are_missing_or_wrong_are_told_apart)
{
    for (int strength = 0; strength <= 3; strength++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        Case c = { 8, strength, true, false };
        Error err = { 0 };
        Str got;
        cr_expect(!read_case(arena, &c, "", &got, &err));
        cr_expect_eq(err.code, ERROR_ENCRYPTED);
        cr_expect(strstr(err.message, "needs a password"), "%s", err.message);
        cr_expect(!read_case(arena, &c, "Secret", &got, &err));
        cr_expect_eq(err.code, ERROR_ENCRYPTED);
        cr_expect(strstr(err.message, "is wrong"), "%s", err.message);
    }
}

Test(extract, zip_members_that_were_changed_are_damaged)
{
    static const int methods[] = { 0, 8, 9, 12, 14, 93, 95 };
    for (size_t i = 0; i < COUNT(methods); i++)
        for (int lock = 0; lock < 2; lock++) {
            AUTO_ARENA Arena *arena = arena_new(MB(16));
            Case c = { methods[i], lock * 3, lock, true };
            Error err = { 0 };
            Str got;
            cr_expect(!read_case(arena, &c, "secret", &got, &err), "method %d", methods[i]);
            cr_expect_eq(err.code, ERROR_DAMAGED, "method %d: %s", methods[i], err.message);
        }
}

/* As 7-Zip packs it. */
Test(extract, zip_unpacks_ppmd)
{
    static const Str archive = S_INIT(
        "PK\003\004\077\000\000\000b\000\245Yu]\343\266\134\020 \000\000\000~\000\000\000\011"
        "\000\000\000small.txt\007\000k\373q\234LbRX\177\277\005\372%\326\312\304x\230\3248"
        "\270\2654\342\332\215\206\217\340\000PK\001\002\077\003\077\000\000\000b\000\245Yu"
        "]\343\266\134\020 \000\000\000~\000\000\000\011\000$\000\000\000\000\000\000\000 \200"
        "\244\201\000\000\000\000small.txt\012\000 \000\000\000\000\000\001\000\030\000^\342"
        "iJ\251y\335\001\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000\000PK\005"
        "\006\000\000\000\000\001\000\001\000[\000\000\000G\000\000\000\000\000");
    ZipDirectory entries = { 0 };
    Error err = { 0 };
    Str bytes;
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    cr_assert(zip_directory_read(arena, archive, &entries));
    DocSink sink = { 0 };
    ExtractSource source = { .bytes = archive };
    AUTO_MEMBERS Members members;
    members_begin(&members, &source, doc_writer_new(arena, &sink, NULL));
    ZipUnpacker unpacker = { &members, source.bytes, .password = source.password };
    cr_expect(zip_unpack(&unpacker, &entries.entries.at[0], &bytes, &err), "%s", err.message);
    cr_expect(str_starts(bytes, S("line one of the text\nline two of the text\nline one")));
    cr_expect_eq(bytes.length, 126);
    zip_unpacker_free(&unpacker);
    doc_writer_free(members.doc);
}

/* The limits hold before anything is unpacked into the room that a member says it needs. */
Test(extract, zip_members_that_grow_without_measure_stop_by_each_method)
{
    static const int methods[] = { 8, 9, 12, 14, 93, 95, 98 };
    static const uint64_t sizes[] = { 64 << 20, (uint64_t)1 << 40 };
    static const char archive[64] = "PK\3\4";
    for (size_t i = 0; i < COUNT(methods) * COUNT(sizes); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(16));
        ZipEntry entry = {
            .name = S("a"), .method = (uint16_t)methods[i / 2], .packed = 34, .size = sizes[i % 2]
        };
        DocSink sink = { 0 };
        ExtractSource source = { .bytes = { archive, sizeof archive } };
        AUTO_MEMBERS Members members;
        members_begin(&members, &source, doc_writer_new(arena, &sink, NULL));
        ZipUnpacker unpacker = { &members, source.bytes };
        Error err = { 0 };
        Str bytes;
        cr_expect(!zip_unpack(&unpacker, &entry, &bytes, &err));
        cr_expect_eq(err.code, ERROR_TOO_LARGE, "method %d: %s", methods[i / 2], err.message);
        cr_expect(strstr(err.message, "times the archive"), "%s", err.message);
        zip_unpacker_free(&unpacker);
        doc_writer_free(members.doc);
    }
}
