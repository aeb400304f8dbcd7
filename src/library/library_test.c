#include "library/file_uploads.h"
#include "library/library.h"

#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/id.h"
#include "db/fixture_test.h"
#include "index/index.h"
#include "jobs/job_runner.h"
#include "library/extraction.h"
#include "library/samples.h"
#include "store/migrate.h"
#include "store/workspaces_store.h"

/* --- A library with jobs and two workspaces, without a model --- */

typedef struct Bench {
    Arena *arena;
    const char *url, *folder;
    Db *db;
    BlobStore *blobs;
    Sandbox *sandbox;
    Library *library;
    JobRunner *jobs;
    Scope ours, theirs;
} Bench;

static Error err;

static bool add_workspaces(DbTx *tx, void *argument, Error *error)
{
    Bench *bench = argument;
    Scope system = scope_system();
    Workspace ours = { .name = S("Ours"), .settings = S("{}") };
    Workspace theirs = { .name = S("Theirs"), .settings = S("{}") };
    if (!workspace_add(tx, &system, bench->arena, &ours, error) ||
        !workspace_add(tx, &system, bench->arena, &theirs, error))
        return false;
    bench->ours = (Scope){ .workspace = ours.id, .role = ROLE_OWNER };
    bench->theirs = (Scope){ .workspace = theirs.id, .role = ROLE_OWNER };
    return true;
}

static void start(Bench *bench)
{
    SandboxOptions sandbox = { 0 };
    bench->sandbox = sandbox_new(&sandbox);
    LibraryOptions options = { .db = bench->db,
                               .blobs = bench->blobs,
                               .sandbox = bench->sandbox,
                               .index_folder =
                                   path_join(bench->arena, str(bench->folder), S("index")),
                               .chunk_size = 1000,
                               .chunk_overlap = 200,
                               .upload_max = MB(1),
                               .upload_hours = 1,
                               .extract_timeout_s = 60 };
    cr_assert(library_open(&options, &bench->library, &err), "%s", err.message);
    JobType types[] = {
        { .name = "extract", .run = library_extract_job, .argument = bench->library, .at_once = 2 },
        { .name = "embed", .run = library_embed_job, .argument = bench->library, .at_once = 2 },
    };
    JobRunnerOptions jobs = { .db = bench->db, .types = types, .type_count = COUNT(types) };
    cr_assert(jobs_start(&jobs, &bench->jobs, &err), "%s", err.message);
}

static void stop(Bench *bench)
{
    cr_assert(jobs_stop(bench->jobs, 20000));
    library_close(bench->library);
    sandbox_free(bench->sandbox);
}

static void bench_open(Bench *bench, const char *url)
{
    Scope system = scope_system();
    *bench = (Bench){ .arena = arena_new(GB(1)), .url = url };
    bench->folder = test_folder(bench->arena);
    cr_assert(db_open(url, NULL, &bench->db, &err), "%s", err.message);
    cr_assert(migrate_up(bench->db, &err), "%s", err.message);
    cr_assert(store_write(bench->db, &system, add_workspaces, bench, &err), "%s", err.message);
    cr_assert(blob_open_folder(path_join(bench->arena, str(bench->folder), S("blobs")),
                               &bench->blobs, &err));
    start(bench);
}

static void bench_close(Bench *bench)
{
    stop(bench);
    blob_store_free(bench->blobs);
    db_close(bench->db);
    arena_free(bench->arena);
}

static Document upload(Bench *bench, const Scope *scope, const char *name, Str bytes, bool *is_new)
{
    BlobItem item;
    Document document;
    cr_assert(blob_stage(bench->blobs, bench->arena, bytes, &item, &err), "%s", err.message);
    NewFile file = {
        .path = item.temp_path, .name = str(name), .size = bytes.length, .sha256 = item.sha256
    };
    cr_assert(library_add(bench->library, scope, bench->arena, &file, &document, is_new, &err),
              "%s", err.message);
    return document;
}

static DocumentView wait_for(Bench *bench, const Scope *scope, Str id)
{
    DocumentView view;
    for (int64_t end = monotonic_ms() + 30000; monotonic_ms() < end; sleep_ms(5)) {
        cr_assert(library_find(bench->library, scope, bench->arena, id, &view, &err), "%s",
                  err.message);
        if (document_state_is_over(view.document.state))
            return view;
    }
    cr_assert_fail("still %s", document_state_name(view.document.state));
    return view;
}

static Document add(Bench *bench, const Scope *scope, const char *name, const char *text)
{
    bool is_new;
    Document document = upload(bench, scope, name, str(text), &is_new);
    DocumentView view = wait_for(bench, scope, document.id);
    cr_assert(view.document.state == DOCUMENT_READY, STR_FMT ": " STR_FMT, STR_ARG(document.name),
              STR_ARG(view.document.error_message));
    return view.document;
}

/* How many passages of a workspace have these words. */
static size_t found(Bench *bench, const Scope *scope, const char *words)
{
    size_t dims;
    Str model;
    IndexHit hits[10];
    IndexSearch search = { .text = str(words), .count = COUNT(hits) };
    Index *index = library_borrow_index(bench->library, scope->workspace, &dims, &model);
    size_t count = index_search(index, bench->arena, &search, hits);
    library_release_index(bench->library, index);
    return count;
}

/* --- From upload to index --- */

TEST_BOTH(library, what_is_uploaded_is_found_in_its_own_workspace_only)
{
    Bench bench;
    bench_open(&bench, url);
    Document document = add(&bench, &bench.ours, "a/ships.txt", "The brigantine sailed at dawn.");
    DocumentView view;
    cr_expect(str_is(document.format, "text") && document.chunk_count == 1);
    cr_expect(found(&bench, &bench.ours, "brigantine") == 1);
    cr_expect(found(&bench, &bench.theirs, "brigantine") == 0);
    int fd = -1;
    cr_expect(!library_find(bench.library, &bench.theirs, bench.arena, document.id, &view, &err) &&
              err.code == ERROR_NOT_FOUND);
    cr_expect(!library_open_original(bench.library, &bench.theirs, bench.arena, document.id, 0,
                                     &document, &fd, &err) &&
              err.code == ERROR_NOT_FOUND);
    cr_expect(!library_trash(bench.library, &bench.theirs, document.id, &err));
    cr_expect(!library_erase(bench.library, &bench.theirs, document.id, &err));
    cr_expect(!library_retry(bench.library, &bench.theirs, document.id, S(""), &err));
    cr_expect(!library_cancel(bench.library, &bench.theirs, document.id, &err));
    Str name = S("stolen");
    DocumentChange change = { .name = &name };
    cr_expect(!library_change(bench.library, &bench.theirs, document.id, &change, &err) &&
              err.code == ERROR_NOT_FOUND);
    cr_expect(found(&bench, &bench.ours, "brigantine") == 1);
    bench_close(&bench);
}

TEST_BOTH(library, the_same_bytes_are_one_document_and_come_back_from_the_trash)
{
    Bench bench;
    bench_open(&bench, url);
    bool is_new;
    Document first = add(&bench, &bench.ours, "a.txt", "A cormorant dries its wings.");
    Document second =
        upload(&bench, &bench.ours, "b.txt", S("A cormorant dries its wings."), &is_new);
    cr_expect(!is_new && str_equal(first.id, second.id));
    cr_assert(library_trash(bench.library, &bench.ours, first.id, &err), "%s", err.message);
    cr_expect(found(&bench, &bench.ours, "cormorant") == 0);
    second = upload(&bench, &bench.ours, "b.txt", S("A cormorant dries its wings."), &is_new);
    cr_expect(!is_new && str_equal(first.id, second.id) && !second.deleted_at_ms);
    cr_assert(library_wait_indexed(bench.library, 5000));
    cr_expect(found(&bench, &bench.ours, "cormorant") == 1);
    Document theirs =
        upload(&bench, &bench.theirs, "c.txt", S("A cormorant dries its wings."), &is_new);
    cr_expect(is_new && !str_equal(theirs.id, first.id));
    bench_close(&bench);
}

TEST_BOTH(library, erasing_leaves_the_bytes_of_others_and_takes_its_own)
{
    Bench bench;
    bench_open(&bench, url);
    AUTO_CLOSE int fd = -1;
    Document document, ours = add(&bench, &bench.ours, "a.txt", "The gannet dives for herring.");
    Document theirs = add(&bench, &bench.theirs, "a.txt", "The gannet dives for herring.");
    uint64_t size;
    cr_assert(library_erase(bench.library, &bench.ours, ours.id, &err), "%s", err.message);
    cr_expect(found(&bench, &bench.ours, "gannet") == 0);
    cr_expect(found(&bench, &bench.theirs, "gannet") == 1);
    cr_expect(!blob_open(bench.blobs, bench.ours.workspace, ours.blob, &fd, &size, &err));
    cr_expect(library_open_original(bench.library, &bench.theirs, bench.arena, theirs.id, 0,
                                    &document, &fd, &err));
    LibraryCheck check;
    cr_assert(library_check(bench.library, &check, &err));
    cr_expect(check.originals == 1 && check.missing == 0 && check.spare == 0);
    bench_close(&bench);
}

TEST_BOTH(library, a_broken_file_fails_with_a_reason_and_nothing_else_does)
{
    Bench bench;
    bench_open(&bench, url);
    bool is_new;
    Document broken = upload(&bench, &bench.ours, "broken.pdf", S("%PDF-1.7 nothing"), &is_new);
    DocumentView view = wait_for(&bench, &bench.ours, broken.id);
    cr_expect(view.document.state == DOCUMENT_FAILED && view.document.error_message.length);
    add(&bench, &bench.ours, "good.txt", "All is well.");
    /* Retry, pressed as soon as the failure shows, is never lost between two jobs. */
    for (int i = 0; i < 20; i++) {
        cr_assert(library_retry(bench.library, &bench.ours, broken.id, S(""), &err), "%s",
                  err.message);
        cr_assert(wait_for(&bench, &bench.ours, broken.id).document.state == DOCUMENT_FAILED);
    }
    bench_close(&bench);
}

TEST_BOTH(library, a_new_title_reaches_the_index)
{
    Bench bench;
    bench_open(&bench, url);
    Document document = add(&bench, &bench.ours, "plain.txt", "Nothing in particular.");
    Str name = S("quokka census.txt");
    DocumentChange change = { .name = &name };
    cr_expect(found(&bench, &bench.ours, "quokka") == 0);
    cr_assert(library_change(bench.library, &bench.ours, document.id, &change, &err));
    cr_assert(library_wait_indexed(bench.library, 5000));
    cr_expect(found(&bench, &bench.ours, "quokka") == 1);
    bench_close(&bench);
}

/* --- The index is a cache --- */

static void damage_all(const char *folder)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    char *command =
        str_c(arena, str_format(arena,
                                "find %s -type f | while read -r f; do"
                                " printf 'damage' | dd of=\"$f\" bs=1 seek=16 conv=notrunc"
                                " status=none; done",
                                folder));
    cr_assert(system(command) == 0);
}

TEST_BOTH(library, an_index_that_is_lost_or_damaged_is_made_again)
{
    Bench bench;
    bench_open(&bench, url);
    char *index = path_join(bench.arena, str(bench.folder), S("index"));
    add(&bench, &bench.ours, "a.txt", "An albatross over the strait.");
    add(&bench, &bench.theirs, "b.txt", "A petrel under the bridge.");
    for (int round = 0; round < 3; round++) {
        stop(&bench);
        if (round == 0)
            cr_assert(folder_remove(index, &err), "%s", err.message);
        else if (round == 1)
            damage_all(index);
        start(&bench);
        cr_assert(library_wait_indexed(bench.library, 10000));
        cr_expect(found(&bench, &bench.ours, "albatross") == 1, "round %d", round);
        cr_expect(found(&bench, &bench.theirs, "petrel") == 1, "round %d", round);
        cr_expect(found(&bench, &bench.ours, "petrel") == 0, "round %d", round);
        cr_expect(library_index_state(bench.library).is_ready, "round %d", round);
    }
    bench_close(&bench);
}

/* --- Looking inside --- */

TEST_BOTH(library, a_document_prints_in_every_form_and_marks_a_passage)
{
    Bench bench;
    bench_open(&bench, url);
    Document document = add(&bench, &bench.ours, "a.md", "# Lamps\n\nThey burn 5 < 6 & wick.\n");
    static const struct {
        TextForm form;
        const char *has;
    } forms[] = { { TEXT_PLAIN, "They burn 5 < 6 & wick." },
                  { TEXT_MARKDOWN, "# Lamps" },
                  { TEXT_JSON, "\"Lamps\"" },
                  { TEXT_HTML, "5 &lt; 6" } };
    for (size_t i = 0; i < COUNT(forms); i++) {
        Buf out = buf_new(bench.arena, MB(1));
        cr_assert(library_print(bench.library, &bench.ours, bench.arena, document.id, 0,
                                forms[i].form, &out, &err),
                  "%s", err.message);
        cr_expect(str_find(buf_str(&out), str(forms[i].has)) >= 0, "%s", forms[i].has);
    }
    Buf view = buf_new(bench.arena, MB(1));
    cr_assert(
        library_view(bench.library, &bench.ours, bench.arena, document.id, 0, 12, 16, &view, &err));
    cr_expect(str_find(buf_str(&view), S("<mark id=\"passage\">")) > 0);
    cr_expect(str_find(buf_str(&view), S("5 < 6")) < 0);
    Buf small = buf_new(bench.arena, 8);
    cr_expect(!library_print(bench.library, &bench.ours, bench.arena, document.id, 0, TEXT_PLAIN,
                             &small, &err) &&
              err.code == ERROR_TOO_LARGE);
    Str beginning;
    cr_assert(library_beginning(bench.library, &bench.ours, bench.arena, document.id, 8, &beginning,
                                &err) &&
              str_is(beginning, "Lamps\n\nT"));
    bench_close(&bench);
}

TEST_BOTH(library, the_samples_are_there_once)
{
    Bench bench;
    bench_open(&bench, url);
    StrList first, second;
    cr_assert(library_add_samples(bench.library, &bench.ours, bench.arena,
                                  blob_incoming(bench.blobs), &first, &err),
              "%s", err.message);
    cr_assert(library_add_samples(bench.library, &bench.ours, bench.arena,
                                  blob_incoming(bench.blobs), &second, &err));
    cr_assert(first.count == second.count && first.count >= 3);
    for (size_t i = 0; i < first.count; i++) {
        cr_expect(str_equal(first.at[i], second.at[i]));
        cr_expect(wait_for(&bench, &bench.ours, first.at[i]).document.state == DOCUMENT_READY);
    }
    bench_close(&bench);
}

/* --- Uploads in parts --- */

static bool take_all_of_it(Bench *bench, FileUpload *upload)
{
    BlobItem item;
    cr_assert(blob_stage(bench->blobs, bench->arena, S("the whole of it"), &item, &err));
    UploadPart part = { .size = 15, .path = item.temp_path, .sha256 = item.sha256 };
    return library_upload_take(bench->library, &bench->ours, bench->arena, upload, &part, &err);
}

TEST_BOTH(library, a_part_that_comes_again_while_the_document_is_made_is_there_already)
{
    Bench bench;
    bench_open(&bench, url);
    FileUpload wish = { .name = S("a.txt"), .size = 15, .chunk_size = UPLOAD_CHUNK_SIZE }, upload;
    cr_assert(library_upload_begin(bench.library, &bench.ours, bench.arena, &wish, &upload, &err),
              "%s", err.message);
    FileUpload as_another_saw_it = upload;
    cr_assert(take_all_of_it(&bench, &upload), "%s", err.message);
    cr_assert(upload.document.length);
    cr_expect(take_all_of_it(&bench, &as_another_saw_it), "%s", err.message);
    cr_expect(str_equal(as_another_saw_it.document, upload.document));
    bench_close(&bench);
}

typedef struct Ending {
    Bench *bench;
    Str upload, document;
    _Atomic bool is_written;
} Ending;

/* Nobody but another writer sees it yet. */
static bool end_slowly(DbTx *tx, void *argument, Error *error)
{
    Ending *ending = argument;
    bool good = file_upload_end(tx, &ending->bench->ours, ending->upload, ending->document, error);
    atomic_store(&ending->is_written, true);
    sleep_ms(100);
    return good;
}

static void *end_by_another(void *argument)
{
    Ending *ending = argument;
    Error ignored;
    return store_write(ending->bench->db, &ending->bench->ours, end_slowly, ending, &ignored)
               ? argument
               : NULL;
}

TEST_BOTH(library, an_upload_that_another_is_making_a_document_of_is_not_removed)
{
    Bench bench;
    bench_open(&bench, url);
    FileUpload wish = { .name = S("a.txt"), .size = 15, .joined = S("partial") }, upload, there;
    cr_assert(library_upload_begin(bench.library, &bench.ours, bench.arena, &wish, &upload, &err));
    cr_assert(take_all_of_it(&bench, &upload), "%s", err.message);
    Ending ending = { .bench = &bench, .upload = upload.id };
    ending.document = add(&bench, &bench.ours, "b.txt", "Another has made it.").id;
    pthread_t another;
    cr_assert(pthread_create(&another, NULL, end_by_another, &ending) == 0);
    while (!atomic_load(&ending.is_written))
        sleep_ms(1);
    upload.joined = S("");
    upload.sha256 = S("none of it"); /* it cannot become a document here */
    UploadPart nothing = { .start = 15 };
    cr_expect(library_upload_take(bench.library, &bench.ours, bench.arena, &upload, &nothing, &err),
              "%s", err.message);
    cr_expect(str_equal(upload.document, ending.document));
    cr_assert(pthread_join(another, NULL) == 0);
    cr_expect(
        library_upload_find(bench.library, &bench.ours, bench.arena, upload.id, &there, &err));
    bench_close(&bench);
}

/* --- Backups --- */

TEST_BOTH(library, a_backup_holds_every_original_and_is_private)
{
    Bench bench;
    bench_open(&bench, url);
    BackupCounts counts;
    struct stat about;
    Document document = add(&bench, &bench.ours, "a.txt", "Keep this sentence.");
    char *path = path_join(bench.arena, str(bench.folder), S("copy.tar"));
    char *to = path_join(bench.arena, str(bench.folder), S("restored"));
    cr_assert(library_backup(bench.library, path, &counts, &err), "%s", err.message);
    cr_expect(counts.originals == 1 && stat(path, &about) == 0 && (about.st_mode & 077) == 0);
    cr_expect(!library_backup(bench.library, path, &counts, &err) && err.code == ERROR_CONFLICT);
    cr_assert(folder_make(to, 0700, &err));
    BlobStore *blobs;
    cr_assert(blob_open_folder(path_join(bench.arena, str(to), S("blobs")), &blobs, &err));
    BackupTarget target = { .folder = to, .blobs = blobs };
    cr_assert(backup_read(path, &target, &counts, &err), "%s", err.message);
    cr_expect(counts.originals == 1 && counts.rows > 0 && !counts.missing);
    cr_expect(blob_verify(blobs, bench.ours.workspace, document.blob, NULL, &err), "%s",
              err.message);
    blob_store_free(blobs);
    cr_expect(file_exists(path_join(bench.arena, str(to), S("lectern.db"))));
    bench_close(&bench);
}
