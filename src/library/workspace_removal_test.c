/* workspace_removal_test.c - a workspace goes with its rows, originals and index; others stay. */
#include "library/workspace_removal.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/fixture_test.h"
#include "jobs/job_runner.h"
#include "library/follower.h"
#include "library/library_int.h"
#include "store/migrate.h"
#include "store/proof.h"
#include "store/workspace_removals_store.h"
#include "store/workspaces_store.h"

/* --- A library with two workspaces that have a document each --- */

typedef struct Place {
    Arena *arena;
    Db *db;
    BlobStore *blobs, *second;
    const char *folder;
    Library *library;
    JobRunner *jobs;
    Scope system, ours, theirs;
    Document our_document, their_document;
    WorkspaceRemoval removal;
    WorkspaceTableList tables;
    int64_t our_rows, their_rows, their_rows_before;
} Place;

static Error err;

static bool add_workspaces(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    Workspace ours = { .name = S("Ours") }, theirs = { .name = S("Theirs") };
    if (!workspace_add(tx, &place->system, place->arena, &ours, error) ||
        !workspace_add(tx, &place->system, place->arena, &theirs, error))
        return false;
    place->ours = (Scope){ .workspace = ours.id, .role = ROLE_OWNER };
    place->theirs = (Scope){ .workspace = theirs.id, .role = ROLE_OWNER };
    return true;
}

static char *in_folder(Place *place, const char *name)
{
    return path_join(place->arena, str(place->folder), str(name));
}

static void start(Place *place)
{
    LibraryOptions options = { .db = place->db,
                               .blobs = place->blobs,
                               .second_blobs = place->second,
                               .index_folder = in_folder(place, "index") };
    cr_assert(library_open(&options, &place->library, &err), "%s", err.message);
    JobType types[] = { { .name = "remove_workspaces",
                          .run = library_remove_workspaces_job,
                          .argument = place->library,
                          .lease_s = 1, /* stopping may leave one leased */
                          .every_ms = 50 } };
    JobRunnerOptions jobs = { .db = place->db, .types = types, .type_count = COUNT(types) };
    cr_assert(jobs_start(&jobs, &place->jobs, &err), "%s", err.message);
}

static void stop(Place *place)
{
    cr_assert(jobs_stop(place->jobs, 20000));
    library_close(place->library);
}

static Document upload(Place *place, const Scope *scope, const char *text)
{
    BlobItem item, copy;
    Document document;
    bool is_new;
    cr_assert(blob_stage(place->blobs, place->arena, str(text), &item, &err));
    cr_assert(blob_stage(place->second, place->arena, str(text), &copy, &err));
    cr_assert(blob_import(place->second, scope->workspace, &copy, 1, &err), "%s", err.message);
    NewFile file = {
        .path = item.temp_path, .name = S("a.txt"), .size = strlen(text), .sha256 = item.sha256
    };
    cr_assert(library_add(place->library, scope, place->arena, &file, &document, &is_new, &err),
              "%s", err.message);
    return document;
}

static void place_open(Place *place, const char *url)
{
    *place = (Place){ .arena = arena_new(MB(256)), .system = scope_system() };
    place->folder = test_folder(place->arena);
    cr_assert(db_open(url, NULL, &place->db, &err), "%s", err.message);
    cr_assert(migrate_up(place->db, &err), "%s", err.message);
    cr_assert(store_write(place->db, &place->system, add_workspaces, place, &err));
    cr_assert(blob_open_folder(in_folder(place, "blobs"), &place->blobs, &err));
    cr_assert(blob_open_folder(in_folder(place, "second"), &place->second, &err));
    start(place);
    place->our_document = upload(place, &place->ours, "the same words");
    place->their_document = upload(place, &place->theirs, "the same words");
}

static void place_close(Place *place)
{
    stop(place);
    blob_store_free(place->blobs);
    blob_store_free(place->second);
    db_close(place->db);
    arena_free(place->arena);
}

/* --- Asking, and how it went --- */

static bool ask_work(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    WorkspaceRemoval wish = { .asked_at_ms = 1, .due_at_ms = 2 };
    return workspace_removal_ask(tx, &place->ours, &wish, error);
}

static void ask(Place *place)
{
    cr_assert(store_write(place->db, &place->ours, ask_work, place, &err), "%s", err.message);
}

static bool look_work(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    const Scope *system = &place->system;
    return workspace_removal_find(tx, system, place->arena, place->ours.workspace, &place->removal,
                                  error) &&
           workspace_tables(tx, system, place->arena, &place->tables, error) &&
           workspace_count_rows(tx, system, place->arena, place->ours.workspace, &place->tables,
                                &place->our_rows, error) &&
           workspace_count_rows(tx, system, place->arena, place->theirs.workspace, &place->tables,
                                &place->their_rows, error);
}

static void look(Place *place)
{
    cr_assert(store_read(place->db, &place->system, look_work, place, &err), "%s", err.message);
}

static void wait_for_end(Place *place)
{
    for (int64_t end = monotonic_ms() + 30000; monotonic_ms() < end; sleep_ms(10)) {
        look(place);
        if (place->removal.ended_at_ms)
            return;
    }
    cr_assert_fail("the workspace is still there");
}

static bool has_original(BlobStore *store, const Scope *scope, const Document *document)
{
    uint64_t size;
    int fd;
    if (!blob_open(store, scope->workspace, document->blob, &fd, &size, &err))
        return false;
    close(fd);
    return true;
}

static bool has_index_files(Place *place, const Scope *scope)
{
    return file_exists(path_join(place->arena, str(in_folder(place, "index")), scope->workspace));
}

static void make_index_files(Place *place, const Scope *scope)
{
    char *folder = path_join(place->arena, str(in_folder(place, "index")), scope->workspace);
    cr_assert(folder_make(folder, 0700, &err), "%s", err.message);
}

static void wait_until_index_is_gone(Place *place)
{
    for (int64_t end = monotonic_ms() + 30000; monotonic_ms() < end; sleep_ms(10))
        if (!has_index_files(place, &place->ours))
            return;
    cr_assert_fail("the files of the index are still there");
}

static void expect_theirs_whole(Place *place)
{
    cr_expect_eq(place->their_rows, place->their_rows_before);
    cr_expect(has_original(place->blobs, &place->theirs, &place->their_document));
    cr_expect(has_original(place->second, &place->theirs, &place->their_document));
    cr_expect(has_index_files(place, &place->theirs));
}

static void expect_gone(Place *place)
{
    cr_expect_eq(place->our_rows, 0);
    cr_expect_not(has_original(place->blobs, &place->ours, &place->our_document));
    cr_expect_not(has_original(place->second, &place->ours, &place->our_document));
}

/* --- Tests --- */

TEST_BOTH(library, a_workspace_that_is_due_goes_whole_with_a_proof_and_others_stay)
{
    Place place;
    place_open(&place, url);
    make_index_files(&place, &place.ours);
    make_index_files(&place, &place.theirs);
    ask(&place);
    look(&place);
    place.their_rows_before = place.their_rows;
    wait_for_end(&place);
    expect_gone(&place);
    expect_theirs_whole(&place);
    wait_until_index_is_gone(&place);
    cr_expect(str_find(place.removal.removed, S("\"documents\":1")) >= 0, STR_FMT,
              STR_ARG(place.removal.removed));
    cr_expect(str_find(place.removal.proof, S("\"rows_left\":0")) >= 0, STR_FMT,
              STR_ARG(place.removal.proof));
    cr_expect(proof_check(place.db, place.removal.proof, &err), "%s", err.message);
    place_close(&place);
}

/* As of an upload that was under way: the original comes first, and its row is refused. It may come
 * just when the folder goes. */
static void import_late(Place *place, BlobStore *store)
{
    BlobItem item;
    bool has_come = false;
    for (int tries = 0; tries < 10 && !has_come; tries++) {
        cr_assert(blob_stage(store, place->arena, S("the same words"), &item, &err));
        has_come = blob_import(store, place->ours.workspace, &item, 1, &err);
    }
    cr_assert(has_come, "%s", err.message);
}

TEST_BOTH(library, an_original_that_comes_when_its_workspace_has_gone_goes_too)
{
    Place place;
    place_open(&place, url);
    ask(&place);
    wait_for_end(&place);
    import_late(&place, place.blobs);
    import_late(&place, place.second);
    bool is_there = true;
    for (int64_t end = monotonic_ms() + 30000; is_there && monotonic_ms() < end; sleep_ms(10))
        is_there = has_original(place.blobs, &place.ours, &place.our_document) ||
                   has_original(place.second, &place.ours, &place.our_document);
    cr_expect_not(is_there);
    cr_expect(has_original(place.blobs, &place.theirs, &place.their_document));
    place_close(&place);
}

/* As if the process had been killed between two parts. */
static bool begin_half(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    const Scope *system = &place->system;
    int64_t removed;
    if (!ask_work(tx, place, error) || !look_work(tx, place, error))
        return false;
    place->removal.began_at_ms = 3;
    place->removal.removed = S("{\"blocks\":7}");
    if (!workspace_removal_save(tx, system, &place->removal, error))
        return false;
    for (size_t i = 0; i < place->tables.count / 2; i++)
        if (!workspace_remove_rows(tx, system, place->arena, place->ours.workspace,
                                   &place->tables.at[i], INT64_MAX, &removed, error))
            return false;
    return true;
}

TEST_BOTH(library, a_removal_that_was_cut_off_goes_on_and_keeps_its_counts)
{
    Place place;
    place_open(&place, url);
    stop(&place);
    make_index_files(&place, &place.ours);
    cr_assert(store_write(place.db, &place.system, begin_half, &place, &err), "%s", err.message);
    start(&place);
    wait_for_end(&place);
    expect_gone(&place);
    cr_expect(str_find(place.removal.removed, S("\"blocks\":7")) >= 0);
    stop(&place);
    make_index_files(&place, &place.ours); /* as of a node that was away */
    start(&place);
    wait_until_index_is_gone(&place);
    place_close(&place);
}

/* As if something of the program's named a row that is to go. */
static bool hold_document(DbTx *tx, void *argument, Error *error)
{
    const Place *place = argument;
    Str id = place->ours.workspace;
    Str sql =
        db_tx_kind(tx) == DB_SQLITE
            ? str_format(
                  place->arena,
                  "CREATE TRIGGER held BEFORE DELETE ON documents WHEN old.workspace = '" STR_FMT
                  "' BEGIN SELECT RAISE(ABORT, 'held'); END",
                  STR_ARG(id))
            : str_format(place->arena,
                         "CREATE FUNCTION hold() RETURNS trigger LANGUAGE plpgsql AS"
                         " $$BEGIN RAISE 'held'; END$$;"
                         "CREATE TRIGGER held BEFORE DELETE ON documents FOR EACH ROW"
                         " WHEN (old.workspace = '" STR_FMT "') EXECUTE FUNCTION hold()",
                         STR_ARG(id));
    return db_exec_script(tx, sql.at, error);
}

static bool ask_for_both(DbTx *tx, void *argument, Error *error)
{
    const Place *place = argument;
    const WorkspaceRemoval first = { .asked_at_ms = 1, .due_at_ms = 1 },
                           then = { .asked_at_ms = 1, .due_at_ms = 2 };
    return workspace_removal_ask(tx, &place->ours, &first, error) &&
           workspace_removal_ask(tx, &place->theirs, &then, error);
}

static bool theirs_have_gone(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    return workspace_removal_find(tx, &place->system, place->arena, place->theirs.workspace,
                                  &place->removal, error);
}

TEST_BOTH(library, a_workspace_that_cannot_go_holds_up_none_behind_it)
{
    Place place;
    place_open(&place, url);
    cr_assert(db_write_schema(place.db, hold_document, &place, &err), "%s", err.message);
    cr_assert(store_write(place.db, &place.system, ask_for_both, &place, &err), "%s", err.message);
    for (int64_t end = monotonic_ms() + 20000; !place.removal.ended_at_ms && monotonic_ms() < end;
         sleep_ms(10))
        cr_assert(store_read(place.db, &place.system, theirs_have_gone, &place, &err));
    cr_expect(place.removal.ended_at_ms);
    cr_expect(has_original(place.blobs, &place.ours, &place.our_document));
    place_close(&place);
}

static bool take_back(DbTx *tx, void *argument, Error *error)
{
    const Place *place = argument;
    return workspace_removal_take_back(tx, &place->ours, error);
}

static bool ask_for_later(DbTx *tx, void *argument, Error *error)
{
    const Place *place = argument;
    WorkspaceRemoval wish = { .asked_at_ms = 1, .due_at_ms = INT64_MAX };
    return workspace_removal_ask(tx, &place->ours, &wish, error);
}

TEST_BOTH(library, a_workspace_whose_time_has_not_come_stays_and_may_be_kept)
{
    Place place;
    place_open(&place, url);
    cr_assert(store_write(place.db, &place.ours, ask_for_later, &place, &err));
    sleep_ms(200); /* four rounds of the job */
    look(&place);
    cr_expect_eq(place.removal.began_at_ms, 0);
    cr_expect(has_original(place.blobs, &place.ours, &place.our_document));
    cr_expect(store_write(place.db, &place.ours, take_back, &place, &err), "%s", err.message);
    place_close(&place);
}
