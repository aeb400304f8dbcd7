/* bibtex_test.c - bibliographies: entries and their fields. */
#include "extract/formats/dump.h"

extern const Extractor extractor_bibtex;

Test(extract, bibtex_entries_are_read)
{
    static const DumpCase cases[] = {
        { "an entry",
          "@article{k1,\n  title = {The {X} of\n   y},\n  year = 2001,\n  a = \"b\" # c\n}\n",
          "p article k1\\ntitle: The X of y\\nyear: 2001\\na: bc\n" },
        { "two entries", "@book{a, t={1}}\n@book{b, t={2}}\n",
          "p book a\\nt: 1\np book b\\nt: 2\n" },
        { "not closed", "@book{a, t={1", "p book a\\nt: 1\n" },
        { "a remark", "About.\n@book{a, t={1}}\n", "p About.\np book a\\nt: 1\n" },
        { "RIS", "TY  - JOUR\nTI  - One\nXX  - z\nER  - \n",
          "p type: JOUR\\ntitle: One\\nXX: z\n" },
    };
    DUMP_CASES(extractor_bibtex, cases);
}
