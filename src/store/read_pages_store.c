#include "store/read_pages_store.h"

#include "store/sql.h"

#define KEY "workspace = $1 AND document = $2 AND version = $3 AND worker = $4 AND page = $5"

static bool forget_page(DbTx *tx, const Scope *scope, const ReadPage *page, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM read_pages WHERE " KEY),
                   DB_ARGS(db_text(scope->workspace), db_text(page->document),
                           db_int(page->version), db_text(page->worker), db_int(page->page)),
                   NULL, err);
}

bool read_page_save(DbTx *tx, const Scope *scope, const ReadPage *page, Error *err)
{
    return forget_page(tx, scope, page, err) &&
           db_exec(tx,
                   DB_SAME("INSERT INTO read_pages (workspace, document, version, worker, page,"
                           " bytes) VALUES ($1, $2, $3, $4, $5, $6)"),
                   DB_ARGS(db_text(scope->workspace), db_text(page->document),
                           db_int(page->version), db_text(page->worker), db_int(page->page),
                           db_blob(page->bytes)),
                   NULL, err);
}

bool read_page_find(DbTx *tx, const Scope *scope, Arena *arena, ReadPage *page, Error *err)
{
    AUTO_DB_ROWS DbRows rows = { 0 };
    page->bytes = STR_NONE;
    if (!db_query(tx, DB_SAME("SELECT bytes FROM read_pages WHERE " KEY),
                  DB_ARGS(db_text(scope->workspace), db_text(page->document), db_int(page->version),
                          db_text(page->worker), db_int(page->page)),
                  &rows, err))
        return false;
    DbStep step = db_next(&rows, err);
    if (step == DB_ROW)
        page->bytes = db_get_blob(&rows, 0, arena);
    return step != DB_FAILED;
}

bool read_page_forget(DbTx *tx, const Scope *scope, Str document, Error *err)
{
    return db_exec(tx, DB_SAME("DELETE FROM read_pages WHERE workspace = $1 AND document = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err);
}
