/* tables_api.c - the tables of a document, and one of them for a spreadsheet. */
#include "api/api.h"
#include "fields/tables.h"
#include "library/library.h"

#define BLOCKS_MAX 200000

typedef struct TablesWork {
    StoredBlockList blocks;
    Str text;
    TableList tables;
} TablesWork;

static bool read_tables(ApiRequest *request, TablesWork *work, Error *err)
{
    if (!library_blocks(request->api->library, request->scope, request->arena, request->params[0],
                        0, 0, BLOCKS_MAX, &work->blocks, &work->text, err))
        return false;
    work->tables = tables_find(request->arena, work->blocks.at, work->blocks.count);
    return true;
}

static void put_table(JsonWriter *json, Arena *arena, const TablesWork *work, size_t index)
{
    const TableAbout *table = &work->tables.at[index];
    const StoredBlock *first = &work->blocks.at[table->first];
    size_t start = first->start - work->blocks.at[0].start;
    Str text = str_slice(work->text, start, start + first->length);
    put_object(json, NULL);
    put_int(json, "table", (int64_t)index + 1);
    put_int(json, "rows", (int64_t)table->rows);
    put_int(json, "columns", (int64_t)table->columns);
    put_text(json, "place", library_block_place(arena, first));
    put_array(json, "head");
    for (size_t i = 0; i < first->cell_count && i < 50; i++)
        put_text(json, NULL,
                 str_slice(text, first->cell[i].start,
                           (size_t)first->cell[i].start + first->cell[i].length));
    put_end(json);
    put_int(json, "start", (int64_t)first->start);
    put_end(json);
}

bool tables_list(ApiRequest *request, HttpResponse *response, Error *err)
{
    TablesWork work;
    if (!read_tables(request, &work, err))
        return false;
    JsonWriter json = api_list_begin(response);
    for (size_t i = 0; i < work.tables.count; i++)
        put_table(&json, request->arena, &work, i);
    api_list_end(&json, (int64_t)work.tables.count, STR_NONE);
    return true;
}

bool tables_csv(ApiRequest *request, HttpResponse *response, Error *err)
{
    TablesWork work;
    Str name = request->params[1];
    int64_t number;
    if (str_ends(name, S(".csv")))
        name.length -= 4;
    if (!str_to_int(name, 1, TABLES_MAX, &number))
        return fail_field(err, "table", "a table has a number from 1 on: tables/3.csv");
    if (!read_tables(request, &work, err))
        return false;
    if ((size_t)number > work.tables.count)
        return fail(err, ERROR_NOT_FOUND, "the document has %zu tables, and no table %" PRId64,
                    work.tables.count, number);
    response->media_type = S("text/csv; charset=utf-8");
    http_header(
        response, "Content-Disposition",
        str_format(request->arena, "attachment; filename=\"table-%" PRId64 ".csv\"", number));
    table_csv(&response->body, work.text, work.blocks.at[0].start, work.blocks.at,
              work.blocks.count, &work.tables.at[number - 1]);
    return !response->body.overflowed ||
           fail(err, ERROR_TOO_LARGE, "the table is too long to send at once");
}
