#include "account/erasure.h"

#include "db/fixture_test.h"
#include "store/migrate.h"
#include "store/searches_store.h"

/* --- An owner, and somebody who has searched and made a key --- */

typedef struct Place {
    Arena *arena;
    Db *db;
    Account *account;
    Visitor owner, other;
    User user;
    Str proof;
} Place;

static Error err;

static bool add_search(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    Search search = { .query = S("my own question"), .mode = S("hybrid") };
    return search_add(tx, &place->other.scope, place->arena, &search, error);
}

static void place_open(Place *place, const char *url)
{
    AccountOptions options = { .session_days = 30 };
    SignIn owner = { .email = S("ada@example.org"),
                     .name = S("Ada"),
                     .password = S("correct horse battery"),
                     .workspace = S("Harbour") };
    SignIn who = { .email = S("bert@example.org"),
                   .name = S("Bert"),
                   .password = S("correct horse battery") };
    Str token;
    *place = (Place){ .arena = arena_new(MB(512)) };
    cr_assert(db_open(url, NULL, &place->db, &err) && migrate_up(place->db, &err), "%s",
              err.message);
    cr_assert(account_open(place->db, &options, &place->account, &err));
    cr_assert(account_setup(place->account, place->arena, &owner, &token, &place->owner, &err));
    cr_assert(account_add_person(place->account, place->arena, &place->owner, &who, ROLE_EDITOR,
                                 &place->user, &err));
    place->other = place->owner;
    place->other.scope.user = place->user.id;
    place->other.scope.role = ROLE_EDITOR;
    cr_assert(store_write(place->db, &place->other.scope, add_search, place, &err), "%s",
              err.message);
}

static void place_close(Place *place)
{
    account_close(place->account);
    db_close(place->db);
    arena_free(place->arena);
}

static bool has(Str text, const char *part) { return str_find(text, str(part)) >= 0; }

TEST_BOTH(erasure, what_is_known_of_somebody_is_given_without_digests)
{
    Place place;
    place_open(&place, url);
    Buf out = buf_new(place.arena, MB(16));
    cr_assert(account_person_data(place.account, place.arena, &place.owner, S("bert@example.org"),
                                  &out, &err),
              "%s", err.message);
    Str text = buf_str(&out);
    cr_expect(has(text, "my own question") && has(text, "\"email\":\"bert@example.org\""));
    cr_expect(!has(text, "password_hash") && !has(text, "ada@example.org"));
    cr_expect(
        !account_person_data(place.account, place.arena, &place.other, place.user.id, &out, &err) &&
        err.code == ERROR_DENIED);
    place_close(&place);
}

TEST_BOTH(erasure, somebody_is_erased_with_a_proof_that_only_this_server_signs)
{
    Place place;
    place_open(&place, url);
    cr_assert(account_erase_person(place.account, place.arena, &place.owner, S("bert@example.org"),
                                   &place.proof, &err),
              "%s", err.message);
    cr_expect(has(place.proof,
                  "\"table\":\"searches\",\"column\":\"user_id\",\"became\":\"erased\","
                  "\"rows\":1"));
    cr_expect(has(place.proof, "\"account_erased\":true"));
    cr_expect(!has(place.proof, "bert@") && !has(place.proof, place.user.id.at));
    cr_expect(account_check_proof(place.account, place.proof, &err), "%s", err.message);
    Str forged = str_copy(place.arena, place.proof);
    ((char *)(uintptr_t)forged.at)[str_find(forged, S("\"rows\":1")) + 7] = '2';
    cr_expect(!account_check_proof(place.account, forged, &err) && err.code == ERROR_DENIED);
    cr_expect(!account_check_proof(place.account, S("{}"), &err));
    Buf out = buf_new(place.arena, MB(16));
    cr_expect(
        !account_person_data(place.account, place.arena, &place.owner, place.user.id, &out, &err) &&
        err.code == ERROR_NOT_FOUND);
    place_close(&place);
}

TEST_BOTH(erasure, nobody_erases_themselves_or_a_person_above_them)
{
    Place place;
    place_open(&place, url);
    cr_expect(!account_erase_person(place.account, place.arena, &place.owner, S("ada@example.org"),
                                    &place.proof, &err) &&
              err.code == ERROR_CONFLICT);
    cr_expect(!account_erase_person(place.account, place.arena, &place.other, S("ada@example.org"),
                                    &place.proof, &err) &&
              err.code == ERROR_DENIED);
    place_close(&place);
}
