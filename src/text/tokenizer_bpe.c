/* tokenizer_bpe.c - byte-level BPE as Hugging Face keeps it: in a tokenizer.json, or as vocab.json
 * and merges.txt. */
#include "base/file.h"
#include "text/bpe.h"
#include "text/tokenizer_int.h"

#define FILE_BYTES_MAX MB(64)

/* --- Vocabularies ----------------------------------------------------------------------- */

static bool read_pieces(Arena *arena, const json_t *vocab, ByteBpeOptions *options, Error *err)
{
    const char *piece;
    json_t *id;
    size_t count = 0;
    json_object_foreach((json_t *)(uintptr_t)vocab, piece, id)
    {
        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) >= BYTE_BPE_PIECES_MAX)
            return fail(err, ERROR_INVALID, "the piece '%.40s' has a wrong id", piece);
        count = MAX(count, (size_t)json_integer_value(id) + 1);
    }
    Str *pieces = arena_new_array(arena, Str, count + 1);
    json_object_foreach((json_t *)(uintptr_t)vocab, piece, id)
    {
        Str *place = &pieces[json_integer_value(id)];
        if (place->at)
            return fail(err, ERROR_INVALID, "two pieces have the id %zu",
                        (size_t)json_integer_value(id));
        *place = str(piece);
    }
    options->pieces = pieces;
    options->piece_count = count;
    return true;
}

/* "a b" */
static bool read_pair(Str text, Str pair[2])
{
    ptrdiff_t space = str_find_char(text, ' ');
    pair[0] = str_slice(text, 0, (size_t)MAX(space, 0));
    pair[1] = str_from(text, (size_t)space + 1);
    return space > 0 && pair[1].length && str_find_char(pair[1], ' ') < 0;
}

/* Each is "a b", since 2024 also ["a", "b"]. */
static bool read_merges(Arena *arena, const json_t *merges, ByteBpeOptions *options, Error *err)
{
    size_t count = json_array_size(merges), i;
    json_t *item;
    if (!json_is_array(merges) || count > BPE_MERGES_MAX)
        return fail(err, ERROR_INVALID, "there is no list of merges");
    Str(*pairs)[2] = arena_alloc(arena, arena_array_size(sizeof *pairs, count + 1));
    json_array_foreach(merges, i, item)
    {
        bool good = json_is_string(item) && read_pair(str(json_string_value(item)), pairs[i]);
        for (size_t k = 0; k < 2 && json_array_size(item) == 2; k++)
            pairs[i][k] = str(json_string_value(json_array_get(item, k)));
        if (!good && (json_array_size(item) != 2 || !pairs[i][0].length || !pairs[i][1].length))
            return fail(err, ERROR_INVALID, "merge %zu is not a pair", i + 1);
    }
    options->merges = (const Str(*)[2])pairs;
    options->merge_count = count;
    return true;
}

static bool finish(Tokenizer *tokenizer, const ByteBpeOptions *options, Error *err)
{
    ByteBpe *bpe = NULL;
    if (!byte_bpe_new(options, &bpe, err))
        return false;
    tokenizer->kind = &tokenizer_byte_bpe;
    tokenizer->pieces = bpe;
    return true;
}

/* --- tokenizer.json --------------------------------------------------------------------- */

static bool is_empty(const json_t *json, const char *name)
{
    return !json_member_text(json, name).length;
}

/* What other tokenizers of that type do otherwise. */
static bool check_model(const json_t *model, Error *err)
{
    if (json_is_true(json_object_get(model, "byte_fallback")) ||
        json_number_value(json_object_get(model, "dropout")) > 0 ||
        !is_empty(model, "continuing_subword_prefix") || !is_empty(model, "end_of_word_suffix"))
        return fail(err, ERROR_UNSUPPORTED, "the BPE tokenizer is not of bytes, as RoBERTa's is");
    return true;
}

bool tokenizer_read_byte_bpe(Tokenizer *tokenizer, TokenizerReading *in, const json_t *model,
                             Error *err)
{
    const json_t *words = json_object_get(in->json, "pre_tokenizer");
    const json_t *normalizer = json_object_get(in->json, "normalizer");
    ByteBpeOptions options = {
        .specials = in->specials,
        .special_count = in->special_count,
        .adds_space = !json_is_false(json_object_get(words, "add_prefix_space")),
        .whole_first = json_is_true(json_object_get(model, "ignore_merges")),
    };
    if (normalizer && !json_is_null(normalizer))
        return tokenizer_unknown_part("normalisation", normalizer, err);
    if (!str_is(json_member_text(words, "type"), "ByteLevel") ||
        json_is_false(json_object_get(words, "use_regex")))
        return tokenizer_unknown_part("division into words", words, err);
    return check_model(model, err) &&
           read_pieces(in->arena, json_object_get(model, "vocab"), &options, err) &&
           read_merges(in->arena, json_object_get(model, "merges"), &options, err) &&
           finish(tokenizer, &options, err);
}

/* --- vocab.json and merges.txt ---------------------------------------------------------- */

static bool read_lines(Arena *arena, Str text, ByteBpeOptions *options, Error *err)
{
    size_t count = 0, number = 0;
    Str line, rest = text;
    while (str_next(&rest, '\n', &line))
        count++;
    if (count > BPE_MERGES_MAX)
        return fail(err, ERROR_TOO_LARGE, "there are %zu lines", count);
    Str(*pairs)[2] = arena_alloc(arena, arena_array_size(sizeof *pairs, count + 1));
    for (count = 0; str_next(&text, '\n', &line); number++) {
        if (line.length && line.at[line.length - 1] == '\r')
            line.length--;
        if (!line.length || str_starts(line, S("#version")))
            continue;
        if (!read_pair(line, pairs[count++]))
            return fail(err, ERROR_INVALID, "line %zu is not a pair", number + 1);
    }
    options->merges = (const Str(*)[2])pairs;
    options->merge_count = count;
    return true;
}

/* The tokens that the reference adds to such a vocabulary; <mask> takes the space before it. */
static bool read_specials(Tokenizer *tokenizer, const json_t *vocab, SpecialToken specials[5],
                          Error *err)
{
    static const char *const names[] = { "<s>", "<pad>", "</s>", "<unk>", "<mask>" };
    for (size_t i = 0; i < COUNT(names); i++) {
        const json_t *id = json_object_get(vocab, names[i]);
        if (!json_is_integer(id))
            return fail(err, ERROR_UNSUPPORTED, "the vocabulary has no %s, as RoBERTa's has",
                        names[i]);
        specials[i] = (SpecialToken){ .text = str(names[i]),
                                      .id = (uint32_t)json_integer_value(id),
                                      .takes_space_before = i == 4 };
    }
    tokenizer_frame_roberta(tokenizer, specials[0].id, specials[2].id);
    return true;
}

bool tokenizer_read_merges(Tokenizer *tokenizer, const char *folder, bool adds_space, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    AUTO_JSON json_t *vocab = NULL;
    const char *pieces = path_join(arena, str(folder), S("vocab.json"));
    const char *merges = path_join(arena, str(folder), S("merges.txt"));
    SpecialToken specials[5];
    ByteBpeOptions options = { .specials = specials,
                               .special_count = COUNT(specials),
                               .adds_space = adds_space };
    Str text, lines;
    if (!file_read(arena, pieces, FILE_BYTES_MAX, &text, err) ||
        !json_parse(text, FILE_BYTES_MAX, &vocab, err) ||
        !read_pieces(arena, vocab, &options, err) ||
        !read_specials(tokenizer, vocab, specials, err))
        return fail_in(err, "reading %s", pieces);
    return (file_read(arena, merges, FILE_BYTES_MAX, &lines, err) &&
            read_lines(arena, lines, &options, err) && finish(tokenizer, &options, err)) ||
           fail_in(err, "reading %s", merges);
}
