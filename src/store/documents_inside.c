/* documents_inside.c - what lies inside documents: their members, and how many. */
#include <assert.h>

#include "store/documents_row.h"

#define PARENTS_MAX 1000

#define INSIDE(ids)                                                                                \
    "WITH RECURSIVE inside (id) AS (" ids " UNION SELECT m.id FROM inside CROSS JOIN documents m"  \
    " WHERE m.workspace = $1 AND m.parent = inside.id) SELECT id FROM inside"

bool document_list_inside(DbTx *tx, const Scope *scope, Arena *arena, StrList ids, StrList *ids_r,
                          Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SQL(INSIDE("SELECT value FROM json_each($2)"),
                         INSIDE("SELECT json_array_elements_text($2::json) COLLATE \"C\"")),
                  DB_ARGS(db_text(scope->workspace), sql_texts(arena, ids.at, ids.count)),
                  sql_read_text, sizeof(Str), &items, err))
        return false;
    *ids_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}

bool document_children(DbTx *tx, const Scope *scope, Arena *arena, Str id, DocumentList *list_r,
                       Error *err)
{
    SqlBuild build = sql_build_on(tx, arena,
                                  "SELECT " DOCUMENT_COLUMNS " FROM documents d"
                                  " WHERE d.workspace = $1 AND d.parent = $2",
                                  DB_ARGS(db_text(scope->workspace), db_text(id)));
    SqlItems items;

    access_add(&build, scope);
    sql_add(&build, " ORDER BY d.child_ordinal, d.id");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, document_read,
                  sizeof(Document), &items, err))
        return false;
    *list_r = (DocumentList){ .at = items.at, .count = items.count, .total = (int64_t)items.count };
    return true;
}

typedef struct ChildCount {
    Str parent;
    int64_t count;
} ChildCount;

static void read_child_count(DbRows *row, Arena *arena, void *item)
{
    *(ChildCount *)item = (ChildCount){ db_get_text(row, 0, arena), db_get_int(row, 1) };
}

bool document_count_children(DbTx *tx, const Scope *scope, Arena *arena, const Str *ids,
                             size_t count, int64_t *counts_r, Error *err)
{
    SqlItems items;
    assert(count <= PARENTS_MAX);
    if (!sql_list(tx, arena,
                  SQL_IN_TEXTS("SELECT parent, count(*) FROM documents WHERE workspace = $1"
                               " AND parent",
                               2, "GROUP BY parent"),
                  DB_ARGS(db_text(scope->workspace), sql_texts(arena, ids, count)),
                  read_child_count, sizeof(ChildCount), &items, err))
        return false;
    const ChildCount *found = items.at;
    for (size_t i = 0; i < count; i++) {
        counts_r[i] = 0;
        for (size_t k = 0; k < items.count; k++)
            if (str_equal(found[k].parent, ids[i]))
                counts_r[i] = found[k].count;
    }
    return true;
}
