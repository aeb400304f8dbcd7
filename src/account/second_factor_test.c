#include "account/second_factor.h"

#include "account/account_fixture_test.h"
#include "account/totp.h"
#include "base/clock.h"
#include "store/audit_store.h"
#include "store/second_factors_store.h"

typedef struct Bench {
    Arena *arena;
    Db *db;
    Account *account;
    Visitor ada; /* owner */
    Str secret;  /* of Ada's app, as bytes */
    Str codes[RECOVERY_CODES];
    int64_t step; /* of the last code of the app */
    AuditList resets;
} Bench;

static Error err;

static void bench_open(Bench *bench, const char *url)
{
    *bench = (Bench){ .arena = arena_new(MB(64)) };
    bench->account = account_with_ada(bench->arena, url, NULL, &bench->db, &bench->ada, NULL);
}

static void bench_close(Bench *bench)
{
    account_close(bench->account);
    db_close(bench->db);
    arena_free(bench->arena);
}

/* What the app shows now, or a later code when that was used: it fits too, one step early. */
static Str app_code(Bench *bench)
{
    int64_t now = now_ms() / TOTP_STEP_MS;
    bench->step = MAX(now, bench->step + 1);
    return str_format(bench->arena, "%06u", (unsigned)totp_code(bench->secret, bench->step));
}

static Str from_base32(Arena *arena, Str text)
{
    Buf out = buf_new(arena, KB(1));
    unsigned held = 0, count = 0;
    for (size_t i = 0; i < text.length; i++) {
        char c = text.at[i];
        held = (held << 5 | (unsigned)(c >= 'A' ? c - 'A' : c - '2' + 26)) & 0xFFFF;
        count += 5;
        if (count >= 8) {
            count -= 8;
            buf_add_char(&out, (char)(held >> count));
        }
    }
    return buf_str(&out);
}

static void enrol(Bench *bench)
{
    Str shown, uri;
    cr_assert(account_begin_second_factor(bench->account, bench->arena, &bench->ada, S("Lectern"),
                                          PASSWORD, &shown, &uri, &err),
              "%s", err.message);
    bench->secret = from_base32(bench->arena, shown);
    /* The code before leaves the next ones for the test. */
    bench->step = now_ms() / TOTP_STEP_MS - 1;
    Str code = str_format(bench->arena, "%06u", (unsigned)totp_code(bench->secret, bench->step));
    cr_assert(account_confirm_second_factor(bench->account, bench->arena, &bench->ada, code,
                                            bench->codes, &err),
              "%s", err.message);
}

static bool sign_in(Bench *bench, Str *token_r, Visitor *visitor_r)
{
    SignIn who = { .email = S("ada@example.org"), .password = PASSWORD, .address = S("10.0.0.9") };
    return account_sign_in(bench->account, bench->arena, &who, token_r, visitor_r, &err);
}

/* From another address each time, so that only the person's own count matters. */
static bool enter(Bench *bench, Str waiting, Str code, Visitor *visitor_r)
{
    static int calls;
    SignIn who = { .address = str_format(bench->arena, "10.1.0.%d", ++calls) };
    Str token;
    return account_enter_code(bench->account, bench->arena, &who, waiting, code, &token, visitor_r,
                              &err);
}

TEST_BOTH(second_factor, signing_in_takes_the_password_and_a_code)
{
    Bench bench;
    Str token;
    Visitor visitor;
    bench_open(&bench, url);
    cr_assert(sign_in(&bench, &token, &visitor) && !visitor.code_until_ms, "%s", err.message);
    enrol(&bench);
    REFUSED(ERROR_NO_LOGIN, account_of_session(bench.account, bench.arena, token, &visitor, &err));
    cr_assert(sign_in(&bench, &token, &visitor), "%s", err.message);
    cr_expect(visitor.code_until_ms > now_ms() && !visitor.scope.role &&
              !visitor.scope.user.length);
    REFUSED(ERROR_NO_LOGIN, account_of_session(bench.account, bench.arena, token, &visitor, &err));
    REFUSED(ERROR_NO_LOGIN,
            account_of_key(bench.account, bench.arena, token, S("10.0.0.7"), &visitor, &err));
    REFUSED(ERROR_INVALID, enter(&bench, token, S("000000"), &visitor));
    cr_expect_str_eq(err.field, "code");
    cr_expect(enter(&bench, token, app_code(&bench), &visitor), "%s", err.message);
    cr_expect(str_is(visitor.email, "ada@example.org") && visitor.scope.role == ROLE_OWNER);
    REFUSED(ERROR_NO_LOGIN, enter(&bench, token, app_code(&bench), &visitor));
    bench_close(&bench);
}

TEST_BOTH(second_factor, a_code_is_taken_once)
{
    Bench bench;
    Str first, second;
    Visitor visitor;
    bench_open(&bench, url);
    enrol(&bench);
    cr_assert(sign_in(&bench, &first, &visitor));
    Str code = app_code(&bench);
    cr_expect(enter(&bench, first, code, &visitor), "%s", err.message);
    cr_assert(sign_in(&bench, &second, &visitor));
    REFUSED(ERROR_INVALID, enter(&bench, second, code, &visitor));
    bench_close(&bench);
}

TEST_BOTH(second_factor, a_recovery_code_works_once_however_it_is_typed)
{
    Bench bench;
    Str token;
    Visitor visitor;
    SecondFactorState state;
    bench_open(&bench, url);
    enrol(&bench);
    cr_assert(sign_in(&bench, &token, &visitor));
    Str typed = str_lower(bench.arena, bench.codes[3]);
    cr_expect(enter(&bench, token, typed, &visitor), "%s", err.message);
    cr_expect(account_second_factor(bench.account, &bench.ada, &state, &err) &&
              state.recovery_codes_left == RECOVERY_CODES - 1 && state.is_on);
    cr_assert(sign_in(&bench, &token, &visitor));
    REFUSED(ERROR_INVALID, enter(&bench, token, bench.codes[3], &visitor));
    Str before = bench.codes[4], renewed[RECOVERY_CODES];
    SecondFactorProof proof = { .password = PASSWORD };
    cr_expect(
        account_renew_recovery_codes(bench.account, bench.arena, &bench.ada, &proof, renewed, &err),
        "%s", err.message);
    REFUSED(ERROR_INVALID, enter(&bench, token, before, &visitor));
    cr_expect(enter(&bench, token, renewed[9], &visitor), "%s", err.message);
    bench_close(&bench);
}

/* Each by another address and another server: the count is in the database. */
TEST_BOTH(second_factor, guessing_codes_is_slowed_down_for_all_servers)
{
    Bench bench;
    Str token;
    Visitor visitor;
    AccountOptions options = { .session_days = 30 };
    Account *other;
    bench_open(&bench, url);
    enrol(&bench);
    cr_assert(sign_in(&bench, &token, &visitor));
    for (int i = 0; i < 5; i++)
        REFUSED(ERROR_INVALID, enter(&bench, token, S("123456"), &visitor));
    cr_assert(account_open(bench.db, &options, &other, &err));
    Account *ours = bench.account;
    bench.account = other;
    REFUSED(ERROR_LIMITED, enter(&bench, token, app_code(&bench), &visitor));
    REFUSED(ERROR_LIMITED, enter(&bench, token, bench.codes[0], &visitor));
    bench.account = ours;
    account_close(other);
    bench_close(&bench);
}

TEST_BOTH(second_factor, it_holds_only_once_it_is_confirmed)
{
    Bench bench;
    Str token, secret, uri, codes[RECOVERY_CODES];
    Visitor visitor;
    bench_open(&bench, url);
    REFUSED(ERROR_CONFLICT, account_confirm_second_factor(bench.account, bench.arena, &bench.ada,
                                                          S("123456"), codes, &err));
    REFUSED(ERROR_INVALID,
            account_begin_second_factor(bench.account, bench.arena, &bench.ada, S("L"),
                                        S("another password"), &secret, &uri, &err));
    cr_assert(account_begin_second_factor(bench.account, bench.arena, &bench.ada, S("L"), PASSWORD,
                                          &secret, &uri, &err));
    REFUSED(ERROR_INVALID, account_confirm_second_factor(bench.account, bench.arena, &bench.ada,
                                                         S("123456"), codes, &err));
    cr_expect(sign_in(&bench, &token, &visitor) && !visitor.code_until_ms);
    enrol(&bench);
    REFUSED(ERROR_CONFLICT, account_begin_second_factor(bench.account, bench.arena, &bench.ada,
                                                        S("L"), PASSWORD, &secret, &uri, &err));
    bench_close(&bench);
}

TEST_BOTH(second_factor, switching_it_off_takes_the_password_or_a_code)
{
    Bench bench;
    bench_open(&bench, url);
    enrol(&bench);
    SecondFactorProof none = { 0 }, wrong = { .code = S("123456") },
                      wrong_password = { .password = S("another password") };
    SecondFactorState state;
    REFUSED(ERROR_INVALID, account_end_second_factor(bench.account, &bench.ada, &none, &err));
    REFUSED(ERROR_INVALID, account_end_second_factor(bench.account, &bench.ada, &wrong, &err));
    REFUSED(ERROR_INVALID,
            account_end_second_factor(bench.account, &bench.ada, &wrong_password, &err));
    cr_expect(account_second_factor(bench.account, &bench.ada, &state, &err) && state.is_on);
    SecondFactorProof code = { .code = app_code(&bench) };
    cr_expect(account_end_second_factor(bench.account, &bench.ada, &code, &err), "%s", err.message);
    cr_expect(account_second_factor(bench.account, &bench.ada, &state, &err) && !state.is_on);
    bench_close(&bench);
}

static User add_person(Bench *bench, const char *email, Role role)
{
    SignIn who = { .email = str(email), .name = S("Somebody"), .password = PASSWORD };
    User user;
    cr_assert(
        account_add_person(bench->account, bench->arena, &bench->ada, &who, role, &user, &err),
        "%s", err.message);
    return user;
}

static bool list_resets(DbTx *tx, void *argument, Error *why)
{
    Bench *bench = argument;
    AuditFilter filter = { .action = S("second_factor.reset") };
    Slice slice = { .limit = 10 };
    return audit_list(tx, &bench->ada.scope, bench->arena, &filter, &slice, &bench->resets, why);
}

TEST_BOTH(second_factor, an_administrator_resets_it_of_nobody_above_them)
{
    Bench bench;
    Str token;
    Visitor visitor;
    bench_open(&bench, url);
    enrol(&bench);
    add_person(&bench, "ed@example.org", ROLE_ADMIN);
    Visitor ed = bench.ada, editor = bench.ada;
    ed.scope.role = ROLE_ADMIN;
    editor.scope.role = ROLE_EDITOR;
    REFUSED(ERROR_DENIED,
            account_reset_second_factor(bench.account, &editor, S("ed@example.org"), &err));
    REFUSED(ERROR_DENIED,
            account_reset_second_factor(bench.account, &ed, S("ada@example.org"), &err));
    REFUSED(ERROR_NOT_FOUND,
            account_reset_second_factor(bench.account, &ed, S("ed@example.org"), &err));
    cr_expect(account_reset_second_factor(bench.account, &bench.ada, S("ADA@example.org"), &err),
              "%s", err.message);
    cr_expect(sign_in(&bench, &token, &visitor) && !visitor.code_until_ms);
    cr_expect(store_read(bench.db, &bench.ada.scope, list_resets, &bench, &err) &&
              bench.resets.count == 1);
    bench_close(&bench);
}

TEST_BOTH(second_factor, where_it_is_required_nobody_goes_on_without_one)
{
    Bench bench;
    Str token;
    Visitor visitor, editor;
    bench_open(&bench, url);
    editor = bench.ada;
    editor.scope.role = ROLE_EDITOR;
    REFUSED(ERROR_DENIED, account_require_second_factor(bench.account, &editor, true, &err));
    cr_assert(sign_in(&bench, &token, &visitor) && !visitor.must_enrol);
    cr_expect(account_require_second_factor(bench.account, &bench.ada, true, &err), "%s",
              err.message);
    /* The session that is there already, too, and one that begins now. */
    cr_expect(account_of_session(bench.account, bench.arena, token, &visitor, &err) &&
              visitor.must_enrol);
    cr_expect(sign_in(&bench, &token, &visitor) && visitor.must_enrol);
    ApiKey key;
    Str secret;
    cr_assert(account_add_key(bench.account, bench.arena, &bench.ada,
                              &(KeyWish){ .name = S("robot"), .role = ROLE_READER }, &key, &secret,
                              &err));
    cr_expect(account_of_key(bench.account, bench.arena, secret, S("10.0.0.7"), &visitor, &err) &&
              !visitor.must_enrol);
    enrol(&bench);
    cr_expect(sign_in(&bench, &token, &visitor) && visitor.code_until_ms);
    cr_expect(enter(&bench, token, app_code(&bench), &visitor) && !visitor.must_enrol);
    cr_expect(account_require_second_factor(bench.account, &bench.ada, false, &err));
    bench_close(&bench);
}

TEST_BOTH(second_factor, a_changed_password_ends_half_sign_ins)
{
    Bench bench;
    Str token;
    Visitor visitor;
    bench_open(&bench, url);
    enrol(&bench);
    cr_assert(sign_in(&bench, &token, &visitor));
    cr_assert(account_change_password(bench.account, &bench.ada, PASSWORD,
                                      S("battery staple horse"), &err),
              "%s", err.message);
    REFUSED(ERROR_NO_LOGIN, enter(&bench, token, app_code(&bench), &visitor));
    bench_close(&bench);
}

TEST_BOTH(second_factor, a_key_has_none)
{
    Bench bench;
    Str secret, uri;
    bench_open(&bench, url);
    Visitor key = bench.ada;
    key.key = S("k");
    REFUSED(ERROR_INVALID, account_begin_second_factor(bench.account, bench.arena, &key, S("L"),
                                                       PASSWORD, &secret, &uri, &err));
    bench_close(&bench);
}
