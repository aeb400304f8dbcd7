#include "export/export_names.h"

#include <criterion/criterion.h>

static const struct {
    const char *name, *safe;
} cases[] = {
    { "report.pdf", "report.pdf" },
    { "a:b*c?.txt", "a_b_c_.txt" },
    { "tab\there", "tab_here" },
    { "..", "_" },
    { "", "_" },
    { "name. . ", "name" },
    { "  name", "name" },
    { "CON", "_CON" },
    { "nul.txt", "_nul.txt" },
    { "COM1.log", "_COM1.log" },
    { "com10.log", "com10.log" },
    { "Übersicht.md", "Übersicht.md" },
};

Test(export_names, a_name_is_one_that_every_system_takes)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    for (size_t i = 0; i < COUNT(cases); i++)
        cr_expect_str_eq(str_c(arena, export_safe_name(arena, str(cases[i].name))), cases[i].safe);
}

Test(export_names, a_long_name_keeps_whole_characters_and_its_extension)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    Buf name = buf_new(arena, KB(4));
    for (int i = 0; i < 200; i++)
        buf_add(&name, S("ä"));
    buf_add(&name, S(".pdf"));
    Str safe = export_safe_name(arena, buf_str(&name));
    cr_expect_eq(safe.length, 120);
    cr_expect(str_ends(safe, S("ä.pdf")));
}

Test(export_names, a_path_leads_nowhere_else)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    cr_expect_str_eq(str_c(arena, export_safe_path(arena, S("../../etc/passwd"))),
                     "_/_/etc/passwd");
    cr_expect_str_eq(str_c(arena, export_safe_path(arena, S("/a//b\\c.txt"))), "a/b_c.txt");
}

Test(export_names, the_same_name_letter_case_aside_is_given_once)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    ExportNames names = { 0 };
    static const char *const taken[] = { "texts/a.pdf.md", "texts/A (2).PDF.md",
                                         "texts/a (3).pdf.md" };
    static const char *const given[] = { "a.pdf", "A.PDF", "a.pdf" };
    for (size_t i = 0; i < COUNT(given); i++)
        cr_expect_str_eq(
            str_c(arena, export_names_take(&names, arena, "texts", str(given[i]), ".md")),
            taken[i]);
    for (int i = 0; i < 5000; i++)
        (void)export_names_take(&names, arena, "x", str_format(arena, "%d", i), "");
    cr_expect(export_names_has(&names, arena, S("X/4999")));
    cr_expect(!export_names_has(&names, arena, S("x/5000")));
    export_names_free(&names);
}
