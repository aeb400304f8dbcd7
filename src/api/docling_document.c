/* docling_document.c - see docling_document.h. */
#include "api/docling_document.h"

#include "base/utf8.h"

#define SCHEMA_VERSION "1.1.0"
/* Columns of a table; more are not placed. */
#define COLUMNS_MAX 20000

/* Who has children: the body, or a group. */
typedef struct Parent {
    Str ref, name;
    const char *label;
    const struct Parent *parent;
    Buf children;
    JsonWriter list;
} Parent;

typedef struct Printer {
    Arena *arena;
    Buf texts_buf, tables_buf, pictures_buf;
    JsonWriter texts, tables, pictures;
    int text_count, table_count, picture_count;
    VEC(Parent *) groups;
} Printer;

static Parent *parent_new(Printer *out, Str ref, const char *label, Str name, Parent *above)
{
    Parent *parent = arena_new_one(out->arena, Parent);
    *parent = (Parent){ .ref = ref, .name = name, .label = label, .parent = above };
    parent->children = buf_new(out->arena, CONVERT_ANSWER_MAX);
    parent->list = put_begin_array(&parent->children);
    return parent;
}

static void put_ref(JsonWriter *json, const char *name, Str ref)
{
    put_object(json, name);
    put_text(json, "$ref", ref);
    put_end(json);
}

static Parent *group_new(Printer *out, const char *label, Str name, Parent *above)
{
    Str ref = str_format(out->arena, "#/groups/%zu", out->groups.count);
    Parent *group = parent_new(out, ref, label, name, above);
    *vec_push(out->arena, &out->groups) = group;
    put_ref(&above->list, NULL, ref);
    return group;
}

/* --- Items --- */

static void put_place(JsonWriter *json, const Block *block)
{
    const Place *place = &block->place;
    put_array(json, "prov");
    if (place->page > 0) {
        put_object(json, NULL);
        put_int(json, "page_no", place->page);
        put_object(json, "bbox");
        put_number(json, "l", (double)place->x0);
        put_number(json, "t", (double)place->y0);
        put_number(json, "r", (double)place->x1);
        put_number(json, "b", (double)place->y1);
        put_text(json, "coord_origin", S("TOPLEFT"));
        put_end(json);
        put_array(json, "charspan");
        put_int(json, NULL, 0);
        put_int(json, NULL, (int64_t)utf8_count(block->text));
        put_end(json);
        put_end(json);
    }
    put_end(json);
}

/* What all items have; leaves the object open. */
static void begin_item(JsonWriter *json, Parent *parent, Str ref, const char *label,
                       const Block *block)
{
    bool is_furniture = block->kind == BLOCK_HEADER;
    put_ref(&parent->list, NULL, ref);
    put_object(json, NULL);
    put_text(json, "self_ref", ref);
    put_ref(json, "parent", parent->ref);
    put_array(json, "children");
    put_end(json);
    put_text(json, "content_layer", is_furniture ? S("furniture") : S("body"));
    put_text(json, "label", str(label));
    put_place(json, block);
}

static const char *label_of(const Block *block)
{
    switch (block->kind) {
    case BLOCK_HEADING: return block->level <= 1 ? "title" : "section_header";
    case BLOCK_LIST_ITEM: return "list_item";
    case BLOCK_CODE: return "code";
    case BLOCK_NOTE: return "footnote";
    case BLOCK_HEADER: return "page_header";
    case BLOCK_IMAGE: return "caption";
    default: return "text";
    }
}

static bool is_enumerated(Str marker)
{
    return marker.length && HAS_CHAR(marker.at[0], "0123456789");
}

/* Facts of mails are read as "from: ..."; other texts are as they are. */
static Str text_of(Printer *out, const Block *block)
{
    if (block->kind != BLOCK_META)
        return block->text;
    return str_format(out->arena, STR_FMT ": " STR_FMT, STR_ARG(block->label),
                      STR_ARG(block->text));
}

static Str put_text_item(Printer *out, Parent *parent, const Block *block)
{
    JsonWriter *json = &out->texts;
    Str ref = str_format(out->arena, "#/texts/%d", out->text_count++), text = text_of(out, block);
    begin_item(json, parent, ref, label_of(block), block);
    put_text(json, "orig", text);
    put_text(json, "text", text);
    if (block->kind == BLOCK_HEADING && block->level > 1)
        put_int(json, "level", MIN(block->level - 1, 100));
    if (block->kind == BLOCK_LIST_ITEM) {
        put_bool(json, "enumerated", is_enumerated(block->label));
        put_text(json, "marker", block->label.length ? block->label : S("-"));
    }
    if (block->kind == BLOCK_CODE)
        put_text(json, "code_language", S("unknown"));
    put_end(json);
    return ref;
}

static void put_picture(Printer *out, Parent *parent, const Block *block)
{
    JsonWriter *json = &out->pictures;
    Str caption = block->text.length ? put_text_item(out, parent, block) : S("");
    Str ref = str_format(out->arena, "#/pictures/%d", out->picture_count++);
    begin_item(json, parent, ref, "picture", block);
    put_array(json, "captions");
    if (caption.length)
        put_ref(json, NULL, caption);
    put_end(json);
    put_end(json);
}

/* --- Tables --- */

typedef struct Columns {
    VEC(uint16_t) taken; /* rows that a cell above still covers, by column */
    size_t count;
} Columns;

static bool is_taken(const Columns *columns, size_t column)
{
    return column < columns->taken.count && columns->taken.at[column] > 0;
}

static void take_columns(Arena *arena, Columns *columns, size_t first, size_t end, uint16_t rows)
{
    while (columns->taken.count < end)
        *vec_push(arena, &columns->taken) = 0;
    for (size_t i = first; i < end; i++)
        columns->taken.at[i] = rows;
    columns->count = MAX(columns->count, end);
}

static void put_cell(JsonWriter *json, const Block *row, const Cell *cell, size_t row_number,
                     size_t column, size_t end)
{
    put_object(json, NULL);
    put_int(json, "row_span", cell->row_span);
    put_int(json, "col_span", (int64_t)(end - column));
    put_int(json, "start_row_offset_idx", (int64_t)row_number);
    put_int(json, "end_row_offset_idx", (int64_t)row_number + cell->row_span);
    put_int(json, "start_col_offset_idx", (int64_t)column);
    put_int(json, "end_col_offset_idx", (int64_t)end);
    put_text(json, "text", str_slice(row->text, cell->start, cell->start + cell->length));
    put_bool(json, "column_header", row->is_header_row);
    put_bool(json, "row_header", false);
    put_bool(json, "row_section", false);
    put_end(json);
}

static void put_row(Printer *out, Columns *columns, const Block *row, size_t number, size_t rows)
{
    const Cell whole = { .length = (uint32_t)row->text.length };
    size_t count = row->cell_count ? row->cell_count : 1, column = 0;
    for (size_t i = 0; i < count; i++) {
        Cell cell = row->cell_count ? row->cells[i] : whole;
        while (is_taken(columns, column))
            column++;
        size_t end = column + MAX(cell.column_span, 1);
        if (end > COLUMNS_MAX)
            break;
        cell.row_span = (uint16_t)MIN(MAX(cell.row_span, 1), rows - number);
        put_cell(&out->tables, row, &cell, number, column, end);
        take_columns(out->arena, columns, column, end, cell.row_span);
        column = end;
    }
    for (size_t i = 0; i < columns->taken.count; i++)
        if (columns->taken.at[i])
            columns->taken.at[i]--;
}

static void put_table(Printer *out, Parent *parent, const Block *rows, size_t count)
{
    JsonWriter *json = &out->tables;
    Columns columns = { 0 };
    begin_item(json, parent, str_format(out->arena, "#/tables/%d", out->table_count++), "table",
               &rows[0]);
    put_object(json, "data");
    put_array(json, "table_cells");
    for (size_t i = 0; i < count; i++)
        put_row(out, &columns, &rows[i], i, count);
    put_end(json);
    put_int(json, "num_rows", (int64_t)count);
    put_int(json, "num_cols", (int64_t)columns.count);
    put_end(json);
    put_end(json);
}

/* --- The tree --- */

/* Blocks from `first` that belong together: rows of one table, items of one list. */
static size_t run_length(const DocNode *node, size_t first)
{
    const Block *block = &node->blocks.at[first];
    size_t end = first + 1;
    if (block->kind != BLOCK_ROW && block->kind != BLOCK_LIST_ITEM)
        return 1;
    while (end < node->blocks.count && node->blocks.at[end].kind == block->kind &&
           node->blocks.at[end].table == block->table)
        end++;
    return end - first;
}

static void print_run(Printer *out, Parent *parent, const Block *blocks, size_t count)
{
    if (blocks[0].kind == BLOCK_ROW) {
        put_table(out, parent, blocks, count);
    } else if (blocks[0].kind == BLOCK_IMAGE) {
        put_picture(out, parent, &blocks[0]);
    } else if (blocks[0].kind == BLOCK_LIST_ITEM) {
        Parent *list = group_new(out, "list", S("list"), parent);
        for (size_t i = 0; i < count; i++)
            (void)put_text_item(out, list, &blocks[i]);
    } else if (blocks[0].text.length) {
        (void)put_text_item(out, parent, &blocks[0]);
    }
}

static void print_node(Printer *out, Parent *parent, const DocNode *node)
{
    for (size_t i = 0, count; i < node->blocks.count; i += count) {
        count = run_length(node, i);
        print_run(out, parent, &node->blocks.at[i], count);
    }
    for (size_t i = 0; i < node->children.count; i++) {
        const DocNode *child = node->children.at[i];
        print_node(out, group_new(out, "unspecified", child->name, parent), child);
    }
}

static void put_parent(JsonWriter *json, const char *name, Parent *group, Str layer)
{
    put_object(json, name);
    put_text(json, "self_ref", group->ref);
    if (group->parent)
        put_ref(json, "parent", group->parent->ref);
    put_end(&group->list);
    put_raw(json, "children", buf_str(&group->children));
    json->out->overflowed |= group->children.overflowed;
    put_text(json, "content_layer", layer);
    put_text(json, "name", group->name);
    put_text(json, "label", str(group->label));
    put_end(json);
}

static void put_pages(JsonWriter *json, const DocNode *node)
{
    int last = 0;
    put_object(json, "pages");
    for (size_t i = 0; i < node->blocks.count; i++) {
        const Block *block = &node->blocks.at[i];
        char number[16];
        if (block->kind != BLOCK_PAGE || block->place.page <= last)
            continue;
        last = block->place.page;
        snprintf(number, sizeof number, "%d", last);
        put_object(json, number);
        put_object(json, "size");
        put_number(json, "width", (double)(block->place.x1 - block->place.x0));
        put_number(json, "height", (double)(block->place.y1 - block->place.y0));
        put_end(json);
        put_int(json, "page_no", last);
        put_end(json);
    }
    put_end(json);
}

/* docling_core refuses types that it does not know: these are known to every version. */
static Str known_type(Str media_type)
{
    static const char *const known[] = {
        "application/pdf",
        "application/zip",
        "application/json",
        "application/msword",
        "application/vnd.ms-excel",
        "application/vnd.ms-powerpoint",
        "text/plain",
        "text/html",
        "text/csv",
        "text/markdown",
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/tiff",
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation"
    };
    for (size_t i = 0; i < COUNT(known); i++)
        if (str_is(media_type, known[i]))
            return media_type;
    return S("application/octet-stream");
}

static void put_origin(JsonWriter *json, const DoclingOrigin *origin)
{
    uint64_t hash = 0;
    for (size_t i = 0; i < 15 && i < origin->sha256.length; i++) {
        char c = origin->sha256.at[i];
        hash = hash << 4 | (uint64_t)(c <= '9' ? c - '0' : c - 'a' + 10);
    }
    put_object(json, "origin");
    put_text(json, "mimetype", known_type(origin->media_type));
    put_int(json, "binary_hash", (int64_t)hash);
    put_text(json, "filename", origin->file_name);
    put_end(json);
}

static JsonWriter begin_list(Printer *out, Buf *buf)
{
    *buf = buf_new(out->arena, CONVERT_ANSWER_MAX);
    return put_begin_array(buf);
}

static void put_list(JsonWriter *json, const char *name, JsonWriter *list, const Buf *buf)
{
    put_end(list);
    put_raw(json, name, buf_str(buf));
    json->out->overflowed |= buf->overflowed;
}

void docling_put_document(JsonWriter *json, Arena *arena, const DocNode *node, const DocNode *pages,
                          const DoclingOrigin *origin)
{
    Printer out = { .arena = arena };
    ptrdiff_t dot = str_find_last_char(origin->file_name, '.');
    out.texts = begin_list(&out, &out.texts_buf);
    out.tables = begin_list(&out, &out.tables_buf);
    out.pictures = begin_list(&out, &out.pictures_buf);
    Parent *body = parent_new(&out, S("#/body"), "unspecified", S("_root_"), NULL);
    Parent *furniture = parent_new(&out, S("#/furniture"), "unspecified", S("_root_"), NULL);
    print_node(&out, body, node);
    put_text(json, "schema_name", S("DoclingDocument"));
    put_text(json, "version", S(SCHEMA_VERSION));
    put_text(json, "name",
             dot > 0 ? str_slice(origin->file_name, 0, (size_t)dot) : origin->file_name);
    put_origin(json, origin);
    put_parent(json, "furniture", furniture, S("furniture"));
    put_parent(json, "body", body, S("body"));
    put_array(json, "groups");
    for (size_t i = 0; i < out.groups.count; i++)
        put_parent(json, NULL, out.groups.at[i], S("body"));
    put_end(json);
    put_list(json, "texts", &out.texts, &out.texts_buf);
    put_list(json, "pictures", &out.pictures, &out.pictures_buf);
    put_list(json, "tables", &out.tables, &out.tables_buf);
    put_array(json, "key_value_items");
    put_end(json);
    put_pages(json, pages);
}
