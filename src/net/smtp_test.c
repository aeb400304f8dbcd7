/* smtp_test.c - what a mail looks like on its way. Sending is tested with a real server in
 * tests/test_notices.py. */
#include "net/smtp.h"

#include <criterion/criterion.h>

#include "net/scripted_server_test.h"

static const Mail plain = { .from = S_INIT("Lectern <lectern@example.org>"),
                            .to = S_INIT("ann@example.org"),
                            .subject = S_INIT("Hello"),
                            .text = S_INIT("One\ntwo"),
                            .id = S_INIT("id-1"),
                            .sent_at_ms = 1763719200000 };

static Str write(Arena *arena, const Mail *mail)
{
    Buf out = buf_new(arena, MB(1));
    Error err = { 0 };
    cr_assert(mail_write(mail, &out, &err), "%s", err.message);
    return buf_str(&out);
}

Test(smtp, a_mail_has_the_headers_it_must)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Str text = write(arena, &plain);
    static const char *const parts[] = {
        "Date: Fri, 21 Nov 2025 10:00:00 +0000\r\n",
        "From: \"Lectern\" <lectern@example.org>\r\n",
        "To: ann@example.org\r\n",
        "Subject: Hello\r\n",
        "Message-ID: <id-1@example.org>\r\n",
        "Content-Transfer-Encoding: quoted-printable\r\n",
        "\r\n\r\nOne\r\ntwo\r\n",
    };
    for (size_t i = 0; i < COUNT(parts); i++)
        cr_expect(str_find(text, str(parts[i])) >= 0, "%s", parts[i]);
    cr_expect(str_find(text, S("List-Unsubscribe")) < 0);
}

Test(smtp, every_line_is_short_and_ascii)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Mail mail = plain;
    Buf subject = buf_new(arena, KB(4)), text = buf_new(arena, KB(16));
    for (int i = 0; i < 40; i++)
        buf_add(&subject, S("Größe €"));
    for (int i = 0; i < 500; i++)
        buf_add(&text, i % 97 ? S("löng = ") : S(" \n.\n"));
    mail.subject = buf_str(&subject);
    mail.text = buf_str(&text);
    Str rest = write(arena, &mail), line;
    while (str_next(&rest, '\n', &line)) {
        cr_expect(line.length <= 77, "%zu: " STR_FMT, line.length, STR_ARG(line));
        cr_expect(!rest.length || line.at[line.length - 1] == '\r');
        for (size_t i = 0; i < line.length; i++)
            cr_expect((unsigned char)line.at[i] < 0x80);
    }
}

Test(smtp, nothing_can_add_a_header)
{
    AUTO_ARENA Arena *arena = arena_new(MB(4));
    Mail bad[] = { plain, plain, plain, plain, plain, plain };
    bad[0].subject = S("Hi\r\nBcc: all@example.org");
    bad[1].to = S("ann@example.org\nBcc: all@example.org");
    bad[2].to = S("ann@example.org> SIZE=1");
    bad[3].from = S("A\r\nB <lectern@example.org>");
    bad[4].unsubscribe = S("https://x/>\r\nX: 1");
    bad[5].to = S("ann");
    for (size_t i = 0; i < COUNT(bad); i++) {
        Buf out = buf_new(arena, MB(1));
        Error err = { 0 };
        cr_expect(!mail_write(&bad[i], &out, &err) && err.code == ERROR_INVALID, "%zu", i);
    }
}

Test(smtp, addresses_are_told_from_others)
{
    static const struct {
        const char *text;
        bool good;
    } cases[] = {
        { "a@b.org", true },   { "a.b+c@d-e.org", true }, { "", false },        { "@b", false },
        { "a@", false },       { "a@b@c", false },        { "a b@c", false },   { "a@b\n", false },
        { "-f@b.org", false }, { "<a@b>", false },        { "a@b,c@d", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect(mail_is_address(str(cases[i].text)) == cases[i].good, "%s", cases[i].text);
}

Test(smtp, a_server_is_named_by_its_scheme)
{
    static const struct {
        const char *url;
        bool good;
    } cases[] = {
        { "smtps://mail.example.org", true },
        { "smtp://ann:se%20cret@mail.example.org:2587", true },
        { "smtp+plain://127.0.0.1:25", true },
        { "https://mail.example.org", false },
        { "mail.example.org", false },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Error err = { 0 };
        cr_expect(smtp_check(str(cases[i].url), &err) == cases[i].good, "%s", cases[i].url);
    }
}

Test(smtp, a_server_is_tried_without_a_mail)
{
    static const char hello[] = "220 mail ready\r\n", spoken[] = "250-mail\r\n250 AUTH PLAIN\r\n";
    static const struct {
        const char *what, *user, *script;
        const char *texts[4];
        const char *told; /* NULL: it is good */
    } cases[] = {
        { "greets", "", "aslsc", { hello, "250 mail\r\n" }, NULL },
        { "signs in",
          "ann:right@",
          "aslslslsc",
          { hello, spoken, "334 \r\n", "235 welcome\r\n" },
          NULL },
        { "refuses", "ann:wrong@", "aslslsc", { hello, spoken, "535 no\r\n" }, "user or password" },
        { "is no mail server", "", "asc", { "HTTP/1.1 400 Bad Request\r\n\r\n" }, "mail server" },
        { "is busy", "", "asc", { "421 too many\r\n" }, "mail server" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(1));
        ScriptedServer server = { .script = cases[i].script, .texts = cases[i].texts };
        Error err = { 0 };
        server.listener = scripted_listen(8, &server.port);
        scripted_start(&server);
        SmtpServer there = { .url = str_format(arena, "smtp+plain://%s127.0.0.1:%d", cases[i].user,
                                               server.port) };
        bool good = smtp_try(&there, &err);
        scripted_end(&server);
        cr_expect(good == !cases[i].told, "%s: %s", cases[i].what, err.message);
        cr_expect(!cases[i].told || strstr(err.message, cases[i].told), "%s: %s", cases[i].what,
                  err.message);
        cr_expect(!strstr(err.message, "wrong"), "%s tells the password", cases[i].what);
    }
}

Test(smtp, a_server_that_is_not_there_is_told)
{
    SmtpServer nowhere = { .url = S_INIT("smtp+plain://127.0.0.1:1") };
    Error err = { 0 };
    cr_expect(!smtp_try(&nowhere, &err) && err.code == ERROR_UPSTREAM, "%s", err.message);
}
