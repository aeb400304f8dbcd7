/* connect_send.c - a document's text, written to a place outside; see connect.h. */
#include "connect/connect_int.h"

#define TEXT_MAX MB(4) /* what is beyond is left out */

typedef struct Send {
    Connect *connect;
    const Scope *scope;
    Arena *arena;
    ConnectSending *sending;
    Connection connection;
    const ConnectorKind *kind;
    ConnectionItem item; /* what it was written as, and will be */
} Send;

bool connect_can_send(const ConnectorKind *kind) { return kind->connector->send != NULL; }

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Send *send = argument;
    Error why = { 0 };
    send->item = (ConnectionItem){ 0 };
    return connection_find(tx, send->scope, send->arena, send->connection.id, &send->connection,
                           err) &&
           (connection_item_sent(tx, send->scope, send->arena, send->connection.id,
                                 send->sending->document, &send->item, &why) ||
            why.code == ERROR_NOT_FOUND || fail(err, why.code, "%s", why.message));
}

static bool save_work(DbTx *tx, void *argument, Error *err)
{
    const Send *send = argument;
    return connection_item_send(tx, send->scope, send->arena, send->connection.id, &send->item,
                                err);
}

/* What came of it is kept also when it failed: what was begun is finished the next time, and what
 * was edited there is shown. */
static bool save(Send *send, const ConnectSent *sent, const Error *why, Error *err)
{
    bool is_edited = why->code == ERROR_CONFLICT && send->item.remote.length;
    if (!sent->remote.length && !is_edited)
        return true;
    if (sent->remote.length) {
        send->item.remote = sent->remote;
        send->item.version = why->code == ERROR_NONE ? sent->version : STR_NONE;
    }
    send->item.document = send->sending->document;
    send->item.state = is_edited ? ITEM_edited : ITEM_sent;
    send->item.error_code = why->code == ERROR_NONE ? STR_NONE : str(error_name(why->code));
    send->item.error = str(why->message);
    return store_write(send->connect->options.db, send->scope, save_work, send, err);
}

static bool write_note(Send *send, ConnectNote *note, ConnectSent *sent_r, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    ConnectSent sent = { 0 };
    Error why = { 0 };
    if (!connect_settings(send->connect, send->arena, &send->connection, &settings, err))
        return false;
    AUTO_CONNECT_RUN ConnectRun run;
    connect_run_begin(&run, send->connect, send->scope, send->kind, &send->connection, settings);
    bool good = send->kind->connector->send(&run, note, &sent, &why);
    send->item.name = note->title;
    if (!save(send, &sent, &why, err))
        return false;
    *sent_r = (ConnectSent){ .remote = str_copy(send->arena, sent.remote), .is_new = sent.is_new };
    if (!good)
        *err = why;
    return good;
}

bool connect_send(Connect *connect, const Scope *scope, Arena *arena, Str id,
                  ConnectSending *sending, Error *err)
{
    Send send = {
        .connect = connect, .scope = scope, .arena = arena, .sending = sending, .connection.id = id
    };
    Buf text = buf_new(arena, TEXT_MAX);
    DocumentView view;
    ConnectSent sent;
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !store_read(connect->options.db, scope, find_work, &send, err) ||
        !connector_named(send.connection.kind, &send.kind, err))
        return false;
    if (!connect_can_send(send.kind))
        return fail(err, ERROR_UNSUPPORTED, "nothing can be written to a connection of kind %s",
                    send.kind->name);
    if (!library_find(connect->options.library, scope, arena, sending->document, &view, err) ||
        !library_print(connect->options.library, scope, arena, sending->document, 0, TEXT_MARKDOWN,
                       &text, err))
        return false;
    ConnectNote note = { .title =
                             view.document.title.length ? view.document.title : view.document.name,
                         .markdown = buf_str(&text),
                         .below = sending->below,
                         .properties = sending->properties,
                         .remote = send.item.remote,
                         .version = send.item.version,
                         .replaces = sending->replaces };
    if (!write_note(&send, &note, &sent, err))
        return false;
    sending->remote = sent.remote;
    sending->is_new = sent.is_new;
    return true;
}
