/* account_fixture_test.c - see account_fixture_test.h. */
#include "account/account_fixture_test.h"

#include "store/migrate.h"

Account *account_with_ada(Arena *arena, const char *url, const AccountOptions *options, Db **db_r,
                          Visitor *ada_r, Str *token_r)
{
    SignIn who = { .email = S("ada@example.org"),
                   .name = S("Ada"),
                   .password = PASSWORD,
                   .workspace = S("Harbour"),
                   .address = S("10.0.0.1") };
    AccountOptions all = options ? *options : (AccountOptions){ 0 };
    Account *account;
    Str token;
    Error err = { 0 };
    if (!all.session_days)
        all.session_days = 30;
    cr_assert(db_open(url, NULL, db_r, &err), "%s", err.message);
    cr_assert(migrate_up(*db_r, &err), "%s", err.message);
    cr_assert(account_open(*db_r, &all, &account, &err), "%s", err.message);
    cr_assert(account_setup(account, arena, &who, token_r ? token_r : &token, ada_r, &err), "%s",
              err.message);
    return account;
}
