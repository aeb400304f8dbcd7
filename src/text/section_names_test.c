#include <criterion/criterion.h>

#include "text/section_names.h"

static const struct {
    const char *heading, *title;
    SectionSort sort;
} headings[] = {
    { "References", "References", SECTION_APPARATUS },
    { "7.2 REFERENCES:", "REFERENCES", SECTION_APPARATUS },
    { "Inhaltsverzeichnis", "Inhaltsverzeichnis", SECTION_APPARATUS },
    { "A. PURPOSE", "PURPOSE", SECTION_GIST },
    { "B.\tRecruitment", "Recruitment", SECTION_PLAIN },
    { "IV. Overview", "Overview", SECTION_GIST },
    { "\xC3\x9C"
      "berblick",
      "\xC3\x9C"
      "berblick",
      SECTION_GIST },
    { "Notes on the harbour", "Notes on the harbour", SECTION_PLAIN },
    { "I saw a ship", "I saw a ship", SECTION_PLAIN },
    { "Dr. Index", "Dr. Index", SECTION_PLAIN },
    { "", "", SECTION_PLAIN },
};

Test(text, a_heading_says_what_stands_under_it)
{
    for (size_t i = 0; i < COUNT(headings); i++) {
        cr_assert(str_is(section_title(str(headings[i].heading)), headings[i].title), "%s",
                  headings[i].heading);
        cr_assert_eq(section_sort(str(headings[i].heading)), headings[i].sort, "%s",
                     headings[i].heading);
    }
}
