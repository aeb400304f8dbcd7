/* import_rows.c - rows of tables of an export, in parts, by POST /v1/imports/NAME. */
#include "cli/importing.h"
#include "cli/output.h"
#include "cli/term.h"
#include "store/import_store.h"

#define PART_BYTES MB(1)
#define PART_ROWS 500
#define WAITING_BYTES_MAX MB(256)

/* One table on its way. A row whose parent stands behind it in the file waits until the parents
 * are there, and is sent again. */
typedef struct Rows {
    Importing *in;
    const char *table;
    Arena *part_arena;
    Buf body;
    VEC(Str) part;
    Arena *waiting_arena;
    VEC(Str) waiting;
    bool is_last; /* nothing waits any more */
    int64_t added;
} Rows;

static bool waits(const Rows *rows, Str reason)
{
    return !rows->is_last && str_starts(reason, S("what it belongs to")) &&
           arena_used(rows->waiting_arena) < WAITING_BYTES_MAX;
}

static void take_left(Rows *rows, const json_t *left)
{
    int64_t row = output_int(left, "row");
    Str reason = json_member_text(left, "reason");
    if (row >= 0 && (size_t)row < rows->part.count && waits(rows, reason))
        *vec_push(rows->waiting_arena, &rows->waiting) =
            str_copy(rows->waiting_arena, rows->part.at[row]);
    else
        importing_leave(rows->in, rows->table, reason);
}

static void begin_part(Rows *rows)
{
    arena_reset(rows->part_arena);
    rows->part.count = rows->part.capacity = 0;
    rows->part.at = NULL;
    rows->body = buf_new(rows->part_arena, PART_BYTES + IMPORT_LINE_MAX + KB(64));
    buf_add(&rows->body, S("{\"rows\":["));
}

static bool send_part(Rows *rows, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *left;
    if (!rows->part.count)
        return true;
    buf_add(&rows->body, S("]}"));
    char *path =
        str_c(rows->part_arena, str_format(rows->part_arena, "/v1/imports/%s", rows->table));
    if (!client_call(rows->in->client, "POST", path, buf_str(&rows->body), &answer, err))
        return false;
    importing_count(rows->in, rows->table, output_int(answer, "added"),
                    output_int(answer, "there"));
    rows->added += output_int(answer, "added");
    json_array_foreach(json_object_get(answer, "left_out"), i, left) take_left(rows, left);
    begin_part(rows);
    return true;
}

static bool add_line(Rows *rows, Str text, Error *err)
{
    AUTO_JSON json_t *json = NULL;
    Error why = { 0 };
    if (!json_parse(text, IMPORT_LINE_MAX, &json, &why) || !json_is_object(json)) {
        importing_leave(rows->in, rows->table, S("the line is no JSON object"));
        return true;
    }
    char *copy = str_c(rows->part_arena, text);
    importing_replace_ids(rows->in, copy, text.length);
    if (rows->part.count)
        buf_add_char(&rows->body, ',');
    buf_add(&rows->body, (Str){ copy, text.length });
    *vec_push(rows->part_arena, &rows->part) = text;
    return (rows->body.length < PART_BYTES && rows->part.count < PART_ROWS) || send_part(rows, err);
}

/* Again and again, as long as that helps. */
static bool send_waiting(Rows *rows, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(2 * WAITING_BYTES_MAX);
    do {
        Str *before = arena_new_array(arena, Str, rows->waiting.count + 1);
        size_t count = rows->waiting.count;
        rows->is_last = rows->added == 0;
        rows->added = 0;
        for (size_t i = 0; i < count; i++)
            before[i] = str_copy(arena, rows->waiting.at[i]);
        arena_reset(rows->waiting_arena);
        rows->waiting.at = NULL;
        rows->waiting.count = rows->waiting.capacity = 0;
        for (size_t i = 0; i < count; i++)
            if (!add_line(rows, before[i], err))
                return false;
        if (!send_part(rows, err))
            return false;
        arena_reset(arena);
    } while (rows->waiting.count);
    return true;
}

static bool import_table(Importing *in, const char *table, Error *err)
{
    AUTO_MAP FileMap map = { 0 };
    AUTO_ARENA Arena *part = arena_new(MB(256)), *waiting = arena_new(2 * WAITING_BYTES_MAX);
    Rows rows = { .in = in, .table = table, .part_arena = part, .waiting_arena = waiting };
    Str name = str_format(in->line->arena, "tables/%s.jsonl", table), line;
    if (!importing_map(in, name, &map, err))
        return false;
    begin_part(&rows);
    for (Str rest = map.bytes; str_next(&rest, '\n', &line);)
        if (line.length && !add_line(&rows, line, err))
            return false;
    return send_part(&rows, err) && (!rows.waiting.count || send_waiting(&rows, err));
}

bool import_tables_of_rows(Importing *in, Error *err)
{
    for (size_t i = 0; i < import_table_count; i++) {
        const ImportTable *table = &import_tables[i];
        if (table->how != IMPORT_ROWS)
            continue;
        if (!in->line->quiet)
            term_progress("import", table->name, (int64_t)i, (int64_t)import_table_count, -1);
        if (!import_table(in, table->name, err))
            return fail_in(err, "tables/%s.jsonl", table->name);
    }
    term_progress_end();
    return true;
}
