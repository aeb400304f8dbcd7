/* zip_unpack_test.c - members of ZIP archives by each method and each encryption. */
#include <criterion/criterion.h>

#include <bzlib.h>
#include <lzma.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <zlib.h>
#include <zstd.h>

#include "extract/archive/zip_shrink.h"
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

/* --- The methods of PKZIP 1, which nobody else packs any more --- */

typedef struct Bits {
    Buf out;
    uint32_t held;
    int count;
} Bits;

static void put_bits(Bits *bits, unsigned value, int count)
{
    bits->held |= value << bits->count;
    for (bits->count += count; bits->count >= 8; bits->count -= 8, bits->held >>= 8)
        buf_add_char(&bits->out, (char)bits->held);
}

static Str end_bits(Bits *bits)
{
    put_bits(bits, 0, 7);
    return buf_str(&bits->out);
}

enum { CODES = 1 << 13, NONE = CODES };

/* child: by string and next byte; 0: there is no such string. */
typedef struct Shrinker {
    uint16_t parent[CODES], child[CODES][256];
    uint8_t last[CODES];
    unsigned next;
} Shrinker;

static void clear_leaves(Shrinker *z)
{
    static bool is_parent[CODES + 1];
    memset(is_parent, 0, sizeof is_parent);
    for (unsigned i = 257; i < CODES; i++)
        is_parent[z->parent[i]] = true;
    for (unsigned i = 257; i < CODES; i++) {
        if (is_parent[i] || z->parent[i] == NONE)
            continue;
        if (z->child[z->parent[i]][z->last[i]] == i)
            z->child[z->parent[i]][z->last[i]] = 0;
        z->parent[i] = NONE;
    }
    z->next = 257;
}

static bool is_full(Shrinker *z)
{
    while (z->next < CODES && z->parent[z->next] != NONE)
        z->next++;
    return z->next == CODES;
}

static void add_string(Shrinker *z, unsigned parent, uint8_t last)
{
    bool is_usable = parent < 256 || z->parent[parent] != NONE;
    if (is_full(z))
        return;
    z->parent[z->next] = (uint16_t)parent;
    z->last[z->next] = last;
    if (is_usable)
        z->child[parent][last] = (uint16_t)z->next;
}

static Str pack_shrink(Arena *arena, Str plain)
{
    Shrinker *z = arena_new_one(arena, Shrinker);
    Bits bits = { .out = buf_new(arena, ROOM) };
    int width = 9;
    unsigned code = (uint8_t)plain.at[0];
    for (unsigned i = 0; i < CODES; i++)
        z->parent[i] = NONE;
    z->next = 257;
    for (size_t i = 1; i <= plain.length; i++) {
        uint8_t byte = i < plain.length ? (uint8_t)plain.at[i] : 0;
        if (i < plain.length && z->child[code][byte]) {
            code = z->child[code][byte];
            continue;
        }
        for (; code >> width; width++) {
            put_bits(&bits, 256, width);
            put_bits(&bits, 1, width);
        }
        put_bits(&bits, code, width);
        if (is_full(z)) {
            put_bits(&bits, 256, width);
            put_bits(&bits, 2, width);
            clear_leaves(z);
        }
        add_string(z, code, byte);
        code = byte;
    }
    return end_bits(&bits);
}

typedef struct ShannonCode {
    uint8_t lengths[256];
    uint16_t codes[256];
} ShannonCode;

/* APPNOTE 5.3.7, step 3; sorted by length. */
static void number_codes(ShannonCode *code, int count)
{
    unsigned next = 0, step = 0;
    int before = 0;
    for (int bits = 16; bits > 0; bits--)
        for (int i = count - 1; i >= 0; i--) {
            if (code->lengths[i] != bits)
                continue;
            next += step;
            if (bits != before)
                step = 1u << (16 - bits);
            before = bits;
            code->codes[i] = (uint16_t)next;
        }
}

/* Runs of at most 16 symbols of one length. */
static void put_lengths(Bits *bits, const uint8_t *lengths, int count)
{
    uint8_t runs[256];
    int known = 0, run_count = 0;
    while (known < count) {
        int same = 1;
        while (same < 16 && known + same < count && lengths[known + same] == lengths[known])
            same++;
        runs[run_count++] = (uint8_t)((same - 1) << 4 | (lengths[known] - 1));
        known += same;
    }
    put_bits(bits, (unsigned)run_count - 1, 8);
    for (int i = 0; i < run_count; i++)
        put_bits(bits, runs[i], 8);
}

static void put_symbol(Bits *bits, const ShannonCode *code, unsigned symbol)
{
    for (int i = 0; i < code->lengths[symbol]; i++)
        put_bits(bits, code->codes[symbol] >> (15 - i) & 1, 1);
}

static size_t match_length(Str plain, size_t from, size_t at, size_t most)
{
    size_t length = 0;
    while (length < most && at + length < plain.length &&
           plain.at[from + length] == plain.at[at + length])
        length++;
    return length;
}

/* The last place with the same three bytes is tried, nothing else. */
static Str pack_implode(Arena *arena, Str plain, bool is_big)
{
    enum { LEAST = 3, LONG = 63 + LEAST };
    size_t *places = arena_new_array(arena, size_t, 1 << 24), window = is_big ? 8192 : 4096;
    int low = is_big ? 7 : 6;
    ShannonCode *codes = arena_new_array(arena, ShannonCode, 3);
    Bits bits = { .out = buf_new(arena, ROOM) };
    memset(codes[0].lengths, 8, 256);
    memset(codes[1].lengths, 7, 64);
    codes[1].lengths[0] = 1;
    codes[1].lengths[63] = 6;
    memset(codes[2].lengths, 6, 64);
    for (int i = 0; i < 3; i++) {
        number_codes(&codes[i], i ? 64 : 256);
        put_lengths(&bits, codes[i].lengths, i ? 64 : 256);
    }
    for (size_t i = 0; i < plain.length;) {
        const uint8_t *at = (const uint8_t *)plain.at + i;
        size_t *place = &places[i + 2 < plain.length ? at[0] | at[1] << 8 | at[2] << 16 : 0];
        size_t distance = i + 1 - *place, length = 0;
        if (*place && distance <= window)
            length = match_length(plain, *place - 1, i, LONG + 255);
        *place = i + 1;
        put_bits(&bits, length < LEAST, 1);
        if (length < LEAST) {
            put_symbol(&bits, &codes[0], at[0]);
            i++;
            continue;
        }
        put_bits(&bits, (unsigned)(distance - 1) & ((1u << low) - 1), low);
        put_symbol(&bits, &codes[2], (unsigned)(distance - 1) >> low);
        put_symbol(&bits, &codes[1], (unsigned)MIN(length - LEAST, 63));
        if (length >= LONG)
            put_bits(&bits, (unsigned)(length - LONG), 8);
        i += length;
    }
    return end_bits(&bits);
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
    case 1: return pack_shrink(arena, plain);
    case 6: return pack_implode(arena, plain, true);
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
                       .imploded = { true, true },
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
    static const int methods[] = { 0, 1, 6, 8, 9, 12, 14, 93, 95 };
    for (size_t i = 0; i < COUNT(methods); i++)
        for (int lock = -1; lock <= 3; lock++) {
            AUTO_ARENA Arena *arena = arena_new(MB(512));
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
    static const int methods[] = { 0, 1, 6, 8, 9, 12, 14, 93, 95 };
    for (size_t i = 0; i < COUNT(methods); i++)
        for (int lock = 0; lock < 2; lock++) {
            AUTO_ARENA Arena *arena = arena_new(MB(512));
            Case c = { methods[i], lock * 3, lock, true };
            Error err = { 0 };
            Str got;
            cr_expect(!read_case(arena, &c, "secret", &got, &err), "method %d", methods[i]);
            cr_expect_eq(err.code, ERROR_DAMAGED, "method %d: %s", methods[i], err.message);
        }
}

/* Text that fills the table of strings again and again. */
Test(extract, zip_unshrinks_when_its_table_was_cleared)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf plain = buf_new(arena, MB(1));
    for (uint32_t random = 1; plain.length < 60000; random = random * 1664525 + 1013904223)
        buf_add_char(&plain, "abcdefghijklmnop"[random >> 28]);
    Str packed = pack_shrink(arena, buf_str(&plain));
    char *out = arena_alloc(arena, plain.length);
    size_t length = 0;
    cr_expect(zip_unshrink(packed, out, plain.length, &length));
    cr_expect(str_equal((Str){ out, length }, buf_str(&plain)));
    for (size_t i = 0; i < packed.length; i += 97) {
        char *changed = str_c(arena, packed);
        changed[i] ^= 0x55;
        zip_unshrink((Str){ changed, packed.length }, out, plain.length, &length);
        cr_expect(length <= plain.length);
    }
}

/* Both windows; what lies before the beginning is zeros. */
Test(extract, zip_explodes_what_it_says_of_itself)
{
    AUTO_ARENA Arena *arena = arena_new(MB(512));
    Str plain = make_text(arena);
    char *out = arena_alloc(arena, plain.length);
    for (int is_big = 0; is_big < 2; is_big++) {
        size_t length = 0;
        Str packed = pack_implode(arena, plain, is_big);
        cr_expect(packed.length < plain.length / 2);
        cr_expect(zip_explode(packed, (Imploded){ is_big, true }, out, plain.length, &length));
        cr_expect(str_equal((Str){ out, length }, plain), "window %d", is_big);
        for (size_t i = 0; i < 200; i++)
            zip_explode(str_slice(packed, 0, i), (Imploded){ is_big, true }, out, plain.length,
                        &length);
    }
    /* Without a code of literals: 64 lengths and distances of six bits, then "A" and two from ten
     * before. */
    size_t length = 0;
    cr_expect(zip_explode(S("\x03\xF5\xF5\xF5\xF5\x03\xF5\xF5\xF5\xF5\x83\x24\xFF\x0F"),
                          (Imploded){ 0 }, out, 3, &length));
    cr_expect_eq(out[0], 'A');
    cr_expect_eq(out[1], 0);
    cr_expect_eq(length, 3);
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
    static const int methods[] = { 1, 6, 8, 9, 12, 14, 93, 95, 98 };
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
