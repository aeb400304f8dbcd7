/* backup_job.c - see backup_job.h. */
#include "library/backup_job.h"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "library/library_int.h"
#include "store/settings_store.h"

#define STATE_NAME S("backup")
#define FAILURES_NAME S("backup_failures") /* for alerts about the server */
#define NAME_BEGIN S("lectern-")
#define HOUR_MS INT64_C(3600000)

typedef struct StateWork {
    const Scope *system;
    Arena *arena;
    BackupState state;
} StateWork;

static bool find_state(DbTx *tx, void *argument, Error *err)
{
    StateWork *work = argument;
    AUTO_JSON json_t *json = NULL;
    Str text;
    work->state = (BackupState){ .ended_at_ms = 0 };
    if (!setting_find(tx, work->system, work->arena, STATE_NAME, &text, err))
        return err->code == ERROR_NOT_FOUND;
    return json_parse(text, KB(4), &json, err) &&
           json_read(json, work->arena,
                     JSON_FIELDS({ "ended_at", JSON_I64, &work->state.ended_at_ms },
                                 { "bytes", JSON_I64, &work->state.bytes },
                                 { "originals", JSON_I64, &work->state.originals },
                                 { "missing", JSON_I64, &work->state.missing },
                                 { "name", JSON_STR, &work->state.name }),
                     err);
}

bool library_backup_state(Library *library, Arena *arena, BackupState *state_r, Error *err)
{
    StateWork work = { .system = &library->system, .arena = arena };
    if (!store_read(library->db, &library->system, find_state, &work, err))
        return false;
    *state_r = work.state;
    return true;
}

static bool save_state(DbTx *tx, void *argument, Error *err)
{
    const StateWork *work = argument;
    Buf text = buf_new(work->arena, KB(4));
    JsonWriter json = put_begin(&text);
    put_int(&json, "ended_at", work->state.ended_at_ms);
    put_int(&json, "bytes", work->state.bytes);
    put_int(&json, "originals", work->state.originals);
    put_int(&json, "missing", work->state.missing);
    put_text(&json, "name", work->state.name);
    put_end(&json);
    return setting_set(tx, work->system, STATE_NAME, buf_str(&text), err) &&
           setting_set(tx, work->system, FAILURES_NAME, S("{\"count\":0}"), err);
}

static bool save_failure(DbTx *tx, void *argument, Error *err)
{
    const StateWork *work = argument;
    AUTO_JSON json_t *json = NULL;
    Str text;
    int64_t count = 0;
    if (!setting_find(tx, work->system, work->arena, FAILURES_NAME, &text, err)) {
        if (err->code != ERROR_NOT_FOUND)
            return false;
    } else if (!json_parse(text, KB(4), &json, err) ||
               !json_read(json, work->arena, JSON_FIELDS({ "count", JSON_I64, &count }), err)) {
        return false;
    }
    text = str_format(work->arena, "{\"count\":%" PRId64 "}", count + 1);
    return setting_set(tx, work->system, FAILURES_NAME, text, err);
}

/* In the order of time when sorted. */
static Str new_name(Arena *arena)
{
    time_t now_s = (time_t)(now_ms() / 1000);
    struct tm tm;
    char text[40];
    gmtime_r(&now_s, &tm);
    strftime(text, sizeof text, "%Y%m%dT%H%M%SZ.tar", &tm);
    return str_format(arena, STR_FMT "%s", STR_ARG(NAME_BEGIN), text);
}

static bool remove_old(Library *library, Arena *arena, Error *err)
{
    FilePlace *place = library->options.backup_to;
    int64_t keep = library->options.backup_keep;
    StrList names;
    if (!keep)
        return true;
    if (!file_place_list(place, arena, NAME_BEGIN, &names, err))
        return false;
    for (size_t i = 0; (int64_t)i + keep < (int64_t)names.count; i++)
        if (!file_place_remove(place, names.at[i], err))
            return false;
    return true;
}

static bool write_one(Library *library, Arena *arena, BackupState *state, Error *err)
{
    char *path = path_join(arena, str(blob_incoming(library->blobs)), state->name);
    BackupCounts counts;
    struct stat about;
    if (!library_backup(library, path, &counts, err))
        return false;
    state->originals = counts.originals;
    state->missing = counts.missing;
    state->bytes = stat(path, &about) == 0 ? about.st_size : 0;
    bool good = file_place_put(library->options.backup_to, path, state->name, err);
    (void)unlink(path);
    return good;
}

bool library_backup_keep(Library *library, Arena *arena, BackupState *state_r, Error *err)
{
    StateWork work = { .system = &library->system, .arena = arena };
    if (!library->options.backup_to)
        return fail(err, ERROR_CONFLICT,
                    "there is no place for backups: name a file, or set backup_to");
    work.state.name = new_name(arena);
    if (!write_one(library, arena, &work.state, err)) {
        Error ignored; /* the database may be what failed */
        (void)!store_write(library->db, &library->system, save_failure, &work, &ignored);
        return fail_in(err, "the backup");
    }
    work.state.ended_at_ms = now_ms();
    if (!store_write(library->db, &library->system, save_state, &work, err) ||
        !remove_old(library, arena, err))
        return false;
    log_info("backup", STR_FMT ": %" PRId64 " originals, %" PRId64 " bytes",
             STR_ARG(work.state.name), work.state.originals, work.state.bytes);
    *state_r = work.state;
    return true;
}

bool library_backup_job(Job *job, Error *err)
{
    Library *library = job->argument;
    BackupState state;
    int64_t every_ms = library->options.backup_hours * HOUR_MS;
    if (!library->options.backup_to || !every_ms)
        return true;
    if (!library_backup_state(library, job->arena, &state, err))
        return false;
    return now_ms() - state.ended_at_ms < every_ms ||
           library_backup_keep(library, job->arena, &state, err);
}
