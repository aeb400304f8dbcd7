#include "account/passkeys.h"

#include "account/account_fixture_test.h"
#include "account/authenticator_test.h"
#include "account/encoded_test.h"
#include "account/totp.h"
#include "base/base64.h"
#include "base/clock.h"
#include "store/audit_store.h"

#define ORIGIN "https://lectern.example"

typedef struct Bench {
    Arena *arena;
    Db *db;
    Account *account;
    Visitor ada; /* owner */
    FakeAuthenticator key;
    Str codes[RECOVERY_CODES];
    bool has_codes;
    Str handle;
    Passkey passkey;
    AuditList audit;
} Bench;

static Error err;

static void bench_open(Bench *bench, const char *url)
{
    AccountOptions options = { .public_url = S(ORIGIN "/lectern") };
    *bench = (Bench){ .arena = arena_new(MB(64)) };
    bench->account = account_with_ada(bench->arena, url, &options, &bench->db, &bench->ada, NULL);
    bench->key = fake_authenticator(bench->arena, JWT_ES256, "first key");
}

static void bench_close(Bench *bench)
{
    fake_authenticator_free(&bench->key);
    account_close(bench->account);
    db_close(bench->db);
    arena_free(bench->arena);
}

static FakeAnswer answer_to(Bench *bench, const PasskeyOffer *offer, const char *type)
{
    Str challenge;
    cr_assert(base64_url_decode(bench->arena, offer->challenge, &challenge));
    return (FakeAnswer){ .type = type,
                         .origin = ORIGIN,
                         .rp_id = "lectern.example",
                         .format = "none",
                         .statement = S("\xa0"),
                         .challenge = challenge,
                         .flags = 0x45,
                         .counter = 1 };
}

static bool add(Bench *bench, const Visitor *visitor, FakeAuthenticator *key,
                const FakeAnswer *answer)
{
    PasskeyMade made = { .client_data = fake_client_data(key, answer),
                         .attestation = fake_attestation(key, answer),
                         .name = S(" Laptop ") };
    return account_add_passkey(bench->account, bench->arena, visitor, &made, &bench->passkey,
                               bench->codes, &bench->has_codes, &err);
}

static void enrol(Bench *bench, const Visitor *visitor, FakeAuthenticator *key)
{
    PasskeyOffer offer;
    cr_assert(account_begin_passkey(bench->account, bench->arena, visitor, PASSWORD, &offer, &err),
              "%s", err.message);
    FakeAnswer answer = answer_to(bench, &offer, "webauthn.create");
    cr_assert(add(bench, visitor, key, &answer), "%s", err.message);
    bench->handle = offer.handle;
}

/* From another address each time, so that nobody is slowed down. */
static SignIn somewhere(Bench *bench)
{
    static int calls;
    return (SignIn){ .email = S("ada@example.org"),
                     .password = PASSWORD,
                     .address = str_format(bench->arena, "10.1.0.%d", ++calls) };
}

static bool sign_in(Bench *bench, Str *token_r, Visitor *visitor_r)
{
    SignIn who = somewhere(bench);
    return account_sign_in(bench->account, bench->arena, &who, token_r, visitor_r, &err);
}

static FakeAnswer asked(Bench *bench, Str waiting, uint32_t counter)
{
    PasskeyOffer offer;
    cr_assert(account_offer_passkey(bench->account, bench->arena, waiting, &offer, &err), "%s",
              err.message);
    FakeAnswer answer = answer_to(bench, &offer, "webauthn.get");
    answer.flags = 0x05;
    answer.counter = counter;
    return answer;
}

static PasskeyAnswer signed_answer(Bench *bench, const FakeAuthenticator *key,
                                   const FakeAnswer *answer)
{
    Str client_data = fake_client_data(key, answer), data = fake_data(key, answer, STR_NONE);
    return (PasskeyAnswer){ .credential = encoded(bench->arena, key->credential),
                            .client_data = client_data,
                            .authenticator_data = data,
                            .signature = fake_signature(key, client_data, data),
                            .handle = bench->handle };
}

static bool enter_by(Bench *bench, Str waiting, const PasskeyAnswer *answer, Visitor *visitor_r)
{
    SignIn who = somewhere(bench);
    Str token;
    return account_enter_passkey(bench->account, bench->arena, &who, waiting, answer, &token,
                                 visitor_r, &err);
}

static bool enter(Bench *bench, Str waiting, const FakeAnswer *answer, Visitor *visitor_r)
{
    PasskeyAnswer given = signed_answer(bench, &bench->key, answer);
    return enter_by(bench, waiting, &given, visitor_r);
}

static bool way_is(Bench *bench, const Visitor *visitor, const char *way)
{
    SessionList list;
    if (!account_list_sessions(bench->account, bench->arena, visitor, STR_NONE, &list, &err))
        return false;
    for (size_t i = 0; i < list.count; i++)
        if (str_equal(list.at[i].id, visitor->session))
            return str_is(list.at[i].way, way);
    return false;
}

TEST_BOTH(passkeys, one_signs_in_without_a_password)
{
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    cr_expect(str_is(bench.passkey.name, "Laptop") && bench.has_codes);
    FakeAnswer answer = asked(&bench, STR_NONE, 2);
    cr_assert(enter(&bench, STR_NONE, &answer, &visitor), "%s", err.message);
    cr_expect(str_is(visitor.email, "ada@example.org") && visitor.scope.role == ROLE_OWNER);
    cr_expect(way_is(&bench, &visitor, "passkey"));
    PasskeyList list;
    cr_expect(account_list_passkeys(bench.account, bench.arena, &visitor, &list, &err) &&
              list.count == 1 && list.at[0].counter == 2 && list.at[0].last_used_at_ms > 0);
    bench_close(&bench);
}

TEST_BOTH(passkeys, one_is_asked_for_after_the_password)
{
    Bench bench;
    Visitor visitor;
    Str waiting;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    cr_assert(sign_in(&bench, &waiting, &visitor), "%s", err.message);
    cr_expect(visitor.code_until_ms && visitor.has_passkey && !visitor.has_app &&
              !visitor.scope.role);
    FakeAnswer answer = asked(&bench, waiting, 0);
    answer.flags = 0x01; /* the password says who is there */
    answer.counter = 2;
    cr_assert(enter(&bench, waiting, &answer, &visitor), "%s", err.message);
    cr_expect(visitor.scope.role == ROLE_OWNER && way_is(&bench, &visitor, "password_passkey"));
    REFUSED(ERROR_NO_LOGIN,
            account_offer_passkey(bench.account, bench.arena, waiting, &(PasskeyOffer){ 0 }, &err));
    bench_close(&bench);
}

TEST_BOTH(passkeys, whoever_has_lost_theirs_comes_in_by_a_recovery_code)
{
    Bench bench;
    Visitor visitor;
    Str waiting, token;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    cr_assert(sign_in(&bench, &waiting, &visitor), "%s", err.message);
    SignIn who = somewhere(&bench);
    /* There is no app: no digits fit, not even those of an empty secret. */
    Str digits =
        str_format(bench.arena, "%06u", (unsigned)totp_code(S(""), now_ms() / TOTP_STEP_MS));
    REFUSED(ERROR_INVALID, account_enter_code(bench.account, bench.arena, &who, waiting, digits,
                                              &token, &visitor, &err));
    cr_assert(account_enter_code(bench.account, bench.arena, &who, waiting, bench.codes[0], &token,
                                 &visitor, &err),
              "%s", err.message);
    cr_expect(way_is(&bench, &visitor, "password_recovery_code"));
    bench_close(&bench);
}

/* What an answer may be that is none to this question. */
static void other_origin(FakeAnswer *answer) { answer->origin = "https://evil.example"; }
static void other_rp(FakeAnswer *answer) { answer->rp_id = "example"; }
static void other_type(FakeAnswer *answer) { answer->type = "webauthn.create"; }
static void framed(FakeAnswer *answer) { answer->more = ",\"crossOrigin\":true"; }
static void untouched(FakeAnswer *answer) { answer->flags = 0x04; }
static void unverified(FakeAnswer *answer) { answer->flags = 0x01; }
static void copied_now(FakeAnswer *answer) { answer->flags = 0x0D; }
static void no_challenge(FakeAnswer *answer) { answer->challenge = S("anything"); }
static void half_challenge(FakeAnswer *answer)
{
    answer->challenge = str_slice(answer->challenge, 0, answer->challenge.length / 2);
}
static void longer_challenge(FakeAnswer *answer)
{
    static char bytes[200];
    memcpy(bytes, answer->challenge.at, answer->challenge.length);
    memcpy(bytes + 24, "9999999999999", 13);
    answer->challenge.at = bytes;
}

TEST_BOTH(passkeys, forged_answers_let_nobody_in)
{
    static const struct {
        const char *about;
        void (*forge)(FakeAnswer *answer);
    } forgeries[] = {
        { "another page", other_origin },       { "another server", other_rp },
        { "another purpose", other_type },      { "in a frame", framed },
        { "nobody touched it", untouched },     { "nobody was asked for", unverified },
        { "it may be copied now", copied_now }, { "no challenge of ours", no_challenge },
        { "half of one", half_challenge },      { "one that lives longer", longer_challenge },
    };
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    for (size_t i = 0; i < COUNT(forgeries); i++) {
        FakeAnswer answer = asked(&bench, STR_NONE, 2);
        forgeries[i].forge(&answer);
        err = (Error){ 0 };
        cr_expect(!enter(&bench, STR_NONE, &answer, &visitor) && err.code == ERROR_NO_LOGIN,
                  "%s: %s", forgeries[i].about, err.message);
    }
    FakeAnswer answer = asked(&bench, STR_NONE, 2);
    cr_expect(enter(&bench, STR_NONE, &answer, &visitor), "%s", err.message);
    REFUSED(ERROR_NO_LOGIN, enter(&bench, STR_NONE, &answer, &visitor)); /* once */
    bench_close(&bench);
}

static void add_person(Bench *bench, const char *email, Visitor *visitor_r)
{
    SignIn who = { .email = str(email), .name = S("Bob"), .password = PASSWORD };
    User user;
    Str token;
    cr_assert(account_add_person(bench->account, bench->arena, &bench->ada, &who, ROLE_READER,
                                 &user, &err),
              "%s", err.message);
    who.address = S("10.2.0.1");
    cr_assert(account_sign_in(bench->account, bench->arena, &who, &token, visitor_r, &err), "%s",
              err.message);
}

TEST_BOTH(passkeys, nobody_comes_in_as_somebody_else)
{
    Bench bench;
    Visitor bob, visitor;
    Str waiting;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    Str handle = bench.handle;
    add_person(&bench, "bob@example.org", &bob);
    FakeAuthenticator theirs = fake_authenticator(bench.arena, JWT_EDDSA, "theirs");
    enrol(&bench, &bob, &theirs);
    cr_expect(!str_equal(handle, bench.handle));
    cr_assert(sign_in(&bench, &waiting, &visitor));
    /* Bob's passkey as Ada's second factor; for a question that Ada's half was asked. */
    FakeAnswer second = asked(&bench, waiting, 2);
    PasskeyAnswer given = signed_answer(&bench, &theirs, &second);
    REFUSED(ERROR_NO_LOGIN, enter_by(&bench, waiting, &given, &visitor));
    /* Bob's signature under the name of Ada's key. */
    FakeAnswer first = asked(&bench, STR_NONE, 2);
    given = signed_answer(&bench, &theirs, &first);
    given.credential = encoded(bench.arena, bench.key.credential);
    given.handle = handle;
    REFUSED(ERROR_NO_LOGIN, enter_by(&bench, STR_NONE, &given, &visitor));
    /* Bob's key that says it is Ada, and one that says nobody. */
    given = signed_answer(&bench, &theirs, &first);
    given.handle = handle;
    REFUSED(ERROR_NO_LOGIN, enter_by(&bench, STR_NONE, &given, &visitor));
    given.handle = STR_NONE;
    REFUSED(ERROR_NO_LOGIN, enter_by(&bench, STR_NONE, &given, &visitor));
    given.credential = S("nowhere");
    REFUSED(ERROR_NO_LOGIN, enter_by(&bench, STR_NONE, &given, &visitor));
    /* A question for a sign-in answered as a second factor, and the other way round. */
    bench.handle = handle;
    REFUSED(ERROR_NO_LOGIN, enter(&bench, waiting, &first, &visitor));
    REFUSED(ERROR_NO_LOGIN, enter(&bench, STR_NONE, &second, &visitor));
    /* Ada's answer to the making of Bob's key. */
    PasskeyOffer offer;
    cr_assert(account_begin_passkey(bench.account, bench.arena, &bob, PASSWORD, &offer, &err));
    FakeAnswer made = answer_to(&bench, &offer, "webauthn.create");
    FakeAuthenticator third = fake_authenticator(bench.arena, JWT_ES256, "third");
    REFUSED(ERROR_INVALID, add(&bench, &bench.ada, &third, &made));
    /* A credential that is somebody's already. */
    REFUSED(ERROR_CONFLICT, add(&bench, &bob, &bench.key, &made));
    cr_expect(enter(&bench, waiting, &second, &visitor), "%s", err.message);
    fake_authenticator_free(&theirs);
    fake_authenticator_free(&third);
    bench_close(&bench);
}

static bool list_counters(DbTx *tx, void *argument, Error *why)
{
    Bench *bench = argument;
    AuditFilter filter = { .action = S("passkey.counter") };
    Slice slice = { .limit = 10 };
    return audit_list(tx, &bench->ada.scope, bench->arena, &filter, &slice, &bench->audit, why);
}

static size_t counted_back(Bench *bench)
{
    cr_assert(store_read(bench->db, &bench->ada.scope, list_counters, bench, &err));
    return bench->audit.count;
}

TEST_BOTH(passkeys, a_key_that_cannot_be_copied_does_not_count_backwards)
{
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    FakeAnswer answer = asked(&bench, STR_NONE, 5);
    cr_expect(enter(&bench, STR_NONE, &answer, &visitor), "%s", err.message);
    static const uint32_t back[] = { 5, 4, 0 };
    for (size_t i = 0; i < COUNT(back); i++) {
        answer = asked(&bench, STR_NONE, back[i]);
        REFUSED(ERROR_NO_LOGIN, enter(&bench, STR_NONE, &answer, &visitor));
    }
    cr_expect_eq(counted_back(&bench), COUNT(back));
    answer = asked(&bench, STR_NONE, 6);
    cr_expect(enter(&bench, STR_NONE, &answer, &visitor), "%s", err.message);
    bench_close(&bench);
}

TEST_BOTH(passkeys, a_synced_key_may_count_as_it_likes_and_it_is_noted)
{
    Bench bench;
    Visitor visitor;
    PasskeyOffer offer;
    bench_open(&bench, url);
    cr_assert(
        account_begin_passkey(bench.account, bench.arena, &bench.ada, PASSWORD, &offer, &err));
    FakeAnswer made = answer_to(&bench, &offer, "webauthn.create");
    made.flags = 0x5D;
    cr_assert(add(&bench, &bench.ada, &bench.key, &made), "%s", err.message);
    bench.handle = offer.handle;
    static const uint32_t counts[] = { 9, 3, 3 };
    for (size_t i = 0; i < COUNT(counts); i++) {
        FakeAnswer answer = asked(&bench, STR_NONE, counts[i]);
        answer.flags = 0x1D;
        cr_expect(enter(&bench, STR_NONE, &answer, &visitor), "%s", err.message);
    }
    cr_expect_eq(counted_back(&bench), 2);
    bench_close(&bench);
}

TEST_BOTH(passkeys, the_last_one_takes_the_second_factor_with_it)
{
    Bench bench;
    Visitor visitor;
    Str token;
    SecondFactorState state;
    SecondFactorProof none = { 0 }, password = { .password = PASSWORD };
    bench_open(&bench, url);
    cr_assert(account_require_second_factor(bench.account, &bench.ada, true, &err));
    cr_assert(sign_in(&bench, &token, &visitor) && visitor.must_enrol);
    enrol(&bench, &visitor, &bench.key);
    Str first = bench.passkey.id;
    cr_expect(account_of_session(bench.account, bench.arena, token, &visitor, &err) &&
              !visitor.must_enrol);
    FakeAuthenticator second = fake_authenticator(bench.arena, JWT_RS256, "second key");
    enrol(&bench, &visitor, &second);
    cr_expect(!bench.has_codes);
    cr_expect(account_second_factor(bench.account, &visitor, &state, &err) && !state.is_on &&
              state.passkeys == 2 && state.recovery_codes_left == RECOVERY_CODES);
    REFUSED(ERROR_INVALID, account_remove_passkey(bench.account, &visitor, first, &none, &err));
    cr_expect(account_remove_passkey(bench.account, &visitor, first, &password, &err), "%s",
              err.message);
    REFUSED(ERROR_NOT_FOUND,
            account_remove_passkey(bench.account, &visitor, first, &password, &err));
    cr_expect(sign_in(&bench, &token, &visitor) && visitor.has_passkey);
    cr_expect(account_remove_passkey(bench.account, &bench.ada, bench.passkey.id, &password, &err),
              "%s", err.message);
    cr_expect(sign_in(&bench, &token, &visitor) && visitor.must_enrol);
    cr_expect(account_second_factor(bench.account, &visitor, &state, &err) && !state.passkeys &&
              !state.recovery_codes_left);
    fake_authenticator_free(&second);
    bench_close(&bench);
}

TEST_BOTH(passkeys, they_and_an_app_leave_each_other_alone)
{
    Bench bench;
    Visitor visitor;
    Str token, secret, uri, codes[RECOVERY_CODES];
    SecondFactorState state;
    bench_open(&bench, url);
    enrol(&bench, &bench.ada, &bench.key);
    cr_assert(account_begin_second_factor(bench.account, bench.arena, &bench.ada, S("L"), PASSWORD,
                                          &secret, &uri, &err),
              "%s", err.message);
    /* The app is not confirmed yet, and a recovery code is no code of it. */
    REFUSED(ERROR_INVALID, account_confirm_second_factor(bench.account, bench.arena, &bench.ada,
                                                         bench.codes[0], codes, &err));
    cr_expect(account_second_factor(bench.account, &bench.ada, &state, &err) && !state.is_on &&
              state.recovery_codes_left == RECOVERY_CODES);
    cr_expect(sign_in(&bench, &token, &visitor) && visitor.has_passkey && !visitor.has_app);
    SecondFactorProof password = { .password = PASSWORD };
    cr_expect(account_end_second_factor(bench.account, &bench.ada, &password, &err), "%s",
              err.message);
    cr_expect(account_second_factor(bench.account, &bench.ada, &state, &err) &&
              state.passkeys == 1 && state.recovery_codes_left == RECOVERY_CODES);
    bench_close(&bench);
}

TEST_BOTH(passkeys, an_administrator_takes_lost_ones_away)
{
    Bench bench;
    Visitor bob, visitor;
    Str token;
    bench_open(&bench, url);
    add_person(&bench, "bob@example.org", &bob);
    enrol(&bench, &bob, &bench.key);
    cr_expect(account_reset_second_factor(bench.account, &bench.ada, S("bob@example.org"), &err),
              "%s", err.message);
    SignIn who = somewhere(&bench);
    who.email = S("bob@example.org");
    cr_expect(account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err) &&
              !visitor.code_until_ms);
    FakeAnswer answer = asked(&bench, STR_NONE, 2);
    REFUSED(ERROR_NO_LOGIN, enter(&bench, STR_NONE, &answer, &visitor));
    bench_close(&bench);
}

TEST_BOTH(passkeys, an_administrator_removes_one_that_is_lost_and_the_other_stays)
{
    Bench bench;
    Visitor bob, visitor;
    Str token;
    PasskeyList list;
    const Str named = S("bob@example.org");
    bench_open(&bench, url);
    add_person(&bench, "bob@example.org", &bob);
    enrol(&bench, &bob, &bench.key);
    Str lost = bench.passkey.id;
    FakeAuthenticator second = fake_authenticator(bench.arena, JWT_RS256, "second key");
    enrol(&bench, &bob, &second);
    REFUSED(ERROR_DENIED,
            account_passkeys_of(bench.account, bench.arena, &bob, named, &list, &err));
    REFUSED(ERROR_DENIED, account_remove_passkey_of(bench.account, &bob, named, lost, &err));
    cr_expect(account_passkeys_of(bench.account, bench.arena, &bench.ada, named, &list, &err) &&
              list.count == 2 && str_equal(list.at[0].id, lost));
    cr_expect(account_remove_passkey_of(bench.account, &bench.ada, named, lost, &err), "%s",
              err.message);
    REFUSED(ERROR_NOT_FOUND,
            account_remove_passkey_of(bench.account, &bench.ada, named, lost, &err));
    SignIn who = somewhere(&bench);
    who.email = named;
    cr_expect(account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err) &&
              visitor.has_passkey);
    cr_expect(account_remove_passkey_of(bench.account, &bench.ada, named, bench.passkey.id, &err));
    cr_expect(account_sign_in(bench.account, bench.arena, &who, &token, &visitor, &err) &&
              !visitor.code_until_ms);
    fake_authenticator_free(&second);
    bench_close(&bench);
}

TEST_BOTH(passkeys, whoever_is_shut_out_stays_out)
{
    Bench bench;
    Visitor bob, visitor;
    bench_open(&bench, url);
    add_person(&bench, "bob@example.org", &bob);
    enrol(&bench, &bob, &bench.key);
    FakeAnswer answer = asked(&bench, STR_NONE, 2);
    PersonChange change = { .is_disabled = 1 };
    cr_assert(account_change_person(bench.account, bench.arena, &bench.ada, bob.scope.user, &change,
                                    &err),
              "%s", err.message);
    REFUSED(ERROR_NO_LOGIN, enter(&bench, STR_NONE, &answer, &visitor));
    bench_close(&bench);
}

TEST_BOTH(passkeys, a_person_has_twenty_at_most_and_names_them)
{
    Bench bench;
    PasskeyOffer offer;
    bench_open(&bench, url);
    for (int i = 0; i < PASSKEYS_MAX; i++) {
        FakeAuthenticator key =
            fake_authenticator(bench.arena, JWT_EDDSA, str_format(bench.arena, "key %d", i).at);
        enrol(&bench, &bench.ada, &key);
        fake_authenticator_free(&key);
    }
    REFUSED(ERROR_CONFLICT,
            account_begin_passkey(bench.account, bench.arena, &bench.ada, PASSWORD, &offer, &err));
    REFUSED(ERROR_INVALID, account_begin_passkey(bench.account, bench.arena, &bench.ada,
                                                 S("another password"), &offer, &err));
    REFUSED(ERROR_INVALID,
            account_rename_passkey(bench.account, &bench.ada, bench.passkey.id, S("a\nb"), &err));
    REFUSED(ERROR_NOT_FOUND,
            account_rename_passkey(bench.account, &bench.ada, S("none"), S("a"), &err));
    cr_expect(
        account_rename_passkey(bench.account, &bench.ada, bench.passkey.id, S("Phone"), &err));
    PasskeyList list;
    cr_expect(account_list_passkeys(bench.account, bench.arena, &bench.ada, &list, &err) &&
              list.count == PASSKEYS_MAX && str_is(list.at[PASSKEYS_MAX - 1].name, "Phone"));
    bench_close(&bench);
}

TEST_BOTH(passkeys, the_address_says_whether_there_are_any)
{
    static const struct {
        const char *url, *host;
    } addresses[] = {
        { "https://lectern.example", "lectern.example" },
        { "https://Lectern.Example:8443/docs/", "lectern.example" },
        { "http://localhost:8000", "localhost" },
        { "", "" },
        { "http://lectern.example", "" },
        { "https://192.0.2.7", "" },
        { "https://[2001:db8::1]", "" },
    };
    Bench bench;
    bench_open(&bench, url);
    for (size_t i = 0; i < COUNT(addresses); i++) {
        AccountOptions options = { .public_url = str(addresses[i].url) };
        PasskeyOffer offer;
        Account *account;
        cr_assert(account_open(bench.db, &options, &account, &err));
        Str host = account_passkey_host(account, bench.arena);
        cr_expect(str_is(host, addresses[i].host), "%s", addresses[i].url);
        if (!host.length)
            REFUSED(ERROR_CONFLICT, account_begin_passkey(account, bench.arena, &bench.ada,
                                                          PASSWORD, &offer, &err));
        account_close(account);
    }
    bench_close(&bench);
}

TEST_BOTH(passkeys, whom_a_service_signs_in_has_none)
{
    Bench bench;
    Visitor visitor;
    PasskeyOffer offer;
    bench_open(&bench, url);
    User user;
    cr_assert(account_add_service(bench.account, bench.arena, &bench.ada, S("robot"), ROLE_READER,
                                  &user, &err));
    visitor = bench.ada;
    visitor.scope.user = user.id; /* without a password, as such people are */
    REFUSED(ERROR_DENIED,
            account_begin_passkey(bench.account, bench.arena, &visitor, STR_NONE, &offer, &err));
    visitor.key = S("k");
    REFUSED(ERROR_INVALID,
            account_begin_passkey(bench.account, bench.arena, &visitor, STR_NONE, &offer, &err));
    bench_close(&bench);
}
