/* number_format_test.c - numbers as spreadsheets show them. */
#include <criterion/criterion.h>

#include "extract/sheet/number_format.h"

static const struct {
    double value;
    const char *code, *shown;
} cases[] = {
    { 1234.5, "General", "1234.5" },
    { 0.30000000000000004, "General", "0.3" },
    { 1234567890123, "General", "1234567890123" },
    { 1234.5, "0", "1235" },
    { 1234.567, "#,##0.00", "1,234.57" },
    { 1234567, "#,##0", "1,234,567" },
    { 0, "#,##0", "0" },
    { 0.5, "#.##", ".5" },
    { 0.256, "0%", "26%" },
    { 0.256, "0.0%", "25.6%" },
    { -12, "0.00", "-12.00" },
    { -12, "#,##0_);(#,##0)", "(12)" },
    { -1234.5, "$#,##0.00_);[Red]($#,##0.00)", "($1,234.50)" },
    { 1234.5, "[$\xE2\x82\xAC-407] #,##0.00", "\xE2\x82\xAC 1,234.50" },
    { 1234.5, "#,##0.00 \"kg\"", "1,234.50 kg" },
    { 12345678, "#,##0,", "12,346" },
    { 12345678, "0.0,,\"M\"", "12.3M" },
    { 123456789, "000-00-0000", "123-45-6789" },
    { 5, "000", "005" },
    { 12345, "0.00E+00", "1.23E+04" },
    { 0.75, "# ?/?", "3/4" },
    { 2.5, "# ?/?", "2 1/2" },
    { 0, "0;-0;\"none\"", "none" },
    { 5, ";;;", "" },
    { 50, "[<100]\"low\";\"high\"", "low" },
    { 500, "[<100]\"low\";\"high\"", "high" },
    { 45292, "yyyy-mm-dd", "2024-01-01" },
    { 45292, "d-mmm-yy", "1-Jan-24" },
    { 45292.75, "m/d/yyyy h:mm AM/PM", "1/1/2024 6:00 PM" },
    { 45292.5, "dddd, mmmm d", "Monday, January 1" },
    { 0.5, "h:mm:ss", "12:00:00" },
    { 1.5, "[h]:mm", "36:00" },
    { 0.000011574, "mm:ss.0", "00:01.0" },
    { 1, "yyyy-mm-dd", "1900-01-01" },
    { 61, "yyyy-mm-dd", "1900-03-01" },
    { -1, "yyyy-mm-dd", "-1" },
    { 3, "@", "3" },
    { 1e300, "0%%%%%%E+0", "1e+300" }, /* a hundredfold six times is no number any more */
};

Test(extract, numbers_are_shown_as_a_spreadsheet_shows_them)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str shown = number_format(arena, cases[i].value, str(cases[i].code), false);
        cr_expect(str_is(shown, cases[i].shown), "%g as %s: '" STR_FMT "', not '%s'",
                  cases[i].value, cases[i].code, STR_ARG(shown), cases[i].shown);
    }
}

Test(extract, dates_may_count_from_1904)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    cr_expect(str_is(number_format(arena, 0, S("yyyy-mm-dd"), true), "1904-01-01"));
}
