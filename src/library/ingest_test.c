#include "library/ingest.h"

#include <criterion/criterion.h>

#include "library/library.h"

static Arena *arena;
static void open_arena(void) { arena = arena_new(MB(64)); }
static void close_arena(void) { arena_free(arena); }
TestSuite(ingest, .init = open_arena, .fini = close_arena);

/* --- Names --- */

Test(ingest, names_lose_what_fools_their_reader)
{
    static const struct {
        const char *given, *clean;
    } cases[] = {
        { "a.pdf", "a.pdf" },
        { "folder/a.pdf", "folder/a.pdf" },
        { "../../etc/passwd", "etc/passwd" },
        { "..\\..\\boot.ini", "boot.ini" },
        { "/etc/shadow", "etc/shadow" },
        { "C:\\Users\\x\\a.txt", "Users/x/a.txt" },
        { "a/./b/../c", "a/b/c" },
        { "a//b", "a/b" },
        { ".\x01.", "unnamed" },
        { "x/.\x7f./y", "x/y" },
        { ".\xe2\x80\xae./y", "y" },
        { "rtl\xe2\x80\xaegnp.exe", "rtlgnp.exe" },
        { "line\nend\r.txt", "lineend.txt" },
        { "  spaces .txt ", "spaces .txt" },
        { "", "unnamed" },
        { "/", "unnamed" },
        { "..", "unnamed" },
        { "caf\xc3\xa9.txt", "caf\xc3\xa9.txt" },
        { "bad\xff.txt", "bad\xef\xbf\xbd.txt" },
        { ".hidden", ".hidden" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        Str clean = library_clean_name(arena, str(cases[i].given));
        cr_expect(str_is(clean, cases[i].clean), "%s: " STR_FMT, cases[i].given, STR_ARG(clean));
    }
}

Test(ingest, a_long_name_keeps_its_end)
{
    char given[5000];
    for (size_t i = 0; i + 3 < sizeof given; i += 2)
        memcpy(given + i, "\xc3\xa9", 3);
    memcpy(given + 4900, ".pdf", 5);
    Str clean = library_clean_name(arena, str(given));
    cr_expect(clean.length <= 1000 && str_ends(clean, S(".pdf")));
    cr_expect(str_find(clean, S("\xef\xbf\xbd")) < 0, "no character is cut in two");
}

/* --- Rows --- */

static DocNode *node;

static void add(BlockKind kind, const char *text, int page, const char *label)
{
    Block block = { .kind = kind,
                    .text = str(text),
                    .label = str(label),
                    .level = kind == BLOCK_HEADING ? 1 : 0,
                    .table = kind == BLOCK_ROW ? 1 : 0,
                    .place = { .page = page } };
    doc_node_add(arena, node, &block);
}

static Ingested ingest(void)
{
    IngestSettings settings = { .chunk_chars = 200, .chunk_overlap = 40 };
    Ingested out;
    node->format = S("pdf");
    ingest_node(arena, node, &settings, &out);
    return out;
}

static void new_node(void)
{
    DocSink unused;
    node = doc_tree_new(arena, S("test.pdf"), false, &unused);
}

static void add_some(void)
{
    new_node();
    add(BLOCK_PAGE, "", 1, "");
    add(BLOCK_HEADING, "Ice", 1, "");
    add(BLOCK_PARAGRAPH, "The ice came early. Nobody sailed before March.", 1, "");
    add(BLOCK_PAGE, "", 2, "");
    add(BLOCK_ROW, "January\t-4", 2, "");
    add(BLOCK_ROW, "February\t-9", 2, "");
    add(BLOCK_PARAGRAPH, "Spring came late.", 2, "");
    add(BLOCK_META, "The harbour in winter", 0, "title");
    add(BLOCK_META, "2025-02-03T04:05:06Z", 0, "created");
}

Test(ingest, every_offset_says_where_its_text_is)
{
    add_some();
    Ingested out = ingest();
    cr_assert(out.block_count == 9 && out.chunk_count > 0);
    for (size_t i = 0; i < out.block_count; i++) {
        const StoredBlock *block = &out.blocks[i];
        cr_assert(block->start + block->length <= out.text.length);
        Str text = str_slice(out.text, block->start, block->start + block->length);
        Str wanted = node->blocks.at[i].text;
        cr_expect(str_ends(text, wanted), "block %zu: " STR_FMT, i, STR_ARG(text));
    }
    for (size_t i = 0; i < out.chunk_count; i++) {
        const Chunk *chunk = &out.chunks[i];
        Str there =
            str_slice(out.text, (size_t)chunk->start, (size_t)(chunk->start + chunk->length));
        cr_expect(str_equal(there, chunk->text));
        cr_expect(chunk->first_block <= chunk->last_block && chunk->last_block < 9);
    }
}

Test(ingest, a_documents_own_date_is_when_it_went_out_before_when_its_file_was_made)
{
    static const struct {
        const char *facts[3][2];
        int64_t date_ms;
    } cases[] = {
        { { { "created", "2025-02-03T10:11:12Z" } }, 1738577472000 },
        { { { "created", "2025-02-03" }, { "sent", "2021-05-04T10:00:00Z" } }, 1620122400000 },
        { { { "published", "2024-03-05" } }, 1709596800000 },
        { { { "modified", "2025-02-03" }, { "taken", "1970-01-02" } }, 86400000 },
        { { { "published", "about 1900" }, { "created", "1970-01-03" } }, 172800000 },
        { { { "modified", "2025-02-03" } }, 0 },
    };
    for (size_t c = 0; c < COUNT(cases); c++) {
        new_node();
        for (size_t i = 0; i < 3 && cases[c].facts[i][0]; i++)
            add(BLOCK_META, cases[c].facts[i][1], 0, cases[c].facts[i][0]);
        add(BLOCK_PARAGRAPH, "Something.", 0, "");
        Ingested out = ingest();
        cr_expect_eq(out.facts.document_date_ms, cases[c].date_ms, "%zu: %lld", c,
                     (long long)out.facts.document_date_ms);
    }
}

Test(ingest, facts_come_from_properties_headings_and_pages)
{
    add_some();
    Ingested out = ingest();
    cr_expect(str_is(out.facts.title, "The harbour in winter"));
    cr_expect(out.facts.page_count == 2 && out.facts.document_date_ms == 1738555506000);
    cr_expect(str_is(out.facts.format, "pdf") && str_is(out.facts.language, "en"));
    cr_expect(str_find(out.facts.metadata, S("\"title\"")) > 0);
    new_node();
    add(BLOCK_HEADING, "Only a heading", 0, "");
    cr_expect(str_is(ingest().facts.title, "Only a heading"));
    new_node();
    Ingested empty = ingest();
    cr_expect(empty.text.length == 0 && empty.chunk_count == 0 && empty.block_count == 0);
}

Test(ingest, blocks_come_back_as_they_were)
{
    add_some();
    Ingested out = ingest();
    DocNode *back = ingest_restore(arena, S("test.pdf"), out.text, 0, out.blocks, out.block_count);
    cr_assert(back->blocks.count == node->blocks.count);
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *a = &node->blocks.at[i], *b = &back->blocks.at[i];
        cr_expect(a->kind == b->kind && str_equal(a->text, b->text), "block %zu: " STR_FMT, i,
                  STR_ARG(b->text));
        cr_expect(a->place.page == b->place.page && str_equal(a->label, b->label));
    }
    Buf first = buf_new(arena, MB(1)), second = buf_new(arena, MB(1));
    doc_print(node, DOC_MARKDOWN, &first);
    doc_print(back, DOC_MARKDOWN, &second);
    cr_expect(str_equal(buf_str(&first), buf_str(&second)));
}

/* --- Places --- */

Test(ingest, places_read_as_people_say_them)
{
    static const struct {
        StoredBlock blocks[2];
        size_t count;
        const char *headings, *place;
    } cases[] = {
        { { { .page = 3 } }, 1, "", "page 3" },
        { { { .page = 3 }, { .page = 5 } }, 2, "", "pages 3-5" },
        { { { .page = 2, .is_slide = true } }, 1, "", "slide 2" },
        { { { .line_first = 7, .line_last = 7 } }, 1, "", "line 7" },
        { { { .line_first = 7, .line_last = 7 }, { .line_first = 9, .line_last = 12 } },
          2,
          "",
          "lines 7-12" },
        { { { .line_first = 1, .line_last = 1 } }, 1, "Rules > Fees", "line 1, heading Fees" },
        { { { .kind = BLOCK_PARAGRAPH, .start_ms = 723000, .end_ms = 726000 },
            { .kind = BLOCK_PARAGRAPH, .start_ms = 726500, .end_ms = 729900 } },
          2,
          "",
          "12:03-12:09" },
        { { { .kind = BLOCK_HEADING, .start_ms = 60000, .end_ms = 3600000 },
            { .kind = BLOCK_PARAGRAPH, .start_ms = 61000, .end_ms = 75000 } },
          2,
          "Weather",
          "1:00-1:15, heading Weather" },
        { { { .line_first = 2, .line_last = 3, .start_ms = 1000, .end_ms = 4000 } },
          1,
          "",
          "lines 2-3, 0:01-0:04" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        StoredBlock blocks[2];
        memcpy(blocks, cases[i].blocks, sizeof blocks);
        for (size_t j = 0; j < 2; j++)
            blocks[j].length = 1;
        Str place = ingest_place(arena, blocks, cases[i].count, str(cases[i].headings));
        cr_expect(str_is(place, cases[i].place), "%s: " STR_FMT, cases[i].place, STR_ARG(place));
    }
    StoredBlock row = { .length = 1, .sheet = S("Sheet1"), .cells = S("A4:F4") }, rows[2];
    rows[0] = rows[1] = row;
    rows[1].cells = S("A9:F9");
    cr_expect(str_is(ingest_place(arena, rows, 2, S("")), "Sheet1!A4:F9"));
}
