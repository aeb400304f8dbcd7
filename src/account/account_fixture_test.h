/* account_fixture_test.h - for tests of src/account: a database with accounts, whose owner is Ada.
 * A failure fails the test. */
#pragma once

#include "account/account.h"
#include "db/fixture_test.h"

/* Everybody's. */
#define PASSWORD S("correct horse battery")

/* The call fails like that; the file's `err` says how. */
#define REFUSED(expected, call)                                                                    \
    do {                                                                                           \
        err = (Error){ 0 };                                                                        \
        cr_expect(!(call) && err.code == (expected), "%s: %s", #call, err.message);                \
    } while (0)

/* Ada's session, in the workspace Harbour; `token_r` NULL: nobody comes back to it. `options`
 * NULL: none; a session lasts 30 days where they do not say. */
Account *account_with_ada(Arena *arena, const char *url, const AccountOptions *options, Db **db_r,
                          Visitor *ada_r, Str *token_r);
