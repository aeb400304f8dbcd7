/* tokenizer_json.c - the tokenizer.json of Hugging Face's `tokenizers`, as far as sentence models
 * use it. What is not known is refused by name: a tokenizer that is nearly right makes vectors
 * that are nearly right, which nobody would see. */
#include "base/base64.h"
#include "base/file.h"
#include "base/json.h"
#include "text/tokenizer_int.h"

#define JSON_BYTES_MAX MB(64) /* that of XLM-RoBERTa, 250,002 pieces, has 17 MB */

static Str type_of(const json_t *json) { return json_member_text(json, "type"); }

bool tokenizer_unknown_part(const char *what, const json_t *part, Error *err)
{
    Str type = str_slice(type_of(part), 0, 60);
    return fail(err, ERROR_UNSUPPORTED, "the %s '" STR_FMT "' is not one we run", what,
                STR_ARG(type));
}

/* --- Normalisation ---------------------------------------------------------------------- */

static bool read_charsmap(TokenizerReading *in, const json_t *part, Error *err)
{
    Str bytes;
    if (in->unigram.charsmap)
        return fail(err, ERROR_UNSUPPORTED, "two normalisations 'Precompiled'");
    if (!base64_decode(in->arena, json_member_text(part, "precompiled_charsmap"), &bytes))
        return fail(err, ERROR_INVALID, "precompiled_charsmap is not base64");
    return !bytes.length || charsmap_new(bytes, &in->unigram.charsmap, err);
}

/* Several spaces as one: the only replacement that sentence models have. */
static bool read_replacement(TokenizerReading *in, const json_t *part, Error *err)
{
    const json_t *pattern = json_object_get(part, "pattern");
    Str regex = json_member_text(pattern, "Regex"), text = json_member_text(pattern, "String");
    Str content = json_member_text(part, "content");
    if (!str_is(regex, " {2,}") && !str_is(text, "  "))
        return tokenizer_unknown_part("normalisation", part, err);
    if (!str_is(content, " ") && !str_is(content, "\xE2\x96\x81"))
        return tokenizer_unknown_part("normalisation", part, err);
    in->unigram.joins = true;
    return true;
}

static bool read_normalizer(TokenizerReading *in, const json_t *part, Error *err)
{
    Str type = type_of(part);
    size_t i;
    json_t *item;
    if (!part || json_is_null(part))
        return true;
    if (str_is(type, "Sequence")) {
        json_array_foreach(json_object_get(part, "normalizers"), i, item)
        {
            if (str_is(type_of(item), "Sequence") || !read_normalizer(in, item, err))
                return tokenizer_unknown_part("normalisation", item, err);
        }
        return true;
    }
    if (str_is(type, "Precompiled"))
        return read_charsmap(in, part, err);
    if (str_is(type, "Replace"))
        return read_replacement(in, part, err);
    if (str_is(type, "Strip")) {
        in->unigram.strips = true;
        return true;
    }
    return tokenizer_unknown_part("normalisation", part, err);
}

static bool read_bert_normalizer(TokenizerReading *in, const json_t *part, Error *err)
{
    const json_t *accents = json_object_get(part, "strip_accents");
    if (!str_is(type_of(part), "BertNormalizer"))
        return tokenizer_unknown_part("normalisation", part, err);
    in->keeps_case = json_is_false(json_object_get(part, "lowercase"));
    if (json_is_boolean(accents) && json_is_true(accents) == in->keeps_case)
        return fail(err, ERROR_UNSUPPORTED, "strip_accents that differs from lowercase");
    return true;
}

/* --- Where words begin ------------------------------------------------------------------ */

static bool read_words(TokenizerReading *in, const json_t *part, Error *err)
{
    Str type = type_of(part);
    size_t i;
    json_t *item;
    if (str_is(type, "Sequence")) {
        json_array_foreach(json_object_get(part, "pretokenizers"), i, item)
        {
            if (str_is(type_of(item), "Sequence") || !read_words(in, item, err))
                return tokenizer_unknown_part("division into words", item, err);
        }
        return true;
    }
    if (str_is(type, "WhitespaceSplit")) {
        in->unigram.splits_words = true;
        return true;
    }
    bool known = str_is(type, "Metaspace") &&
                 str_is(json_member_text(part, "replacement"), "\xE2\x96\x81") &&
                 !json_is_false(json_object_get(part, "add_prefix_space")) &&
                 !json_is_false(json_object_get(part, "split"));
    Str scheme = json_member_text(part, "prepend_scheme");
    if (!known || (scheme.length && !str_is(scheme, "always")))
        return tokenizer_unknown_part("division into words", part, err);
    return true;
}

/* --- The tokens around a text ----------------------------------------------------------- */

static bool read_frame_item(const json_t *root, const json_t *item, Frame *frame, Error *err)
{
    const json_t *special = json_object_get(item, "SpecialToken");
    const json_t *sequence = json_object_get(item, "Sequence");
    const json_t *body = special ? special : sequence;
    const char *token = json_string_value(json_object_get(special, "id"));
    const json_t *tokens = json_object_get(root, "special_tokens");
    const json_t *ids = json_object_get(json_object_get(tokens, token ? token : ""), "ids");
    const json_t *id = json_array_get(ids, 0);
    if (frame->count == FRAME_MAX ||
        (special && (!json_is_integer(id) || json_array_size(ids) != 1)))
        return fail(err, ERROR_UNSUPPORTED, "the template of the tokens around a text");
    if (json_integer_value(json_object_get(body, "type_id")) && frame->second_type == SIZE_MAX)
        frame->second_type = frame->count;
    Str name = json_member_text(sequence, "id");
    frame->items[frame->count++] = special             ? (uint32_t)json_integer_value(id)
                                   : str_is(name, "B") ? FRAME_SECOND
                                                       : FRAME_FIRST;
    return true;
}

static bool read_frame(const json_t *root, const char *name, Frame *frame, Error *err)
{
    size_t i, first = 0, second = 0;
    json_t *item;
    *frame = (Frame){ .second_type = SIZE_MAX };
    json_array_foreach(json_object_get(root, name), i, item)
    {
        if (!read_frame_item(root, item, frame, err))
            return false;
    }
    for (i = 0; i < frame->count; i++) {
        first += frame->items[i] == FRAME_FIRST;
        second += frame->items[i] == FRAME_SECOND;
    }
    frame->second_type = MIN(frame->second_type, frame->count);
    return (first == 1 && second == str_is(str(name), "pair")) ||
           fail(err, ERROR_UNSUPPORTED, "the template of the tokens around a text");
}

/* "sep": ["</s>", 2], "cls": ["<s>", 0] */
static bool read_frame_of_roberta(Tokenizer *tokenizer, const json_t *part, bool is_bert,
                                  Error *err)
{
    const json_t *cls = json_array_get(json_object_get(part, "cls"), 1);
    const json_t *sep = json_array_get(json_object_get(part, "sep"), 1);
    if (!json_is_integer(cls) || !json_is_integer(sep))
        return fail(err, ERROR_INVALID, "the tokens around a text have no ids");
    uint32_t begin = (uint32_t)json_integer_value(cls), end = (uint32_t)json_integer_value(sep);
    (is_bert ? tokenizer_frame_bert : tokenizer_frame_roberta)(tokenizer, begin, end);
    return true;
}

static bool read_around(Tokenizer *tokenizer, const json_t *part, Error *err)
{
    Str type = type_of(part);
    if (str_is(type, "TemplateProcessing"))
        return read_frame(part, "single", &tokenizer->single, err) &&
               read_frame(part, "pair", &tokenizer->pair, err);
    if (str_is(type, "RobertaProcessing") || str_is(type, "BertProcessing"))
        return read_frame_of_roberta(tokenizer, part, str_is(type, "BertProcessing"), err);
    return tokenizer_unknown_part("post-processor", part, err);
}

/* --- Vocabularies ----------------------------------------------------------------------- */

/* As the lines of a vocab.txt. */
static bool read_wordpiece(Tokenizer *tokenizer, TokenizerReading *in, const json_t *model,
                           Error *err)
{
    const json_t *vocab = json_object_get(model, "vocab");
    size_t count = json_object_size(vocab);
    Str prefix = json_member_text(model, "continuing_subword_prefix");
    Str *lines = arena_new_array(in->arena, Str, count + 1);
    const char *piece;
    json_t *id;
    if (!str_is(prefix, "##"))
        return fail(err, ERROR_UNSUPPORTED, "pieces inside a word do not begin with ##");
    if (!read_bert_normalizer(in, json_object_get(in->json, "normalizer"), err))
        return false;
    if (!str_is(type_of(json_object_get(in->json, "pre_tokenizer")), "BertPreTokenizer"))
        return tokenizer_unknown_part("division into words",
                                      json_object_get(in->json, "pre_tokenizer"), err);
    json_object_foreach((json_t *)(uintptr_t)vocab, piece, id)
    {
        size_t at = (size_t)json_integer_value(id);
        if (!json_is_integer(id) || at >= count || strchr(piece, '\n'))
            return fail(err, ERROR_INVALID, "the vocabulary has a hole or a wrong id");
        lines[at] = str(piece);
    }
    WordPiece *wordpiece = NULL;
    if (!wordpiece_new(str_join(in->arena, lines, count, S("\n")), in->keeps_case, &wordpiece, err))
        return false;
    tokenizer->kind = &tokenizer_wordpiece;
    tokenizer->pieces = wordpiece;
    return true;
}

static bool read_pieces(TokenizerReading *in, const json_t *vocab, Error *err)
{
    size_t count = json_array_size(vocab), i;
    json_t *item;
    UnigramPiece *pieces = arena_new_array(in->arena, UnigramPiece, count + 1);
    if (!count || count > UNIGRAM_PIECES_MAX)
        return fail(err, ERROR_INVALID, "the vocabulary has %zu pieces", count);
    json_array_foreach(vocab, i, item)
    {
        const json_t *text = json_array_get(item, 0), *score = json_array_get(item, 1);
        if (!json_is_string(text) || !json_is_number(score))
            return fail(err, ERROR_INVALID, "piece %zu has no text or score", i);
        pieces[i].text = (Str){ json_string_value(text), json_string_length(text) };
        pieces[i].score = json_number_value(score);
    }
    in->unigram.pieces = pieces;
    in->unigram.piece_count = count;
    return true;
}

static bool read_added(TokenizerReading *in, Error *err)
{
    const json_t *added = json_object_get(in->json, "added_tokens");
    size_t count = json_array_size(added), i;
    json_t *item;
    SpecialToken *specials = arena_new_array(in->arena, SpecialToken, count + 1);
    if (count > SPECIALS_MAX)
        return fail(err, ERROR_INVALID, "there are %zu added tokens", count);
    json_array_foreach(added, i, item)
    {
        const json_t *id = json_object_get(item, "id");
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > UNIGRAM_PIECES_MAX)
            return fail(err, ERROR_INVALID, "added token %zu has no id", i);
        specials[i] = (SpecialToken){
            .text = json_member_text(item, "content"),
            .id = (uint32_t)json_integer_value(id),
            .takes_space_before = json_is_true(json_object_get(item, "lstrip")),
            .takes_space_after = json_is_true(json_object_get(item, "rstrip")),
        };
    }
    in->specials = specials;
    in->special_count = count;
    return true;
}

static bool read_unigram(Tokenizer *tokenizer, TokenizerReading *in, const json_t *model,
                         Error *err)
{
    const json_t *unknown = json_object_get(model, "unk_id");
    if (!json_is_integer(unknown))
        return fail(err, ERROR_UNSUPPORTED, "the vocabulary has no unknown piece");
    in->unigram.unknown = (uint32_t)json_integer_value(unknown);
    in->unigram.has_byte_fallback = json_is_true(json_object_get(model, "byte_fallback"));
    in->unigram.specials = in->specials;
    in->unigram.special_count = in->special_count;
    bool good = read_pieces(in, json_object_get(model, "vocab"), err) &&
                read_words(in, json_object_get(in->json, "pre_tokenizer"), err) &&
                read_normalizer(in, json_object_get(in->json, "normalizer"), err);
    if (!good) {
        charsmap_free(in->unigram.charsmap);
        return false;
    }
    Unigram *unigram = NULL;
    if (!unigram_new(&in->unigram, &unigram, err))
        return false;
    tokenizer->kind = &tokenizer_unigram;
    tokenizer->pieces = unigram;
    return true;
}

static bool read_model(Tokenizer *tokenizer, TokenizerReading *in, Error *err)
{
    const json_t *model = json_object_get(in->json, "model");
    /* Older files do not name the type of a Unigram model. */
    bool has_scores = json_is_array(json_object_get(model, "vocab"));
    if (!read_added(in, err))
        return false;
    if (str_is(type_of(model), "WordPiece"))
        return read_wordpiece(tokenizer, in, model, err);
    if (str_is(type_of(model), "BPE"))
        return tokenizer_read_byte_bpe(tokenizer, in, model, err);
    if (str_is(type_of(model), "Unigram") || (!type_of(model).length && has_scores))
        return read_unigram(tokenizer, in, model, err);
    return tokenizer_unknown_part("tokenizer", model, err);
}

static bool check_frame(const Tokenizer *tokenizer, const Frame *frame, Error *err)
{
    for (size_t i = 0; i < frame->count; i++)
        if (frame->items[i] < FRAME_SECOND && frame->items[i] >= tokenizer_size(tokenizer))
            return fail(err, ERROR_INVALID, "a token around a text has the id %u", frame->items[i]);
    return true;
}

bool tokenizer_read_json(Tokenizer *tokenizer, const char *path, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_JSON json_t *json = NULL;
    Str text;
    TokenizerReading in = { .arena = arena };
    bool good = file_read(arena, path, JSON_BYTES_MAX, &text, err) &&
                json_parse(text, JSON_BYTES_MAX, &json, err);
    in.json = json;
    good = good && read_model(tokenizer, &in, err) &&
           read_around(tokenizer, json_object_get(json, "post_processor"), err) &&
           check_frame(tokenizer, &tokenizer->single, err) &&
           check_frame(tokenizer, &tokenizer->pair, err);
    return good || fail_in(err, "reading %s", path);
}
