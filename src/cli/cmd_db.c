/* cmd_db.c - looking after the database: what it is, and whether originals and rows agree. */
#include "base/file.h"
#include "cli/client.h"
#include "cli/output.h"

static bool describe(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *health = NULL;
    if (!client_call(client, "GET", "/health", S(""), &health, err))
        return false;
    const json_t *database = json_object_get(health, "database");
    if (output_json(line, database))
        return true;
    const char *name;
    const json_t *value;
    json_object_foreach((json_t *)(uintptr_t)database, name, value)
    {
        char *text = json_dumps(value, JSON_ENCODE_ANY);
        printf("%-16s %s\n", name, text);
        free(text);
    }
    return true;
}

static bool check(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    if (!client_call(client, "POST", "/v1/check", S(""), &answer, err))
        return false;
    int64_t missing = output_int(answer, "missing"), spare = output_int(answer, "spare");
    if (!output_json(line, answer))
        printf("%" PRId64 " originals, %" PRId64 " missing, %" PRId64 " without a document\n",
               output_int(answer, "originals"), missing, spare);
    return missing == 0 || fail(err, ERROR_DAMAGED, "%" PRId64 " originals are missing", missing);
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("show");
    if (!str_is(what, "show") && !str_is(what, "check"))
        return fail(err, ERROR_INVALID, "use: lectern db show | check");
    if (!client_open(line, &client, err))
        return false;
    return str_is(what, "show") ? describe(line, client, err) : check(line, client, err);
}

const Command command_db = {
    .name = "db",
    .arguments = "[show | check]",
    .summary = "The database: what it is; whether rows and originals agree",
    .word_max = 1,
    .run = run,
};
