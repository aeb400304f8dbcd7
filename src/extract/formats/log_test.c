/* log_test.c - logs: groups of lines, moments, levels. */
#include "extract/formats/dump.h"

extern const Extractor extractor_log;

Test(extract, logs_become_groups_of_lines)
{
    static const DumpCase cases[] = {
        { "levels and hours",
          "2024-01-02 03:04:05,123 INFO a\n2024-01-02 03:04:06 ERROR b\n  at c\n2024-01-02 "
          "04:00:00 "
          "warn d\n",
          "p 2024-01-02 03:04:05,123 INFO a\\n2024-01-02 03:04:06 ERROR b\\n  at c @lines 1-3\n"
          "p 2024-01-02 04:00:00 warn d @line 4\nmeta(first-entry) 2024-01-02 03:04:05 @\n"
          "meta(last-entry) 2024-01-02 04:00:00 @\nmeta(entries) 3 @\nmeta(errors) 1 @\n"
          "meta(warnings) 1 @\nmeta(infos) 1 @\n" },
        { "web servers", "1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1\n",
          "p 1.2.3.4 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 1 @line 1\n"
          "meta(first-entry) 10/Oct/2000:13:55:36 @\nmeta(last-entry) 10/Oct/2000:13:55:36 @\n"
          "meta(entries) 1 @\n" },
    };
    DUMP_CASES(extractor_log, cases, .places = true);
}

Test(extract, logs_are_told_from_other_text)
{
    static const struct {
        const char *text, *format;
    } cases[] = {
        { "Jan  2 03:04:05 host a[1]: b\nJan  2 03:04:06 host c\nJan  2 03:04:07 host d\n", "log" },
        { "2024-01-02 03:04:05,123 INFO, a\n2024-01-02 03:04:06,124 b, c\n"
          "2024-01-02 03:04:07,125 c, d\n",
          "log" },
        { "On Monday we met.\nNothing was said.\nJan 2 03:04:05 it rained.\n", "text" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const Extractor *found = extractor_choose(str(cases[i].text), S("a.txt"), STR_NONE);
        cr_expect_str_eq(found ? found->name : "", cases[i].format, "%s", cases[i].text);
    }
}

Test(extract, tables_of_moments_are_no_logs)
{
    static const char *const tables[] = {
        "when,value\n2024-01-02T03:04:05Z,1\n2024-01-02T03:04:06Z,2\n2024-01-02T03:04:07Z,3\n",
        "2024-01-02 03:04:05.123;1,5;a\n2024-01-02 03:04:06.123;2,5;b\n"
        "2024-01-02 03:04:07.123;2,5;c\n",
        "2024-01-02 03:04:05,12.5,1\n2024-01-02 03:04:06,100,2\n2024-01-02 03:04:07,125,3\n",
    };
    for (size_t i = 0; i < COUNT(tables); i++) {
        const Extractor *found = extractor_choose(str(tables[i]), S("a"), STR_NONE);
        cr_expect_str_neq(found ? found->name : "", "log", "%s", tables[i]);
    }
}
