/* written_date_test.c - dates as people write them. */
#include <criterion/criterion.h>

#include "extract/written_date.h"

Test(extract, dates_of_people_become_those_that_sort)
{
    static const struct {
        const char *text, *expected;
    } cases[] = {
        { "4 March 2011", "2011-03-04" },
        { "March 4th, 2011", "2011-03-04" },
        { "Friday, the 4th", "Friday, the 4th" },
        { "Fri, 4. Mar. 2011", "2011-03-04" },
        { "4th of March 2011", "2011-03-04" },
        { "Mar 2011", "2011-03" },
        { "2011/3/4", "2011-03-04" },
        { "<2011-03-04 Fri>", "2011-03-04" },
        { "2011-03-04", "2011-03-04" },
        { "2011-03", "2011-03" },
        { "2011", "2011" },
        { "2011-03-04T05:06:07Z", "2011-03-04T05:06:07Z" },
        { "3/4/2011", "3/4/2011" },
        { "2011-13-40", "2011-13-40" },
        { "draft of March 2011", "draft of March 2011" },
        { "May", "May" },
        { "20110304", "20110304" },
        { "2011 2012 March", "2011 2012 March" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        char out[WRITTEN_DATE_SIZE];
        Str got = written_date(str(cases[i].text), out);
        cr_expect(str_is(got, cases[i].expected), "%s: " STR_FMT, cases[i].text, STR_ARG(got));
    }
}
