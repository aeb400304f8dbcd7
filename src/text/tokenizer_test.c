#include <criterion/criterion.h>

#include "base/file.h"
#include "text/charsmap.h"
#include "text/tokenizer.h"
#include "text/unigram.h"

#define MARK "\xE2\x96\x81"

/* The ids expected below are those of the `tokenizers` package for the same file. */
static const char unigram_file[] =
    "{\"added_tokens\":[{\"id\":0,\"content\":\"<s>\"},{\"id\":2,\"content\":\"</s>\"},"
    "{\"id\":18,\"content\":\"<mask>\",\"lstrip\":true,\"rstrip\":false}],"
    "\"normalizer\":null,"
    "\"pre_tokenizer\":{\"type\":\"Sequence\",\"pretokenizers\":[{\"type\":\"WhitespaceSplit\"},"
    "{\"type\":\"Metaspace\",\"replacement\":\"" MARK "\",\"prepend_scheme\":\"always\","
    "\"split\":true}]},"
    "\"post_processor\":{\"type\":\"TemplateProcessing\","
    "\"single\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},"
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},{\"SpecialToken\":{\"id\":\"</s>\","
    "\"type_id\":0}}],"
    "\"pair\":[{\"SpecialToken\":{\"id\":\"<s>\",\"type_id\":0}},"
    "{\"Sequence\":{\"id\":\"A\",\"type_id\":0}},"
    "{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":0}},"
    "{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":0}},"
    "{\"Sequence\":{\"id\":\"B\",\"type_id\":0}},"
    "{\"SpecialToken\":{\"id\":\"</s>\",\"type_id\":0}}],"
    "\"special_tokens\":{\"<s>\":{\"id\":\"<s>\",\"ids\":[0]},"
    "\"</s>\":{\"id\":\"</s>\",\"ids\":[2]}}},"
    "\"model\":{\"type\":\"Unigram\",\"unk_id\":3,\"byte_fallback\":false,\"vocab\":["
    "[\"<s>\",0.0],[\"<pad>\",0.0],[\"</s>\",0.0],[\"<unk>\",0.0],[\"" MARK "\",-2.0],"
    "[\"" MARK "water\",-4.0],[\"" MARK "the\",-3.0],[\"" MARK "w\",-6.0],[\"ater\",-5.5],"
    "[\"s\",-3.5],[\"" MARK "pump\",-5.0],[\"ing\",-4.5],[\"p\",-7.0],[\"u\",-7.0],"
    "[\"m\",-7.0],[\"\xE6\xB0\xB4\",-6.0],[\"" MARK "\xE6\xB0\xB4\",-6.5],"
    "[\"\xC3\xA9\",-8.0],[\"<mask>\",0.0]]}}";

static const char wordpiece_file[] =
    "{\"normalizer\":{\"type\":\"BertNormalizer\",\"lowercase\":true,\"strip_accents\":null},"
    "\"pre_tokenizer\":{\"type\":\"BertPreTokenizer\"},"
    "\"post_processor\":{\"type\":\"BertProcessing\",\"sep\":[\"[SEP]\",3],\"cls\":[\"[CLS]\",2]},"
    "\"model\":{\"type\":\"WordPiece\",\"continuing_subword_prefix\":\"##\",\"vocab\":"
    "{\"[PAD]\":0,\"[UNK]\":1,\"[CLS]\":2,\"[SEP]\":3,\"pump\":5,\"the\":4,\"##s\":6}}}";

static const char *make_folder(Arena *arena, const char *name, const char *text)
{
    Error err = { 0 };
    char *folder = str_c(arena, S("/tmp/lectern-tokenizer-XXXXXX"));
    cr_assert_not_null(mkdtemp(folder));
    cr_assert(file_write(path_join(arena, str(folder), str(name)), str(text), 0600, &err));
    return folder;
}

static void remove_folder(const char *folder)
{
    Error err = { 0 };
    cr_assert(folder_remove(folder, &err), "%s", err.message);
}

static Tokenizer *open_file(Arena *arena, const char *text)
{
    Tokenizer *tokenizer = NULL;
    Error err = { 0 };
    const char *folder = make_folder(arena, "tokenizer.json", text);
    cr_assert(tokenizer_open(folder, &tokenizer, &err), "%s", err.message);
    remove_folder(folder);
    return tokenizer;
}

Test(text, unigram_gives_the_ids_of_the_reference)
{
    static const struct {
        const char *text;
        uint32_t ids[10];
        size_t count;
    } cases[] = {
        { "", { 0, 2 }, 2 },
        { "the waters", { 0, 6, 5, 9, 2 }, 5 },
        { "  pumping  the\twater ", { 0, 10, 11, 6, 5, 2 }, 6 },
        { "water\xE6\xB0\xB4pump", { 0, 5, 15, 12, 13, 14, 12, 2 }, 8 },
        { "the zzz", { 0, 6, 4, 3, 2 }, 5 },
        { "zz\xE6\xB0\xB4 \xC3\xA9", { 0, 4, 3, 15, 4, 17, 2 }, 7 },
        { "x <mask>pump", { 0, 4, 3, 18, 10, 2 }, 6 },
        { "<s>the" MARK "pump", { 0, 0, 6, 10, 2 }, 5 },
        { "pps", { 0, 4, 12, 12, 9, 2 }, 6 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Tokenizer *tokenizer = open_file(arena, unigram_file);
    cr_assert_eq(tokenizer_size(tokenizer), 19);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t ids[16];
        size_t count = tokenizer_encode(tokenizer, str(cases[i].text), ids, COUNT(ids));
        cr_assert_eq(count, cases[i].count, "%s: %zu", cases[i].text, count);
        cr_assert_arr_eq(ids, cases[i].ids, count * sizeof *ids, "%s", cases[i].text);
        cr_assert_eq(tokenizer_count(tokenizer, str(cases[i].text)), count - 2);
    }
    tokenizer_free(tokenizer);
}

Test(text, tokens_get_those_around_a_text_once)
{
    static const struct {
        uint32_t text[6];
        size_t count, max;
        uint32_t ids[6];
        size_t length;
    } cases[] = {
        { { 6, 5 }, 2, 6, { 0, 6, 5, 2 }, 4 },
        { { 0, 6, 5, 2 }, 4, 6, { 0, 6, 5, 2 }, 4 },
        { { 0, 6, 5 }, 3, 6, { 0, 0, 6, 5, 2 }, 5 },
        { { 0, 2 }, 2, 6, { 0, 2 }, 2 },
        { { 2 }, 1, 6, { 0, 2, 2 }, 3 },
        { { 0 }, 0, 6, { 0, 2 }, 2 },
        { { 6, 5, 9, 6 }, 4, 4, { 0, 6, 5, 2 }, 4 },
        { { 0, 6, 5, 9, 6, 2 }, 6, 4, { 0, 6, 5, 2 }, 4 },
    };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Tokenizer *tokenizer = open_file(arena, unigram_file);
    for (size_t i = 0; i < COUNT(cases); i++) {
        uint32_t ids[8];
        size_t length =
            tokenizer_frame(tokenizer, cases[i].text, cases[i].count, ids, cases[i].max);
        cr_assert_eq(length, cases[i].length, "case %zu: %zu", i, length);
        cr_assert_arr_eq(ids, cases[i].ids, length * sizeof *ids, "case %zu", i);
    }
    tokenizer_free(tokenizer);
}

Test(text, tokenizer_cuts_texts_and_pairs)
{
    static const uint32_t pair[] = { 0, 6, 5, 2, 2, 10, 9, 2 };
    static const uint32_t cut[] = { 0, 6, 5, 2, 2, 10, 10, 2 };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Tokenizer *tokenizer = open_file(arena, unigram_file);
    uint32_t ids[16];
    size_t second;
    cr_assert_eq(tokenizer_encode(tokenizer, S("the water pump"), ids, 4), 4);
    cr_assert_eq(ids[3], 2, "the end stays when a text is cut");
    size_t count =
        tokenizer_encode_pair(tokenizer, S("the water"), S("pumps"), ids, COUNT(ids), &second);
    cr_assert_eq(count, COUNT(pair));
    cr_assert_arr_eq(ids, pair, sizeof pair);
    cr_assert_eq(second, count, "this family has no kinds of tokens");
    count =
        tokenizer_encode_pair(tokenizer, S("the water"), S("pump pump pump pump"), ids, 8, &second);
    cr_assert_eq(count, COUNT(cut), "%zu", count);
    cr_assert_arr_eq(ids, cut, sizeof cut);
    tokenizer_free(tokenizer);
}

Test(text, wordpiece_is_read_from_tokenizer_json)
{
    static const uint32_t expected[] = { 2, 4, 5, 6, 3, 5, 3 };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Tokenizer *tokenizer = open_file(arena, wordpiece_file);
    uint32_t ids[16];
    size_t second;
    size_t count =
        tokenizer_encode_pair(tokenizer, S("The PUMPS"), S("pump"), ids, COUNT(ids), &second);
    cr_assert_eq(count, COUNT(expected));
    cr_assert_arr_eq(ids, expected, sizeof expected);
    cr_assert_eq(second, 5);
    tokenizer_free(tokenizer);
}

Test(text, a_tokenizer_that_is_not_known_is_refused_by_name)
{
    static const struct {
        const char *from, *to, *says;
    } cases[] = {
        { "\"Unigram\"", "\"WordLevel\"", "'WordLevel'" },
        { "\"WhitespaceSplit\"", "\"ByteLevel\"", "'ByteLevel'" },
        { "\"normalizer\":null", "\"normalizer\":{\"type\":\"Prepend\"}", "'Prepend'" },
        { "\"TemplateProcessing\"", "\"Other\"", "'Other'" },
        { "\"ids\":[2]", "\"ids\":[99]", "99" },
        { "\"unk_id\":3", "\"unk_id\":30", "30" },
        { "[\"s\",-3.5]", "[\"s\"]", "piece 9" },
        { "\"always\"", "\"never\"", "'Metaspace'" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        Str file = S(unigram_file);
        ptrdiff_t at = str_find(file, str(cases[i].from));
        cr_assert_geq(at, 0, "%s", cases[i].from);
        Str text =
            str_format(arena, STR_FMT "%s" STR_FMT, STR_ARG(str_slice(file, 0, (size_t)at)),
                       cases[i].to, STR_ARG(str_from(file, (size_t)at + strlen(cases[i].from))));
        const char *folder = make_folder(arena, "tokenizer.json", text.at);
        Tokenizer *tokenizer = NULL;
        Error err = { 0 };
        cr_assert(!tokenizer_open(folder, &tokenizer, &err), "%s", cases[i].to);
        cr_assert_geq(str_find(str(err.message), str(cases[i].says)), 0, "%s", err.message);
        remove_folder(folder);
    }
}

/* A trie of one entry, "A" to "bb": the root's children begin at 256, A's own at 0x300. */
static Str charsmap_bytes(Arena *arena, uint32_t target)
{
    static uint32_t units[0x400];
    uint32_t size = sizeof units;
    Buf out = buf_new(arena, KB(8));
    memset(units, 0, sizeof units);
    units[0] = 256u << 10;
    units[256 ^ 'A'] = 'A' | 1u << 8 | (uint32_t)((256 ^ 'A') ^ 0x300) << 10;
    units[0x300] = target | 1u << 31;
    buf_add_bytes(&out, &size, sizeof size);
    buf_add_bytes(&out, units, sizeof units);
    buf_add_bytes(&out, "\0bb", 4);
    return buf_str(&out);
}

Test(text, a_charsmap_replaces_what_its_trie_has)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Charsmap *map = NULL;
    Error err = { 0 };
    Buf out = buf_new(arena, KB(1));
    cr_assert(charsmap_new(charsmap_bytes(arena, 1), &map, &err), "%s", err.message);
    charsmap_apply(map,
                   S("xAy\r\nA\xCC\x81 \xF0\x9F\x98\x80"
                     "A"),
                   &out);
    /* With its accent, A is a grapheme whose shortest prefix in the trie stands for all of it. */
    cr_assert(str_is(buf_str(&out), "xbby\r\nbb \xF0\x9F\x98\x80"
                                    "bb"),
              "%s", buf_c(&out));
    /* So has it with a mark that is newer than ICU; a line's end takes none. */
    out.length = 0;
    charsmap_apply(map,
                   S("A\xE1\xAB\xA2"
                     "A \n\xE1\xAB\xA2"),
                   &out);
    cr_assert(str_is(buf_str(&out), "bbbb \n\xE1\xAB\xA2"), "%s", buf_c(&out));
    charsmap_free(map);
}

Test(text, a_damaged_charsmap_is_refused_or_does_nothing)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Str good = charsmap_bytes(arena, 1000);
    Charsmap *map = NULL;
    Error err = { 0 };
    for (size_t length = 0; length < 4100; length += 100) {
        cr_assert(!charsmap_new(str_slice(good, 0, MIN(length, 4099)), &map, &err));
        cr_assert_eq(err.code, ERROR_INVALID);
    }
    Buf out = buf_new(arena, KB(1));
    cr_assert(charsmap_new(good, &map, &err));
    charsmap_apply(map, S("A"), &out);
    cr_assert(str_is(buf_str(&out), "A"), "a replacement outside the texts is none");
    charsmap_free(map);
}

/* MPNet's vocabulary has [CLS], but its texts begin with <s>: vocab.txt alone would be wrong. */
Test(text, a_vocabulary_whose_texts_begin_otherwise_gives_way_to_tokenizer_json)
{
    static const char *const names[] = { "\"<s>\"", "{\"content\":\"<s>\"}" };
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    const char *folder = make_folder(arena, "vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\npump\n");
    for (size_t i = 0; i < COUNT(names); i++) {
        Tokenizer *tokenizer = NULL;
        Error err = { 0 };
        Str config = str_format(arena, "{\"cls_token\":%s}", names[i]);
        char *path = path_join(arena, str(folder), S("tokenizer_config.json"));
        cr_assert(file_write(path, config, 0600, &err));
        cr_assert_not(tokenizer_open(folder, &tokenizer, &err));
        cr_assert(strstr(err.message, "tokenizer.json"), "%s", err.message);
    }
    Tokenizer *tokenizer = NULL;
    Error err = { 0 };
    uint32_t ids[8];
    char *path = path_join(arena, str(folder), S("tokenizer.json"));
    cr_assert(file_write(path, str(unigram_file), 0600, &err));
    cr_assert(tokenizer_open(folder, &tokenizer, &err), "%s", err.message);
    cr_assert_eq(tokenizer_encode(tokenizer, S("the"), ids, COUNT(ids)), 3);
    cr_assert_eq(ids[0], 0, "<s>");
    tokenizer_free(tokenizer);
    remove_folder(folder);
}
