#include "store/statistics_store.h"

#include "store/document_access_sql.h"
#include "store/sql.h"

/* $1 the workspace. Texts of their own for one and for all: with both in one condition no index
 * would be of use. */
#define OF_ONE "workspace = $1"
#define OF_ALL "$1 = $1"

/* A document counts the vectors it was given last. One that has begun with the model that comes
 * had all those of the model before, or has got them in the same job. */
#define IS_COMING "(in_trash = 0 AND $2 <> '' AND vector_model = $2)"
#define SUMS                                                                                       \
    "SELECT CAST(sum(CASE WHEN in_trash = 0 THEN pages END) AS BIGINT),"                           \
    " CAST(sum(CASE WHEN in_trash = 0 THEN chunks END) AS BIGINT),"                                \
    " CAST(sum(CASE WHEN " IS_COMING " THEN chunks"                                                \
    " WHEN in_trash = 0 THEN vectors END) AS BIGINT),"                                             \
    " CAST(sum(CASE WHEN in_trash = 0 THEN text_bytes END) AS BIGINT),"                            \
    " CAST(sum(CASE WHEN in_trash = 0 THEN file_bytes END) AS BIGINT),"                            \
    " CAST(sum(CASE WHEN in_trash = 1 THEN file_bytes END) AS BIGINT),"                            \
    " CAST(sum(CASE WHEN " IS_COMING " THEN vectors END) AS BIGINT),"                              \
    " CAST(sum(versions) AS BIGINT) FROM "

static bool sum_documents(DbTx *tx, const Scope *scope, bool is_all, const DbValue *args,
                          Statistics *statistics, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    AUTO_DB_ROWS DbRows rows = { 0 };
    SqlBuild build = sql_build_on(tx, arena, SUMS, args, 2);

    access_add_document_counts(&build, scope);
    sql_add(&build, is_all ? " WHERE " OF_ALL : " WHERE " OF_ONE);
    if (!db_query(tx, sql_text(&build), build.args, build.count, &rows, err) ||
        db_next(&rows, err) != DB_ROW)
        return false;
    statistics->pages = db_get_int(&rows, 0);
    statistics->chunks = db_get_int(&rows, 1);
    statistics->vectors = db_get_int(&rows, 2);
    statistics->text_bytes = db_get_int(&rows, 3);
    statistics->file_bytes = db_get_int(&rows, 4);
    statistics->trash_bytes = db_get_int(&rows, 5);
    statistics->vectors_coming = db_get_int(&rows, 6);
    statistics->version_count = db_get_int(&rows, 7);
    return true;
}

static bool count_collections(DbTx *tx, const Scope *scope, bool is_all, Statistics *statistics,
                              Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));
    SqlBuild build = sql_build_on(tx, arena, "SELECT count(*) FROM collections c WHERE ",
                                  DB_ARGS(db_text(scope->workspace)));

    sql_add(&build, is_all ? OF_ALL : OF_ONE);
    access_add_collections(&build, scope);
    return db_query_int(tx, sql_text(&build), build.args, build.count, 0, &statistics->collections,
                        err);
}

bool statistics_find(DbTx *tx, const Scope *scope, Str coming, Statistics *statistics_r, Error *err)
{
    Statistics statistics = { 0 };
    const struct {
        const char *of_one, *of_all;
        int64_t *count;
    } tables[] = {
        { "SELECT count(*) FROM memberships WHERE " OF_ONE,
          "SELECT count(*) FROM memberships WHERE " OF_ALL, &statistics.people },
        { "SELECT count(*) FROM api_keys WHERE revoked_at = 0 AND " OF_ONE,
          "SELECT count(*) FROM api_keys WHERE revoked_at = 0 AND " OF_ALL, &statistics.api_keys },
        { "SELECT count(*) FROM conversations WHERE " OF_ONE,
          "SELECT count(*) FROM conversations WHERE " OF_ALL, &statistics.conversations },
        { "SELECT count(*) FROM messages WHERE " OF_ONE,
          "SELECT count(*) FROM messages WHERE " OF_ALL, &statistics.messages },
        { "SELECT count(*) FROM searches WHERE " OF_ONE,
          "SELECT count(*) FROM searches WHERE " OF_ALL, &statistics.searches },
    };
    bool is_all = scope->is_system && !scope->workspace.length;
    const DbValue args[] = { db_text(scope->workspace), db_text(coming) };

    if (!document_count(tx, scope, &statistics.documents, err) ||
        !sum_documents(tx, scope, is_all, args, &statistics, err) ||
        !count_collections(tx, scope, is_all, &statistics, err))
        return false;
    for (size_t i = 0; i < COUNT(tables); i++)
        if (!db_query_int(tx, DB_SAME(is_all ? tables[i].of_all : tables[i].of_one), args, 1, 0,
                          tables[i].count, err))
            return false;
    *statistics_r = statistics;
    return true;
}
