/* models_records_test.c - whose calls are written. */
#include "db/fixture_test.h"
#include "models/models_int.h"
#include "store/calls_store.h"
#include "store/migrate.h"
#include "store/people_store.h"
#include "store/workspaces_store.h"

/* A workspace with one member, and somebody who is none any more. */
typedef struct Place {
    Arena *arena;
    Db *db;
    Scope system, scope;
    User member, former;
    CallList calls;
    CallSumList sums;
} Place;

static Error err;

static bool make_place(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    Workspace workspace = { .name = S("w") };
    place->member = (User){ .email = S("ada@example.org"), .name = S("Ada") };
    place->former = (User){ .email = S("bert@example.org"), .name = S("Bert") };
    if (!workspace_add(tx, &place->system, place->arena, &workspace, error) ||
        !user_add(tx, &place->system, place->arena, &place->member, error) ||
        !user_add(tx, &place->system, place->arena, &place->former, error))
        return false;
    place->scope = (Scope){ .workspace = workspace.id, .role = ROLE_ADMIN };
    Scope inside = place->system;
    inside.workspace = workspace.id;
    return membership_set(tx, &inside, place->member.id, ROLE_READER, error);
}

static bool read_calls(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    const CallFilter any = { 0 };
    return calls_list(tx, &place->scope, place->arena, &any, NULL, &place->calls, error) &&
           calls_sum(tx, &place->scope, place->arena, CALL_GROUP_USER, &any, &place->sums, error);
}

static const CallRecord *record_of(Place *place, int number, Str user)
{
    CallRecord *record = arena_new_one(place->arena, CallRecord);
    *record = (CallRecord){ .id = str_format(place->arena, "%d", number),
                            .workspace = place->scope.workspace,
                            .user = user,
                            .model = S("m"),
                            .status = S("ok"),
                            .started_ms = 1000 + number };
    return record;
}

TEST_BOTH(models, a_call_that_ends_when_its_person_is_gone_names_nobody)
{
    Place place = { .arena = arena_new(MB(4)),
                    .system = { .is_system = true, .role = ROLE_OWNER } };
    DbOptions options = { 0 };
    Models *models;
    cr_assert(db_open(url, &options, &place.db, &err) && migrate_up(place.db, &err), "%s",
              err.message);
    cr_assert(store_write(place.db, &place.system, make_place, &place, &err), "%s", err.message);
    ModelsOptions with = { .db = place.db };
    cr_assert(models_open(&with, &models, &err), "%s", err.message);
    const CallRecord *records[] = { record_of(&place, 1, place.former.id),
                                    record_of(&place, 2, place.member.id),
                                    record_of(&place, 3, place.former.id),
                                    record_of(&place, 4, STR_NONE) };
    cr_assert(models_write_records(models, records, COUNT(records), &err), "%s", err.message);
    cr_assert(store_read(place.db, &place.scope, read_calls, &place, &err), "%s", err.message);
    cr_assert_eq(place.calls.count, COUNT(records));
    for (size_t i = 0; i < place.calls.count; i++) {
        const CallRow *call = &place.calls.at[i];
        Str user = str_is(call->id, "2") ? place.member.id : STR_NONE;
        cr_expect(str_equal(call->user, user), "of call " STR_FMT, STR_ARG(call->id));
    }
    for (size_t i = 0; i < place.sums.count; i++)
        cr_expect(!str_equal(place.sums.at[i].name, place.former.id));
    models_close(models);
    db_close(place.db);
    arena_free(place.arena);
}
