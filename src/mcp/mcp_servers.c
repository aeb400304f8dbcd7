/* mcp_servers.c - which servers a workspace has named; see mcp_client.h. */
#include "base/base64.h"
#include "base/passwords.h"
#include "base/seal.h"
#include "mcp/mcp_client_int.h"
#include "net/url_safety.h"
#include "store/sealed_texts.h"
#include "store/secrets_store.h"
#include "store/server_key.h"
#include "store/settings_store.h"

#define SETTING S("mcp_servers")
#define SEAL_KEY S("mcp")
#define SETTING_MAX KB(256)

McpServers *mcp_servers_new(Db *db, const Proxy *proxy)
{
    HttpClientOptions options = { .proxy = proxy };
    McpServers *servers = heap_alloc(sizeof *servers);
    servers->db = db;
    servers->http = http_client_new(&options);
    servers->lists = mcp_lists_new();
    return servers;
}

void mcp_servers_free(McpServers *servers)
{
    if (!servers)
        return;
    http_client_free(servers->http);
    mcp_lists_free(servers->lists);
    free(servers);
}

static Str secret_name(Arena *arena, Str name)
{
    return str_format(arena, "mcp:" STR_FMT, STR_ARG(name));
}

/* --- Reading --- */

typedef struct ServersWork {
    const Scope *scope;
    Arena *arena;
    McpServerList list;
    Str sealed; /* of one that is looked for */
    Str name, setting, secret;
    bool keeps_token;
} ServersWork;

static bool read_server(Arena *arena, const json_t *json, McpServer *server, Error *err)
{
    return json_read(json, arena,
                     JSON_FIELDS({ "name", JSON_STR, &server->name },
                                 { "url", JSON_STR, &server->url },
                                 { "tools", JSON_STRS, &server->tools },
                                 { "private", JSON_FLAG, &server->allows_private },
                                 { "token", JSON_FLAG, &server->has_token },
                                 { "whole", JSON_STR, &server->whole }),
                     err);
}

static bool read_work(DbTx *tx, void *argument, Error *err)
{
    ServersWork *work = argument;
    AUTO_JSON json_t *json = NULL;
    Str text;
    Error why = { 0 };
    if (!setting_find(tx, work->scope, work->arena, SETTING, &text, &why)) {
        if (why.code != ERROR_NOT_FOUND)
            *err = why;
        return why.code == ERROR_NOT_FOUND;
    }
    if (!json_parse(text, SETTING_MAX, &json, err))
        return false;
    size_t count = json_array_size(json);
    work->list.at = arena_new_array(work->arena, McpServer, count + 1);
    for (size_t i = 0; i < count; i++)
        if (!read_server(work->arena, json_array_get(json, i), &work->list.at[i], err))
            return false;
    work->list.count = count;
    return true;
}

bool mcp_server_list(McpServers *servers, const Scope *scope, Arena *arena, McpServerList *list_r,
                     Error *err)
{
    ServersWork work = { .scope = scope, .arena = arena };
    if (!store_read(servers->db, scope, read_work, &work, err))
        return false;
    *list_r = work.list;
    return true;
}

static size_t index_of(const McpServerList *list, Str name)
{
    size_t i = 0;
    while (i < list->count && !str_equal(list->at[i].name, name))
        i++;
    return i;
}

static bool token_work(DbTx *tx, void *argument, Error *err)
{
    ServersWork *work = argument;
    return secret_find(tx, work->scope, work->arena, secret_name(work->arena, work->name),
                       &work->sealed, err);
}

static bool open_url(McpServers *servers, Arena *arena, McpServer *server, Error *err)
{
    Str whole;
    if (!server->whole.length)
        return true;
    return base64_decode(arena, server->whole, &whole)
               ? text_open(servers->db, arena, whole, &server->url, err)
               : fail(err, ERROR_DAMAGED, "the address cannot be read: give it again");
}

/* An address that comes back as it was shown stays what it was. */
static bool seal_url(McpServers *servers, Arena *arena, const McpServer *was, McpServer *server,
                     Error *err)
{
    Str shown = passwords_hidden(arena, server->url), whole;
    if (was && str_equal(passwords_hidden(arena, was->url), server->url)) {
        server->url = was->url;
        server->whole = was->whole;
        return true;
    }
    if (!text_seal(servers->db, arena, server->url, shown, &whole, err))
        return false;
    server->whole = base64_encode(arena, whole);
    server->url = text_stored(arena, server->url, whole);
    return true;
}

bool mcp_server_find(McpServers *servers, const Scope *scope, Arena *arena, Str name,
                     McpServer *server_r, Str *token_r, Error *err)
{
    ServersWork work = { .scope = scope, .arena = arena, .name = name };
    Str key;
    if (!store_read(servers->db, scope, read_work, &work, err))
        return false;
    size_t at = index_of(&work.list, name);
    if (at == work.list.count)
        return fail(err, ERROR_NOT_FOUND, "there is no MCP server '" STR_FMT "'",
                    STR_ARG(str_slice(name, 0, 100)));
    *server_r = work.list.at[at];
    *token_r = STR_NONE;
    if (!open_url(servers, arena, server_r, err))
        return false;
    return !server_r->has_token || (store_read(servers->db, scope, token_work, &work, err) &&
                                    server_key(servers->db, arena, SEAL_KEY, &key, err) &&
                                    seal_open(arena, key, work.sealed, token_r, err));
}

/* --- Writing --- */

static Str print(Arena *arena, const McpServerList *list)
{
    Buf out = buf_new(arena, SETTING_MAX);
    JsonWriter json = put_begin_array(&out);
    for (size_t i = 0; i < list->count; i++) {
        put_object(&json, NULL);
        put_text(&json, "name", list->at[i].name);
        put_text(&json, "url", list->at[i].url);
        put_array(&json, "tools");
        for (size_t j = 0; j < list->at[i].tools.count; j++)
            put_text(&json, NULL, list->at[i].tools.at[j]);
        put_end(&json);
        put_bool(&json, "private", list->at[i].allows_private);
        put_bool(&json, "token", list->at[i].has_token);
        if (list->at[i].whole.length)
            put_text(&json, "whole", list->at[i].whole);
        put_end(&json);
    }
    put_end(&json);
    return buf_str(&out);
}

static bool write_work(DbTx *tx, void *argument, Error *err)
{
    ServersWork *work = argument;
    Str secret = secret_name(work->arena, work->name);
    if (!setting_set(tx, work->scope, SETTING, work->setting, err))
        return false;
    if (work->keeps_token)
        return true;
    return work->secret.length ? secret_set(tx, work->scope, secret, work->secret, err)
                               : secret_remove(tx, work->scope, secret, err);
}

static bool is_name(Str name)
{
    for (size_t i = 0; i < name.length; i++)
        if (!((name.at[i] >= 'a' && name.at[i] <= 'z') ||
              (name.at[i] >= '0' && name.at[i] <= '9') || HAS_CHAR(name.at[i], "-_")))
            return false;
    return name.length > 0 && name.length <= 40;
}

static bool has_line_end(Str text)
{
    return str_find_char(text, '\n') >= 0 || str_find_char(text, '\r') >= 0;
}

bool mcp_server_set(McpServers *servers, const Scope *scope, Arena *arena, const McpServer *server,
                    Str token, Error *err)
{
    ServersWork work = { .scope = scope, .arena = arena, .name = server->name };
    UrlSafety safety = { .allows_private = scope->role == ROLE_OWNER };
    McpServer added = *server;
    Str address, key;
    if (!scope_needs(scope, ROLE_ADMIN, err))
        return false;
    if (!is_name(server->name))
        return fail_field(err, "name", "a name has 1 to 40 of a-z, 0-9, '-' and '_'");
    if (has_line_end(token))
        return fail_field(err, "token", "a token has no line end");
    if (!url_check(arena, server->url, &safety, &address, err) ||
        !store_read(servers->db, scope, read_work, &work, err))
        return false;
    added.allows_private = safety.allows_private && address_kind(address) == ADDRESS_PRIVATE;
    size_t at = index_of(&work.list, server->name);
    if (at == work.list.count && at >= MCP_SERVERS_MAX)
        return fail(err, ERROR_CONFLICT, "there are %d MCP servers already", MCP_SERVERS_MAX);
    /* A token goes only where it was meant for. */
    work.keeps_token = !token.length && at < work.list.count && work.list.at[at].has_token &&
                       str_equal(passwords_hidden(arena, work.list.at[at].url),
                                 passwords_hidden(arena, server->url));
    added.has_token = token.length > 0 || work.keeps_token;
    if (!seal_url(servers, arena, at < work.list.count ? &work.list.at[at] : NULL, &added, err))
        return false;
    if (token.length && (!server_key(servers->db, arena, SEAL_KEY, &key, err) ||
                         !seal_close(arena, key, token, &work.secret, err)))
        return false;
    if (at == work.list.count && !work.list.at)
        work.list.at = arena_new_array(arena, McpServer, 1);
    work.list.count = MAX(work.list.count, at + 1);
    work.list.at[at] = added;
    work.setting = print(arena, &work.list);
    return store_write(servers->db, scope, write_work, &work, err);
}

bool mcp_server_remove(McpServers *servers, const Scope *scope, Arena *arena, Str name, Error *err)
{
    ServersWork work = { .scope = scope, .arena = arena, .name = name };
    if (!scope_needs(scope, ROLE_ADMIN, err) ||
        !store_read(servers->db, scope, read_work, &work, err))
        return false;
    size_t at = index_of(&work.list, name);
    if (at == work.list.count)
        return fail(err, ERROR_NOT_FOUND, "there is no MCP server '" STR_FMT "'",
                    STR_ARG(str_slice(name, 0, 100)));
    work.list.at[at] = work.list.at[--work.list.count];
    work.setting = print(arena, &work.list);
    return store_write(servers->db, scope, write_work, &work, err);
}
