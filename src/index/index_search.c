/* index_search.c - a search of both legs, fused, and what raises a hit in it; see index.h. */
#include "index/index_private.h"

#include "base/aside.h"
#include "index/coverage.h"

/* --- What stands in a chunk just as it was typed --- */

#define EXACT_WORDS_MAX 8
#define EXACT_PHRASE_WEIGHT 0.15f
/* More than half: chunks that have the identifier come before all that have not. */
#define EXACT_NAME_WEIGHT 0.51f

static bool is_identifier(Str word)
{
    for (size_t i = 0; i < word.length; i++)
        if (HAS_CHAR(word.at[i], "0123456789_") ||
            (i && i + 1 < word.length && HAS_CHAR(word.at[i], "./\\:@-#")))
            return true;
    return false;
}

/* How much it counts that a chunk has the words side by side; 0: nothing is to be looked for. A
 * query with quotes has said itself what must stand together. */
static float exact_weight(const Query *query, Str text)
{
    Str rest = text, word, only = STR_NONE;
    size_t count = 0;
    if (query->clauses.count || !query->terms.count)
        return 0;
    while (str_next(&rest, ' ', &word))
        if (str_trim(word).length) {
            only = str_trim(word);
            count++;
        }
    if (count == 1)
        return is_identifier(only) ? EXACT_NAME_WEIGHT : 0;
    return count && count <= EXACT_WORDS_MAX ? EXACT_PHRASE_WEIGHT : 0;
}

static KeyFilter bitmap_of(Arena *arena, const IndexHit *hits, size_t count)
{
    uint64_t end = 0;
    for (size_t i = 0; i < count; i++)
        end = MAX(end, hits[i].key + 1);
    uint64_t *bits = arena_new_array(arena, uint64_t, bitmap_words(end));
    for (size_t i = 0; i < count; i++)
        bits[hits[i].key / 64] |= UINT64_C(1) << (hits[i].key % 64);
    return (KeyFilter){ .bits = bits, .bit_count = end };
}

/* The hits that keep to the clauses of `wanted` get `weight` of their score for it. */
static void favour(Index *index, Arena *arena, const Query *wanted, Share share, float weight,
                   IndexHit *hits, size_t count)
{
    KeyFilter offered = bitmap_of(arena, hits, count);
    KeyFilter kept = keyword_matching(index->keyword, wanted, &offered, arena, NULL);
    float *values = arena_new_array(arena, float, count);
    bool is_anywhere = false;
    for (size_t i = 0; i < count; i++) {
        values[i] = key_allowed(&kept, hits[i].key);
        is_anywhere |= values[i] > 0;
    }
    if (is_anywhere)
        fusion_mix(hits, count, share, weight, values);
}

static void favour_exact(Index *index, Arena *arena, const Query *query, IndexHit *hits,
                         size_t count)
{
    Str text = str_trim(query->text);
    float weight = exact_weight(query, text);
    if (weight <= 0 || !count)
        return;
    Query phrase = index_query(index, arena, str_format(arena, "\"" STR_FMT "\"", STR_ARG(text)));
    if (phrase.clauses.count == 1)
        favour(index, arena, &phrase, SHARE_EXACT, weight, hits, count);
}

/* --- What has all words of a query in its title or the name of its file --- */

#define TITLE_WORDS_MAX 8
/* Measured (docs/ranking.md): people who know a title or a name find it in the first place, others
 * lose nothing from 0.15 to 0.5. */
#define TITLE_SHARE 0.3f

static void favour_titles(Index *index, Arena *arena, const Query *query, IndexHit *hits,
                          size_t count)
{
    Query titles = query_all_words(arena, query, QUERY_TITLE | QUERY_NAME);
    if (count && titles.clauses.count && titles.clauses.count <= TITLE_WORDS_MAX)
        favour(index, arena, &titles, SHARE_NAMED, TITLE_SHARE, hits, count);
}

/* --- Both legs --- */

/* In fewer chunks words are found sooner than another thread wakes up. */
#define ASIDE_FROM 50000

typedef struct WordsLeg {
    KeywordIndex *index;
    const Query *query;
    const KeyFilter *filter;
    size_t depth, count;
    LegHit *hits;
} WordsLeg;

static void search_words(void *argument)
{
    WordsLeg *leg = argument;
    leg->count = keyword_search(leg->index, leg->query, leg->filter, leg->depth, leg->hits);
}

static bool goes_aside(Index *index, const IndexSearch *search)
{
    return search->pool && (search->vector || search->late_vector) &&
           keyword_size(index->keyword).entries >= ASIDE_FROM;
}

static Coverage note_words(Arena *arena, const IndexSearch *search, const Query *query,
                           const WordsLeg *words)
{
    if (search->having_r)
        *search->having_r = keyword_having(words->index, words->query, words->filter, arena);
    return coverage_begin(words->index, arena, query, words->hits, words->count);
}

/* The words are looked up while the model reads the query, and in a large index while the vectors
 * are compared too. Returns how many vectors were found. */
static size_t search_both(Index *index, Arena *arena, const IndexSearch *search, const Query *query,
                          WordsLeg *words, LegHit *vector, Coverage *coverage_r)
{
    size_t count;
    if (goes_aside(index, search)) {
        Aside *aside = aside_begin(search->pool, search_words, words);
        count = index_search_vectors(index, arena, search, words->filter, words->depth, vector);
        aside_end(aside);
        *coverage_r = note_words(arena, search, query, words);
    } else {
        search_words(words);
        *coverage_r = note_words(arena, search, query, words);
        count = index_search_vectors(index, arena, search, words->filter, words->depth, vector);
    }
    coverage_end(arena, vector, count, coverage_r);
    return count;
}

size_t index_search(Index *index, Arena *arena, const IndexSearch *search, IndexHit *hits)
{
    size_t count = MIN(search->count, INDEX_HITS_MAX);
    size_t depth = search->depth ? MIN(search->depth, INDEX_HITS_MAX) : MAX(count, FUSION_DEPTH);
    LegHit *keyword = arena_new_array(arena, LegHit, depth),
           *vector = arena_new_array(arena, LegHit, depth);
    Query query = search->query ? *search->query : index_query(index, arena, search->text);

    /* Phrases and exclusions bind both legs; the keyword leg knows which chunks keep to them. */
    KeyFilter filter = search->filter;
    Query scored = query;
    if (query.clauses.count)
        filter = keyword_matching(index->keyword, &query, &search->filter, arena, search->is_cut_r);
    scored.clauses.count = 0;
    WordsLeg words = { index->keyword, &scored, &filter, depth, 0, keyword };
    Coverage coverage;
    size_t vector_count = search_both(index, arena, search, &query, &words, vector, &coverage);
    float weight = search->vector_weight > 0 ? search->vector_weight : FUSION_VECTOR_WEIGHT;
    weight = coverage_trust(weight, &coverage, vector, vector_count);
    IndexHit *fused = arena_new_array(arena, IndexHit, 2 * depth);
    size_t fused_count =
        fusion_merge(keyword, words.count, vector, vector_count, weight, 2 * depth, fused);
    float support = search->support != 0 ? search->support : FUSION_SUPPORT;
    if (vector_count && query.terms.count && support > 0)
        index_smooth(index, arena, support, fused, MIN(fused_count, FUSION_NEAR));
    coverage_favour(arena, &coverage, fused, fused_count);
    favour_titles(index, arena, &query, fused, fused_count);
    favour_exact(index, arena, &query, fused, fused_count);
    memcpy(hits, fused, MIN(count, fused_count) * sizeof(*hits));
    return MIN(count, fused_count);
}

KeyFilter index_matching(Index *index, Arena *arena, const Query *query, bool *is_cut_r)
{
    return keyword_matching(index->keyword, query, NULL, arena, is_cut_r);
}

#define MISSING_LOOKS_MAX 8

/* Among the hits, which costs little, else anywhere. */
static bool is_anywhere(Index *index, Arena *arena, Str word, const KeyFilter *hits)
{
    Query phrase = index_parse(index, arena, str_format(arena, "\"" STR_FMT "\"", STR_ARG(word)));
    const KeyFilter *const where[] = { hits, NULL };
    if (phrase.clauses.count != 1)
        return true;
    for (size_t i = 0; i < COUNT(where); i++) {
        KeyFilter found = keyword_matching(index->keyword, &phrase, where[i], arena, NULL);
        for (size_t w = 0; w < bitmap_words(found.bit_count); w++)
            if (found.bits[w])
                return true;
    }
    return false;
}

/* "XK-99213", "4711"; nothing with a sign of the query language. */
static bool is_number_of_something(Str word)
{
    bool has_digit = false;
    for (size_t i = 0; i < word.length; i++)
        has_digit |= word.at[i] >= '0' && word.at[i] <= '9';
    return has_digit && word.length >= 3 && word.at[0] != '-' && str_find_char(word, '"') < 0 &&
           str_find_char(word, ':') < 0 && word.at[word.length - 1] != '*' &&
           str_find_char(word, '~') < 0;
}

Str index_missing_name(Index *index, Arena *arena, const Query *query, const IndexHit *hits,
                       size_t hit_count)
{
    KeyFilter found = bitmap_of(arena, hits, hit_count);
    Str rest = query->text, word;
    size_t looks = 0;
    while (str_next(&rest, ' ', &word) && looks < MISSING_LOOKS_MAX) {
        while (word.length && HAS_CHAR(word.at[word.length - 1], ".,;:!?)]'"))
            word.length--;
        while (word.length && HAS_CHAR(word.at[0], "(['"))
            word = str_from(word, 1);
        if (!is_number_of_something(word))
            continue;
        looks++;
        if (!is_anywhere(index, arena, word, &found))
            return word;
    }
    return STR_NONE;
}

KeywordExplanation index_explain_keyword(Index *index, Arena *arena, const Query *query,
                                         uint64_t key)
{
    return keyword_explain(index->keyword, query, key, arena);
}

double index_rarity(Index *index, Str word) { return keyword_rarity(index->keyword, word); }
