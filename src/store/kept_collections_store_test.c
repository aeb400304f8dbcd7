/* kept_collections_store_test.c - what goes from a collection that keeps documents for a time. */
#include "store/kept_collections_store.h"

#include "base/clock.h"
#include "store/document_access.h"
#include "store/world_test.h"

#define DAY (INT64_C(24) * 3600 * 1000)

/* As if it had come and been changed so long ago. */
static bool set_age(DbTx *tx, const Scope *scope, Str id, int64_t created_days,
                    int64_t changed_days, Error *err)
{
    int64_t now = now_ms();
    return db_exec(tx,
                   DB_SAME("UPDATE documents SET created_at = $3, updated_at = $4"
                           " WHERE workspace = $1 AND id = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(id), db_int(now - created_days * DAY),
                           db_int(now - changed_days * DAY)),
                   NULL, err);
}

static bool add_document(DbTx *tx, World *world, const Scope *scope, const char *name,
                         const Collection *collection, int64_t created_days, int64_t changed_days,
                         Document *doc_r, Error *err)
{
    return world_document(tx, world, scope, name, name, doc_r, err) &&
           (!collection || document_move(tx, scope, doc_r->id, collection->id, err)) &&
           set_age(tx, scope, doc_r->id, created_days, changed_days, err);
}

static bool add_collection(DbTx *tx, World *world, const Scope *scope, const char *name,
                           int64_t days, int64_t since_days, Collection *collection_r, Error *err)
{
    *collection_r = (Collection){ .name = str(name),
                                  .keep_days = days,
                                  .keep_since_ms = now_ms() - since_days * DAY };
    return collection_add(tx, scope, world->arena, collection_r, err);
}

/* The names of those whose time is over, of all workspaces. */
static bool names_over(DbTx *tx, World *world, Str *names_r, Error *err)
{
    DueDocumentList list;
    Buf out = buf_new(world->arena, KB(4));
    CALL(kept_collections_over(tx, &world->system, world->arena, now_ms(), 100, &list, err));
    for (size_t i = 0; i < list.count; i++)
        buf_addf(&out, "%s" STR_FMT, i ? " " : "", STR_ARG(list.at[i].name));
    *names_r = buf_str(&out);
    return true;
}

STORE_TEST(only_what_nobody_has_changed_for_the_days_of_its_collection_goes)
{
    const Scope *ours = &world->ours;
    Collection kept, fresh, plain, moved = { 0 };
    Document doc, old;
    Str names;
    bool gone;
    CALL(add_collection(tx, world, ours, "kept", 30, 5, &kept, err));
    CALL(add_collection(tx, world, ours, "fresh", 30, 0, &fresh, err));
    CALL(add_collection(tx, world, ours, "plain", 0, 50, &plain, err));
    CALL(add_document(tx, world, ours, "old", &kept, 31, 31, &old, err));
    CALL(add_document(tx, world, ours, "young", &kept, 29, 29, &doc, err));
    CALL(add_document(tx, world, ours, "renamed", &kept, 100, 3, &doc, err));
    CALL(add_document(tx, world, ours, "just-set", &fresh, 100, 100, &doc, err));
    CALL(add_document(tx, world, ours, "unlimited", &plain, 900, 900, &doc, err));
    CALL(add_document(tx, world, ours, "loose", NULL, 900, 900, &doc, err));
    CALL(names_over(tx, world, &names, err));
    EXPECT(str_is(names, "old"));
    CALL(kept_collection_let_go(tx, ours, world->arena, doc.id, now_ms(), &gone, err));
    EXPECT(!gone);
    CALL(kept_collection_let_go(tx, ours, world->arena, old.id, now_ms(), &gone, err));
    EXPECT(gone);
    CALL(document_find(tx, ours, world->arena, old.id, &old, err));
    EXPECT(old.deleted_at_ms > 0);
    CALL(names_over(tx, world, &names, err));
    EXPECT(!names.length);
    /* What somebody brings back stays as if it had come today. */
    CALL(document_restore(tx, ours, old.id, err));
    CALL(names_over(tx, world, &names, err));
    EXPECT(!names.length);
    CALL(set_age(tx, ours, old.id, 31, 31, err));
    moved = kept;
    moved.keep_days = 60;
    CALL(collection_update(tx, ours, &moved, err));
    CALL(names_over(tx, world, &names, err));
    EXPECT(!names.length);
    return true;
}

static bool lets_only_its_own_go(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours, *theirs = &world->theirs;
    const Grant nobody = { .kind = GRANT_TO_user, .subject = ours->user, .level = GRANT_read };
    Collection kept, closed, of_others;
    Document open, own_list, inside, foreign, child;
    Str names;
    CALL(add_collection(tx, world, ours, "kept", 10, 5, &kept, err));
    CALL(add_collection(tx, world, ours, "closed", 10, 5, &closed, err));
    CALL(add_collection(tx, world, theirs, "kept", 0, 5, &of_others, err));
    CALL(add_document(tx, world, ours, "open", &kept, 20, 20, &open, err));
    CALL(add_document(tx, world, ours, "own-list", &kept, 20, 20, &own_list, err));
    CALL(add_document(tx, world, theirs, "foreign", &of_others, 20, 20, &foreign, err));
    CALL(access_restrict(tx, ours, GUARDED_DOCUMENT, own_list.id, &nobody, 1, err));
    CALL(access_restrict(tx, ours, GUARDED_COLLECTION, closed.id, &nobody, 1, err));
    CALL(add_document(tx, world, ours, "inside", &closed, 20, 20, &inside, err));
    CALL(set_age(tx, ours, own_list.id, 20, 20, err));
    child = (Document){
        .name = S("child"), .parent = open.id, .blob = S("child-bytes"), .collection = kept.id
    };
    bool is_new;
    CALL(document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    CALL(set_age(tx, ours, child.id, 20, 20, err));
    CALL(names_over(tx, world, &names, err));
    EXPECT(str_is(names, "open inside") || str_is(names, "inside open"));
    bool gone;
    CALL(kept_collection_let_go(tx, theirs, world->arena, open.id, now_ms(), &gone, err));
    EXPECT(!gone);
    return true;
}

/* Of the system, as the job is: rows of two workspaces are written. */
TEST_BOTH(store, what_is_kept_to_others_stays_in_a_collection_that_lets_documents_go)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.system, lets_only_its_own_go);
    world_close(&world);
}

STORE_TEST(what_goes_next_is_told_with_its_time_the_first_ones_first)
{
    const Scope *ours = &world->ours;
    int64_t now = now_ms(), count;
    Collection kept;
    Document doc;
    DueDocumentList list;
    CALL(add_collection(tx, world, ours, "kept", 30, 5, &kept, err));
    CALL(add_document(tx, world, ours, "in-20", &kept, 10, 10, &doc, err));
    CALL(add_document(tx, world, ours, "in-2", &kept, 28, 28, &doc, err));
    CALL(add_document(tx, world, ours, "in-40", &kept, 0, 0, &doc, err));
    CALL(add_document(tx, world, ours, "over", &kept, 90, 90, &doc, err));
    CALL(kept_collection_due(tx, ours, world->arena, &kept, now + 25 * DAY, 2, &list, &count, err));
    EXPECT(count == 3 && list.count == 2);
    EXPECT(str_is(list.at[0].name, "over") && str_is(list.at[1].name, "in-2"));
    EXPECT(llabs(list.at[1].goes_at_ms - now - 2 * DAY) < DAY / 10);
    kept.keep_since_ms = now;
    CALL(collection_update(tx, ours, &kept, err));
    /* Within a day of being set nothing goes. */
    CALL(kept_collection_due(tx, ours, world->arena, &kept, now + 25 * DAY, 9, &list, &count, err));
    EXPECT(count == 3 && list.at[0].goes_at_ms == now + DAY);
    CALL(kept_collection_due(tx, &world->theirs, world->arena, &kept, now + 25 * DAY, 9, &list,
                             &count, err));
    EXPECT(count == 0 && list.count == 0);
    return true;
}
