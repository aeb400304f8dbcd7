/* document_access_test.c - who sees what: a reader and two editors beside the owner. */
#include "store/document_access.h"

#include "base/clock.h"
#include "base/hash.h"
#include "store/api_keys_store.h"
#include "store/collection_guard.h"
#include "store/collections_store.h"
#include "store/document_facets_store.h"
#include "store/document_versions_store.h"
#include "store/erase_store.h"
#include "store/groups_store.h"
#include "store/index_changes_store.h"
#include "store/people_store.h"
#include "store/statistics_store.h"
#include "store/texts_store.h"
#include "store/world_test.h"

/* Beside the owner; each test has a process of its own. */
static Scope reader, editor, other;

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
           add_person(tx, world, "editor", ROLE_EDITOR, &editor, err) &&
           add_person(tx, world, "other", ROLE_EDITOR, &other, err);
}

static void run_with_people(const char *url, WorldWork *work)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.system, add_people);
    world_write(&world, &world.ours, work);
    world_close(&world);
}

#define ACCESS_TEST(name)                                                                          \
    static WorldWork name##_work;                                                                  \
    TEST_BOTH(store, name) { run_with_people(url, name##_work); }                                  \
    static bool name##_work(DbTx *tx, World *world, Error *err)

static Grant grant_to(GrantKind kind, Str subject, GrantLevel level)
{
    return (Grant){ .kind = kind, .subject = subject, .level = level };
}

/* How many documents a scope sees, in its list and in its counts; -1: they differ, or the number of
 * collections does. */
static int64_t seen_by(DbTx *tx, World *world, const Scope *scope, Error *err)
{
    DocumentList list;
    CollectionList collections;
    DocumentCounts counts;
    Statistics statistics;
    int64_t total = 0;
    if (!document_list(tx, scope, world->arena, NULL, DOCUMENT_BY_NAME, false, NULL, &list, err) ||
        !document_count(tx, scope, &counts, err) ||
        !statistics_find(tx, scope, S(""), &statistics, err) ||
        !collection_list(tx, scope, world->arena, &collections, err) ||
        statistics.collections != (int64_t)collections.count)
        return -1;
    for (size_t i = 0; i < DOCUMENT_STATE_COUNT; i++)
        total += counts.by_state[i];
    return total == list.total && total == (int64_t)list.count ? total : -1;
}

ACCESS_TEST(what_is_restricted_is_there_for_those_of_its_list_alone)
{
    const Scope *ours = &world->ours;
    Document open, hidden, found;
    CALL(world_ready(tx, world, ours, "open.txt", "open", 1, &open, err));
    CALL(world_ready(tx, world, ours, "hidden.txt", "hidden", 2, &hidden, err));
    Grant grant = grant_to(GRANT_TO_user, editor.user, GRANT_read);
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, hidden.id, &grant, 1, err));
    EXPECT(seen_by(tx, world, ours, err) == 2);
    EXPECT(seen_by(tx, world, &editor, err) == 2);
    EXPECT(seen_by(tx, world, &reader, err) == 1);
    EXPECT_CODE(ERROR_NOT_FOUND, document_find(tx, &reader, world->arena, hidden.id, &found, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                document_find_by_blob(tx, &reader, world->arena, hidden.blob, &found, err));
    EXPECT_CODE(ERROR_DENIED, document_rename(tx, &editor, hidden.id, S("x"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_rename(tx, &reader, hidden.id, S("x"), err));
    EXPECT_CODE(ERROR_DENIED, document_trash(tx, &editor, hidden.id, 1, err));
    Scope job = { .workspace = ours->workspace, .user = ours->user, .role = ROLE_EDITOR };
    EXPECT(seen_by(tx, world, &job, err) == 2); /* work of an owner, done with less */
    CALL(access_open(tx, ours, GUARDED_DOCUMENT, hidden.id, err));
    EXPECT(seen_by(tx, world, &reader, err) == 2);
    CALL(document_rename(tx, &editor, hidden.id, S("x"), err));
    return true;
}

ACCESS_TEST(passages_texts_and_facets_of_what_is_hidden_are_not_there)
{
    const Scope *ours = &world->ours;
    static const DocumentFilter every;
    Document hidden;
    NumberList numbers;
    NumberRangeList ranges;
    FacetList facets;
    ChunkHit *hits;
    ChunkList chunks;
    Str text;
    CALL(world_ready(tx, world, ours, "hidden.txt", "hidden", 2, &hidden, err));
    CALL(chunk_numbers(tx, ours, world->arena, hidden.id, &numbers, err));
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, hidden.id, NULL, 0, err));
    CALL(chunk_find_many(tx, &reader, world->arena, numbers.at, numbers.count, &hits, err));
    EXPECT(numbers.count == 2 && !hits[0].chunk.number && !hits[1].chunk.number);
    CALL(chunk_find_many(tx, ours, world->arena, numbers.at, numbers.count, &hits, err));
    EXPECT(hits[0].chunk.number && hits[0].is_live);
    CALL(document_list_chunks(tx, &reader, world->arena, &every, &ranges, err));
    EXPECT(!ranges.count);
    CALL(document_list_hidden_chunks(tx, &reader, world->arena, &ranges, err));
    EXPECT(ranges.count == 1 && ranges.at[0].first == numbers.at[0] && ranges.at[0].count == 2);
    CALL(document_list_hidden_chunks(tx, ours, world->arena, &ranges, err));
    EXPECT(!ranges.count);
    CALL(document_facet(tx, &reader, world->arena, &every, FACET_type, &facets, err));
    EXPECT(!facets.count);
    EXPECT_CODE(ERROR_NOT_FOUND,
                text_find(tx, &reader, world->arena, hidden.id, 1, 1000, &text, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                chunk_list(tx, &reader, world->arena, hidden.id, 1, 0, 9, &chunks, err));
    return true;
}

/* That a collection is called so: in facets, in conditions and in what is given by name. */
static bool sees_name(DbTx *tx, World *world, const Scope *scope, const Collection *collection,
                      Error *err)
{
    FacetValue value = { .value = collection->id, .title = collection->id };
    FacetList facets = { &value, 1 };
    StrList ids, names = { &collection->name, 1 };
    DocumentCondition condition = { .test = TEST_COLLECTION, .texts = names };
    DocumentClause clause = { .at = &condition, .count = 1 };
    DocumentFilter filter = { .clauses = &clause, .clause_count = 1 };
    DocumentList list;

    if (!document_facet_titles(tx, scope, world->arena, FACET_collection, &facets, err) ||
        !collection_list_ids(tx, scope, world->arena, names, &ids, err) ||
        !document_list(tx, scope, world->arena, &filter, DOCUMENT_BY_NAME, false, NULL, &list, err))
        return false;
    bool is_titled = str_equal(value.title, collection->name);
    cr_expect(is_titled == (ids.count > 0) && is_titled == (list.count > 0));
    return is_titled;
}

ACCESS_TEST(a_document_follows_its_collection_until_it_has_a_list_of_its_own)
{
    const Scope *ours = &world->ours;
    Collection closed = { .name = S("Closed") }, elsewhere = { .name = S("Other") }, found;
    CollectionList collections;
    Document doc, child;
    bool is_new;
    CALL(collection_add(tx, ours, world->arena, &closed, err));
    CALL(collection_add(tx, ours, world->arena, &elsewhere, err));
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, closed.id, NULL, 0, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                collection_find(tx, &reader, world->arena, closed.id, &found, err));
    CALL(collection_list(tx, &reader, world->arena, &collections, err));
    EXPECT(collections.count == 1 && !collections.at[0].is_restricted);
    CALL(world_document(tx, world, ours, "a.txt", "a", &doc, err));
    child = (Document){ .name = S("c"), .blob = S("c"), .parent = doc.id };
    CALL(document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    EXPECT(seen_by(tx, world, &reader, err) == 2);
    CALL(document_move(tx, ours, doc.id, closed.id, err));
    EXPECT(seen_by(tx, world, &reader, err) == 0);
    EXPECT_CODE(ERROR_CONFLICT, collection_remove(tx, ours, closed.id, err));
    Grant grant = grant_to(GRANT_TO_user, reader.user, GRANT_read);
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, doc.id, &grant, 1, err));
    EXPECT(seen_by(tx, world, &reader, err) == 2);
    EXPECT(sees_name(tx, world, ours, &closed, err) &&
           !sees_name(tx, world, &reader, &closed, err));
    EXPECT_CODE(ERROR_CONFLICT,
                access_restrict(tx, ours, GUARDED_DOCUMENT, child.id, NULL, 0, err));
    CALL(access_open(tx, ours, GUARDED_DOCUMENT, doc.id, err));
    EXPECT(seen_by(tx, world, &reader, err) == 0);
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, closed.id, &grant, 1, err));
    EXPECT(seen_by(tx, world, &reader, err) == 2);
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, closed.id, NULL, 0, err));
    EXPECT(seen_by(tx, world, &reader, err) == 0);
    CALL(document_move(tx, ours, doc.id, elsewhere.id, err));
    EXPECT(seen_by(tx, world, &reader, err) == 2);
    CALL(collection_remove(tx, ours, closed.id, err));
    return true;
}

ACCESS_TEST(a_group_and_a_key_are_granted_what_their_list_says)
{
    const Scope *ours = &world->ours;
    Group group = { .name = S("Keepers") };
    ApiKey key = { .name = S("k"), .hash = S("hash"), .role = ROLE_READER };
    Scope program;
    Document doc;
    Access access;
    CALL(group_add(tx, ours, world->arena, &group, err));
    CALL(api_key_add(tx, ours, world->arena, &key, err));
    program = (Scope){ .workspace = ours->workspace, .key = key.id, .role = ROLE_READER };
    CALL(world_document(tx, world, ours, "a.txt", "a", &doc, err));
    const Grant grants[] = { grant_to(GRANT_TO_group, group.id, GRANT_read),
                             grant_to(GRANT_TO_key, key.id, GRANT_edit) };
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, doc.id, grants, 2, err));
    EXPECT(seen_by(tx, world, &reader, err) == 0 && seen_by(tx, world, &program, err) == 1);
    CALL(group_member_add(tx, ours, group.id, reader.user, err));
    EXPECT(seen_by(tx, world, &reader, err) == 1);
    CALL(access_find(tx, &reader, world->arena, GUARDED_DOCUMENT, doc.id, &access, err));
    EXPECT(access.count == 2 && str_is(access.at[0].name, "Keepers") && !access.may_change);
    CALL(group_member_remove(tx, ours, group.id, reader.user, err));
    EXPECT(seen_by(tx, world, &reader, err) == 0);
    CALL(api_key_revoke(tx, ours, key.id, 1, err));
    EXPECT(seen_by(tx, world, &program, err) == 0);
    Grant nobody = grant_to(GRANT_TO_user, world->theirs.user, GRANT_read);
    EXPECT_CODE(ERROR_NOT_FOUND,
                access_restrict(tx, ours, GUARDED_DOCUMENT, doc.id, &nobody, 1, err));
    return true;
}

/* A job has the role that its work needs, and the id of the key. */
ACCESS_TEST(work_that_goes_on_without_its_key_sees_what_the_key_sees)
{
    static const struct {
        Role role;
        bool is_granted, is_limited;
        int64_t sees; /* of: open, restricted and granted, restricted, on the shelf */
    } keys[] = { { ROLE_READER, .sees = 2 },
                 { ROLE_EDITOR, .sees = 2 },
                 { ROLE_EDITOR, .is_granted = true, .sees = 3 },
                 { ROLE_EDITOR, .is_granted = true, .is_limited = true, .sees = 1 },
                 { ROLE_ADMIN, .sees = 4 } };
    const Scope *ours = &world->ours;
    Collection shelf = { .name = S("Shelf") };
    Document documents[4];
    CALL(collection_add(tx, ours, world->arena, &shelf, err));
    for (size_t i = 0; i < COUNT(documents); i++) {
        char name[] = { (char)('a' + i), '\0' };
        CALL(world_document(tx, world, ours, name, name, &documents[i], err));
    }
    CALL(document_move(tx, ours, documents[3].id, shelf.id, err));
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, documents[2].id, NULL, 0, err));
    for (size_t i = 0; i < COUNT(keys); i++) {
        ApiKey key = { .name = S("k"),
                       .hash = str_format(world->arena, "hash %zu", i),
                       .role = keys[i].role,
                       .collections = keys[i].is_limited ? shelf.id : STR_NONE };
        CALL(api_key_add(tx, ours, world->arena, &key, err));
        Grant grant = grant_to(GRANT_TO_key, key.id, GRANT_read);
        CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, documents[1].id, &grant,
                             keys[i].is_granted, err));
        Scope job = { .workspace = ours->workspace, .role = ROLE_EDITOR };
        EXPECT(seen_by(tx, world, &job, err) == 2);
        CALL(api_key_act(tx, world->arena, key.id, &job, err));
        EXPECT(job.role == role_lower(ROLE_EDITOR, keys[i].role));
        EXPECT(seen_by(tx, world, &job, err) == keys[i].sees);
        CALL(api_key_revoke(tx, ours, key.id, 1, err));
        EXPECT_CODE(ERROR_DENIED, api_key_act(tx, world->arena, key.id, &job, err));
    }
    return true;
}

ACCESS_TEST(who_may_edit_it_shares_it_and_nobody_shuts_themselves_out)
{
    const Scope *ours = &world->ours;
    Collection empty = { .name = S("Empty") };
    Document mine, doc;
    CALL(world_document(tx, world, &editor, "mine.txt", "mine", &mine, err));
    CALL(world_document(tx, world, ours, "a.txt", "a", &doc, err));
    EXPECT_CODE(ERROR_DENIED, access_restrict(tx, &editor, GUARDED_DOCUMENT, doc.id, NULL, 0, err));
    CALL(access_restrict(tx, &editor, GUARDED_DOCUMENT, mine.id, NULL, 0, err));
    EXPECT(seen_by(tx, world, &editor, err) == 2 && seen_by(tx, world, &other, err) == 1);
    Grant grant = grant_to(GRANT_TO_user, other.user, GRANT_edit);
    CALL(access_restrict(tx, &editor, GUARDED_DOCUMENT, mine.id, &grant, 1, err));
    CALL(document_rename(tx, &other, mine.id, S("ours.txt"), err));
    CALL(access_open(tx, &other, GUARDED_DOCUMENT, mine.id, err));
    CALL(collection_add(tx, &editor, world->arena, &empty, err));
    CALL(access_restrict(tx, &editor, GUARDED_COLLECTION, empty.id, NULL, 0, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_move(tx, &other, doc.id, empty.id, err));
    CALL(document_move(tx, &editor, doc.id, empty.id, err));
    EXPECT(seen_by(tx, world, &other, err) == 1);
    return true;
}

ACCESS_TEST(the_same_bytes_as_a_hidden_document_do_not_tell_that_it_is_there)
{
    const Scope *ours = &world->ours;
    Document hidden, own, again;
    bool is_new;
    CALL(world_document(tx, world, ours, "hidden.txt", "same", &hidden, err));
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, hidden.id, NULL, 0, err));
    CALL(world_document(tx, world, &editor, "own.txt", "same", &own, err));
    EXPECT(!str_equal(own.id, hidden.id));
    again = (Document){ .name = S("again.txt"), .blob = hidden.blob };
    CALL(document_add(tx, &editor, world->arena, &again, &again, &is_new, err));
    EXPECT(!is_new && str_equal(again.id, own.id));
    EXPECT_CODE(ERROR_CONFLICT, access_open(tx, ours, GUARDED_DOCUMENT, hidden.id, err));
    Erased erased;
    CALL(document_erase(tx, ours, world->arena, own.id, &erased, err));
    CALL(access_open(tx, ours, GUARDED_DOCUMENT, hidden.id, err));
    EXPECT(seen_by(tx, world, &editor, err) == 1);
    return true;
}

/* Whatever its person may: here an owner, who sees everything otherwise. */
ACCESS_TEST(a_key_limited_to_collections_sees_what_is_in_them_and_adds_to_them_alone)
{
    const Scope *ours = &world->ours;
    Collection shelf = { .name = S("Shelf") }, drawer = { .name = S("Drawer") };
    Document on_shelf, in_drawer, loose;
    CALL(collection_add(tx, ours, world->arena, &shelf, err));
    CALL(collection_add(tx, ours, world->arena, &drawer, err));
    CALL(world_document(tx, world, ours, "shelf.txt", "shelf", &on_shelf, err));
    CALL(world_document(tx, world, ours, "drawer.txt", "drawer", &in_drawer, err));
    CALL(world_document(tx, world, ours, "loose.txt", "loose", &loose, err));
    CALL(document_move(tx, ours, on_shelf.id, shelf.id, err));
    CALL(document_move(tx, ours, in_drawer.id, drawer.id, err));
    Scope limited = *ours;
    limited.collections = shelf.id;
    EXPECT(seen_by(tx, world, ours, err) == 3 && seen_by(tx, world, &limited, err) == 1);
    EXPECT_CODE(ERROR_NOT_FOUND, access_may_see(tx, &limited, in_drawer.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_rename(tx, &limited, loose.id, S("x.txt"), err));
    EXPECT_CODE(ERROR_NOT_FOUND, document_move(tx, &limited, on_shelf.id, drawer.id, err));
    EXPECT_CODE(ERROR_INVALID, document_move(tx, &limited, on_shelf.id, S(""), err));
    Document added = { .name = S("new.txt"), .blob = in_drawer.blob, .collection = shelf.id };
    bool is_new;
    Document again = added, newer;
    CALL(document_add(tx, &limited, world->arena, &added, &added, &is_new, err));
    EXPECT(is_new && !str_equal(added.id, in_drawer.id));
    CALL(document_add(tx, &limited, world->arena, &again, &again, &is_new, err));
    EXPECT(!is_new && str_equal(again.id, added.id));
    DocumentVersion version = { .blob = loose.blob, .name = S("shelf.txt") };
    CALL(document_version_add(tx, &limited, on_shelf.id, &version, err));
    CALL(document_find(tx, ours, world->arena, on_shelf.id, &newer, err));
    EXPECT(str_equal(newer.blob, loose.blob) && seen_by(tx, world, ours, err) == 4);
    Erased erased;
    CALL(document_erase(tx, ours, world->arena, added.id, &erased, err));
    limited.collections =
        str_format(world->arena, STR_FMT " " STR_FMT, STR_ARG(shelf.id), STR_ARG(drawer.id));
    EXPECT(seen_by(tx, world, &limited, err) == 2);
    CALL(document_move(tx, &limited, on_shelf.id, drawer.id, err));
    /* What is restricted besides needs its own grant. */
    limited.user = reader.user;
    limited.role = ROLE_READER;
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, drawer.id, NULL, 0, err));
    EXPECT(seen_by(tx, world, &limited, err) == 0);
    return true;
}

/* The changes of sharing in the log, oldest first: "4 ID, 6 ID, ". */
static bool told_since(DbTx *tx, World *world, int64_t *last, Str *told_r, Error *err)
{
    IndexChangeList list;
    Buf told = buf_new(world->arena, KB(4));
    CALL(index_change_list(tx, &world->ours, world->arena, *last, 100, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        if (list.at[i].operation == INDEX_FILTERS || list.at[i].operation == INDEX_GUARD)
            buf_addf(&told, "%d " STR_FMT ", ", (int)list.at[i].operation,
                     STR_ARG(list.at[i].document));
        *last = list.at[i].sequence;
    }
    *told_r = buf_str(&told);
    return true;
}

/* What programs did before they kept guards in memory, word by word. */
static bool share_as_before(DbTx *tx, World *world, Str collection, Str guard, Error *err)
{
    const DbValue args[] = { db_text(world->ours.workspace), db_text(collection), db_text(guard) };
    return db_exec(tx,
                   DB_SAME("UPDATE collections SET guard = $3 WHERE workspace = $1 AND id = $2"),
                   args, COUNT(args), NULL, err) &&
           db_exec(tx,
                   DB_SAME("UPDATE documents SET guard = $3 WHERE workspace = $1"
                           " AND collection = $2 AND guard IN ('', $2)"),
                   args, COUNT(args), NULL, err);
}

ACCESS_TEST(sharing_is_told_of_once_whichever_program_changes_it)
{
    const Scope *ours = &world->ours;
    Collection shelf = { .name = S("Shelf") };
    Document a, b;
    int64_t last = 0;
    Str told;
    CALL(collection_add(tx, ours, world->arena, &shelf, err));
    CALL(world_ready(tx, world, ours, "a.txt", "a", 1, &a, err));
    CALL(world_ready(tx, world, ours, "b.txt", "b", 1, &b, err));
    CALL(document_move(tx, ours, a.id, shelf.id, err));
    CALL(document_move(tx, ours, b.id, shelf.id, err));
    CALL(told_since(tx, world, &last, &told, err));
    Str of_shelf = str_format(world->arena, "6 " STR_FMT ", ", STR_ARG(shelf.id));
    Str of_a = str_format(world->arena, "4 " STR_FMT ", ", STR_ARG(a.id));

    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, shelf.id, NULL, 0, err));
    CALL(told_since(tx, world, &last, &told, err));
    EXPECT(str_equal(told, of_shelf));
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, a.id, NULL, 0, err));
    CALL(told_since(tx, world, &last, &told, err));
    EXPECT(str_equal(told, of_a));
    CALL(access_open(tx, ours, GUARDED_DOCUMENT, a.id, err));
    CALL(told_since(tx, world, &last, &told, err));
    EXPECT(str_equal(told, of_a));
    CALL(share_as_before(tx, world, shelf.id, S(""), err));
    CALL(told_since(tx, world, &last, &told, err));
    EXPECT(str_equal(told, of_shelf));
    CALL(document_move(tx, ours, a.id, S(""), err));
    CALL(told_since(tx, world, &last, &told, err));
    EXPECT(str_equal(told, of_a));
    return true;
}

static int64_t counted_by(DbTx *tx, const Scope *scope, Error *err)
{
    DocumentCounts counts;
    int64_t total = 0;
    if (!document_count(tx, scope, &counts, err))
        return -1;
    for (size_t i = 0; i < DOCUMENT_STATE_COUNT; i++)
        total += counts.by_state[i];
    return total;
}

ACCESS_TEST(a_collection_of_more_documents_than_one_statement_changes_is_restricted_and_opened)
{
    enum { MANY = 2 * GUARD_STEP + 1 };
    const Scope *ours = &world->ours;
    Collection shelf = { .name = S("Shelf") };
    Document own = { 0 };
    CALL(collection_add(tx, ours, world->arena, &shelf, err));
    clock_set(INT64_C(1800000000000)); /* all are added at one time */
    for (int i = 0; i < MANY; i++) {
        Str name = str_format(world->arena, "%d.txt", i);
        Document added = { .name = name,
                           .blob = sha256_hex(world->arena, name),
                           .collection = shelf.id };
        bool is_new;
        CALL(document_add(tx, ours, world->arena, &added, &added, &is_new, err));
        if (i == MANY / 2)
            own = added;
    }
    clock_set(0);
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, own.id, NULL, 0, err));
    EXPECT(counted_by(tx, &reader, err) == MANY - 1);
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, shelf.id, NULL, 0, err));
    EXPECT(counted_by(tx, &reader, err) == 0 && counted_by(tx, ours, err) == MANY);
    CALL(access_open(tx, ours, GUARDED_COLLECTION, shelf.id, err));
    EXPECT(counted_by(tx, &reader, err) == MANY - 1);
    return true;
}
