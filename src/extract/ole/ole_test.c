/* ole_test.c - compound files, their properties and their old passwords. */
#include <criterion/criterion.h>

#include "extract/ole/ole_crypto.h"
#include "extract/ole/ole_properties.h"
#include "extract/ole/ole_sample.h"

static Str pattern(Arena *arena, size_t size)
{
    char *at = arena_alloc(arena, size + 1);
    for (size_t i = 0; i < size; i++)
        at[i] = (char)(i * 7 + i / 256);
    return (Str){ at, size };
}

Test(extract, ole_files_are_a_tree_of_storages_and_streams)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    OleMember members[] = { { "WordDocument", pattern(arena, 5000) },
                            { "ObjectPool/", STR_NONE },
                            { "ObjectPool/_1/", STR_NONE },
                            { "ObjectPool/_1/Contents", S("inside") },
                            { "ObjectPool/_2/", STR_NONE },
                            { "ObjectPool/_2/Contents", pattern(arena, 4000) },
                            { "Small", pattern(arena, 130) } };
    Str bytes = ole_sample(arena, members, COUNT(members));
    OleFile file;
    Error err;
    cr_assert(ole_open(arena, bytes, &file, &err), "%s", err.message);
    for (size_t i = 0; i < COUNT(members); i++) {
        Str stream;
        if (str_ends(str(members[i].path), S("/")))
            continue;
        cr_assert(ole_read_path(&file, members[i].path, MB(1), &stream, &err), "%s", err.message);
        cr_expect(str_equal(stream, members[i].bytes), "%s", members[i].path);
    }
    const OleEntry *pool = ole_find(&file, "objectpool"), *child = NULL;
    size_t children = 0;
    cr_assert(pool && !pool->is_stream);
    while ((child = ole_next_child(&file, pool, child)))
        children += ole_find_in(&file, child, "Contents") != NULL;
    cr_expect_eq(children, 2);
    Str stream;
    cr_expect(!ole_read_path(&file, "Absent", MB(1), &stream, &err));
    cr_expect_eq(err.code, ERROR_NOT_FOUND);
    cr_expect(!ole_read_path(&file, "WordDocument", 100, &stream, &err));
    cr_expect_eq(err.code, ERROR_TOO_LARGE);
    cr_expect(ole_holds(bytes, "WordDocument") && !ole_holds(bytes, "Workbook"));
}

Test(extract, ole_files_that_are_cut_or_spoilt_end)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    OleMember members[] = { { "A/", STR_NONE }, { "A/B", pattern(arena, 9000) }, { "C", S("c") } };
    Str bytes = ole_sample(arena, members, COUNT(members));
    char *spoilt = arena_alloc(arena, bytes.length);
    for (size_t i = 0; i < bytes.length; i += 3) {
        memcpy(spoilt, bytes.at, bytes.length);
        spoilt[i] = (char)(spoilt[i] ^ (char)(i % 2 ? 0x01 : 0xFF));
        Str tried[] = { str_slice(bytes, 0, i), { spoilt, bytes.length } };
        for (size_t k = 0; k < COUNT(tried); k++) {
            AUTO_ARENA Arena *scratch = arena_new(MB(4));
            OleFile file;
            Error err;
            Str stream;
            if (!ole_open(scratch, tried[k], &file, &err))
                continue;
            for (size_t e = 0; e < file.entries.count; e++)
                if (ole_read(&file, &file.entries.at[e], MB(1), &stream, &err))
                    cr_assert(stream.length <= bytes.length);
        }
    }
}

static void add_string(Buf *out, Str text)
{
    sample_number(out, 30, 4);
    sample_number(out, text.length + 1, 4);
    buf_add(out, text);
    buf_add_char(out, 0);
    sample_fill(out, 4, 0);
}

Test(extract, ole_properties_become_facts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    Buf set = buf_new(arena, KB(4)), values = buf_new(arena, KB(4));
    enum { PROPERTIES = 5, VALUES_AT = 8 + PROPERTIES * 8 };
    uint32_t ids[PROPERTIES] = { 1, 2, 10, 12, 14 }, at[PROPERTIES];
    at[0] = 0;
    sample_number(&values, 2, 4);
    sample_number(&values, 1251, 4);
    at[1] = (uint32_t)values.length;
    add_string(&values, S("\xCC\xE8\xF0"));
    at[2] = (uint32_t)values.length;
    sample_number(&values, 64, 4);
    sample_number(&values, 600000000, 8);
    at[3] = (uint32_t)values.length;
    sample_number(&values, 64, 4);
    sample_number(&values, 128566365610000000, 8);
    at[4] = (uint32_t)values.length;
    sample_number(&values, 3, 4);
    sample_number(&values, 12, 4);
    sample_number(&set, 0x0000FFFE, 4);
    while (set.length < 24)
        buf_add_char(&set, 0);
    sample_number(&set, 1, 4);
    buf_add(&set, S("\xE0\x85\x9F\xF2\xF9\x4F\x68\x10\xAB\x91\x08\x00\x2B\x27\xB3\xD9"));
    sample_number(&set, 48, 4);
    sample_number(&set, VALUES_AT + values.length, 4);
    sample_number(&set, PROPERTIES, 4);
    for (size_t i = 0; i < PROPERTIES; i++) {
        sample_number(&set, ids[i], 4);
        sample_number(&set, VALUES_AT + at[i], 4);
    }
    buf_add(&set, buf_str(&values));

    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("test"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ole_write_properties(buf_str(&set), doc);
    Error err;
    cr_assert(doc_writer_end(doc, &err));
    doc_writer_free(doc);
    static const char *const expected[][2] = {
        { "title", "Мир" },
        { "editing_time", "60.000000" },
        { "created", "2008-05-30T15:56:01Z" },
        { "pages", "12" },
    };
    cr_assert_eq(node->blocks.count, COUNT(expected));
    for (size_t i = 0; i < COUNT(expected); i++) {
        cr_expect(str_is(node->blocks.at[i].label, expected[i][0]));
        cr_expect(str_is(node->blocks.at[i].text, expected[i][1]), STR_FMT,
                  STR_ARG(node->blocks.at[i].text));
    }
}

Test(extract, old_office_xor_undoes_itself)
{
    OleXor key;
    unsigned char bytes[40], before[40];
    cr_assert(ole_xor_open(S("abc"), &key));
    for (size_t i = 0; i < sizeof bytes; i++)
        before[i] = bytes[i] = (unsigned char)(i * 11);
    ole_xor_apply_word(&key, 5, bytes, sizeof bytes);
    cr_expect(memcmp(bytes, before, sizeof bytes) != 0);
    ole_xor_apply_word(&key, 5, bytes, sizeof bytes);
    cr_expect(memcmp(bytes, before, sizeof bytes) == 0);
    cr_expect(!ole_xor_open(STR_NONE, &key));
}

Test(extract, old_office_passwords_are_checked)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char *info = arena_alloc(arena, 52);
    info[0] = 1;
    info[2] = 1;
    OleCipher cipher;
    Error err;
    cr_expect(!ole_cipher_open((Str){ info, 52 }, S("x"), &cipher, &err));
    cr_expect_eq(err.code, ERROR_ENCRYPTED);
    cr_expect(!ole_cipher_open((Str){ info, 20 }, S("x"), &cipher, &err));
    OleRc4 rc4;
    cipher = (OleCipher){ .base_size = 5, .key_size = 16 };
    unsigned char bytes[4] = { 1, 2, 3, 4 }, again[4];
    ole_cipher_apply(&cipher, 512, 510, bytes, 4);
    ole_cipher_block(&cipher, 0, &rc4);
    ole_rc4_skip(&rc4, 510);
    memcpy(again, bytes, 4);
    ole_rc4_apply(&rc4, again, 2);
    ole_cipher_block(&cipher, 1, &rc4);
    ole_rc4_apply(&rc4, again + 2, 2);
    cr_expect(memcmp(again, "\1\2\3\4", 4) == 0);
}
