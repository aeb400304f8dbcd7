/* chunks_test.c - chunks of small documents. */
#include "text/chunks.h"

#include <criterion/criterion.h>

#include "base/utf8.h"

typedef struct Builder {
    Arena *arena;
    Buf text;
    VEC(ChunkBlock) blocks;
} Builder;

static ChunkBlock *add(Builder *b, ChunkKind kind, const char *text)
{
    if (b->text.length)
        buf_add(&b->text, kind == CHUNK_ROW ? S("\n") : S("\n\n"));
    ChunkBlock *block = vec_push(b->arena, &b->blocks);
    *block = (ChunkBlock){ .text = str(text), .kind = kind, .level = 1, .start = b->text.length };
    buf_add(&b->text, str(text));
    return block;
}

static Builder builder(Arena *arena)
{
    return (Builder){ .arena = arena, .text = buf_new(arena, MB(4)) };
}

static ChunkRanges make(Builder *b, size_t chars, size_t overlap)
{
    ChunkSettings settings = { .chars_max = chars, .overlap = overlap };
    return chunks_make(b->arena, buf_str(&b->text), b->blocks.at, b->blocks.count, &settings);
}

static Str text_of(const Builder *b, const ChunkRange *chunk)
{
    return str_slice(buf_str(&b->text), chunk->start, chunk->end);
}

Test(text, a_short_document_is_one_chunk_with_its_heading_path)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    add(&b, CHUNK_HEADING, "Guide");
    add(&b, CHUNK_HEADING, "Install")->level = 2;
    add(&b, CHUNK_PARAGRAPH, "Run make. It builds.");
    ChunkRanges list = make(&b, 1000, 200);
    cr_assert_eq(list.chunks.count, 1);
    cr_expect(str_is(list.chunks.at[0].headings, "Guide > Install"));
    cr_expect_eq(list.chunks.at[0].block_first, 0);
    cr_expect_eq(list.chunks.at[0].block_last, 2);
}

Test(text, code_has_the_name_of_what_it_defines_as_heading)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    add(&b, CHUNK_CODE, "#include <aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa.h>");
    add(&b, CHUNK_CODE, "int parse_header(void)\n{\n    return 1;\n}")->name = S("parse_header");
    add(&b, CHUNK_CODE, "int after_all_of_that_is_done = 2; /* so long */");
    ChunkRanges list = make(&b, 50, 0);
    cr_assert_eq(list.chunks.count, 3);
    cr_expect(str_is(list.chunks.at[0].headings, ""));
    cr_expect(str_is(list.chunks.at[1].headings, "parse_header"));
    cr_expect(str_is(list.chunks.at[2].headings, ""));
}

Test(text, a_chunk_of_several_definitions_names_them_all)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    add(&b, CHUNK_CODE, "#include <a.h>");
    add(&b, CHUNK_CODE, "int one(void);")->name = S("one");
    add(&b, CHUNK_CODE, "int two(void)\n{")->name = S("two");
    add(&b, CHUNK_CODE, "return 2;\n}")->name = S("two");
    ChunkRanges list = make(&b, 1000, 0);
    cr_assert_eq(list.chunks.count, 1);
    cr_expect(str_is(list.chunks.at[0].headings, "one, two"));
}

Test(text, chunks_end_at_sentences_and_overlap)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    Buf long_text = buf_new(arena, KB(64));
    for (int i = 0; i < 40; i++)
        buf_addf(&long_text, "Sentence number %d says one thing and stops. ", i);
    add(&b, CHUNK_PARAGRAPH, buf_c(&long_text));
    ChunkRanges list = make(&b, 300, 60);
    cr_assert_gt(list.chunks.count, 5);
    for (size_t i = 0; i < list.chunks.count; i++) {
        Str text = text_of(&b, &list.chunks.at[i]);
        cr_expect_leq(utf8_count(text), 300);
        cr_expect(str_ends(text, S(".")) && str_starts(text, S("Sentence")), STR_FMT,
                  STR_ARG(text));
        if (i) {
            cr_expect_lt(list.chunks.at[i].start, list.chunks.at[i - 1].end);
            cr_expect_gt(list.chunks.at[i].end, list.chunks.at[i - 1].end);
        }
    }
}

Test(text, a_heading_is_never_the_end_of_a_chunk)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    for (int i = 0; i < 20; i++) {
        add(&b, CHUNK_HEADING, str_c(arena, str_format(arena, "Part %d", i)));
        add(&b, CHUNK_PARAGRAPH,
            "Forty words or so of text that a section of this size holds, no more.");
    }
    ChunkRanges list = make(&b, 200, 40);
    for (size_t i = 0; i < list.chunks.count; i++) {
        const ChunkRange *chunk = &list.chunks.at[i];
        cr_expect_eq(b.blocks.at[chunk->block_last].kind, CHUNK_PARAGRAPH);
        cr_expect(str_starts(text_of(&b, chunk), S("Part")));
        cr_expect(str_starts(chunk->headings, S("Part")));
    }
}

Test(text, a_row_is_not_cut_and_knows_its_header)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    ChunkBlock *header = add(&b, CHUNK_ROW, "Name | Amount");
    header->is_header_row = true, header->table = 1;
    for (int i = 0; i < 30; i++)
        add(&b, CHUNK_ROW, "Somebody with a name | 12,345.67")->table = 1;
    Buf wide = buf_new(arena, KB(64));
    for (int i = 0; i < 12; i++)
        buf_addf(&wide, "%scell %d of a row", i ? " | " : "", i);
    add(&b, CHUNK_ROW, buf_c(&wide))->table = 1; /* 2 chunks long: stands alone */
    Buf huge = buf_new(arena, KB(64));
    for (int i = 0; i < 60; i++)
        buf_addf(&huge, "%scell %d of a row", i ? " | " : "", i);
    add(&b, CHUNK_ROW, buf_c(&huge))->table = 1; /* more than 4: cut between cells */
    ChunkRanges list = make(&b, 100, 20);
    bool alone = false;
    for (size_t i = 0; i < list.chunks.count; i++) {
        const ChunkRange *chunk = &list.chunks.at[i];
        Str text = text_of(&b, chunk);
        cr_expect(str_starts(text, S("Name")) || str_starts(text, S("Somebody")) ||
                      str_starts(text, S("cell")),
                  STR_FMT, STR_ARG(text));
        cr_expect(i == 0 ? !chunk->table_header.length
                         : str_is(chunk->table_header, "Name | Amount"));
        alone |= str_equal(text, buf_str(&wide));
    }
    cr_expect(alone);
}

static size_t count_words(void *self, Str text)
{
    size_t count = 0;
    (void)self;
    for (size_t i = 0; i < text.length; i++)
        count += text.at[i] == ' ' || i + 1 == text.length;
    return count;
}

Test(text, the_encoder_bounds_chunks_too)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    Buf text = buf_new(arena, KB(64));
    for (int i = 0; i < 400; i++)
        buf_add(&text, S("ab cd "));
    add(&b, CHUNK_PARAGRAPH, buf_c(&text));
    ChunkSettings settings = { .chars_max = 1000, .tokens_max = 50, .count_tokens = count_words };
    ChunkRanges list = chunks_make(arena, buf_str(&b.text), b.blocks.at, b.blocks.count, &settings);
    cr_assert_gt(list.chunks.count, 15);
    for (size_t i = 0; i < list.chunks.count; i++)
        cr_expect_leq(count_words(NULL, text_of(&b, &list.chunks.at[i])), 50);
}

Test(text, a_chunk_touches_two_pages_at_most)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    for (int page = 1; page <= 10; page++)
        add(&b, CHUNK_PARAGRAPH, "Little on this page.")->page = page;
    ChunkRanges list = make(&b, 1000, 200);
    for (size_t i = 0; i < list.chunks.count; i++)
        cr_expect_leq(list.chunks.at[i].page_last - list.chunks.at[i].page_first, 1);
    cr_expect_eq(list.chunks.at[list.chunks.count - 1].page_last, 10);
}

Test(text, a_text_without_spaces_is_cut_all_the_same)
{
    AUTO_ARENA Arena *arena = arena_new(MB(8));
    Builder b = builder(arena);
    Buf text = buf_new(arena, KB(64));
    for (int i = 0; i < 3000; i++)
        buf_add(&text, S("字"));
    add(&b, CHUNK_PARAGRAPH, buf_c(&text));
    add(&b, CHUNK_CODE, "");
    ChunkRanges list = make(&b, 1000, 200);
    cr_assert_eq(list.chunks.count, 3);
    cr_expect(utf8_is_valid(text_of(&b, &list.chunks.at[1])));
    cr_expect_eq(
        make(&(Builder){ .arena = arena, .text = buf_new(arena, 16) }, 100, 0).chunks.count, 0);
}
