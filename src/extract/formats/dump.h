/* dump.h - for tests of formats: a document as short lines, one for each block.
 *
 *     h1 Title            li2 - item          row a | b       rowh: a row of the header
 *     p Text              code(c) int x;      + name          a child, indented below it
 *     meta(title) Text    ! encrypted         why it failed   ~ a warning
 *
 * Line ends inside a block are written as "\n". With places, " @lines 1-2" ends each line. */
#pragma once

#include <criterion/criterion.h>

#include "base/file.h"
#include "extract/extractor.h"

typedef struct DumpOptions {
    bool places;
    const char *name, *media_type, *password;
    const DocLimits *limits;
} DumpOptions;

static inline void dump_text(Buf *out, Str text)
{
    for (size_t i = 0; i < text.length; i++)
        text.at[i] == '\n' ? buf_add(out, S("\\n")) : buf_add_char(out, text.at[i]);
}

static inline void dump_block(Buf *out, const Block *block, bool places)
{
    static const char *const names[BLOCK_KIND_COUNT] = {
        [BLOCK_HEADING] = "h", [BLOCK_PARAGRAPH] = "p", [BLOCK_LIST_ITEM] = "li",
        [BLOCK_ROW] = "row",   [BLOCK_CODE] = "code",   [BLOCK_QUOTE] = "quote",
        [BLOCK_IMAGE] = "img", [BLOCK_NOTE] = "note",   [BLOCK_HEADER] = "header",
        [BLOCK_META] = "meta", [BLOCK_PAGE] = "page",
    };
    buf_add(out, str(names[block->kind]));
    if (block->level)
        buf_addf(out, "%d", block->level);
    if (block->is_header_row)
        buf_add_char(out, 'h');
    if (block->kind == BLOCK_LIST_ITEM)
        buf_addf(out, " " STR_FMT, STR_ARG(block->label));
    else if (block->label.length)
        buf_addf(out, "(" STR_FMT ")", STR_ARG(block->label));
    buf_add_char(out, ' ');
    dump_text(out, block->text);
    if (places) {
        buf_add(out, S(" @"));
        buf_add(out, place_text(out->arena, &block->place));
    }
    buf_add_char(out, '\n');
}

static inline void dump_node(Buf *out, const DocNode *node, int depth, bool places)
{
    for (size_t i = 0; i < node->blocks.count; i++) {
        buf_addf(out, "%*s", depth * 2, "");
        dump_block(out, &node->blocks.at[i], places);
    }
    for (size_t i = 0; i < node->warnings.count; i++)
        buf_addf(out, "%*s~ " STR_FMT "\n", depth * 2, "", STR_ARG(node->warnings.at[i]));
    if (node->failure.code != ERROR_NONE)
        buf_addf(out, "%*s! %s\n", depth * 2, "", error_name(node->failure.code));
    for (size_t i = 0; i < node->children.count; i++) {
        buf_addf(out, "%*s+ " STR_FMT "\n", depth * 2, "", STR_ARG(node->children.at[i]->name));
        dump_node(out, node->children.at[i], depth + 1, places);
    }
}

/* The document as lines; "! code" when it could not be read. */
static inline const char *dump(Arena *arena, const Extractor *extractor, Str bytes,
                               DumpOptions options)
{
    Error err = { 0 };
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("test"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, options.limits);
    ExtractSource source = { .bytes = bytes,
                             .name = str(options.name),
                             .media_type = str(options.media_type),
                             .password = str(options.password) };
    doc_writer_password(doc, source.password);
    bool ok = extractor->extract(&source, doc, &err) && doc_writer_end(doc, &err);
    doc_writer_free(doc);
    Buf out = buf_new(arena, MB(16));
    dump_node(&out, node, 0, options.places);
    if (!ok)
        buf_addf(&out, "! %s\n", error_name(err.code));
    return buf_c(&out);
}

typedef struct DumpCase {
    const char *about, *input, *expected;
} DumpCase;

static inline void dump_cases(const Extractor *extractor, const DumpCase *cases, size_t count,
                              DumpOptions options)
{
    for (size_t i = 0; i < count; i++) {
        AUTO_ARENA Arena *arena = arena_new(MB(64));
        const char *got = dump(arena, extractor, str(cases[i].input), options);
        cr_expect_str_eq(got, cases[i].expected, "%s:\n--- got\n%s--- expected\n%s", cases[i].about,
                         got, cases[i].expected);
    }
}

#define DUMP_CASES(extractor, cases, ...)                                                          \
    dump_cases(&(extractor), (cases), COUNT(cases), (DumpOptions){ __VA_ARGS__ })

/* The file as Markdown, with its warnings at the end; empty when it could not be read. */
static inline Str dump_markdown(Arena *arena, Str bytes, Error *err)
{
    DocSink sink;
    DocNode *node = doc_tree_new(arena, S("test"), false, &sink);
    DocWriter *doc = doc_writer_new(arena, &sink, NULL);
    ExtractSource source = { .bytes = bytes };
    bool ok = extract_document(&source, doc, err);
    doc_writer_free(doc);
    if (!ok)
        return STR_NONE;
    Buf out = buf_new(arena, MB(8));
    doc_print(node, DOC_MARKDOWN, &out);
    for (size_t i = 0; i < node->warnings.count; i++)
        buf_addf(&out, "(warning: " STR_FMT ")\n", STR_ARG(node->warnings.at[i]));
    return buf_str(&out);
}

/* A sample of tests/samples, wherever the test is started. */
static inline const char *dump_sample(Arena *arena, const char *name, bool places)
{
    char path[200];
    Error err = { 0 };
    Str bytes;
    snprintf(path, sizeof path, "tests/samples/%s", name);
    cr_assert(file_read(arena, path, MB(16), &bytes, &err), "%s", err.message);
    const Extractor *extractor = extractor_choose(bytes, str(name), STR_NONE);
    cr_assert(extractor != NULL, "no extractor for %s", name);
    return dump(arena, extractor, bytes, (DumpOptions){ .name = name, .places = places });
}
