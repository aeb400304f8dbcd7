#include "text/unigram.h"

#include <math.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/bpe.h"
#include "text/trie.h"
#include "text/whole_words.h"

#define ROOT_PIECES 1u
#define UNKNOWN_PENALTY 10.0      /* below the worst piece, as in the reference */
#define SPACE_MARK "\xE2\x96\x81" /* U+2581 */

struct Unigram {
    Trie pieces;
    double *scores;
    size_t size;
    uint32_t unknown;
    double unknown_score;
    Specials *specials;
    uint32_t bytes[256]; /* of the fallback */
    Bpe *merges;         /* of BPE, as are the lengths of the pieces in bytes; else NULL */
    uint32_t *lengths;
    WholeWords words;
    UnigramOptions options;
};

/* The best way to a place in the word. */
typedef struct Step {
    double score;
    uint32_t from, id;
    bool is_reached;
} Step;

typedef struct Scan {
    const Unigram *unigram;
    uint32_t *ids; /* NULL: only count */
    size_t count, max;
    Step *steps;
    size_t step_room;
    uint32_t *path; /* ends of pieces, from the last on; of BPE the pieces */
    BpeRoom bpe_room;
    double score; /* of the words before, where the sum goes on and is rounded with them */
} Scan;

/* --- Pieces ----------------------------------------------------------------------------- */

static bool add_pieces(Unigram *unigram, const UnigramOptions *options, Error *err)
{
    double worst = 0;
    for (size_t i = 0; i < options->piece_count; i++) {
        const UnigramPiece *piece = &options->pieces[i];
        if (!isfinite(piece->score))
            return fail(err, ERROR_INVALID, "the score of piece %zu is not a number", i);
        unigram->scores[i] = piece->score;
        worst = MIN(worst, piece->score);
        if (piece->text.length &&
            !trie_add(&unigram->pieces, ROOT_PIECES, piece->text, (uint32_t)i, err))
            return false;
    }
    unigram->unknown_score = worst - UNKNOWN_PENALTY;
    return true;
}

/* They are found by their names, which in SentencePiece itself no text matches. */
static bool find_bytes(Unigram *unigram, Error *err)
{
    for (int byte = 0; byte < 256 && unigram->options.has_byte_fallback; byte++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", byte);
        unigram->bytes[byte] = trie_find(&unigram->pieces, ROOT_PIECES, str(name));
        unigram->options.has_byte_fallback = unigram->bytes[byte] != TRIE_NONE;
        if (unigram->options.as_sentencepiece && unigram->options.has_byte_fallback &&
            !trie_add(&unigram->pieces, ROOT_PIECES, str(name), TRIE_NONE, err))
            return false;
    }
    return true;
}

/* --- Merges of BPE ---------------------------------------------------------------------- */

#define MERGED_LENGTH_MAX 256u /* of a piece; the trainer's own limit is 16 characters */

typedef VEC(BpeMerge) MergeList;

typedef struct Ranked {
    double score;
    uint32_t piece;
} Ranked;

static int by_score(const void *a, const void *b)
{
    double x = ((const Ranked *)a)->score, y = ((const Ranked *)b)->score;
    return x != y ? (x < y ? 1 : -1) : 0;
}

/* Two pieces can be merged when together they are one: each cut of the piece into two. */
static bool add_cuts(Unigram *unigram, Arena *arena, Str text, uint32_t id, uint32_t rank,
                     MergeList *list, Error *err)
{
    size_t size;
    if (text.length > MERGED_LENGTH_MAX)
        return fail(err, ERROR_TOO_LARGE, "piece %u has %zu bytes", id, text.length);
    for (size_t at = 0; at < text.length; at += size) {
        (void)utf8_decode(text, at, &size);
        uint32_t left = trie_find(&unigram->pieces, ROOT_PIECES, str_slice(text, 0, at));
        uint32_t right = trie_find(&unigram->pieces, ROOT_PIECES, str_from(text, at));
        if (!at || left == TRIE_NONE || right == TRIE_NONE)
            continue;
        if (list->count == BPE_MERGES_MAX)
            return fail(err, ERROR_TOO_LARGE, "the pieces have too many parts");
        *vec_push(arena, list) = (BpeMerge){ left, right, id, rank };
    }
    return true;
}

static bool add_merges(Unigram *unigram, const UnigramOptions *options, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(GB(1));
    MergeList list = { 0 };
    uint32_t rank = 0;
    if (!options->is_bpe)
        return true;
    Ranked *order = arena_new_array(arena, Ranked, options->piece_count);
    unigram->lengths = heap_alloc(options->piece_count * sizeof *unigram->lengths);
    for (uint32_t i = 0; i < options->piece_count; i++) {
        order[i] = (Ranked){ options->pieces[i].score, i };
        unigram->lengths[i] = (uint32_t)MIN(options->pieces[i].text.length, KB(64));
    }
    qsort(order, options->piece_count, sizeof *order, by_score);
    for (size_t i = 0; i < options->piece_count; i++) {
        uint32_t id = order[i].piece;
        rank += i && order[i].score < order[i - 1].score;
        Str text = options->pieces[id].text;
        if (trie_find(&unigram->pieces, ROOT_PIECES, text) == id &&
            !add_cuts(unigram, arena, text, id, rank, &list, err))
            return false;
    }
    return bpe_new(list.at, list.count, &unigram->merges, err);
}

/* --- One word --------------------------------------------------------------------------- */

static void emit(Scan *scan, uint32_t id)
{
    if (scan->count >= scan->max)
        return;
    if (scan->ids)
        scan->ids[scan->count] = id;
    scan->count++;
}

static void reach(Step *step, double score, size_t from, uint32_t id)
{
    if (!step->is_reached || score > step->score)
        *step = (Step){ score, (uint32_t)from, id, true };
}

/* Which of two ways is better may hang on the last digit. */
static double sum(const Unigram *unigram, double score, double more)
{
    return unigram->options.as_sentencepiece ? (double)(float)(score + more) : score + more;
}

/* Every piece that begins at `at`; a character that is none alone can be passed as unknown. */
static void take_steps(const Unigram *unigram, Str word, size_t at, Step *steps)
{
    size_t size;
    bool has_single = false;
    uint32_t node = ROOT_PIECES;
    (void)utf8_decode(word, at, &size);
    for (size_t end = at; end < word.length;) {
        node = trie_child(&unigram->pieces, node, (uint8_t)word.at[end++]);
        if (!node)
            break;
        uint32_t id = unigram->pieces.values[node];
        if (id == TRIE_NONE)
            continue;
        reach(&steps[end], sum(unigram, steps[at].score, unigram->scores[id]), at, id);
        has_single |= end == at + size;
    }
    if (!has_single)
        reach(&steps[at + size], sum(unigram, steps[at].score, unigram->unknown_score), at,
              unigram->unknown);
}

/* An unknown character as its bytes, or with those before it as one token. */
static void emit_unknown(Scan *scan, Str character, bool was_unknown)
{
    const Unigram *unigram = scan->unigram;
    if (unigram->options.has_byte_fallback)
        for (size_t i = 0; i < character.length; i++)
            emit(scan, unigram->bytes[(uint8_t)character.at[i]]);
    else if (!was_unknown)
        emit(scan, unigram->unknown);
}

static void emit_path(Scan *scan, Str word, size_t count)
{
    const Unigram *unigram = scan->unigram;
    bool was_unknown = false;
    for (size_t i = count; i-- > 0;) {
        size_t end = scan->path[i];
        const Step *step = &scan->steps[end];
        bool is_unknown = step->id == unigram->unknown;
        if (is_unknown)
            emit_unknown(scan, str_slice(word, step->from, end), was_unknown);
        else
            emit(scan, step->id);
        was_unknown = is_unknown;
    }
}

static void merge_word(Scan *scan, Str word)
{
    const Unigram *unigram = scan->unigram;
    size_t size, count = 0;
    for (size_t at = 0; at < word.length; at += size) {
        (void)utf8_decode(word, at, &size);
        uint32_t id = trie_find(&unigram->pieces, ROOT_PIECES, str_slice(word, at, at + size));
        scan->path[count++] = id == TRIE_NONE ? unigram->unknown : id;
    }
    count = bpe_merge(unigram->merges, &scan->bpe_room, scan->path, count);
    bool was_unknown = false;
    for (size_t i = 0, at = 0; i < count; i++, at += size) {
        bool is_unknown = scan->path[i] == unigram->unknown;
        if (is_unknown) {
            (void)utf8_decode(word, at, &size);
            emit_unknown(scan, str_slice(word, at, at + size), was_unknown);
        } else {
            size = unigram->lengths[scan->path[i]];
            emit(scan, scan->path[i]);
        }
        was_unknown = is_unknown;
    }
}

static void make_room(Scan *scan, size_t length)
{
    if (length < scan->step_room)
        return;
    scan->step_room = length * 2 + 256;
    scan->steps = heap_grow(scan->steps, scan->step_room * sizeof *scan->steps);
    scan->path = heap_grow(scan->path, scan->step_room * sizeof *scan->path);
}

/* The word is one piece whatever stands before it. Where sums go on in single precision, each way
 * to the end of the word is rounded once a piece, so a way that is worse by less may win. */
static bool is_surely_whole(const Scan *scan, const WholeWord *whole)
{
    const Unigram *unigram = scan->unigram;
    if (unigram->merges || !unigram->options.as_sentencepiece)
        return true;
    double largest = fabs(scan->score) + fabs(unigram->scores[whole->id]) + whole->margin;
    return whole->margin > (whole->length + 2) * largest * 0x1p-23;
}

static void add_word(Scan *scan, Str word)
{
    if (!word.length || scan->count >= scan->max)
        return;
    const WholeWord *whole = whole_words_find(&scan->unigram->words, word);
    if (whole && is_surely_whole(scan, whole)) {
        if (scan->unigram->options.as_sentencepiece)
            scan->score = sum(scan->unigram, scan->score, scan->unigram->scores[whole->id]);
        emit(scan, whole->id);
        return;
    }
    make_room(scan, word.length);
    if (scan->unigram->merges) {
        merge_word(scan, word);
        return;
    }
    memset(scan->steps, 0, (word.length + 1) * sizeof *scan->steps);
    scan->steps[0].score = scan->score;
    size_t size, count = 0;
    for (size_t at = 0; at < word.length; at += size) {
        (void)utf8_decode(word, at, &size);
        take_steps(scan->unigram, word, at, scan->steps);
    }
    if (scan->unigram->options.as_sentencepiece)
        scan->score = scan->steps[word.length].score;
    for (size_t end = word.length; end > 0; end = scan->steps[end].from)
        scan->path[count++] = (uint32_t)end;
    emit_path(scan, word, count);
}

/* --- Pieces that are words -------------------------------------------------------------- */

#define MARGIN_MAX 1e6 /* of a word that cannot be cut */
#define WHOLE_MAX 256u

/* By how much the piece is better than all cuts of its text; less than 0: it is not. */
static double margin_of(Scan *scan, Str text, uint32_t id)
{
    const Unigram *unigram = scan->unigram;
    size_t size;
    memset(scan->steps, 0, (text.length + 1) * sizeof *scan->steps);
    for (size_t at = 0; at < text.length; at += size) {
        (void)utf8_decode(text, at, &size);
        take_steps(unigram, text, at, scan->steps);
        if (!at)
            scan->steps[text.length].is_reached = false;
    }
    const Step *cut = &scan->steps[text.length];
    return cut->is_reached ? MIN(unigram->scores[id] - cut->score, MARGIN_MAX) : MARGIN_MAX;
}

static bool merges_to(Scan *scan, Str text, uint32_t id)
{
    uint32_t ids[2];
    scan->ids = ids;
    scan->count = 0;
    scan->max = COUNT(ids);
    merge_word(scan, text);
    return scan->count == 1 && ids[0] == id;
}

/* A word begins with the mark. Scores over 0 would let a sum be larger on its way than at its end,
 * which is_surely_whole() does not expect. */
static void add_whole_words(Unigram *unigram, const UnigramOptions *options)
{
    Scan scan = { .unigram = unigram };
    size_t bytes = 0;
    bool usable = true;
    for (size_t i = 0; i < options->piece_count; i++) {
        bytes += options->pieces[i].text.length;
        usable &= options->pieces[i].score <= 0 || options->is_bpe;
    }
    whole_words_begin(&unigram->words, usable ? options->piece_count : 0, usable ? bytes : 0);
    for (uint32_t id = 0; id < options->piece_count && usable; id++) {
        Str text = options->pieces[id].text;
        if (!str_starts(text, S(SPACE_MARK)) || text.length > WHOLE_MAX || id == unigram->unknown ||
            trie_find(&unigram->pieces, ROOT_PIECES, text) != id)
            continue;
        make_room(&scan, text.length);
        double margin = options->is_bpe ? 0 : margin_of(&scan, text, id);
        if (options->is_bpe ? merges_to(&scan, text, id) : margin >= 0)
            whole_words_add(&unigram->words, text, id, (float)margin);
    }
    free(scan.steps);
    free(scan.path);
    bpe_room_free(&scan.bpe_room);
}

/* --- Opening ---------------------------------------------------------------------------- */

bool unigram_new(const UnigramOptions *options, Unigram **unigram_r, Error *err)
{
    Unigram *unigram = heap_alloc(sizeof *unigram);
    unigram->options = *options;
    unigram->options.pieces = NULL;
    unigram->options.specials = NULL;
    unigram->size = options->piece_count;
    unigram->unknown = options->unknown;
    unigram->scores = heap_alloc((options->piece_count + 1) * sizeof *unigram->scores);
    trie_begin(&unigram->pieces, ROOT_PIECES);
    bool good =
        options->piece_count <= UNIGRAM_PIECES_MAX && options->unknown < options->piece_count;
    if (!good)
        fail(err, ERROR_INVALID, "the vocabulary has %zu pieces and the unknown one is %u",
             options->piece_count, options->unknown);
    if (!good || !add_pieces(unigram, options, err) || !find_bytes(unigram, err) ||
        !add_merges(unigram, options, err) ||
        !specials_new(options->specials, options->special_count, &unigram->specials, err)) {
        unigram_free(unigram);
        return false;
    }
    unigram->size = MAX(unigram->size, specials_size(unigram->specials));
    add_whole_words(unigram, options);
    *unigram_r = unigram;
    return true;
}

void unigram_free(Unigram *unigram)
{
    if (!unigram)
        return;
    charsmap_free(unigram->options.charsmap);
    trie_end(&unigram->pieces);
    free(unigram->scores);
    specials_free(unigram->specials);
    bpe_free(unigram->merges);
    free(unigram->lengths);
    whole_words_end(&unigram->words);
    free(unigram);
}

size_t unigram_size(const Unigram *unigram) { return unigram->size; }

/* --- Texts ------------------------------------------------------------------------------ */

/* The word with its mark before it; a mark inside begins another. */
static void add_marked(Scan *scan, Arena *arena, Str word)
{
    Str mark = S(SPACE_MARK);
    if (!word.length)
        return;
    if (!str_starts(word, mark) || scan->unigram->options.as_sentencepiece) {
        Buf whole = buf_new(arena, word.length + mark.length);
        buf_add(&whole, mark);
        buf_add(&whole, word);
        word = buf_str(&whole);
    }
    while (word.length) {
        ptrdiff_t next = str_find(str_from(word, mark.length), mark);
        size_t length = next < 0 ? word.length : (size_t)next + mark.length;
        add_word(scan, str_slice(word, 0, length));
        word = str_from(word, length);
    }
}

static Str strip(Str text)
{
    size_t start = 0, size, end = 0;
    for (size_t at = 0; at < text.length; at += size) {
        bool is_space = u_isUWhiteSpace((UChar32)utf8_decode(text, at, &size));
        if (is_space && start == at)
            start = at + size;
        if (!is_space)
            end = at + size;
    }
    return str_slice(text, start, MAX(start, end));
}

/* Spaces become marks; with `joins` several are one. */
static Str mark_spaces(Arena *arena, Str text, bool joins)
{
    Buf out = buf_new(arena, text.length * 3 + 1);
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] != ' ')
            buf_add_char(&out, text.at[i]);
        else if (!joins || !i || text.at[i - 1] != ' ')
            buf_add(&out, S(SPACE_MARK));
    return buf_str(&out);
}

/* Without spaces at the ends, and with one in the place of several. */
static Str join_spaces(Arena *arena, Str text)
{
    Buf out = buf_new(arena, text.length + 1);
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] != ' ' || (out.length && out.at[out.length - 1] != ' '))
            buf_add_char(&out, text.at[i]);
    if (out.length && out.at[out.length - 1] == ' ')
        out.length--;
    return buf_str(&out);
}

/* The longest normalised form: a replacement of the reference's maps has at most 18 characters. */
#define GROWTH 32

static void add_plain(Scan *scan, Str text)
{
    const UnigramOptions *options = &scan->unigram->options;
    AUTO_ARENA Arena *arena = arena_new(MB(64) + text.length * 512);
    Buf out = buf_new(arena, text.length * GROWTH);
    if (options->charsmap) {
        (options->as_sentencepiece ? charsmap_apply_longest : charsmap_apply)(options->charsmap,
                                                                              text, &out);
        text = buf_str(&out);
    }
    if (options->as_sentencepiece)
        text = join_spaces(arena, text);
    if (options->strips)
        text = strip(text);
    if (!options->splits_words) {
        add_marked(scan, arena, mark_spaces(arena, text, options->joins));
        return;
    }
    size_t size, start = 0;
    for (size_t at = 0; at < text.length && scan->count < scan->max; at += size) {
        if (!u_isUWhiteSpace((UChar32)utf8_decode(text, at, &size)))
            continue;
        add_marked(scan, arena, str_slice(text, start, at));
        start = at + size;
    }
    add_marked(scan, arena, str_from(text, start));
}

size_t unigram_encode(const Unigram *unigram, Str text, uint32_t *ids, size_t max)
{
    Scan scan = { .unigram = unigram, .ids = ids, .max = max };
    Str rest = str_slice(text, 0, UINT32_MAX / 2), before;
    uint32_t id;
    while (scan.count < max && specials_next(unigram->specials, &rest, &before, &id)) {
        add_plain(&scan, before);
        emit(&scan, id);
    }
    if (rest.length && scan.count < max)
        add_plain(&scan, rest);
    free(scan.steps);
    free(scan.path);
    bpe_room_free(&scan.bpe_room);
    return scan.count;
}
