#include "store/counts_store.h"

bool counts_pause(DbTx *tx, Error *err)
{
    return db_tx_kind(tx) == DB_SQLITE ||
           db_exec_script(tx, "SELECT set_config('lectern.counting', 'off', true)", err);
}

bool counts_rebuild(DbTx *tx, Error *err)
{
    static const DbSql steps[] = {
        DB_SAME("DELETE FROM document_counts"),
        DB_SAME("DELETE FROM tag_counts"),
        DB_SAME("INSERT INTO document_counts (workspace, in_trash, collection, format, state,"
                " vector_model, documents, versions, pages, chunks, vectors, text_bytes,"
                " file_bytes)"
                " SELECT workspace, CASE WHEN deleted_at > 0 THEN 1 ELSE 0 END,"
                " coalesce(collection, ''), format, state, vector_model, count(*), sum(version),"
                " sum(page_count), sum(chunk_count), sum(vector_count), sum(text_bytes),"
                " sum(size_bytes) FROM documents GROUP BY 1, 2, 3, 4, 5, 6"),
        DB_SAME("INSERT INTO tag_counts (workspace, tag, documents)"
                " SELECT workspace, tag, count(*) FROM document_tags GROUP BY workspace, tag"),
    };
    for (size_t i = 0; i < COUNT(steps); i++)
        if (!db_exec(tx, steps[i], DB_NO_ARGS, NULL, err))
            return fail_in(err, "counting documents anew");
    return true;
}
