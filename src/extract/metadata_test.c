/* metadata_test.c - facts in the form that all formats share. */
#include <criterion/criterion.h>

#include "extract/metadata.h"

static Str written(Arena *arena, const DocNode *node, const char *key)
{
    for (size_t i = 0; i < node->blocks.count; i++)
        if (str_is(node->blocks.at[i].label, key))
            return node->blocks.at[i].text;
    return str_copy(arena, S("(none)"));
}

Test(extract, facts_are_written_in_one_form)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("x"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, &doc_limits_default);
    doc_meta_whole(doc, "pages", 12);
    doc_meta_number(doc, "latitude", 43.4674483333333);
    doc_meta_number(doc, "exposure_time", 0.00005);
    doc_meta_seconds(doc, "duration", 9.6733333);
    doc_meta_time(doc, "created", 1212163761000);
    doc_meta_named(doc, S("Date"), S("4 March 2011"));
    doc_meta_named(doc, S("DC.Creator"), S("Ada"));
    doc_meta_named(doc, S("Own-Name"), S("4 March 2011"));
    doc_meta_filetime(doc, "modified", 128566373610000000);
    doc_meta_filetime(doc, "printed", 0);
    doc_meta_filetime(doc, "sent", UINT64_MAX);
    Error err;
    cr_assert(doc_writer_end(doc, &err), "%s", err.message);
    static const struct {
        const char *key, *value;
    } cases[] = {
        { "pages", "12" },
        { "latitude", "43.4674483333333" },
        { "exposure_time", "0.000050000" },
        { "duration", "9.673333" },
        { "created", "2008-05-30T16:09:21Z" },
        { "modified", "2008-05-30T16:09:21Z" },
        { "published", "2011-03-04" },
        { "author", "Ada" },
        { "own-name", "4 March 2011" },
        { "printed", "(none)" },
        { "sent", "(none)" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str got = written(arena, node, cases[i].key);
        cr_expect(str_is(got, cases[i].value), "%s is " STR_FMT, cases[i].key, STR_ARG(got));
    }
    doc_writer_free(doc);
}

Test(extract, shared_names_have_types)
{
    cr_assert_eq(metadata_named(S("Duration"))->type, METADATA_SECONDS);
    cr_assert_eq(metadata_named(S("created"))->type, METADATA_DATE);
    cr_assert_null(metadata_named(S("no such fact")));
}

Test(extract, shared_names_are_shown_in_groups)
{
    static const struct {
        const char *key, *group, *type;
    } cases[] = {
        { "title", "About", "text" },          { "author", "People and tools", "text" },
        { "created", "Times", "date" },        { "pages", "Extent", "whole" },
        { "latitude", "Picture", "number" },   { "duration", "Sound and video", "seconds" },
        { "from", "Mail and events", "text" }, { "imports", "Source code", "text" },
        { "charset", "About", "text" },        { "editing_time", "Times", "seconds" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const MetadataName *name = metadata_named(str(cases[i].key));
        cr_expect_str_eq(metadata_group(name), cases[i].group, "%s", cases[i].key);
        cr_expect_str_eq(metadata_type_name(name->type), cases[i].type, "%s", cases[i].key);
    }
}
