/* search.h - passages that fit a query: keyword and semantic legs, fused, filtered, with snippets.
 *
 *     query --+-- keyword leg (BM25, phrases, exclusions) --+--> one ranking --> rows
 *             +-- semantic leg (query vector, flat scan) ---+
 *
 * Filters are applied inside both legs, so a narrow filter still finds the best it allows. One
 * document gives at most SEARCH_SAME_DOCUMENT of the first ten results while others are about as
 * good, unless the filter names documents. Without
 * a model, or while it loads for the first time, the keyword leg answers alone and the result says
 * so. Threads: any. */
#pragma once

#include "library/library.h"
#include "search/query_language.h"
#include "search/search_explain.h"
#include "search/search_modes.h"
#include "store/document_facets_store.h"

#define SEARCH_SAME_DOCUMENT 3
#define SEARCH_OFFSET_MAX 1000

typedef struct Searcher Searcher;
typedef struct Reranker Reranker;
struct Models;

Searcher *searcher_new(Db *db, Library *library);
/* Writes what is left of the history. NULL is fine. */
void searcher_free(Searcher *searcher);
/* Before the history is listed or deleted: writes what still waits. */
void searcher_flush_history(Searcher *searcher);
/* Who is asked for other words and parts of a query (search_plan.c); borrowed, before the first
 * search. Without it, and where it has no service, rules make the plans. */
void searcher_set_models(Searcher *searcher, struct Models *models);
void searcher_set_encoder(Searcher *searcher, EncodeQueue *encoder);
/* A cross-encoder that orders the best hits anew; borrowed, before the first search. */
void searcher_set_reranker(Searcher *searcher, Reranker *reranker);
bool searcher_has_reranker(const Searcher *searcher);
/* How well each text answers the query, from 0 to 1, by the cross-encoder; texts are cut to what it
 * reads. Fails with ERROR_UNSUPPORTED when there is none. */
MUST_CHECK bool searcher_score(Searcher *searcher, Str query, StrList texts, float *scores,
                               Error *err);

/* See SearchRequest.fresh_days; 180 until it is set. Before the first search. */
void searcher_set_fresh_days(Searcher *searcher, double days);

/* A question of a plan: one way to ask for what is looked for. */
typedef struct SearchLeg {
    Str words; /* without conditions */
    SearchTarget looks_for;
    double weight;                 /* what its best hit scores, 0 to 1; 0: 1 */
    const DocumentClause *clauses; /* conditions beside those of the request */
    size_t clause_count;
} SearchLeg;
#define SEARCH_LEGS_MAX 16

/* A part of a search that is done. */
typedef struct SearchStep {
    const char *name; /* "search", a leg; "rerank"; "results" */
    Str query;
    int64_t took_us;
    int64_t found; /* passages */
} SearchStep;
#define SEARCH_STEPS_MAX (SEARCH_LEGS_MAX + 2)

/* Whoever waits for a search; any may be NULL. Called on the searching thread. */
typedef struct SearchWatch {
    void (*step)(void *self, const SearchStep *step);
    bool (*is_stopped)(void *self); /* asked between steps: then it fails with ERROR_CANCELLED */
    void *self;
} SearchWatch;

typedef struct SearchRequest {
    Str query;                     /* at most 8 KiB are looked at */
    Str words;                     /* what the index and the model read of it; empty: all of it */
    const DocumentClause *clauses; /* conditions on documents that it says */
    size_t clause_count;
    SearchMode mode;
    const SearchLeg
        *legs;        /* the plan, at most SEARCH_LEGS_MAX: a passage counts as in the leg that */
    size_t leg_count; /* scores it best; none: one leg of the words, as the mode says */
    StrList parts;    /* questions that the query comes apart into by rules, for PLAN_PARTS */
    SearchWatch watch;
    int limit;            /* 1 to 100 */
    int offset;           /* so many of the best are left out; at most SEARCH_OFFSET_MAX */
    double vector_weight; /* share of the semantic leg; 0: as measured best */
    int candidates;       /* hits of each leg that are ranked as one; 0: as measured best */
    double support;       /* share of a score that is its neighbours'; 0: as measured, less: none */
    StrList collections, documents, formats, tags; /* any of each; empty: all */
    bool without_members; /* of `documents`: else what is inside them is searched too */
    StrList metadata; /* conditions: "author=smith", "pages>=10" (library/facts.h); all must hold */
    Str name;         /* part of the file's name */
    int64_t after_ms, before_ms; /* of the document's date; 0: no bound */
    double fresh;                /* 0 to 1: how much of the score is the document's youth */
    double fresh_days;           /* of age that halve the youth; 0: searcher_set_fresh_days() */
    bool feeds_back;             /* words of the best hits join the query (index/feedback.h) */
    bool folds_copies;           /* passages that say the same are one result */
    bool by_document;            /* one result a document, its other passages inside */
    Str except_document;         /* its passages are no results, */
    Str except_text;             /* nor are those that say this */
    bool is_telling;             /* only the words that tell most count: the query is a text */
    bool is_remembered;          /* keep it in the search history */
    bool is_typing;              /* the last word may go on; never remembered */
    bool is_measured;            /* takes as long as if nobody had asked it before */
    bool without_rerank;         /* in the order of the legs, though there is a cross-encoder */
    bool explains;               /* say what each score is made of */
    bool wants_matching;         /* for search_facets() */
    bool only_found;             /* no results, only what the legs found */
    /* What search_suggest() is going to be asked of: looked for while the model is at work. */
    const QueryReading *suggests_for;
} SearchRequest;

/* Reads the query's language: sets words and clauses of the request. */
MUST_CHECK bool search_read(Arena *arena, SearchRequest *request, QueryCare care,
                            QueryReading *reading_r, Error *err);

typedef struct SearchHit {
    ChunkHit row;                         /* the chunk with what a result shows of its document */
    double score;                         /* 0 to 1 */
    double keyword_score, semantic_score; /* of the legs; rank 0: the leg did not find it */
    int keyword_rank, semantic_rank;
    const SearchExplanation *explanation; /* of the score, when asked for */
    int64_t snippet_start, snippet_end;   /* bytes of the chunk's text */
    const int64_t (*matches)[2];          /* bytes of the chunk's text, inside the snippet */
    size_t match_count;
    struct SearchHit *passages; /* grouped: of the same document, best first, at most 4 */
    size_t passage_count;
    const ChunkHit **copies; /* folded: passages elsewhere that say the same, at most 20 */
    size_t copy_count;
} SearchHit;

/* A bit a chunk number. */
typedef struct ChunkBits {
    uint64_t *bits;
    uint64_t bit_count; /* numbers from here on are not in it */
} ChunkBits;

/* What a mode asked beside the query. */
typedef struct SearchPlan {
    Str made_by;       /* "rules", "encoder" or the model; empty: the mode needs no plan */
    StrList questions; /* other ways to ask, parts, or other sides of it */
    StrList words;     /* of what was found first, that joined the query */
} SearchPlan;

typedef struct SearchChange {
    Str from, to;
    size_t start, end; /* bytes of the query */
} SearchChange;
typedef struct SearchSuggestion {
    Str query;             /* with what was likely meant; empty: nothing to suggest */
    SearchChange *changes; /* as they stand in the query */
    size_t count;
} SearchSuggestion;

typedef struct SearchResults {
    SearchPlan plan;
    SearchHit *at;
    size_t count;
    int64_t total;             /* how many both legs offered */
    NumberList found;          /* the chunks of all of them, best first, */
    const float *found_scores; /* as the legs have it */
    ChunkBits
        matching; /* when asked for: all chunks that have words of the query, and those found */
    int64_t took_us;
    bool has_keyword, has_semantic;
    SearchStep *steps;
    size_t step_count;
    Str search_id; /* in the history; empty: it is not kept there */
    Str missing;   /* a word with digits that is nowhere in the library; empty: none */
    Str notice;    /* why a leg is missing, or that a word is; empty: none */
    const SearchSuggestion *suggestion; /* NULL: there was no time in which to look for it */
} SearchResults;

typedef struct SearchFacets {
    int64_t documents;            /* that match; -1: not counted */
    FacetList lists[FACET_COUNT]; /* of the facets asked for */
} SearchFacets;
/* How many documents have each value: with words, of all that have one of the words or that the
 * search found by meaning, as far as the conditions allow; without, of all that the conditions
 * allow. So a count is how many documents the results could come to with that value chosen. Of a
 * workspace with too many documents to count in memory (DOCUMENT_TABLES_BYTES): as without words.
 */
MUST_CHECK bool search_facets(Searcher *searcher, const Scope *scope, Arena *arena,
                              const SearchRequest *request, const SearchResults *results,
                              const bool wanted[FACET_COUNT], SearchFacets *facets_r, Error *err);

/* The times of a search, from RFC 3339 texts that may be empty. */
MUST_CHECK bool search_read_times(SearchRequest *search, Str after, Str before, Error *err);

/* How many documents that fit became searchable, or changed, since chunk `number` was the newest:
 * with words, those with a passage among what the search finds that is at least half as good as the
 * best; without, all that the conditions allow. */
MUST_CHECK bool search_count_new(Searcher *searcher, const Scope *scope, Arena *arena,
                                 const SearchRequest *request, int64_t number, int64_t *count_r,
                                 Error *err);

/* For words that occur nowhere in the library. */
SearchSuggestion search_suggest(Searcher *searcher, const Scope *scope, Arena *arena,
                                const QueryReading *reading);

/* How rare each word (as words.h gives it) is in the library: what BM25 weighs it with, up to about
 * 12 for one that is nowhere. */
void search_rarities(Searcher *searcher, const Scope *scope, const Str *words, size_t count,
                     double *rarities);
/* has[i]: the document's passages, titles and headings have words[i]. */
MUST_CHECK bool search_holds(Searcher *searcher, const Scope *scope, Arena *arena, Str document,
                             const Str *words, size_t count, bool *has, Error *err);
/* A unit vector of *dims_r values for each text, cut at tokens_max (0: as the model is made for).
 * Loads the model if need be; false when there is none. */
bool search_embed(Searcher *searcher, Arena *arena, const Str *texts, size_t count,
                  size_t tokens_max, size_t *dims_r, float **vectors_r);

/* What is stored of a document's passages; nothing is encoded. */
typedef struct PassageVectors {
    size_t count, dims;
    const int64_t *starts; /* bytes of the document's text where each begins, in order */
    const float *at;       /* [count][dims] */
} PassageVectors;
/* Of the passages of a document that have one of the model that searches; none without a model. */
MUST_CHECK bool search_passage_vectors(Searcher *searcher, const Scope *scope, Arena *arena,
                                       Str document, PassageVectors *vectors_r, Error *err);

/* Not conditions alone. */
bool search_has_words(const SearchRequest *request);
/* With collections, tags, a clause ...: not everything there is. */
bool search_has_conditions(const SearchRequest *request);
/* Conditions without words: the documents they allow, newest first, each with its beginning. */
MUST_CHECK bool search_run(Searcher *searcher, const Scope *scope, Arena *arena,
                           const SearchRequest *request, SearchResults *results_r, Error *err);
/* Other documents' passages like this document (ordinal -1: its beginning) or like one passage of
 * it; the request's filters and limit count, its query does not. ERROR_NOT_FOUND: there is none. */
MUST_CHECK bool search_like(Searcher *searcher, Db *db, const Scope *scope, Arena *arena,
                            Str document, int64_t ordinal, const SearchRequest *request,
                            SearchResults *results_r, Error *err);
