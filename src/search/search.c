/* search.c - see search.h. */
#include "search/search.h"
#include "encode/encode_rerank.h"

#include <math.h>

#include "library/facts.h"

#include "base/clock.h"
#include "base/id.h"
#include "index/index.h"
#include "search/alike.h"
#include "search/choose.h"
#include "search/query_vector.h"
#include "search/search_history.h"
#include "search/search_int.h"
#include "text/language.h"

#define SNIPPET_BYTES 240
#define COLLECTIONS_MAX 100
#define HISTORY_QUERY_MAX 1000
/* Both legs together give this many. */
#define CANDIDATES 200
/* Rows that are read beside those shown, for hits that are gone or put off. */
#define SPARE_ROWS 20

typedef struct Running {
    Searcher *searcher;
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    uint64_t *bits; /* chunk numbers that the filter allows; NULL: all */
    uint64_t bit_count;
    IndexHit hits[CANDIDATES];
    size_t hit_count;
    ChunkHit *rows; /* of the first hits, as far as they were read */
    size_t row_count, first_row;
    Choice choice;
    bool has_model;
    QueryVector vector;
    Query query;
    SearchResults results;
} Running;

static const char *const mode_names[] = { "hybrid", "keyword", "semantic" };

const char *search_mode_name(SearchMode mode) { return mode_names[mode]; }

bool search_mode_named(Str name, SearchMode *mode_r, Error *err)
{
    if (!name.length) {
        *mode_r = SEARCH_HYBRID;
        return true;
    }
    for (size_t i = 0; i < COUNT(mode_names); i++)
        if (str_is(name, mode_names[i])) {
            *mode_r = (SearchMode)i;
            return true;
        }
    return fail_field(err, "mode", "'mode' is hybrid, keyword or semantic");
}

Searcher *searcher_new(Db *db, Library *library)
{
    Searcher *searcher = heap_alloc(sizeof *searcher);
    searcher->db = db;
    searcher->library = library;
    searcher->history = search_history_new(db);
    searcher->vectors = query_vectors_new();
    return searcher;
}

void searcher_free(Searcher *searcher)
{
    if (!searcher)
        return;
    search_history_free(searcher->history);
    query_vectors_free(searcher->vectors);
    free(searcher);
}

void searcher_flush_history(Searcher *searcher) { search_history_flush(searcher->history); }

void searcher_set_encoder(Searcher *searcher, EncodeQueue *encoder)
{
    atomic_store(&searcher->encoder, encoder);
}

void searcher_set_reranker(Searcher *searcher, Reranker *reranker)
{
    searcher->reranker = reranker;
}

/* --- Filters --- */

bool search_read(Arena *arena, SearchRequest *request, QueryCare care, QueryReading *reading_r,
                 Error *err)
{
    if (!query_language_read(arena, request->query, care, reading_r, err))
        return false;
    request->words = reading_r->words;
    request->clauses = reading_r->clauses.at;
    request->clause_count = reading_r->clauses.count;
    return true;
}

/* What the index and the model read. */
static Str words_of(const SearchRequest *request)
{
    return request->words.length ? request->words : request->query;
}

bool search_has_words(const SearchRequest *request)
{
    return str_trim(words_of(request)).length > 0;
}

static bool has_filter(const SearchRequest *request)
{
    return request->clause_count || request->collections.count || request->documents.count ||
           request->formats.count || request->tags.count || request->metadata.count ||
           request->name.length || request->after_ms || request->before_ms;
}

DocumentFilter search_filter(const SearchRequest *request, Str collection,
                             const FactCondition *facts)
{
    const StrList none = { 0 };
    return (DocumentFilter){ .collection = collection,
                             .facts = facts,
                             .fact_count = request->metadata.count,
                             .formats = request->formats,
                             .tags_any = request->tags,
                             .name_has = request->name,
                             .ids = request->without_members ? request->documents : none,
                             .within = request->without_members ? none : request->documents,
                             .date_from_ms = request->after_ms,
                             .date_to_ms = request->before_ms,
                             .clauses = request->clauses,
                             .clause_count = request->clause_count };
}

bool search_filter_all(const SearchRequest *request, Arena *arena, DocumentFilter *filter_r,
                       Error *err)
{
    const FactCondition *facts;
    if (!fact_conditions_read(arena, request->metadata, &facts, err))
        return false;
    DocumentFilter filter = search_filter(request, S(""), facts);
    DocumentCondition *in = arena_new_one(arena, DocumentCondition);
    *in = (DocumentCondition){ .test = TEST_COLLECTION, .texts = request->collections };
    DocumentClause *clauses = arena_new_array(arena, DocumentClause, filter.clause_count + 1);
    if (request->collections.count) {
        if (filter.clause_count)
            memcpy(clauses, filter.clauses, filter.clause_count * sizeof *clauses);
        clauses[filter.clause_count++] = (DocumentClause){ in, 1 };
        filter.clauses = clauses;
    }
    *filter_r = filter;
    return true;
}

static void allow_number(Running *run, int64_t number)
{
    if ((uint64_t)number >= run->bit_count) {
        uint64_t words = ((uint64_t)number * 2 + 4096) / 64;
        uint64_t *grown = arena_new_array(run->arena, uint64_t, words);
        if (run->bit_count)
            memcpy(grown, run->bits, run->bit_count / 8);
        run->bits = grown;
        run->bit_count = words * 64;
    }
    run->bits[number / 64] |= (uint64_t)1 << (number % 64);
}

/* The chunks of each wanted collection; one query when there is none or one. */
static bool filter_work(DbTx *tx, void *argument, Error *err)
{
    Running *run = argument;
    const StrList *collections = &run->request->collections;
    const FactCondition *facts;
    if (!fact_conditions_read(run->arena, run->request->metadata, &facts, err))
        return false;
    run->bits = arena_new_array(run->arena, uint64_t, 1);
    run->bit_count = 0;
    for (size_t i = 0; i < MAX(collections->count, 1); i++) {
        NumberList numbers;
        DocumentFilter filter =
            search_filter(run->request, collections->count ? collections->at[i] : S(""), facts);
        if (!document_list_chunks(tx, run->scope, run->arena, &filter, &numbers, err))
            return false;
        for (size_t j = 0; j < numbers.count; j++)
            allow_number(run, numbers.at[j]);
    }
    return true;
}

/* --- The legs --- */

static void notice(Running *run, const Error *err)
{
    run->results.notice = str_copy(run->arena, str(err->message));
}

/* The query's vector is on its way; false: there is none, perhaps with a notice. */
static bool begin_vector(Running *run, size_t dims, Str model)
{
    EncodeQueue *queue = library_encoder(run->searcher->library, model);
    queue = queue ? queue : atomic_load(&run->searcher->encoder);
    EncodeStatus status;
    Error err;
    if (run->request->mode == SEARCH_KEYWORD)
        return false;
    if (!queue || !run->has_model) {
        run->results.notice = S("There is no embedding model, so only words were searched.");
        return false;
    }
    encode_queue_status(queue, &status);
    if (!dims || status.dims != dims || !str_is(model, status.model))
        return false; /* nothing is embedded with this model yet */
    run->vector = (QueryVector){ .kept = run->searcher->vectors,
                                 .workspace = run->scope->workspace,
                                 .model = model,
                                 .text = str_slice(words_of(run->request), 0, KB(8)),
                                 .dims = dims,
                                 .anew = run->request->is_measured };
    Str prompt = encoder_prompt(encode_queue_encoder(queue), true);
    if (prompt.length)
        run->vector.text =
            str_format(run->arena, STR_FMT STR_FMT, STR_ARG(prompt), STR_ARG(run->vector.text));
    bool has_begun = query_vector_begin(&run->vector, queue, run->arena, &err);
    if (!has_begun)
        notice(run, &err);
    return has_begun;
}

static const float *await_vector(void *self)
{
    Running *run = self;
    Error err;
    const float *vector = query_vector_await(&run->vector, &err);
    if (!vector)
        notice(run, &err);
    return vector;
}

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

static void search_legs(Running *run, Index *index, size_t dims, Str model)
{
    bool has_vector = begin_vector(run, dims, model);
    run->query = run->request->is_typing
                     ? index_query_typing(index, run->arena, words_of(run->request))
                     : index_query(index, run->arena, words_of(run->request));
    if (run->request->is_telling)
        keep_telling(index, &run->query);
    IndexSearch search = { .text = words_of(run->request),
                           .query = &run->query,
                           .late_vector = has_vector ? await_vector : NULL,
                           .self = run,
                           .filter = { .bits = run->bits, .bit_count = run->bit_count },
                           .count = CANDIDATES,
                           .vector_weight = (float)run->request->vector_weight };
    if (run->request->mode == SEARCH_SEMANTIC)
        search.vector_weight = 1;
    run->hit_count = index_search(index, run->arena, &search, run->hits);
    run->results.has_keyword = run->request->mode != SEARCH_SEMANTIC;
    run->results.has_semantic = has_vector && run->vector.is_there;
    run->results.total = (int64_t)run->hit_count;
    int64_t *found = arena_new_array(run->arena, int64_t, run->hit_count);
    float *scores = arena_new_array(run->arena, float, run->hit_count);
    for (size_t i = 0; i < run->hit_count; i++) {
        found[i] = (int64_t)run->hits[i].key;
        scores[i] = run->hits[i].score;
    }
    run->results.found = (NumberList){ found, run->hit_count };
    run->results.found_scores = scores;
}

/* --- Rows, of the hits that are looked at --- */

static bool rows_work(DbTx *tx, void *argument, Error *err)
{
    Running *run = argument;
    ChunkHit *rows;
    int64_t numbers[CANDIDATES];
    size_t count = run->row_count - run->first_row;
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int64_t)run->hits[run->first_row + i].key;
    if (!chunk_find_many(tx, run->scope, run->arena, numbers, count, &rows, err))
        return false;
    memcpy(run->rows + run->first_row, rows, count * sizeof(*rows));
    return true;
}

/* How many are chosen, with those before the first that is shown. */
static size_t wanted(const Running *run)
{
    return (size_t)(run->request->limit + run->request->offset);
}

/* The row of hit `at`, or NULL when it was erased or trashed since the index was read. */
static bool find_row(Running *run, size_t at, const ChunkHit **row_r, Error *err)
{
    if (at >= run->row_count) {
        size_t more = MAX(wanted(run) + SPARE_ROWS, run->row_count);
        run->first_row = run->row_count;
        run->row_count = MIN(run->row_count + more, run->hit_count);
        if (!store_read(run->searcher->db, run->scope, rows_work, run, err))
            return false;
    }
    const ChunkHit *row = &run->rows[at];
    *row_r = row->chunk.number && row->is_live ? row : NULL;
    return true;
}

/* --- Cross-encoder --- */

#define RERANK_HITS 30
#define RERANK_MS 300

typedef struct Reranked {
    IndexHit hit;
    ChunkHit row;
    float score;
} Reranked;

static int by_rerank(const void *a, const void *b)
{
    float x = ((const Reranked *)a)->score, y = ((const Reranked *)b)->score;
    return (x < y) - (x > y);
}

/* The scores stay where they are, highest first: they say what the legs thought of the best, and
 * what is compared with the hits that no cross-encoder has seen. */
static void reorder(Running *run, const float *scores, size_t count)
{
    Reranked *list = arena_new_array(run->arena, Reranked, count);
    float places[RERANK_HITS];
    for (size_t i = 0; i < count; i++) {
        list[i] = (Reranked){ run->hits[i], run->rows[i], scores[i] };
        places[i] = run->hits[i].score;
    }
    qsort(list, count, sizeof *list, by_rerank);
    for (size_t i = 0; i < count; i++) {
        run->hits[i] = list[i].hit;
        run->hits[i].score = places[i];
        run->rows[i] = list[i].row;
    }
}

/* The first hits in the order of the cross-encoder, as far as it comes in its time. */
static bool rerank(Running *run, Error *err)
{
    Reranker *reranker = run->searcher->reranker;
    size_t count = MIN(run->hit_count, (size_t)RERANK_HITS), scored = 0;
    Str passages[RERANK_HITS];
    float scores[RERANK_HITS];
    Error why = { 0 };
    if (!reranker || run->request->mode == SEARCH_KEYWORD || run->request->is_typing)
        return true;
    for (size_t i = 0; i < count; i++) {
        const ChunkHit *row;
        if (!find_row(run, i, &row, err))
            return false;
        passages[i] = row ? row->chunk.text : S("");
    }
    RerankCall call = { .query = words_of(run->request),
                        .passages = passages,
                        .count = count,
                        .time_ms = RERANK_MS,
                        .scores = scores };
    if (encode_rerank(reranker, &call, &scored, &why))
        reorder(run, scores, scored);
    else
        notice(run, &why);
    return true;
}

/* --- Freshness --- */

#define FRESH_DAYS 180
#define DAY_MS INT64_C(86400000)

/* Halves with every FRESH_DAYS of age, by the document's date or when it was added. */
static float freshness(const ChunkHit *row, int64_t now)
{
    int64_t date = row->document_date_ms ? row->document_date_ms : row->created_at_ms;
    double days = (double)(now - date) / (double)DAY_MS;
    return days > 0 ? (float)exp2(-days / FRESH_DAYS) : 1;
}

/* Only where it is asked for: it reads the rows of all hits that may come first. */
static bool favour_fresh(Running *run, Error *err)
{
    float values[CANDIDATES];
    const ChunkHit *row;
    if (run->request->fresh <= 0)
        return true;
    run->hit_count = MIN(run->hit_count, FUSION_DEPTH);
    for (size_t i = 0; i < run->hit_count; i++) {
        if (!find_row(run, i, &row, err))
            return false;
        values[i] = row ? freshness(row, now_ms()) : 0;
    }
    fusion_mix(run->hits, run->hit_count, SHARE_FRESH, (float)MIN(run->request->fresh, 1), values);
    run->row_count = 0; /* they are in another order now */
    return true;
}

/* --- Which hits are shown --- */

static bool says(Str wanted, Str text)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(4));
    WordSet a = word_set(scratch, wanted), b = word_set(scratch, text);
    return word_sets_alike(&a, &b);
}

static bool row_of_hit(void *self, size_t hit, const ChunkHit **row_r, Error *err)
{
    const SearchRequest *request = ((const Running *)self)->request;
    if (!find_row(self, hit, row_r, err))
        return false;
    if (*row_r && request->except_document.length &&
        (str_equal((*row_r)->chunk.document, request->except_document) ||
         says(request->except_text, (*row_r)->chunk.text)))
        *row_r = NULL;
    return true;
}

static bool choose_shown(Running *run, Error *err)
{
    run->choice = (Choice){ .arena = run->arena,
                            .hits = run->hits,
                            .hit_count = run->hit_count,
                            .limit = wanted(run),
                            .spreads = !run->request->documents.count,
                            .folds = run->request->folds_copies,
                            .groups = run->request->by_document,
                            .row = row_of_hit,
                            .self = run };
    return choose_results(&run->choice, err);
}

/* --- Results --- */

static void add_snippet(Running *run, Index *index, SearchHit *hit)
{
    Snippet snippet =
        index_snippet(index, run->arena, &run->query, language_named(hit->row.language),
                      hit->row.chunk.text, SNIPPET_BYTES);
    int64_t(*matches)[2] = arena_alloc(run->arena, sizeof *matches * (snippet.matches.count + 1));
    for (size_t i = 0; i < snippet.matches.count; i++) {
        matches[i][0] = snippet.matches.at[i].start;
        matches[i][1] = snippet.matches.at[i].end;
    }
    hit->snippet_start = snippet.start;
    hit->snippet_end = snippet.end;
    hit->matches = matches;
    hit->match_count = snippet.matches.count;
}

static void explain(Running *run, const IndexHit *from, SearchHit *hit)
{
    SearchShare *shares = arena_new_array(run->arena, SearchShare, SHARE_COUNT);
    for (size_t i = 0; i < SHARE_COUNT; i++)
        if (from->shares[i] > 0)
            shares[hit->share_count++] = (SearchShare){ shares_about[i].name, shares_about[i].title,
                                                        (double)from->shares[i] };
    hit->shares = shares;
}

static SearchHit make_hit(Running *run, Index *index, size_t at)
{
    const IndexHit *from = &run->hits[at];
    SearchHit hit = { .row = run->rows[at],
                      .score = (double)from->score,
                      .keyword_score = (double)from->keyword_score,
                      .semantic_score = (double)from->vector_score,
                      .keyword_rank = (int)from->keyword_rank,
                      .semantic_rank = (int)from->vector_rank };
    if (run->request->explains)
        explain(run, from, &hit);
    add_snippet(run, index, &hit);
    return hit;
}

static void make_results(Running *run, Index *index)
{
    SearchResults *results = &run->results;
    const Choice *choice = &run->choice;
    size_t before = MIN((size_t)run->request->offset, choice->count);
    results->count = choice->count - before;
    results->at = arena_new_array(run->arena, SearchHit, results->count);
    for (size_t i = 0; i < results->count; i++) {
        const Chosen *chosen = &choice->chosen[before + i];
        SearchHit *hit = &results->at[i];
        *hit = make_hit(run, index, chosen->hit);
        hit->passages = arena_new_array(run->arena, SearchHit, chosen->passage_count);
        hit->copies = arena_new_array(run->arena, const ChunkHit *, chosen->copy_count);
        for (size_t n = 0; n < chosen->passage_count; n++)
            hit->passages[hit->passage_count++] = make_hit(run, index, chosen->passages[n]);
        for (size_t n = 0; n < chosen->copy_count; n++)
            hit->copies[hit->copy_count++] = &run->rows[chosen->copies[n]];
    }
}

static void remember(Running *run)
{
    run->results.search_id = id_new(run->arena);
    Search search = { .id = run->results.search_id,
                      .query = str_slice(run->request->query, 0, HISTORY_QUERY_MAX),
                      .mode = str(mode_names[run->request->mode]),
                      .result_count = (int64_t)run->results.count,
                      .took_ms = run->results.took_us / 1000,
                      .created_at_ms = now_ms() };
    search_history_add(run->searcher->history, run->scope, &search);
}

static bool run_with_index(Running *run, Index *index, size_t dims, Str model, Error *err)
{
    search_legs(run, index, dims, model);
    if (run->request->only_found)
        return true;
    run->rows = arena_new_array(run->arena, ChunkHit, run->hit_count + 1);
    if (!rerank(run, err) || !favour_fresh(run, err) || !choose_shown(run, err))
        return false;
    make_results(run, index);
    return true;
}

bool search_run(Searcher *searcher, const Scope *scope, Arena *arena, const SearchRequest *request,
                SearchResults *results_r, Error *err)
{
    int64_t start = monotonic_us();
    Running *run = arena_new_one(arena, Running);
    *run = (Running){ .searcher = searcher, .scope = scope, .arena = arena, .request = request };
    if (request->collections.count > COLLECTIONS_MAX)
        return fail_field(err, "collections", "at most %d collections, not %zu", COLLECTIONS_MAX,
                          request->collections.count);
    if (has_filter(request) && !store_read(searcher->db, scope, filter_work, run, err))
        return false;
    /* Loading the model may replace the index, so it comes before borrowing. */
    if (request->mode != SEARCH_KEYWORD)
        run->has_model = library_model(searcher->library, arena).length > 0;
    size_t dims;
    Str model;
    Index *index = library_borrow_index(searcher->library, scope->workspace, &dims, &model);
    bool ok = run_with_index(run, index, dims, model, err);
    library_release_index(searcher->library, index);
    if (!ok)
        return false;
    if (!run->results.notice.length)
        run->results.notice = library_index_notice(searcher->library, arena, scope->workspace);
    run->results.took_us = monotonic_us() - start;
    if (request->is_remembered && !request->is_typing)
        remember(run);
    *results_r = run->results;
    return true;
}

/* --- For answers --- */

void search_rarities(Searcher *searcher, const Scope *scope, const Str *words, size_t count,
                     double *rarities)
{
    size_t dims;
    Str model;
    Index *index = library_borrow_index(searcher->library, scope->workspace, &dims, &model);
    for (size_t i = 0; i < count; i++)
        rarities[i] = index_rarity(index, words[i]);
    library_release_index(searcher->library, index);
}

bool search_holds(Searcher *searcher, const Scope *scope, Arena *arena, Str document,
                  const Str *words, size_t count, bool *has, Error *err)
{
    SearchRequest only = { .documents = { &document, 1 }, .without_members = true };
    Running run = { .searcher = searcher, .scope = scope, .arena = arena, .request = &only };
    size_t dims;
    Str model;
    if (!store_read(searcher->db, scope, filter_work, &run, err))
        return false;
    Index *index = library_borrow_index(searcher->library, scope->workspace, &dims, &model);
    for (size_t i = 0; i < count; i++) {
        QueryTerm term = { .text = words[i], .weight = 1 };
        Query query = { .text = words[i], .terms = { &term, 1, 1 } };
        IndexSearch search = { .text = words[i],
                               .query = &query,
                               .filter = { .bits = run.bits, .bit_count = run.bit_count },
                               .count = 1 };
        IndexHit hit;
        has[i] = words[i].length && index_search(index, arena, &search, &hit) > 0;
    }
    library_release_index(searcher->library, index);
    return true;
}

bool search_embed(Searcher *searcher, Arena *arena, const Str *texts, size_t count,
                  size_t tokens_max, size_t *dims_r, float **vectors_r)
{
    EncodeQueue *queue = atomic_load(&searcher->encoder);
    EncodeStatus status;
    Error ignored;
    if (!queue || !count)
        return false;
    encode_queue_status(queue, &status);
    if (status.state != ENCODE_READY)
        return false;
    float *vectors = arena_new_array(arena, float, count *status.dims);
    if (!encode_queue_embed(queue, ENCODE_QUERY, texts, count, tokens_max, vectors, &ignored))
        return false;
    *dims_r = status.dims;
    *vectors_r = vectors;
    return true;
}
