#include "text/byte_bpe.h"

#include <criterion/criterion.h>

#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "text/bpe.h"
#include "text/tokenizer.h"

#define SPACE "\xC4\xA0" /* how vocabularies write it */

enum { FIRST_BYTE = 5, FIRST_MERGED = FIRST_BYTE + 256 };

static const char *const special_names[] = { "<s>", "<pad>", "</s>", "<unk>", "<mask>" };
static const Str merges[][2] = {
    { S_INIT("t"), S_INIT("h") },         { S_INIT("th"), S_INIT("e") },
    { S_INIT(SPACE), S_INIT("the") },     { S_INIT(SPACE), S_INIT("p") },
    { S_INIT("u"), S_INIT("m") },         { S_INIT("um"), S_INIT("p") },
    { S_INIT(SPACE "p"), S_INIT("ump") }, { S_INIT(SPACE), S_INIT("w") },
    { S_INIT("a"), S_INIT("t") },         { S_INIT("e"), S_INIT("r") },
    { S_INIT("at"), S_INIT("er") },       { S_INIT(SPACE "w"), S_INIT("ater") },
    { S_INIT("'"), S_INIT("s") },         { S_INIT("\xC3\x83"), S_INIT("\xC2\xA9") },
    { S_INIT("a"), S_INIT("a") },         { S_INIT("aa"), S_INIT("aa") },
};

static Arena *arena;
static Str pieces[FIRST_MERGED + COUNT(merges) + 1];
static SpecialToken specials[COUNT(special_names)];

/* The special names, the bytes, what the merges make, and "water", which they never make. */
static void open_all(void)
{
    uint32_t next = 256;
    arena = arena_new(MB(16));
    for (uint32_t i = 0; i < COUNT(special_names); i++) {
        pieces[i] = str(special_names[i]);
        specials[i] = (SpecialToken){ .text = pieces[i], .id = i, .takes_space_before = i == 4 };
    }
    for (uint32_t byte = 0; byte < 256; byte++) {
        char letter[4];
        bool is_printable = byte > 32 && byte != 0xAD && (byte < 127 || byte > 160);
        size_t size = utf8_encode(is_printable ? byte : next++, letter);
        pieces[FIRST_BYTE + byte] = str_copy(arena, (Str){ letter, size });
    }
    for (size_t i = 0; i < COUNT(merges); i++)
        pieces[FIRST_MERGED + i] = str_join(arena, merges[i], 2, S(""));
    pieces[FIRST_MERGED + COUNT(merges)] = S("water");
}

static void close_all(void) { arena_free(arena); }
TestSuite(text_bytes, .init = open_all, .fini = close_all);

static ByteBpeOptions usual(void)
{
    return (ByteBpeOptions){ .pieces = pieces,
                             .piece_count = COUNT(pieces),
                             .merges = merges,
                             .merge_count = COUNT(merges),
                             .specials = specials,
                             .special_count = COUNT(specials) };
}

static ByteBpe *make(const ByteBpeOptions *options)
{
    ByteBpe *bpe = NULL;
    Error err = { 0 };
    cr_assert(byte_bpe_new(options, &bpe, &err), "%s", err.message);
    return bpe;
}

/* The ids expected below are those of the `tokenizers` package for the same vocabulary. */
Test(text_bytes, ids_are_those_of_the_reference)
{
    static const struct {
        Str text;
        uint32_t ids[14];
        size_t count;
    } cases[] = {
        { S_INIT(""), { 0 }, 0 },
        { S_INIT(" "), { 37 }, 1 },
        { S_INIT("the pump"), { 262, 267 }, 2 },
        { S_INIT("thethe  the"), { 262, 262, 37, 263 }, 4 },
        { S_INIT("water waters"), { 124, 271, 272, 120 }, 4 },
        { S_INIT("it's 's'"), { 110, 121, 273, 37, 44, 120, 44 }, 7 },
        { S_INIT("\xC3\xA9 \xC3\xA9"
                 "e"),
          { 274, 37, 274, 106 },
          4 },
        { S_INIT("aaaaa aaaaaaaa"), { 276, 102, 37, 276, 276 }, 5 },
        { S_INIT("a\n\n the\t"), { 102, 15, 15, 263, 14 }, 5 },
        { S_INIT("  "), { 37, 37 }, 2 },
        { S_INIT("\xE6\xB0\xB4"
                 "1\xC2\xB2"),
          { 235, 181, 185, 54, 199, 183 },
          6 },
        { S_INIT("x <mask>the<s>"), { 125, 4, 262, 0 }, 4 },
        { S_INIT(" p\xE3\x80\x80\xE3\x80\x80w \xF0\x91\x8F\x91"
                 "a"),
          { 264, 232, 133, 133, 232, 133, 133, 124, 37, 245, 150, 148, 150, 102 },
          14 },
    };
    ByteBpeOptions options = usual();
    ByteBpe *bpe = make(&options);
    cr_assert_eq(byte_bpe_size(bpe), COUNT(pieces));
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t ids[16];
        size_t count = byte_bpe_encode(bpe, cases[i].text, ids, COUNT(ids));
        cr_assert_eq(count, cases[i].count, STR_FMT ": %zu", STR_ARG(cases[i].text), count);
        cr_assert_arr_eq(ids, cases[i].ids, count * sizeof *ids, STR_FMT, STR_ARG(cases[i].text));
        cr_assert_eq(byte_bpe_encode(bpe, cases[i].text, NULL, SIZE_MAX), count);
        cr_assert_eq(byte_bpe_encode(bpe, cases[i].text, ids, 2), MIN(count, (size_t)2));
    }
    byte_bpe_free(bpe);
}

Test(text_bytes, whole_words_and_first_spaces_are_as_the_vocabulary_says)
{
    static const uint32_t expected[] = { 263, 267, 0, 263 };
    uint32_t ids[8];
    ByteBpeOptions options = usual();
    options.whole_first = true;
    ByteBpe *bpe = make(&options);
    cr_assert_eq(byte_bpe_encode(bpe, S("water"), ids, COUNT(ids)), 1);
    cr_assert_eq(ids[0], COUNT(pieces) - 1);
    byte_bpe_free(bpe);
    options = usual();
    options.adds_space = true;
    bpe = make(&options);
    cr_assert_eq(byte_bpe_encode(bpe, S("the pump<s> the"), ids, COUNT(ids)), COUNT(expected));
    cr_assert_arr_eq(ids, expected, sizeof expected);
    cr_assert_eq(byte_bpe_encode(bpe, S("the pump<s>the"), ids, COUNT(ids)), COUNT(expected));
    cr_assert_arr_eq(ids, expected, sizeof expected);
    byte_bpe_free(bpe);
}

/* --- Merging beside its definition -------------------------------------------------------- */

/* One merge after another, each the best of all pairs that are there. */
static size_t merge_plainly(const BpeMerge *list, size_t list_count, uint32_t *symbols,
                            size_t count)
{
    for (;;) {
        const BpeMerge *best = NULL;
        size_t place = 0;
        for (size_t i = 0; i + 1 < count; i++)
            for (size_t k = 0; k < list_count; k++)
                if (list[k].left == symbols[i] && list[k].right == symbols[i + 1] &&
                    (!best || list[k].rank < best->rank)) {
                    best = &list[k];
                    place = i;
                }
        if (!best)
            return count;
        symbols[place] = best->merged;
        memmove(symbols + place + 1, symbols + place + 2, (count - place - 2) * sizeof *symbols);
        count--;
    }
}

Test(text_bytes, merging_is_what_its_definition_says)
{
    enum { LETTERS = 3, MERGES = 12, LENGTH = 40 };
    uint32_t chance = 1;
    BpeRoom room = { 0 };
    for (int round = 0; round < 2000; round++) {
        BpeMerge list[MERGES];
        uint32_t fast[LENGTH], plain[LENGTH];
        size_t length = 1 + (size_t)round % LENGTH;
        Bpe *bpe = NULL;
        Error err = { 0 };
        for (uint32_t i = 0; i < MERGES; i++) {
            chance = chance * 1664525 + 1013904223;
            uint32_t known = LETTERS + i;
            list[i] = (BpeMerge){ (chance >> 8) % known, (chance >> 20) % known, known, i };
            for (uint32_t k = 0; k < i; k++) /* a pair is there once */
                if (list[k].left == list[i].left && list[k].right == list[i].right)
                    list[i].left = list[i].right = known + MERGES;
        }
        for (size_t i = 0; i < length; i++) {
            chance = chance * 1664525 + 1013904223;
            fast[i] = plain[i] = (chance >> 16) % LETTERS;
        }
        cr_assert(bpe_new(list, MERGES, &bpe, &err));
        size_t count = bpe_merge(bpe, &room, fast, length);
        cr_assert_eq(count, merge_plainly(list, MERGES, plain, length), "round %d", round);
        cr_assert_arr_eq(fast, plain, count * sizeof *fast, "round %d", round);
        bpe_free(bpe);
    }
    bpe_room_free(&room);
}

Test(text_bytes, an_endless_word_takes_no_endless_time)
{
    ByteBpeOptions options = usual();
    ByteBpe *bpe = make(&options);
    size_t length = MB(2);
    char *text = arena_alloc(arena, length);
    memset(text, 'a', length);
    cr_assert_eq(byte_bpe_encode(bpe, (Str){ text, length }, NULL, SIZE_MAX), length / 4);
    byte_bpe_free(bpe);
}

/* --- Vocabularies that are wrong ---------------------------------------------------------- */

Test(text_bytes, what_a_vocabulary_lacks_is_named)
{
    static const Str unknown[][2] = { { S_INIT("t"), S_INIT("zz") } };
    static const Str unmade[][2] = { { S_INIT("t"), S_INIT("u") } };
    ByteBpeOptions cases[] = { usual(), usual(), usual(), usual(), usual() };
    static const char *const says[] = { "byte 0xFA", "merge 1", "merge 1", "piece 1 is there twice",
                                        "0 pieces" };
    Str *twice = arena_new_array(arena, Str, COUNT(pieces));
    memcpy(twice, pieces, sizeof pieces);
    twice[1] = twice[0];
    cases[0].piece_count = FIRST_BYTE + 0xFA;
    cases[1].merges = unknown;
    cases[1].merge_count = 1;
    cases[2].merges = unmade;
    cases[2].merge_count = 1;
    cases[3].pieces = twice;
    cases[4].piece_count = 0;
    for (size_t i = 0; i < COUNT(cases); i++) {
        ByteBpe *bpe = NULL;
        Error err = { 0 };
        cr_assert(!byte_bpe_new(&cases[i], &bpe, &err), "%s", says[i]);
        cr_assert(strstr(err.message, says[i]), "%s: %s", says[i], err.message);
    }
}

/* --- Folders ------------------------------------------------------------------------------ */

static void put_vocabulary(Buf *out)
{
    buf_add(out, S("{"));
    for (size_t i = 0; i < COUNT(pieces); i++) {
        buf_add(out, i ? S(",") : S(""));
        json_quote(out, pieces[i]);
        buf_addf(out, ":%zu", i);
    }
    buf_add(out, S("}"));
}

static Str tokenizer_file(bool merges_are_pairs, Str words)
{
    Buf out = buf_new(arena, MB(1));
    buf_addf(&out,
             "{\"added_tokens\":[{\"id\":4,\"content\":\"<mask>\",\"lstrip\":true}],"
             "\"normalizer\":null,\"pre_tokenizer\":" STR_FMT ",\"post_processor\":"
             "{\"type\":\"RobertaProcessing\",\"sep\":[\"</s>\",2],\"cls\":[\"<s>\",0]},"
             "\"model\":{\"type\":\"BPE\",\"dropout\":null,\"continuing_subword_prefix\":\"\","
             "\"end_of_word_suffix\":\"\",\"merges\":[",
             STR_ARG(words));
    for (size_t i = 0; i < COUNT(merges); i++)
        buf_addf(&out,
                 merges_are_pairs ? "%s[\"" STR_FMT "\",\"" STR_FMT "\"]"
                                  : "%s\"" STR_FMT " " STR_FMT "\"",
                 i ? "," : "", STR_ARG(merges[i][0]), STR_ARG(merges[i][1]));
    buf_add(&out, S("],\"vocab\":"));
    put_vocabulary(&out);
    buf_add(&out, S("}}"));
    return buf_str(&out);
}

static char *make_folder(void)
{
    char *folder = str_c(arena, S("/tmp/lectern-bytes-XXXXXX"));
    cr_assert_not_null(mkdtemp(folder));
    return folder;
}

static void put_file(const char *folder, const char *name, Str text)
{
    Error err = { 0 };
    cr_assert(file_write(path_join(arena, str(folder), str(name)), text, 0600, &err));
}

static void check_folder(const char *folder, const uint32_t *expected, size_t count)
{
    Tokenizer *tokenizer = NULL;
    Error err = { 0 };
    uint32_t ids[16];
    size_t second;
    cr_assert(tokenizer_open(folder, &tokenizer, &err), "%s", err.message);
    cr_assert_str_eq(tokenizer_kind(tokenizer), "byte-level BPE");
    cr_assert_eq(tokenizer_size(tokenizer), COUNT(pieces));
    cr_assert_eq(tokenizer_encode(tokenizer, S("the pump <mask>"), ids, COUNT(ids)), count);
    cr_assert_arr_eq(ids, expected, count * sizeof *ids);
    cr_assert_eq(tokenizer_encode_pair(tokenizer, S("the"), S(" pump"), ids, COUNT(ids), &second),
                 6);
    cr_assert(ids[2] == 2 && ids[3] == 2 && ids[5] == 2, "<s> A </s> </s> B </s>");
    tokenizer_free(tokenizer);
    cr_assert(folder_remove(folder, &err));
}

static const Str plain_words = S_INIT("{\"type\":\"ByteLevel\",\"add_prefix_space\":false}");

Test(text_bytes, a_tokenizer_json_and_two_files_are_read_alike)
{
    static const uint32_t expected[] = { 0, 262, 267, 4, 2 };
    for (int pairs = 0; pairs < 2; pairs++) {
        char *folder = make_folder();
        put_file(folder, "tokenizer.json", tokenizer_file(pairs, plain_words));
        check_folder(folder, expected, COUNT(expected));
    }
    char *folder = make_folder();
    Buf vocab = buf_new(arena, MB(1)), lines = buf_new(arena, MB(1));
    put_vocabulary(&vocab);
    buf_add(&lines, S("#version: 0.2\n"));
    for (size_t i = 0; i < COUNT(merges); i++)
        buf_addf(&lines, STR_FMT " " STR_FMT "\n", STR_ARG(merges[i][0]), STR_ARG(merges[i][1]));
    put_file(folder, "vocab.json", buf_str(&vocab));
    cr_assert_not(tokenizer_exists(folder), "merges.txt is missing");
    put_file(folder, "merges.txt", buf_str(&lines));
    cr_assert(tokenizer_exists(folder));
    check_folder(folder, expected, COUNT(expected));
}

Test(text_bytes, the_first_space_is_as_the_folder_says)
{
    static const uint32_t expected[] = { 0, 263, 267, 4, 2 };
    char *folder = make_folder();
    put_file(folder, "tokenizer.json", tokenizer_file(false, S("{\"type\":\"ByteLevel\"}")));
    check_folder(folder, expected, COUNT(expected));
}

Test(text_bytes, other_tokenizers_of_that_type_are_refused_by_name)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        { "\"ByteLevel\"", "\"Metaspace\"", "'Metaspace'" },
        { "\"normalizer\":null", "\"normalizer\":{\"type\":\"NFC\"}", "'NFC'" },
        { "\"end_of_word_suffix\":\"\"", "\"end_of_word_suffix\":\"</w>\"", "not of bytes" },
        { "\"dropout\":null", "\"dropout\":0.1", "not of bytes" },
        { "\"dropout\":null", "\"byte_fallback\":true", "not of bytes" },
        { "\"t h\"", "\"t  h\"", "merge 1 is not a pair" },
        { "\"t h\"", "[\"t\"]", "merge 1 is not a pair" },
        { "\"t h\"", "7", "merge 1 is not a pair" },
        { "\"t h\"", "\"t zz\"", "merge 1 is of pieces" },
        { "\"<pad>\":1,", "\"<pad>\":0,", "two pieces have the id 0" },
        { "\"<pad>\":1,", "\"<pad>\":-1,", "wrong id" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str file = tokenizer_file(false, plain_words), from = str(cases[i].from);
        ptrdiff_t at = str_find(file, from);
        cr_assert_geq(at, 0, "%s", cases[i].from);
        Str parts[] = { str_slice(file, 0, (size_t)at), str(cases[i].to),
                        str_from(file, (size_t)at + from.length) };
        char *folder = make_folder();
        Tokenizer *tokenizer = NULL;
        Error err = { 0 };
        put_file(folder, "tokenizer.json", str_join(arena, parts, COUNT(parts), S("")));
        cr_assert(!tokenizer_open(folder, &tokenizer, &err), "%s", cases[i].to);
        cr_assert(strstr(err.message, cases[i].says), "%s: %s", cases[i].to, err.message);
        cr_assert(folder_remove(folder, &err));
    }
}
