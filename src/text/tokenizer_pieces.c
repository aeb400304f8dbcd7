/* tokenizer_pieces.c - a file of SentencePiece without a tokenizer.json: which ids its pieces have,
 * and the tokens around a text.
 *
 *     sentencepiece.bpe.model   XLM-RoBERTa: <s> <pad> </s> <unk>, the pieces from the file's
 *                               fourth on, <mask>; so the file's ids are one less, as fairseq had
 *                               it. CamemBERT: five of its own, the pieces from the second on
 *     spiece.model              the file's own ids; [CLS] and [SEP], or <s> and </s>, go around
 *
 * The ids are those of the reference: of the tokenizers that `transformers` makes of the first, of
 * SentencePiece's own program for the other. */
#include "base/file.h"
#include "text/sentencepiece.h"
#include "text/tokenizer_int.h"

enum { ADDED_MAX = 8 };

/* How a family numbers the pieces of its file. */
typedef struct Layout {
    const char *class; /* how tokenizer_class of tokenizer_config.json begins */
    struct {
        const char *text;
        double score;
        bool is_special;
    } first[5];
    size_t first_count, skipped; /* pieces of the file that the first ones stand for */
    uint32_t unknown;
} Layout;

static const Layout layouts[] = {
    {
        .class = "XLMRoberta",
        .first = { { "<s>", 0, true },
                   { "<pad>", 0, true },
                   { "</s>", 0, true },
                   { "<unk>", 0, true } },
        .first_count = 4,
        .skipped = 3,
        .unknown = 3,
    },
    {
        .class = "Camembert",
        .first = { { "<s>NOTUSED", 0, false },
                   { "<pad>", 0, true },
                   { "</s>NOTUSED", 0, false },
                   { "<unk>", 0, true },
                   { "<unk>NOTUSED", -100, false } },
        .first_count = 5,
        .skipped = 1,
        .unknown = 3,
    },
};

typedef struct Numbering {
    UnigramPiece *pieces;
    size_t count;
    SpecialToken *specials;
    size_t special_count;
} Numbering;

static bool add_special(Numbering *all, Str text, size_t id, Error *err)
{
    if (all->special_count == SPECIALS_MAX)
        return fail(err, ERROR_TOO_LARGE, "more than %d special pieces", SPECIALS_MAX);
    all->specials[all->special_count++] = (SpecialToken){
        .text = text, .id = (uint32_t)id, .takes_space_before = str_is(text, "<mask>")
    };
    return true;
}

static bool add_piece(Numbering *all, Str text, double score, bool is_special, Error *err)
{
    size_t id = all->count++;
    all->pieces[id] = (UnigramPiece){ text, score };
    return !is_special || add_special(all, text, id, err);
}

/* The pieces of the file from `skipped` on. `named`: what is in a text under the name of a control
 * piece is that one. */
static bool add_file_pieces(Numbering *all, const SentencePieceModel *model, size_t skipped,
                            bool named, Error *err)
{
    for (size_t i = skipped; i < model->count; i++) {
        const SentencePiece *piece = &model->pieces[i];
        bool is_control = piece->type == PIECE_CONTROL;
        bool is_hidden = !named && (is_control || piece->type == PIECE_UNKNOWN);
        Str text = is_hidden ? STR_NONE : piece->text;
        if (!add_piece(all, text, (double)piece->score,
                       named && (is_control || piece->type == PIECE_USER), err))
            return false;
    }
    return true;
}

static bool find_special(const Numbering *all, const char *text, uint32_t *id_r)
{
    for (size_t i = 0; i < all->special_count; i++)
        if (str_is(all->specials[i].text, text)) {
            *id_r = all->specials[i].id;
            return true;
        }
    return false;
}

static bool find_control(const SentencePieceModel *model, const char *text, uint32_t *id_r)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->pieces[i].type == PIECE_CONTROL && str_is(model->pieces[i].text, text)) {
            *id_r = (uint32_t)i;
            return true;
        }
    return false;
}

static bool number_by_layout(Numbering *all, const SentencePieceModel *model, const Layout *layout,
                             Tokenizer *tokenizer, Error *err)
{
    uint32_t begin, end;
    if (model->is_bpe)
        return fail(err, ERROR_UNSUPPORTED, "%s has no BPE", layout->class);
    for (size_t i = 0; i < layout->first_count; i++)
        if (!add_piece(all, str(layout->first[i].text), layout->first[i].score,
                       layout->first[i].is_special, err))
            return false;
    if (!add_file_pieces(all, model, MIN(layout->skipped, model->count), true, err) ||
        !add_piece(all, S("<mask>"), 0, true, err))
        return false;
    if (!find_special(all, "<s>", &begin) || !find_special(all, "</s>", &end))
        return fail(err, ERROR_INVALID, "there is no <s> or </s>");
    tokenizer_frame_roberta(tokenizer, begin, end);
    return true;
}

static bool number_as_file(Numbering *all, const SentencePieceModel *model, Tokenizer *tokenizer,
                           Error *err)
{
    uint32_t begin, end;
    if (model->keeps_spaces)
        return fail(err, ERROR_UNSUPPORTED, "several spaces are not one");
    for (size_t i = 0; i < model->count; i++)
        if (model->pieces[i].type == PIECE_USER || model->pieces[i].type == PIECE_UNUSED ||
            str_find(str_from(model->pieces[i].text, 1), S("\xE2\x96\x81")) >= 0)
            return fail(err, ERROR_UNSUPPORTED,
                        "piece %zu is of the user's own, unused, or of several words", i);
    if (!add_file_pieces(all, model, 0, false, err))
        return false;
    if (find_control(model, "[CLS]", &begin) && find_control(model, "[SEP]", &end))
        tokenizer_frame_bert(tokenizer, begin, end);
    else if (find_control(model, "<s>", &begin) && find_control(model, "</s>", &end))
        tokenizer_frame_roberta(tokenizer, begin, end);
    else
        return fail(err, ERROR_UNSUPPORTED, "no pieces begin and end a text");
    return true;
}

static bool number(Numbering *all, Arena *arena, const SentencePieceModel *model,
                   const Layout *layout, Tokenizer *tokenizer, Error *err)
{
    size_t room = model->count + ADDED_MAX;
    *all = (Numbering){ .pieces = arena_new_array(arena, UnigramPiece, room),
                        .specials = arena_new_array(arena, SpecialToken, SPECIALS_MAX) };
    return layout ? number_by_layout(all, model, layout, tokenizer, err)
                  : number_as_file(all, model, tokenizer, err);
}

static bool find_layout(Str class, bool is_plain, const Layout **layout_r, Error *err)
{
    *layout_r = is_plain ? NULL : &layouts[0];
    for (size_t i = 0; i < COUNT(layouts); i++)
        if (class.length && str_starts(class, str(layouts[i].class))) {
            *layout_r = &layouts[i];
            return true;
        }
    return !class.length || str_is(class, "PreTrainedTokenizerFast") ||
           fail(err, ERROR_UNSUPPORTED, "tokenizer_class '" STR_FMT "' is not one we run",
                STR_ARG(str_slice(class, 0, 60)));
}

static bool make(Tokenizer *tokenizer, const SentencePieceModel *model, const Numbering *all,
                 const Layout *layout, Error *err)
{
    Unigram *unigram = NULL;
    UnigramOptions options = {
        .pieces = all->pieces,
        .piece_count = all->count,
        .unknown = layout ? layout->unknown : (uint32_t)model->unknown,
        .specials = all->specials,
        .special_count = all->special_count,
        .splits_words = layout != NULL,
        .as_sentencepiece = !layout,
        .has_byte_fallback = !layout && model->has_byte_fallback,
        .is_bpe = model->is_bpe,
    };
    if (model->charsmap.length && !charsmap_new(model->charsmap, &options.charsmap, err))
        return false;
    if (!unigram_new(&options, &unigram, err))
        return false;
    tokenizer->kind = model->is_bpe ? &tokenizer_piece_bpe : &tokenizer_unigram;
    tokenizer->pieces = unigram;
    return true;
}

bool tokenizer_read_pieces(Tokenizer *tokenizer, const char *path, Str class, bool is_plain,
                           Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_MAP FileMap map = { 0 };
    SentencePieceModel model;
    const Layout *layout;
    Numbering all;
    if (!file_map(path, &map, err))
        return false;
    if (map.bytes.length > SENTENCEPIECE_BYTES_MAX)
        return fail(err, ERROR_TOO_LARGE, "%s has %zu bytes", path, map.bytes.length);
    return (sentencepiece_read(map.bytes, arena, &model, err) &&
            find_layout(class, is_plain, &layout, err) &&
            number(&all, arena, &model, layout, tokenizer, err) &&
            make(tokenizer, &model, &all, layout, err)) ||
           fail_in(err, "reading %s", path);
}
