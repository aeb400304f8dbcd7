/* keyword_words.c - see keyword_words.h. */
#include "index/keyword_words.h"

#include "base/map.h"
#include "base/utf8.h"
#include "index/keyword.h"
#include "text/fold.h"

typedef struct Gather {
    Arena *arena;
    Map places;
    KeywordWords words;
} Gather;

static void gather(Gather *to, const KeywordView *view, uint32_t term, Str text, uint32_t edits)
{
    KeywordWord *word;
    MapEntry *entry = map_find(&to->places, text);
    double documents = view->infos[term].document_count;
    if (!entry) {
        Str copy = str_copy(to->arena, text); /* the segment may go */
        entry = map_add(&to->places, copy, NULL);
        entry->number = (int64_t)to->words.at.count;
        *vec_push(to->arena, &to->words.at) = (KeywordWord){ .text = copy, .edits = edits };
    }
    word = &to->words.at.at[entry->number];
    if (!word->documents || documents > word->documents)
        word->form = str_copy(to->arena, keyword_term_form(view, term));
    word->documents += documents;
}

static int by_edits_and_documents(const void *a, const void *b)
{
    const KeywordWord *left = a, *right = b;
    if (left->edits != right->edits)
        return left->edits < right->edits ? -1 : 1;
    if (left->documents != right->documents)
        return left->documents < right->documents ? 1 : -1;
    return str_compare(left->text, right->text);
}

static KeywordWords sorted(Gather *from)
{
    if (from->words.at.count)
        qsort(from->words.at.at, from->words.at.count, sizeof(KeywordWord), by_edits_and_documents);
    return from->words;
}

KeywordWords keyword_words_prefixed(Segment *const *segments, size_t count, Str prefix,
                                    Arena *arena)
{
    Gather to = { .arena = arena, .places = map_new(arena) };
    for (size_t i = 0; i < count; i++) {
        const KeywordView *view = segments[i]->view;
        uint32_t term = keyword_term_from(view, prefix), first = term;
        for (; term < view->head->term_count && term - first < WORD_SCAN_MAX; term++) {
            Str text = keyword_term_text(view, term);
            if (!str_starts(text, prefix))
                break;
            gather(&to, view, term, text, 0);
        }
    }
    return sorted(&to);
}

/* --- Edits --- */

/* Rows of the table of distances between the word and a term (optimal string alignment: Damerau
 * 1964), one a letter of the term. Neighbours in the sorted terms share their first rows. */
#define FAR 100

typedef struct Table {
    uint32_t edits;                     /* that matter */
    uint32_t letters[WORD_LETTERS_MAX]; /* of the word */
    size_t count;
    uint32_t term[WORD_LETTERS_MAX + WORD_EDITS_MAX + 1]; /* letters so far */
    uint32_t ends[WORD_LETTERS_MAX + WORD_EDITS_MAX + 2]; /* bytes of the term at each depth */
    uint8_t rows[WORD_LETTERS_MAX + WORD_EDITS_MAX + 2][WORD_LETTERS_MAX + 1];
} Table;

#define DEPTH_MAX (WORD_LETTERS_MAX + WORD_EDITS_MAX + 1)

static bool table_begin(Table *t, Str word, uint32_t edits)
{
    size_t size;
    t->edits = edits;
    t->count = 0;
    for (size_t at = 0; at < word.length; at += size) {
        if (t->count == WORD_LETTERS_MAX)
            return false;
        t->letters[t->count++] = utf8_decode(word, at, &size);
    }
    for (size_t i = 0; i <= t->count; i++)
        t->rows[0][i] = (uint8_t)i;
    t->ends[0] = 0;
    return true;
}

/* One letter more; the least distance of the row. */
static uint32_t table_add(Table *t, size_t depth, uint32_t letter)
{
    uint8_t *row = t->rows[depth + 1];
    const uint8_t *above = t->rows[depth];
    t->term[depth] = letter;
    /* Cells further from the diagonal are more edits away than count. */
    size_t from = depth + 1 > t->edits ? depth + 1 - t->edits : 1;
    size_t to = MIN(t->count, depth + 1 + t->edits);
    uint32_t least = row[0] = (uint8_t)(depth + 1);
    if (from > 1 && from <= t->count)
        row[from - 1] = FAR;
    for (size_t i = from; i <= to; i++) {
        uint32_t best = above[i - 1] + (t->letters[i - 1] != letter);
        best = MIN(best, above[i] + 1u);
        best = MIN(best, row[i - 1] + 1u);
        if (i > 1 && depth && t->letters[i - 1] == t->term[depth - 1] &&
            t->letters[i - 2] == letter)
            best = MIN(best, t->rows[depth - 1][i - 2] + 1u);
        row[i] = (uint8_t)best;
        least = MIN(least, best);
    }
    if (to < t->count)
        row[to + 1] = FAR;
    return least;
}

/* The table continues with the term's letters behind the first `depth`; false when it is more than
 * `edits` away, and so is all that begins with its first ends[*depth] bytes. */
static bool table_walk(Table *t, Str term, size_t *depth)
{
    size_t size;
    for (size_t at = t->ends[*depth]; at < term.length; at += size) {
        if (*depth == DEPTH_MAX)
            return false;
        uint32_t least = table_add(t, *depth, utf8_decode(term, at, &size));
        t->ends[++*depth] = (uint32_t)(at + size);
        if (least > t->edits)
            return false;
    }
    return true;
}

/* Edits between the word and the term of `depth` letters that was walked. */
static uint32_t table_edits(const Table *t, size_t depth)
{
    size_t apart = depth > t->count ? depth - t->count : t->count - depth;
    return apart > t->edits ? FAR : t->rows[depth][t->count];
}

/* The least letter above `letter` that may stand behind the first `depth` letters of the term; 0:
 * none. While edits are left it is the next one, whichever that is. When they are used up, only the
 * word's own letters do: the next one at each place that is still near, or the second of two that
 * change places. */
static uint32_t next_letter(const Table *t, size_t depth, uint32_t letter)
{
    const uint8_t *row = t->rows[depth];
    uint32_t next = UINT32_MAX;
    for (size_t i = depth > t->edits ? depth - t->edits : 0; i <= MIN(t->count, depth + t->edits);
         i++) {
        if (row[i] < t->edits)
            return letter + 1;
        if (row[i] == t->edits && i < t->count && t->letters[i] > letter)
            next = MIN(next, t->letters[i]);
        bool may_swap = depth && i && i < t->count && t->letters[i] == t->term[depth - 1] &&
                        t->rows[depth - 1][i - 1] < t->edits;
        if (may_swap && t->letters[i - 1] > letter)
            next = MIN(next, t->letters[i - 1]);
    }
    return next == UINT32_MAX ? 0 : next;
}

/* The first term behind `term` that is not less than the text. */
static uint32_t term_behind(const KeywordView *view, uint32_t term, Str text)
{
    uint32_t low = term + 1, step = 1, count = view->head->term_count;
    while (low + step <= count && str_compare(keyword_term_text(view, low + step - 1), text) < 0) {
        low += step;
        step *= 2;
    }
    uint32_t high = (uint32_t)MIN((uint64_t)low + step, count);
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (str_compare(keyword_term_text(view, middle), text) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The walk stopped behind the term's first `depth` letters: the first term behind it that may be
 * near. Terms are in the order of their letters, and no letter has the byte 0xFF. */
static uint32_t next_near(const Table *t, const KeywordView *view, uint32_t term, size_t depth)
{
    char least[(DEPTH_MAX + 1) * 4];
    Str text = keyword_term_text(view, term);
    uint32_t letter = depth ? t->term[depth - 1] : 0;
    uint32_t next = depth && depth < DEPTH_MAX ? next_letter(t, depth - 1, letter) : letter + 1;
    size_t length = t->ends[next == letter + 1 ? depth : depth - 1];
    memcpy(least, text.at, length);
    if (!next || next == letter + 1)
        least[length++] = '\xFF';
    else
        length += utf8_encode(next, least + length);
    return term_behind(view, term, (Str){ least, length });
}

static void walk_terms(Table *t, const KeywordView *view, Str same, Gather *to)
{
    Str before = STR_NONE;
    size_t depth = 0;
    uint32_t term = keyword_term_from(view, same);
    for (size_t n = 0; n < WORD_SCAN_MAX && term < view->head->term_count; n++) {
        Str text = keyword_term_text(view, term);
        if (!str_starts(text, same))
            return;
        size_t shared = 0, most = MIN(before.length, text.length);
        while (shared < most && text.at[shared] == before.at[shared])
            shared++;
        while (t->ends[depth] > shared)
            depth--;
        bool is_near = table_walk(t, text, &depth);
        before = str_slice(text, 0, t->ends[depth]);
        uint32_t edits = is_near ? table_edits(t, depth) : FAR;
        if (edits <= t->edits)
            gather(to, view, term, text, edits);
        term = is_near ? term + 1 : next_near(t, view, term, depth);
    }
}

KeywordWords keyword_words_like(Segment *const *segments, size_t count, Str word, uint32_t edits,
                                size_t same, Arena *arena)
{
    Gather to = { .arena = arena, .places = map_new(arena) };
    AUTO_FREE Table *table = heap_alloc(sizeof(*table));
    if (table_begin(table, word, MIN(edits, WORD_EDITS_MAX)))
        for (size_t i = 0; i < count; i++)
            walk_terms(table, segments[i]->view, str_slice(word, 0, same), &to);
    return sorted(&to);
}

/* --- As words are written --- */

/* Stems lose ends: one that is near to a beginning of the word may be of a form near to all of it.
 */
static uint32_t written_edits(Table *t, const KeywordView *view, uint32_t term, Str written)
{
    char plain[WORD_TEXT_MAX * 4];
    size_t depth = 0;
    Str form = keyword_term_form(view, term);
    if (form.length > WORD_TEXT_MAX || form.length + t->edits < written.length ||
        !table_walk(t, keyword_term_text(view, term), &depth))
        return FAR;
    return keyword_word_edits(written, fold_accents(form, plain, sizeof(plain)));
}

/* No more than `most` bits differ. */
static bool is_spelled_like(uint64_t a, uint64_t b, uint32_t most)
{
    uint64_t differing = a ^ b;
    for (uint32_t i = 0; i < most; i++)
        differing &= differing - 1;
    return !differing;
}

/* The terms from `term` on that share a beginning. */
static uint32_t terms_end(const KeywordView *view, uint32_t term, Str same)
{
    char behind[WORD_TEXT_MAX + 1];
    size_t length = MIN(same.length, WORD_TEXT_MAX);
    if (!length)
        return view->head->term_count;
    memcpy(behind, same.at, length);
    behind[length] = '\xFF';
    return term_behind(view, term, (Str){ behind, length + 1 });
}

/* Two edits change four bits of a spelling at most, which leaves few words to be looked at. */
static void spelled_like(Table *t, const KeywordView *view, Str written, Str same, Gather *to)
{
    uint64_t spelling = keyword_spelling(written);
    uint32_t term = keyword_term_from(view, same);
    if (term == view->head->term_count || !str_starts(keyword_term_text(view, term), same))
        return;
    uint32_t end = terms_end(view, term, same);
    for (; term < end; term++) {
        if (!is_spelled_like(view->spellings[term], spelling, 2 * t->edits))
            continue;
        uint32_t edits = written_edits(t, view, term, written);
        if (edits <= t->edits)
            gather(to, view, term, keyword_term_text(view, term), edits);
    }
}

KeywordWords keyword_words_written_like(Segment *const *segments, size_t count, Str word,
                                        uint32_t edits, size_t same, Arena *arena)
{
    Gather to = { .arena = arena, .places = map_new(arena) };
    AUTO_FREE Table *table = heap_alloc(sizeof(*table));
    if (table_begin(table, word, MIN(edits, WORD_EDITS_MAX)))
        for (size_t i = 0; i < count; i++)
            spelled_like(table, segments[i]->view, word, str_slice(word, 0, same), &to);
    return sorted(&to);
}

uint32_t keyword_word_edits(Str a, Str b)
{
    Table table;
    size_t depth = 0;
    if (!table_begin(&table, a, WORD_EDITS_MAX) || !table_walk(&table, b, &depth))
        return WORD_EDITS_MAX + 1;
    return MIN(table_edits(&table, depth), WORD_EDITS_MAX + 1);
}

size_t keyword_word_first(Str word)
{
    size_t size = 0;
    if (word.length)
        utf8_decode(word, 0, &size);
    return size;
}

size_t keyword_prefixed(KeywordIndex *index, Str prefix, Arena *arena, Str *words, size_t most,
                        double *rarity_r)
{
    AUTO_SNAPSHOT Snapshot *now = keyword_snapshot(index);
    KeywordWords found = keyword_words_prefixed(now->at, now->count, prefix, arena);
    size_t count = MIN(most, found.at.count);
    double documents = 0;
    for (size_t i = 0; i < count; i++) {
        words[i] = found.at.at[i].text;
        documents += found.at.at[i].documents;
    }
    *rarity_r = keyword_rarity_together(now->at, now->count, documents);
    return count;
}
