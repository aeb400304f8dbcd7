/* settings_test.c - INI, TOML and YAML by sections. */
#include "extract/formats/dump.h"

extern const Extractor extractor_ini, extractor_toml, extractor_yaml;

Test(extract, settings_are_blocks_of_sections)
{
    static const DumpCase ini[] = {
        { "INI", "# a\nx=1\n\n[One]\ny = 2 ; c\n[Two]\nz=3\n",
          "code(ini) # a\\nx=1 @lines 1-2\ncode(ini) [One]\\ny = 2 ; c @lines 4-5\ncode(ini) "
          "[Two]\\nz=3 @lines 6-7\n" },
    };
    static const DumpCase toml[] = {
        { "TOML", "a = [\n  1,\n]\n[t]\nb = \"\"\"\n[no]\n\"\"\"\n[[list]]\n",
          "code(toml) a = [\\n  1,\\n] @lines 1-3\ncode(toml) [t]\\nb = \"\"\"\\n[no]\\n\"\"\" "
          "@lines 4-7\ncode(toml) [[list]] @line 8\n" },
    };
    static const DumpCase yaml[] = {
        { "YAML", "# top\na: 1\nb:\n  - x: y\n---\nc: 2\n",
          "code(yaml) # top @line 1\ncode(yaml) a: 1\\nb:\\n  - x: y @lines 2-4\ncode(yaml) "
          "---\\nc: 2 @lines 5-6\n" },
    };
    DUMP_CASES(extractor_ini, ini, .places = true, .name = "a.ini");
    DUMP_CASES(extractor_toml, toml, .places = true, .name = "a.toml");
    DUMP_CASES(extractor_yaml, yaml, .places = true, .name = "a.yml");
}

Test(extract, settings_of_java_have_their_letters)
{
    static const DumpCase cases[] = {
        { "letters, a pair, a line end, none", "a=M\\u00fcller \\uD83D\\uDE00\nb=1\\u000a2 \\u00\n",
          "code(ini) a=M\u00fcller \U0001F600\\nb=1\\u000a2 \\u00\n" },
    };
    static const DumpCase others[] = { { "a path", "a=C:\\u00fc\n", "code(ini) a=C:\\u00fc\n" } };
    DUMP_CASES(extractor_ini, cases, .name = "a.properties");
    DUMP_CASES(extractor_ini, others, .name = "a.ini");
}

Test(extract, settings_are_recognised_by_sections_or_name)
{
    cr_expect_eq(extractor_ini.sniff(S("[a]\nb=c\nd=e\n")), 30);
    cr_expect_eq(extractor_ini.sniff(S("Dear Ada,\n")), 4);
    cr_expect_eq(extractor_choose(S("a: b\n"), S("x.yaml"), STR_NONE), &extractor_yaml);
    cr_expect_eq(extractor_choose(S("[a]\nb = 1\n"), S("x.toml"), STR_NONE), &extractor_toml);
    cr_expect_eq(extractor_choose(S("[a]\nb = 1\n"), S("x.ini"), STR_NONE), &extractor_ini);
    cr_expect_str_eq(extractor_choose(S("[\"a\", 1]"), S("x.json"), STR_NONE)->name, "json");
}
