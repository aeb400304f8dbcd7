#include "text/unigram.h"

#include <math.h>
#include <unicode/uchar.h>

#include "base/utf8.h"
#include "text/trie.h"

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
    uint32_t *path;
} Scan;

/* --- Opening ---------------------------------------------------------------------------- */

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

static void find_bytes(Unigram *unigram)
{
    for (int byte = 0; byte < 256 && unigram->options.has_byte_fallback; byte++) {
        char name[8];
        snprintf(name, sizeof name, "<0x%02X>", byte);
        unigram->bytes[byte] = trie_find(&unigram->pieces, ROOT_PIECES, str(name));
        unigram->options.has_byte_fallback = unigram->bytes[byte] != TRIE_NONE;
    }
}

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
    if (!good || !add_pieces(unigram, options, err) ||
        !specials_new(options->specials, options->special_count, &unigram->specials, err)) {
        unigram_free(unigram);
        return false;
    }
    unigram->size = MAX(unigram->size, specials_size(unigram->specials));
    find_bytes(unigram);
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
    free(unigram);
}

size_t unigram_size(const Unigram *unigram) { return unigram->size; }

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
        reach(&steps[end], steps[at].score + unigram->scores[id], at, id);
        has_single |= end == at + size;
    }
    if (!has_single)
        reach(&steps[at + size], steps[at].score + unigram->unknown_score, at, unigram->unknown);
}

/* Several unknown characters one after another are one token, or their bytes. */
static void emit_path(Scan *scan, Str word, size_t count)
{
    const Unigram *unigram = scan->unigram;
    bool was_unknown = false;
    for (size_t i = count; i-- > 0;) {
        size_t end = scan->path[i];
        const Step *step = &scan->steps[end];
        bool is_unknown = step->id == unigram->unknown;
        if (is_unknown && unigram->options.has_byte_fallback)
            for (size_t k = step->from; k < end; k++)
                emit(scan, unigram->bytes[(uint8_t)word.at[k]]);
        else if (!is_unknown || !was_unknown)
            emit(scan, step->id);
        was_unknown = is_unknown;
    }
}

static void add_word(Scan *scan, Str word)
{
    if (!word.length || scan->count >= scan->max)
        return;
    if (word.length >= scan->step_room) {
        scan->step_room = word.length * 2 + 256;
        scan->steps = heap_grow(scan->steps, scan->step_room * sizeof *scan->steps);
        scan->path = heap_grow(scan->path, scan->step_room * sizeof *scan->path);
    }
    memset(scan->steps, 0, (word.length + 1) * sizeof *scan->steps);
    size_t size, count = 0;
    for (size_t at = 0; at < word.length; at += size) {
        (void)utf8_decode(word, at, &size);
        take_steps(scan->unigram, word, at, scan->steps);
    }
    for (size_t end = word.length; end > 0; end = scan->steps[end].from)
        scan->path[count++] = (uint32_t)end;
    emit_path(scan, word, count);
}

/* --- Texts ------------------------------------------------------------------------------ */

/* The word with its mark before it; a mark inside begins another. */
static void add_marked(Scan *scan, Arena *arena, Str word)
{
    Str mark = S(SPACE_MARK);
    if (!word.length)
        return;
    if (!str_starts(word, mark)) {
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

/* The longest normalised form: a replacement of the reference's maps has at most 18 characters. */
#define GROWTH 32

static void add_plain(Scan *scan, Str text)
{
    const UnigramOptions *options = &scan->unigram->options;
    AUTO_ARENA Arena *arena = arena_new(MB(64) + text.length * 512);
    Buf out = buf_new(arena, text.length * GROWTH);
    if (options->charsmap) {
        charsmap_apply(options->charsmap, text, &out);
        text = buf_str(&out);
    }
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
    return scan.count;
}
