/* imap_test.c - news of a mailbox as they come (RFC 2177), from a server that says what it is told
 * to. Listing, reading and TLS are tested with a whole program in tests/test_connections.py. */
#include <criterion/criterion.h>

#include "net/imap.h"
#include "net/scripted_server_test.h"

/* Greeting, what it can do, signing in. */
#define SIGN_IN "aslsls"
#define SIGN_IN_TEXTS                                                                              \
    "* OK ready\r\n", "* CAPABILITY IMAP4rev1 IDLE\r\nA001 OK done\r\n", "A002 OK signed in\r\n"

typedef struct Told {
    bool is_new;
    ErrorCode code;
} Told;

/* Waits as often as there are rows in `told`, in a mailbox of two mails. */
static void wait_for_news(const char *script, const char *const *texts, int64_t idle_ms,
                          const Told *told, size_t count)
{
    ScriptedServer server = { .script = script, .texts = texts };
    ImapMailbox mailbox;
    Imap *imap;
    Error err = { 0 };
    scripted_start(&server);
    const ImapServer address = { .host = S("127.0.0.1"),
                                 .port = server.port,
                                 .security = IMAP_PLAIN,
                                 .user = S("ann"),
                                 .password = S("secret"),
                                 .idle_ms = idle_ms };
    cr_assert(imap_open(&address, &imap, &err), "%s", err.message);
    cr_assert(imap_examine(imap, S("INBOX"), &mailbox, &err) && mailbox.count == 2);
    for (size_t i = 0; i < count; i++) {
        bool is_new = false;
        Error why = { 0 };
        int64_t wait_ms = told[i].is_new || told[i].code ? 5000 : 50;
        cr_expect(imap_idle(imap, wait_ms, &is_new, &why) == (told[i].code == ERROR_NONE),
                  "%zu: %s", i, why.message);
        cr_expect(why.code == told[i].code, "%zu: %s", i, why.message);
        cr_expect(is_new == told[i].is_new, "%zu", i);
    }
    imap_close(imap);
    scripted_end(&server);
}

#define EXAMINED "ls"
#define EXAMINED_TEXT "* 2 EXISTS\r\nL1 OK done\r\n"

Test(imap, mails_that_come_and_go_are_told_at_once_and_once)
{
    static const char *const texts[] = { SIGN_IN_TEXTS, EXAMINED_TEXT,
                                         "* 2 EXISTS\r\n+ idling\r\n* 2 RECENT\r\n",
                                         "* OK Still here\r\n* 3 EXISTS\r\n* 1 RECENT\r\n",
                                         "* 1 EXPUNGE\r\n* 3 EXISTS\r\n" };
    static const Told told[] = { { false }, { true }, { false }, { true } };
    wait_for_news(SIGN_IN EXAMINED "lswwwswwwswwwc", texts, 0, told, COUNT(told));
}

Test(imap, news_in_pieces_are_put_together)
{
    static const char *const texts[] = { SIGN_IN_TEXTS, EXAMINED_TEXT, "+ idling\r\n* 3 EX",
                                         "ISTS\r\n" };
    static const Told told[] = { { false }, { true } };
    wait_for_news(SIGN_IN EXAMINED "lswswww", texts, 0, told, COUNT(told));
}

/* What came while it was left and begun again is told too. */
Test(imap, idle_is_begun_anew_before_the_server_tires_of_it)
{
    static const char *const texts[] = { SIGN_IN_TEXTS, EXAMINED_TEXT, "+ idling\r\n",
                                         "* 3 EXISTS\r\nL2 OK done\r\n", "+ idling\r\n" };
    static const Told told[] = { { false }, { true } };
    wait_for_news(SIGN_IN EXAMINED "lslslswww", texts, 1, told, COUNT(told));
}

Test(imap, a_session_that_cannot_tell_of_news_says_why)
{
    static const char *const bye[] = { SIGN_IN_TEXTS, EXAMINED_TEXT, "+ idling\r\n",
                                       "* BYE too long\r\n" };
    static const char *const refused[] = { SIGN_IN_TEXTS, EXAMINED_TEXT, "L2 BAD no\r\n" };
    static const char *const cut[] = { SIGN_IN_TEXTS, EXAMINED_TEXT, "+ idling\r\n" };
    wait_for_news(SIGN_IN EXAMINED "lssww", bye, 0, &(Told){ .code = ERROR_UPSTREAM }, 1);
    wait_for_news(SIGN_IN EXAMINED "lsww", refused, 0, &(Told){ .code = ERROR_UNSUPPORTED }, 1);
    wait_for_news(SIGN_IN EXAMINED "lsc", cut, 0, &(Told){ .code = ERROR_UPSTREAM }, 1);
}

Test(imap, a_server_says_whether_it_tells_of_news)
{
    static const struct {
        const char *abilities;
        bool can;
    } cases[] = {
        { "* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\nL1 OK done\r\n", true },
        { "* CAPABILITY IMAP4rev1 idle\r\nL1 OK done\r\n", true },
        { "* CAPABILITY IMAP4rev1 XIDLE\r\nL1 OK done\r\n", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const char *const texts[] = { SIGN_IN_TEXTS, cases[i].abilities };
        ScriptedServer server = { .script = SIGN_IN "ls", .texts = texts };
        Imap *imap;
        Error err = { 0 };
        bool can = false;
        scripted_start(&server);
        const ImapServer address = { .host = S("127.0.0.1"),
                                     .port = server.port,
                                     .security = IMAP_PLAIN,
                                     .user = S("ann"),
                                     .password = S("secret") };
        cr_assert(imap_open(&address, &imap, &err), "%s", err.message);
        cr_expect(imap_can_idle(imap, &can, &err) && can == cases[i].can, "%s", cases[i].abilities);
        imap_close(imap);
        scripted_end(&server);
    }
}
