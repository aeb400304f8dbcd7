/* document_tags.c - the table `document_tags`: the tags of the documents outside the trash, by tag.
 * The text in `documents.tags` is what they are; this is made of it, so that a list of one tag
 * reads its own rows. */
#include "store/document_access_sql.h"
#include "store/documents_row.h"

static bool add_tag(DbTx *tx, const Scope *scope, Str id, int64_t created_at_ms, Str tag,
                    Error *err)
{
    return db_exec(
        tx,
        DB_SAME("INSERT INTO document_tags (workspace, tag, created_at, document)"
                " VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"),
        DB_ARGS(db_text(scope->workspace), db_text(tag), db_int(created_at_ms), db_text(id)), NULL,
        err);
}

bool document_tags_add(DbTx *tx, const Scope *scope, Arena *arena, Str id, int64_t created_at_ms,
                       Str joined, Error *err)
{
    StrList tags = document_tags_split(arena, joined);
    for (size_t i = 0; i < tags.count; i++)
        if (!add_tag(tx, scope, id, created_at_ms, tags.at[i], err))
            return false;
    return true;
}

bool document_tags_replace(DbTx *tx, const Scope *scope, Arena *arena, Str id, Str joined,
                           Error *err)
{
    Document doc;

    return document_find(tx, scope, arena, id, &doc, err) &&
           db_exec(tx, DB_SAME("DELETE FROM document_tags WHERE workspace = $1 AND document = $2"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err) &&
           (doc.deleted_at_ms ||
            document_tags_add(tx, scope, arena, id, doc.created_at_ms, joined, err));
}

bool document_tags_hide(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(tx,
                   DB_SAME(DOCUMENT_FAMILY "DELETE FROM document_tags WHERE workspace = $1"
                                           " AND document IN (SELECT id FROM family)"),
                   DB_ARGS(db_text(scope->workspace), db_text(id)), NULL, err);
}

typedef struct Tagged {
    Str id, joined;
    int64_t created_at_ms;
} Tagged;

static void tagged_read(DbRows *row, Arena *arena, void *item)
{
    *(Tagged *)item = (Tagged){ .id = db_get_text(row, 0, arena),
                                .joined = db_get_text(row, 1, arena),
                                .created_at_ms = db_get_int(row, 2) };
}

bool document_tags_show(DbTx *tx, const Scope *scope, Arena *arena, Str id, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME(DOCUMENT_FAMILY "SELECT id, tags, created_at FROM documents"
                                          " WHERE workspace = $1 AND tags <> ''"
                                          " AND id IN (SELECT id FROM family)"),
                  DB_ARGS(db_text(scope->workspace), db_text(id)), tagged_read, sizeof(Tagged),
                  &items, err))
        return false;
    const Tagged *tagged = items.at;
    for (size_t i = 0; i < items.count; i++)
        if (!document_tags_add(tx, scope, arena, tagged[i].id, tagged[i].created_at_ms,
                               tagged[i].joined, err))
            return false;
    return true;
}

static void count_read(DbRows *row, Arena *arena, void *item)
{
    *(TagCount *)item =
        (TagCount){ .tag = db_get_text(row, 0, arena), .count = db_get_int(row, 1) };
}

bool document_tags(DbTx *tx, const Scope *scope, Arena *arena, TagCountList *list_r, Error *err)
{
    SqlBuild build = sql_build_on(tx, arena, "SELECT t.tag, CAST(sum(t.documents) AS BIGINT) FROM ",
                                  DB_ARGS(db_text(scope->workspace)));
    SqlItems items;

    access_add_tag_counts(&build, scope);
    sql_add(&build, " WHERE t.workspace = $1 GROUP BY t.tag HAVING sum(t.documents) > 0"
                    " ORDER BY t.tag");
    if (!sql_list(tx, arena, sql_text(&build), build.args, build.count, count_read,
                  sizeof(TagCount), &items, err))
        return false;
    *list_r = (TagCountList){ .at = items.at, .count = items.count };
    return true;
}
