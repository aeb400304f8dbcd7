#include "store/document_facts_store.h"

#include "base/utf8.h"
#include "store/documents_row.h"

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

/* --- Conditions --- */

static void add_condition(SqlBuild *build, Arena *arena, const FactCondition *fact)
{
    sql_add(build, " AND f.key = ");
    sql_value(build, db_text(fact->key));
    if (fact->has.length) {
        sql_add(build, " AND ");
        document_part_add(build, "f.text", utf8_fold(arena, fact->has));
    }
    if (fact->is_number) {
        sql_add(build, " AND f.number >= ");
        sql_value(build, db_real(fact->from));
        sql_add(build, " AND f.number < ");
        sql_value(build, db_real(fact->to));
    }
}

void document_fact_add(SqlBuild *build, Arena *arena, const FactCondition *fact)
{
    sql_add(build, "EXISTS (SELECT 1 FROM document_facts f WHERE f.workspace = d.workspace"
                   " AND f.document = d.id");
    add_condition(build, arena, fact);
    sql_add(build, ")");
}

bool document_fact_documents(DbTx *tx, const Scope *scope, Arena *arena, const FactCondition *fact,
                             StrList *ids_r, Error *err)
{
    SqlBuild build =
        sql_build_on(tx, arena, "SELECT f.document FROM document_facts f WHERE f.workspace = $1",
                     DB_ARGS(db_text(scope->workspace)));
    SqlItems items;

    add_condition(&build, arena, fact);
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, sql_read_text, sizeof(Str),
                  &items, err))
        return false;
    *ids_r = (StrList){ .at = items.at, .count = items.count };
    return true;
}
