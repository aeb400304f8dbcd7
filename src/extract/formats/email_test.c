/* email_test.c - mail: headers, forms of a text, attachments, broken messages. */
#include "extract/formats/dump.h"
#include "extract/formats/mail.h"

extern const Extractor extractor_email;

#define MIXED "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
#define ALTERNATIVE "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"

Test(extract, email_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "plain", "From: a@b\nSubject: S\n\nHi\nyou\n\n> old\n",
          "meta(from) a@b\nmeta(subject) S\np Hi\\nyou\nquote > old\n" },
        { "encoded words",
          "Subject: =?utf-8?B?w6k=?= =?utf-8?Q?=C3=A8_x?= y\nFrom: =?koi8-r?B?8NLJ18XU?= "
          "<a@b>\n\nt",
          "meta(from) \u041f\u0440\u0438\u0432\u0435\u0442 <a@b>\nmeta(subject) \u00e9\u00e8 x "
          "y\np t\n" },
        { "a character in two words", "Subject: =?utf-8?Q?=C3?=\n =?utf-8?Q?=A9?=\n\nt",
          "meta(subject) \u00e9\np t\n" },
        { "raw Latin-1 header", "Subject: caf\xE9\n\nt", "meta(subject) caf\u00e9\np t\n" },
        { "folded header", "Subject: a\n\tb\n\nt", "meta(subject) a b\np t\n" },
        { "quoted-printable",
          "Content-Transfer-Encoding: quoted-printable\nContent-Type: text/plain; "
          "charset=iso-8859-1\n\ncaf=E9 a=\nb",
          "p caf\u00e9 ab\n" },
        { "HTML", "Content-Type: text/html\n\n<h1>A</h1><p>b</p>", "h1 A\np b\n" },
        { "plain is preferred",
          ALTERNATIVE
          "--b\n\nHello  there\n--b\nContent-Type: text/html\n\n<p>Hello <b>there</b></p>\n--b--",
          "p Hello  there\n" },
        { "what only HTML says is added",
          ALTERNATIVE "--b\n\nHello\n--b\nContent-Type: text/html\n\n<p>Hello<p>More\n--b--",
          "p Hello\np More\n" },
        { "an empty plain text",
          ALTERNATIVE "--b\n\n \n--b\nContent-Type: text/html\n\n<p>x\n--b--", "p x\n" },
        { "attachment",
          MIXED "--b\n\nt\n--b\nContent-Disposition: attachment; filename=\"../../x.txt\"\n"
                "Content-Transfer-Encoding: base64\n\nYWJj\n--b--\n",
          "p t\n+ x.txt\n  p abc\n" },
        { "RFC 2231 name",
          MIXED "--b\nContent-Disposition: attachment;\n filename*0*=utf-8''%C3%A9;\n "
                "filename*1=\"b.txt\"\n\nz\n--b--\n",
          "+ \u00e9b.txt\n  p z\n" },
        { "a message in a message",
          MIXED
          "--b\nContent-Type: message/rfc822\n\nFrom: a@b\nSubject: In\nDate: x\n\nt\n--b--\n",
          "+ part-1.eml\n  meta(from) a@b\n  meta(date) x\n  meta(subject) In\n  p t\n" },
        { "signed",
          "Content-Type: multipart/signed; protocol=\"p/q\"; "
          "boundary=b\n\n--b\n\nt\n--b\n\nsig\n--b--",
          "meta(signature) p/q\np t\n" },
        { "encrypted", "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--",
          "~ the message is encrypted (PGP or S/MIME); its text was not read\n" },
        { "no blank line", "From: a@b\nSubject: S\nthis is text",
          "meta(from) a@b\nmeta(subject) S\np this is text\n" },
        { "no last boundary", MIXED "--b\n\nt", "p t\n" },
        { "no boundary declared", "Content-Type: multipart/mixed\n\n--xyz12\n\nt\n--xyz12--",
          "p t\n" },
        { "Apple Mail", "14      \nSubject: S\n\na\n<?xml version='1.0'?><plist/>",
          "meta(subject) S\np a\n" },
        { "CR LF", "Subject: S\r\n\r\na\r\n\r\nb\r\n", "meta(subject) S\np a\np b\n" },
        { "mbox line before", "From x Mon\nSubject: S\n\na",
          "meta(postmark) From x Mon\nmeta(subject) S\np a\n" },
    };
    DUMP_CASES(extractor_email, cases);
}

Test(extract, email_parts_are_places)
{
    static const DumpCase cases[] = {
        { "parts", "Subject: S\n" MIXED "--b\n\na\n--b\nContent-Type: text/html\n\n<p>c\n--b--",
          "meta(subject) S @part headers\np a @part 1 text/plain\np c @part 2 text/html, line "
          "1\n" },
    };
    DUMP_CASES(extractor_email, cases, .places = true);
}

Test(extract, email_nesting_is_bounded)
{
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    Buf input = buf_new(arena, MB(1));
    for (int i = 0; i < 2000; i++)
        buf_addf(&input, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    const char *got = dump(arena, &extractor_email, buf_str(&input), (DumpOptions){ 0 });
    cr_expect(strstr(got, "more parts than are read"), "%s", got);
}

Test(extract, email_is_recognised_by_its_headers)
{
    cr_expect_eq(extractor_email.sniff(S("From: a\nTo: b\nSubject: c\n\nd")), 75);
    cr_expect_lt(extractor_email.sniff(S("Note: a\n\nb")), 10);
}

Test(extract, dates_of_mail_become_iso_8601)
{
    static const struct {
        const char *text, *iso;
    } cases[] = {
        { "Fri, 16 Jan 2015 07:35:46 +0000", "2015-01-16T07:35:46Z" },
        { "Wed, 30 Jan 2002 15:07:01 -0800 (PST)", "2002-01-30T15:07:01-08:00" },
        { "1 Feb 99 3:04 GMT", "1999-02-01T03:04:00Z" },
        { "Wed Jan 30 18:07:01 2002", "2002-01-30T18:07:01" },
        { "29-May-2017 16:55:27 +05:30", "2017-05-29T16:55:27+05:30" },
        { "2020-05-01T10:00:00Z", "2020-05-01T10:00:00Z" },
        { "yesterday", "" },
        { "", "" },
    };
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str iso = mail_date(arena, str(cases[i].text));
        cr_expect(str_is(iso, cases[i].iso), "%s: " STR_FMT, cases[i].text, STR_ARG(iso));
    }
}
