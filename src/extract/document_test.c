/* document_test.c - the writer, the tree and the printers. */
#include <criterion/criterion.h>

#include "extract/document.h"

typedef struct Written {
    Arena *arena;
    DocNode *node;
    DocSink sink;
    DocWriter *doc;
} Written;

static Written begin(void)
{
    Written w = { .arena = arena_new(MB(16)) };
    w.node = doc_tree_new(w.arena, S("test"), true, &w.sink);
    return w;
}

static DocWriter *writer(Written *w, const DocLimits *limits)
{
    w->doc = doc_writer_new(w->arena, &w->sink, limits);
    return w->doc;
}

static void expect_print(Written *w, DocFormat format, const char *expected)
{
    Error err = { 0 };
    cr_assert(doc_writer_end(w->doc, &err), "%s", err.message);
    Buf out = buf_new(w->arena, MB(1));
    doc_print(w->node, format, &out);
    cr_expect_str_eq(buf_c(&out), expected);
    doc_writer_free(w->doc);
    arena_free(w->arena);
}

Test(extract, blocks_become_markdown)
{
    Written w = begin();
    DocWriter *doc = writer(&w, NULL);
    doc_meta(doc, "title", S("A\ntitle"));
    doc_page(doc, 1, false, 100, 200);
    doc_heading(doc, 2, S(" Head\nline "));
    doc_paragraph(doc, S("# not a heading\r\n1. nor a list <b>"));
    doc_list_item(doc, 1, S("-"), S("one"));
    doc_list_item(doc, 2, S("1."), S("two"));
    doc_paragraph(doc, S("  \n "));
    doc_table_begin(doc);
    doc_cell(doc, S("a"));
    doc_cell(doc, S("b|c"));
    doc_row_end(doc);
    doc_header_end(doc);
    doc_cell_span(doc, S("wide\ncell"), 2, 1);
    doc_row_end(doc);
    doc_table_end(doc);
    doc_note(doc, "footnote", S("see"));
    doc_code(doc, S("c"), S("\n  int x;\n"));
    expect_print(&w, DOC_MARKDOWN,
                 "**title:** A title\n\n<!-- page 1 -->\n\n## Head line\n\n"
                 "\\# not a heading\n1\\. nor a list \\<b>\n\n- one\n  1. two\n\n"
                 "| a | b\\|c |\n|---|---|\n| wide cell |  |\n\n"
                 "> **footnote:** see\n\n```c\n  int x;\n```\n\n");
}

Test(extract, rows_join_by_one_line_end_and_blocks_by_two)
{
    Written w = begin();
    DocWriter *doc = writer(&w, NULL);
    doc_paragraph(doc, S("before"));
    doc_table_begin(doc);
    for (int i = 0; i < 12; i++) {
        doc_cell(doc, S("x"));
        doc_row_end(doc);
    }
    doc_table_end(doc);
    doc_page(doc, 2, false, 0, 0);
    doc_paragraph(doc, S("after"));
    expect_print(&w, DOC_TEXT, "before\n\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\nx\n\nafter\n");
}

Test(extract, starts_are_offsets_in_the_text)
{
    Written w = begin();
    DocWriter *doc = writer(&w, NULL);
    doc_paragraph(doc, S("ab"));
    doc_heading(doc, 1, S("\xC3\xA9"));
    doc_paragraph(doc, S("cd"));
    doc_table_end(doc);
    cr_assert_eq(w.node->blocks.count, 3);
    Str whole = doc_node_text(w.arena, w.node);
    for (size_t i = 0; i < 3; i++) {
        Str text = w.node->blocks.at[i].text;
        uint32_t start = w.node->starts.at[i];
        cr_expect(str_equal(text, str_slice(whole, start, start + text.length)));
    }
    expect_print(&w, DOC_HTML,
                 "<p id=\"b0\" data-start=\"0\" class=\"paragraph\">ab</p>\n"
                 "<h1 id=\"b1\" data-start=\"4\" class=\"heading\">\xC3\xA9</h1>\n"
                 "<p id=\"b2\" data-start=\"8\" class=\"paragraph\">cd</p>\n");
}

Test(extract, a_long_block_is_split_at_a_word)
{
    DocLimits limits = doc_limits_default;
    limits.block_text_max = 10;
    Written w = begin();
    DocWriter *doc = writer(&w, &limits);
    doc_paragraph(doc, S("12345 789 abcdefghijkl"));
    expect_print(&w, DOC_TEXT, "12345 789\n\nabcdefghij\n\nkl\n");
}

Test(extract, words_of_a_row_over_the_limit_have_no_place)
{
    DocLimits limits = doc_limits_default;
    limits.block_text_max = 10;
    Written w = begin();
    DocWriter *doc = writer(&w, &limits);
    const WordBox words[] = { { .start = 0, .length = 5 }, { .start = 8, .length = 5 } };
    for (int row = 0; row < 2; row++) {
        doc_cell(doc, S("12345"));
        doc_cell(doc, row ? S("6") : S("67890"));
        doc_words(doc, words, row ? 1 : 2);
        doc_row_end(doc);
    }
    doc_table_end(doc);
    cr_assert_eq(w.node->blocks.count, 3);
    cr_expect_eq(w.node->blocks.at[0].word_count + w.node->blocks.at[1].word_count, 0);
    cr_expect_eq(w.node->blocks.at[2].word_count, 1);
    expect_print(&w, DOC_TEXT, "12345\n67890\n12345 | 6\n");
}

Test(extract, a_page_over_the_limit_is_no_place)
{
    DocLimits limits = doc_limits_default;
    limits.page_max = 10;
    Written w = begin();
    DocWriter *doc = writer(&w, &limits);
    for (int page = 10; page <= 11; page++) {
        doc_place(doc, &(Place){ .page = page });
        doc_paragraph(doc, S("a"));
    }
    cr_expect_eq(w.node->blocks.at[0].place.page, 10);
    cr_expect_eq(w.node->blocks.at[1].place.page, 0);
    expect_print(&w, DOC_TEXT, "a\n\na\n");
}

Test(extract, a_limit_cuts_and_says_so)
{
    DocLimits limits = doc_limits_default;
    limits.block_max = 2;
    Written w = begin();
    DocWriter *doc = writer(&w, &limits);
    cr_expect(doc_paragraph(doc, S("1")));
    cr_expect(doc_paragraph(doc, S("2")));
    cr_expect(!doc_paragraph(doc, S("3")));
    cr_expect(!doc_paragraph(doc, S("4")));
    cr_expect(!doc_writer_ok(doc));
    cr_assert_eq(w.node->warnings.count, 1);
    cr_expect(str_find(w.node->warnings.at[0], S("more than 2 blocks")) > 0);
    expect_print(&w, DOC_TEXT, "1\n\n2\n");
}

Test(extract, a_member_of_an_unknown_kind_is_named_with_its_kind)
{
    Written w = begin();
    DocWriter *doc = writer(&w, NULL);
    cr_expect(doc_child(doc, S("a.out"), STR_NONE,
                        S("\x7F"
                          "ELF\2\1\1")));
    expect_print(&w, DOC_MARKDOWN,
                 "---\n\n**a.out**\n\n*not read: it seems to be an ELF program, which is not read*"
                 "\n\n");
}

Test(extract, places_read_as_people_say_them)
{
    static const struct {
        Place place;
        const char *text;
    } cases[] = {
        { { .start_ms = 723400, .end_ms = 729000 }, "12:03-12:09" },
        { { .end_ms = 900, .line_first = 2, .line_last = 2 }, "line 2, 0:00" },
        { { .page = 3 }, "page 3" },
        { { .page = 2, .is_slide = true }, "slide 2" },
        { { .sheet = S_INIT("Sheet1"), .cells = S_INIT("B4:F4") }, "Sheet1!B4:F4" },
        { { .sheet = S_INIT("My sheet"), .cells = S_INIT("B4") }, "'My sheet'!B4" },
        { { .line_first = 12, .line_last = 18 }, "lines 12-18" },
        { { .line_first = 12, .line_last = 12 }, "line 12" },
        { { .part = S_INIT("1 text/plain") }, "part 1 text/plain" },
        { { .anchor = S_INIT("$.a") }, "$.a" },
        { { .page = 0 }, "" },
    };
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str text = place_text(arena, &cases[i].place);
        cr_expect(str_is(text, cases[i].text), "case %zu: " STR_FMT, i, STR_ARG(text));
    }
}
