#include "store/world_test.h"

#include "store/api_keys_store.h"
#include "store/client_files_store.h"
#include "store/people_store.h"
#include "store/retention.h"
#include "store/sessions_store.h"
#include "store/workspaces_store.h"

/* Log-in runs for the system: the workspace is known only afterwards. */
static WorldWork people_work;
TEST_BOTH(store, people_log_in_until_they_may_not)
{
    World world;

    world_open(&world, url);
    world_write(&world, &world.system, people_work);
    world_close(&world);
}

static bool people_work(DbTx *tx, World *world, Error *err)
{
    Scope *ours = &world->ours, *all = &world->system;
    Session session = { .id = S("s1"), .user = ours->user, .csrf = S("c"), .expires_at_ms = 1000 };
    ApiKey key = { .user = ours->user, .name = S("k"), .hash = S("h1"), .role = ROLE_EDITOR };
    ApiKey shared = { .name = S("shared"), .hash = S("h2"), .role = ROLE_READER };
    User user, same = { .email = S(" OURS@example.ORG ") };
    MembershipList list;
    Role role;
    int64_t count;

    CALL(user_find_by_email(tx, all, world->arena, S("Ours@Example.org"), &user, err));
    EXPECT(str_equal(user.id, ours->user));
    EXPECT_CODE(ERROR_CONFLICT, user_add(tx, all, world->arena, &same, err));
    EXPECT_CODE(ERROR_DENIED, user_add(tx, ours, world->arena, &same, err));
    CALL(membership_list_of_user(tx, all, world->arena, user.id, &list, err));
    EXPECT(list.count == 1 && list.at[0].role == ROLE_OWNER);
    EXPECT(str_is(list.at[0].workspace_name, "ours"));
    CALL(membership_owner_count(tx, ours, &count, err));
    EXPECT(count == 1);

    CALL(session_add(tx, ours, &session, err));
    CALL(session_find(tx, all, world->arena, S("s1"), 999, &session, err));
    EXPECT(session.role == ROLE_OWNER && str_equal(session.workspace, ours->workspace));
    EXPECT_CODE(ERROR_NOT_FOUND, session_find(tx, all, world->arena, S("s1"), 1000, &session, err));
    CALL(session_seen(tx, all, S("s1"), 990, 2000, err));
    CALL(api_key_add(tx, ours, world->arena, &key, err));
    CALL(api_key_add(tx, ours, world->arena, &shared, err));
    CALL(api_key_find_by_hash(tx, all, world->arena, S("h1"), 5, &key, err));
    EXPECT(key.role == ROLE_EDITOR && str_equal(key.workspace, ours->workspace));

    /* A key never allows more than its person's role, and nothing to one who is disabled. */
    CALL(membership_set(tx, ours, user.id, ROLE_READER, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                api_key_find_by_hash(tx, all, world->arena, S("h1"), 5, &key, err));
    CALL(membership_set(tx, ours, user.id, ROLE_ADMIN, err));
    CALL(api_key_find_by_hash(tx, all, world->arena, S("h1"), 5, &key, err));
    user.is_disabled = true;
    CALL(user_update(tx, all, &user, err));
    CALL(membership_role(tx, ours, user.id, &role, err));
    EXPECT(role == ROLE_NONE);
    EXPECT_CODE(ERROR_NOT_FOUND,
                api_key_find_by_hash(tx, all, world->arena, S("h1"), 5, &key, err));
    EXPECT_CODE(ERROR_NOT_FOUND, session_find(tx, all, world->arena, S("s1"), 999, &session, err));
    CALL(api_key_find_by_hash(tx, all, world->arena, S("h2"), 5, &key, err));
    CALL(api_key_revoke(tx, ours, key.id, 77, err));
    CALL(api_key_revoke(tx, ours, key.id, 78, err));
    EXPECT_CODE(ERROR_NOT_FOUND,
                api_key_find_by_hash(tx, all, world->arena, S("h2"), 5, &key, err));
    CALL(api_key_find(tx, ours, world->arena, key.id, &key, err));
    EXPECT(key.revoked_at_ms == 77);

    ClientFile voice = { .user = user.id, .purpose = S(FILE_PURPOSE_VOICE), .blob = S("b") };
    ClientFile file = { .user = user.id, .purpose = S("vision"), .blob = S("c") };
    CALL(client_file_add(tx, ours, world->arena, MB(1), &voice, err));
    CALL(client_file_add(tx, ours, world->arena, MB(1), &file, err));
    CALL(voice_find(tx, ours, world->arena, voice.id, &voice, err));
    EXPECT_CODE(ERROR_NOT_FOUND, client_file_find(tx, ours, world->arena, voice.id, &voice, err));
    CALL(user_remove(tx, all, user.id, err));
    EXPECT_CODE(ERROR_NOT_FOUND, voice_find(tx, ours, world->arena, voice.id, &voice, err));
    CALL(client_file_find(tx, ours, world->arena, file.id, &file, err));
    CALL(retention_cut(tx, all, RETENTION_SESSIONS, INT64_MAX, 9, &count, err));
    EXPECT(count == 0);
    CALL(user_count(tx, all, &count, err));
    EXPECT(count == 1);
    return true;
}

Test(store, roles_have_names_and_an_order)
{
    Scope reader = { .role = ROLE_READER }, all = scope_system();
    Error err = { 0 };

    cr_assert_eq(role_named(S("editor")), ROLE_EDITOR);
    cr_assert_eq(role_named(S("none")), ROLE_NONE);
    cr_assert_eq(role_named(S("king")), ROLE_NONE);
    cr_assert_str_eq(role_name(ROLE_ADMIN), "admin");
    cr_assert(scope_needs(&reader, ROLE_READER, &err));
    cr_assert(!scope_needs(&reader, ROLE_EDITOR, &err));
    cr_assert_str_eq(err.message, "this needs the role 'editor'; yours is 'reader'");
    cr_assert(scope_needs(&all, ROLE_OWNER, &err));
}
