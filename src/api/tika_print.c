/* tika_print.c - see tika_print.h. */
#include "api/tika_print.h"

#include "base/utf8.h"

/* --- Facts --- */

static const struct {
    const char *fact, *name;
} names[] = {
#define TIKA_NAME(fact, name) { #fact, name },
#include "api/tika_names.def"
#undef TIKA_NAME
};

const TikaFact *tika_fact(const TikaFacts *facts, Str name)
{
    for (size_t i = 0; i < facts->list.count; i++)
        if (str_equal(facts->list.at[i].name, name))
            return &facts->list.at[i];
    return NULL;
}

enum { FACTS_MAX = 500, VALUES_MAX = 200 };

void tika_fact_add(TikaFacts *facts, Str name, Str value)
{
    TikaFact *fact = NULL;
    for (size_t i = 0; i < facts->list.count && !fact; i++)
        if (str_equal(facts->list.at[i].name, name))
            fact = &facts->list.at[i];
    if (!fact && facts->list.count < FACTS_MAX) {
        fact = vec_push(facts->arena, &facts->list);
        *fact = (TikaFact){ .name = name };
    }
    if (fact && fact->values.count < VALUES_MAX)
        *vec_push(facts->arena, &fact->values) = value;
}

static void add_meta(TikaFacts *facts, const Block *block)
{
    bool is_known = false;
    for (size_t i = 0; i < COUNT(names); i++)
        if (str_equal_ignore_case(block->label, str(names[i].fact))) {
            tika_fact_add(facts, str(names[i].name), block->text);
            is_known = true;
        }
    if (!is_known)
        tika_fact_add(facts, str_format(facts->arena, "lectern:" STR_FMT, STR_ARG(block->label)),
                      block->text);
}

static int count_pages(const DocNode *node)
{
    int pages = 0;
    for (size_t i = 0; i < node->blocks.count; i++)
        pages += node->blocks.at[i].kind == BLOCK_PAGE;
    return pages;
}

TikaFacts tika_facts(Arena *arena, const DocNode *node)
{
    TikaFacts facts = { .arena = arena };
    Quality quality;
    int pages = count_pages(node);
    tika_fact_add(&facts, S("Content-Type"),
                  node->media_type.length ? node->media_type : S("application/octet-stream"));
    if (node->name.length)
        tika_fact_add(&facts, S("resourceName"), node->name);
    if (node->format.length)
        tika_fact_add(&facts, S("X-TIKA:Parsed-By"),
                      str_format(arena, "lectern/" STR_FMT, STR_ARG(node->format)));
    for (size_t i = 0; i < node->blocks.count; i++)
        if (node->blocks.at[i].kind == BLOCK_META)
            add_meta(&facts, &node->blocks.at[i]);
    if (pages && !tika_fact(&facts, S("xmpTPg:NPages")))
        tika_fact_add(&facts, S("xmpTPg:NPages"), str_format(arena, "%d", pages));
    if (node->failure.code == ERROR_NONE && node->text_length) {
        quality_measure(arena, node, &quality);
        tika_fact_add(&facts, S("lectern:extraction_quality"), str(quality_name(quality.grade)));
    }
    for (size_t i = 0; i < node->warnings.count; i++)
        tika_fact_add(&facts, S("X-TIKA:WARN:lectern"), node->warnings.at[i]);
    return facts;
}

void tika_put_facts(JsonWriter *json, const TikaFacts *facts)
{
    AUTO_ARENA Arena *arena = arena_new(MB(16));
    for (size_t i = 0; i < facts->list.count; i++) {
        const TikaFact *fact = &facts->list.at[i];
        char *name = str_c(arena, str_slice(fact->name, 0, 1000));
        if (fact->values.count == 1) {
            put_text(json, name, fact->values.at[0]);
            continue;
        }
        put_array(json, name);
        for (size_t k = 0; k < fact->values.count; k++)
            put_text(json, NULL, fact->values.at[k]);
        put_end(json);
    }
}

static void add_csv_field(Buf *out, Str text)
{
    buf_add_char(out, '"');
    for (size_t i = 0; i < text.length; i++) {
        if (text.at[i] == '"')
            buf_add_char(out, '"');
        buf_add_char(out, text.at[i]);
    }
    buf_add_char(out, '"');
}

void tika_csv(Buf *out, const TikaFacts *facts)
{
    for (size_t i = 0; i < facts->list.count; i++) {
        const TikaFact *fact = &facts->list.at[i];
        add_csv_field(out, fact->name);
        for (size_t k = 0; k < fact->values.count; k++) {
            buf_add_char(out, ',');
            add_csv_field(out, fact->values.at[k]);
        }
        buf_add(out, S("\r\n"));
    }
}

/* --- Text --- */

static void add_row(Buf *out, const Block *block)
{
    for (size_t i = 0; i < block->cell_count; i++) {
        const Cell *cell = &block->cells[i];
        if (i)
            buf_add_char(out, '\t');
        buf_add(out, str_slice(block->text, cell->start, cell->start + cell->length));
    }
    if (!block->cell_count)
        buf_add(out, block->text);
}

void tika_text(Buf *out, const DocNode *node, bool deep)
{
    const Block *last = NULL;
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        if (!block->text.length || block->kind == BLOCK_META)
            continue;
        bool follows = last && last->kind == BLOCK_ROW && block->kind == BLOCK_ROW &&
                       last->table == block->table;
        if (last)
            buf_add(out, follows ? S("\n") : S("\n\n"));
        if (block->kind == BLOCK_ROW)
            add_row(out, block);
        else
            buf_add(out, block->text);
        last = block;
    }
    if (last)
        buf_add_char(out, '\n');
    for (size_t i = 0; i < node->children.count && deep; i++) {
        buf_addf(out, "\n" STR_FMT "\n\n", STR_ARG(node->children.at[i]->name));
        tika_text(out, node->children.at[i], true);
    }
}

/* --- XHTML --- */

static void add_element(Buf *out, const char *name, Str text)
{
    buf_addf(out, "<%s>", name);
    buf_add_escaped(out, text);
    buf_addf(out, "</%s>\n", name);
}

static void add_cells(Buf *out, const Block *row)
{
    const char *name = row->is_header_row ? "th" : "td";
    buf_add(out, S("<tr>"));
    for (size_t i = 0; i < row->cell_count; i++) {
        const Cell *cell = &row->cells[i];
        buf_addf(out, "<%s", name);
        if (cell->column_span > 1)
            buf_addf(out, " colspan=\"%u\"", cell->column_span);
        if (cell->row_span > 1)
            buf_addf(out, " rowspan=\"%u\"", cell->row_span);
        buf_add_char(out, '>');
        buf_add_escaped(out, str_slice(row->text, cell->start, cell->start + cell->length));
        buf_addf(out, "</%s>", name);
    }
    buf_add(out, S("</tr>\n"));
}

static const char *element_of(const Block *block)
{
    static const char *const headings[] = { "h1", "h2", "h3", "h4", "h5", "h6" };
    switch (block->kind) {
    case BLOCK_HEADING: return headings[MAX(1, MIN(block->level, 6)) - 1];
    case BLOCK_CODE: return "pre";
    case BLOCK_QUOTE: return "blockquote";
    case BLOCK_LIST_ITEM: return "li";
    default: return "p";
    }
}

/* What is open around a block: a page, and a list or a table in it. */
typedef struct Around {
    bool page;
    BlockKind group; /* BLOCK_KIND_COUNT: none */
    uint32_t table;
} Around;

static void close_group(Buf *out, Around *around)
{
    if (around->group == BLOCK_ROW)
        buf_add(out, S("</tbody></table>\n"));
    else if (around->group == BLOCK_LIST_ITEM)
        buf_add(out, S("</ul>\n"));
    around->group = BLOCK_KIND_COUNT;
}

static void open_around(Buf *out, Around *around, const Block *block)
{
    bool is_grouped = block->kind == BLOCK_ROW || block->kind == BLOCK_LIST_ITEM;
    if (around->group != block->kind || around->table != block->table || !is_grouped)
        close_group(out, around);
    if (block->kind == BLOCK_PAGE) {
        if (around->page)
            buf_add(out, S("</div>\n"));
        buf_addf(out, "<div class=\"%s\">", block->place.is_slide ? "slide-content" : "page");
        around->page = true;
    }
    if (is_grouped && around->group == BLOCK_KIND_COUNT) {
        buf_add(out, block->kind == BLOCK_ROW ? S("<table><tbody>") : S("<ul>"));
        around->group = block->kind;
        around->table = block->table;
    }
}

static void add_body(Buf *out, const DocNode *node, bool deep)
{
    Around around = { .group = BLOCK_KIND_COUNT };
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        if (block->kind == BLOCK_META || (!block->text.length && block->kind != BLOCK_PAGE))
            continue;
        open_around(out, &around, block);
        if (block->kind == BLOCK_ROW)
            add_cells(out, block);
        else if (block->kind != BLOCK_PAGE)
            add_element(out, element_of(block), block->text);
    }
    close_group(out, &around);
    if (around.page)
        buf_add(out, S("</div>\n"));
    for (size_t i = 0; i < node->children.count && deep; i++) {
        buf_add(out, S("<div class=\"package-entry\">"));
        add_element(out, "h1", node->children.at[i]->name);
        add_body(out, node->children.at[i], true);
        buf_add(out, S("</div>\n"));
    }
}

void tika_xhtml(Buf *out, const DocNode *node, const TikaFacts *facts, bool deep)
{
    const TikaFact *title = tika_fact(facts, S("dc:title"));
    buf_add(out, S("<html xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n"));
    for (size_t i = 0; i < facts->list.count; i++)
        for (size_t k = 0; k < facts->list.at[i].values.count; k++) {
            buf_add(out, S("<meta name=\""));
            buf_add_escaped(out, facts->list.at[i].name);
            buf_add(out, S("\" content=\""));
            buf_add_escaped(out, facts->list.at[i].values.at[k]);
            buf_add(out, S("\" />\n"));
        }
    buf_add(out, S("<title>"));
    buf_add_escaped(out, title ? title->values.at[0] : S(""));
    buf_add(out, S("</title>\n</head>\n<body>"));
    add_body(out, node, deep);
    buf_add(out, S("</body></html>"));
}
