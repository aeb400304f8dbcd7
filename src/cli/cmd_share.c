/* cmd_share.c - who sees a document or a collection. */
#include "cli/client.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "collection", NULL, "ID is a collection's" },
    { "users", "A,B", "restrict it to these people (ids or mail addresses)" },
    { "groups", "A,B", "and to these groups (ids or names)" },
    { "keys", "A,B", "and to these API keys (ids)" },
    { "edit", NULL, "they may change it too" },
    { "restrict", NULL, "restrict it, without anybody but owners and administrators" },
    { "open", NULL, "open it: a document follows its collection, a collection is everybody's" },
    { NULL, NULL, NULL },
};

static void put_grants(JsonWriter *json, const CommandLine *line, const char *option,
                       const char *kind)
{
    Str rest = option_value(line, option), one;
    while (rest.length && str_next(&rest, ',', &one)) {
        put_object(json, NULL);
        put_text(json, "kind", str(kind));
        put_text(json, "id", str_trim(one));
        put_text(json, "level", option_is_given(line, "edit") ? S("edit") : S("read"));
        put_end(json);
    }
}

static Str wish_of(const CommandLine *line)
{
    Buf body = buf_new(line->arena, MB(1));
    JsonWriter json = put_begin(&body);
    put_bool(&json, "restricted", true);
    put_array(&json, "grants");
    put_grants(&json, line, "users", "user");
    put_grants(&json, line, "groups", "group");
    put_grants(&json, line, "keys", "key");
    put_end(&json);
    put_end(&json);
    return buf_str(&body);
}

static bool restricts(const CommandLine *line)
{
    return option_is_given(line, "users") || option_is_given(line, "groups") ||
           option_is_given(line, "keys") || option_is_given(line, "restrict");
}

static void print(const CommandLine *line, const json_t *access)
{
    size_t at;
    const json_t *grant;
    if (output_json(line, access))
        return;
    if (!json_is_true(json_object_get(access, "restricted"))) {
        printf("open to everybody of the workspace\n");
        return;
    }
    printf("restricted, by %s\n",
           json_is_true(json_object_get(access, "own")) ? "a list of its own" : "its collection");
    json_array_foreach(json_object_get(access, "grants"), at, grant)
        printf("%-6s %-5s %s\n", str_c(line->arena, json_member_text(grant, "kind")),
               str_c(line->arena, json_member_text(grant, "level")),
               str_c(line->arena, json_member_text(grant, "name")));
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    AUTO_JSON json_t *answer = NULL, *opened = NULL;
    const char *at = option_is_given(line, "collection") ? "/v1/collections" : "/v1/documents";
    char *path = output_id_path(line->arena, at, line->words[0], "/access");
    if (option_is_given(line, "open") && restricts(line))
        return fail(err, ERROR_INVALID, "--open goes with nobody: what is open has no list");
    if (!client_open(line, &client, err) ||
        (option_is_given(line, "open") &&
         !client_call(client, "DELETE", path, S(""), &opened, err)) ||
        !client_call(client, restricts(line) ? "PUT" : "GET", path,
                     restricts(line) ? wish_of(line) : S(""), &answer, err))
        return false;
    print(line, answer);
    return true;
}

const Command command_share = {
    .name = "share",
    .arguments = "ID",
    .summary = "Show or set who sees a document or a collection",
    .options = options,
    .word_min = 1,
    .word_max = 1,
    .run = run,
};
