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

/* As 7-Zip writes them: PPMd and BCJ2 behind AES, Deflate64 without. */
Test(extract, seven_zip_reads_methods_that_libarchive_or_liblzma_lack)
{
    static const struct {
        const char *about, *expected;
        Str bytes;
    } cases[] = {
        { "PPMd", "p line one of the text\\nline two of the text\\nline one",
          S_INIT(
              "7z\274\257'\034\000\004\203\355\361\200 "
              "\000\000\000\000\000\000\000z\000\000\000\000"
              "\000\000\000b\004\366\334\030_\307\363t\017\331H\233\350y\015mj\364\005@6X\012\335"
              "\222z\227\037\255\256\227\222\246GR\001\004\006\000\001\011 \000\007\013\001\000\002"
              "$\006\361\007\001\022S\017O]nlM\303\267AK%\022xB!f|#\003\004\001\005\006\000\000\001"
              "\000\001\000\014\036~"
              "\000\010\012\001\343\266\134\020\000\000\005\001\031\013\000\000"
              "\000\000\000\000\000\000\000\000\000\021\025\000s\000m\000a\000l\000l\000.\000t\000"
              "x\000t\000\000\000\024\012\001\000^\342iJ\251y\335\001\025\006\001\000 \200\244\201"
              "\000\000") },
        { "BCJ2, whose right bytes are no text", "! unsupported",
          S_INIT(
              "7z\274\257'\034\000\004EW\305h\220\000\000\000\000\000\000\000\352\000\000\000\000"
              "\000\000\000\355\024\010v%U\352\257\355>\227\223\340L\261\206\012\334i\365m7\027("
              "\013"
              "VV\004\034\240\021\210\016P7\023\320\370TSk\014#mYw\037\357\0041\362E6u\015\371\316"
              "\000\311.\363+\260DO\360\005f\257\263\331\252\201L\330\272v\271\027p\320\025\345\024"
              "\004\303\335\017u\327\017q>k~Y\276\375\000\322\256+B+\310\025{s\227a\347cG\246PCBh"
              "'n#\356\001\344\235\343\211\2246)\252\330\2002<VG\310\012,\370\210\246U\315\006\351"
              "\371\001\004\006\000\004\0110\020 "
              "0\000\007\013\001\000\010$\006\361\007\001\022S\017"
              "m\251g/S\327\255J\355j\320\243xB^Z$\006\361\007\001\022S\017H2\323\257^\232\204\322"
              "\214WQ5\261\030f3$\006\361\007\001\022S\017l*:T.\265\201-\223\232)\021\272\330\316"
              "r$\006\361\007\001\022S\017\3710[\333\031\270/|\024#\220\030\221pP\277#\003\001\001"
              "\005l\000\020\000\000#\003\001\001\005l\000\020\000\000!!"
              "\001\000\024\003\003\001\033"
              "\004\001\004\000\005\001\012\002\006\003\011\004\010\005\007\006\003\002\001\000\014"
              "/\035\010*X,"
              "\200\300\201D\000\010\012\001\241\264\315\027\000\000\005\001\031\003\000"
              "\000\000\021\025\000c\000a\000l\000l\000s\000."
              "\000t\000x\000t\000\000\000\024\012\001"
              "\000h\343iJ\251y\335\001\025\006\001\000 \200\244\201\000\000") },
        { "Deflate64", "p line one of the text\\nline two of the text\\nline one",
          S_INIT(
              "7z\274\257'\034\000\004\323\242\010:+\000\000\000\000\000\000\000Z\000\000\000\000"
              "\000\000\000\303#\362\370\265\312\261\011\000 \014D\321\336)n\271\023\0051\315\201"
              "\216\037\222.\003\244\370\315\343\237}\011\213&\264\010\361k$\352Y\301\216\323\001"
              "\001\004\006\000\001\011+\000\007\013\001\000\001\003\004\001\011\014~\000\010\012"
              "\001\343\266\134\020\000\000\005\001\031\014\000\000\000\000\000\000\000\000\000\000"
              "\000\000\021\025\000s\000m\000a\000l\000l\000."
              "\000t\000x\000t\000\000\000\024\012\001"
              "\000^\342iJ\251y\335\001\025\006\001\000 \200\244\201\000\000") },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = read_archive(arena, cases[i].bytes, "pw");
        cr_expect(strstr(got, cases[i].expected), "%s: %.300s", cases[i].about, got);
    }
}
