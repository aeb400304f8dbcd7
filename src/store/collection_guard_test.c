/* collection_guard_test.c - a collection of many documents is restricted and opened at once, and
 * its documents follow: nobody sees a difference at any step of that. */
#include "store/collection_guard.h"

#include "base/hash.h"
#include "store/collections_store.h"
#include "store/document_access_sql.h"
#include "store/document_columns_store.h"
#include "store/document_facets_store.h"
#include "store/people_store.h"
#include "store/world_test.h"

#define MANY (2 * GUARD_STEP + 7)

/* Beside the owner; each test has a process of its own. The first is granted nothing, the second
 * the collection, to edit. */
static Scope reader, friend;

typedef struct Shelf {
    World *world;
    Collection collection;
    Scope key;                                  /* the owner's, limited to it */
    Document first, last, own, trashed, inside; /* in it; own: with a list of its own */
    bool is_restricted;
} Shelf;

static bool add_person(DbTx *tx, World *world, const char *name, Role role, Scope *scope_r,
                       Error *err)
{
    User user = { .email = str_format(world->arena, "%s@example.org", name), .name = str(name) };
    Scope inside = world->ours;
    inside.is_system = true;
    CALL(user_add(tx, &inside, world->arena, &user, err));
    CALL(membership_set(tx, &inside, user.id, role, err));
    *scope_r = (Scope){ .workspace = world->ours.workspace, .user = user.id, .role = role };
    return true;
}

static bool add_people(DbTx *tx, World *world, Error *err)
{
    return add_person(tx, world, "reader", ROLE_READER, &reader, err) &&
           add_person(tx, world, "friend", ROLE_EDITOR, &friend, err);
}

static bool add_plain(DbTx *tx, Shelf *shelf, int number, Document *document_r, Error *err)
{
    Arena *arena = shelf->world->arena;
    Str name = str_format(arena, "%d.txt", number);
    Document added = { .name = name,
                       .blob = sha256_hex(arena, name),
                       .collection = shelf->collection.id };
    bool is_new;
    return document_add(tx, &shelf->world->ours, arena, &added, document_r, &is_new, err);
}

static bool add_inside(DbTx *tx, Shelf *shelf, Error *err)
{
    Arena *arena = shelf->world->arena;
    Document added = { .name = S("inside.txt"),
                       .blob = sha256_hex(arena, S("inside")),
                       .collection = shelf->collection.id,
                       .parent = shelf->last.id };
    bool is_new;
    return document_add(tx, &shelf->world->ours, arena, &added, &shelf->inside, &is_new, err);
}

static bool make_shelf(DbTx *tx, World *world, Shelf *shelf, Error *err)
{
    const Scope *ours = &world->ours;
    Document outside, plain;
    Str tag = S("mark");
    *shelf = (Shelf){ .world = world, .collection = { .name = S("Shelf") } };
    shelf->key = world->ours;
    CALL(collection_add(tx, ours, world->arena, &shelf->collection, err));
    shelf->key.collections = shelf->collection.id;
    CALL(world_ready(tx, world, ours, "outside.txt", "outside", 1, &outside, err));
    CALL(add_plain(tx, shelf, 0, &shelf->first, err));
    for (int i = 1; i < MANY; i++)
        CALL(add_plain(tx, shelf, i,
                       i == 1   ? &shelf->own
                       : i == 2 ? &shelf->trashed
                                : &plain,
                       err));
    CALL(world_ready(tx, world, ours, "last.txt", "last", 2, &shelf->last, err));
    CALL(document_move(tx, ours, shelf->last.id, shelf->collection.id, err));
    CALL(document_set_tags(tx, ours, shelf->last.id, (StrList){ &tag, 1 }, err));
    CALL(add_inside(tx, shelf, err));
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, shelf->own.id, NULL, 0, err));
    CALL(document_trash(tx, ours, shelf->trashed.id, 1, err));
    return db_exec(tx, DB_SAME("UPDATE workspaces SET guards_follow = 1 WHERE id = $1"),
                   DB_ARGS(db_text(ours->workspace)), NULL, err);
}

static bool restrict_it(DbTx *tx, Shelf *shelf, Error *err)
{
    const Grant grant = { .kind = GRANT_TO_user, .subject = friend.user, .level = GRANT_edit };
    shelf->is_restricted = true;
    return access_restrict(tx, &shelf->world->ours, GUARDED_COLLECTION, shelf->collection.id,
                           &grant, 1, err);
}

static bool open_it(DbTx *tx, Shelf *shelf, Error *err)
{
    shelf->is_restricted = false;
    return access_open(tx, &shelf->world->ours, GUARDED_COLLECTION, shelf->collection.id, err);
}

/* --- What is seen --- */

/* In counts and in lists; -1: they differ. */
static int64_t seen_by(DbTx *tx, Shelf *shelf, const Scope *scope, Error *err)
{
    DocumentCounts counts;
    StrList ids;
    int64_t total = 0;
    if (!document_count(tx, scope, &counts, err) ||
        !document_list_ids(tx, scope, shelf->world->arena, NULL, 10 * MANY, &ids, err))
        return -1;
    for (size_t i = 0; i < DOCUMENT_STATE_COUNT; i++)
        total += counts.by_state[i];
    return total == (int64_t)ids.count ? total : -1;
}

static bool expect_document(DbTx *tx, Shelf *shelf, const Document *document, Error *err)
{
    Arena *arena = shelf->world->arena;
    Document found;
    Error why = { 0 };
    bool is_for_all;
    EXPECT(document_find(tx, &reader, arena, document->id, &found, &why) != shelf->is_restricted);
    EXPECT(!shelf->is_restricted || why.code == ERROR_NOT_FOUND);
    EXPECT(document->parent.length || document_find_by_blob(tx, &reader, arena, document->blob,
                                                            &found, &why) != shelf->is_restricted);
    CALL(access_is_for_all(tx, &reader, document->id, &is_for_all, err));
    EXPECT(is_for_all != shelf->is_restricted);
    CALL(access_may_change(tx, &friend, GUARDED_DOCUMENT, document->id, err));
    CALL(document_find(tx, &friend, arena, document->id, &found, err));
    EXPECT(str_equal(found.guard, shelf->is_restricted ? shelf->collection.id : S("")));
    return true;
}

static bool expect_passages(DbTx *tx, Shelf *shelf, Error *err)
{
    static const DocumentFilter every;
    Arena *arena = shelf->world->arena;
    NumberRangeList ranges;
    DocumentColumnsList columns;
    FacetList facets;
    CALL(document_list_hidden_chunks(tx, &reader, arena, &ranges, err));
    EXPECT(ranges.count == shelf->is_restricted);
    CALL(document_list_hidden_chunks(tx, &friend, arena, &ranges, err));
    EXPECT(!ranges.count);
    CALL(document_facet(tx, &reader, arena, &every, FACET_tag, &facets, err));
    EXPECT(facets.count == !shelf->is_restricted);
    CALL(document_columns_of(tx, &shelf->world->ours, arena, (StrList){ &shelf->last.id, 1 },
                             &columns, err));
    EXPECT(columns.count == 1 &&
           str_equal(columns.at->guard, shelf->is_restricted ? shelf->collection.id : S("")));
    return true;
}

/* Outside the trash there are the one outside, MANY with the own one but the trashed one, the last
 * one and what is inside it. */
static bool expect_sharing(DbTx *tx, Shelf *shelf, Error *err)
{
    const Document *const all[] = { &shelf->first, &shelf->last, &shelf->trashed, &shelf->inside };
    Scope guarded = { .workspace = reader.workspace,
                      .guard = shelf->collection.id,
                      .role = ROLE_READER };
    Document found;
    EXPECT(seen_by(tx, shelf, &reader, err) == (shelf->is_restricted ? 1 : MANY + 1));
    EXPECT(seen_by(tx, shelf, &friend, err) == MANY + 1);
    EXPECT(seen_by(tx, shelf, &guarded, err) == MANY + 1);
    EXPECT(seen_by(tx, shelf, &shelf->world->ours, err) == MANY + 2);
    EXPECT(seen_by(tx, shelf, &shelf->key, err) == MANY + 1);
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_find(tx, &friend, shelf->world->arena, shelf->own.id, &found, err));
    for (size_t i = 0; i < COUNT(all); i++)
        CALL(expect_document(tx, shelf, all[i], err));
    return expect_passages(tx, shelf, err);
}

/* --- The walk --- */

static bool count_stale(DbTx *tx, int64_t *count_r, Error *err)
{
    return db_query_int(tx,
                        DB_SAME("SELECT count(*) FROM documents d WHERE d.workspace = $1"
                                " AND d.guard <> " ACCESS_GUARD_OF("d")),
                        DB_ARGS(db_text(reader.workspace)), 0, count_r, err);
}

static bool step(DbTx *tx, Shelf *shelf, GuardWalk *walk, Error *err)
{
    CALL(collection_guard_step(tx, &shelf->world->ours, shelf->world->arena, shelf->collection.id,
                               walk, err));
    return expect_sharing(tx, shelf, err);
}

static bool walk_to_end(DbTx *tx, Shelf *shelf, GuardWalk *walk, int *steps_r, Error *err)
{
    int64_t stale;
    bool follows;
    for (*steps_r = 0; !walk->is_over; (*steps_r)++)
        CALL(step(tx, shelf, walk, err));
    CALL(count_stale(tx, &stale, err));
    CALL(collection_guard_follows(tx, &shelf->world->ours, shelf->collection.id, &follows, err));
    EXPECT(!stale && !follows);
    return true;
}

/* Where there are other documents than expect_sharing() knows of. */
static bool walk_alone(DbTx *tx, Shelf *shelf, Error *err)
{
    GuardWalk walk = { 0 };
    int64_t stale;
    while (!walk.is_over)
        CALL(collection_guard_step(tx, &shelf->world->ours, shelf->world->arena,
                                   shelf->collection.id, &walk, err));
    CALL(count_stale(tx, &stale, err));
    EXPECT(!stale);
    return true;
}

#define GUARD_TEST(name)                                                                           \
    static bool name##_work(DbTx *tx, Shelf *shelf, Error *err);                                   \
    static bool name##_world(DbTx *tx, World *world, Error *err)                                   \
    {                                                                                              \
        Shelf shelf;                                                                               \
        return make_shelf(tx, world, &shelf, err) && name##_work(tx, &shelf, err);                 \
    }                                                                                              \
    TEST_BOTH(store, name)                                                                         \
    {                                                                                              \
        World world;                                                                               \
        world_open(&world, url);                                                                   \
        world_write(&world, &world.system, add_people);                                            \
        world_write(&world, &world.ours, name##_world);                                            \
        world_close(&world);                                                                       \
    }                                                                                              \
    static bool name##_work(DbTx *tx, Shelf *shelf, Error *err)

GUARD_TEST(many_documents_follow_their_collection_and_nobody_sees_a_step_of_it)
{
    int64_t stale;
    int steps;
    CALL(expect_sharing(tx, shelf, err));
    CALL(restrict_it(tx, shelf, err));
    CALL(count_stale(tx, &stale, err));
    EXPECT(stale == MANY + 1); /* all but the one with a list of its own */
    CALL(expect_sharing(tx, shelf, err));
    GuardWalk walk = { 0 };
    CALL(walk_to_end(tx, shelf, &walk, &steps, err));
    EXPECT(steps == 3);
    CALL(open_it(tx, shelf, err));
    CALL(count_stale(tx, &stale, err));
    EXPECT(stale == MANY + 1);
    CALL(expect_sharing(tx, shelf, err));
    walk = (GuardWalk){ 0 };
    return walk_to_end(tx, shelf, &walk, &steps, err);
}

GUARD_TEST(a_walk_notices_that_its_collection_is_shared_otherwise_meanwhile)
{
    GuardWalk walk = { 0 };
    int steps;
    CALL(restrict_it(tx, shelf, err));
    CALL(step(tx, shelf, &walk, err));
    CALL(open_it(tx, shelf, err));
    CALL(expect_sharing(tx, shelf, err));
    CALL(step(tx, shelf, &walk, err));
    CALL(restrict_it(tx, shelf, err));
    CALL(expect_sharing(tx, shelf, err));
    return walk_to_end(tx, shelf, &walk, &steps, err);
}

GUARD_TEST(what_leaves_the_trash_behind_a_walk_has_followed)
{
    GuardWalk walk = { 0 };
    int steps;
    int64_t followed;
    const Scope *ours = &shelf->world->ours;
    CALL(restrict_it(tx, shelf, err));
    CALL(step(tx, shelf, &walk, err));
    CALL(document_restore(tx, ours, shelf->trashed.id, err));
    CALL(document_trash(tx, ours, shelf->trashed.id, 1, err));
    CALL(document_restore(tx, ours, shelf->trashed.id, err));
    CALL(db_query_int(tx, DB_SAME("SELECT count(*) FROM documents WHERE id = $1 AND guard = $2"),
                      DB_ARGS(db_text(shelf->trashed.id), db_text(shelf->collection.id)), 0,
                      &followed, err));
    EXPECT(followed == 1);
    CALL(document_trash(tx, ours, shelf->trashed.id, 1, err));
    return walk_to_end(tx, shelf, &walk, &steps, err);
}

GUARD_TEST(the_same_bytes_added_outside_meanwhile_are_a_document_of_their_own)
{
    bool is_new;
    World *world = shelf->world;
    Document added = { .name = S("mine.txt"), .blob = shelf->last.blob }, mine, again;
    Scope writer = reader;
    writer.role = ROLE_EDITOR;
    CALL(restrict_it(tx, shelf, err));
    CALL(document_add(tx, &writer, world->arena, &added, &mine, &is_new, err));
    EXPECT(is_new && !str_equal(mine.id, shelf->last.id));
    CALL(document_add(tx, &writer, world->arena, &added, &again, &is_new, err));
    EXPECT(!is_new && str_equal(again.id, mine.id));
    CALL(document_trash(tx, &world->ours, mine.id, 1, err));
    CALL(document_add(tx, &friend, world->arena,
                      &(Document){ .name = S("theirs.txt"),
                                   .blob = shelf->last.blob,
                                   .collection = shelf->collection.id },
                      &again, &is_new, err));
    EXPECT(!is_new);
    CALL(walk_alone(tx, shelf, err));
    EXPECT_CODE(ERROR_CONFLICT, open_it(tx, shelf, err));
    return true;
}

/* Behind a list of their own, of bytes that are in the shelf too. */
static bool add_elsewhere(DbTx *tx, Shelf *shelf, Document *document_r, Error *err)
{
    World *world = shelf->world;
    Collection other = { .name = S("Other") };
    Scope key = world->ours;
    bool is_new;
    CALL(collection_add(tx, &world->ours, world->arena, &other, err));
    key.collections = other.id;
    CALL(document_add(
        tx, &key, world->arena,
        &(Document){ .name = S("x.txt"), .blob = shelf->last.blob, .collection = other.id },
        document_r, &is_new, err));
    EXPECT(is_new);
    return access_restrict(tx, &world->ours, GUARDED_COLLECTION, other.id, NULL, 0, err);
}

GUARD_TEST(bytes_whose_collection_was_restricted_just_now_are_no_reason_not_to_move_others)
{
    Document other;
    CALL(add_elsewhere(tx, shelf, &other, err));
    CALL(restrict_it(tx, shelf, err));
    CALL(document_move(tx, &shelf->world->ours, other.id, S(""), err));
    CALL(document_trash(tx, &shelf->world->ours, other.id, 1, err));
    return walk_alone(tx, shelf, err);
}

GUARD_TEST(bytes_whose_collection_was_opened_just_now_are_there_for_those_that_move)
{
    Document other;
    CALL(restrict_it(tx, shelf, err));
    CALL(walk_alone(tx, shelf, err));
    CALL(add_elsewhere(tx, shelf, &other, err));
    CALL(open_it(tx, shelf, err));
    EXPECT_CODE(ERROR_CONFLICT, document_move(tx, &shelf->world->ours, other.id, S(""), err));
    return walk_alone(tx, shelf, err);
}

GUARD_TEST(what_goes_to_the_trash_behind_a_walk_is_a_twin_of_bytes_that_came_meanwhile)
{
    Document other;
    Collection third = { .name = S("Third") };
    Scope key = shelf->world->ours;
    World *world = shelf->world;
    bool is_new;
    CALL(restrict_it(tx, shelf, err));
    CALL(walk_alone(tx, shelf, err));
    CALL(open_it(tx, shelf, err));
    CALL(collection_add(tx, &world->ours, world->arena, &third, err));
    key.collections = third.id;
    CALL(document_add(
        tx, &key, world->arena,
        &(Document){ .name = S("x.txt"), .blob = shelf->last.blob, .collection = third.id }, &other,
        &is_new, err));
    EXPECT(is_new);
    CALL(document_trash(tx, &world->ours, shelf->last.id, 1, err));
    CALL(document_restore(tx, &world->ours, shelf->last.id, err));
    CALL(document_move(tx, &world->ours, shelf->first.id, S(""), err));
    CALL(document_trash(tx, &world->ours, other.id, 1, err));
    return walk_alone(tx, shelf, err);
}

GUARD_TEST(a_collection_that_is_followed_is_not_removed)
{
    GuardWalk walk = { 0 };
    int steps;
    const Scope *ours = &shelf->world->ours;
    CALL(restrict_it(tx, shelf, err));
    EXPECT_CODE(ERROR_BUSY, collection_remove(tx, ours, shelf->collection.id, err));
    CALL(open_it(tx, shelf, err));
    EXPECT_CODE(ERROR_BUSY, collection_remove(tx, ours, shelf->collection.id, err));
    CALL(walk_to_end(tx, shelf, &walk, &steps, err));
    return collection_remove(tx, ours, shelf->collection.id, err);
}

GUARD_TEST(where_programs_of_before_may_read_all_is_changed_in_the_transaction)
{
    int64_t stale;
    bool follows;
    const Scope *ours = &shelf->world->ours;
    CALL(db_exec(tx, DB_SAME("UPDATE workspaces SET guards_follow = 0 WHERE id = $1"),
                 DB_ARGS(db_text(ours->workspace)), NULL, err));
    CALL(restrict_it(tx, shelf, err));
    CALL(count_stale(tx, &stale, err));
    CALL(collection_guard_follows(tx, ours, shelf->collection.id, &follows, err));
    EXPECT(!stale && !follows);
    return expect_sharing(tx, shelf, err);
}
