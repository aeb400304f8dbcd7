/* feedback.c - see feedback.h. */
#include "index/feedback.h"

#include "base/map.h"

/* The rarity of a word that a tenth of the chunks have: log(1 + 9). */
#define RARITY_MIN 2.3

typedef struct Candidate {
    Str text;
    double weight;
} Candidate;

typedef struct Gathering {
    Arena *arena;
    Map places;
    VEC(Candidate) words;
} Gathering;

static void gather(Gathering *in, const WordList *list, double score)
{
    size_t length = 0;
    for (size_t i = 0; i < list->words.count; i++)
        length += !list->words.at[i].is_extra;
    for (size_t i = 0; i < list->words.count; i++) {
        const Word *word = &list->words.at[i];
        bool added;
        if (word->is_extra || word->is_stop)
            continue;
        MapEntry *entry = map_add(&in->places, word->text, &added);
        if (added) {
            entry->number = (int64_t)in->words.count;
            *vec_push(in->arena, &in->words) = (Candidate){ .text = word->text };
        }
        in->words.at[entry->number].weight += score / (double)length;
    }
}

static int by_weight(const void *a, const void *b)
{
    const Candidate *left = a, *right = b;
    if (left->weight != right->weight)
        return left->weight < right->weight ? 1 : -1;
    return str_compare(left->text, right->text);
}

/* The heaviest that are rare enough, first; returns how many. */
static size_t choose(Index *index, Gathering *in)
{
    size_t chosen = 0;
    if (in->words.count)
        qsort(in->words.at, in->words.count, sizeof(Candidate), by_weight);
    for (size_t i = 0; i < in->words.count && chosen < FEEDBACK_TERMS; i++)
        if (index_rarity(index, in->words.at[i].text) >= RARITY_MIN)
            in->words.at[chosen++] = in->words.at[i];
    return chosen;
}

static void add_term(Arena *arena, Query *query, Str text, float weight)
{
    for (size_t i = 0; i < query->terms.count; i++)
        if (str_equal(query->terms.at[i].text, text)) {
            query->terms.at[i].weight += weight;
            return;
        }
    if (query->terms.count < QUERY_TERMS_MAX)
        *vec_push(arena, &query->terms) = (QueryTerm){ .text = text, .weight = weight };
}

/* Both parts weigh what the query weighed, each by its share. */
static Query join(Arena *arena, const Query *query, const Candidate *words, size_t count)
{
    Query joined = *query;
    double own = 0, fed = 0;
    memset(&joined.terms, 0, sizeof joined.terms);
    for (size_t i = 0; i < query->terms.count; i++)
        own += (double)query->terms.at[i].weight;
    for (size_t i = 0; i < count; i++)
        fed += words[i].weight;
    for (size_t i = 0; i < query->terms.count; i++) {
        *vec_push(arena, &joined.terms) = query->terms.at[i];
        joined.terms.at[i].weight *= FEEDBACK_OWN_SHARE;
    }
    for (size_t i = 0; i < count; i++)
        add_term(arena, &joined, words[i].text,
                 (float)(words[i].weight / fed * own * (1 - (double)FEEDBACK_OWN_SHARE)));
    return joined;
}

Query index_feed_back(Index *index, Arena *arena, const FeedbackText *texts, size_t count,
                      const Query *query)
{
    Gathering in = { .arena = arena, .places = map_new(arena) };
    for (size_t i = 0; i < count; i++) {
        WordList list = index_words(index, arena, texts[i].language, texts[i].text);
        gather(&in, &list, (double)texts[i].score);
    }
    size_t chosen = choose(index, &in);
    return chosen && query->terms.count ? join(arena, query, in.words.at, chosen) : *query;
}
