#include "text/sentencepiece.h"

#include <criterion/criterion.h>

#include "base/file.h"
#include "text/tokenizer.h"

#define MARK "\xE2\x96\x81"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(16)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(text_pieces, .init = open_arena, .fini = close_arena);

/* --- Files ------------------------------------------------------------------------------ */

typedef struct Piece {
    const char *text;
    float score;
    PieceType type;
} Piece;

static void put_varint(Buf *out, uint64_t value)
{
    for (; value >= 0x80; value >>= 7)
        buf_add_char(out, (char)(value | 0x80));
    buf_add_char(out, (char)value);
}

static void put_message(Buf *out, uint8_t number, Str bytes)
{
    put_varint(out, (uint64_t)number << 3 | 2);
    put_varint(out, bytes.length);
    buf_add(out, bytes);
}

static void put_number(Buf *out, uint8_t number, uint64_t value)
{
    put_varint(out, (uint64_t)number << 3);
    put_varint(out, value);
}

static void put_piece(Buf *out, const Piece *piece)
{
    Buf bytes = buf_new(arena, KB(1));
    put_message(&bytes, 1, str(piece->text));
    put_varint(&bytes, 2 << 3 | 5);
    buf_add_bytes(&bytes, &piece->score, sizeof piece->score);
    put_number(&bytes, 3, piece->type);
    put_message(out, 1, buf_str(&bytes));
}

static const Piece controls[] = { { "<unk>", 0, PIECE_UNKNOWN },
                                  { "<s>", 0, PIECE_CONTROL },
                                  { "</s>", 0, PIECE_CONTROL } };
static const Piece unigram[] = {
    { MARK, -2, PIECE_NORMAL },
    { MARK "water", -4, PIECE_NORMAL },
    { MARK "the", -3, PIECE_NORMAL },
    { MARK "w", -6, PIECE_NORMAL },
    { "ater", -5.5f, PIECE_NORMAL },
    { "s", -3.5f, PIECE_NORMAL },
    { MARK "pump", -5, PIECE_NORMAL },
    { "p", -7, PIECE_NORMAL },
    { "u", -7, PIECE_NORMAL },
    { "m", -7, PIECE_NORMAL },
    { "\xE6\xB0\xB4", -6, PIECE_NORMAL },
};
/* Of BPE the scores are the order of the merges; single characters come last. */
static const char *const merged[] = {
    "th",       "the",
    MARK "the", "er",
    "at",       "ater",
    MARK "w",   MARK "water",
    "um",       "ump",
    MARK "p",   MARK "pump",
    "ss",       "t",
    "h",        "e",
    "w",        "a",
    "r",        "s",
    "p",        "u",
    "m",        "i",
    "n",        "\xE6\xB0\xB4",
    MARK,
};

typedef enum Model { MODEL_UNIGRAM, MODEL_BPE, MODEL_BPE_OF_BYTES } Model;

static void put_bytes(Buf *out)
{
    for (int byte = 0; byte < 256; byte++)
        put_piece(out, &(Piece){ str_format(arena, "<0x%02X>", byte).at, 0, PIECE_BYTE });
}

/* `more` is added at the end, where a later value replaces an earlier one. */
static Str make_file(Model model, Str more)
{
    Buf out = buf_new(arena, MB(1)), trainer = buf_new(arena, KB(1));
    for (size_t i = 0; i < COUNT(controls); i++)
        put_piece(&out, &controls[i]);
    if (model == MODEL_BPE_OF_BYTES)
        put_bytes(&out);
    for (size_t i = 0; i < COUNT(unigram) && model == MODEL_UNIGRAM; i++)
        put_piece(&out, &unigram[i]);
    for (size_t i = 0; i < COUNT(merged) && model != MODEL_UNIGRAM; i++)
        put_piece(&out, &(Piece){ merged[i], -(float)i, PIECE_NORMAL });
    put_number(&trainer, 3, model == MODEL_UNIGRAM ? 1 : 2);
    put_number(&trainer, 35, model == MODEL_BPE_OF_BYTES);
    put_message(&out, 2, buf_str(&trainer));
    put_message(&out, 3, S("\x0A\x08identity"));
    buf_add(&out, more);
    return buf_str(&out);
}

static char *make_folder(const char *name, Str bytes, const char *config)
{
    Error err = { 0 };
    char *folder = str_c(arena, S("/tmp/lectern-pieces-XXXXXX"));
    cr_assert_not_null(mkdtemp(folder));
    cr_assert(file_write(path_join(arena, str(folder), str(name)), bytes, 0600, &err));
    if (config)
        cr_assert(file_write(path_join(arena, str(folder), S("tokenizer_config.json")), str(config),
                             0600, &err));
    return folder;
}

static Tokenizer *open_file(const char *name, Str bytes, const char *config)
{
    Tokenizer *tokenizer = NULL;
    Error err = { 0 };
    char *folder = make_folder(name, bytes, config);
    cr_assert(tokenizer_exists(folder));
    cr_assert(tokenizer_open(folder, &tokenizer, &err), "%s", err.message);
    cr_assert(folder_remove(folder, &err));
    return tokenizer;
}

/* --- Ids -------------------------------------------------------------------------------- */

typedef struct Case {
    const char *text;
    uint32_t ids[18];
    size_t count;
} Case;

static void check(Tokenizer *tokenizer, const Case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        uint32_t ids[24];
        size_t found = tokenizer_encode(tokenizer, str(cases[i].text), ids, COUNT(ids));
        cr_assert_eq(found, cases[i].count, "%s: %zu", cases[i].text, found);
        cr_assert_arr_eq(ids, cases[i].ids, found * sizeof *ids, "%s", cases[i].text);
        cr_assert_eq(tokenizer_count(tokenizer, str(cases[i].text)), found - 2);
    }
    tokenizer_free(tokenizer);
}

/* As transformers makes a tokenizer of the same file. */
Test(text_pieces, fairseq_numbers_the_pieces_its_own_way)
{
    static const Case xlm[] = {
        { "", { 0, 2 }, 2 },
        { "the waters", { 0, 6, 5, 9, 2 }, 5 },
        { "  pumping  the\twater ", { 0, 10, 3, 6, 5, 2 }, 6 },
        { "water\xE6\xB0\xB4pump", { 0, 5, 14, 11, 12, 13, 11, 2 }, 8 },
        { "zz\xE6\xB0\xB4 \xC3\xA9", { 0, 4, 3, 14, 4, 3, 2 }, 7 },
        { "<s>the" MARK "pump", { 0, 0, 6, 10, 2 }, 5 },
        { "sss <unk> ss", { 0, 4, 9, 9, 9, 3, 4, 9, 9, 2 }, 10 },
        { "x <mask>the", { 0, 4, 3, 15, 6, 2 }, 6 },
    };
    static const Case camembert[] = {
        { "", { 5, 6 }, 2 },
        { "the waters", { 5, 9, 8, 12, 6 }, 5 },
        { "zz\xE6\xB0\xB4 \xC3\xA9", { 5, 7, 3, 17, 7, 3, 6 }, 7 },
        { "sss <unk> ss", { 5, 7, 12, 12, 12, 3, 7, 12, 12, 6 }, 10 },
        { "x <mask>the", { 5, 7, 3, 18, 9, 6 }, 6 },
    };
    static const uint32_t pair[] = { 0, 6, 2, 2, 10, 2 };
    uint32_t ids[8];
    size_t second;
    Str file = make_file(MODEL_UNIGRAM, STR_NONE);
    Tokenizer *tokenizer = open_file("sentencepiece.bpe.model", file, NULL);
    cr_assert_str_eq(tokenizer_kind(tokenizer), "Unigram");
    cr_assert_eq(tokenizer_size(tokenizer), 16);
    cr_assert_eq(tokenizer_encode_pair(tokenizer, S("the"), S("pump"), ids, 8, &second), 6);
    cr_assert_arr_eq(ids, pair, sizeof pair);
    check(tokenizer, xlm, COUNT(xlm));
    check(
        open_file("sentencepiece.bpe.model", file, "{\"tokenizer_class\":\"CamembertTokenizer\"}"),
        camembert, COUNT(camembert));
}

/* As SentencePiece's own program has it, with <s> and </s> around. */
Test(text_pieces, a_plain_file_has_the_ids_that_are_in_it)
{
    static const Case by_unigram[] = {
        { "", { 1, 2 }, 2 },
        { "the waters", { 1, 5, 4, 8, 2 }, 5 },
        { "  pumping  the\twater ", { 1, 9, 0, 5, 0, 7, 2 }, 7 },
        { "water\xE6\xB0\xB4pump", { 1, 4, 13, 10, 11, 12, 10, 2 }, 8 },
        { "zz\xE6\xB0\xB4 \xC3\xA9", { 1, 3, 0, 13, 3, 0, 2 }, 7 },
        { "<s>the" MARK "pump", { 1, 3, 0, 8, 0, 9, 2 }, 7 },
        { "sss <unk> ss", { 1, 3, 8, 8, 8, 3, 0, 11, 0, 3, 8, 8, 2 }, 13 },
    };
    static const Case by_bpe[] = {
        { "", { 1, 2 }, 2 },
        { "the waters", { 1, 5, 10, 22, 2 }, 5 },
        { "  pumping  the\twater ", { 1, 14, 26, 27, 0, 5, 0, 19, 8, 2 }, 10 },
        { "zz\xE6\xB0\xB4 \xC3\xA9", { 1, 29, 0, 28, 29, 0, 2 }, 7 },
        { "<s>the" MARK "pump", { 1, 29, 0, 22, 0, 4, 14, 2 }, 8 },
        { "sss <unk> ss", { 1, 29, 15, 22, 29, 0, 24, 27, 0, 29, 15, 2 }, 12 },
    };
    static const Case by_bytes[] = {
        { "zz\xE6\xB0\xB4 \xC3\xA9", { 1, 285, 125, 125, 284, 285, 198, 172, 2 }, 9 },
        { "<s>the" MARK "pump", { 1, 285, 63, 278, 65, 260, 270, 2 }, 8 },
        { "pps", { 1, 269, 279, 278, 2 }, 5 },
    };
    check(open_file("spiece.model", make_file(MODEL_UNIGRAM, STR_NONE), NULL), by_unigram,
          COUNT(by_unigram));
    Tokenizer *tokenizer = open_file("spiece.model", make_file(MODEL_BPE, STR_NONE), NULL);
    cr_assert_str_eq(tokenizer_kind(tokenizer), "SentencePiece BPE");
    check(tokenizer, by_bpe, COUNT(by_bpe));
    check(open_file("spiece.model", make_file(MODEL_BPE_OF_BYTES, STR_NONE), NULL), by_bytes,
          COUNT(by_bytes));
}

/* --- Files that are wrong ----------------------------------------------------------------- */

Test(text_pieces, damaged_files_are_refused_with_a_reason)
{
    static const struct {
        Str more;
        const char *says;
    } cases[] = {
        { S_INIT("\x0A"), "ends early" },
        { S_INIT("\x0A\x05"), "ends early" },
        { S_INIT("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F"), "ends early" },
        { S_INIT("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF"), "ends early" },
        { S_INIT("\x0B"), "no known type" },
        { S_INIT("\x08\x01"), "field 1 has the wrong type" },
        { S_INIT("\x0A\x02\x08\x01"), "piece 14: field 1 has the wrong type" },
        { S_INIT("\x0A\x02\x10\x01"), "piece 14: field 2 has the wrong type" },
        { S_INIT("\x0A\x02\x18\x07"), "piece 14: its type is 7" },
        { S_INIT("\x0A\x03\x0A\x01\xFF"), "piece 14: it is not UTF-8" },
        { S_INIT("\x0A\x02\x18\x02"), "2 pieces are for what is unknown" },
        { S_INIT("\x10\x01"), "field 2 has the wrong type" },
        { S_INIT("\x12\x02\x18\x03"), "neither Unigram nor BPE" },
        { S_INIT("\x12\x03\xC0\x01\x01"), "spaces belong" },
        { S_INIT("\x1A\x02\x18\x00"), "not marked" },
        { S_INIT("\x1A\x02\x28\x00"), "not marked" },
        { S_INIT("\x1A\x02\x12\x01"), "ends early" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        SentencePieceModel model = { 0 };
        Error err = { 0 };
        cr_assert(!sentencepiece_read(make_file(MODEL_UNIGRAM, cases[i].more), arena, &model, &err),
                  "%s", cases[i].says);
        cr_assert(strstr(err.message, cases[i].says), "%s: %s", cases[i].says, err.message);
        cr_assert_null(model.pieces);
    }
}

Test(text_pieces, fields_that_are_not_known_are_passed_over)
{
    SentencePieceModel model;
    Error err = { 0 };
    Str more = S("\xF8\x3F\x05\xF9\x3F"
                 "12345678\xFA\x3F\x02hi\xFD\x3F"
                 "1234");
    cr_assert(sentencepiece_read(make_file(MODEL_BPE, more), arena, &model, &err), "%s",
              err.message);
    cr_assert_eq(model.count, COUNT(controls) + COUNT(merged));
    cr_assert(model.is_bpe && !model.has_byte_fallback && !model.keeps_spaces);
    cr_assert_eq(model.unknown, 0);
    cr_assert(str_is(model.pieces[4].text, "the") && model.pieces[4].score == -1.0f);
}

Test(text_pieces, what_would_be_nearly_right_is_refused_by_name)
{
    static const struct {
        const char *name, *config, *says;
        Model model;
        Str more;
    } cases[] = {
        { "spiece.model", "{\"tokenizer_class\":\"AlbertTokenizer\"}", "'AlbertTokenizer'",
          MODEL_UNIGRAM, S_INIT("") },
        { "sentencepiece.bpe.model", NULL, "has no BPE", MODEL_BPE, S_INIT("") },
        { "spiece.model", NULL, "several spaces", MODEL_UNIGRAM, S_INIT("\x1A\x02\x20\x00") },
        { "spiece.model", NULL, "the user's own", MODEL_UNIGRAM,
          S_INIT("\x0A\x05\x0A\x01!\x18\x04") },
        { "spiece.model", NULL, "of several words", MODEL_UNIGRAM,
          S_INIT("\x0A\x07\x0A\x05"
                 "a" MARK "b") },
        { "spiece.model", NULL, "normalisation", MODEL_UNIGRAM, S_INIT("\x1A\x03\x12\x01!") },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *folder =
            make_folder(cases[i].name, make_file(cases[i].model, cases[i].more), cases[i].config);
        Tokenizer *tokenizer = NULL;
        Error err = { 0 };
        cr_assert(!tokenizer_open(folder, &tokenizer, &err), "%s", cases[i].says);
        cr_assert(strstr(err.message, cases[i].says), "%s: %s", cases[i].says, err.message);
        cr_assert(folder_remove(folder, &err));
    }
}
