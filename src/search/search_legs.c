/* search_legs.c - what a search asks of the index: the legs of its plan, and what they find as one
 * ranking. See search_int.h. */
#include <ctype.h>

#include "index/feedback.h"
#include "search/search_int.h"
#include "store/document_access.h"
#include "text/language.h"

/* A leg that is being asked. */
typedef struct Asking {
    Running *run;
    Index *index;
    const SearchLeg *leg;
    ChunkBits allowed;
    QueryVector vector;
    bool has_vector;
    Error vector_failed; /* of the store of vectors; code NONE: it has answered */
} Asking;

/* --- The vector of a leg's words --- */

/* Signs alone ("...") mean nothing that could be near to anything. */
static bool says_something(Str words)
{
    for (size_t i = 0; i < words.length; i++)
        if ((unsigned char)words.at[i] >= 0x80 || isalnum((unsigned char)words.at[i]))
            return true;
    return false;
}

/* It is on its way; false: there is none, perhaps with a notice. */
static bool begin_vector(Asking *asking, size_t dims, Str model)
{
    Running *run = asking->run;
    Library *library = run->searcher->library;
    EncodeStatus status;
    Error err;
    if (asking->leg->looks_for == FOR_WORDS || !says_something(asking->leg->words))
        return false;
    bool lacks = run->has_model || *library_model_status(library).reason;
    if (!lacks)
        run->results.notice = S("There is no embedding model, so only words were searched.");
    if (lacks && !dims && library_vectors_failing_ms(library, NULL))
        run->results.notice =
            S("The store of vectors does not answer, so only words were searched.");
    if (!lacks || !dims)
        return false; /* without dims, nothing is embedded yet */
    EncodeQueue *queue = run->has_model ? library_encoder(library, model) : NULL;
    queue = queue ? queue : atomic_load(&run->searcher->encoder);
    if (queue)
        encode_queue_status(queue, &status);
    if (!queue || !run->has_model || status.dims != dims || !str_is(model, status.model)) {
        run->results.notice = S("This server lacks the model of the vectors, so only words were "
                                "searched.");
        return false;
    }
    bool is_kept = search_modes[run->request->mode].keeps;
    asking->vector = (QueryVector){ .kept = is_kept ? run->searcher->vectors : NULL,
                                    .workspace = run->scope->workspace,
                                    .model = model,
                                    .text = str_slice(asking->leg->words, 0, KB(8)),
                                    .dims = dims,
                                    .anew = run->request->is_measured };
    Str prompt = encoder_prompt(encode_queue_encoder(queue), true);
    if (prompt.length)
        asking->vector.text =
            str_format(run->arena, STR_FMT STR_FMT, STR_ARG(prompt), STR_ARG(asking->vector.text));
    bool has_begun = query_vector_begin(&asking->vector, queue, run->arena, &err);
    if (!has_begun)
        search_notice(run, &err);
    return has_begun;
}

/* The words are looked up sooner than the model has read them. */
static void suggest_meanwhile(const Asking *asking)
{
    Running *run = asking->run;
    const QueryReading *reading = run->request->suggests_for;
    if (!reading || run->results.suggestion || !asking->vector.call)
        return;
    SearchSuggestion *suggestion = arena_new_one(run->arena, SearchSuggestion);
    ChunkBits every = { 0 };
    *suggestion = search_suggest_in(asking->index, run->arena, reading,
                                    access_sees_all(run->scope) ? &every : &run->allowed);
    run->results.suggestion = suggestion;
}

static const float *await_vector(void *self)
{
    Asking *asking = self;
    Error err;
    suggest_meanwhile(asking);
    const float *vector = query_vector_await(&asking->vector, &err);
    if (!vector)
        search_notice(asking->run, &err);
    return vector;
}

/* --- Its words --- */

#define TELLING_MAX 25

static int by_telling(const void *a, const void *b)
{
    const QueryTerm *left = a, *right = b;
    float x = left->weight * left->rarity, y = right->weight * right->rarity;
    return (x < y) - (x > y);
}

/* Of a text's words those that are frequent in it and rare elsewhere. */
static void keep_telling(Index *index, Query *query)
{
    for (size_t i = 0; i < query->terms.count; i++)
        query->terms.at[i].rarity = (float)index_rarity(index, query->terms.at[i].text);
    if (query->terms.count)
        qsort(query->terms.at, query->terms.count, sizeof(*query->terms.at), by_telling);
    query->terms.count = MIN(query->terms.count, TELLING_MAX);
}

static Query read_words(const Running *run, Index *index, Str words)
{
    Query query = run->request->is_typing ? index_query_typing(index, run->arena, words)
                                          : index_query(index, run->arena, words);
    if (run->request->is_telling)
        keep_telling(index, &query);
    return query;
}

/* --- A leg --- */

/* Conditions of its own are read beside those of the request. */
static bool begin_leg(Asking *asking, Error *err)
{
    const Running *run = asking->run;
    const SearchLeg *leg = asking->leg;
    SearchRequest both = *run->request;
    asking->allowed = run->allowed;
    if (!leg->clause_count)
        return true;
    size_t count = both.clause_count + leg->clause_count;
    DocumentClause *clauses = arena_new_array(run->arena, DocumentClause, count);
    if (both.clause_count)
        memcpy(clauses, both.clauses, both.clause_count * sizeof *clauses);
    memcpy(clauses + both.clause_count, leg->clauses, leg->clause_count * sizeof *clauses);
    both.clauses = clauses;
    both.clause_count = count;
    return search_allow(run->searcher, run->scope, run->arena, &both, &asking->allowed, err);
}

static void scale(IndexHit *hit, float weight)
{
    hit->score *= weight;
    for (size_t i = 0; i < SHARE_COUNT; i++)
        hit->shares[i] *= weight;
}

/* More where a page begins so far on. */
static size_t depth_of(const Running *run)
{
    return run->goes_deep || search_wanted(run) > SEARCH_CANDIDATES / 4 ? SEARCH_CANDIDATES_DEEP
                                                                        : SEARCH_CANDIDATES;
}

static int by_number(const void *a, const void *b)
{
    const uint64_t *left = a, *right = b;
    return (*left > *right) - (*left < *right);
}

/* What comes behind the hits that are there. Those stay as they are: scores are relative to the
 * worst of a leg, so a deeper search alone would show another order on each page. */
static size_t go_deeper(const Running *run, Index *index, const IndexSearch *search, IndexHit *hits,
                        size_t count)
{
    IndexHit *deep = arena_new_array(run->arena, IndexHit, search->count);
    uint64_t *seen = arena_new_array(run->arena, uint64_t, count);
    size_t deep_count = index_search(index, run->arena, search, deep), total = count;
    float last = hits[count - 1].score;
    for (size_t i = 0; i < count; i++)
        seen[i] = hits[i].key;
    qsort(seen, count, sizeof *seen, by_number);
    for (size_t i = 0; i < deep_count && total < search->count; i++) {
        if (bsearch(&deep[i].key, seen, count, sizeof *seen, by_number))
            continue;
        if (deep[i].score > last)
            scale(&deep[i], last / deep[i].score);
        last = deep[i].score;
        hits[total++] = deep[i];
    }
    return total;
}

typedef struct FeedbackWork {
    const Running *run;
    const IndexHit *hits;
    size_t count;
    ChunkHit *rows;
} FeedbackWork;

static bool feedback_work(DbTx *tx, void *argument, Error *err)
{
    FeedbackWork *work = argument;
    int64_t numbers[FEEDBACK_TEXTS];
    for (size_t i = 0; i < work->count; i++)
        numbers[i] = (int64_t)work->hits[i].key;
    return chunk_find_many(tx, work->run->scope, work->run->arena, numbers, work->count,
                           &work->rows, err);
}

/* The query with words of its best hits. */
static bool feed_back(const Running *run, Index *index, const IndexHit *hits, size_t count,
                      const Query *query, Query *fed_r, Error *err)
{
    FeedbackWork work = { run, hits, MIN(count, (size_t)FEEDBACK_TEXTS), NULL };
    FeedbackText texts[FEEDBACK_TEXTS];
    if (!store_read(run->searcher->db, run->scope, feedback_work, &work, err))
        return false;
    for (size_t i = 0; i < work.count; i++)
        texts[i] = (FeedbackText){ work.rows[i].chunk.text, language_read_as(work.rows[i].language),
                                   hits[i].score };
    *fed_r = index_feed_back(index, run->arena, texts, work.count, query);
    return true;
}

static IndexSearch make_search(Asking *asking, const Query *query, KeyFilter *having)
{
    const SearchRequest *request = asking->run->request;
    bool is_meaning = asking->leg->looks_for == FOR_MEANING;
    return (IndexSearch){ .text = asking->leg->words,
                          .query = query,
                          .late_vector = asking->has_vector ? await_vector : NULL,
                          .self = asking,
                          .pool = asking->run->searcher->beside,
                          .filter = { asking->allowed.bits, asking->allowed.bit_count },
                          .count = SEARCH_CANDIDATES,
                          .depth = (size_t)request->candidates,
                          .vector_weight = is_meaning ? 1 : (float)request->vector_weight,
                          .support = (float)request->support,
                          .having_r = request->wants_matching && !is_meaning ? having : NULL,
                          .vector_failed_r = &asking->vector_failed,
                          .is_cut_r = &asking->run->has_frequent };
}

static bool ask(Asking *asking, Index *index, const Query *query, IndexHit *hits, size_t *count_r,
                Error *err)
{
    Running *run = asking->run;
    SearchTarget looks_for = asking->leg->looks_for;
    KeyFilter having = { 0 };
    Query fed;
    IndexSearch search = make_search(asking, query, &having);
    size_t count = index_search(index, run->arena, &search, hits);
    chunk_bits_add(&run->results.matching, run->arena, having.bits, having.bit_count);
    /* Whatever is asked beyond this has the vector already. */
    search.late_vector = NULL;
    search.having_r = NULL;
    search.vector = asking->vector.is_there ? asking->vector.values : NULL;
    if (run->request->feeds_back && looks_for != FOR_MEANING) {
        if (!feed_back(run, index, hits, count, query, &fed, err))
            return false;
        search.query = &fed;
        count = index_search(index, run->arena, &search, hits);
    }
    if (depth_of(run) > count && count == search.count) {
        search.count = depth_of(run);
        count = go_deeper(run, index, &search, hits, count);
    }
    if (asking->vector_failed.code != ERROR_NONE)
        search_notice(run, &asking->vector_failed);
    run->results.has_keyword |= looks_for != FOR_MEANING;
    run->results.has_semantic |= search.vector && asking->vector_failed.code == ERROR_NONE;
    *count_r = count;
    return true;
}

/* --- One ranking --- */

static int by_key_and_score(const void *a, const void *b)
{
    const IndexHit *left = a, *right = b;
    if (left->key != right->key)
        return left->key < right->key ? -1 : 1;
    return (left->score < right->score) - (left->score > right->score);
}

static int by_score(const void *a, const void *b)
{
    const IndexHit *left = a, *right = b;
    if (left->score != right->score)
        return left->score < right->score ? 1 : -1;
    return (left->key > right->key) - (left->key < right->key);
}

/* Each leg's scores are 0 to 1 over what it found, so the best is comparable. */
size_t search_fuse(Arena *arena, IndexHit *hits, size_t count, const IndexHit *more,
                   size_t more_count, float weight, size_t max)
{
    if (!count && weight == 1) { /* the only leg stays in the order of the index */
        if (more_count)
            memcpy(hits, more, MIN(more_count, max) * sizeof *hits);
        return MIN(more_count, max);
    }
    IndexHit *all = arena_new_array(arena, IndexHit, count + more_count + 1);
    size_t total = count + more_count, merged = 0;
    if (count)
        memcpy(all, hits, count * sizeof *all);
    for (size_t i = 0; i < more_count; i++) {
        all[count + i] = more[i];
        scale(&all[count + i], weight);
    }
    qsort(all, total, sizeof *all, by_key_and_score);
    for (size_t i = 0; i < total; i++)
        if (!merged || all[merged - 1].key != all[i].key)
            all[merged++] = all[i];
    qsort(all, merged, sizeof *all, by_score);
    memcpy(hits, all, MIN(merged, max) * sizeof *hits);
    return MIN(merged, max);
}

/* What was found by meaning. What a page further on finds behind that does not count: all pages
 * count the same. */
static void add_found(Running *run)
{
    for (size_t i = 0; i < MIN(run->hit_count, (size_t)SEARCH_CANDIDATES); i++) {
        NumberRange one = { (int64_t)run->hits[i].key, 1 };
        chunk_bits_add_range(&run->results.matching, run->arena, &one);
    }
}

static void tell_found(Running *run)
{
    int64_t *found = arena_new_array(run->arena, int64_t, run->hit_count);
    float *scores = arena_new_array(run->arena, float, run->hit_count);
    for (size_t i = 0; i < run->hit_count; i++) {
        found[i] = (int64_t)run->hits[i].key;
        scores[i] = run->hits[i].score;
    }
    if (run->request->wants_matching)
        add_found(run);
    run->results.total = (int64_t)run->hit_count;
    run->results.found = (NumberList){ found, run->hit_count };
    run->results.found_scores = scores;
}

static bool ask_all(Running *run, Index *index, Asking *list, size_t count, Error *err)
{
    IndexHit *hits = arena_new_array(run->arena, IndexHit, depth_of(run));
    Buf words = buf_new(run->arena, MB(1));
    for (size_t i = 0; i < count; i++) {
        const SearchLeg *leg = list[i].leg;
        Query query = read_words(run, index, leg->words);
        size_t found;
        if (!ask(&list[i], index, &query, hits, &found, err))
            return false;
        run->hit_count = search_fuse(run->arena, run->hits, run->hit_count, hits, found,
                                     leg->weight > 0 ? (float)leg->weight : 1, depth_of(run));
        buf_add_char(&words, ' ');
        buf_add(&words, leg->words);
        run->query = count == 1 ? query : run->query;
        if (!search_step(run, "search", leg->words, found, err))
            return false;
    }
    if (count > 1) /* snippets show the words of any leg */
        run->query = read_words(run, index, buf_str(&words));
    tell_found(run);
    return true;
}

bool search_legs(Running *run, Index *index, size_t dims, Str model, Error *err)
{
    const SearchRequest *request = run->request;
    const SearchLeg own = { .words = search_words(request),
                            .looks_for = search_modes[request->mode].looks_for };
    size_t count = MAX(request->leg_count, 1);
    Asking *list = arena_new_array(run->arena, Asking, count);
    bool ok = true;
    run->hits = arena_new_array(run->arena, IndexHit, depth_of(run));
    /* All vectors are on their way before the first is waited for, so they are made together. */
    for (size_t i = 0; ok && i < count; i++) {
        list[i] = (Asking){ .run = run,
                            .index = index,
                            .leg = request->leg_count ? &request->legs[i] : &own };
        ok = begin_leg(&list[i], err);
        list[i].has_vector = ok && begin_vector(&list[i], dims, model);
    }
    ok = ok && ask_all(run, index, list, count, err);
    /* Whatever happened: a vector that is on its way is written into the arena. */
    for (size_t i = 0; i < count; i++)
        if (list[i].has_vector)
            (void)await_vector(&list[i]);
    return ok;
}
