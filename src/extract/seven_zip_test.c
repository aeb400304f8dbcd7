/* seven_zip_test.c - encrypted 7z archives of each chain of methods, made here byte by byte. */
#include <bzlib.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <zlib.h>

#include "base/hash.h"
#include "extract/formats/dump.h"

extern const Extractor extractor_seven_zip;

enum { CYCLES = 5, BLOCK = 16, KEY_SIZE = 32, TEXT_SIZE = 70000 };
#define PASSWORD "r\u00f6se"

/* One coder as it stands in the header: its id, its properties, and how its bytes are made. */
typedef struct Step {
    Str id, properties;
    lzma_vli filter; /* with LZMA2 behind it in the same step of packing */
} Step;

static void put_number(Buf *out, uint64_t number)
{
    if (number >= 0x80)
        buf_add_char(out, '\xFF');
    for (int i = 0; i < (number >= 0x80 ? 8 : 1); i++)
        buf_add_char(out, (char)(number >> (8 * i)));
}

static void put_u32(Buf *out, uint32_t number)
{
    for (int i = 0; i < 4; i++)
        buf_add_char(out, (char)(number >> (8 * i)));
}

static void make_key(uint8_t key[KEY_SIZE])
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    static const char wide[] = "r\0\xF6\0s\0e";
    Sha256 sha;
    sha256_begin(&sha);
    for (uint64_t i = 0; i < 1 << CYCLES; i++) {
        Buf round = buf_new(arena, 64);
        buf_add_bytes(&round, wide, 8);
        buf_add_bytes(&round, &i, 8);
        sha256_add(&sha, buf_str(&round));
    }
    sha256_end(&sha, key);
}

static Str encrypt(Arena *arena, Str plain)
{
    uint8_t key[KEY_SIZE], vector[BLOCK] = "0123456789abcde";
    size_t size = (plain.length + BLOCK - 1) / BLOCK * BLOCK;
    char *padded = arena_alloc(arena, size), *out = arena_alloc(arena, size);
    int made = 0;
    memcpy(padded, plain.at, plain.length);
    make_key(key);
    EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
    EVP_EncryptInit_ex(context, EVP_aes_256_cbc(), NULL, key, vector);
    EVP_CIPHER_CTX_set_padding(context, 0);
    EVP_EncryptUpdate(context, (uint8_t *)out, &made, (const uint8_t *)padded, (int)size);
    EVP_CIPHER_CTX_free(context);
    return (Str){ out, size };
}

static Str pack_lzma(Arena *arena, Str plain, lzma_vli filter)
{
    lzma_options_lzma options;
    lzma_options_delta delta = { .type = LZMA_DELTA_TYPE_BYTE, .dist = 4 };
    lzma_filter chain[3] = { { LZMA_FILTER_LZMA2, &options }, { LZMA_VLI_UNKNOWN, NULL } };
    uint8_t *out = arena_alloc(arena, plain.length * 2);
    size_t length = 0;
    lzma_lzma_preset(&options, 1);
    options.dict_size = 1 << 16;
    if (filter == LZMA_FILTER_DELTA || filter == LZMA_FILTER_X86) {
        chain[1] = chain[0];
        chain[0] = (lzma_filter){ filter, filter == LZMA_FILTER_DELTA ? &delta : NULL };
        chain[2] = (lzma_filter){ LZMA_VLI_UNKNOWN, NULL };
    }
    cr_assert_eq(lzma_raw_buffer_encode(chain, NULL, (const uint8_t *)plain.at, plain.length, out,
                                        &length, plain.length * 2),
                 LZMA_OK);
    return (Str){ (char *)out, length };
}

static Str pack_bzip2(Arena *arena, Str plain)
{
    unsigned size = (unsigned)plain.length + 1000;
    char *out = arena_alloc(arena, size);
    BZ2_bzBuffToBuffCompress(out, &size, (char *)(uintptr_t)plain.at, (unsigned)plain.length, 1, 0,
                             0);
    return (Str){ out, size };
}

static Str pack_deflate(Arena *arena, Str plain)
{
    z_stream stream = { .next_in = (uint8_t *)(uintptr_t)plain.at,
                        .avail_in = (unsigned)plain.length,
                        .next_out = arena_alloc(arena, plain.length + 1000),
                        .avail_out = (unsigned)plain.length + 1000 };
    char *out = (char *)stream.next_out;
    deflateInit2(&stream, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
    deflate(&stream, Z_FINISH);
    size_t length = stream.total_out;
    deflateEnd(&stream);
    return (Str){ out, length };
}

/* Coders in the order of the header: the last one, AES, gets the packed bytes; each other one what
 * the one behind it gives. */
static Str make_archive(Arena *arena, Str plain, Str packed, const Step *steps, size_t count)
{
    Buf out = buf_new(arena, MB(1)), header = buf_new(arena, MB(1));
    Str locked = encrypt(arena, packed);
    buf_add(&header, S("\1\4\6"));
    buf_add_char(&header, 0);
    buf_add(&header, S("\1\x09"));
    put_number(&header, locked.length);
    buf_add(&header, S("\0\7\x0B\1\0"));
    put_number(&header, count + 1);
    for (size_t i = 0; i < count; i++) {
        buf_add_char(&header, (char)(steps[i].id.length | (steps[i].properties.length ? 32 : 0)));
        buf_add(&header, steps[i].id);
        if (steps[i].properties.length)
            put_number(&header, steps[i].properties.length);
        buf_add(&header, steps[i].properties);
    }
    buf_add(&header, S("\x24\x06\xF1\x07\x01\x12"));
    buf_add_char(&header, 0x40 | CYCLES);
    buf_add(&header, S("\x0F"
                       "0123456789abcde\0"));
    for (size_t i = 0; i < count; i++) {
        put_number(&header, i);
        put_number(&header, i + 1);
    }
    buf_add_char(&header, 0x0C);
    for (size_t i = 0; i < count; i++) /* a filter's size is that of the text */
        put_number(&header, plain.length);
    put_number(&header, packed.length);
    buf_add(&header, S("\x0A\1"));
    put_u32(&header, (uint32_t)crc32(0, (const uint8_t *)plain.at, (unsigned)plain.length));
    buf_add(&header, S("\0\0\5\1\x11\x0D\0a\0.\0t\0x\0t\0\0\0\0\0"));
    buf_add(&out, S("7z\xBC\xAF\x27\x1C\0\4\0\0\0\0"));
    for (uint64_t i = 0, numbers[] = { locked.length, header.length }; i < 2; i++)
        buf_add_bytes(&out, &numbers[i], 8);
    put_u32(&out, 0);
    buf_add(&out, locked);
    buf_add(&out, buf_str(&header));
    return buf_str(&out);
}

static Str make_text(Arena *arena)
{
    Buf text = buf_new(arena, MB(1));
    for (int i = 0; text.length < TEXT_SIZE; i++)
        buf_addf(&text, "line %d of the text\n", i);
    return buf_str(&text);
}

static const Step copy = { S_INIT("\0"), S_INIT(""), 0 };
static const Step lzma2 = { S_INIT("\x21"), S_INIT("\x08"), 0 };
static const Step deflated = { S_INIT("\4\1\x08"), S_INIT(""), 0 };
static const Step bzip2 = { S_INIT("\4\2\2"), S_INIT(""), 0 };
static const Step delta = { S_INIT("\3"), S_INIT("\3"), LZMA_FILTER_DELTA };
static const Step x86 = { S_INIT("\3\3\1\3"), S_INIT(""), LZMA_FILTER_X86 };

static const char *read_archive(Arena *arena, Str bytes, const char *password)
{
    return dump(arena, &extractor_seven_zip, bytes, (DumpOptions){ .password = password });
}

Test(extract, seven_zip_decrypts_each_chain_of_methods)
{
    static const struct {
        const char *about;
        const Step *steps[2];
    } cases[] = {
        { "copy", { &copy } },
        { "LZMA2", { &lzma2 } },
        { "Deflate", { &deflated } },
        { "BZip2", { &bzip2 } },
        { "Delta and LZMA2", { &delta, &lzma2 } },
        { "x86 and LZMA2", { &x86, &lzma2 } },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        Str plain = make_text(arena);
        const Step *first = cases[i].steps[0], *second = cases[i].steps[1];
        Str packed = first == &copy       ? plain
                     : first == &deflated ? pack_deflate(arena, plain)
                     : first == &bzip2    ? pack_bzip2(arena, plain)
                                          : pack_lzma(arena, plain, first->filter);
        Step steps[2] = { *first, second ? *second : *first };
        Str bytes = make_archive(arena, plain, packed, steps, second ? 2 : 1);
        const char *got = read_archive(arena, bytes, PASSWORD);
        cr_expect(strstr(got, "row a.txt | ") && strstr(got, "(encrypted)"), "%s", cases[i].about);
        cr_expect(strstr(got, "line 99 ") && !strstr(got, "! "), "%s: %.300s", cases[i].about, got);
    }
}

Test(extract, seven_zip_says_when_the_password_is_missing_or_wrong)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Str plain = make_text(arena);
    Str bytes = make_archive(arena, plain, plain, &copy, 1);
    static const char *const passwords[] = { NULL, "other" };
    for (size_t i = 0; i < COUNT(passwords); i++) {
        const char *got = read_archive(arena, bytes, passwords[i]);
        cr_expect(strstr(got, "row a.txt | "), "%s", got);
        cr_expect(strstr(got, "! encrypted"), "%s", got);
    }
}

Test(extract, seven_zip_makes_no_room_for_members_that_cannot_be)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    /* One folder of 2^28 substreams. */
    Str bytes = S("7z\xBC\xAF\x27\x1C\0\4\0\0\0\0\0\0\0\0\0\0\0\0\x1E\0\0\0\0\0\0\0\0\0\0\0"
                  "\1\4\6\0\1\x09\1\0\7\x0B\1\0\1\1\0\x0C\1\0\x08\x0D\xF0\0\0\0\x10\0\0\0\0\0");
    const char *got = read_archive(arena, bytes, NULL);
    cr_expect_str_eq(got, "! too_large\n", "%s", got);
}
