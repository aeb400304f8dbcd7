/* print_markdown.c - a document as GitHub-flavoured Markdown.
 *
 * Escapes are few, because people and models read this: what would start a block at the begin of
 * a line, HTML tags, and bars in tables. */
#include "extract/print.h"

static bool starts_number(Str line)
{
    size_t digits = 0;
    while (digits < line.length && line.at[digits] >= '0' && line.at[digits] <= '9')
        digits++;
    return digits > 0 && digits < 10 && digits + 1 < line.length &&
           HAS_CHAR(line.at[digits], ".)") && line.at[digits + 1] == ' ';
}

static bool starts_block(Str line)
{
    if (line.length == 0)
        return false;
    char first = line.at[0], second = line.length > 1 ? line.at[1] : ' ';
    return first == '>' || (HAS_CHAR(first, "-+*") && second == ' ') ||
           (first == '#' && HAS_CHAR(second, " #")) || str_starts(line, S("```")) ||
           str_starts(line, S("---")) || str_starts(line, S("==="));
}

static bool is_tag_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '/' || c == '!' || c == '?';
}

static void add_line(Buf *out, Str line, bool in_table)
{
    if (!in_table && starts_block(line)) {
        buf_add_char(out, '\\');
    } else if (!in_table && starts_number(line)) {
        size_t mark = 0;
        while (!HAS_CHAR(line.at[mark], ".)"))
            mark++;
        buf_add(out, str_slice(line, 0, mark));
        buf_add_char(out, '\\');
        line = str_from(line, mark);
    }
    for (size_t i = 0; i < line.length; i++) {
        bool is_tag = line.at[i] == '<' && i + 1 < line.length && is_tag_start(line.at[i + 1]);
        if (is_tag || (in_table && line.at[i] == '|'))
            buf_add_char(out, '\\');
        buf_add_char(out, line.at[i]);
    }
}

/* Lines of a text, each after `indent`. */
static void add_lines(Buf *out, Str text, Str indent)
{
    bool first = true;
    for (Str line; str_next(&text, '\n', &line); first = false) {
        if (!first) {
            buf_add_char(out, '\n');
            buf_add(out, indent);
        }
        add_line(out, str_trim(line), false);
    }
}

/* Cells over several rows leave their place below empty: rows still to come, by column. */
enum { COLUMNS_MAX = 100 };
typedef struct Spans {
    int below[COLUMNS_MAX];
    int column;
} Spans;

static void skip_covered(Buf *out, Spans *spans)
{
    while (spans->column < COLUMNS_MAX && spans->below[spans->column] > 0) {
        spans->below[spans->column++]--;
        buf_add(out, S("  |"));
    }
}

static void take_columns(Spans *spans, const Cell *cell)
{
    for (int i = 0; i < cell->column_span && spans->column < COLUMNS_MAX; i++)
        spans->below[spans->column++] = cell->row_span - 1;
}

static void add_row(Buf *out, const Block *row, Spans *spans)
{
    buf_add_char(out, '|');
    spans->column = 0;
    for (size_t i = 0; i < row->cell_count; i++) {
        const Cell *cell = &row->cells[i];
        skip_covered(out, spans);
        take_columns(spans, cell);
        buf_add_char(out, ' ');
        add_line(out, str_slice(row->text, cell->start, cell->start + cell->length), true);
        buf_add(out, S(" |"));
        for (int span = 1; span < cell->column_span && span < 50; span++)
            buf_add(out, S("  |"));
    }
    skip_covered(out, spans);
    buf_add_char(out, '\n');
}

/* The same mark below each column of a row. */
static void add_columns(Buf *out, const Block *row, Str mark)
{
    buf_add_char(out, '|');
    for (size_t i = 0; i < row->cell_count; i++)
        for (int span = 0; span < MAX(1, MIN(row->cells[i].column_span, 50)); span++)
            buf_add(out, mark);
    buf_add_char(out, '\n');
}

static void add_rule(Buf *out, const Block *row) { add_columns(out, row, S("---|")); }

/* A first row that is mostly empty says nothing about the columns below: a caption, or cells that
 * stand anywhere. */
static bool heads_nothing(const Block *row)
{
    size_t empty = 0;
    for (size_t i = 0; i < row->cell_count; i++)
        empty += row->cells[i].length == 0;
    return !row->is_header_row && empty * 2 > row->cell_count;
}

static void add_code(Buf *out, const Block *block)
{
    const char *fence = "```";
    while (str_find(block->text, str(fence)) >= 0 && strlen(fence) < 8)
        fence = strlen(fence) == 3 ? "````" : "````````";
    buf_addf(out, "%s" STR_FMT "\n" STR_FMT "\n%s\n\n", fence, STR_ARG(block->label),
             STR_ARG(block->text), fence);
}

static void add_list_item(Buf *out, const Block *block, bool next_is_item)
{
    char spaces[] = "                    ";
    size_t depth = (size_t)MIN(MAX(block->level - 1, 0), 8) * 2;
    Str indent = { spaces, depth + 2 };
    bool is_numbered =
        block->label.length && block->label.at[0] >= '0' && block->label.at[0] <= '9';
    buf_add(out, (Str){ spaces, depth });
    /* "a)" is a number too; bullets are one character or an odd one. */
    bool is_letter = block->label.length == 2 && HAS_CHAR(block->label.at[1], ".)");
    if (is_numbered || is_letter || block->label.length > 2) {
        buf_add(out, is_numbered ? STR_NONE : S("- "));
        buf_add(out, block->label);
    } else {
        buf_add_char(out, '-');
    }
    buf_add_char(out, ' ');
    add_lines(out, block->text, indent);
    buf_add(out, next_is_item ? S("\n") : S("\n\n"));
}

static void add_labelled(Buf *out, const Block *block)
{
    buf_add(out, S("> **"));
    buf_add(out, block->label.length ? block->label : S("note"));
    buf_add(out, S(":** "));
    add_lines(out, block->text, S("> "));
    buf_add(out, S("\n\n"));
}

static void add_block(Buf *out, const Block *block, const Block *next, Spans *spans)
{
    switch (block->kind) {
    case BLOCK_HEADING:
        for (int i = 0; i < block->level; i++)
            buf_add_char(out, '#');
        buf_add_char(out, ' ');
        add_line(out, block->text, true);
        buf_add(out, S("\n\n"));
        break;
    case BLOCK_LIST_ITEM: add_list_item(out, block, next && next->kind == BLOCK_LIST_ITEM); break;
    case BLOCK_ROW: add_row(out, block, spans); break;
    case BLOCK_CODE: add_code(out, block); break;
    case BLOCK_QUOTE:
        buf_add(out, S("> "));
        add_lines(out, block->text, S("> "));
        buf_add(out, S("\n\n"));
        break;
    case BLOCK_IMAGE: buf_addf(out, "![" STR_FMT "]()\n\n", STR_ARG(block->text)); break;
    case BLOCK_NOTE: add_labelled(out, block); break;
    case BLOCK_META:
        buf_addf(out, "**" STR_FMT ":** ", STR_ARG(block->label));
        add_line(out, block->text, false);
        buf_add(out, next && next->kind == BLOCK_META ? S("  \n") : S("\n\n"));
        break;
    case BLOCK_PAGE:
        buf_addf(out, "<!-- %s %d -->\n\n", block->place.is_slide ? "slide" : "page",
                 block->place.page);
        break;
    default: add_lines(out, block->text, STR_NONE); buf_add(out, S("\n\n"));
    }
}

static bool continues_table(const Block *a, const Block *b)
{
    return a && b && a->kind == BLOCK_ROW && b->kind == BLOCK_ROW && a->table == b->table;
}

static void begin_table(Buf *out, const Block *first)
{
    if (!heads_nothing(first))
        return;
    add_columns(out, first, S("  |"));
    add_rule(out, first);
}

/* The rule comes after the header rows, or after the first row when none is marked: Markdown has
 * no table without a header. */
static void add_table_marks(Buf *out, const Block *last, const Block *block, const Block *next)
{
    if (!continues_table(last, block) && !heads_nothing(block))
        add_rule(out, block);
    if (!continues_table(block, next))
        buf_add_char(out, '\n');
}

void print_markdown(const DocNode *node, Buf *out)
{
    const Block *last = NULL;
    Spans spans = { 0 };
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        const Block *next = i + 1 < node->blocks.count ? block + 1 : NULL;
        if (block->kind == BLOCK_ROW && !continues_table(last, block)) {
            spans = (Spans){ 0 };
            begin_table(out, block);
        }
        add_block(out, block, next, &spans);
        if (block->kind == BLOCK_ROW)
            add_table_marks(out, last, block, next);
        last = block;
    }
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *child = node->children.at[i];
        buf_addf(out, "---\n\n**" STR_FMT "**\n\n", STR_ARG(child->name));
        if (child->failure.code != ERROR_NONE)
            buf_addf(out, "*not read: %s*\n\n", child->failure.message);
        print_markdown(child, out);
    }
}
