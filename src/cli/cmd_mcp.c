/* cmd_mcp.c - the Model Context Protocol over standard input and output, for programs that start
 * their servers themselves: each line is one message, handed to the library's /mcp and answered
 * with one line. */
#include "base/base64.h"
#include "cli/client.h"
#include "mcp/mcp.h"

#define MEMORY_MAX GB(1) /* for one message and its answer */
#define INTERNAL_ERROR (-32603)

typedef struct Relay {
    Client *client;
    Arena *arena; /* of the message */
    json_t *message;
    StrList headers;
} Relay;

static bool is_plain(Str text)
{
    for (size_t i = 0; i < text.length; i++)
        if (text.at[i] < ' ' || text.at[i] > '~')
            return false;
    return !str_starts(text, S("=?")) && str_equal(text, str_trim(text));
}

static Str header(Arena *arena, const char *name, Str value)
{
    Str coded = is_plain(value) ? value : base64_encode(arena, value);
    return is_plain(value) ? str_format(arena, "%s: " STR_FMT, name, STR_ARG(coded))
                           : str_format(arena, "%s: =?base64?" STR_FMT "?=", name, STR_ARG(coded));
}

/* Over HTTP the revision without sessions repeats in headers what a message says. */
static void make_headers(Relay *relay)
{
    const json_t *params = json_object_get(relay->message, "params");
    Str version = json_member_text(json_object_get(params, "_meta"),
                                   "io.modelcontextprotocol/protocolVersion");
    Str name = json_member_text(params, "name"), uri = json_member_text(params, "uri");
    Str *headers = arena_new_array(relay->arena, Str, 3);
    size_t count = 0;
    if (version.length) {
        headers[count++] = header(relay->arena, "MCP-Protocol-Version", version);
        headers[count++] =
            header(relay->arena, "Mcp-Method", json_member_text(relay->message, "method"));
    }
    if (version.length && (name.length || uri.length))
        headers[count++] = header(relay->arena, "Mcp-Name", name.length ? name : uri);
    relay->headers = (StrList){ headers, count };
}

/* What the server says in another shape (no key, no connection) becomes an answer as well, so that
 * the other program does not wait for one. */
static Str failure(const Relay *relay, const Error *err)
{
    Buf out = buf_new(relay->arena, KB(64));
    const json_t *id = json_object_get(relay->message, "id");
    JsonWriter json = put_begin(&out);
    put_text(&json, "jsonrpc", S("2.0"));
    if (json_is_string(id) || json_is_integer(id))
        put_raw(&json, "id", json_print(relay->arena, id));
    else
        put_null(&json, "id");
    put_object(&json, "error");
    put_int(&json, "code", INTERNAL_ERROR);
    put_text(&json, "message", str(err->message));
    put_end(&json);
    put_end(&json);
    return buf_str(&out);
}

static void relay_line(Client *client, Str line)
{
    AUTO_ARENA Arena *arena = arena_new(MEMORY_MAX);
    Relay relay = { .client = client, .arena = arena };
    Str answer = STR_NONE;
    Error err = { 0 };
    bool is_valid = json_parse(line, MCP_BODY_MAX, &relay.message, &err);
    if (is_valid)
        make_headers(&relay);
    /* What cannot be read is answered by the server, as everything else is. */
    if (!client_relay(client, "/mcp", relay.headers, line, arena, "\"jsonrpc\"", &answer, &err))
        answer = failure(&relay, &err);
    json_decref(relay.message);
    if (answer.length) {
        fwrite(answer.at, 1, answer.length, stdout);
        putchar('\n');
        fflush(stdout);
    }
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_FREE char *text = NULL;
    size_t capacity = 0;
    ssize_t length;
    if (!client_open(line, &client, err))
        return false;
    client_wait_indexed(client);
    while ((length = getline(&text, &capacity, stdin)) >= 0) {
        Str message = str_trim((Str){ text, (size_t)length });
        if (message.length)
            relay_line(client, message);
    }
    return feof(stdin) || fail_errno(err, "reading standard input");
}

const Command command_mcp = {
    .name = "mcp",
    .arguments = "",
    .summary = "Serve the library's tools to a program over standard input and output (MCP)",
    .word_min = 0,
    .word_max = 0,
    .begins = "*",
    .run = run,
};
