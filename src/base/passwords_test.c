/* passwords_test.c - passwords of addresses are in no text that is read. */
#include <criterion/criterion.h>

#include "base/passwords.h"

Test(passwords, only_passwords_are_hidden)
{
    static const struct {
        const char *text, *shown;
        bool is_cut;
    } cases[] = {
        { "", "", false },
        { "no address: a@b, c://", "no address: a@b, c://", false },
        { "https://host:8000/a@b:c", "https://host:8000/a@b:c", false },
        { "postgresql://lectern@db/x", "postgresql://lectern@db/x", false },
        { "postgresql://lectern:secret@db,other:5433/x", "postgresql://lectern:***@db,other:5433/x",
          false },
        { "http://a:p@ss:w@rd@host/ is not http://b:x@[::1]",
          "http://a:***@host/ is not http://b:*@[::1]", false },
        { "http://:secret@host?q", "http://:***@host?q", false },
        { "http://a:@host", "http://a:@host", false },
        { "\"http://a:secret@host\" and 'b:c@d'", "\"http://a:***@host\" and 'b:c@d'", false },
        { "http://a:sec/ret?x@host:80/b", "http://a:***@host:80/b", false },
        { "http://[::1]/a:b@c http://host:80/a:b@c", "http://[::1]/a:b@c http://host:80/a:b@c",
          false },
        { "asking http://a:secr", "asking http://a:***", true },
        { "asking http://host:80/sec", "asking http://host:80/sec", true },
        { "asking http://host:80", "asking http://host:80", false },
        { "asking http://a:secret@ho", "asking http://a:***@ho", true },
    };
    AUTO_ARENA Arena *arena = arena_new(KB(4));
    for (size_t i = 0; i < COUNT(cases); i++) {
        char *text = str_c(arena, str(cases[i].text));
        passwords_hide(text, cases[i].is_cut);
        cr_expect_str_eq(text, cases[i].shown);
    }
}

Test(passwords, a_failure_tells_none)
{
    Error err;
    char long_text[400];
    memset(long_text, 'x', sizeof long_text - 1);
    long_text[sizeof long_text - 1] = '\0';
    fail(&err, ERROR_INVALID, "http://a:secret@host refuses");
    cr_expect_str_eq(err.message, "http://a:***@host refuses");
    fail_in(&err, "http://b:secret@host");
    cr_expect_str_eq(err.message, "http://b:***@host: http://a:***@host refuses");
    fail_field(&err, "url", "http://a:secret@host");
    cr_expect_str_eq(err.message, "http://a:***@host");
    fail_errno(&err, "http://a:secret%s", long_text);
    cr_expect(!strstr(err.message, "secret"), "%s", err.message);
    fail(&err, ERROR_INVALID, "%.380s http://a:secret@host", long_text);
    cr_expect(!strstr(err.message, "secr"), "%s", err.message);
}
