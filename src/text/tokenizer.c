#include "text/tokenizer.h"

#include "base/file.h"
#include "base/json.h"
#include "text/tokenizer_int.h"

#define CONFIG_BYTES_MAX MB(1)

void tokenizer_frame_bert(Tokenizer *tokenizer, uint32_t begin, uint32_t end)
{
    tokenizer->single = (Frame){ { begin, FRAME_FIRST, end }, 3, 3 };
    tokenizer->pair = (Frame){ { begin, FRAME_FIRST, end, FRAME_SECOND, end }, 5, 3 };
}

void tokenizer_frame_roberta(Tokenizer *tokenizer, uint32_t begin, uint32_t end)
{
    tokenizer->single = (Frame){ { begin, FRAME_FIRST, end }, 3, 3 };
    tokenizer->pair = (Frame){ { begin, FRAME_FIRST, end, end, FRAME_SECOND, end }, 6, 6 };
}

/* --- Kinds ------------------------------------------------------------------------------ */

/* WordPiece puts [CLS] and [SEP] around its ids; here the frames do. */
static size_t encode_wordpiece(const void *pieces, Str text, uint32_t *ids, size_t max)
{
    if (!ids)
        return MIN(wordpiece_count(pieces, text), max);
    AUTO_FREE WordPieceToken *tokens = heap_alloc((max + 2) * sizeof *tokens);
    size_t count = wordpiece_encode(pieces, text, tokens, max + 2) - 2;
    for (size_t i = 0; i < count; i++)
        ids[i] = tokens[i + 1].id;
    return count;
}

static size_t encode_unigram(const void *pieces, Str text, uint32_t *ids, size_t max)
{
    return unigram_encode(pieces, text, ids, max);
}

static size_t encode_byte_bpe(const void *pieces, Str text, uint32_t *ids, size_t max)
{
    return byte_bpe_encode(pieces, text, ids, max);
}

static size_t size_of_wordpiece(const void *pieces) { return wordpiece_size(pieces); }
static size_t size_of_unigram(const void *pieces) { return unigram_size(pieces); }
static size_t size_of_byte_bpe(const void *pieces) { return byte_bpe_size(pieces); }
static void free_wordpiece(void *pieces) { wordpiece_free(pieces); }
static void free_unigram(void *pieces) { unigram_free(pieces); }
static void free_byte_bpe(void *pieces) { byte_bpe_free(pieces); }

const TokenizerKind tokenizer_wordpiece = {
    .name = "WordPiece",
    .encode = encode_wordpiece,
    .size = size_of_wordpiece,
    .free = free_wordpiece,
};

const TokenizerKind tokenizer_unigram = {
    .name = "Unigram",
    .encode = encode_unigram,
    .size = size_of_unigram,
    .free = free_unigram,
};

const TokenizerKind tokenizer_piece_bpe = {
    .name = "SentencePiece BPE",
    .encode = encode_unigram,
    .size = size_of_unigram,
    .free = free_unigram,
};

const TokenizerKind tokenizer_byte_bpe = {
    .name = "byte-level BPE",
    .encode = encode_byte_bpe,
    .size = size_of_byte_bpe,
    .free = free_byte_bpe,
};

/* --- Opening ---------------------------------------------------------------------------- */

/* Of tokenizer_config.json. */
typedef struct Config {
    bool keeps_case;
    bool has_other_ends; /* than [CLS]: MPNet's vocabulary has that too and does not use it */
    bool adds_space;     /* before a text, of byte-level BPE */
    char class[64];      /* tokenizer_class */
} Config;

static bool has_other_ends(const json_t *json)
{
    const json_t *begin = json_object_get(json, "cls_token");
    Str name = json_is_object(begin) ? json_member_text(begin, "content")
                                     : json_member_text(json, "cls_token");
    return name.length && !str_is(name, "[CLS]");
}

/* The file's tree, NULL when there is no such file. */
static bool read_json(Arena *arena, const char *folder, const char *name, json_t **json_r,
                      Error *err)
{
    Str text;
    char *path = path_join(arena, str(folder), str(name));
    return !file_exists(path) ||
           (file_read(arena, path, CONFIG_BYTES_MAX, &text, err) &&
            (json_parse(text, CONFIG_BYTES_MAX, json_r, err) || fail_in(err, "reading %s", path)));
}

static bool read_config(const char *folder, Config *config_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    AUTO_JSON json_t *own = NULL, *model = NULL;
    if (!read_json(arena, folder, "tokenizer_config.json", &own, err) ||
        !read_json(arena, folder, "config.json", &model, err))
        return false;
    Str class = json_member_text(own, "tokenizer_class");
    /* Older folders do not name it; the type of the model does. */
    if (!class.length && str_is(json_member_text(model, "model_type"), "camembert"))
        class = S("Camembert");
    *config_r = (Config){ .keeps_case = json_is_false(json_object_get(own, "do_lower_case")),
                          .has_other_ends = has_other_ends(own),
                          .adds_space = json_is_true(json_object_get(own, "add_prefix_space")) };
    snprintf(config_r->class, sizeof config_r->class, STR_FMT, STR_ARG(class));
    return true;
}

static bool open_vocab(Tokenizer *tokenizer, const Config *config, const char *path, Error *err)
{
    WordPieceToken ends[2];
    if (config->has_other_ends)
        return fail(err, ERROR_UNSUPPORTED,
                    "%s: texts do not begin with [CLS] here; the folder needs its tokenizer.json",
                    path);
    WordPiece *wordpiece;
    if (!wordpiece_open(path, config->keeps_case, &wordpiece, err))
        return false;
    tokenizer->kind = &tokenizer_wordpiece;
    tokenizer->pieces = wordpiece;
    (void)wordpiece_encode(wordpiece, S(""), ends, COUNT(ends));
    tokenizer_frame_bert(tokenizer, ends[0].id, ends[1].id);
    return true;
}

#define PIECES_OF_FAIRSEQ "sentencepiece.bpe.model"
#define PIECES "spiece.model"

/* Where a folder may have its tokenizer, the first of them counts. */
typedef enum Source {
    SOURCE_NONE,
    SOURCE_VOCAB,
    SOURCE_JSON,
    SOURCE_MERGES,
    SOURCE_PIECES_OF_FAIRSEQ,
    SOURCE_PIECES
} Source;

static bool has(Arena *arena, const char *folder, const char *name)
{
    return file_exists(path_join(arena, str(folder), str(name)));
}

static Source find_source(Arena *arena, const char *folder, bool has_other_ends)
{
    bool has_vocab = has(arena, folder, "vocab.txt");
    if (has(arena, folder, "tokenizer.json") && (!has_vocab || has_other_ends))
        return SOURCE_JSON;
    if (has_vocab)
        return SOURCE_VOCAB;
    if (has(arena, folder, "vocab.json") && has(arena, folder, "merges.txt"))
        return SOURCE_MERGES;
    if (has(arena, folder, PIECES_OF_FAIRSEQ))
        return SOURCE_PIECES_OF_FAIRSEQ;
    if (has(arena, folder, PIECES))
        return SOURCE_PIECES;
    return SOURCE_NONE;
}

bool tokenizer_exists(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    return find_source(arena, folder, false) != SOURCE_NONE;
}

static bool read_source(Tokenizer *tokenizer, Arena *arena, const char *folder, Error *err)
{
    Config config;
    if (!read_config(folder, &config, err))
        return false;
    switch (find_source(arena, folder, config.has_other_ends)) {
    case SOURCE_VOCAB:
        return open_vocab(tokenizer, &config, path_join(arena, str(folder), S("vocab.txt")), err);
    case SOURCE_JSON:
        return tokenizer_read_json(tokenizer, path_join(arena, str(folder), S("tokenizer.json")),
                                   err);
    case SOURCE_MERGES: return tokenizer_read_merges(tokenizer, folder, config.adds_space, err);
    case SOURCE_PIECES_OF_FAIRSEQ:
        return tokenizer_read_pieces(tokenizer, path_join(arena, str(folder), S(PIECES_OF_FAIRSEQ)),
                                     str(config.class), false, err);
    case SOURCE_PIECES:
        return tokenizer_read_pieces(tokenizer, path_join(arena, str(folder), S(PIECES)),
                                     str(config.class), true, err);
    case SOURCE_NONE: break;
    }
    return fail(err, ERROR_NOT_FOUND, "'%s' has no tokenizer", folder);
}

bool tokenizer_open(const char *folder, Tokenizer **tokenizer_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Tokenizer *tokenizer = heap_alloc(sizeof *tokenizer);
    if (!read_source(tokenizer, arena, folder, err)) {
        tokenizer_free(tokenizer);
        return false;
    }
    *tokenizer_r = tokenizer;
    return true;
}

void tokenizer_free(Tokenizer *tokenizer)
{
    if (!tokenizer)
        return;
    if (tokenizer->kind)
        tokenizer->kind->free(tokenizer->pieces);
    free(tokenizer);
}

const char *tokenizer_kind(const Tokenizer *tokenizer) { return tokenizer->kind->name; }

size_t tokenizer_size(const Tokenizer *tokenizer)
{
    return tokenizer->kind->size(tokenizer->pieces);
}

/* --- Encoding --------------------------------------------------------------------------- */

static size_t encode_text(const Tokenizer *tokenizer, Str text, uint32_t *ids, size_t max)
{
    return tokenizer->kind->encode(tokenizer->pieces, text, ids, max);
}

size_t tokenizer_around(const Tokenizer *tokenizer) { return tokenizer->single.count - 1; }

size_t tokenizer_encode(const Tokenizer *tokenizer, Str text, uint32_t *ids, size_t max)
{
    const Frame *frame = &tokenizer->single;
    size_t count = 0;
    if (max < frame->count - 1)
        return 0;
    for (size_t i = 0; i < frame->count; i++)
        if (frame->items[i] == FRAME_FIRST)
            count += encode_text(tokenizer, text, ids + count, max - (frame->count - 1));
        else
            ids[count++] = frame->items[i];
    return count;
}

/* How many tokens go before the text. */
static size_t tokens_before(const Frame *frame)
{
    size_t before = 0;
    while (frame->items[before] != FRAME_FIRST)
        before++;
    return before;
}

static bool is_framed(const Frame *frame, const uint32_t *text, size_t count)
{
    size_t before = tokens_before(frame), after = frame->count - 1 - before;
    return count >= before + after && !memcmp(text, frame->items, before * sizeof *text) &&
           !memcmp(text + count - after, frame->items + before + 1, after * sizeof *text);
}

size_t tokenizer_frame(const Tokenizer *tokenizer, const uint32_t *text, size_t count,
                       uint32_t *ids, size_t max)
{
    const Frame *frame = &tokenizer->single;
    size_t before = tokens_before(frame), around = frame->count - 1;
    if (is_framed(frame, text, count)) {
        text += before;
        count -= around;
    }
    count = MIN(count, max - around);
    memcpy(ids, frame->items, before * sizeof *ids);
    memcpy(ids + before, text, count * sizeof *ids);
    memcpy(ids + before + count, frame->items + before + 1, (around - before) * sizeof *ids);
    return count + around;
}

size_t tokenizer_count(const Tokenizer *tokenizer, Str text)
{
    return encode_text(tokenizer, text, NULL, SIZE_MAX);
}

/* The reference's "longest first". */
static void cut_longer(size_t *first, size_t *second, size_t max)
{
    bool swapped = *first > *second;
    size_t less = MIN(*first, *second), more = MAX(*first, *second);
    if (less + more <= max)
        return;
    more = less > max ? less : MAX(less, max - less);
    if (less + more > max) {
        less = max / 2;
        more = less + max % 2;
    }
    *first = swapped ? more : less;
    *second = swapped ? less : more;
}

size_t tokenizer_encode_pair(const Tokenizer *tokenizer, Str first, Str second, uint32_t *ids,
                             size_t max, size_t *second_r)
{
    const Frame *frame = &tokenizer->pair;
    size_t room = max - (frame->count - 2), count = 0;
    AUTO_FREE uint32_t *texts = heap_alloc(2 * room * sizeof *texts);
    size_t lengths[2] = { encode_text(tokenizer, first, texts, room),
                          encode_text(tokenizer, second, texts + room, room) };
    cut_longer(&lengths[0], &lengths[1], room);
    *second_r = SIZE_MAX;
    for (size_t i = 0; i < frame->count; i++) {
        if (i == frame->second_type)
            *second_r = count;
        if (frame->items[i] < FRAME_SECOND) {
            ids[count++] = frame->items[i];
            continue;
        }
        bool is_second = frame->items[i] == FRAME_SECOND;
        memcpy(ids + count, texts + is_second * room, lengths[is_second] * sizeof *ids);
        count += lengths[is_second];
    }
    *second_r = MIN(*second_r, count);
    return count;
}
