#include "store/conversations_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/sql.h"

#define CONVERSATIONS                                                                              \
    "SELECT c.id, c.user_id, c.title, c.collection, c.is_pinned, c.created_at, c.updated_at,"      \
    " c.deleted_at, (SELECT count(*) FROM messages m WHERE m.workspace = c.workspace"              \
    " AND m.conversation = c.id) FROM conversations c WHERE c.workspace = $1 AND c.user_id = $2 "

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
    };
}

bool conversation_add(DbTx *tx, const Scope *scope, Arena *arena, Conversation *conversation,
                      Error *err)
{
    Conversation added = *conversation;

    added.id = id_new(arena);
    added.user = scope->user;
    added.created_at_ms = added.updated_at_ms = now_ms();
    added.deleted_at_ms = added.message_count = 0;
    if (!db_exec(tx,
                 DB_SAME("INSERT INTO conversations (workspace, id, user_id, title, title_fold,"
                         " collection, is_pinned, created_at, updated_at, deleted_at)"
                         " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, 0)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.id), db_text(added.user),
                         db_text(added.title), db_text(utf8_fold(arena, added.title)),
                         db_text(added.collection), db_int(added.is_pinned),
                         db_int(added.created_at_ms)),
                 NULL, err))
        return false;
    *conversation = added;
    return true;
}

bool conversation_find(DbTx *tx, const Scope *scope, Arena *arena, Str id,
                       Conversation *conversation_r, Error *err)
{
    return sql_find(tx, arena, DB_SAME(CONVERSATIONS "AND c.id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(id)),
                    read_conversation, conversation_r, "conversation", id, err);
}

/* The key of the order in one number: pinned ones are far in the future. */
#define RANK "(c.is_pinned * 100000000000000 + c.updated_at)"

static int64_t rank_of(const Conversation *conversation)
{
    return (int64_t)conversation->is_pinned * 100000000000000 + conversation->updated_at_ms;
}

static SqlBuild begin(DbTx *tx, const Scope *scope, Arena *arena, const char *select, Str title_has)
{
    SqlBuild build = sql_build(tx, arena);

    sql_add(&build, select);
    sql_argument(&build, db_text(scope->workspace));
    sql_argument(&build, db_text(scope->user));
    if (title_has.length) {
        sql_add(&build, build.kind == DB_SQLITE ? " AND instr(c.title_fold, "
                                                : " AND strpos(c.title_fold, ");
        sql_value(&build, db_text(utf8_fold(arena, title_has)));
        sql_add(&build, ") > 0");
    }
    return build;
}

bool conversation_list(DbTx *tx, const Scope *scope, Arena *arena, Str title_has,
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
                              title_has);
    SqlBuild build = begin(tx, scope, arena, CONVERSATIONS, title_has);
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

bool conversation_update(DbTx *tx, const Scope *scope, const Conversation *conversation, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(MB(1));

    return sql_change(tx,
                      DB_SAME("UPDATE conversations SET title = $4, title_fold = $5,"
                              " collection = $6, is_pinned = $7"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope->user),
                              db_text(conversation->id), db_text(conversation->title),
                              db_text(utf8_fold(arena, conversation->title)),
                              db_text(conversation->collection), db_int(conversation->is_pinned)),
                      "conversation", conversation->id, err);
}

bool conversation_remove(DbTx *tx, const Scope *scope, Str id, Error *err)
{
    return sql_change(tx,
                      DB_SAME("DELETE FROM conversations"
                              " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                      DB_ARGS(db_text(scope->workspace), db_text(scope->user), db_text(id)),
                      "conversation", id, err);
}
