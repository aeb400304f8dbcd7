/* password_test.c - a password fits its own hash, and asking for nobody's takes as long as for
 * somebody's. */
#include "account/password.h"

#include <criterion/criterion.h>
#include <time.h>

TestSuite(password, .timeout = 60);

static int64_t processor_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return now.tv_sec * 1000000000L + now.tv_nsec;
}

static int64_t takes_ns(Str password, Str hash, bool fits)
{
    int64_t begin = processor_ns();
    cr_expect_eq(password_fits(password, hash), fits);
    return processor_ns() - begin;
}

Test(password, whoever_has_no_hash_is_refused_after_as_much_work_as_a_wrong_password)
{
    AUTO_ARENA Arena *arena = arena_new(KB(4));
    Error err;
    Str hash;

    int64_t nobody_ns = takes_ns(S("tallow"), S(""), false);
    cr_assert(password_hash(arena, S("wick and tallow"), &hash, &err), "%s", err.message);
    int64_t right_ns = takes_ns(S("wick and tallow"), hash, true);
    int64_t wrong_ns = takes_ns(S("tallow"), hash, false);
    cr_expect(nobody_ns > wrong_ns / 3 && nobody_ns > right_ns / 3,
              "nobody: %" PRId64 " ns, wrong: %" PRId64 " ns, right: %" PRId64 " ns", nobody_ns,
              wrong_ns, right_ns);
    cr_expect(str_starts(hash, S("$argon2id$v=19$m=19456,t=2,p=1$")), STR_FMT, STR_ARG(hash));
}
