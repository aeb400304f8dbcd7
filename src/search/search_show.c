/* search_show.c - the results of a search: rows of the best hits, in the order in which they are
 * shown, with snippets. See search_int.h. */
#include <math.h>

#include "base/clock.h"
#include "encode/encode_rerank.h"
#include "search/alike.h"
#include "search/search_int.h"
#include "text/language.h"

/* Rows that are read beside those shown, for hits that are gone or put off: few searches need more,
 * which are read then. */
#define SPARE_ROWS 5

/* --- Rows, of the hits that are looked at --- */

static bool rows_work(DbTx *tx, void *argument, Error *err)
{
    Running *run = argument;
    ChunkHit *rows;
    size_t count = run->row_count - run->first_row;
    int64_t *numbers = arena_new_array(run->arena, int64_t, count);
    for (size_t i = 0; i < count; i++)
        numbers[i] = (int64_t)run->hits[run->first_row + i].key;
    if (!chunk_find_many(tx, run->scope, run->arena, numbers, count, &rows, err))
        return false;
    memcpy(run->rows + run->first_row, rows, count * sizeof(*rows));
    return true;
}

/* The row of hit `at`, or NULL when it was erased or trashed since the index was read. */
static bool find_row(Running *run, size_t at, const ChunkHit **row_r, Error *err)
{
    if (at >= run->row_count) {
        size_t more = MAX(search_wanted(run) + SPARE_ROWS, run->row_count);
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

/* The score of the place that the hit comes to: what it lacks is the cross-encoder's. */
static void give_score(IndexHit *hit, float score)
{
    float kept = hit->score > score ? score / hit->score : 1;
    for (size_t i = 0; i < SHARE_COUNT; i++)
        hit->shares[i] *= kept;
    hit->shares[SHARE_RERANK] += MAX(score - hit->score, 0);
    hit->score = score;
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
        give_score(&run->hits[i], places[i]);
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
    if (!reranker || search_modes[run->request->mode].looks_for == FOR_WORDS ||
        run->request->is_typing || run->request->without_rerank)
        return true;
    for (size_t i = 0; i < count; i++) {
        const ChunkHit *row;
        if (!find_row(run, i, &row, err))
            return false;
        passages[i] = row ? row->chunk.text : S("");
    }
    RerankCall call = { .query = search_words(run->request),
                        .passages = passages,
                        .count = count,
                        .time_ms = RERANK_MS,
                        .scores = scores };
    if (encode_rerank(reranker, &call, &scored, &why))
        reorder(run, scores, scored);
    else
        search_notice(run, &why);
    return search_step(run, "rerank", call.query, scored, err);
}

/* --- Freshness --- */

#define DAY_MS INT64_C(86400000)

/* Halves with every `half_days` of age, by the document's date or when it was added. */
static float freshness(const ChunkHit *row, int64_t now, double half_days)
{
    int64_t date = row->document_date_ms ? row->document_date_ms : row->created_at_ms;
    double days = (double)(now - date) / (double)DAY_MS;
    return days > 0 ? (float)exp2(-days / half_days) : 1;
}

/* Only where it is asked for: it reads the rows of all hits that may come first. Those behind them
 * stay there. */
static bool favour_fresh(Running *run, Error *err)
{
    const SearchRequest *request = run->request;
    double half_days = request->fresh_days > 0 ? request->fresh_days : run->searcher->fresh_days;
    float values[FUSION_NEAR];
    const ChunkHit *row;
    if (request->fresh <= 0)
        return true;
    size_t count = MIN(run->hit_count, FUSION_NEAR);
    for (size_t i = 0; i < count; i++) {
        if (!find_row(run, i, &row, err))
            return false;
        values[i] = row ? freshness(row, now_ms(), half_days) : 0;
    }
    fusion_mix(run->hits, count, SHARE_FRESH, (float)MIN(request->fresh, 1), values);
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
                            .limit = search_wanted(run),
                            .spreads = !run->request->documents.count,
                            .folds = run->request->folds_copies,
                            .groups = run->request->by_document,
                            .row = row_of_hit,
                            .self = run };
    return choose_results(&run->choice, err);
}

/* --- Results --- */

/* The best window of these bytes of the chunk's text. */
static void add_snippet(Running *run, Index *index, SearchHit *hit, size_t start, size_t end)
{
    Snippet snippet =
        index_snippet(index, run->arena, &run->query, language_read_as(hit->row.language),
                      str_slice(hit->row.chunk.text, start, end), SEARCH_SNIPPET_BYTES);
    int64_t(*matches)[2] = arena_alloc(run->arena, sizeof *matches * (snippet.matches.count + 1));
    for (size_t i = 0; i < snippet.matches.count; i++) {
        matches[i][0] = (int64_t)start + snippet.matches.at[i].start;
        matches[i][1] = (int64_t)start + snippet.matches.at[i].end;
    }
    hit->snippet_start = (int64_t)start + snippet.start;
    hit->snippet_end = (int64_t)start + snippet.end;
    hit->matches = matches;
    hit->match_count = snippet.matches.count;
}

/* Where the text of a document's first chunk begins behind its facts, each a paragraph of its own
 * such as "title: The lamp"; 0: it has none, or nothing else. */
static size_t facts_end(const Chunk *chunk)
{
    Str rest = chunk->text;
    while (chunk->start == 0 && rest.length) {
        size_t key = 0;
        while (key < rest.length &&
               ((rest.at[key] >= 'a' && rest.at[key] <= 'z') || HAS_CHAR(rest.at[key], "_-")))
            key++;
        ptrdiff_t end = str_find(rest, S("\n\n"));
        if (key == 0 || !str_starts(str_from(rest, key), S(": ")))
            return chunk->text.length - rest.length;
        if (end < 0)
            return 0;
        rest = str_from(rest, (size_t)end + 2);
    }
    return 0;
}

/* Facts are shown when the words stand there: else what the document says is. */
static void show_text_before_facts(Running *run, Index *index, SearchHit *hit)
{
    size_t facts = facts_end(&hit->row.chunk);
    SearchHit own = *hit;
    if (hit->snippet_start >= (int64_t)facts)
        return;
    add_snippet(run, index, &own, facts, hit->row.chunk.text.length);
    if (own.match_count >= hit->match_count)
        *hit = own;
}

/* Neighbouring chunks share some text: a quarter of a snippet and more. */
static bool shows_the_same(const SearchHit *a, const SearchHit *b)
{
    int64_t start =
        MAX(a->row.chunk.start + a->snippet_start, b->row.chunk.start + b->snippet_start);
    int64_t end = MIN(a->row.chunk.start + a->snippet_end, b->row.chunk.start + b->snippet_end);
    return str_equal(a->row.chunk.document, b->row.chunk.document) &&
           a->row.chunk.number != b->row.chunk.number &&
           (end - start) * 4 > b->snippet_end - b->snippet_start;
}

/* A result that would show what one before it shows gets a window of the text that is its own, if
 * that has words of the query. */
static void show_own_part(Running *run, Index *index, const SearchHit *before, SearchHit *hit)
{
    const Chunk *other = &before->row.chunk, *chunk = &hit->row.chunk;
    size_t size = chunk->text.length, start = 0, end = size;
    SearchHit own = *hit;
    if (other->start <= chunk->start)
        start = (size_t)MIN(other->start + other->length - chunk->start, (int64_t)size);
    else
        end = (size_t)MIN(other->start - chunk->start, (int64_t)size);
    if (start >= end)
        return;
    add_snippet(run, index, &own, start, end);
    if (own.match_count || !hit->match_count)
        *hit = own;
}

static void vary_snippets(Running *run, Index *index)
{
    SearchResults *results = &run->results;
    for (size_t i = 1; i < results->count; i++)
        for (size_t j = 0; j < i; j++)
            if (shows_the_same(&results->at[j], &results->at[i])) {
                show_own_part(run, index, &results->at[j], &results->at[i]);
                break;
            }
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
        hit.explanation = search_explain(run->arena, index, &run->query, from);
    add_snippet(run, index, &hit, 0, hit.row.chunk.text.length);
    show_text_before_facts(run, index, &hit);
    return hit;
}

static bool make_results(Running *run, Index *index, Error *err)
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
    vary_snippets(run, index);
    return search_step(run, "results", search_words(run->request), results->count, err);
}

bool search_show(Running *run, Index *index, Error *err)
{
    run->rows = arena_new_array(run->arena, ChunkHit, run->hit_count + 1);
    return rerank(run, err) && favour_fresh(run, err) && choose_shown(run, err) &&
           make_results(run, index, err);
}
