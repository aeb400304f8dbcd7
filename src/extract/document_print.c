/* document_print.c - a document as plain text and JSON; Markdown and HTML are in files of their
 * own (print_markdown.c, print_html.c). */
#include "base/json.h"
#include "extract/print.h"

/* --- Plain text --- */

/* Facts with their names first; then the text, blocks apart as in the document's text. */
static void print_text(const DocNode *node, Buf *out)
{
    const Block *last = NULL;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        bool follows = last && last->kind == block->kind && last->table == block->table &&
                       (block->kind == BLOCK_ROW || block->kind == BLOCK_META);
        if (!block->text.length)
            continue;
        if (last)
            buf_add(out, follows ? S("\n") : S("\n\n"));
        if (block->kind == BLOCK_META)
            buf_addf(out, STR_FMT ": ", STR_ARG(block->label));
        buf_add(out, block->text);
        last = block;
    }
    if (last)
        buf_add_char(out, '\n');
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *child = node->children.at[i];
        buf_addf(out, "\n=== " STR_FMT " ===\n\n", STR_ARG(child->name));
        if (child->failure.code != ERROR_NONE)
            buf_addf(out, "(not read: %s)\n", child->failure.message);
        print_text(child, out);
    }
}

/* --- JSON --- */

static void put_box(JsonWriter *json, const Place *place)
{
    const float edges[] = { place->x0, place->y0, place->x1, place->y1 };
    if (place->x1 <= place->x0 && place->y1 <= place->y0)
        return;
    put_array(json, "box");
    for (size_t i = 0; i < COUNT(edges); i++)
        put_number(json, NULL, (double)(int)(edges[i] * 10 + 0.5F) / 10);
    put_end(json);
}

static void put_place(JsonWriter *json, const Place *place)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    Str text = place_text(arena, place);
    if (text.length == 0)
        return;
    put_object(json, "place");
    put_text(json, "text", text);
    if (place->page > 0)
        put_int(json, place->is_slide ? "slide" : "page", place->page);
    put_box(json, place);
    if (place->line_first > 0) {
        put_int(json, "line_first", place->line_first);
        put_int(json, "line_last", place->line_last);
    }
    if (place->start_ms > 0 || place->end_ms > 0) {
        put_int(json, "start_ms", place->start_ms);
        put_int(json, "end_ms", place->end_ms);
    }
    if (place->sheet.length)
        put_text(json, "sheet", place->sheet);
    if (place->cells.length)
        put_text(json, "cells", place->cells);
    if (place->part.length)
        put_text(json, "part", place->part);
    if (place->anchor.length)
        put_text(json, "anchor", place->anchor);
    put_end(json);
}

static void put_cells(JsonWriter *json, const Block *block)
{
    put_array(json, "cells");
    for (size_t i = 0; i < block->cell_count; i++) {
        const Cell *cell = &block->cells[i];
        put_object(json, NULL);
        put_text(json, "text", str_slice(block->text, cell->start, cell->start + cell->length));
        if (cell->column_span > 1)
            put_int(json, "column_span", cell->column_span);
        if (cell->row_span > 1)
            put_int(json, "row_span", cell->row_span);
        put_end(json);
    }
    put_end(json);
}

static void put_block(JsonWriter *json, const Block *block, uint32_t start)
{
    put_object(json, NULL);
    put_text(json, "kind", str(block_kind_name(block->kind)));
    if (block->level > 0)
        put_int(json, "level", block->level);
    if (block->label.length)
        put_text(json, "label", block->label);
    if (block->kind == BLOCK_ROW) {
        put_int(json, "table", block->table);
        if (block->is_header_row)
            put_bool(json, "is_header", true);
        put_cells(json, block);
    }
    if (block->text.length) {
        put_text(json, "text", block->text);
        put_int(json, "start", start);
    }
    put_place(json, &block->place);
    put_end(json);
}

static void put_node(JsonWriter *json, const DocNode *node)
{
    put_text(json, "name", node->name);
    if (node->format.length)
        put_text(json, "format", node->format);
    if (node->media_type.length)
        put_text(json, "media_type", node->media_type);
    if (node->failure.code != ERROR_NONE) {
        put_object(json, "error");
        put_text(json, "code", str(error_name(node->failure.code)));
        put_text(json, "message", str(node->failure.message));
        put_end(json);
    }
    put_array(json, "warnings");
    for (size_t i = 0; i < node->warnings.count; i++)
        put_text(json, NULL, node->warnings.at[i]);
    put_end(json);
    put_array(json, "blocks");
    for (size_t i = 0; i < node->blocks.count; i++)
        put_block(json, &node->blocks.at[i], node->starts.at[i]);
    put_end(json);
    put_array(json, "children");
    for (size_t i = 0; i < node->children.count; i++) {
        put_object(json, NULL);
        put_node(json, node->children.at[i]);
        put_end(json);
    }
    put_end(json);
}

static void print_json(const DocNode *node, Buf *out)
{
    JsonWriter json = put_begin(out);
    put_node(&json, node);
    put_end(&json);
    buf_add_char(out, '\n');
}

void doc_print(const DocNode *node, DocFormat format, Buf *out)
{
    switch (format) {
    case DOC_MARKDOWN: print_markdown(node, out); break;
    case DOC_TEXT: print_text(node, out); break;
    case DOC_JSON: print_json(node, out); break;
    case DOC_HTML: print_html(node, NULL, out); break;
    }
}

void doc_print_marked(const DocNode *node, DocSpan passage, Buf *out)
{
    print_html(node, &passage, out);
}
