/* sweep_job.c - finds what fell between two jobs: documents that nobody reads any more, passages
 * without vectors, originals whose erasing did not end. */
#include "library/library_int.h"

#include "base/clock.h"
#include "library/follower.h"

/* Longer than a lease, so that a job whose node died has been taken over by then. */
#define QUIET_MS (2 * 60 * 1000)
#define AT_ONCE 100

typedef struct Sweep {
    Library *library;
    Job *job;
    Arena *arena;
    Str model;
    DocumentKeyList found;
    Scope scope;
    Str document;
    bool has_changed;
} Sweep;

/* --- Documents that no job works on --- */

static bool stuck_work(DbTx *tx, void *argument, Error *err)
{
    Sweep *in = argument;
    unsigned running = 1u << DOCUMENT_QUEUED | 1u << DOCUMENT_EXTRACTING | 1u << DOCUMENT_INDEXING;
    return document_list_stuck(tx, &in->library->system, in->arena, running, now_ms() - QUIET_MS,
                               AT_ONCE, &in->found, err);
}

/* For a model that this node lacks: the node that read it may have had it, and is no more. */
static bool waits_for_model(const Sweep *in, const Document *document, const JobRowList *jobs)
{
    bool waits = document->state == DOCUMENT_INDEXING && !library_can_embed(in->library);
    for (size_t i = 0; i < jobs->count; i++)
        waits &= str_is(jobs->at[i].type, JOB_EMBED) && jobs->at[i].state != JOB_RUNNING;
    return waits;
}

/* One whose jobs were used up: its text is there, or a person is told. */
static bool settle_work(DbTx *tx, void *argument, Error *err)
{
    Sweep *in = argument;
    Document document;
    JobRowList jobs;
    Error why;
    in->has_changed = false;
    if (!document_find(tx, &in->scope, in->arena, in->document, &document, err) ||
        !jobs_store_of_subjects(tx, &in->scope, in->arena, &in->document, 1, &jobs, err))
        return err->code == ERROR_NOT_FOUND;
    if ((jobs.count && !waits_for_model(in, &document, &jobs)) ||
        document_state_is_over(document.state))
        return true;
    in->has_changed = true;
    if (document.state == DOCUMENT_INDEXING)
        return library_document_ready(tx, in->library, &in->scope, in->arena, document.id, err);
    fail(&why, ERROR_INTERNAL, "reading ended without a result several times; try again");
    return document_fail(tx, &in->scope, document.id, &why, err);
}

static bool settle_all(Sweep *in, Error *err)
{
    Library *library = in->library;
    if (!store_read(library->db, &library->system, stuck_work, in, err))
        return false;
    for (size_t i = 0; i < in->found.count; i++) {
        in->scope = (Scope){ .workspace = in->found.at[i].workspace, .role = ROLE_OWNER };
        in->document = in->found.at[i].id;
        if (job_is_stopped(in->job))
            return job_stopped(in->job, err);
        if (!store_write(library->db, &in->scope, settle_work, in, err))
            return false;
        if (in->has_changed)
            library_tell(library, &in->scope, NEWS_DOCUMENT, in->document);
    }
    return true;
}

/* --- Passages without vectors --- */

static bool unembedded_work(DbTx *tx, void *argument, Error *err)
{
    Sweep *in = argument;
    return document_list_unembedded(tx, &in->library->system, in->arena, in->model, NULL, 1,
                                    &in->found, err);
}

/* As the system, since one job embeds them all: as fast as the encoder goes, and new documents,
 * which have jobs of their own, do not wait behind them. */
static bool queue_work(DbTx *tx, void *argument, Error *err)
{
    Sweep *in = argument;
    return library_queue(tx, &in->library->system, in->arena, JOB_REEMBED, S("model"), err);
}

/* What is embedded was embedded with the model that is known; another one is known once it has been
 * loaded, which happens for the first query. An idle server does not load it for this. */
static bool embed_missing(Sweep *in, Error *err)
{
    char name[FOLLOWER_MODEL_SIZE];
    Library *library = in->library;
    if (atomic_load(&library->coming)) /* should its job have failed for good, a change goes on */
        return store_write(library->db, &library->system, queue_work, in, err);
    if (!library_model_status(library).is_there)
        return true;
    follower_model(library->follower, name);
    in->model = str_copy(in->arena, str(name));
    return store_read(library->db, &library->system, unembedded_work, in, err) &&
           (!in->found.count || store_write(library->db, &library->system, queue_work, in, err));
}

/* --- Originals --- */

/* While the store of originals is away they wait: the next sweep is a minute from now. */
static bool end_removals(const Sweep *in, Error *err)
{
    return originals_remove_left(in->library, in->job, err) ||
           (error_is_temporary(err->code) && !job_is_stopped(in->job));
}

bool library_sweep_job(Job *job, Error *err)
{
    Sweep in = { .library = job->argument, .job = job, .arena = job->arena };
    return settle_all(&in, err) && embed_missing(&in, err) && end_removals(&in, err);
}
