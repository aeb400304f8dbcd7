/* embed_job.c - vectors for the chunks of one document, then it is ready. */
#include "library/library_int.h"

#include <math.h>

#include "store/vectors_store.h"
#include "text/windows.h"

/* One transaction and one call of the encoder: about a second of work on two cores. */
#define TEXTS_AT_ONCE 64
#define INDEX_WAIT_MS 60000

typedef struct Embedding {
    Library *library;
    Job *job;
    Scope scope;
    EncodeQueue *queue;
    Arena *arena; /* of one batch */
    Document document;
    Str model;
    ChunkList chunks;
    Vector *vectors;
} Embedding;

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return document_find(tx, &in->scope, in->job->arena, in->document.id, &in->document, err);
}

static bool missing_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return vector_missing(tx, &in->scope, in->arena, in->document.id, in->model,
                          MAX(TEXTS_AT_ONCE / MAX(in->library->options.vectors_per_chunk, 1), 1),
                          &in->chunks, err);
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return job_hold(tx, in->job, err) && vector_add(tx, &in->scope, in->arena, in->document.id,
                                                    in->model, in->vectors, in->chunks.count, err);
}

/* int8 with one scale for all vectors of a chunk: the largest value becomes 127. */
static Vector quantize(Arena *arena, int64_t number, const float *values, size_t count)
{
    float largest = 0;
    int8_t *bytes = arena_alloc(arena, count);
    for (size_t i = 0; i < count; i++)
        largest = fmaxf(largest, fabsf(values[i]));
    float scale = largest > 0 ? largest / 127 : 1;
    for (size_t i = 0; i < count; i++)
        bytes[i] = (int8_t)lrintf(values[i] / scale);
    return (Vector){ .number = number,
                     .form = VECTOR_INT8,
                     .scale = (double)scale,
                     .bytes = { (char *)bytes, count } };
}

static Vector in_full(int64_t number, const float *values, size_t count)
{
    return (Vector){ .number = number,
                     .form = VECTOR_FLOAT,
                     .bytes = { (const char *)values, count * sizeof(*values) } };
}

/* Title and headings go before the text: a passage alone often does not say what it is about. */
static Str text_of(const Embedding *in, const Chunk *chunk, Str text)
{
    const Document *document = &in->document;
    Str prompt = encoder_prompt(encode_queue_encoder(in->queue), false);
    if (!document->title.length && !chunk->heading.length)
        return prompt.length
                   ? str_format(in->arena, STR_FMT STR_FMT, STR_ARG(prompt), STR_ARG(text))
                   : text;
    return str_format(in->arena, STR_FMT STR_FMT "%s" STR_FMT "\n" STR_FMT, STR_ARG(prompt),
                      STR_ARG(str_slice(document->title, 0, 80)),
                      document->title.length && chunk->heading.length ? " > " : "",
                      STR_ARG(str_slice(chunk->heading, 0, 120)), STR_ARG(text));
}

/* The chunk's texts: the whole, then its windows. */
static size_t texts_of(const Embedding *in, const Chunk *chunk, Str *texts)
{
    Str windows[VECTORS_PER_CHUNK_MAX];
    size_t most = (size_t)in->library->options.vectors_per_chunk, count = 0;
    texts[count++] = text_of(in, chunk, chunk->text);
    size_t found = windows_make(chunk->text, MAX(most, 1) - 1, windows);
    for (size_t i = 0; i < found; i++)
        texts[count++] = text_of(in, chunk, windows[i]);
    return count;
}

static bool embed_batch(Embedding *in, size_t dims, Error *err)
{
    size_t count = in->chunks.count, made = 0;
    Str *texts = arena_new_array(in->arena, Str, count * VECTORS_PER_CHUNK_MAX);
    size_t *first = arena_new_array(in->arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        first[i] = made;
        made += texts_of(in, &in->chunks.at[i], texts + made);
    }
    first[count] = made;
    float *values = arena_new_array(in->arena, float, made *dims);
    if (!encode_queue_embed(in->queue, ENCODE_BULK, texts, made, 0, values, err))
        return false;
    in->vectors = arena_new_array(in->arena, Vector, count);
    for (size_t i = 0; i < count; i++) {
        int64_t number = in->chunks.at[i].number;
        float *of = values + first[i] * dims;
        size_t size = (first[i + 1] - first[i]) * dims;
        in->vectors[i] = in->library->options.vector_exact ? in_full(number, of, size)
                                                           : quantize(in->arena, number, of, size);
    }
    /* As the job, which PostgreSQL shows to nobody but its own workspace, or to the system. */
    return store_write(in->library->db, &in->job->scope, save_work, in, err);
}

static bool embed_all(Embedding *in, bool tells, Error *err)
{
    EncodeStatus status;
    int64_t done = 0;
    encode_queue_status(in->queue, &status);
    for (;;) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        in->arena = arena;
        if (tells ? !job_progress(in->job, "embedding", done, in->document.chunk_count)
                  : job_is_stopped(in->job))
            return job_stopped(in->job, err);
        if (!store_read(in->library->db, &in->scope, missing_work, in, err))
            return false;
        if (!in->chunks.count)
            return true;
        if (!embed_batch(in, status.dims, err))
            return false;
        done += (int64_t)in->chunks.count;
    }
}

/* After the last attempt the document is ready without its vectors: its words are found, and the
 * sweep (sweep_job.c) tries to embed it again. When it is gone there is nothing to wait for. */
static bool goes_without(const Embedding *in, const Error *err)
{
    if (job_is_stopped(in->job))
        return false;
    return err->code == ERROR_NOT_FOUND || !error_is_temporary(err->code) ||
           in->job->attempt >= in->job->attempt_max;
}

static bool advance(DbTx *tx, Embedding *in, Error *err)
{
    Document now;
    return document_find(tx, &in->scope, in->job->arena, in->document.id, &now, err) &&
           (now.state != DOCUMENT_INDEXING ||
            document_advance(tx, &in->scope, now.id, 1u << DOCUMENT_INDEXING, DOCUMENT_READY, err));
}

static bool ready_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return advance(tx, in, err) && job_done_in(tx, in->job, err);
}

static bool wordy_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return job_hold(tx, in->job, err) && advance(tx, in, err);
}

/* The chosen model is not on this node: the document is found by its words from now on, and
 * another node may take the job. */
static bool leave_to_others(Embedding *in, Error *err)
{
    if (!store_write(in->library->db, &in->job->scope, wordy_work, in, err))
        return !job_is_stopped(in->job) && err->code == ERROR_NOT_FOUND;
    library_tell(in->library, &in->job->scope, NEWS_DOCUMENT, in->job->subject);
    return fail(err, ERROR_BUSY, "this node lacks the model; another one may have it");
}

/* What counts as embedded is said even when there was nothing left to do. */
static bool settle_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return job_hold(tx, in->job, err) &&
           vector_add(tx, &in->scope, in->arena, in->document.id, in->model, NULL, 0, err);
}

bool library_embed_document(Job *job, const Scope *scope, Str document, Str model,
                            EncodeQueue *queue, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Embedding in = { .library = job->argument,
                     .job = job,
                     .scope = *scope,
                     .queue = queue,
                     .model = model,
                     .document = { .id = document } };
    if (!store_read(in.library->db, scope, load_work, &in, err) || !embed_all(&in, false, err))
        return false;
    in.arena = arena;
    return store_write(in.library->db, &job->scope, settle_work, &in, err);
}

bool library_embed_job(Job *job, Error *err)
{
    Embedding in = { .library = job->argument,
                     .job = job,
                     .scope = job->scope,
                     .document = { .id = job->subject } };
    in.queue = atomic_load(&in.library->encoder);
    if (!store_read(in.library->db, &job->scope, load_work, &in, err))
        return err->code == ERROR_NOT_FOUND; /* erased: nothing is left to do */
    in.model = model_of_queue(in.library, in.queue, job->arena);
    if (in.queue && !in.model.length && job->attempt < job->attempt_max)
        return leave_to_others(&in, err);
    if (in.model.length && !embed_all(&in, true, err) && !goes_without(&in, err))
        return false;
    (void)library_wait_indexed(in.library, INDEX_WAIT_MS);
    if (!store_write(in.library->db, &job->scope, ready_work, &in, err))
        return !job_is_stopped(job) && err->code == ERROR_NOT_FOUND;
    library_tell(in.library, &job->scope, NEWS_DOCUMENT, job->subject);
    return true;
}
