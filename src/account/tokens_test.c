/* tokens_test.c - whom a token that is right makes here. */
#include "account/account_fixture_test.h"
#include "account/encoded_test.h"
#include "account/token.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "store/migrate.h"

#include <sodium.h>

#define SECRET S("0123456789abcdef0123456789abcdef")

typedef struct Bench {
    Arena *arena;
    Db *db;
    Account *account;
    Visitor owner;
    char folder[64];
} Bench;

static Error err;

static void bench_open(Bench *bench, const char *url, const AccountTokens *tokens)
{
    *bench = (Bench){ .arena = arena_new(MB(64)), .folder = "/tmp/tokens-test-XXXXXX" };
    cr_assert_not_null(mkdtemp(bench->folder));
    const char *secret = path_join(bench->arena, str(bench->folder), S("secret"));
    cr_assert(file_write(secret, SECRET, 0600, &err), "%s", err.message);
    AccountOptions options = { .tokens = *tokens };
    options.tokens.from.secret_file = str(secret);
    options.tokens.issuer = S("us");
    options.tokens.audience = S("lectern");
    if (!options.tokens.email_claim.length)
        options.tokens.email_claim = S("email");
    bench->account = account_with_ada(bench->arena, url, &options, &bench->db, &bench->owner, NULL);
}

static void bench_close(Bench *bench)
{
    account_close(bench->account);
    db_close(bench->db);
    (void)!folder_remove(bench->folder, &err);
    arena_free(bench->arena);
}

/* Whether whoever comes with these claims is let in. */
static bool comes(Bench *bench, const char *subject, const char *more, Visitor *visitor_r)
{
    Arena *arena = bench->arena;
    Str claims = str_format(
        arena, "{\"iss\":\"us\",\"aud\":\"lectern\",\"sub\":\"%s\",\"exp\":%" PRId64 "%s}", subject,
        now_ms() / 1000 + 600, more);
    Str text = str_format(arena, "%s.%s", encoded(arena, S("{\"alg\":\"HS256\"}")).at,
                          encoded(arena, claims).at);
    Str token =
        str_format(arena, "%s.%s", text.at, encoded(arena, hmac_sha256(arena, SECRET, text)).at);
    err = (Error){ 0 };
    return account_of_key(bench->account, arena, token, S("10.0.0.7"), visitor_r, &err);
}

#define MAIL(address) ",\"email\":\"" address "\",\"email_verified\":true"

TEST_BOTH(tokens, somebody_who_is_here_is_known_by_a_proved_address_and_then_by_the_subject)
{
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url, &(AccountTokens){ 0 });
    REFUSED(ERROR_DENIED, comes(&bench, "u1", "", &visitor));
    REFUSED(ERROR_DENIED, comes(&bench, "u1", ",\"email\":\"ada@example.org\"", &visitor));
    REFUSED(ERROR_DENIED,
            comes(&bench, "u1", ",\"email\":\"ada@example.org\",\"email_verified\":\"true\"",
                  &visitor));
    REFUSED(ERROR_DENIED, comes(&bench, "u1", MAIL("eve@example.org"), &visitor));
    cr_expect(comes(&bench, "u1", MAIL("ADA@example.org"), &visitor), "%s", err.message);
    cr_expect(str_equal(visitor.scope.user, bench.owner.scope.user) &&
              visitor.scope.role == ROLE_OWNER && !visitor.session.length);
    /* From now on whatever address the token names. */
    cr_expect(comes(&bench, "u1", MAIL("eve@example.org"), &visitor), "%s", err.message);
    cr_expect(str_equal(visitor.scope.user, bench.owner.scope.user));
    bench_close(&bench);
}

TEST_BOTH(tokens, an_address_that_somebody_else_gets_later_is_not_their_account)
{
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url, &(AccountTokens){ .makes_people = true, .role = ROLE_READER });
    cr_expect(comes(&bench, "u1", MAIL("ada@example.org"), &visitor), "%s", err.message);
    REFUSED(ERROR_DENIED, comes(&bench, "u9", MAIL("ada@example.org"), &visitor));
    cr_expect(comes(&bench, "u1", MAIL("ada@example.org"), &visitor), "%s", err.message);
    bench_close(&bench);
}

TEST_BOTH(tokens, others_become_people_where_the_settings_say_so)
{
    Bench bench;
    Visitor visitor, again;
    bench_open(&bench, url, &(AccountTokens){ .makes_people = true, .role = ROLE_EDITOR });
    REFUSED(ERROR_DENIED, comes(&bench, "u2", ",\"email\":\"eve@example.org\"", &visitor));
    cr_expect(comes(&bench, "u2", MAIL("eve@example.org") ",\"name\":\"Eve\"", &visitor), "%s",
              err.message);
    cr_expect(visitor.scope.role == ROLE_EDITOR && str_is(visitor.name, "Eve") &&
              str_equal(visitor.scope.workspace, bench.owner.scope.workspace));
    cr_expect(comes(&bench, "u2", "", &again) && str_equal(again.scope.user, visitor.scope.user));
    /* Who is disabled stays out, and is not made a second time. */
    PersonChange out = { .is_disabled = 1 };
    cr_expect(account_change_person(bench.account, bench.arena, &bench.owner, visitor.scope.user,
                                    &out, &err));
    REFUSED(ERROR_DENIED, comes(&bench, "u2", MAIL("eve@example.org"), &visitor));
    REFUSED(ERROR_DENIED, comes(&bench, "u3", MAIL("eve@example.org"), &visitor));
    bench_close(&bench);
}

TEST_BOTH(tokens, a_role_claim_takes_rights_away_and_gives_none)
{
    static const struct {
        const char *more;
        Role role; /* ROLE_NONE: refused */
    } cases[] = {
        { "", ROLE_OWNER },
        { ",\"app\":{\"role\":\"reader\"}", ROLE_READER },
        { ",\"app\":{\"role\":\"owner\"}", ROLE_ADMIN },
        { ",\"app\":{\"role\":[\"offline\",\"reader\",\"editor\"]}", ROLE_EDITOR },
        { ",\"app\":{\"role\":\"auditor\"}", ROLE_AUDITOR },
        { ",\"app\":{\"role\":[\"auditor\",\"reader\"]}", ROLE_READER },
        { ",\"app\":{\"role\":\"root\"}", ROLE_NONE },
        { ",\"app\":{\"role\":[]}", ROLE_NONE },
        { ",\"app\":{\"role\":7}", ROLE_NONE },
        { ",\"app.role\":\"reader\"", ROLE_READER },
    };
    Bench bench;
    Visitor visitor;
    bench_open(
        &bench, url,
        &(AccountTokens){ .makes_people = true, .role = ROLE_READER, .role_claim = S("app.role") });
    cr_assert(comes(&bench, "u1", MAIL("ada@example.org"), &visitor), "%s", err.message);
    for (size_t i = 0; i < COUNT(cases); i++) {
        bool came = comes(&bench, "u1", cases[i].more, &visitor);
        cr_expect(came ? visitor.scope.role == cases[i].role : cases[i].role == ROLE_NONE, "%s: %s",
                  cases[i].more, err.message);
    }
    cr_expect(
        comes(&bench, "u4", MAIL("bob@example.org") ",\"app\":{\"role\":\"owner\"}", &visitor) &&
        visitor.scope.role == ROLE_ADMIN);
    bench_close(&bench);
}

TEST_BOTH(tokens, a_token_for_another_workspace_opens_none)
{
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url,
               &(AccountTokens){
                   .makes_people = true, .role = ROLE_READER, .workspace_claim = S("workspace") });
    const char *ours = str_c(
        bench.arena, str_format(bench.arena, "%s,\"workspace\":\"%s\"", MAIL("ada@example.org"),
                                str_c(bench.arena, bench.owner.scope.workspace)));
    cr_expect(comes(&bench, "u1", ours, &visitor), "%s", err.message);
    REFUSED(ERROR_DENIED, comes(&bench, "u1", ",\"workspace\":\"other\"", &visitor));
    REFUSED(ERROR_DENIED,
            comes(&bench, "u5", MAIL("new@example.org") ",\"workspace\":\"other\"", &visitor));
    bench_close(&bench);
}

TEST_BOTH(tokens, supabase_lets_in_whoever_has_signed_in_there)
{
    Bench bench;
    Visitor visitor;
    bench_open(&bench, url, &(AccountTokens){ .is_supabase = true, .trusts_emails = true });
#define SUPABASE(role, more) ",\"email\":\"ada@example.org\",\"role\":\"" role "\"" more
    cr_expect(comes(&bench, "u1", SUPABASE("authenticated", ",\"is_anonymous\":false"), &visitor),
              "%s", err.message);
    REFUSED(ERROR_NO_LOGIN,
            comes(&bench, "u1", SUPABASE("authenticated", ",\"is_anonymous\":true"), &visitor));
    REFUSED(ERROR_NO_LOGIN, comes(&bench, "u1", SUPABASE("anon", ""), &visitor));
    REFUSED(ERROR_NO_LOGIN, comes(&bench, "u1", SUPABASE("service_role", ""), &visitor));
    bench_close(&bench);
}

Test(tokens, settings_that_take_any_issuer_or_audience_are_refused)
{
    Arena *arena = arena_new(MB(4));
    Account *account;
    const char *url = test_db_ready(arena, DB_SQLITE);
    AccountOptions options = { .tokens = { .from = { .secret_file = S("/dev/null") } } };
    Db *db;
    cr_assert(db_open(url, NULL, &db, &err) && migrate_up(db, &err), "%s", err.message);
    cr_expect(!account_open(db, &options, &account, &err) && err.code == ERROR_INVALID);
    options.tokens.issuer = options.tokens.audience = S("a");
    cr_expect(!account_open(db, &options, &account, &err) && err.code == ERROR_INVALID, "%s",
              err.message); /* an empty secret */
    db_close(db);
    arena_free(arena);
}
