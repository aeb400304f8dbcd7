/* library_blobs_test.c - originals that come and go at once, on two nodes over one PostgreSQL. */
#include <pthread.h>
#include <stdatomic.h>
#include <utime.h>

#include "base/clock.h"
#include "base/file.h"
#include "db/fixture_test.h"
#include "jobs/job_run.h"
#include "library/library_int.h"
#include "store/client_files_store.h"
#include "store/migrate.h"
#include "store/workspaces_store.h"

typedef struct Node {
    Arena *arena;
    Db *db;
    BlobStore *blobs;
    Library *library;
    Scope scope;
    /* What its next work does. */
    BlobItem item;
    ClientFile file;
} Node;

static bool add_workspace(DbTx *tx, void *argument, Error *err)
{
    Node *node = argument;
    Scope system = scope_system();
    Workspace workspace = { .name = S("Ours"), .settings = S("{}") };
    if (!workspace_add(tx, &system, node->arena, &workspace, err))
        return false;
    node->scope = (Scope){ .workspace = workspace.id, .role = ROLE_OWNER };
    return true;
}

static Error err;

static void node_open(Node *node, const char *url, const char *folder, const char *index)
{
    *node = (Node){ .arena = arena_new(GB(1)) };
    cr_assert(db_open(url, NULL, &node->db, &err), "%s", err.message);
    cr_assert(blob_open_folder(path_join(node->arena, str(folder), S("blobs")), &node->blobs, &err),
              "%s", err.message);
    LibraryOptions options = { .db = node->db,
                               .blobs = node->blobs,
                               .index_folder = path_join(node->arena, str(folder), str(index)),
                               .chunk_size = 1000 };
    cr_assert(library_open(&options, &node->library, &err), "%s", err.message);
}

static void node_close(Node *node)
{
    library_close(node->library);
    blob_store_free(node->blobs);
    db_close(node->db);
    arena_free(node->arena);
}

static void nodes_open(Node nodes[2], const char *url)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Scope system = scope_system();
    const char *folder = test_folder(arena);
    node_open(&nodes[0], url, folder, "index 1");
    cr_assert(migrate_up(nodes[0].db, &err), "%s", err.message);
    cr_assert(store_write(nodes[0].db, &system, add_workspace, &nodes[0], &err), "%s", err.message);
    node_open(&nodes[1], url, folder, "index 2");
    nodes[1].scope = scope_copy(nodes[1].arena, &nodes[0].scope);
}

static void nodes_close(Node nodes[2])
{
    node_close(&nodes[1]);
    node_close(&nodes[0]);
}

/* --- What a node does ------------------------------------------------------------------------- */

static bool add_row(DbTx *tx, void *argument, Error *error)
{
    Node *node = argument;
    node->file = (ClientFile){ .name = S("a"), .purpose = S("batch"), .blob = node->item.sha256 };
    return client_file_add(tx, &node->scope, node->arena, INT64_MAX, &node->file, error);
}

static bool remove_row(DbTx *tx, void *argument, Error *error)
{
    Node *node = argument;
    return client_file_remove(tx, &node->scope, node->file.id, error);
}

/* As far as an erasing has come when its rows are gone and its original is not. */
static bool remove_row_and_ask(DbTx *tx, void *argument, Error *error)
{
    Node *node = argument;
    return remove_row(tx, node, error) &&
           blob_removals_ask(tx, &node->scope, node->arena, &(StrList){ &node->item.sha256, 1 },
                             now_ms(), error);
}

static void stage(Node *node)
{
    cr_assert(blob_stage(node->blobs, node->arena, S("the same bytes"), &node->item, &err));
}

static bool add(Node *node, Error *error)
{
    stage(node);
    return library_keep_originals(node->library, &node->scope, &node->item, 1, add_row, node,
                                  error);
}

static void erase_rows(Node *node)
{
    cr_assert(store_write(node->db, &node->scope, remove_row_and_ask, node, &err), "%s",
              err.message);
}

static bool remove_original(Node *node, Error *error)
{
    return originals_remove(node->library, &node->scope, node->arena,
                            (StrList){ &node->item.sha256, 1 }, error);
}

static bool is_there(Node *node)
{
    Error ignored;
    return blob_verify(node->blobs, node->scope.workspace, node->item.sha256, NULL, &ignored);
}

/* --- The race in each order ------------------------------------------------------------------- */

static void added_before_removed(const char *url)
{
    Node nodes[2];
    nodes_open(nodes, url);
    cr_assert(add(&nodes[0], &err), "%s", err.message);
    erase_rows(&nodes[0]);
    cr_assert(add(&nodes[1], &err), "%s", err.message);
    cr_assert(remove_original(&nodes[0], &err), "%s", err.message);
    cr_expect(is_there(&nodes[1]));
    nodes_close(nodes);
}
Test(library_blobs, bytes_that_came_again_after_their_rows_were_erased_stay)
{
    test_db_run(DB_POSTGRES, added_before_removed);
}

/* The second node finds the bytes there, the first removes them, the second adds its row. */
static void removed_before_added(const char *url)
{
    Node nodes[2];
    nodes_open(nodes, url);
    for (int ends = 0; ends < 2; ends++) {
        Node *one = &nodes[0], *two = &nodes[1];
        cr_assert(add(one, &err), "%s", err.message);
        stage(two);
        {
            AUTO_ORIGINALS KeptOriginals kept = { .library = NULL };
            cr_assert(
                originals_import(&kept, two->library, &two->scope, two->arena, &two->item, 1, &err),
                "%s", err.message);
            erase_rows(one);
            if (ends)
                cr_assert(remove_original(one, &err), "%s", err.message);
            cr_expect(!originals_store(&kept, add_row, two, &err) && err.code == ERROR_BUSY);
        }
        cr_assert(add(two, &err), "%s", err.message);
        cr_expect(is_there(two));
        cr_assert(library_drop_original(two->library, &two->scope, two->item.sha256, remove_row,
                                        two, &err),
                  "%s", err.message);
        cr_expect(!is_there(two));
    }
    nodes_close(nodes);
}
Test(library_blobs, bytes_that_another_node_removes_meanwhile_are_not_acknowledged)
{
    test_db_run(DB_POSTGRES, removed_before_added);
}

typedef struct Removing {
    Node *remover, *adder;
    pthread_t thread;
    atomic_bool is_over;
    bool was_early;
} Removing;

static void *remove_in_thread(void *argument)
{
    Removing *removing = argument;
    Error error;
    cr_expect(remove_original(removing->remover, &error), "%s", error.message);
    atomic_store(&removing->is_over, true);
    return NULL;
}

/* The rows that named them are erased by now, and the new one is not committed. */
static bool add_row_while_removing(DbTx *tx, void *argument, Error *error)
{
    Removing *removing = argument;
    erase_rows(removing->remover);
    pthread_create(&removing->thread, NULL, remove_in_thread, removing);
    sleep_ms(100);
    removing->was_early = atomic_load(&removing->is_over);
    return add_row(tx, removing->adder, error);
}

static void removed_while_added(const char *url)
{
    Node nodes[2];
    nodes_open(nodes, url);
    cr_assert(add(&nodes[0], &err), "%s", err.message);
    stage(&nodes[1]);
    Removing removing = { .remover = &nodes[0], .adder = &nodes[1] };
    cr_assert(library_keep_originals(nodes[1].library, &nodes[1].scope, &nodes[1].item, 1,
                                     add_row_while_removing, &removing, &err),
              "%s", err.message);
    pthread_join(removing.thread, NULL);
    cr_expect(!removing.was_early && is_there(&nodes[1]));
    nodes_close(nodes);
}
Test(library_blobs, a_removal_waits_for_a_row_that_is_being_added)
{
    test_db_run(DB_POSTGRES, removed_while_added);
}

/* --- What was left ---------------------------------------------------------------------------- */

static void import(Node *node, Str bytes, int64_t age_s, BlobItem *item_r)
{
    cr_assert(blob_stage(node->blobs, node->arena, bytes, item_r, &err));
    struct utimbuf times = { now_ms() / 1000 - age_s, now_ms() / 1000 - age_s };
    cr_assert(utime(item_r->temp_path, &times) == 0);
    cr_assert(blob_import(node->blobs, node->scope.workspace, item_r, 1, &err), "%s", err.message);
}

/* A node that died after its rows were erased, two minutes ago. */
static bool ask_for_dead(DbTx *tx, void *argument, Error *error)
{
    Node *node = argument;
    return blob_removals_ask(tx, &node->scope, node->arena, &(StrList){ &node->item.sha256, 1 },
                             now_ms() - 120000, error);
}

static bool has(Node *node, const BlobItem *item)
{
    Error ignored;
    return blob_verify(node->blobs, node->scope.workspace, item->sha256, NULL, &ignored);
}

#define TWO_DAYS_S (2 * 24 * 3600)

TEST_BOTH(library_blobs, the_daily_job_removes_old_originals_that_no_row_names)
{
    Node node;
    BlobItem spare, young, asked;
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Scope system = scope_system();
    node_open(&node, url, test_folder(arena), "index");
    cr_assert(migrate_up(node.db, &err), "%s", err.message);
    cr_assert(store_write(node.db, &system, add_workspace, &node, &err), "%s", err.message);
    import(&node, S("spare"), TWO_DAYS_S, &spare);
    import(&node, S("young"), 0, &young);
    import(&node, S("asked"), 0, &asked);
    node.item = asked;
    cr_assert(store_write(node.db, &node.scope, ask_for_dead, &node, &err), "%s", err.message);
    import(&node, S("the same bytes"), TWO_DAYS_S, &node.item);
    cr_assert(add(&node, &err), "%s", err.message);
    JobRun run = { 0 };
    Job job = { .argument = node.library, .db = node.db, .arena = arena, .run = &run };
    cr_assert(originals_tidy(node.library, &job, &err), "%s", err.message);
    cr_expect(!has(&node, &spare) && !has(&node, &asked));
    cr_expect(has(&node, &young) && has(&node, &node.item));
    node_close(&node);
}

/* --- Many at once ----------------------------------------------------------------------------- */

#define STRESS_MS 2000

typedef struct Stress {
    Node *node;
    int64_t end_ms;
    int added;
} Stress;

/* Each acknowledged row's bytes are there as long as the row is. */
static void *add_and_drop(void *argument)
{
    Stress *stress = argument;
    Node *node = stress->node;
    Error error;
    while (monotonic_ms() < stress->end_ms) {
        if (!add(node, &error)) {
            cr_assert_eq(error.code, ERROR_BUSY, "%s", error.message);
            continue;
        }
        stress->added++;
        cr_assert(is_there(node));
        cr_assert(library_drop_original(node->library, &node->scope, node->item.sha256, remove_row,
                                        node, &error),
                  "%s", error.message);
    }
    while (!add(node, &error))
        cr_assert_eq(error.code, ERROR_BUSY, "%s", error.message);
    return NULL;
}

static void stressed(const char *url)
{
    Node nodes[2];
    pthread_t thread;
    nodes_open(nodes, url);
    Stress one = { &nodes[0], monotonic_ms() + STRESS_MS, 0 };
    Stress two = { &nodes[1], one.end_ms, 0 };
    pthread_create(&thread, NULL, add_and_drop, &one);
    add_and_drop(&two);
    pthread_join(thread, NULL);
    cr_expect(one.added > 0 && two.added > 0);
    cr_expect(is_there(&nodes[0]) && is_there(&nodes[1]));
    nodes_close(nodes);
}
Test(library_blobs, two_nodes_that_add_and_erase_the_same_bytes_lose_none)
{
    test_db_run(DB_POSTGRES, stressed);
}
