#include "store/world_test.h"

#include "base/hash.h"
#include "store/account_links_store.h"
#include "store/blocks_store.h"
#include "store/identities_store.h"
#include "store/jobs_store.h"
#include "store/migrate.h"
#include "store/passkeys_store.h"
#include "store/people_store.h"
#include "store/second_factors_store.h"
#include "store/sign_in_states_store.h"
#include "store/texts_store.h"
#include "store/vectors_store.h"
#include "store/workspaces_store.h"

typedef struct Call {
    World *world;
    WorldWork *work;
} Call;

static bool call(DbTx *tx, void *argument, Error *err)
{
    Call *call = argument;
    return call->work(tx, call->world, err);
}

void world_write(World *world, const Scope *scope, WorldWork *work)
{
    Error err = { 0 };
    Call argument = { world, work };

    cr_assert(store_write(world->db, scope, call, &argument, &err), "%s", err.message);
}

static bool add_workspace(DbTx *tx, World *world, const char *name, Scope *scope_r, Error *err)
{
    Workspace workspace = { .name = str(name) };
    User user = { .email = str_format(world->arena, "%s@example.org", name), .name = str(name) };

    CALL(workspace_add(tx, &world->system, world->arena, &workspace, err));
    CALL(user_add(tx, &world->system, world->arena, &user, err));
    Identity identity = { .issuer = S("https://issuer"), .subject = user.id, .user = user.id };
    CALL(identity_add(tx, &world->system, &identity, err));
    Str code = S("digest of a recovery code");
    CALL(second_factor_set(tx, &world->system, user.id, S("sealed"), err));
    CALL(recovery_code_replace(tx, &world->system, user.id, &code, 1, err));
    Passkey passkey = { .user = user.id, .credential = str(name), .public_key = S("k") };
    CALL(passkey_add(tx, &world->system, world->arena, &passkey, err));
    CALL(half_sign_in_add(tx, &world->system, user.id, user.id, INT64_MAX, err));
    CALL(sign_in_state_use(tx, &world->system, str(name), INT64_MAX, err));
    AccountLink link = { .id = str(name), .kind = S("password"), .user = user.id };
    CALL(account_link_put(tx, &world->system, &link, err));
    *scope_r = (Scope){ .workspace = workspace.id, .user = user.id, .role = ROLE_OWNER };
    Scope inside = *scope_r;
    inside.is_system = true;
    CALL(membership_set(tx, &inside, user.id, ROLE_OWNER, err));
    return true;
}

/* Of the whole server. */
static bool add_rate(DbTx *tx, World *world, Error *err)
{
    const JobRate rate = { .type = S("world"), .count = 9, .time_ms = 1000 };
    int64_t allowed, next_ms;
    return jobs_store_rate(tx, &world->system, &rate, 1, 1, &allowed, &next_ms, err);
}

static bool fill(DbTx *tx, World *world, Error *err)
{
    return add_rate(tx, world, err) && add_workspace(tx, world, "ours", &world->ours, err) &&
           add_workspace(tx, world, "theirs", &world->theirs, err);
}

void world_open(World *world, const char *url)
{
    Error err = { 0 };

    *world = (World){ .arena = arena_new(GB(1)), .url = url, .system = scope_system() };
    cr_assert(db_open(url, NULL, &world->db, &err), "%s", err.message);
    cr_assert(migrate_up(world->db, &err), "%s", err.message);
    world_write(world, &world->system, fill);
}

void world_close(World *world)
{
    db_close(world->db);
    arena_free(world->arena);
}

void world_run(const char *url, WorldWork *work)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.ours, work);
    world_close(&world);
}

bool world_calls(DbTx *tx, World *world, const CallRow *rows, size_t count, Error *err)
{
    AUTO_ARENA Arena *scratch = arena_new(MB(64));
    CallBatch *batch = calls_batch_new(world->arena, scratch, world->ours.workspace);
    for (size_t i = 0; i < count; i += CALL_PAGE)
        calls_batch_page(batch, rows + i, MIN(count - i, (size_t)CALL_PAGE));
    return calls_add(tx, &world->ours, world->arena, batch, err);
}

bool world_document(DbTx *tx, World *world, const Scope *scope, const char *name,
                    const char *contents, Document *document_r, Error *err)
{
    Document given = {
        .name = str(name),
        .media_type = S("text/plain"),
        .format = S("text"),
        .blob = sha256_hex(world->arena, str(contents)),
        .size_bytes = (int64_t)strlen(contents),
        .source = S("upload"),
    };
    bool is_new;

    CALL(document_add(tx, scope, world->arena, &given, document_r, &is_new, err));
    EXPECT(is_new);
    return true;
}

bool world_ready(DbTx *tx, World *world, const Scope *scope, const char *name, const char *contents,
                 size_t chunk_count, Document *document_r, Error *err)
{
    Document doc;
    Str text = str(contents);
    StoredBlock block = { .length = text.length, .page = 1 };
    Chunk *chunks = arena_new_array(world->arena, Chunk, chunk_count);
    Vector *vectors = arena_new_array(world->arena, Vector, chunk_count);

    CALL(world_document(tx, world, scope, name, contents, &doc, err));
    CALL(text_save(tx, scope, doc.id, 1, text, err));
    CALL(block_save(tx, scope, doc.id, 1, &block, 1, err));
    for (size_t i = 0; i < chunk_count; i++)
        chunks[i] = (Chunk){ .start = (int64_t)i, .length = 1, .text = text, .place = S("page 1") };
    CALL(chunk_replace(tx, scope, world->arena, doc.id, 1, chunks, chunk_count, err));
    for (size_t i = 0; i < chunk_count; i++)
        vectors[i] = (Vector){ .number = chunks[i].number, .scale = 0.5, .bytes = S("\1\2\377") };
    CALL(vector_add(tx, scope, world->arena, doc.id, S("m"), vectors, chunk_count, err));
    CALL(document_advance(tx, scope, doc.id, 1u << DOCUMENT_QUEUED, DOCUMENT_READY, err));
    CALL(document_find(tx, scope, world->arena, doc.id, document_r, err));
    return true;
}
