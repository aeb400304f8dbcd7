#include "store/messages_store.h"

#include "base/clock.h"
#include "base/id.h"
#include "base/utf8.h"
#include "store/sql.h"

#define LIST_MAX 10000
/* Only those of the scope's own conversations: $1 the workspace, $2 the user. */
#define MESSAGES                                                                                   \
    "SELECT m.id, m.conversation, m.ordinal, m.role, m.text, m.citations, m.model, m.usage,"       \
    " m.status, m.rating, m.rating_reason, m.created_at, m.parent FROM messages m"                 \
    " JOIN conversations c"                                                                        \
    " ON c.workspace = m.workspace AND c.id = m.conversation"                                      \
    " WHERE m.workspace = $1 AND c.user_id = $2 "
#define IS_MINE                                                                                    \
    " AND EXISTS (SELECT 1 FROM conversations c WHERE c.workspace = messages.workspace"            \
    " AND c.id = messages.conversation AND c.user_id = $2)"

static void read_message(DbRows *row, Arena *arena, void *item)
{
    *(Message *)item = (Message){
        .id = db_get_text(row, 0, arena),
        .conversation = db_get_text(row, 1, arena),
        .ordinal = db_get_int(row, 2),
        .role = db_get_text(row, 3, arena),
        .text = db_get_text(row, 4, arena),
        .citations = db_get_text(row, 5, arena),
        .model = db_get_text(row, 6, arena),
        .usage = db_get_text(row, 7, arena),
        .status = db_get_text(row, 8, arena),
        .rating = (int)db_get_int(row, 9),
        .rating_reason = db_get_text(row, 10, arena),
        .created_at_ms = db_get_int(row, 11),
        .parent = db_get_text(row, 12, arena),
    };
}

/* The conversation is touched first: its row's lock keeps two messages from the same ordinal. What
 * is said is shown from then on; a summary stands beside the path. */
bool message_add(DbTx *tx, const Scope *scope, Arena *arena, Message *message, Error *err)
{
    Message added = *message;

    added.id = id_new(arena);
    added.created_at_ms = now_ms();
    if (!sql_change(tx,
                    DB_SAME("UPDATE conversations SET updated_at = $4,"
                            " shown = CASE WHEN $5 = '' THEN shown ELSE $5 END"
                            " WHERE workspace = $1 AND user_id = $2 AND id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)),
                            db_text(added.conversation), db_int(added.created_at_ms),
                            db_text(str_is(added.role, MESSAGE_SUMMARY) ? STR_NONE : added.id)),
                    "conversation", added.conversation, err) ||
        !db_query_int(tx,
                      DB_SAME("SELECT coalesce(max(ordinal), -1) + 1 FROM messages"
                              " WHERE workspace = $1 AND conversation = $2"),
                      DB_ARGS(db_text(scope->workspace), db_text(added.conversation)), 0,
                      &added.ordinal, err) ||
        !db_exec(tx,
                 DB_SAME("INSERT INTO messages (workspace, conversation, ordinal, id, role, text,"
                         " citations, model, usage, status, rating, rating_reason, created_at,"
                         " parent, text_fold) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10,"
                         " $11, $12, $13, $14, $15)"),
                 DB_ARGS(db_text(scope->workspace), db_text(added.conversation),
                         db_int(added.ordinal), db_text(added.id), db_text(added.role),
                         db_text(added.text), db_text(added.citations), db_text(added.model),
                         db_text(added.usage), db_text(added.status), db_int(added.rating),
                         db_text(added.rating_reason), db_int(added.created_at_ms),
                         db_text(added.parent), db_text(utf8_fold(arena, added.text))),
                 NULL, err))
        return false;
    *message = added;
    return true;
}

bool message_find(DbTx *tx, const Scope *scope, Arena *arena, Str id, Message *message_r,
                  Error *err)
{
    return sql_find(tx, arena, DB_SAME(MESSAGES "AND m.id = $3"),
                    DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id)),
                    read_message, message_r, "message", id, err);
}

bool message_list(DbTx *tx, const Scope *scope, Arena *arena, Str conversation, int64_t limit,
                  MessageList *list_r, Error *err)
{
    SqlItems items;

    if (!sql_list(
            tx, arena, DB_SAME(MESSAGES "AND m.conversation = $3 ORDER BY m.ordinal DESC LIMIT $4"),
            DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(conversation),
                    db_int(limit > 0 ? MIN(limit, LIST_MAX) : LIST_MAX)),
            read_message, sizeof(Message), &items, err))
        return false;
    Message *list = items.at;
    for (size_t i = 0; i < items.count / 2; i++) {
        Message other = list[i];
        list[i] = list[items.count - 1 - i];
        list[items.count - 1 - i] = other;
    }
    *list_r = (MessageList){ .at = list, .count = items.count };
    return true;
}

bool message_rate(DbTx *tx, const Scope *scope, Str id, int rating, Str reason, Error *err)
{
    if (rating < -1 || rating > 1)
        return fail_field(err, "rating", "a rating is 1, -1 or 0, not %d", rating);
    return sql_change(tx,
                      DB_SAME("UPDATE messages SET rating = $4, rating_reason = $5"
                              " WHERE workspace = $1 AND id = $3" IS_MINE),
                      DB_ARGS(db_text(scope->workspace), db_text(scope_keeper(scope)), db_text(id),
                              db_int(rating), db_text(reason)),
                      "message", id, err);
}
