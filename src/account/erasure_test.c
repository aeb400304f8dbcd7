#include "account/erasure.h"

#include "account/account_fixture_test.h"
#include "base/clock.h"
#include "jobs/job_runner.h"
#include "store/searches_store.h"

/* --- An owner, and somebody who has searched and made a key --- */

typedef struct Place {
    Arena *arena;
    Db *db;
    Account *account;
    Visitor owner, other;
    User user;
    SearchList searches;
} Place;

static Error err;

static bool add_search(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    Search search = { .query = S("my own question"), .mode = S("hybrid") };
    return search_add(tx, &place->other.scope, place->arena, &search, error);
}

static bool add_searches(DbTx *tx, void *argument, Error *error)
{
    for (int i = 0; i < 2500; i++)
        if (!add_search(tx, argument, error))
            return false;
    return true;
}

static bool list_searches(DbTx *tx, void *argument, Error *error)
{
    Place *place = argument;
    return search_list(tx, &place->other.scope, place->arena, STR_NONE, NULL, &place->searches,
                       error);
}

static size_t searches_of(Place *place)
{
    cr_assert(store_read(place->db, &place->other.scope, list_searches, place, &err), "%s",
              err.message);
    return place->searches.count;
}

static void place_open(Place *place, const char *url)
{
    AccountOptions options = { .session_days = 30, .erases_themselves = true };
    SignIn who = { .email = S("bert@example.org"), .name = S("Bert"), .password = PASSWORD };
    *place = (Place){ .arena = arena_new(MB(512)) };
    place->account = account_with_ada(place->arena, url, &options, &place->db, &place->owner, NULL);
    cr_assert(account_add_person(place->account, place->arena, &place->owner, &who, ROLE_EDITOR,
                                 &place->user, &err));
    place->other = place->owner;
    place->other.scope.user = place->user.id;
    place->other.scope.role = ROLE_EDITOR;
    cr_assert(store_write(place->db, &place->other.scope, add_search, place, &err), "%s",
              err.message);
    cr_assert_eq(searches_of(place), 1u);
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
    cr_expect(!account_person_data(place.account, place.arena, &place.other, S("ada@example.org"),
                                   &out, &err) &&
              err.code == ERROR_DENIED);
    cr_expect(
        account_person_data(place.account, place.arena, &place.other, place.user.id, &out, &err),
        "everybody may know what is kept of themselves: %s", err.message);
    place_close(&place);
}

/* --- By its job --- */

static void run_jobs(Place *place, JobRunner **jobs_r)
{
    JobType types[] = { { .name = JOB_ERASE_PERSON,
                          .run = account_erase_person_job,
                          .cancel = account_erase_person_cancel,
                          .argument = place->account,
                          .attempts_max = 50,
                          .lease_s = 1 } };
    JobRunnerOptions options = { .db = place->db, .types = types, .type_count = COUNT(types) };
    cr_assert(jobs_start(&options, jobs_r, &err), "%s", err.message);
}

static void find(Place *place, Str id, ErasureShown *shown)
{
    cr_assert(account_find_erasure(place->account, place->arena, &place->owner, id, shown, &err),
              "%s", err.message);
}

/* Until it has ended. */
static void wait_for(Place *place, Str id, ErasureShown *shown)
{
    int64_t until = now_ms() + 20000;
    do {
        find(place, id, shown);
        cr_assert(now_ms() < until, "it does not end: " STR_FMT, STR_ARG(shown->job.error));
        sleep_ms(5);
    } while (!shown->erasure.ended_at_ms);
}

static Str ask(Place *place, int64_t days)
{
    PersonErasure erasure;
    cr_assert(account_ask_erasure(place->account, place->arena, &place->owner,
                                  S("bert@example.org"), days, &erasure, &err),
              "%s", err.message);
    return erasure.id;
}

TEST_BOTH(erasure, somebody_is_erased_with_a_proof_that_only_this_server_signs)
{
    Place place;
    JobRunner *jobs;
    ErasureShown shown;
    place_open(&place, url);
    run_jobs(&place, &jobs);
    wait_for(&place, ask(&place, 0), &shown);
    Str proof = shown.erasure.proof;
    cr_expect(has(proof, "\"table\":\"searches\",\"column\":\"user_id\",\"became\":\"erased\","
                         "\"rows\":1"));
    cr_expect(has(proof, "\"account_erased\":true") && !shown.erasure.user.length);
    cr_expect(!has(proof, "bert@") && !has(proof, place.user.id.at));
    cr_expect(account_check_proof(place.account, proof, &err), "%s", err.message);
    Str forged = str_copy(place.arena, proof);
    ((char *)(uintptr_t)forged.at)[str_find(forged, S("\"rows\":1")) + 7] = '2';
    cr_expect(!account_check_proof(place.account, forged, &err) && err.code == ERROR_DENIED);
    cr_expect(!account_check_proof(place.account, S("{}"), &err));
    Buf out = buf_new(place.arena, MB(16));
    cr_expect(
        !account_person_data(place.account, place.arena, &place.owner, place.user.id, &out, &err) &&
        err.code == ERROR_NOT_FOUND);
    cr_assert(store_write(place.db, &place.other.scope, add_search, &place, &err), "%s",
              err.message);
    cr_expect_eq(searches_of(&place), 0u, "one that was told too late is not kept");
    cr_assert(jobs_stop(jobs, 20000));
    place_close(&place);
}

static bool is_there(Place *place, Str email)
{
    Buf out = buf_new(place->arena, MB(16));
    return account_person_data(place->account, place->arena, &place->owner, email, &out, &err);
}

TEST_BOTH(erasure, it_can_be_taken_back_until_it_has_begun)
{
    Place place;
    JobRunner *jobs;
    ErasureShown shown;
    PersonErasure again;
    place_open(&place, url);
    Str id = ask(&place, 3);
    cr_expect(!account_ask_erasure(place.account, place.arena, &place.owner, place.user.id, 0,
                                   &again, &err) &&
              err.code == ERROR_CONFLICT);
    find(&place, id, &shown);
    cr_expect(shown.job.state == JOB_DELAYED && str_equal(shown.erasure.user, place.user.id));
    cr_expect(!account_keep_person(place.account, place.arena, &place.other, id, &err) &&
              err.code == ERROR_DENIED);
    cr_assert(account_keep_person(place.account, place.arena, &place.owner, id, &err), "%s",
              err.message);
    cr_expect(is_there(&place, S("bert@example.org")));
    run_jobs(&place, &jobs);
    id = ask(&place, 0);
    wait_for(&place, id, &shown);
    cr_expect(!is_there(&place, S("bert@example.org")) && err.code == ERROR_NOT_FOUND);
    cr_expect(!account_keep_person(place.account, place.arena, &place.owner, id, &err) &&
              err.code == ERROR_CONFLICT);
    cr_assert(jobs_stop(jobs, 20000));
    place_close(&place);
}

TEST_BOTH(erasure, one_that_was_killed_on_its_way_goes_on_and_counts_every_row_once)
{
    Place place;
    JobRunner *jobs;
    ErasureShown shown;
    place_open(&place, url);
    cr_assert(store_write(place.db, &place.other.scope, add_searches, &place, &err));
    Str id = ask(&place, 0);
    run_jobs(&place, &jobs);
    do
        find(&place, id, &shown);
    while (!shown.erasure.began_at_ms);
    cr_assert(jobs_stop(jobs, 0));
    run_jobs(&place, &jobs);
    wait_for(&place, id, &shown);
    cr_assert(jobs_stop(jobs, 20000));
    cr_expect(has(shown.erasure.proof, "\"table\":\"searches\",\"column\":\"user_id\","
                                       "\"became\":\"erased\",\"rows\":2501"),
              STR_FMT, STR_ARG(shown.erasure.proof));
    place_close(&place);
}

TEST_BOTH(erasure, nobody_erases_themselves_as_another_or_a_person_above_them)
{
    Place place;
    PersonErasure erasure;
    place_open(&place, url);
    cr_expect(!account_ask_erasure(place.account, place.arena, &place.owner, S("ada@example.org"),
                                   0, &erasure, &err) &&
              err.code == ERROR_CONFLICT);
    place.other.scope.role = ROLE_ADMIN;
    cr_expect(!account_ask_erasure(place.account, place.arena, &place.other, S("ada@example.org"),
                                   0, &erasure, &err) &&
              err.code == ERROR_DENIED);
    place_close(&place);
}

TEST_BOTH(erasure, people_delete_their_own_account_when_they_may_and_no_last_owner_does)
{
    const SecondFactorProof right = { .password = S("correct horse battery") };
    const SecondFactorProof wrong = { .password = S("incorrect horse battery") };
    Place place;
    JobRunner *jobs;
    PersonErasure erasure;
    PersonErasureList proofs;
    ErasureShown shown;
    Str token = STR_NONE, former;
    place_open(&place, url);
    cr_expect(!account_ask_own_erasure(place.account, place.arena, &place.other, &wrong, &erasure,
                                       &token, &err));
    cr_expect(!account_ask_own_erasure(place.account, place.arena, &place.owner, &right, &erasure,
                                       &token, &err) &&
              err.code == ERROR_CONFLICT && has(str(err.message), "last owner"));
    cr_assert(account_ask_own_erasure(place.account, place.arena, &place.other, &right, &erasure,
                                      &token, &err),
              "%s", err.message);
    former = token;
    cr_assert(account_keep_own(place.account, place.arena, &place.other, &err), "%s", err.message);
    cr_expect(!account_keep_own(place.account, place.arena, &place.other, &err) &&
              err.code == ERROR_NOT_FOUND);
    cr_assert(account_ask_own_erasure(place.account, place.arena, &place.other, &right, &erasure,
                                      &token, &err));
    cr_assert(account_erasure_proofs(place.account, place.arena, token, &proofs, &err));
    cr_expect(proofs.count == 1 && !proofs.at[0].proof.length && token.length > 43);
    run_jobs(&place, &jobs);
    wait_for(&place, erasure.id, &shown);
    cr_assert(account_erasure_proofs(place.account, place.arena, token, &proofs, &err));
    cr_expect(proofs.count == 1 && str_equal(proofs.at[0].proof, shown.erasure.proof));
    cr_expect(account_check_proof(place.account, proofs.at[0].proof, &err), "%s", err.message);
    cr_expect(!account_erasure_proofs(place.account, place.arena, former, &proofs, &err) &&
              err.code == ERROR_DENIED);
    cr_expect(!account_erasure_proofs(place.account, place.arena, STR_NONE, &proofs, &err));
    cr_expect(!has(shown.erasure.proof, place.user.id.at));
    cr_expect(!has(shown.erasure.asked_by, place.user.id.at));
    cr_assert(jobs_stop(jobs, 20000));
    place_close(&place);
}

TEST_BOTH(erasure, nobody_deletes_their_own_account_where_the_settings_say_no)
{
    const SecondFactorProof right = { .password = S("correct horse battery") };
    AccountOptions options = { .session_days = 30 };
    Account *strict;
    Place place;
    PersonErasure erasure;
    Str token;
    place_open(&place, url);
    cr_assert(account_open(place.db, &options, &strict, &err));
    cr_expect(!account_ask_own_erasure(strict, place.arena, &place.other, &right, &erasure, &token,
                                       &err) &&
              err.code == ERROR_DENIED);
    account_close(strict);
    place_close(&place);
}
