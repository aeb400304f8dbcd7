/* email_test.c - mail: headers, forms of a text, attachments, broken messages. */
#include "extract/formats/dump.h"

extern const Extractor extractor_email;

#define MIXED "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"
#define ALTERNATIVE "MIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=b\n\n"

Test(extract, email_becomes_blocks)
{
    static const DumpCase cases[] = {
        { "plain", "From: a@b\nSubject: S\n\nHi\nyou\n\n> old\n",
          "meta(From) a@b\nmeta(Subject) S\np Hi\\nyou\nquote > old\n" },
        { "encoded words",
          "Subject: =?utf-8?B?w6k=?= =?utf-8?Q?=C3=A8_x?= y\nFrom: =?koi8-r?B?8NLJ18XU?= "
          "<a@b>\n\nt",
          "meta(From) \u041f\u0440\u0438\u0432\u0435\u0442 <a@b>\nmeta(Subject) \u00e9\u00e8 x "
          "y\np t\n" },
        { "a character in two words", "Subject: =?utf-8?Q?=C3?=\n =?utf-8?Q?=A9?=\n\nt",
          "meta(Subject) \u00e9\np t\n" },
        { "raw Latin-1 header", "Subject: caf\xE9\n\nt", "meta(Subject) caf\u00e9\np t\n" },
        { "folded header", "Subject: a\n\tb\n\nt", "meta(Subject) a b\np t\n" },
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
          "+ part-1.eml\n  meta(From) a@b\n  meta(Date) x\n  meta(Subject) In\n  p t\n" },
        { "signed",
          "Content-Type: multipart/signed; protocol=\"p/q\"; "
          "boundary=b\n\n--b\n\nt\n--b\n\nsig\n--b--",
          "meta(signature) p/q\np t\n" },
        { "encrypted", "Content-Type: multipart/encrypted; boundary=b\n\n--b\n\nx\n--b--",
          "~ the message is encrypted (PGP or S/MIME); its text was not read\n" },
        { "no blank line", "From: a@b\nSubject: S\nthis is text",
          "meta(From) a@b\nmeta(Subject) S\np this is text\n" },
        { "no last boundary", MIXED "--b\n\nt", "p t\n" },
        { "no boundary declared", "Content-Type: multipart/mixed\n\n--xyz12\n\nt\n--xyz12--",
          "p t\n" },
        { "CR LF", "Subject: S\r\n\r\na\r\n\r\nb\r\n", "meta(Subject) S\np a\np b\n" },
        { "mbox line before", "From x Mon\nSubject: S\n\na", "meta(Subject) S\np a\n" },
    };
    DUMP_CASES(extractor_email, cases);
}

Test(extract, email_parts_are_places)
{
    static const DumpCase cases[] = {
        { "parts", "Subject: S\n" MIXED "--b\n\na\n--b\nContent-Type: text/html\n\n<p>c\n--b--",
          "meta(Subject) S @part headers\np a @part 1 text/plain\np c @part 2 text/html, line "
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
