/* oidc_file_test.c - what is wrong in the file of providers is told at the start. */
#include "account/account.h"
#include "base/file.h"
#include "db/fixture_test.h"

#define PROVIDER(more)                                                                             \
    "{\"providers\":[{\"name\":\"a\",\"title\":\"A\",\"issuer\":\"https://a.example\","            \
    "\"client_id\":\"x\"" more "}]}"

static const struct {
    const char *file, *says; /* NULL: it is taken */
} cases[] = {
    { PROVIDER(""), NULL },
    { PROVIDER(",\"role_claim\":\"groups\",\"roles\":{\"crew\":\"editor\"}"), NULL },
    { "{\"providers\":[]}", NULL },
    { "{", "the providers in" },
    { "{\"providers\":{}}", "no list" },
    { "{\"providers\":[{\"name\":\"a\"}]}", "title" },
    { PROVIDER(",\"client_secrets\":\"x\""), "client_secrets" },
    { PROVIDER(",\"client_secret_file\":\"/nowhere/at/all\""), "client_secret_file" },
    { PROVIDER(",\"role\":\"owner\""), "'role' is one of" },
    { PROVIDER(",\"roles\":{\"crew\":\"editor\"}"), "needs 'role_claim'" },
    { PROVIDER(",\"role_claim\":\"g\",\"roles\":{\"crew\":\"owner\"}"), "leads to no role" },
    { "{\"providers\":[{\"name\":\"A b\",\"title\":\"A\",\"issuer\":\"https://a\","
      "\"client_id\":\"x\"}]}",
      "other characters" },
    { "{\"providers\":[{\"name\":\"a\",\"title\":\"A\",\"issuer\":\"a.example\","
      "\"client_id\":\"x\"}]}",
      "no address" },
};

Test(oidc_file, what_is_wrong_in_it_is_told_at_the_start)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    char folder[] = "/tmp/oidc-test-XXXXXX";
    Error err;
    Db *db;
    cr_assert_not_null(mkdtemp(folder));
    const char *path = path_join(arena, str(folder), S("oidc.json"));
    cr_assert(db_open(test_db_ready(arena, DB_SQLITE), NULL, &db, &err), "%s", err.message);
    AccountOptions options = { .session_days = 1, .oidc = { .file = str(path) } };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Account *account = NULL;
        options.oidc.public_url = S("https://here.example");
        cr_assert(file_write(path, str(cases[i].file), 0600, &err), "%s", err.message);
        bool is_taken = account_open(db, &options, &account, &err);
        cr_expect(is_taken == !cases[i].says, "%s", cases[i].file);
        cr_expect(is_taken || strstr(err.message, cases[i].says), "%s: %s", cases[i].file,
                  err.message);
        if (is_taken)
            account_close(account);
    }
    Account *account;
    options.oidc.public_url = S("");
    cr_expect(!account_open(db, &options, &account, &err) && strstr(err.message, "public_url"));
    db_close(db);
    (void)!folder_remove(folder, &err);
}
