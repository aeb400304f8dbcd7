#include "store/world_test.h"

#include "base/file.h"
#include "base/hash.h"
#include "store/conversations_store.h"
#include "store/erase_store.h"
#include "store/messages_store.h"

#define MARK "xyzzy-the-secret-passage"

static Document erased_doc, kept_doc;
static Message answer;

static bool fill(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Document child = { .name = S("inside"), .blob = sha256_hex(world->arena, S("inside")) };
    Document twin = { .name = S("twin"), .blob = sha256_hex(world->arena, S("inside")) };
    Conversation conversation = { .title = S("c") };
    bool is_new;

    CALL(world_ready(tx, world, ours, "a", "before " MARK " after", 4, &erased_doc, err));
    CALL(world_ready(tx, world, ours, "b", "something else", 2, &kept_doc, err));
    child.parent = erased_doc.id;
    CALL(document_add(tx, ours, world->arena, &child, &child, &is_new, err));
    CALL(document_add(tx, ours, world->arena, &twin, &twin, &is_new, err));
    CALL(conversation_add(tx, ours, world->arena, &conversation, err));
    answer = (Message){
        .conversation = conversation.id,
        .role = S("assistant"),
        .text = S("It says: " MARK),
        .citations =
            str_format(world->arena, "[{\"document\":\"" STR_FMT "\"}]", STR_ARG(erased_doc.id)),
    };
    CALL(message_add(tx, ours, world->arena, &answer, err));
    return true;
}

static bool erase(DbTx *tx, World *world, Error *err)
{
    const Scope *ours = &world->ours;
    Erased erased;
    Document doc;
    Message message;

    CALL(document_erase(tx, ours, world->arena, erased_doc.id, &erased, err));
    EXPECT(erased.documents.count == 2 && erased.chunks.count == 4);
    BlobRemovals removals;
    CALL(blob_removals_find(tx, ours, world->arena, &erased.blobs, &removals, err));
    EXPECT(erased.blobs.count == 2 && removals.is_wanted);
    CALL(blobs_keep_unused(tx, ours, world->arena, &erased.blobs, err));
    EXPECT(erased.blobs.count == 1 && str_equal(erased.blobs.at[0], erased_doc.blob));
    EXPECT_CODE(ERROR_NOT_FOUND, document_find(tx, ours, world->arena, erased_doc.id, &doc, err));
    CALL(document_find(tx, ours, world->arena, kept_doc.id, &doc, err));
    CALL(message_find(tx, ours, world->arena, answer.id, &message, err));
    EXPECT(!message.text.length && str_is(message.status, "erased"));
    return true;
}

static bool file_has_mark(World *world, const char *suffix)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err = { 0 };
    Str bytes, path = str_format(world->arena, "%s%s", world->url, suffix);

    if (!file_exists(path.at))
        return false;
    cr_assert(file_read(arena, path.at, MB(32), &bytes, &err), "%s", err.message);
    return str_find(bytes, S(MARK)) >= 0;
}

TEST_BOTH(store, an_erased_text_is_in_no_file_of_the_database)
{
    World world;
    Error err = { 0 };
    bool is_file;

    world_open(&world, url);
    is_file = db_kind(world.db) == DB_SQLITE;
    world_write(&world, &world.ours, fill);
    cr_assert(!is_file || file_has_mark(&world, "-wal") || file_has_mark(&world, ""));
    world_write(&world, &world.ours, erase);
    cr_assert(db_forget(world.db, &err), "%s", err.message);
    cr_assert(!is_file || (!file_has_mark(&world, "") && !file_has_mark(&world, "-wal")));
    world_close(&world);
}

/* The text was in the main file, not only in the log, before it was erased. */
TEST_BOTH(store, an_erased_text_leaves_the_main_file_too)
{
    World world;
    Error err = { 0 };
    bool is_file;

    world_open(&world, url);
    is_file = db_kind(world.db) == DB_SQLITE;
    world_write(&world, &world.ours, fill);
    cr_assert(db_forget(world.db, &err), "%s", err.message);
    cr_assert(!is_file || file_has_mark(&world, ""));
    world_write(&world, &world.ours, erase);
    cr_assert(db_forget(world.db, &err), "%s", err.message);
    cr_assert(!is_file || (!file_has_mark(&world, "") && !file_has_mark(&world, "-wal")));
    world_close(&world);
}
