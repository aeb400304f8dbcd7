#include "store/export_store.h"

#include "store/isolation_world_test.h"
#include "store/move_int.h"

static bool is_known(Str table)
{
    for (size_t i = 0; i < export_table_count; i++)
        if (str_is(table, export_tables[i].name))
            return export_tables[i].is_written || export_tables[i].reason[0];
    return false;
}

STORE_TEST(every_table_is_exported_or_says_why_not)
{
    MoveShapes shapes;
    CALL(move_shapes(tx, world->arena, &shapes, err));
    for (size_t i = 0; i < shapes.count; i++)
        if (!is_known(shapes.at[i].name))
            return fail(err, ERROR_INTERNAL, STR_FMT " is not in export_tables.def",
                        STR_ARG(shapes.at[i].name));
    /* `counters`, `schema_version` and `vector_leases` are no tables of a library. */
    EXPECT(export_table_count <= shapes.count + 3);
    return true;
}

static bool read_table(DbTx *tx, World *world, const Scope *scope, const MoveShapes *shapes,
                       const char *table, Buf *lines, int64_t *rows_r, Error *err)
{
    ExportCursor cursor = { .shapes = shapes, .table = table, .limit = 1 };
    while (!cursor.is_over)
        CALL(export_rows(tx, scope, world->arena, &cursor, lines, err));
    *rows_r = cursor.rows;
    return true;
}

static size_t lines_of(Str text)
{
    size_t count = 0;
    for (size_t i = 0; i < text.length; i++)
        count += text.at[i] == '\n';
    return count;
}

/* The digest of a text that is in the export too. */
static bool is_plain(const char *table, const char *member)
{
    return strcmp(table, "classifications") == 0 && strcmp(member, "\"hash\":") == 0;
}

static bool holds_secret(const char *table, Str lines)
{
    static const char *const names[] = {
#define SECRET_COLUMN(name) "\"" name "\":",
#define PLAIN_COLUMN(table, name)
#include "store/secret_columns.def"
#undef SECRET_COLUMN
#undef PLAIN_COLUMN
    };
    for (size_t i = 0; i < COUNT(names); i++)
        if (!is_plain(table, names[i]) && str_find(lines, str(names[i])) >= 0)
            return true;
    return false;
}

STORE_TEST(every_exported_table_gives_all_its_rows_to_its_workspace_alone_and_no_secret)
{
    const MoveShapes *shapes;
    CALL(isolation_fill(tx, world, err));
    CALL(export_shapes(tx, world->arena, &shapes, err));
    for (size_t i = 0; i < export_table_count; i++) {
        const ExportTable *table = &export_tables[i];
        Buf ours = buf_new(world->arena, MB(4)), theirs = buf_new(world->arena, MB(4));
        int64_t our_rows, their_rows;
        if (!table->is_written)
            continue;
        CALL(read_table(tx, world, &world->ours, shapes, table->name, &ours, &our_rows, err));
        CALL(read_table(tx, world, &world->theirs, shapes, table->name, &theirs, &their_rows, err));
        if (our_rows < 1 || lines_of(buf_str(&ours)) != (size_t)our_rows)
            return fail(err, ERROR_INTERNAL, "%s: %" PRId64 " rows", table->name, our_rows);
        EXPECT(str_find(buf_str(&theirs), world->ours.workspace) < 0);
        if (holds_secret(table->name, buf_str(&ours)))
            return fail(err, ERROR_INTERNAL, "%s gives a secret", table->name);
    }
    return true;
}

STORE_TEST(what_people_own_is_listed_for_its_workspace_alone)
{
    Document first, second;
    ExportOwnedList list;
    ExportSize size;
    CALL(world_document(tx, world, &world->ours, "a.txt", "one", &first, err));
    CALL(world_document(tx, world, &world->ours, "b.txt", "another", &second, err));
    CALL(export_list(tx, &world->ours, world->arena, EXPORT_ALL_DOCUMENTS, S(""), 10, &list, err));
    EXPECT(list.count == 2 && str_equal(list.at[0].id, first.id));
    CALL(export_list(tx, &world->ours, world->arena, EXPORT_ALL_DOCUMENTS, first.id, 10, &list,
                     err));
    EXPECT(list.count == 1 && str_equal(list.at[0].id, second.id));
    CALL(export_size(tx, &world->ours, &size, err));
    EXPECT(size.documents == 2 && size.bytes == 10);
    for (ExportList kind = EXPORT_ALL_DOCUMENTS; kind <= EXPORT_ALL_MEETINGS; kind++) {
        CALL(export_list(tx, &world->theirs, world->arena, kind, S(""), 10, &list, err));
        EXPECT(list.count == 0);
    }
    CALL(export_size(tx, &world->theirs, &size, err));
    EXPECT(size.documents == 0 && size.bytes == 0);
    return true;
}
