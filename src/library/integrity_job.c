/* integrity_job.c - see integrity.h. */
#include "library/integrity.h"

#include "base/clock.h"
#include "base/log.h"
#include "library/library_int.h"
#include "store/damaged_originals_store.h"
#include "store/erase_store.h"
#include "store/read_replica.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

#define JOB_INTEGRITY "integrity"
#define STATE_NAME S("integrity")
#define STATE_MAX KB(4)
#define AT_ONCE 100
#define SAVE_EVERY_MS 5000
#define NAP_MS 200 /* how long a scan that must stop may not notice */
#define DAY_MS INT64_C(86400000)

typedef struct Scan {
    Library *library;
    Job *job;
    Arena *arena; /* of a page */
    IntegrityState state;
    char workspace[65], blob[65]; /* what the state names */
    WorkspaceList workspaces;
    Scope scope;
    StrList page;
    Str damaged, reason;          /* what is to be marked, and why */
    int64_t paced_from_ms, paced; /* monotonic; bytes since */
    int64_t saved_ms;             /* monotonic */
} Scan;

/* --- Where it is --- */

static Str print_state(Arena *arena, const IntegrityState *state)
{
    Buf out = buf_new(arena, STATE_MAX);
    JsonWriter json = put_begin(&out);
    put_text(&json, "workspace", state->workspace);
    put_text(&json, "blob", state->blob);
    put_int(&json, "began_at", state->began_at_ms);
    put_int(&json, "ended_at", state->ended_at_ms);
    put_int(&json, "originals", state->originals);
    put_int(&json, "bytes", state->bytes);
    put_int(&json, "damaged", state->damaged);
    put_int(&json, "repaired", state->repaired);
    put_bool(&json, "is_fast", state->is_fast);
    put_end(&json);
    return buf_str(&out);
}

static bool read_state(Arena *arena, Str text, IntegrityState *state, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    return json_parse(text, STATE_MAX, &json, err) &&
           json_read(json, arena,
                     JSON_FIELDS({ "workspace", JSON_STR, &state->workspace },
                                 { "blob", JSON_STR, &state->blob },
                                 { "began_at", JSON_I64, &state->began_at_ms },
                                 { "ended_at", JSON_I64, &state->ended_at_ms },
                                 { "originals", JSON_I64, &state->originals },
                                 { "bytes", JSON_I64, &state->bytes },
                                 { "damaged", JSON_I64, &state->damaged },
                                 { "repaired", JSON_I64, &state->repaired },
                                 { "is_fast", JSON_FLAG, &state->is_fast }),
                     err);
}

typedef struct StateWork {
    const Scope *system;
    Arena *arena;
    IntegrityState state;
} StateWork;

static bool find_state(DbTx *tx, void *argument, Error *err)
{
    StateWork *work = argument;
    Str text;
    work->state = (IntegrityState){ .began_at_ms = 0 };
    if (!damaged_original_count(tx, work->system, &work->state.damaged_now, err))
        return false;
    if (!setting_find(tx, work->system, work->arena, STATE_NAME, &text, err))
        return err->code == ERROR_NOT_FOUND;
    return read_state(work->arena, text, &work->state, err);
}

bool library_integrity(Library *library, Arena *arena, IntegrityState *state_r, Error *err)
{
    StateWork work = { .system = &library->system, .arena = arena };
    if (!store_read(library->db, &library->system, find_state, &work, err))
        return false;
    *state_r = work.state;
    return true;
}

static bool save_state(DbTx *tx, void *argument, Error *err)
{
    const Scan *scan = argument;
    const Scope *system = &scan->library->system;
    return job_hold(tx, scan->job, err) &&
           setting_set(tx, system, STATE_NAME, print_state(scan->arena, &scan->state), err);
}

/* A round that somebody has begun anew meanwhile is theirs. */
static bool save(Scan *scan, Error *err)
{
    IntegrityState now;
    if (!library_integrity(scan->library, scan->arena, &now, err))
        return false;
    if (now.began_at_ms > scan->state.began_at_ms)
        return fail(err, ERROR_BUSY, "the scan of originals begins anew");
    scan->saved_ms = monotonic_ms();
    return store_write(scan->library->db, &scan->library->system, save_state, scan, err);
}

static bool begin_round(DbTx *tx, void *argument, Error *err)
{
    const StateWork *work = argument;
    /* The subject of the recurring one: they are never two. */
    NewJob job = { .type = S(JOB_INTEGRITY), .subject = S(JOB_INTEGRITY), .is_wanted_again = true };
    return setting_set(tx, work->system, STATE_NAME, print_state(work->arena, &work->state), err) &&
           job_add(tx, work->system, work->arena, &job, NULL, err);
}

bool library_integrity_begin(Library *library, bool is_fast, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    StateWork work = { .system = &library->system,
                       .arena = arena,
                       .state = { .began_at_ms = now_ms(), .is_fast = is_fast } };
    return store_write(library->db, &library->system, begin_round, &work, err);
}

/* --- One original --- */

static bool keep_pace(void *self, size_t bytes, Error *err)
{
    Scan *scan = self;
    int64_t rate = scan->state.is_fast ? 0 : scan->library->options.integrity_rate;
    scan->state.bytes += (int64_t)bytes;
    scan->paced += (int64_t)bytes;
    if (monotonic_ms() - scan->saved_ms > SAVE_EVERY_MS && !save(scan, err))
        return false;
    for (;;) {
        if (job_is_stopped(scan->job))
            return job_stopped(scan->job, err);
        int64_t due_ms = rate ? (int64_t)((double)scan->paced * 1000 / (double)rate) : 0;
        int64_t ahead_ms = due_ms - (monotonic_ms() - scan->paced_from_ms);
        if (ahead_ms <= 0)
            return true;
        sleep_ms(MIN(ahead_ms, NAP_MS));
    }
}

static bool forget_damage(DbTx *tx, void *argument, Error *err)
{
    const Scan *scan = argument;
    return damaged_original_remove(tx, &scan->scope, scan->damaged, err);
}

/* One that nobody names any more was erased meanwhile. */
static bool mark_damage(DbTx *tx, void *argument, Error *err)
{
    Scan *scan = argument;
    StrList unused = { &scan->damaged, 1 };
    if (!blobs_keep_unused(tx, &scan->scope, scan->arena, &unused, err))
        return false;
    return unused.count
               ? forget_damage(tx, scan, err)
               : damaged_original_set(tx, &scan->scope, scan->damaged, scan->reason, now_ms(), err);
}

/* From the second store, if it has the right bytes. */
static bool repair(Scan *scan)
{
    Library *library = scan->library;
    BlobItem item;
    Error why;
    if (!library->options.second_blobs ||
        !blob_fetch(library->options.second_blobs, library->blobs, scan->arena,
                    scan->scope.workspace, scan->damaged, &item, &why) ||
        !library_keep_originals(library, &scan->scope, &item, 1, forget_damage, scan, &why)) {
        if (library->options.second_blobs)
            log_warn("integrity", "original " STR_FMT " cannot be taken from second_blob_store: %s",
                     STR_ARG(scan->damaged), why.message);
        return false;
    }
    log_warn("integrity", "original " STR_FMT " was damaged; it is taken from second_blob_store",
             STR_ARG(scan->damaged));
    return true;
}

static bool see_damage(Scan *scan, Str blob, const Error *found, Error *err)
{
    scan->damaged = blob;
    scan->reason = found->code == ERROR_NOT_FOUND ? S("missing") : S("damaged");
    if (repair(scan)) {
        scan->state.repaired++;
        return true;
    }
    scan->state.damaged++;
    log_error("integrity", "original " STR_FMT " of workspace " STR_FMT " is " STR_FMT,
              STR_ARG(blob), STR_ARG(scan->scope.workspace), STR_ARG(scan->reason));
    return store_write(scan->library->db, &scan->scope, mark_damage, scan, err);
}

/* A store that is away ends the scan for now: nothing is known about its originals. */
static bool look_at(Scan *scan, Str blob, const StrList *known, Error *err)
{
    const BlobReading reading = { keep_pace, scan };
    Error found = { 0 };
    if (!blob_verify(scan->library->blobs, scan->scope.workspace, blob, &reading, &found)) {
        if (found.code != ERROR_DAMAGED && found.code != ERROR_NOT_FOUND) {
            *err = found;
            return false;
        }
        return see_damage(scan, blob, &found, err);
    }
    scan->damaged = blob;
    for (size_t i = 0; i < known->count; i++)
        if (str_equal(known->at[i], blob))
            return store_write(scan->library->db, &scan->scope, forget_damage, scan, err);
    return true;
}

/* --- All of them --- */

typedef struct PageWork {
    Scan *scan;
    StrList known; /* that are marked as damaged */
} PageWork;

static bool list_page(DbTx *tx, void *argument, Error *err)
{
    PageWork *work = argument;
    Scan *scan = work->scan;
    DamagedOriginalList known;
    if (!originals_list(tx, &scan->scope, scan->arena, scan->state.blob, AT_ONCE, &scan->page,
                        err) ||
        !damaged_original_list(tx, &scan->scope, scan->arena, INT32_MAX, &known, err))
        return false;
    Str *blobs = arena_new_array(scan->arena, Str, known.count);
    for (size_t i = 0; i < known.count; i++)
        blobs[i] = known.at[i].blob;
    work->known = (StrList){ blobs, known.count };
    return true;
}

static void set_place(Scan *scan, Str workspace, Str blob)
{
    snprintf(scan->workspace, sizeof(scan->workspace), STR_FMT, STR_ARG(workspace));
    snprintf(scan->blob, sizeof(scan->blob), STR_FMT, STR_ARG(blob));
    scan->state.workspace = str(scan->workspace);
    scan->state.blob = str(scan->blob);
}

/* The next originals of the workspace; *count_r is how many there were. */
static bool scan_page(Scan *scan, size_t *count_r, Error *err)
{
    PageWork work = { .scan = scan };
    if (!store_read_replica(scan->library->db, &scan->scope, list_page, &work, err))
        return false;
    *count_r = scan->page.count;
    for (size_t i = 0; i < scan->page.count; i++) {
        if (!look_at(scan, scan->page.at[i], &work.known, err))
            return false;
        scan->state.originals++;
        set_place(scan, scan->scope.workspace, scan->page.at[i]);
    }
    return true;
}

static bool scan_workspace(Scan *scan, Str workspace, Error *err)
{
    size_t count;
    scan->scope = (Scope){ .workspace = workspace, .role = ROLE_OWNER };
    if (!str_equal(scan->state.workspace, workspace))
        set_place(scan, workspace, S(""));
    do {
        arena_reset(scan->arena);
        if (job_is_stopped(scan->job))
            return job_stopped(scan->job, err);
        if (!scan_page(scan, &count, err))
            return false;
    } while (count);
    return true;
}

static bool list_workspaces(DbTx *tx, void *argument, Error *err)
{
    Scan *scan = argument;
    return workspace_list(tx, &scan->library->system, scan->job->arena, &scan->workspaces, err);
}

static int by_id(const void *a, const void *b)
{
    const Workspace *one = a, *other = b;
    return str_compare(one->id, other->id);
}

static bool scan_all(Scan *scan, Error *err)
{
    if (!store_read_replica(scan->library->db, &scan->library->system, list_workspaces, scan, err))
        return false;
    qsort(scan->workspaces.at, scan->workspaces.count, sizeof(Workspace), by_id);
    for (size_t i = 0; i < scan->workspaces.count; i++) {
        Str id = scan->workspaces.at[i].id;
        if (str_compare(id, scan->state.workspace) >= 0 && !scan_workspace(scan, id, err))
            return false;
    }
    return true;
}

static bool is_due(const Library *library, const IntegrityState *state)
{
    int64_t every_ms = library->options.integrity_days * DAY_MS;
    if (state->began_at_ms && !state->ended_at_ms)
        return state->is_fast || library->options.integrity_rate > 0;
    return library->options.integrity_rate > 0 && now_ms() - state->began_at_ms >= every_ms;
}

bool library_integrity_job(Job *job, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Scan scan = { .library = job->argument,
                  .job = job,
                  .arena = arena,
                  .paced_from_ms = monotonic_ms(),
                  .saved_ms = monotonic_ms() };
    if (!library_integrity(scan.library, job->arena, &scan.state, err))
        return false;
    if (!is_due(scan.library, &scan.state))
        return true;
    if (scan.state.ended_at_ms || !scan.state.began_at_ms)
        scan.state = (IntegrityState){ .began_at_ms = now_ms() };
    set_place(&scan, scan.state.workspace, scan.state.blob);
    bool good = scan_all(&scan, err);
    Error ignored;
    if (!good) {
        (void)!save(&scan, &ignored); /* it goes on from here */
        return false;
    }
    scan.state.ended_at_ms = now_ms();
    if (!save(&scan, err))
        return false;
    log_info("integrity",
             "%" PRId64 " originals were read: %" PRId64 " damaged, %" PRId64 " repaired",
             scan.state.originals, scan.state.damaged, scan.state.repaired);
    return true;
}
