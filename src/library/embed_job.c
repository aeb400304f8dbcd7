/* embed_job.c - vectors for the chunks of documents; one whose last chunk has its own is ready. */
#include "library/library_int.h"

#include <math.h>

#include "store/vectors_store.h"
#include "text/windows.h"

/* One transaction and one call of the encoder: about a second of work on two cores. Those of small
 * documents go together, so that no thread of the encoder waits while one of them is stored. */
#define TEXTS_AT_ONCE 64
#define INDEX_WAIT_MS 60000
/* Longer than a node needs to see that it lacks the model. */
#define LACKING_MS 1500
#define READY_AT_ONCE 64 /* documents in a transaction */

/* Chunks of one document in a batch; none: only what counts as embedded is said. */
typedef struct Part {
    Scope scope;
    Document document;
    ChunkList chunks;
    Vector *vectors;
} Part;

typedef struct Embedding {
    Library *library;
    Job *job;
    EncodeQueue *queue;
    Str model;
    size_t dims;
    int64_t done, total; /* chunks, for job_progress() */
    Arena *arena;        /* of one batch */
    VEC(Part) parts;
    size_t chunk_count, chunk_max; /* of the batch */
    Part next;                     /* what is read now */
    Scope scope;                   /* of the job's own document */
    Document document;
} Embedding;

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return document_find(tx, &in->scope, in->job->arena, in->document.id, &in->document, err);
}

static bool missing_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    Part *next = &in->next;
    return document_find(tx, &next->scope, in->arena, next->document.id, &next->document, err) &&
           vector_missing(tx, &next->scope, in->arena, next->document.id, in->model,
                          (int64_t)(in->chunk_max - in->chunk_count), &next->chunks, err);
}

/* One that is erased meanwhile has no chunks, so nothing was added for it. */
static bool save_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    if (!job_hold(tx, in->job, err))
        return false;
    for (size_t i = 0; i < in->parts.count; i++) {
        const Part *part = &in->parts.at[i];
        if (!vector_add(tx, &part->scope, in->arena, part->document.id, in->model, part->vectors,
                        part->chunks.count, err) &&
            err->code != ERROR_NOT_FOUND)
            return false;
    }
    return true;
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
static Str text_of(const Embedding *in, const Document *document, const Chunk *chunk, Str text)
{
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
static size_t texts_of(const Embedding *in, const Document *document, const Chunk *chunk,
                       Str *texts)
{
    Str windows[VECTORS_PER_CHUNK_MAX];
    size_t most = (size_t)in->library->options.vectors_per_chunk, count = 0;
    texts[count++] = text_of(in, document, chunk, chunk->text);
    size_t found = windows_make(chunk->text, MAX(most, 1) - 1, windows);
    for (size_t i = 0; i < found; i++)
        texts[count++] = text_of(in, document, chunk, windows[i]);
    return count;
}

/* One vector a text: `values` has the chunks', of which first[i] is the first of chunk i. */
static void keep_vectors(Embedding *in, Part *part, const float *values, const size_t *first)
{
    part->vectors = arena_new_array(in->arena, Vector, part->chunks.count);
    for (size_t i = 0; i < part->chunks.count; i++) {
        int64_t number = part->chunks.at[i].number;
        const float *of = values + first[i] * in->dims;
        size_t size = (first[i + 1] - first[i]) * in->dims;
        part->vectors[i] = in->library->options.vector_exact
                               ? in_full(number, of, size)
                               : quantize(in->arena, number, of, size);
    }
}

static bool make_vectors(Embedding *in, Error *err)
{
    Str *texts = arena_new_array(in->arena, Str, in->chunk_count * VECTORS_PER_CHUNK_MAX);
    size_t *first = arena_new_array(in->arena, size_t, in->chunk_count + 1);
    size_t made = 0, chunk = 0;
    for (size_t p = 0; p < in->parts.count; p++) {
        const Part *part = &in->parts.at[p];
        for (size_t i = 0; i < part->chunks.count; i++) {
            made += texts_of(in, &part->document, &part->chunks.at[i], texts + made);
            first[++chunk] = made;
        }
    }
    float *values = arena_new_array(in->arena, float, made * in->dims);
    if (made && !encode_queue_embed(in->queue, ENCODE_BULK, texts, made, 0, values, err))
        return false;
    for (size_t p = 0; p < in->parts.count; p++) {
        keep_vectors(in, &in->parts.at[p], values, first);
        first += in->parts.at[p].chunks.count;
    }
    return true;
}

/* As the job, which PostgreSQL shows to nobody but its own workspace, or to the system. */
static bool embed_batch(Embedding *in, Error *err)
{
    if (!make_vectors(in, err) ||
        !store_write(in->library->db, &in->job->scope, save_work, in, err))
        return false;
    in->done += (int64_t)in->chunk_count;
    return true;
}

/* As many chunks as a batch has, of documents from *at on; *at is then where the next one begins.
 */
static bool gather(Embedding *in, const DocumentKeyList *documents, size_t *at, Error *err)
{
    memset(&in->parts, 0, sizeof in->parts);
    in->chunk_count = 0;
    while (*at < documents->count && in->chunk_count < in->chunk_max) {
        in->next =
            (Part){ .scope = { .workspace = documents->at[*at].workspace, .role = ROLE_OWNER },
                    .document = { .id = documents->at[*at].id } };
        if (store_read(in->library->db, &in->next.scope, missing_work, in, err))
            *vec_push(in->arena, &in->parts) = in->next;
        else if (err->code != ERROR_NOT_FOUND)
            return false;
        in->chunk_count += in->next.chunks.count;
        *at += in->chunk_count < in->chunk_max;
    }
    return true;
}

/* The encoder of what is used now, or of what comes: another choice may have been made. */
static bool is_used(const Embedding *in)
{
    return in->queue == atomic_load(&in->library->encoder) ||
           in->queue == atomic_load(&in->library->coming);
}

static bool embed_all(Embedding *in, const char *stage, const DocumentKeyList *documents,
                      Error *err)
{
    EncodeStatus status;
    int64_t vectors = MAX(in->library->options.vectors_per_chunk, 1);
    encode_queue_status(in->queue, &status);
    in->dims = status.dims;
    in->chunk_max = (size_t)MAX(TEXTS_AT_ONCE / vectors, 1);
    for (size_t at = 0; at < documents->count && is_used(in);) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        in->arena = arena;
        if (!job_progress(in->job, stage, in->done, in->total))
            return job_stopped(in->job, err);
        if (!gather(in, documents, &at, err) || !embed_batch(in, err))
            return false;
    }
    return true;
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

bool library_document_ready(DbTx *tx, Library *library, const Scope *scope, Arena *arena, Str id,
                            Error *err)
{
    Document now;
    if (!document_find(tx, scope, arena, id, &now, err))
        return false;
    if (now.state != DOCUMENT_INDEXING)
        return true;
    return document_advance(tx, scope, now.id, 1u << DOCUMENT_INDEXING, DOCUMENT_READY, err) &&
           (!library->options.on_ready || library->options.on_ready(tx, scope, arena, &now, err));
}

static bool ready_work(DbTx *tx, void *argument, Error *err)
{
    Embedding *in = argument;
    return library_document_ready(tx, in->library, &in->scope, in->job->arena, in->document.id,
                                  err) &&
           job_done_in(tx, in->job, err);
}

/* --- Where the model is lacking --- */

bool library_can_embed(void *argument)
{
    Library *library = argument;
    LibraryModel model = library_model_status(library);
    return !*model.reason;
}

bool library_can_reembed(void *argument)
{
    LibraryModel model = library_model_status(argument);
    return !*(model.is_changing ? model.reason_coming : model.reason);
}

typedef struct Wordy {
    Library *library;
    const Scope *scope;
    Arena *arena;
    const Str *ids;
    size_t count;
} Wordy;

static bool wordy_work(DbTx *tx, void *argument, Error *err)
{
    const Wordy *wordy = argument;
    for (size_t i = 0; i < wordy->count; i++)
        if (!library_document_ready(tx, wordy->library, wordy->scope, wordy->arena, wordy->ids[i],
                                    err) &&
            err->code != ERROR_NOT_FOUND)
            return false;
    return true;
}

void library_ready_by_words(Library *library, const Scope *scope, Arena *arena, const Str *ids,
                            size_t count)
{
    Error ignored; /* the sweep sees to it */
    (void)library_wait_indexed(library, INDEX_WAIT_MS);
    for (size_t at = 0; at < count; at += READY_AT_ONCE) {
        Wordy wordy = { library, scope, arena, ids + at, MIN(READY_AT_ONCE, count - at) };
        if (store_write(library->db, scope, wordy_work, &wordy, &ignored))
            for (size_t i = 0; i < wordy.count; i++)
                library_tell(library, scope, NEWS_DOCUMENT, wordy.ids[i]);
    }
}

/* The model was there when the job was claimed. */
static bool leave_to_others(const Embedding *in, Error *err)
{
    library_ready_by_words(in->library, &in->job->scope, in->job->arena, &in->job->subject, 1);
    job_put_off(in->job, LACKING_MS);
    return fail(err, ERROR_BUSY, "this node lacks the model; another one may have it");
}

bool library_embed_documents(Job *job, const DocumentKeyList *documents, Str model,
                             EncodeQueue *queue, LibraryEmbedded *progress, Error *err)
{
    Embedding in = { .library = job->argument,
                     .job = job,
                     .queue = queue,
                     .model = model,
                     .done = progress->done,
                     .total = progress->total };
    bool good = embed_all(&in, progress->stage, documents, err);
    progress->done = in.done;
    return good;
}

static bool embed_own(Embedding *in, Error *err)
{
    DocumentKey key = { in->job->scope.workspace, in->job->subject };
    in->total = in->document.chunk_count;
    return embed_all(in, "embedding", &(DocumentKeyList){ &key, 1 }, err);
}

bool library_embed_job(Job *job, Error *err)
{
    Embedding in = { .library = job->argument,
                     .job = job,
                     .scope = job->scope,
                     .document = { .id = job->subject } };
    if (!store_read(in.library->db, &job->scope, load_work, &in, err))
        return err->code == ERROR_NOT_FOUND; /* erased: nothing is left to do */
    do { /* again when another model came into use in the middle: its job may not have seen this */
        in.queue = atomic_load(&in.library->encoder);
        in.model = model_of_queue(in.library, in.queue, job->arena);
        if (in.queue && !in.model.length)
            return leave_to_others(&in, err);
        if (in.model.length && !embed_own(&in, err) && !goes_without(&in, err))
            return false;
    } while (in.queue != atomic_load(&in.library->encoder));
    (void)library_wait_indexed(in.library, INDEX_WAIT_MS);
    if (!store_write(in.library->db, &job->scope, ready_work, &in, err))
        return !job_is_stopped(job) && err->code == ERROR_NOT_FOUND;
    library_tell(in.library, &job->scope, NEWS_DOCUMENT, job->subject);
    return true;
}
