#include "store/person_data_store.h"

#include "store/isolation_world_test.h"
#include "store/move_int.h"

/* --- Every column that names people is in person_columns.def --- */

static const struct {
    const char *table, *column; /* table NULL: in any */
    const char *why;
} others[] = {
    { NULL, "by_mail", "whether, not who" },
    { NULL, "made_by", "a kind of maker, not who" },
    { "workflow_executions", "started_by", "a kind of start" },
    { "users", "email", "the account, which goes with its last workspace" },
    { "identities", "user_id", "goes with the account" },
    { "account_links", "user_id", "goes with the account" },
    { "account_links", "email", "goes with the account" },
    { "passkeys", "user_id", "goes with the account" },
    { "second_factors", "user_id", "goes with the account" },
    { "recovery_codes", "user_id", "goes with the account" },
    { "half_sign_ins", "user_id", "goes with the account" },
    { "notices", "mail", "whether, not who" },
    { "person_erasures", "user_id", "empty once the erasure has ended" },
};

static bool is_other(Str table, Str column)
{
    for (size_t i = 0; i < COUNT(others); i++)
        if (str_is(column, others[i].column) &&
            (!others[i].table || str_is(table, others[i].table)))
            return true;
    return false;
}

/* As this program calls columns that name people. */
static bool names_somebody(Str column)
{
    static const char *const names[] = { "user_id", "user",  "person",   "requester", "assignee",
                                         "deputy",  "email", "owner_id", "author" };
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_is(column, names[i]))
            return true;
    return str_ends(column, S("_by")) || str_ends(column, S("_user"));
}

static bool look_at_columns(DbTx *tx, void *argument, Error *err)
{
    MoveShapes shapes;
    if (!move_shapes(tx, argument, &shapes, err))
        return false;
    for (size_t i = 0; i < shapes.count; i++)
        for (size_t j = 0; j < shapes.at[i].column_count; j++) {
            Str table = shapes.at[i].name, column = shapes.at[i].columns[j].name;
            cr_expect(!names_somebody(column) || is_other(table, column) ||
                          person_column_is_known(table, column),
                      STR_FMT "." STR_FMT " names people: add it to person_columns.def",
                      STR_ARG(table), STR_ARG(column));
        }
    return true;
}

TEST_BOTH(person_data, each_column_that_names_people_says_what_becomes_of_it)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Error err;
    Db *db;
    const DbWho system = { .is_system = true };
    cr_assert(db_open(url, NULL, &db, &err), "%s", err.message);
    cr_assert(db_read(db, &system, look_at_columns, arena, &err), "%s", err.message);
    db_close(db);
}

/* --- With a row in every table --- */

/* Row by row, so that what is done in parts is whole. */
static bool erase_all(DbTx *tx, World *world, const Scope *scope, const PersonNames *person,
                      size_t *changed_r, Error *err)
{
    WorkspaceTableList tables;
    *changed_r = 0;
    CALL(workspace_tables(tx, &world->system, world->arena, &tables, err));
    for (size_t i = 0; i < person_column_count(); i++) {
        int64_t rows, limit = person_column_waits(i) ? INT64_MAX : 1;
        CALL(person_data_erase(tx, scope, world->arena, person, &tables, i, limit, &rows, err));
        *changed_r += rows > 0;
        while (rows == limit)
            CALL(person_data_erase(tx, scope, world->arena, person, &tables, i, limit, &rows, err));
    }
    return true;
}

static bool erase_and_look(DbTx *tx, World *world, Error *err)
{
    const PersonNames person = { .id = world->ours.user,
                                 .email = S("nobody@example.org"),
                                 .pseudonym = S("erased-1") };
    PersonCountList left;
    size_t changed;
    CALL(erase_all(tx, world, &world->ours, &person, &changed, err));
    EXPECT(changed > 20);
    CALL(person_data_traces(tx, &world->ours, world->arena, &person, &left, err));
    for (size_t i = 0; i < left.count; i++)
        cr_expect(str_is(left.at[i].table, "audit"), STR_FMT "." STR_FMT " still names the person",
                  STR_ARG(left.at[i].table), STR_ARG(left.at[i].column));
    return true;
}

static bool erase_in_theirs(DbTx *tx, World *world, Error *err)
{
    const PersonNames person = { .id = world->ours.user, .pseudonym = S("erased-1") };
    PersonCountList list;
    size_t changed;
    Buf out = buf_new(world->arena, MB(16));
    CALL(erase_all(tx, world, &world->theirs, &person, &changed, err));
    EXPECT(!changed);
    CALL(person_data_traces(tx, &world->theirs, world->arena, &person, &list, err));
    EXPECT(!list.count);
    CALL(person_data_print(tx, &world->theirs, world->arena, person.id, 9, &out, err));
    EXPECT(str_find(buf_str(&out), world->ours.user) < 0);
    return true;
}

TEST_BOTH(person_data, no_text_of_any_table_but_the_audit_log_names_who_was_erased)
{
    World world;
    world_open(&world, url);
    world_write(&world, &world.ours, isolation_fill);
    world_write(&world, &world.system, erase_in_theirs);
    world_write(&world, &world.system, erase_and_look);
    world_close(&world);
}
