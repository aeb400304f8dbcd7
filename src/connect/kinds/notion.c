/* notion.c - the pages and tables of a Notion workspace that its integration may see: pages as
 * Markdown, tables as CSV; and texts as pages (notion_send.c). */
#include "base/clock.h"
#include "base/csv.h"
#include "base/utf8.h"
#include "connect/notion_api.h"
#include "connect/notion_text.h"

#define SETTLE_MS 90000  /* it tells times of change by the minute */
#define DEPTH_MAX 8      /* of blocks in blocks */
#define REQUESTS_MAX 500 /* for one page */
#define TEXT_MAX MB(16)
#define NAME_MAX_BYTES 150
#define COLUMNS_MAX 200

static const char schema[] =
    "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
    "\"token\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":500,\"writeOnly\":true,\"title\":"
    "\"Secret of the integration\"},"
    "\"tables\":{\"type\":\"boolean\",\"default\":true,\"title\":\"Tables too, as CSV\"},"
    "\"api\":{\"type\":\"string\",\"maxLength\":500,\"default\":\"https://api.notion.com/v1\","
    "\"title\":\"Address of the API\"},"
    "\"pause_ms\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":60000,\"default\":340,\"title\":"
    "\"Milliseconds between two requests\"},"
    "\"items_max\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":200000,\"default\":10000}}}";

/* --- Listing --- */

static Str name_of(Arena *arena, const json_t *object, const char *ending)
{
    Buf title = buf_new(arena, KB(16)), out = buf_new(arena, KB(1));
    notion_title(&title, object);
    Str text = str_trim(buf_str(&title));
    text = str_slice(text, 0, utf8_floor(text, MIN(text.length, (size_t)NAME_MAX_BYTES)));
    for (size_t i = 0; i < text.length; i++)
        buf_add_char(&out, HAS_CHAR(text.at[i], "/\\") ? '-' : text.at[i]);
    if (!text.length)
        buf_add(&out, S("Untitled"));
    buf_add(&out, str(ending));
    return buf_str(&out);
}

static void add_object(ConnectRun *run, const json_t *object, ConnectPage *page)
{
    Str kind = json_member_text(object, "object"), id = json_member_text(object, "id");
    Str edited = str_copy(run->arena, json_member_text(object, "last_edited_time"));
    bool is_page = str_is(kind, "page");
    int64_t edited_ms = 0;
    Error none;
    if (notion_is_trashed(object) ||
        (!is_page && (!str_is(kind, "data_source") || !connect_is_on(run, "tables", true))))
        return;
    ConnectionItem item = { .remote = str_format(run->arena, STR_FMT ":" STR_FMT, STR_ARG(kind),
                                                 STR_ARG(id)),
                            .name = name_of(run->arena, object, is_page ? ".md" : ".csv"),
                            .listed = edited };
    bool is_new = time_parse(edited, &edited_ms, &none) && edited_ms > now_ms() - SETTLE_MS;
    connect_found(run, is_new ? &page->busy : &page->found, item);
}

static bool notion_list(ConnectRun *run, Str cursor, ConnectPage *page_r, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *object;
    if (!notion_ask(run, "POST", S("/search"), notion_part(run->arena, cursor), &answer, err))
        return false;
    if (!json_is_array(json_object_get(answer, "results")))
        return fail(err, ERROR_UPSTREAM, "the answer to the search is none of Notion");
    json_array_foreach(json_object_get(answer, "results"), i, object)
        add_object(run, object, page_r);
    page_r->cursor = notion_next(run->arena, answer);
    page_r->is_last = page_r->is_whole = !page_r->cursor.length;
    return true;
}

static bool notion_check(ConnectRun *run, Str *says_r, Error *err)
{
    ConnectPage page = { 0 };
    if (!notion_list(run, STR_NONE, &page, err))
        return false;
    *says_r =
        str_format(run->arena, "%zu%s pages and tables", page.found.all.count + page.busy.all.count,
                   page.is_last ? "" : " and more");
    return true;
}

/* --- A page --- */

typedef struct Reading {
    ConnectRun *run;
    Buf text;
    int requests;
    bool is_head; /* the next row is the first of a table */
} Reading;

static bool read_children(Reading *in, Str id, int depth, int indent, Error *err);

/* The line that makes a table of rows. */
static void end_head(Reading *in, const json_t *row)
{
    const json_t *cells = json_object_get(json_object_get(row, "table_row"), "cells");
    for (size_t i = 0; i < json_array_size(cells); i++)
        buf_add(&in->text, S("|---"));
    buf_add(&in->text, S("|\n"));
}

static bool read_block(Reading *in, const json_t *block, int depth, int indent, Error *err)
{
    Str type = json_member_text(block, "type"), id = json_member_text(block, "id");
    bool is_other = str_is(type, "child_page") || str_is(type, "child_database");
    notion_block(&in->text, block, indent);
    if (str_is(type, "table_row") && in->is_head)
        end_head(in, block);
    in->is_head = str_is(type, "table");
    if (!json_is_true(json_object_get(block, "has_children")) || is_other || depth >= DEPTH_MAX)
        return true;
    return read_children(in, id, depth + 1, indent + notion_indents(block), err);
}

static bool read_children(Reading *in, Str id, int depth, int indent, Error *err)
{
    Str cursor = STR_NONE;
    do {
        AUTO_JSON json_t *answer = NULL;
        size_t i;
        const json_t *block;
        Str path = str_format(in->run->arena, "/blocks/" STR_FMT "/children?page_size=%d%s" STR_FMT,
                              STR_ARG(id), NOTION_AT_ONCE, cursor.length ? "&start_cursor=" : "",
                              STR_ARG(cursor));
        if (++in->requests > REQUESTS_MAX)
            return fail(err, ERROR_TOO_LARGE, "the page has more blocks than are read");
        if (!notion_ask(in->run, "GET", path, STR_NONE, &answer, err))
            return false;
        json_array_foreach(json_object_get(answer, "results"), i, block)
        {
            if (!read_block(in, block, depth, indent, err))
                return false;
        }
        cursor = notion_next(in->run->arena, answer);
    } while (cursor.length);
    return true;
}

/* What a row of a table says beside its title. */
static void put_properties(Buf *out, const json_t *page)
{
    const char *name;
    json_t *property;
    json_object_foreach(json_object_get(page, "properties"), name, property)
    {
        size_t before = out->length;
        if (str_is(json_member_text(property, "type"), "title"))
            continue;
        buf_addf(out, "- %s: ", name);
        size_t start = out->length;
        notion_property(out, property);
        if (out->length == start)
            out->length = before;
        else
            buf_add_char(out, '\n');
    }
    buf_add_char(out, '\n');
}

static bool fetch_page(ConnectRun *run, Str id, ConnectFile *file, Error *err)
{
    AUTO_JSON json_t *page = NULL;
    Reading in = { .run = run, .text = buf_new(run->arena, TEXT_MAX) };
    Str path = str_format(run->arena, "/pages/" STR_FMT, STR_ARG(id));
    if (!notion_ask(run, "GET", path, STR_NONE, &page, err))
        return false;
    file->is_gone = !page || notion_is_trashed(page);
    if (file->is_gone)
        return true;
    buf_add(&in.text, S("# "));
    notion_title(&in.text, page);
    buf_add(&in.text, S("\n\n"));
    put_properties(&in.text, page);
    if (!read_children(&in, id, 0, 0, err))
        return false;
    file->name = name_of(run->arena, page, ".md");
    file->media_type = S("text/markdown");
    return connect_file_add(run, file, buf_str(&in.text), err);
}

/* --- A table --- */

typedef struct Table {
    VEC(Str) columns; /* those of the first row */
    Buf text;
} Table;

static void put_head(Arena *arena, Table *table, const json_t *row)
{
    const char *name;
    json_t *property;
    size_t count = json_object_size(json_object_get(row, "properties"));
    json_object_foreach(json_object_get(row, "properties"), name, property)
    {
        if (table->columns.count >= COLUMNS_MAX)
            break;
        *vec_push(arena, &table->columns) = str_copy(arena, str(name));
        csv_cell(&table->text, str(name), table->columns.count == MIN(count, (size_t)COLUMNS_MAX));
    }
}

static void put_row(Arena *arena, Table *table, const json_t *row)
{
    const json_t *properties = json_object_get(row, "properties");
    if (!table->columns.count)
        put_head(arena, table, row);
    for (size_t i = 0; i < table->columns.count; i++) {
        Buf cell = buf_new(arena, KB(64));
        notion_property(&cell, json_object_get(properties, table->columns.at[i].at));
        csv_cell(&table->text, buf_str(&cell), i + 1 == table->columns.count);
    }
}

static bool fetch_table(ConnectRun *run, const ConnectionItem *item, Str id, ConnectFile *file,
                        Error *err)
{
    Table table = { .text = buf_new(run->arena, TEXT_MAX) };
    Str cursor = STR_NONE,
        path = str_format(run->arena, "/data_sources/" STR_FMT "/query", STR_ARG(id));
    int requests = 0;
    do {
        AUTO_JSON json_t *answer = NULL;
        size_t i;
        const json_t *row;
        if (++requests > REQUESTS_MAX)
            return fail(err, ERROR_TOO_LARGE, "the table has more rows than are read");
        if (!notion_ask(run, "POST", path, notion_part(run->arena, cursor), &answer, err))
            return false;
        file->is_gone = !answer;
        if (file->is_gone)
            return true;
        json_array_foreach(json_object_get(answer, "results"), i, row)
            put_row(run->arena, &table, row);
        cursor = notion_next(run->arena, answer);
    } while (cursor.length);
    file->name = item->name;
    file->media_type = S("text/csv");
    return connect_file_add(run, file, buf_str(&table.text), err);
}

static bool notion_fetch(ConnectRun *run, const ConnectionItem *item, ConnectFile *file, Error *err)
{
    Str rest = item->remote, kind;
    if (!str_next(&rest, ':', &kind))
        return fail(err, ERROR_INTERNAL, "nothing is called " STR_FMT, STR_ARG(item->remote));
    return str_is(kind, "page") ? fetch_page(run, rest, file, err)
                                : fetch_table(run, item, rest, file, err);
}

const Connector connector_notion = {
    .schema = schema,
    .place = "api",
    .check = notion_check,
    .list = notion_list,
    .fetch = notion_fetch,
    .send = notion_send,
};
