/* mbox_test.c - mailboxes: where messages begin, quoting, lengths. */
#include "extract/formats/dump.h"

extern const Extractor extractor_mbox;

#define ONE "From a@b Mon Jun 01 10:00:00 2009\n"
#define LIST_OF_ONE                                                                                \
    "meta(members) 1\nrowh Name | Postmark\nrow 1 S.eml | From a@b Mon Jun 01 10:00:00 2009\n"

Test(extract, mbox_messages_become_children)
{
    static const DumpCase cases[] = {
        { "one", ONE "Subject: S\n\nhi\n", LIST_OF_ONE "+ 1 S.eml\n  meta(subject) S\n  p hi\n" },
        { "two", ONE "Subject: S\n\nhi\n\n" ONE "Date: Mon, 1 Jun 2009 10:00:00 GMT\n\nyou\n",
          "meta(members) 2\nrowh Name | Postmark\nrow 1 S.eml | From a@b Mon Jun 01 10:00:00 "
          "2009\nrow 2 2009-06-01.eml | From a@b Mon Jun 01 10:00:00 2009\n"
          "+ 1 S.eml\n  meta(subject) S\n  p hi\n"
          "+ 2 2009-06-01.eml\n  meta(sent) 2009-06-01T10:00:00Z\n  p you\n" },
        { "quoted lines", ONE "Subject: S\n\n>From me\n>>From you\n> From\n",
          LIST_OF_ONE "+ 1 S.eml\n  meta(subject) S\n  p From me\n  quote >From you\\n> From\n" },
        { "a line of the text", ONE "Subject: S\n\nhi\n\nFrom here on\nit is text\n",
          LIST_OF_ONE "+ 1 S.eml\n  meta(subject) S\n  p hi\n  p From here on\\nit is text\n" },
        { "a length", ONE "Subject: S\nContent-Length: 44\n\nx\n\n" ONE "To: y\n\n",
          LIST_OF_ONE "+ 1 S.eml\n  meta(subject) S\n  p x\n  p From a@b Mon Jun 01 10:00:00 "
                      "2009\\nTo: y\n" },
    };
    DUMP_CASES(extractor_mbox, cases);
}

Test(extract, mbox_is_recognised_by_its_first_lines)
{
    cr_expect_eq(extractor_mbox.sniff(S(ONE "Subject: S\n\nhi\n")), 80);
    cr_expect_eq(extractor_mbox.sniff(S("From the beginning\nit was")), 0);
    cr_expect_eq(extractor_mbox.sniff(S("Subject: S\n\n")), 0);
}
