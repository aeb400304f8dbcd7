/* attached.c - documents that a question names: read whole where they fit into a call, else
 * searched like the rest. */
#include "answer/answer_int.h"

#define DOCUMENTS_MAX 8
/* Of a whole that is read; a model with a larger context finds less in it, and takes long. */
#define WHOLE_BYTES_MAX KB(512)
/* Ours, with tone and language; a persona's own come with them. */
#define INSTRUCTIONS_BYTES KB(3)
#define ROOM_LEAST KB(2)
/* Round a passage: its number, the document's name and the place. */
#define PASSAGE_FRAME_BYTES 120
#define PASSAGES_LEAST 30 /* that are read of short ones */

/* --- What a call holds --- */

size_t prompt_room(AnswerRun *run)
{
    const Persona *persona = run->request->persona;
    const ModelRoom wanted = {
        .model = wanted_model(run),
        .bytes = INSTRUCTIONS_BYTES + recall_bytes(run) + run->request->question.length +
                 run->question.length + (persona ? persona->instructions.length : 0),
        .output = ANSWER_TOKENS,
        .least = ROOM_LEAST,
        .standard = PROMPT_BYTES,
        .most = WHOLE_BYTES_MAX,
    };
    if (!run->room)
        run->room = models_room(run->answers->models, run->scope, run->arena, &wanted);
    return run->room;
}

/* --- What is gone --- */

typedef struct NamedWork {
    AnswerRun *run;
    StrList live; /* of the documents that are named */
} NamedWork;

static bool named_work(DbTx *tx, void *argument, Error *err)
{
    NamedWork *work = argument;
    AnswerRun *run = work->run;
    const StrList *named = &run->request->search.documents;
    VEC(Str) live = { 0 };
    for (size_t i = 0; i < named->count; i++) {
        Document document;
        Error why = { 0 };
        bool is_there = document_find(tx, run->scope, run->arena, named->at[i], &document, &why);
        if (!is_there && why.code != ERROR_NOT_FOUND) {
            *err = why;
            return false;
        }
        if (is_there && !document.deleted_at_ms)
            *vec_push(run->arena, &live) = named->at[i];
    }
    work->live = (StrList){ live.at, live.count };
    return true;
}

/* An answer that seems to say what the library says, but was looked for in nothing, misleads. */
static bool find_live(AnswerRun *run, StrList *live_r, Str *notice_r, Error *err)
{
    size_t named = run->request->search.documents.count;
    NamedWork work = { .run = run };
    if (!store_read(run->answers->db, run->scope, named_work, &work, err))
        return false;
    *live_r = work.live;
    *notice_r = STR_NONE;
    if (work.live.count == named)
        return true;
    *notice_r = str_format(run->arena,
                           "Of %zu documents that the question names, %zu are in the trash or not "
                           "in the library: name others, or bring them back.",
                           named, named - work.live.count);
    Str searched = run->results.notice;
    run->results.notice = str_format(run->arena, STR_FMT "%s" STR_FMT, STR_ARG(*notice_r),
                                     searched.length ? " " : "", STR_ARG(searched));
    return tell_step(run, *notice_r, err);
}

/* --- The whole --- */

typedef struct WholeWork {
    AnswerRun *run;
    StrList documents;
    int64_t numbers[WHOLE_PASSAGES_MAX];
    size_t count;
    ChunkHit *rows;
} WholeWork;

/* False in *fits_r: they are longer than what a call holds. */
static bool list_chunks(AnswerRun *run, WholeWork *work, size_t *bytes_r, bool *fits_r, Error *err)
{
    const StrList *documents = &work->documents;
    size_t most = MIN(WHOLE_PASSAGES_MAX, PASSAGES_LEAST + prompt_room(run) / KB(1));
    *bytes_r = 0;
    *fits_r = true;
    for (size_t i = 0; i < documents->count && *fits_r; i++) {
        ChunkList list;
        if (!library_chunks(run->answers->library, run->scope, run->arena, documents->at[i], 0, 0,
                            (int64_t)most + 1, &list, err))
            return false;
        for (size_t j = 0; j < list.count && *fits_r; j++) {
            *bytes_r += list.at[j].text.length + PASSAGE_FRAME_BYTES;
            *fits_r = work->count < most && *bytes_r <= prompt_room(run);
            if (*fits_r)
                work->numbers[work->count++] = list.at[j].number;
        }
    }
    return true;
}

static bool rows_work(DbTx *tx, void *argument, Error *err)
{
    WholeWork *work = argument;
    return chunk_find_many(tx, work->run->scope, work->run->arena, work->numbers, work->count,
                           &work->rows, err);
}

static bool is_found(const SearchResults *results, int64_t number)
{
    for (size_t i = 0; i < results->count; i++)
        if (results->at[i].row.chunk.number == number)
            return true;
    return false;
}

/* What the search did not find stands behind what it did. */
static void add_rows(AnswerRun *run, const WholeWork *work)
{
    SearchResults *results = &run->results;
    SearchHit *all = arena_new_array(run->arena, SearchHit, results->count + work->count + 1);
    if (results->count)
        memcpy(all, results->at, results->count * sizeof *all);
    for (size_t i = 0; i < work->count; i++)
        if (work->rows[i].is_live && !is_found(results, work->rows[i].chunk.number))
            all[results->count++] = (SearchHit){ .row = work->rows[i] };
    results->at = all;
}

bool read_attached(AnswerRun *run, Error *err)
{
    const StrList *named = &run->request->search.documents;
    WholeWork *work = arena_new_one(run->arena, WholeWork);
    Provider provider;
    size_t bytes;
    bool fits;
    Str notice;
    if (!named->count || named->count > DOCUMENTS_MAX)
        return true;
    if (!find_live(run, &work->documents, &notice, err))
        return false;
    if (!work->documents.count || !service_of(run, &provider))
        return true;
    work->run = run;
    /* One that was removed since then is not found by the search either. */
    Error why = { 0 };
    if (!list_chunks(run, work, &bytes, &fits, &why))
        return true;
    run->answer.attached = ATTACHED_SEARCHED;
    if (!fits)
        return tell_step(run, S("what is attached is too long to be read whole: searched in it"),
                         err);
    if (!work->count)
        return true;
    if (!store_read(run->answers->db, run->scope, rows_work, work, err))
        return false;
    add_rows(run, work);
    run->is_whole = true;
    run->results.notice = notice; /* what a search of all of it says does not matter now */
    run->answer.attached = ATTACHED_WHOLE;
    return tell_step(
        run,
        str_format(run->arena, "read %s whole (%zu bytes)",
                   work->documents.count == 1 ? "the attached document" : "the attached documents",
                   bytes),
        err);
}
