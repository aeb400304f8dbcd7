/* 0012_calls.c - calls of models: packed in pages, and summed. What was counted in `usage` goes on
 * as sums; its rows, which nothing showed one by one, go. */
#include "store/migrate.h"

extern const Migration migration_0012;

/* Sums of the old rows over this many milliseconds, as span number n. */
#define SUMS_OF_USAGE(n, span)                                                                     \
    "INSERT INTO call_sums (workspace, span, at, model, service, key_id, user_id, feature, task,"  \
    " status, calls, input_tokens, output_tokens, cached_tokens, cost_pico, unpriced, estimated,"  \
    " saved_by_cache, saved_by_local, saved_by_route, cache_hits, local_calls, retries,"           \
    " fallbacks, truncated, streams, first_us, took_us, own_us, bytes_in, bytes_out)"              \
    " SELECT workspace, " n ", created_at - created_at % " span ", model, provider, key_id,"       \
    " user_id, feature, 'chat',"                                                                   \
    " CASE WHEN status IN ('', 'done') THEN 'ok' ELSE status END,"                                 \
    " count(*), CAST(sum(input_tokens) AS INTEGER), CAST(sum(output_tokens) AS INTEGER), 0,"       \
    " CAST(sum(cost_pico) AS INTEGER), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,"                        \
    " CAST(sum(took_ms) * 1000 AS INTEGER), 0, 0, 0"                                               \
    " FROM usage GROUP BY 1, 2, 3, 4, 5, 6, 7, 8, 9, 10;"

const Migration migration_0012 = {
    .up = { "CREATE TABLE call_pages ("
            "    workspace TEXT NOT NULL,"
            "    id TEXT NOT NULL,"
            "    started_first INTEGER NOT NULL,"
            "    started_last INTEGER NOT NULL,"
            "    ended_at INTEGER NOT NULL,"
            "    calls INTEGER NOT NULL,"
            "    data BLOB NOT NULL,"
            "    PRIMARY KEY (workspace, id)"
            ") STRICT;"
            "CREATE INDEX call_pages_by_end ON call_pages (workspace, ended_at, id);"
            "CREATE INDEX call_pages_by_age ON call_pages (started_last);"
            "CREATE TABLE call_sums ("
            "    workspace TEXT NOT NULL,"
            "    span INTEGER NOT NULL,"
            "    at INTEGER NOT NULL,"
            "    model TEXT NOT NULL,"
            "    service TEXT NOT NULL,"
            "    key_id TEXT NOT NULL,"
            "    user_id TEXT NOT NULL,"
            "    feature TEXT NOT NULL,"
            "    task TEXT NOT NULL,"
            "    status TEXT NOT NULL,"
            "    calls INTEGER NOT NULL,"
            "    input_tokens INTEGER NOT NULL,"
            "    output_tokens INTEGER NOT NULL,"
            "    cached_tokens INTEGER NOT NULL,"
            "    cost_pico INTEGER NOT NULL,"
            "    unpriced INTEGER NOT NULL,"
            "    estimated INTEGER NOT NULL,"
            "    saved_by_cache INTEGER NOT NULL,"
            "    saved_by_local INTEGER NOT NULL,"
            "    saved_by_route INTEGER NOT NULL,"
            "    cache_hits INTEGER NOT NULL,"
            "    local_calls INTEGER NOT NULL,"
            "    retries INTEGER NOT NULL,"
            "    fallbacks INTEGER NOT NULL,"
            "    truncated INTEGER NOT NULL,"
            "    streams INTEGER NOT NULL,"
            "    first_us INTEGER NOT NULL,"
            "    took_us INTEGER NOT NULL,"
            "    own_us INTEGER NOT NULL,"
            "    bytes_in INTEGER NOT NULL,"
            "    bytes_out INTEGER NOT NULL,"
            "    PRIMARY KEY (workspace, span, at, model, service, key_id, user_id, feature, task,"
            "        status)"
            ") STRICT, WITHOUT ROWID;"
            "CREATE INDEX call_sums_by_age ON call_sums (span, at);" SUMS_OF_USAGE("1", "3600000")
                SUMS_OF_USAGE("2", "86400000") "DROP TABLE usage;",
            NULL },
    .down = { "CREATE TABLE usage ("
              "    workspace TEXT NOT NULL,"
              "    id TEXT NOT NULL,"
              "    user_id TEXT NOT NULL,"
              "    key_id TEXT NOT NULL,"
              "    feature TEXT NOT NULL,"
              "    model TEXT NOT NULL,"
              "    provider TEXT NOT NULL,"
              "    status TEXT NOT NULL,"
              "    input_tokens INTEGER NOT NULL,"
              "    output_tokens INTEGER NOT NULL,"
              "    cost_pico INTEGER NOT NULL,"
              "    took_ms INTEGER NOT NULL,"
              "    created_at INTEGER NOT NULL,"
              "    PRIMARY KEY (workspace, id)"
              ") STRICT;"
              "CREATE INDEX usage_created ON usage (workspace, created_at);"
              "DROP TABLE call_sums;"
              "DROP TABLE call_pages;",
              NULL },
};
