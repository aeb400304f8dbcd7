/* connect.c - the kinds, and connections as people make and change them; see connect.h. */
#include "connect/connect_int.h"
#include "store/audit_store.h"

#define NAME_MAX_BYTES 200

#define CONNECTOR(name, source, oauth, title) extern const Connector connector_##name;
#include "connect/connectors.def"
#undef CONNECTOR

const ConnectorKind connector_kinds[] = {
#define CONNECTOR(name, source, oauth, title)                                                      \
    { #name, source, title, oauth, &connector_##name.schema, &connector_##name },
#include "connect/connectors.def"
#undef CONNECTOR
};
const size_t connector_count = COUNT(connector_kinds);

bool connector_named(Str name, const ConnectorKind **kind_r, Error *err)
{
    AUTO_ARENA Arena *arena = arena_new(KB(64));
    Buf known = buf_new(arena, KB(4));
    for (size_t i = 0; i < connector_count; i++) {
        if (str_is(name, connector_kinds[i].name)) {
            *kind_r = &connector_kinds[i];
            return true;
        }
        buf_addf(&known, "%s%s", i ? ", " : "", connector_kinds[i].name);
    }
    fail(err, ERROR_NOT_FOUND, "there is no kind of connection '" STR_FMT "'; there are " STR_FMT,
         STR_ARG(str_slice(name, 0, 40)), STR_ARG(buf_str(&known)));
    return false;
}

bool connect_is_source(Str source)
{
    for (size_t i = 0; i < connector_count; i++)
        if (str_is(source, connector_kinds[i].source))
            return true;
    return false;
}

Connect *connect_new(const ConnectOptions *options)
{
    Connect *connect = heap_alloc(sizeof *connect);
    HttpClientOptions http = { .proxy = options->proxy, .ca_file = options->ca_file };
    connect->options = *options;
    connect->http = http_client_new(&http);
    return connect;
}

void connect_free(Connect *connect)
{
    if (!connect)
        return;
    http_client_free(connect->http);
    free(connect);
}

/* --- Adding, changing, removing --- */

typedef struct Change {
    const Scope *scope;
    Arena *arena;
    Connection connection;
    const char *action;
    bool is_elsewhere;
} Change;

static bool audit(DbTx *tx, const Change *change, Error *err)
{
    AuditEntry entry = { .action = str(change->action),
                         .subject_kind = S("connection"),
                         .subject = change->connection.id };
    return audit_add(tx, change->scope, &entry, err);
}

static bool check_wish(const ConnectWish *wish, Error *err)
{
    if (!str_trim(wish->name).length || wish->name.length > NAME_MAX_BYTES)
        return fail_field(err, "name", "a connection needs a name of at most %d bytes",
                          NAME_MAX_BYTES);
    if (!str_is(wish->gone, "keep") && !str_is(wish->gone, "trash"))
        return fail_field(err, "gone",
                          "'gone' is keep or trash: what becomes of documents that "
                          "are gone where they came from");
    return (wish->every_minutes >= 0 && wish->every_minutes <= CONNECT_MINUTES_MAX) ||
           fail_field(err, "every_minutes", "'every_minutes' is 0 (only when asked) to %d",
                      CONNECT_MINUTES_MAX);
}

static bool check_collection(DbTx *tx, const Change *change, Error *err)
{
    Collection collection;
    return !change->connection.collection.length ||
           collection_find(tx, change->scope, change->arena, change->connection.collection,
                           &collection, err);
}

static void fill(Connection *connection, const Scope *scope, const ConnectWish *wish)
{
    connection->name = str_trim(wish->name);
    connection->collection = wish->collection;
    connection->gone = wish->gone;
    connection->every_minutes = wish->every_minutes;
    connection->is_on = wish->is_on;
    connection->allows_private = scope->role == ROLE_OWNER;
}

/* At once, unless it is paused. */
static bool look(DbTx *tx, const Change *change, Error *err)
{
    Str job;
    return !change->connection.is_on ||
           connect_sync(tx, change->scope, change->arena, &change->connection, true, &job, err);
}

static bool add_work(DbTx *tx, void *argument, Error *err)
{
    Change *change = argument;
    return check_collection(tx, change, err) &&
           connection_add(tx, change->scope, change->arena, &change->connection, err) &&
           look(tx, change, err) && audit(tx, change, err);
}

bool connect_add(Connect *connect, const Scope *scope, Arena *arena, const ConnectWish *wish,
                 Connection *connection_r, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    const ConnectorKind *kind;
    Change change = { .scope = scope, .arena = arena, .action = "connection.add" };
    change.connection.kind = wish->kind;
    if (!scope_needs(scope, ROLE_ADMIN, err) || !connector_named(wish->kind, &kind, err) ||
        !check_wish(wish, err) ||
        !connect_merge(connect, arena, kind, &change.connection, wish->settings, &settings, err))
        return false;
    fill(&change.connection, scope, wish);
    if (!connect_split(connect, arena, kind, settings, &change.connection, err) ||
        !store_write(connect->options.db, scope, add_work, &change, err))
        return false;
    *connection_r = change.connection;
    return true;
}

static bool find_work(DbTx *tx, void *argument, Error *err)
{
    Change *change = argument;
    return connection_find(tx, change->scope, change->arena, change->connection.id,
                           &change->connection, err);
}

static bool change_work(DbTx *tx, void *argument, Error *err)
{
    Change *change = argument;
    return check_collection(tx, change, err) &&
           connection_update(tx, change->scope, change->arena, &change->connection,
                             change->is_elsewhere, err) &&
           (!change->is_elsewhere || look(tx, change, err)) && audit(tx, change, err) &&
           find_work(tx, change, err);
}

bool connect_change(Connect *connect, const Scope *scope, Arena *arena, Str id,
                    const ConnectWish *wish, Connection *connection_r, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    const ConnectorKind *kind;
    Change change = { .scope = scope, .arena = arena, .action = "connection.change" };
    change.connection.id = id;
    if (!scope_needs(scope, ROLE_ADMIN, err) || !check_wish(wish, err) ||
        !store_read(connect->options.db, scope, find_work, &change, err) ||
        !connector_named(change.connection.kind, &kind, err))
        return false;
    connect_open_settings(connect, arena, &change.connection);
    Str was = change.connection.settings;
    if (wish->settings &&
        (!connect_merge(connect, arena, kind, &change.connection, wish->settings, &settings, err) ||
         !connect_split(connect, arena, kind, settings, &change.connection, err)))
        return false;
    change.is_elsewhere = !str_equal(was, change.connection.settings);
    fill(&change.connection, scope, wish);
    if (!store_write(connect->options.db, scope, change_work, &change, err))
        return false;
    *connection_r = change.connection;
    return true;
}

static bool remove_work(DbTx *tx, void *argument, Error *err)
{
    Change *change = argument;
    return connection_remove(tx, change->scope, change->connection.id, err) &&
           audit(tx, change, err);
}

bool connect_remove(Connect *connect, const Scope *scope, Arena *arena, Str id, Error *err)
{
    Change change = { .scope = scope, .arena = arena, .action = "connection.remove" };
    change.connection.id = id;
    return scope_needs(scope, ROLE_ADMIN, err) &&
           store_write(connect->options.db, scope, remove_work, &change, err);
}

/* --- Trying out --- */

bool connect_test(Connect *connect, const Scope *scope, Arena *arena, Str id,
                  const ConnectWish *wish, Str *says_r, Error *err)
{
    AUTO_JSON json_t *settings = NULL;
    const ConnectorKind *kind;
    Change change = { .scope = scope, .arena = arena };
    change.connection = (Connection){ .id = id, .kind = wish->kind };
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        (id.length && !store_read(connect->options.db, scope, find_work, &change, err)) ||
        !connector_named(change.connection.kind, &kind, err))
        return false;
    connect_open_settings(connect, arena, &change.connection);
    if (!(wish->settings || !id.length
              ? connect_merge(connect, arena, kind, &change.connection, wish->settings, &settings,
                              err)
              : connect_settings(connect, arena, &change.connection, &settings, err)))
        return false;
    if (wish->settings) /* who names an address is who may reach it */
        change.connection.allows_private = scope->role == ROLE_OWNER;
    AUTO_CONNECT_RUN ConnectRun run;
    connect_run_begin(&run, connect, scope, kind, &change.connection, settings);
    Str says = STR_NONE;
    if (!kind->connector->check(&run, &says, err))
        return false;
    *says_r = str_copy(arena, says);
    return true;
}

/* --- Rounds and decisions --- */

bool connect_sync(DbTx *tx, const Scope *scope, Arena *arena, const Connection *connection,
                  bool is_asked, Str *job_r, Error *err)
{
    NewJob job = { .type = CONNECT_JOB,
                   .subject = connection->id,
                   .title = connection->name,
                   .is_wanted_again = is_asked };
    return job_add(tx, scope, arena, &job, job_r, err);
}

bool connect_decide(DbTx *tx, const Scope *scope, Arena *arena, Str connection, Str key,
                    bool is_wanted, Error *err)
{
    Connection found;
    ConnectionItem item;
    Str job;
    if (!connection_find(tx, scope, arena, connection, &found, err) ||
        !connection_item_find(tx, scope, arena, connection, key, &item, err))
        return false;
    if (is_wanted && !item.remote.length)
        return fail(err, ERROR_CONFLICT,
                    "its document was erased, and with it where it came from; it comes again when "
                    "the connection is made anew");
    item.state = is_wanted ? ITEM_waiting : ITEM_ignored;
    item.error_code = item.error = STR_NONE;
    if (is_wanted) /* as one that was never here */
        item.version = item.document = STR_NONE;
    return connection_item_save(tx, scope, connection, &item, err) &&
           (!is_wanted || connect_sync(tx, scope, arena, &found, true, &job, err));
}
