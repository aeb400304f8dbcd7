/* search.c - see search.h. */
#include "search/search.h"

#include "base/clock.h"
#include "index/index.h"
#include "store/searches_store.h"
#include "text/language.h"

#define SNIPPET_BYTES 240
#define FILTER_DOCUMENTS_MAX 100000
/* Both legs give this many; results of one document may crowd others out below it. */
#define CANDIDATES 200

struct Searcher {
    Db *db;
    Library *library;
    _Atomic(EncodeQueue *) encoder;
};

typedef struct Running {
    Searcher *searcher;
    const Scope *scope;
    Arena *arena;
    const SearchRequest *request;
    StrList documents; /* what the filter allows */
    uint64_t *bits;    /* chunk numbers that the filter allows; NULL: all */
    uint64_t bit_count;
    IndexHit hits[CANDIDATES];
    size_t hit_count;
    int64_t *numbers;
    ChunkHit *rows;
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
    return searcher;
}

void searcher_free(Searcher *searcher) { free(searcher); }

void searcher_set_encoder(Searcher *searcher, EncodeQueue *encoder)
{
    atomic_store(&searcher->encoder, encoder);
}

/* --- Filters --- */

static bool has_filter(const SearchRequest *request)
{
    return request->collections.count || request->documents.count || request->formats.count ||
           request->tags.count || request->name.length || request->after_ms || request->before_ms;
}

/* Documents of each wanted collection; one query when there is none or one. */
static bool list_documents(DbTx *tx, Running *run, Str collection, StrList *ids_r, Error *err)
{
    const SearchRequest *request = run->request;
    DocumentFilter filter = { .collection = collection,
                              .formats = request->formats,
                              .tags_any = request->tags,
                              .name_has = request->name,
                              .ids = request->documents,
                              .date_from_ms = request->after_ms,
                              .date_to_ms = request->before_ms };
    return document_list_ids(tx, run->scope, run->arena, &filter, FILTER_DOCUMENTS_MAX, ids_r, err);
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

static bool allow_documents(DbTx *tx, Running *run, StrList ids, Error *err)
{
    for (size_t i = 0; i < ids.count; i++) {
        NumberList numbers;
        if (!chunk_numbers(tx, run->scope, run->arena, ids.at[i], &numbers, err))
            return false;
        for (size_t j = 0; j < numbers.count; j++)
            allow_number(run, numbers.at[j]);
    }
    return true;
}

static bool filter_work(DbTx *tx, void *argument, Error *err)
{
    Running *run = argument;
    const StrList *collections = &run->request->collections;
    run->bits = arena_new_array(run->arena, uint64_t, 1);
    run->bit_count = 0;
    for (size_t i = 0; i < MAX(collections->count, 1); i++) {
        StrList ids;
        if (!list_documents(tx, run, collections->count ? collections->at[i] : S(""), &ids, err) ||
            !allow_documents(tx, run, ids, err))
            return false;
    }
    return true;
}

/* --- The legs --- */

/* The query's vector, or NULL with a notice. */
static float *embed_query(Running *run, size_t dims, Str model)
{
    EncodeQueue *queue = atomic_load(&run->searcher->encoder);
    EncodeStatus status;
    Error err;
    if (run->request->mode == SEARCH_KEYWORD)
        return NULL;
    if (!queue || !library_model(run->searcher->library, run->arena).length) {
        run->results.notice = S("There is no embedding model, so only words were searched.");
        return NULL;
    }
    encode_queue_status(queue, &status);
    if (!dims || status.dims != dims || !str_is(model, status.model))
        return NULL; /* nothing is embedded with this model yet */
    float *vector = arena_new_array(run->arena, float, dims);
    Str text = str_slice(run->request->query, 0, KB(8));
    if (!encode_queue_embed(queue, ENCODE_QUERY, &text, 1, 0, vector, &err)) {
        run->results.notice = str_copy(run->arena, str(err.message));
        return NULL;
    }
    return vector;
}

static void search_legs(Running *run)
{
    Library *library = run->searcher->library;
    size_t dims;
    Str model;
    /* Loading the model may replace the index, so it comes before borrowing. */
    if (run->request->mode != SEARCH_KEYWORD)
        (void)library_model(library, run->arena);
    Index *index = library_borrow_index(library, run->scope->workspace, &dims, &model);
    float *vector = embed_query(run, dims, model);
    run->query = index_query(index, run->arena, run->request->query);
    IndexSearch search = { .text = run->request->query,
                           .query = &run->query,
                           .vector = vector,
                           .filter = { .bits = run->bits, .bit_count = run->bit_count },
                           .count = CANDIDATES };
    if (run->request->mode == SEARCH_SEMANTIC)
        search.vector_weight = 1;
    run->hit_count = index_search(index, run->arena, &search, run->hits);
    run->results.has_keyword = run->request->mode != SEARCH_SEMANTIC;
    run->results.has_semantic = vector != NULL;
    library_release_index(library, index);
}

/* --- Rows and snippets --- */

static bool rows_work(DbTx *tx, void *argument, Error *err)
{
    Running *run = argument;
    return chunk_find_many(tx, run->scope, run->arena, run->numbers, run->hit_count, &run->rows,
                           err);
}

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

static void make_results(Running *run)
{
    size_t limit = (size_t)run->request->limit, dims;
    Str model;
    SearchResults *results = &run->results;
    results->at = arena_new_array(run->arena, SearchHit, MIN(limit, run->hit_count));
    results->total = (int64_t)run->hit_count;
    Index *index =
        library_borrow_index(run->searcher->library, run->scope->workspace, &dims, &model);
    for (size_t i = 0; i < run->hit_count && results->count < limit; i++) {
        const IndexHit *from = &run->hits[i];
        /* Erased or trashed since the index was read: never shown. */
        if (!run->rows[i].chunk.number || !run->rows[i].is_live)
            continue;
        SearchHit *hit = &results->at[results->count++];
        *hit = (SearchHit){ .row = run->rows[i],
                            .score = (double)from->score,
                            .keyword_score = (double)from->keyword_score,
                            .semantic_score = (double)from->vector_score,
                            .keyword_rank = (int)from->keyword_rank,
                            .semantic_rank = (int)from->vector_rank };
        add_snippet(run, index, hit);
    }
    library_release_index(run->searcher->library, index);
}

/* --- History --- */

static bool remember_work(DbTx *tx, void *argument, Error *err)
{
    Running *run = argument;
    Search search = { .query = str_slice(run->request->query, 0, 1000),
                      .mode = str(mode_names[run->request->mode]),
                      .result_count = (int64_t)run->results.count,
                      .took_ms = run->results.took_us / 1000,
                      .created_at_ms = now_ms() };
    return search_add(tx, run->scope, run->arena, &search, err);
}

bool search_run(Searcher *searcher, const Scope *scope, Arena *arena, const SearchRequest *request,
                SearchResults *results_r, Error *err)
{
    int64_t start = monotonic_us();
    Running *run = arena_new_one(arena, Running);
    *run = (Running){ .searcher = searcher, .scope = scope, .arena = arena, .request = request };
    if (has_filter(request) && !store_read(searcher->db, scope, filter_work, run, err))
        return false;
    search_legs(run);
    run->numbers = arena_new_array(arena, int64_t, run->hit_count + 1);
    for (size_t i = 0; i < run->hit_count; i++)
        run->numbers[i] = (int64_t)run->hits[i].key;
    if (run->hit_count && !store_read(searcher->db, scope, rows_work, run, err))
        return false;
    make_results(run);
    run->results.took_us = monotonic_us() - start;
    if (request->is_remembered && !store_write(searcher->db, scope, remember_work, run, err))
        return false;
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
    SearchRequest only = { .documents = { &document, 1 } };
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
