/* cmd_limits.c - which models keys, people and the workspace may use, how often, for how much. */
#include "cli/client.h"
#include "cli/limit_options.h"
#include "cli/output.h"

#define USE "use: lectern limits ls | set key ID | set user ID | set workspace"

static const CommandOption options[] = {
    LIMIT_OPTIONS,
    { NULL, NULL, NULL },
};

/* --- ls --- */

/* An amount of money is a text, one of calls a number. */
static const char *amount_of(Arena *arena, const json_t *budget, const char *name)
{
    const json_t *value = json_object_get(budget, name);
    Str text = json_is_string(value)
                   ? str_format(arena, "$%s", json_string_value(value))
                   : str_format(arena, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
    return str_c(arena, text);
}

static bool is_nothing(const json_t *budget, const char *name)
{
    const json_t *value = json_object_get(budget, name);
    return json_is_string(value) ? str_is(json_member_text(budget, name), "0.00")
                                 : !json_integer_value(value);
}

static void print_budget(Arena *arena, const json_t *budget)
{
    bool counts_calls = json_object_get(budget, "calls") != NULL;
    printf("  %-6s %s of %s%s spent", json_member_text(budget, "period").at,
           amount_of(arena, budget, "spent"),
           amount_of(arena, budget, counts_calls ? "calls" : "dollars"),
           counts_calls ? " calls" : "");
    if (!is_nothing(budget, "held"))
        printf(", %s reserved", amount_of(arena, budget, "held"));
    if (json_is_string(json_object_get(budget, "resets_at")))
        printf(", anew at %s", json_member_text(budget, "resets_at").at);
    putchar('\n');
}

static void print_rate(const json_t *one, const char *name, const char *what)
{
    int64_t rate = output_int(one, name);
    if (rate)
        printf("  %" PRId64 " %s\n", rate, what);
}

static void print_models(const json_t *one)
{
    size_t i;
    json_t *model;
    json_array_foreach(json_object_get(one, "models"), i, model)
    {
        printf(i ? ", " : "  models ");
        output_text(str(json_string_value(model)));
    }
    if (i)
        putchar('\n');
}

static void print_one(Arena *arena, const json_t *one)
{
    size_t i;
    json_t *budget;
    bool is_workspace = str_is(json_member_text(one, "of"), "workspace");
    printf("%s", json_member_text(one, "of").at);
    if (!is_workspace) {
        printf("  %s  ", json_member_text(one, "subject").at);
        output_text(json_member_text(one, "name"));
    }
    putchar('\n');
    json_array_foreach(json_object_get(one, "budgets"), i, budget) print_budget(arena, budget);
    print_rate(one, "requests_per_minute", "requests a minute");
    print_rate(one, "tokens_per_minute", "tokens a minute");
    print_rate(one, "concurrent", "calls at the same time");
    print_models(one);
}

static bool list(CommandLine *line, Client *client, Error *err)
{
    AUTO_JSON json_t *answer = NULL;
    size_t i;
    json_t *one;
    if (!client_call(client, "GET", "/v1/limits", S(""), &answer, err))
        return false;
    if (output_json(line, answer))
        return true;
    json_array_foreach(json_object_get(answer, "items"), i, one) print_one(line->arena, one);
    if (!i)
        printf("nobody is limited: lectern limits set workspace --month 100\n");
    return true;
}

/* --- set --- */

static bool path_of(CommandLine *line, char **path_r, Error *err)
{
    Str kind = line->word_count > 1 ? line->words[1] : S("");
    bool is_key = str_is(kind, "key"), is_workspace = str_is(kind, "workspace");
    if ((!is_key && !is_workspace && !str_is(kind, "user")) ||
        line->word_count != (is_workspace ? 2 : 3))
        return fail(err, ERROR_INVALID, USE);
    *path_r = is_workspace ? str_c(line->arena, S("/v1/workspace/limits"))
                           : output_id_path(line->arena, is_key ? "/v1/keys" : "/v1/users",
                                            line->words[2], "/limits");
    return true;
}

/* What no option names stays as it is. */
static bool set(CommandLine *line, Client *client, char *path, Error *err)
{
    AUTO_JSON json_t *now = NULL;
    AUTO_JSON json_t *answer = NULL;
    Str document;
    if (!client_call(client, "GET", path, S(""), &now, err) ||
        !limit_options_document(line, now, &document, err) ||
        !client_call(client, "PUT", path, document, &answer, err))
        return false;
    (void)output_json(line, answer);
    return true;
}

static bool run(CommandLine *line, Error *err)
{
    AUTO_CLIENT Client *client = NULL;
    Str what = line->word_count ? line->words[0] : S("ls");
    char *path = NULL;
    if (str_is(what, "ls") && line->word_count < 2)
        return client_open(line, &client, err) && list(line, client, err);
    if (!str_is(what, "set"))
        return fail(err, ERROR_INVALID, USE);
    if (!path_of(line, &path, err))
        return false;
    if (!limit_options_given(line))
        return fail(err, ERROR_INVALID, "say what to set, such as --day 5.00 or --requests 60");
    return client_open(line, &client, err) && set(line, client, path, err);
}

const Command command_limits = {
    .name = "limits",
    .arguments = "ls | set key ID | set user ID | set workspace",
    .summary = "Limits and budgets of keys, people and the workspace: who has some, set them",
    .options = options,
    .word_max = 3,
    .run = run,
};
