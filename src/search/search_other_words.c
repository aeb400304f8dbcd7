/* search_other_words.c - words that join a query: those of what it finds first that mean nearly the
 * same, by the encoder; without one, those that most of it has (pseudo-relevance feedback). */
#include "search/search_int.h"
#include "text/words.h"

#define LOOKED_AT 8         /* results */
#define CANDIDATES 64       /* words */
#define NEAR_LEAST 0.35     /* MiniLM: unrelated words have 0.1 to 0.3 */
#define PASSAGES_LEAST 2    /* that have a word, where no encoder judges it */
#define WORD_LENGTH_LEAST 4 /* bytes */

typedef struct Candidate {
    Str written, stem;
    size_t passages, last; /* that have it; number of the last of them, from 1 */
    double worth;
} Candidate;

typedef struct Gathering {
    Arena *arena;
    Str source;
    const WordList *query;
    size_t passage;
    Candidate at[CANDIDATES];
    size_t count;
} Gathering;

static bool is_in_query(const Gathering *gathering, Str stem)
{
    for (size_t i = 0; i < gathering->query->words.count; i++)
        if (str_equal(gathering->query->words.at[i].text, stem))
            return true;
    return false;
}

static bool is_a_word(Str written)
{
    for (size_t i = 0; i < written.length; i++)
        if (HAS_CHAR(written.at[i], "0123456789_./:@#&+\"'"))
            return false;
    return written.length >= WORD_LENGTH_LEAST;
}

static void gather(void *self, const Word *word)
{
    Gathering *gathering = self;
    Str written = str_slice(gathering->source, word->start, word->end);
    if (word->is_extra || word->is_stop || !is_a_word(written) ||
        is_in_query(gathering, word->text))
        return;
    for (size_t i = 0; i < gathering->count; i++) {
        Candidate *known = &gathering->at[i];
        if (!str_equal(known->stem, word->text))
            continue;
        known->passages += known->last != gathering->passage;
        known->last = gathering->passage;
        return;
    }
    if (gathering->count < CANDIDATES)
        gathering->at[gathering->count++] =
            (Candidate){ written, str_copy(gathering->arena, word->text), 1, gathering->passage,
                         0 };
}

static void gather_all(Gathering *gathering, Words *words, const SearchResults *results)
{
    for (size_t i = 0; i < results->count && i < LOOKED_AT; i++) {
        const ChunkHit *row = &results->at[i].row;
        gathering->source = row->chunk.text;
        gathering->passage = i + 1;
        words_split(words, language_read_as(row->language), row->chunk.text, gather, gathering);
    }
}

static bool weigh_by_meaning(Searcher *searcher, Arena *arena, Str query, Gathering *gathering)
{
    Str texts[CANDIDATES + 1] = { query };
    size_t dims;
    float *vectors;
    for (size_t i = 0; i < gathering->count; i++)
        texts[i + 1] = gathering->at[i].written;
    if (!search_embed(searcher, arena, texts, gathering->count + 1, 32, &dims, &vectors))
        return false;
    for (size_t i = 0; i < gathering->count; i++) {
        double cosine = 0;
        for (size_t d = 0; d < dims; d++)
            cosine += (double)vectors[d] * (double)vectors[(i + 1) * dims + d];
        gathering->at[i].worth = cosine >= NEAR_LEAST ? cosine : 0;
    }
    return true;
}

static void weigh_by_passages(Gathering *gathering)
{
    for (size_t i = 0; i < gathering->count; i++) {
        Candidate *one = &gathering->at[i];
        one->worth = one->passages >= PASSAGES_LEAST ? (double)one->passages : 0;
    }
}

static int by_worth(const void *a, const void *b)
{
    const Candidate *left = a, *right = b;
    if (left->worth != right->worth)
        return left->worth < right->worth ? 1 : -1;
    return str_compare(left->stem, right->stem);
}

StrList search_other_words(Searcher *searcher, Arena *arena, Str query,
                           const SearchResults *results, size_t max, bool *by_meaning_r)
{
    Words *words = words_new();
    WordList own = words_list(words, language_detect(query, LANGUAGE_OTHER), query, arena);
    Gathering *gathering = arena_new_one(arena, Gathering);
    Str *chosen = arena_new_array(arena, Str, max);
    size_t count = 0;
    *gathering = (Gathering){ .arena = arena, .query = &own };
    gather_all(gathering, words, results);
    words_free(words);
    *by_meaning_r = gathering->count && weigh_by_meaning(searcher, arena, query, gathering);
    if (!*by_meaning_r)
        weigh_by_passages(gathering);
    qsort(gathering->at, gathering->count, sizeof *gathering->at, by_worth);
    for (size_t i = 0; i < gathering->count && count < max && gathering->at[i].worth > 0; i++)
        chosen[count++] = gathering->at[i].written;
    return (StrList){ chosen, count };
}
