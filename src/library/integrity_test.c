#include "library/integrity.h"

#include <unistd.h>

#include "base/file.h"
#include "db/fixture_test.h"
#include "jobs/job_runner.h"
#include "library/library_int.h"
#include "store/damaged_originals_store.h"
#include "store/migrate.h"
#include "store/settings_store.h"
#include "store/workspaces_store.h"

/* --- A library with one document, a second store, and the scan as its only job --- */

typedef struct Place {
    Arena *arena;
    Db *db;
    BlobStore *blobs, *second;
    const char *folder;
    Library *library;
    JobRunner *jobs;
    Scope scope;
    Document document;
    DamagedOriginalList damaged;
} Place;

static Error err;

static bool add_workspace(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    Scope system = scope_system();
    Workspace added = { .name = S("Ours"), .settings = S("{}") };
    if (!workspace_add(tx, &system, place->arena, &added, error))
        return false;
    place->scope = (Scope){ .workspace = added.id, .role = ROLE_OWNER };
    return true;
}

static void open_library(Place *place)
{
    LibraryOptions options = { .db = place->db,
                               .blobs = place->blobs,
                               .second_blobs = place->second,
                               .integrity_rate = GB(1),
                               .integrity_days = 30,
                               .index_folder =
                                   path_join(place->arena, str(place->folder), S("index")) };
    cr_assert(library_open(&options, &place->library, &err), "%s", err.message);
}

static void start_jobs(Place *place, int64_t every_ms)
{
    JobType types[] = {
        { .name = "integrity",
          .run = library_integrity_job,
          .argument = place->library,
          .every_ms = every_ms },
    };
    JobRunnerOptions jobs = { .db = place->db, .types = types, .type_count = COUNT(types) };
    cr_assert(jobs_start(&jobs, &place->jobs, &err), "%s", err.message);
}

static void add_document(Place *place, Str bytes)
{
    BlobItem item;
    bool is_new;
    cr_assert(blob_stage(place->blobs, place->arena, bytes, &item, &err));
    NewFile file = {
        .path = item.temp_path, .name = S("a.txt"), .size = bytes.length, .sha256 = item.sha256
    };
    cr_assert(library_add(place->library, &place->scope, place->arena, &file, &place->document,
                          &is_new, &err),
              "%s", err.message);
}

static void place_open(Place *place, const char *url, bool has_second)
{
    *place = (Place){ .arena = arena_new(GB(1)) };
    place->folder = test_folder(place->arena);
    Str folder = str(place->folder);
    cr_assert(db_open(url, NULL, &place->db, &err) && migrate_up(place->db, &err), "%s",
              err.message);
    Scope system = scope_system();
    cr_assert(store_write(place->db, &system, add_workspace, place, &err), "%s", err.message);
    cr_assert(blob_open_folder(path_join(place->arena, folder, S("blobs")), &place->blobs, &err));
    cr_assert(!has_second ||
              blob_open_folder(path_join(place->arena, folder, S("second")), &place->second, &err));
    open_library(place);
    add_document(place, S("What is kept must stay what it was."));
    start_jobs(place, 0);
}

static void place_close(Place *place)
{
    cr_assert(jobs_stop(place->jobs, 20000));
    library_close(place->library);
    blob_store_free(place->blobs);
    blob_store_free(place->second);
    db_close(place->db);
    arena_free(place->arena);
}

static IntegrityState wait_for_end(Place *place)
{
    IntegrityState state = { 0 };
    for (int i = 0; i < 2000; i++) {
        cr_assert(library_integrity(place->library, place->arena, &state, &err), "%s", err.message);
        if (state.ended_at_ms)
            return state;
        usleep(10000);
    }
    cr_assert_fail("the scan does not end");
    return state;
}

static IntegrityState scan(Place *place)
{
    cr_assert(library_integrity_begin(place->library, true, &err), "%s", err.message);
    return wait_for_end(place);
}

static bool list_damaged(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    return damaged_original_list(tx, &place->scope, place->arena, 9, &place->damaged, error);
}

static void read_damaged(Place *place)
{
    cr_assert(store_read(place->db, &place->scope, list_damaged, place, &err), "%s", err.message);
}

static void write_original(Place *place, Str bytes)
{
    Str blob = place->document.blob;
    char *path = str_c(place->arena, str_format(place->arena, "%s/blobs/" STR_FMT "/%.2s/" STR_FMT,
                                                place->folder, STR_ARG(place->scope.workspace),
                                                blob.at, STR_ARG(str_from(blob, 2))));
    cr_assert(file_exists(path), "%s", path);
    cr_assert(file_write(path, bytes, 0600, &err), "%s", err.message);
}

TEST_BOTH(integrity, an_original_whose_bytes_have_changed_is_marked_until_it_is_right_again)
{
    Place place;
    place_open(&place, url, false);
    IntegrityState state = scan(&place);
    cr_expect(state.originals == 1 && !state.damaged && !state.damaged_now && state.bytes == 35);
    write_original(&place, S("What is kept must stay what it is!!"));
    state = scan(&place);
    read_damaged(&place);
    cr_expect(state.damaged == 1 && !state.repaired);
    cr_assert(place.damaged.count == 1 && str_is(place.damaged.at[0].reason, "damaged"));
    cr_expect(str_equal(place.damaged.at[0].document, place.document.id));
    cr_expect(str_is(place.damaged.at[0].name, "a.txt"));
    write_original(&place, S("What is kept must stay what it was."));
    state = scan(&place);
    cr_expect(!state.damaged && !state.damaged_now);
    place_close(&place);
}

TEST_BOTH(integrity, a_missing_original_is_marked_as_missing)
{
    Place place;
    place_open(&place, url, false);
    cr_assert(blob_remove(place.blobs, place.scope.workspace, place.document.blob, &err));
    cr_expect(scan(&place).damaged_now == 1);
    read_damaged(&place);
    cr_assert(place.damaged.count == 1 && str_is(place.damaged.at[0].reason, "missing"));
    place_close(&place);
}

TEST_BOTH(integrity, a_damaged_original_is_taken_from_the_second_store)
{
    Place place;
    BlobItem item;
    place_open(&place, url, true);
    cr_assert(blob_stage(place.second, place.arena, S("What is kept must stay what it was."), &item,
                         &err));
    cr_assert(blob_import(place.second, place.scope.workspace, &item, 1, &err));
    write_original(&place, S("x"));
    IntegrityState state = scan(&place);
    read_damaged(&place);
    cr_expect(state.repaired == 1 && !state.damaged && !place.damaged.count);
    cr_expect(blob_verify(place.blobs, place.scope.workspace, place.document.blob, NULL, &err));
    place_close(&place);
}

TEST_BOTH(integrity, a_second_store_that_is_damaged_too_repairs_nothing)
{
    Place place;
    BlobItem item;
    place_open(&place, url, true);
    cr_assert(blob_stage(place.second, place.arena, S("another"), &item, &err));
    item.sha256 = place.document.blob;
    cr_assert(blob_import(place.second, place.scope.workspace, &item, 1, &err));
    write_original(&place, S("x"));
    IntegrityState state = scan(&place);
    cr_expect(!state.repaired && state.damaged == 1);
    place_close(&place);
}

static bool save_place(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    Scope system = scope_system();
    return setting_set(tx, &system, S("integrity"),
                       str_format(place->arena,
                                  "{\"workspace\":\"" STR_FMT "\",\"blob\":\"f\",\"began_at\":1,"
                                  "\"originals\":7}",
                                  STR_ARG(place->scope.workspace)),
                       error);
}

TEST_BOTH(integrity, a_scan_goes_on_behind_the_place_that_was_saved)
{
    Place place;
    place_open(&place, url, false);
    write_original(&place, S("damage that was not found in the part that is over"));
    Scope system = scope_system();
    cr_assert(store_write(place.db, &system, save_place, &place, &err), "%s", err.message);
    cr_assert(jobs_stop(place.jobs, 20000));
    start_jobs(&place, 60000);
    IntegrityState state = wait_for_end(&place);
    cr_expect(state.originals == 7 && !state.damaged && state.began_at_ms == 1);
    place_close(&place);
}
