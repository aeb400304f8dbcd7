/* index_words.c - queries, suggestions and snippets: what is made of words; see index.h. */
#include "index/index_private.h"

static Words *borrow_words(Index *index)
{
    pthread_mutex_lock(&index->lock);
    Words *words = index->idle_count ? index->idle[--index->idle_count] : NULL;
    pthread_mutex_unlock(&index->lock);
    return words ? words : words_new();
}

static void return_words(Index *index, Words *words)
{
    pthread_mutex_lock(&index->lock);
    if (index->idle_count < IDLE_WORDS_MAX) {
        index->idle[index->idle_count++] = words;
        words = NULL;
    }
    pthread_mutex_unlock(&index->lock);
    words_free(words);
}

static bool stems_alike(Language a, Language b)
{
    const LanguageAbout *left = language_about(a), *right = language_about(b);
    return a == b || (!left->stemmer && !right->stemmer);
}

/* The languages a query is understood in. */
static size_t query_languages(Index *index, Language languages[QUERY_LANGUAGES_MAX])
{
    Language frequent[LANGUAGE_COUNT];
    size_t frequent_count = keyword_languages(index->keyword, frequent, LANGUAGE_COUNT), count = 0;
    for (size_t i = 0; i < frequent_count && count < QUERY_LANGUAGES_MAX; i++) {
        bool is_new = true;
        for (size_t j = 0; j < count; j++)
            is_new &= !stems_alike(languages[j], frequent[i]);
        if (is_new)
            languages[count++] = frequent[i];
    }
    if (!count)
        languages[count++] = LANGUAGE_ENGLISH;
    return count;
}

Query index_parse(Index *index, Arena *arena, Str text)
{
    Language languages[QUERY_LANGUAGES_MAX];
    size_t count = query_languages(index, languages);
    Words *words = borrow_words(index);
    Query query = query_parse(arena, words, languages, count, text);
    return_words(index, words);
    return query;
}

Query index_query(Index *index, Arena *arena, Str text)
{
    Query query = index_parse(index, arena, text);
    keyword_expand(index->keyword, arena, &query);
    return query;
}

Str index_suggest(Index *index, Arena *arena, Str word, size_t *looks)
{
    Language languages[QUERY_LANGUAGES_MAX];
    size_t count = query_languages(index, languages);
    Words *words = borrow_words(index);
    Str suggested = keyword_suggest(index->keyword, words, languages, count, word, looks, arena);
    return_words(index, words);
    return suggested;
}

#define PREFIX_WORDS_MAX 50
/* Of what the word would count if it stood there. */
#define PREFIX_WEIGHT 0.5f
/* A stem may be so much shorter than what is typed of the word. */
#define STEM_CUT_MAX 3

static bool has_term(const Query *query, Str text)
{
    for (size_t i = 0; i < query->terms.count; i++)
        if (str_equal(query->terms.at[i].text, text))
            return true;
    return false;
}

/* The words that the open word may become; those it may be a form of when there are none. */
static size_t open_words(Index *index, Arena *arena, Str open, Str *words, double *rarity_r)
{
    size_t count = keyword_prefixed(index->keyword, open, arena, words, PREFIX_WORDS_MAX, rarity_r);
    for (size_t cut = 1; !count && cut <= STEM_CUT_MAX && open.length > cut + 3; cut++) {
        Str stem = str_slice(open, 0, open.length - cut);
        size_t found =
            keyword_prefixed(index->keyword, stem, arena, words, PREFIX_WORDS_MAX, rarity_r);
        for (size_t i = 0; i < found && !count; i++)
            if (str_equal(words[i], stem)) {
                words[0] = stem;
                *rarity_r = keyword_rarity(index->keyword, stem);
                count = 1;
            }
    }
    return count;
}

WordList index_words(Index *index, Arena *arena, Language language, Str text)
{
    Words *words = borrow_words(index);
    WordList list = words_list(words, language, text, arena);
    return_words(index, words);
    return list;
}

Query index_query_typing(Index *index, Arena *arena, Str text)
{
    Query query = index_parse(index, arena, text);
    ByteRange range;
    Words *words = borrow_words(index);
    Str open = query_open_word(arena, words, &query, &range), found[PREFIX_WORDS_MAX];
    return_words(index, words);
    double rarity;
    size_t count = open.length ? open_words(index, arena, open, found, &rarity) : 0;
    for (size_t i = 0; i < count && query.terms.count < QUERY_TERMS_MAX; i++)
        if (!has_term(&query, found[i]))
            *vec_push(arena, &query.terms) = (QueryTerm){ .text = found[i],
                                                          .weight = PREFIX_WEIGHT,
                                                          .rarity = (float)rarity,
                                                          .start = range.start,
                                                          .end = range.end };
    keyword_expand(index->keyword, arena, &query);
    return query;
}

Snippet index_snippet(Index *index, Arena *arena, const Query *query, Language language, Str text,
                      size_t bytes_max)
{
    Words *words = borrow_words(index);
    Snippet snippet = query_snippet(arena, query, words, language, text, bytes_max);
    return_words(index, words);
    return snippet;
}
