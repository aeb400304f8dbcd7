/* export_rows.c - rows of every table as JSON Lines, and the walk through what people own. */
#include "export/export_int.h"
#include "store/read_replica.h"

#define LINES_MAX MB(512)
#define AT_ONCE 200

typedef struct Reading {
    ExportWork *work;
    ExportCursor cursor;
    Buf lines;
    ExportList list;
    Str after;
    ExportOwnedList part;
} Reading;

/* --- Tables --- */

static bool shapes_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    return export_shapes(tx, in->work->job->arena, &in->cursor.shapes, err);
}

/* Work may run again, so what it moves is put back first. */
static bool rows_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    ExportCursor moved = in->cursor;
    in->lines.length = 0;
    if (!export_rows(tx, &in->work->scope, in->work->arena, &moved, &in->lines, err))
        return false;
    in->cursor = moved;
    return true;
}

static bool write_table(Reading *in, Error *err)
{
    ExportWork *work = in->work;
    AUTO_ARENA Arena *keys = arena_new(MB(4));
    Str name = export_names_take(&work->out.names, keys, export_kind_name(EXPORT_OF_TABLES),
                                 str(in->cursor.table), ".jsonl");
    if (!export_out_begin(&work->out, EXPORT_OF_TABLES, name, err))
        return false;
    while (!in->cursor.is_over) {
        char after[KB(64)];
        arena_reset(work->arena);
        in->lines = buf_new(work->arena, LINES_MAX);
        if (!store_read_replica(work->job->db, &work->scope, rows_work, in, err) ||
            !export_out_write(&work->out, buf_str(&in->lines), err))
            return false;
        snprintf(after, sizeof after, STR_FMT, STR_ARG(in->cursor.after));
        in->cursor.after = str_copy(keys, str(after));
        if (job_is_stopped(work->job))
            return job_stopped(work->job, err);
    }
    return export_out_end(&work->out, err);
}

bool export_all_tables(ExportWork *work, Error *err)
{
    Reading in = { .work = work };
    if (!store_read_replica(work->job->db, &work->scope, shapes_work, &in, err))
        return false;
    for (size_t i = 0; i < export_table_count; i++) {
        if (!export_tables[i].is_written)
            continue;
        if (!job_progress(work->job, "tables", (int64_t)i, (int64_t)export_table_count))
            return job_stopped(work->job, err);
        in.cursor = (ExportCursor){ .shapes = in.cursor.shapes, .table = export_tables[i].name };
        if (!write_table(&in, err))
            return false;
    }
    return true;
}

/* --- What people own --- */

static bool list_work(DbTx *tx, void *argument, Error *err)
{
    Reading *in = argument;
    return export_list(tx, &in->work->scope, in->work->arena, in->list, in->after, AT_ONCE,
                       &in->part, err);
}

/* The ids outlive the arena of each item. */
static size_t copy_part(Reading *in, Arena *arena, ExportOwned owned[AT_ONCE])
{
    for (size_t i = 0; i < in->part.count; i++)
        owned[i] = (ExportOwned){ str_copy(arena, in->part.at[i].id),
                                  str_copy(arena, in->part.at[i].user) };
    return in->part.count;
}

bool export_each(ExportWork *work, ExportList list, ExportVisit *visit, Error *err)
{
    Reading in = { .work = work, .list = list };
    AUTO_ARENA Arena *ids = arena_new(MB(1));
    char after[80] = "";
    size_t count;
    do {
        ExportOwned owned[AT_ONCE];
        in.after = str(after);
        arena_reset(work->arena);
        if (!store_read_replica(work->job->db, &work->scope, list_work, &in, err))
            return false;
        arena_reset(ids);
        count = copy_part(&in, ids, owned);
        for (size_t i = 0; i < count; i++) {
            arena_reset(work->arena);
            if (job_is_stopped(work->job))
                return job_stopped(work->job, err);
            if (!visit(work, &owned[i], err))
                return false;
            snprintf(after, sizeof after, STR_FMT, STR_ARG(owned[i].id));
        }
    } while (count == AT_ONCE);
    return true;
}
