/* search.c - see search.h. */
#include "search/search.h"

#include <assert.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/id.h"
#include "encode/encode_rerank.h"
#include "library/facts.h"
#include "search/search_int.h"
#include "store/audit_store.h"
#include "store/document_access.h"

#define COLLECTIONS_MAX 100
#define HISTORY_QUERY_MAX 1000
#define FRESH_DAYS 180
#define LISTED_FROM 5000
#define BESIDE_MAX 1000

Searcher *searcher_new(Db *db, Library *library)
{
    Searcher *searcher = heap_alloc(sizeof *searcher);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    searcher->db = db;
    searcher->library = library;
    searcher->history = search_history_new(db);
    searcher->tables = document_tables_new(db, library);
    searcher->fresh_days = FRESH_DAYS;
    searcher->listed_from = LISTED_FROM;
    searcher->vectors = query_vectors_new();
    searcher->beside = pool_new("words", (int)MAX(cores, 1), BESIDE_MAX);
    return searcher;
}

void searcher_free(Searcher *searcher)
{
    if (!searcher)
        return;
    search_history_free(searcher->history);
    document_tables_free(searcher->tables);
    query_vectors_free(searcher->vectors);
    pool_free(searcher->beside);
    free(searcher);
}

void searcher_flush_history(Searcher *searcher) { search_history_flush(searcher->history); }

void searcher_set_models(Searcher *searcher, struct Models *models) { searcher->models = models; }

void searcher_set_encoder(Searcher *searcher, EncodeQueue *encoder)
{
    atomic_store(&searcher->encoder, encoder);
}

void searcher_set_reranker(Searcher *searcher, Reranker *reranker)
{
    searcher->reranker = reranker;
}

bool searcher_has_reranker(const Searcher *searcher) { return searcher->reranker; }

bool searcher_score(Searcher *searcher, Str query, StrList texts, float *scores, Error *err)
{
    RerankCall call = {
        .query = query, .passages = texts.at, .count = texts.count, .scores = scores
    };
    size_t scored;
    if (!searcher->reranker)
        return fail(err, ERROR_UNSUPPORTED,
                    "there is no cross-encoder here: set rerank_model, or name a service's model");
    return encode_rerank(searcher->reranker, &call, &scored, err);
}

void searcher_set_fresh_days(Searcher *searcher, double days) { searcher->fresh_days = days; }

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

bool search_has_words(const SearchRequest *request)
{
    return str_trim(search_words(request)).length > 0;
}

bool search_has_conditions(const SearchRequest *request)
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

/* --- A search --- */

void search_notice(Running *run, const Error *err)
{
    run->results.notice = str_copy(run->arena, str(err->message));
}

bool search_step(Running *run, const char *name, Str query, size_t found, Error *err)
{
    const SearchWatch *watch = &run->request->watch;
    int64_t now = monotonic_us();
    SearchStep *step = &run->results.steps[run->results.step_count++];
    *step = (SearchStep){ name, query, now - run->step_start_us, (int64_t)found };
    run->step_start_us = now;
    if (watch->step)
        watch->step(watch->self, step);
    return !watch->is_stopped || !watch->is_stopped(watch->self) ||
           fail(err, ERROR_CANCELLED, "the search was stopped");
}

static void remember(Running *run)
{
    run->results.search_id = id_new(run->arena);
    Search search = { .id = run->results.search_id,
                      .query = str_slice(run->request->query, 0, HISTORY_QUERY_MAX),
                      .mode = str(search_mode_name(run->request->mode)),
                      .result_count = (int64_t)run->results.count,
                      .took_ms = run->results.took_us / 1000,
                      .created_at_ms = now_ms() };
    search_history_add(run->searcher->history, run->scope, &search);
}

/* What a query that asks for too much does without. */
static Str cut_notice(const Running *run)
{
    if (run->has_frequent)
        return S("The phrases are of words that are nearly everywhere: not every passage was looked"
                 " at for them.");
    if (!run->query.is_cut)
        return S("");
    return str_format(run->arena,
                      "The query is long: of its words, the first %d are searched and of its"
                      " conditions the first %d; the first %d words with * or ~ are widened.",
                      QUERY_TERMS_MAX, QUERY_CLAUSES_MAX, QUERY_WIDENED_MAX);
}

/* Who asks for the number of a part sees when what is shown only resembles it. */
static void look_for_missing(Running *run, Index *index)
{
    const SearchRequest *request = run->request;
    if (request->is_typing || request->is_telling || request->only_found || request->leg_count)
        return;
    if (!access_sees_all(run->scope))
        return; /* saying nothing would tell that something hidden has it */
    run->results.missing =
        index_missing_name(index, run->arena, &run->query, run->hits, run->hit_count);
}

static Str missing_notice(const Running *run)
{
    Str word = str_slice(run->results.missing, 0, 100);
    if (!word.length || !run->results.count)
        return S("");
    return str_format(run->arena,
                      "No passage has \"" STR_FMT "\": what is shown is only near to the query.",
                      STR_ARG(word));
}

/* Scores are relative to what was found: the best looks good even if no word of the query is
 * anywhere. */
static Str nearness_notice(const Running *run)
{
    const SearchRequest *request = run->request;
    bool asks_words = run->results.has_keyword && run->results.has_semantic && run->results.count &&
                      run->query.terms.count;
    if (!asks_words || request->is_typing || request->is_telling || request->leg_count)
        return S("");
    for (size_t i = 0; i < run->hit_count; i++)
        if (run->hits[i].keyword_rank)
            return S("");
    return S("No passage that was searched has a word of the query: what is shown is only near to"
             " it in meaning.");
}

/* Such a query begins with the sign of an exclusion: others are not read twice. */
static bool says_only_what_not(const Running *run, Index *index, Query *query_r)
{
    const SearchRequest *request = run->request;
    Str words = str_trim(search_words(request));
    if (request->leg_count || request->is_telling || !str_starts(words, S("-")))
        return false;
    *query_r = index_query(index, run->arena, words);
    return search_only_excludes(query_r);
}

/* Fewer documents than were asked for, and more hits than were looked at. */
static bool lacks_documents(const Running *run)
{
    return run->request->by_document && !run->goes_deep && run->choice.count < search_wanted(run) &&
           run->hit_count == SEARCH_CANDIDATES;
}

static bool find_and_show(Running *run, Index *index, size_t dims, Str model, Error *err)
{
    if (!search_legs(run, index, dims, model, err))
        return false;
    if (run->request->only_found)
        return true;
    if (!search_show(run, index, err))
        return false;
    if (!lacks_documents(run))
        return true;
    run->goes_deep = true;
    run->hit_count = run->row_count = run->results.step_count = 0;
    return search_legs(run, index, dims, model, err) && search_show(run, index, err);
}

static bool run_with_index(Running *run, Error *err)
{
    Library *library = run->searcher->library;
    Str workspace = run->scope->workspace, model;
    size_t dims;
    /* Loading the model may replace the index, so it comes before borrowing. */
    if (search_modes[run->request->mode].looks_for != FOR_WORDS)
        run->has_model = library_model(library, run->arena).length > 0;
    if (!search_mode_check(run->request->mode, run->has_model, err))
        return false;
    Index *index = library_borrow_index(library, workspace, &dims, &model);
    Query query;
    bool ok = says_only_what_not(run, index, &query) ? search_list_without(run, index, &query, err)
                                                     : find_and_show(run, index, dims, model, err);
    if (ok)
        look_for_missing(run, index);
    library_release_index(library, index);
    if (ok && !run->results.notice.length)
        run->results.notice = cut_notice(run);
    if (ok && !run->results.notice.length)
        run->results.notice = missing_notice(run);
    if (ok && !run->results.notice.length)
        run->results.notice = library_index_notice(library, run->arena, workspace);
    if (ok && !run->results.notice.length)
        run->results.notice = nearness_notice(run);
    return ok;
}

static bool run_with_words(Running *run, Error *err)
{
    return search_allow(run->searcher, run->scope, run->arena, run->request, &run->allowed, err) &&
           run_with_index(run, err);
}

static bool is_list(const SearchRequest *request)
{
    return !request->leg_count && !search_has_words(request) && search_has_conditions(request);
}

static bool check(const SearchRequest *request, Error *err)
{
    assert(request->leg_count <= SEARCH_LEGS_MAX);
    return request->collections.count <= COLLECTIONS_MAX ||
           fail_field(err, "collections", "at most %d collections, not %zu", COLLECTIONS_MAX,
                      request->collections.count);
}

/* A page further on is the same search. */
static bool is_kept(const SearchRequest *request)
{
    return request->is_remembered && !request->is_typing && !request->offset &&
           search_modes[request->mode].keeps;
}

/* Whose questions are still to be made. */
static bool has_plan(const SearchRequest *request)
{
    return search_modes[request->mode].plan != PLAN_NONE && !request->leg_count &&
           !request->is_typing && search_has_words(request);
}

static bool audit_work(DbTx *tx, void *argument, Error *err)
{
    const Running *run = argument;
    AuditEntry entry = { .action = S("search.private"), .subject_kind = S("search") };
    return audit_add(tx, run->scope, &entry, err);
}

/* That somebody searched, without a word of what. */
static bool audit(Running *run, Error *err)
{
    return run->request->mode != SEARCH_PRIVATE || run->request->is_typing ||
           store_write(run->searcher->db, run->scope, audit_work, run, err);
}

bool search_run(Searcher *searcher, const Scope *scope, Arena *arena, const SearchRequest *request,
                SearchResults *results_r, Error *err)
{
    int64_t start = monotonic_us();
    if (has_plan(request))
        return search_planned(searcher, scope, arena, request, results_r, err);
    Running *run = arena_new_one(arena, Running);
    *run = (Running){ .searcher = searcher, .scope = scope, .arena = arena, .request = request };
    run->step_start_us = start;
    run->results.steps = arena_new_array(arena, SearchStep, SEARCH_STEPS_MAX);
    if (!check(request, err) ||
        !(is_list(request) ? search_list_newest(run, err) : run_with_words(run, err)) ||
        !audit(run, err))
        return false;
    run->results.took_us = monotonic_us() - start;
    if (is_kept(request))
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
    ChunkBits allowed;
    size_t dims;
    Str model;
    if (!search_allow(searcher, scope, arena, &only, &allowed, err))
        return false;
    Index *index = library_borrow_index(searcher->library, scope->workspace, &dims, &model);
    for (size_t i = 0; i < count; i++) {
        QueryTerm term = { .text = words[i], .weight = 1 };
        Query query = { .text = words[i], .terms = { &term, 1, 1 } };
        IndexSearch search = { .text = words[i],
                               .query = &query,
                               .filter = { .bits = allowed.bits, .bit_count = allowed.bit_count },
                               .count = 1 };
        IndexHit hit;
        has[i] = words[i].length && index_search(index, arena, &search, &hit) > 0;
    }
    library_release_index(searcher->library, index);
    return true;
}
