#include "store/conversations_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/sql.h"

#define ALL                                                                                        \
    "SELECT c.id, c.user_id, c.title, c.collection, c.is_pinned, c.created_at, c.updated_at,"      \
    " c.deleted_at, (SELECT count(*) FROM messages m WHERE m.workspace = c.workspace"              \
    " AND m.conversation = c.id), c.folder, c.persona, c.share, c.shown"                           \
    " FROM conversations c WHERE c.workspace = $1 "
#define CONVERSATIONS ALL "AND c.user_id = $2 "

static void read_conversation(DbRows *row, Arena *arena, void *item)
{
    *(Conversation *)item = (Conversation){
        .id = db_get_text(row, 0, arena),
        .user = db_get_text(row, 1, arena),
        .title = db_get_text(row, 2, arena),
        .collection = db_get_text(row, 3, arena),
        .is_pinned = db_get_int(row, 4) != 0,
        .created_at_ms = db_get_int(row, 5),
        .updated_at_ms = db_get_int(row, 6),
        .deleted_at_ms = db_get_int(row, 7),
        .message_count = db_get_int(row, 8),
        .folder = db_get_text(row, 9, arena),
        .persona = db_get_text(row, 10, arena),
        .share = db_get_text(row, 11, arena),
        .shown = db_get_text(row, 12, arena),
    };
}

bool conversation_add(DbTx *tx, const Scope *scope, Arena *arena, Conversation *conversation,
                      Error *err)
{
    Conversation added = *conversation;

    added.id = id_new(arena);
    added.user = scope_keeper(scope);
    added.created_at_ms = added.updated_at_ms = now_ms();
    added.deleted_at_ms = added.message_count = 0;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO conversations (workspace, id, user_id, title, title_fold,"
                         " collection, is_pinned, created_at, updated_at, deleted_at, folder,"
                         " persona) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 0, $9, $10)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.title), db_text(utf8_fold(arena, added.title)),
                         db_text(added.collection), db_int(added.is_pinned),
                         db_int(added.created_at_ms), db_text(added.folder),
                         db_text(added.persona)),
                 NULL, err))
        return false;
    *conversation = added;
    return true;
}

bool conversation_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                       Conversation *conversation_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(CONVERSATIONS "AND c.id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                    read_conversation, conversation_r, "conversation", id, err);
}

bool conversation_find_shared(DbTx *tx, const Scope *scope, Arena *arena, Str share,
                              Conversation *conversation_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(ALL "AND c.share = $2 AND c.share <> ''"),
                    DB_ARGS(db_text(scope->workspace), db_text(share)), read_conversation,
                    conversation_r, "shared conversation", share, err);
}

/* The key of the order in one number: pinned ones are far in the future. */
#define RANK "(c.is_pinned * 100000000000000 + c.updated_at)"

static int64_t rank_of(const Conversation *conversation)
{
    return (int64_t)conversation->is_pinned * 100000000000000 + conversation->updated_at_ms;
}

static void add_words(SqlBuild *build, Arena *arena, Str words)
{
    DbValue folded = db_text(utf8_fold(arena, words));
    const char *find = build->kind == DB_SQLITE ? "instr" : "strpos";
    sql_add(build, " AND (");
    sql_add(build, find);
    sql_add(build, "(c.title_fold, ");
    sql_value(build, folded);
    sql_add(build, ") > 0 OR EXISTS (SELECT 1 FROM messages m WHERE m.workspace = c.workspace"
                   " AND m.conversation = c.id AND m.role <> 'summary' AND ");
    sql_add(build, find);
    sql_add(build, "(m.text_fold, ");
    sql_value(build, folded);
    sql_add(build, ") > 0))");
}

static SqlBuild begin(DbTx *tx, const Scope *scope, Arena *arena, const char *select,
                      const ConversationFilter *filter)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, select);
    sql_argument(&build, db_text(scope->workspace));
    sql_argument(&build, db_text(scope_keeper(scope)));
    if (filter && filter->words.length)
        add_words(&build, arena, filter->words);
    if (filter && filter->folder.length) {
        sql_add(&build, " AND c.folder = ");
        sql_value(&build, db_text(filter->folder));
    }
    if (filter && filter->only_pinned)
        sql_add(&build, " AND c.is_pinned = 1");
    return build;
}

bool conversation_list(DbTx *tx, const Scope *scope, Arena *arena, const ConversationFilter *filter,
                       const Slice *slice, ConversationList *list_r, Error *err)
{
    size_t limit = (size_t)slice_limit(slice);
    ConversationList list = { 0 };
    SqlItems items;
    DbValue key;
    Str id;

    SqlBuild counting = begin(tx, scope, arena,
                              "SELECT count(*) FROM conversations c WHERE c.workspace = $1"
                              " AND c.user_id = $2",
                              filter);
    SqlBuild build = begin(tx, scope, arena, CONVERSATIONS, filter);
    if (slice && slice->after.length) {
        if (!sql_cursor_read(slice->after, true, &key, &id, err))
            return false;
        sql_add(&build, " AND (" RANK ", c.id) < (");
        sql_value(&build, key);
        sql_add(&build, ", ");
        sql_value(&build, db_text(id));
        sql_add(&build, ")");
    }
    sql_add(&build, " ORDER BY " RANK " DESC, c.id DESC LIMIT ");
    sql_value(&build, db_int((int64_t)limit + 1));
    if (!db_query_int(tx, sql_text(&counting), counting.args, counting.count, 0, &list.total,
                      err) ||
        !sql_list(tx, arena, sql_text(&build), build.args, build.count, read_conversation,
                  sizeof(Conversation), &items, err))
        return false;
    list.at = items.at;
    list.count = MIN(items.count, limit);
    if (items.count > limit)
        list.next = sql_cursor(arena, db_int(rank_of(&list.at[limit - 1])), list.at[limit - 1].id);
    *list_r = list;
    return true;
}

static void read_folder(DbRows *row, Arena *arena, void *item)
{
    *(ConversationFolder *)item =
        (ConversationFolder){ .name = db_get_text(row, 0, arena), .count = db_get_int(row, 1) };
}

bool conversation_folders(DbTx *tx, const Scope *scope, Arena *arena,
                          ConversationFolderList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(tx, arena,
                  DB_SAME("SELECT folder, count(*) FROM conversations WHERE workspace = $1"
                          " AND user_id = $2 AND folder <> '' GROUP BY folder ORDER BY folder"),
                  DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope))), read_folder,
                  sizeof(ConversationFolder), &items, err))
        return false;
    *list_r = (ConversationFolderList){ .at = items.at, .count = items.count };
    return true;
}

bool conversation_update(DbTx *tx, const Scope *scope, const Conversation *conversation, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));

    return sql_change(tx,
                      DB_SAME("UPDATE conversations SET title = $4, title_fold = $5,"
                              " collection = $6, is_pinned = $7, folder = $8, persona = $9,"
                              " share = $10, shown = $11"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                              db_text(conversation->id), db_text(conversation->title),
                              db_text(utf8_fold(arena, conversation->title)),
                              db_text(conversation->collection), db_int(conversation->is_pinned),
                              db_text(conversation->folder), db_text(conversation->persona),
                              db_text(conversation->share), db_text(conversation->shown)),
                      "conversation", conversation->id, err);
}

/* Their time is over at once: the job that removes files past theirs takes the bytes too. */
static bool end_voices(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return db_exec(
        tx,
        DB_SQL("UPDATE client_files SET expires_at = 1 WHERE workspace = $1 AND user_id = $2"
               " AND purpose = 'voice' AND EXISTS (SELECT 1 FROM messages m WHERE m.workspace = $1"
               " AND m.conversation = $3 AND instr(m.citations, client_files.id) > 0)",
               "UPDATE client_files SET expires_at = 1 WHERE workspace = $1 AND user_id = $2"
               " AND purpose = 'voice' AND EXISTS (SELECT 1 FROM messages m WHERE m.workspace = $1"
               " AND m.conversation = $3 AND strpos(m.citations, client_files.id) > 0)"),
        DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)), NULL, err);
}

bool conversation_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return end_voices(tx, scope, id, err) &&
           sql_change(tx,
                      DB_SAME("DELETE FROM conversations"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                      "conversation", id, err);
}
