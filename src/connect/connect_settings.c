/* connect_settings.c - what is set of a connection, its secrets, and where they may be sent. */
#include "base/json_schema.h"
#include "base/passwords.h"
#include "base/seal.h"
#include "connect/connect_http.h"
#include "connect/connect_int.h"
#include "store/sealed_texts.h"
#include "store/server_key.h"

#define SEAL_KEY S("connections")

static json_t *schema_of(const ConnectorKind *kind)
{
    json_t *schema = NULL;
    Error none;
    bool is_read = json_parse(str(*kind->schema), SCHEMA_BYTES_MAX, &schema, &none);
    return is_read ? schema : NULL;
}

static bool is_secret(const json_t *schema, const char *name)
{
    const json_t *member = json_object_get(json_object_get(schema, "properties"), name);
    return json_is_true(json_object_get(member, "writeOnly"));
}

bool connect_seal(Connect *connect, Arena *arena, const json_t *secrets, Str *sealed_r, Error *err)
{
    Str key;
    *sealed_r = STR_NONE;
    return !json_object_size(secrets) ||
           (server_key(connect->options.db, arena, SEAL_KEY, &key, err) &&
            seal_close(arena, key, json_print(arena, secrets), sealed_r, err));
}

bool connect_open(Connect *connect, Arena *arena, Str sealed, json_t **secrets_r, Error *err)
{
    Str key, text = S("{}");
    return (!sealed.length || (server_key(connect->options.db, arena, SEAL_KEY, &key, err) &&
                               seal_open(arena, key, sealed, &text, err))) &&
           json_parse(text, CONNECT_SETTINGS_MAX, secrets_r, err);
}

void connect_open_settings(Connect *connect, Arena *arena, Connection *connection)
{
    Error lost;
    (void)!text_open(connect->options.db, arena, connection->whole, &connection->settings, &lost);
}

bool connect_settings(Connect *connect, Arena *arena, const Connection *connection,
                      json_t **settings_r, Error *err)
{
    AUTO_JSON json_t *secrets = NULL;
    json_t *settings = NULL;
    Str text = connection->settings;
    if (!connect_open(connect, arena, connection->sealed, &secrets, err) ||
        !text_open(connect->options.db, arena, connection->whole, &text, err) ||
        !json_parse(text, CONNECT_SETTINGS_MAX, &settings, err))
        return false;
    (void)json_object_update(settings, secrets);
    *settings_r = settings;
    return true;
}

bool connect_secrets(Connect *connect, Arena *arena, const Connection *connection, StrList *names_r,
                     Error *err)
{
    AUTO_JSON json_t *secrets = NULL;
    VEC(Str) names = { 0 };
    const char *name;
    json_t *value;
    if (!connect_open(connect, arena, connection->sealed, &secrets, err))
        return false;
    json_object_foreach(secrets, name, value) * vec_push(arena, &names) =
        str_copy(arena, str(name));
    *names_r = (StrList){ names.at, names.count };
    return true;
}

/* --- Where secrets may go --- */

/* The value of a member, the schema's own when it is not there; of an address its origin. */
static Str place_of(Arena *arena, const json_t *schema, const json_t *settings, Str name)
{
    const char *key = str_c(arena, name);
    const json_t *value = json_object_get(settings, key);
    const json_t *member = json_object_get(json_object_get(schema, "properties"), key);
    if (!value)
        value = json_object_get(member, "default");
    if (!json_is_string(value))
        return value ? json_print(arena, value) : STR_NONE;
    Str text = str_trim(str(json_string_value(value)));
    Str origin = connect_origin(arena, text);
    return origin.length ? origin : str_lower(arena, text);
}

Str connect_place(Arena *arena, const ConnectorKind *kind, const json_t *settings)
{
    AUTO_JSON json_t *schema = schema_of(kind);
    Str rest = str(kind->connector->place ? kind->connector->place : ""), name;
    Buf out = buf_new(arena, CONNECT_SETTINGS_MAX);
    while (str_next(&rest, ' ', &name)) {
        Str part = place_of(arena, schema, settings, name);
        buf_addf(&out, STR_FMT " ", STR_ARG(part));
    }
    return buf_str(&out);
}

/* Whoever may change an address but does not know a secret must not have it sent there. */
static bool may_go(Arena *arena, const ConnectorKind *kind, const Connection *connection,
                   const json_t *given, json_t *secrets, Error *err)
{
    AUTO_JSON json_t *was = NULL;
    const char *name;
    json_t *value;
    if (!json_object_size(secrets))
        return true;
    if (!json_parse(connection->settings, CONNECT_SETTINGS_MAX, &was, err))
        return false;
    if (str_equal(connect_place(arena, kind, was), connect_place(arena, kind, given)))
        return true;
    json_object_foreach(secrets, name, value)
    {
        if (!json_object_get(given, name))
            return fail_field(
                err, "settings",
                "'%s' was given for another server and is not sent to this one: give it again",
                name);
    }
    return true;
}

/* An address that comes back as it was shown stays what it was. */
static bool keep_passwords(Arena *arena, const Connection *connection, json_t *settings, Error *err)
{
    AUTO_JSON json_t *was = NULL;
    const char *name;
    json_t *value;
    if (!connection->settings.length)
        return true;
    if (!json_parse(connection->settings, CONNECT_SETTINGS_MAX, &was, err))
        return false;
    json_object_foreach(was, name, value)
    {
        Str kept = json_member_text(was, name), given = json_member_text(settings, name);
        if (kept.length && str_equal(given, passwords_hidden(arena, kept)))
            json_object_set(settings, name, value);
    }
    return true;
}

bool connect_merge(Connect *connect, Arena *arena, const ConnectorKind *kind,
                   const Connection *connection, const json_t *given, json_t **settings_r,
                   Error *err)
{
    AUTO_JSON json_t *schema = schema_of(kind), *secrets = NULL;
    AUTO_JSON json_t *settings = json_deep_copy(given);
    Error why = { 0 };
    if (!json_is_object(given))
        return fail_field(err, "settings",
                          "'settings' is an object; GET /v1/connections/kinds "
                          "says what is in it");
    if (!connect_open(connect, arena, connection->sealed, &secrets, err) ||
        !keep_passwords(arena, connection, settings, err))
        return false;
    if (!may_go(arena, kind, connection, settings, secrets, err))
        return false;
    (void)json_object_update_missing(settings, secrets);
    if (!json_schema_holds(schema, settings, &why))
        return fail_field(err, "settings", "%s", why.message);
    *settings_r = settings;
    settings = NULL;
    return true;
}

bool connect_split(Connect *connect, Arena *arena, const ConnectorKind *kind, json_t *settings,
                   Connection *connection, Error *err)
{
    AUTO_JSON json_t *schema = schema_of(kind), *secrets = json_object();
    AUTO_JSON json_t *shown = json_object();
    const char *name;
    json_t *value;
    json_object_foreach(settings, name, value)(void)
        json_object_set(is_secret(schema, name) ? secrets : shown, name, value);
    connection->settings = json_print(arena, shown);
    return text_seal(connect->options.db, arena, connection->settings,
                     passwords_hidden(arena, connection->settings), &connection->whole, err) &&
           connect_seal(connect, arena, secrets, &connection->sealed, err);
}
