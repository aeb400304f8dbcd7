/* document_tables_test.c - a start begins with the file that the last one left, and with nothing of
 * what was erased. */
#include "search/document_tables_int.h"

#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/fixture_test.h"
#include "search/document_lists.h"
#include "search/many_test.h"
#include "search/search_int.h"
#include "store/erase_store.h"

#define WAIT_MS 20000

static Slot *slot_of(World *w)
{
    DocumentTables *tables = w->searcher->tables;
    pthread_mutex_lock(&tables->lock);
    Slot *slot = find_slot(tables, w->scope.workspace);
    pthread_mutex_unlock(&tables->lock);
    return slot;
}

static bool has_file(World *w)
{
    Slot *slot = slot_of(w);
    pthread_mutex_lock(&slot->tables->lock);
    bool has = slot->file.is_there && !slot->file.is_writing;
    pthread_mutex_unlock(&slot->tables->lock);
    return has;
}

static void wait_for_file(World *w)
{
    const struct timespec pause = { 0, 10000000 };
    int64_t end = monotonic_ms() + WAIT_MS;
    while (!has_file(w) && monotonic_ms() < end)
        (void)nanosleep(&pause, NULL);
    cr_assert(has_file(w));
}

static const char *path_of(World *w)
{
    LibraryFiles files;
    cr_assert(library_files(w->library, w->arena, w->scope.workspace, &files));
    return path_join(w->arena, str(files.folder), S("documents"));
}

/* A table in the next program is written to a file from `filed_from` documents on. */
static void start_again(World *w, size_t filed_from)
{
    Error err = { 0 };
    LibraryOptions options = { .db = w->db,
                               .index_folder = library_options(w->library)->index_folder };
    searcher_free(w->searcher);
    library_close(w->library);
    cr_assert(library_open(&options, &w->library, &err), "%s", err.message);
    cr_assert(library_wait_indexed(w->library, WAIT_MS));
    w->searcher = searcher_new(w->db, w->library);
    w->searcher->tables->filed_from = filed_from;
    search_set_listed_from(w->searcher, 0);
    cr_assert(document_tables_wait(w->searcher->tables, &w->scope, WAIT_MS));
}

static void expect_same_lists(World *w)
{
    static Str parts[] = { S_INIT(""), S_INIT("report"), S_INIT("letter"), S_INIT("7") };
    for (size_t i = 0; i < COUNT(parts); i++) {
        Error err = { 0 };
        DocumentFilter filter = { .name_has = parts[i],
                                  .formats = { (Str[]){ S("pdf"), S("html"), S("text") }, 3 } };
        Slice slice = { .limit = 200 };
        DocumentViewList rows, table;
        cr_assert(library_list(w->library, &w->scope, w->arena, &filter, DOCUMENT_BY_NAME, false,
                               &slice, &rows, &err) &&
                      search_documents(w->searcher, &w->scope, w->arena, &filter, DOCUMENT_BY_NAME,
                                       false, &slice, &table, &err),
                  "%s", err.message);
        cr_assert_eq(rows.count, table.count, "part %zu", i);
        for (size_t n = 0; n < rows.count; n++)
            cr_assert(str_equal(rows.at[n].document.id, table.at[n].document.id), "part %zu", i);
    }
}

TEST_BOTH(search, a_start_begins_with_the_file_and_what_has_changed_since)
{
    World w;
    Error err = { 0 };
    world_open(&w, url);
    Many many = { .w = &w, .random = 9 };
    cr_assert(many_add(&many, &err), "%s", err.message);
    start_again(&w, 0);
    wait_for_file(&w);
    for (int i = 0; i < DOCUMENTS / 2; i++)
        cr_assert(many_change(&many, i, &err), "%s", err.message);
    start_again(&w, SIZE_MAX);
    cr_expect(has_file(&w), "it was not made from rows");
    expect_same_lists(&w);
    for (int i = DOCUMENTS / 2; i < DOCUMENTS; i++)
        cr_assert(many_change(&many, i, &err), "%s", err.message);
    expect_same_lists(&w);
    start_again(&w, SIZE_MAX);
    cr_expect(has_file(&w));
    expect_same_lists(&w);
    world_close(&w);
}

TEST_BOTH(search, a_damaged_file_is_not_begun_with)
{
    World w;
    Error err = { 0 };
    Str bytes;
    world_open(&w, url);
    Many many = { .w = &w, .random = 9 };
    cr_assert(many_add(&many, &err), "%s", err.message);
    start_again(&w, 0);
    wait_for_file(&w);
    const char *path = path_of(&w);
    cr_assert(file_read(w.arena, path, MB(1), &bytes, &err));
    cr_assert(file_write(path, str_slice(bytes, 0, bytes.length - 1), 0600, &err));
    start_again(&w, SIZE_MAX);
    cr_expect(!has_file(&w));
    expect_same_lists(&w);
    world_close(&w);
}

typedef struct Erasing {
    World *w;
    Str id;
} Erasing;

static bool erase_work(DbTx *tx, void *argument, Error *err)
{
    const Erasing *in = argument;
    Erased erased;
    return document_erase(tx, &in->w->scope, in->w->arena, in->id, &erased, err);
}

TEST_BOTH(search, what_was_erased_is_in_no_file_of_the_table)
{
    World w;
    Error err = { 0 };
    Str bytes;
    world_open(&w, url);
    Erasing erasing = { &w, w.ids[2] };
    start_again(&w, 0);
    wait_for_file(&w);
    const char *path = path_of(&w);
    cr_assert(file_read(w.arena, path, MB(1), &bytes, &err));
    cr_expect(str_find(bytes, S("other.txt")) > 0);
    cr_assert(store_write(w.db, &w.scope, erase_work, &erasing, &err), "%s", err.message);
    cr_assert(library_wait_indexed(w.library, WAIT_MS));
    cr_expect(!file_exists(path) || has_file(&w), "what took its place was written since");
    wait_for_file(&w); /* written anew with the index */
    cr_assert(file_read(w.arena, path, MB(1), &bytes, &err));
    cr_expect(str_find(bytes, S("other.txt")) < 0 && str_find(bytes, S("short.txt")) > 0);
    start_again(&w, SIZE_MAX);
    cr_expect(has_file(&w));
    world_close(&w);
}
