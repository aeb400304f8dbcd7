#include "text/byte_bpe.h"

#include <unicode/uchar.h>

#include "base/map.h"
#include "base/utf8.h"
#include "text/bpe.h"
#include "text/whole_words.h"

#define NO_PIECE UINT32_MAX
#define BYTES 256
#define PIECE_MAX KB(64)
#define PIECE_BYTES_MAX MB(64)

typedef enum CharClass { CLASS_LETTER, CLASS_DIGIT, CLASS_SPACE, CLASS_OTHER } CharClass;

struct ByteBpe {
    Bpe *merges;
    Specials *specials;
    size_t size;
    uint32_t bytes[BYTES]; /* the piece of each */
    WholeWords words;
    CharClass ascii[128];
    bool adds_space;
};

/* --- Characters ------------------------------------------------------------------------- */

static CharClass newer_class(uint32_t c)
{
    static const struct {
        uint32_t first, last;
        bool is_letter;
    } newer[] = {
#define NEWER(first, last, is_letter) { first, last, is_letter },
#include "text/newer_letters.def"
#undef NEWER
    };
    for (size_t i = 0; i < COUNT(newer); i++)
        if (c >= newer[i].first && c <= newer[i].last)
            return newer[i].is_letter ? CLASS_LETTER : CLASS_DIGIT;
    return CLASS_OTHER;
}

static CharClass class_of(uint32_t c)
{
    uint32_t category = U_GET_GC_MASK((UChar32)c);
    return category & U_GC_L_MASK             ? CLASS_LETTER
           : category & U_GC_N_MASK           ? CLASS_DIGIT
           : category & U_GC_CN_MASK          ? newer_class(c)
           : u_isUWhiteSpace((UChar32)c) != 0 ? CLASS_SPACE
                                              : CLASS_OTHER;
}

/* --- Words ------------------------------------------------------------------------------ */

static CharClass class_at(const ByteBpe *bpe, Str text, size_t at, size_t *size_r)
{
    uint8_t byte = (uint8_t)text.at[at];
    *size_r = 1;
    return byte < 128 ? bpe->ascii[byte] : class_of(utf8_decode(text, at, size_r));
}

static size_t class_end(const ByteBpe *bpe, Str text, size_t at, CharClass wanted)
{
    for (size_t size; at < text.length && class_at(bpe, text, at, &size) == wanted; at += size)
        ;
    return at;
}

/* The end of 's, 't, 're, 've, 'm, 'll or 'd; `at` when there is none. */
static size_t shortened_end(Str text, size_t at)
{
    static const Str endings[] = { S_INIT("'s"), S_INIT("'t"),  S_INIT("'re"), S_INIT("'ve"),
                                   S_INIT("'m"), S_INIT("'ll"), S_INIT("'d") };
    if (text.at[at] != '\'')
        return at;
    for (size_t i = 0; i < COUNT(endings); i++)
        if (str_starts(str_from(text, at), endings[i]))
            return at + endings[i].length;
    return at;
}

/* Of several spaces before something, the last belongs to what follows. */
static size_t spaces_end(const ByteBpe *bpe, Str text, size_t at)
{
    size_t size, last = at, end = at;
    for (; end < text.length && class_at(bpe, text, end, &size) == CLASS_SPACE; end += size)
        last = end;
    return end == text.length || last == at ? end : last;
}

/* The word at `at`, as by the expression of GPT-2:
 *     's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+ */
static size_t word_end(const ByteBpe *bpe, Str text, size_t at)
{
    size_t size, start = at, end = shortened_end(text, at);
    if (end > at)
        return end;
    if (text.at[at] == ' ' && at + 1 < text.length)
        start++;
    CharClass first = class_at(bpe, text, start, &size);
    return first == CLASS_SPACE ? spaces_end(bpe, text, at)
                                : class_end(bpe, text, start + size, first);
}

/* --- Opening ---------------------------------------------------------------------------- */

/* What a byte is written as: itself when it is printable, else a letter from U+0100 on. */
static void fill_letters(uint32_t letters[BYTES])
{
    uint32_t next = 256;
    for (uint32_t byte = 0; byte < BYTES; byte++) {
        bool is_printable = (byte >= '!' && byte <= '~') || (byte >= 0xA1 && byte != 0xAD);
        letters[byte] = is_printable ? byte : next++;
    }
}

/* The bytes that the piece is written for; false when it has letters of none. */
static bool read_piece(Str piece, const uint32_t letters[BYTES], Buf *bytes)
{
    size_t size;
    bytes->length = 0;
    for (size_t at = 0; at < piece.length; at += size) {
        uint32_t letter = utf8_decode(piece, at, &size), byte = 0;
        while (byte < BYTES && letters[byte] != letter)
            byte++;
        if (byte == BYTES)
            return false;
        buf_add_char(bytes, (char)byte);
    }
    return true;
}

static bool find_piece(const Map *ids, Str piece, uint32_t *id_r)
{
    const MapEntry *entry = map_find(ids, piece);
    if (entry)
        *id_r = (uint32_t)entry->number;
    return entry != NULL;
}

static bool find_bytes(ByteBpe *bpe, const Map *ids, const uint32_t letters[BYTES], Error *err)
{
    for (uint32_t byte = 0; byte < BYTES; byte++) {
        char letter[4];
        if (!find_piece(ids, (Str){ letter, utf8_encode(letters[byte], letter) },
                        &bpe->bytes[byte]))
            return fail(err, ERROR_UNSUPPORTED, "the vocabulary has no piece for the byte 0x%02X",
                        byte);
    }
    return true;
}

static bool add_merges(ByteBpe *bpe, Arena *arena, const ByteBpeOptions *options, const Map *ids,
                       Error *err)
{
    BpeMerge *merges = arena_new_array(arena, BpeMerge, options->merge_count + 1);
    Buf merged = buf_new(arena, MB(1));
    for (size_t i = 0; i < options->merge_count; i++) {
        const Str *pair = options->merges[i];
        merged.length = 0;
        buf_add(&merged, pair[0]);
        buf_add(&merged, pair[1]);
        merges[i].rank = (uint32_t)i;
        if (!find_piece(ids, pair[0], &merges[i].left) ||
            !find_piece(ids, pair[1], &merges[i].right) ||
            !find_piece(ids, buf_str(&merged), &merges[i].merged))
            return fail(err, ERROR_INVALID, "merge %zu is of pieces that are not all there", i + 1);
    }
    return bpe_new(merges, options->merge_count, &bpe->merges, err);
}

static bool is_one_piece(const ByteBpe *bpe, BpeRoom *room, Str word, uint32_t id,
                         uint32_t *symbols)
{
    for (size_t i = 0; i < word.length; i++)
        symbols[i] = bpe->bytes[(uint8_t)word.at[i]];
    return bpe_merge(bpe->merges, room, symbols, word.length) == 1 && symbols[0] == id;
}

/* The pieces that merging makes of their own text: a text that is one of them needs no merging. */
static void add_words(ByteBpe *bpe, Arena *arena, const ByteBpeOptions *options,
                      const uint32_t letters[BYTES])
{
    BpeRoom room = { 0 };
    size_t bytes = 0;
    Buf word = buf_new(arena, PIECE_MAX);
    uint32_t *symbols = arena_new_array(arena, uint32_t, PIECE_MAX);
    for (size_t i = 0; i < options->piece_count; i++)
        bytes += options->pieces[i].length;
    whole_words_begin(&bpe->words, options->piece_count, bytes);
    for (uint32_t id = 0; id < options->piece_count; id++) {
        if (!options->pieces[id].length || !read_piece(options->pieces[id], letters, &word))
            continue;
        Str text = buf_str(&word);
        if (options->whole_first || is_one_piece(bpe, &room, text, id, symbols))
            whole_words_add(&bpe->words, text, id, 0);
    }
    bpe_room_free(&room);
}

static bool check_pieces(const ByteBpeOptions *options, Map *ids, Error *err)
{
    size_t bytes = 0;
    bool is_added;
    if (!options->piece_count || options->piece_count > BYTE_BPE_PIECES_MAX ||
        options->merge_count > BPE_MERGES_MAX)
        return fail(err, ERROR_INVALID, "the vocabulary has %zu pieces and %zu merges",
                    options->piece_count, options->merge_count);
    for (size_t i = 0; i < options->piece_count; i++) {
        Str piece = options->pieces[i];
        bytes += piece.length;
        if (piece.length > PIECE_MAX || bytes > PIECE_BYTES_MAX)
            return fail(err, ERROR_TOO_LARGE, "piece %zu is too long", i);
        if (!piece.length)
            continue;
        map_add(ids, piece, &is_added)->number = (int64_t)i;
        if (!is_added)
            return fail(err, ERROR_INVALID, "piece %zu is there twice", i);
    }
    return true;
}

bool byte_bpe_new(const ByteBpeOptions *options, ByteBpe **bpe_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    Map ids = map_new(arena);
    uint32_t letters[BYTES];
    fill_letters(letters);
    ByteBpe *bpe = heap_alloc(sizeof *bpe);
    bpe->adds_space = options->adds_space;
    for (uint32_t c = 0; c < COUNT(bpe->ascii); c++)
        bpe->ascii[c] = class_of(c);
    if (!check_pieces(options, &ids, err) || !find_bytes(bpe, &ids, letters, err) ||
        !add_merges(bpe, arena, options, &ids, err) ||
        !specials_new(options->specials, options->special_count, &bpe->specials, err)) {
        byte_bpe_free(bpe);
        return false;
    }
    add_words(bpe, arena, options, letters);
    bpe->size = MAX(options->piece_count, specials_size(bpe->specials));
    *bpe_r = bpe;
    return true;
}

void byte_bpe_free(ByteBpe *bpe)
{
    if (!bpe)
        return;
    bpe_free(bpe->merges);
    specials_free(bpe->specials);
    whole_words_end(&bpe->words);
    free(bpe);
}

size_t byte_bpe_size(const ByteBpe *bpe) { return bpe->size; }

/* --- Encoding --------------------------------------------------------------------------- */

typedef struct Scan {
    const ByteBpe *bpe;
    uint32_t *ids; /* NULL: only count */
    size_t count, max;
    BpeRoom room;
    uint32_t *symbols;
    size_t symbol_room;
} Scan;

static void emit(Scan *scan, uint32_t id)
{
    if (scan->count >= scan->max)
        return;
    if (scan->ids)
        scan->ids[scan->count] = id;
    scan->count++;
}

static void add_word(Scan *scan, Str word)
{
    const ByteBpe *bpe = scan->bpe;
    const WholeWord *whole = whole_words_find(&bpe->words, word);
    if (whole) {
        emit(scan, whole->id);
        return;
    }
    if (word.length > scan->symbol_room) {
        scan->symbol_room = word.length * 2 + 64;
        scan->symbols = heap_grow(scan->symbols, scan->symbol_room * sizeof *scan->symbols);
    }
    for (size_t i = 0; i < word.length; i++)
        scan->symbols[i] = bpe->bytes[(uint8_t)word.at[i]];
    size_t count = bpe_merge(bpe->merges, &scan->room, scan->symbols, word.length);
    for (size_t i = 0; i < count; i++)
        emit(scan, scan->symbols[i]);
}

static void add_words_of(Scan *scan, Str text)
{
    for (size_t at = 0, end; at < text.length && scan->count < scan->max; at = end) {
        end = word_end(scan->bpe, text, at);
        add_word(scan, str_slice(text, at, end));
    }
}

static void add_plain(Scan *scan, Str text)
{
    if (!text.length || !scan->bpe->adds_space || text.at[0] == ' ') {
        add_words_of(scan, text);
        return;
    }
    AUTO_FREE char *copy = heap_alloc(text.length + 1);
    copy[0] = ' ';
    memcpy(copy + 1, text.at, text.length);
    add_words_of(scan, (Str){ copy, text.length + 1 });
}

size_t byte_bpe_encode(const ByteBpe *bpe, Str text, uint32_t *ids, size_t max)
{
    Scan scan = { .bpe = bpe, .ids = ids, .max = max };
    Str rest = str_slice(text, 0, UINT32_MAX / 2), before;
    uint32_t id;
    while (scan.count < max && specials_next(bpe->specials, &rest, &before, &id)) {
        add_plain(&scan, before);
        emit(&scan, id);
    }
    add_plain(&scan, rest);
    free(scan.symbols);
    bpe_room_free(&scan.room);
    return scan.count;
}
