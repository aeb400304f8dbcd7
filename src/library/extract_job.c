/* extract_job.c - a queued document is read, and what was found is stored in one transaction. */
#include "library/library_int.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "library/extraction.h"
#include "library/ingest.h"
#include "store/erase_store.h"
#include "store/read_pages_store.h"
#include "store/texts_store.h"

#define MEMORY_MAX GB(8)       /* a fuse; worker_limits bound what is read */
#define ORIGINALS_WAIT_MS 2000 /* until their store is asked anew */
#define CHILDREN_AT_ONCE 64    /* rows of so many members in one transaction */

typedef struct Reading {
    Library *library;
    Job *job;
    Arena *arena;
    Document document;
    Str password;
    Extraction extraction;
    Ingested ingested;
    Str model; /* empty: no embedding */
    DocumentList old_children;
    /* The members of one transaction. */
    size_t first, count;
    Str *child_ids; /* of every member; empty: not stored yet */
    Ingested *members;
    Erased erased;
    bool awaits_originals; /* their store is away */
} Reading;

/* --- Loading --- */

static bool load_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    unsigned from = 1u << DOCUMENT_QUEUED | 1u << DOCUMENT_EXTRACTING;
    const Scope *scope = &in->job->scope;
    return job_hold(tx, in->job, err) &&
           document_find(tx, scope, in->arena, in->job->subject, &in->document, err) &&
           (in->document.state == DOCUMENT_EXTRACTING ||
            document_advance(tx, scope, in->document.id, from, DOCUMENT_EXTRACTING, err)) &&
           document_children(tx, scope, in->arena, in->document.id, &in->old_children, err);
}

static bool report_progress(void *self, const char *stage, int64_t done, int64_t total)
{
    Reading *in = self;
    return job_progress(in->job, stage, done, total);
}

/* --- Pages that were read before an interruption --- */

typedef struct PageWork {
    const Scope *scope;
    Arena *arena;
    ReadPage page;
} PageWork;

static bool load_page_work(DbTx *tx, void *argument, Error *err)
{
    PageWork *work = argument;
    return read_page_find(tx, work->scope, work->arena, &work->page, err);
}

static bool save_page_work(DbTx *tx, void *argument, Error *err)
{
    PageWork *work = argument;
    return read_page_save(tx, work->scope, &work->page, err);
}

static PageWork page_work(const Reading *in, Arena *arena, Str worker, int page)
{
    return (PageWork){ &in->job->scope,
                       arena,
                       { .document = in->document.id,
                         .version = in->document.version,
                         .worker = worker,
                         .page = page } };
}

static bool load_page(void *self, Str worker, int page, Arena *arena, Str *kept_r, Error *err)
{
    const Reading *in = self;
    PageWork work = page_work(in, arena, worker, page);
    if (!store_read(in->library->db, work.scope, load_page_work, &work, err))
        return false;
    *kept_r = work.page.bytes;
    return true;
}

static bool save_page(void *self, Str worker, int page, Str kept, Error *err)
{
    const Reading *in = self;
    PageWork work = page_work(in, NULL, worker, page);
    work.page.bytes = kept;
    return store_write(in->library->db, work.scope, save_page_work, &work, err);
}

/* --- Storing --- */

static size_t count_tokens(void *self, Str text)
{
    return tokenizer_count(encoder_tokenizer(self), text);
}

/* The first call waits for the model, which is loaded while the worker reads. */
static IngestSettings ingest_settings(Reading *in)
{
    if (!in->model.length)
        in->model = library_model(in->library, in->arena);
    EncodeQueue *queue = atomic_load(&in->library->encoder);
    Encoder *encoder = queue && in->model.length ? encode_queue_encoder(queue) : NULL;
    return (IngestSettings){
        .chunk_chars = (size_t)in->library->options.chunk_size,
        .chunk_overlap = (size_t)in->library->options.chunk_overlap,
        .tokens_max = encoder ? encoder_tokens_usual(encoder) - LIBRARY_PREFIX_TOKENS : 0,
        .count_tokens = encoder ? count_tokens : NULL,
        .self = encoder
    };
}

static bool store_text(DbTx *tx, Reading *in, Str id, int64_t version, Ingested *content,
                       Error *err)
{
    const Scope *scope = &in->job->scope;
    return text_save(tx, scope, id, version, content->text, err) &&
           block_save(tx, scope, id, version, content->blocks, content->block_count, err) &&
           document_set_facts(tx, scope, id, &content->facts, err) &&
           document_fact_replace(tx, scope, id, content->fact_list.at, content->fact_list.count,
                                 err) &&
           chunk_replace(tx, scope, in->arena, id, version, content->chunks, content->chunk_count,
                         err);
}

static bool store_content(DbTx *tx, Reading *in, Str id, int64_t version, Ingested *content,
                          Error *err)
{
    const Scope *scope = &in->job->scope;
    return store_text(tx, in, id, version, content, err) &&
           document_advance(tx, scope, id, 1u << DOCUMENT_EXTRACTING, DOCUMENT_INDEXING, err) &&
           library_queue(tx, scope, in->arena, JOB_EMBED, id, err);
}

static bool store_first_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    return job_hold(tx, in->job, err) &&
           store_text(tx, in, in->document.id, in->document.version, &in->ingested, err);
}

/* Text is searchable while pictures are still read. */
static bool store_first(void *self, const Extraction *so_far, Error *err)
{
    Reading *in = self;
    IngestSettings settings = ingest_settings(in);
    ingest_node(in->arena, so_far->root, &settings, &in->ingested);
    if (!store_write(in->library->db, &in->job->scope, store_first_work, in, err))
        return false;
    library_tell(in->library, &in->job->scope, NEWS_DOCUMENT, in->document.id);
    return true;
}

/* --- Reading --- */

static bool hear(void *self, Arena *arena, Str sound, Speech *speech_r, Error *err)
{
    const Reading *in = self;
    const LibraryOptions *options = &in->library->options;
    return options->hear(options->model_argument, &in->job->scope, arena, sound, speech_r, err);
}

static bool describe(void *self, Arena *arena, Str picture, Caption *caption_r, Error *err)
{
    const Reading *in = self;
    const LibraryOptions *options = &in->library->options;
    return options->describe(options->model_argument, &in->job->scope, arena, picture, caption_r,
                             err);
}

/* A store that is away comes back: until then no attempt is used up. */
static bool await_originals(Reading *in, const Error *err)
{
    in->awaits_originals = err->code == ERROR_BUSY;
    return false;
}

static bool read_file(Reading *in, Error *err)
{
    AUTO_CLOSE int fd = -1;
    uint64_t size;
    Library *library = in->library;
    if (!blob_open(library->blobs, in->job->scope.workspace, in->document.blob, &fd, &size, err))
        return await_originals(in, err);
    if (!password_open(library, in->arena, in->document.password_sealed, &in->password, err))
        return false;
    PageKeeper keeper = { load_page, save_page, in };
    ExtractionInput input = { .fd = fd,
                              .name = in->document.name,
                              .media_type = in->document.media_type,
                              .password = in->password,
                              .timeout_ms = library->options.extract_timeout_s * 1000,
                              .languages = library->options.languages,
                              .parallel = (int)library->options.page_workers,
                              .pages = &keeper,
                              .hear = library->options.hear ? hear : NULL,
                              .describe = library->options.describe ? describe : NULL,
                              .first = store_first,
                              .spool_folder = blob_incoming(library->blobs),
                              .progress = report_progress,
                              .self = in };
    return extraction_run(library->sandbox, in->arena, &input, &in->extraction, err);
}

/* --- Members --- */

/* A document may go to the trash while it is read; what is stored of it afterwards goes there too.
 * The last transaction takes the parent's row first, so none slips through. */
static bool follow_to_trash(DbTx *tx, Reading *in, size_t first, size_t count, Error *err)
{
    const Scope *scope = &in->job->scope;
    Document parent, member;
    if (!document_find(tx, scope, in->arena, in->document.id, &parent, err))
        return false;
    for (size_t i = first; i < first + count && parent.deleted_at_ms; i++)
        if (!document_find(tx, scope, in->arena, in->child_ids[i], &member, err) ||
            (!member.deleted_at_ms &&
             !document_trash(tx, scope, member.id, parent.deleted_at_ms, err)))
            return false;
    return true;
}

static Str parent_id(const Reading *in, const ExtractedChild *child)
{
    for (size_t i = 0; i < in->extraction.children.count; i++)
        if (in->extraction.children.at[i].node == child->parent)
            return in->child_ids[i];
    return in->document.id;
}

static bool store_member(DbTx *tx, Reading *in, size_t number, Error *err)
{
    const ExtractedChild *child = &in->extraction.children.at[number];
    const Scope *scope = &in->job->scope;
    bool is_new;
    Document given = { .parent = parent_id(in, child),
                       .child_ordinal = (int64_t)number,
                       .name = library_clean_name(in->arena, child->node->name),
                       .media_type = child->node->media_type,
                       .size_bytes = (int64_t)child->size,
                       .blob = child->sha256,
                       .collection = in->document.collection,
                       .tags = in->document.tags,
                       .source = S("member") };
    if (!document_add(tx, scope, in->arena, &given, &given, &is_new, err))
        return false;
    in->child_ids[number] = given.id;
    if (child->node->failure.code != ERROR_NONE)
        return document_fail(tx, scope, given.id, &child->node->failure, err);
    return document_advance(tx, scope, given.id, 1u << DOCUMENT_QUEUED, DOCUMENT_EXTRACTING, err) &&
           store_content(tx, in, given.id, given.version, &in->members[number], err);
}

static bool store_members_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    if (!job_hold(tx, in->job, err))
        return false;
    for (size_t i = in->first; i < in->first + in->count; i++)
        if (!store_member(tx, in, i, err))
            return false;
    return follow_to_trash(tx, in, in->first, in->count, err);
}

static bool store_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    return job_hold(tx, in->job, err) &&
           store_content(tx, in, in->document.id, in->document.version, &in->ingested, err) &&
           follow_to_trash(tx, in, 0, in->extraction.children.count, err) &&
           read_page_forget(tx, &in->job->scope, in->document.id, err) &&
           job_done_in(tx, in->job, err);
}

static bool erase_old_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    if (!job_hold(tx, in->job, err))
        return false;
    for (size_t i = 0; i < in->old_children.count; i++)
        if (!document_erase(tx, &in->job->scope, in->arena, in->old_children.at[i].id, &in->erased,
                            err))
            return false;
    return true;
}

/* Bytes first, then the rows that name them. */
static bool keep_members_bytes(Reading *in, KeptOriginals *kept, Error *err)
{
    size_t count = in->extraction.children.count, file_count = 0;
    BlobItem *files = arena_new_array(in->arena, BlobItem, count);
    for (size_t i = 0; i < count; i++)
        if (in->extraction.children.at[i].path.length)
            files[file_count++] = (BlobItem){ in->extraction.children.at[i].sha256,
                                              in->extraction.children.at[i].path.at };
    return originals_import(kept, in->library, &in->job->scope, in->arena, files, file_count,
                            err) ||
           await_originals(in, err);
}

static void ingest_members(Reading *in)
{
    IngestSettings settings = ingest_settings(in);
    size_t count = in->extraction.children.count;
    in->child_ids = arena_new_array(in->arena, Str, count);
    in->members = arena_new_array(in->arena, Ingested, count);
    for (size_t i = 0; i < count; i++)
        ingest_node(in->arena, in->extraction.children.at[i].node, &settings, &in->members[i]);
}

/* What an earlier, interrupted attempt stored of the members is replaced. */
static bool store_members(Reading *in, Error *err)
{
    Db *db = in->library->db;
    const Scope *scope = &in->job->scope;
    size_t count = in->extraction.children.count;
    if (in->old_children.count && !store_write(db, scope, erase_old_work, in, err))
        return false;
    ingest_members(in);
    AUTO_ORIGINALS KeptOriginals kept = { .library = NULL };
    if (!keep_members_bytes(in, &kept, err))
        return false;
    for (in->first = 0; in->first < count; in->first += CHILDREN_AT_ONCE) {
        in->count = MIN(CHILDREN_AT_ONCE, count - in->first);
        if (!job_progress(in->job, "indexing", (int64_t)in->first, (int64_t)count))
            return job_stopped(in->job, err);
        if (!originals_store(&kept, store_members_work, in, err))
            return false;
    }
    return true;
}

/* --- The job --- */

typedef struct Failing {
    Reading *in;
    const Error *why;
} Failing;

static bool fail_work(DbTx *tx, void *argument, Error *err)
{
    Failing *failing = argument;
    return job_hold(tx, failing->in->job, err) &&
           document_fail(tx, &failing->in->job->scope, failing->in->document.id, failing->why,
                         err) &&
           job_done_in(tx, failing->in->job, err);
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    return document_find(tx, &in->job->scope, in->arena, in->job->subject, &in->document, err);
}

/* Whether there is nothing left to do for this job. */
static bool is_gone(Reading *in)
{
    Error why;
    return !store_read(in->library->db, &in->job->scope, find_work, in, &why) &&
           why.code == ERROR_NOT_FOUND;
}

/* The person sees the reason on the document; a later attempt may still succeed when the failure
 * was of the moment. The job ends with it, so that Retry, pressed at once, makes a new one. */
static bool give_up(Reading *in, Error *err)
{
    Error why = *err, ignored;
    bool is_last = !error_is_temporary(why.code) || in->job->attempt >= in->job->attempt_max;
    if (in->awaits_originals)
        job_put_off(in->job, ORIGINALS_WAIT_MS);
    if (job_is_stopped(in->job) || in->awaits_originals || !is_last)
        return false;
    /* Erased while it was read; a conflict when that was committed while this was being stored. */
    if ((why.code == ERROR_NOT_FOUND || why.code == ERROR_CONFLICT) && is_gone(in))
        return true;
    Failing failing = { in, &why };
    if (!store_write(in->library->db, &in->job->scope, fail_work, &failing, &ignored))
        return false;
    library_tell(in->library, &in->job->scope, NEWS_DOCUMENT, in->document.id);
    return true;
}

static bool read_and_store(Reading *in, Error *err)
{
    library_prepare_model(in->library);
    if (!read_file(in, err))
        return false;
    (void)!job_progress(in->job, "indexing", 0, 1);
    IngestSettings settings = ingest_settings(in);
    ingest_node(in->arena, in->extraction.root, &settings, &in->ingested);
    bool good = store_members(in, err) &&
                store_write(in->library->db, &in->job->scope, store_work, in, err);
    extraction_clean(&in->extraction);
    return good;
}

bool library_extract_job(Job *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Reading in = { .library = job->argument, .job = job, .arena = arena };
    if (!store_write(in.library->db, &job->scope, load_work, &in, err)) {
        /* Cancelled, erased, or done by another attempt: nothing is left to do. */
        return !job_is_stopped(job) &&
               (err->code == ERROR_NOT_FOUND || err->code == ERROR_CONFLICT);
    }
    library_tell(in.library, &job->scope, NEWS_DOCUMENT, job->subject);
    if (!read_and_store(&in, err))
        return give_up(&in, err);
    library_tell(in.library, &job->scope, NEWS_DOCUMENT, job->subject);
    for (size_t i = 0; i < in.extraction.children.count; i++)
        library_tell(in.library, &job->scope, NEWS_DOCUMENT, in.child_ids[i]);
    if (!library_can_embed(in.library)) {
        library_ready_by_words(in.library, &job->scope, arena, &job->subject, 1);
        library_ready_by_words(in.library, &job->scope, arena, in.child_ids,
                               in.extraction.children.count);
    }
    return true;
}
