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
        { "PubMed",
          "PMID- 1\nTI  - One and\n      two\nFAU - Miller, Ann\nXX  - z\n\nPMID- 2\nTI  - B\n",
          "p pmid: 1\\ntitle: One and two\\nauthor: Miller, Ann\\nXX: z\np pmid: 2\\ntitle: B\n" },
        { "EndNote", "%0 Book\n%T One\n%A Miller, Ann\n\n%0 Book\n%T B\n",
          "p type: Book\\ntitle: One\\nauthor: Miller, Ann\np type: Book\\ntitle: B\n" },
        { "RIS", "TY  - JOUR\nTI  - One\nXX  - z\nER  - \n",
          "p type: JOUR\\ntitle: One\\nXX: z\n" },
    };
    DUMP_CASES(extractor_bibtex, cases);
}
