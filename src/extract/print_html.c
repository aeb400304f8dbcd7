/* print_html.c - a document as an HTML fragment; all text is escaped. */
#include "extract/print.h"

typedef struct HtmlPrinter {
    Buf *out;
    Buf prefix;             /* of ids: "" for the document, "c0-" for its first child, "c0-c1-" */
    const DocSpan *passage; /* NULL: nothing is marked */
    bool is_marked;
} HtmlPrinter;

static void add_attribute(Buf *out, const char *name, Str value)
{
    buf_addf(out, " %s=\"", name);
    buf_add_escaped(out, value);
    buf_add_char(out, '"');
}

static const char *element_of(const Block *block)
{
    static const char *const headings[] = { "h1", "h2", "h3", "h4", "h5", "h6" };
    switch (block->kind) {
    case BLOCK_HEADING: return headings[MAX(1, MIN(block->level, 6)) - 1];
    case BLOCK_LIST_ITEM: return "div";
    case BLOCK_ROW: return "tr";
    case BLOCK_CODE: return "pre";
    case BLOCK_QUOTE: return "blockquote";
    case BLOCK_NOTE: return "aside";
    case BLOCK_PAGE: return "hr";
    default: return "p";
    }
}

static void add_open(HtmlPrinter *html, const Block *block, size_t index, uint32_t start)
{
    AUTO_ARENA Arena *arena = arena_new(KB(16));
    Buf *out = html->out;
    buf_addf(out, "<%s id=\"" STR_FMT "b%zu\" data-start=\"%u\" class=\"%s", element_of(block),
             STR_ARG(buf_str(&html->prefix)), index, start, block_kind_name(block->kind));
    if (block->kind == BLOCK_LIST_ITEM)
        buf_addf(out, " level-%d", MIN(block->level, 9));
    buf_add_char(out, '"');
    Str place = place_text(arena, &block->place);
    if (place.length)
        add_attribute(out, "data-place", place);
    if (block->kind == BLOCK_PAGE)
        buf_addf(out, " data-page=\"%d\"", block->place.page);
    if (block->label.length)
        add_attribute(out, "data-label", block->label);
    buf_add_char(out, '>');
}

/* Text that begins at byte `start` of the document's; of the passage, the first part has the id. */
static void add_span(HtmlPrinter *html, Str text, size_t start)
{
    Buf *out = html->out;
    DocSpan passage = html->passage ? *html->passage : (DocSpan){ 0, 0 };
    size_t from = MIN(MAX(passage.start, start) - start, text.length);
    size_t to = MIN(MAX(passage.end, start) - start, text.length);
    if (from >= to) {
        buf_add_escaped(out, text);
        return;
    }
    buf_add_escaped(out, str_slice(text, 0, from));
    buf_add(out, html->is_marked ? S("<mark>") : S("<mark id=\"passage\">"));
    buf_add_escaped(out, str_slice(text, from, to));
    buf_add(out, S("</mark>"));
    buf_add_escaped(out, str_from(text, to));
    html->is_marked = true;
}

static void add_cells(HtmlPrinter *html, const Block *row, size_t start)
{
    Buf *out = html->out;
    const char *element = row->is_header_row ? "th" : "td";
    for (size_t i = 0; i < row->cell_count; i++) {
        const Cell *cell = &row->cells[i];
        buf_addf(out, "<%s", element);
        if (cell->column_span > 1)
            buf_addf(out, " colspan=\"%u\"", cell->column_span);
        if (cell->row_span > 1)
            buf_addf(out, " rowspan=\"%u\"", cell->row_span);
        buf_add_char(out, '>');
        add_span(html, str_slice(row->text, cell->start, cell->start + cell->length),
                 start + cell->start);
        buf_addf(out, "</%s>", element);
    }
}

static void add_text(HtmlPrinter *html, const Block *block, size_t start)
{
    bool first = true, keep_lines = block->kind == BLOCK_CODE;
    Str text = block->text;
    for (Str line; str_next(&text, '\n', &line); first = false) {
        if (!first)
            buf_add(html->out, keep_lines ? S("\n") : S("<br>\n"));
        add_span(html, line, start + (size_t)(line.at - block->text.at));
    }
}

static void add_block(HtmlPrinter *html, const Block *block, size_t index, uint32_t start)
{
    Buf *out = html->out;
    add_open(html, block, index, start);
    if (block->kind == BLOCK_PAGE) {
        buf_add_char(out, '\n');
        return;
    }
    if (block->kind == BLOCK_ROW)
        add_cells(html, block, start);
    else
        add_text(html, block, start);
    buf_addf(out, "</%s>\n", element_of(block));
}

static bool same_table(const Block *a, const Block *b)
{
    return a && b && a->kind == BLOCK_ROW && b->kind == BLOCK_ROW && a->table == b->table;
}

static void print_node(HtmlPrinter *html, const DocNode *node)
{
    const Block *last = NULL;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        const Block *next = i + 1 < node->blocks.count ? block + 1 : NULL;
        if (block->kind == BLOCK_ROW && !same_table(last, block))
            buf_add(html->out, S("<table>\n"));
        add_block(html, block, i, node->starts.at[i]);
        if (block->kind == BLOCK_ROW && !same_table(block, next))
            buf_add(html->out, S("</table>\n"));
        last = block;
    }
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *child = node->children.at[i];
        size_t length = html->prefix.length;
        buf_addf(&html->prefix, "c%zu-", i);
        buf_add(html->out, S("<section class=\"child\""));
        add_attribute(html->out, "data-name", child->name);
        buf_add(html->out, S(">\n"));
        if (child->failure.code != ERROR_NONE) {
            buf_add(html->out, S("<p class=\"failure\">"));
            buf_add_escaped(html->out, str(child->failure.message));
            buf_add(html->out, S("</p>\n"));
        }
        print_node(html, child);
        buf_add(html->out, S("</section>\n"));
        html->prefix.length = length;
    }
}

void print_html(const DocNode *node, const DocSpan *passage, Buf *out)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    HtmlPrinter html = { .out = out, .prefix = buf_new(arena, KB(64)), .passage = passage };
    print_node(&html, node);
}
