/* document_sight_test.c - what is searched from memory for somebody is at once what the database
 * lets them see. */
#include "db/fixture_test.h"
#include "search/many_test.h"
#include "search/search_int.h"
#include "store/document_access.h"
#include "store/groups_store.h"

#define WAIT_MS 20000
#define ROUNDS 120

typedef enum Looker { READER, EDITOR, KEY, GUARDED, AUDITOR, OWNER, LOOKER_COUNT } Looker;

typedef struct Sharing {
    Many many;
    Group group;
    Str people[2]; /* the reader and the editor */
    Scope lookers[LOOKER_COUNT];
    int round;
} Sharing;

static bool add_person(DbTx *tx, Sharing *in, const char *name, Role role, Str *id_r, Error *err)
{
    World *w = in->many.w;
    Scope inside = w->scope;
    User user = { .email = str_format(w->arena, "%s@example.org", name), .name = str(name) };
    inside.is_system = true;
    if (!user_add(tx, &w->system, w->arena, &user, err))
        return false;
    *id_r = user.id;
    return membership_set(tx, &inside, user.id, role, err);
}

static bool add_people(DbTx *tx, void *argument, Error *err)
{
    Sharing *in = argument;
    in->group = (Group){ .name = S("some") };
    return add_person(tx, in, "reader", ROLE_READER, &in->people[0], err) &&
           add_person(tx, in, "editor", ROLE_EDITOR, &in->people[1], err) &&
           group_add(tx, &in->many.w->scope, in->many.w->arena, &in->group, err);
}

static void make_lookers(Sharing *in)
{
    const World *w = in->many.w;
    const Str *shelves = in->many.collections;
    for (size_t i = 0; i < LOOKER_COUNT; i++)
        in->lookers[i] = w->scope;
    in->lookers[READER].user = in->people[0];
    in->lookers[READER].role = ROLE_READER;
    in->lookers[READER].collections = S(""); /* as a row of a key without a limit has it */
    in->lookers[EDITOR].user = in->people[1];
    in->lookers[EDITOR].role = ROLE_EDITOR;
    in->lookers[KEY].user = in->people[1];
    in->lookers[KEY].role = ROLE_EDITOR;
    in->lookers[KEY].collections =
        str_format(w->arena, STR_FMT " " STR_FMT, STR_ARG(shelves[0]), STR_ARG(shelves[2]));
    in->lookers[GUARDED].user = STR_NONE;
    in->lookers[GUARDED].role = ROLE_READER;
    in->lookers[GUARDED].guard = shelves[2];
    in->lookers[AUDITOR].user = S("an auditor");
    in->lookers[AUDITOR].role = ROLE_AUDITOR;
}

/* --- Changes of who sees what --- */

static bool share(DbTx *tx, Sharing *in, Guarded what, Str id, Error *err)
{
    const Scope *scope = &in->many.w->scope;
    const Grant all[] = {
        { .kind = GRANT_TO_user, .subject = in->people[0], .level = GRANT_read },
        { .kind = GRANT_TO_group, .subject = in->group.id, .level = GRANT_edit },
    };
    uint64_t first = many_draw(&in->many, 3), count = many_draw(&in->many, 3 - first);
    return many_draw(&in->many, 3) ? access_restrict(tx, scope, what, id, all + first, count, err)
                                   : access_open(tx, scope, what, id, err);
}

static bool change_group(DbTx *tx, Sharing *in, Error *err)
{
    const Scope *scope = &in->many.w->scope;
    Str person = in->people[many_draw(&in->many, 2)];
    return many_draw(&in->many, 2) ? group_member_add(tx, scope, in->group.id, person, err)
                                   : group_member_remove(tx, scope, in->group.id, person, err);
}

static bool change_role(DbTx *tx, Sharing *in, Error *err)
{
    Scope inside = in->many.w->scope;
    inside.is_system = true;
    return membership_set(tx, &inside, in->people[1],
                          many_draw(&in->many, 3) ? ROLE_EDITOR : ROLE_ADMIN, err);
}

static bool change_sharing(DbTx *tx, void *argument, Error *err)
{
    Sharing *in = argument;
    Many *many = &in->many;
    const Scope *scope = &many->w->scope;
    Str document = many->ids[many_draw(many, DOCUMENTS)];
    Str shelf = many->collections[many_draw(many, 2) * 2];
    switch (in->round % 6) {
    case 0: return share(tx, in, GUARDED_COLLECTION, shelf, err);
    case 1: return share(tx, in, GUARDED_DOCUMENT, document, err);
    case 2: return change_group(tx, in, err);
    case 3: return document_move(tx, scope, document, shelf, err);
    case 4: return change_role(tx, in, err);
    default: return access_forget_subject(tx, scope, in->people[many_draw(many, 2)], err);
    }
}

/* A refusal, as of two that would have the same bytes, changes nothing. */
static void change(Sharing *in)
{
    Error err = { 0 };
    World *w = in->many.w;
    bool ok = many_draw(&in->many, 5) ? store_write(w->db, &w->scope, change_sharing, in, &err)
                                      : many_change(&in->many, in->round % DOCUMENTS, &err);
    cr_assert(ok || err.code == ERROR_CONFLICT || err.code == ERROR_NOT_FOUND, "round %d: %s",
              in->round, err.message);
}

/* --- What is seen --- */

static bool has(const ChunkBits *set, uint64_t number)
{
    return number < set->bit_count && set->bits[number / 64] >> number % 64 & 1;
}

static ChunkBits by_rows(Sharing *in, const Scope *scope, const SearchRequest *request)
{
    Error err = { 0 };
    World *w = in->many.w;
    ChunkBits bits;
    cr_assert(search_allow_by_rows(w->searcher, scope, w->arena, request, &bits, &err), "%s",
              err.message);
    return bits;
}

/* Of the chunks that live; how many are hidden. No bits: all. */
static size_t expect_same(Sharing *in, Looker looker, const SearchRequest *request)
{
    World *w = in->many.w;
    const Scope *scope = &in->lookers[looker];
    Error err = { 0 };
    ChunkBits live = by_rows(in, &w->scope, request), rows = by_rows(in, scope, request), table;
    size_t hidden = 0;
    cr_assert(search_allow(w->searcher, scope, w->arena, request, &table, &err), "%s", err.message);
    for (uint64_t i = 0; i < live.bit_count; i++) {
        bool is_seen = has(&rows, i);
        if (!has(&live, i))
            continue;
        cr_assert_eq(!table.bits || has(&table, i), is_seen,
                     "round %d, looker %d: chunk %" PRIu64 " is %sseen", in->round, looker, i,
                     is_seen ? "" : "not ");
        hidden += !is_seen;
    }
    return hidden;
}

/* Each change is committed right before it is searched. */
TEST_BOTH(search, what_is_hidden_is_at_once_hidden_in_memory_too)
{
    World w;
    Error err = { 0 };
    SearchRequest every = { .query = S("words") }, some = every;
    size_t hidden[LOOKER_COUNT] = { 0 };
    const DocumentTable *table;
    some.formats = (StrList){ (Str[]){ S("pdf"), S("txt") }, 2 };
    world_open(&w, url);
    Sharing in = { .many = { .w = &w, .random = 13 } };
    cr_assert(many_add(&in.many, &err) && store_write(w.db, &w.system, add_people, &in, &err), "%s",
              err.message);
    make_lookers(&in);
    cr_assert(document_tables_wait(w.searcher->tables, &w.scope, WAIT_MS));
    for (in.round = 0; in.round < ROUNDS; in.round++) {
        change(&in);
        for (Looker looker = READER; looker < LOOKER_COUNT; looker++) {
            hidden[looker] += expect_same(&in, looker, &every);
            (void)expect_same(&in, looker, &some);
        }
    }
    for (Looker looker = READER; looker < OWNER; looker++)
        cr_expect(hidden[looker], "%d saw everything all the time", looker);
    cr_expect(!hidden[OWNER]);
    cr_assert(search_borrow_table(w.searcher, &w.scope, &every, &table, &err));
    cr_expect(table, "memory did not answer");
    document_tables_release(w.searcher->tables, table);
    world_close(&w);
}
