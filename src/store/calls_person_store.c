/* calls_person_store.c - see calls_store.h: who made a call is packed with it, so pages are written
 * anew when somebody is to be named no more. */
#include "store/call_pages.h"
#include "store/calls_store.h"
#include "store/sql.h"

typedef struct Page {
    Str id, data;
} Page;

static void read_page(DbRows *row, Arena *arena, void *item)
{
    *(Page *)item = (Page){ db_get_text(row, 0, arena), db_get_blob(row, 1, arena) };
}

static bool unname_page(DbTx *tx, const Scope *scope, Arena *arena, const Page *page, Str user,
                        Str pseudonym, int64_t *calls, Error *err)
{
    CallRow *rows;
    size_t count;
    int64_t before = *calls;

    if (!call_page_unpack(arena, page->data, &rows, &count, err))
        return fail_in(err, "calls of the page " STR_FMT, STR_ARG(page->id));
    for (size_t i = 0; i < count; i++)
        if (str_equal(rows[i].user, user)) {
            rows[i].user = pseudonym;
            ++*calls;
        }
    if (*calls == before)
        return true;
    Str data = call_page_pack(arena, rows, count);
    return sql_change(tx,
                      DB_SAME("UPDATE call_pages SET data = $3 WHERE workspace = $1 AND id = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(page->id), db_blob(data)),
                      "page of calls", page->id, err);
}

bool calls_unname(DbTx *tx, const Scope *scope, Arena *arena, Str user, Str pseudonym,
                  int64_t limit, Str *after, int64_t *calls_r, Error *err)
{
    SqlItems items;

    *calls_r = 0;
    if (!sql_list(tx, arena,
                  DB_SAME("SELECT id, data FROM call_pages WHERE workspace = $1 AND id > $2"
                          " ORDER BY id LIMIT $3"),
                  DB_ARGS(db_text(scope->workspace), db_text(*after), db_int(limit)), read_page,
                  sizeof(Page), &items, err))
        return false;
    const Page *pages = items.at;
    for (size_t i = 0; i < items.count; i++)
        if (!unname_page(tx, scope, arena, &pages[i], user, pseudonym, calls_r, err))
            return false;
    *after = items.count ? pages[items.count - 1].id : STR_NONE;
    return true;
}
