#include "store/document_facts_store.h"

#include "base/utf8.h"
#include "store/sql.h"

bool document_fact_replace(DbTx *tx, const Scope *scope, Str document, const DocumentFact *facts,
                           size_t count, Error *err)
{
    enum { COLUMNS = 5 };
    AUTO_ARENA Arena *arena = arena_new(MB(64));
    DbValue *values = arena_new_array(arena, DbValue, count * COLUMNS);
    for (size_t i = 0; i < count; i++) {
        Str text = str_slice(facts[i].text, 0,
                             utf8_floor(facts[i].text, MIN(facts[i].text.length, FACT_TEXT_MAX)));
        DbValue row[COLUMNS] = { db_text(scope->workspace), db_text(document),
                                 db_text(facts[i].key), db_text(utf8_fold(arena, text)),
                                 facts[i].has_number ? db_real(facts[i].number) : db_null() };
        memcpy(values + i * COLUMNS, row, sizeof row);
    }
    return db_exec(tx, DB_SAME("DELETE FROM document_facts WHERE workspace = $1 AND document = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(document)), NULL, err) &&
           db_exec_many(tx,
                        DB_SAME("INSERT INTO document_facts (workspace, document, key, text,"
                                " number) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"),
                        values, COLUMNS, count, err);
}

bool document_fact_count(DbTx *tx, const Scope *scope, Str key, int64_t *count_r, Error *err)
{
    return db_query_int(
        tx, DB_SAME("SELECT count(*) FROM document_facts WHERE workspace = $1 AND key = $2"),
        DB_ARGS(db_text(scope->workspace), db_text(key)), 0, count_r, err);
}
