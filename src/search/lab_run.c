/* lab_run.c - a judged set against searches: ranks, scores, times. See lab.h. */
#include "search/lab.h"

#include "base/id.h"
#include "base/map.h"

#define ARMS_MAX 5
#define PEOPLE_SEE 10
#define RESULT_MAX MB(64)

typedef struct Judged {
    Str text;
    const Judgement *at;
    size_t count;
    int64_t *grades;
    size_t relevant;
} Judged;

/* One way to search. */
typedef struct Arm {
    const char *name;
    SearchRequest request;
    LabScores *scores; /* of each query */
    int64_t *first;    /* rank of the first relevant; 0: none */
    int64_t *took_us;
    LabScores mean;
    LabTimes times;
} Arm;

typedef struct Lab {
    Job *job;
    Scope asker; /* sees what whoever began the run sees, not all that a job may */
    Searcher *searcher;
    Arena *arena;
    LabRun run;
    JudgementList judgements;
    VEC(Judged) queries;
    Arm arms[ARMS_MAX];
    size_t arm_count, main; /* the arm that queries are judged by */
    bool compares;          /* the last arm is the other settings' */
    Str against, notice, result;
} Lab;

/* --- What is to be done --- */

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    Lab *lab = argument;
    AUTO_JSON json_t *payload = NULL;
    if (!json_parse(lab->job->payload, KB(4), &payload, err))
        return false;
    Str id = str_copy(lab->arena, json_member_text(payload, "run"));
    return lab_run_find(tx, &lab->job->scope, lab->arena, id, &lab->run, err) &&
           judgement_list(tx, &lab->job->scope, lab->arena, lab->run.set, STR_NONE,
                          &lab->judgements, err);
}

/* Judgements come query by query; a query without a relevant document says nothing. */
static void add_queries(Lab *lab)
{
    const Judgement *all = lab->judgements.at;
    size_t end;
    for (size_t i = 0; i < lab->judgements.count; i = end) {
        Judged query = { .text = all[i].query, .at = &all[i] };
        for (end = i; end < lab->judgements.count && str_equal(all[end].query, query.text); end++)
            query.relevant += all[end].grade > 0;
        query.count = end - i;
        query.grades = arena_new_array(lab->arena, int64_t, query.count);
        for (size_t j = 0; j < query.count; j++)
            query.grades[j] = all[i + j].grade;
        if (query.relevant)
            *vec_push(lab->arena, &lab->queries) = query;
    }
}

static void add_arm(Lab *lab, const char *name, SearchRequest request)
{
    size_t count = lab->queries.count;
    lab->arms[lab->arm_count++] = (Arm){ .name = name,
                                         .request = request,
                                         .scores = arena_new_array(lab->arena, LabScores, count),
                                         .first = arena_new_array(lab->arena, int64_t, count),
                                         .took_us = arena_new_array(lab->arena, int64_t, count) };
}

/* As people typed it; what is no operator is words. */
static bool ask(Lab *lab, Arena *arena, SearchRequest *request, Str query, SearchResults *results_r,
                Error *err)
{
    QueryReading reading;
    request->query = query;
    return search_read(arena, request, QUERY_LENIENT, &reading, err) &&
           search_run(lab->searcher, &lab->asker, arena, request, results_r, err);
}

/* The legs of a hybrid search, and what they are together before a cross-encoder, are measured
 * beside the search itself, as far as they are there. */
static void add_main(Lab *lab, const SearchRequest *own, bool has_semantic)
{
    bool reranks =
        searcher_has_reranker(lab->searcher) && !own->without_rerank && own->mode != SEARCH_KEYWORD;
    SearchRequest leg = *own;
    leg.without_rerank = true;
    if (own->mode == SEARCH_HYBRID && has_semantic) {
        leg.mode = SEARCH_KEYWORD;
        add_arm(lab, "keyword", leg);
        leg.mode = SEARCH_SEMANTIC;
        add_arm(lab, "semantic", leg);
        leg.mode = own->mode;
    }
    if (reranks)
        add_arm(lab, search_mode_name(own->mode), leg);
    lab->main = lab->arm_count;
    add_arm(lab, reranks ? "reranked" : search_mode_name(own->mode), *own);
}

static bool add_arms(Lab *lab, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    SearchRequest own = { .limit = LAB_DEPTH, .is_measured = true }, leg;
    SearchResults results;
    if (!json_parse(lab->run.settings, KB(64), &json, err) ||
        !lab_settings_read(json_member_text(json, "settings"), &own, err))
        return false;
    SearchRequest other = own;
    lab->against = str_copy(lab->arena, json_member_text(json, "against"));
    if (!lab_settings_read(lab->against, &other, err))
        return false;
    /* What is loaded at the first search is not what a search takes. */
    leg = own;
    if (!ask(lab, lab->arena, &leg, lab->queries.at[0].text, &results, err))
        return false;
    lab->notice = results.notice;
    add_main(lab, &own, results.has_semantic);
    lab->compares = lab->against.length > 0;
    if (lab->compares)
        add_arm(lab, "against", other);
    return true;
}

/* --- Ranks --- */

static bool is_of_passage(const Judgement *judgement, const Chunk *chunk)
{
    int64_t start = MAX(judgement->start, chunk->start);
    int64_t end = MIN(judgement->end, chunk->start + chunk->length);
    int64_t shorter = MIN(judgement->end - judgement->start, chunk->length);
    return shorter > 0 && (end - start) * 2 >= shorter;
}

/* The judgement that a passage fulfils, or NULL; *by_passage_r when passages of its document were
 * judged. */
static const Judgement *judgement_of(const Judged *query, const Chunk *chunk, bool *by_passage_r)
{
    const Judgement *whole = NULL;
    *by_passage_r = false;
    for (size_t i = 0; i < query->count; i++) {
        const Judgement *one = &query->at[i];
        if (!str_equal(one->document, chunk->document))
            continue;
        if (!one->end)
            whole = one;
        else if (is_of_passage(one, chunk))
            return one;
        else
            *by_passage_r = true;
    }
    return whole;
}

/* What was found as grades by rank: every document or judged passage once. */
static size_t gains_of(Arena *arena, const Judged *query, const SearchResults *results,
                       int64_t *gains)
{
    Map seen = map_new(arena);
    size_t count = 0;
    for (size_t i = 0; i < results->count; i++) {
        const Chunk *chunk = &results->at[i].row.chunk;
        bool by_passage, is_new = true;
        const Judgement *judged = judgement_of(query, chunk, &by_passage);
        if (judged && judged->end)
            (void)map_add(
                &seen,
                str_format(arena, STR_FMT ":%" PRId64, STR_ARG(chunk->document), judged->start),
                &is_new);
        else if (judged || !by_passage)
            (void)map_add(&seen, chunk->document, &is_new);
        if (is_new)
            gains[count++] = judged ? judged->grade : 0;
    }
    return count;
}

static bool measure(Lab *lab, Arena *arena, Arm *arm, size_t number, Error *err)
{
    const Judged *query = &lab->queries.at[number];
    SearchRequest request = arm->request;
    SearchResults results;
    int64_t gains[LAB_DEPTH];
    if (!ask(lab, arena, &request, query->text, &results, err))
        return fail_in(err, "the query '" STR_FMT "'", STR_ARG(str_slice(query->text, 0, 100)));
    size_t count = gains_of(arena, query, &results, gains);
    arm->scores[number] = lab_scores(gains, count, query->grades, query->count);
    for (size_t i = count; i > 0; i--)
        if (gains[i - 1] > 0)
            arm->first[number] = (int64_t)i;
    request.limit = PEOPLE_SEE;
    if (!ask(lab, arena, &request, query->text, &results, err))
        return false;
    arm->took_us[number] = results.took_us;
    return true;
}

/* All arms of a query one after the other, so that what else the machine does hits all alike. */
static bool measure_all(Lab *lab, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(256));
    for (size_t q = 0; q < lab->queries.count; q++)
        for (size_t a = 0; a < lab->arm_count; a++) {
            arena_reset(arena);
            if (!job_progress(lab->job, "evaluating", (int64_t)q, (int64_t)lab->queries.count))
                return job_stopped(lab->job, err);
            if (!measure(lab, arena, &lab->arms[a], q, err))
                return false;
        }
    return true;
}

/* --- Figures --- */

static void sum_up(Lab *lab, Arm *arm)
{
    double count = (double)lab->queries.count;
    for (size_t i = 0; i < lab->queries.count; i++) {
        arm->mean.ndcg10 += arm->scores[i].ndcg10 / count;
        arm->mean.recall10 += arm->scores[i].recall10 / count;
        arm->mean.recall100 += arm->scores[i].recall100 / count;
        arm->mean.mrr += arm->scores[i].mrr / count;
    }
    arm->times = lab_times(arm->took_us, lab->queries.count);
}

static void put_scores(JsonWriter *json, const LabScores *scores)
{
    put_number(json, "ndcg10", scores->ndcg10);
    put_number(json, "recall10", scores->recall10);
    put_number(json, "recall100", scores->recall100);
    put_number(json, "mrr", scores->mrr);
}

/* The members of it, inside an object that is open. */
static void put_arm(JsonWriter *json, const Arm *arm)
{
    put_text(json, "name", str(arm->name));
    put_scores(json, &arm->mean);
    put_number(json, "p50_ms", arm->times.p50_ms);
    put_number(json, "p95_ms", arm->times.p95_ms);
}

static void put_comparison(Lab *lab, JsonWriter *json)
{
    size_t count = lab->queries.count;
    if (!lab->compares) {
        put_null(json, "against");
        return;
    }
    const Arm *other = &lab->arms[lab->arm_count - 1];
    double *a = arena_new_array(lab->arena, double, count);
    double *b = arena_new_array(lab->arena, double, count);
    for (size_t i = 0; i < count; i++) {
        a[i] = lab->arms[lab->main].scores[i].ndcg10;
        b[i] = other->scores[i].ndcg10;
    }
    LabComparison comparison = lab_compare(a, b, count);
    put_object(json, "against");
    put_arm(json, other);
    put_text(json, "settings", lab->against);
    put_number(json, "difference", comparison.difference);
    put_int(json, "better", (int64_t)comparison.better);
    put_int(json, "worse", (int64_t)comparison.worse);
    put_int(json, "same", (int64_t)comparison.same);
    put_number(json, "p", comparison.p);
    put_end(json);
}

static void put_query(const Lab *lab, JsonWriter *json, size_t number)
{
    const Judged *query = &lab->queries.at[number];
    const Arm *own = &lab->arms[lab->main];
    put_object(json, NULL);
    put_text(json, "query", query->text);
    put_int(json, "relevant", (int64_t)query->relevant);
    put_scores(json, &own->scores[number]);
    if (own->first[number])
        put_int(json, "first", own->first[number]);
    else
        put_null(json, "first");
    for (size_t a = 0; a < lab->arm_count; a++)
        if (a != lab->main)
            put_number(json, lab->arms[a].name, lab->arms[a].scores[number].ndcg10);
    put_end(json);
}

typedef struct Ranked {
    double ndcg10;
    size_t number;
} Ranked;

static int worst_first(const void *a, const void *b)
{
    const Ranked *left = a, *right = b;
    if (left->ndcg10 < right->ndcg10 || left->ndcg10 > right->ndcg10)
        return left->ndcg10 < right->ndcg10 ? -1 : 1;
    return (left->number > right->number) - (left->number < right->number);
}

static void write_result(Lab *lab)
{
    size_t count = lab->queries.count;
    Ranked *ranked = arena_new_array(lab->arena, Ranked, count + 1);
    Buf out = buf_new(lab->arena, RESULT_MAX);
    JsonWriter json = put_begin(&out);
    for (size_t a = 0; a < lab->arm_count; a++)
        sum_up(lab, &lab->arms[a]);
    put_int(&json, "queries", (int64_t)count);
    put_int(&json, "judgements", (int64_t)lab->judgements.count);
    put_text_or_null(&json, "notice", lab->notice);
    put_array(&json, "legs");
    for (size_t a = 0; a <= lab->main; a++) {
        put_object(&json, NULL);
        put_arm(&json, &lab->arms[a]);
        put_end(&json);
    }
    put_end(&json);
    put_comparison(lab, &json);
    put_array(&json, "per_query");
    for (size_t i = 0; i < count; i++)
        ranked[i] = (Ranked){ lab->arms[lab->main].scores[i].ndcg10, i };
    qsort(ranked, count, sizeof(*ranked), worst_first);
    for (size_t i = 0; i < count; i++)
        put_query(lab, &json, ranked[i].number);
    put_end(&json);
    put_end(&json);
    lab->result = buf_str(&out);
}

/* --- The job --- */

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Lab *lab = argument;
    return lab_run_save(tx, &lab->job->scope, lab->run.id, lab->result, err) &&
           job_done_in(tx, lab->job, err);
}

bool search_lab_job(Job *job, Error *err)
{
    Lab lab = { .job = job, .searcher = job->argument, .arena = job->arena };
    if (!job_asker(job, ROLE_READER, &lab.asker, err))
        return false;
    if (!store_read(job->db, &job->scope, load_work, &lab, err))
        return err->code == ERROR_NOT_FOUND; /* removed meanwhile */
    add_queries(&lab);
    if (!lab.queries.count)
        return fail(err, ERROR_INVALID,
                    "no query of this set has a document that is right and in the library");
    if (!add_arms(&lab, err) || !measure_all(&lab, err))
        return false;
    write_result(&lab);
    return store_write(job->db, &job->scope, save_work, &lab, err);
}

typedef struct Starting {
    const Scope *scope;
    Arena *arena;
    NewJob job;
    LabRun run;
} Starting;

static bool start_work(DbTx *tx, void *argument, Error *err)
{
    Starting *in = argument;
    JudgedSet set;
    if (!judged_set_find(tx, in->scope, in->arena, in->run.set, &set, err))
        return false;
    in->job.title = set.name;
    return job_add(tx, in->scope, in->arena, &in->job, &in->run.job, err) &&
           lab_run_add(tx, in->scope, &in->run, err);
}

static Str settings_json(Arena *arena, const LabOrder *order)
{
    Buf out = buf_new(arena, KB(64));
    JsonWriter json = put_begin(&out);
    put_text(&json, "settings", order->settings);
    put_text(&json, "against", order->against);
    put_end(&json);
    return buf_str(&out);
}

bool lab_start(Db *db, const Scope *scope, Arena *arena, const LabOrder *order, Str *run_r,
               Error *err)
{
    SearchRequest ignored = { 0 };
    Starting in = { .scope = scope, .arena = arena };
    if (!lab_settings_read(order->settings, &ignored, err) ||
        !lab_settings_read(order->against, &ignored, err))
        return false;
    in.run =
        (LabRun){ .id = id_new(arena), .set = order->set, .settings = settings_json(arena, order) };
    in.job =
        (NewJob){ .type = S("evaluate"),
                  .subject = in.run.id,
                  .result = in.run.id,
                  .payload = str_format(arena, "{\"run\":\"" STR_FMT "\"}", STR_ARG(in.run.id)),
                  .attempt_max = 2 };
    if (!store_write(db, scope, start_work, &in, err))
        return false;
    *run_r = in.run.id;
    return true;
}
