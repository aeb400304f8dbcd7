/* isolation_rest_test.c - lists, counts and changes of another workspace: the first are empty, the
 * second leave every row of `ours` as it is, whatever they say. */
#include "store/isolation_world_test.h"

#include "store/blob_removals_store.h"
#include "store/blocks_store.h"
#include "store/chunks_store.h"
#include "store/client_files_store.h"
#include "store/connection_items_store.h"
#include "store/damaged_originals_store.h"
#include "store/document_access.h"
#include "store/document_facets_store.h"
#include "store/document_facts_store.h"
#include "store/document_fields_store.h"
#include "store/documents_row.h"
#include "store/export_store.h"
#include "store/feedback_store.h"
#include "store/gateway_items_store.h"
#include "store/index_changes_store.h"
#include "store/jobs_store.h"
#include "store/kept_collections_store.h"
#include "store/learner_store.h"
#include "store/people_store.h"
#include "store/person_data_store.h"
#include "store/preferences_store.h"
#include "store/prompt_logs_store.h"
#include "store/read_pages_store.h"
#include "store/responses_store.h"
#include "store/sessions_store.h"
#include "store/settings_store.h"
#include "store/sql.h"
#include "store/study_reviews_store.h"
#include "store/task_drawings_store.h"
#include "store/texts_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

/* It does what it does to its own workspace, or says that there is nothing. */
#define TRY(call)                                                                                  \
    do {                                                                                           \
        if (!(call)) {                                                                             \
            if (err->code != ERROR_NOT_FOUND && err->code != ERROR_CONFLICT)                       \
                return fail_in(err, "%s:%d", __FILE__, __LINE__);                                  \
            *err = (Error){ 0 };                                                                   \
        }                                                                                          \
    } while (0)

/* What the functions make or say. */
typedef union Made {
    bool is_so;
    int64_t number;
    Learner learner;
    JobLines woken;
    StudyDeck deck;
} Made;

/* --- What is looked for ----------------------------------------------------------------------- */

static bool documents_are_not_chosen(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    const DocumentFilter all = { 0 };
    ListKey key = { .id = secret.doc.id, .number = secret.doc.created_at_ms };
    const DocumentChoice choice = { .keys = &key, .count = 1, .total = 1 };
    UnsettledList unsettled;
    DocumentList list;
    bool is_whole;

    CALL(document_list_unsettled(tx, theirs, world->arena, &all, DOCUMENT_BY_CREATED, 9, &unsettled,
                                 err));
    EXPECT(!unsettled.count);
    CALL(document_list_chosen(tx, theirs, world->arena, &all, DOCUMENT_BY_CREATED, &choice, &list,
                              &is_whole, err));
    EXPECT(!is_whole);
    list = (DocumentList){ .total = 1 };
    EXPECT_CODE(ERROR_BUSY, document_list_keys(tx, theirs, world->arena, DOCUMENT_BY_CREATED, NULL,
                                               &key, 1, &list, err));
    EXPECT_CODE(ERROR_BUSY, document_list_sorted(tx, theirs, world->arena, DOCUMENT_BY_CREATED,
                                                 false, NULL, &key, &list, err));
    return true;
}

static bool documents_are_not_listed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    const DocumentFilter any = { .trash = TRASH_EITHER };
    StrList ids;
    NumberRangeList ranges;
    DocumentChunksList chunks;
    DocumentStarts starts;
    DocumentCounts counts;
    DocumentKeyList keys;
    int64_t count;

    CALL(document_list_ids(tx, theirs, arena, &any, 9, &ids, err));
    EXPECT(!ids.count);
    CALL(document_list_inside(tx, theirs, arena, (StrList){ &secret.doc.id, 1 }, &ids, err));
    EXPECT(ids.count == 1); /* as it was given, and nothing that is inside it */
    CALL(document_list_chunks(tx, theirs, arena, &any, &ranges, err));
    EXPECT(!ranges.count);
    CALL(document_list_chunks_newest(tx, theirs, arena, &any, &chunks, err));
    EXPECT(!chunks.count);
    CALL(document_list_newest(tx, theirs, arena, &any, 0, 9, &starts, err));
    EXPECT(!starts.numbers.count && !starts.total);
    CALL(documents_are_not_chosen(tx, world, err));
    CALL(document_count(tx, theirs, &counts, err));
    for (size_t i = 0; i < DOCUMENT_STATE_COUNT; i++)
        EXPECT(!counts.by_state[i]);
    CALL(document_list_stuck(tx, theirs, arena, UINT32_MAX, INT64_MAX, 9, &keys, err));
    EXPECT(!keys.count);
    CALL(document_list_expired(tx, theirs, arena, INT64_MAX, 9, &keys, err));
    EXPECT(!keys.count);
    DueDocumentList due;
    CALL(kept_collections_over(tx, theirs, arena, INT64_MAX / 4, 9, &due, err));
    EXPECT(!due.count);
    CALL(kept_collection_due(tx, theirs, arena, &secret.collection, INT64_MAX / 4, 9, &due, &count,
                             err));
    EXPECT(!due.count && !count);
    KeptCollectionList kept;
    CALL(kept_collections_list(tx, theirs, arena, STR_NONE, &kept, err));
    EXPECT(!kept.count);
    DueShareList shares;
    CALL(kept_collection_shares(tx, theirs, arena, secret.collection.id, INT64_MAX / 4, &shares,
                                err));
    EXPECT(!shares.count);
    for (Facet facet = 0; facet < FACET_COUNT; facet++) {
        FacetList facets;
        CALL(document_facet(tx, theirs, arena, &any, facet, &facets, err));
        EXPECT(!facets.count);
    }
    CALL(chunk_count(tx, theirs, &count, err));
    EXPECT(!count);
    CALL(block_count(tx, theirs, secret.doc.id, secret.doc.version, &count, err));
    EXPECT(!count);
    CALL(vector_count(tx, theirs, S("m"), &count, err));
    EXPECT(!count);
    CALL(vector_missing_count(tx, theirs, S("another"), &count, err));
    EXPECT(!count);
    CALL(connection_items_of(tx, theirs, secret.doc.id, &count, err));
    EXPECT(!count);
    return true;
}

/* As somebody of another workspace who sees only what is shared there. */
static bool access_is_not_had(DbTx *tx, World *world, Error *err)
{
    Scope other = world->theirs;
    Arena *arena = world->arena;
    NumberRangeList ranges;
    Sight sight;
    Str guard, guards[1];

    other.role = ROLE_READER;
    other.is_unguarded = false;
    EXPECT_CODE(ERROR_NOT_FOUND, access_may_see(tx, &other, secret.doc.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                access_may_change(tx, &other, GUARDED_DOCUMENT, secret.doc.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                access_guard_of(tx, &other, arena, secret.collection.id, &guard, err));
    CALL(document_list_hidden_chunks(tx, &other, arena, &ranges, err));
    EXPECT(!ranges.count);
    CALL(access_guards(tx, &other, arena, (StrList){ &secret.collection.id, 1 }, guards, err));
    EXPECT(!guards[0].length);
    CALL(
        access_guards(tx, &world->ours, arena, (StrList){ &secret.collection.id, 1 }, guards, err));
    EXPECT(guards[0].length);
    other.user = world->ours.user; /* who has a grant, and is an owner, there */
    CALL(access_sight(tx, &other, arena, &sight, err));
    EXPECT(!sight.guards.count && !sight.sees_guarded);
    return true;
}

static bool exports_are_empty(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    ExportOwnedList owned;
    ExportSize size;
    ClientFileList files;
    ClientFile file;

    CALL(export_list(tx, theirs, arena, EXPORT_ALL_DOCUMENTS, S(""), 9, &owned, err));
    EXPECT(!owned.count);
    CALL(export_size(tx, theirs, &size, err));
    EXPECT(!size.documents && !size.bytes);
    CALL(export_file_list(tx, theirs, arena, &files, err));
    EXPECT(!files.count);
    EXPECT_CODE(ERROR_NOT_FOUND, export_file_find(tx, theirs, arena, S("x"), &file, err));
    return true;
}

static bool work_is_not_listed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    JobRowList jobs;
    JobCounts counts;
    const Str subject = S("s");
    TaskFeedList feeds;
    const TaskFilter all = { .states = UINT32_MAX, .priorities = UINT32_MAX };
    TaskDrawingList drawings;
    bool is_so;
    int64_t count;

    CALL(task_drawings_due(tx, theirs, arena, &drawings, err));
    EXPECT(!drawings.count);
    CALL(jobs_store_list(tx, theirs, arena, &(JobFilter){ 0 }, NULL, &jobs, err));
    EXPECT(!jobs.count);
    CALL(jobs_store_of_subjects(tx, theirs, arena, &subject, 1, &jobs, err));
    EXPECT(!jobs.count);
    CALL(jobs_store_count(tx, theirs, &counts, err));
    EXPECT(!counts.waiting && !counts.delayed && !counts.running && !counts.dead && !counts.held);
    CALL(task_feed_list(tx, theirs, arena, &feeds, err));
    EXPECT(!feeds.count);
    CALL(task_count(tx, theirs, arena, &all, &count, err));
    EXPECT(!count);
    CALL(task_reaches(tx, theirs, secret.task.id, secret.task.id, &is_so, err));
    CALL(task_is_below(tx, theirs, secret.task.id, secret.task.id, &is_so, err));
    return true;
}

static bool programs_are_not_listed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    BatchList batches;
    LineNumbers lines;
    BudgetRowList budgets;
    ClientFileList files;
    ClientFile file;
    StrList names;
    int64_t count;

    CALL(batch_list(tx, theirs, arena, &(BatchAsk){ .shape = S("openai"), .limit = 9 }, &batches,
                    err));
    EXPECT(!batches.count);
    CALL(batch_count_open(tx, theirs, &count, err));
    EXPECT(!count);
    CALL(batch_line_numbers(tx, theirs, arena, secret.batch.id, 0, 9, &lines, err));
    EXPECT(!lines.count);
    CALL(budget_list(tx, theirs, arena, &secret.budget.subject, 1, &budgets, err));
    EXPECT(!budgets.count);
    CALL(client_file_list(tx, theirs, arena, &(ClientFileAsk){ .limit = 9 }, &files, err));
    EXPECT(!files.count);
    EXPECT_CODE(ERROR_NOT_FOUND, voice_find(tx, theirs, arena, secret.file.id, &file, err));
    CALL(client_file_blobs(tx, theirs, arena, &names, err));
    EXPECT(!names.count);
    CALL(call_services_down(tx, theirs, arena, SPAN_MINUTE, 0, INT64_MAX, 0, &names, err));
    EXPECT(!names.count);
    return true;
}

static bool recipes_and_studies_are_not_found(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    Str kind = S(RECIPE_PERSONA), id = secret.recipe.id;
    Recipe recipe;
    RecipeVersion version;
    SavedSearch saved;
    StudyCardList cards;
    StudyDayList days;
    int64_t counts[3] = { 0 }, new_count, reviews;

    EXPECT_CODE(ERROR_NOT_FOUND, recipe_find(tx, theirs, arena, kind, id, &recipe, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                recipe_find_by_name(tx, theirs, arena, kind, S("Ours"), &recipe, err));
    EXPECT_CODE(ERROR_NOT_FOUND, recipe_find_either(tx, theirs, arena, kind, id, &recipe, err));
    EXPECT_CODE(ERROR_NOT_FOUND, recipe_version_find(tx, theirs, arena, id, 1, &version, err));
    CALL(recipe_default(tx, theirs, arena, S("key"), S("k"), &id, err));
    EXPECT(!id.length);
    EXPECT_CODE(ERROR_NOT_FOUND,
                saved_search_find(tx, theirs, arena, secret.saved.id, &saved, err));
    CALL(study_card_due(tx, theirs, arena,
                        &(StudyQueue){ .new_max = 9, .review_max = 9, .limit = 9 }, &cards, err));
    EXPECT(!cards.count);
    CALL(study_card_forecast(tx, theirs, secret.deck.id, 0, counts, COUNT(counts), err));
    EXPECT(!counts[0] && !counts[1] && !counts[2]);
    CALL(study_review_count(tx, theirs, 0, &new_count, &reviews, err));
    EXPECT(!new_count && !reviews);
    CALL(study_review_days(tx, theirs, arena, secret.deck.id, 0, 0, &days, err));
    EXPECT(!days.count);
    return true;
}

static bool share_ours(DbTx *tx, World *world, Error *err)
{
    Conversation shared = secret.conversation, found;

    shared.share = S("link");
    CALL(conversation_update(tx, &world->ours, &shared, err));
    return conversation_find_shared(tx, &world->ours, world->arena, S("link"), &found, err);
}

static bool a_shared_conversation_is_not_found(DbTx *tx, World *world, Error *err)
{
    Conversation found;

    EXPECT_CODE(ERROR_NOT_FOUND,
                conversation_find_shared(tx, &world->theirs, world->arena, S("link"), &found, err));
    return true;
}

static bool people_are_not_listed(DbTx *tx, World *world, Error *err)
{
    const Scope *theirs = &world->theirs;
    Arena *arena = world->arena;
    const PersonNames person = { .id = world->ours.user, .email = S("ours@example.org") };
    MembershipList members;
    PersonCountList traces;
    Role role = ROLE_NONE;
    int64_t owners;
    Buf printed = buf_new(arena, KB(64));

    CALL(membership_list(tx, theirs, arena, &members, err));
    for (size_t i = 0; i < members.count; i++)
        EXPECT(!str_equal(members.at[i].user, world->ours.user));
    TRY(membership_role(tx, theirs, world->ours.user, &role, err));
    EXPECT(role == ROLE_NONE);
    CALL(membership_owner_count(tx, theirs, &owners, err));
    EXPECT(owners == 1); /* themselves */
    CALL(person_data_print(tx, theirs, arena, world->ours.user, 9, &printed, err));
    EXPECT(!memmem(printed.at, printed.length, "our plan", 8));
    CALL(person_data_traces(tx, theirs, arena, &person, &traces, err));
    for (size_t i = 0; i < traces.count; i++)
        EXPECT(!traces.at[i].rows);
    return true;
}

/* --- What is changed -------------------------------------------------------------------------- */

/* Each in a transaction of its own: some refer to what their workspace does not have, which ends
 * it. */
#define CHANGE(function, ...)                                                                      \
    static bool try_##function(DbTx *tx, void *argument, Error *err)                               \
    {                                                                                              \
        World *world = argument;                                                                   \
        const Scope *theirs = &world->theirs;                                                      \
        Arena *arena = world->arena;                                                               \
        Made made;                                                                                 \
        (void)arena;                                                                               \
        (void)made;                                                                                \
        return function(tx, theirs, __VA_ARGS__, err);                                             \
    }
#include "store/isolation_changes.def"
#undef CHANGE

static const struct {
    const char *name;
    DbWork *work;
} changes[] = {
#define CHANGE(function, ...) { #function, try_##function },
#include "store/isolation_changes.def"
#undef CHANGE
};

static void try_changes(World *world)
{
    for (size_t i = 0; i < COUNT(changes); i++) {
        Error err = { 0 };
        cr_expect(store_write(world->db, &world->system, changes[i].work, world, &err) ||
                      err.code == ERROR_NOT_FOUND || err.code == ERROR_CONFLICT,
                  "%s: %s", changes[i].name, err.message);
    }
}

/* --- Every row of ours, before and after --------------------------------------------------------
 */

#define LIST_TABLES                                                                                \
    DB_SQL("SELECT m.name FROM sqlite_schema m JOIN pragma_table_info(m.name) c"                   \
           " WHERE m.type = 'table' AND c.name = 'workspace' ORDER BY m.name",                     \
           "SELECT table_name::text FROM information_schema.columns"                               \
           " WHERE table_schema = current_schema() AND column_name = 'workspace' ORDER BY 1")
/* A table's columns as one text; PostgreSQL makes one of a row by itself. */
#define ROW_TEXT                                                                                   \
    DB_SQL("SELECT group_concat('quote(\"' || name || '\")', '||') FROM pragma_table_info($1)",    \
           "SELECT 't::text' WHERE $1::text IS NOT NULL")

static bool rows_of_ours(DbTx *tx, World *world, Str table, Str *rows_r, Error *err)
{
    SqlItems found;
    const Str text = S("");

    CALL(sql_list(tx, world->arena, ROW_TEXT, DB_ARGS(db_text(table)), sql_read_text, sizeof(Str),
                  &found, err));
    EXPECT(found.count == 1);
    Str row = *(Str *)found.at;
    Str list = str_format(
        world->arena, "SELECT " STR_FMT " FROM \"" STR_FMT "\" t WHERE workspace = $1 ORDER BY 1",
        STR_ARG(row), STR_ARG(table));
    CALL(sql_list(tx, world->arena, DB_SAME(list.at), DB_ARGS(db_text(world->ours.workspace)),
                  sql_read_text, sizeof(Str), &found, err));
    *rows_r = text;
    for (size_t i = 0; i < found.count; i++)
        *rows_r = str_format(world->arena, STR_FMT STR_FMT "\n", STR_ARG(*rows_r),
                             STR_ARG(((Str *)found.at)[i]));
    return true;
}

static struct {
    Str table, rows;
} before[256];
static size_t before_count;

static bool keep_rows(DbTx *tx, World *world, Error *err)
{
    SqlItems tables;

    CALL(sql_list(tx, world->arena, LIST_TABLES, DB_NO_ARGS, sql_read_text, sizeof(Str), &tables,
                  err));
    EXPECT(tables.count > 50 && tables.count <= COUNT(before));
    before_count = tables.count;
    for (size_t i = 0; i < tables.count; i++) {
        before[i].table = ((Str *)tables.at)[i];
        CALL(rows_of_ours(tx, world, before[i].table, &before[i].rows, err));
    }
    return true;
}

static bool rows_are_the_same(DbTx *tx, World *world, Error *err)
{
    Str rows, changed = S("");

    for (size_t i = 0; i < before_count; i++) {
        CALL(rows_of_ours(tx, world, before[i].table, &rows, err));
        if (!str_equal(rows, before[i].rows))
            changed = str_format(world->arena, STR_FMT " " STR_FMT, STR_ARG(changed),
                                 STR_ARG(before[i].table));
    }
    return !changed.length ||
           fail(err, ERROR_INTERNAL, "rows of another workspace were changed:" STR_FMT,
                STR_ARG(changed));
}

/* Run for the system, so that only the functions' own WHERE stands between the two. */
TEST_BOTH(store, another_workspace_lists_nothing_and_leaves_every_row_as_it_was)
{
    WorldWork *const work[] = { documents_are_not_listed, access_is_not_had,
                                exports_are_empty,        work_is_not_listed,
                                programs_are_not_listed,  recipes_and_studies_are_not_found,
                                people_are_not_listed,    a_shared_conversation_is_not_found };
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.ours, share_ours);
    world_write(&world, &world.system, keep_rows);
    for (size_t i = 0; i < COUNT(work); i++)
        world_write(&world, &world.system, work[i]);
    try_changes(&world);
    world_write(&world, &world.system, rows_are_the_same);
    world_close(&world);
}
