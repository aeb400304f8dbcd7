/* cmd_keys.c - API keys. */
#include "cli/client.h"
#include "cli/limit_options.h"
#include "cli/output.h"

static const CommandOption options[] = {
    { "role", "ROLE", "auditor, reader, editor, admin or owner (default: editor)" },
    { "expires", "TIME", "such as 2027-01-01" },
    { "scopes", "LIST",
      "of read, write, ask, models, admin, scim with commas between "
      "(default: whatever the role allows)" },
    { "for", "ID", "the service account it is for (lectern users add NAME --service)" },
    { "collections", "LIST",
      "ids with commas between: it sees their documents alone, and adds to them alone" },
    LIMIT_OPTIONS,
    { NULL, NULL, NULL },
};

/* A key whose limits were refused is not left behind without any. */
static bool set_limits(CommandLine *line, Client *client, Str id, Str limits, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    AUTO_JSON json_t *removed = NULL;
    Error ignored;
    char *path = output_id_path(line->arena, "/v1/keys", id, "/limits");
    if (client_call(client, "PUT", path, limits, &answer, err))
        return true;
    path = output_id_path(line->arena, "/v1/keys", id, "");
    return client_call(client, "DELETE", path, S(""), &removed, &ignored)
               ? fail_in(err, "no key was made")
               : fail_in(err, "the key " STR_FMT " has no limits", STR_ARG(id));
}

static bool add(CommandLine *line, Client *client, Error *err)
{
    static const char *const lists[] = { "scopes", "collections" };
    AUTO_JSON json_t *answer = NULL;
    Str limits;
    Buf body = buf_new(line->arena, KB(16));
    Str role = option_value(line, "role");
    if (line->word_count != 2)
        return fail(err, ERROR_INVALID, "use: lectern keys add NAME");
    if (!limit_options_document(line, NULL, &limits, err))
        return false;
    JsonWriter json = put_begin(&body);
    put_text(&json, "name", line->words[1]);
    put_text(&json, "role", role.length ? role : S("editor"));
    if (option_is_given(line, "expires"))
        put_text(&json, "expires_at", option_value(line, "expires"));
    if (option_is_given(line, "for"))
        put_text(&json, "user", option_value(line, "for"));
    for (size_t i = 0; i < COUNT(lists); i++)
        if (option_is_given(line, lists[i]))
            put_pieces(&json, lists[i], option_value(line, lists[i]), ',');
    put_end(&json);
    if (!client_call(client, "POST", "/v1/keys", buf_str(&body), &answer, err) ||
        (limit_options_given(line) &&
         !set_limits(line, client, json_member_text(answer, "id"), limits, err)))
        return false;
    if (!output_json(line, answer))
        printf("%s\n", output_member(answer, "key"));
    return true;
}

static bool list(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    const json_t *key;
    if (!client_call(client, "GET", "/v1/keys", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, key)
    {
        printf("%s  %s...  %-7s ", output_member(key, "id"), output_member(key, "prefix"),
               output_member(key, "role"));
        output_text(json_member_text(key, "name"));
        putchar('\n');
    }
    return true;
}

static bool revoke(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    if (line->word_count != 2)
        return fail(err, ERROR_INVALID, "use: lectern keys rm ID");
    char *path = output_id_path(line->arena, "/v1/keys", line->words[1], "");
    return client_call(client, "DELETE", path, S(""), &answer, err);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->words[0];
    bool known = str_is(what, "add") || str_is(what, "ls") || str_is(what, "rm");
    if (!known)
        return fail(err, ERROR_INVALID, "use: lectern keys add NAME | ls | rm ID");
    if (!client_open(line, &client, err))
        return false;
    if (str_is(what, "add"))
        return add(line, client, err);
    return str_is(what, "ls") ? list(line, client, err) : revoke(line, client, err);
}

const Command command_keys = {
    .name = "keys",
    .arguments = "add NAME | ls | rm ID",
    .summary = "API keys: add prints a new key once, with limits if you like",
    .options = options,
    .word_min = 1,
    .word_max = 2,
    .begins = "add",
    .run = run,
};
